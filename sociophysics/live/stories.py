"""Stories: what a scenario file says above its tables, for the gallery and for a screen.

The comments on top of a file are its story: ``# Question:``, ``# Expected:`` (what to notice) and
``# Try:``, each going on over the lines of comments below it.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import NamedTuple

from sociophysics.datasets import bundled_scenarios
from sociophysics.scenario import text as toml

__all__ = ["PICTURES", "Story", "stories", "told"]

PICTURES = "pictures"  # the folder beside the files
HEAD = re.compile(r"#\s*(Question|Expected|Try):\s*(.*)")


class Story(NamedTuple):
    """A scenario file as a person is told it.

    ``notice`` is what to look for in the run, ``tries`` what to change next, ``picture`` the place
    of an SVG or None, ``trial`` whether the file treats some users.
    """

    name: str
    title: str
    question: str
    notice: str
    tries: tuple[str, ...]
    text: str
    picture: Path | None = None
    trial: bool = False


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


def stories() -> dict[str, Story]:
    """Return the stories of the scenarios that come with the package, by name.

    Examples
    --------
    >>> stories()["whip"].title
    'Party whips in the 109th Senate'
    """
    return {
        name: told(name, toml.read(path), path.parent / PICTURES / f"{name}.svg")
        for name, path in bundled_scenarios().items()
    }


def _sentence(text: str) -> str:
    text = " ".join(text.split())
    return text[:1].upper() + text[1:]


def _one_line(value: object) -> str:
    return " ".join(value.split()) if isinstance(value, str) else ""
