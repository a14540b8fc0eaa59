"""Ties that move while a kernel runs: who drops whom, takes whom, and what that does to fields.

A move changes rows and columns (``tie_rows``) in place and adds the difference to the stored
fields, which are integers: they equal the fields computed anew after any number of moves. Draws
are functions of key, sweep, mover and their number.
"""

from __future__ import annotations

import math
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from sociophysics.engine.compilation import njit
from sociophysics.engine.counter import increment, mix, uniform
from sociophysics.engine.tie_rows import (
    FollowedRows,
    ListenerColumns,
    follows,
    join,
    leave,
    place_of,
)  # fmt: skip

__all__ = ["DROPS", "TAKES", "AuthorSource", "coupling_of", "move_ties", "movers"]

Array = NDArray[Any]
U64 = np.uint64
ROUNDS = 50  # of candidates before a user keeps the tie
ANY, DISCORDANT, HOSTILE = 0, 1, 2
RANDOM, SIMILAR, FRIENDS, SHOWN = 0, 1, 2, 3
DROPS = ("any", "discordant", "hostile")
TAKES = ("random", "similar", "friends_of_friends", "shown")
WITHIN = U64(0xD1342543DE82EF95)  # the draws of one mover have an increment of their own
CHOOSING = U64(1) << U64(31)  # beyond the numbers of all movers: who they are


class AuthorSource(NamedTuple):
    """Where authors shown come from: groups, or rows of a pool; the share of +1 shown to each."""

    up: NDArray[np.float64]  # (n,)
    groups: NDArray[np.int64]  # (n,), or (0,) where rows are given
    chances: NDArray[np.float64]  # (groups, groups): cumulated, a row for each group of viewers
    firsts: NDArray[np.int64]  # of each group's members
    members: NDArray[np.int64]
    starts: NDArray[np.int64]
    others: NDArray[np.int32]
    weights: NDArray[np.float64]  # cumulated within each row


@njit(inline="always")
def _word(base: Any, number: int) -> Any:
    return mix(base + U64(number + 1) * WITHIN)


@njit(inline="always")
def _below(word: Any, count: int) -> Any:
    return min(np.int64(uniform(word) * count), count - 1)


@njit(cache=True, nogil=True)
def movers(n: int, rate: float, key: Array, sweep: int) -> Any:
    """Return who drops a tie in a sweep, in random order: ``rate`` times per user on average."""
    whole, share = int(rate), rate - int(rate)
    step, start = increment(key[1]), key[0]
    count, position = (U64(sweep) << U64(32)) | CHOOSING, -1
    found = np.empty(max(n * (whole + 1), 1), np.int64)
    size = 0
    for i in range(n * whole):
        found[size] = i // whole
        size += 1
    if share > 0.0:
        per_step = math.log1p(-share)
        while True:
            gap = math.log(uniform(mix(start + count * step))) / per_step
            count += U64(1)
            if gap >= n - 1 - position:
                break
            position += 1 + int(gap)
            found[size] = position
            size += 1
    for k in range(size - 1, 0, -1):
        other = _below(mix(start + count * step), k + 1)
        count += U64(1)
        found[k], found[other] = found[other], found[k]
    return found[:size].copy()


@njit(inline="always")
def coupling_of(
    old: float,
    user: int,
    dropped: int,
    taken: int,
    camps: Array,
    sides: Array,
    scale: Array,
    mutual: bool,
) -> Any:
    """Return the coupling of a new tie.

    ``camps`` (n,) and ``sides``, of ties within and across camps, or empty; ``scale`` (n,): what
    normalizing by degree multiplies with, or empty.
    """  # fmt: skip
    if sides.shape[0] > 0 and camps.shape[0] > 0:
        same = camps[user] == camps[taken] and camps[user] >= 0
        value = sides[0] if same else sides[1]
        if scale.shape[0] == 0:
            return value
        return value * scale[user] * (scale[taken] if mutual else 1.0)
    if scale.shape[0] == 0 or not mutual:
        return old
    return old / scale[dropped] * scale[taken]


@njit
def _drop(rows: FollowedRows, user: int, spins: Array, drop: int, word: Any) -> Any:
    """Return whom a user drops, -1 where nobody is as asked."""
    first, count = rows.starts[user], rows.counts[user]
    if drop == ANY:
        return rows.others[first + _below(word, count)] if count > 0 else -1
    there = 0
    for p in range(first, first + count):
        hostile = rows.values[p] < 0.0
        there += hostile if drop == HOSTILE else spins[rows.others[p]] != spins[user]
    if there == 0:
        return -1
    wanted = _below(word, there)
    for p in range(first, first + count):
        if rows.values[p] < 0.0 if drop == HOSTILE else spins[rows.others[p]] != spins[user]:
            if wanted == 0:
                return rows.others[p]
            wanted -= 1
    return -1


