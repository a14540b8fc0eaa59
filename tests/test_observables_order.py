"""Order parameters against hand-made graphs, brute-force sums and their symmetries."""

from __future__ import annotations

import gc
import weakref
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import sociophysics as sp
import sociophysics.observables as observables
from sociophysics.errors import InputError
from sociophysics.society.camps import camps_of
from sociophysics.society.spins import SpinSystem
from sociophysics.society.ties import ties

PLAIN = ["magnetization", "abs_magnetization", "energy", "edge_agreement"]
PLAIN += ["unsatisfied_fraction", "local_agreement"]
BOUNDS = {name: (-1.0, 1.0) for name in ["magnetization", "camp_polarization", "local_agreement"]}
BOUNDS |= {name: (0.0, 1.0) for name in ["abs_magnetization", "abs_camp_polarization"]}
BOUNDS |= {name: (0.0, 1.0) for name in ["edge_agreement", "unsatisfied_fraction"]}


def triangle_with_tail() -> SpinSystem:
    """0-1, 1-2 friends, 0-2 antagonists, 2-3 a tie of strength 2, user 4 alone."""
    return SpinSystem.from_edges([0, 1, 0, 2], [1, 2, 2, 3], [1.0, 1.0, -1.0, 2.0], n=5)


@st.composite
def societies(draw, directed=False):
    n = draw(st.integers(2, 12))
    rng = np.random.default_rng(draw(st.integers(0, 2**32)))
    J = rng.choice([-2.0, -0.5, 0.0, 0.0, 1.0, 3.0], size=(n, n))
    J = np.triu(J, 1)
    J = J + (
        rng.choice([-1.0, 0.0, 2.0], size=(n, n)) * ~np.eye(n, dtype=bool) if directed else J.T
    )
    spins = rng.choice([-1, 1], size=(3, n)).astype(np.int8)
    camps = np.concatenate([[0, 1], rng.integers(-1, 2, size=n - 2)])
    return SpinSystem(J, h=None if directed else rng.normal(size=n)), spins, rng.permutation(camps)


def test_by_hand():
    system, spins = triangle_with_tail(), [1, 1, -1, 1, -1]
    assert observables.magnetization(system, spins) == 0.2
    assert observables.magnetization(system, np.negative(spins)) == -0.2
    assert observables.abs_magnetization(system, np.negative(spins)) == 0.2
    assert observables.energy(system, spins) == pytest.approx((-1 + 1 - 1 + 2) / 5, abs=1e-15)
    assert observables.edge_agreement(system, spins) == 0.25
    assert observables.unsatisfied_fraction(system, spins) == 0.5
    # s_i times neighbours' mean: 0: (1-1)/2, 1: (1-1)/2, 2: -(1+1+1)/3, 3: -1; 4 is left out
    assert observables.local_agreement(system, spins) == -0.5
    camps = [0, 0, 1, 1, -1]
    assert observables.camp_polarization(system, spins, camps) == 0.5
    assert observables.camp_polarization(system, spins, [1, 1, 0, 0, -1]) == -0.5
    assert observables.abs_camp_polarization(system, spins, [1, 1, 0, 0, -1]) == 0.5


def test_more_than_two_camps_is_one_at_the_widest():
    system = SpinSystem(np.zeros((6, 6)))
    three, four = [0, 0, 1, 1, 2, 2], [0, 0, 1, 1, 2, 3]
    assert observables.abs_camp_polarization(system, [1, 1, 1, 1, -1, -1], three) == pytest.approx(
        1
    )
    assert observables.abs_camp_polarization(system, [1, 1, -1, -1, 1, -1], four) == 1
    assert observables.abs_camp_polarization(system, [1] * 6, four) == 0
    mixed = observables.abs_camp_polarization(system, [1, 1, 1, -1, -1, -1], three)
    assert mixed == pytest.approx(np.std([1, 0, -1]) / np.sqrt(8 / 9))


