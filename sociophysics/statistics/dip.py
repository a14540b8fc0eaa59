"""The dip test: whether values lie in one heap or in two."""

from __future__ import annotations

from functools import lru_cache
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from sociophysics.errors import InputError

__all__ = ["Dip", "dip", "dip_test"]

Floats = NDArray[np.float64]
LARGEST = 400  # values of the null; from there the dip shrinks as one over the root of their number


class Dip(NamedTuple):
    """How far values are from one heap: the dip, and the chance of one as large without two."""

    dip: float
    p: float


def dip(values: ArrayLike) -> float:
    r"""Return the dip: the distance of the empirical distribution from the nearest unimodal one.

    Notes
    -----
    ``min over unimodal G of sup |F - G|``, by the modal interval that the greatest convex minorant
    and the least concave majorant leave [1]_. Between 1/(2n) and 1/4.

    .. [1] J. A. Hartigan, P. M. Hartigan, Ann. Stat. 13, 70 (1985).

    Parameters
    ----------
    values : array, shape (n,)

    Raises
    ------
    InputError
        No values, or some that are not finite.

    Examples
    --------
    >>> dip([0.0, 0.0, 1.0, 1.0]), round(dip(np.arange(10)), 3)
    (0.25, 0.05)
    """
    x = np.sort(np.asarray(values, np.float64).ravel())
    if not x.size or not np.isfinite(x).all():
        raise InputError("the dip needs finite values, at least one.")
    point, counts = np.unique(x, return_counts=True)
    above = counts.cumsum() / x.size  # the distribution at a point, and just before it
    below = above - counts / x.size
    low, high, found = 0, point.size - 1, 1 / (2 * x.size)
    if point.size < 2:
        return found
    while True:
        at = slice(low, high + 1)
        minorant = _hull(point[at], below[at], convex=True)
        majorant = _hull(point[at], above[at], convex=False)
        gap_low = np.interp(point[at], point[at][majorant], above[at][majorant]) - below[at]
        gap_high = above[at] - np.interp(point[at], point[at][minorant], below[at][minorant])
        # The hulls are furthest apart at a corner of one of them.
        at_low, at_high = gap_low[minorant].max(), gap_high[majorant].max()
        gap = max(at_low, at_high)
        if gap / 2 <= found:
            return float(found)
        if at_low >= at_high:
            left = minorant[gap_low[minorant].argmax()]
            right = majorant[majorant >= left][0]
        else:
            right = majorant[gap_high[majorant].argmax()]
            left = minorant[minorant <= right][-1]
        # Outside the modal interval the distribution must be convex, then concave.
        convex = np.interp(point[at], point[at][minorant], below[at][minorant])
        concave = np.interp(point[at], point[at][majorant], above[at][majorant])
        outside = [
            (above[at][: left + 1] - convex[: left + 1]).max(initial=0.0),
            (concave[right:] - below[at][right:]).max(initial=0.0),
        ]
        found = max(found, *(each / 2 for each in outside))
        low, high = low + int(left), low + int(right)
        if high <= low:
            return float(found)


def _hull(x: Floats, y: Floats, *, convex: bool) -> NDArray[np.int64]:
    """Return the corners of the greatest convex minorant, or the least concave majorant."""
    sign = 1.0 if convex else -1.0
    kept: list[int] = []
    for k in range(x.size):
        while len(kept) > 1:
            i, j = kept[-2], kept[-1]
            turn = (x[j] - x[i]) * (y[k] - y[i]) - (y[j] - y[i]) * (x[k] - x[i])
            if sign * turn > 0:
                break
            kept.pop()
        kept.append(k)
    return np.array(kept)


def dip_test(values: ArrayLike, *, draws: int = 500) -> Dip:
    """Return the dip of values and its p-value against one heap.

    Among heaps the uniform one dips most, so the level holds for any other.

    Parameters
    ----------
    values : array, shape (n,)
    draws : int
        Uniform samples that it is compared with; the same ones each time.

    Raises
    ------
    InputError
        As ``dip``.

    Examples
    --------
    >>> rng = np.random.default_rng(1)
    >>> dip_test(rng.normal(size=200)).p > 0.05, dip_test(np.r_[-3, 3] + 0.1).p > 0.05
    (True, True)
    >>> dip_test(np.r_[rng.normal(-3, 1, 100), rng.normal(3, 1, 100)]).p < 0.01
    True
    """
    found = dip(values)
    n = np.asarray(values).size
    # Neighbouring sizes share a null: what the root of their number does not tell is nothing.
    size = min(n if n < 60 else n // 20 * 20, LARGEST)
    null = _null(size, draws) * np.sqrt(size / n)
    return Dip(found, float((1 + (null >= found - 1e-12).sum()) / (1 + draws)))


@lru_cache(maxsize=32)
def _null(size: int, draws: int) -> Floats:
    rng = np.random.default_rng(1985)
    return np.array([dip(rng.random(size)) for _ in range(draws)])
