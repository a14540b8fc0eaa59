"""What all workers share: requests come in as lines of JSON, answers go out as lines of JSON.

A worker runs under the interpreter that has its package, in a process of its own, and needs
nothing of this project. It measures its own processor time, all threads included.
"""

from __future__ import annotations

import gc
import json
import os
import resource
import sys
import time
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]
RESOLVED = 0.1  # updates must take this share of a call's set-up, or their time is noise
LONGEST_STEP = 8  # how much the updates of a round may grow at once while it is sized


class Unsuitable(Exception):
    """The package does not do this graph; the text says why."""


@dataclass
class Graph:
    """Ties once each, and the external field (zeros if there is none)."""

    n: int
    source: Array
    target: Array
    weight: Array
    field: Array
    name: str

    @classmethod
    def read(cls, path: str) -> Graph:
        """Return the graph of a file of the driver."""
        with np.load(path) as stored:
            n = int(stored["n"])
            field = stored["field"] if stored["field"].size else np.zeros(n)
            ties = stored["source"], stored["target"], stored["weight"]
        return cls(n, *ties, field, os.path.basename(path).removesuffix(".npz"))

    @cached_property
    def rows(self) -> tuple[Array, Array, Array]:
        """The couplings by users: ``indptr``, ``indices``, ``data``."""
        user = np.concatenate([self.source, self.target])
        other = np.concatenate([self.target, self.source])
        order = np.argsort(user, kind="stable")
        indptr = np.concatenate([[0], np.cumsum(np.bincount(user, minlength=self.n))])
        weight = np.concatenate([self.weight, self.weight])[order]
        return indptr, other[order], weight.astype(np.float64)

    @property
    def lists(self) -> list[list[int]]:
        """Whom everybody is tied to."""
        indptr, indices, _ = self.rows
        return [part.tolist() for part in np.split(indices, indptr[1:-1])]


class Slow(Exception):
    """The shortest round takes too long; the text says how long."""


class Entry:
    """One way of one package to move the stances; subclasses fill in what they have.

    ``order`` and ``rule`` are what it claims: ``random``, ``sequential`` or ``permutation``;
    ``heat-bath`` or ``metropolis``. ``model`` names another model, which is only timed.
    """

    order = "random"
    rule = "heat-bath"
    model = ""
    weights = True  # real weights and fields too
    replicas = 1

    def load(self, graph: Graph) -> None:
        """Build what the package needs of the graph; not timed."""
        self.graph = graph

    def start(self, temperature: float, spins: Array) -> None:
        """Take the stances up; not timed."""
        raise NotImplementedError

    def advance(self, updates: int) -> int:
        """Do about this many updates and return how many were done."""
        raise NotImplementedError

    def idle(self) -> None:
        """Do what a call costs without any update; taken off the time of a round."""

    def stances(self) -> Array | None:
        """Return the stances now, if the package shows them."""
        return None

    def runs(self, temperature: float, sweeps: int, runs: int, seed: int) -> dict[str, Array]:
        """Return ``stances`` (runs, n), or ``energies``, of independent runs from all +1."""
        raise Unsuitable("it shows no stances")

    def path(self) -> list[int]:
        """Return the users in the order of a sequential sweep."""
        return list(range(self.graph.n))


def clock(call: Any, *given: Any) -> tuple[float, Any]:
    """Return the processor seconds of a call, and what it returned."""
    begin = time.process_time()
    result = call(*given)
    return time.process_time() - begin, result


def size_round(entry: Entry, seconds: float, longest: float) -> tuple[int, float]:
    """Return the updates that fill a round, and what a call costs without any."""
    entry.advance(1)  # compiles
    idle = [clock(entry.idle)[0]]
    while len(idle) < 4 and sum(idle) < seconds:
        idle.append(clock(entry.idle)[0])
    fixed = min(idle[1:] or idle)
    updates = 64
    while True:
        took, done = clock(entry.advance, updates)
        took = max(took - fixed, 1e-6)
        if took > max(longest, 2 * seconds):
            raise Slow(f"{done} updates took {took:.1f} s, over the limit of {longest:.0f} s")
        if took >= 0.5 * seconds:
            return done, fixed
        # A package that does whole sweeps may have done far more than it was asked for.
        updates = max(int(done * min(LONGEST_STEP, seconds / took)), updates + 1)


