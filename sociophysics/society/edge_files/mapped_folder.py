"""A system in a folder: arrays that are mapped into memory, under a header written last."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet
from numpy.typing import NDArray

from sociophysics.errors import InputError
from sociophysics.machine import given_path, require_memory
from sociophysics.store import parsed_json, require_file

__all__ = [
    "StoredSystem",
    "allocator",
    "building",
    "content",
    "finish",
    "open_folder",
    "reusable",
    "stamp",
]

FORMAT, VERSION = "sociophysics system", 1
HEADER = "header.json"
ARRAYS = ("indptr", "indices", "couplings")
KEYS = {"n", "entries", "couplings", "symmetric", "named", "sha256", "arrays"}
LARGEST_HEADER = 1 << 20  # bytes
CHUNK = 1 << 24  # array elements checked at a time
DTYPES = {"int8": np.int8, "float32": np.float32, "float64": np.float64, "int32": np.int32}


class StoredSystem(NamedTuple):
    """Sparse rows of couplings and the users' names."""

    indptr: NDArray[np.int32]  # (n + 1,)
    indices: NDArray[np.int32]  # (entries,), sorted within rows
    couplings: NDArray[Any]  # (entries,): int8, float32 or float64
    users: pd.Index
    symmetric: bool | None  # None: not known


def stamp(path: Path) -> dict[str, Any]:
    """Return what tells whether a file has changed since."""
    found = path.stat()
    return {"file": path.name, "bytes": found.st_size, "written": found.st_mtime_ns}


@contextmanager
def building(target: Path) -> Iterator[Path]:
    """Make a new folder inside ``target`` to build in; removed if the building fails.

    Raises
    ------
    InputError
        A place that cannot be written to, or a folder that holds other things.
    """
    try:
        if target.is_dir() and any(target.iterdir()) and not _is_ours(target):
            raise InputError(f"{target} holds other files; give memory_map a new or empty folder.")
        target.mkdir(parents=True, exist_ok=True)
        build = target / f"arrays-{uuid.uuid4().hex}"
        build.mkdir()
    except OSError as error:
        raise InputError(
            f"memory_map is {str(target)!r}, which cannot be written to ({error.strerror}); "
            "choose another folder."
        ) from None
    try:
        yield build
    except BaseException:
        shutil.rmtree(build, ignore_errors=True)
        raise


def _is_ours(target: Path) -> bool:
    return all(path.name == HEADER or path.name.startswith("arrays-") for path in target.iterdir())


def allocator(build: Path) -> Callable[[str, type[np.generic], int], NDArray[Any]]:
    """Return what makes arrays in files of the folder."""

    def allocate(name: str, dtype: type[np.generic], size: int) -> NDArray[Any]:
        if size == 0:
            np.save(build / f"{name}.npy", np.empty(0, dtype))
            return np.empty(0, dtype)
        array: NDArray[Any] = np.lib.format.open_memmap(
            build / f"{name}.npy", mode="w+", dtype=dtype, shape=(size,)
        )
        return array

    return allocate


def finish(target: Path, build: Path, system: StoredSystem, source: dict[str, Any]) -> StoredSystem:
    """Make the arrays built the system of the folder, in one step, and return it mapped."""
    named = not isinstance(system.users, pd.RangeIndex)
    if named:
        users = pa.table({"user": pa.array(system.users)})
        pa.parquet.write_table(users, build / "users.parquet")
    for array in system[:3]:
        if isinstance(array, np.memmap):
            array.flush()
    header = {
        "format": FORMAT,
        "version": VERSION,
        "n": len(system.users),
        "entries": len(system.indices),
        "couplings": str(system.couplings.dtype),
        "symmetric": system.symmetric,
        "named": named,
        "sha256": _digest(system),
        "arrays": build.name,
        "source": source,
    }
    mapped = _mapped(target, header)
    before = _arrays_before(target)
    part = build / HEADER
    with open(part, "w", encoding="utf-8") as file:
        json.dump(header, file, indent=1)
        file.flush()
        os.fsync(file.fileno())
    os.replace(part, target / HEADER)
    if before and before != build.name:
        shutil.rmtree(target / before, ignore_errors=True)
    return mapped


def _arrays_before(target: Path) -> str:
    """Return the name of the arrays that a new system replaces, "" if there are none of ours."""
    try:
        name = str(_header(target).get("arrays", "")) if (target / HEADER).exists() else ""
    except InputError:
        return ""
    return name if name.startswith("arrays-") and Path(name).name == name else ""


def _digest(system: StoredSystem) -> str:
    """Return the sha256 of couplings and names, whatever file they come from."""
    digest = hashlib.sha256(f"{len(system.users)} {system.couplings.dtype}".encode())
    for array in system[:3]:
        for first in range(0, len(array), CHUNK):
            digest.update(np.ascontiguousarray(array[first : first + CHUNK]).data)
    if not isinstance(system.users, pd.RangeIndex):
        digest.update("\0".join(map(str, system.users)).encode())
    return digest.hexdigest()


def content(target: Path) -> str:
    """Return the sha256 of the system in a folder, as its header has it.

    Raises
    ------
    InputError
        No finished system there.
    """
    return str(_checked_header(target)["sha256"])


