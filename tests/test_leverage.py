"""Leverage: theories against exact responses, the optimum against others, and simulation."""

from __future__ import annotations

import networkx as nx
import numpy as np
import pytest

from sociophysics.errors import InputError
from sociophysics.experiments.leverage import (
    METHODS,
    allocate,
    budget_curve,
    mean_field_optimum,
    robustness,
    scores,
)
from sociophysics.experiments.response import response_to_users
from sociophysics.experiments.targeting import targeting
from sociophysics.society import couplings, networks
from sociophysics.society.spins import SpinSystem
from sociophysics.theory import cavity, mean_field
from sociophysics.theory.exact import boltzmann, pair_correlations


def hubs_and_random(system: SpinSystem, count: int) -> tuple[np.ndarray, np.ndarray]:
    degree = np.diff(system.J.indptr)
    hubs = np.argsort(-degree, kind="stable")[:count]
    return hubs, np.random.default_rng(1).choice(system.n, count, replace=False)


def scale_free() -> SpinSystem:
    return couplings.uniform(networks.build("barabasi_albert", seed=1, n=1000, m=3))


def test_cavity_scores_are_exact_on_a_tree() -> None:
    tree = couplings.uniform(nx.random_labeled_tree(10, seed=3))
    exact = pair_correlations(boltzmann(tree, temperature=1.7)).sum(axis=1) / (1.7 * 10)
    np.testing.assert_allclose(scores(tree, temperature=1.7), exact, atol=1e-9)


def test_mean_field_scores_are_the_derivative() -> None:
    system, T = scale_free(), 25.0
    worth = scores(system, temperature=T, method="mean_field")
    for user in (0, 500):
        push = np.zeros(system.n)
        push[user] = 1e-3
        up, down = (
            mean_field.fixed_point(system, temperature=T, field=sign * push, tolerance=1e-14)
            for sign in (1, -1)
        )
        slope = (up.magnetizations - down.magnetizations).mean() / 2e-3
        assert worth[user] == pytest.approx(slope, rel=1e-3)


def test_optimum_beats_every_other_allocation_in_mean_field() -> None:
    rng = np.random.default_rng(5)
    system = couplings.uniform(nx.gnm_random_graph(12, 20, seed=2))
    T, budget = 4.0, 3.0

    def reached(field: np.ndarray) -> float:
        state = mean_field.fixed_point(system, temperature=T, field=field)
        return float(state.magnetizations.mean())

    best = mean_field_optimum(system, budget, temperature=T)
    assert best.sum() == pytest.approx(budget)
    assert best.min() >= 0
    others = [*(budget * rng.dirichlet(np.full(12, 0.3), 60)), *(budget * np.eye(12))]
    assert reached(best) > max(reached(field) for field in others) - 1e-6


def test_the_optimum_moves_from_hubs_to_the_periphery() -> None:
    # Lynn & Lee 2016: hubs at high temperature, followers of nobody's lead below the transition.
    system = scale_free()
    degree = np.diff(system.J.indptr)
    means = [
        float(degree @ mean_field_optimum(system, 100.0, temperature=T)) / 100 for T in (40.0, 4.0)
    ]
    assert means[0] > 5 * degree.mean()
    assert means[1] < degree.mean()


def test_hubs_move_a_scale_free_network_most() -> None:
    # Known: a field on 20 hubs moves m 3.6 times as far as on 20 random users at T = 16.
    system, T = scale_free(), 16.0
    response = cavity.response(system, temperature=T)
    found = []
    for users in hubs_and_random(system, 20):
        moved = response_to_users(
            system, users, temperature=T, field=3.0, sweeps=2000, seed=1, replicas=8
        )
        pushed = np.zeros(system.n)
        pushed[users] = 3.0
        bethe = cavity.belief_propagation(system, temperature=T, field=pushed)
        assert moved.mean == pytest.approx(bethe.magnetizations.mean(), rel=0.12)
        assert bethe.magnetizations.mean() == pytest.approx(3 * response[users].sum(), rel=0.12)
        found.append(moved.mean)
    assert found[0] / found[1] > 3


