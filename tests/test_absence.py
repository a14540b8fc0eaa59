"""Absences that are at random are not found out, and those that go with the vote are."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from scipy.special import expit

from sociophysics.errors import InputError
from sociophysics.inference import IdealPoints, absence_effects
from sociophysics.rollcall import Votes

MEMBERS, ROLLCALLS = 40, 200


def chamber(seed, effect=0.0, of="indifference"):
    """Votes on one line; members and roll calls differ in absences, which may go with the vote."""
    rng = np.random.default_rng(seed)
    point = rng.normal(size=MEMBERS)
    logit = rng.normal(size=(ROLLCALLS, 1)) + 1.5 * rng.normal(size=(ROLLCALLS, 1)) * point
    chance = expit(logit)
    votes = np.where(rng.random(chance.shape) < chance, 1, -1)
    won = votes.sum(axis=1, keepdims=True) > 0
    x = {"indifference": 1 - np.abs(2 * chance - 1), "losing": np.where(won, 1 - chance, chance)}
    rate = -2.7 + 0.5 * rng.normal(size=(ROLLCALLS, 1)) + 0.5 * rng.normal(size=MEMBERS)
    votes[rng.random(votes.shape) < np.exp(rate + effect * x[of])] = 0
    members = pd.DataFrame({"id": range(MEMBERS), "party": np.where(point > 0, "R", "D")})
    return Votes(votes, members)


def effects(votes):
    return absence_effects(votes, ideal=IdealPoints(1, 1.5)).set_index("what")


def test_absence_at_random_is_found_out_one_time_in_twenty():
    p = np.array([effects(chamber(seed))["p"] for seed in range(30)])
    # one in twenty of 30 chambers, in the largest of three rows: six or more with a chance of .01
    assert ((p < 0.05).sum(axis=0) < 6).all()
    assert (p < 0.5).mean() == pytest.approx(0.5, abs=0.2)


@pytest.mark.parametrize("of", ["indifference", "losing"])
def test_absence_that_goes_with_the_vote_is_found_out(of):
    for seed in range(4):
        row = effects(chamber(seed, 1.0, of)).loc[of]
        assert row["p"] < 0.01
        assert row["low"] > 1


def held(of, chambers):
    """Return how often intervals hold a planted factor of e, as printed and if not corrected."""
    found = pd.DataFrame([effects(chamber(seed, 1.0, of)).loc[of] for seed in chambers])
    logs = np.log(found[["low", "high"]].to_numpy(float))
    raw = logs * found[["slope"]].to_numpy(float)
    return [float(((ends[:, 0] <= 1) & (ends[:, 1] >= 1)).mean()) for ends in (logs, raw)], logs


def test_the_ratio_is_that_of_the_true_chances():
    (share, before), logs = held("indifference", range(24))
    # Of 24 intervals that hold in 95 % of chambers three or more miss with a chance of .1
    assert share >= 20 / 24
    assert before < 16 / 24
    assert logs.mean() == pytest.approx(1.0, abs=4 * 0.2 / np.sqrt(24))


def test_chances_that_cannot_be_told_give_no_ratio():
    """One party line, and who breaks it is a coin: nothing tells who was likely to lose."""
    rng = np.random.default_rng(4)
    votes = rng.choice([-1, 1], (120, 30)) * (rng.random((120, 30)) < 0.85)
    found = absence_effects(votes, ideal=IdealPoints(1, 0.02)).set_index("what")
    told = found["slope"] >= 0.2
    assert found.loc[~told, ["ratio", "low", "high"]].isna().all(axis=None)
    assert found.loc[told, ["ratio", "low", "high"]].notna().all(axis=None)


@pytest.mark.validate
@pytest.mark.parametrize("of", ["indifference", "losing"])
def test_intervals_of_ratios_hold_in_planted_chambers(of, record_property):
    (share, before), logs = held(of, range(3000, 3150))
    record_property(f"share of 150 intervals that hold, {of}", share)
    record_property("if not corrected for fitted chances", before)
    record_property("mean logarithm of the ratio (planted 1)", float(logs.mean()))
    assert share > 0.93 - 3 * np.sqrt(0.93 * 0.07 / 150)


@pytest.mark.validate
def test_absence_at_random_in_two_hundred_chambers(record_property):
    p = np.array([effects(chamber(seed))["p"] for seed in range(1000, 1200)])
    for place, what in enumerate(("indifference", "losing", "against_party")):
        share = float((p[:, place] < 0.05).mean())
        record_property(f"share of p below .05, {what}", share)
        assert share < 0.05 + 3 * np.sqrt(0.05 * 0.95 / 200)


def test_members_without_a_seat_are_not_absent():
    votes = chamber(0)
    matrix, seated = votes.matrix.copy(), np.ones(votes.matrix.shape, bool)
    seated[:100, 0] = False
    matrix[:100, 0] = 0
    found = effects(Votes(matrix, votes.members, seated=seated))
    absent = int(((matrix == 0) & seated).sum())
    assert found.loc["indifference", "absences"] <= absent < int((matrix == 0).sum())


def test_few_roll_calls_and_full_attendance_are_refused():
    coin = np.random.default_rng(0).choice([-1, 1], (60, 8))
    with pytest.raises(InputError, match="0 votes of seated members are missing"):
        absence_effects(coin)
    with pytest.raises(InputError, match="in 40 contested roll calls; at least 50"):
        absence_effects(coin[:40])
