"""The tables that say what happens when, and what is recorded."""

from __future__ import annotations

import re
from collections import Counter
from typing import Annotated, Any, Literal, NamedTuple

from pydantic import (
    AfterValidator,
    BeforeValidator,
    Field,
    SerializerFunctionWrapHandler,
    WithJsonSchema,
    model_serializer,
    model_validator,
)

from sociophysics.errors import InputError
from sociophysics.scenario.values import Feed, Noise, Number, Probability, Table, Temperature, Text

__all__ = ["INTERVENTIONS", "Dynamics", "Intervention", "Observe", "StopRule", "stop_rule"]

_STOP = re.compile(
    r"\s*(?:abs\(\s*(?P<absolute>[A-Za-z_]\w*)\s*\)|(?P<signed>[A-Za-z_]\w*))"
    r"\s*(?P<compare>>=|<=|>|<)\s*(?P<bound>[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?)\s*"
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
    match = _STOP.fullmatch(text)
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

    @model_validator(mode="after")
    def _burn_in_ends(self) -> Dynamics:
        if self.burn_in >= self.sweeps:
            raise InputError(
                f"burn_in is {self.burn_in}; it must be below sweeps = {self.sweeps}, or no sweep "
                "is left to average."
            )
        return self


class Observe(Table):
    """What is recorded, and how often."""

    every: Annotated[int, Field(ge=1)] = 1
    """Sweeps between recorded frames."""
    names: Annotated[
        tuple[str, ...], Field(strict=False, min_length=1), AfterValidator(_check_observables)
    ] = ("magnetization",)
    """Observables, one column each."""


class _Event(Table):
    at: Annotated[int, Field(ge=0)]
    """Acts after the frame of this sweep, before the next sweep."""


class Heat(_Event):
    """A new social temperature."""

    kind: Literal["heat"]
    temperature: Noise
    """The temperature from then on."""


class Tilt(_Event):
    """A new uniform external field."""

    kind: Literal["tilt"]
    field: Number
    """The field added from then on."""


def _who(value: Any) -> str | tuple[int | str, ...]:
    if isinstance(value, str) and value:
        return value
    listed = isinstance(value, list | tuple) and len(value) > 0
    if listed and all(isinstance(user, int | str) and user is not True for user in value):
        twice = next((user for user, times in Counter(value).items() if times > 1), None)
        if twice is not None:
            raise ValueError(f"it names the user {twice!r} twice; list each user once")
        return tuple(value)
    raise ValueError(
        f"it is {value!r}; allowed: random, degree, camp:K with the camp's number or name K, or a "
        "list of users"
    )


def _hold(value: Any) -> int | str:
    if value == "forever" or (type(value) is int and value >= 0):
        held: int | str = value
        return held
    raise ValueError(f"it is {value!r}; allowed: a whole number of sweeps >= 0, or forever")


_USERS = {"type": "array", "items": {"type": ["integer", "string"]}, "minItems": 1}
_TIMES = [{"type": "integer", "minimum": 0}, {"const": "forever"}]
Who = Annotated[Any, BeforeValidator(_who), WithJsonSchema({"anyOf": [{"type": "string"}, _USERS]})]
HoldFor = Annotated[Any, BeforeValidator(_hold), WithJsonSchema({"anyOf": _TIMES})]


class Nucleate(_Event):
    """Some users are set to a stance, and perhaps held there."""

    kind: Literal["nucleate"]
    who: Who = "random"
    """random, degree (the best connected first), camp:K (users of the camp of number or name K), or
    a list of users."""
    share: Probability = 0.1
    """Share of the users, or of the camp; a list of users is taken as a whole."""
    stance: Literal[-1, 1] = 1
    """Their stance."""
    hold: HoldFor = 0
    """Sweeps for which they keep it, or forever; 0 flips them and lets them go."""

    @model_validator(mode="after")
    def _whole_list(self) -> Nucleate:
        if isinstance(self.who, tuple) and "share" in self.model_fields_set:
            raise InputError(
                f"share is {self.share}, but who is a list of users, all of whom are set; leave "
                "share out."
            )
        return self

    @model_serializer(mode="wrap")
    def _without_share(self, handler: SerializerFunctionWrapHandler) -> dict[str, Any]:
        tables: dict[str, Any] = handler(self)
        if isinstance(self.who, tuple):
            del tables["share"]
        return tables


class Rewire(_Event):
    """Some ties get new ends."""

    kind: Literal["rewire"]
    share: Probability = 0.1
    """Share of the ties."""
    toward: Literal["random", "similar", "bridge"] = "random"
    """New ends: anybody, users of the same stance, or users of other camps."""
    keep_degrees: bool = False
    """Swap ends in pairs, so that everybody keeps the number of ties."""


class SwitchFeed(_Event):
    """Another feed from then on."""

    kind: Literal["feed"]
    feed: Feed
    """The feed table."""


INTERVENTIONS: dict[str, type[Table]] = {
    "heat": Heat,
    "tilt": Tilt,
    "nucleate": Nucleate,
    "rewire": Rewire,
    "feed": SwitchFeed,
}

Intervention = Annotated[Heat | Tilt | Nucleate | Rewire | SwitchFeed, Field(discriminator="kind")]
