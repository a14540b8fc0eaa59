"""Hysteresis loops: coercive fields, an outrage feed, and no loop where there is no memory."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from scipy import optimize, stats

from sociophysics.errors import InputError
from sociophysics.experiments import hysteresis
from sociophysics.experiments.loops import HysteresisLoop, loop
from sociophysics.scenario import Scenario
from sociophysics.theory.closed_forms import coercive_field

FIELDS = [-0.5, -0.4, -0.35, -0.3, -0.25, -0.2, -0.1, 0.0, 0.1, 0.2, 0.25, 0.3, 0.35, 0.4, 0.5]


def in_field(temperature: float, n: int = 300, **changes: object) -> Scenario:
    scenario = Scenario.from_toml(
        f'seed = 3\nnetwork = {{kind = "complete", n = {n}}}\n'
        f'couplings = {{kind = "uniform", value = {1 / n}}}\n'
        'field = {kind = "uniform", value = 0.0}\n'
        f"dynamics = {{temperature = {temperature}, sweeps = 40, burn_in = 20, "
        'start = "down"}\nobserve = {every = 2}\nsweep = {replicas = 6}\n'
    )
    return scenario.replace(changes) if changes else scenario


def outrage(n: int, k_in: float, k_out: float, sweeps: int, replicas: int) -> Scenario:
    # Normalized by degree, temperature 0.9/1.1 is 0.9 in units of the coupling within a camp.
    return Scenario.from_toml(
        f'seed = 3\nnetwork = {{kind = "planted_partition", n = {n}, communities = 2, '
        f"k_in = {k_in}, k_out = {k_out}}}\n"
        'couplings = {kind = "uniform", normalize = "degree"}\n'
        f"dynamics = {{temperature = {0.9 / 1.1}, sweeps = {sweeps}, burn_in = {sweeps // 2}, "
        'start = "up"}\nfeed = {kind = "outrage", strength = 0.0}\n'
        f"observe = {{every = 5}}\nsweep = {{replicas = {replicas}}}\n"
    )


def test_the_complete_graph_flips_at_its_coercive_field() -> None:
    found = loop(in_field(0.5), "field.value", FIELDS)
    exact = coercive_field(0.5)
    assert found.theory[0].value == pytest.approx(exact, rel=0.03)
    assert found.on.mean == pytest.approx(exact, abs=0.05)
    assert found.off.mean == pytest.approx(-exact, abs=0.05)
    # The area of a square loop: twice the coercive field times twice the magnetization.
    assert found.area.mean == pytest.approx(4 * exact * 0.9575, rel=0.15)
    assert found.area.low > 0.5
    # At field 0 the society is where it came from: the state is carried along.
    zero = found.table[found.table["field.value"] == 0].set_index("direction")["mean"]
    assert zero["up"] < -0.9
    assert zero["down"] > 0.9
    assert found.table["direction"].tolist() == ["up"] * len(FIELDS) + ["down"] * len(FIELDS)
    assert found.table["field.value"].tolist() == [*FIELDS, *FIELDS[::-1]]


def test_there_is_no_loop_above_the_transition() -> None:
    area, table = hysteresis(in_field(1.5), "field.value", FIELDS)
    low, high = table.attrs["area"][1:]
    assert low < 0 < high
    assert abs(area) < 0.03
    assert table.attrs["observable"] == "magnetization"


def test_noise_is_not_met_twice() -> None:
    scenario = in_field(50.0, n=60)
    found = loop(scenario, "field.value", [-1.0, 0.0, 1.0])
    # In pure noise the values at one field would be equal if ways up and down shared their noise.
    up, down = found.curves[:, 0, 1], found.curves[:, 1, 1]
    assert not np.isclose(up, down).any()


def test_segments_do_not_share_their_noise() -> None:
    changes = {"dynamics.sweeps": 400, "dynamics.burn_in": 0, "observe.every": 1}
    found = loop(in_field(1e9, n=2, **changes), "couplings.value", [-1.0, 0.0, 1.0])
    # In pure noise two users who flip at the same times twice agree in the same frames both
    # times, or in just the others.
    up, down = found.curves[:, 0, :2], found.curves[:, 1, :2]
    assert not (np.isclose(up, down) | np.isclose(up, 1 - down)).all(axis=0).any()
    first, second = found.curves[:, 0, 0], found.curves[:, 0, 1]
    assert not (np.isclose(first, second) | np.isclose(first, 1 - second)).all()


def test_cooling_and_heating_differ_below_the_transition_only_by_what_was_chosen() -> None:
    scenario = in_field(1.0, **{"field": {"kind": "none"}, "dynamics.start": "up"})
    found = loop(scenario, "dynamics.temperature", [0.4, 0.7, 1.0, 1.3, 1.6])
    assert found.observable == "abs_magnetization"
    up = found.table[found.table["direction"] == "up"]["mean"].to_numpy()
    assert up[0] > 0.95
    assert up[-1] < 0.3
    assert found.area.mean == pytest.approx(0.0, abs=0.1)
    # To which side a society cools is chance, and no area either.
    either = loop(scenario, "dynamics.temperature", list(found.values), observable="magnetization")
    assert either.curves[:, 1, 0].min() < -0.9 < 0.9 < either.curves[:, 1, 0].max()
    assert either.area.mean == pytest.approx(0.0, abs=0.1)


def test_an_outrage_feed_splits_camps_and_keeps_them_split() -> None:
    found = loop(outrage(600, 100, 10, 60, 6), "feed.strength", [i / 10 for i in range(11)])
    on, off = (each.value for each in found.theory)
    assert found.observable == "abs_camp_polarization"
    # Mean field 0.787/1.1 and 0.061/1.1; small groups escape earlier, in both directions.
    assert on == pytest.approx(0.787 / 1.1, rel=0.02)
    assert off == pytest.approx(0.061 / 1.1, rel=0.1)
    assert 0.3 < found.on.mean < on
    assert off < found.off.mean < 0.2
    assert 0.2 < found.area.mean < on - off
    assert found.area.low > 0  # skewed: one of the six replicas reunites late


def test_a_feed_without_memory_of_the_past_has_no_loop() -> None:
    scenario = in_field(2.0, **{"feed": {"kind": "editorial", "strength": 0.0}})
    found = loop(scenario, "feed.strength", [0.0, 0.5, 1.0, 1.5, 2.0], observable="magnetization")
    assert found.area.low - 0.02 < 0 < found.area.high + 0.02
    assert found.curves[:, :, -1].min() > 0.6


@pytest.mark.parametrize(
    ("changes", "along", "words"),
    [
        ({}, "dynamics.burn_in", "cannot be turned up and down while a society runs"),
        ({}, "network.n", "changes who the users or their camps are .10 users.*30 at the highest"),
        ({}, "couplings.valu", "which no design has.*couplings.value"),
        ({}, "observe.every", "which no design has"),
        (
            {"field.value": {"kind": "ramp", "start": 0.0, "stop": 1.0}},
            "couplings.value",
            "changes couplings.value by itself, but temperature or field follow a schedule",
        ),
        (
            {"dynamics.stop_when": "abs(magnetization) > 0.9"},
            "couplings.value",
            "stop_when is .* has to come back",
        ),
        (
            {"interventions": [{"kind": "heat", "at": 3, "temperature": 1.0}]},
            "field.value",
            "has interventions; remove them",
        ),
        ({"observe.every": 40, "dynamics.burn_in": 0}, "field.valu", "which no design has"),
    ],
)
def test_bad_input_is_one_sentence(changes: dict[str, object], along: str, words: str) -> None:
    with pytest.raises(InputError, match=words):
        hysteresis(in_field(1.0, n=20, **changes), along, [10, 20, 30])


COUPLED = [0.01, 0.03, 0.05]
ACROSS = [round(0.1 * k - 0.6, 1) for k in range(13)]


def two_camps(temperature: float, n: int = 120) -> Scenario:
    # Everyone is tied to everyone; the couplings within a camp add up to 1, as do those across
    # for a value of 2 / n.
    return Scenario.from_toml(
        f'seed = 5\nnetwork = {{kind = "planted_partition", n = {n}, communities = 2, '
        f"k_in = {n // 2 - 1}, k_out = {n // 2}}}\n"
        f'couplings = {{kind = "camps", within = {2 / n}, across = 0.0}}\n'
        f"dynamics = {{temperature = {temperature}, sweeps = 40, burn_in = 20, "
        'start = "camps"}\nobserve = {every = 2}\nsweep = {replicas = 10}\n'
    )


def area_p(found: HysteresisLoop) -> float:
    """Return the p-value of no area, over replicas."""
    curves = found.curves
    areas = np.trapezoid(curves[:, 1] - curves[:, 0], found.values, axis=1)
    return float(stats.ttest_1samp(areas, 0.0).pvalue)


def split_is_lost() -> float:
    """Return the coupling across, at T = 0.5, where the mean-field split becomes unstable."""

    def excess(across: float) -> float:
        m = 1.0
        for _ in range(2000):
            m = float(np.tanh((1 - across) * m / 0.5))
        return (1 - m * m) * (1 + across) - 0.5

    return float(optimize.brentq(excess, 0.0, 0.45))


def test_camps_reunite_late_and_split_late_along_the_coupling_across() -> None:
    across = [each * 2 / 120 for each in ACROSS]
    found = loop(two_camps(0.5), "couplings.across", across)
    assert found.observable == "abs_camp_polarization"
    limit = split_is_lost() * 2 / 120
    # Small camps escape before the state is lost, in both directions, but after the coupling
    # has changed its sign; to flip one camp turns one direction into the other.
    assert 0.3 * limit < found.on.mean < 1.1 * limit
    assert -1.1 * limit < found.off.mean < -0.3 * limit
    assert found.area.high < 0
    assert area_p(found) < 1e-4
    together = hysteresis(
        two_camps(0.5), "couplings.across", across, observable="abs_magnetization"
    )
    low, high = together.table.attrs["area"][1:]
    assert 0 < low < together.area < high
    zero = together.table[together.table["couplings.across"] == 0].set_index("direction")["mean"]
    assert zero["up"] < 0.3
    assert zero["down"] > 0.7


def test_hot_camps_have_no_loop_along_the_coupling_across() -> None:
    found = loop(two_camps(3.0), "couplings.across", [each * 2 / 120 for each in ACROSS])
    assert area_p(found) > 1e-4
    assert abs(found.area.mean) < 0.05 * 2 / 120


def test_stronger_couplings_are_a_lower_temperature() -> None:
    temperatures = [0.5, 0.8, 1.0, 1.25, 2.5]
    scenario = in_field(1.0, n=60, **{"field": {"kind": "none"}, "sweep.replicas": 25})
    heated = loop(scenario.replace({"dynamics.start": "up"}), "dynamics.temperature", temperatures)
    values = [1 / 60 / each for each in temperatures]
    tied = loop(scenario.replace({"dynamics.start": "random"}), "couplings.value", values)
    # Rising couplings cool: ways and values are in reverse order.
    same = tied.curves[:, ::-1, ::-1]
    for way in range(2):
        for k in range(len(temperatures)):
            met = stats.ks_2samp(heated.curves[:, way, k], same[:, way, k])
            assert met.pvalue > 1e-4 / 10
    assert same[:, :, 0].min() > 0.8
    assert same[:, :, -1].max() < 0.5


@pytest.mark.parametrize(
    ("changes", "along", "values"),
    [
        ({"feed": {"kind": "memory", "strength": 0.2, "tau": 5.0}}, "couplings.value", COUPLED),
        (
            {"couplings": {"kind": "gaussian"}, "sweep.redraw": ["couplings"]},
            "couplings.mean",
            [-1, 0, 1],
        ),
        (
            {"network": {"kind": "erdos_renyi", "n": 20, "mean_degree": 4.0}},
            "network.mean_degree",
            [2, 4, 8],
        ),
    ],
)
def test_a_replica_does_not_depend_on_who_else_runs(
    changes: dict[str, object], along: str, values: list[float]
) -> None:
    scenario = in_field(1.0, n=20, **changes)
    alone = loop(scenario, along, values, replicas=2)
    with ThreadPoolExecutor(2) as executor:
        many = loop(scenario, along, values, replicas=7, executor=executor)
    np.testing.assert_array_equal(many.curves[:2], alone.curves)
    assert np.unique(many.curves[:, 0, 1]).size > 1


@pytest.mark.validate
def test_the_outrage_loop_of_a_large_society(
    record_property: Callable[[str, object], None],
) -> None:
    values = [round(0.02 * k, 2) for k in range(51)]
    found = loop(outrage(4000, 400, 40, 40, 3), "feed.strength", values)
    record_property("splits at (mean field 0.715)", found.on.mean)
    record_property("reunites at (mean field 0.055)", found.off.mean)
    assert 0.60 / 1.1 < found.on.mean < 0.787 / 1.1
    assert 0.049 / 1.1 < found.off.mean < 0.1 / 1.1
    narrow = [i / 100 for i in range(-32, 33, 2)]
    field = loop(in_field(0.5, n=2000, **{"dynamics.sweeps": 100}), "field.value", narrow)
    record_property("coercive field (exact 0.2664)", field.on.mean)
    assert field.on.mean == pytest.approx(coercive_field(0.5), rel=0.12)
