"""From parts to the tables of a run."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from sociophysics.ensemble.blocks import Part
from sociophysics.ensemble.shelf import Shelf
from sociophysics.scenario import Scenario
from sociophysics.store import Store

if TYPE_CHECKING:
    from sociophysics.results import Run

__all__ = ["join_events", "join_tables", "write_results"]

ROWS_PER_GROUP = 1 << 18


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


def write_results(store: Store, run: Run, *, p_values: bool = False) -> None:
    """Write the table, the events, the comparison and the report of a run."""
    from sociophysics.report import page

    _write_parquet(store, "results.parquet", run.table)
    _write_parquet(store, "events.parquet", run.events)
    comparison = run.compare_all(p_values=p_values).to_csv(index=False).encode()
    store.write("comparison.csv", lambda file: file.write(comparison))
    report = page.render(run).encode()
    store.write("report.html", lambda file: file.write(report))


def _write_parquet(store: Store, name: str, table: pd.DataFrame) -> None:
    import pyarrow as pa
    import pyarrow.parquet as pq

    schema = pa.Table.from_pandas(table.iloc[:ROWS_PER_GROUP], preserve_index=False).schema
    # Without pandas' own metadata the bytes depend on the numbers alone.
    schema = schema.remove_metadata()

    def fill(file: Any) -> None:
        # Group by group: the whole table as Arrow has it would be one more copy.
        with pq.ParquetWriter(file, schema) as writer:
            for start in range(0, max(len(table), 1), ROWS_PER_GROUP):
                rows = table.iloc[start : start + ROWS_PER_GROUP]
                writer.write_table(pa.Table.from_pandas(rows, schema, preserve_index=False))

    store.write(name, fill)
