"""Plain CSV: ``id,name,party,state``, then one column per roll call with 1, -1 or blank."""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from sociophysics.errors import InputError
from sociophysics.rollcall.tables import FilePath, header, read_table, require_columns
from sociophysics.rollcall.votes import Votes

__all__ = ["read_votes"]

MEMBER_COLUMNS = ("id", "name", "party", "state")
VOTEVIEW_COLUMNS = {"rollnumber", "cast_code"}
MISSING = ("", "NA", "nan", "NaN")


def read_votes(
    path: FilePath, *, rollcalls: FilePath | None = None, polarity: str = "arbitrary"
) -> Votes:
    r"""Return the votes in a plain CSV file: one row per member, one column per roll call.

    The columns ``id,name,party,state`` come first; then one column per roll call, named by its id,
    with 1, -1 or blank.

    Parameters
    ----------
    path : path
        The file of votes.
    rollcalls : path, optional
        A CSV file with one row per roll call, in the order of the columns of votes.
    polarity : {"arbitrary", "expert", "majority"}
        What 1 means in this file; it is recorded, nothing is recoded.

    Raises
    ------
    InputError
        The file is not there, lacks columns, holds another value, or breaks a rule of `Votes`.

    Examples
    --------
    >>> from pathlib import Path
    >>> from tempfile import TemporaryDirectory
    >>> with TemporaryDirectory() as folder:
    ...     file = Path(folder) / "votes.csv"
    ...     _ = file.write_text("id,name,party,state,a,b\n1,Ann,D,ME,1,1\n2,Bob,R,NH,-1,\n")
    ...     read_votes(file).matrix.tolist()
    [[1, -1], [1, 0]]
    """
    names = header(path)
    if set(names) >= VOTEVIEW_COLUMNS:
        raise InputError(
            f"{path} is a Voteview file of votes, which does not name its members; give the "
            "members file too (--members, or read_voteview(votes, members))."
        )
    require_columns(path, names, MEMBER_COLUMNS)
    columns = [name for name in names if name not in MEMBER_COLUMNS]
    if not columns:
        raise InputError(f"{path} has no column of votes after id,name,party,state; add them.")
    table = read_table(path)
    matrix = np.stack([_column(path, table, name) for name in columns])
    details = pd.DataFrame({"id": columns})
    if rollcalls is not None:
        details = _details(rollcalls, columns)
    members = table[list(MEMBER_COLUMNS)].assign(id=_numbers_where_possible(table["id"]))
    return Votes(matrix, members, details, polarity=polarity)


def _column(path: FilePath, table: pd.DataFrame, name: str) -> NDArray[np.int8]:
    text = table[name].str.strip()
    values = pd.to_numeric(text.mask(text.isin(MISSING), "0"), errors="coerce")
    wrong = ~values.isin((-1, 0, 1))
    if wrong.any():
        row = int(np.argmax(wrong))
        raise InputError(
            f"{path}: member {table['id'].iloc[row]} has the vote {text.iloc[row]!r} in column "
            f"{name}; allowed: 1, -1 or blank: recode it."
        )
    column: NDArray[np.int8] = values.to_numpy(dtype=np.int8)
    return column


def _details(path: FilePath, columns: list[str]) -> pd.DataFrame:
    table = read_table(path)
    if len(table) != len(columns):
        raise InputError(
            f"{path} has {len(table)} rows for {len(columns)} roll calls; give one row each, in "
            "the order of the columns of votes."
        )
    # R writes its row names as a first column without a name
    table = table.drop(columns=[name for name in table if not name or name.startswith("Unnamed")])
    if "session" in table:
        table["session"] = _numbers_where_possible(table["session"])
    table["id"] = columns
    return table[["id", *(name for name in table if name != "id")]]


def _numbers_where_possible(text: pd.Series[str]) -> pd.Series[object]:
    numbers = pd.to_numeric(text, errors="coerce")
    whole = numbers.notna().all() and (numbers % 1 == 0).all()
    return numbers.astype("int64") if whole else text
