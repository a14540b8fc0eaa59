"""A scenario as TOML text: reading it from a file, writing it.

What no scenario needs is refused before anything looks closer: huge numbers, NUL, deep nesting.
"""

from __future__ import annotations

import json
import math
import re
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from sociophysics.datasets import bundled_scenarios
from sociophysics.errors import InputError, did_you_mean, quoted
from sociophysics.machine import given_path

__all__ = ["CROWD", "LARGEST_FILE", "check_bounds", "named_file", "parse", "read", "write"]


# The smallest society: six users who all know each other. Examples run it.
CROWD = """seed = 1
network = {kind = "complete", n = 6}
couplings = {kind = "uniform", value = 0.1}
dynamics = {temperature = 1.0, sweeps = 4}
"""
LARGEST_FILE = 16 << 20  # bytes: a sweep of 100,000 values takes two million
DEEPEST = 40  # tables and lists within each other; the deepest that is allowed has eight
LARGEST_WHOLE = 1 << 63  # counts and times are kept in 64 bits
LARGEST_SEED = 1 << 256  # seeds are hashed, never counted with


def named_file(path: str | Path) -> Path:
    """Return the file that is meant: a path, or the name of a bundled scenario.

    A file of that name, where there is one, goes before the bundled scenario; a folder, such as
    that of its own run, does not.

    Examples
    --------
    >>> named_file("feed_designs").name, str(named_file("mine.toml"))
    ('feed_designs.toml', 'mine.toml')
    """
    file = given_path(path, "the scenario")
    if file.name != str(path) or (file.exists() and not file.is_dir()):
        return file
    return bundled_scenarios().get(file.name, file)


def read(path: str | Path) -> str:
    """Return the text of a scenario file.

    Raises
    ------
    InputError
        The file is missing, unreadable or not UTF-8.
    """
    file = given_path(path)
    try:
        with file.open("rb") as opened:
            data = opened.read(LARGEST_FILE + 1)
        if len(data) > LARGEST_FILE:
            raise InputError(
                f"{path} has more than {LARGEST_FILE >> 20} MB, which no scenario has; give the "
                "path of a TOML file."
            )
        return data.decode("utf-8-sig")
    except FileNotFoundError:
        raise InputError(f"scenario file {str(path)!r} does not exist; {_instead(file)}") from None
    except UnicodeDecodeError as error:
        raise InputError(
            f"{path} is not UTF-8 text (byte {error.object[error.start]:#04x} at position "
            f"{error.start}); save it as UTF-8."
        ) from None
    except OSError as error:
        raise InputError(
            f"{path} cannot be read: {error.strerror}; give the path of a TOML file."
        ) from None


def _instead(file: Path) -> str:
    """Return what could have been meant: a file beside it, or a bundled scenario."""
    there = [each.name for each in file.parent.glob("*.toml")] if file.parent.is_dir() else []
    if file.suffix and there:
        return did_you_mean(file.name, there)
    if file.suffix or file.name != str(file):
        return "give the path of a TOML file."
    return did_you_mean(file.name, [*bundled_scenarios(), *there])


def parse(text: str, *, file: str) -> dict[str, Any]:
    """Return the tables of a TOML text.

    Raises
    ------
    InputError
        Malformed TOML, with line and column, or no text.
    """
    if not isinstance(text, str):
        raise InputError(
            f"{file} is given as {quoted(text)}; give TOML as text, or a path to Scenario.load."
        )
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise InputError(f"{file} is not valid TOML: {error}; correct that line.") from None
    except ValueError:
        # Of more digits than Python makes a number of.
        raise InputError(
            f"{file} holds a number of thousands of digits; whole numbers below 2**63 are allowed."
        ) from None
    except RecursionError:
        raise InputError(
            f"{file} is not a scenario: its lists or tables are nested hundreds of times."
        ) from None


