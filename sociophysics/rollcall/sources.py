"""One way in for whatever names a chamber on the command line."""

from __future__ import annotations

from pathlib import Path

from sociophysics.errors import InputError, did_you_mean
from sociophysics.rollcall.chambers import CHAMBERS, load
from sociophysics.rollcall.legacy import read_ord
from sociophysics.rollcall.plain import VOTEVIEW_COLUMNS, read_votes
from sociophysics.rollcall.tables import FilePath, header
from sociophysics.rollcall.votes import Votes
from sociophysics.rollcall.voteview import read_voteview

__all__ = ["open_votes"]


def open_votes(
    source: FilePath, *, members: FilePath | None = None, rollcalls: FilePath | None = None
) -> Votes:
    """Return the votes of a bundled chamber, a Voteview file, a plain CSV or an ``.ord`` file.

    What a file is, its content says: Voteview's files of votes have the column ``cast_code``.

    Parameters
    ----------
    source : str or path
        Name of a bundled chamber, or a file.
    members, rollcalls : path, optional
        Voteview's other files; ``rollcalls`` also of a plain CSV. Left out, those beside
        ``..._votes.csv`` are read if they are called ``..._members.csv`` and
        ``..._rollcalls.csv``, as Voteview calls them.

    Raises
    ------
    InputError
        No such chamber or file, or tables that do not belong to it.

    Examples
    --------
    >>> open_votes("scotus_rehnquist").n_members
    9
    """
    name, path = str(source), Path(source)
    if not path.exists() and not path.suffix:
        if name not in CHAMBERS:
            raise InputError(
                f"{name!r} is neither a file nor a bundled chamber; {did_you_mean(name, CHAMBERS)}"
            )
        _refuse(name, members=members, rollcalls=rollcalls)
        return load(name)
    if path.suffix.lower() == ".ord":
        _refuse(name, members=members, rollcalls=rollcalls)
        return read_ord(path)
    if set(header(path)) >= VOTEVIEW_COLUMNS:
        members = _beside(path, "members") if members is None else members
        rollcalls = _beside(path, "rollcalls") if rollcalls is None else rollcalls
    if set(header(path)) >= VOTEVIEW_COLUMNS and members is not None:
        return read_voteview(path, members, rollcalls)
    _refuse(name, members=members)
    return read_votes(path, rollcalls=rollcalls)


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
