"""What a spin system may be made of: checks of couplings, fields, labels and edge lists."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
import scipy.sparse as sparse
from numpy.typing import ArrayLike, NDArray

from sociophysics.errors import InputError
from sociophysics.machine import require_memory
from sociophysics.society.alignment import by_label

# Products in another order, a division, an inverted matrix: far below any effect on a local field.
ROUNDING = 1e-12
BYTES_PER_ENTRY = 40  # float64 + int32 in the CSR, and the copies alive while it is built


def check_couplings(J: Any) -> sparse.csr_array:
    """Return ``J`` as a frozen, sorted float64 CSR, or raise."""
    given = J if sparse.issparse(J) else _numbers(J, "J")
    if given.dtype.kind not in "biuf":
        raise InputError(
            f"J is not a numeric matrix but holds {given.dtype} values; give every entry as a real "
            "number."
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
    return frozen(matrix)


def symmetric(stored: sparse.csr_array) -> bool:
    """Return whether a sorted CSR equals its transpose up to rounding.

    Numbers such as ``J * root_i * root_j`` differ in the last bit from their mirror images. Two
    entries are equal if they differ by at most 1e-12 of the larger, or of the largest entry in
    both users' rows and columns; an entry without a mirror image is none of rounding.

    Examples
    --------
    >>> symmetric(sparse.csr_array([[0.0, 0.3], [0.1 + 0.2, 0.0]]))
    True
    """
    mirrored = _sorted_transpose(stored)
    if not _same_places(mirrored, stored):  # zeros may be stored on one side only
        stored = stored.astype(np.float64)
        stored.eliminate_zeros()
        mirrored = _sorted_transpose(stored)
        if not _same_places(mirrored, stored):
            return False
    if np.array_equal(mirrored.data, stored.data):
        return True
    first, second = stored.data.astype(np.float64), mirrored.data.astype(np.float64)
    size = np.maximum(np.abs(first), np.abs(second))
    row = np.repeat(np.arange(stored.shape[0]), np.diff(stored.indptr))
    largest = np.zeros(stored.shape[0])
    np.maximum.at(largest, row, size)
    around = np.minimum(largest[row], largest[stored.indices])
    return bool((np.abs(first - second) <= ROUNDING * np.maximum(size, around)).all())


def _sorted_transpose(matrix: sparse.csr_array) -> sparse.csr_array:
    transpose = matrix.T.tocsr()
    transpose.sort_indices()
    return transpose


def _same_places(a: sparse.csr_array, b: sparse.csr_array) -> bool:
    return np.array_equal(a.indptr, b.indptr) and np.array_equal(a.indices, b.indices)


def frozen(matrix: sparse.csr_array) -> sparse.csr_array:
    """Return the matrix with its arrays made read-only."""
    for part in (matrix.data, matrix.indices, matrix.indptr):
        part.flags.writeable = False
    return matrix


def csr(data: NDArray[Any], indices: Any, indptr: Any, n: int) -> sparse.csr_array:
    """Return rows that are known to be sorted and free of repetition, without copies."""
    matrix = sparse.csr_array((data, indices, indptr), shape=(len(indptr) - 1, n))
    matrix.has_sorted_indices = matrix.has_canonical_format = True
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


def check_field(
    h: ArrayLike | None, n: int, labels: Sequence[Any] | pd.Index
) -> NDArray[np.float64]:
    """Return ``h`` as a frozen array (n,), zero if left out, or raise."""
    field = np.zeros(n) if h is None else _numbers(by_label(h, labels, "h"), "h")
    if field.shape != (n,):
        raise InputError(f"h has shape {field.shape}; allowed: ({n},), one field per user.")
    if not np.isfinite(field).all():
        i = int(np.flatnonzero(~np.isfinite(field))[0])
        raise InputError(f"h[{i}] is {field[i]}; every external field must be finite.")
    field.flags.writeable = False
    return field


def check_labels(labels: Sequence[Any] | None, n: int) -> Sequence[Any]:
    """Return the labels as a tuple, ``0..n-1`` if left out, or raise if two are equal."""
    if isinstance(labels, range) and len(labels) == n:
        return labels  # distinct as it is, and no object per user
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


def node_table(nodes: pd.DataFrame | None, labels: Sequence[Any]) -> pd.DataFrame:
    """Return the attributes in the order of the labels and indexed by them, or raise."""
    index = pd.Index(labels, tupleize_cols=False, name="user")
    if nodes is None:
        return pd.DataFrame(index=index)
    if not isinstance(nodes, pd.DataFrame):
        raise InputError(f"nodes is a {type(nodes).__name__}; give a DataFrame, one row per user.")
    if len(nodes) != len(labels):
        raise InputError(f"nodes has {len(nodes)} rows for {len(labels)} users; give one each.")
    return by_label(nodes, index, "nodes").set_axis(index, axis=0)


def edge_matrix(
    source: ArrayLike,
    target: ArrayLike,
    coupling: ArrayLike,
    *,
    n: int | None,
    labels: Sequence[Any] | None,
    directed: bool,
) -> sparse.csr_array:
    """Return the couplings of an edge list given as arrays, or raise; as ``from_edges``."""
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
        fix="give fewer ties, or stream them from a file with SpinSystem.from_edge_file",
    )
    weight = edge_couplings(coupling, i, j)
    if not directed:
        i, j, weight = np.concatenate([i, j]), np.concatenate([j, i]), np.tile(weight, 2)
    J = sparse.coo_array((weight, (i, j)), shape=(n, n)).tocsr()
    if J.nnz < weight.size:
        raise repeated_edge(i, j, n, directed)
    return J


def edge_indices(values: ArrayLike, name: str) -> NDArray[np.int64]:
    """Return one end of the edges as an integer array (m,), or raise."""
    array = np.asarray(values)
    if array.size == 0:
        return np.empty(0, np.int64)
    if array.ndim != 1 or array.dtype.kind not in "iu":
        raise InputError(
            f"{name} is an array of {array.dtype} with {array.ndim} axes; give user indices as a "
            "one-dimensional integer array."
        )
    return array


def user_count(n: int | None, labels: Sequence[Any] | None, top: int) -> int:
    """Return the number of users: as given, of the labels, or one more than the largest index."""
    if n is None:
        return len(labels) if labels is not None else top
    if isinstance(n, bool) or not isinstance(n, int | np.integer) or n < 0:
        raise InputError(f"n is {n!r}; the number of users must be an integer >= 0.")
    return int(n)


def edge_couplings(
    coupling: ArrayLike, i: NDArray[np.int64], j: NDArray[np.int64]
) -> NDArray[np.float64]:
    """Return the coupling of every edge (m,), or raise on NaN, text or a self-loop."""
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


def repeated_edge(
    i: NDArray[np.int64],
    j: NDArray[np.int64],
    n: int,
    directed: bool,
    labels: Sequence[Any] | None = None,
) -> InputError:
    """Return the error that names the first edge listed twice."""
    key = i.astype(np.int64) * n + j
    values, counts = np.unique(key, return_counts=True)
    ends = divmod(int(values[counts > 1][0]), n)
    one, other = ends if labels is None else (labels[end] for end in ends)
    how = "" if directed else " (an undirected tie is listed once, in either direction)"
    return InputError(f"the tie ({one}, {other}) is listed twice{how}; merge repeated ties first.")
