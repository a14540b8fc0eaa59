r"""Local fields as integers: the scale, the couplings and the thresholds of the heat-bath draw.

A word ``v`` holds a user's local field and stance: ``v = field << 1 | (stance == +1)``, with
``field = round(f * scale)`` and ``scale`` a power of two. Integers add without error, so a field
kept up to date flip by flip equals the field computed anew, after any number of flips.

The draw sets ``s_i = +1`` iff ``v < 1/(1 + exp(-2 f_i/T))``, that is iff

.. math:: f_i > L(v), \qquad L(v) = \tfrac{T}{2} \ln\frac{v}{1-v} .

The upper 10 bits of ``v`` select one of 1024 bins. Over a bin ``L`` has two bounds, and only fields
between them need the logarithm.

A flip of user ``j`` changes the fields of those who listen to ``j``: kernels need the columns of
``J``, a matrix stored by rows. Arrays may be of any numeric type and memory-mapped: a piece at a
time is converted, and nothing as large as the couplings is made besides the result.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

import numpy as np
import scipy.sparse as sparse
from numpy.typing import NDArray

from sociophysics.engine.compilation import njit
from sociophysics.engine.flip_curves import FlipCurve, pull_limits
from sociophysics.errors import InputError

__all__ = [
    "BINS",
    "Couplings",
    "Thresholds",
    "append_stances",
    "by_column",
    "common_size",
    "encode_couplings",
    "encode_state",
    "fixed_scale",
    "roomy_scale",
    "row_chunks",
    "rule_thresholds",
    "thresholds",
]

Array = NDArray[Any]
CHUNK = 2**20  # entries converted at a time


def row_chunks(indptr: Array) -> Iterator[tuple[int, int, slice]]:
    """Yield first row, last row + 1 and entries of pieces of about ``CHUNK`` entries.

    Examples
    --------
    >>> list(row_chunks(np.array([0, 2, 3])))
    [(0, 2, slice(0, 3, None))]
    """
    row, n = 0, len(indptr) - 1
    while row < n:
        begin = int(indptr[row])
        # A limit of the pointers' own type: another one would convert all pointers.
        limit = indptr.dtype.type(min(begin + CHUNK, int(indptr[n])))
        until = int(np.searchsorted(indptr, limit, side="right")) - 1
        until = min(max(until, row + 1), n)
        yield row, until, slice(begin, int(indptr[until]))
        row = until


def by_column(
    indptr: Array,
    indices: Array,
    encode: Callable[[Array, slice], Array],
    out: Array,
    *,
    symmetric: bool,
) -> NDArray[np.int64]:
    """Write what ``encode`` makes of every entry into ``out``, by columns; return their ends.

    Parameters
    ----------
    indptr, indices
        Rows of ``J``.
    encode : function of (rows of the entries, their positions)
        Returns what is kept of them, shape (entries, words) and of ``out``'s type.
    out : array, shape (nnz, words)
    symmetric : bool
        The columns are the rows; else they are found by counting.

    Returns
    -------
    int64 array, shape (n + 1,)
    """
    if symmetric:
        for _, _, part in row_chunks(indptr):
            out[part] = encode(np.asarray(indices[part]), part)
        return np.array(indptr, np.int64)
    ends = np.zeros(len(indptr), np.int64)
    for _, _, part in row_chunks(indptr):
        count(np.array(indices[part], np.int64), ends)
    np.cumsum(ends, out=ends)
    place = ends[:-1].copy()
    for first, last, part in row_chunks(indptr):
        rows = np.repeat(np.arange(first, last), np.diff(indptr[first : last + 1]))
        fill(np.array(indices[part], np.int64), encode(rows, part), place, out)
    return ends


@njit(cache=True, nogil=True)
def count(columns: Array, ends: Array) -> None:
    """Add the number of entries of column ``j`` to ``ends[j + 1]``."""
    for p in range(columns.shape[0]):
        ends[columns[p] + 1] += 1


@njit(cache=True, nogil=True)
def fill(columns: Array, words: Array, place: Array, out: Array) -> None:
    """Write each entry at the next free place of its column."""
    for p in range(columns.shape[0]):
        q = place[columns[p]]
        place[columns[p]] = q + 1
        for k in range(words.shape[1]):
            out[q, k] = words[p, k]


def common_size(indptr: Array, data: Array) -> float:
    """Return the absolute value that all couplings share; 0.0 if they share none but zero.

    Examples
    --------
    >>> common_size(np.array([0, 1, 2]), np.array([0.5, -0.5]))
    0.5
    """
    first = 0.0
    for _, _, part in row_chunks(indptr):
        size = np.abs(np.array(data[part], np.float64))
        if part.start == 0 and size.size:
            first = float(size[0])
        if np.any(size != first):
            return 0.0
    return first


BINS = 1024  # few enough for a first-level cache; how many changes no number
RULE_BINS = 256  # for each stance: both together as large as the heat bath's would be too much
BITS: dict[np.dtype[Any], int] = {np.dtype(np.int32): 29, np.dtype(np.int64): 59}
WIDE = np.dtype(np.int64)
RELATIVE_ERROR = 2.0**-14  # of any user's field by rounding; else the wider words
PART_OF_T = 2.0**-11  # likewise of the temperature: what strong ties leave over counts, too
DEVIATIONS = 3.0  # of the sum of a user's rounding errors, that stay below it
FLOOR = 2.0**-30  # of what pulls at a user, by rounding in 64 bits at however low a temperature
SMALLEST_SIZE = 1e-295  # of the largest coupling, below which doubles lose digits
FINEST = 1018  # power of two of a scale, beyond which products would overflow
FAR = {np.dtype(np.int32): 2**40, np.dtype(np.int64): 2**62}  # beyond every field of that width


class Couplings(NamedTuple):
    """Couplings in fixed point, by columns: whom a flip of user ``j`` changes, and by how much."""

    indptr: NDArray[np.int64]  # (n + 1,)
    rows: NDArray[Any]  # (2 nnz,): listener, coupling * scale, alternating
    scale: float


class Thresholds(NamedTuple):
    """Bounds of ``L(v) * scale`` over the bins of ``v``, and its unit ``scale * T / 2``.

    Of a rule other than the heat bath they depend on the stance, fields are parts of what can pull,
    and the unit is ``scale``, of the whole.
    """

    first: NDArray[np.int64]  # (BINS,), of a rule (2 BINS,): a field below sets -1
    open: NDArray[np.uint64]  # likewise: so many fields from ``first`` on are open; above: +1
    unit: float
    curve: NDArray[np.float64] | None = None  # of the rule, packed; None of the heat bath


def encode_couplings(
    J: sparse.csr_array,
    bound: float,
    *,
    symmetric: bool = False,
    coldest: float = np.inf,
    wide: bool = False,
) -> Couplings:
    """Return the couplings in fixed point, in 32 bits where these carry them, else in 64.

    Parameters
    ----------
    J : csr_array, shape (n, n)
    bound : float
        The largest external and feed field, in units of ``J``, that will be added.
    symmetric : bool
        ``J`` is known to be: its columns are its rows, which saves finding them.
    coldest : float
        The lowest temperature that will act, in units of ``J``.
    wide : bool
        Whether to take 64 bits in any case.

    Raises
    ------
    InputError
        Couplings that span too many orders of magnitude for 64 bits.
    """
    width, scale = fixed_scale(J.indptr, J.data, bound, coldest, wide=wide)

    def encode(rows: Array, part: slice) -> Array:
        words = np.empty((rows.size, 2), width)
        words[:, 0] = rows
        words[:, 1] = np.rint(J.data[part] * scale)
        return words

    rows = np.empty((J.nnz, 2), width)
    indptr = by_column(J.indptr, J.indices, encode, rows, symmetric=symmetric)
    return Couplings(indptr, rows.reshape(-1), scale)


def fixed_scale(
    indptr: Array, data: Array, bound: float, coldest: float = np.inf, *, wide: bool = False
) -> tuple[np.dtype[Any], float]:
    """Return the words that carry these couplings, and the power of two that scales them.

    Rounding changes no field by more than 2^-14 of what pulls at a user and, in 32 bits, by more
    than 2^-11 of the lowest temperature; in 64 bits the latter only unless it is below 2^-30 of
    what pulls at the user, as doubles would not do much better.

    Raises
    ------
    InputError
        Couplings and other fields that span too many orders of magnitude for 64 bits.

    Examples
    --------
    >>> fixed_scale(np.array([0, 1, 2]), np.array([1.0, 1.0]), 1.0)
    (dtype('int32'), 268435456.0)
    """
    totals = [_totals(part, values) for part, values in _pieces(indptr, data)]
    smallest = min((low for low, _ in totals), default=np.inf)
    largest = max((high for _, high in totals), default=0.0)
    if not np.isfinite(largest + bound):
        raise InputError(
            "the couplings and fields of a user add up beyond the largest floating-point number: "
            "give them in units in which they are of order one."
        )
    if largest == 0.0 and bound > 0.0:
        return WIDE, _scale(bound, BITS[WIDE])
    for width, bits in BITS.items():
        if wide and width != WIDE:
            continue
        scale = _scale(largest + bound, bits)
        own = 0.5 / scale if bound > 0.0 else 0.0
        # Where other fields are much larger than ties, their own rounding must stay small, too.
        fine = own <= RELATIVE_ERROR * smallest
        least = 0.0 if width != WIDE else FLOOR
        if fine and _fine(indptr, data, scale, own, coldest, least):
            return width, scale
    sizes = [np.abs(values[values != 0]) for _, values in _pieces(indptr, data)]
    other = f", other fields to {bound:.3g}" if bound > 0.0 else ""
    if max((each.max() for each in sizes if each.size), default=0.0) < SMALLEST_SIZE:
        raise InputError(
            f"the couplings add up to {largest:.3g} at most, too small for floating-point numbers "
            "to hold them well: give couplings, fields and temperature in units of order one."
        )
    if np.isfinite(coldest) and _fine(indptr, data, scale, own, np.inf, 1.0):
        raise InputError(
            f"the temperature {coldest:.3g} is too low beside couplings and fields that add up to "
            f"{largest + bound:.3g}, whose rounding in 64 bits it would show: raise it, or rescale."
        )
    raise InputError(
        f"the couplings run from {min(each.min() for each in sizes if each.size):.3g} to "
        f"{max(each.max() for each in sizes if each.size):.3g}{other}, too many orders of "
        "magnitude for 64-bit fields: rescale, or drop the smallest or largest."
    )


def roomy_scale(
    J: sparse.csr_array, size: float, bound: float, coldest: float = np.inf
) -> tuple[np.dtype[Any], float]:
    """Return words and scale for couplings that move, (64 bits, 0) where all would be too coarse.

    Whoever comes to listen to whom, no field overflows: everybody may have ties to all others.

    Parameters
    ----------
    J : csr_array, shape (n, n)
        As they are now.
    size : float
        Of the largest coupling that may come; a power of two from it on decides, so that rounding
        does not.
    bound : float
        Of other fields.
    coldest : float
        The lowest temperature that will act.

    Examples
    --------
    >>> pair = sparse.csr_array([[0.0, 1.0], [1.0, 0.0]])
    >>> roomy_scale(pair, 1.0, 0.5)
    (dtype('int32'), 67108864.0)
    """
    if not 0.0 < size < np.inf:
        return WIDE, 0.0
    largest = J.shape[0] * 2.0 ** np.ceil(np.log2(1.001 * size))
    smallest = _totals(np.asarray(J.indptr, np.int64), J.data)[0]
    for width, bits in BITS.items():
        scale = _scale(largest + bound, bits)
        own = 0.5 / scale if bound > 0.0 else 0.0
        least = 0.0 if width != WIDE else FLOOR
        if own <= RELATIVE_ERROR * smallest and _fine(J.indptr, J.data, scale, own, coldest, least):
            return width, scale
    return WIDE, 0.0


def _scale(largest: float, bits: int) -> float:
    if largest <= 0:
        return 1.0
    return float(2.0 ** min(np.floor(bits - np.log2(largest)), FINEST))


def _pieces(indptr: Array, data: Array) -> Iterator[tuple[Array, Array]]:
    """Yield some rows at a time: where each ends, and the couplings."""
    for first, last, part in row_chunks(indptr):
        ends = np.array(indptr[first : last + 1], np.int64)
        yield ends - ends[0], np.array(data[part], np.float64)


def _fine(
    indptr: Array, data: Array, scale: float, own: float, coldest: float, least: float
) -> bool:
    """Return whether rounding to the scale changes no user's field too much."""
    if common_size(indptr, data) and own == 0.0:
        coldest = np.inf  # one factor for all fields, far below any error of the temperature
    worst = (
        _errors(part, values, scale, own, PART_OF_T * coldest, least)
        for part, values in _pieces(indptr, data)
    )
    return bool(max(worst, default=0.0) <= 1.0)


