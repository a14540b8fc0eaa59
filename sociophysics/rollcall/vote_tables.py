"""Tables as people keep them, as text: CSV of any separator, gzip, Excel, JSON records.

One sentence for whatever is wrong with a file, and a note for whatever had to be guessed.
"""

from __future__ import annotations

import csv
import gzip
import importlib.util
import io
import json
import warnings
import zipfile
import zlib
from collections.abc import Iterable
from os import PathLike
from typing import NamedTuple

import pandas as pd

from sociophysics.errors import InputError
from sociophysics.machine import given_path

__all__ = [
    "FilePath",
    "VoteTable",
    "header",
    "open_table",
    "read_table",
    "read_text",
    "require_columns",
]

FilePath = str | PathLike[str]
SEPARATORS = {",": "commas", ";": "semicolons", "\t": "tabs", "|": "bars"}
EXCEL = (".xlsx", ".xlsm")
SPARE = 100  # cells of a row beyond the columns that pandas may say itself
MOST_COLUMNS = 50_000  # no chamber has held so many roll calls
MOST_BYTES = 2_000_000_000  # of the text of one file, unpacked
PIECE = 2**20
UNNAMED = ""
OF_R = " (of an R object, what write.csv writes of its votes)"


class VoteTable(NamedTuple):
    """A table of text, blank cells "", and what had to be guessed to read it."""

    frame: pd.DataFrame
    notes: tuple[str, ...]


def open_table(path: FilePath) -> VoteTable:
    """Return a table of text from CSV of any separator, a gzip of it, Excel or JSON records.

    Names and cells are stripped of blanks at both ends. A column without a name keeps the name "".

    Raises
    ------
    InputError
        The file is not there, is no table of text, names a column twice, or has no rows.
    """
    name = given_path(path, "the file of votes").name.lower()
    if name.endswith(EXCEL):
        return _finished(path, *_excel(path))
    if name.endswith((".json", ".json.gz")):
        return _finished(path, _records(path), [])
    notes: list[str] = []
    text = _decoded(path, _content(path), notes)
    separator = _separator(text)
    if separator != ",":
        notes.append(f"columns are separated by {SEPARATORS.get(separator, 'blanks')}")
    return _finished(path, _parsed(path, text, separator), notes)


def header(path: FilePath) -> list[str]:
    """Return the column names of a table.

    Raises
    ------
    InputError
        The file is not there, is empty, is not text, or names a column twice.
    """
    name = given_path(path, "the file of votes").name.lower()
    if name.endswith((*EXCEL, ".json", ".json.gz")):
        return [str(column) for column in open_table(path).frame.columns]
    text = _decoded(path, _content(path, most=MOST_COLUMNS * 200), [])
    return _names(path, text, _separator(text))


def read_table(path: FilePath, columns: Iterable[str] | None = None) -> pd.DataFrame:
    """Return a table of text (blank cells are ""), or only some of its columns.

    Raises
    ------
    InputError
        As `open_table`.
    """
    frame = open_table(path).frame
    if columns is None:
        return frame
    wanted = set(columns)
    return frame[[name for name in frame.columns if name in wanted]].copy()


def read_text(path: FilePath) -> str:
    """Return the text of a file in UTF-8, or in Latin-1 as legacy files are."""
    content = _content(path)
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError:
        return content.decode("latin-1")


def require_columns(path: FilePath, names: Iterable[str], needed: Iterable[str]) -> None:
    """Raise if the file lacks one of the needed columns."""
    there = list(names)
    missing = [name for name in needed if name not in there]
    if missing:
        listed = ", ".join(name[:40] for name in there[:12]) + (", ..." if len(there) > 12 else "")
        raise InputError(
            f"{path} has no column {', '.join(missing)} (it has {listed}); give the file with all "
            f"of {', '.join(needed)}."
        )


def _content(path: FilePath, most: int = 0) -> bytes:
    """Return the bytes of a file, unpacked; only the first ``most`` if that is not 0."""
    place = given_path(path, "the file of votes")
    try:
        if place.exists() and not place.is_file():
            raise InputError(f"{path} is not a file; give the path of a table of votes.")
        with place.open("rb") as file:
            if file.read(2) == b"\x1f\x8b":
                file.seek(0)
                return _unpacked(path, gzip.GzipFile(fileobj=file), most)
            file.seek(0)
            return _unpacked(path, file, most)
    except (OSError, EOFError, zlib.error) as error:
        raise _unreadable(path, error) from None


