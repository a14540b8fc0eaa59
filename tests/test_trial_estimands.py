"""The effects of a treatment inside a society, against enumeration, sums and mean field."""

from __future__ import annotations

import itertools
from collections.abc import Callable

import numpy as np
import pytest

import sociophysics as sp
from sociophysics.inference.trial_effects import at_share_zero, fieller, trial_effects
from sociophysics.inference.trial_estimators import (
    cluster_difference,
    difference_in_means,
    exposure_chances,
    exposure_to_treated,
    hajek,
)
from sociophysics.theory.markov import stationary, sweep_matrix_with_feed
from sociophysics.theory.stance_patterns import all_states
from sociophysics.theory.trial_oracles import (
    complete_graph_trial,
    coupled_trial,
    two_camp_trial,
)

TIES = {(0, 1): 0.8, (1, 2): 0.6, (0, 2): 0.7, (3, 4): 0.9, (4, 5): 0.5, (3, 5): 0.8,
        (2, 3): 0.3, (1, 4): -0.4}  # fmt: skip
SIX = np.zeros((6, 6))
for (i, j), value in TIES.items():
    SIX[i, j] = SIX[j, i] = value
SOCIETY = sp.SpinSystem(SIX, h=[0.2, 0.1, 0.0, -0.1, -0.2, -0.3])
SIGN = np.array([1.0, 1.0, 1.0, -1.0, -1.0, -1.0])
FOLLOWED = np.maximum(SIX, 0) / np.maximum(SIX, 0).sum(axis=1, keepdims=True)
Shown = Callable[[np.ndarray], np.ndarray]


def chronological(s: np.ndarray) -> np.ndarray:
    return 0.8 * FOLLOWED @ s


def popularity(s: np.ndarray) -> np.ndarray:
    seen = FOLLOWED @ s
    return 0.8 * 2 * seen / (1 + seen**2)


def bridging(s: np.ndarray) -> np.ndarray:
    return np.full(6, 0.8 * (s[:3].mean() + s[3:].mean()) / 2)


def nothing(s: np.ndarray) -> np.ndarray:
    return np.zeros(6)


def tilted(s: np.ndarray) -> np.ndarray:
    return np.full(6, 0.4)


def means(treated: frozenset[int], control: Shown, treatment: Shown) -> np.ndarray:
    """Return every user's exact mean stance at refreshes, for one treated set."""
    mask = np.isin(np.arange(6), list(treated))
    matrix = sweep_matrix_with_feed(
        SOCIETY, temperature=1.3, refresh=lambda s: np.where(mask, treatment(s), control(s))
    )
    return stationary(matrix) @ all_states(6)


# Kinds of two feeds, and D, I, O over all sets of one size: for stances, for stance times camp.
KNOWN = {
    (nothing, tilted): {
        1: ((0.21633233, 0.06509090, 0.10114629), (-0.00644840, -0.00404329, -0.00511802)),
    },
    (chronological, popularity): {
        1: ((0.00551383, 0.00313450, 0.00405347), (0.00761750, 0.00246312, 0.00373270)),
        2: ((0.00536055, 0.00620599, 0.00799284), (0.00765805, 0.00495906, 0.00751175)),
    },
    (chronological, bridging): {
        1: ((-0.01740060, -0.00979310, -0.01269320), (-0.09055399, -0.03706538, -0.05215771)),
    },
    (nothing, chronological): {
        2: ((-0.00545522, -0.00183553, -0.00365394), (0.01639687, 0.00543376, 0.01089939)),
    },
}
TOTALS = {
    (nothing, tilted): (0.57101965, -0.08439551),
    (chronological, popularity): (0.02265161, 0.02313116),
    (chronological, bridging): (-0.07418064, -0.17926738),
    (nothing, chronological): (-0.02102807, 0.02791504),
}


@pytest.mark.parametrize("feeds", KNOWN, ids=lambda pair: f"{pair[0].__name__}-{pair[1].__name__}")
def test_effects_are_those_of_exact_means_over_all_treated_sets(feeds: tuple[Shown, Shown]) -> None:
    nobody, everybody = means(frozenset(), *feeds), means(frozenset(range(6)), *feeds)
    for size, expected in KNOWN[feeds].items():
        sets = [frozenset(z) for z in itertools.combinations(range(6), size)]
        marks = np.array([np.isin(np.arange(6), list(z)) for z in sets])
        some = np.array([means(z, *feeds) for z in sets])
        for k, sign in enumerate((np.ones(6), SIGN)):
            found = trial_effects(
                sign * some,
                np.tile(sign * nobody, (len(sets), 1)),
                np.tile(sign * everybody, (len(sets), 1)),
                marks,
            )
            np.testing.assert_allclose([each.mean() for each in found[:3]], expected[k], atol=6e-9)
            np.testing.assert_allclose(found.total, TOTALS[feeds][k], atol=6e-9)
            np.testing.assert_allclose(
                found.overall.mean(), (found.indirect + size / 6 * found.direct).mean(), atol=1e-12
            )


