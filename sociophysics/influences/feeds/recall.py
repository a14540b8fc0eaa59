"""What a feed saw and showed last, so that a refresh looks only at what changed since."""

from __future__ import annotations

import copy
from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
import scipy.sparse as sparse
from numpy.typing import NDArray

from sociophysics.influences.feeds.pools import Pool

__all__ = ["Arm", "ArmsRecall", "Listeners", "Recall", "listeners_of"]

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

    def of_readers(self, readers: NDArray[np.bool_]) -> Listeners:
        """Return those of some readers, in the same form: what these are shown is the same."""
        kept = readers[self.indices]
        indptr = np.append(0, np.cumsum(kept))[self.indptr]
        shares = self.shares[kept] if self.shares.size else self.shares
        whole = np.where(readers, self.whole, 0) if self.whole.size else self.whole
        return Listeners(indptr, self.indices[kept], shares, whole)


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
        # numba is loaded by what computes, not by what reads a scenario.
        from sociophysics.engine import following, ranking

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


class Arm(NamedTuple):
    """One of several feeds that each show posts to readers of their own."""

    pool: Pool | None  # of everybody; None: readers are shown what goes with their own stance
    ranker: tuple[
        float, float
    ]  # where there is no pool: what is shown to those of stance -1 and +1
    readers: NDArray[np.bool_]  # (n,)
    posts: int | None = None  # slots of each reader; None: the expected feed


class _Groups(NamedTuple):
    """Pools of groups side by side, as ``ranking.rank_readers`` takes them."""

    classes: NDArray[np.int64]
    groups_of: NDArray[np.int64]
    sizes: NDArray[np.int64]
    group_weights: NDArray[np.float64]
    counts: NDArray[np.int64]
    own: NDArray[np.int64]
    rankers: NDArray[np.float64]
    fixed: NDArray[np.float64]
    places: NDArray[np.int64]
    everybody: bool


class ArmsRecall:
    """Expected feeds side by side, all brought up to date in one pass.

    Followed parts of the pools are one list of listeners, in which everybody is heard with the
    weights of the reader's own arm: what a reader is shown is bit for bit what ``Recall`` of the
    arm alone would show.

    Parameters
    ----------
    arms : sequence of Arm

    Attributes
    ----------
    slots : int array, shape (n,)
        Posts drawn for each reader: -1 shows the expected feed, 0 nothing.
    drawn : bool
        Whether there are slots at all.
    """

    def __init__(self, arms: Sequence[Arm]) -> None:
        self._arms = tuple(arms)
        n = self._arms[0].readers.size
        self._column, self.slots = np.zeros(n, np.int8), np.zeros(n, np.int64)
        self.drawn = any(arm.posts is not None for arm in arms)
        self._rankers = np.array([arm.ranker for arm in self._arms], dtype=np.float64).T.copy()
        self._apart, heard, grouped = [], [], []
        for k, arm in enumerate(self._arms):
            self._column[arm.readers] = k
            if arm.pool is None or arm.pool.sizes.size:
                grouped.append(arm)
            reached = arm.readers if arm.pool is None else arm.readers & arm.pool.reached
            self.slots[reached] = -1 if arm.posts is None else arm.posts
            if arm.pool is None or arm.pool.sizes.size:
                continue
            listeners = listeners_of(arm.pool).of_readers(arm.readers)
            if listeners.whole.size:
                heard.append(listeners)
            else:
                own = arm.pool.of_readers(arm.readers)
                self._apart.append((arm.readers, Recall(own, *arm.ranker, listeners)))
        self._heard = _joined(heard, n) if heard else None
        # Without a pass over listeners that writes to everybody, this one does.
        self._groups = _grouped(grouped, n, everybody=not heard) if grouped else None
        self._whole = bool(heard or grouped)
        self._seen, self._shown = NOTHING.astype(np.int8), NOTHING
        self._sums = np.zeros((0, 0), np.int64)

    def apart(self) -> ArmsRecall:
        """Return another recall of the same arms, for another group of replicas."""
        other = copy.copy(self)
        other._apart = [(readers, recall.apart()) for readers, recall in self._apart]
        other._seen, other._shown = NOTHING.astype(np.int8), NOTHING
        other._sums = np.zeros((0, 0), np.int64)
        return other

    def shown(self, spins: Spins) -> tuple[Spins, Field]:
        """Return a copy of the stances and the mean stance shown to everyone, (replicas, n).

        Both are kept, to compare with the next time: they must not be written to.
        """
        from sociophysics.engine import following, ranking

        seen = spins.copy()
        shown = np.empty(spins.shape) if self._whole else np.zeros(spins.shape)
        if self._heard is not None:
            if self._seen.shape != spins.shape:
                self._seen, self._shown = NOTHING.astype(np.int8), NOTHING
                self._sums = np.zeros(spins.shape, np.int64)
            following.rank_arms(
                *(spins, self._seen, self._shown),
                *(*self._heard, self._column, self._rankers, self._sums, shown),
                np.zeros(len(spins), np.int64),
            )
            self._seen, self._shown = seen, shown
        if self._groups is not None:
            ranking.rank_readers(spins, *self._groups, shown)
        for readers, recall in self._apart:
            np.copyto(shown, recall.shown(spins)[1], where=readers)
        return seen, shown


