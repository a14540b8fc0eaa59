r"""The heat bath from flip to flip: rejected attempts are drawn as one number and never made.

With ``p_i = 1/(1 + exp(2 s_i f_i/T))``, an attempt flips somebody with probability ``W/n``,
``W = sum_i p_i``: the number of attempts up to and with the next flip is geometric, and user ``i``
is the one with probability ``p_i/W`` (Bortz, Kalos & Lebowitz 1975). Users are kept in bins of
like ``p``; a bin has a bound ``b >= p`` (composition and rejection, Slepoy, Thompson & Plimpton
2008). Attempts are thinned: the next *candidate* comes with ``B/n``, ``B = sum of counts * b``,
its bin with ``count * b / B``, anybody in it alike, and it flips with ``p/b``. A candidate who does
not is a rejected attempt, so the law is exact, and ``B`` is computed anew from integer counts: no
sum drifts. A bin of a single field value (couplings of one size at low temperature) has ``b = p``.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sociophysics.engine.compilation import njit
from sociophysics.engine.counter import increment, mix, uniform
from sociophysics.engine.glauber import CACHED_BYTES, aligned
from sociophysics.engine.prefetch import prefetch
from sociophysics.engine.rate_bins import bin_of, relocate

__all__ = ["EVENT", "NEVER", "ORIGIN", "WAIT", "sweep_events"]

Array = NDArray[Any]
U64 = np.uint64
ORIGIN, EVENT, WAIT = 0, 1, 2  # columns of a replica's clock
NEVER = 2**62  # a wait longer than any run, and the wait where nobody can flip
DRAWS = 4  # of a candidate: wait, bin, user, flip
STREAM = U64(0x8BB84B93962EACC9)


@njit(inline="always")
def waiting(u: float, chance: float) -> Any:
    """Return the number of attempts up to and with the first that succeeds, ``NEVER`` at most."""
    if chance <= 0.0:
        return np.int64(NEVER)
    attempts = np.floor(math.log(u) / math.log1p(-chance)) if chance < 1.0 else 0.0
    return np.int64(attempts) + 1 if attempts < NEVER - 1 else np.int64(NEVER)


@njit(inline="always")
def steps_down(bounds: Array) -> Any:
    """Return by how much each bound exceeds the next, padded to a multiple of 4 by zeros."""
    drops = np.zeros((bounds.shape[0] + 3) // 4 * 4)
    for b in range(bounds.shape[0] - 1):
        drops[b] = bounds[b] - bounds[b + 1]
    return drops


@njit(inline="always")
def total_weight(drops: Array, end: Array) -> Any:
    """Return the sum over bins of count * bound, as a sum over bins and all before them."""
    # Four sums side by side: one would wait for the last addition at every bin.
    a, b, c, d = 0.0, 0.0, 0.0, 0.0
    for k in range(0, drops.shape[0], 4):
        a += drops[k] * end[k]
        b += drops[k + 1] * end[k + 1]
        c += drops[k + 2] * end[k + 2]
        d += drops[k + 3] * end[k + 3]
    return (a + b) + (c + d)


@njit(inline="always")
def choose_level(rest: float, drops: Array, end: Array) -> Any:
    """Return a level at random: whoever stands in its bin or before gets its drop."""
    level = np.int64(0)
    for k in range(drops.shape[0]):
        weight = drops[k] * end[k]
        if weight > 0.0:
            level = np.int64(k)
            rest -= weight
            if rest < 0.0:
                break
    return level


@njit(inline="always")
def listener(rows: Array, p: Any, packed: bool) -> Any:
    """Return the listener of an entry of ``engine.integer_sweeps`` (packed) or ``fixed_point``."""
    return U64(rows[p]) >> U64(1) if packed else U64(rows[U64(2) * p])


@njit(inline="always")
def pull(rows: Array, p: Any, packed: bool) -> Any:
    """Return the coupling of an entry, in the units of the words."""
    if packed:
        return 1 - 2 * np.int64(U64(rows[p]) & U64(1))
    return np.int64(rows[U64(2) * p + U64(1)])


@njit(inline="always")
def flip_and_sort(
    i: Any,
    r: Any,
    words: Array,
    indptr: Array,
    rows: Array,
    held: Array,
    packed: bool,
    bins: Array,
    shift: int,
    members: Array,
    place: Array,
    ends: Array,
    far: bool,
) -> None:
    """Flip user ``i``, change the field of everyone who listens, and put all into their bins."""
    begin, end = U64(indptr[i]), U64(indptr[i + U64(1)])
    if far:
        for p in range(begin, end):
            prefetch(words, listener(rows, p, packed))
            prefetch(place, listener(rows, p, packed))
    some_held = held.shape[1] > 0
    word = words[i]
    words[i] = word ^ 1
    after = bin_of(words[i], bins, shift)
    relocate(i, bin_of(word, bins, shift), after, members, place, ends)
    change = 4 - 8 * (np.int64(word) & 1)
    for p in range(begin, end):
        j = listener(rows, p, packed)
        before = bin_of(words[j], bins, shift)
        words[j] += change * pull(rows, p, packed)
        after = bin_of(words[j], bins, shift)
        if before != after and not (some_held and held[r, j]):
            relocate(j, before, after, members, place, ends)


@njit(cache=True, nogil=True, boundscheck=False)
def sweep_events(
    state: Array,
    indptr: Array,
    rows: Array,
    packed: bool,
    bins: Array,
    bounds: Array,
    exact: Array,
    shift: int,
    unit: float,
    held: Array,
    keys: Array,
    which: Array,
    members: Array,
    place: Array,
    ends: Array,
    clock: Array,
    attempts: int,
    flipped: Array,
) -> None:
    """Pass ``attempts`` attempts of the replicas ``which``, from candidate to candidate.

    ``indptr`` and ``rows`` are those of ``engine.integer_sweeps`` (``packed``) or ``fixed_point``.
    ``clock`` int64 (replicas, 3): the sweep after which the bins were filled, candidates since
    then, and attempts up to the next candidate, 0 if it is not drawn. Candidate k of a filling has
    draws of its own, so where a run is cut changes nothing.
    """
    n = state.shape[1]
    far = 3 * state[:1].nbytes + rows.nbytes > CACHED_BYTES
    drops = steps_down(bounds)
    for q in range(which.shape[0]):
        r = which[q]
        origin = mix(U64(clock[r, ORIGIN]) ^ STREAM)
        stride = increment(keys[r, 1] ^ origin)
        start = mix(keys[r, 0] ^ origin)
        words, member, at, end = state[r], members[r], place[r], ends[r]
        event, wait, left = clock[r, EVENT], clock[r, WAIT], np.int64(attempts)
        total = total_weight(drops, end)
        flips = 0
        while left > 0:
            counter = start + U64(event) * U64(DRAWS) * stride
            if wait == 0:
                wait = waiting(uniform(mix(counter)), total / n)
            if wait == NEVER:
                break
            if wait > left:
                wait -= left
                break
            left -= wait
            wait = np.int64(0)
            event += 1
            rest = uniform(mix(counter + stride)) * total
            level = choose_level(rest, drops, end)
            size = np.int64(end[U64(level)])
            k = min(np.int64(uniform(mix(counter + U64(2) * stride)) * size), size - 1)
            i = U64(member[U64(k)])
            chosen = bin_of(words[i], bins, shift)
            # Most candidates stand with the many: fetch who is next if that one does, too.
            draw = mix(counter + U64(DRAWS + 2) * stride)
            guess = U64(member[U64(min(np.int64(uniform(draw) * n), n - 1))])
            prefetch(words, guess)
            prefetch(indptr, guess)
            prefetch(at, guess)
            if not exact[chosen]:
                p = 1.0 / (1.0 + math.exp(min(np.float64(aligned(words[i])) / unit, 709.0)))
                if uniform(mix(counter + U64(3) * stride)) * bounds[chosen] >= p:
                    continue
            flip_and_sort(
                i, r, words, indptr, rows, held, packed, bins, shift, member, at, end, far
            )
            total = total_weight(drops, end)
            flips += 1
        clock[r, EVENT], clock[r, WAIT] = event, wait
        flipped[r] += flips
