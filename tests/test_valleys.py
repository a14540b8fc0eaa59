"""Frozen states against known energies, counts, barriers and overlaps."""

from __future__ import annotations

from typing import Any

import networkx as nx
import numpy as np
import pytest

import sociophysics as sp
from sociophysics.errors import InputError
from sociophysics.experiments import (
    arrhenius,
    cool,
    damage,
    escape_time,
    lyapunov_exponent,
    metastable_states,
    parallel_tempering,
)
from sociophysics.observables.overlaps import (
    edwards_anderson_parameter,
    overlap,
    overlap_distribution,
    replica_overlaps,
    two_time_overlap,
)
from sociophysics.theory import exact
from tests.laws import assert_mean
from tests.test_transitions import square

GRAPHS = {n: nx.complete_graph(n) for n in (16, 64, 128, 256)}


def glass(n: int, seed: int, **keys: Any) -> sp.SpinSystem:
    return sp.couplings.assign(GRAPHS[n], "sherrington_kirkpatrick", seed=seed, **keys)


def complete(n: int) -> sp.SpinSystem:
    return sp.SpinSystem((np.ones((n, n)) - np.eye(n)) / n)


@pytest.mark.parametrize(("n", "samples"), [(64, 24), (128, 12), (256, 4)])
def test_cooled_glasses_reach_the_known_ground_energy(n: int, samples: int) -> None:
    """-0.76321 + 0.70 n^(-2/3) (Boettcher); going downhill alone stays far above."""
    found = [cool(glass(n, k), sweeps=600, copies=4, seed=k).lowest for k in range(samples)]
    quenched = [
        cool(glass(n, k), sweeps=0, copies=4, seed=k).energies.mean() for k in range(samples)
    ]
    assert abs(np.mean(found) - (-0.76321 + 0.70 * n ** (-2 / 3))) < 0.015
    assert np.mean(quenched) > np.mean(found) + 0.05


def test_slower_cooling_finds_lower_energies() -> None:
    system = glass(128, 1)
    energy = [
        cool(system, sweeps=sweeps, copies=16, seed=1).energies.mean() for sweeps in (0, 30, 300)
    ]
    assert energy[0] > energy[1] > energy[2]
    best = parallel_tempering(system, np.linspace(0.2, 1.4, 10), sweeps=1200, seed=2)
    assert best.lowest <= energy[2]
    assert sp.observables.order.energy(system, best.ground) == pytest.approx(best.lowest)


@pytest.mark.validate
@pytest.mark.parametrize("side", [8, 10, 12])
def test_the_plane_of_friends_and_foes_has_its_known_ground_energy(
    side: int, record_property: Any
) -> None:
    graph = nx.grid_2d_graph(side, side, periodic=True)
    found = [
        cool(sp.couplings.assign(graph, "edwards_anderson", seed=k), sweeps=600, seed=k).lowest
        for k in range(24)
    ]
    record_property("energy", float(np.mean(found)))
    assert -1.43 < np.mean(found) < -1.34


def test_independent_coolings_agree_where_there_is_one_state_only() -> None:
    mattis = sp.couplings.assign(GRAPHS[256], "mattis", seed=1, value=1 / 256)
    assert cool(mattis, sweeps=50, seed=1).agreement == 1.0
    found = [
        np.mean([cool(glass(256, k), sweeps=s, copies=6, seed=k).agreement for k in range(4)])
        for s in (0, 200, 2000)
    ]
    assert np.abs(np.array(found) - [0.08, 0.43, 0.53]).max() < 0.1
    assert found[0] < found[1] < found[2]


def test_tempering_follows_the_boltzmann_law_and_measures_its_exchanges() -> None:
    system = sp.SpinSystem(glass(16, 3).J.toarray()[:8, :8] * 2, h=np.linspace(-0.3, 0.5, 8))
    ladder = [0.6, 1.0, 1.8]
    found = parallel_tempering(
        system, ladder, sweeps=20_000, burn_in=200, ladders=4, every=20, seed=5
    )
    for k, temperature in enumerate(ladder):
        law = exact.boltzmann(system, temperature=temperature)
        mean = float(law.probabilities @ law.energies)
        variance = float(law.probabilities @ (law.energies - mean) ** 2)
        assert_mean(found.energies[k], mean, 2 * variance)  # frames 20 sweeps apart
    assert ((found.swaps > 0.2) & (found.swaps < 1)).all()
    assert found.round_trips > 50
    assert found.lowest == pytest.approx(exact.boltzmann(system, temperature=0).energies.min() / 8)
    assert found.spins.shape == (4, 990, 8)


