"""Differences of pairs: of two designs, of the halves of a window; and families of tests."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import stdtr

from sociophysics.errors import InputError
from sociophysics.statistics.intervals import (
    Interval,
    check_confidence,
    mcnemar,
    mean_interval,
    mirrored,
    one_at_zero,
    share_difference,
    student,
)
from sociophysics.statistics.series import (
    ROUNDING,
    Floats,
    TwoStates,
    as_series,
    states_of_both,
    two_states,
)

__all__ = [
    "Drift",
    "PairedDifference",
    "drift",
    "holm",
    "paired_difference",
]


class PairedDifference(NamedTuple):
    """A mean difference of pairs, its interval, its size in sd of the differences, and p."""

    difference: float
    low: float
    high: float
    effect: float
    p: float


def paired_difference(
    values: ArrayLike,
    reference: ArrayLike,
    *,
    confidence: float = 0.95,
    signed: bool | None = None,
) -> PairedDifference:
    """Return how far ``values`` lie above ``reference`` when entry r of both is one pair.

    With ``d_r = values_r - reference_r``: the mean of d and its `mean_interval`, ``effect = mean /
    sd`` of the differences, and the two-sided p of the paired t test, but never less than what
    the m pairs that differ at all can show: all of one sign have probability ``2^(1 - m)`` if
    either sign is as likely. Where an arm falls apart into two states the interval is the gap
    between them times that of the `share_difference` of the pairs, with the spread within the
    states added in squares, and p is McNemar's; where the states of the arms are not the same
    two, it is put together from the `mean_interval` of each arm as if they were not paired. Where
    the outcome has a sign, the mirror of a state may not have been seen, as in `mean_interval`.

    Differences that are all equal have no interval (NaN), because they do not tell how far others
    may lie; their effect is 0 or +-inf. One pair has a difference only, the rest is NaN, and a NaN
    in any pair makes everything NaN: leaving pairs out would choose among the replicas.

    Parameters
    ----------
    values, reference : array, shape (R,)
    confidence : float
        Between 0 and 1.
    signed : bool, optional
        Whether the outcome itself has a sign. By default where values of both are there.

    Raises
    ------
    InputError
        Values and reference of different shape, or a confidence outside (0, 1).

    Examples
    --------
    >>> pair = paired_difference([0.6, 0.7, 0.9, 0.8, 0.5], [0.1, 0.3, 0.3, 0.4, 0.2])
    >>> round(pair.difference, 3), round(pair.low, 2), round(pair.high, 2), pair.p
    (0.44, 0.3, 0.64, 0.0625)
    >>> paired_difference([0.5, 0.5], [0.5, 0.5])
    PairedDifference(difference=0.0, low=nan, high=nan, effect=0.0, p=1.0)
    """
    a, b = as_series(values), as_series(reference)
    if a.shape != b.shape or a.ndim != 1:
        raise InputError(
            f"values has shape {a.shape} and reference {b.shape}; pairs need the same (R,)."
        )
    check_confidence(confidence)
    # The difference of two infinities is no number; numpy would warn.
    with np.errstate(invalid="ignore"):
        d = a - b
    mean, count = float(d.mean()), d.size
    if count < 2 or not np.isfinite(mean):
        return PairedDifference(mean, np.nan, np.nan, np.nan, np.nan)
    rounding = ROUNDING * max(float(np.abs(a).max()), float(np.abs(b).max()))
    sd = float(d.std(ddof=1))
    least = _least_p(d, rounding)
    if sd <= rounding:
        same = bool(np.all(np.abs(d) <= ROUNDING * np.abs(a)))
        effect = 0.0 if same else float(np.copysign(np.inf, mean))
        low, high = _of_equal(a, b, confidence)
        return PairedDifference(mean, low, high, effect, 1.0 if same else least)
    effect = mean / sd
    states = states_of_both(a, b)
    if signed is None:
        signed = bool(min(a.min(), b.min()) < 0 < max(a.max(), b.max()))
    if states is not None:
        low, high, p = _of_states(a, b, states, confidence)
        apart = two_states(d)
        if signed and apart is not None and one_at_zero(states):
            _, low, high = mirrored(Interval(mean, low, high), d, apart, confidence)
    elif two_states(a) is not None or two_states(b) is not None:
        low, high = _of_arms(a, b, confidence, signed)
        p = 2 * float(stdtr(count - 1, -abs(effect) * np.sqrt(count)))
    else:
        _, low, high = mean_interval(d, confidence=confidence, signed=True)
        p = 2 * float(stdtr(count - 1, -abs(effect) * np.sqrt(count)))
    return PairedDifference(mean, low, high, effect, max(p, least))


def _least_p(d: Floats, rounding: float) -> float:
    differing = int((np.abs(d) > rounding).sum())
    return min(1.0, 2.0 ** (1 - differing))


def _of_equal(a: Floats, b: Floats, confidence: float) -> tuple[float, float]:
    states = states_of_both(a, b)
    return (np.nan, np.nan) if states is None else _of_states(a, b, states, confidence)[:2]


def _of_states(
    a: Floats, b: Floats, states: TwoStates, confidence: float
) -> tuple[float, float, float]:
    """Return low, high and p of two arms that share their two states."""
    up, other = states.upper[: a.size], states.upper[a.size :]
    gap = states.high - states.low
    share = share_difference(up, other, paired=True, confidence=confidence)
    inside = (a - b) - gap * (up.astype(np.float64) - other)
    half = student(confidence, a.size - 1) * float(inside.std(ddof=1)) / np.sqrt(a.size)
    middle = float((a - b).mean())
    down, above = share.difference - share.low, share.high - share.difference
    low, high = (
        middle - float(np.hypot(gap * down, half)),
        middle + float(np.hypot(gap * above, half)),
    )
    return low, high, mcnemar(up, other)


def _of_arms(a: Floats, b: Floats, confidence: float, signed: bool) -> tuple[float, float]:
    """Return the interval of two arms as if they were not paired; an equal arm has no width."""
    one, other = (mean_interval(x, confidence=confidence, signed=signed) for x in (a, b))
    ends = np.nan_to_num([one.mean - one.low, one.high - one.mean,
                          other.mean - other.low, other.high - other.mean])  # fmt: skip
    middle = one.mean - other.mean
    return middle - float(np.hypot(ends[0], ends[3])), middle + float(np.hypot(ends[1], ends[2]))


def holm(p: ArrayLike) -> Floats:
    """Return Holm's adjusted p-values: the chance of any false claim among all stays below them.

    With p sorted ascending, ``adjusted_(k) = max_{j <= k} min(1, (m - j + 1) p_(j))`` over the m
    tests made [1]_. NaN marks a test that was not made: it stays NaN and is not counted.

    Parameters
    ----------
    p : array, shape (tests,)

    Raises
    ------
    InputError
        Something that is no list of numbers from 0 to 1.

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


