"""The answer of a run: where it stands, over which sweeps, and when there is none."""

from __future__ import annotations

import time
from typing import Any

import numpy as np
import pytest

import sociophysics as sp
from sociophysics import statistics
from sociophysics.cli.printed_summary import show
from sociophysics.report import render
from sociophysics.report.wording import theory_lines
from sociophysics.scenario import Scenario, with_declared
from sociophysics.study.expected import ENDS, Expected, expected
from sociophysics.study.results import Run, at, outcome
from sociophysics.study.results.comparison import user_spread
from sociophysics.study.results.windows import windows
from sociophysics.study.society_card import card, measured_flips
from tests.laws import ALPHA
from tests.synthetic_runs import make_run, scenario_run

BASE = """
seed = 7
[network]
kind = "complete"
n = 10
[couplings]
kind = "uniform"
[dynamics]
temperature = 0.9
sweeps = 200
burn_in = 100
[observe]
every = 10
names = ["camp_polarization", "energy"]
"""
DESIGNS = '[[designs]]\nname = "none"\n[[designs]]\nname = "feed"\nfeed = { kind = "random" }\n'


def level(function: Any) -> Any:
    """Values of a replica: ``function(design, T, sweeps)`` and a little noise of its own."""

    def value(name: str, case: Any, replica: int, sweeps: Any) -> Any:
        T = case.point.get("dynamics.temperature", 0.9)
        noise = np.random.default_rng([replica, len(case.design), int(100 * T)])
        return function(case.design, T, sweeps) + noise.normal(0, 0.01, sweeps.size)

    return value


def swept(values: str, function: Any, extra: str = "") -> Run:
    text = BASE + extra + DESIGNS + f'[sweep]\nreplicas = 6\n"dynamics.temperature" = {values}\n'
    scenario = with_declared(Scenario.from_toml(text, name="swept"))
    return scenario_run(scenario.to_toml(), level(function))


def acts(text: str, function: Any) -> Run:
    return scenario_run(BASE + text + "[sweep]\nreplicas = 6\n", level(function))


# Where the answer stands


@pytest.mark.parametrize(
    ("listed", "whole"),
    [
        ("[0.3, 0.5]", (0.3, 0.5, 0.9)),
        ("[1.2, 0.5]", (1.2, 0.9, 0.5)),
        ("[0.5, 0.3, 1.2]", (0.5, 0.3, 1.2, 0.9)),
        ("[0.5, 0.9]", (0.5, 0.9)),
        ("{ start = 0.8, stop = 1.0, step = 0.2 }", (0.8, 0.9, 1.0)),
    ],
)
def test_a_declared_value_that_is_not_listed_is_added(listed: str, whole: Any) -> None:
    text = BASE + f'[sweep]\n"dynamics.temperature" = {listed}\n'
    once = with_declared(Scenario.from_toml(text))
    assert once.sweep.axes["dynamics.temperature"] == whole
    assert with_declared(once) == once


@pytest.mark.parametrize(
    "swept",
    [
        '"feed.slots" = [5, 10]',  # no slots is no number
        '"network.n" = [10, 20]',
        '"dynamics.sweeps" = [10, 20]\n"dynamics.burn_in" = [0, 5]',  # 100 does not go with 10
    ],
)
def test_what_declares_no_value_or_does_not_go_together_is_left_as_it_is(swept: str) -> None:
    text = BASE + '[feed]\nkind = "popularity"\n[sweep]\n' + swept
    scenario = Scenario.from_toml(text)
    assert with_declared(scenario) is scenario


def test_the_answer_stands_where_the_file_says_whatever_was_found_elsewhere() -> None:
    # Designs differ most at .3; the file declares .9.
    run = swept("[0.3, 0.6]", lambda d, T, s: (0.9 - T) if d == "feed" else 0.0)
    assert run.declared == {"dynamics.temperature": 0.9}
    few = Run(table=run.table[run.table["replica"] < 2], manifest={}, scenario=run.scenario)
    assert few.declared == run.declared
    text = render(run)
    assert "dynamics.temperature = 0.9" in text[text.index("<h2>Answer") :][:300]
    assert "differ most" not in text


