"""The application that Solara serves: its pages in one shell."""

from __future__ import annotations

import solara

from . import calibrate, feed_lab, roll_calls, runs, stories, tipping_points, trials
from .settings import FEED_LAB, page_path
from .shell import Shell

__all__ = ["routes"]


@solara.component
def First() -> None:
    """Show the scenarios, or what a link of earlier days means: the Feed lab stood here."""
    if page_path(solara.use_router()) == FEED_LAB:
        feed_lab.Page()
    else:
        stories.Page()


routes = [
    solara.Route("/", component=First, layout=Shell, label="Scenarios - sociophysics"),
    solara.Route(FEED_LAB[1:], component=feed_lab.Page, label="Feed lab - sociophysics"),
    solara.Route(
        "tipping-points", component=tipping_points.Page, label="Tipping points - sociophysics"
    ),
    solara.Route("trials", component=trials.Page, label="Trials - sociophysics"),
    solara.Route("calibrate", component=calibrate.Page, label="Calibrate - sociophysics"),
    solara.Route("roll-calls", component=roll_calls.Page, label="Roll calls - sociophysics"),
    solara.Route("runs", component=runs.Page, label="Runs - sociophysics"),
]
