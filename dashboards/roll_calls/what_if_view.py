"""The sliders of what-if, and the outcomes before and after."""

from __future__ import annotations

from collections.abc import Callable

import solara

import sociophysics as sp
from sociophysics.live.chamber_changes import (
    NOBODY,
    Outcome,
    changes,
    scenario_of,
    simulate_change,
    whipped,
)
from sociophysics.live.fitted_chamber import FittedChamber
from sociophysics.live.run_lines import Series

from ..asked_work import Working
from ..fields import ChoiceField, SettingField
from ..figure import Download
from ..glossary import Term, shown
from ..markup import Banner, tag
from ..settings import Settings
from ..states import JobState
from ..time_course import TimeCourse
from ..work import Job, use_job
from .settings import WHAT_IF, WHAT_IF_KEYS

__all__ = ["WhatIf", "outcome_sentence"]

MEASURED = {
    "passed": "simulated_passed",
    "abs_camp_polarization": "simulated_apart",
    "abs_magnetization": "simulated_lopsided",
}


def outcome_sentence(outcome: Outcome) -> str:
    """Return what changes, from the paired differences, and what does not for sure."""
    told = []
    for name, noun in (
        ("abs_camp_polarization", "the distance of the parties"),
        ("passed", "the share of yea majorities"),
    ):
        if name not in outcome.means:
            continue
        before, after = (float(side.mean()) for side in outcome.means[name])
        found = outcome.difference(name)
        if found.low > 0 or found.high < 0:
            verb = "rises" if found.difference > 0 else "falls"
            told.append(f"{noun} {verb} from {before:.2f} to {after:.2f}")
        else:
            told.append(f"{noun} does not change for sure ({before:.2f} and {after:.2f})")
    changed = outcome.changed[:1].upper() + outcome.changed[1:]
    return f"{changed}: {', '.join(told)}."


@solara.component
def WhatIf(fitted: FittedChamber, settings: Settings) -> None:
    """Show sliders and outcomes; a change simulates anew."""
    job = use_job(WHAT_IF)
    values = settings.values
    wanted = tuple(values[key] for key in WHAT_IF_KEYS)

    def run() -> None:
        told = changes(values, fitted)
        if not told:
            job.forget()
            return

        def work(job: Job) -> Outcome:
            scenario = scenario_of(values, fitted, str(fitted.folder))
            return simulate_change(scenario, ", ".join(told), job)

        job.start(work)

    solara.use_effect(run, [fitted.folder, fitted.stamp, *wanted])
    with solara.Div(classes=["sp-rc-what-if"]):
        Sliders(fitted, settings)
        Outcomes(run, fitted)


@solara.component
def Sliders(fitted: FittedChamber, settings: Settings) -> None:
    """Ask what to change."""
    names = fitted.names_once
    with solara.Div(classes=["sp-rc-sliders"]):
        for key, camp in zip(("whip_a", "whip_b"), whipped(fitted), strict=False):
            SettingField(settings, key, term="whip", label=f"Whip of {fitted.camp_names[camp]}")
        if len(fitted.camp_names) > 1:
            SettingField(settings, "exchange", term="exchange", unit="times")
        ids = [str(each) for each in fitted.members["id"]]
        leaving = settings["remove"] if settings["remove"] in ids else NOBODY
        order = sorted(range(fitted.n), key=lambda i: names[i])
        ChoiceField(
            "Who leaves", leaving, lambda value: settings.set(remove=value),
            options={NOBODY: "Nobody"} | {ids[i]: names[i] for i in order},
            help="The seat stays empty, and so do this member's ties.",
        )  # fmt: skip
        if not fitted.quick:
            SettingField(
                settings, "draws", label="With the fit's uncertainty",
                help="Each replica has a chamber that the votes could as well have given "
                "(bootstrap), so that intervals hold the uncertainty of the fit.",
            )  # fmt: skip
        with tag("details", css="sp-rc-more"):
            tag("summary", "How it is simulated", css="sp-rc-summary")
            SettingField(settings, "replicas", term="replica", label="Replicas", unit="pairs")
            SettingField(settings, "sweeps", term="sweep", label="Sweeps of each")
            SettingField(settings, "chance", term="seed", label="Seed of the simulation")


