"""The strongest ties among all pairs of members."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from sociophysics.live.network_picture import NetworkPicture, picture
from sociophysics.society.spins import SpinSystem

__all__ = ["placed", "strongest"]

Floats = NDArray[np.float64]

PLACING = 5.0  # ties per member whose pull decides who is drawn near whom


def strongest(coupling: Floats, per_member: float, names: Sequence[str]) -> SpinSystem:
    """Return the strongest ties of either sign, ``per_member`` times the members.

    Parameters
    ----------
    coupling : array, shape (n, n)
        Symmetric.
    per_member : float
        How many ties are kept, over the number of members.
    names : sequence of str
        The members'.

    Examples
    --------
    >>> coupling = np.array([[0, 3, -1], [3, 0, -2], [-1, -2, 0]])
    >>> strongest(coupling, 0.67, "abc").J.toarray().tolist()
    [[0.0, 3.0, 0.0], [3.0, 0.0, -2.0], [0.0, -2.0, 0.0]]
    """
    n = len(coupling)
    i, j = np.triu_indices(n, 1)
    values = coupling[i, j]
    kept = np.argsort(-np.abs(values), kind="stable")[: max(1, round(per_member * n))]
    few = np.zeros((n, n))
    few[i[kept], j[kept]] = few[j[kept], i[kept]] = values[kept]
    return SpinSystem(few, None, list(names))


def placed(coupling: Floats, side: NDArray[np.int64], names: Sequence[str]) -> NetworkPicture:
    """Return the picture in which members stand near those who pull them most."""
    return picture(strongest(np.maximum(coupling, 0.0), PLACING, names), side)
