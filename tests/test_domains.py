"""Domains, walls and sorting of ties on hand-made graphs, by brute force and by exact laws."""

from __future__ import annotations

import networkx as nx
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sociophysics.errors import InputError
from sociophysics.observables import domains as dom
from sociophysics.society.spins import SpinSystem


def path(*couplings: float) -> SpinSystem:
    m = len(couplings)
    return SpinSystem.from_edges(np.arange(m), np.arange(m) + 1, np.array(couplings), n=m + 1)


@st.composite
def societies(draw):
    n = draw(st.integers(1, 14))
    rng = np.random.default_rng(draw(st.integers(0, 2**32)))
    J = np.triu(rng.choice([-2.0, 0.0, 0.0, 1.0, 0.5], size=(n, n)), 1)
    h = rng.normal(size=n)
    return SpinSystem(J + J.T, h), rng.choice([-1, 1], size=n).astype(np.int8)


def partition(found: dom.Domains) -> set[frozenset[int]]:
    return {frozenset(found.members(d).tolist()) for d in range(found.sizes.size)}


def test_domains_by_hand():
    # aligned friends 0-1, an antagonistic tie 1-2 inside one stance, friends 2-3-4, 4-5 apart
    found = dom.domains(path(1, -1, 1, 1, 1), [1, 1, 1, 1, 1, -1])
    assert found.labels.tolist() == [1, 1, 0, 0, 0, 2]
    assert found.sizes.tolist() == [3, 2, 1]
    assert found.members(1).tolist() == [0, 1]


def test_directed_ties_link_both_ways():
    J = np.zeros((3, 3))
    J[0, 1] = J[2, 1] = 1.0
    assert dom.domains(SpinSystem(J), [1, 1, 1]).sizes.tolist() == [3]


@settings(derandomize=True, deadline=None, max_examples=60)
@given(societies())
def test_domains_are_networkx_components(society):
    system, s = society
    graph = nx.Graph()
    graph.add_nodes_from(range(system.n))
    J = system.J.toarray()
    graph.add_edges_from((i, j) for i, j in np.argwhere(J > 0) if s[i] == s[j])
    found = dom.domains(system, s)
    assert partition(found) == {frozenset(c) for c in nx.connected_components(graph)}
    assert found.sizes.tolist() == sorted(found.sizes.tolist(), reverse=True)
    assert np.bincount(found.labels).tolist() == found.sizes.tolist()
    assert partition(dom.domains(system, -s)) == partition(found)


@settings(derandomize=True, deadline=None, max_examples=40)
@given(societies(), st.integers(0, 1000))
def test_fk_domains_limits_and_gauge(society, seed):
    system, s = society
    cold = dom.fk_domains(system, s, temperature=0, seed=seed)
    satisfied = nx.Graph()
    satisfied.add_nodes_from(range(system.n))
    J = system.J.toarray()
    satisfied.add_edges_from(np.argwhere(J * np.outer(s, s) > 0))
    assert partition(cold) == {frozenset(c) for c in nx.connected_components(satisfied)}
    hot = dom.fk_domains(system, s, temperature=np.inf, seed=seed)
    assert hot.sizes.tolist() == [1] * system.n
    turned = SpinSystem(J * np.outer(s, s))
    some = dom.fk_domains(system, s, temperature=1.3, seed=seed)
    same = dom.fk_domains(turned, np.ones(system.n), temperature=1.3, seed=seed)
    assert some.labels.tolist() == same.labels.tolist()


def test_fk_domains_keep_ties_with_the_right_probability():
    # 4000 separate pairs: the number kept together is binomial with p = 1 - exp(-2 J/T)
    pairs = np.arange(4000)
    system = SpinSystem.from_edges(2 * pairs, 2 * pairs + 1, 0.7)
    joined = int((dom.fk_domains(system, np.ones(8000), temperature=2.0, seed=3).sizes == 2).sum())
    p = 1 - np.exp(-0.7)
    z = (joined - 4000 * p) / np.sqrt(4000 * p * (1 - p))
    assert abs(z) < 3.89  # alpha = 1e-4
    lost_factor_two = 1 - np.exp(-0.35)
    assert abs(joined - 4000 * lost_factor_two) / np.sqrt(4000 * 0.25) > 20


def test_persistence_by_hand_and_by_pairs():
    system = path(1, 1, 1, 1)
    series = np.array([[1, 1, 1, -1, -1], [1, 1, -1, -1, -1], [1, -1, 1, -1, 1], [1, 1, 1, -1, -1]])
    # pairs at first 01 02 12 34; later 01 34 (of 01 23 24 34), none, all
    assert dom.persistence(system, series).tolist() == [1.0, 0.5, 0.0, 1.0]


