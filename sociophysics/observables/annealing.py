"""Low-energy configurations of a signed network by simulated annealing of many copies at once.

No two users of one class are tied, so a class is updated at once in all copies by one sparse
product: this needs no compiled code and serves as the first guess of the exact search.
"""

from __future__ import annotations

import time

import numpy as np
import scipy.sparse as sparse
from numpy.typing import NDArray

__all__ = ["anneal", "independent_classes"]

Spins = NDArray[np.float64]


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
        ``time.monotonic()`` at which cooling stops and descent begins.

    Examples
    --------
    >>> pair = sparse.csr_array([[0.0, -1.0], [-1.0, 0.0]])
    >>> rng = np.random.default_rng(1)
    >>> s = anneal(pair, copies=2, sweeps=5, rng=rng, deadline=time.monotonic() + 1)
    >>> (s[:, 0] * s[:, 1]).tolist()
    [-1, -1]
    """
    n = J.shape[0]
    s: Spins = rng.choice([-1.0, 1.0], size=(n, copies))
    classes = [(users, J[users]) for users in independent_classes(J, rng)]
    scale = np.sqrt(np.asarray(J.multiply(J).sum(axis=1)).ravel())[:, np.newaxis]
    for temperature in np.linspace(1.2, 0.0, sweeps, endpoint=False):
        if time.monotonic() > deadline:
            break
        for users, rows in classes:
            noise = rng.logistic(scale=temperature / 2, size=(users.size, copies)) * scale[users]
            s[users] = np.where(rows @ s + noise > 0, 1.0, -1.0)
    falling = True
    while falling:
        falling = False
        for users, rows in classes:
            flip = s[users] * (rows @ s) < 0
            if flip.any():
                s[users] = np.where(flip, -s[users], s[users])
                falling = True
    return np.ascontiguousarray(s.T, dtype=np.int8)


def independent_classes(J: sparse.csr_array, rng: np.random.Generator) -> list[NDArray[np.int64]]:
    """Return classes of users, none tied within a class, that together hold every tied user.

    Each class takes the users of highest random priority among their neighbours not yet in one.

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
