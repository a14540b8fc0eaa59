"""Votes that follow hidden issues: the enumerated law, intervals that cover, what is refused."""

from __future__ import annotations

from itertools import permutations, product

import numpy as np
import pandas as pd
import pytest

from sociophysics.errors import InputError
from sociophysics.inference import HiddenIssues
from sociophysics.inference.estimators import hidden_folds, hidden_issues
from sociophysics.inference.estimators.issue_likelihood import (
    Issues,
    _unpacked,
    _value,
    chances,
    issue_states,
    log_likelihood,
    moments,
    posterior,
    scores,
)
from sociophysics.rollcall import Votes

N, K = 8, 2
RIDGE = 1.0


def law_of(seed, *, n=N, fields=False, mixed=False):
    """Issues with members of their own who hardly load on the other, or any loadings (mixed)."""
    rng = np.random.default_rng(seed)
    loading = (0.8 if mixed else 0.15) * rng.normal(size=(n, K))
    if not mixed:
        own = rng.uniform(0.4, 1.0, n) * rng.choice([-1, 1], n)
        loading[np.arange(n), np.arange(n) % K] += own
    field, leaning = 0.3 * rng.normal(size=n), 0.3 * rng.normal(size=K)
    return Issues(loading, fields * field, fields * leaning)


def planted(seed, rollcalls=200, *, missing=0.1, **keys):
    """A law, roll calls of it with a tenth of the votes absent, and the issues as they were."""
    law = law_of(seed, **keys)
    rng = np.random.default_rng([seed, 1])
    states = issue_states(K)
    field = law.field + states @ law.loading.T
    weight = np.exp(states @ law.leaning) * (2 * np.cosh(field)).prod(axis=1)
    drawn = rng.choice(len(states), rollcalls, p=weight / weight.sum())
    chance = 1 / (1 + np.exp(-2 * field[drawn]))
    spins = np.where(rng.random(chance.shape) < chance, 1, -1)
    spins[rng.random(spins.shape) < missing] = 0
    return law, spins, states[drawn]


def enumerated(law):
    """All patterns of members and issues, and their probabilities by the Boltzmann weight."""
    n, issues = law.loading.shape
    all_of_it = np.array(list(product([1, -1], repeat=n + issues)))
    s, z = all_of_it[:, :n], all_of_it[:, n:]
    weight = np.exp(((s @ law.loading) * z).sum(axis=1) + s @ law.field + z @ law.leaning)
    return s, z, weight / weight.sum()


WRONG = {
    "none": lambda law: law,
    "loadings twice as large": lambda law: law._replace(loading=2 * law.loading),
    "an issue turned round": lambda law: law._replace(leaning=law.leaning * [-1, 1]),
    "no fields": lambda law: law._replace(field=0 * law.field),
    "an issue left out": lambda law: law._replace(loading=law.loading * [1, 0]),
}


@pytest.mark.parametrize("mutant", WRONG)
def test_likelihood_posterior_and_predictions_are_those_of_the_enumerated_law(mutant):
    law = law_of(1, n=5, fields=True)
    s, z, chance = enumerated(WRONG[mutant](law))
    votes = np.array([[1, -1, 1, 1, -1], [0, 1, 1, 0, -1], [0, 0, 0, 0, 0], [0, 0, 1, 0, 0]])
    recorded, raised, left_out = [], [], []
    for vote in votes:
        fits = ((s == vote) | (vote == 0)).all(axis=1)
        recorded.append(np.log(chance[fits].sum()))
        raised.append(chance[fits] @ (z[fits] > 0) / chance[fits].sum())
        for i in range(5):
            rest = ((s == vote) | (vote == 0) | (np.arange(5) == i)).all(axis=1)
            left_out.append(chance[rest & (s[:, i] > 0)].sum() / chance[rest].sum())
    pairs = np.triu_indices(5, 1)
    found = [
        np.allclose(log_likelihood(votes, law), recorded, atol=1e-12),
        np.allclose(posterior(votes, law) @ (issue_states(K) > 0), raised, atol=1e-12),
        np.allclose(chances(votes, law).ravel(), left_out, atol=1e-12),
        np.allclose(moments(law, True)[0], chance @ (s[:, pairs[0]] * s[:, pairs[1]]), atol=1e-12),
    ]
    assert all(found) == (mutant == "none"), found
    assert all(found) or not (found[0] or found[2])


