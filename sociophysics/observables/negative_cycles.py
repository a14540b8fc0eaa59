"""Negative cycles of a signed network: finding them, and packing them.

They are found by shortest paths in the signed cover: two copies of every user, joined copy to copy
by friendly ties and crosswise by antagonistic ones, so that a path from one copy of a user to the
other is a negative cycle.
"""

from __future__ import annotations

import time
from typing import NamedTuple

import numpy as np
import scipy.sparse as sparse
from numpy.typing import NDArray
from scipy.sparse.csgraph import connected_components, dijkstra

__all__ = ["Cycle", "Signed", "cover_components", "packed_cycles", "violated"]

SOURCES = 256  # users from which one round searches cycles
VIOLATED = 1e-4  # a cycle counts as violated if it is by more
CYCLES = 4000  # cycles found in one round at most
# Steps that find cycles of up to 3, 4, ... 10 ties to pack.
PACKING_STEPS = (0.3, 0.22, 0.17, 0.14, 0.1)

Cycle = tuple[int, ...]


class Signed(NamedTuple):
    """A signed network as arrays."""

    n: int
    source: NDArray[np.int64]
    target: NDArray[np.int64]
    coupling: NDArray[np.float64]


def cover_components(
    piece: Signed, negative: NDArray[np.bool_]
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return the component of either copy of each user in the signed cover, shape (n,) each.

    A user whose copies share a component lies in an unbalanced part of the network.

    Parameters
    ----------
    piece : Signed
        A connected part of the network.
    negative : bool array, shape (ties,)
        Which ties count as negative.

    Examples
    --------
    >>> pair = Signed(2, np.array([0]), np.array([1]), np.array([-1.0]))
    >>> cover_components(pair, pair.coupling < 0)
    (array([0, 1]), array([1, 0]))
    """
    if piece.n == 0:
        return np.empty(0, np.int64), np.empty(0, np.int64)
    graph = _signed_cover(piece, negative, np.ones(negative.size))
    labels = connected_components(graph, directed=False)[1].astype(np.int64)
    return labels[: piece.n], labels[piece.n :]


def packed_cycles(
    piece: Signed, guess: NDArray[np.bool_], weight: NDArray[np.float64], deadline: float
) -> float:
    """Return the total weight of negative cycles that together fit into the ties' weights.

    Each cycle takes the least weight that its ties have left; every configuration leaves that
    much of it unsatisfied, so that the total is a lower bound. Short cycles come first.

    Parameters
    ----------
    piece : Signed
        A connected part of the network.
    guess : bool array, shape (ties,)
        The ties that a good configuration leaves unsatisfied.
    weight : array, shape (ties,)
        Not negative.
    deadline : float
        Time of ``time.monotonic`` at which to stop.

    Examples
    --------
    >>> ends = (np.array([0, 1, 0]), np.array([1, 2, 2]))
    >>> triangle = Signed(3, *ends, np.array([1.0, 1.0, -1.0]))
    >>> packed_cycles(triangle, triangle.coupling < 0, np.ones(3), time.monotonic() + 1)
    1.0
    """
    left, total = weight.copy(), 0.0
    least = 1e-9 * float(weight.max(initial=0.0))
    rng = np.random.Generator(np.random.PCG64(1))
    for step in PACKING_STEPS:
        while time.monotonic() < deadline:
            alive = np.flatnonzero(left > least)
            part = Signed(piece.n, piece.source[alive], piece.target[alive], piece.coupling[alive])
            lengths = (np.zeros(alive.size), step)
            taken = 0.0
            for cycle in violated(part, guess[alive], lengths, rng, deadline):
                members = alive[list(cycle)]
                fits = float(left[members].min())
                if fits > least:
                    left[members] -= fits
                    taken += fits
            total += taken
            if taken == 0:
                break
    return total


def violated(
    piece: Signed,
    negative: NDArray[np.bool_],
    lengths: tuple[NDArray[np.float64], float],
    rng: np.random.Generator,
    deadline: float,
) -> list[Cycle]:
    """Return violated negative cycles, at least one if any remains below one with the steps added.

    ``lengths`` are the ties' variables and the step added to each.

    Parameters
    ----------
    piece : Signed
        A connected part of the network.
    negative : bool array, shape (ties,)
        Which ties count as negative.
    lengths : (array of shape (ties,), float)
        The ties' variables and the step added to each.
    rng : numpy.random.Generator
        Draws where the search starts.
    deadline : float
        Time of ``time.monotonic`` at which to stop.

    Examples
    --------
    >>> ends = (np.array([0, 1, 0]), np.array([1, 2, 2]))
    >>> triangle = Signed(3, *ends, np.array([1.0, 1.0, -1.0]))
    >>> rng, soon = np.random.default_rng(1), time.monotonic() + 1
    >>> len(violated(triangle, triangle.coupling < 0, (np.zeros(3), 0.01), rng, soon))
    1
    """
    x, step = lengths
    graph = _signed_cover(piece, negative, x + step)
    # Every negative cycle holds a tie that the guess leaves unsatisfied: these are where to look.
    starts = rng.permutation(np.unique(piece.source[negative]))
    found: list[tuple[float, Cycle]] = []
    for first in range(0, starts.size, SOURCES):
        some = starts[first : first + SOURCES]
        distance, before = dijkstra(graph, indices=some, return_predecessors=True, limit=1 - step)
        found += _closed(piece, negative, x, some, distance, before)
        if len(found) >= CYCLES or time.monotonic() > deadline:
            break
    found.sort()
    return list(dict.fromkeys(cycle for _, cycle in found))[:CYCLES]


def _closed(
    piece: Signed,
    negative: NDArray[np.bool_],
    x: NDArray[np.float64],
    starts: NDArray[np.int64],
    distance: NDArray[np.float64],
    before: NDArray[np.int32],
) -> list[tuple[float, Cycle]]:
    """Return the violated negative cycles that a shortest path and one tie of its start close."""
    row_of = np.full(piece.n, -1)
    row_of[starts] = np.arange(starts.size)
    closing = np.flatnonzero(row_of[piece.source] >= 0)
    row = row_of[piece.source[closing]]
    end = piece.target[closing] + np.where(negative[closing], 0, piece.n)
    short = distance[row, end] + x[closing] < 1 - VIOLATED
    closing, row, end = closing[short], row[short], end[short]
    key = np.minimum(piece.source, piece.target) * piece.n + np.maximum(piece.source, piece.target)
    order = np.argsort(key)
    cycle, tie, active = [np.arange(closing.size)], [closing], np.arange(closing.size)
    here = end
    while active.size:
        there = before[row[active], here].astype(np.int64)
        a, b = here % piece.n, there % piece.n
        step = np.minimum(a, b) * piece.n + np.maximum(a, b)
        cycle.append(active)
        tie.append(order[np.searchsorted(key, step, sorter=order)])
        going = there != starts[row[active]]
        active, here = active[going], there[going]
    # A tie walked twice counts once: the set still holds a negative cycle.
    pairs = np.unique(np.concatenate(cycle) * x.size + np.concatenate(tie))
    parts = np.split(pairs % x.size, np.searchsorted(pairs // x.size, np.arange(1, closing.size)))
    lengths = [float(x[part].sum()) for part in parts]
    return [
        (length, tuple(part.tolist()))
        for length, part in zip(lengths, parts, strict=True)
        if part.size and length < 1 - VIOLATED
    ]


def _signed_cover(
    piece: Signed, negative: NDArray[np.bool_], length: NDArray[np.float64]
) -> sparse.csr_array:
    i, j, cross = piece.source, piece.target, np.where(negative, piece.n, 0)
    a = np.concatenate([i, i + piece.n])
    b = np.concatenate([j + cross, (j + piece.n + cross) % (2 * piece.n)])
    both = (np.concatenate([a, b]), np.concatenate([b, a]))
    return sparse.csr_array((np.tile(length, 4), both), shape=(2 * piece.n, 2 * piece.n))
