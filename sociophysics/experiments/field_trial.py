"""A trial inside a society: what an A/B test of some users sees, and what everybody would.

Nobody, each share and everybody meet the same network, start and noise in every replica, and
treated sets are drawn anew per replica and nested over shares. Effects are those of
``inference.trial_effects``; what one trial's own statistician would get is beside them.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from sociophysics.dynamics import State
from sociophysics.errors import InputError
from sociophysics.experiments.trial_tables import (
    ESTIMATORS,
    after_table,
    effects_table,
    estimators_table,
    microdata_table,
    replicas_table,
    series_table,
)
from sociophysics.inference.trial_estimators import (
    ExposureChances,
    cluster_difference,
    difference_in_means,
    exposure_chances,
    hajek,
)
from sociophysics.influences.choosing import clusters, how_many, select
from sociophysics.influences.feeds import Feed, acting
from sociophysics.influences.feeds.allotted import Allotted
from sociophysics.influences.interventions import Intervention, Nucleate, SwitchFeed, Tilt
from sociophysics.scenario import Scenario, Settings
from sociophysics.scenario.build import build_system, case_frames, in_draw, varies
from sociophysics.scenario.settings import plain
from sociophysics.scenario.trial_table import NEEDS_CAMPS, TrialTable
from sociophysics.society.spins import SpinSystem
from sociophysics.store import Place, json_form, steps
from sociophysics.store.steps import Arrays
from sociophysics.streams import generator
from sociophysics.study.asked import asked_of
from sociophysics.study.measure import Progress, Work, keeping_steps, reseeded, varied

__all__ = ["Trial", "measured", "prepared", "treated_marks", "trial"]

Floats = NDArray[np.float64]
Marks = NDArray[np.bool_]
KERNEL = "fixed-point"  # each draw is a function of its place: arms stay paired whatever acts
DRAWS = 500  # of the design, for chances of exposure
DENSE = 0.5  # share of all pairs that are tied, beyond which no communities are looked for


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
    microdata: pd.DataFrame | None = None
    published: tuple[float, float] | None = None
    along: str = ""


@dataclass(frozen=True, eq=False, kw_only=True)
class Prepared:
    """A trial that was checked, before anything is computed."""

    settings: Settings
    trial: TrialTable
    replicas: int
    society: _Society

    @property
    def users(self) -> int:
        """How many users there are."""
        return self.society.system.n


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
    society = _Society(settings, table, 0)
    for name in table.outcome:
        if name in NEEDS_CAMPS and society.sides is None:
            raise InputError(
                f"trial.outcome holds {name!r}, but the users have no two camps; name a node "
                "attribute in [network] camp, or ask for stance."
            )
    return Prepared(settings=settings, trial=table, replicas=whole.sweep.replicas, society=society)


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
        Of the key; nine from nothing to twice what the file says by default.
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
    total = ready.replicas * (1 + (0 if scan is None else len(scan.values)))
    with keeping_steps(work, total=total):
        parts = replica_steps(ready, shares=ready.trial.share, estimators=True)
        inversion = None if scan is None else trial_inversion.inverted(scan)
    names = ready.trial.outcome
    table = replicas_table(parts, ready.trial.share, names)
    return Trial(
        effects=effects_table(table, parts, ready.trial.share, names),
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
        microdata=microdata_table(parts, ready.trial.share, names) if asked["microdata"] else None,
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


class _Society:
    """The society of one replica, and the sign of every user's camp."""

    def __init__(self, settings: Settings, trial: TrialTable, replica: int) -> None:
        settings = in_draw(settings, replica)
        self.settings, self.trial, self.replica = settings, trial, replica
        self.system, self.camps = build_system(settings, replica if varies(settings) else None)
        self.sides: Floats | None = None
        if self.camps is not None and {0, 1} <= set(self.camps.tolist()):
            sign = np.array([1.0, -1.0])
            known = np.isin(self.camps, (0, 1))
            self.sides = np.where(known, sign[np.where(known, self.camps, 0)], np.nan)
        feed = acting(settings.feed)
        self.feed: Feed | None = (
            None if feed is None else feed.allotted(self.system, self.camps, settings.seed)
        )

    def acts(self, marks: Marks, field: Floats) -> list[Intervention]:
        """Return what the treatment of some users does, and what ends it."""
        trial, treatment = self.trial, self.trial.treatment
        if not marks.any():
            return []
        if treatment.kind == "feed":
            given = acting(treatment.feed)
            if given is not None:
                given = given.allotted(self.system, self.camps, self.settings.seed)
            begin: Intervention = SwitchFeed(trial.at, Allotted.switched(self.feed, given, marks))
            # Nobody has the other feed again, and whatever feeds remember goes on.
            end: Intervention | None = SwitchFeed(
                trial.until or 0, Allotted.switched(self.feed, given, np.zeros_like(marks))
            )
        elif treatment.kind == "field":
            base = field - self.system.h
            begin = Tilt(trial.at, base + float(treatment.field or 0.0) * marks)
            end = Tilt(trial.until or 0, base)
        elif treatment.kind == "hold":
            users = [self.system.labels[i] for i in np.flatnonzero(marks).tolist()]
            lasts = "forever" if trial.until is None else trial.until - trial.at
            begin = Nucleate(trial.at, users, stance=int(treatment.hold or 1), hold=lasts)
            end = None
        else:
            raise InputError(
                "trial.treatment is a temperature; temperatures of single users are not there yet: "
                "treat by feed, field or hold."
            )
        return [begin] if trial.until is None or end is None else [begin, end]

    def outcomes(self, frame: Any) -> Floats:
        """Return every outcome of every user at a frame, (outcomes, n); NaN where there is none."""
        s = frame.spins[0].astype(np.float64)
        found = []
        for name in self.trial.outcome:
            if name == "stance":
                found.append(s)
            elif name == "own_side" and self.sides is not None:
                found.append(s * self.sides)
            elif frame.exposure is None:
                found.append(np.full(s.size, np.nan))
            elif name == "exposure_out_group":
                found.append(frame.exposure.of_users("shares_out_group")[0])
            else:
                found.append(frame.exposure.of_users("shares_agreeing")[0])
        return np.array(found)

    def state(self) -> tuple[State | None, Floats]:
        """Return the state in which the treatment finds the society, and its external field."""
        at = self.trial.at
        settings = self.settings
        if at:
            observe = settings.observe.model_copy(update={"every": at})
            settings = settings.model_copy(update={"observe": observe})
        for frame in case_frames(settings, [self.replica], kernel=KERNEL):
            if frame.sweep == at:
                return (frame.state() if at else None), frame.field
        raise AssertionError  # the trial begins within the run

    def run(self, state: State | None, marks: Marks, field: Floats) -> Arrays:
        """Return means of every user in the window, and means over users along time."""
        first, last = self.trial.window(self.settings.dynamics.sweeps)
        shape = len(self.trial.outcome), self.system.n
        total, known, spread = np.zeros(shape), np.zeros(shape), []
        rows, sweeps = [], []
        frames = case_frames(
            self.settings, [self.replica], kernel=KERNEL, resume=state,
            more=self.acts(marks, field),
        )  # fmt: skip
        for frame in frames:
            if frame.sweep <= self.trial.at:
                continue
            y = self.outcomes(frame)
            there = ~np.isnan(y)
            filled = np.where(there, y, 0.0)
            rows.append([_share(filled, there, each) for each in (True, marks, ~marks)])
            sweeps.append(frame.sweep)
            if first < frame.sweep <= last:
                total += filled
                known += there
                mean = _share(filled, there, True)
                spread.append(_share(filled**2, there, True) - mean**2)
        with np.errstate(invalid="ignore"):
            means = total / known
        return {
            "means": means,
            "series": np.array(rows).transpose(2, 0, 1),  # (outcomes, frames, 3)
            "sweeps": np.array(sweeps),
            "sd": np.sqrt(np.mean(spread, axis=0)),
        }


