"""Means of independent replicas and intervals that hold for more than bell-shaped outcomes."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from sociophysics.errors import InputError
from sociophysics.statistics.limits import check_confidence, student
from sociophysics.statistics.series import Floats, as_series, like
from sociophysics.statistics.shares import share_interval
from sociophysics.statistics.states import ROUNDED, TwoStates, states_known, two_states

__all__ = ["Interval", "mean_difference", "mean_interval", "standard_error", "t_interval"]

# Chosen by simulated coverage: few replicas of a long-tailed outcome show too little of its
# skewness, and one below a quarter of its standard error is as good as none.
SHOWN = 1.3
CLEAR = 0.25


class Interval(NamedTuple):
    """A mean and the two ends of its confidence interval."""

    mean: float
    low: float
    high: float


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
    """Return the mean of R values and Student's interval around it, for bell-shaped values.

    Values are independent, or only those of different clusters are. With the sums ``D_g`` of
    ``x - mean`` over each of G clusters the standard error is
    ``sqrt(G / (G - 1) sum_g D_g^2) / R``, with G - 1 degrees of freedom [1]_; clusters of one size
    give Student's interval of their means. One value or cluster has a mean and no interval (NaN),
    and neither have equal values: they do not tell how far others may lie. Outcomes that are
    skewed or have two states are for `mean_interval`.

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
    x = _one_per_replica(values)
    check_confidence(confidence)
    mean = float(x.mean())
    if _equal(x):
        return Interval(mean, np.nan, np.nan)
    if cluster is None:
        half = student(confidence, x.size - 1) * float(standard_error(x))
    else:
        half = _clustered(x - mean, cluster, confidence)
    return Interval(mean, mean - half, mean + half)


def mean_interval(values: ArrayLike, *, confidence: float = 0.95) -> Interval:
    r"""Return the mean of R replicas and an interval that holds whatever the outcomes' shape.

    - One value, equal values or a NaN: not determined (NaN). So are values that are all equal but
      one, unless these are two of -1, 0 and 1: nothing tells how far others of its kind may lie.
    - Two states (`two_states`): the mean moves with the share of replicas in the upper one,
      ``gap (s - l)`` below and ``gap (u - s)`` above with the exact limits l, u of the share s,
      put together with Student's interval within the states as roots of sums of squares [1]_.
    - Else Student's interval, and where the skewness g exceeds a quarter of its error the union
      with the one corrected for it, with ends :math:`\bar x - s\, y(\pm t/\sqrt R)`,
      :math:`y(u) = [(1 + g(u - g/6R))^{1/3} - 1] / (g/3)` [2]_, s the standard deviation and g 1.3
      times Fisher's estimate.

    A state that no replica reached is not seen by any of this: one reached by a share q of
    societies stays unseen with probability ``(1 - q)^R`` (docs/statistics.md).

    Parameters
    ----------
    values : array, shape (R,)
    confidence : float
        Between 0 and 1.

    References
    ----------
    .. [1] G. Y. Zou and A. Donner, Statistics in Medicine 27, 1693 (2008).
    .. [2] P. Hall, J. R. Statist. Soc. B 54, 221 (1992).

    Examples
    --------
    Four of five societies agree, one is split:

    >>> [round(x, 2) for x in mean_interval([0.91, 0.9, 0.89, 0.0, 0.9])]
    [0.72, 0.26, 0.9]
    >>> [round(x, 2) for x in mean_interval([0.1, 0.2, 0.1, 0.3, 1.2])]
    [0.38, -0.2, 1.61]
    >>> mean_interval([0.5, 0.5, 0.5])
    Interval(mean=0.5, low=nan, high=nan)
    """
    x = _one_per_replica(values)
    check_confidence(confidence)
    mean = float(x.mean())
    if x.size < 2 or not np.isfinite(mean) or _equal(x):
        return Interval(mean, np.nan, np.nan)
    states = two_states(x)
    if states is not None:
        known = states_known(x, states)
        return _of_states(x, states, confidence) if known else Interval(mean, np.nan, np.nan)
    half = student(confidence, x.size - 1) * float(standard_error(x))
    below, above = _skewed(x, confidence)
    return Interval(mean, mean - max(half, below), mean + max(half, above))


def mean_difference(
    values: ArrayLike, reference: ArrayLike, *, confidence: float = 0.95
) -> Interval:
    """Return how far the mean of ``values`` lies above that of other replicas, with its interval.

    For replicas that are not paired, such as those of two runs: the distances from each mean to
    the ends of its own `mean_interval`, put together as roots of sums of squares; not determined
    (NaN) where either of the two is not.

    Parameters
    ----------
    values, reference : array, shapes (R,) and (Q,)
    confidence : float
        Between 0 and 1.

    Examples
    --------
    >>> [round(x, 2) for x in mean_difference([2.0, 3.0, 4.0], [1.0, 2.0, 3.0, 2.0])]
    [1.0, -1.8, 3.8]
    """
    one = mean_interval(values, confidence=confidence)
    other = mean_interval(reference, confidence=confidence)
    middle = one.mean - other.mean
    below = float(np.hypot(one.mean - one.low, other.high - other.mean))
    above = float(np.hypot(one.high - one.mean, other.mean - other.low))
    return Interval(middle, middle - below, middle + above)


def _of_states(x: Floats, states: TwoStates, confidence: float) -> Interval:
    mean, count = float(x.mean()), x.size
    gap = states.high - states.low
    share, low, high = share_interval(int(states.upper.sum()), count, confidence=confidence)
    inside = x - np.where(states.upper, states.high, states.low)
    within = student(confidence, count - 2) * np.sqrt(float(inside @ inside) / (count - 2) / count)
    return Interval(
        mean,
        mean - float(np.hypot(gap * (share - low), within)),
        mean + float(np.hypot(gap * (high - share), within)),
    )


def _skewed(x: Floats, confidence: float) -> tuple[float, float]:
    """Return how far the interval corrected for skewness reaches below and above the mean."""
    count = x.size
    if count < 3:
        return 0.0, 0.0
    centered = x - x.mean()
    second = float((centered**2).mean())
    # Fisher's estimate, and its standard error for normal outcomes.
    skewness = float((centered**3).mean()) / second**1.5
    skewness *= np.sqrt(count * (count - 1)) / (count - 2)
    error = np.sqrt(6 * count * (count - 1) / ((count - 2) * (count + 1) * (count + 3)))
    if abs(skewness) < CLEAR * error:
        return 0.0, 0.0
    skewness *= SHOWN
    u = student(confidence, count - 1) / np.sqrt(count)
    shift = skewness / (6 * count)
    ends = [float(np.cbrt(1 + skewness * (v - shift)) - 1) * 3 / skewness for v in (u, -u)]
    sd = float(x.std(ddof=1))
    return float(max(sd * ends[0], 0.0)), float(max(-sd * ends[1], 0.0))


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
    return student(confidence, sums.size - 1) * float(error)


def _equal(x: Floats) -> bool:
    return bool(np.ptp(x) <= ROUNDED * np.abs(x).max())


def _one_per_replica(values: ArrayLike) -> Floats:
    x = as_series(values)
    if x.ndim != 1:
        raise InputError(f"values has {x.ndim} axes; give one value per replica, shape (R,).")
    return x
