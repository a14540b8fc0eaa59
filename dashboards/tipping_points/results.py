"""What was measured: the transition with theory beside it, the map over two settings, the loop."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import solara

from sociophysics.live.run_lines import Series

from ..glossary import Quantity, Term, shown
from ..markup import Banner, Card, tag
from ..states import JobState, StateCard
from ..time_course import TimeCourse
from ..work import Stage, use_job
from .heat_map import HeatMap
from .keys import known, titled
from .search import JOB, Picture
from .sentences import phase_sentence, word

__all__ = ["LoopCard", "SweepCard"]

SIMULATED, UP, PLACE, DOWN = 0, 0, 2, 2
THEORY = (1, 3, 4)  # colors of the curves of theory
CLOSE = 0.22  # of the width: room for the words of a mark
SHARES = (-0.02, 1.02)  # every observable here lies between 0 and 1
DOTTED = "Dotted: where it tips, and the numbers of theory."
CLAIM = (
    "The tipping point of this network, with its size, start and number of sweeps; where two "
    "states are stable, it is where the first is left in the given time, and longer runs tip "
    "earlier. Bands and intervals: 95 %, over replicas."
)


@solara.component
def SweepCard(two: bool, on_run: Callable[[], None], name: str) -> None:
    """Show the sweep along one key, called ``name``, or over two, as far as it has come."""
    job = use_job(JOB)
    picture: Picture | None = job.frame
    two = two if picture is None else bool(picture.plan.question.second)
    title = "Over two settings" if two else "Where it tips"
    with Card(title):
        if picture is None or (picture.points is None and picture.grid is None):
            text = f"Press Run: {name[:1].lower()}{name[1:]} is turned up, and down again."
            if job.stage == Stage.CANCELLED:
                StateCard("cancelled", text=KEPT, action="Go on", on_action=on_run)
            else:
                JobState(job, empty="Nothing measured yet", text=MAPS if two else text,
                         again=on_run)  # fmt: skip
        elif two:
            Map(picture)
        else:
            Transition(picture)


@solara.component
def Map(picture: Picture) -> None:
    """Show an observable over two keys."""
    question, plan = picture.plan.question, picture.plan
    assert picture.grid is not None
    first, second = known(question.along).name, known(question.second).name
    what = word(picture.observable)
    said = phase_sentence((first, second), (plan.grid, plan.grid2), picture.grid,
                          picture.observable)  # fmt: skip
    with solara.Div(classes=["sp-tip-card"]):
        HeatMap(picture.grid, x=plan.grid, y=plan.grid2, x_title=titled(question.along),
                y_title=titled(question.second), z_title=what, summary=said)  # fmt: skip
        with solara.Div(classes=["sp-keys"]):
            Term(picture.observable, what)
            tag("span", "mean over replicas after settling; the dark line: 0.5")
        tag("p", MAP, css="sp-note")


MAP = (
    "Cells are equally wide whatever the steps between the values. A line of 0.5 is a guide, not a "
    "located tipping point: for that, turn one setting alone. Means of single cells are uncertain "
    "where states compete."
)


@solara.component
def Transition(picture: Picture) -> None:
    """Show the observable along the key, the tipping point, and theory."""
    question, found, theory = picture.plan.question, picture.found, picture.theory
    assert picture.points is not None
    x, mean, low, high = picture.points
    what = word(picture.observable)
    series = [Series("simulated", x, mean, low, high, index=SIMULATED, points=True)]
    if theory is not None:
        series += [
            Series(curve.name, curve.x, curve.y, index=index)
            for curve, index in zip(theory.curves, THEORY, strict=False)
        ]
    marks: list[tuple[float, str]] = []
    if found is not None and found.found:
        series.append(_interval(found.point.low, found.point.high))
        marks.append((found.point.mean, f"tips {shown(found.point.mean)}"))
    grid = picture.plan.grid
    if theory is not None:
        marks += [
            (at, f"theory {shown(at)}") for _, at in theory.numbers if grid[0] <= at <= grid[-1]
        ]
    with solara.Div(classes=["sp-tip-card"]):
        TimeCourse(
            series, x_title=titled(question.along), y_title=what, title=what,
            marks=spaced(marks, grid[-1] - grid[0]),
            x_range=(grid[0], grid[-1]), y_range=SHARES, height=360, legend=True,
        )  # fmt: skip
        Numbers(picture)
        TheoryNote(picture)
        tag("p", f"{DOTTED} {CLAIM}", css="sp-note")


def spaced(marks: list[tuple[float, str]], width: float) -> list[tuple[float, str]]:
    """Return the marks in order; where two are close, the later one goes without its words.

    Examples
    --------
    >>> spaced([(0.9, "theory"), (0.5, "tips"), (1.0, "theory")], 1.0)
    [(0.5, 'tips'), (0.9, 'theory'), (1.0, '')]
    """
    told, last = [], -np.inf
    for at, words in sorted(marks):
        close = at - last < CLOSE * width
        told.append((at, "" if close else words))
        last = last if close else at
    return told


def _interval(low: float, high: float) -> Series:
    none, floor, top = [np.nan, np.nan], [SHARES[0]] * 2, [SHARES[1]] * 2
    return Series("tipping point, 95 %", [low, high], none, floor, top, index=PLACE)


@solara.component
def Numbers(picture: Picture) -> None:
    """Show the tipping point, how often chance does as much, and where fluctuations peak."""
    found = picture.found
    with solara.Div(classes=["sp-figures"]):
        if found is None:
            tag("p", "The tipping point is located once all values have landed.", css="sp-note")
            return
        if found.found:
            Quantity("tipping", found.point.mean, interval=(found.point.low, found.point.high))
        else:
            with solara.Div(classes=["sp-figure"]):
                with solara.Div(classes=["sp-figure-label"]):
                    Term("tipping")
                tag("div", "none found", css="sp-figure-value")
        Quantity("p_null", found.p_null)
        peak = found.susceptibility
        if np.isfinite(peak.mean):
            Quantity("fluctuation_peak", peak.mean, interval=(peak.low, peak.high))
        with solara.Div(classes=["sp-figure"]):
            with solara.Div(classes=["sp-figure-label"]):
                Term("replica", "Measured on")
            tag("div", f"{found.users:,} users", css="sp-figure-value")
            tag("div", f"{found.replicas} replicas at {len(found.table)} values",
                css="sp-figure-interval")  # fmt: skip


@solara.component
def TheoryNote(picture: Picture) -> None:
    """Say which theory stands beside the simulation, its numbers, or why there is none."""
    theory = picture.theory
    with solara.Div(classes=["sp-tip-theory"]):
        if theory is None:
            return
        if theory.numbers:
            rows = [
                tag("tr", tag("td", text), tag("td", shown(value), css="sp-right"))
                for text, value in theory.numbers
            ]
            head = tag("tr", tag("th", "Theory"), tag("th", "value", css="sp-right"))
            tag("table", tag("thead", head), tag("tbody", *rows), css="sp-table sp-tip-table")
        tag("p", theory.sentence, css="sp-note")


@solara.component
def LoopCard(wanted: bool) -> None:
    """Show the way up and the way down."""
    job = use_job(JOB)
    picture: Picture | None = job.frame
    with Card("And back again"):
        if picture is not None and picture.loop is not None:
            Ways(picture)
        elif picture is not None and picture.no_loop:
            Banner(f"No loop: {picture.no_loop}", kind="info")
        elif job.busy and picture is not None and picture.refined and picture.plan.question.loop:
            StateCard("loading", "Turning it up and down again", job.message)
        elif job.busy and wanted:
            StateCard("empty", "Waiting for the sweep", WAITS)
        elif not wanted:
            StateCard("empty", "No loop asked for",
                      "Switch on “And back: hysteresis” under How it is measured.")  # fmt: skip
        elif job.stage == Stage.CANCELLED:
            StateCard("cancelled", text="It was stopped before the loop was round.")
        else:
            StateCard("empty", "Does it come back where it left?", COMES)


@solara.component
def Ways(picture: Picture) -> None:
    """Show the loop and its numbers."""
    loop: Any = picture.loop
    series = []
    for way, label, index in (("up", "turned up", UP), ("down", "turned down", DOWN)):
        rows = loop.table[loop.table["direction"] == way].sort_values(loop.along)
        columns = (loop.along, "mean", "low", "high")
        x, mean, low, high = (rows[column].to_numpy(dtype=np.float64) for column in columns)
        series.append(Series(label, x, mean, low, high, index=index, points=True))
    what = word(loop.observable)
    signed = loop.observable == "magnetization"
    with solara.Div(classes=["sp-tip-card"]):
        TimeCourse(
            series, x_title=titled(loop.along), y_title=what, title=what,
            y_range=(-1.02, 1.02) if signed else SHARES, height=360, legend=True,
        )  # fmt: skip
        with solara.Div(classes=["sp-figures"]):
            Quantity("switch_up", loop.on.mean, interval=_known(loop.on))
            Quantity("switch_down", loop.off.mean, interval=_known(loop.off))
            Quantity("loop_area", loop.area.mean, interval=_known(loop.area))
        tag("p", LOOPS, css="sp-note")


def _known(interval: Any) -> tuple[float, float] | None:
    return (interval.low, interval.high) if np.isfinite(interval.low) else None


KEPT = "Parts that were finished are kept; it goes on from them."
MAPS = "Press Run: the map fills in as the parts land."
WAITS = "It follows once the tipping point is located."
COMES = "The same society is turned up and down again; the loop appears here."
LOOPS = (
    "One society per replica, turned up value by value and down again; at each value it lives for "
    "the length of a run. A loop says that history matters within this time: slower turning makes "
    "it narrower."
)
