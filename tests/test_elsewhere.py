"""The pages of docs/elsewhere: every number that they state."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

import sociophysics as sp
from tests.test_transitions import elsewhere

PAGES = Path(__file__).parent.parent / "docs" / "elsewhere"

CAPACITY = """
seed = 1
network = {kind = "complete", n = 300}
couplings = {kind = "hopfield", patterns = 10}
dynamics = {temperature = 0.1, sweeps = 40, burn_in = 20, start = "up"}
observe = {every = 4, names = ["abs_magnetization"]}
[sweep]
replicas = 10
redraw = ["couplings"]
"""


@pytest.mark.parametrize(("load", "known"), [(0.05, 1.0), (0.10, 0.998), (0.12, 0.993)])
def test_patterns_below_capacity_are_retrieved(load: float, known: float) -> None:
    found = elsewhere("memory").retrieved(load, 0.0, users=1000, tried=16, sweeps=15, seed=2)
    assert abs(found.mean() - known) < 0.003


@pytest.mark.validate
def test_beyond_capacity_no_pattern_is_retrieved(record_property: Any) -> None:
    found = elsewhere("memory").retrieved(0.18, 0.0, users=2000, tried=16, sweeps=60, seed=3)
    record_property("largest", float(found.max()))
    assert found.max() < 0.9
    assert found.mean() < 0.45


@pytest.mark.validate
def test_capacity_is_a_tipping_point_that_locate_finds(record_property: Any) -> None:
    values = [9, 18, 27, 36, 45, 54, 63, 72]
    found = sp.experiments.locate(
        sp.Scenario.from_toml(CAPACITY), "couplings.patterns", values, workers=1
    )
    record_property("patterns", found.value)
    assert found.kind == "first-order"
    assert found.interval[0] / 300 < 0.138 < found.interval[1] / 300


def test_the_first_random_pattern_of_a_scenario_is_consensus() -> None:
    settings = sp.Scenario.from_toml(CAPACITY).cases()[0].settings
    system, _ = sp.cases.build_system(settings, 0)
    assert (system.local_field(np.ones(300)) > 0).all()


@pytest.mark.parametrize(
    ("temperature", "known"),
    [
        (0.5, 0.858),
        pytest.param(0.8, 0.724, marks=pytest.mark.validate),
        pytest.param(0.893, 0.659, marks=pytest.mark.validate),
        (1.0, 0.483),
        pytest.param(1.2, 0.064, marks=pytest.mark.validate),
    ],
)
def test_rotors_are_as_stiff_as_known(temperature: float, known: float) -> None:
    keys = {"side": 16, "copies": 8, "sweeps": 700, "burn_in": 150, "seed": 1}
    assert abs(elsewhere("order").helicity(temperature, **keys) - known) < 0.03


def test_unlike_neighbours_separate_in_the_cold_and_nobody_is_lost() -> None:
    order = elsewhere("order")
    cold, warm = (order.segregated(t, side=48, sweeps=120, seed=1) for t in (1.5, 1e9))
    assert cold.sum() == warm.sum() == 0
    assert abs(order.alike(warm) - (48**2 / 2 - 1) / (48**2 - 1)) < 0.03
    assert order.alike(cold) > 0.7


def test_steep_directions_have_the_temperature_of_the_learning_rate() -> None:
    learning = elsewhere("learning")
    for a in (0.1, 1.0, 5.0):
        found = learning.simulated_loss(a, 0.02, 1.0, walkers=2000, steps=1500, seed=1)
        assert abs(found / learning.thermal_loss(a, 0.02, 1.0) - 1) < 0.02


def test_the_best_schedule_reaches_its_bound_and_the_others_end_as_told() -> None:
    learning = elsewhere("learning")
    keys = {"a": 2.0, "sigma": 0.1, "eta": 0.1, "steps": 1000}
    end = {k: learning.final_loss(f, **keys) for k, f in learning.schedules(2.0, 0.1, 1000).items()}
    start = 2 * learning.thermal_loss(2.0, 0.1, 0.1) / 2.0
    assert end["best"] == pytest.approx(1 / (1 + 4 * 1000 * start / 0.01), rel=1e-3)
    assert end["best"] == pytest.approx(0.008920, rel=1e-3)
    ratios = {name: value / end["best"] for name, value in end.items()}
    for name, told in (
        ("exponential", 1.95),
        ("exponential, best rate", 1.77),
        ("cosine", 4.67),
        ("linear", 6.36),
        ("constant", 112),
    ):
        assert ratios[name] == pytest.approx(told, rel=5e-3)


def test_work_and_heat_add_up_to_the_change_of_loss() -> None:
    change, work, heat = elsewhere("learning").first_law(steps=500, seed=1)
    assert abs(change - work - heat) < 1e-12
    assert min(abs(work), abs(heat)) > 1e-3


def test_noise_turns_a_walker_round_where_the_river_narrows() -> None:
    drift = elsewhere("learning").river_drift
    keys = {"c": 0.05, "alpha": 1.0, "sigma": 1.0, "walkers": 20_000, "steps": 60, "seed": 1}
    assert drift(0.1, **keys) > 0.01
    assert drift(0.3, **keys) < -0.01


def test_the_rare_skill_waits_and_then_needs_hardly_longer() -> None:
    first, second = elsewhere("learning").domino(np.array([1.0, 0.1]), rate=1e-3, wasted=0.0)
    assert second / first == pytest.approx(1.718, abs=0.01)


def test_tasks_beyond_the_number_of_weights_teach_to_learn() -> None:
    keys = {"dimension": 10, "examples": 100, "ridge": 0.01}
    learned = elsewhere("learning").in_context
    few = np.mean([learned(10, seed=k, **keys) for k in range(4)])
    more = np.mean([learned(200, seed=k, **keys) for k in range(4)])
    assert abs(few - 1.17) < 0.05
    assert abs(more - 0.24) < 0.05
    assert abs(learned(10_000, seed=0, **keys) - 0.11) < 0.03


@pytest.mark.validate
def test_the_two_temperatures_of_a_trained_network(record_property: Any) -> None:
    from sklearn.datasets import load_digits

    network = elsewhere("trained_network")
    x, labels = load_digits(return_X_y=True)
    keys = {"width": 64, "epochs": 30, "rate": 0.1, "decay": 0.01, "seed": 1}
    told = network.trained(x / 8 - 1, labels, **keys)
    chance = network.trained(x / 8 - 1, np.random.default_rng(1).permutation(labels), **keys)
    record_property("glass", told[-1][1])
    record_property("order", told[-1][2])
    assert told[-1][1] < told[0][1]
    assert told[-1][2] > 1.2 * told[0][2]
    assert told[-1][3] > 0.95
    assert chance[-1][2] < chance[0][2]


def test_layers_start_at_their_glass_temperature_and_sampling_changes_no_weight() -> None:
    network = elsewhere("trained_network")
    rng = np.random.default_rng(1)
    weights = [rng.normal(size=(300, 300)) / 300**0.5 for _ in range(2)]
    assert abs(network.temperatures(weights)[0] - 2**0.25) < 0.01
    kept = [w.copy() for w in weights]
    cold, hot = (network.outputs(weights, rng.normal(size=(5, 300)), t) for t in (0.01, 100.0))
    assert cold.max(axis=1).mean() > hot.max(axis=1).mean()
    assert all((a == b).all() for a, b in zip(kept, weights, strict=True))


@pytest.mark.parametrize("name", ["memory", "order", "learning"])
def test_every_page_is_listed_and_has_its_picture(name: str) -> None:
    page = (PAGES / f"{name}.md").read_text(encoding="utf-8")
    assert f"({name}.png)" in page
    assert (PAGES / f"{name}.png").stat().st_size > 5000
    assert f"({name}.md)" in (PAGES / "README.md").read_text(encoding="utf-8")
