r"""The exact law of votes that follow a few hidden issues, its slope, moments and maximum.

    ``P(s, z) ~ exp(sum_i s_i (b_i + sum_k W_ik z_k) + sum_k c_k z_k)``,  ``z_k = +-1``

is the restricted Boltzmann machine. Members are independent once the issues ``z`` are given, so
that a sum over the ``2^K`` states of the issues is all a likelihood takes, for any number of
members; who did not vote is left out of the product, which is the exact sum over both votes.
"""

from __future__ import annotations

from itertools import product
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize
from scipy.special import expit, logsumexp

from sociophysics.inference.estimators.objective import FIELD_SHARE

__all__ = [
    "Issues", "chances", "information", "issue_states", "log_likelihood", "maximum", "moments",
    "posterior", "scores", "start",
]  # fmt: skip

Array = NDArray[np.float64]

FIRST_LOADING = 0.7  # root mean square, at which L-BFGS starts
DIFFERENCE = 1e-4


class Issues(NamedTuple):
    """Loadings ``W`` (members, issues), fields ``b`` (members,), leanings ``c`` (issues,)."""

    loading: Array
    field: Array
    leaning: Array


class _Law(NamedTuple):
    """Of each state of the issues: field on members, log 2 cosh of it, and log probability."""

    states: Array
    field: Array
    weight: Array
    log_chance: Array


def issue_states(issues: int) -> Array:
    """Return all states of the issues, shape (2^K, K).

    Examples
    --------
    >>> issue_states(2).tolist()
    [[1.0, 1.0], [1.0, -1.0], [-1.0, 1.0], [-1.0, -1.0]]
    """
    return np.array(list(product((1.0, -1.0), repeat=issues)))


def log_likelihood(votes: Array, law: Issues) -> Array:
    """Return the log probability of what was recorded on each roll call, shape (roll calls,).

    Examples
    --------
    One issue, two members who follow it: they agree with probability (1 + tanh(1)^2) / 2.

    >>> law = Issues(np.ones((2, 1)), np.zeros(2), np.zeros(1))
    >>> found = np.exp(log_likelihood(np.array([[1.0, 1.0], [1.0, 0.0]]), law))
    >>> found.round(3).tolist(), float(((1 + np.tanh(1) ** 2) / 4).round(3))
    ([0.395, 0.5], 0.395)
    """
    return np.asarray(logsumexp(_joint(votes, _law(law)), axis=1))


def posterior(votes: Array, law: Issues) -> Array:
    """Return P(state of the issues | votes), shape (roll calls, 2^K).

    Examples
    --------
    >>> law = Issues(np.ones((2, 1)), np.zeros(2), np.zeros(1))
    >>> posterior(np.array([[1.0, 0.0], [1.0, -1.0]]), law).round(3).tolist()
    [[0.881, 0.119], [0.5, 0.5]]
    """
    joint = _joint(votes, _law(law))
    return np.asarray(np.exp(joint - logsumexp(joint, axis=1, keepdims=True)))


def chances(votes: Array, law: Issues) -> Array:
    """Return P(+1 | the others' votes), shape (roll calls, members).

    With ``q`` the posterior of the states ``z`` from all votes on a roll call, the chance of the
    recorded vote ``s_i`` without it is ``1 / sum_z q_z / P(s_i | z)``.

    Examples
    --------
    >>> law = Issues(np.ones((2, 1)), np.zeros(2), np.zeros(1))
    >>> chances(np.array([[1.0, 0.0], [1.0, -1.0]]), law).round(3).tolist()
    [[0.5, 0.79], [0.21, 0.79]]
    """
    own = _law(law)
    q = posterior(votes, law)
    yea = 1 / (1 + q @ np.exp(-2 * own.field))
    nay = 1 / (1 + q @ np.exp(2 * own.field))
    missing = q @ expit(2 * own.field)
    return np.asarray(np.select([votes > 0, votes < 0], [yea, 1 - nay], missing))


