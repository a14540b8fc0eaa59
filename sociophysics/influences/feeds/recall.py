"""What a feed saw and showed last, so that a refresh looks only at what changed since."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import scipy.sparse as sparse
from numpy.typing import NDArray

from sociophysics.engine import following, ranking
from sociophysics.influences.feeds.pools import Pool

__all__ = ["Listeners", "Recall", "listeners_of"]

Spins = NDArray[np.int8]
Field = NDArray[np.float64]
WHOLE = 2.0**61  # fixed-point weight of a pool, twice which an int64 holds
SMALLEST_SHARE = 2.0**-21  # weight whose relative error in fixed point is 2^-41
NOTHING: NDArray[Any] = np.zeros((0, 0))


class Listeners(NamedTuple):
    """The followed part of a pool by columns: who follows user j, and with what weight."""

    indptr: NDArray[np.int64]  # (n + 1,)
    indices: NDArray[np.int32]
    shares: NDArray[np.int64]  # in fixed point; an empty array: all are 1
    whole: NDArray[np.int64]  # (n,): what they stand for together; (0,): not in fixed point


def listeners_of(pool: Pool) -> Listeners:
    """Return the followed part of a pool by columns, in fixed point where that carries it.

    Rows of equal weights count followed users, exactly. Other rows are rounded to 2^-62 of their
    pool, unless some weight is so small that this would show. In signed pools a row stands for what
    its weights say: a side that is absent counts 0, and the other one no more for that.

    Examples
    --------
    >>> from sociophysics.influences.feeds.pools import build_pool
    >>> from sociophysics.society.spins import SpinSystem
    >>> star = SpinSystem.from_edges([0, 0], [1, 2])
    >>> listeners_of(build_pool("followed", star, None)).whole
    array([2, 1, 1])
    """
    n, degree = pool.reached.size, np.diff(pool.indptr)
    row = np.repeat(np.arange(n), degree)
    position = np.arange(pool.indices.size)
    columns = sparse.csr_array((position, pool.indices, pool.indptr), shape=(n, n)).tocsc()
    order = columns.data
    heard, listeners = columns.indptr.astype(np.int64), columns.indices.astype(np.int32)
    if np.array_equal(heard, pool.indptr) and np.array_equal(listeners, pool.indices):
        heard, listeners = pool.indptr, pool.indices  # all follow each other: one copy will do
    none = np.zeros(0, np.int64)
    signed = pool.signed
    first = pool.weights[pool.indptr[row]]
    odd = np.zeros(n, np.bool_)
    odd[row[pool.weights != first]] = True
    if not (odd.any() or signed):
        return Listeners(heard, listeners, none, degree)
    uneven = odd[row] | signed
    if np.abs(pool.weights[uneven]).min() < SMALLEST_SHARE:
        return Listeners(heard, listeners, none, none)
    shares = np.where(uneven, np.rint(pool.weights * WHOLE), 1.0).astype(np.int64)
    whole = np.zeros(n, np.int64)
    np.add.at(whole, row, shares)
    if signed:
        whole[:] = np.where(degree > 0, int(WHOLE), 0)
    return Listeners(heard, listeners, shares[order], whole)


class Recall:
    """Expected feeds of one group of replicas, brought up to date from refresh to refresh.

    It is never needed for a result: whatever the stances were before, a refresh gives the numbers
    it would give without one, so states of trajectories leave it out.

    Parameters
    ----------
    pool : Pool
    alpha, gamma : float
        The ranker.
    listeners : Listeners, optional
        Of the pool, if they are known.

    Attributes
    ----------
    looked : int array, shape (replicas,)
        Users who were ranked again in the last refresh; pools of groups rank groups instead.
    """

    def __init__(
        self, pool: Pool, alpha: float, gamma: float, listeners: Listeners | None = None
    ) -> None:
        self.pool, self.alpha, self.gamma = pool, alpha, gamma
        self.looked = np.zeros(0, np.int64)
        self._listeners = listeners
        if listeners is None and pool.sizes.size == 0:
            self._listeners = listeners_of(pool)
        self._seen, self._shown = NOTHING.astype(np.int8), NOTHING
        self._sums = np.zeros((0, 0), np.int64)

    def apart(self) -> Recall:
        """Return another recall of the same pool and ranker, for another group of replicas."""
        return Recall(self.pool, self.alpha, self.gamma, self._listeners)

    def shown(self, spins: Spins) -> tuple[Spins, Field]:
        """Return a copy of the stances and the mean stance shown to everyone, (replicas, n).

        Both are kept, to compare with the next time: they must not be written to.
        """
        shown, seen = np.empty(spins.shape), spins.copy()
        self.looked = np.zeros(len(spins), np.int64)
        pool = self.pool
        if self._listeners is None:
            ranking.rank_groups(spins, *pool[3:7], self.alpha, self.gamma, shown)
            return seen, shown
        if self._seen.shape != spins.shape:
            self._seen, self._shown = NOTHING.astype(np.int8), NOTHING
            self._sums = np.zeros(spins.shape, np.int64)
        last, ranker = (spins, self._seen, self._shown), (self.alpha, self.gamma)
        heard, listeners, shares, whole = self._listeners
        if whole.size:
            following.rank_sums(
                *last, heard, listeners, shares, whole, *ranker, self._sums, shown, self.looked
            )
        else:
            following.rank_rows(*last, *pool[:3], heard, listeners, *ranker, shown, self.looked)
        self._seen, self._shown = seen, shown
        return seen, shown
