"""Interventions act on some users, and end: what they changed goes back exactly."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import numpy as np
import pandas as pd
import pytest

import sociophysics as sp
from sociophysics import feeds
from sociophysics.errors import InputError
from sociophysics.influences.interventions import (
    Heat,
    Intervention,
    KeepStance,
    Nucleate,
    Rewire,
    SwitchFeed,
    Tilt,
)
from sociophysics.theory.stance_patterns import all_states, state_number
from tests.laws import ALPHA, assert_law, assert_mean, law_p_value

N = 60
CAMPS = np.repeat([0, 1], N // 2)


def society(n: int = N, seed: int = 2) -> sp.SpinSystem:
    rng = np.random.default_rng(seed)
    i, j = np.triu_indices(n, 1)
    keep = rng.random(i.size) < 6 / n
    nodes = pd.DataFrame({"age": np.arange(n), "camp": np.repeat([0, 1], [n // 2, n - n // 2])})
    J = sp.SpinSystem.from_edges(i[keep], j[keep], rng.normal(0.3, 0.6, keep.sum()), n=n).J
    return sp.SpinSystem(J, rng.normal(0, 0.2, n), nodes=nodes)


SOCIETY = society()


def frames(*acts: Intervention, **keys: Any) -> list[sp.Frame]:
    given: dict[str, Any] = {"temperature": 1.0, "sweeps": 12, "seed": 4, "replicas": 3, **keys}
    system = given.pop("system", SOCIETY)
    return list(sp.trajectory(system, interventions=acts, **given))


def same(a: list[sp.Frame], b: list[sp.Frame]) -> bool:
    return all((x.spins == y.spins).all() for x, y in zip(a, b, strict=True))


# --- some users ---------------------------------------------------------------------------------

WHO = ["camp:1", "attribute:age>=40", "degree", [3, 5, 8], "cluster:camp", "random"]


@pytest.mark.parametrize("who", ["camp:1", "attribute:age>=40", [3, 5, 8]])
def test_a_tilt_of_some_is_the_field_of_these(who: Any) -> None:
    own = {"camp:1": CAMPS == 1, "attribute:age>=40": np.arange(N) >= 40}
    mask = own[who] if isinstance(who, str) else np.isin(np.arange(N), who)
    some = frames(Tilt(3, 1.5, who=who), field=0.4)
    each = frames(Tilt(3, np.where(mask, 1.5, 0.4)), field=0.4)
    assert same(some, each)
    assert not same(some, frames(Tilt(3, 1.5), field=0.4))


@pytest.mark.parametrize("who", WHO)
def test_everybody_in_parts_is_everybody(who: Any) -> None:
    keys: dict[str, Any] = {"kernel": "fixed-point", "field": 0.4}
    for whole, some in (
        (Heat(3, 2.5), Heat(3, 2.5, who="random", share=1.0)),
        (Tilt(3, -0.7), Tilt(3, -0.7, who="random", share=1.0)),
    ):
        assert same(frames(whole, **keys), frames(some, **keys))
    # Nobody is nobody, whoever might have been.
    if isinstance(who, str):
        acts = [Heat(3, 9.0, who=who, share=0.0), Tilt(3, 5.0, who=who, share=0.0)]
        assert same(frames(*acts, KeepStance(3, who, 0.0), **keys), frames(**keys))


def test_who_is_tilted_is_drawn_anew_in_each_replica() -> None:
    free = sp.SpinSystem.from_edges([], [], n=N)
    seen = frames(Tilt(1, 50.0, who="random", share=0.25), system=free, field=-50.0,
                  replicas=400, sweeps=40, every=40)  # fmt: skip
    up = seen[-1].spins == 1
    assert (up.sum(axis=1) == 15).all()
    assert len({tuple(row) for row in up.tolist()}) == 400
    assert_mean(up[:, 7].astype(float), 0.25, 0.25 * 0.75)
    again = frames(Tilt(1, 50.0, who="random", share=0.25), system=free, field=-50.0,
                   replicas=[17], sweeps=40, every=40, threads=1)  # fmt: skip
    assert (again[-1].spins[0] == seen[-1].spins[17]).all()
    more = frames(Tilt(1, 50.0, who="random", share=0.5), system=free, field=-50.0,
                  replicas=400, sweeps=40, every=40)  # fmt: skip
    assert (more[-1].spins[up] == 1).all()


TRIANGLE = sp.SpinSystem.from_edges(
    [0, 1, 0, 2], [1, 2, 2, 3], [1.0, -0.6, 0.5, 0.8], h=np.array([0.1, -0.2, 0.3, 0.0])
)
START = np.array([1, 1, -1, 1], np.int8)


def heated_law(temperatures: np.ndarray, sweeps: int) -> np.ndarray:
    """Return the law after some sweeps, each user at a temperature, by the matrix itself."""
    states = all_states(4)
    matrix = np.zeros((16, 16))
    for k, s in enumerate(states):
        for i in range(4):
            f = TRIANGLE.J.toarray()[i] @ s + TRIANGLE.h[i]
            with np.errstate(over="ignore"):
                up = 1 / (1 + np.exp(-2 * f / temperatures[i]))
            for stance, p in ((1, up), (-1, 1 - up)):
                after = s.copy()
                after[i] = stance
                matrix[k, int(np.atleast_1d(state_number(after[None]))[0])] += p / 4
    start = np.zeros(16)
    start[int(np.atleast_1d(state_number(START[None]))[0])] = 1.0
    law: np.ndarray = start @ np.linalg.matrix_power(matrix, 4 * sweeps)
    return law


@pytest.mark.parametrize("kernel", ["auto", "fixed-point", "reference"])
def test_users_with_temperatures_of_their_own_follow_the_exact_law(kernel: str) -> None:
    acts = [Heat(0, 3.0, who=[1, 2]), Heat(0, 0.4, who=[3]), Heat(0, np.inf, who=[2])]
    seen = frames(*acts, system=TRIANGLE, temperature=1.0, sweeps=3, every=3, replicas=4000,
                  start=START, kernel=kernel)  # fmt: skip
    counts = np.bincount(state_number(seen[-1].spins), minlength=16)
    assert_law(counts, heated_law(np.array([1.0, 3.0, np.inf, 0.4]), 3))
    for wrong in ([1.0, 3.0, 3.0, 0.4], [1.0, 1.0, 1.0, 1.0]):
        assert law_p_value(counts, heated_law(np.array(wrong), 3)) < ALPHA


def test_users_at_zero_and_at_infinity_stand_beside_each_other() -> None:
    free = sp.SpinSystem.from_edges([], [], n=N, h=np.full(N, 0.1))
    acts = [Heat(0, 0.0, who="camp:0"), Heat(0, np.inf, who="camp:1")]
    seen = frames(*acts, system=free, camps=CAMPS, replicas=200, sweeps=30, every=30)
    up = (seen[-1].spins == 1).mean(axis=0)
    assert (up[CAMPS == 0] == 1).all()
    assert_mean((seen[-1].spins[:, CAMPS == 1] == 1).mean(axis=1), 0.5, 0.25 / 30)


def test_a_feed_of_some_leaves_the_others_theirs() -> None:
    old, new = feeds.Chronological(0.5), feeds.Engagement(2.0)
    seen = frames(SwitchFeed(3, new, who="camp:1"), feed=old)
    for before, frame in pairwise(seen[3:]):
        for feed, mine in ((old, CAMPS == 0), (new, CAMPS == 1)):
            rng = np.random.default_rng(1)
            phi = feed.refresh(SOCIETY, before.spins, CAMPS, None, rng)[0]
            np.testing.assert_allclose(frame.phi[:, mine], phi[:, mine], atol=1e-12)
    assert (seen[-1].system.nodes["arm"] == CAMPS).all()
    none = frames(SwitchFeed(3, None, who="camp:1"), feed=old)
    assert not none[-1].phi[:, CAMPS == 1].any()


def test_held_users_keep_the_stance_they_have_until_they_are_let_go() -> None:
    seen = frames(KeepStance(3, "camp:1", until=8), temperature=np.inf, replicas=40)
    mine = CAMPS == 1
    for frame in seen[4:9]:
        assert (frame.spins[:, mine] == seen[3].spins[:, mine]).all()
    assert (seen[5].spins[:, ~mine] != seen[3].spins[:, ~mine]).any()
    assert (seen[10].spins[:, mine] != seen[3].spins[:, mine]).mean() > 0.3
    half = frames(KeepStance(3, share=0.5), temperature=np.inf, replicas=40)
    kept = (half[12].spins == half[3].spins).mean()
    assert kept == pytest.approx(0.75, abs=0.05)


def test_only_ties_of_the_named_users_move() -> None:
    old = SOCIETY.J.toarray() != 0
    for who, mine in (("camp:1", CAMPS == 1), ([3, 5], np.isin(np.arange(N), [3, 5]))):
        seen = frames(Rewire(3, 0.9, who=who))
        for network in seen[-1].systems:
            new = network.J.toarray() != 0
            gone, come = np.triu(old & ~new), np.triu(new & ~old)
            assert gone.sum() == come.sum() > 0
            for changed in (gone, come):
                i, j = np.nonzero(changed)
                assert (mine[i] | mine[j]).all()
    degree = np.diff(SOCIETY.J.indptr)
    first = np.argsort(-degree, kind="stable")[:1]
    (network, *_) = frames(Rewire(3, 0.01, who="degree"))[-1].systems
    moved = (SOCIETY.J.toarray() != 0)[first[0]] & ~(network.J.toarray() != 0)[first[0]]
    assert moved.sum() > 0.5 * degree[first[0]]


# --- the end ------------------------------------------------------------------------------------

ENDING = {
    "heat": ([Heat(3, 3.0, until=8)], [Heat(3, 3.0), Heat(8, 1.0)]),
    "tilt": ([Tilt(3, 1.0, until=8)], [Tilt(3, 1.0), Tilt(8, 0.4)]),
    "tilt of some": (
        [Tilt(3, 1.0, who="camp:1", until=8)],
        [Tilt(3, 1.0, who="camp:1"), Tilt(8, 0.4, who="camp:1")],
    ),
    "heat of some": (
        [Heat(3, 3.0, who="camp:1", until=8)],
        [Heat(3, 3.0, who="camp:1"), Heat(8, 1.0, who="camp:1")],
    ),
    "feed": (
        [SwitchFeed(3, feeds.Engagement(2.0), until=8)],
        [SwitchFeed(3, feeds.Engagement(2.0)), SwitchFeed(8, feeds.Chronological(0.5))],
    ),
    "nucleate": ([Nucleate(3, "camp:1", 0.5, until=8)], [Nucleate(3, "camp:1", 0.5, hold=5)]),
}


@pytest.mark.parametrize("kind", ENDING)
def test_what_ends_goes_back_to_what_would_act_without_it_in_every_bit(kind: str) -> None:
    ending, undone = ENDING[kind]
    keys: dict[str, Any] = {"field": 0.4, "feed": feeds.Chronological(0.5)}
    first, second = frames(*ending, **keys), frames(*undone, **keys)
    assert same(first, second)
    for a, b in zip(first, second, strict=True):
        assert a.temperature == b.temperature
        np.testing.assert_array_equal(a.field, b.field)
    assert not same(first, frames(*(undone[:1]), **keys)) or kind == "nucleate"


REMEMBERING: dict[str, feeds.Feed] = {
    "memory": feeds.Memory(strength=0.6, tau=5.0),
    "mixture": feeds.Mixture(
        arms=[
            {"share": 0.5, "feed": feeds.Memory(strength=0.6, tau=5.0)},
            {"share": 0.5, "feed": feeds.SelfEcho(0.2)},
        ]
    ),
}
MEANWHILE: dict[str, list[Intervention]] = {
    "another": [SwitchFeed(3, feeds.Chronological(0.9), until=8)],
    "none": [SwitchFeed(3, None, until=8)],
    "a memory of some": [SwitchFeed(3, feeds.Memory(0.9, tau=2.0), who="camp:1", until=8)],
    "two, one after the other": [
        SwitchFeed(3, feeds.Memory(0.9, tau=2.0), until=6),
        SwitchFeed(4, feeds.Memory(0.2, tau=9.0), who="random", share=0.5, until=8),
    ],
}


@pytest.mark.parametrize("acts", MEANWHILE)
@pytest.mark.parametrize("feed", REMEMBERING)
def test_a_feed_that_comes_back_remembers_what_it_would_have(feed: str, acts: str) -> None:
    # Everybody is held meanwhile, so that stances are the same with and without.
    held = KeepStance(3, until=8)
    keys: dict[str, Any] = {"feed": REMEMBERING[feed], "camps": CAMPS, "sweeps": 40}
    with_it, without = frames(held, *MEANWHILE[acts], **keys), frames(held, **keys)
    assert same(with_it, without)
    np.testing.assert_array_equal(with_it[-1].phi, without[-1].phi)
    # A state in the middle holds what is remembered by feeds that nobody has.
    waiting = sp.trajectory(
        SOCIETY, temperature=1.0, seed=4, replicas=3, interventions=[held, *MEANWHILE[acts]], **keys
    )
    state = next(frame.state() for frame in waiting if frame.sweep == 5)
    rest = frames(held, *MEANWHILE[acts], resume=state, **keys)
    np.testing.assert_array_equal(rest[-1].phi, without[-1].phi)


def test_a_schedule_goes_on_as_if_nothing_had_been_there() -> None:
    ramp = sp.schedules.Ramp(0.5, 2.0)
    seen = frames(Heat(3, 9.0, until=6), Heat(4, 7.0, until=9), temperature=ramp)
    wanted = np.linspace(0.5, 2.0, 12)
    wanted[3:4], wanted[4:9] = 9.0, 7.0
    assert [frame.temperature for frame in seen[1:]] == pytest.approx(wanted.tolist())


def test_ties_go_back_and_stored_fields_are_those_of_the_ties() -> None:
    seen = frames(Rewire(3, 0.8, until=7), replicas=4, temperature=0.7)
    assert all(network is not SOCIETY for network in seen[5].systems)
    assert seen[8].system is SOCIETY
    cold = frames(Rewire(3, 0.8, until=7), replicas=4, temperature=0.0, sweeps=400, every=400)
    last = cold[-1]
    assert (last.spins * SOCIETY.local_field(last.spins) >= 0).all()
    told = [event["kind"] for frame in seen for event in frame.events]
    assert told == ["rewire"] * 4 + ["rewire ends"]


ACTS = [
    Heat(2, 2.0, who="random", share=0.3, until=9),
    Tilt(3, 0.8, who="degree", share=0.2, until=7),
    SwitchFeed(4, feeds.Memory(0.7, tau=3.0), who="camp:1", until=10),
    KeepStance(5, share=0.2, until=8),
    Rewire(6, 0.3, who="attribute:age>=20", until=10),
    Tilt(8, -0.5, who=[1, 2, 3]),
]


@pytest.mark.parametrize("at", range(1, 12))
def test_a_run_in_pieces_is_the_whole(at: int) -> None:
    keys: dict[str, Any] = {"feed": feeds.Chronological(0.5), "field": 0.2}
    whole = frames(*ACTS, **keys)
    given: dict[str, Any] = {"temperature": 1.0, "sweeps": 12, "seed": 4, "replicas": 3, **keys}
    state = next(
        frame.state()
        for frame in sp.trajectory(SOCIETY, interventions=ACTS, **given)
        if frame.sweep == at
    )
    rest = list(sp.trajectory(SOCIETY, interventions=ACTS, resume=state, **given))
    assert same(whole[at + 1 :], rest)
    for a, b in zip(whole[at + 1 :], rest, strict=True):
        np.testing.assert_array_equal(a.phi, b.phi)


def test_threads_and_other_replicas_change_nothing() -> None:
    whole = frames(*ACTS, replicas=5, threads=2)
    alone = frames(*ACTS, replicas=[3], threads=1)
    for a, b in zip(whole, alone, strict=True):
        assert (a.spins[3] == b.spins[0]).all()


# --- files --------------------------------------------------------------------------------------

TEXT = """seed = 1
[network]
kind = "bundled"
name = "polbooks"
camp = "value"
[couplings]
kind = "uniform"
normalize = "degree"
[dynamics]
temperature = 0.8
sweeps = 20
[[interventions]]
at = 5
kind = "heat"
temperature = 2.0
who = "camp:c"
until = 12
[[interventions]]
at = 6
kind = "tilt"
field = 0.5
who = "cluster"
share = 0.4
[[interventions]]
at = 7
kind = "hold"
who = "attribute:value==n"
"""


def test_a_file_says_all_this_and_the_run_tells_when_it_ended() -> None:
    scenario = sp.Scenario.from_toml(TEXT)
    assert sp.Scenario.from_toml(scenario.to_toml()) == scenario
    run = sp.run(scenario, workers=1)
    assert run.events["event"].tolist() == ["heat", "tilt", "hold", "heat ends"]
    assert "who = camp:c, until = 12" in sp.describe.describe(scenario)
    assert [window.name for window in run.windows()][-1] == "after heat ends at 12"


def test_what_a_heat_of_some_leaves_may_be_swept() -> None:
    text = TEXT.replace("at = 5", "at = 0") + '[sweep]\n"dynamics.temperature" = [0.5, 0.8]\n'
    assert len(sp.Scenario.from_toml(text).cases()) == 2
    everybody = text.replace('who = "camp:c"\nuntil = 12\n', "")
    with pytest.raises(InputError, match="which changes nothing"):
        sp.Scenario.from_toml(everybody)


BAD = [
    (lambda: Heat(5, 1.0, until=5), "until is 5; it must be above at, which is 5"),
    (lambda: Heat(5, 1.0, who=[1, 2], share=0.5), "who is a list of users"),
    (lambda: Heat(5, 1.0, share=1.5), r"intervention\.share is 1\.5; it must be <= 1"),
    (lambda: Heat(5, 1.0, who="degre"), "it is 'degre'; allowed: random"),
    (lambda: Heat(5, 1.0, who="camp:9"), "no user is in that camp"),
    (lambda: Tilt(5, 1.0, who="attribute:wealth>3"), "no user has that attribute"),
    (lambda: KeepStance(5, ["nobody"]), "who is not in the network"),
    (lambda: Nucleate(5, hold=3, until=9), "hold and until are both given"),
    (lambda: Rewire(5, until=3), "until is 3; it must be above"),
]


@pytest.mark.parametrize(("make", "sentence"), BAD, ids=[sentence for _, sentence in BAD])
def test_bad_users_and_bad_ends_are_refused_in_one_sentence(make: Any, sentence: str) -> None:
    with pytest.raises(InputError, match=sentence) as caught:
        sp.trajectory(SOCIETY, temperature=1.0, sweeps=10, seed=1, interventions=[make()])
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("keys", "sentence"),
    [
        ({"interventions": [Rewire(2), Rewire(4, until=6)]}, "while rewire of sweep 2 has moved"),
        ({"interventions": [Rewire(2, until=6), Rewire(4)]}, "let one end before the other"),
        (
            {"interventions": [Heat(2, 1.0, who="camp:0")], "scheme": "sequential"},
            "random-sequential only: use random-sequential",
        ),
        (
            {"interventions": [Tilt(2, 1.0, share=0.5)], "rule": sp.rules.Voter(noise=0.1)},
            "rule voter answers to all that can pull at each",
        ),
        (
            {"interventions": [Heat(2, 1.0, who="camp:0")], "kernel": "adaptive"},
            "temperatures of their own",
        ),
    ],
)
def test_what_does_not_go_together_is_refused_at_the_call(
    keys: dict[str, Any], sentence: str
) -> None:
    with pytest.raises(InputError, match=sentence):
        sp.trajectory(SOCIETY, temperature=1.0, sweeps=10, seed=1, **keys)


def test_a_cascade_holds_its_seeds_until_the_sweep_that_is_named() -> None:
    text = (
        'seed = 1\nnetwork = {kind = "complete", n = 12}\n'
        'couplings = {kind = "uniform", value = 0.1}\n'
        'dynamics = {temperature = 0.5, sweeps = 12, start = "down"}\n'
        'designs = [{name = "none"}, {name = "trending", feed = {kind = "trending"}}]\n'
        'interventions = [{kind = "nucleate", at = 2, who = "random", share = 0.25, END}]'
    )
    tables = [
        sp.experiments.cascade_designs(sp.Scenario.from_toml(text.replace("END", end)), replicas=3)
        for end in ("hold = 4", "until = 6", "hold = 0")
    ]
    pd.testing.assert_frame_equal(tables[0], tables[1])
    assert not tables[0].equals(tables[2])
