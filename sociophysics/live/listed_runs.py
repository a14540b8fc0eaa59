"""The runs on disk: what each folder says of itself, read without opening its numbers.

A name that comes from a link is looked up in this listing; it never becomes a path.
"""

from __future__ import annotations

import json
import os
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from sociophysics.errors import InputError
from sociophysics.store import STUDIES, Folder, format_of, read_json, require_file
from sociophysics.study import status

__all__ = ["ListedRun", "chosen", "folder_of_runs", "list_runs", "look_up", "sentence_of"]

# Of other studies the page has the report alone.
FORMATS = {format_of(command): "report" for command in STUDIES} | {
    format_of("run"): "run",
    format_of("tip"): "search",
}
HEAD = 4096  # bytes of a log that hold its first line
MOST = 2000  # folders that are looked at
KEPT = 4000  # folders whose answers are kept

_known: dict[tuple[Any, ...], ListedRun] = {}


@dataclass(frozen=True)
class ListedRun:
    """One folder, as a row of the list.

    ``kind`` is "run", "search" (of a tipping point), "report" (a page without a run) or "damaged";
    ``problem`` says what is damaged.
    """

    name: str
    path: Path
    kind: str = "run"
    title: str = ""
    question: str = ""
    designs: tuple[str, ...] = ()
    swept: tuple[tuple[str, int], ...] = ()
    replicas: int | None = None
    users: int | None = None
    finished: int = 0
    total: int = 0
    whole: bool = False
    seed: int | None = None
    version: str = ""
    date: datetime | None = None
    stamp: tuple[int, ...] = ()
    problem: str = ""

    @property
    def heading(self) -> str:
        """Its title, or its name where it has none."""
        return self.title or self.name

    @property
    def state(self) -> str:
        """Where it stands, in a word or two."""
        if self.kind == "damaged":
            return "damaged"
        if self.kind != "run":
            return "report only" if self.kind == "report" else "tipping search"
        return "finished" if self.whole else "unfinished"


def folder_of_runs() -> Path:
    """Return the folder whose runs are listed."""
    return Path(os.environ.get("SOCIOPHYSICS_RUNS") or "runs").absolute()


def list_runs(root: Path) -> list[ListedRun]:
    """Return the runs in a folder, newest first; other folders in it are left out."""
    entries = [_entry(root, ".")] if (root / "manifest.json").is_file() else []
    try:
        with os.scandir(root) as found:
            names = [each.name for each in found if each.is_dir()]
    except OSError:
        names = []
    entries += [_entry(root / name, name) for name in sorted(names)[:MOST] if name.isprintable()]
    runs = [
        entry
        for entry in entries
        if entry is not None and (entry.kind != "report" or entry.stamp[1])
    ]
    return sorted(runs, key=lambda entry: -entry.date.timestamp() if entry.date else 0.0)


def look_up(entries: list[ListedRun], name: str) -> ListedRun:
    """Return the run of that name.

    Raises
    ------
    InputError
        The listing has none; what was asked for is never looked for on the disk.
    """
    for entry in entries:
        if entry.name == name:
            return entry
    asked = name if len(name) <= 60 else name[:59] + "\N{HORIZONTAL ELLIPSIS}"
    raise InputError(f"There is no run {asked!r} in the folder of runs; choose one from the list.")


def chosen(entries: list[ListedRun], *, find: str, show: str, order: str) -> list[ListedRun]:
    """Return the rows that the list shows.

    ``find`` are words that all occur in name, title, question or designs.
    """
    words = find.lower().split()
    kept = []
    for entry in entries:
        text = " ".join((entry.name, entry.title, entry.question, *entry.designs)).lower()
        done = entry.state not in ("unfinished", "damaged")
        wanted = {"all": True, "finished": done, "unfinished": not done}[show]
        if wanted and all(word in text for word in words):
            kept.append(entry)
    return sorted(kept, key=lambda entry: entry.name.lower()) if order == "name" else kept


def sentence_of(error: Exception, root: Path) -> str:
    """Return an error's sentence with the names of runs instead of paths on this computer."""
    return " ".join(str(error).replace(f"{root}{os.sep}", "").split())


def _entry(path: Path, name: str) -> ListedRun | None:
    stamp = _stamp(path)
    if not any(stamp[:2]):
        return None
    key = (path, name, *stamp)
    if key not in _known:
        if len(_known) > KEPT:
            _known.clear()
        _known[key] = _described(path, name, stamp)
    return _known[key]


def _stamp(path: Path) -> tuple[int, ...]:
    """Return when the manifest, report, table and parts of a run changed; 0: not there."""
    times = []
    for name in ("manifest.json", "report.html", "results.parquet", "parts"):
        try:
            times.append((path / name).stat().st_mtime_ns)
        except OSError:
            times.append(0)
    return tuple(times)


def _described(path: Path, name: str, stamp: tuple[int, ...]) -> ListedRun:
    date = _date(path, stamp)
    if not stamp[0]:
        return ListedRun(name, path, kind="report", date=date, stamp=stamp)
    try:
        manifest = _manifest(path, name)
        kind = FORMATS[manifest["format"]]
        if kind == "report":
            return ListedRun(name, path, kind=kind, date=date, stamp=stamp)
        scenario = manifest["scenario"]
        sweep = scenario["sweep"]
        order = manifest.get("order") or [key for key in sweep if "." in key]
        common: dict[str, Any] = {
            "name": name,
            "path": path,
            "kind": kind,
            "title": str(scenario.get("title") or ""),
            "question": str(scenario.get("question") or ""),
            "designs": tuple(str(one["name"]) for one in scenario.get("designs") or ()),
            "swept": tuple((str(key), len(sweep[key])) for key in order),
            "replicas": int(sweep["replicas"]),
            "users": manifest.get("users"),
            "seed": int(manifest["seed"]),
            "version": str(manifest["versions"].get("sociophysics", "")),
            "date": date,
            "stamp": stamp,
        }
        if kind == "search":
            return ListedRun(**common)
        finished, total = status(path)
    except InputError as error:
        return ListedRun(name, path, kind="damaged", date=date, stamp=stamp,
                     problem=sentence_of(error, path.parent))  # fmt: skip
    except (KeyError, TypeError, ValueError, AttributeError, OSError, RecursionError):
        said = f"{name}/manifest.json does not describe a run of this package."
        return ListedRun(name, path, kind="damaged", date=date, stamp=stamp, problem=said)
    # A table that is older than the manifest may be that of the run before it was extended.
    whole = bool(stamp[2]) and (finished in (0, total) or stamp[2] >= stamp[0])
    return ListedRun(**common, finished=finished, total=total, whole=whole)


def _manifest(path: Path, name: str) -> dict[str, Any]:
    manifest = read_json(Folder(path))
    if manifest.get("format") not in FORMATS:
        raise InputError(f"{name}/manifest.json is not the manifest of a run of this package.")
    return manifest


def _date(path: Path, stamp: tuple[int, ...]) -> datetime | None:
    """Return when work on it began, as the log says, or else when it was last written."""
    try:
        require_file(path / "log.jsonl")
        with (path / "log.jsonl").open("rb") as file:
            line = json.loads(file.read(HEAD).partition(b"\n")[0])
        return datetime.fromisoformat(line["time"]).astimezone()
    except (OSError, ValueError, KeyError, TypeError):
        return datetime.fromtimestamp(max(stamp) / 1e9).astimezone()
