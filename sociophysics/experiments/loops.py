"""Hysteresis: one key is turned up and down again, and the society remembers where it came from."""

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
from sociophysics.scenario import Scenario, Settings
from sociophysics.statistics import Interval, mean_interval
from sociophysics.store import Place
from sociophysics.study.asked import asked_of
from sociophysics.study.expected import TEMPERATURE, Expected, expected
from sociophysics.study.measure import (
    Progress,
    Work,
    along_values,
    measure,
    reseeded,
    society,
    varied,
)
from sociophysics.study.results.comparison import mean_band
from sociophysics.study.segments import check_segments, measure_segments

__all__ = ["Hysteresis", "HysteresisLoop", "check", "hysteresis", "loop", "mirrored"]

Floats = NDArray[np.float64]
FEWEST_VALUES = 3
UP, DOWN = "up", "down"
UNSIGNED = {
    "magnetization": "abs_magnetization",
    "camp_polarization": "abs_camp_polarization",
}


class Hysteresis(NamedTuple):
    """The area between the way down and the way up, the loop itself, and the area's interval."""

    area: float
    table: pd.DataFrame

    @property
    def low(self) -> float:
        """Lower end of the area's 95 % interval."""
        return float(self.table.attrs["area"][1])

    @property
    def high(self) -> float:
        """Upper end of the area's 95 % interval."""
        return float(self.table.attrs["area"][2])


@dataclass(frozen=True, eq=False, kw_only=True)
class HysteresisLoop:
    """A hysteresis loop.

    Attributes
    ----------
    area : Interval
        Integral over the key of (way down minus way up), with its interval over replicas.
    on, off : Interval
        Where the observable crosses the middle of its range on the way up and on the way down;
        NaN where a replica never does.
    table : DataFrame
        One row per direction and value: mean of the observable with its 95 % interval.
    curves : array, shape (replicas, 2, values)
        Way up and way down, both by ascending value.
    """

    along: str
    design: str
    observable: str
    area: Interval
    on: Interval
    off: Interval
    table: pd.DataFrame
    values: Floats
    curves: Floats
    theory: list[Expected]
    users: int


@asks
def hysteresis(
    scenario: Scenario,
    along: str = "feed.strength",
    values: Sequence[float] | None = None,
    *,
    design: str | None = None,
    observable: str | None = None,
    replicas: int | None = None,
    out: Place | None = None,
    workers: int | None = None,
    executor: Executor | None = None,
    progress: Progress | None = None,
    cancel: threading.Event | None = None,
    seed: int | None = None,
) -> Hysteresis:
    """Return the loop of an observable when a key is turned up and down again, and its area.

    The values are visited in ascending order and back, in one run per replica: stances go on
    from value to value, and no noise is met twice. Of an observable with a sign the size makes
    the area where no side is driven (`mirrored`): which side a society cools to is no
    hysteresis. At each value the society spends ``dynamics.sweeps`` sweeps, of which the first
    ``burn_in`` are for settling. Along temperature, a uniform field or the feed a society is
    one run; along any other key its ties are built anew at each value, from the same draws, and
    what a feed remembers is forgotten there.

    Parameters
    ----------
    scenario : Scenario
        Without interventions of its own; its start is where the lowest value begins.
    along : str
        ``dynamics.temperature``, or a number of ``[couplings]``, ``[field]``, ``[feed]`` or
        ``[network]`` that leaves users and camps as they are.
    values : sequence of float, optional
        At least three; left out, the scenario's own sweep over the key.
    design : str, optional
        Name of one of the scenario's designs; the first by default.
    observable : str, optional
        By default ``magnetization`` along a field, else the distance of the camps if there are
        camps, else ``abs_magnetization``.
    replicas : int, optional
        Left out, the scenario's, or 10 if it asks for one.
    out : path or str, optional
        Folder, or address of an object store, that becomes this study's: its parts are kept, and
        ``sp.open`` finds its tables.
    workers, executor, progress, cancel
        As for ``sp.run``.
    seed : int, optional
        Instead of the scenario's.

    Returns
    -------
    Hysteresis
        ``(area, table)``, with the area's 95 % interval in ``low`` and ``high``. The area is the
        integral of (way down minus way up): positive if the
        way down lies higher (a field, an outrage feed), negative if the way up does (heating an
        ordered society). The intervals of area and switching points are in ``table.attrs``.

    Raises
    ------
    InputError
        A key that cannot be changed while the society runs, or changes who the users are; a
        scenario with interventions, or along a key that needs new ties with schedules.

    Examples
    --------
    >>> scenario = Scenario.from_toml('''
    ... seed = 1
    ... network = {kind = "complete", n = 100}
    ... couplings = {kind = "uniform", value = 0.01}
    ... field = {kind = "uniform", value = 0.0}
    ... dynamics = {temperature = 0.5, sweeps = 10, burn_in = 5, start = "down"}
    ... ''')
    >>> found = hysteresis(scenario, "field.value", values=[-0.5, -0.2, 0.0, 0.2, 0.5])
    >>> bool(found.area > 0.3)
    True
    """
    scenario = reseeded(scenario, seed)
    grid = along_values(scenario, along, values, least=FEWEST_VALUES)
    question: dict[str, Any] = {"along": along, "values": grid, "design": design}
    question |= {"observable": observable, "replicas": replicas}
    with asked_of(scenario, "loop", question, out) as tables:
        found = loop(
            scenario,
            **question,
            out=out,
            workers=workers,
            executor=executor,
            progress=progress,
            cancel=cancel,
        )
        tables["loop"] = found.table
    table = found.table.copy()
    table.attrs = {
        "area": tuple(found.area),
        "switch_on": tuple(found.on),
        "switch_off": tuple(found.off),
        "observable": found.observable,
    }
    return Hysteresis(found.area.mean, table)


