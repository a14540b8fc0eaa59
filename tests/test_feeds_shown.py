"""What feeds show: posts one by one, and the exposure that comes of them."""

from __future__ import annotations

import numpy as np
import pytest

import sociophysics as sp
from sociophysics.engine import ranking
from sociophysics.influences import feeds
from sociophysics.theory import feed_definitions as oracle
from tests.test_feeds import DRAWS, EXACT, OPTIONS, WITH_SLOTS, WORLDS, states

# --- slots ---------------------------------------------------------------------------------------


def drawn(slots: int, sweep: int, n: int = 4000) -> np.ndarray:
    shown = np.empty((1, n))
    ranking.draw_posts(
        np.zeros((1, n)), np.ones(n, bool), slots, np.array([[5, 7]], np.uint64), sweep, shown
    )
    return shown[0]


def test_another_number_of_slots_repeats_no_draw_of_another_user_or_sweep() -> None:
    four, two = drawn(4, 5), drawn(2, 10)
    for step in (1, 2):
        kept = slice(0, 4000, step)
        for shift in range(4):
            other = np.roll(two, -shift)[kept]
            correlation = np.corrcoef(four[: other.size], other)[0, 1]
            assert abs(correlation) < 4.5 / np.sqrt(other.size)


def test_fewer_slots_are_the_first_of_more() -> None:
    up = np.stack([k * (1 + drawn(k, 3)) / 2 for k in range(1, 6)])  # posts that are up
    assert np.isin(np.diff(up, axis=0).round(9), (0.0, 1.0)).all()
    assert abs(drawn(5, 3).mean()) < 4.5 / np.sqrt(5 * 4000)


# --- exposure -------------------------------------------------------------------------------------


def brute_force_posts(
    kind: str, J: np.ndarray, s: np.ndarray, camps: np.ndarray, plus: np.ndarray, **keys: object
) -> np.ndarray:
    """Return the share of user i's feed that is the post of user j, (n, n): O(n^2), row by row."""
    n = s.size
    values = oracle.feed_keys(kind, keys)
    if kind == "trending":
        return np.full((n, n), 1.0 / n)
    if kind == "outrage":
        return _both_sides(J, camps, values)
    pool = {name: values[name] for name in oracle.POOL_KEYS}
    shares = oracle.pool_shares(J, camps, **pool)
    posts = np.zeros((n, n))
    for i in range(n):
        for j in range(n):
            same = shares[i, s == s[j]].sum()
            if shares[i, j] > 0:
                chance = plus[i] if s[j] > 0 else 1 - plus[i]
                posts[i, j] = shares[i, j] / same * chance
    return posts


def _both_sides(J: np.ndarray, camps: np.ndarray, values: dict[str, object]) -> np.ndarray:
    n = len(J)
    posts = np.zeros((n, n))
    for i in range(n):
        weight = np.ones(n)
        if values["scope"] == "followed":
            weight = np.maximum(J[i], 0) if values["weight"] == "coupling" else 1.0 * (J[i] > 0)
        weight[i] = 0.0
        for side in (camps == camps[i], camps != camps[i]):
            posts_of_side = weight * (side & (camps >= 0) & (camps[i] >= 0))
            if posts_of_side.sum() > 0:
                posts[i] += posts_of_side / posts_of_side.sum()
        if posts[i].sum() > 0:
            posts[i] /= posts[i].sum()
    return posts


def brute_force_statistics(posts: np.ndarray, s: np.ndarray, camps: np.ndarray) -> list[float]:
    agreement, outside = [], []
    for i in range(s.size):
        if posts[i].sum() == 0:
            continue
        agreement.append(sum(posts[i, j] for j in range(s.size) if s[j] == s[i]))
        if camps[i] >= 0:
            other = [j for j in range(s.size) if camps[j] >= 0 and camps[j] != camps[i]]
            outside.append(sum(posts[i, j] for j in other))
    received = posts.sum(axis=0)
    gaps = sum(abs(a - b) for a in received for b in received)
    gini = gaps / (2 * s.size * received.sum()) if received.sum() > 0 else np.nan
    return [np.mean(agreement) if agreement else np.nan, _mean(outside), gini]


def brute_force_sides(posts: np.ndarray, camps: np.ndarray) -> np.ndarray:
    """Return the shares of the own camp, the others and no camp, (3, n); NaN for no side."""
    shares = np.full((3, camps.size), np.nan)
    for i in range(camps.size):
        if posts[i].sum() > 0 and camps[i] >= 0:
            shares[:, i] = [
                posts[i, camps == camps[i]].sum(),
                posts[i, (camps != camps[i]) & (camps >= 0)].sum(),
                posts[i, camps < 0].sum(),
            ]
    return shares


def _mean(values: list[float]) -> float:
    return float(np.mean(values)) if values else np.nan


def with_pool(kind: str) -> list[dict[str, object]]:
    slots = [{}, {"slots": 1}, {"slots": 3}] if kind in WITH_SLOTS else [{}]
    chosen = [
        keys
        for keys in OPTIONS[kind]
        if keys.get("alpha", 1.0) in (-0.5, 1.0) and abs(keys.get("gamma", 0.8)) in (0.8, 500.0)
    ]
    return [{**keys, **more} for keys in chosen for more in slots]


SHOWS_POSTS = [kind for kind in OPTIONS if feeds.KINDS[kind]().pool_kind is not None]


@pytest.mark.parametrize("world", WORLDS)
@pytest.mark.parametrize("kind", SHOWS_POSTS)
def test_exposure_is_what_posts_one_by_one_give(kind: str, world: str) -> None:
    J, labels = WORLDS[world]
    camps = np.array(labels)
    spins = states(camps)
    draws = feeds.Draws(np.arange(2 * len(spins), dtype=np.uint64).reshape(-1, 2), 5)
    for keys in with_pool(kind):
        feed = feeds.make(kind, strength=1.0, **keys)
        phi, exposure = feed.refresh(sp.SpinSystem(J), spins, camps, None, draws)
        assert exposure is not None
        got = np.array([exposure.agreement, exposure.out_group, exposure.attention_gini]).T
        sides = (exposure.shares_own_camp, exposure.shares_out_group, exposure.shares_no_camp)
        for s, X, found, of in zip(spins, phi, got, np.stack(sides, axis=1), strict=True):
            posts = brute_force_posts(kind, J, s, camps, (1 + X) / 2, **keys)
            want = brute_force_statistics(posts, s, camps)
            np.testing.assert_allclose(found, want, rtol=0, atol=EXACT, err_msg=f"{keys} {s}")
            np.testing.assert_allclose(of, brute_force_sides(posts, camps), rtol=0, atol=EXACT)


def test_exposure_by_hand() -> None:
    """A star: the center follows two friends, who follow nobody but the center."""
    system = sp.SpinSystem.from_edges([0, 0], [1, 2])
    spins = np.array([[1, 1, -1]], np.int8)
    _, exposure = feeds.Chronological().refresh(system, spins, np.array([0, 0, 1]), None, DRAWS)
    assert exposure is not None
    np.testing.assert_allclose(exposure.agreement, [(0.5 + 1 + 0) / 3])
    np.testing.assert_allclose(exposure.out_group, [(0.5 + 0 + 1) / 3])
    # The center's post fills two feeds, each friend's half a feed: gaps 1.5, 1.5, 0.
    np.testing.assert_allclose(exposure.attention_gini, [2 * (1.5 + 1.5) / (2 * 3 * 3)])
