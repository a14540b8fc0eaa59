"""The whole answer of a story: all designs and replicas, in the folder that the command has."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import solara

import sociophysics as sp
from sociophysics.live.listed_runs import ListedRun
from sociophysics.live.run_views import View
from sociophysics.live.stories import judged

from ..asked_work import Working
from ..figure import Download
from ..markup import Banner, Card, Row, tag
from ..runs.continuing import JOB, continuing
from ..runs.files import report_of
from ..runs.results import Results
from ..runs.state import Desk, Seen
from ..runs.words import size_words
from ..work import Stage, use_job
from .verdicts import JUDGED, Verdicts

__all__ = ["Answer", "RunBar"]


@solara.component
def RunBar(
    load: Callable[[], sp.Scenario], name: str, seen: Seen, desk: Desk, command: str, size: str
) -> None:
    """Offer to run the scenario, show how far it is, and let it be stopped and gone on with."""
    job = use_job(JOB)
    begun_here: Any = solara.use_ref("")  # before the job says itself whose it is
    mine = name == (begun_here.current if job.frame is None else job.frame.name)
    entry = next((each for each in seen.entries or () if each.name == name), None)
    stage = job.stage

    def look_again() -> None:
        if stage not in (Stage.IDLE, *Stage.BUSY):
            desk.hurry()

    def run() -> None:
        begun_here.current = name
        start = entry or ListedRun(name, desk.root / name)
        # The scenario is read where it can fail with a sentence: in the job.
        job.start(lambda job: continuing(start, load())(job))

    solara.use_effect(look_again, [stage])
    with Card():
        with Row():
            if job.busy and mine:
                Working(job)
            elif entry is None or not entry.whole:
                begun = entry is not None and entry.finished > 0
                solara.Button(
                    "Continue" if begun else "Run", on_click=run, disabled=job.busy,
                    classes=["sp-button", "sp-button-main"],
                )  # fmt: skip
            tag("span", "The whole answer: " + size, css="sp-note")
        _said(job, mine, entry)
        with tag("details"):
            tag("summary", "The same in a terminal", css="sp-lab-summary-small")
            tag("pre", command, css="sp-code sp-story-command", aria_label="Command")


def _said(job: Any, mine: bool, entry: ListedRun | None) -> None:
    """Say how it stands, in a banner."""
    if job.busy and not mine:
        Banner("Another run is going on in this tab; this one can follow.")
    elif mine and job.stage == Stage.FAILED:
        Banner(job.message, kind="error")
    elif entry is not None and not job.busy and not entry.whole:
        stopped = "Stopped. " if mine and job.stage == Stage.CANCELLED else ""
        Banner(f"{stopped}{size_words(entry)} parts are finished and kept; Continue computes the "
               "others.")  # fmt: skip


@solara.component
def Answer(seen: Seen, hash_: str) -> None:
    """Show claims, curves, table and report of the run, as far as it is."""
    view = seen.view
    with solara.Div(classes=["sp-main"]):
        if seen.failure and seen.opened and seen.opened[0].finished:
            Banner(seen.failure, kind="error")
        if view is None:
            return
        opened = view.panels[0].opened
        if opened.run.scenario.replace({"sweep.replicas": 1}).hash != hash_:
            Banner(
                f"The folder {opened.entry.name} holds a run of another scenario, which is what is "
                "shown here; move it away to run this one.", kind="warning",
            )  # fmt: skip
        if opened.run.scenario.claims:
            Claims(view)
        with solara.Div(classes=["sp-main", *(["sp-runs-stale"] if seen.busy else [])]):
            Results(view)
        if not opened.partial:
            Report(view)


@solara.component
def Claims(view: View) -> None:
    """Show what the file claims, and what became of it in the run."""
    opened = view.panels[0].opened
    claims = solara.use_memo(
        lambda: None if opened.partial else opened.run.claims, [opened.entry.stamp, opened.partial]
    )
    with Card("Claims of the file", note=JUDGED):
        # A component each: an element keeps the tag that it was made with.
        if claims is None:
            NotYet()
        else:
            Verdicts(judged(claims), "Claims and their verdicts")


@solara.component
def NotYet() -> None:
    """Say that a part of the run is missing."""
    tag("p", "They are judged when all parts are finished.", css="sp-note")


@solara.component
def Report(view: View) -> None:
    """Show the run's own report, in a frame in which nothing is ever run."""
    opened = view.panels[0].opened
    shown = solara.use_reactive(False)
    router = solara.use_router()
    with Card("Report"):
        with Row():
            solara.Button(
                "Hide the report" if shown.value else "Show the report",
                on_click=lambda: shown.set(not shown.value), classes=["sp-button"],
            )  # fmt: skip
            solara.Button(
                "Open with the other runs", classes=["sp-button"],
                on_click=lambda: router.push(f"/runs?run={opened.entry.name}"),
            )  # fmt: skip
            Download("Report (HTML)", lambda: report_of(opened),
                     filename=f"{opened.entry.name}-report.html")  # fmt: skip
        if shown.value:
            page = report_of(opened).decode("utf-8", errors="replace")
            tag("iframe", css="sp-story-report", srcdoc=page, sandbox="", title="Report of the run")
