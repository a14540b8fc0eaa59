"""Random and regular networks by name, each from an explicit seed."""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Sequence
from typing import Any, cast

import networkx as nx
import numpy as np
from networkx.algorithms.bipartite import random_graph as bipartite_random_graph

from sociophysics.errors import InputError, did_you_mean
from sociophysics.kinds import NETWORKS, keys_of
from sociophysics.society.networks.random_degrees import uniform_with_degrees
from sociophysics.society.networks.simple import require_graph_memory
from sociophysics.streams import generator

__all__ = ["KINDS", "build"]

LARGEST = 10**12  # far beyond any memory, and sizes up to it multiply without overflow


def build(kind: str, *, seed: int, replica: int | None = None, **parameters: Any) -> nx.Graph:
    """Return a generated network: a simple undirected graph with nodes ``0..n-1``.

    =================== =========================== ===============================================
    kind                parameters                  ties
    =================== =========================== ===============================================
    lattice             shape, periodic=True        next neighbours on a grid, row-major numbering
    complete            n                           all pairs
    erdos_renyi         n, mean_degree              each pair with p = mean_degree / (n - 1)
    random_regular      n, degree                   ``degree`` for every user
    barabasi_albert     n, m                        newcomers bring m ties to popular users
    watts_strogatz      n, k, p                     ring of k neighbours, ties rewired with p
    planted_partition   n, communities, k_in, k_out on average k_in ties inside, k_out outside the
                                                    own community, whose number is ``camp``
    configuration       degrees                     uniform among simple graphs of these degrees
    own_shares          n, degree, own_share, ...   two camps whose users differ in how many of
                                                    their ties stay in the own camp
    =================== =========================== ===============================================

    Parameters
    ----------
    kind : str
    seed : int
    replica : int, optional
        A network of its own for each replica; left out: one network for the seed.
    **parameters
        Those of the kind; ``KINDS`` lists them.

    Raises
    ------
    InputError
        An unknown kind or parameter, a parameter that is missing or impossible, or a network
        larger than memory, said before any of it is built.

    References
    ----------
    Networks of these kinds are introduced in M. Newman, Networks (Oxford, 2018), chapters 11-14.

    Examples
    --------
    >>> graph = build("planted_partition", seed=1, n=100, communities=2, k_in=8, k_out=2)
    >>> len(graph), graph.nodes[0]["camp"], graph.nodes[99]["camp"]
    (100, 0, 1)
    """
    if kind not in GENERATORS and kind in NETWORKS:
        return cast("nx.Graph", NETWORKS[kind](**parameters).graph(seed=seed, replica=replica))
    if kind not in GENERATORS:
        raise InputError(f"{kind!r} is not a kind of network; {did_you_mean(kind, GENERATORS)}")
    for name in parameters:
        if name not in KINDS[kind]:
            raise InputError(
                f"{name} is not a parameter of network kind {kind!r}; "
                f"{did_you_mean(name, KINDS[kind])}"
            )
    keys = [each for each in keys_of(NETWORKS[kind]) if each.name in KINDS[kind]]
    needed = [each.name for each in keys if each.required]
    missing = [name for name in needed if name not in parameters]
    if missing:
        raise InputError(
            f"network kind {kind!r} lacks {' and '.join(missing)}; it needs {', '.join(needed)}."
        )
    defaults = {each.name: each.default for each in keys if not each.required}
    rng = generator(seed, "network", replica)
    graph: nx.Graph = GENERATORS[kind](rng, **{**defaults, **parameters})
    graph.graph.clear()
    graph.graph["name"] = kind
    return graph


