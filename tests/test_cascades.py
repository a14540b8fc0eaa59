"""Cascades: the coupled pair's law, known cascades at T = 0, trees, droplets, scenarios."""

from __future__ import annotations

import math
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import networkx as nx
import numpy as np
import pandas as pd
import pytest
from scipy.optimize import brentq

import sociophysics as sp
from sociophysics.dynamics import trajectory
from sociophysics.engine import cascade
from sociophysics.errors import InputError
from sociophysics.experiments.cascade_scenarios import cascade_designs
from sociophysics.experiments.cascades import compare_feeds, seeded_cascades
from sociophysics.experiments.nucleation import (
    _half_interval,
    critical_droplet,
    critical_mass,
    droplet,
    holds_at_zero_temperature,
    nucleation_probability,
)
from sociophysics.experiments.trees import structural_virality
from sociophysics.influences import feeds
from sociophysics.influences.interventions import Nucleate
from sociophysics.scenario import Scenario
from sociophysics.society import couplings, networks
from sociophysics.society.spins import SpinSystem
from sociophysics.streams import key
from sociophysics.theory import exact
from tests.laws import ALPHA, assert_law, law_p_value

SCENARIO = Path(__file__).parent.parent / "scenarios" / "cascade_feeds.toml"


def small() -> SpinSystem:
    rng = np.random.default_rng(3)
    J = np.triu(rng.normal(size=(5, 5)), 1)
    return SpinSystem(J + J.T, h=rng.normal(size=5) / 2)


def pair_states(
    system: SpinSystem, temperature: float, sweeps: int, runs: int, scale: float = 1.0
) -> np.ndarray:
    """Return the state numbers of both copies after some sweeps, copy two with a larger field."""
    n = system.n
    nobody = (np.zeros(1, np.int64), np.zeros(0, np.int32), np.zeros(0), np.zeros(0, np.int64))
    states = np.empty((2, runs), np.int64)
    for run in range(runs):
        copies = -np.ones((2, n), np.int8)
        copies[1, 0] = 1
        record = [np.full(n, -2), *(np.zeros(n, np.int64) for _ in range(2)), np.zeros(n, np.uint8)]
        for sweep in range(sweeps):
            cascade.sweep_pairs(
                *copies, scale * system.h, system.h + 0.3, system.J.indptr, system.J.indices,
                scale * system.J.data, temperature, np.zeros(n, np.uint8),
                key(run, "dynamics", 0), sweep, *record, *nobody, np.zeros((0, 0)),
            )  # fmt: skip
        states[:, run] = ((copies > 0) * 2 ** np.arange(n)).sum(axis=1)
    return states


def expected(system: SpinSystem, temperature: float, first: int, updates: int) -> np.ndarray:
    law = np.zeros(2**system.n)
    law[first] = 1.0
    matrix = exact.transition_matrix(system, temperature=temperature)
    for _ in range(updates):
        law = law @ matrix
    return law


def test_each_copy_follows_the_heat_bath() -> None:
    system, T, sweeps = small(), 1.3, 2
    states = pair_states(system, T, sweeps, 5000)
    law = expected(system, T, 0, sweeps * system.n)
    assert_law(np.bincount(states[0], minlength=32), law)
    tilted = SpinSystem(system.J, h=system.h + 0.3)
    assert_law(np.bincount(states[1], minlength=32), expected(tilted, T, 1, sweeps * system.n))
    wrong = pair_states(system, T, sweeps, 2500, scale=0.5)  # a lost factor 2
    assert law_p_value(np.bincount(wrong[0], minlength=32), law) < ALPHA


def test_with_friendly_ties_seeds_up_only_bring_others_up() -> None:
    graph = networks.build("erdos_renyi", seed=1, n=200, mean_degree=5)
    system = couplings.uniform(graph)
    found = seeded_cascades(
        system, share=0.05, temperature=3.0, sweeps=30, seed=1, replicas=5, settle=10
    )
    assert (found.course["reached"] <= found.course["ever"]).all()
    assert found.table["reach"].mean() > 0
    assert (found.table["ever"] >= found.table["reach"]).all()


def test_differences_heal_where_fields_do_not_carry_them() -> None:
    # At infinite temperature a draw sets the stance whatever the field: nothing is caused.
    system = couplings.uniform(nx.cycle_graph(50))
    found = seeded_cascades(
        system, seeds=[0, 1], hold=0, temperature=math.inf, sweeps=20, seed=1, replicas=3
    )
    assert (found.table["ever"] == 0).all()
    assert found.table["virality"].isna().all()


