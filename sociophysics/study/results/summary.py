"""What a run says first, in numbers and in the texts of table cells."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from sociophysics.arguments import asks
from sociophysics.statistics import share_interval
from sociophysics.study.results.comparison import TEMPERATURE, mean_band
from sociophysics.study.results.run import Run

__all__ = [
    "MOVING",
    "TEMPERATURE",
    "at",
    "difference_text",
    "fewest",
    "headline",
    "interval_text",
    "is_at",
    "mean_text",
    "melting_or_none",
    "number_text",
    "outcome",
    "size_texts",
    "unit_heading",
    "unseen_text",
]

MOVING = "not settled"
Row = Mapping[str, Any]


def number_text(value: float, digits: int = 3, *, sign: bool = False) -> str:
    """Return a number for a table, a dash for none; what rounds to zero has no sign.

    Examples
    --------
    >>> number_text(-0.00001), number_text(0.5, 2, sign=True), number_text(math.nan)
    ('0.000', '+0.50', '-')
    """
    if math.isnan(value):
        return "-"
    text = f"{value:{'+' if sign else ''}.{digits}f}"
    return text if float(text) else f"{0.0:.{digits}f}"


def interval_text(
    value: float, low: float, high: float, digits: int = 3, *, sign: bool = False
) -> str:
    """Return a value with its interval in brackets, or alone if it has none."""
    middle = number_text(value, digits, sign=sign)
    if math.isnan(low) and math.isnan(high):
        return middle
    return f"{middle} [{number_text(low, digits)}, {number_text(high, digits)}]"


def mean_text(row: Row, digits: int = 3, *, short: bool = False) -> str:
    """Return what a design shows in one window.

    A mean with its interval; "not settled" and the means of the window's halves where it still
    moves; where replicas are in two states, how many are in which.

    Parameters
    ----------
    row : mapping
        A row of `at`.
    short : bool
        Without interval, halves and states.

    Examples
    --------
    >>> row = {"mean": 0.1, "mean_low": 0.0, "mean_high": 0.2, "early": 0.15, "late": 0.05}
    >>> mean_text(row | {"settled": "no"}, 2)
    'not settled: 0.15, then 0.05'
    >>> mean_text(row | {"settled": "yes"}, 2)
    '0.10 [0.00, 0.20]'
    >>> row |= {"share": 0.1, "share_low": 0.012, "share_high": 0.317, "replicas": 20}
    >>> mean_text(row | {"settled": "yes", "lower": 0.0, "upper": 0.9}, 1)
    '2 of 20 at 0.9, the others at 0.0: 10 % [1, 32]'
    """
    if row["settled"] == "no":
        if short:
            return MOVING
        halves = (number_text(row[name], digits) for name in ("early", "late"))
        return f"{MOVING}: " + ", then ".join(halves)
    if not math.isnan(row.get("share", math.nan)):
        return _states_text(row, digits, short=short)
    if short:
        return number_text(row["mean"], digits)
    return interval_text(row["mean"], row["mean_low"], row["mean_high"], digits)


def _states_text(row: Row, digits: int, *, short: bool) -> str:
    """Return how many replicas are in the upper of two states, with the share's exact interval."""
    count = f"{round(row['share'] * row['replicas'])} of {row['replicas']}"
    if short:
        return count
    ends = ", ".join(f"{100 * row[name]:.0f}" for name in ("share_low", "share_high"))
    lower, upper = (number_text(row[name], digits) for name in ("lower", "upper"))
    share = f"{100 * row['share']:.0f} % [{ends}]"
    return f"{count} at {upper}, the others at {lower}: {share}"


def difference_text(row: Row, reference: Row, digits: int = 3) -> str:
    """Return the paired difference to the reference, "not settled" if either side moves."""
    if math.isnan(row["difference"]):
        return ""
    if "no" in (row["settled"], reference["settled"]):
        return MOVING
    return interval_text(row["difference"], row["low"], row["high"], digits, sign=True)


