"""Tables of users and ties from Parquet, whose size is known before they are unpacked."""

from __future__ import annotations

import io
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from sociophysics.errors import InputError, shortened
from sociophysics.society.missing import BLANKS
from sociophysics.society.networks.table_bounds import LONGEST_TEXT, check_parquet

__all__ = ["NO_NAME", "read_parquet", "read_plain"]

NO_NAME = "__index_level_0__"  # of an index without a name, as pandas writes it
BATCH_ROWS = 1 << 16
LONGEST_CELL = 250  # bytes of a text in a table that is worked on row by row
SLACK = 1 << 26  # bytes that what is read may exceed what was declared by

NUMBERS = {
    **dict.fromkeys((pa.int8(), pa.int16(), pa.int32(), pa.int64()), pd.Int64Dtype()),
    **dict.fromkeys((pa.uint8(), pa.uint16(), pa.uint32()), pd.Int64Dtype()),
    pa.uint64(): pd.UInt64Dtype(),
    **dict.fromkeys((pa.float16(), pa.float32(), pa.float64()), pd.Float64Dtype()),
    pa.bool_(): pd.BooleanDtype(),
}


def read_parquet(
    content: bytes, name: str, *, longest: int = LONGEST_TEXT
) -> tuple[pd.DataFrame, list[str]]:
    """Return the columns of a Parquet table, with those of a pandas index, and the index's names.

    Texts are kept once for all rows that share them; blanks around them are no part of them.

    Parameters
    ----------
    content : bytes
    name : str
        Of the file, for messages.
    longest : int
        Bytes of a text.

    Raises
    ------
    InputError
        A column of lists, of records or of bytes, two columns of one name, or more than memory
        holds.
    """
    with pq.ParquetFile(io.BytesIO(content)) as file:
        schema, metadata = file.schema_arrow, file.metadata
        check_parquet(metadata, len(content), name)
        for each in schema:
            _check_type(each, name)
        _check_names(schema.names, name)
        index = (schema.pandas_metadata or {}).get("index_columns", [])
        declared = sum(
            metadata.row_group(group).total_byte_size for group in range(metadata.num_row_groups)
        )
    texts = [each.name for each in schema if _is_text(_plain(each.type))]
    batches, unpacked = [], 0
    with pq.ParquetFile(io.BytesIO(content), read_dictionary=texts, pre_buffer=False) as file:
        for batch in file.iter_batches(batch_size=BATCH_ROWS):
            # Batches share the dictionary of their row group: it is counted with each of them.
            unpacked += sum(_own_bytes(column) for column in batch.columns)
            if unpacked > 2 * declared + 16 * metadata.num_rows * len(schema) + SLACK:
                raise InputError(
                    f"{name} is malformed (it holds more than it declares); rewrite it."
                )
            batches.append(batch)
    table = pa.Table.from_batches(batches) if batches else schema.empty_table()
    columns = {
        each.name.strip(): _series(table.column(k), each.name, name, longest)
        for k, each in enumerate(schema)
    }
    frame = pd.DataFrame(columns, index=pd.RangeIndex(table.num_rows))
    return frame, [each for each in index if isinstance(each, str) and each in columns]


def read_plain(content: bytes, name: str) -> pd.DataFrame:
    """Return a Parquet table without its index, numbers as numpy has them, texts shared by rows.

    Texts are short: what works on such a table gives every row its own.

    Raises
    ------
    InputError
        As in ``read_parquet``, or the file is not Parquet.
    """
    try:
        frame, index = read_parquet(content, name, longest=LONGEST_CELL)
    except InputError:
        raise
    except (OSError, ValueError, OverflowError, pa.ArrowException) as error:
        why = shortened(str(error).partition("\n")[0])
        raise InputError(f"{name} is not readable as Parquet ({why}); write it anew.") from None
    return frame.drop(columns=index).apply(_numpy_numbers)


def _numpy_numbers(column: pd.Series) -> pd.Series:
    if not pd.api.types.is_extension_array_dtype(column.dtype):
        return column
    if column.isna().any():
        return column.astype(np.float64)
    return column.astype(column.dtype.numpy_dtype)


def _own_bytes(column: pa.Array) -> int:
    return int(column.indices.nbytes if pa.types.is_dictionary(column.type) else column.nbytes)


def _plain(kind: Any) -> Any:
    return kind.value_type if pa.types.is_dictionary(kind) else kind


def _is_text(kind: Any) -> bool:
    return bool(pa.types.is_string(kind) or pa.types.is_large_string(kind))


def _check_type(field: pa.Field, name: str) -> None:
    kind = _plain(field.type)
    known = kind in NUMBERS or _is_text(kind) or pa.types.is_null(kind) or pa.types.is_decimal(kind)
    if not known and not pa.types.is_temporal(kind):
        raise InputError(
            f"{name}: the column {field.name[:60]!r} holds {str(kind)[:60]} values; a column holds "
            "numbers, texts, truth values or dates: leave it out, or write one value per cell."
        )


def _check_names(names: list[str], name: str) -> None:
    stripped = [each.strip() for each in names]
    twice = next((each for each in stripped if stripped.count(each) > 1), None)
    if twice is not None:
        raise InputError(f"{name} has two columns {twice[:60]!r}; rename or remove one.")


def _series(column: pa.ChunkedArray, title: str, name: str, longest: int) -> pd.Series:
    kind = column.type
    if pa.types.is_dictionary(kind) and _is_text(kind.value_type):
        return _texts(column, title, name, longest)
    if pa.types.is_dictionary(kind):
        column = column.cast(kind.value_type)
    if column.type in NUMBERS:
        return column.to_pandas(types_mapper=NUMBERS.get)
    return pd.Series(column.to_pandas().to_numpy(), dtype=object) if len(column) else pd.Series([])


def _texts(column: pa.ChunkedArray, title: str, name: str, most: int) -> pd.Series:
    """Return texts as Python strings that rows share, without blanks around them."""
    column = column.unify_dictionaries()
    if not column.num_chunks:
        return pd.Series([], dtype=object)
    words = column.chunk(0).dictionary
    longest = pc.max(pc.binary_length(words)).as_py() or 0
    if longest > most:
        raise InputError(
            f"{name}: the column {title[:60]!r} holds a text of {longest:,} bytes; at most "
            f"{most:,} are read: shorten it, or leave the column out."
        )
    shared = np.array([*(word.strip() for word in words.to_pylist()), pd.NA], dtype=object)
    parts = [chunk.indices.fill_null(len(words)) for chunk in column.chunks]
    codes = pa.chunked_array(parts).to_numpy()
    return pd.Series(shared[codes], dtype=object)


def blank_texts(values: pd.Series) -> pd.Series:
    """Return texts with what stands for nothing as missing."""
    return values.mask(values.isin(BLANKS), pd.NA)
