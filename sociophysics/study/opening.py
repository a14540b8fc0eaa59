"""Any study, opened from its folder: what was asked, and its tables."""

from __future__ import annotations

import io
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import pandas as pd

from sociophysics.errors import InputError
from sociophysics.store import (
    MANIFEST,
    STUDIES,
    Folder,
    Place,
    Store,
    check_shape,
    damaged,
    format_of,
    open_store,
    read_json,
    refuse_newer,
)
from sociophysics.study.results.kept_run import table_in
from sociophysics.study.results.run import Run

__all__ = ["Study", "Tables", "open_study"]


class Tables(Mapping[str, pd.DataFrame]):
    """The tables of a study by name, each read when it is asked for."""

    def __init__(self, store: Store) -> None:
        self._store = store
        ends = (".parquet", ".csv")
        found = {name.rpartition(".")[0] for name in store.names() if name.endswith(ends)}
        self._names = sorted(found)

    def __iter__(self) -> Iterator[str]:
        return iter(self._names)

    def __len__(self) -> int:
        return len(self._names)

    def __getitem__(self, name: str) -> pd.DataFrame:
        if name not in self._names:
            raise KeyError(name)
        kind = "parquet" if f"{name}.parquet" in self._store.names() else "csv"
        if kind == "parquet":
            return table_in(self._store, f"{name}.{kind}")
        try:
            return pd.read_csv(io.BytesIO(self._store.read(f"{name}.{kind}")))
        except InputError:
            raise
        except (OSError, ValueError) as error:
            raise damaged(self._store, f"{name}.{kind}", "is not a readable table") from error


@dataclass(frozen=True, eq=False, kw_only=True)
class Study:
    """A finished study of any command but ``run``.

    Attributes
    ----------
    command : str
        The command that made it.
    manifest, question : mapping
        All that makes the study the same, and of that what was asked.
    tables : mapping from name to DataFrame
        Read when they are asked for.
    report : str or None
        Where its page is.
    place : str
        Where it lies.
    """

    command: str
    manifest: Mapping[str, Any]
    question: Mapping[str, Any]
    tables: Tables
    report: str | None
    place: str

    def sql(self, statement: str) -> pd.DataFrame:
        """Return what a SELECT of DuckDB's SQL finds in the study's tables, as ``query`` does."""
        from sociophysics.study.queries import query

        return query(self.place, statement)

    def __repr__(self) -> str:
        return f"Study({self.command!r}, tables={list(self.tables)})"


def open_study(directory: Place) -> Run | Study:
    """Return what a folder, or an address such as ``s3://bucket/study``, holds.

    Returns
    -------
    Run or Study

    Raises
    ------
    InputError
        No study is there, it is of a newer version, or its manifest is damaged.

    Examples
    --------
    >>> open_study("no/such/folder")
    Traceback (most recent call last):
        ...
    sociophysics.errors.InputError: no/such/folder holds no study; give the folder of a command.
    """
    store = open_store(directory)
    if isinstance(store, Folder) and store.path.is_file():
        raise InputError(f"{store.place} is a file; give the folder of a study.")
    names = store.names()
    if MANIFEST not in names:
        raise InputError(f"{store.place} holds no study; give the folder of a command.")
    manifest = read_json(store)
    command = command_of(store, manifest)
    check_shape(store, manifest, command)
    if command == "run":
        return Run.open(directory)
    report = f"{store.place}/report.html" if "report.html" in names else None
    return Study(
        command=command,
        manifest=manifest,
        question=manifest["asked"],
        tables=Tables(store),
        report=report,
        place=store.place,
    )


def command_of(store: Store, manifest: Mapping[str, Any]) -> str:
    """Return the command that made a manifest.

    Raises
    ------
    InputError
        It is no manifest of ours, or one of a newer version.
    """
    kind = manifest.get("format")
    for command in STUDIES:
        if kind == format_of(command):
            return command
    refuse_newer(store, kind)
    raise damaged(store, MANIFEST, "is not the manifest of a study")
