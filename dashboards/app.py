"""The application that Solara serves: four pages in one shell."""

from __future__ import annotations

import solara

from . import feed_lab, roll_calls, runs, tipping_points
from .shell import Shell

__all__ = ["routes"]

routes = [
    solara.Route("/", component=feed_lab.Page, layout=Shell, label="Feed lab - sociophysics"),
    solara.Route(
        "tipping-points", component=tipping_points.Page, label="Tipping points - sociophysics"
    ),
    solara.Route("roll-calls", component=roll_calls.Page, label="Roll calls - sociophysics"),
    solara.Route("runs", component=runs.Page, label="Runs - sociophysics"),
]