def _lattice(rng: np.random.Generator, *, shape: Sequence[int], periodic: bool) -> nx.Graph:
    if not isinstance(shape, list | tuple) or not shape:
        raise InputError(f"shape is {shape!r}; give a list of side lengths such as [32, 32].")
    if not isinstance(periodic, bool):
        raise InputError(f"periodic is {periodic!r}; allowed: true, false.")
    for k, side in enumerate(shape):
        _whole(f"shape[{k}]", side, 3 if periodic else 1)
    n = math.prod(int(side) for side in shape)
    _fits(n, n * len(shape))
    index = np.arange(n).reshape(shape)
    graph = nx.empty_graph(n)
    for axis in range(len(shape)):
        here, there = index, np.roll(index, -1, axis)
        if not periodic:
            inner = (slice(None),) * axis + (slice(0, -1),)
            here, there = here[inner], there[inner]
        graph.add_edges_from(zip(here.ravel().tolist(), there.ravel().tolist(), strict=True))
    return graph


def _complete(rng: np.random.Generator, *, n: int) -> nx.Graph:
    n = _whole("n", n, 1)
    _fits(n, n * (n - 1) / 2)
    return nx.complete_graph(n)


def _erdos_renyi(rng: np.random.Generator, *, n: int, mean_degree: float) -> nx.Graph:
    n = _whole("n", n, 1)
    degree = _real("mean_degree", mean_degree, 0, n - 1, "n - 1")
    _fits(n, n * degree / 2)
    return nx.fast_gnp_random_graph(n, _chance(degree / max(n - 1, 1)), seed=_seed(rng))


def _random_regular(rng: np.random.Generator, *, n: int, degree: int) -> nx.Graph:
    n = _whole("n", n, 1)
    degree = _whole("degree", degree, 0, n - 1, "n - 1")
    if n * degree % 2:
        raise InputError(
            f"n is {n} and degree {degree}, so the degrees sum to the odd number {n * degree}, but "
            "each tie has two ends; make n or degree even."
        )
    _fits(n, n * degree / 2)
    graph = nx.empty_graph(n)
    # Pairing stubs rarely succeeds when most pairs are tied; there the untied pairs are drawn.
    sparse = degree <= (n - 1) / 2
    drawn = nx.random_regular_graph(degree if sparse else n - 1 - degree, n, seed=_seed(rng))
    graph.add_edges_from(drawn.edges() if sparse else nx.complement(drawn).edges())
    return graph


def _barabasi_albert(rng: np.random.Generator, *, n: int, m: int) -> nx.Graph:
    n = _whole("n", n, 2)
    m = _whole("m", m, 1, n - 1, "n - 1")
    _fits(n, n * m)
    return nx.barabasi_albert_graph(n, m, seed=_seed(rng))


def _watts_strogatz(rng: np.random.Generator, *, n: int, k: int, p: float) -> nx.Graph:
    n = _whole("n", n, 3)
    k = _whole("k", k, 2, n - 1, "n - 1")
    if k % 2:
        raise InputError(
            f"k is {k}; every user starts with k/2 neighbours on either side of the ring, so k "
            f"must be even: use {k - 1} or {k + 1}."
        )
    p = _real("p", p, 0, 1)
    _fits(n, n * k / 2)
    return nx.watts_strogatz_graph(n, k, p, seed=_seed(rng))


