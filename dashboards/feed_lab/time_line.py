"""Time turned back: a slider over recorded sweeps, replay, and the last act undone."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import solara

from ..fields import SliderField
from ..markup import press, tag
from ..settings import Settings
from ..work import Stage
from .following import use_now_and_then, use_part
from .living import LIVING
from .moments import PACES, Moment, this_lab
from .past import PAST, look_at, look_at_now, replay, turned

__all__ = ["TimeLine"]

HELP = (
    "The stances of any recorded sweep, in both networks and in the numbers below them. The run "
    "itself stays where it is: Continue goes on from the newest sweep."
)


@solara.component
def TimeLine(settings: Settings) -> None:
    """Offer what was, once the run rests."""
    job = use_now_and_then()
    past_job = use_part(lambda job: (job.frame, job.stage), PAST)
    moment: Moment | None = job.frame
    lab = this_lab()
    if moment is None:
        return
    rests = job.stage != Stage.RUNNING
    shown = turned(moment) or moment
    there, sweep = shown is not moment, shown.sweep
    films = past_job.busy

    def undo() -> None:
        look_at_now()
        before = lab.undo()
        if before is not None:
            settings.set(**_acting(before))

    with solara.Div(classes=["sp-lab-time"]):
        SliderField(
            "Sweep shown", sweep, look_at, low=0, high=max(moment.sweep, 1), step=1, integer=True,
            live=True,
            help=HELP, disabled=not rests or moment.sweep == 0,
            hint="" if rests else "Pause to look back.",
        )  # fmt: skip
        press("Stop the replay" if films else "Replay",
              look_at_now if films else lambda: replay(PACES[settings["pace"]]),
              disabled=not rests or moment.sweep == 0)  # fmt: skip
        press("Now", look_at_now, disabled=not there)
        press("Undo the last act", undo, disabled=not job.busy or not lab.done)
        words = f"Sweep {sweep:,}, looking back from {moment.sweep:,}." if there else ""
        if there and (observed := moment.live.observed(sweep)) < sweep:
            words += f" Numbers are of sweep {observed:,}, when they were last observed."
        tag("p", words, css="sp-lab-then", role="status")


def _acting(values: Mapping[str, Any]) -> dict[str, Any]:
    return {name: values[name] for name in LIVING}
