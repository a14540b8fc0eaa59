"""All 2^n stance patterns of a small society, their energies and their local fields.

State number ``k`` has user ``i`` at +1 where bit ``i`` of ``k`` is set and at -1 where it is not.
A linear form over all states is built by doubling, user by user, in O(2^n) and without a
2^n x n array of floats.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from sociophysics.society.spins import SpinSystem

__all__ = ["all_states", "energies", "linear_form", "local_field", "state_number"]


def all_states(n: int) -> NDArray[np.int8]:
    """Return the 2^n patterns, shape (2^n, n), int8.

    Examples
    --------
    >>> all_states(2)
    array([[-1, -1],
           [ 1, -1],
           [-1,  1],
           [ 1,  1]], dtype=int8)
    """
    states = np.empty((1 << n, n), np.int8)
    for i in range(n):
        column = states[:, i].reshape(-1, 2, 1 << i)
        column[:, 0], column[:, 1] = -1, 1
    return states


def state_number(spins: ArrayLike) -> NDArray[np.int64]:
    """Return the number of a pattern, shape (), or of many, shape (replicas,).

    Examples
    --------
    >>> int(state_number([1, -1, 1]))
    5
    """
    s = np.asarray(spins)
    number: NDArray[np.int64] = (s > 0) @ (1 << np.arange(s.shape[-1], dtype=np.int64))
    return number


def linear_form(coefficients: ArrayLike) -> NDArray[np.float64]:
    """Return ``sum_i c_i s_i`` for every state, shape (2^n,).

    Examples
    --------
    >>> linear_form([1.0, 10.0])
    array([-11.,  -9.,   9.,  11.])
    """
    total = np.zeros(1)
    for c in np.asarray(coefficients, dtype=float):
        total = np.concatenate([total - c, total + c])
    return total


def local_field(system: SpinSystem, i: int) -> NDArray[np.float64]:
    """Return ``f_i = sum_j J_ij s_j + h_i`` of user ``i`` in every state, shape (2^n,).

    Parameters
    ----------
    system : SpinSystem
    i : int
        Index of the user.

    Examples
    --------
    >>> local_field(SpinSystem([[0, 2], [2, 0]]), 0)
    array([-2., -2.,  2.,  2.])
    """
    return linear_form(system.J[[i], :].toarray()[0]) + float(system.h[i])


def energies(system: SpinSystem) -> NDArray[np.float64]:
    """Return the total energy ``E = -1/2 s'Js - h's`` of every state, shape (2^n,).

    Examples
    --------
    >>> energies(SpinSystem([[0, 1], [1, 0]], h=[0.5, 0]))
    array([-0.5,  0.5,  1.5, -1.5])
    """
    J = system.J.toarray()
    total = np.zeros(1)
    for i in range(system.n):
        field = linear_form(J[i, :i]) + system.h[i]
        total = np.concatenate([total + field, total - field])
    return total
