"""What the address of the Calibrate page holds: which data, which model, which priors."""

from __future__ import annotations

from ..address import Choice, Flag, Kind, Number, Text

__all__ = ["SETTINGS"]

# Feeds whose strength is free, by their kind.
FEEDS = {
    "none": "No feed",
    "chronological": "Chronological feed",
    "popularity": "Popularity feed",
    "engagement": "Engagement feed",
    "in_group": "Feed of the own camp",
    "bridging": "Bridging feed",
    "outrage": "Feed of outrage",
    "trending": "Trending: the mean of everybody",
}

SETTINGS: dict[str, Kind] = {
    "data": Choice(
        "example",
        {
            "example": "120 users in eight waves, which come along",
            "upload": "Three files of your own",
        },
    ),
    "camp": Text("party", longest=60),
    "treated": Text("", longest=60),
    "directed": Flag(False),
    "t_low": Number(0.5, low=0.05, high=20.0, step=0.05),
    "t_high": Number(5.0, low=0.1, high=20.0, step=0.05),
    "field": Choice(
        "camps",
        {"none": "No push", "uniform": "Everybody one way", "camps": "Two camps apart"},
    ),
    "h_low": Number(0.0, low=-3.0, high=3.0),
    "h_high": Number(0.6, low=-3.0, high=3.0),
    "feed": Choice("none", FEEDS),
    "s_low": Number(0.0, low=0.0, high=5.0),
    "s_high": Number(1.5, low=0.0, high=5.0),
    "pace": Choice("free", {"free": "Free", "fixed": "Known"}),
    "p_low": Number(0.2, low=0.05, high=60.0, step=0.05),
    "p_high": Number(8.0, low=0.1, high=60.0, step=0.1),
    "sweeps": Number(1.0, low=0.05, high=60.0, step=0.05),
    "seed": Number(0, low=0, high=999_999, step=1, integer=True),
}
