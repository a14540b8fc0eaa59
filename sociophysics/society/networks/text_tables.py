"""Tables of users and ties from CSV and TSV: names without blanks, each once, blanks as missing."""

from __future__ import annotations

import io
import warnings
from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd

from sociophysics.errors import InputError
from sociophysics.society.missing import BLANKS
from sociophysics.society.networks.table_bounds import check_first_row, check_header

__all__ = ["column_names", "read_text"]

TRUTH = {"True": True, "TRUE": True, "true": True, "False": False, "FALSE": False, "false": False}
PLACE = "\0{}"  # a column without a name, until it is dropped or refused


def column_names(text: str, separator: str, name: str) -> list[str]:
    """Return the names in the first line without blanks around them, "" where there is none.

    Raises
    ------
    InputError
        A line that is no header, too many columns, or two of one name.
    """
    check_header(text, name)
    first = _parse(text, separator, header=None, nrows=1, dtype=object)
    if first.empty:
        raise pd.errors.EmptyDataError
    names = ["" if pd.isna(each) else str(each).strip() for each in first.iloc[0]]
    named = [each for each in names if each]
    twice = next((each for each in dict.fromkeys(named) if named.count(each) > 1), None)
    if twice is not None:
        raise InputError(f"{name} has two columns {twice[:60]!r}; rename or remove one.")
    return names


def read_text(
    text: str, separator: str, names: Sequence[str], keys: Sequence[str], name: str
) -> tuple[pd.DataFrame, list[str]]:
    """Return the columns of a table, and what was left out.

    Parameters
    ----------
    text : str
    separator : str
    names : sequence of str
        From ``column_names``.
    keys : sequence of str
        Columns of users' names, which stay texts.
    name : str
        Name of the file, for messages.

    Raises
    ------
    InputError
        A column without a name that holds more than the names of rows.
    """
    places = [each or PLACE.format(k) for k, each in enumerate(names)]
    check_first_row(text, separator, len(places), name)
    try:
        frame = _columns(text, separator, places, keys)
    except (pd.errors.ParserError, pd.errors.ParserWarning):
        # Rows that end in a comma have a cell more than the first line.
        places.append(PLACE.format(len(places)))
        try:
            frame = _columns(text, separator, places, keys)
        except (pd.errors.ParserError, pd.errors.ParserWarning):
            frame = None
        if frame is None or frame[places[-1]].notna().any():
            _columns(text, separator, places[:-1], keys)  # raises as before
            raise
    notes = []
    unnamed = [(k, place) for k, place in enumerate(places) if place.startswith("\0")]
    for k, place in unnamed:
        if frame[place].notna().any():
            if k:
                raise InputError(
                    f"{name}: column {k + 1} has values but no name in the first line; name or "
                    "remove it."
                )
            notes.append(f"the first column of {name} has no name and is left out as row names")
    return frame.drop(columns=[place for _, place in unnamed]), notes


def _columns(text: str, separator: str, places: Sequence[str], keys: Sequence[str]) -> pd.DataFrame:
    frame = _parse(
        text,
        separator,
        header=0,
        names=list(places),
        dtype=dict.fromkeys(keys, object),
        na_values={place: list(BLANKS) for place in places if place not in keys},
    )
    tidy = {}  # made into a frame at once: set one by one, ten thousand columns take minutes
    for column, values in frame.items():
        if column in keys:
            tidy[column] = values.map(_stripped)
        elif isinstance(values.dtype, pd.StringDtype) or values.dtype == object:
            tidy[column] = _tidy(values)
        else:
            tidy[column] = values
    return pd.DataFrame(tidy, index=frame.index)


def _stripped(value: Any) -> Any:
    return value.strip() if isinstance(value, str) else value


def _tidy(values: pd.Series) -> pd.Series:
    """Return texts without the blanks around them; numbers again if blanks made texts of them."""
    texts = values.astype(object)
    there = texts.notna()
    stripped = texts[there].map(_stripped)
    if stripped.equals(texts[there]):
        return texts
    stripped = stripped[~stripped.isin(BLANKS)]
    if len(stripped) and stripped.isin(TRUTH.keys()).all():
        return stripped.map(TRUTH).reindex(texts.index).astype("boolean")
    numbers = pd.to_numeric(stripped, errors="coerce")
    if numbers.notna().all():
        whole = numbers.dtype.kind in "iu"
        column: pd.Series = numbers.astype("Int64" if whole else "Float64").reindex(texts.index)
        return column
    return stripped.reindex(texts.index).where(texts.index.isin(stripped.index), pd.NA)


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


def first_blank(values: pd.Series) -> int | None:
    """Return the place of the first missing or empty value, None if there is none."""
    blank = (values.isna() | (values == "")).to_numpy(bool)
    return int(np.argmax(blank)) if blank.any() else None
