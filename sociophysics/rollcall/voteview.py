"""Voteview's files: votes in long form, members, and roll calls, with columns read by name.

Lewis, Poole, Rosenthal, Boche, Rudkin & Sonnet, *Voteview: Congressional Roll-Call Votes
Database*.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np
import pandas as pd

from sociophysics.errors import InputError
from sociophysics.rollcall.castcodes import NAMES, Cast, decode
from sociophysics.rollcall.vote_tables import FilePath, header, read_table, require_columns
from sociophysics.rollcall.votes import Votes
from sociophysics.words import number_of

__all__ = ["PARTIES", "read_voteview", "whole_numbers"]

PARTIES = {100: "D", 200: "R", 328: "I"}
VOTE_COLUMNS = ("congress", "chamber", "rollnumber", "icpsr", "cast_code")
MEMBER_COLUMNS = ("congress", "chamber", "icpsr", "party_code", "bioname")
ROLLCALL_COLUMNS = ("congress", "chamber", "rollnumber")
PRESIDENT_STATE = 99  # Voteview's state code of the President; a member's number may begin with 99


def read_voteview(
    votes: FilePath,
    members: FilePath,
    rollcalls: FilePath | None = None,
    *,
    keep_president: bool = False,
    merge_switchers: bool = False,
) -> Votes:
    r"""Return the votes of one or more chambers and Congresses from Voteview's CSV files.

    Cast codes 1, 2, 3 are +1, codes 4, 5, 6 are -1; present (7, 8) and not voting (9) are missing,
    the former recorded in ``abstained``; 0 is not a member at that time, recorded in ``seated``.

    Parameters
    ----------
    votes, members, rollcalls : path
        Files such as ``S117_votes.csv``, ``S117_members.csv`` and ``S117_rollcalls.csv``.
    keep_president : bool
        The President's announced positions are listed as votes; they are dropped unless True.
    merge_switchers : bool
        A member who changes party has two numbers; True joins them by ``bioguide_id``.

    Raises
    ------
    InputError
        Columns that are missing, a number or cast code that is none, a member who votes without
        a row in the members file, or votes listed twice.

    Examples
    --------
    >>> from pathlib import Path
    >>> from tempfile import TemporaryDirectory
    >>> votes = "congress,chamber,rollnumber,icpsr,cast_code\n117,Senate,1,7,1\n117,Senate,1,8,6\n"
    >>> people = "congress,chamber,icpsr,bioname,party_code,state_abbrev,bioguide_id\n"
    >>> people += "117,Senate,7,ANN,100,OH,A1\n117,Senate,8,BOB,200,ME,B2\n"
    >>> with TemporaryDirectory() as folder:
    ...     files = [Path(folder) / name for name in ("votes.csv", "members.csv")]
    ...     _ = files[0].write_text(votes), files[1].write_text(people)
    ...     read_voteview(*files).matrix.tolist()
    [[1, -1]]
    """
    cast = _cast(votes)
    people = _people(members)
    # a members file of all Congresses has the same people with former and later parties
    people = people[people["congress"].isin(cast["congress"].unique())]
    notes: list[str] = []
    if keep_president:
        people = _president_in_chambers(people, cast["chamber"].unique())
    else:
        cast, people = _without_president(cast, people, notes)
    merged = _switchers(cast, people, notes, merge=merge_switchers)
    cast["icpsr"] = cast["icpsr"].replace(merged)
    people = people[~people["icpsr"].isin(list(merged))]
    given, floors, seats = _pivot(votes, cast)
    table, details = _member_rows(members, people, seats), _details(rollcalls, floors)
    return _without_empty(given, table, details, notes)


def whole_numbers(path: FilePath, text: pd.Series[Any], name: str) -> pd.Series[Any]:
    """Return a column of numbers written ``14226`` or ``14226.0`` as integers."""
    values = pd.to_numeric(text, errors="coerce")
    wrong = values.isna() | (values % 1 != 0)
    if wrong.any():
        row = int(np.argmax(wrong))
        raise InputError(
            f"{path}: {name} in row {row + 2} is {text.iloc[row]!r}; it must be a whole number."
        )
    return values.astype("int64")


def _cast(path: FilePath) -> pd.DataFrame:
    require_columns(path, header(path), VOTE_COLUMNS)
    table = read_table(path, VOTE_COLUMNS)
    for name in ("congress", "rollnumber", "icpsr", "cast_code"):
        table[name] = whole_numbers(path, table[name], name)
    unknown = ~table["cast_code"].between(0, 9)
    if unknown.any():
        row = table[unknown].iloc[0]
        raise InputError(
            f"{path}: member {row['icpsr']} has cast code {row['cast_code']} on roll call "
            f"{row['rollnumber']}; allowed: {NAMES}."
        )
    return table


def _people(path: FilePath) -> pd.DataFrame:
    require_columns(path, header(path), MEMBER_COLUMNS)
    table = read_table(path)
    for name in ("congress", "icpsr"):
        table[name] = whole_numbers(path, table[name], name)
    twice = table[table.duplicated(["congress", "chamber", "icpsr"])]
    if len(twice):
        row = twice.iloc[0]
        raise InputError(
            f"{path} lists member {row['icpsr']} ({row['bioname']}) twice; remove one of the rows."
        )
    return table


def _without_president(
    cast: pd.DataFrame, people: pd.DataFrame, notes: list[str]
) -> tuple[pd.DataFrame, pd.DataFrame]:
    is_president = _presidents(people)
    in_votes = cast["icpsr"].isin(set(people["icpsr"][is_president]))
    if in_votes.any():
        names = people[is_president].drop_duplicates("icpsr")["bioname"]
        notes.append(
            f"the President's announced positions dropped ({in_votes.sum()} of "
            f"{', '.join(names)}); --keep-president (keep_president=True) keeps them"
        )
    return cast[~in_votes].copy(), people[~is_president]


def _presidents(people: pd.DataFrame) -> pd.Series[bool]:
    """Mark the rows of Presidents: their chamber says so, or their state is no state."""
    president = people["chamber"] == "President"
    if "state_icpsr" in people:
        president |= pd.to_numeric(people["state_icpsr"], errors="coerce") == PRESIDENT_STATE
    return president


def _president_in_chambers(people: pd.DataFrame, chambers: Iterable[str]) -> pd.DataFrame:
    # the members file seats the President in a chamber of his own, the votes file does not
    president = _presidents(people)
    seats = [people[president].assign(chamber=name) for name in chambers]
    return pd.concat([people[~president], *seats], ignore_index=True)


def _switchers(
    cast: pd.DataFrame, people: pd.DataFrame, notes: list[str], *, merge: bool
) -> dict[int, int]:
    """Return which number each former number of a party switcher becomes."""
    if "bioguide_id" not in people:
        return {}
    when = cast["congress"] * 100_000 + cast["rollnumber"]
    last_vote = when[cast["cast_code"] > 0].groupby(cast["icpsr"]).max()
    known = people[people["bioguide_id"].str.strip() != ""]
    merged: dict[int, int] = {}
    for _, rows in known.groupby("bioguide_id"):
        numbers = rows["icpsr"].unique()
        if len(numbers) < 2:
            continue
        current = max(numbers, key=lambda number: last_vote.get(number, -1))
        listed = " and ".join(str(number) for number in numbers)
        if merge:
            merged |= {int(old): int(current) for old in numbers if old != current}
            notes.append(f"{rows['bioname'].iloc[0]} merged from {listed}, as {current}")
        else:
            notes.append(
                f"{rows['bioname'].iloc[0]} is two members, {listed} (a change of party); "
                "--merge-switchers (merge_switchers=True) joins them"
            )
    return merged


def _pivot(path: FilePath, cast: pd.DataFrame) -> tuple[Cast, pd.DataFrame, pd.DataFrame]:
    # a merged switcher is "not a member" under one number while voting under the other
    cast = cast[cast["cast_code"] > 0]
    if cast.empty:
        raise InputError(f"{path} holds no votes of members; give a complete file.")
    floor_key, seat_key = list(ROLLCALL_COLUMNS), ["chamber", "icpsr"]
    twice = cast[cast.duplicated([*floor_key, "icpsr"])]
    if len(twice):
        row = twice.iloc[0]
        raise InputError(
            f"{path} lists two votes of member {row['icpsr']} on roll call {row['rollnumber']}; "
            "remove one of them."
        )
    floors = cast[floor_key].drop_duplicates().sort_values(floor_key, ignore_index=True)
    seats = cast[seat_key].drop_duplicates().sort_values(seat_key, ignore_index=True)
    row = pd.MultiIndex.from_frame(floors).get_indexer(pd.MultiIndex.from_frame(cast[floor_key]))
    column = pd.MultiIndex.from_frame(seats).get_indexer(pd.MultiIndex.from_frame(cast[seat_key]))
    codes = np.zeros((len(floors), len(seats)), np.int64)  # who is not listed is not a member then
    codes[row, column] = cast["cast_code"]
    return decode(codes), floors, seats


def _member_rows(path: FilePath, people: pd.DataFrame, seats: pd.DataFrame) -> pd.DataFrame:
    latest = people.sort_values("congress", kind="stable").drop_duplicates(
        ["chamber", "icpsr"], keep="last"
    )
    table = seats.merge(latest, on=["chamber", "icpsr"], how="left")
    lost = table["bioname"].isna()
    if lost.any():
        number = table["icpsr"][lost].iloc[0]
        raise InputError(
            f"member {number} votes but has no row in {path}; give the members file of the same "
            "chamber and Congress."
        )
    codes = pd.to_numeric(table["party_code"], errors="coerce")
    party = codes.map(PARTIES).where(codes.isin(list(PARTIES)), table["party_code"])
    for name in ("nominate_dim1", "nominate_dim2"):
        if name in table:
            table[name] = pd.to_numeric(table[name], errors="coerce")
    state = table.get("state_abbrev", "")
    number = table["icpsr"]
    label = number.astype(str) + " " + table["chamber"]
    identity = label if number.duplicated().any() else number
    front = {"id": identity, "name": table["bioname"], "party": party, "state": state}
    own = table.drop(columns=["bioname"]).rename(columns=_in_file(front))
    return pd.concat([pd.DataFrame(front), own], axis=1)


def _in_file(names: Iterable[str]) -> dict[str, str]:
    """Return other names for columns that a file has and that are made here as well."""
    return {name: f"{name}_in_file" for name in names}


def _details(path: FilePath | None, floors: pd.DataFrame) -> pd.DataFrame:
    key = list(ROLLCALL_COLUMNS)
    table = floors
    if path is not None:
        require_columns(path, header(path), ROLLCALL_COLUMNS)
        listed = read_table(path)
        for name in ("congress", "rollnumber"):
            listed[name] = whole_numbers(path, listed[name], name)
        listed = listed.drop_duplicates(key)
        table = floors.merge(listed, on=key, how="left")
        lost = ~pd.MultiIndex.from_frame(floors[key]).isin(pd.MultiIndex.from_frame(listed[key]))
        if lost.any():
            number = floors["rollnumber"][lost].iloc[0]
            raise InputError(
                f"roll call {number} has votes but no row in {path}; give the roll-call file of "
                "the same chamber and Congress."
            )
        if "session" in table:
            table["session"] = pd.to_numeric(table["session"], errors="coerce")
    one = len(floors[["congress", "chamber"]].drop_duplicates()) == 1
    label = table["chamber"].str[:1] + table["congress"].astype(str)
    number = table["rollnumber"]
    identity = number if one else label + "-" + number.astype(str)
    return pd.concat(
        [pd.DataFrame({"id": identity}), table.rename(columns=_in_file(["id"]))], axis=1
    )


def _without_empty(
    cast: Cast, members: pd.DataFrame, rollcalls: pd.DataFrame, notes: list[str]
) -> Votes:
    # a presiding officer who never votes and a quorum call are normal in these files
    rows, columns = (cast.matrix != 0).any(axis=1), (cast.matrix != 0).any(axis=0)
    if not columns.all():
        names = ", ".join(members["name"][~columns])
        notes.append(f"{number_of((~columns).sum(), 'member|who never voted')} dropped ({names})")
    if not rows.all():
        names = ", ".join(rollcalls["id"][~rows].astype(str))
        notes.append(f"{number_of((~rows).sum(), 'roll call|without votes')} dropped ({names})")
    grid = np.ix_(rows, columns)
    return Votes(
        cast.matrix[grid], members[columns], rollcalls[rows], notes=notes,
        seated=cast.seated[grid], abstained=cast.abstained[grid],
    )  # fmt: skip
