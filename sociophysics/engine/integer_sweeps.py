"""Couplings of one magnitude, ``J_ij = +-c``, without external fields: fields as integers, swept.

``f_i = c k_i`` with an integer ``k_i``. A word ``k << 1 | (stance == +1)`` has the layout of
``engine.fixed_point`` with another unit, takes 8 to 32 bits, and has so few values that each has
its own threshold: the draw sets +1 iff ``v < p(word)``. A table holds ``p`` in units of ``2**-32``,
for the leading 32 bits of ``v``; the few draws that these leave open (``OPEN``) are decided by the
exact comparison of the fixed-point kernel, on that kernel's own fields ``k * round(c * scale)``. So
both kernels take every decision alike, draw for draw those of ``engine.glauber``: half the memory
traffic per tie and one lookup per decision.

Under another rule the flip probability depends on ``y = k / d``, with ``d`` the users one listens
to: users of each ``d`` have a part of the table, and their words are shifted to it.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from sociophysics.engine.compilation import njit
from sociophysics.engine.counter import increment, mix
from sociophysics.engine.fixed_point import (
    append_stances,
    by_column,
    common_size,
    fixed_scale,
    row_chunks,
)
from sociophysics.engine.glauber import BLOCK, draw_of, rises_between
from sociophysics.engine.prefetch import prefetch

__all__ = [
    "OPEN",
    "Cuts",
    "IntegerTies",
    "common_size",
    "cuts",
    "encode_ties",
    "encode_words",
    "listened_to",
    "reach",
    "rule_cuts",
    "shifts",
    "sweep_integer_cached",
    "sweep_integer_prefetched",
]

Array = NDArray[Any]
OPEN = 4  # neighbouring values of the leading 32 bits of v that a threshold leaves open
USERS = 2**31  # that a listener of 31 bits can number
WIDTHS = (np.int8, np.int16, np.int32)


class IntegerTies(NamedTuple):
    """Couplings +-c by columns: whom a flip of user ``j`` changes, and which way."""

    indptr: NDArray[Any]  # (n + 1,): uint32, or int64 from 2**32 entries on
    ends: NDArray[np.uint32]  # (nnz,): listener << 1 | (J < 0)
    reach: int  # largest number of users anybody listens to: no field is larger
    step: int  # c in the fixed point of ``engine.fixed_point``
    scale: float  # its unit
    shift: NDArray[np.int64] | None = None  # (n,): of the words, under rules of k / d
    degrees: NDArray[np.int64] | None = None  # those there are, in the order of the table


class Cuts(NamedTuple):
    """The heat-bath draw at one temperature, by word.

    The draw keeps the stance in a word if ``0 <= v * 2**32 - cut < 2**32``: one comparison for
    both stances. It is open in the ``OPEN`` values next to the threshold, and else it flips.
    """

    cut: NDArray[np.int64]  # (4 reach + 2,)
    step: int
    unit: float  # scale * T / 2
    exact: NDArray[np.float64] | None = None  # chance of +1 by word, under rules of k / d


def reach(indptr: Array) -> int:
    """Return the largest number of users anybody listens to.

    Examples
    --------
    >>> reach(np.array([0, 2, 3]))
    2
    """
    pieces = row_chunks(indptr)
    return max((int(np.diff(indptr[a : b + 1]).max()) for a, b, _ in pieces), default=0)


def encode_ties(indptr: Array, indices: Array, data: Array, *, symmetric: bool) -> IntegerTies:
    """Return the packed ties of the rows of ``J``, made piece by piece.

    4 bytes per entry, 8 per undirected tie; nothing else of that size is made.

    Parameters
    ----------
    indptr, indices, data
        Rows of ``J`` in any numeric types, memory-mapped or not; all entries of ``common_size``.
    symmetric : bool
        ``J`` is known to be.

    Examples
    --------
    >>> encode_ties(np.array([0, 1, 2]), np.array([1, 0]), np.array([-1, -1]), symmetric=True).ends
    array([3, 1], dtype=uint32)
    """
    _, scale = fixed_scale(indptr, data, 0.0)

    def encode(rows: Array, part: slice) -> Array:
        packed = np.asarray(rows, np.uint32) << np.uint32(1)
        packed |= np.asarray(data[part]) < 0
        return packed[:, np.newaxis]

    ends = np.empty((len(indices), 1), np.uint32)
    edges = by_column(indptr, indices, encode, ends, symmetric=symmetric)
    narrow = np.uint32 if len(indices) < 2**32 else np.int64
    size = abs(float(data[0])) if len(data) else 0.0
    return IntegerTies(edges.astype(narrow), ends[:, 0], reach(indptr), round(size * scale), scale)


def cuts(temperature: float, ties: IntegerTies) -> Cuts:
    """Return the thresholds of the heat-bath draw at one temperature (0 and infinity included)."""
    unit = ties.scale * temperature / 2.0
    k = np.arange(-ties.reach, ties.reach + 1, dtype=np.float64)
    with np.errstate(over="ignore", divide="ignore", invalid="ignore"):
        up = 1.0 / (1.0 + np.exp(-k * ties.step / unit))
    up[ties.reach] = 0.5
    low = np.floor(up * 2.0**32).astype(np.int64) - OPEN // 2  # below it +1, from + OPEN on -1
    cut = np.stack([low + OPEN, low - 2**32], axis=1).reshape(-1)
    return Cuts(cut, ties.step, unit)


def listened_to(indptr: Array) -> NDArray[np.int64]:
    """Return the numbers of users that somebody listens to, each once, in ascending order.

    Examples
    --------
    >>> listened_to(np.array([0, 2, 3, 5]))
    array([1, 2])
    """
    found = [np.unique(np.diff(np.asarray(indptr[a : b + 1]))) for a, b, _ in row_chunks(indptr)]
    return np.unique(np.concatenate(found)).astype(np.int64) if found else np.zeros(0, np.int64)


def shifts(indptr: Array) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return by how much each user's words are shifted in a table of rules, and its degrees.

    Examples
    --------
    >>> shifts(np.array([0, 2, 3]))
    (array([ 2, -6]), array([1, 2]))
    """
    degrees = listened_to(indptr)
    starts = np.concatenate([[0], np.cumsum(4 * degrees + 2)])
    zero = _zero(degrees)
    own = np.searchsorted(degrees, np.diff(np.asarray(indptr, np.int64)))
    return starts[own] + 2 * degrees[own] - zero, degrees