def test_one_set_has_the_means_that_are_known() -> None:
    expected = {
        (nothing, tilted): [0.48929605, 0.38837027, 0.3283017, -0.03145374, -0.19007508,
                            -0.18341144],
        (chronological, popularity): [0.22019797, 0.22776248, 0.16339251, -0.40906323,
                                      -0.42328044, -0.42549106],
        (chronological, bridging): [0.09789204, 0.12048786, 0.06875542, -0.28004672, -0.31355671,
                                    -0.31711822],
    }  # fmt: skip
    for feeds, values in expected.items():
        np.testing.assert_allclose(means(frozenset({0, 3}), *feeds), values, atol=6e-9)


# b, T: D(.5), I(.5), total of 2,000 users; mean field below.
@pytest.mark.parametrize(
    ("b", "T", "expected"),
    [
        (0.02, 1.05, (0.0184730, 0.1455210, 0.2565664)),
        (0.02, 1.1, (0.0179449, 0.0839998, 0.1740544)),
        (0.02, 2.0, (0.0099939, 0.0049969, 0.0199847)),
        (0.05, 1.1, (0.04333, 0.18646, 0.33919)),
        (0.05, 1.2, (0.04097, 0.09938, 0.22454)),
        (0.05, 1.5, (0.03321, 0.03313, 0.09884)),
    ],
)
def test_the_double_sum_of_a_complete_graph(
    b: float, T: float, expected: tuple[float, float, float]
) -> None:
    found = complete_graph_trial(2000, temperature=T, tilt=b, share=0.5)
    np.testing.assert_allclose((found.direct, found.indirect, found.total), expected, atol=6e-6)
    assert abs(found.nobody) < 1e-12


def test_the_double_sum_knows_fields_and_a_single_treated_user() -> None:
    found = complete_graph_trial(2000, temperature=1.2, tilt=0.02, share=0.5, field=0.1)
    np.testing.assert_allclose(
        found[:3] + found[4:], (0.3786486, 0.0139484, 0.0169862, 0.0463703), atol=6e-8
    )
    # Without fields a single treated user shows tanh(b/T), whatever the others do.
    for n, T in ((50, 1.1), (400, 1.5)):
        one = complete_graph_trial(n, temperature=T, tilt=0.3, share=1 / n)
        np.testing.assert_allclose(one.direct + one.indirect, np.tanh(0.3 / T), atol=1e-10)


def test_mean_field_of_a_tilted_society() -> None:
    rows = [
        (0.9, 0.0, 0.02, 0.525430, 0.015899, 0.015221, 0.028201, 0.064834),
        (0.9, 0.1, 0.02, 0.723550, 0.010419, 0.010238, 0.005654, 0.020999),
        (1.2, 0.1, 0.1, 0.379822, 0.068969, 0.063869, 0.070760, 0.180979),
        (0.7, 0.0, 0.1, 0.828635, 0.039786, 0.036768, 0.013919, 0.059074),
    ]
    for T, h, b, m0, alone, direct, indirect, total in rows:
        known = {"temperature": T, "tilt": b, "field": h}
        found, single = coupled_trial(**known, share=0.5), coupled_trial(**known, share=0.0)
        np.testing.assert_allclose(
            (found.nobody, single.direct, found.direct, found.indirect, found.total),
            (m0, alone, direct, indirect, total), atol=6e-7,
        )  # fmt: skip