@njit(cache=True, nogil=True)
def _totals(indptr: Array, data: Array) -> tuple[float, float]:
    """Return the smallest (infinity if none) and largest positive sum of a row's |couplings|."""
    smallest, largest = np.inf, 0.0
    for i in range(indptr.shape[0] - 1):
        total = 0.0
        for p in range(indptr[i], indptr[i + 1]):
            total += abs(data[p])
        if total > 0.0:
            smallest, largest = min(smallest, total), max(largest, total)
    return smallest, largest


@njit(cache=True, nogil=True)
def _errors(
    indptr: Array, data: Array, scale: float, own: float, allowed: float, least: float
) -> float:
    """Return the largest rounding error of a row, as a part of what is allowed.

    That is ``RELATIVE_ERROR`` of the sum of its |couplings| and, for ``DEVIATIONS`` standard
    deviations, ``allowed`` or ``least`` of that sum, whichever is more.
    """
    largest = 0.0
    for i in range(indptr.shape[0] - 1):
        total, error, square = 0.0, 0.0, own * own
        for p in range(indptr[i], indptr[i + 1]):
            off = abs(np.rint(data[p] * scale) / scale - data[p])
            total += abs(data[p])
            error += off
            square += off * off
        if total == 0.0:
            continue
        largest = max(largest, error / total / RELATIVE_ERROR)
        if square > 0.0:
            limit = max(allowed, least * total)
            off = DEVIATIONS * np.sqrt(square)
            if off > limit:
                largest = max(largest, 2.0 if limit == 0.0 else off / limit)
    return largest


