"""What a table is unpacked to, known before it is: columns, rows and bytes against the memory."""

from __future__ import annotations

import csv
import io
import itertools
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from sociophysics.errors import InputError
from sociophysics.machine import given_path, require_memory

__all__ = [
    "LONGEST_TEXT",
    "MOST_COLUMNS",
    "check_first_row",
    "check_header",
    "check_parquet",
    "check_table",
]

FIRST = 100  # lines in which the first row is looked for
SPARE = 100  # cells more than columns that pandas may say itself
MOST_COLUMNS = 10_000  # a table of more takes minutes to understand
LONGEST_TEXT = 100_000  # bytes of one cell
LONGEST_HEADER = 2**24  # bytes in which the end of the first line is looked for
BYTES_PER_CELL = 64  # of a value as a Python object in an attribute dictionary
BYTES_PER_NUMBER = 8
# A file that unpacks to more than this many bytes must not be this many times smaller itself.
BOMB_BYTES, BOMB_RATIO = 2**28, 200


def check_header(text: str | bytes, name: str, *, most: int = MOST_COLUMNS) -> None:
    r"""Raise if the first line of a text table has more columns than are read.

    Raises
    ------
    InputError
        With the number of columns.

    Examples
    --------
    >>> check_header("source,target\n1,2\n", "e.csv")
    """
    whole = text.decode("latin-1") if isinstance(text, bytes) else text
    start = len(whole) - len(whole.lstrip("\r\n"))
    ends = [end for end in (whole.find("\n", start), whole.find("\r", start)) if end >= 0]
    line = whole[start : min(ends, default=len(whole))]
    columns = 1 + max(map(line.count, (",", "\t", ";")))
    if columns > most:
        raise InputError(
            f"{name} has {columns:,} columns; at most {most:,} are read: keep only the columns "
            "that are needed."
        )


def check_first_row(text: str, separator: str, columns: int, name: str) -> None:
    r"""Refuse a table whose first row has far more cells than there are columns.

    pandas makes a column of each before it says so: an opened quote in a line of many commas
    took minutes.

    Raises
    ------
    InputError

    Examples
    --------
    >>> check_first_row("source,target\n1,2", ",", 2, "e.csv")
    """
    lines = csv.reader(io.StringIO(text, newline=""), delimiter=separator, skipinitialspace=True)
    try:
        rows = [row for row in itertools.islice(lines, FIRST) if row][:2]
    except csv.Error:
        return  # what the csv module cannot read pandas refuses or reads
    cells = len(rows[1]) if len(rows) > 1 else 0
    if cells > columns + SPARE:
        raise InputError(
            f"{name} is malformed (the first row has {cells:,} cells for {columns:,} columns; "
            "perhaps a quote is not closed); correct the file."
        )


def check_parquet(
    metadata: pq.FileMetaData, packed: int, name: str, *, most_cells: float = float("inf")
) -> None:
    """Raise if a Parquet file unpacks to more than memory holds, by what its footer declares.

    Parameters
    ----------
    metadata : pyarrow.parquet.FileMetaData
    packed : int
        Bytes of the file.
    name : str
        Name of the file, for messages.
    most_cells : float
        Most values, rows times columns.

    Raises
    ------
    InputError
        With what it unpacks to.
    """
    rows, columns = metadata.num_rows, metadata.num_columns
    if columns > MOST_COLUMNS:
        raise InputError(
            f"{name} has {columns:,} columns; at most {MOST_COLUMNS:,} are read: keep only the "
            "columns that are needed."
        )
    if rows * columns > most_cells:
        raise InputError(
            f"{name} unpacks to {rows * columns:,} values; at most {most_cells:,.0f} are read "
            "here: use the command line for larger tables."
        )
    unpacked = sum(
        metadata.row_group(group).column(column).total_uncompressed_size
        for group in range(metadata.num_row_groups)
        for column in range(columns)
    )
    # Rows that share a few words, or are all alike, are next to nothing until they are unpacked.
    unpacked = max(unpacked, BYTES_PER_CELL * rows * columns)
    if unpacked > max(BOMB_BYTES, BOMB_RATIO * packed):
        raise InputError(
            f"{name} has {packed / 1e6:,.3g} MB and unpacks to {rows:,} rows and "
            f"{unpacked / 1e9:,.3g} GB, as no table of users or ties does; write it anew, or "
            "stream it with SpinSystem.from_edge_file."
        )
    require_memory(
        2 * unpacked,
        what=f"{name} with {rows:,} rows",
        fix="stream an edge list with SpinSystem.from_edge_file, or give fewer rows",
    )


def check_table(
    path: str | Path,
    *,
    name: str | None = None,
    most_cells: float = float("inf"),
    most_columns: int = MOST_COLUMNS,
) -> None:
    r"""Raise if a table is too large to be read; only its first line or its footer is looked at.

    Parameters
    ----------
    path : path
        ``.csv``, ``.tsv`` or ``.parquet``; others are not looked at.
    name : str, optional
        What messages call the file.
    most_cells : float
        Most values in a Parquet file, which may be packed into few bytes.
    most_columns : int
        Most columns that the first line of a text may name.

    Raises
    ------
    InputError
        Too many columns or values, or more bytes than memory holds; or it is a folder, a pipe or a
        device.

    Examples
    --------
    >>> from tempfile import TemporaryDirectory
    >>> with TemporaryDirectory() as folder:
    ...     file = Path(folder) / "ties.csv"
    ...     _ = file.write_text("source,target\na,b\n")
    ...     check_table(file, most_columns=2)
    """
    path = given_path(path, "the table")
    name = path.name if name is None else name
    if path.exists() and not path.is_file():
        raise InputError(f"{name} is no ordinary file; give the path of one.")
    if path.suffix.lower() in (".csv", ".tsv"):
        with path.open("rb") as file:
            check_header(file.read(LONGEST_HEADER), name, most=most_columns)
    elif path.suffix.lower() == ".parquet":
        try:
            metadata = pq.read_metadata(path)
        except (OSError, ValueError, pa.ArrowException):
            return  # whoever reads it says what is wrong
        check_parquet(metadata, path.stat().st_size, name, most_cells=most_cells)


def shorten(value: Any, most: int = 60) -> str:
    """Return a value as a sentence shows it."""
    text = repr(value)
    return text if len(text) <= most else text[:most] + "..."
