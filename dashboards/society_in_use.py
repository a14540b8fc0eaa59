"""The calibrated society that a tab uses: brought by Calibrate, taken up by every other page.

Its files lie in the folder of the tab, under names of ours, and go with it: who wants to go on
later takes the ZIP.
"""

from __future__ import annotations

import hashlib
import re
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import sociophysics as sp

from .browser_tab import this_tab

__all__ = [
    "CALIBRATED",
    "FILE",
    "MISSING",
    "SocietyInUse",
    "in_their_names",
    "society_in_use",
    "use_it",
]

CALIBRATED = "calibrated"  # what settings call it
FILE = "society.toml"
OURS = re.compile(r"[^\s\"']*[/\\]society-[0-9a-f]{12}[/\\]+")  # where our copies lie
MISSING = (
    'no calibrated society is in use in this tab; press a page under "Use this society" on the '
    "Calibrate page."
)


@dataclass(frozen=True)
class SocietyInUse:
    """A calibrated society: the folder of its files, its text, and what the files are called."""

    folder: Path
    text: str
    ties: str
    users: str

    @property
    def digest(self) -> str:
        """Name it by what it is."""
        return self.folder.name.removeprefix("society-")

    def scenario(self, *, at_mean: bool = False) -> sp.Scenario:
        """Return the scenario; its files are those in the folder.

        ``at_mean`` leaves the posterior out: keys that its draws decide cannot be turned.
        """
        tables = sp.Scenario.from_toml(self.text, name="society").canonical()
        ties, users = (str(self.folder / name) for name in (self.ties, self.users))
        tables["network"] |= {"path": ties, "nodes": users}
        if at_mean:
            del tables["posterior"]
        else:
            tables["posterior"]["path"] = str(self.folder / "posterior")
        return sp.Scenario.from_canonical(tables, name="society")


def in_their_names(text: str) -> str:
    """Return a text about our copies as one about the files of the ZIP.

    Examples
    --------
    >>> in_their_names('path = "there/society-0123456789ab/edges.csv"')
    'path = "edges.csv"'
    """
    return OURS.sub("", text)


def society_in_use(*, asked: bool = True) -> SocietyInUse | None:
    """Return what this tab uses.

    Raises
    ------
    InputError
        It uses none, and one is ``asked`` for.
    """
    found: SocietyInUse | None = _kept().get("society")
    if found is None and asked:
        raise sp.InputError(MISSING)
    return found


def use_it(text: str, files: Mapping[str, Path], draws: Path) -> SocietyInUse:
    """Take up a society from now on.

    Parameters
    ----------
    text : str
        Its scenario.
    files : mapping
        "edges" and "users" to our copies, by whose names the scenario calls them.
    draws : path
        The folder of its posterior.
    """
    content = [text.encode(), *(path.read_bytes() for path in files.values())]
    posterior = [*sorted(draws.glob("posterior.*")), draws / "manifest.json"]
    content += [path.read_bytes() for path in posterior]
    digest = hashlib.sha256(b"\0".join(content)).hexdigest()[:12]
    folder = this_tab().folder() / f"society-{digest}"
    before = society_in_use(asked=False)
    if before is None or before.folder != folder:
        (folder / "posterior").mkdir(parents=True, exist_ok=True)
        for path in files.values():
            shutil.copyfile(path, folder / path.name)
        for path in posterior:
            shutil.copyfile(path, folder / "posterior" / path.name)
    used = SocietyInUse(folder, text, files["edges"].name, files["users"].name)
    _kept()["society"] = used
    return used


def _kept() -> dict[str, Any]:
    found: dict[str, Any] = this_tab().keep("society in use", dict)
    return found
