"""What a study says of itself in its folder, read with bounds and refused in one sentence."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterator, Mapping
from typing import Any

from sociophysics.errors import InputError
from sociophysics.store.protocol import Store

__all__ = [
    "MANIFEST",
    "STUDIES",
    "damaged",
    "format_of",
    "json_form",
    "parsed_json",
    "read_json",
    "refuse_newer",
]

MANIFEST = "manifest.json"
LARGEST = 64 << 20  # bytes: far more than the longest sweep that can be run takes
DEEPEST = 50  # tables within tables; those of a scenario are at most eight deep

# Every command that makes a folder, and what a message calls what is in it.
STUDIES = {
    "run": "a run",
    "tip": "a search for a tipping point",
    "loop": "a hysteresis loop",
    "phases": "a phase diagram",
    "poll": "a poll of some users",
    "trial": "a trial",
    "cascades": "a comparison of cascades",
    "fit": "a fit to votes",
    "inspect": "an inspection of a network",
    "detect": "a search for a change in samples",
    "calibrate": "a calibration",
    "compare-rules": "a comparison of update rules",
    "axis": "an axis of who amplifies whom",
    "audit": "an audit",
    "sensitivity": "a sensitivity analysis",
    "seeds": "an experiment on seeds",
}


def json_form(value: Any) -> Any:
    """Return a canonical dict as JSON can hold it: infinity becomes "inf"."""
    if isinstance(value, dict):
        return {key: json_form(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [json_form(inner) for inner in value]
    return ("inf" if value > 0 else "-inf") if value in (math.inf, -math.inf) else value


def format_of(command: str) -> str:
    """Return what the manifest of a command has under ``format``.

    Examples
    --------
    >>> format_of("run")
    'sociophysics run 1'
    """
    return f"sociophysics {command} 1"


def refuse_newer(store: Store, kind: object) -> None:
    """Raise if a manifest says that a version after this one wrote it.

    Parameters
    ----------
    store : Store
    kind : object
        What the manifest has under ``format``, which is none of this version's.

    Raises
    ------
    InputError
        Says which format it is.

    Examples
    --------
    >>> from sociophysics.store import open_store
    >>> try:
    ...     refuse_newer(open_store("runs/mine"), "sociophysics run 99")
    ... except InputError as error:
    ...     print(str(error).partition(";")[0])
    runs/mine holds a study of a newer version ('sociophysics run 99')
    """
    known = {format_of(command) for command in STUDIES}
    if kind not in known and re.fullmatch(r"sociophysics [a-z-]+ \d{1,6}", str(kind)):
        raise InputError(
            f"{store.place} holds a study of a newer version ({kind!r}); install the version that "
            "made it, or choose another --out."
        )


def parsed_json(data: bytes | str) -> dict[str, Any]:
    """Return a JSON object of bounded size and depth.

    Raises
    ------
    ValueError
        The text is no JSON object, or is too large or too deep to be one of ours.

    Examples
    --------
    >>> parsed_json(b'{"seed": 1}')
    {'seed': 1}
    """
    if len(data) > LARGEST:
        raise ValueError(f"has {len(data)} bytes")
    try:
        value = json.loads(data)
    except RecursionError:
        raise ValueError("is nested too deeply") from None
    except ValueError:
        raise ValueError("is not readable JSON") from None
    if not isinstance(value, dict):
        raise ValueError("holds no JSON object")
    if any(depth > DEEPEST for depth in _depths(value)):
        raise ValueError("is nested too deeply")
    return value


def _depths(value: object) -> Iterator[int]:
    """Yield the depth of every table and list in a value, without recursion."""
    open_ones: list[tuple[object, int]] = [(value, 1)]
    while open_ones:
        here, depth = open_ones.pop()
        yield depth
        inside = here.values() if isinstance(here, Mapping) else here
        if depth <= DEEPEST and isinstance(inside, list | type({}.values())):
            open_ones += [(each, depth + 1) for each in inside if isinstance(each, dict | list)]


def read_json(store: Store, name: str = MANIFEST) -> dict[str, Any]:
    """Return the JSON object in a file of a study.

    Parameters
    ----------
    store : Store
    name : str
        Name of the file.

    Raises
    ------
    FileNotFoundError
        It is not there.
    InputError
        It is damaged, too large, or no file at all.

    Examples
    --------
    >>> from tempfile import TemporaryDirectory
    >>> from sociophysics.store import open_store
    >>> with TemporaryDirectory() as folder:
    ...     store = open_store(folder)
    ...     store.write("facts.json", lambda file: file.write(b'{"users": 34}'))
    ...     read_json(store, "facts.json")
    {'users': 34}
    """
    try:
        if store.size(name) > LARGEST:
            raise ValueError(f"has {store.size(name)} bytes")
        return parsed_json(store.read(name))
    except FileNotFoundError:
        raise
    except InputError:
        raise
    except (OSError, ValueError) as error:
        raise damaged(store, name, getattr(error, "strerror", None) or str(error)) from None


def damaged(store: Store, name: str, what: str) -> InputError:
    """Return the error, and the way out, for what cannot be read in a study's folder.

    Parameters
    ----------
    store : Store
    name : str
        Name of the file.
    what : str
        What is wrong with it, as the sentence goes on.

    Examples
    --------
    >>> from types import SimpleNamespace
    >>> print(damaged(SimpleNamespace(place="runs/x"), "parts/1", "is empty"))
    runs/x/parts/1 is empty; run the scenario into the same folder again to restore it.
    """
    if name == MANIFEST:
        fix = "choose another --out; parts that are copied there first are not computed again"
    else:
        fix = "run the scenario into the same folder again to restore it"
    return InputError(f"{store.place}/{name} {what}; {fix}.")