def loop(
    scenario: Scenario,
    along: str,
    values: Sequence[float] | None = None,
    *,
    design: str | None = None,
    observable: str | None = None,
    replicas: int | None = None,
    out: Place | None = None,
    workers: int | None = None,
    executor: Executor | None = None,
    progress: Progress | None = None,
    cancel: threading.Event | None = None,
    seed: int | None = None,
) -> HysteresisLoop:
    """Return what ``hysteresis`` finds, with switching points; parts are kept in ``out``."""
    scenario = reseeded(scenario, seed)
    grid = along_values(scenario, along, values, least=FEWEST_VALUES)
    at = _settings(scenario, along, grid, design)
    _check(at, along)
    users, name = _observable(at[0], along, observable)
    work = Work(folder=out, workers=workers, executor=executor, progress=progress, cancel=cancel)
    base = varied(scenario, design=design, observables=[name], replicas=replicas)
    table = _measured(base, along, at, work)
    dynamics = at[0].dynamics
    x = np.array(grid, dtype=np.float64)
    curves = _curves(table, name, x.size, dynamics.sweeps, max(dynamics.burn_in, 1))
    either = all(mirrored(name, curves[:, way].T) for way in (0, 1))
    ways = np.abs(curves) if either else curves
    areas = np.trapezoid(ways[:, 1] - ways[:, 0], x, axis=1)
    return HysteresisLoop(
        along=along,
        design=design or (scenario.designs[0].name if scenario.designs else "base"),
        observable=name,
        area=mean_interval(areas),
        on=_switch(x, curves, 0),
        off=_switch(x, curves, 1),
        table=_table(x, curves, along, name),
        values=x,
        curves=curves,
        theory=expected(at[0], along),
        users=users,
    )


def mirrored(observable: str, first: Floats) -> bool:
    """Return whether a state and its mirror image are one, of which chance takes either.

    So it is for an observable with a sign unless the key drives the society from one side to the
    other: the means at the two ends lie on different sides of zero.

    Parameters
    ----------
    observable : str
    first : array, shape (values, replicas)
        Its means.

    Examples
    --------
    >>> cooled = np.array([[0.9, -0.9, 0.9], [0.1, 0.0, -0.1]])
    >>> mirrored("magnetization", cooled), mirrored("edge_agreement", cooled)
    (True, False)
    >>> mirrored("magnetization", np.array([[-0.9, -0.8], [0.9, 0.8]]))
    False
    """
    ends = first[[0, -1]].mean(axis=1)
    least = np.abs(first).max() / 3
    driven = bool(ends.min() < -least and ends.max() > least)
    return observable in UNSIGNED and not driven


def check(
    scenario: Scenario,
    along: str,
    values: Sequence[float] | None = None,
    *,
    design: str | None = None,
) -> None:
    """Raise what ``loop`` would, before anything is computed.

    Raises
    ------
    InputError
        As ``hysteresis``.
    """
    if values is None and along not in scenario.sweep.axes:
        own = varied(scenario, design=design).cases()[0].settings
        grid: list[Any] = [own.dynamics.temperature] if along == TEMPERATURE else []
        if not grid or not isinstance(grid[0], int | float):
            grid = along_values(scenario, along, values, least=FEWEST_VALUES)
    else:
        grid = along_values(scenario, along, values, least=FEWEST_VALUES)
    _check(_settings(scenario, along, grid, design), along)


