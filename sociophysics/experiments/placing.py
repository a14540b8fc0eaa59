"""From the scan of a key to a place on it: refined grids, bootstrap, peak of fluctuations."""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from sociophysics.experiments.detection import (
    Detection,
    densities,
    peak,
    side_distances,
)
from sociophysics.scenario import Settings
from sociophysics.statistics import Interval, bootstrap_interval
from sociophysics.statistics.distances import jensen_shannon, parabola
from sociophysics.streams import generator
from sociophysics.study.expected import TEMPERATURE
from sociophysics.study.measure import Moments
from sociophysics.study.results.comparison import mean_band

__all__ = ["UNKNOWN", "finer", "fluctuation_peak", "placed", "scan_table", "temperatures_of"]

Floats = NDArray[np.float64]
DRAWS = 500
UNKNOWN = Interval(np.nan, np.nan, np.nan)


def finer(levels: list[Floats], scan: Moments, detection: Detection) -> Floats:
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
    # Rounded, and old values taken over, so that they are met again exactly.
    fine = np.linspace(last[first], last[final], count).round(12).astype(np.float64)
    old = last[first : final + 1]
    fine[::2] = np.where(np.isclose(fine[::2], old, rtol=0, atol=1e-9), old, fine[::2])
    return fine


def _rows(scan: Moments, values: Floats) -> Floats:
    return scan.first[np.searchsorted(scan.values, values)]


def placed(scan: Moments, levels: list[Floats], detection: Detection, *, seed: int) -> Interval:
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
    chosen = [rng.integers(replicas, size=replicas) for _ in range(DRAWS)]
    weight = np.array([np.bincount(each, minlength=replicas) for each in chosen]) / replicas
    # (values, draws, bins)
    tops = levels[0][1 + side_distances(weight @ coarse).argmax(axis=0)]
    fine = side_distances(weight @ density)
    # Draws that would have refined another part of the range count with their coarse place.
    drawn = [
        peak(last[1:-1], fine[:, k]) if last[0] <= top <= last[-1] else float(top)
        for k, top in enumerate(tops)
    ]
    low, high = np.quantile(drawn, [0.025, 0.975])
    step = float(last[1] - last[0]) / 2
    return Interval(value, float(low) - step, float(high) + step)


def temperatures_of(values: Floats, along: str, settings: Settings) -> Floats:
    """Return the temperature at each value of a key; NaN where it changes with time."""
    if along == TEMPERATURE:
        return values
    level = None if settings.dynamics.rule else settings.dynamics.temperature
    return np.full(values.size, float(level) if isinstance(level, int | float) else np.nan)


def _susceptibility(first: Floats, second: Floats, users: int, temperatures: Floats) -> Floats:
    """Return ``n (<O^2> - <O>^2)/T`` over all frames of all replicas."""
    variance = second.mean(axis=-1) - first.mean(axis=-1) ** 2
    with np.errstate(divide="ignore", invalid="ignore"):
        result: Floats = np.where(temperatures > 0, users * variance / temperatures, np.nan)
    return result


def fluctuation_peak(scan: Moments, users: int, temperatures: Floats, *, seed: int) -> Interval:
    """Return where the order parameter fluctuates most; NaN if that is at an end of the range."""
    both = np.stack([scan.first.T, scan.second.T], axis=1)  # (replicas, 2, values)

    def top(drawn: Floats) -> float:
        first, second = drawn[:, 0].T, drawn[:, 1].T
        return parabola(scan.values, _susceptibility(first, second, users, temperatures))

    height = _susceptibility(scan.first, scan.second, users, temperatures)
    inside = np.isfinite(height).all() and 0 < int(np.argmax(height)) < height.size - 1
    return bootstrap_interval(both, seed=seed, statistic=top, draws=DRAWS) if inside else UNKNOWN


def scan_table(
    scan: Moments,
    levels: list[Floats],
    along: str,
    observable: str,
    users: int,
    temperatures: Floats,
) -> pd.DataFrame:
    """Return one row per value: order parameter, susceptibility, distances of the two sides."""
    bands = np.array([mean_band(row, observable) for row in scan.first])
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