def write(tables: Mapping[str, Any]) -> str:
    """Return TOML text that reads back as ``tables``.

    Parameters
    ----------
    tables : mapping
        Of text, booleans, numbers, lists and mappings; None is not representable.

    Examples
    --------
    >>> print(write({"seed": 1, "feed": {"kind": "none"}, "sweep": {"feed.strength": [0.5]}}))
    seed = 1
    <BLANKLINE>
    [feed]
    kind = "none"
    <BLANKLINE>
    [sweep]
    "feed.strength" = [0.5]
    <BLANKLINE>
    """
    lines = [f"{_key(k)} = {_value(v)}" for k, v in tables.items() if not _is_table(v)]
    for name, table in tables.items():
        if isinstance(table, Mapping):
            lines += ["", f"[{_key(name)}]", *_lines(table)]
        elif _is_table(table):
            for entry in table:
                lines += ["", f"[[{_key(name)}]]", *_lines(entry)]
    return "\n".join(lines).lstrip("\n") + "\n"


def _is_table(value: object) -> bool:
    if isinstance(value, list | tuple):
        return len(value) > 0 and all(isinstance(each, Mapping) for each in value)
    return isinstance(value, Mapping)


def _lines(table: Mapping[str, Any]) -> list[str]:
    return [f"{_key(key)} = {_value(value)}" for key, value in table.items()]


def _key(key: str) -> str:
    return key if re.fullmatch(r"[A-Za-z0-9_-]+", key) else _text(key)


def _text(value: str) -> str:
    # TOML's basic strings escape as JSON's do, and DEL besides.
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")


def _value(value: object) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        return _text(value)
    if isinstance(value, float):
        return repr(value) if math.isfinite(value) else ("-inf" if value < 0 else "inf")
    if isinstance(value, int):
        return str(value)
    if isinstance(value, Mapping):
        inside = ", ".join(_lines(value))
        return f"{{ {inside} }}" if inside else "{}"
    if isinstance(value, list | tuple):
        return f"[{', '.join(map(_value, value))}]"
    raise TypeError(f"{type(value).__name__} has no TOML form")


def check_bounds(tables: Mapping[str, Any], *, file: str) -> None:
    """Raise if a table holds a number beyond 64 bits or the character NUL, or never ends.

    Examples
    --------
    >>> check_bounds({"dynamics": {"sweeps": 10**30}}, file="f.toml")
    Traceback (most recent call last):
        ...
    sociophysics.errors.InputError: f.toml: dynamics.sweeps is about 1e30; whole numbers ...

    Raises
    ------
    InputError
        Names the key.
    """
    left: list[tuple[tuple[str, ...], Any]] = [((), tables)]
    while left:
        path, value = left.pop()
        if isinstance(value, int):
            _check_whole(path, value, file)
        elif isinstance(value, str) and "\0" in value:
            raise InputError(
                f"{file}: {'.'.join(path)} holds the character NUL, which no name of a file or a "
                "table has: remove it."
            )
        elif isinstance(value, Mapping | list | tuple):
            if len(path) > DEEPEST:
                raise InputError(
                    f"{file}: {path[0]} is nested {len(path)} times or more; at most {DEEPEST} "
                    "tables and lists within each other are allowed."
                )
            entries = value.items() if isinstance(value, Mapping) else enumerate(value)
            left += [((*path, str(key)), inside) for key, inside in entries]


def _check_whole(path: tuple[str, ...], value: int, file: str) -> None:
    seed = path == ("seed",)
    if -LARGEST_WHOLE <= value < (LARGEST_SEED if seed else LARGEST_WHOLE):
        return
    # Of thousands of digits Python itself refuses to make text.
    digits = int(value.bit_length() * 0.30103)
    allowed = "0 to 2**256 - 1" if seed else "-2**63 to 2**63 - 1"
    sign = "-" if value < 0 else ""
    raise InputError(
        f"{file}: {'.'.join(path)} is about {sign}1e{digits}; whole numbers from {allowed} are "
        "allowed: give a smaller one."
    )
