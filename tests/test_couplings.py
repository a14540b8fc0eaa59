"""Couplings by kind and camps by code, on graphs small enough to check by hand."""

from __future__ import annotations

import networkx as nx
import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from sociophysics.errors import InputError
from sociophysics.society import camps, couplings, networks
from sociophysics.society.coupling_kinds import EdgeCouplings
from sociophysics.society.spins import SpinSystem

ALPHA = 1e-4


def graph_with_everything(directed=False):
    """Text and integer labels, a user without ties, camps, signed couplings, a field attribute."""
    graph = nx.DiGraph() if directed else nx.Graph()
    graph.add_node("ann", camp="left", field=3.0)
    graph.add_node(7, camp="right", field=1.0)
    graph.add_node("bob", camp="left", field=0.0)
    graph.add_node("alone", camp="right", field=2.0)
    graph.add_edge("ann", 7, coupling=-4)
    graph.add_edge("bob", "ann", coupling=1)
    graph.add_edge(7, "bob", coupling=9.0)
    return graph


EVERY = {
    "uniform": lambda graph, **keys: couplings.uniform(graph, 2.0, **keys),
    "camps": lambda graph, **keys: couplings.camps(graph, **keys),
    "edge": lambda graph, **keys: couplings.edge(graph, **keys),
    "random_sign": lambda graph, **keys: couplings.random_sign(graph, 0.4, seed=3, **keys),
    "gaussian": lambda graph, **keys: couplings.gaussian(graph, 0.2, 1.0, seed=3, **keys),
}


@pytest.mark.parametrize("directed", [False, True])
@pytest.mark.parametrize("kind", EVERY)
def test_users_ties_and_attributes_are_those_of_the_graph(kind, directed):
    graph = graph_with_everything(directed)
    system = EVERY[kind](graph)
    assert isinstance(system, SpinSystem)
    assert system.labels == ("ann", 7, "bob", "alone")
    assert system.nodes["camp"].to_list() == ["left", "right", "left", "right"]
    assert system.nodes["field"].to_list() == [3.0, 1.0, 0.0, 2.0]
    assert not system.h.any()
    tied = nx.to_numpy_array(graph, weight=None) > 0
    assert np.array_equal(system.J.toarray() != 0, tied)
    assert system.is_symmetric == (not directed)


def test_uniform_camps_and_edge_by_hand():
    graph = graph_with_everything()
    one = couplings.uniform(graph, -0.5).J.toarray()
    assert np.array_equal(one, -0.5 * nx.to_numpy_array(graph, weight=None))
    two = couplings.camps(graph, within=2.0, across=-0.25).J.toarray()
    assert np.array_equal(
        two, [[0, -0.25, 2, 0], [-0.25, 0, -0.25, 0], [2, -0.25, 0, 0], [0, 0, 0, 0]]
    )
    three = couplings.edge(graph).J.toarray()
    assert np.array_equal(three, [[0, -4, 1, 0], [-4, 0, 9, 0], [1, 9, 0, 0], [0, 0, 0, 0]])


def test_ties_without_weights_say_which_columns_they_have():
    kind = EdgeCouplings()
    plain, weighed = nx.Graph([(0, 1)]), nx.Graph()
    weighed.add_edge(0, 1, weight=2.0)
    with pytest.raises(InputError, match="have none; take kind 'uniform', or a file with a column"):
        kind.system(plain, seed=1)
    with pytest.raises(InputError, match=r"in \[network\], as coupling = 'weight'\."):
        kind.system(weighed, seed=1)


def test_directed_edge_row_listens_to_column():
    J = couplings.edge(graph_with_everything(directed=True)).J.toarray()
    assert np.array_equal(J, [[0, -4, 0, 0], [0, 0, 9, 0], [1, 0, 0, 0], [0, 0, 0, 0]])


def test_degree_normalization_by_hand():
    J = couplings.edge(graph_with_everything(), normalize="degree").J.toarray()
    wanted = [[0, -4 / 65**0.5, 1 / 50**0.5, 0], [0, 0, 9 / 130**0.5, 0]]
    assert J[0] == pytest.approx(wanted[0], abs=1e-15)
    assert J[1, 2] == pytest.approx(wanted[1][2], abs=1e-15)
    assert np.array_equal(J, J.T)
    assert not J[3].any()


