"""Ours: every kernel that can be asked for by name, and the loop a textbook would write."""

from collections.abc import Iterator
from importlib.metadata import version
from typing import Any

import numpy as np
from numba import njit
from protocol import Array, Entry, Graph, serve

import sociophysics as sp
from sociophysics.dynamics.kernels.kernel_choice import REGISTRY

REPLICAS = {"bit-sliced": 64}  # kernels that are for ensembles, and how many replicas they take


@njit(cache=True)
def textbook_sweeps(
    spins: Any, indptr: Any, indices: Any, data: Any, field: Any, temperature: float, updates: int
) -> int:
    """Do heat-bath updates as a textbook would write them in numba; return the flips."""
    n, flips = spins.shape[0], 0
    for _ in range(updates):
        i = np.random.randint(0, n)  # noqa: NPY002 - what textbooks write
        local = field[i]
        for p in range(indptr[i], indptr[i + 1]):
            local += data[p] * spins[indices[p]]
        u = np.random.random()  # noqa: NPY002
        if u < 1.0 / (1.0 + np.exp(2.0 * spins[i] * local / temperature)):
            spins[i] = -spins[i]
            flips += 1
    return flips


class Textbook(Entry):
    """The textbook loop."""

    def start(self, temperature: float, spins: Array) -> None:
        """Take the stances up."""
        self.temperature, self.spins = temperature, spins.astype(np.int8)

    def advance(self, updates: int) -> int:
        """Do exactly this many updates."""
        textbook_sweeps(self.spins, *self.graph.rows, self.graph.field, self.temperature, updates)
        return updates

    def stances(self) -> Array:
        """Return the stances now."""
        return self.spins

    def runs(self, temperature: float, sweeps: int, runs: int, seed: int) -> dict[str, Array]:
        """Return stances of independent runs."""
        out = np.empty((runs, self.graph.n), np.int8)
        for run in range(runs):
            self.start(temperature, np.ones(self.graph.n))
            self.advance(sweeps * self.graph.n)
            out[run] = self.spins
        return {"stances": out}


SYSTEMS: dict[str, sp.SpinSystem] = {}  # the last graph, shared by all kernels


class Kernel(Entry):
    """``sociophysics.trajectory`` with one kernel and scheme, in the public interface."""

    frames: Iterator[sp.Frame]

    def __init__(self, kernel: str, scheme: str = "random-sequential") -> None:
        self.kernel, self.replicas = kernel, REPLICAS.get(kernel, 1)
        self.scheme, self.order = scheme, scheme.split("-")[0]
        self.weights = kernel not in ("integer", "bit-sliced")  # which are for signs

    def load(self, graph: Graph) -> None:
        """Build the system."""
        super().load(graph)
        if graph.name not in SYSTEMS:
            SYSTEMS.clear()
            ends = graph.source, graph.target
            SYSTEMS[graph.name] = sp.SpinSystem.from_edges(
                *ends, graph.weight.astype(np.float64), n=graph.n, h=graph.field
            )
        self.system = SYSTEMS[graph.name]

    def trajectory(self, spins: Array, every: int, replicas: int, seed: int) -> Iterator[sp.Frame]:
        """Return frames, the first one taken."""
        frames = sp.trajectory(
            self.system,
            temperature=self.temperature,
            sweeps=10**9,
            seed=seed,
            start=spins,
            every=every,
            replicas=replicas,
            kernel=self.kernel,
            scheme=self.scheme,
            threads=1,
        )
        self.last = next(frames).spins
        return frames

    def start(self, temperature: float, spins: Array) -> None:
        """Take the stances up; the trajectory begins with the first round."""
        self.temperature, self.last, self.every = temperature, np.tile(spins, (1, 1)), 0

    def advance(self, updates: int) -> int:
        """Do whole sweeps of all replicas, from one frame to the next."""
        sweeps = max(1, round(updates / (self.graph.n * self.replicas)))
        if sweeps != self.every:  # only while a round is sized
            self.frames = self.trajectory(self.last[0], sweeps, self.replicas, sweeps)
            self.every = sweeps
        self.last = next(self.frames).spins
        return sweeps * self.graph.n * self.replicas

    def stances(self) -> Array:
        """Return the stances of the first replica now."""
        return self.last[0]

    def runs(self, temperature: float, sweeps: int, runs: int, seed: int) -> dict[str, Array]:
        """Return stances of independent runs; of a word of replicas, its first lane."""
        self.temperature = temperature
        everybody = np.ones(self.graph.n, np.int8)
        frames = self.trajectory(everybody, sweeps, runs * self.replicas, seed)
        return {"stances": next(frames).spins[:: self.replicas]}


def entries() -> dict[str, Entry]:
    """Return all kernels, the sequential scheme, and the textbook loop."""
    named: dict[str, Entry] = {f"sociophysics, {name}": Kernel(name) for name in REGISTRY}
    named["sociophysics, fixed-point, sequential"] = Kernel("fixed-point", "sequential")
    named["textbook numba loop"] = Textbook()
    return named


if __name__ == "__main__":
    serve(entries(), f"sociophysics {version('sociophysics')}, numba {version('numba')}")
