"""The chambers that come with the package."""

from __future__ import annotations

from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

from sociophysics.datasets import bundled_file
from sociophysics.errors import InputError, did_you_mean, quoted
from sociophysics.rollcall.plain import read_votes
from sociophysics.rollcall.votes import Votes

__all__ = ["CHAMBERS", "load", "published_polarity"]


@dataclass(frozen=True)
class Chamber:
    """File names and provenance of a bundled chamber."""

    votes: str
    rollcalls: str | None
    polarity: str
    source: str


CHAMBERS = {
    "senate109": Chamber(
        "senate109.csv",
        "senate109.rollcalls.csv",
        "arbitrary",
        "109th US Senate, 2005-06, from Voteview (Lewis et al.)",
    ),
    "scotus_rehnquist": Chamber(
        "scotus_rehnquist.csv",
        None,
        "expert",
        "Rehnquist court, 1994-2004, non-unanimous cases, 1 = liberal, from the Supreme Court "
        "Database (Spaeth et al.)",
    ),
}


def load(name: str) -> Votes:
    """Return the votes of a bundled chamber: ``"senate109"`` or ``"scotus_rehnquist"``.

    A President among the members is dropped, which the notes say.

    Raises
    ------
    InputError
        No chamber of that name.

    Examples
    --------
    >>> load("scotus_rehnquist")
    Votes(485 roll calls, 9 members, 4343 votes, polarity 'expert')
    """
    if not isinstance(name, str) or name not in CHAMBERS:
        raise InputError(
            f"there is no bundled chamber {quoted(name)}; rollcall.open_votes reads files; "
            f"{did_you_mean(str(name), CHAMBERS)}"
        )
    chamber = CHAMBERS[name]
    votes = read_votes(
        bundled_file(chamber.votes),
        rollcalls=None if chamber.rollcalls is None else bundled_file(chamber.rollcalls),
        polarity=chamber.polarity,
    )
    notes = [chamber.source]
    president = (votes.members["state"] == "USA").to_numpy()
    if president.any():
        names = ", ".join(votes.members["name"][president])
        votes = votes.select(members=~president)
        notes.append(f"President dropped: {names}")
    return Votes(
        votes.matrix,
        votes.members,
        votes.rollcalls,
        polarity=votes.polarity,
        notes=notes,
    )


def published_polarity(path: Path) -> str:
    """Return what +1 means in a copy of a bundled file, "arbitrary" in any other file.

    Examples
    --------
    >>> published_polarity(bundled_file("scotus_rehnquist.csv"))
    'expert'
    """
    coded = [chamber for chamber in CHAMBERS.values() if chamber.polarity != "arbitrary"]
    own = {_digest(bundled_file(chamber.votes)): chamber.polarity for chamber in coded}
    largest = max(bundled_file(chamber.votes).stat().st_size for chamber in coded)
    small = path.is_file() and path.stat().st_size <= largest
    return own.get(_digest(path), "arbitrary") if small else "arbitrary"


def _digest(path: Path) -> str:
    return sha256(path.read_bytes()).hexdigest()
