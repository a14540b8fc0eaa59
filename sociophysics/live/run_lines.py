"""What is drawn of one run: a line per design over a swept key or over time, with its bands."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from sociophysics.arguments import asks
from sociophysics.live.landed_points import band
from sociophysics.study.results import Run
from sociophysics.study.results.summary import is_at

__all__ = [
    "TIME", "Point", "Series", "axes_of", "courses", "curves", "place_of", "point_in",
    "point_text", "span", "values_at",
]  # fmt: skip

Floats = NDArray[np.float64]
Point = dict[str, Any]
TIME = "time"  # the axis of a run that was swept over nothing
MOST_FRAMES = 400  # of a course; a screen shows no more


@dataclass(frozen=True, eq=False)
class Series:
    """One line: values over x, and the band around them where there are replicas.

    Parameters
    ----------
    name : str
    x, mean : array (points,)
        NaN leaves a gap.
    low, high : array (points,), optional
    index : int
        Color and dashes; 0 is the reference.
    points : bool
        Draw a dot at each value, for curves over a few settings.
    """

    name: str
    x: ArrayLike
    mean: ArrayLike
    low: ArrayLike | None = None
    high: ArrayLike | None = None
    index: int = 0
    points: bool = False


def axes_of(run: Run, observable: str) -> list[str]:
    """Return along what an observable can be drawn: swept keys with numbers, and time."""
    points = run.grid.points
    keys = [
        key for key in run.swept
        if pd.api.types.is_numeric_dtype(points[key])
        and not pd.api.types.is_bool_dtype(points[key])
        and points[key].nunique() > 1
    ]  # fmt: skip
    return keys + ([TIME] if observable in run.observables else [])


def point_text(point: Point) -> str:
    """Return a swept point as the address holds it: its values, in the order of the keys.

    Examples
    --------
    >>> point_text({"dynamics.temperature": np.float64(0.9), "feed.kind": "none"})
    '[0.9, "none"]'
    """
    plain = [value.item() if isinstance(value, np.generic) else value for value in point.values()]
    return json.dumps(plain) if plain else ""


def point_in(run: Run, text: str) -> Point | None:
    """Return the swept point that a link means, None if the run has no such point."""
    grid = run.grid
    points: list[Point] = [grid.point(k) for k in range(len(grid.points))]
    if not run.swept:
        return {}
    return next((point for point in points if text and point_text(point) == text), None)


@asks
def curves(
    run: Run, observable: str, *, along: str, point: Point, order: Sequence[str]
) -> list[Series]:
    """Return the mean over replicas of each design at each value of a key, with 95 % bands.

    Parameters
    ----------
    run : Run
    observable : str
    along : str
        The swept key.
    point : dict
        Values of the other keys.
    order : sequence of str
        Names of designs; the place of one gives its color.

    Examples
    --------
    >>> import sociophysics as sp
    >>> scenario = sp.Scenario.from_toml('''
    ... seed = 1
    ... network = {kind = "complete", n = 6}
    ... couplings = {kind = "uniform", value = 0.2}
    ... dynamics = {temperature = 0.0, sweeps = 2, start = "up"}
    ... observe = {every = 1, names = ["magnetization"]}
    ... sweep = {"couplings.value" = [0.1, 0.2]}
    ... ''')
    >>> run = sp.run(scenario, workers=1)
    >>> [line] = curves(run, "magnetization", along="couplings.value", point={}, order=run.designs)
    >>> line.name
    'base'
    """
    grid = run.grid
    others = {key: value for key, value in point.items() if key != along}
    rows = np.flatnonzero(is_at(grid.points, others))
    x = grid.points[along].to_numpy(dtype=np.float64)[rows]
    rows, x = rows[np.argsort(x)], np.sort(x)
    # Pure noise (T = infinity) has no place on the axis.
    rows, x = rows[np.isfinite(x)], x[np.isfinite(x)]
    values, drawn = grid.values(observable), []
    for d, name in enumerate(grid.designs):
        bands = [band(values[d, k, grid.present[d, k]], observable) for k in rows]
        mean, low, high = np.array(bands).reshape(-1, 3).T
        place = place_of(name, order)
        drawn.append(Series(name, x, mean, low, high, index=place, points=True))
    return drawn


@asks
def courses(run: Run, observable: str, *, point: Point, order: Sequence[str]) -> list[Series]:
    """Return the mean over replicas of each design at each recorded sweep, with 95 % bands.

    Parameters
    ----------
    run : Run
    observable : str
    point : dict
        Values of the swept keys.
    order : sequence of str
        Names of designs; the place of one gives its color.

    Examples
    --------
    >>> import sociophysics as sp
    >>> scenario = sp.Scenario.from_toml('''
    ... seed = 1
    ... network = {kind = "complete", n = 6}
    ... couplings = {kind = "uniform", value = 0.2}
    ... dynamics = {temperature = 0.0, sweeps = 2, start = "up"}
    ... observe = {every = 1, names = ["magnetization"]}
    ... ''')
    >>> run = sp.run(scenario, workers=1)
    >>> [line] = courses(run, "magnetization", point={}, order=run.designs)
    >>> line.name
    'base'
    """
    table = run.table
    cell = table.loc[is_at(table, point), ["design", "sweep", observable]]
    sweeps = np.unique(cell["sweep"].to_numpy())
    if sweeps.size > MOST_FRAMES:
        chosen = sweeps[np.linspace(0, sweeps.size - 1, MOST_FRAMES).astype(np.int64)]
        cell = cell[cell["sweep"].isin(chosen)]
    drawn = []
    for name, own in cell.groupby("design", sort=False):
        frames = own.groupby("sweep")[observable]
        bands = [band(values.to_numpy(dtype=np.float64), observable) for _, values in frames]
        mean, low, high = np.array(bands).reshape(-1, 3).T
        place = place_of(str(name), order)
        drawn.append(Series(str(name), np.array(list(frames.groups)), mean, low, high, index=place))
    return drawn


def span(panels: Sequence[Sequence[Series]]) -> tuple[tuple[float, float], tuple[float, float]]:
    """Return ends of both axes that hold all lines of several charts, with a little room."""
    every = [one for panel in panels for one in panel]
    x = np.concatenate([np.asarray(one.x, dtype=np.float64) for one in every])
    parts = [part for one in every for part in (one.mean, one.low, one.high) if part is not None]
    y = np.concatenate([np.asarray(part, dtype=np.float64) for part in parts])
    return _ends(x, 0.015), _ends(y, 0.04)


def values_at(run: Run, observable: str, design: str, point: Point) -> Floats:
    """Return one number per replica of a design at a point; empty if there is none."""
    grid = run.grid
    places = [k for k in range(len(grid.points)) if grid.point(k) == point]
    if design not in grid.designs or not places:
        return np.empty(0)
    d, k = grid.designs.index(design), places[0]
    own: Floats = grid.values(observable)[d, k, grid.present[d, k]]
    return own[np.isfinite(own)]


def place_of(name: str, order: Sequence[str]) -> int:
    """Return the place of a design, which gives its color and dashes."""
    return list(order).index(name) if name in order else len(order)


def _ends(values: Floats, room: float) -> tuple[float, float]:
    known = values[np.isfinite(values)]
    if not known.size:
        return 0.0, 1.0
    low, high = float(known.min()), float(known.max())
    spare = room * (high - low) or (0.0 if high > low else 0.5)
    return low - spare, high + spare
