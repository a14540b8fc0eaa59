"""Which code makes the numbers: a digest of its sources, the same wherever it is installed.

Counted are the package's Python files except those that only show, carry or start: interfaces,
reports and stores. Any change to a counted file, comments included, is another digest. The data
files that come with the package count as well, because networks and chambers are read from them.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from functools import cache
from pathlib import Path

from sociophysics.datasets import FOLDERS

__all__ = ["SHOWING", "counted_units", "short", "source_digest", "source_files"]

PACKAGE = Path(__file__).parent

# No number of a run, a search or a fit depends on these.
SHOWING = frozenset(
    {
        "__main__.py",
        "addresses.py",
        "bundled",
        "cli",
        "dashboards",
        "evidence",
        "machine.py",
        "memory.py",
    }
    | {"mesa_model.py", "report", "sources.py", "store"}
)


def counted_units() -> frozenset[str]:
    """Return the folders and modules of the package that count.

    Examples
    --------
    >>> "engine" in counted_units(), "report" in counted_units()
    (True, False)
    """
    names = {path.name for path in PACKAGE.iterdir() if path.is_dir() or path.suffix == ".py"}
    return frozenset(names - SHOWING - {"__pycache__"})


def source_files(*units: str) -> list[Path]:
    """Return the files that count, in the order of their names.

    Parameters
    ----------
    units : str
        Folders and modules of the package, such as ``engine``; all that count if left out, and
        the data files with them.

    Examples
    --------
    >>> [path.name for path in source_files("streams.py")]
    ['streams.py']
    """
    wanted = frozenset(units) or counted_units()
    found = [path for unit in wanted for path in _files(PACKAGE / unit)]
    if not units:
        found += [path for folder in FOLDERS for path in folder.glob("*.csv")]
    return sorted((path for path in found if not path.name.startswith(".")), key=_name)


def _files(path: Path) -> Iterator[Path]:
    if path.is_dir():
        yield from path.rglob("*.py")
    elif path.suffix == ".py" and path.is_file():
        yield path


def _name(path: Path) -> str:
    """Return what a file is called in the digest: a data file is the same inside and beside."""
    if path.parent in FOLDERS:
        return f"data/{path.name}"
    return path.relative_to(PACKAGE).as_posix()


@cache
def source_digest(*units: str) -> str:
    """Return the sha256 of the sources that make numbers, 64 hexadecimal digits.

    ``sha256(name_1, sha256(text_1), name_2, ...)`` over the sorted files, with line ends as on
    Linux. It is that of the files when it was first asked for.

    Examples
    --------
    >>> len(source_digest()), source_digest() == source_digest("engine")
    (64, False)
    """
    total = hashlib.sha256()
    for path in source_files(*units):
        text = path.read_bytes().replace(b"\r\n", b"\n")
        total.update(f"{_name(path)}\0{hashlib.sha256(text).hexdigest()}\n".encode())
    return total.hexdigest()


def short(digest: str) -> str:
    """Return a digest as people are told it.

    Examples
    --------
    >>> short("0123456789abcdef0123")
    '0123456789ab'
    """
    return digest[:12]
