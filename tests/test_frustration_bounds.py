"""Lower bounds of frustration: below the exact value always, near it where they claim to be."""

from __future__ import annotations

import time

import networkx as nx
import numpy as np
import pytest
import scipy.sparse as sparse

from sociophysics.errors import InputError
from sociophysics.observables import annealing, covering, frustration, relaxation
from sociophysics.observables.negative_cycles import Signed, packed_cycles
from sociophysics.society.spins import SpinSystem
from sociophysics.society.ties import ties

KINDS = ("signs", "real", "multiples", "negative", "wide")


def couplings_of(kind, rng, m):
    return {
        "signs": lambda: rng.choice([-1.0, 1.0], m),
        "real": lambda: rng.normal(size=m),
        "multiples": lambda: rng.choice([-0.75, -0.25, 0.25, 0.5], m),
        "negative": lambda: -np.ones(m),
        "wide": lambda: rng.choice([-1, 1], m) * 10.0 ** rng.uniform(-4, 4, m),
    }[kind]()


def small(kind, seed):
    rng = np.random.default_rng(seed)
    n = int(rng.integers(3, 11))
    m = int(rng.integers(1, n * (n - 1) // 2 + 1))
    chosen = rng.choice(n * (n - 1) // 2, m, replace=False)
    i, j = (ends[chosen] for ends in np.triu_indices(n, 1))
    return SpinSystem.from_edges(i, j, couplings_of(kind, rng, m), n=n)


def exact(system):
    n = system.n
    states = 1 - 2 * ((np.arange(2 ** (n - 1))[:, None] >> np.arange(n)) & 1)
    return float(frustration.unsatisfied_weight(system, states).min())


def unit(system):
    largest = np.abs(system.J.data).max()
    return sparse.csr_array(system.J / largest), largest


def soon():
    return time.monotonic() + 20


def piece(system):
    known = ties(system)
    return Signed(system.n, known.source, known.target, known.coupling)


def packed(system, seed):
    """The packing from a configuration that is not the best."""
    part = piece(system)
    s = np.random.default_rng(seed).choice([-1, 1], system.n)
    wrong = part.coupling * s[part.source] * s[part.target] < 0
    return packed_cycles(part, wrong, np.abs(part.coupling), soon())


def plain_dual(J, rng, sweeps):
    """The mutant: the program's own objective, as if few sweeps had solved it."""
    v = rng.normal(size=(J.shape[0], 4))
    v /= np.linalg.norm(v, axis=1, keepdims=True)
    for _ in range(sweeps):
        for i in range(J.shape[0]):
            pull = (J[[i]] @ v)[0]
            v[i] = pull / max(np.linalg.norm(pull), 1e-300)
    total = np.linalg.norm(J @ v, axis=1).sum()
    return np.abs(J.data).sum() / 4 - total / 4


@pytest.mark.parametrize("kind", KINDS)
def test_bounds_never_exceed_the_exact_index(kind, monkeypatch):
    above = 0
    for seed in range(60):
        system = small(kind, seed)
        least = exact(system)
        J, largest = unit(system)
        monkeypatch.setattr(relaxation, "DENSE", 0 if seed % 2 else 600)
        relaxed = largest * relaxation.relaxation_bound(J, np.random.default_rng(seed), soon())
        rounding = 1e-11 * np.abs(system.J.data).sum()
        assert relaxed <= least + rounding
        assert packed(system, seed) <= least + rounding
        rng = np.random.default_rng(seed)
        above += largest * plain_dual(J, rng, 2) > least + 1e-6 * largest
    assert above > 3  # the mutant's "bound" is refuted


@pytest.mark.parametrize("kind", KINDS)
def test_indices_of_small_networks_are_exact_and_their_bounds_meet_them(kind):
    for seed in range(100, 115):
        system = small(kind, seed)
        found = frustration.frustration_index(system, 10)
        assert found.value == pytest.approx(exact(system), rel=1e-9, abs=1e-300)
        assert found.lower_bound == found.value


@pytest.mark.parametrize("kind", KINDS)
def test_bounds_hold_where_nothing_else_has_time(kind, monkeypatch):
    """The linear program and branch and bound left out: what is returned is still true."""

    def none(piece, guess, *_):
        return 0.0, covering._Relaxed(0.0, np.zeros(guess.size))

    monkeypatch.setattr(covering, "_cutting_planes", none)
    monkeypatch.setattr(covering, "_branch_and_bound", lambda *_: (None, 0.0))
    close = []
    for seed in range(200, 230):
        system = small(kind, seed)
        found, least = frustration.frustration_index(system, 10), exact(system)
        assert found.lower_bound <= least * (1 + 1e-12) <= found.value * (1 + 2e-12)
        close.append(found.lower_bound >= 0.5 * least)
    assert np.mean(close) > 0.8


def test_packing_that_uses_weights_twice_would_lie():
    """Two triangles on one tie of weight 1, the only antagonistic one: the index is 1, not 2."""
    system = SpinSystem.from_edges([0, 0, 1, 0, 1], [1, 2, 2, 3, 3], [-1.0, 5, 5, 5, 5])
    part = piece(system)
    wrong = part.coupling < 0
    assert packed_cycles(part, wrong, np.abs(part.coupling), soon()) == 1
    doubled = packed_cycles(part, wrong, np.where(wrong, 2.0, 5.0), soon())
    assert doubled == 2  # the mutant, as if the shared tie were there for each of them


def test_no_eigenvalue_exceeds_the_certificate(monkeypatch):
    monkeypatch.setattr(relaxation, "DENSE", 0)
    rng = np.random.default_rng(1)
    short = 0
    for _ in range(20):
        dense = np.triu(rng.normal(size=(80, 80)) * (rng.random((80, 80)) < 0.1), 1)
        M = sparse.csr_array(dense + dense.T)
        largest = float(np.linalg.eigvalsh(M.toarray())[-1])
        assert largest <= relaxation.at_most(M, rng) <= largest * 1.01
        monkeypatch.setattr(relaxation, "LANCZOS", 12)
        short += relaxation._ends(M)[1] < largest * (1 - 1e-6)  # a Ritz value is no bound
        assert largest <= relaxation.at_most(M, rng)  # poor estimates of the ends cost sharpness
        monkeypatch.setattr(relaxation, "LANCZOS", 100)
    assert short > 10


def test_the_semidefinite_bound_of_odd_rings_is_the_known_one():
    """A ring of n antagonists: the relaxation turns evenly, n (1 - cos(pi/n))/2, and 1 is due."""
    for n in (3, 5, 9, 21):
        ring = SpinSystem.from_edges(np.arange(n), (np.arange(n) + 1) % n, -1.0)
        found = relaxation.relaxation_bound(ring.J, np.random.default_rng(1), soon())
        assert found == pytest.approx(n * (1 - np.cos(np.pi / n)) / 2, rel=1e-3)
        assert frustration.frustration_index(ring)[:2] == (1, 1)


def random_signs(n, m, seed):
    rng = np.random.default_rng(seed)
    ends = np.sort(rng.integers(0, n, (m + m // 20, 2)), axis=1)
    i, j = np.unique(ends[ends[:, 0] < ends[:, 1]], axis=0)[:m].T
    return SpinSystem.from_edges(i, j, rng.choice([-1.0, 1.0], i.size), n=n)


def eigenvalue_bound(system):
    largest = sparse.linalg.eigsh(system.J, k=1, which="LA", tol=1e-6)[0][0]
    return np.abs(system.J.data).sum() / 4 - system.n * largest / 4


def check_large(system, limit):
    begin = time.monotonic()
    found = frustration.frustration_index(system, limit)
    seconds = time.monotonic() - begin
    assert found.lower_bound == np.ceil(found.lower_bound)  # ties count: whole numbers
    assert eigenvalue_bound(system) <= found.lower_bound <= found.value
    return found, seconds


def test_ten_thousand_ties_have_a_bound_above_the_eigenvalue():
    found, _ = check_large(random_signs(2000, 10_000, 1), 4.0)
    assert found.lower_bound > 0.7 * found.value


@pytest.mark.validate
def test_a_hundred_thousand_ties_have_a_bound_above_the_eigenvalue(record_property):
    system = random_signs(20_000, 100_000, 12)
    found, seconds = check_large(system, 60.0)
    record_property("least weight found", found.value)
    record_property("lower bound", found.lower_bound)
    record_property("eigenvalue alone", eigenvalue_bound(system))
    record_property("seconds of 60", seconds)
    assert found.lower_bound > 0.7 * found.value


# Adversarial inputs -----------------------------------------------------------------------------


@pytest.mark.parametrize("unit_of", [5e-324, 1e-310, 1e-300, 1.0, 1e300, 1e307])
def test_the_unit_of_the_couplings_is_of_no_matter(unit_of):
    J = np.array([-1.0, 2, 3, -4, 2, 3]) * unit_of
    system = SpinSystem.from_edges([0, 0, 0, 1, 1, 2], [1, 2, 3, 2, 3, 3], J)
    found = frustration.frustration_index(system, 5)
    assert found.value == found.lower_bound == exact(system) > 0


def test_weights_from_the_smallest_to_the_largest():
    J = [-1e300, 1e300, 1e300, 1e-300, -5e-324]
    system = SpinSystem.from_edges([0, 1, 0, 2, 0], [1, 2, 2, 3, 3], J)
    found = frustration.frustration_index(system, 5)
    assert found.value == pytest.approx(1e300)
    assert found.lower_bound == found.value


def test_weights_whose_sum_no_float_holds_are_refused():
    J = np.full(6, -1.7e308)
    system = SpinSystem.from_edges([0, 0, 0, 1, 1, 2], [1, 2, 3, 2, 3, 3], J)
    with pytest.raises(InputError, match="rescale"):
        frustration.frustration_index(system)


@pytest.mark.parametrize("limit", [1e-9, 0.01, float("inf")])
def test_any_time_limit_ends_in_true_bounds(limit):
    system = random_signs(40, 90, 3)
    found = frustration.frustration_index(system, limit)
    best = frustration.frustration_index(system, 30)
    assert best.lower_bound == best.value
    assert 0 <= found.lower_bound <= best.value <= found.value
    assert found.value == frustration.unsatisfied_weight(system, found.spins)


def test_disconnected_and_antagonistic_pieces_add_up():
    triangles = [nx.complete_graph(3) for _ in range(30)]
    graph = nx.disjoint_union_all([*triangles, nx.path_graph(5), nx.empty_graph(4)])
    system = SpinSystem.from_networkx(graph, default_coupling=-1.0)
    assert frustration.frustration_index(system)[:2] == (30, 30)


def test_couplings_too_far_apart_for_the_engine_are_cooled_without_it(monkeypatch):
    def refuse(*_):
        raise InputError("too many orders of magnitude for 64-bit fields")

    monkeypatch.setattr(annealing, "COMPILED", 0)
    monkeypatch.setattr(annealing, "_cooled_by_the_engine", refuse)
    pair = sparse.csr_array([[0.0, -1.0], [-1.0, 0.0]])
    rng = np.random.default_rng(1)
    s = annealing.anneal(pair, copies=2, sweeps=5, rng=rng, deadline=soon())
    assert (s[:, 0] * s[:, 1] == -1).all()
