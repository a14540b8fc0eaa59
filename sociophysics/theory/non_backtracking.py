r"""Where the paramagnet of a sparse network ends: the non-backtracking operator.

The paramagnet ends where the spectral radius of the non-backtracking operator with weights
``w_ij = tanh(J_ij/T)`` (glass: ``tanh^2``) is 1. By the Ihara-Bass identity that is where the n x n
matrix ``H_ij = delta_ij (1 + sum_k w_ik^2/(1-w_ik^2)) - w_ij/(1-w_ij^2)`` becomes singular.
"""

from __future__ import annotations

import math

import numpy as np
import scipy.sparse as sparse
from numpy.typing import NDArray
from scipy.optimize import brentq
from scipy.sparse.csgraph import connected_components
from scipy.sparse.linalg import eigsh

from sociophysics.errors import InputError, did_you_mean
from sociophysics.society.spins import SpinSystem
from sociophysics.theory.premises import check_symmetric

__all__ = ["critical_temperature"]

Array = NDArray[np.float64]
PHASES = ("ferromagnet", "glass")
STEP = 0.93  # of the scan downwards for the first temperature beyond the transition
STRONGEST = 300.0  # largest |J|/T: sinh(2 J/T) stays a float
LARGE = 20_000  # users from which eigenvalues are found to about 1e-6 only
DENSE = 200  # users up to which a dense eigensolver is faster than Lanczos


def critical_temperature(system: SpinSystem, phase: str = "ferromagnet") -> float:
    """Return the temperature where the paramagnet of a sparse network ends; 0.0 if it never does.

    Where the non-backtracking operator with weights ``tanh(J/T)`` (glass: ``tanh^2(J/T)``) has the
    eigenvalue 1, for weights >= 0 its spectral radius. With couplings of both signs "ferromagnet"
    is the onset of the pattern of stances that fits them best (in a balanced network its two
    sides), and 0.0 where the glass comes first: then ask for "glass".

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
    if phase == "ferromagnet" and J.data.min() < 0:
        glass = _transition(J, "glass")
        beyond = glass > 0 and _largest_eigenvalue(_stability(J, glass, phase), _start(J))[0] > 1
        if not beyond:
            return 0.0
    return _transition(J, phase)


def _transition(J: sparse.csr_array, phase: str) -> float:
    guess = _start(J)

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
    root = 1 / np.sqrt(1 + np.add.reduceat(on, J.indptr[:-1]))
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


def _start(J: sparse.csr_array) -> Array:
    """Return a fixed start of the Lanczos iteration that favors no pattern."""
    return np.asarray(np.random.default_rng(0).random(J.shape[0]) + 0.5)
