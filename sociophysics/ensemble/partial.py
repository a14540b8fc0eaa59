"""What an unfinished run has measured so far."""

from __future__ import annotations

import pandas as pd

from sociophysics.ensemble import folder as run_folder
from sociophysics.ensemble.blocks import plan
from sociophysics.ensemble.parts import PartData, read_parts
from sociophysics.ensemble.tables import join_tables
from sociophysics.errors import InputError
from sociophysics.results.run import scenario_of
from sociophysics.store import Place, open_store

__all__ = ["partial_table"]


def partial_table(directory: Place) -> pd.DataFrame:
    """Return the rows of the finished parts of a run that may still be going on.

    The columns and the order are those of ``results.parquet``; rows of parts that are missing or
    damaged are left out.

    Raises
    ------
    InputError
        There is no run.
    """
    store = open_store(directory)
    manifest = run_folder.read_manifest(store)
    if manifest is None:
        raise InputError(f"{store.place} holds no run; give the output folder of one.")
    scenario = scenario_of(manifest, store)
    parts = plan(scenario, inputs=manifest["inputs"])
    data = {
        part.name: found for part, found in read_parts(store, parts) if isinstance(found, PartData)
    }
    there = [part for part in parts if part.name in data]
    if not there:
        axes = list(scenario.sweep.axes)
        names = list(scenario.observe.names)
        return pd.DataFrame(columns=["design", *axes, "replica", "sweep", *names])
    return join_tables(scenario, there, data)
