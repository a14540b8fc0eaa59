"""What if: the fitted chamber, and the same one with whips, another exchange, or an empty seat.

Both are simulated as a scenario is: what is shown here, ``sociophysics run`` repeats.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sociophysics.arguments import asks
from sociophysics.dynamics import Frame, observe
from sociophysics.errors import InputError
from sociophysics.live.fitted_chamber import FittedChamber
from sociophysics.live.watched_work import UNWATCHED, Watch
from sociophysics.scenario import Scenario
from sociophysics.scenario.build import case_frames, varies
from sociophysics.statistics import mean_interval, paired_difference
from sociophysics.study.results.comparison import signed

__all__ = ["NOBODY", "Outcome", "changes", "scenario_of", "simulate_change", "whipped"]

Floats = NDArray[np.float64]

NOBODY = "-"  # the member who leaves, when none does
NAMES = ("as it was", "what if")
MOST_BINS = 120
FRAMES = 100  # simulated roll calls per replica, of which a fifth settles


@dataclass(frozen=True, eq=False, kw_only=True)
class Outcome:
    """Simulated roll calls of both chambers so far.

    Attributes
    ----------
    scenario : Scenario
        With the folder of the fit on this machine.
    changed : str
        What differs, in words.
    sizes : (int, int)
        Members of the chamber as it was, and of the changed one.
    counts : two arrays, shape (replicas, members + 1)
        How often a replica had so many yeas.
    means : mapping to two arrays, shape (replicas,)
        Mean observables of each replica; entry r of both is one pair.
    """

    scenario: Scenario
    changed: str
    sizes: tuple[int, int]
    counts: tuple[Floats, Floats]
    means: Mapping[str, tuple[Floats, Floats]]

    @property
    def replicas(self) -> int:
        """Number of pairs so far."""
        return len(self.counts[0])

    def shares(self, side: int) -> tuple[Floats, Floats, Floats, Floats]:
        """Return numbers of yeas, the share of roll calls that had them, and its interval.

        Of large chambers a few neighboring numbers are one bin; the bands are 95 %
        intervals over replicas.
        """
        table = self.counts[side] / self.counts[side].sum(axis=1, keepdims=True)
        width = -(-table.shape[1] // MOST_BINS)
        starts = np.arange(0, table.shape[1], width)
        table = np.add.reduceat(table, starts, axis=1)
        last = np.minimum(starts + width, self.sizes[side] + 1) - 1
        found = np.array([mean_interval(column) for column in table.T])
        low, high = np.clip(found[:, 1:].T, 0.0, 1.0)
        return (starts + last) / 2, found[:, 0], low, high

    def difference(self, name: str) -> Any:
        """Return the paired difference of an observable, what-if minus as it was."""
        before, after = self.means[name]
        return paired_difference(after, before, signed=signed(name))


def whipped(fitted: FittedChamber) -> tuple[int, ...]:
    """Return the camps that have a whip: the two largest, in their order."""
    sizes = np.bincount(fitted.camps[fitted.camps >= 0], minlength=len(fitted.camp_names))
    return tuple(sorted(int(camp) for camp in np.argsort(-sizes, kind="stable")[:2]))


def changes(values: Mapping[str, Any], fitted: FittedChamber) -> list[str]:
    """Return what the settings change in the chamber, in words; nothing changed is an empty list.

    The leaving member must be one of the chamber.
    """
    told = []
    for key, camp in zip(("whip_a", "whip_b"), whipped(fitted), strict=False):
        if values[key]:
            told.append(
                f"a whip of {values[key]:+g} on {fitted.camp_names[camp]}".replace("-", "−")
            )
    if values["exchange"] != 1.0 and len(fitted.camp_names) > 1:
        told.append(f"ties across parties times {values['exchange']:g}")
    leaving = _leaving(values, fitted)
    if leaving is not None:
        told.append(f"without {fitted.names[leaving]}")
    return told


def scenario_of(values: Mapping[str, Any], fitted: FittedChamber, path: str) -> Scenario:
    """Return the scenario of both chambers; ``path`` leads to the fit.

    Raises
    ------
    InputError
        Settings that change nothing, or that the chamber cannot have.
    """
    told = changes(values, fitted)
    if not told:
        raise InputError(
            "nothing is changed: give a party a whip, scale the ties across parties, or let a "
            "member leave."
        )
    drawn = bool(values["draws"]) and not fitted.quick
    couplings: dict[str, Any] = {
        "kind": "fitted",
        "path": path,
        "estimator": fitted.estimator,
        "draw": "bootstrap" if drawn else "point",
    }
    field = [0.0] * len(fitted.camp_names)
    changed = {**couplings, "exchange": float(values["exchange"])}
    whips = list(field)
    for key, camp in zip(("whip_a", "whip_b"), whipped(fitted), strict=False):
        whips[camp] = float(values[key])
    leaving = _leaving(values, fitted)
    if leaving is not None:
        changed["remove"] = [str(fitted.members["id"].iloc[leaving])]
    sweeps = int(values["sweeps"])
    names = ["passed", "abs_magnetization"]
    names += ["abs_camp_polarization"] if len(fitted.camp_names) == 2 else []
    tables: dict[str, Any] = {
        "title": f"What if: {', '.join(told)}",
        "question": f"What do the fitted couplings imply for a chamber with {', '.join(told)}?",
        "seed": int(values["chance"]),
        "couplings": couplings,
        "dynamics": {
            "temperature": 1.0, "sweeps": sweeps, "burn_in": sweeps // 5, "start": "random"
        },
        "observe": {"every": max(1, sweeps // FRAMES), "names": names},
        "designs": [
            {"name": NAMES[0], "couplings": couplings, "field": _field(field)},
            {"name": NAMES[1], "couplings": changed, "field": _field(whips)},
        ],
        "sweep": {"replicas": int(values["replicas"])},
    }  # fmt: skip
    return Scenario.from_canonical(tables, name="what-if")


@asks
def simulate_change(scenario: Scenario, changed: str, watch: Watch = UNWATCHED) -> Outcome:
    """Simulate both chambers side by side, publishing outcomes as they come.

    Parameters
    ----------
    scenario : Scenario
        Of ``scenario_of``: the chamber as it is, and changed.
    changed : str
        What was changed, in words.
    watch : Watch
        Takes in outcomes, and ends the work by raising.
    """
    settings = [case.settings for case in scenario.cases()]
    replicas = scenario.sweep.replicas
    together = not any(varies(each) for each in settings)
    groups = [range(replicas)] if together else [range(r, r + 1) for r in range(replicas)]
    tally = _Tally(scenario, changed, replicas)
    for group in groups:
        pairs = zip(*(case_frames(each, list(group)) for each in settings), strict=True)
        for frames in pairs:
            watch.check()
            tally.take(frames, group)
            if together:
                share = frames[0].sweep / settings[0].dynamics.sweeps
                watch.publish(
                    tally.outcome(replicas), progress=share,
                    message=f"sweep {frames[0].sweep:,} of {settings[0].dynamics.sweeps:,}",
                )  # fmt: skip
        watch.publish(
            tally.outcome(group[-1] + 1), progress=(group[-1] + 1) / replicas,
            message=f"replica {group[-1] + 1} of {replicas}",
        )  # fmt: skip
    whole = tally.outcome(replicas)
    assert whole is not None
    return whole


class _Tally:
    """Counts of both sides while they are simulated."""

    def __init__(self, scenario: Scenario, changed: str, replicas: int) -> None:
        self.scenario, self.changed, self.replicas = scenario, changed, replicas
        self.names = list(scenario.observe.names)
        self.burn_in = int(scenario.canonical()["dynamics"]["burn_in"])
        self.counts: list[Floats] = []
        self.sums = {name: np.zeros((2, replicas)) for name in self.names}
        self.taken = np.zeros(replicas)

    def take(self, frames: tuple[Frame, ...], group: range) -> None:
        if not self.counts:
            self.counts = [np.zeros((self.replicas, f.spins.shape[1] + 1)) for f in frames]
        if frames[0].sweep < self.burn_in:
            return
        rows = np.arange(group.start, group.stop)
        for side, frame in enumerate(frames):
            self.counts[side][rows, (frame.spins > 0).sum(axis=1)] += 1
            for name, values in observe(frame, self.names).items():
                self.sums[name][side, rows] += values
        self.taken[rows] += 1

    def outcome(self, done: int) -> Outcome | None:
        if done < 2 or not self.taken[:done].all():
            return None
        means = {
            name: (sums[0, :done] / self.taken[:done], sums[1, :done] / self.taken[:done])
            for name, sums in self.sums.items()
        }
        before, after = (table[:done].copy() for table in self.counts)
        return Outcome(
            scenario=self.scenario,
            changed=self.changed,
            sizes=(before.shape[1] - 1, after.shape[1] - 1),
            counts=(before, after),
            means=means,
        )


def _field(values: list[float]) -> dict[str, Any]:
    return {"kind": "camps", "values": values} if any(values) else {"kind": "none"}


def _leaving(values: Mapping[str, Any], fitted: FittedChamber) -> int | None:
    if values["remove"] == NOBODY:
        return None
    found = np.flatnonzero((fitted.members["id"] == values["remove"]).to_numpy())
    return int(found[0]) if len(found) else None