@njit
def _author(source: AuthorSource, user: int, word: Any) -> Any:
    """Return an author from the pool, as the pool weighs them; -1 where there is none."""
    u = uniform(word)
    if source.groups.shape[0] > 0:
        chances = source.chances[source.groups[user]]
        total = chances[chances.shape[0] - 1]
        if total <= 0.0:
            return -1
        group = 0
        while chances[group] <= u * total and group < chances.shape[0] - 1:
            group += 1
        below = chances[group - 1] if group > 0 else 0.0
        part = (u * total - below) / (chances[group] - below)
        size = source.firsts[group + 1] - source.firsts[group]
        return source.members[source.firsts[group] + min(np.int64(part * size), size - 1)]
    first, last = source.starts[user], source.starts[user + 1]
    if first == last:
        return -1
    wanted = u * source.weights[last - 1]
    p = first
    while source.weights[p] <= wanted and p < last - 1:
        p += 1
    return source.others[p]


@njit
def _shown(source: AuthorSource, user: int, spins: Array, base: Any, number: int) -> Any:
    """Return an author of the stance that the ranker shows, -1 for none, and draws used."""
    stance = 1 if uniform(_word(base, number)) < source.up[user] else -1
    for k in range(1, ROUNDS):
        author = _author(source, user, _word(base, number + k))
        if author < 0:
            break
        if spins[author] == stance:
            return author, number + k + 1
    return -1, number + ROUNDS


@njit
def _take(
    rows: FollowedRows,
    user: int,
    spins: Array,
    take: int,
    alike: Array,
    ups: int,
    source: AuthorSource,
    base: Any,
) -> Any:
    """Return whom a user takes, -1 where ``ROUNDS`` candidates are all followed already."""
    n, number = spins.shape[0], 1
    for _ in range(ROUNDS):
        if take == SHOWN:
            other, number = _shown(source, user, spins, base, number)
            if other < 0:
                return -1
        elif take == SIMILAR:
            first, last = (0, ups) if spins[user] > 0 else (ups, n)
            other = alike[first + _below(_word(base, number), last - first)]
        elif take == FRIENDS:
            friend = rows.others[rows.starts[user] + _below(_word(base, number), rows.counts[user])]
            number += 1
            if rows.counts[friend] == 0:
                continue
            place = _below(_word(base, number), rows.counts[friend])
            other = rows.others[rows.starts[friend] + place]
        else:
            other = _below(_word(base, number), n)
        number += 1
        if other != user and not follows(rows, user, other):
            return other
    return -1


@njit
def _by_stance(spins: Array) -> Any:
    """Return users by stance, those at +1 first, and how many these are."""
    found, ups, place = np.empty(spins.shape[0], np.int64), 0, spins.shape[0]
    for i in range(spins.shape[0]):
        if spins[i] > 0:
            found[ups] = i
            ups += 1
        else:
            place -= 1
            found[place] = i
    return found, ups


@njit(cache=True, nogil=True)
def move_ties(
    users: Array,
    todo: int,
    spins: Array,
    ways: Any,
    rows: FollowedRows,
    columns: ListenerColumns,
    mutual: bool,
    rule: Any,
    source: AuthorSource,
    state: Array,
    scale: float,
    key: Array,
    sweep: int,
    moves: Array,
    moved: int,
) -> Any:
    """Let users drop and take ties, from number ``todo`` on; return where it stopped, and moves.

    It stops where a row has no room left: then make some, and go on from there.

    Parameters
    ----------
    users : int array
        Of ``movers``.
    ways : pair of int
        What is dropped, and what is taken.
    rule : tuple of arrays
        Camps, couplings within and across, and scale, as for ``coupling_of``.
    state : int array, shape (n,)
        The kernel's words, brought up to date.
    moves : int array, shape (moves, 3)
        Gets who dropped and took whom.
    """  # fmt: skip
    drop, take = ways
    camps, sides, factor = rule
    step = increment(key[1])
    alike, ups = users[:0], 0
    if take == SIMILAR and users.shape[0] > 0:
        alike, ups = _by_stance(spins)
    for k in range(todo, users.shape[0]):
        user = users[k]
        base = mix(key[0] + ((U64(sweep) << U64(32)) | U64(k)) * step)
        dropped = _drop(rows, user, spins, drop, _word(base, 0))
        if dropped < 0:
            continue
        taken = _take(rows, user, spins, take, alike, ups, source, base)
        if taken < 0:
            continue
        full = columns.starts[taken] + columns.counts[taken] == columns.starts[taken + 1]
        if full or (mutual and rows.starts[taken] + rows.counts[taken] == rows.starts[taken + 1]):
            return k, moved
        first = rows.starts[user]
        p = place_of(rows.others, 1, first, first + rows.counts[user], dropped)
        value = coupling_of(rows.values[p], user, dropped, taken, camps, sides, factor, mutual)
        new = np.int64(np.rint(value * scale))
        old = leave(rows, columns, user, dropped)
        join(rows, columns, user, taken, value, new)
        state[user] += 2 * (new * spins[taken] - old * spins[dropped])
        if mutual:
            old = leave(rows, columns, dropped, user)
            join(rows, columns, taken, user, value, new)
            state[dropped] -= 2 * old * spins[user]
            state[taken] += 2 * new * spins[user]
        moves[moved, 0], moves[moved, 1], moves[moved, 2] = user, dropped, taken
        moved += 1
    return users.shape[0], moved