def test_all_other_points_follow(capsys: pytest.CaptureFixture[str]) -> None:
    run = swept("[0.3, 0.6]", lambda d, T, s: (1.0 - T) if d == "feed" else 0.0)
    show(run)
    said = capsys.readouterr().out
    first, _, rest = said.partition("mean camp_polarization at each")
    assert "dynamics.temperature = 0.9" in first
    row = next(line for line in rest.splitlines() if line.strip().startswith("feed"))
    assert row.split()[1:] == ["0.70", "0.40", "0.10"]


# Windows

HEAT = '[[interventions]]\nat = 60\nkind = "heat"\ntemperature = 2.0\n'


def test_a_mean_never_crosses_an_act(capsys: pytest.CaptureFixture[str]) -> None:
    run = acts(HEAT, lambda d, T, s: np.where(s <= 60, 0.87, 0.08))
    rows = run.compare("camp_polarization")
    assert list(rows["window"]) == ["before heat at 60", "after heat at 60"]
    np.testing.assert_allclose(rows["mean"], [0.87, 0.08], atol=0.01)
    assert list(rows["from"]) == [30, 100]
    assert list(rows["to"]) == [60, 200]
    show(run)
    said = capsys.readouterr().out
    assert "0.87" in said
    assert "0.08" in said
    assert "after heat at 60" in render(run)


def test_acts_of_one_design_give_all_designs_the_same_windows() -> None:
    text = (
        BASE + '[[designs]]\nname = "calm"\n[[designs]]\nname = "hot"\ninterventions = [{ at = 60, '
    )
    text += 'kind = "heat", temperature = 2.0 }]\n[sweep]\nreplicas = 4\n'
    run = scenario_run(text, level(lambda d, T, s: np.where((d == "hot") & (s > 60), 0.1, 0.9)))
    rows = run.compare("camp_polarization").set_index(["design", "window"])["difference"]
    assert rows["hot", "before heat at 60"] == pytest.approx(0.0, abs=0.02)
    assert rows["hot", "after heat at 60"] == pytest.approx(-0.8, abs=0.02)
    last = outcome(at(run, "camp_polarization", {}))
    assert list(last["window"]) == ["after heat at 60"] * 2


LOOP = "temperature = { kind = 'loop', low = 0.5, high = 1.5 }"
PULSE = "temperature = { kind = 'pulse', at = 40, width = 20, height = 1.0 }"
RAMP = "temperature = { kind = 'ramp', start = 1.5, stop = 0.5 }"
ANNEAL = "temperature = { kind = 'anneal', start = 2.0, stop = 0.5, factor = 0.995 }"


def test_a_loop_has_a_mean_per_leg() -> None:
    text = BASE.replace("temperature = 0.9", LOOP).replace("burn_in = 100", "burn_in = 0")
    run = scenario_run(text, level(lambda d, T, s: np.where(s <= 100, 0.8, 0.2)))
    rows = run.compare("camp_polarization")
    assert list(rows["window"]) == ["up, T 0.5 to 1.5", "down, T 1.5 to 0.5"]
    np.testing.assert_allclose(rows["mean"], [0.8, 0.2], atol=0.01)
    assert set(rows["settled"]) == {"driven"}


@pytest.mark.parametrize(
    ("change", "names"),
    [
        (
            ("temperature = 0.9", RAMP),
            ["T 1 to 0.875", "T 0.875 to 0.75", "T 0.75 to 0.625", "T 0.625 to 0.5"],
        ),
        (
            ("temperature = 0.9", ANNEAL),
            ["T 1.21 to 1.07", "T 1.07 to 0.943", "T 0.943 to 0.832", "T 0.832 to 0.734"],
        ),
        (
            ("temperature = 0.9", PULSE),
            ["before the pulse", "during the pulse", "after the pulse"],
        ),
        (
            ("[observe]", "[observe]\n"),
            [""],
        ),
    ],
)  # fmt: skip
def test_schedules_have_their_windows(change: tuple[str, str], names: list[str]) -> None:
    document = Scenario.from_toml(BASE.replace(*change)).canonical()
    assert [window.name for window in windows(document, {})] == names


