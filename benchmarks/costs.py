"""What is not a kernel: start-up, building a system, replicas on two cores."""

from __future__ import annotations

import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from typing import Any

import networkx as nx
import numpy as np

import sociophysics as sp
from benchmarks.store import Store
from benchmarks.timing import interleaved, random_regular

IMPORT = """
import time
begin, used = time.perf_counter(), time.process_time()
import sociophysics
print(time.perf_counter() - begin, time.process_time() - used)
"""
FIRST_SWEEP = """
import sociophysics as sp
pair = sp.SpinSystem.from_edges([0, 1], [1, 2])
for frame in sp.trajectory(pair, temperature=1.0, sweeps=1, seed=1):
    pass
"""
SCENARIO = """
seed = 1
[network]
kind = "planted_partition"
n = 20000
communities = 2
k_in = 8.0
k_out = 2.0
[couplings]
kind = "uniform"
[dynamics]
temperature = 5.0
sweeps = {sweeps}
burn_in = 0
[sweep]
replicas = 8
[observe]
every = {sweeps}
names = ["magnetization"]
"""


def start_up(store: Store, rounds: int) -> None:
    """Time the import alone, and a process from its start to the end of a first sweep."""
    subprocess.run([sys.executable, "-c", FIRST_SWEEP], check=True)  # fills the cache of numba
    found: dict[str, list[float]] = {k: [] for k in ("import", "import_cpu", "first", "first_cpu")}
    for _ in range(rounds):
        said = subprocess.run(
            [sys.executable, "-c", IMPORT], check=True, capture_output=True, text=True
        )
        wall, used = map(float, said.stdout.split())
        found["import"].append(wall)
        found["import_cpu"].append(used)
        begin, before = time.perf_counter(), _children()
        subprocess.run([sys.executable, "-c", FIRST_SWEEP], check=True)
        found["first"].append(time.perf_counter() - begin)
        found["first_cpu"].append(_children() - before)
    store.add("costs", name="start-up", seconds=found)


def _children() -> float:
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime


def threads(store: Store, rounds: int, sweeps: int) -> None:
    """Time the same eight replicas on one thread and on two, by the clock on the wall."""
    system = random_regular(10_000, 10)

    def run(count: int) -> Callable[[], None]:
        def task() -> None:
            for _ in sp.trajectory(
                system,
                temperature=2.8,
                sweeps=sweeps,
                seed=1,
                replicas=8,
                every=sweeps,
                threads=count,
            ):
                pass

        return task

    seconds = interleaved({"one": run(1), "two": run(2)}, time.perf_counter, rounds)
    store.add("costs", name="threads", seconds=_listed(seconds))


def processes(store: Store, rounds: int, sweeps: int) -> None:
    """Time the same scenario of eight replicas in one process and in two worker processes."""
    scenario = sp.Scenario.from_toml(SCENARIO.format(sweeps=sweeps))

    def run(count: int) -> Callable[[], None]:
        def task() -> None:
            with tempfile.TemporaryDirectory() as folder:
                sp.run(scenario, out=folder + "/run", workers=count)

        return task

    seconds = interleaved({"one": run(1), "two": run(2)}, time.perf_counter, rounds)
    store.add("costs", name="processes", seconds=_listed(seconds))


def building(store: Store, rounds: int, ties: int = 1_000_000, n: int = 200_000) -> None:
    """Time how long it takes to make a SpinSystem of a network in memory."""
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
    tasks: dict[str, Callable[[], Any]] = {
        "networkx graph, integer labels": lambda: sp.SpinSystem.from_networkx(graph),
        "edge arrays": lambda: sp.SpinSystem.from_edges(a, b, weight, n=n),
    }
    store.add("costs", name="building", seconds=_listed(interleaved(tasks, rounds=rounds)))


def _listed(seconds: dict[str, np.ndarray]) -> dict[str, list[float]]:
    return {name: values.tolist() for name, values in seconds.items()}


def measure_costs(store: Store, *, quick: bool) -> None:
    """Add what is not there yet; one that fails is noted and leaves the others."""
    tasks: dict[str, Callable[[], None]] = {
        "start-up": lambda: start_up(store, 3 if quick else 7),
        "threads": lambda: threads(store, 3 if quick else 7, 100 if quick else 1000),
        "processes": lambda: processes(store, 1 if quick else 3, 500 if quick else 8000),
        "building": lambda: building(store, 2 if quick else 5),
    }
    for name, task in tasks.items():
        if store.has("costs", name=name):
            continue
        try:
            task()
        except Exception as problem:  # into the page, and on with the rest
            store.add("costs", name=name, problem=f"{type(problem).__name__}: {problem}"[:300])