def _check(at: Sequence[Settings], along: str) -> None:
    if at[0].interventions:
        raise InputError(
            "a hysteresis loop changes one key by itself, but the scenario has interventions; "
            "remove them."
        )
    if not _acts_within(along, at[0]):
        check_segments(along, at)


def _settings(
    scenario: Scenario, along: str, grid: Sequence[Any], design: str | None
) -> list[Settings]:
    swept = varied(scenario, design=design, axes={along: list(grid)})
    return [case.settings for case in swept.cases()]


def _observable(settings: Settings, along: str, asked: str | None) -> tuple[int, str]:
    users, camps = society(settings)
    own = "abs_camp_polarization" if camps else "abs_magnetization"
    return users, asked or ("magnetization" if along.startswith("field.") else own)


def _measured(base: Scenario, along: str, at: Sequence[Settings], work: Work) -> pd.DataFrame:
    """Return the table of one run per replica that visits all values and comes back."""
    sweeps = at[0].dynamics.sweeps
    visits = [*at, *at[-2::-1]]
    first = at[0].canonical()
    kept = ("network", "couplings", "field", "dynamics", "feed")
    dynamics = {**first["dynamics"], "sweeps": len(visits) * sweeps, "burn_in": 0}
    tables = {key: first[key] for key in kept} | {"dynamics": dynamics, "designs": []}
    if not _acts_within(along, at[0]):
        return measure_segments(base.replace({**tables, "interventions": []}), visits, work)
    acts = [_act(along, each, k * sweeps) for k, each in enumerate(visits) if k]
    return measure(base.replace({**tables, "interventions": acts}), work)


def _acts_within(along: str, settings: Settings) -> bool:
    """Return whether an intervention can set the key in the middle of a run."""
    uniform = along == "field.value" and settings.field.kind == "uniform"
    return uniform or along == "dynamics.temperature" or along.startswith("feed.")


def _act(along: str, settings: Settings, sweep: int) -> dict[str, Any]:
    tables = settings.canonical()
    if along == "dynamics.temperature":
        return {"kind": "heat", "at": sweep, "temperature": tables["dynamics"]["temperature"]}
    if along == "field.value":
        return {"kind": "tilt", "at": sweep, "field": tables["field"]["value"]}
    return {"kind": "feed", "at": sweep, "feed": tables["feed"]}


def _curves(table: pd.DataFrame, name: str, count: int, sweeps: int, settled: int) -> Floats:
    """Return way up and way down, both by ascending value, shape (replicas, 2, values)."""
    series = table[table["sweep"] > 0]
    visit = (series["sweep"] - 1) // sweeps
    kept = series["sweep"] - visit * sweeps >= settled
    means = series[kept].groupby([series["replica"][kept], visit[kept]])[name].mean().unstack()
    if means.shape[1] < 2 * count - 1:
        raise InputError(
            f"at some values no frame is left after settling; raise dynamics.sweeps = {sweeps}, or "
            "record more often."
        )
    passed = means.to_numpy(dtype=np.float64)
    # The highest value is visited once and belongs to both ways.
    return np.stack([passed[:, :count], passed[:, count - 1 :][:, ::-1]], axis=1)


def _switch(x: Floats, curves: Floats, way: int) -> Interval:
    """Return where replicas cross the middle of their range, in the order of the way."""
    places = []
    for replica in curves:
        middle = (replica.min() + replica.max()) / 2
        curve, at = (replica[0], x) if way == 0 else (replica[1][::-1], x[::-1])
        above = curve > middle
        turns = np.flatnonzero(above[1:] != above[:-1])
        if not turns.size:
            return Interval(np.nan, np.nan, np.nan)
        k = int(turns[0])
        share = (middle - curve[k]) / (curve[k + 1] - curve[k])
        places.append(at[k] + share * (at[k + 1] - at[k]))
    return mean_interval(places)


def _table(x: Floats, curves: Floats, along: str, observable: str) -> pd.DataFrame:
    rows = []
    for way, name in enumerate((UP, DOWN)):
        order = range(x.size) if way == 0 else range(x.size - 1, -1, -1)
        for k in order:
            band = mean_band(curves[:, way, k], observable)
            rows.append({"direction": name, along: x[k], **band._asdict()})
    return pd.DataFrame(rows)
