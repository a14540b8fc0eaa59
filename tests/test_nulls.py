"""The nulls: uniform rewirings, permuted signs, and p-values that are not too small."""

from __future__ import annotations

from itertools import combinations

import networkx as nx
import numpy as np
import pandas as pd
import pytest
from scipy import stats

from sociophysics.cli import main
from sociophysics.errors import InputError
from sociophysics.experiments import structure
from sociophysics.observables import nulls, rewiring
from sociophysics.observables import polarization as pol
from sociophysics.observables.frustration import (
    annealed_frustration,
    balanced_triads,
    frustration_index,
)
from sociophysics.society.spins import SpinSystem


def triads(system, _):
    return balanced_triads(system).share


def connected_networks(degrees):
    """Every connected simple network with these degrees, as sorted ties."""
    pairs = list(combinations(range(len(degrees)), 2))
    return [
        edges
        for edges in combinations(pairs, sum(degrees) // 2)
        if np.array_equal(np.bincount(np.ravel(edges), minlength=len(degrees)), degrees)
        and nx.is_connected(nx.Graph(edges))
    ]


def named(ends):
    return tuple(sorted(tuple(sorted(edge)) for edge in ends.tolist()))


def one_round(n, ends, share, rng):
    swaps = rewiring._proposed(n, ends, np.ones(len(ends), bool), share, rng)
    kept = rewiring._kept(n, ends, swaps, rng)
    return rewiring._swapped(ends, swaps, kept), int(kept.sum())


# Rewiring connected networks --------------------------------------------------------------------


@pytest.mark.parametrize("degrees", [(2, 2, 2, 1, 1), (3, 3, 2, 2, 1, 1), (4, 2, 2, 2, 1, 1)])
def test_a_round_leaves_the_uniform_law_of_connected_networks_as_it_is(degrees):
    """From all networks equally often, each network is reached equally often, and symmetrically."""
    every = connected_networks(degrees)
    index = {edges: k for k, edges in enumerate(every)}
    rng = np.random.default_rng(1)
    repeats = 4800 // len(every)
    moved = np.zeros((len(every), len(every)))
    for start, edges in enumerate(every):
        for _ in range(repeats):
            ends, _ = one_round(len(degrees), rng.permutation(edges), 0.5, rng)
            moved[start, index[named(ends)]] += 1
    share = moved / repeats
    spread = np.sqrt(repeats * (share * (1 - share)).sum(axis=0))
    assert np.abs((moved.sum(axis=0) - repeats) / spread).max() < 4
    upper = np.triu_indices(len(every), 1)
    there, back = moved[upper], moved.T[upper]
    assert (
        stats.chi2.sf(((there - back) ** 2 / np.maximum(there + back, 1)).sum(), there.size) > 1e-4
    )
    assert len(every) > 4
    assert (np.linalg.matrix_power(share, 64) > 0.5 / len(every)).all()  # all are reached


def chi_squared(networks, every):
    index = {edges: k for k, edges in enumerate(every)}
    return stats.chisquare(
        np.bincount([index[named(ends)] for ends in networks], minlength=len(every))
    ).pvalue


def test_rewirings_of_a_connected_network_are_uniform_and_those_that_count_swaps_are_not():
    degrees = (2, 2, 2, 1, 1)
    every = connected_networks(degrees)
    first = np.array(every[0])
    system = SpinSystem.from_edges(*first.T)
    found = [pol.rewired(system, seed=3, draw=draw) for draw in range(200)]
    drawn = [np.array(nx.Graph(each.J.toarray()).edges) for each in found]
    assert chi_squared(drawn, every) > 1e-4
    # The mutant stops when three swaps per tie were accepted, in fewer or in more rounds.
    rng = np.random.default_rng(2)
    mutants = []
    for _ in range(200):
        ends, done = first, 0
        while done < 3 * len(first):
            ends, more = one_round(5, ends, 0.5, rng)
            done += more
        mutants.append(ends)
    assert chi_squared(mutants, every) < 1e-6


def test_swaps_that_hang_together_are_judged_in_turn(monkeypatch):
    """A ring: two swaps that each split it may not both be made, and it never falls apart."""
    rng = np.random.default_rng(4)
    n = 40
    ends = np.column_stack([np.arange(n), (np.arange(n) + 1) % n])
    sizes = []
    real = rewiring._in_turn
    monkeypatch.setattr(
        rewiring, "_in_turn", lambda corners: sizes.append(len(corners)) or real(corners)
    )
    for _ in range(200):
        ends, _ = one_round(n, ends, 0.25, rng)
        graph = nx.Graph(ends.tolist())
        assert nx.is_connected(graph)
        assert set(dict(graph.degree).values()) == {2}
    assert max(sizes) > 3


@pytest.mark.parametrize("small", [0, 10**9], ids=["scipy", "python"])
def test_a_sparse_network_with_leaves_stays_whole_and_is_mixed(monkeypatch, small):
    monkeypatch.setattr(rewiring, "SMALL", small)
    graph = nx.barabasi_albert_graph(300, 2, seed=1)
    graph.add_edges_from((v, 300 + v) for v in range(0, 300, 3))
    system = SpinSystem.from_networkx(graph, default_coupling=1.0)
    null = pol.rewired(system, seed=1)
    assert nx.is_connected(null.to_networkx())
    np.testing.assert_array_equal(np.diff(null.J.indptr), np.diff(system.J.indptr))
    kept = null.J.multiply(system.J).nnz / system.J.nnz
    degree = np.diff(system.J.indptr)
    # as few common ties as two independent draws have, about sum (k k'/2m)^2 over pairs
    assert kept < 3 * (degree**2).sum() ** 2 / degree.sum() ** 2 / 4 / (degree.sum() / 2)


# Signs on fixed ties ----------------------------------------------------------------------------


def balanced_blocs(n=60, share=0.2, wrong=0.1, seed=1):
    """Two hostile blocs of which a share of the ties has the wrong sign."""
    rng = np.random.default_rng(seed)
    i, j = np.triu_indices(n, 1)
    kept = rng.random(i.size) < share
    i, j = i[kept], j[kept]
    J = np.where((i < n // 2) == (j < n // 2), 1.0, -1.0) * np.where(
        rng.random(i.size) < wrong, -1, 1
    )
    return SpinSystem.from_edges(i, j, J, n=n)


def test_permuted_signs_keep_ties_and_weights():
    system = balanced_blocs()
    weighted = SpinSystem(system.J * 1.0)
    other = pol.permuted(weighted, seed=1, draw=2)
    assert (abs(other.J) != abs(system.J)).nnz == 0
    assert other.is_symmetric
    assert (other.J.data < 0).sum() == (system.J.data < 0).sum()
    assert (other.J != system.J).nnz > system.J.nnz / 5
    assert (pol.permuted(weighted, seed=1, draw=2).J != other.J).nnz == 0
    assert (pol.permuted(weighted, seed=1, draw=3).J != other.J).nnz > 0
    values = SpinSystem.from_edges([0, 1, 2, 3], [1, 2, 3, 0], [3.0, -2.0, 0.5, -0.25])
    shuffled = pol.permuted(values, seed=3)
    assert sorted(shuffled.J.data) == sorted(values.J.data)


def test_permutations_are_uniform():
    system = SpinSystem.from_edges([0, 1, 2, 3], [1, 2, 3, 0], [1.0, 1.0, -1.0, -1.0])
    drawn = [pol.permuted(system, seed=2, draw=draw) for draw in range(600)]
    places = [tuple(np.flatnonzero(s.J.data < 0)) for s in drawn]
    counts = pd.Series(places).value_counts()
    assert len(counts) == 6
    assert stats.chisquare(counts).pvalue > 1e-4


def test_balance_stands_out_against_permuted_signs_and_not_against_rewired_degrees():
    """Friends of friends: rewiring leaves a handful of triangles, whose balance is all noise."""
    graph = nx.connected_watts_strogatz_graph(200, 6, 0.05, seed=1)
    i, j = np.array(graph.edges).T
    rng = np.random.default_rng(1)
    bloc = rng.choice([-1, 1], 200)
    system = SpinSystem.from_edges(
        i, j, bloc[i] * bloc[j] * rng.choice([1.0, -1.0], i.size, p=[0.87, 0.13])
    )
    by_signs = pol.against_null(triads, system, None, draws=40, seed=1)
    by_degrees = pol.against_null(triads, system, None, draws=40, seed=1, null="degrees")
    assert by_signs.value == by_degrees.value
    assert by_signs.z > 5
    assert by_signs.p == pytest.approx(1 / 41)
    assert by_degrees.z < 3
    # signs alone: a triangle is balanced with probability of an even number of antagonists
    m, minus = system.J.nnz // 2, int((system.J.data < 0).sum()) // 2
    chance = stats.hypergeom(m, minus, 3).pmf([0, 2]).sum()
    assert abs(by_signs.mean - chance) < 4 * by_signs.sd / np.sqrt(40)


def test_frustration_has_the_null_of_its_signs():
    system = balanced_blocs(n=20, share=0.4)
    found = pol.against_null(
        lambda s, _: frustration_index(s, 5).value, system, None, draws=12, seed=1
    )
    rows = structure(system, draws=30, seed=1).set_index("measure")
    row = rows.loc["frustration index"]
    assert row["value"] == found.value
    assert row["z"] < -5
    assert row["p"] == pytest.approx(1 / 31)
    assert row["null"] == "signs"
    assert row["mean"] == pytest.approx(found.mean, abs=4 * found.sd / np.sqrt(12))
    share = rows.loc["frustration index / total coupling"]
    assert share["z"] == row["z"]
    assert share["mean"] == pytest.approx(row["mean"] / (system.J.nnz / 2))
    twice = structure(SpinSystem(system.J * 2), draws=30, seed=1).set_index("measure")
    assert twice.loc["frustration index", "mean"] == pytest.approx(2 * row["mean"])


def test_networks_annealed_side_by_side_are_annealed_alike(monkeypatch):
    systems = [balanced_blocs(seed=seed, n=30, share=0.3) for seed in range(5)]
    exact = [frustration_index(system).value for system in systems]
    np.testing.assert_array_equal(annealed_frustration(systems, seed=1), exact)
    from sociophysics.observables import frustration

    monkeypatch.setattr(frustration, "ANNEALED_TIES", 100)
    np.testing.assert_array_equal(annealed_frustration(systems, seed=1), exact)
    with pytest.raises(InputError, match="undirected"):
        annealed_frustration([SpinSystem([[0, 1], [0, 0]])], seed=1)


# p-values ---------------------------------------------------------------------------------------


def test_p_is_two_sided_counts_the_value_and_is_never_zero():
    null = np.array([-1.0, 0.0, 1.0, 2.0])
    assert nulls.compared(9.0, null).p == nulls.compared(-8.0, null).p == 1 / 5
    assert nulls.compared(0.5, null).p == 1
    assert nulls.compared(2.0, null).p == 3 / 5  # 2 and -1 lie as far from the common mean, 0.8
    same = nulls.compared(1.0, np.ones(9))
    assert np.isnan(same.z)
    assert same.p == 1


def too_bold(value, drawn):
    return float((np.abs(drawn - drawn.mean()) >= abs(value - drawn.mean())).mean())


def test_under_the_null_p_is_not_too_small():
    rng = np.random.default_rng(5)
    samples = rng.exponential(size=(20_000, 20))  # value and 19 draws of one skewed law
    p = np.array([nulls.compared(each[0], each[1:]).p for each in samples])
    bold = np.array([too_bold(each[0], each[1:]) for each in samples])
    for level in (0.05, 0.1, 0.25, 0.5):
        slack = 4 * np.sqrt(level * (1 - level) / len(p))
        assert (p <= level + 1e-12).mean() == pytest.approx(level, abs=slack)
    assert (bold <= 0.0).mean() > 0.03  # the plain share of draws is 0 where 1/20 is due


def test_the_null_is_chosen_by_what_is_asked_or_named():
    signed = balanced_blocs()
    camps = np.repeat([0, 1], 30)
    with_camps = pol.against_null(pol.signed_modularity, signed, camps, draws=10, seed=1)
    degrees = pol.against_null(
        pol.signed_modularity, signed, camps, draws=10, seed=1, null="degrees"
    )
    assert with_camps == degrees
    signs = pol.against_null(pol.signed_modularity, signed, camps, draws=10, seed=1, null="signs")
    assert signs.mean != degrees.mean
    with pytest.raises(InputError, match="null is 'sign'"):
        pol.against_null(triads, signed, None, draws=10, seed=1, null="sign")
    friendly = SpinSystem(abs(signed.J))
    with pytest.raises(InputError, match="all ties have the same sign"):
        pol.against_null(triads, friendly, None, draws=10, seed=1, null="signs")
    with pytest.raises(InputError, match="what the null keeps fixes this score"):
        pol.against_null(lambda s, _: s.n, signed, None, draws=10, seed=1)


def test_inspect_shows_p_and_which_null_in_every_output(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    system = balanced_blocs(n=24, share=0.4)
    ties = pd.DataFrame([(u, v, J) for u, v, J in system.to_networkx().edges(data="coupling")])
    ties.to_csv("s.csv", index=False, header=["source", "target", "coupling"])
    pd.DataFrame({"id": range(24), "side": [0] * 12 + [1] * 12}).to_csv("u.csv", index=False)
    command = ["inspect", "s.csv", "--nodes", "u.csv", "--camps", "side", "--draws", "19"]
    assert main([*command, "--out", "o"]) == 0
    said = capsys.readouterr().out
    assert "null of balance and frustration: 19 permutations of signs on fixed ties" in said
    assert "0.0500" in said  # 1/20, for whatever stands out most
    rows = pd.read_csv("o/structure.csv").set_index("measure")
    assert list(rows.columns)[-2:] == ["p", "null"]
    for name in ("balanced triads", "frustration index", "frustration index / total coupling"):
        assert rows.loc[name, "null"] == "signs"
        assert rows.loc[name, "p"] == 0.05
    assert rows.loc["signed modularity", "null"] == "degrees"
    page = (tmp_path / "o" / "report.html").read_text()
    assert "two-sided" in page
    assert "users in 0" in page
    assert "couplings permuted over them" in page


def test_the_report_holds_what_reading_the_network_has_to_say():
    from sociophysics.report import inspect_page

    ring = SpinSystem.from_edges(range(6), [1, 2, 3, 4, 5, 0])
    rows = structure(ring, draws=0)
    keys = {"title": "t", "command": "c", "draws": 0}
    page = inspect_page.render(rows, np.full(6, 2), **keys, notes=["2 of 6 users < camps"])
    assert "<p>2 of 6 users &lt; camps</p>" in page
