"""Couplings by columns, made of the rows of ``J`` piece by piece.

A flip of user ``j`` changes the fields of those who listen to ``j``: kernels need the columns of
``J``, a matrix stored by rows. Arrays may be of any numeric type and memory-mapped: a piece at a
time is converted, and nothing as large as the couplings is made besides the result.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sociophysics.engine.compilation import njit

__all__ = ["by_column", "common_size", "row_chunks"]

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
