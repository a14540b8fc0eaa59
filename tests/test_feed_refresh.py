"""A refresh looks only at what changed, and gives the numbers of a refresh of everything."""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise

import numpy as np
import pytest

import sociophysics as sp
from sociophysics.engine import following
from sociophysics.influences import feeds
from sociophysics.influences.feeds.recall import Recall, listeners_of
from sociophysics.influences.interventions import Nucleate, Rewire, SwitchFeed

N = 60
CAMPS = np.arange(N) % 3 - (np.arange(N) % 7 == 0)  # -1, 0, 1, 2: some in no camp
REPLICAS = 3


def couplings(kind: str, n: int = N) -> np.ndarray:
    """Return couplings whose pools are counted, in fixed point, or summed row by row."""
    rng = np.random.default_rng(5)
    ties = rng.random((n, n)) < 0.1
    if kind == "mutual":
        ties = np.triu(ties, 1)
        ties = ties | ties.T
    J = np.where(ties, rng.choice([1.0, 1.0, -1.0], (n, n)), 0.0)
    if kind == "weighted":
        J = J * rng.uniform(0.1, 3.0, (n, n))
    elif kind == "wide":
        J = J * 10.0 ** rng.uniform(-12.0, 0.0, (n, n))
    np.fill_diagonal(J, 0.0)
    J[:2] = J[:, :2] = 0.0  # two users nobody follows, and who follow nobody
    return J


WORLDS = {kind: sp.SpinSystem(couplings(kind)) for kind in ("mutual", "plain", "weighted", "wide")}
DESIGNS: list[tuple[str, dict[str, object]]] = [
    *((kind, {}) for kind in feeds.KINDS),
    ("popularity", {"alpha": -0.5, "weight": "uniform"}),
    ("popularity", {"pool": "all"}),
    ("personalized", {"gamma": 400.0, "slots": 3}),
    ("personalized", {"pool": "camp"}),
    ("engagement", {"alpha": 2.5, "slots": 4}),
    ("engagement", {"pool": "followed_camp"}),
    ("chronological", {"slots": 5}),
    ("in_group", {"pool": "followed_camp"}),
    ("diversity", {"slots": 2}),
    ("bridging", {"scope": "followed", "slots": 2}),
    ("outrage", {"scope": "followed"}),
]
LOOKS = [(k, v) for k, v in DESIGNS if k in ("chronological", "popularity", "personalized")]


def draws(sweep: int, replicas: int = REPLICAS) -> feeds.Draws:
    return feeds.Draws(np.arange(2 * replicas, dtype=np.uint64).reshape(-1, 2), sweep)


def courses(n: int = N, replicas: int = REPLICAS) -> list[np.ndarray]:
    """Return stances over time: few flips, none, many, all, one user alone, a whole replica."""
    rng = np.random.default_rng(8)
    spins = rng.choice(np.array([-1, 1], np.int8), (replicas, n))
    found = [spins]
    for share in (0.02, 0.0, 0.1, 0.5, 1.0, 0.0, 0.01, 0.3):
        spins = np.where(rng.random(spins.shape) < share, -spins, spins).astype(np.int8)
        found.append(spins)
    for user in (0, 17):
        spins = spins.copy()
        spins[replicas - 1, user] *= -1
        found.append(spins)
    found.append(np.concatenate([np.ones((1, n), np.int8), spins[1:]]))
    return found


def assert_equal_exposure(left: feeds.Exposure | None, right: feeds.Exposure | None) -> None:
    assert (left is None) == (right is None)
    if left is not None and right is not None:
        for name in ("agreement", "out_group", "attention_gini"):
            np.testing.assert_array_equal(getattr(left, name), getattr(right, name))


@pytest.mark.parametrize("world", WORLDS)
@pytest.mark.parametrize(("kind", "keys"), DESIGNS)
def test_refresh_equals_the_refresh_of_everything(
    kind: str, keys: dict[str, object], world: str
) -> None:
    """Bit for bit, whatever flipped since; what was shown before is not touched."""
    system, feed = WORLDS[world], feeds.make(kind, **keys)
    stances = courses()
    memory = feed.start(system, stances[0], CAMPS)
    earlier = []
    for t, spins in enumerate(stances):
        phi, exposure = feed.refresh(system, spins.copy(), CAMPS, memory, draws(t))
        fresh = memory._replace(recall=None)
        want, shown = feed.refresh(system, spins, CAMPS, fresh, draws(t))
        np.testing.assert_array_equal(phi, want)
        earlier.append((phi, want, exposure, shown))
        memory = feed.remember(spins, memory)
    for phi, want, exposure, shown in earlier:
        np.testing.assert_array_equal(phi, want)
        assert_equal_exposure(exposure, shown)


def test_worlds_cover_every_way_to_sum() -> None:
    ways = {}
    for name, system in WORLDS.items():
        pool = feeds.Chronological().candidates(system, None)
        assert pool is not None
        found = listeners_of(pool)
        way = "rows" if not found.whole.size else "fixed" if found.shares.size else "counted"
        ways[name] = way, found.indices is pool.indices
    assert ways == {
        "mutual": ("counted", False),
        "plain": ("counted", False),
        "weighted": ("fixed", False),
        "wide": ("rows", False),
    }
    friends = sp.SpinSystem(np.abs(couplings("mutual")) + np.abs(couplings("mutual")).T)
    pool = feeds.Chronological().candidates(friends, None)
    assert pool is not None
    assert listeners_of(pool).indices is pool.indices


