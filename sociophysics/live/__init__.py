"""What a screen shows of a society, without a screen: for notebooks, scripts and the dashboard.

A run that is disturbed on the way (``LiveRun``), a post that spreads, runs on disk and what is
drawn of them, a fitted chamber and its what-ifs. Nothing here imports a widget.
"""

from __future__ import annotations

from sociophysics.live.chamber_changes import simulate_change
from sociophysics.live.fitted_chamber import FittedChamber, read_fit
from sociophysics.live.landed_points import grid_means, points
from sociophysics.live.listed_runs import list_runs
from sociophysics.live.live_lines import live_lines
from sociophysics.live.live_run import LiveRun, LiveSide
from sociophysics.live.network_picture import NetworkPicture, picture
from sociophysics.live.opened_runs import open_run
from sociophysics.live.played_designs import PlayedDesigns
from sociophysics.live.post_spread import PostSpread, cascade_scenario, spread_post
from sociophysics.live.resting_points import Landscape, landscape_of
from sociophysics.live.run_lines import Series, courses, curves
from sociophysics.live.run_views import Look, look_at
from sociophysics.live.small_multiples import small_multiples
from sociophysics.live.stories import stories
from sociophysics.live.strange_scenarios import looked_at
from sociophysics.live.strongest_ties import strongest
from sociophysics.live.theory_curves import theory_of
from sociophysics.live.user_places import placement
from sociophysics.live.watched_work import UNWATCHED, Watch

__all__ = [
    "UNWATCHED",
    "FittedChamber",
    "Landscape",
    "LiveRun",
    "LiveSide",
    "Look",
    "NetworkPicture",
    "PlayedDesigns",
    "PostSpread",
    "Series",
    "Watch",
    "cascade_scenario",
    "courses",
    "curves",
    "grid_means",
    "landscape_of",
    "list_runs",
    "live_lines",
    "look_at",
    "looked_at",
    "open_run",
    "picture",
    "placement",
    "points",
    "read_fit",
    "simulate_change",
    "small_multiples",
    "spread_post",
    "stories",
    "strongest",
    "theory_of",
]
