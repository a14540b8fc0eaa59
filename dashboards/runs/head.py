"""What an open run is, how far it is, and the button that goes on with it."""

from __future__ import annotations

from collections.abc import Callable

import solara

from sociophysics.live.listed_runs import ListedRun

from ..asked_work import Working
from ..glossary import Term, shown
from ..markup import Banner, Card, Row, tag
from ..work import Stage, use_job
from .buttons import Link
from .continuing import JOB, continuing
from .words import size_words, sweep_words

__all__ = ["Continue", "Head"]


@solara.component
def Head(entry: ListedRun, back: Callable[[], None], again: Callable[[], None]) -> None:
    """Show what one run asked and how far it is."""
    with Card(css="sp-runs-head"):
        with Row():
            Link("← All runs", back)
        tag("h2", entry.heading, css="sp-runs-heading")
        if entry.question:
            tag("p", entry.question, css="sp-lead")
        if entry.kind == "run":
            with solara.Div(classes=["sp-figures"]):
                Fact("", "Folder", entry.name)
                Fact("run_part", "Parts finished", size_words(entry))
                Fact("", "Designs", str(len(entry.designs) or 1))
                Fact("", "Swept", sweep_words(entry))
                Fact("replica", "Replicas", shown(entry.replicas))
                Fact("users", "Users", shown(entry.users))
                Fact("seed", "Seed", "" if entry.seed is None else str(entry.seed))
                Fact("", "Begun", f"{entry.date:%Y-%m-%d %H:%M}" if entry.date else "")
                Fact("", "Version", entry.version)
        with solara.Div():
            if entry.kind == "run":
                Continue(entry, again)


@solara.component
def Fact(term: str, name: str, value: str) -> None:
    """Show one property; ``term`` names its entry of the glossary, if it needs one."""
    with solara.Div(classes=["sp-figure"]):
        with solara.Div(classes=["sp-figure-label"]):
            if term:
                Term(term, name)
            else:
                tag("span", name)
        tag("div", value or "\N{EN DASH}", css="sp-runs-fact")


@solara.component
def Continue(entry: ListedRun, again: Callable[[], None]) -> None:
    """Offer to finish an unfinished run, and show how far that is."""
    job = use_job(JOB)
    stage = job.stage
    mine = job.frame is not None and job.frame.name == entry.name

    def look_again() -> None:
        if stage not in (Stage.IDLE, *Stage.BUSY):
            again()

    solara.use_effect(look_again, [stage])
    if job.busy and mine:
        with solara.Div(classes=["sp-runs-continue"]):
            Working(job)
        return
    if mine and stage == Stage.FAILED:
        Banner(job.message, kind="error")
    if entry.whole:
        if mine and stage == Stage.DONE:
            Banner("Finished: all parts are there, with the same numbers as without a break.")
        return
    if job.busy:
        Banner(f"{job.frame.name if job.frame else 'Another run'} is being continued in this tab; "
               "this one can follow.")  # fmt: skip
        return
    if mine and stage == Stage.CANCELLED:
        Banner("Stopped. Finished parts are kept; Continue goes on from there.")
    elif not (mine and stage == Stage.FAILED):
        Banner(
            f"{size_words(entry)} parts are finished. Another program may be at work on it, or "
            "it was interrupted: Continue computes what is missing, with the same numbers as "
            "without a break.", kind="warning",
        )  # fmt: skip
    with Row():
        solara.Button(
            "Continue", on_click=lambda: job.start(continuing(entry)),
            classes=["sp-button", "sp-button-main"],
        )  # fmt: skip
