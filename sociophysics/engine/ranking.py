"""Array kernels of feeds: what a pool shows, how a ranker weighs it, who gets the attention.

A pool gives user ``i`` the weight ``w_ij`` on followed users (CSR rows, normalized) and the weight
``G[g_i, c]`` on the mean stance of group ``c`` (without ``i`` where ``c`` is the own group). A
negative weight marks a signed response; its absolute value is the share of the posts shown.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numba import njit
from numpy.typing import NDArray

from sociophysics.engine.counter import increment, mix, uniform

__all__ = ["attention", "group_sums", "shown_means"]

Array = NDArray[Any]
U64 = np.uint64
UNANIMOUS = 1.0 - 1e-12  # a pool mean this close to +-1 differs from it by rounding only
STEEPEST = 300.0  # personalization beyond which exp(2 gamma) may overflow: logarithms instead
SMALLEST = 1e-30  # weight below which the other stance's may have underflowed: logarithms


@njit(cache=True, nogil=True)
def group_sums(spins: Array, groups: Array, sums: Array) -> None:
    """Write the sum of stances of each group into ``sums`` (groups,)."""
    sums[:] = 0
    for i in range(spins.shape[0]):
        sums[groups[i]] += spins[i]


@njit(inline="always")
def plain(mean: float) -> Any:
    """Return the mean stance of a pool that nobody ranks, exactly +-1 where it is unanimous."""
    if abs(mean) > UNANIMOUS:
        return 1.0 if mean > 0.0 else -1.0
    return mean


@njit(inline="always")
def respond(up: float, down: float, stance: int, alpha: float, gamma: float) -> Any:
    """Return ``tanh((1 + alpha) artanh(up - down) + gamma stance)`` of the two stances' shares."""
    if down == 0.0:
        return 1.0
    if up == 0.0:
        return -1.0
    more, less = up, down
    if alpha == 1.0:
        more, less = up * up, down * down
    elif alpha != 0.0:
        more, less = up ** (1.0 + alpha), down ** (1.0 + alpha)
    if abs(gamma) <= STEEPEST:
        factor = math.exp(-2.0 * gamma)
        if stance > 0:
            less *= factor
        else:
            more *= factor
        if more + less > SMALLEST:
            return (more - less) / (more + less)
    odds = (1.0 + alpha) * 0.5 * (math.log(up) - math.log(down))
    return math.tanh(odds + gamma * stance)


@njit(cache=True, nogil=True)
def shown_means(
    spins: Array,
    indptr: Array,
    indices: Array,
    weights: Array,
    groups: Array,
    sizes: Array,
    group_weights: Array,
    own: int,
    reached: Array,
    alpha: float,
    gamma: float,
    slots: int,
    keys: Array,
    sweep: int,
    shown: Array,
) -> None:
    """Write the mean stance shown to every user into ``shown``, shape (replicas, n).

    Only rankers need the share of each stance, which is exactly 0 in unanimous pools.

    Parameters
    ----------
    spins : int8 array, shape (replicas, n)
    indptr, indices, weights
        CSR rows of the followed part; an ``indptr`` of length 1 means there is none.
    groups, sizes, group_weights
        Group of each user (n,), users per group (G,), weight of each group's mean (G, G).
    own : int
        1 leaves a user out of the mean of the own group, 0 does not.
    reached : bool array, shape (n,)
        Users with an empty pool see nothing: 0.
    slots : int
        0 shows the expected feed; k > 0 draws k posts with replacement.
    keys : uint64 array, shape (replicas, 2)
        Stream of the slots; draw (sweep, user, slot) is a hash of its position.
    """
    replicas, n = spins.shape
    local = indptr.shape[0] > 1
    count = sizes.shape[0]
    ranked = alpha != 0.0 or gamma != 0.0
    sums = np.empty(count, np.int64)
    for r in range(replicas):
        if count > 0:
            group_sums(spins[r], groups, sums)
        step = increment(keys[r, 1])
        for i in range(n):
            if not reached[i]:
                shown[r, i] = 0.0
                continue
            stance = spins[r, i]
            mean, up, down = 0.0, 0.0, 0.0
            if local and not ranked:
                for p in range(indptr[i], indptr[i + 1]):
                    mean += weights[p] * spins[r, indices[p]]
            elif local:
                for p in range(indptr[i], indptr[i + 1]):
                    half = 0.5 * weights[p]
                    up += half * (1 + spins[r, indices[p]])
                    down += half * (1 - spins[r, indices[p]])
            if count > 0:
                g = groups[i]
                for c in range(count):
                    if group_weights[g, c] != 0.0:
                        leave = own if c == g else 0
                        size, total = sizes[c] - leave, sums[c] - leave * stance
                        mean += group_weights[g, c] * total / size
                        up += group_weights[g, c] * (size + total) / (2 * size)
                        down += group_weights[g, c] * (size - total) / (2 * size)
            answer = respond(up, down, stance, alpha, gamma) if ranked else plain(mean)
            if slots > 0:
                probability = 0.5 * (1.0 + answer)
                counter = keys[r, 0] + (U64(sweep) * U64(n) + U64(i)) * U64(slots) * step
                drawn = 0
                for _ in range(slots):
                    counter += step
                    drawn += uniform(mix(counter)) < probability
                answer = (2.0 * drawn - slots) / slots
            shown[r, i] = answer


