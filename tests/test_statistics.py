"""Statistics against exact laws: AR(1) series, simulated coverage, closed forms."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import signal, stats

import sociophysics.statistics as s
from sociophysics.errors import InputError
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


def test_paired_difference_equals_scipy() -> None:
    rng = np.random.default_rng(10)
    a, b = rng.normal(size=(2, 12))
    test = stats.ttest_rel(a, b)
    interval = test.confidence_interval(0.95)
    pair = s.paired_difference(a, b)
    expected = ((a - b).mean(), interval.low, interval.high, test.pvalue)
    np.testing.assert_allclose((*pair[:3], pair.p), expected, rtol=1e-12)
    assert pair.effect == pytest.approx((a - b).mean() / (a - b).std(ddof=1))


def test_p_values_are_uniform_without_a_difference() -> None:
    rng = np.random.default_rng(11)
    a, b = rng.normal(size=(2, 2000, 6)) + rng.normal(size=(2000, 6))
    p = [s.paired_difference(x, y).p for x, y in zip(a, b, strict=True)]
    assert stats.kstest(p, "uniform").pvalue > ALPHA


def test_degenerate_pairs_are_decided() -> None:
    assert s.paired_difference([0.3, 0.7], [0.3, 0.7]) == (0.0, 0.0, 0.0, 0.0, 1.0)
    up = s.paired_difference([0.1 + 0.2, 1.0], [0.0, 0.7])
    assert up.difference == pytest.approx(0.3)
    assert (up.low, up.high, up.effect, up.p) == (up.difference, up.difference, np.inf, 0.0)
    assert s.paired_difference([0.0, 0.0], [1.0, 1.0]).effect == -np.inf
    one = s.paired_difference([1.0], [0.5])
    assert one.difference == 0.5
    assert np.isnan(one[1:]).all()
    assert np.isnan(s.paired_difference([1.0, np.nan, 2.0], [1.0, 1.0, 1.0])).all()
    assert np.isnan(s.paired_difference([np.inf, 1.0], [np.inf, 1.0])).all()
    with pytest.raises(InputError, match=r"\(2,\) and reference \(3,\)"):
        s.paired_difference([1, 2], [1, 2, 3])


def test_bootstrap_interval_covers_and_is_seeded() -> None:
    x = np.random.default_rng(12).exponential(size=(400, 40))
    intervals = [s.bootstrap_interval(row, seed=1, draws=400) for row in x]
    hits = sum(low <= 1.0 <= high for _, low, high in intervals)
    # Percentile intervals of 40 skewed values cover about 93 %.
    assert 0.88 < hits / 400 < 0.98
    again = s.bootstrap_interval(x[0], seed=1, draws=400)
    assert again == intervals[0]
    assert s.bootstrap_interval(x[0], seed=2, draws=400) != intervals[0]


def test_bootstrap_of_whole_replicas() -> None:
    # A replica's own frames are equal: drawing single frames would claim ten times more data.
    x = np.repeat(np.random.default_rng(13).normal(size=(20, 1)), 100, axis=1)
    rows = s.bootstrap_interval(x, seed=1)
    cells = s.bootstrap_interval(x.ravel(), seed=1)
    assert rows.high - rows.low > 5 * (cells.high - cells.low)


def test_degenerate_bootstrap() -> None:
    assert s.bootstrap_interval([2.0, 2.0], seed=1) == (2.0, 2.0, 2.0)
    assert s.bootstrap_interval([2.0], seed=1)[0] == 2.0
    assert np.isnan(s.bootstrap_interval([2.0], seed=1)[1:]).all()
    assert np.isnan(s.bootstrap_interval([1.0, np.nan], seed=1)).all()
    beyond = s.bootstrap_interval(
        [0.0, 1.0, 2.0], seed=1, statistic=lambda x: x.mean() if x.mean() < 1.2 else np.inf
    )
    assert beyond.high == np.inf
    assert np.isfinite(beyond.low)
    for wrong in ({"draws": 0}, {"confidence": 1.0}):
        with pytest.raises(InputError):
            s.bootstrap_interval([1.0, 2.0], seed=1, **wrong)
    with pytest.raises(InputError, match="no replica"):
        s.bootstrap_interval([], seed=1)


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
