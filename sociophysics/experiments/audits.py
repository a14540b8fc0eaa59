"""Does the conclusion survive? The claims of a scenario under changes that should not matter.

Other seeds, relabelled users and another order of updates change nothing that is meant; rival
rules, more sweeps, more users, other ties of the same degrees and numbers a fifth larger or smaller
are what a reader would try next. A claim is robust where its verdict stays, shifted where it is no
longer decided (or is decided only now), reversed where the opposite is found.
"""

from __future__ import annotations

import copy
import shlex
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Executor
from dataclasses import replace
from functools import partial
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from pydantic import ValidationError
from scipy.special import expit

from sociophysics.arguments import asks
from sociophysics.errors import InputError, did_you_mean
from sociophysics.experiments.audit_changes import (
    MOVES,
    OTHER_DRAWS,
    draws_of,
    simulate_moved,
)
from sociophysics.kinds import RULES
from sociophysics.scenario import Scenario, Settings
from sociophysics.scenario.build import build_system, without_effect
from sociophysics.scenario.variation import dotted_keys, set_key, value_at
from sociophysics.store import Place
from sociophysics.study import Part, plan, tasks
from sociophysics.study.asked import asked_of
from sociophysics.study.blocks import identities
from sociophysics.study.measure import Progress, Work, computed, reseeded
from sociophysics.study.results import Run
from sociophysics.study.results.verdicts import verdicts
from sociophysics.study.shelf import join_tables

__all__ = ["Audit", "audit"]

Tables = dict[str, Any]
OTHER_SEEDS = 2
FACTORS = (0.8, 1.2)
GENERATED = ("n", "shape", "degrees")  # keys that say how many users a network has
NOT_APPLICABLE = "not applicable"


class Audit(NamedTuple):
    """What became of the claims: as stated, and under each check.

    ``claims`` is ``run.claims`` of the scenario itself; ``table`` has one row per claim and check:
    ``claim``, ``check``, ``outcome`` (robust, shifted, reversed, not applicable), the ``verdict``
    there, ``number``, ``low``, ``high``, the ``reason`` where a check is not applicable, and the
    ``command`` that does it again.
    """

    claims: pd.DataFrame
    table: pd.DataFrame


class Check(NamedTuple):
    """One change: of a case's tables, or of how it is moved; or why it cannot be made."""

    name: str
    scenario: Scenario
    tables: Callable[[Settings], Tables | None] | None = None
    move: str | None = None
    reason: str = ""


@asks
def audit(
    scenario: Scenario,
    *,
    only: Sequence[str] | None = None,
    out: Place | None = None,
    workers: int | None = None,
    executor: Executor | None = None,
    progress: Progress | None = None,
    cancel: threading.Event | None = None,
    seed: int | None = None,
) -> Audit:
    """Return the verdicts on a scenario's claims, as stated and under changes.

    Simulated are the designs and swept points that claims name. Rival rules flip a user with whom
    all that pulls agrees as often as the heat bath does (threshold: never).

    Parameters
    ----------
    scenario : Scenario
        With claims.
    only : sequence of str, optional
        Names of checks, such as ``"relabelled users"``; all by default.
    out, workers, executor, progress, cancel, seed
        As in :func:`sociophysics.experiments.hysteresis`.

    Raises
    ------
    InputError
        No claims, an unknown check, or something in the scenario that cannot be run.

    Examples
    --------
    >>> scenario = Scenario.from_toml('''
    ... seed = 1
    ... network = {kind = "complete", n = 30}
    ... couplings = {kind = "uniform", normalize = "degree"}
    ... dynamics = {temperature = 0.5, sweeps = 20, burn_in = 10, start = "up"}
    ... sweep = {replicas = 4}
    ... [[claims]]
    ... text = "consensus lasts"
    ... observable = "magnetization"
    ... value = 0.5
    ... relation = ">"
    ... ''')
    >>> audit(scenario, only=["relabelled users"], workers=1).table["outcome"].tolist()
    ['robust']
    """
    scenario = reseeded(scenario, seed)
    if not scenario.claims:
        raise InputError(
            f"{scenario.source} has no claims; state what it expects as [[claims]] "
            "(docs/scenarios.md), before it is audited."
        )
    base = _needed(scenario)
    checks = list(_checks(base))
    chosen = [check.name for check in checks] if only is None else list(only)
    for name in chosen:
        if name not in [check.name for check in checks]:
            known = [check.name for check in checks]
            raise InputError(f"{name!r} is not a check; {did_you_mean(name, known)}")
    work = Work(folder=out, workers=workers, executor=executor, progress=progress, cancel=cancel)
    with asked_of(scenario, "audit", {"only": chosen if only is not None else None}, out) as kept:
        stated = _run(Check("as stated", base), work)
        rows: list[dict[str, Any]] = []
        for check in checks:
            if check.name in chosen:
                rows += _judged(check, stated, scenario, work)
        found = Audit(stated.claims, pd.DataFrame(rows))
        kept["claims"], kept["audit"] = found.claims, found.table
    return found


