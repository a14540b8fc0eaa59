"""From the ties of a file to compressed sparse rows, through temporary files of bounded size."""

from __future__ import annotations

import errno
import math
import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import pairwise
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
import scipy.sparse as sparse
from numpy.typing import NDArray

from sociophysics.errors import InputError
from sociophysics.machine import given_path, require_memory
from sociophysics.society.edge_files import mapped_folder as folders
from sociophysics.society.edge_files.edge_columns import Columns, EdgeFile
from sociophysics.society.edge_files.mapped_folder import StoredSystem
from sociophysics.society.edge_files.names import LARGEST, NamedTies, Names, named, numbered
from sociophysics.society.spin_rules import repeated_edge, user_count

__all__ = ["read_edge_file"]

BUCKET_ENTRIES = 1 << 24  # couplings sorted at a time; about 40 bytes of memory each
BIN = 10  # users are counted and assigned to buckets by 2^BIN
ENTRIES = 2**31 - 1  # scipy then keeps 32-bit indices
SCRATCH_BYTES = (24, 40)  # of disk per tie, without and with couplings

Allocate = Callable[[str, type[np.generic], int], NDArray[Any]]


class Spool(NamedTuple):
    """What the first pass leaves: the ties in files, and what is known of them."""

    ties: int
    top: int  # largest user number + 1
    bins: NDArray[np.int64]  # couplings per 2^BIN users
    dtype: type[np.generic]  # the smallest that holds every coupling exactly


def read_edge_file(
    path: str | Path,
    columns: Columns,
    *,
    value: float,
    ids: str,
    n: int | None,
    directed: bool,
    memory_map: str | Path | None,
) -> StoredSystem:
    """Return the couplings of an edge file as sparse rows; arguments as ``from_edge_file``.

    Raises
    ------
    InputError
        As ``SpinSystem.from_edge_file``.
    """
    if ids not in ("numbers", "names"):
        raise InputError(f"ids is {ids!r}; allowed: 'numbers' (0 to n - 1), 'names'.")
    if ids == "names" and n is not None:
        raise InputError("n is given with ids='names', whose users are those named; leave n out.")
    if n is not None and user_count(n, None, 0) > LARGEST + 1:
        raise InputError(f"n is {n}; allowed: up to {LARGEST + 1}.")
    number = isinstance(value, int | float | np.integer | np.floating)
    if isinstance(value, bool) or not number or not math.isfinite(value):
        raise InputError(f"value is {value!r}; the coupling of every tie must be a finite number.")
    file = EdgeFile(given_path(path, "the edge file"), columns, names=ids == "names")
    settings = {**columns._asdict(), "value": float(value), "ids": ids, "directed": bool(directed)}
    settings["n"] = None if n is None else int(n)
    if memory_map is None:
        with tempfile.TemporaryDirectory(prefix="sociophysics-") as scratch, _disk_errors():
            return _assemble(file, settings, Path(scratch), _in_memory)
    stamp = {**folders.stamp(file.path), "read as": settings}
    target = Path(memory_map)
    found = folders.reusable(target, stamp)
    if found is not None:
        return found
    with folders.building(target) as build, _disk_errors():
        with tempfile.TemporaryDirectory(prefix="scratch-", dir=build) as scratch:
            system = _assemble(file, settings, Path(scratch), folders.allocator(build))
        return folders.finish(target, build, system, stamp)


