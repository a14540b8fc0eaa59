"""Pseudolikelihood: gauge, closed forms, recovery, calibration of its errors, scikit-learn."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import check_grad
from scipy.stats import binom

from sociophysics.errors import InputError
from sociophysics.inference.estimators.exact_likelihood import ExactMaximumLikelihood
from sociophysics.inference.estimators.mean_field_couplings import TAP, MeanField
from sociophysics.inference.estimators.objective import minimize_l2, negative_log_likelihood
from sociophysics.inference.estimators.pseudolikelihood import PseudoLikelihood
from sociophysics.inference.estimators.stability import StabilitySelection, minimize_l1
from sociophysics.inference.estimators.uncertainty import hessian_errors
from sociophysics.rollcall import load
from sociophysics.society.spins import SpinSystem
from sociophysics.theory.exact import boltzmann

ALPHA = 1e-4


def chamber(n, rollcalls, seed, *, sd=0.3, fields=False, missing=0.0):
    """Draw couplings, and votes from their exact law at temperature 1."""
    rng = np.random.default_rng(seed)
    J = np.triu(rng.normal(0, sd, (n, n)), 1)
    J = J + J.T
    h = rng.normal(0, 0.2, n) if fields else np.zeros(n)
    law = boltzmann(SpinSystem(J, h), temperature=1.0)
    votes = law.states[rng.choice(len(law.states), rollcalls, p=law.probabilities)].astype(float)
    votes[rng.random(votes.shape) < missing] = 0
    return votes, J, h


def pairs(matrix):
    return matrix[np.triu_indices(len(matrix), 1)]


@pytest.mark.parametrize("fields", [False, True])
def test_gradient_is_the_derivative(fields):
    votes, J, h = chamber(5, 40, 1, fields=fields, missing=0.2)
    upper = np.triu_indices(5, 1)

    def value(x):
        K = np.zeros((5, 5))
        K[upper] = x[:10]
        return negative_log_likelihood(votes, K + K.T, x[10:])

    def slope(x):
        _, gradient, field = value(x)
        return np.concatenate([gradient[upper], field])

    assert check_grad(lambda x: value(x)[0], slope, np.concatenate([pairs(J), h])) < 1e-6


def test_missing_votes_neither_predict_nor_count():
    votes, J, h = chamber(5, 30, 2, missing=0.3)
    total, count = 0.0, 0
    for t, i in np.argwhere(votes):
        f = h[i] + sum(J[i, j] * votes[t, j] for j in range(5) if votes[t, j])
        total += np.log1p(np.exp(-2 * votes[t, i] * f))
        count += 1
    assert negative_log_likelihood(votes, J, h)[0] == pytest.approx(total / count, abs=1e-12)


@settings(derandomize=True, max_examples=15, deadline=None)
@given(st.integers(0, 10**6), st.lists(st.booleans(), min_size=40, max_size=40))
def test_flipping_any_roll_call_changes_nothing(seed, flips):
    votes, _, _ = chamber(6, 40, seed, missing=0.1)
    sign = np.where(flips, -1, 1)[:, None]
    one = PseudoLikelihood(l2=0.1).fit(votes)
    other = PseudoLikelihood(l2=0.1).fit(votes * sign)
    np.testing.assert_allclose(one.coupling_, other.coupling_, atol=1e-8)
    chance = other.predict_proba(votes * sign)
    np.testing.assert_allclose(
        one.predict_proba(votes), np.where(sign > 0, chance, 1 - chance), atol=1e-8
    )


def test_cross_validation_does_not_see_the_gauge_and_fields_do():
    votes, _, _ = chamber(6, 100, 3, fields=True)
    sign = np.where(np.arange(100) % 3 == 0, -1, 1)[:, None]
    one, other = PseudoLikelihood().fit(votes), PseudoLikelihood().fit(votes * sign)
    assert one.l2_ == pytest.approx(other.l2_, rel=1e-6)
    with_fields = [PseudoLikelihood(l2=0.1, fields=True).fit(v) for v in (votes, votes * sign)]
    assert np.abs(with_fields[0].coupling_ - with_fields[1].coupling_).max() > 1e-3


def test_fit_does_not_depend_on_the_order_of_members():
    votes, _, _ = chamber(7, 80, 4, missing=0.1)
    order = np.random.default_rng(0).permutation(7)
    one = minimize_l2(votes, 0.1, tol=1e-10).coupling
    other = minimize_l2(votes[:, order], 0.1, tol=1e-10).coupling
    np.testing.assert_allclose(one[np.ix_(order, order)], other, atol=1e-7)


def test_error_falls_as_the_root_of_the_votes():
    counts, rmse = np.array([200, 800, 3200, 12800]), []
    for count in counts:
        error = []
        for seed in range(4):
            votes, J, _ = chamber(8, count, 100 + seed)
            fit = PseudoLikelihood(l2=1e-4).fit(votes)
            error.append(pairs(fit.coupling_ - J))
        rmse.append(np.sqrt(np.mean(np.square(error))))
    slope = np.polyfit(np.log(counts), np.log(rmse), 1)[0]
    assert -0.58 < slope < -0.45


@pytest.mark.parametrize("fields", [False, True])
def test_sandwich_is_the_jackknife_up_to_its_leverage_correction(fields):
    votes, _, _ = chamber(5, 150, 5, sd=0.2, fields=fields, missing=0.05)
    l2 = 0.01
    fit = minimize_l2(votes, l2, fields=fields, tol=1e-9)
    found, found_h = hessian_errors(
        votes,
        fit.coupling,
        fit.field,
        l2=l2 / 5,
        field_l2=0.1 * l2 / 5 if fields else None,
        kind="sandwich",
    )
    count = np.count_nonzero(votes)
    left = []
    for t in range(len(votes)):
        rest = np.delete(votes, t, axis=0)
        again = minimize_l2(
            rest, l2 * count / np.count_nonzero(rest), fields=fields, start=fit, tol=1e-6
        )
        left.append(np.concatenate([pairs(again.coupling), again.field]))
    spread = np.sqrt(np.var(left, axis=0) * (len(votes) - 1))
    ratio = pairs(found) / spread[:10]
    assert (ratio > 0.95).all()
    assert (ratio <= 1.001).all()
    if fields:
        assert np.abs(found_h / spread[10:] - 1).max() < 0.05


def coverage(n, rollcalls, chambers, *, l2, kind="sandwich", seed=0, sd=0.3):
    inside, total = 0, 0
    for k in range(chambers):
        votes, J, _ = chamber(n, rollcalls, 1000 * seed + k, sd=sd)
        result = PseudoLikelihood(l2=l2).fit(votes).standard_errors(kind, l2=l2)
        hit = pairs((result.low <= J) & (result.high >= J))
        inside, total = inside + int(hit.sum()), total + len(hit)
    return inside / total, total


@pytest.mark.parametrize(("n", "rollcalls"), [(6, 50), (6, 300), (10, 100)])
def test_sandwich_covers_and_naive_does_not(n, rollcalls):
    chambers = 25
    covered, total = coverage(n, rollcalls, chambers, l2=0.01)
    # the nominal range of 93 to 97 %, widened by the binomial error of this many intervals
    low, high = binom.ppf(ALPHA, total, 0.93) / total, binom.isf(ALPHA, total, 0.97) / total
    assert low <= covered <= high
    assert coverage(n, rollcalls, chambers, l2=0.01, kind="naive")[0] < 0.87


def test_intervals_at_a_predictive_penalty_miss_and_the_note_says_so():
    covered, _ = coverage(6, 300, 20, l2=0.3)
    assert covered < 0.8
    votes, _, _ = chamber(6, 300, 0)
    fit = PseudoLikelihood(l2=0.3).fit(votes)
    assert "shrunken" in fit.standard_errors(l2=0.3).note
    refit = fit.standard_errors()
    assert refit.l2 == 0.01
    assert "0.3" in refit.note
    assert np.abs(refit.coupling).sum() > np.abs(fit.coupling_).sum()


def test_bootstrap_agrees_with_the_sandwich():
    votes, _, _ = chamber(5, 300, 6, sd=0.2)
    fit = PseudoLikelihood(l2=0.01, seed=1).fit(votes)
    sandwich, bootstrap = fit.standard_errors(), fit.standard_errors("bootstrap", draws=150)
    # a bootstrap error of 150 draws is itself known to 6 %
    np.testing.assert_allclose(pairs(bootstrap.error), pairs(sandwich.error), rtol=0.25)
    difference = pairs(bootstrap.sign_probability - sandwich.sign_probability)
    assert np.abs(difference).max() < 0.15
    again = fit.standard_errors("bootstrap", draws=5)
    same = PseudoLikelihood(l2=0.01, seed=1).fit(votes).standard_errors("bootstrap", draws=5)
    np.testing.assert_array_equal(again.error, same.error)


def test_stability_selection_finds_the_ties_and_only_those():
    rng = np.random.default_rng(3)
    n = 10
    J = np.zeros((n, n))
    for i in range(n):
        J[i, (i + 1) % n] = J[(i + 1) % n, i] = rng.choice([-0.6, 0.6])
    law = boltzmann(SpinSystem(J), temperature=1.0)
    votes = law.states[rng.choice(len(law.states), 800, p=law.probabilities)]
    found = StabilitySelection(l1=0.3).fit(votes)
    true = J != 0
    assert found.selected_[true].all()
    assert found.selected_[~true].sum() <= 2
    assert found.expected_false_ >= 0


def test_l1_minimum_satisfies_its_optimality_conditions():
    votes, _, _ = chamber(6, 100, 8)
    l1 = 0.05
    fit = minimize_l1(votes, l1, max_iter=5000, tol=1e-14)
    _, gradient, _ = negative_log_likelihood(votes, fit.coupling, fit.field)
    there = pairs(fit.coupling) != 0
    slope, bound = pairs(gradient), 2 * l1 / 6
    np.testing.assert_allclose(
        slope[there], -bound * np.sign(pairs(fit.coupling)[there]), atol=1e-6
    )
    assert (np.abs(slope[~there]) <= bound + 1e-9).all()
    assert there.any()
    assert (~there).any()


def test_mean_field_and_tap_are_right_at_weak_coupling():
    votes, J, h = chamber(6, 200_000, 9, sd=0.05, fields=True)
    for guess in (MeanField(1e-6, fields=True), TAP(1e-6, fields=True)):
        fit = guess.fit(votes)
        assert np.abs(pairs(fit.coupling_ - J)).max() < 0.02
        assert np.abs(fit.field_ - h).max() < 0.02


def test_senate_prediction_and_members_names():
    votes = load("senate109").contested()
    rng = np.random.default_rng(0)
    cells = np.argwhere(votes.matrix != 0)
    test = cells[rng.permutation(len(cells))[: int(0.15 * len(cells))]]
    mask = np.zeros(votes.matrix.shape, bool)
    mask[tuple(test.T)] = True
    train = votes.hide(mask)
    fit = PseudoLikelihood().fit(train)
    chance = fit.predict_proba(train)[mask]
    yea = votes.matrix[mask] > 0
    gmp = np.exp(np.log(np.where(yea, chance, 1 - chance)).mean())
    assert ((chance > 0.5) == yea).mean() >= 0.902
    assert gmp >= 0.789
    assert fit.system_.labels == tuple(votes.members["id"])
    assert fit.system_.nodes["party"].tolist() == votes.members["party"].tolist()


@pytest.mark.parametrize(
    ("votes", "sentence"),
    [
        (np.ones((16, 435)) * np.where(np.arange(435) % 2, 1, -1), "median of 435 members 16"),
        (np.ones((20, 5)), "unanimous"),
        (np.array([[1, 2], [1, -1]]), "allowed: 1, -1"),
        (np.array([[1], [-1]]), "unanimous|at least two"),
        (np.array([[1, -1]]), "1 sample"),
    ],
)
def test_unusable_votes_are_refused_in_one_sentence(votes, sentence):
    for estimator in (PseudoLikelihood(l2=0.1), MeanField(), StabilitySelection(l1=0.1)):
        with pytest.raises(InputError, match=sentence):
            estimator.fit(votes)


@pytest.mark.parametrize("l2", [0.0, -1.0, np.inf, np.nan])
def test_penalty_must_be_positive(l2):
    with pytest.raises(InputError, match="l2 is"):
        PseudoLikelihood(l2=l2).fit([[1, -1], [-1, 1], [1, 1]])


def test_wrong_questions_are_refused():
    fit = PseudoLikelihood(l2=0.1).fit([[1, -1], [-1, 1], [1, 1]])
    with pytest.raises(InputError, match="did you mean sandwich"):
        fit.standard_errors("sandwhich")
    with pytest.raises(InputError, match="expecting 2 features"):
        fit.predict_proba([[1, 1, 1]])
    with pytest.raises(InputError, match="not fitted"):
        PseudoLikelihood().predict_proba([[1, 1]])
    with pytest.raises(InputError, match="did you mean l2"):
        PseudoLikelihood().set_params(l3=1)


def signs(X):
    """Turn the real numbers of scikit-learn's checks into votes, each for itself."""
    if hasattr(X, "tocsr"):
        return X
    X = np.asarray(X)
    if X.dtype.kind not in "fiu" or X.ndim != 2:
        return X
    finite = np.isfinite(X)
    turned = np.sin(1e4 * np.where(finite, X, 0.0).astype(float) + 1.0)
    return np.where(finite, np.where(turned >= 0, 1.0, -1.0), X)


