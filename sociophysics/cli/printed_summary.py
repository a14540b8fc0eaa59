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
    from sociophysics.study.results import Run

__all__ = ["show"]

PLAIN_WIDTH = 124
MOST_POINTS = 12
MOST_WINDOWS = 4  # more are rows of their own, not columns
SIZES = ("in_units", "effect")


def show(run: Run, *, p_values: bool = False) -> None:
    """Print the comparison at the point that the file declares, all other points, the files."""
    from sociophysics.scenario.membership import of_manifest
    from sociophysics.study.results import fewest, headline
    from sociophysics.study.results.summary import unseen_text
    from sociophysics.study.society_card import from_manifest

    console = Console()
    if not console.is_terminal:
        console = Console(width=PLAIN_WIDTH)
    observable = headline(run)
    card = from_manifest(run.manifest)
    if card is not None:
        console.out("; ".join(card.sentences()), highlight=False)
    for sentence in of_manifest(run.manifest).sentences():
        console.out(f"note: {sentence}", highlight=False)
    if run.scenario.claims:
        from sociophysics.study.results.verdicts import Verdict
        from sociophysics.study.results.verdicts import sentence as said

        for each in run.claims.itertuples(index=False):
            console.out(f"claim {said(Verdict(*each))}", highlight=False)
    for title, table in _answer(run, observable, p_values):
        console.out(title, highlight=False)
        console.print(table)
    console.out(f"note: intervals hold what was seen; {unseen_text(fewest(run))}", highlight=False)
    if run.directory is not None:
        for what, name in (("comparison", "comparison.csv"), ("report", "report.html")):
            console.out(f"{what}: {os.path.join(run.directory, name)}", highlight=False)


def _answer(run: Run, observable: str, p_values: bool) -> list[tuple[str, Table]]:
    from sociophysics.study.results import at

    point = run.declared
    rows = at(run, observable, point)
    place = "".join(f", {key} = {value}" for key, value in point.items())
    title = observable + place + (" (the file's own values)" if point else "")
    several = len(run.designs) > 1
    windows = run.windows(point)
    if len(windows) == 1 and windows[0].name:
        title += f"; {windows[0].name}"
    if not several and len(windows) == 1 and run.swept:
        return [_points(run, observable)]
    if several and len(windows) <= MOST_WINDOWS:
        shown = _designs(run, rows, p_values)
        title += f"; differences are to {run.designs[0]!r}"
    else:
        shown = _windows(run, rows)
    return [(title, shown), *_elsewhere(run, observable)]


def _designs(run: Run, rows: pd.DataFrame, p_values: bool) -> Table:
    """Return one row per design: every window's mean, and the last one's difference."""
    from sociophysics.study.results import melting_or_none, outcome
    from sociophysics.study.results.summary import (
        difference_text,
        mean_text,
        number_text,
        size_texts,
    )

    melting = melting_or_none(run)
    last = outcome(rows)
    p = None
    if p_values:
        every = run.compare(str(rows["observable"].iloc[0]), p_values=True)
        p = outcome(every.merge(last[["design", *run.swept]])).set_index("design")["p_holm"]
    *before, final = rows["window"].fillna("").drop_duplicates()
    names = [*before, f"{final} [95 %]" if final else "mean [95 %]"]
    sizes = _sizes(last)
    headings = [*names, "difference [95 %]", *sizes, *(["p (Holm)"] if p_values else [])]
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    table.add_column("design", min_width=min(18, max(map(len, run.designs))))
    for heading in [*headings, *(["camps melt at T [95 %]"] if melting is not None else [])]:
        wide = heading.endswith("[95 %]") and not heading.startswith(("after", "before"))
        table.add_column(Text(heading), justify="right", no_wrap=wide)
    reference = last.iloc[0].to_dict()
    first = last["design"] == run.designs[0]
    order = pd.concat([last[first], last[~first].sort_values("mean", ascending=False)])
    for row in order.to_dict("records"):
        own = rows[rows["design"] == row["design"]].to_dict("records")
        cells = [mean_text(each, short=True) for each in own[:-1]]
        cells.append(mean_text(own[-1]))
        alone = row["design"] == run.designs[0]
        cells += ["reference"] if alone else [difference_text(row, reference)]
        shown = dict(zip(SIZES, size_texts(row, reference), strict=True))
        cells += [shown[column] for column in sizes.values()]
        if p is not None:
            cells.append("" if alone else number_text(p[row["design"]]))
        if melting is not None:
            cells.append(_melting(melting, row["design"], run.declared))
        table.add_row(*(Text(str(cell)) for cell in [row["design"], *cells]))
    return table


