"""What the numbers say, in a sentence each."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from ..glossary import explain, shown

__all__ = ["loop_sentence", "phase_sentence", "so_far", "tip_sentence", "word"]

NEVER_BACK = (
    "Turned back down, it does not return the way it came, and in at least one replica it never "
    "switches back within this range."
)
NO_MEMORY = (
    "Turned back down, it returns the way it came: these replicas show no memory of the past."
)


def so_far(key: str, x: Sequence[float], mean: Sequence[float], observable: str, total: int) -> str:
    """Return what a sweep shows while it runs.

    Examples
    --------
    >>> so_far("Noise T", [0.5, 1.0], [0.9, 0.1], "abs_magnetization", 7)
    'So far, at 2 of 7 values: agreement overall goes from 0.9 to 0.1 as noise T rises from ...'
    """
    what = _word(observable)
    return (
        f"So far, at {len(x)} of {total} values: {what} goes from {shown(mean[0], 2)} to "
        f"{shown(mean[-1], 2)} as {_lower(key)} rises from {shown(x[0])} to {shown(x[-1])}."
    )


def tip_sentence(
    key: str, place: tuple[float, float, float], observable: str, ends: tuple[float, float],
    note: str,
) -> str:  # fmt: skip
    """Return where a society tips, or that it does not.

    Parameters
    ----------
    place : (value, low, high)
        NaN if no transition was found.
    ends : (first, last)
        The observable at the two ends of the range.

    Examples
    --------
    >>> place = (1.02, 0.97, 1.07)
    >>> tip_sentence("Noise T", place, "abs_magnetization", (0.98, 0.1), "")
    'This society tips at noise T 1.02 (95 %: 0.97 to 1.07): agreement overall goes from 0.98 ...'
    >>> tip_sentence("Noise T", (math.nan,) * 3, "abs_magnetization", (0.1, 0.1), "too even")
    'No transition found along noise T: too even.'
    """
    if math.isnan(place[0]):
        return f"No transition found along {_lower(key)}: {note}."
    return (
        f"This society tips at {_lower(key)} {_interval(*place)}: {_word(observable)} goes from "
        f"{shown(ends[0], 2)} at the lowest to {shown(ends[1], 2)} at the highest value."
    )


def loop_sentence(area: tuple[float, float, float], on: float, off: float) -> str:
    """Return whether the way back differs from the way there.

    Parameters
    ----------
    area : (mean, low, high)
    on, off : float
        Switching points on the way up and on the way down; NaN where a replica has none.

    Examples
    --------
    >>> loop_sentence((0.5, 0.4, 0.6), 0.71, 0.08)
    'Turned back down, it does not return where it left: it switches at 0.71 on the way up and ...'
    >>> loop_sentence((0.0, -0.1, 0.1), 0.5, 0.5)
    'Turned back down, it returns the way it came: these replicas show no memory of ...'
    """
    if not (area[1] > 0 or area[2] < 0):
        return NO_MEMORY
    if math.isnan(on) or math.isnan(off):
        return NEVER_BACK
    return (
        f"Turned back down, it does not return where it left: it switches at {shown(on)} on the "
        f"way up and at {shown(off)} on the way down. In between, what happened before decides."
    )


def phase_sentence(
    keys: tuple[str, str],
    values: tuple[Sequence[float], Sequence[float]],
    grid: NDArray[np.float64],
    observable: str,
) -> str:
    """Return where an observable is highest and lowest over two keys, and whether it crosses 0.5.

    Examples
    --------
    >>> grid = np.array([[0.1, 0.9], [0.0, 0.4]])
    >>> phase_sentence(("Noise T", "Push h"), ([1, 2], [0, 5]), grid, "abs_magnetization")
    'Agreement overall is highest (0.9) at noise T 2 and push h 0, lowest (0) at noise T 1 and ...'
    """
    known = np.isfinite(grid)
    what = _word(observable)
    if not known.any():
        return ""

    def place(flat: int) -> str:
        row, column = divmod(flat, grid.shape[1])
        return (
            f"{_lower(keys[0])} {shown(values[0][column])} and {_lower(keys[1])} "
            f"{shown(values[1][row])}"
        )

    top, bottom = int(np.nanargmax(grid)), int(np.nanargmin(grid))
    high, low = float(grid.flat[top]), float(grid.flat[bottom])
    crossing = (
        "the dark line is where it passes 0.5" if low < 0.5 <= high else "it never passes 0.5 here"
    )
    so_far = "" if known.all() else f"So far, at {known.sum()} of {grid.size} places: "
    sentence = (
        f"{what} is highest ({shown(high, 2)}) at {place(top)}, lowest ({shown(low, 2)}) at "
        f"{place(bottom)}; {crossing}."
    )
    return so_far + (sentence if so_far else sentence[:1].upper() + sentence[1:])


def _interval(value: float, low: float, high: float) -> str:
    if math.isnan(low) or math.isnan(high):
        return shown(value)
    return f"{shown(value)} (95 %: {shown(low)} to {shown(high)})"


def word(observable: str) -> str:
    """Return an observable's name; here all are sizes, so that "unsigned" goes without saying.

    Examples
    --------
    >>> word("abs_camp_polarization")
    'Distance between camps'
    """
    return str(explain(observable).name.split(",")[0])


def _word(observable: str) -> str:
    return _lower(word(observable))


def _lower(name: str) -> str:
    """Return a name inside a sentence; symbols such as T keep their case."""
    return name[:1].lower() + name[1:]