def scores(votes: Array, law: Issues, fields: bool) -> Array:
    """Return the slope of each roll call's log-likelihood, shape (roll calls, parameters).

    It is the mean of ``s_i z_k``, ``s_i`` and ``z_k`` given the votes less that of the law.

    Examples
    --------
    >>> law = Issues(np.zeros((2, 1)), np.zeros(2), np.zeros(1))
    >>> scores(np.array([[1.0, -1.0]]), law, True).tolist()
    [[0.0, 0.0, 1.0, -1.0, 0.0]]
    """
    own, q = _law(law), posterior(votes, law)
    chance, mean = np.exp(own.log_chance), np.tanh(own.field)
    missing = (votes == 0).astype(np.float64)
    along = (mean[:, :, None] * own.states[:, None, :]).reshape(len(mean), -1)
    k = own.states.shape[1]
    told = (votes[:, :, None] * (q @ own.states)[:, None, :]).reshape(len(votes), -1)
    parts = [told + np.repeat(missing, k, axis=1) * (q @ along) - chance @ along]
    if fields:
        parts += [votes + missing * (q @ mean) - chance @ mean, (q - chance) @ own.states]
    return np.hstack(parts)


def moments(law: Issues, fields: bool) -> tuple[Array, Array]:
    """Return the mean ``s_i s_j`` of all pairs and its slope, (pairs,) and (pairs, parameters).

    Examples
    --------
    >>> value, slope = moments(Issues(np.ones((2, 1)), np.zeros(2), np.zeros(1)), False)
    >>> value.round(3), slope.round(3)
    (array([0.58]), array([[0.32, 0.32]]))
    """
    own = _law(law)
    chance, mean = np.exp(own.log_chance), np.tanh(own.field)
    n, k = law.loading.shape
    i, j = np.triu_indices(n, 1)
    pairs = (mean[:, i] * mean[:, j] * chance[:, None]).T
    value = pairs.sum(axis=1)
    rows = np.arange(len(i))
    # s_i s_j s_a z_k is s_j z_k where a is i: a spin's square is 1
    with_issue = (pairs @ (mean[:, :, None] * own.states[:, None, :]).reshape(-1, n * k)).reshape(
        -1, n, k
    )
    single = np.einsum("z,za,zk->ak", chance, mean, own.states)
    with_issue[rows, i], with_issue[rows, j] = single[j], single[i]
    parts = [(with_issue - value[:, None, None] * single).reshape(-1, n * k)]
    if fields:
        alone = chance @ mean
        with_vote = pairs @ mean
        with_vote[rows, i], with_vote[rows, j] = alone[j], alone[i]
        parts += [
            with_vote - value[:, None] * alone,
            pairs @ own.states - value[:, None] * (chance @ own.states),
        ]
    return value, np.hstack(parts)


def start(votes: Array, issues: int, rng: np.random.Generator | None) -> Issues:
    """Return loadings along the leading directions of agreement, turned at random with ``rng``.

    Examples
    --------
    >>> start(np.array([[1.0, 1.0], [-1.0, -1.0]]), 1, None).loading.round(2).tolist()
    [[0.7], [0.7]]
    """
    n = votes.shape[1]
    _, vectors = np.linalg.eigh(votes.T @ votes)
    leading = vectors[:, ::-1][:, :issues] * np.sqrt(n) * FIRST_LOADING
    # an eigenvector's sign is arbitrary and must not depend on the linear-algebra library
    leading *= np.sign(leading[np.abs(leading).argmax(axis=0), np.arange(issues)])
    if rng is not None:
        turn, _ = np.linalg.qr(rng.normal(size=(issues, issues)))
        leading = leading @ turn
    return Issues(leading, np.zeros(n), np.zeros(issues))


def maximum(
    votes: Array,
    first: Issues,
    ridge: float,
    fields: bool,
    *,
    max_iter: int = 1000,
    tol: float = 1e-6,
) -> tuple[Issues, float, int]:
    """Return the law of highest penalized likelihood, its objective and the iterations taken.

    Parameters
    ----------
    votes : array, shape (roll calls, members)
    first : Issues
        Where L-BFGS starts; there may be several maxima.
    ridge : float
        Adds ``ridge/2 sum W^2`` to minus the log-likelihood; a tenth of it for fields.
    fields : bool
        Whether ``b`` and ``c`` are fitted; else they are 0.
    max_iter, tol :
        It stops where no entry of the gradient, per roll call, is larger than ``tol``.

    Examples
    --------
    >>> votes = np.array([[1.0, 1.0]] * 7 + [[1.0, -1.0]] * 3)
    >>> law, _, _ = maximum(votes, start(votes, 1, None), 1e-6, False)
    >>> float(moments(law, False)[0][0].round(3))
    0.4
    """
    rollcalls, n = votes.shape
    k = first.loading.shape[1]
    weight = _weights(n, k, ridge, fields)
    seen = np.abs(votes)

    def objective(v: Array) -> tuple[float, Array]:
        value, slope = _value(votes, seen, _unpacked(v, n, k), fields)
        value += 0.5 * float(weight @ v**2)
        return value / rollcalls, (slope + weight * v) / rollcalls

    options: dict[str, Any] = {"maxiter": max_iter, "gtol": tol, "ftol": 1e-12}
    found = minimize(
        objective, _packed(first, fields), jac=True, method="L-BFGS-B", options=options
    )
    return _unpacked(np.asarray(found.x), n, k), float(found.fun), int(found.nit)


