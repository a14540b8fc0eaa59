"""Study folders: whose a folder is, is said in its manifest before anything is computed into it."""

from __future__ import annotations

import contextlib
import datetime
import json
import platform
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from sociophysics.errors import InputError, told
from sociophysics.store.folder import Folder
from sociophysics.store.manifest import (
    MANIFEST,
    PROVENANCE,
    STUDIES,
    check_code,
    check_shape,
    damaged,
    format_of,
    json_form,
    provenance,
    read_json,
    refuse_newer,
)
from sociophysics.store.protocol import LOG, Store

__all__ = [
    "Log",
    "check_same",
    "claim",
    "claimed",
    "first_difference",
    "make_manifest",
    "read_manifest",
    "write_manifest",
]

OF_PARTS = re.compile(r"[0-9a-f]{64}\.(parquet|corrupt|npz|draft)|\..*\.tmp")
# What a reader is told, and no number depends on.
WORDS = ("title", "question")
BEFORE_RESULTS = {MANIFEST, LOG, ".lease", "parts"}


class Log:
    """Appends one JSON object a line: times, host, retries; nothing numbers depend on."""

    def __init__(self, append: Callable[[str], None] | None) -> None:
        self._append = append

    def write(self, event: str, **facts: Any) -> None:
        """Append one line; a disk that is full must not hide why the study ended."""
        if self._append is None:
            return
        now = datetime.datetime.now(datetime.UTC).isoformat(timespec="milliseconds")
        with contextlib.suppress(OSError):
            self._append(json.dumps({"time": now, "event": event, **facts}) + "\n")


def make_manifest(
    command: str, *, asked: Mapping[str, Any], inputs: Mapping[str, str]
) -> dict[str, Any]:
    """Return all that makes a study the same: the same bytes for the same study.

    A question that holds a number which is none (nan) is refused: no study is the same as itself.

    Parameters
    ----------
    command : str
        One of ``store.STUDIES``.
    asked : mapping
        The question in canonical form: a scenario's tables, options with their defaults; plain
        dicts, lists, text and numbers.
    inputs : mapping
        sha256 of the contents that are read, by name.

    Raises
    ------
    InputError
        Something that is asked is nan.

    Examples
    --------
    >>> made = make_manifest("inspect", asked={"draws": 100}, inputs={})
    >>> made["format"], made["asked"]
    ('sociophysics inspect 1', {'draws': 100})
    """
    for key, value in asked.items():
        if _holds_nan(value):
            raise InputError(f"{key} is {value}, which is no number; give a number.")
    return {
        "format": format_of(command),
        "asked": json_form(dict(asked)),
        "inputs": dict(sorted(inputs.items())),
        **provenance(),
    }


def _holds_nan(value: Any) -> bool:
    if isinstance(value, Mapping):
        return any(map(_holds_nan, value.values()))
    if isinstance(value, list | tuple):
        return any(map(_holds_nan, value))
    return isinstance(value, float) and value != value


def read_manifest(store: Store, command: str) -> dict[str, Any] | None:
    """Return the manifest of a study of this command, None if the place is free.

    A place is free if it holds nothing, or what a study leaves that was killed before its
    manifest was written.

    Raises
    ------
    InputError
        The place holds something else, another command's study, or a damaged manifest.
    """
    there = store.names()
    if MANIFEST not in there:
        others = sorted(name for name in there if not _begun(store, name))
        if others:
            raise InputError(
                f"{store.place} holds {others[0]!r} and no {command}; choose another --out."
            )
        return None
    manifest = read_json(store)
    kind = manifest.get("format")
    if kind != format_of(command):
        held = next((what for each, what in STUDIES.items() if format_of(each) == kind), None)
        if held is not None:
            raise InputError(f"{store.place} holds {held}; choose another --out.")
        refuse_newer(store, kind)
        raise damaged(store, MANIFEST, f"is not the manifest of {STUDIES[command]}")
    return manifest


def _begun(store: Store, name: str) -> bool:
    """Return whether a study that was killed before its manifest was written may have left it."""
    if name == "parts":
        return all(OF_PARTS.fullmatch(each) for each in store.names(name))
    return name.startswith((f".{MANIFEST}.", ".lease")) or (name == LOG and _is_log(store))


def _is_log(store: Store) -> bool:
    try:
        first = store.read(LOG).partition(b"\n")[0]
        line = json.loads(first) if first else {"time": "", "event": ""}
    except (OSError, ValueError, RecursionError):
        return False
    return isinstance(line, dict) and {"time", "event"} <= line.keys()


def write_manifest(store: Store, manifest: Mapping[str, Any]) -> None:
    """Write ``manifest.json``.

    Raises
    ------
    InputError
        Nothing can be written there.
    """
    text = json.dumps(manifest, indent=2, ensure_ascii=False, allow_nan=False) + "\n"
    try:
        store.write(MANIFEST, lambda file: file.write(text.encode()))
    except OSError as error:
        raise InputError(told(error, store.place)) from None


