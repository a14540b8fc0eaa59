r"""Ideal points that walk: one dimension, several periods, members who bridge them.

A member at ``x_ip`` in period ``p`` votes +1 on a roll call ``t`` of that period with

    ``P(+1) = sigma(a_t + b_t x_ip)``,  ``x_i,first ~ N(0, 1)``,
    ``x_ip - x_iq ~ N(0, drift^2 (p - q))`` for consecutive periods served,

and ``b_t ~ N(0, r^2)`` (Martin & Quinn 2002, Political Analysis 10, 134). Members are put in order
of member and period, in which the walk's precision is tridiagonal.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import solveh_banded
from scipy.special import expit

from sociophysics.inference.estimators.item_response import INTERCEPT_SD, fit_items

__all__ = ["Period", "Walk", "WalkFit", "fit_walk", "walk_errors"]

Array = NDArray[np.float64]

LONGEST_STEP = 1.0
LARGEST_JOINT = 3000  # places up to which errors take the roll calls' uncertainty into account


class Period(NamedTuple):
    """Votes (roll calls, members present) and which of all places its members are at."""

    matrix: Array
    place: NDArray[np.int64]


class Walk(NamedTuple):
    """Precision of places: diagonal (N,), above it (N - 1,); which are a member's first (N,)."""

    diagonal: Array
    above: Array
    first: NDArray[np.bool_]


class WalkFit(NamedTuple):
    """Places (N,), items (roll calls, 2) of each period, and the number of turns taken."""

    points: Array
    items: tuple[Array, ...]
    turns: int


def walk_precision(member: NDArray[np.int64], time: NDArray[np.int64], drift: float) -> Walk:
    """Return the precision of places in order of member and time.

    Examples
    --------
    >>> walk = walk_precision(np.array([0, 0, 1]), np.array([0, 2, 0]), 0.5)
    >>> walk.diagonal.tolist(), walk.above.tolist()
    ([3.0, 2.0, 1.0], [-2.0, -0.0])
    """
    same = member[1:] == member[:-1]
    gap = np.where(same, time[1:] - time[:-1], 1)
    step = np.where(same, 1 / (drift**2 * gap), 0.0)
    diagonal = np.zeros(len(member))
    first = np.append(True, ~same)
    diagonal[first] = 1.0
    diagonal[1:] += step
    diagonal[:-1] += step
    return Walk(diagonal, -step, first)


def fit_walk(
    periods: Sequence[Period],
    walk: Walk,
    prior: float,
    start: Array,
    *,
    max_turns: int = 300,
    tol: float = 1e-4,
) -> WalkFit:
    """Return the posterior mode of places and items, improved in turn by Newton steps.

    Parameters
    ----------
    periods : sequence of Period
    walk : Walk
    prior : float
        Standard deviation ``r`` of the discriminations.
    start : array, shape (N,)
    max_turns, tol :
        It stops when a turn moves no place by more than ``tol``.

    Examples
    --------
    >>> votes = np.array([[1.0, 1, -1], [1, 1, -1], [1, -1, -1], [-1, -1, 1]])
    >>> walk = walk_precision(np.arange(3), np.zeros(3, int), 0.1)
    >>> fit = fit_walk([Period(votes, np.arange(3))], walk, 2.0, np.array([1.0, 0.1, -1.0]))
    >>> bool(fit.points[0] > fit.points[1] > fit.points[2])
    True
    """
    points = start.copy()
    items = [np.zeros((len(each.matrix), 2)) for each in periods]
    turn = 0
    while turn < max_turns:
        turn += 1
        items = [
            fit_items(each.matrix, points[each.place, None], prior, start=own, steps=2)
            for each, own in zip(periods, items, strict=True)
        ]
        slope, weight = _pull(periods, points, items)
        slope -= _product(walk, points)
        banded = np.zeros((2, len(points)))
        banded[1] = walk.diagonal + weight
        banded[0, 1:] = walk.above
        step = solveh_banded(banded, slope)
        before, points = points, points + np.clip(step, -LONGEST_STEP, LONGEST_STEP)
        points, items = _balanced(points, items, walk)
        if np.abs(points - before).max() < tol:
            break
    whole = [
        fit_items(each.matrix, points[each.place, None], prior, start=own)
        for each, own in zip(periods, items, strict=True)
    ]
    return WalkFit(points, tuple(whole), turn)