def test_budget_curve_agrees_with_its_prediction() -> None:
    system = scale_free()
    table = budget_curve(
        system, [60.0], temperature=20.0, sweeps=800, seed=2, replicas=6, users=20
    ).set_index("method")
    assert list(table.index) == list(METHODS)
    width = table["high"] - table["low"]
    assert ((table["gain"] - table["predicted"]).abs() < width).all()
    assert table.loc["random", "gain"] < 0.6 * table.loc["cavity", "gain"]
    assert table.loc["mean_field", "predicted"] > table.loc["degree", "predicted"]
    assert (table.loc[["cavity", "degree", "random"], "users"] == 20).all()


def test_robust_networks_have_nobody_to_buy() -> None:
    ring = couplings.uniform(nx.cycle_graph(40))
    even = robustness(ring, temperature=2.0, users=5)
    assert even.advantage == pytest.approx(1.0)
    assert even.concentration == pytest.approx(0.0, abs=1e-9)
    assert even.half == pytest.approx(0.5, abs=0.05)
    uneven = robustness(scale_free(), temperature=16.0, users=20)
    assert uneven.advantage > 3
    assert uneven.half < 0.4
    assert uneven.table["response"].is_monotonic_decreasing


def test_directed_networks_have_mean_field_scores() -> None:
    # 1 and 2 listen to 0: only 0 has followers.
    system = SpinSystem.from_edges([1, 2], [0, 0], directed=True)
    worth = scores(system, temperature=2.0, method="mean_field")
    np.testing.assert_allclose(worth, np.array([0.5 * (1 + 2 * 0.5), 0.5, 0.5]) / 3)
    assert scores(system, temperature=2.0, method="degree").tolist() == [2.0, 0.0, 0.0]


@pytest.mark.parametrize(
    "call",
    [
        lambda s: scores(s, temperature=1.0, method="fame"),
        lambda s: allocate(s, 1.0, temperature=1.0, users=9),
        lambda s: mean_field_optimum(s, -1.0, temperature=1.0),
        lambda s: robustness(s, temperature=1.0, users=0),
        lambda s: budget_curve(s, [1.0], temperature=1.0, sweeps=10, seed=1, burn_in=10),
    ],
)
def test_bad_campaigns_are_refused(call: object) -> None:
    with pytest.raises(InputError):
        call(SpinSystem.from_edges([0], [1]))  # type: ignore[operator]


def test_structure_alone_says_how_robust_a_network_is() -> None:
    hubs = targeting(scale_free())
    assert hubs.temperature == pytest.approx(
        1.5 * cavity.critical_temperature(scale_free()), rel=1e-6
    )
    response = cavity.response(scale_free(), temperature=hubs.temperature, start=0.0)
    best = np.sort(response)[::-1]
    assert hubs.chosen == pytest.approx(best[:10].mean() / best.mean(), rel=1e-6)
    top, _ = hubs_and_random(scale_free(), 10)
    assert hubs.connected == pytest.approx(response[top].mean() / response.mean(), rel=1e-6)
    assert 2 < hubs.connected <= hubs.chosen
    grid = targeting(couplings.uniform(networks.build("lattice", seed=1, shape=[12, 12])))
    assert grid.chosen == pytest.approx(1.0)
    assert grid.half == pytest.approx(0.5, abs=0.01)


def test_labelled_users_with_opinions_have_the_robustness_of_their_ties() -> None:
    star = SpinSystem.from_edges([0, 0, 0], [1, 2, 3])
    named = SpinSystem(star.J, h=[1.0, -2.0, 0.5, 0.0], labels=["a", "b", "c", "d"])
    assert targeting(named) == targeting(star)
    # A tree has no transition: T is the mean number of ties, 1.5; dm/dh of the center is exact.
    t = np.tanh(1 / 1.5)
    center, leaf = 1 + 3 * t, 1 + t + 2 * t**2
    assert targeting(star).temperature == pytest.approx(1.5)
    assert targeting(star).chosen == pytest.approx(center / ((center + 3 * leaf) / 4))


def test_shares_of_a_response_of_both_signs_are_refused() -> None:
    rivals = SpinSystem.from_edges([0, 0, 0], [1, 2, 3], [-1.0, -1.0, -1.0])
    with pytest.raises(InputError, match="the other way"):
        robustness(rivals, temperature=1.0, users=1)
    found = targeting(rivals)
    assert np.isnan(found.chosen)
    assert "antagonistic" in found.note
    assert targeting(SpinSystem(np.zeros((3, 3)))).note == "no ties"
