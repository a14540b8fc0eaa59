"""One file with the numbers of many finished parts, so that they need not be read one by one.

Parts remain what a run is made of. The ledger says of each part that it was read whole, from a
file of this size and time; a part whose file has changed since is read again.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from sociophysics.errors import InputError
from sociophysics.store import Store
from sociophysics.study.parts import Columns
from sociophysics.study.shelf import Shelf

__all__ = ["LEDGER", "WORTH", "read_ledger", "write_ledger"]

LEDGER = "ledger.parquet"
WORTH = 1_000  # parts from which on one file is read faster than its parts
FORMAT = "sociophysics ledger 2"
DIGITS = 64  # of a digest, before the text
ROWS_AT_ONCE = 1 << 17
METADATA = b"sociophysics"


def write_ledger(store: Store, shelf: Shelf, stamps: Mapping[str, str]) -> None:
    """Write the ledger of the parts that are on the shelf and, by their stamps, in the store.

    A ledger only saves time: a disk without room for it ends nothing.
    """
    import pyarrow as pa
    import pyarrow.parquet as pq

    names = [name for name in shelf if name in stamps]
    if len(names) < WORTH:
        return
    columns = shelf.joined(names)
    acts: dict[str, int] = {}
    about = {
        "format": FORMAT,
        "names": names,
        "rows": [shelf.rows(name) for name in names],
        "stamps": [stamps[name] for name in names],
        "acted": _numbered([shelf.events(name) for name in names], acts),
        "acts": list(acts),
    }
    text = json.dumps(about).encode()
    metadata = {METADATA: _digest(text, columns).encode() + text}
    arrow = pa.table(columns).replace_schema_metadata(metadata)
    with contextlib.suppress(OSError, InputError):
        store.write(
            LEDGER, lambda file: pq.write_table(arrow, file, compression="zstd", version="2.6")
        )


def _numbered(events: Sequence[list[dict[str, Any]]], acts: dict[str, int]) -> list[int]:
    """Return which of the texts in ``acts`` says what acted; those that are new are added."""
    known: dict[int, int] = {}
    found = []
    for each in events:
        number = known.get(id(each))
        if number is None:
            text = json.dumps(each, default=np.generic.item)
            known[id(each)] = number = acts.setdefault(text, len(acts))
        found.append(number)
    return found


def _digest(about: bytes, columns: Columns) -> str:
    total = hashlib.sha256(about)
    for name, values in columns.items():
        total.update(name.encode())
        for start in range(0, len(values), ROWS_AT_ONCE):
            some = np.ascontiguousarray(values[start : start + ROWS_AT_ONCE])
            if some.dtype == np.float64:
                # A file keeps neither which of the NaNs it was nor the sign of a zero.
                some = np.where(np.isnan(some), np.nan, some)
                some += 0.0
            total.update(some.tobytes())
    return total.hexdigest()


def read_ledger(
    store: Store, wanted: set[str], stamps: Mapping[str, str], columns: Sequence[str]
) -> Shelf:
    """Return the wanted parts that the ledger has and whose files have not changed since.

    A ledger that is damaged, or of another kind of parts, is no ledger.
    """
    import pyarrow as pa
    import pyarrow.parquet as pq

    shelf = Shelf()
    try:
        file = pq.ParquetFile(pa.BufferReader(store.read(LEDGER)))
        kept = (file.schema_arrow.metadata or {})[METADATA]
        digest, text = kept[:DIGITS], kept[DIGITS:]
        if list(file.schema_arrow.names) != list(columns):
            return shelf
        # One after the other: all of them as Arrow has them would be one more copy.
        found = {name: file.read(columns=[name]).column(0).to_numpy() for name in columns}
        del file, kept
        if digest != _digest(text, found).encode():
            return shelf
        about = json.loads(text)
        if about["format"] != FORMAT:
            return shelf
        acts = [json.loads(each) for each in about["acts"]]
        names = about["names"]
        shelf.add(names, about["rows"], found, [acts[number] for number in about["acted"]])
    except (OSError, ValueError, LookupError, TypeError, RecursionError, pa.ArrowException):
        return Shelf()
    for name, stamp in zip(names, about["stamps"], strict=True):
        if name not in wanted or stamps.get(name) != stamp:
            del shelf[name]
    return shelf
