"""Two networks side by side: who stands where, and the few numbers that sum it up."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import solara

from ..glossary import Quantity, explain, shown
from ..markup import Card, Row, tag
from ..network_view import Legend, NetworkView, stance_traits
from ..states import JobState
from .following import use_now_and_then, use_part, use_pushed
from .moments import Moment
from .sentences import seen

__all__ = ["Sides", "WhatYouSee"]

SUMMED_UP = ("camp_polarization", "abs_camp_polarization", "abs_magnetization", "edge_agreement")
LIMITS = (
    "Stances of the first replica. One run is one possible history of a model society, not a "
    "forecast of this network: Measure says what holds over many."
)


@solara.component
def Sides(
    names: tuple[str, str],
    selected: list[int],
    on_selected: Callable[[list[int]], None],
    on_run: Callable[[], None],
) -> None:
    """Show both sides, or why there is nothing to see yet."""
    job = use_part(lambda job: None if job.frame is None else id(job.frame.live))
    moment: Moment | None = job.frame
    with solara.Div():
        if moment is None:
            with Card():
                JobState(
                    job, empty="Nothing has run yet", again=on_run,
                    text=f"Press Run: the same people live once {_under(names[0])} and once "
                    f"{_under(names[1])}, with the same chance events, and you watch what becomes "
                    "of them.",
                )  # fmt: skip
            return
        with Card(note=LIMITS):
            with Row(columns=2):
                for k in (0, 1):
                    Side(k, selected, on_selected)
            Legend(moment.sides[0].drawn)


def _under(name: str) -> str:
    return "without a feed" if name == "no feed" else f"under {name}"


@solara.component
def Side(k: int, selected: list[int], on_selected: Callable[[list[int]], None]) -> None:
    """Show one side."""
    job = use_part(lambda job: None if job.frame is None else id(job.frame.sides[k].drawn))
    moment: Moment | None = job.frame
    with solara.Div(classes=["sp-lab-side"]):
        if moment is not None:
            name = moment.sides[k].name
            tag("h2", name[:1].upper() + name[1:], css="sp-card-title")
            Drawn(k, moment, selected, on_selected)
        Numbers(k)


@solara.component
def Drawn(
    k: int, moment: Moment, selected: list[int], on_selected: Callable[[list[int]], None]
) -> None:
    """Draw one side, frame by frame."""
    side = moment.sides[k]
    title = f"{'Left' if k == 0 else 'Right'}, {side.name}"
    view = NetworkView(
        side.drawn, None, selected=selected, on_selected=on_selected, title=title, height=340
    )

    def traits(now: Moment) -> dict[str, Any]:
        shown = now.sides[k]
        same = shown.drawn is side.drawn
        return stance_traits(shown.drawn, shown.spins, title) if same else {}

    use_pushed(view, traits)


@solara.component
def Numbers(k: int) -> None:
    """Show the means over replicas of one side, and how far the replicas spread."""
    moment: Moment | None = use_now_and_then().frame
    with solara.Div(classes=["sp-figures sp-lab-numbers"]):
        if moment is None:
            return
        name = moment.sides[k].name
        for observable in _summed_up(moment):
            values = moment.values(name, observable)
            with solara.Div():
                Quantity(observable, float(values.mean()), digits=2)
                low, high = np.quantile(values, [0.1, 0.9])
                words = f"replicas: {shown(float(low), 2)} to {shown(float(high), 2)}"
                tag("div", words if len(values) > 1 else "one replica", css="sp-figure-interval")


def _summed_up(moment: Moment) -> list[str]:
    names = [name for name in SUMMED_UP if name in moment.live.names]
    return names if names[0] != "camp_polarization" else [names[0], *names[2:]]


@solara.component
def WhatYouSee() -> None:
    """Say in a sentence what the two sides look like."""
    moment: Moment | None = use_now_and_then().frame
    text = ""
    if moment is not None:
        sides = []
        for side in moment.sides:
            means = {
                name: float(moment.values(side.name, name).mean())
                for name in SUMMED_UP
                if name in moment.live.names
            }
            sides.append((side.name, means))
        text = seen(moment.sweep, sides)
    tag("p", text, css="sp-lab-seen", role="status", aria_live="off", title=_definition(moment))


def _definition(moment: Moment | None) -> str:
    return "" if moment is None else explain(moment.live.names[0]).sentence()
