"""Figures of single replicas: time courses in small multiples, and where replicas ended."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator
from numpy.typing import NDArray

from sociophysics.report.figures import cell_rows, named_rows, wrapped
from sociophysics.report.marks import GRID, MUTED, WIDTH, mark, settings
from sociophysics.study.results import Run

__all__ = ["event_sweeps", "final_distributions", "time_courses"]

Floats = NDArray[np.float64]
# More frames than a panel has pixels only make the file larger.
MOST_FRAMES = 250
MOST_EVENTS = 8
ROUND = [1, 2, 5, 10]


def time_courses(
    run: Run, observable: str, *, point: dict[str, Any], label: str, burn_in: int
) -> Figure:
    """Return one panel per design: median over replicas, and the band of the middle 80 %.

    The shaded part is the burn-in; dotted lines mark interventions.
    """
    designs = run.designs
    events = event_sweeps(run)
    columns = min(len(designs), 4)
    lines = -(-len(designs) // columns)
    height = 1.6 * lines + 0.7 if columns > 1 else 3.2
    with settings():
        figure = Figure(figsize=(WIDTH, height))
        grid = figure.subplots(lines, columns, sharex=True, sharey=True, squeeze=False)
        figure.subplots_adjust(
            0.08, 0.6 / height, 0.985, 1 - 0.42 / height, hspace=0.52, wspace=0.09
        )
        for d, (axes, design) in enumerate(zip(grid.ravel(), designs, strict=False)):
            bands = _course(run, observable, design, point)
            x, color = bands.index.to_numpy(), mark(d).color
            if burn_in:
                axes.axvspan(0, burn_in, color=GRID, alpha=0.6, lw=0)
            for sweep in events.get(design, ()):
                axes.axvline(sweep, color=MUTED, lw=0.8, ls=":")
            axes.axhline(0, color=MUTED, lw=0.6)
            axes.fill_between(x, bands["low"], bands["high"], color=color, alpha=0.22, lw=0)
            axes.plot(x, bands["middle"], color=color)
            axes.set_title(wrapped(design, 27), loc="left", pad=4, linespacing=1.05)
            # A panel without one below it shows the times itself.
            axes.tick_params(labelbottom=d + columns >= len(designs))
        for axes in grid.ravel()[len(designs) :]:
            axes.set_axis_off()
        grid[0, 0].yaxis.set_major_locator(MaxNLocator(nbins=4, steps=[1, 2, 5, 10]))
        grid[0, 0].xaxis.set_major_locator(
            MaxNLocator(4 if columns > 1 else 8, steps=[1, 2, 5, 10])
        )
        figure.supxlabel("time (sweeps)", fontsize=9, y=0.08 / height)
        # A low figure has no room for a long label on one line.
        folded = label if lines > 1 else label.replace(" (", "\n(")
        figure.supylabel(folded, fontsize=9, x=0.005, linespacing=1.1)
    return figure


def final_distributions(run: Run, observable: str, *, point: dict[str, Any], label: str) -> Figure:
    """Return where each replica ended: one dot per replica, a bar at the median."""
    names = list(reversed(run.designs))
    with settings():
        figure, axes = named_rows(names)
        axes.axvline(0, color=MUTED, lw=0.8)
        for y, design in enumerate(names):
            values = _final(run, observable, design, point)
            color = mark(run.designs.index(design)).color
            # A fixed zigzag keeps equal values apart without pretending to be data.
            offset = 0.3 * ((np.arange(values.size) * 0.618) % 1 - 0.5)
            axes.plot(values, y + offset, "o", ms=4, mfc=color, mec="white", mew=0.5, alpha=0.75)
            if np.isfinite(values).any():
                middle = np.nanmedian(values)
                axes.plot([middle, middle], [y - 0.32, y + 0.32], color=color, lw=2.2)
        axes.set_xlabel(f"{label} in the last recorded frame")
    return figure


def _course(run: Run, observable: str, design: str, point: dict[str, Any]) -> pd.DataFrame:
    cell = cell_rows(run, design, point)
    sweeps = np.unique(cell["sweep"])
    if sweeps.size > MOST_FRAMES:
        chosen = sweeps[np.linspace(0, sweeps.size - 1, MOST_FRAMES).astype(int)]
        cell = cell[cell["sweep"].isin(chosen)]
    bands = cell.groupby("sweep")[observable].quantile([0.1, 0.5, 0.9]).unstack()
    bands.columns = ["low", "middle", "high"]
    return bands.dropna()


def _final(run: Run, observable: str, design: str, point: dict[str, Any]) -> Floats:
    cell = cell_rows(run, design, point).sort_values("sweep", kind="stable")
    last = cell.drop_duplicates("replica", keep="last").sort_values("replica")
    values: Floats = last[observable].to_numpy(dtype=np.float64)
    return values


def event_sweeps(run: Run) -> dict[str, list[int]]:
    """Return when something acted, by design; a ramp of many small steps is left out."""
    events = run.events
    if not {"design", "sweep"} <= set(events.columns) or events.empty:
        return {}
    grouped = events.groupby("design")["sweep"].unique()
    return {str(k): sorted(v.tolist()) for k, v in grouped.items() if len(v) <= MOST_EVENTS}
