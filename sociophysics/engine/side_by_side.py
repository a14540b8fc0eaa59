"""Heat-bath sweeps of up to 32 replicas side by side, over one order of users.

The words of ``engine.fixed_point`` of a user's replicas lie side by side: ``state[i * lanes + k]``
is user ``i`` in lane ``k``. One stream chooses the users, each lane draws from its own, and all
lanes of a user are decided, turned and told to the listeners at once.

Attempt ``a`` of the order's stream is its draw ``a + 1``. A lane's draws serve two attempts each:
of draw ``a // 2 + 1`` the lower 32 bits lead v at an even attempt, the upper 32 at an odd one.
Single precision decides all but one draw in several thousand; the rest are decided with 64 bits of
v as ``engine.glauber`` does, so that no rounding of a processor shows in a number.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from sociophysics.engine.compilation import njit
from sociophysics.engine.counter import increment, mix
from sociophysics.engine.glauber import rises_between
from sociophysics.engine.lane_vectors import LOGIT_ERROR, add, decide, turn
from sociophysics.engine.prefetch import prefetch

__all__ = ["LINE", "WIDTHS", "lane_words", "read_lanes", "shift_fields", "sweep_lanes"]

Array = NDArray[Any]
U64 = np.uint64
WIDTHS = (8, 16, 32)  # lanes for which there is code
LOW = U64(0xFFFFFFFF)
LN2 = float(np.log(2.0))
BLOCK = 256  # users chosen at a time
AHEAD = 4  # attempts between asking for memory and the next step with it
LINE = 64  # bytes that come from memory together
ONE, TWO = U64(1), U64(2)


def lane_words(words: Array, lanes: int) -> Array:
    """Return the words (replicas, n) side by side, ``n * lanes``, on whole cache lines.

    Lanes beyond the replicas begin as the first replica does, and are nobody's.

    Examples
    --------
    >>> lane_words(np.array([[1, 3], [5, 7]], np.int32), 8).reshape(2, 8)[:, :3]
    array([[1, 5, 1],
           [3, 7, 3]], dtype=int32)
    """
    replicas, n = words.shape
    each = words.dtype.itemsize
    space = np.zeros(n * lanes + LINE // each, words.dtype)
    skipped = -space.ctypes.data % LINE // each
    state = space[skipped : skipped + n * lanes]
    state.reshape(n, lanes)[:, :replicas] = words.T
    state.reshape(n, lanes)[:, replicas:] = words[:1].T
    return state


@njit(cache=True, nogil=True, boundscheck=False)
def sweep_lanes(
    width: Any,
    state: Array,
    indptr: Array,
    rows: Array,
    unit: float,
    held: Array,
    order: Array,
    keys: Array,
    first: int,
    sweeps: int,
    flipped: Array,
    fetch: bool,
) -> None:
    """Do ``sweeps`` random-sequential sweeps of all lanes.

    ``width`` is a tuple with an entry per lane; ``unit`` is ``scale T / 2``; ``held`` (n * lanes,)
    holds 1 where somebody never flips, or is empty; ``order`` is the key of the stream that
    chooses users, ``keys`` (lanes, 2) those of the lanes' draws. ``fetch`` asks for memory ahead,
    and changes no number. ``flipped`` (lanes,) counts flips.
    """
    lanes = len(width)
    n = U64(indptr.shape[0] - 1)
    per_line = U64(LINE // state.itemsize)
    wide = U64(lanes)
    some_held = held.shape[0] > 0
    step, count = np.empty(lanes, np.uint64), np.empty(lanes, np.uint64)
    draws, near = np.empty(lanes, np.uint64), np.empty(lanes, np.int32)
    change, moved = np.empty(lanes, state.dtype), np.zeros(lanes, state.dtype)
    users = np.empty(BLOCK + 2 * AHEAD, np.uint64)
    attempt = U64(first) * n
    order_step = increment(order[1])
    scaled, error = np.float32(unit * LN2), np.float32(unit * LOGIT_ERROR)
    for k in range(lanes):
        step[k] = increment(keys[k, 1])
        count[k] = keys[k, 0] + ((attempt + ONE) >> ONE) * step[k]
        draws[k] = mix(count[k])
    left: Any = U64(sweeps) * n
    while left > U64(0):
        now: Any = min(left, U64(BLOCK))
        ahead = U64(2 * AHEAD) if fetch else U64(0)
        for t in range(now + ahead):
            word = mix(order[0] + (attempt + t + ONE) * order_step)
            users[t] = ((word >> U64(32)) * n) >> U64(32)
        for t in range(now):
            i = users[t]
            if fetch:
                far, soon = users[t + U64(2 * AHEAD)], users[t + U64(AHEAD)]
                for part in range(U64(0), wide, per_line):
                    prefetch(state, far * wide + part)
                prefetch(rows, TWO * U64(indptr[far]))
                for p in range(U64(indptr[soon]), U64(indptr[soon + ONE])):
                    listener = U64(rows[TWO * p]) * wide
                    for part in range(U64(0), wide, per_line):
                        prefetch(state, listener + part)
            half = (attempt + t) & ONE
            if half == U64(0):
                for k in range(lanes):
                    count[k] += step[k]
                    draws[k] = mix(count[k])
            place, shift = i * wide, U64(32) * half
            found = decide(
                width, state, np.int64(place), draws, np.int64(shift), scaled, error, change, near
            )
            if found & 2:
                for k in range(lanes):
                    if near[k]:
                        word_k = np.int64(state[place + U64(k)])
                        draw = (mix(draws[k] + half) & ~LOW) | ((draws[k] >> shift) & LOW)
                        change[k] = 0
                        if rises_between(word_k >> 1, draw, unit) != (word_k & 1 != 0):
                            change[k] = 4 - 8 * (word_k & 1)
                            found |= 1
            if found & 1:
                if some_held:
                    for k in range(lanes):
                        if held[place + U64(k)]:
                            change[k] = 0
                turn(width, state, np.int64(place), change, moved)
                for p in range(U64(indptr[i]), U64(indptr[i + ONE])):
                    listener = U64(rows[TWO * p]) * wide
                    add(width, state, np.int64(listener), change, rows[TWO * p + ONE])
        attempt += now
        left -= now
        for k in range(lanes):  # often enough that no count of 32 bits overflows
            flipped[k] += moved[k]
            moved[k] = 0


@njit(cache=True, nogil=True)
def read_lanes(state: Array, spins: Array) -> None:
    """Write the stances of the first lanes of ``state`` (n, lanes) into ``spins`` (replicas, n)."""
    for i in range(state.shape[0]):
        for r in range(spins.shape[0]):
            spins[r, i] = 2 * (state[i, r] & 1) - 1


@njit(cache=True, nogil=True)
def shift_fields(state: Array, applied: Array, field: Array, feed: Array, scale: float) -> None:
    """Replace the external part ``applied`` of all stored fields by ``field + feed``.

    ``state`` and ``applied`` are (n, lanes), ``field`` (n,), ``feed`` (replicas, n), or (0, n) for
    none; lanes beyond the replicas get the field alone.
    """
    for i in range(state.shape[0]):
        for r in range(state.shape[1]):
            value = field[i] + feed[r, i] if r < feed.shape[0] else field[i]
            new = np.int64(np.rint(value * scale))
            state[i, r] += 2 * (new - applied[i, r])
            applied[i, r] = new