@contextlib.contextmanager
def claimed(
    store: Store,
    command: str,
    manifest: Mapping[str, Any],
    given: Mapping[str, Any] | None = None,
    *,
    grows: Sequence[str] = (),
) -> Iterator[Log]:
    """Hold a place for one study: refuse what is not its own, try to write, open the log.

    A study that is the same goes on, or is written again. Entered before the work, so that a
    place that cannot be used costs nothing; what a disk refuses inside becomes a sentence.

    Parameters
    ----------
    store : Store
    command : str
    manifest : mapping
        As ``make_manifest`` returns it.
    given : mapping, optional
        Where what it reads lies, for the log: the same study may lie elsewhere tomorrow.
    grows : sequence of str
        As in ``check_same``.

    Raises
    ------
    InputError
        The place is another study's or not writable, or another process is writing there.
    """
    check_same(store, command, manifest, grows)
    free = not store.names()
    try:
        with claim(store) as log:
            # Another process may have written here until now; from here on nobody else can.
            check_same(store, command, manifest, grows)
            write_manifest(store, manifest)
            log.write("start", host=platform.node(), given=dict(given or {}))
            yield log
            log.write("end")
    except InputError:
        if free:
            _give_up(store)
        raise
    except OSError as error:
        _without_empty_parts(store)
        raise InputError(told(error, store.place)) from None


def _without_empty_parts(store: Store) -> None:
    if isinstance(store, Folder):
        with contextlib.suppress(OSError):
            (store.path / "parts").rmdir()


def _give_up(store: Store) -> None:
    """Leave nothing of a study that was refused before anything of it was finished."""
    if _finished(store):
        return
    with contextlib.suppress(OSError, InputError):
        for name in (MANIFEST, LOG):
            store.remove(name)
        _without_empty_parts(store)
        if isinstance(store, Folder):
            store.path.rmdir()


def check_same(
    store: Store, command: str, manifest: Mapping[str, Any], grows: Sequence[str] = ()
) -> None:
    """Raise if a place holds anything but this study, finished or not.

    Parameters
    ----------
    store : Store
    command : str
    manifest : mapping
    grows : sequence of str
        Dotted keys of numbers that may be larger than they were: more replicas extend a study.

    Raises
    ------
    InputError
        Names what differs.
    """
    old = read_manifest(store, command)
    if old is None or not _finished(store):
        return
    check_code(old, store.place, STUDIES[command])
    check_shape(store, old, command)
    what = first_difference(_grown(old, manifest, grows), manifest)
    if what:
        raise InputError(
            f"{store.place} holds {STUDIES[command]} that is not this one: {what} differs; choose "
            "another --out."
        )


def _grown(
    old: Mapping[str, Any], new: Mapping[str, Any], grows: Sequence[str]
) -> Mapping[str, Any]:
    """Return an old manifest with the numbers that are larger in the new one."""
    for key in grows:
        first, _, rest = key.partition(".")
        before, now = old.get(first), new.get(first)
        if rest and isinstance(before, Mapping) and isinstance(now, Mapping):
            old = {**old, first: _grown(before, now, [rest])}
        elif type(before) is int and type(now) is int and now > before:
            old = {**old, first: now}
    return old


def _finished(store: Store) -> bool:
    """Return whether a place holds anything that took time to compute."""
    return bool(store.names("parts")) or any(
        name not in BEFORE_RESULTS and not name.startswith(".") for name in store.names()
    )


def first_difference(old: Mapping[str, Any], new: Mapping[str, Any], prefix: str = "") -> str:
    """Return the first key in which two manifests differ, with both values; "" if in none.

    Titles and questions do not count, nor by what it was made, which ``check_code`` judges.

    Examples
    --------
    >>> first_difference({"asked": {"seed": 1}}, {"asked": {"seed": 2}})
    'asked.seed (1, now 2)'
    """
    for key in sorted({*old, *new} - {*WORDS, *(() if prefix else PROVENANCE)}):
        before, now = old.get(key), new.get(key)
        if isinstance(before, Mapping) and isinstance(now, Mapping):
            inner = first_difference(before, now, f"{prefix}{key}.")
            if inner:
                return inner
        elif before != now:
            plain = not isinstance(before, list | dict) and not isinstance(now, list | dict)
            values = f" ({before!r}, now {now!r})" if plain else ""
            return f"{prefix}{key}{values}"
    return ""


@contextlib.contextmanager
def claim(store: Store | None) -> Iterator[Log]:
    """Keep other processes out of a place, and open its log.

    Raises
    ------
    InputError
        Nothing can be written there, or another process is writing to it.
    """
    if store is None:
        yield Log(None)
        return
    with store.claim() as append:
        yield Log(append)
