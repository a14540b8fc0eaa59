"""From tables to what is drawn: means over replicas with their bands, and grids of means."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from sociophysics.study.results import comparison

__all__ = ["Points", "grid_means", "of_search", "points"]

Floats = NDArray[np.float64]


class Points(NamedTuple):
    """Means over replicas along one key, with 95 % bands (`band`); NaN with one replica."""

    x: Floats
    mean: Floats
    low: Floats
    high: Floats


def replica_means(table: pd.DataFrame, keys: list[str], name: str, burn_in: int) -> pd.Series:
    """Return the mean after settling of each replica at each point."""
    kept = table[table["sweep"] >= burn_in]
    means: pd.Series = kept.groupby([*keys, "replica"])[name].mean()
    return means


def band(values: Floats, observable: str) -> tuple[float, float, float]:
    """Return the mean of replicas and its interval, inside the range of the observable.

    As the report has them, but that a replica without a number is left out here.
    """
    known = values[np.isfinite(values)]
    if known.size < 2:
        return (float(known.mean()) if known.size else np.nan, np.nan, np.nan)
    mean, low, high = comparison.mean_band(known, observable)
    return float(mean), float(low), float(high)


def points(table: pd.DataFrame, key: str, name: str, *, burn_in: int) -> Points:
    """Return what is known so far along a key.

    Parameters
    ----------
    table : DataFrame
        Rows that have landed so far: the key, replica, sweep, observables.
    key : str
        Column of the key.
    name : str
        Column of the observable.
    burn_in : int
        Sweeps before it are left out.

    Examples
    --------
    >>> table = pd.DataFrame({"T": [1.0, 1.0, 2.0], "replica": [0, 1, 0], "sweep": 9,
    ...                       "m": [0.5, 0.7, 0.1]})
    >>> found = points(table, "T", "m", burn_in=5)
    >>> found.mean.round(2).tolist(), bool(np.isnan(found.low[1]))
    ([0.6, 0.1], True)
    """
    means = replica_means(table, [key], name, burn_in).groupby(level=0)
    x, rows = [], []
    for value, replicas in means:
        x.append(float(value))
        rows.append(band(replicas.to_numpy(dtype=np.float64), name))
    mean, low, high = np.array(rows, dtype=np.float64).reshape(-1, 3).T
    return Points(np.array(x), mean, low, high)


def of_search(table: pd.DataFrame, key: str) -> Points:
    """Return the points of a search, its refined grid included."""
    columns = (table[name].to_numpy(dtype=np.float64) for name in (key, "mean", "low", "high"))
    return Points(*columns)


def grid_means(
    table: pd.DataFrame, axes: tuple[str, str], values: tuple[list[float], list[float]], name: str,
    *, burn_in: int,
) -> Floats:  # fmt: skip
    """Return the means over replicas at each pair of values, NaN where nothing has landed yet.

    Parameters
    ----------
    table : DataFrame
        Rows that have landed so far: both keys, replica, sweep, observables.
    axes : (str, str)
        Columns of the two keys.
    values : (list, list)
        The values that will land, of each key.
    name : str
        Column of the observable.
    burn_in : int
        Sweeps before it are left out.

    Returns
    -------
    array, shape (second values, first values)

    Examples
    --------
    >>> table = pd.DataFrame({"a": [1.0, 2.0], "b": [0.0, 0.0], "replica": 0, "sweep": 9,
    ...                       "m": [0.5, 0.7]})
    >>> grid_means(table, ("a", "b"), ([1.0, 2.0], [0.0, 3.0]), "m", burn_in=0).tolist()
    [[0.5, 0.7], [nan, nan]]
    """
    means = replica_means(table, list(axes), name, burn_in).groupby(level=[0, 1]).mean()
    grid = means.unstack(level=0).reindex(index=values[1], columns=values[0])
    result: Floats = grid.to_numpy(dtype=np.float64)
    return result