def _needed(scenario: Scenario) -> Scenario:
    """Return the scenario with what its claims are about, and no more."""
    claims = scenario.claims
    named = {name for claim in claims for name in (claim.design, claim.than) if name}
    changes: dict[str, Any] = {
        "observe.names": list(dict.fromkeys(claim.observable for claim in claims)),
        "designs": [
            each for each in scenario.canonical().get("designs", []) if each["name"] in named
        ],
    }
    for key, values in scenario.sweep.axes.items():
        points = [point for claim in claims for point in (claim.at, claim.than_at or {})]
        used = [value for value in values if any(point.get(key) == value for point in points)]
        if used and all(key in claim.at for claim in claims):
            changes[f"sweep.{key}"] = used
    needed = scenario.replace(changes)
    return needed if len(needed.claims) == len(claims) else scenario


def _checks(base: Scenario) -> Iterator[Check]:
    """Yield every check of a scenario, applicable or not."""
    for k in range(1, OTHER_SEEDS + 1):
        yield Check(f"seed {base.seed + k}", base.replace({"seed": base.seed + k}))
    settings = [case.settings for case in base.cases()]
    for name, why_not in MOVES.items():
        yield Check(name, base, move=name, reason=next(filter(None, map(why_not, settings)), ""))
    for kind in RULES:
        if kind != "heat_bath":
            why = next(filter(None, (_no_rival(each) for each in settings)), "")
            yield Check(f"rule {kind}", base, tables=partial(_ruled, kind), reason=why)
    fixed = any(each.interventions for each in settings)
    fixed = fixed or any(claim.sweeps is not None for claim in base.claims)
    if fixed:
        yield Check("twice the sweeps", base, reason="its times are fixed sweeps")
    else:
        yield Check("twice the sweeps", _longer(base))
    sized = all(_larger(each) is not None for each in settings)
    reason = "" if sized else "its network is given, and not generated in any size"
    yield Check("twice the users", base, tables=_larger, reason=reason)
    yield from _draws(base, settings)
    for key in _numbers(settings):
        idle = [without_effect(each, key) for each in settings]
        reason = f"{key} acts on nobody: {idle[0]}" if all(idle) else ""
        for factor in FACTORS:
            name = f"{key} {100 * (factor - 1):+.0f} %"
            yield Check(name, base, tables=partial(_scaled, key, factor), reason=reason)


def _draws(base: Scenario, settings: Sequence[Settings]) -> Iterator[Check]:
    """Yield the checks of a scenario whose replicas live in draws of a posterior."""
    if base.posterior is None:
        reason = "the scenario has no [posterior]; calibrate gives one"
        yield Check(OTHER_DRAWS, base, reason=reason)
        return
    there = draws_of(settings[0]) // 2
    few = f"{2 * there} draws are not twice the {base.sweep.replicas} replicas"
    yield Check(
        OTHER_DRAWS, base, move=OTHER_DRAWS, reason="" if base.sweep.replicas <= there else few
    )
    yield Check("no posterior draws", base, tables=_undrawn)


def _undrawn(settings: Settings) -> Tables:
    """Return a case at the numbers of its own tables, without what they might be as well."""
    tables = settings.canonical()
    tables.pop("posterior", None)
    return tables


def _longer(base: Scenario) -> Scenario:
    changes: dict[str, Any] = {}
    holders: list[tuple[str, Any]] = [("", base.dynamics)]
    holders += [(f"designs.{each.name}.", each.dynamics) for each in base.designs]
    for place, dynamics in holders:
        if dynamics is not None:
            changes[f"{place}dynamics.sweeps"] = 2 * dynamics.sweeps
            changes[f"{place}dynamics.burn_in"] = 2 * dynamics.burn_in
    return base.replace(changes)


def _larger(settings: Settings) -> Tables | None:
    tables = settings.canonical()
    network = tables["network"]
    key = next((each for each in GENERATED if each in network), None)
    if key is None:
        return None
    value = network[key]
    if key == "degrees":
        network[key] = [*value, *value]
    else:
        network[key] = 2 * value if key == "n" else [2 * value[0], *value[1:]]
    return tables


