"""Run and stop, where the work stands, and what you see."""

from __future__ import annotations

from collections.abc import Callable

import solara

from ..markup import Banner, Card, Row, tag
from ..states import Progress
from ..work import Stage, use_job
from .keys import known
from .question import Question
from .search import JOB, Picture
from .sentences import loop_sentence, phase_sentence, so_far, tip_sentence

__all__ = ["Toolbar", "sentences"]


@solara.component
def Toolbar(on_run: Callable[[], None], question: Question | None, problem: str) -> None:
    """Show the buttons, the state of the work, and what you see.

    Parameters
    ----------
    question : Question or None
        What the settings ask now.
    problem : str
        Why they cannot be run, in a sentence, or "".
    """
    job = use_job(JOB)
    picture: Picture | None = job.frame
    with Card(css="sp-tip-toolbar"):
        with Row():
            solara.Button("Run", on_click=on_run, disabled=bool(problem) or job.busy,
                          classes=["sp-button", "sp-button-main"])  # fmt: skip
            solara.Button("Stop", on_click=job.cancel, disabled=not job.busy,
                          classes=["sp-button"])  # fmt: skip
            with solara.Div(classes=["sp-tip-status"]):
                if job.busy:
                    Progress(job.progress, job.message)
                elif picture is None:
                    tag("p", "One press: a sweep, the tipping point, and the way back.",
                        css="sp-note")  # fmt: skip
        if problem:
            Banner(problem, kind="error")
        if picture is not None:
            for text in sentences(picture):
                tag("p", text, css="sp-tip-seen", role="status", aria_live="off")
        for text, kind in _notices(job.stage, job.message, picture, question):
            Banner(text, kind=kind)


def _notices(
    stage: str, message: str, picture: Picture | None, question: Question | None
) -> list[tuple[str, str]]:
    notices = []
    if stage == Stage.FAILED and picture is not None:
        notices.append((message, "error"))
    if stage == Stage.CANCELLED and picture is not None:
        notices.append(
            ("Stopped. The finished parts are kept: Run goes on where it stopped.", "info")
        )
    measured = None if picture is None else picture.plan.question.identity
    if measured is not None and question is not None and measured != question.identity:
        notices.append(("The settings have changed since this was measured; press Run.", "warning"))
    return notices


def sentences(picture: Picture) -> list[str]:
    """Return what a picture shows, in up to two sentences."""
    plan, question = picture.plan, picture.plan.question
    name = known(question.along).name
    if question.second:
        if picture.grid is None:
            return []
        names = (name, known(question.second).name)
        said = phase_sentence(names, (plan.grid, plan.grid2), picture.grid, picture.observable)
        return [said] if said else []
    points, found, loop = picture.points, picture.found, picture.loop
    if points is None:
        return []
    if found is None:
        return [
            so_far(name, points.x.tolist(), points.mean.tolist(), picture.observable,
                   len(plan.grid))
        ]  # fmt: skip
    ends = (float(points.mean[0]), float(points.mean[-1]))
    place = (found.point.mean, found.point.low, found.point.high)
    said_all = [tip_sentence(name, place, picture.observable, ends, found.note)]
    if loop is not None:
        area = (loop.area.mean, loop.area.low, loop.area.high)
        said_all.append(loop_sentence(area, loop.on.mean, loop.off.mean))
    return said_all
