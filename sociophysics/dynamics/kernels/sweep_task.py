"""What a kernel is asked to do, as far as it decides which kernel can."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, NamedTuple

import numpy as np

from sociophysics.influences.feeds import Feed
from sociophysics.influences.interventions import Intervention, Rewire, SwitchFeed, Tilt
from sociophysics.society.spins import SpinSystem

__all__ = ["SweepTask", "task_of"]


class SweepTask(NamedTuple):
    """Couplings, scheme, and whether a field or a feed acts at any time: kinds, not values."""

    system: SpinSystem
    scheme: str
    has_field: bool
    has_feed: bool
    rewires: bool = False  # so that replicas come to differ in their ties


def task_of(
    system: SpinSystem,
    scheme: str,
    field: Any = None,
    feed: Feed | None = None,
    interventions: Iterable[Intervention] = (),
) -> SweepTask:
    """Return the task of a trajectory with these arguments, later interventions included.

    A feed of strength 0 is none.

    Examples
    --------
    >>> pair = SpinSystem.from_edges([0], [1])
    >>> task_of(pair, "random-sequential", interventions=[Tilt(5, 0.1)]).has_field
    True
    """
    acts = tuple(interventions)
    scheduled = not (field is None or (isinstance(field, list | tuple) and len(field) == 0))
    feeds = [feed, *(act.feed for act in acts if isinstance(act, SwitchFeed))]
    return SweepTask(
        system,
        scheme,
        has_field=scheduled or any(isinstance(a, Tilt) for a in acts) or bool(np.any(system.h)),
        has_feed=any(each is not None and each.acts for each in feeds),
        rewires=any(isinstance(act, Rewire) for act in acts),
    )
