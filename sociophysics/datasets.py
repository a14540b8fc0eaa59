"""Where the data files that come with the package are."""

from __future__ import annotations

from pathlib import Path

__all__ = ["FOLDERS", "bundled_file"]

# An installed wheel carries the files inside the package, a source checkout beside it.
FOLDERS = (Path(__file__).parent / "bundled", Path(__file__).parent.parent / "data")


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
