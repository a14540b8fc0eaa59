"""Update rules: flip probabilities of the aligned pull, the heat bath and its rivals."""

from __future__ import annotations

import numpy as np
import pytest

import sociophysics as sp
from sociophysics.influences.rules import TOLERANCE, acting
from sociophysics.kinds import RULES
from sociophysics.study.expected import expected, temperature_range

Y = np.linspace(-1.0, 1.0, 401)
RIVALS = [
    sp.rules.Voter(),
    sp.rules.Voter(noise=0.2),
    sp.rules.MajorityVote(noise=0.1),
    sp.rules.QVoter(q=2, independence=0.3),
    sp.rules.QVoter(q=7),
    sp.rules.Threshold(theta=0.3),
]


# --- formulas -------------------------------------------------------------------------------------


@pytest.mark.parametrize("rule", [sp.rules.HeatBath(), *RIVALS], ids=repr)
def test_a_flip_probability_is_one_and_never_increases_with_the_aligned_pull(
    rule: sp.rules.Rule,
) -> None:
    g = rule.flip_probability(Y, 3.0)
    assert g.min() >= 0.0
    assert g.max() <= 1.0
    assert (np.diff(g) <= 1e-15).all()


def test_the_formulas_are_those_that_are_written() -> None:
    u = (1 - Y) / 2
    said = {
        sp.rules.HeatBath(): 1 / (1 + np.exp(2 * Y * 3.0)),
        sp.rules.Voter(noise=0.2): 0.8 * u + 0.1,
        sp.rules.MajorityVote(noise=0.1): np.select([Y > 1e-9, Y < -1e-9], [0.1, 0.9], 0.5),
        sp.rules.QVoter(q=3, independence=0.2): 0.8 * u**3 + 0.1,
        sp.rules.Threshold(theta=0.3): (u > 0.3 + 1e-9).astype(float),
    }
    for rule, written in said.items():
        assert np.allclose(rule.flip_probability(Y, 3.0), written, rtol=0, atol=1e-15)


def test_a_tie_is_met_within_the_tolerance_and_no_farther() -> None:
    rule = sp.rules.MajorityVote(noise=0.1)
    near = rule.flip_probability([0.9 * TOLERANCE, -0.9 * TOLERANCE, 0.1 + 0.2 - 0.3])
    assert near.tolist() == [0.5, 0.5, 0.5]
    assert rule.flip_probability([1.1 * TOLERANCE, -1.1 * TOLERANCE]).tolist() == [0.1, 0.9]
    # Two of four against are a half, which a threshold of a half bears.
    assert sp.rules.Threshold(theta=0.5).flip_probability([0.0, -0.1]).tolist() == [0.0, 1.0]


# --- kinds ----------------------------------------------------------------------------------------


def test_the_rules_are_kinds_under_their_names() -> None:
    assert list(RULES) == ["heat_bath", "voter", "majority", "q_voter", "threshold"]
    assert sp.rules.QVoter(q=4).table() == {"kind": "q_voter", "q": 4, "independence": 0.0}
    assert [rule.has_temperature for rule in (sp.rules.HeatBath(), *RIVALS)] == [True] + [False] * 6


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (lambda: sp.rules.Voter(noise=1.5), r"rule\.noise is 1\.5; it must be <= 1"),
        (lambda: sp.rules.MajorityVote(noise=0.6), r"rule\.noise is 0\.6; it must be <= 0\.5"),
        (lambda: sp.rules.QVoter(q=0), r"rule\.q is 0; it must be >= 1"),
        (lambda: sp.rules.QVoter(q=2.5), r"rule\.q is 2\.5; it must be a whole number"),
        (lambda: sp.rules.Threshold(theta=float("nan")), r"rule\.theta is nan"),
        (lambda: acting("voter"), "rule is 'voter'; give one of sociophysics.rules"),
    ],
)
def test_a_rule_that_cannot_be_is_refused_in_a_sentence(make: object, said: str) -> None:
    with pytest.raises(sp.InputError, match=said):
        make()  # type: ignore[operator]


# --- in scenario files ----------------------------------------------------------------------------

TEXT = """seed = 1
network = {kind = "planted_partition", n = 60, k_in = 6, k_out = 2}
couplings = {kind = "uniform", normalize = "degree"}
observe = {every = 5, names = ["magnetization", "camp_polarization"]}
feed = {kind = "chronological", strength = 0.3}
dynamics = {sweeps = 20, DYNAMICS}
"""


