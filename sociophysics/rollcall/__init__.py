"""Roll-call votes of legislatures and courts: reading, selecting, fetching."""

from __future__ import annotations

from sociophysics.rollcall.chambers import load
from sociophysics.rollcall.fetch import VoteviewFiles, fetch_voteview
from sociophysics.rollcall.legacy import read_ord
from sociophysics.rollcall.named_chambers import open_votes
from sociophysics.rollcall.party_votes import (
    PartyUnity,
    agreement_scores,
    cohesion,
    likeness,
    party_unity,
    rice_index,
)
from sociophysics.rollcall.plain import read_votes
from sociophysics.rollcall.votes import Votes, as_votes
from sociophysics.rollcall.voteview import read_voteview

__all__ = [
    "PartyUnity",
    "Votes",
    "VoteviewFiles",
    "agreement_scores",
    "as_votes",
    "cohesion",
    "fetch_voteview",
    "likeness",
    "load",
    "open_votes",
    "party_unity",
    "read_ord",
    "read_votes",
    "read_voteview",
    "rice_index",
]
