"""The penalized negative log pseudolikelihood, its gradient and its minimum."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize

__all__ = [
    "FIELD_SHARE", "Fit", "best_penalty", "minimize_l2", "negative_log_likelihood", "searched",
]  # fmt: skip

Array = NDArray[np.float64]

LARGEST_MARGIN = 500.0
MOST_BEYOND = 6  # penalties tried beyond an end of the grid
FIELD_SHARE = 0.1  # the penalty on a field, as a share of that on a coupling


class Fit(NamedTuple):
    """Couplings (n, n), fields (n,) and the number of optimizer iterations of one fit."""

    coupling: Array
    field: Array
    iterations: int


def best_penalty(penalties: Sequence[float], score: Array) -> float:
    """Return the penalty with the highest score, refined by a parabola in its logarithm.

    Examples
    --------
    >>> round(best_penalty([1.0, 0.1, 0.01], np.array([0.0, 1.0, 0.0])), 9)
    0.1
    >>> best_penalty([1.0, 0.1, 0.01], np.array([3.0, 2.0, 1.0]))
    1.0
    """
    best = int(np.argmax(score))
    if not 0 < best < len(penalties) - 1:
        return float(penalties[best])
    around = slice(best - 1, best + 2)
    centre = np.log(penalties[best])
    curvature, slope, _ = np.polyfit(np.log(penalties[around]) - centre, score[around], 2)
    return float(np.exp(centre - slope / (2 * curvature))) if curvature < 0 else penalties[best]


def searched(
    grid: Sequence[float], score: Callable[[float], float]
) -> tuple[list[float], list[float]]:
    """Return the penalties tried, strongest first, and their scores, with the best one inside.

    The grid is walked from strong to weak until the score falls: weaker penalties only get slower
    and worse. Where the best lies at an end the walk goes on beyond it in steps of the grid's
    ratio, up to six times.

    Parameters
    ----------
    grid : sequence of float
        At least two penalties.
    score : function of a penalty
        Higher is better.

    Examples
    --------
    >>> searched([1.0, 0.1], lambda l2: -abs(np.log10(l2) - 1))[0]  # best at 10
    [100.0, 10.0, 1.0, 0.1]
    """
    ordered = sorted(map(float, grid), reverse=True)
    down, up = ordered[-1] / ordered[-2], ordered[0] / ordered[1]
    weaker = [*ordered[1:], *(ordered[-1] * down**k for k in range(1, MOST_BEYOND + 1))]
    found = {ordered[0]: score(ordered[0])}
    for l2 in weaker:
        found[l2] = score(l2)
        if found[l2] < max(found.values()):
            break
    for k in range(1, MOST_BEYOND + 1):
        if found[max(found)] < max(found.values()):
            break
        found[ordered[0] * up**k] = score(ordered[0] * up**k)
    penalties = sorted(found, reverse=True)
    return penalties, [found[l2] for l2 in penalties]


def negative_log_likelihood(
    matrix: Array, coupling: Array, field: Array
) -> tuple[float, Array, Array]:
    """Return the negative log pseudolikelihood per observed vote and its gradients.

    Parameters
    ----------
    matrix : array, shape (roll calls, n)
        Votes as floats, 0 where not observed.

    Returns
    -------
    value : float
    gradient : array, shape (n, n)
        With respect to each pair's coupling, symmetric, zero diagonal.
    field_gradient : array, shape (n,)

    Examples
    --------
    >>> value, _, _ = negative_log_likelihood(np.ones((1, 2)), np.zeros((2, 2)), np.zeros(2))
    >>> bool(np.isclose(value, np.log(2)))
    True
    """
    margin = matrix @ coupling
    margin += field
    margin *= matrix
    margin *= -2.0
    observed = np.count_nonzero(matrix)
    # exp and log are vectorized and logaddexp is not; the cap only guards against overflow
    odds = np.exp(np.minimum(margin, LARGEST_MARGIN, out=margin), out=margin)
    partition = odds + 1.0
    score = np.divide(odds, partition, out=odds)
    # an unobserved cell has margin 0 and contributes log 2, taken out again here
    value = float(np.log(partition, out=partition).sum()) - np.log(2) * (matrix.size - observed)
    score *= matrix
    score *= -2.0 / observed
    gradient = matrix.T @ score
    gradient += gradient.T.copy()
    np.fill_diagonal(gradient, 0.0)
    return value / observed, gradient, score.sum(axis=0)


def minimize_l2(
    matrix: Array,
    l2: float,
    *,
    fields: bool = False,
    start: Fit | None = None,
    max_iter: int = 500,
    tol: float = 1e-5,
) -> Fit:
    """Return the minimum of the penalized objective, by L-BFGS from ``start`` or from zero.

    Parameters
    ----------
    matrix : array, shape (roll calls, n)
        Votes as floats, 0 where not observed.

    Examples
    --------
    >>> votes = np.array([[1.0, 1.0], [-1.0, -1.0], [1.0, -1.0]])
    >>> float(minimize_l2(votes, 1e-6).coupling[0, 1].round(3))  # atanh(1/3)
    0.347
    """
    n = matrix.shape[1]
    upper = np.triu_indices(n, 1)
    pairs = len(upper[0])
    weight = np.full(pairs + (n if fields else 0), l2 / n)
    weight[pairs:] *= FIELD_SHARE
    coupling = np.zeros((n, n))

    def unpack(x: Array) -> tuple[Array, Array]:
        coupling[upper] = x[:pairs]
        coupling.T[upper] = x[:pairs]
        return coupling, (x[pairs:] if fields else np.zeros(n))

    def objective(x: Array) -> tuple[float, Array]:
        value, gradient, field_gradient = negative_log_likelihood(matrix, *unpack(x))
        slope = np.concatenate([gradient[upper], field_gradient[: len(x) - pairs]])
        return value + float(weight @ x**2), slope + 2 * weight * x

    x0 = np.zeros(len(weight))
    if start is not None:
        x0[:pairs] = start.coupling[upper]
        x0[pairs:] = start.field[: len(x0) - pairs]
    options: dict[str, Any] = {"maxiter": max_iter, "maxcor": 15, "gtol": tol / n, "ftol": 0.0}
    found = minimize(objective, x0, jac=True, method="L-BFGS-B", options=options)
    best, field = unpack(np.asarray(found.x))
    return Fit(best.copy(), field.copy(), int(found.nit))
