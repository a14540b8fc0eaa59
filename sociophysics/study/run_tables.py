"""From parts to the tables of a run."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from sociophysics.scenario import Scenario
from sociophysics.study.blocks import Part
from sociophysics.study.shelf import Shelf

__all__ = ["join_events", "join_tables"]


def join_tables(scenario: Scenario, parts: Sequence[Part], data: Shelf) -> pd.DataFrame:
    """Return the table of a run: design, swept keys, replica, sweep, observables.

    Rows are in the order of the file's designs, then of the swept values, replicas, sweeps.
    """
    # Without a copy: of millions of rows there is the shelf's and this one, and no third.
    table = pd.DataFrame(data.joined([part.name for part in parts]), copy=False)
    for place, (name, column) in enumerate(_keys(scenario, parts, data).items()):
        table.insert(place, name, column)
    return table


def _keys(scenario: Scenario, parts: Sequence[Part], data: Shelf) -> dict[str, pd.Series]:
    lengths = [data.rows(part.name) for part in parts]
    columns = {"design": pd.Series([part.design for part in parts], dtype="str")}
    for key, values in scenario.sweep.axes.items():
        kind = "str" if isinstance(values[0], str) else type(values[0]).__name__
        dtype = {"int": "int64", "float": "float64"}.get(kind, kind)
        columns[key] = pd.Series([part.point[key] for part in parts], dtype=dtype)
    return {name: each.repeat(lengths).reset_index(drop=True) for name, each in columns.items()}


def join_events(scenario: Scenario, parts: Sequence[Part], data: Shelf) -> pd.DataFrame:
    """Return what acted when: design, swept keys, replica, sweep, event, and details as JSON."""
    rows = [
        {"design": part.design, **part.point, **row}
        for part in parts
        for row in _events(part, data.events(part.name))
    ]
    columns = ["design", *scenario.sweep.axes, "replica", "sweep", "event", "details"]
    return pd.DataFrame(rows, columns=columns)


def _events(part: Part, events: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Return one row per event and replica, whichever way the replicas were grouped."""
    rows: dict[tuple[int, int, str, str], None] = {}
    for event in events:
        rest = {k: v for k, v in event.items() if k not in ("replica", "sweep", "kind")}
        details = json.dumps(rest, sort_keys=True, default=np.generic.item)
        replica = event["replica"]
        for each in part.replicas if replica is None else (int(replica),):
            rows[each, int(event["sweep"]), str(event["kind"]), details] = None
    # Stable: events of one sweep stay in the order in which they acted.
    ordered = sorted(rows, key=lambda row: row[:2])
    return [dict(zip(("replica", "sweep", "event", "details"), r, strict=True)) for r in ordered]
