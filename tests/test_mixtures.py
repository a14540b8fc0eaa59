"""Feeds of different users: each user's field is that of the own feed, and refreshes are shared."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

import sociophysics as sp
from sociophysics.influences import feeds
from sociophysics.influences.feeds.allotted import Allotted
from sociophysics.influences.interventions import SwitchFeed
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
