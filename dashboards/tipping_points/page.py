"""Tipping points: a sweep of one or two parameters, and where the society tips."""

from __future__ import annotations

from typing import Any

import solara

import sociophysics as sp

from ..browser_tab import this_tab
from ..markup import Controls, Main, PageFrame
from ..settings import AddressBar, Settings, use_settings
from ..society_in_use import in_their_names
from ..work import kept_job
from .controls import LeftColumn
from .keys import known
from .question import Question, question_of
from .repeat import RepeatCard
from .results import LoopCard, SweepCard
from .search import JOB, look
from .settings import SETTINGS
from .toolbar import Toolbar

__all__ = ["SETTINGS", "Page"]

LEAD = "How close is this society to tipping, and what would it take to come back?"


@solara.component
def Page() -> None:
    """Show the page."""
    settings = use_settings(SETTINGS)
    AddressBar(settings)
    uploaded = use_uploaded()
    question, problem = _question(settings, uploaded.value)

    def run() -> None:
        if question is not None:
            kept_job(JOB).start(look(question))

    two = bool(settings["second"])
    with PageFrame("Tipping points", lead=LEAD):
        with Controls():
            LeftColumn(settings, uploaded)
        with Main():
            Toolbar(run, question, problem)
            with solara.Div(classes=["sp-tip-pair"]):
                SweepCard(two, run, known(question.along).name if question else "the setting")
                if not two:
                    LoopCard(settings["loop"])
            RepeatCard()


def use_uploaded() -> solara.Reactive[sp.Scenario | None]:
    """Return the scenario that the person brought; it outlives a visit to another page. A hook."""
    kept: dict[str, Any] = this_tab().keep("tipping-points scenario", dict)
    # Read once: a reactive follows the value that it is made with.
    first = solara.use_memo(lambda: kept.get("scenario"), [])
    uploaded: solara.Reactive[sp.Scenario | None] = solara.use_reactive(first)

    def keep() -> None:
        kept["scenario"] = uploaded.value

    solara.use_effect(keep, [uploaded.value])
    return uploaded


def _question(settings: Settings, uploaded: sp.Scenario | None) -> tuple[Question | None, str]:
    try:
        return question_of(settings.values, uploaded), ""
    except sp.InputError as error:
        return None, in_their_names(str(error))