def _assemble(
    file: EdgeFile, settings: dict[str, Any], scratch: Path, allocate: Allocate
) -> StoredSystem:
    directed, ways = settings["directed"], 1 if settings["directed"] else 2
    _check_size(file, scratch, ways, mapped=allocate is not _in_memory)
    names = Names() if file.names else None
    stream = file.batches()
    ties = numbered(stream, settings["n"]) if names is None else named(stream, names)
    spool = _spool(ties, scratch, lambda k: _label(names, file, k), directed=directed)
    if file.columns.coupling is None:
        spool = spool._replace(dtype=smallest_dtype(np.array([settings["value"]], np.float64)))
    if spool.ties == 0 and not settings["n"]:
        raise InputError(f"{file.path.name} holds no ties; a network needs at least one user.")
    entries, n = ways * spool.ties, settings["n"] or spool.top
    if entries > ENTRIES:
        raise InputError(
            f"{file.path.name} holds {spool.ties} ties; at most {ENTRIES // ways} fit 32-bit row "
            "pointers: split the network."
        )
    what = f"a system of {n} users and {spool.ties} ties"
    kept = (4 + np.dtype(spool.dtype).itemsize) * entries + 4 * n
    if allocate is _in_memory:
        fix = "give fewer ties, or a folder as memory_map"
        require_memory(kept + 8 * n + _working_bytes(entries), what=what, fix=fix)
    else:
        require_memory(8 * n + _working_bytes(entries), what=what, fix="number users without gaps")
    bucket = _distribute(spool, scratch, directed=directed, weighted=bool(file.columns.coupling))
    index = pd.RangeIndex(n, name="user") if names is None else names.index(typed=file.typed)
    arrays = _gather(bucket, spool, n, scratch, allocate, directed=directed, labels=index)
    if file.columns.coupling is None:
        arrays[2][:] = settings["value"]
    return StoredSystem(*arrays, index, None if directed else True)


def _in_memory(name: str, dtype: type[np.generic], size: int) -> NDArray[Any]:
    return np.empty(size, dtype)


def _working_bytes(entries: int) -> int:
    return 40 * min(BUCKET_ENTRIES, entries) + 2**27


def _check_size(file: EdgeFile, scratch: Path, ways: int, *, mapped: bool) -> None:
    """Refuse what a typed file says to be too large before a byte of it is read."""
    if file.rows is None:
        return
    what = f"a system of {file.rows} ties"
    if not mapped:
        require_memory(
            5 * ways * file.rows + _working_bytes(ways * file.rows),
            what=what,
            fix="give fewer ties, or a folder as memory_map",
        )
    need = SCRATCH_BYTES[file.columns.coupling is not None] * file.rows
    free = shutil.disk_usage(scratch).free
    if need > free:
        raise InputError(
            f"{what} needs about {need / 1e9:.3g} GB of disk under {scratch.parent} while it is "
            f"sorted and {free / 1e9:.3g} GB are free; free some, or set TMPDIR to another disk."
        )


def smallest_dtype(values: NDArray[np.float64]) -> type[np.generic]:
    """Return the smallest of int8, float32 and float64 that holds the values exactly.

    Examples
    --------
    >>> [smallest_dtype(np.array([v])).__name__ for v in (-1.0, 0.5, 0.1)]
    ['int8', 'float32', 'float64']
    """
    if np.array_equal(values, np.clip(np.rint(values), -127, 127)):
        return np.int8
    with np.errstate(over="ignore"):
        exact = np.array_equal(values, values.astype(np.float32).astype(np.float64))
    return np.float32 if exact else np.float64


def _spool(
    stream: Iterator[NamedTies], scratch: Path, label: Callable[[int], Any], *, directed: bool
) -> Spool:
    """Write the ties to files by user numbers, and count them."""
    ties = top = 0
    bins = np.zeros(0, np.int64)
    dtypes: list[type[np.generic]] = [np.int8, np.float32, np.float64]
    widest = 0
    with open(scratch / "ends", "wb") as ends, open(scratch / "weights", "wb") as weights:
        for some in stream:
            loops = some.ends[:, 0] == some.ends[:, 1]
            if loops.any():
                who = label(int(some.ends[int(np.argmax(loops)), 0]))
                raise InputError(
                    f"tie ({who}, {who}) is a self-loop; users do not listen to themselves: "
                    "remove it."
                )
            some.ends.tofile(ends)
            if some.coupling is not None:
                some.coupling.tofile(weights)
                widest = max(widest, dtypes.index(smallest_dtype(some.coupling)))
            rows = some.ends[:, :1] if directed else some.ends
            count = np.bincount(rows.ravel() >> BIN)
            count[: bins.size] += bins[: count.size]
            bins = np.concatenate([count, bins[count.size :]])
            ties, top = ties + len(some.ends), max(top, int(some.ends.max()) + 1)
    return Spool(ties, top, bins, dtypes[widest])


