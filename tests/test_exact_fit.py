"""Exact maximum likelihood: moments, missing votes, published numbers of the Rehnquist court."""

from __future__ import annotations

import numpy as np
import pytest

from sociophysics.errors import InputError
from sociophysics.inference.chamber.criticality import multi_information
from sociophysics.inference.chamber.patterns import fit_distribution, pattern_numbers, transform
from sociophysics.inference.estimators.exact_likelihood import ExactMaximumLikelihood
from sociophysics.inference.estimators.pseudolikelihood import PseudoLikelihood
from sociophysics.rollcall import load
from sociophysics.society.spins import SpinSystem
from sociophysics.theory.exact import boltzmann


def law_of(n, seed, fields=True):
    rng = np.random.default_rng(seed)
    J = np.triu(rng.normal(0, 0.4, (n, n)), 1)
    J = J + J.T
    h = rng.normal(0, 0.3, n) * fields
    return J, h, boltzmann(SpinSystem(J, h), temperature=1.0)


def moments(states, weights):
    return weights @ states, states.T @ (states * weights[:, None])


def test_transform_holds_every_moment():
    rng = np.random.default_rng(0)
    law = rng.dirichlet(np.ones(16))
    states = 1 - 2 * ((np.arange(16)[:, None] >> np.arange(4)) & 1)
    assert transform(law)[0b0101] == pytest.approx(law @ (states[:, 0] * states[:, 2]), abs=1e-14)
    assert transform(law)[0b1111] == pytest.approx(law @ states.prod(axis=1), abs=1e-14)
    np.testing.assert_array_equal(pattern_numbers(states), np.arange(16))


@pytest.mark.parametrize("fields", [False, True])
def test_infinite_data_give_back_the_couplings(fields):
    J, h, law = law_of(6, 1, fields)
    observed = np.zeros(64)
    observed[pattern_numbers(law.states)] = law.probabilities
    fit = fit_distribution(observed, fields=fields)
    first, second = np.triu_indices(6, 1)
    np.testing.assert_allclose(
        fit.parameters[(1 << first) | (1 << second)], J[first, second], atol=1e-8
    )
    if fields:
        np.testing.assert_allclose(fit.parameters[1 << np.arange(6)], h, atol=1e-8)


@pytest.mark.parametrize("fields", [False, True])
def test_moments_are_reproduced(fields):
    _, _, law = law_of(6, 2)
    votes = law.states[np.random.default_rng(0).choice(64, 300, p=law.probabilities)].astype(float)
    fit = ExactMaximumLikelihood(fields=fields).fit(votes)
    model = boltzmann(fit.system_, temperature=1.0)
    mean, pair = moments(model.states, model.probabilities)
    np.testing.assert_allclose(pair, votes.T @ votes / 300, atol=1e-8)
    if fields:
        np.testing.assert_allclose(mean, votes.mean(axis=0), atol=1e-8)
    else:
        assert not fit.field_.any()


def test_missing_votes_reach_the_maximum_of_the_observed_likelihood():
    _, _, law = law_of(4, 3)
    rng = np.random.default_rng(0)
    votes = law.states[rng.choice(16, 200, p=law.probabilities)].copy()
    votes[rng.random(votes.shape) < 0.25] = 0
    votes = votes[(votes != 0).any(axis=1)]
    fit = ExactMaximumLikelihood(fields=True, tol=1e-9).fit(votes)

    def likelihood(J, h):
        model = boltzmann(SpinSystem(J, h), temperature=1.0)
        agree = ((votes[:, None] == model.states) | (votes[:, None] == 0)).all(axis=2)
        return np.log(agree @ model.probabilities).sum()

    best = likelihood(fit.coupling_, fit.field_)
    for _ in range(20):
        change = np.triu(rng.normal(0, 0.02, (4, 4)), 1)
        other = likelihood(fit.coupling_ + change + change.T, fit.field_ + rng.normal(0, 0.02, 4))
        assert other < best


