"""The numbers behind the curves: designs against the first, camps melting, runs side by side."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import solara

from sociophysics.live.run_differences import Cell, Line, differing
from sociophysics.live.run_views import Panel, View

from ..glossary import Term, explain, shown
from ..markup import Element, tag
from .words import between, number

__all__ = ["DesignTable", "Differing", "MeltingTable", "SideBySide"]

DIFFERENCE = ("Difference", "95 % interval", "Effect size")


def _table(heads: list[tuple[str, bool]], rows: list[list[Element | str]], label: str) -> None:
    """Show a table; of each head, whether its column holds numbers."""
    top = [tag("th", text, scope="col", css="sp-right" if right else "") for text, right in heads]
    body = [
        tag("tr", *(
            tag("td", cell, css="sp-right" if right else "")
            for cell, (_, right) in zip(row, heads, strict=True)
        ))
        for row in rows
    ]  # fmt: skip
    with solara.Div(classes=["sp-scroll"]):
        tag("table", tag("thead", tag("tr", *top)), tag("tbody", *body), css="sp-table",
            aria_label=label)  # fmt: skip


def _words(*names: str) -> None:
    with solara.Div(classes=["sp-runs-words"]):
        tag("span", "What the columns mean:", css="sp-note")
        for name in names:
            Term(name)


@solara.component
def DesignTable(view: View, panel: Panel) -> None:
    """Show each design at the point, against the first one."""
    several = panel.rows["difference"].notna().any()
    rows: list[list[Element | str]] = []
    for row in panel.rows.to_dict("records"):
        cells = [str(row["design"]), number(row["mean"])]
        cells += (
            [f"not settled: {number(row['early'])}, then {number(row['late'])}"]
            if row["settled"] == "no"
            else [between(row["mean_low"], row["mean_high"])]
        )
        cells += _against(row) if several else []
        rows.append([*cells, f"{row['replicas']:,}"])
    heads = ["Mean", "95 % interval", *(DIFFERENCE if several else ()), "Replicas"]
    with solara.Div():
        _table([("Design", False), *((head, True) for head in heads)], rows,
               f"{explain(view.observable).name} by design")  # fmt: skip
        words = ("paired", "effect") if several else ()
        _words(view.observable, "interval", *words, "replica")


def _against(row: dict[Any, Any]) -> list[str]:
    """Return how a design compares with the first one."""
    if pd.isna(row["difference"]):
        return ["reference", "", ""]
    effect = shown(row["effect"]) if np.isfinite(row["effect"]) else "\N{EN DASH}"
    return [_signed(row["difference"]), between(row["low"], row["high"]), effect]


@solara.component
def MeltingTable(melting: pd.DataFrame) -> None:
    """Show at which noise the camps of each design mix."""
    others = [
        name for name in melting.columns
        if name not in ("design", "temperature", "low", "high", "note")
    ]  # fmt: skip
    rows: list[list[Element | str]] = [
        [
            str(row["design"]), *(_plain(row[key]) for key in others),
            shown(row["temperature"]) if pd.notna(row["temperature"]) else str(row["note"]),
            between(row["low"], row["high"]) if pd.notna(row["temperature"]) else "",
        ]
        for row in melting.to_dict("records")
    ]  # fmt: skip
    heads = [("Design", False), *((key, True) for key in others)]
    with solara.Div():
        _table([*heads, ("Camps melt at", True), ("95 % interval", True)], rows, "Camps melt at")
        _words("melting", "interval")


@solara.component
def SideBySide(view: View, lines: list[Line]) -> None:
    """Show each design in all runs, and the difference to the first run."""
    names = [panel.opened.entry.name for panel in view.panels]
    heads = [("Design", False), (names[0], True)]
    for name in names[1:]:
        heads += [(name, True), (f"difference to {names[0]}", True)]
    rows = []
    for line in lines:
        row: list[Element | str] = [line.design, _cell(line.cells[0])]
        for cell in line.cells[1:]:
            row += [_cell(cell), _difference(cell)]
        rows.append(row)
    with solara.Div():
        _table(heads, rows, f"{explain(view.observable).name} by run")
        _words(view.observable, "interval", "replica")


@solara.component
def Differing(view: View) -> None:
    """Show which settings are not the same in all runs."""
    found = differing([panel.opened.run.scenario for panel in view.panels])
    names = [panel.opened.entry.name for panel in view.panels]
    if not found:
        tag("p", "All settings are the same, the seed too.", css="sp-note")
        return
    rows: list[list[Element | str]] = [[key, *values] for key, values in found]
    _table([("Setting", False), *((name, False) for name in names)], rows, "Settings that differ")


def _cell(cell: Cell | None) -> Element | str:
    if cell is None:
        return "not there"
    return _two(number(cell.mean), between(cell.low, cell.high))


def _difference(cell: Cell | None) -> Element | str:
    if cell is None or not np.isfinite(cell.difference):
        return ""
    return _two(_signed(cell.difference), between(cell.difference_low, cell.difference_high))


def _two(number: str, interval: str) -> Element:
    return tag("span", number, tag("span", interval, css="sp-runs-interval"))


def _signed(value: float) -> str:
    text = number(value)
    return text if text.startswith("\N{MINUS SIGN}") or text == "0" else f"+{text}"


def _plain(value: Any) -> str:
    return f"{value:g}" if isinstance(value, float) else str(value)