def scenario(dynamics: str, more: str = "") -> sp.Scenario:
    return sp.Scenario.from_toml(TEXT.replace("DYNAMICS", dynamics) + more)


def test_a_file_states_a_rule_and_a_run_follows_it() -> None:
    found = scenario('rule = {kind = "q_voter", q = 3, independence = 0.2}')
    settings = found.cases()[0].settings
    assert settings.dynamics.rule == sp.rules.QVoter(q=3, independence=0.2)
    system, camps = sp.cases.build_system(settings, None)
    table, _ = sp.cases.simulate_case(settings, [0, 1])
    direct = sp.simulate(
        system, rule=sp.rules.QVoter(q=3, independence=0.2), sweeps=20, every=5, seed=1,
        replicas=2, feed=sp.feeds.Chronological(0.3), camps=camps,
        observe=("magnetization", "camp_polarization"),
    )  # fmt: skip
    assert table.equals(direct)
    assert sp.Scenario.from_toml(found.to_toml()) == found
    assert found.replace({"dynamics.rule.q": 4}).cases()[0].settings.dynamics.rule.q == 4
    said = sp.describe.describe(found)
    assert "Rule q_voter, random-sequential" in said
    assert "((1 - y)/2)^q" in said


def test_the_heat_bath_by_name_is_the_scenario_without_a_rule() -> None:
    named = scenario('temperature = 0.8, rule = {kind = "heat_bath"}')
    assert named.hash == scenario("temperature = 0.8").hash


def test_a_swept_noise_makes_cases() -> None:
    swept = scenario(
        'rule = {kind = "majority", noise = 0.1}', '[sweep]\n"dynamics.rule.noise" = [0.1, 0.2]'
    )
    assert [case.settings.dynamics.rule.noise for case in swept.cases()] == [0.1, 0.2]


@pytest.mark.parametrize(
    ("dynamics", "more", "said"),
    [
        ('rule = {kind = "voters"}', "", r"dynamics\.rule\.kind is 'voters'; .*voter"),
        ('rule = {kind = "voter", nois = 0.1}', "", r"dynamics\.rule\.nois is not a key .*noise"),
        ('rule = {kind = "voter", noise = 2.0}', "", r"dynamics\.rule\.noise is 2\.0; it must be"),
        ("rule = 3", "", r"dynamics\.rule is 3; it must be a table with a kind"),
        (
            'temperature = 1.0, rule = {kind = "voter"}',
            '[sweep]\n"dynamics.temperature" = [1.0, 2.0]',
            "which changes nothing, because the rule voter has no temperature",
        ),
        (
            'temperature = {kind = "ramp", start = 1.0, stop = 2.0}, rule = {kind = "voter"}',
            "",
            "follows a schedule, but the rule voter has no temperature",
        ),
        (
            'rule = {kind = "voter"}',
            '[[interventions]]\nat = 2\nkind = "heat"\ntemperature = 1.0',
            "the rule voter has none",
        ),
        ('start = "up"', "", r"dynamics\.temperature is missing"),
    ],
)
def test_a_file_that_a_rule_does_not_go_with_is_refused_in_a_sentence(
    dynamics: str, more: str, said: str
) -> None:
    with pytest.raises(sp.InputError, match=said):
        scenario(dynamics, more)


def test_measures_of_energy_refuse_another_rule_in_one_sentence() -> None:
    ruled = scenario('rule = {kind = "voter", noise = 0.1}')
    with pytest.raises(sp.InputError, match="the observable energy belongs to the heat bath"):
        ruled.replace({"observe.names": ["energy"]})
    with pytest.raises(sp.InputError, match="a range of temperatures needs the heat bath"):
        temperature_range(ruled.cases()[0].settings)
    cascade = ruled.replace(
        {"interventions": [{"at": 5, "kind": "nucleate", "who": "random", "share": 0.1}]}
    )
    with pytest.raises(sp.InputError, match="needs the heat bath"):
        sp.experiments.cascade_designs(cascade)
    assert expected(ruled.cases()[0].settings) == []
    table = sp.run(ruled.replace({"sweep.replicas": 3})).compare("magnetization")
    assert not [name for name in table if "susceptibility" in name and table[name].notna().any()]
