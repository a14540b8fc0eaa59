"""The rewiring intervention: which ties move, and what goes along them."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import sociophysics as sp
from sociophysics.errors import InputError
from sociophysics.influences import feeds
from sociophysics.influences.interventions import (
    Rewire,
)
from sociophysics.influences.new_ends import rewired
from sociophysics.theory.feed_definitions import expected_field
from tests.test_interventions import CAMPS, N, events, frames, society

# --- rewire ------------------------------------------------------------------------------------


def draw(
    system: sp.SpinSystem, act: Rewire, seed: int = 1
) -> tuple[sp.SpinSystem, int, np.ndarray]:
    rng = np.random.default_rng(seed)
    spins = rng.choice(np.array([-1, 1], np.int8), system.n)
    after, moved = rewired(act, system, spins, CAMPS[: system.n], rng)
    return after, moved, spins


def ties(system: sp.SpinSystem) -> set[tuple[int, int]]:
    entries = system.J.tocoo()
    return set(zip(entries.row.tolist(), entries.col.tolist(), strict=True))


@pytest.mark.parametrize("directed", [False, True])
@pytest.mark.parametrize("keep_degrees", [False, True])
@pytest.mark.parametrize("toward", ["random", "similar", "bridge"])
@pytest.mark.parametrize("share", [0.1, 0.6])
def test_rewired_networks(directed: bool, keep_degrees: bool, toward: str, share: float) -> None:
    system = society(directed=directed)
    act = Rewire(at=0, share=share, toward=toward, keep_degrees=keep_degrees)
    after, moved, spins = draw(system, act)
    count = system.J.nnz if directed else system.J.nnz // 2
    # Simple, of the same kind, with the same couplings, h, labels and table.
    assert after.J.nnz == system.J.nnz
    assert not after.J.diagonal().any()
    assert sorted(after.J.data.tolist()) == sorted(system.J.data.tolist())
    assert after.is_symmetric == system.is_symmetric
    assert (after.h == system.h).all()
    assert after.labels == system.labels
    # The share is an upper bound; where anybody will do it is reached.
    old, new = ties(system), ties(after)
    changed = len(new - old) if directed else len(new - old) // 2
    assert changed <= moved <= round(share * count)
    assert changed > 0.6 * round(share * count) or toward != "random"
    if toward == "random" and not keep_degrees:
        assert moved == round(share * count)
    else:
        assert moved > 0
    # What is new satisfies the wish.
    for a, b in new - old:
        if toward == "similar":
            assert spins[a] == spins[b]
        if toward == "bridge":
            assert CAMPS[a] != CAMPS[b]
            assert min(CAMPS[a], CAMPS[b]) >= 0
    if keep_degrees:
        assert (np.diff(after.J.indptr) == np.diff(system.J.indptr)).all()
        assert (
            np.bincount(after.J.indices, minlength=N) == np.bincount(system.J.indices, minlength=N)
        ).all()
    elif directed:  # whoever listens keeps the number of those listened to
        assert (np.diff(after.J.indptr) == np.diff(system.J.indptr)).all()


def test_couplings_travel_with_their_ties() -> None:
    system = society(directed=True)
    after, *_ = draw(system, Rewire(at=0, share=0.4))
    for user in range(N):
        assert sorted(after.J[[user], :].data) == sorted(system.J[[user], :].data)


def test_nobody_is_preferred_as_a_new_friend() -> None:
    ring = sp.SpinSystem.from_edges(np.arange(30), (np.arange(30) + 1) % 30)
    total = np.zeros(30)
    for seed in range(300):
        after, *_ = draw(ring, Rewire(at=0, share=0.5), seed)
        total += np.diff(after.J.indptr) - 2
    # Ends move: 300 runs of 15 ties are 4500 ends, 150 per user; what is lost is gained.
    assert total.sum() == 0
    assert np.abs(total).max() < 5 * np.sqrt(2 * 150)


def test_a_tie_that_finds_no_new_end_stays() -> None:
    full = sp.SpinSystem(np.ones((5, 5)) - np.eye(5))
    after, moved, _ = draw(full, Rewire(at=0, share=1.0))
    assert moved == 0
    assert (after.J != full.J).nnz == 0
    same, moved, _ = draw(society(), Rewire(at=0, share=0.0))
    assert moved == 0
    assert (same.J != society().J).nnz == 0


@pytest.mark.parametrize("toward", ["random", "similar"])
def test_every_replica_has_a_network_of_its_own_since_then(toward: str) -> None:
    system = society()
    seen = frames(system, Rewire(at=3, share=0.5, toward=toward), replicas=3)
    assert seen[3].system is system
    for frame in seen[4:]:
        with pytest.raises(InputError, match="different networks since a rewiring"):
            _ = frame.system
        networks = [single.system for single in frame.split()]
        assert all(network is given for network, given in zip(networks, frame.systems, strict=True))
        assert len({frozenset(ties(network)) for network in networks}) == 3
    # At the time of the rewiring new ties joined like-minded users.
    if toward == "similar":
        for spins, single in zip(seen[3].spins, seen[4].split(), strict=True):
            assert all(spins[a] == spins[b] for a, b in ties(single.system) - ties(system))
    moved = events(seen, "rewire")
    assert [event["replica"] for event in moved] == [0, 1, 2]
    assert {event["toward"] for event in moved} == {toward}
    assert min(event["moved"] for event in moved) > 0


def test_observables_of_rewired_replicas_use_their_own_network() -> None:
    keys: dict[str, Any] = {"temperature": 1.0, "sweeps": 6, "seed": 4, "replicas": 3}
    act = Rewire(at=2, share=0.5)
    table = sp.simulate(society(), interventions=[act], observe=["energy"], **keys)
    *_, last = sp.trajectory(society(), interventions=[act], **keys)
    energies = [single.system.energy(single.spins)[0] / N for single in last.split()]
    assert table[table["sweep"] == 6]["energy"].tolist() == pytest.approx(energies, abs=1e-12)


def test_the_dynamics_go_on_along_the_new_ties() -> None:
    """At T = 0 everybody ends aligned with the local field of the own, rewired network."""
    seen = frames(society(), Rewire(at=3, share=0.9), temperature=0.0, replicas=3, sweeps=200)
    for single in seen[-1].split():
        assert (single.spins * single.system.local_field(single.spins) >= 0).all()
    assert (seen[-1].spins * society().local_field(seen[-1].spins) < 0).any()


def test_stopped_replicas_keep_their_network_when_others_rewire() -> None:
    system = society()
    seen = frames(
        system,
        Rewire(at=4, share=0.5),
        replicas=3,
        stop=lambda frame: np.array([frame.sweep >= 2, False, False]),
    )
    assert seen[-1].systems[0] is system
    assert [event["replica"] for event in events(seen, "rewire")] == [1, 2]


def test_a_feed_shows_posts_along_the_new_ties() -> None:
    feed = feeds.Chronological(strength=1.0)
    seen = frames(society(), Rewire(at=3, share=0.8), replicas=2, feed=feed)
    for frame, before in zip(seen[4:], seen[3:], strict=False):
        for r, network in enumerate(frame.systems):
            J, spins = network.J.toarray(), before.spins[r]
            shown = expected_field("chronological", J, spins, strength=1.0)
            assert frame.phi[r] == pytest.approx(shown, abs=1e-12)
