"""The ties of a replica that move while it runs, ready for its kernel."""

from __future__ import annotations

from sociophysics.dynamics.conditions import Conditions
from sociophysics.engine import fixed_point
from sociophysics.influences.feeds import Feed
from sociophysics.influences.feeds.allotted import Allotted
from sociophysics.influences.live_ties import LiveTies
from sociophysics.society.spins import SpinSystem

__all__ = ["live_ties"]


def live_ties(conditions: Conditions, system: SpinSystem, sweep: int) -> LiveTies:
    """Return the ties of a replica that move after a sweep, for its kernel where that reads them.

    Rules with a table of their own, swaps, and feeds that change couplings have all couplings
    encoded anew.
    """
    feed = conditions.feed
    simple = conditions.rule is None and conditions.scheme != "kawasaki"
    if conditions.kernel == "fixed-point" and simple and not changes_couplings(feed):
        size = conditions.following.largest(system)
        bound = conditions.bound(system, sweep + 1)
        return LiveTies(system, *fixed_point.roomy_scale(system.J, size, bound, conditions.coldest))
    return LiveTies(system)


def changes_couplings(feed: Feed | None) -> bool:
    """Return whether a feed, or one of those shared out, may change couplings."""
    several = feed.feeds if isinstance(feed, Allotted) else (feed,)
    return any(e is not None and type(e).couplings is not Feed.couplings for e in several)
