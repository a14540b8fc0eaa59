"""What counts as no value: one rule for files, node tables and arrays of camps."""

from __future__ import annotations

from typing import Any

import pandas as pd

__all__ = ["BLANKS", "is_blank", "present"]

# What spreadsheets, R and Python write where there is nothing. As the *name* of a user such a
# text is a name like any other.
BLANKS = ("", "NA", "N/A", "n/a", "#N/A", "<NA>", "NaN", "nan", "null", "NULL", "None")


def is_blank(value: Any) -> bool:
    """Return whether a value is none: None, NaN, NA, NaT, or a text that stands for nothing.

    Examples
    --------
    >>> [is_blank(value) for value in (None, float("nan"), " ", "NA ", "none", 0)]
    [True, True, True, True, False, False]
    """
    if isinstance(value, str):
        return value.strip() in BLANKS
    if value is None or value is pd.NA or value is pd.NaT:
        return True
    return isinstance(value, float) and value != value


def present(value: Any) -> Any:
    """Return a value without the blanks around it if it is a text, and None if it is none.

    Examples
    --------
    >>> present(" left "), present("NA"), present(0)
    ('left', None, 0)
    """
    if is_blank(value):
        return None
    return value.strip() if isinstance(value, str) else value
