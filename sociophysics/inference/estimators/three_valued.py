r"""Votes of three values: yea, abstention, nay; couplings or places, and which predicts better.

The same adjacent-category law of one vote ``z`` in {-1, 0, +1},

    ``P(z_ti = z) ~ exp(z eta_ti - d_i z^2)``,

with ``d_i`` how reluctant the member is to vote at all, and either the others' votes or a place in
it: ``eta_ti = h_i + sum_j J_ij z_tj`` is the pseudolikelihood of the spin-1 (Blume-Capel) law
``P(z) ~ exp(sum_{i<j} J_ij z_i z_j + sum_i h_i z_i - sum_i d_i z_i^2)``, and
``eta_ti = a_t + b_t x_i`` is ordinal item response (the partial-credit model; Masters 1982,
Psychometrika 47, 149). An abstention is an answer here, and only what is NaN was not observed.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray
from scipy.optimize import minimize
from scipy.special import ndtri

from sociophysics.errors import InputError
from sociophysics.inference.estimators.item_response import INTERCEPT_SD, principal_points
from sociophysics.rollcall.votes import Votes

__all__ = [
    "ThreeValuedFit",
    "by_couplings",
    "by_places",
    "chances",
    "couplings_of",
    "fit_three_valued",
    "levels",
]

Array = NDArray[np.float64]

RIDGE = 1e-2  # of fields and reluctance, in roll calls: keeps who always does the same finite
LARGEST = 60  # members whose errors are worked out
DIFFERENCE = 1e-4


class ThreeValuedFit(NamedTuple):
    """Couplings (n, n), fields (n,), reluctance (n,), and 90 % intervals of the couplings.

    ``low`` and ``high`` are NaN for more than 60 members, and cover the couplings of a small
    penalty, 0.01, only: a larger one shrinks them.
    """

    coupling: Array
    field: Array
    reluctance: Array
    low: Array
    high: Array
    l2: float


def fit_three_valued(
    votes: Votes | pd.DataFrame | ArrayLike,
    *,
    l2: float = 0.01,
    fields: bool = False,
    level: float = 0.90,
) -> ThreeValuedFit:
    """Return couplings and reluctance of three-valued votes, by penalized pseudolikelihood.

    Parameters
    ----------
    votes : Votes, or array or DataFrame of shape (roll calls, members)
        +1 yea, 0 abstention, -1 nay, NaN not observed (not a member, hidden); Votes know who
        ``abstained``.
    l2 : float
        Penalty ``(l2/n) sum J_ij^2`` per observed vote.
    fields : bool
        Whether members have fields ``h``; they mean something only where +1 does.
    level : float
        Coverage of the intervals, of the sandwich over roll calls.

    Raises
    ------
    InputError
        Other values, fewer than two members or roll calls, a penalty that is not positive, a level
        outside (0, 1).

    Examples
    --------
    Two who vote alike, and abstain alike, and one on his own:

    >>> votes = np.array([[1, 1, 1], [-1, -1, 1], [0, 0, -1], [1, 1, -1], [-1, -1, 0]] * 8)
    >>> fit = fit_three_valued(votes)
    >>> bool(fit.low[0, 1] > 0), bool(fit.low[0, 2] < 0 < fit.high[0, 2])
    (True, True)
    """
    table = levels(votes)
    if not 0 < l2 < np.inf:
        raise InputError(f"l2 is {l2}; it must be a positive number.")
    if not 0 < level < 1:
        raise InputError(f"level is {level}; it must lie between 0 and 1, such as 0.9.")
    n = table.shape[1]
    value = _couplings(table, l2, fields)
    coupling, field, reluctance = _unpacked(value, n)
    error = np.full((n, n), np.nan)
    if n <= LARGEST:
        upper = np.triu_indices(n, 1)
        error[upper] = error.T[upper] = _errors(table, l2, fields, value)[: len(upper[0])]
        np.fill_diagonal(error, 0.0)
    width = float(ndtri(0.5 + level / 2)) * error
    return ThreeValuedFit(coupling, field, reluctance, coupling - width, coupling + width, l2)


def levels(votes: Votes | pd.DataFrame | ArrayLike) -> Array:
    """Return three-valued votes as floats, NaN where not observed; of Votes, ``abstained`` is 0.

    Raises
    ------
    InputError
        Other values, fewer than two members or roll calls, a member without votes.

    Examples
    --------
    >>> levels([[1, 0], [-1, None]]).tolist()
    [[1.0, 0.0], [-1.0, nan]]
    """
    if isinstance(votes, Votes):
        votes = votes.three_valued()
    try:
        table = np.asarray(votes, dtype=np.float64)
    except (TypeError, ValueError):
        raise InputError("votes hold values that are no numbers; give 1, 0, -1 or NaN.") from None
    if table.ndim != 2 or min(table.shape) < 2:
        raise InputError(
            f"votes have shape {table.shape}; give at least two roll calls and two members."
        )
    other = table[np.isfinite(table) & ~np.isin(table, (-1, 0, 1)) | np.isinf(table)]
    if other.size:
        raise InputError(
            f"votes hold {other[0]:g}; allowed: 1 yea, 0 abstention, -1 nay, NaN not observed."
        )
    if np.isnan(table).all(axis=0).any():
        raise InputError("a member has no vote at all; leave it out.")
    return table


def by_couplings(table: Array, l2: float, fields: bool) -> Array:
    """Return P(-1), P(0), P(+1) of every vote from the others' as given, by couplings fitted to it.

    Examples
    --------
    >>> by_couplings(np.array([[1.0, 1.0], [-1.0, -1.0], [1.0, np.nan]]), 0.1, False)[2, 1].argmax()
    np.int64(2)
    """
    coupling, field, reluctance = couplings_of(table, l2, fields)
    return chances(field + np.nan_to_num(table) @ coupling, reluctance)


def couplings_of(table: Array, l2: float, fields: bool) -> tuple[Array, Array, Array]:
    """Return couplings, fields and reluctance fitted to a table of `levels`.

    Examples
    --------
    >>> votes = np.array([[1.0, 1.0], [-1.0, -1.0], [1.0, 1.0], [0.0, 0.0]])
    >>> bool(couplings_of(votes, 0.1, False)[0][0, 1] > 0)
    True
    """
    return _unpacked(_couplings(table, l2, fields), table.shape[1])


def by_places(table: Array, prior: float) -> Array:
    """Return P(-1), P(0), P(+1) of every vote from ordinal ideal points on one line.

    Examples
    --------
    >>> votes = np.array([[1.0, 1, -1], [-1, -1, 1], [1, np.nan, -1], [1, 1, -1]])
    >>> by_places(votes, 2.0)[2, 1].argmax()
    np.int64(2)
    """
    return chances(*_ordinal(table, prior))


def chances(eta: Array, reluctance: Array) -> Array:
    """Return P(-1), P(0), P(+1), shape (roll calls, members, 3), of what pulls and reluctance.

    Examples
    --------
    >>> chances(np.zeros((1, 1)), np.zeros(1)).round(2).tolist()
    [[[0.33, 0.33, 0.33]]]
    """
    energy = np.stack([-eta - reluctance, np.zeros_like(eta), eta - reluctance], axis=-1)
    energy -= energy.max(axis=-1, keepdims=True)
    weight = np.exp(energy)
    return np.asarray(weight / weight.sum(axis=-1, keepdims=True))


def _surprise(table: Array, eta: Array, reluctance: Array) -> tuple[float, Array, Array]:
    """Return minus log likelihood, and its slopes with respect to ``eta`` and to reluctance."""
    seen = ~np.isnan(table)
    z = np.where(seen, table, 0.0)
    chance = chances(eta, reluctance)
    own = np.take_along_axis(chance, (z + 1).astype(int)[..., None], axis=-1)[..., 0]
    value = -float(np.log(np.maximum(own, 1e-300))[seen].sum())
    pull = np.where(seen, chance[..., 2] - chance[..., 0] - z, 0.0)
    cast = np.where(seen, z**2 - chance[..., 2] - chance[..., 0], 0.0)
    return value, pull, cast


def _unpacked(value: Array, n: int) -> tuple[Array, Array, Array]:
    upper = np.triu_indices(n, 1)
    pairs = len(upper[0])
    coupling = np.zeros((n, n))
    coupling[upper] = coupling.T[upper] = value[:pairs]
    reluctance = value[pairs : pairs + n]
    field = value[pairs + n :] if len(value) > pairs + n else np.zeros(n)
    return coupling, field, reluctance


def _slopes(table: Array, fields: bool, value: Array) -> tuple[float, Array]:
    """Return minus the log pseudolikelihood and its slope of every roll call."""
    n = table.shape[1]
    given = np.nan_to_num(table)
    coupling, field, reluctance = _unpacked(value, n)
    cost, pull, cast = _surprise(table, field + given @ coupling, reluctance)
    i, j = np.triu_indices(n, 1)
    pairs = pull[:, i] * given[:, j] + pull[:, j] * given[:, i]
    return cost, np.hstack([pairs, cast, *([pull] if fields else [])])


def _weights(table: Array, l2: float, fields: bool) -> Array:
    n = table.shape[1]
    pairs = 2 * l2 / n * np.count_nonzero(~np.isnan(table))
    return np.repeat([pairs, RIDGE], [n * (n - 1) // 2, n * (2 if fields else 1)])


def _couplings(table: Array, l2: float, fields: bool) -> Array:
    n, given = table.shape[1], np.nan_to_num(table)
    weight = _weights(table, l2, fields)
    upper = np.triu_indices(n, 1)

    def objective(value: Array) -> tuple[float, Array]:
        coupling, field, reluctance = _unpacked(value, n)
        cost, pull, cast = _surprise(table, field + given @ coupling, reluctance)
        slope = pull.T @ given
        parts = [(slope + slope.T)[upper], cast.sum(axis=0)]
        gradient = np.concatenate([*parts, *([pull.sum(axis=0)] if fields else [])])
        return cost + 0.5 * float(weight @ value**2), gradient + weight * value

    return _minimum(objective, np.zeros(len(weight)), table)


def _errors(table: Array, l2: float, fields: bool, value: Array) -> Array:
    """Return sandwich errors; the curvature is made of differences of the slope."""
    weight = _weights(table, l2, fields)
    curvature = np.empty((len(value), len(value)))
    for k, step in enumerate(DIFFERENCE * np.eye(len(value))):
        ahead, behind = (
            _slopes(table, fields, at)[1].sum(axis=0) for at in (value + step, value - step)
        )
        curvature[k] = (ahead - behind) / (2 * DIFFERENCE)
    scores = _slopes(table, fields, value)[1]
    inverse = np.linalg.inv((curvature + curvature.T) / 2 + np.diag(weight))
    change = (scores - scores.mean(axis=0)) @ inverse
    rollcalls = len(table)
    return np.asarray(np.sqrt((change**2).sum(axis=0) * rollcalls / (rollcalls - 1)))


def _ordinal(table: Array, prior: float) -> tuple[Array, Array]:
    """Return ``eta`` and reluctance of ordinal ideal points on one line."""
    rollcalls, n = table.shape
    start = principal_points(np.nan_to_num(table), 1)[:, 0]
    scale = np.repeat([0.0, INTERCEPT_SD**-2, prior**-2], [n, rollcalls, rollcalls])
    scale = np.concatenate([np.ones(n), np.full(n, RIDGE), scale[n:]])
    bounds = [n, 2 * n, 2 * n + rollcalls]

    def objective(value: Array) -> tuple[float, Array]:
        x, d, a, b = np.split(value, bounds)
        cost, pull, cast = _surprise(table, a[:, None] + b[:, None] * x, d)
        gradient = np.concatenate([pull.T @ b, cast.sum(axis=0), pull.sum(axis=1), pull @ x])
        return cost + 0.5 * float(scale @ value**2), gradient + scale * value

    first = np.concatenate([start, np.zeros(n), np.zeros(rollcalls), np.full(rollcalls, 0.1)])
    x, d, a, b = np.split(_minimum(objective, first, table), bounds)
    return a[:, None] + b[:, None] * x, d


def _minimum(
    objective: Callable[[Array], tuple[float, Array]], first: Array, table: Array
) -> Array:
    options: dict[str, Any] = {"maxiter": 1000, "gtol": 1e-4, "ftol": 1e-12}
    return np.asarray(minimize(objective, first, jac=True, method="L-BFGS-B", options=options).x)
