"""SpinSystem: energy and fields against brute force, input rules, ways in and out."""

from __future__ import annotations

import time

import networkx as nx
import numpy as np
import pandas as pd
import pytest
import scipy.sparse as sparse
from hypothesis import given, settings
from hypothesis import strategies as st

from sociophysics import machine
from sociophysics.errors import InputError
from sociophysics.society.spins import SpinSystem


def random_couplings(rng, n, *, density=0.6, symmetric=True):
    J = rng.normal(size=(n, n)) * (rng.random((n, n)) < density)
    J = np.triu(J, 1)
    if symmetric:
        return J + J.T
    return J + np.tril(rng.normal(size=(n, n)) * (rng.random((n, n)) < density), -1)


systems = st.builds(
    lambda n, seed: (np.random.default_rng(seed), n), st.integers(1, 12), st.integers(0, 10**6)
)
properties = settings(derandomize=True, max_examples=60, deadline=None)


# Energy and local field -----------------------------------------------------------------------


@properties
@given(systems)
def test_energy_is_the_sum_over_pairs_and_users(case):
    rng, n = case
    J, h = random_couplings(rng, n), rng.normal(size=n)
    spins = rng.choice([-1, 1], size=(5, n))
    system = SpinSystem(J, h)
    wanted = [
        -sum(J[i, j] * s[i] * s[j] for i in range(n) for j in range(i)) - sum(h * s) for s in spins
    ]
    assert system.energy(spins) == pytest.approx(wanted, abs=1e-12)
    assert system.energy(spins[0]) == pytest.approx(wanted[0], abs=1e-12)
    assert type(system.energy(spins[0])) is float
    assert system.energy(spins).shape == (5,)


@properties
@given(systems)
def test_local_field_is_row_times_stances_also_when_directed(case):
    rng, n = case
    J, h = random_couplings(rng, n, symmetric=False), rng.normal(size=n)
    spins = rng.choice([-1, 1], size=(4, n))
    fields = SpinSystem(J, h).local_field(spins)
    for s, field in zip(spins, fields, strict=True):
        wanted = [sum(J[i, j] * s[j] for j in range(n)) + h[i] for i in range(n)]
        assert field == pytest.approx(wanted, abs=1e-12)
    assert SpinSystem(J, h).local_field(spins[0]).shape == (n,)


@properties
@given(systems)
def test_flip_changes_the_energy_by_twice_spin_times_local_field(case):
    rng, n = case
    system = SpinSystem(random_couplings(rng, n), rng.normal(size=n))
    s = rng.choice([-1, 1], size=n)
    for i in range(n):
        flipped = s.copy()
        flipped[i] *= -1
        change = system.energy(flipped) - system.energy(s)
        assert change == pytest.approx(2 * s[i] * system.local_field(s)[i], abs=1e-12)


@properties
@given(systems)
def test_gauge_transformation_leaves_the_energy(case):
    rng, n = case
    J, h = random_couplings(rng, n), rng.normal(size=n)
    s, e = rng.choice([-1, 1], size=(2, n))
    plain, gauged = SpinSystem(J, h), SpinSystem(J * np.outer(e, e), h * e)
    assert gauged.energy(s * e) == pytest.approx(plain.energy(s), abs=1e-12)
    assert gauged.local_field(s * e) == pytest.approx(e * plain.local_field(s), abs=1e-12)


@properties
@given(systems)
def test_relabelling_users_leaves_the_energy(case):
    rng, n = case
    J, h, order = random_couplings(rng, n), rng.normal(size=n), rng.permutation(n)
    s = rng.choice([-1, 1], size=n)
    plain, other = SpinSystem(J, h), SpinSystem(J[np.ix_(order, order)], h[order])
    assert other.energy(s[order]) == pytest.approx(plain.energy(s), abs=1e-12)
    assert other.local_field(s[order]) == pytest.approx(plain.local_field(s)[order], abs=1e-12)


