"""The likelihoods behind stance models: design, maximum, score and its covariance."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray
from scipy.linalg import eigh
from scipy.optimize import minimize
from scipy.special import expit, log_expit

from sociophysics.errors import InputError
from sociophysics.society.spins import SpinSystem

__all__ = [
    "ATTEMPTS",
    "CONTAGION",
    "design_matrix",
    "inverted",
    "kinetic",
    "newton",
    "scores",
    "variability",
]

Array = NDArray[np.float64]
CONTAGION, INTERCEPT, ATTEMPTS = "contagion", "field", "attempts"
STEPS = 100
SEPARATED = 1e-7  # information left in some direction, as a share of what coin tosses give
TOLERANCE = 1e-9  # largest gradient entry per user at which Newton's method stops


def design_matrix(
    system: SpinSystem, spins: Array, covariates: Mapping[str, ArrayLike] | pd.DataFrame | None
) -> tuple[Array, list[str]]:
    """Return the rows (times n, parameters) that multiply the parameters, and their names."""
    if system.J.nnz == 0:
        raise InputError("the network has no ties; contagion needs some.")
    if np.any(system.h):
        raise InputError(
            "the system has an external field; build it without, and give the field as a covariate."
        )
    if (spins == spins.flat[0]).all():
        raise InputError("all stances are equal; nothing can be estimated from them.")
    pulls = (system.J @ spins.T).T
    columns = [pulls.ravel(), np.ones(spins.size)]
    names = [CONTAGION, INTERCEPT]
    given: Mapping[str, ArrayLike] | pd.DataFrame = {} if covariates is None else covariates
    for name in given:
        values = np.asarray(given[name])
        if values.shape != (system.n,) or values.dtype.kind not in "biuf":
            raise InputError(
                f"the covariate {name!r} has shape {values.shape} and type {values.dtype}; give "
                f"numbers of shape ({system.n},)."
            )
        if not np.isfinite(values.astype(np.float64)).all():
            raise InputError(f"the covariate {name!r} holds NaN or infinity; give finite numbers.")
        if str(name) in (*names, ATTEMPTS):
            raise InputError(f"a covariate is named {name!r}, which is taken; rename it.")
        columns.append(np.tile(values.astype(np.float64), spins.shape[0]))
        names.append(str(name))
    design = np.column_stack(columns)
    scale = np.maximum(np.abs(design).max(axis=0), 1e-300)
    if np.linalg.matrix_rank(design / scale) < design.shape[1]:
        raise InputError(
            f"the columns {', '.join(names)} are collinear (a constant covariate, or everybody "
            "under the same pull); leave one out."
        )
    return design, names


def newton(design: Array, s: Array, names: list[str]) -> tuple[Array, Array]:
    """Return the maximum of ``sum_i ln sigma(2 s_i x_i theta)`` and the information there."""
    scale = np.abs(design).max(axis=0)
    x = design / scale
    theta = np.zeros(x.shape[1])
    value = _logistic(x, s, theta)
    for _ in range(STEPS):
        against = expit(-2 * s * (x @ theta))
        gradient = 2 * x.T @ (s * against)
        information = 4 * (x * (against * (1 - against))[:, None]).T @ x
        if np.abs(gradient).max() < TOLERANCE * s.size:
            if eigh(information, x.T @ x, eigvals_only=True)[0] < SEPARATED:
                break
            return theta / scale, information * np.outer(scale, scale)
        step = np.linalg.lstsq(information, gradient, rcond=None)[0]
        while (new := _logistic(x, s, theta + step)) < value - 1e-12 * abs(value):
            step = step / 2
        theta, value = theta + step, new
        if (s * (x @ theta) > 0).all():
            break
    raise InputError(
        f"the stances are predicted perfectly by {', '.join(names)}, so no finite strength fits "
        "them best; leave out what separates them, or use a larger network."
    )


def _logistic(x: Array, s: Array, theta: Array) -> float:
    return float(log_expit(2 * s * (x @ theta)).sum())


def scores(design: Array, s: Array, theta: Array) -> Array:
    """Return the gradient of each user's log conditional probability, (n, parameters)."""
    return np.asarray(2 * design * (s * expit(-2 * s * (design @ theta)))[:, None])


