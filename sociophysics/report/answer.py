"""The answer at a glance: every design against the reference, in one table."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from sociophysics.report import claims, html
from sociophysics.report.labels import label
from sociophysics.report.theory import Theory
from sociophysics.results import Run, at, melting_or_none

__all__ = ["section", "where"]

Column = tuple[str, bool]


def section(run: Run, observable: str, point: dict[str, Any], theory: Theory) -> str:
    """Return the table of designs at one swept point; of one design, at all of them."""
    if len(run.designs) == 1:
        return _one_design(run, observable, theory)
    rows = at(run, observable, point)
    reference = rows["design"] == run.designs[0]
    order = rows[~reference].sort_values("mean", ascending=False, kind="stable")
    rows = pd.concat([rows[reference], order])
    melting = melting_or_none(run)
    columns: list[Column] = [
        ("design", False),
        ("mean [95&nbsp;%]", True),
        ("difference [95&nbsp;%]", True),
        ("effect", True),
        ("p&nbsp;(Holm)", True),
        *_melting_columns(melting, theory),
    ]
    body = [
        [
            html.escape(row["design"]),
            with_interval(row, "mean", "mean_low", "mean_high"),
            *_against(row, first=row["design"] == run.designs[0]),
            *_melting_cells(melting, theory, row["design"], point),
        ]
        for row in rows.to_dict("records")
    ]
    place = (
        f" at {where(point)}, the swept point where designs differ most from the reference"
        if point
        else ""
    )
    return html.section(
        "Answer",
        f"<p>{_capital(label(observable))}{place}. The reference is the first row.</p>",
        html.table(columns, body, reference=html.escape(run.designs[0])),
        f'<p class="note">{claims.READING} {_melting_note(melting, theory)}</p>',
    )


def where(point: Mapping[str, Any]) -> str:
    """Return a swept point as HTML text.

    Examples
    --------
    >>> where({"dynamics.temperature": 0.5})
    'dynamics.temperature = 0.5'
    """
    return ", ".join(f"{html.escape(key)} = {html.escape(each)}" for key, each in point.items())


def with_interval(
    row: Mapping[str, Any],
    middle: str,
    low: str,
    high: str,
    *,
    digits: int = 2,
    signed: bool = False,
) -> str:
    """Return a value with its interval in brackets, or alone if it has none."""
    value = html.number(row[middle], digits=digits, signed=signed)
    ends = [html.number(row[end], digits=digits) for end in (low, high)]
    return value if html.DASH in ends else f"{value} [{ends[0]}, {ends[1]}]"


def _one_design(run: Run, observable: str, theory: Theory) -> str:
    grid = run.grid
    melting = melting_or_none(run)
    columns: list[Column] = [(html.escape(key), False) for key in run.swept]
    columns += [("replicas", bool(run.swept)), ("mean [95&nbsp;%]", True), ("sd", True)]
    body = []
    for k in range(len(grid.points)):
        row = at(run, observable, grid.point(k)).iloc[0].to_dict()
        body.append(
            [html.number(row[key]) for key in run.swept]
            + [str(row["replicas"]), with_interval(row, "mean", "mean_low", "mean_high")]
            + [html.number(row["sd"], digits=3)]
        )
    melted = ""
    if melting is not None and len(run.swept) == 1:
        cell = _melting_cells(melting, {}, run.designs[0], {})[0]
        melted = f"<p>The camps melt at T: {cell}.</p>"
    lines = "".join(f"<p>{html.escape(text)}: {value:.3f}.</p>" for text, value in theory.lines)
    return html.section(
        "Answer", f"<p>{_capital(label(observable))}, mean over replicas.</p>",
        html.table(columns, body), melted, lines,
    )  # fmt: skip


def _against(row: Mapping[str, Any], *, first: bool) -> list[str]:
    if first:
        return ["reference", "", ""]
    p = row["p_holm"]
    return [
        with_interval(row, "difference", "low", "high", signed=True),
        html.number(row["effect"], digits=1, signed=True),
        "&lt; 0.001" if p < 0.001 else html.number(p, digits=3),
    ]


def _melting_columns(melting: pd.DataFrame | None, theory: Theory) -> list[Column]:
    if melting is None:
        return []
    own = [("mean field&nbsp;T<sub>s</sub>", True)] if theory.split else []
    return [("camps melt at&nbsp;T", True), *own]


def _melting_cells(
    melting: pd.DataFrame | None, theory: Any, design: str, point: Mapping[str, Any]
) -> list[str]:
    if melting is None:
        return []
    rows = melting[melting["design"] == design]
    for key in set(point) & set(rows.columns):
        rows = rows[rows[key] == point[key]]
    row = rows.iloc[0].to_dict()
    if np.isnan(row["temperature"]):
        cell = html.escape(row["note"])
    else:
        cell = with_interval(row, "temperature", "low", "high", digits=3)
        cell += f" ({html.escape(row['note'])})" if row["note"] else ""
    split = getattr(theory, "split", None)
    return [cell, html.number(split.get(design, np.nan), digits=2)] if split else [cell]


def _melting_note(melting: pd.DataFrame | None, theory: Theory) -> str:
    if melting is None:
        return ""
    text = (
        "<em>Camps melt</em> at the first swept temperature at which camp polarization falls "
        "through half its largest mean, interpolated, with the swept values between which it "
        "clearly does (95 %); "
        "&ldquo;never held apart&rdquo; means that no mean along the sweep exceeded what "
        "fair coins show in so many users (three standard deviations)."
    )
    if theory.split:
        text += (
            " <em>Mean field T<sub>s</sub></em> is the temperature up to which two equal, fully "
            "mixed camps with this network's mean couplings stay apart; networks with few ties "
            "per user usually lie below it."
        )
    return text


def _capital(text: str) -> str:
    return html.escape(text[0].upper() + text[1:])
