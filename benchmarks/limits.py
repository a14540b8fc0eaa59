"""Compare the kernels with what the machine allows: ``python -m benchmarks.limits``.

A kernel that keeps local fields up to date draws a site and decides (push), and reads all
neighbours at a flip (pull). Both are timed alone, with nothing else in their loops, in the same
interleaved run:

    1 / limit = 1 / push + flips per attempt / pull .

The skeletons are achieved rates of prefetched code, not a proof that no code is faster.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
from numba import njit

import sociophysics as sp
from benchmarks.timing import interleaved, lattice, preferential, random_regular
from sociophysics.dynamics.kernels.kernel_choice import FixedPointKernel, Integer
from sociophysics.engine import integer_sweeps
from sociophysics.engine.counter import increment, mix
from sociophysics.engine.prefetch import prefetch

ROUNDS = 7
BLOCK = 128
NOBODY = np.zeros((1, 0), np.uint8)
U64 = np.uint64
LOW = U64(0xFFFFFFFF)


@njit(cache=True, boundscheck=False)
def push(words: Any, cut: Any, keys: Any, sweeps: int) -> int:
    """Draw sites, read their words and compare with the table; return how many would flip."""
    n, would = U64(words.shape[0]), 0
    site, leading = np.empty(BLOCK, np.uint32), np.empty(BLOCK, np.uint32)
    step, counter = increment(keys[1]), keys[0]
    zero = np.int64(cut.shape[0] // 2 - 1)
    for _ in range(np.int64(U64(sweeps) * n) // BLOCK):
        for k in range(U64(BLOCK)):
            counter += step
            draw = mix(counter)
            i = ((draw >> U64(32)) * n) >> U64(32)
            site[k], leading[k] = i, draw & LOW
            prefetch(words, i)
        for k in range(U64(BLOCK)):
            beyond = np.int64(leading[k]) - cut[U64(np.int64(words[U64(site[k])]) + zero)]
            would += U64(beyond) > LOW
    return would


@njit(cache=True, boundscheck=False)
def pull(stances: Any, indptr: Any, indices: Any, keys: Any, sweeps: int) -> int:
    """Draw sites and read the stances of all their neighbours; return the sum."""
    n, one, total = U64(stances.shape[0]), U64(1), 0
    site = np.empty(BLOCK, np.uint64)
    step, counter = increment(keys[1]), keys[0]
    for _ in range(np.int64(U64(sweeps) * n) // BLOCK):
        for k in range(U64(BLOCK)):
            counter += step
            i = ((mix(counter) >> U64(32)) * n) >> U64(32)
            site[k] = i
            prefetch(indptr, i)
        for k in range(U64(BLOCK)):
            prefetch(indices, U64(indptr[site[k]]))
            prefetch(indices, U64(indptr[site[k] + one]) - one)
        for k in range(U64(BLOCK)):
            for p in range(U64(indptr[site[k]]), U64(indptr[site[k] + one])):
                prefetch(stances, U64(indices[p]))
        for k in range(U64(BLOCK)):
            for p in range(U64(indptr[site[k]]), U64(indptr[site[k] + one])):
                total += stances[U64(indices[p])]
    return total


class Graph(NamedTuple):
    """A system, the temperature where about a fifth of the updates flip, and sweeps per round."""

    name: str
    make: Callable[[], sp.SpinSystem]
    temperature: float
    sweeps: int


GRAPHS = {
    "lattice1e4": Graph("lattice, 1e4 users", lambda: lattice(100), 2.269, 200),
    "regular1e4": Graph("10-regular, 1e4 users", lambda: random_regular(10_000, 10), 2.8, 200),
    "ba1e5": Graph("Barabasi-Albert, 1e5 users", lambda: preferential(100_000, 5), 4.5, 20),
    "lattice1e6": Graph("lattice, 1e6 users", lambda: lattice(1000), 2.269, 3),
    "regular1e6": Graph("10-regular, 1e6 users", lambda: random_regular(10**6, 10), 2.8, 2),
}
WARM = 60  # sweeps from all up before anything is timed


def rows(graph: Graph) -> list[str]:
    """Return the table rows of one graph."""
    system = graph.make()
    J, n = system.J, system.n
    start = np.ones((1, n), np.int8)
    integer = Integer(Integer.encode(system, 0.0), start, 1, (0,))
    integer.sweep(10**6, WARM, graph.temperature, NOBODY)
    stances = integer.spins()
    fixed = FixedPointKernel(
        FixedPointKernel.encode(system, 0.0), stances, 1, (0,), "random-sequential"
    )
    kernels = {"integer": integer, "fixed-point": fixed}
    words, keys = integer.state[0].copy(), integer.keys[0].copy()
    cut = integer_sweeps.cuts(graph.temperature, integer.ties).cut
    indptr, indices = J.indptr.astype(np.uint32), J.indices.astype(np.uint32)
    done = dict.fromkeys(kernels, 0)
    integer.flipped[:] = 0

    def move(name: str) -> Callable[[], None]:
        def task() -> None:
            kernels[name].sweep(done[name], graph.sweeps, graph.temperature, NOBODY)
            done[name] += graph.sweeps

        return task

    tasks: dict[str, Callable[[], Any]] = {name: move(name) for name in kernels}
    tasks["push"] = lambda: push(words, cut, keys, graph.sweeps)
    tasks["pull"] = lambda: pull(stances[0], indptr, indices, keys, graph.sweeps)
    seconds = interleaved(tasks, rounds=ROUNDS)
    attempts = n * graph.sweeps
    flips = integer.flipped[0] / (attempts * (ROUNDS + 1))
    limit = seconds["push"] + flips * seconds["pull"]
    return [
        f"| {graph.name} | {name} | {np.median(attempts / seconds[name]) / 1e6:.1f} "
        f"| {np.median(attempts / seconds['push']) / 1e6:.0f} "
        f"| {np.median(attempts / seconds['pull']) / 1e6:.1f} | {flips:.3f} "
        f"| {np.median(attempts / limit) / 1e6:.1f} "
        f"| **{np.median(limit / seconds[name]):.0%}** "
        f"| {np.min(limit / seconds[name]):.0%} - {np.max(limit / seconds[name]):.0%} |"
        for name in kernels
    ]


def main() -> None:
    print(f"Load average: {', '.join(f'{load:.1f}' for load in os.getloadavg())}")
    print("| graph | kernel | M updates/s | push | pull | flips | limit | of the limit | range |")
    print("|---|---|---|---|---|---|---|---|---|", flush=True)
    for name in sys.argv[1:] or GRAPHS:
        print("\n".join(rows(GRAPHS[name])), flush=True)


if __name__ == "__main__":
    main()
