"""Measure how fast the kernels, feeds and readers are, and write ``docs/benchmarks.md``.

Rounds of all competitors are interleaved, so that a slow minute of the machine hurts all alike.
Every number is a median; the spread beside it is the range over the rounds.
"""

from __future__ import annotations

import gc
import os
import platform
import time
from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path
from typing import Any

import networkx as nx
import numpy as np
from numba import njit

import sociophysics as sp
from sociophysics import feeds
from sociophysics.dynamics.kernels import FixedPoint, Reference
from sociophysics.engine import fixed_point

ROUNDS = 7
TARGET = Path(__file__).parent.parent / "docs" / "benchmarks.md"
PACKAGES = ("sociophysics", "numpy", "scipy", "numba", "networkx")
NOBODY = np.zeros((1, 0), np.uint8)
Clock = Callable[[], float]


@njit(cache=True)
def textbook_sweeps(
    spins: Any, indptr: Any, indices: Any, data: Any, temperature: float, sweeps: int
) -> int:
    """Do heat-bath sweeps as a textbook would write them in numba; return the flips."""
    n, flips = spins.shape[0], 0
    for _ in range(sweeps * n):
        i = np.random.randint(0, n)  # noqa: NPY002 - what textbooks write
        field = 0.0
        for p in range(indptr[i], indptr[i + 1]):
            field += data[p] * spins[indices[p]]
        u = np.random.random()  # noqa: NPY002
        if u < 1.0 / (1.0 + np.exp(2.0 * spins[i] * field / temperature)):
            spins[i] = -spins[i]
            flips += 1
    return flips


def interleaved(
    tasks: dict[str, Callable[[], Any]], clock: Clock = time.process_time, rounds: int = ROUNDS
) -> dict[str, np.ndarray]:
    """Return the seconds each task took in every round; one round before is not counted."""
    seconds: dict[str, list[float]] = {name: [] for name in tasks}
    gc.collect()
    gc.disable()
    try:
        for turn in range(rounds + 1):
            for name, task in tasks.items():
                begin = clock()
                task()
                if turn:
                    seconds[name].append(clock() - begin)
    finally:
        gc.enable()
    return {name: np.array(values) for name, values in seconds.items()}


def lattice(side: int) -> sp.SpinSystem:
    user = np.arange(side * side).reshape(side, side)
    right, down = np.roll(user, -1, axis=1), np.roll(user, -1, axis=0)
    source = np.concatenate([user.ravel(), user.ravel()])
    return sp.SpinSystem.from_edges(source, np.concatenate([right.ravel(), down.ravel()]))


