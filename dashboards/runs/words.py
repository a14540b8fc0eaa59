"""What is to be seen, in a sentence that is computed from the numbers."""

from __future__ import annotations

from typing import Any

import numpy as np

from sociophysics.live.listed_runs import ListedRun
from sociophysics.live.run_differences import Line
from sociophysics.live.run_lines import TIME, Point
from sociophysics.live.run_views import View

from ..glossary import explain, shown
from .panels import key_word

__all__ = ["between", "number", "place_words", "seen", "seen_beside", "size_words", "sweep_words"]

ROUNDING = 1e-12


def number(value: float) -> str:
    """Return a mean as a person reads it; what only rounding left of zero is zero.

    Examples
    --------
    >>> number(-6.5e-19), number(0.25)
    ('0', '0.25')
    """
    return shown(0.0 if abs(value) < ROUNDING else value)


def between(low: float, high: float) -> str:
    """Return an interval as a person reads it.

    Examples
    --------
    >>> between(0.25, 0.75), between(float("nan"), 1.0)
    ('0.25 to 0.75', 'not determined')
    """
    if not np.isfinite([low, high]).all():
        return "not determined"
    return f"{number(low)} to {number(high)}"


def sweep_words(entry: ListedRun) -> str:
    """Return what a run was swept over.

    Examples
    --------
    >>> from pathlib import Path
    >>> sweep_words(ListedRun("a", Path("a"), swept=(("dynamics.temperature", 6),)))
    'noise (6 values)'
    """
    words = [f"{key_word(key)} ({count} values)" for key, count in entry.swept]
    return ", ".join(words) or "nothing"


def size_words(entry: ListedRun) -> str:
    """Return how far a run is, in parts."""
    return f"{entry.finished:,} of {entry.total:,}" if entry.total else "\N{EN DASH}"


def place_words(point: Point, *, without: str = "") -> str:
    """Return a swept point in words.

    Examples
    --------
    >>> place_words({"dynamics.temperature": 0.9})
    'noise 0.9'
    """
    words = [f"{key_word(key)} {_value(v)}" for key, v in point.items() if key != without]
    return ", ".join(words)


def seen(view: View) -> str:
    """Return what one run shows: the largest difference between designs, or the course."""
    panel, entry = view.panels[0], explain(view.observable)
    so_far = "So far: " if view.partial else ""
    rows = panel.rows
    where = f"At {place_words(view.point)}, " if view.point else ""
    if rows.empty:
        return f"{so_far}no design has reached this point yet."
    others = rows[rows["difference"].notna()]
    if others.empty:
        return so_far + _course(view)
    reference = str(view.panels[0].opened.run.designs[0])
    row: dict[str, Any] = others.loc[others["difference"].abs().idxmax()].to_dict()
    # An interval that leaves out zero.
    sure = others[(others["low"] > 0) | (others["high"] < 0)]
    if sure.empty:
        said = (
            f"{where}no design differs from {reference!r} beyond chance; {row['design']!r} is "
            f"farthest (difference {between(row['low'], row['high'])})."
        )
        return f"{so_far}{said[:1].upper()}{said[1:]}"
    way = "above" if row["difference"] > 0 else "below"
    first = (
        f"{where}{row['design']!r} differs most: {entry.name.lower()} is {number(row['mean'])}, "
        f"{shown(abs(row['difference']))} {way} {reference!r}"
        f" (difference {between(row['low'], row['high'])})."
    )
    told = f"{len(sure)} of {len(others)} designs differ from it beyond chance."
    if len(others) == 1:
        told = "That is beyond chance."
    return f"{so_far}{first[:1].upper()}{first[1:]} {told}"


def seen_beside(view: View, lines: list[Line]) -> str:
    """Return what two or more runs show beside each other."""
    found = [
        (abs(cell.difference), line.design, k, cell)
        for line in lines
        for k, cell in enumerate(line.cells)
        if cell is not None and np.isfinite(cell.difference)
    ]
    if not found:
        return "The runs have no design in common, or not at this point; compare their curves."
    size, design, k, cell = max(found, key=lambda each: each[0])
    name = explain(view.observable).name.lower()
    where = f"at {place_words(view.point)}, " if view.point else ""
    first, other = view.panels[0].opened.entry.name, view.panels[k].opened.entry.name
    way = "above" if cell.difference > 0 else "below"
    return (
        f"The runs differ most for {design!r}: {where}{name} in {other} is {shown(size)} {way} "
        f"{first} (difference {between(cell.difference_low, cell.difference_high)})."
    )


def _course(view: View) -> str:
    """Return where the line of the first design begins and ends."""
    line = view.panels[0].series[0]
    x, mean = np.asarray(line.x, dtype=np.float64), np.asarray(line.mean, dtype=np.float64)
    known = np.flatnonzero(np.isfinite(mean))
    name = explain(view.observable).name
    if known.size < 2:
        return f"{name} is known at one point only."
    a, b = known[0], known[-1]
    what = "time" if view.along == TIME else key_word(view.along)
    verb = "rises" if mean[b] > mean[a] else "falls"
    if shown(mean[a]) == shown(mean[b]):
        told = f"begins and ends at {shown(mean[a])}"
    else:
        told = f"{verb} from {shown(mean[a])} to {shown(mean[b])}"
    return f"{name} {told} as {what} goes from {x[a]:g} to {x[b]:g}."


def _value(value: Any) -> str:
    return f"{value:g}" if isinstance(value, float | np.floating) else str(value)