@pytest.mark.parametrize("kind", EVERY)
def test_degree_normalization_of_a_directed_network_makes_rows_sum_to_one(kind):
    graph = nx.gnp_random_graph(30, 0.2, seed=4, directed=True)
    nx.set_node_attributes(graph, {node: node % 3 for node in graph}, "camp")
    nx.set_edge_attributes(
        graph, {pair: 1.5 - k % 4 for k, pair in enumerate(graph.edges)}, "coupling"
    )
    system = EVERY[kind](graph, normalize="degree")
    out = np.array([k for _, k in graph.out_degree])
    assert np.abs(system.J).sum(axis=1) == pytest.approx((out > 0).astype(float), abs=1e-12)
    raw = EVERY[kind](graph)
    assert np.array_equal(np.sign(system.J.toarray()), np.sign(raw.J.toarray()))


@settings(derandomize=True, max_examples=60, deadline=None)
@given(
    n=st.integers(0, 12),
    p=st.floats(0, 1),
    seed=st.integers(0, 10**6),
    kind=st.sampled_from(["uniform", "random_sign", "gaussian"]),
)
def test_normalized_undirected_couplings_are_symmetric_with_spectrum_within_one(n, p, seed, kind):
    graph = nx.gnp_random_graph(n, p, seed=seed)
    keys = {"uniform": {}, "random_sign": {"share": 0.3}, "gaussian": {}}[kind]
    raw = couplings.assign(graph, kind, seed=seed, **keys).J.toarray()
    system = couplings.assign(graph, kind, seed=seed, normalize="degree", **keys)
    assert system.is_symmetric
    k = np.abs(raw).sum(axis=1)
    with np.errstate(invalid="ignore", divide="ignore"):
        wanted = np.nan_to_num(raw / np.sqrt(np.outer(k, k)))
    assert np.allclose(system.J.toarray(), wanted, atol=1e-14, rtol=1e-13)
    if n:
        assert np.abs(np.linalg.eigvalsh(wanted)).max() <= 1 + 1e-9


def test_zero_couplings_normalize_to_zero():
    assert not couplings.uniform(nx.path_graph(3), 0.0, normalize="degree").J.toarray().any()


@pytest.mark.parametrize("share", [0, 0.25, 0.5, 1])
@pytest.mark.parametrize("directed", [False, True])
def test_random_sign_has_exactly_its_share_of_negative_ties(share, directed):
    graph = nx.gnm_random_graph(50, 200, seed=1, directed=directed)
    system = couplings.random_sign(graph, share, seed=5)
    assert set(np.abs(system.J.data)) == {1.0}
    assert (system.J.data < 0).sum() == share * 200 * (1 if directed else 2)
    assert system.is_symmetric == (not directed)


def test_random_signs_fall_on_every_tie_alike():
    graph, draws = nx.gnm_random_graph(8, 12, seed=2), 2000
    negative = np.zeros((8, 8))
    for replica in range(draws):
        negative += couplings.random_sign(graph, 0.25, seed=9, replica=replica).J.toarray() < 0
    counts = negative[np.triu_indices(8)]
    counts = counts[counts > 0]
    assert counts.size == 12
    # Without replacement the counts vary less than multinomial ones: scale to chi-squared.
    expected = draws / 4
    z2 = ((counts - expected) ** 2).sum() / (draws * 0.25 * 0.75) * 11 / 12
    assert stats.chi2.sf(z2, 11) > ALPHA


def test_gaussian_couplings_have_their_law_and_one_draw_per_tie():
    graph = nx.gnm_random_graph(300, 4000, seed=1)
    J = couplings.gaussian(graph, 0.5, 2.0, seed=6).J.toarray()
    assert np.array_equal(J, J.T)
    values = J[np.triu_indices(300)]
    values = values[values != 0]
    assert values.size == np.unique(values).size == 4000
    assert stats.kstest(values, stats.norm(0.5, 2.0).cdf).pvalue > ALPHA
    assert stats.kstest(values, stats.norm(0.5, 2.5).cdf).pvalue < ALPHA
    directed = couplings.gaussian(nx.complete_graph(30, nx.DiGraph), seed=6).J.toarray()
    upper = directed[np.triu_indices(30, 1)]
    assert abs(np.corrcoef(upper, directed.T[np.triu_indices(30, 1)])[0, 1]) < 0.2


