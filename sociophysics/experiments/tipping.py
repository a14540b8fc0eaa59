"""Tipping points along any scalar key of a scenario."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from concurrent.futures import Executor
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from sociophysics.arguments import asks
from sociophysics.errors import InputError
from sociophysics.experiments.detection import Detection, detect
from sociophysics.experiments.independence import Independence
from sociophysics.experiments.judging import Judged, beyond, coexisting, doubt, judged
from sociophysics.experiments.kinds_of_change import Kind, Turned, independent_users, sentence
from sociophysics.experiments.placing import (
    UNKNOWN,
    finer,
    fluctuation_peak,
    placed,
    scan_table,
    temperatures_of,
)
from sociophysics.experiments.scans import Runs
from sociophysics.scenario import Scenario, Settings
from sociophysics.scenario.build import build_system
from sociophysics.statistics import Interval
from sociophysics.store import Place
from sociophysics.study.asked import asked_of
from sociophysics.study.expected import TEMPERATURE, Expected, expected, temperature_range
from sociophysics.study.measure import (
    Moments,
    Progress,
    Work,
    along_values,
    is_whole,
    reseeded,
    varied,
)

__all__ = ["Search", "TippingPoint", "locate", "search"]

Floats = NDArray[np.float64]
ORDER = ("abs_magnetization", "abs_camp_polarization")
FEWEST_VALUES = 4
ROUNDS = 2  # refinements of a grid
WIDENINGS = 3  # of a range that nobody gave
HOW = "largest distance between the distributions on the two sides, grid refined around it"


class TippingPoint(NamedTuple):
    """A tipping point, NaN if none was found, and the scan that shows it."""

    value: float
    interval: tuple[float, float]
    p_null: float
    table: pd.DataFrame
    kind: Kind
    """continuous, first-order, crossover (a change that does not sharpen with size) or none."""
    note: str
    """How it was found, or why not."""


@dataclass(frozen=True, eq=False, kw_only=True)
class Search:
    """What a search along a key found, and how.

    Attributes
    ----------
    point : Interval
        Where the distributions on the two sides differ most, with the bootstrap interval over
        replicas widened by half a step of the finest grid; NaN if no transition was found.
    kind : str
        continuous, first-order, crossover or none; only the first two have a point.
    p_null : float
        The largest chance that a null shows as much: values shuffled over the range, users who
        do not influence each other with the same mean stances, and, where the change is spread
        over the range, an even drift.
    independence : Independence
        Peak of ``n var(m)`` here and of independent users.
    sharpens : tuple of int, optional
        Numbers of users between which the change was seen to sharpen, or not to; None of a
        network of one size, or where it was not asked.
    turned : Turned, optional
        Areas of the loop around the point, turned quickly and slowly.
    susceptibility : Interval
        Where the order parameter fluctuates most, NaN if that is at an end of the range.
    table : DataFrame
        One row per value: mean of the order parameter with its 95 % interval, susceptibility,
        distances between its two neighbours, and how far these lie apart.
    note : str
        How it was found, or why not.
    """

    along: str
    design: str
    observable: str
    grid: list[float]
    point: Interval
    kind: Kind
    p_null: float
    independence: Independence
    sharpens: tuple[int, int] | None
    turned: Turned | None
    susceptibility: Interval
    table: pd.DataFrame
    theory: list[Expected]
    users: int
    replicas: int
    note: str

    @property
    def found(self) -> bool:
        """Whether there is a tipping point in the range."""
        return bool(np.isfinite(self.point.mean))

    @property
    def sentence(self) -> str:
        """The kind in words."""
        return sentence(self.kind, self.along, self.sharpens)


@asks
def locate(
    scenario: Scenario,
    along: str = TEMPERATURE,
    values: Sequence[float] | None = None,
    *,
    design: str | None = None,
    observable: str | None = None,
    replicas: int | None = None,
    rounds: int = ROUNDS,
    out: Place | None = None,
    workers: int | None = None,
    executor: Executor | None = None,
    progress: Progress | None = None,
    cancel: threading.Event | None = None,
    seed: int | None = None,
) -> TippingPoint:
    r"""Return where a society tips along a key, or that it does not.

    Replicas are run at every value. Where the distribution of the order parameter (``|m|``, or
    the camps' distance) changes most between the two sides of a point, the grid is refined.
    ``p_null`` is the chance that values shuffled over the range differ as much, or that users who
    do not influence each other, with the same mean stances, fluctuate as much. The value is NaN,
    "no transition found", if that is 0.01 or more, if the largest change is in the first or last
    interval, if it is as even as a drift, or if it is a crossover: built at two other sizes, the
    society does not change more sharply when it is larger. The value is the tipping point of this
    network, with its size and number of sweeps (pseudo-critical); the infinite society's is
    ``binder_crossing``'s.

    Parameters
    ----------
    scenario : Scenario
        Its replicas, sweeps, burn-in and start are used (10 replicas if it asks for one).
    along : str
        Dotted key of a number.
    values : sequence of float, optional
        At least four. Left out: the scenario's own sweep over the key, or for the temperature
        half to one and a half times what theory expects, or the mean total coupling of a user
        where it expects nothing, and further while the largest change is at an end or there is
        none.
    design : str, optional
        Name of one of the scenario's designs; the first by default.
    observable : str, optional
        Order parameter between 0 and 1; by default the one that changes more.
    replicas : int, optional
        Left out, the scenario's, or 10 if it asks for one.
    rounds : int
        Refinements of the grid, each halving its step.
    out : path or str, optional
        Folder, or address of an object store, that becomes this study's: its parts are kept, and
        ``sp.open`` finds its tables.
    workers, executor, progress, cancel
        As for ``sp.run``.
    seed : int, optional
        Instead of the scenario's.

    Returns
    -------
    TippingPoint
        ``(value, interval, p_null, table, kind, note)``; kind is continuous, first-order,
        crossover or none.

    Raises
    ------
    InputError
        No values where theory has none, a key the scenario lacks, or a design it lacks.

    Examples
    --------
    >>> scenario = Scenario.from_toml('''
    ... seed = 1
    ... network = {kind = "complete", n = 100}
    ... couplings = {kind = "uniform", value = 0.01}
    ... dynamics = {temperature = 1.0, sweeps = 60, burn_in = 20, start = "up"}
    ... ''')
    >>> tip = locate(scenario, values=[0.4, 0.6, 0.8, 1.0, 1.2, 1.4, 1.6], rounds=1)
    >>> bool(0.8 < tip.value < 1.2), tip.p_null < 0.01, tip.kind
    (True, True, 'continuous')
    """
    scenario = reseeded(scenario, seed)
    if values is not None:  # as the command has it, so that either goes on with the other's study
        grid = along_values(scenario, along, values, least=FEWEST_VALUES)
        scenario = scenario.replace({f"sweep.{along}": grid})
    question: dict[str, Any] = {"along": along, "design": design}
    question |= {"observable": observable, "replicas": replicas}
    question |= {"rounds": rounds} if rounds != ROUNDS else {}
    with asked_of(scenario, "tip", question, out) as tables:
        found = search(
            scenario,
            **question,
            out=out,
            workers=workers,
            executor=executor,
            progress=progress,
            cancel=cancel,
        )
        tables["table"] = found.table
    interval = (found.point.low, found.point.high)
    return TippingPoint(
        found.point.mean, interval, found.p_null, found.table, found.kind, found.note
    )


def search(
    scenario: Scenario,
    along: str,
    values: Sequence[float] | None = None,
    *,
    design: str | None = None,
    observable: str | None = None,
    replicas: int | None = None,
    rounds: int = ROUNDS,
    judge: bool = True,
    out: Place | None = None,
    workers: int | None = None,
    executor: Executor | None = None,
    progress: Progress | None = None,
    cancel: threading.Event | None = None,
    seed: int | None = None,
) -> Search:
    """Return what ``locate`` finds, with how it was found; parts are kept in ``out``.

    Without ``judge`` a first look, which does not ask of what kind the change is.
    """
    scenario = reseeded(scenario, seed)
    work = Work(folder=out, workers=workers, executor=executor, progress=progress, cancel=cancel)
    chosen = values is None and along == TEMPERATURE and along not in scenario.sweep.axes
    if chosen:
        some = varied(scenario, design=design, axes={along: [1.0]}).cases()[0].settings
        grid: list[Any] = temperature_range(some)
    else:
        grid = along_values(scenario, along, values, least=FEWEST_VALUES)
    base = varied(scenario, design=design, axes={along: grid}).cases()[0].settings
    users, camps, names = _order_parameters(base, observable)
    run = Runs(scenario, along, design, names, replicas, work, camps)
    scans = run.at(grid)
    name, detection = _best(scans, seed=scenario.seed)
    for _ in range(WIDENINGS if chosen else 0):
        more = beyond(detection, grid)
        if not more:
            break
        grid = sorted([*grid, *more])
        scans = run.at(grid)
        name, detection = _best(scans, seed=scenario.seed)
    independence = independent_users(run.table, along, base, camps, users)
    levels = [np.array(grid, dtype=np.float64)]
    if coexisting(run, base, scans[name], name):
        detection = detection._replace(concentrated=True)
    kind, note = doubt(detection, independence, grid)
    for _ in range(0 if note or is_whole(base, along) else rounds):
        levels.append(finer(levels, scans[name], detection))
        scans = run.at(sorted({*scans[name].values.tolist(), *levels[-1].tolist()}))
    scan = scans[name]
    point = UNKNOWN if note else placed(scan, levels, detection, seed=scenario.seed)
    verdict = Judged(kind if note else "not judged", note, None, None)
    if not note and judge:
        verdict = judged(run, base, scan, levels[0], point.mean, name)
        point = UNKNOWN if verdict.kind == "crossover" else point
    temperatures = temperatures_of(scan.values, along, base)
    p_null = max(detection.p_null, independence.p)
    return Search(
        along=along,
        design=run.design,
        observable=name,
        grid=grid,
        point=point,
        kind=verdict.kind,
        p_null=max(p_null, detection.p_inside) if note else p_null,
        independence=independence,
        sharpens=verdict.sharpens,
        turned=verdict.turned,
        susceptibility=fluctuation_peak(scan, users, temperatures, seed=scenario.seed),
        table=scan_table(scan, levels, along, name, users, temperatures),
        theory=expected(run.settings(grid[len(grid) // 2]), along),
        users=users,
        replicas=scan.first.shape[1],
        note=verdict.note or HOW,
    )


def _order_parameters(
    settings: Settings, asked: str | None
) -> tuple[int, NDArray[np.int64] | None, list[str]]:
    system, camps = build_system(settings, 0 if settings.redraw else None)
    several = camps is not None and np.unique(camps[camps >= 0]).size > 1
    names = ORDER if several else ORDER[:1]
    return system.n, camps if several else None, [asked] if asked is not None else list(names)


def _best(scans: dict[str, Moments], *, seed: int) -> tuple[str, Detection]:
    if not scans:
        raise InputError(
            "the order parameter is undefined in some replicas; choose an observable that every "
            "frame has."
        )
    found = {name: detect(m.values, m.first, seed=seed) for name, m in scans.items()}
    name = max(found, key=lambda each: found[each].excess)
    # The better of several order parameters was picked: Bonferroni.
    p = min(1.0, len(found) * min(each.p_null for each in found.values()))
    inside = min(1.0, len(found) * min(each.p_inside for each in found.values()))
    return name, found[name]._replace(p_null=p, p_inside=inside)
