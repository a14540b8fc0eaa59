"""The short answer of a run: which observable, at which swept point, and what it says."""

from __future__ import annotations

from typing import Any

import pandas as pd

from sociophysics.results.comparison import TEMPERATURE
from sociophysics.results.run import Run
from sociophysics.statistics import mean_interval

__all__ = ["TEMPERATURE", "at", "headline", "melting_or_none", "telling_point"]

POLARIZATION = ("camp_polarization", "abs_camp_polarization")
# A signed mean stance averages to nothing over replicas that agreed on different sides.
FIRST = (*POLARIZATION, "abs_magnetization")


def headline(run: Run) -> str:
    """Return the observable that a summary shows: of camps, of consensus, else the first."""
    return next((name for name in FIRST if name in run.observables), run.observables[0])


def telling_point(run: Run, observable: str) -> dict[str, Any]:
    """Return the swept point at which designs differ most from the reference, on average.

    The mean over designs of ``abs(difference)`` decides; of equal points the first wins, and a
    run of one design is shown at the middle of its sweep.
    """
    if not run.swept:
        return {}
    if len(run.designs) < 2:
        return run.grid.point(len(run.grid.points) // 2)
    rows = run.compare(observable)
    rows = rows.assign(size=rows["difference"].abs()).dropna(subset=["size"])
    if rows.empty:
        return run.grid.point(0)
    means = rows.groupby(run.swept, sort=False)["size"].mean()
    names = means.index[int(means.to_numpy().argmax())]
    values = names if isinstance(names, tuple) else (names,)
    return dict(zip(run.swept, values, strict=True))


def at(run: Run, observable: str, point: dict[str, Any]) -> pd.DataFrame:
    """Return the rows of `Run.compare` at one point, with the mean's own 95 % interval.

    Columns ``mean_low`` and ``mean_high`` are its `statistics.mean_interval` over replicas.
    """
    rows = run.compare(observable)
    for key, value in point.items():
        rows = rows[rows[key] == value]
    rows = rows.reset_index(drop=True)
    grid = run.grid
    k = next(i for i in range(len(grid.points)) if grid.point(i) == point)
    values = grid.values(observable)
    intervals = [
        mean_interval(values[d, k, grid.present[d, k]])
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
