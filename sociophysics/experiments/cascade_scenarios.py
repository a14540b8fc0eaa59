"""Scenarios that seed a cascade: reach, R and virality of each design as compared quantities."""

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence
from concurrent.futures import Executor
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from sociophysics.arguments import asks
from sociophysics.errors import InputError
from sociophysics.experiments.cascades import Cascades, contrast, seeded_cascades
from sociophysics.influences import feeds
from sociophysics.influences.interventions import SEEDS, Nucleate
from sociophysics.scenario import Scenario, Settings, with_declared
from sociophysics.scenario import build as cases
from sociophysics.society import camps as camp_attributes
from sociophysics.society.spins import SpinSystem
from sociophysics.store import Place, json_form, steps
from sociophysics.store.steps import Arrays
from sociophysics.study.asked import asked_of
from sociophysics.study.blocks import identities
from sociophysics.study.measure import Progress, Work, keeping_steps, reseeded

__all__ = ["GROWS", "cascade_designs", "compared", "with_replicas"]

GROWS = ("asked.replicas", "asked.scenario.sweep.replicas")


@asks
def cascade_designs(
    scenario: Scenario,
    *,
    replicas: int | None = None,
    out: Place | None = None,
    workers: int | None = None,
    executor: Executor | None = None,
    progress: Progress | None = None,
    cancel: threading.Event | None = None,
    seed: int | None = None,
) -> pd.DataFrame:
    """Return what the seeding of a scenario causes in each design, compared with the first.

    The scenario's ``nucleate`` intervention is the seeding: its sweep is where the two copies of
    the society part, its ``who``, ``share``, ``stance`` and ``hold`` are the seeds. Temperature and
    field must be plain numbers, and there are no other interventions: both copies live under the
    same conditions but for the seeds.

    Parameters
    ----------
    scenario : Scenario
    replicas : int, optional
        Those of the scenario if left out; replica r has the same seeds and noise in all designs.
    out : path, or address such as ``s3://bucket/cascades``, optional
        Makes it a study: replicas are kept as soon as they are done, so that a comparison that was
        killed goes on, and one with more replicas extends it.
    workers, executor, progress, cancel
        As for ``sp.run``; progress counts replicas of one design.
    seed : int, optional
        Instead of the scenario's.

    Returns
    -------
    DataFrame
        The swept keys, then as ``compare_feeds``; the reference is the first design at each point.

    Raises
    ------
    InputError
        No nucleate intervention or others beside it, schedules, or redrawn networks.

    Examples
    --------
    >>> from sociophysics.scenario import Scenario
    >>> scenario = Scenario.from_toml('''
    ... seed = 1
    ... network = {kind = "complete", n = 12}
    ... couplings = {kind = "uniform", value = 0.1}
    ... dynamics = {temperature = 0.5, sweeps = 12, start = "down"}
    ... designs = [{name = "no feed"}, {name = "trending", feed = {kind = "trending"}}]
    ... interventions = [{kind = "nucleate", at = 2, who = "random", share = 0.25}]
    ... ''')
    >>> table = cascade_designs(scenario, replicas=3)
    >>> table["design"].unique().tolist()
    ['no feed', 'trending']
    """
    scenario = with_replicas(reseeded(scenario, seed), replicas)
    asked = {"replicas": scenario.sweep.replicas}
    work = Work(folder=out, workers=workers, executor=executor, progress=progress, cancel=cancel)
    with asked_of(scenario, "cascades", asked, out, grows=GROWS) as tables:
        tables["cascades"] = table = compared(scenario, work)
    return table


def with_replicas(scenario: Scenario, replicas: int | None) -> Scenario:
    """Return the scenario with another number of replicas, itself where none is given."""
    if replicas is None or replicas == scenario.sweep.replicas:
        return scenario
    return scenario.replace({"sweep": {**scenario.canonical()["sweep"], "replicas": replicas}})


def compared(scenario: Scenario, work: Work) -> pd.DataFrame:
    """Return the table of ``cascade_designs``; replicas are kept where ``work`` says.

    Raises
    ------
    InputError
        As ``cascade_designs``.
    """
    number = scenario.sweep.replicas
    points: dict[str, tuple[dict[str, Any], dict[str, Settings]]] = {}
    for case in with_declared(scenario).cases():
        point = points.setdefault(repr(case.point), (case.point, {}))
        point[1][case.design] = case.settings
    tables = []
    count = sum(len(designs) for _, designs in points.values())
    with keeping_steps(work, total=count * number):
        for values, designs in points.values():
            found = {name: _replicas(settings, number) for name, settings in designs.items()}
            table = contrast(found)
            for position, (key, value) in enumerate(values.items()):
                table.insert(position, key, value)
            tables.append(table)
    return pd.concat(tables, ignore_index=True)


def _replicas(settings: Settings, number: int) -> pd.DataFrame:
    """Return the measures of one design's cascades, one row per replica, each kept as a step."""
    tables = json_form(settings.canonical())
    # Where its files lie is no part of a cascade's name, so that moved files change nothing.
    found = steps("cascade", _cascade, [tables], range(number), known=identities([settings]))
    rows = [{name: value.item() for name, value in each.items()} for each in found]
    return pd.DataFrame(rows)


def _cascade(tables: Mapping[str, Any], replica: int) -> Arrays:
    table = _cascades(Settings.model_validate(tables), (replica,)).table
    return {name: np.asarray(table[name].iloc[0]) for name in table}


def _cascades(settings: Settings, replicas: Sequence[int]) -> Cascades:
    acts = settings.interventions
    act = acts[0] if len(acts) == 1 else None
    if not isinstance(act, Nucleate):
        raise InputError(
            f"the scenario has {len(acts)} interventions; a cascade needs exactly one, of kind "
            "nucleate, which sets the seeds."
        )
    if settings.redraw:
        raise InputError("[sweep] redraw is given; a cascade compares designs on one network.")
    settings.heat_bath_only("a cascade, two societies under the same noise,")
    temperature = settings.dynamics.temperature
    if not isinstance(temperature, int | float):
        raise InputError("dynamics.temperature is a schedule; a cascade needs one number.")
    system, codes = cases.build_system(settings, None)
    if act.at < 1:
        raise InputError("the nucleate intervention is at sweep 0; let the society settle first.")
    who = camp_attributes.number(act.who, cases.camp_names(settings, system))
    if not isinstance(who, str):
        position = {label: i for i, label in enumerate(system.labels)}
        who = np.array([position[label] for label in who if label in position], dtype=np.int64)
    return seeded_cascades(
        system,
        seeds=who,
        share=SEEDS if act.share is None else act.share,
        stance=act.stance,
        hold=act.kept_for,
        temperature=float(temperature),
        sweeps=settings.dynamics.sweeps - act.at,
        seed=settings.seed,
        replicas=replicas,
        feed=feeds.acting(settings.feed.named(cases.camp_names(settings, system))),
        camps=codes,
        field=_field(settings, system),
        start=settings.dynamics.start,
        settle=act.at,
    )


def _field(settings: Settings, system: SpinSystem) -> NDArray[np.float64]:
    """Return the external field of the settings without the system's own, shape (n,)."""
    table = vars(settings.field)
    values = table.get("values", (table.get("value", 0.0),))
    values = tuple(values.values()) if isinstance(values, Mapping) else values
    if not all(isinstance(value, int | float) for value in values):
        raise InputError("[field] holds a schedule; a cascade needs numbers.")
    field: NDArray[np.float64] = next(cases.case_frames(settings, [0])).field - system.h
    return field