def kinetic(
    design: Array, before: Array, after: Array, names: list[str]
) -> tuple[Array, Array, Array, float]:
    """Return estimates, scores by user and time, information and log-likelihood of a panel."""
    scale = np.abs(design).max(axis=0)
    x, kept = design / scale, (before == after).astype(np.float64)

    def parts(theta: Array) -> tuple[Array, Array, float]:
        # attempts = sigma(theta_last): free of bounds
        a = float(expit(theta[-1]))
        toward = expit(2 * after * (x @ theta[:-1]))
        p = (1 - a) * kept + a * toward
        slope = 2 * a * after * toward * (1 - toward) / p
        rows = np.column_stack([slope[:, None] * x, a * (1 - a) * (toward - kept) / p])
        return p, rows, a

    def objective(theta: Array) -> tuple[float, Array]:
        p, rows, _ = parts(theta)
        return -float(np.log(np.maximum(p, 1e-300)).mean()), -rows.mean(axis=0)

    start = np.zeros(x.shape[1] + 1)
    found: Any = minimize(objective, start, jac=True, method="BFGS", options={"gtol": 1e-8})
    theta = np.asarray(found.x)
    p, rows, a = parts(theta)
    changed = before != after
    if not np.isfinite(found.fun) or (after * (x @ theta[:-1]) > 0)[changed].all():
        raise InputError(
            f"the changes of stance are predicted perfectly by {', '.join(names)}; take more "
            "snapshots or fewer covariates."
        )
    size = theta.size
    information = np.empty((size, size))
    for k in range(size):
        shift = np.zeros(size)
        shift[k] = 1e-5
        ends = [parts(theta + sign * shift)[1].sum(axis=0) for sign in (1, -1)]
        information[k] = (ends[1] - ends[0]) / 2e-5
    # From sigma(theta) to attempts, and from scaled to given columns.
    jacobian = np.append(1 / scale, max(a * (1 - a), 1e-12))
    estimate = np.append(theta[:-1] / scale, a)
    information = (information + information.T) / 2 / np.outer(jacobian, jacobian)
    return estimate, rows / jacobian, information, float(np.log(p).sum())


def inverted(matrix: Array) -> Array:
    """Return the inverse of an information matrix."""
    return np.asarray(np.linalg.inv(matrix), dtype=np.float64)


def variability(
    system: SpinSystem, s: Array, design: Array, theta: Array, information: Array
) -> Array:
    """Return the covariance of the score of the pseudolikelihood.

    Symmetric couplings: each tied pair contributes ``E[g_i g_j' | all others]``, a sum over its
    four states, which scatters less than the product itself; directed ones: the product.
    """
    if not system.is_symmetric:
        score = scores(design, s, theta)
        return _positive(score.T @ score + score.T @ (_tied(system) @ score))
    ties = system.J.tocoo()
    once = (ties.row < ties.col) & (ties.data != 0)
    i, j, coupling = ties.row[once], ties.col[once], ties.data[once]
    total = np.zeros_like(information)
    weights, products = np.zeros(i.size), []
    for own, other in ((1, 1), (1, -1), (-1, 1), (-1, -1)):
        first, second = design[i].copy(), design[j].copy()
        first[:, 0] += coupling * (other - s[j])
        second[:, 0] += coupling * (own - s[i])
        f, g = first @ theta, second @ theta
        weight = np.exp(own * f + other * g - theta[0] * coupling * own * other)
        factor = 4 * own * other * expit(-2 * own * f) * expit(-2 * other * g)
        weights += weight
        products.append((weight * factor, first, second))
    for factor, first, second in products:
        total += (first * (factor / weights)[:, None]).T @ second
    return _positive(information + total + total.T)


def _tied(system: SpinSystem) -> Any:
    """Return the pattern of pairs where either listens to the other, 0/1, without the diagonal."""
    pattern = system.J.copy()
    pattern.data = np.ones_like(pattern.data)
    both = (pattern + pattern.T).tocsr()
    both.data = np.ones_like(both.data)
    return both


def _positive(matrix: Array) -> Array:
    """Return the nearest positive semidefinite matrix: a sum over pairs may fall short of it."""
    scale = np.sqrt(np.maximum(np.diag(matrix), 1e-300))
    values, vectors = np.linalg.eigh(matrix / np.outer(scale, scale))
    kept = vectors * np.maximum(values, 1e-6) @ vectors.T
    return np.asarray(kept * np.outer(scale, scale))
