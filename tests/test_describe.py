"""The description of a scenario names everything that acts in it, with this file's values."""

from __future__ import annotations

from pathlib import Path

import pytest

from sociophysics.kinds import COUPLINGS, FEEDS, FIELDS, INTERVENTIONS
from sociophysics.observables import DEFINITIONS, REGISTRY
from sociophysics.report.describe import describe
from sociophysics.scenario import Scenario

FILES = sorted((Path(__file__).parent.parent / "scenarios").glob("*.toml"))

TEXT = """
title = "A test"
question = "What is said?"
seed = 31
[network]
kind = "planted_partition"
n = 120
communities = 3
k_in = 7.5
k_out = 1.25
[couplings]
kind = "camps"
within = 0.75
across = -0.125
normalize = "degree"
[field]
kind = "uniform"
value = { kind = "pulse", at = 11, width = 13, height = 0.375 }
[dynamics]
temperature = 0.625
sweeps = 77
burn_in = 17
start = "camps"
[observe]
every = 7
names = ["energy", "edge_agreement"]
[[interventions]]
at = 19
kind = "nucleate"
who = ["ann", "bob"]
hold = "forever"
[sweep]
replicas = 23
redraw = ["network"]
"couplings.across" = [-0.25, 0.0]
[[designs]]
name = "plain"
[[designs]]
name = "counted"
feed = { kind = "memory", strength = 0.0, tau = 29.0 }
[[designs]]
name = "hot"
feed = { kind = "random", slots = 3 }
dynamics = { temperature = 2.5, sweeps = 77, start = "leaning" }
"""


def test_sections_are_those_of_odd() -> None:
    lines = describe(Scenario.from_toml(TEXT)).splitlines()
    assert [line for line in lines if line.startswith("## ")] == [
        "## 1. Purpose",
        "## 2. Entities and state variables",
        "## 3. Process overview and scheduling",
        "## 4. Design concepts",
        "## 5. Initialization",
        "## 6. Inputs",
        "## 7. Submodels",
    ]


def test_every_value_of_the_file_is_told() -> None:
    told = describe(Scenario.from_toml(TEXT))
    for value in (
        "A test", "What is said?", "31", "120", "7.5", "1.25", "0.75", "-0.125", "0.625", "77",
        "17", "19", "23", "0.375", "11", "13", "-0.25, 0.0", "Every 7 sweeps", "plain", "counted",
        "strength = 0.0", "29.0", "2.5", "ann, bob", "forever", "own network", "slots = 3",
    ):  # fmt: skip
        assert value in told, value


def test_equations_are_those_of_the_kinds() -> None:
    told = describe(Scenario.from_toml(TEXT))
    for equation in (
        "1 / (1 + exp(-2 f_i / T))",
        "f_i = sum_j J_ij s_j + h_i(t) + phi_i(t, s)",
        COUPLINGS["camps"].equation,
        "J_ij / sqrt(k_i k_j)",
        FIELDS["uniform"].equation,
        FEEDS["none"].equation,
        FEEDS["memory"].equation,
        FEEDS["random"].equation,
        "K ~ Binomial(k, (1 + X_i) / 2)",
        "some users take a stance, and keep it for a while",
        DEFINITIONS["energy"][0],
        "camp 0 is +1, camp 1 is -1",
        "stances from the node attribute 'leaning'",
    ):
        assert equation in told, equation
    assert FEEDS["engagement"].equation not in told


def test_every_kind_has_its_equation() -> None:
    for registry in (COUPLINGS, FEEDS, FIELDS, INTERVENTIONS):
        assert all(cls.equation for cls in registry.values())


def test_inputs_name_the_files() -> None:
    text = TEXT.replace(
        'kind = "planted_partition"\nn = 120\ncommunities = 3\nk_in = 7.5\nk_out = 1.25',
        'kind = "file"\npath = "ties.csv"\nnodes = "users.csv"',
    )
    told = describe(Scenario.from_toml(text))
    assert "- network.path: `ties.csv`" in told
    assert "- network.nodes: `users.csv`" in told


def test_an_observable_of_ones_own_is_told_without_a_definition(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setitem(REGISTRY, "mine", REGISTRY["energy"])
    told = describe(Scenario.from_toml(TEXT.replace('"energy"', '"mine"')))
    assert "`mine`: registered by the user" in told


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_our_own_files(path: Path) -> None:
    scenario = Scenario.load(path)
    told = describe(scenario)
    assert scenario.question in told
    assert told == describe(scenario)
    assert "None" not in told.replace("None.", "")
    for design in scenario.designs:
        assert f"**{design.name}**" in told


def test_a_trial_and_ties_that_follow_are_described_with_their_equations() -> None:
    few = describe(Scenario.load("few_treated"))
    for part in ("### Trial", "shares 0.05, 0.25, 0.5 of the units (user)", "chronological",
                 "direct D(p) = mean of", "multiplier = total / D(0+)", "`own_side`: stance times",
                 "phi_i = strength * (mean stance of the followed users)"):  # fmt: skip
        assert part in few, part
    stay = describe(Scenario.load("follows_stay"))
    assert "### Ties that follow\n\nties follow: Users drop ties" in stay
    assert "with probability (1 + X_i) / 2" in stay
    assert "### Trial" not in stay
    scenario = Scenario.load("few_treated")
    for given, said in (({"field": 0.1}, "the field 0.1 added to theirs"),
                        ({"temperature": 2.0}, "the temperature 2: T(t) = temperature"),
                        ({"hold": 1}, "the hold 1: ")):  # fmt: skip
        assert said in describe(scenario.replace({"trial.treatment": given}))
