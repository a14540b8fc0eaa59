r"""The two-parameter item-response model of votes: maximum a posteriori fit and its curvature.

Member ``i`` at the point ``x_i`` in ``d`` dimensions votes +1 on roll call ``t`` with

    ``P(+1) = sigma(a_t + b_t . x_i)``,  ``x_i ~ N(0, I)``,  ``b_t ~ N(0, r^2 I)``,
    ``a_t ~ N(0, q^2)``

(Clinton, Jackman & Rivers 2004, American Political Science Review 98, 355). Points and items are
improved in turn by Newton steps. Between the turns the product ``x b`` is refactored so that both
priors together are as probable as they can be at the same product, which takes out the slow
direction of the alternation and turns the axes into principal axes.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import eigh
from scipy.special import expit

__all__ = ["INTERCEPT_SD", "ItemResponse", "fit_items", "fit_map", "leave_one_out", "point_errors"]

Array = NDArray[np.float64]

INTERCEPT_SD = 2.5  # q: +-2 q covers every majority a chamber has
LARGEST_MARGIN = 500.0
LONGEST_ITEM_STEP = 3.0
LONGEST_POINT_STEP = 2.0
LARGEST_JOINT = 2000  # coordinates up to which errors take the items' uncertainty into account
MOST_LEFT_OUT_STEPS = 30
LEFT_OUT_TOL = 1e-4
CHUNK = 200_000  # numbers per block of leave-one-out probabilities, to stay in the cache


class ItemResponse(NamedTuple):
    """Points (n, d), items (roll calls, 1 + d) = (a, b), and the number of turns taken."""

    points: Array
    items: Array
    turns: int


def fit_map(
    matrix: Array,
    dimensions: int,
    prior: float,
    *,
    start: Array | None = None,
    max_turns: int = 200,
    tol: float = 1e-6,
) -> ItemResponse:
    """Return the posterior mode; ``matrix`` holds +1, -1 and 0 for missing.

    Parameters
    ----------
    matrix : array, shape (roll calls, members)
    dimensions : int
    prior : float
        Standard deviation ``r`` of the discriminations.
    start : array, shape (members, dimensions), optional
        Points to start from; principal components of the votes if left out.
    max_turns, tol :
        It stops when a turn gains less than ``tol`` in log posterior per observed vote.

    Examples
    --------
    >>> fit = fit_map(np.array([[1.0, 1, -1, -1], [1, 1, -1, -1], [-1, 1, 1, -1]]), 1, 2.0)
    >>> bool(np.sign(fit.points[0, 0]) != np.sign(fit.points[3, 0]))
    True
    """
    points = principal_points(matrix, dimensions) if start is None else start.copy()
    items = np.zeros((len(matrix), dimensions + 1))
    cast = np.count_nonzero(matrix)
    last = np.inf
    turn = 0
    while turn < max_turns:
        turn += 1
        items = fit_items(matrix, points, prior, start=items, steps=2)
        points = _point_step(matrix, points, items)
        points, items = balance(points, items, prior)
        cost = _cost(matrix, points, items, prior)
        if last - cost < tol * cast:
            break
        last = cost
    return ItemResponse(points, fit_items(matrix, points, prior, start=items, steps=4), turn)


def principal_points(matrix: Array, dimensions: int) -> Array:
    """Return the members' leading principal components, shape (members, dimensions)."""
    seen = matrix != 0
    mean = matrix.sum(axis=1) / np.maximum(seen.sum(axis=1), 1)
    centred = np.where(seen, matrix - mean[:, None], 0.0)
    n = matrix.shape[1]
    points = np.zeros((n, dimensions))
    kept = min(dimensions, n)
    _, vectors = eigh(centred.T @ centred, subset_by_index=[n - kept, n - 1])
    leading: Array = vectors[:, ::-1] * np.sqrt(n)
    # an eigenvector's sign is arbitrary and must not depend on the linear-algebra library
    sign = np.sign(leading[np.abs(leading).argmax(axis=0), np.arange(kept)])
    points[:, :kept] = leading * sign
    return points


def fit_items(
    matrix: Array,
    points: Array,
    prior: float,
    *,
    start: Array | None = None,
    steps: int = 30,
    offset: Array | float = 0.0,
) -> Array:
    """Return intercept and discriminations of each roll call at given points.

    Up to ``steps`` Newton steps are taken on the posterior of (a, b), all roll calls at once;
    ``offset`` is what is known to be added to the log odds.

    Examples
    --------
    >>> fit_items(np.array([[1.0, -1.0]]), np.array([[1.0], [-1.0]]), 2.0).round(2)
    array([[0.  , 1.48]])
    """
    design = _design(points)
    items = np.zeros((len(matrix), design.shape[1])) if start is None else start.copy()
    for _ in range(steps):
        residual, weight = _residual(matrix, items @ design.T + offset)
        step = _newton(residual, weight, design, items, prior, LONGEST_ITEM_STEP)
        items += step
        if np.abs(step).max() < 1e-9:
            break
    return items


