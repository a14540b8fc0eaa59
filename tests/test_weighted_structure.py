"""Networks with weights: symmetry up to rounding, and every structural number recomputed."""

from __future__ import annotations

from pathlib import Path

import networkx as nx
import numpy as np
import pandas as pd
import pytest
import scipy.sparse as sparse
from scipy.optimize import brentq

import sociophysics as sp
from sociophysics.cli import main
from sociophysics.experiments import structure
from sociophysics.observables import polarization as pol
from sociophysics.society.spins import SpinSystem

WEIGHTS = ([10, 0.1], [0.1, 0.2, 0.3], [0.5, 1.5, 2.25], [1, 2, 3], [1, 3, 7], [1e90, 3e-90])


def weighted(weights, seed=1):
    """A connected graph of 40 users in two camps of 20, its weights drawn from a list."""
    rng = np.random.default_rng(seed)
    graph = nx.planted_partition_graph(2, 20, 0.35, 0.1, seed=seed)
    assert nx.is_connected(graph)
    for u, v in graph.edges:
        graph.edges[u, v]["coupling"] = float(rng.choice(weights))
    return graph, np.repeat([0, 1], 20)


# Symmetry ---------------------------------------------------------------------------------------


def test_products_in_another_order_are_symmetric():
    rng = np.random.default_rng(3)
    raw = np.triu(rng.random((30, 30)), 1)
    raw = raw + raw.T
    root = 1 / np.sqrt(raw.sum(axis=1))
    J = raw * root[:, None] * root
    assert (J != J.T).any()
    system = SpinSystem(J)
    assert system.is_symmetric
    assert system.energy(np.ones(30)) == pytest.approx(-J.sum() / 2, rel=1e-12)
    precision = np.linalg.inv(np.cov(rng.normal(size=(30, 200))))
    np.fill_diagonal(precision, 0.0)
    assert (precision != precision.T).any()
    assert SpinSystem(precision).is_symmetric


@pytest.mark.parametrize("far", [0.0, 1 + 1e-9, -1.0])
def test_what_rounding_cannot_do_is_directed(far):
    J = np.zeros((3, 3))
    J[0, 1], J[1, 0], J[1, 2], J[2, 1] = 1e-9, 1e-9 * far, 1.0, 1.0
    assert not SpinSystem(J).is_symmetric
    J[1, 2] = J[2, 1] = 0.0
    assert not SpinSystem(J).is_symmetric


def test_a_weak_tie_in_one_direction_is_directed():
    J = np.zeros((3, 3))
    J[0, 1], J[1, 2], J[2, 1] = 1e-200, 1.0, 1.0
    assert not SpinSystem(J).is_symmetric


def test_runs_of_a_system_symmetric_up_to_rounding_are_those_of_the_exact_one():
    graph, _ = weighted([0.1, 0.3, 0.7])
    exact = sp.couplings.edge(graph, normalize="degree")
    off = sparse.csr_array(exact.J, copy=True)
    off.data[::3] *= 1 + 2**-52
    other = SpinSystem(off)
    assert (other.J != other.J.T).nnz
    assert other.is_symmetric
    found = [
        sp.simulate(system, temperature=0.8, sweeps=30, replicas=4, seed=1, observe=["energy"])[
            "energy"
        ]
        for system in (exact, other)
    ]
    np.testing.assert_allclose(found[0], found[1], rtol=1e-9)


@pytest.mark.parametrize("weights", WEIGHTS)
def test_a_report_of_a_weighted_network_is_no_report_of_a_directed_one(weights):
    graph, camps = weighted(weights)
    rows = structure(SpinSystem.from_networkx(graph), camps, draws=0).set_index("measure")
    assert rows.loc["ferromagnet, couplings normalized by degree", "value"] > 0
    assert np.isfinite(rows.loc["modularity", "value"])


@pytest.mark.parametrize("weight", [1e300, 5e-324])
def test_weights_beyond_all_physics_are_refused_in_a_sentence(weight):
    graph, camps = weighted([1.0, weight])
    with pytest.raises(sp.InputError, match=r"the couplings run from .* rescale"):
        structure(SpinSystem.from_networkx(graph), camps, draws=0)


@pytest.mark.parametrize("weight", [1e300, 5e-324])
def test_modularity_has_the_same_value_in_any_unit(weight):
    graph, camps = weighted([1.0])
    system = SpinSystem.from_networkx(graph)
    value = pol.modularity(system, camps)
    assert pol.modularity(SpinSystem(system.J * weight), camps) == pytest.approx(value, abs=1e-12)
    assert pol.signed_modularity(SpinSystem(system.J * weight), camps) == pytest.approx(value)


