"""A trial inside a society: what an A/B test of some users sees, and what everybody would.

Nobody, each share and everybody meet the same network, start and noise in every replica, and
treated sets are drawn anew per replica and nested over shares. Effects are those of
``inference.trial_effects``; what one trial's own statistician would get is beside them.
"""

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from sociophysics.arguments import asks
from sociophysics.errors import InputError, did_you_mean
from sociophysics.experiments.trial_society import TrialSociety, one_society
from sociophysics.experiments.trial_statistician import drawn_units, society_marks
from sociophysics.experiments.trial_tables import (
    after_table,
    effects_table,
    estimators_table,
    microdata_table,
    replicas_table,
    series_table,
)
from sociophysics.influences.feeds import NoFeed
from sociophysics.scenario import Scenario, Settings
from sociophysics.scenario.settings import plain
from sociophysics.scenario.trial_table import NEEDS_CAMPS, TrialTable
from sociophysics.society.spins import SpinSystem
from sociophysics.store import Place, json_form, steps
from sociophysics.store.steps import Arrays
from sociophysics.study.asked import asked_of
from sociophysics.study.measure import Progress, Work, keeping_steps, reseeded, varied

__all__ = ["Trial", "measured", "prepared", "trial"]

Floats = NDArray[np.float64]
Marks = NDArray[np.bool_]


@dataclass(frozen=True, eq=False, kw_only=True)
class Trial:
    """What a trial found.

    Attributes
    ----------
    effects : DataFrame
        One row per share, outcome and estimand: value with its 95 % interval over replicas, in
        units of the outcome and in standard deviations of untreated users. Share 0 is the direct
        effect extrapolated to a single treated user, share 1 the total and the multiplier.
    estimators : DataFrame
        What one trial's statistician gets: value, bias against the total, coverage of the own
        interval, power, and the smallest effect found with 80 %.
    table : DataFrame
        The effects in every replica.
    after : DataFrame or None
        With ``until``: what remains after the end, half-lives, asymmetry.
    inversion : DataFrame or None
        With ``published``: which values of the key, and which totals, go with it.
    series : DataFrame
        Means over users along time: of all, of treated, of controls.
    """

    effects: pd.DataFrame
    estimators: pd.DataFrame
    table: pd.DataFrame
    after: pd.DataFrame | None
    inversion: pd.DataFrame | None
    series: pd.DataFrame
    users: int
    replicas: int
    outcomes: tuple[str, ...]
    shares: tuple[float, ...]
    marks: Marks  # (shares, n), of replica 0
    system: SpinSystem  # of replica 0
    camps: NDArray[np.int64] | None
    counted: dict[str, int]  # users who have each outcome; the others are in no mean
    drawn: str  # what is treated or not as a whole, in a sentence; empty for users
    microdata: pd.DataFrame | None = None
    published: tuple[float, float] | None = None
    along: str = ""


@dataclass(frozen=True, eq=False, kw_only=True)
class Prepared:
    """A trial that was checked, before anything is computed."""

    settings: Settings
    trial: TrialTable
    replicas: int
    society: TrialSociety

    @property
    def users(self) -> int:
        """How many users there are."""
        return self.society.system.n

    @property
    def idle(self) -> bool:
        """Whether the treatment is another feed of strength 0, in place of one of strength 0."""
        feeds = (self.settings.feed, self.trial.treatment.feed)
        return all(
            isinstance(each, NoFeed) or getattr(each, "strength", None) == 0 for each in feeds
        )


def prepared(
    scenario: Scenario, *, design: str | None = None, replicas: int | None = None
) -> Prepared:
    """Return the trial of a scenario, checked against its society.

    Raises
    ------
    InputError
        No [trial], or one that this society cannot have.
    """
    if scenario.trial is None:
        raise InputError(
            f"{scenario.source}: [trial] is missing; say at which sweep, which share of the users "
            "and which treatment, as in docs/trials.md."
        )
    whole = varied(scenario, design=design, replicas=replicas)
    if whole.sweep.replicas < 2:
        raise InputError(
            "replicas is 1; effects have no interval without a second: give 2 or more."
        )
    settings, table = whole.cases()[0].settings, scenario.trial
    table.check(settings)
    society = TrialSociety(settings, table, 0)
    for name in table.outcome:
        if name in NEEDS_CAMPS and society.sides is None:
            raise InputError(
                f"trial.outcome holds {name!r}, but the users have no two camps; name a node "
                "attribute in [network] camp, or ask for stance."
            )
    _check_units(society)
    return Prepared(settings=settings, trial=table, replicas=whole.sweep.replicas, society=society)


def _check_units(society: TrialSociety) -> None:
    """Raise unless every share leaves somebody treated and somebody untreated."""
    unit, named = society.trial.unit, [str(column) for column in society.system.nodes]
    attribute = unit.partition(" ")[2].strip()
    if attribute and attribute not in named:
        hint = did_you_mean(attribute, named) if named else "users have no attributes here."
        raise InputError(f"trial.unit is {unit[:60]!r}, but no user has that attribute; {hint}")
    for share in society.trial.share:
        treated = int(society_marks(society, share).sum())
        if treated in (0, society.system.n):
            raise InputError(
                f"trial.share holds {share!r}, of which {treated} of {society.system.n} users are "
                "treated: nobody is left to compare with; give a share farther from 0 and 1."
            )


