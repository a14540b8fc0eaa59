"""Work that a page is asked for: a button that starts it, a stop, how far it is, what it found."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import solara

from .markup import Banner, Card, Row
from .states import JobState, Progress
from .work import Job, Stage, use_watch

__all__ = ["AskedWork", "Working"]


@solara.component
def Working(job: Job) -> None:
    """Show how far work has come, and offer to stop it; for where it is going on."""
    Progress(job.progress, job.message)
    solara.Button("Stop", on_click=job.cancel, classes=["sp-button"])


@solara.component
def AskedWork(
    verb: str,
    job: Job,
    work: Callable[[Job], Any] | None,
    found: Callable[[Any], Any],
    *,
    empty: str,
    text: str,
    problem: str = "",
) -> None:
    """Let a page's question be asked, stopped and answered.

    Parameters
    ----------
    verb : str
        What the button that starts it says.
    job : Job
    work : callable, optional
        What is to be done; nothing while the settings ask for nothing possible.
    found : callable
        Shows the result.
    empty, text : str
        Title and sentence before the first start.
    problem : str
        Why nothing can be started.
    """
    use_watch(job)

    def run() -> None:
        if work is not None:
            job.start(work)

    with Card():
        with Row():
            solara.Button(verb, on_click=run, disabled=job.busy or work is None,
                          classes=["sp-button", "sp-button-main"])  # fmt: skip
            if job.busy:
                Working(job)
        if problem:
            Banner(problem, kind="warning")
    if job.stage == Stage.DONE and job.result is not None:
        found(job.result)
    else:
        with Card():
            JobState(job, empty=empty, text=text, again=run)
