"""Interventions that change what acts on users: temperature, field, feed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Self

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from pydantic import ValidationInfo, ValidatorFunctionWrapHandler, WrapValidator

from sociophysics.errors import InputError
from sociophysics.influences.feeds import Feed, acting
from sociophysics.influences.interventions.intervention import Acting, OfConditions
from sociophysics.kinds import FEEDS, INTERVENTIONS, LARGEST, Noise, Number, OneOf, in_table, key
from sociophysics.society.alignment import by_label
from sociophysics.society.spins import SpinSystem

__all__ = ["Heat", "SwitchFeed", "Tilt"]


def _any_noise(value: Any, rest: ValidatorFunctionWrapHandler, info: ValidationInfo) -> Any:
    huge = not in_table(info) and type(value) is float and LARGEST < value < np.inf
    return value if huge else rest(value)


@INTERVENTIONS.register
@dataclass(frozen=True)
class Heat(OfConditions):
    """The social temperature becomes another one."""

    temperature: Annotated[
        Noise,
        WrapValidator(_any_noise),
        key("The temperature from then on; inf is pure noise.", unit="couplings"),
    ]
    kind: ClassVar[str] = "heat"
    words: ClassVar[str] = "The social temperature becomes the given one."
    equation: ClassVar[str] = "T(t) = temperature for t > at."
    physics: ClassVar[str] = "a temperature quench"
    reloads: ClassVar[bool] = False

    @property
    def coldest(self) -> float:
        """The temperature."""
        return self.temperature

    @property
    def needs(self) -> tuple[str, ...]:
        """Temperatures of their own where it heats some."""
        return () if self.for_all or self.part == 0 else ("noise",)

    @property
    def told(self) -> Mapping[str, Any]:
        """The temperature."""
        return {"temperature": self.temperature}

    def impose(self, conditions: Acting, sweeps: int) -> None:
        """Set the temperature."""
        conditions.heat(self, self.temperature)


if TYPE_CHECKING:  # what Python may give, beside what a table may hold
    OneOrEach = float | NDArray[np.float64]
else:
    OneOrEach = Number


def _per_user(value: Any, rest: ValidatorFunctionWrapHandler, info: ValidationInfo) -> Any:
    if in_table(info) or np.ndim(value) == 0:
        huge = not in_table(info) and type(value) is float and LARGEST < abs(value) < np.inf
        return value if huge else rest(value)
    numbers = np.asarray(value)
    if numbers.dtype.kind not in "iuf" or not np.isfinite(numbers).all():
        raise ValueError("it holds what is no finite number; give one number, or one per user")
    return value if isinstance(value, pd.Series) else numbers


@INTERVENTIONS.register
@dataclass(frozen=True)
class Tilt(OfConditions):
    """The external field becomes another one: a number, or in Python one number per user."""

    field: Annotated[
        OneOrEach,
        WrapValidator(_per_user),
        key("The field added from then on.", unit="couplings"),
    ]
    kind: ClassVar[str] = "tilt"
    words: ClassVar[str] = "The external field is replaced by the given one."
    equation: ClassVar[str] = "h_i(t) = field for t > at."
    physics: ClassVar[str] = "a field quench"
    brings: ClassVar[tuple[str, ...]] = ("field",)

    @property
    def told(self) -> Mapping[str, Any]:
        """The field."""
        return {"field": np.asarray(self.field).tolist()}

    def check(self, system: SpinSystem, camps: NDArray[np.int64] | None) -> None:
        """Raise unless there is one number, or one per user, and users to choose from."""
        super().check(system, camps)
        if np.shape(self.field) not in ((), (system.n,)):
            raise InputError(
                f"the field of Tilt has shape {np.shape(self.field)}; it must be a finite number, "
                f"or one per user, ({system.n},)."
            )

    def ready(self, system: SpinSystem, names: Sequence[Any]) -> Self:
        """Return it with the camp by its number and the field in the users' order."""
        named = super().ready(system, names)
        ordered = by_label(self.field, system.nodes.index, "the field of Tilt")
        return named if ordered is self.field else replace(named, field=ordered)

    def impose(self, conditions: Acting, sweeps: int) -> None:
        """Replace the scheduled field."""
        conditions.tilt(self, self.field, sweeps)


@INTERVENTIONS.register
@dataclass(frozen=True)
class SwitchFeed(OfConditions):
    """Another feed, or in Python None for no feed."""

    feed: Annotated[Feed | None, OneOf(FEEDS, optional=True), key("The feed from then on.")]
    kind: ClassVar[str] = "feed"
    words: ClassVar[str] = "The feed is replaced by another."
    equation: ClassVar[str] = "phi_i(t, s) = that of the given feed for t > at."
    physics: ClassVar[str] = "a switched, non-conservative field"
    brings: ClassVar[tuple[str, ...]] = ("feed",)

    @property
    def told(self) -> Mapping[str, Any]:
        """The feed."""
        return {"feed": "none" if self.feed is None else self.feed.said()}

    def check(self, system: SpinSystem, camps: NDArray[np.int64] | None) -> None:
        """Raise if the feed needs camps and there are none, or nobody can be chosen."""
        super().check(system, camps)
        if self.feed is not None:
            self.feed.candidates(system, camps)

    def ready(self, system: SpinSystem, names: Sequence[Any]) -> Self:
        """Return it with None for a feed of kind ``none``, and the camp by its number."""
        named = super().ready(system, names)
        feed = acting(None if self.feed is None else self.feed.named(names))
        return named if feed is self.feed else replace(named, feed=feed)

    def allotted(self, system: SpinSystem, camps: NDArray[np.int64] | None, seed: int) -> Self:
        """Return it with the feed of each user drawn, where they have different ones."""
        if self.feed is None:
            return self
        return replace(self, feed=self.feed.allotted(system, camps, seed))

    def impose(self, conditions: Acting, sweeps: int) -> None:
        """Switch the feed."""
        conditions.switch(self, self.feed)