def test_the_number_of_states_that_nobody_leaves_is_the_known_one() -> None:
    """1.05 exp(0.1992 n) of mutual Gaussian couplings, one where they are not mutual."""
    mutual = [len(metastable_states(glass(16, k), quenches=1, seed=1).spins) for k in range(25)]
    assert abs(np.mean(mutual) / 24.2 - 1) < 0.25
    single = [len(metastable_states(glass(16, k, mutual=False), seed=1).spins) for k in range(60)]
    assert abs(np.mean(single) - 1) < 0.25


def test_quenches_find_the_states_and_the_sizes_of_their_basins() -> None:
    found = metastable_states(glass(16, 2), quenches=4000, seed=1)
    assert found.complete
    assert found.visits.sum() == 4000
    assert (np.diff(found.energies) >= 0).all()
    assert found.visits[0] == pytest.approx(found.visits[1], rel=0.3)  # mirror images
    large = metastable_states(glass(64, 2), quenches=300, seed=1)
    assert not large.complete
    assert large.estimate > len(large.spins) > 50
    pull = large.spins * np.array([glass(64, 2).local_field(s) for s in large.spins])
    assert pull.min() >= -1e-9


def test_escape_times_show_the_barrier_of_the_complete_network() -> None:
    sizes = [16, 24, 32, 40]
    times = [
        escape_time(complete(n), temperature=0.7, sweeps=6000, seed=n, replicas=150).mean
        for n in sizes
    ]
    found = arrhenius(sizes, [each.mean for each in times])
    assert abs(found.slope.mean / 0.08974 - 1) < 0.12
    assert found.r_squared > 0.98
    assert all(each.low < each.mean < each.high for each in times)


@pytest.mark.validate
def test_the_barrier_per_user_is_within_four_per_cent(record_property: Any) -> None:
    sizes = [20, 30, 40, 50, 60]
    times = [
        escape_time(complete(n), temperature=0.7, sweeps=40_000, seed=n, replicas=400).mean.mean
        for n in sizes
    ]
    slope = arrhenius(sizes, times).slope.mean
    record_property("slope", slope)
    assert abs(slope / 0.08974 - 1) < 0.04


def test_a_run_in_which_nobody_escapes_says_at_least_how_long() -> None:
    found = escape_time(complete(60), temperature=0.3, sweeps=20, seed=1, replicas=8)
    assert np.isinf(found.times).all()
    assert np.isnan(found.mean.mean)
    assert found.mean.low > 20


def test_damage_between_opposite_consensus_is_the_magnetization() -> None:
    table = damage(square(32), temperature=2.0, sweeps=300, seed=4, replicas=8, every=20)
    late = table[table["sweep"] > 100]["damage"]
    assert abs(late.mean() - 0.9113) < 0.01


def test_one_flipped_user_is_forgotten_in_disorder_and_not_where_a_glass_is_parallel() -> None:
    assert lyapunov_exponent(square(16), temperature=6.0, seed=1) < -0.3
    assert lyapunov_exponent(square(16), temperature=6.0, seed=1) < lyapunov_exponent(
        glass(128, 1, mutual=False, sd=3.0), temperature=0.2, seed=1
    )


def test_overlaps_by_hand() -> None:
    pair = sp.SpinSystem([[0, 1], [1, 0]])
    assert overlap(pair, [1, 1], [1, -1]) == 0.0
    assert overlap(pair, [[1, 1], [-1, 1]], [[1, 1], [1, -1]]).tolist() == [1.0, -1.0]
    assert replica_overlaps([[1, 1, 1], [1, 1, -1], [-1, -1, -1]]) == pytest.approx(
        [1 / 3, -1, -1 / 3]
    )
    frames = np.array([[[1, -1], [1, -1], [1, 1]]] * 2)
    assert edwards_anderson_parameter(frames) == pytest.approx([1 / 3, 1 / 3])
    curve = two_time_overlap(frames, [1])
    assert curve.shape == (2, 1, 3)
    assert np.isnan(curve[0, 0, 0])
    assert curve[0, 0, 1:].tolist() == [1.0, 0.0]


