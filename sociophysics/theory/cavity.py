r"""Cavity theory: users as on a tree, where each friend's message leaves the receiver out.

``u_{j->i} = artanh(tanh(J_ij/T) tanh(eta_{j->i}))`` with ``eta_{j->i} = h_j/T + sum_{k != i}
u_{k->j}``, all in units of T; ``m_i = tanh(h_i/T + sum_j u_{j->i})``. Exact on trees, good on
sparse random graphs. The messages of a tie are stored where the CSR stores the tie: entry (i, j)
holds ``u_{j->i}``, so every step is a vector operation over directed ties.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
import scipy.sparse as sparse
from numpy.typing import ArrayLike, NDArray
from scipy.sparse.linalg import LinearOperator, cg

from sociophysics.errors import InputError
from sociophysics.society.spins import SpinSystem
from sociophysics.theory.non_backtracking import critical_temperature
from sociophysics.theory.premises import check_field, check_positive, check_symmetric, inverse

__all__ = ["BeliefPropagation", "belief_propagation", "critical_temperature", "response"]

Array = NDArray[np.float64]


class BeliefPropagation(NamedTuple):
    """Solution of the cavity equations.

    ``magnetizations`` (n,), ``correlations`` ``<s_i s_j>`` on the ties (CSR in the pattern of
    ``J``), ``free_energy`` the total Bethe free energy ``-T ln Z``, ``messages`` in the order of
    the CSR, and whether the tolerance was met after how many ``iterations``.
    """

    magnetizations: Array
    correlations: sparse.csr_array
    free_energy: float
    messages: Array
    converged: bool
    iterations: int


def belief_propagation(
    system: SpinSystem,
    *,
    temperature: float,
    field: ArrayLike | None = None,
    start: ArrayLike = 1.0,
    damping: float = 0.0,
    tolerance: float = 1e-12,
    iterations: int = 5000,
) -> BeliefPropagation:
    """Return marginals, tie correlations and free energy by belief propagation.

    Exact on trees. Below the transition the solution depends on the start.

    Parameters
    ----------
    system : SpinSystem
        Symmetric couplings.
    temperature : float
        > 0; infinity is legal.
    field : float or array, shape (n,), optional
        Added to ``system.h``.
    start : float or array, shape (n,)
        Stances from which the first messages are sent.
    damping : float in [0, 1)
        Share of the old message that is kept; 0.5 helps on frustrated networks.
    tolerance : float
        Largest change of a message, in units of T, at which to stop.
    iterations : int
        Most steps; ``converged`` tells whether they were enough.

    Raises
    ------
    InputError
        Directed couplings, a temperature that is not positive, a damping outside [0, 1).

    References
    ----------
    M. Mezard, A. Montanari, Information, Physics, and Computation (Oxford, 2009), ch. 14.

    Examples
    --------
    >>> pair = SpinSystem([[0, 1], [1, 0]], h=[1, 0])
    >>> belief_propagation(pair, temperature=1.0).magnetizations.round(6)
    array([0.761594, 0.580026])
    """
    T = check_positive(temperature, what="belief propagation")
    check_symmetric(system, what="belief propagation")
    if not 0 <= damping < 1:
        raise InputError(f"damping is {damping}; allowed: 0 <= damping < 1.")
    beta, J = inverse(T), system.J
    h = beta * (system.h + check_field(field, system.n, name="field", labels=system.nodes.index))
    K, target, reverse = beta * J.data, J.indices, _reverse(J)
    u = K * check_field(start, system.n, name="start", labels=system.nodes.index)[target]
    converged, step = K.size == 0, 0
    while not converged and step < iterations:
        step += 1
        eta = (h + _row_sums(J, u))[target] - u[reverse]
        change = _message(K, eta) - u
        u = u + (1 - damping) * change
        converged = bool(np.abs(change).max() < tolerance)
    total = h + _row_sums(J, u)
    eta = total[target] - u[reverse]
    like, unlike = K + _log_cosh(eta + eta[reverse]), -K + _log_cosh(eta - eta[reverse])
    pair = np.tanh((like - unlike) / 2)
    users = _log_cosh(total) + math.log(2) + _row_sums(J, _log_cosh(K) - _log_cosh(u))
    ties = np.logaddexp(like, unlike) - math.log(2) - _log_cosh(eta) - _log_cosh(eta[reverse])
    log_z = float(users.sum() - ties.sum() / 2)
    return BeliefPropagation(
        np.tanh(total),
        sparse.csr_array((pair, J.indices, J.indptr), shape=J.shape),
        -math.inf if math.isinf(T) else -T * log_z,
        u,
        converged,
        step,
    )


def response(
    system: SpinSystem,
    *,
    temperature: float,
    field: ArrayLike | None = None,
    start: ArrayLike = 1.0,
    damping: float = 0.0,
    iterations: int = 5000,
) -> Array:
    """Return ``d m / d h_i``, shape (n,): how far a small field on user i moves the mean stance.

    ``m = (1/n) sum_j <s_j>``. The linearized belief propagation at its fixed point, by symmetry one
    linear system for all users. Exact on trees.

    Parameters
    ----------
    system : SpinSystem
        Symmetric couplings.
    temperature : float
        > 0.
    field, start, damping, iterations
        As for :func:`belief_propagation`.

    Raises
    ------
    InputError
        As :func:`belief_propagation`, and where it does not converge: no fixed point, no response.

    Examples
    --------
    >>> star = SpinSystem.from_edges([0, 0, 0], [1, 2, 3])
    >>> response(star, temperature=1.0).round(6)  # the hub: (1 + 3 tanh 1) / 4
    array([0.821196, 0.730411, 0.730411, 0.730411])
    """
    solution = belief_propagation(
        system,
        temperature=temperature,
        field=field,
        start=start,
        damping=damping,
        iterations=iterations,
    )
    if not solution.converged:
        raise InputError(
            f"belief propagation did not converge in {solution.iterations} iterations at "
            f"temperature {temperature}; the response needs its fixed point: raise the "
            "temperature, iterations or damping."
        )
    beta, J = inverse(float(temperature)), system.J
    u, reverse, target = solution.messages, _reverse(J), J.indices
    h = beta * (system.h + check_field(field, system.n, name="field", labels=system.nodes.index))
    eta = (h + _row_sums(J, u))[target] - u[reverse]
    t = np.tanh(beta * J.data)
    gain = t * (1 - np.tanh(eta) ** 2) / (1 - (t * np.tanh(eta)) ** 2)
    both = gain * gain[reverse]
    softness = np.maximum(1 - solution.magnetizations**2, np.finfo(float).tiny)
    diagonal = 1 + _row_sums(J, both / (1 - both))
    # In dm_j = softness_j dH_j the linear system is symmetric and, where stable, positive.
    data = -gain / (1 - both) / softness[target]
    off = sparse.csr_array((data, J.indices, J.indptr), shape=J.shape)
    matrix = (off + sparse.diags_array(diagonal / softness)).tocsr()
    scale = LinearOperator(matrix.shape, matvec=lambda x: x * softness / diagonal)
    moved, failed = cg(matrix, np.full(system.n, beta), rtol=1e-12, maxiter=10_000, M=scale)
    if failed:
        raise InputError(
            f"the response at temperature {temperature} was not found: the state is at or beyond "
            "its stability limit; raise the temperature or add a field."
        )
    return np.asarray(moved / system.n)


def _reverse(J: sparse.csr_array) -> NDArray[np.int64]:
    """Return where the entry (j, i) of each stored entry (i, j) is stored."""
    position = sparse.csr_array((np.arange(J.nnz), J.indices, J.indptr), shape=J.shape)
    order = position.T.tocsr()
    order.sort_indices()
    return np.asarray(order.data, dtype=np.int64)


def _row_sums(J: sparse.csr_array, values: Array) -> Array:
    sums = sparse.csr_array((values, J.indices, J.indptr), shape=J.shape) @ np.ones(J.shape[1])
    return np.asarray(sums, dtype=float)


def _message(K: Array, eta: Array) -> Array:
    """Return ``artanh(tanh K tanh eta)`` in a form that neither over- nor underflows."""
    return np.asarray((_log_cosh(eta + K) - _log_cosh(eta - K)) / 2)


def _log_cosh(x: Array) -> Array:
    size = np.abs(x)
    return np.asarray(size + np.log1p(np.exp(-2 * size)) - math.log(2))
