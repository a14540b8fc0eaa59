"""Feeds of different users: each user's field is that of the own feed, and refreshes are shared."""

from __future__ import annotations

import itertools
import time
from collections.abc import Callable

import networkx as nx
import numpy as np
import pandas as pd
import pytest

import sociophysics as sp
from sociophysics.influences import feeds
from sociophysics.influences.feeds.allotted import Allotted
from sociophysics.influences.interventions import SwitchFeed
from sociophysics.scenario.build import case_frames
from tests.test_feed_refresh import CAMPS, DESIGNS, REPLICAS, WORLDS, courses, draws

N = CAMPS.size
SINGLE = [(kind, keys) for kind, keys in DESIGNS if kind != "mixture"]


def halves(seed: int) -> np.ndarray:
    return np.random.default_rng(seed).integers(-1, 2, N)


@pytest.mark.parametrize("world", WORLDS)
def test_the_field_of_a_user_is_that_of_the_own_feed_bit_for_bit(world: str) -> None:
    system = WORLDS[world]
    made = [feeds.make(kind, **keys) for kind, keys in SINGLE]
    pairs = list(itertools.pairwise([*made, made[0]]))
    for k, (first, second) in enumerate(pairs):
        arms = halves(k)
        both = Allotted([first, second], arms)
        start = courses()[0]
        memory = both.start(system, start, CAMPS)
        alone = [each.start(system, start, CAMPS) for each in (first, second)]
        for sweep, spins in enumerate(courses(), 1):
            phi, exposure = both.refresh(system, spins, CAMPS, memory, draws(sweep))
            own = []
            for a, each in enumerate((first, second)):
                single, shown = each.refresh(system, spins, CAMPS, alone[a], draws(sweep))
                np.testing.assert_array_equal(phi[:, arms == a], single[:, arms == a])
                own.append(shown)
                alone[a] = each.remember(spins, alone[a])
            assert (phi[:, arms == -1] == 0.0).all()
            memory = both.remember(spins, memory)
            if own[0] is not None and own[1] is not None and exposure is not None:
                for name in ("shares_agreeing", "shares_out_group"):
                    expected = np.full(spins.shape, np.nan)
                    for a in range(2):
                        expected[:, arms == a] = getattr(own[a], name)[:, arms == a]
                    np.testing.assert_allclose(getattr(exposure, name), expected, atol=1e-12)


def test_a_mixture_of_one_arm_is_its_feed_in_a_whole_run() -> None:
    system = WORLDS["mutual"]
    for kind, keys in SINGLE:
        feed = feeds.make(kind, **keys)
        one = Allotted([feed], np.zeros(N, int))
        runs = [
            sp.trajectory(
                system, temperature=1.5, sweeps=12, seed=3, replicas=3, feed=each, camps=CAMPS,
                every=4,
            )
            for each in (feed, one)
        ]  # fmt: skip
        for alone, mixed in zip(*runs, strict=True):
            np.testing.assert_array_equal(alone.spins, mixed.spins)


def test_camps_of_arms_have_names_as_those_of_interventions_have() -> None:
    graph = nx.planted_partition_graph(2, 20, 0.4, 0.1, seed=1)
    nx.set_node_attributes(graph, {k: "left" if k < 20 else "right" for k in graph}, "camp")
    scenario = sp.Scenario.from_toml(
        "seed = 1\n[network]\nkind = 'complete'\nn = 4\n[couplings]\nkind = 'uniform'\n"
        "[dynamics]\ntemperature = 2.0\nsweeps = 4\n"
    ).replace({"network": graph})

    def table(who: str) -> pd.DataFrame:
        arm = {"share": 0.5, "who": who, "feed": {"kind": "chronological", "strength": 0.5}}
        feed = {"kind": "mixture", "arms": [arm]}
        return sp.run(scenario.replace({"feed": feed}), workers=1).table

    assert table("camp:right").equals(table("camp:1"))
    assert not table("camp:right").equals(table("camp:left"))
    with pytest.raises(sp.InputError, match=r"allowed: camp:left \(camp:0\), camp:right"):
        table("camp:middle")


