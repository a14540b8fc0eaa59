from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from sklearn.base import clone
from sklearn.metrics import brier_score_loss, log_loss, roc_auc_score

from sociophysics import rollcall
from sociophysics.errors import InputError
from sociophysics.inference.estimators.baselines import IndependentSpins, Majority, PartyLine
from sociophysics.inference.estimators.hidden_issues import HiddenIssues
from sociophysics.inference.estimators.ideal_points import IdealPoints
from sociophysics.inference.estimators.parameters import Estimator
from sociophysics.inference.estimators.points_and_couplings import PointsAndCouplings
from sociophysics.inference.estimators.pseudolikelihood import PseudoLikelihood
from sociophysics.inference.estimators.stack import Stack, logistic_weights
from sociophysics.inference.estimators.three_valued_couplings import ThreeValued
from sociophysics.inference.judging import evaluation, holdout
from sociophysics.inference.judging.evaluation import COLUMNS, evaluate, evaluate_seeds, leakage
from sociophysics.inference.judging.holdout import split
from sociophysics.inference.judging.scores import score_cells
from sociophysics.rollcall import Votes

PARTY = np.repeat(["D", "R"], 6)


def chamber(rollcalls=120, *, seed=0, flip=0.1, missing=0.05):
    """Two parties of six that oppose each other, with members who stray."""
    rng = np.random.default_rng(seed)
    line = rng.choice([-1, 1], size=(rollcalls, 1)) * np.where(PARTY == "D", 1, -1)
    matrix = np.where(rng.random(line.shape) < flip, -line, line)
    matrix = np.where(rng.random(line.shape) < missing, 0, matrix)
    table = pd.DataFrame(
        {"id": range(rollcalls), "date": "2005-01-01", "yea_count": (matrix > 0).sum(axis=1)}
    )
    return Votes(matrix, pd.DataFrame({"id": range(12), "party": PARTY}), table)


def test_scores_agree_with_scikit_learn():
    rng = np.random.default_rng(0)
    matrix = rng.choice([-1, 0, 1], size=(40, 9)).astype(np.int8)
    p = rng.random(matrix.shape).round(2)
    cells = matrix != 0
    scores = score_cells(p, matrix, cells)
    y, q = matrix[cells] > 0, np.clip(p[cells], 1e-6, 1 - 1e-6)
    assert scores["auc"] == pytest.approx(roc_auc_score(y, q))
    assert scores["brier"] == pytest.approx(brier_score_loss(y, q))
    assert scores["log_likelihood"] == pytest.approx(-log_loss(y, q))
    assert scores["gmp"] == pytest.approx(np.exp(-log_loss(y, q)))
    wins = pairs = 0.0
    for row in range(40):
        yes, no = p[row, matrix[row] > 0], p[row, matrix[row] < 0]
        wins += (yes[:, None] > no).sum() + 0.5 * (yes[:, None] == no).sum()
        pairs += yes.size * no.size
    assert scores["auc_within"] == pytest.approx(wins / pairs)


def test_the_curve_within_roll_calls_counts_pairs_with_ties_for_half():
    rng = np.random.default_rng(3)
    votes = rng.choice([-1, 0, 1], (20, 9)).astype(np.int8)
    chance = rng.choice([0.1, 0.4, 0.5, 0.9], votes.shape)
    wins = pairs = 0.0
    for vote, p in zip(votes, chance, strict=True):
        gap = p[vote > 0][:, None] - p[vote < 0]
        wins, pairs = wins + (gap > 0).sum() + (gap == 0).sum() / 2, pairs + gap.size
    assert score_cells(chance, votes, votes != 0)["auc_within"] == wins / pairs


def test_scores_by_hand():
    matrix = np.array([[1, 1, 1, -1], [-1, -1, 1, 0]], np.int8)
    p = np.array([[0.9, 0.5, 0.8, 0.7], [0.1, 0.2, 0.4, 0.9]])
    scores = score_cells(p, matrix, matrix != 0)
    # errors: a half, the nay at .7 and the yea at .4; minority votes: one on each roll call
    assert scores["accuracy"] == pytest.approx(4.5 / 7)
    assert scores["apre"] == pytest.approx(1 - 2.5 / 2)
    # bins .1: nay; .2: nay; .4: yea; .5: yea; .7: nay; .8, .9: yeas
    assert scores["ece"] == pytest.approx((0.1 + 0.2 + 0.6 + 0.5 + 0.7 + 0.2 + 0.1) / 7)


