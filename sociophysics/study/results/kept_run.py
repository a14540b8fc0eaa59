"""What is read of a finished run where it is kept: manifest, scenario and tables, never code."""

from __future__ import annotations

import io
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import pandas as pd

from sociophysics.errors import InputError
from sociophysics.machine import require_memory
from sociophysics.store import MANIFEST, Store, damaged, read_json

if TYPE_CHECKING:
    from sociophysics.scenario import Scenario

__all__ = ["manifest_in", "scenario_of", "table_in"]


def manifest_in(store: Store) -> dict[str, Any]:
    """Return the manifest of a run.

    Raises
    ------
    InputError
        There is none, or it is damaged.
    """
    try:
        return read_json(store)
    except FileNotFoundError:
        raise _missing(store, MANIFEST) from None


def scenario_of(manifest: Mapping[str, Any], store: Store) -> Scenario:
    """Return the scenario in the manifest that was read from a store.

    Raises
    ------
    InputError
        It holds no valid scenario.
    """
    from sociophysics.scenario import Scenario

    try:
        tables = dict(manifest["scenario"])
        # JSON objects have no order; the table's columns have the order of the file.
        sweep, order = tables.get("sweep", {}), manifest.get("order", [])
        first = [key for key in sweep if key not in order]
        tables["sweep"] = {key: sweep[key] for key in (*first, *order)}
        return Scenario.from_canonical(tables, name=str(manifest["name"]))
    except (LookupError, TypeError, AttributeError, ValueError) as error:
        raise damaged(store, MANIFEST, "holds no valid scenario") from error


def table_in(store: Store, name: str) -> pd.DataFrame:
    """Return a table of a run, such as ``results.parquet``.

    Raises
    ------
    InputError
        It is missing or damaged, or what it unpacks to does not fit into memory.
    """
    import pyarrow

    try:
        table = _unpacked(store.read(name), f"{store.place}/{name}")
    except (FileNotFoundError, IsADirectoryError):
        raise _missing(store, name) from None
    except InputError:
        raise
    except (OSError, ValueError, pyarrow.ArrowException) as error:
        raise damaged(store, name, "is not a readable Parquet file") from error
    return table


def _unpacked(data: bytes, what: str) -> pd.DataFrame:
    """Return the table in a Parquet file, if what it unpacks to fits into memory.

    Raises
    ------
    InputError
        It does not.
    ValueError
        Its columns are no numbers and texts.
    """
    import pyarrow as pa
    import pyarrow.compute as pc
    import pyarrow.parquet as pq

    schema = pq.ParquetFile(io.BytesIO(data)).schema_arrow
    if any(pa.types.is_nested(each.type) for each in schema):
        raise ValueError("a column holds lists or tables")
    texts = [
        e.name for e in schema if pa.types.is_string(e.type) or pa.types.is_large_string(e.type)
    ]
    file = pq.ParquetFile(io.BytesIO(data), read_dictionary=texts)
    rows, groups = file.metadata.num_rows, range(file.metadata.num_row_groups)
    packed = sum(file.metadata.row_group(k).total_byte_size for k in groups)
    fix = "open it on a larger machine, or its parts one by one"
    require_memory(packed + 8 * rows * len(schema), what=what, fix=fix)
    arrow = file.read()
    # A name of megabytes is kept once in the file, and would be unpacked to every row.
    longest = [
        pc.max(pc.binary_length(chunk.dictionary)).as_py() or 0
        for name in texts
        for chunk in arrow.column(name).chunks
    ]
    require_memory(rows * max(longest, default=0), what=what, fix=fix)
    table: pd.DataFrame = arrow.cast(schema).to_pandas()
    return table


def _missing(store: Store, name: str) -> InputError:
    return InputError(
        f"{store.place} has no {name}; it is not the folder of a finished run: run the "
        "scenario into it to finish it."
    )
