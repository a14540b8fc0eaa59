"""Couplings, fields and attributes read off a networkx graph, edge by edge and user by user."""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import chain
from operator import itemgetter
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import scipy.sparse as sparse
from numpy.typing import NDArray

from sociophysics.errors import InputError
from sociophysics.machine import require_memory
from sociophysics.society.spin_rules import BYTES_PER_ENTRY

if TYPE_CHECKING:
    import networkx as nx


def graph_matrix(
    graph: nx.Graph, labels: Sequence[Any], coupling: str, default: float | None
) -> sparse.csr_array:
    """Return the couplings of a graph's edges, or raise; as ``SpinSystem.from_networkx``."""
    if graph.is_multigraph():
        raise InputError(
            "the graph is a multigraph, and parallel ties have no single coupling; convert it "
            "with nx.Graph(graph) or nx.DiGraph(graph) after merging their couplings."
        )
    n = len(labels)
    degree = np.fromiter((len(row) for _, row in graph.adjacency()), np.int64, count=n)
    require_memory(
        BYTES_PER_ENTRY * int(degree.sum()), what=f"a system of {n} users", fix="give fewer"
    )
    indptr = np.concatenate([[0], np.cumsum(degree)])
    indices = neighbour_indices(graph, labels, int(indptr[-1]))
    data = graph_couplings(graph, coupling, default)
    return sparse.csr_array((data, indices, indptr), shape=(n, n))


def neighbour_indices(graph: nx.Graph, labels: Sequence[Any], count: int) -> NDArray[np.int64]:
    """Return the index of every neighbour, row by row, shape (count,)."""
    # graph.adjacency() yields plain dicts; the views of graph.adj would double the time
    neighbours = chain.from_iterable(row for _, row in graph.adjacency())
    if all(type(label) is int and label == i for i, label in enumerate(labels)):
        return np.fromiter(neighbours, np.int64, count=count)
    position = {label: i for i, label in enumerate(labels)}
    return np.fromiter(map(position.__getitem__, neighbours), np.int64, count=count)


def graph_couplings(graph: nx.Graph, name: str, default: float | None) -> NDArray[np.float64]:
    """Return the coupling of every adjacency entry, or raise naming the first edge without one."""
    ties = chain.from_iterable(row.values() for _, row in graph.adjacency())
    try:
        if default is None:
            values = list(map(itemgetter(name), ties))
        else:
            values = [data.get(name, default) for data in ties]
        array = np.asarray(values)
        numeric = array.dtype.kind in "iuf" and bool not in set(map(type, values))
        usable = array.size == 0 or (numeric and bool(np.isfinite(array).all()))
        if usable and not any(user in row for user, row in graph.adjacency()):
            return array.astype(np.float64)
    except (KeyError, ValueError, OverflowError):
        pass
    raise _bad_graph_coupling(graph, name, default)


def _bad_graph_coupling(graph: nx.Graph, name: str, default: float | None) -> InputError:
    for u, v, data in graph.edges(data=True):
        if u == v:
            return InputError(
                f"edge ({u!r}, {v!r}) is a self-loop; users do not listen to themselves: remove it."
            )
        if name not in data and default is None:
            return InputError(
                f"edge ({u!r}, {v!r}) has no attribute {name!r}; every edge needs a numeric "
                "coupling: set it, or give default_coupling."
            )
        value = data.get(name, default)
        if not _is_finite(value):
            return InputError(
                f"edge ({u!r}, {v!r}) has {name} {_shorten(value)}; a coupling must be a finite "
                "number."
            )
    return InputError(f"the couplings {name!r} do not form an array of numbers.")


def attribute_columns(graph: nx.Graph) -> dict[str, list[Any]]:
    """Return one list per node attribute, None where a node lacks it."""
    names: dict[str, None] = {}
    for _, data in graph.nodes(data=True):
        names.update(dict.fromkeys(data))
    return {str(key): [data.get(key) for _, data in graph.nodes(data=True)] for key in names}


def graph_field(
    values: list[Any] | None, name: str, labels: Sequence[Any]
) -> NDArray[np.float64] | None:
    """Return the external field (n,) from a node attribute, 0 where it is missing; None without."""
    if values is None:
        return None
    field = [0.0 if value is None else value for value in values]
    for label, value in zip(labels, field, strict=True):
        if not _is_finite(value):
            raise InputError(
                f"user {label!r} has {name} {_shorten(value)}; a field must be finite."
            )
    return np.array(field, dtype=np.float64)


def add_users(
    graph: nx.Graph, labels: Sequence[Any], h: NDArray[np.float64], nodes: pd.DataFrame
) -> None:
    """Add the users of a system to a graph, with their field and the attributes they have."""
    for label, field in zip(labels, h.tolist(), strict=True):
        graph.add_node(label)
        graph.nodes[label]["field"] = field
    for name in nodes.columns:
        if name == "field":
            continue  # the field of a system is h, whatever a column of that name says
        column = nodes[name]
        for label, value, missing in zip(labels, column, column.isna(), strict=True):
            if not missing:
                graph.nodes[label][str(name)] = _plain_number(value, column)


def add_ties(graph: nx.Graph, labels: Sequence[Any], J: sparse.csr_array) -> None:
    """Add the couplings of a system as edges; of an undirected graph the upper triangle."""
    entries = J.tocoo()
    row, column, value = entries.row, entries.col, entries.data.astype(np.float64, copy=False)
    if not graph.is_directed():
        upper = row < column
        row, column, value = row[upper], column[upper], value[upper]
    graph.add_edges_from(
        (labels[i], labels[j], {"coupling": w})
        for i, j, w in zip(row.tolist(), column.tolist(), value.tolist(), strict=True)
    )


def _plain_number(value: Any, column: pd.Series) -> Any:
    """Return numpy scalars as Python's; an integer column with gaps is integers again."""
    value = value.item() if isinstance(value, np.generic) else value
    gaps = isinstance(value, float) and column.isna().any()
    return int(value) if gaps and value.is_integer() else value


def _shorten(value: Any) -> str:
    try:
        text = repr(value)
    except ValueError:  # Python refuses to write integers of thousands of digits
        text = "an integer of thousands of digits"
    return text if len(text) <= 63 else text[:60] + "..."


def _is_finite(value: Any) -> bool:
    """Return whether a value is a number, and one that a double can hold."""
    if isinstance(value, bool) or not isinstance(value, int | float | np.integer | np.floating):
        return False
    try:
        return math.isfinite(value)
    except OverflowError:
        return False