def thresholds(temperature: float, couplings: Couplings) -> Thresholds:
    """Return the bounds of the heat-bath draw at one temperature (0 and infinity included)."""
    unit = couplings.scale * temperature / 2.0
    far = FAR[couplings.rows.dtype]
    if temperature == 0.0:
        return Thresholds(np.zeros(BINS, np.int64), np.ones(BINS, np.uint64), 0.0)
    if np.isinf(unit):
        first = np.where(np.arange(BINS) < BINS // 2, -far, far)
        return Thresholds(first, np.zeros(BINS, np.uint64), np.inf)
    with np.errstate(over="ignore"):
        first = np.clip(np.floor(unit * LOGIT[:-1]), -far, far).astype(np.int64)
        above = np.clip(np.ceil(unit * LOGIT[1:]) + 1, -far, far).astype(np.int64)
    return Thresholds(first, (above - first).astype(np.uint64), unit)


def rule_thresholds(curve: FlipCurve, couplings: Couplings) -> Thresholds:
    """Return the bounds of the draw of a rule whose fields are parts of what can pull.

    The first half is for who stands at -1 and flips iff ``v < g(-f)``, the second for who stands at
    +1 and flips iff ``1 - v < g(f)``.
    """
    far = FAR[couplings.rows.dtype]
    flips, stays = pull_limits(curve, np.arange(RULE_BINS + 1) / RULE_BINS)
    # Surely set to -1 up to the first, surely to +1 from the second on.
    down = np.stack([-stays[:-1], flips[:0:-1]], axis=1).ravel() * couplings.scale
    up = np.stack([-flips[1:], stays[-2::-1]], axis=1).ravel() * couplings.scale
    first = np.clip(np.floor(down), -far, far).astype(np.int64) + 1
    above = np.clip(np.ceil(up), -far, far).astype(np.int64)
    return Thresholds(
        first, np.maximum(above - first, 0).astype(np.uint64), couplings.scale, curve.packed
    )


def _logit() -> NDArray[np.float64]:
    v = np.arange(BINS + 1) / BINS
    with np.errstate(divide="ignore"):
        return np.asarray(np.log(v) - np.log1p(-v))


LOGIT = _logit()


def encode_state(
    spins: NDArray[np.int8], field: NDArray[np.float64], couplings: Couplings
) -> NDArray[Any]:
    """Return the words of replicas with these stances, shape (replicas, n).

    Parameters
    ----------
    spins : int8 array, shape (replicas, n)
    field : array, shape (n,) or (replicas, n)
        External field and feed field together, rounded once.
    couplings : Couplings
    """
    state = np.empty(spins.shape, couplings.rows.dtype)
    for r, external in enumerate(np.broadcast_to(field, spins.shape)):
        state[r] = np.rint(external * couplings.scale)
    accumulate(state, spins, couplings.indptr, couplings.rows)
    append_stances(state, spins)
    return state


@njit(cache=True, nogil=True)
def accumulate(state: Array, spins: Array, indptr: Array, rows: Array) -> None:
    """Add ``sum_j J_ij s_j`` in fixed point to ``state``, in place."""
    for r in range(spins.shape[0]):
        for j in range(spins.shape[1]):
            for p in range(indptr[j], indptr[j + 1]):
                state[r, rows[2 * p]] += rows[2 * p + 1] * spins[r, j]


@njit(cache=True, nogil=True)
def append_stances(state: Array, spins: Array) -> None:
    """Make words of fields, in place: ``field << 1 | (stance == +1)``."""
    for r in range(state.shape[0]):
        for i in range(state.shape[1]):
            state[r, i] = 2 * state[r, i] + (spins[r, i] > 0)


@njit(cache=True, nogil=True)
def read_spins(state: Array, spins: Array) -> None:
    """Write the stances of ``state`` into the int8 array ``spins``, both (replicas, n)."""
    for r in range(state.shape[0]):
        for i in range(state.shape[1]):
            spins[r, i] = 2 * (state[r, i] & 1) - 1


@njit(cache=True, nogil=True)
def change_field(state: Array, applied: Array, field: Array, feed: Array, scale: float) -> None:
    """Replace the external part ``applied`` of every stored field by ``field + feed``.

    ``field`` is (n,), ``feed`` (replicas, n) or (0, 0) for none; ``applied`` (replicas, n) holds
    the external part in fixed point and is brought up to date.
    """
    with_feed = feed.shape[0] > 0
    for r in range(state.shape[0]):
        for i in range(state.shape[1]):
            value = field[i] + feed[r, i] if with_feed else field[i]
            new = np.int64(np.rint(value * scale))
            state[r, i] += 2 * (new - applied[r, i])
            applied[r, i] = new