def walk_errors(periods: Sequence[Period], walk: Walk, prior: float, fit: WalkFit) -> Array:
    """Return standard errors of the places, shape (N,), from the expected information.

    The roll calls' parameters are profiled out, taken as known above 3000 places. Origin and scale
    of the line, which the votes cannot fix, are held fixed.

    Examples
    --------
    >>> votes = np.random.default_rng(0).choice([-1.0, 1.0], (40, 3))
    >>> walk = walk_precision(np.arange(3), np.zeros(3, int), 0.1)
    >>> period = [Period(votes, np.arange(3))]
    >>> fit = fit_walk(period, walk, 1.0, np.array([1.0, 0.1, -1.0]))
    >>> walk_errors(period, walk, 1.0, fit).shape
    (3,)
    """
    points = fit.points
    n = len(points)
    information = np.diag(walk.diagonal) + np.diag(walk.above, 1) + np.diag(walk.above, -1)
    for each, items in zip(periods, fit.items, strict=True):
        own = points[each.place]
        _, weight = _residual(each.matrix, items, own)
        b = items[:, 1]
        information[each.place, each.place] += weight.T @ b**2
        if n > LARGEST_JOINT:
            continue
        # expected, not observed: at a mode of few votes the observed one need not be positive
        cross = np.stack([weight * b[:, None], weight * b[:, None] * own], axis=-1)
        block = np.empty((len(items), 2, 2))
        block[:, 0, 0] = weight.sum(axis=1) + INTERCEPT_SD**-2
        block[:, 0, 1] = block[:, 1, 0] = weight @ own
        block[:, 1, 1] = weight @ own**2 + prior**-2
        solved = cross @ np.linalg.inv(block)
        joint = np.tensordot(solved, cross, ([0, 2], [0, 2]))
        information[np.ix_(each.place, each.place)] -= joint
    fixed, _ = np.linalg.qr(np.column_stack([np.ones(n), points]))
    # a wall instead of the two directions taken out: the same to rounding, and symmetric
    wall = 1e6 * float(np.abs(information).max())
    covariance = np.linalg.inv(information + wall * fixed @ fixed.T)
    return np.asarray(np.sqrt(np.diag(covariance)))


def _residual(matrix: Array, items: Array, own: Array) -> tuple[Array, Array]:
    surprise = expit(-matrix * (items[:, :1] + items[:, 1:] * own))
    residual = matrix * surprise
    return residual, np.abs(residual) * (1 - surprise)


def _pull(periods: Sequence[Period], points: Array, items: Sequence[Array]) -> tuple[Array, Array]:
    slope, weight = np.zeros(len(points)), np.zeros(len(points))
    for each, own in zip(periods, items, strict=True):
        residual, curvature = _residual(each.matrix, own, points[each.place])
        slope[each.place] += residual.T @ own[:, 1]
        weight[each.place] += curvature.T @ own[:, 1] ** 2
    return slope, weight


def _product(walk: Walk, points: Array) -> Array:
    product = walk.diagonal * points
    product[:-1] += walk.above * points[1:]
    product[1:] += walk.above * points[:-1]
    return product


def _balanced(points: Array, items: list[Array], walk: Walk) -> tuple[Array, list[Array]]:
    """Return the same products with the members' first places at mean square 1, as drawn.

    The joint mode would have another scale, on which a step is no longer what drift says.
    """
    first = walk.first
    factor = 1 / np.sqrt(max(float((points[first] ** 2).mean()), 1e-12))
    return points * factor, [own * np.array([1.0, 1 / factor]) for own in items]
