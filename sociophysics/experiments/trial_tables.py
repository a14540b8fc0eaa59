"""The tables of a trial: effects, estimators, replicas, what remains, and single users."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from sociophysics.inference.trial_effects import at_share_zero, fieller, trial_effects
from sociophysics.inference.trial_estimators import Estimate
from sociophysics.scenario.trial_table import TrialTable
from sociophysics.statistics import Interval, mean_interval
from sociophysics.store.steps import Arrays

__all__ = [
    "ESTIMATORS",
    "after_table",
    "effects_table",
    "estimators_table",
    "microdata_table",
    "replicas_table",
    "series_table",
    "untreated_sd",
]

Floats = NDArray[np.float64]
ESTIMATORS = ("difference", "cluster", "hajek")
WITH_SIGN = ("stance", "own_side")
ALONE, ALL = 0.0, 1.0  # the shares under which D(0+), and total and multiplier, are listed


def _stacked(parts: Sequence[Arrays], name: str) -> Floats:
    return np.array([part[name] for part in parts])


def untreated_sd(parts: Sequence[Arrays]) -> Floats:
    """Return the standard deviation of untreated users at one moment, (outcomes,)."""
    sd: Floats = _stacked(parts, "sd").mean(axis=0)
    return sd


def replicas_table(
    parts: Sequence[Arrays], shares: Sequence[float], names: Sequence[str]
) -> pd.DataFrame:
    """Return every replica's effects: share, outcome, estimand, replica, value.

    Parameters
    ----------
    parts : sequence
        Of ``field_trial.one_society``, one per replica.
    shares, names : sequence
        Of the trial: shares and outcomes.
    """
    nobody, every = _stacked(parts, "nobody"), _stacked(parts, "everybody")
    some, marks = _stacked(parts, "some"), _stacked(parts, "marks")
    rows: list[pd.DataFrame] = []

    def add(share: float, name: str, estimand: str, values: Floats) -> None:
        number = np.arange(len(values))
        rows.append(
            pd.DataFrame(
                {"share": share, "outcome": name, "estimand": estimand, "replica": number,
                 "value": values}
            )
        )  # fmt: skip

    for k, name in enumerate(names):
        direct = []
        for j, share in enumerate(shares):
            found = trial_effects(some[:, j, k], nobody[:, k], every[:, k], marks[:, j])
            direct.append(found.direct)
            for estimand in ("direct", "indirect", "overall"):
                add(share, name, estimand, getattr(found, estimand))
        add(ALONE, name, "direct", at_share_zero(shares, np.array(direct)))
        add(ALL, name, "total", found.total)
    return pd.concat(rows, ignore_index=True)


def effects_table(
    table: pd.DataFrame,
    parts: Sequence[Arrays],
    shares: Sequence[float],
    names: Sequence[str],
    *,
    idle: bool = False,
) -> pd.DataFrame:
    """Return the effects over replicas, in units of the outcome and in SD of the untreated.

    Parameters
    ----------
    table : DataFrame
        Of ``replicas_table``.
    parts, shares, names
        As there.
    idle : bool
        Whether the treatment does nothing, so that its effects are known to be exactly 0. Of
        others none in all societies is no proof: they have no interval.
    """
    sd = dict(zip(names, untreated_sd(parts), strict=True))
    rows: list[dict[str, Any]] = []
    for (share, name, estimand), group in table.groupby(
        ["share", "outcome", "estimand"], sort=False
    ):
        values = group["value"].to_numpy()
        found = Interval(0.0, 0.0, 0.0) if idle else _interval(values, name)
        unit = sd[name] if sd[name] > 0 else np.nan
        rows.append(_row(share, name, estimand, found, len(group), unit))
    for name in names:
        own = table[table["outcome"] == name].set_index(["estimand", "share"])["value"]
        total, alone = own.loc[("total", ALL)], own.loc[("direct", ALONE)]
        ratio = fieller(total.to_numpy(), alone.to_numpy(), signed=_signed(name))
        rows.append(_row(ALL, name, "multiplier", ratio, len(parts), np.nan))
    return pd.DataFrame(rows).sort_values(
        "outcome", key=lambda column: column.map(list(names).index), kind="stable",
        ignore_index=True,
    )  # fmt: skip


def _signed(outcome: str) -> bool | None:
    """Return whether a society may as well move to the other side, None where values tell."""
    return True if outcome in WITH_SIGN else None


def _interval(values: Floats, outcome: str) -> Interval:
    """Return the mean over replicas, which differ in kind: not determined where one is unknown."""
    if not np.isfinite(values).all():
        return Interval(np.nan, np.nan, np.nan)
    # Gains of paired societies are skewed: few of them differ for long.
    return mean_interval(values, signed=_signed(outcome))


def _row(
    share: float, name: str, estimand: str, found: Interval, replicas: int, unit: float
) -> dict[str, Any]:
    plain = {"share": share, "outcome": name, "estimand": estimand}
    values = {"value": found.mean, "low": found.low, "high": found.high}
    return (
        plain | values | {f"{n}_sd": v / unit for n, v in values.items()} | {"replicas": replicas}
    )


def estimators_table(
    table: pd.DataFrame, parts: Sequence[Arrays], shares: Sequence[float], names: Sequence[str]
) -> pd.DataFrame:
    """Return what one trial's statistician gets, judged by the total over all replicas.

    Parameters
    ----------
    table, parts, shares, names
        As for ``effects_table``.
    """
    estimates = _stacked(parts, "estimates")  # (replicas, shares, estimators, outcomes, 3)
    rows = []
    for k, name in enumerate(names):
        chosen = (table["outcome"] == name) & (table["estimand"] == "total")
        truth = float(table.loc[chosen, "value"].mean())
        for j, share in enumerate(shares):
            for e, estimator in enumerate(ESTIMATORS):
                found = [Estimate(v, s, int(u) if u == u else 0)
                         for v, s, u in estimates[:, j, e, k]]  # fmt: skip
                rows.append({"share": share, "estimator": estimator, **_judged(found, truth),
                             "outcome": name, "replicas": len(parts)})  # fmt: skip
    return pd.DataFrame(rows)


def _judged(found: Sequence[Estimate], truth: float) -> dict[str, float]:
    known = [each for each in found if np.isfinite(each.value) and np.isfinite(each.error)]
    if not known:
        none = dict.fromkeys(("value", "bias", "coverage", "power", "smallest_effect"), np.nan)
        return {"value": none.pop("value"), "truth": truth, **none, "users": 0.0, "determined": 0}
    value = float(np.mean([each.value for each in known]))
    return {
        "value": value,
        "truth": truth,
        "bias": value - truth,
        "coverage": float(np.mean([each.holds(truth) for each in known])),
        "power": float(np.mean([not each.holds(0.0) for each in known])),
        "smallest_effect": float(np.mean([each.smallest_effect for each in known])),
        "users": float(np.mean([each.users for each in known])),
        "determined": len(known),
    }


def series_table(
    parts: Sequence[Arrays], shares: Sequence[float], names: Sequence[str]
) -> pd.DataFrame:
    """Return means along time over replicas: of all users, of the treated, of the controls.

    Parameters
    ----------
    parts, shares, names
        As for ``replicas_table``.
    """
    mean = _stacked(parts, "series").mean(axis=0)  # (arms, outcomes, frames, 3)
    rows = [
        pd.DataFrame(
            {
                "share": share,
                "outcome": name,
                "sweep": parts[0]["sweeps"],
                "all": mean[arm, k, :, 0],
                "treated": mean[arm, k, :, 1],
                "controls": mean[arm, k, :, 2],
            }
        )
        for arm, share in enumerate([0.0, *shares, 1.0])
        for k, name in enumerate(names)
    ]
    return pd.concat(rows, ignore_index=True)


def after_table(
    parts: Sequence[Arrays], trial: TrialTable, names: Sequence[str]
) -> pd.DataFrame | None:
    """Return what remains after a treatment has ended; None for one that lasts.

    Overall effects of every share and of everybody: ``at_end`` at its last frames (a quarter of
    the treated time), ``remains`` at the last frames of the run (a quarter of the time after),
    ``half_on`` and ``half_off`` the sweeps after which the mean effect has grown to half of
    ``at_end`` and fallen to half again, NaN if it has not or ``at_end`` is not told from 0,
    ``asymmetry`` = half_off / half_on.

    Parameters
    ----------
    parts, trial, names
        As for ``replicas_table``.
    """
    if trial.until is None:
        return None
    series, sweeps = _stacked(parts, "series")[..., 0], parts[0]["sweeps"]
    gain = series - series[:, :1]  # (replicas, arms, outcomes, frames)
    on, off = sweeps <= trial.until, sweeps > trial.until
    last_on = on & (sweeps > trial.until - (trial.until - trial.at) / 4)
    last_off = off & (sweeps > sweeps[-1] - (sweeps[-1] - trial.until) / 4)
    rows = []
    for arm, share in enumerate([*trial.share, ALL], 1):
        for k, name in enumerate(names):
            own = gain[:, arm, k]
            end = _interval(own[:, last_on].mean(axis=1), name)
            rest = _interval(own[:, last_off].mean(axis=1), name)
            course, half = own.mean(axis=0) * np.sign(end.mean), abs(end.mean) / 2
            begun = gone = np.nan  # of an effect that is not told from none there is no half
            if end.low > 0 or end.high < 0:
                begun = _first(sweeps[on], course[on] >= half) - trial.at
                gone = _first(sweeps[off], course[off] <= half) - trial.until
            rows.append(
                {"share": share, "outcome": name, "at_end": end.mean, "at_end_low": end.low,
                 "at_end_high": end.high, "remains": rest.mean, "low": rest.low,
                 "high": rest.high, "half_on": begun, "half_off": gone,
                 "asymmetry": gone / begun, "replicas": len(parts)}
            )  # fmt: skip
    return pd.DataFrame(rows)


def _first(sweeps: NDArray[np.int64], there: NDArray[np.bool_]) -> float:
    return float(sweeps[int(np.argmax(there))]) if there.any() else np.nan


def microdata_table(
    parts: Sequence[Arrays],
    shares: Sequence[float],
    names: Sequence[str],
    labels: Sequence[Any],
) -> pd.DataFrame:
    """Return every user's outcomes: replica, share, user, treated, and a column per outcome.

    Parameters
    ----------
    parts, shares, names
        As for ``replicas_table``.
    labels : sequence, length n
        Of the users.
    """
    whole = all(isinstance(each, int) for each in labels)  # Parquet has one type per column
    users = np.array([each if whole else str(each) for each in labels])
    tables = []
    for replica, part in enumerate(parts):
        n = part["marks"].shape[1]
        arms = [(0.0, np.zeros(n, bool), part["nobody"])]
        arms += [(p, part["marks"][k], part["some"][k]) for k, p in enumerate(shares)]
        arms += [(1.0, np.ones(n, bool), part["everybody"])]
        for share, marks, values in arms:
            columns = dict(zip(names, values, strict=True))
            head = {"replica": replica, "share": share, "user": users, "treated": marks}
            tables.append(pd.DataFrame({**head, **columns}))
    return pd.concat(tables, ignore_index=True)
