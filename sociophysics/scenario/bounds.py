"""What no scenario needs, refused before anything looks closer: huge numbers, NUL, deep nesting."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sociophysics.errors import InputError

__all__ = ["LARGEST_FILE", "check_bounds"]

LARGEST_FILE = 16 << 20  # bytes: a sweep of 100,000 values takes two million
DEEPEST = 40  # tables and lists within each other; the deepest that is allowed has eight
LARGEST_WHOLE = 1 << 63  # counts and times are kept in 64 bits
LARGEST_SEED = 1 << 256  # seeds are hashed, never counted with


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
