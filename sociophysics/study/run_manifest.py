"""What a run says of itself where it is kept, and which other runs may go on there."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sociophysics.errors import InputError
from sociophysics.others_code import check_others_code
from sociophysics.scenario import Scenario
from sociophysics.scenario.claims import claims_hash
from sociophysics.store import (
    MANIFEST,
    STUDIES,
    Store,
    check_shape,
    damaged,
    format_of,
    json_form,
    studies,
)
from sociophysics.store.manifest import check_code, provenance
from sociophysics.store.studies import WORDS, Log, claim, write_manifest
from sociophysics.study.blocks import BLOCK

__all__ = [
    "Log",
    "check_continues",
    "check_same_code",
    "claim",
    "make_manifest",
    "read_manifest",
    "write_manifest",
]

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
    return {
        "format": format_of("run"),
        "name": scenario.name,
        "hash": scenario.hash,
        "scenario": json_form(scenario.canonical()),
        "order": list(scenario.sweep.axes),
        "seed": scenario.seed,
        "replicas": scenario.sweep.replicas,
        "block": BLOCK,
        "inputs": dict(sorted(inputs.items())),
        **({"claims": claims_hash(scenario)} if scenario.claims else {}),
        **provenance(),
        **facts,
    }


def read_manifest(store: Store) -> dict[str, Any] | None:
    """Return the manifest of a run, None if nothing was written there yet.

    Raises
    ------
    InputError
        The folder holds something else, or a damaged manifest.
    """
    return studies.read_manifest(store, "run")


def check_same_code(store: Store) -> None:
    """Refuse a folder of other code before a society is looked at and processes are started.

    Raises
    ------
    InputError
        As ``read_manifest``; or a run of other code or versions is there.
    """
    old = read_manifest(store)
    if old is not None and _finished(store):
        check_code(old, store.place, STUDIES["run"])


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
    check_code(old, store.place, STUDIES["run"])
    check_shape(store, old, "run")
    check_others_code(old, new, store.place)
    try:
        what = _different(old, new)
    except (LookupError, TypeError, AttributeError) as error:
        # Of the shape that code of this digest writes nothing raises: somebody edited it.
        raise damaged(store, MANIFEST, "holds no valid scenario") from error
    if what:
        raise InputError(
            f"{store.place} holds a run of another scenario: {what} differs; choose another --out."
        )
    return {**new, "name": old["name"]}


def _different(old: Mapping[str, Any], new: Mapping[str, Any]) -> str:
    """Return the first thing in which a run is another one, "" if in none."""
    return (
        _different_designs(old["scenario"], new["scenario"])
        or _different_sweep(old["scenario"]["sweep"], new["scenario"]["sweep"])
        or _different_keys(old["scenario"], new["scenario"], "")
        or _different_inputs(old["inputs"], new["inputs"])
        or next((key for key in ("block", "kernel") if old.get(key) != new.get(key)), "")
    )


def _finished(store: Store) -> bool:
    """Return whether anything in a run took time to compute."""
    return any(name.endswith(".parquet") for name in store.names("parts")) or bool(
        store.names() & set(RESULTS)
    )


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
        kept = set(new[key])
        lost = [value for value in old[key] if value not in kept]
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
