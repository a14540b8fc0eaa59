"""The figures of a report with their captions."""

from __future__ import annotations

import html as standard
from typing import Any

import pandas as pd
from matplotlib.figure import Figure

from sociophysics.report import figures, html, panels
from sociophysics.report.answer import where
from sociophysics.report.drive import Drive, drive
from sociophysics.report.theory import Theory
from sociophysics.report.wording import label
from sociophysics.study.results import Run, at, outcome
from sociophysics.study.results.cell_settings import burn_in

__all__ = ["others", "section"]

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
            f"are 95 % intervals over replicas. Open marks: not settled, or replicas in two "
            f"states, where the mean is that of no society.{several}"
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
    figure = panels.time_courses(
        run, observable, point=point, label=label(observable, with_unit=True), burn_in=burned
    )
    shade = " The shaded sweeps are the burn-in, left out of averages." if burned else ""
    dots = " Dotted lines mark what acted." if panels.event_sweeps(run) else ""
    caption = f"Time courses{_at(point)}: median over replicas, and the band of the middle 80 %."
    return _figure(figure, caption + shade + dots)


def _final(run: Run, observable: str, point: Point) -> str:
    figure = panels.final_distributions(
        run, observable, point=point, label=label(observable, with_unit=True)
    )
    caption = f"Where each replica ended{_at(point)}: a dot per replica, a bar at the median."
    return _figure(figure, caption)


def _at(point: Point) -> str:
    return f" at {where(point)}" if point else ""


def _figure(figure: Figure, caption: str) -> str:
    alt = standard.unescape(caption)
    return html.figure(figures.to_svg(figure), alt=alt, caption=caption)
