"""Edge lists and node tables: CSV, TSV and Parquet into users and ties."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from pyarrow import ArrowException

from sociophysics.errors import InputError
from sociophysics.society.networks.contents import malformed
from sociophysics.society.networks.parquet_tables import NO_NAME, blank_texts, read_parquet
from sociophysics.society.networks.simple import Tie, User, require_graph_memory
from sociophysics.society.networks.table_bounds import shorten
from sociophysics.society.networks.text_tables import column_names, first_blank, read_text
from sociophysics.society.user_labels import integers_if_all

__all__ = ["TABLES", "Ends", "edge_list"]

TABLES = (".csv", ".tsv", ".parquet")
ENDS = (("source", "target"), ("src", "dst"), ("from", "to"))

File = tuple[str, bytes]


class Ends(NamedTuple):
    """Columns that hold the two users of a tie; None: source and target, or the like."""

    source: str | None = None
    target: str | None = None


ANY_ENDS = Ends()


def edge_list(
    edges: File, nodes: File | None, *, coupling: str | None, ends: Ends = ANY_ENDS
) -> tuple[Iterable[User], list[Tie], list[str]]:
    r"""Return the users (label, attributes), the ties (source, target, attributes), and notes.

    Parameters
    ----------
    edges, nodes : (file name, content)
        The suffix of the name says how to read the content.
    coupling : str or None
        Column of ``edges`` that must be there and numeric.
    ends : Ends
        Columns of the two users of a tie.

    Raises
    ------
    InputError
        As ``networks.read``.

    Examples
    --------
    >>> users, ties, notes = edge_list(("e.csv", b"source,target\n1,2\n"), None, coupling=None)
    >>> list(users), ties, notes
    ([(1, {}), (2, {})], [(1, 2, {})], [])
    """
    frame, (source, target), notes = _read(edges, _wanted(ends), ends)
    require_graph_memory(0, len(frame), fix="stream them with SpinSystem.from_edge_file")
    if coupling is not None or "coupling" in frame.columns:
        _check_coupling(frame, coupling or "coupling", edges[0])
    if nodes is None:
        names = pd.concat([frame[source], frame[target]]).to_numpy().reshape(2, -1).T.ravel()
        labels = integers_if_all(list(dict.fromkeys(names.tolist())))
        users: Iterable[User] = ((label, {}) for label in labels.values())
    else:
        table, (key,), more = _read(nodes, (("id",),), None)
        notes += more
        labels = _node_labels(table[key], nodes[0])
        for end in (source, target):
            _check_known(frame[end], labels, edges[0], nodes[0])
        users = zip(labels.values(), _records(table.drop(columns=key)), strict=True)
        frame[source], frame[target] = frame[source].map(str), frame[target].map(str)
    ties = [
        (labels[u], labels[v], data)
        for u, v, data in zip(
            frame[source].tolist(),
            frame[target].tolist(),
            _records(frame.drop(columns=[source, target])),
            strict=True,
        )
    ]
    return users, ties, notes


def _wanted(ends: Ends) -> tuple[tuple[str, ...], ...]:
    if ends == ANY_ENDS:
        return ENDS
    return ((ends.source or "source", ends.target or "target"),)


def _read(
    file: File, keys: tuple[tuple[str, ...], ...], ends: Ends | None
) -> tuple[pd.DataFrame, tuple[str, ...], list[str]]:
    """Return the table, the names, as written, of its key columns, and what was left out."""
    name, content = file
    exact = ends is not None and ends != ANY_ENDS
    try:
        if name.lower().endswith(".parquet"):
            frame, found, notes = _from_parquet(content, keys, name, exact)
        else:
            text = content.decode("utf-8-sig")
            separator = "\t" if name.lower().endswith(".tsv") else ","
            _refuse_nul(text, name)
            columns = column_names(text, separator, name)
            found = _key_columns(columns, keys, name, exact)
            frame, notes = read_text(text, separator, columns, found, name)
    except UnicodeDecodeError as error:
        raise InputError(
            f"{name} is not UTF-8 text (byte {error.start} cannot be decoded); save it as UTF-8."
        ) from None
    except pd.errors.EmptyDataError:
        raise InputError(
            f"{name} is empty; the first line must name the columns {' and '.join(keys[0])}."
        ) from None
    except (pd.errors.ParserError, pd.errors.ParserWarning, ArrowException, OSError) as error:
        raise InputError(f"{name} is malformed ({_line(error)}); correct the file.") from None
    for key in found:
        row = first_blank(frame[key])
        if row is not None:
            raise InputError(f"{name}: row {row + 1} has no {key}; give one or remove the row.")
    return frame, found, notes


def _from_parquet(
    content: bytes, keys: tuple[tuple[str, ...], ...], name: str, exact: bool
) -> tuple[pd.DataFrame, tuple[str, ...], list[str]]:
    frame, index = _unpacked(content, name)
    notes = []
    if keys == (("id",),) and len(index) == 1 and "id" not in map(str.lower, frame.columns):
        frame = frame.rename(columns={index[0]: "id"})  # users named by the index of the table
    elif NO_NAME in index:
        frame = frame.drop(columns=NO_NAME)
        notes.append(f"the index of {name} has no name and is left out as row names")
    found = _key_columns(list(frame.columns), keys, name, exact)
    for column in frame.columns:
        if column in found:
            frame[column] = _names(frame[column], column, name)
        elif frame[column].dtype == object:
            frame[column] = blank_texts(frame[column])
    empty = [column for column in frame.columns if column not in found and not len(frame[column])]
    return frame.drop(columns=empty), found, notes


def _unpacked(content: bytes, name: str) -> tuple[pd.DataFrame, list[str]]:
    """Return what ``read_parquet`` does; whatever a damaged file makes it raise is a sentence."""
    try:
        return read_parquet(content, name)
    except InputError:
        raise
    except (ValueError, LookupError, TypeError, AttributeError, ArithmeticError) as error:
        raise malformed(name, f"{type(error).__name__}: {_line(error)}") from None
    except MemoryError:
        raise malformed(name, "it asks for more memory than there is") from None


def _names(values: pd.Series, column: str, name: str) -> pd.Series:
    """Return users' names as texts or integers; whole numbers with a point are integers."""
    if pd.api.types.is_float_dtype(values) and (values.dropna() % 1 == 0).all():
        values = values.astype("Int64")
    plain = values.dropna()
    if plain.map(type).isin((str, int, np.int64, np.uint64)).all():
        return values.astype(object)
    raise InputError(
        f"{name}: the column {column!r} holds {values.dtype} values; users are called by texts or "
        "whole numbers: store them so."
    )