def reusable(target: Path, source: dict[str, Any]) -> StoredSystem | None:
    """Return the system in a folder if it was made of this source in this way, else None."""
    if not (target / HEADER).exists():
        return None
    try:
        return open_folder(target) if _header(target).get("source") == source else None
    except InputError:
        return None  # damaged since: it is built anew


def open_folder(target: str | Path) -> StoredSystem:
    """Return the system in a folder; its arrays are mapped, not read into memory.

    Raises
    ------
    InputError
        No finished system there, one of another version, or arrays that do not fit its header.
    """
    target = given_path(target, "the folder")
    header = _checked_header(target)
    try:
        return _mapped(target, header)
    except InputError:
        raise
    except Exception as error:  # each layer of a damaged file has exceptions of its own
        raise InputError(
            f"the system in {target} is damaged ({' '.join(str(error).split())}); delete the "
            "folder and build it anew."
        ) from None


def _checked_header(target: Path) -> dict[str, Any]:
    if not (target / HEADER).is_file():
        raise InputError(
            f"{target} holds no finished system; write one with SpinSystem.from_edge_file(..., "
            "memory_map=folder)."
        )
    header = _header(target)
    missing = sorted(KEYS - header.keys())
    if header.get("format") != FORMAT or header.get("version") != VERSION:
        raise InputError(
            f"{target / HEADER} is of format {header.get('format')!r}, version "
            f"{header.get('version')!r}; allowed: {FORMAT!r}, {VERSION}: build the folder anew."
        )
    if missing:
        raise InputError(
            f"{target / HEADER} lacks {missing[0]!r}; delete the folder and build it anew."
        )
    return header


def _header(target: Path) -> dict[str, Any]:
    try:
        require_file(target / HEADER)
        with (target / HEADER).open("rb") as file:
            return parsed_json(file.read(LARGEST_HEADER + 1))
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise InputError(
            f"{target / HEADER} cannot be read ({reason}); delete the folder and build it anew."
        ) from None


def _mapped(target: Path, header: dict[str, Any]) -> StoredSystem:
    n, entries = int(header["n"]), int(header["entries"])
    folder = str(header["arrays"])
    if Path(folder).name != folder:
        raise ValueError(f"its arrays lie outside it, in {folder!r}")
    if header["symmetric"] not in (True, False, None):
        raise ValueError("its header does not say whether it is symmetric")
    wanted = {
        "indptr": (np.dtype(np.int32), n + 1),
        "indices": (np.dtype(np.int32), entries),
        "couplings": (np.dtype(DTYPES[header["couplings"]]), entries),
    }
    arrays = []
    for name in ARRAYS:
        file = target / folder / f"{name}.npy"
        require_file(file)
        # Mapped whatever its header says: a shape beyond the file is refused, not allocated.
        array = np.load(file, mmap_mode="r" if entries or name == "indptr" else None)
        if (array.dtype, array.shape) != (wanted[name][0], (wanted[name][1],)):
            raise ValueError(f"{name} is {array.dtype} {array.shape}")
        arrays.append(array)
    _check_rows(arrays[0], arrays[1], arrays[2], n)
    users = pd.RangeIndex(n, name="user")
    if header["named"]:
        users = _names(target / folder / "users.parquet", n)
    return StoredSystem(arrays[0], arrays[1], arrays[2], users, header["symmetric"])


def _names(path: Path, n: int) -> pd.Index:
    """Return the names of users, if there are ``n`` of them and no two alike.

    Raises
    ------
    ValueError
        There are more or fewer, or some are alike.
    """
    require_file(path)
    # Kept as each name once: a small file cannot stand for a name of megabytes at every user.
    file = pa.parquet.ParquetFile(path, read_dictionary=["user"])
    if file.metadata.num_rows != n:
        raise ValueError(f"it has {file.metadata.num_rows} names for {n} users")
    groups = (file.metadata.row_group(k) for k in range(file.metadata.num_row_groups))
    require_memory(
        sum(group.total_byte_size for group in groups), what=f"{path}", fix="build the folder anew"
    )
    column = file.read(columns=["user"]).column("user")
    for chunk in column.chunks if pa.types.is_dictionary(column.type) else ():
        if chunk.null_count or len(np.unique(chunk.indices.to_numpy())) < len(chunk):
            raise ValueError("two users have one name")
    if pa.types.is_dictionary(column.type):
        column = column.cast(column.type.value_type)
    if column.null_count or pa.types.is_nested(column.type):
        raise ValueError("it lacks names of users")
    return pd.Index(column.to_pandas(), tupleize_cols=False, name="user")


def _check_rows(
    indptr: NDArray[np.int32], indices: NDArray[np.int32], couplings: NDArray[Any], n: int
) -> None:
    """Refuse indices that would make compiled code reach outside the arrays."""
    entries = len(indices)
    if indptr[0] != 0 or indptr[-1] != entries or bool(np.any(indptr[1:] < indptr[:-1])):
        raise ValueError("its row pointers do not rise from 0 to the number of couplings")
    for first in range(0, entries, CHUNK):
        part = indices[first : first + CHUNK]
        if part.min() < 0 or part.max() >= n:
            raise ValueError(f"its indices leave 0 to {n - 1}")
        if not np.isfinite(couplings[first : first + CHUNK]).all():
            raise ValueError("it holds couplings that are not finite")
