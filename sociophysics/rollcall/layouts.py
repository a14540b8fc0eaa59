"""How a table of votes is laid out: members in rows, roll calls in rows, or one vote in a row."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import NamedTuple

import pandas as pd

from sociophysics.errors import InputError

__all__ = ["Sheet", "layout_of", "natural", "read_sheet"]

WIDE, ONE_VOTE = "members in rows", "one vote in a row"
TURNED = "roll calls in rows, members in columns"

# Names of columns in lower case; of several in a table, the first listed here is taken.
ROLES = {
    "id": ("id", "icpsr", "member_id", "memberid", "legislator_id", "mp_id", "bioguide_id",
           "ccode", "people_id", "justice_id"),
    "name": ("name", "bioname", "member_name", "full_name", "fullname", "legislator",
             "legislator_name", "justicename", "justice", "country", "countryname", "mp", "member"),
    "party": ("party", "party_name", "partyname", "party_code", "partycode", "caucus",
              "faction", "group"),
    "state": ("state", "state_abbrev", "state_name", "statename", "constituency", "district"),
}  # fmt: skip
ROLLCALL = ("rollcall", "rollcall_id", "rollcallid", "roll_call", "roll call", "rollnumber", "rcid",
            "vote_id", "voteid", "vname", "motion", "bill", "bill_id", "resolution", "case",
            "caseid", "docket", "vote_number", "roll")  # fmt: skip
VOTE = ("vote", "cast_code", "position", "vote_cast", "choice", "ballot", "vote_position")
ABOUT = ("date", "description", "desc", "title", "question", "session", "result", "congress",
         "chamber", "issue", "topic", "vote_desc", "vote_question", "vote_result", "bill_number",
         "dtl_desc", "yea_count", "nay_count")  # fmt: skip
WITHIN = ("chamber", "congress", "session")  # what roll calls of one number can differ in
LABEL = re.compile(r"(.+) \((\w+)(?:[- ]([^()]+))?\)")


class Sheet(NamedTuple):
    """Votes as codes, one row per member and one column per roll call, with their tables."""

    codes: pd.DataFrame
    members: pd.DataFrame
    rollcalls: pd.DataFrame
    notes: list[str]


def read_sheet(frame: pd.DataFrame, path: object, first_vote: str | None = None) -> Sheet:
    """Return a table's votes with members in rows, whichever way it is laid out.

    Parameters
    ----------
    frame : DataFrame of text
        As `open_table` returns it.
    path : object
        The name of the file, for sentences.
    first_vote : str, optional
        The first column of votes, with members in rows; what stands before it is none.

    Raises
    ------
    InputError
        None of the layouts, or a member who votes twice on a roll call.
    """
    roles, rollcall, vote = _roles(frame.columns), _of(frame, ROLLCALL), _of(frame, VOTE)
    if first_vote is not None and first_vote not in frame.columns:
        raise InputError(
            f"{path} has no column {first_vote!r} for --first-vote (first_vote=); it has "
            f"{', '.join(name[:40] for name in list(frame.columns)[:12])}."
        )
    layout = layout_of(frame, first_vote)
    if rollcall and vote and layout == ONE_VOTE:
        return _long(frame, path, roles, rollcall, vote)
    if rollcall and layout == TURNED:
        return _turned(frame, path, rollcall)
    return _wide(frame, path, roles, first_vote)


def layout_of(frame: pd.DataFrame, first_vote: str | None = None) -> str:
    """Return how a table of votes is laid out, in words.

    Examples
    --------
    >>> layout_of(pd.DataFrame({"name": ["Ann"], "a": ["1"]}))
    'members in rows'
    >>> layout_of(pd.DataFrame({"rollcall": ["a"], "Ann": ["1"]}))
    'roll calls in rows, members in columns'
    """
    roles, rollcall, vote = _roles(frame.columns), _of(frame, ROLLCALL), _of(frame, VOTE)
    if rollcall and vote and first_vote is None and _is_long(frame, roles):
        return ONE_VOTE
    if rollcall and first_vote is None and not {"id", "name"} & set(roles):
        return TURNED
    return WIDE


def _of(frame: pd.DataFrame, known: Iterable[str]) -> str | None:
    lower = {name.lower(): name for name in frame.columns}
    return next((lower[name] for name in known if name in lower), None)


def natural(name: str) -> tuple[tuple[int, int | str], ...]:
    """Return a key that sorts names with numbers in them as people do.

    Examples
    --------
    >>> sorted(["rc10", "rc2", "rc1"], key=natural)
    ['rc1', 'rc2', 'rc10']
    """
    # Digits such as a superscript are no numbers, and Python reads none of thousands of digits.
    parts = re.split(r"([0-9]{1,18})", name)
    return tuple(
        (0, int(part)) if part.isascii() and part.isdigit() else (1, part) for part in parts if part
    )


def _roles(names: Iterable[str]) -> dict[str, str]:
    lower = {name.lower(): name for name in names}
    roles: dict[str, str] = {}
    for role, known in ROLES.items():
        found = [lower[name] for name in known if name in lower]
        if found:
            roles[role] = found[0]
    return roles


def _is_long(frame: pd.DataFrame, roles: dict[str, str]) -> bool:
    who = roles.get("id", roles.get("name"))
    return who is not None and bool(frame[who].duplicated().any())


def _wide(
    frame: pd.DataFrame, path: object, roles: dict[str, str], first_vote: str | None
) -> Sheet:
    notes: list[str] = []
    names = list(frame.columns)
    if not {"id", "name"} & set(roles):
        if "" not in names:
            raise InputError(
                f"{path} has no column id or name for members, nor one called rollcall; give one "
                "row per member with the columns id,name,party,state and then one per roll call, "
                "or one row per vote with rollcall,member,vote."
            )
        roles = {**roles, "name": ""}
        notes.append("members are named by the first column, which has no name")
    elif "" in names:
        notes.append("a column of row names, which has no name itself, was left out")
        frame = frame.drop(columns="")
    taken = set(roles.values())
    rest = [name for name in frame.columns if name not in taken]
    if first_vote is not None:
        start = list(frame.columns).index(first_vote)
        rest = [name for name in list(frame.columns)[start:] if name not in taken]
    others = [name for name in frame.columns if name not in {*taken, *rest}]
    members = _members(frame, roles, notes, others)
    codes = frame[rest]
    return Sheet(codes, members, pd.DataFrame({"id": rest}), notes)


def _members(
    frame: pd.DataFrame, roles: dict[str, str], notes: list[str], others: Sequence[str]
) -> pd.DataFrame:
    blank = pd.Series("", index=frame.index, dtype=object)
    table = pd.DataFrame({role: frame[roles[role]] if role in roles else blank for role in ROLES})
    if "name" not in roles:
        table["name"] = table["id"]
    parts = table["name"].str.extract(LABEL)
    if "party" not in roles and "state" not in roles and parts[0].notna().all():
        # As pscl prints members: NAME (D MA)
        table["name"], table["party"] = parts[0], parts[1]
        table["state"] = parts[2].fillna("")
        table["labelled"] = True
        notes.append('parties and states are read from names such as "NAME (D MA)"')
    if "id" not in roles:
        table["id"] = table["name"] if table["name"].is_unique else frame[roles["name"]]
    known = {"id", "name"} | ({"party"} if table["party"].any() else set())
    if "party" not in known:
        notes.append("there is no column party: nothing is said about parties")
    return table.assign(**{name: frame[name] for name in others if name not in table})


def _turned(frame: pd.DataFrame, path: object, rollcall: str) -> Sheet:
    about = [name for name in frame.columns if name.lower() in ABOUT or name == ""]
    people = [name for name in frame.columns if name not in {rollcall, *about}]
    if not people:
        raise InputError(f"{path} has the column {rollcall} and none of members; add their votes.")
    notes = [f"roll calls are in rows, named by the column {rollcall}, and members in columns"]
    details = frame[[name for name in about if name]].assign(id=frame[rollcall])
    codes = frame[people].T.reset_index(drop=True)
    codes.columns = pd.Index(frame[rollcall].tolist())
    labels = pd.DataFrame({"name": people})
    members = _members(labels, {"name": "name"}, notes, ())
    return Sheet(codes, members, _ordered(details), notes)


def _long(
    frame: pd.DataFrame, path: object, roles: dict[str, str], rollcall: str, vote: str
) -> Sheet:
    who = roles.get("id", roles.get("name", ""))
    key = frame[rollcall]
    if frame.assign(key=key).duplicated([who, "key"]).any():
        # The same numbers in another chamber, Congress or session
        lower = {name.lower(): name for name in frame.columns}
        for name in (lower[each] for each in WITHIN if each in lower):
            if frame[name].nunique() > 1:
                key = frame[name] + "-" + key
    work = frame.assign(key=key)
    twice = work[work.duplicated([who, "key"])]
    if len(twice):
        row = twice.iloc[0]
        raise InputError(
            f"{path} lists two votes of member {str(row[who])[:60]} on roll call "
            f"{str(row['key'])[:60]}; remove one of them."
        )
    notes = [f"one vote in a row: roll call {rollcall}, member {who}, vote {vote}"]
    order, people = list(dict.fromkeys(work["key"])), list(dict.fromkeys(work[who]))
    if all(any(c.isdigit() for c in name) for name in order):
        order.sort(key=natural)  # they came as somebody first voted on them
    codes = work.pivot(index=who, columns="key", values=vote).reindex(index=people, columns=order)
    first = work.drop_duplicates(who)
    members = _members(first.reset_index(drop=True), roles, notes, ())
    about = [name for name in frame.columns if name.lower() in ABOUT]
    details = work.drop_duplicates("key")[["key", *about]].rename(columns={"key": "id"})
    filled = codes.fillna("").reset_index(drop=True)
    filled.columns = pd.Index(order)
    return Sheet(filled, members, _ordered(details.reset_index(drop=True)), notes)


def _ordered(table: pd.DataFrame) -> pd.DataFrame:
    return table[["id", *(name for name in table.columns if name != "id")]].reset_index(drop=True)
