"""Means of a run with their intervals, drawn on matplotlib axes that a notebook can change."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from sociophysics.errors import InputError, did_you_mean
from sociophysics.study.results.comparison import mean_band

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from sociophysics.study.results.run import Run

__all__ = ["draw"]

TIME = "sweep"
COLORS = 10  # of matplotlib's own cycle; more designs differ by their dashes
DASHES = ("-", "--", ":")
Floats = NDArray[np.float64]


def draw(
    run: Run,
    observable: str,
    *,
    along: str | None = None,
    at: Mapping[str, Any] | None = None,
    axes: Axes | None = None,
) -> Axes:
    """Draw one line per design with its 95 % band over replicas; arguments as `Run.plot`.

    Raises
    ------
    InputError
        The run recorded no such observable, or swept no such key or value.
    """
    along = _checked(run, along)
    point = {**run.declared, **(at or {})}
    for key, value in point.items():
        there = run.grid.points[key].tolist() if key in run.swept else None
        if there is None or (key != along and value not in there):
            allowed = f"{key} = {there}" if there else ", ".join(run.swept) or "none"
            raise InputError(f"at = {{{key!r}: {value!r}}} is not in the run; swept: {allowed}.")
    run.grid.values(observable)  # refuses what was not recorded
    if axes is None:
        import matplotlib.pyplot as plt

        axes = plt.subplots(layout="constrained")[1]
    for k, (design, x, bands) in enumerate(_curves(run, observable, along, point)):
        style = DASHES[k // COLORS % len(DASHES)]
        marker = "" if along == TIME else "o"
        (line,) = axes.plot(x, bands[:, 0], ls=style, marker=marker, label=design)
        axes.fill_between(x, bands[:, 1], bands[:, 2], color=line.get_color(), alpha=0.15, lw=0)
    axes.set_xlabel(along)
    axes.set_ylabel(observable)
    if len(run.designs) > 1:
        axes.legend(title="design")
    return axes


def _checked(run: Run, along: str | None) -> str:
    numbers = [key for key in run.swept if pd.api.types.is_numeric_dtype(run.grid.points[key])]
    if along is None:
        return numbers[0] if numbers else TIME
    if along not in (*numbers, TIME):
        raise InputError(
            f"along = {along!r} is not a swept number of this run; "
            f"{did_you_mean(along, [*numbers, TIME])}"
        )
    return along


def _curves(
    run: Run, observable: str, along: str, point: Mapping[str, Any]
) -> Iterator[tuple[str, Floats, Floats]]:
    """Yield each design with places and (mean, low, high) there."""
    rest = {key: value for key, value in point.items() if key != along}
    if along == TIME:
        for design in run.designs:
            keep = run.table["design"] == design
            for key, value in rest.items():
                keep &= run.table[key] == value
            series = run.table[keep].pivot(index=TIME, columns="replica", values=observable)
            yield (
                design,
                series.index.to_numpy(np.float64),
                _bands(list(series.to_numpy()), observable),
            )
        return
    grid = run.grid
    chosen = np.ones(len(grid.points), dtype=bool)
    for key, value in rest.items():
        chosen &= (grid.points[key] == value).to_numpy()
    rows = np.flatnonzero(chosen)
    x = grid.points[along].to_numpy(np.float64)[rows]
    order = np.argsort(x)
    values = grid.values(observable)
    for d, design in enumerate(grid.designs):
        found = [values[d, k, grid.present[d, k]] for k in rows[order]]
        yield design, x[order], _bands(found, observable)


def _bands(samples: list[Floats], observable: str) -> Floats:
    return np.array([mean_band(each, observable) for each in samples]).reshape(len(samples), 3)
