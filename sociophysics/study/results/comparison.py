"""Every design against the reference, paired by replica, and where camps melt."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from sociophysics.errors import InputError, did_you_mean
from sociophysics.statistics import (
    Interval,
    drift,
    mean_interval,
    paired_difference,
    share_interval,
    t_interval,
    two_states,
)
from sociophysics.study.results.grid import Grid
from sociophysics.study.results.windows import Window

__all__ = [
    "Scale",
    "compare",
    "crossing",
    "mean_band",
    "melting",
    "scale_of",
    "signed",
    "user_spread",
]

Floats = NDArray[np.float64]


class Scale(NamedTuple):
    """The smallest and largest value, and how many of a natural unit one whole is."""

    low: float
    high: float
    factor: float
    unit: str

    def clip(self, values: Floats) -> Floats:
        """Return values, such as ends of intervals, kept inside what there can be."""
        return np.clip(values, self.low, self.high)


POINTS = "points of polarization"
# Half the stances of a society have to turn for a mean stance to move by one.
STANCES = "% of stances"
SCALES = {
    "magnetization": Scale(-1, 1, 50, STANCES),
    "abs_magnetization": Scale(0, 1, 50, STANCES),
    "passed": Scale(0, 1, 100, "% of votes"),
    "camp_polarization": Scale(-1, 1, 100, POINTS),
    "abs_camp_polarization": Scale(0, 1, 100, POINTS),
    "edge_agreement": Scale(0, 1, 100, "% of ties"),
    "unsatisfied_fraction": Scale(0, 1, 100, "% of ties"),
    "cross_ties": Scale(0, 1, 100, "% of ties"),
    "local_agreement": Scale(-1, 1, 50, "% of neighbors"),
    "exposure_agreement": Scale(0, 1, 100, "% of posts"),
    "exposure_out_group": Scale(0, 1, 100, "% of posts"),
    "attention_gini": Scale(0, 1, 100, "points of Gini"),
}
# Means over users of +1 and -1, each user's stance or its side relative to the own camp's.
OF_USERS = ("magnetization", "abs_magnetization", "camp_polarization", "abs_camp_polarization")


def scale_of(observable: str) -> Scale | None:
    """Return the scale of an observable, None where it has no natural range.

    Examples
    --------
    >>> scale_of("camp_polarization").unit, scale_of("energy") is None
    ('points of polarization', True)
    """
    return SCALES.get(observable)


def signed(observable: str) -> bool | None:
    """Return whether an observable has a sign, None where its values have to tell.

    Examples
    --------
    >>> signed("camp_polarization"), signed("abs_magnetization"), signed("energy")
    (True, False, None)
    """
    scale = scale_of(observable)
    return None if scale is None else scale.low < 0


def mean_band(values: Floats, observable: str) -> Interval:
    """Return the mean of replicas and its interval, inside the range of the observable.

    Parameters
    ----------
    values : array, shape (R,)
        One number of the observable per replica.
    observable : str

    Examples
    --------
    >>> [round(x, 2) for x in mean_band(np.array([1.0, 0.98, 0.4]), "edge_agreement")]
    [0.79, 0.0, 1.0]
    """
    found, scale = mean_interval(values, signed=signed(observable)), scale_of(observable)
    if scale is None:
        return found
    low, high = scale.clip(np.array(found[1:])).tolist()
    return found._replace(low=low, high=high)


def user_spread(observable: str, reference: Floats, *, camps: int = 2) -> float:
    """Return the standard deviation between the users of a society at one moment.

    A stance of +1 or -1 with mean ``m`` has the standard deviation ``sqrt(1 - m^2)`` between
    users; so has a stance counted from the side of the own camp, with the polarization in place
    of ``m`` (two camps of equal weight). Over replicas squares are averaged. NaN for observables
    that are no mean over users, and where all users agree.

    Parameters
    ----------
    reference : array, shape (replicas,)
        The observable in each replica of the reference.
    camps : int
        Number of camps; polarization of more than two is no mean over users.

    Examples
    --------
    >>> round(user_spread("magnetization", np.array([0.6, 0.6])), 3)
    0.8
    """
    if observable not in OF_USERS or ("camp" in observable and camps > 2):
        return np.nan
    between = 1 - float(np.mean(np.square(reference)))
    return float(np.sqrt(between)) if between > 1e-12 else np.nan


CONFIDENCE = 0.95
AGREEING = 5  # all on one side of a fair coin: 2^-5 is near a one-sided 2.5 %
TEMPERATURE = "dynamics.temperature"
# A movement of a hundredth of the range of an observable does not make a mean another one.
TOLERANCE = 0.01
# Two states that differ by less of the range are one to a reader.
APART = 0.1
STATES = ("lower", "upper", "share", "share_low", "share_high")


def _whole(point: dict[str, Any]) -> Window:
    return Window("", 0, np.inf)


def compare(
    grid: Grid,
    observable: str,
    *,
    window: Callable[[dict[str, Any]], Window] = _whole,
    camps: int = 2,
) -> pd.DataFrame:
    """Return one row per design and point: mean, and difference to the reference design.

    Replica r of a design and of the reference met the same start and noise, so the difference is
    taken per replica. The column ``p`` is that of the pairs.

    Parameters
    ----------
    grid : Grid
        The frames of one window at each point.
    window : callable
        From a point to its window.
    camps : int
        Number of camps.
    """
    values = grid.values(observable)
    early, late = grid.halves(observable)
    scale = scale_of(observable)
    rows: list[dict[str, Any]] = []
    for k in range(len(grid.points)):
        point = grid.point(k)
        stretch = window(point)
        spread = user_spread(observable, values[0, k, grid.present[0, k]], camps=camps)
        for d, design in enumerate(grid.designs):
            there = grid.present[d, k]
            if not there.any():
                continue
            own = values[d, k, there]
            row = {"design": design, **point, "observable": observable, **_moments(own)}
            pairs = there & grid.present[0, k] if d else np.zeros_like(there)
            row |= _against(
                values[d, k, pairs], values[0, k, pairs], spread, signed=signed(observable)
            )
            row |= _in_units(row["difference"], scale)
            row |= {"spread": spread, "window": stretch.name or np.nan, "from": stretch.first}
            row["to"] = stretch.last if np.isfinite(stretch.last) else np.nan
            driven = design in stretch.driven
            row |= _settling(early[d, k, there], late[d, k, there], row["mean"], scale, driven)
            rows.append(row | _states(own, scale) | {"_place": (d, k)})
    places = [row.pop("_place") for row in rows]
    order = sorted(range(len(rows)), key=places.__getitem__)
    # Words keep their type where a run has none.
    return pd.DataFrame([rows[i] for i in order]).astype({"unit": object, "window": object})


def _moments(own: Floats) -> dict[str, Any]:
    sd = float(own.std(ddof=1)) if own.size > 1 else np.nan
    return {"replicas": own.size, "mean": float(own.mean()), "sd": sd}


def _against(
    own: Floats, reference: Floats, spread: float, *, signed: bool | None
) -> dict[str, float]:
    """Return the paired difference; effect is what it is of the spread between users."""
    if not own.size:
        return dict.fromkeys(("difference", "low", "high", "effect", "p"), np.nan)
    pair = paired_difference(own, reference, confidence=CONFIDENCE, signed=signed)
    found = {"difference": pair.difference, "low": pair.low, "high": pair.high}
    return found | {"effect": pair.difference / spread, "p": pair.p}


def _in_units(difference: float, scale: Scale | None) -> dict[str, Any]:
    if scale is None:
        return {"in_units": np.nan, "unit": np.nan}
    return {"in_units": difference * scale.factor, "unit": scale.unit}


def _states(own: Floats, scale: Scale | None) -> dict[str, float]:
    """Return the two states that replicas are in, and the share of them in the upper one.

    Of an observable with a sign first the sizes are looked at: polarized either way, or mixed.
    """
    if scale is not None:
        for values in (np.abs(own), own) if scale.low < 0 else (own,):
            found = two_states(values)
            if found is not None and found.high - found.low > APART * (scale.high - scale.low):
                share = share_interval(int(found.upper.sum()), own.size)
                numbers = (found.low, found.high, *share)
                return dict(zip(STATES, numbers, strict=True))
    return dict.fromkeys(STATES, np.nan)


def _settling(
    early: Floats, late: Floats, mean: float, scale: Scale | None, driven: bool
) -> dict[str, Any]:
    """Return the means of the window's halves, and whether the observable still moves."""
    whole = abs(mean) if scale is None else scale.high - scale.low
    found = drift(early, late, tolerance=TOLERANCE * whole)
    settled = "driven" if driven else found.settled
    return {"early": found.early, "late": found.late, "settled": settled}


