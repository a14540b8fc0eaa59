"""Measurements that an experiment asks for: scenarios varied along one key, part by part."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from sociophysics.errors import Cancelled, InputError, did_you_mean
from sociophysics.kinds import knowing
from sociophysics.machine import checked_workers
from sociophysics.processes import step_workers
from sociophysics.scenario import Scenario, Settings
from sociophysics.scenario.build import build_system
from sociophysics.scenario.variation import value_at
from sociophysics.sources import source_digest
from sociophysics.store import Folder, Place, Steps, keeping, open_store
from sociophysics.study import Part, plan, tasks
from sociophysics.study.run_manifest import Log
from sociophysics.study.session import Progress, Session, reporter
from sociophysics.study.shelf import Shelf, join_tables

__all__ = [
    "Moments",
    "Progress",
    "Work",
    "along_values",
    "computed",
    "is_whole",
    "keeping_steps",
    "measure",
    "moments",
    "reseeded",
    "society",
    "varied",
]

Floats = NDArray[np.float64]
DEFAULT_REPLICAS = 10


@dataclass(frozen=True, kw_only=True)
class Work:
    """Who does the simulating, and where finished parts are kept.

    Parameters
    ----------
    folder : path or str, optional
        A folder, or an address of an object store. Parts in it are not simulated again; nothing
        is kept without one.
    workers : int, optional
        Processes; 1 works in this one. Left out, this one works too while there is little to do,
        and one per usable processor where starting them pays. No number depends on it.
    executor : Executor, optional
        Any ``concurrent.futures`` executor instead.
    progress : callable or bool, optional
        True shows a bar. A callable is called with finished parts, all parts known so far, and
        updates done, about twice a second; what it raises ends the work.
    cancel : threading.Event, optional
        Once it is set the work ends; finished parts are kept.
    """

    folder: Place | None = None
    workers: int | None = None
    executor: Executor | None = None
    progress: Progress | None = None
    cancel: threading.Event | None = None

    def __post_init__(self) -> None:
        checked_workers(self.workers)
        # One bar for all that this work asks for.
        object.__setattr__(self, "progress", reporter(self.progress))


@contextlib.contextmanager
def keeping_steps(work: Work, *, total: int) -> Iterator[None]:
    """Keep the steps of an experiment where ``work`` says, done by whom it says.

    Parameters
    ----------
    work : Work
    total : int
        How many steps there are, for the progress.

    Raises
    ------
    Cancelled
        ``work.cancel`` was set.
    """
    store = None if work.folder is None else open_store(work.folder)
    if isinstance(store, Folder):
        store.path.mkdir(parents=True, exist_ok=True)

    def check() -> None:
        if (report := reporter(work.progress)) is not None and kept.done:
            report(min(kept.done, total), total, 0.0)
        if work.cancel is not None and work.cancel.is_set():
            where = "" if store is None else f"; finished parts are kept in {store.place}"
            raise Cancelled(f"the work was cancelled{where}")

    with step_workers(work.workers, work.executor) as hands:
        kept = Steps(store, code=source_digest(), executor=hands, check=check)
        with keeping(kept):
            yield
    check()


@dataclass(frozen=True, eq=False, kw_only=True)
class Moments:
    """Averages over frames of one observable: one number per value and replica."""

    values: Floats  # (values,)
    first: Floats  # (values, replicas)
    second: Floats
    fourth: Floats


def varied(
    scenario: Scenario,
    *,
    design: str | None = None,
    observables: Sequence[str] = (),
    replicas: int | None = None,
    axes: Mapping[str, Sequence[Any]] | None = None,
) -> Scenario:
    """Return a scenario of one design, swept over ``axes`` only, that records ``observables``.

    A scenario that asks for a single replica gets ten: a tipping point has no error bar without.

    Raises
    ------
    InputError
        An unknown design, or what the scenario refuses.
    """
    names = [each.name for each in scenario.designs]
    if design is not None and design not in names:
        raise InputError(f"{design!r} is not a design; {did_you_mean(design, names)}")
    chosen = [each for each in scenario.canonical().get("designs", [])]
    if names:
        chosen = [chosen[names.index(design) if design is not None else 0]]
    asked = replicas
    if asked is None:
        own = scenario.sweep.replicas
        asked = own if own > 1 else DEFAULT_REPLICAS
    sweep = {"replicas": asked, "redraw": list(scenario.sweep.redraw)}
    changes: dict[str, Any] = {"designs": chosen, "sweep": {**sweep, **(axes or {})}}
    if observables:
        changes["observe"] = {"every": scenario.observe.every, "names": list(observables)}
    return scenario.replace(changes)


def reseeded(scenario: Scenario, seed: int | None) -> Scenario:
    """Return the scenario with another seed, itself where none is given."""
    return scenario if seed is None else scenario.replace({"seed": seed})


def is_whole(settings: Settings, key: str) -> bool:
    """Return whether a key holds whole numbers only, so that its grid cannot be refined."""
    return isinstance(value_at(settings.canonical(), key), int)


def society(settings: Settings) -> tuple[int, bool]:
    """Return the number of users, and whether there are two camps or more."""
    system, camps = build_system(settings, 0 if settings.redraw else None)
    return system.n, camps is not None and np.unique(camps[camps >= 0]).size > 1


def along_values(
    scenario: Scenario, along: str, values: Sequence[float] | None, *, least: int
) -> list[Any]:
    """Return the values of a key in ascending order: those given, or those of the sweep.

    Raises
    ------
    InputError
        No values, too few, equal ones, or values that are not numbers.
    """
    given = scenario.sweep.axes.get(along) if values is None else values
    if given is None:
        raise InputError(
            f"no values are given for {along}, and the scenario does not sweep over it; give at "
            f"least {least} values."
        )
    listed = [each.item() if isinstance(each, np.generic) else each for each in given]
    for each in listed:
        if isinstance(each, bool) or not isinstance(each, int | float) or not np.isfinite(each):
            raise InputError(f"{along} has the value {each!r}; give finite numbers.")
    if len(set(listed)) < max(least, len(listed)):
        raise InputError(
            f"{along} has the values {listed}; give at least {least}, each of them once."
        )
    return sorted(listed)


def measure(scenario: Scenario, work: Work) -> pd.DataFrame:
    """Return the table of a scenario: design, swept keys, replica, sweep, observables.

    Parts are named by what is in them, so a grid that is refined later finds the old ones.

    Raises
    ------
    InputError
        Something in the scenario cannot be run.
    """
    with knowing(*scenario.registries):
        parts = plan(scenario)
        data = computed(parts, tasks.simulate_case, work, rehearse=tasks.rehearse_case)
    return join_tables(scenario, parts, data)


def computed(
    parts: Sequence[Part],
    simulate: tasks.Simulate,
    work: Work,
    *,
    rehearse: tasks.Rehearse | None = None,
) -> Shelf:
    """Return the data of parts, after simulating those that are not kept yet.

    A ``simulate`` that takes a ``check`` calls it now and then, and can be told to end with it.
    """
    store = None if work.folder is None else open_store(work.folder)
    session = Session(store, parts, simulate, work.progress, cancel=work.cancel)
    if rehearse is not None:
        session.rehearse(rehearse)
    with session.full_disk_told():
        if isinstance(store, Folder):
            (store.path / "parts").mkdir(parents=True, exist_ok=True)
        return session.compute(Log(None), workers=work.workers, executor=work.executor)


def moments(table: pd.DataFrame, observable: str, *, along: str, burn_in: int) -> Moments:
    """Return the moments of an observable over the frames after burn-in.

    A replica that was stopped earlier is represented by its last frame.
    """
    kept = table[table["sweep"] >= burn_in]
    keys = [along, "replica"]
    short = table.groupby(keys)["sweep"].transform("max") < burn_in
    if short.any():
        kept = pd.concat([kept, table[short].groupby(keys).tail(1)])
    x = kept.assign(first=kept[observable])
    x["second"], x["fourth"] = x["first"] ** 2, x["first"] ** 4
    means = x.groupby(keys)[["first", "second", "fourth"]].mean()
    cubes = {name: means[name].unstack("replica") for name in means.columns}
    values = cubes["first"].index.to_numpy(dtype=np.float64)
    arrays = {name: cube.to_numpy(dtype=np.float64) for name, cube in cubes.items()}
    return Moments(values=values, **arrays)
