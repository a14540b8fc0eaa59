r"""What one snapshot of stances on a network says: contagion, social temperature, covariates.

The autologistic actor attribute model [1]_: with couplings ``J`` known up to their strength,

.. math:: P(s) \propto \exp\Big(\tfrac{K}{2} \sum_{ij} J_{ij} s_i s_j
    + \sum_i s_i (\theta_0 + x_i \cdot \theta)\Big),

so that user i given all others is at +1 with probability ``sigma(2 f_i)``, ``f_i = K sum_j J_ij s_j
+ theta_0 + x_i theta``. ``K`` is the contagion strength, ``1/K`` the social temperature in units
of the couplings. The product of these conditional probabilities, the pseudolikelihood [2]_, is
maximized; for directed couplings it is the model. One network is one draw, and users are not
independent: the sandwich ``H^-1 B H^-1`` takes ``B = sum_i g_i g_i' + sum_{i~j} g_i g_j'`` over
tied pairs, which is the exact covariance of the score, since ``E[g_i | all others] = 0`` makes the
gradients of users without a tie uncorrelated [3]_. The inverse Hessian alone is too small.

It is an association: users alike for reasons that no covariate holds (homophily) look like
contagion.

.. [1] G. Robins, P. Pattison, P. Elliott, Psychometrika 66, 161 (2001); G. Daraganova, G. Robins,
   in Exponential Random Graph Models for Social Networks (Cambridge, 2013), chapter 9.
.. [2] J. Besag, J. R. Stat. Soc. B 36, 192 (1974).
.. [3] F. Comets, M. Janzura, J. Appl. Probab. 35, 142 (1998).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray
from scipy.optimize import minimize
from scipy.special import expit, log_expit, ndtr, ndtri

from sociophysics.errors import InputError
from sociophysics.spins import SpinSystem
from sociophysics.theory.cavity import critical_temperature

__all__ = ["OperatingPoint", "StanceFit", "fit_panel", "fit_snapshot", "operating_point"]

Array = NDArray[np.float64]
CONTAGION, INTERCEPT, ATTEMPTS = "contagion", "field", "attempts"
STEPS = 100
TOLERANCE = 1e-9  # largest gradient entry per user at which Newton's method stops


class StanceFit(NamedTuple):
    """Estimates of a model of stances.

    ``table`` has the columns ``estimate``, ``error``, ``low``, ``high``, ``naive_error`` (inverse
    Hessian, too small) and ``p`` (two-sided, zero effect) by name: ``contagion``, ``field`` and one
    row per covariate, in units of T; a panel adds ``attempts``. ``temperature`` is ``1/contagion``
    with its ``interval``, in units of the couplings; ``inf`` where contagion may be zero.
    """

    table: pd.DataFrame
    temperature: float
    interval: tuple[float, float]
    covariance: Array
    log_likelihood: float
    users: int
    kind: str


class OperatingPoint(NamedTuple):
    """Where a network stands against the transition that theory predicts for it.

    ``ratio = temperature / critical``, below 1: ordered; ``low`` and ``high`` are its 95 %
    interval, the critical temperature taken as known.
    """

    temperature: float
    critical: float
    ratio: float
    low: float
    high: float
    verdict: str


def fit_snapshot(
    system: SpinSystem,
    stances: ArrayLike,
    covariates: Mapping[str, ArrayLike] | pd.DataFrame | None = None,
    *,
    confidence: float = 0.95,
) -> StanceFit:
    """Return contagion, field and covariate effects from one snapshot, by pseudolikelihood.

    Parameters
    ----------
    system : SpinSystem
        Who listens to whom; ``system.h`` enters as a known field in units of the couplings times
        the contagion strength only if it is not zero, which is refused: give it as a covariate.
    stances : int array, shape (n,)
        +1 or -1 for everybody.
    covariates : table or mapping of names to arrays of shape (n,), optional
        Numbers; centre and scale them to compare their effects.

    Raises
    ------
    InputError
        Stances that are not +1 or -1, all equal, or perfectly predicted; covariates that are not
        finite, constant or collinear; no ties.

    Examples
    --------
    >>> ring = SpinSystem.from_edges(range(8), [1, 2, 3, 4, 5, 6, 7, 0])
    >>> fit = fit_snapshot(ring, [1, 1, 1, 1, -1, -1, -1, -1])
    >>> round(float(fit.table.loc["contagion", "estimate"]), 4)
    0.2747
    """
    s = system.check_spins(stances)
    if s.ndim != 1:
        raise InputError("stances must be one snapshot, shape (n,); for several use fit_panel.")
    design, names = _design(system, s[np.newaxis].astype(np.float64), covariates)
    estimate, information = _newton(design, s.astype(np.float64), names)
    meat = _variability(system, s.astype(np.float64), design, estimate, information)
    inverse = _inverse(information)
    likelihood = float(log_expit(2 * s * (design @ estimate)).sum())
    return _result(
        estimate, inverse @ meat @ inverse, inverse, names, confidence,
        likelihood, system.n, "snapshot",
    )  # fmt: skip


def fit_panel(
    system: SpinSystem,
    snapshots: ArrayLike,
    covariates: Mapping[str, ArrayLike] | pd.DataFrame | None = None,
    *,
    confidence: float = 0.95,
) -> StanceFit:
    r"""Return contagion, field, covariate effects and the share of users who reconsider.

    Between two snapshots each user reconsiders with probability ``attempts`` and then draws from
    the heat bath in the field of the earlier snapshot:

        ``P(s_i(t+1) = s) = (1 - attempts) [s = s_i(t)] + attempts sigma(2 s f_i(t))``.

    Given the earlier snapshot users are independent, so this is the likelihood, and its sandwich
    sums over users and times. It holds for short intervals: where a user's friends change within
    one as well, contagion comes out too small.

    Parameters
    ----------
    snapshots : int array, shape (times, n)
        At least two, equally spaced.

    Raises
    ------
    InputError
        As ``fit_snapshot``, or nobody who ever changes.
    """
    s = system.check_spins(snapshots)
    if s.ndim != 2 or s.shape[0] < 2:
        raise InputError(f"snapshots have shape {s.shape}; give at least two, shape (times, n).")
    if (s[1:] == s[:-1]).all():
        raise InputError("nobody changes stance between snapshots; a panel needs some who do.")
    before, after = s[:-1].astype(np.float64), s[1:].astype(np.float64).ravel()
    design, names = _design(system, before, covariates)
    estimate, score, information, likelihood = _kinetic(design, before.ravel(), after, names)
    inverse = _inverse(information)
    return _result(
        estimate, inverse @ (score.T @ score) @ inverse, inverse, [*names, ATTEMPTS], confidence,
        likelihood, system.n, "panel",
    )  # fmt: skip


def operating_point(system: SpinSystem, fit: StanceFit) -> OperatingPoint:
    """Return the fitted social temperature against the predicted critical temperature.

    The threshold is that of the non-backtracking operator on the same couplings, without fields.

    Raises
    ------
    InputError
        Directed couplings.
    """
    critical = critical_temperature(system)
    if critical == 0:
        return OperatingPoint(
            fit.temperature, 0.0, np.inf, np.inf, np.inf, "no transition on this network"
        )
    low, high = (edge / critical for edge in fit.interval)
    verdict = "not decided"
    if high < 1:
        verdict = "ordered: below the critical temperature"
    elif low > 1:
        verdict = "disordered: above the critical temperature"
    return OperatingPoint(fit.temperature, critical, fit.temperature / critical, low, high, verdict)


def _design(
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


def _newton(design: Array, s: Array, names: list[str]) -> tuple[Array, Array]:
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


def _score(design: Array, s: Array, theta: Array) -> Array:
    return np.asarray(2 * design * (s * expit(-2 * s * (design @ theta)))[:, None])


def _kinetic(
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
        scores = np.column_stack([slope[:, None] * x, a * (1 - a) * (toward - kept) / p])
        return p, scores, a

    def objective(theta: Array) -> tuple[float, Array]:
        p, scores, _ = parts(theta)
        return -float(np.log(np.maximum(p, 1e-300)).mean()), -scores.mean(axis=0)

    start = np.zeros(x.shape[1] + 1)
    found: Any = minimize(objective, start, jac=True, method="BFGS", options={"gtol": 1e-8})
    theta = np.asarray(found.x)
    p, scores, a = parts(theta)
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
    return estimate, scores / jacobian, information, float(np.log(p).sum())


def _inverse(matrix: Array) -> Array:
    return np.asarray(np.linalg.inv(matrix), dtype=np.float64)


def _variability(
    system: SpinSystem, s: Array, design: Array, theta: Array, information: Array
) -> Array:
    """Return the covariance of the score of the pseudolikelihood.

    Symmetric couplings: each tied pair contributes ``E[g_i g_j' | all others]``, a sum over its
    four states, which scatters less than the product itself; directed ones: the product.
    """
    if not system.is_symmetric:
        score = _score(design, s, theta)
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


def _result(
    estimate: Array,
    covariance: Array,
    inverse: Array,
    names: list[str],
    confidence: float,
    likelihood: float,
    users: int,
    kind: str,
) -> StanceFit:
    if not 0 < confidence < 1:
        raise InputError(f"confidence is {confidence}; it must lie between 0 and 1, e.g. 0.95.")
    error = np.sqrt(np.diag(covariance))
    width = float(ndtri(0.5 + confidence / 2)) * error
    table = pd.DataFrame(
        {
            "estimate": estimate,
            "error": error,
            "low": estimate - width,
            "high": estimate + width,
            "naive_error": np.sqrt(np.diag(inverse)),
            "p": 2 * ndtr(-np.abs(estimate) / error),
        },
        index=pd.Index(names, name="parameter"),
    )
    strength, low, high = table.loc[CONTAGION, ["estimate", "low", "high"]].to_numpy()
    temperature = 1 / strength if strength > 0 else np.inf
    interval = (1 / high if high > 0 else np.inf, 1 / low if low > 0 else np.inf)
    return StanceFit(
        table, float(temperature), (float(interval[0]), float(interval[1])), covariance,
        likelihood, users, kind,
    )  # fmt: skip
