"""Polarization against networkx, dense linear algebra, published values and its own symmetries."""

from __future__ import annotations

import builtins

import networkx as nx
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from sociophysics.errors import InputError
from sociophysics.observables import controversy
from sociophysics.observables import polarization as pol
from sociophysics.society import couplings, networks
from sociophysics.society.spins import SpinSystem

ON_CAMPS = [
    pol.random_walk_controversy,
    pol.adaptive_random_walk_controversy,
    pol.dipole_polarization,
    pol.boundary_polarization,
    pol.assortativity,
    pol.modularity,
]
CONNECTED = ON_CAMPS[:4]


@pytest.fixture(scope="module")
def polblogs():
    system = couplings.uniform(networks.load("polblogs"))
    return system, system.nodes["value"].to_numpy()


@pytest.fixture(scope="module")
def karate():
    graph = nx.karate_club_graph()
    camps = [int(club == "Officer") for club in nx.get_node_attributes(graph, "club").values()]
    return SpinSystem.from_networkx(graph, default_coupling=1.0), np.array(camps)


def planted(seed, n=40, inside=0.4, across=0.1):
    """A connected graph of two camps of unequal size."""
    sizes = [n // 2 + 3, n - n // 2 - 3]
    chance = [[inside, across], [across, inside]]
    for attempt in range(100):
        graph = nx.stochastic_block_model(sizes, chance, seed=seed * 100 + attempt)
        if nx.is_connected(graph):
            return nx.Graph(graph.edges), np.repeat([0, 1], sizes)
    raise AssertionError("no connected graph")


def ordered(graph, camps):
    """The system of ``graph`` with the camps in its order of users."""
    return SpinSystem.from_networkx(graph, default_coupling=1.0), camps[list(graph)]


def path(n):
    return SpinSystem.from_edges(np.arange(n - 1), np.arange(1, n))


# ---------------------------------------------------------------- published values


def test_polblogs_to_four_digits(polblogs):
    system, camps = polblogs
    assert (system.n, system.J.nnz // 2) == (1222, 16714)
    assert round(pol.random_walk_controversy(system, camps, k=10), 4) == 0.5082
    assert round(pol.assortativity(system, camps), 4) == 0.8113
    assert round(pol.modularity(system, camps), 4) == 0.4052


def test_karate_to_four_digits(karate):
    system, camps = karate
    assert round(pol.random_walk_controversy(system, camps, k=10), 4) == 0.8810
    assert round(pol.assortativity(system, camps), 4) == 0.7175
    assert round(pol.modularity(system, camps), 4) == 0.3582


# ---------------------------------------------------------------- networkx and dense algebra


@settings(derandomize=True, deadline=None, max_examples=25)
@given(st.integers(0, 500))
def test_mixing_is_networkx(seed):
    graph, camps = planted(seed)
    system, camps = ordered(graph, camps)
    nx.set_node_attributes(graph, dict(zip(graph, camps.tolist(), strict=True)), "camp")
    sides = [{v for v, c in graph.nodes(data="camp") if c == side} for side in (0, 1)]
    assert pol.assortativity(system, camps) == pytest.approx(
        nx.attribute_assortativity_coefficient(graph, "camp"), abs=1e-12
    )
    assert pol.modularity(system, camps) == pytest.approx(
        nx.community.modularity(graph, sides), abs=1e-12
    )


@settings(derandomize=True, deadline=None, max_examples=25)
@given(st.integers(0, 500), st.integers(1, 6))
def test_random_walk_controversy_by_powers_of_the_walk(seed, k):
    system, camps = ordered(*planted(seed))
    walk = system.J.toarray() / system.J.sum(axis=1)[:, None]
    degree = np.diff(system.J.indptr)
    ends = []
    for side in (0, 1):
        members = np.flatnonzero(camps == side)
        ends.append(members[np.argsort(-degree[members], kind="stable")[:k]])
    absorbing = np.concatenate(ends)
    walk[absorbing] = np.eye(system.n)[absorbing]
    final = np.linalg.matrix_power(walk, 2**20)
    p = np.empty((2, 2))
    for side in (0, 1):
        starts = np.setdiff1d(np.flatnonzero(camps == side), absorbing)
        p[side] = [final[np.ix_(starts, end)].sum(axis=1).mean() for end in ends]
    expected = p[0, 0] * p[1, 1] - p[0, 1] * p[1, 0]
    assert pol.random_walk_controversy(system, camps, k=k) == pytest.approx(expected, abs=1e-10)


@settings(derandomize=True, deadline=None, max_examples=25)
@given(st.integers(0, 500))
def test_dipole_by_iterating_the_mean(seed):
    system, camps = ordered(*planted(seed))
    degree = np.diff(system.J.indptr)
    held = np.zeros(system.n)
    for side, pole in ((0, 1.0), (1, -1.0)):
        members = np.flatnonzero(camps == side)
        k = max(1, round(0.1 * members.size))
        held[members[np.argsort(-degree[members], kind="stable")[:k]]] = pole
    opinion = held.copy()
    for _ in range(3000):
        opinion = np.where(held != 0, held, system.J @ opinion / degree)
    up, down = opinion > 0, opinion < 0
    expected = (1 - abs(up.sum() - down.sum()) / system.n) * (
        opinion[up].mean() - opinion[down].mean()
    )
    found = pol.dipole_polarization(system, camps, share=0.1)
    assert found == pytest.approx(expected / 2, abs=1e-10)


@settings(derandomize=True, deadline=None, max_examples=25)
@given(st.integers(0, 500))
def test_boundary_by_definition(seed):
    graph, camps = planted(seed, across=0.04)
    camp = dict(enumerate(camps.tolist()))
    crossing = {v for v in graph if any(camp[u] != camp[v] for u in graph[v])}
    interior = set(graph) - crossing
    boundary = {v for v in crossing if any(u in interior and camp[u] == camp[v] for u in graph[v])}
    terms = []
    for v in boundary:
        inward = sum(u in interior and camp[u] == camp[v] for u in graph[v])
        outward = sum(u in boundary and camp[u] != camp[v] for u in graph[v])
        terms.append(inward / (inward + outward) - 0.5)
    system, camps = ordered(graph, camps)
    if not terms:
        with pytest.raises(InputError, match="undefined"):
            pol.boundary_polarization(system, camps)
        return
    found = pol.boundary_polarization(system, camps)
    assert found == pytest.approx(np.mean(terms), abs=1e-12)
    assert -0.5 <= found <= 0.5


@settings(derandomize=True, deadline=None, max_examples=25)
@given(st.integers(0, 500), st.integers(0, 2**32))
def test_friedkin_johnsen_by_dense_algebra_and_conservation(seed, other):
    rng = np.random.default_rng(other)
    J = np.triu(rng.random((15, 15)) * (rng.random((15, 15)) < 0.3), 1)
    J = J + J.T
    s = rng.normal(size=15)
    found = pol.friedkin_johnsen(SpinSystem(J), s)
    laplacian = np.diag(J.sum(axis=1)) - J
    z = np.linalg.solve(np.eye(15) + laplacian, s)
    np.testing.assert_allclose(found.opinions, z, atol=1e-12)
    # conservation (Chen, Lijffijt & De Bie 2018): inner conflict + 2 disagreement + sum z^2 = s's
    inner = np.sum((s - found.opinions) ** 2)
    total = inner + 2 * 15 * found.disagreement + found.opinions @ found.opinions
    assert total == pytest.approx(s @ s, abs=1e-10)
    assert found.polarization == pytest.approx(np.var(z), abs=1e-12)
    assert found.opinions.mean() == pytest.approx(s.mean(), abs=1e-12)


@pytest.mark.parametrize("measure", ON_CAMPS)
@settings(derandomize=True, deadline=None, max_examples=8)
@given(st.integers(0, 500), st.randoms(use_true_random=False))
def test_swapping_camps_scaling_ties_and_relabelling_change_nothing(measure, seed, random):
    system, camps = ordered(*planted(seed))
    value = measure(system, camps)
    assert measure(system, 1 - camps) == pytest.approx(value, abs=1e-10)
    assert measure(SpinSystem(system.J * 0.3), camps) == pytest.approx(value, abs=1e-10)
    assert -1 <= value <= 1
    degree = np.diff(system.J.indptr)
    shuffled = list(range(system.n))
    random.shuffle(shuffled)
    shuffled.sort(key=lambda v: degree[v])  # ties of degree stay in one order below
    order = np.array(shuffled)
    first = measure(SpinSystem(system.J.toarray()[np.ix_(order, order)]), camps[order])
    if measure in (pol.assortativity, pol.modularity, pol.boundary_polarization):
        assert first == pytest.approx(value, abs=1e-10)
    back = np.argsort(order, kind="stable")
    restored = SpinSystem(system.J.toarray()[np.ix_(order, order)][np.ix_(back, back)])
    assert measure(restored, camps[order][back]) == pytest.approx(value, abs=1e-10)


def test_iterative_and_direct_solutions_agree(polblogs, monkeypatch):
    system, camps = polblogs
    direct = pol.random_walk_controversy(system, camps)
    expressed = pol.friedkin_johnsen(system, 2 * camps - 1)
    monkeypatch.setattr(controversy, "DIRECT_UP_TO", 0)
    assert pol.random_walk_controversy(system, camps) == pytest.approx(direct, abs=1e-10)
    iterated = pol.friedkin_johnsen(system, 2 * camps - 1)
    np.testing.assert_allclose(iterated.opinions, expressed.opinions, atol=1e-10)


def test_a_long_chain_is_solved_by_elimination(monkeypatch):
    monkeypatch.setattr(controversy, "DIRECT_UP_TO", 10)
    n = 5000
    camps = np.repeat([0, 1], n // 2)
    # the poles are users 1 and n/2: a walk from i between them ends at the nearer one's side with
    # probability linear in i; the mean over the first half is near 1/2
    reach = 1 - (np.arange(1, n // 2) - 1) / (n // 2 - 1)
    own = np.mean([1.0, *reach[1:]])
    found = pol.random_walk_controversy(path(n), camps, k=1)
    assert found == pytest.approx(own, abs=1e-9)


def test_walks_pass_users_without_a_camp():
    camps = np.array([0, 0, -1, 1, 1])
    # users 1 and 3 absorb; 0 and 4 can only reach their own
    assert pol.random_walk_controversy(path(5), camps, k=1) == 1
    assert pol.modularity(path(5), camps) == 0.5
    assert pol.assortativity(path(5), camps) == 1


# ---------------------------------------------------------------- opinions on a scale


def test_bimodality_of_known_distributions():
    uniform = np.linspace(-1, 1, 20001)
    assert pol.bimodality(uniform) == pytest.approx(5 / 9, abs=1e-3)
    normal = np.random.default_rng(1).normal(size=100_000)
    assert pol.bimodality(normal) == pytest.approx(1 / 3, abs=0.01)
    assert pol.bimodality([-1, 1] * 10_000) == pytest.approx(1, abs=1e-3)


def test_bimodality_uses_the_corrected_moments():
    x = np.random.default_rng(2).normal(size=30) ** 2
    g, k, n = stats.skew(x, bias=False), stats.kurtosis(x, bias=False), 30
    expected = (g**2 + 1) / (k + 3 * (n - 1) ** 2 / ((n - 2) * (n - 3)))
    assert pol.bimodality(x) == pytest.approx(expected, abs=1e-12)
    assert pol.bimodality(-5 * x + 2) == pytest.approx(expected, abs=1e-12)


def test_esteban_ray_by_hand():
    assert pol.esteban_ray([0.3] * 7) == 0
    assert pol.esteban_ray([-1, 1], alpha=1.6) == pytest.approx(1)
    # shares 3/4 and 1/4 at distance 2: 2^a (p^(1+a) q + q^(1+a) p) 2
    expected = 2 * 2 * (0.75**2 * 0.25 + 0.25**2 * 0.75)
    assert pol.esteban_ray([1, 1, 1, -1]) == pytest.approx(expected, abs=1e-14)
    # three equal groups at -1, 0, 1: 2^a 3^-(2+a) times distances 2 (1 + 1 + 2)
    assert pol.esteban_ray([-1, 0, 1]) == pytest.approx(2 * 8 / 27, abs=1e-14)


@settings(derandomize=True, deadline=None, max_examples=50)
@given(st.lists(st.floats(-1, 1), min_size=1, max_size=40), st.floats(0.01, 1.6))
def test_esteban_ray_bounds_and_mirror(values, alpha):
    found = pol.esteban_ray(values, alpha=alpha)
    assert 0 <= found <= 1 + 1e-9
    assert pol.esteban_ray(values * 3, alpha=alpha) == pytest.approx(found, abs=1e-12)


# ---------------------------------------------------------------- signed communities


def test_signed_modularity_without_antagonists_is_modularity(karate):
    system, camps = karate
    assert pol.signed_modularity(system, camps) == pytest.approx(pol.modularity(system, camps))


def test_signed_communities_find_planted_blocs():
    rng = np.random.default_rng(4)
    bloc = np.repeat([0, 1, 2], [20, 15, 10])
    i, j = np.triu_indices(45, 1)
    kept = rng.random(i.size) < 0.4
    i, j = i[kept], j[kept]
    J = np.where(bloc[i] == bloc[j], 1.0, -1.0) * np.where(rng.random(i.size) < 0.05, -1, 1)
    system = SpinSystem.from_edges(i, j, J)
    found = pol.signed_communities(system, seed=1)
    assert found.labels.tolist() == bloc.tolist()
    assert found.modularity == pytest.approx(pol.signed_modularity(system, bloc), abs=1e-12)
    again = pol.signed_communities(system, seed=1)
    assert again.labels.tolist() == found.labels.tolist()


def test_signed_communities_only_antagonists_and_no_ties():
    system = SpinSystem.from_edges([0, 1], [1, 2], -1.0)
    assert pol.signed_communities(system, seed=1).labels.tolist() == [0, 1, 0]
    with pytest.raises(InputError, match="at least one tie"):
        pol.signed_communities(SpinSystem(np.zeros((3, 3))), seed=1)
    with pytest.raises(InputError, match="at least one tie"):
        pol.signed_modularity(SpinSystem(np.zeros((3, 3))), [0, 0, 1])


def test_missing_extra_is_said_clearly(monkeypatch):
    real = builtins.__import__

    def without(name, *rest):
        if name in ("igraph", "leidenalg"):
            raise ImportError(name)
        return real(name, *rest)

    monkeypatch.setattr(builtins, "__import__", without)
    with pytest.raises(InputError, match=r"sociophysics\[communities\]"):
        pol.signed_communities(path(3), seed=1)


# ---------------------------------------------------------------- nulls


def test_rewiring_keeps_degrees_signs_weights_and_connection(polblogs):
    rng = np.random.default_rng(0)
    graph = nx.barabasi_albert_graph(200, 3, seed=1)
    i, j = np.array(graph.edges).T
    system = SpinSystem.from_edges(i, j, rng.choice([-2.0, 1.0, 1.5], i.size))
    null = pol.rewired(system, seed=1)
    assert null.is_symmetric
    assert null.J.nnz == system.J.nnz
    for sign in (1, -1):
        before, after = ((s.J * sign > 0).sum(axis=1) for s in (system, null))
        np.testing.assert_array_equal(before, after)
    assert np.sort(null.J.data).tolist() == np.sort(system.J.data).tolist()
    assert nx.is_connected(null.to_networkx())
    kept = (null.J.astype(bool).multiply(system.J.astype(bool))).nnz / system.J.nnz
    assert kept < 0.2
    assert (pol.rewired(system, seed=1).J != null.J).nnz == 0
    assert (pol.rewired(system, seed=1, draw=1).J != null.J).nnz > 0


def test_camps_of_a_random_graph_do_not_beat_the_null_and_planted_ones_do():
    graph = nx.gnm_random_graph(300, 1500, seed=2)
    graph = graph.subgraph(max(nx.connected_components(graph), key=len))
    system = SpinSystem.from_networkx(nx.Graph(graph.edges), default_coupling=1.0)
    camps = np.random.default_rng(1).integers(0, 2, system.n)
    found = pol.against_null(pol.modularity, system, camps, draws=60, seed=1)
    assert abs(found.z) < 3.9
    # the configuration model's modularity is 0 up to 1/m; five standard errors
    assert abs(found.mean) < 5 * found.sd / np.sqrt(60) + 2 / 1500
    split, sides = ordered(*planted(3))
    assert pol.against_null(pol.modularity, split, sides, draws=60, seed=1).z > 5


def test_a_found_partition_is_judged_by_searching_again():
    """Leiden finds high modularity on any sparse random graph; z says that it means nothing."""
    graph = nx.random_regular_graph(3, 60, seed=3)
    system = SpinSystem.from_networkx(graph, default_coupling=1.0)

    def search(network, _):
        return pol.signed_communities(network, seed=1).modularity

    found = pol.against_null(search, system, None, draws=30, seed=1)
    assert found.value > 0.4
    assert abs(found.z) < 3.9
    fixed = pol.signed_communities(system, seed=1).labels
    assert pol.against_null(pol.modularity, system, fixed, draws=30, seed=1).z > 5


def test_null_of_walks_on_a_network_with_leaves(karate):
    found = pol.against_null(pol.random_walk_controversy, *karate, draws=30, seed=2)
    assert found.value == pol.random_walk_controversy(*karate)
    assert found.z == pytest.approx((found.value - found.mean) / found.sd)
    assert found.z > 2


# ---------------------------------------------------------------- bad input


@pytest.mark.parametrize("measure", ON_CAMPS)
def test_camps_and_ties_without_meaning(measure):
    if measure not in (pol.assortativity, pol.modularity):  # these have a directed form
        directed = SpinSystem([[0, 1, 0], [0, 0, 1], [1, 0, 0]])
        with pytest.raises(InputError, match=f"{measure.__name__} needs undirected ties"):
            measure(directed, [0, 0, 1])
    enemies = SpinSystem.from_edges([0, 1, 2], [1, 2, 3], [1, -1, 1])
    with pytest.raises(InputError, match=f"{measure.__name__} has no meaning on antagonistic"):
        measure(enemies, [0, 0, 1, 1])
    with pytest.raises(InputError, match=r"two camps"):
        measure(path(4), [0, 0, 0, 0])
    with pytest.raises(InputError, match="no attribute 'camp'"):
        measure(path(4))


@pytest.mark.parametrize("measure", CONNECTED)
def test_disconnected_networks(measure):
    pieces = SpinSystem.from_edges([0, 2, 4], [1, 3, 5])
    with pytest.raises(InputError, match="connected network, but this one has 3 components"):
        measure(pieces, [0, 0, 1, 1, 0, 1])


@pytest.mark.parametrize(
    ("call", "sentence"),
    [
        (lambda: pol.random_walk_controversy(path(6), [0, 0, 0, 1, 1, 1], k=3), "k is 3"),
        (lambda: pol.random_walk_controversy(path(6), [0, 0, 0, 1, 1, 1], k=0), "k is 0"),
        (lambda: pol.dipole_polarization(path(4), [0, 0, 1, 1], share=0), "share is 0"),
        (lambda: pol.dipole_polarization(path(4), [0, 0, 1, 1], share=1.5), "share is 1.5"),
        (lambda: pol.boundary_polarization(path(2), [0, 1]), "undefined"),
        (lambda: pol.bimodality([1.0] * 9), "not all equal"),
        (lambda: pol.bimodality([1.0, 0.0]), "four values"),
        (lambda: pol.bimodality([1.0, 0.0, np.nan, 2.0]), "finite"),
        (lambda: pol.bimodality(["a", "b", "c", "d"]), "finite number"),
        (lambda: pol.esteban_ray([]), "0 values|finite number"),
        (lambda: pol.esteban_ray([2.0]), "-1 to 1"),
        (lambda: pol.esteban_ray([0.0], alpha=0), "alpha"),
        (lambda: pol.friedkin_johnsen(path(3), [1, 2]), "one per user"),
        (lambda: pol.friedkin_johnsen(SpinSystem([[0, -1], [-1, 0]]), [1, 2]), "antagonistic"),
        (lambda: pol.friedkin_johnsen(SpinSystem(np.zeros((0, 0))), np.zeros(0)), "at least one"),
        (lambda: pol.against_null(pol.modularity, path(4), [0, 0, 1, 1], 1, seed=1), "two or more"),
        (
            lambda: pol.against_null(pol.modularity, path(3), [0, 0, 1], seed=1),
            "can be swapped",
        ),
        (lambda: pol.rewired(SpinSystem([[0, 1], [0, 0]]), seed=1), "can be swapped"),
        (lambda: pol.rewired(SpinSystem(np.zeros((3, 3))), seed=1), "can be swapped"),
        (
            lambda: pol.against_null(lambda s, c: s.n, path(9), None, 5, seed=1),
            "same|undefined",
        ),
    ],
)
def test_bad_input(call, sentence):
    with pytest.raises(InputError, match=sentence):
        call()
