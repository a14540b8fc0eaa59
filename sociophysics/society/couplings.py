"""Couplings on a graph: who agrees with whom, how strongly, as a spin system.

Every function returns a ``SpinSystem`` whose users are the graph's nodes in their order, with the
node attributes as ``nodes`` and no external field. In a directed graph the tail of a tie listens
to its head. With ``normalize="degree"`` a coupling becomes ``J_ij / sqrt(k_i k_j)``, in a directed
graph ``J_ij / k_i``, where ``k_i = sum_j |J_ij|``: temperatures are then of order one on any graph.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any

import networkx as nx
import numpy as np
import scipy.sparse as sparse
from numpy.typing import NDArray

from sociophysics.arguments import asks
from sociophysics.errors import InputError, did_you_mean
from sociophysics.kinds import COUPLINGS, keys_of
from sociophysics.society import camps as camp_attributes
from sociophysics.society.coupling_kinds import (
    ALONE,
    CampCouplings,
    EdgeCouplings,
    Fitted,
    Gaussian,
    RandomSign,
    UniformCouplings,
)
from sociophysics.society.spins import SpinSystem
from sociophysics.streams import generator
from sociophysics.words import have

__all__ = ["KINDS", "assign", "camps", "edge", "gaussian", "random_sign", "uniform"]

# Far from physics on both sides: squares of sums, and ratios, of such numbers are still finite.
SMALLEST, LARGEST = 1e-100, 1e100
RANGE = f"couplings are 0, or from {SMALLEST:g} to {LARGEST:g} in absolute value"
UNNAMED = "\0"  # an attribute no file can name, so that every tie takes the default coupling


@asks
def uniform(
    graph: nx.Graph,
    value: float = UniformCouplings.value,
    normalize: str = UniformCouplings.normalize,
) -> SpinSystem:
    """Return the system in which every tie has the same coupling.

    Parameters
    ----------
    graph : networkx.Graph or DiGraph
    value : float
        Coupling of every tie; negative: every tie is antagonistic.
    normalize : {"none", "degree"}

    Raises
    ------
    InputError
        A value that is not a finite number, an unknown normalization, a self-loop or multigraph.

    Examples
    --------
    >>> uniform(nx.path_graph(3), normalize="degree").J.toarray().round(3)
    array([[0.   , 0.707, 0.   ],
           [0.707, 0.   , 0.707],
           [0.   , 0.707, 0.   ]])
    """
    _check_normalize(normalize)
    system = SpinSystem.from_networkx(graph, UNNAMED, UNNAMED, _finite("value", value))
    return system if normalize == "none" else _replaced(system, system.J.data, graph, normalize)


@asks
def camps(
    graph: nx.Graph,
    camp: str = "camp",
    within: float = CampCouplings.within,
    across: float = CampCouplings.across,
    normalize: str = CampCouplings.normalize,
) -> SpinSystem:
    """Return the system with one coupling inside camps and another between them.

    Parameters
    ----------
    graph : networkx.Graph or DiGraph
    camp : str
        Node attribute; every user must have it.
    within, across : float
        Coupling of ties inside a camp and between two camps.
    normalize : {"none", "degree"}

    Raises
    ------
    InputError
        As ``uniform``, or users without a camp.

    Examples
    --------
    >>> graph = nx.path_graph(3)
    >>> nx.set_node_attributes(graph, {0: "left", 1: "left", 2: "right"}, "camp")
    >>> camps(graph).J.toarray()
    array([[ 0. ,  1. ,  0. ],
           [ 1. ,  0. , -0.3],
           [ 0. , -0.3,  0. ]])
    """
    _check_normalize(normalize)
    within, across = _finite("within", within), _finite("across", across)
    system = SpinSystem.from_networkx(graph, UNNAMED, UNNAMED, 1.0)
    codes, _ = camp_attributes.of(system, camp)
    if (codes < 0).any():
        missing = int((codes < 0).sum())
        user = system.labels[int(np.argmin(codes))]
        raise InputError(
            f"{missing} of {system.n} users {have(missing)} no {camp} (one is {user!r}), and "
            "couplings by camp need one for everybody: complete the attribute, or use others."
        )
    row, column = _ends(system)
    values = np.where(codes[row] == codes[column], within, across)
    return _replaced(system, values, graph, normalize)


@asks
def edge(
    graph: nx.Graph, coupling: str = "coupling", normalize: str = EdgeCouplings.normalize
) -> SpinSystem:
    """Return the system whose couplings are an edge attribute of the graph.

    Parameters
    ----------
    graph : networkx.Graph or DiGraph
    coupling : str
        Edge attribute, a finite number on every tie.
    normalize : {"none", "degree"}

    Raises
    ------
    InputError
        A missing or non-numeric coupling, named; an unknown normalization; a self-loop.

    Examples
    --------
    >>> graph = nx.Graph()
    >>> graph.add_edge("ann", "bob", coupling=-2)
    >>> edge(graph).J.toarray()
    array([[ 0., -2.],
           [-2.,  0.]])
    """
    _check_normalize(normalize)
    system = SpinSystem.from_networkx(graph, coupling, UNNAMED)
    extreme = _extreme(system.J.data)
    if extreme.any():
        k = int(np.argmax(extreme))
        i = int(np.searchsorted(system.J.indptr, k, side="right")) - 1
        ends = (system.labels[i], system.labels[system.J.indices[k]])
        raise InputError(
            f"the {coupling} of the tie {ends!r} is {system.J.data[k]}; {RANGE}: rescale them."
        )
    return system if normalize == "none" else _replaced(system, system.J.data, graph, normalize)


@asks
def random_sign(
    graph: nx.Graph,
    share: float,
    *,
    seed: int,
    replica: int | None = None,
    normalize: str = RandomSign.normalize,
) -> SpinSystem:
    """Return the +-1 spin glass: a random share of the ties is antagonistic.

    Exactly ``round(share * ties)`` ties, drawn uniformly, have coupling -1, all others +1. In a
    directed graph each direction is a tie of its own.

    Parameters
    ----------
    graph : networkx.Graph or DiGraph
    share : float
        Share of negative ties, from 0 to 1.
    seed : int
    replica : int, optional
        Couplings of its own for each replica; left out: one draw for the seed.
    normalize : {"none", "degree"}

    Raises
    ------
    InputError
        A share outside 0 to 1, an unknown normalization, a self-loop.

    Examples
    --------
    >>> system = random_sign(nx.cycle_graph(10), 0.3, seed=1)
    >>> int((system.J.data < 0).sum()) // 2
    3
    """
    _check_normalize(normalize)
    if not 0 <= _finite("share", share) <= 1:
        raise InputError(f"share is {share!r}; the share of negative ties must be from 0 to 1.")
    system = SpinSystem.from_networkx(graph, UNNAMED, UNNAMED, 1.0)
    values = np.ones(_ties(system, graph))
    values[: round(share * values.size)] = -1.0
    generator(seed, "couplings", replica).shuffle(values)
    return _replaced(system, _both_ways(system, values, graph), graph, normalize)


@asks
def gaussian(
    graph: nx.Graph,
    mean: float = Gaussian.mean,
    sd: float = Gaussian.sd,
    *,
    seed: int,
    replica: int | None = None,
    normalize: str = Gaussian.normalize,
) -> SpinSystem:
    """Return the Gaussian spin glass: each tie's coupling is drawn from N(mean, sd^2).

    Parameters
    ----------
    graph : networkx.Graph or DiGraph
        In a directed graph each direction is a tie of its own.
    mean, sd : float
    seed : int
    replica : int, optional
        Couplings of its own for each replica; left out: one draw for the seed.
    normalize : {"none", "degree"}

    Raises
    ------
    InputError
        A mean or sd that is not finite, a negative sd, an unknown normalization, a self-loop.

    References
    ----------
    S. F. Edwards and P. W. Anderson, J. Phys. F 5, 965 (1975).

    Examples
    --------
    >>> gaussian(nx.path_graph(2), 3.0, 0.0, seed=1).J.toarray()
    array([[0., 3.],
           [3., 0.]])
    """
    _check_normalize(normalize)
    mean, sd = _finite("mean", mean), _finite("sd", sd)
    if sd < 0:
        raise InputError(f"sd is {sd}; a standard deviation must be >= 0.")
    system = SpinSystem.from_networkx(graph, UNNAMED, UNNAMED, 1.0)
    values = generator(seed, "couplings", replica).normal(mean, sd, _ties(system, graph))
    return _replaced(system, _both_ways(system, values, graph), graph, normalize)


@asks
def assign(
    graph: nx.Graph, kind: str, *, seed: int, replica: int | None = None, **keys: Any
) -> SpinSystem:
    """Return the system of ``graph`` with couplings of a kind given by name.

    Parameters
    ----------
    graph : networkx.Graph or DiGraph
    kind : str
        A key of ``KINDS``.
    seed, replica
        For the kinds that draw couplings.
    **keys
        Arguments of the kind's function; ``KINDS`` lists them.

    Raises
    ------
    InputError
        An unknown kind or key, a key that is missing, or as the kind's function.

    Examples
    --------
    >>> assign(nx.path_graph(2), "uniform", seed=1, value=0.5).J.toarray()
    array([[0. , 0.5],
           [0.5, 0. ]])
    """
    if kind == Fitted.kind:
        raise InputError(ALONE)
    if kind not in FUNCTIONS and kind in COUPLINGS:
        made: SpinSystem = COUPLINGS[kind](**keys).system(graph, seed=seed, replica=replica)
        return made
    if kind not in FUNCTIONS:
        raise InputError(f"{kind!r} is not a kind of couplings; {did_you_mean(kind, COUPLINGS)}")
    for name in keys:
        if name not in KINDS[kind]:
            raise InputError(
                f"{name} is not a key of couplings kind {kind!r}; {did_you_mean(name, KINDS[kind])}"
            )
    if kind == "random_sign" and "share" not in keys:
        raise InputError("couplings kind 'random_sign' lacks share, the share of negative ties.")
    if kind in ("random_sign", "gaussian"):
        keys |= {"seed": seed, "replica": replica}
    return FUNCTIONS[kind](graph, **keys)


def _check_normalize(normalize: str) -> None:
    allowed = next(each.choices for each in keys_of(UniformCouplings) if each.name == "normalize")
    if normalize not in allowed:
        raise InputError(f"normalize is {normalize!r}; {did_you_mean(str(normalize), allowed)}")


def _finite(name: str, value: Any) -> float:
    number = isinstance(value, int | float | np.integer | np.floating)
    if not number or isinstance(value, bool) or not np.isfinite(value):
        raise InputError(f"{name} is {value!r}; it must be a finite number.")
    if _extreme(np.float64(value)):
        raise InputError(f"{name} is {value!r}; {RANGE}.")
    return float(value)


def _extreme(values: NDArray[np.float64] | np.float64) -> NDArray[np.bool_]:
    size = np.abs(values)
    return np.asarray((size > LARGEST) | ((size > 0) & (size < SMALLEST)))


def _ends(system: SpinSystem) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    row = np.repeat(np.arange(system.n), np.diff(system.J.indptr))
    return row, system.J.indices


def _ties(system: SpinSystem, graph: nx.Graph) -> int:
    entries = int(system.J.nnz)
    return entries if graph.is_directed() else entries // 2


def _both_ways(
    system: SpinSystem, values: NDArray[np.float64], graph: nx.Graph
) -> NDArray[np.float64]:
    """Return one value per entry of ``J`` from one per tie, ties in the order of (i, j), i < j."""
    if graph.is_directed():
        return values
    row, column = _ends(system)
    spread = np.empty(row.size)
    upper = row < column
    spread[upper] = values
    # Below the diagonal the entries are ordered by (j, i) with i < j: sort the upper ones alike.
    spread[~upper] = values[np.lexsort((row[upper], column[upper]))]
    return spread


def _replaced(
    system: SpinSystem, values: NDArray[np.float64], graph: nx.Graph, normalize: str
) -> SpinSystem:
    row, column = _ends(system)
    if normalize == "degree":
        k = np.bincount(row, np.abs(values), minlength=system.n)
        # One product under one root keeps J_ij and J_ji equal to the last bit.
        scale = k[row] if graph.is_directed() else np.sqrt(k[row] * k[column])
        values = np.divide(values, scale, out=np.zeros(values.size), where=scale > 0)
    J = sparse.csr_array((values, column, system.J.indptr), shape=system.J.shape)
    return SpinSystem(J, system.h, system.labels, system.nodes)


FUNCTIONS: dict[str, Callable[..., SpinSystem]] = {
    "uniform": uniform,
    "camps": camps,
    "edge": edge,
    "random_sign": random_sign,
    "gaussian": gaussian,
}
KINDS: dict[str, tuple[str, ...]] = {
    kind: tuple(
        name
        for name in inspect.signature(function).parameters
        if name not in ("graph", "seed", "replica")
    )
    for kind, function in FUNCTIONS.items()
}