class OfReals:
    """Lets an estimator of votes be fed the real numbers of scikit-learn's checks."""

    def fit(self, X, y=None):
        return super().fit(signs(X), y)

    def predict_proba(self, X):
        return super().predict_proba(signs(X))


class PseudoLikelihoodOfReals(OfReals, PseudoLikelihood):
    pass


class ExactOfReals(OfReals, ExactMaximumLikelihood):
    pass


class MeanFieldOfReals(OfReals, MeanField):
    pass


class TAPOfReals(OfReals, TAP):
    pass


@pytest.mark.filterwarnings("ignore:Estimator .* does not inherit")
@pytest.mark.parametrize(
    "estimator",
    [
        PseudoLikelihoodOfReals(l2=0.1),
        ExactOfReals(l2=0.1),
        MeanFieldOfReals(),
        TAPOfReals(fields=True),
    ],
)
def test_scikit_learn_checks(estimator):
    from sklearn.utils.estimator_checks import check_estimator

    results = check_estimator(
        estimator,
        on_fail=None,
        on_skip=None,
        expected_failed_checks={"check_dtype_object": "votes as objects are refused, not cast"},
    )
    failed = {r["check_name"]: r["exception"] for r in results if r["status"] == "failed"}
    assert not failed
    assert sum(r["status"] == "passed" for r in results) >= 35


@pytest.mark.validate
@pytest.mark.parametrize("n", [6, 8, 10])
@pytest.mark.parametrize("rollcalls", [50, 100, 200, 500])
def test_coverage_of_the_sandwich_at_length(n, rollcalls, record_property):
    covered, _ = coverage(n, rollcalls, 400, l2=0.01, seed=7, sd=0.2)
    record_property("coverage at 95 %", float(covered))
    assert 0.93 <= covered <= 0.97


@pytest.mark.validate
def test_time_of_large_chambers():
    import time

    rng = np.random.default_rng(0)
    for n, rollcalls, limit in ((100, 500, 1.0), (450, 1200, 10.0)):
        place = rng.normal(size=(n, 2)) + np.where(np.arange(n) < n // 2, 1.5, -1.5)[:, None]
        cut = rng.normal(size=(rollcalls, 2))
        votes = np.where(rng.random((rollcalls, n)) < 1 / (1 + np.exp(-cut @ place.T)), 1.0, -1.0)
        for l2 in (3.0, 0.3, 0.03):
            start = time.process_time()
            minimize_l2(votes, l2)
            assert time.process_time() - start < limit