CAMP_TRIALS = {
    "S1": (1, 0.2, 1.5, (0.3, -0.3), ("chronological", 0.5), ("none", 0.0),
           (0.545804, -0.161715, -0.090718), (-0.080210, -0.048987)),
    "S2": (1, 0.2, 1.5, (0.3, -0.3), ("chronological", 0.5), ("bridging", 0.5),
           (0.545804, -0.161715, -0.090718), (-0.080210, -0.048987)),
    "S3": (1, 0.2, 1.5, (0.3, -0.3), ("popularity", 0.5), ("chronological", 0.5),
           (0.664950, -0.119146, -0.059057), (-0.060955, -0.025613)),
    "S4": (1, 0.2, 1.5, (0.3, -0.3), ("popularity", 0.5), ("diversity", 0.5),
           (0.664950, -0.189695, -0.097808), (-0.097620, -0.043280)),
    "S5": (1, -0.4, 1.2, (0.0, 0.0), ("chronological", 0.3), ("none", 0.0),
           (0.822924, -0.206625, -0.078612), (-0.083234, -0.042334)),
    "S6": (1, 0.1, 1.0, (0.2, -0.2), ("popularity", 0.3), ("bridging", 0.3),
           (0.846108, -0.184752, -0.101164), (-0.109748, -0.025285)),
    "S7": (1, 0.5, 1.2, (0.3, -0.1), ("popularity", 0.4), ("bridging", 0.4),
           (0.909179, -0.007226, -0.005069), (-0.005297, -0.000794)),
    "S8": (1, 0.3, 1.1, (0.05, -0.05), ("none", 0.0), ("bridging", 0.4),
           (0.629405, 0.244019, 0.118712), (0.108892, 0.096047)),
}  # fmt: skip


@pytest.mark.parametrize("name", CAMP_TRIALS)
def test_mean_field_of_two_camps_with_another_feed(name: str) -> None:
    W, X, T, h, control, treatment, (y0, total, alone), half = CAMP_TRIALS[name]
    keys = {
        "within": W, "across": X, "temperature": T, "fields": h, "control": control,
        "treatment": treatment, "consensus": name in ("S7", "S8"),
    }  # fmt: skip
    found, single = two_camp_trial(**keys, share=0.5), two_camp_trial(**keys, share=0.0)
    np.testing.assert_allclose(
        (found.nobody, found.total, single.direct), (y0, total, alone), atol=1e-6
    )
    np.testing.assert_allclose((found.direct, found.indirect), half, atol=1e-6)
    assert found.stable


def test_a_split_that_is_not_stable_is_said_to_be_none() -> None:
    split = two_camp_trial(
        within=1, across=0.2, temperature=1.1, fields=(0.05, -0.05), share=0.5,
        control=("chronological", 0.5), treatment=("bridging", 0.5),
    )  # fmt: skip
    assert not split.stable
    np.testing.assert_allclose((split.nobody, split.total), (0.533762, -0.372320), atol=1e-6)


def test_a_line_through_the_shares_meets_share_zero() -> None:
    direct = [[0.5 - 0.4 * p, 0.1 + p] for p in (0.05, 0.25, 0.5)]
    np.testing.assert_allclose(at_share_zero([0.05, 0.25, 0.5], direct), [0.5, 0.1], atol=1e-12)
    assert at_share_zero([0.3], [[0.2, 0.4]]).tolist() == [0.2, 0.4]


def test_fiellers_interval_holds_as_often_as_it_says_and_knows_what_it_does_not_know() -> None:
    rng = np.random.default_rng(12)
    held, told = 0, 0
    for _ in range(300):
        both = rng.multivariate_normal([2.0, 0.5], [[0.3, 0.1], [0.1, 0.1]], 12)
        found = fieller(both[:, 0], both[:, 1])
        told += bool(np.isfinite(found.low))
        held += bool(found.low <= 4.0 <= found.high)
    assert told > 280
    assert abs(held / told - 0.95) < 4 * np.sqrt(0.95 * 0.05 / told)
    assert np.isnan(fieller(rng.normal(1, 1, 10), rng.normal(0, 1, 10)).mean)
    assert np.isnan(fieller([1.0], [1.0]).mean)
    # Nine totals of one kind and a single other tell nothing of its kind, and no ratio either.
    alone = np.r_[np.zeros(9), 1.7]
    assert np.isnan(sp.statistics.mean_interval(alone).low)
    assert np.isnan(fieller(alone, rng.normal(1, 0.1, 10)).low)


def test_fiellers_ends_are_where_skewed_pairs_are_told_from_the_ratio() -> None:
    """Student's test left 8 to 11 % of the ratios of exponential gains outside."""
    rng = np.random.default_rng(3)
    y = 1 + 0.3 * (rng.exponential(size=10) - 1)
    x = 2 * y + 0.3 * (rng.exponential(size=10) - 1)
    found = fieller(x, y)
    for theta, end in ((found.low, 1), (found.high, 2)):
        assert abs(sp.statistics.mean_interval(x - theta * y)[end]) < 1e-4
    assert found.high - found.mean > 1.2 * (found.mean - found.low)