@solara.component
def Outcomes(run: Callable[[], None], fitted: FittedChamber) -> None:
    """Show the outcomes of the newest simulation."""
    job = use_job(WHAT_IF)
    outcome: Outcome | None = job.result or job.frame
    with solara.Div(classes=["sp-rc-outcome"]):
        with solara.Div(classes=["sp-rc-outcome-head"]):
            if job.busy:
                Working(job)
        if outcome is None:
            JobState(
                job, empty="Nothing is changed yet",
                text="Give a party a whip, scale the ties across parties, or let a member leave.",
                again=run,
            )  # fmt: skip
        else:
            Distribution(outcome, fitted)


@solara.component
def Distribution(outcome: Outcome, fitted: FittedChamber) -> None:
    """Show how many vote yea, before and after, and what that changes."""
    with solara.Div(classes=["sp-rc-outcome"]):
        tag("p", outcome_sentence(outcome), css="sp-rc-seen", aria_live="polite")
        series = []
        for side, (name, index) in enumerate((("as it was", 0), ("what if", 2))):
            x, mean, low, high = outcome.shares(side)
            series.append(Series(name, x, 100 * mean, 100 * low, 100 * high, index=index))
        TimeCourse(
            series, x_title="members voting yea", y_title="% of simulated roll calls", height=260,
            marks=[(outcome.sizes[0] / 2, "majority")], title="Outcomes of simulated roll calls",
        )  # fmt: skip
        _differences(outcome)
        tag("p", _note(outcome, fitted), css="sp-note")


def _differences(outcome: Outcome) -> None:
    heads = [tag("td", ""), *(tag("th", text, css="sp-right") for text in
             ("As it was", "What if", "Difference", "95 % interval"))]  # fmt: skip
    rows = []
    for name, word in MEASURED.items():
        if name not in outcome.means:
            continue
        before, after = (float(side.mean()) for side in outcome.means[name])
        found = outcome.difference(name)
        sign = "+" if found.difference > 0 else ""
        texts = (shown(before), shown(after), sign + shown(found.difference, 2),
                 f"{shown(found.low, 2)} to {shown(found.high, 2)}")  # fmt: skip
        rows.append(
            tag("tr", tag("td", Term(word)), *(tag("td", t, css="sp-right") for t in texts))
        )
    tag(
        "div",
        tag("table", tag("thead", tag("tr", *heads)), tag("tbody", *rows), css="sp-table"),
        css="sp-scroll",
    )


def _note(outcome: Outcome, fitted: FittedChamber) -> str:
    drawn = any(sp.cases.varies(case.settings) for case in outcome.scenario.cases())
    told = (
        f"{outcome.replicas} pairs of replicas with the same chance events; bands and intervals "
        "are 95 % over replicas"
    )
    told += ", each with a chamber resampled from the votes. " if drawn else (
        ", at the point estimate: they leave out how uncertain the fit is. "
    )  # fmt: skip
    if fitted.quick:
        told += (
            "The quick fit that is simulated here agrees too much with itself; fit fully for the "
            "one that generates such votes. "
        )
    return told + (
        "What the fitted couplings imply for a changed chamber is not what that chamber would "
        "have done."
    )


@solara.component
def ScenarioFile(fitted: FittedChamber, settings: Settings, path: str) -> None:
    """Offer the scenario of the what-if, and say how to run it."""
    try:
        scenario = scenario_of(settings.values, fitted, path)
    except sp.InputError as error:
        Banner(str(error))
        return
    tag("pre", "sociophysics run what-if.toml", css="sp-code")
    Download(
        "what-if.toml", lambda: scenario.to_toml().encode(), filename="what-if.toml",
        mime="application/toml",
    )  # fmt: skip
