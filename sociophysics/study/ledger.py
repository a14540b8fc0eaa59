"""One file with the numbers of many finished parts, so that they need not be read one by one.

Parts remain what a run is made of. The ledger says of each part that it was read whole, from a
file of this size and time; a part whose file has changed since is read again.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
from collections.abc import Mapping, Sequence

import numpy as np

from sociophysics.errors import InputError
from sociophysics.store import Store
from sociophysics.study.parts import Columns
from sociophysics.study.shelf import Shelf

__all__ = ["LEDGER", "WORTH", "read_ledger", "write_ledger"]

LEDGER = "ledger.parquet"
WORTH = 1_000  # parts from which on one file is read faster than its parts
FORMAT = "sociophysics ledger 1"
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
    about = {
        "format": FORMAT,
        "parts": [[name, shelf.rows(name), stamps[name]] for name in names],
        "events": {name: shelf.events(name) for name in names if shelf.events(name)},
    }
    text = json.dumps(about, default=np.generic.item)
    metadata = {METADATA: json.dumps({"about": text, "digest": _digest(text, columns)}).encode()}
    arrow = pa.table(columns).replace_schema_metadata(metadata)
    with contextlib.suppress(OSError, InputError):
        store.write(
            LEDGER, lambda file: pq.write_table(arrow, file, compression="zstd", version="2.6")
        )


def _digest(about: str, columns: Columns) -> str:
    total = hashlib.sha256(about.encode())
    for name, values in columns.items():
        if values.dtype == np.float64:
            # A file keeps neither which of the NaNs it was nor the sign of a zero.
            values = np.where(np.isnan(values), np.nan, values + 0.0)
        total.update(name.encode() + np.ascontiguousarray(values).tobytes())
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
        kept = json.loads((file.schema_arrow.metadata or {})[METADATA])
        arrow = file.read()
        found = {name: arrow.column(name).to_numpy() for name in arrow.column_names}
        if kept["digest"] != _digest(kept["about"], found) or list(found) != list(columns):
            return shelf
        about = json.loads(kept["about"])
        if about["format"] != FORMAT:
            return shelf
        parts = about["parts"]
        shelf.add(
            [name for name, _, _ in parts],
            [rows for _, rows, _ in parts],
            found,
            [about["events"].get(name, []) for name, _, _ in parts],
        )
    except (OSError, ValueError, KeyError, TypeError, RecursionError, pa.ArrowException):
        return Shelf()
    for name, _, stamp in parts:
        if name not in wanted or stamps.get(name) != stamp:
            del shelf[name]
    return shelf
