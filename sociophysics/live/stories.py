"""Stories: what a scenario file says above its tables, for the gallery and for a screen.

The comments on top of a file are its story: ``# Question:``, ``# Expected:`` (what to notice) and
``# Try:``, each going on over the lines of comments below it.
"""

from __future__ import annotations

import csv
import re
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from sociophysics.datasets import bundled_scenarios
from sociophysics.scenario import text as toml
from sociophysics.words import measured

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["COLUMNS", "PICTURES", "VERDICTS", "KnownClaim", "Story", "judged", "stories", "told"]

PICTURES = "pictures"  # the folder beside the files
VERDICTS = "verdicts.csv"  # the table beside the files
COLUMNS = (
    "scenario", "hash", "text", "verdict", "number", "low", "high", "bound", "replicas",
)  # fmt: skip
HEAD = re.compile(r"#\s*(Question|Expected|Try):\s*(.*)")


class KnownClaim(NamedTuple):
    """What became of a claim in the full run that came along with the scenario.

    ``hash`` is that of the scenario that was run; the number has a 95 % interval over replicas.
    """

    text: str
    verdict: str
    number: float
    low: float
    high: float
    bound: str
    replicas: int
    hash: str = ""

    def measured(self) -> str:
        """Return the number with its interval, and from what it is counted.

        Examples
        --------
        >>> KnownClaim("news help", "holds", 0.21, 0.1, 0.32, "no news", 20).measured()
        '0.21 [0.1, 0.32] from no news'
        """
        return f"{measured(self.number, self.low, self.high, '.3g')} from {self.bound}"


class Story(NamedTuple):
    """A scenario file as a person is told it.

    ``notice`` is what to look for in the run, ``tries`` what to change next, ``picture`` the place
    of an SVG or None, ``trial`` whether the file treats some users,
    ``judged`` its claims with what became of them in the full run, in the order of the file.
    """

    name: str
    title: str
    question: str
    notice: str
    tries: tuple[str, ...]
    text: str
    picture: Path | None = None
    trial: bool = False
    judged: tuple[KnownClaim, ...] = ()


def told(name: str, text: str, picture: Path | None = None) -> Story:
    r"""Return the story of a scenario file.

    Parameters
    ----------
    name, text : str
        Of the file.
    picture : path, optional
        An SVG of what the run shows.

    Raises
    ------
    InputError
        The text is not TOML.

    Examples
    --------
    >>> told("crowd", "# Expected: it melts,\n# and soon.\n# Try: cool it.\ntitle = 'A crowd'")[3:5]
    ('It melts, and soon.', ('Cool it.',))
    """
    tables = toml.parse(text, file=name)
    said: dict[str, list[str]] = {"Question": [], "Expected": [], "Try": []}
    kind = ""
    for line in text.removeprefix("\N{ZERO WIDTH NO-BREAK SPACE}").lstrip().splitlines():
        if not line.startswith("#"):
            break
        if found := HEAD.match(line):
            kind = found[1]
            said[kind].append(found[2].strip())
        elif kind:
            said[kind][-1] += f" {line.lstrip('# ').strip()}"
    notes = {kind: tuple(map(_sentence, lines)) for kind, lines in said.items()}
    return Story(
        name=name,
        title=_one_line(tables.get("title")) or name,
        question=_one_line(tables.get("question")) or " ".join(notes["Question"]),
        notice=" ".join(notes["Expected"]),
        tries=notes["Try"],
        text=text,
        picture=picture if picture is not None and picture.is_file() else None,
        trial=isinstance(tables.get("trial"), dict),
    )


def judged(claims: pd.DataFrame) -> list[KnownClaim]:
    """Return the claims of a run with their verdicts, as ``Run.claims`` has them.

    Parameters
    ----------
    claims : DataFrame
    """
    names = [name for name in KnownClaim._fields if name != "hash"]
    return [KnownClaim(**{name: row[name] for name in names}) for row in claims.to_dict("records")]


def stories() -> dict[str, Story]:
    """Return the stories of the scenarios that come with the package, by name.

    Examples
    --------
    >>> stories()["whip"].title
    'Party whips in the 109th Senate'
    """
    files = bundled_scenarios()
    tables = {folder: _judged(folder / VERDICTS) for folder in {f.parent for f in files.values()}}
    return {
        name: told(name, toml.read(path), path.parent / PICTURES / f"{name}.svg")._replace(
            judged=tuple(tables[path.parent].get(name, ()))
        )
        for name, path in files.items()
    }


def _judged(table: Path) -> dict[str, list[KnownClaim]]:
    """Return the claims in a table of verdicts by the name of their scenario."""
    found: dict[str, list[KnownClaim]] = {}
    if table.is_file():
        with table.open(encoding="utf-8", newline="") as file:
            for row in csv.DictReader(file):
                number, low, high = (float(row[key]) for key in ("number", "low", "high"))
                claim = KnownClaim(
                    row["text"], row["verdict"], number, low, high, row["bound"],
                    int(row["replicas"]), row["hash"],
                )  # fmt: skip
                found.setdefault(row["scenario"], []).append(claim)
    return found


def _sentence(text: str) -> str:
    text = " ".join(text.split())
    return text[:1].upper() + text[1:]


def _one_line(value: object) -> str:
    return " ".join(value.split()) if isinstance(value, str) else ""
