"""How to repeat what was measured, what to take away, and what it cannot claim."""

from __future__ import annotations

import solara

import sociophysics as sp

from ..figure import Download
from ..markup import Card, Row, tag
from ..settings import address_of
from ..work import use_job
from .search import JOB, Picture

__all__ = ["RepeatCard"]


@solara.component
def RepeatCard() -> None:
    """Show the command, the files, and the limits."""
    picture: Picture | None = use_job(JOB).frame
    with Card("Repeat it, take it away"):
        with solara.Div(classes=["sp-tip-card"]):
            if picture is None:
                tag("p", "The command that gives the same numbers appears here.", css="sp-note")
            else:
                plan = picture.plan
                tag("pre", plan.command, css="sp-code sp-tip-command", aria_label="Command")
                if not plan.file.startswith("scenarios/"):
                    tag("p", f"It reads {plan.file}: download it below.", css="sp-note")
                Files(picture)
                tag("p", f"Finished parts are kept in the run {picture.folder.name}; the Runs page "
                    "opens it, and Run with the same settings goes on from them.",
                    css="sp-note")  # fmt: skip
                RunsLink()
        with tag("details"):
            tag("summary", "What a simulation cannot claim", css="sp-lab-summary-small")
            tag("p", sp.report.wording.LIMITS[0], css="sp-note")


@solara.component
def RunsLink() -> None:
    """Lead to the Runs page within this tab, whose work goes on."""
    router = solara.use_router()
    # A component of its own: an element that can be clicked is a hook.
    tag("a", "Open the Runs page", href=f"{router.root_path}/runs", prevent=True,
        on_click=lambda: router.push(address_of("/runs")))  # fmt: skip


@solara.component
def Files(picture: Picture) -> None:
    """Offer the scenario, the tables and the picture."""
    plan = picture.plan
    stem = plan.file.removeprefix("scenarios/").removesuffix(".toml")
    with Row():
        Download("Scenario", lambda: plan.text.encode(), filename=f"{stem}.toml",
                 mime="application/toml")  # fmt: skip
        if picture.found is not None:
            table = picture.found.table
            Download("Table", lambda: table.to_csv(index=False).encode(),
                     filename=f"{stem}-table.csv", mime="text/csv")  # fmt: skip
        if picture.loop is not None:
            loop = picture.loop.table
            Download("Loop", lambda: loop.to_csv(index=False).encode(),
                     filename=f"{stem}-loop.csv", mime="text/csv")  # fmt: skip
        if picture.found is not None:
            Download("Report", lambda: _report(picture), filename=f"{stem}-report.html",
                     mime="text/html")  # fmt: skip
        if picture.phases is not None:
            phases = picture.phases
            Download("Table", lambda: phases.table.to_csv(index=False).encode(),
                     filename=f"{stem}-table.csv", mime="text/csv")  # fmt: skip
            Download("Figure (SVG)", lambda: _drawn(picture), filename=f"{stem}.svg",
                     mime="image/svg+xml")  # fmt: skip


def _report(picture: Picture) -> bytes:
    question = picture.plan.question
    page: str = sp.report.tip_page.render(question.base, picture.found, None, picture.loop)
    return page.encode()


def _drawn(picture: Picture) -> bytes:
    drawn: bytes = sp.report.tipping_figures.picture(picture.phases.grid, picture.plan.names[0])
    return drawn
