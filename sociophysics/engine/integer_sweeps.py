"""Random-sequential heat-bath sweeps for couplings +-c without external fields.

Draw for draw the sweeps of ``engine.glauber``, on the words, ties and thresholds of
``engine.integer_fields``: half the memory traffic per tie and one lookup per decision.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from sociophysics.engine.compilation import njit
from sociophysics.engine.counter import increment, mix
from sociophysics.engine.glauber import BLOCK, rises_between
from sociophysics.engine.integer_fields import OPEN
from sociophysics.engine.prefetch import prefetch

__all__ = ["sweep_integer_cached", "sweep_integer_prefetched"]

Array = NDArray[Any]
U64, U32 = np.uint64, np.uint32
LOW, ABOVE = U64(0xFFFFFFFF), U64(0x100000000)


@njit(inline="always")
def flips(word: Any, draw: Any, cut: Array, zero: int, step: int, unit: float) -> Any:
    """Return whether the draw sets this word's user otherwise; ``zero`` is where word 0 is."""
    beyond = U64(np.int64(draw & LOW) - cut[U64(np.int64(word) + zero)])
    if beyond <= LOW:
        return False
    if beyond + U64(OPEN) < U64(OPEN) or beyond - ABOVE < U64(OPEN):
        field = (np.int64(word) >> 1) * np.int64(step)
        return rises_between(field, draw, unit) != (np.int64(word) & 1 != 0)
    return True


@njit(inline="always")
def spread(words: Array, i: Any, begin: Any, end: Any, ends: Array) -> None:
    """Flip user ``i``, whose listeners these are, and bring their fields up to date."""
    word = words[i]
    words[i] = word ^ np.int32(1)
    change = np.int32(4 - 8 * (word & 1))  # 2 for the flip, 2 for the bit that holds the stance
    for p in range(begin, end):
        tie = ends[p]
        against = np.int32(tie & U32(1))
        words[U64(tie >> U32(1))] += np.int32((change ^ -against) + against)


@njit(cache=True, nogil=True, boundscheck=False)
def sweep_integer_cached(
    state: Array,
    indptr: Array,
    ends: Array,
    cut: Array,
    step: int,
    unit: float,
    held: Array,
    keys: Array,
    first: int,
    sweeps: int,
    flipped: Array,
) -> None:
    """Do ``sweeps`` random-sequential sweeps of every replica; words that stay in cache.

    ``first`` is the number of sweeps done before; ``flipped`` (replicas,) counts accepted flips.
    """
    n = U64(state.shape[1])
    some_held = held.shape[1] > 0
    zero = np.int64(cut.shape[0] // 2 - 1)
    for r in range(state.shape[0]):
        words = state[r]
        stride = increment(keys[r, 1])
        counter = keys[r, 0] + U64(first) * n * stride
        accepted = 0
        for _ in range(U64(sweeps) * n):
            counter += stride
            draw = mix(counter)
            i = ((draw >> U64(32)) * n) >> U64(32)
            if flips(words[i], draw, cut, zero, step, unit):
                if some_held and held[r, i]:
                    continue
                accepted += 1
                spread(words, i, U64(indptr[i]), U64(indptr[i + U64(1)]), ends)
        flipped[r] += accepted


@njit(cache=True, nogil=True, boundscheck=False)
def sweep_integer_prefetched(
    state: Array,
    indptr: Array,
    ends: Array,
    cut: Array,
    step: int,
    unit: float,
    held: Array,
    keys: Array,
    first: int,
    sweeps: int,
    flipped: Array,
) -> None:
    """Do the same sweeps, draw for draw, when the words outgrow the cache.

    Four blocks are under way, as in ``glauber.sweep_prefetched``: words fetched, flips guessed,
    rows fetched, and, in the oldest, listeners fetched and all decided in order.
    """
    n = U64(state.shape[1])
    some_held = held.shape[1] > 0
    zero = np.int64(cut.shape[0] // 2 - 1)
    one, two, ring = U64(1), U64(2), U64(3)
    site, draws = np.empty(4 * BLOCK, np.uint32), np.empty(4 * BLOCK, np.uint64)
    guess, begin = np.empty(4 * BLOCK, np.uint64), np.empty(4 * BLOCK, np.uint64)
    end = np.empty(4 * BLOCK, np.uint64)
    size, found = np.zeros(4, np.uint64), np.zeros(4, np.uint64)
    for r in range(state.shape[0]):
        words = state[r]
        stride = increment(keys[r, 1])
        counter = keys[r, 0] + U64(first) * n * stride
        left: Any = U64(sweeps) * n
        accepted = 0
        for t in range((left + U64(BLOCK) - one) // U64(BLOCK) + U64(3)):
            b = t & ring
            o = b * U64(BLOCK)
            drawn: Any = min(left, U64(BLOCK))
            left -= drawn
            size[b] = drawn
            for k in range(o, o + drawn):
                counter += stride
                draw = mix(counter)
                draws[k] = draw
                i = ((draw >> U64(32)) * n) >> U64(32)
                site[k] = i
                prefetch(words, i)

            b = (t - one) & ring
            o = b * U64(BLOCK)
            g = o
            for k in range(o, o + size[b]):
                i = U64(site[k])
                guess[g] = i
                keeps = np.int64(draws[k] & LOW) - cut[U64(np.int64(words[i]) + zero)]
                g += U64(U64(keeps) > LOW)
            for k in range(o, g):
                prefetch(indptr, guess[k])
            found[b] = g - o

            b = (t - two) & ring
            o = b * U64(BLOCK)
            for k in range(o, o + found[b]):
                begin[k], end[k] = indptr[guess[k]], indptr[guess[k] + one]
                prefetch(ends, begin[k])
                prefetch(ends, end[k] - one)

            b = (t - U64(3)) & ring
            o = b * U64(BLOCK)
            for k in range(o, o + found[b]):
                for p in range(begin[k], end[k]):
                    prefetch(words, U64(ends[p] >> U32(1)))
            for k in range(o, o + size[b]):
                i = U64(site[k])
                if flips(words[i], draws[k], cut, zero, step, unit):
                    if some_held and held[r, i]:
                        continue
                    accepted += 1
                    spread(words, i, U64(indptr[i]), U64(indptr[i + one]), ends)
            size[b], found[b] = U64(0), U64(0)
        flipped[r] += accepted
