"""Votes from a table of any layout: what was understood stands in the notes, ambiguity asks."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from sociophysics.errors import InputError
from sociophysics.rollcall.codes import (
    ABSTAINED,
    CAST_CODES,
    UNSEATED,
    Coding,
    blank,
    find_coding,
    normalized,
    parse_codes,
)
from sociophysics.rollcall.layouts import ROLLCALL, Sheet, natural, read_sheet
from sociophysics.rollcall.parties import cleaned, party_notes
from sociophysics.rollcall.vote_tables import FilePath, open_table
from sociophysics.rollcall.votes import Votes
from sociophysics.rollcall.voteview import PRESIDENT_STATE
from sociophysics.society.user_labels import integers_if_all
from sociophysics.words import number_of

__all__ = ["VOTEVIEW_COLUMNS", "read_votes"]

VOTEVIEW_COLUMNS = {"rollnumber", "cast_code", "icpsr"}
TOTALS = frozenset(
    ("total", "totals", "sum", "all", "result", "outcome", "majority", "yea", "yeas", "nay",
     "nays", "ayes", "noes", "chamber", "plenary")
)  # fmt: skip
FEW = 0.2  # of a column's cells, from which on what is no code makes it no column of votes
STATE_CODES = ("icpsrstate", "state_icpsr", "icpsr_state")
ENOUGH = 20  # votes with the majority, all of them, of which a member is warned


def read_votes(
    path: FilePath,
    *,
    rollcalls: FilePath | None = None,
    polarity: str = "arbitrary",
    codes: str | None = None,
    first_vote: str | None = None,
    keep_president: bool = False,
) -> Votes:
    r"""Return the votes in a table: CSV with any separator, gzip, Excel, or JSON records.

    Members in rows (``id,name,party,state``, of which one of the first two is needed, then one
    column per roll call), roll calls in rows (a column ``rollcall``, then one per member), or one
    vote in a row (``rollcall,member,vote``). Votes are 1/-1, 1/0, yea/nay and the like, Voteview's
    cast codes, or the UN's; blank and NA are missing. What was understood stands in ``notes``.

    Parameters
    ----------
    path : path
        The file of votes.
    rollcalls : path, optional
        A table with one row per roll call: joined by its column ``id`` where it has one, else in
        the order of the votes.
    polarity : {"arbitrary", "expert", "majority"}
        What 1 means in this file; it is recorded, nothing is recoded.
    codes : str, optional
        What codes mean, such as ``"1=yea,0=nay,-1=missing"``; also ``abstain`` and
        ``unseated`` (no member then), which are no votes and kept apart from absences.
    first_vote : str, optional
        The first column of votes, where columns before it could be taken for votes.
    keep_president : bool
        The President stands among the members in tables made of Voteview's files, as R's pscl has
        them; dropped unless True.

    Raises
    ------
    InputError
        The file is not there, is laid out in no way known here, holds codes that could mean
        several things, or breaks a rule of `Votes`; ``keep_president`` without a President.

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
    table = open_table(path)
    if set(table.frame.columns) >= VOTEVIEW_COLUMNS:
        raise InputError(
            f"{path} is a Voteview file of votes, which does not name its members; give the "
            "members file too (--members, or read_voteview(votes, members))."
        )
    given = None if codes is None else parse_codes(codes)
    sheet = read_sheet(table.frame, path, first_vote)
    notes = [*table.notes, *sheet.notes]
    sheet = _without_totals(sheet, notes)
    matrix, sheet, coding = _decoded(sheet, path, given, notes)
    president = _presidents(sheet.members, cast=coding is CAST_CODES)
    sheet = sheet._replace(members=sheet.members.drop(columns="labelled", errors="ignore"))
    if keep_president and not president.any():
        raise InputError(
            "--keep-president (keep_president=True) is for tables with a President, whose state "
            f"is USA or {PRESIDENT_STATE}; {path} has none: leave it out."
        )
    if president.any() and not keep_president:
        matrix, sheet = _without_president(matrix, sheet, president, notes)
    sheet, matrix = _with_details(sheet, matrix, rollcalls, notes)
    members = sheet.members.assign(
        id=sheet.members["id"].map(integers_if_all(sheet.members["id"].tolist())),
        party=cleaned(sheet.members["party"]),
    )
    notes += party_notes(members["party"])
    return _checked(matrix, members, sheet.rollcalls, polarity, notes)


