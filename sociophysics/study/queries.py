"""Questions in SQL to the tables of a study, read from its files without loading them."""

from __future__ import annotations

import os
import re
import tempfile
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd

from sociophysics.errors import InputError, shortened
from sociophysics.machine import given_path
from sociophysics.store import MANIFEST, Folder, Place, is_url

if TYPE_CHECKING:
    import duckdb

__all__ = ["asking", "next_rows", "query", "query_frames"]

KEYS, FILE = "keys_of_parts", "filename"

# Nothing is read beyond what is allowed below, nothing is loaded, and no statement changes that.
LOCKED = {
    "autoinstall_known_extensions": "false",
    "autoload_known_extensions": "false",
    "allow_community_extensions": "false",
    "python_enable_replacements": "false",
    # Beyond this a question spills to the disk, outside the folder that somebody works in.
    "memory_limit": "4GB",
    "max_temp_directory_size": "20GB",
}
LARGEST_ANSWER = 2_000_000_000  # bytes of all rows together, where they are not streamed
ROWS_AT_ONCE = 8_192
LONGEST_VALUE = 10_000_000  # bytes of one value of an answer
# Kinds of values that have a size of their own; a list or a record is as long as its text.
SIZES = {"VARCHAR": "strlen({})", "BLOB": "octet_length({})"}
LONG = re.compile(r"VARCHAR|BLOB|BIT|BIGNUM|VARINT|JSON|MAP|STRUCT|UNION|ENUM|VARIANT|\[")


def query(directory: Place, statement: str) -> pd.DataFrame:
    """Return what a SELECT finds in the tables of a study.

    A run, finished or not, has ``results`` and, once finished, ``events`` and ``comparison``; any
    other study has its tables by the names of their files. Of a run that is not finished the
    finished parts are read. Files are scanned, not loaded.

    Parameters
    ----------
    directory : path
        Folder of a study.
    statement : str
        One SELECT of DuckDB's SQL. Swept keys have their dotted names, in double quotes.

    Returns
    -------
    DataFrame

    Raises
    ------
    InputError
        There is no study, the statement is not one SELECT or not valid, it asks for other files,
        its answer has more than 2 GB, or DuckDB (the extra ``sql``) is missing.

    Examples
    --------
    >>> query("no/such/folder", "select 1")
    Traceback (most recent call last):
        ...
    sociophysics.errors.InputError: no/such/folder holds no study; give the folder of a command.
    """
    with asking(directory, statement) as found:
        return _whole(found)


def query_frames(frames: Mapping[str, pd.DataFrame], statement: str) -> pd.DataFrame:
    """Return what a SELECT finds in tables in memory, each under its name.

    Raises
    ------
    InputError
        As in ``query``.
    """
    import pyarrow as pa

    connection = _connected(None)
    with _told(statement, frames):
        for name, frame in frames.items():
            connection.register(name, pa.Table.from_pandas(frame, preserve_index=False))
        _lock(connection)
        return _whole(_selected(connection, statement))


def _whole(found: duckdb.DuckDBPyRelation) -> pd.DataFrame:
    """Return all rows of an answer, which are counted as they come."""
    import duckdb
    import pyarrow as pa

    # Named so from version 1.4 on.
    read = getattr(found, "to_arrow_reader", None) or found.fetch_arrow_reader
    reader = read(ROWS_AT_ONCE)
    batches, size = [], 0
    while (batch := next_rows(reader)) is not None:
        batches.append(batch)
        size += batch.nbytes
        if size > LARGEST_ANSWER:
            raise InputError(
                f"the answer has more than {LARGEST_ANSWER / 1e9:g} GB; ask for averages or fewer "
                "rows, or write all of them to a file with `sociophysics query DIR SQL --csv`."
            )
    table = pa.Table.from_batches(batches, reader.schema)
    own = duckdb.connect(":memory:")  # named: of versions before 1.5 an answer does not keep it
    frame: pd.DataFrame = own.from_arrow(table).df()
    # Arrow does not know the order of the values of an enumeration.
    named = {
        name: pd.CategoricalDtype(dict(kind.children)["values"], ordered=True)
        for name, kind in zip(found.columns, found.types, strict=True)
        if kind.id == "enum"
    }
    return frame.astype(named) if named else frame


def next_rows(batches: Iterator[Any]) -> Any:
    """Return the next rows of an answer, None after the last.

    Raises
    ------
    InputError
        What DuckDB ended with, which comes as Arrow's error.
    """
    import pyarrow as pa

    try:
        return next(batches, None)
    except (OSError, pa.ArrowException) as error:
        why = shortened(" ".join(str(error).partition("\n\n")[0].split()))
        raise InputError(f"the answer ended on the way ({why}); ask for less.") from None


@contextmanager
def asking(directory: Place, statement: str) -> Iterator[duckdb.DuckDBPyRelation]:
    """Give the answer to a SELECT row by row, for tables that do not fit into memory.

    Raises
    ------
    InputError
        As in ``query``.
    """
    import pyarrow as pa

    if is_url(str(directory)):
        raise InputError(f"{directory} is an address; SQL reads a folder: copy the study first.")
    store = Folder(given_path(directory, "the folder"))
    if MANIFEST not in store.names():
        raise InputError(f"{store.place} holds no study; give the folder of a command.")
    parts = _finished_parts(store)
    tables = _tables(store, but=("ledger",) if parts is None else ("ledger", "results"))
    connection = _connected(store.path)
    with _told(statement, (*tables, "results")):
        for name, source in tables.items():
            connection.execute(f"create view {_quoted(name)} as {source}")
        if parts is not None:
            connection.register(KEYS, pa.Table.from_pandas(parts, preserve_index=False))
            connection.execute(f"create view results as {_joined(parts)}")
        _lock(connection)
        yield _selected(connection, statement)