def random_regular(n: int, degree: int, seed: int = 1) -> sp.SpinSystem:
    """Return signs +-1 on the union of degree/2 random rings; the few repeated ties are dropped."""
    rng = np.random.default_rng(seed)
    rings = [rng.permutation(n) for _ in range(degree // 2)]
    a = np.concatenate(rings)
    b = np.concatenate([np.roll(ring, 1) for ring in rings])
    keys = np.unique(np.minimum(a, b) * n + np.maximum(a, b))
    signs = rng.choice([-1.0, 1.0], keys.size)
    return sp.SpinSystem.from_edges(keys // n, keys % n, signs, n=n)


def preferential(n: int, m: int, seed: int = 1) -> sp.SpinSystem:
    ends = np.array(nx.barabasi_albert_graph(n, m, seed=seed).edges)
    signs = np.random.default_rng(seed).choice([-1.0, 1.0], len(ends))
    return sp.SpinSystem.from_edges(ends[:, 0], ends[:, 1], signs, n=n)


def kernel_rows(name: str, system: sp.SpinSystem, temperature: float, sweeps: int) -> list[str]:
    """Return the table rows of one graph: M updates/s of every kernel, and how often it flips."""
    n, J = system.n, system.J
    couplings = fixed_point.encode_couplings(J, 0.0)
    start = np.ones((1, n), np.int8)
    kernels = {
        "fixed-point": FixedPoint(couplings, start, 1, (0,), "random-sequential"),
        "reference": Reference(system, start, 1, (0,)),
    }
    spins = start[0].copy()
    done = {name: 0 for name in kernels}
    flips = {"textbook numba loop": 0}

    def textbook() -> None:
        flips["textbook numba loop"] += textbook_sweeps(
            spins, J.indptr, J.indices, J.data, temperature, sweeps
        )

    def ours(kind: str) -> Callable[[], None]:
        def task() -> None:
            kernels[kind].sweep(done[kind], sweeps, temperature, NOBODY)
            done[kind] += sweeps

        return task

    kernels["fixed-point"].sweep(10**6, 100, temperature, NOBODY)
    spins[:] = kernels["fixed-point"].spins()[0]
    kernels["reference"]._spins[0] = spins
    kernels["fixed-point"].flipped[:] = 0
    tasks = {"textbook numba loop": textbook, **{kind: ours(kind) for kind in kernels}}
    seconds = interleaved(tasks)
    flips["fixed-point"] = int(kernels["fixed-point"].flipped[0])
    base = np.median(seconds["textbook numba loop"])
    rows = []
    for kind, values in seconds.items():
        rate = n * sweeps / values / 1e6
        updates = n * sweeps * (ROUNDS + 1)
        share = f"{flips[kind] / updates:.3f}" if kind in flips else ""
        rows.append(
            f"| {name} | {kind} | **{np.median(rate):.1f}** | {rate.min():.1f} - {rate.max():.1f} "
            f"| {base / np.median(values):.1f} | {share} |"
        )
    return rows


def replica_rows(system: sp.SpinSystem, temperature: float) -> list[str]:
    """Return wall times of the same replicas on one thread and on two."""

    def run(threads: int) -> Callable[[], None]:
        def task() -> None:
            for _ in sp.trajectory(
                system,
                temperature=temperature,
                sweeps=200,
                seed=1,
                replicas=8,
                every=200,
                threads=threads,
            ):
                pass

        return task

    seconds = interleaved({"one": run(1), "two": run(2)}, clock=time.perf_counter)
    one, two = np.median(seconds["one"]), np.median(seconds["two"])
    ratios = seconds["one"] / seconds["two"]
    return [
        f"| 8 replicas, 200 sweeps | {one:.3f} s | {two:.3f} s | {np.median(ratios):.2f} "
        f"({ratios.min():.2f} - {ratios.max():.2f}) |"
    ]


def feed_rows(n: int, temperature: float) -> list[str]:
    """Return what a sweep with each design costs, in units of one without a feed."""
    graph = sp.networks.build("planted_partition", seed=1, n=n, communities=2, k_in=8.0, k_out=2.0)
    system = sp.couplings.uniform(graph)
    designs: dict[str, Any] = {"none": None}
    for kind in feeds.KINDS:
        designs[kind] = feeds.make(kind)
    for kind in ("chronological", "engagement", "random"):
        designs[f"{kind}, 10 slots"] = feeds.make(kind, slots=10)

    def run(feed: Any, every: int) -> Callable[[], None]:
        frames = sp.trajectory(
            system, temperature=temperature, sweeps=10**9, seed=1, feed=feed, every=every, threads=1
        )
        next(frames)
        return lambda: next(frames)

    seconds = interleaved({name: run(feed, 50) for name, feed in designs.items()})
    base = seconds["none"]
    return [
        f"| {name} | {np.median(values) / 50 * 1e3:.3f} | **{np.median(values / base):.2f}** "
        f"| {(values / base).min():.2f} - {(values / base).max():.2f} |"
        for name, values in seconds.items()
    ]


def building_rows(ties: int, n: int) -> list[str]:
    """Return how long it takes to make a SpinSystem of a network in memory."""
    rng = np.random.default_rng(1)
    a, b = rng.integers(0, n, (2, ties + ties // 10))
    keys = np.unique(np.minimum(a, b)[a != b] * n + np.maximum(a, b)[a != b])
    keys = rng.permutation(keys)[:ties]
    a, b, weight = keys // n, keys % n, rng.normal(0, 1, keys.size)
    graph = nx.Graph()
    graph.add_nodes_from(range(n))
    graph.add_weighted_edges_from(
        zip(a.tolist(), b.tolist(), weight.tolist(), strict=True), weight="coupling"
    )
    tasks = {
        "networkx graph, integer labels": lambda: sp.SpinSystem.from_networkx(graph),
        "edge arrays": lambda: sp.SpinSystem.from_edges(a, b, weight, n=n),
    }
    seconds = interleaved(tasks, rounds=5)
    return [
        f"| {name} | **{np.median(values):.3f} s** | {values.min():.3f} - {values.max():.3f} s |"
        for name, values in seconds.items()
    ]


def machine() -> list[str]:
    """Return what the numbers were measured on."""
    model = platform.processor() or platform.machine()
    cpuinfo = Path("/proc/cpuinfo")
    if cpuinfo.exists():
        names = [line for line in cpuinfo.read_text().splitlines() if line.startswith("model name")]
        model = names[0].split(":", 1)[1].strip() if names else model
    packages = ", ".join(f"{name} {version(name)}" for name in PACKAGES)
    load = ", ".join(f"{value:.1f}" for value in os.getloadavg())
    return [
        f"{len(os.sched_getaffinity(0))} cores of {model}; Python {platform.python_version()}; "
        f"{packages}. Load average (1, 5, 15 minutes) when it began: {load}; a load above the "
        "number of cores means that other work ran beside the measurement.",
    ]


PREFACE = """# Benchmarks

Written by `make bench`; do not edit. Rates are millions of attempted single-user updates per
second on one core, by processor time, so that waiting for a busy core does not count; sharing its
caches does. Every number is the median of {rounds} interleaved rounds, the range over them beside
it. On a shared machine differences below a third mean little.
"""


def main() -> None:
    page = [PREFACE.format(rounds=ROUNDS), *machine(), "", "## Kernels", ""]
    page += [
        "Signs +-1 at random on all graphs but the lattice; no external field. The 10-regular "
        "graph of 10,000 users is at the temperature where a fifth of the updates flip. The "
        "reference kernel is the readable definition of the dynamics, not built for speed.",
        "",
        "| graph | kernel | M updates/s | range | times the textbook loop | flips per update |",
        "|---|---|---|---|---|---|",
    ]
    page += kernel_rows("lattice, 1e4 users, T = 2.269", lattice(100), 2.269, 100)
    small = random_regular(10_000, 10)
    page += kernel_rows("random 10-regular, 1e4 users, T = 2.8", small, 2.8, 100)
    page += kernel_rows(
        "Barabasi-Albert m = 5, 1e5 users, T = 4.5", preferential(100_000, 5), 4.5, 8
    )
    page += kernel_rows("random 10-regular, 1e6 users, T = 2.8", random_regular(10**6, 10), 2.8, 1)
    page += [
        "",
        "## Replicas on threads",
        "",
        "The random 10-regular graph of 10,000 users again, by the clock on the wall. Threads "
        "change no number.",
        "",
        "| | one thread | two threads | speed-up (range) |",
        "|---|---|---|---|",
        *replica_rows(small, 2.8),
        "",
        "## Feeds",
        "",
        "Two camps of 5,000 users, 10 ties each, T = 8; one replica, one thread. A feed is "
        "refreshed once per sweep, which reads every user's pool; the last columns are the cost "
        "of a sweep with its refresh, in units of a sweep without a feed.",
        "",
        "| design | ms per sweep | sweeps without a feed | range |",
        "|---|---|---|---|",
        *feed_rows(10_000, 8.0),
        "",
        "## Building a system",
        "",
        "One million ties, 200,000 users.",
        "",
        "| from | time | range |",
        "|---|---|---|",
        *building_rows(1_000_000, 200_000),
        "",
    ]
    TARGET.parent.mkdir(exist_ok=True)
    TARGET.write_text("\n".join(page), encoding="utf-8")
    print("\n".join(page))


if __name__ == "__main__":
    main()
