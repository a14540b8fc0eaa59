"""Parts on disk: written whole or not at all, and believed only if every bit is as written."""

from __future__ import annotations

import hashlib
import json
import os
import threading
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from sociophysics.ensemble.blocks import Part, plan

__all__ = [
    "CorruptPart",
    "Part",
    "PartData",
    "merged",
    "plan",
    "read_part",
    "replace_file",
    "write_part",
]

METADATA = b"sociophysics"
EVENT_KEYS = {"sweep", "kind", "replica"}


class CorruptPart(Exception):
    """A part's file exists but is not what it should be."""


class PartData(NamedTuple):
    """What the simulation of one part returns."""

    table: pd.DataFrame
    events: list[dict[str, Any]]


def merged(pieces: Sequence[PartData]) -> PartData:
    """Return the data of a block of replicas from those of its pieces."""
    table = pd.concat([piece.table for piece in pieces], ignore_index=True)
    return PartData(table, [event for piece in pieces for event in piece.events])


def write_part(folder: Path, part: Part, data: PartData) -> None:
    """Write a part under a temporary name, flush it to the disk, and rename it.

    Raises
    ------
    ValueError
        The simulation did not return what it should, which is a defect.
    """
    import pyarrow as pa

    table = checked(part, data.table)
    if not all(event.keys() >= EVENT_KEYS for event in data.events):
        raise ValueError(f"an event of a part lacks one of {sorted(EVENT_KEYS)}")
    columns = {name: pa.array(table[name].to_numpy()) for name in table.columns}
    events = json.loads(_text(data.events))
    about = {"part": part.name, "events": events, "digest": _digest(part, table, events)}
    arrow = pa.table(columns).replace_schema_metadata({METADATA: _text(about).encode()})
    replace_file(folder / f"{part.name}.parquet", lambda file: _write_parquet(arrow, file))


def _text(value: Any) -> str:
    return json.dumps(value, sort_keys=True, separators=(",", ":"), default=np.generic.item)


def _digest(part: Part, table: pd.DataFrame, events: Sequence[Mapping[str, Any]]) -> str:
    """Return the sha256 of a part's name, events and numbers, bit for bit."""
    total = hashlib.sha256(f"{part.name}{_text(events)}{len(table)}".encode())
    for name in table.columns:
        values = table[name].to_numpy()
        if values.dtype == np.float64:
            # A file keeps neither which of the NaNs it was nor the sign of a zero.
            values = np.where(np.isnan(values), np.nan, values + 0.0)
        total.update(name.encode() + values.tobytes())
    return total.hexdigest()


def _write_parquet(arrow: Any, file: Any) -> None:
    import pyarrow.parquet as pq

    pq.write_table(arrow, file, write_page_checksum=True)


def replace_file(path: Path, write: Any) -> None:
    """Let ``write(file)`` fill a temporary file, flush it to the disk, and rename it to ``path``.

    A reader finds the old file or the new one, never half of one.
    """
    scratch = path.with_name(f".{path.name}.{os.getpid()}.{threading.get_ident()}.tmp")
    try:
        with scratch.open("wb") as file:
            write(file)
            file.flush()
            os.fsync(file.fileno())
        os.replace(scratch, path)
    except BaseException:
        scratch.unlink(missing_ok=True)
        raise
    _flush_folder(path.parent)


def _flush_folder(folder: Path) -> None:
    # The rename itself must survive a power failure; not every system lets a folder be opened.
    try:
        handle = os.open(folder, os.O_RDONLY)
    except OSError:
        return
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def checked(part: Part, table: pd.DataFrame) -> pd.DataFrame:
    """Return the table of a part with its binding columns, types and order of rows.

    Raises
    ------
    ValueError
        A column or a replica is missing or too many.
    """
    names = list(part.settings.observe.names)
    if list(table.columns) != ["replica", "sweep", *names]:
        raise ValueError(
            f"a part has the columns {list(table.columns)}, not replica, sweep, {names}"
        )
    types = {"replica": np.int64, "sweep": np.int64, **dict.fromkeys(names, np.float64)}
    table = table.astype(types).sort_values(["replica", "sweep"], ignore_index=True)
    if tuple(table["replica"].unique()) != part.replicas:
        raise ValueError(
            f"a part has the replicas {table['replica'].unique()}, not {part.replicas}"
        )
    if table.duplicated(["replica", "sweep"]).any():
        raise ValueError("a part has two rows for the same replica and sweep")
    return table


def read_part(folder: Path, part: Part) -> PartData:
    """Return a finished part.

    Raises
    ------
    FileNotFoundError
        It is not there.
    CorruptPart
        It is truncated, damaged, or another part's.
    """
    import pyarrow as pa
    import pyarrow.parquet as pq

    path = folder / f"{part.name}.parquet"
    if not path.is_file():
        raise FileNotFoundError(path)
    try:
        arrow = pq.read_table(path, page_checksum_verification=True)
        about = json.loads((arrow.schema.metadata or {})[METADATA])
        table = checked(part, arrow.to_pandas())
        events: list[dict[str, Any]] = about["events"]
        whole = about["part"] == part.name and about["digest"] == _digest(part, table, events)
    except (OSError, ValueError, KeyError, TypeError, pa.ArrowException) as error:
        raise CorruptPart(f"{type(error).__name__}: {error}") from error
    if not whole:
        raise CorruptPart("it holds another part, or not what was written")
    return PartData(table, events)
