"""Markov matrices: stationarity, detailed balance, feeds frozen for a sweep."""

import numpy as np
import pytest

from sociophysics.errors import InputError
from sociophysics.society.spins import SpinSystem
from sociophysics.theory import closed_forms, exact, feed_definitions
from sociophysics.theory.exact import FieldLaw

CAMPS = [0, 0, 1, 1, -1]


def random_system(seed=1, n=5):
    draw = np.random.default_rng(seed)
    J = np.triu(draw.normal(size=(n, n)) * (draw.random((n, n)) < 0.8), 1)
    return SpinSystem(J + J.T, h=0.3 * draw.normal(size=n))


def total_variation(p, q):
    return np.abs(p - q).sum() / 2


@pytest.mark.parametrize("temperature", [0.7, 2.0, np.inf])
def test_heat_bath_is_reversible_and_keeps_boltzmann(temperature):
    system = random_system()
    P = exact.transition_matrix(system, temperature=temperature)
    pi = exact.boltzmann(system, temperature=temperature).probabilities
    np.testing.assert_allclose(P.sum(axis=1), 1, atol=1e-14)
    flux = pi[:, None] * P
    np.testing.assert_allclose(flux, flux.T, atol=1e-15)
    np.testing.assert_allclose(exact.stationary(P), pi, atol=1e-12)


def test_every_entry_is_the_written_rule():
    system, T, phi = random_system(), 1.3, np.linspace(-1, 1, 5)
    P = exact.transition_matrix(system, temperature=T, phi=phi)
    for k, s in enumerate(exact.all_states(5).astype(float)):
        f = system.J @ s + system.h + phi
        for i in range(5):
            turned = s.copy()
            turned[i] *= -1
            expected = 1 / (1 + np.exp(2 * s[i] * f[i] / T)) / 5
            assert P[k, exact.state_number(turned)] == pytest.approx(expected, abs=1e-15)
    assert np.count_nonzero(P) <= 32 * 6


def test_sequential_sweep_keeps_boltzmann_without_detailed_balance():
    system, T = random_system(), 1.0
    P = exact.sequential_sweep_matrix(system, temperature=T)
    pi = exact.boltzmann(system, temperature=T).probabilities
    np.testing.assert_allclose(P.sum(axis=1), 1, atol=1e-13)
    np.testing.assert_allclose(pi @ P, pi, atol=1e-14)
    flux = pi[:, None] * P
    assert np.abs(flux - flux.T).max() > 1e-3


def test_kawasaki_keeps_the_mean_stance_and_boltzmann():
    system, T = random_system(), 1.0
    P = exact.transition_matrix(system, temperature=T, scheme="kawasaki")
    pi = exact.boltzmann(system, temperature=T).probabilities
    np.testing.assert_allclose(P.sum(axis=1), 1, atol=1e-14)
    flux = pi[:, None] * P
    np.testing.assert_allclose(flux, flux.T, atol=1e-15)
    m = exact.all_states(5).sum(axis=1)
    assert np.all(P[m[:, None] != m] == 0)


def test_zero_temperature_tosses_a_fair_coin_in_zero_field():
    system = SpinSystem([[0, 0.3, -0.1, -0.2], [0.3, 0, 0, 0], [-0.1, 0, 0, 0], [-0.2, 0, 0, 0]])
    P = exact.transition_matrix(system, temperature=0)
    up = exact.state_number([1, 1, 1, 1])
    # 0.3 - 0.1 - 0.2 is not 0 in floating point, but user 0 feels nothing there.
    assert P[up, exact.state_number([-1, 1, 1, 1])] == 0.125
    assert P[up, exact.state_number([1, -1, 1, 1])] == 0
    assert P[up, exact.state_number([1, 1, -1, 1])] == 0.25
    pair = SpinSystem.from_edges([0, 1], [1, 2])
    swap = exact.kawasaki_matrix(pair, temperature=0)
    assert swap[exact.state_number([1, -1, -1]), exact.state_number([-1, 1, -1])] == 0