def affected(J: np.ndarray, flipped: np.ndarray, *, own: bool) -> np.ndarray:
    """Return who follows a flipped user, or flipped where that matters, written out plainly."""
    follows = (J > 0) & flipped[None, :]
    return follows.any(axis=1) | (flipped & own)


@pytest.mark.parametrize("world", WORLDS)
@pytest.mark.parametrize(("kind", "keys"), LOOKS)
def test_only_users_with_a_flipped_source_are_ranked_again(
    kind: str, keys: dict[str, object], world: str
) -> None:
    if keys.get("pool") in ("all", "camp"):
        return
    system, feed = WORLDS[world], feeds.make(kind, **keys)
    stances, J = courses(), WORLDS[world].J.toarray()
    memory = feed.start(system, stances[0], CAMPS)
    recall = memory.recall
    assert recall is not None
    feed.refresh(system, stances[0], CAMPS, memory, draws(0))
    assert (recall.looked == N).all()
    for before, now in pairwise(stances):
        feed.refresh(system, now, CAMPS, memory, draws(1))
        want = [
            affected(J, a != b, own=kind == "personalized").sum()
            for a, b in zip(before, now, strict=True)
        ]
        assert recall.looked.tolist() == want


# --- mutants --------------------------------------------------------------------------------------

Kernel = Callable[..., None]


def forget_own(kernel: Kernel) -> Kernel:
    """Do not look at users whose own stance is all that flipped."""

    def rank(spins: np.ndarray, seen: np.ndarray, before: np.ndarray, *rest: object) -> None:
        kernel(spins, seen, before, *rest)
        shown = rest[-2]
        assert isinstance(shown, np.ndarray)
        if seen.size:
            listens = WORLDS["weighted"].J.toarray() > 0
            for r in range(len(spins)):
                flipped = spins[r] != seen[r]
                only_own = flipped & ~affected(listens, flipped, own=False)
                shown[r, only_own] = before[r, only_own]

    return rank


def forget_source(kernel: Kernel) -> Kernel:
    """Do not see that user 17 flipped."""

    def rank(spins: np.ndarray, seen: np.ndarray, before: np.ndarray, *rest: object) -> None:
        blind = seen.copy()
        if seen.size:
            blind[:, 17] = spins[:, 17]
        kernel(spins, blind, before, *rest)

    return rank


def forget_replica(kernel: Kernel) -> Kernel:
    """Do not see what flipped in the last replica."""

    def rank(spins: np.ndarray, seen: np.ndarray, before: np.ndarray, *rest: object) -> None:
        blind = seen.copy()
        if seen.size:
            blind[-1] = spins[-1]
        kernel(spins, blind, before, *rest)

    return rank


def wrong_refreshes(feed: feeds.Feed, system: sp.SpinSystem) -> int:
    stances = courses()
    memory, wrong = feed.start(system, stances[0], CAMPS), 0
    for t, spins in enumerate(stances):
        phi, _ = feed.refresh(system, spins, CAMPS, memory, draws(t))
        want, _ = feed.refresh(system, spins, CAMPS, memory._replace(recall=None), draws(t))
        wrong += bool((phi != want).any())
    return wrong


@pytest.mark.parametrize("forget", [forget_own, forget_source, forget_replica])
def test_mutants_are_caught(
    forget: Callable[[Kernel], Kernel], monkeypatch: pytest.MonkeyPatch
) -> None:
    feed, system = feeds.Engagement(alpha=1.0, gamma=1.0), WORLDS["weighted"]
    assert wrong_refreshes(feed, system) == 0
    monkeypatch.setattr(following, "rank_sums", forget(following.rank_sums))
    assert wrong_refreshes(feed, system) > 0


# --- trajectories ---------------------------------------------------------------------------------


SHOWN = Recall.shown


def forgetful(self: Recall, spins: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Show what a recall without a past shows."""
    return SHOWN(Recall(self.pool, self.alpha, self.gamma), spins)


ACTS = [
    Nucleate(at=4, stance=1, share=0.2, hold=5),
    SwitchFeed(at=8, feed=feeds.Engagement(strength=2.0)),
    Nucleate(at=11, stance=-1, share=0.3, hold="forever"),
    SwitchFeed(at=13, feed=None),
    SwitchFeed(at=15, feed=feeds.Personalized(strength=2.0, slots=3)),
    Rewire(at=18, share=0.2),
]


def run(world: str, feed: feeds.Feed, **keys: object) -> list[sp.Frame]:
    given: dict[str, object] = {"temperature": 1.5, "sweeps": 24, "seed": 3, "replicas": 4} | keys
    return list(sp.trajectory(WORLDS[world], feed=feed, camps=CAMPS, interventions=ACTS, **given))


@pytest.mark.parametrize("world", WORLDS)
def test_trajectories_are_those_of_refreshes_of_everything(
    world: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Over nucleations, holds, switches of feeds and rewirings; on threads, and seen seldom."""
    feed = feeds.Personalized(strength=2.0, gamma=1.0)
    frames = run(world, feed, threads=1)
    others = [run(world, feed, threads=2), run(world, feed, threads=1, every=8)]
    monkeypatch.setattr(Recall, "shown", forgetful)
    others.append(run(world, feed, threads=1))
    for other in others:
        every = 8 if len(other) == 4 else 1
        for a, b in zip(frames[::every], other, strict=True):
            assert (a.spins == b.spins).all()
            assert (a.phi == b.phi).all()
            assert_equal_exposure(a.exposure, b.exposure)
