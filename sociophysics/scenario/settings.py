"""The settings of one case: how long and noisy it is, what is recorded, what identifies it."""

from __future__ import annotations

import hashlib
import json
import math
import re
from collections.abc import Mapping
from typing import Annotated, Any, Literal, NamedTuple, Self

from pydantic import AfterValidator, Field, model_validator

from sociophysics.errors import InputError, did_you_mean
from sociophysics.influences.feeds import NoFeed
from sociophysics.influences.fields import NoField
from sociophysics.influences.schedules import Pulse
from sociophysics.kinds import RULES, OneOf
from sociophysics.scenario.values import (
    Couplings,
    ExternalField,
    Feed,
    Intervention,
    Network,
    Table,
    Temperature,
    Text,
)
from sociophysics.society.network_kinds import NoNetwork
from sociophysics.store import json_form

__all__ = [
    "Dynamics",
    "Follow",
    "Interventions",
    "Observe",
    "Posterior",
    "Redrawn",
    "Seed",
    "Settings",
    "StopRule",
    "canonical_json",
    "plain",
    "stop_rule",
]

_STOP = re.compile(
    r"\s*(?:abs\(\s*(?P<absolute>[A-Za-z_]\w*)\s*\)|(?P<signed>[A-Za-z_]\w*))"
    r"\s*(?P<compare>>=|<=|>|<)\s*(?P<bound>[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?)\s*"
)


SCALARS = (str, int, float, bool)
_CANONICAL = json.JSONEncoder(
    sort_keys=True, allow_nan=False, separators=(",", ":"), ensure_ascii=False
)


class StopRule(NamedTuple):
    """When a replica stops: ``compare`` between an observable and a bound."""

    name: str
    absolute: bool
    compare: str
    bound: float


def stop_rule(text: str) -> StopRule | None:
    """Return the rule that a ``stop_when`` text states, or None for "none".

    Raises
    ------
    InputError
        The text is no rule, or names no observable.

    Examples
    --------
    >>> stop_rule("abs(magnetization) > 0.95")
    StopRule(name='magnetization', absolute=True, compare='>', bound=0.95)
    """
    from sociophysics.observables import check_names

    if text == "none":
        return None
    match = _STOP.fullmatch(text) if isinstance(text, str) else None
    if match is None:
        raise InputError(
            f"stop_when is {text!r}; allowed: none, or an observable or abs(observable), one of "
            "> < >= <=, and a number, as in 'abs(magnetization) > 0.95'."
        )
    name = match["absolute"] or match["signed"]
    check_names([name])
    return StopRule(name, match["absolute"] is not None, match["compare"], float(match["bound"]))


def _check_stop(text: str) -> str:
    stop_rule(text)
    return text


def _check_observables(names: tuple[str, ...]) -> tuple[str, ...]:
    from sociophysics.observables import check_names

    check_names(names)
    if len(set(names)) < len(names):
        raise InputError(f"names is {list(names)!r}; list each observable once.")
    return names


def _other_than_heat_bath(rule: Any) -> Any:
    # The heat bath is what is meant where nothing is said: one society has one canonical form.
    return None if rule.has_temperature else rule


# As the kernels' registry lists ours; it is asked for those of others alone, since it takes numba.
OUR_KERNELS = (
    "integer", "fixed-point", "adaptive", "rejection-free", "bit-sliced", "side-by-side",
    "reference",
)  # fmt: skip
# Their replicas depend on each other, which intervals of a run do not know.
SHARED_ORDER = ("bit-sliced", "side-by-side")


def _other_than_auto(name: str | None) -> str | None:
    if name in SHARED_ORDER:
        raise InputError(
            f"kernel is {name!r}, whose replicas share the order of users, while intervals of a "
            "run take replicas for independent: leave it out, or use sp.trajectory and cluster."
        )
    if name is None or name in ("auto", *OUR_KERNELS):
        return None if name == "auto" else name
    from sociophysics.dynamics.kernels.kernel_choice import REGISTRY

    if name not in REGISTRY:
        raise InputError(
            f"kernel is {name!r}; {did_you_mean(name, ('auto', *REGISTRY))}"
            f"{REGISTRY.failure_of(name)}"
        )
    return name


SchemeName = Literal["random-sequential", "sequential", "kawasaki"]


def _other_than_random_order(name: str | None) -> str | None:
    return None if name == "random-sequential" else name


