"""Turning a published trial round: the trials of a scan over a key, and what they answer."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from sociophysics.errors import InputError
from sociophysics.experiments.compatible_values import (
    COARSE,
    MEASURED,
    Published,
    Row,
    explored,
)
from sociophysics.experiments.trial_tables import effects_table, replicas_table
from sociophysics.kinds import Kind
from sociophysics.scenario import Scenario
from sociophysics.scenario.settings import plain
from sociophysics.scenario.trial_table import SameAsControl

if TYPE_CHECKING:
    from sociophysics.experiments.field_trial import Prepared

__all__ = ["Scan", "inverted", "planned", "read_published", "scanned", "with_key"]

GRID = 9
ENDS = 6  # more values, about, that two ends of what is compatible need
_NUMBER = r"([+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?)"
_PUBLISHED = re.compile(rf"\s*d\s*=\s*{_NUMBER}\s*,\s*se\s*=\s*{_NUMBER}\s*")


@dataclass(frozen=True, eq=False, kw_only=True)
class Scan:
    """The trials of a scan over one key: those it begins with, checked, and how to make more."""

    along: str
    values: list[float]
    ready: dict[float, Prepared | None]
    published: Published
    make: Callable[[float], Prepared | None]  # None where the treatment is what all have anyway


def read_published(text: str) -> tuple[float, float]:
    """Return direct effect and standard error of a published trial, in SD of users.

    Parameters
    ----------
    text : str

    Raises
    ------
    InputError
        It does not say both.

    Examples
    --------
    >>> read_published("d = 0.00, se = 0.015")
    (0.0, 0.015)
    """
    match = _PUBLISHED.fullmatch(text) if isinstance(text, str) else None
    if match is None or not float(match[2]) > 0 or not math.isfinite(float(match[1])):
        raise InputError(
            f"published is {str(text)[:60]!r}; give the direct effect in standard deviations and "
            'its standard error above 0, as in "d = 0.00, se = 0.015".'
        )
    return float(match[1]), float(match[2])


def with_key(scenario: Scenario, along: str, value: float, design: str | None) -> Scenario:
    """Return the scenario with one key set; a key of feeds in the treatment's as well.

    Parameters
    ----------
    scenario : Scenario
    along : str
        Dotted key, such as ``feed.strength`` or ``trial.treatment.field``.
    value : float
    design : str or None
        Not looked at: a key is set in every design that has it.

    Raises
    ------
    InputError
        Nothing in the scenario has the key.
    """
    trial: dict[str, Any] = plain(scenario.canonical()["trial"])
    treated = False
    steps = along.split(".")
    if steps[0] in ("trial", "feed"):
        here: Any = trial if steps[0] == "trial" else trial["treatment"].get("feed")
        for step in steps[1:-1]:
            here = here.get(step) if isinstance(here, Mapping) else None
        if isinstance(here, dict) and steps[-1] in here:
            here[steps[-1]], treated = value, True
    changed = scenario.replace({"trial": trial}) if treated else scenario
    if steps[0] == "trial":
        if not treated:
            raise InputError(
                f"{scenario.source}: [trial] has no key {along}; give one that it has."
            )
        return changed
    try:
        return changed.replace({along: value})
    except InputError:
        if treated:  # the society's own feed has no such key, the treatment's has
            return changed
        raise


def _values(scenario: Scenario, asked: Mapping[str, Any], ready: Prepared) -> list[float]:
    """Return the values that are scanned: those given, or from nothing to twice the file's."""
    if asked["values"] is not None:
        found = [float(each) for each in asked["values"]]
        if len(found) < 2 or not np.isfinite(found).all() or len(set(found)) < len(found):
            raise InputError(
                f"values is {found!r}; give at least two finite numbers, each of them once."
            )
        return sorted(found)
    along = asked["along"]
    feed: Any = ready.trial.treatment.feed
    own = [
        getattr(each, along.rpartition(".")[2], None)
        for each in (ready.settings.feed, feed)
        if along.startswith("feed.") and isinstance(each, Kind)
    ]
    largest = max((float(v) for v in own if isinstance(v, int | float)), default=0.0)
    if largest <= 0:
        raise InputError(f"no values are given for {along}; say which to scan: --values 0:1:0.1.")
    return [float(value) for value in np.linspace(0.0, 2 * largest, GRID).round(12)]


def scanned(scenario: Scenario, asked: Mapping[str, Any], ready: Prepared) -> Scan:
    """Return the scan that is asked for, every value of it checked.

    Raises
    ------
    InputError
        A key that nothing has, or a value that is not allowed.
    """
    from sociophysics.experiments.field_trial import prepared

    along, keys = asked["along"], {name: asked[name] for name in ("design", "replicas")}

    def make(value: float) -> Prepared | None:
        try:
            made = prepared(with_key(scenario, along, value, asked["design"]), **keys)
        except SameAsControl:
            return None
        return None if made.idle else made

    values = _values(scenario, asked, ready)
    return Scan(
        along=along,
        values=values,
        ready={value: make(value) for value in values},
        published=read_published(asked["published"]),
        make=make,
    )


def planned(scan: Scan) -> int:
    """Return how many values a scan will have, about."""
    return max(len(scan.values), COARSE + 1) + ENDS


def inverted(scan: Scan) -> pd.DataFrame:
    """Return which values go with what was published: key, d, total, compatible, and intervals.

    d is the direct effect of the smallest share and total that of everybody, both in SD of
    untreated users.
    """
    from sociophysics.experiments.field_trial import replica_steps

    def measure(value: float) -> Row | None:
        try:
            ready = scan.ready[value] if value in scan.ready else scan.make(value)
        except InputError:  # a key of whole numbers
            return None
        if ready is None:
            return dict.fromkeys(MEASURED, 0.0)
        share, name = ready.trial.share[:1], ready.trial.outcome[0]
        parts = replica_steps(ready, shares=share, estimators=False)
        table = replicas_table(parts, share, ready.trial.outcome)
        effects = effects_table(table, parts, share, ready.trial.outcome)
        own = effects[effects["outcome"] == name].set_index(["estimand", "share"])
        direct, total = own.loc[("direct", share[0])], own.loc[("total", 1.0)]
        names = ("value_sd", "low_sd", "high_sd")
        return dict(zip(MEASURED, [*direct[list(names)], *total[list(names)]], strict=True))

    below = scan.values[0] - (scan.values[-1] - scan.values[0]) / COARSE
    try:
        scan.make(below)
        lowest = False
    except InputError:
        lowest = True
    table = explored(scan.values, measure, scan.published)
    return table.assign(lowest=lowest, along=scan.along)