def test_glauber_relaxation_of_the_ring():
    n, T = 8, 2.0
    ring = SpinSystem.from_edges(np.arange(n), (np.arange(n) + 1) % n)
    P = exact.transition_matrix(ring, temperature=T)
    law = exact.distribution_after(P, np.ones(n), 40)
    m = exact.all_states(n).mean(axis=1)
    # On the ring the mean field is linear in m, so m decays as one exponential from any start.
    rate = 1 / closed_forms.ring_relaxation_time(T) / n
    assert law @ m == pytest.approx((1 - rate) ** 40, abs=1e-12)


def test_feed_rows_are_powers_of_the_frozen_matrix():
    system, T = random_system(), 1.1

    def refresh(s):
        return feed_definitions.expected_field(
            "engagement", system.J.toarray(), s, CAMPS, strength=0.8
        )

    W = exact.sweep_matrix_with_feed(system, temperature=T, refresh=refresh)
    np.testing.assert_allclose(W.sum(axis=1), 1, atol=1e-13)
    for k, s in enumerate(exact.all_states(5)):
        P = exact.transition_matrix(system, temperature=T, phi=refresh(s))
        np.testing.assert_allclose(W[k], np.linalg.matrix_power(P, 5)[k], atol=1e-14)
    pi = exact.boltzmann(system, temperature=T).probabilities
    assert total_variation(exact.stationary(W), pi) > 0.02


def test_no_feed_and_a_constant_feed():
    system, T = random_system(), 1.1
    P = exact.transition_matrix(system, temperature=T)
    silent = exact.sweep_matrix_with_feed(system, temperature=T, refresh=lambda s: np.zeros(5))
    np.testing.assert_allclose(silent, np.linalg.matrix_power(P, 5), atol=1e-14)
    steady = exact.sweep_matrix_with_feed(system, temperature=T, refresh=lambda s: np.full(5, 0.4))
    tilted = SpinSystem(system.J, system.h + 0.4)
    pi = exact.boltzmann(tilted, temperature=T).probabilities
    np.testing.assert_allclose(pi @ steady, pi, atol=1e-14)


def test_random_slots_average_rows_over_the_drawn_fields():
    system, T = SpinSystem.from_edges([0, 1], [1, 2], [1.0, -0.5]), 0.9

    def drawn(s, slots):
        shown = feed_definitions.shown_plus("random", system.J.toarray(), s)
        return feed_definitions.slots_law(0.7, shown, slots)

    W = exact.sweep_matrix_with_feed(system, temperature=T, refresh=lambda s: drawn(s, 2))
    np.testing.assert_allclose(W.sum(axis=1), 1, atol=1e-13)
    state = np.array([1, -1, 1], np.int8)
    law = drawn(state, 2)
    assert law.probabilities.sum() == pytest.approx(1)
    assert law.phi.shape == (9, 3)  # user 1 sees two posts of one stance: no chance there
    row = sum(
        p * np.linalg.matrix_power(exact.transition_matrix(system, temperature=T, phi=f), 3)
        for p, f in zip(law.probabilities, law.phi, strict=True)
    )[exact.state_number(state)]
    np.testing.assert_allclose(W[exact.state_number(state)], row, atol=1e-14)
    mean = law.probabilities @ law.phi
    expected = feed_definitions.expected_field("random", system.J.toarray(), state, strength=0.7)
    np.testing.assert_allclose(mean, expected, atol=1e-14)
    sure = exact.sweep_matrix_with_feed(
        system, temperature=T, refresh=lambda s: FieldLaw(np.ones(1), np.zeros((1, 3)))
    )
    assert total_variation(W[5], sure[5]) > 0.01


def test_what_is_refused():
    directed = SpinSystem([[0, 1], [0, 0]])
    with pytest.raises(InputError, match="directed"):
        exact.kawasaki_matrix(directed, temperature=1.0)
    with pytest.raises(InputError, match="no single update"):
        exact.transition_matrix(directed, temperature=1.0, scheme="sequential")
    with pytest.raises(InputError, match="phi has shape"):
        exact.transition_matrix(directed, temperature=1.0, phi=[1.0, 2.0, 3.0])
    assert exact.transition_matrix(directed, temperature=1.0).shape == (4, 4)
