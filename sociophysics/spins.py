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

from collections.abc import Sequence
from functools import cached_property
from typing import Any

import networkx as nx
import numpy as np
import pandas as pd
import scipy.sparse as sparse
from numpy.typing import ArrayLike, NDArray

from sociophysics.errors import InputError
from sociophysics.graph_attributes import (
    add_users,
    attribute_columns,
    graph_couplings,
    graph_field,
    neighbour_indices,
)
from sociophysics.memory import require_memory
from sociophysics.spin_checks import (
    check_couplings,
    check_field,
    check_labels,
    edge_couplings,
    edge_indices,
    node_table,
    repeated_edge,
    user_count,
)

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
        self.J = check_couplings(J)
        n = self.J.shape[0]
        self.h = check_field(h, n)
        self.labels = check_labels(labels, n)
        self.nodes = node_table(nodes, self.labels)
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
        i, j = edge_indices(source, "source"), edge_indices(target, "target")
        if i.shape != j.shape:
            raise InputError(
                f"source has {i.size} entries and target {j.size}; each tie needs one of both."
            )
        top = int(max(i.max(), j.max())) + 1 if i.size else 0
        n = user_count(n, labels, top)
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
        weight = edge_couplings(coupling, i, j)
        if not directed:
            i, j, weight = (
                np.concatenate([i, j]),
                np.concatenate([j, i]),
                np.concatenate([weight, weight]),
            )
        J = sparse.coo_array((weight, (i, j)), shape=(n, n)).tocsr()
        if J.nnz < weight.size:
            raise repeated_edge(i, j, n, directed)
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
        degree = np.fromiter((len(row) for _, row in graph.adjacency()), np.int64, count=n)
        require_memory(
            BYTES_PER_ENTRY * int(degree.sum()), what=f"a system of {n} users", fix="give fewer"
        )
        indptr = np.concatenate([[0], np.cumsum(degree)])
        indices = neighbour_indices(graph, labels, int(indptr[-1]))
        data = graph_couplings(graph, coupling, default_coupling)
        J = sparse.csr_array((data, indices, indptr), shape=(n, n))
        columns = attribute_columns(graph)
        h = graph_field(columns.pop(field, None), field, labels)
        return cls(J, h, labels, pd.DataFrame(columns, index=range(n)) if columns else None)

    def to_networkx(self) -> nx.Graph:
        """Return a Graph (symmetric ``J``) or DiGraph with ``coupling``, ``field``, attributes.

        Examples
        --------
        >>> SpinSystem.from_edges([0], [1], -0.5).to_networkx().edges(data=True)
        EdgeDataView([(0, 1, {'coupling': -0.5})])
        """
        graph: nx.Graph = nx.Graph() if self.is_symmetric else nx.DiGraph()
        add_users(graph, self.labels, self.h, self.nodes)
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