def test_many_arms_that_show_groups_or_ones_own_stance_share_a_pass_bit_for_bit() -> None:
    system = WORLDS["plain"]
    kinds = ["random", "bridging", "editorial", "in_group", "self_echo", "outrage", "counter"]
    made = [feeds.make(kind, strength=0.1 * (k + 1)) for k, kind in enumerate(kinds)]
    arms = np.random.default_rng(8).integers(-1, len(made), N)
    both = Allotted(made, arms)
    memory = both.start(system, courses()[0], CAMPS)
    for sweep, spins in enumerate(courses(), 1):
        phi, exposure = both.refresh(system, spins, CAMPS, memory, draws(sweep))
        assert (phi[:, arms == -1] == 0.0).all()
        assert exposure is not None
        for a, each in enumerate(made):
            single, shown = each.refresh(system, spins, CAMPS, None, draws(sweep))
            np.testing.assert_array_equal(phi[:, arms == a], single[:, arms == a])
            known = exposure.shares_agreeing[:, arms == a]
            if shown is None:
                assert np.isnan(known).all()
            else:
                np.testing.assert_array_equal(known, shown.shares_agreeing[:, arms == a])


def test_a_feed_made_from_another_answers_for_itself() -> None:
    class Later(feeds.Editorial):
        def response(self, spins, memory):
            return -super().response(spins, memory)

    both = Allotted([Later(strength=0.3), feeds.Editorial(strength=0.2)], np.arange(N) % 2)
    phi = both.refresh(WORLDS["plain"], courses()[0], CAMPS, None, draws(1))[0]
    assert (phi[:, ::2] == -0.3).all()
    assert (phi[:, 1::2] == 0.2).all()


@pytest.mark.bench
def test_two_arms_cost_at_most_a_third_more_than_the_dearer_one(
    record_property: Callable[[str, object], None],
) -> None:
    users, system, camps = 10_000, *two_camps_of(5_000)
    rng = np.random.default_rng(0)
    stances = [np.where(rng.random((4, users)) < 0.5, 1, -1).astype(np.int8)]
    for _ in range(4):
        turned = np.where(rng.random((4, users)) < 0.2, -1, 1).astype(np.int8)
        stances.append(turned * stances[-1])
    kinds = ["random", "bridging", "in_group", "outrage", "chronological", "engagement"]
    made = [(feeds.make(kind, strength=0.3),) for kind in kinds]
    pairs = list(itertools.combinations([each for (each,) in made], 2))
    cost = dict.fromkeys([*made, *pairs], np.inf)
    ready = {}
    for each in cost:
        feed = each[0] if len(each) == 1 else Allotted(each, rng.permutation(users) % 2)
        ready[each] = feed, feed.start(system, stances[0], camps)
    for _ in range(40):
        for each, (feed, memory) in ready.items():
            begun = time.process_time()
            for spins in stances:
                feed.refresh(system, spins, camps, memory, draws(1))
            cost[each] = min(cost[each], time.process_time() - begun)
    ratios = {pair: cost[pair] / max(cost[pair[:1]], cost[pair[1:]]) for pair in pairs}
    record_property("dearest", round(max(ratios.values()), 3))
    assert max(ratios.values()) < 1.3


def two_camps_of(half: int) -> tuple[sp.SpinSystem, np.ndarray]:
    graph = sp.networks.build(
        "planted_partition", seed=1, n=2 * half, communities=2, k_in=12, k_out=4
    )
    camps = np.repeat([0, 1], half)
    return sp.couplings.uniform(graph, normalize="degree"), camps


def test_couplings_change_for_those_whose_feed_changes_them() -> None:
    system = WORLDS["weighted"]
    arms = halves(1)
    mixed = Allotted([feeds.Amplifier(strength=1.0), feeds.Animosity(delta=0.5)], arms)
    J, changed = system.J.toarray(), mixed.couplings(system).J.toarray()
    weak = np.where(J < 0, 0.5 * J, J)
    expected = np.where((arms == 0)[:, None], 2 * J, np.where((arms == 1)[:, None], weak, J))
    np.testing.assert_allclose(changed, expected, atol=1e-15)
    same = Allotted([feeds.Chronological(), None], np.abs(arms))
    assert same.couplings(system) is system


