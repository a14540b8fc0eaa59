"""Runs: the folders of finished and unfinished runs."""

from __future__ import annotations

from collections.abc import Callable

import solara

from sociophysics.live.listed_runs import ListedRun, folder_of_runs

from ..figure import Download
from ..markup import Banner, Card, Controls, Main, PageFrame, tag
from ..settings import AddressBar, use_settings
from ..states import StateCard
from ..work import Stage, kept_job, use_job
from .continuing import JOB, Target, continuing
from .controls import Beside, Choices
from .head import Head
from .list_view import RunList
from .notes import Notes, NotesOnRuns
from .results import Results
from .saved import Against, SavedComparisons
from .settings import BETWEEN, SETTINGS, names_beside
from .state import Seen, use_desk

__all__ = ["SETTINGS", "Page"]

LEAD = "How the designs of each run compare, with tables and figures to take along."


@solara.component
def Page() -> None:
    """Show the page."""
    settings = use_settings(SETTINGS)
    root = folder_of_runs()
    desk, seen, broken = use_desk(root, settings)
    AddressBar(settings)
    entries = list(seen.entries or ())

    def back() -> None:
        beside = names_beside(settings["beside"])
        marked = [settings["run"], *beside] if beside else []
        settings.set(run="", beside=BETWEEN.join(marked), observable="", along="", at="",
                     against="", called="")  # fmt: skip

    with PageFrame("Runs", lead=LEAD):
        if not settings["run"]:
            with solara.Div(classes=["sp-main", "sp-runs-wide"]):
                if seen.entries is None:
                    Looking(broken)
                else:
                    RunList(settings, entries, root)
                    with solara.Div(classes=["sp-runs-kept"]):
                        SavedComparisons(settings)
                    NotesOnRuns(
                        [entry.name for entry in entries],
                        lambda name: settings.set(run=name, beside=""),
                    )
        else:
            with Controls():
                Choices(settings, seen.view)
                Beside(settings, entries)
                SavedComparisons(settings)
                Notes(settings["run"])
            with Main():
                if seen.entries is None or broken:
                    Looking(broken)
                elif seen.missing:
                    Missing(seen.missing, settings["run"], back)
                else:
                    for entry in seen.opened[:1]:
                        Head(entry, back, desk.hurry)
                    if settings["against"]:
                        with solara.Div(classes=["sp-runs-against"]):
                            with solara.Div(classes=["sp-main"]):
                                with Card(css="sp-runs-head"):
                                    tag("p", "On the left", css="sp-note")
                                    tag("h2", "This comparison", css="sp-runs-heading")
                                Body(seen)
                            Against(settings, root)
                    else:
                        Body(seen)


@solara.component
def Looking(broken: str) -> None:
    """Say that the folder is being looked at, or why that ended."""
    with Card():
        if broken:
            StateCard("failed", text=f"{broken} Reload the page to go on.")
        else:
            StateCard("loading", title="Looking at the folder of runs")


@solara.component
def Body(seen: Seen) -> None:
    """Show the results, or why there are none."""
    first = seen.opened[0] if seen.opened else None
    with solara.Div(classes=["sp-main"]):
        if first is not None and len(seen.opened) == 1 and first.kind in ("report", "search"):
            ReportOnly(first)
        elif first is not None and seen.failure:
            Unreadable(first, seen.failure, len(seen.opened))
        elif seen.view is None:
            with Card():
                StateCard("loading", title="Reading " + " and ".join(seen.question.names))
        else:
            with solara.Div(classes=["sp-main", *(["sp-runs-stale"] if seen.busy else [])]):
                Results(seen.view)


@solara.component
def Unreadable(first: ListedRun, failure: str, count: int) -> None:
    """Say why runs cannot be shown, and offer what may help."""
    # Parts that were finished are all that is needed to write the table anew.
    again = count == 1 and first.kind == "run" and first.whole

    def restore() -> None:
        kept_job(JOB).start(continuing(first))

    with Card():
        if first.kind == "run" and not first.finished and not first.whole:
            said = "Continue starts it; what is finished is drawn at once."
            StateCard("empty", title="No part is finished yet", text=said)
        else:
            StateCard("failed", title="This cannot be shown", text=failure,
                      action="Restore it" if again else "", on_action=restore)  # fmt: skip


@solara.component
def Missing(problem: str, name: str, back: Callable[[], None]) -> None:
    """Say that there is no such run, unless it is just being begun."""
    job = use_job(JOB)
    begun = isinstance(job.frame, Target) and job.frame.name == name
    with Card():
        if begun and job.busy:
            StateCard("loading", title="Beginning the run")
        else:
            failed = begun and job.stage == Stage.FAILED
            StateCard("failed", text=job.message if failed else problem, action="All runs",
                      on_action=back)  # fmt: skip


@solara.component
def ReportOnly(entry: ListedRun) -> None:
    """Offer the report of a folder that holds no run of a scenario."""
    what = "a search for a tipping point" if entry.kind == "search" else "a report"
    report = entry.path / "report.html"
    with Card(f"This folder holds {what}"):
        tag("p", "It has no table of designs to compare; its report is one page that opens "
            "without a network.", css="sp-lead")  # fmt: skip
        if entry.stamp[1]:
            Download("Report (HTML)", report.read_bytes, filename=f"{entry.path.name}-report.html")
        else:
            Banner("Its report is not written yet.")