def _share(values: Floats, there: Marks, among: Marks | bool) -> Floats:
    """Return the mean over the users who have an outcome, (outcomes,)."""
    weight = there & among
    with np.errstate(invalid="ignore", divide="ignore"):
        mean: Floats = np.where(weight, values, 0.0).sum(axis=1) / weight.sum(axis=1)
    return mean


def one_society(
    tables: Mapping[str, Any],
    trial: Mapping[str, Any],
    shares: Sequence[float],
    estimators: bool,
    replica: int,
) -> Arrays:
    """Return what one replica shows: nobody, every share and everybody treated.

    Parameters
    ----------
    tables, trial : mapping
        The settings of one case and the trial's table, as JSON holds them.
    shares : sequence of float
    estimators : bool
        Whether to do what the trial's own statistician would, and treat whole clusters as well.
    replica : int
    """
    context = {"canonical": True, "table": True}
    society = _Society(
        Settings.model_validate(tables, context=context),
        TrialTable.model_validate(trial, context=context),
        replica,
    )
    n = society.system.n
    state, field = society.state()
    drawn = [society_marks(society, share) for share in shares]
    arms = [np.zeros(n, bool), *drawn, np.ones(n, bool)]
    runs = [society.run(state, marks, field) for marks in arms]
    found = {
        "nobody": runs[0]["means"],
        "everybody": runs[-1]["means"],
        "some": np.array([run["means"] for run in runs[1:-1]]),
        "marks": np.array(drawn),
        "series": np.array([run["series"] for run in runs]),
        "sweeps": runs[0]["sweeps"],
        "sd": runs[0]["sd"],
        "estimates": np.full((len(shares), len(ESTIMATORS), len(society.trial.outcome), 3), np.nan),
    }
    if estimators:
        for k, (share, marks) in enumerate(zip(shares, drawn, strict=True)):
            found["estimates"][k] = _estimates(
                society, state, field, share, marks, found["some"][k]
            )
    return found


