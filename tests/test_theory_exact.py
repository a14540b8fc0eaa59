"""Enumeration against numbers, closed forms and the symmetries of the energy."""

import itertools

import networkx as nx
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sociophysics.errors import InputError
from sociophysics.society.spins import SpinSystem
from sociophysics.theory import closed_forms, exact


def torus(side):
    user = np.arange(side * side).reshape(side, side)
    right, down = np.roll(user, -1, axis=1), np.roll(user, -1, axis=0)
    source = np.concatenate([user.ravel(), user.ravel()])
    return SpinSystem.from_edges(source, np.concatenate([right.ravel(), down.ravel()]))


def random_system(seed, n=6):
    draw = np.random.default_rng(seed)
    J = np.triu(draw.normal(size=(n, n)), 1)
    return SpinSystem(J + J.T, h=draw.normal(size=n))


def test_torus_at_the_critical_temperature():
    system, T = torus(4), closed_forms.onsager_temperature()
    got = exact.moments(system, temperature=T)
    assert got.energy == pytest.approx(-1.56562379, abs=1e-8)
    assert got.abs_magnetization == pytest.approx(0.84386044, abs=1e-8)
    assert got.binder == pytest.approx(0.61719932, abs=1e-8)
    assert got.heat_capacity == pytest.approx(0.78326683, abs=1e-8)
    assert exact.boltzmann(system, temperature=T).log_z == pytest.approx(15.52191546, abs=1e-8)


def test_torus_at_beta_0_4():
    got = exact.moments(torus(4), temperature=2.5)
    assert 16 * got.energy == pytest.approx(-22.0659, abs=1e-4)
    assert got.abs_magnetization == pytest.approx(0.7647, abs=1e-4)


@pytest.mark.parametrize("temperature", [1.3, 2.0, 2.269185314213, 2.7, 5.0])
@pytest.mark.parametrize("side", [3, 4])
def test_kaufman_equals_enumeration(side, temperature):
    exactly = exact.moments(torus(side), temperature=temperature).energy
    assert closed_forms.kaufman_energy(temperature, side) == pytest.approx(exactly, abs=1e-11)


def test_kaufman_at_criticality_and_beyond_overflow():
    T = closed_forms.onsager_temperature()
    assert closed_forms.kaufman_energy(T, 8) == pytest.approx(-1.491589, abs=1e-6)
    assert closed_forms.kaufman_energy(T, 16) == pytest.approx(-1.453064, abs=1.5e-6)
    assert closed_forms.kaufman_energy(T, 400) == pytest.approx(-np.sqrt(2), abs=2e-3)


def test_ring_closed_forms_are_the_limit_of_enumeration():
    n, T = 16, 1.2
    ring = SpinSystem.from_edges(np.arange(n), (np.arange(n) + 1) % n)
    w = np.tanh(1 / T)
    got = exact.moments(ring, temperature=T)
    finite = -(w + w ** (n - 1)) / (1 + w**n)
    assert got.energy == pytest.approx(finite, abs=1e-12)
    assert closed_forms.ring_energy(T) == pytest.approx(finite, abs=2 * w**n)
    pairs = exact.pair_correlations(exact.boltzmann(ring, temperature=T))
    assert pairs[0, 3] == pytest.approx((w**3 + w**13) / (1 + w**16), abs=1e-12)
    decay = np.exp(-3 / closed_forms.ring_correlation_length(T))
    assert decay == pytest.approx(w**3, abs=1e-12)
    field = 1e-4
    up = exact.moments(SpinSystem(ring.J, np.full(n, field)), temperature=T).magnetization
    assert got.susceptibility == pytest.approx(up / field, rel=1e-5)


def test_states_energies_and_marginals_agree_with_brute_force():
    system = random_system(3)
    law = exact.boltzmann(system, temperature=0.8)
    assert np.array_equal(exact.state_number(law.states), np.arange(64))
    assert sorted(map(tuple, law.states.tolist())) == sorted(itertools.product([-1, 1], repeat=6))
    np.testing.assert_allclose(law.energies, system.energy(law.states), atol=1e-12)
    weight = np.exp(-system.energy(law.states) / 0.8)
    np.testing.assert_allclose(law.probabilities, weight / weight.sum(), atol=1e-14)
    np.testing.assert_allclose(exact.marginals(law), law.probabilities @ law.states, atol=1e-14)
    brute = np.einsum("k,ki,kj->ij", law.probabilities, law.states, law.states)
    np.testing.assert_allclose(exact.pair_correlations(law), brute, atol=1e-13)


def test_zero_and_infinite_temperature():
    triangle = SpinSystem(np.eye(3) - np.ones((3, 3)))
    cold = exact.boltzmann(triangle, temperature=0)
    assert np.count_nonzero(cold.probabilities) == 6  # all but the two aligned states
    np.testing.assert_allclose(cold.probabilities.max(), 1 / 6)
    assert cold.log_z == np.inf
    hot = exact.boltzmann(triangle, temperature=np.inf)
    np.testing.assert_allclose(hot.probabilities, 1 / 8)
    assert hot.log_z == pytest.approx(3 * np.log(2))


def test_nobody_and_a_million_states():
    assert exact.boltzmann(SpinSystem(np.zeros((0, 0))), temperature=1.0).log_z == 0.0
    clique = nx.complete_graph(20)
    nx.set_edge_attributes(clique, 1 / 20, "coupling")
    law = exact.boltzmann(SpinSystem.from_networkx(clique), temperature=1.0)
    assert law.probabilities.shape == (1 << 20,)
    # By the number k of users up: E = (n - (2k - n)^2) / 2n.
    k = np.arange(21)
    binomial = np.array(
        [float(np.prod(np.arange(21 - x, 21)) / np.prod(np.arange(1.0, x + 1))) for x in k]
    )
    z = (binomial * np.exp(((2 * k - 20) ** 2 - 20) / 40)).sum()
    assert law.log_z == pytest.approx(np.log(z), abs=1e-11)


@settings(derandomize=True, max_examples=30, deadline=None)
@given(st.integers(0, 10**6), st.lists(st.sampled_from([-1, 1]), min_size=6, max_size=6))
def test_gauge_changes_no_log_z_and_relabels_states(seed, signs):
    system, g = random_system(seed), np.array(signs)
    turned = SpinSystem(system.J.toarray() * np.outer(g, g), system.h * g)
    law = exact.boltzmann(system, temperature=0.9)
    other = exact.boltzmann(turned, temperature=0.9)
    assert other.log_z == pytest.approx(law.log_z, abs=1e-12)
    moved = exact.state_number(law.states * g)
    np.testing.assert_allclose(other.probabilities[moved], law.probabilities, atol=1e-13)


@pytest.mark.parametrize(
    ("call", "sentence"),
    [
        (lambda: exact.boltzmann(torus(5), temperature=1.0), "25 users; enumeration"),
        (lambda: exact.boltzmann(torus(3), temperature=-1.0), "temperature is -1.0"),
        (lambda: exact.boltzmann(torus(3), temperature=np.nan), "temperature is nan"),
        (lambda: exact.boltzmann(SpinSystem([[0, 1], [0, 0]]), temperature=1.0), "directed"),
        (lambda: exact.moments(torus(3), temperature=0), "needs one > 0"),
        (lambda: exact.transition_matrix(torus(4), temperature=1.0), "16 users; a Markov"),
    ],
)
def test_what_is_refused(call, sentence):
    with pytest.raises(InputError, match=sentence):
        call()
