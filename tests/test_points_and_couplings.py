"""Points and couplings in one model: the exact law, intervals that cover, and what is refused."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.special import expit

from sociophysics.errors import InputError
from sociophysics.inference import IdealPoints, PointsAndCouplings, PseudoLikelihood
from sociophysics.inference.estimators.item_response import fit_items
from sociophysics.inference.estimators.joint_minimum import Joint, _Problem

N = 12
PENALTY, PRIOR = 1.0, 1.5


def planted(law, sample, rollcalls, *, n=N):
    """Roll calls of one law of points and couplings, by Gibbs sweeps over all of them at once."""
    rng = np.random.default_rng(law)
    points, coupling = rng.normal(size=n), np.triu(0.08 * rng.normal(size=(n, n)), 1)
    coupling = coupling + coupling.T
    rng = np.random.default_rng([law, sample])
    odds = 0.8 * rng.normal(size=(rollcalls, 1)) + 1.5 * rng.normal(size=(rollcalls, 1)) * points
    spins = rng.choice([-1.0, 1.0], (rollcalls, n))
    for _ in range(30):
        for i in range(n):
            yea = rng.random(rollcalls) < expit(odds[:, i] + 2 * spins @ coupling[:, i])
            spins[:, i] = np.where(yea, 1, -1)
    return spins.astype(np.int8)


def fitted(votes):
    return PointsAndCouplings(1, PENALTY, PRIOR, anchor=0, tol=1e-5).fit(votes)


def covered(laws, samples, level=0.90):
    """Shares of couplings and of points whose interval holds what 20 times as many votes give."""
    upper = np.triu_indices(N, 1)
    hits = []
    for law in laws:
        many = fitted(planted(law, 999, 4000))
        for sample in range(samples):
            fit = fitted(planted(law, sample, 200))
            pairs, points = fit.standard_errors(level=level)
            truth = many.coupling_[upper]
            held = (pairs.low[upper] <= truth) & (truth <= pairs.high[upper])
            place = many.points_[:, 0] * np.sign(many.points_[:, 0] @ fit.points_[:, 0])
            hits.append([held.mean(), points["low"].le(place).mul(points["high"].ge(place)).mean()])
    return np.mean(hits, axis=0)


def law_of_one(vote, items, points, coupling):
    """P(+1 | the others) of every member, from all patterns of the chamber."""
    n = len(vote)
    states = 1.0 - 2 * ((np.arange(2**n)[:, None] >> np.arange(n)) & 1)
    energy = 0.5 * ((states @ coupling) * states).sum(axis=1)
    weight = np.exp(energy + 0.5 * states @ (items[0] + points @ items[1:]))
    found = np.empty(n)
    for i in range(n):
        others = (np.delete(states, i, 1) == np.delete(vote, i)).all(axis=1)
        found[i] = weight[others & (states[:, i] > 0)].sum() / weight[others].sum()
    return found


@pytest.mark.parametrize("factor", [1.0, 0.5, -1.0, 2.0])
def test_the_objective_is_that_of_the_enumerated_law_and_of_no_other(factor):
    votes = planted(1, 0, 20, n=6).astype(float)
    rng = np.random.default_rng(0)
    coupling = np.triu(0.3 * rng.normal(size=(6, 6)), 1)
    coupling, points = coupling + coupling.T, rng.normal(size=(6, 1))
    problem = _Problem(votes, 0.5, PRIOR, Joint(coupling, points, np.zeros((20, 2)), 0))
    v = np.concatenate([coupling[problem.upper], points.ravel()]) / problem.unit
    value, _ = problem.value(v)
    items = fit_items(votes, points, PRIOR, offset=2 * votes @ coupling)
    exact = 0.0
    for vote, item in zip(votes, items, strict=True):
        chance = law_of_one(vote, item, points, factor * coupling)
        exact -= np.log(np.where(vote > 0, chance, 1 - chance)).sum()
    exact += 0.5 * 0.5 * (points**2).sum() * 2 + 0.5 * (items**2 @ [2.5**-2, PRIOR**-2]).sum()
    exact += votes.size * 0.5 / 6 * (coupling[problem.upper] ** 2).sum()
    assert (value * votes.size == pytest.approx(exact, rel=1e-8)) == (factor == 1.0)


def test_the_slope_is_that_of_the_objective():
    votes = planted(2, 0, 30, n=5).astype(float)
    votes[::4, 1] = 0
    start = Joint(np.full((5, 5), 0.1), np.linspace(-1, 1, 5)[:, None], np.zeros((30, 2)), 0)
    problem = _Problem(votes, 0.5, PRIOR, start)
    v = np.concatenate([start.coupling[problem.upper], start.points.ravel()]) / problem.unit
    slope = problem.value(v)[1]
    numeric = [
        (problem.value(v + h)[0] - problem.value(v - h)[0]) / 2e-4 for h in 1e-4 * np.eye(len(v))
    ]
    np.testing.assert_allclose(slope, numeric, atol=1e-7)


def test_without_couplings_it_is_the_ideal_points():
    votes = planted(3, 0, 150)
    fit = PointsAndCouplings(1, 1e6, PRIOR, anchor=0).fit(votes)
    ideal = IdealPoints(1, PRIOR * np.sqrt(N / 150), anchor=0).fit(votes)
    assert np.abs(fit.coupling_).max() < 1e-4
    np.testing.assert_allclose(fit.points_, ideal.points_, atol=0.02)
    np.testing.assert_allclose(fit.predict_proba(votes), ideal.predict_proba(votes), atol=0.01)


def test_without_points_it_is_the_pseudolikelihood_with_a_lean_of_every_roll_call():
    votes = planted(4, 0, 150)
    fit = PointsAndCouplings(1, 0.3, 1e-3).fit(votes)
    plain = PseudoLikelihood(0.3).fit(votes)
    pairs = np.triu_indices(N, 1)
    assert np.corrcoef(fit.coupling_[pairs], plain.coupling_[pairs])[0, 1] > 0.95
    # the lean takes what all members share
    assert fit.coupling_[pairs].mean() < plain.coupling_[pairs].mean()


def test_the_own_vote_reaches_no_prediction():
    votes = planted(5, 0, 60)
    fit = fitted(votes)
    before = fit.predict_proba(votes)
    for member in (0, 7):
        turned, hidden = votes.copy(), votes.copy()
        turned[:, member] *= -1
        hidden[:, member] = 0
        np.testing.assert_allclose(
            fit.predict_proba(turned)[:, member], before[:, member], atol=1e-9
        )
        missing = fit.predict_missing(hidden)
        np.testing.assert_allclose(missing[:, member], before[:, member], atol=1e-9)
        assert np.isnan(np.delete(missing, member, 1)).all()


def test_turning_a_roll_call_round_changes_nothing():
    votes = planted(6, 0, 100)
    sign = np.random.default_rng(1).choice([-1, 1], (len(votes), 1)).astype(np.int8)
    first, second = fitted(votes), fitted(votes * sign)
    np.testing.assert_allclose(first.coupling_, second.coupling_, atol=1e-6)
    np.testing.assert_allclose(first.points_, second.points_, atol=1e-4)


def test_intervals_of_nine_tenths_cover_in_planted_chambers():
    pairs, points = covered(range(2), 4)
    # couplings of a chamber are nearly independent, its points are not
    assert abs(pairs - 0.9) < 0.06
    assert abs(points - 0.9) < 3 * np.sqrt(0.09 / 8) / 2
    assert (covered(range(1), 4, level=0.5) < 0.7).all()  # and narrower ones do not


@pytest.mark.validate
def test_intervals_of_nine_tenths_cover_in_a_hundred_planted_chambers(record_property):
    pairs, points = covered(range(100, 120), 5)
    record_property("coverage of 90 % intervals of couplings beside points", float(pairs))
    record_property("coverage of 90 % intervals of points beside couplings", float(points))
    assert abs(pairs - 0.9) < 0.03
    assert abs(points - 0.9) < 0.05


def test_hyperparameters_are_chosen_on_hidden_votes():
    fit = PointsAndCouplings(seed=1).fit(planted(7, 0, 100))
    table = fit.validation_
    assert list(table.columns) == ["l2", "prior", "log_likelihood"]
    assert table["l2"].nunique() > 1
    assert table["prior"].nunique() > 1


@pytest.mark.parametrize(
    ("keys", "sentence"),
    [
        ({"dimensions": 8}, "dimensions is 8 for 5 members; give fewer"),
        ({"l2": -1.0}, r"l2 is -1.0; it must be > 0"),
        ({"prior": 0.0}, r"prior is 0.0; it must be > 0"),
        ({"anchor": "nobody", "l2": 1.0, "prior": 1.0}, "anchor 'nobody' is no member's id"),
    ],
)
def test_bad_keys_are_refused(keys, sentence):
    with pytest.raises(InputError, match=sentence):
        PointsAndCouplings(**keys).fit(planted(0, 0, 40, n=5))


def test_errors_of_many_members_and_levels_outside_0_and_1_are_refused():
    fit = PointsAndCouplings(1, 1.0, 1.0, max_iter=1).fit(
        np.random.default_rng(0).choice([-1, 1], (30, 61))
    )
    with pytest.raises(InputError, match="asked for 61 members; at most 60"):
        fit.standard_errors()
    with pytest.raises(InputError, match="level is 90; it must lie between 0 and 1"):
        fit.standard_errors(level=90)
    with pytest.raises(InputError, match="not fitted"):
        PointsAndCouplings().standard_errors()