def _tables(store: Folder, but: tuple[str, ...]) -> dict[str, str]:
    """Return the SELECT that reads each table that is one file."""
    found = {}
    for name in sorted(store.names()):
        stem, _, ending = name.rpartition(".")
        if (
            ending in ("parquet", "csv")
            and stem not in ("", *but)
            and (store.path / name).is_file()
        ):
            path = (store.path / name).absolute()
            found[stem] = f"select * from read_{ending}({_text(path)})"
    return found


def _finished_parts(store: Folder) -> pd.DataFrame | None:
    """Return keys and file of each finished part of a run whose table is not whole, else None."""
    from sociophysics.store import format_of, read_json
    from sociophysics.study.blocks import plan
    from sociophysics.study.partial import scenario_in
    from sociophysics.study.run_manifest import read_manifest
    from sociophysics.study.session import finished

    if read_json(store).get("format") != format_of("run"):
        return None
    scenario, there = scenario_in(store.path), finished(store)
    parts = plan(scenario, manifest=read_manifest(store) or {})
    done = [part for part in parts if part.name in there]
    if len(done) == len(parts) and "results.parquet" in store.names():
        return None
    if not done:
        raise InputError(f"{store.place} has no finished part yet; ask again later.")
    folder = store.path.absolute() / "parts"
    rows = [
        {"design": part.design, **part.point, FILE: str(folder / f"{part.name}.parquet")}
        for part in done
    ]
    return pd.DataFrame(rows, columns=["design", *scenario.sweep.axes, FILE])


def _joined(parts: pd.DataFrame) -> str:
    """Return the SELECT that gives the rows of finished parts the keys of their part."""
    keys = ", ".join(f"keys.{_quoted(key)}" for key in parts.columns if key != FILE)
    files = ", ".join(map(_text, parts[FILE]))
    return (
        f"select {keys}, part.* exclude ({FILE}) from "
        f"read_parquet([{files}], filename = true) part "
        f"join {KEYS} keys using ({FILE})"
    )


def _connected(folder: Path | None) -> duckdb.DuckDBPyConnection:
    try:
        import duckdb
    except ImportError:
        raise InputError(
            "SQL needs DuckDB, which is not installed; run: pip install 'sociophysics[sql]'."
        ) from None
    connection = duckdb.connect(":memory:", config=dict(LOCKED))
    connection.execute("set enable_progress_bar = false")
    spilled = Path(tempfile.gettempdir()) / f"sociophysics-query-{os.getpid()}"
    connection.execute(f"set temp_directory = {_text(spilled)}")
    if folder is not None:
        connection.execute(f"set allowed_directories = [{_text(folder.absolute())}]")
    return connection


def _lock(connection: duckdb.DuckDBPyConnection) -> None:
    connection.execute("set enable_external_access = false")
    connection.execute("set lock_configuration = true")


def _selected(connection: duckdb.DuckDBPyConnection, statement: str) -> duckdb.DuckDBPyRelation:
    import duckdb

    try:
        statement.encode()
    except UnicodeEncodeError:
        raise InputError(
            f"the statement {shortened(ascii(statement))} holds half of a character (a surrogate); "
            "write the whole character."
        ) from None
    found = connection.extract_statements(statement)
    if len(found) != 1 or found[0].type != duckdb.StatementType.SELECT:
        raise InputError(
            f"the statement {shortened(statement)!r} is not one SELECT; studies are only read: "
            "give one SELECT."
        )
    return _bounded(connection.sql(statement))


def _bounded(found: duckdb.DuckDBPyRelation) -> duckdb.DuckDBPyRelation:
    """Return the answer; a value that is too long ends it before Python makes one of it."""
    columns = []
    for place, (name, kind) in enumerate(zip(found.columns, map(str, found.types), strict=True), 1):
        value = f"#{place}"
        if LONG.search(kind):
            size = SIZES.get(kind, "strlen({}::varchar)").format(value)
            why = f"a value of {shortened(name)} has more than {LONGEST_VALUE:,} bytes"
            value = f"case when {size} > {LONGEST_VALUE} then error({_text(why)}) else {value} end"
        columns.append(f"{value} as {_quoted(name)}")
    return found.project(", ".join(columns)) if any("case" in each for each in columns) else found


@contextmanager
def _told(statement: str, tables: Iterable[str]) -> Iterator[None]:
    """Make one sentence of what DuckDB refuses."""
    import duckdb

    try:
        yield
    except duckdb.PermissionException:
        raise InputError(
            "the statement asks for a file outside the study, an extension or a setting; only the "
            "study's own tables can be read."
        ) from None
    except duckdb.Error as error:
        first = re.sub(r"\s+", " ", str(error).partition("\n\n")[0].partition("\nLINE")[0])
        raise InputError(
            f"the statement {shortened(statement)!r} cannot be answered: {shortened(first)}; "
            f"tables: {', '.join(sorted(set(tables)))}."
        ) from None


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def _text(value: Any) -> str:
    return "'" + str(value).replace("'", "''") + "'"
