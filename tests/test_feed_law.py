"""The finite-time law of the dynamics with a feed on, and the law of the posts that slots draw.

Feeds that read stances drive the system out of equilibrium, so the reference is not Boltzmann but
the exact matrix from refresh to refresh, the field frozen in between. The same comparison must
reject feeds that are off, stale, refreshed too often, or of another strength.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any

import numpy as np
import pytest
from scipy.stats import binom

import sociophysics as sp
from sociophysics.influences import feeds
from sociophysics.theory import feed_definitions as oracle
from sociophysics.theory import markov
from sociophysics.theory.stance_patterns import all_states, state_number
from tests.laws import ALPHA, assert_law, assert_mean, law_p_value, mean_p_value
from tests.test_engine_law import START, directed_system, p_values, signed_system

REPLICAS, SLOW_REPLICAS = 20_000, 2_000
REFRESHES = 3
TEMPERATURE = 1.1
STRENGTH = 1.2
SYSTEMS = {
    "signed": signed_system(),
    "directed": directed_system(),
    "friends": signed_system(6, 8, unit=True),
}
CAMPS = {5: np.array([0, 1, 0, 1, -1]), 6: np.array([0, 1, 2, 0, 1, 0])}

DESIGNS: dict[str, tuple[str, str, dict[str, Any]]] = {
    "friends' posts": ("directed", "chronological", {"weight": "uniform"}),
    "popular among friends": ("directed", "popularity", {"alpha": 1.0}),
    "popular in the own camp": ("friends", "popularity", {"alpha": -0.5, "pool": "camp"}),
    "personalized": ("directed", "personalized", {"gamma": 1.5}),
    "engagement among all": ("signed", "engagement", {"alpha": 1.0, "gamma": 1.0, "pool": "all"}),
    "bridging three camps": ("friends", "bridging", {"scope": "followed"}),
    "self-echo": ("directed", "self_echo", {}),
    "counter": ("signed", "counter", {}),
    "outrage": ("signed", "outrage", {}),
    "outrage at the followed": ("friends", "outrage", {"scope": "followed"}),
    "the own camp weighed down": ("directed", "like_minded", {"factor": 0.3}),
    "own camp, two slots": ("directed", "in_group", {"slots": 2}),
    "friends' posts, one slot": ("directed", "chronological", {"slots": 1}),
    "personalized among all, one slot": (
        "signed",
        "personalized",
        {"gamma": 1.0, "slots": 1, "pool": "all"},
    ),
}
Refresh = Callable[[np.ndarray], "np.ndarray | markov.FieldLaw"]


def definition(system: sp.SpinSystem, kind: str, keys: dict[str, Any]) -> Refresh:
    """Return what the oracle says a refresh does: a field, or the law of one."""
    J, camps = system.J.toarray(), CAMPS[system.n]
    slots = keys.get("slots")
    if slots is None:
        return lambda s: oracle.expected_field(kind, J, s, camps, strength=STRENGTH, **keys)
    return lambda s: oracle.slots_law(
        STRENGTH, oracle.shown_plus(kind, J, s, camps, strength=STRENGTH, **keys), slots
    )


def exact_law(system: sp.SpinSystem, kind: str, keys: dict[str, Any], sweeps: int) -> np.ndarray:
    matrix = markov.sweep_matrix_with_feed(
        system, temperature=TEMPERATURE, refresh=definition(system, kind, keys)
    )
    return markov.distribution_after(matrix, START[system.n], sweeps)


def frames(system: sp.SpinSystem, feed: Any, **keys: Any) -> list[sp.Frame]:
    given = {"replicas": REPLICAS, "every": REFRESHES, "sweeps": REFRESHES, "seed": 17} | keys
    return list(
        sp.trajectory(
            system,
            temperature=TEMPERATURE,
            feed=feed,
            camps=CAMPS[system.n],
            start=START[system.n],
            **given,
        )
    )


def final_spins(system: sp.SpinSystem, feed: Any, **keys: Any) -> np.ndarray:
    return frames(system, feed, **keys)[-1].spins


def assert_final_law(system: sp.SpinSystem, spins: np.ndarray, law: np.ndarray) -> None:
    assert_law(np.bincount(state_number(spins), minlength=2**system.n), law)
    assert min(p_values(system, spins, law)) >= ALPHA


@cache
def law_of(design: str) -> np.ndarray:
    name, kind, keys = DESIGNS[design]
    return exact_law(SYSTEMS[name], kind, keys, REFRESHES)


def feed_of(design: str) -> feeds.Feed:
    _, kind, keys = DESIGNS[design]
    return feeds.make(kind, strength=STRENGTH, **keys)


@cache
def spins_of(design: str) -> np.ndarray:
    return final_spins(SYSTEMS[DESIGNS[design][0]], feed_of(design))


@pytest.mark.parametrize("design", DESIGNS)
def test_law_with_the_feed_on(design: str) -> None:
    assert_final_law(SYSTEMS[DESIGNS[design][0]], spins_of(design), law_of(design))


@pytest.mark.parametrize("design", ["personalized", "own camp, two slots"])
def test_reference_kernel_follows_the_same_law(design: str) -> None:
    system = SYSTEMS[DESIGNS[design][0]]
    spins = final_spins(system, feed_of(design), kernel="reference", replicas=SLOW_REPLICAS)
    assert_final_law(system, spins, law_of(design))


@pytest.mark.parametrize(("kind", "keys"), [("amplifier", {"strength": 0.5}), ("animosity", {})])
def test_law_of_feeds_that_change_couplings(kind: str, keys: dict[str, Any]) -> None:
    system = SYSTEMS["signed"]
    changed = sp.SpinSystem(oracle.changed_couplings(kind, system.J.toarray(), **keys), system.h)
    matrix = markov.transition_matrix(changed, temperature=TEMPERATURE)
    law = markov.distribution_after(matrix, START[system.n], REFRESHES * system.n)
    assert_final_law(system, final_spins(system, feeds.make(kind, **keys)), law)


# --- memory: the chain over stances and their running mean ----------------------------------------

TAU = 3.0


@cache
def memory_law(name: str, tau: float, sweeps: int) -> np.ndarray:
    """Follow every history of (stances, memory) exactly."""
    system = SYSTEMS[name]
    states = all_states(system.n)

    def follow(s: np.ndarray, e: np.ndarray, left: int) -> np.ndarray:
        phi = oracle.expected_field("memory", system.J.toarray(), s, memory=e, strength=STRENGTH)
        matrix = markov.transition_matrix(system, temperature=TEMPERATURE, phi=phi)
        law = markov.distribution_after(matrix, s, system.n)
        if left == 1:
            return law
        later = (follow(t, oracle.next_memory(e, t, tau), left - 1) for t in states)
        return np.sum([p * after for p, after in zip(law, later, strict=True)], axis=0)

    start = START[system.n]
    return follow(start, start.astype(float), sweeps)


def test_law_of_memory() -> None:
    system = SYSTEMS["signed"]
    spins = final_spins(system, feeds.Memory(strength=STRENGTH, tau=TAU))
    assert_final_law(system, spins, memory_law("signed", TAU, REFRESHES))


@pytest.mark.parametrize("wrong", [feeds.SelfEcho(STRENGTH), feeds.Memory(STRENGTH, 10 * TAU)])
def test_wrong_memories_are_rejected(wrong: feeds.Feed) -> None:
    system = SYSTEMS["signed"]
    law = memory_law("signed", TAU, REFRESHES)
    assert min(p_values(system, final_spins(system, wrong), law)) < ALPHA


# --- feeds that are wrong on purpose --------------------------------------------------------------


def stale(feed: feeds.Feed, which: Callable[[int], int]) -> feeds.Feed:
    """Return the feed that reads, in a sweep, the stances at the start of sweep ``which``."""
    seen: dict[tuple[bytes, int], np.ndarray] = {}

    class Stale(type(feed)):
        def refresh(
            self,
            system: sp.SpinSystem,
            spins: np.ndarray,
            camps: np.ndarray | None,
            memory: feeds.FeedMemory | None,
            rng: feeds.Draws,
        ) -> tuple[np.ndarray, feeds.Exposure | None]:
            group = rng.keys.tobytes()
            seen[group, rng.sweep] = spins.copy()
            old = seen[group, max(which(rng.sweep), 1)]
            return super().refresh(system, old, camps, memory, rng)

    return Stale(**vars(feed))


MUTANTS: dict[str, Callable[[feeds.Feed], feeds.Feed | None]] = {
    "off": lambda feed: None,
    "a sweep late": lambda feed: stale(feed, lambda sweep: sweep - 1),
    "refreshed every second sweep": lambda feed: stale(feed, lambda sweep: sweep - (sweep + 1) % 2),
    "weaker by a tenth": lambda feed: type(feed)(**{**vars(feed), "strength": 0.9 * STRENGTH}),
}


@pytest.mark.parametrize("design", ["personalized", "self-echo", "friends' posts, one slot"])
@pytest.mark.parametrize("mutant", MUTANTS)
def test_wrong_feeds_are_rejected(mutant: str, design: str) -> None:
    system = SYSTEMS[DESIGNS[design][0]]
    spins = final_spins(system, MUTANTS[mutant](feed_of(design)))
    assert min(p_values(system, spins, law_of(design))) < ALPHA


def test_what_rejects_stale_feeds_is_their_staleness() -> None:
    design = "personalized"
    fresh = stale(feed_of(design), lambda sweep: sweep)
    assert (final_spins(SYSTEMS[DESIGNS[design][0]], fresh) == spins_of(design)).all()


@pytest.mark.parametrize("design", ["personalized", "self-echo", "outrage"])
def test_the_law_of_a_refresh_at_every_update_is_another(design: str) -> None:
    name, kind, keys = DESIGNS[design]
    system = SYSTEMS[name]
    refresh = definition(system, kind, keys)
    matrix = np.array(
        [
            markov.transition_matrix(system, temperature=TEMPERATURE, phi=refresh(s))[k]
            for k, s in enumerate(all_states(system.n))
        ]
    )
    law = markov.distribution_after(matrix, START[system.n], REFRESHES * system.n)
    assert min(p_values(system, spins_of(design), law)) < ALPHA


# --- the feed itself, where the stances' law is too blunt to see it -------------------------------

STEEP, LESS_STEEP = 1.5, 1.2


def alignment_p_value(right: feeds.Feed, acting: feeds.Feed) -> float:
    """Compare the mean of ``s_i phi_i`` at the last refresh with its exact mean under ``right``."""
    system = SYSTEMS["directed"]
    keys = {"gamma": right.gamma}
    law = exact_law(system, right.kind, keys, REFRESHES - 1)
    states = all_states(system.n)
    refresh = definition(system, right.kind, keys)
    aligned = np.array([(s * refresh(s)).mean() for s in states])
    mean = law @ aligned
    run = frames(system, acting, every=1)
    found = (run[-2].spins * run[-1].phi).mean(axis=1)
    return mean_p_value(found, mean, law @ aligned**2 - mean**2)


def test_mean_feed_is_exact_and_sees_what_the_law_does_not() -> None:
    right = feeds.Personalized(strength=STRENGTH, gamma=STEEP)
    wrong = feeds.Personalized(strength=STRENGTH, gamma=LESS_STEEP)
    assert alignment_p_value(right, right) >= ALPHA
    assert alignment_p_value(right, wrong) < ALPHA


SLOTS = 5


def drawn_plus(run: list[sp.Frame]) -> np.ndarray:
    """Return how many of the posts were +1 in the last sweep, (replicas, n)."""
    return np.rint((run[-1].phi / STRENGTH + 1) * SLOTS / 2).astype(int)


def slots_p_values(slots: int | None) -> list[float]:
    """Compare every user's number of +1 posts in sweep 1 with the binomial law of ``SLOTS``."""
    system = SYSTEMS["signed"]
    start = START[system.n]
    plus = oracle.shown_plus("personalized", system.J.toarray(), start, gamma=1.0, pool="all")
    feed = feeds.Personalized(strength=STRENGTH, gamma=1.0, pool="all", slots=slots)
    drawn = drawn_plus(frames(system, feed, sweeps=1))
    values = []
    for user in range(system.n):
        wanted = binom.pmf(np.arange(SLOTS + 1), SLOTS, plus[user])
        values.append(law_p_value(np.bincount(drawn[:, user], minlength=SLOTS + 1), wanted))
    return values


