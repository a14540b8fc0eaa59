"""The short answer of a run: which observable, at which swept point, and what it says."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from sociophysics.statistics import mean_interval
from sociophysics.study.results.comparison import TEMPERATURE
from sociophysics.study.results.run import Run
from sociophysics.study.results.scales import scale_of

__all__ = ["TEMPERATURE", "at", "fewest", "headline", "melting_or_none", "outcome"]

POLARIZATION = ("camp_polarization", "abs_camp_polarization")
# A signed mean stance averages to nothing over replicas that agreed on different sides.
FIRST = (*POLARIZATION, "abs_magnetization")


def headline(run: Run) -> str:
    """Return the observable that a summary shows: of camps, of consensus, else the first."""
    return next((name for name in FIRST if name in run.observables), run.observables[0])


def fewest(run: Run) -> int:
    """Return the number of replicas of the design and point that have the fewest."""
    counts = run.grid.present.sum(axis=-1)
    return int(counts[counts > 0].min())


def at(run: Run, observable: str, point: dict[str, Any]) -> pd.DataFrame:
    """Return the rows of `Run.compare` at one point, with the mean's own 95 % interval.

    Columns ``mean_low`` and ``mean_high`` are its `statistics.mean_interval` over replicas, kept
    inside the range of the observable. Of several windows each has its row.

    Parameters
    ----------
    run : Run
    observable : str
        A column of the run's table.
    point : dict
        Swept keys and their values.

    Examples
    --------
    >>> import sociophysics as sp
    >>> scenario = sp.Scenario.from_toml('''
    ... seed = 1
    ... network = {kind = "complete", n = 6}
    ... couplings = {kind = "uniform", value = 0.1}
    ... dynamics = {temperature = 0.0, sweeps = 4, start = "up"}
    ... observe = {every = 2, names = ["magnetization"]}
    ... ''')
    >>> at(sp.run(scenario, workers=1), "magnetization", {})["mean"].tolist()
    [1.0]
    """
    rows = run.compare(observable)
    keep = np.ones(len(rows), dtype=bool)
    for key, value in point.items():
        keep &= (rows[key] == value).to_numpy()
    return with_intervals(run, observable, rows[keep])


def outcome(rows: pd.DataFrame) -> pd.DataFrame:
    """Return the rows of the last window of each design at each point."""
    last = rows.groupby([*rows.columns[: rows.columns.get_loc("observable")]], sort=False).tail(1)
    return last.reset_index(drop=True)


def with_intervals(run: Run, observable: str, rows: pd.DataFrame) -> pd.DataFrame:
    """Return rows of `Run.compare` with ``mean_low`` and ``mean_high``."""
    scale = scale_of(observable)
    ends = np.array([mean_interval(values)[1:] for values in run.replicas_of(observable, rows)])
    ends = ends.reshape(len(rows), 2)
    ends = ends if scale is None else scale.clip(ends)
    return rows.assign(mean_low=ends[:, 0], mean_high=ends[:, 1]).reset_index(drop=True)


def melting_or_none(run: Run) -> pd.DataFrame | None:
    """Return `Run.melting` if the run swept temperature and recorded two camps, else None."""
    observable = headline(run)
    if TEMPERATURE not in run.swept or observable not in POLARIZATION:
        return None
    if run.grid.points[TEMPERATURE].nunique() < 2:
        return None
    return run.melting(observable)
