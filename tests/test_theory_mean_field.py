"""Mean field: closed forms, the published table of two camps under feeds, independent scans."""

import math

import numpy as np
import pytest
from scipy import sparse
from scipy.special import expit

from sociophysics.errors import InputError
from sociophysics.society.spins import SpinSystem
from sociophysics.theory import (
    camp_feeds,
    closed_forms,
    exact,
    feed_definitions,
    mean_field,
    memory_chain,
)

# T_cons and T_s at a = 1, b = 0.1, then at a = 1, b = -0.2; strength 0.5.
TABLE = [
    ("amplifier", {}, 1.6500, 1.2248, 0.9916, 1.8000),
    ("chronological", {}, 1.6000, 1.1876, 1.1428, 1.7000),
    ("random", {}, 1.6000, 0.6912, 1.3000, 1.1535),
    ("trending", {}, 1.6000, 0.6912, 1.3000, 1.1535),
    ("bridging", {}, 1.6000, 0.6912, 1.3000, 1.1535),
    ("in_group", {}, 1.6000, 1.3113, 1.1428, 1.7000),
    ("like_minded", {"factor": 0.5}, 1.6000, 1.0882, 1.1428, 1.7000),
    ("diversity", {"epsilon": 0.3}, 1.6000, 0.9214, 1.2532, 1.4000),
    ("popularity", {"alpha": 1.0}, 2.1000, 1.5534, 1.5925, 2.2000),
    ("popularity", {"alpha": 1.0, "pool": "all"}, 2.1000, 0.6194, 1.8000, 0.9916),
    ("popularity", {"alpha": 1.0, "pool": "camp"}, 2.1000, 1.7979, 1.5925, 2.2000),
    ("personalized", {"gamma": 1.0}, 1.6135, 1.2571, 1.1459, 1.7176),
    ("personalized", {"gamma": 1.0, "pool": "all"}, 1.6135, 1.0194, 1.2274, 1.4985),
    ("engagement", {"alpha": 1.0, "gamma": 1.0}, 1.8315, 1.4303, 1.3877, 1.9348),
    ("self_echo", {}, 1.46215, 1.1497, 0.9711, 1.5698),
    ("memory", {"tau": 10}, 1.5783, 1.2845, 1.1145, 1.6800),
    ("counter", {}, 0.3656, 0.2163, 0.1479, 0.4460),
    ("editorial", {}, math.nan, 0.2040, math.nan, 0.4627),
    ("outrage", {}, 0.9792, 1.4000, 0.5712, 1.7000),
]


@pytest.mark.parametrize(("kind", "keys", "c1", "s1", "c2", "s2"), TABLE)
def test_table_of_two_camps(kind, keys, c1, s1, c2, s2):
    friendly = mean_field.camp_limits(kind, within=1.0, across=0.1, strength=0.5, **keys)
    hostile = mean_field.camp_limits(kind, within=1.0, across=-0.2, strength=0.5, **keys)
    np.testing.assert_allclose([*friendly, *hostile], [c1, s1, c2, s2], atol=6e-5)


def test_table_rows_without_strength():
    none = mean_field.camp_limits("none", within=1.0, across=0.1)
    np.testing.assert_allclose(none, [1.1, 0.8165], atol=6e-5)
    none = mean_field.camp_limits("none", within=1.0, across=-0.2)
    np.testing.assert_allclose(none, [0.6610, 1.2], atol=6e-5)
    calm = mean_field.camp_limits("animosity", within=1.0, across=-0.2, delta=0.5)
    np.testing.assert_allclose(calm, [0.8165, 1.1], atol=6e-5)


@pytest.mark.parametrize(
    ("slots", "split"), [(1, 1.1497), (5, 1.2763), (20, 1.3023), (None, 1.3113)]
)
def test_slots_lower_the_split(slots, split):
    limits = mean_field.camp_limits("in_group", within=1.0, across=0.1, slots=slots)
    assert limits.split == pytest.approx(split, abs=6e-5)


@pytest.mark.parametrize(("coupling", "limit"), [(1.1, 0), (1.2, 1)])
def test_fold_of_counter_by_a_dense_scan(coupling, limit):
    across = 0.1 if limit == 0 else -0.2
    T = mean_field.camp_limits("counter", within=1.0, across=across, strength=0.5)[limit]
    m = np.linspace(1e-3, 1 - 1e-9, 400_001)

    def response(m, T):
        up = expit(2 * (coupling * m + 0.5) / T)
        down = expit(-2 * (coupling * m - 0.5) / T)
        return (up - down) / (up + down)

    assert (response(m, T * (1 - 1e-4)) - m).max() > 0
    assert (response(m, T * (1 + 1e-4)) - m).max() < 0


