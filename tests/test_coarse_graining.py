"""Users summed out exactly, and communities as blocks, against enumeration and planted blocks."""

from __future__ import annotations

import time
from collections.abc import Callable

import networkx as nx
import numpy as np
import pytest

import sociophysics as sp
from sociophysics.society.spins import SpinSystem
from sociophysics.theory.exact import boltzmann


def random_society(seed: int, n: int = 10, p: float = 0.28) -> SpinSystem:
    rng = np.random.default_rng(seed)
    upper = np.triu(rng.random((n, n)) < p, 1) * rng.normal(0, 1, (n, n))
    return SpinSystem(upper + upper.T, rng.normal(0, 0.4, n))


def marginals(system: SpinSystem, temperature: float, kept: np.ndarray) -> np.ndarray:
    states, _, probabilities, _ = boltzmann(system, temperature=temperature)
    codes = (states[:, kept] > 0) @ (1 << np.arange(kept.size))
    return np.bincount(codes, probabilities, minlength=1 << kept.size)


@pytest.mark.parametrize("seed", range(60))
def test_those_who_stay_are_distributed_as_before(seed: int) -> None:
    temperature = 0.4 + 0.08 * seed
    system = random_society(seed)
    small = sp.coarsen.decimate(system, temperature=temperature)
    before = marginals(system, temperature, small.kept)
    after = marginals(small.system, temperature, np.arange(small.kept.size))
    assert np.abs(before - after).max() < 1e-9
    log_z = boltzmann(system, temperature=temperature).log_z
    left = boltzmann(small.system, temperature=temperature).log_z
    assert log_z == pytest.approx(left + small.log_factor, abs=1e-8)
    degrees = np.diff(small.system.J.indptr)
    assert small.system.n == 1 or degrees.min() > 2


def test_the_formulas_of_one_and_of_two_ties() -> None:
    chain = SpinSystem.from_edges([0, 1], [1, 2], [0.7, -0.4])
    small = sp.coarsen.decimate(chain, temperature=1.0, keep=[0, 2])
    assert float(small.system.J.toarray()[0, 1]) == pytest.approx(-0.233798, abs=1e-6)
    leaf = SpinSystem.from_edges([0], [1], [0.9], h=[0.0, 0.5])
    kept = sp.coarsen.decimate(leaf, temperature=2.0, keep=[0])
    expected = 2.0 * np.arctanh(np.tanh(0.45) * np.tanh(0.25))
    assert kept.system.h[0] == pytest.approx(expected, abs=1e-12)


def test_labels_attributes_and_those_who_must_stay_are_kept() -> None:
    graph = nx.path_graph(["a", "b", "c", "d"])
    nx.set_node_attributes(graph, {"a": 1, "b": 2, "c": 3, "d": 4}, "age")
    system = SpinSystem.from_networkx(graph, default_coupling=1.0)
    small = sp.coarsen.decimate(system, temperature=1.0, keep=["b", "d"]).system
    assert list(small.labels) == ["b", "d"]
    assert small.nodes["age"].tolist() == [2, 4]


def test_a_tree_of_many_users_is_summed_out_to_its_free_energy() -> None:
    graph = nx.random_labeled_tree(20_000, seed=3)
    system = SpinSystem.from_networkx(graph, default_coupling=0.8)
    small = sp.coarsen.decimate(system, temperature=1.3)
    exact = 20_000 * np.log(2) + 19_999 * np.log(np.cosh(0.8 / 1.3))
    assert small.system.n == 1
    assert small.log_factor + np.log(2) == pytest.approx(exact, rel=1e-12)


def test_migdal_and_kadanoffs_fixed_point() -> None:
    found = sp.coarsen.migdal_kadanoff()
    assert found.coupling == pytest.approx(0.304689, abs=1e-6)
    assert found.nu == pytest.approx(1.338266, abs=1e-5)


def test_blocks_have_the_pairs_of_the_society_they_stand_for() -> None:
    graph = nx.planted_partition_graph(6, 25, 0.5, 0.03, seed=2)
    system = SpinSystem.from_networkx(graph, default_coupling=1.0)
    groups = np.repeat(np.arange(6), 25)
    found = sp.coarsen.blocks(
        system, groups, temperature=14.0, seed=4, replicas=40, sweeps=2000, burn_in=200
    )
    assert found.system.n == 6
    for row in found.table.itertuples():
        error = np.hypot(row.society_error, row.blocks_error)
        # Beyond five standard errors by chance: twice in 1e6 such tests.
        assert abs(row.society - row.blocks) < 5 * error, row
    alone = SpinSystem(np.zeros((6, 6)))
    apart = sp.coarsen.blocks(alone, np.repeat([0, 1, 2], 2), temperature=1.0, seed=4, sweeps=2000)
    agreement = apart.table.set_index("quantity").loc["pair_agreement"]
    assert abs(agreement["society"]) < 5 * agreement["society_error"]
    coupled = found.table.set_index("quantity").loc["pair_agreement"]
    assert coupled["society"] > 10 * coupled["society_error"]