@properties
@given(systems)
def test_global_flip_leaves_the_energy_without_a_field(case):
    rng, n = case
    system, s = SpinSystem(random_couplings(rng, n)), rng.choice([-1, 1], size=n)
    assert system.energy(-s) == system.energy(s)


def test_directed_couplings_have_no_energy():
    system = SpinSystem([[0, 1], [0, 0]])
    assert not system.is_symmetric
    with pytest.raises(InputError, match=r"directed \(J_ij != J_ji\).*use an undirected network"):
        system.energy([1, 1])
    assert not SpinSystem([[0, 1], [2, 0]]).is_symmetric
    stored_zero = sparse.csr_array(([1.0, 1.0, 0.0], ([0, 1, 0], [1, 0, 2])), shape=(3, 3))
    assert SpinSystem(stored_zero).is_symmetric
    assert not SpinSystem([[0, 1, 0], [0, 0, 1], [1, 0, 0]]).is_symmetric


@pytest.mark.parametrize(
    ("spins", "sentence"),
    [
        ([1, 0], "value 0"),
        ([1, 2], "value 2"),
        ([1.0, np.nan], "value nan"),
        ([1, 1, 1], r"shape \(3,\); allowed: \(2,\) or \(replicas, 2\)"),
        ([[[1, 1]]], r"shape \(1, 1, 2\)"),
        (1, r"shape \(\)"),
        (["a", "b"], "every stance must be"),
    ],
)
def test_spins_are_checked(spins, sentence):
    system = SpinSystem([[0, 1], [1, 0]])
    for use in (system.check_spins, system.energy, system.local_field):
        with pytest.raises(InputError, match=sentence):
            use(spins)


def test_check_spins_returns_int8_of_any_numeric_type():
    system = SpinSystem([[0, 1], [1, 0]])
    for spins in ([1, -1], [1.0, -1.0], np.array([1, -1], np.int8)):
        checked = system.check_spins(spins)
        assert checked.dtype == np.int8
        assert checked.tolist() == [1, -1]


# Construction -----------------------------------------------------------------------------------


@pytest.mark.parametrize("n", [0, 1])
def test_no_users_and_one_user(n):
    for system in (
        SpinSystem(np.zeros((n, n))),
        SpinSystem(sparse.csr_array((n, n))),
        SpinSystem.from_edges([], [], n=n),
        SpinSystem.from_networkx(nx.empty_graph(n)),
    ):
        assert (system.n, system.J.nnz, len(system.nodes), system.labels) == (
            *(n, 0, n),
            tuple(range(n)),
        )
        assert system.is_symmetric
        assert system.energy(np.ones(n)) == 0
        assert system.local_field(np.ones((3, n))).shape == (3, n)
        assert len(system.to_networkx()) == n
    assert SpinSystem.from_edges([], []).n == 0
    assert SpinSystem([[0.0]], h=[2.0]).energy([-1]) == 2.0


