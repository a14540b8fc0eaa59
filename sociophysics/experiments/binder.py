"""Binder crossings: the critical point of the infinite society, from societies of several sizes."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import Executor
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from sociophysics.errors import InputError
from sociophysics.experiments.measure import (
    Moments,
    Progress,
    Work,
    along_values,
    measure,
    moments,
    varied,
)
from sociophysics.scenario import Scenario
from sociophysics.streams import generator

__all__ = ["Crossing", "binder_crossing"]

Floats = NDArray[np.float64]
DRAWS = 500
FEWEST_VALUES = 3
MOST_LOST = 0.05  # share of bootstrap draws without a crossing


class Crossing(NamedTuple):
    """Where the cumulants of the two largest sizes cross, NaN if they do not."""

    value: float
    interval: tuple[float, float]
    table: pd.DataFrame


def binder_crossing(
    scenario: Scenario,
    along: str = "dynamics.temperature",
    values: Sequence[float] | None = None,
    *,
    sizes: Sequence[int],
    observable: str = "abs_magnetization",
    design: str | None = None,
    replicas: int | None = None,
    out: Path | None = None,
    workers: int = 1,
    executor: Executor | None = None,
    progress: Progress | None = None,
) -> Crossing:
    """Return where Binder's cumulants ``U4 = 1 - <m^4>/(3 <m^2>^2)`` of several sizes cross.

    Below a continuous transition a larger society has the larger cumulant, above it the smaller
    one; the crossing hardly depends on the sizes. Moments are averaged over frames after burn-in
    and replicas, so runs must be long enough to be in equilibrium.

    Parameters
    ----------
    scenario : Scenario
    along : str
        Dotted key of a number.
    values : sequence of float, optional
        At least three, around the transition; left out, the scenario's own sweep.
    sizes : sequence of int
        Two or more: users (``network.n``); of a lattice, the length of every side.
    observable : str
        Order parameter.

    Returns
    -------
    Crossing
        The crossing of the two largest sizes with its bootstrap interval over replicas; the
        table has one row per size and value.

    Raises
    ------
    InputError
        Fewer than two sizes, or a network whose size is fixed.

    References
    ----------
    K. Binder, Z. Phys. B 43, 119 (1981).

    Examples
    --------
    >>> scenario = Scenario.from_toml('''
    ... seed = 1
    ... network = {kind = "lattice", shape = [4, 4]}
    ... couplings = {kind = "uniform"}
    ... dynamics = {temperature = 1.0, sweeps = 400, burn_in = 50}
    ... ''')
    >>> crossing = binder_crossing(scenario, values=[1.5, 2.0, 2.5, 3.0], sizes=[4, 8])
    >>> bool(2.0 < crossing.value < 2.6)
    True
    """
    ordered = sorted(set(sizes))
    if len(ordered) < 2 or ordered[0] < 2:
        raise InputError(f"sizes is {list(sizes)}; give at least two different sizes of 2 or more.")
    grid = along_values(scenario, along, values, least=FEWEST_VALUES)
    work = Work(folder=out, workers=workers, executor=executor, progress=progress)
    scans: list[Moments] = []
    for size in ordered:
        axes = {along: grid}
        swept = varied(
            _sized(scenario, size, design),
            design=design,
            observables=[observable],
            replicas=replicas,
            axes=axes,
        )
        burn_in = swept.cases()[0].settings.dynamics.burn_in
        scans.append(moments(measure(swept, work), observable, along=along, burn_in=burn_in))
    value, interval = _crossing(scans[-2], scans[-1], seed=scenario.seed)
    return Crossing(value, interval, _table(ordered, scans, along))


def _sized(scenario: Scenario, size: int, design: str | None) -> Scenario:
    """Return the scenario with another size, in the design's own network if it has one."""
    names = [each.name for each in scenario.designs]
    owner = scenario.designs[names.index(design) if design in names else 0] if names else None
    network = scenario.network if owner is None or owner.network is None else owner.network
    prefix = "" if network is scenario.network else f"designs.{owner.name if owner else ''}."
    if hasattr(network, "shape"):
        return scenario.replace({f"{prefix}network.shape": [size] * len(network.shape)})
    if not hasattr(network, "n"):
        raise InputError(
            f"a Binder crossing needs networks of several sizes, but a network of kind "
            f"{network.kind!r} has one size; use locate, which needs one."
        )
    return scenario.replace({f"{prefix}network.n": size})


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
    low, high = np.nanquantile(drawn, [0.025, 0.975])
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