def test_the_arm_is_a_column_of_every_frame_and_of_no_other_table() -> None:
    system, arms = WORLDS["plain"], halves(2)
    acts = [SwitchFeed(4, None)]
    frames = list(
        sp.trajectory(
            system, temperature=1.0, sweeps=8, seed=1, camps=CAMPS, every=2, interventions=acts,
            feed=Allotted([feeds.Chronological(), feeds.Random()], arms),
        )
    )  # fmt: skip
    for frame in frames[:3]:
        np.testing.assert_array_equal(frame.system.nodes["arm"], arms)
    assert "arm" not in frames[-1].system.nodes
    assert "arm" not in system.nodes


def test_users_who_are_not_given_another_feed_keep_what_theirs_remembers() -> None:
    system, some = WORLDS["plain"], np.arange(N) < N // 3
    memory = feeds.Memory(strength=0.4, tau=30.0)
    other = Allotted.switched(memory, feeds.Memory(strength=0.4, tau=30.0), some)
    run = {"temperature": 1.0, "sweeps": 40, "seed": 5, "replicas": 2, "every": 40}
    kept = list(sp.trajectory(system, feed=memory, **run))[-1]
    switched = list(
        sp.trajectory(system, feed=memory, interventions=[SwitchFeed(20, other)], **run)
    )[-1]
    # The treated begin a memory anew, so that only stances of sweep 20 are in it.
    nobody = Allotted.switched(memory, None, np.zeros(N, bool))
    untouched = list(
        sp.trajectory(system, feed=memory, interventions=[SwitchFeed(20, nobody)], **run)
    )[-1]
    np.testing.assert_array_equal(untouched.phi, kept.phi)
    assert not np.array_equal(switched.phi, kept.phi)


def test_users_who_are_given_a_mixture_have_its_arms() -> None:
    mixed = Allotted([feeds.Editorial(strength=0.1), feeds.Editorial(strength=0.4)], [1, 0, -1, 1])
    users = np.array([True, True, True, False])
    feed = Allotted.switched(feeds.Editorial(strength=0.9), mixed, users)
    system = sp.SpinSystem.from_edges([0, 1, 2], [1, 2, 3])
    phi = feed.refresh(system, np.ones((1, 4), np.int8), None, None, np.random.default_rng(1))[0]
    assert phi.tolist() == [[0.4, 0.1, 0.0, 0.9]]


def test_a_run_with_arms_goes_on_from_a_state_bit_for_bit() -> None:
    system, arms = WORLDS["mutual"], halves(4)
    feed = Allotted([feeds.Memory(tau=7.0), feeds.Engagement(slots=3)], arms)
    run = {"temperature": 1.2, "sweeps": 20, "seed": 9, "replicas": REPLICAS, "camps": CAMPS}
    states, whole = [], []
    for frame in sp.trajectory(system, feed=feed, every=5, **run):
        whole.append(frame.spins.copy())
        if frame.sweep == 10:
            states.append(frame.state())
    rest = sp.trajectory(system, feed=feed, every=5, resume=states[0], **run)
    for frame, expected in zip(rest, whole[3:], strict=True):
        np.testing.assert_array_equal(frame.spins, expected)


def test_arms_that_cannot_be_are_refused_in_a_sentence() -> None:
    for given in ([0, 2], [[0, 1]], [-2, 0]):
        with pytest.raises(sp.InputError, match="arms"):
            Allotted([feeds.Chronological(), None], given)
    with pytest.raises(sp.InputError, match="give a feed"):
        Allotted(["chronological"], [0])
    with pytest.raises(sp.InputError, match="one number per user"):
        next(
            sp.trajectory(
                WORLDS["plain"], temperature=1.0, sweeps=1, seed=1,
                feed=Allotted([feeds.Chronological()], [0, 0]),
            )
        )  # fmt: skip
    named = WORLDS["plain"].with_attribute("arm", np.zeros(N))
    with pytest.raises(sp.InputError, match="an attribute 'arm' of their own"):
        next(
            sp.trajectory(
                named, temperature=1.0, sweeps=1, seed=1,
                feed=Allotted([feeds.Chronological()], np.zeros(N, int)),
            )
        )  # fmt: skip


