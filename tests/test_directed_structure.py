"""Directed networks: the scores that have a form for them, their null, and their report."""

from __future__ import annotations

import itertools
from collections import Counter
from pathlib import Path

import networkx as nx
import numpy as np
import pandas as pd
import pytest

from sociophysics import SpinSystem
from sociophysics.cli import main
from sociophysics.experiments.inspection import structure
from sociophysics.observables import polarization as pol
from tests.laws import assert_law, law_p_value


def drawn(n: int, p: float, seed: int) -> tuple[nx.DiGraph, SpinSystem, np.ndarray]:
    graph = nx.gnp_random_graph(n, p, seed=seed, directed=True)
    rng = np.random.default_rng(seed)
    camps = rng.integers(0, 3, n)
    for user, camp in enumerate(camps.tolist()):
        graph.nodes[user]["camp"] = camp
    for one, other in graph.edges:
        graph.edges[one, other]["coupling"] = float(rng.uniform(0.5, 2.0))
    return graph, SpinSystem.from_networkx(graph), camps


@pytest.mark.parametrize("seed", range(3))
def test_scores_of_directed_ties_are_those_of_networkx(seed: int) -> None:
    graph, system, camps = drawn(30, 0.15, seed)
    assert not system.is_symmetric
    known = nx.attribute_assortativity_coefficient(graph, "camp")
    assert pol.assortativity(system, camps) == pytest.approx(known)
    groups = [set(np.flatnonzero(camps == camp).tolist()) for camp in range(3)]
    weighed = nx.community.modularity(graph, groups, weight="coupling")
    assert pol.modularity(system, camps) == pytest.approx(weighed)
    assert pol.signed_modularity(system, camps) == pytest.approx(weighed)


def test_rewiring_keeps_both_sides_and_signs_and_moves_ties() -> None:
    graph, _, _ = drawn(40, 0.1, 3)
    for k, (one, other) in enumerate(graph.edges):
        graph.edges[one, other]["coupling"] = -1.0 if k % 3 == 0 else 1.0
    system = SpinSystem.from_networkx(graph)
    other = pol.rewired(system, seed=1)
    for sign in (1, -1):
        before, after = (sign * system.J.toarray() > 0), (sign * other.J.toarray() > 0)
        assert np.array_equal(before.sum(0), after.sum(0))
        assert np.array_equal(before.sum(1), after.sum(1))
    assert not np.array_equal(system.J.toarray(), other.J.toarray())
    assert np.all(other.J.diagonal() == 0)
    permuted = pol.permuted(system, seed=1)
    assert np.array_equal(permuted.J.toarray() != 0, system.J.toarray() != 0)


def networks(J: np.ndarray) -> set[bytes]:
    """Return all simple directed networks with the numbers of ``J`` on both sides."""
    n = len(J)
    pairs = [(i, j) for i in range(n) for j in range(n) if i != j]
    found = set()
    for chosen in itertools.combinations(pairs, int(J.sum())):
        other = np.zeros_like(J)
        other[tuple(np.array(chosen).T)] = 1
        if np.array_equal(other.sum(0), J.sum(0)) and np.array_equal(other.sum(1), J.sum(1)):
            found.add(other.tobytes())
    return found


def test_rewirings_are_uniform_over_the_networks_that_swaps_reach() -> None:
    J = np.zeros((4, 4), np.int64)
    for one, other in [(0, 1), (0, 2), (1, 2), (2, 3), (3, 0)]:
        J[one, other] = 1
    system = SpinSystem(J.astype(float))
    draws = 400
    seen = Counter(
        (pol.rewired(system, seed=7, draw=draw).J.toarray() > 0).astype(np.int64).tobytes()
        for draw in range(draws)
    )
    every = networks(J)
    assert set(seen) == every
    counts = np.array([seen[each] for each in sorted(every)])
    uniform = np.full(counts.size, 1 / counts.size)
    assert_law(counts, uniform)
    counts[0] += draws // 2  # a negative control: far too often
    assert law_p_value(counts, uniform) < 1e-6


def test_the_report_of_a_directed_network_tells_both_sides() -> None:
    _, system, camps = drawn(40, 0.1, 5)
    rows = structure(system, camps, draws=10).set_index("measure")
    J = system.J.toarray() != 0
    assert rows.loc["ties", "value"] == J.sum()
    assert rows.loc["most listeners", "value"] == J.sum(0).max()
    assert rows.loc["reciprocity", "value"] == pytest.approx((J & J.T).sum() / J.sum())
    strong = nx.number_strongly_connected_components(nx.DiGraph(J))
    assert rows.loc["strong components", "value"] == strong
    assert np.isfinite(rows.loc["modularity", "z"])
    assert "random-walk controversy" not in rows.index


def test_the_command_keeps_directions_where_it_is_told_to(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    ties, out = tmp_path / "ties.csv", tmp_path / "out"
    pairs = [(i, (i + step) % 12) for i in range(12) for step in (1, 2, 5)]
    ties.write_text("source,target\n" + "".join(f"{a},{b}\n" for a, b in pairs), encoding="utf-8")
    words = ["inspect", str(ties), "--draws", "4", "--out", str(out), "--workers", "1"]
    assert main([*words, "--directed"]) == 0
    assert "reciprocity" in capsys.readouterr().out
    table = pd.read_csv(out / "structure.csv").set_index("measure")
    assert table.loc["ties", "value"] == 36
    assert main(words) == 2, "mutual ties are another report"
    assert main(["repeat", str(out), "--workers", "1"]) == 0