@pytest.mark.parametrize("kind", ["random_sign", "gaussian"])
def test_drawn_couplings_follow_seed_and_replica_and_not_the_order_of_ties(kind):
    graph = nx.gnm_random_graph(20, 60, seed=1)
    keys = {"share": 0.5} if kind == "random_sign" else {}

    def draw(graph, **which):
        return couplings.assign(graph, kind, **which, **keys).J.toarray()

    first = draw(graph, seed=1)
    assert np.array_equal(first, draw(graph, seed=1))
    others = [draw(graph, seed=2), draw(graph, seed=1, replica=0), draw(graph, seed=1, replica=1)]
    for k, other in enumerate(others):
        assert not np.array_equal(first, other)
        assert not any(np.array_equal(other, another) for another in others[:k])
    shuffled = nx.empty_graph(20)
    shuffled.add_edges_from((v, u) for u, v in reversed(list(graph.edges())))
    assert np.array_equal(first, draw(shuffled, seed=1))


def test_polblogs_camps_couplings_count_the_ties_across():
    graph = networks.load("polblogs")
    system = couplings.camps(graph, "value", within=1.0, across=-1.0)
    value = nx.get_node_attributes(graph, "value")
    across = sum(value[u] != value[v] for u, v in graph.edges())
    assert (system.J.data < 0).sum() == 2 * across
    assert system.J.sum() == 2 * (16714 - 2 * across)


def test_assign_is_the_functions_by_name():
    graph = graph_with_everything()
    for kind, keys in {
        "uniform": {"value": 2.0},
        "camps": {},
        "edge": {},
        "random_sign": {"share": 0.4},
        "gaussian": {"mean": 0.2, "sd": 1.0},
    }.items():
        named = couplings.assign(graph, kind, seed=3, normalize="degree", **keys)
        direct = EVERY[kind](graph, normalize="degree")
        assert np.array_equal(named.J.toarray(), direct.J.toarray())
    assert couplings.KINDS == {
        "uniform": ("value", "normalize"),
        "camps": ("camp", "within", "across", "normalize"),
        "edge": ("coupling", "normalize"),
        "random_sign": ("share", "normalize"),
        "gaussian": ("mean", "sd", "normalize"),
    }


def incomplete():
    graph = graph_with_everything()
    del graph.nodes["bob"]["camp"]
    return graph


