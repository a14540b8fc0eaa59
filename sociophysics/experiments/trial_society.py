"""One society of a trial: what acts in it, and what nobody, some and everybody treated show."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sociophysics.dynamics import State
from sociophysics.experiments.trial_statistician import estimates_of, society_marks
from sociophysics.experiments.trial_tables import ESTIMATORS
from sociophysics.influences.feeds import Feed, acting
from sociophysics.influences.feeds.allotted import Allotted
from sociophysics.influences.interventions import Heat, Intervention, Nucleate, SwitchFeed, Tilt
from sociophysics.scenario import Settings
from sociophysics.scenario.build import (
    build_system,
    camp_names,
    case_frames,
    in_draw,
    varies,
)
from sociophysics.scenario.trial_table import TrialTable
from sociophysics.store.steps import Arrays

__all__ = ["TrialSociety", "one_society"]

Floats = NDArray[np.float64]
Marks = NDArray[np.bool_]
KERNEL = "fixed-point"  # each draw is a function of its place: arms stay paired whatever acts
SHARES = {
    "exposure_out_group": "shares_out_group",
    "exposure_own_camp": "shares_own_camp",
    "exposure_no_camp": "shares_no_camp",
    "exposure_agreement": "shares_agreeing",
}


class TrialSociety:
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
        self.names = camp_names(settings, self.system)
        feed = acting(settings.feed.named(self.names))
        self.feed: Feed | None = (
            None if feed is None else feed.allotted(self.system, self.camps, settings.seed)
        )

    def acts(self, marks: Marks, field: Floats) -> list[Intervention]:
        """Return what the treatment of some users does, and what ends it."""
        trial, treatment = self.trial, self.trial.treatment
        if treatment.kind != "feed" and not marks.any():
            return []
        if treatment.kind == "feed":
            # Where nobody is treated as well: what can pull at a user, by which rules other than
            # the heat bath and stored fields are scaled, is then the same in all arms.
            given = acting(None if treatment.feed is None else treatment.feed.named(self.names))
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
            users = [self.system.labels[i] for i in np.flatnonzero(marks).tolist()]
            noise = float(treatment.temperature or 0.0)
            begin = Heat(trial.at, noise, who=users, until=trial.until)
            end = None
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
            else:
                found.append(frame.exposure.of_users(SHARES[name])[0])
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
    society = TrialSociety(
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
            found["estimates"][k] = estimates_of(
                society, state, field, share, marks, found["some"][k]
            )
    return found