def test_truncated_support_undoes_the_selection_of_contested_votes():
    J, _, law = law_of(6, 4, fields=False)
    rng = np.random.default_rng(1)
    votes = law.states[rng.choice(64, 60_000, p=law.probabilities)]
    contested = votes[np.abs(votes.sum(axis=1)) < 6]
    right = ExactMaximumLikelihood(truncated=1).fit(contested)
    wrong = ExactMaximumLikelihood().fit(contested)
    upper = np.triu_indices(6, 1)
    # the standard error of one coupling at this size is about .006
    assert np.sqrt(((right.coupling_ - J)[upper] ** 2).mean()) < 0.02
    assert np.sqrt(((wrong.coupling_ - J)[upper] ** 2).mean()) > 0.05
    assert right.distribution_[0] == right.distribution_[-1] == 0
    with pytest.raises(InputError, match="smaller minority"):
        ExactMaximumLikelihood(truncated=1).fit(votes)


def test_prediction_is_the_exact_conditional():
    _, _, law = law_of(4, 5)
    votes = law.states[np.random.default_rng(2).choice(16, 500, p=law.probabilities)]
    fit = ExactMaximumLikelihood(fields=True).fit(votes)
    complete = fit.predict_proba(votes[:20])
    field = votes[:20] @ fit.coupling_ + fit.field_
    np.testing.assert_allclose(complete, 1 / (1 + np.exp(-2 * field)), atol=1e-10)
    gap = votes[:1].copy()
    gap[0, 1] = 0
    model = boltzmann(fit.system_, temperature=1.0)
    agree = (model.states[:, [2, 3]] == gap[0, [2, 3]]).all(axis=1)
    yea = agree & (model.states[:, 0] == 1)
    expected = model.probabilities[yea].sum() / model.probabilities[agree].sum()
    assert fit.predict_proba(gap)[0, 0] == pytest.approx(expected, abs=1e-10)


def test_rehnquist_court():
    votes = load("scotus_rehnquist")
    upper = np.triu_indices(9, 1)
    exact = ExactMaximumLikelihood(fields=True).fit(votes)
    couplings = exact.coupling_[upper]
    assert couplings.mean() == pytest.approx(0.11, abs=0.005)
    assert couplings.std() == pytest.approx(0.24, abs=0.005)
    assert (couplings < 0).mean() == pytest.approx(0.31, abs=0.01)
    fit = PseudoLikelihood(l2=1e-3, fields=True).fit(votes)
    assert np.sqrt(((fit.coupling_ - exact.coupling_)[upper] ** 2).mean()) <= 0.03


def test_multi_information_of_the_rehnquist_court():
    votes = load("scotus_rehnquist")
    coded, both = multi_information(votes), multi_information(votes, symmetric=True)
    assert coded.share == pytest.approx(0.70, abs=0.01)
    assert coded.share_corrected == pytest.approx(0.75, abs=0.015)
    assert both.share == pytest.approx(0.87, abs=0.01)
    assert coded.coding == votes.polarity
    assert both.coding == "symmetrized"


def test_corrected_multi_information_is_nearer_the_truth():
    _, _, law = law_of(5, 6)
    truth = 0.0
    mean = law.probabilities @ law.states
    for m in mean:
        p = np.array([(1 + m) / 2, (1 - m) / 2])
        truth -= (p * np.log2(p)).sum()
    truth += (law.probabilities * np.log2(law.probabilities)).sum()
    rng = np.random.default_rng(0)
    plain, corrected = [], []
    for _ in range(30):
        votes = law.states[rng.choice(32, 150, p=law.probabilities)]
        found = multi_information(votes)
        plain.append(found.total)
        corrected.append(found.total_corrected)
    assert abs(np.mean(corrected) - truth) < 0.5 * abs(np.mean(plain) - truth)


@pytest.mark.parametrize(
    ("estimator", "votes", "sentence"),
    [
        (ExactMaximumLikelihood(), np.tile([[1, -1] * 11, [-1, 1] * 11], (20, 1)), "at most 20"),
        (ExactMaximumLikelihood(), [[1, 1, 1], [-1, -1, 1], [1, 1, -1]], "never disagree"),
        (ExactMaximumLikelihood(l2=-1), [[1, -1], [1, 1], [-1, -1]], "l2 is -1"),
        (ExactMaximumLikelihood(truncated=2), [[1, -1], [1, 1], [-1, -1]], "truncated is 2"),
    ],
)
def test_unusable_input_is_refused(estimator, votes, sentence):
    with pytest.raises(InputError, match=sentence):
        estimator.fit(votes)


def test_multi_information_of_many_members_is_refused():
    with pytest.raises(InputError, match="at most 12"):
        multi_information(np.random.default_rng(0).choice([-1, 1], (100, 13)))
