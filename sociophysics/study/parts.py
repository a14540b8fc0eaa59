"""Parts on disk: written whole or not at all, and believed only if every bit is as written."""

from __future__ import annotations

import functools
import hashlib
import json
import re
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from sociophysics.store import Store
from sociophysics.study.blocks import Part, plan

if TYPE_CHECKING:
    from sociophysics.study.alike import Forms

__all__ = [
    "Columns",
    "CorruptPart",
    "Part",
    "PartColumns",
    "PartData",
    "file_of",
    "merged",
    "plan",
    "read_columns",
    "read_part",
    "read_parts",
    "write_part",
]

METADATA = b"sociophysics"
SHORT = 4_096  # rows up to which a table is written plain
MANY = 16  # parts from which on what their files have in common is learned
WHOLE, FLOAT = np.dtype(np.int64), np.dtype(np.float64)
AS_WRITTEN = re.compile(
    rb'\{"digest":"([0-9a-f]{64})","events":(\[.*\]),"part":"([0-9a-f]{64})"\}', re.DOTALL
)
EVENT_KEYS = {"sweep", "kind", "replica"}
Columns = dict[str, NDArray[Any]]


class CorruptPart(Exception):
    """A part's file exists but is not what it should be."""


class PartData(NamedTuple):
    """What the simulation of one part returns."""

    table: pd.DataFrame
    events: list[dict[str, Any]]


class PartColumns(NamedTuple):
    """The data of a part as it is read: a table of a few rows costs more than its numbers."""

    columns: Columns
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

    numbers = checked(part, data.table)
    if not all(event.keys() >= EVENT_KEYS for event in data.events):
        raise ValueError(f"an event of a part lacks one of {sorted(EVENT_KEYS)}")
    events = json.loads(_text(data.events))
    about = {"part": part.name, "events": events, "digest": _digest(part, numbers, _text(events))}
    arrow = pa.table(numbers)
    store.write(file_of(part.name), lambda file: _write_parquet(arrow, _text(about), file))


_TEXT = json.JSONEncoder(sort_keys=True, separators=(",", ":"), default=np.generic.item)


def _text(value: Any) -> str:
    return _TEXT.encode(value)


def _digest(part: Part, columns: Columns, events: str) -> str:
    """Return the sha256 of a part's name, text of events and numbers, bit for bit."""
    rows = len(columns["replica"])
    total = hashlib.sha256(f"{part.name}{events}{rows}".encode())
    for name, values in columns.items():
        if values.dtype == FLOAT:
            # A file keeps neither which of the NaNs it was nor the sign of a zero.
            if (unknown := np.isnan(values)).any():
                values = np.where(unknown, np.nan, values)
            values = values + 0.0
        total.update(name.encode() + values.tobytes())
    return total.hexdigest()


def _write_parquet(arrow: Any, about: str, file: Any) -> None:
    import pyarrow.parquet as pq

    # What helps a long table costs a short one more than its numbers, each time it is read too.
    # A digest covers every number: without checksums, short files of one shape are alike.
    long = arrow.num_rows > SHORT
    with pq.ParquetWriter(
        file,
        arrow.schema,
        compression="snappy" if long else "none",
        use_dictionary=long,
        write_statistics=long,
        write_page_checksum=long,
        store_schema=False,
    ) as writer:
        writer.write_table(arrow)
        writer.add_key_value_metadata({METADATA: about.encode()})


def checked(part: Part, table: pd.DataFrame) -> Columns:
    """Return the columns of a part with their binding order, types and order of rows.

    Raises
    ------
    ValueError
        A column or a replica is missing or too many.
    """
    types = _types(part.settings.observe.names)
    if list(table.columns) != list(types):
        raise ValueError(f"a part has the columns {list(table.columns)}, not {list(types)}")
    columns = {name: _typed(table[name], kind) for name, kind in types.items()}
    if not _in_order(columns):
        order = np.lexsort((columns["sweep"], columns["replica"]))
        columns = {name: values[order] for name, values in columns.items()}
    _check_rows(part, columns)
    return columns


def _typed(column: pd.Series, kind: np.dtype[Any]) -> NDArray[Any]:
    return np.asarray((column if column.dtype == kind else column.astype(kind)).to_numpy())


@functools.lru_cache(maxsize=64)
def _types(names: tuple[str, ...]) -> dict[str, np.dtype[Any]]:
    """Return the binding columns of parts that observe this, with their types."""
    return {"replica": WHOLE, "sweep": WHOLE, **dict.fromkeys(names, FLOAT)}


