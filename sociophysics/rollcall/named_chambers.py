"""One way in for whatever names a chamber on the command line."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from sociophysics.errors import InputError, did_you_mean
from sociophysics.machine import given_path
from sociophysics.rollcall.chambers import CHAMBERS, load, published_polarity
from sociophysics.rollcall.legacy import read_ord
from sociophysics.rollcall.plain import VOTEVIEW_COLUMNS, read_votes
from sociophysics.rollcall.vote_tables import FilePath, header
from sociophysics.rollcall.votes import Votes
from sociophysics.rollcall.voteview import read_voteview

__all__ = ["open_votes"]


def open_votes(
    source: FilePath,
    *,
    members: FilePath | None = None,
    rollcalls: FilePath | None = None,
    polarity: str | None = None,
    codes: str | None = None,
    first_vote: str | None = None,
    chamber: str | None = None,
    keep_president: bool = False,
    merge_switchers: bool = False,
) -> Votes:
    """Return the votes of a bundled chamber, a Voteview file, another table or an ``.ord`` file.

    What a file is, its content says: Voteview's files of votes have the columns ``rollnumber``,
    ``icpsr`` and ``cast_code``.

    Parameters
    ----------
    source : str or path
        Name of a bundled chamber, or a file.
    members, rollcalls : path, optional
        Voteview's other files; ``rollcalls`` also of another table. Left out, those beside
        ``..._votes.csv`` are read if they are called ``..._members.csv`` and
        ``..._rollcalls.csv``, as Voteview calls them.
    polarity : {"arbitrary", "expert", "majority"}, optional
        What +1 means; by default what is known of a bundled chamber or of a copy of its file, else
        "arbitrary".
    codes, first_vote : str, optional
        As `read_votes` takes them.
    chamber : str, optional
        The chamber to keep, where a file holds several.
    keep_president, merge_switchers : bool
        As `read_voteview` takes them.

    Raises
    ------
    InputError
        No such chamber or file, tables that do not belong to it, or an option it has no use for.

    Examples
    --------
    >>> open_votes("scotus_rehnquist").n_members
    9
    """
    name, path = str(source), given_path(source, "the file of votes")
    plain: dict[str, Any] = {"codes": codes, "first_vote": first_vote}
    long: dict[str, Any] = {"keep_president": keep_president, "merge_switchers": merge_switchers}
    if not path.exists() and not path.suffix:
        if name not in CHAMBERS:
            raise InputError(
                f"{name[:200]!r} is neither a file nor a bundled chamber; "
                f"{did_you_mean(name, CHAMBERS)}"
            )
        _refuse(name, members=members, rollcalls=rollcalls)
        _useless(name, **plain, **long)
        votes = load(name)
    elif path.suffix.lower() == ".ord":
        _refuse(name, members=members, rollcalls=rollcalls)
        _useless(name, **plain, merge_switchers=merge_switchers)
        votes = read_ord(path, keep_president=keep_president)
    elif set(header(path)) >= VOTEVIEW_COLUMNS and (
        members is not None or _beside(path, "members") is not None
    ):
        _useless(name, **plain)
        members = _beside(path, "members") if members is None else members
        rollcalls = _beside(path, "rollcalls") if rollcalls is None else rollcalls
        assert members is not None  # asked above
        votes = read_voteview(path, members, rollcalls, **long)
    else:
        _refuse(name, members=members)
        _useless(name, merge_switchers=merge_switchers)
        votes = read_votes(
            path, rollcalls=rollcalls, polarity=published_polarity(path),
            keep_president=keep_president, **plain,
        )  # fmt: skip
    votes = votes if chamber is None else _only(votes, chamber)
    return votes if polarity is None else _coded(votes, polarity)


def _only(votes: Votes, chamber: str) -> Votes:
    """Return one chamber's votes, checked like a file of its own."""
    part = votes.chamber(chamber)
    return Votes(
        part.matrix, part.members, part.rollcalls, polarity=part.polarity, notes=part.notes,
        seated=part.seated, abstained=part.abstained,
    )  # fmt: skip


def _coded(votes: Votes, polarity: str) -> Votes:
    return Votes(
        votes.matrix, votes.members, votes.rollcalls, polarity=polarity, notes=votes.notes,
        seated=votes.seated, abstained=votes.abstained,
    )  # fmt: skip


def _beside(path: Path, kind: str) -> Path | None:
    other = path.with_name(path.name.replace("_votes", f"_{kind}"))
    return other if other != path and other.is_file() else None


def _refuse(name: str, **tables: FilePath | None) -> None:
    for kind, table in tables.items():
        if table is not None:
            raise InputError(
                f"{name} already holds its {kind}, and {table} is given as well; leave out "
                f"--{kind}."
            )


def _useless(name: str, **options: Any) -> None:
    """Refuse options that say nothing about this kind of file: somebody expects an effect."""
    for option, value in options.items():
        if value:
            flag = option.replace("_", "-")
            kind = "tables of votes" if option in ("codes", "first_vote") else "Voteview's files"
            raise InputError(f"--{flag} is for {kind}, which {name[:200]} is not; leave it out.")
