"""How couplings of glasses and memories are drawn on a graph."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import networkx as nx
import numpy as np
import scipy.sparse as sparse
from numpy.typing import NDArray

from sociophysics.errors import InputError
from sociophysics.society.spins import SpinSystem
from sociophysics.streams import generator

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = [
    "bethe",
    "edwards_anderson",
    "hopfield",
    "layered",
    "mattis",
    "sherrington_kirkpatrick",
]

Floats = NDArray[np.float64]
UNNAMED = "\0"  # an attribute no file can name, so that every tie takes the default coupling


def sherrington_kirkpatrick(
    graph: nx.Graph,
    mean: float,
    sd: float,
    *,
    mutual: bool,
    seed: int,
    replica: int | None,
) -> SpinSystem:
    """Return couplings from ``N(mean/n, sd^2/n)`` between all pairs."""
    system = _complete(graph, "sherrington_kirkpatrick")
    n = max(system.n, 1)
    rng = generator(seed, "couplings", replica)
    if mutual and not graph.is_directed():
        return _mutual(system, lambda count: rng.normal(mean / n, sd / n**0.5, count))
    return _weighted(system, rng.normal(mean / n, sd / n**0.5, system.J.nnz))


def edwards_anderson(
    graph: nx.Graph, distribution: str, share: float, *, seed: int, replica: int | None
) -> SpinSystem:
    """Return independent couplings +-1, or from ``N(0, 1)``, on the ties."""
    rng = generator(seed, "couplings", replica)

    def drawn(count: int) -> Floats:
        if distribution == "gaussian":
            return rng.normal(size=count)
        return np.where(rng.random(count) < share, -1.0, 1.0)

    system = _plain(graph)
    if graph.is_directed():
        return _weighted(system, drawn(system.J.nnz))
    return _mutual(system, drawn)


def bethe(graph: nx.Graph, share: float, *, seed: int, replica: int | None) -> SpinSystem:
    """Return independent couplings +-1 where everybody has as many ties."""
    degrees = np.array([degree for _, degree in graph.degree()], dtype=np.int64)
    if degrees.size and degrees.min() != degrees.max():
        raise InputError(
            f"users have from {degrees.min()} to {degrees.max()} ties; couplings of kind 'bethe' "
            "need a network in which all have as many, such as random_regular."
        )
    return edwards_anderson(graph, "bimodal", share, seed=seed, replica=replica)


def mattis(
    graph: nx.Graph, value: float, attribute: str | None, *, seed: int, replica: int | None
) -> SpinSystem:
    """Return ``value xi_i xi_j`` on the ties."""
    system = _plain(graph)
    if attribute is None:
        side = _signs(generator(seed, "couplings", replica), system.n)
    else:
        given = [graph.nodes[label].get(attribute) for label in graph]
        bad = [each for each in given if each not in (1, -1) or isinstance(each, bool)]
        if bad:
            raise InputError(
                f"the node attribute {attribute!r} holds {bad[0]!r}; the sides of couplings of "
                "kind 'mattis' are 1 and -1."
            )
        side = np.array(given, dtype=np.float64)
    row, column = _ends(system)
    return _weighted(system, value * side[row] * side[column])


def hopfield(
    graph: nx.Graph,
    patterns: int,
    given: Sequence[Sequence[int]],
    *,
    seed: int,
    replica: int | None,
) -> SpinSystem:
    """Return Hebb's couplings of patterns on the ties."""
    system = _plain(graph)
    if given:
        xi = [list(each) for each in given]
        for each in xi:
            if len(each) != system.n or any(stance not in (1, -1) for stance in each):
                raise InputError(
                    f"a given pattern has {len(each)} entries; each needs one stance, 1 or -1, for "
                    f"each of {system.n} users."
                )
        kept = np.array(xi, dtype=np.float64)
    else:
        kept = _signs(generator(seed, "couplings", replica), (patterns, system.n))
        # By gauge symmetry any one of them may be called consensus: then m is what is retrieved.
        kept[:1] = 1.0
    row, column = _ends(system)
    total = np.zeros(row.size)
    for pattern in kept:
        total += pattern[row] * pattern[column]
    ties = system.J.nnz / max(system.n, 1)
    return _weighted(system, total / (system.n if ties == system.n - 1 else max(ties, 1e-300)))


def layered(
    graph: nx.Graph, layers: int, variance: float, *, seed: int, replica: int | None
) -> SpinSystem:
    """Return normal couplings between users of neighbouring layers."""
    system = _complete(graph, "layered")
    if layers > system.n:
        raise InputError(f"layers is {layers}; there are {system.n} users for them.")
    size = system.n / layers
    layer = (np.arange(system.n) / size).astype(np.int64)
    row, column = _ends(system)
    sd = (variance / size) ** 0.5
    rng = generator(seed, "couplings", replica)
    drawn = _mutual(system, lambda count: rng.normal(0.0, sd, count)).J.data
    near = np.abs(layer[row] - layer[column]) == 1
    J = sparse.csr_array((drawn[near], (row[near], column[near])), shape=system.J.shape)
    return SpinSystem(J, system.h, system.labels, system.nodes)


def _plain(graph: nx.Graph) -> SpinSystem:
    return SpinSystem.from_networkx(graph, UNNAMED, UNNAMED, 1.0)


def _complete(graph: nx.Graph, kind: str) -> SpinSystem:
    system = _plain(graph)
    missing = system.n * (system.n - 1) - system.J.nnz
    if missing:
        raise InputError(
            f"couplings of kind {kind!r} stand between all pairs, and {missing // 2} pairs have no "
            "tie; give a complete network, or use edwards_anderson on this one."
        )
    return system


def _signs(rng: np.random.Generator, shape: int | tuple[int, int]) -> Floats:
    return np.asarray(2.0 * rng.integers(0, 2, shape) - 1.0)


def _ends(system: SpinSystem) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    return np.repeat(np.arange(system.n), np.diff(system.J.indptr)), system.J.indices


def _weighted(system: SpinSystem, values: Floats) -> SpinSystem:
    J = sparse.csr_array((values, system.J.indices, system.J.indptr), shape=system.J.shape)
    return SpinSystem(J, system.h, system.labels, system.nodes)


def _mutual(system: SpinSystem, drawn: Callable[[int], Floats]) -> SpinSystem:
    """Return the system with one drawn coupling per tie, ties in the order of (i, j), i < j."""
    row, column = _ends(system)
    upper = row < column
    values = np.empty(row.size)
    values[upper] = drawn(int(upper.sum()))
    # Below the diagonal entries are ordered by (j, i) with i < j: sort the upper ones alike.
    values[~upper] = values[upper][np.lexsort((row[upper], column[upper]))]
    return _weighted(system, values)