ARMS = """
seed = 4
network = {kind = "planted_partition", n = 60, communities = 2, k_in = 6, k_out = 2}
couplings = {kind = "uniform"}
dynamics = {temperature = 2.0, sweeps = 4}
observe = {every = 2, names = ["camp_polarization", "exposure_out_group"]}
[feed]
kind = "mixture"
arms = [ARMS]
"""
CHRONO = '{share = 0.5, feed = {kind = "chronological"}}'


def mixed(arms: str) -> sp.Scenario:
    return sp.Scenario.from_toml(ARMS.replace("ARMS", arms))


def test_arms_of_a_table_take_their_shares_of_different_users_once_per_society() -> None:
    scenario = mixed(f'{CHRONO}, {{share = 0.3, who = "camp:0", feed = {{kind = "none"}}}}')
    settings = scenario.cases()[0].settings
    frames = [list(case_frames(settings, [r]))[-1] for r in (0, 3)]
    arms = [frame.system.nodes["arm"].to_numpy() for frame in frames]
    np.testing.assert_array_equal(arms[0], arms[1])
    # Half of everybody, and .3 of the 30 users of one camp, whoever is free.
    assert np.bincount(arms[0] + 1).tolist() == [21, 30, 9]
    assert (frames[0].camps[arms[0] == 1] == 0).all()
    assert (frames[0].phi[0][arms[0] != 0] == 0.0).all()
    assert sp.Scenario.from_toml(scenario.to_toml()) == scenario


def test_more_of_an_arm_keeps_those_who_are_in_it() -> None:
    system = WORLDS["plain"]
    few, more = (
        feeds.Mixture([feeds.MixtureArm(share, feeds.Random())]).allotted(system, None, 7).arm_of
        for share in (0.2, 0.6)
    )
    assert set(np.flatnonzero(few == 0)) < set(np.flatnonzero(more == 0))


def test_a_feed_of_strength_0_is_an_arm_that_changes_no_bit() -> None:
    nothing = mixed('{share = 0.5, feed = {kind = "engagement", strength = 0.0}}')
    none = nothing.replace({"feed": {"kind": "none"}})
    tables = [sp.run(each, workers=1).table["camp_polarization"] for each in (nothing, none)]
    assert tables[0].tolist() == tables[1].tolist()


@pytest.mark.parametrize(
    ("arms", "said"),
    [
        ("", "feed.arms: it is empty"),
        ("3", "feed.arms.0.: it is no table; give share, feed and who"),
        ("{share = 2, feed = {kind = 'none'}}", "feed.arms.0..share is 2; it must be <= 1"),
        ("{share = 0.5}", "feed.arms.0..feed is missing"),
        ("{shar = 0.5, feed = {kind = 'none'}}", "did you mean share"),
        ("{share = 0.5, feed = {kind = 'chronologica'}}", "did you mean chronological"),
        (f"{{share = 0.5, feed = {{kind = 'mixture', arms = [{CHRONO}]}}}}", "a mixture itself"),
        (f"{CHRONO}, {CHRONO}, {CHRONO}", "the shares add up to 1.5"),
        ("{share = 0.5, who = 'anybody', feed = {kind = 'none'}}", "allowed: random, degree"),
    ],
)
def test_arms_of_a_table_that_cannot_be_are_refused(arms: str, said: str) -> None:
    with pytest.raises(sp.InputError, match=said):
        mixed(arms)


def test_arms_that_ask_for_more_users_than_are_free_are_refused() -> None:
    scenario = mixed(f'{{share = 0.8, who = "camp:0", feed = {{kind = "none"}}}}, {CHRONO}'
                     .replace("0.5", "0.9"))  # fmt: skip
    with pytest.raises(sp.InputError, match=r"feed.arms\[1\] asks for 54 by the word 'random'"):
        sp.run(scenario, workers=1)
