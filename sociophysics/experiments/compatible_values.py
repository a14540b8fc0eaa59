r"""Which values of a key, and which totals, go with a published effect, and the sentence of it.

With d the direct effect that a simulated trial shows at a value of the key, :math:`d_*` and
:math:`e` the published one and its standard error, and w the distance from d to that end of its
95 % interval over societies that faces :math:`d_*`, a value goes with what was published where

.. math:: |d - d_*| \le \sqrt{(1.96\, e)^2 + w^2} .

The scan is refined until the answer does not depend on where it began: halves are tried where
steps are coarse, where values begin or cease to go with it, and where d passes :math:`d_*` between
two values that do not.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from itertools import pairwise
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from scipy.stats import norm

__all__ = [
    "MEASURED",
    "Compatible",
    "Published",
    "Row",
    "answer",
    "explored",
    "goes_with",
    "ranges",
]

COARSE, FINE = 8, 64  # steps of a scan are at most an eighth of it, at an end a sixty-fourth
LISTED = 3  # ranges that a sentence can name
MEASURED = ("d", "d_low", "d_high", "total", "total_low", "total_high")
Published = tuple[float, float]
Row = dict[str, Any]


class Compatible(NamedTuple):
    """A range of the key that goes with what was published, and how far the total may be there.

    ``open_low`` and ``open_high`` say that it goes on where nothing was scanned, ``passed`` that
    the direct effect only passes what was published, in a step that is not resolved.
    """

    low: float
    high: float
    least: float
    most: float
    open_low: bool = False
    open_high: bool = False
    passed: bool = False


def explored(
    values: Sequence[float], measure: Callable[[float], Row | None], published: Published
) -> pd.DataFrame:
    """Return a table of the values measured: those given, and between them where it matters.

    Parameters
    ----------
    values : sequence of float
        At least two; nothing is tried beyond the lowest and the highest.
    measure : callable
        From a value to d, d_low, d_high, total, total_low and total_high, or to None where the key
        cannot have it.
    published : two floats
        Direct effect and its standard error.

    Examples
    --------
    >>> def measure(x):
    ...     d = {"d": x, "d_low": x, "d_high": x}
    ...     return d | {"total": 3 * x, "total_low": 3 * x, "total_high": 3 * x}
    >>> table = explored([0.0, 1.0], measure, (0.0, 0.1))
    >>> [round(x, 3) for x in ranges(table, (0.0, 0.1))[0][:4]]
    [0.0, 0.196, 0.0, 0.588]
    """
    found: dict[float, Row] = {}
    tried: set[float] = set()
    ask = list(values)
    whole = max(ask) - min(ask)
    while ask:
        for value in ask:
            tried.add(value)
            row = measure(value)
            if row is not None:
                compatible = goes_with(row, published)
                found[value] = {"key": value} | row | {"compatible": compatible}
        rows = [found[value] for value in sorted(found)]
        pairs = [(a, b) for a, b in pairwise(rows) if _matters(a, b, whole, published)]
        ask = [new for a, b in pairs for new in _halves(a["key"], b["key"], tried)]
    table = pd.DataFrame([found[value] for value in sorted(found)])
    first = ["key", "d", "total", "compatible"]
    return table[first + [name for name in table if name not in first]]


def _matters(a: Row, b: Row, whole: float, published: Published) -> bool:
    """Return whether what lies between two neighbours must be known better."""
    step = (b["key"] - a["key"]) / whole * (1 - 1e-9)
    change = a["compatible"] != b["compatible"] or _passes(a, b, published)
    return step > 1 / COARSE or (change and step > 1 / FINE)


def _passes(a: Row, b: Row, published: Published) -> bool:
    """Return whether d passes what was published between two values that do not go with it."""
    sides = (a["d"] - published[0]) * (b["d"] - published[0])
    return not (a["compatible"] or b["compatible"]) and bool(sides < 0)


def _halves(low: float, high: float, tried: set[float]) -> list[float]:
    """Return what lies in the middle, or the whole number next to it where that was tried."""
    middle = round((low + high) / 2, 12)
    each = [middle] if middle not in tried else [float(round(middle))]
    return [value for value in each if low < value < high and value not in tried]


def goes_with(row: Mapping[str, Any], published: Published) -> bool:
    """Return whether a simulated direct effect goes with a published one.

    Where the interval of the simulated effect is not determined nothing is excluded.

    Parameters
    ----------
    row : mapping
        With d, d_low and d_high.
    published : two floats
        Direct effect and its standard error.

    Examples
    --------
    >>> goes_with({"d": 0.3, "d_low": 0.25, "d_high": 0.35}, (0.0, 0.1))
    False
    >>> goes_with({"d": 0.3, "d_low": 0.05, "d_high": 0.6}, (0.0, 0.1))
    True
    """
    return not _beyond(row, published) > 0


def _beyond(row: Mapping[str, Any], published: Published) -> float:
    """Return how far d lies beyond what goes with it; NaN where that is not determined."""
    reach = math.hypot(float(norm.ppf(0.975)) * published[1], _toward(row, published[0]))
    return float(abs(row["d"] - published[0]) - reach)


def _toward(row: Mapping[str, Any], d: float) -> float:
    """Return how far the interval of a simulated effect reaches toward a published one."""
    if row["d"] == d:
        return 0.0
    return float(row["d"] - row["d_low"] if row["d"] > d else row["d_high"] - row["d"])


def ranges(inversion: pd.DataFrame, published: Published) -> list[Compatible]:
    """Return the ranges of the key that go with what was published, the lowest first.

    Between two values of the scan everything is taken to be on a straight line. Totals reach to
    the ends of their intervals. Gaps narrower than an eighth of the scan are left in: one cannot
    tell them from the noise of the simulation.

    Parameters
    ----------
    inversion : DataFrame
        Of ``inverted``; a column ``lowest`` says that the key can have no lower value.
    published : two floats
        Direct effect and its standard error.

    Examples
    --------
    >>> table = pd.DataFrame({"key": [0.0, 1.0, 2.0], "d": [0.0, 0.1, 0.2],
    ...     "d_low": [0.0, 0.1, 0.2], "d_high": [0.0, 0.1, 0.2], "total_low": [0.0, 0.2, 0.4],
    ...     "total_high": [0.1, 0.3, 0.5], "compatible": [True, True, False]})
    >>> found, = ranges(table, (0.0, 0.15 / 1.959964))
    >>> [round(x, 3) for x in found[:4]], found.open_low, found.open_high
    ([0.0, 1.5, 0.0, 0.4], True, False)
    """
    rows: list[Row] = [
        {str(name): value for name, value in row.items()} for row in inversion.to_dict("records")
    ]
    first = None if rows[0].get("lowest") else rows[0]  # beyond which there may be more
    found: list[Compatible] = []
    here: list[Row] = []
    for k, row in enumerate(rows):
        before = rows[k - 1] if k else None
        if row["compatible"]:
            if not here and before is not None:
                here.append(_end(row, before, published))
            here.append(row)
        elif here and before is not None:
            found.append(_range([*here, _end(before, row, published)], here[0] is first))
            here = []
        elif before is not None and _passes(before, row, published):
            found.append(_range([before, row], False)._replace(passed=True))
    if here:
        found.append(_range(here, here[0] is first)._replace(open_high=True))
    gap = (rows[-1]["key"] - rows[0]["key"]) / COARSE
    return _without_gaps(found, gap)


def _without_gaps(found: Sequence[Compatible], gap: float) -> list[Compatible]:
    """Return ranges with those joined that lie nearer: what is between is as likely noise."""
    kept: list[Compatible] = []
    for each in found:
        if kept and each.low - kept[-1].high < gap and not (each.passed or kept[-1].passed):
            kept[-1] = _joined([kept[-1], each])
        else:
            kept.append(each)
    return kept


def _end(inside: Row, outside: Row, published: Published) -> Row:
    """Return the row at which a straight line leaves what is compatible."""
    a, b = (_beyond(row, published) for row in (inside, outside))
    share = a / (a - b) if a < 0 else 0.0
    names = ("key", "total_low", "total_high")
    return {name: inside[name] + share * (outside[name] - inside[name]) for name in names}


def _range(rows: Sequence[Row], open_low: bool) -> Compatible:
    key, low, high = (
        np.array([row[n] for row in rows]) for n in ("key", "total_low", "total_high")
    )
    return Compatible(
        float(key.min()), float(key.max()), float(low.min()), float(high.max()), open_low
    )


def answer(inversion: pd.DataFrame, published: Sequence[float]) -> str:
    """Return what a published trial says of the key and of the total, in one sentence.

    Parameters
    ----------
    inversion : DataFrame
        Of ``inverted``.
    published : two floats
        Direct effect and its standard error.
    """
    d, error = published
    along, keys = inversion["along"].iloc[0], inversion["key"]
    said = f"A published direct effect of {d:g} SD (standard error {error:g}) goes with"
    found = ranges(inversion, (d, error))
    if not found:
        near = inversion.loc[(inversion["d"] - d).abs().idxmin()]
        return (
            f"{said} no value of {along} between {keys.min():g} and {keys.max():g}: the nearest "
            f"is {near['key']:.3g}, where it is {near['d']:.3f} SD."
        )
    many = len(found) > LISTED
    spans = [_joined(found)] if many else found
    where = " and ".join(map(_span, spans)) + (f", with {len(found) - 1} gaps" if many else "")
    unknown = inversion["compatible"] & inversion["d_low"].isna()
    if unknown.any():
        where += (
            f" (at {unknown.sum()} of {len(inversion)} values tried the direct effect has no "
            "interval, so that nothing is excluded there: give more replicas)"
        )
    noise = max(
        (_toward(row, d) for row in inversion[inversion["compatible"]].to_dict("records")),
        default=0,
    )
    more = ""
    if noise > float(norm.ppf(0.975)) * error:
        more = (
            f" The simulation's own error, up to {noise:.3f} SD, is larger than the published one: "
            "more replicas narrow this."
        )
    moved = ", or by ".join(dict.fromkeys(map(_total, spans)))
    verb = "would then move the mean by " if moved[0] in "-0123456789" else ""
    return f"{said} {along} {where}; everybody's treatment {verb}{moved}.{more}"


def _joined(found: Sequence[Compatible]) -> Compatible:
    """Return one range that holds all."""
    return Compatible(
        found[0].low, found[-1].high, min(each.least for each in found),
        max(each.most for each in found), found[0].open_low, found[-1].open_high,
    )  # fmt: skip


def _span(each: Compatible) -> str:
    if each.passed:
        return f"between {each.low:.3g} and {each.high:.3g}, where it is passed in one step"
    low = f"{each.low:.3g}" + (" or less" if each.open_low else "")
    high = f"{each.high:.3g}" + (" or more" if each.open_high else "")
    return f"from {low} to {high}"


def _total(each: Compatible) -> str:
    if math.isnan(each.least) or math.isnan(each.most):
        return "has a total that so few replicas do not determine"
    low, high = (f"{x:.3f}" for x in (each.least, each.most))
    return f"{low} SD" if low == high else f"{low} to {high} SD"
