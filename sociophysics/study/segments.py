"""Runs in segments: the society is built anew at each value of a key, the stances go on."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import closing
from dataclasses import replace
from functools import partial
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from sociophysics.dynamics import Frame, tabulate, trajectory
from sociophysics.errors import InputError
from sociophysics.scenario import Scenario, Settings
from sociophysics.scenario.build import (
    build_system,
    camp_names,
    case_frames,
    in_draw,
    varies,
)
from sociophysics.study import plan
from sociophysics.study.blocks import identities
from sociophysics.study.measure import Work, computed

__all__ = ["check_segments", "measure_segments", "segment_seed"]


def segment_seed(seed: int, segment: int) -> int:
    """Return the seed of one segment, hashed, so that no segment meets another's noise.

    Examples
    --------
    >>> segment_seed(1, 0) != segment_seed(1, 1)
    True
    """
    return int(np.random.SeedSequence([seed, segment]).generate_state(1, np.uint64)[0])


def check_segments(along: str, at: Sequence[Settings]) -> None:
    """Raise unless stances can go on from one value of a key to the next.

    Parameters
    ----------
    along : str
        Dotted key.
    at : sequence of Settings
        One per value.

    Raises
    ------
    InputError
        A key of the runs and not of the society, conditions that change by themselves, runs that
        stop early, or a key that changes who the users or their camps are.
    """
    if along.startswith("dynamics."):
        raise InputError(
            f"{along} cannot be turned up and down while a society runs; allowed: "
            "dynamics.temperature, and the numbers of [couplings], [field], [feed] and [network]."
        )
    for settings in at:
        levels = [getattr(settings.field, "value", 0.0)]
        if settings.dynamics.rule is None:
            levels.append(settings.dynamics.temperature)
        values = getattr(settings.field, "values", ())
        levels += values.values() if isinstance(values, Mapping) else values
        if not all(isinstance(level, int | float) for level in levels):
            raise InputError(
                f"a hysteresis loop changes {along} by itself, but temperature or field follow a "
                "schedule; give numbers."
            )
        if settings.dynamics.stop_when != "none":
            raise InputError(
                f"dynamics.stop_when is {settings.dynamics.stop_when!r}, but a loop along {along} "
                "has to come back; leave it out."
            )
    (low, camps), (high, others) = (
        build_system(each, 0 if each.redraw else None) for each in (at[0], at[-1])
    )
    if list(low.labels) != list(high.labels) or not np.array_equal(
        np.array([]) if camps is None else camps, np.array([]) if others is None else others
    ):
        raise InputError(
            f"{along} changes who the users or their camps are ({low.n} users at the lowest value, "
            f"{high.n} at the highest), so that no stances can be carried along; choose a key that "
            "leaves the users as they are."
        )


def measure_segments(base: Scenario, visits: Sequence[Settings], work: Work) -> pd.DataFrame:
    """Return the table of runs through the settings of ``visits``, one after the other.

    Parameters
    ----------
    base : Scenario
        Whose replicas, observables and number of sweeps are those of the whole run.
    visits : sequence of Settings
        Of equal duration; the stances start as the first one says.
    work : Work

    Returns
    -------
    DataFrame
        Columns ``replica``, ``sweep`` (going on from segment to segment), then the observables.

    Raises
    ------
    InputError
        Something in the scenario cannot be run.
    """
    # Named apart from the runs of the same settings: by all the settings that are visited.
    listed = ",".join(identities(visits))
    parts = [
        replace(part, identity=f'{{"settings":{part.identity},"visits":[{listed}]}}')
        for part in plan(base)
    ]
    data = computed(parts, partial(_passed, visits=tuple(visits)), work)
    table = pd.concat([data[part.name].table for part in parts], ignore_index=True)
    return table.sort_values(["replica", "sweep"], ignore_index=True)


def _passed(
    settings: Settings,
    replicas: Sequence[int],
    *,
    visits: tuple[Settings, ...],
    check: Callable[[], None] | None = None,
) -> tuple[pd.DataFrame, list[dict[str, Any]]]:
    """Return the table of some replicas that pass through all visits."""
    alone = varies(settings)
    groups = [(r,) for r in replicas] if alone else [tuple(replicas)]
    stances: dict[tuple[int, ...], NDArray[np.int8]] = {}
    tables = []
    # Replicas inside, visits outside: the society of a visit is then built once for all.
    for k, visit in enumerate(visits):
        for group in groups:
            if check is not None:
                check()
            frames = list(_segment(visit, k, group, stances.get(group)))
            stances[group] = frames[-1].spins
            table = tabulate(frames[1:], settings.observe.names)
            tables.append(table.assign(sweep=table["sweep"] + k * visit.dynamics.sweeps))
    return pd.concat(tables, ignore_index=True), []


def _segment(
    settings: Settings, segment: int, replicas: tuple[int, ...], start: NDArray[np.int8] | None
) -> Any:
    """Yield the frames of one segment; the first one begins where the scenario does."""
    settings = in_draw(settings, replicas[0])
    with closing(case_frames(settings, replicas)) as frames:
        first: Frame = next(frames)
    return trajectory(
        first.system,
        temperature=first.temperature,
        sweeps=settings.dynamics.sweeps,
        seed=segment_seed(settings.seed, segment),
        replicas=replicas,
        feed=settings.feed.named(camp_names(settings, first.system)),
        camps=first.camps,
        field=first.field - first.system.h,
        start=first.spins if start is None else start,
        every=settings.observe.every,
        threads=1,
        scheme=settings.dynamics.scheme or "random-sequential",
        rule=settings.dynamics.rule,
    )
