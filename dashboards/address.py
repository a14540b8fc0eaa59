"""The settings of a page, kept in its address: a link reproduces the view.

A page declares its settings once, as a dict from name to kind. Each kind reads a value from the
text of a link and writes it back; what a link holds is checked like any other input, and a bad
value becomes one sentence and the default.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol
from urllib.parse import parse_qsl, urlencode

import sociophysics as sp

__all__ = ["Choice", "Flag", "Kind", "Number", "Text", "read_address", "write_address"]

LONGEST = 8000  # characters of an address that browsers and servers pass on


class Kind(Protocol):
    """What a setting can be: it has a default, reads a link's text and writes it."""

    @property
    def default(self) -> Any:
        """The value without a link."""

    def read(self, name: str, text: str) -> Any:
        """Return the value, or raise InputError."""

    def write(self, value: Any) -> str:
        """Return the text of a value."""


@dataclass(frozen=True)
class Number:
    """A number in [low, high]; ``log`` spreads a slider evenly over orders of magnitude."""

    default: float
    low: float
    high: float
    step: float = 0.01
    integer: bool = False
    log: bool = False

    def read(self, name: str, text: str) -> float:
        """Return the number, or raise InputError.

        Examples
        --------
        >>> Number(1.0, low=0.0, high=2.0).read("temperature", "1.5")
        1.5
        """
        try:
            value = int(text) if self.integer else float(text)
        except ValueError:
            value = math.nan
        if not self.low <= value <= self.high:
            kind = "a whole number" if self.integer else "a number"
            raise sp.InputError(
                f"{name} is {_short(text)} in the link; allowed: {kind} from {self.low:g} to "
                f"{self.high:g}; {self.default:g} is used."
            )
        return value

    def write(self, value: float) -> str:
        """Return the shortest text that reads back as the same number."""
        return str(int(value)) if self.integer else repr(float(value))


@dataclass(frozen=True)
class Choice:
    """One of a few words; ``options`` maps each word to what a person reads."""

    default: str
    options: Mapping[str, str]

    def read(self, name: str, text: str) -> str:
        """Return the word, or raise InputError."""
        if text not in self.options:
            raise sp.InputError(
                f"{name} is {_short(text)} in the link; allowed: {', '.join(self.options)}; "
                f"{self.default} is used."
            )
        return text

    def write(self, value: str) -> str:
        """Return the word."""
        return value


@dataclass(frozen=True)
class Flag:
    """Yes or no."""

    default: bool = False

    def read(self, name: str, text: str) -> bool:
        """Return the flag, or raise InputError."""
        if text not in ("0", "1"):
            raise sp.InputError(
                f"{name} is {_short(text)} in the link; allowed: 0, 1; {int(self.default)} is used."
            )
        return text == "1"

    def write(self, value: bool) -> str:
        """Return 0 or 1."""
        return str(int(value))


@dataclass(frozen=True)
class Text:
    """A short line of text."""

    default: str = ""
    longest: int = 200

    def read(self, name: str, text: str) -> str:
        """Return the text, or raise InputError."""
        if len(text) > self.longest or not text.isprintable():
            raise sp.InputError(
                f"{name} is {_short(text)} in the link; allowed: one line of at most "
                f"{self.longest} characters; {self.default!r} is used."
            )
        return text

    def write(self, value: str) -> str:
        """Return the text."""
        return value


def read_address(
    kinds: Mapping[str, Kind], search: str | None
) -> tuple[dict[str, Any], tuple[str, ...]]:
    """Return the settings in a query string, and a sentence for each that could not be used.

    Examples
    --------
    >>> kinds = {"n": Number(100, low=10, high=1000, integer=True), "live": Flag(True)}
    >>> read_address(kinds, "n=250&live=0")
    ({'n': 250, 'live': False}, ())
    >>> read_address(kinds, "n=2")[1]
    ('n is 2 in the link; allowed: a whole number from 10 to 1000; 100 is used.',)
    """
    values: dict[str, Any] = {name: kind.default for name, kind in kinds.items()}
    if search is not None and len(search) > LONGEST:
        return values, (f"The link is longer than {LONGEST} characters; the defaults are used.",)
    problems = []
    for name, text in parse_qsl((search or "").lstrip("?"), keep_blank_values=True):
        if name not in kinds:
            problems.append(f"This page has no setting {_short(name)}; it is left out.")
            continue
        try:
            values[name] = kinds[name].read(name, text)
        except sp.InputError as error:
            problems.append(str(error))
    return values, tuple(problems)


def write_address(kinds: Mapping[str, Kind], values: Mapping[str, Any]) -> str:
    """Return the query string of the settings that differ from their defaults, or "".

    Examples
    --------
    >>> kinds = {"n": Number(100, low=10, high=1000, integer=True), "live": Flag(True)}
    >>> write_address(kinds, {"n": 100, "live": False})
    '?live=0'
    """
    changed = {
        name: kind.write(values[name])
        for name, kind in kinds.items()
        if values[name] != kind.default
    }
    return f"?{urlencode(changed)}" if changed else ""


def _short(text: str) -> str:
    return text if text.isprintable() and len(text) <= 40 else repr(text[:40]) + "..."