def leave_one_out(matrix: Array, points: Array, prior: float, *, missing: bool = False) -> Array:
    """Return P(+1) of every member from the other members' votes on the roll call.

    The roll call's (a, b) are estimated anew without the member's own vote, exactly: the fit to
    all votes, less the member's term to second order, is the start of Newton steps to convergence.
    With ``missing`` only members whose vote is missing are predicted, the others are NaN.

    Returns
    -------
    array, shape (roll calls, members)
    """
    design = _design(points)
    full = fit_items(matrix, points, prior)
    probability: Array = expit(full @ design.T)
    if missing:
        return np.where(matrix == 0, probability, np.nan)
    per_rollcall = max(matrix.shape[1] ** 2, 1)
    block = max(1, CHUNK // per_rollcall)
    for first in range(0, len(matrix), block):
        rows = slice(first, first + block)
        t, i = np.nonzero(matrix[rows])
        if t.size:
            probability[first + t, i] = _left_out(matrix[rows], t, i, full[rows], design, prior)
    return probability


def point_errors(matrix: Array, fit: ItemResponse, prior: float) -> Array:
    """Return standard errors of the points, shape (n, d), from the observed information.

    The roll calls' parameters are profiled out. What the votes cannot fix by themselves, the
    origin, scale and axes of the space, is held fixed. With more than 2000 coordinates the roll
    calls' parameters are taken as known.
    """
    points, items = fit.points, fit.items
    n, d = points.shape
    residual, weight = _residual(matrix, items @ _design(points).T)
    b = items[:, 1:]
    own = np.einsum("ti,ta,tb->iab", weight, b, b, optimize=True) + np.eye(d)
    if n * d > LARGEST_JOINT:
        return np.asarray(np.sqrt(np.einsum("iaa->ia", np.linalg.inv(own))))
    design = _design(points)
    cross = np.einsum("ti,ta,ib->iatb", weight, b, design, optimize=True)
    for a in range(d):
        cross[:, a, :, 1 + a] -= residual.T
    block = (weight @ _outer(design)).reshape(len(items), d + 1, d + 1) + _prior_precision(d, prior)
    solved = np.einsum("tbc,iatc->iatb", np.linalg.inv(block), cross, optimize=True)
    information = -cross.reshape(n * d, -1) @ solved.reshape(n * d, -1).T
    for i in range(n):
        information[i * d : (i + 1) * d, i * d : (i + 1) * d] += own[i]
    free = _free_directions(points)
    covariance = free @ np.linalg.solve(free.T @ information @ free, free.T)
    return np.asarray(np.sqrt(np.maximum(np.diag(covariance), 0)).reshape(n, d))


def balance(points: Array, items: Array, prior: float) -> tuple[Array, Array]:
    """Return points and items with the same products at the highest prior density.

    The points are refactored through the singular values ``S`` of ``x b'``: ``x = V sqrt(S/r)``.

    Examples
    --------
    >>> x, ab = balance(np.array([[2.0], [-2.0]]), np.array([[0.0, 1.0]]), 1.0)
    >>> float((ab[:, 1:] @ x.T)[0, 0].round(6)), bool(abs((x**2).sum() - ab[0, 1] ** 2) < 1e-9)
    (2.0, True)
    """
    left, r_left = np.linalg.qr(items[:, 1:])
    right, r_right = np.linalg.qr(points)
    u, s, vt = np.linalg.svd(r_left @ r_right.T)
    k = min(len(s), points.shape[1])
    new_points, new_items = np.zeros_like(points), items.copy()
    new_items[:, 1:] = 0.0
    new_points[:, :k] = right @ vt[:k].T * np.sqrt(s[:k] / prior)
    new_items[:, 1 : 1 + k] = left @ u[:, :k] * np.sqrt(s[:k] * prior)
    # keep each axis pointing where it pointed
    sign = np.where((new_points * points).sum(axis=0) < 0, -1.0, 1.0)
    new_points *= sign
    new_items[:, 1:] *= sign
    return new_points, new_items


def _design(points: Array) -> Array:
    return np.column_stack([np.ones(len(points)), points])


def _outer(design: Array) -> Array:
    return (design[:, :, None] * design[:, None, :]).reshape(len(design), -1)


def _prior_precision(dimensions: int, prior: float) -> Array:
    return np.diag([INTERCEPT_SD**-2] + [prior**-2] * dimensions)


def _residual(matrix: Array, logit: Array) -> tuple[Array, Array]:
    # for votes of +1 and -1 this is yea - P(+1), and 0 where nothing was observed
    surprise = _odds(matrix * logit)
    surprise += 1.0
    np.divide(1.0, surprise, out=surprise)
    residual = matrix * surprise
    weight = np.abs(residual)
    np.subtract(1.0, surprise, out=surprise)
    weight *= surprise
    return residual, weight


def _odds(margin: Array) -> Array:
    """Return exp of the margins in their place; the cap only guards against overflow."""
    return np.exp(np.minimum(margin, LARGEST_MARGIN, out=margin), out=margin)


def _newton(
    residual: Array, weight: Array, design: Array, items: Array, prior: float, longest: float
) -> Array:
    width = design.shape[1]
    precision = _prior_precision(width - 1, prior)
    gradient = residual @ design - items @ precision
    curvature = (weight @ _outer(design)).reshape(-1, width, width) + precision
    return _newton_step(curvature, gradient, longest)


def _newton_step(curvature: Array, gradient: Array, longest: float) -> Array:
    step = np.linalg.solve(curvature, gradient[..., None])[..., 0]
    return _shortened(np.asarray(step, dtype=np.float64), longest)


def _shortened(step: Array, longest: float) -> Array:
    length = np.sqrt((step**2).sum(axis=1, keepdims=True))
    return np.asarray(step * np.minimum(1.0, longest / np.maximum(length, 1e-12)))


def _point_step(matrix: Array, points: Array, items: Array) -> Array:
    b = items[:, 1:]
    d = points.shape[1]
    for _ in range(2):
        residual, weight = _residual(matrix, items[:, :1] + b @ points.T)
        gradient = residual.T @ b - points
        curvature = (weight.T @ _outer(b)).reshape(-1, d, d) + np.eye(d)
        points = points + _newton_step(curvature, gradient, LONGEST_POINT_STEP)
    return points


def _cost(matrix: Array, points: Array, items: Array, prior: float) -> float:
    logit = items @ _design(points).T
    # exp and log are vectorized and logaddexp is not; each missing vote adds log 2
    missing = matrix.size - np.count_nonzero(matrix)
    misfit = np.log1p(_odds(-matrix * logit)).sum() - np.log(2) * missing
    scale = np.diag(_prior_precision(points.shape[1], prior))
    return float(misfit + 0.5 * (points**2).sum() + 0.5 * (items**2 @ scale).sum())


def _left_out(
    matrix: Array, t: NDArray[np.int64], i: NDArray[np.int64], full: Array, design: Array, r: float
) -> Array:
    width = design.shape[1]
    precision = _prior_precision(width - 1, r)
    residual, weight = _residual(matrix, full @ design.T)
    curvature = (weight @ _outer(design)).reshape(-1, width, width) + precision
    own = weight[t, i][:, None, None] * _outer(design)[i].reshape(-1, width, width)
    gradient = -residual[t, i][:, None] * design[i]
    items: Array = full[t] + _newton_step(curvature[t] - own, gradient, LONGEST_ITEM_STEP)
    others = matrix[t]
    others[np.arange(t.size), i] = 0.0
    active = np.arange(t.size)
    for _ in range(MOST_LEFT_OUT_STEPS):
        residual, weight = _residual(others[active], items[active] @ design.T)
        step = _newton(residual, weight, design, items[active], r, LONGEST_ITEM_STEP)
        items[active] += step
        # Newton steps square the error: what is left is about the square of this
        active = active[np.abs(step).max(axis=1) > LEFT_OUT_TOL]
        if not active.size:
            break
    return np.asarray(expit((items * design[i]).sum(axis=1)))


def _free_directions(points: Array) -> Array:
    n, d = points.shape
    fixed = [np.eye(d)[k] * np.ones((n, 1)) for k in range(d)]
    fixed += [np.outer(points[:, k], np.eye(d)[m]) for k in range(d) for m in range(d)]
    gauge = np.stack([direction.ravel() for direction in fixed], axis=1)
    u, s, _ = np.linalg.svd(gauge, full_matrices=True)
    rank = int((s > 1e-9 * s[0]).sum())
    return np.asarray(u[:, rank:])
