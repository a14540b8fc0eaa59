"""Array kernels of feeds: what a pool shows, and how a ranker weighs it.

A pool gives user ``i`` either the weight ``w_ij`` on followed users (CSR rows, normalized), or the
weight ``G[g_i, c]`` on the mean stance of group ``c`` (without ``i`` where ``c`` is the own group).
A negative weight marks a signed response; its absolute value is the share of the posts shown.
Followed users are in ``engine.following``.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sociophysics.engine.compilation import njit
from sociophysics.engine.counter import increment, mix, uniform
from sociophysics.engine.tie_rows import FollowedRows

__all__ = [
    "disfavor",
    "draw_own",
    "draw_posts",
    "fill",
    "group_sums",
    "plain",
    "rank_followed",
    "rank_groups",
    "rank_readers",
    "respond",
]

Array = NDArray[Any]
U64 = np.uint64
UNANIMOUS = 1.0 - 1e-12  # a pool mean this close to +-1 differs from it by rounding only
STEEPEST = 300.0  # personalization beyond which exp(2 gamma) may overflow: logarithms instead
WITHIN = U64(0x9FB21C651E98DF25)  # the slots of one user and sweep have an increment of their own
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
def respond(up: float, down: float, stance: int, alpha: float, gamma: float, factor: float) -> Any:
    """Return ``tanh((1 + alpha) artanh(up - down) + gamma stance)`` of the two stances' shares.

    ``factor`` is ``exp(-2 gamma)`` where ``gamma`` is not too steep for it.
    """
    if down == 0.0:
        return 1.0
    if up == 0.0:
        return -1.0
    more, less = up, down
    if alpha == 1.0:
        more, less = up * up, down * down
    elif alpha != 0.0:
        # Only the odds count; where their power underflows, no factor makes up for it.
        odds = (min(up, down) / max(up, down)) ** (1.0 + alpha)
        more, less = (1.0, odds) if up >= down else (odds, 1.0)
    if abs(gamma) <= STEEPEST:
        # A factor of one changes nothing, and no branch is to be guessed.
        less *= factor if stance > 0 else 1.0
        more *= 1.0 if stance > 0 else factor
        if more + less > SMALLEST:
            return (more - less) / (more + less)
    pull = (1.0 + alpha) * 0.5 * (math.log(up) - math.log(down))
    return math.tanh(pull + gamma * stance)


@njit(inline="always")
def disfavor(gamma: float) -> Any:
    """Return how much less a post that disagrees weighs, where that is a number."""
    return math.exp(-2.0 * gamma) if abs(gamma) <= STEEPEST else 0.0


@njit(cache=True, nogil=True)
def rank_groups(
    spins: Array,
    groups: Array,
    sizes: Array,
    group_weights: Array,
    own: int,
    alpha: float,
    gamma: float,
    shown: Array,
) -> None:
    """Write the mean stance shown by pools of groups into ``shown``, shape (replicas, n).

    Everybody of one group and stance is shown the same, so there are two rankings per group. What
    comes out for a stance that nobody of the group has is shown to nobody.

    Parameters
    ----------
    spins : int8 array, shape (replicas, n)
    groups, sizes, group_weights
        Group of each user (n,), users per group (G,), weight of each group's mean (G, G).
    own : int
        1 leaves a user out of the mean of the own group, 0 does not.
    """
    replicas, n = spins.shape
    sums = np.empty(sizes.shape[0], np.int64)
    answers = np.empty(2 * sizes.shape[0])
    for r in range(replicas):
        group_sums(spins[r], groups, sums)
        _answer(sums, sizes, group_weights, own, alpha, gamma, answers)
        for i in range(n):
            shown[r, i] = answers[2 * groups[i] + (spins[r, i] + 1) // 2]


@njit(inline="always")
def _answer(
    sums: Array,
    sizes: Array,
    group_weights: Array,
    own: int,
    alpha: float,
    gamma: float,
    answers: Array,
) -> None:
    """Write what each group shows readers of either stance into ``answers`` (2 groups,)."""
    count = sizes.shape[0]
    ranked = alpha != 0.0 or gamma != 0.0
    factor = disfavor(gamma)
    for g in range(count):
        for side in range(2):
            stance = 2 * side - 1
            mean, up, down, reached = 0.0, 0.0, 0.0, False
            for c in range(count):
                if group_weights[g, c] != 0.0:
                    reached = True
                    leave = own if c == g else 0
                    size, total = sizes[c] - leave, sums[c] - leave * stance
                    mean += group_weights[g, c] * total / size
                    up += group_weights[g, c] * (size + total) / (2 * size)
                    down += group_weights[g, c] * (size - total) / (2 * size)
            answer = respond(up, down, stance, alpha, gamma, factor) if ranked else plain(mean)
            answers[2 * g + side] = answer if reached else 0.0


@njit(cache=True, nogil=True)
def rank_readers(
    spins: Array,
    classes: Array,
    groups_of: Array,
    sizes: Array,
    group_weights: Array,
    counts: Array,
    own: Array,
    rankers: Array,
    fixed: Array,
    places: Array,
    everybody: bool,
    shown: Array,
) -> None:
    """Write what ``rank_groups`` does for several pools side by side, each for readers of its own.

    Users in the same group of every pool are one class, so stances are added up once for all.

    Parameters
    ----------
    spins : int8 array, shape (replicas, n)
    classes : int array, shape (n,)
    groups_of : int array, shape (pools, classes)
        Group of each class in each pool.
    sizes, group_weights, counts, own
        Per pool as in ``rank_groups``, filled up to the most groups G that a pool has: (pools, G),
        (pools, G, G), (pools,) groups there are, (pools,).
    rankers : array, shape (pools, 2)
    fixed : array
        Pairs of what readers of stance -1 and +1 are shown who are in no pool.
    places : int array, shape (n,)
        ``2 (G pool + group)`` of each reader, or of the pair, which come after all pools; -1 leaves
        what is in ``shown``.
    everybody : bool
        Whether no place is -1.
    """
    replicas, n = spins.shape
    pools, most = sizes.shape
    of_class = np.empty(groups_of.shape[1], np.int64)
    sums = np.empty(most, np.int64)
    answers = np.empty(2 * most * pools + fixed.shape[0])
    answers[2 * most * pools :] = fixed
    for r in range(replicas):
        group_sums(spins[r], classes, of_class)
        for a in range(pools):
            sums[:] = 0
            for k in range(of_class.shape[0]):
                sums[groups_of[a, k]] += of_class[k]
            first, count = 2 * most * a, counts[a]
            _answer(
                sums[:count],
                sizes[a, :count],
                group_weights[a, :count, :count],
                own[a],
                rankers[a, 0],
                rankers[a, 1],
                answers[first : first + 2 * count],
            )
        if everybody:
            for i in range(n):
                shown[r, i] = answers[places[i] + (spins[r, i] + 1) // 2]
            continue
        for i in range(n):
            answer = answers[max(places[i], 0) + (spins[r, i] + 1) // 2]
            # Chosen without a branch, which could not be guessed.
            shown[r, i] = answer if places[i] >= 0 else shown[r, i]


@njit(cache=True, nogil=True)
def fill(values: Array, users: Array, filled: Array) -> None:
    """Write ``values`` into ``filled``, both (replicas, n), for users marked in ``users`` (n,)."""
    for r in range(values.shape[0]):
        for i in range(values.shape[1]):
            filled[r, i] = values[r, i] if users[i] else filled[r, i]


@njit(cache=True, nogil=True)
def draw_posts(
    expected: Array, reached: Array, slots: int, keys: Array, sweep: int, shown: Array
) -> None:
    """Write the mean stance of ``slots`` posts drawn with replacement into ``shown``.

    Parameters
    ----------
    expected, shown : array, shape (replicas, n)
        Mean stance of the expected feed, and of the drawn one.
    reached : bool array, shape (n,)
        Users with an empty pool see nothing: 0.
    keys : uint64 array, shape (replicas, 2)
        Stream of the slots; draw (sweep, user, slot) is a hash of its position, whatever the number
        of slots: fewer of them are the first of more.
    """
    draw_own(expected, np.where(reached, slots, 0), keys, sweep, shown)


@njit(cache=True, nogil=True)
def draw_own(expected: Array, slots: Array, keys: Array, sweep: int, shown: Array) -> None:
    """Write what ``draw_posts`` does where users have slots of their own, (n,).

    No slots show nothing, and -1 stands for the expected feed.
    """
    replicas, n = expected.shape
    for r in range(replicas):
        step, within = increment(keys[r, 1]), increment(keys[r, 1] ^ WITHIN)
        for i in range(n):
            count = slots[i]
            if count <= 0:
                shown[r, i] = expected[r, i] if count < 0 else 0.0
                continue
            probability = 0.5 * (1.0 + expected[r, i])
            counter = mix(keys[r, 0] + (U64(sweep) * U64(n) + U64(i)) * step)
            drawn = 0
            for _ in range(count):
                counter += within
                drawn += uniform(mix(counter)) < probability
            shown[r, i] = (2.0 * drawn - count) / count


@njit
def _rank_plain(
    spins: Array,
    rows: FollowedRows,
    weighted: bool,
    alpha: float,
    gamma: float,
    shown: Array,
    reached: Array,
) -> None:
    """Do what ``rank_followed`` does where everybody followed is on one side: nobody looks."""
    factor, ranked = disfavor(gamma), alpha != 0.0 or gamma != 0.0
    for i in range(spins.shape[0]):
        total, net = 0.0, 0.0
        first = rows.starts[i]
        for p in range(first, first + rows.counts[i]):
            value = rows.values[p]
            # Without a branch, which could not be guessed: what counts nothing adds 0.
            weight = (value if weighted else 1.0) if value > 0.0 else 0.0
            total += weight
            net += weight if spins[rows.others[p]] > 0 else 0.0
        reached[i] = total > 0.0
        if total > 0.0:
            up = net / total
            down = 1.0 - up
            shown[i] = (
                respond(up, down, spins[i], alpha, gamma, factor) if ranked else plain(up - down)
            )
        else:
            shown[i] = 0.0


@njit(cache=True, nogil=True)
def rank_followed(
    spins: Array,
    rows: FollowedRows,
    way: int,
    weighted: bool,
    camps: Array,
    count: int,
    alpha: float,
    gamma: float,
    shown: Array,
    reached: Array,
) -> None:
    """Write what users are shown of those they follow now, as ``feeds.pools`` weighs them.

    Parameters
    ----------
    spins : int8 array, shape (n,)
    way : int
        0 plain, 1 the own camp, 2 the mean of the camps followed, 3 half the own side minus half
        the other.
    weighted : bool
        Whether followed users weigh as they are coupled, or all the same.
    camps : int array, shape (n,), or (0,)
    count : int
        Of camps.
    shown : array, shape (n,)
        Gets the mean stance shown, 0 where nobody is.
    reached : bool array, shape (n,)
        Gets who is shown anybody.
    """  # fmt: skip
    factor, ranked = disfavor(gamma), alpha != 0.0 or gamma != 0.0
    if way == 0:
        _rank_plain(spins, rows, weighted, alpha, gamma, shown, reached)
        return
    total, net = np.zeros(max(count, 2)), np.zeros(max(count, 2))
    for i in range(spins.shape[0]):
        total[:], net[:] = 0.0, 0.0
        first = rows.starts[i]
        for p in range(first, first + rows.counts[i]):
            value, j = rows.values[p], rows.others[p]
            if value <= 0.0:
                continue
            side, mine, theirs = 0, camps[i], camps[j]
            if theirs < 0 or (way != 2 and mine < 0) or (way == 1 and mine != theirs):
                continue
            if way == 2:
                side = theirs
            elif way == 3:
                side = 1 if mine == theirs else 0
            weight = value if weighted else 1.0
            total[side] += weight
            if spins[j] > 0:
                net[side] += weight
        up, down, sides = 0.0, 0.0, 0
        for side in range(total.shape[0]):
            if total[side] > 0.0:
                sides += 1
                share = net[side] / total[side]
                if way == 3 and side == 0:  # the other side pulls the other way
                    up, down = up + 0.5 * (1.0 - share), down + 0.5 * share
                elif way == 3:
                    up, down = up + 0.5 * share, down + 0.5 * (1.0 - share)
                else:
                    up, down = up + share, down + (1.0 - share)
        reached[i] = sides > 0
        if sides == 0:
            shown[i] = 0.0
            continue
        if way < 3:
            up, down = up / sides, down / sides
        shown[i] = respond(up, down, spins[i], alpha, gamma, factor) if ranked else plain(up - down)