def test_slots_are_binomial_given_the_stances() -> None:
    assert min(slots_p_values(SLOTS)) >= ALPHA


@pytest.mark.parametrize("wrong", [None, SLOTS - 1, SLOTS + 1, 4 * SLOTS])
def test_another_number_of_slots_is_rejected(wrong: int | None) -> None:
    assert min(slots_p_values(wrong)) < ALPHA


FROZEN = 100.0  # field that keeps everybody at the start
SEEN = slice(0, 3)  # users in the joint law


def coin_frames(replicas: int = REPLICAS) -> tuple[list[sp.Frame], np.ndarray]:
    """One random post each, stances frozen; returns the frames and the chance of a +1 post."""
    start = START[5]
    system = sp.SpinSystem(np.zeros((5, 5)), h=FROZEN * start)
    run = frames(system, feeds.Random(STRENGTH, slots=1), every=1, replicas=replicas)
    assert all((frame.spins == start).all() for frame in run)
    return run, oracle.shown_plus("random", np.zeros((5, 5)), start)


def joint_counts(*ups: np.ndarray) -> np.ndarray:
    bits = np.concatenate([up[:, SEEN] > 0 for up in ups], axis=1)
    return np.bincount(state_number(2 * bits.astype(int) - 1), minlength=2 ** bits.shape[1])