@pytest.mark.parametrize(
    "kind",
    [
        np.asarray,
        np.ndarray.tolist,
        sparse.csr_array,
        sparse.coo_array,
        sparse.csc_matrix,
        sparse.lil_matrix,
    ],
)
def test_any_square_matrix_becomes_sorted_float_csr(kind):
    J = random_couplings(np.random.default_rng(1), 6)
    system = SpinSystem(kind(J))
    assert isinstance(system.J, sparse.csr_array)
    assert system.J.dtype == np.float64
    assert system.J.has_sorted_indices
    assert np.array_equal(system.J.toarray(), J)


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        ({"J": [[0, 1, 0], [1, 0, 0]]}, r"shape \(2, 3\); it must be square"),
        ({"J": [0, 1]}, r"shape \(2,\)"),
        ({"J": [["a", "b"], ["c", "d"]]}, "not a numeric matrix"),
        ({"J": [[0, np.nan], [1, 0]]}, r"J\[0, 1\] is nan"),
        ({"J": [[0, 1], [-np.inf, 0]]}, r"J\[1, 0\] is -inf"),
        ({"J": [[0, 1], [1, 3]]}, r"J\[1, 1\] is 3.0, a self-coupling"),
        ({"h": [1]}, r"h has shape \(1,\); allowed: \(2,\)"),
        ({"h": 1.0}, r"h has shape \(\)"),
        ({"h": [0, np.inf]}, r"h\[1\] is inf"),
        ({"h": ["a", "b"]}, "h "),
        ({"h": [1j, 0]}, "h "),
        ({"J": sparse.csr_array([[0, 1j], [1j, 0]])}, "J is not a numeric matrix"),
        ({"labels": ["a"]}, "1 labels are given for 2 users"),
        ({"labels": [["a"], ["b"]]}, "label"),
        ({"labels": ["a", "a"]}, "'a' names two users"),
        ({"nodes": pd.DataFrame({"x": [1]})}, "nodes has 1 rows for 2 users"),
        ({"nodes": [{"x": 1}, {"x": 2}]}, "nodes"),
    ],
)
def test_bad_arguments_are_refused_in_one_sentence(arguments, sentence):
    with pytest.raises(InputError, match=sentence) as error:
        SpinSystem(**{"J": [[0, 1], [1, 0]], **arguments})
    assert "\n" not in str(error.value)


def test_a_system_is_frozen_and_does_not_share_the_callers_arrays():
    J, h = np.array([[0.0, 1.0], [1.0, 0.0]]), np.array([1.0, 2.0])
    for given_J in (J, sparse.csr_array(J)):
        system = SpinSystem(given_J, h)
        h[0] = 9.0
        given_J[0, 1] = 9.0
        assert system.h.tolist() == [1.0, 2.0]
        assert system.J[0, 1] == 1.0
        J[0, 1], h[0] = 1.0, 1.0
    for name in ("J", "h", "labels", "nodes", "new"):
        with pytest.raises(AttributeError, match="frozen"):
            setattr(system, name, None)
    for array in (system.h, system.J.data, system.J.indices, system.J.indptr):
        with pytest.raises(ValueError, match="read-only"):
            array[0] = 0
    assert repr(system) == "SpinSystem(n=2, symmetric, 2 couplings)"
    assert repr(SpinSystem([[0, 1], [0, 0]])) == "SpinSystem(n=2, directed, 1 couplings)"


LABELS = ["ann", ("b", 2)]


def test_a_node_table_without_names_is_taken_by_position():
    nodes = pd.DataFrame({"party": ["l", "r"]})
    system = SpinSystem([[0, 1], [1, 0]], labels=LABELS, nodes=nodes)
    assert system.nodes.loc["ann", "party"] == "l"
    assert system.nodes.index.to_list() == LABELS
    assert nodes.index.to_list() == [0, 1]


def test_a_node_table_and_a_field_indexed_by_label_are_put_in_the_users_order():
    index = pd.Index(LABELS[::-1], tupleize_cols=False)
    nodes = pd.DataFrame({"party": ["r", "l"]}, index=index)
    system = SpinSystem([[0, 1], [1, 0]], pd.Series([2.0, 1.0], index), LABELS, nodes)
    assert system.nodes["party"].to_list() == ["l", "r"]
    assert system.nodes.index.to_list() == LABELS
    assert system.h.tolist() == [1.0, 2.0]
    assert nodes["party"].to_list() == ["r", "l"]


@pytest.mark.parametrize("index", [[5, 6], ["ann", "ann"], [1, 0], ["x", "y"]])
def test_an_index_that_names_other_users_is_refused(index):
    tables = ({"nodes": pd.DataFrame({"a": [1, 2]}, index)}, {"h": pd.Series([1.0, 2], index)})
    for table in tables:
        with pytest.raises(InputError, match=r"is indexed by .*, but the users are 'ann'"):
            SpinSystem([[0, 1], [1, 0]], labels=LABELS, **table)


