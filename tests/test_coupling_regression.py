"""Couplings as sums over covariates: intervals cover, and faults are said."""

from __future__ import annotations

import json

import numpy as np
import pandas as pd
import pytest

from sociophysics.errors import InputError
from sociophysics.inference import CouplingRegression, evaluate
from sociophysics.inference.estimators.coupling_regression import pair_covariates
from sociophysics.inference.estimators.exact_likelihood import ExactMaximumLikelihood
from sociophysics.inference.estimators.parameters import tables_of
from sociophysics.kinds import ESTIMATORS
from sociophysics.rollcall import Votes

N = 12
STATES = (1 - 2 * ((np.arange(2**N)[:, None] >> np.arange(N)) & 1)).astype(np.int8)


def planted(seed, *, fields=False, rollcalls=150):
    """Votes drawn exactly from couplings that are sums over covariates, and what was planted."""
    rng = np.random.default_rng(seed)
    party = np.repeat(["D", "R"], N // 2)
    together = rng.poisson(1, (N, N))
    covariates = {
        "party": party,
        "state": rng.integers(0, 4, N).astype(str),
        "seniority": rng.normal(size=N),
        "committees": together + together.T,
    }
    pairs = pair_covariates(Votes(STATES[:9]), covariates)
    effects = np.array([-0.05, 0.15, 0.08, 0.03, 0.01]) + 0.02 * rng.normal(size=5)
    coupling = np.tensordot(effects, [1 - np.eye(N), *pairs.values()], 1)
    field = 0.2 * rng.normal(size=N) * fields
    weight = np.exp(0.5 * ((STATES @ coupling) * STATES).sum(axis=1) + STATES @ field)
    drawn = rng.choice(len(weight), rollcalls, p=weight / weight.sum())
    return STATES[drawn], covariates, effects


def covered(chambers, **options):
    hits = []
    for seed in chambers:
        fields = seed % 2 == 1
        votes, covariates, effects = planted(seed, fields=fields)
        table = CouplingRegression(covariates, fields, **options).fit(votes).effects_
        hits.append((table["low"] <= effects) & (effects <= table["high"]))
    return np.array(hits)


def test_intervals_of_nine_tenths_cover_in_forty_planted_chambers():
    hits = covered(range(40))
    # three standard errors of chambers whose five intervals would all agree with one another
    assert abs(hits.mean() - 0.9) < 3 * np.sqrt(0.09 / 40)
    assert covered(range(40), level=0.5).mean() < 0.7  # and narrower ones do not


@pytest.mark.validate
def test_intervals_of_nine_tenths_cover_in_a_hundred_planted_chambers(record_property):
    hits = covered(range(1000, 1100))
    terms = ("everyone", "party", "state", "seniority", "committees")
    for term, share in zip(terms, hits.mean(axis=0), strict=True):
        record_property(f"coverage of 90 % intervals, {term}", float(share))
        assert abs(share - 0.9) <= 3 * np.sqrt(0.09 / 100)


def test_one_covariate_of_two_members_is_the_exact_coupling():
    votes = np.repeat([[1, 1], [-1, -1], [1, -1]], [150, 150, 100], axis=0)
    fit = CouplingRegression({"party": ["D", "D"]})
    with pytest.raises(InputError, match="'party' is the same for all pairs"):
        fit.fit(votes)
    three = np.column_stack([votes, np.random.default_rng(0).permutation(votes[:, 0])])
    effects = CouplingRegression({"party": ["D", "D", ""]}).fit(three).effects_["effect"]
    exact = ExactMaximumLikelihood(fields=False).fit(three).coupling_
    assert effects[0] + effects[1] == pytest.approx(exact[0, 1], abs=0.02)


def test_turning_a_roll_call_round_changes_nothing_without_fields():
    votes, covariates, _ = planted(3)
    sign = np.random.default_rng(1).choice([-1, 1], (len(votes), 1))
    first, second = (
        CouplingRegression(covariates).fit(each).effects_.drop(columns="term")
        for each in (votes, sign * votes)
    )
    pd.testing.assert_frame_equal(first, second, rtol=1e-8)


def test_it_predicts_its_own_kind_better_than_the_party_line():
    votes, covariates, _ = planted(5, rollcalls=400)
    members = pd.DataFrame({"id": range(N), "party": covariates["party"]})
    table = evaluate(Votes(votes, members), [CouplingRegression(covariates)]).set_index("model")
    assert table.loc["CouplingRegression", "gmp"] > table.loc["party", "gmp"]


def test_columns_of_members_are_compared_as_text_or_as_numbers():
    members = pd.DataFrame({"id": range(3), "state": ["NY", "TX", "NY"], "years": [1.0, 3.0, 1.0]})
    votes = Votes([[1, 1, -1], [1, -1, 1], [-1, 1, 1]], members)
    pairs = pair_covariates(votes, ["state", "years"])
    assert pairs["state"].tolist() == [[0, 0, 1], [0, 0, 0], [1, 0, 0]]
    assert pairs["years"][0, 1] == pytest.approx(-2 / np.std([1, 3, 1]))
    assert pairs["years"][0, 2] == 0


@pytest.mark.parametrize(
    ("covariates", "sentence"),
    [
        (["committee"], "no column 'committee'; allowed: id"),
        ([], "covariates is empty"),
        ({"x": np.ones(5)}, r"shape \(5,\); allowed: one value per member, \(12,\)"),
        ({"x": np.triu(np.ones((N, N)))}, "not symmetric"),
        ({"x": np.where(np.arange(N) == 3, np.nan, np.arange(N))}, "missing or not finite"),
        ({"x": ["D"] * N}, "'x' is the same for all pairs"),
        ({"x": list("ab" * 6), "y": list("dc" * 6)}, "'y' is the same for all pairs, or a sum"),
    ],
)
def test_bad_covariates_are_refused(covariates, sentence):
    with pytest.raises(InputError, match=sentence):
        CouplingRegression(covariates).fit(planted(0)[0])


def test_covariates_in_arrays_go_into_manifests_and_come_back():
    votes, covariates, _ = planted(1)
    (table,) = tables_of([CouplingRegression(covariates)])
    again = ESTIMATORS.made(json.loads(json.dumps(table)))
    first, second = (each.fit(votes).coupling_ for each in (CouplingRegression(covariates), again))
    np.testing.assert_array_equal(first, second)
    assert tables_of([{"kind": "coupling_regression"}])[0]["covariates"] == ["party"]


def test_a_level_outside_0_and_1_is_refused():
    with pytest.raises(InputError, match=r"estimator\.level is 90; it must be < 1"):
        CouplingRegression(["party"], level=90).fit(planted(0)[0])
