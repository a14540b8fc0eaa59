r"""Lower bounds of frustration that hold for any size: eigenvalues and a semidefinite program.

For stances ``s`` and any ``u > 0``, with ``U = diag(u)``,

.. math:: s'Js \le \lambda_{max}(U^{-1/2} J U^{-1/2}) \sum_i u_i ,

so the unsatisfied weight is at least ``W/2 - \lambda_{max} \sum u / 4``, ``W`` the total weight.
``u = 1`` is the eigenvalue bound. The best ``u`` solves the dual of the semidefinite program
``max sum J_ij v_i . v_j`` over unit vectors; vectors of low rank come near it, and whatever ``u``
they give, the bound holds.
"""

from __future__ import annotations

import time

import numpy as np
import scipy.sparse as sparse
from numpy.typing import NDArray
from scipy.linalg import eigh_tridiagonal

from sociophysics.observables.annealing import independent_classes

__all__ = ["at_most", "relaxation_bound"]

RANK = 24  # of the vectors; more come nearer to the best u
SWEEPS = 250
SETTLED = 3e-6  # relative gain of a sweep below which the vectors rest
DENSE = 600  # users up to which all eigenvalues are computed at once
STEPS, FEWEST = 800, 300  # of the polynomial that shuts eigenvalues out; fewer shut out less
LANCZOS = 100  # steps that estimate the ends of a spectrum
FAILURE = 1e-10  # probability that a random start misses the largest eigenvalue's direction

Vector = NDArray[np.float64]


def relaxation_bound(J: sparse.csr_array, rng: np.random.Generator, deadline: float) -> float:
    """Return a lower bound of the weight that any stances leave unsatisfied.

    The better of the eigenvalue and the semidefinite bound.

    Parameters
    ----------
    J : CSR, shape (n, n), symmetric, largest entry of order one
    rng : numpy Generator
    deadline : float
        In the time of ``time.monotonic()``; what is then not sharp stays valid.

    References
    ----------
    Goemans & Williamson, J. ACM 42, 1115 (1995); Burer & Monteiro, Math. Program. 95, 329 (2003);
    Wang, Chang & Kolter, arXiv:1706.00476 (the coordinate ascent).

    Examples
    --------
    >>> triangle = sparse.csr_array(np.eye(3) - np.ones((3, 3)))
    >>> round(relaxation_bound(triangle, np.random.default_rng(1), time.monotonic() + 1), 6)
    0.75
    """
    weight = float(np.abs(J.data).sum()) / 2
    if weight == 0:
        return 0.0
    begin = time.monotonic()
    choices = [np.ones(J.shape[0]), _dual(J, rng, begin + 0.6 * (deadline - begin))]
    scaled = [_between(J, u) for u in choices]
    promised = [_ends(M)[1] * float(u.sum()) for M, u in zip(scaled, choices, strict=True)]
    best = int(np.argmin(promised))
    largest = at_most(scaled[best], rng, deadline)
    return max(0.0, weight / 2 - largest * float(choices[best].sum()) / 4)


