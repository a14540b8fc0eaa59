"""Whom the outcome gives away: the law's information, its intervals, and who can be named."""

from __future__ import annotations

import numpy as np
import pytest

from sociophysics.errors import InputError
from sociophysics.inference import pivotal_information
from sociophysics.rollcall import Votes

N = 9
STATES = (1 - 2 * ((np.arange(2**N)[:, None] >> np.arange(N)) & 1)).astype(np.int8)
SIDE = np.sign(STATES.sum(axis=1))


def law(seed, *, fields):
    """The law of a random chamber, and the information that the side that wins has of each."""
    rng = np.random.default_rng(seed)
    x = rng.normal(size=N)
    coupling = 0.15 * np.outer(x, x) + 0.05 * (1 + rng.normal(size=(N, N)))
    coupling = (coupling + coupling.T) / 2
    np.fill_diagonal(coupling, 0)
    field = 0.2 * rng.normal(size=N) * fields
    chance = np.exp(0.5 * ((STATES @ coupling) * STATES).sum(axis=1) + STATES @ field)
    chance /= chance.sum()
    return chance, information(chance)


def information(chance):
    mean = chance @ STATES
    found = np.zeros(N)
    for side in (-1, 1):
        part = chance * (side == SIDE)
        found += part.sum() * (part @ STATES / part.sum() - mean) ** 2
    return found


def covered(seeds, *, rollcalls=150):
    hits = []
    for seed in seeds:
        fields = seed % 2 == 1
        chance, truth = law(seed, fields=fields)
        drawn = np.random.default_rng(seed).choice(len(chance), rollcalls, p=chance)
        votes = Votes(STATES[drawn], polarity="expert" if fields else "arbitrary")
        table = pivotal_information(votes, seed=seed).table.set_index("id").loc[range(N)]
        hits.append((table["low"] <= truth) & (truth <= table["high"]))
    return float(np.mean(hits))


def test_it_is_the_fisher_information_of_a_tilt():
    chance, truth = law(1, fields=True)
    for i in (0, 4):
        tilted = [chance * np.exp(step * STATES[:, i]) for step in (-1e-5, 1e-5)]
        side = [np.array([each[s == SIDE].sum() for s in (-1, 1)]) / each.sum() for each in tilted]
        slope = (side[1] - side[0]) / 2e-5
        middle = np.array([chance[s == SIDE].sum() for s in (-1, 1)])
        assert (slope**2 / middle).sum() == pytest.approx(truth[i], rel=1e-6)


@pytest.mark.parametrize("polarity", ["arbitrary", "expert"])
def test_many_roll_calls_give_the_information_of_the_law(polarity):
    chance, truth = law(2, fields=polarity == "expert")
    drawn = np.random.default_rng(0).choice(len(chance), 40_000, p=chance)
    votes = Votes(STATES[drawn], polarity=polarity)
    side, margin = (
        pivotal_information(votes, outcome=each, draws=2).table.set_index("id")["information"]
        for each in ("majority", "margin")
    )
    np.testing.assert_allclose(side.loc[range(N)], truth, atol=0.02)
    assert (margin.loc[range(N)] > truth - 0.02).all()  # margins tell more, or nothing


def test_intervals_of_nine_tenths_cover_in_forty_planted_chambers():
    assert abs(covered(range(40)) - 0.9) < 3 * np.sqrt(0.09 / 40) / 2


@pytest.mark.validate
@pytest.mark.parametrize("rollcalls", [100, 300])
def test_intervals_of_nine_tenths_cover_in_a_hundred_planted_chambers(rollcalls, record_property):
    share = covered(range(1000, 1100), rollcalls=rollcalls)
    record_property(f"coverage of 90 % intervals, {rollcalls} roll calls", share)
    assert abs(share - 0.9) < 3 * np.sqrt(0.09 / 100) / 2


def test_votes_by_coin_have_no_information_and_no_leader():
    votes = np.random.default_rng(0).choice([-1, 1], (400, 101))
    found = pivotal_information(votes)
    # a vote is part of the outcome of 101: 2 / (pi 101) in the mean, and no part of chance on top
    assert found.table["information"].mean() == pytest.approx(2 / (np.pi * 101), abs=0.003)
    assert "cannot be told apart" in found.sentence


def test_who_always_wins_is_named():
    rng = np.random.default_rng(0)
    votes = rng.choice([-1, 1], (300, 5))
    votes[:, 0] = np.sign(votes[:, 1:].sum(axis=1) + 0.5 * votes[:, 0])
    found = pivotal_information(votes)
    assert found.sentence == "member 0 is the most pivotal."
    assert found.table["id"][0] == 0
    assert found.table["rank_high"][0] == 1


def test_which_side_is_plus_one_does_not_matter_where_it_is_an_accident():
    votes = np.random.default_rng(0).choice([-1, 0, 1], (60, 7))
    sign = np.random.default_rng(1).choice([-1, 1], (60, 1))
    first, second = (
        pivotal_information(each, outcome="margin").draws for each in (votes, sign * votes)
    )
    np.testing.assert_array_equal(first, second)


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ({"outcome": "side"}, "outcome is 'side'"),
        ({"level": 90}, "level is 90 and draws 400"),
        ({"draws": 1}, "level is 0.9 and draws 1"),
    ],
)
def test_bad_options_are_refused(options, sentence):
    with pytest.raises(InputError, match=sentence):
        pivotal_information(STATES[::7], **options)


def test_ties_have_no_outcome():
    with pytest.raises(InputError, match="all roll calls are ties"):
        pivotal_information([[1, -1], [-1, 1], [1, -1]])
