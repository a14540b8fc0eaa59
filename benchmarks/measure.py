"""Rates of all entries on the same graphs from the same stances, round by round in turn.

A slow minute of the machine hurts all alike, since every round of one is followed by a round of
each of the others.
"""

from __future__ import annotations

import subprocess
import sys
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks import graphs
from benchmarks.figure import CURVES
from benchmarks.store import Store
from benchmarks.workers import Failed, Worker

BUILD_LIMIT = 900.0
# Beyond these sizes all packages together would not fit into the memory of a small machine.
LARGEST = {"sociophysics": 10**7, "graph_tool": 10**7}
LARGEST_OTHERS = 10**6
FIGURE_ENTRIES = tuple(CURVES)  # on graphs that are in the figure only
LARGE_ENTRIES = ("textbook numba loop", "sociophysics, fixed-point", "sociophysics, integer")
LONG_SET_UP = 1.0  # seconds; with more, an entry is measured at the first level only
NEEDED = 1500  # bytes per user of a 10-regular graph, all workers together, while they build


@dataclass(frozen=True)
class Plan:
    """How long to measure: the graphs, rounds and limits."""

    graphs: tuple[str, ...]
    rounds: int
    seconds: float  # of processor time, per round
    load_limit: float = 120.0  # of every answer
    longest: float = 6.0  # processor time of the shortest round, at up to a million users
    only_crit: tuple[str, ...] = ()  # graphs at this level only


FULL = Plan(
    tuple(graphs.GRAPHS),
    5,
    0.2,
    only_crit=("lattice-1e4", "barabasi-1e5", "lattice-1e6", "regular-1e7"),
)
QUICK = Plan(
    ("regular-1e3", "lattice-1e4", "regular-1e4", "regular-1e6"),
    3,
    0.08,
    load_limit=30.0,
    longest=3.0,
    only_crit=("regular-1e3", "lattice-1e4", "regular-1e6"),
)


def build(graph: graphs.Graph, folder: Path) -> None:
    """Write a graph and its starts, unless they are there."""
    wanted = [graph.file(folder), *(graph.start(folder, level) for level in graphs.LEVELS)]
    if all(path.exists() for path in wanted):
        return
    folder.mkdir(parents=True, exist_ok=True)
    command = [sys.executable, "-m", "benchmarks.graphs", graph.name, str(folder)]
    subprocess.run(command, check=True, timeout=BUILD_LIMIT)


def measure_all(store: Store, plan: Plan, folder: Path) -> None:
    """Add a record per entry, graph and temperature."""
    hopeless: dict[str, str] = {}  # entry -> why it is not tried on larger graphs
    for name in plan.graphs:
        graph = graphs.GRAPHS[name]
        levels = ("crit",) if name in plan.only_crit else ("crit", "low", "high")
        if all(store.has("done", graph=name, level=level) for level in levels):
            hopeless |= _lessons(store, graph)
            continue
        problem = _no_room(graph)
        try:
            if problem is None:
                build(graph, folder)
        except (subprocess.SubprocessError, OSError) as failure:
            problem = f"the graph could not be built: {failure}"
        if problem is not None:
            store.add("skipped", graph=name, problem=problem)
            continue
        _measure_graph(store, plan, graph, levels, folder, hopeless)
        hopeless |= _lessons(store, graph)


def _lessons(store: Store, graph: graphs.Graph) -> dict[str, str]:
    slow = [record for record in store.find("rates", graph=graph.name) if record["slow"]]
    return {r["entry"]: f"not tried ({graph.title}: {r['problem']})" for r in slow}


def _no_room(graph: graphs.Graph) -> str | None:
    need = graph.users * NEEDED
    memory = Path("/proc/meminfo")
    if need < 2**30 or not memory.exists():
        return None
    fields = dict(line.split(":") for line in memory.read_text().splitlines())
    free = int(fields["MemAvailable"].split()[0]) * 1024
    if free >= need:
        return None
    return f"needs about {need / 1e9:.0f} GB of memory, {free / 1e9:.0f} GB were free"


