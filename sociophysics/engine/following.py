"""Array kernels of feeds that show posts of followed users: only what changed is ranked again.

A pool gives user ``i`` the weight ``w_ij`` on followed users. Weights in fixed point add without
error, so the sum of the stances followed, kept up to date flip by flip, equals the sum computed
anew. Weights that span too much for that are summed in the order of the row, each time anew. Either
way what a user is shown does not depend on who else was looked at.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from sociophysics.engine.compilation import njit
from sociophysics.engine.ranking import disfavor, plain, respond

__all__ = ["rank_arms", "rank_rows", "rank_sums"]

Array = NDArray[Any]
U64 = np.uint64
ONE = U64(1)
CASES = 4096  # answers remembered within one refresh


@njit(inline="always")
def where(marks: Array, queue: Array) -> Any:
    """Write the positions of the marks into ``queue``; return how many (no branch to guess)."""
    count = U64(0)
    for i in range(U64(marks.shape[0])):
        queue[count] = i
        count += U64(marks[i])
    return count


@njit(inline="always")
def where_flipped(now: Array, before: Array, queue: Array) -> Any:
    """Write the users whose stance differs into ``queue``; return how many."""
    count = U64(0)
    for j in range(U64(now.shape[0])):
        queue[count] = j
        count += U64(now[j] != before[j])
    return count


@njit(inline="always")
def hear(
    change: int, j: Any, heard: Array, listeners: Array, shares: Array, sums: Array, marks: Array
) -> None:
    """Add ``change`` to the sums of those who follow ``j``, and mark them."""
    if shares.shape[0] > 0:
        for p in range(U64(heard[j]), U64(heard[j + ONE])):
            i = U64(listeners[p])
            sums[i] += change * shares[p]
            marks[i] = 1
    else:
        for p in range(U64(heard[j]), U64(heard[j + ONE])):
            i = U64(listeners[p])
            sums[i] += change
            marks[i] = 1


@njit(inline="always")
def answer(whole: int, total: int, stance: int, alpha: float, gamma: float, factor: float) -> Any:
    """Return the mean stance shown where the stances followed sum to ``total``."""
    if alpha == 0.0 and gamma == 0.0:
        return plain(np.float64(total) / np.float64(whole))
    scale = 0.5 / np.float64(whole)
    up, down = scale * np.float64(whole + total), scale * np.float64(whole - total)
    return respond(up, down, stance, alpha, gamma, factor)


@njit(cache=True, nogil=True, boundscheck=False)
def rank_sums(
    spins: Array,
    seen: Array,
    before: Array,
    heard: Array,
    listeners: Array,
    shares: Array,
    whole: Array,
    alpha: float,
    gamma: float,
    sums: Array,
    shown: Array,
    looked: Array,
) -> None:
    """Write the mean stance of followed users' posts into ``shown``, shape (replicas, n).

    Parameters
    ----------
    spins : int8 array, shape (replicas, n)
    seen, before
        Stances and ``shown`` of the last time, or arrays of shape (0, 0): then everything is new.
    heard, listeners
        Who follows user ``j``: columns of the pool.
    shares : int64 array
        Fixed-point weight of each of them; an empty one means that all are 1.
    whole : int64 array, shape (n,)
        What a user's weights stand for together; 0 where nobody is followed, who is shown 0.
    sums : int64 array, shape (replicas, n)
        Sums of the stances followed, brought up to date.
    looked : int array, shape (replicas,)
        Gets the number of users who are ranked again.
    """
    ranker, everybody = np.array([[alpha], [gamma]]), np.zeros(0, np.int8)
    rank_arms(
        spins, seen, before, heard, listeners, shares, whole, everybody, ranker, sums, shown, looked
    )


@njit(cache=True, nogil=True, boundscheck=False)
def rank_arms(
    spins: Array,
    seen: Array,
    before: Array,
    heard: Array,
    listeners: Array,
    shares: Array,
    whole: Array,
    arms: Array,
    rankers: Array,
    sums: Array,
    shown: Array,
    looked: Array,
) -> None:
    """Write what ``rank_sums`` does where users have rankers of their own.

    Parameters
    ----------
    arms : int8 array, shape (n,) or (0,)
        Column of each user in ``rankers``; an empty one means that all have the first.
    rankers : array, shape (2, arms)
        ``alpha`` and ``gamma``.
    """
    n, mixed = U64(spins.shape[1]), arms.shape[0] > 0
    alphas, gammas = rankers[0], rankers[1]
    factors = np.array([disfavor(gamma) for gamma in gammas])
    several, personal = rankers.shape[1], (gammas != 0.0).any()
    anew, counted = seen.shape[0] == 0, shares.shape[0] == 0
    marks = np.empty(spins.shape[1], np.uint8)
    queue = np.empty(spins.shape[1] + 1, np.int64)
    cases, answers = np.full(CASES, -1, np.int64), np.empty(CASES)
    a = U64(0)
    for r in range(spins.shape[0]):
        now, total, out = spins[r], sums[r], shown[r]
        marks[:] = anew
        if anew:
            total[:] = 0
            for user in range(n):
                hear(np.int64(now[user]), user, heard, listeners, shares, total, marks)
        else:
            out[:] = before[r]
            flips = where_flipped(now, seen[r], queue)
            for k in range(flips):
                j = U64(queue[k])
                hear(2 * np.int64(now[j]), j, heard, listeners, shares, total, marks)
                marks[j] |= personal
        todo = where(marks, queue)
        for k in range(todo):
            i = U64(queue[k])
            if mixed:
                a = U64(arms[i])
            if whole[i] == 0:
                out[i] = 0.0
            elif counted:
                # Pools that count have few cases: looking one up costs less than ranking it.
                case = (((whole[i] << 32) + total[i]) * 2 + (now[i] > 0)) * several + np.int64(a)
                place = whole[i] * 64 + total[i] * 2 + (now[i] > 0)
                slot = U64(place * several + np.int64(a)) % U64(CASES)
                if cases[slot] != case:
                    cases[slot] = case
                    answers[slot] = answer(
                        whole[i], total[i], now[i], alphas[a], gammas[a], factors[a]
                    )
                out[i] = answers[slot]
            else:
                out[i] = answer(whole[i], total[i], now[i], alphas[a], gammas[a], factors[a])
        looked[r] = todo


@njit(cache=True, nogil=True, boundscheck=False)
def rank_rows(
    spins: Array,
    seen: Array,
    before: Array,
    indptr: Array,
    indices: Array,
    weights: Array,
    heard: Array,
    listeners: Array,
    alpha: float,
    gamma: float,
    shown: Array,
    looked: Array,
) -> None:
    """Write the same for weights in floating point: CSR rows ``indptr, indices, weights``."""
    ranked, personal, anew = alpha != 0.0 or gamma != 0.0, gamma != 0.0, seen.shape[0] == 0
    factor = disfavor(gamma)
    marks = np.empty(spins.shape[1], np.uint8)
    queue = np.empty(spins.shape[1] + 1, np.int64)
    for r in range(spins.shape[0]):
        now, out = spins[r], shown[r]
        marks[:] = anew
        if not anew:
            out[:] = before[r]
            flips = where_flipped(now, seen[r], queue)
            for k in range(flips):
                j = U64(queue[k])
                for p in range(U64(heard[j]), U64(heard[j + ONE])):
                    marks[U64(listeners[p])] = 1
                marks[j] |= personal
        todo = where(marks, queue)
        for k in range(todo):
            i = U64(queue[k])
            first, last = U64(indptr[i]), U64(indptr[i + ONE])
            if first == last:
                out[i] = 0.0
            elif ranked:
                # The share of each stance, exactly 0 in unanimous pools, is what rankers need.
                up, down = 0.0, 0.0
                for p in range(first, last):
                    half, stance = 0.5 * weights[p], now[U64(indices[p])]
                    up += half * (1 + stance)
                    down += half * (1 - stance)
                out[i] = respond(up, down, now[i], alpha, gamma, factor)
            else:
                mean = 0.0
                for p in range(first, last):
                    mean += weights[p] * now[U64(indices[p])]
                out[i] = plain(mean)
        looked[r] = todo
