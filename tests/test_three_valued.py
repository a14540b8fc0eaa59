"""Votes of three values: the enumerated law, intervals that cover, and who predicts better."""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest

from sociophysics.errors import InputError
from sociophysics.inference import (
    ThreeValued,
    compare_three_valued,
    fit_chamber,
    fit_three_valued,
)
from sociophysics.inference.chamber.what_if import votes_digest
from sociophysics.inference.estimators.three_valued import _slopes, chances
from sociophysics.rollcall import Votes

N = 6
STATES = np.array(list(product((-1, 0, 1), repeat=N)), float)
UPPER = np.triu_indices(N, 1)


def planted(seed, rollcalls=400):
    """Votes drawn exactly from the spin-1 law, its couplings and reluctances."""
    rng = np.random.default_rng(seed)
    coupling = np.triu(0.2 + 0.25 * rng.normal(size=(N, N)), 1)
    reluctance = rng.normal(-0.3, 0.5, N)
    weight = np.exp(((STATES @ coupling) * STATES).sum(axis=1) - STATES**2 @ reluctance)
    votes = STATES[rng.choice(len(weight), rollcalls, p=weight / weight.sum())]
    return votes, coupling + coupling.T, reluctance


def covered(seeds, level=0.90):
    shares = []
    for seed in seeds:
        votes, coupling, _ = planted(seed)
        fit = fit_three_valued(votes, level=level)
        shares.append(((fit.low <= coupling) & (coupling <= fit.high))[UPPER].mean())
    return float(np.mean(shares))


def test_intervals_of_nine_tenths_cover_the_planted_couplings():
    assert abs(covered(range(12)) - 0.9) < 3 * 0.3 / np.sqrt(12 * 15)
    assert covered(range(4), level=0.5) < 0.7


@pytest.mark.validate
def test_intervals_of_nine_tenths_cover_in_a_hundred_planted_chambers(record_property):
    share = covered(range(1000, 1100))
    record_property("coverage of 90 % intervals of three-valued couplings", share)
    assert abs(share - 0.9) < 0.03


def test_votes_know_their_abstentions_and_hidden_ones_are_none():
    table = planted(0, 60)[0]
    table[:3, 0] = np.nan
    votes = Votes(np.nan_to_num(table), abstained=table == 0, partial=True)
    np.testing.assert_array_equal(votes.three_valued(), table)
    np.testing.assert_array_equal(
        fit_three_valued(votes).coupling, fit_three_valued(table).coupling
    )
    mask = np.random.default_rng(0).random(table.shape) < 0.3
    np.testing.assert_array_equal(votes.hide(mask).three_valued(), np.where(mask, np.nan, table))
    assert votes_digest(votes) != votes_digest(votes.replace(abstained=None))


@pytest.mark.parametrize("factor", [1.0, 2.0, 0.5, -1.0])
def test_a_conditional_is_that_of_the_enumerated_law_and_of_no_other(factor):
    _, coupling, reluctance = planted(3)
    weight = np.exp(
        factor * 0.5 * ((STATES @ coupling) * STATES).sum(axis=1) - STATES**2 @ reluctance
    )
    vote = np.array([1.0, 0, -1, 1, 0, 1])
    chance = chances((vote @ coupling)[None], reluctance)[0]
    for i in range(N):
        same = (np.delete(STATES, i, 1) == np.delete(vote, i)).all(axis=1)
        exact = np.array([weight[same & (STATES[:, i] == z)].sum() for z in (-1, 0, 1)])
        assert np.allclose(chance[i], exact / exact.sum(), atol=1e-12) == (factor == 1.0)


def test_the_slope_is_that_of_the_likelihood():
    votes, _, _ = planted(4, 30)
    votes[::5, 2] = np.nan
    at = np.random.default_rng(0).normal(size=15 + 2 * N) * 0.2
    slope = _slopes(votes, True, at)[1].sum(axis=0)
    steps = 1e-5 * np.eye(len(at))
    numeric = [(_slopes(votes, True, at + h)[0] - _slopes(votes, True, at - h)[0]) / 2e-5
               for h in steps]  # fmt: skip
    np.testing.assert_allclose(slope, numeric, atol=1e-5)