def test_an_index_that_may_be_the_order_or_the_labels_is_refused():
    with pytest.raises(InputError, match="numbered 0 to 1, which are also the users' labels in an"):
        SpinSystem([[0, 1], [1, 0]], pd.Series([1.0, 2.0]), labels=[1, 0])
    by_name = pd.Series({1: 1.0, 0: 2.0})
    assert SpinSystem([[0, 1], [1, 0]], by_name, labels=[1, 0]).h.tolist() == [1.0, 2.0]


def test_a_matrix_with_names_gives_labels_and_its_columns_follow_its_rows():
    J = pd.DataFrame([[0, 1, -1], [1, 0, 0], [-1, 0, 0]], list("abc"), list("abc"))
    system = SpinSystem(J)
    assert system.labels == ("a", "b", "c")
    for shuffled in (J[list("cab")], J.loc[list("bca")]):
        again = SpinSystem(shuffled, labels=list("abc"))
        assert np.array_equal(again.J.toarray(), J.to_numpy())
    assert SpinSystem(J.loc[list("bca")]).labels == ("b", "c", "a")
    with pytest.raises(InputError, match="columns of J is indexed by 'x'"):
        SpinSystem(J.set_axis(list("xyz"), axis=1))
    assert SpinSystem(pd.DataFrame(J.to_numpy())).labels == (0, 1, 2)


def test_stances_indexed_by_label_are_put_in_the_users_order():
    system = SpinSystem([[0, 1, -1], [1, 0, 0], [-1, 0, 0]], labels=list("abc"))
    stances = pd.Series({"c": 1, "b": -1, "a": -1})
    assert system.check_spins(stances).tolist() == [-1, -1, 1]
    assert system.energy(stances) == system.energy([-1, -1, 1])
    rows = pd.DataFrame([[1, -1, -1], [1, 1, -1]], columns=list("cba"))
    assert system.check_spins(rows).tolist() == [[-1, -1, 1], [-1, 1, 1]]
    with pytest.raises(InputError, match="stances is indexed by 'x'"):
        system.check_spins(stances.set_axis(list("xyz")))


# Edge arrays ------------------------------------------------------------------------------------


def test_from_edges_directed_and_undirected():
    undirected = SpinSystem.from_edges([0, 2], [1, 1], [1.0, -2.0], n=4)
    assert np.array_equal(
        undirected.J.toarray(), [[0, 1, 0, 0], [1, 0, -2, 0], [0, -2, 0, 0], [0, 0, 0, 0]]
    )
    directed = SpinSystem.from_edges([0, 2], [1, 1], [1.0, -2.0], n=4, directed=True)
    assert np.array_equal(
        directed.J.toarray(), [[0, 1, 0, 0], [0, 0, 0, 0], [0, -2, 0, 0], [0, 0, 0, 0]]
    )
    both = SpinSystem.from_edges([0, 1], [1, 0], [3.0, 3.0], directed=True)
    assert both.is_symmetric


def test_from_edges_labels_field_and_isolated_users():
    system = SpinSystem.from_edges([0], [1], h=[0, 0, 5.0], labels=["a", "b", "c"])
    assert system.labels == ("a", "b", "c")
    assert system.local_field([1, -1, 1]).tolist() == [-1.0, 1.0, 5.0]
    assert system.energy([1, -1, 1]) == -4.0


