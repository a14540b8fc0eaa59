"""What the address of the first page holds: which story, and what is looked at of its run."""

from __future__ import annotations

from ..address import Kind, Text

__all__ = ["OWN", "SETTINGS"]

OWN = "own"  # the scenario that was brought to this tab

SETTINGS: dict[str, Kind] = {
    "story": Text("", longest=80),
    "observable": Text("", longest=80),
    "along": Text("", longest=80),
    "at": Text("", longest=300),
}