def test_a_hundred_members_are_as_exact_as_five():
    """Of members without loadings each adds log 2 and moves nothing."""
    law, votes, _ = planted(2, 30, n=5)
    none = np.zeros((95, K))
    large = Issues(np.vstack([law.loading, none]), np.zeros(100), law.leaning)
    more = np.hstack([votes, np.random.default_rng(0).choice([-1, 1], (30, 95))])
    expected = log_likelihood(votes, law) - 95 * np.log(2)
    np.testing.assert_allclose(log_likelihood(more, large), expected, atol=1e-9)
    np.testing.assert_allclose(chances(more, large)[:, :5], chances(votes, law), atol=1e-12)


@pytest.mark.parametrize("fields", [False, True])
def test_slopes_are_those_of_what_they_belong_to(fields):
    law, votes, _ = planted(3, 20, n=5, fields=fields)
    v = np.concatenate([law.loading.ravel(), *([law.field, law.leaning] if fields else [])])
    _, slope = moments(law, fields)
    ahead, behind = [], []
    for side, step in ((ahead, 1e-5), (behind, -1e-5)):
        for each in np.eye(len(v)) * step:
            near = _unpacked(v + each, 5, K)
            side.append(np.concatenate([log_likelihood(votes, near), moments(near, fields)[0]]))
    numeric = (np.array(ahead) - np.array(behind)).T / 2e-5
    np.testing.assert_allclose(scores(votes, law, fields), numeric[:20], atol=1e-7)
    np.testing.assert_allclose(slope, numeric[20:], atol=1e-7)
    value, total = _value(votes, np.abs(votes), law, fields)
    assert value == pytest.approx(-log_likelihood(votes, law).sum())
    np.testing.assert_allclose(total, -scores(votes, law, fields).sum(axis=0), atol=1e-9)


def covered(seeds, level=0.90, *, issues=K, ridge=RIDGE, **keys):
    """Shares of the planted pair moments that the intervals hold, one per chamber."""
    held, fields = [], keys.get("fields", False)
    for seed in seeds:
        law, votes, _ = planted(seed, **keys)
        fit = HiddenIssues(issues=issues, ridge=ridge, fields=fields, starts=2).fit(votes)
        table = fit.pair_moments(level=level)
        truth = moments(law, fields)[0]
        held.append(float((table["low"].le(truth) & table["high"].ge(truth)).mean()))
    return np.array(held)


def test_intervals_of_nine_tenths_cover_in_planted_chambers():
    held = covered(range(20))
    # a chamber's pairs go together: about .08 from chamber to chamber
    assert abs(held.mean() - 0.9) < 0.06
    assert covered(range(6), level=0.5).mean() < 0.84  # narrower intervals do not
    assert covered(range(6), issues=1).mean() < 0.84  # nor those of a law with an issue too few


def test_a_ridge_that_shrinks_does_not_spoil_intervals(monkeypatch):
    assert abs(covered(range(12), ridge=20.0).mean() - 0.9) < 0.06
    monkeypatch.setattr(hidden_issues, "ERROR_RIDGE", 20.0)
    assert covered(range(12), ridge=20.0).mean() < 0.84  # those of the shrunk law do not cover


@pytest.mark.validate
@pytest.mark.parametrize("mixed", [False, True])
@pytest.mark.parametrize("fields", [False, True])
def test_intervals_of_nine_tenths_cover_in_a_hundred_planted_chambers(
    mixed, fields, record_property
):
    held = covered(range(1000, 1100), n=12, fields=fields, mixed=mixed)
    words = "coverage of 90 % intervals of pair moments"
    record_property(f"{words}, mixed issues {mixed}, fields {fields}", float(held.mean()))
    assert abs(held.mean() - 0.9) < 0.03


def test_planted_issues_are_found_up_to_order_and_sign():
    law, votes, drawn = planted(4, 1500)
    fit = HiddenIssues(issues=K, ridge=RIDGE).fit(votes)
    ways = list(product(permutations(range(K)), product((1, -1), repeat=K)))
    gaps = [np.abs(fit.loadings_[:, order] * sign - law.loading).max() for order, sign in ways]
    order, sign = ways[int(np.argmin(gaps))]
    assert min(gaps) < 0.3
    raised = fit.rollcalls_[["issue_1", "issue_2"]].to_numpy()[:, order]
    told = np.where(raised > 0.5, 1, -1) * sign == drawn
    # as often right as the posterior says
    assert told.mean() == pytest.approx(np.maximum(raised, 1 - raised).mean(), abs=0.03)
    assert told.mean() > 0.75


