"""Binder crossings: the critical point of the infinite society, from societies of several sizes.

Along temperature, without field and feed, societies of three sizes are sampled in equilibrium,
reweighted and extrapolated (``infinite``). Along any other key the scenario runs as it is at every
value, and the crossing of the two largest sizes is what it is: near the transition, no limit.
"""

from __future__ import annotations

import threading
from collections.abc import Sequence
from concurrent.futures import Executor
from functools import partial
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from sociophysics.arguments import asks
from sociophysics.errors import InputError
from sociophysics.experiments.infinite import UPDATES, extrapolate, refusal
from sociophysics.experiments.resizing import resized
from sociophysics.scenario import Scenario, Settings
from sociophysics.statistics.resampling import percentiles
from sociophysics.store import Place
from sociophysics.streams import generator
from sociophysics.study.expected import TEMPERATURE
from sociophysics.study.measure import (
    Moments,
    Progress,
    Work,
    along_values,
    measure,
    moments,
    reseeded,
    varied,
)

__all__ = ["Crossing", "binder_crossing", "check"]

Floats = NDArray[np.float64]
DRAWS = 500
FEWEST_VALUES = 3
MOST_LOST = 0.05  # share of bootstrap draws without a crossing


class Crossing(NamedTuple):
    """Where cumulants of several sizes cross, NaN if they do not."""

    value: float
    interval: tuple[float, float]
    table: pd.DataFrame
    note: str
    """What the value is and how it was found, or why there is none."""
    infinite: bool
    """Whether it is the critical point of the infinite society."""


@asks
def binder_crossing(
    scenario: Scenario,
    along: str = "dynamics.temperature",
    values: Sequence[float] | None = None,
    *,
    sizes: Sequence[int] | None = None,
    observable: str = "abs_magnetization",
    design: str | None = None,
    replicas: int | None = None,
    out: Place | None = None,
    workers: int | None = None,
    executor: Executor | None = None,
    progress: Progress | None = None,
    updates: float | None = None,
    cancel: threading.Event | None = None,
    seed: int | None = None,
) -> Crossing:
    """Return where Binder's cumulants ``U4 = 1 - <m^4>/(3 <m^2>^2)`` of several sizes cross.

    Below a continuous transition a larger society has the larger cumulant, above it the smaller
    one. Along temperature, without field, feed and interventions, the value is the critical
    temperature of the *infinite* society: three sizes are sampled in equilibrium, with burn-in and
    replicas of their own, reweighted to the temperatures around, and their two crossings are
    extrapolated; the interval holds the noise and what the extrapolation leaves open. In all other
    cases the scenario runs as it is at every value, and the value is the crossing of the two
    largest sizes, near the transition if runs are long enough to be in equilibrium.

    Parameters
    ----------
    scenario : Scenario
    along : str
        Dotted key of a number.
    values : sequence of float, optional
        At least three, around the transition; left out, the scenario's own sweep or, for the
        temperature, half to one and a half times what theory expects.
    sizes : sequence of int, optional
        Two or more: users (``network.n``); of a lattice, the length of every side. May be left out
        for the infinite society: 8, 16, 32 on square lattices, 256, 1,024, 4,096 users of random
        networks. To two, a third one is added.
    observable : str
        Order parameter.
    updates : float, optional
        Of single users, over all sizes of the infinite society: about 1.6e11, a minute or two of
        two processors where the bit-sliced kernel serves (couplings +-c).
    design : str, optional
        Name of one of the scenario's designs; the first by default.
    replicas : int, optional
        Left out, the scenario's, or 10 if it asks for one.
    out : path or str, optional
        Folder, or address of an object store, that keeps finished parts.
    workers, executor, progress, cancel
        As for ``sp.run``.
    seed : int, optional
        Instead of the scenario's.

    Returns
    -------
    Crossing
        Value and interval (95 %); the table has one row per size and temperature.

    Raises
    ------
    InputError
        Fewer than two sizes, or a network whose size is fixed: a given network has a
        pseudo-critical point (``locate``) and no infinite society.

    References
    ----------
    K. Binder, Z. Phys. B 43, 119 (1981); A. M. Ferrenberg, R. H. Swendsen, Phys. Rev. Lett. 61,
    2635 (1988).

    Examples
    --------
    >>> scenario = Scenario.from_toml('''
    ... seed = 1
    ... network = {kind = "lattice", shape = [4, 4]}
    ... couplings = {kind = "uniform"}
    ... dynamics = {temperature = 1.0, sweeps = 400, burn_in = 50}
    ... ''')
    >>> crossing = binder_crossing(scenario, values=[2.0, 2.3, 2.6], sizes=[4, 8, 16], updates=2e8)
    >>> bool(abs(crossing.value - 2.2692) < 0.1), crossing.infinite
    (True, True)
    """
    scenario = reseeded(scenario, seed)
    work = Work(folder=out, workers=workers, executor=executor, progress=progress, cancel=cancel)
    why = check(scenario, along, values, sizes=sizes, design=design, observable=observable)
    if why is None:
        given = values is not None or along in scenario.sweep.axes
        grid = along_values(scenario, along, values, least=FEWEST_VALUES) if given else None
        found = extrapolate(
            scenario, grid, sizes=sizes, design=design, work=work, updates=updates or UPDATES
        )
        return Crossing(found.value, found.interval, found.table, found.note, True)
    grid = along_values(scenario, along, values, least=FEWEST_VALUES)
    ordered = sorted(set(sizes or ()))
    one = partial(_scan, observable=observable, design=design, replicas=replicas)
    scans = [one(resized(scenario, size, design), along, grid, work) for size in ordered]
    value, interval = _crossing(scans[-2], scans[-1], seed=scenario.seed)
    note = f"the two largest sizes, with the scenario's own runs, not extrapolated: {why}"
    return Crossing(value, interval, _table(ordered, scans, along), note, False)