def _measure_graph(
    store: Store,
    plan: Plan,
    graph: graphs.Graph,
    levels: tuple[str, ...],
    folder: Path,
    hopeless: dict[str, str],
) -> None:
    with ExitStack() as stack:
        loaded: list[tuple[Worker, str]] = []
        failed: dict[tuple[str, str], Failed] = {}
        shown = graph in graphs.TABLES
        wanted = [pair for pair in entries(store) if shown or pair[1] in FIGURE_ENTRIES]
        for package, entry in wanted:
            try:
                if entry in hopeless:
                    raise Failed(hopeless[entry], slow=False)
                # A process each: one that is ended for being slow takes no other with it.
                worker = stack.enter_context(Worker(package))
                _load(worker, entry, graph, plan, folder)
                loaded.append((worker, entry))
            except Failed as problem:
                failed[package, entry] = problem
        for level in levels:
            if store.has("done", graph=graph.name, level=level):
                continue
            store.drop("rates", graph=graph.name, level=level)
            for (package, entry), why in failed.items():
                _add(store, graph, level, package, entry, problem=str(why), slow=why.slow)
            fell = _measure_level(store, plan, graph, level, folder, loaded)
            loaded = [pair for pair in loaded if pair[1] not in fell]
            failed |= {(worker.package, entry): why for entry, (worker, why) in fell.items()}
            store.add("done", graph=graph.name, level=level)


def entries(store: Store) -> list[tuple[str, str]]:
    """Return packages and entries that can be had here, as the check of the laws found them."""
    packages = [record for record in store.section("packages") if record["problem"] is None]
    return [(record["package"], entry) for record in packages for entry in record["entries"]]


def _load(worker: Worker, entry: str, graph: graphs.Graph, plan: Plan, folder: Path) -> None:
    if graph.users > LARGEST.get(worker.package, LARGEST_OTHERS):
        raise Failed("not run at this size, so that all fit into memory", slow=False)
    large = graph.users > LARGEST_OTHERS and worker.package == "sociophysics"
    if large and entry not in LARGE_ENTRIES:
        raise Failed("not run at this size, so that all fit into memory", slow=False)
    worker.ask(plan.load_limit, ask="load", entry=entry, graph=str(graph.file(folder)))


def _measure_level(
    store: Store,
    plan: Plan,
    graph: graphs.Graph,
    level: str,
    folder: Path,
    loaded: list[tuple[Worker, str]],
) -> dict[str, tuple[Worker, Failed]]:
    """Add the records of all entries; return those not to go on with, and why."""
    temperature = graphs.temperature(graph, folder, level)
    fell: dict[str, tuple[Worker, Failed]] = {}
    sized: dict[str, dict[str, float]] = {}
    for worker, entry in loaded:
        try:
            sized[entry] = worker.ask(
                plan.load_limit,
                ask="start",
                entry=entry,
                seconds=plan.seconds,
                longest=plan.longest * max(1.0, graph.users / LARGEST_OTHERS),
                temperature=temperature,
                spins=str(graph.start(folder, level)),
            )
        except Failed as problem:
            fell[entry] = worker, problem
    rates = _rounds(plan, loaded, sized, fell)
    for worker, entry in loaded:
        found: dict[str, Any] = {"temperature": temperature}
        try:
            if entry not in fell:
                found |= worker.ask(plan.load_limit, ask="state", entry=entry)
        except Failed as problem:
            fell[entry] = worker, problem
        if entry in fell:
            found |= {"problem": str(fell[entry][1]), "slow": fell[entry][1].slow}
        _add(store, graph, level, worker.package, entry, rates=rates[entry], **found)
        if entry not in fell and sized[entry]["fixed"] > LONG_SET_UP:
            text = f"not run: the set-up of every call takes {sized[entry]['fixed']:.1f} s"
            fell[entry] = worker, Failed(text, slow=False)
    return fell


def _rounds(
    plan: Plan,
    loaded: list[tuple[Worker, str]],
    sized: dict[str, dict[str, float]],
    fell: dict[str, tuple[Worker, Failed]],
) -> dict[str, list[float]]:
    """Return the M updates/s of every entry in every round; who fails joins ``fell``."""
    rates: dict[str, list[float]] = {entry: [] for _, entry in loaded}
    for _ in range(plan.rounds):
        for worker, entry in loaded:
            if entry in fell:
                continue
            request = {"entry": entry, "updates": sized[entry]["updates"]}
            try:
                turn = worker.ask(plan.load_limit, ask="round", **request)
                rates[entry].append(turn["updates"] / turn["seconds"] / 1e6)
            except Failed as problem:
                fell[entry] = worker, problem
    return rates


def _add(
    store: Store,
    graph: graphs.Graph,
    level: str,
    package: str,
    entry: str,
    *,
    problem: str | None = None,
    slow: bool = False,
    **found: Any,
) -> None:
    store.add(
        "rates",
        graph=graph.name,
        level=level,
        package=package,
        entry=entry,
        problem=problem,
        slow=slow,
        **found,
    )
