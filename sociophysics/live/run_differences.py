"""Runs beside each other: what differs between their settings, and in what they show."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sociophysics.live.run_lines import values_at
from sociophysics.live.run_views import View
from sociophysics.scenario import Scenario
from sociophysics.statistics import mean_difference, mean_interval
from sociophysics.study.results.comparison import signed

__all__ = ["Cell", "Line", "differing", "lines_of"]

MOST = 12  # settings that are listed
LEFT_OUT = ("title", "question")


@dataclass(frozen=True)
class Cell:
    """A mean over replicas with its 95 % interval, and the difference to the first run."""

    mean: float
    low: float
    high: float
    difference: float = np.nan
    difference_low: float = np.nan
    difference_high: float = np.nan


@dataclass(frozen=True)
class Line:
    """One design in all runs; None where a run does not have it at the point."""

    design: str
    cells: tuple[Cell | None, ...]


def lines_of(view: View) -> list[Line]:
    """Return each design at the point of a view, in every run.

    Differences take the runs as independent: Welch's interval.
    """
    lines = []
    for design in view.order:
        values = [
            values_at(panel.opened.run, view.observable, design, view.point)
            for panel in view.panels
        ]
        sign = signed(view.observable)
        cells = [_cell(own, None if k == 0 else values[0], sign) for k, own in enumerate(values)]
        if any(cell is not None for cell in cells):
            lines.append(Line(design, tuple(cells)))
    return lines


def differing(scenarios: Sequence[Scenario]) -> list[tuple[str, tuple[str, ...]]]:
    r"""Return the settings that are not the same in all runs, with their values.

    Examples
    --------
    >>> import sociophysics as sp
    >>> base = sp.Scenario.from_toml(
    ...     'seed = 1\nnetwork = {kind = "bundled", name = "karate"}\n'
    ...     'couplings = {kind = "uniform"}\ndynamics = {temperature = 1.0, sweeps = 5}\n'
    ...     'observe = {names = ["energy"]}'
    ... )
    >>> differing([base, base.replace({"dynamics.temperature": 2.0})])
    [('dynamics.temperature', ('1', '2'))]
    """
    flat = [dict(_flat(_by_name(scenario.canonical()))) for scenario in scenarios]
    found = []
    for key in dict.fromkeys(key for each in flat for key in each):
        values = [each.get(key, "not set") for each in flat]
        if key not in LEFT_OUT and len(set(values)) > 1:
            found.append((key, tuple(values)))
    return found[:MOST]


def _cell(
    own: NDArray[np.float64], first: NDArray[np.float64] | None, sign: bool | None
) -> Cell | None:
    if own.size == 0:
        return None
    mean, low, high = float(own.mean()), np.nan, np.nan
    if own.size > 1:
        _, low, high = (float(part) for part in mean_interval(own, signed=sign))
    if first is None or first.size == 0:
        return Cell(mean, low, high)
    difference = mean - float(first.mean())
    if min(own.size, first.size) < 2:
        return Cell(mean, low, high, difference)
    ends = mean_difference(own, first, signed=sign)
    return Cell(mean, low, high, difference, float(ends.low), float(ends.high))


def _by_name(tables: Mapping[str, Any]) -> dict[str, Any]:
    """Return settings with designs under their names, not under their places."""
    designs = {one["name"]: {k: v for k, v in one.items() if k != "name"}
               for one in tables.get("designs") or ()}  # fmt: skip
    return {**tables, "designs": designs}


def _flat(value: Mapping[str, Any], prefix: str = "") -> list[tuple[str, str]]:
    pairs: list[tuple[str, str]] = []
    for key, inner in value.items():
        if isinstance(inner, Mapping):
            pairs += _flat(inner, f"{prefix}{key}.")
        elif inner is not None:
            pairs.append((f"{prefix}{key}", _text(inner)))
    return pairs


def _text(value: Any) -> str:
    if isinstance(value, float):
        return f"{value:g}"
    text = ", ".join(map(_text, value)) if isinstance(value, list | tuple) else str(value)
    return text if len(text) <= 60 else f"{text[:59]}\N{HORIZONTAL ELLIPSIS}"