def test_camps_default_to_the_node_table_and_minus_one_plus_one_is_two_camps():
    table = SpinSystem([[0, 1], [1, 0]]).nodes.assign(camp=[1, 0])
    system = SpinSystem([[0, 1], [1, 0]], nodes=table)
    assert observables.camp_polarization(system, [1, -1]) == -1
    assert observables.camp_polarization(system, [1, -1], [-1, 1]) == 1
    assert camps_of(system, [-1.0, 1.0], "x").tolist() == [0, 1]
    assert camps_of(system, ["right", "left"], "x").tolist() == [1, 0]
    assert camps_of(system, [1.0, np.nan], "x").tolist() == [0, -1]
    assert camps_of(system, [-1, 0], "x").tolist() == [-1, 0]
    for given_values in ([2, 1], [9, 5], np.array([10**15, 7]), ["b ", "a"], [True, False]):
        assert camps_of(system, given_values, "x").tolist() == [1, 0]
    minus_one = SpinSystem(
        np.zeros((3, 3)), nodes=table.iloc[:0].reindex(range(3)).assign(camp=[-1, 0, 1])
    )
    assert camps_of(minus_one, None, "x").tolist() == [0, 1, 2]


def test_camps_indexed_by_label_follow_the_users():
    system = SpinSystem(np.zeros((3, 3)), labels=list("abc"))
    by_name = pd.Series({"c": 1, "b": 0, "a": 0})
    assert camps_of(system, by_name, "x").tolist() == [0, 0, 1]
    assert observables.camp_polarization(system, [1, 1, -1], by_name) == 1
    with pytest.raises(InputError, match="camps is indexed by 'x'"):
        camps_of(system, by_name.set_axis(list("xyz")), "x")


@settings(derandomize=True, deadline=None, max_examples=60)
@given(societies())
def test_brute_force(society):
    system, spins, camps = society
    J = system.J.toarray()
    pairs = [(i, j) for i in range(system.n) for j in range(i) if J[i, j] != 0]
    for s, *values in zip(
        spins,
        *(getattr(observables, name)(system, spins) for name in PLAIN),
        observables.camp_polarization(system, spins, camps),
        observables.abs_camp_polarization(system, spins, camps),
        strict=True,
    ):
        m, abs_m, energy, agree, against, local, polar, abs_polar = values
        assert m == np.mean(s)
        assert abs_m == abs(m)
        assert energy == pytest.approx((-0.5 * s @ J @ s - system.h @ s) / system.n, abs=1e-12)
        assert polar == pytest.approx((s[camps == 0].mean() - s[camps == 1].mean()) / 2, abs=1e-15)
        assert abs_polar == abs(polar)
        if not pairs:
            assert np.isnan([agree, against, local]).all()
            continue
        assert agree == pytest.approx(np.mean([s[i] == s[j] for i, j in pairs]), abs=1e-15)
        wrong = [J[i, j] * s[i] * s[j] < 0 for i, j in pairs]
        assert against == pytest.approx(np.mean(wrong), abs=1e-15)
        seen = [s[i] * s[J[i] != 0].mean() for i in range(system.n) if np.any(J[i] != 0)]
        assert local == pytest.approx(np.mean(seen), abs=1e-14)


@settings(derandomize=True, deadline=None, max_examples=40)
@given(societies(), st.randoms(use_true_random=False))
def test_symmetries_and_bounds(society, random):
    system, spins, camps = society
    order = list(range(system.n))
    random.shuffle(order)
    J = system.J.toarray()
    renamed = SpinSystem(J[np.ix_(order, order)], system.h[order])
    gauge = np.array([random.choice([-1, 1]) for _ in order])
    turned = SpinSystem(J * np.outer(gauge, gauge), system.h * gauge)
    turned_spins = (spins * gauge).astype(np.int8)
    for name, (low, high) in BOUNDS.items():
        extra = (camps,) if "camp" in name else ()
        value = getattr(observables, name)(system, spins, *extra)
        finite = value[np.isfinite(value)]
        assert np.all((finite >= low - 1e-12) & (finite <= high + 1e-12))
        flipped = getattr(observables, name)(system, -spins, *extra)
        sign = -1 if name in ("magnetization", "camp_polarization") else 1
        np.testing.assert_array_equal(flipped, sign * value)
        extra = (camps[order],) if extra else ()
        again = getattr(observables, name)(renamed, spins[:, order], *extra)
        np.testing.assert_allclose(again, value, atol=1e-14)
    for name in ("energy", "unsatisfied_fraction"):
        np.testing.assert_allclose(
            getattr(observables, name)(turned, turned_spins),
            getattr(observables, name)(system, spins),
            atol=1e-12,
        )


