"""Landscape, frustration, pivotal members, blocs, specific heat and generative checks."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pytest

from sociophysics.errors import InputError
from sociophysics.inference.chamber.blocs import party_blocs
from sociophysics.inference.chamber.criticality import (
    null_votes,
    specific_heat,
    specific_heat_peaks,
)
from sociophysics.inference.chamber.landscape import (
    energy_minima,
    frustrated_triangles,
    pivotal_members,
)
from sociophysics.inference.estimators.boltzmann import BoltzmannRefinement
from sociophysics.inference.estimators.pseudolikelihood import PseudoLikelihood
from sociophysics.inference.judging.posterior_predictive import (
    generative_checks,
    three_body,
    yea_distribution,
)
from sociophysics.rollcall import load
from sociophysics.society.spins import SpinSystem
from sociophysics.theory.exact import boltzmann


def system(n=8, seed=0, sd=0.5):
    rng = np.random.default_rng(seed)
    J = np.triu(rng.normal(0, sd, (n, n)), 1)
    return SpinSystem(J + J.T, rng.normal(0, 0.1, n))


def test_quenches_find_all_minima_by_enumeration():
    chamber = system()
    law = boltzmann(chamber, temperature=1.0)
    stable = (law.states * chamber.local_field(law.states) > 0).all(axis=1)
    minima, spins = energy_minima(chamber, quenches=4000)
    assert {tuple(s) for s in spins.tolist()} == {tuple(s) for s in law.states[stable].tolist()}
    np.testing.assert_allclose(minima["energy"], np.sort(law.energies[stable]), atol=1e-12)
    assert minima["basin"].sum() == pytest.approx(1)
    assert (minima["stability"] > 0).all()
    assert np.isinf(minima["depth"][0])
    assert (minima["depth"][1:] >= minima["stability"][1:] - 1e-12).all()


def test_barrier_between_two_camps_is_the_exact_one():
    # uniform couplings: the top of the barrier is half up, half down, the same on every path
    n = 6
    chamber = SpinSystem((np.ones((n, n)) - np.eye(n)) / n, np.full(n, 0.01))
    minima, spins = energy_minima(chamber, quenches=200)
    half = np.array([1] * 3 + [-1] * 3)
    assert minima["depth"][1] == pytest.approx(chamber.energy(half) - minima["energy"][1])
    assert spins[0].tolist() == [1] * n


def test_frustrated_triangles_by_counting():
    J = system(9, 3).J.toarray()
    J[np.abs(J) < 0.2] = 0
    signs = [np.sign(J[i, j] * J[j, k] * J[i, k]) for i, j, k in combinations(range(9), 3)]
    share, count = frustrated_triangles(SpinSystem(J))
    assert count == np.count_nonzero(signs)
    assert share == pytest.approx(np.mean(np.array(signs)[np.array(signs) != 0] < 0))


def test_pivotal_members_by_enumeration():
    chamber = system(7, 4, 0.3)
    law = boltzmann(chamber, temperature=1.0)
    spins = law.states[np.random.default_rng(0).choice(128, 200_000, p=law.probabilities)]
    table = pivotal_members(chamber, spins, push=0.5)
    for i in range(7):
        pushed = SpinSystem(chamber.J, chamber.h + 0.5 * (np.arange(7) == i))
        after = boltzmann(pushed, temperature=1.0)
        passes = (law.states > 0).sum(axis=1) > 3.5
        change = after.probabilities[passes].sum() - law.probabilities[passes].sum()
        assert table["passes"].iloc[i] == pytest.approx(change, abs=0.006)


def test_parties_are_found_without_labels():
    votes = load("senate109").contested()
    blocs = party_blocs(PseudoLikelihood(l2=0.3).fit(votes).coupling_)
    party = votes.members["party"].to_numpy()
    known = np.isin(party, ["D", "R"])
    agreement = np.mean((party[known] == "R") == (blocs[known] == 0))
    assert max(agreement, 1 - agreement) >= 0.98


def test_one_party_is_not_divided():
    assert not party_blocs(np.ones((5, 5)) - np.eye(5)).any()


def test_specific_heat_by_enumeration():
    chamber = system(8, 5)
    curve = specific_heat(chamber, temperatures=[0.7, 1.0, 1.5], draws=20_000, seed=1)
    for _, row in curve.iterrows():
        law = boltzmann(chamber, temperature=row["temperature"])
        mean = law.probabilities @ law.energies
        exact = law.probabilities @ (law.energies - mean) ** 2 / (8 * row["temperature"] ** 2)
        assert row["specific_heat"] == pytest.approx(exact, rel=0.08)
        assert row["energy"] == pytest.approx(mean / 8, abs=0.02)


def blocs_votes(seed=0, rollcalls=400, n=8):
    rng = np.random.default_rng(seed)
    sides = rng.choice([-1, 1], (rollcalls, 2))
    # the second bloc mostly opposes the first
    sides[:, 1] = np.where(rng.random(rollcalls) < 0.85, -sides[:, 0], sides[:, 0])
    line = np.repeat(sides, n // 2, axis=1)
    return np.where(rng.random((rollcalls, n)) < 0.85, line, -line).astype(np.int8)


def test_nulls_keep_what_they_say():
    votes = blocs_votes()
    votes[np.random.default_rng(1).random(votes.shape) < 0.1] = 0
    shuffled, blocs = (null_votes(votes, kind, seed=2) for kind in ("shuffled", "blocs"))
    np.testing.assert_array_equal(shuffled.sum(axis=0), votes.sum(axis=0))
    np.testing.assert_array_equal(shuffled != 0, votes != 0)

    def pair(matrix, i, j):
        return float((matrix[:, i].astype(int) * matrix[:, j]).mean())

    assert pair(blocs, 0, 1) == pytest.approx(pair(votes, 0, 1))
    assert pair(blocs, 4, 5) == pytest.approx(pair(votes, 4, 5))
    assert abs(pair(blocs, 0, 4)) < 0.2 < abs(pair(votes, 0, 4))
    assert abs(pair(shuffled, 0, 1)) < 0.2
    with pytest.raises(InputError, match="shuffled, blocs"):
        null_votes(votes, "parties")


def test_specific_heat_peaks_beside_nulls():
    quick = BoltzmannRefinement(l2=0.1, steps=150, replicas=200, draws=200)
    peaks, curves = specific_heat_peaks(
        blocs_votes(), quick, temperatures=[0.7, 1.0, 1.4, 2.0], draws=2000
    )
    height = peaks.set_index("source")["at_one"]
    assert height["votes"] > height["shuffled"]
    assert height["blocs"] > height["shuffled"]
    assert len(curves) == 12


def test_generative_checks_tell_good_samples_from_bad():
    chamber = system(10, 6, 0.4)
    law = boltzmann(chamber, temperature=1.0)
    rng = np.random.default_rng(0)
    votes = law.states[rng.choice(1024, 1500, p=law.probabilities)].copy()
    votes[rng.random(votes.shape) < 0.05] = 0
    fresh = law.states[rng.choice(1024, 20_000, p=law.probabilities)]
    hot = boltzmann(chamber, temperature=2.0)
    wrong = law.states[rng.choice(1024, 20_000, p=hot.probabilities)]
    right_row = generative_checks(votes, fresh).loc["model"]
    wrong_row = generative_checks(votes, wrong).loc["model"]
    assert right_row["pair_rmse"] < 0.04
    assert abs(right_row["pair_slope"] - 1) < 0.05
    assert right_row["yeas_tv"] < 0.06
    assert wrong_row["pair_slope"] < 0.8
    assert generative_checks(votes, fresh).loc["shuffled", "pair_rmse"] > 0.1


def test_three_body_by_hand_with_missing_votes():
    votes = np.array([[1, 1, 1], [1, -1, 1], [-1, 1, 0], [1, 1, -1]])
    mean = np.array([0.5, 0.5, 1 / 3])
    rows = [0, 1, 3]
    expected = np.mean([np.prod(votes[t] - mean) for t in rows])
    assert three_body(votes, np.array([[0, 1, 2]]))[0] == pytest.approx(expected)


def test_number_of_yeas_counts_votes_cast():
    centres, chance = yea_distribution(np.array([[1, 0, 1], [1, -1, -1], [-1, -1, -1]]))
    assert chance.tolist() == pytest.approx([1 / 3, 1 / 3, 0, 1 / 3])
    assert len(centres) == 4


def test_directed_couplings_have_no_minima():
    with pytest.raises(InputError, match="directed"):
        energy_minima(SpinSystem([[0, 1], [0, 0]]))
