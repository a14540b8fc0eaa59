r"""Cavity theory: users as on a tree, where each friend's message leaves the receiver out.

``u_{j->i} = artanh(tanh(J_ij/T) tanh(eta_{j->i}))`` with ``eta_{j->i} = h_j/T + sum_{k != i}
u_{k->j}``, all in units of T; ``m_i = tanh(h_i/T + sum_j u_{j->i})``. Exact on trees, good on
sparse random graphs. The messages of a tie are stored where the CSR stores the tie: entry (i, j)
holds ``u_{j->i}``, so every step is a vector operation over directed ties.

The paramagnet ends where the spectral radius of the non-backtracking operator with weights
``w_ij = tanh(J_ij/T)`` (glass: ``tanh^2``) is 1. By the Ihara-Bass identity that is where the n x n
matrix ``H_ij = delta_ij (1 + sum_k w_ik^2/(1-w_ik^2)) - w_ij/(1-w_ij^2)`` becomes singular.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
import scipy.sparse as sparse
from numpy.typing import ArrayLike, NDArray
from scipy.optimize import brentq
from scipy.sparse.csgraph import connected_components
from scipy.sparse.linalg import LinearOperator, cg, eigsh

from sociophysics.errors import InputError, did_you_mean
from sociophysics.spins import SpinSystem
from sociophysics.theory.checks import check_field, check_positive, check_symmetric, inverse

__all__ = ["BeliefPropagation", "belief_propagation", "critical_temperature", "response"]

Array = NDArray[np.float64]
PHASES = ("ferromagnet", "glass")
STEP = 0.93  # of the scan downwards for the first temperature beyond the transition
STRONGEST = 300.0  # largest |J|/T: sinh(2 J/T) stays a float
LARGE = 20_000  # users from which eigenvalues are found to about 1e-6 only
DENSE = 200  # users up to which a dense eigensolver is faster than Lanczos


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


def critical_temperature(system: SpinSystem, phase: str = "ferromagnet") -> float:
    """Return the temperature where the paramagnet of a sparse network ends; 0.0 if it never does.

    Where the non-backtracking operator with weights ``tanh(J/T)`` (glass: ``tanh^2(J/T)``) has the
    eigenvalue 1, for couplings >= 0 its spectral radius. With couplings of both signs "ferromagnet"
    is the instability toward the best-aligned pattern of stances, whatever that is.

    Parameters
    ----------
    system : SpinSystem
        Symmetric couplings; the external field is ignored.
    phase : "ferromagnet" or "glass"

    Returns
    -------
    float
        In units of ``J``; 0.0 on trees and where no component has two cycles.

    Raises
    ------
    InputError
        Directed couplings, or an unknown phase.

    References
    ----------
    A. Saade, F. Krzakala, L. Zdeborova, Advances in NIPS 27 (2014); L. Zdeborova, F. Krzakala,
    Adv. Phys. 65, 453 (2016).

    Examples
    --------
    >>> clique = SpinSystem(np.ones((4, 4)) - np.eye(4))  # every user has 3 friends
    >>> round(critical_temperature(clique), 6), round(critical_temperature(clique, "glass"), 6)
    (1.820478, 1.134593)
    """
    if phase not in PHASES:
        raise InputError(f"phase is {phase!r}; {did_you_mean(phase, PHASES)}")
    check_symmetric(system, what="the paramagnet's stability")
    J = _cyclic_core(system.J)
    if J.nnz == 0:
        return 0.0
    guess = np.random.default_rng(0).random(J.shape[0]) + 0.5

    def excess(T: float) -> float:
        nonlocal guess
        value, guess = _largest_eigenvalue(_stability(J, T, phase), guess)
        return value - 1

    # Naive mean field overestimates order, so the scan starts there, above the transition.
    naive = J if phase == "ferromagnet" else J.power(2)
    low, guess = _largest_eigenvalue(naive, guess)
    low = low if phase == "ferromagnet" else math.sqrt(low)
    while excess(low) > 0:
        low /= STEP
    while excess(low) <= 0:
        high, low = low, low * STEP
        if float(np.abs(J.data).max()) / low > STRONGEST:
            return 0.0
    return float(brentq(excess, low, high, xtol=1e-8 * high))


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
    h = beta * (system.h + check_field(field, system.n, name="field"))
    K, target, reverse = beta * J.data, J.indices, _reverse(J)
    u = K * check_field(start, system.n, name="start")[target]
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
    h = beta * (system.h + check_field(field, system.n, name="field"))
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


def _cyclic_core(J: sparse.csr_array) -> sparse.csr_array:
    """Return the couplings of components with two cycles or more, without leaves' zero rows."""
    core = sparse.csr_array(J, copy=True)
    core.eliminate_zeros()
    while core.nnz:
        degree = np.diff(core.indptr)
        if degree.min() > 1:
            break
        keep = np.flatnonzero(degree > 1)
        core = core[keep][:, keep].tocsr()
    if not core.nnz:
        return core
    _, component = connected_components(core, directed=False)
    users = np.bincount(component)
    ties = np.bincount(component, np.diff(core.indptr)) / 2
    keep = np.flatnonzero((ties > users)[component])
    return core[keep][:, keep].tocsr()


def _stability(J: sparse.csr_array, T: float, phase: str) -> sparse.csr_array:
    """Return S with ``H = D^(1/2) (1 - S) D^(1/2)``: the paramagnet ends where S reaches 1."""
    K = J.data / T
    if phase == "ferromagnet":
        off, on = np.sinh(2 * K) / 2, np.sinh(K) ** 2
    else:
        off, on = np.sinh(2 * K) ** 2 / 4 / np.cosh(2 * K), np.sinh(K) ** 4 / np.cosh(2 * K)
    root = 1 / np.sqrt(1 + _row_sums(J, on))
    row = np.repeat(np.arange(J.shape[0]), np.diff(J.indptr))
    return sparse.csr_array((off * root[row] * root[J.indices], J.indices, J.indptr), shape=J.shape)


def _largest_eigenvalue(matrix: sparse.csr_array, guess: Array) -> tuple[float, Array]:
    n = matrix.shape[0]
    if n <= DENSE:
        return float(np.linalg.eigvalsh(matrix.toarray())[-1]), guess
    # Rough residuals do: the error of an eigenvalue is their square, and a glass has no gap.
    value, vector = eigsh(matrix, k=1, which="LA", v0=guess, tol=1e-8 if n < LARGE else 1e-5)
    # A start that is an eigenvector already would end the next Lanczos run at once.
    return float(value[0]), vector[:, 0] + 1e-3 * np.random.default_rng(0).normal(size=n) / n**0.5


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
