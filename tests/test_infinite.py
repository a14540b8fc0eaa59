"""The critical temperature of the infinite society: reweighting, crossings, extrapolation."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest

from sociophysics.errors import InputError
from sociophysics.experiments import binder_crossing
from sociophysics.experiments.infinite import _sizes, extrapolate
from sociophysics.experiments.reweighting import curve, jackknife
from sociophysics.experiments.samples import Sample
from sociophysics.scenario import Scenario
from sociophysics.theory.closed_forms import onsager_temperature, random_regular_temperature

ERDOS_RENYI = 3.915230  # mean degree 4: 1/atanh(1/4)


def society(network: str, seed: int = 1, couplings: str = 'kind = "uniform"') -> Scenario:
    return Scenario.from_toml(
        f"seed = {seed}\nnetwork = {{{network}}}\ncouplings = {{{couplings}}}\n"
        "dynamics = {temperature = 1.0, sweeps = 10}\n"
    )


def square(seed: int = 1) -> Scenario:
    return society('kind = "lattice", shape = [4, 4]', seed)


def regular(seed: int = 1) -> Scenario:
    return society('kind = "random_regular", n = 64, degree = 3', seed)


def test_reweighting_is_exact_on_a_small_society() -> None:
    n, temperatures = 8, np.array([1.6, 2.0, 2.6])
    states = 2 * ((np.arange(2**n)[:, np.newaxis] >> np.arange(n)) & 1) - 1
    m, energy = states.mean(axis=1), -(states * np.roll(states, 1, axis=1)).sum(axis=1)
    weight = np.exp(-energy / 2.0)
    rng = np.random.default_rng(1)
    drawn = rng.choice(2**n, p=weight / weight.sum(), size=(40, 64, 20))
    sample = Sample(
        size=n, users=n, temperature=2.0, m=m[drawn], energy=energy[drawn].astype(float),
        redrawn=False,
    )  # fmt: skip
    found = curve(sample, temperatures)
    errors = np.sqrt(39 / 40 * ((found.without - found.without.mean(axis=0)) ** 2).sum(axis=0))
    weights = np.exp(-energy / temperatures[:, np.newaxis])
    second, fourth = ((weights * m**k).sum(axis=1) / weights.sum(axis=1) for k in (2, 4))
    exact = 1 - fourth / (3 * second**2)
    assert (np.abs(found.value - exact) < 4.5 * errors).all()
    assert errors.max() < 0.004
    # Not reweighted, the sample is rejected.
    assert (np.abs(found.value[1] - exact[[0, 2]]) > 4.5 * errors[[0, 2]]).all()


def test_the_square_lattice_is_found_within_its_interval() -> None:
    found = extrapolate(square(), sizes=[4, 8, 16], updates=4e8)
    low, high = found.interval
    assert low < onsager_temperature() < high
    assert high - low < 0.1
    assert not low < 1.1 * onsager_temperature() < high
    assert list(found.pairs.columns) == ["small", "large", "crossing", "error"]
    assert set(found.table["size"]) == {4, 8, 16}


def test_random_networks_are_redrawn_and_extrapolated() -> None:
    crossing = binder_crossing(regular(), values=[1.5, 1.8, 2.1], sizes=[64, 180, 512], updates=1e9)
    assert crossing.infinite
    low, high = crossing.interval
    assert low < random_regular_temperature(3) < high
    assert high - low < 0.2
    assert set(crossing.table["size"]) == {64, 180, 512}


def test_nothing_crosses_above_the_transition_or_on_a_ring() -> None:
    crossing = binder_crossing(regular(), values=[3.0, 4.0, 5.0], sizes=[64, 256], updates=1e8)
    assert np.isnan(crossing.value)
    assert np.isnan(crossing.interval).all()
    assert "do not cross" in crossing.note
    ring = society('kind = "lattice", shape = [32]')
    crossing = binder_crossing(ring, values=[0.8, 1.2, 2.0], sizes=[8, 16, 32], updates=1e8)
    assert np.isnan(crossing.value)


def test_moments_are_freed_of_what_chance_made_of_the_ties() -> None:
    rng = np.random.default_rng(1)
    degrees = 0.1 * rng.normal(size=(60, 2))
    apart = 1 + degrees @ [2.0, 1.0]  # networks with more ties are more ordered
    sides = rng.choice([-1.0, 1.0], size=(60, 64, 40))
    m = rng.normal(size=sides.shape) + sides * apart[:, np.newaxis, np.newaxis]
    plain = Sample(
        size=9, users=9, temperature=1.0, m=m, energy=np.zeros_like(m), redrawn=True
    )  # fmt: skip
    at = np.array([1.0])
    before, after = (curve(each, at) for each in (plain, replace(plain, degrees=degrees)))
    assert abs(after.value[0] - before.value[0]) < 4 * np.sqrt(jackknife(before.without[:, 0]))
    assert jackknife(after.without[:, 0]) < 0.3 * jackknife(before.without[:, 0])


def test_a_third_size_is_added_to_two() -> None:
    settings = square().cases()[0].settings
    assert _sizes(settings, [16, 32]) == (8, 16, 32)
    assert _sizes(settings, [4, 8]) == (4, 6, 8)
    graph = regular().cases()[0].settings
    assert _sizes(graph, [100, 400]) == (100, 200, 400)
    assert _sizes(graph, None) == (256, 1024, 4096)
    with pytest.raises(InputError, match="too close to extrapolate from"):
        _sizes(settings, [4, 5])


def test_a_feed_or_a_field_is_not_extrapolated() -> None:
    pulled = square().replace(
        {"field": {"kind": "uniform", "value": 0.1}, "dynamics.sweeps": 40, "sweep.replicas": 3}
    )
    crossing = binder_crossing(pulled, values=[1.0, 2.0, 3.0], sizes=[4, 6])
    assert not crossing.infinite
    assert "a field acts" in crossing.note


@pytest.mark.parametrize(
    ("scenario", "words"),
    [
        (society('kind = "barabasi_albert", n = 50, m = 2'), "hubs grow with size"),
        (society('kind = "complete", n = 50'), "total coupling grows with size"),
        (society('kind = "watts_strogatz", n = 50, k = 2, p = 0.0'), "a ring has no transition"),
        (society('kind = "bundled", name = "karate", camp = "club"'), "no infinite society"),
    ],
)
def test_societies_without_a_limit_are_told_so(scenario: Scenario, words: str) -> None:
    with pytest.raises(InputError, match=words):
        binder_crossing(scenario, values=[1.0, 2.0, 3.0])


@pytest.mark.validate
@pytest.mark.parametrize(
    ("kind", "network", "exact", "sizes", "updates"),
    [
        ("square", 'kind = "lattice", shape = [4, 4]', 2.269185, None, 4e9),
        ("regular", 'kind = "random_regular", n = 64, degree = 3', 1.820478, (128, 512, 2048), 6e9),
        ("random", 'kind = "erdos_renyi", n = 64, mean_degree = 4.0', ERDOS_RENYI,
         (128, 512, 2048), 6e9),
    ],
)  # fmt: skip
def test_the_interval_holds_the_truth_in_26_of_30_repetitions(
    kind: str,
    network: str,
    exact: float,
    sizes: tuple[int, ...] | None,
    updates: float,
    record_property: Callable[[str, object], None],
) -> None:
    found = [
        extrapolate(society(network, seed), sizes=sizes, updates=updates) for seed in range(30)
    ]
    held = sum(each.interval[0] < exact < each.interval[1] for each in found)
    errors = np.array([each.value / exact - 1 for each in found])
    record_property(f"{kind}: intervals that hold the truth, of 30", held)
    record_property(f"{kind}: root mean square error, %", 100 * float(np.sqrt((errors**2).mean())))
    assert held >= 26


@pytest.mark.validate
@pytest.mark.parametrize(
    ("kind", "network", "exact", "most"),
    [
        ("square", 'kind = "lattice", shape = [4, 4]', 2.269185, 0.001),
        ("regular", 'kind = "random_regular", n = 64, degree = 3', 1.820478, 0.005),
        ("random", 'kind = "erdos_renyi", n = 64, mean_degree = 4.0', ERDOS_RENYI, 0.005),
    ],
)
def test_the_whole_budget_is_precise(
    kind: str,
    network: str,
    exact: float,
    most: float,
    record_property: Callable[[str, object], None],
) -> None:
    found = binder_crossing(society(network), workers=2)
    low, high = found.interval
    record_property(f"{kind}: error, %", 100 * (found.value / exact - 1))
    record_property(f"{kind}: half width, %", 50 * (high - low) / exact)
    assert abs(found.value / exact - 1) < most
    assert low < exact < high
