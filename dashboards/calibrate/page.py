"""Calibrate: which parameters of a society its waves of stances tell, and which they do not."""

from __future__ import annotations

import solara

import sociophysics as sp

from ..asked_work import AskedWork
from ..figure import Download
from ..markup import Card, Controls, Main, PageFrame, Row, tag
from ..settings import AddressBar, Settings, use_settings
from ..work import Stage, use_job
from .asking import FILE, JOB, PANEL, Asked, Brought, asked_for, carrying_out
from .controls import Data, Model, Priors
from .found import Found
from .settings import SETTINGS

__all__ = ["SETTINGS", "Page"]

LEAD = "Which noise, push and feed do your waves of stances tell, and which can they not tell?"
EMPTY = (
    "Choose data and what is free, then calibrate: thousands of societies are simulated from wave "
    "to wave and set beside the data."
)


@solara.component
def Page() -> None:
    """Show the page."""
    settings = use_settings(SETTINGS)
    AddressBar(settings)
    look = use_job(PANEL)
    brought: Brought | None = look.result if look.stage == Stage.DONE else None
    job = use_job(JOB)
    asked, problem = _asked(settings, brought)
    work = None if asked is None else carrying_out(asked)
    with PageFrame("Calibrate", lead=LEAD):
        with Controls():
            Data(settings, job.busy)
            Model(settings, job.busy)
            Priors(settings, job.busy)
        with Main():
            AskedWork("Calibrate", job, work, Found, empty="No calibration yet", text=EMPTY,
                      problem="" if look.busy else problem)  # fmt: skip
            if asked is not None:
                Repeat(asked)


def _asked(settings: Settings, brought: Brought | None) -> tuple[Asked | None, str]:
    try:
        return asked_for(settings.values, brought), ""
    except sp.InputError as error:
        return None, str(error)


@solara.component
def Repeat(asked: Asked) -> None:
    """Offer the file, and say how a terminal does the same."""
    with Card("The same in a terminal"):
        tag("p", "In a folder with this file and those of the data, under the names it gives them.")
        tag("pre", asked.command(), css="sp-code sp-calibrate-command")
        with Row():
            Download(FILE, lambda: asked.text.encode(), filename=FILE, mime="application/toml")
            for name in asked.brought.looked.names.values():
                Download(name, (asked.brought.folder / name).read_bytes, filename=name)
