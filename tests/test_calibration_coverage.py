"""Long checks of calibrations: intervals hold the truth as often as they say, at any gap."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from scipy import stats

import sociophysics as sp
from sociophysics.inference.calibration.emulator import explored
from sociophysics.inference.calibration.panel_summaries import Summaries
from sociophysics.inference.calibration.panel_waves import WavePanel, panel_of
from sociophysics.inference.calibration.parameters_free import priors_of
from sociophysics.inference.calibration.wave_to_wave import Conduct, simulate_waves
from tests.laws import ALPHA

PANELS = 200
KEYS = ("dynamics.temperature", "field.values", "feed.strength")
PRIORS = priors_of(
    {
        "dynamics.temperature": {"low": 1.0, "high": 4.0},
        "field.values": {"low": 0.0, "high": 0.5},
        "feed.strength": {"low": 0.0, "high": 1.2},
    },
    KEYS,
)


def society(n: int = 200) -> tuple[sp.SpinSystem, np.ndarray]:
    graph = sp.networks.build("planted_partition", seed=3, n=n, communities=2, k_in=9, k_out=3)
    system = sp.couplings.uniform(graph, normalize="degree")
    return system, np.where(system.nodes["camp"].to_numpy() == 0, 1.0, -1.0)


def planted(
    system: sp.SpinSystem,
    conduct: Conduct,
    *,
    waves: int,
    seed: int,
    settling: float = 30.0,
    treated: np.ndarray | None = None,
) -> np.ndarray:
    """Return waves of a society that has moved for a while, shape (waves, n)."""
    stances = np.zeros((waves + 1, system.n), np.int8)
    stances[0] = np.where(np.random.default_rng(seed).random(system.n) < 0.5, 1, -1)
    gaps = np.r_[settling / conduct.sweeps, np.ones(waves - 1)]
    blank = WavePanel(stances=stances, gaps=gaps, systems=(system,), treated=treated)
    return simulate_waves(blank, [conduct], seed=seed)[0]


def ranks_and_cover(
    gap: float, panels: int, *, trial: bool = False
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return ranks of the truth, and what posterior and profile intervals hold, by parameter.

    In a trial half of the users, drawn anew for each panel, have the feed and the others none.
    """
    system, side = society()
    waves = 26 if gap < 1 else 8

    def conduct(theta: np.ndarray) -> Conduct:
        feed = sp.feeds.Popularity(strength=float(theta[2]), alpha=1.0)
        return Conduct(float(theta[0]), theta[1] * side, feed, gap)

    ranks, held, profiled = [], [], []
    for k in range(panels):
        truth = PRIORS.low + np.random.default_rng(k).random(3) * (PRIORS.high - PRIORS.low)
        given = np.random.default_rng(7000 + k).random(system.n) < 0.5 if trial else None
        data = planted(system, conduct(truth), waves=waves, seed=100_000 + k, treated=given)
        panel = panel_of(data, [system], treated=given)
        patterns = {"one": (side > 0) * 1.0, "other": (side < 0) * 1.0}
        summaries = Summaries(panel, patterns, sp.feeds.Popularity(strength=0.5, alpha=1.0))

        def simulate(
            theta: np.ndarray, first: int, panel=panel, summaries=summaries, k=k
        ) -> np.ndarray:
            trials = [conduct(each) for each in theta]
            return summaries.of(simulate_waves(panel, trials, seed=k, first=first)).sum(axis=1)

        found = explored(PRIORS, simulate, summaries.observed().sum(axis=0), each=300, seed=k)
        low, high = np.quantile(found.draws, [0.025, 0.975], axis=0)
        ranks.append((found.draws < truth).mean(axis=0))
        held.append((low <= truth) & (truth <= high))
        profiled.append((found.profile[0] <= truth) & (truth <= found.profile[1]))
    return np.array(ranks), np.array(held), np.array(profiled)


def reported(
    ranks: np.ndarray,
    held: np.ndarray,
    profiled: np.ndarray,
    record_property: Callable[[str, object], None],
    *,
    asked: bool,
) -> None:
    """Record coverage and ranks by parameter, and hold them to .95 and to uniform ones."""
    for k, name in enumerate(KEYS):
        inside = int(held[:, k].sum())
        bounds = stats.binomtest(inside, PANELS).proportion_ci(0.999, method="exact")
        even = stats.kstest(ranks[:, k], "uniform").pvalue
        record_property(f"{name} coverage", round(inside / PANELS, 3))
        record_property(f"{name} profile", round(float(profiled[:, k].mean()), 3))
        record_property(f"{name} ranks p", round(float(even), 4))
        if asked:
            assert bounds.low <= 0.95 <= bounds.high
            assert even >= ALPHA


@pytest.mark.validate
@pytest.mark.parametrize("gap", [0.2, 1.0, 5.0, 20.0])
def test_intervals_hold_the_truth_as_often_as_they_say(
    gap: float, record_property: Callable[[str, object], None]
) -> None:
    """Coverage of 95 % intervals, and uniform ranks, over 200 panels drawn from the prior."""
    reported(*ranks_and_cover(gap, PANELS), record_property, asked=gap <= 5)


@pytest.mark.validate
def test_intervals_of_a_trial_hold_the_truth_as_often_as_they_say(
    record_property: Callable[[str, object], None],
) -> None:
    """Half of the users have the feed: coverage and ranks over 200 panels drawn from the prior."""
    reported(*ranks_and_cover(1.0, PANELS, trial=True), record_property, asked=True)
