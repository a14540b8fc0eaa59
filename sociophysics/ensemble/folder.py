"""What a run says of itself where it is kept: its manifest, whose it is, its log."""

from __future__ import annotations

import contextlib
import datetime
import json
import platform
import re
from collections.abc import Callable, Iterator, Mapping
from importlib.metadata import version
from typing import Any

from sociophysics.ensemble.blocks import BLOCK
from sociophysics.ensemble.work import DECISIVE, decisive_versions
from sociophysics.errors import InputError
from sociophysics.scenario import Scenario, json_form
from sociophysics.store import LOG, Store

__all__ = [
    "DECISIVE",
    "Log",
    "check_continues",
    "claim",
    "make_manifest",
    "read_manifest",
    "write_manifest",
]

FORMAT = "sociophysics run 1"
CARRIERS = ("pandas", "pyarrow", "pydantic")
# What a reader is told, and no number depends on.
WORDS = ("title", "question")
OF_PARTS = re.compile(r"[0-9a-f]{64}\.(parquet|corrupt)|\..*\.tmp")
RESULTS = ("results.parquet", "events.parquet", "comparison.csv", "report.html")


def make_manifest(
    scenario: Scenario, *, inputs: Mapping[str, str], facts: Mapping[str, Any]
) -> dict[str, Any]:
    """Return what a run says of itself: the same bytes for the same run.

    Parameters
    ----------
    scenario : Scenario
    inputs : mapping
        sha256 of the files it reads.
    facts : mapping
        What is known once the society is built: kernel, users, camps.
    """
    versions = decisive_versions() | {name: version(name) for name in CARRIERS}
    return {
        "format": FORMAT,
        "name": scenario.name,
        "hash": scenario.hash,
        "scenario": json_form(scenario.canonical()),
        "order": list(scenario.sweep.axes),
        "seed": scenario.seed,
        "replicas": scenario.sweep.replicas,
        "block": BLOCK,
        "inputs": dict(sorted(inputs.items())),
        "versions": {"python": platform.python_version(), **versions},
        **facts,
    }


def write_manifest(store: Store, manifest: Mapping[str, Any]) -> None:
    """Write ``manifest.json``."""
    text = json.dumps(manifest, indent=2, ensure_ascii=False, allow_nan=False) + "\n"
    store.write("manifest.json", lambda file: file.write(text.encode()))


def read_manifest(store: Store) -> dict[str, Any] | None:
    """Return the manifest of a run, None if nothing was written there yet.

    Raises
    ------
    InputError
        The folder holds something else, or a damaged manifest.
    """
    there = store.names()
    if "manifest.json" not in there:
        others = sorted(name for name in there if not _begun(store, name))
        if others:
            raise InputError(f"{store.place} holds {others[0]!r} and no run; choose another --out.")
        return None
    try:
        manifest = json.loads(store.read("manifest.json"))
    except (OSError, ValueError):
        manifest = None
    if not isinstance(manifest, dict) or manifest.get("format") != FORMAT:
        raise InputError(
            f"{store.place}/manifest.json is not the manifest of a run of this package; choose "
            "another --out."
        )
    return manifest


def _begun(store: Store, name: str) -> bool:
    """Return whether a run that was killed before its manifest was written may have left it."""
    if name == "parts":
        return all(OF_PARTS.fullmatch(each) for each in store.names(name))
    return name.startswith((".manifest.json.", ".lease")) or (name == LOG and _is_log(store))


def _is_log(store: Store) -> bool:
    try:
        first = store.read(LOG).partition(b"\n")[0]
        line = json.loads(first) if first else {"time": "", "event": ""}
    except (OSError, ValueError):
        return False
    return isinstance(line, dict) and {"time", "event"} <= line.keys()