def test_windows_end_at_the_sweep_after_which_something_acts() -> None:
    """A pulse after sweep 40 of 20 sweeps raises 41 to 60, whichever frames are recorded."""
    for every in (1, 10):
        text = BASE.replace("temperature = 0.9", PULSE).replace("every = 10", f"every = {every}")
        found = windows(Scenario.from_toml(text).canonical(), {})
        assert [window.last for window in found] == [40, 60, 200]
        starts = [window.first for window in found]
        assert [start > end for start, end in zip(starts[1:], (40, 60), strict=True)] == [True] * 2


PUSH = "[field]\nkind = 'uniform'\nvalue = { kind = 'ramp', start = -0.4, stop = 0.4 }\n"


@pytest.mark.parametrize(
    ("text", "first", "last"),
    [
        (BASE.replace("temperature = 0.9", RAMP), "T 1.5 to 1.25", "T 0.75 to 0.5"),
        (BASE + PUSH, "h -0.4 to -0.2", "h 0.2 to 0.4"),
    ],
    ids=["temperature", "field"],
)
def test_a_ramp_is_told_along_what_it_runs_through(
    text: str, first: str, last: str, capsys: pytest.CaptureFixture[str]
) -> None:
    # 0.87 until the middle and 0.08 from there: one mean would be .48, that of no society.
    text = text.replace("burn_in = 100", "burn_in = 0")
    run = scenario_run(text, level(lambda d, T, s: np.where(s <= 100, 0.87, 0.08)))
    rows = run.compare("camp_polarization")
    assert list(rows["window"].iloc[[0, -1]]) == [first, last]
    np.testing.assert_allclose(rows["mean"], [0.87, 0.87, 0.08, 0.08], atol=0.01)
    assert list(rows["to"]) == [50, 100, 150, 200]
    assert set(rows["settled"]) == {"driven"}
    show(run)
    for said in (capsys.readouterr().out, render(run).replace("\N{MINUS SIGN}", "-")):
        assert first in said
        assert last in said


def test_a_schedule_of_one_design_does_not_excuse_the_others() -> None:
    text = (
        BASE.replace("burn_in = 100", "burn_in = 0")
        + """
[[designs]]
name = "falls"

[[designs]]
name = "driven"
field = {kind = "uniform", value = {kind = "ramp", start = 0.0, stop = 0.2}}

[sweep]
replicas = 6
"""
    )
    run = scenario_run(text, level(lambda d, T, s: np.clip(0.9 - 0.004 * s, 0, 1)))
    rows = run.compare("camp_polarization").set_index("design")
    assert set(rows.loc["driven", "settled"]) == {"driven"}
    assert set(rows.loc["falls", "settled"]) == {"no"}


def test_where_an_anneal_has_stopped_it_is_a_window_that_must_settle() -> None:
    ends = ANNEAL.replace("0.995", "0.98")
    text = BASE.replace("temperature = 0.9", ends).replace("burn_in = 100", "burn_in = 0")
    found = windows(Scenario.from_toml(text).canonical(), {})
    assert [window.name for window in found][-2:] == ["T 0.714 to 0.5", "T 0.5"]
    assert [bool(window.driven) for window in found] == [True] * 4 + [False]


def test_schedules_of_several_designs_and_camps_are_all_named() -> None:
    other = BASE.replace("burn_in = 100", "burn_in = 0") + PUSH.replace("-0.4", "0.0").replace(
        "[field]", "[[designs]]\nname = 'none'\n[[designs]]\nname = 'push'\n[designs.field]"
    )
    ramp = other.replace("temperature = 0.9", RAMP)
    found = windows(Scenario.from_toml(ramp).canonical(), {})
    assert found[0].name == "T 1.5 to 1.25, h 0 to 0.1"
    camps = other.replace("kind = 'uniform'\nvalue =", "kind = 'camps'\nvalues = [-0.1,")
    camps = camps.replace("stop = 0.4 }", "stop = 0.4 }]")
    found = windows(Scenario.from_toml(camps).canonical(), {})
    assert found[0].name == "h 0 to 0.1"