def at_most(M: sparse.csr_array, rng: np.random.Generator, deadline: float = np.inf) -> float:
    r"""Return a number that no eigenvalue of a symmetric matrix exceeds.

    Small matrices: the largest eigenvalue and the rounding of its computation. Large ones: for a
    Chebyshev polynomial ``T_q`` and a random unit vector x, ``|T_q(M) x| >= T_q(l) |x_1|`` with
    ``x_1`` the part of x along the eigenvector of the largest eigenvalue l, which is below
    ``p sqrt(pi/2n)`` with probability p at most; p is 1e-10. Estimates of the ends of the spectrum
    only make the bound sharp; it holds whatever they are.

    Parameters
    ----------
    M : sparse array, shape (n, n)
        Symmetric.
    rng : numpy.random.Generator
        Draws the random vector.
    deadline : float
        Time of ``time.monotonic`` after which a coarser bound does.

    References
    ----------
    Kuczynski & Wozniakowski, SIAM J. Matrix Anal. Appl. 13, 1094 (1992).

    Examples
    --------
    >>> pair = sparse.csr_array([[0.0, 1.0], [1.0, 0.0]])
    >>> 0 <= at_most(pair, np.random.default_rng(1)) - 1 < 1e-10
    True
    """
    n = M.shape[0]
    norm = float(abs(M).sum(axis=1).max())
    rounding: float = 1e-12 * max(n, 100) / 100 * norm
    if n <= DENSE:
        return float(np.linalg.eigvalsh(M.toarray())[-1] + rounding)
    low, high = _ends(M)
    slack = 1e-3 * (high - low) + 1e-9 * norm
    low, high = low - 10 * slack, high + slack / 10
    middle, half = (high + low) / 2, (high - low) / 2
    x = rng.normal(size=n)
    x /= _length(x)
    before, now = x, (M @ x - middle * x) / half
    log_scale, steps = 0.0, 1
    while steps < STEPS and (steps < FEWEST or time.monotonic() < deadline):
        steps += 1
        before, now = now, 2 * (M @ now - middle * now) / half - before
        size = _length(now)
        if size > 1e100:  # an end was badly guessed: the bound is wide, and still one
            before, now, log_scale = before / size, now / size, log_scale + np.log(size)
    log_part = np.log(FAILURE) + np.log(np.pi / (2 * n)) / 2
    log_ratio = np.log(_length(now) + 1e-300) + log_scale - log_part
    # T_q(y) = cosh(q arccosh y), and arccosh r <= ln 2r.
    beyond = np.cosh(max(0.0, log_ratio + np.log(2)) / steps)
    return float(min(norm, middle + half * beyond) + rounding)


def _ends(M: sparse.csr_array) -> tuple[float, float]:
    """Return estimates of the smallest and the largest eigenvalue, by Lanczos."""
    n = M.shape[0]
    x = np.random.Generator(np.random.PCG64(0)).normal(size=n)
    x /= _length(x)
    before, link = np.zeros(n), 0.0
    diagonal, links = [], []
    for _ in range(min(LANCZOS, n)):
        y = M @ x - link * before
        diagonal.append(float((x * y).sum()))
        y -= diagonal[-1] * x
        link = _length(y)
        if link < 1e-12:
            break
        links.append(link)
        before, x = x, y / link
    ritz = eigh_tridiagonal(diagonal, links[: len(diagonal) - 1], eigvals_only=True)
    return float(ritz[0]), float(ritz[-1])


def _between(J: sparse.csr_array, u: Vector) -> sparse.csr_array:
    """Return ``U^-1/2 J U^-1/2``, symmetric to the last bit."""
    row = np.repeat(np.arange(J.shape[0]), np.diff(J.indptr))
    data = J.data / np.sqrt(u[row] * u[J.indices])
    return sparse.csr_array((data, J.indices, J.indptr), shape=J.shape)


def _dual(J: sparse.csr_array, rng: np.random.Generator, deadline: float) -> Vector:
    """Return ``u_i = |sum_j J_ij v_j|`` at rest: the multipliers of ``|v_i| = 1``."""
    n = J.shape[0]
    v = rng.normal(size=(n, min(RANK, n)))
    v /= np.sqrt((v * v).sum(axis=1, keepdims=True))
    classes = [(users, J[users]) for users in independent_classes(J, rng)]
    reached = 0.0
    for _ in range(SWEEPS):
        total = 0.0
        for users, rows in classes:
            pull = rows @ v
            size = np.sqrt((pull * pull).sum(axis=1, keepdims=True))
            v[users] = np.divide(pull, size, out=v[users], where=size > 0)
            total += float(size.sum())
        if total - reached < SETTLED * total or time.monotonic() > deadline:
            break
        reached = total
    pull = J @ v
    u: Vector = np.sqrt((pull * pull).sum(axis=1))
    lowest: Vector = np.maximum(u, 1e-3 * u.mean())
    return lowest


def _length(x: Vector) -> float:
    # Threads of BLAS cost more than they save here, and sum in an order of their own.
    return float(np.sqrt((x * x).sum()))
