"""Statistics against exact laws: AR(1) series, simulated coverage, closed forms."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import signal, stats

import sociophysics.statistics as s
from sociophysics.errors import InputError
from sociophysics.statistics import series
from sociophysics.statistics.series import WINDOW

ALPHA = 1e-4
Z = stats.norm.isf(ALPHA / 2)


def ar1(phi: float, *, frames: int, series: int = 1, seed: int = 1) -> np.ndarray:
    """Stationary AR(1) with unit variance: rho(t) = phi^t exactly."""
    noise = np.random.default_rng(seed).normal(size=(series, frames)) * np.sqrt(1 - phi**2)
    noise[:, 0] /= np.sqrt(1 - phi**2)
    return signal.lfilter([1.0], [1.0, -phi], noise, axis=-1)


def exact_tau(phi: float) -> float:
    return 0.5 * (1 + phi) / (1 - phi)


def within_binomial(hits: int, trials: int, p: float) -> bool:
    return bool(stats.binomtest(hits, trials, p).pvalue > ALPHA)


@pytest.mark.parametrize("phi", [-0.9, -0.5, 0.0, 0.5, 0.9, 0.98])
def test_tau_of_ar1_is_exact(phi: float) -> None:
    # Sokal's own error of the estimate, 2 (2M + 1) / N tau^2, is what the series allows.
    frames = 4000
    times = s.tau(ar1(phi, frames=frames, series=200))
    exact = exact_tau(phi)
    window = WINDOW * max(exact, exact_tau(-phi), 0.5)
    truncated = exact - phi ** (np.ceil(window) + 1) / (1 - phi)
    bias = 2 * exact * (2 * window + 1) / frames  # of the subtracted mean, at most
    error = times.std(ddof=1) / np.sqrt(200)
    assert abs(times.mean() - (exact + truncated) / 2) < (
        Z * error + abs(exact - truncated) / 2 + bias
    )


def test_tau_of_an_exponential_is_its_relaxation_time_in_sweeps() -> None:
    relaxation = 4.195
    series = ar1(np.exp(-1 / relaxation), frames=400_000, seed=3)
    assert s.tau(series[0]) == pytest.approx(relaxation, rel=0.03)
    thinned = s.tau(series[0, ::2], every=2)
    assert thinned == pytest.approx(relaxation, rel=0.06)


def test_tau_of_many_series_is_that_of_each_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(series, "FRAMES_AT_ONCE", 100)
    x = np.random.default_rng(2).normal(size=(30, 21)).cumsum(axis=-1)
    x[3], x[4, 7], x[5, 0], x[6] = 2.5, np.nan, np.inf, np.tile([1, -1], 11)[:21]
    together = s.tau(x.reshape(5, 6, 21))
    alone = np.array([s.tau(row) for row in x])
    np.testing.assert_array_equal(together.ravel(), alone)
    assert np.isnan(alone[[3, 4, 5]]).all()
    assert np.isfinite(np.delete(alone, [3, 4, 5])).all()
    assert s.tau(np.empty((0, 9))).shape == (0,)


def test_tau_with_half_the_window_is_rejected() -> None:
    # The negative control: cutting at one autocorrelation time loses a third of the area.
    x = ar1(0.9, frames=100_000, seed=4)[0]
    rho = np.array([np.corrcoef(x[: x.size - t], x[t:])[0, 1] for t in range(1, 10)])
    assert abs(0.5 + rho.sum() - exact_tau(0.9)) > 0.2 * exact_tau(0.9)
    assert s.tau(x) == pytest.approx(exact_tau(0.9), rel=0.1)


def test_effective_sample_size_is_that_of_the_mean() -> None:
    x = ar1(0.8, frames=5000, series=400, seed=5)
    # The variance of the mean over independent series is 1 / ess by definition.
    measured = 1 / x.mean(axis=1).var(ddof=1)
    assert s.effective_sample_size(x).mean() == pytest.approx(measured, rel=0.3)
    assert s.effective_sample_size(x).mean() == pytest.approx(5000 / 9, rel=0.05)
    assert s.effective_sample_size(ar1(-0.5, frames=2000)[0]) == 2000


@pytest.mark.parametrize("phi", [0.0, 0.9])
def test_blocked_error_covers_the_true_mean(phi: float) -> None:
    series = 600
    x = ar1(phi, frames=8192, series=series, seed=6)
    z = x.mean(axis=1) / s.blocked_error(x)
    covered = int((np.abs(z) < 1.96).sum())
    assert 0.92 < covered / series < 0.98
    naive = np.abs(x.mean(axis=1)) / (x.std(axis=1, ddof=1) / np.sqrt(8192)) < 1.96
    assert within_binomial(int(naive.sum()), series, 0.95) == (phi == 0.0)


def test_series_too_short_for_its_correlations_has_no_blocked_error() -> None:
    assert np.isnan(s.blocked_error(np.linspace(-1, 1, 64)))


@pytest.mark.parametrize("function", [s.tau, s.effective_sample_size, s.blocked_error])
def test_degenerate_series(function: object) -> None:
    constant = 0.0 if function is s.blocked_error else np.nan
    for value in (0.0, 0.1, 1e12):
        np.testing.assert_equal(function(np.full(100, value)), constant)
    assert np.isnan(function([0.0, np.nan, 1.0, 0.0, 1.0]))
    assert np.isnan(function([0.0, 1.0, 0.5]))
    x = ar1(0.5, frames=100, series=6).reshape(2, 3, 100)
    assert function(x).shape == (2, 3)
    assert function(x)[1, 2] == function(x[1, 2])
    with pytest.raises(InputError, match="holds no frame"):
        function([])
    with pytest.raises(InputError, match="must hold numbers"):
        function(["a"])


def test_susceptibility_and_binder_of_known_laws() -> None:
    rng = np.random.default_rng(7)
    m = rng.normal(0, 0.02, size=200_000)
    assert s.susceptibility(m, n=5000, temperature=1.6) == pytest.approx(1.25, rel=0.02)
    # Half-normal: var(|m|) = sigma^2 (1 - 2/pi).
    expected = 1.25 * (1 - 2 / np.pi)
    assert s.susceptibility_abs(m, n=5000, temperature=1.6) == pytest.approx(expected, rel=0.02)
    assert abs(s.binder(m)) < 0.02
    ordered = 0.8 * rng.choice([-1, 1], 1000)
    assert s.binder(ordered) == pytest.approx(2 / 3, abs=1e-12)
    assert s.susceptibility_abs(ordered, n=10, temperature=1.0) == pytest.approx(0, abs=1e-12)


def test_series_statistics_equal_their_formulas() -> None:
    m = np.random.default_rng(8).uniform(-1, 1, size=(3, 50))
    T = np.array([0.5, 1.0, np.inf])
    for row, temperature, chi in zip(m, T, s.susceptibility(m, n=7, temperature=T), strict=True):
        direct = 7 * ((row**2).mean() - row.mean() ** 2) / temperature
        assert chi == pytest.approx(direct, abs=1e-12)
    direct = 7 * ((m**2).mean(axis=1) - np.abs(m).mean(axis=1) ** 2) / 2
    np.testing.assert_allclose(s.susceptibility_abs(m, n=7, temperature=2), direct, atol=1e-12)
    direct = 1 - (m**4).mean(axis=1) / (3 * (m**2).mean(axis=1) ** 2)
    np.testing.assert_allclose(s.binder(m), direct, atol=1e-12)


def test_degenerate_series_statistics() -> None:
    assert np.isnan(s.susceptibility([0.1, 0.2], n=3, temperature=0.0))
    assert np.isnan(s.susceptibility_abs([0.1, np.nan], n=3, temperature=1.0))
    assert s.susceptibility([0.5, 0.5], n=3, temperature=1.0) == 0
    assert np.isnan(s.binder([0.0, 0.0]))
    assert np.isnan(s.binder([0.5, np.nan]))
    with pytest.raises(InputError, match="temperature is -1"):
        s.susceptibility([0.1, 0.2], n=3, temperature=-1.0)


def test_t_interval_covers_as_often_as_it_says() -> None:
    x = np.random.default_rng(9).normal(3.0, 2.0, size=(4000, 5))
    for confidence in (0.5, 0.95):
        intervals = [s.t_interval(row, confidence=confidence) for row in x]
        hits = sum(low < 3.0 < high for _, low, high in intervals)
        assert within_binomial(hits, 4000, confidence)
    # The negative control: a normal interval for five values covers 88 %, not 95 %.
    errors = s.standard_error(x)
    naive = int((np.abs(x.mean(axis=1) - 3) < 1.96 * errors).sum())
    assert not within_binomial(naive, 4000, 0.95)


def test_paired_difference_equals_scipy_where_differences_are_not_skewed() -> None:
    d = np.array([-1.3, -0.9, -0.4, -0.1, 0.1, 0.4, 0.9, 1.3]) + 0.7
    b = np.random.default_rng(10).normal(size=8)
    test = stats.ttest_rel(b + d, b)
    interval = test.confidence_interval(0.95)
    pair = s.paired_difference(b + d, b)
    expected = (d.mean(), interval.low, interval.high, test.pvalue)
    np.testing.assert_allclose((*pair[:3], pair.p), expected, rtol=1e-12)
    assert pair.effect == pytest.approx(d.mean() / d.std(ddof=1))


def test_p_values_are_no_smaller_than_chance_makes_them() -> None:
    rng = np.random.default_rng(11)
    a, b = rng.normal(size=(2, 2000, 6)) + rng.normal(size=(2000, 6))
    p = np.array([s.paired_difference(x, y).p for x, y in zip(a, b, strict=True)])
    assert p.min() == 2.0**-5  # six pairs of one sign
    above = p[p > 0.05]
    assert stats.kstest(above, stats.uniform(0.05, 0.95).cdf).pvalue > ALPHA


def test_two_replicas_never_show_a_p_of_zero() -> None:
    rng = np.random.default_rng(21)
    outcomes = rng.random((2, 1000, 2)) < 0.5
    p = [s.paired_difference(a, b).p for a, b in zip(*outcomes.astype(float), strict=True)]
    assert min(p) >= 0.5
    # The negative control: t tests of equal differences said 0 in an eighth of the experiments.
    equal = (outcomes[0].astype(int) - outcomes[1])[:, 0] == 0
    assert within_binomial(int(equal.sum()), 1000, 0.5)


def test_degenerate_pairs_are_not_determined() -> None:
    same = s.paired_difference([0.3, 0.7], [0.3, 0.7])
    assert (same.difference, same.effect, same.p) == (0.0, 0.0, 1.0)
    assert np.isnan(same[1:3]).all()
    up = s.paired_difference([0.1 + 0.2, 1.0], [0.0, 0.7])
    assert up.difference == pytest.approx(0.3)
    assert (up.effect, up.p) == (np.inf, 0.5)
    assert np.isnan(up[1:3]).all()
    assert s.paired_difference([0.0, 0.0], [1.0, 1.0]).effect == -np.inf
    one = s.paired_difference([1.0], [0.5])
    assert one.difference == 0.5
    assert np.isnan(one[1:]).all()
    assert np.isnan(s.paired_difference([1.0, np.nan, 2.0], [1.0, 1.0, 1.0])).all()
    assert np.isnan(s.paired_difference([np.inf, 1.0], [np.inf, 1.0])).all()
    with pytest.raises(InputError, match=r"\(2,\) and reference \(3,\)"):
        s.paired_difference([1, 2], [1, 2, 3])


def test_pairs_in_two_states_are_compared_by_their_shares() -> None:
    up = np.array([1, 1, 1, 0, 1, 1, 0, 1, 1, 1])
    reference = np.array([1, 0, 0, 0, 1, 0, 0, 1, 0, 1])
    share = s.share_difference(up, reference, paired=True)
    for low, high in ((0.0, 1.0), (-0.9, 0.9)):
        pair = s.paired_difference(low + (high - low) * up, low + (high - low) * reference)
        np.testing.assert_allclose(pair[:3], (high - low) * np.array(share[:3]), atol=1e-12)
        assert pair.p == pytest.approx(2 * 0.5**4)
    # Coupled designs without a difference so far: the next replica may still differ.
    coupled = s.paired_difference(reference, reference)
    assert coupled.low < -0.1 < 0.1 < coupled.high
    assert coupled.p == 1.0
    # Two states of which the reference has neither: as if not paired.
    middle = 0.01 * np.arange(10)
    apart = s.paired_difference(up - 0.5, middle)
    assert apart.low < s.mean_interval(up - 0.5).low - middle.mean() < apart.difference


def test_two_states_are_found_and_chance_is_not() -> None:
    rng = np.random.default_rng(22)
    for replicas in (5, 10, 20):
        up = np.arange(replicas) % 3 == 0
        found = s.two_states(np.where(up, 0.9, -0.9) + 0.02 * rng.normal(size=replicas))
        assert found is not None
        np.testing.assert_array_equal(found.upper, up)
        assert (found.low, found.high) == pytest.approx((-0.9, 0.9), abs=0.03)
        false = sum(s.two_states(x) is not None for x in rng.normal(size=(2000, replicas)))
        assert stats.binomtest(false, 2000, 0.005, alternative="greater").pvalue > ALPHA
    assert s.two_states([0.0, 1.0]) is None
    assert s.two_states([0.5, 0.5, 0.5]) is None
    assert s.two_states([0.0, 1.0, np.nan, 1.0]) is None
    assert s.two_states([0.0, 1.0, 1.0]) is not None


def test_share_intervals_equal_scipy_and_are_exact() -> None:
    for k, n in ((0, 5), (1, 5), (7, 20), (20, 20)):
        exact = stats.binomtest(k, n).proportion_ci(0.95, method="exact")
        np.testing.assert_allclose(s.share_interval(k, n), (k / n, *exact), rtol=1e-9)
    # Every share, not a sample of them: the coverage is a sum of binomial probabilities.
    for n in (5, 10, 20):
        ends = np.array([s.share_interval(k, n)[1:] for k in range(n + 1)])
        for p in (0.01, 0.05, 0.1, 0.3, 0.5, 0.77, 0.99):
            inside = (ends[:, 0] <= p) & (p <= ends[:, 1])
            assert stats.binom.pmf(np.arange(n + 1), n, p)[inside].sum() >= 0.95
    for wrong in ((-1, 5), (6, 5), (0, 0), (1.5, 5)):
        with pytest.raises(InputError, match="whole numbers"):
            s.share_interval(*wrong)


@pytest.mark.parametrize("paired", [True, False])
def test_share_differences_cover_every_pair_of_shares_checked(paired: bool) -> None:
    """Exactly: sums over all tables of two independent arms."""
    for n in (5, 10):
        for one, other in ((0.1, 0.0), (0.1, 0.1), (0.5, 0.5), (0.9, 0.1), (0.3, 0.6)):
            covered = 0.0
            for a in range(n + 1):
                for b in range(n + 1):
                    x, y = np.arange(n) < a, np.arange(n) % n < b
                    if paired:  # one arrangement of many: the product of the shares, as it falls
                        y = np.random.default_rng([a, b]).permutation(y)
                    found = s.share_difference(x, y, paired=paired)
                    weight = stats.binom.pmf(a, n, one) * stats.binom.pmf(b, n, other)
                    covered += weight * (found.low <= one - other <= found.high)
            assert covered >= (0.93 if n == 10 else 0.9), (n, one, other)
    with pytest.raises(InputError, match="0 or 1"):
        s.share_difference([0.5], [1], paired=paired)


def test_mean_intervals_say_when_they_are_not_determined() -> None:
    for values in ([0.5], [0.5] * 5, [0.1, np.nan, 0.2], [0.0] * 9 + [0.37]):
        mean, low, high = s.mean_interval(values)
        assert np.isnan([low, high]).all()
        assert mean == pytest.approx(np.mean(values), nan_ok=True)
    # Nine noes and a yes: how far a yes may lie is known.
    yes = s.mean_interval([0.0] * 9 + [1.0])
    assert yes == pytest.approx(s.share_interval(1, 10))
    assert np.isnan(s.t_interval([0.5, 0.5])[1:]).all()
    with pytest.raises(InputError, match="2 axes"):
        s.mean_interval([[1.0, 2.0]])


def test_mean_intervals_are_those_of_student_without_skewness() -> None:
    x = np.array([-2.0, -1.0, 0.0, 1.0, 2.0]) + 7
    assert s.mean_interval(x) == s.t_interval(x)
    skewed = s.mean_interval(x**4)
    plain = s.t_interval(x**4)
    assert skewed.high - skewed.mean > plain.high - plain.mean
    assert skewed.low == plain.low


def test_bootstrap_intervals_are_seeded_and_reach_further_than_percentiles() -> None:
    x = np.random.default_rng(12).exponential(size=12)
    found = s.bootstrap_interval(x, seed=1, draws=2000, statistic=np.median)
    again = s.bootstrap_interval(x, seed=1, draws=2000, statistic=np.median)
    assert again == found
    assert s.bootstrap_interval(x, seed=2, draws=400) != s.bootstrap_interval(x, seed=1, draws=400)
    mean = s.bootstrap_interval(x, seed=1, draws=4000)
    drawn = x[np.random.default_rng(1).integers(12, size=(4000, 12))].mean(axis=1)
    low, high = np.quantile(drawn, [0.025, 0.975])
    assert mean.low < low + 0.02
    assert mean.high > high + 0.05  # skewed: further up than down


def test_bootstrap_of_whole_replicas() -> None:
    # A replica's own frames are equal: drawing single frames would claim ten times more data.
    x = np.repeat(np.random.default_rng(13).normal(size=(20, 1)), 100, axis=1)
    rows = s.bootstrap_interval(x, seed=1)
    cells = s.bootstrap_interval(x.ravel(), seed=1)
    assert rows.high - rows.low > 5 * (cells.high - cells.low)


def test_degenerate_bootstrap() -> None:
    for few in ([2.0], [2.0, 2.0], [1.0, 2.0, 3.0, 4.0], [2.0] * 9):
        found = s.bootstrap_interval(few, seed=1)
        assert found.mean == np.mean(few)
        assert np.isnan(found[1:]).all()
    assert np.isnan(s.bootstrap_interval([1.0, np.nan] * 5, seed=1)).all()
    beyond = s.bootstrap_interval(
        np.arange(9.0), seed=1, statistic=lambda x: x.mean() if x.mean() < 5 else np.inf
    )
    assert beyond.high == np.inf
    assert np.isfinite(beyond.low)
    for wrong in ({"draws": 0}, {"confidence": 1.0}):
        with pytest.raises(InputError):
            s.bootstrap_interval([1.0, 2.0], seed=1, **wrong)
    with pytest.raises(InputError, match="no replica"):
        s.bootstrap_interval([], seed=1)


def test_pseudo_values_average_to_the_statistic_without_its_bias() -> None:
    rng = np.random.default_rng(23)
    m = rng.normal(size=(300, 6))
    moments = np.stack([m, m**2], axis=-1)
    parts = s.pseudo_values(moments, lambda q: q[..., 1] - q[..., 0] ** 2)
    np.testing.assert_allclose(parts.mean(axis=1), m.var(axis=1, ddof=1))
    # Replicas of unequal length count by their frames.
    weighted = s.pseudo_values(
        np.array([[1.0], [4.0]]), lambda q: q[..., 0], weights=np.array([3.0, 1.0])
    )
    np.testing.assert_allclose(weighted, [2 * 1.75 - 4, 2 * 1.75 - 1])
    np.testing.assert_allclose(s.pseudo_values([[5.0]], lambda q: q[..., 0] ** 2), [25.0])


def test_holm_by_hand_and_by_closed_testing() -> None:
    np.testing.assert_allclose(s.holm([0.01, 0.02, 0.03, 0.04]), [0.04, 0.06, 0.06, 0.06])
    np.testing.assert_allclose(s.holm([0.5, np.nan, 0.9]), [1.0, np.nan, 1.0])
    assert s.holm([]).size == 0
    assert np.isnan(s.holm([np.nan])).all()
    with pytest.raises(InputError, match="p-values"):
        s.holm([1.2])


@settings(max_examples=60, derandomize=True, deadline=None)
@given(st.lists(st.floats(0, 1), min_size=1, max_size=6))
def test_holm_is_the_closure_of_bonferroni(p: list[float]) -> None:
    # Hypothesis i is rejected iff Bonferroni rejects every intersection that contains i.
    from itertools import combinations

    size = len(p)
    subsets = [c for k in range(1, size + 1) for c in combinations(range(size), k)]
    for i, adjusted in enumerate(s.holm(p)):
        closed = max(min(1.0, len(c) * min(p[j] for j in c)) for c in subsets if i in c)
        assert adjusted == pytest.approx(closed, abs=1e-15)


def test_holm_keeps_the_family_error() -> None:
    rng = np.random.default_rng(14)
    p = rng.uniform(size=(4000, 8))
    false_claims = sum((s.holm(row) < 0.05).any() for row in p)
    assert stats.binomtest(int(false_claims), 4000, 0.05, alternative="greater").pvalue > ALPHA
    assert (p < 0.05).any(axis=1).mean() > 0.3  # uncorrected: the negative control


@pytest.mark.parametrize("count", [5, 10, 20])
def test_an_outcome_with_a_sign_may_have_a_state_that_no_replica_is_in(count: int) -> None:
    """Minus, mixed, plus: exactly nothing on average, and few samples show all three.

    300 studies each; at a coverage of 95 % fewer than 91 % has probability .1 %. The interval that
    knows of no sign is the mutant.
    """
    rng = np.random.default_rng(count)
    held = {True: 0, False: 0}
    pairs = 0
    for _ in range(300):
        x, y = rng.choice([-1.0, 0.0, 1.0], (2, count), p=[0.1, 0.8, 0.1])
        x, y = x + rng.normal(0, 0.003, count), y + rng.normal(0, 0.003, count)
        for signed in held:
            _, low, high = s.mean_interval(x, signed=signed)
            held[signed] += not (low > 0 or high < 0)
        pair = s.paired_difference(x, y, signed=True)
        pairs += not (pair.low > 0 or pair.high < 0)
    assert held[True] >= 273
    assert pairs >= 273
    assert held[False] < 255


def test_a_mirrored_state_is_thought_of_only_where_there_is_a_sign_and_a_state_at_zero() -> None:
    inside = np.linspace(0.001, 0.003, 10)
    upper = np.r_[np.zeros(7), np.full(3, 0.98)] + inside
    plain, sided = s.mean_interval(upper), s.mean_interval(upper, signed=True)
    assert plain.low > 0
    # Three of three on one side: at least .025^(1/3) = .292 of their kind are.
    assert sided.low == pytest.approx(0.98 * (2 * 0.025 ** (1 / 3) - 1) * 0.3, abs=0.01)
    assert (sided.mean, sided.high) == (plain.mean, plain.high)
    mirrored = s.mean_interval(-upper, signed=True)
    assert (mirrored.low, mirrored.high) == pytest.approx((-sided.high, -sided.low))
    apart = upper + 0.5
    assert s.mean_interval(apart, signed=True) == s.mean_interval(apart)
