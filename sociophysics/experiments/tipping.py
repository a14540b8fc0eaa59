"""Tipping points along any scalar key of a scenario."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import Executor
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from sociophysics.errors import InputError
from sociophysics.experiments.detection import ALPHA, Detection, detect
from sociophysics.experiments.expected import TEMPERATURE, Expected, expected, temperature_range
from sociophysics.experiments.measure import (
    Moments,
    Progress,
    Work,
    along_values,
    is_whole,
    measure,
    moments,
    society,
    varied,
)
from sociophysics.experiments.placing import (
    UNKNOWN,
    finer,
    fluctuation_peak,
    placed,
    scan_table,
    temperatures_of,
)
from sociophysics.scenario import Scenario, Settings
from sociophysics.statistics import Interval

__all__ = ["Search", "TippingPoint", "locate", "search"]

Floats = NDArray[np.float64]
ORDER = ("abs_magnetization", "abs_camp_polarization")
FEWEST_VALUES = 4
HOW = "largest distance between the distributions on the two sides, grid refined around it"


class TippingPoint(NamedTuple):
    """A tipping point, NaN if none was found, and the scan that shows it."""

    value: float
    interval: tuple[float, float]
    p_null: float
    table: pd.DataFrame


@dataclass(frozen=True, eq=False, kw_only=True)
class Search:
    """What a search along a key found, and how.

    Attributes
    ----------
    point : Interval
        Where the distributions on the two sides differ most, with the bootstrap interval over
        replicas widened by half a step of the finest grid; NaN if no transition was found.
    p_null : float
        Chance that shuffled values differ as much between the two sides of any point; where that
        is small and there is no tipping point all the same, the chance that an even drift
        changes as much inside the range.
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
    p_null: float
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


def locate(
    scenario: Scenario,
    along: str = TEMPERATURE,
    values: Sequence[float] | None = None,
    *,
    design: str | None = None,
    observable: str | None = None,
    replicas: int | None = None,
    rounds: int = 2,
    workers: int = 1,
) -> TippingPoint:
    r"""Return where a society tips along a key, or that it does not.

    Replicas are run at every value. Where the distribution of the order parameter (``|m|``, or
    the camps' distance) changes most between the two sides of a point, the grid is refined.
    ``p_null`` is the chance that values shuffled over the range differ as much between the two
    sides of any point. The value is NaN, "no transition found", if that is 0.01 or more, if the
    largest change is in the first or last interval, or if it is as even as a drift. It is the
    tipping point of this network, with its size and number of sweeps.

    Parameters
    ----------
    scenario : Scenario
        Its replicas, sweeps, burn-in and start are used (10 replicas if it asks for one).
    along : str
        Dotted key of a number.
    values : sequence of float, optional
        At least four. Left out: the scenario's own sweep over the key, or for the temperature
        half to one and a half times what theory expects.
    design : str, optional
        Name of one of the scenario's designs; the first by default.
    observable : str, optional
        Order parameter between 0 and 1; by default the one that changes more.
    rounds : int
        Refinements of the grid, each halving its step.

    Returns
    -------
    TippingPoint
        ``(value, interval, p_null, table)``.

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
    >>> bool(0.8 < tip.value < 1.2), tip.p_null < 0.01
    (True, True)
    """
    found = search(
        scenario,
        along,
        values,
        design=design,
        observable=observable,
        replicas=replicas,
        rounds=rounds,
        workers=workers,
    )
    interval = (found.point.low, found.point.high)
    return TippingPoint(found.point.mean, interval, found.p_null, found.table)


def search(
    scenario: Scenario,
    along: str,
    values: Sequence[float] | None = None,
    *,
    design: str | None = None,
    observable: str | None = None,
    replicas: int | None = None,
    rounds: int = 2,
    out: Path | None = None,
    workers: int = 1,
    executor: Executor | None = None,
    progress: Progress | None = None,
) -> Search:
    """Return what ``locate`` finds, with how it was found; parts are kept in ``out``."""
    work = Work(folder=out, workers=workers, executor=executor, progress=progress)
    if values is None and along == TEMPERATURE and along not in scenario.sweep.axes:
        some = varied(scenario, design=design, axes={along: [1.0]}).cases()[0].settings
        grid: list[Any] = temperature_range(some)
    else:
        grid = along_values(scenario, along, values, least=FEWEST_VALUES)
    base = varied(scenario, design=design, axes={along: grid}).cases()[0].settings
    users, names = _order_parameters(base, observable)
    run = _Runs(scenario, along, design, names, replicas, work)
    scans = run.at(grid)
    best = _best(scans, seed=scenario.seed)
    name, detection = best
    levels = [np.array(grid, dtype=np.float64)]
    note = _doubt(detection, grid)
    for _ in range(0 if note or is_whole(base, along) else rounds):
        levels.append(finer(levels, scans[name], detection))
        scans = run.at(sorted({*scans[name].values.tolist(), *levels[-1].tolist()}))
    scan = scans[name]
    point = UNKNOWN if note else placed(scan, levels, detection, seed=scenario.seed)
    temperatures = temperatures_of(scan.values, along, base)
    return Search(
        along=along,
        design=run.design,
        observable=name,
        grid=grid,
        point=point,
        p_null=max(detection.p_null, detection.p_inside) if note else detection.p_null,
        susceptibility=fluctuation_peak(scan, users, temperatures, seed=scenario.seed),
        table=scan_table(scan, levels, along, users, temperatures),
        theory=expected(run.settings(grid[len(grid) // 2]), along),
        users=users,
        replicas=scan.first.shape[1],
        note=note or HOW,
    )


def _doubt(detection: Detection, grid: Sequence[float]) -> str:
    """Return why there is no tipping point in the range, or nothing."""
    if detection.p_null >= ALPHA:
        return (
            "the distributions along the range do not differ more than shuffled ones at the "
            f"{ALPHA:g} level; more replicas may tell"
        )
    if not detection.inside:
        return f"the largest change is at an end of the range, {grid[0]:g} to {grid[-1]:g}"
    if not detection.concentrated:
        return "the change is spread over the whole range like an even drift"
    return ""


class _Runs:
    """The scenario along one key: measured at any grid of values."""

    def __init__(
        self,
        scenario: Scenario,
        along: str,
        design: str | None,
        names: Sequence[str],
        replicas: int | None,
        work: Work,
    ) -> None:
        self.scenario, self.along, self.names, self.work = scenario, along, names, work
        self.chosen, self.replicas = design, replicas
        self.design = design or (scenario.designs[0].name if scenario.designs else "base")

    def along_axis(self, grid: Sequence[Any]) -> Scenario:
        """Return the scenario swept over these values."""
        return varied(
            self.scenario,
            design=self.chosen,
            observables=self.names,
            replicas=self.replicas,
            axes={self.along: list(grid)},
        )

    def settings(self, value: Any) -> Settings:
        """Return the settings at one value."""
        return self.along_axis([value]).cases()[0].settings

    def at(self, grid: Sequence[Any]) -> dict[str, Moments]:
        """Return the moments of every order parameter at these values."""
        swept = self.along_axis(grid)
        table = measure(swept, self.work)
        burn_in = swept.cases()[0].settings.dynamics.burn_in
        found = {
            name: moments(table, name, along=self.along, burn_in=burn_in) for name in self.names
        }
        return {name: m for name, m in found.items() if np.isfinite(m.first).all()}


def _order_parameters(settings: Settings, asked: str | None) -> tuple[int, list[str]]:
    users, camps = society(settings)
    names = ORDER if camps else ORDER[:1]
    return users, [asked] if asked is not None else list(names)


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