def crossing(values: Floats, curve: Floats, *, above: float) -> float:
    """Return where ``curve`` first falls through half its largest value, interpolated linearly.

    Parameters
    ----------
    values : array, shape (points,)
        Swept values, ascending.
    curve : array, shape (points,)
        Mean of the observable at each value.
    above : float
        The largest value must exceed it, else there is nothing to fall: -inf.

    Returns
    -------
    float
        +inf if the curve is still above half its largest value at the end.

    Examples
    --------
    >>> crossing(np.array([1.0, 2.0, 3.0]), np.array([0.8, 0.6, 0.2]), above=0.0)
    2.5
    """
    top = curve.max()
    if not top > above:
        return -np.inf
    high = curve >= top / 2
    falls = np.flatnonzero(high[:-1] & ~high[1:])
    if not falls.size:
        return np.inf
    i = falls[0]
    share = (curve[i] - top / 2) / (curve[i] - curve[i + 1])
    return float(values[i] + share * (values[i + 1] - values[i]))


def melting(grid: Grid, observable: str, *, along: str) -> pd.DataFrame:
    """Return where each design's mean falls through half its largest value along a swept key."""
    column = along.rsplit(".", 1)[-1]
    if along not in grid.keys:
        raise InputError(
            f"a melting point needs a sweep over {along}, which this run does not have; swept: "
            f"{did_you_mean(along, grid.keys)}"
        )
    swept = pd.to_numeric(grid.points[along], errors="coerce").to_numpy(dtype=np.float64)
    if np.isnan(swept).any():
        raise InputError(f"{along} was swept over values that are not numbers; nothing falls.")
    values = grid.values(observable)
    others = [key for key in grid.keys if key != along]
    groups = grid.points.groupby(others, sort=False).indices if others else {(): range(swept.size)}
    # A camp imbalance that many replicas resolve is no separation: it must also exceed what fair
    # coins show in three of a thousand societies of this size.
    coins = 3 / np.sqrt(grid.n) if grid.n else 0.0
    rows: list[dict[str, Any]] = []
    for d, design in enumerate(grid.designs):
        for group in groups.values():
            members = np.asarray(group, dtype=np.int64)
            order = members[np.argsort(swept[members], kind="stable")]
            complete = grid.present[d, order].all(axis=0)
            row = {"design": design, **{k: grid.point(int(order[0]))[k] for k in others}}
            found: tuple[float, float, float, str]
            if (
                along == TEMPERATURE
                and np.isnan([grid.temperature(design, grid.point(int(k))) for k in order]).any()
            ):
                # What was swept is not what acted.
                found = (np.nan, np.nan, np.nan, "the temperature changes during the runs")
            else:
                curves = values[d, order][:, complete].T
                found = _melting(swept[order], curves, above=coins)
            rows.append(row | dict(zip((column, "low", "high", "note"), found, strict=True)))
    return pd.DataFrame(rows)