def test_continuous_transitions_have_the_linear_closed_form():
    # Self-echo: T = (a + b)(1 + tanh(strength / T)).
    T = mean_field.camp_limits("self_echo", within=1.0, across=0.1, strength=0.5).consensus
    assert pytest.approx(1.1 * (1 + math.tanh(0.5 / T)), abs=1e-6) == T
    limits = mean_field.camp_limits("popularity", within=1.0, across=-0.2, alpha=0.6, pool="all")
    assert limits.consensus == pytest.approx(0.8 + 0.5 * 1.6, abs=1e-6)


def test_one_slot_in_the_camp_is_self_echo_in_law():
    # A single post of an own camp of mean m is a random stance; so is the own stance.
    one = mean_field.camp_limits("in_group", within=1.0, across=0.1, slots=1).consensus
    echo = mean_field.camp_limits("self_echo", within=1.0, across=0.1).consensus
    assert one == pytest.approx(echo, abs=1e-6)


def test_memory_of_one_sweep_is_self_echo_and_no_memory_is_a_field():
    f = np.array([-0.4, 0.05, 0.3, 1.1])
    T, kappa = 0.9, 0.5
    echo = (np.log(expit(2 * (f - kappa) / T)) - np.log(expit(-2 * (f + kappa) / T))) / 2
    got = memory_chain.memory_response(f, kappa, 1.0 + 1e-12, T)
    np.testing.assert_allclose(got, echo, atol=1e-9)
    np.testing.assert_allclose(memory_chain.memory_response(f, 0.0, 7.0, T), f / T, atol=1e-10)


def test_memory_response_by_simulation_of_its_own_chain():
    draw = np.random.default_rng(5)
    users, f, kappa, tau, T = 20_000, 0.15, 0.5, 4.0, 0.9
    s = draw.choice([-1.0, 1.0], users)
    e, kept = s.copy(), []
    for sweep in range(150):
        acts = draw.random(users) < 1 - math.exp(-1)
        up = draw.random(users) < expit(2 * (f + kappa * e) / T)
        s = np.where(acts, np.where(up, 1.0, -1.0), s)
        e += (s - e) / tau
        if sweep >= 60 and sweep % 30 == 0:
            kept.append(s.mean())
    expected = math.tanh(memory_chain.memory_response(np.array([f]), kappa, tau, T)[0])
    assert np.mean(kept) == pytest.approx(expected, abs=4 * math.sqrt(1 / users))


def test_mean_field_of_the_definitions_in_large_camps():
    """The pools of the written definitions give the camp weights of the mean field."""
    n, m = 400, np.array([0.6, -0.2])
    camps = np.repeat([0, 1], n)
    spins = np.concatenate([np.where(np.arange(n) < n * (1 + x) / 2, 1, -1) for x in m])
    for across in (0.1, -0.2):
        J = np.where(camps[:, None] == camps, 1.0, across) / n
        np.fill_diagonal(J, 0)
        for kind, keys, *_ in TABLE:
            if kind in ("amplifier", "memory"):
                continue
            values = feed_definitions.feed_keys(kind, {"strength": 0.5, **keys})
            design = camp_feeds._design(kind, 1.0, across, values)
            phi = feed_definitions.expected_field(kind, J, spins, camps, strength=0.5, **keys)
            for i in (0, n - 1, n, 2 * n - 1):
                own, other = m if i < n else m[::-1]
                M = design.w_in * own + design.w_out * other
                if kind in ("popularity", "personalized", "engagement"):
                    M = math.tanh((1 + design.alpha) * math.atanh(M) + design.gamma * spins[i])
                expected = design.strength * M + design.own * spins[i] + design.uniform
                assert phi[i] == pytest.approx(expected, abs=0.01), (kind, across, i)


def test_hysteresis_of_outrage():
    ramp = mean_field.switching_strengths("outrage", temperature=0.9, within=1.0, across=0.1)
    assert ramp.on == pytest.approx(0.787, abs=5e-4)
    assert ramp.off == pytest.approx(0.061, abs=5e-4)
    calm = mean_field.switching_strengths("in_group", temperature=0.9, within=1.0, across=0.1)
    assert math.isnan(calm.on)


@pytest.mark.parametrize("order", ["random", "permutation"])
def test_two_cycle_of_a_feed_against_everyone(order):
    untouched = math.exp(-1) if order == "random" else 0.0
    threshold = closed_forms.two_cycle_threshold(order)
    for factor, swings in ((0.97, False), (1.03, True)):
        m = 0.3
        for _ in range(3000):
            m = untouched * m - (1 - untouched) * math.tanh(factor * threshold * m)
        assert (abs(m) > 0.05) is swings


@pytest.mark.parametrize(("temperature", "m"), [(0.5, 0.957504), (0.8, 0.710412)])
def test_complete_graph(temperature, m):
    assert mean_field.magnetization(temperature) == pytest.approx(m, abs=1e-6)
    got = mean_field.magnetizations("none", temperature=temperature, within=1.0, across=0.0)
    np.testing.assert_allclose(got, [m, m], atol=1e-6)


