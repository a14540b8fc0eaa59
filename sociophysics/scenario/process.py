"""The tables that say how long and how noisy runs are, and what is recorded."""

from __future__ import annotations

import re
from typing import Annotated, Any, Literal, NamedTuple

from pydantic import AfterValidator, Field, model_validator

from sociophysics.errors import InputError
from sociophysics.kinds import RULES, OneOf
from sociophysics.scenario.values import Table, Temperature, Text

__all__ = ["Dynamics", "Follow", "Observe", "Posterior", "StopRule", "stop_rule"]

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


def _other_than_heat_bath(rule: Any) -> Any:
    # The heat bath is what is meant where nothing is said: one society has one canonical form.
    return None if rule.has_temperature else rule


KernelName = Literal[
    "auto", "integer", "fixed-point", "adaptive", "rejection-free", "bit-sliced", "reference"
]


def _other_than_auto(name: str | None) -> str | None:
    return None if name == "auto" else name


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
    kernel: Annotated[KernelName | None, AfterValidator(_other_than_auto)] = None
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
