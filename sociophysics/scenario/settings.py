"""The settings of one case, and the canonical form that identifies them."""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Mapping
from typing import Annotated, Any, Literal, Self

from pydantic import Field, model_validator

from sociophysics.errors import InputError
from sociophysics.influences.feeds import NoFeed
from sociophysics.influences.fields import NoField
from sociophysics.influences.schedules import Pulse
from sociophysics.scenario.process import Dynamics, Follow, Observe, Posterior
from sociophysics.scenario.values import (
    Couplings,
    ExternalField,
    Feed,
    Intervention,
    Network,
    Table,
)
from sociophysics.society.network_kinds import NoNetwork
from sociophysics.store import json_form

__all__ = ["Interventions", "Redrawn", "Seed", "Settings", "canonical_json", "plain"]

Seed = Annotated[int, Field(ge=0)]
Redrawn = Annotated[tuple[Literal["network", "couplings"], ...], Field(strict=False)]
Interventions = Annotated[tuple[Intervention, ...], Field(strict=False)]


def plain(value: Any) -> Any:
    """Return ``value`` as dicts, lists and scalars, without what is None."""
    if isinstance(value, Mapping):
        return {key: plain(each) for key, each in value.items() if each is not None}
    if isinstance(value, list | tuple):
        return [plain(each) for each in value]
    return value


def canonical_json(value: Any) -> str:
    """Return the one JSON text of a canonical dict: sorted keys, infinity written "inf".

    Examples
    --------
    >>> canonical_json({"b": math.inf, "a": [1, 0.5]})
    '{"a":[1,0.5],"b":"inf"}'
    """
    return json.dumps(
        json_form(value), sort_keys=True, allow_nan=False, separators=(",", ":"), ensure_ascii=False
    )


class Settings(Table):
    """Everything one case needs: a scenario without its designs and sweep."""

    seed: Seed
    network: Network = NoNetwork()
    couplings: Couplings
    field: ExternalField = NoField()
    dynamics: Dynamics
    feed: Feed = NoFeed()
    observe: Observe = Observe()
    interventions: Interventions = ()
    follow: Follow | None = None
    posterior: Posterior | None = None
    redraw: Redrawn = ()

    @model_validator(mode="before")
    @classmethod
    def _fitted_temperature(cls, raw: Any) -> Any:
        if not isinstance(raw, Mapping):
            return raw
        couplings, dynamics = raw.get("couplings"), raw.get("dynamics")
        if isinstance(dynamics, Mapping) and "temperature" not in dynamics:
            if isinstance(couplings, Mapping):
                fitted = couplings.get("kind") == "fitted"
            else:
                fitted = getattr(couplings, "kind", "") == "fitted"
            if fitted:
                return {**raw, "dynamics": {**dynamics, "temperature": 1.0}}
        return raw

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        fitted = self.couplings.kind == "fitted"
        if fitted and self.network.kind != "none":
            raise InputError(
                "[network] is given together with [couplings] kind 'fitted', which brings its own "
                "users; leave [network] out."
            )
        if not fitted and self.network.kind == "none":
            raise InputError("[network] is missing; add this table, or give it in every design.")
        if self.dynamics.rule is not None:
            self._check_rule()
        elif self.dynamics.temperature is None:
            raise InputError("dynamics.temperature is missing; give a number >= 0 or a schedule.")
        last = self.dynamics.sweeps // self.observe.every * self.observe.every
        if last < max(self.dynamics.burn_in, 1):
            raise InputError(
                f"observe.every is {self.observe.every}; with dynamics.sweeps = "
                f"{self.dynamics.sweeps} and burn_in = {self.dynamics.burn_in} no frame would be "
                "left to average; record more often."
            )
        for event in self.interventions:
            if event.at >= self.dynamics.sweeps:
                raise InputError(
                    f"the {event.kind} intervention is at sweep {event.at}; it must be below "
                    f"dynamics.sweeps = {self.dynamics.sweeps}, or it never acts."
                )
        for key, schedule in self._schedules():
            if isinstance(schedule, Pulse) and schedule.at >= self.dynamics.sweeps:
                raise InputError(
                    f"the pulse of {key} begins after sweep {schedule.at}; its `at` must be below "
                    f"dynamics.sweeps = {self.dynamics.sweeps}, or it never acts."
                )
        return self

    def _check_rule(self) -> None:
        rule, temperature = self.dynamics.rule, self.dynamics.temperature
        if temperature is not None and not isinstance(temperature, int | float):
            raise InputError(
                f"dynamics.temperature follows a schedule, but the rule {rule.kind} has no "
                "temperature; leave it out."
            )
        if any(event.coldest < math.inf for event in self.interventions):
            raise InputError(
                f"an intervention changes the temperature, but the rule {rule.kind} has none; "
                "leave it out."
            )
        if "energy" in self.observe.names:
            raise InputError(
                f"the observable energy belongs to the heat bath, but dynamics.rule is "
                f"{rule.kind!r}, which has none; leave it out of observe.names."
            )

    def heat_bath_only(self, what: str) -> None:
        """Raise if the rule is another than the heat bath, which ``what`` needs.

        Parameters
        ----------
        what : str
            How the sentence begins.

        Raises
        ------
        InputError
            Names the rule.
        """
        if self.dynamics.rule is not None:
            raise InputError(
                f"{what} needs the heat bath, whose temperature and energy it rests on, but "
                f"dynamics.rule is {self.dynamics.rule.kind!r}; leave the rule out."
            )
        if self.dynamics.scheme == "kawasaki":
            raise InputError(
                f"{what} needs users who change their stances, but dynamics.scheme is 'kawasaki', "
                "whose swaps keep the mean stance; leave the scheme out."
            )
        for name in ("own_temperature", "activity", "stubborn"):
            if getattr(self.dynamics, name) is not None:
                raise InputError(
                    f"{what} needs users of one temperature and activity, but dynamics.{name} is "
                    "given; leave it out."
                )

    def _schedules(self) -> list[tuple[str, Any]]:
        field = vars(self.field)
        values = field.get("values", ())
        each = values.items() if isinstance(values, Mapping) else enumerate(values)
        return [
            ("dynamics.temperature", self.dynamics.temperature),
            ("field.value", field.get("value")),
            *((f"field.values[{camp}]", value) for camp, value in each),
        ]

    def canonical(self, *names: str) -> dict[str, Any]:
        """Return plain dicts, lists and scalars, defaults filled in; of all tables or some."""
        result: dict[str, Any] = plain(self.model_dump(include=set(names) or None))
        return result

    @property
    def hash(self) -> str:
        """sha256 of the canonical JSON."""
        return hashlib.sha256(canonical_json(self.canonical()).encode()).hexdigest()