def _estimates(
    society: _Society,
    state: State | None,
    field: Floats,
    share: float,
    marks: Marks,
    outcomes: Floats,
) -> Floats:
    """Return value, standard error and users of each estimator and outcome."""
    system, unit, seed = society.system, society.trial.unit, society.settings.seed
    codes = None if society.camps is None else society.camps.tobytes()
    chances = _chances(system, codes, unit, share, seed)
    word = _cluster_word(unit)
    groups = _communities(system, word)
    by_cluster, whole = outcomes, marks
    if groups is not None and unit == "user":
        rng = generator(seed, "trial", society.replica, 1)
        whole = select(system, society.camps, word, share, rng)
        by_cluster = society.run(state, whole, field)["means"]
    found = np.full((len(ESTIMATORS), len(outcomes), 3), np.nan)
    for k, y in enumerate(outcomes):
        found[0, k] = difference_in_means(y, marks)
        if groups is not None:
            found[1, k] = cluster_difference(by_cluster[k], whole, groups)
        found[2, k] = hajek(y, marks, system, chances)
    return found


@lru_cache(maxsize=16)
def _chances(
    system: SpinSystem, codes: bytes | None, unit: str, share: float, seed: int
) -> ExposureChances:
    camps = None if codes is None else np.frombuffer(codes, np.int64)

    def draw(k: int) -> Marks:
        # Of a name of its own: the sets that are treated are drawn by replica.
        rng = generator(seed, "trial", None, k, of="exposures")
        return treated_marks(system, camps, unit, share, rng)

    return exposure_chances(system, draw, draws=DRAWS)


def _communities(system: SpinSystem, word: str) -> NDArray[np.int64] | None:
    """Return the clusters of users; None in a society that has none, such as a complete one."""
    if word == "cluster" and system.J.nnz > DENSE * system.n * (system.n - 1):
        return None
    try:
        return clusters(system, word)
    except InputError:
        return None


def society_marks(society: _Society, share: float) -> Marks:
    """Return who is treated in one replica: those of a smaller share, and more."""
    rng = generator(society.settings.seed, "trial", society.replica)
    return treated_marks(society.system, society.camps, society.trial.unit, share, rng)


def _cluster_word(unit: str) -> str:
    name = unit.removeprefix("attribute").strip()
    return f"cluster:{name}" if unit.startswith("attribute") else "cluster"


def treated_marks(
    system: SpinSystem,
    camps: NDArray[np.int64] | None,
    unit: str,
    share: float,
    rng: np.random.Generator,
) -> Marks:
    """Return who is treated, (n,): users at random within each camp, or whole clusters.

    Parameters
    ----------
    system : SpinSystem
    camps : int array, shape (n,), or None
        Each camp, and the users without one, give the same share.
    unit : str
        user, cluster or attribute NAME.
    share : float
        Of users or clusters; from generators in one state larger shares hold smaller ones.
    rng : Generator

    Examples
    --------
    >>> system = SpinSystem(np.zeros((8, 8)))
    >>> camps = np.array([0, 0, 0, 0, 1, 1, 1, 1])
    >>> marks = treated_marks(system, camps, "user", 0.5, np.random.default_rng(1))
    >>> int(marks[:4].sum()), int(marks[4:].sum())
    (2, 2)
    """
    if unit != "user":
        return select(system, camps, _cluster_word(unit), share, rng)
    order, marks = rng.random(system.n), np.zeros(system.n, np.bool_)
    for members in _strata(camps, system.n):
        ranked = members[np.argsort(order[members], kind="stable")]
        marks[ranked[: how_many(share, members.size)]] = True
    return marks


def _strata(camps: NDArray[np.int64] | None, n: int) -> Iterator[NDArray[np.int64]]:
    if camps is None:
        yield np.arange(n)
    else:
        for camp in np.unique(camps):
            yield np.flatnonzero(camps == camp)
