"""Where the files that come with the package are: data, scenarios, an example of a panel."""

from __future__ import annotations

from pathlib import Path

__all__ = ["FOLDERS", "bundled_file", "bundled_panel", "bundled_scenarios"]

# An installed wheel carries the files inside the package, a source checkout beside it.
PACKAGE = Path(__file__).parent
FOLDERS = (PACKAGE / "bundled", PACKAGE.parent / "data")
SCENARIOS = (PACKAGE / "bundled" / "scenarios", PACKAGE.parent / "scenarios")
PANELS = (PACKAGE / "bundled" / "panel", PACKAGE.parent / "examples" / "panel")


def bundled_file(name: str) -> Path:
    """Return the path of a data file that comes with the package.

    Raises
    ------
    FileNotFoundError
        The installation lacks the file, which is a defect of the installation.

    Examples
    --------
    >>> bundled_file("polblogs.edges.csv").name
    'polblogs.edges.csv'
    """
    for folder in FOLDERS:
        if (folder / name).is_file():
            return folder / name
    raise FileNotFoundError(f"{name} is in none of {', '.join(map(str, FOLDERS))}")


def bundled_scenarios() -> dict[str, Path]:
    """Return the scenarios that come with the package, by name in alphabetical order.

    Examples
    --------
    >>> bundled_scenarios()["feed_designs"].name
    'feed_designs.toml'
    """
    found = next((folder for folder in SCENARIOS if folder.is_dir()), SCENARIOS[0])
    return {path.stem: path for path in sorted(found.glob("*.toml"))}


def bundled_panel() -> Path:
    """Return the folder of the small synthetic panel: edges, users, stances, and its question.

    Examples
    --------
    >>> sorted(path.name for path in bundled_panel().glob("*.toml"))
    ['calibrate.toml']
    """
    return next((folder for folder in PANELS if folder.is_dir()), PANELS[0])