@settings(derandomize=True, deadline=None, max_examples=30)
@given(societies(directed=True))
def test_directed_ties_count_one_by_one(society):
    system, spins, _ = society
    if system.is_symmetric:
        return
    J = system.J.toarray()
    listed = [(i, j) for i, j in np.ndindex(J.shape) if J[i, j] != 0]
    for s, agree, against in zip(
        spins,
        observables.edge_agreement(system, spins),
        observables.unsatisfied_fraction(system, spins),
        strict=True,
    ):
        assert agree == pytest.approx(np.mean([s[i] == s[j] for i, j in listed]), abs=1e-15)
        wrong = [J[i, j] * s[i] * s[j] < 0 for i, j in listed]
        assert against == pytest.approx(np.mean(wrong), abs=1e-15)
    with pytest.raises(InputError, match="directed"):
        observables.energy(system, spins)


@pytest.mark.parametrize("name", [*PLAIN, "camp_polarization", "abs_camp_polarization"])
def test_one_configuration_gives_a_float_and_many_an_array(name):
    system = triangle_with_tail()
    extra = ([0, 0, 1, 1, -1],) if "camp" in name else ()
    spins = np.array([[1, 1, -1, 1, -1], [-1, 1, 1, 1, 1]], np.int8)
    one = [getattr(observables, name)(system, s, *extra) for s in spins]
    many = getattr(observables, name)(system, spins, *extra)
    assert all(type(value) is float for value in one)
    assert many.shape == (2,)
    assert many.tolist() == one


def test_nothing_to_average_is_nan():
    empty, alone = SpinSystem(np.zeros((0, 0))), SpinSystem(np.zeros((1, 1)))
    for name in PLAIN:
        assert np.isnan(getattr(observables, name)(empty, []))
        assert np.isnan(getattr(observables, name)(empty, np.zeros((2, 0)))).tolist() == [True] * 2
    assert observables.magnetization(alone, [1]) == 1
    for name in ("edge_agreement", "unsatisfied_fraction", "local_agreement"):
        assert np.isnan(getattr(observables, name)(alone, [1]))


def test_a_stored_zero_is_no_tie():
    system = SpinSystem.from_edges([0, 1], [1, 2], [0.0, 1.0])
    assert ties(system).count == 1
    assert observables.edge_agreement(system, [-1, 1, 1]) == 1


def test_ties_are_made_once_and_go_with_their_system():
    system = triangle_with_tail()
    first = ties(system)
    assert ties(system) is first
    gone = weakref.ref(system)
    del system
    gc.collect()
    assert gone() is None


@pytest.mark.parametrize(
    ("camps", "sentence"),
    [
        (None, "no attribute 'camp'"),
        ([0, 1], r"shape \(2,\)"),
        ([0, 0, 0, 0, -1], "exactly two camps, but 1 is present.*abs_camp_polarization"),
        ([0, 1, 2, 0, 1], "exactly two camps, but 3 are present.*abs_camp_polarization"),
        ([0.5, 1, 0, 0, 1], "exactly two camps, but 3 are present"),
        ([0, 1, -2, 0, 1], "exactly two camps, but 3 are present"),
    ],
)
def test_camps_that_cannot_be_used(camps, sentence):
    with pytest.raises(InputError, match=sentence):
        observables.camp_polarization(triangle_with_tail(), [1] * 5, camps)


def test_abs_camp_polarization_of_one_camp_is_an_error():
    with pytest.raises(InputError, match="two camps or more, but 1 is present"):
        observables.abs_camp_polarization(triangle_with_tail(), [1] * 5, [0] * 5)


@pytest.mark.parametrize("name", PLAIN)
@pytest.mark.parametrize("spins", [[1, 1], [1, 1, 0, 1, 1], np.ones((1, 1, 5))])
def test_spins_that_cannot_be_used(name, spins):
    with pytest.raises(InputError, match="spins"):
        getattr(observables, name)(triangle_with_tail(), spins)


