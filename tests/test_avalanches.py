"""Avalanches at T = 0, response and correlations: brute force, exact results, known exponents."""

from __future__ import annotations

import builtins
import importlib
import math
from collections.abc import Callable
from typing import Any

import networkx as nx
import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sociophysics.errors import InputError
from sociophysics.experiments.avalanches import (
    complete_graph_avalanches,
    quasistatic,
    random_field_avalanches,
    threshold_cascade,
)
from sociophysics.experiments.correlations import _lengths, correlation_length, correlations
from sociophysics.experiments.response import fluctuation_dissipation
from sociophysics.experiments.scaling import exponent, size_distribution
from sociophysics.experiments.settling import note_of
from sociophysics.society import couplings, networks
from sociophysics.society.spins import SpinSystem
from sociophysics.streams import generator
from sociophysics.theory import cavity
from sociophysics.theory.exact import moments

R_C = math.sqrt(2 / math.pi)


def complete(n: int) -> SpinSystem:
    return SpinSystem((np.ones((n, n)) - np.eye(n)) / n)


def brute_force(system: SpinSystem, fields: np.ndarray) -> list[tuple[float, int, int]]:
    """Return (field, size, duration) by recomputing everything at every step."""
    spins, events = np.full(system.n, -1), []
    while (spins < 0).any():
        local = system.J @ spins + fields
        H = float((-local[spins < 0]).min())
        size = duration = 0
        while True:
            shell = (spins < 0) & (system.J @ spins + fields + H >= -1e-9)
            if not shell.any():
                break
            spins[shell] = 1
            size, duration = size + int(shell.sum()), duration + 1
        events.append((H, size, duration))
    return events


@pytest.mark.parametrize("seed", range(4))
def test_avalanches_against_brute_force(seed: int) -> None:
    graph = networks.build("erdos_renyi", seed=seed, n=60, mean_degree=4)
    rng = np.random.default_rng(seed)
    for u, v in graph.edges:
        graph.edges[u, v]["coupling"] = rng.random()
    system = SpinSystem.from_networkx(graph)
    table = random_field_avalanches(system, disorder=1.1, seed=seed)
    fields = 1.1 * generator(seed, "fields").standard_normal(60)
    wanted = pd.DataFrame(brute_force(system, fields), columns=["field", "size", "duration"])
    np.testing.assert_allclose(table["field"], wanted["field"], atol=1e-5)
    assert table["size"].tolist() == wanted["size"].tolist()
    assert table["duration"].tolist() == wanted["duration"].tolist()


def test_the_sorted_shortcut_is_the_complete_graph() -> None:
    for replica in range(3):
        event_driven = random_field_avalanches(complete(300), disorder=0.8, seed=2, replica=replica)
        shortcut = complete_graph_avalanches(300, disorder=0.8, seed=2, replica=replica)
        assert event_driven["size"].tolist() == shortcut["size"].tolist()
        assert event_driven["duration"].tolist() == shortcut["duration"].tolist()
        np.testing.assert_allclose(event_driven["field"], shortcut["field"], atol=2e-6)


def test_one_avalanche_takes_most_of_a_society_below_the_critical_disorder() -> None:
    largest = [
        complete_graph_avalanches(100_000, disorder=0.6, seed=seed)["size"].max() / 1e5
        for seed in range(3)
    ]
    assert np.mean(largest) == pytest.approx(0.72, rel=0.2)


def test_largest_avalanche_above_the_critical_disorder() -> None:
    largest = [
        complete_graph_avalanches(100_000, disorder=0.9, seed=1, replica=r)["size"].max() / 1e5
        for r in range(50)
    ]
    assert np.mean(largest) == pytest.approx(0.0041, abs=0.0006)


@pytest.mark.validate
def test_integrated_avalanche_exponent(record_property: Callable[[str, object], None]) -> None:
    sizes = np.concatenate(
        [
            complete_graph_avalanches(200_000, disorder=R_C, seed=1, replica=r)["size"]
            for r in range(20)
        ]
    )
    found = exponent(sizes, smallest=10, largest=2000)
    record_property("exponent (theory 9/4, finite n 2.236)", found.exponent)
    record_property("error", found.error)
    assert found.exponent == pytest.approx(2.236, abs=0.03)
    assert found.against_exponential > 0
    assert found.avalanches == ((sizes >= 10) & (sizes <= 2000)).sum()


