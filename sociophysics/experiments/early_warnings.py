"""Early warnings: a society that is about to tip recovers more slowly and fluctuates more."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.stats import kendalltau, ttest_1samp

from sociophysics.errors import InputError
from sociophysics.experiments.measure import Work, along_values, measure, society, varied
from sociophysics.scenario import Scenario
from sociophysics.statistics import t_interval, tau

__all__ = ["INDICATORS", "EarlyWarning", "early_warning"]

Floats = NDArray[np.float64]
INDICATORS = ("variance", "lag1", "tau")
FEWEST_VALUES = 4
FEWEST_FRAMES = 20


class EarlyWarning(NamedTuple):
    """Trends of the indicators along the approach, and the indicators themselves."""

    trend: pd.DataFrame
    table: pd.DataFrame


def early_warning(
    scenario: Scenario,
    along: str = "dynamics.temperature",
    values: Sequence[float] | None = None,
    *,
    design: str | None = None,
    observable: str | None = None,
    replicas: int | None = None,
    out: Path | None = None,
    workers: int = 1,
) -> EarlyWarning:
    """Return whether fluctuations grow and slow down as a key approaches a tipping point.

    Of each replica's series after burn-in: the variance, the autocorrelation at lag 1 (one
    recorded frame), and the integrated autocorrelation time in sweeps. The trend is Kendall's
    rank correlation of the indicator with the order of the values, one per replica; its mean is
    tested against 0 over replicas.

    Parameters
    ----------
    scenario : Scenario
    along : str
        Dotted key of a number.
    values : sequence of float, optional
        At least four, in the order of the approach (the tipping point last, or beyond); left
        out, the scenario's own sweep.
    observable : str, optional
        By default the distance of the camps if there are camps, else ``abs_magnetization``.

    Returns
    -------
    EarlyWarning
        ``(trend, table)``; ``trend`` has one row per indicator: kendall, low, high (95 %), p.

    Raises
    ------
    InputError
        Too few values, or fewer than 20 frames after burn-in.

    References
    ----------
    M. Scheffer et al., Nature 461, 53 (2009); V. Dakos et al., PLoS ONE 7, e41010 (2012).

    Examples
    --------
    >>> scenario = Scenario.from_toml('''
    ... seed = 1
    ... network = {kind = "complete", n = 100}
    ... couplings = {kind = "uniform", value = 0.01}
    ... dynamics = {temperature = 1.0, sweeps = 200, burn_in = 20}
    ... ''')
    >>> found = early_warning(scenario, values=[3.0, 2.2, 1.6, 1.2], observable="magnetization")
    >>> bool(found.trend.set_index("indicator").loc["variance", "kendall"] > 0.5)
    True
    """
    ascending = along_values(scenario, along, values, least=FEWEST_VALUES)
    given = ascending if values is None else [float(each) for each in values]
    axes = {along: ascending}
    base = varied(scenario, design=design, axes=axes).cases()[0].settings
    own = "abs_camp_polarization" if society(base)[1] else "abs_magnetization"
    name = observable or own
    swept = varied(scenario, design=design, observables=[name], replicas=replicas, axes=axes)
    table = measure(swept, Work(folder=out, workers=workers))
    dynamics = swept.cases()[0].settings.dynamics
    kept = table[table["sweep"] >= dynamics.burn_in]
    found = _indicators(kept, name, along, given, every=scenario.observe.every)
    return EarlyWarning(_trend(found), _table(found, given, along))


def _indicators(
    table: pd.DataFrame, name: str, along: str, given: Sequence[float], *, every: int
) -> Floats:
    """Return the indicators of every series, shape (indicators, values, replicas)."""
    cube = table.pivot_table(index=[along, "replica"], columns="sweep", values=name)
    if cube.shape[1] < FEWEST_FRAMES or cube.isna().to_numpy().any():
        raise InputError(
            f"early warnings need {FEWEST_FRAMES} frames of every replica after burn-in, but some "
            f"have fewer ({cube.shape[1]} are recorded); raise dynamics.sweeps, record more often, "
            "and leave stop_when out."
        )
    series = np.stack([cube.loc[value].to_numpy(dtype=np.float64) for value in given])
    centered = series - series.mean(axis=-1, keepdims=True)
    variance = (centered**2).mean(axis=-1)
    with np.errstate(divide="ignore", invalid="ignore"):
        lag = (centered[..., 1:] * centered[..., :-1]).mean(axis=-1) / variance
    return np.stack([variance, lag, np.asarray(tau(series, every=every))])


def _trend(found: Floats) -> pd.DataFrame:
    order = np.arange(found.shape[1])
    rows = []
    for name, values in zip(INDICATORS, found, strict=True):
        ranks = np.array([kendalltau(order, each).statistic for each in values.T])
        spread = ranks.size > 1 and float(np.ptp(ranks)) > 0
        band = t_interval(ranks)
        p = float(ttest_1samp(ranks, 0.0).pvalue) if spread else np.nan
        # Ranks that agree in all replicas leave no spread to test with: their sign test is exact.
        if ranks.size > 1 and not spread and ranks[0] != 0:
            p = 2.0 ** (1 - ranks.size)
        low, high = band.low, band.high
        rows.append({"indicator": name, "kendall": band.mean, "low": low, "high": high, "p": p})
    return pd.DataFrame(rows)


def _table(found: Floats, given: Sequence[float], along: str) -> pd.DataFrame:
    rows = []
    for k, value in enumerate(given):
        row = {along: value}
        for name, values in zip(INDICATORS, found, strict=True):
            band = t_interval(values[k])
            row |= {name: band.mean, f"{name}_low": band.low, f"{name}_high": band.high}
        rows.append(row)
    return pd.DataFrame(rows)
