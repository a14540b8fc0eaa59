"""What a study says of itself, and by which code it was made; read with bounds."""

from __future__ import annotations

import json
import math
import platform
import re
from collections.abc import Iterator, Mapping
from functools import cache
from importlib.metadata import version
from typing import Any

import numpy as np

from sociophysics.errors import InputError
from sociophysics.machine import processor
from sociophysics.sources import short, source_digest
from sociophysics.store.protocol import Store

__all__ = [
    "DECISIVE",
    "MANIFEST",
    "PROVENANCE",
    "STUDIES",
    "check_code",
    "check_shape",
    "damaged",
    "decisive_versions",
    "format_of",
    "json_form",
    "parsed_json",
    "provenance",
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
    if str(kind) not in known and re.fullmatch(r"sociophysics [a-z-]+ \d{1,6}", str(kind)):
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


def check_shape(store: Store, manifest: Mapping[str, Any], command: str) -> None:
    """Raise if a manifest lacks what every study of this command says, or says it otherwise.

    Parameters
    ----------
    store : Store
        For the sentence.
    manifest : mapping
        With the format of the command.
    command : str
        One of ``STUDIES``.

    Raises
    ------
    InputError
        It is damaged: somebody edited it.

    Examples
    --------
    >>> from types import SimpleNamespace
    >>> try:
    ...     check_shape(SimpleNamespace(place="runs/x"), {"inputs": {}}, "tip")
    ... except InputError as error:
    ...     print(str(error).partition(";")[0])
    runs/x/manifest.json does not say what was asked
    """
    question = "scenario" if command == "run" else "asked"
    if not isinstance(manifest.get(question), Mapping):
        raise damaged(store, MANIFEST, "does not say what was asked")
    inputs = manifest.get("inputs")
    if not isinstance(inputs, Mapping) or not all(isinstance(v, str) for v in inputs.values()):
        raise damaged(store, MANIFEST, "does not say what was read")
    if command == "run" and not isinstance(manifest.get("name"), str):
        raise damaged(store, MANIFEST, "does not name the run")


# What numbers come from; other packages only carry them.
DECISIVE = ("sociophysics", "numpy", "scipy", "networkx", "numba")
CARRIERS = ("pandas", "pyarrow", "pydantic")
# Keys of a manifest that say by what, not what.
PROVENANCE = ("code", "platform", "versions")


@cache
def decisive_versions() -> dict[str, str]:
    """Return the versions of what numbers come from."""
    return {name: version(name) for name in DECISIVE}


def provenance() -> dict[str, Any]:
    """Return what a manifest says of code, platform and versions.

    Code and the versions of ``DECISIVE`` make the numbers: a folder keeps to one of each. The
    platform is told, because fits and structure differ in last bits between processors and
    libraries of linear algebra.

    Examples
    --------
    >>> sorted(provenance())
    ['code', 'platform', 'versions']
    """
    versions = decisive_versions() | {name: version(name) for name in CARRIERS}
    return {
        "code": source_digest(),
        "platform": dict(_platform()),
        "versions": {"python": platform.python_version(), **versions},
    }


@cache
def _platform() -> Mapping[str, str]:
    return {
        "system": platform.system(),
        "machine": platform.machine(),
        "processor": processor(),
        **_built(),
    }


def _built() -> dict[str, str]:
    """Return numpy's library of linear algebra, and the widest vectors it computes with here."""
    config: Any = np.show_config(mode="dicts")
    blas = config.get("Build Dependencies", {}).get("blas", {})
    vectors = config.get("SIMD Extensions", {}).get("found", [])
    name = f"{blas.get('name', 'unknown')} {blas.get('version', '')}"
    return {"blas": name.strip(), "vectors": vectors[-1] if vectors else "least"}


def check_code(old: Mapping[str, Any], place: str, what: str) -> None:
    """Refuse to go on in a folder with other code than that of the manifest in it.

    Parameters
    ----------
    old : mapping
        The manifest that is there.
    place, what : str
        As the message names the folder, and what is in it.

    Raises
    ------
    InputError
        The sources that make numbers, or packages they compute with, are others.
    """
    versions = old.get("versions")
    versions = versions if isinstance(versions, Mapping) else {}
    here, there = source_digest(), old.get("code")
    if there != here:
        by = f"with the sources {short(there)}" if isinstance(there, str) else "without a digest"
        raise InputError(
            f"{place} holds {what} made by other code (version {versions.get('sociophysics')}, "
            f"{by}; here it is version {version('sociophysics')} with {short(here)}), and their "
            "numbers may differ: compute anew into another --out, or go on with the code that "
            "made it."
        )
    for name in DECISIVE:
        before, now = versions.get(name), decisive_versions()[name]
        if before != now:
            raise InputError(
                f"{place} holds {what} made with another version of {name} ({before}, now {now}): "
                "compute anew into another --out, or install the old version."
            )
