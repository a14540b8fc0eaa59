"""Intervals of shares and of means of replicas that hold for more than bell-shaped outcomes."""

from __future__ import annotations

import numbers
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import bdtr, betaincinv, stdtrit

from sociophysics.errors import InputError
from sociophysics.statistics.series import (
    ROUNDED,
    Floats,
    TwoStates,
    as_series,
    like,
    states_known,
    two_states,
)

__all__ = [
    "Interval",
    "ShareDifference",
    "ShareInterval",
    "check_confidence",
    "mean_difference",
    "mean_interval",
    "share_difference",
    "share_interval",
    "standard_error",
    "student",
    "t_interval",
]


def check_confidence(confidence: float) -> None:
    """Raise unless a level lies between 0 and 1."""
    if not 0 < confidence < 1:
        raise InputError(f"confidence is {confidence}; it must lie between 0 and 1, e.g. 0.95.")


def student(confidence: float, degrees: int) -> float:
    """Return the two-sided quantile of Student's t; NaN without a degree of freedom."""
    return float(stdtrit(degrees, 0.5 + confidence / 2)) if degrees > 0 else np.nan


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


# Chosen by simulated coverage: few replicas of a long-tailed outcome show too little of its
# skewness, and one below a quarter of its standard error is as good as none.
SHOWN = 1.3
CLEAR = 0.25
AT_ZERO = 0.1  # of the other state's size: one that small has not taken sides


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


def mean_interval(
    values: ArrayLike, *, confidence: float = 0.95, signed: bool | None = None
) -> Interval:
    r"""Return the mean of R replicas and an interval that holds whatever the outcomes' shape.

    - One value, equal values or a NaN: not determined (NaN). So are values that are all equal but
      one, unless these are two of -1, 0 and 1: nothing tells how far others of its kind may lie.
    - Two states (`two_states`): the mean moves with the share of replicas in the upper one,
      ``gap (s - l)`` below and ``gap (u - s)`` above with the exact limits l, u of the share s,
      put together with Student's interval within the states as roots of sums of squares [1]_. Where
      one of the two lies at zero and the outcome has a sign, a third, mirrored state may not have
      been seen: of the k replicas off zero, all on one side, at least a share
      :math:`l = (\alpha/2)^{1/k}` of their kind is on that side, and the interval reaches as far as
      ``(2 l - 1) k/R`` times the state.
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
    signed : bool, optional
        Whether the outcome, as a difference, has a sign. By default where values of both are there.

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
        if not known:
            return Interval(mean, np.nan, np.nan)
        found = _of_states(x, states, confidence)
        if signed is None:
            signed = bool(x.min() < 0 < x.max())
        return mirrored(found, x, states, confidence) if signed else found
    half = student(confidence, x.size - 1) * float(standard_error(x))
    below, above = _skewed(x, confidence)
    return Interval(mean, mean - max(half, below), mean + max(half, above))


def mean_difference(
    values: ArrayLike,
    reference: ArrayLike,
    *,
    confidence: float = 0.95,
    signed: bool | None = None,
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
    signed : bool, optional
        As in `mean_interval`.

    Examples
    --------
    >>> [round(x, 2) for x in mean_difference([2.0, 3.0, 4.0], [1.0, 2.0, 3.0, 2.0])]
    [1.0, -1.8, 3.8]
    """
    one = mean_interval(values, confidence=confidence, signed=signed)
    other = mean_interval(reference, confidence=confidence, signed=signed)
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


def one_at_zero(states: TwoStates) -> bool:
    """Return whether one of two states is small beside the other."""
    small, large = sorted((abs(states.low), abs(states.high)))
    return small <= AT_ZERO * large


def mirrored(found: Interval, x: Floats, states: TwoStates, confidence: float) -> Interval:
    """Return the interval that also holds a state which no replica is in: the mirror of one seen.

    Only where the other one lies at zero: there a society has not taken sides, and of those that
    have, as many may take the other.

    Parameters
    ----------
    found : Interval
    x : array, shape (R,)
    states : TwoStates
        Of ``x``.
    confidence : float
    """
    up = abs(states.high) > abs(states.low)
    far = states.high if up else states.low
    if not one_at_zero(states):
        return found
    taken = int(np.count_nonzero(states.upper == up))
    least = ((1 - confidence) / 2) ** (1 / taken)
    end = far * (2 * least - 1) * taken / x.size
    return found._replace(low=min(found.low, end), high=max(found.high, end))


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
