"""Whom something acts on: one word for interventions, trials and mixtures of feeds."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import networkx as nx
import numpy as np
import pandas as pd
import pytest

import sociophysics as sp
from sociophysics.errors import InputError
from sociophysics.influences.choosing import clusters, eligible, select
from tests.laws import assert_mean

N = 40
AGES = pd.DataFrame(
    {
        "age": [*range(20, 50), *[None] * 10],
        "member": [1, 0] * 15 + [None] * 10,
        "town": ["north", "south", "east", "west"] * 10,
        "passport": range(N),
    }
)
CAMPS = np.repeat([0, 1, -1], [15, 15, 10])
SYSTEM = sp.SpinSystem(
    sp.SpinSystem.from_edges(np.arange(N), (np.arange(N) + 1) % N, n=N).J, nodes=AGES
)
WORDS: dict[str, np.ndarray] = {
    "random": np.arange(N),
    "camp:0": np.arange(15),
    "camp:right": np.arange(15, 30),
    "attribute:age>=40": np.arange(20, 30),
    "attribute: age < 25": np.arange(5),
    "attribute:age = 30": np.array([10]),
    "attribute:member": np.arange(0, 30, 2),
    "attribute:town==north": np.arange(0, N, 4),
    "attribute:town != 'north'": np.flatnonzero(np.arange(N) % 4),
    "attribute:passport>=30": np.arange(30, N),
}


def chosen(who: Any, share: float, seed: int = 1) -> np.ndarray:
    rng = np.random.default_rng(seed)
    return select(SYSTEM, CAMPS, who, share, rng, names=("left", "right"))


@pytest.mark.parametrize("who", WORDS)
def test_every_word_describes_its_users_and_all_of_them_are_taken_by_a_whole_share(
    who: str,
) -> None:
    assert np.flatnonzero(chosen(who, 1.0)).tolist() == WORDS[who].tolist()
    assert chosen(who, 0.5).sum() == max(round(WORDS[who].size * 0.5), 1)
    assert not chosen(who, 0.0).any()


@pytest.mark.parametrize("who", [*WORDS, "degree", "cluster", "cluster:town"])
def test_a_larger_share_takes_the_same_users_and_more(who: str) -> None:
    for seed in range(5):
        masks = [chosen(who, share, seed) for share in (0.0, 0.05, 0.3, 0.31, 0.8, 1.0)]
        for few, more in pairwise(masks):
            assert not (few & ~more).any()


def test_each_user_described_is_as_likely_as_any_other() -> None:
    drawn = np.array([chosen("attribute:age>=40", 0.3, seed) for seed in range(800)])
    assert not np.delete(drawn, np.arange(20, 30), axis=1).any()
    for user in range(20, 30):
        assert_mean(drawn[:, user].astype(float), 0.3, 0.3 * 0.7)


def test_clusters_are_taken_whole() -> None:
    groups = clusters(SYSTEM, "cluster:town")
    masks = np.array([chosen("cluster:town", 0.5, seed) for seed in range(60)])
    for mask in masks:
        shares = [mask[groups == town].mean() for town in range(4)]
        assert sorted(shares) == [0.0, 0.0, 1.0, 1.0]
    assert len({tuple(mask.tolist()) for mask in masks}) == 6  # each pair of towns


def test_communities_of_the_network_are_those_of_its_blocks_and_of_friendly_ties() -> None:
    block = np.ones((6, 6)) - np.eye(6)
    J = np.kron(np.eye(3), block)
    J[np.kron(np.ones((3, 3)) - np.eye(3), np.ones((6, 6))) > 0] = -0.5
    found = clusters(sp.SpinSystem(J), "cluster")
    assert found.tolist() == np.repeat([0, 1, 2], 6).tolist()
    again = clusters(sp.SpinSystem(J), "cluster")
    assert (found == again).all()


def test_the_best_connected_come_first_and_no_draw_decides() -> None:
    star = sp.SpinSystem.from_edges([3, 3, 3, 1], [0, 1, 2, 2])
    assert eligible(star, None, "degree").tolist() == [3, 1, 2, 0]
    for seed in range(3):
        mask = select(star, None, "degree", 0.5, np.random.default_rng(seed))
        assert np.flatnonzero(mask).tolist() == [1, 3]


def test_a_list_is_taken_as_a_whole() -> None:
    assert np.flatnonzero(chosen([7, 3], 0.1)).tolist() == [3, 7]


BAD = [
    ("degre", "who is 'degre'; allowed: random, degree"),
    ("camp:7", "no user is in that camp; allowed: camp:left"),
    ("attribute:agee>=40", "no user has that attribute; .* did you mean age"),
    ("attribute:age>=400", "true of nobody"),
    ("attribute:town", "'town' holds 'north'; give a column of 0 and 1"),
    ("attribute:town>north", "> needs numbers: use == or !="),
    ("attribute:", "allowed: random"),
    ("cluster:passport", "every cluster is a single user"),
    ("cluster:size", "no user has that attribute"),
    ([99], "who names the user 99, who is not in the network"),
]


@pytest.mark.parametrize(("who", "sentence"), BAD)
def test_words_that_choose_nobody_are_refused_in_one_sentence(who: Any, sentence: str) -> None:
    with pytest.raises(InputError, match=sentence) as caught:
        chosen(who, 0.5)
    assert "\n" not in str(caught.value)


def test_camps_that_are_missing_and_a_network_of_one_cluster_are_refused() -> None:
    with pytest.raises(InputError, match="the users have no camps"):
        select(SYSTEM, None, "camp:0", 0.5, np.random.default_rng(1))
    full = sp.SpinSystem(np.ones((5, 5)) - np.eye(5))
    with pytest.raises(InputError, match="but there is 1; give an attribute"):
        select(full, None, "cluster", 0.5, np.random.default_rng(1))


def test_users_without_a_value_in_a_column_that_an_act_asks_for_are_counted() -> None:
    """Sixty of a hundred who gave no age were never treated, without a word."""
    ties = nx.cycle_graph(10)
    nx.set_node_attributes(ties, {k: 20.0 + 10 * k for k in range(6)}, "age")
    acts = [{"kind": "tilt", "at": 2, "field": 0.5, "who": "attribute:age>=40", "share": 0.5}]
    feed = {
        "kind": "mixture",
        "arms": [
            {"share": 0.5, "who": "attribute:age<30", "feed": {"kind": "random", "strength": 0.1}}
        ],
    }
    scenario = sp.Scenario.from_toml(
        "seed = 1\nnetwork = {kind = 'complete', n = 4}\ncouplings = {kind = 'uniform'}\n"
        "dynamics = {temperature = 1.0, sweeps = 4}"
    ).replace(network=ties)
    card = "\n".join(sp.study.card_of_scenario(scenario).lines())
    assert "no 'age'" not in card
    designs = [{"name": "tilted", "interventions": acts}, {"name": "mixed", "feed": feed}]
    card = "\n".join(sp.study.card_of_scenario(scenario.replace({"designs": designs})).lines())
    for who in ("attribute:age>=40", "attribute:age<30"):
        assert f"'{who}': 4 of 10 users have no 'age' and are not among them" in card
