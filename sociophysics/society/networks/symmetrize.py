"""From who listens to whom to mutual ties: both directions of a pair become one coupling."""

from __future__ import annotations

from typing import Any

import networkx as nx

from sociophysics.errors import InputError, did_you_mean

__all__ = ["WAYS", "check_way", "symmetrized"]

WAYS = ("mean", "sum", "mutual")


def check_way(how: str) -> None:
    """Raise unless ``how`` is a way to make ties mutual.

    Raises
    ------
    InputError
        With the ways there are.
    """
    if how not in WAYS:
        raise InputError(f"symmetrize is {how!r}; {did_you_mean(str(how), WAYS)}")


def symmetrized(graph: nx.DiGraph, how: str, *, coupling: str = "coupling") -> nx.Graph:
    """Return the undirected graph in which both directions of a pair are one tie.

    With ``w_ij`` the coupling of the tie from i to j, 1 where ties have none and 0 where there is
    no tie, a pair's coupling is ``(w_ij + w_ji) / 2`` for ``"mean"`` and ``w_ij + w_ji`` for
    ``"sum"``. ``"mutual"`` keeps the pairs that are tied both ways, with the mean if ties have
    couplings. Other attributes stay where both directions agree; ``graph.graph["notes"]`` tells
    how many pairs are tied one way.

    Parameters
    ----------
    graph : networkx.DiGraph
    how : {"mean", "sum", "mutual"}
    coupling : str
        Attribute that the coupling was read from; it gets the new value as well.

    Raises
    ------
    InputError
        Another word.

    Examples
    --------
    >>> arcs = nx.DiGraph([(1, 2), (2, 1), (2, 3)])
    >>> list(symmetrized(arcs, "mean").edges(data="coupling"))
    [(1, 2, 1.0), (2, 3, 0.5)]
    >>> list(symmetrized(arcs, "mutual").edges)
    [(1, 2)]
    """
    check_way(how)
    found = nx.Graph()
    found.graph.update(graph.graph)
    found.add_nodes_from(graph.nodes(data=True))
    pairs = one_way = 0
    for u, v, data in graph.edges(data=True):
        back = graph.adj[v].get(u)
        if back is not None and found.has_edge(u, v):
            continue
        pairs += 1
        one_way += back is None
        if back is None and how == "mutual":
            continue
        found.add_edges_from([(u, v, _merged(data, back, how, coupling))])
    if one_way:
        gone = " and left out" if how == "mutual" else ""
        note = f"symmetrize {how!r}: {one_way:,} of {pairs:,} pairs are tied in one direction{gone}"
        found.graph["notes"] = [*graph.graph.get("notes", ()), note]
    return found


def _merged(
    data: dict[str, Any], back: dict[str, Any] | None, how: str, coupling: str
) -> dict[str, Any]:
    """Return the attributes of a pair from those of its two directions."""
    both = {key: value for key, value in data.items() if back is None or back.get(key) == value}
    if how == "mutual" and "coupling" not in data:
        return both
    total = data.get("coupling", 1) + (0 if back is None else back.get("coupling", 1))
    value = total if how == "sum" else total / 2
    return both | ({coupling: value} if coupling in data else {}) | {"coupling": value}