def test_all_survives_where_every_user_is_a_block() -> None:
    J = np.triu(np.full((6, 6), 1.0), 1)
    found = sp.coarsen.what_survives(
        SpinSystem(J + J.T),
        np.arange(6),
        temperature=5.0,
        temperatures=[1.0, 3.0, 4.0, 5.0, 6.0, 8.0, 12.0],
        seed=3,
        replicas=40,
        sweeps=1000,
    )
    assert len(found.table) == 5
    for row in found.table.itertuples():
        error = np.hypot(row.society_error, row.blocks_error)
        # Couplings are fitted to 3,600 samples, so errors of the fit are as large as these.
        assert abs(row.society - row.blocks) < 6 * error, row
    assert np.abs(found.blocks.J.toarray() - (J + J.T)).max() < 0.3


def test_neither_cascades_nor_a_sharp_tipping_point_survive_among_communities() -> None:
    graph = nx.planted_partition_graph(6, 25, 0.5, 0.03, seed=2)
    found = sp.coarsen.what_survives(
        SpinSystem.from_networkx(graph, default_coupling=1.0),
        np.repeat(np.arange(6), 25),
        temperature=14.0,
        temperatures=[8, 11, 13, 15, 18, 24],
        seed=4,
        sweeps=600,
    )
    table = found.table.set_index("quantity")
    error = np.hypot(table["society_error"], table["blocks_error"])
    apart = (table["society"] - table["blocks"]) / error
    assert abs(apart["abs_magnetization"]) < 5
    assert abs(apart["pair_agreement"]) < 5
    assert apart["cascade"] > 5
    assert apart["tipping_width"] < -5
    assert found.curves["temperature"].tolist() == [8, 11, 13, 15, 18, 24]


def planted(users: int, groups: int, within: int, across: int) -> tuple[np.ndarray, np.ndarray]:
    """Return distinct ties of communities of equal size, by mean numbers of ties per user."""
    rng = np.random.default_rng(1)
    size, inner, outer = users // groups, users * within // 2, users * across // 2
    source = rng.integers(0, users, inner + outer, dtype=np.int32)
    target = rng.integers(0, users, inner + outer, dtype=np.int32)
    target[:inner] = source[:inner] // size * size + target[:inner] % size
    apart = source != target
    low, high = np.minimum(source, target)[apart], np.maximum(source, target)[apart]
    keys = np.unique(low.astype(np.int64) * users + high)
    return (keys // users).astype(np.int32), (keys % users).astype(np.int32)


@pytest.mark.validate
def test_ten_million_ties_become_eight_users(
    record_property: Callable[[str, object], None],
) -> None:
    """Eight communities of 125,000 users: what is fitted holds, and how long it takes."""
    users = 1_000_000
    system = SpinSystem.from_edges(*planted(users, 8, 16, 4), n=users)
    start = time.perf_counter()
    found = sp.coarsen.blocks(
        system,
        np.arange(users) // (users // 8),
        temperature=22.0,
        seed=1,
        replicas=4,
        sweeps=100,
        burn_in=20,
        every=5,
    )
    record_property("ties", system.stored.nnz // 2)
    record_property("seconds", round(time.perf_counter() - start))
    for row in found.table.itertuples():
        record_property(row.quantity, f"{row.society:.3f}, blocks {row.blocks:.3f}")
        error = np.hypot(row.society_error, row.blocks_error)
        assert abs(row.society - row.blocks) < 5 * error, row


def test_what_cannot_be_made_smaller_is_one_sentence() -> None:
    directed = SpinSystem.from_edges([0], [1], directed=True)
    with pytest.raises(sp.InputError, match="these are directed"):
        sp.coarsen.decimate(directed, temperature=1.0)
    pair = SpinSystem.from_edges([0], [1])
    with pytest.raises(sp.InputError, match="finite number above 0"):
        sp.coarsen.decimate(pair, temperature=0.0)
    with pytest.raises(sp.InputError, match="no user has that label"):
        sp.coarsen.decimate(pair, temperature=1.0, keep=["x"])
    frozen = SpinSystem(np.zeros((4, 4)), np.full(4, 50.0))
    with pytest.raises(sp.InputError, match="never changes its majority"):
        sp.coarsen.blocks(frozen, [0, 0, 1, 1], temperature=0.5, seed=1)
    with pytest.raises(sp.InputError, match="at least two groups"):
        sp.coarsen.block_spins([1, -1], [0, 0])
    with pytest.raises(sp.InputError, match="whole number >= 2"):
        sp.coarsen.migdal_kadanoff(1)
    several = SpinSystem(np.zeros((4, 4)))
    for wrong in ([1.0, 2.0], [1.0, 3.0, 2.0], [0.0, 1.0, 2.0]):
        with pytest.raises(sp.InputError, match="at least three above 0, rising"):
            sp.coarsen.what_survives(
                several, [0, 0, 1, 1], temperature=1.0, temperatures=wrong, seed=1
            )
    with pytest.raises(sp.InputError, match="replicas is 1; give at least 2"):
        sp.coarsen.what_survives(
            several, [0, 0, 1, 1], temperature=1.0, temperatures=[1, 2, 3], seed=1, replicas=1
        )