def test_issues_stand_by_strength_and_are_named_by_those_who_load_most():
    _, votes, _ = planted(5, 300)
    people = pd.DataFrame({"id": [f"m{i}" for i in range(N)], "name": [f"M{i}" for i in range(N)]})
    fit = HiddenIssues(issues=K, ridge=RIDGE).fit(Votes(votes, people))
    strength = fit.described_["strength"].to_numpy()
    assert (np.diff(strength) <= 0).all()
    for k, names in enumerate(fit.described_["members"]):
        loading = fit.loadings_[:, k]
        order = np.argsort(-np.abs(loading))[:3]
        assert loading[order[0]] > 0
        assert names == ", ".join(f"{'-' if loading[i] < 0 else ''}M{i}" for i in order)
    assert fit.pair_moments()[["a", "b"]].iloc[0].tolist() == ["m0", "m1"]
    turned = HiddenIssues(issues=K, ridge=RIDGE, seed=9).fit(Votes(votes, people))
    np.testing.assert_allclose(turned.loadings_, fit.loadings_, atol=0.02)


def test_the_number_of_issues_and_the_ridge_are_chosen_on_hidden_votes(monkeypatch):
    monkeypatch.setattr(hidden_folds, "ENOUGH_HIDDEN", 500)  # two folds
    _, votes, _ = planted(6, 400, n=7, missing=0)
    fit = HiddenIssues(ridge=RIDGE, starts=1).fit(votes)
    assert fit.issues_ == K
    score = fit.validation_.set_index("issues")["log_likelihood"]
    assert score.index.tolist() == [1, 2, 3, 4, 5, 6]
    assert score[1] < score[2] - 0.01
    other = HiddenIssues(issues=1, starts=1).fit(votes).validation_
    assert other["ridge"].nunique() > 2
    assert other["issues"].unique().tolist() == [1]


def test_the_own_vote_reaches_no_prediction():
    _, votes, _ = planted(7, 100)
    fit = HiddenIssues(issues=K, ridge=RIDGE, starts=1).fit(votes)
    before = fit.predict_proba(votes)
    for member in (0, 6):
        for own in (-votes[:, member], 0):
            other = votes.copy()
            other[:, member] = own
            np.testing.assert_allclose(fit.predict_proba(other)[:, member], before[:, member])


def test_turning_all_votes_round_changes_nothing_without_fields():
    _, votes, _ = planted(8, 150)
    fit = HiddenIssues(issues=K, ridge=RIDGE).fit(votes)
    np.testing.assert_allclose(fit.issues_of(-votes), 1 - fit.issues_of(votes), atol=1e-9)
    np.testing.assert_allclose(fit.predict_proba(-votes), 1 - fit.predict_proba(votes), atol=1e-9)


@pytest.mark.parametrize(
    ("keys", "sentence"),
    [
        ({"issues": 5}, "issues is 5 for 5 members; give fewer issues than members"),
        ({"issues": 7}, "issues is 7; it must be <= 6"),
        ({"issues": 0}, "issues is 0; it must be >= 1"),
        ({"ridge": 0.0}, r"ridge is 0.0; it must be > 0"),
        ({"starts": 0}, "starts is 0; it must be >= 1"),
    ],
)
def test_bad_keys_are_refused(keys, sentence):
    with pytest.raises(InputError, match=sentence):
        HiddenIssues(**keys).fit(planted(0, 40, n=5)[1])


def test_intervals_of_many_members_and_levels_outside_0_and_1_are_refused():
    votes = np.random.default_rng(0).choice([-1, 1], (30, 61))
    fit = HiddenIssues(issues=1, ridge=1.0, starts=1, max_iter=1).fit(votes)
    with pytest.raises(InputError, match="asked for 61 members; at most 60"):
        fit.pair_moments()
    with pytest.raises(InputError, match="level is 90; it must lie between 0 and 1"):
        fit.pair_moments(level=90)
    with pytest.raises(InputError, match="not fitted"):
        HiddenIssues().pair_moments()
