r"""Heat-bath sweeps of 64 replicas at once: bit l of a user's word is the stance in lane l.

Couplings are ``+-c`` and there is no field, so a user with ``d`` neighbours, ``a`` of them pulling
up, has the field ``c (2 a - d)``. Carry-save adders count ``a`` in all lanes at once, bit plane by
bit plane. Of the two probabilities ``p(x)`` and ``1 - p(x)`` at ``x = |2 a - d|``,

.. math:: p(x) = 1 / (1 + \exp(2 c x / T)) \le 1/2,

the smaller is stored as ``floor(2^64 p)``, which is exact to ``2^-64`` and cannot overflow. A draw
v sets the stance: in a field down to +1 iff ``v < p``; in a field up to +1 iff not ``1 - v < p``.
Eight words of random bits are compared with the leading 8 bits of ``p`` in all lanes; lanes still
equal (one in 256) compare the other 56 bits with a draw of their own.

Every attempt owns 16 positions of the word's counter stream, so what it draws depends on nothing
before it: position 0 is the site, 1 to 8 the bits, 9 the base of the lanes' own draws.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from sociophysics.engine.compilation import njit
from sociophysics.engine.counter import increment, mix
from sociophysics.engine.lanes import COUNTED, LANES, LEADING
from sociophysics.engine.prefetch import prefetch

__all__ = ["APART", "sweep_words"]

Array = NDArray[Any]
U64, U32 = np.uint64, np.uint32
POSITIONS = U64(16)
OWN_DRAWS = U64(9)
AHEAD = 8  # attempts between asking for memory and using it
RING = U64(31)  # sites under way are kept modulo 32
WIDEST = 32  # bit planes of a hub
NONE, ALL, ONE = U64(0), U64(0xFFFFFFFFFFFFFFFF), U64(1)
REST = U64((1 << 56) - 1)
# The words' streams differ from those that move single replicas in other kernels.
APART = U64(0xA3EC647659359ACD)


@njit(inline="always")
def pull(words: Array, tie: Any) -> Any:
    """Return the lanes in which this tie pulls up; its lowest bit marks a negative coupling."""
    return words[U64(tie >> U32(1))] ^ (NONE - U64(tie & U32(1)))


@njit(inline="always")
def count(words: Array, ties: Array, start: Any, stop: Any) -> Any:
    """Return the five bit planes of the number of ties that pull up, for at most 31 ties."""
    c0, c1, c2, c3, c4 = NONE, NONE, NONE, NONE, NONE
    p = start
    while p + U64(4) <= stop:
        x, y = pull(words, ties[p]), pull(words, ties[p + ONE])
        half = c0 ^ x
        first = (c0 & x) | (half & y)
        c0 = half ^ y
        x, y = pull(words, ties[p + U64(2)]), pull(words, ties[p + U64(3)])
        half = c0 ^ x
        second = (c0 & x) | (half & y)
        c0 = half ^ y
        half = c1 ^ first
        carry = (c1 & first) | (half & second)
        c1 = half ^ second
        c2, carry = c2 ^ carry, c2 & carry
        c3, carry = c3 ^ carry, c3 & carry
        c4 ^= carry
        p += U64(4)
    while p < stop:
        carry = pull(words, ties[p])
        c0, carry = c0 ^ carry, c0 & carry
        c1, carry = c1 ^ carry, c1 & carry
        c2, carry = c2 ^ carry, c2 & carry
        c3, carry = c3 ^ carry, c3 & carry
        c4 ^= carry
        p += ONE
    return c0, c1, c2, c3, c4


@njit(inline="always")
def own_draw(base: Any, bit: Any, up: Any) -> Any:
    """Return v of the lane that ``bit`` marks, or 1 - v if the lane's field is up."""
    random = mix(base ^ bit)
    return ~random if up != NONE else random


@njit(inline="always")
def settings(
    words: Array,
    ties: Array,
    start: Any,
    stop: Any,
    chance: Array,
    leading: Array,
    draw: Any,
    step: Any,
) -> Any:
    """Return the lanes in which a user with at most 31 neighbours is set to +1.

    ``draw`` is the counter of the attempt.
    """
    degree = stop - start
    c0, c1, c2, c3, c4 = count(words, ties, start, stop)
    n0, n1, n2, n3, n4 = ~c0, ~c1, ~c2, ~c3, ~c4
    low = (n0 & n1, c0 & n1, n0 & c1, c0 & c1)
    a, b, c, d = n2 & n3, c2 & n3, n2 & c3, c2 & c3
    high = (a & n4, b & n4, c & n4, d & n4, a & c4, b & c4, c & c4, d & c4)
    down, level = NONE, NONE
    p0, p1, p2, p3, p4, p5, p6, p7 = NONE, NONE, NONE, NONE, NONE, NONE, NONE, NONE
    up = NONE
    while up + up < degree:
        rest = degree - up
        lanes = low[up & U64(3)] & high[up >> U64(2)]
        down |= lanes
        lanes |= low[rest & U64(3)] & high[rest >> U64(2)]
        row = leading[rest - up]
        p0 |= lanes & row[0]
        p1 |= lanes & row[1]
        p2 |= lanes & row[2]
        p3 |= lanes & row[3]
        p4 |= lanes & row[4]
        p5 |= lanes & row[5]
        p6 |= lanes & row[6]
        p7 |= lanes & row[7]
        up += ONE
    if up + up == degree:
        level = low[up & U64(3)] & high[up >> U64(2)]
        p0 |= level & leading[0, 0]  # p(0) = 1/2 at every temperature: its other bits are 0
    risen = ~(down | level)
    below, equal = NONE, ALL
    at = draw
    for bit in (p0, p1, p2, p3, p4, p5, p6, p7):
        at += step
        random = mix(at) ^ risen
        below |= equal & bit & ~random
        equal &= ~(random ^ bit)
    if equal != NONE:
        base = mix(draw + OWN_DRAWS * step)
        while equal != NONE:
            bit = equal & (~equal + ONE)
            equal ^= bit
            ups = np.int64((c0 & bit) != NONE) + 2 * np.int64((c1 & bit) != NONE)
            ups += 4 * np.int64((c2 & bit) != NONE) + 8 * np.int64((c3 & bit) != NONE)
            ups += 16 * np.int64((c4 & bit) != NONE)
            x = abs(2 * ups - np.int64(degree))
            random = own_draw(base, bit, risen & bit)
            if random >> U64(LEADING) < chance[U64(x)] & REST:
                below |= bit
    return below ^ risen