def frame(**changes):
    spins = np.array([[1, 1, -1, 1, -1], [1, 1, 1, 1, 1]], np.int8)
    camps = np.array([0, 0, 1, 1, -1])
    fields = {"system": triangle_with_tail(), "spins": spins, "camps": camps, "exposure": None}
    return SimpleNamespace(**(fields | changes))


def test_registry_gives_every_name_one_number_per_replica():
    shown = SimpleNamespace(
        agreement=np.array([0.5, 1.0]),
        out_group=np.array([0.25, 0.0]),
        attention_gini=np.array([0.1, np.nan]),
    )
    table = observables.evaluate(frame(exposure=shown), observables.REGISTRY)
    assert list(table) == list(observables.DEFINITIONS)
    assert all(column.shape == (2,) for column in table.values())
    assert table["camp_polarization"].tolist() == [0.5, 0.0]
    assert table["exposure_agreement"].tolist() == [0.5, 1.0]
    assert table["exposure_out_group"].tolist() == [0.25, 0.0]
    assert table["attention_gini"][0] == 0.1
    without = observables.evaluate(frame(), ["exposure_agreement", "attention_gini"])
    assert all(np.isnan(column).all() and column.shape == (2,) for column in without.values())


def test_segregation_of_exposure_against_that_of_ties():
    shown = SimpleNamespace(out_group=np.array([0.125, 0.5]))
    camps = np.array([0, 0, 1, 1, -1])
    found = observables.exposure.segregation(frame(exposure=shown, camps=camps))
    # other camp among the neighbours of 0: 1/2, 1: 1/2, 2: 2/3, 3: 0
    assert found.ties == pytest.approx(5 / 12, abs=1e-15)
    np.testing.assert_allclose(found.difference, [0.125 - 5 / 12, 0.5 - 5 / 12], atol=1e-15)
    with pytest.raises(InputError, match="this frame has none"):
        observables.exposure.segregation(frame())
    with pytest.raises(InputError, match="two camps or more"):
        observables.exposure.ties_out_group(triangle_with_tail(), [0] * 5)


def test_unknown_names_list_the_known_ones():
    with pytest.raises(InputError, match=r"'magnetisation'.*edge_agreement.*mean magnetization\?"):
        observables.evaluate(frame(), ["energy", "magnetisation"])


def test_another_observable_is_registered_by_name(monkeypatch):
    monkeypatch.setitem(observables.REGISTRY, "first_user", lambda f: f.spins[:, 0].astype(float))
    assert observables.evaluate(frame(), ["first_user"])["first_user"].tolist() == [1, 1]


def test_submodules_resolve():
    assert sp.observables.domains.__name__ == "sociophysics.observables.domains"
    assert sp.observables.exposure.__name__ == "sociophysics.observables.exposure"
    with pytest.raises(AttributeError, match="nothing"):
        _ = observables.nothing


def test_no_observable_depends_on_how_many_replicas_stand_side_by_side() -> None:
    graph = sp.networks.build("planted_partition", seed=4, n=40, communities=2, k_in=6.0, k_out=1.0)
    plain = sp.couplings.camps(graph, within=0.37, across=-0.21, normalize="degree")
    rng = np.random.default_rng(1)
    system = sp.SpinSystem(plain.J, 0.3 * rng.normal(size=40), plain.labels, plain.nodes)
    camps, _ = sp.camps.of(system, "camp")
    spins = np.where(rng.random((7, 40)) < 0.5, -1, 1).astype(np.int8)
    for name in sp.observables.REGISTRY:
        values = [
            np.concatenate(
                [
                    sp.dynamics.observe(sp.Frame(0, spins[k : k + size], system, camps), [name])[
                        name
                    ]
                    for k in range(0, 7, size)
                ]
            )
            for size in (1, 2, 7)
        ]
        assert np.array_equal(values[0], values[2], equal_nan=True), name
        assert np.array_equal(values[1], values[2], equal_nan=True), name
    each = [system.energy(row) for row in spins]
    assert system.energy(spins).tolist() == each