@pytest.mark.parametrize("dtype", [np.int8, np.int16, np.int32, np.int64, np.uint8, np.uint64])
def test_from_edges_takes_any_integer_type(dtype):
    i = np.arange(100, dtype=dtype)
    system = SpinSystem.from_edges(i[:-1], i[1:])
    assert system.n == 100
    assert system.J.sum() == 198
    with pytest.raises(InputError, match=r"the tie \(98, 99\) is listed twice"):
        SpinSystem.from_edges(np.append(i[:-1], dtype(98)), np.append(i[1:], dtype(99)))


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        ({"source": [0, 1], "target": [1]}, "source has 2 entries and target 1"),
        ({"source": [0], "target": [5], "n": 3}, "run from 0 to 5; allowed: 0 to 2"),
        ({"source": [-1], "target": [0]}, "run from -1"),
        ({"source": [0.5], "target": [1]}, "source is an array of float64"),
        ({"source": ["a"], "target": [1]}, "source is an array of"),
        ({"source": [[0]], "target": [[1]]}, "with 2 axes"),
        ({"source": [1], "target": [1]}, r"tie \(1, 1\) is a self-loop"),
        ({"source": [0, 0], "target": [1, 1]}, r"the tie \(0, 1\) is listed twice"),
        ({"source": [0, 1], "target": [1, 0]}, "listed once, in either direction"),
        ({"coupling": "x"}, "coupling holds text"),
        ({"coupling": [1.0, 2.0]}, "coupling has 2 entries for 1 ties"),
        ({"coupling": np.nan}, r"coupling of tie \(0, 1\) is nan"),
        ({"coupling": [np.inf]}, r"coupling of tie \(0, 1\) is inf"),
        ({"n": -1}, "n is -1"),
        ({"n": 2.5}, "n is 2.5"),
        ({"n": "3"}, "n is '3'"),
        ({"labels": ["a"]}, "allowed: 0 to 0"),
        ({"n": 3, "labels": ["a", "b"]}, "2 labels are given for 3 users"),
    ],
)
def test_bad_edge_arrays_are_refused(arguments, sentence):
    with pytest.raises(InputError, match=sentence):
        SpinSystem.from_edges(**{"source": [0], "target": [1], **arguments})


def test_a_repeated_arc_is_refused_also_when_its_couplings_cancel():
    with pytest.raises(InputError, match="listed twice"):
        SpinSystem.from_edges([0, 0], [1, 1], [1.0, -1.0], directed=True)


def test_memory_is_asked_for_before_it_is_allocated(monkeypatch):
    monkeypatch.setattr(machine, "available_memory", lambda: 1000)
    with pytest.raises(InputError, match="a system of 101 users and 100 ties needs about"):
        SpinSystem.from_edges(np.arange(100), np.arange(1, 101))
    with pytest.raises(InputError, match="a system of 101 users needs about"):
        SpinSystem.from_networkx(nx.path_graph(101), default_coupling=1.0)


# networkx ---------------------------------------------------------------------------------------


@properties
@given(systems, st.booleans())
def test_networkx_round_trip(case, symmetric):
    rng, n = case
    J, h = random_couplings(rng, n, symmetric=symmetric), rng.normal(size=n)
    labels = [f"u{i}" if i % 3 else i for i in rng.permutation(n).tolist()]
    nodes = pd.DataFrame({"party": rng.choice(["l", "r"], n), "seats": np.arange(n)})
    system = SpinSystem(J, h, labels, nodes)
    graph = system.to_networkx()
    assert type(graph) is (nx.Graph if system.is_symmetric else nx.DiGraph)
    back = SpinSystem.from_networkx(graph)
    assert back.labels == system.labels
    assert [type(label) for label in back.labels] == [type(label) for label in labels]
    assert np.array_equal(back.J.toarray(), J)
    assert np.array_equal(back.h, h)
    assert back.nodes.to_dict("list") == system.nodes.to_dict("list")


def test_networkx_row_listens_to_column_and_labels_are_never_text():
    graph = nx.DiGraph()
    graph.add_edge((0, 1), 2.5, w=-3)
    graph.add_edge("x", (0, 1), w=np.float32(0.5))
    graph.add_node(0)
    system = SpinSystem.from_networkx(graph, coupling="w")
    assert system.labels == ((0, 1), 2.5, "x", 0)
    assert system.J[0, 1] == -3.0
    assert system.J[2, 0] == 0.5
    assert system.J.nnz == 2


def test_networkx_field_and_default_coupling():
    graph = nx.path_graph(3)
    graph.nodes[1]["tilt"] = 2
    graph.edges[0, 1]["J"] = -1.0
    system = SpinSystem.from_networkx(graph, coupling="J", field="tilt", default_coupling=0.5)
    assert system.h.tolist() == [0.0, 2.0, 0.0]
    assert "tilt" not in system.nodes
    assert np.array_equal(system.J.toarray(), [[0, -1, 0], [-1, 0, 0.5], [0, 0.5, 0]])


