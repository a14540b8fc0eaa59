"""Run, pause, step, stop, reset; and where the run stands."""

from __future__ import annotations

from collections.abc import Callable

import solara

from ..markup import Banner, Card, Row, tag
from ..states import Progress
from ..work import Stage
from .following import use_now_and_then, use_part
from .moments import Moment, this_lab
from .sides import WhatYouSee

__all__ = ["Toolbar", "press"]


@solara.component
def Toolbar(on_run: Callable[[], None], wanted: str, problem: str) -> None:
    """Show the buttons, the state of the run, and what you see.

    Parameters
    ----------
    on_run : callable
    wanted : str
        Hash of the scenario that the settings describe now.
    problem : str
        Why the settings cannot be run, in a sentence, or "".
    """
    with Card(css="sp-lab-toolbar"):
        with Row():
            Buttons(on_run, wanted, bool(problem))
            Status()
        if problem:
            Banner(problem, kind="error")
        WhatYouSee()
        Notices(wanted)


@solara.component
def Buttons(on_run: Callable[[], None], wanted: str, broken: bool) -> None:
    """Show what can be done now; only the stage of the job matters, not its frames."""
    job = use_part(lambda job: (job.stage, job.frame is None or job.frame.done))
    moment: Moment | None = job.frame
    ended = moment is not None and moment.done and job.stage == Stage.PAUSED
    fresh = not job.busy
    go_on = f"{this_lab().more:,} sweeps more" if ended else "Continue"

    def reset() -> None:
        job.forget()

    with Row():
        press("Run", on_run, main=fresh, disabled=broken)
        if job.stage == Stage.PAUSED:
            press(go_on, job.resume, main=True)
        else:
            press("Pause", job.pause, disabled=job.stage != Stage.RUNNING)
        press("Step", job.step, disabled=job.stage != Stage.PAUSED or ended)
        press("Stop", job.cancel, disabled=not job.busy)
        press("Reset", reset, disabled=job.stage == Stage.IDLE)


def press(
    label: str, act: Callable[[], None], *, main: bool = False, disabled: bool = False
) -> None:
    """Place a button."""
    classes = ["sp-button", "sp-button-main"] if main else ["sp-button"]
    solara.Button(label, on_click=act, disabled=disabled, classes=classes)


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
def Notices(wanted: str) -> None:
    """Say what was refused, how the sides are paired, and whether settings changed since."""
    job = use_part(
        lambda job: None if job.frame is None else (id(job.frame.live), job.frame.notice)
    )
    moment: Moment | None = job.frame
    with solara.Div(classes=["sp-lab-fields"]):
        if moment is None:
            return
        if moment.notice:
            Banner(moment.notice, kind="warning")
        count = len(moment.live.numbers)
        replicas = f"replica k = 0 to {count - 1}" if count > 1 else "the replica"
        tag(
            "p",
            f"Same network, same start and same seeds on both sides: {replicas} meets the same "
            f"chance events left and right (seed {moment.live.scenario.seed}).",
            css="sp-note",
        )
        if wanted and moment.live.begun != wanted:
            Banner("The settings have changed since this run began; press Run to start anew.")
