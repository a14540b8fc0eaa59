"""Damage and exact samples against closed forms, enumeration, and a tempting wrong method."""

from __future__ import annotations

import numpy as np
import pytest

import sociophysics as sp
from sociophysics.dynamics.kernels.kernel_choice import FixedPointKernel
from sociophysics.errors import InputError
from sociophysics.experiments import coupling_from_the_past, damage
from sociophysics.theory import exact
from sociophysics.theory.stance_patterns import state_number
from tests.laws import ALPHA, assert_law, assert_mean, law_p_value

FRIENDS = sp.SpinSystem.from_edges(
    [0, 0, 1, 2, 3], [1, 2, 3, 3, 4], [0.9, 0.3, 0.6, 1.1, 0.8], h=[0.3, 0.0, -0.2, 0.1, -0.4]
)
DRAWS = 20_000


def boltzmann(temperature: float) -> np.ndarray:
    law = exact.boltzmann(FRIENDS, temperature=temperature)
    probabilities = np.zeros(32)
    probabilities[state_number(law.states)] = law.probabilities
    return probabilities


def counts(spins: np.ndarray) -> np.ndarray:
    return np.bincount(state_number(spins), minlength=32)


@pytest.mark.parametrize("temperature", [0.9, 3.0])
def test_samples_from_the_past_follow_the_boltzmann_law(temperature: float) -> None:
    spins = coupling_from_the_past(FRIENDS, temperature=temperature, draws=DRAWS, seed=3)
    assert_law(counts(spins), boltzmann(temperature))


def test_stances_at_the_moment_two_copies_meet_do_not() -> None:
    """Running forward until the copies meet is the error that going into the past avoids."""
    kernel = FixedPointKernel(
        FixedPointKernel.encode(FRIENDS, 1.0),
        np.repeat(np.array([1, -1], np.int8), DRAWS)[:, np.newaxis] * np.ones(5, np.int8),
        3,
        (*range(DRAWS), *range(DRAWS)),
        "sequential",
    )
    kernel.change_field(FRIENDS.h, None)
    found = np.zeros((DRAWS, 5), np.int8)
    for sweep in range(200):
        high, low = np.split(kernel.spins(), 2)
        met = (high == low).all(axis=1) & (found[:, 0] == 0)
        found[met] = high[met]
        kernel.sweep(sweep, 1, 0.9, np.zeros((2 * DRAWS, 0), np.uint8))
    assert found.all()
    assert law_p_value(counts(found), boltzmann(0.9)) < ALPHA


def test_a_draw_does_not_depend_on_how_many_there_are() -> None:
    few = coupling_from_the_past(FRIENDS, temperature=2.0, draws=3, seed=8)
    many = coupling_from_the_past(FRIENDS, temperature=2.0, draws=40, seed=8)
    assert (few == many[:3]).all()
    assert (many != coupling_from_the_past(FRIENDS, temperature=2.0, draws=40, seed=9)).any()


def test_damage_at_infinite_temperature_is_whoever_was_not_drawn() -> None:
    n = 50
    ring = sp.SpinSystem.from_edges(np.arange(n), (np.arange(n) + 1) % n)
    table = damage(ring, temperature=np.inf, sweeps=3, seed=2, replicas=4000)
    for sweep, found in table.groupby("sweep")["damage"]:
        stays = (1 - 1 / n) ** (n * sweep)
        both = (1 - 2 / n) ** (n * sweep)
        variance = (stays + (n - 1) * both) / n - stays**2
        assert_mean(found.to_numpy(), stays, variance)


def test_damage_heals_in_disorder_and_stays_in_order() -> None:
    n = 100
    system = sp.SpinSystem((np.ones((n, n)) - np.eye(n)) / n)
    cold, hot = (
        damage(system, temperature=t, sweeps=40, seed=1, every=40).groupby("sweep")["damage"]
        for t in (0.5, 3.0)
    )
    assert hot.mean()[40] == 0.0
    assert cold.mean()[40] == pytest.approx(0.9575, abs=0.02)  # m of mean field: copies up and down


def test_damage_takes_what_a_trajectory_takes() -> None:
    start = np.ones(5, np.int8)
    other = start.copy()
    other[2] = -1
    table = damage(
        FRIENDS,
        temperature=1.0,
        sweeps=6,
        seed=1,
        starts=(start, other),
        replicas=3,
        every=3,
        feed=sp.feeds.Chronological(strength=0.2),
    )
    assert table["sweep"].tolist() == [0, 0, 0, 3, 3, 3, 6, 6, 6]
    assert table["damage"][:3].tolist() == [0.2, 0.2, 0.2]


BAD = [
    (lambda: coupling_from_the_past(FRIENDS, temperature=0, draws=2, seed=1), "temperature is 0"),
    (
        lambda: coupling_from_the_past(
            sp.SpinSystem.from_edges([0], [1], [-0.5]), temperature=1.0, draws=2, seed=1
        ),
        "the smallest coupling is -0.5",
    ),
    (lambda: coupling_from_the_past(FRIENDS, temperature=1.0, draws=0, seed=1), "draws is 0"),
    (lambda: coupling_from_the_past(FRIENDS, temperature=1.0, draws=1.5, seed=1), "draws is 1.5"),
    (
        lambda: coupling_from_the_past(FRIENDS, temperature=0.01, draws=2, seed=1, most=8),
        "2 of 2 pairs of copies have not met within 8 sweeps",
    ),
    (lambda: damage(FRIENDS, temperature=1.0, sweeps=1, seed=1, starts=("up",)), "starts has 1"),
]


@pytest.mark.parametrize(("call", "sentence"), BAD, ids=[sentence for _, sentence in BAD])
def test_what_cannot_be_coupled_is_refused_in_a_sentence(call, sentence) -> None:
    with pytest.raises(InputError, match=sentence):
        call()