def test_node_attributes_become_columns_and_gaps_stay_missing():
    graph = nx.empty_graph(3)
    graph.nodes[0]["party"], graph.nodes[2]["party"] = "l", "r"
    nodes = SpinSystem.from_networkx(graph).nodes
    assert nodes["party"].isna().to_list() == [False, True, False]
    assert nodes["party"].dropna().to_list() == ["l", "r"]


@pytest.mark.parametrize(
    ("coupling", "sentence"),
    [
        ("1", r"edge \('[ab]', '[ab]'\) has coupling '1'"),
        (np.nan, r"edge \('[ab]', '[ab]'\) has coupling nan"),
        (-np.inf, r"edge \('[ab]', '[ab]'\) has coupling -inf"),
        (None, r"edge \('[ab]', '[ab]'\) has coupling None"),
        (1j, r"edge \('[ab]', '[ab]'\) has coupling 1j"),
        ([1.0], r"edge \('[ab]', '[ab]'\) has coupling \[1.0\]"),
        (True, r"edge \('[ab]', '[ab]'\) has coupling True"),
        pytest.param(10**400, r"edge \('[ab]', '[ab]'\) has coupling 1000", id="huge"),
    ],
)
def test_bad_couplings_name_the_edge(coupling, sentence):
    graph = nx.Graph()
    graph.add_edge("c", "b", coupling=1.0)
    graph.add_edge("a", "b", coupling=coupling)
    with pytest.raises(InputError, match=sentence):
        SpinSystem.from_networkx(graph)


def test_bad_graphs_are_refused():
    with pytest.raises(InputError, match=r"edge \(0, 1\) has no attribute 'coupling'"):
        SpinSystem.from_networkx(nx.path_graph(3))
    with pytest.raises(InputError, match=r"edge \(1, 1\) is a self-loop"):
        SpinSystem.from_networkx(nx.Graph([(0, 1), (1, 1)]), default_coupling=1.0)
    with pytest.raises(InputError, match="multigraph"):
        SpinSystem.from_networkx(nx.MultiGraph([(0, 1), (0, 1)]), default_coupling=1.0)
    for value in ("hot", np.nan, True):
        graph = nx.empty_graph(2)
        graph.nodes[1]["field"] = value
        with pytest.raises(InputError, match="user 1 has field"):
            SpinSystem.from_networkx(graph)


def test_gaps_in_attributes_survive_the_round_trip():
    graph = nx.empty_graph(3)
    graph.nodes[0]["party"], graph.nodes[2]["party"] = "l", "r"
    back = SpinSystem.from_networkx(graph).to_networkx()
    assert dict(back.nodes(data="party", default="none")) == {0: "l", 1: "none", 2: "r"}


def test_a_column_named_field_does_not_stop_the_way_back():
    nodes = pd.DataFrame({"field": [7.0, 8.0]})
    graph = SpinSystem([[0, 1], [1, 0]], h=[0.5, 0.0], nodes=nodes).to_networkx()
    assert SpinSystem.from_networkx(graph).h.tolist() == [0.5, 0.0]


@pytest.mark.validate
@pytest.mark.bench
def test_a_million_ties_are_converted_in_seconds():
    rng = np.random.default_rng(1)
    pairs = rng.integers(0, 200_000, (1_000_000, 2))
    graph = nx.empty_graph(200_000)
    graph.add_edges_from((u, v) for u, v in pairs.tolist() if u != v)
    i, j = np.array(graph.edges()).T
    started = time.process_time()
    SpinSystem.from_networkx(graph, default_coupling=1.0)
    middle = time.process_time()
    SpinSystem.from_edges(i, j, n=200_000)
    assert middle - started <= 4.0
    assert time.process_time() - middle <= 0.3