def test_walls_by_hand():
    system = SpinSystem.from_edges([0, 1, 2], [1, 2, 3], [1.0, 2.0, -0.5], h=[0.25, 0, 0, 0])
    found = dom.walls(system, [1, 1, -1, -1])
    assert found.ties.tolist() == [[1, 2], [2, 3]]
    assert found.energy == 2.5
    assert found.load.tolist() == [0, 2, 2.5, 0.5]
    assert found.users.tolist() == [1, 2, 3]
    assert found.pressure.tolist() == [-1.25, 1.0, 2.5, 0.5]


@settings(derandomize=True, deadline=None, max_examples=60)
@given(societies())
def test_energy_identity_and_pressure(society):
    system, s = society
    found = dom.walls(system, s)
    total = np.abs(system.J.data).sum() / 2
    energy = -total + 2 * found.energy - system.h @ s
    assert system.energy(s) == pytest.approx(energy, abs=1e-12)
    assert found.load.sum() == pytest.approx(2 * found.energy, abs=1e-12)
    for i in range(system.n):  # flipping i changes the energy by twice s_i f_i
        other = s.copy()
        other[i] *= -1
        change = system.energy(other) - system.energy(s)
        assert change == pytest.approx(-2 * found.pressure[i], abs=1e-12)


def test_no_walls_without_ties():
    found = dom.walls(SpinSystem(np.zeros((2, 2))), [1, -1])
    assert found.ties.shape == (0, 2)
    assert (found.energy, found.load.tolist(), found.users.tolist()) == (0.0, [0, 0], [])


def test_joint_density_by_hand():
    system = SpinSystem.from_edges([0, 0, 2], [1, 2, 3], n=5)  # 4 has nobody
    x = np.array([0.5, -0.25, 1.0, -1.0, 0.9])
    found = dom.joint_density(system, x, bins=4)
    neighbours = np.array([0.375, 0.5, -0.25, 1.0])
    assert found.correlation == pytest.approx(np.corrcoef(x[:4], neighbours)[0, 1], abs=1e-14)
    assert found.density.sum() * 0.25 == pytest.approx(1)
    assert found.density[3].tolist() == [0, 1, 1, 0]
    chambers = SpinSystem.from_edges([0, 2], [1, 3])
    assert dom.joint_density(chambers, [1, 1, -1, -1]).correlation == pytest.approx(1)
    assert dom.joint_density(chambers, [1, -1, -1, 1]).correlation == pytest.approx(-1)


def test_ei_index_by_hand():
    system = path(1, 1, 1, 1)
    assert dom.ei_index(system, [0, 0, 1, 1, 1]) == -0.5
    assert dom.ei_index(system, [0, 1, 0, 1, 0]) == 1
    assert dom.ei_index(system, [0, 0, -1, 1, 0]) == 0.0
    assert dom.ei_index(system, [-1, -1, 1, 1, 1]) == -0.5


@pytest.mark.parametrize(
    ("call", "sentence"),
    [
        (lambda s: dom.domains(s, np.ones((2, 3))), "one configuration"),
        (lambda s: dom.walls(s, [1, 1]), "shape"),
        (lambda s: dom.fk_domains(s, [1] * 3, temperature=-1, seed=1), ">= 0"),
        (lambda s: dom.fk_domains(s, [1] * 3, temperature=np.nan, seed=1), ">= 0"),
        (lambda s: dom.persistence(s, [1, 1, 1]), r"\(times, 3\)"),
        (lambda s: dom.persistence(s, [[1, -1, 1], [1, 1, 1]]), "no two users"),
        (lambda s: dom.joint_density(s, [1, 1, 1]), "no correlation"),
        (lambda s: dom.joint_density(s, [1, 1, 2]), "from -1 to 1"),
        (lambda s: dom.joint_density(s, [1, 1, np.nan]), "from -1 to 1"),
        (lambda s: dom.joint_density(SpinSystem(np.zeros((2, 2))), [1, -1]), "no correlation"),
        (lambda s: dom.ei_index(s, [0, 0, 0]), "two camps or more"),
        (lambda s: dom.ei_index(s), "no attribute 'camp'"),
        (lambda s: dom.ei_index(SpinSystem(np.zeros((2, 2))), [0, 1]), "undefined"),
    ],
)
def test_bad_input(call, sentence):
    with pytest.raises(InputError, match=sentence):
        call(path(1, 1))


def test_fk_domains_need_an_energy():
    with pytest.raises(InputError, match="fk_domains needs undirected ties"):
        dom.fk_domains(SpinSystem([[0, 1], [0, 0]]), [1, 1], temperature=1, seed=1)


def test_no_users():
    found = dom.domains(SpinSystem(np.zeros((0, 0))), [])
    assert found.labels.size == found.sizes.size == 0
