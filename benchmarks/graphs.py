"""The graphs everybody runs on, their temperatures, and a common start; written once to files.

``python -m benchmarks.graphs NAME FOLDER`` writes one graph in a process of its own, so that the
memory of building it is free again when the measurement begins.
"""

from __future__ import annotations

import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import networkx as nx
import numpy as np
from numpy.typing import NDArray

import sociophysics as sp

Ties = tuple[NDArray[Any], NDArray[Any], NDArray[Any]]
LEVELS = ("low", "crit", "high")
ONSAGER = 2.269185
EQUILIBRATION = 100  # sweeps; fewer where they would take minutes
LARGE, EQUILIBRATION_LARGE = 3 * 10**6, 20


@dataclass(frozen=True)
class Graph:
    """A graph of the benchmark: what it is called, how many users, which family."""

    name: str
    title: str
    family: str
    users: int

    def file(self, folder: Path) -> Path:
        """Return where its ties are kept."""
        return folder / f"{self.name}.npz"

    def start(self, folder: Path, level: str) -> Path:
        """Return where the stances everybody starts from are kept."""
        return folder / f"{self.name}-{level}.npy"


def _lattice(exponent: int) -> Graph:
    name = f"lattice-1e{exponent}"
    return Graph(name, f"Lattice, 1e{exponent} users", "lattice", 10**exponent)


def _regular(exponent: int) -> Graph:
    title = f"Random 10-regular, signs +-1, 1e{exponent} users"
    return Graph(f"regular-1e{exponent}", title, "regular", 10**exponent)


BARABASI = Graph("barabasi-1e5", "Barabasi-Albert, m = 5, signs +-1, 1e5 users", "barabasi", 10**5)
TABLES = (_lattice(4), _regular(4), BARABASI, _lattice(6), _regular(6))
GRAPHS = {
    graph.name: graph for graph in (_regular(3), *TABLES[:3], _regular(5), *TABLES[3:], _regular(7))
}


def lattice(users: int) -> Ties:
    """Return the periodic square lattice; everybody agrees with four neighbors."""
    side = round(users**0.5)
    user = np.arange(side * side, dtype=np.int32).reshape(side, side)
    below, right = np.roll(user, -1, axis=0), np.roll(user, -1, axis=1)
    source = np.concatenate([user.ravel(), user.ravel()])
    return source, np.concatenate([below.ravel(), right.ravel()]), np.ones(source.size, np.int8)


def regular(users: int, degree: int = 10, seed: int = 1) -> Ties:
    """Return signs +-1 on the union of degree/2 random rings; the few repeated ties are dropped."""
    rng = np.random.default_rng(seed)
    keys = np.empty(users * (degree // 2), np.int64)
    for ring in range(degree // 2):
        a = rng.permutation(users)
        b = np.roll(a, 1)
        keys[ring * users : (ring + 1) * users] = np.minimum(a, b) * users + np.maximum(a, b)
    keys.sort()
    keys = keys[np.concatenate([[True], np.diff(keys) > 0])]
    return _signed(keys // users, keys % users, rng)


def barabasi(users: int, m: int = 5, seed: int = 1) -> Ties:
    """Return signs +-1 on preferential attachment, m ties of every newcomer."""
    ends = np.array(nx.barabasi_albert_graph(users, m, seed=seed).edges)
    return _signed(ends[:, 0], ends[:, 1], np.random.default_rng(seed))


def _signed(source: NDArray[Any], target: NDArray[Any], rng: np.random.Generator) -> Ties:
    signs = rng.choice(np.array([-1, 1], np.int8), source.size)
    return source.astype(np.int32), target.astype(np.int32), signs


FAMILIES = {"lattice": lattice, "regular": regular, "barabasi": barabasi}


def temperatures(graph: Graph, ties: Ties) -> dict[str, float]:
    """Return the temperatures of the three levels.

    ``crit`` is Onsager's for the lattice; with random signs it is the mean-field spin-glass
    temperature, ``tanh(1/T) = sqrt(<k> / (<k^2> - <k>))``, where about a fifth of the updates flip
    on the 10-regular graph.
    """
    if graph.family == "lattice":
        return {"low": 0.45 * ONSAGER, "crit": ONSAGER, "high": 2.5 * ONSAGER}
    degree = np.bincount(np.concatenate(ties[:2]), minlength=graph.users).astype(float)
    branching = (degree * (degree - 1)).mean() / degree.mean()
    crit = float(1 / np.arctanh(1 / np.sqrt(branching)))
    return {"low": 0.45 * crit, "crit": crit, "high": 2.5 * crit}


def write(graph: Graph, folder: Path) -> None:
    """Write ties and temperatures, and for every level the stances after some sweeps."""
    source, target, weight = FAMILIES[graph.family](graph.users)
    levels = temperatures(graph, (source, target, weight))
    sweeps = EQUILIBRATION_LARGE if graph.users > LARGE else EQUILIBRATION
    system = sp.SpinSystem.from_edges(source, target, weight.astype(float), n=graph.users)
    for level, temperature in levels.items():
        ordered = graph.family == "lattice" and level != "high"
        frames = sp.trajectory(
            system,
            temperature=temperature,
            sweeps=sweeps,
            seed=1,
            start="up" if ordered else "random",
            every=sweeps,
        )
        *_, last = frames
        np.save(graph.start(folder, level), last.spins[0])
    arrays: dict[str, Any] = {"source": source, "target": target, "weight": weight, **levels}
    np.savez(graph.file(folder), n=graph.users, field=np.zeros(0), **arrays)


def temperature(graph: Graph, folder: Path, level: str) -> float:
    """Return a temperature of a graph that was written."""
    with np.load(graph.file(folder)) as stored:
        return float(stored[level])


if __name__ == "__main__":
    write(GRAPHS[sys.argv[1]], Path(sys.argv[2]))
