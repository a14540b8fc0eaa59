"""``sociophysics query``: SQL over the tables of a study, unfinished runs included."""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Iterator
from pathlib import Path
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
MOST_MEMORY = 6 << 30  # bytes beyond what the command has before it asks
SHOWN = 40  # rows that are printed as a table


def query(directory: Directory, statement: Statement, csv: AsCsv = False) -> None:
    """Print what a SELECT finds in a study's tables, which are read and not loaded."""
    from sociophysics.study.queries import asking

    with _memory_bounded(), asking(directory, statement) as found:
        if csv:
            _stream(found)
            return
        table = found.limit(SHOWN + 1).df()
        print(table.head(SHOWN).to_string(index=False) if len(table.columns) else "no columns")
        if len(table) > SHOWN:
            print(f"the first {SHOWN} rows; --csv prints all")


@contextlib.contextmanager
def _memory_bounded() -> Iterator[None]:
    """End an answer that takes more than DuckDB's own bound and its way into Python together.

    Where the system has no such limit, DuckDB's bound and that of one value remain.
    """
    try:
        import resource

        pages = int(Path("/proc/self/statm").read_text().split()[0])
    except (ImportError, OSError):
        yield
        return
    before = resource.getrlimit(resource.RLIMIT_AS)
    most = pages * resource.getpagesize() + MOST_MEMORY
    lower = [most, *(each for each in before if each != resource.RLIM_INFINITY)]
    resource.setrlimit(resource.RLIMIT_AS, (min(lower), before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_AS, before)


def _stream(found: duckdb.DuckDBPyRelation) -> None:
    """Print the rows batch by batch: they may be more than memory holds."""
    import pyarrow as pa

    from sociophysics.study.queries import next_rows

    header = True
    batches = iter(pa.RecordBatchReader.from_stream(found))
    while (batch := next_rows(batches)) is not None:
        rows = batch.to_pandas().to_csv(header=header, index=False, lineterminator="\n")
        sys.stdout.write(rows)
        header = False
