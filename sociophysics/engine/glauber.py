"""Sweeps that keep every local field up to date (fixed point, incremental).

Each attempt hashes its counter to 64 bits: the upper 32 choose the site (multiply-shift; its
relative bias of n/2^32 does not depend on the state), the lower 32 are the leading bits of v. The
draw *sets* the stance, whatever it was: +1 iff ``v < 1/(1 + exp(-2 f/T))``. Under another rule it
does so as ``engine.flip_curves`` says: ``curve`` is None for the heat bath, whose code is then
compiled as if there were no other.
``held`` marks users who never flip; an array of shape (replicas, 0) means nobody.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sociophysics.engine.compilation import njit
from sociophysics.engine.counter import increment, mix
from sociophysics.engine.flip_curves import chance
from sociophysics.engine.prefetch import prefetch

__all__ = [
    "BLOCK",
    "CACHED_BYTES",
    "aligned",
    "draw_of",
    "flips_by_rule",
    "rises_between",
    "sweep_cached",
    "sweep_kawasaki",
    "sweep_own",
    "sweep_prefetched",
    "sweep_sequential",
]

Array = NDArray[Any]
# Words and couplings of a replica that stay in a second-level cache, or all but: beyond one of
# 512 kB by a few per cent, plain sweeps are still half as fast again as prefetched ones.
CACHED_BYTES = 640 * 1024
BLOCK = 32  # draws made ahead at a time; four such blocks are under way
U64 = np.uint64
U32 = np.uint32
SHIFT = U64(22)  # from the lower 32 bits of a draw to its bin of ``fixed_point.thresholds``
COARSE = U64(24)  # to its bin of ``fixed_point.rule_thresholds``
LOW = U64(0xFFFFFFFF)
HALF = U64(0x80000000)
TAIL = U64(0xD6E8FEB86659FD93)
REST = U64(0xA0761D6478BD642F)  # another hash of a draw: whether who is drawn is set anew


@njit(inline="always")
def aligned(word: Any) -> Any:
    """Return ``s f`` of a word in fixed point: the field as seen from the own stance."""
    value = np.int64(word)
    sign = (value & 1) - 1
    return ((value >> 1) ^ sign) - sign


@njit(inline="always")
def draw_of(draw: Any) -> Any:
    """Return v and 1 - v of a draw, of 64 bits."""
    high, low = draw & LOW, mix(draw ^ TAIL) >> U64(32)
    v = (np.float64(high) * 4294967296.0 + np.float64(low) + 0.5) * 2.0**-64
    rest = (np.float64(LOW - high) * 4294967296.0 + np.float64(LOW - low) + 0.5) * 2.0**-64
    return v, rest


@njit
def rises_between(field: Any, draw: Any, unit: float) -> Any:
    """Decide the draws that the bins leave open, with 64 bits of v instead of 32."""
    high = draw & LOW
    if unit == math.inf:
        return high < HALF
    v, rest = draw_of(draw)
    bound = unit * (math.log(v) - math.log(rest)) if unit > 0.0 else 0.0
    # Only T = 0 meets equality: a zero field is a fair coin.
    return field > bound or (field == bound and high < HALF)


@njit
def flips_by_rule(word: Any, draw: Any, unit: float, curve: Any) -> Any:
    """Decide under a rule the draws that the bins leave open; ``unit`` is all that can pull."""
    v, rest = draw_of(draw)
    # Nobody flips with probability 0, nor stays with 1, even where v rounds to 1.
    g = chance(curve, np.float64(aligned(word)) / unit)
    return g >= 1.0 or (rest if np.int64(word) & 1 else v) < g


@njit(inline="always")
def flips(word: Any, draw: Any, first: Array, open_: Array, unit: float, curve: Any) -> Any:
    """Return whether the draw sets the user whose word this is to the other stance."""
    wide = np.int64(word)
    bin_ = (draw & LOW) >> SHIFT
    if curve is None:
        above = (wide >> 1) - first[bin_]
        if U64(above) < open_[bin_]:
            return rises_between(wide >> 1, draw, unit) != (wide & 1 != 0)
    else:
        bin_ = (draw & LOW) >> COARSE << U64(1) | U64(wide & 1)
        above = (wide >> 1) - first[bin_]
        if U64(above) < open_[bin_]:
            return flips_by_rule(word, draw, unit, curve)
    # A sign instead of a branch on the stance drawn, which nobody could guess.
    return (above >> 63 ^ wide) & 1 == 0


@njit(inline="always")
def may_flip(word: Any, draw: Any, first: Array, curve: Any) -> Any:
    """Return 1 where ``flips`` may say so, else 0, without deciding what is open."""
    wide = np.int64(word)
    bin_ = (draw & LOW) >> SHIFT
    if curve is not None:
        bin_ = (draw & LOW) >> COARSE << U64(1) | U64(wide & 1)
    above = (wide >> 1) - first[bin_]
    return ~(above >> 63 ^ wide) & 1


@njit(inline="always")
def spread(state: Array, r: int, i: Any, indptr: Array, rows: Array) -> None:
    """Flip user ``i`` and add the change to the field of everyone who listens to ``i``."""
    word = state[r, i]
    state[r, i] = word ^ 1
    change = 4 - 8 * (np.int64(word) & 1)  # 2 for the flip, 2 for the bit that holds the stance
    for p in range(U64(indptr[i]), U64(indptr[i + U64(1)])):
        state[r, U64(rows[U64(2) * p])] += change * rows[U64(2) * p + U64(1)]


@njit(cache=True, nogil=True, boundscheck=False)
def sweep_cached(
    state: Array,
    indptr: Array,
    rows: Array,
    first_open: Array,
    open_: Array,
    unit: float,
    curve: Any,
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
    for r in range(state.shape[0]):
        step = increment(keys[r, 1])
        counter = keys[r, 0] + U64(first) * n * step
        end = counter + U64(sweeps) * n * step  # met after so many steps, as steps are odd
        while counter != end:
            counter += step
            draw = mix(counter)
            i = ((draw >> U64(32)) * n) >> U64(32)
            if flips(state[r, i], draw, first_open, open_, unit, curve):
                if some_held and held[r, i]:
                    continue
                flipped[r] += 1
                spread(state, r, i, indptr, rows)


@njit(cache=True, nogil=True, boundscheck=False)
def sweep_prefetched(
    state: Array,
    indptr: Array,
    rows: Array,
    first_open: Array,
    open_: Array,
    unit: float,
    curve: Any,
    held: Array,
    keys: Array,
    first: int,
    sweeps: int,
    flipped: Array,
) -> None:
    """Do the same sweeps, draw for draw, when the words outgrow the cache.

    Four blocks of draws are under way. The newest is drawn and its words are fetched; in the one
    before, flips are guessed; in the one before that, the guessed users' rows are fetched; in the
    oldest, their listeners are, and then it is decided in order. So a wrong guess costs time and
    changes nothing.
    """
    n = U64(state.shape[1])
    some_held = held.shape[1] > 0
    one, two, ring = U64(1), U64(2), U64(3)
    site, draws = np.empty(4 * BLOCK, np.uint32), np.empty(4 * BLOCK, np.uint64)
    guess, begin = np.empty(4 * BLOCK, np.uint64), np.empty(4 * BLOCK, np.uint64)
    end = np.empty(4 * BLOCK, np.uint64)
    size, found = np.zeros(4, np.uint64), np.zeros(4, np.uint64)
    for r in range(state.shape[0]):
        words = state[r]
        step = increment(keys[r, 1])
        counter = keys[r, 0] + U64(first) * n * step
        left: Any = U64(sweeps) * n
        accepted = 0
        for t in range((left + U64(BLOCK) - one) // U64(BLOCK) + U64(3)):
            b = t & ring
            o = b * U64(BLOCK)
            drawn: Any = min(left, U64(BLOCK))
            left -= drawn
            size[b] = drawn
            for k in range(o, o + drawn):
                counter += step
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
                g += U64(may_flip(words[i], draws[k], first_open, curve))
            for k in range(o, g):
                prefetch(indptr, guess[k])
            found[b] = g - o

            b = (t - two) & ring
            o = b * U64(BLOCK)
            for k in range(o, o + found[b]):
                begin[k], end[k] = indptr[guess[k]], indptr[guess[k] + one]
                prefetch(rows, two * begin[k])
                prefetch(rows, two * end[k] - one)

            b = (t - U64(3)) & ring
            o = b * U64(BLOCK)
            for k in range(o, o + found[b]):
                for p in range(begin[k], end[k]):
                    prefetch(words, U64(rows[two * p]))
            for k in range(o, o + size[b]):
                i = U64(site[k])
                if flips(words[i], draws[k], first_open, open_, unit, curve):
                    if some_held and held[r, i]:
                        continue
                    accepted += 1
                    spread(state, r, i, indptr, rows)
            size[b], found[b] = U64(0), U64(0)
        flipped[r] += accepted


@njit(cache=True, nogil=True, boundscheck=False)
def sweep_own(
    state: Array,
    indptr: Array,
    rows: Array,
    first_open: Array,
    open_: Array,
    unit: Array,
    level: Array,
    answers: Array,
    held: Array,
    keys: Array,
    first: int,
    sweeps: int,
    flipped: Array,
) -> None:
    """Do the same sweeps, draw for draw, where users have temperatures of their own.

    The bounds have one row per temperature, ``level`` (replicas, n) is the row of each user.
    ``answers`` (n,) is how often in 2^32 a user who is drawn is set anew, or empty: always.
    """
    n = U64(state.shape[1])
    some_held, some_rest = held.shape[1] > 0, answers.shape[0] > 0
    for r in range(state.shape[0]):
        step = increment(keys[r, 1])
        counter = keys[r, 0] + U64(first) * n * step
        end = counter + U64(sweeps) * n * step
        while counter != end:
            counter += step
            draw = mix(counter)
            i = ((draw >> U64(32)) * n) >> U64(32)
            k = level[r, i]
            if flips(state[r, i], draw, first_open[k], open_[k], unit[k], None):
                if some_held and held[r, i]:
                    continue
                if some_rest and mix(draw ^ REST) >> U64(32) >= answers[i]:
                    continue
                flipped[r] += 1
                spread(state, r, i, indptr, rows)


@njit(cache=True, nogil=True, boundscheck=False)
def sweep_sequential(
    state: Array,
    indptr: Array,
    rows: Array,
    first_open: Array,
    open_: Array,
    unit: float,
    curve: Any,
    held: Array,
    keys: Array,
    first: int,
    sweeps: int,
    flipped: Array,
) -> None:
    """Do sweeps that visit users in the order 0, 1, ..., n-1.

    Another dynamics with the same stationary law; it breaks detailed balance.
    """
    n = U64(state.shape[1])
    some_held = held.shape[1] > 0
    for r in range(state.shape[0]):
        step = increment(keys[r, 1])
        counter = keys[r, 0] + U64(first) * n * step
        for _ in range(U64(sweeps)):
            for i in range(n):
                counter += step
                if flips(state[r, i], mix(counter), first_open, open_, unit, curve):
                    if some_held and held[r, i]:
                        continue
                    flipped[r] += 1
                    spread(state, r, i, indptr, rows)


@njit(cache=True, nogil=True, boundscheck=False)
def sweep_kawasaki(
    state: Array,
    indptr: Array,
    rows: Array,
    tails: Array,
    first_open: Array,
    open_: Array,
    unit: float,
    curve: Any,
    held: Array,
    keys: Array,
    first: int,
    sweeps: int,
    flipped: Array,
) -> None:
    """Do sweeps of n attempts to swap the stances across a tie drawn at random.

    Unlike stances swap with the heat-bath probability of the energy change
    ``2 (s_i f_i + s_j f_j) + 4 J_ij``: the draw sets which of the two ends stands at +1.
    ``flipped`` counts swaps. The magnetization is conserved.
    """
    n, ties = U64(state.shape[1]), U64(tails.shape[0])
    some_held = held.shape[1] > 0
    if ties == U64(0):
        return
    for r in range(state.shape[0]):
        step = increment(keys[r, 1])
        counter = keys[r, 0] + U64(first) * n * step
        for _ in range(U64(sweeps) * n):
            counter += step
            draw = mix(counter)
            p = ((draw >> U64(32)) * ties) >> U64(32)
            i, j = U64(tails[p]), U64(rows[U64(2) * p])
            if (state[r, i] ^ state[r, j]) & 1 == 0:
                continue
            if some_held and (held[r, i] or held[r, j]):
                continue
            barrier = (
                aligned(state[r, i])
                + aligned(state[r, j])
                + 2 * np.int64(rows[U64(2) * p + U64(1)])
            )
            # As a field on i, in a word with its stance.
            toward = barrier * (2 * (np.int64(state[r, i]) & 1) - 1)
            if flips(
                2 * toward + (np.int64(state[r, i]) & 1), draw, first_open, open_, unit, curve
            ):
                flipped[r] += 1
                spread(state, r, i, indptr, rows)
                spread(state, r, j, indptr, rows)
