"""Outcomes with two states: found by the gap between them."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from sociophysics.statistics.series import ROUNDING, Floats, as_series

__all__ = ["TwoStates", "two_states"]

# Below this, relative to the values, a spread is rounding.
ROUNDED = ROUNDING
# Largest gap over the standard deviation within both sides of it, by the number of replicas: above
# what one normal sample in two hundred and one exponential sample in fifty reaches (simulated).
REPLICAS = (3, 4, 5, 6, 8, 10, 20)
SEPARATION = (400.0, 50.0, 25.0, 15.0, 10.0, 8.0, 6.0)


class TwoStates(NamedTuple):
    """Two states: the mean of the replicas in each, and which replicas are in the upper one."""

    low: float
    high: float
    upper: NDArray[np.bool_]


def two_states(values: ArrayLike) -> TwoStates | None:
    """Return the two states that replicas are in, or None if they do not fall apart into two.

    They do if the largest gap between neighbours in order is many times the standard deviation
    within the two sides of it (6 times for 20 replicas and more, 8 for ten, 25 for five, which one
    normal sample in two hundred reaches) and twice as wide as either side. Values that are exactly
    two numbers always do. Fewer than three replicas, or a NaN, show nothing.

    Parameters
    ----------
    values : array, shape (R,)

    Examples
    --------
    >>> found = two_states([0.91, 0.02, 0.89, 0.9, 0.01, 0.9])
    >>> round(found.low, 3), round(found.high, 3), int(found.upper.sum())
    (0.015, 0.9, 4)
    >>> two_states([0.1, 0.2, 0.3, 0.5]) is None
    True
    """
    x = as_series(values)
    if x.ndim != 1 or x.size < REPLICAS[0] or not np.isfinite(x).all():
        return None
    order = np.sort(x)
    gaps = np.diff(order)
    k = int(gaps.argmax())
    if gaps[k] <= ROUNDED * np.abs(x).max():
        return None
    upper = x > order[k]
    low, high = float(x[~upper].mean()), float(x[upper].mean())
    inside = x - np.where(upper, high, low)
    spread = np.sqrt(float(inside @ inside) / (x.size - 2))
    widest = max(float(np.ptp(x[upper])), float(np.ptp(x[~upper])))
    if gaps[k] <= max(_separation(x.size) * spread, 2 * widest):
        return None
    return TwoStates(low, high, upper)


def states_known(x: Floats, states: TwoStates) -> bool:
    """Return whether the places of both states are known, not only the share of each.

    A single replica in a state shows its place if the other state has a spread, taken to be the
    same, or if both are among -1, 0 and 1: stances, or yes and no.
    """
    if min(int(states.upper.sum()), int((~states.upper).sum())) > 1:
        return True
    many = x[states.upper == (2 * states.upper.sum() > x.size)]
    spread = np.ptp(many) > ROUNDED * np.abs(x).max()
    return bool(spread or np.isin(x, (-1.0, 0.0, 1.0)).all())


def states_of_both(values: Floats, reference: Floats) -> TwoStates | None:
    """Return the two states of both arms together, if one arm alone is in two states."""
    if two_states(values) is None and two_states(reference) is None:
        return None
    return two_states(np.concatenate([values, reference]))


def _separation(replicas: int) -> float:
    return float(np.interp(replicas, REPLICAS, SEPARATION))