def _melting(swept: Floats, curves: Floats, *, above: float) -> tuple[float, float, float, str]:
    """Curves of shape (replicas, points) to (value, low, high, note)."""
    if not curves.size or np.isnan(curves).any():
        return np.nan, np.nan, np.nan, "undefined in some replicas"
    means = curves.mean(axis=0)
    top = int(means.argmax())
    # The largest of several means is picked, so each must be shown apart from zero more strictly.
    strict = 1 - (1 - CONFIDENCE) / swept.size
    floor = t_interval(curves[:, top], confidence=strict).low
    if not means[top] > above or floor <= above:
        return np.nan, np.nan, np.nan, "never held apart"
    value = crossing(swept, means, above=above)
    low, high = _bracket(swept, curves - curves[:, [top]] / 2)
    last = f"above {swept[-1]:g}"
    if np.isinf(value):
        begins = np.isfinite(low) and low < swept[-1]
        note = f"{last}; the interval begins at {low:.3g}" if begins else last
        return np.nan, low if begins else np.nan, np.nan, note
    notes = []
    if curves.shape[0] == 1:
        notes.append("one replica: no interval")
    else:
        if np.isposinf(high):
            notes.append(f"upper end {last}")
        if np.isneginf(low):
            notes.append("lower end open")
    ends = [end if np.isfinite(end) else np.nan for end in (low, high)]
    return value, ends[0], ends[1], "; ".join(notes)


def _bracket(swept: Floats, excess: Floats) -> tuple[float, float]:
    """Return the swept values between which the mean of ``excess`` first falls through zero.

    Shape (replicas, points). From the start of the values at which the mean is above zero, those
    that lie clearly above one after the other; from the end of the values at which it is below,
    those clearly below. Each end is wrong only if the first value beyond the true place is, so the
    two hold together at the level of one test of either side, and the place between two values
    that were simulated is left open. +-inf where not even the first is clear.
    """
    positive = excess.mean(axis=0) >= 0
    start = int(positive.argmax())
    falls = np.flatnonzero(positive[start:-1] & ~positive[start + 1 :])
    fall = start + int(falls[0]) if falls.size else positive.size - 1
    low, high = -np.inf, np.inf
    for k in range(start, fall + 1):
        if not _clearly(excess[:, k]):
            break
        low = float(swept[k])
    rises = np.flatnonzero(positive[fall + 1 :])
    end = fall + int(rises[0]) if rises.size else positive.size - 1
    for k in range(end, fall, -1):
        if not _clearly(-excess[:, k]):
            break
        high = float(swept[k])
    return low, high


def _clearly(values: Floats) -> bool:
    """Return whether the mean is above zero; equal values are if five or more agree."""
    low = mean_interval(values, confidence=CONFIDENCE, signed=False).low
    return bool(low > 0 or (np.isnan(low) and values.size >= AGREEING and values.min() > 0))
