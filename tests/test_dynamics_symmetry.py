"""Runs of one society in other words follow one law; draws are unrelated and fair."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

import sociophysics as sp
from sociophysics.dynamics.kernels import kernel_choice as kernels
from sociophysics.influences import feeds
from sociophysics.theory import markov
from sociophysics.theory.stance_patterns import state_number
from tests.laws import ALPHA, assert_law, assert_mean, law_p_value
from tests.test_dynamics import frames, society

# --- symmetries --------------------------------------------------------------------------------

TEMPERATURES = st.sampled_from([0.0, 0.3, 1.0, 4.0, np.inf])


GAUGE = np.array([1, -1, -1, 1, -1], np.int8)


def turned(system: sp.SpinSystem, g: np.ndarray) -> sp.SpinSystem:
    """Return the system in which the stances of some users are relabelled."""
    ties = system.J.tocoo()
    values = g[ties.row] * g[ties.col] * ties.data
    return sp.SpinSystem.from_edges(
        ties.row, ties.col, values, n=system.n, h=g * system.h, directed=True
    )


@pytest.mark.parametrize("scheme", kernels.SCHEMES)
@pytest.mark.parametrize("temperature", [0.0, 1.1, np.inf])
def test_relabelled_runs_follow_the_same_law(scheme: str, temperature: float) -> None:
    """In law, not in bits: a draw sets a stance, and does not know the labels."""
    system, steps = society(5, 3.0, 3), 3 * 5
    start = np.array([1, -1, 1, 1, -1], np.int8)
    g = np.ones(5, np.int8) if scheme == "kawasaki" else GAUGE
    if scheme == "kawasaki":  # swaps know no relabelling but that of everybody
        matrix, g = markov.kawasaki_matrix(system, temperature=temperature), -g
    elif scheme == "sequential":
        matrix, steps = markov.sequential_sweep_matrix(system, temperature=temperature), 3
    else:
        matrix = markov.transition_matrix(system, temperature=temperature)
    law = markov.distribution_after(matrix, start, steps)
    *_, last = sp.trajectory(
        turned(system, g),
        temperature=temperature,
        sweeps=3,
        seed=29,
        replicas=10_000,
        start=g * start,
        every=3,
        scheme=scheme,
    )
    assert_law(np.bincount(state_number(g * last.spins), minlength=32), law)
    if scheme != "kawasaki" and temperature == 1.1:
        never_turned = np.bincount(state_number(last.spins), minlength=32)
        assert np.any(never_turned[law == 0.0]) or law_p_value(never_turned, law) < ALPHA


@settings(max_examples=25, deadline=None, derandomize=True)
@given(seed=st.integers(0, 10**6), temperature=TEMPERATURES, power=st.sampled_from([-3, 1, 2, 10]))
def test_powers_of_two_of_the_unit_change_no_number(
    seed: int, temperature: float, power: int
) -> None:
    system = society(30, 5.0, seed)
    factor = 2.0**power
    scaled = sp.SpinSystem(factor * system.J, factor * system.h)
    feed, stronger = (feeds.Chronological(strength=0.3 * f) for f in (1.0, factor))
    here = frames(system, temperature=temperature, feed=feed, replicas=2)
    there = frames(scaled, temperature=factor * temperature, feed=stronger, replicas=2)
    for a, b in zip(here, there, strict=True):
        assert (a.spins == b.spins).all()


@pytest.mark.parametrize("factor", [3.0, 0.1])
def test_other_units_follow_the_same_law(factor: float) -> None:
    system = society(5, 3.0, 3)
    scaled = sp.SpinSystem(factor * system.J, factor * system.h)
    start = np.array([1, -1, -1, 1, -1], np.int8)
    *_, last = sp.trajectory(
        scaled, temperature=factor, sweeps=4, seed=1, replicas=20_000, start=start, every=4
    )
    matrix = markov.transition_matrix(system, temperature=1.0)
    law = markov.distribution_after(matrix, start, 20)
    assert_law(np.bincount(state_number(last.spins), minlength=32), law)


# --- random numbers ----------------------------------------------------------------------------

GAMMA = 0x9E3779B97F4A7C15  # the increment of the plain SplitMix64


def coins(seed: int, replicas: int, n: int = 64, sweeps: int = 64) -> np.ndarray:
    """Return the stances of free users at T = inf, (replicas, frames * n)."""
    free = sp.SpinSystem.from_edges([], [], n=n)
    # Ten sweeps between frames: a user escapes every draw with probability e^-10.
    seen = [
        frame.spins
        for frame in sp.trajectory(
            free, temperature=np.inf, sweeps=10 * sweeps, seed=seed, replicas=replicas, every=10
        )
    ]
    return np.stack(seen[1:], axis=1).reshape(replicas, -1).astype(float)


@pytest.mark.parametrize("multiple", [0, 1, 2, 3])
def test_seeds_a_splitmix_constant_apart_give_unrelated_streams(multiple: int) -> None:
    base, other = coins(1, 2), coins((1 + multiple * GAMMA) % 2**64 if multiple else 2, 2)
    both = np.concatenate([base, other])
    assert_uncorrelated(both, lags=200)


def test_streams_of_replicas_are_uncorrelated_at_every_shift() -> None:
    assert_uncorrelated(coins(123, 12), lags=50)


def assert_uncorrelated(series: np.ndarray, lags: int) -> None:
    """Fail if two rows correlate at any shift, by the largest of all z-scores."""
    rows, length = series.shape
    largest, tests = 0.0, 0
    for a in range(rows):
        for b in range(rows):
            for lag in range(0 if a < b else 1, lags):
                product = series[a, : length - lag] * series[b, lag:]
                largest = max(largest, abs(product.sum()) / np.sqrt(length - lag))
                tests += 1
    assert 2 * stats.norm.sf(largest) * tests > ALPHA


def test_shifted_streams_are_rejected() -> None:
    series = coins(123, 1)
    with pytest.raises(AssertionError):
        assert_uncorrelated(np.concatenate([series[:, 3:], series[:, :-3]]), lags=50)


@pytest.mark.parametrize("n", [1, 3, 100])
def test_users_are_chosen_uniformly(n: int) -> None:
    """In a strong field against everybody at T = 0, who has flipped is who has been drawn."""
    free = sp.SpinSystem.from_edges([], [], n=n, h=np.full(n, -1.0))
    replicas = 20_000
    final = frames(free, temperature=0.0, sweeps=1, start="up", replicas=replicas)[-1].spins
    drawn = (final < 0).sum(axis=0)
    p = 1 - (1 - 1 / n) ** n
    if n == 1:
        assert (drawn == replicas).all()
        return
    z = (drawn - replicas * p) / np.sqrt(replicas * p * (1 - p))
    # A draw of one user is none of another: their counts are correlated by rho < 0.
    rho = ((1 - 2 / n) ** n - (1 - 1 / n) ** (2 * n)) / (p * (1 - p))
    correlation = np.full((n, n), rho) + (1 - rho) * np.eye(n)
    assert stats.chi2.sf(z @ np.linalg.solve(correlation, z), n) > ALPHA


def test_flips_at_infinite_temperature_are_fair() -> None:
    assert_mean(coins(5, 4).ravel(), 0.0, 1.0)
