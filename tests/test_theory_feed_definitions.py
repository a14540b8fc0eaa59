"""The written-out feeds on societies small enough to compute by hand."""

import math

import numpy as np
import pytest

from sociophysics.errors import InputError
from sociophysics.theory import feed_definitions as feeds

# Users 0, 1 in camp 0; 2, 3 in camp 1; 4 without a camp; 5 isolated, without a camp.
CAMPS = [0, 0, 1, 1, -1, -1]
SPINS = np.array([1, -1, -1, 1, 1, 1])
J = np.zeros((6, 6))
for i, j, w in ((0, 1, 1.0), (0, 2, 3.0), (0, 4, 1.0), (1, 3, -2.0), (2, 3, 0.5)):
    J[i, j] = J[j, i] = w


def phi(kind, **keys):
    return feeds.expected_field(kind, J, SPINS, CAMPS, strength=1.0, **keys)


def test_pools_by_hand():
    np.testing.assert_allclose(phi("chronological"), [-3 / 5, 1, 4 / 3.5 - 1 / 7, 1 * -1, 1, 0])
    np.testing.assert_allclose(phi("chronological", weight="uniform"), [-1 / 3, 1, 1, -1, 1, 0])
    others = (SPINS.sum() - SPINS) / 5
    np.testing.assert_allclose(phi("random"), others)
    np.testing.assert_allclose(phi("trending"), np.full(6, 2 / 6))
    np.testing.assert_allclose(phi("in_group"), [-1, 1, 1, -1, 0, 0])
    np.testing.assert_allclose(phi("in_group", pool="followed_camp"), [-1, 1, 1, -1, 0, 0])
    np.testing.assert_allclose(phi("diversity", epsilon=0.25), [-0.75, 0.75, 0.75, -0.75, 0, 0])
    np.testing.assert_allclose(phi("bridging"), [-0.5, 0.5, 0.5, -0.5, 0, 0])
    np.testing.assert_allclose(phi("bridging", scope="followed"), [-1, 1, 1, -1, 1, 0])
    np.testing.assert_allclose(phi("outrage"), [-0.5, 0.5, 0.5, -0.5, 0, 0])
    np.testing.assert_allclose(
        phi("outrage", scope="followed"), [(-1 + 1) / 2, 0.5, (1 - 1) / 2, -0.5, 0, 0]
    )


def test_feeds_without_a_pool():
    np.testing.assert_allclose(phi("self_echo"), SPINS)
    np.testing.assert_allclose(phi("counter"), -SPINS)
    np.testing.assert_allclose(phi("editorial"), np.ones(6))
    e = np.linspace(-1, 1, 6)
    np.testing.assert_allclose(phi("memory", memory=e), e)
    for kind in ("none", "amplifier", "animosity"):
        np.testing.assert_array_equal(feeds.expected_field(kind, J, SPINS, CAMPS), 0)
    np.testing.assert_allclose(feeds.changed_couplings("amplifier", J, strength=0.5), 1.5 * J)
    calm = feeds.changed_couplings("animosity", J, delta=0.5)
    assert calm[1, 3] == -1.0
    assert calm[0, 2] == 3.0


@pytest.mark.parametrize("alpha", [-0.5, 0.0, 1.0, 2.5])
@pytest.mark.parametrize("gamma", [-1.0, 0.0, 0.7])
@pytest.mark.parametrize("pool", feeds.POOLS)
def test_ranker_is_a_hyperbolic_tangent(pool, alpha, gamma):
    keys = {"pool": pool, "alpha": alpha, "gamma": gamma}
    flat = phi("engagement", **{**keys, "alpha": 0.0, "gamma": 0.0})
    got = phi("engagement", **keys)
    for i, M in enumerate(flat):
        empty = not feeds.pool_shares(J, CAMPS, pool=pool)[i].any()
        if empty:
            assert got[i] == 0
        elif abs(M) == 1:
            assert got[i] == M
        else:
            expected = math.tanh((1 + alpha) * math.atanh(M) + gamma * SPINS[i])
            assert got[i] == pytest.approx(expected, abs=1e-13)


def test_shares_sum_to_one_or_nothing_and_never_to_oneself():
    for pool in feeds.POOLS:
        shares = feeds.pool_shares(J, CAMPS, pool=pool)
        totals = shares.sum(axis=1)
        assert np.all(np.isclose(totals, 1) | (totals == 0))
        assert np.all(np.diagonal(shares) == 0)
    assert np.isnan(feeds.shown_plus("in_group", J, SPINS, CAMPS)[4:]).all()


def test_a_side_without_candidates_passes_its_weight_on():
    alone = [0, 1, 1, 1]
    shares = feeds.pool_shares(np.zeros((4, 4)), alone, pool="mix", epsilon=0.3)
    np.testing.assert_allclose(shares[0], [0, 1 / 3, 1 / 3, 1 / 3])
    one_camp = feeds.pool_shares(np.zeros((3, 3)), [0, 0, 0], pool="mix", epsilon=1.0)
    np.testing.assert_allclose(one_camp[0], [0, 0.5, 0.5])
    three = feeds.pool_shares(np.zeros((4, 4)), [0, 1, 1, 2], pool="bridge")
    np.testing.assert_allclose(three[0], [0, 0.25, 0.25, 0.5])


def test_stances_as_camps_are_two_camps():
    got = feeds.expected_field("in_group", np.zeros((4, 4)), [1, -1, 1, 1], [-1, -1, 1, 1])
    np.testing.assert_allclose(got, [-0.5, 0.5, 0.5, 0.5])


def test_slots_have_the_mean_and_variance_of_the_definition():
    p, k, strength = 0.3, 4, 0.5
    law = feeds.slots_law(strength, [p, np.nan, 1.0], k)
    X = 2 * p - 1
    mean = law.probabilities @ law.phi
    np.testing.assert_allclose(mean, [strength * X, 0, strength], atol=1e-14)
    variance = law.probabilities @ (law.phi - mean) ** 2
    np.testing.assert_allclose(variance, [strength**2 * (1 - X**2) / k, 0, 0], atol=1e-14)


def test_memory_follows_the_stance():
    e = np.array([1.0])
    for _ in range(10):
        e = feeds.next_memory(e, [-1], 10.0)
    assert e[0] == pytest.approx(2 * 0.9**10 - 1)
    np.testing.assert_array_equal(feeds.next_memory([0.3], [1], 1.0), [1.0])


def test_what_is_refused():
    with pytest.raises(InputError, match="camps is None"):
        feeds.expected_field("in_group", J, SPINS)
    with pytest.raises(InputError, match="needs the remembered stances"):
        feeds.expected_field("memory", J, SPINS)
    with pytest.raises(InputError, match="camps has shape"):
        feeds.expected_field("outrage", J, SPINS, [0, 1])
    with pytest.raises(InputError, match="not a key of kind 'trending'"):
        feeds.expected_field("trending", J, SPINS, slots=3)