def _zero(degrees: NDArray[np.int64]) -> int:
    """Return where in a table of rules the word 0 stands: even, so that words keep stances."""
    half = int((2 * degrees + 1).sum())
    return half - half % 2


def rule_cuts(g: Callable[[Array], Array], ties: IntegerTies) -> Cuts:
    """Return the thresholds of the draw of a rule, for words shifted by ``shifts``.

    Parameters
    ----------
    g : function of an array
        Flip probability at the aligned pulls ``k / d``, 0 for who listens to nobody.
    ties : IntegerTies
        With ``degrees``.
    """
    degrees = np.zeros(0, np.int64) if ties.degrees is None else ties.degrees
    up = []
    for d in degrees.tolist():
        pull = np.arange(-d, d + 1) / max(d, 1)
        flips = np.clip(np.asarray(g(np.concatenate([-pull, pull]))), 0.0, 1.0)
        up.append(np.stack([flips[: pull.size], 1.0 - flips[pull.size :]], axis=1).ravel())
    exact = np.zeros(2 * _zero(degrees) + 2)
    exact[: sum(each.size for each in up)] = np.concatenate(up) if up else 0.0
    cut = np.floor(exact * 2.0**32).astype(np.int64) - OPEN // 2
    cut[0::2] += OPEN
    cut[1::2] -= 2**32
    return Cuts(cut, ties.step, 0.0, exact)


def encode_words(spins: NDArray[np.int8], ties: IntegerTies) -> NDArray[Any]:
    """Return the words of replicas with these stances, shape (replicas, n).

    8 bits each where nobody listens to more than 63 users, else 16 or 32: the smaller the words,
    the more of them stay in cache.

    Examples
    --------
    >>> J = np.array([0, 1, 2]), np.array([1, 0]), np.array([-1, -1])
    >>> pair = encode_ties(*J, symmetric=True)
    >>> encode_words(np.array([[1, 1]], np.int8), pair)
    array([[-1, -1]], dtype=int8)
    """
    largest = 2 * ties.reach + 1 if ties.degrees is None else _zero(ties.degrees) + 1
    narrow = next(w for w in WIDTHS if largest <= np.iinfo(w).max)
    words = np.zeros(spins.shape, narrow)
    add_ties(words, spins, ties.indptr, ties.ends)
    append_stances(words, spins)
    if ties.shift is not None:
        words += ties.shift.astype(narrow)
    return words


@njit(cache=True, nogil=True)
def add_ties(words: Array, spins: Array, indptr: Array, ends: Array) -> None:
    """Add the signed count of everybody's ties, ``k_i = sum_j sign(J_ij) s_j``, in place."""
    for r in range(spins.shape[0]):
        for j in range(spins.shape[1]):
            for p in range(np.int64(indptr[j]), np.int64(indptr[j + 1])):
                sign = 1 - 2 * np.int32(ends[p] & np.uint32(1))
                words[r, np.int64(ends[p] >> np.uint32(1))] += sign * spins[r, j]


U64, U32 = np.uint64, np.uint32
LOW, ABOVE = U64(0xFFFFFFFF), U64(0x100000000)


@njit(inline="always")
def flips(word: Any, draw: Any, cut: Array, zero: int, step: int, unit: float, exact: Any) -> Any:
    """Return whether the draw sets this word's user otherwise; ``zero`` is where word 0 is."""
    beyond = U64(np.int64(draw & LOW) - cut[U64(np.int64(word) + zero)])
    if beyond <= LOW:
        return False
    if beyond + U64(OPEN) < U64(OPEN) or beyond - ABOVE < U64(OPEN):
        if exact is not None:
            up = exact[U64(np.int64(word) + zero)]
            # Who is surely set to +1 is, even where v rounds to 1.
            return (up >= 1.0 or draw_of(draw)[0] < up) != (np.int64(word) & 1 != 0)
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
    exact: Any,
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
            if flips(words[i], draw, cut, zero, step, unit, exact):
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
    exact: Any,
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
                if flips(words[i], draws[k], cut, zero, step, unit, exact):
                    if some_held and held[r, i]:
                        continue
                    accepted += 1
                    spread(words, i, U64(indptr[i]), U64(indptr[i + one]), ends)
            size[b], found[b] = U64(0), U64(0)
        flipped[r] += accepted
