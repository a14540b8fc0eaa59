"""The card on how far a post goes: who stands up for it, and what came of it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import solara

import sociophysics as sp
from sociophysics.live.post_spread import PostSpread, cascade_scenario, spread_post
from sociophysics.live.run_lines import Series

from ..fields import ChoiceField, SliderField
from ..glossary import Term, shown
from ..markup import Banner, Card, Row, press, tag
from ..states import JobState
from ..time_course import TimeCourse
from ..work import use_job
from .following import use_part
from .sentences import cascade_sentence

__all__ = ["Posts"]

JOB = "feed-lab.cascade"
# Column of the result to its word in the glossary.
MEASURES = {"reach": "reach", "R": "reproduction", "virality": "virality"}

NOTE = (
    "Two copies of the society live under the same chance events, one with the seeds and one "
    "without; whoever differs was reached by the seeds and by nothing else. It is the reach of a "
    "stance in this model, not a forecast for a post on a real platform. Start and settling are "
    "those of the settings, not of the moment shown above."
)
SEEDS = {
    "selected": "Users selected above",
    "degree": "Best connected",
    "random": "At random",
    "camp:0": "Camp 0, at random",
    "camp:1": "Camp 1, at random",
}
STANCES = {"1": "for", "-1": "against"}
HOLDS = {"forever": "For good", "0": "For a moment", "10": "For 10 sweeps"}


@solara.component
def Posts(
    scenario: sp.Scenario | None, selected: list[int], on_selected: Callable[[list[int]], None]
) -> None:
    """Ask who posts, and show reach, R and virality on both sides."""
    who, share = solara.use_reactive("camp:1"), solara.use_reactive(0.05)
    stance, hold = solara.use_reactive("1"), solara.use_reactive("forever")
    refused = solara.use_reactive("")
    job = use_job(JOB)
    # What is selected can only be named once there is a network on the screen.
    labels = use_part(lambda live: None if live.frame is None else id(live.frame.live)).frame

    def run() -> None:
        refused.set("")
        chosen: Any = who.value
        if chosen == "selected":
            if not selected or labels is None:
                refused.set("No user is selected; click users or draw a box in a network above.")
                return
            system = labels.sides[0].system
            chosen = [system.labels[i] for i in selected if i < system.n]
        if scenario is None:
            refused.set("The settings cannot be run; the sentence beside Run says why.")
            return
        try:
            seeded = cascade_scenario(
                scenario, who=chosen, share=share.value, stance=int(stance.value),
                hold=hold.value if hold.value == "forever" else int(hold.value),
                settle=50, sweeps=100, replicas=20,
            )  # fmt: skip
        except sp.InputError as error:
            refused.set(str(error))
            return
        job.start(lambda work: spread_post(seeded, work))

    with Card("How far does a post go?", note=NOTE):
        with solara.Div(classes=["sp-lab-acts"]):
            count = f"{len(selected):,} selected" if who.value == "selected" else ""
            ChoiceField("Who posts", who.value, who.set, options=SEEDS, hint=count)
            SliderField(
                "Share of them", share.value, share.set, low=0.01, high=1.0, step=0.01,
                disabled=who.value == "selected", help="Share of the users, or of the camp.",
            )  # fmt: skip
            ChoiceField("Stance", stance.value, stance.set, options=STANCES)
            ChoiceField("They keep it", hold.value, hold.set, options=HOLDS)
        with Row():
            press("Post", run, main=True, disabled=job.busy)
            press("Stop posting", job.cancel, disabled=not job.busy)
        if refused.value:
            Banner(refused.value, kind="warning")
        with solara.Div():
            if job.result is None:
                JobState(job, empty="Nobody has posted yet", again=run, text=EMPTY)
            else:
                Result(job.result, on_selected)


EMPTY = "Press Post: 20 replicas on both sides, 50 sweeps to settle and 100 to spread."


@solara.component
def Result(found: PostSpread, on_selected: Callable[[list[int]], None]) -> None:
    """Show what a cascade did."""
    table = found.compared.set_index(["design", "measure"])
    reaches = [float(table.loc[(name, "reach"), "mean"]) for name in found.names]
    difference = table.loc[(found.names[1], "reach")]
    clear = float(difference["low"]) * float(difference["high"]) > 0
    with solara.Div(classes=["sp-lab-fields"]):
        told = cascade_sentence(found.names, reaches, found.others, clear=clear)
        tag("p", told, css="sp-lab-seen", role="status")
        with Row(columns=2):
            Measures(found)
            TimeCourse(
                [_course(found, k) for k in range(len(found.names))], x_title="sweeps after",
                y_title="users who differ", title="Users reached", height=210,
            )  # fmt: skip
        with Row():
            for name, users in zip(found.names, found.reached, strict=True):
                Reached(name, [int(i) for i in users], on_selected)


@solara.component
def Reached(name: str, users: list[int], on_selected: Callable[[list[int]], None]) -> None:
    """Offer to select those who were ever reached."""
    press(f"Select the {len(users):,} ever reached, {name} (first replica)",
          lambda: on_selected(users), disabled=not users)  # fmt: skip


@solara.component
def Measures(found: PostSpread) -> None:
    """List reach, R and virality with their paired differences."""
    table = found.compared.set_index(["design", "measure"])
    left, right = found.names
    rows = []
    for measure, word in MEASURES.items():
        factor = found.others if measure == "reach" else 1
        first, second = table.loc[(left, measure)], table.loc[(right, measure)]
        ends = [shown(factor * float(second[end]), 2) for end in ("difference", "low", "high")]
        known = second["difference"] == second["difference"]
        rows.append(
            tag(
                "tr",
                tag("td", Term(word)),
                tag("td", shown(factor * float(first["mean"]), 2), css="sp-right"),
                tag("td", shown(factor * float(second["mean"]), 2), css="sp-right"),
                tag("td", f"{ends[0]} ({ends[1]} to {ends[2]})" if known else "–", css="sp-right"),
            )
        )
    heads = ["", left, right, "difference (95 %)"]
    head = tag(
        "tr", *(tag("th" if text else "td", text, css="sp-right" if text else "") for text in heads)
    )
    tag(
        "div",
        tag("table", tag("thead", head), tag("tbody", *rows), css="sp-table"),
        css="sp-scroll",
    )


def _course(found: PostSpread, k: int) -> Series:
    """Return how many differ after each sweep: mean and the middle 80 % of the replicas."""
    by_sweep = found.courses[k].groupby("sweep")["reached"]
    mean, low, high = by_sweep.mean(), by_sweep.quantile(0.1), by_sweep.quantile(0.9)
    return Series(found.names[k], mean.index.to_numpy(), mean, low, high, index=k)
