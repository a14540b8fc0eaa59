"""Trials: what an A/B test of some users sees, and what everybody's treatment would do."""

from __future__ import annotations

import solara

import sociophysics as sp
from sociophysics.live.strange_scenarios import LARGEST_SCENARIO, Looked, looked_at
from sociophysics.live.trial_tables_shown import ShownTrial

from ..apart import apart
from ..asked_work import AskedWork
from ..fields import SettingField
from ..figure import Download
from ..markup import Banner, Card, Controls, Main, PageFrame, Row, tag
from ..settings import AddressBar, Settings, use_settings
from ..society_in_use import in_their_names
from ..states import Progress
from ..stories.own import text_of
from ..time_course import TimeCourse
from ..upload import Upload, UploadedFile
from ..work import Job, Stage, use_job
from .asking import JOB, Asked, asked_for, carrying_out
from .settings import FEEDS, SETTINGS
from .watching import Watching

__all__ = ["SETTINGS", "Page"]

LEAD = "What does an A/B test of a few users see of what the treatment would do to everybody?"
OWN = "trials.own"
NO_CLAIM = (
    "Each society is its own control: the same network, start and chance events without the "
    "treatment. Intervals hold the chance of this model on this network, not other networks, nor "
    "how real people differ from it."
)


@solara.component
def Page() -> None:
    """Show the page."""
    settings = use_settings(SETTINGS)
    AddressBar(settings)
    look = use_job(OWN)
    own: Looked | None = look.result
    job = use_job(JOB)
    asked, problem = _asked(settings, own)
    work = None if asked is None else carrying_out(asked)

    def found(result: ShownTrial) -> None:
        Found(result, settings)

    with PageFrame("Trials", lead=LEAD):
        with Controls():
            Society(settings, job.busy)
            Treatment(settings, job.busy)
        with Main():
            AskedWork("Run the trial", job, work, found, empty="No trial yet", text=EMPTY,
                      problem=problem)  # fmt: skip
            if asked is not None:
                Watching(asked)
                Repeat(asked)


EMPTY = (
    "Choose whom to treat and how, then run it: in every society nobody, some and all are treated."
)


def _asked(settings: Settings, own: Looked | None) -> tuple[Asked | None, str]:
    try:
        return asked_for(settings.values, own), ""
    except sp.InputError as error:
        return None, in_their_names(str(error))


@solara.component
def Society(settings: Settings, busy: bool) -> None:
    """Ask in which society the trial is done."""
    look = use_job(OWN)

    def take(file: UploadedFile | None) -> None:
        if file is None:
            look.forget()
            return
        name = file.name.removesuffix(".toml") or "scenario"

        def work(job: Job) -> Looked:
            job.publish(message=f"looking at {name}")
            looked: Looked = apart(job, looked_at, text_of(file), name)
            return looked

        look.start(work)

    with Card("Society"), solara.Div(classes=["sp-runs-fields"]):
        SettingField(settings, "society", label="Where the trial is done", disabled=busy)
        # Hidden, not left out: the input would lose its file.
        shown = "" if settings["society"] == "upload" else "display: none"
        with solara.Div(style=shown):
            Upload("Scenario with [trial]", kinds=(".toml",), read=lambda file: file, on_value=take,
                   largest=LARGEST_SCENARIO, disabled=busy,
                   hint="with bundled or generated networks")  # fmt: skip
            if look.busy:
                Progress(-1, look.message)
            elif look.stage == Stage.FAILED:
                Banner(look.message, kind="error")
            elif look.result is not None:
                tag("p", "; ".join(look.result.society), css="sp-note")
        SettingField(settings, "replicas", label="Societies", term="replica", disabled=busy)
        SettingField(settings, "seed", term="seed", disabled=busy)


@solara.component
def Treatment(settings: Settings, busy: bool) -> None:
    """Ask who is treated and how, and what was published."""
    with Card("Treatment"), solara.Div(classes=["sp-runs-fields"]):
        SettingField(settings, "treatment", label="What the treated get", disabled=busy)
        if settings["treatment"] in (*FEEDS, "field") and settings["treatment"] != "none":
            SettingField(settings, "strength", label="Its strength", unit="units of J",
                         disabled=busy)  # fmt: skip
        SettingField(
            settings, "share", label="Share treated", disabled=busy,
            help="Of the users; larger shares of the scenario are run as well, and everybody.",
        )  # fmt: skip
    with Card("A published trial"), solara.Div(classes=["sp-runs-fields"]):
        SettingField(
            settings, "published", label="Turn one round", disabled=busy,
            help="Which strengths of the feed go with a published direct effect, and which does it "
            "exclude? Nine more trials are run, one for each strength.",
        )  # fmt: skip
        if settings["published"]:
            SettingField(settings, "d", label="Its direct effect", unit="SD", disabled=busy)
            SettingField(settings, "se", label="Its standard error", unit="SD", disabled=busy,
                         hint="an interval of ± .03 has a standard error of .015")  # fmt: skip


@solara.component
def Found(shown: ShownTrial, settings: Settings) -> None:
    """Show what the trial found."""
    with solara.Div(classes=["sp-main"]):
        if shown.inversion is not None:
            with Card("The published trial"):
                published = (float(settings["d"]), float(settings["se"]))
                tag("p", shown.excluded(published), css="sp-runs-seen", role="status")
                TimeCourse(
                    shown.inverted(), x_title=str(shown.inversion["along"].iloc[0]),
                    y_title="effect, SD of untreated users", height=260, legend=True,
                    title="Direct effect and total along the strength",
                )  # fmt: skip
        for outcome in shown.outcomes:
            Outcome(shown, outcome)
        with Card("Take with you"), Row():
            for name in ("effects", "estimators", "series", "inversion"):
                path = shown.folder / f"{name}.csv"
                if path.is_file():
                    Download(f"{name.capitalize()} (CSV)", path.read_bytes, filename=path.name,
                             mime="text/csv")  # fmt: skip
            report = shown.folder / "report.html"
            Download("Report (HTML)", report.read_bytes, filename="trial-report.html")


@solara.component
def Outcome(shown: ShownTrial, outcome: str) -> None:
    """Show one outcome: the treated and the untreated apart, then the effects."""
    lines = shown.lines(outcome)
    rows = [
        tag("tr", tag("td", name), *(tag("td", text, css="sp-right") for text in cells))
        for name, *cells in shown.rows(outcome)
    ]
    heads = [tag("th", "Effect", scope="col"), *(
        tag("th", text, scope="col", css="sp-right") for text in ("Treated", "Value [95 %]", "SD")
    )]  # fmt: skip
    with Card(f"{outcome}: the treated and the untreated", note=NO_CLAIM):
        tag("p", shown.sentence(outcome), css="sp-runs-seen", role="status")
        TimeCourse(lines, y_title=f"mean {outcome}", height=300, legend=True,
                   title="Treated and untreated users over time")  # fmt: skip
        with solara.Div(classes=["sp-scroll"]):
            tag("table", tag("thead", tag("tr", *heads)), tag("tbody", *rows), css="sp-table",
                aria_label=f"Effects on {outcome}")  # fmt: skip


@solara.component
def Repeat(asked: Asked) -> None:
    """Offer the scenario, and say how a terminal does the same."""
    with Card("The same in a terminal"):
        tag("pre", asked.command(), css="sp-code sp-trial-command")
        if asked.scenario.posterior is not None:
            tag("p", "In the folder of the unpacked ZIP of Calibrate.", css="sp-note")
        Download("trial.toml", lambda: in_their_names(asked.scenario.to_toml()).encode(),
                 filename="trial.toml", mime="application/toml")  # fmt: skip