def _settings(
    scenario: Scenario, along: str, values: Sequence[float] | None, design: str | None
) -> Settings:
    """Return the settings at one value, which need not be given along temperature."""
    if values is None and along == TEMPERATURE and along not in scenario.sweep.axes:
        values = [1.0]
    grid = along_values(scenario, along, values, least=1)
    return varied(scenario, design=design, axes={along: grid[:1]}).cases()[0].settings


def check(
    scenario: Scenario,
    along: str,
    values: Sequence[float] | None = None,
    *,
    sizes: Sequence[int] | None,
    design: str | None = None,
    observable: str = "abs_magnetization",
) -> str | None:
    """Return why there is no infinite society to extrapolate to, None if there is.

    Raises
    ------
    InputError
        As ``binder_crossing``, before anything is computed.
    """
    settings = _settings(scenario, along, values, design)
    if not hasattr(settings.network, "n") and not hasattr(settings.network, "shape"):
        raise InputError(
            f"a network of kind {settings.network.kind!r} has one size, and so a pseudo-critical "
            "point but no infinite society to extrapolate to; use locate, which finds that point."
        )
    if sizes is not None and (len(set(sizes)) < 2 or min(sizes) < 2):
        raise InputError(f"sizes is {list(sizes)}; give at least two different sizes of 2 or more.")
    if along != TEMPERATURE:
        why: str | None = f"{along} is not the temperature"
    elif observable != "abs_magnetization":
        why = f"{observable} is not abs_magnetization"
    else:
        why = refusal(settings)
    if sizes is None and why is not None:
        raise InputError(
            f"no sizes are given, and there is no infinite society to extrapolate to: {why}; give "
            "two sizes to see where they cross."
        )
    return why


def _scan(
    scenario: Scenario,
    along: str,
    grid: Sequence[Any],
    work: Work,
    *,
    observable: str,
    design: str | None,
    replicas: int | None,
) -> Moments:
    swept = varied(
        scenario,
        design=design,
        observables=[observable],
        replicas=replicas,
        axes={along: grid},
    )
    burn_in = swept.cases()[0].settings.dynamics.burn_in
    return moments(measure(swept, work), observable, along=along, burn_in=burn_in)


def _cumulant(second: Floats, fourth: Floats) -> Floats:
    with np.errstate(divide="ignore", invalid="ignore"):
        result: Floats = 1 - fourth / (3 * second**2)
    return result


def _drawn(scan: Moments, rows: Any) -> Floats:
    return _cumulant(scan.second[:, rows].mean(axis=1), scan.fourth[:, rows].mean(axis=1))


def _root(values: Floats, difference: Floats) -> float:
    """Return where ``U(large) - U(small)`` falls through zero most steeply, NaN if nowhere."""
    falls = np.flatnonzero((difference[:-1] > 0) & (difference[1:] <= 0))
    if not falls.size:
        return np.nan
    k = falls[np.argmax(difference[falls] - difference[falls + 1])]
    share = difference[k] / (difference[k] - difference[k + 1])
    return float(values[k] + share * (values[k + 1] - values[k]))


def _crossing(small: Moments, large: Moments, *, seed: int) -> tuple[float, tuple[float, float]]:
    everyone = slice(None)
    value = _root(small.values, _drawn(large, everyone) - _drawn(small, everyone))
    rng = generator(seed, "bootstrap")
    replicas = small.first.shape[1]
    drawn = np.array(
        [
            _root(
                small.values,
                _drawn(large, rng.integers(replicas, size=replicas))
                - _drawn(small, rng.integers(replicas, size=replicas)),
            )
            for _ in range(DRAWS)
        ]
    )
    if np.isnan(value) or np.isnan(drawn).mean() > MOST_LOST:
        return float(value), (np.nan, np.nan)
    low, high = percentiles(drawn, replicas)
    return float(value), (float(low), float(high))


def _table(sizes: Sequence[int], scans: Sequence[Moments], along: str) -> pd.DataFrame:
    rows = [
        pd.DataFrame(
            {
                "size": size,
                along: scan.values,
                "replicas": scan.first.shape[1],
                "mean": scan.first.mean(axis=1),
                "binder": _drawn(scan, slice(None)),
            }
        )
        for size, scan in zip(sizes, scans, strict=True)
    ]
    return pd.concat(rows, ignore_index=True)