def test_magnetization_in_a_field_and_at_the_ends():
    for coupling, field, T in (
        (1.0, 0.3, 0.6),
        (0.4, 0.2, 1.0),
        (-1.0, 0.5, 0.7),
        (2.0, 1e-9, 0.5),
    ):
        m = mean_field.magnetization(T, coupling, field)
        assert m == pytest.approx(math.tanh((coupling * m + field) / T), abs=1e-12)
        assert mean_field.magnetization(T, coupling, -field) == -m
    assert mean_field.magnetization(0.0) == 1.0
    assert mean_field.magnetization(math.inf, field=1.0) == 0.0
    # The metastable branch ends at the coercive field.
    T = 0.5
    h = closed_forms.coercive_field(T)
    x = np.linspace(0, 3, 200_001)
    assert ((np.tanh(x) - 0.999 * h) / T - x).max() > 0 > ((np.tanh(x) - 1.001 * h) / T - x).max()


def test_two_camps():
    apart = mean_field.two_camps(temperature=0.9, within=1.0, across=-0.4)
    np.testing.assert_allclose(apart.magnetizations, [0.8776, -0.8776], atol=5e-5)
    assert mean_field.split_temperature(1.0, -0.4) == pytest.approx(1.4)
    for across, T_s in ((0.1, 0.8165), (0.3, 0.5279)):
        assert mean_field.split_temperature(1.0, across) == pytest.approx(T_s, abs=5e-5)
        for factor, stable in ((0.995, True), (1.005, False)):
            state = mean_field.two_camps(temperature=factor * T_s, within=1.0, across=across)
            assert state.magnetizations[0] > 0.3
            assert state.stable is stable
    pushed = mean_field.two_camps(temperature=0.5, within=1.0, across=0.1, field=(0.0, 0.05))
    J = np.array([[1.0, 0.1], [0.1, 1.0]])
    m = pushed.magnetizations
    np.testing.assert_allclose(np.tanh((J @ m + [0.0, 0.05]) / 0.5), m, atol=1e-12)
    cold = mean_field.two_camps(temperature=0, within=1.0, across=0.5)
    np.testing.assert_allclose(cold.magnetizations, [1, -1])


def test_fixed_point_on_networks():
    n = 50
    clique = SpinSystem((np.ones((n, n)) - np.eye(n)) / (n - 1))
    got = mean_field.fixed_point(clique, temperature=0.8)
    assert got.converged
    np.testing.assert_allclose(got.magnetizations, 0.710412, atol=1e-6)
    draw = np.random.default_rng(2)
    J = np.triu(draw.normal(size=(10, 10)), 1) * 0.3
    system = SpinSystem(J + J.T, h=draw.normal(size=10))
    exactly = exact.marginals(exact.boltzmann(system, temperature=3.0))
    naive = mean_field.fixed_point(system, temperature=3.0).magnetizations
    tap = mean_field.fixed_point(system, temperature=3.0, method="tap").magnetizations
    assert np.abs(tap - exactly).max() < 0.2 * np.abs(naive - exactly).max()


@pytest.mark.parametrize(
    ("kind", "keys", "sentence"),
    [
        ("populariti", {}, "did you mean popularity"),
        ("popularity", {"slotz": 3}, "did you mean slots"),
        ("popularity", {"pool": "al"}, "did you mean all"),
        ("popularity", {"alpha": -1.0}, "feed.alpha is -1.0"),
        ("memory", {"tau": 0.5}, "feed.tau is 0.5"),
        ("in_group", {"slots": 0}, "feed.slots is 0"),
    ],
)
def test_what_is_refused(kind, keys, sentence):
    with pytest.raises(InputError, match=sentence):
        mean_field.camp_limits(kind, within=1.0, across=0.1, **keys)


@pytest.mark.parametrize("strength", [0.0, 1e-310, 1e-200, 1.0, 1e150])
def test_pulls_of_camps_are_in_proportion_to_any_strength(strength: float) -> None:
    ties = np.array([[0, 1, 0.2, 0], [1, 0, 0, 0.2], [0.2, 0, 0, 1], [0, 0.2, 1, 0]])
    pulls = mean_field.camp_couplings(SpinSystem(ties * strength), [0, 0, 1, 1])
    if strength == 0:
        assert pulls is None
    else:
        assert pulls is not None
        assert pulls.within == pytest.approx(strength, rel=1e-9, abs=1e-9)


def test_ties_of_strength_zero_that_are_kept_pull_nobody() -> None:
    ties = sparse.csr_array(np.ones((4, 4)) - np.eye(4))
    ties.data[:] = 0
    system = SpinSystem(ties)
    assert system.J.nnz == 12
    assert mean_field.camp_couplings(system, [0, 0, 1, 1]) is None
