"""Two networks side by side: who stands where, and the few numbers that sum it up."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import solara

from ..fields import ChoiceField, SwitchField
from ..glossary import Quantity, explain, shown
from ..markup import Card, Row, tag
from ..network_view import Legend, NetworkView, stance_traits
from ..settings import Settings
from ..states import JobState
from .following import use_part, use_pushed, use_shown
from .looks import colored, colors_of, hubs_of, hulls_of, sized, sizes_of
from .moments import Moment, Shown
from .scenario import design_names
from .sentences import seen
from .time_line import TimeLine

__all__ = ["Sides", "WhatYouSee"]

SUMMED_UP = ("camp_polarization", "abs_camp_polarization", "abs_magnetization", "edge_agreement")
LIMITS = (
    "Stances of the first replica. One run is one possible history of a model society, not a "
    "forecast of this network: Measure says what holds over many. "
)


@solara.component
def Sides(
    settings: Settings,
    selected: list[int],
    on_selected: Callable[[list[int]], None],
    on_run: Callable[[], None],
) -> None:
    """Show both sides, or why there is nothing to see yet."""
    job = use_part(lambda job: None if job.frame is None else id(job.frame.live))
    moment: Moment | None = job.frame
    names = design_names(settings.values)
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
        with Card(note=LIMITS + _paired(moment), css="sp-lab-picture"):
            with Row(columns=2):
                for k in (0, 1):
                    Side(settings, k, selected, on_selected)
            TimeLine(settings)
            Picture(settings, moment.sides[0])


def _paired(moment: Moment) -> str:
    """Return how the two sides are comparable."""
    count = len(moment.live.numbers)
    replicas = f"replica k = 0 to {count - 1}" if count > 1 else "the replica"
    return (
        f"Same network, same start and same seeds on both sides: {replicas} meets the same "
        f"chance events left and right (seed {moment.live.scenario.seed})."
    )


def _under(name: str) -> str:
    return "without a feed" if name == "no feed" else f"under {name}"


@solara.component
def Side(
    settings: Settings, k: int, selected: list[int], on_selected: Callable[[list[int]], None]
) -> None:
    """Show one side."""
    job = use_part(lambda job: None if job.frame is None else id(job.frame.sides[k].drawn))
    moment: Moment | None = job.frame
    with solara.Div(classes=["sp-lab-side"]):
        if moment is not None:
            Drawn(settings, k, moment, selected, on_selected)
        Numbers(k)


@solara.component
def Drawn(
    settings: Settings,
    k: int,
    moment: Moment,
    selected: list[int],
    on_selected: Callable[[list[int]], None],
) -> None:
    """Draw one side, frame by frame; its chambers about once a second."""
    side = moment.sides[k]
    title = f"{'Left' if k == 0 else 'Right'}, {side.name}"
    named, hulls = settings["names"], settings["hulls"]
    looks = {
        **solara.use_memo(lambda: colored(side.system, settings["color"]),
                          [side.drawn, settings["color"]]),
        "weights": solara.use_memo(lambda: sized(side.system, settings["size"]),
                                   [side.drawn, settings["size"]]),
        "hubs": solara.use_memo(lambda: hubs_of(side.system), [side.drawn]) if named else [],
    }  # fmt: skip
    view = NetworkView(
        side.drawn, None, selected=selected, on_selected=on_selected, title=title, height=0,
        heading=side.name[:1].upper() + side.name[1:], looks=looks,
    )  # fmt: skip

    def traits(now: Moment) -> dict[str, Any]:
        shown = now.sides[k]
        same = shown.drawn is side.drawn
        return stance_traits(shown.drawn, shown.spins, title) if same else {}

    def chambers(now: Moment) -> dict[str, Any]:
        shown = now.sides[k]
        return {"hulls": hulls_of(shown, now) if hulls else []} if now.live is moment.live else {}

    use_pushed(view, traits)
    use_pushed(view, chambers, pause=1.0)


@solara.component
def Picture(settings: Settings, side: Shown) -> None:
    """Say what is seen, and ask how users are drawn."""
    colors, sizes = colors_of(side.system), sizes_of(side.system)
    color = settings["color"] if settings["color"] in colors else "stance"
    size = settings["size"] if settings["size"] in sizes else "ties"
    names = [] if color == "stance" else colored(side.system, color)["tint_names"]
    with Row():
        with solara.Div(classes=["sp-lab-looks"]):
            ChoiceField("Color", color, lambda by: settings.set(color=by), options=colors)
            ChoiceField("Size", size, lambda by: settings.set(size=by), options=sizes)
            SwitchField("Chambers", settings["hulls"], lambda on: settings.set(hulls=on))
            SwitchField("Names", settings["names"], lambda on: settings.set(names=on))
        Legend(side.drawn, groups=names, ranks=color != "stance" and not names)


@solara.component
def Numbers(k: int) -> None:
    """Show the means over replicas of one side, and how far the replicas spread."""
    moment = use_shown()
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
    moment = use_shown()
    # What was said last: words change when the numbers have really left them.
    before: dict[str, str] = solara.use_memo(lambda: {}, [])
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
        text = seen(moment.sweep, sides, camps=moment.camp_names, before=before)
    tag("p", text, css="sp-lab-seen", role="status", aria_live="off", title=_definition(moment))


def _definition(moment: Moment | None) -> str:
    return "" if moment is None else explain(moment.live.names[0]).sentence()