def check_continues(store: Store, new: Mapping[str, Any]) -> dict[str, Any]:
    """Return the manifest with which a run goes on in a folder.

    A run that is the one of before, or extends it, keeps its name. What is another run is let in
    only where nothing has been finished.

    Raises
    ------
    InputError
        Names what differs.
    """
    old = read_manifest(store)
    if old is None or not _finished(store):
        return dict(new)
    what = (
        _different_versions(old, new)
        or _different_designs(old["scenario"], new["scenario"])
        or _different_sweep(old["scenario"]["sweep"], new["scenario"]["sweep"])
        or _different_keys(old["scenario"], new["scenario"], "")
        or _different_inputs(old["inputs"], new["inputs"])
        or next((key for key in ("block", "kernel") if old.get(key) != new.get(key)), "")
    )
    if what:
        raise InputError(
            f"{store.place} holds a run of another scenario: {what} differs; choose another --out."
        )
    return {**new, "name": old["name"]}


def _finished(store: Store) -> bool:
    """Return whether anything in a run took time to compute."""
    return any(name.endswith(".parquet") for name in store.names("parts")) or bool(
        store.names() & set(RESULTS)
    )


def _different_versions(old: Mapping[str, Any], new: Mapping[str, Any]) -> str:
    for name in DECISIVE:
        before, now = old["versions"].get(name), new["versions"].get(name)
        if before != now:
            return f"the version of {name} ({before}, now {now})"
    return ""


def _different_designs(old: Mapping[str, Any], new: Mapping[str, Any]) -> str:
    before = {design["name"]: design for design in old.get("designs", [])}
    now = {design["name"]: design for design in new.get("designs", [])}
    if bool(before) != bool(now):
        return "designs"
    for name, design in before.items():
        if now.get(name) != design:
            return f"design {name!r}"
    return ""


def _different_sweep(old: Mapping[str, Any], new: Mapping[str, Any]) -> str:
    before, now = ([key for key in sweep if "." in key] for sweep in (old, new))
    if before != now:
        return f"the swept keys ({before}, now {now})"
    for key in before:
        lost = [value for value in old[key] if value not in new[key]]
        if lost:
            return f"sweep.{key} (without {lost[0]!r})"
    if new["replicas"] < old["replicas"]:
        return f"sweep.replicas ({old['replicas']}, now {new['replicas']})"
    return "sweep.redraw" if old["redraw"] != new["redraw"] else ""


def _different_keys(old: Mapping[str, Any], new: Mapping[str, Any], prefix: str) -> str:
    for key in sorted({*old, *new} - (set() if prefix else {"designs", "sweep", *WORDS})):
        before, now = old.get(key), new.get(key)
        if isinstance(before, dict) and isinstance(now, dict):
            inner = _different_keys(before, now, f"{prefix}{key}.")
            if inner:
                return inner
        elif before != now:
            listed = isinstance(before, list) or isinstance(now, list)
            values = "" if listed else f" ({before!r}, now {now!r})"
            return f"{prefix}{key}{values}"
    return ""


def _different_inputs(old: Mapping[str, str], new: Mapping[str, str]) -> str:
    for path in sorted({*old, *new}):
        if old.get(path) != new.get(path):
            return f"the content of {path}"
    return ""


class Log:
    """Appends one JSON object a line: times, host, retries; nothing numbers depend on."""

    def __init__(self, append: Callable[[str], None] | None) -> None:
        self._append = append

    def write(self, event: str, **facts: Any) -> None:
        """Append one line; a disk that is full must not hide why the run ended."""
        if self._append is None:
            return
        now = datetime.datetime.now(datetime.UTC).isoformat(timespec="milliseconds")
        with contextlib.suppress(OSError):
            self._append(json.dumps({"time": now, "event": event, **facts}) + "\n")


@contextlib.contextmanager
def claim(store: Store | None) -> Iterator[Log]:
    """Keep other runs out of a place, and open its log.

    Raises
    ------
    InputError
        Nothing can be written there, or another run is writing to it.
    """
    if store is None:
        yield Log(None)
        return
    with store.claim() as append:
        yield Log(append)
