"""Parts on disk: written whole or not at all, and believed only if every bit is as written."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from sociophysics.store import Store
from sociophysics.study.blocks import Part, plan

__all__ = [
    "CorruptPart",
    "Part",
    "PartData",
    "file_of",
    "merged",
    "plan",
    "read_part",
    "read_parts",
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


def file_of(name: str) -> str:
    """Return where the part of that name lies in a run."""
    return f"parts/{name}.parquet"


def write_part(store: Store, part: Part, data: PartData) -> None:
    """Write a part, with what shows later whether every bit of it is as it was.

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
    store.write(file_of(part.name), lambda file: _write_parquet(arrow, file))


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
    if any(table[name].dtype != kind for name, kind in types.items()):
        table = table.astype(types)
    if not _in_order(table):
        table = table.sort_values(["replica", "sweep"], ignore_index=True)
        if not _in_order(table):
            raise ValueError("a part has two rows for the same replica and sweep")
    replicas = np.unique(table["replica"].to_numpy())
    if tuple(replicas.tolist()) != part.replicas:
        raise ValueError(f"a part has the replicas {replicas}, not {part.replicas}")
    return table if isinstance(table.index, pd.RangeIndex) else table.reset_index(drop=True)


def _in_order(table: pd.DataFrame) -> bool:
    """Return whether rows are by replica, then sweep, and none is there twice."""
    replica, sweep = (np.diff(table[name].to_numpy()) for name in ("replica", "sweep"))
    return bool(((replica > 0) | ((replica == 0) & (sweep > 0))).all())


def read_part(store: Store, part: Part) -> PartData:
    """Return a finished part.

    Raises
    ------
    FileNotFoundError
        It is not there.
    CorruptPart
        It is truncated, damaged, or another part's.
    """
    return _parsed(part, store.read(file_of(part.name)))


def read_parts(
    store: Store, parts: Sequence[Part]
) -> Iterator[tuple[Part, PartData | CorruptPart | None]]:
    """Yield parts with their data, None if not there; from an object store several at once."""
    wanted = {file_of(part.name): part for part in parts}
    for name, data in store.read_many(list(wanted)):
        part = wanted[name]
        try:
            yield part, None if data is None else _parsed(part, data)
        except CorruptPart as error:
            yield part, error


def _parsed(part: Part, data: bytes) -> PartData:
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        file = pq.ParquetFile(pa.BufferReader(data), page_checksum_verification=True)
        arrow = file.read(use_threads=False)
        about = json.loads((arrow.schema.metadata or {})[METADATA])
        columns = {name: arrow.column(name).to_numpy() for name in arrow.column_names}
        table = checked(part, pd.DataFrame(columns, copy=False))
        events: list[dict[str, Any]] = about["events"]
        whole = about["part"] == part.name and about["digest"] == _digest(part, table, events)
    except (OSError, ValueError, KeyError, TypeError, pa.ArrowException) as error:
        raise CorruptPart(f"{type(error).__name__}: {error}") from error
    if not whole:
        raise CorruptPart("it holds another part, or not what was written")
    return PartData(table, events)