# Of a society that has settled the test says otherwise once in a hundred.
LEVEL = 0.01


class Drift(NamedTuple):
    """Means of the first and the second half of a window, and what they say.

    ``settled`` is "yes", "no", or "unknown" where fewer than two replicas were recorded.
    """

    early: float
    late: float
    p: float
    settled: str


def drift(early: ArrayLike, late: ArrayLike, *, tolerance: float = 0.0) -> Drift:
    """Return whether an observable still moves between the two halves of its window.

    With ``d_r`` the mean of the second half less that of the first in replica r: not settled if
    Student's test of ``mean(d) = 0`` has p below 1 % and ``abs(mean(d))`` exceeds the tolerance.
    In a stationary society that looks the same forwards and backwards in time d is as likely to
    be positive as negative.

    Parameters
    ----------
    early, late : array, shape (R,)
        One pair per replica.
    tolerance : float
        A movement as small as this does not matter.

    Raises
    ------
    InputError
        Halves of different shape.

    Examples
    --------
    >>> drift([0.4, 0.5, 0.4, 0.5], [0.1, 0.2, 0.12, 0.2]).settled
    'no'
    >>> drift([0.4, 0.5, 0.4, 0.5], [0.5, 0.4, 0.5, 0.4]).settled
    'yes'
    """
    a, b = as_series(early), as_series(late)
    if a.shape != b.shape or a.ndim != 1:
        raise InputError(f"early has shape {a.shape} and late {b.shape}; pairs need the same (R,).")
    d = b - a
    mean = float(d.mean()) if d.size else np.nan
    means = (float(a.mean()), float(b.mean())) if d.size else (np.nan, np.nan)
    if d.size < 2 or not np.isfinite(mean):
        return Drift(*means, np.nan, "unknown")
    sd = float(d.std(ddof=1))
    rounding = ROUNDING * max(float(np.abs(a).max()), float(np.abs(b).max()))
    if sd <= rounding:
        p = 1.0 if abs(mean) <= rounding else 0.0
    else:
        p = 2 * float(stdtr(d.size - 1, -abs(mean) / sd * np.sqrt(d.size)))
    moves = p < LEVEL and abs(mean) > tolerance
    return Drift(*means, p, "no" if moves else "yes")
