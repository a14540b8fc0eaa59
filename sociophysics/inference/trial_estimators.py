r"""What the statistician of one trial would estimate, who sees one society and one treated set.

All take users as if they did not influence each other, or only along a tie; inside a society they
recover a part of the total effect, near a transition a small one. Each comes with its own
interval, which a trial compares with the truth.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.stats import norm

from sociophysics.errors import InputError
from sociophysics.society.spins import SpinSystem

__all__ = [
    "Estimate",
    "ExposureChances",
    "cluster_difference",
    "difference_in_means",
    "exposure_chances",
    "exposure_to_treated",
    "hajek",
]

Floats = NDArray[np.float64]
Marks = NDArray[np.bool_]
EXPOSED, SHELTERED = 0.75, 0.25
POSITIVE = 0.002  # chance of an exposure below which a user tells nothing about it
POWER = 0.8


class Estimate(NamedTuple):
    """An estimate, its standard error, and of how many users it is."""

    value: float
    error: float
    users: int

    def holds(self, truth: float, *, confidence: float = 0.95) -> bool:
        """Return whether the interval holds a value; one that is not determined holds none."""
        return bool(abs(self.value - truth) <= norm.ppf(0.5 + confidence / 2) * self.error)

    @property
    def smallest_effect(self) -> float:
        """The smallest effect found in four of five trials, at 5 %: 2.80 standard errors."""
        return float((norm.ppf(0.975) + norm.ppf(POWER)) * self.error)


NOTHING = Estimate(np.nan, np.nan, 0)


def difference_in_means(outcome: ArrayLike, marks: ArrayLike) -> Estimate:
    """Return mean of the treated minus mean of the controls, with Neyman's standard error.

    Parameters
    ----------
    outcome : array, shape (n,)
        NaN where a user has none.
    marks : bool array, shape (n,)

    Examples
    --------
    >>> difference_in_means([1.0, 0.8, 0.2, 0.0], [True, True, False, False]).value
    0.8
    """
    y, z = np.asarray(outcome, float), np.asarray(marks, bool)
    known = ~np.isnan(y)
    one, zero = y[z & known], y[~z & known]
    if min(one.size, zero.size) < 2:
        return NOTHING
    variance = one.var(ddof=1) / one.size + zero.var(ddof=1) / zero.size
    return Estimate(float(one.mean() - zero.mean()), float(np.sqrt(variance)), int(known.sum()))


def cluster_difference(outcome: ArrayLike, marks: ArrayLike, clusters: ArrayLike) -> Estimate:
    """Return the difference of means where whole clusters were drawn.

    The standard error is that of the clusters' sums of deviations from their group's mean.

    Parameters
    ----------
    outcome, marks : array, shape (n,)
    clusters : int array, shape (n,)
        Cluster of each user, -1 for none, who is left out.

    Examples
    --------
    >>> y, z = [1.0, 0.8, 0.9, 0.2, 0.0, 0.1], [True, True, True, False, False, False]
    >>> round(cluster_difference(y, z, [0, 0, 1, 2, 2, 3]).error, 3)
    0.0
    """
    y, z, c = np.asarray(outcome, float), np.asarray(marks, bool), np.asarray(clusters)
    known = ~np.isnan(y) & (c >= 0)
    means, variance = [], 0.0
    for group in (z & known, ~z & known):
        labels, index = np.unique(c[group], return_inverse=True)
        if labels.size < 2:
            return NOTHING
        mean = y[group].mean()
        sums = np.bincount(index, y[group] - mean)
        variance += labels.size / (labels.size - 1) * (sums**2).sum() / group.sum() ** 2
        means.append(mean)
    return Estimate(float(means[0] - means[1]), float(np.sqrt(variance)), int(known.sum()))


def exposure_to_treated(system: SpinSystem, marks: ArrayLike) -> Floats:
    """Return the share of a user's ties, weighed by ``|J|``, that lead to treated users.

    Parameters
    ----------
    system : SpinSystem
    marks : bool array, shape (n,) or (draws, n)

    Returns
    -------
    array, shape (n,) or (draws, n)
        NaN for users without ties.

    Examples
    --------
    >>> star = SpinSystem.from_edges([0, 0], [1, 2])
    >>> exposure_to_treated(star, [False, True, False])
    array([0.5, 0. , 0. ])
    """
    weights = abs(system.J)
    total = np.asarray(weights.sum(axis=1)).ravel()
    seen = (weights @ np.asarray(marks, float).T).T
    with np.errstate(invalid="ignore", divide="ignore"):
        share: Floats = seen / total
    return share


class ExposureChances(NamedTuple):
    """Chance of each user to be treated among treated, and a control among controls, (n,)."""

    exposed: Floats
    sheltered: Floats


def exposure_chances(
    system: SpinSystem, draw: Callable[[int], Marks], *, draws: int = 500
) -> ExposureChances:
    """Return the chances of the two exposures, estimated by drawing the design again.

    Parameters
    ----------
    system : SpinSystem
    draw : function of a number
        Returns the marks, (n,), of one more draw of the design.
    draws : int

    Examples
    --------
    >>> pair = SpinSystem.from_edges([0], [1])
    >>> both = [np.array([True, True]), np.array([False, False])]
    >>> exposure_chances(pair, lambda k: both[k % 2], draws=4).exposed
    array([0.5, 0.5])
    """
    if draws < 1:
        raise InputError(f"draws is {draws}; it must be an integer >= 1.")
    exposed, sheltered = np.zeros(system.n), np.zeros(system.n)
    weights = abs(system.J)
    total = np.asarray(weights.sum(axis=1)).ravel()
    for k in range(draws):
        marks = draw(k)
        with np.errstate(invalid="ignore", divide="ignore"):
            exposure = (weights @ marks.astype(np.float64)) / total
        treated, untreated = _classes(exposure, marks)
        exposed += treated
        sheltered += untreated
    return ExposureChances(exposed / draws, sheltered / draws)


def _classes(exposure: Floats, marks: Marks) -> tuple[Marks, Marks]:
    return marks & (exposure >= EXPOSED), ~marks & (exposure <= SHELTERED)


def hajek(
    outcome: ArrayLike, marks: ArrayLike, system: SpinSystem, chances: ExposureChances
) -> Estimate:
    r"""Return the exposure-weighted difference: treated among treated, controls among controls.

    Users who are treated and of whose ties three quarters lead to treated users, against controls
    with a quarter at most, each weighed by one over the chance of that exposure [1]_. Users who
    have no chance of one of the two are left out and counted. The standard error takes exposures
    of different users as independent.

    Parameters
    ----------
    outcome, marks : array, shape (n,)
    system : SpinSystem
    chances : ExposureChances

    References
    ----------
    .. [1] P. M. Aronow and C. Samii, Ann. Appl. Stat. 11, 1912 (2017).

    Examples
    --------
    >>> pairs = SpinSystem.from_edges([0, 2, 4, 6], [1, 3, 5, 7])
    >>> half = ExposureChances(np.full(8, 0.25), np.full(8, 0.25))
    >>> y, z = [1.0, 0.8, 0.9, 0.9, 0.2, 0.0, 0.1, 0.1], [True] * 4 + [False] * 4
    >>> round(hajek(y, z, pairs, half).value, 3)
    0.8
    """
    y, z = np.asarray(outcome, float), np.asarray(marks, bool)
    positive = (chances.exposed > POSITIVE) & (chances.sheltered > POSITIVE) & ~np.isnan(y)
    means, variance = [], 0.0
    classes = _classes(exposure_to_treated(system, z), z)
    for group, chance in zip(classes, chances, strict=True):
        among = group & positive
        if among.sum() < 2:
            return NOTHING._replace(users=int(positive.sum()))
        weight = 1.0 / chance[among]
        mean = float(np.average(y[among], weights=weight))
        variance += ((weight * (y[among] - mean)) ** 2).sum() / weight.sum() ** 2
        means.append(mean)
    return Estimate(means[0] - means[1], float(np.sqrt(variance)), int(positive.sum()))
