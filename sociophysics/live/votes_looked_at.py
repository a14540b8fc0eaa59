"""A file of votes before it is fitted: how it is laid out, its codes, its columns, a first look."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

import pandas as pd

from sociophysics.errors import InputError
from sociophysics.rollcall import Votes, open_votes
from sociophysics.rollcall.codes import blank, find_coding, normalized, parse_codes
from sociophysics.rollcall.layouts import layout_of, read_sheet
from sociophysics.rollcall.plain import VOTEVIEW_COLUMNS
from sociophysics.rollcall.vote_tables import open_table

__all__ = ["LookedVotes", "looked_at_votes"]

MOST_CODES = 12
MOST_COLUMNS = 100
HEAD = (8, 8)  # members and roll calls of the first look


class LookedVotes(NamedTuple):
    """What a file of votes holds, and how it is understood.

    Attributes
    ----------
    layout : str
        Of a table, how it is laid out; empty for Voteview's and ``.ord`` files.
    codes : tuple of (code, count, meaning)
        The most frequent first; the meaning is empty where the file does not say it.
    columns : tuple of str
        Of a table with members in rows: where votes can begin.
    calls : tuple of str
        The first roll calls.
    head : tuple of tuple of str
        The first members: name, party, and what each of ``calls`` is read as.
    notes : tuple of str
        What was understood.
    problem : str
        Why it cannot be read, as a sentence; empty if it can.
    """

    layout: str = ""
    codes: tuple[tuple[str, int, str], ...] = ()
    columns: tuple[str, ...] = ()
    calls: tuple[str, ...] = ()
    head: tuple[tuple[str, ...], ...] = ()
    notes: tuple[str, ...] = ()
    problem: str = ""


def looked_at_votes(
    path: Path,
    members: Path | None = None,
    rollcalls: Path | None = None,
    codes: str = "",
    first_vote: str = "",
) -> LookedVotes:
    r"""Return what a file of votes holds.

    Parameters
    ----------
    path, members, rollcalls : path
        As `rollcall.open_votes` takes them.
    codes, first_vote : str
        What codes mean, and where votes begin; empty, as the file says itself.

    Examples
    --------
    >>> from tempfile import TemporaryDirectory
    >>> with TemporaryDirectory() as folder:
    ...     file = Path(folder) / "votes.csv"
    ...     _ = file.write_text("name,party,a,b\nAnn,D,1,0\nBob,R,-1,1\nCy,R,0,1\n")
    ...     looked = looked_at_votes(file)
    ...     read = looked_at_votes(file, codes="1=yea,-1=nay,0=missing")
    >>> looked.codes, looked.problem != ""
    ((('1', 3, ''), ('0', 2, ''), ('-1', 1, '')), True)
    >>> read.head[0], read.problem
    (('Ann', 'D', 'yea', 'missing'), '')
    """
    try:
        looked = _table(path, codes, first_vote)
    except InputError as error:
        return LookedVotes(problem=str(error))
    try:
        votes = open_votes(
            path, members=members, rollcalls=rollcalls, codes=codes or None,
            first_vote=first_vote or None,
        )  # fmt: skip
    except InputError as error:
        return looked._replace(problem=str(error))
    calls, head = _head(votes)
    return looked._replace(calls=calls, head=head, notes=tuple(votes.notes))


def _table(path: Path, codes: str, first_vote: str) -> LookedVotes:
    """Return the codes and columns of a plain table; nothing of other files."""
    if path.suffix.lower() == ".ord":
        return LookedVotes()
    frame = open_table(path).frame
    if set(frame.columns) >= VOTEVIEW_COLUMNS:
        return LookedVotes()
    # A wrong first column is no reason to show none.
    first = first_vote if first_vote in frame.columns else None
    layout = layout_of(frame, first)
    columns = tuple(map(str, frame.columns[:MOST_COLUMNS])) if layout == "members in rows" else ()
    bare = LookedVotes(layout=layout, columns=tuple(name for name in columns if name))
    try:
        sheet = read_sheet(frame, path, first)
    except InputError:
        return bare
    return bare._replace(codes=_codes([c for _, c in sheet.codes.items()], codes, path))


def _codes(
    columns: Sequence[pd.Series[str]], given: str, path: Path
) -> tuple[tuple[str, int, str], ...]:
    counts: Counter[str] = Counter()
    held: dict[str, frozenset[str]] = {}
    for k, column in enumerate(columns):
        own = Counter({str(code): int(n) for code, n in column.value_counts().items()})
        plain: Counter[str] = Counter()
        for code, n in own.items():
            plain[normalized(code)] += n
        counts.update(plain)
        held[str(k)] = frozenset(plain)
    meanings: dict[str, str] = {}
    with suppress(InputError):
        meanings = dict((parse_codes(given) if given else find_coding(held, path)[0]).meanings)
    asked = [(code, n) for code, n in counts.most_common() if not blank(code)]
    return tuple((code, n, meanings.get(code, "")) for code, n in asked[:MOST_CODES])


def _head(votes: Votes) -> tuple[tuple[str, ...], tuple[tuple[str, ...], ...]]:
    """Return the first roll calls, and the first members with what their votes are read as."""
    few, wide = min(HEAD[0], votes.n_members), min(HEAD[1], votes.n_rollcalls)

    def word(call: int, member: int) -> str:
        if vote := int(votes.matrix[call, member]):
            return "yea" if vote > 0 else "nay"
        if votes.abstained[call, member]:
            return "abstain"
        return "missing" if votes.seated[call, member] else "unseated"

    names, parties = votes.members["name"], votes.members["party"]
    head = tuple(
        (str(names.iloc[i]), str(parties.iloc[i]), *(word(k, i) for k in range(wide)))
        for i in range(few)
    )
    return tuple(str(name) for name in votes.rollcalls["id"].iloc[:wide]), head
