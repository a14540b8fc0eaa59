"""What can be set on the page; keys and designs are words, because they depend on the scenario."""

from __future__ import annotations

import tomllib
from pathlib import Path

from ..address import Choice, Flag, Kind, Number, Text
from ..society_in_use import CALIBRATED

__all__ = ["BUNDLED", "LENGTHS", "OBSERVABLES", "RANGES", "SETTINGS", "SOURCES"]

FOLDER = Path(__file__).parents[2] / "scenarios"  # of a checkout; an installation has none
BUNDLED = {path.stem: path for path in sorted(FOLDER.glob("*.toml"))}


def _title(path: Path) -> str:
    with path.open("rb") as file:
        return str(tomllib.load(file).get("title") or path.stem)


SOURCES = {
    "outrage": "Friendly camps, a feed of outrage",
    "feed-lab": "The Feed lab's society",
    **{name: _title(path) for name, path in BUNDLED.items()},
    CALIBRATED: "The society of Calibrate",
    "upload": "Your own scenario (TOML)",
}
OBSERVABLES = {
    "own": "Distance between camps, or agreement",
    "auto": "Whichever changes more",
    "abs_camp_polarization": "Distance between camps",
    "abs_magnetization": "Agreement overall",
    "edge_agreement": "Ties in agreement",
    "unsatisfied_fraction": "Ties under tension",
    "local_agreement": "Agreement with neighbors",
}
LENGTHS = {
    "0.25": "A quarter of the scenario's",
    "0.5": "Half of the scenario's",
    "1": "As in the scenario",
    "2": "Twice the scenario's",
    "4": "Four times the scenario's",
}
RANGES = {"auto": "Suggested", "own": "My own"}


def _axis(suffix: str, points: int, least: int) -> dict[str, Kind]:
    return {
        f"range{suffix}": Choice("auto", RANGES),
        f"low{suffix}": Number(0.0, low=-1000.0, high=1000.0),
        f"high{suffix}": Number(1.0, low=-1000.0, high=1000.0),
        f"points{suffix}": Number(points, low=least, high=41, integer=True),
    }


# "" stands for the first design, the key that the scenario suggests, and no second key.
SETTINGS: dict[str, Kind] = {
    "source": Choice("outrage", SOURCES),
    "design": Text("", longest=120),
    "along": Text("", longest=80),
    **_axis("", 11, 4),
    "second": Text("", longest=80),
    **_axis("2", 7, 2),
    "observable": Choice("own", OBSERVABLES),
    "replicas": Number(15, low=2, high=200, integer=True, log=True),
    "length": Choice("1", LENGTHS),
    "loop": Flag(True),
    "keep": Flag(False),
}
