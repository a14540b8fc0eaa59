"""What can be set on the page of roll calls."""

from __future__ import annotations

from sociophysics.live.chamber_changes import NOBODY

from ..address import Choice, Flag, Kind, Number, Text

__all__ = ["CHAMBERS", "FACTS", "JOB", "LOOK", "SETTINGS", "WHAT_IF", "WHAT_IF_KEYS"]

# Jobs of a tab: the size of the chamber, its fit, what is simulated with it.
FACTS, JOB, WHAT_IF = "roll-calls.facts", "roll-calls.fit", "roll-calls.what-if"
LOOK = "roll-calls.look"  # how the file of votes is understood

CHAMBERS = {
    "senate109": "US Senate, 2005-06 (101 members)",
    "scotus_rehnquist": "US Supreme Court, 1994-2004 (9)",
    "upload": "Your own votes",
}

WHAT_IF_KEYS = ("whip_a", "whip_b", "exchange", "remove", "draws", "replicas", "sweeps", "chance")

SETTINGS: dict[str, Kind] = {
    "chamber": Choice("senate109", CHAMBERS),
    "codes": Text("", longest=300),
    "first_vote": Text("", longest=200),
    "fit": Choice("quick", {"quick": "Quick: point estimates", "full": "Full: with uncertainty"}),
    "test": Choice("cells", {"cells": "Votes hidden at random", "rollcalls": "Later roll calls"}),
    "seed": Number(0, low=0, high=2_147_483_647, integer=True),
    "ties": Number(2.0, low=0.5, high=10.0, step=0.5),
    "member": Text("", longest=80),
    "rollcall": Text("", longest=80),
    "calls": Choice(
        "missed", {"missed": "Most missed", "sharp": "Sharpest line", "close": "Closest vote"}
    ),
    "whip_a": Number(-0.1, low=-0.5, high=0.5, step=0.01),
    "whip_b": Number(0.1, low=-0.5, high=0.5, step=0.01),
    "exchange": Number(1.0, low=0.0, high=3.0, step=0.05),
    "remove": Text(NOBODY, longest=80),
    "draws": Flag(True),
    "replicas": Number(40, low=4, high=50, integer=True),
    "sweeps": Number(1000, low=100, high=20_000, integer=True, log=True),
    "chance": Number(2026, low=0, high=2_147_483_647, integer=True),
}