def test_without_abstentions_it_is_the_pseudolikelihood():
    from sociophysics.inference import PseudoLikelihood

    votes = np.where(np.random.default_rng(1).random((300, 4)) < 0.5, 1, -1)
    votes[:, 1] = np.where(np.random.default_rng(2).random(300) < 0.8, votes[:, 0], votes[:, 1])
    fit = fit_three_valued(votes)
    # two of three levels: exp(2 J s s') against exp(2 F), the same J
    np.testing.assert_allclose(fit.coupling, PseudoLikelihood(0.01).fit(votes).coupling_, atol=0.01)


def test_the_estimator_is_the_fit_and_gains_from_abstentions_what_they_tell():
    """Who abstains with a faction is told from who is away, where abstentions are answers."""
    table, coupling, _ = planted(5, 300)
    votes = Votes(table, abstained=table == 0, partial=True)
    model = ThreeValued(l2=0.01).fit(votes)
    given = fit_three_valued(table)
    np.testing.assert_allclose(model.coupling_, given.coupling, atol=1e-8)
    np.testing.assert_allclose(model.reluctance_, given.reluctance, atol=1e-8)
    three = model.predict_three(votes)
    np.testing.assert_allclose(three.sum(axis=-1), 1)
    # given that a member votes at all, the law of two values
    voted = three[..., 2] / (three[..., 0] + three[..., 2])
    np.testing.assert_allclose(voted, model.predict_proba(votes), atol=1e-12)
    absent = ThreeValued(l2=0.01).fit(votes.replace(abstained=None))
    error = [np.abs(fit.coupling_ - coupling)[UPPER].mean() for fit in (model, absent)]
    assert error[0] < error[1]
    chosen = ThreeValued().fit(votes)
    best = chosen.validation_.set_index("l2")["log_likelihood"].idxmax()
    assert best / 4 < chosen.l2_ < best * 4  # refined between the penalties that were tried


def test_fit_tests_it_beside_the_others(tmp_path):
    table = planted(6, 120)[0]
    votes = Votes(table, abstained=table == 0, partial=True)
    found = fit_chamber(votes, tmp_path, quick=True, estimators=[ThreeValued(l2=0.1)])
    assert "ThreeValued" in set(found.evaluation["model"])


def test_each_predicts_its_own_kind_better():
    votes, _, _ = planted(5, 250)
    table = compare_three_valued(votes, seeds=[0]).set_index("model")
    assert table["gmp"].idxmax() == "couplings"
    rng = np.random.default_rng(6)
    eta = rng.normal(size=(150, 1)) + 2.5 * rng.normal(size=(150, 1)) * rng.normal(size=12)
    chance = chances(eta, np.zeros(12))
    draw = rng.random((150, 12, 1))
    lines = (draw > chance.cumsum(axis=-1)).sum(axis=-1) - 1
    table = compare_three_valued(lines, seeds=[0]).set_index("model")
    assert table["gmp"].idxmax() == "ordinal_1d"


def test_a_hidden_vote_reaches_no_prediction(monkeypatch):
    votes, _, _ = planted(7, 60)
    from sociophysics.inference.judging import three_valued_scores as module

    said = {}
    original = module._said

    def keep(table, chance, mask):
        said[len(said)] = (chance.copy(), mask.copy())
        return original(table, chance, mask)

    monkeypatch.setattr(module, "_said", keep)
    compare_three_valued(votes, seeds=[0])
    chance, mask = said[len(said) - 1]
    said.clear()
    compare_three_valued(np.where(mask, -votes, votes), seeds=[0])
    np.testing.assert_array_equal(said[len(said) - 1][0][mask], chance[mask])


@pytest.mark.parametrize(
    ("votes", "keys", "sentence"),
    [
        ([[1, 2], [0, 1]], {}, "votes hold 2; allowed: 1 yea, 0 abstention, -1 nay"),
        ([[1, np.inf], [0, 1]], {}, "votes hold inf"),
        ([["yea", "nay"], ["nay", "yea"]], {}, "no numbers"),
        ([[1, 0]], {}, r"shape \(1, 2\); give at least two"),
        ([[1, np.nan], [0, np.nan]], {}, "a member has no vote at all"),
        ([[1, 0], [0, 1]], {"l2": 0.0}, "l2 is 0.0; it must be a positive number"),
        ([[1, 0], [0, 1]], {"level": 90}, "level is 90; it must lie between 0 and 1"),
    ],
)
def test_bad_input_is_refused(votes, keys, sentence):
    with pytest.raises(InputError, match=sentence):
        fit_three_valued(votes, **keys)
    if "level" not in keys and "l2" not in keys:
        with pytest.raises(InputError, match=sentence):
            compare_three_valued(votes)