def _no_rival(settings: Settings) -> str:
    if settings.dynamics.scheme == "kawasaki":
        return "dynamics.scheme is 'kawasaki', whose swaps know the heat bath alone"
    if settings.dynamics.rule is not None:
        return ""
    if not isinstance(settings.dynamics.temperature, int | float) or any(
        event.coldest < np.inf for event in settings.interventions
    ):
        return "the temperature changes with time, and rival rules have none"
    return "the observable energy is the heat bath's" if "energy" in settings.observe.names else ""


def _ruled(kind: str, settings: Settings) -> Tables | None:
    """Return a case under a rival rule, as noisy as it is where all that pulls agrees."""
    tables = settings.canonical()
    temperature = settings.dynamics.temperature
    noise = 0.0
    if settings.dynamics.rule is None and isinstance(temperature, int | float):
        system, _ = build_system(settings, 0)
        pull = float(np.median(np.asarray(np.abs(system.J).sum(axis=1)).ravel()))
        noise = 0.5 if temperature == np.inf else 0.0
        if 0 < temperature < np.inf:
            noise = float(expit(-2.0 * (pull + getattr(settings.feed, "bound", 0.0)) / temperature))
    keys = {"voter": {"noise": 2 * noise}, "majority": {"noise": noise}}
    keys["q_voter"] = {"independence": 2 * noise}
    tables["dynamics"]["rule"] = {"kind": kind, **keys.get(kind, {})}
    return tables


def _numbers(settings: Sequence[Settings]) -> list[str]:
    """Return the dotted keys that hold a number that a fifth more or less makes sense of."""
    found: dict[str, None] = {}
    for each in settings:
        tables = each.canonical()
        for key in dotted_keys(tables):
            value = value_at(tables, key)
            if isinstance(value, float) and value != 0.0 and np.isfinite(value):
                found[key] = None
    return list(found)


def _scaled(key: str, factor: float, settings: Settings) -> Tables | None:
    tables = settings.canonical()
    value = value_at(tables, key)
    if isinstance(value, float):
        set_key(tables, key, value * factor)
    return tables


def _run(check: Check, work: Work) -> Run:
    """Return the run of a scenario under a check.

    Raises
    ------
    InputError
        The change makes something that is not allowed.
    """
    parts = plan(check.scenario)
    simulate: Any = tasks.simulate_case
    if check.tables is not None:
        parts = [_changed(part, check.tables) for part in parts]
    if check.move is not None:
        simulate = partial(simulate_moved, move=check.move)
        parts = [
            replace(part, identity=f'{{"settings":{part.identity},"audit":"{check.move}"}}')
            for part in parts
        ]
    data = computed(parts, simulate, work)
    return Run(table=join_tables(check.scenario, parts, data), manifest={}, scenario=check.scenario)


def _changed(part: Part, change: Callable[[Settings], Tables | None]) -> Part:
    tables = change(part.settings)
    try:
        settings = Settings.model_validate(copy.deepcopy(tables))
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        where = ".".join(str(step) for step in first["loc"])
        raise InputError(f"{where}: {first['msg']}") from None
    return replace(part, settings=settings, identity=identities([settings])[0])


def _judged(check: Check, stated: Run, scenario: Scenario, work: Work) -> list[dict[str, Any]]:
    reason, found = check.reason, None
    if not reason:
        try:
            found = verdicts(_run(check, work))
        except InputError as error:
            reason = str(error).removeprefix(f"{check.scenario.source}: ")
    # By its name, as where the file lies is no part of what an audit finds.
    file = f"{scenario.name}.toml"
    command = shlex.join(["sociophysics", "audit", file, "--only", check.name])
    rows = []
    for k, before in enumerate(verdicts(stated)):
        row: dict[str, Any] = {"claim": before.text, "check": check.name}
        if found is None:
            nan = float("nan")
            row |= {"outcome": NOT_APPLICABLE, "verdict": "", "number": nan}
            row |= {"low": nan, "high": nan}
        else:
            row |= {"outcome": outcome(before.verdict, found[k].verdict)}
            row |= {"verdict": found[k].verdict, "number": found[k].number}
            row |= {"low": found[k].low, "high": found[k].high}
        rows.append(row | {"reason": reason, "command": command})
    return rows


def outcome(stated: str, found: str) -> str:
    """Return robust, shifted or reversed for the verdict as stated and under a change.

    Examples
    --------
    >>> outcome("holds", "holds"), outcome("holds", "undecided"), outcome("holds", "fails")
    ('robust', 'shifted', 'reversed')
    """
    if stated == found:
        return "robust"
    return "shifted" if "undecided" in (stated, found) else "reversed"
