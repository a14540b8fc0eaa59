"""Update rules: flip probabilities of the aligned pull, the heat bath and its rivals."""

from __future__ import annotations

import numpy as np
import pytest

import sociophysics as sp
from sociophysics.influences.rules import TOLERANCE, acting
from sociophysics.kinds import RULES

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
    for rule, expected in said.items():
        assert np.allclose(rule.flip_probability(Y, 3.0), expected, rtol=0, atol=1e-15)


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
