"""The card of the measurement: progress, then paired effects with their intervals."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
import solara

import sociophysics as sp

from ..fields import SettingField, SwitchField
from ..glossary import Term, explain, shown
from ..markup import Banner, Card, Element, Row, press, tag
from ..settings import Settings
from ..states import Progress, StateCard
from ..work import Stage, use_job
from .following import use_part
from .measure import JOB, Measured, measuring
from .moments import this_lab
from .scenario import measured_scenario
from .sentences import effect_sentence

__all__ = ["Effects"]

NOTE = (
    "One number per replica: the mean over the sweeps after settling. Differences are taken within "
    "replicas that share start and chance events; the interval is a paired 95 % t interval. It "
    "says how sure the model's effect is, not that the model is right about people."
)
ROUNDING = 1e-12  # observables are of order one; a mean below this is an exact zero
EMPTY = (
    "Press Measure: paired replicas run in the background and end in the effect of the right feed "
    "against the left, with its interval."
)


@solara.component
def Effects(settings: Settings, scenario: sp.Scenario | None) -> None:
    """Measure the difference between the two sides."""
    job = use_job(JOB)
    live = use_part(lambda job: None if job.frame is None else id(job.frame.live.scenario))
    with_acts = solara.use_reactive(False)
    refused = solara.use_reactive("")
    acted = live.frame is not None and any(side.settings.interventions for side in
                                           live.frame.live.sides)  # fmt: skip

    def run() -> None:
        refused.set("")
        base = live.frame.live.scenario if with_acts.value and acted else scenario
        if base is None:
            refused.set("The settings cannot be run; the sentence beside Run says why.")
            return
        try:
            job.start(measuring(measured_scenario(base, settings.values), this_lab().uploaded))
        except sp.InputError as error:
            refused.set(str(error))

    with Card("Measure", note=NOTE):
        with solara.Div(classes=["sp-lab-acts"]):
            SettingField(settings, "measured", label="Replicas", term="replica", disabled=job.busy)
            SettingField(settings, "settled", label="Settling time", term="burn_in",
                         unit="share of the sweeps", disabled=job.busy)  # fmt: skip
            if acted:
                SwitchField("With what was done in the live run", with_acts.value, with_acts.set,
                            help="The interventions so far, in every replica.")  # fmt: skip
        with Row():
            press("Measure", run, main=True, disabled=job.busy)
            press("Stop measuring", job.cancel, disabled=not job.busy)
        if refused.value:
            Banner(refused.value, kind="warning")
        with solara.Div():
            if job.busy:
                Progress(job.progress, job.message)
            elif job.stage == Stage.FAILED:
                StateCard("failed", text=job.message, action="Try again", on_action=run)
            elif job.stage == Stage.CANCELLED:
                StateCard("cancelled", text="Finished parts are kept: Measure goes on from there.",
                          action="Go on measuring", on_action=run)  # fmt: skip
            elif job.result is None:
                StateCard("empty", title="Not measured yet", text=EMPTY)
            else:
                Result(job.result, settings["upper"])


@solara.component
def Result(measured: Measured, first: str) -> None:
    """Show the paired effects."""
    run = measured.run
    names = [name for name in run.observables if name == first]
    names += [name for name in run.observables if name != first]
    reference, design = run.designs[:2]
    tables = {name: sp.results.outcome(run.compare(name)).set_index("design") for name in names}
    top = tables[names[0]].loc[design]
    sentence = effect_sentence(
        design, reference, explain(names[0]).name, float(top["difference"]), float(top["low"]),
        float(top["high"]), int(top["replicas"]),
    )  # fmt: skip
    heads = ["", reference, design, "difference", "95 % interval"]
    rows = []
    for name, table in tables.items():
        left, right = table.loc[reference], table.loc[design]
        known = right["difference"] == right["difference"]
        if known and _rounding(table):
            rows.append(_the_same(name))
            continue
        cells = [shown(float(left["mean"])), shown(float(right["mean"]))]
        cells += (
            [shown(float(right["difference"])),
             _between(float(right["low"]), float(right["high"])),
             _effect(float(right["effect"]))]
            if known else ["–", "–", "–"]
        )  # fmt: skip
        rows.append(
            tag("tr", tag("td", Term(name)), *(tag("td", cell, css="sp-right") for cell in cells))
        )
    head = tag(
        "tr",
        *(tag("th" if text else "td", text, css="sp-right" if text else "") for text in heads),
        tag("th", Term("effect"), css="sp-right"),
    )
    with solara.Div(classes=["sp-lab-fields"]):
        tag("p", sentence, css="sp-lab-seen", role="status")
        tag("div", tag("table", tag("thead", head), tag("tbody", *rows), css="sp-table"),
            css="sp-scroll")  # fmt: skip
        tag("p", f"Kept as {measured.folder.name}: the Runs page shows its report, figures and "
            "tables.", css="sp-note")  # fmt: skip


def _rounding(table: pd.DataFrame) -> bool:
    """Return whether all that a table holds is the rounding of computers, around zero."""
    return bool(np.abs(table["mean"].to_numpy(float)).max() < ROUNDING)


def _the_same(name: str) -> Element:
    """Return the row of what is zero on both sides: no interval, no test."""
    cells = ["0", "0", "0", "–", "–"]
    return tag("tr", tag("td", Term(name)), *(tag("td", cell, css="sp-right") for cell in cells))


def _between(low: float, high: float) -> str:
    return "not determined" if math.isnan(low) else f"{shown(low)} to {shown(high)}"


def _effect(value: float) -> str:
    # No mean over users, or users who all agree.
    return shown(value, 2) if math.isfinite(value) else "–"