def test_exponent_of_a_known_law() -> None:
    # Zipf's law by inversion, exponent 2.5.
    sizes = np.random.default_rng(1).zipf(2.5, 20_000)
    assert np.isnan(exponent(sizes[:900]).error)  # where the range is chosen among so few
    assert exponent(sizes[:900], smallest=1).error > 0
    found = exponent(sizes, smallest=1)
    assert abs(found.exponent - 2.5) < 4 * found.error
    assert found.error < 0.02


@pytest.mark.parametrize(
    ("sizes", "keys", "sentence"),
    [
        ([5] * 100, {}, "all 100 avalanches .* have the size 5"),
        ([5] * 100 + [1], {"smallest": 2}, "all 100 avalanches .* have the size 5"),
        ([1] * 50 + [2] * 50, {}, "powerlaw cannot fit these 100 avalanches"),
        ([1] * 50 + [2] * 50, {"smallest": 1, "largest": 2}, "no power law"),
        ([5] * 100 + [6], {"smallest": 5}, "no power law"),
        ([10**15] * 20 + [10**16] * 5 + [10**17], {}, "powerlaw cannot fit"),
        ([0] * 50 + list(range(1, 51)), {}, "whole numbers >= 1"),
        ([1.5, 2.5, 3.5] * 20, {}, "whole numbers >= 1"),
        ([1, 2, float("nan")] * 20, {}, "whole numbers >= 1"),
        ([[1, 2, 3] * 9], {}, "whole numbers >= 1"),
        ([10**30] * 20, {}, "whole numbers >= 1"),
        (["1", "2"] * 20, {}, "whole numbers >= 1"),
        ([1, 2, 3] * 20, {"smallest": 0}, "smallest must be 1 or more"),
        ([1, 2, 3] * 20, {"smallest": 3, "largest": 2}, "largest above it"),
        ([1, 2, 3] * 20, {"smallest": float("nan")}, "smallest must be 1 or more"),
        ([], {}, "0 avalanches"),
    ],
)
def test_sizes_without_an_exponent_are_refused_in_a_sentence(
    sizes: list[Any], keys: dict[str, float], sentence: str
) -> None:
    with pytest.raises(InputError, match=sentence):
        exponent(sizes, **keys)


def test_distributions_of_any_sizes() -> None:
    assert size_distribution([5] * 100)["count"].tolist() == [100]
    far = size_distribution([1, 10**18 - 1])
    assert far["count"].tolist() == [1, 1]
    assert (far["density"] > 0).all()
    for bad in ([], [0, 1], [1.5], [float("nan")], [2**63], ["a"]):
        with pytest.raises(InputError, match="sizes"):
            size_distribution(bad)
    with pytest.raises(InputError, match="bins per decade"):
        size_distribution([1, 2], per_decade=0)


