"""Ties that move while a kernel runs: who drops whom, takes whom, and what that does to fields.

Whom a user listens to stands in a row, sorted, with room at its end; who listens to a user, and the
coupling in fixed point, in a column of the kernel's words likewise. The room of a column holds
couplings of 0 to the user herself, which add nothing. A move changes both in place and adds the
difference to the stored fields, which are integers: they equal the fields computed anew after any
number of moves. Draws are functions of key, sweep, mover and their number.
"""

from __future__ import annotations

import math
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from sociophysics.engine.compilation import njit
from sociophysics.engine.counter import increment, mix, uniform
from sociophysics.engine.ranking import disfavor, plain, respond

__all__ = [
    "DROPS",
    "TAKES",
    "AuthorSource",
    "FollowedRows",
    "ListenerColumns",
    "coupling_of",
    "move_ties",
    "movers",
    "rank_followed",
    "spread_rows",
    "spread_words",
]  # fmt: skip

Array = NDArray[Any]
U64 = np.uint64
ROUNDS = 50  # of candidates before a user keeps the tie
ANY, DISCORDANT, HOSTILE = 0, 1, 2
RANDOM, SIMILAR, FRIENDS, SHOWN = 0, 1, 2, 3
DROPS = ("any", "discordant", "hostile")
TAKES = ("random", "similar", "friends_of_friends", "shown")
WITHIN = U64(0xD1342543DE82EF95)  # the draws of one mover have an increment of their own
CHOOSING = U64(1) << U64(31)  # beyond the numbers of all movers: who they are


class FollowedRows(NamedTuple):
    """Whom each user listens to: sorted entries, then room."""

    starts: NDArray[np.int64]  # (n + 1,)
    counts: NDArray[np.int64]  # (n,): entries in use
    others: NDArray[np.int32]
    values: NDArray[np.float64]


class ListenerColumns(NamedTuple):
    """Who listens to each user: sorted pairs of listener and coupling in fixed point, then room."""

    starts: NDArray[np.int64]
    counts: NDArray[np.int64]
    words: NDArray[Any]  # (2 * room,)


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


@njit(inline="always")
def _place(entries: Array, stride: int, first: int, last: int, wanted: int) -> Any:
    """Return where ``wanted`` stands, or would stand, among sorted entries."""
    while first < last:
        middle = (first + last) // 2
        if entries[stride * middle] < wanted:
            first = middle + 1
        else:
            last = middle
    return first


@njit(inline="always")
def _follows(rows: FollowedRows, user: int, other: int) -> Any:
    first = rows.starts[user]
    last = first + rows.counts[user]
    p = _place(rows.others, 1, first, last, other)
    return p < last and rows.others[p] == other


@njit
def _leave(rows: FollowedRows, columns: ListenerColumns, user: int, other: int) -> Any:
    """Take a tie out; return its coupling in fixed point."""
    first = rows.starts[user]
    last = first + rows.counts[user]
    for p in range(_place(rows.others, 1, first, last, other), last - 1):
        rows.others[p], rows.values[p] = rows.others[p + 1], rows.values[p + 1]
    rows.counts[user] -= 1
    first = columns.starts[other]
    last, words = first + columns.counts[other], columns.words
    p = _place(words, 2, first, last, user)
    coupling = words[2 * p + 1]
    for q in range(2 * p, 2 * (last - 1)):
        words[q] = words[q + 2]
    words[2 * last - 2], words[2 * last - 1] = other, 0
    columns.counts[other] -= 1
    return coupling


@njit
def _join(
    rows: FollowedRows, columns: ListenerColumns, user: int, other: int, value: float, coupling: int
) -> None:
    """Put a tie in where there is room."""
    first = rows.starts[user]
    last = first + rows.counts[user]
    p = _place(rows.others, 1, first, last, other)
    for q in range(last, p, -1):
        rows.others[q], rows.values[q] = rows.others[q - 1], rows.values[q - 1]
    rows.others[p], rows.values[p] = other, value
    rows.counts[user] += 1
    first = columns.starts[other]
    last, words = first + columns.counts[other], columns.words
    p = _place(words, 2, first, last, user)
    for q in range(2 * last + 1, 2 * p + 1, -1):
        words[q] = words[q - 2]
    words[2 * p], words[2 * p + 1] = user, coupling
    columns.counts[other] += 1


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
        if other != user and not _follows(rows, user, other):
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
        p = _place(rows.others, 1, first, first + rows.counts[user], dropped)
        value = coupling_of(rows.values[p], user, dropped, taken, camps, sides, factor, mutual)
        new = np.int64(np.rint(value * scale))
        old = _leave(rows, columns, user, dropped)
        _join(rows, columns, user, taken, value, new)
        state[user] += 2 * (new * spins[taken] - old * spins[dropped])
        if mutual:
            old = _leave(rows, columns, dropped, user)
            _join(rows, columns, taken, user, value, new)
            state[dropped] -= 2 * old * spins[user]
            state[taken] += 2 * new * spins[user]
        moves[moved, 0], moves[moved, 1], moves[moved, 2] = user, dropped, taken
        moved += 1
    return users.shape[0], moved


@njit(cache=True, nogil=True)
def spread_words(before: ListenerColumns, starts: Array, words: Array) -> None:
    """Write columns into others with more room, in which nobody but the user is heard of."""
    for j in range(before.counts.shape[0]):
        first, last = 2 * before.starts[j], 2 * (before.starts[j] + before.counts[j])
        to = 2 * starts[j]
        for p in range(first, last):
            words[to + p - first] = before.words[p]
        for p in range(to + last - first, 2 * starts[j + 1], 2):
            words[p], words[p + 1] = j, 0


@njit(cache=True, nogil=True)
def spread_rows(before: FollowedRows, starts: Array, others: Array, values: Array) -> None:
    """Write rows into others with more room."""
    for i in range(before.counts.shape[0]):
        for k in range(before.counts[i]):
            others[starts[i] + k] = before.others[before.starts[i] + k]
            values[starts[i] + k] = before.values[before.starts[i] + k]


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
    total, net = np.zeros(max(count, 2)), np.zeros(max(count, 2))
    for i in range(spins.shape[0]):
        total[:], net[:] = 0.0, 0.0
        first = rows.starts[i]
        for p in range(first, first + rows.counts[i]):
            value, j = rows.values[p], rows.others[p]
            if value <= 0.0:
                continue
            side = 0
            if way > 0:
                mine, theirs = camps[i], camps[j]
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
