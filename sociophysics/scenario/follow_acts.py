"""From the table [follow] to what happens in every sweep."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from sociophysics.errors import InputError
from sociophysics.influences.feeds import acting
from sociophysics.influences.follows import FollowStep, TieRule, shows_posts
from sociophysics.influences.interventions import Intervention, SwitchFeed
from sociophysics.scenario.settings import Settings
from sociophysics.society.coupling_kinds import CampCouplings
from sociophysics.society.spins import SpinSystem

__all__ = ["follow_acts", "tie_rule"]

Build = Callable[[Settings], SpinSystem]


def follow_acts(
    settings: Settings, acts: Sequence[Intervention], build: Build
) -> list[Intervention]:
    """Return the act that lets ties move, none without [follow].

    Where posts shown are followed, users whom no feed shows posts have no follows meanwhile.

    Parameters
    ----------
    settings : Settings
    acts : sequence of Intervention
        Of the run; those that switch the feed count here too.
    build : function of settings
        Returns the system of a case.

    Raises
    ------
    InputError
        Posts shown are to be followed, and no feed ever shows any.
    """
    table = settings.follow
    if table is None or table.rate == 0:
        return []
    switched = [act.feed for act in acts if isinstance(act, SwitchFeed)]
    if table.take == "shown" and not any(map(shows_posts, (acting(settings.feed), *switched))):
        raise InputError(
            "follow.take is 'shown', but no feed shows posts; give a [feed] with a pool, or take = "
            "random, similar or friends_of_friends."
        )
    rule = tie_rule(settings, build)
    return [FollowStep(0, table.rate, table.drop, table.take, rule)]


def tie_rule(settings: Settings, build: Build) -> TieRule:
    """Return how strong new ties are: by the scenario's rule, at the degrees of sweep 0.

    Parameters
    ----------
    settings : Settings
    build : function of settings
        Returns the system of a case.
    """
    couplings = settings.couplings
    camps = None
    if isinstance(couplings, CampCouplings):
        camps = couplings.within, couplings.across
    scale: NDArray[np.float64] | None = None
    if getattr(couplings, "normalize", "none") == "degree":
        plain: dict[str, str] = {"normalize": "none"}
        raw = build(settings.model_copy(update={"couplings": replace(couplings, **plain)}))
        strength = abs(raw.J).sum(axis=1)
        # Who has no tie at first counts as having one, should somebody take them.
        one = float(np.abs(raw.J.data).mean()) if raw.J.nnz else 1.0
        degree = np.where(strength > 0, strength, one)
        scale = 1.0 / (np.sqrt(degree) if raw.is_symmetric else degree)
    return TieRule(scale, camps)