def size_texts(row: Row, reference: Row) -> tuple[str, str]:
    """Return a difference in natural units, and over the spread between users.

    Examples
    --------
    >>> row = {"difference": 0.5, "in_units": 50.0, "effect": 0.6, "settled": "yes"}
    >>> size_texts(row, row)
    ('+50', '+0.6')
    """
    if math.isnan(row["difference"]) or "no" in (row["settled"], reference["settled"]):
        return "", ""
    units, effect = row["in_units"], row["effect"]
    natural = (
        "" if math.isnan(units) else number_text(units, 0 if abs(units) >= 10 else 1, sign=True)
    )
    digits = 1 if abs(effect) >= 0.1 else 2
    return natural, number_text(effect, digits, sign=True) if math.isfinite(effect) else ""


def unit_heading(unit: str) -> str:
    """Return a unit as the heading of a column.

    Examples
    --------
    >>> unit_heading("points of polarization"), unit_heading("% of ties")
    ('points', '% of ties')
    """
    return unit.partition(" of ")[0] if unit.startswith("points") else unit


def unseen_text(replicas: int) -> str:
    """Return what no interval of so many replicas holds: states that none of them reached.

    Examples
    --------
    >>> unseen_text(20)
    'up to 17 % of societies may be in a state that none of 20 replicas reached (95 %)'
    """
    most = share_interval(0, replicas).high
    none = f"none of {replicas} replicas" if replicas > 1 else "this one replica never"
    return f"up to {100 * most:.0f} % of societies may be in a state that {none} reached (95 %)"


POLARIZATION = ("camp_polarization", "abs_camp_polarization")
# A signed mean stance averages to nothing over replicas that agreed on different sides.
FIRST = (*POLARIZATION, "abs_magnetization")


@asks
def headline(run: Run) -> str:
    """Return the observable that a summary shows: of camps, of consensus, else the first."""
    return next((name for name in FIRST if name in run.observables), run.observables[0])


@asks
def fewest(run: Run) -> int:
    """Return the number of replicas of the design and point that have the fewest."""
    counts = run.grid.present.sum(axis=-1)
    return int(counts[counts > 0].min())


@asks
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
    return with_intervals(run, observable, rows[is_at(rows, point)])


def is_at(rows: pd.DataFrame, point: Mapping[str, Any]) -> NDArray[np.bool_]:
    """Return which rows have these values of swept keys.

    Examples
    --------
    >>> is_at(pd.DataFrame({"field.value": [0.0, 0.5]}), {"field.value": 0.5}).tolist()
    [False, True]
    """
    keep = np.ones(len(rows), dtype=bool)
    for key, value in point.items():
        keep &= (rows[key] == value).to_numpy()
    return keep


def outcome(rows: pd.DataFrame) -> pd.DataFrame:
    """Return the rows of the last window of each design at each point."""
    last = rows.groupby([*rows.columns[: rows.columns.get_loc("observable")]], sort=False).tail(1)
    return last.reset_index(drop=True)


def with_intervals(run: Run, observable: str, rows: pd.DataFrame) -> pd.DataFrame:
    """Return rows of `Run.compare` with ``mean_low`` and ``mean_high``."""
    ends = np.array(
        [mean_band(values, observable)[1:] for values in run.replicas_of(observable, rows)]
    )
    ends = ends.reshape(len(rows), 2)
    return rows.assign(mean_low=ends[:, 0], mean_high=ends[:, 1]).reset_index(drop=True)


@asks
def melting_or_none(run: Run) -> pd.DataFrame | None:
    """Return `Run.melting` if the run swept temperature and recorded two camps, else None."""
    observable = headline(run)
    if TEMPERATURE not in run.swept or observable not in POLARIZATION:
        return None
    if run.grid.points[TEMPERATURE].nunique() < 2:
        return None
    return run.melting(observable)
