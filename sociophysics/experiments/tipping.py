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
from sociophysics.experiments.detection import (
    Detection,
    densities,
    detect,
    jensen_shannon,
    parabola,
    peak,
    side_distances,
)
from sociophysics.experiments.expected import TEMPERATURE, Expected, expected, temperature_range
from sociophysics.experiments.measure import (
    Moments,
    Progress,
    Work,
    along_values,
    measure,
    moments,
    society,
    varied,
)
from sociophysics.scenario import Scenario, Settings
from sociophysics.statistics import Interval, bootstrap_interval, t_interval
from sociophysics.streams import generator

__all__ = ["Search", "TippingPoint", "locate", "search"]

Floats = NDArray[np.float64]
ORDER = ("abs_magnetization", "abs_camp_polarization")
ALPHA = 0.01
FEWEST_VALUES = 4
DRAWS = 500
NOT_FOUND = "no transition found"
NAN = Interval(np.nan, np.nan, np.nan)


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
        Chance that an even drift gives as large a change anywhere along the range.
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
    the camps' distance) changes most between the two sides of a point, in excess of an even
    drift, the grid is refined. ``p_null`` is the chance that a shuffled even drift does as much
    anywhere in the range; the value is NaN if that is 0.01 or more, or if the largest change is
    at an end of the range. It is the tipping point of this network, with its size and sweeps.

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
    base = varied(scenario, design=design, replicas=replicas).cases()[0].settings
    users, names = _order_parameters(base, observable)
    if values is None and along == TEMPERATURE and along not in scenario.sweep.axes:
        grid: list[Any] = temperature_range(base)
    else:
        grid = along_values(scenario, along, values, least=FEWEST_VALUES)
    run = _Runs(scenario, along, design, names, replicas, work)
    scans = run.at(grid)
    best = _best(scans, seed=scenario.seed)
    name, detection = best
    levels = [np.array(grid, dtype=np.float64)]
    edge = detection.left == 0 or detection.right == len(grid) - 1
    whole = all(isinstance(each, int) for each in grid) and along != TEMPERATURE
    if detection.p_null < ALPHA and not edge and not whole:
        for _ in range(rounds):
            levels.append(_finer(levels, scans[name], detection))
            scans = run.at(sorted({*scans[name].values.tolist(), *levels[-1].tolist()}))
    scan = scans[name]
    point, note = NAN, ""
    if detection.p_null >= ALPHA:
        note = "no change of the distribution beats an even drift"
    elif edge and len(grid) > FEWEST_VALUES:
        note = f"the largest change is at an end of the range, {grid[0]:g} to {grid[-1]:g}"
    else:
        point = _placed(scan, levels, detection, seed=scenario.seed)
        note = "largest distance between the distributions on the two sides, grid refined"
    temperatures = _temperatures(scan.values, along, base)
    return Search(
        along=along,
        design=run.design,
        observable=name,
        grid=grid,
        point=point,
        p_null=detection.p_null,
        susceptibility=_fluctuation_peak(scan, users, temperatures, seed=scenario.seed),
        table=_table(scan, levels, along, users, temperatures),
        theory=expected(run.settings(grid[len(grid) // 2]), along),
        users=users,
        replicas=scan.first.shape[1],
        note=note,
    )


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
    return name, found[name]._replace(p_null=p)


def _finer(levels: list[Floats], scan: Moments, detection: Detection) -> Floats:
    """Return the next grid: half the step of the last one, around its largest change."""
    last = levels[-1]
    if len(levels) == 1:
        first, final = max(detection.left - 1, 0), min(detection.right + 1, last.size - 1)
        if detection.right - detection.left == 2:
            first, final = detection.left, detection.right
    else:
        height = side_distances(densities(_rows(scan, last)).mean(axis=1))
        top = 1 + int(np.argmax(height))
        first, final = max(top - 2, 0), min(top + 2, last.size - 1)
    count = 2 * (final - first) + 1
    # Rounded, so that a value that was there before is met again exactly.
    fine: Floats = np.round(np.linspace(last[first], last[final], count), 12)
    fine[::2] = np.where(np.isclose(fine[::2], last[first : final + 1], rtol=0, atol=1e-9),
                         last[first : final + 1], fine[::2])  # fmt: skip
    return fine


def _rows(scan: Moments, values: Floats) -> Floats:
    return scan.first[np.searchsorted(scan.values, values)]


def _placed(scan: Moments, levels: list[Floats], detection: Detection, *, seed: int) -> Interval:
    """Return the place of the largest change on the finest grid, bootstrapped over replicas."""
    last = levels[-1]
    if len(levels) == 1:
        middle = float(last[detection.left] + last[detection.right]) / 2
        return Interval(middle, float(last[detection.left]), float(last[detection.right]))
    density = densities(_rows(scan, last))
    coarse = densities(_rows(scan, levels[0]))
    replicas = density.shape[1]
    value = peak(last[1:-1], side_distances(density.mean(axis=1)))
    rng = generator(seed, "bootstrap")
    drawn = []
    for _ in range(DRAWS):
        weight = np.bincount(rng.integers(replicas, size=replicas), minlength=replicas) / replicas
        top = 1 + int(np.argmax(side_distances(np.einsum("vrg,r->vg", coarse, weight))))
        if last[0] <= levels[0][top] <= last[-1] or abs(top - detection.left) <= 2:
            fine = side_distances(np.einsum("vrg,r->vg", density, weight))
            drawn.append(peak(last[1:-1], fine))
        else:
            drawn.append(float(levels[0][top]))
    low, high = np.quantile(drawn, [0.025, 0.975])
    step = float(last[1] - last[0]) / 2
    return Interval(value, float(low) - step, float(high) + step)


def _temperatures(values: Floats, along: str, settings: Settings) -> Floats:
    if along == TEMPERATURE:
        return values
    level = settings.dynamics.temperature
    return np.full(values.size, float(level) if isinstance(level, int | float) else np.nan)


def _susceptibility(first: Floats, second: Floats, users: int, temperatures: Floats) -> Floats:
    """Return ``n (<O^2> - <O>^2)/T`` over all frames of all replicas."""
    variance = second.mean(axis=-1) - first.mean(axis=-1) ** 2
    with np.errstate(divide="ignore", invalid="ignore"):
        result: Floats = np.where(temperatures > 0, users * variance / temperatures, np.nan)
    return result


def _fluctuation_peak(scan: Moments, users: int, temperatures: Floats, *, seed: int) -> Interval:
    both = np.stack([scan.first.T, scan.second.T], axis=1)  # (replicas, 2, values)

    def top(drawn: Floats) -> float:
        first, second = drawn[:, 0].T, drawn[:, 1].T
        return parabola(scan.values, _susceptibility(first, second, users, temperatures))

    height = _susceptibility(scan.first, scan.second, users, temperatures)
    inside = np.isfinite(height).all() and 0 < int(np.argmax(height)) < height.size - 1
    return bootstrap_interval(both, seed=seed, statistic=top, draws=DRAWS) if inside else NAN


def _table(
    scan: Moments, levels: list[Floats], along: str, users: int, temperatures: Floats
) -> pd.DataFrame:
    bands = np.array([t_interval(row) for row in scan.first])
    table = pd.DataFrame(
        {
            along: scan.values,
            "replicas": scan.first.shape[1],
            "mean": bands[:, 0],
            "low": bands[:, 1],
            "high": bands[:, 2],
            "susceptibility": _susceptibility(scan.first, scan.second, users, temperatures),
        }
    )
    for name in ("total_variation", "jensen_shannon", "between"):
        table[name] = np.nan
    density = densities(scan.first).mean(axis=1)
    for level in levels:
        # The finest grid in which a value has two neighbours has the last word.
        rows = np.searchsorted(scan.values, level)
        left, inner, right = rows[:-2], rows[1:-1], rows[2:]
        table.loc[inner, "total_variation"] = side_distances(density[rows])
        table.loc[inner, "jensen_shannon"] = jensen_shannon(density[left], density[right])
        table.loc[inner, "between"] = level[2:] - level[:-2]
    return table
