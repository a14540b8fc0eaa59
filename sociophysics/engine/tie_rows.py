"""Rows and columns in which ties that move are kept: entries in order, then room.

Whom a user listens to stands in a row, sorted, with room at its end; who listens to a user, and the
coupling in fixed point, in a column of the kernel's words likewise. The room of a column holds
couplings of 0 to the user herself, which add nothing.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from sociophysics.engine.compilation import njit

__all__ = [
    "FollowedRows", "ListenerColumns", "follows", "join", "leave", "place_of", "spread_rows",
    "spread_words",
]  # fmt: skip

Array = NDArray[Any]


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


@njit(inline="always")
def place_of(entries: Array, stride: int, first: int, last: int, wanted: int) -> Any:
    """Return where ``wanted`` stands, or would stand, among sorted entries."""
    while first < last:
        middle = (first + last) // 2
        if entries[stride * middle] < wanted:
            first = middle + 1
        else:
            last = middle
    return first


@njit(inline="always")
def follows(rows: FollowedRows, user: int, other: int) -> Any:
    """Return whether a user listens to another."""
    first = rows.starts[user]
    last = first + rows.counts[user]
    p = place_of(rows.others, 1, first, last, other)
    return p < last and rows.others[p] == other


@njit
def leave(rows: FollowedRows, columns: ListenerColumns, user: int, other: int) -> Any:
    """Take a tie out; return its coupling in fixed point."""
    first = rows.starts[user]
    last = first + rows.counts[user]
    for p in range(place_of(rows.others, 1, first, last, other), last - 1):
        rows.others[p], rows.values[p] = rows.others[p + 1], rows.values[p + 1]
    rows.counts[user] -= 1
    first = columns.starts[other]
    last, words = first + columns.counts[other], columns.words
    p = place_of(words, 2, first, last, user)
    coupling = words[2 * p + 1]
    for q in range(2 * p, 2 * (last - 1)):
        words[q] = words[q + 2]
    words[2 * last - 2], words[2 * last - 1] = other, 0
    columns.counts[other] -= 1
    return coupling


@njit
def join(
    rows: FollowedRows, columns: ListenerColumns, user: int, other: int, value: float, coupling: int
) -> None:
    """Put a tie in where there is room."""
    first = rows.starts[user]
    last = first + rows.counts[user]
    p = place_of(rows.others, 1, first, last, other)
    for q in range(last, p, -1):
        rows.others[q], rows.values[q] = rows.others[q - 1], rows.values[q - 1]
    rows.others[p], rows.values[p] = other, value
    rows.counts[user] += 1
    first = columns.starts[other]
    last, words = first + columns.counts[other], columns.words
    p = place_of(words, 2, first, last, user)
    for q in range(2 * last + 1, 2 * p + 1, -1):
        words[q] = words[q - 2]
    words[2 * p], words[2 * p + 1] = user, coupling
    columns.counts[other] += 1


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
