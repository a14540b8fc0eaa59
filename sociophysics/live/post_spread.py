"""A post that some users stand up for: how far it goes under each feed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd
from numpy.typing import NDArray

from sociophysics.arguments import asks
from sociophysics.errors import InputError
from sociophysics.experiments import cascades, seeded_cascades
from sociophysics.influences.feeds import make
from sociophysics.influences.interventions import SEEDS
from sociophysics.live.watched_work import UNWATCHED, Watch
from sociophysics.scenario import Scenario
from sociophysics.scenario.build import build_system
from sociophysics.society.spins import SpinSystem

__all__ = ["LARGEST", "PostSpread", "cascade_scenario", "spread_post"]

LARGEST = 1e8  # updates of one side, some seconds; between the sides a stop is noticed


@dataclass(frozen=True, eq=False)
class PostSpread:
    """Cascades on both sides, replica by replica under the same noise.

    Attributes
    ----------
    scenario : Scenario
        Whose ``sociophysics cascades`` gives the same numbers.
    names : tuple of str
    compared : DataFrame
        As ``sp.experiments.compare_feeds`` returns it.
    courses : tuple of DataFrame
        ``replica``, ``sweep``, ``reached``, ``ever``.
    reached : tuple of arrays
        Users who differ because of the seeds at some time in replica 0.
    others : int
        Users who are not seeds.
    """

    scenario: Scenario
    names: tuple[str, ...]
    compared: pd.DataFrame
    courses: tuple[pd.DataFrame, ...]
    reached: tuple[NDArray[Any], ...]
    others: int


@asks
def cascade_scenario(
    shown: Scenario,
    *,
    who: str | Sequence[Any],
    share: float,
    stance: int,
    hold: int | str,
    settle: int,
    sweeps: int,
    replicas: int,
) -> Scenario:
    """Return the scenario of a seeding: no other interventions, the seeds set at ``settle``.

    Parameters
    ----------
    shown : Scenario
        The society that is looked at.
    who : str or sequence
        ``random``, ``degree``, ``camp:K``, or the users.
    share : float
        Share of the users who are seeded, where ``who`` is a name.
    stance, hold
        What they hold, and for how many sweeps (or "forever").
    settle, sweeps : int
        Sweeps before and after the seeding.
    replicas : int

    Raises
    ------
    InputError
        Seeds that cannot be chosen.

    Examples
    --------
    >>> shown = Scenario.from_toml('''
    ... seed = 1
    ... network = {kind = "complete", n = 6}
    ... couplings = {kind = "uniform", value = 0.2}
    ... dynamics = {temperature = 1.0, sweeps = 2}
    ... ''')
    >>> keys = dict(who="degree", share=0.2, stance=1, hold=3, settle=4, sweeps=6, replicas=2)
    >>> made = cascade_scenario(shown, **keys)
    >>> made.interventions[0].at, made.dynamics.sweeps
    (4, 10)
    """
    seeding: dict[str, Any] = {"at": settle, "kind": "nucleate", "who": who, "stance": stance}
    seeding |= {"hold": hold, **({"share": share} if isinstance(who, str) else {})}
    tables = shown.canonical()
    designs = [
        {key: part for key, part in design.items() if key != "interventions"}
        for design in tables["designs"]
    ]
    dynamics = {**tables["dynamics"], "sweeps": settle + sweeps, "burn_in": settle}
    return Scenario.from_canonical(
        {**tables, "designs": designs, "interventions": [seeding], "dynamics": dynamics,
         "sweep": {**tables["sweep"], "replicas": replicas}},
        name="feed-lab-cascade",
    )  # fmt: skip


@asks
def spread_post(scenario: Scenario, watch: Watch = UNWATCHED) -> PostSpread:
    r"""Let the seeds of a cascade scenario speak, in every design under the same noise.

    Parameters
    ----------
    scenario : Scenario
        As ``cascade_scenario`` makes it: one intervention, which sets the seeds.
    watch : Watch, optional
        Is told of each design, and may stop between two.

    Raises
    ------
    InputError
        More than ``LARGEST`` updates, or seeds that cannot be chosen.

    Examples
    --------
    >>> import sociophysics as sp
    >>> shown = sp.Scenario.from_toml(
    ...     'seed = 7\nnetwork = {kind = "bundled", name = "karate"}\n'
    ...     'couplings = {kind = "uniform"}\n'
    ...     'dynamics = {temperature = 2.0, sweeps = 10}\n'
    ...     '[[designs]]\nname = "no feed"\n'
    ...     '[[designs]]\nname = "feed"\nfeed = {kind = "chronological"}'
    ... )
    >>> seeded = sp.live.cascade_scenario(
    ...     shown, who="random", share=0.1, stance=1, hold=2, settle=5, sweeps=5, replicas=3
    ... )
    >>> found = sp.live.spread_post(seeded)
    >>> found.names, found.others
    (('no feed', 'feed'), 31)
    """
    cases = scenario.cases()
    system, camps = build_system(cases[0].settings, None)
    found: dict[str, cascades.Cascades] = {}
    for k, case in enumerate(cases):
        watch.check()
        watch.publish(progress=k / len(cases), message=f"seeding {case.design}")
        found[case.design] = _cascades(case.settings, system, camps, scenario.sweep.replicas)
    watch.check()
    return PostSpread(
        scenario=scenario,
        names=tuple(found),
        compared=cascades.contrast({k: v.table for k, v in found.items()}),
        courses=tuple(one.course for one in found.values()),
        reached=tuple((one.parents[0] >= 0).nonzero()[0] for one in found.values()),
        others=system.n - int(next(iter(found.values())).table["seeds"].iloc[0]),
    )


def _cascades(settings: Any, system: SpinSystem, camps: Any, replicas: int) -> Any:
    """Return the cascades of one design, as ``sp.experiments.cascade_designs`` asks for them."""
    (act,) = settings.interventions
    settings.heat_bath_only("the spread of a post, two societies under the same noise,")
    dynamics = settings.dynamics
    updates = 2.0 * system.n * dynamics.sweeps * replicas
    if updates > LARGEST:
        raise InputError(
            f"{replicas} replicas of {dynamics.sweeps} sweeps with {system.n:,} users are "
            f"{updates:.2g} updates a side, allowed here: {LARGEST:.0g}; ask for fewer replicas or "
            "sweeps, or run the scenario on the command line."
        )
    keys: Mapping[str, Any] = settings.feed.table()
    feed = make(**keys)
    who = act.who
    if not isinstance(who, str):
        place = {label: i for i, label in enumerate(system.labels)}
        who = [place[label] for label in who if label in place]
    field = vars(settings.field).get("value", 0.0)
    share = SEEDS if act.share is None else act.share
    return seeded_cascades(
        system, seeds=who, share=share, stance=act.stance, hold=act.kept_for,
        temperature=float(dynamics.temperature), sweeps=dynamics.sweeps - act.at,
        seed=settings.seed, replicas=replicas, feed=feed, camps=camps, field=field or None,
        start=dynamics.start, settle=act.at,
    )  # fmt: skip
