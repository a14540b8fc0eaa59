"""Interventions at the press of a button: heat, convert, rewire, switch the feed."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import solara

import sociophysics as sp

from ..fields import ChoiceField, SliderField
from ..markup import Card, press
from ..settings import Settings
from ..work import kept_job
from .following import use_part
from .moments import JOB, Moment, this_lab
from .settings import FEEDS

__all__ = ["OTHERS", "Acts"]

WHERE = {"both": "Both sides", "left": "Left only", "right": "Right only"}
# What installed packages add; each acts with the values that its keys have when left out.
OTHERS = {
    kind: cls.label()
    for kind, cls in sp.kinds.INTERVENTIONS.items()
    if cls.__module__.partition(".")[0] != "sociophysics"
    and all(key.name == "at" or not key.required for key in sp.kinds.keys_of(cls))
}
NOTE = (
    "Each acts before the next sweep, is marked in the time courses, and is written into the "
    "scenario, so that the run can be repeated. Undo it and see whether the society comes back: "
    "where it does not, what happened before matters (hysteresis)."
)


@solara.component
def Acts(settings: Settings, selected: list[int]) -> None:
    """Offer the interventions."""
    where = solara.use_reactive("both")
    with Card("Do something now", note=NOTE), solara.Div(classes=["sp-lab-acts"]):
        with solara.Div(classes=["sp-lab-act sp-lab-where"]):
            ChoiceField("Where", where.value, where.set, options=WHERE)
        Heat(settings, where.value)
        Convert(where.value, selected)
        Rewire(where.value)
        Switch(where.value)
        if OTHERS:
            Other(where.value)


def _ask(table: Mapping[str, Any], where: str) -> None:
    job = kept_job(JOB)
    moment: Moment | None = job.frame
    if moment is None:
        return
    names = [side.name for side in moment.sides]
    chosen = {"both": None, "left": names[:1], "right": names[1:]}[where]
    this_lab().ask(table, chosen)


def use_live() -> bool:
    """Return whether there is a run to act on. A hook."""
    job = use_part(lambda job: job.busy and job.frame is not None)
    return job.busy and job.frame is not None


@solara.component
def Heat(settings: Settings, where: str) -> None:
    """Offer a new noise; on both sides it is that of the settings, which act by themselves."""
    level = solara.use_reactive(2.0)
    live = use_live()

    def heat() -> None:
        if where == "both" and settings["temperature"] != level.value:
            settings.set(temperature=level.value)
        else:
            _ask({"kind": "heat", "temperature": level.value}, where)

    with solara.Div(classes=["sp-lab-act"]):
        SliderField("New noise", level.value, level.set, low=0.0, high=5.0, step=0.05, unit="J",
                    help="The noise (temperature) from now on.")  # fmt: skip
        press("Heat", heat, disabled=not live)


@solara.component
def Convert(where: str, selected: list[int]) -> None:
    """Offer to set the stance of users that were selected, or of a random share."""
    stance, hold = solara.use_reactive("1"), solara.use_reactive(0)
    live = use_live()

    def act() -> None:
        moment: Moment | None = kept_job(JOB).frame
        table: dict[str, Any] = {"kind": "nucleate", "stance": int(stance.value)}
        table["hold"] = "forever" if hold.value > 100 else hold.value
        if selected and moment is not None:
            labels = moment.sides[0].system.labels
            table["who"] = [labels[i] for i in selected if i < len(labels)]
        else:
            table |= {"who": "random", "share": 0.1}
        _ask(table, where)

    who = f"{len(selected):,} selected" if selected else "a random 10 %"
    with solara.Div(classes=["sp-lab-act"]):
        ChoiceField("Convert to", stance.value, stance.set, options={"1": "for", "-1": "against"},
                    hint="" if selected else "Click users or draw a box in a network to choose "
                    "them; otherwise a random tenth.")  # fmt: skip
        SliderField("Held for", hold.value, hold.set, low=0, high=101, step=1, integer=True,
                    unit="sweeps", help="How long they keep it whatever they hear; 0: they are "
                    "free at once, 101: forever. In physics: nucleation.")  # fmt: skip
        press(f"Convert {who}", act, disabled=not live)


@solara.component
def Rewire(where: str) -> None:
    """Offer new ends for a share of the ties."""
    share, toward = solara.use_reactive(0.1), solara.use_reactive("bridge")
    live = use_live()
    options = {"bridge": "Other camps", "similar": "The same stance", "random": "Anybody"}
    with solara.Div(classes=["sp-lab-act"]):
        SliderField("Share of ties", share.value, share.set, low=0.01, high=1.0, step=0.01,
                    help="Ties that get a new end, with the same coupling.")  # fmt: skip
        ChoiceField("Toward", toward.value, toward.set, options=options)
        table = {"kind": "rewire", "share": share.value, "toward": toward.value}
        press("Rewire", lambda: _ask(table, where), disabled=not live)


@solara.component
def Switch(where: str) -> None:
    """Offer another feed, or none."""
    kind = solara.use_reactive("none")
    live = use_live()
    with solara.Div(classes=["sp-lab-act"]):
        ChoiceField("Feed from now on", kind.value, kind.set, options=FEEDS,
                    help="With strength 0.5; none: users hear only their ties.")  # fmt: skip
        words = "Switch the feed off" if kind.value == "none" else "Switch the feed"
        press(words, lambda: _ask({"kind": "feed", "feed": {"kind": kind.value}}, where),
              disabled=not live)  # fmt: skip


@solara.component
def Other(where: str) -> None:
    """Offer what installed packages add."""
    kind = solara.use_reactive(next(iter(OTHERS)))
    live = use_live()
    with solara.Div(classes=["sp-lab-act"]):
        ChoiceField("From installed packages", kind.value, kind.set, options=OTHERS,
                    help=sp.kinds.INTERVENTIONS[kind.value].equation)  # fmt: skip
        press("Do it", lambda: _ask({"kind": kind.value}, where), disabled=not live)