def _joined(parts: Sequence[Listeners], n: int) -> Listeners:
    """Return listeners of several arms, no user of two, as one."""
    if len(parts) == 1:
        return parts[0]
    counted = not any(part.shares.size for part in parts)
    column = np.concatenate([np.repeat(np.arange(n), np.diff(part.indptr)) for part in parts])
    order = np.argsort(column, kind="stable")
    indices = np.concatenate([part.indices for part in parts])[order]
    shares = [part.shares if part.shares.size else np.ones_like(part.indices) for part in parts]
    return Listeners(
        np.append(0, np.cumsum(np.bincount(column, minlength=n))),
        indices,
        np.zeros(0, np.int64) if counted else np.concatenate(shares).astype(np.int64)[order],
        np.sum([part.whole for part in parts], axis=0),
    )


def _grouped(arms: Sequence[Arm], n: int, *, everybody: bool) -> _Groups:
    """Return arms whose readers are shown means of groups, or what goes with their own stance.

    With ``everybody`` the others are shown 0, else nothing is written for them.
    """
    pools = [(arm.pool, arm.readers) for arm in arms if arm.pool is not None]
    rankers = [arm.ranker for arm in arms if arm.pool is not None]
    groups = np.array([pool.groups for pool, _ in pools], np.int64).reshape(-1, n)
    groups_of, classes = np.unique(groups, axis=1, return_inverse=True)
    counts = np.array([pool.sizes.size for pool, _ in pools], np.int64)
    most = int(counts.max(initial=0))
    sizes = np.zeros((len(pools), most), np.int64)
    weights = np.zeros((len(pools), most, most))
    fixed = [0.0, 0.0]
    after = 2 * most * len(pools)
    places = np.full(n, after if everybody else -1, np.int64)
    for a, ((pool, readers), count) in enumerate(zip(pools, counts.tolist(), strict=True)):
        sizes[a, :count], weights[a, :count, :count] = pool.sizes, pool.group_weights
        places[readers] = 2 * (most * a + pool.groups[readers])
    for arm in arms:
        if arm.pool is None:
            places[arm.readers] = after + len(fixed)
            fixed += arm.ranker
    return _Groups(
        np.ravel(classes).astype(np.int64), np.ascontiguousarray(groups_of), sizes, weights, counts,
        np.array([int(pool.own) for pool, _ in pools], np.int64),
        np.array(rankers, np.float64).reshape(-1, 2), np.array(fixed), places, everybody,
    )  # fmt: skip