def _distribute(spool: Spool, scratch: Path, *, directed: bool, weighted: bool) -> NDArray[np.intp]:
    """Write the couplings of each bucket of users to files of its own; return bin to bucket."""
    before = np.cumsum(spool.bins) - spool.bins
    bucket: NDArray[np.intp] = np.unique(before // BUCKET_ENTRIES, return_inverse=True)[1]
    # numpy sorts one- and two-byte integers by counting
    small = np.uint8 if bucket[-1:].max(initial=0) < 256 else np.uint16
    if bucket.size and bucket[-1] >= 2**16:
        raise InputError("the network needs more than 65536 buckets; split it.")
    of_bin, buckets = bucket.astype(small), int(bucket[-1]) + 1 if bucket.size else 0
    chunk = max(BUCKET_ENTRIES // 8, 1)
    with open(scratch / "ends", "rb") as ends, open(scratch / "weights", "rb") as weights:
        while (given := np.fromfile(ends, np.int32, 2 * chunk)).size:
            pairs = given.reshape(-1, 2)
            weight = np.fromfile(weights, np.float64, chunk).astype(spool.dtype)
            if not directed:
                pairs = np.concatenate([pairs, pairs[:, ::-1]])
                weight = np.concatenate([weight, weight])
            where = of_bin[pairs[:, 0] >> BIN]
            order = np.argsort(where, kind="stable")
            stops = np.cumsum(np.bincount(where, minlength=buckets))
            sorted_pairs = pairs.view(np.int64).ravel()[order]
            sorted_weight = weight[order] if weighted else weight
            for k in range(buckets):
                part = slice(0 if k == 0 else int(stops[k - 1]), int(stops[k]))
                _append(scratch / f"ends-{k}", sorted_pairs[part])
                if weighted:
                    _append(scratch / f"weights-{k}", sorted_weight[part])
    (scratch / "ends").unlink()
    (scratch / "weights").unlink()
    return bucket


def _append(path: Path, values: NDArray[Any]) -> None:
    if values.size:
        with open(path, "ab") as file:
            values.tofile(file)


def _gather(
    bucket: NDArray[np.intp],
    spool: Spool,
    n: int,
    scratch: Path,
    allocate: Allocate,
    *,
    directed: bool,
    labels: pd.Index,
) -> tuple[NDArray[np.int32], NDArray[np.int32], NDArray[Any]]:
    """Sort bucket after bucket into its place of the sparse rows."""
    entries = spool.ties * (1 if directed else 2)
    indptr = allocate("indptr", np.int32, n + 1)
    indices = allocate("indices", np.int32, entries)
    data = allocate("couplings", spool.dtype, entries)
    indptr[:] = 0
    done = 0
    firsts = np.searchsorted(bucket, np.arange(int(bucket[-1]) + 2 if bucket.size else 1)) << BIN
    for k, (first, last) in enumerate(pairwise(firsts)):
        last = min(int(last), n)
        ends = np.fromfile(scratch / f"ends-{k}", np.int32).reshape(-1, 2)
        (scratch / f"ends-{k}").unlink()
        path = scratch / f"weights-{k}"
        weight = np.fromfile(path, spool.dtype) if path.exists() else np.ones(len(ends), np.int8)
        rows, listened = ends[:, 0] - np.int32(first), ends[:, 1]
        block = sparse.coo_array((weight, (rows, listened)), shape=(last - first, n)).tocsr()
        if block.nnz < len(ends):
            i, j = ends[:, 0].astype(np.int64), listened.astype(np.int64)
            raise repeated_edge(i, j, n, directed, labels)
        indptr[first + 1 : last + 1] = block.indptr[1:] + done
        indices[done : done + block.nnz] = block.indices
        data[done : done + block.nnz] = block.data
        done += block.nnz
        path.unlink(missing_ok=True)
    indptr[int(firsts[-1]) + 1 :] = done
    return indptr, indices, data


def _label(names: Names | None, file: EdgeFile, number: int) -> Any:
    return number if names is None else names.index(typed=file.typed)[number]


@contextmanager
def _disk_errors() -> Iterator[None]:
    """Say in one sentence that the disk is full or read-only while ties are sorted."""
    try:
        yield
    except OSError as error:
        code = errno.errorcode.get(error.errno or 0, "")
        raise InputError(
            f"the ties cannot be sorted on disk ({error.strerror or error}{code and ', ' + code}); "
            "free some space, or set TMPDIR, or memory_map, to another disk."
        ) from None