def linear_answer(system: sp.SpinSystem, marks: np.ndarray, T: float) -> np.ndarray:
    """Return every user's linear response to a tilt of 1, the law that estimators are put to."""
    return np.linalg.solve(T * np.eye(system.n) - system.J.toarray(), marks.T.astype(float)).T


def two_level(seed: int = 3) -> tuple[sp.SpinSystem, np.ndarray]:
    rng = np.random.default_rng(seed)
    group = np.arange(240) // 24
    chance = np.where(group[:, None] == group[None, :], 0.2, 0.003)
    ties = np.triu(rng.random((240, 240)) < chance, 1)
    J = (ties | ties.T).astype(float)
    degree = np.maximum(J.sum(axis=1), 1)
    return sp.SpinSystem(J / np.sqrt(np.outer(degree, degree))), group


def test_estimators_miss_what_runs_along_ties_and_clusters_miss_less() -> None:
    system, group = two_level()
    rng = np.random.default_rng(1)
    found: dict[str, list[float]] = {"user": [], "hajek": [], "cluster": []}
    total = linear_answer(system, np.ones(240), 1.3).mean()

    def users(k: int) -> np.ndarray:
        return np.random.default_rng([7, k]).permutation(240) < 120

    chances = exposure_chances(system, users, draws=400)
    for _ in range(40):
        marks = rng.permutation(240) < 120
        y = linear_answer(system, marks, 1.3)
        found["user"].append(difference_in_means(y, marks).value)
        found["hajek"].append(hajek(y, marks, system, chances).value)
        whole = np.isin(group, rng.permutation(10)[:5])
        by_cluster = linear_answer(system, whole, 1.3)
        found["cluster"].append(cluster_difference(by_cluster, whole, group).value)
    user, exposed, clustered = (np.mean(found[k]) / total for k in ("user", "hajek", "cluster"))
    # A user-level difference recovers the direct effect: about 1 / M of the total.
    alone = [linear_answer(system, np.arange(240) == i, 1.3)[i] for i in range(240)]
    others = (total - np.mean(alone)) / 239
    assert abs(user - (np.mean(alone) - others) / total) < 0.01
    assert user < exposed < clustered < 1.0


def test_without_influence_every_estimator_is_unbiased_and_its_interval_holds() -> None:
    system, group = two_level()
    rng = np.random.default_rng(5)

    def users(k: int) -> np.ndarray:
        return np.random.default_rng([8, k]).permutation(240) < 120

    chances = exposure_chances(system, users, draws=300)
    held = np.zeros(3)
    for _ in range(300):
        marks = rng.permutation(240) < 120
        whole = np.isin(group, rng.permutation(10)[:5])
        noise = rng.normal(size=240)
        held += [
            difference_in_means(noise + 0.3 * marks, marks).holds(0.3),
            hajek(noise + 0.3 * marks, marks, system, chances).holds(0.3),
            cluster_difference(noise + 0.3 * whole, whole, group).holds(0.3),
        ]
    # The clusters are ten: a normal interval of two groups of five holds less often, as is known.
    assert abs(held[0] / 300 - 0.95) < 4 * np.sqrt(0.95 * 0.05 / 300)
    assert 0.8 < held[1] / 300 < 0.98
    assert 0.8 < held[2] / 300 < 0.97


def test_exposure_is_the_weighed_share_of_treated_ties() -> None:
    marks = np.array([True, False, True, False, False, True])
    weight = np.abs(SIX)
    np.testing.assert_allclose(
        exposure_to_treated(SOCIETY, marks), weight[:, marks].sum(axis=1) / weight.sum(axis=1)
    )


def test_users_without_a_chance_of_an_exposure_are_left_out_and_counted() -> None:
    star = sp.SpinSystem.from_edges([0] * 30, range(1, 31))

    def few(k: int) -> np.ndarray:
        return np.random.default_rng([9, k]).permutation(31) < 6

    chances = exposure_chances(star, few, draws=400)
    found = hajek(np.zeros(31), few(0), star, chances)
    assert chances.exposed[0] < 0.002  # three quarters of thirty ties are never treated
    assert found.users == 30


def test_outcomes_of_different_shapes_are_refused() -> None:
    with pytest.raises(sp.InputError, match="give all of them for the same replicas"):
        trial_effects(np.zeros((2, 3)), np.zeros((2, 3)), np.zeros((1, 3)), np.zeros(3, bool))
    with pytest.raises(sp.InputError, match="one that leaves some on each side"):
        complete_graph_trial(10, temperature=1.0, tilt=0.1, share=0.01)
