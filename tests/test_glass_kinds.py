"""Couplings of glasses and memories: their moments, known temperatures, and what they refuse."""

from __future__ import annotations

from typing import Any

import networkx as nx
import numpy as np
import pytest

import sociophysics as sp
from sociophysics.errors import InputError
from sociophysics.theory.glass import (
    glass_temperature,
    layered_glass_temperature,
    nishimori_temperature,
)

COMPLETE = nx.complete_graph(800)


def made(graph: nx.Graph, kind: str, seed: int = 1, **keys: Any) -> sp.SpinSystem:
    return sp.couplings.assign(graph, kind, seed=seed, **keys)


def test_the_dense_glass_temperature_of_sherrington_and_kirkpatrick_is_one() -> None:
    system = made(COMPLETE, "sherrington_kirkpatrick")
    assert system.is_symmetric
    assert abs(glass_temperature(system) - 1.0) < 0.01
    assert abs(np.linalg.eigvalsh(system.J.toarray())[-1] - 2.0) < 0.05
    twice = made(COMPLETE, "sherrington_kirkpatrick", sd=2.0)
    assert abs(glass_temperature(twice) - 2.0) < 0.02


@pytest.mark.parametrize(("layers", "known"), [(2, 1.0), (3, 1.1892), (4, 1.2720), (6, 1.3424)])
def test_layers_freeze_where_the_cosine_says(layers: int, known: float) -> None:
    assert abs(layered_glass_temperature(layers) - known) < 1e-4
    graph = COMPLETE.subgraph(range(800 // layers * layers))
    assert abs(glass_temperature(made(graph, "layered", layers=layers)) - known) < 0.01


@pytest.mark.parametrize(("z", "known"), [(3, 1.134593), (4, 1.518651), (6, 2.078087)])
def test_the_bethe_glass_freezes_where_the_hyperbolic_tangent_says(z: int, known: float) -> None:
    system = made(nx.random_regular_graph(z, 600, seed=2), "bethe")
    assert abs(glass_temperature(system) - known) < 1e-5
    assert 0.4 < (system.J.data < 0).mean() < 0.6


def test_a_lattice_of_short_loops_has_no_such_temperature() -> None:
    system = made(nx.grid_2d_graph(8, 8, periodic=True), "edwards_anderson")
    with pytest.raises(InputError, match="no glass above T = 0"):
        glass_temperature(system)
    with pytest.raises(InputError, match="method is 'spectral'"):
        glass_temperature(system, "spectral")


def test_mattis_couplings_are_balanced_and_a_ferromagnet_in_a_mirror() -> None:
    graph = nx.random_regular_graph(4, 60, seed=3)
    system = made(graph, "mattis", value=0.5)
    assert 0 < (system.J.data < 0).mean() < 1
    found = sp.observables.frustration.frustration_index(system)
    assert found.value == 0.0
    ground = found.spins.astype(float)
    assert (system.J.toarray() * np.outer(ground, ground) >= 0).all()


def test_patterns_that_are_few_are_stable() -> None:
    graph = nx.complete_graph(200)
    rng = np.random.default_rng(4)
    given = rng.choice([-1, 1], size=(5, 200)).tolist()
    system = made(graph, "hopfield", given=given)
    for pattern in given:
        assert (system.local_field(pattern) * np.array(pattern) > 0).mean() > 0.99
    drawn = made(graph, "hopfield", patterns=3)
    row = drawn.J.toarray()[0, 1:] * 200
    assert set(np.round(row).astype(int)) <= {-3, -1, 1, 3}


def test_each_direction_is_drawn_by_itself_where_ties_are_not_mutual() -> None:
    system = made(nx.complete_graph(300), "sherrington_kirkpatrick", mutual=False)
    J = system.J.toarray()
    upper = np.triu_indices(300, 1)
    assert abs(np.corrcoef(J[upper], J.T[upper])[0, 1]) < 0.03
    assert abs(300 * J[upper].var() - 1) < 0.03


def test_disorder_is_drawn_tie_by_tie_and_again_for_each_replica() -> None:
    graph = nx.random_regular_graph(4, 400, seed=1)
    shares = [(made(graph, "edwards_anderson", k, share=0.2).J.data < 0).mean() for k in range(40)]
    sd = (0.2 * 0.8 / 800) ** 0.5
    assert abs(np.mean(shares) - 0.2) < 5 * sd / 40**0.5
    assert 0.5 * sd < np.std(shares) < 1.6 * sd  # a fixed number of negative ties has none
    gaussian = made(graph, "edwards_anderson", distribution="gaussian")
    assert abs(gaussian.J.data.std() - 1) < 0.1
    kind = sp.kinds.COUPLINGS["edwards_anderson"]()
    first, other = (kind.system(graph, seed=1, replica=r).J.data for r in (0, 1))
    assert (first != other).any()


def test_on_the_nishimori_line_the_energy_is_known(record_property: Any) -> None:
    """Mean over disorder of -(ties/n)(1 - 2 share), on any graph: here a square lattice of 8."""
    graph = nx.grid_2d_graph(8, 8, periodic=True)
    temperature, found = nishimori_temperature(0.2), []
    for seed in range(60):
        system = made(graph, "edwards_anderson", seed, share=0.2)
        run = sp.trajectory(
            system, temperature=temperature, sweeps=400, replicas=4, seed=seed, every=20,
            start="up",
        )  # fmt: skip
        found.append(np.mean([system.energy(f.spins) / 64 for f in run if f.sweep > 100]))
    record_property("energy", float(np.mean(found)))
    assert abs(np.mean(found) + 1.2) < 0.03


def test_the_kinds_stand_in_a_scenario() -> None:
    text = """
    seed = 1
    network = {kind = "random_regular", n = 30, degree = 3}
    couplings = {kind = "bethe", share = 0.3}
    dynamics = {temperature = 1.0, sweeps = 2}
    """
    scenario = sp.Scenario.from_toml(text)
    assert "bethe" in str(scenario.canonical())
    assert sp.cases.build_system(scenario.cases()[0].settings, None)[0].n == 30


@pytest.mark.parametrize(
    ("kind", "keys", "said"),
    [
        ("sherrington_kirkpatrick", {}, "complete network"),
        ("layered", {}, "complete network"),
        ("bethe", {}, "random_regular"),
        ("mattis", {"attribute": "side"}, "holds None"),
        ("hopfield", {"given": [[1, -1]]}, "has 2 entries"),
        ("hopfield", {"patterns": 0}, "patterns"),
        ("edwards_anderson", {"share": 1.5}, "share"),
        ("edwards_anderson", {"distribution": "cauchy"}, "distribution"),
    ],
)
def test_what_does_not_fit_is_one_sentence(kind: str, keys: dict[str, Any], said: str) -> None:
    with pytest.raises(InputError, match=said):
        made(nx.path_graph(5), kind, **keys)
