"""Users in bins of like flip probability, one bin after the other in one array of users.

A bin has a bound that no flip probability in it exceeds. A user who moves to another bin changes
places with one user of each bin between, so bins take 8 bytes per user, however many there are.
"""

from __future__ import annotations

import math
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from sociophysics.engine.compilation import njit
from sociophysics.engine.glauber import aligned

__all__ = ["Rates", "bin_of", "fill_bins", "rates", "relocate"]

Array = NDArray[Any]
U64 = np.uint64
# Lower edges of the bins, as powers of 1/2. Rare bins are wide: a wide bin loses candidates, which
# are too rare there to matter, and saves moves between bins. Where fields are few, each has a bin.
WIDE = np.array([0, 1, 2, 4, 6, 8, 12, 16, 24, 32, 48, 64, 96, 132])
NARROW = np.concatenate([np.arange(24), WIDE[WIDE >= 24]])
LN2 = math.log(2.0)
TINY = 1e-300  # no stored field is nearer to zero than 1: below it, as at T = 0


class Rates(NamedTuple):
    """Bins of the flip probability at one temperature.

    ``bins[0]`` belongs to every field against the own stance, ``bins[1 + c]`` to aligned fields
    from ``c << shift`` to the next cell; the last cell has no end. The last bin has bound 0.
    """

    bins: NDArray[np.uint8]  # (cells + 1,)
    bounds: NDArray[np.float64]  # (bins,): the largest flip probability in a bin
    exact: NDArray[np.uint8]  # (bins,): 1 where all in the bin have it
    shift: int
    unit: float  # of the aligned field in p = 1/(1 + exp(field/unit))


def rates(unit: float, largest: int) -> Rates:
    """Return the bins for flip probabilities ``1/(1 + exp(field/unit))``; T = 0 has unit 0.

    Parameters
    ----------
    unit : float
        Half the temperature in units of the stored field; 0 and infinity are legal.
    largest : int
        No aligned field is larger.

    Examples
    --------
    >>> rates(0.0, 4).bounds
    array([1. , 0.5, 0. ])
    """
    if unit < TINY:
        bounds = np.array([1.0, 0.5, 0.0])
        return Rates(np.arange(3, dtype=np.uint8), bounds, np.ones(3, np.uint8), 0, 0.0)
    shift = int(np.clip(np.floor(np.log2(unit * LN2)), 0, 61)) if np.isfinite(unit) else 61
    width = 2.0**shift / unit
    edges = LN2 * (WIDE if shift else NARROW)
    cells = int(min(np.ceil(edges[-1] / max(width, 1e-300)), largest >> shift)) + 1
    x = np.arange(cells) * np.float64(width)  # 2 s f / T at the lower edge of each cell
    if cells > 1:
        x[0] = 0.0
    label = np.searchsorted(edges, x, side="right")
    _, first, bins, size = np.unique(
        label, return_index=True, return_inverse=True, return_counts=True
    )
    away = np.exp(-x[first])
    alone = (size == 1) & (shift == 0)
    alone[-1] &= largest < cells  # the last cell takes everything above
    return Rates(
        np.concatenate([[0], 1 + bins]).astype(np.uint8),
        np.concatenate([[1.0], away / (1.0 + away), [0.0]]),
        np.concatenate([[False], alone, [True]]).astype(np.uint8),
        shift,
        unit,
    )


@njit(inline="always")
def bin_of(word: Any, bins: Array, shift: int) -> Any:
    """Return the bin of a user with this word."""
    cell = min(max(aligned(word) >> shift, -1), bins.shape[0] - 2)
    return np.int64(bins[U64(cell + 1)])


@njit(cache=True, nogil=True, boundscheck=False)
def fill_bins(
    state: Array,
    held: Array,
    bins: Array,
    shift: int,
    count: int,
    which: Array,
    members: Array,
    place: Array,
    ends: Array,
    ordered: bool,
) -> None:
    """Sort the users of the replicas ``which`` into bins, one bin after the other in ``members``.

    ``place`` gets where each user stands, ``ends`` (replicas, bins and room for 3 more) where each
    of the ``count`` bins ends; who is held comes last, with rate 0. Bins are filled in the order
    of users or, with ``ordered``, are found in ``members`` as they were left.
    """
    n, last = state.shape[1], count - 1
    some_held = held.shape[1] > 0
    size, label = np.empty(count, np.int64), np.empty(n, np.uint8)
    for q in range(which.shape[0]):
        r = which[q]
        size[:] = 0
        for i in range(n):
            b = last if some_held and held[r, i] else bin_of(state[r, i], bins, shift)
            label[i] = b
            size[b] += 1
        total = 0
        for b in range(last + 1):
            size[b], total = total, total + size[b]
            ends[r, b] = total
        if ordered:
            for k in range(n):
                place[r, members[r, k]] = k
            continue
        for i in range(n):
            b = label[i]
            members[r, size[b]] = i
            place[r, i] = size[b]
            size[b] += 1


@njit(inline="always")
def relocate(i: Any, old: Any, new: Any, members: Array, place: Array, ends: Array) -> None:
    """Move a user from bin ``old`` to bin ``new``: one user of each bin between makes room."""
    hole = np.int64(place[i])
    while old < new:
        edge = np.int64(ends[U64(old)]) - 1
        ends[U64(old)] = edge
        if edge != hole:
            other = members[U64(edge)]
            members[U64(hole)] = other
            place[U64(other)] = hole
            hole = edge
        old += 1
    while old > new:
        old -= 1
        edge = np.int64(ends[U64(old)])
        ends[U64(old)] = edge + 1
        if edge != hole:
            other = members[U64(edge)]
            members[U64(hole)] = other
            place[U64(other)] = hole
            hole = edge
    members[U64(hole)] = i
    place[i] = hole