def joint_law(plus: np.ndarray, times: int) -> np.ndarray:
    bits = all_states(times * plus[SEEN].size) > 0
    chance = np.tile(plus[SEEN], times)
    return np.where(bits, chance, 1 - chance).prod(axis=1)


def test_draws_of_users_and_sweeps_are_independent() -> None:
    run, plus = coin_frames()
    assert_law(joint_counts(run[1].phi, run[2].phi), joint_law(plus, 2))
    assert_law(joint_counts(run[2].phi, run[3].phi), joint_law(plus, 2))


def test_draws_of_replicas_are_independent() -> None:
    run, plus = coin_frames()
    phi = run[1].phi
    assert_law(joint_counts(phi[0::2], phi[1::2]), joint_law(plus, 2))


def test_shared_draws_are_rejected() -> None:
    run, plus = coin_frames()
    phi = run[1].phi
    for other in (phi, np.roll(phi, 1, axis=1)):
        assert law_p_value(joint_counts(phi, other), joint_law(plus, 2)) < ALPHA


def test_the_field_of_the_first_sweep_is_that_of_frame_zero() -> None:
    run, _ = coin_frames()
    assert (run[0].phi == run[1].phi).all()


def test_slots_average_to_the_expected_feed() -> None:
    system = SYSTEMS["signed"]
    start = START[system.n]
    run = frames(system, feeds.Engagement(strength=STRENGTH, slots=SLOTS), sweeps=1)
    X = oracle.expected_field("engagement", system.J.toarray(), start, strength=1.0)
    for user in range(system.n):
        variance = STRENGTH**2 * (1 - X[user] ** 2) / SLOTS
        assert_mean(run[-1].phi[:, user], STRENGTH * X[user], variance)