REFUSED = {
    "kind": (lambda g: couplings.assign(g, "unifrom", seed=1), "did you mean uniform"),
    "fitted": (lambda g: couplings.assign(g, "fitted", seed=1), "take no network"),
    "key": (lambda g: couplings.assign(g, "camps", seed=1, acros=1), "did you mean across"),
    "lacking": (lambda g: couplings.assign(g, "random_sign", seed=1), "lacks share"),
    "normalize": (lambda g: couplings.uniform(g, normalize="degrees"), "did you mean degree"),
    "text": (lambda g: couplings.uniform(g, "1"), "value is '1'; it must be a finite number"),
    "infinite": (lambda g: couplings.uniform(g, np.inf), "value is inf"),
    "true": (lambda g: couplings.uniform(g, True), "value is True"),
    "nan": (lambda g: couplings.camps(g, across=np.nan), "across is nan"),
    "share": (lambda g: couplings.random_sign(g, 1.5, seed=1), "share is 1.5"),
    "sd": (lambda g: couplings.gaussian(g, 0, -1, seed=1), "sd is -1"),
    "seed": (lambda g: couplings.gaussian(g, seed=-1), "seed is -1"),
    "no camp": (lambda g: couplings.camps(g, "party"), "attribute 'party'; allowed: camp"),
    "some camps": (
        lambda g: couplings.camps(incomplete()),
        r"1 of 4 users has no camp \(one is 'bob'\)",
    ),
    "no coupling": (lambda g: couplings.edge(g, "weight"), "no attribute 'weight'"),
    "self-loop": (lambda g: couplings.uniform(nx.Graph([(1, 1)])), r"edge \(1, 1\) is a self-loop"),
    "large": (lambda g: couplings.uniform(g, 1e308), r"value is 1e\+308; couplings are 0, or from"),
    "small": (lambda g: couplings.camps(g, within=1e-320), "within is 1e-320; couplings are 0, or"),
    "large edge": (
        lambda g: couplings.edge(nx.Graph([("a", "b", {"coupling": -1e200})])),
        r"coupling of the tie \('a', 'b'\) is -1e\+200; couplings are 0, or from",
    ),
    "no attributes": (
        lambda g: couplings.camps(nx.path_graph(2)),
        "attribute 'camp'; users have no attributes here: give a node table",
    ),
    "parallel": (lambda g: couplings.uniform(nx.MultiGraph([(1, 2)])), "multigraph"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_bad_requests_are_refused_in_one_sentence(case):
    call, sentence = REFUSED[case]
    with pytest.raises(InputError, match=sentence) as error:
        call(graph_with_everything())
    assert "\n" not in str(error.value)


@pytest.mark.parametrize("kind", EVERY)
@pytest.mark.parametrize("n", [0, 1])
def test_no_users_or_one(kind, n):
    graph = nx.empty_graph(n)
    nx.set_node_attributes(graph, 0, "camp")
    if kind == "camps" and not n:
        with pytest.raises(InputError, match="no user has the camp attribute 'camp'"):
            EVERY[kind](graph)
    else:
        system = EVERY[kind](graph, normalize="degree")
        assert (system.n, system.J.nnz) == (n, 0)


# Camps ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("values", "codes", "names"),
    [
        (["r", "l", "r"], [1, 0, 1], ("l", "r")),
        ([0.0, 1.0, 1.0], [0, 1, 1], (0.0, 1.0)),
        ([10, 5, 7], [2, 0, 1], (5, 7, 10)),
        ([-1, 1, 1], [0, 1, 1], (-1, 1)),
        ([-1.0, 1.0, -1.0], [0, 1, 0], (-1.0, 1.0)),
        ([-1, 0, 1], [-1, 0, 1], (0, 1)),
        ([-1, -1], [-1, -1], ()),
        ([1, 1], [0, 0], (1,)),
        ([-1, 0, 2], [-1, 0, 1], (0, 2)),
        ([None, "b", np.nan, "a"], [-1, 1, -1, 0], ("a", "b")),
        ([1.0, np.nan, -1.0], [1, -1, 0], (-1.0, 1.0)),
        ([pd.NA, 3], [-1, 0], (3,)),
        ([True, False], [1, 0], (False, True)),
        (["l ", "l", " r", "", " NA", "nan"], [0, 0, 1, -1, -1, -1], ("l", "r")),
        ([], [], ()),
    ],
)
def test_camp_codes(values, codes, names):
    for given_values in (values, pd.Series(values, dtype=object), np.array(values, dtype=object)):
        found, found_names = camps.camp_codes(given_values)
        assert found.tolist() == codes
        assert found.dtype.kind == "i"
        assert found_names == names


def test_camps_of_whole_numbers_are_called_by_them_beside_blanks() -> None:
    # A blank makes floats of a column: camps were told as "0.0: 586".
    for values, named in (([0.0, 1.0, np.nan], "0 1"), ([0.5, 1.0], "0.5 1.0")):
        for column in (values, np.array(values), pd.Series(values)):
            assert " ".join(map(str, camps.camp_codes(column)[1])) == named


def test_codes_of_codes_are_the_codes():
    codes, _ = camps.camp_codes(["b", None, "a", "c"])
    assert camps.camp_codes(codes)[0].tolist() == codes.tolist()


@pytest.mark.parametrize(
    ("values", "codes", "names"),
    [
        ([-1, 0, 1], [0, 1, 2], (-1, 0, 1)),
        ([-1, 0, None], [0, 1, -1], (-1, 0)),
        ([-1, -1], [0, 0], (-1,)),
        ([-1, 1], [0, 1], (-1, 1)),
        (["b", "NA", "a "], [1, -1, 0], ("a", "b")),
    ],
)
def test_in_a_table_of_users_only_a_blank_is_none(values, codes, names):
    nodes = pd.DataFrame({"party": values}, index=list("xyz")[: len(values)])
    system = SpinSystem(np.zeros((len(values),) * 2), labels=list(nodes.index), nodes=nodes)
    found, found_names = camps.of(system, "party")
    assert found.tolist() == codes
    assert found_names == names
    assert all(type(a) is type(b) for a, b in zip(found_names, names, strict=True))
    kept, _ = camps.assign(system, "party")
    assert camps.of(kept)[0].tolist() == codes
    assert kept.nodes["camp"].isna().tolist() == [code < 0 for code in codes]


@pytest.mark.parametrize("values", [["-1", "a"], ["-1", "1"], [" -1.0 ", "b"], ["\u22121", "b"]])
def test_a_text_that_may_mean_none_is_refused_with_what_to_write(values):
    system = SpinSystem(np.zeros((2, 2)), nodes=pd.DataFrame({"party": values}))
    with pytest.raises(InputError, match=r"'party' holds the text .*1.*; leave the value blank"):
        camps.of(system, "party")
    with pytest.raises(InputError, match="leave the value blank"):
        camps.camp_codes(values)


@pytest.mark.parametrize(
    ("who", "names", "found"),
    [
        ("camp:right", ("left", "right"), "camp:1"),
        ("camp:1", ("left", "right"), "camp:1"),
        ("camp:0", (0.0, 1.0), "camp:0"),
        ("camp:9", (5, 9), "camp:1"),
        ("camp:-1", (-1, 0, 1), "camp:0"),
        ("camp:'0'", (-1, 0, 1), "camp:1"),
        ('camp:"2"', (1, 2), "camp:1"),
        ("camp:0", (1, 2), "camp:0"),
        ("camp:Mr. Hi", ("Mr. Hi", "Officer"), "camp:0"),
        ("degree", ("left", "right"), "degree"),
        (["ann"], ("left", "right"), ["ann"]),
    ],
)
def test_camp_names_stand_for_camp_numbers(who, names, found):
    assert camps.number(who, names) == found


@pytest.mark.parametrize(
    ("who", "names", "sentence"),
    [
        (
            "camp:lefft",
            ("left", "right"),
            r"no user is in that camp; allowed: camp:left \(camp:0\)",
        ),
        ("camp:7", (5, 9), r"allowed: camp:5 \(camp:0\), camp:9"),
        (
            "camp:1",
            (1, 2),
            "the number of the camp 2 and the name of camp number 0; write camp:'2'",
        ),
        ("camp:", ("left",), "no user is in that camp"),
    ],
)
def test_a_camp_that_is_not_there_or_not_clear_is_refused(who, names, sentence):
    with pytest.raises(InputError, match=sentence):
        camps.number(who, names)


@pytest.mark.parametrize("values", [["a", 1], [[1], [2]]])
def test_values_without_an_order_are_refused(values):
    with pytest.raises(InputError, match="no common order"):
        camps.camp_codes(values)


def test_camps_of_a_system_and_kept_in_its_table():
    graph = networks.load("polblogs")
    system = couplings.uniform(graph)
    codes, names = camps.of(system, "value")
    assert names == (0.0, 1.0)
    assert np.bincount(codes).tolist() == [586, 636]
    kept, names = camps.assign(system, "value")
    assert np.array_equal(kept.nodes["camp"], codes)
    assert "camp" not in system.nodes
    assert np.array_equal(camps.of(kept)[0], codes)
    assert np.array_equal(kept.J.data, system.J.data)
    with pytest.raises(InputError, match="did you mean value"):
        camps.of(system, "valu")


@pytest.mark.parametrize("value", [np.inf, -np.inf])
def test_an_infinite_number_names_no_camp(value: float) -> None:
    with pytest.raises(InputError, match="infinite number, which names no camp"):
        camps.camp_codes(np.array([0.0, 1.0, value]))
