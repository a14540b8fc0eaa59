"""What acts on the users from outside, sweep by sweep: temperature, field, feed, camps.

Values over time are stored up to where they stop changing: the last one lasts. So a constant
takes one number, however long the run.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from dataclasses import field as with_default
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from sociophysics.errors import InputError
from sociophysics.influences import schedules
from sociophysics.influences.feeds import Feed
from sociophysics.influences.schedules import Patterned, Schedule
from sociophysics.society.spins import SpinSystem

__all__ = ["Conditions", "Field", "field_terms"]

Field = float | ArrayLike | Schedule | Sequence[Patterned] | None


@dataclass
class Conditions:
    """What acts from outside; interventions change it as the run goes on."""

    temperature: NDArray[np.float64]  # (sweeps or fewer,): the last value lasts
    field: NDArray[np.float64]  # (terms, sweeps or fewer): likewise
    pattern: NDArray[np.float64]  # (terms, n): how much of each term every user feels
    feed: Feed | None
    camps: NDArray[np.int64] | None
    seed: int
    scheme: str
    kernel: str
    coldest: float = np.inf  # of the whole run: what rounding is judged against
    _acting: tuple[SpinSystem, int, NDArray[np.float64]] | None = with_default(
        default=None, repr=False
    )

    def noise(self, sweep: int) -> float:
        """Return the temperature that acts in ``sweep``."""
        return float(self.temperature[min(sweep, self.temperature.size) - 1])

    def heat(self, at: int, temperature: float) -> None:
        """Set the temperature of the sweeps after ``at``."""
        before = np.minimum(np.arange(at), self.temperature.size - 1)
        self.temperature = np.append(self.temperature[before], temperature)

    def external(self, system: SpinSystem, sweep: int) -> NDArray[np.float64]:
        """Return the external field (n,) that acts in ``sweep``; the same array while it lasts."""
        k = min(sweep, self.field.shape[1]) - 1
        acting = self._acting
        if acting is None or acting[0] is not system or acting[1] != k:
            acting = (system, k, system.h + self.field[:, k] @ self.pattern)
            self._acting = acting
        return acting[2]

    def tilt(self, field: Field, sweeps: int) -> None:
        """Replace the scheduled field."""
        self.field, self.pattern = field_terms(field, self.pattern.shape[1], sweeps)
        self._acting = None

    def steady(self, sweep: int, last: int) -> int:
        """Return the last sweep up to ``last`` with the same temperature and field as ``sweep``."""
        if sweep == last:
            return last
        t, f = self.temperature[sweep - 1 : last], self.field[:, sweep - 1 : last]
        ends = [last]
        if t.size:
            ends += (sweep - 1 + np.flatnonzero(t != t[0])[:1]).tolist()
        if f.size:
            ends += (sweep - 1 + np.flatnonzero((f != f[:, :1]).any(axis=0))[:1]).tolist()
        return int(min(ends))

    def bound(self, system: SpinSystem, sweep: int) -> float:
        """Return the largest field that couplings apart will act from ``sweep`` on."""
        first = min(sweep, self.field.shape[1]) - 1
        largest = np.abs(self.field[:, first:]).max(axis=1, initial=0.0)
        external = float((np.abs(system.h) + largest @ np.abs(self.pattern)).max(initial=0.0))
        bound = self.feed.bound if self.feed else 0.0
        if not 0.0 <= bound < np.inf:
            raise InputError(
                f"the feed {type(self.feed).__name__} has the bound {bound}; it must be the "
                "largest absolute field the feed can exert, a finite number >= 0."
            )
        return external + bound


def field_terms(
    field: Field, n: int, sweeps: int
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return the terms of an external field over time, (terms, sweeps), and who feels them.

    The patterns have shape (terms, n). Terms that never change have one column instead of
    ``sweeps``.

    Raises
    ------
    InputError
        A field that is not a number, a schedule, patterned terms or one number per user, or one
        that is not finite.

    Examples
    --------
    >>> field_terms([0.1, 0.2], 2, 100)
    (array([[1.]]), array([[0.1, 0.2]]))
    """
    terms: list[Patterned]
    if field is None:
        terms = []
    elif isinstance(field, list | tuple) and all(isinstance(f, Patterned) for f in field):
        terms = list(field)
    elif isinstance(field, np.ndarray | pd.Series | list | tuple) and np.ndim(field) > 0:
        terms = [Patterned(_numbers(field), 1.0)]
    else:
        given: Any = field
        terms = [Patterned(np.ones(n), given)]
    courses = [
        schedules.values(term.schedule, sweeps, name="field", lowest=-np.inf) for term in terms
    ]
    columns = max((course.size for course in courses), default=1)
    values, patterns = np.zeros((len(terms), columns)), np.zeros((len(terms), n))
    for k, (term, course) in enumerate(zip(terms, courses, strict=True)):
        pattern = np.asarray(term.pattern)
        if pattern.shape != (n,):
            raise InputError(
                f"field has shape {pattern.shape}; allowed: a number, a schedule or ({n},)."
            )
        values[k], patterns[k] = course, pattern
    if not (np.isfinite(values).all() and np.isfinite(patterns).all()):
        raise InputError("field holds NaN or infinity; every external field must be finite.")
    return values, patterns


def _numbers(field: Any) -> NDArray[np.float64]:
    try:
        return np.asarray(field, dtype=np.float64)
    except (TypeError, ValueError):
        raise InputError(
            "field does not hold numbers; give a number, a schedule or one number per user."
        ) from None
