"""Ranks of members in societies whose order is known, and nobody named without an interval."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from numpy.typing import NDArray

from sociophysics.errors import InputError
from sociophysics.inference import PseudoLikelihood
from sociophysics.inference.chamber.chamber_tables import couplings_table, members_table
from sociophysics.inference.chamber.member_ranks import (
    bridging,
    pivotal_draws,
    rank_intervals,
    who_leads,
)
from sociophysics.inference.estimators.ideal_points import IdealPoints
from sociophysics.inference.estimators.tempering import temper
from sociophysics.rollcall import Votes

Array = NDArray[np.float64]
N = 12
PARTY = np.repeat(["D", "R"], N // 2).astype(object)


def society(seed: int, bridge: float) -> tuple[Array, Votes]:
    """Two parties; member 0 of the first is tied to the other by ``bridge``."""
    rng = np.random.default_rng(seed)
    same = PARTY[:, None] == PARTY
    coupling = np.where(same, 0.12, -0.01) + rng.normal(size=(N, N)) * 0.02
    coupling[0, PARTY == "R"] += bridge
    coupling[0, PARTY == "D"] -= bridge / 2
    coupling = np.triu(coupling, 1)
    coupling = coupling + coupling.T
    groups = [np.arange(N), np.arange(N // 2), np.arange(N // 2, N)]
    spins = temper(coupling, np.zeros(N), draws=1200, blocs=groups, seed=seed).spins[0]
    chosen = spins[rng.permutation(1200)[:600]]
    members = pd.DataFrame({"id": range(N), "party": PARTY})
    return coupling, Votes(chosen, members)


def test_ranks_are_those_of_normal_values_with_known_errors() -> None:
    """A thousand orders of ten: each rank lies in its interval, at least as often as said."""
    rng = np.random.default_rng(0)
    truth = np.linspace(0, 4, 10)
    rank = 10 - np.arange(10)
    inside, naive = [], []
    for _ in range(1000):
        values = truth + 0.5 * rng.normal(size=10)
        found = rank_intervals(values, errors=np.full(10, 0.5))
        inside.append((found.low <= rank) & (rank <= found.high))
        naive.append(found.rank == rank)
        assert (found.low <= found.rank).all()
        assert (found.rank <= found.high).all()
    assert np.mean(inside, axis=0).min() > 0.95
    assert np.mean(naive, axis=0)[1:-1].max() < 0.8  # a rank alone is often wrong


def test_draws_carry_what_members_share() -> None:
    """Errors that all share move no rank; independent ones of the same size hide it."""
    rng = np.random.default_rng(1)
    values = np.array([2.0, 1.0, 0.0])
    shared = values + rng.normal(size=(50, 1)) * 3 + rng.normal(size=(50, 3)) * 0.1
    apart = values + rng.normal(size=(50, 3)) * 3
    assert rank_intervals(values, shared)[1:][0].tolist() == [1, 2, 3]
    assert rank_intervals(values, apart).high.tolist() == [3, 3, 3]
    with pytest.raises(InputError, match="one of the two"):
        rank_intervals(values)


def true_ranks(coupling: Array) -> NDArray[np.int64]:
    share = bridging(coupling, PARTY)
    return (share[:, None] < share).sum(axis=1) + 1


def test_bridgers_of_known_societies_are_named_only_where_there_is_one() -> None:
    held, named = [], []
    for seed in range(3):
        for bridge in (0.0, 0.12):
            coupling, votes = society(seed, bridge)
            fit = PseudoLikelihood(0.1).fit(votes)
            draws = bridging(fit.bootstrap(40)[0], PARTY)
            found = rank_intervals(bridging(fit.coupling_, PARTY), draws)
            rank = true_ranks(coupling)
            held.append((found.low <= rank) & (rank <= found.high))
            first = np.flatnonzero(found.low == 1)
            if bridge:
                assert first.tolist() == [0]
                named.append(rank[0])
            else:
                assert len(first) > 1  # nobody stands out, and nobody is named
    assert named == [1, 1, 1]
    assert np.mean(held) > 0.95


def test_pivotal_members_of_draws_are_ranked() -> None:
    _, votes = society(0, 0.0)
    fit = PseudoLikelihood(0.3).fit(votes)
    found = pivotal_draws(fit.bootstrap(4), seed=0)
    assert found.shape == (4, N)
    assert ((found > 0) & (found < 1)).all()


def test_members_of_the_same_group_are_not_across_parties() -> None:
    _, votes = society(0, 0.0)
    party = PARTY.copy()
    party[2] = "Indep"  # sits and votes with the first party
    votes = votes.replace(members=votes.members.assign(party=party))
    fit = PseudoLikelihood(0.3).fit(votes)
    table = couplings_table(votes, fit, None).set_index(["id_i", "id_j"])
    assert not table.loc[(1, 2), "across"]
    assert table.loc[(2, 7), "across"]
    members = members_table(votes, fit, IdealPoints(prior=1.0).fit(votes),
                            draws=fit.bootstrap(5)[0])  # fmt: skip
    assert members["party_group"].tolist() == PARTY.tolist()
    assert (members["bridging_rank_low"] <= members["bridging_rank_high"]).all()


def test_a_sentence_names_nobody_among_many() -> None:
    names = [f"m{k}" for k in range(20)]
    low = np.where(np.arange(20) < 9, 1, 5)
    assert who_leads(names, low, "x") == "Who x cannot be told apart among 9 of 20 members."
