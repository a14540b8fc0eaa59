"""What a graph file holds, collected while it is read: users, ties, and what is left out."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from sociophysics.errors import InputError
from sociophysics.society.missing import is_blank

__all__ = ["Arc", "Contents", "malformed", "typed", "unicode_text"]

LONGEST = 60  # characters of a value in a sentence
MOST_DIGITS = 400  # of a whole number; Python takes no more than a few thousand


class Arc(NamedTuple):
    """A tie of a file."""

    source: Any
    target: Any
    data: dict[str, Any]
    one_way: bool


@dataclass
class Contents:
    """The users in their order, the ties, whether any has a direction, and notes."""

    name: str
    users: dict[Any, dict[str, Any]] = field(default_factory=dict)
    ties: list[Arc] = field(default_factory=list)
    directed: bool = False
    notes: list[str] = field(default_factory=list)

    def add_user(self, label: Any, data: dict[str, Any]) -> None:
        """Add a user, or raise if the file lists the user before."""
        if label in self.users:
            raise InputError(
                f"{self.name} lists the user {label!r} twice; each user is listed once."
            )
        self.users[label] = data

    def note(self, sentence: str) -> None:
        """Add a sentence on what is left out, once."""
        if sentence not in self.notes:
            self.notes.append(sentence)


def malformed(name: str, reason: str) -> InputError:
    """Return the error of a file that is not what its suffix says."""
    return InputError(f"{name} is malformed ({' '.join(reason.split())}); correct the file.")


def unicode_text(text: str, name: str) -> str:
    """Return a text without the blanks around it, or raise if it cannot be written anywhere."""
    try:
        text.encode()
    except UnicodeEncodeError:
        shown = text[:LONGEST].encode(errors="backslashreplace").decode()
        raise InputError(
            f"{name} holds '{shown}', half of a surrogate pair, which is no text; correct it."
        ) from None
    return text.strip()


def _truth(text: str) -> bool:
    return {"true": True, "1": True, "false": False, "0": False}[text.lower()]


def _whole(text: str) -> int:
    if len(text) > MOST_DIGITS:
        raise ValueError
    return int(text)


READ: dict[str, Callable[[str], Any]] = {
    "boolean": _truth,
    **dict.fromkeys(("byte", "short", "int", "integer", "long", "biginteger"), _whole),
    **dict.fromkeys(("float", "double", "bigdecimal"), float),
}


def typed(text: str | None, kind: str, what: str, name: str) -> Any:
    """Return the value that a text of a declared type has, None if it is blank.

    Types that are neither numbers nor truth values are texts.

    Raises
    ------
    InputError
        A text that is not of the type.

    Examples
    --------
    >>> typed(" 2 ", "int", "the age of the user 'ann'", "g.graphml"), typed(" ", "int", "", "")
    (2, None)
    """
    if text is None or is_blank(text):
        return None
    try:
        value = READ.get(kind.strip().lower(), str)(text.strip())
    except (ValueError, KeyError):
        raise InputError(
            f"{name}: {what} is {text.strip()[:LONGEST]!r}, which is no {kind}; correct it, or its "
            "type."
        ) from None
    return None if is_blank(value) else value