def test_overlaps_of_independent_users_and_of_one_state_are_known() -> None:
    free = np.random.default_rng(1).choice([-1, 1], size=(60, 200))
    found = overlap_distribution(free)
    assert found.second == pytest.approx(1 / 200, rel=0.15)
    assert abs(found.binder) < 0.2
    assert found.density.sum() * 2 / 41 == pytest.approx(1)
    frames = np.random.default_rng(2).choice([-1, 1], size=(5, 40, 200))
    assert np.abs(edwards_anderson_parameter(frames)).max() < 0.02  # a biased one has 1/40
    mattis = sp.couplings.assign(GRAPHS[64], "mattis", seed=1, value=1 / 64)
    cold = parallel_tempering(
        mattis, [0.2, 0.5, 0.9, 1.5], sweeps=300, burn_in=100, ladders=4, seed=1
    )
    one = overlap_distribution(cold.spins)
    assert one.mean_abs > 0.99
    assert one.binder == pytest.approx(1.0, abs=0.01)


def test_on_the_nishimori_line_overlaps_and_magnetization_have_one_second_moment() -> None:
    graph = nx.random_regular_graph(4, 60, seed=1)
    q2, m2 = [], []
    for k in range(40):
        system = sp.couplings.assign(graph, "edwards_anderson", seed=k, share=0.2)
        found = parallel_tempering(
            system, [1.4427, 2.2, 3.5], sweeps=300, burn_in=100, ladders=4, seed=k
        )
        q2.append(overlap_distribution(found.spins).second)
        m2.append((found.spins.mean(axis=2) ** 2).mean())
    gap = np.array(q2) - np.array(m2)
    assert_mean(gap, 0.0, gap.var(ddof=1))


def test_a_glass_ages_and_a_paramagnet_does_not() -> None:
    system = glass(256, 5)
    curves = {}
    for temperature in (0.3, 3.0):
        run = sp.trajectory(system, temperature=temperature, sweeps=160, seed=1, replicas=8)
        stances = np.stack([f.spins for f in run], axis=1)
        aged = two_time_overlap(stances, [2, 100])
        curves[temperature] = [aged[:, k, wait + 40].mean() for k, wait in enumerate((2, 100))]
    assert curves[0.3][1] > curves[0.3][0] + 0.1
    assert abs(curves[3.0][1] - curves[3.0][0]) < 0.05


@pytest.mark.parametrize(
    ("ask", "said"),
    [
        (lambda: cool(glass(16, 1, mutual=False), sweeps=1, seed=1), "not mutual have none"),
        (lambda: cool(complete(9), sweeps=-1, seed=1), "sweeps is -1"),
        (lambda: parallel_tempering(complete(9), [1.0], sweeps=9, seed=1), "two or more"),
        (lambda: parallel_tempering(complete(9), [1, 2], sweeps=9, burn_in=9, seed=1), "burn_in"),
        (lambda: metastable_states(glass(64, 1, mutual=False), seed=1), "up to 16 users"),
        (lambda: metastable_states(complete(9), quenches=0, seed=1), "quenches is 0"),
        (lambda: cool(sp.SpinSystem.from_edges([0], [1], n=5000), sweeps=1, seed=1), "4096 users"),
        (lambda: arrhenius([1, 2], [1, 2]), "three or more"),
        (lambda: arrhenius([1, 2, 3], [1, 2, np.inf]), "positive and finite"),
        (lambda: replica_overlaps([[1, 1]]), "two replicas"),
        (lambda: edwards_anderson_parameter([[1, 1]]), "two frames"),
        (lambda: two_time_overlap([[1, 1]], [1]), "frames 0 to 0"),
        (lambda: overlap(complete(2), [1, 1], [[1, 1], [1, 1]]), "one reference"),
        (lambda: overlap_distribution([[1, 1], [1, 1]], bins=0), "bins is 0"),
    ],
)
def test_what_cannot_be_asked_is_one_sentence(ask: Any, said: str) -> None:
    with pytest.raises(InputError, match=said):
        ask()
