"""Couplings and ideal points that minimize one penalized pseudolikelihood together."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize

from sociophysics.inference.estimators.item_response import INTERCEPT_SD, balance, fit_items

__all__ = ["Joint", "joint_errors", "minimize_joint"]

Array = NDArray[np.float64]

LARGEST_MARGIN = 500.0
DIFFERENCE = 1e-3  # of scaled parameters, over which slopes are compared
MOST_STEPS = 8  # of Newton for the roll calls, from where they were last


class Joint(NamedTuple):
    """Couplings (n, n), points (n, d), items (roll calls, 1 + d) and the iterations taken."""

    coupling: Array
    points: Array
    items: Array
    iterations: int


def minimize_joint(
    matrix: Array, l2: float, prior: float, start: Joint, *, max_iter: int = 500, tol: float = 1e-4
) -> Joint:
    """Return the minimum of the penalized negative log pseudolikelihood, by L-BFGS.

    Parameters
    ----------
    matrix : array, shape (roll calls, n)
        Votes as floats, 0 where not observed.
    l2 : float
    prior : float
        Standard deviation of ``b`` where the points have the prior ``N(0, I)``.
    start : Joint

    Examples
    --------
    >>> votes = np.array([[1.0, 1.0, -1.0], [-1.0, -1.0, 1.0], [1.0, -1.0, -1.0]])
    >>> start = Joint(np.zeros((3, 3)), np.zeros((3, 1)), np.zeros((3, 2)), 0)
    >>> minimize_joint(votes, 0.1, 1.0, start).points.round(6).ravel().tolist()  # a saddle stays
    [0.0, 0.0, 0.0]
    """
    problem = _Problem(matrix, l2, prior, start)
    x0 = np.concatenate([start.coupling[problem.upper], start.points.ravel()]) / problem.unit
    options: dict[str, Any] = {
        "maxiter": max_iter, "maxcor": 15, "gtol": tol / matrix.shape[1], "ftol": 1e-10,
    }  # fmt: skip
    found = minimize(problem.value, x0, jac=True, method="L-BFGS-B", options=options)
    coupling, points = problem.unpacked(np.asarray(found.x))
    items = problem.items_at(coupling, points, 2 * (matrix @ coupling))
    points, items = balance(points, items, prior)
    return Joint(coupling, points, items, int(found.nit))


def joint_errors(matrix: Array, l2: float, prior: float, fit: Joint) -> tuple[Array, Array]:
    """Return sandwich errors of the couplings (n, n) and of the standardized points (n, d).

    Roll calls are the independent units and their parameters are profiled out. The curvature is
    made of differences of the slope, one per parameter.

    Examples
    --------
    >>> votes = np.random.default_rng(0).choice([-1.0, 1.0], (50, 3))
    >>> start = Joint(np.zeros((3, 3)), np.array([[1.0], [0.0], [-1.0]]), np.zeros((50, 2)), 0)
    >>> error, _ = joint_errors(votes, 3.0, 0.3, minimize_joint(votes, 3.0, 0.3, start))
    >>> bool(0.005 < error[0, 1] < 0.1)
    True
    """
    problem = _Problem(matrix, l2, prior, fit)
    rollcalls, n = matrix.shape
    pairs, d = len(problem.upper[0]), fit.points.shape[1]
    v = np.concatenate([fit.coupling[problem.upper], fit.points.ravel()]) / problem.unit
    curvature = np.empty((len(v), len(v)))
    for k, each in enumerate(np.eye(len(v)) * DIFFERENCE):
        curvature[k] = (problem.value(v + each)[1] - problem.value(v - each)[1]) / (2 * DIFFERENCE)
    scores = problem.scores(v)
    inverse = np.linalg.pinv((curvature + curvature.T) / 2, rcond=1e-9, hermitian=True)
    change = (scores - scores.mean(axis=0)) @ inverse * problem.unit
    change *= np.sqrt(rollcalls / (rollcalls - 1))
    error = np.zeros((n, n))
    error[problem.upper] = error.T[problem.upper] = np.sqrt((change[:, :pairs] ** 2).sum(axis=0))
    moved = change[:, pairs:].reshape(rollcalls, n, d)
    centre, spread = fit.points.mean(axis=0), fit.points.std(axis=0)
    spread = np.where(spread > 0, spread, 1.0)
    standard = (fit.points - centre) / spread
    # what only shifts or stretches all points leaves the standardized ones where they are
    moved = moved - moved.mean(axis=1, keepdims=True)
    along = (moved * standard).mean(axis=1, keepdims=True)
    return error, np.sqrt((((moved - along * standard) / spread) ** 2).sum(axis=0))


class _Problem:
    """The objective of couplings and points, with the roll calls' parameters at their minimum."""

    def __init__(self, matrix: Array, l2: float, prior: float, start: Joint) -> None:
        rollcalls, n = matrix.shape
        self.matrix, self.prior, self.dimensions = matrix, prior, start.points.shape[1]
        self.observed = np.count_nonzero(matrix)
        self.weight = self.observed * l2 / n
        self.upper = np.triu_indices(n, 1)
        # the inverse roots of typical curvatures put all parameters on one scale
        sizes = [len(self.upper[0]), n * self.dimensions]
        self.unit = np.repeat([rollcalls**-0.5, (rollcalls / 10) ** -0.5], sizes)
        self._items = start.items

    def unpacked(self, v: Array) -> tuple[Array, Array]:
        n, pairs = self.matrix.shape[1], len(self.upper[0])
        value = v * self.unit
        coupling = np.zeros((n, n))
        coupling[self.upper] = coupling.T[self.upper] = value[:pairs]
        return coupling, value[pairs:].reshape(n, self.dimensions)

    def items_at(self, coupling: Array, points: Array, offset: Array) -> Array:
        self._items = fit_items(
            self.matrix, points, self.prior, start=self._items, offset=offset, steps=MOST_STEPS
        )
        return self._items

    def value(self, v: Array) -> tuple[float, Array]:
        """Return objective and slope per observed vote; items add nothing to the slope."""
        coupling, points, items, odds, pull = self._at(v)
        pairs, b = coupling[self.upper], items[:, 1:]
        # an unobserved cell has margin 0 and contributes log 2, taken out again here
        missing = self.matrix.size - self.observed
        value = float(np.log1p(odds).sum()) - np.log(2) * missing
        value += self.weight * float((pairs**2).sum())
        value += 0.5 * float((points**2).sum() + (b**2).sum() / self.prior**2)
        value += 0.5 * float((items[:, 0] ** 2).sum()) / INTERCEPT_SD**2
        slope = 2 * (pull.T @ self.matrix)
        own = (slope + slope.T)[self.upper] + 2 * self.weight * pairs
        gradient = np.concatenate([own, (pull.T @ b + points).ravel()])
        return value / self.observed, gradient * self.unit / self.observed

    def scores(self, v: Array) -> Array:
        """Return the slope of each roll call, shape (roll calls, parameters), without penalties."""
        _, _, items, _, pull = self._at(v)
        i, j = self.upper
        pairs = 2 * (pull[:, i] * self.matrix[:, j] + pull[:, j] * self.matrix[:, i])
        points = (pull[:, :, None] * items[:, None, 1:]).reshape(len(pull), -1)
        return np.asarray(np.hstack([pairs, points]) * self.unit / self.observed)

    def _at(self, v: Array) -> tuple[Array, Array, Array, Array, Array]:
        coupling, points = self.unpacked(v)
        offset = 2 * (self.matrix @ coupling)
        items = self.items_at(coupling, points, offset)
        margin = self.matrix * (items[:, :1] + items[:, 1:] @ points.T + offset)
        odds = np.exp(np.minimum(-margin, LARGEST_MARGIN))
        return coupling, points, items, odds, -self.matrix * odds / (1 + odds)