# Every number of the report ---------------------------------------------------------------------


def message_matrix(J, T, power):
    """The linearized messages of belief propagation, B[(i->j), (k->i)] = tanh(J_ki/T)^power."""
    ends = [(int(i), int(j)) for i, j in zip(*np.nonzero(J), strict=True)]
    B = np.zeros((len(ends), len(ends)))
    for row, (i, j) in enumerate(ends):
        for column, (k, to) in enumerate(ends):
            if to == i and k != j:
                B[row, column] = np.tanh(J[k, i] / T) ** power
    return B, ends


def critical(J, power):
    def excess(T):
        return np.abs(np.linalg.eigvals(message_matrix(J, T, power)[0])).max() - 1

    return brentq(excess, 0.05 * np.abs(J).sum(0).max(), np.abs(J).sum(0).max(), xtol=1e-7)


def responses(J, T):
    """d(mean stance)/dh_i of the paramagnet, from the messages that carry a push outwards."""
    B, ends = message_matrix(J, T, 1)
    at = np.array([[to == i for k, to in ends] for i in range(len(J))], float)
    send = np.array([[i == start for i in range(len(J))] for start, _ in ends], float)
    # A user's total field is the own push and every incoming message times its tanh.
    fields = np.linalg.solve(np.eye(len(ends)) - B, send)
    tanh = np.array([np.tanh(J[k, i] / T) for k, i in ends])
    return (np.eye(len(J)) + at @ (tanh[:, None] * fields)).mean(axis=0) / T


def walks(walk, absorbing):
    final = walk.copy()
    final[absorbing] = np.eye(len(walk))[absorbing]
    return np.linalg.matrix_power(final, 2**20)


def expected(graph, camps):
    """The report's numbers by networkx and dense algebra, from their definitions."""
    J = nx.to_numpy_array(graph, weight="coupling")
    A = (J > 0).astype(float)
    degree = A.sum(axis=1)
    sides = [set(np.flatnonzero(camps == side).tolist()) for side in (0, 1)]
    nx.set_node_attributes(graph, dict(enumerate(camps.tolist())), "side")
    crossing = sum(camps[u] != camps[v] for u, v in graph.edges)
    found = {
        "users": len(graph), "ties": graph.size(), "components": 1,
        "users in the largest component": len(graph),
        "mean degree": degree.mean(), "median degree": np.median(degree),
        "largest degree": degree.max(), "users without ties": 0,
        "share of antagonistic ties": 0, "users in 0": 20, "users in 1": 20,
        "users without camp": 0, "frustration index": 0,
        "assortativity": nx.attribute_assortativity_coefficient(graph, "side"),
        "modularity": nx.community.modularity(graph, sides, weight="coupling"),
        "E-I index": (2 * crossing - graph.size()) / graph.size(),
    }  # fmt: skip
    walk = A / degree[:, None]
    for name, k in (("random-walk controversy", 10), ("random-walk controversy, adaptive", 1)):
        ends = [sorted(side, key=lambda v: (-degree[v], v))[:k] for side in sides]
        final = walks(walk, ends[0] + ends[1])
        p = [
            [final[np.ix_(sorted(side - set(own)), end)].sum(axis=1).mean() for end in ends]
            for side, own in zip(sides, ends, strict=True)
        ]
        found[name] = p[0][0] * p[1][1] - p[0][1] * p[1][0]
    opinion = walks(walk, ends[0] + ends[1])[:, ends[0]].sum(axis=1) * 2 - 1  # 5 % of 20: 1
    up, down = opinion > 0, opinion < 0
    balance = 1 - abs(int(up.sum()) - int(down.sum())) / len(graph)
    found["dipole polarization"] = balance * (opinion[up].mean() - opinion[down].mean()) / 2
    inner = {v for v in graph if all(camps[u] == camps[v] for u in graph[v])}
    edge = {
        v for v in set(graph) - inner if any(u in inner for u in graph[v] if camps[u] == camps[v])
    }
    terms = []
    for v in edge:
        inward = sum(u in inner and camps[u] == camps[v] for u in graph[v])
        outward = sum(u in edge and camps[u] != camps[v] for u in graph[v])
        terms.append(inward / (inward + outward) - 0.5)
    found["boundary polarization"] = np.mean(terms)
    strength = J.sum(axis=1)
    even = J / np.sqrt(np.outer(strength, strength))
    for matrix, suffix in ((J, ""), (even, ", couplings normalized by degree")):
        for phase, power in (("ferromagnet", 1), ("glass", 2)):
            found[phase + suffix] = critical(matrix, power)
    worth = responses(J, 1.5 * found["ferromagnet"])
    ranked = np.sort(worth)[::-1]
    found["gain of the best 1 % of users over random ones"] = ranked[0] / worth.mean()
    found["gain of the 1 % with most ties over random ones"] = (
        worth[np.argsort(-strength, kind="stable")[0]] / worth.mean()
    )
    half = np.searchsorted(np.cumsum(ranked), worth.sum() / 2) + 1
    found["share of users with half of the influence"] = half / len(graph)
    gaps = np.abs(worth[:, None] - worth).sum()
    found["concentration of influence (Gini)"] = gaps / (2 * worth.size * worth.sum())
    return found


