"""The chambers that come with the package."""

from __future__ import annotations

from dataclasses import dataclass

from sociophysics.datasets import bundled_file
from sociophysics.errors import InputError, did_you_mean
from sociophysics.rollcall.plain import read_votes
from sociophysics.rollcall.votes import Votes

__all__ = ["CHAMBERS", "load"]


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

    Examples
    --------
    >>> load("scotus_rehnquist")
    Votes(485 roll calls, 9 members, 4343 votes, polarity 'expert')
    """
    if name not in CHAMBERS:
        raise InputError(f"there is no chamber {name!r}; {did_you_mean(name, CHAMBERS)}")
    chamber = CHAMBERS[name]
    votes = read_votes(
        bundled_file(chamber.votes),
        rollcalls=None if chamber.rollcalls is None else bundled_file(chamber.rollcalls),
        polarity=chamber.polarity,
    )
    president = (votes.members["state"] == "USA").to_numpy()
    if president.any():
        names = ", ".join(votes.members["name"][president])
        votes = votes.select(members=~president, note=f"President dropped: {names}")
    return Votes(
        votes.matrix,
        votes.members,
        votes.rollcalls,
        polarity=votes.polarity,
        notes=(chamber.source, *votes.notes),
    )
