"""Low-energy configurations of a signed network by simulated annealing of many copies at once.

Small networks: no two users of one class are tied, so a class is updated at once in all copies by
one sparse product, without compiled code. Large ones: sweeps of the engine, several times faster.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import suppress

import numpy as np
import scipy.sparse as sparse
from numpy.typing import NDArray

from sociophysics.engine.fixed_point import encode_couplings, encode_state, read_spins, thresholds
from sociophysics.engine.glauber import sweep_sequential
from sociophysics.errors import InputError

__all__ = ["anneal", "independent_classes"]

Spins = NDArray[np.float64]
Classes = list[tuple[NDArray[np.int64], sparse.csr_array]]
HOTTEST = 1.2  # in units of each user's sqrt(sum_j J_ij^2)
COMPILED = 200_000  # stored couplings from which loading compiled code pays


def anneal(
    J: sparse.csr_array,
    *,
    copies: int,
    sweeps: int,
    rng: np.random.Generator,
    deadline: float,
) -> NDArray[np.int8]:
    """Return configurations at the end of a linear cooling from T = 1.2 to 0, shape (copies, n).

    The temperature is in units of each user's ``sqrt(sum_j J_ij^2)``, so hubs and leaves freeze
    together; heat-bath updates, then descent until no flip lowers the energy.

    Parameters
    ----------
    J : CSR, shape (n, n), symmetric
    copies, sweeps : int
    rng : numpy Generator
    deadline : float
        ``time.monotonic()`` by which cooling is over, faster if need be; then comes the descent.

    Examples
    --------
    >>> pair = sparse.csr_array([[0.0, -1.0], [-1.0, 0.0]])
    >>> rng = np.random.default_rng(1)
    >>> s = anneal(pair, copies=2, sweeps=5, rng=rng, deadline=time.monotonic() + 1)
    >>> (s[:, 0] * s[:, 1]).tolist()
    [-1, -1]
    """
    scale = np.sqrt(np.asarray(J.multiply(J).sum(axis=1)).ravel())
    cooling = _temperatures(sweeps, deadline)
    classes = [(users, J[users]) for users in independent_classes(J, rng)]
    s: Spins | None = None
    if J.nnz >= COMPILED:
        with suppress(InputError):  # couplings that span more than the engine's words
            s = _cooled_by_the_engine(J, scale, cooling, copies, rng)
    if s is None:
        s = _cooled_by_class(classes, scale, cooling, copies, rng)
    falling = True
    while falling:
        falling = False
        for users, rows in classes:
            flip = s[users] * (rows @ s) < 0
            if flip.any():
                s[users] = np.where(flip, -s[users], s[users])
                falling = True
    return np.ascontiguousarray(s.T, dtype=np.int8)


def _temperatures(sweeps: int, deadline: float) -> Iterator[float]:
    """Yield the temperature of each sweep; fewer where the clock runs faster than the sweeps."""
    start = time.monotonic()
    for sweep in range(sweeps):
        elapsed = (time.monotonic() - start) / max(deadline - start, 1e-9)
        passed = max(sweep / sweeps, elapsed)
        if passed >= 1:
            return
        yield HOTTEST * (1 - passed)


def _cooled_by_class(
    classes: Classes,
    scale: NDArray[np.float64],
    cooling: Iterator[float],
    copies: int,
    rng: np.random.Generator,
) -> Spins:
    s: Spins = rng.choice([-1.0, 1.0], size=(scale.size, copies))
    for temperature in cooling:
        for users, rows in classes:
            noise = rng.logistic(scale=temperature / 2, size=(users.size, copies))
            s[users] = np.where(rows @ s + noise * scale[users, np.newaxis] > 0, 1.0, -1.0)
    return s


def _cooled_by_the_engine(
    J: sparse.csr_array,
    scale: NDArray[np.float64],
    cooling: Iterator[float],
    copies: int,
    rng: np.random.Generator,
) -> Spins:
    # One temperature for fields in units of each user's own scale.
    own = sparse.csr_array(sparse.diags_array(1 / np.where(scale > 0, scale, 1.0)) @ J)
    couplings = encode_couplings(own, 0.0)
    spins = rng.choice(np.array([-1, 1], np.int8), size=(copies, scale.size))
    state = encode_state(spins, np.zeros(scale.size), couplings)
    keys = rng.integers(0, 2**64, size=(copies, 2), dtype=np.uint64)
    nobody, flipped = np.zeros((copies, 0), np.uint8), np.zeros(copies, np.int64)
    for sweep, temperature in enumerate(cooling):
        sweep_sequential(
            state, couplings.indptr, couplings.rows, *thresholds(temperature, couplings),
            nobody, keys, sweep, 1, flipped,
        )  # fmt: skip
    read_spins(state, spins)
    return np.ascontiguousarray(spins.T, dtype=np.float64)


def independent_classes(J: sparse.csr_array, rng: np.random.Generator) -> list[NDArray[np.int64]]:
    """Return classes of users, none tied within a class, that together hold every tied user.

    Each class takes the users of highest random priority among their neighbours not yet in one.

    Parameters
    ----------
    J : sparse array, shape (n, n)
        Its pattern says who is tied; symmetric.
    rng : numpy.random.Generator
        Draws the priorities.

    References
    ----------
    Jones & Plassmann, SIAM J. Sci. Comput. 14, 654 (1993).

    Examples
    --------
    >>> triangle = sparse.csr_array(np.ones((3, 3)) - np.eye(3))
    >>> [users.size for users in independent_classes(triangle, np.random.default_rng(1))]
    [1, 1, 1]
    """
    n = J.shape[0]
    row = np.repeat(np.arange(n), np.diff(J.indptr))
    column = J.indices
    left = np.diff(J.indptr) > 0
    priority = rng.permutation(n)
    classes = []
    while left.any():
        open_ties = left[row] & left[column]
        row, column = row[open_ties], column[open_ties]
        highest = np.full(n, -1)
        np.maximum.at(highest, row, priority[column])
        chosen = left & (priority > highest)
        classes.append(np.flatnonzero(chosen))
        left &= ~chosen
    return classes
