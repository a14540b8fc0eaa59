"""Trends: the pulse, the life cycle it gives, and the fit of a known pulse."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from sociophysics.errors import InputError
from sociophysics.experiments.pulses import fit_pulse
from sociophysics.experiments.trend import Attention, life_cycle, outbreaks, side_by_side
from sociophysics.society import couplings, networks
from sociophysics.society.spins import SpinSystem

SOCIETY = dict(temperature=0.7, quiet=0.4)


def small_world(n: int = 300) -> SpinSystem:
    graph = networks.build("watts_strogatz", seed=1, n=n, k=8, p=0.1)
    return couplings.uniform(graph, normalize="degree")


def test_attention_starts_after_its_onset_and_fades() -> None:
    values = Attention(onset=2, height=3.0, decay=4.0).values(6)
    np.testing.assert_allclose(values[:2], 0)
    np.testing.assert_allclose(values[2:], 3 * np.exp(-np.arange(1, 5) / 4))


def test_free_users_follow_the_pulse_exactly() -> None:
    # Without ties P(talking) relaxes towards (1 + tanh(h/T))/2, by the factor 1/e per sweep.
    n, T, onset = 2000, 1.0, 3
    system = SpinSystem(np.zeros((n, n)))
    found = outbreaks(
        system, height=2.0, decay=5.0, onset=onset, active=1.0, quiet=0.5, temperature=T,
        sweeps=10, seed=1, replicas=10, settle=15,
    )  # fmt: skip
    keep = (1 - 1 / n) ** n
    p = (1 + math.tanh(-0.5)) / 2
    for sweep in range(1, 11):
        h = -0.5 + (2.0 * math.exp(-(sweep - onset) / 5) if sweep > onset else 0)
        p = keep * p + (1 - keep) * (1 + math.tanh(h / T)) / 2
        error = math.sqrt(p * (1 - p) / (10 * n))
        assert abs(found[:, sweep].mean() / n - p) < 4.5 * error


def test_pulses_side_by_side_have_the_law_of_each_alone() -> None:
    # Independent users again; 40 copies feel one pulse, 40 half of it and 40 none.
    n, T, onset, heights = 200, 1.0, 3, np.repeat([2.0, 1.0, 0.0], 40)
    pulses = [{"height": height, "decay": 5.0, "active": 1.0} for height in heights]
    found = side_by_side(
        SpinSystem(np.zeros((n, n))), pulses, onset=onset, quiet=0.5, temperature=T, sweeps=8,
        seed=2, settle=15,
    )  # fmt: skip
    keep = math.exp(-1)
    p = np.full(3, (1 + math.tanh(-0.5)) / 2)
    for sweep in range(1, 9):
        pull = math.exp(-(sweep - onset) / 5) if sweep > onset else 0.0
        p = keep * p + (1 - keep) * (1 + np.tanh((-0.5 + np.array([2.0, 1.0, 0.0]) * pull) / T)) / 2
        error = np.sqrt(p * (1 - p) / (40 * n))
        assert (np.abs(found[:, sweep].reshape(3, 40).mean(axis=1) / n - p) < 4.5 * error).all()


def test_a_pulse_gives_outbreak_rise_peak_and_decay() -> None:
    talking = outbreaks(
        small_world(), height=2.5, decay=6.0, onset=8, active=0.3, sweeps=60, seed=1, **SOCIETY
    )
    cycle = life_cycle(talking.mean(axis=0))
    assert 8 <= cycle.outbreak <= 10
    assert 1 <= cycle.rise <= 6
    assert cycle.peak > 5 * cycle.baseline
    assert 3 < cycle.decay < 20
    # Two thirds of them were reached by friends only.
    assert cycle.peak > 0.4 * 300 * 0.3


def test_more_activity_makes_a_larger_trend() -> None:
    peaks = [
        life_cycle(
            outbreaks(
                small_world(), height=2.0, decay=5.0, active=share, sweeps=30, seed=1, **SOCIETY
            ).mean(axis=0)
        ).peak
        for share in (0.1, 0.3, 0.6)
    ]
    assert peaks == sorted(peaks)
    flat = outbreaks(small_world(), height=2.0, decay=5.0, active=0.0, sweeps=30, seed=1, **SOCIETY)
    assert flat.max() < 60


def test_life_cycle_of_a_known_curve() -> None:
    t = np.arange(60)
    y = 5 + np.where(t < 10, 0, np.where(t < 14, 25 * (t - 9), 100 * np.exp(-(t - 13) / 7.0)))
    cycle = life_cycle(y)
    assert cycle.baseline == 5
    assert cycle.outbreak == 10
    assert cycle.peak_at == 13
    assert cycle.rise == 3
    assert cycle.decay == pytest.approx(7.0, abs=0.1)
    assert math.isnan(life_cycle([3, 3, 3, 3]).decay)


KNOWN = {"height": 2.5, "decay": 6.0, "active": 0.3}
# Pulses, counts per talking user, and how many sweeps are counted.
PULSES = {
    "known": (KNOWN, 5.0, 40),
    "sharp": ({"height": 4.0, "decay": 2.0, "active": 0.2}, 2.0, 40),
    "slow": ({"height": 1.5, "decay": 12.0, "active": 0.5}, 10.0, 60),
}


def observed(seed: int, name: str = "known") -> np.ndarray:
    pulse, scale, sweeps = PULSES[name]
    talking = outbreaks(
        small_world(), **pulse, onset=5, sweeps=sweeps, seed=seed, replicas=1, **SOCIETY
    )
    return np.random.default_rng(seed).poisson(scale * talking[0])


def test_a_known_pulse_is_found_again() -> None:
    fit = fit_pulse(
        small_world(), observed(104), seed=1, hold_out=0.4, replicas=24, onset=5, **SOCIETY
    )
    truth = np.array([2.5, 6.0, 5.0])
    table = fit.table
    assert list(table.index) == ["height", "decay", "scale"]
    # Three intervals at 95 %, fixed seed, within a factor of e^1.2.
    assert ((table["low"] < truth) & (truth < table["high"])).all()
    assert ((table["low"] < table["estimate"]) & (table["estimate"] < table["high"])).all()
    assert (np.log(table["high"] / table["low"]) / 2 < 1.2).all()
    assert fit.course["held_out"].sum() == 16
    assert fit.error < fit.naive_error
    assert fit.covered > 0.7


def test_a_series_without_a_pulse_does_not_determine_one() -> None:
    flat = np.random.default_rng(3).poisson(4.0, 41)
    keys: dict[str, Any] = dict(seed=1, hold_out=0.4, replicas=4, onset=5, **SOCIETY)
    fit = fit_pulse(small_world(100), flat, **keys)
    # Height and decay have no limit on a side at least; what is counted per user has.
    ends = fit.table[["low", "high"]].isna()
    assert ends.loc["height"].any()
    assert ends.loc["decay"].any()


@pytest.mark.validate
@pytest.mark.parametrize("name", PULSES)
def test_pulse_intervals_cover(name: str, record_property: Callable[[str, object], None]) -> None:
    pulse, scale, _ = PULSES[name]
    truth, start = np.array([pulse["height"], pulse["decay"], scale]), {"active": pulse["active"]}
    held, closed, inside = [], [], []
    hold_out = 0.3 if name == "slow" else 0.4
    keys: dict[str, Any] = dict(seed=1, hold_out=hold_out, replicas=24, onset=5, start=start)
    for seed in range(1000, 1040):
        fit = fit_pulse(small_world(), observed(seed, name), **keys, **SOCIETY)
        table = fit.table
        held.append((~(table["low"] > truth) & ~(table["high"] < truth)).to_numpy())
        closed.append(table[["low", "high"]].notna().all(axis=1).to_numpy())
        inside.append(fit.covered)
    for parameter, share, whole in zip(
        table.index, np.mean(held, axis=0), np.mean(closed, axis=0), strict=True
    ):
        record_property(f"coverage of {parameter} (nominal 0.95)", float(share))
        record_property(f"share of {parameter} with both ends", float(whole))
    record_property("coverage of the course held out (nominal 0.95)", float(np.mean(inside)))
    # Forty series, the three intervals of a fit correlated: 95 % less two standard errors of forty.
    assert np.mean(held) > 0.95 - 2 * math.sqrt(0.95 * 0.05 / 40)


@pytest.mark.parametrize(
    ("counts", "keys", "sentence"),
    [
        ([1, 2], {}, "at least four"),
        ([1, 2, -3, 4], {}, "negative"),
        ([0.0] * 20, {}, "all zero"),
        ([1.0] * 20, {"free": ["hight"]}, "did you mean height"),
        ([1.0] * 6, {"hold_out": 0.5}, "at least 5 counts"),
    ],
)
def test_bad_series_are_refused(counts: list, keys: dict, sentence: str) -> None:
    with pytest.raises(InputError, match=sentence):
        fit_pulse(small_world(20), counts, temperature=1.0, seed=1, **keys)
