"""The folder of a run: whose it is, what it says of itself, its log."""

from __future__ import annotations

import contextlib
import datetime
import json
import platform
import re
from collections.abc import Iterator, Mapping
from importlib.metadata import version
from pathlib import Path
from typing import Any, TextIO

from sociophysics.ensemble.blocks import BLOCK
from sociophysics.ensemble.parts import replace_file
from sociophysics.errors import InputError
from sociophysics.scenario import Scenario, json_form

__all__ = ["Log", "check_continues", "claim", "make_manifest", "read_manifest", "write_manifest"]

FORMAT = "sociophysics run 1"
# What numbers come from; the others only carry them.
DECISIVE = ("sociophysics", "numpy", "scipy", "networkx", "numba")
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
    versions = {name: version(name) for name in (*DECISIVE, *CARRIERS)}
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


def write_manifest(folder: Path, manifest: Mapping[str, Any]) -> None:
    """Write ``manifest.json``."""
    text = json.dumps(manifest, indent=2, ensure_ascii=False, allow_nan=False) + "\n"
    replace_file(folder / "manifest.json", lambda file: file.write(text.encode()))


def read_manifest(folder: Path) -> dict[str, Any] | None:
    """Return the manifest of a run's folder, None if nothing was written there yet.

    Raises
    ------
    InputError
        The folder holds something else, or a damaged manifest.
    """
    if folder.exists() and not folder.is_dir():
        raise InputError(f"{folder} is a file, not a folder; choose another --out.")
    if not folder.exists():
        return None
    path = folder / "manifest.json"
    if not path.exists():
        others = sorted(file.name for file in folder.iterdir() if not _begun(file))
        if others:
            raise InputError(f"{folder} holds {others[0]!r} and no run; choose another --out.")
        return None
    try:
        manifest = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        manifest = None
    if not isinstance(manifest, dict) or manifest.get("format") != FORMAT:
        raise InputError(
            f"{path} is not the manifest of a run of this package; choose another --out."
        )
    return manifest


def _begun(file: Path) -> bool:
    """Return whether a run that was killed before its manifest was written may have left it."""
    if file.name == "parts":
        return file.is_dir() and all(OF_PARTS.fullmatch(each.name) for each in file.iterdir())
    return file.name.startswith(".manifest.json.") or (file.name == "log.jsonl" and _is_log(file))


def _is_log(file: Path) -> bool:
    try:
        with file.open(encoding="utf-8") as lines:
            first = lines.readline()
        line = json.loads(first) if first else {"time": "", "event": ""}
    except (OSError, ValueError):
        return False
    return isinstance(line, dict) and {"time", "event"} <= line.keys()


def check_continues(folder: Path, new: Mapping[str, Any]) -> dict[str, Any]:
    """Return the manifest with which a run goes on in a folder.

    A run that is the one of before, or extends it, keeps its name. What is another run is let in
    only where nothing has been finished.

    Raises
    ------
    InputError
        Names what differs.
    """
    old = read_manifest(folder)
    if old is None or not _finished(folder):
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
            f"{folder} holds a run of another scenario: {what} differs; choose another --out."
        )
    return {**new, "name": old["name"]}


def _finished(folder: Path) -> bool:
    """Return whether anything in a run's folder took time to compute."""
    return any((folder / "parts").glob("*.parquet")) or any(
        (folder / name).exists() for name in RESULTS
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

    def __init__(self, file: TextIO | None) -> None:
        self._file = file

    def write(self, event: str, **facts: Any) -> None:
        """Append one line; a disk that is full must not hide why the run ended."""
        if self._file is None:
            return
        now = datetime.datetime.now(datetime.UTC).isoformat(timespec="milliseconds")
        with contextlib.suppress(OSError):
            self._file.write(json.dumps({"time": now, "event": event, **facts}) + "\n")
            self._file.flush()


@contextlib.contextmanager
def claim(folder: Path | None) -> Iterator[Log]:
    """Make the folder, keep other runs out of it, and open its log.

    Raises
    ------
    InputError
        The folder cannot be made, or another run is writing to it.
    """
    if folder is None:
        yield Log(None)
        return
    try:
        (folder / "parts").mkdir(parents=True, exist_ok=True)
        file = (folder / "log.jsonl").open("a", encoding="utf-8")
    except OSError as error:
        raise InputError(
            f"{folder} cannot be written to ({error.strerror}); choose another --out."
        ) from None
    with file:
        _lock(file, folder)
        for scratch in [*folder.glob(".*.tmp"), *folder.glob("parts/.*.tmp")]:
            scratch.unlink(missing_ok=True)
        yield Log(file)


def _lock(file: TextIO, folder: Path) -> None:
    try:
        import fcntl
    except ImportError:
        return
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        raise InputError(
            f"another run is writing to {folder}; wait for it, or choose another --out."
        ) from None
    except OSError:
        # Some network file systems have no locks; parts are safe without.
        return