def test_acts_between_two_frames_are_one_edge() -> None:
    nudge = '[[interventions]]\nat = {at}\nkind = "tilt"\nfield = 0.1\n'
    text = BASE + nudge.format(at=60) + nudge.format(at=63)
    found = windows(Scenario.from_toml(text).canonical(), {})
    assert [window.name for window in found] == [
        "before tilt and tilt at 63",
        "after tilt and tilt at 63",
    ]
    assert found[0].last == 63  # with the frame of 60, recorded before either acted


def test_a_swept_time_of_an_act_moves_the_window() -> None:
    text = BASE + HEAT + '[sweep]\nreplicas = 3\n"interventions.0.at" = [60, 140]\n'
    run = scenario_run(text, level(lambda d, T, s: s / 200))
    rows = run.compare("camp_polarization")
    assert list(rows["to"]) == [60, 200, 140, 200]


# Numbers that move


def test_a_number_that_moves_is_not_printed(capsys: pytest.CaptureFixture[str]) -> None:
    run = swept("[0.9]", lambda d, T, s: 0.2 - s / 1000 if d == "none" else 0.5)
    rows = outcome(at(run, "camp_polarization", run.declared)).set_index("design")
    assert list(rows["settled"]) == ["no", "yes"]
    show(run)
    row = next(x for x in capsys.readouterr().out.splitlines() if x.strip().startswith("none "))
    assert "not settled: 0.0" in row
    assert "[" not in row
    answer = render(run)
    assert "not settled: 0.08, then 0.02" in answer.replace("0.07", "0.08")


def societies(kind: str, rng: np.random.Generator, shape: tuple[int, int, int]) -> Any:
    """Stationary series, shape (tests, replicas, frames): noise with memory, or two states."""
    tests, replicas, frames = shape
    if kind == "memory":
        x = np.empty(shape)
        x[..., 0] = rng.normal(size=(tests, replicas))
        for t in range(1, frames):
            x[..., t] = 0.9 * x[..., t - 1] + np.sqrt(1 - 0.81) * rng.normal(size=(tests, replicas))
        return 0.1 * x
    state = rng.random((tests, replicas)) < 0.5
    flips = rng.random(shape) < 0.02
    return np.where(state[..., None] ^ (np.cumsum(flips, axis=-1) % 2 == 1), 0.8, 0.0)


@pytest.mark.parametrize("kind", ["memory", "states"])
@pytest.mark.parametrize("replicas", [5, 10, 20])
def test_a_settled_society_is_called_moving_once_in_a_hundred(kind: str, replicas: int) -> None:
    tests, frames = 2000, 20
    x = societies(kind, np.random.default_rng([replicas, len(kind)]), (tests, replicas, frames))
    halves = zip(x[..., :10].mean(axis=-1), x[..., 10:].mean(axis=-1), strict=True)
    moving = sum(statistics.drift(a, b).settled == "no" for a, b in halves)
    # At most one in a hundred: a binomial bound at the suite's level.
    from scipy.stats import binom

    assert moving <= binom.isf(ALPHA, tests, 0.01)
    moved = x[:200] + np.linspace(0, 1.0, frames)
    halves = zip(moved[..., :10].mean(axis=-1), moved[..., 10:].mean(axis=-1), strict=True)
    assert sum(statistics.drift(a, b).settled == "no" for a, b in halves) > 100


def test_one_replica_does_not_say_whether_it_settled() -> None:
    assert statistics.drift([0.1], [0.5]).settled == "unknown"
    assert statistics.drift([0.1, 0.1], [0.5, 0.5]).settled == "no"
    assert statistics.drift([0.1, 0.1], [0.5, 0.5], tolerance=0.5).settled == "yes"


