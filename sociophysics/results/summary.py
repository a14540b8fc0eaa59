"""The short answer of a run: which observable, at which swept point, and what it says."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from sociophysics.results.run import Run
from sociophysics.statistics import t_interval

__all__ = ["TEMPERATURE", "at", "headline", "melting_or_none", "telling_point"]

TEMPERATURE = "dynamics.temperature"
POLARIZATION = ("camp_polarization", "abs_camp_polarization")


def headline(run: Run) -> str:
    """Return the observable that a summary shows: camp polarization, else the first recorded."""
    return next((name for name in POLARIZATION if name in run.observables), run.observables[0])


def telling_point(run: Run, observable: str) -> dict[str, Any]:
    """Return the swept point at which the designs' means scatter most; with one design the middle.

    The standard deviation of all designs' means decides, so that one odd design does not; of
    equal points the first wins.
    """
    if not run.swept:
        return {}
    if len(run.designs) < 2:
        return run.grid.point(len(run.grid.points) // 2)
    means = run.compare(observable).pivot_table(
        index=run.swept, columns="design", values="mean", sort=False
    )
    spread = means.std(axis=1).to_numpy()
    if not np.isfinite(spread).any():
        return run.grid.point(0)
    names = means.index[int(np.nanargmax(spread))]
    values = names if isinstance(names, tuple) else (names,)
    return dict(zip(run.swept, values, strict=True))


def at(run: Run, observable: str, point: dict[str, Any]) -> pd.DataFrame:
    """Return the rows of `Run.compare` at one point, with the mean's own 95 % interval.

    Columns ``mean_low`` and ``mean_high`` are Student's interval over replicas.
    """
    rows = run.compare(observable)
    for key, value in point.items():
        rows = rows[rows[key] == value]
    rows = rows.reset_index(drop=True)
    grid = run.grid
    k = next(i for i in range(len(grid.points)) if grid.point(i) == point)
    values = grid.values(observable)
    intervals = [
        t_interval(values[d, k, grid.present[d, k]])
        for d in (grid.designs.index(name) for name in rows["design"])
    ]
    rows["mean_low"] = [interval.low for interval in intervals]
    rows["mean_high"] = [interval.high for interval in intervals]
    return rows


def melting_or_none(run: Run) -> pd.DataFrame | None:
    """Return `Run.melting` if the run swept temperature and recorded two camps, else None."""
    observable = headline(run)
    if TEMPERATURE not in run.swept or observable not in POLARIZATION:
        return None
    if run.grid.points[TEMPERATURE].nunique() < 2:
        return None
    return run.melting(observable)
