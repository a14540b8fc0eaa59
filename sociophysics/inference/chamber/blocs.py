"""Party blocs found from couplings alone, without party labels."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

__all__ = ["party_blocs"]

Array = NDArray[np.float64]


def party_blocs(coupling: Array) -> NDArray[np.int64]:
    """Return the two blocs, 0 or 1 for each member, of largest signed modularity.

    ``Q = sum_ij (J+_ij - k+_i k+_j / 2m+ - J-_ij + k-_i k-_j / 2m-) [bloc_i = bloc_j]`` with the
    positive and negative parts of the couplings: sign of the leading eigenvector, then moves of
    single members as long as one helps. Bloc 0 is the larger one. All members are in bloc 0 where
    no division has positive modularity.

    Parameters
    ----------
    coupling : array, shape (n, n), symmetric

    References
    ----------
    Newman 2006, PNAS 103, 8577; Gomez, Jensen & Arenas 2009, Phys. Rev. E 80, 016114.

    Examples
    --------
    >>> camps = np.array([0, 0, 0, 1, 1])
    >>> party_blocs(np.where(camps[:, None] == camps, 1.0, -0.5) - np.eye(5))
    array([0, 0, 0, 1, 1])
    """
    modularity = _modularity(np.maximum(coupling, 0.0)) - _modularity(np.maximum(-coupling, 0.0))
    _, vectors = np.linalg.eigh(modularity)
    side = np.where(vectors[:, -1] >= 0, 1.0, -1.0)
    np.fill_diagonal(modularity, 0.0)
    pull = modularity @ side
    for _ in range(10 * len(side)):
        gain = -2 * side * pull
        who = int(gain.argmax())
        if gain[who] <= 1e-12:
            break
        side[who] = -side[who]
        pull += 2 * side[who] * modularity[who]
    blocs: NDArray[np.int64] = (side != (1.0 if side.sum() >= 0 else -1.0)).astype(np.int64)
    return blocs


def _modularity(strength: Array) -> Array:
    total = float(strength.sum())
    if total == 0.0:
        return np.zeros_like(strength)
    degree = strength.sum(axis=1)
    centred: Array = strength - np.outer(degree, degree) / total
    return centred