@pytest.mark.parametrize("weights", [[1, 2, 3], [10, 0.1]])
def test_every_number_of_a_weighted_report_by_networkx_and_dense_algebra(weights):
    graph, camps = weighted(weights, seed=5)
    rows = structure(SpinSystem.from_networkx(graph), camps, draws=0).set_index("measure")
    wanted = expected(graph, camps)
    assert set(rows.index) == set(wanted)
    for name, value in wanted.items():
        assert rows.loc[name, "value"] == pytest.approx(value, rel=2e-6, abs=1e-9), name


# Files ------------------------------------------------------------------------------------------


def test_inspect_reads_the_weights_of_every_kind_of_file(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    graph, camps = weighted([10, 0.1])
    nx.set_node_attributes(graph, {v: "LR"[camps[v]] for v in graph}, "camp")
    for _, _, data in graph.edges(data=True):
        data["weight"] = data.pop("coupling")
    graph.graph.clear()
    nx.write_graphml(graph, "w.graphml")
    frame = nx.to_pandas_edgelist(graph)
    frame.to_csv("w.csv", index=False)
    frame.rename(columns={"weight": "coupling"}).to_csv("c.csv", index=False)
    pd.DataFrame({"id": list(graph), "camp": camps}).to_csv("nodes.csv", index=False)
    found = []
    for arguments in (
        ["w.graphml", "--coupling", "weight"],
        ["w.csv", "--coupling", "weight", "--nodes", "nodes.csv"],
        ["c.csv", "--nodes", "nodes.csv"],
    ):
        out = f"o{len(found)}"
        assert main(["inspect", *arguments, "--draws", "0", "--out", out]) == 0
        found.append(pd.read_csv(f"{out}/structure.csv").set_index("measure")["value"])
        assert "not used" not in capsys.readouterr().out
    sides = [{v for v in graph if camps[v] == side} for side in (0, 1)]
    for values in found:
        assert values["modularity"] == pytest.approx(nx.community.modularity(graph, sides))
        np.testing.assert_allclose(values.filter(regex="ferro|glass|gain"), found[0].filter(
            regex="ferro|glass|gain"), rtol=1e-9)  # fmt: skip


def test_numeric_tie_columns_that_are_not_used_are_named_in_every_output(
    tmp_path, monkeypatch, capsys
):
    monkeypatch.chdir(tmp_path)
    Path("s.csv").write_text(
        "source,target,sign,since,how\n0,1,1,1990,met\n1,2,-1,1991,met\n0,2,-1,1992,\n"
    )
    assert sp.networks.read("s.csv").graph["unused_tie_columns"] == ["sign", "since"]
    assert sp.networks.read("s.csv", coupling="sign").graph["unused_tie_columns"] == ["since"]
    assert main(["inspect", "s.csv", "--draws", "0", "--out", "o"]) == 0
    said = capsys.readouterr().out
    for text in (said, Path("o/structure.csv").read_text(), Path("o/report.html").read_text()):
        assert "tie columns not used" in text
        assert "sign, since" in text
    assert main(["inspect", "s.csv", "--coupling", "sign", "--draws", "0", "--out", "p"]) == 0
    rows = pd.read_csv("p/structure.csv").set_index("measure")
    assert rows.loc["share of antagonistic ties", "value"] == pytest.approx(2 / 3)
    assert rows.loc["tie columns not used", "value"] == 1