@njit(inline="always")
def plus(a: Any, b: Any, carry: Any) -> Any:
    """Return the sum bit and the carry of three bits, lane by lane."""
    half = a ^ b
    return half ^ carry, (a & b) | (half & carry)


@njit(cache=True, nogil=True, boundscheck=False)
def hub_settings(
    words: Array,
    ties: Array,
    start: Any,
    stop: Any,
    chance: Array,
    draw: Any,
    step: Any,
    planes: Array,
    ups: Array,
) -> Any:
    """Return the lanes in which a user with any number of neighbours is set to +1.

    Neighbours are counted 31 at a time and added to as many bit ``planes`` as they need; every
    lane then compares a draw of its own. ``planes`` (32,) and ``ups`` (64,) are scratch.
    """
    degree = stop - start
    width = U64(0)
    while degree >> width != NONE:
        planes[width] = NONE
        width += ONE
    p = start
    while p < stop:
        end = min(p + U64(COUNTED), stop)
        c0, c1, c2, c3, c4 = count(words, ties, p, end)
        planes[0], carry = planes[0] ^ c0, planes[0] & c0
        planes[1], carry = plus(planes[1], c1, carry)
        planes[2], carry = plus(planes[2], c2, carry)
        planes[3], carry = plus(planes[3], c3, carry)
        planes[4], carry = plus(planes[4], c4, carry)
        for q in range(U64(5), width):
            planes[q], carry = planes[q] ^ carry, planes[q] & carry
        p = end
    ups[:] = 0
    for q in range(width):
        plane = planes[q]
        for lane in range(U64(LANES)):
            ups[lane] += ((plane >> lane) & ONE) << q
    base, out = mix(draw + OWN_DRAWS * step), NONE
    for lane in range(U64(LANES)):
        bit = ONE << lane
        x = 2 * np.int64(ups[lane]) - np.int64(degree)
        risen = bit if x > 0 else NONE
        if own_draw(base, bit, risen) < chance[U64(abs(x))]:
            risen ^= bit
        out |= risen
    return out


@njit(cache=True, nogil=True, boundscheck=False)
def sweep_words(
    state: Array,
    indptr: Array,
    ties: Array,
    chance: Array,
    leading: Array,
    held: Array,
    keys: Array,
    first: int,
    sweeps: int,
) -> None:
    """Do ``sweeps`` random-sequential sweeps of every word.

    Sites do not depend on stances, so each attempt asks for its row 24 attempts ahead, for the
    row's ties 16 ahead, and for the words of the neighbours 8 ahead; in cache this costs nothing.

    Parameters
    ----------
    state : uint64 array, shape (words, n)
        Stances, changed in place. The lanes of one word visit the same users in the same order.
    indptr, ties : int64 array (n + 1,), uint32 array (nnz,)
        Rows of the couplings; a tie is the neighbour times 2, plus 1 if the coupling is negative.
    chance, leading
        Of ``flip_table``, up to the largest degree.
    held : uint64 array, shape (words, n) or (words, 0)
        Lanes in which a user never flips.
    keys : uint64 array, shape (words, 2)
        Of the words' streams.
    first : int
        Sweeps done before.
    """
    n = U64(state.shape[1])
    planes, ups = np.empty(WIDEST, np.uint64), np.empty(LANES, np.uint64)
    site = np.zeros(RING + ONE, np.uint64)
    some_held = held.shape[1] > 0
    for w in range(state.shape[0]):
        words = state[w]
        step = increment(keys[w, 1] ^ APART)
        stride = POSITIONS * step
        draw = (keys[w, 0] ^ APART) + U64(first) * n * stride
        coming = draw
        total: Any = np.int64(U64(sweeps) * n)
        for t in range(total + 3 * AHEAD):
            if t < total:
                i = ((mix(coming) >> U64(32)) * n) >> U64(32)
                coming += stride
                site[U64(t) & RING] = i
                prefetch(indptr, i)
            if AHEAD <= t < total + AHEAD:
                i = site[U64(t - AHEAD) & RING]
                prefetch(words, i)
                prefetch(ties, U64(indptr[i]))
                prefetch(ties, U64(indptr[i + ONE]) - ONE)
            if 2 * AHEAD <= t < total + 2 * AHEAD:
                i = site[U64(t - 2 * AHEAD) & RING]
                start = U64(indptr[i])
                for p in range(start, min(U64(indptr[i + ONE]), start + U64(COUNTED))):
                    prefetch(words, U64(ties[p] >> U32(1)))
            if t < 3 * AHEAD:
                continue
            i = site[U64(t - 3 * AHEAD) & RING]
            start, stop = U64(indptr[i]), U64(indptr[i + ONE])
            if stop - start <= U64(COUNTED):
                out = settings(words, ties, start, stop, chance, leading, draw, step)
            else:
                out = hub_settings(words, ties, start, stop, chance, draw, step, planes, ups)
            if some_held:
                out = (out & ~held[w, i]) | (words[i] & held[w, i])
            words[i] = out
            draw += stride
