"""Generated networks are simple, follow their seed and their law, and refuse what cannot be."""

from __future__ import annotations

import collections
import itertools
import math

import networkx as nx
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from sociophysics.errors import InputError
from sociophysics.society import networks
from sociophysics.society.networks.random_degrees import uniform_with_degrees
from tests.test_networks import ALPHA, ties

# Generators -----------------------------------------------------------------------------------

EXAMPLES = {
    "lattice": {"shape": [4, 5]},
    "complete": {"n": 7},
    "erdos_renyi": {"n": 60, "mean_degree": 4},
    "random_regular": {"n": 40, "degree": 3},
    "barabasi_albert": {"n": 50, "m": 3},
    "watts_strogatz": {"n": 50, "k": 4, "p": 0.2},
    "planted_partition": {"n": 60, "communities": 3, "k_in": 5, "k_out": 1},
    "configuration": {"degrees": [3, 3, 2, 2, 1, 1, 0]},
    "own_shares": {"n": 60, "degree": 6, "own_share": 0.5, "own_spread": 0.2},
}


def test_every_kind_is_tried():
    assert set(EXAMPLES) == set(networks.KINDS)
    assert networks.KINDS["lattice"] == ("shape", "periodic")


@pytest.mark.parametrize("kind", EXAMPLES)
def test_generated_networks_are_simple_and_follow_the_seed(kind):
    graph = networks.build(kind, seed=1, **EXAMPLES[kind])
    assert type(graph) is nx.Graph
    assert list(graph) == list(range(len(graph)))
    assert nx.number_of_selfloops(graph) == 0
    again = networks.build(kind, seed=1, **EXAMPLES[kind])
    assert nx.utils.graphs_equal(graph, again)
    others = [networks.build(kind, seed=1, replica=r, **EXAMPLES[kind]) for r in range(6)]
    others += [networks.build(kind, seed=2, **EXAMPLES[kind])]
    if kind not in ("lattice", "complete"):
        assert any(ties(other) != ties(graph) for other in others)
    if kind not in ("lattice", "complete", "configuration"):
        assert ties(others[0]) != ties(others[1])


@pytest.mark.parametrize("periodic", [True, False])
@pytest.mark.parametrize("shape", [[5], [3, 4], [3, 5, 4]])
def test_lattice_is_networkx_grid_in_row_major_order(shape, periodic):
    graph = networks.build("lattice", seed=0, shape=shape, periodic=periodic)
    grid = nx.grid_graph(dim=shape[::-1], periodic=periodic)
    if len(shape) == 1:
        grid = nx.relabel_nodes(grid, {node: (node,) for node in grid})
    wanted = nx.relabel_nodes(grid, {node: int(np.ravel_multi_index(node, shape)) for node in grid})
    assert ties(graph) == ties(wanted)
    if periodic:
        assert set(dict(graph.degree).values()) == {2 * len(shape)}


@pytest.mark.parametrize(("n", "degree"), [(1, 0), (10, 0), (10, 3), (10, 8), (10, 9), (40, 33)])
def test_random_regular_degrees(n, degree):
    graph = networks.build("random_regular", seed=3, n=n, degree=degree)
    assert [k for _, k in graph.degree] == [degree] * n


