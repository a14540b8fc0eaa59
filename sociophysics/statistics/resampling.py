"""Intervals of any statistic of replicas: the bootstrap."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import ndtr, ndtri

from sociophysics.errors import InputError
from sociophysics.machine import require_memory
from sociophysics.statistics.intervals import Interval, check_confidence, student
from sociophysics.statistics.series import Floats
from sociophysics.streams import generator

__all__ = ["bootstrap_interval", "check_draws"]

MOST_DRAWS = 1_000_000
BYTES_PER_NUMBER = 8
COPIES = 3  # of what is drawn, while it is sorted or divided

FEWEST = 5


def bootstrap_interval(
    values: ArrayLike,
    *,
    seed: int,
    statistic: Callable[[Floats], float] | None = None,
    draws: int = 1000,
    confidence: float = 0.95,
) -> Interval:
    """Return a statistic of R replicas and its bias-corrected, accelerated bootstrap interval.

    Whole replicas (rows) are drawn with replacement, so what is correlated within a replica stays
    together. The ends are the quantiles ``Phi(z_0 + (z_0 + z)/(1 - a (z_0 + z)))`` of the draws,
    ``z_0`` from the share of draws below the statistic and a from the jackknife [1]_, with ``z =
    -+t_(R-1) sqrt(R / (R - 1))`` instead of the normal quantile, because R draws with replacement
    spread too little by just that [2]_. A statistic may be +-inf ("beyond the range") and still be
    ranked; a draw that is NaN makes the interval NaN, and so do fewer than five replicas or draws
    that are all equal, which do not tell how far others may lie. For a mean use `mean_interval`.

    Parameters
    ----------
    values : array, shape (R, ...)
    seed : int
        The same seed draws the same replicas.
    statistic : callable, optional
        From an array like ``values`` to a float; the mean of all entries by default.
    draws : int
    confidence : float
        Between 0 and 1.

    Raises
    ------
    InputError
        No replicas, fewer than two draws, or a confidence outside (0, 1).

    References
    ----------
    .. [1] B. Efron, J. Am. Stat. Assoc. 82, 171 (1987).
    .. [2] T. C. Hesterberg, The American Statistician 69, 371 (2015), section 4.2.

    Examples
    --------
    >>> found = bootstrap_interval([1.0, 2.0, 4.0, 3.0, 9.0, 2.0], seed=1, statistic=np.median)
    >>> [round(x, 2) for x in found]
    [2.5, 1.0, 6.5]
    """
    x = np.asarray(values, dtype=np.float64)
    if x.ndim == 0 or x.shape[0] == 0:
        raise InputError("values holds no replica; a bootstrap needs at least one.")
    check_confidence(confidence)
    if draws < 1:
        raise InputError(f"draws is {draws}; it must be at least 1.")
    measure = _mean if statistic is None else statistic
    replicas = x.shape[0]
    point = float(measure(x))
    if replicas < FEWEST:
        return Interval(point, np.nan, np.nan)
    chosen = generator(seed, "bootstrap").integers(replicas, size=(draws, replicas))
    drawn = np.sort(np.array([measure(x[rows]) for rows in chosen], dtype=np.float64))
    if np.isnan(drawn).any() or np.isnan(point) or drawn[0] == drawn[-1]:
        return Interval(point, np.nan, np.nan)
    z = _wider(replicas, confidence)
    below = ((drawn < point).mean() + (drawn <= point).mean()) / 2
    bias = float(ndtri(np.clip(below, 1 / draws, 1 - 1 / draws)))
    rate = _acceleration(np.array([measure(np.delete(x, r, axis=0)) for r in range(replicas)]))
    ends = []
    for u in (bias - z, bias + z):
        level = float(ndtr(bias + u / max(1 - rate * u, 1e-9)))
        # An observed draw, not a value between two: there is none between a number and infinity.
        ends.append(float(drawn[min(int(level * draws), draws - 1)]))
    return Interval(point, *ends)


def percentiles(drawn: Floats, count: int, *, confidence: float = 0.95) -> Floats:
    """Return the two percentiles of bootstrap draws of ``count`` units, shape (2, ...).

    At the levels ``Phi(-+t sqrt(count / (count - 1)))`` instead of those of the normal law, as
    in `bootstrap_interval`; draws that are NaN are left out.

    Examples
    --------
    >>> percentiles(np.arange(1001) / 1000, 5).round(3).tolist()
    [0.001, 0.999]
    """
    tail = float(ndtr(-_wider(count, confidence)))
    return np.asarray(np.nanquantile(drawn, [tail, 1 - tail], axis=0))


def _wider(count: int, confidence: float) -> float:
    return float(student(confidence, count - 1) * np.sqrt(count / (count - 1)))


def _acceleration(left_out: Floats) -> float:
    """Return BCa's a from the statistics without one replica each; 0 where they say nothing."""
    if not np.isfinite(left_out).all():
        return 0.0
    d = left_out.mean() - left_out
    scale = float((d**2).sum()) ** 1.5
    return float((d**3).sum()) / (6 * scale) if scale > 0 else 0.0


def _mean(x: Floats) -> float:
    return float(x.mean())


def check_draws(draws: int, *, numbers: int, least: int = 0) -> None:
    """Raise if draws are too few, or too many for the memory.

    Parameters
    ----------
    draws : int
        Bootstrap draws or shuffles.
    numbers : int
        Numbers that are kept of each.
    least : int
        Fewest that are allowed.

    Raises
    ------
    InputError
        With what is allowed.

    Examples
    --------
    >>> check_draws(200, numbers=1_000)
    >>> check_draws(-1, numbers=1_000)
    Traceback (most recent call last):
        ...
    sociophysics.errors.InputError: draws is -1; allowed: 0 to 1,000,000.
    """
    if not least <= draws <= MOST_DRAWS:
        raise InputError(f"draws is {draws}; allowed: {least:,} to {MOST_DRAWS:,}.")
    need = BYTES_PER_NUMBER * COPIES * draws * numbers
    require_memory(need, what=f"draws = {draws:,}", fix="give fewer draws")
