"""Edge lists and node tables: CSV, TSV and Parquet into users and ties."""

from __future__ import annotations

import io
import re
import warnings
from collections.abc import Iterable, Iterator
from typing import Any

import numpy as np
import pandas as pd
from pyarrow import ArrowException

from sociophysics.errors import InputError
from sociophysics.networks.simple import Tie, User, require_graph_memory

__all__ = ["TABLES", "edge_list"]

TABLES = (".csv", ".tsv", ".parquet")
ENDS = (("source", "target"), ("src", "dst"), ("from", "to"))
MISSING = ["", "NA", "NaN", "nan", "null"]
# Longer digit strings are identifiers rather than numbers, and "007" is not the user 7.
INTEGER = re.compile(r"0|-?[1-9][0-9]{0,17}")

File = tuple[str, bytes]


def edge_list(
    edges: File, nodes: File | None, *, coupling: str | None
) -> tuple[Iterable[User], list[Tie]]:
    r"""Return the users (label, attributes) and the ties (source, target, attributes).

    Parameters
    ----------
    edges, nodes : (file name, content)
        The suffix of the name says how to read the content.
    coupling : str or None
        Column of ``edges`` that must be there and numeric.

    Raises
    ------
    InputError
        As ``networks.read``.

    Examples
    --------
    >>> users, ties = edge_list(("e.csv", b"source,target\n1,2\n"), None, coupling=None)
    >>> list(users), ties
    ([(1, {}), (2, {})], [(1, 2, {})])
    """
    frame, (source, target) = _read(edges, ENDS)
    require_graph_memory(0, len(frame), fix="stream them with SpinSystem.from_edge_file")
    if coupling is not None or "coupling" in frame.columns:
        _check_coupling(frame, coupling or "coupling", edges[0])
    if nodes is None:
        ends = pd.concat([frame[source], frame[target]]).to_numpy().reshape(2, -1).T.ravel()
        labels = _labels(list(dict.fromkeys(ends.tolist())))
        users: Iterable[User] = ((label, {}) for label in labels.values())
    else:
        table, (key,) = _read(nodes, (("id",),))
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
    return users, ties


def _read(file: File, keys: tuple[tuple[str, ...], ...]) -> tuple[pd.DataFrame, tuple[str, ...]]:
    """Return the table and the names, as written, of the first complete set of key columns."""
    name, content = file
    suffix = "." + name.lower().rpartition(".")[2]
    try:
        if suffix == ".parquet":
            frame = pd.read_parquet(io.BytesIO(content), dtype_backend="numpy_nullable")
            found = _key_columns(frame.columns, keys, name)
        else:
            text, separator = content.decode("utf-8-sig"), "," if suffix == ".csv" else "\t"
            _refuse_nul(text, name)
            columns = _parse(text, separator, nrows=0).columns
            found = _key_columns(columns, keys, name)
            others = [column for column in columns if column not in found]
            frame = _parse(
                text,
                separator,
                dtype=dict.fromkeys(found, object),
                na_values=dict.fromkeys(others, MISSING),
            )
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
        blank = (frame[key].isna() | (frame[key] == "")).to_numpy(bool)
        if blank.any():
            raise InputError(
                f"{name}: row {int(np.argmax(blank)) + 1} has no {key}; give one or remove the row."
            )
    return frame, found


def _refuse_nul(text: str, name: str) -> None:
    # The parser would end a cell there without a word.
    place = text.find("\0")
    if place >= 0:
        line = text.count("\n", 0, place) + 1
        raise InputError(
            f"{name}: line {line} holds a NUL byte, which no text has; save the file as UTF-8 text."
        )


def _parse(text: str, separator: str, **options: Any) -> pd.DataFrame:
    with warnings.catch_warnings():
        warnings.simplefilter("error", pd.errors.ParserWarning)
        frame: pd.DataFrame = pd.read_csv(
            io.StringIO(text),
            sep=separator,
            index_col=False,
            skipinitialspace=True,
            keep_default_na=False,
            low_memory=False,
            dtype_backend="numpy_nullable",
            **options,
        )
    return frame


def _line(error: Exception) -> str:
    return " ".join(str(error).split()).rstrip(".") or type(error).__name__


def _key_columns(
    columns: pd.Index, keys: tuple[tuple[str, ...], ...], name: str
) -> tuple[str, ...]:
    written = {str(column).strip().lower(): column for column in reversed(columns)}
    for wanted in keys:
        if all(key in written for key in wanted):
            return tuple(written[key] for key in wanted)
    allowed = ", or ".join(" and ".join(wanted) for wanted in keys)
    missing = " and ".join(key for key in keys[0] if key not in written)
    if len(columns) == 1 and (mark := _separator(str(columns[0]))):
        raise InputError(
            f"{name} has {mark} between its columns; separate them by "
            f"{'tabs' if name.lower().endswith('.tsv') else 'commas'}."
        )
    raise InputError(
        f"{name} has no column {missing} but the columns {', '.join(map(repr, columns))}; name "
        f"{allowed} in the first line."
    )


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
        got = "is missing" if pd.isna(value) else f"is {value!r}"
        raise InputError(
            f"{name}: the {coupling} in row {row + 1} {got}; every tie needs a finite number "
            "there: correct it, or name another coupling."
        )


def _labels(names: list[Any]) -> dict[Any, Any]:
    """Return the label of each name in the file: an int if all are texts of integers."""
    if all(isinstance(name, str) and INTEGER.fullmatch(name) for name in names):
        return {name: int(name) for name in names}
    return {name: name for name in names}


def _node_labels(ids: pd.Series, name: str) -> dict[str, Any]:
    twice = ids.duplicated().to_numpy(bool)
    if twice.any():
        raise InputError(
            f"{name} lists the user {ids.iloc[int(np.argmax(twice))]!r} twice; each user has one "
            "row."
        )
    return {str(key): label for key, label in _labels(ids.tolist()).items()}


def _check_known(ends: pd.Series, labels: dict[str, Any], name: str, table: str) -> None:
    known = ends.map(str).isin(labels.keys()).to_numpy(bool)
    if not known.all():
        row = int(np.argmin(known))
        raise InputError(
            f"{name}: row {row + 1} names the user {ends.iloc[row]!r}, who is not in {table}; add "
            "the user there or remove the tie."
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