def _check_rows(part: Part, columns: Columns) -> None:
    """Raise if rows are not by replica, then sweep, or replicas are not those of the part."""
    if not _in_order(columns):
        raise ValueError("a part has two rows for the same replica and sweep, or in another order")
    replica = columns["replica"]
    last = np.append(replica[1:] != replica[:-1], np.ones(min(replica.size, 1), dtype=bool))
    if tuple(replica[last].tolist()) != part.replicas:
        raise ValueError(f"a part has the replicas {np.unique(replica)}, not {part.replicas}")


def _check_rows_once(part: Part, columns: Columns, forms: Forms | None) -> None:
    """Check rows, but for those whose every bit was checked in a part of the same replicas."""
    rows = (part.replicas, columns["replica"].tobytes(), columns["sweep"].tobytes())
    if forms is None or rows not in forms.rows:
        _check_rows(part, columns)
        if forms is not None:
            forms.take_rows(rows)


def _in_order(columns: Columns) -> bool:
    """Return whether rows are by replica, then sweep, and none is there twice."""
    replica, sweep = columns["replica"], columns["sweep"]
    step = replica[1:] - replica[:-1]
    return bool(((step > 0) | ((step == 0) & (sweep[1:] > sweep[:-1]))).all())


def read_part(store: Store, part: Part) -> PartData:
    """Return a finished part.

    Raises
    ------
    FileNotFoundError
        It is not there.
    CorruptPart
        It is truncated, damaged, or another part's.
    """
    return _tabled(_parsed(part, store.read(file_of(part.name))))


def read_parts(
    store: Store, parts: Sequence[Part]
) -> Iterator[tuple[Part, PartData | CorruptPart | None]]:
    """Yield parts with their data, None if not there; from an object store several at once."""
    for part, found in read_columns(store, parts):
        yield part, _tabled(found) if isinstance(found, PartColumns) else found


def _tabled(found: PartColumns) -> PartData:
    return PartData(pd.DataFrame(found.columns, copy=False), found.events)


def read_columns(
    store: Store, parts: Sequence[Part]
) -> Iterator[tuple[Part, PartColumns | CorruptPart | None]]:
    """Yield parts as ``read_parts`` does, without a table for each."""
    wanted = {file_of(part.name): part for part in parts}
    forms = None
    if len(parts) >= MANY:
        from sociophysics.study.alike import Forms

        forms = Forms()
    for name, data in store.read_many(list(wanted)):
        part = wanted[name]
        try:
            yield part, None if data is None else _parsed(part, data, forms)
        except CorruptPart as error:
            yield part, error


def _parsed(part: Part, data: bytes, forms: Forms | None = None) -> PartColumns:
    import pyarrow as pa

    try:
        columns, text = (forms and forms.read(data)) or _decoded(data, forms)
        name, digest, events, told = _said(text, forms)
        kinds = {name: values.dtype for name, values in columns.items()}
        types = _types(part.settings.observe.names)
        if kinds != types or list(columns) != list(types):
            raise ValueError(f"it has the columns {kinds}, not {types}")
        _check_rows_once(part, columns, forms)
        whole = name == part.name and digest == _digest(part, columns, told)
    except (
        OSError,
        ValueError,
        KeyError,
        TypeError,
        RecursionError,
        pa.ArrowException,
    ) as error:
        raise CorruptPart(f"{type(error).__name__}: {error}") from error
    if not whole:
        raise CorruptPart("it holds another part, or not what was written")
    return PartColumns(columns, events)


def _said(text: bytes, forms: Forms | None) -> tuple[str, str, list[dict[str, Any]], str]:
    """Return what a file says of itself: name, digest, events, and these as a digest has them."""
    found = AS_WRITTEN.fullmatch(text)
    if found is None or forms is None:
        about = json.loads(text)
        return about["part"], about["digest"], about["events"], _text(about["events"])
    digest, written, name = found.groups()
    # The same often acts in all of them: it is read once, and kept once.
    known = forms.events.get(written)
    if known is None:
        events = json.loads(written)
        known = forms.take_events(written, events, _text(events))
    return name.decode(), digest.decode(), *known


def _decoded(data: bytes, forms: Forms | None) -> tuple[Columns, bytes]:
    """Return the columns of a Parquet file and the text beside them."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    file = pq.ParquetFile(pa.BufferReader(data), page_checksum_verification=True)
    arrow = file.read(use_threads=False)
    text: bytes = (arrow.schema.metadata or {})[METADATA]
    columns = {name: arrow.column(name).to_numpy() for name in arrow.column_names}
    if forms is not None:
        forms.learn(data, file, columns, text)
    return columns, text
