"""``sociophysics query``: SQL over the tables of a study, unfinished runs included."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    import duckdb

__all__ = ["query"]

Directory = Annotated[
    str, typer.Argument(metavar="DIR", help="Folder of a study.", show_default=False)
]
Statement = Annotated[
    str,
    typer.Argument(
        metavar="SELECT",
        help="One SELECT of DuckDB's SQL; a run's table is `results`.",
        show_default=False,
    ),
]
AsCsv = Annotated[bool, typer.Option("--csv", help="Print all rows as CSV, as they are found.")]
SHOWN = 40  # rows that are printed as a table


def query(directory: Directory, statement: Statement, csv: AsCsv = False) -> None:
    """Print what a SELECT finds in a study's tables, which are read and not loaded."""
    from sociophysics.study.queries import asking

    with asking(directory, statement) as found:
        if csv:
            _stream(found)
            return
        table = found.limit(SHOWN + 1).df()
        print(table.head(SHOWN).to_string(index=False) if len(table.columns) else "no columns")
        if len(table) > SHOWN:
            print(f"the first {SHOWN} rows; --csv prints all")


def _stream(found: duckdb.DuckDBPyRelation) -> None:
    """Print the rows batch by batch: they may be more than memory holds."""
    import pyarrow as pa

    header = True
    for batch in pa.RecordBatchReader.from_stream(found):
        rows = batch.to_pandas().to_csv(header=header, index=False, lineterminator="\n")
        sys.stdout.write(rows)
        header = False