@asks
def trial(
    scenario: Scenario,
    *,
    design: str | None = None,
    replicas: int | None = None,
    published: str | None = None,
    along: str = "feed.strength",
    values: Sequence[float] | None = None,
    microdata: bool = False,
    out: Place | None = None,
    workers: int | None = None,
    executor: Executor | None = None,
    progress: Progress | None = None,
    cancel: threading.Event | None = None,
    seed: int | None = None,
) -> Trial:
    """Return what the trial of a scenario finds, and what everybody's treatment would do.

    Parameters
    ----------
    scenario : Scenario
        With a table [trial].
    design : str, optional
        Name of the design that is the control; the first by default.
    replicas : int, optional
        Societies; those of the scenario by default, ten if it has one.
    published : str, optional
        A published trial, as ``"d = 0.00, se = 0.015"``: direct effect in standard deviations of
        users and its standard error. Which values of ``along`` go with it?
    along : str
        Dotted key that is scanned; ``feed.strength`` is that of the society's feed and of the
        treatment's, where they have one.
    values : sequence of float, optional
        Of the key: the lowest and the highest, and others to begin with; from nothing to twice
        what the file says by default. More are tried between them, until the answer does not
        depend on where the scan began.
    microdata : bool
        Whether to keep every user's outcome.
    out : path, or address such as ``s3://bucket/trial``, optional
        Makes it a study that goes on and is opened by ``sp.open``.
    workers, executor, progress, cancel
        As for ``sp.run``.
    seed : int, optional
        Instead of the scenario's.

    Raises
    ------
    InputError
        No [trial], or one that this society cannot have.

    Examples
    --------
    >>> scenario = Scenario.from_toml('''
    ... seed = 1
    ... network = {kind = "complete", n = 40}
    ... couplings = {kind = "uniform", value = 0.02}
    ... dynamics = {temperature = 2.0, sweeps = 40}
    ... trial = {at = 10, share = [0.5], treatment = {field = 0.5}}
    ... sweep = {replicas = 4}
    ... ''')
    >>> found = trial(scenario, workers=1)
    >>> found.effects.query("estimand == 'direct'")["share"].tolist()
    [0.5, 0.0]
    """
    from sociophysics.experiments.trial_inversion import read_published

    scenario = reseeded(scenario, seed)
    asked = {
        "design": design,
        "replicas": replicas,
        "published": published,
        "along": along,
        "values": None if values is None else [float(each) for each in values],
        "microdata": microdata,
    }
    if published is not None:
        read_published(published)
    prepared(scenario, design=design, replicas=replicas)
    work = Work(folder=out, workers=workers, executor=executor, progress=progress, cancel=cancel)
    with asked_of(scenario, "trial", asked, out) as tables:
        found = measured(scenario, asked, work)
        tables |= tables_of(found)
    return found


def tables_of(found: Trial) -> dict[str, pd.DataFrame]:
    """Return the tables of a study by name."""
    named = {
        "effects": found.effects,
        "estimators": found.estimators,
        "replicas": found.table,
        "series": found.series,
        "after": found.after,
        "inversion": found.inversion,
        "trial": found.microdata,
    }
    return {name: table for name, table in named.items() if table is not None}


def measured(scenario: Scenario, asked: Mapping[str, Any], work: Work) -> Trial:
    """Return the trial that is asked for; steps are kept where ``work`` says.

    Raises
    ------
    InputError
        As ``trial``.
    """
    from sociophysics.experiments import trial_inversion

    keys = {name: asked[name] for name in ("design", "replicas")}
    ready = prepared(scenario, **keys)
    scan = trial_inversion.scanned(scenario, asked, ready) if asked["published"] else None
    total = ready.replicas * (1 + (0 if scan is None else trial_inversion.planned(scan)))
    with keeping_steps(work, total=total):
        parts = replica_steps(ready, shares=ready.trial.share, estimators=True)
        inversion = None if scan is None else trial_inversion.inverted(scan)
    names = ready.trial.outcome
    table = replicas_table(parts, ready.trial.share, names)
    return Trial(
        effects=effects_table(table, parts, ready.trial.share, names, idle=ready.idle),
        estimators=estimators_table(table, parts, ready.trial.share, names),
        table=table,
        after=after_table(parts, ready.trial, names),
        inversion=inversion,
        series=series_table(parts, ready.trial.share, names),
        users=ready.users,
        replicas=ready.replicas,
        outcomes=names,
        shares=ready.trial.share,
        marks=parts[0]["marks"],
        system=ready.society.system,
        camps=ready.society.camps,
        microdata=(
            microdata_table(parts, ready.trial.share, names, ready.society.system.labels)
            if asked["microdata"]
            else None
        ),
        counted=dict(zip(names, np.isfinite(parts[0]["nobody"]).sum(axis=1).tolist(), strict=True)),
        drawn=drawn_units(ready.society),
        published=None if scan is None else scan.published,
        along=asked["along"],
    )


def replica_steps(ready: Prepared, *, shares: Sequence[float], estimators: bool) -> list[Arrays]:
    """Return the arrays of every replica of a trial, each a step."""
    from sociophysics.study.blocks import identities

    table = json_form(plain(ready.trial.model_dump()))
    shared = [json_form(ready.settings.canonical()), table, list(shares), estimators]
    known = [*identities([ready.settings]), *shared[1:]]
    numbers = list(range(ready.replicas))
    return steps("trial", one_society, shared, numbers, known=known)
