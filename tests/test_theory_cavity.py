"""Cavity theory: exact on trees, and the thresholds of regular and random graphs."""

import time

import networkx as nx
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sociophysics.errors import InputError
from sociophysics.society.spins import SpinSystem
from sociophysics.theory import cavity, closed_forms, exact


def system_of(graph, coupling=1.0, h=None):
    ends = np.array(graph.edges()).reshape(-1, 2)
    return SpinSystem.from_edges(ends[:, 0], ends[:, 1], coupling, graph.number_of_nodes(), h)


def random_tree(seed, n=9):
    draw = np.random.default_rng(seed)
    graph = nx.random_labeled_tree(n, seed=seed)
    return system_of(graph, draw.normal(size=n - 1), draw.normal(size=n))


def non_backtracking_radius(system, T, power):
    ties = system.J.tocoo()
    w = np.tanh(ties.data / T) ** power
    follows = (ties.col[:, None] == ties.row) & (ties.row[:, None] != ties.col)
    return np.abs(np.linalg.eigvals(follows * w)).max()


@pytest.mark.parametrize("degree", [3, 4, 7])
def test_random_regular_graphs(degree):
    system = system_of(nx.random_regular_graph(degree, 400, seed=1))
    ferro, glass = cavity.critical_temperature(system), cavity.critical_temperature(system, "glass")
    assert ferro == pytest.approx(closed_forms.random_regular_temperature(degree), abs=1e-6)
    assert glass == pytest.approx(closed_forms.bethe_glass_temperature(degree), abs=1e-6)


def test_threshold_is_where_the_non_backtracking_radius_is_one():
    draw = np.random.default_rng(7)
    graph = nx.gnm_random_graph(40, 80, seed=3)
    weighted = system_of(graph, draw.uniform(0.2, 2.0, 80))
    T = cavity.critical_temperature(weighted)
    assert non_backtracking_radius(weighted, T, 1) == pytest.approx(1, abs=1e-6)
    signed = system_of(graph, draw.normal(size=80))
    T = cavity.critical_temperature(signed, "glass")
    assert non_backtracking_radius(signed, T, 2) == pytest.approx(1, abs=1e-6)


def test_threshold_ignores_the_gauge_and_dangling_trees():
    draw = np.random.default_rng(8)
    graph = nx.gnm_random_graph(30, 60, seed=3)
    system = system_of(graph)
    g = draw.choice([-1, 1], 30)
    balanced = SpinSystem(system.J.toarray() * np.outer(g, g))
    T = cavity.critical_temperature(system)
    assert cavity.critical_temperature(balanced) == pytest.approx(T, abs=1e-6)
    graph.add_edges_from([(0, 30), (30, 31), (31, 32), (32, 33)])
    assert cavity.critical_temperature(system_of(graph)) == pytest.approx(T, abs=1e-6)


@pytest.mark.parametrize("seed", [0, 1])
def test_erdos_renyi_and_barabasi_albert(seed):
    poisson = system_of(nx.gnm_random_graph(2000, 4000, seed=seed))
    assert cavity.critical_temperature(poisson) == pytest.approx(3.915230, rel=0.02)
    for n, T in ((1000, 17.7), (4000, 21.0)):
        hubs = system_of(nx.barabasi_albert_graph(n, 5, seed=seed))
        assert cavity.critical_temperature(hubs) == pytest.approx(T, rel=0.05)


def test_no_transition_without_two_cycles():
    assert cavity.critical_temperature(system_of(nx.path_graph(10))) == 0.0
    assert cavity.critical_temperature(system_of(nx.cycle_graph(10))) == 0.0
    assert cavity.critical_temperature(SpinSystem(np.zeros((3, 3)))) == 0.0
    two_rings = nx.disjoint_union(nx.cycle_graph(5), nx.cycle_graph(7))
    assert cavity.critical_temperature(system_of(two_rings), "glass") == 0.0


@settings(derandomize=True, max_examples=20, deadline=None)
@given(st.integers(0, 10**6), st.sampled_from([0.4, 1.0, 3.0]))
def test_belief_propagation_is_exact_on_trees(seed, T):
    system = random_tree(seed)
    law = exact.boltzmann(system, temperature=T)
    got = cavity.belief_propagation(system, temperature=T)
    assert got.converged
    np.testing.assert_allclose(got.magnetizations, exact.marginals(law), atol=1e-10)
    assert got.free_energy == pytest.approx(-T * law.log_z, abs=1e-9)
    pairs = exact.pair_correlations(law)
    ties = got.correlations.tocoo()
    np.testing.assert_allclose(ties.data, pairs[ties.row, ties.col], atol=1e-10)


@pytest.mark.parametrize("seed", range(5))
def test_response_is_exact_on_trees(seed):
    system, T = random_tree(seed), 0.8
    law = exact.boltzmann(system, temperature=T)
    m = exact.marginals(law)
    covariance = exact.pair_correlations(law) - np.outer(m, m)
    got = cavity.response(system, temperature=T)
    np.testing.assert_allclose(got, covariance.mean(axis=0) / T, atol=1e-10)