@njit(cache=True, nogil=True)
def attention(
    spins: Array,
    shown: Array,
    indptr: Array,
    indices: Array,
    weights: Array,
    groups: Array,
    sizes: Array,
    group_weights: Array,
    own: int,
    reached: Array,
    camps: Array,
    signed: bool,
    received: Array,
    agree: Array,
    outside: Array,
) -> None:
    """Write the share of everybody's feed that shows user j into ``received`` (replicas, n).

    ``agree`` and ``outside`` (replicas, n) get the share of user i's posts that agree with i and
    that come from another camp. Within a stance, posts are shown in proportion to pool weight.
    ``signed`` pools respond by sign and do not rank: their posts are shown by absolute weight.
    """
    replicas, n = spins.shape
    local = indptr.shape[0] > 1
    count = sizes.shape[0]
    sums = np.empty(count, np.int64)
    viewed = np.zeros((count, 2))  # per group of viewers and stance of post
    for r in range(replicas):
        viewed[:] = 0.0
        if count > 0:
            group_sums(spins[r], groups, sums)
        for i in range(n):
            agree[r, i] = np.nan
            outside[r, i] = np.nan
            if not reached[i]:
                continue
            total = np.zeros(2)  # pool weight of each stance: down, up
            others = np.zeros(2)  # the same, of other camps
            g = groups[i] if count > 0 else 0
            stance = spins[r, i]
            if local:
                for p in range(indptr[i], indptr[i + 1]):
                    j = indices[p]
                    o = (spins[r, j] + 1) // 2
                    total[o] += abs(weights[p])
                    if camps[j] >= 0 and camps[j] != camps[i]:
                        others[o] += abs(weights[p])
            for c in range(count):
                if group_weights[g, c] != 0.0:
                    leave = own if c == g else 0
                    mean = (sums[c] - leave * stance) / (sizes[c] - leave)
                    for o in range(2):
                        weight = abs(group_weights[g, c]) * 0.5 * (1.0 + (2 * o - 1) * mean)
                        total[o] += weight
                        # the group without a camp is the last one and is nobody's other camp
                        if c != g and c < count - 1:
                            others[o] += weight
            everything = total[0] + total[1]
            up = total[1] / everything if signed else 0.5 * (1.0 + shown[r, i])
            agree[r, i] = up if stance > 0 else 1.0 - up
            factor = np.zeros(2)
            if total[0] > 0.0:
                factor[0] = (1.0 - up) / total[0]
            if total[1] > 0.0:
                factor[1] = up / total[1]
            if camps[i] >= 0:
                outside[r, i] = factor[0] * others[0] + factor[1] * others[1]
            if local:
                for p in range(indptr[i], indptr[i + 1]):
                    o = (spins[r, indices[p]] + 1) // 2
                    received[r, indices[p]] += factor[o] * abs(weights[p])
            if count > 0:
                viewed[g, 0] += factor[0]
                viewed[g, 1] += factor[1]
                if group_weights[g, g] != 0.0 and own == 1:
                    o = (stance + 1) // 2
                    received[r, i] -= factor[o] * abs(group_weights[g, g]) / (sizes[g] - 1)
        if count > 0:
            for j in range(n):
                o = (spins[r, j] + 1) // 2
                c = groups[j]
                for g in range(count):
                    if group_weights[g, c] != 0.0:
                        leave = own if c == g else 0
                        received[r, j] += (
                            viewed[g, o] * abs(group_weights[g, c]) / (sizes[c] - leave)
                        )