def _sizes(rows: pd.DataFrame) -> dict[str, str]:
    """Return the headings of the columns that say how large a difference is, and their columns."""
    from sociophysics.study.results.summary import unit_heading

    units = rows["unit"].dropna()
    found = {unit_heading(units.iloc[0]): "in_units"} if len(units) else {}
    if rows["effect"].notna().any():
        found["sd of users"] = "effect"
    return found


def _windows(run: Run, rows: pd.DataFrame) -> Table:
    """Return one row per window, and design if there are several."""
    from sociophysics.study.results.summary import mean_text

    several = len(run.designs) > 1
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    for heading in [*(["design"] if several else []), "window"]:
        table.add_column(heading)
    for heading in ("sweeps", "replicas", "mean [95 %]", "sd"):
        table.add_column(heading, justify="right")
    for row in rows.to_dict("records"):
        until = "end" if math.isnan(row["to"]) else f"{row['to']:.0f}"
        window = "" if pd.isna(row["window"]) else row["window"]
        cells = [row["design"]] if several else []
        cells += [window or "whole run", f"{row['from']} to {until}", str(row["replicas"])]
        sd = "-" if math.isnan(row["sd"]) else f"{row['sd']:.3f}"
        table.add_row(*(Text(str(cell)) for cell in [*cells, mean_text(row), sd]))
    return table


def _points(run: Run, observable: str) -> tuple[str, Table]:
    """Return the swept points of one design, the declared one first."""
    from sociophysics.study.results.summary import mean_text, with_intervals

    rows = run.compare(observable)
    own = (rows[run.swept] == pd.Series(run.declared)).all(axis=1)
    rows = pd.concat([rows[own], rows[~own]])
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    for heading in [*run.swept, "replicas", "mean [95 %]", "sd"]:
        table.add_column(Text(heading), justify="right")
    for row in with_intervals(run, observable, rows.head(MOST_POINTS)).to_dict("records"):
        sd = "-" if math.isnan(row["sd"]) else f"{row['sd']:.4f}"
        cells = [*(str(row[key]) for key in run.swept), str(row["replicas"]), mean_text(row, 4), sd]
        table.add_row(*(Text(cell) for cell in cells))
    title = f"{observable}; the file's own point first"
    more = f", {MOST_POINTS} of {len(rows)} swept points"
    return title + (more if len(rows) > MOST_POINTS else ""), table


def _elsewhere(run: Run, observable: str) -> list[tuple[str, Table]]:
    """Return the mean of every design along the first swept key, at all its values."""
    from sociophysics.study.results import outcome
    from sociophysics.study.results.summary import mean_text

    if not run.swept:
        return []
    key, rows = run.swept[0], outcome(run.compare(observable))
    for name in run.swept[1:]:
        rows = rows[rows[name] == run.declared[name]]
    values = list(rows[key].drop_duplicates())
    if len(values) < 2 or len(values) > MOST_POINTS:
        return []
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    table.add_column("design")
    for value in values:
        table.add_column(str(value), justify="right")
    for design in run.designs:
        cells = {row[key]: row for row in rows[rows["design"] == design].to_dict("records")}
        means = [mean_text(cells[v], 2, short=True) if v in cells else "" for v in values]
        table.add_row(*(Text(cell) for cell in [design, *means]))
    others = "".join(f", {name} = {run.declared[name]}" for name in run.swept[1:])
    return [(f"mean {observable} at each {key}{others}", table)]


def _melting(melting: pd.DataFrame, design: str, point: dict[str, Any]) -> str:
    from sociophysics.study.results.summary import interval_text

    rows = melting[melting["design"] == design]
    for key in set(point) & set(rows.columns):
        rows = rows[rows[key] == point[key]]
    row = rows.iloc[0].to_dict()
    if math.isnan(row["temperature"]):
        return str(row["note"])
    return interval_text(row["temperature"], row["low"], row["high"])