def test_reach_is_the_causal_effect_on_the_mean_stance() -> None:
    graph = networks.build("erdos_renyi", seed=2, n=100, mean_degree=4)
    system, T = couplings.uniform(graph), 5.0
    keys = dict(seeds=list(range(10)), temperature=T, sweeps=60, replicas=100, settle=30)
    reach = seeded_cascades(system, seed=5, **keys).table["reach"]
    # Held seeds are a field of J on their friends: the difference of two means, by simulation.
    means = []
    for acts in ([], [Nucleate(30, tuple(range(10)), 1.0, 1, "forever")]):
        *_, last = trajectory(
            system, temperature=T, sweeps=90, seed=77, replicas=100, interventions=acts, every=90
        )
        means.append(last.spins[:, 10:].mean(axis=1) / 2)
    effect = means[1].mean() - means[0].mean()
    error = np.sqrt(sum(x.var() / 100 for x in (*means, reach.to_numpy())))
    assert effect > 4 * error  # there is something to find
    assert abs(reach.mean() - effect) < 4 * error


@pytest.mark.parametrize("feed", [None, feeds.Chronological(strength=0.6)])
def test_a_chain_falls_user_by_user(feed: feeds.Feed | None) -> None:
    n = 12
    system = SpinSystem.from_edges(np.arange(n - 1), np.arange(1, n), h=np.full(n, 0.2))
    found = seeded_cascades(
        system, seeds=[0], temperature=0.0, sweeps=60, seed=3, replicas=2, feed=feed,
        field=-0.1, settle=1,
    )  # fmt: skip
    assert found.parents.tolist() == [[-1, *range(n - 1)]] * 2
    assert (found.table["depth"] == n - 1).all()
    assert (found.table["R"] == 1).all()
    # Wiener index of a path: mean distance (n + 1) / 3.
    np.testing.assert_allclose(found.table["virality"], (n + 1) / 3)


def test_the_feed_is_named_as_the_cause_and_its_author_as_the_parent() -> None:
    # No ties between the two halves: only a feed that shows everybody can cross.
    halves = nx.disjoint_union(nx.complete_graph(6), nx.complete_graph(6))
    system = couplings.uniform(halves, 0.01)
    keys = dict(seeds=list(range(6)), temperature=0.05, sweeps=20, seed=1, replicas=4, settle=5)
    alone = seeded_cascades(system, **keys)
    shown = seeded_cascades(system, **keys, feed=feeds.Random(strength=2.0))
    assert (alone.table["ever"] == 0).all()
    assert (shown.table["ever"] > 0).any()
    reached = shown.parents[:, 6:]
    assert set(np.unique(reached[reached >= 0])) <= set(range(12))
    first = shown.table["feed_share"].dropna()
    assert (first > 0).all()