def _planted_partition(
    rng: np.random.Generator, *, n: int, communities: int, k_in: float, k_out: float
) -> nx.Graph:
    n = _whole("n", n, 1)
    communities = _whole("communities", communities, 1, n, "n")
    sizes = [n // communities + (c < n % communities) for c in range(communities)]
    inside = sum(size * (size - 1) for size in sizes) / n
    outside = sum(size * (n - size) for size in sizes) / n
    k_in = _real("k_in", k_in, 0, inside, "the mean number of others in the own community")
    k_out = _real("k_out", k_out, 0, outside, "the mean number of users outside it")
    _fits(n, n * (k_in + k_out) / 2)
    p_in, p_out = (k / most if most else 0.0 for k, most in ((k_in, inside), (k_out, outside)))
    graph = nx.empty_graph(n)
    first = [sum(sizes[:c]) for c in range(communities)]
    for c, size in enumerate(sizes):
        graph.add_nodes_from(range(first[c], first[c] + size), camp=c)
        block = nx.fast_gnp_random_graph(size, _chance(p_in), seed=_seed(rng))
        graph.add_edges_from((first[c] + u, first[c] + v) for u, v in block.edges())
    for a, b in itertools.combinations(range(communities), 2):
        block = bipartite_random_graph(sizes[a], sizes[b], _chance(p_out), seed=_seed(rng))
        shift = first[b] - sizes[a]
        graph.add_edges_from((first[a] + u, shift + v) for u, v in block.edges())
    return graph


def _chance(p: float) -> float:
    """Return a probability at most 1, and 0 where 1 - p is 1: its logarithm would be divided by."""
    return 0.0 if 1.0 - p == 1.0 else min(p, 1.0)


def _configuration(rng: np.random.Generator, *, degrees: Sequence[int]) -> nx.Graph:
    if not isinstance(degrees, list | tuple | np.ndarray):
        raise InputError(f"degrees is {degrees!r}; give a list with one degree per user.")
    n = len(degrees)
    if not n:
        raise InputError("degrees is an empty list; give one degree per user, at least one user.")
    others = "the other users"
    listed = [_whole(f"degrees[{i}]", k, 0, n - 1, others) for i, k in enumerate(degrees)]
    _fits(n, sum(listed) / 2)
    if not nx.is_graphical(listed):
        why = "their sum is odd" if sum(listed) % 2 else "some users ask for more ties than fit"
        raise InputError(f"no simple network has these {n} degrees ({why}); change the degrees.")
    return uniform_with_degrees(listed, rng)


def _own_shares(
    rng: np.random.Generator,
    *,
    n: int,
    degree: int,
    own_share: float,
    own_spread: float,
    no_camp: float,
    cross_share: float,
    cross_spread: float,
) -> nx.Graph:
    from sociophysics.society.networks.own_shares import camps_with_own_shares

    n = _whole("n", n, 2)
    degree = _whole("degree", degree, 0, n - 1, "n - 1")
    _fits(n, n * degree / 2)
    no_camp = _real("no_camp", no_camp, 0, 1)
    own = _real("own_share", own_share, 0, 1), _real("own_spread", own_spread, 0, 0.5)
    cross = _real("cross_share", cross_share, 0, 1), _real("cross_spread", cross_spread, 0, 0.5)
    return camps_with_own_shares(n, degree, no_camp, own, cross, rng)


def _whole(what: str, value: Any, low: int, high: int = LARGEST, high_name: str = "") -> int:
    """Return ``value`` as an int, or raise unless it is a whole number in the range."""
    number = isinstance(value, int | np.integer) and not isinstance(value, bool)
    if not number or not low <= value <= high:
        raise InputError(
            f"{what} is {value!r}; it must be a whole number "
            + _range(low, high, high_name, high < LARGEST)
        )
    return int(value)


def _real(what: str, value: Any, low: float, high: float, high_name: str = "") -> float:
    number = isinstance(value, int | float | np.integer | np.floating)
    if not number or isinstance(value, bool) or not low <= value <= high:
        raise InputError(
            f"{what} is {value!r}; it must be a number " + _range(low, high, high_name, True)
        )
    return float(value)


def _range(low: float, high: float, name: str, bounded: bool) -> str:
    if not bounded:
        return f">= {low}."
    return f"from {low} to {high:g}{f' ({name})' if name else ''}."


def _fits(n: float, ties: float) -> None:
    require_graph_memory(n, ties, fix="ask for fewer users or ties")


def _seed(rng: np.random.Generator) -> int:
    # networkx draws several times faster from its own generator than from numpy's.
    return int(rng.integers(2**63))


GENERATORS: dict[str, Callable[..., nx.Graph]] = {
    "lattice": _lattice,
    "complete": _complete,
    "erdos_renyi": _erdos_renyi,
    "random_regular": _random_regular,
    "barabasi_albert": _barabasi_albert,
    "watts_strogatz": _watts_strogatz,
    "planted_partition": _planted_partition,
    "configuration": _configuration,
    "own_shares": _own_shares,
}
KINDS: dict[str, tuple[str, ...]] = {kind: NETWORKS[kind].own_keys() for kind in GENERATORS}
