"""The ties of a system as arrays, made once per system: what every edge observable sums over."""

from __future__ import annotations

from dataclasses import dataclass
from weakref import WeakKeyDictionary

import numpy as np
import scipy.sparse as sparse
from numpy.typing import NDArray

from sociophysics.errors import InputError
from sociophysics.society.spins import SpinSystem

__all__ = ["Ties", "joined", "require_undirected", "ties"]


@dataclass(frozen=True, eq=False, slots=True)
class Ties:
    """Every tie with ``J_ij != 0``, once: ``i < j`` if ``J`` is symmetric, else as directed.

    Attributes
    ----------
    source, target : int array, shape (m,)
    coupling : float array, shape (m,)
    once : CSR (n, n), 1 where a tie is listed
    sign : CSR (n, n), the sign of ``J`` where a tie is listed
    neighbours : CSR (n, n), 1 at all ``J_ij != 0``: row ``i`` holds whom ``i`` listens to
    degree : int array, shape (n,), the size of each row of ``neighbours``
    """

    source: NDArray[np.int64]
    target: NDArray[np.int64]
    coupling: NDArray[np.float64]
    once: sparse.csr_array
    sign: sparse.csr_array
    neighbours: sparse.csr_array
    degree: NDArray[np.int64]

    @property
    def count(self) -> int:
        """Number of ties."""
        return int(self.source.size)


# A system is frozen, so what is derived from it once stays true; it goes when the system goes.
_KNOWN: WeakKeyDictionary[SpinSystem, Ties] = WeakKeyDictionary()


def ties(system: SpinSystem) -> Ties:
    """Return the ties of ``system``; pairs stored with ``J_ij = 0`` are not ties.

    Examples
    --------
    >>> ties(SpinSystem.from_edges([0, 1], [1, 2], [1.0, -0.5])).coupling
    array([ 1. , -0.5])
    """
    known = _KNOWN.get(system)
    if known is None:
        known = _KNOWN[system] = _listed(system)
    return known


def _listed(system: SpinSystem) -> Ties:
    n = system.n
    entries = system.J.tocoo()
    tie = entries.data != 0
    row, column, J = entries.row[tie], entries.col[tie], entries.data[tie]
    neighbours = sparse.csr_array((np.ones(row.size), (row, column)), shape=(n, n))
    degree = np.diff(neighbours.indptr).astype(np.int64)
    if system.is_symmetric:
        upper = row < column
        row, column, J = row[upper], column[upper], J[upper]
    once = sparse.csr_array((np.ones(row.size), (row, column)), shape=(n, n))
    sign = sparse.csr_array((np.sign(J), (row, column)), shape=(n, n))
    source, target = row.astype(np.int64), column.astype(np.int64)
    return Ties(source, target, J, once, sign, neighbours, degree)


def require_undirected(system: SpinSystem, measure: str) -> None:
    """Raise if the couplings are directed and ``measure`` is defined on undirected ties only.

    Raises
    ------
    InputError
    """
    if not system.is_symmetric:
        raise InputError(
            f"{measure} needs undirected ties, but the couplings are directed (J_ij != J_ji); "
            "make the network undirected first."
        )


def joined(
    system: SpinSystem,
    source: NDArray[np.int64],
    target: NDArray[np.int64],
    coupling: NDArray[np.float64],
) -> SpinSystem:
    """Return a system's users, fields and names with these ties instead of its own.

    Ties are mutual if those of the system are, else the source listens to the target.

    Examples
    --------
    >>> path = SpinSystem.from_edges([0, 1], [1, 2])
    >>> joined(path, np.array([0]), np.array([2]), np.array([1.0])).J.toarray().tolist()
    [[0.0, 0.0, 1.0], [0.0, 0.0, 0.0], [1.0, 0.0, 0.0]]
    """
    ends, values = (source, target), coupling
    if system.is_symmetric:
        ends = np.concatenate([source, target]), np.concatenate([target, source])
        values = np.tile(coupling, 2)
    J = sparse.csr_array((values, ends), shape=(system.n, system.n))
    return SpinSystem(J, system.h, system.labels, system.nodes)
