"""Parts: the durable pieces of a run, one design x point x block of replicas each."""

from __future__ import annotations

import hashlib
import json
import os
import threading
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from sociophysics.errors import InputError
from sociophysics.scenario import (
    Scenario,
    Settings,
    canonical_json,
    expand,
    files_of,
    resolved,
)

__all__ = [
    "BLOCK",
    "CorruptPart",
    "Part",
    "PartData",
    "fingerprints",
    "plan",
    "read_part",
    "replace_file",
    "write_part",
]

BLOCK = 5
FORMAT = 1
METADATA = b"sociophysics"


class CorruptPart(Exception):
    """A part's file exists but is not what it should be."""


class PartData(NamedTuple):
    """What the simulation of one part returns."""

    table: pd.DataFrame
    events: list[dict[str, Any]]


@dataclass(frozen=True)
class Part:
    """One design at one point of the sweep, for one block of replicas.

    Parts with equal settings share a name, and are simulated once: a design that lacks a swept
    key is the same at all its values.
    """

    name: str
    design: str
    point: dict[str, bool | int | float | str]
    settings: Settings
    replicas: tuple[int, ...]


def fingerprints(scenario: Scenario) -> dict[str, str]:
    """Return the sha256 of every file the scenario reads, by its path as the scenario gives it.

    Raises
    ------
    InputError
        One of them does not exist or cannot be read.
    """
    digests: dict[str, str] = {}
    for case in expand(scenario, resolve=False):
        found = files_of(resolved(case.settings, scenario.folder))
        for key, path in files_of(case.settings).items():
            if path in digests:
                continue
            try:
                digests[path] = _digest(Path(found[key]))
            except OSError as error:
                raise InputError(
                    f"{scenario.source}: {key} is {path!r}, which cannot be read "
                    f"({error.strerror}); give the path of a file."
                ) from None
    return digests


def _digest(path: Path) -> str:
    files = sorted(each for each in path.rglob("*") if each.is_file()) if path.is_dir() else [path]
    total = hashlib.sha256()
    for file in files:
        total.update(hashlib.sha256(file.read_bytes()).digest())
    return total.hexdigest()


def plan(scenario: Scenario, *, inputs: Mapping[str, str] | None = None) -> list[Part]:
    r"""Return all parts of a run, in the order of its table.

    Parameters
    ----------
    scenario : Scenario
    inputs : mapping, optional
        What ``fingerprints`` returned, if the files are not to be read again.

    Examples
    --------
    >>> scenario = Scenario.from_toml(
    ...     'seed = 1\nnetwork = {kind = "complete", n = 9}\ncouplings = {kind = "uniform"}\n'
    ...     'dynamics = {temperature = 1, sweeps = 2}\nsweep = {replicas = 7}'
    ... )
    >>> [part.replicas for part in plan(scenario)]
    [(0, 1, 2, 3, 4), (5, 6)]
    """
    digests = fingerprints(scenario) if inputs is None else dict(inputs)
    count = scenario.sweep.replicas
    blocks = [tuple(range(first, min(first + BLOCK, count))) for first in range(0, count, BLOCK)]
    parts = []
    for case in expand(scenario, resolve=False):
        identity = _identity(case.settings, digests)
        settings = resolved(case.settings, scenario.folder)
        for replicas in blocks:
            name = _part_name(identity, replicas)
            parts.append(Part(name, case.design, case.point, settings, replicas))
    return parts


def _identity(settings: Settings, digests: Mapping[str, str]) -> dict[str, Any]:
    """Return canonical settings in which a file counts by its contents, not by its place."""
    identity = settings.canonical()
    for key, path in files_of(settings).items():
        table, _, entry = key.partition(".")
        identity[table][entry] = digests[path]
    return identity


def _part_name(identity: dict[str, Any], replicas: tuple[int, ...]) -> str:
    text = canonical_json({"format": FORMAT, "replicas": list(replicas), "settings": identity})
    return hashlib.sha256(text.encode()).hexdigest()


def write_part(folder: Path, part: Part, data: PartData) -> None:
    """Write a part under a temporary name, flush it to the disk, and rename it.

    Raises
    ------
    ValueError
        The simulation did not return what it should, which is a defect.
    """
    import pyarrow as pa

    table = checked(part, data.table)
    columns = {name: pa.array(table[name].to_numpy()) for name in table.columns}
    about = {"part": part.name, "rows": len(table), "events": data.events}
    text = json.dumps(about, sort_keys=True, separators=(",", ":"), default=np.generic.item)
    arrow = pa.table(columns).replace_schema_metadata({METADATA: text.encode()})
    replace_file(folder / f"{part.name}.parquet", lambda file: _write_parquet(arrow, file))


def _write_parquet(arrow: Any, file: Any) -> None:
    import pyarrow.parquet as pq

    pq.write_table(arrow, file, write_page_checksum=True)


def replace_file(path: Path, write: Any) -> None:
    """Let ``write(file)`` fill a temporary file, flush it to the disk, and rename it to ``path``.

    A reader finds the old file or the new one, never half of one.
    """
    scratch = path.with_name(f".{path.name}.{os.getpid()}.{threading.get_ident()}.tmp")
    try:
        with scratch.open("wb") as file:
            write(file)
            file.flush()
            os.fsync(file.fileno())
        os.replace(scratch, path)
    except BaseException:
        scratch.unlink(missing_ok=True)
        raise
    _flush_folder(path.parent)


def _flush_folder(folder: Path) -> None:
    # The rename itself must survive a power failure; not every system lets a folder be opened.
    try:
        handle = os.open(folder, os.O_RDONLY)
    except OSError:
        return
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def checked(part: Part, table: pd.DataFrame) -> pd.DataFrame:
    """Return the table of a part with its binding columns, types and order of rows.

    Raises
    ------
    ValueError
        A column or a replica is missing or too many.
    """
    names = list(part.settings.observe.names)
    if list(table.columns) != ["replica", "sweep", *names]:
        raise ValueError(
            f"a part has the columns {list(table.columns)}, not replica, sweep, {names}"
        )
    types = {"replica": np.int64, "sweep": np.int64, **dict.fromkeys(names, np.float64)}
    table = table.astype(types).sort_values(["replica", "sweep"], ignore_index=True)
    if tuple(table["replica"].unique()) != part.replicas:
        raise ValueError(
            f"a part has the replicas {table['replica'].unique()}, not {part.replicas}"
        )
    if table.duplicated(["replica", "sweep"]).any():
        raise ValueError("a part has two rows for the same replica and sweep")
    return table


def read_part(folder: Path, part: Part) -> PartData:
    """Return a finished part.

    Raises
    ------
    FileNotFoundError
        It is not there.
    CorruptPart
        It is truncated, damaged, or another part's.
    """
    import pyarrow as pa
    import pyarrow.parquet as pq

    path = folder / f"{part.name}.parquet"
    if not path.is_file():
        raise FileNotFoundError(path)
    try:
        arrow = pq.read_table(path, page_checksum_verification=True)
        about = json.loads((arrow.schema.metadata or {})[METADATA])
        table = checked(part, arrow.to_pandas())
        whole = about["part"] == part.name and about["rows"] == len(table)
        events = [dict(event) for event in about["events"]]
    except (OSError, ValueError, KeyError, TypeError, pa.ArrowException) as error:
        raise CorruptPart(f"{type(error).__name__}: {error}") from error
    if not whole:
        raise CorruptPart("it holds another part, or not all of its rows")
    return PartData(table, events)