def _unpacked(path: FilePath, file: io.BufferedIOBase | gzip.GzipFile, most: int) -> bytes:
    pieces, size = [], 0
    while (not most or size < most) and (piece := file.read(PIECE)):
        pieces.append(piece)
        size += len(piece)
        if size > MOST_BYTES:
            raise InputError(
                f"{path} holds more than {MOST_BYTES / 1e9:g} GB of text; split it by session."
            )
    return b"".join(pieces)


def _decoded(path: FilePath, content: bytes, notes: list[str]) -> str:
    if content[:2] in (b"\xff\xfe", b"\xfe\xff"):
        try:
            return content.decode("utf-16")
        except UnicodeDecodeError as error:
            raise _unreadable(path, error) from None
    if b"\0" in content:
        raise InputError(f"{path} is not text; give a CSV, Excel or JSON file{OF_R}.")
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        # A piece of a file may end within a letter.
        if error.start >= len(content) - 4 and error.start > 0:
            return content[: error.start].decode("utf-8-sig")
    if sum(byte < 32 and byte not in (9, 10, 12, 13) for byte in content[:100_000]):
        raise InputError(f"{path} is not text; give a CSV, Excel or JSON file{OF_R}.")
    notes.append("the file is not UTF-8 and was read as Latin-1 (cp1252): check its accents")
    return content.decode("cp1252", errors="replace")


def _separator(text: str) -> str:
    r"""Return the separator that gives the first line the most columns.

    Examples
    --------
    >>> _separator('id;name\n1;"A, B"')
    ';'
    """
    line = text.lstrip("\r\n").split("\n", 1)[0]

    def columns(separator: str) -> int:
        try:
            return len(next(csv.reader([line], delimiter=separator), []))
        except csv.Error:
            return 0

    found = max(SEPARATORS, key=columns)
    quoted = line.startswith('"') and '" "' in line  # R's write.table, left to itself
    return " " if columns(found) == 1 and quoted else found


def _names(path: FilePath, text: str, separator: str) -> list[str]:
    first = text.lstrip("\r\n").split("\n", 1)[0]
    if first.count(separator) >= MOST_COLUMNS:
        raise InputError(
            f"{path} has {first.count(separator) + 1:,} columns; at most {MOST_COLUMNS:,} are "
            "read: split it by session, or give one row per vote."
        )
    try:
        lines = csv.reader(io.StringIO(text.lstrip("\r\n"), newline=""), delimiter=separator)
        names = [name.strip() for name in next(lines, [])]
        second = next(lines, [])
    except csv.Error as error:
        raise _unreadable(path, error) from None
    if not any(names):
        raise InputError(f"{path} is empty; give a table with a line of column names.")
    if len(second) > len(names) + SPARE:
        # pandas would make a column of each cell before it says so.
        raise InputError(
            f"{path} is malformed (the first row has {len(second):,} cells for {len(names):,} "
            "columns; perhaps a quote is not closed); correct the file."
        )
    if len(second) == len(names) + 1 and not {"id", "name"} & {name.lower() for name in names}:
        names = [UNNAMED, *names]  # R's write.table leaves out the name of the row names
    return _unique(path, names)


def _unique(path: FilePath, names: list[str]) -> list[str]:
    seen: set[str] = set()
    for name in names:
        if name in seen:
            label = f"two columns {name[:80]!r}" if name else "two columns without a name"
            raise InputError(f"{path} has {label}; column names must be unique.")
        seen.add(name)
    return names


def _parsed(path: FilePath, text: str, separator: str) -> pd.DataFrame:
    names = _names(path, text, separator)
    try:
        with warnings.catch_warnings():
            # a row with too many cells only warns, and loses them
            warnings.simplefilter("error", pd.errors.ParserWarning)
            return pd.read_csv(
                io.StringIO(text.lstrip("\r\n")),
                sep=separator,
                names=names,
                skiprows=1,
                dtype=object,
                keep_default_na=False,
                index_col=False,
                on_bad_lines="error",
            )
    except pd.errors.EmptyDataError:
        return pd.DataFrame(columns=names)
    except (pd.errors.ParserError, pd.errors.ParserWarning, ValueError) as error:
        raise _unreadable(path, error) from None


