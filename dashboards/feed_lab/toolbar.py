"""Run, pause, step, stop, reset; and where the run stands."""

from __future__ import annotations

import solara

from ..fields import SettingField
from ..markup import Banner, Card, Row, press, tag
from ..settings import Settings
from ..states import Progress
from ..work import Job, Stage
from .following import use_now_and_then, use_part
from .living import same_society
from .moments import Moment, this_lab
from .opening import CopyLink, Starts
from .sides import WhatYouSee

__all__ = ["Toolbar"]


@solara.component
def Toolbar(settings: Settings, starts: Starts, problem: str) -> None:
    """Show the buttons, the speed, the state of the run, and what you see.

    Parameters
    ----------
    settings : Settings
    starts : Starts
        What Run and Reset do.
    problem : str
        Why the settings cannot be run, in a sentence, or "".
    """
    with Card(css="sp-lab-toolbar"):
        with Row():
            Buttons(settings, starts, bool(problem))
            Status()
        if problem:
            Banner(problem, kind="error")
        WhatYouSee()
        Notices(settings)
        Planned(settings)


@solara.component
def Buttons(settings: Settings, starts: Starts, broken: bool) -> None:
    """Show what can be done now; only the stage of the job matters, not its frames."""

    def looks(job: Job) -> tuple[str, bool, bool]:
        moment: Moment | None = job.frame
        return job.stage, moment is None or moment.done, moment is None or moment.sweep == 0

    job = use_part(looks)
    moment: Moment | None = job.frame
    paused = job.stage == Stage.PAUSED
    ended = moment is not None and moment.done and paused
    waits = moment is not None and moment.sweep == 0 and paused
    go_on = f"{this_lab().more:,} sweeps more" if ended else "Continue"
    with Row():
        press("Run", starts.begin, main=not job.busy or waits, disabled=broken)
        if paused and not waits:
            press(go_on, job.resume, main=True)
        else:
            press("Pause", job.pause, disabled=job.stage != Stage.RUNNING)
        press("Step", job.step, disabled=not paused or ended)
        with solara.Div(classes=["sp-lab-speed"]):
            SettingField(settings, "pace", label="Speed")
        press("Stop", job.cancel, disabled=not job.busy)
        press("Reset", lambda: starts.begin(paused=True), disabled=broken or waits)
        CopyLink(settings, this_lab())


@solara.component
def Status() -> None:
    """Say where the run stands."""
    job = use_now_and_then()
    moment: Moment | None = job.frame
    words = ""
    if moment is not None:
        words = f"sweep {moment.sweep:,} of {moment.live.last:,}"
        if job.stage == Stage.PAUSED:
            words = f"{words}, {'the end' if moment.done else 'paused'}"
        elif job.stage == Stage.CANCELLED:
            words = f"{words}, stopped"
    with solara.Div(classes=["sp-lab-status"]):
        if moment is not None:
            Progress(moment.sweep / moment.live.last, words)


@solara.component
def Notices(settings: Settings) -> None:
    """Say what was refused, and whether settings changed that need a new start."""
    job = use_part(
        lambda job: None if job.frame is None else (id(job.frame.live), job.frame.notice)
    )
    moment: Moment | None = job.frame
    lab = this_lab()
    with solara.Div(classes=["sp-lab-fields"]):
        if moment is None:
            return
        if moment.notice:
            Banner(moment.notice, kind="warning")
        if lab.begun is not None and not same_society(lab.begun, settings.values):
            Banner("The settings have changed since this run began; press Run to start anew.")


@solara.component
def Planned(settings: Settings) -> None:
    """Say that the settings hold interventions, and offer to drop them."""
    with Row():
        if settings["acts"]:
            tag("p", "What was done comes from a link or a file, and is done in every run.")
            press("Forget them", lambda: settings.set(acts=""))
