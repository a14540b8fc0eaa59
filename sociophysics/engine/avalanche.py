"""Zero-temperature flips, event by event: who is unstable flips, until nobody is.

Local fields are integers (``engine.fixed_point``), so the order of flips changes no field, and
with couplings >= 0 it changes no final state. ``indptr`` and ``rows`` are the couplings by columns:
listener and coupling alternate. All kernels change their arrays in place.
"""

from __future__ import annotations

import heapq
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sociophysics.engine.compilation import njit

__all__ = ["adiabatic_rise", "complete_graph_durations", "local_fields", "relax"]

Array = NDArray[Any]


@njit(cache=True, nogil=True)
def local_fields(spins: Array, field: Array, indptr: Array, rows: Array) -> Array:
    """Return ``sum_j J_ij s_j + h_i`` in fixed point, shape (n,), from the external part."""
    total = field.copy()
    for j in range(spins.shape[0]):
        for p in range(indptr[j], indptr[j + 1]):
            total[rows[2 * p]] += np.int64(rows[2 * p + 1]) * spins[j]
    return total


@njit(cache=True, nogil=True)
def relax(
    spins: Array,
    local: Array,
    indptr: Array,
    rows: Array,
    held: Array,
    toward: int,
    generation: Array,
    parent: Array,
) -> int:
    """Flip whoever stands against ``toward`` and is pulled there, shell by shell; return shells.

    ``generation`` gets the shell in which a user flipped (untouched for the others) and ``parent``
    the neighbour whose flip was the last one needed, -1 for the first shell. A zero field moves
    nobody. ``held`` (n,) marks users who never flip.
    """
    n = spins.shape[0]
    queue = np.empty(n, np.int64)
    marked = np.zeros(n, np.uint8)
    first, last, shell = 0, 0, 0
    for i in range(n):
        if spins[i] == -toward and local[i] * toward > 0 and not held[i]:
            queue[last] = i
            marked[i] = 1
            parent[i] = -1
            last += 1
    while first < last:
        shell += 1
        end = last
        for q in range(first, end):
            i = queue[q]
            spins[i] = toward
            generation[i] = shell
        for q in range(first, end):
            i = queue[q]
            for p in range(indptr[i], indptr[i + 1]):
                j = rows[2 * p]
                local[j] += 2 * toward * np.int64(rows[2 * p + 1])
                if spins[j] == -toward and not marked[j] and not held[j] and local[j] * toward > 0:
                    marked[j] = 1
                    parent[j] = i
                    queue[last] = j
                    last += 1
        first = end
    return shell


@njit(cache=True, nogil=True)
def adiabatic_rise(spins: Array, local: Array, indptr: Array, rows: Array, events: Array) -> int:
    """Raise a uniform field from minus infinity until all are up; return the number of avalanches.

    From all stances down. ``events`` int64 (n, 3) gets, for each avalanche, the field at which it
    starts, its size, and its duration in shells of simultaneous flips.
    """
    n = spins.shape[0]
    heap = [(-local[i], np.int64(i)) for i in range(n)]
    heapq.heapify(heap)
    queue = np.empty(n, np.int64)
    marked = np.zeros(n, np.uint8)
    count, last = 0, 0
    while last < n:
        needed, seed = heapq.heappop(heap)
        if marked[seed] or needed != -local[seed]:
            continue
        start, first, shells = last, last, 0
        queue[last] = seed
        marked[seed] = 1
        last += 1
        while first < last:
            shells += 1
            end = last
            for q in range(first, end):
                i = queue[q]
                spins[i] = 1
                for p in range(indptr[i], indptr[i + 1]):
                    j = np.int64(rows[2 * p])
                    local[j] += 2 * np.int64(rows[2 * p + 1])
                    if marked[j]:
                        continue
                    if local[j] + needed >= 0:
                        marked[j] = 1
                        queue[last] = j
                        last += 1
            first = end
        # Whoever was touched and still waits needs a smaller field now.
        for q in range(start, last):
            i = queue[q]
            for p in range(indptr[i], indptr[i + 1]):
                j = np.int64(rows[2 * p])
                if not marked[j]:
                    heapq.heappush(heap, (-local[j], j))
        events[count, 0] = needed
        events[count, 1] = last - start
        events[count, 2] = shells
        count += 1
    return count


@njit(cache=True, nogil=True)
def complete_graph_durations(needed: Array, starts: Array, sizes: Array, durations: Array) -> None:
    """Write the number of shells of each avalanche on the complete graph.

    ``needed`` (n,) is the field at which the k-th user of the sorted order flips if all before it
    have and nobody else; from one user to the next the common field of all others rises by 2/n.
    """
    n = needed.shape[0]
    for a in range(starts.shape[0]):
        start, stop = starts[a], starts[a] + sizes[a]
        field, done, shells = needed[start], start + 1, 1
        while done < stop:
            k = done
            # With ``done`` users up, user k needs needed[k] + 2 (k - done) / n.
            while k < stop and needed[k] + 2.0 * (k - done) / n <= field:
                k += 1
            if k == done:  # by rounding only
                break
            done = k
            shells += 1
        durations[a] = shells