def information(votes: Array, law: Issues, ridge: float, fields: bool) -> tuple[Array, Array]:
    """Return the curvature of the penalized objective and the sandwich covariance around it.

    The curvature is made of differences of the slope, one per parameter; roll calls are the
    independent units of the sandwich.

    Examples
    --------
    >>> votes = np.array([[1.0, 1.0]] * 7 + [[1.0, -1.0]] * 3)
    >>> law, _, _ = maximum(votes, start(votes, 1, None), 1e-2, False)
    >>> information(votes, law, 1e-2, False)[1].shape
    (2, 2)
    """
    rollcalls, n = votes.shape
    k = law.loading.shape[1]
    seen, v = np.abs(votes), _packed(law, fields)
    curvature = np.empty((len(v), len(v)))
    for row, each in zip(curvature, np.eye(len(v)) * DIFFERENCE, strict=True):
        ahead, behind = (
            _value(votes, seen, _unpacked(at, n, k), fields)[1] for at in (v + each, v - each)
        )
        row[:] = (ahead - behind) / (2 * DIFFERENCE)
    curvature = (curvature + curvature.T) / 2 + np.diag(_weights(n, k, ridge, fields))
    inverse = np.linalg.pinv(curvature, rcond=1e-9, hermitian=True)
    own = scores(votes, law, fields)
    change = (own - own.mean(axis=0)) @ inverse * np.sqrt(rollcalls / (rollcalls - 1))
    return curvature, change.T @ change


def _law(law: Issues) -> _Law:
    states = issue_states(law.loading.shape[1])
    field = law.field + states @ law.loading.T
    weight = np.logaddexp(field, -field)
    log_chance = states @ law.leaning + weight.sum(axis=1)
    return _Law(states, field, weight, log_chance - logsumexp(log_chance))


def _joint(votes: Array, own: _Law, seen: Array | None = None) -> Array:
    """Return log P(votes, state), shape (roll calls, 2^K); who did not vote is left out."""
    cast = np.abs(votes) if seen is None else seen
    return np.asarray(votes @ own.field.T - cast @ own.weight.T + own.log_chance)


def _value(votes: Array, seen: Array, law: Issues, fields: bool) -> tuple[float, Array]:
    """Return minus the log-likelihood and its slope, all roll calls together."""
    own = _law(law)
    joint = _joint(votes, own, seen)
    highest = joint.max(axis=1, keepdims=True)
    q = np.exp(joint - highest)
    total = q.sum(axis=1, keepdims=True)
    q /= total
    mean, chance = np.tanh(own.field), len(votes) * np.exp(own.log_chance)
    held = q.sum(axis=0)
    pull = q.T @ votes + (held[:, None] - q.T @ seen - chance[:, None]) * mean
    parts = [(pull.T @ own.states).ravel()]
    if fields:
        parts += [pull.sum(axis=0), (held - chance) @ own.states]
    return -float((highest + np.log(total)).sum()), -np.concatenate(parts)


def _weights(n: int, k: int, ridge: float, fields: bool) -> Array:
    other = [FIELD_SHARE * ridge] * ((n + k) if fields else 0)
    return np.concatenate([np.full(n * k, ridge), other])


def _packed(law: Issues, fields: bool) -> Array:
    rest = [law.field, law.leaning] if fields else []
    return np.concatenate([law.loading.ravel(), *rest])


def _unpacked(v: Array, n: int, k: int) -> Issues:
    rest = v[n * k :] if len(v) > n * k else np.zeros(n + k)
    return Issues(v[: n * k].reshape(n, k), rest[:n], rest[n:])