def measured_state(entry: Entry, temperature: float) -> dict[str, float]:
    """Return energy per user and the heat-bath flips per update in the stances now."""
    spins = entry.stances()
    if spins is None:
        return {}
    graph, s = entry.graph, np.asarray(spins, np.float64)
    local = graph.field + np.bincount(graph.source, graph.weight * s[graph.target], graph.n)
    local += np.bincount(graph.target, graph.weight * s[graph.source], graph.n)
    flips = 1 / (1 + np.exp(np.minimum(2 * s * local / temperature, 700)))
    energy = -0.5 * float(s @ (local + graph.field)) / graph.n
    return {"energy": energy, "flips": float(flips.mean())}


class Worker:
    """Answers the driver's requests about the entries of one package."""

    def __init__(self, entries: dict[str, Entry], versions: str) -> None:
        self.entries, self.versions = entries, versions
        self.temperature: dict[str, float] = {}
        self.fixed: dict[str, float] = {}
        self.graphs: dict[str, Graph] = {}

    def hello(self) -> dict[str, Any]:
        """Return what the package is and which entries it has."""
        shown = ("order", "rule", "model", "weights", "replicas")
        entries = {k: {a: getattr(e, a) for a in shown} for k, e in self.entries.items()}
        return {"versions": self.versions, "entries": entries}

    def load(self, entry: str, graph: str) -> dict[str, Any]:
        """Build the graph for an entry."""
        if graph not in self.graphs:
            self.graphs = {graph: Graph.read(graph)}
        self.entries[entry].load(self.graphs[graph])
        return {}

    def start(
        self, entry: str, temperature: float, spins: str, seconds: float, longest: float
    ) -> dict[str, Any]:
        """Take stances up, warm up, and size a round."""
        self.temperature[entry] = temperature
        self.entries[entry].start(temperature, np.load(spins))
        updates, self.fixed[entry] = size_round(self.entries[entry], seconds, longest)
        return {"updates": updates, "fixed": self.fixed[entry]}

    def round(self, entry: str, updates: int) -> dict[str, Any]:
        """Time one round."""
        gc.collect()
        gc.disable()
        took, done = clock(self.entries[entry].advance, updates)
        gc.enable()
        fixed = self.fixed[entry]
        if took - fixed < RESOLVED * fixed:
            raise Unsuitable(f"the set-up of every call, {fixed:.1f} s, hides the updates' time")
        return {"seconds": max(took - fixed, 1e-9), "updates": done}

    def state(self, entry: str) -> dict[str, Any]:
        """Return energy and flips, to compare entries by."""
        return measured_state(self.entries[entry], self.temperature[entry])

    def runs(
        self, entry: str, temperature: float, sweeps: int, runs: int, seed: int, out: str
    ) -> dict[str, Any]:
        """Write the outcome of independent runs to a file."""
        np.savez(out, **self.entries[entry].runs(temperature, sweeps, runs, seed))
        return {"path": self.entries[entry].path()}


def serve(entries: dict[str, Entry], versions: str) -> None:
    """Answer until there are no more requests."""
    limit = int(os.environ.get("WORKER_MEMORY", 0))
    if limit:
        resource.setrlimit(resource.RLIMIT_DATA, (limit, limit))
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)  # what packages print must not get between the answers
    worker = Worker(entries, versions)
    for line in sys.stdin:
        request = json.loads(line)
        try:
            answer = getattr(worker, request.pop("ask"))(**request)
        except Unsuitable as problem:
            answer = {"unsuitable": str(problem)}
        except Slow as problem:
            answer = {"slow": str(problem)}
        except MemoryError:
            answer = {"slow": "ran out of memory"}
        except Exception as problem:  # the driver writes it into the table and goes on
            answer = {"problem": f"{type(problem).__name__}: {problem}"[:300]}
        answers.write(json.dumps(answer) + "\n")
        answers.flush()