def test_exponents_need_their_package_and_enough_sizes(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(InputError, match="at least 10"):
        exponent([1, 2, 3])

    def missing(name: str, *rest: object) -> object:
        if name == "powerlaw":
            raise ImportError(name)
        return builtins.__import__(name)

    monkeypatch.setattr(importlib, "import_module", missing)
    with pytest.raises(InputError, match=r"sociophysics\[cascades\]"):
        exponent(np.arange(1, 100))


@settings(derandomize=True, max_examples=30, deadline=None)
@given(
    st.integers(0, 10_000),
    st.floats(0.3, 2.0),
    st.floats(-1.5, 1.5),
    st.lists(st.floats(0.0, 1.0), min_size=1, max_size=4),
)
def test_return_point_memory_is_bitwise(
    seed: int, disorder: float, top: float, inside: list[float]
) -> None:
    graph = networks.build("random_regular", seed=seed % 7, n=80, degree=4)
    system = couplings.uniform(graph, 0.5)
    low = top - 1.2
    detour = [low + 1.2 * x for x in inside]
    course = [top, low, *detour, low, *sorted(detour), top]
    states = quasistatic(system, course, disorder=disorder, seed=seed)
    assert (states[-1] == states[0]).all()
    assert (states[2 + len(detour)] == states[1]).all()


def test_hysteresis_of_stable_states() -> None:
    system = couplings.uniform(networks.build("lattice", seed=1, shape=[30, 30]))
    states = quasistatic(system, [-5, 0, 5, 0], disorder=1.0, seed=3)
    up, down = states[1], states[3]
    assert up.mean() < 0 < down.mean()
    assert (up <= down).all()  # no passing
    fields = generator(3, "fields").standard_normal(900)
    for state in (up, down):
        assert ((system.J @ state + fields) * state > -1e-6).all()


def test_antagonism_has_no_avalanches() -> None:
    with pytest.raises(InputError, match="couplings >= 0"):
        random_field_avalanches(SpinSystem.from_edges([0], [1], -1.0))
    with pytest.raises(InputError, match="disorder"):
        random_field_avalanches(SpinSystem.from_edges([0], [1]), disorder=-1.0)


def watts(mean_degree: float, seed: int, n: int = 3000) -> SpinSystem:
    """Return thresholds of 0.18 on a Poisson graph; users without ties never adopt."""
    graph = networks.build("erdos_renyi", seed=seed, n=n, mean_degree=mean_degree)
    J = nx.to_scipy_sparse_array(graph, format="csr", dtype=float)
    degree = J.sum(axis=1)
    J = J.multiply(1 / np.maximum(degree, 1)[:, None]).tocsr()
    return SpinSystem(J, h=np.where(degree > 0, 1 - 2 * 0.18, -1.0))


def largest_cascade(mean_degree: float) -> float:
    found = []
    for seed in range(3):
        system = watts(mean_degree, seed)
        rng = np.random.default_rng(seed)
        found += [threshold_cascade(system, [int(rng.integers(system.n))]).reach for _ in range(25)]
    return max(found)


@pytest.mark.parametrize(
    ("mean_degree", "wide"), [(0.8, False), (2.0, True), (4.5, True), (8.0, False)]
)
def test_watts_cascade_window(mean_degree: float, wide: bool) -> None:
    # Global cascades from one seed between mean degrees 1.02 and 5.77.
    reach = largest_cascade(mean_degree)
    assert reach > 0.5 if wide else reach < 0.05


def test_threshold_cascade_against_repeated_updates() -> None:
    system = watts(3.0, 5, n=400)
    seeds = [1, 2, 3]
    found = threshold_cascade(system, seeds)
    adopted = np.isin(np.arange(400), seeds)
    generation = np.where(adopted, 0, -1)
    for shell in range(1, 400):
        share = (system.J @ np.where(adopted, 1.0, -1.0)) + system.h
        new = ~adopted & (share > 1e-9)
        if not new.any():
            break
        generation[new], adopted = shell, adopted | new
    assert (found.generation == generation).all()
    later = np.flatnonzero(found.generation > 0)
    with_parent = later[found.parent[later] >= 0]
    assert (found.generation[found.parent[with_parent]] == found.generation[with_parent] - 1).all()


def test_a_seed_that_is_let_go_shrinks_first() -> None:
    path = SpinSystem.from_edges([0, 1, 2, 3], [1, 2, 3, 4])
    assert threshold_cascade(path, [2], hold=False).spins.tolist() == [-1] * 5
    assert threshold_cascade(path, [2]).spins.tolist() == [-1, -1, 1, -1, -1]


def test_size_distribution_integrates_to_one() -> None:
    sizes = np.random.default_rng(1).zipf(2.2, 2000)
    table = size_distribution(sizes)
    assert table["count"].sum() == sizes.size
    with pytest.raises(InputError):
        size_distribution([0])


def test_fluctuation_and_response_agree() -> None:
    # Random 3-regular graph at 1.3 T_c.
    system = couplings.uniform(networks.build("random_regular", seed=1, n=300, degree=3))
    T = 1.3 * 1.820478
    found = fluctuation_dissipation(
        system, temperature=T, sweeps=1500, seed=1, replicas=16, step=0.04
    )
    assert found.ratio == pytest.approx(1.0, abs=0.1)
    assert found.response.mean == pytest.approx(
        cavity.response(system, temperature=T).sum(), rel=0.1
    )


def test_susceptibility_of_a_small_society() -> None:
    rng = np.random.default_rng(2)
    J = np.triu(np.abs(rng.normal(size=(8, 8))) / 4, 1)
    system = SpinSystem(J + J.T)
    found = fluctuation_dissipation(
        system, temperature=1.5, sweeps=4000, seed=3, replicas=20, step=0.02
    )
    exact = moments(system, temperature=1.5).susceptibility
    width = found.fluctuation.high - found.fluctuation.low  # 3.9 standard errors and more
    assert abs(found.fluctuation.mean - exact) < width
    assert width < 0.2 * exact


def test_correlation_length_of_the_ring() -> None:
    n = 4000
    ring = SpinSystem.from_edges(np.arange(n), (np.arange(n) + 1) % n)
    found = correlation_length(
        ring, temperature=1.0, sweeps=1200, seed=1, replicas=16, every=10, sources=n, longest=12
    )
    assert found.length == pytest.approx(-1 / math.log(math.tanh(1.0)), rel=0.02)
    assert found.error < 0.04
    # Errors of a logarithm are relative ones: weights C / sigma, which numpy squares.
    table = found.table.iloc[1:]
    clear = table["correlation"] > np.maximum(0.02, 3 * table["error"])
    used = table[clear.cumprod().astype(bool)]
    slope = np.polyfit(
        used["distance"], np.log(used["correlation"]), 1, w=used["correlation"] / used["error"]
    )[0]
    assert found.length == pytest.approx(-1 / slope, rel=1e-9)
    curve = found.table["correlation"].to_numpy()[1:5]
    np.testing.assert_allclose(curve, math.tanh(1.0) ** np.arange(1, 5), atol=0.01)


def test_the_ring_is_the_same_from_any_start_and_its_length_lies_in_the_interval() -> None:
    n, exact = 1000, 3.67186
    ring = SpinSystem.from_edges(np.arange(n), (np.arange(n) + 1) % n)
    for start in ("up", "random"):
        found = correlation_length(
            ring, temperature=1.0, sweeps=1000, seed=2, replicas=10, sources=n, start=start
        )
        assert found.low < exact < found.high
        assert found.high - found.low < 1.0
        assert found.note == ""


def test_an_ordered_society_answers_within_its_state() -> None:
    """Random starts leave domains: lengths of 90 +- 200 and ratios of 7 to 28, and a note."""
    lattice = couplings.uniform(networks.build("lattice", seed=1, shape=[32, 32], periodic=True))
    keys = dict(temperature=2.0, sweeps=600, seed=1)
    found = fluctuation_dissipation(lattice, **keys)
    assert found.low < 1.0 < found.high
    assert found.ratio == pytest.approx(1.0, abs=0.25)
    # Onsager and series: chi of one state at T = 2 is 0.36 to 0.39.
    assert found.fluctuation.low < 0.37 < found.fluctuation.high
    assert found.note == ""
    length = correlation_length(lattice, smallest=0.002, **keys)
    assert length.length < 3
    assert length.note == ""
    mixed = fluctuation_dissipation(lattice, start="random", **keys)
    assert mixed.ratio > 3
    domains = correlation_length(lattice, start="random", **keys)
    for note in (mixed.note, domains.note):
        assert "not settled" in note
        assert "start='up'" in note


def test_runs_that_still_drift_are_told() -> None:
    rng = np.random.default_rng(3)
    still = rng.normal(size=(8, 200))
    assert note_of(still) == ""
    assert "drift" in note_of(still + np.linspace(0, 1, 200))
    assert "differ by more" in note_of(still + 3 * rng.choice([-1, 1], size=(8, 1)))
    suspected = sum(note_of(x) != "" for x in rng.normal(size=(300, 8, 64)))
    assert suspected <= 3


def test_points_of_a_correlation_weigh_their_value_over_their_error() -> None:
    distance, error = np.arange(1.0, 6.0), np.array([0.002, 0.003, 0.004, 0.006, 0.008])
    exact = np.exp(-distance / 2.0)
    noisy = exact + error * np.random.default_rng(4).normal(size=(4000, 5))
    spreads = []
    for weight in (exact / error, np.sqrt(exact / error)):
        lengths = _lengths(distance, noisy, weight)
        line = np.polyfit(distance, np.log(noisy[0]), 1, w=weight)
        assert lengths[0] == pytest.approx(-1 / line[0])
        spreads.append(lengths.std())
    # The least spread is that of inverse errors; the square root was used before.
    assert spreads[0] < 0.9 * spreads[1]


def test_correlations_refuse_what_they_cannot_measure() -> None:
    pair = SpinSystem.from_edges([0], [1])
    with pytest.raises(InputError, match="replicas"):
        correlations(pair, temperature=1.0, sweeps=300, seed=1, replicas=1)
    with pytest.raises(InputError, match="fewer than two distances"):
        correlation_length(pair, temperature=50.0, sweeps=300, seed=1)
    with pytest.raises(InputError, match="temperature > 0"):
        fluctuation_dissipation(pair, temperature=0.0, sweeps=300, seed=1)
