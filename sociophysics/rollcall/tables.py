"""CSV files as tables of text, with one sentence for whatever is wrong with the file."""

from __future__ import annotations

import csv
import warnings
from collections.abc import Iterable
from os import PathLike
from pathlib import Path

import pandas as pd

from sociophysics.errors import InputError

__all__ = ["header", "read_table", "read_text", "require_columns"]

FilePath = str | PathLike[str]


def header(path: FilePath) -> list[str]:
    """Return the column names in the first line of a CSV file.

    Raises
    ------
    InputError
        The file is not there, is empty, is not text, or names a column twice.
    """
    try:
        with Path(path).open(encoding="utf-8-sig", newline="") as file:
            names = next(csv.reader(file), [])
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise _unreadable(path, error) from None
    if not names:
        raise InputError(f"{path} is empty; give a CSV file with a line of column names.")
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise InputError(f"{path} has two columns {twice[0]!r}; column names must be unique.")
    return names


def read_table(path: FilePath, columns: Iterable[str] | None = None) -> pd.DataFrame:
    """Return a CSV file as a table of text (blank cells are ""), or only some of its columns.

    Raises
    ------
    InputError
        As `header`; or the file has no rows, or a row with too many cells.
    """
    names = header(path)
    try:
        with warnings.catch_warnings():
            # a row with too many cells only warns, and loses them
            warnings.simplefilter("error", pd.errors.ParserWarning)
            table = pd.read_csv(
                path,
                dtype=object,
                keep_default_na=False,
                encoding="utf-8-sig",
                usecols=None if columns is None else [n for n in names if n in set(columns)],
                index_col=False,
                on_bad_lines="error",
            )
    except (OSError, UnicodeDecodeError, pd.errors.ParserError, pd.errors.ParserWarning) as error:
        raise _unreadable(path, error) from None
    if table.empty:
        raise InputError(f"{path} has column names and no rows; give a complete file.")
    return table.fillna("")


def read_text(path: FilePath) -> str:
    """Return the text of a file in UTF-8, or in Latin-1 as legacy files are."""
    try:
        content = Path(path).read_bytes()
    except OSError as error:
        raise _unreadable(path, error) from None
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError:
        return content.decode("latin-1")


def require_columns(path: FilePath, names: Iterable[str], needed: Iterable[str]) -> None:
    """Raise if the file lacks one of the needed columns."""
    there = list(names)
    missing = [name for name in needed if name not in there]
    if missing:
        listed = ", ".join(there[:12]) + (", ..." if len(there) > 12 else "")
        raise InputError(
            f"{path} has no column {', '.join(missing)} (it has {listed}); give the file with all "
            f"of {', '.join(needed)}."
        )


def _unreadable(path: FilePath, error: Exception) -> InputError:
    if isinstance(error, FileNotFoundError):
        return InputError(f"there is no file {path}; give the path of an existing CSV file.")
    if isinstance(error, UnicodeDecodeError):
        return InputError(f"{path} is not UTF-8 text; save it as a CSV file in UTF-8.")
    reason = getattr(error, "strerror", None) or str(error).strip()
    return InputError(f"{path} cannot be read as a CSV file ({reason}); check the file.")
