r"""The spin system: who listens to whom, how strongly, and in which external field.

Convention, stated once for the whole package:

* ``s_i = +1`` or ``-1`` is the stance of user ``i``;
* ``J_ij`` is the coupling with which ``i`` listens to ``j`` (row ``i``: whom ``i`` listens to);
  ``J > 0`` is agreement (homophily), ``J < 0`` antagonism, the diagonal is zero;
* ``h_i`` is the external field on user ``i``, in units of the couplings;
* the local field is ``f_i = sum_j J_ij s_j + h_i``;
* the energy, defined when ``J`` is symmetric, is ``E(s) = -1/2 s'Js - h's``.

Temperature belongs to the dynamics and stances to the trajectory; neither is part of a system.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import cached_property
from typing import Any

import networkx as nx
import numpy as np
import pandas as pd
import scipy.sparse as sparse
from numpy.typing import ArrayLike, NDArray

from sociophysics.errors import InputError
from sociophysics.memory import require_memory

__all__ = ["SpinSystem"]

BYTES_PER_ENTRY = 40  # float64 + int32 in the CSR, and the copies alive while it is built


class SpinSystem:
    """Couplings, external field and user table of a society; frozen after construction.

    Parameters
    ----------
    J : sparse or dense array, shape (n, n)
        Couplings; row ``i`` holds whom ``i`` listens to. Finite, zero diagonal.
    h : array, shape (n,), optional
        External field in units of ``J``; zero if left out.
    labels : sequence of hashables, length n, optional
        Names of the users; ``0..n-1`` if left out.
    nodes : DataFrame with n rows, optional
        Attributes of the users, one row per user in the order of ``J``.

    Raises
    ------
    InputError
        ``J`` not square, not finite or with a self-coupling; ``h``, ``labels`` or ``nodes`` of
        another length; labels that repeat.

    Examples
    --------
    Two friends and an antagonist:

    >>> system = SpinSystem([[0, 1, 0], [1, 0, -1], [0, -1, 0]])
    >>> system.energy([1, 1, -1])
    -2.0
    >>> system.local_field([1, 1, -1])
    array([ 1.,  2., -1.])
    """

    def __init__(
        self,
        J: Any,
        h: ArrayLike | None = None,
        labels: Sequence[Any] | None = None,
        nodes: pd.DataFrame | None = None,
    ) -> None:
        self.J = _couplings(J)
        n = self.J.shape[0]
        self.h = _external_field(h, n)
        self.labels = _labels(labels, n)
        self.nodes = _node_table(nodes, self.labels)
        self._frozen = True

    def __setattr__(self, name: str, value: object) -> None:
        if getattr(self, "_frozen", False):
            raise AttributeError(f"a SpinSystem is frozen: build a new one to change {name}")
        super().__setattr__(name, value)

    def __repr__(self) -> str:
        kind = "symmetric" if self.is_symmetric else "directed"
        return f"SpinSystem(n={self.n}, {kind}, {self.J.nnz} couplings)"

    @property
    def n(self) -> int:
        """Number of users."""
        return int(self.J.shape[0])

    @cached_property
    def is_symmetric(self) -> bool:
        """Whether ``J_ij = J_ji`` for all pairs, so that an energy exists."""
        transpose = self.J.T.tocsr()
        transpose.sort_indices()
        if np.array_equal(transpose.indptr, self.J.indptr) and np.array_equal(
            transpose.indices, self.J.indices
        ):
            return bool(np.array_equal(transpose.data, self.J.data))
        return bool((transpose != self.J).nnz == 0)  # zeros may be stored on one side only

    def energy(self, spins: ArrayLike) -> Any:
        """Return the total energy ``E = -1/2 s'Js - h's`` in units of ``J``.

        Parameters
        ----------
        spins : int array, shape (n,) or (replicas, n)

        Returns
        -------
        float, or array of shape (replicas,)

        Raises
        ------
        InputError
            Couplings that are not symmetric have no energy.

        Examples
        --------
        >>> SpinSystem([[0, 1], [1, 0]], h=[0.5, 0]).energy([[1, 1], [1, -1]])
        array([-1.5,  0.5])
        """
        if not self.is_symmetric:
            raise InputError(
                "energy is asked for, but the couplings are directed (J_ij != J_ji); an energy "
                "needs symmetric couplings: use an undirected network or local_field."
            )
        s = self.check_spins(spins).astype(float)
        total = -0.5 * (s * (self.J @ s.T).T).sum(axis=-1) - s @ self.h
        return float(total) if s.ndim == 1 else total

    def local_field(self, spins: ArrayLike) -> NDArray[np.float64]:
        """Return ``f_i = sum_j J_ij s_j + h_i`` in units of ``J``, in the shape of ``spins``.

        Examples
        --------
        >>> SpinSystem([[0, 1], [1, 0]], h=[0.5, 0]).local_field([1, -1])
        array([-0.5,  1. ])
        """
        s = self.check_spins(spins).astype(float)
        field: NDArray[np.float64] = (self.J @ s.T).T + self.h
        return field

    def check_spins(self, spins: ArrayLike) -> NDArray[np.int8]:
        """Return ``spins`` as an int8 array after checking shape and values.

        Raises
        ------
        InputError
            A last axis that is not ``n`` long, more than two axes, or a value other than +1, -1.
        """
        s = np.asarray(spins)
        if s.ndim not in (1, 2) or s.shape[-1] != self.n:
            raise InputError(
                f"spins have shape {s.shape}; allowed: ({self.n},) or (replicas, {self.n})."
            )
        if s.size and not bool(np.all((s == 1) | (s == -1))):
            bad = s[(s != 1) & (s != -1)][0]
            raise InputError(f"spins hold the value {bad}; every stance must be +1 or -1.")
        return s.astype(np.int8, copy=False)

    @classmethod
    def from_edges(
        cls,
        source: ArrayLike,
        target: ArrayLike,
        coupling: ArrayLike = 1.0,
        n: int | None = None,
        h: ArrayLike | None = None,
        labels: Sequence[Any] | None = None,
        directed: bool = False,
    ) -> SpinSystem:
        """Return the system of an edge list given as arrays; the fast way in.

        Parameters
        ----------
        source, target : int arrays, shape (m,)
            User indices ``0..n-1``. Directed: ``source`` listens to ``target``.
        coupling : float or array, shape (m,)
        n : int, optional
            Number of users; one more than the largest index if left out.
        h, labels
            As in the constructor.
        directed : bool
            False: each tie counts both ways and ``J`` is symmetric.

        Raises
        ------
        InputError
            Indices outside ``0..n-1``, a self-loop, a tie listed twice (undirected: in either
            direction), a coupling that is not finite, or a network larger than memory.

        Examples
        --------
        >>> SpinSystem.from_edges([0, 1], [1, 2], [1.0, -0.5]).J.toarray()
        array([[ 0. ,  1. ,  0. ],
               [ 1. ,  0. , -0.5],
               [ 0. , -0.5,  0. ]])
        """
        i, j = _indices(source, "source"), _indices(target, "target")
        if i.shape != j.shape:
            raise InputError(
                f"source has {i.size} entries and target {j.size}; each tie needs one of both."
            )
        top = int(max(i.max(), j.max())) + 1 if i.size else 0
        n = _size(n, labels, top)
        if i.size and (int(min(i.min(), j.min())) < 0 or top > n):
            raise InputError(
                f"edge indices run from {min(i.min(), j.min())} to {top - 1}; allowed: 0 to "
                f"{n - 1} (n = {n})."
            )
        require_memory(
            BYTES_PER_ENTRY * i.size * (1 if directed else 2) + 32 * n,
            what=f"a system of {n} users and {i.size} ties",
            fix="give fewer ties",
        )
        weight = _edge_couplings(coupling, i, j)
        if not directed:
            i, j, weight = (
                np.concatenate([i, j]),
                np.concatenate([j, i]),
                np.concatenate([weight, weight]),
            )
        J = sparse.coo_array((weight, (i, j)), shape=(n, n)).tocsr()
        if J.nnz < weight.size:
            raise _repeated_edge(i, j, n, directed)
        return cls(J, h, labels)

    @classmethod
    def from_networkx(
        cls,
        graph: nx.Graph,
        coupling: str = "coupling",
        field: str = "field",
        default_coupling: float | None = None,
    ) -> SpinSystem:
        """Return the system of a networkx graph whose edges carry couplings.

        Users are the graph's nodes, in its order, and are never turned into text. In a directed
        graph the tail of an edge listens to its head. Node attributes become ``nodes``.

        Parameters
        ----------
        graph : networkx.Graph or DiGraph
        coupling : str
            Edge attribute that holds ``J``.
        field : str
            Node attribute that holds ``h``; nodes without it have zero field.
        default_coupling : float, optional
            Used for edges without the attribute; if left out they are an error.

        Raises
        ------
        InputError
            A missing, non-numeric or non-finite coupling, a self-loop or parallel edges, named.

        Examples
        --------
        >>> graph = nx.Graph()
        >>> graph.add_edge("ann", "bob", coupling=-1.0)
        >>> SpinSystem.from_networkx(graph).labels
        ('ann', 'bob')
        """
        if graph.is_multigraph():
            raise InputError(
                "the graph is a multigraph, and parallel ties have no single coupling; convert it "
                "with nx.Graph(graph) or nx.DiGraph(graph) after merging their couplings."
            )
        labels = tuple(graph)
        n = len(labels)
        degree = np.fromiter((len(row) for row in graph.adj.values()), np.int64, count=n)
        require_memory(
            BYTES_PER_ENTRY * int(degree.sum()), what=f"a system of {n} users", fix="give fewer"
        )
        indptr = np.concatenate([[0], np.cumsum(degree)])
        indices = _neighbour_indices(graph, labels, int(indptr[-1]))
        data = _graph_couplings(graph, coupling, default_coupling)
        J = sparse.csr_array((data, indices, indptr), shape=(n, n))
        columns = _attribute_columns(graph)
        h = _graph_field(columns.pop(field, None), field, labels)
        return cls(J, h, labels, pd.DataFrame(columns, index=range(n)) if columns else None)

    def to_networkx(self) -> nx.Graph:
        """Return a Graph (symmetric ``J``) or DiGraph with ``coupling``, ``field``, attributes.

        Examples
        --------
        >>> SpinSystem.from_edges([0], [1], -0.5).to_networkx().edges(data=True)
        EdgeDataView([(0, 1, {'coupling': -0.5})])
        """
        graph: nx.Graph = nx.Graph() if self.is_symmetric else nx.DiGraph()
        for label, h in zip(self.labels, self.h.tolist(), strict=True):
            graph.add_node(label)
            graph.nodes[label]["field"] = h
        for name in self.nodes.columns:
            column = self.nodes[name]
            for label, value, missing in zip(self.labels, column, column.isna(), strict=True):
                if (
                    not missing and name != "field"
                ):  # the field of a system is h, whatever a column says
                    graph.nodes[label][str(name)] = _plain_number(value, column)
        entries = self.J.tocoo()
        row, column, value = entries.row, entries.col, entries.data
        if self.is_symmetric:
            upper = row < column
            row, column, value = row[upper], column[upper], value[upper]
        name = self.labels
        graph.add_edges_from(
            (name[i], name[j], {"coupling": w})
            for i, j, w in zip(row.tolist(), column.tolist(), value.tolist(), strict=True)
        )
        return graph


def _couplings(J: Any) -> sparse.csr_array:
    given = J if sparse.issparse(J) else _numbers(J, "J")
    if given.dtype.kind not in "biuf":
        raise InputError(
            f"J is not a numeric matrix but holds {given.dtype} values; give every entry as a real number."
        )
    if given.ndim != 2 or given.shape[0] != given.shape[1]:
        raise InputError(f"J has shape {given.shape}; it must be square, one row per user.")
    matrix = sparse.csr_array(given, dtype=np.float64, copy=True)
    matrix.sum_duplicates()
    matrix.sort_indices()
    if matrix.nnz and not np.isfinite(matrix.data).all():
        k = int(np.flatnonzero(~np.isfinite(matrix.data))[0])
        i = int(np.searchsorted(matrix.indptr, k, side="right")) - 1
        raise InputError(
            f"J[{i}, {matrix.indices[k]}] is {matrix.data[k]}; every coupling must be finite."
        )
    diagonal = matrix.diagonal()
    if np.any(diagonal):
        i = int(np.flatnonzero(diagonal)[0])
        raise InputError(
            f"J[{i}, {i}] is {diagonal[i]}, a self-coupling; users do not listen to themselves: "
            "set the diagonal to zero."
        )
    for part in (matrix.data, matrix.indices, matrix.indptr):
        part.flags.writeable = False
    return matrix


def _numbers(values: Any, name: str) -> NDArray[np.float64]:
    try:
        array = np.asarray(values)
        if array.dtype.kind in "biuf":
            return array.astype(np.float64)
    except (TypeError, ValueError):
        pass
    kind = "matrix" if name == "J" else "array"
    raise InputError(f"{name} is not a numeric {kind}; give every entry as a real number.")


def _external_field(h: ArrayLike | None, n: int) -> NDArray[np.float64]:
    field = np.zeros(n) if h is None else _numbers(h, "h")
    if field.shape != (n,):
        raise InputError(f"h has shape {field.shape}; allowed: ({n},), one field per user.")
    if not np.isfinite(field).all():
        i = int(np.flatnonzero(~np.isfinite(field))[0])
        raise InputError(f"h[{i}] is {field[i]}; every external field must be finite.")
    field.flags.writeable = False
    return field


def _labels(labels: Sequence[Any] | None, n: int) -> tuple[Any, ...]:
    names = tuple(range(n)) if labels is None else tuple(labels)
    if len(names) != n:
        raise InputError(f"{len(names)} labels are given for {n} users; give one each.")
    try:
        distinct = len(set(names))
    except TypeError:
        raise InputError(
            "a label cannot be hashed; give labels as numbers, texts or tuples."
        ) from None
    if distinct < n:
        seen: set[Any] = set()
        for twice in names:
            if twice in seen:
                break
            seen.add(twice)
        raise InputError(f"the label {twice!r} names two users; labels must be unique.")
    return names


def _node_table(nodes: pd.DataFrame | None, labels: tuple[Any, ...]) -> pd.DataFrame:
    index = pd.Index(labels, tupleize_cols=False, name="user")
    if nodes is None:
        return pd.DataFrame(index=index)
    if not isinstance(nodes, pd.DataFrame):
        raise InputError(f"nodes is a {type(nodes).__name__}; give a DataFrame, one row per user.")
    if len(nodes) != len(labels):
        raise InputError(f"nodes has {len(nodes)} rows for {len(labels)} users; give one each.")
    return nodes.set_axis(index, axis=0)


def _indices(values: ArrayLike, name: str) -> NDArray[np.int64]:
    array = np.asarray(values)
    if array.size == 0:
        return np.empty(0, np.int64)
    if array.ndim != 1 or array.dtype.kind not in "iu":
        raise InputError(
            f"{name} is an array of {array.dtype} with {array.ndim} axes; give user indices as a "
            "one-dimensional integer array."
        )
    return array


def _size(n: int | None, labels: Sequence[Any] | None, top: int) -> int:
    if n is None:
        return len(labels) if labels is not None else top
    if isinstance(n, bool) or not isinstance(n, int | np.integer) or n < 0:
        raise InputError(f"n is {n!r}; the number of users must be an integer >= 0.")
    return int(n)


def _edge_couplings(
    coupling: ArrayLike, i: NDArray[np.int64], j: NDArray[np.int64]
) -> NDArray[np.float64]:
    try:
        weight = np.asarray(coupling, dtype=np.float64)
    except (TypeError, ValueError):
        raise InputError("coupling holds text; give couplings as numbers.") from None
    if weight.ndim > 1 or weight.size not in (1, i.size):
        raise InputError(f"coupling has {weight.size} entries for {i.size} ties; give one or all.")
    weight = np.broadcast_to(weight, i.shape)
    if not np.isfinite(weight).all():
        k = int(np.flatnonzero(~np.isfinite(weight))[0])
        raise InputError(f"the coupling of tie ({i[k]}, {j[k]}) is {weight[k]}; it must be finite.")
    loops = i == j
    if loops.any():
        k = int(np.flatnonzero(loops)[0])
        raise InputError(
            f"tie ({i[k]}, {j[k]}) is a self-loop; users do not listen to themselves: remove it."
        )
    return weight


def _repeated_edge(
    i: NDArray[np.int64], j: NDArray[np.int64], n: int, directed: bool
) -> InputError:
    key = i.astype(np.int64) * n + j
    values, counts = np.unique(key, return_counts=True)
    first = int(values[counts > 1][0])
    how = "" if directed else " (an undirected tie is listed once, in either direction)"
    return InputError(
        f"the tie ({first // n}, {first % n}) is listed twice{how}; merge repeated ties first."
    )


def _neighbour_indices(graph: nx.Graph, labels: tuple[Any, ...], count: int) -> NDArray[np.int64]:
    neighbours = (v for row in graph.adj.values() for v in row)
    if all(type(label) is int and label == i for i, label in enumerate(labels)):
        return np.fromiter(neighbours, np.int64, count=count)
    position = {label: i for i, label in enumerate(labels)}
    return np.fromiter((position[v] for v in neighbours), np.int64, count=count)


def _graph_couplings(graph: nx.Graph, name: str, default: float | None) -> NDArray[np.float64]:
    rows = graph.adj.values()
    try:
        if default is None:
            values = [data[name] for row in rows for data in row.values()]
        else:
            values = [data.get(name, default) for row in rows for data in row.values()]
        array = np.asarray(values)
        some_bool = array.dtype.kind == "f" and any(type(value) is bool for value in values)
        numeric = array.dtype.kind in "iuf" and not some_bool
        if array.size == 0 or (numeric and np.isfinite(array).all()):
            loop = next(((u, u) for u, row in graph.adj.items() if u in row), None)
            if loop is None:
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


def _attribute_columns(graph: nx.Graph) -> dict[str, list[Any]]:
    names: dict[str, None] = {}
    for _, data in graph.nodes(data=True):
        names.update(dict.fromkeys(data))
    return {str(key): [data.get(key) for _, data in graph.nodes(data=True)] for key in names}


def _graph_field(
    values: list[Any] | None, name: str, labels: tuple[Any, ...]
) -> NDArray[np.float64] | None:
    if values is None:
        return None
    field = [0.0 if value is None else value for value in values]
    for label, value in zip(labels, field, strict=True):
        if not _is_finite(value):
            raise InputError(
                f"user {label!r} has {name} {_shorten(value)}; a field must be finite."
            )
    return np.array(field, dtype=np.float64)


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
