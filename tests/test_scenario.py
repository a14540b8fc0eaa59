"""Scenario files: what they may say, how they expand, and what a mistake is told."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

import hypothesis.strategies as st
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings

from sociophysics.errors import InputError
from sociophysics.kinds import FEEDS, NETWORKS
from sociophysics.scenario import Scenario, StopRule, canonical_json, scenario_schema, stop_rule
from sociophysics.scenario.values import LARGEST

FILES = sorted((Path(__file__).parent.parent / "scenarios").glob("*.toml"))

TEXT = """
seed = 1
[network]
kind = "bundled"
name = "polblogs"
[couplings]
kind = "uniform"
[dynamics]
temperature = 0.8
sweeps = 400
burn_in = 100
[feed]
kind = "engagement"
strength = 0.5
[observe]
every = 10
names = ["magnetization"]
[[interventions]]
at = 20
kind = "feed"
feed = { kind = "memory" }
[sweep]
replicas = 3
"""


def load(text: str = TEXT) -> Scenario:
    return Scenario.from_toml(text, name="demo")


def with_(old: str, new: str) -> str:
    assert old in TEXT
    return TEXT.replace(old, new)


# Reading


def test_attributes_are_the_keys_of_the_file() -> None:
    scenario = load()
    assert scenario.feed.strength == 0.5
    assert scenario.dynamics.start == "random"
    assert scenario.couplings.normalize == "none"
    assert scenario.field.kind == "none"
    assert scenario.interventions[0].feed.tau == 10.0
    assert (scenario.sweep.replicas, scenario.sweep.redraw, scenario.sweep.axes) == (3, (), {})
    assert scenario.name == "demo"


def test_frozen() -> None:
    with pytest.raises(ValueError, match="frozen"):
        load().seed = 2


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_our_own_files(path: Path) -> None:
    scenario = Scenario.load(path)
    first, second = path.read_text().splitlines()[:2]
    assert first.startswith("# Question: ")
    assert second.startswith("# Expected: ")
    assert scenario.name == path.stem
    assert scenario.title
    assert scenario.question
    assert scenario.cases()
    assert Scenario.from_toml(scenario.to_toml()) == scenario


def test_flagship() -> None:
    scenario = Scenario.load(next(path for path in FILES if path.stem == "feed_designs"))
    designs = [design.name for design in scenario.designs]
    assert designs[0] == "no feed"
    assert len(designs) >= 11
    assert all(d.feed.strength == 0.5 for d in scenario.designs[1:] if d.feed)
    values = scenario.sweep.axes["dynamics.temperature"]
    assert values == (0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1.0, 1.1)
    assert scenario.sweep.replicas >= 20


@pytest.mark.parametrize("value", ["inf", "0", "0.0", "1"])
def test_legal_temperatures(value: str) -> None:
    temperature = load(with_("temperature = 0.8", f"temperature = {value}")).dynamics.temperature
    assert temperature == float(value)
    assert type(temperature) is float


def test_schedules_are_allowed_where_levels_are() -> None:
    text = with_("temperature = 0.8", 'temperature = { kind = "ramp", start = 2, stop = 0.1 }')
    scenario = load(text + '[field]\nkind = "camps"\nvalues = [0.1, { kind = "hold", value = 1 }]')
    assert scenario.dynamics.temperature.start == 2.0
    assert scenario.field.values[1].value == 1.0


def test_fitted_couplings_bring_their_network_and_temperature() -> None:
    scenario = load(
        "seed = 1\n[couplings]\nkind = 'fitted'\npath = 'votes.csv'\n[dynamics]\nsweeps = 5"
    )
    case = scenario.cases()[0].settings
    assert case.dynamics.temperature == 1.0
    assert case.network.kind == "none"


# Writing, varying, identity


def test_round_trip_keeps_the_order_of_swept_keys() -> None:
    text = TEXT + '"feed.strength" = [1.0, 0.5]\n"dynamics.temperature" = [inf, 0.5]\n'
    scenario = load(text)
    again = Scenario.from_toml(scenario.to_toml())
    assert again == scenario
    assert list(again.sweep.axes) == ["feed.strength", "dynamics.temperature"]
    swapped = load(TEXT + '"dynamics.temperature" = [inf, 0.5]\n"feed.strength" = [1.0, 0.5]\n')
    assert swapped != scenario


numbers = st.floats(-LARGEST, LARGEST)
LETTERS = st.characters(codec="utf-8", exclude_characters="\0")  # NUL is refused
words = st.text(LETTERS, min_size=1, max_size=20)


@st.composite
def tables(draw: st.DrawFn) -> dict[str, Any]:
    feed: Any = st.one_of(
        st.just({"kind": "none"}),
        st.fixed_dictionaries(
            {"kind": st.just("engagement"), "strength": numbers, "gamma": numbers},
            optional={"slots": st.integers(1, 99), "pool": st.sampled_from(["all", "camp"])},
        ),
        st.fixed_dictionaries({"kind": st.just("animosity")}, optional={"delta": st.just(0.25)}),
    )
    level = st.one_of(
        st.floats(0, 1e6),
        st.just(math.inf),
        st.fixed_dictionaries(
            {"kind": st.just("loop"), "low": st.floats(0, 9), "high": st.floats(0, 9)}
        ),
    )
    names = draw(st.lists(words, unique=True, max_size=3))
    scenario: dict[str, Any] = {
        "title": draw(st.text(LETTERS, max_size=30)),
        "seed": draw(st.integers(0, 2**64)),
        "network": {"kind": "lattice", "shape": draw(st.lists(st.integers(1, 9), min_size=1))},
        "couplings": {"kind": "camps", "across": draw(numbers)},
        "dynamics": {"temperature": draw(level), "sweeps": draw(st.integers(1, 99))},
        "field": {"kind": "attribute", "name": draw(words)},
        "feed": draw(feed),
        "interventions": [{"at": 0, "kind": "feed", "feed": draw(feed)}],
        "sweep": {
            "replicas": draw(st.integers(1, 9)),
            "couplings.within": draw(st.lists(numbers, unique=True, min_size=1, max_size=4)),
        },
    }
    if names:
        scenario["designs"] = [{"name": name, "feed": draw(feed)} for name in names]
    return scenario


@given(tables())
@settings(derandomize=True, max_examples=80, suppress_health_check=[HealthCheck.too_slow])
def test_toml_and_json_round_trips(given_tables: dict[str, Any]) -> None:
    scenario = Scenario.from_canonical(given_tables, name="drawn")
    again = Scenario.from_toml(scenario.to_toml(), name="drawn")
    assert again == scenario
    assert again.canonical() == scenario.canonical()
    assert again.hash == scenario.hash
    stored = json.loads(canonical_json(scenario.canonical()))
    assert Scenario.from_canonical(stored).canonical() == scenario.canonical()
    assert again.to_toml() == scenario.to_toml()


def test_replace_sets_one_key_and_leaves_the_rest() -> None:
    scenario = load()
    changed = scenario.replace({"feed.strength": np.float64(0.25), "sweep.replicas": 9})
    assert (changed.feed.strength, changed.sweep.replicas) == (0.25, 9)
    assert (scenario.feed.strength, scenario.sweep.replicas) == (0.5, 3)
    assert changed.name == scenario.name
    assert changed.replace({"feed.strength": 0.5, "sweep.replicas": 3}) == scenario


def test_replace_sweeps_designs_and_whole_tables() -> None:
    scenario = load(TEXT + '[[designs]]\nname = "a"\nfeed = { kind = "memory" }\n')
    changed = scenario.replace(
        {
            "sweep.dynamics.temperature": np.array([0.1, 0.2]),
            "designs.a.feed.tau": 3,
            "network": {"kind": "complete", "n": 4},
            "interventions.0.at": 7,
        }
    )
    assert changed.sweep.axes == {"dynamics.temperature": (0.1, 0.2)}
    assert changed.designs[0].feed.tau == 3.0
    assert changed.network.n == 4
    assert changed.interventions[0].at == 7


REPLACED = {
    "feed.strenght": "feed.strenght is not a key .* did you mean strength",
    "fed.strength": "fed.strength leads nowhere .* did you mean feed",
    "sede": "sede is not a key of the scenario; .* did you mean seed",
    "dynamics.sweeps": "dynamics.sweeps is -1; it must be >= 1",
    "designs.b.feed.tau": "names no design",
    "interventions.4.at": "leads nowhere at '4'",
    "sweep.feed.strenght": "sweep",
}


@pytest.mark.parametrize("key", REPLACED)
def test_replace_refuses(key: str) -> None:
    with pytest.raises(InputError, match=REPLACED[key]):
        load().replace({key: -1})


DESIGNS = """
[[designs]]
name = "none"
feed = { kind = "none" }
[[designs]]
name = "memory"
feed = { kind = "memory" }
[[designs]]
name = "echo"
feed = { kind = "self_echo", strength = 0.1 }
"""


def test_replace_sets_a_key_in_every_design_that_has_it() -> None:
    changed = load(TEXT + DESIGNS).replace({"feed.strength": 1.0, "feed.tau": 3})
    assert changed.feed.strength == 1.0
    none, memory, echo = (design.feed for design in changed.designs)
    assert none.kind == "none"
    assert (memory.strength, memory.tau, echo.strength) == (1.0, 3.0, 1.0)
    swept = load(TEXT + '"feed.strength" = [1.0]\n"feed.tau" = [3]' + DESIGNS)
    assert [c.settings for c in changed.cases()] == [c.settings for c in swept.cases()]
    only = load(TEXT.replace('[feed]\nkind = "engagement"\nstrength = 0.5', "") + DESIGNS)
    again = only.replace({"feed.strength": 1.0})
    assert [design.feed.kind for design in again.designs] == ["none", "memory", "self_echo"]
    assert [getattr(design.feed, "strength", None) for design in again.designs] == [None, 1.0, 1.0]
    with pytest.raises(InputError, match=r"no design has feed.strenght; .*mean feed.strength"):
        only.replace({"feed.strenght": 1.0})


def test_equal_ranges_and_lists_are_the_same_scenario() -> None:
    listed = load(TEXT + '"feed.strength" = [0.1, 0.2, 0.3]')
    stepped = load(TEXT + '"feed.strength" = { start = 0.1, stop = 0.3, step = 0.1 }')
    assert listed.hash == stepped.hash
    assert stepped.sweep.axes["feed.strength"] == (0.1, 0.2, 0.3)


@pytest.mark.parametrize(
    ("steps", "values"),
    [
        ((0.3, 1.1, 0.1), (0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1.0, 1.1)),
        ((1, 3, 1), (1, 2, 3)),
        ((1.0, 0.0, -0.5), (1.0, 0.5, 0.0)),
        ((0.0, 1.0, 0.3), (0.0, 0.3, 0.6, 0.9)),
        ((0.5, 0.5, 1.0), (0.5,)),
        ((1e-9, 3e-9, 1e-9), (1e-9, 2e-9, 3e-9)),
    ],
)
def test_steps_have_no_drift(steps: tuple[float, ...], values: tuple[float, ...]) -> None:
    start, stop, step = steps
    got = load(
        TEXT + f'"feed.gamma" = {{ start = {start}, stop = {stop}, step = {step} }}'
    ).sweep.axes["feed.gamma"]
    assert got == values
    assert {type(value) for value in got} == {type(value) for value in values}


# Cases


def test_without_designs_there_is_base() -> None:
    (case,) = load().cases()
    assert (case.design, case.point) == ("base", {})
    assert case.settings.feed.gamma == 0.025
    assert case.settings.redraw == ()


def test_designs_replace_whole_tables_and_come_in_order() -> None:
    scenario = load(
        TEXT
        + '"dynamics.temperature" = [0.5, 0.7]\n"feed.gamma" = [0.0, 2.0]\nredraw = ["couplings"]\n'
        + '[[designs]]\nname = "z"\nfeed = { kind = "personalized" }\n'
        + '[[designs]]\nname = "a"\nfeed = { kind = "none" }\ninterventions = []\n'
    )
    cases = scenario.cases()
    points = [(0.5, 0.0), (0.5, 2.0), (0.7, 0.0), (0.7, 2.0)]
    got = [(case.design, tuple(case.point.values())) for case in cases]
    assert got == [(design, point) for design in "za" for point in points]
    assert cases[1].settings.feed.table() == {
        "kind": "personalized",
        "strength": 0.5,
        "slots": None,
        "weight": "coupling",
        "pool": "followed",
        "gamma": 2.0,
    }
    # Swept keys are left out where the kind has none, and the row is there nevertheless.
    assert cases[5].settings.feed.table() == {"kind": "none"}
    assert cases[5].settings.interventions == ()
    assert cases[5].settings.hash == cases[4].settings.hash
    assert cases[5].settings.redraw == ("couplings",)


def test_swept_keys_reach_into_schedules_and_interventions() -> None:
    text = with_("temperature = 0.8", 'temperature = { kind = "ramp", start = 2, stop = 0.1 }')
    scenario = load(
        text + '"dynamics.temperature.stop" = [0.5]\n"interventions.0.feed.tau" = [2, 4]\n'
    )
    last = scenario.cases()[-1].settings
    assert last.dynamics.temperature.stop == 0.5
    assert last.interventions[0].feed.tau == 4.0


def test_swept_slots_may_be_infinite() -> None:
    cases = load(TEXT + '"feed.slots" = [1, 20, inf]').cases()
    assert [case.settings.feed.slots for case in cases] == [1, 20, None]


def test_paths_are_relative_to_the_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    text = with_('kind = "bundled"\nname = "polblogs"', 'kind = "file"\npath = "ties.csv"')
    (tmp_path / "demo.toml").write_text(text)
    scenario = Scenario.load(tmp_path / "demo.toml")
    assert scenario.cases()[0].settings.network.path == "ties.csv"
    (tmp_path / "ties.csv").write_text("source,target\n1,2\n")
    assert scenario.cases()[0].settings.network.path == str(tmp_path / "ties.csv")
    assert scenario.network.path == "ties.csv"


def test_a_heat_at_the_start_hides_the_temperature_only_where_it_is() -> None:
    heat = 'at = 0\nkind = "heat"\ntemperature = inf\n[sweep]\n"dynamics.temperature" = [1, 2]\n'
    text = with_('at = 20\nkind = "feed"\nfeed = { kind = "memory" }\n[sweep]\n', heat)
    free = '[[designs]]\nname = "heated"\n[[designs]]\nname = "free"\ninterventions = []'
    assert len(load(text + free).cases()) == 4
    assert len(load(text + '"interventions.0.at" = [0, 5]').cases()) == 4


def test_a_list_of_users_and_an_infinite_heat_survive_being_written() -> None:
    acts = 'kind = "nucleate"\nwho = ["a", 2]\n[[interventions]]\nat = 30\nkind = "heat"'
    text = with_('kind = "feed"\nfeed = { kind = "memory" }', acts + "\ntemperature = inf")
    scenario = load(text)
    assert "share" not in scenario.canonical()["interventions"][0]
    assert Scenario.from_toml(scenario.to_toml()) == scenario
    stored = json.loads(canonical_json(scenario.canonical()))
    assert Scenario.from_canonical(stored) == scenario
    assert scenario.replace({"sweep.replicas": 5}).interventions == scenario.interventions


# stop_when


def test_stop_rules() -> None:
    assert stop_rule("none") is None
    assert stop_rule(" abs( energy )<=-1e-3") == StopRule("energy", True, "<=", -0.001)
    assert stop_rule("magnetization<.5") == StopRule("magnetization", False, "<", 0.5)


@pytest.mark.parametrize(
    "text",
    [
        "magnetization",
        "magnetization == 1",
        "magnetization > ",
        "magnetization > energy",
        "__import__('os').system('true') > 0",
        "abs(magnetization > 0.5",
        "magnetization > 0.5 or True",
        "",
    ],
)
def test_bad_stop_rules(text: str) -> None:
    with pytest.raises(InputError, match="stop_when is"):
        stop_rule(text)


# Mistakes

MISTAKES = {
    ("strength = 0.5", "strenght = 0.5"): r"feed.strenght is not a key of \[feed\] kind 'engage"
    r"ment'; allowed: alpha, .*; did you mean strength\?$",
    ("strength = 0.5", 'strength = "0.5"'): r"feed.strength is '0.5'; it must be a number\.$",
    ("strength = 0.5", "strength = true"): "feed.strength is True; it must be a number",
    ("strength = 0.5", "strength = nan"): "feed.strength is nan; it must be a finite number",
    ("strength = 0.5", "strength = inf"): "feed.strength is inf; it must be a finite number",
    ("strength = 0.5", "slots = 0"): "feed.slots is 0; it must be >= 1",
    ("strength = 0.5", "slots = 2.5"): "feed.slots is 2.5; it must be a whole number",
    ("strength = 0.5", "alpha = -1"): "feed.alpha is -1; it must be > -1",
    ("strength = 0.5", 'pool = "al"'): "feed.pool is 'al'; .*did you mean all",
    ('kind = "engagement"\n', ""): r"feed has no kind; allowed: amplifier",
    ('"engagement"', '"engagment"'): "feed.kind is 'engagment'; .*did you mean engagement",
    ('"engagement"', '"self_echo"\nslots = 3'): "feed.slots is not a key of .*'self_echo'",
    ('"engagement"', '"animosity"'): "feed.strength is not a key of .*'animosity'; allowed: delta",
    ("temperature = 0.8", "temperature = -1"): "dynamics.temperature is -1; it must be >= 0",
    ("temperature = 0.8", "temperature = nan"): "it is nan; it must be a number >= 0, or inf",
    ("temperature = 0.8", 'temperature = "inf"'): "dynamics.temperature is 'inf'; it must be a nu",
    ("temperature = 0.8", "temprature = 0.8"): "temprature is not a key.*did you mean temperature",
    ("temperature = 0.8", ""): "dynamics.temperature is missing",
    (
        "temperature = 0.8",
        'temperature = { kind = "ramp", start = 1, stop = -1 }',
    ): "dynamics.temperature: the schedule's stop is -1.0; a temperature must be >= 0",
    (
        "temperature = 0.8",
        'temperature = { kind = "ramp", start = 1, stp = 2 }',
    ): "temperature.stp is not a key of the schedule temperature kind 'ramp'.*did you mean stop",
    (
        "temperature = 0.8",
        'temperature = { kind = "rap", start = 1, stop = 2 }',
    ): "dynamics.temperature.kind is 'rap'; .*did you mean ramp",
    ("sweeps = 400", "sweeps = 0"): "dynamics.sweeps is 0; it must be >= 1",
    ("sweeps = 400", "sweeps = 4.5"): "dynamics.sweeps is 4.5; it must be a whole number",
    ("sweeps = 400", "sweeps = 100"): "burn_in is 100; it must be below sweeps = 100",
    ("burn_in = 100", 'stop_when = "m > 1"'): "stop_when: 'm' is not an observable; allowed: abs_",
    ("every = 10", "every = 0"): "observe.every is 0; it must be >= 1",
    ("every = 10", "every = 401"): "observe.every is 401; .*no frame would be left",
    ('["magnetization"]', '["magnetisation"]'): "names: 'magnetisation' is not.*mean magnetizati",
    ('["magnetization"]', "[]"): r"observe.names is \[\]; it must hold at least one",
    ('["magnetization"]', '"magnetization"'): "observe.names is 'magnetization'; it must be a lis",
    ("replicas = 3", "replicas = 0"): "sweep.replicas is 0; it must be >= 1",
    ("replicas = 3", "replicas = 1_000_000_000"): "it must be <= 10,000,000",
    ("replicas = 3", "replica = 3"): r"replica is not a key of \[sweep\].*did you mean replicas",
    ("replicas = 3", '"feed.gama" = [1]'): "'feed.gama', which no design has.*mean feed.gamma",
    ("replicas = 3", '"seed.x" = [1]'): "'seed.x', which no design has",
    ("replicas = 3", '"feed.gamma" = []'): "it is an empty list",
    ("replicas = 3", '"feed.gamma" = [1, 1.0]'): "list each value once",
    ("replicas = 3", '"feed.gamma" = [1, "a"]'): "allowed: all numbers, all texts",
    ("replicas = 3", '"feed.gamma" = ["a"]'): "swept to feed.gamma = 'a': feed.gamma is 'a'",
    ("replicas = 3", '"feed.gamma" = 2'): "allowed: a list, or start, stop and step",
    ("replicas = 3", "feed.gamma = [2]"): "one quoted word",
    ("replicas = 3", '"feed.gamma" = { start = 1, stop = 2, step = -1 }'): "a step of -1 never",
    ("replicas = 3", '"feed.gamma" = { start = 1, stop = 2, step = 0 }'): "give one above 0",
    ("replicas = 3", '"feed.gamma" = { start = 2, stop = 1, step = 0.5 }'): "give one below 0",
    ("strength = 0.5", "strength = -1e308"): r"feed.strength is -1e\+308; it must be >= -1e\+100",
    ('"uniform"', '"uniform"\nvalue = 1e308'): r"couplings.value is 1e\+308; it must be <= 1e\+100",
    ("temperature = 0.8", 'temperature = { kind = "pulse", at = 400, width = 1, height = 1 }'): (
        "pulse of dynamics.temperature begins after sweep 400; its `at` must be below"
    ),
    (
        "[observe]",
        '[field]\nkind = "camps"\nvalues = [1, { kind = "pulse", at = 401, width = 1, '
        "height = 1 }]\n[observe]",
    ): r"pulse of field.values\[1\] begins after sweep 401",
    ('kind = "feed"\nfeed = { kind = "memory" }', 'kind = "nucleate"\nwho = [1, 2, 1]'): (
        "who: it names the user 1 twice"
    ),
    ('kind = "feed"\nfeed = { kind = "memory" }', 'kind = "nucleate"\nwho = [1]\nshare = 0.1'): (
        "share is 0.1, but who is a list of users"
    ),
    (
        'at = 20\nkind = "feed"\nfeed = { kind = "memory" }\n[sweep]',
        'at = 0\nkind = "heat"\ntemperature = 2\n[sweep]\n"dynamics.temperature" = [1, 2]',
    ): "changes nothing, because a heat .* sweep over 'interventions.0.temperature' instead",
    ("replicas = 3", '"dynamics.temperature" = [1, -1]'): "temperature = -1: dynamics.temperature",
    ("replicas = 3", 'redraw = ["feed"]'): r"sweep.redraw\[0\] is 'feed'; allowed: couplings, net",
    ("seed = 1", "seed = -1"): "seed is -1; it must be >= 0",
    ("seed = 1", "seed = true"): "seed is True; it must be a whole number",
    ("seed = 1", ""): "seed is missing",
    ("seed = 1", "sed = 1"): "sed is not a key of the scenario; .*did you mean seed",
    ("seed = 1", "seed == 1"): r"not valid TOML: .*line 2",
    ("[couplings]", "[coupling]"): "coupling is not a key of the scenario.*did you mean couplings",
    ('[couplings]\nkind = "uniform"', ""): r"\[couplings\] is missing",
    ('kind = "uniform"', 'kind = "fitted"\npath = "x"'): r"\[network\] is given together with",
    ('name = "polblogs"', ""): r"network.name is missing; \[network\] kind 'bundled' needs",
    ("at = 20", "at = 400"): "intervention is at sweep 400; it must be below",
    ('at = 20\nkind = "feed"', 'at = 20\nkind = "fed"'): r"interventions\[0\].kind is 'fed'",
    ('{ kind = "memory" }', '{ kind = "memory", tua = 2 }'): r"interventions\[0\].feed.tua is not",
    ("[sweep]", '[[designs]]\nname = "a"\n[[designs]]\nname = "a"\n[sweep]'): "'a' is used 2 tim",
    ("[sweep]", '[[designs]]\nname = "a"\nfeed = { kind = "memory", tua = 1 }\n[sweep]'): (
        "design 'a': feed.tua is not a key"
    ),
    ("[sweep]", '[[designs]]\nname = "a"\ndynamics = { sweeps = 9 }\n[sweep]'): (
        "design 'a': dynamics.temperature is missing"
    ),
    ("[sweep]", '[[designs]]\nnme = "a"\n[sweep]'): "nme is not a key .*did you mean name",
    ("[[interventions]]", "[interventions]"): "interventions is .*it must be a list",
}


@pytest.mark.parametrize("mistake", MISTAKES, ids=lambda mistake: mistake[1][:40] or "left out")
def test_mistakes_are_told_in_one_sentence(mistake: tuple[str, str]) -> None:
    with pytest.raises(InputError, match=MISTAKES[mistake]) as error:
        load(with_(*mistake))
    told = str(error.value)
    assert told.startswith("demo")
    assert "\n" not in told
    assert "Traceback" not in told
    assert told[-1] in ".?"


def test_unreadable_files(tmp_path: Path) -> None:
    (tmp_path / "feed_designs.toml").write_bytes(b"seed = 1 # caf\xe9")
    with pytest.raises(InputError, match=r"is not UTF-8 text .byte 0xe9 at position 14"):
        Scenario.load(tmp_path / "feed_designs.toml")
    with pytest.raises(InputError, match=r"does not exist; .*did you mean feed_designs.toml"):
        Scenario.load(tmp_path / "feed_design.toml")
    with pytest.raises(InputError, match="does not exist; give the path"):
        Scenario.load(tmp_path / "nowhere" / "x.toml")
    with pytest.raises(InputError, match="cannot be read: Is a directory"):
        Scenario.load(tmp_path)


def test_a_byte_order_mark_is_no_mistake(tmp_path: Path) -> None:
    (tmp_path / "demo.toml").write_bytes(b"\xef\xbb\xbf" + TEXT.encode())
    assert Scenario.load(tmp_path / "demo.toml") == load()


def test_a_sweep_of_too_many_cases_is_refused() -> None:
    steps = "{ start = 1, stop = 100000, step = 1 }"
    with pytest.raises(InputError, match="at most 100000 are allowed"):
        load(TEXT + f'"feed.gamma" = {steps.replace("100000", "100001")}')
    huge = load(TEXT + f'"feed.gamma" = {steps.replace("100000", "3000")}')
    huge = huge.replace({f"sweep.feed.{key}": list(range(3000)) for key in ("alpha", "strength")})
    with pytest.raises(InputError, match="27000000000 cases needs about"):
        huge.cases()


# The schema


def test_schema_covers_every_table_and_swept_keys() -> None:
    schema = scenario_schema()
    json.dumps(schema)
    kinds: dict[str, Any] = {"network": NETWORKS, "feed": FEEDS}
    for name, models in kinds.items():
        mapping = schema["properties"][name]["discriminator"]["mapping"]
        assert set(mapping) == set(models)
    assert schema["additionalProperties"] is False
    swept = schema["$defs"]["Sweep"]
    assert set(swept["properties"]) == {"replicas", "redraw"}
    assert list(swept["patternProperties"]) == [r"^[a-z_]+(\.[A-Za-z0-9_]+)+$"]
    strength = schema["$defs"]["Engagement"]["properties"]["strength"]
    assert strength["type"] == "number"
    assert strength["description"]
