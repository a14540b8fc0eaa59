"""The pictures of a report with their captions, and those of single replicas."""

from __future__ import annotations

import html as standard
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator
from numpy.typing import NDArray

from sociophysics.report import figures, html
from sociophysics.report.figures import Drive, cell_rows, drive, named_rows, wrapped
from sociophysics.report.html import where
from sociophysics.report.marks import GRID, MUTED, WIDTH, mark, settings
from sociophysics.report.wording import Theory, label
from sociophysics.study.results import Run, at, outcome
from sociophysics.study.results.windows import burn_in

if TYPE_CHECKING:
    pass

__all__ = [
    "event_sweeps",
    "final_distributions",
    "others",
    "section",
    "time_courses",
]

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
            values = _final_values(run, observable, design, point)
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


def _final_values(run: Run, observable: str, design: str, point: dict[str, Any]) -> Floats:
    cell = cell_rows(run, design, point).sort_values("sweep", kind="stable")
    last = cell.drop_duplicates("replica", keep="last").sort_values("replica")
    values: Floats = last[observable].to_numpy(dtype=np.float64)
    return values


def event_sweeps(run: Run) -> dict[str, list[int]]:
    """Return when something acted, by design; a ramp of many small steps is left out."""
    events = run.events
    if not {"design", "sweep"} <= set(events.columns) or events.empty:
        return {}
    # Ties that move sweep after sweep are no act, and would hide those that are.
    grouped = events[events["event"] != "follow"].groupby("design")["sweep"].unique()
    return {str(k): sorted(v.tolist()) for k, v in grouped.items() if len(v) <= MOST_EVENTS}


Point = dict[str, Any]


def section(run: Run, observable: str, point: Point, theory: Theory) -> str:
    """Return the figures of the observable that answers the question."""
    return html.section(
        "Figures",
        *_curves(run, observable, point, theory),
        _loop(run, observable),
        _forest(run, observable, point),
        _courses(run, observable, point),
        _final(run, observable, point),
    )


def others(run: Run, shown: str, point: Point) -> str:
    """Return what the remaining observables did, each opened by a click."""
    parts = []
    for observable in run.observables:
        if observable == shown or not run.table[observable].notna().any():
            continue
        pictures = _curves(run, observable, point, Theory({}, []))
        pictures = pictures or [_courses(run, observable, point)]
        drawn = [*pictures, _loop(run, observable), _forest(run, observable, point)]
        parts.append(html.details(label(observable), *drawn))
    return html.section("Other observables", *parts) if parts else ""


def _curves(run: Run, observable: str, point: Point, theory: Theory) -> list[str]:
    parts = []
    for key in run.swept:
        swept = run.grid.points[key]
        if not pd.api.types.is_numeric_dtype(swept) or swept.nunique() < 2:
            continue
        inside = key.endswith("temperature")
        lines = [
            (value, text)
            for text, value in theory.lines
            if inside and swept.min() <= value <= swept.max()
        ]
        figure = figures.curves(
            run, observable, along=key, label=label(observable, with_unit=True), point=point,
            theory=lines,
        )  # fmt: skip
        several = (
            " Designs whose curves lie on each other are named together."
            if len(run.designs) > 1
            else ""
        )
        others = {name: value for name, value in point.items() if name != key}
        caption = (
            f"Mean {html.escape(label(observable))} along {html.escape(key)}{_at(others)}; bands "
            f"are 95 % intervals over replicas. Open marks: not settled. Where replicas are in "
            f"two states, of which the mean is that of no society, each is a dot.{several}"
        )
        parts.append(_figure(figure, caption))
    return parts


def _loop(run: Run, observable: str) -> str:
    if run.swept:
        return ""
    drives: dict[str, Drive] = {}
    for case in run.scenario.cases():
        moved = drive(case.settings)
        if moved is not None and case.design not in drives:
            drives[case.design] = moved
    # One axis can only show one quantity.
    kind = next(iter(drives.values())).label if drives else ""
    drives = {design: moved for design, moved in drives.items() if moved.label == kind}
    if not drives:
        return ""
    figure = figures.loop(run, observable, drives, label=label(observable, with_unit=True))
    caption = (
        f"Mean {html.escape(label(observable))} while {html.escape(kind)} was turned up (solid) "
        "and down (dashed), each value after half its time for settling; bands are 95 % intervals "
        "over replicas. Where the two lines differ, what happened before matters."
    )
    return _figure(figure, caption)


def _forest(run: Run, observable: str, point: Point) -> str:
    rows = outcome(at(run, observable, point))
    if not rows["difference"].notna().any():
        return ""
    figure = figures.forest(rows, run.designs, label=label(observable, with_unit=True))
    window = run.windows(point)[-1].name
    when = f", {html.escape(window)}" if window else ""
    caption = f"Difference to the reference{_at(point)}{when}, with paired 95 % intervals."
    return _figure(figure, caption)


def _courses(run: Run, observable: str, point: Point) -> str:
    burned = burn_in(run.scenario.canonical(), run.designs[0], point)
    figure = time_courses(
        run, observable, point=point, label=label(observable, with_unit=True), burn_in=burned
    )
    shade = " The shaded sweeps are the burn-in, left out of averages." if burned else ""
    dots = " Dotted lines mark what acted." if event_sweeps(run) else ""
    caption = f"Time courses{_at(point)}: median over replicas, and the band of the middle 80 %."
    return _figure(figure, caption + shade + dots)


def _final(run: Run, observable: str, point: Point) -> str:
    figure = final_distributions(
        run, observable, point=point, label=label(observable, with_unit=True)
    )
    caption = f"Where each replica ended{_at(point)}: a dot per replica, a bar at the median."
    return _figure(figure, caption)


def _at(point: Point) -> str:
    return f" at {where(point)}" if point else ""


def _figure(figure: Figure, caption: str) -> str:
    alt = standard.unescape(caption)
    return html.figure(figures.to_svg(figure), alt=alt, caption=caption)