def _excel(path: FilePath) -> tuple[pd.DataFrame, list[str]]:
    if importlib.util.find_spec("openpyxl") is None:
        raise InputError(
            f"{path} is an Excel file, which needs openpyxl; install it with pip install "
            "'sociophysics[excel]', or save the sheet as CSV."
        )
    import openpyxl

    try:
        with zipfile.ZipFile(path) as archive:
            size = sum(part.file_size for part in archive.infolist())
        if size > MOST_BYTES // 4:
            raise InputError(
                f"{path} unpacks to {size / 1e6:,.0f} MB; save the sheet as CSV and give that."
            )
        book = openpyxl.load_workbook(path, read_only=True, data_only=True)
        sheet, others = book.worksheets[0], [each.title for each in book.worksheets[1:]]
        if (sheet.max_column or 0) > MOST_COLUMNS:
            raise InputError(f"{path} has {sheet.max_column:,} columns; at most {MOST_COLUMNS:,}.")
        rows = [[_cell(value) for value in row] for row in sheet.iter_rows(values_only=True)]
        book.close()
    except InputError:
        raise
    except Exception as error:  # each layer of a damaged archive has exceptions of its own
        raise _unreadable(path, error) from None
    rows = [row for row in rows if any(row)]
    if not rows:
        raise InputError(f"{path} is empty; give a table with a line of column names.")
    width = max(k + 1 for k, name in enumerate(rows[0]) if name)
    body = [row[:width] for row in rows[1:]]
    if any(any(row[width:]) for row in rows[1:]):
        raise InputError(f"{path} has cells beyond its last named column; name or remove them.")
    notes = [f"the sheet {sheet.title} was read"]
    if others:
        notes[0] += f", not {', '.join(others[:5])}"
    return pd.DataFrame(body, columns=_unique(path, [name.strip() for name in rows[0][:width]])), (
        notes if others else []
    )


def _cell(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(value)


def _records(path: FilePath) -> pd.DataFrame:
    text = _decoded(path, _content(path), [])
    try:
        rows = json.loads(text)
        if "\\ud" in text.lower():
            json.dumps(rows, ensure_ascii=False).encode()
    except UnicodeEncodeError:
        raise InputError(
            f"{path} holds half of a character (a lone surrogate), which is no text; correct it."
        ) from None
    except (ValueError, RecursionError) as error:  # ints of 5,000 digits are no JSON error
        raise _unreadable(path, error) from None
    if isinstance(rows, dict):
        rows = next((value for value in rows.values() if isinstance(value, list)), None)
    if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
        raise InputError(f"{path} holds no list of records; give JSON such as [{{...}}, {{...}}].")
    flat = [
        {
            str(k): _cell(v) if not isinstance(v, bool) else str(v)
            for k, v in row.items()
            if not isinstance(v, dict | list)
        }
        for row in rows
    ]
    return pd.DataFrame(flat, dtype=object)


def _finished(path: FilePath, frame: pd.DataFrame, notes: list[str]) -> VoteTable:
    if frame.empty:
        raise InputError(f"{path} has column names and no rows; give a complete file.")
    frame = frame.fillna("").astype(str)
    frame = frame.apply(lambda column: column.str.strip())
    blank = (frame == "").all(axis=1)
    if blank.all():
        raise InputError(f"{path} has column names and no rows; give a complete file.")
    return VoteTable(frame[~blank].reset_index(drop=True), tuple(notes))


def _unreadable(path: FilePath, error: Exception) -> InputError:
    if isinstance(error, FileNotFoundError):
        return InputError(f"there is no file {path}; give the path of an existing file.")
    if isinstance(error, UnicodeDecodeError):
        return InputError(f"{path} is not text in UTF-8 or Latin-1; save it as CSV in UTF-8.")
    reason = getattr(error, "strerror", None) or " ".join(str(error).split())[:200]
    return InputError(f"{path} cannot be read as a table ({reason}); check the file.")
