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

import copy
from collections.abc import Iterator, Sequence
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import scipy.sparse as sparse
from numpy.typing import ArrayLike, NDArray

from sociophysics.arguments import asks
from sociophysics.errors import InputError
from sociophysics.machine import require_memory
from sociophysics.society.alignment import by_label, labelled_matrix
from sociophysics.society.graphs import (
    add_ties,
    add_users,
    attribute_columns,
    graph_field,
    graph_matrix,
)
from sociophysics.society.spin_rules import (
    check_couplings,
    check_field,
    check_labels,
    csr,
    edge_matrix,
    frozen,
    node_table,
    symmetric,
)
from sociophysics.words import html_card

if TYPE_CHECKING:
    import networkx as nx

    from sociophysics.society.edge_files import StoredSystem

__all__ = ["SpinSystem"]

BLOCK = 1 << 22  # couplings widened to float64 at a time


class SpinSystem:
    """Couplings, external field and user table of a society; frozen after construction.

    Parameters
    ----------
    J : sparse or dense array, or DataFrame, shape (n, n)
        Couplings; row ``i`` holds whom ``i`` listens to. Finite, zero diagonal. The columns of a
        DataFrame are put in the order of its rows, whose names are the labels if none are given.
    h : array, shape (n,), optional
        External field in units of ``J``; zero if left out.
    labels : sequence of hashables, length n, optional
        Names of the users; ``0..n-1`` if left out.
    nodes : DataFrame with n rows, optional
        Attributes of the users, one row per user: indexed by the labels, in any order, or by
        0..n-1, in the order of ``J``. A pandas Series ``h`` likewise.

    Raises
    ------
    InputError
        ``J`` not square, not finite or with a self-coupling; ``h``, ``labels`` or ``nodes`` of
        another length, or indexed by others than the labels; labels that repeat.

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
        if isinstance(J, pd.DataFrame):
            J, labels = labelled_matrix(J, labels)
        self.stored = check_couplings(J)
        n = self.stored.shape[0]
        self._labels: Sequence[Any] | None = check_labels(labels, n)
        self.nodes = node_table(nodes, self._labels)
        self.h = check_field(h, n, self.nodes.index)
        self._frozen = True

    def __setattr__(self, name: str, value: object) -> None:
        if getattr(self, "_frozen", False):
            raise AttributeError(f"a SpinSystem is frozen: build a new one to change {name}")
        super().__setattr__(name, value)

    def __repr__(self) -> str:
        kind = "symmetric" if self.is_symmetric else "directed"
        return f"SpinSystem(n={self.n}, {kind}, {self.stored.nnz} couplings)"

    def _repr_html_(self) -> str:
        values = self.stored.data
        hostile = int((values < 0).sum())
        sizes = np.abs(values[values != 0])
        way = "mutual" if self.is_symmetric else "directed"
        rows = {
            "users": f"{self.n:,}",
            "couplings": f"{self.stored.nnz:,} ({way}), {hostile:,} of them antagonistic",
            "size of couplings": f"{sizes.min():.4g} to {sizes.max():.4g}" if sizes.size else "",
            "external field": "none"
            if not self.h.any()
            else f"{self.h.min():.4g} to {self.h.max():.4g}",
            "attributes": ", ".join(map(str, self.nodes.columns)),
        }
        return html_card("SpinSystem", rows)

    @property
    def n(self) -> int:
        """Number of users."""
        return int(self.stored.shape[0])

    @cached_property
    def J(self) -> sparse.csr_array:
        """The couplings as a CSR of float64, shape (n, n).

        The system of an edge file keeps them in ``stored``, an equal CSR on the same indices whose
        numbers are as small as exactness allows (int8, float32); ``J`` is made of it when asked
        for, at 8 bytes a coupling. Otherwise the two are the same object.
        """
        if self.stored.dtype == np.float64:
            return self.stored
        stored = self.stored
        require_memory(
            8 * stored.nnz, what=f"J in double precision, {stored.nnz} couplings", fix="use .stored"
        )
        return frozen(csr(stored.data.astype(np.float64), stored.indices, stored.indptr, self.n))

    @cached_property
    def labels(self) -> Sequence[Any]:
        """Names of the users in the order of ``J``."""
        if self._labels is not None:
            return self._labels
        index = self.nodes.index
        return range(self.n) if isinstance(index, pd.RangeIndex) else tuple(index.tolist())

    @cached_property
    def is_symmetric(self) -> bool:
        """Whether ``J_ij = J_ji`` up to rounding for all pairs, so that an energy exists.

        Up to rounding: within 1e-12 of the larger of the two, or of the strongest coupling that
        both users have anyway. A tie in one direction only is directed, however weak.
        """
        return symmetric(self.stored)

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
        # Summed replica by replica, so that rounding does not depend on how many there are.
        total = -(np.ascontiguousarray(s * (0.5 * self._from_others(s) + self.h))).sum(axis=-1)
        return float(total) if s.ndim == 1 else total

    def local_field(self, spins: ArrayLike) -> NDArray[np.float64]:
        """Return ``f_i = sum_j J_ij s_j + h_i`` in units of ``J``, in the shape of ``spins``.

        Examples
        --------
        >>> SpinSystem([[0, 1], [1, 0]], h=[0.5, 0]).local_field([1, -1])
        array([-0.5,  1. ])
        """
        s = self.check_spins(spins).astype(float)
        field: NDArray[np.float64] = self._from_others(s) + self.h
        return field

    def _from_others(self, s: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return ``sum_j J_ij s_j`` in the shape of ``s``."""
        parts = [block @ s.T for block in self._blocks()]
        total: NDArray[np.float64] = np.concatenate(parts).T
        return total

    def _blocks(self) -> Iterator[sparse.csr_array]:
        """Yield ``J`` in blocks of rows, so that small numbers are widened block by block."""
        stored, first = self.stored, 0
        while first < self.n or first == 0:
            # A limit of the pointers' own type: another one would convert all pointers.
            limit = stored.indptr.dtype.type(min(int(stored.indptr[first]) + BLOCK, stored.nnz))
            reach = int(np.searchsorted(stored.indptr, limit, side="right")) - 1
            last = min(max(reach, first + 1), self.n)
            start, stop = int(stored.indptr[first]), int(stored.indptr[last])
            data = stored.data[start:stop].astype(np.float64, copy=False)
            indptr = stored.indptr[first : last + 1] - stored.indptr[first]
            yield csr(data, stored.indices[start:stop], indptr, self.n)
            first = max(last, 1)

    def check_spins(self, spins: ArrayLike) -> NDArray[np.int8]:
        """Return ``spins`` as an int8 array after checking shape and values.

        A pandas Series, or a DataFrame with one column per user, is put in the order of the labels.

        Raises
        ------
        InputError
            A last axis that is not ``n`` long, more than two axes, a value other than +1, -1, or
            names that are not the users'.
        """
        axis = 1 if isinstance(spins, pd.DataFrame) else 0
        s = np.asarray(by_label(spins, self.nodes.index, "stances", axis=axis))
        if s.ndim not in (1, 2) or s.shape[-1] != self.n:
            raise InputError(
                f"spins have shape {s.shape}; allowed: ({self.n},) or (replicas, {self.n})."
            )
        if s.size and not bool(np.all((s == 1) | (s == -1))):
            bad = s[(s != 1) & (s != -1)][0]
            raise InputError(f"spins hold the value {bad}; every stance must be +1 or -1.")
        return s.astype(np.int8, copy=False)

    def with_attribute(self, name: str, values: ArrayLike) -> SpinSystem:
        """Return the same society with one more column in its user table; ties are shared.

        Parameters
        ----------
        name : str
            Of the column; one of this name is replaced.
        values : array, shape (n,)

        Examples
        --------
        >>> pair = SpinSystem.from_edges([0], [1]).with_attribute("age", [31, 47])
        >>> pair.nodes["age"].tolist()
        [31, 47]
        """
        other = copy.copy(self)
        nodes = self.nodes.assign(**{name: np.asarray(values)})
        object.__setattr__(other, "nodes", nodes)
        return other

    def with_ties(self, J: Any) -> SpinSystem:
        """Return the same users with other couplings.

        Parameters
        ----------
        J : sparse or dense array, shape (n, n)

        Raises
        ------
        InputError
            Couplings that ``SpinSystem`` refuses, or of another number of users.

        Examples
        --------
        >>> pair = SpinSystem.from_edges([0], [1])
        >>> pair.with_ties([[0, 2], [2, 0]]).energy([1, 1])
        -2.0
        """
        stored = check_couplings(J)
        if stored.shape != self.stored.shape:
            raise InputError(
                f"the couplings have shape {stored.shape}; give {self.stored.shape}, one row and "
                "column for each user."
            )
        other = copy.copy(self)
        for kept in ("J", "is_symmetric"):
            other.__dict__.pop(kept, None)
        object.__setattr__(other, "stored", stored)
        return other

    def with_known_ties(self, J: sparse.csr_array, *, symmetric: bool) -> SpinSystem:
        """Return the same users with couplings that need no check: sorted, finite, frozen.

        Parameters
        ----------
        J : csr_array, shape (n, n)
        symmetric : bool
            Whether they are, up to rounding.
        """
        other = copy.copy(self)
        other.__dict__.pop("J", None)
        other.__dict__["is_symmetric"] = symmetric
        object.__setattr__(other, "stored", J)
        return other

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
        J = edge_matrix(source, target, coupling, n=n, labels=labels, directed=directed)
        return cls(J, h, labels)

    @classmethod
    def from_edge_file(
        cls,
        path: str | Path,
        *,
        source: str = "source",
        target: str = "target",
        coupling: str | None = None,
        value: float = 1.0,
        ids: str = "numbers",
        n: int | None = None,
        directed: bool = False,
        memory_map: str | Path | None = None,
    ) -> SpinSystem:
        r"""Return the system of an edge list on disk, streamed: for networks of up to 1e9 ties.

        Memory holds the couplings (``stored``: 5 bytes per coupling where all are -1 or +1, two
        couplings per mutual tie), 12 bytes per user and a buffer; the ties are sorted in
        temporary files.

        Parameters
        ----------
        path : str or Path
            ``.parquet``, ``.csv`` or ``.tsv``; a text file names its columns in the first line.
        source, target : str
            Columns that hold the two users of a tie. Directed: ``source`` listens to ``target``.
        coupling : str, optional
            Column of the couplings; if left out every tie has the coupling ``value``.
        ids : {"numbers", "names"}
            numbers: user numbers ``0..n-1``. names: any integers or texts; users are numbered in
            the order of their first appearance (source before target) and keep their names in
            ``labels``. Names that are all written as integers become integers.
        n : int, optional
            Number of users; one more than the largest number if left out.
        directed : bool
            False: each tie counts both ways and ``J`` is symmetric.
        memory_map : str or Path, optional
            Folder for the couplings, which are then mapped from there instead of held in memory.
            If it already holds them, made of the same unchanged file in the same way, they are
            used as they are; ``SpinSystem.open`` needs no edge file. A process killed while it
            writes leaves a folder ``arrays-...`` that nothing reads and may be deleted.

        Raises
        ------
        InputError
            A file that is missing or malformed; a missing column; an id that is missing, no
            integer or out of range; a coupling that is not finite; a self-loop; a tie listed twice
            (undirected: in either direction); a network larger than memory or than the disk.

        Examples
        --------
        >>> import tempfile, pathlib
        >>> file = pathlib.Path(tempfile.mkdtemp()) / "friends.csv"
        >>> _ = file.write_text("source,target,sign\n0,1,1\n1,2,-1\n")
        >>> system = SpinSystem.from_edge_file(file, coupling="sign")
        >>> system.stored.dtype, system.local_field([1, 1, 1])
        (dtype('int8'), array([ 1.,  0., -1.]))
        """
        from sociophysics.society.edge_files import Columns, read_edge_file

        columns = Columns(source, target, coupling)
        keys: dict[str, Any] = {"value": value, "ids": ids, "n": n, "directed": directed}
        return cls._assembled(read_edge_file(path, columns, memory_map=memory_map, **keys))

    @classmethod
    def open(cls, folder: str | Path) -> SpinSystem:
        """Return the system that ``from_edge_file`` wrote into a folder, mapped into memory.

        Raises
        ------
        InputError
            No finished system there, one of another version, or a damaged one.
        """
        from sociophysics.society.edge_files import open_folder

        return cls._assembled(open_folder(folder))

    @classmethod
    def _assembled(cls, parts: StoredSystem) -> SpinSystem:
        """Return the system of arrays known to be right: nothing is copied, sorted or checked."""
        n = len(parts.users)
        system = cls.__new__(cls)
        system.stored = frozen(csr(parts.couplings, parts.indices, parts.indptr, n))
        system.h = check_field(None, n, parts.users)
        system._labels = None
        system.nodes = pd.DataFrame(index=parts.users)
        if parts.symmetric is not None:
            system.__dict__["is_symmetric"] = parts.symmetric
        system._frozen = True
        return system

    @classmethod
    @asks
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
        >>> import networkx as nx
        >>> graph = nx.Graph()
        >>> graph.add_edge("ann", "bob", coupling=-1.0)
        >>> SpinSystem.from_networkx(graph).labels
        ('ann', 'bob')
        """
        labels = tuple(graph)
        J = graph_matrix(graph, labels, coupling, default_coupling)
        columns = attribute_columns(graph)
        h = graph_field(columns.pop(field, None), field, labels)
        index = pd.Index(labels, tupleize_cols=False)
        return cls(J, h, labels, pd.DataFrame(columns, index=index) if columns else None)

    def to_networkx(self) -> nx.Graph:
        """Return a Graph (symmetric ``J``) or DiGraph with ``coupling``, ``field``, attributes.

        Examples
        --------
        >>> SpinSystem.from_edges([0], [1], -0.5).to_networkx().edges(data=True)
        EdgeDataView([(0, 1, {'coupling': -0.5})])
        """
        import networkx as nx

        graph: nx.Graph = nx.Graph() if self.is_symmetric else nx.DiGraph()
        add_users(graph, self.labels, self.h, self.nodes)
        add_ties(graph, self.labels, self.stored)
        return graph