def _refuse_nul(text: str, name: str) -> None:
    # The parser would end a cell there without a word.
    place = text.find("\0")
    if place >= 0:
        line = text.count("\n", 0, place) + 1
        raise InputError(
            f"{name}: line {line} holds a NUL byte, which no text has; save the file as UTF-8 text."
        )


def _line(error: Exception) -> str:
    return " ".join(str(error).split()).rstrip(".")[:200] or type(error).__name__


def _key_columns(
    columns: list[str], keys: tuple[tuple[str, ...], ...], name: str, exact: bool
) -> tuple[str, ...]:
    """Return the names, as written, of the first complete set of key columns."""
    written = {column.lower(): column for column in reversed(columns) if column}
    if exact:
        written = {column: column for column in columns if column}
    for wanted in keys:
        if all(key in written for key in wanted):
            return tuple(written[key] for key in wanted)
    allowed = ", or ".join(" and ".join(wanted) for wanted in keys)
    missing = " and ".join(key for key in keys[0] if key not in written)
    if len(columns) == 1 and (mark := _separator(columns[0])):
        raise InputError(
            f"{name} has {mark} between its columns; separate them by "
            f"{'tabs' if name.lower().endswith('.tsv') else 'commas'}."
        )
    listed = ", ".join(map(shorten, columns[:20])) + (", ..." if len(columns) > 20 else "")
    fix = "name columns that are there" if exact else f"name {allowed} in the first line"
    if not exact and keys[0] == ("source", "target"):
        fix += ', or say which they are: source = "..." and target = "..." ([network], Python), or '
        fix += "--source and --target"
    raise InputError(f"{name} has no column {missing} but the columns {listed}; {fix}.")


def _separator(header: str) -> str:
    """Return what seems to separate the columns of a file that has only one."""
    marks = {";": "semicolons", "\t": "tabs", ",": "commas", "|": "bars"}
    return next((word for mark, word in marks.items() if mark in header), "")


def _check_coupling(frame: pd.DataFrame, coupling: str, name: str) -> None:
    if coupling not in frame.columns:
        raise InputError(
            f"{name} has no coupling column {coupling!r}; its columns are "
            f"{', '.join(map(str, frame.columns))}: name one of them or leave coupling out."
        )
    values = frame[coupling]
    number = pd.api.types.is_numeric_dtype(values) and not pd.api.types.is_bool_dtype(values)
    good = np.isfinite(
        (values if number else pd.to_numeric(values, errors="coerce"))
        .astype("Float64")
        .to_numpy(float, na_value=np.nan)
    )
    if not number and good.all() and len(values):
        good[0] = False  # texts that look like numbers, in a typed file
    if not good.all():
        row = int(np.argmin(good))
        value = values.iloc[row : row + 1].tolist()[0]
        got = "is missing" if pd.isna(value) else f"is {shorten(value)}"
        raise InputError(
            f"{name}: the {coupling} in row {row + 1} {got}; every tie needs a finite number "
            "there: correct it, or name another coupling."
        )


def _node_labels(ids: pd.Series, name: str) -> dict[str, Any]:
    twice = ids.duplicated().to_numpy(bool)
    if twice.any():
        user = shorten(ids.iloc[int(np.argmax(twice))])
        raise InputError(f"{name} lists the user {user} twice; each user has one row.")
    return {str(key): label for key, label in integers_if_all(ids.tolist()).items()}


def _check_known(ends: pd.Series, labels: dict[str, Any], name: str, table: str) -> None:
    known = ends.map(str).isin(labels.keys()).to_numpy(bool)
    if not known.all():
        row = int(np.argmin(known))
        raise InputError(
            f"{name}: row {row + 1} names the user {shorten(ends.iloc[row])}, who is not in "
            f"{table}; add the user there or remove the tie."
        )


def _records(frame: pd.DataFrame) -> Iterator[dict[str, Any]]:
    if not len(frame.columns):
        return ({} for _ in range(len(frame)))
    names = [str(column) for column in frame.columns]
    there = frame.notna().to_numpy()
    values = zip(*(frame[column].tolist() for column in frame.columns), strict=True)
    return (
        {name: value for name, value, is_there in zip(names, row, mask, strict=True) if is_there}
        for row, mask in zip(values, there.tolist(), strict=True)
    )