def test_the_table_has_the_promised_columns_and_rows():
    table = evaluate(chamber(), [PseudoLikelihood(l2=0.1), PseudoLikelihood(l2=1.0)])
    assert tuple(table.columns) == COLUMNS
    assert table["model"].tolist() == [
        "majority",
        "party",
        "independent",
        "IdealPoints-1D",
        "IdealPoints-2D",
        "IdealPoints-3D",
        "PseudoLikelihood",
        "PseudoLikelihood-2",
    ]
    assert (table["test"] == "cells").all()
    assert np.isfinite(table[list(COLUMNS[3:])]).all().all()
    np.testing.assert_allclose(np.log(table["gmp"]), table["log_likelihood"])
    assert table.attrs["polarity"] == "arbitrary"
    scores = table.set_index("model")["accuracy"]
    assert scores["party"] > 0.85 > scores["majority"]


def test_15_percent_of_contested_cells_are_hidden_together():
    votes = chamber()
    parts = split(votes, seed=3)
    contested = votes.contested()
    assert parts.truth.n_rollcalls == contested.n_rollcalls
    assert parts.cells.sum() == round(0.15 * contested.n_votes)
    assert (parts.truth.matrix[parts.cells] != 0).all()
    for seen in (parts.train, parts.given):
        assert (seen.matrix[parts.cells] == 0).all()
        np.testing.assert_array_equal(seen.matrix[~parts.cells], parts.truth.matrix[~parts.cells])
        assert list(seen.rollcalls.columns) == ["id", "date"]
    assert (split(votes, seed=4).cells != parts.cells).any()
    np.testing.assert_array_equal(split(votes, seed=3).cells, parts.cells)


def test_later_roll_calls_are_the_last_fifth():
    votes = chamber(missing=0)
    parts = split(votes, test="rollcalls")
    first = int(0.8 * parts.train.n_rollcalls / 0.8)
    assert parts.train.n_rollcalls == first == int(0.8 * votes.contested().n_rollcalls)
    assert parts.train.rollcalls["id"].max() < parts.truth.rollcalls["id"].min()
    assert parts.cells.all()
    newcomer = votes.matrix.copy()
    newcomer[:100, 0] = 0
    parts = split(votes.replace(matrix=newcomer), test="rollcalls")
    assert not parts.cells[:, 0].any()
    assert parts.cells[:, 1:].all()


def test_majority_coding_is_done_again_on_training_cells():
    votes = chamber(missing=0)
    coded = votes.oriented_by_majority()
    parts = split(coded, seed=0)
    train = np.where(parts.cells, 0, parts.truth.matrix)
    assert (train.sum(axis=1) >= 0).all()
    assert not (parts.truth.matrix == coded.contested().matrix).all()
    with pytest.raises(InputError, match="cannot be tested on later roll calls"):
        split(coded, test="rollcalls")


MODELS = [
    Majority(),
    PartyLine(),
    IndependentSpins(),
    IdealPoints(1),
    PseudoLikelihood(),
    Stack(PseudoLikelihood(), IdealPoints(2)),
    PointsAndCouplings(),
    HiddenIssues(issues=2, starts=1),
    ThreeValued(),
]


@pytest.mark.parametrize("model", MODELS, ids=lambda model: type(model).__name__)
def test_no_hidden_vote_reaches_a_model_or_its_hyperparameters(model):
    assert leakage(chamber(60), model) == 0.0


@pytest.mark.parametrize("model", MODELS[3:], ids=lambda model: type(model).__name__)
def test_a_planted_leak_is_caught(model, monkeypatch):
    """The mutant shows the hidden votes to fitting, and so to what chooses hyperparameters."""

    def peeking(data, cells):
        return holdout.without_cells(data, cells)._replace(train=data)

    monkeypatch.setattr(evaluation, "without_cells", peeking)
    assert leakage(chamber(60), model) > 0.001


class KeepsVotes(Estimator):
    """Carries the full votes past the split."""

    def __init__(self, votes=None):
        self.votes = votes

    def fit(self, votes, y=None):
        return self

    def predict_proba(self, votes):
        return (self.votes.contested().matrix + 1) / 2


class UsesOwnVote(Estimator):
    """Predicts every vote by itself."""

    def __init__(self):
        pass

    def fit(self, votes, y=None):
        return self

    def predict_proba(self, votes):
        return 0.5 + 0.4 * votes.matrix


class ReadsTheCounts(UsesOwnVote):
    """Predicts with the published outcome, which contains the hidden votes."""

    def predict_proba(self, votes):
        share = votes.rollcalls["yea_count"].to_numpy() / 12
        return np.tile(share[:, None], (1, 12))


def test_an_estimator_that_peeks_is_refused():
    votes = chamber()
    with pytest.raises(InputError, match="parameter votes of KeepsVotes holds votes"):
        evaluate(votes, [KeepsVotes(votes)])
    with pytest.raises(InputError, match="uses the vote that it predicts"):
        evaluate(votes, [UsesOwnVote()], test="rollcalls")
    with pytest.raises(KeyError, match="yea_count"):
        evaluate(votes, [ReadsTheCounts()])
    # with the test cells hidden, peeking at the vote itself finds nothing
    table = evaluate(votes, [UsesOwnVote()]).set_index("model")
    assert table.loc["UsesOwnVote", "accuracy"] == 0.5