def _without_totals(sheet: Sheet, notes: list[str]) -> Sheet:
    words = sheet.members[["id", "name"]].apply(lambda c: c.str.lower().isin(TOTALS)).any(axis=1)
    if not words.any() or words.all():
        return sheet
    names = ", ".join(sheet.members["name"][words].astype(str)[:5])
    notes.append(f"{number_of(words.sum(), 'row|of totals')} left out ({names})")
    keep = ~words
    return sheet._replace(
        codes=sheet.codes[keep.to_numpy()].reset_index(drop=True),
        members=sheet.members[keep].reset_index(drop=True),
    )


def _decoded(
    sheet: Sheet, path: FilePath, given: Coding | None, notes: list[str]
) -> tuple[NDArray[np.int8], Sheet, Coding]:
    """Return levels (roll calls, members), the sheet without columns that are none, the coding."""
    if sheet.codes.shape[1] == 0:
        raise InputError(f"{path} has no column of votes after id,name,party,state; add them.")
    columns = [sheet.codes.iloc[:, k] for k in range(sheet.codes.shape[1])]
    spelled = {text: normalized(text) for column in columns for text in column.unique()}
    plain = [column.map(spelled) for column in columns]
    held = {str(k): frozenset(column.unique()) for k, column in enumerate(plain)}
    coding, others = (given, []) if given is not None else find_coding(held, path)
    attributes = {int(k) for k in others}
    attributes |= {k for k, column in enumerate(plain) if _is_attribute(column, coding)}
    if len(attributes) == len(plain):
        raise InputError(f"{path} has no column of votes that can be read; see --codes.")
    _refuse_unknown(sheet, plain, coding, attributes, path)
    kept = [k for k in range(len(plain)) if k not in attributes]
    levels = {code: coding.level(code) for code in set(spelled.values())}
    matrix = np.array([plain[k].map(levels) for k in kept], dtype=np.int8)
    labels = sheet.rollcalls["id"]
    _say(sheet, plain, coding, attributes, kept, notes)
    members = sheet.members
    if sheet.codes.index.equals(members.index):
        more = {str(labels[k]): columns[k] for k in sorted(attributes)}
        members = members.assign(**{n: v for n, v in more.items() if n not in members})
    rollcalls = sheet.rollcalls.iloc[kept].reset_index(drop=True)
    return matrix, sheet._replace(members=members, rollcalls=rollcalls), coding


def _presidents(members: pd.DataFrame, *, cast: bool) -> pd.Series[bool]:
    """Mark Presidents, whose state is "USA" or 99; of a table of countries only the latter."""
    president = members["state"].str.upper() == "USA"
    president &= cast | members.get("labelled", pd.Series(False, members.index))
    for name in members.columns[members.columns.str.lower().isin(STATE_CODES)]:
        president |= pd.to_numeric(members[name], errors="coerce") == PRESIDENT_STATE
    return president


def _without_president(
    matrix: NDArray[np.int8], sheet: Sheet, president: pd.Series[bool], notes: list[str]
) -> tuple[NDArray[np.int8], Sheet]:
    names = ", ".join(sheet.members["name"][president].astype(str)[:5])
    notes.append(
        f"President dropped: {names}; --keep-president (keep_president=True) keeps the announced "
        "positions as votes"
    )
    keep = ~president.to_numpy()
    return matrix[:, keep], sheet._replace(members=sheet.members[keep].reset_index(drop=True))


