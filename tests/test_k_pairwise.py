"""The potential of the count: exact counts, intervals that cover, a test of its stated size."""

from __future__ import annotations

import numpy as np
import pytest

from sociophysics.errors import InputError
from sociophysics.inference import ExactMaximumLikelihood, KPairwise
from sociophysics.inference.estimators.k_pairwise import _shapes
from sociophysics.inference.estimators.pattern_likelihood import pair_features, patterns
from sociophysics.rollcall import Votes

N = 8
ROLLCALLS = 300


def planted(seed, amount, *, fields, rollcalls=ROLLCALLS):
    """Votes of a chamber with a potential, a third of the chambers with absences, and it."""
    rng = np.random.default_rng(seed)
    states = patterns(N, 0)
    shape = _shapes(N, 0, fields)
    potential = shape @ (amount * rng.normal(size=shape.shape[1]))
    pairs = pair_features(states, fields)
    value = 0.1 + 0.15 * rng.normal(size=N * (N - 1) // 2)
    value = np.append(value, 0.2 * rng.normal(size=N * fields))
    weight = np.exp(pairs @ value + potential[(states > 0).sum(axis=1)])
    votes = states[rng.choice(len(weight), rollcalls, p=weight / weight.sum())].copy()
    if seed % 3 == 0:
        votes[rng.random(votes.shape) < 0.08] = 0
    return votes, potential


def covered(seeds):
    hits = []
    for seed in seeds:
        fields = seed % 2 == 1
        votes, potential = planted(seed, 0.5, fields=fields)
        table = KPairwise(fields).fit(votes).counts_
        truth = potential[table["yeas"]]
        hits.append(((table["low"] <= truth) & (truth <= table["high"])).mean())
    return float(np.mean(hits))


def chances(seeds, amount):
    """The p of the test in chambers with such potentials."""
    found = []
    for seed in seeds:
        fields = seed % 2 == 1
        votes, _ = planted(seed, amount, fields=fields)
        found.append(KPairwise(fields).fit(votes).test_.p)
    return np.array(found)


@pytest.mark.parametrize("fields", [False, True])
def test_the_counts_are_those_recorded(fields):
    votes, _ = planted(1, 0.5, fields=True)
    table = KPairwise(fields).fit(votes).counts_
    recorded = np.bincount((votes > 0).sum(axis=1), minlength=N + 1) / len(votes)
    if not fields:
        recorded = (recorded + recorded[::-1]) / 2
    np.testing.assert_allclose(table["recorded"], recorded[table["yeas"]], atol=1e-12)
    np.testing.assert_allclose(table["fitted"], table["recorded"], atol=1e-4)
    assert np.abs(table["pairs"] - table["recorded"]).max() > 0.01


def test_intervals_of_nine_tenths_cover_in_forty_planted_chambers():
    assert abs(covered(range(40)) - 0.9) < 3 * np.sqrt(0.09 / 40) / np.sqrt(2)


@pytest.mark.validate
def test_intervals_of_nine_tenths_cover_in_a_hundred_planted_chambers(record_property):
    share = covered(range(1000, 1100))
    record_property("coverage of 90 % intervals of the potential", share)
    assert abs(share - 0.9) < 3 * np.sqrt(0.09 / 100) / np.sqrt(2)


def test_pairs_alone_are_found_out_one_time_in_twenty_and_a_potential_mostly():
    # one in twenty of 60 chambers: three, and eight or more with a chance of .009
    assert (chances(range(60), 0.0) < 0.05).sum() < 8
    assert (chances(range(20), 1.0) < 0.05).mean() > 0.8


def test_the_potential_is_what_pairs_cannot_give():
    votes, _ = planted(1, 0.5, fields=True, rollcalls=900)
    potential = KPairwise(True).fit(votes).potential_
    x = 2.0 * np.arange(N + 1) - N
    for power in (0, 1, 2):
        assert potential @ x**power == pytest.approx(0, abs=1e-8)


def test_without_a_potential_to_fit_it_is_the_exact_maximum():
    votes = np.random.default_rng(0).choice([-1, 1], (200, 3))
    fit = KPairwise().fit(votes)
    assert fit.test_.freedom == 0
    exact = ExactMaximumLikelihood().fit(votes).coupling_
    np.testing.assert_allclose(fit.coupling_, exact, atol=1e-3)


def test_a_prediction_is_the_share_of_the_patterns_that_fit():
    votes, _ = planted(1, 0.5, fields=True)
    fit = KPairwise(True).fit(votes)
    given = np.zeros((1, N))
    given[0, :3] = (1, -1, 1)
    states, chance = fit._states, fit._chance
    fits = (states[:, [0, 2]] == [1, 1]).all(axis=1)
    expected = chance[fits & (states[:, 1] > 0)].sum() / chance[fits].sum()
    assert fit.predict_proba(given)[0, 1] == pytest.approx(expected)
    turned = given.copy()
    turned[0, 1] = 1
    assert fit.predict_proba(turned)[0, 1] == pytest.approx(expected)


def test_turning_a_roll_call_round_changes_nothing_without_fields():
    votes, _ = planted(4, 0.5, fields=False)
    sign = np.random.default_rng(1).choice([-1, 1], (len(votes), 1))
    first, second = (KPairwise().fit(each).counts_ for each in (votes, votes * sign))
    np.testing.assert_allclose(first, second, atol=1e-6)


def test_many_members_are_refused():
    with pytest.raises(InputError, match="asked for 15 members; at most 14 are allowed"):
        KPairwise().fit(Votes(np.random.default_rng(0).choice([-1, 1], (40, 15))))