def test_structural_virality_against_all_pairs() -> None:
    rng = np.random.default_rng(4)
    for _ in range(5):
        n = 30
        parents = np.array([-1, -1, *(rng.integers(-1, i) for i in range(2, n))])
        parents[rng.choice(np.arange(n // 2, n), 5, replace=False)] = -2
        parents = np.array([-2 if p >= 0 and parents[p] == -2 else p for p in parents])
        while any(p >= 0 and parents[p] == -2 for p in parents):
            parents = np.array([-2 if p >= 0 and parents[p] == -2 else p for p in parents])
        graph = nx.Graph()
        graph.add_nodes_from(np.flatnonzero(parents != -2).tolist())
        graph.add_edges_from((i, int(p)) for i, p in enumerate(parents) if p >= 0)
        lengths = dict(nx.all_pairs_shortest_path_length(graph))
        distances = [d for i in lengths for j, d in lengths[i].items() if i < j]
        assert structural_virality(parents) == pytest.approx(np.mean(distances))
    assert math.isnan(structural_virality([-1, -2, -2]))


def test_feeds_are_compared_within_replicas() -> None:
    graph = networks.build("planted_partition", seed=1, n=120, communities=2, k_in=8, k_out=2)
    system = couplings.uniform(graph, normalize="degree")
    designs = {"no feed": None, "again": None, "friends": feeds.Chronological(strength=0.5)}
    keys: dict[str, Any] = {"share": 0.1, "temperature": 1.0, "sweeps": 20, "settle": 5}
    asked = compare_feeds(system, designs, **keys, seed=1, replicas=6, p_values=True)
    # Unasked there is no p, and never an effect that grows as replicas scatter less.
    plain = ["design", "measure", "mean", "sd", "difference", "low", "high"]
    assert list(asked) == [*plain, "p_holm"]
    assert list(compare_feeds(system, designs, **keys, seed=1, replicas=2)) == plain
    table = asked.set_index(["design", "measure"])
    assert (table.loc["again", "difference"] == 0).all()
    assert table.loc[("friends", "reach"), "mean"] > table.loc[("no feed", "reach"), "mean"]
    assert table.loc["no feed", "difference"].isna().all()
    assert table.loc["friends", "p_holm"].notna().any()


def test_a_scenario_becomes_a_cascade_per_design() -> None:
    scenario = Scenario.load(SCENARIO).replace(
        {
            "dynamics.sweeps": 55,
            "dynamics.burn_in": 54,
            "sweep.dynamics.temperature": [0.7, 0.8],
            "observe.every": 5,
        }
    )
    table = cascade_designs(scenario, replicas=2)
    names = [design.name for design in scenario.designs]
    assert table["design"].unique().tolist() == names
    assert sorted(table["dynamics.temperature"].unique()) == [0.7, 0.8]
    reach = table[table["measure"] == "reach"]
    assert len(reach) == 2 * len(names)
    assert reach["mean"].between(0, 1).all()


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"interventions": []}, "exactly one, of kind nucleate"),
        ({"sweep.redraw": ["couplings"]}, "one network"),
        ({"dynamics.temperature": {"kind": "ramp", "start": 1.0, "stop": 0.5}}, "one number"),
    ],
)
def test_scenarios_that_are_no_cascade_are_refused(change: dict, sentence: str) -> None:
    with pytest.raises(InputError, match=sentence):
        cascade_designs(Scenario.load(SCENARIO).replace(change), replicas=1)


@pytest.mark.parametrize(
    "change", [{"hold": -1}, {"stance": 0}, {"sweeps": 0}, {"seeds": [9]}, {"seeds": "loud"}]
)
def test_bad_seeding_is_refused(change: dict) -> None:
    keys = dict(seeds=[0], temperature=1.0, sweeps=5, seed=1, replicas=1)
    with pytest.raises(InputError):
        seeded_cascades(SpinSystem.from_edges([0], [1]), **{**keys, **change})


def lattice(side: int) -> SpinSystem:
    return couplings.uniform(networks.build("lattice", seed=1, shape=[side, side]))


def square(side: int, width: int) -> list[int]:
    return [side * (5 + a) + 5 + b for a in range(width) for b in range(width)]


def test_squares_grow_beyond_twice_coupling_over_field() -> None:
    # h = 0.5: the critical side is 2 / h = 4.
    table = nucleation_probability(
        lattice(32), [square(32, 3), square(32, 5)], temperature=0.7, field=0.5, sweeps=400,
        seed=1, replicas=60, lost=-0.999,
    )  # fmt: skip
    assert table["probability"][0] < 0.25
    assert table["probability"][1] > 0.8
    assert (table["undecided"] < 0.1).all()


def test_critical_droplet_lies_between() -> None:
    size, table = critical_droplet(
        lattice(24), 300, [4, 9, 16, 25, 36], temperature=0.7, field=0.5, sweeps=300, seed=2,
        replicas=16, lost=-0.999,
    )  # fmt: skip
    assert 9 < size < 30
    assert table["probability"].iloc[0] == 0
    assert table["probability"].iloc[-1] == 1


def test_droplets_are_compact() -> None:
    graph = nx.grid_2d_graph(9, 9)
    system = couplings.uniform(nx.convert_node_labels_to_integers(graph))
    assert droplet(system, 40, 1).tolist() == [40]
    assert set(droplet(system, 40, 5)) == {40, 31, 39, 41, 49}
    with pytest.raises(InputError, match="size"):
        droplet(system, 40, 82)


def test_seed_sets_hold_exactly_as_the_criterion_says() -> None:
    rng = np.random.default_rng(1)
    kept = []
    for trial in range(40):
        graph = nx.gnm_random_graph(14, 30, seed=trial)
        system = SpinSystem(couplings.uniform(graph).J, h=rng.choice([0.5, 2.5, 4.5], 14))
        members = rng.choice(14, 7, replace=False)
        spins = np.full(14, -1, np.int8)
        spins[members] = 1
        # Members flip at T = 0 iff one has a field against it; couplings >= 0 leave no way back.
        others = [i for i in range(14) if i not in members]
        held = [Nucleate(0, others, 1.0, -1, "forever")]
        *_, last = trajectory(
            system,
            temperature=0.0,
            sweeps=60,
            seed=trial,
            start=spins,
            interventions=held,
            every=60,
        )
        stays = bool((last.spins[0, members] == 1).all())
        assert stays == holds_at_zero_temperature(system, members)
        kept.append(stays)
    assert 0 < sum(kept) < 40


