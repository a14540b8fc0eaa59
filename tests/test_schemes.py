"""Who moves next in a scenario: users at random, users in their order, or neighbours who trade."""

from __future__ import annotations

import numpy as np
import pytest

import sociophysics as sp
from sociophysics.errors import InputError
from sociophysics.report.describe import describe
from sociophysics.scenario.build import build_system
from sociophysics.theory.exact import all_states
from tests.laws import assert_mean

TOWN = """
seed = 1
network = {kind = "lattice", shape = [4, 4]}
couplings = {kind = "uniform"}
observe = {names = ["magnetization", "energy"], every = 5}
sweep = {replicas = 12}
[dynamics]
temperature = 3.0
sweeps = 60
burn_in = 20
"""


def town(scheme: str, more: str = "") -> sp.Scenario:
    return sp.Scenario.from_toml(TOWN + f'scheme = "{scheme}"\n{more}')


def test_trades_keep_the_sum_of_every_replica() -> None:
    table = sp.run(town("kawasaki"), workers=1).table
    kept = table.groupby("replica")["magnetization"].nunique()
    assert (kept == 1).all()
    assert table.groupby("replica")["magnetization"].first().nunique() > 1
    others = sp.run(town("sequential"), workers=1).table
    assert (others.groupby("replica")["magnetization"].nunique() > 1).all()


def test_the_energy_of_a_town_of_equal_halves_is_the_enumerated_one() -> None:
    system, _ = build_system(town("kawasaki").cases()[0].settings, None)
    states = all_states(16).astype(float)
    states = states[states.sum(axis=1) == 0]
    energy = -((states @ system.J.toarray()) * states).sum(axis=1) / 2
    weight = np.exp(-(energy - energy.min()) / 3.0)
    law = weight / weight.sum()
    mean, second = law @ energy, law @ energy**2
    assert mean / 16 == pytest.approx(-0.34792752, abs=1e-8)  # per user
    found = {}
    for scheme in ("kawasaki", "random-sequential"):
        *_, last = sp.trajectory(
            system, temperature=3.0, sweeps=60, seed=3, replicas=4000,
            start=np.where(np.arange(16) % 2, 1, -1), scheme=scheme,
        )  # fmt: skip
        s = last.spins.astype(float)
        found[scheme] = -((s @ system.J.toarray()) * s).sum(axis=1) / 2
    assert_mean(found["kawasaki"], mean, second - mean**2)
    with pytest.raises(AssertionError):  # users who change stances have another mean
        assert_mean(found["random-sequential"], mean, second - mean**2)


def test_users_drawn_at_random_are_what_is_meant_where_nothing_is_said() -> None:
    said, unsaid = town("random-sequential"), sp.Scenario.from_toml(TOWN)
    assert said.canonical() == unsaid.canonical()
    assert "drawn uniformly at random" in describe(unsaid)
    assert "in their order" in describe(town("sequential"))
    assert "trade stances" in describe(town("kawasaki"))


@pytest.mark.parametrize(
    ("scheme", "more", "sentence"),
    [
        ("swaps", "", "dynamics.scheme is 'swaps'"),
        ("kawasaki", 'rule = {kind = "voter"}\n', "swaps know the heat bath alone"),
        ("kawasaki", 'activity = "age"\n', "drawn at random alone"),
        ("sequential", 'stubborn = "age"\n', "drawn at random alone"),
    ],
)
def test_a_scheme_that_does_not_fit_is_one_sentence(scheme: str, more: str, sentence: str) -> None:
    with pytest.raises(InputError, match=sentence):
        town(scheme, more)


def test_what_rests_on_users_who_change_refuses_trades() -> None:
    with pytest.raises(InputError, match="keep the mean stance"):
        sp.experiments.binder_crossing(town("kawasaki"), values=[1.0, 2.0, 3.0])
