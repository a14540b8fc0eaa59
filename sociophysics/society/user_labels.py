"""What users and members are called: texts, unless all are written as integers, in every file."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

__all__ = ["INTEGER", "integers_if_all"]

# Longer digit strings are identifiers rather than numbers, and "007" is not the user 7.
INTEGER = re.compile(r"0|-?[1-9][0-9]{0,17}")


def integers_if_all(names: Sequence[Any]) -> dict[Any, Any]:
    """Return the label of each name in a file: an int if all are texts of canonical integers.

    Examples
    --------
    >>> integers_if_all(["7", "-1"]), integers_if_all(["0012", "7"])
    ({'7': 7, '-1': -1}, {'0012': '0012', '7': '7'})
    """
    if all(isinstance(name, str) and INTEGER.fullmatch(name) for name in names):
        return {name: int(name) for name in names}
    return {name: name for name in names}