def test_critical_mass_of_the_complete_graph() -> None:
    # x = tanh((p + (1 - p) x)/T) loses its negative solution at p_c: a spinodal in the field p.
    n, T = 500, 0.6

    def spinodal(p: float) -> float:
        a = 1 - p
        return p - (math.sqrt(a * (a - T)) - T * math.atanh(math.sqrt(1 - T / a)))

    exact_share = brentq(spinodal, 1e-3, 1 - T - 1e-6)
    system = SpinSystem((np.ones((n, n)) - np.eye(n)) / n)
    found = critical_mass(
        system, [0.04, 0.08, 0.12, 0.16], temperature=T, sweeps=100, seed=2, replicas=10
    )
    assert exact_share == pytest.approx(0.1156, abs=1e-4)
    # Fluctuations of 500 users escape a little earlier, never later.
    assert 0.04 <= found.low < found.share < found.high <= 0.16
    assert found.table["probability"].iloc[0] == 0
    assert found.table["probability"].iloc[-1] == 1


def test_critical_mass_holds_the_place_between_two_shares() -> None:
    """Four curves of twenty wins or none were `.12 [.12, .12]` to a bootstrap."""
    shares, rng = np.array([0.04, 0.08, 0.12, 0.16, 0.2]), np.random.default_rng(6)
    for runs, least in ((5, 0.9), (10, 0.93), (20, 0.93)):
        for width in (0.001, 0.01, 0.05):
            held = 0
            for place in rng.uniform(0.06, 0.18, 400):
                won = rng.binomial(runs, 1 / (1 + np.exp(-(shares - place) / width)))
                low, high = _half_interval(shares, won, runs)
                held += low <= place <= high
            assert held / 400 >= least, (runs, width)
    sharp = _half_interval(shares, np.array([0, 0, 20, 20, 20]), 20)
    assert sharp == (0.08, 0.12)
    assert np.isnan(_half_interval(shares, np.array([0, 0, 4, 4, 4]), 4)).all()


def test_an_experiment_on_seeds_is_a_study_whoever_does_it(tmp_path: Path) -> None:
    system = couplings.uniform(nx.complete_graph(30))
    keys = dict(temperature=0.3, sweeps=20, seed=1, replicas=5)
    alone = critical_mass(system, [0.1, 0.3, 0.6], **keys)
    with ThreadPoolExecutor(2) as hands:
        found = critical_mass(
            system, [0.1, 0.3, 0.6], out=tmp_path / "out", executor=hands, workers=2, **keys
        )
    pd.testing.assert_frame_equal(found.table, alone.table)
    assert found[:3] == alone[:3]
    opened = sp.open(tmp_path / "out")
    pd.testing.assert_frame_equal(opened.tables["critical_mass"], alone.table)
    assert opened.question["shares"] == [0.1, 0.3, 0.6]
    parts = {path: path.stat().st_mtime_ns for path in (tmp_path / "out" / "parts").iterdir()}
    critical_mass(system, [0.1, 0.3, 0.6], out=tmp_path / "out", workers=1, **keys)
    assert {path: path.stat().st_mtime_ns for path in parts} == parts
    for other in ({"won": 0.4}, {"start": np.ones(30)}, {"temperature": 0.2}):
        with pytest.raises(InputError, match="differs; choose another --out"):
            critical_mass(system, [0.1, 0.3, 0.6], out=tmp_path / "out", **(keys | other))
    told = threading.Event()
    told.set()
    with pytest.raises(sp.errors.Cancelled):
        nucleation_probability(system, [[0], [1]], cancel=told, workers=1, **keys)


def test_critical_mass_says_when_it_is_outside() -> None:
    system = couplings.uniform(nx.complete_graph(20))
    keys = dict(temperature=0.1, sweeps=10, seed=1, replicas=3)
    assert critical_mass(system, [0.05, 0.1], **keys).share == math.inf
    assert critical_mass(system, [0.8, 0.9], **keys).share == -math.inf
    with pytest.raises(InputError, match="increasing"):
        critical_mass(system, [0.2, 0.1], **keys)