class Dynamics(Table):
    """Noise, duration and start of the runs."""

    temperature: Temperature | None = None
    """Social temperature, a number or a schedule; inf is pure noise."""
    sweeps: Annotated[int, Field(ge=1)]
    """Duration; one sweep is one update per user on average."""
    burn_in: Annotated[int, Field(ge=0)] = 0
    """The first sweeps, kept in the table and left out of averages."""
    start: Text = "random"
    """random, up, down, camps (camp 0 up, camp 1 down), or a node attribute."""
    stop_when: Annotated[str, AfterValidator(_check_stop)] = "none"
    """none, or a condition such as abs(magnetization) > 0.95."""
    own_temperature: Text | None = None
    """Node attribute that holds users' own temperatures; a blank is the society's."""
    activity: Text | None = None
    """Node attribute: how often a user is drawn, 0 to 1 of what others are; a blank is 1."""
    stubborn: Text | None = None
    """Node attribute: how often who is drawn keeps the stance, 1 for always; a blank is 0."""
    rule: Annotated[Any, OneOf(RULES), AfterValidator(_other_than_heat_bath)] = None
    """How a drawn user answers to what pulls, a table with a kind; the heat bath if left out."""
    scheme: Annotated[SchemeName | None, AfterValidator(_other_than_random_order)] = None
    """Who moves next: users drawn at random (random-sequential), users in their order
    (sequential), or unlike neighbours who trade places (kawasaki); at random if left out."""
    kernel: Annotated[
        str | None,
        AfterValidator(_other_than_auto),
        Field(
            json_schema_extra={
                "examples": ["auto", *(name for name in OUR_KERNELS if name not in SHARED_ORDER)]
            }
        ),
    ] = None
    """Compiled code of the runs, of which all follow the same law; chosen if left out (auto)."""

    @model_validator(mode="after")
    def _burn_in_ends(self) -> Dynamics:
        if self.burn_in >= self.sweeps:
            raise InputError(
                f"burn_in is {self.burn_in}; it must be below sweeps = {self.sweeps}, or no sweep "
                "is left to average."
            )
        if self.scheme == "kawasaki" and self.rule is not None:
            raise InputError(
                f"dynamics.scheme is 'kawasaki' together with the rule {self.rule.kind}; swaps "
                "know the heat bath alone: leave one of them out."
            )
        for name in ("own_temperature", "activity", "stubborn"):
            if self.scheme is not None and getattr(self, name) is not None:
                raise InputError(
                    f"dynamics.{name} is given together with the scheme {self.scheme}; users "
                    "differ where they are drawn at random alone: leave one of them out."
                )
            if self.rule is not None and getattr(self, name) is not None:
                raise InputError(
                    f"dynamics.{name} is given together with the rule {self.rule.kind}; users "
                    "differ under the heat bath alone: leave one of them out."
                )
        return self

    @property
    def own_columns(self) -> dict[str, str | None]:
        """The attributes in which users differ: of temperature, activity and stubbornness."""
        return {
            "temperature": self.own_temperature,
            "activity": self.activity,
            "stubborn": self.stubborn,
        }


class Observe(Table):
    """What is recorded, and how often."""

    every: Annotated[int, Field(ge=1)] = 1
    """Sweeps between recorded frames."""
    names: Annotated[
        tuple[str, ...], Field(strict=False, min_length=1), AfterValidator(_check_observables)
    ] = ("magnetization",)
    """Observables, one column each."""


class Follow(Table):
    """Ties that follow: each sweep users drop some of those they listen to and take others."""

    rate: Annotated[float, Field(ge=0, le=100)] = 0.01
    """Drops per user and sweep."""
    drop: Literal["any", "discordant", "hostile"] = "any"
    """Which ties are dropped: any, between unlike stances, or of negative coupling."""
    take: Literal["shown", "random", "similar", "friends_of_friends"] = "random"
    """Whom users take: authors of shown posts, anybody, users of the same stance, friends of
    friends."""


class Posterior(Table):
    """What is not known of the society: each replica has the parameters of another draw."""

    path: Text
    """Folder of a calibration, or its posterior.parquet."""


Seed = Annotated[int, Field(ge=0)]
Redrawn = Annotated[tuple[Literal["network", "couplings"], ...], Field(strict=False)]
Interventions = Annotated[tuple[Intervention, ...], Field(strict=False)]


def plain(value: Any) -> Any:
    """Return ``value`` as dicts, lists and scalars, without what is None."""
    if type(value) in SCALARS:
        return value  # a hundred thousand cases have a dozen of them each
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
    return _CANONICAL.encode(json_form(value))


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

    def without_acts(self) -> Settings:
        """Return the same without interventions, and without follows that wait for their feed."""
        changes: dict[str, Any] = {"interventions": ()}
        if self.interventions and self.follow is not None and self.follow.take == "shown":
            changes["follow"] = None
        return self.model_copy(update=changes)

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
