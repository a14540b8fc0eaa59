"""Feed lab: two feed designs on one network, side by side and live."""

from __future__ import annotations

import solara

import sociophysics as sp

from ..markup import Controls, Main, PageFrame
from ..settings import Settings, use_settings
from ..tabs import Panel, Tabs
from .acts import Acts
from .chambers import Chambers, Exposure
from .controls import LeftColumn
from .courses import Courses
from .effects import Effects
from .glance import Glance
from .moments import PACES, Lab, use_lab
from .opening import Address, Opening, Starts
from .posts import Posts
from .repeat import Repeat
from .scenario import scenario_of
from .settings import SETTINGS, TABS
from .sides import Sides
from .toolbar import Toolbar
from .users import Users

__all__ = ["SETTINGS", "Page"]

LEAD = "What does this feed do to this network? The same people live once under each of two feeds."


@solara.component
def Page() -> None:
    """Show the page."""
    settings = use_settings(SETTINGS)
    lab = use_lab()
    selected: solara.Reactive[list[int]] = solara.use_reactive([])
    lab.pace, lab.more = PACES[settings["pace"]], settings["sweeps"]
    scenario, problem = _scenario(settings, lab)
    starts = Starts(lab, settings, scenario, lambda: selected.set([]))
    Address(settings, lab)
    Opening(starts)
    with PageFrame("Feed lab", lead=LEAD, css="sp-lab"):
        Toolbar(settings, starts, problem)
        with Controls():
            LeftColumn(settings, lab.uploaded)
        with Main():
            Glance(settings, scenario, lab.uploaded)
            Sides(settings, selected.value, selected.set, starts.begin)
            Courses(settings)
            Below(settings, scenario, selected)


@solara.component
def Below(
    settings: Settings, scenario: sp.Scenario | None, selected: solara.Reactive[list[int]]
) -> None:
    """Show one of the things that can be done with the run; the others keep what is in them."""
    chosen = settings["tab"]
    Tabs(TABS, chosen, lambda name: settings.set(tab=name), label="What to do with this society")
    Panel("acts", chosen, Acts(settings, selected.value))
    Panel("users", chosen, Users(selected.value, selected.set, chosen == "users"))
    Panel("chambers", chosen, Chambers(selected.set, chosen == "chambers"))
    Panel("feeds", chosen, Exposure(chosen == "feeds"))
    Panel("post", chosen, Posts(scenario, selected.value, selected.set))
    Panel("measure", chosen, Effects(settings, scenario))
    Panel("share", chosen, Repeat(settings, scenario))


def _scenario(settings: Settings, lab: Lab) -> tuple[sp.Scenario | None, str]:
    try:
        return scenario_of(settings.values, lab.uploaded), ""
    except sp.InputError as error:
        named = lab.uploaded.in_its_name if lab.uploaded else str
        return None, named(str(error))
