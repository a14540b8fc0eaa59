"""Time courses: two observables of both sides, with the spread of the replicas and marks."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import solara

from sociophysics.live.live_lines import live_lines
from sociophysics.live.run_lines import Series

from ..fields import ChoiceField
from ..glossary import explain
from ..markup import Card, Row
from ..settings import Settings
from ..states import StateCard
from ..time_course import TimeCourse, course_traits
from ..work import kept_job
from .following import use_part, use_pushed
from .moments import JOB, Moment
from .sentences import mark_of
from .settings import OBSERVABLES

__all__ = ["Courses", "marks_of"]

SPREAD = (
    "Lines: means over the live replicas; bands: the middle 80 % of them. A band is a spread of "
    "histories, not an interval of the mean."
)


@solara.component
def Courses(settings: Settings) -> None:
    """Show two time courses."""
    with Card("Over time", note=SPREAD), Row(columns=2):
        for place, label in (("upper", "Left chart"), ("lower", "Right chart")):
            Course(settings, place, label)


@solara.component
def Course(settings: Settings, place: str, label: str) -> None:
    """Show one observable, chosen here."""
    job = use_part(
        lambda job: None if job.frame is None else (id(job.frame.live), job.frame.live.last)
    )
    moment: Moment | None = job.frame
    with solara.Div(classes=["sp-lab-course"]):
        if moment is None:
            StateCard("empty", title=OBSERVABLES[settings[place]], text="Its course appears here.")
            return
        names = moment.live.names
        instead = "abs_magnetization" if place == "upper" else "edge_agreement"
        name = settings[place] if settings[place] in names else instead
        ChoiceField(
            label, name, lambda value: settings.set(**{place: value}),
            options={each: OBSERVABLES[each] for each in names}, help=explain(name).sentence(),
        )  # fmt: skip
        Chart(moment, name)


@solara.component
def Chart(moment: Moment, name: str) -> None:
    """Draw one observable of both sides, sweep by sweep."""
    entry = explain(name)
    words = {
        "x_title": "sweep",
        "y_title": f"{entry.name} ({entry.unit})" if entry.unit else entry.name,
        "title": entry.name,
    }
    view = TimeCourse(
        None, height=230, legend=True, x_range=(0.0, float(moment.live.last)), **words
    )

    def traits(now: Moment) -> dict[str, Any]:
        if now.live is not moment.live:
            return {}
        newest: Moment = kept_job(JOB).frame or now
        marks = marks_of(newest)
        if now.sweep < newest.sweep:
            marks = [*marks, (float(now.sweep), "you look here")]
        return course_traits(_series(newest, name), marks=marks, **words)

    use_pushed(view, traits, pause=0.3)


def _series(moment: Moment, name: str) -> list[Series]:
    """Return both sides' courses; a feed without posts says so in its name."""
    return [
        line
        if np.isfinite(line.mean).any()
        else replace(line, name=f"{line.name}: no posts, no value")
        for line in live_lines(moment.live, name, until=moment.sweep)
    ]


def marks_of(moment: Moment) -> list[tuple[float, str]]:
    """Return where something was done so far, in a few words; with the side if only on one."""
    acts: dict[tuple[int, str], list[str]] = {}
    for place, side in zip(("left", "right"), moment.live.sides, strict=True):
        for act in side.settings.canonical()["interventions"]:
            if act["at"] <= moment.sweep:
                acts.setdefault((act["at"], mark_of(act)), []).append(place)
    return [
        (float(at), words if len(places) == 2 else f"{words} ({places[0]})")
        for (at, words), places in sorted(acts.items())
    ]