# How large a difference is


def test_an_effect_does_not_grow_when_replicas_scatter_less() -> None:
    def run(scatter: float) -> Run:
        def value(name: str, design: str, point: Any, replica: int, sweeps: Any) -> Any:
            own = scatter * (-1) ** replica if design == "feed" else 0.0
            return np.full(sweeps.size, (0.5 if design == "feed" else 0.1) + own)

        return make_run(value, observables=("camp_polarization",))

    calm, loud = (run(s).compare("camp_polarization").iloc[1] for s in (1e-6, 0.2))
    assert calm["effect"] == pytest.approx(loud["effect"])
    assert calm["effect"] == pytest.approx(0.4 / np.sqrt(1 - 0.1**2))
    assert calm["in_units"] == pytest.approx(40.0)
    assert calm["unit"] == "points of polarization"


def test_the_spread_between_users_is_that_of_their_stances() -> None:
    stances = np.r_[np.ones(80), -np.ones(20)]
    expected = stances.std()
    assert user_spread("magnetization", np.array([stances.mean()])) == pytest.approx(expected)
    assert np.isnan(user_spread("energy", np.array([0.1])))
    assert np.isnan(user_spread("magnetization", np.array([1.0])))
    assert np.isnan(user_spread("camp_polarization", np.array([0.1]), camps=3))


# Many points


def test_a_report_takes_time_in_proportion_to_its_points() -> None:
    def value(name: str, design: str, point: dict[str, Any], replica: int, sweeps: Any) -> Any:
        return np.full(sweeps.size, point["dynamics.temperature"] / 100 + 0.01 * replica)

    def seconds(points: int) -> float:
        run = make_run(
            value,
            designs=("none",),
            sweep={"dynamics.temperature": list(np.linspace(0, 9, points))},
            replicas=2,
            sweeps=range(0, 50, 20),
            observables=("abs_magnetization",),
        )
        start = time.process_time()
        at(run, "abs_magnetization", run.declared)
        show(run)
        from sociophysics.report import page
        from sociophysics.report.wording import Theory

        page.answer(run, "abs_magnetization", run.declared, Theory({}, []))
        return time.process_time() - start

    seconds(200)
    few, many = seconds(500), seconds(2000)
    assert many < 8 * few + 0.2  # four times the points; a quadratic way takes sixteen times


# Two states


def test_an_outcome_with_two_states_is_told_as_such(capsys: pytest.CaptureFixture[str]) -> None:
    def value(name: str, case: Any, replica: int, sweeps: Any) -> Any:
        noise = np.random.default_rng(replica).normal(0, 0.005, sweeps.size)
        polarized = case.design == "feed" and replica < 9
        return noise + (-0.98 if polarized and replica else 0.98 if polarized else 0.0)

    run = scenario_run(BASE + DESIGNS + "[sweep]\nreplicas = 80\n", value)
    row = run.compare("camp_polarization").iloc[1]
    assert row["mean"] == pytest.approx(-7 * 0.98 / 80, abs=0.01)  # of no society
    assert row["share"] * 80 == pytest.approx(9)
    exact = statistics.share_interval(9, 80)
    assert (row["share_low"], row["share_high"]) == (exact.low, exact.high)
    assert (row["lower"], row["upper"]) == pytest.approx((0.0, 0.98), abs=0.01)
    assert np.isnan(run.compare("camp_polarization").iloc[0]["share"])
    show(run)
    assert "9 of 80 at 0.98" in capsys.readouterr().out
    assert "9 of 80 at 0.98, the others at 0.00: 11 % [5, 20]" in render(run)


def test_a_square_lattice_is_told_its_exact_number_first_by_report_and_tip() -> None:
    text = BASE.replace('kind = "complete"\nn = 10', 'kind = "lattice"\nshape = [8, 8]')
    text = text.replace('"camp_polarization"', '"abs_magnetization"')
    run = scenario_run(text, level(lambda d, T, s: 0.5))
    (name, first), (other, second) = theory_lines(run, {}).lines
    assert "Onsager" in name
    assert first == pytest.approx(2 / np.log(1 + np.sqrt(2)))
    assert "cavity" in other
    assert second == pytest.approx(2 / np.log(2), abs=1e-3)
    found = expected(run.scenario.cases()[0].settings, "dynamics.temperature")
    assert [(each.text, each.value) for each in found] == theory_lines(run, {}).lines


