"""One simple graph out of users and ties from any file: what repeats, loops or is not finite."""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import Any

import networkx as nx

from sociophysics.errors import InputError
from sociophysics.machine import require_memory

__all__ = ["Tie", "User", "require_graph_memory", "simple_graph"]

User = tuple[Any, dict[str, Any]]
Tie = tuple[Any, Any, dict[str, Any]]

BYTES_PER_TIE = 351  # measured: a networkx graph with empty attribute dictionaries
BYTES_PER_USER = 400


def require_graph_memory(users: float, ties: float, *, fix: str) -> None:
    """Raise if a networkx graph of this size does not fit into the available memory.

    Raises
    ------
    InputError
        With the sizes, the memory needed and available, and the ``fix``.

    Examples
    --------
    >>> require_graph_memory(100, 1000, fix="lower n")
    """
    size = f"{users:.6g} users and {ties:.6g} ties" if users else f"{ties:.6g} ties"
    require_memory(
        BYTES_PER_USER * users + BYTES_PER_TIE * ties,
        what=f"a network of {size}",
        fix=fix,
    )


def simple_graph(
    users: Iterable[User],
    ties: list[Tie],
    *,
    directed: bool,
    coupling: str | None,
    name: str,
) -> nx.Graph:
    """Return the simple graph of ``users`` and ``ties``.

    A tie that repeats with the same attributes counts once (undirected: in either direction), and
    a self-loop is dropped; ``graph.graph`` holds both counts as ``repeated_ties`` and
    ``self_loops``. The attribute named ``coupling`` is also stored as ``"coupling"``; what other
    attributes of ties hold numbers is listed as ``unused_tie_columns``, if any do.

    Parameters
    ----------
    users : iterable of (label, attributes)
    ties : list of (source, target, attributes)
    directed : bool
    coupling : str or None
        Attribute that every tie must hold as a finite number. None: ``"coupling"``, if any tie
        has it.
    name : str
        Name of the file, for messages.

    Raises
    ------
    InputError
        A coupling that is missing or not a finite number, a tie repeated with other attributes,
        or a network without users.

    Examples
    --------
    >>> graph = simple_graph([], [(1, 2, {}), (2, 1, {}), (2, 2, {})], directed=False,
    ...                      coupling=None, name="example")
    >>> graph.edges, graph.graph["repeated_ties"], graph.graph["self_loops"]
    (EdgeView([(1, 2)]), 1, 1)
    """
    unused = _numeric_columns(ties, "coupling" if coupling is None else coupling)
    if coupling is not None or any("coupling" in data for _, _, data in ties):
        _store_couplings(ties, coupling or "coupling", name)
    graph: nx.Graph = nx.DiGraph() if directed else nx.Graph()
    graph.add_nodes_from(users)
    loops = repeated = 0
    for u, v, data in ties:
        if u == v:
            graph.add_node(u)
            loops += 1
        elif graph.has_edge(u, v):
            if graph.adj[u][v] != data:
                raise _contradiction(u, v, graph.adj[u][v], data, directed, name)
            repeated += 1
        else:
            # Not as keywords, among which "u_of_edge" would be taken.
            graph.add_edges_from([(u, v, data)])
    if not len(graph):
        raise InputError(f"{name} holds an empty network; a network needs at least one user.")
    graph.graph.update(name=name, self_loops=loops, repeated_ties=repeated)
    if unused:
        graph.graph["unused_tie_columns"] = unused
    return graph


def _numeric_columns(ties: list[Tie], coupling: str) -> list[str]:
    """Return the attributes of ties that hold a number on any tie, but for the coupling."""
    found: dict[str, None] = {}
    for _, _, data in ties:
        for name, value in data.items():
            if type(value) in (int, float) and name != coupling:
                found[name] = None
    return list(found)


def _store_couplings(ties: list[Tie], coupling: str, name: str) -> None:
    for u, v, data in ties:
        value = data.get(coupling)
        if type(value) not in (int, float) or not _finite(value):
            got = "is missing" if value is None else f"is {value!r}"
            raise InputError(
                f"{name}: the {coupling} of the tie ({u!r}, {v!r}) {got}; every tie needs a finite "
                "number there: correct it, or name another coupling."
            )
        data["coupling"] = value


def _finite(value: Any) -> bool:
    try:
        return math.isfinite(value)
    except OverflowError:
        return False


def _contradiction(
    u: Any, v: Any, first: dict[str, Any], second: dict[str, Any], directed: bool, name: str
) -> InputError:
    key = next(k for k in (*first, *second) if first.get(k) != second.get(k))
    fix = (
        ""
        if directed
        else (
            ", or, if the two directions differ, read it as directed or say what they become "
            '(symmetrize = "mean", sum or mutual)'
        )
    )
    return InputError(
        f"{name}: the tie ({u!r}, {v!r}) is listed twice, with {key} {first.get(key)!r} and "
        f"{second.get(key)!r}; merge such ties or drop the column first{fix}."
    )
