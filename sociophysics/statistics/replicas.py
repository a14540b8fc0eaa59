"""Statistics of independent replicas: intervals, paired differences, families of tests."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import stdtr, stdtrit

from sociophysics.errors import InputError
from sociophysics.statistics.series import ROUNDING, Floats, as_series, like
from sociophysics.streams import generator

__all__ = [
    "Interval",
    "PairedDifference",
    "bootstrap_interval",
    "holm",
    "paired_difference",
    "standard_error",
    "t_interval",
]


class Interval(NamedTuple):
    """A mean and the two ends of its confidence interval."""

    mean: float
    low: float
    high: float


class PairedDifference(NamedTuple):
    """A mean difference of pairs, its interval, its size in sd of the differences, and p."""

    difference: float
    low: float
    high: float
    effect: float
    p: float


def standard_error(values: ArrayLike) -> Any:
    """Return ``sd / sqrt(R)`` of R independent values along the last axis; NaN for one value.

    Examples
    --------
    >>> standard_error([1.0, 2.0, 3.0, 4.0]).round(4)
    np.float64(0.6455)
    """
    x = as_series(values)
    count = x.shape[-1]
    if count < 2:
        return like(np.full(x.reshape(-1, count).shape[0], np.nan), x)
    return x.std(axis=-1, ddof=1) / np.sqrt(count)


def t_interval(
    values: ArrayLike, *, confidence: float = 0.95, cluster: ArrayLike | None = None
) -> Interval:
    """Return the mean of R values and Student's interval around it.

    Values are independent, or only those of different clusters are. With the sums ``D_g`` of
    ``x - mean`` over each of G clusters the standard error is
    ``sqrt(G / (G - 1) sum_g D_g^2) / R``, with G - 1 degrees of freedom [1]_; clusters of one size
    give Student's interval of their means. One value or cluster has a mean and no interval (NaN);
    equal values have an interval of width 0.

    Parameters
    ----------
    values : array, shape (R,)
    confidence : float
        Between 0 and 1.
    cluster : array, shape (R,), optional
        Labels of what belongs together, such as ``table["replica"] // 64`` of a bit-sliced run.

    References
    ----------
    .. [1] K.-Y. Liang and S. L. Zeger, Biometrika 73, 13 (1986).

    Examples
    --------
    >>> [round(x, 3) for x in t_interval([1.0, 2.0, 3.0])]
    [2.0, -0.484, 4.484]
    >>> pairs = t_interval([1.0, 1.0, 2.0, 2.0, 3.0, 3.0], cluster=[0, 0, 1, 1, 2, 2])
    >>> [round(x, 3) for x in pairs]
    [2.0, -0.484, 4.484]
    """
    x = as_series(values)
    if x.ndim != 1:
        raise InputError(f"values has {x.ndim} axes; give one value per replica, shape (R,).")
    _check_confidence(confidence)
    mean = float(x.mean())
    if cluster is None:
        half = _student(confidence, x.size) * float(standard_error(x))
    else:
        half = _clustered(x - mean, cluster, confidence)
    return Interval(mean, mean - half, mean + half)


def _clustered(deviation: Floats, cluster: ArrayLike, confidence: float) -> float:
    labels = np.asarray(cluster)
    if labels.shape != deviation.shape:
        raise InputError(
            f"cluster has shape {labels.shape} and values {deviation.shape}; give one label per "
            "value."
        )
    sums = np.bincount(np.unique(labels, return_inverse=True)[1], deviation)
    if sums.size < 2:
        return np.nan
    error = np.sqrt(sums.size / (sums.size - 1) * float(sums @ sums)) / deviation.size
    return _student(confidence, sums.size) * float(error)


def paired_difference(
    values: ArrayLike, reference: ArrayLike, *, confidence: float = 0.95
) -> PairedDifference:
    """Return how far ``values`` lie above ``reference`` when entry r of both is one pair.

    With ``d_r = values_r - reference_r``: the mean of d, its Student interval, ``effect = mean
    / sd`` of the differences, and the two-sided p of the paired t test. When all differences are
    equal (sd 0 up to rounding) the limits are taken: an interval of width 0, and effect 0, p 1
    for difference 0; effect +-inf, p 0 otherwise. One pair has a difference only, the rest is
    NaN, and a NaN in any pair makes everything NaN: leaving pairs out would choose among the
    replicas.

    Parameters
    ----------
    values, reference : array, shape (R,)
    confidence : float
        Between 0 and 1.

    Examples
    --------
    >>> pair = paired_difference([0.6, 0.7, 0.9], [0.1, 0.3, 0.3])
    >>> round(pair.difference, 3), round(pair.effect, 3), round(pair.p, 4)
    (0.5, 5.0, 0.0131)
    >>> paired_difference([0.5, 0.5], [0.5, 0.5])
    PairedDifference(difference=0.0, low=0.0, high=0.0, effect=0.0, p=1.0)
    """
    a, b = as_series(values), as_series(reference)
    if a.shape != b.shape or a.ndim != 1:
        raise InputError(
            f"values has shape {a.shape} and reference {b.shape}; pairs need the same (R,)."
        )
    _check_confidence(confidence)
    # The difference of two infinities is no number; numpy would warn.
    with np.errstate(invalid="ignore"):
        d = a - b
    mean, count = float(d.mean()), d.size
    if count < 2 or not np.isfinite(mean):
        return PairedDifference(mean, np.nan, np.nan, np.nan, np.nan)
    sd = float(d.std(ddof=1))
    if sd <= ROUNDING * max(float(np.abs(a).max()), float(np.abs(b).max())):
        same = bool(np.all(np.abs(d) <= ROUNDING * np.abs(a)))
        effect, p = (0.0, 1.0) if same else (float(np.copysign(np.inf, mean)), 0.0)
        return PairedDifference(mean, mean, mean, effect, p)
    effect, half = mean / sd, _student(confidence, count) * sd / np.sqrt(count)
    p = 2 * float(stdtr(count - 1, -abs(effect) * np.sqrt(count)))
    return PairedDifference(mean, mean - half, mean + half, effect, p)


def bootstrap_interval(
    values: ArrayLike,
    *,
    seed: int,
    statistic: Callable[[Floats], float] | None = None,
    draws: int = 1000,
    confidence: float = 0.95,
) -> Interval:
    """Return a statistic of R replicas and its percentile bootstrap interval.

    Whole replicas (rows) are drawn with replacement, so what is correlated within a replica stays
    together [1]_. A statistic may be +-inf ("beyond the range") and still be ranked; a draw that
    is NaN makes the interval NaN. One replica has no interval.

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

    References
    ----------
    .. [1] B. Efron and R. Tibshirani, An Introduction to the Bootstrap (1993), chapter 13.

    Examples
    --------
    >>> [round(x, 2) for x in bootstrap_interval([1.0, 2.0, 3.0, 4.0], seed=1)]
    [2.5, 1.5, 3.5]
    """
    x = np.asarray(values, dtype=np.float64)
    if x.ndim == 0 or x.shape[0] == 0:
        raise InputError("values holds no replica; a bootstrap needs at least one.")
    _check_confidence(confidence)
    if draws < 1:
        raise InputError(f"draws is {draws}; it must be at least 1.")
    measure = _mean if statistic is None else statistic
    replicas = x.shape[0]
    point = float(measure(x))
    if replicas < 2:
        return Interval(point, np.nan, np.nan)
    chosen = generator(seed, "bootstrap").integers(replicas, size=(draws, replicas))
    resampled = np.array([measure(x[rows]) for rows in chosen], dtype=np.float64)
    if np.isnan(resampled).any():
        return Interval(point, np.nan, np.nan)
    tail = (1 - confidence) / 2
    # An observed draw, not a value between two: there is none between a number and infinity.
    low, high = np.quantile(resampled, [tail, 1 - tail], method="inverted_cdf")
    return Interval(point, float(low), float(high))


def holm(p: ArrayLike) -> Floats:
    """Return Holm's adjusted p-values: the chance of any false claim among all stays below them.

    With p sorted ascending, ``adjusted_(k) = max_{j <= k} min(1, (m - j + 1) p_(j))`` over the m
    tests made [1]_. NaN marks a test that was not made: it stays NaN and is not counted.

    Parameters
    ----------
    p : array, shape (tests,)

    References
    ----------
    .. [1] S. Holm, Scand. J. Statist. 6, 65 (1979).

    Examples
    --------
    >>> holm([0.01, 0.04, np.nan, 0.03])
    array([0.03, 0.06,  nan, 0.06])
    """
    raw = np.asarray(p, dtype=np.float64)
    made = np.flatnonzero(~np.isnan(raw))
    if raw.ndim != 1 or ((raw[made] < 0) | (raw[made] > 1)).any():
        raise InputError("p-values must be a list of numbers from 0 to 1 (NaN: no test made).")
    order = made[np.argsort(raw[made], kind="stable")]
    factors = np.arange(order.size, 0, -1)
    adjusted = np.full(raw.shape, np.nan)
    adjusted[order] = np.minimum(np.maximum.accumulate(factors * raw[order]), 1.0)
    return adjusted


def _student(confidence: float, count: int) -> float:
    if count < 2:
        return np.nan
    return float(stdtrit(count - 1, 0.5 + confidence / 2))


def _mean(x: Floats) -> float:
    return float(x.mean())


def _check_confidence(confidence: float) -> None:
    if not 0 < confidence < 1:
        raise InputError(f"confidence is {confidence}; it must lie between 0 and 1, e.g. 0.95.")
