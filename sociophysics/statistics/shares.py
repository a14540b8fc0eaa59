"""Intervals of shares and of their differences: exact ones, and Newcombe's from their limits."""

from __future__ import annotations

import numbers
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import bdtr, betaincinv

from sociophysics.errors import InputError
from sociophysics.statistics.limits import check_confidence

__all__ = ["ShareDifference", "ShareInterval", "share_difference", "share_interval"]


class ShareInterval(NamedTuple):
    """A share and the two ends of its confidence interval."""

    share: float
    low: float
    high: float


class ShareDifference(NamedTuple):
    """A difference of two shares, its interval, and the exact two-sided p of no difference."""

    difference: float
    low: float
    high: float
    p: float


def share_interval(successes: int, trials: int, *, confidence: float = 0.95) -> ShareInterval:
    """Return a share of independent trials and its exact interval.

    The ends are the shares at which as many successes or more (or less) have probability
    ``(1 - confidence) / 2`` [1]_: they hold at every true share and every number of trials, so
    none of 20 replicas is a share of 0 to 0.17, never "0 for sure".

    Parameters
    ----------
    successes, trials : int
        0 <= successes <= trials, at least one trial.
    confidence : float
        Between 0 and 1.

    Raises
    ------
    InputError
        No trial, or successes outside 0..trials.

    References
    ----------
    .. [1] C. J. Clopper and E. S. Pearson, Biometrika 26, 404 (1934).

    Examples
    --------
    >>> [round(x, 3) for x in share_interval(5, 10)]
    [0.5, 0.187, 0.813]
    >>> [round(x, 3) for x in share_interval(0, 20)]
    [0.0, 0.0, 0.168]
    """
    k, n = _counts(successes, trials)
    check_confidence(confidence)
    tail = (1 - confidence) / 2
    low = float(betaincinv(k, n - k + 1, tail)) if k else 0.0
    high = float(betaincinv(k + 1, n - k, 1 - tail)) if k < n else 1.0
    return ShareInterval(k / n, low, high)


def share_difference(
    values: ArrayLike, reference: ArrayLike, *, paired: bool, confidence: float = 0.95
) -> ShareDifference:
    """Return how much more often something happened than in the reference, with its interval.

    From the limits of the two shares: with ``delta = p_1 - p_2`` the interval goes down to ``delta
    - sqrt((p_1 - l_1)^2 + (u_2 - p_2)^2)`` and up to ``delta + sqrt((u_1 - p_1)^2 + (p_2 -
    l_2)^2)`` [1]_; the limits are the exact ones of `share_interval`, where Newcombe took Wilson's.
    Pairs subtract ``2 phi`` times the product of the two terms, phi the correlation of the pairs,
    corrected for continuity [2]_. ``p`` is McNemar's exact test of the pairs that differ, or
    Fisher's.

    Parameters
    ----------
    values, reference : bool array, shape (R,)
        Whether it happened in each replica; of one length where ``paired``.
    paired : bool
        Whether entry r of both is one pair, such as replica r of two designs.
    confidence : float
        Between 0 and 1.

    Raises
    ------
    InputError
        Values other than 0 and 1, no replica, or pairs of two lengths.

    References
    ----------
    .. [1] R. G. Newcombe, Statistics in Medicine 17, 873 (1998), method 10.
    .. [2] R. G. Newcombe, Statistics in Medicine 17, 2635 (1998), method 10.

    Examples
    --------
    >>> found = share_difference([1, 1, 1, 0, 0], [0, 0, 0, 0, 0], paired=True)
    >>> [round(x, 2) for x in found]
    [0.6, -0.09, 0.95, 0.25]
    """
    a, b = _happened(values, "values"), _happened(reference, "reference")
    if paired and a.size != b.size:
        raise InputError(
            f"values has {a.size} replicas and reference {b.size}; pairs need the same number."
        )
    p1, l1, u1 = share_interval(int(a.sum()), a.size, confidence=confidence)
    p2, l2, u2 = share_interval(int(b.sum()), b.size, confidence=confidence)
    phi = _phi(a, b) if paired else 0.0
    down = _length(p1 - l1, u2 - p2, phi)
    up = _length(u1 - p1, p2 - l2, phi)
    difference = p1 - p2
    low, high = max(difference - down, -1.0), min(difference + up, 1.0)
    return ShareDifference(difference, low, high, mcnemar(a, b) if paired else _fisher(a, b))


def mcnemar(a: NDArray[np.bool_], b: NDArray[np.bool_]) -> float:
    """Return the exact p of pairs: among those that differ either sign is a fair coin."""
    more, less = int((a & ~b).sum()), int((b & ~a).sum())
    return min(1.0, 2 * float(bdtr(min(more, less), more + less, 0.5)))


def _fisher(a: NDArray[np.bool_], b: NDArray[np.bool_]) -> float:
    from scipy.stats import fisher_exact

    table = [[int(x.sum()), int(x.size - x.sum())] for x in (a, b)]
    return float(fisher_exact(table).pvalue)


def _length(one: float, other: float, phi: float) -> float:
    return float(np.sqrt(max(one**2 - 2 * phi * one * other + other**2, 0.0)))


def _phi(a: NDArray[np.bool_], b: NDArray[np.bool_]) -> float:
    """Return the correlation of pairs, drawn towards 0 by half a pair where it is positive."""
    n = a.size
    both, neither = int((a & b).sum()), int((~a & ~b).sum())
    only_a, only_b = int((a & ~b).sum()), int((b & ~a).sum())
    sides = (both + only_a, only_b + neither, both + only_b, only_a + neither)
    if min(sides) == 0:
        return 0.0
    product = float(both * neither - only_a * only_b)
    if product > 0:
        product = max(product - n / 2, 0.0)
    return float(product / np.sqrt(np.prod(np.array(sides, dtype=np.float64))))


def _happened(values: ArrayLike, name: str) -> NDArray[np.bool_]:
    x = np.asarray(values)
    if x.ndim != 1 or x.size == 0 or x.dtype.kind not in "biuf" or not np.isin(x, (0, 1)).all():
        raise InputError(f"{name} must hold 0 or 1 for each of at least one replica, shape (R,).")
    return x.astype(bool)


def _counts(successes: Any, trials: Any) -> tuple[int, int]:
    whole = all(isinstance(each, numbers.Integral) for each in (successes, trials))
    if not whole or not 0 <= successes <= trials or trials < 1:
        raise InputError(
            f"successes is {successes!r:.60} and trials {trials!r:.60}; allowed: whole numbers, "
            "0 <= successes <= trials, trials >= 1."
        )
    return int(successes), int(trials)
