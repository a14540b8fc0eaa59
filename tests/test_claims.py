"""What is said of predictions: paired intervals, and no sentence that the table contradicts."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from sociophysics.inference import IdealPoints, PseudoLikelihood
from sociophysics.inference.estimators.objective import searched
from sociophysics.inference.estimators.stability import StabilitySelection
from sociophysics.inference.judging.evaluation import evaluate, evaluate_seeds
from sociophysics.inference.judging.paired import Verdicts, compare, paired_interval
from sociophysics.report.chamber_claims import comparison_table, sentences


def scale_votes(members: int = 9, rollcalls: int = 80, seed: int = 0) -> np.ndarray:
    """Votes on one dimension."""
    rng = np.random.default_rng(seed)
    logit = rng.normal(size=(rollcalls, 1)) + 2 * rng.normal(size=(rollcalls, 1)) * rng.normal(
        size=members
    )
    return np.where(rng.random(logit.shape) < 1 / (1 + np.exp(-logit)), 1, -1)


def test_the_table_is_that_of_seeds_and_differences_are_those_of_its_rows() -> None:
    votes, models = scale_votes(), [PseudoLikelihood(1.0)]
    found = compare(votes, models, [("PseudoLikelihood", "party")], seeds=range(2))
    pd.testing.assert_frame_equal(found.evaluation, evaluate_seeds(votes, models, seeds=range(2)))
    row = found.comparison.set_index("score").loc["gmp"]
    gmp = found.evaluation.set_index("model")["gmp"]
    assert row["difference"] == pytest.approx(gmp["PseudoLikelihood"] - gmp["party"])
    assert row["splits"] == 2


def test_the_interval_of_splits_is_nadeaus_and_bengios() -> None:
    gaps = np.array([0.01, 0.02, 0.03, 0.02, 0.02])
    low, high = paired_interval(gaps, 0.15 / 0.85)
    sd = np.sqrt(((gaps - 0.02) ** 2).sum() / 4)
    half = 2.7764451 * sd * np.sqrt(1 / 5 + 0.15 / 0.85)  # t of four degrees of freedom
    assert (low, high) == (pytest.approx(0.02 - half), pytest.approx(0.02 + half))
    assert np.isnan(paired_interval(gaps[:1])).all()


def test_one_split_calls_nobody_better() -> None:
    found = compare(scale_votes(), [], [("IdealPoints-1D", "majority")], seeds=[0])
    assert (found.comparison["verdict"] == "one split").all()
    assert found.comparison["low"].isna().all()


def test_later_roll_calls_are_jackknifed_over_blocks() -> None:
    votes = scale_votes(rollcalls=300)
    pairs = [("IdealPoints-1D", "majority"), ("IdealPoints-2D", "IdealPoints-1D")]
    found = compare(votes, [], pairs, test="rollcalls", seeds=range(5)).comparison
    rows = found[found["score"] == "gmp"].set_index("model")
    assert (found["splits"] == 1).all()
    assert rows.loc["IdealPoints-1D", "verdict"] == "better"
    assert (rows["low"] < rows["difference"]).all()
    assert (rows["difference"] < rows["high"]).all()
    table = evaluate(votes, test="rollcalls").set_index("model")["gmp"]
    gap = table["IdealPoints-2D"] - table["IdealPoints-1D"]
    assert rows.loc["IdealPoints-2D", "difference"] == pytest.approx(gap)


def test_the_dimension_that_was_chosen_does_not_see_the_test_votes() -> None:
    from sociophysics.inference import leakage

    assert leakage(scale_votes(), IdealPoints(None)) == 0.0


def judged(fixed: float, chosen: float, verdicts: tuple[str, str, str]) -> Verdicts:
    gmp = {"party": 0.6, "IdealPoints-1D": 0.7, "IdealPoints-2D": fixed, "PseudoLikelihood": 0.78,
           "Stack": 0.79, "IdealPoints": chosen}  # fmt: skip
    table = pd.DataFrame({"model": list(gmp), "accuracy": 0.9, "gmp": list(gmp.values())})
    pairs = (("PseudoLikelihood", "IdealPoints"), ("Stack", "IdealPoints"),
             ("Stack", "PseudoLikelihood"))  # fmt: skip
    rows = [
        {"model": a, "against": b, "score": "gmp", "difference": 0.01, "low": 0.005, "high": 0.015,
         "splits": 5, "verdict": verdict}
        for (a, b), verdict in zip(pairs, verdicts, strict=True)
    ]  # fmt: skip
    return Verdicts(table, pd.DataFrame(rows), (2, 2, 3, 2, 2))


def test_the_first_sentence_names_the_chosen_ideal_points() -> None:
    said = sentences(judged(0.75, 0.75, ("better", "better", "not told apart")))
    assert said[0].startswith("Ideal points in 2 or 3 dimensions, chosen on training votes, ")
    assert "GMP 0.750" in said[0]
    assert "the couplings predict better than ideal points" in said[1].lower()
    assert "both together and the couplings cannot be told apart" in said[1]
    assert len(said) == 2
    assert "not told apart" in comparison_table(
        judged(0.7, 0.7, ("not told apart",) * 3).comparison
    )


def test_what_the_table_contradicts_is_said() -> None:
    said = sentences(judged(0.785, 0.77, ("better", "better", "worse")))
    assert "both together predict worse than the couplings" in said[1]
    assert said[2].startswith("IdealPoints-2D has a higher mean GMP on these test votes (0.785)")
    assert "than the couplings, a dimension" in said[2]
    both = sentences(judged(0.8, 0.77, ("worse", "worse", "worse")))
    assert "than the couplings and both together" in both[2]
    once = sentences(judged(0.7, 0.7, ("one split",) * 3))
    assert "no model is called better" in once[1]


@pytest.mark.parametrize("best", [-2.0, 0.0, 2.0])
def test_the_grid_goes_on_until_its_best_is_inside(best: float) -> None:
    penalties, scores = searched((3.0, 1.0, 0.3), lambda l2: -((np.log10(l2) - best) ** 2))
    top = int(np.argmax(scores))
    assert 0 < top < len(penalties) - 1
    assert penalties == sorted(penalties, reverse=True)
    assert abs(np.log10(penalties[top]) - best) < 0.3
    assert len(searched((3.0, 1.0), lambda l2: l2)[0]) == 2 + 6  # and not without end


def test_a_penalty_beyond_the_grid_is_found_and_predicts_better() -> None:
    noise = np.random.default_rng(0).choice([-1, 1], (60, 10))
    fit = PseudoLikelihood(grid=(0.3, 0.1)).fit(noise)
    assert fit.l2_ > 0.3
    assert fit.validation_["l2"].max() > 0.3
    clear = np.repeat(np.array([[1, 1, 1, -1], [1, -1, 1, 1], [1, 1, -1, -1]]), 300, axis=0)
    assert PseudoLikelihood(grid=(3.0, 1.0)).fit(clear).l2_ < 1.0


def test_l1_fits_that_were_stopped_are_counted() -> None:
    votes = scale_votes(8, 60)
    assert StabilitySelection(0.1, max_iter=2, half_samples=50).fit(votes).stopped_ == 51
    assert StabilitySelection(0.1, half_samples=50).fit(votes).stopped_ == 0
