"""Temperature and external field over time: one value per sweep.

A schedule is a kind with ``values(sweeps)``, the array of what acts in sweeps ``1 .. sweeps``.
A plain number is the schedule that holds it.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any, ClassVar, Protocol

import numpy as np
from numpy.typing import NDArray
from pydantic import AfterValidator, Discriminator, Tag

from sociophysics.errors import InputError
from sociophysics.kinds import SCHEDULES, Kind, Kinds, Noise, Number, OneOf, Unbounded, key
from sociophysics.machine import require_memory

__all__ = [
    "KINDS",
    "Anneal",
    "Course",
    "Hold",
    "Level",
    "Loop",
    "Patterned",
    "Pulse",
    "Ramp",
    "Schedule",
    "Temperature",
    "make",
    "values",
]


class Course(Protocol):
    """Whatever gives one value per sweep: a schedule, or what a study makes of a sequence."""

    def values(self, sweeps: int) -> NDArray[np.float64]:
        """Return the values of sweeps 1 to ``sweeps``."""
        ...


class Schedule(Kind):
    """What gives one value per sweep."""

    registry: ClassVar[Kinds] = SCHEDULES

    @abstractmethod
    def values(self, sweeps: int) -> NDArray[np.float64]:
        """Return the values of sweeps 1 to ``sweeps``."""


@SCHEDULES.register
@dataclass(frozen=True)
class Hold(Schedule):
    """The same value in every sweep.

    Examples
    --------
    >>> Hold(0.8).values(3)
    array([0.8, 0.8, 0.8])
    """

    value: Annotated[Unbounded, key("The value.")]
    kind: ClassVar[str] = "hold"
    equation: ClassVar[str] = "x(t) = value."

    def values(self, sweeps: int) -> NDArray[np.float64]:
        """Return the values of sweeps 1 to ``sweeps``."""
        return np.full(sweeps, float(self.value))


@SCHEDULES.register
@dataclass(frozen=True)
class Ramp(Schedule):
    """A straight line from ``start`` in the first sweep to ``stop`` in the last.

    Examples
    --------
    >>> Ramp(start=0.0, stop=1.0).values(3)
    array([0. , 0.5, 1. ])
    """

    start: Annotated[Unbounded, key("Value in the first sweep.")]
    stop: Annotated[Unbounded, key("Value in the last sweep.")]
    kind: ClassVar[str] = "ramp"
    equation: ClassVar[str] = "x(t) = start + (stop - start) (t - 1) / (sweeps - 1)."

    def values(self, sweeps: int) -> NDArray[np.float64]:
        """Return the values of sweeps 1 to ``sweeps``."""
        return np.linspace(self.start, self.stop, sweeps)


@SCHEDULES.register
@dataclass(frozen=True)
class Loop(Schedule):
    """From ``low`` up to ``high`` in the first half of the sweeps and back down in the second.

    Examples
    --------
    >>> Loop(low=0.0, high=1.0).values(6)
    array([0. , 0.5, 1. , 1. , 0.5, 0. ])
    """

    low: Annotated[Unbounded, key("Value in the first and the last sweep.")]
    high: Annotated[Unbounded, key("Value in the middle of the run.")]
    kind: ClassVar[str] = "loop"
    equation: ClassVar[str] = "x(t) rises straight from low to high, then falls back."

    def values(self, sweeps: int) -> NDArray[np.float64]:
        """Return the values of sweeps 1 to ``sweeps``."""
        up = np.linspace(self.low, self.high, (sweeps + 1) // 2)
        return np.concatenate([up, up[::-1][sweeps % 2 :]])


@SCHEDULES.register
@dataclass(frozen=True)
class Pulse(Schedule):
    """``base``, raised by ``height`` during the ``width`` sweeps that follow sweep ``at``.

    Examples
    --------
    >>> Pulse(at=1, width=2, height=0.5).values(5)
    array([0. , 0.5, 0.5, 0. , 0. ])
    """

    at: Annotated[int, key("Sweep after which the pulse begins.", unit="sweeps", ge=0)]
    width: Annotated[int, key("How many sweeps it lasts.", unit="sweeps", ge=1)]
    height: Annotated[Unbounded, key("What the pulse adds to the base.")]
    base: Annotated[Unbounded, key("Value outside the pulse.")] = 0.0
    kind: ClassVar[str] = "pulse"
    equation: ClassVar[str] = "x(t) = base + height for at < t <= at + width, else base."

    def values(self, sweeps: int) -> NDArray[np.float64]:
        """Return the values of sweeps 1 to ``sweeps``."""
        sweep = np.arange(1, sweeps + 1)
        inside = (sweep > self.at) & (sweep <= self.at + self.width)
        return np.where(inside, self.base + self.height, self.base).astype(np.float64)


@SCHEDULES.register
@dataclass(frozen=True)
class Anneal(Schedule):
    """From ``start``, multiplied by ``factor`` after every sweep, until ``stop`` is reached.

    Examples
    --------
    >>> Anneal(start=4.0, stop=1.0, factor=0.5).values(4)
    array([4., 2., 1., 1.])
    """

    start: Annotated[Unbounded, key("Value in the first sweep.")]
    stop: Annotated[Unbounded, key("The floor, at most start.")]
    factor: Annotated[float, key("Each sweep multiplies the value by this.", gt=0, lt=1)]
    kind: ClassVar[str] = "anneal"
    equation: ClassVar[str] = "x(t) = max(stop, start * factor^(t - 1))."

    def __post_init__(self) -> None:
        if self.stop > self.start:
            raise ValueError(f"it anneals from {self.start} to {self.stop}; stop must be <= start")

    def values(self, sweeps: int) -> NDArray[np.float64]:
        """Return the values of sweeps 1 to ``sweeps``."""
        cooled = self.start * self.factor ** np.arange(sweeps, dtype=np.float64)
        return np.maximum(cooled, self.stop)


def shape(value: Any) -> str:
    """Return which alternative of a level a value is meant for."""
    return "a schedule" if isinstance(value, dict | Kind) else "a number"


ScheduleTable = Annotated[Schedule, OneOf(SCHEDULES)]
Level = Annotated[
    Annotated[Number, Tag("a number")] | Annotated[ScheduleTable, Tag("a schedule")],
    Discriminator(shape),
]


def _not_negative(value: float | Schedule) -> float | Schedule:
    for name, number in value.table().items() if isinstance(value, Kind) else ():
        if name not in ("kind", "at", "width", "height") and number < 0:
            raise ValueError(f"the schedule's {name} is {number}; a temperature must be >= 0")
    if isinstance(value, Pulse) and value.base + value.height < 0:
        raise ValueError("the pulse's base + height is below 0; a temperature must be >= 0")
    return value


Temperature = Annotated[
    Annotated[Noise, Tag("a number")] | Annotated[ScheduleTable, Tag("a schedule")],
    Discriminator(shape),
    AfterValidator(_not_negative),
]


@dataclass(frozen=True, eq=False)
class Patterned:
    """A field that users feel to different degrees: ``pattern_i`` times the schedule.

    Parameters
    ----------
    pattern : array, shape (n,)
    schedule : number or schedule
    """

    pattern: NDArray[np.float64]
    schedule: float | Course


KINDS = SCHEDULES


def make(kind: str, **keys: Any) -> Schedule:
    """Return the schedule of a scenario's kind.

    Parameters
    ----------
    kind : str
        As ``kind`` in a table names it.
    **keys
        The kind's own keys.

    Raises
    ------
    InputError
        An unknown kind, an unknown or missing key, or a value that is not finite.

    Examples
    --------
    >>> make("ramp", start=0, stop=1)
    Ramp(start=0.0, stop=1.0)
    """
    schedule: Schedule = SCHEDULES.find(kind)(**keys)
    return schedule


def values(given: float | Course, sweeps: int, *, name: str, lowest: float) -> NDArray[np.float64]:
    """Return the value of each sweep up to the last change, checked against its lower limit.

    The last value lasts: a number gives one value, any other schedule one per sweep.

    Parameters
    ----------
    given : number or schedule
    sweeps : int
    name : str
        What the values are, for the error.
    lowest : float
        0 for a temperature, minus infinity for a field.

    Raises
    ------
    InputError
        Text, NaN, a value below ``lowest``, or more sweeps than memory has room for.

    Examples
    --------
    >>> values(0.5, 1000, name="temperature", lowest=0.0)
    array([0.5])
    >>> values(Ramp(0.0, 1.0), 3, name="temperature", lowest=0.0)
    array([0. , 0.5, 1. ])
    """
    course: Any = given.value if isinstance(given, Hold) else given
    if isinstance(course, int | float | np.integer | np.floating) and not isinstance(course, bool):
        result = np.array([course], dtype=np.float64)
    elif callable(getattr(course, "values", None)) and not isinstance(course, Mapping):
        require_memory(32.0 * sweeps, what=f"a schedule of {sweeps} sweeps", fix="give fewer")
        result = np.asarray(course.values(sweeps), dtype=np.float64)
        if result.shape != (sweeps,):
            raise InputError(f"{name} has {result.size} values for {sweeps} sweeps; give one each.")
    else:
        raise InputError(f"{name} is {given!r}; give a number or a schedule.")
    bad = np.isnan(result) | (result < lowest)
    if bad.any():
        allowed = f">= {lowest:g}" if np.isfinite(lowest) else "a number"
        raise InputError(f"{name} is {result[bad][0]:g}; it must be {allowed}.")
    return result
