"""What the address of the Runs page holds: which runs, which observable, along what, and where."""

from __future__ import annotations

from ..address import Choice, Kind, Text

__all__ = ["BETWEEN", "SETTINGS", "names_beside"]

BETWEEN = "/"  # between names of runs in the address: no folder has it in its name

SETTINGS: dict[str, Kind] = {
    "run": Text("", longest=255),
    "beside": Text("", longest=1500),
    "observable": Text("", longest=80),
    "along": Text("", longest=80),
    "at": Text("", longest=300),
    "against": Text("", longest=2500),  # the address of another view, shown beside this one
    "called": Text("", longest=60),
    "find": Text("", longest=80),
    "show": Choice(
        "all", {"all": "All", "finished": "Finished", "unfinished": "Unfinished or damaged"}
    ),
    "order": Choice("date", {"date": "Newest first", "name": "By name"}),
}


def names_beside(text: str) -> list[str]:
    """Return the names of runs that are listed in the address.

    Examples
    --------
    >>> names_beside("feeds/feeds at noon"), names_beside("")
    (['feeds', 'feeds at noon'], [])
    """
    return [name for name in dict.fromkeys(text.split(BETWEEN)) if name]
