"""What a calibration found: verdicts in words, posteriors, checks, and the society to take away."""

from __future__ import annotations

import solara

import sociophysics as sp

from ..figure import Download
from ..markup import Banner, Card, Row, tag
from ..time_course import TimeCourse
from .asking import Calibrated
from .using import Pages

__all__ = ["Found"]

NO_CLAIM = (
    "Intervals hold 95 % of the posterior, of this model and within these priors. Users alike for "
    "reasons that no table holds look like influence; only a trial tells them apart."
)
CHECKS = (
    "Bands hold 95 % of simulations at draws of the posterior; points are the data. What a good "
    "model simulates lies outside its band once in twenty times."
)
HEADS = ("Parameter", "Mean", "95 %", "Fits best", "Width ratio", "Verdict")


@solara.component
def Found(found: Calibrated) -> None:
    """Show what the waves tell."""
    shown = found.shown
    with solara.Div(classes=["sp-main"]):
        with Card("What these data tell", note=NO_CLAIM):
            cells = []
            for name, verdict, words in shown.verdicts():
                cells.append(
                    tag(
                        "li", tag("strong", f"{name}: {verdict}"), tag("p", words), css="sp-verdict"
                    )
                )
            tag("ul", *cells, css="sp-verdicts", aria_label="Verdicts")
        with Card("Posteriors"), solara.Div(classes=["sp-posteriors"]):
            for name in shown.draws.columns:
                TimeCourse(shown.posterior(name), x_title=name, y_title="density", height=200,
                           title=f"Posterior of {name} beside its prior", legend=True)  # fmt: skip
        Table(found)
        with Card("The data beside simulations", note=CHECKS):
            for quantity in shown.quantities:
                TimeCourse(shown.checked(quantity), x_title="wave", y_title=quantity, height=200,
                           title=f"{quantity} by wave", legend=True)  # fmt: skip
        TakeAway(found)


@solara.component
def Table(found: Calibrated) -> None:
    """Show the intervals."""
    heads = [
        tag("th", text, scope="col", css="sp-right" if 0 < k < len(HEADS) - 1 else "")
        for k, text in enumerate(HEADS)
    ]
    rows = [
        tag("tr", *(
            tag("td", text, css="sp-right" if 0 < k < len(HEADS) - 1 else "")
            for k, text in enumerate(each)
        ))
        for each in (*found.shown.rows(), *found.shown.combined())
    ]  # fmt: skip
    # What scrolls sideways is reached by keyboard.
    with Card("Intervals"):
        tag(
            "div",
            tag("table", tag("thead", tag("tr", *heads)), tag("tbody", *rows), css="sp-table",
                aria_label="Parameters and their intervals"),
            css="sp-scroll", tabindex="0", role="region", aria_label="Table of intervals",
        )  # fmt: skip


@solara.component
def TakeAway(found: Calibrated) -> None:
    """Offer the society, the tables and the report."""
    opened = solara.use_reactive(False)
    folder = found.shown.folder
    with Card("Use this society", note=USE), solara.Div(classes=["sp-main"]):
        try:
            found.asked.scenario(found.shown)
            Pages(found)
            with Row():
                Download("Society (ZIP)", lambda: found.asked.society(found.shown),
                         filename="society.zip", mime="application/zip")  # fmt: skip
        except sp.InputError as error:
            Banner(str(error), kind="warning")
    with Card("Take with you"):
        with Row():
            for name in ("summary", "combinations", "checks", "posterior"):
                Download(f"{name.capitalize()} (CSV)", (folder / f"{name}.csv").read_bytes,
                         filename=f"{name}.csv", mime="text/csv")  # fmt: skip
            Download("Report (HTML)", (folder / "report.html").read_bytes,
                     filename="calibration-report.html")  # fmt: skip
            solara.Button(
                "Hide the report" if opened.value else "Show the report",
                on_click=lambda: opened.set(not opened.value), classes=["sp-button"],
            )  # fmt: skip
        if opened.value:
            page = (folder / "report.html").read_text(encoding="utf-8", errors="replace")
            # In a frame in which nothing is ever run.
            tag(
                "iframe",
                css="sp-report",
                srcdoc=page,
                sandbox="",
                title="Calibration report",
            )


USE = (
    "Its replicas live in draws of the posterior; the Feed lab shows it at the posterior mean. The "
    "other pages have it as long as this tab is open. The ZIP is the scenario with its files and "
    "the posterior: unpack it, and sociophysics run society.toml "
    "lets every replica live in a draw; add designs or [trial] to ask more of it."
)
