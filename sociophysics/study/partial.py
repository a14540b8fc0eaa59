"""Runs that may still be going on: which scenario, how far, and what is measured so far."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

import pandas as pd

from sociophysics.errors import InputError
from sociophysics.scenario import Scenario
from sociophysics.store import Place, Store, check_shape, open_store
from sociophysics.study import run_manifest as run_folder
from sociophysics.study.blocks import plan
from sociophysics.study.parts import PartData, read_parts
from sociophysics.study.results.kept_run import scenario_of
from sociophysics.study.session import finished
from sociophysics.study.shelf import Shelf, join_tables

__all__ = ["Status", "partial_table", "scenario_in", "status"]


class Status(NamedTuple):
    """How many parts of a run are finished, and how many it has."""

    finished: int
    total: int


def scenario_in(directory: Place) -> Scenario:
    """Return the scenario of a run, finished or not, in a folder or at an address.

    Raises
    ------
    InputError
        There is no run, or its manifest is damaged.
    """
    return _begun(directory)[2]


def status(directory: Place) -> Status:
    """Return how far the run in a folder or at an address is; files are counted, not read.

    Raises
    ------
    InputError
        There is no run.
    """
    store, manifest, scenario = _begun(directory)
    names = {part.name for part in plan(scenario, manifest=manifest)}
    return Status(len(names & finished(store)), len(names))


def partial_table(directory: Place) -> pd.DataFrame:
    """Return the rows of the finished parts of a run that may still be going on.

    The columns and the order are those of ``results.parquet``; rows of parts that are missing or
    damaged are left out.

    Raises
    ------
    InputError
        There is no run.
    """
    store, manifest, scenario = _begun(directory)
    parts = plan(scenario, manifest=manifest)
    data = Shelf()
    for part, found in read_parts(store, parts):
        if isinstance(found, PartData):
            data[part.name] = found
    there = [part for part in parts if part.name in data]
    if not there:
        axes = list(scenario.sweep.axes)
        names = list(scenario.observe.names)
        return pd.DataFrame(columns=["design", *axes, "replica", "sweep", *names])
    return join_tables(scenario, there, data)


def _begun(directory: Place) -> tuple[Store, Mapping[str, Any], Scenario]:
    store = open_store(directory)
    manifest = run_folder.read_manifest(store)
    if manifest is None:
        raise InputError(f"{store.place} holds no run; give the output folder of one.")
    check_shape(store, manifest, "run")
    return store, manifest, scenario_of(manifest, store)
