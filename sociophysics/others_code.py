"""Which code of others a study computes with: the packages that registered what it names."""

from __future__ import annotations

import hashlib
import re
import sys
import traceback
from collections.abc import Iterable, Mapping, Sequence
from functools import cache
from importlib.metadata import Distribution, PackageNotFoundError, distribution, entry_points
from importlib.metadata import packages_distributions as distributions_of_packages
from pathlib import Path
from types import MappingProxyType
from typing import Any

from sociophysics.errors import InputError
from sociophysics.sources import short

__all__ = ["Code", "at_fault", "check_others_code", "code_of_others"]

PLACE = re.compile(r'File "([^"]+)", line (\d+)')
Code = dict[str, dict[str, str | None]]


def code_of_others(modules: Sequence[str]) -> Code:
    """Return distribution, version and digest of the packages that some modules belong to.

    Parameters
    ----------
    modules : sequence of str
        Modules outside this package, as ``blocks.registering_modules`` returns them.

    Returns
    -------
    dict
        By the distribution's name, or the package's where none is installed: its ``version``, and
        ``code``, the sha256 of the package's Python files as ``sources.source_digest`` counts
        ours. Either is None where there is none, as for a class typed into a notebook.

    Examples
    --------
    >>> code_of_others([])
    {}
    """
    found: Code = {}
    for package in sorted({module.partition(".")[0] for module in modules}):
        owner = _owner(package)
        name = package if owner is None else owner.name
        found[name] = {
            "version": None if owner is None else owner.version,
            "code": _digest(package),
        }
    return found


def check_others_code(old: Mapping[str, Any], new: Mapping[str, Any], place: str) -> None:
    """Refuse to go on in a folder with other plugins than those of the manifest in it.

    Raises
    ------
    InputError
        One is missing, or its code or version is another.
    """
    before, now = old.get("plugins") or {}, new.get("plugins") or {}
    for name, code in before.items():
        here = now.get(name)
        if here == code:
            continue
        there = f"with {name} {_told(code)}"
        raise InputError(
            f"{place} holds parts computed {there}, here "
            f"{'it is not used' if here is None else f'it is {_told(here)}'}: compute anew into "
            "another --out, or install that plugin."
        )


def at_fault(error: BaseException, kinds: Iterable[Any]) -> str | None:
    """Return whose code an error was raised in, if it is that of a package that adds kinds.

    The distribution, the file and the line in words; None where it is ours or a library's. An
    error of a worker has its traceback as a text alone.

    Parameters
    ----------
    error : BaseException
    kinds : iterable of classes and functions
        All that are registered.

    Examples
    --------
    >>> at_fault(ValueError("ours"), []) is None
    True
    """
    packages = {each.__module__.partition(".")[0] for each in kinds}
    homes: dict[str, str] = {}
    for package in packages - {"sociophysics", "__main__"}:
        module = sys.modules.get(package)
        places = [*getattr(module, "__path__", ()), getattr(module, "__file__", None)]
        homes |= {str(place): package for place in places if place}
    for file, line in reversed(PLACE.findall("".join(traceback.format_exception(error)))):
        for home, package in homes.items():
            if file == home or Path(home) in Path(file).parents:
                owner = _owner(package)
                name = package if owner is None else owner.name
                return f"{name} ({Path(file).name}, line {line})"
    return None


def _told(code: Mapping[str, str | None]) -> str:
    version, digest = code.get("version"), code.get("code")
    return f"{version or 'of no version'} (sources {short(digest) if digest else 'unknown'})"


def _owner(package: str) -> Distribution | None:
    """Return the installed distribution that a package comes from."""
    points = entry_points()
    ours = [group for group in points.groups if group.startswith("sociophysics.")]
    for point in (each for group in ours for each in points.select(group=group)):
        if point.module.partition(".")[0] == package:
            return point.dist
    names = _packages().get(package)
    try:
        return distribution(names[0]) if names else None
    except PackageNotFoundError:
        return None


@cache
def _packages() -> Mapping[str, list[str]]:
    return MappingProxyType(dict(distributions_of_packages()))


@cache
def _digest(package: str) -> str | None:
    """Return the digest of a package's files, or of its one file, when it was first asked for."""
    module = sys.modules.get(package)
    folders = [Path(each) for each in getattr(module, "__path__", ())]
    file = getattr(module, "__file__", None)
    files = {
        path.relative_to(folder).as_posix(): path
        for folder in folders
        for path in folder.rglob("*.py")
    }
    if not folders and file is not None and Path(file).is_file():
        files = {Path(file).name: Path(file)}
    if not files:
        return None
    total = hashlib.sha256()
    for name in sorted(files):
        text = files[name].read_bytes().replace(b"\r\n", b"\n")
        total.update(f"{name}\0{hashlib.sha256(text).hexdigest()}\n".encode())
    return total.hexdigest()
