"""What the address of the Trials page holds: which society, which treatment, what was published."""

from __future__ import annotations

from ..address import Choice, Flag, Kind, Number
from ..society_in_use import CALIBRATED

__all__ = ["FEEDS", "SETTINGS"]

# Feeds that a treated user may get instead of the society's, by their kind.
FEEDS = {
    "chronological": "Chronological feed",
    "bridging": "Bridging feed",
    "random": "Random feed",
    "in_group": "Feed of the own camp",
    "outrage": "Feed of outrage",
    "none": "No feed",
}

SETTINGS: dict[str, Kind] = {
    "society": Choice(
        "small",
        {
            "small": "600 friends in two camps, engagement feed",
            "few_treated": "Political blogs, popularity feed",
            "identity_or_trapped": "Two camps held by identity",
            "facebook_2020": "Facebook, 2020: like-minded sources",
            CALIBRATED: "The society of Calibrate",
            "upload": "A scenario of your own with [trial]",
        },
    ),
    "treatment": Choice(
        "file",
        {"file": "As the scenario says", **FEEDS, "field": "A push (field)", "hold": "Hold yea"},
    ),
    "strength": Number(0.5, low=0.0, high=2.0),
    "share": Number(0.05, low=0.01, high=0.9),
    "replicas": Number(10, low=2, high=60, step=1, integer=True),
    "published": Flag(False),
    "d": Number(0.0, low=-1.0, high=1.0),
    "se": Number(0.015, low=0.001, high=0.5, step=0.001),
    "seed": Number(2026, low=0, high=999_999, step=1, integer=True),
}