def test_response_is_the_derivative_of_belief_propagation_on_loops():
    graph, draw = nx.gnm_random_graph(60, 120, seed=4), np.random.default_rng(1)
    system, T = system_of(graph, draw.normal(0.5, 0.5, 120), 0.2 * draw.normal(size=60)), 2.5
    got = cavity.response(system, temperature=T)
    step = 1e-5
    for i in (0, 7, 31):
        bump = step * (np.arange(60) == i)
        up, down = (
            cavity.belief_propagation(system, temperature=T, field=sign * bump).magnetizations
            for sign in (1, -1)
        )
        assert got[i] == pytest.approx((up - down).mean() / (2 * step), rel=1e-6)


def test_order_of_a_regular_graph_and_its_loss():
    system = system_of(nx.random_regular_graph(3, 200, seed=1))
    cold = cavity.belief_propagation(system, temperature=1.4)
    x = np.arctanh(np.clip(cold.magnetizations, -1, 1)) / 3  # three equal messages
    np.testing.assert_allclose(np.tanh(x), np.tanh(1 / 1.4) * np.tanh(2 * x), atol=1e-10)
    assert cold.magnetizations.min() > 0.8
    hot = cavity.belief_propagation(system, temperature=2.2)
    np.testing.assert_allclose(hot.magnetizations, 0, atol=1e-10)
    assert hot.free_energy / 200 == pytest.approx(
        -2.2 * (np.log(2) + 1.5 * np.log(np.cosh(1 / 2.2))), abs=1e-10
    )
    flipped = cavity.belief_propagation(system, temperature=1.4, start=-1.0)
    np.testing.assert_allclose(flipped.magnetizations, -cold.magnetizations, atol=1e-10)
    damped = cavity.belief_propagation(system, temperature=1.4, damping=0.5)
    np.testing.assert_allclose(damped.magnetizations, cold.magnetizations, atol=1e-9)


def test_infinite_temperature_and_nobody():
    system = system_of(nx.path_graph(3), h=[1, 0, 0])
    assert np.all(cavity.belief_propagation(system, temperature=np.inf).magnetizations == 0)
    assert cavity.belief_propagation(SpinSystem(np.zeros((0, 0))), temperature=1.0).converged


@pytest.mark.parametrize(
    ("call", "sentence"),
    [
        (lambda s: cavity.critical_temperature(s, "ferro"), "did you mean ferromagnet"),
        (lambda s: cavity.belief_propagation(s, temperature=0), "needs one > 0"),
        (lambda s: cavity.belief_propagation(s, temperature=1, damping=1), "damping is 1"),
        (lambda s: cavity.response(s, temperature=0.5, iterations=1), "did not converge"),
    ],
)
def test_what_is_refused(call, sentence):
    with pytest.raises(InputError, match=sentence):
        call(system_of(nx.path_graph(4)))


@pytest.mark.parametrize(
    "call",
    [
        cavity.critical_temperature,
        lambda s: cavity.belief_propagation(s, temperature=1.0),
        lambda s: cavity.response(s, temperature=1.0),
    ],
)
def test_directed_couplings_are_refused(call):
    with pytest.raises(InputError, match="directed"):
        call(SpinSystem([[0, 1], [0, 0]]))


@pytest.mark.validate
def test_a_million_ties_in_half_a_minute(record_property):
    draw = np.random.default_rng(0)
    n = 200_000
    ends = draw.integers(0, n, (1_010_000, 2))
    low, high = ends.min(axis=1), ends.max(axis=1)
    ties = np.unique((low * n + high)[low < high])[:1_000_000]
    system = SpinSystem.from_edges(ties // n, ties % n, n=n)
    begin = time.process_time()
    T = cavity.critical_temperature(system)
    seconds = time.process_time() - begin
    record_property("seconds (limit 30)", seconds)
    record_property("critical temperature", float(T))
    record_property("closed form", closed_forms.erdos_renyi_temperature(10.0))
    assert seconds < 30
    assert closed_forms.erdos_renyi_temperature(10.0) == pytest.approx(T, rel=0.01)


def test_random_signs_and_rivals_freeze_into_a_glass_only():
    draw = np.random.default_rng(3)
    graph = nx.random_regular_graph(4, 2000, seed=2)
    rivals = system_of(graph, -1.0)
    assert cavity.critical_temperature(rivals) == 0.0
    mostly_friends = system_of(graph, np.where(draw.random(4000) < 0.05, -1.0, 1.0))
    # On the Bethe lattice the mean of tanh(J/T) counts: (z - 1)(1 - 2 share) tanh(1/T) = 1.
    share = (mostly_friends.J.data < 0).mean()
    expected = 1 / np.arctanh(1 / (3 * (1 - 2 * share)))
    assert cavity.critical_temperature(mostly_friends) == pytest.approx(expected, rel=0.02)
    signed = system_of(graph, draw.choice([-1.0, 1.0], 4000))
    glass = cavity.critical_temperature(signed, "glass")
    assert glass == pytest.approx(closed_forms.bethe_glass_temperature(4), abs=1e-6)
    assert cavity.critical_temperature(signed) <= 1.05 * glass