def _is_attribute(column: pd.Series[str], coding: Coding) -> bool:
    filled = [code for code in column if not blank(code)]
    unknown = sum(not coding.knows(code) for code in filled)
    # One or two are slips of the pen, which are refused.
    return unknown > 2 and unknown > FEW * len(filled)


def _refuse_unknown(
    sheet: Sheet,
    plain: Sequence[pd.Series[str]],
    coding: Coding,
    attributes: set[int],
    path: FilePath,
) -> None:
    for k, column in enumerate(plain):
        wrong = ~column.map(coding.knows)
        if k in attributes or not wrong.any():
            continue
        row = int(np.argmax(wrong))
        who, where = sheet.members["id"].iloc[row], sheet.rollcalls["id"].iloc[k]
        known = ", ".join(list(coding.meanings)[:9])
        raise InputError(
            f"{path}: member {str(who)[:60]} has the vote {sheet.codes.iloc[row, k][:60]!r} in "
            f"column {str(where)[:60]}; allowed beside the others there: {known} or blank: recode "
            "it, say what it means with --codes, or where votes begin with --first-vote."
        )


def _say(
    sheet: Sheet,
    plain: Sequence[pd.Series[str]],
    coding: Coding,
    attributes: set[int],
    kept: Sequence[int],
    notes: list[str],
) -> None:
    used = set().union(*(set(plain[k].unique()) for k in kept))
    notes.append(coding.describe(used))
    meanings = {code: coding.meanings.get(code) for code in used}
    for meaning, text in (
        ("abstain", "abstentions"),
        ("missing", "votes coded as missing"),
        ("unseated", "cells of members without a seat then"),
    ):
        codes = [code for code, each in meanings.items() if each == meaning]
        count = sum(int(plain[k].isin(codes).sum()) for k in kept)
        if count:
            notes.append(f"{count} {text} ({', '.join(codes)}) are read as no vote")
    labels = sheet.rollcalls["id"].astype(str)
    if attributes:
        names = ", ".join(labels.iloc[sorted(attributes)].str.slice(0, 40)[:8])
        notes.append(f"columns that are no votes: {names}; --first-vote says where votes begin")
    odd = [k for k in kept if not any(c.isdigit() for c in labels[k])]
    if odd and len(odd) <= max(3, len(kept) // 20) and len(odd) < len(kept):
        names = ", ".join(labels[k][:40] for k in odd[:5])
        begin = next((k for k in kept if k > odd[-1]), None)
        fix = "" if begin is None else f", say where votes begin (--first-vote {labels[begin]})"
        notes.append(
            f"{names}: named unlike the other roll calls, and read as one; if it is none{fix}"
            + (", remove it" if begin is None else "")
        )


def _with_details(
    sheet: Sheet, matrix: NDArray[np.int8], path: FilePath | None, notes: list[str]
) -> tuple[Sheet, NDArray[np.int8]]:
    """Return roll calls with what a table says of them, in the order in which they were held."""
    details = sheet.rollcalls
    if path is not None:
        details = _joined(details, path, notes)
    if "session" in details:
        details["session"] = _numbers_where_possible(details["session"])
    labels = details["id"].astype(str)
    dates = _dates(details)
    if dates is not None:
        order = np.argsort(dates, kind="stable")
        reason = "by their dates"
    elif list(labels) == sorted(labels):
        order = np.array(sorted(range(len(labels)), key=lambda k: natural(labels[k])))
        reason = "by the numbers in their names (they came sorted as text)"
    else:
        return sheet._replace(rollcalls=details), matrix
    if (order != np.arange(len(order))).any():
        notes.append(f"roll calls are put in order {reason}")
    return sheet._replace(rollcalls=details.iloc[order].reset_index(drop=True)), matrix[order]


def _dates(details: pd.DataFrame) -> NDArray[np.int64] | None:
    if "date" not in details:
        return None
    dates = pd.to_datetime(details["date"], errors="coerce", format="ISO8601", utc=True)
    return (
        None
        if dates.isna().any()
        else dates.dt.tz_localize(None).to_numpy("datetime64[s]").astype(np.int64)
    )


def _joined(details: pd.DataFrame, path: FilePath, notes: list[str]) -> pd.DataFrame:
    table = open_table(path).frame
    # R writes its row names as a first column without a name
    table = table.drop(columns=[n for n in table if not n or n.startswith("Unnamed")])
    lower = {name.lower(): name for name in table.columns}
    key = next((lower[name] for name in ("id", *ROLLCALL) if name in lower), None)
    ids = details["id"].astype(str)
    if key is not None and set(ids) <= set(table[key]):
        twice = table[key][table[key].duplicated() & table[key].isin(set(ids))]
        if len(twice):
            raise InputError(f"{path} names roll call {twice.iloc[0][:60]!r} twice; remove one.")
        found = table.set_index(key).loc[ids].reset_index(drop=True)
        notes.append(f"{Path(path).name} is joined to the votes by its column {key}")
        more = len(table) - len(found)
        if more:
            notes.append(f"{more} of its roll calls have no votes and are left out")
        return details.assign(**{n: found[n] for n in found if n != "id"})
    if key is not None and set(ids) & set(table[key]):
        lost = next(name for name in ids if name not in set(table[key]))
        raise InputError(
            f"roll call {lost[:60]!r} has votes but no row in {path}, whose column {key} names "
            "others of them; add its row."
        )
    if len(table) != len(details):
        raise InputError(
            f"{path} has {len(table)} rows for {len(details)} roll calls and no column of their "
            "ids; give one row each, in the order of the columns of votes, or add a column id."
        )
    notes.append(f"{Path(path).name} does not name these roll calls: its rows are taken in order")
    return details.assign(**{n: table[n] for n in table if n != "id"})


def _checked(
    matrix: NDArray[np.int8],
    members: pd.DataFrame,
    rollcalls: pd.DataFrame,
    polarity: str,
    notes: list[str],
) -> Votes:
    seated, abstained = matrix != UNSEATED, matrix == ABSTAINED
    matrix = np.where(np.abs(matrix) == 1, matrix, 0).astype(np.int8)
    rows, columns = (matrix != 0).any(axis=1), (matrix != 0).any(axis=0)
    if rows.any() and not rows.all():
        names = ", ".join(rollcalls["id"][~rows].astype(str)[:8])
        notes.append(f"{number_of((~rows).sum(), 'roll call|without votes')} dropped ({names})")
    if rows.any() and not columns.all():
        names = ", ".join(members["name"][~columns].astype(str)[:8])
        notes.append(f"{number_of((~columns).sum(), 'member|who never voted')} dropped ({names})")
    if rows.any():
        grid = np.ix_(rows, columns)
        matrix, members, rollcalls = matrix[grid], members[columns], rollcalls[rows]
        seated, abstained = seated[grid], abstained[grid]
    notes += _conformists(matrix, members)
    return Votes(
        matrix, members, rollcalls, polarity=polarity, notes=notes, seated=seated,
        abstained=abstained,
    )  # fmt: skip


def _conformists(matrix: NDArray[np.int8], members: pd.DataFrame) -> list[str]:
    """Name who never dissents from everybody else's total: a row of totals looks like that."""
    total = matrix.sum(axis=1, dtype=np.int64)[:, np.newaxis] - matrix
    against = ((matrix * np.sign(total)) < 0).any(axis=0)
    contested = ((matrix > 0).sum(axis=1) > 1) & ((matrix < 0).sum(axis=1) > 1)
    enough = (matrix[contested] != 0).sum(axis=0) >= ENOUGH
    names = members["name"][~against & enough].astype(str)
    if not len(names) or len(names) > 3:
        return []
    who = ", ".join(names)
    return [f"{who} never votes against the majority: if that is a row of totals, remove it"]


def _numbers_where_possible(text: pd.Series[str]) -> pd.Series[object]:
    numbers = pd.to_numeric(text, errors="coerce")
    whole = numbers.notna().all() and (numbers % 1 == 0).all()
    return numbers.astype("int64") if whole else text
