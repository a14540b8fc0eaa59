"""Feed lab: two feed designs on one network, side by side and live."""

from __future__ import annotations

import solara

import sociophysics as sp

from ..markup import Controls, Main, PageFrame
from ..settings import AddressBar, Settings, use_settings
from ..work import kept_job
from .acts import Acts
from .chambers import Chambers, Exposure
from .controls import LeftColumn
from .courses import Courses
from .effects import Effects
from .moments import JOB, PACES, Lab, show, use_lab
from .posts import Posts
from .repeat import Repeat
from .scenario import design_names, scenario_of
from .settings import SETTINGS
from .sides import Sides
from .toolbar import Toolbar

__all__ = ["SETTINGS", "Page"]

LEAD = (
    "What does this feed do to this network? The same people live once under each of two feeds, "
    "side by side."
)


@solara.component
def Page() -> None:
    """Show the page."""
    settings = use_settings(SETTINGS)
    AddressBar(settings)
    lab = use_lab()
    selected: solara.Reactive[list[int]] = solara.use_reactive([])
    lab.pace, lab.more = PACES[settings["pace"]], settings["sweeps"]
    scenario, problem = _scenario(settings, lab)

    def run() -> None:
        if scenario is not None:
            selected.set([])
            named = lab.uploaded.in_its_name if lab.uploaded else str
            kept_job(JOB).start(show(lab, scenario, named))

    with PageFrame("Feed lab", lead=LEAD):
        with Controls():
            LeftColumn(settings, lab.uploaded)
        with Main():
            Toolbar(run, "" if scenario is None else scenario.hash, problem)
            Sides(design_names(settings.values), selected.value, selected.set, run)
            Courses(settings)
            Acts(selected.value)
            Chambers(selected.set)
            Exposure()
            Posts(scenario, selected.value, selected.set)
            Effects(settings, scenario)
            Repeat(settings, scenario)


def _scenario(settings: Settings, lab: Lab) -> tuple[sp.Scenario | None, str]:
    try:
        return scenario_of(settings.values, lab.uploaded), ""
    except sp.InputError as error:
        named = lab.uploaded.in_its_name if lab.uploaded else str
        return None, named(str(error))
