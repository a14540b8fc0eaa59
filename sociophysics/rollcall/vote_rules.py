"""What a table of votes must look like, each rule with the sentence that names the fix."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from sociophysics.errors import InputError
from sociophysics.society.alignment import by_label, is_default_index

__all__ = ["check_content", "member_table", "rollcall_table", "vote_matrix"]


def vote_matrix(values: ArrayLike) -> NDArray[np.int8]:
    """Return votes as read-only int8, shape (roll calls, members); NaN becomes 0.

    Raises
    ------
    InputError
        Another number of axes, text, or a value outside -1, 0 and +1.

    Examples
    --------
    >>> vote_matrix([[1.0, float("nan")], [-1.0, 1.0]]).tolist()
    [[1, 0], [-1, 1]]
    """
    if np.iscomplexobj(values):
        raise InputError("Complex data not supported; give votes as +1, -1 and 0 or NaN.")
    try:
        numbers = np.asarray(values, dtype=np.float64)
    except (TypeError, ValueError):
        raise InputError("the votes hold text; give +1, -1 and 0 or NaN for missing.") from None
    if numbers.ndim != 2:
        raise InputError(
            f"the votes have {numbers.ndim} axes; Reshape your data to one row per roll call and "
            "one column per member."
        )
    if 0 in numbers.shape:
        raise InputError(
            f"the votes have shape {numbers.shape}; give at least one roll call and one member."
        )
    numbers = np.nan_to_num(numbers, nan=0.0, posinf=2.0, neginf=-2.0)
    wrong = ~np.isin(numbers, (-1.0, 0.0, 1.0))
    if wrong.any():
        row, column = np.argwhere(wrong)[0]
        raise InputError(
            f"the vote in row {row}, column {column} is {np.asarray(values)[row, column]}; "
            "allowed: 1, -1, and 0 or blank for missing: recode it."
        )
    matrix = numbers.astype(np.int8)
    matrix.flags.writeable = False
    return matrix


def member_table(
    members: pd.DataFrame | None, n: int, columns: pd.Index | None = None
) -> pd.DataFrame:
    """Return the table of ``n`` members with columns ``id``, ``name``, ``party``, ``state``.

    Parameters
    ----------
    members : DataFrame or None
    n : int
    columns : Index, optional
        Names of the columns of the votes, whose order the members take; a table of members that
        has other ids is refused.

    Raises
    ------
    InputError
        Another number of rows, other members than the votes have, an index in another order than
        the rows, or an ``id`` that is missing or names two members.

    Examples
    --------
    >>> member_table(None, 2)["name"].tolist()
    ['member 0', 'member 1']
    """
    if members is None and columns is not None and not is_default_index(columns):
        members = pd.DataFrame({"id": list(columns)})
    elif members is None:
        members = pd.DataFrame({"id": range(n), "name": [f"member {i}" for i in range(n)]})
    if len(members) != n:
        raise InputError(
            f"the table of members has {len(members)} rows for {n} columns of votes; give one each."
        )
    table = _rows(members, columns, "members").reset_index(drop=True)
    if "name" not in table:
        table["name"] = table["id"].astype(str)
    for column in ("party", "state"):
        table[column] = table[column].fillna("").astype(str) if column in table else ""
    _check_ids(table["id"], "member")
    return table


def rollcall_table(
    rollcalls: pd.DataFrame | None, n: int, rows: pd.Index | None = None
) -> pd.DataFrame:
    """Return the table of ``n`` roll calls with a column ``id``, in the order of the votes' rows.

    Examples
    --------
    >>> rollcall_table(None, 2)["id"].tolist()
    [0, 1]
    """
    if rollcalls is None:
        rollcalls = pd.DataFrame({"id": range(n) if rows is None else list(rows)})
    if len(rollcalls) != n:
        raise InputError(
            f"the table of roll calls has {len(rollcalls)} rows for {n} rows of votes; give one "
            "each."
        )
    table = _rows(rollcalls, rows, "roll calls").reset_index(drop=True)
    _check_ids(table["id"], "roll call")
    return table


def _rows(table: pd.DataFrame, names: pd.Index | None, what: str) -> pd.DataFrame:
    """Return a table with a column ``id``, its rows in the order of the votes they belong to."""
    if "id" not in table:
        table = table.copy()
        table.insert(0, "id", list(table.index))
    if names is None or is_default_index(names):
        index = table.index
        shuffled = index.dtype.kind in "iu" and not is_default_index(index)
        if shuffled and is_default_index(index.sort_values()):
            raise InputError(
                f"the table of {what} is numbered {', '.join(map(str, index[:3]))}, ..., in "
                "another order than 0 to n - 1; sort it as the votes are, and give it with "
                "reset_index(drop=True)."
            )
        return table
    if "name" in table and set(table["name"]) == set(names) != set(table["id"]):
        return by_label(table.set_index("name", drop=False), names, f"the table of {what}")
    return by_label(table.set_index("id", drop=False), names, f"the table of {what}")


def check_content(matrix: NDArray[np.int8], members: pd.DataFrame, rollcalls: pd.DataFrame) -> None:
    """Raise if a roll call or a member has no votes, or if all roll calls are unanimous.

    Examples
    --------
    >>> table = pd.DataFrame({"id": ["a", "b"], "name": ["a", "b"]})
    >>> check_content(np.array([[1, 1], [0, 0]], np.int8), table, table)
    Traceback (most recent call last):
        ...
    sociophysics.errors.InputError: roll call 'b' has no votes; remove it.
    """
    cast = matrix != 0
    empty = np.flatnonzero(~cast.any(axis=1))
    if empty.size:
        raise InputError(
            f"roll call {_value(rollcalls['id'], empty[0])!r} has no votes; remove it."
        )
    silent = np.flatnonzero(~cast.any(axis=0))
    if silent.size:
        who, name = _value(members["id"], silent[0]), _value(members["name"], silent[0])
        label = f"{who!r}" if str(who) == name else f"{who!r} ({name})"
        raise InputError(f"member {label} has no votes; remove that member.")
    if matrix.shape[1] == 1:
        raise InputError(
            "the votes have 1 feature(s), that is 1 member, who cannot agree with anybody; give "
            "the votes of at least two members."
        )
    if not ((matrix > 0).any(axis=1) & (matrix < 0).any(axis=1)).any():
        zero_one = (matrix >= 0).all() and (matrix == 0).any()
        hint = "; 0 is read as missing: recode nay as -1" if zero_one else ""
        raise InputError(
            f"all {len(matrix)} roll calls are unanimous, so the votes say nothing about who "
            f"agrees with whom; add roll calls with votes on both sides{hint}."
        )


def _check_ids(ids: pd.Series[Any], noun: str) -> None:
    if ids.isna().any():
        raise InputError(
            f"the {noun} in row {int(np.argmax(ids.isna()))} of its table has no id; give each one."
        )
    twice = ids[ids.duplicated()]
    if len(twice):
        raise InputError(
            f"the id {_value(twice, 0)!r} names two {noun}s; ids must be unique: merge or rename."
        )


def _value(column: pd.Series[Any], row: int) -> Any:
    value = column.iloc[row]
    return value.item() if isinstance(value, np.generic) else value
