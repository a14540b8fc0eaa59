"""What a finished run prints: its designs against the reference, and where its report is."""

from __future__ import annotations

import math
import os
from typing import TYPE_CHECKING, Any

import pandas as pd
from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

if TYPE_CHECKING:
    from sociophysics.results import Run

__all__ = ["show"]

PLAIN_WIDTH = 110
MOST_POINTS = 12


def show(run: Run) -> None:
    """Print the comparison at the swept point where designs differ most, and the files."""
    from sociophysics.membership import of_manifest
    from sociophysics.results import headline, telling_point

    console = Console()
    if not console.is_terminal:
        console = Console(width=PLAIN_WIDTH)
    observable = headline(run)
    point = telling_point(run, observable)
    several = len(run.designs) > 1
    title, table = _designs(run, observable, point) if several else _points(run, observable)
    for sentence in of_manifest(run.manifest).sentences():
        console.out(f"note: {sentence}", highlight=False)
    console.out(title, highlight=False)
    console.print(table)
    if run.directory is not None:
        for what, name in (("comparison", "comparison.csv"), ("report", "report.html")):
            console.out(f"{what}: {os.path.join(run.directory, name)}", highlight=False)


def _designs(run: Run, observable: str, point: dict[str, Any]) -> tuple[str, Table]:
    from sociophysics.results import at, melting_or_none

    melting = melting_or_none(run)
    place = "".join(f", {key} = {value}" for key, value in point.items())
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    table.add_column("design")
    headings = ["mean", "difference [95 %]", "effect", "p (Holm)"]
    for heading in [*headings, *(["camps melt at T [95 %]"] if melting is not None else [])]:
        table.add_column(Text(heading), justify="right")
    rows = at(run, observable, point)
    reference = rows["design"] == run.designs[0]
    rows = pd.concat([rows[reference], rows[~reference].sort_values("mean", ascending=False)])
    for row in rows.to_dict("records"):
        first = row["design"] == run.designs[0]
        cells = ["reference", "", ""] if first else [
            _interval(row["difference"], row["low"], row["high"], sign="+"),
            _number(row["effect"], ".1f", "+"),
            "< 0.001" if row["p_holm"] < 0.001 else _number(row["p_holm"], ".3f"),
        ]  # fmt: skip
        melted = [_melting(melting, row["design"], point)] if melting is not None else []
        shown = [row["design"], _number(row["mean"], ".3f"), *cells, *melted]
        table.add_row(*(Text(str(cell)) for cell in shown))
    return f"{observable}{place}; differences are to {run.designs[0]!r}", table


def _points(run: Run, observable: str) -> tuple[str, Table]:
    rows = run.compare(observable)
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    for heading in [*run.swept, "replicas", "mean", "sd"]:
        table.add_column(Text(heading), justify="right")
    for row in rows.head(MOST_POINTS).to_dict("records"):
        numbers = [str(row["replicas"]), _number(row["mean"], ".4f"), _number(row["sd"], ".4f")]
        table.add_row(*(Text(str(row[key])) for key in run.swept), *numbers)
    more = f", the first {MOST_POINTS} of {len(rows)} swept points"
    return observable + (more if len(rows) > MOST_POINTS else ""), table


def _melting(melting: pd.DataFrame, design: str, point: dict[str, Any]) -> str:
    rows = melting[melting["design"] == design]
    for key in set(point) & set(rows.columns):
        rows = rows[rows[key] == point[key]]
    row = rows.iloc[0].to_dict()
    if math.isnan(row["temperature"]):
        return str(row["note"])
    return _interval(row["temperature"], row["low"], row["high"])


def _interval(value: float, low: float, high: float, sign: str = "") -> str:
    ends = f" [{_number(low, '.3f')}, {_number(high, '.3f')}]"
    return _number(value, ".3f", sign) + ("" if math.isnan(low) and math.isnan(high) else ends)


def _number(value: float, form: str, sign: str = "") -> str:
    if math.isnan(value):
        return "-"
    text = format(value, sign + form)
    return text if float(text) else format(0.0, form)
