"""Trees of who was changed by whom."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from sociophysics.engine.cascade import NEVER

__all__ = ["structural_virality"]


def structural_virality(parents: ArrayLike) -> float:
    """Return the mean distance of all pairs of users within the same tree of a cascade.

    About 2 for broadcasts (one author reaches everybody), growing with the depth of chains. NaN if
    nobody was reached.

    Parameters
    ----------
    parents : int array, shape (n,)
        Who reached user i; -1 for roots, -2 for users not reached.

    References
    ----------
    S. Goel, A. Anderson, J. Hofman, D. J. Watts, Manage. Sci. 62, 180 (2016).

    Examples
    --------
    A star of four, and a chain of three:

    >>> structural_virality([-1, 0, 0, 0]), round(structural_virality([-1, 0, 1]), 4)
    (1.5, 1.3333)
    """
    parent = np.asarray(parents, dtype=np.int64)
    root, order = _roots(parent)
    below = (parent != NEVER).astype(np.int64)
    for i in order[::-1]:
        if parent[i] >= 0:
            below[parent[i]] += below[i]
    size = below[root]
    # Every tie of a tree separates the users below it from the rest of their tree.
    inner = parent >= 0
    distance = (below[inner] * (size[inner] - below[inner])).sum()
    trees = below[parent == -1]
    pairs = (trees * (trees - 1) // 2).sum()
    return float(distance / pairs) if pairs else np.nan


def _roots(parent: NDArray[np.int64]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return the root of every user and an order in which parents come before children."""
    root = np.where(parent == -1, np.arange(parent.size), 0)
    children: dict[int, list[int]] = {}
    for i in np.flatnonzero(parent >= 0).tolist():
        children.setdefault(int(parent[i]), []).append(i)
    order = np.flatnonzero(parent == -1).tolist()
    for i in order:
        for child in children.get(i, ()):
            root[child] = root[i]
            order.append(child)
    return root, np.array(order, dtype=np.int64)
