"""Free energies by four ways, runs read as one, cluster moves: against enumeration."""

from __future__ import annotations

from typing import Any

import networkx as nx
import numpy as np
import pytest

import sociophysics as sp
from sociophysics.errors import InputError
from sociophysics.experiments import multi_histogram, swendsen_wang, thermodynamics
from sociophysics.theory import exact
from sociophysics.theory.stance_patterns import state_number
from tests.laws import ALPHA, assert_law, law_p_value
from tests.test_transitions import square

CRITICAL = 2 / np.log(1 + np.sqrt(2))
MIXED = sp.SpinSystem.from_edges(
    [0, 0, 1, 2, 3, 4], [1, 2, 3, 3, 4, 5], [0.9, -0.7, 0.6, 1.1, -0.8, 0.5],
    h=[0.3, 0.0, -0.2, 0.1, -0.4, 0.0],
)  # fmt: skip
FRIENDS = sp.SpinSystem.from_edges(
    [0, 0, 1, 2, 3], [1, 2, 3, 3, 4], [0.9, 0.3, 0.6, 1.1, 0.8], h=[0.3, 0.0, -0.2, 0.1, -0.4]
)


def test_the_torus_of_sixteen_has_its_known_numbers() -> None:
    found = thermodynamics(square(4), temperature=CRITICAL, seed=1, method="enumeration")
    assert -16 * found.free_energy.mean / CRITICAL == pytest.approx(15.52191546, abs=1e-8)
    assert found.energy.mean == pytest.approx(-1.56562379, abs=1e-8)
    assert found.heat_capacity.mean == pytest.approx(0.78326683, abs=1e-8)
    assert found.entropy.mean == pytest.approx(
        (found.energy.mean - found.free_energy.mean) / CRITICAL
    )


@pytest.mark.parametrize("method", ["integration", "annealed"])
@pytest.mark.parametrize(("system", "temperature"), [(square(4), 2.5), (MIXED, 0.8)])
def test_simulated_ways_agree_with_enumeration(
    method: str, system: sp.SpinSystem, temperature: float
) -> None:
    keys: dict[str, Any] = {"temperature": temperature, "seed": 3}
    known = thermodynamics(system, method="enumeration", **keys)
    found = thermodynamics(
        system, method=method, replicas=24 if method == "integration" else 200, **keys
    )
    for name in ("free_energy", "energy", "entropy", "heat_capacity"):
        interval, truth = getattr(found, name), getattr(known, name).mean
        if np.isnan(interval.mean):
            assert (method, name) == ("annealed", "heat_capacity")
            continue
        half = (interval.high - interval.low) / 2
        assert 0 < half < 0.15 * max(1.0, abs(truth))
        assert abs(interval.mean - truth) < 2 * half  # four standard errors


def test_the_cavity_is_exact_on_trees_and_good_on_sparse_networks() -> None:
    tree = sp.couplings.gaussian(nx.balanced_tree(2, 3), seed=1)
    keys: dict[str, Any] = {"temperature": 0.9, "seed": 1}
    known = thermodynamics(tree, method="enumeration", **keys)
    found = thermodynamics(tree, method="cavity", **keys)
    for name in ("free_energy", "energy", "entropy"):
        assert getattr(found, name).mean == pytest.approx(getattr(known, name).mean, abs=1e-9)
    assert found.heat_capacity.mean == pytest.approx(known.heat_capacity.mean, rel=1e-5)


def test_without_ties_the_entropy_is_that_of_coins_in_their_fields() -> None:
    free = sp.SpinSystem(np.zeros((40, 40)), h=np.full(40, 0.5))
    found = thermodynamics(free, temperature=1.0, seed=2, method="integration")
    assert abs(found.free_energy.mean + np.log(2 * np.cosh(0.5))) < 0.005
    p = 1 / (1 + np.exp(-1.0))
    assert abs(found.entropy.mean + p * np.log(p) + (1 - p) * np.log(1 - p)) < 0.02


