"""Tables of a study, as CSV for people and as Parquet for programs: equal rows, equal bytes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sociophysics.store.protocol import Store

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["write_parquet", "write_table", "write_text"]

ROWS_PER_GROUP = 1 << 18


def write_text(store: Store, name: str, text: str) -> None:
    """Write a file of text."""
    data = text.encode()
    store.write(name, lambda file: file.write(data))


def write_table(store: Store, name: str, table: pd.DataFrame) -> None:
    """Write ``NAME.csv`` and ``NAME.parquet``.

    A column of several types, such as members' ids that are numbers and names, is text in Parquet.
    """
    write_text(store, f"{name}.csv", table.to_csv(index=False))
    mixed = [
        column
        for column in table
        if table[column].dtype == object and table[column].dropna().map(type).nunique() > 1
    ]
    texts = {column: table[column].astype(str).where(table[column].notna()) for column in mixed}
    write_parquet(store, f"{name}.parquet", table.assign(**texts) if texts else table)


def write_parquet(store: Store, name: str, table: pd.DataFrame) -> None:
    """Write a table as Parquet, group of rows by group of rows."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    schema = pa.Table.from_pandas(table.iloc[:ROWS_PER_GROUP], preserve_index=False).schema
    # Without pandas' own metadata the bytes depend on the numbers alone.
    schema = schema.remove_metadata()

    def fill(file: Any) -> None:
        # Group by group: the whole table as Arrow has it would be one more copy.
        with pq.ParquetWriter(file, schema) as writer:
            for start in range(0, max(len(table), 1), ROWS_PER_GROUP):
                rows = table.iloc[start : start + ROWS_PER_GROUP]
                writer.write_table(pa.Table.from_pandas(rows, schema, preserve_index=False))

    store.write(name, fill)