# The facts of the society


def test_the_facts_of_the_society_stand_before_the_answer(
    capsys: pytest.CaptureFixture[str],
) -> None:
    ties = np.array([[0, 1, 0, 0], [1, 0, -1, 0], [0, -1, 0, 0], [0, 0, 0, 0]])
    found = card(sp.SpinSystem(ties), temperature=0.5, critical=Expected("cavity", 2.0), flips=1e-4)
    assert found.sentences() == [
        "4 users, 2 mutual ties, 1 of them antagonistic",
        "1 user has no tie",
        "T = 0.5 is 0.25 times 2, the critical temperature (cavity)",
        "0.01 % of users change stance per sweep (frozen: no feed can make a difference here, "
        "unless it pulls harder than the ties)",
    ]
    text = BASE.replace('"camp_polarization"', '"abs_magnetization"') + "[sweep]\nreplicas = 2\n"
    run = sp.run(Scenario.from_toml(text), workers=1)
    show(run)
    said = capsys.readouterr().out
    facts = (
        "10 users, 45 mutual ties, all friendly; T = 0.9 is 0.10 times 9, the critical temperature "
        "of a complete network"
    )
    assert said.startswith(facts)
    page = render(run)
    assert page.index("45 mutual ties") < page.index("<h2>Answer")
    assert "45 mutual ties" in sp.describe.describe(run.scenario)


def test_every_theorys_temperature_ends_a_sentence() -> None:
    """It was "T = 0.9 is 1.23 of 0.7334, mean field, camps stay apart up to"."""
    pair = sp.SpinSystem(np.array([[0, 1], [1, 0]]))
    for text, end in ENDS.items():
        found = card(pair, temperature=0.9, critical=Expected(text, 0.7334), flips=None)
        assert found.sentences()[1] == f"T = 0.9 is 1.23 times 0.7334, {end}"
        assert not end.endswith("to")


def test_a_society_at_infinite_temperature_moves_and_one_at_zero_is_frozen() -> None:
    hot, cold = (
        Scenario.from_toml(
            BASE.replace("temperature = 0.9", f'temperature = {T}\nstart = "up"')
        ).cases()[0].settings
        for T in ("inf", "0.0")
    )  # fmt: skip
    assert measured_flips(cold) == 0
    # A user is drawn in a sweep with chance 1 - (1 - 1/n)^n, and then changes half of the time.
    drawn = 1 - (1 - 1 / 10) ** 10
    assert measured_flips(hot) == pytest.approx(drawn / 2, abs=4 * 0.5 / np.sqrt(200))


def test_the_forest_shows_each_design_once_for_the_last_window() -> None:
    from sociophysics.report import pictures

    text = BASE + HEAT + DESIGNS + "[sweep]\nreplicas = 4\n"
    run = scenario_run(text, level(lambda d, T, s: 0.5 if d == "feed" else 0.1))
    shown = pictures._forest(run, "camp_polarization", {})
    assert "after heat at 60" in shown
    rows = outcome(at(run, "camp_polarization", {}))
    assert list(rows["design"]) == ["none", "feed"]


def test_what_no_interval_holds_is_printed_beside_the_intervals(
    capsys: pytest.CaptureFixture[str],
) -> None:
    # One society in ten is polarized, and no replica is: the interval is that of the others.
    run = swept("[0.9]", lambda d, T, s: 0.1)
    replicas = len(run.grid.replicas)
    most = statistics.share_interval(0, replicas).high
    said = f"up to {100 * most:.0f} % of societies may be in a state that none of {replicas}"
    show(run)
    assert said in capsys.readouterr().out
    assert said in render(run)