def test_runs_read_as_one_give_what_lies_between_them() -> None:
    system, runs, sizes = square(4), {}, {}
    for temperature in (1.8, 2.4, 3.2):
        run = sp.trajectory(
            system,
            temperature=temperature,
            sweeps=900,
            replicas=8,
            every=2,
            seed=round(10 * temperature),
        )
        kept = [f.spins for f in run if f.sweep > 100]
        runs[temperature] = np.array([system.energy(s) for s in kept]).T
        sizes[temperature] = np.array([np.abs(s.mean(axis=1)) for s in kept]).T
    at = np.array([2.0, CRITICAL, 2.8])
    table = multi_histogram(runs, at, values=sizes)
    for row in table.to_dict("records"):
        known = exact.moments(system, temperature=row["temperature"])
        assert abs(row["energy"] / 16 - known.energy) < 4 * row["energy_error"] / 16 < 0.05
        assert abs(row["heat_capacity"] / 16 - known.heat_capacity) < 0.05
        assert abs(row["value"] - known.abs_magnetization) < 4 * row["value_error"] < 0.03
    log_z = [exact.boltzmann(system, temperature=T).log_z for T in at]
    assert np.abs(table["log_z"] - (np.array(log_z) - log_z[0])).max() < 0.05


@pytest.mark.parametrize("temperature", [0.9, 3.0])
def test_cluster_moves_follow_the_boltzmann_law_with_fields_of_any_sign(temperature: float) -> None:
    spins = swendsen_wang(
        FRIENDS, temperature=temperature, sweeps=31, burn_in=30, replicas=20_000, seed=3
    )
    law = exact.boltzmann(FRIENDS, temperature=temperature)
    probabilities = np.zeros(32)
    probabilities[state_number(law.states)] = law.probabilities
    counts = np.bincount(state_number(spins[:, 0]), minlength=32)
    assert_law(counts, probabilities)
    other = exact.boltzmann(FRIENDS, temperature=1.25 * temperature)
    wrong = np.zeros(32)
    wrong[state_number(other.states)] = other.probabilities
    assert law_p_value(counts, wrong) < ALPHA


def test_cluster_moves_turn_a_lattice_where_single_users_wait() -> None:
    spins = swendsen_wang(square(16), temperature=2.0, sweeps=200, replicas=4, burn_in=20, seed=1)
    m = spins.mean(axis=2)
    assert abs(np.abs(m).mean() - 0.913) < 0.02
    assert (np.diff(np.sign(m), axis=1) != 0).mean() > 0.3


@pytest.mark.parametrize(
    ("ask", "said"),
    [
        (lambda: swendsen_wang(MIXED, temperature=1.0, sweeps=9, seed=1), "smallest coupling"),
        (lambda: swendsen_wang(FRIENDS, temperature=0.0, sweeps=9, seed=1), "above 0"),
        (lambda: swendsen_wang(FRIENDS, temperature=1.0, sweeps=9, burn_in=9, seed=1), "burn_in"),
        (
            lambda: thermodynamics(square(5), temperature=1.0, seed=1, method="enumeration"),
            "at most 20",
        ),
        (lambda: thermodynamics(MIXED, temperature=1.0, seed=1, method="x"), "method is 'x'"),
        (lambda: thermodynamics(MIXED, temperature=0.0, seed=1), "temperature"),
        (lambda: thermodynamics(MIXED, temperature=np.inf, seed=1), "ln 2"),
        (lambda: thermodynamics(MIXED, temperature=1.0, seed=1, replicas=1), "2 replicas"),
        (
            lambda: thermodynamics(
                square(16), temperature=0.5, seed=1, method="annealed", sweeps=2, burn_in=0
            ),
            "cool more slowly",
        ),
        (lambda: multi_histogram({1.0: [[1.0], [2.0]]}, [1.0]), "two runs"),
        (lambda: multi_histogram({1.0: [[1.0], [np.nan]], 2.0: [[1.0], [2.0]]}, [1.0]), "finite"),
        (
            lambda: multi_histogram({1.0: [[1.0, 1.1]] * 2, 2.0: [[8.0, 8.1]] * 2}, [1.5]),
            "do not overlap",
        ),
        (lambda: multi_histogram({1.0: [[1.0, 2.0]], 2.0: [[1.0, 2.0]]}, [1.5]), "two or more"),
        (
            lambda: multi_histogram({1.0: [[1.0, 2.0]] * 2, 2.0: [[1.0, 2.0]] * 2}, [-1.0]),
            "positive and finite",
        ),
        (
            lambda: sp.experiments.coupling_from_the_past(MIXED, temperature=1.0, draws=2, seed=1),
            "couplings >= 0",
        ),
    ],
)
def test_what_cannot_be_asked_is_one_sentence(ask: Any, said: str) -> None:
    with pytest.raises(InputError, match=said):
        ask()