def test_models_passed_in_stay_untouched():
    model = IdealPoints(1, prior=1.0)
    evaluate(chamber(), [model])
    assert not hasattr(model, "points_")


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        ({"test": "cell"}, "did you mean cells"),
        ({"models": [object()]}, "object has no get_params"),
        ({"seed": -1}, "seed is -1"),
    ],
)
def test_bad_calls_are_refused(arguments, sentence):
    with pytest.raises(InputError, match=sentence):
        evaluate(chamber(), **arguments)


def test_seeds_give_mean_and_sd():
    votes = chamber(60)
    table = evaluate_seeds(votes, seeds=(0, 1, 2)).set_index("model")
    single = [evaluate(votes, seed=s).set_index("model").loc["party", "brier"] for s in range(3)]
    assert table.loc["party", "brier"] == pytest.approx(np.mean(single))
    assert table.loc["party", "brier_sd"] == pytest.approx(np.std(single, ddof=1))
    with pytest.raises(InputError, match="at least one seed"):
        evaluate_seeds(votes, seeds=())


def test_baselines_leave_the_own_vote_out():
    votes = chamber(missing=0)
    for model in (Majority(), PartyLine()):
        fitted = clone(model).fit(votes)
        turned = votes.matrix.copy()
        turned[:, 5] *= -1
        np.testing.assert_array_equal(
            fitted.predict_proba(votes)[:, 5], fitted.predict_proba(turned)[:, 5]
        )
    # five of six colleagues on the line, one against it, by hand
    row = np.array([[1, 1, 1, 1, 1, -1, -1, -1, -1, -1, -1, -1]])
    party = PartyLine().fit(votes).predict_proba(row)
    assert party[0, 0] == pytest.approx((4 + 2 * (4 + 1) / (11 + 2)) / (5 + 2))


def test_stack_weights_maximize_the_likelihood():
    rng = np.random.default_rng(0)
    x = rng.normal(size=(4000, 2))
    votes = np.where(rng.random(4000) < 1 / (1 + np.exp(-(1.5 * x[:, 0] + 0.5 * x[:, 1]))), 1, -1)
    np.testing.assert_allclose(logistic_weights(x, votes), [1.5, 0.5], atol=0.15)
    stack = Stack(PseudoLikelihood(0.1), IdealPoints(1, 1.0)).fit(chamber())
    assert stack.weights_.shape == (2,)
    assert stack.system_.n == 12
    assert clone(Stack(seed=4)).get_params(deep=False) == {"ising": None, "ideal": None, "seed": 4}


TARGETS = [
    ("senate109", "cells", "PseudoLikelihood", 0.902, 0.789),
    ("senate109", "cells", "Stack", 0.902, 0.796),
    ("senate109", "rollcalls", "PseudoLikelihood", 0.891, 0.771),
    ("scotus_rehnquist", "cells", "PseudoLikelihood", 0.795, 0.640),
]


@pytest.fixture(scope="module")
def measured():
    tables = {}
    for chamber, test in {(chamber, test) for chamber, test, *_ in TARGETS}:
        votes = rollcall.load(chamber)
        couplings = PseudoLikelihood(fields=votes.polarity == "expert")
        seeds = range(5) if test == "cells" else [0]
        table = evaluate_seeds(votes, [couplings, Stack(couplings)], test=test, seeds=seeds)
        tables[chamber, test] = table.set_index("model")
    return tables


@pytest.mark.validate
@pytest.mark.parametrize(("chamber", "test", "model", "accuracy", "gmp"), TARGETS)
def test_predictions_reach_what_is_promised(
    measured, chamber, test, model, accuracy, gmp, record_property
):
    row = measured[chamber, test].loc[model]
    record_property("accuracy", float(row["accuracy"]))
    record_property("target", accuracy)
    record_property("gmp", float(row["gmp"]))
    record_property("target", gmp)
    assert row["accuracy"] >= accuracy
    assert row["gmp"] >= gmp


@pytest.mark.validate
def test_baselines_are_what_others_measured(measured):
    """Within two standard deviations over seeds of separately written reference versions."""
    table = measured["senate109", "cells"]
    for model, accuracy, gmp in [("party", 0.865, 0.730), ("IdealPoints-1D", 0.885, 0.770)]:
        row = table.loc[model]
        assert abs(row["accuracy"] - accuracy) < 2 * row["accuracy_sd"]
        assert abs(row["gmp"] - gmp) < 2 * row["gmp_sd"]