def test_erdos_renyi_number_of_ties_is_binomial():
    n, degree, draws = 30, 5, 300
    counts = [
        networks.build("erdos_renyi", seed=11, replica=r, n=n, mean_degree=degree).size()
        for r in range(draws)
    ]
    law = stats.binom(draws * n * (n - 1) // 2, degree / (n - 1))
    tail = min(law.cdf(sum(counts)), law.sf(sum(counts) - 1))
    assert 2 * tail > ALPHA
    assert networks.build("erdos_renyi", seed=1, n=6, mean_degree=5).size() == 15
    assert networks.build("erdos_renyi", seed=1, n=6, mean_degree=0).size() == 0


@pytest.mark.parametrize("communities", [1, 2, 3, 7])
def test_planted_partition_mean_degrees_inside_and_outside(communities):
    n, k_in, k_out, draws = 100, 6.0, 2.5 if communities > 1 else 0.0, 60
    sizes = np.array([n // communities + (c < n % communities) for c in range(communities)])
    inside = outside = 0
    for r in range(draws):
        graph = networks.build(
            "planted_partition",
            **{"seed": 5, "replica": r, "n": n, "communities": communities},
            **{"k_in": k_in, "k_out": k_out},
        )
        camp = [graph.nodes[node]["camp"] for node in range(n)]
        assert np.array_equal(np.bincount(camp), sizes)
        assert camp == sorted(camp)
        within = sum(camp[u] == camp[v] for u, v in graph.edges())
        inside, outside = inside + within, outside + graph.size() - within
    for count, k, pairs in (
        (inside, k_in, int((sizes * (sizes - 1)).sum()) // 2),
        (outside, k_out, int((sizes * (n - sizes)).sum()) // 2),
    ):
        law = stats.binom(draws * pairs, n * k / 2 / pairs if pairs else 0)
        assert 2 * min(law.cdf(count), law.sf(count - 1)) > ALPHA


def test_planted_partition_at_its_limits_is_complete_or_complete_bipartite():
    full = networks.build("planted_partition", seed=1, n=8, communities=2, k_in=3, k_out=4)
    assert full.size() == 28
    cross = networks.build("planted_partition", seed=1, n=8, communities=2, k_in=0, k_out=4)
    assert nx.is_bipartite(cross)
    assert cross.size() == 16


def test_barabasi_albert_and_watts_strogatz_shapes():
    graph = networks.build("barabasi_albert", seed=1, n=200, m=3)
    assert graph.size() == 3 * 197
    assert max(k for _, k in graph.degree) > 20
    ring = networks.build("watts_strogatz", seed=1, n=20, k=4, p=0)
    assert ties(ring) == ties(nx.circulant_graph(20, [1, 2]))
    assert networks.build("watts_strogatz", seed=1, n=20, k=4, p=1).size() == 40


@settings(derandomize=True, max_examples=60, deadline=None)
@given(n=st.integers(1, 25), p=st.floats(0, 1), seed=st.integers(0, 10**6))
def test_configuration_realizes_any_graphical_degrees(n, p, seed):
    degrees = [k for _, k in nx.gnp_random_graph(n, p, seed=seed).degree]
    graph = networks.build("configuration", seed=seed, degrees=degrees)
    assert [graph.degree(node) for node in range(n)] == degrees
    assert nx.number_of_selfloops(graph) == 0


def graphs_with(degrees):
    pairs = list(itertools.combinations(range(len(degrees)), 2))
    for chosen in itertools.combinations(pairs, sum(degrees) // 2):
        if np.array_equal(np.bincount(np.ravel(chosen), minlength=len(degrees)), degrees):
            yield frozenset(map(frozenset, chosen))


@pytest.mark.parametrize("degrees", [[2] * 6, [3, 2, 2, 2, 2, 1]])
def test_configuration_is_uniform_over_all_graphs_of_the_degrees(degrees):
    cells = list(graphs_with(degrees))
    draws = 20 * len(cells)
    counts = collections.Counter(
        frozenset(ties(uniform_with_degrees(degrees, np.random.default_rng([7, r]))))
        for r in range(draws)
    )
    assert set(counts) <= set(cells)
    assert stats.chisquare([counts[cell] for cell in cells]).pvalue > ALPHA
    # The power: Havel-Hakimi graphs without swaps are rejected.
    assert stats.chisquare([draws, *[0] * (len(cells) - 1)]).pvalue < ALPHA


IMPOSSIBLE = [
    ("latice", {}, "did you mean lattice"),
    ("complete", {"m": 3}, "m is not a parameter of network kind 'complete'; allowed: n"),
    ("erdos_renyi", {"n": 5, "mean_degre": 3}, "did you mean mean_degree"),
    ("erdos_renyi", {"n": 5}, "lacks mean_degree"),
    ("complete", {"n": 0}, "n is 0; it must be a whole number >= 1"),
    ("complete", {"n": -3}, "n is -3"),
    ("complete", {"n": 2.5}, "n is 2.5"),
    ("complete", {"n": True}, "n is True"),
    ("complete", {"n": "ten"}, "n is 'ten'"),
    ("lattice", {"shape": 5}, "shape is 5; give a list"),
    ("lattice", {"shape": []}, "give a list"),
    ("lattice", {"shape": [4, 0]}, r"shape\[1\] is 0"),
    ("lattice", {"shape": [2, 4]}, r"shape\[0\] is 2; it must be a whole number >= 3"),
    ("lattice", {"shape": [4], "periodic": "yes"}, "periodic is 'yes'"),
    ("erdos_renyi", {"n": 5, "mean_degree": 5}, r"from 0 to 4 \(n - 1\)"),
    ("erdos_renyi", {"n": 5, "mean_degree": math.nan}, "mean_degree is nan"),
    ("random_regular", {"n": 5, "degree": 3}, "odd number 15"),
    ("random_regular", {"n": 5, "degree": 5}, "degree is 5"),
    ("random_regular", {"n": 5, "degree": -1}, "degree is -1"),
    ("barabasi_albert", {"n": 5, "m": 5}, "m is 5"),
    ("barabasi_albert", {"n": 5, "m": 0}, "m is 0"),
    ("watts_strogatz", {"n": 9, "k": 3, "p": 0.1}, "k must be even: use 2 or 4"),
    ("watts_strogatz", {"n": 9, "k": 4, "p": 1.1}, "p is 1.1; it must be a number from 0 to 1"),
    ("watts_strogatz", {"n": 9, "k": 10, "p": 0.1}, "k is 10"),
    ("planted_partition", {"n": 4, "communities": 5, "k_in": 1, "k_out": 1}, "communities is 5"),
    ("planted_partition", {"n": 8, "communities": 2, "k_in": 4, "k_out": 1}, "k_in is 4"),
    ("planted_partition", {"n": 8, "communities": 2, "k_in": 1, "k_out": 5}, "k_out is 5"),
    ("planted_partition", {"n": 8, "communities": 1, "k_in": 1, "k_out": 1}, "k_out is 1"),
    (
        "own_shares",
        {"n": 1, "degree": 0, "own_share": 0.5},
        "n is 1; it must be a whole number >= 2",
    ),
    ("own_shares", {"n": 9, "degree": 9, "own_share": 0.5}, r"degree is 9; .*from 0 to 8"),
    ("own_shares", {"n": 9, "degree": 2, "own_share": 1.5}, "own_share is 1.5"),
    ("own_shares", {"n": 9, "degree": 2, "own_share": 0.5, "no_camp": -1}, "no_camp is -1"),
    (
        "own_shares",
        {"n": 9, "degree": 2, "own_share": 0.1, "own_spread": 0.4},
        "a spread of 0.4 about a mean share of 0.1 .* less than 0.3",
    ),
    (
        "own_shares",
        {"n": 100, "degree": 10, "own_share": 0.1, "cross_share": 0.1, "no_camp": 0.1},
        "raise no_camp, own_share or cross_share",
    ),
    ("own_shares", {"n": 8, "degree": 7, "own_share": 1.0}, "no simple network with these shares"),
    ("configuration", {"degrees": 3}, "degrees is 3; give a list"),
    ("configuration", {"degrees": []}, "empty list"),
    ("configuration", {"degrees": [1, 1, 1]}, "sum is odd"),
    ("configuration", {"degrees": [3, 3, 1, 1]}, "no simple network"),
    ("configuration", {"degrees": [1, -1]}, r"degrees\[1\] is -1"),
    ("configuration", {"degrees": [1, 2]}, r"degrees\[1\] is 2; .*from 0 to 1 \(the other users\)"),
]


@pytest.mark.parametrize(("kind", "parameters", "sentence"), IMPOSSIBLE)
def test_impossible_parameters_are_refused_in_one_sentence(kind, parameters, sentence):
    with pytest.raises(InputError, match=sentence) as error:
        networks.build(kind, seed=1, **parameters)
    assert "\n" not in str(error.value)


@pytest.mark.parametrize(
    ("kind", "parameters"),
    [
        ("lattice", {"shape": [10**6, 10**6]}),
        ("complete", {"n": 10**9}),
        ("erdos_renyi", {"n": 10**11, "mean_degree": 1}),
        ("random_regular", {"n": 10**11, "degree": 4}),
        ("barabasi_albert", {"n": 10**11, "m": 4}),
        ("watts_strogatz", {"n": 10**11, "k": 4, "p": 0.1}),
        ("planted_partition", {"n": 10**11, "communities": 2, "k_in": 8, "k_out": 2}),
    ],
)
def test_networks_larger_than_memory_are_refused_before_allocation(kind, parameters):
    with pytest.raises(InputError, match=r"of memory and .* are available; ask for fewer"):
        networks.build(kind, seed=1, **parameters)


def test_seed_is_checked():
    with pytest.raises(InputError, match="seed is -1"):
        networks.build("complete", seed=-1, n=3)
