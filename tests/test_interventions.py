"""Interventions act after frame t and before sweep t + 1, on each replica by itself."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Any, ClassVar

import numpy as np
import pytest

import sociophysics as sp
from sociophysics.errors import InputError
from sociophysics.influences import feeds
from sociophysics.influences.interventions import (
    Change,
    Heat,
    Intervention,
    Nucleate,
    Rewire,
    SwitchFeed,
    Tilt,
    choose_users,
)
from sociophysics.influences.schedules import Ramp
from sociophysics.kinds import INTERVENTIONS, key
from tests.laws import assert_mean

N = 60
CAMPS = np.arange(N) % 3 - 1  # -1 none, 0, 1


def society(*, directed: bool = False, seed: int = 2, n: int = N) -> sp.SpinSystem:
    rng = np.random.default_rng(seed)
    i, j = np.nonzero(rng.random((n, n)) < 6 / n)
    keep = i != j if directed else i < j
    i, j = i[keep], j[keep]
    return sp.SpinSystem.from_edges(
        i, j, rng.normal(0.3, 1, i.size), n=n, h=rng.normal(0, 0.2, n), directed=directed
    )


def free(n: int = N, h: float = 0.0) -> sp.SpinSystem:
    return sp.SpinSystem.from_edges([], [], n=n, h=np.full(n, h))


def frames(system: sp.SpinSystem, *acts: Intervention, **keys: Any) -> list[sp.Frame]:
    given = {"temperature": 1.0, "sweeps": 10, "seed": 4, "camps": CAMPS[: system.n], **keys}
    return list(sp.trajectory(system, interventions=acts, **given))


def events(seen: list[sp.Frame], kind: str) -> list[dict[str, Any]]:
    return [event for frame in seen for event in frame.events if event["kind"] == kind]


EVERY_KIND: dict[str, Intervention] = {
    "heat": Heat(at=4, temperature=3.0),
    "tilt": Tilt(at=4, field=-0.8),
    "nucleate": Nucleate(at=4, share=0.3, stance=-1, hold=2),
    "rewire": Rewire(at=4, share=0.5, toward="similar"),
    "switch feed": SwitchFeed(at=4, feed=feeds.Random(strength=0.9, slots=2)),
}


@pytest.mark.parametrize("kind", EVERY_KIND)
def test_frames_up_to_t_are_those_without_it(kind: str) -> None:
    system = society()
    without, acted = frames(system, replicas=4), frames(system, EVERY_KIND[kind], replicas=4)
    for before, after in zip(without[:5], acted[:5], strict=True):
        assert (before.spins == after.spins).all()
        assert before.temperature == after.temperature
        assert (before.field == after.field).all()
        assert (before.phi == after.phi).all()
        assert not after.events
    assert (without[5].spins != acted[5].spins).any()
    name = {"switch feed": "feed"}.get(kind, kind)
    assert {event["sweep"] for event in acted[5].events if event["kind"] == name} == {4}
    assert not [event for frame in acted[6:] for event in frame.events]


@pytest.mark.parametrize("kind", [*EVERY_KIND, "all"])
def test_numbers_do_not_depend_on_threads_replicas_or_cadence(
    kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sociophysics.dynamics.loop.SMALL_TASK", 0)
    system = society()
    acts = list(EVERY_KIND.values()) if kind == "all" else [EVERY_KIND[kind]]
    acts += [Nucleate(at=7, share=0.2), Rewire(at=7, share=0.2)] if kind == "all" else []
    one = frames(system, *acts, replicas=5, threads=1)
    for keys in ({"threads": 2}, {"threads": 4}):
        for a, b in zip(one, frames(system, *acts, replicas=5, **keys), strict=True):
            assert (a.spins == b.spins).all()
            assert (a.phi == b.phi).all()
            assert a.events == b.events
    for rows in ([3], [4, 1]):
        part = frames(system, *acts, replicas=rows)
        for a, b in zip(one, part, strict=True):
            assert (a.spins[rows] == b.spins).all()
        wanted = [e for e in one[5].events if e["replica"] in (None, *rows)]
        assert sorted(map(str, wanted)) == sorted(map(str, part[5].events))
    for every in (3, 10):
        seldom = frames(system, *acts, replicas=5, every=every)
        assert (seldom[-1].spins == one[-1].spins).all()
        recorded = [event for frame in seldom for event in frame.events]
        assert recorded == [event for frame in one for event in frame.events]


# --- heat, tilt, feeds -------------------------------------------------------------------------


def test_heat_sets_the_temperature_of_what_follows() -> None:
    seen = frames(society(), Heat(at=3, temperature=np.inf), Heat(at=6, temperature=0.0))
    assert [frame.temperature for frame in seen] == [1.0] * 4 + [np.inf] * 3 + [0.0] * 4
    ramped = frames(society(), Heat(at=8, temperature=9.0), temperature=Ramp(1.0, 10.0))
    assert [frame.temperature for frame in ramped] == [1, 1, 2, 3, 4, 5, 6, 7, 8, 9, 9]
    assert events(seen, "heat") == [
        {"sweep": 3, "kind": "heat", "replica": None, "temperature": np.inf},
        {"sweep": 6, "kind": "heat", "replica": None, "temperature": 0.0},
    ]


def test_heat_equals_a_schedule_with_the_same_values() -> None:
    class Step:
        def values(self, sweeps: int) -> np.ndarray:
            return np.where(np.arange(sweeps) < 3, 1.0, 2.5)

    by_act = frames(society(), Heat(at=3, temperature=2.5))
    by_plan = frames(society(), temperature=Step())
    for a, b in zip(by_act, by_plan, strict=True):
        assert (a.spins == b.spins).all()
        assert a.temperature == b.temperature


@pytest.mark.parametrize("field", [0.7, np.linspace(-1, 1, N)])
def test_tilt_replaces_the_scheduled_field_and_keeps_that_of_the_system(field: Any) -> None:
    system = society()
    seen = frames(system, Tilt(at=5, field=field), field=0.25)
    for frame in seen:
        expected = system.h + (0.25 if frame.sweep <= 5 else field)
        assert frame.field == pytest.approx(expected, abs=1e-15)
    cold = frames(free(), Tilt(at=5, field=-np.ones(N)), temperature=0.0, start="up", sweeps=40)
    assert (cold[-1].spins == -1).all()


def test_switching_the_feed_changes_phi_from_the_next_sweep_on() -> None:
    acts = (
        SwitchFeed(at=3, feed=feeds.Editorial(strength=0.5)),
        SwitchFeed(at=6, feed=feeds.SelfEcho(strength=0.25)),
        SwitchFeed(at=8, feed=None),
    )
    seen = frames(society(), *acts, replicas=2)
    for frame, before in zip(seen[1:], seen, strict=False):
        if frame.sweep <= 3 or frame.sweep > 8:
            assert (frame.phi == 0).all()
        elif frame.sweep <= 6:
            assert (frame.phi == 0.5).all()
        else:
            assert (frame.phi == 0.25 * before.spins).all()
    told = ["none" if act.feed is None else act.feed.said() for act in acts]
    assert [event["feed"] for event in events(seen, "feed")] == told


def test_a_memory_starts_afresh_when_its_feed_is_switched_on() -> None:
    feed = feeds.Memory(strength=1.0, tau=2.0)
    seen = frames(society(), SwitchFeed(at=3, feed=feed), Nucleate(at=5, share=0.5))
    assert (seen[4].phi == seen[3].spins).all()
    trace = seen[3].spins.astype(float)
    for frame in seen[4:]:
        assert frame.phi == pytest.approx(trace)
        trace = trace + (frame.spins - trace) / 2.0


# --- nucleate ----------------------------------------------------------------------------------


def taken(system: sp.SpinSystem, act: Nucleate, **keys: Any) -> np.ndarray:
    """Return who holds stance +1 after an intervention on all users at -1 in a strong field."""
    cold = {"temperature": 0.0, "start": "down", "sweeps": act.at + 1, "field": -100.0, **keys}
    return np.asarray(frames(system, act, **cold)[-1].spins == 1)


@pytest.mark.parametrize(
    ("who", "pool"),
    [
        ("random", range(N)),
        ("camp:0", np.flatnonzero(CAMPS == 0)),
        ("camp:1", np.flatnonzero(CAMPS == 1)),
    ],
)
@pytest.mark.parametrize("share", [0.0, 0.25, 0.5, 1.0])
def test_a_share_of_the_users_is_drawn_uniformly(who: str, pool: Any, share: float) -> None:
    replicas, size = 600, round(share * len(pool))
    act = Nucleate(at=2, who=who, share=share, hold=1)
    held = taken(free(), act, replicas=replicas)
    assert (held.sum(axis=1) == size).all()
    assert not held[:, np.setdiff1d(np.arange(N), pool)].any()
    for user in pool:
        assert_mean(held[:, user].astype(float), share, share * (1 - share))


def test_the_best_connected_come_first() -> None:
    system = society()
    degree = np.diff(system.J.indptr)
    held = taken(system, Nucleate(at=0, who="degree", share=0.2, hold=1))[0]
    assert held.sum() == 12
    assert degree[held].min() >= degree[~held].max()
    directed = society(directed=True)
    listeners = np.bincount(directed.J.indices, minlength=N)
    held = taken(directed, Nucleate(at=0, who="degree", share=0.2, hold=1))[0]
    assert listeners[held].min() >= listeners[~held].max()


def test_users_are_named_by_their_labels() -> None:
    names = [f"user {i}" for i in range(N)]
    system = sp.SpinSystem(society().J, labels=names)
    held = taken(system, Nucleate(at=1, who=["user 7", "user 31"], hold=1))[0]
    assert np.flatnonzero(held).tolist() == [7, 31]


@pytest.mark.parametrize("kernel", ["fixed-point", "reference"])
@pytest.mark.parametrize("hold", [0, 1, 3, "forever"])
def test_held_users_keep_their_stance_for_as_long_as_they_are_held(hold: Any, kernel: str) -> None:
    users = np.arange(20)
    act = Nucleate(at=2, who=users, stance=1, hold=hold)
    seen = frames(free(), act, temperature=np.inf, replicas=50, kernel=kernel)
    last = 10 if hold == "forever" else 2 + hold
    for frame in seen[3 : last + 1]:
        assert (frame.spins[:, users] == 1).all()
        assert 0.3 < (frame.spins[:, 20:] == 1).mean() < 0.7
    if last < 10:
        # In the first free sweep a user is drawn with probability 1 - 1/e, then a fair coin.
        mean = 1.0 - (1 - (1 - 1 / N) ** N)
        first = seen[last + 1].spins[:, users].mean(axis=1)
        assert first.mean() == pytest.approx(mean, abs=0.15)
    assert events(seen, "nucleate")[0] == {
        "sweep": 2,
        "kind": "nucleate",
        "replica": 0,
        "users": 20,
        "stance": 1,
        "hold": hold,
    }


@pytest.mark.parametrize("scheme", ["sequential", "kawasaki"])
def test_held_users_are_held_in_every_scheme(scheme: str) -> None:
    act = Nucleate(at=0, who=range(20), stance=1, hold=5)
    seen = frames(society(), act, temperature=np.inf, replicas=20, scheme=scheme)
    assert all((frame.spins[:, :20] == 1).all() for frame in seen[1:6])
    assert (seen[8].spins[:, :20] == -1).any()


def test_a_shorter_hold_does_not_cut_a_longer_one() -> None:
    acts = (Nucleate(at=0, who=[1, 2], hold="forever"), Nucleate(at=1, who=[2, 3], hold=2))
    seen = frames(free(), *acts, temperature=np.inf, replicas=40)
    assert all((frame.spins[:, 1:3] == 1).all() for frame in seen[2:])
    assert (seen[3].spins[:, 3] == 1).all()
    assert (seen[6].spins[:, 3] == -1).any()


def test_two_interventions_of_one_moment_draw_different_users() -> None:
    acts = (
        Nucleate(at=0, share=0.5, stance=1, hold=1),
        Nucleate(at=0, share=0.5, stance=-1, hold=1),
    )
    keys: dict[str, Any] = {"sweeps": 1, "temperature": 0.0, "field": -9.0, "start": "down"}
    final = frames(free(), *acts, replicas=200, **keys)[-1].spins
    # The second takes half of the first's users over.
    assert final.mean(axis=1).mean() == pytest.approx(-0.5, abs=0.05)


def test_replicas_have_users_of_their_own() -> None:
    held = taken(free(), Nucleate(at=0, share=0.5, hold=1), replicas=30)
    assert len({tuple(row) for row in held.tolist()}) == 30


# --- bad input ---------------------------------------------------------------------------------

BAD: list[tuple[Any, str]] = [
    (lambda: Heat(at=10, temperature=1.0), "Heat is set at sweep 10, .*; allowed: 0 to 9"),
    (lambda: Heat(at=-1, temperature=1.0), r"intervention\.at is -1; it must be >= 0"),
    (lambda: Heat(at=2.5, temperature=1.0), r"intervention\.at is 2\.5; it must be a whole number"),
    (lambda: Heat(at=1, temperature=-1.0), r"intervention\.temperature is -1\.0; it must be >= 0"),
    (lambda: Heat(at=1, temperature=float("nan")), r"intervention\.temperature: it is nan"),
    (
        lambda: Heat(at=1, temperature="hot"),
        r"intervention\.temperature is 'hot'; it must be a number",
    ),
    (
        lambda: Tilt(at=1, field=float("inf")),
        r"intervention\.field is inf; it must be a finite number",
    ),
    (lambda: Tilt(at=1, field=np.ones(3)), r"field of Tilt has shape .*one per user"),
    (lambda: Tilt(at=1, field="up"), r"intervention\.field is 'up'; it must be a number"),
    (lambda: Nucleate(at=1, share=1.1), r"intervention\.share is 1\.1; it must be <= 1"),
    (lambda: Nucleate(at=1, share=float("nan")), r"intervention\.share is nan"),
    (lambda: Nucleate(at=1, share="half"), r"intervention\.share is 'half'; it must be a number"),
    (lambda: Nucleate(at=1, stance=0), r"intervention\.stance is 0; allowed: -1, 1"),
    (lambda: Nucleate(at=1, hold=-1), r"intervention\.hold: it is -1"),
    (lambda: Nucleate(at=1, hold="always"), r"intervention\.hold: it is 'always'"),
    (lambda: Nucleate(at=1, who="degre"), r"intervention\.who: it is 'degre'; allowed: random"),
    (lambda: Nucleate(at=1, who="camp:7"), "no user is in that camp"),
    (lambda: Nucleate(at=1, who=["nobody"]), "'nobody', who is not in the network"),
    (lambda: Nucleate(at=1, who=3.5), r"intervention\.who: it is 3\.5; allowed: random"),
    (lambda: Nucleate(at=1, who=[[1]]), r"intervention\.who: it is \[\[1\]\]; allowed: random"),
    (lambda: Rewire(at=1, share=-0.1), r"intervention\.share is -0\.1; it must be >= 0"),
    (lambda: Rewire(at=1, toward="similiar"), "did you mean similar"),
    (
        lambda: SwitchFeed(at=1, feed="random"),
        r"intervention\.feed is 'random'; it must be one that",
    ),
]


@pytest.mark.parametrize(("make", "sentence"), BAD, ids=[sentence for _, sentence in BAD])
def test_bad_interventions_are_refused_when_they_are_made_or_at_the_call(
    make: Any, sentence: str
) -> None:
    with pytest.raises(InputError, match=sentence) as caught:
        sp.trajectory(
            society(), temperature=1.0, sweeps=10, seed=1, camps=CAMPS, interventions=[make()]
        )
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    "act",
    [
        Nucleate(at=1, who="camp:0"),
        Rewire(at=1, toward="bridge"),
        SwitchFeed(at=1, feed=feeds.InGroup()),
    ],
)
def test_camps_that_are_needed_and_missing_are_refused_at_the_call(act: Intervention) -> None:
    with pytest.raises(InputError, match="camps"):
        sp.trajectory(society(), temperature=1.0, sweeps=10, seed=1, interventions=[act])


def test_choosing_does_not_touch_the_given_list() -> None:
    who = [3, 1]
    rng = np.random.default_rng(0)
    assert choose_users(Nucleate(at=0, who=who), free(), None, rng).tolist() == [3, 1]
    assert who == [3, 1]


def test_a_memory_feed_remembers_through_a_change_of_strength() -> None:
    system = sp.SpinSystem.from_edges([0, 1, 2], [1, 2, 3])
    keys = {"temperature": 1.0, "sweeps": 8, "seed": 5, "replicas": 3}
    feed = feeds.Memory(strength=0.5, tau=5.0)
    plain = list(sp.trajectory(system, feed=feed, **keys))
    switched = list(
        sp.trajectory(system, feed=feed, interventions=[SwitchFeed(at=4, feed=feed)], **keys)
    )
    for a, b in zip(plain, switched, strict=True):
        np.testing.assert_array_equal(a.phi, b.phi)


@pytest.mark.parametrize("who", ["random", "degree", "camp:1"])
def test_a_share_that_rounds_to_nobody_is_one_user(who: str) -> None:
    system, camps = society(), np.r_[1, np.zeros(N - 1, int)]
    for share, users in ((0.0, 0), (1e-6, 1), (0.1, 1 if who == "camp:1" else round(0.1 * N))):
        act = Nucleate(at=0, who=who, share=share)
        assert choose_users(act, system, camps, np.random.default_rng(1)).size == users


def test_a_share_of_ties_that_rounds_to_none_is_one_tie() -> None:
    act = Rewire(at=1, share=1e-6)
    *_, last = sp.trajectory(
        society(), temperature=1.0, sweeps=2, seed=1, every=2, interventions=[act]
    )
    assert [event["moved"] for event in last.events] == [1]


# --- one declaration for calls and files -------------------------------------------------------

TABLES = """seed = 1
network = {kind = "complete", n = 12}
couplings = {kind = "uniform", normalize = "degree"}
dynamics = {temperature = 1.0, sweeps = 12}
"""


@pytest.mark.parametrize(
    ("cls", "keys", "toml"),
    [
        (Heat, {"at": 3, "temperature": -1.0}, 'kind = "heat", at = 3, temperature = -1.0'),
        (Heat, {"at": 3, "temperature": True}, 'kind = "heat", at = 3, temperature = true'),
        (Heat, {"at": 3.5, "temperature": 1.0}, 'kind = "heat", at = 3.5, temperature = 1.0'),
        (Heat, {"at": 3}, 'kind = "heat", at = 3'),
        (Heat, {"at": 3, "temprature": 1.0}, 'kind = "heat", at = 3, temprature = 1.0'),
        (Tilt, {"at": 3, "field": "up"}, 'kind = "tilt", at = 3, field = "up"'),
        (Nucleate, {"at": 3, "share": 2.0}, 'kind = "nucleate", at = 3, share = 2.0'),
        (Nucleate, {"at": 3, "who": "degre"}, 'kind = "nucleate", at = 3, who = "degre"'),
        (
            Nucleate,
            {"at": 3, "who": [1, 2], "share": 0.5},
            'kind = "nucleate", at = 3, who = [1, 2], share = 0.5',
        ),
        (Rewire, {"at": 3, "toward": "simlar"}, 'kind = "rewire", at = 3, toward = "simlar"'),
    ],
)
def test_python_and_files_refuse_the_same_in_the_same_words(
    cls: Any, keys: dict[str, Any], toml: str
) -> None:
    with pytest.raises(InputError) as called:
        cls(**keys)
    with pytest.raises(InputError) as read:
        sp.Scenario.from_toml(f"{TABLES}interventions = [{{{toml}}}]")
    said = str(read.value).removeprefix("scenario: ").replace("interventions[0]", "intervention")
    # A file may have the key kind, which a call does not need.
    said = said.replace("[[interventions]] kind", "kind").replace("at, kind, ", "at, ")
    assert said == str(called.value).replace("the intervention nucleate", "intervention")


def test_a_file_and_a_call_make_the_same_interventions() -> None:
    acts = (
        Heat(2, np.inf),
        Tilt(3, 0.25),
        Nucleate(4, "camp:1", 0.5, -1, "forever"),
        Nucleate(4, [3, 1]),
        Rewire(5, 0.2, "bridge", True),
        SwitchFeed(6, feeds.Memory(0.5, tau=3)),
    )
    scenario = sp.Scenario.from_toml(
        TABLES + "interventions = ["
        '{kind = "heat", at = 2, temperature = inf}, {kind = "tilt", at = 3, field = 0.25}, '
        '{kind = "nucleate", at = 4, who = "camp:1", share = 0.5, stance = -1, hold = "forever"}, '
        '{kind = "nucleate", at = 4, who = [3, 1]}, '
        '{kind = "rewire", at = 5, share = 0.2, toward = "bridge", keep_degrees = true}, '
        '{kind = "feed", at = 6, feed = {kind = "memory", tau = 3}}]'
    )
    assert scenario.interventions == acts
    assert sp.Scenario.from_toml(scenario.to_toml()) == scenario
    # The form that names parts: what was given, and no share for a list.
    assert scenario.canonical()["interventions"][3] == {
        "kind": "nucleate", "at": 4, "who": [3, 1], "stance": 1, "hold": 0,
    }  # fmt: skip


# --- external fields ---------------------------------------------------------------------------


def test_a_field_is_given_to_camps_by_number_or_by_name() -> None:
    society = (
        'seed = 1\nnetwork = {kind = "bundled", name = "polbooks", camp = "value"}\n'
        'couplings = {kind = "uniform"}\ndynamics = {temperature = inf, sweeps = 2}\n'
    )
    fields = []
    for values in ("[0.1, 0.2, 0.0]", "{n = 0.0, c = 0.1, l = 0.2}"):
        scenario = sp.Scenario.from_toml(f'{society}field = {{kind = "camps", values = {values}}}')
        fields.append(next(sp.cases.case_frames(scenario.cases()[0].settings, [0])).field)
        assert sp.Scenario.from_toml(scenario.to_toml()) == scenario
    np.testing.assert_array_equal(*fields)
    assert set(fields[0].tolist()) == {0.0, 0.1, 0.2}
    for values, sentence in (
        ("{n = 0.0, c = 0.1, r = 0.2}", "names the camp 'r', but no user is in it"),
        ("{n = 0.0, c = 0.1}", "2 fields for 3 camps"),
        ('{n = "much", c = 0.1, l = 0.2}', r"field\.values\.n is 'much'; it must be a number"),
        ("[]", "at least one entry"),
        ("0.1", r"field\.values is 0\.1; it must be a list"),
    ):
        with pytest.raises(InputError, match=sentence):
            sp.run(sp.Scenario.from_toml(f'{society}field = {{kind = "camps", values = {values}}}'))


# --- interventions of others -------------------------------------------------------------------


@dataclass(frozen=True)
class Leave(Intervention):
    """Some users lose all their ties."""

    share: Annotated[float, key("Share of the users.", ge=0, le=1)] = 0.5
    kind: ClassVar[str] = "leave"
    brings: ClassVar[tuple[str, ...]] = ("ties",)

    def change(self, system: Any, spins: Any, camps: Any, rng: np.random.Generator) -> Change:
        gone = rng.random(system.n) < self.share
        keep = np.where(gone, 0.0, 1.0)
        J = system.J.multiply(keep[:, None]).multiply(keep).tocsr()
        J.eliminate_zeros()
        after = sp.SpinSystem(J, system.h, system.labels, system.nodes)
        return Change(system=after, held=np.flatnonzero(gone), hold=2, detail={"gone": gone.sum()})


@pytest.fixture
def leave() -> Any:
    yield sp.interventions.register(Leave)
    INTERVENTIONS.remove("leave")


def test_an_intervention_of_others_changes_ties_and_holds_users(leave: Any) -> None:
    seen = frames(society(), Leave(at=3), temperature=np.inf, replicas=4)
    told = events(seen, "leave")
    assert [event["replica"] for event in told] == [0, 1, 2, 3]
    for r, network in enumerate(seen[4].systems):
        alone = np.diff(network.J.indptr) == 0
        gone = told[r]["gone"]
        assert alone.sum() >= gone > 0
    assert len({network.J.nnz for network in seen[4].systems}) > 1
    # Held: at T = infinity at most the others change.
    held = [(seen[3].spins[r] == seen[5].spins[r]).mean() for r in range(4)]
    assert np.mean(held) > 0.6


def test_draws_of_others_leave_ours_as_they_are(leave: Any) -> None:
    act = Nucleate(at=3, share=0.3, hold="forever")
    plain = frames(society(), act, temperature=0.0, replicas=3)
    beside = frames(society(), Leave(at=3, share=0.0), act, temperature=0.0, replicas=3)
    np.testing.assert_array_equal(plain[4].spins, beside[4].spins)


def test_pieces_of_a_run_with_an_intervention_of_others_give_the_whole(leave: Any) -> None:
    keys: dict[str, Any] = dict(temperature=1.0, seed=2, replicas=3, sweeps=9)
    acts = [Leave(at=2), Leave(at=6, share=0.2)]
    whole = list(sp.trajectory(society(), interventions=acts, **keys))
    state = next(
        frame.state()
        for frame in sp.trajectory(society(), interventions=acts, **keys)
        if frame.sweep == 4
    )
    rest = list(sp.trajectory(society(), interventions=acts, resume=state, **keys))
    for a, b in zip(whole[5:], rest, strict=True):
        np.testing.assert_array_equal(a.spins, b.spins)


@pytest.mark.parametrize(
    ("made", "sentence"),
    [
        (Change(spins=np.zeros(N)), "stances that are not .1 or -1"),
        (Change(spins=np.ones(3, np.int8)), "stances that are not .1 or -1"),
        (Change(system=free()), "other ties; let its class say brings"),
    ],
)
def test_what_an_intervention_of_others_may_not_do_is_one_sentence(
    made: Change, sentence: str
) -> None:
    @dataclass(frozen=True)
    class Odd(Intervention):
        kind: ClassVar[str] = "odd"

        def change(self, system: Any, spins: Any, camps: Any, rng: Any) -> Change:
            return made

    with pytest.raises(InputError, match=f"the intervention odd returned {sentence}"):
        frames(free(), Odd(at=2))
