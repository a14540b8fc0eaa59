"""Statistical assertions of the whole suite, with one false-positive budget.

Every test draws independent replicas from fixed seeds, so its p-value is uniform when the code is
right. ``ALPHA`` is the chance that a right code fails one test; the suite has about a hundred such
tests, and since seeds are fixed, only a change of random number consumption draws anew.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy import stats

ALPHA = 1e-4
POOLED = 20.0  # expected counts of a chi-squared cell


def law_p_value(counts: NDArray[np.int64], probabilities: NDArray[np.float64]) -> float:
    """Return the chi-squared p-value of independent draws from a discrete law."""
    expected = probabilities * counts.sum()
    assert not counts[expected == 0.0].any(), "a state of probability zero was reached"
    order = np.argsort(expected)
    cells = np.cumsum(expected[order])
    # Neighbouring rare states are pooled until a cell is expected often enough.
    label = np.zeros(order.size, np.int64)
    cell, start = 0, 0.0
    for k, total in enumerate(cells):
        label[k] = cell
        if total - start >= POOLED:
            cell, start = cell + 1, total
    label[label == cell] = max(cell - 1, 0)
    pooled = np.bincount(label, counts[order])
    wanted = np.bincount(label, expected[order])
    if pooled.size < 2:
        return 1.0  # one possible outcome, and the assertion above saw no other
    return float(stats.chisquare(pooled, wanted * pooled.sum() / wanted.sum()).pvalue)


def assert_law(counts: NDArray[np.int64], probabilities: NDArray[np.float64]) -> None:
    """Fail if the counts would be this far from the law with probability below ``ALPHA``."""
    p = law_p_value(counts, probabilities)
    assert p >= ALPHA, f"law rejected, p = {p:.2e}"


def mean_p_value(values: NDArray[np.float64], mean: float, variance: float) -> float:
    """Return the two-sided normal p-value of the mean of independent values."""
    # A mean is rounded: where nothing varies, its last bits are no evidence.
    rounding = 4 * np.finfo(np.float64).eps * np.abs(values).max(initial=0.0)
    z = (np.mean(values) - mean) / max(np.sqrt(variance / len(values)), rounding, 1e-150)
    return float(2 * stats.norm.sf(abs(z)))


def assert_mean(values: NDArray[np.float64], mean: float, variance: float) -> None:
    """Fail if the mean of independent values would be this far off with probability < ``ALPHA``."""
    p = mean_p_value(values, mean, variance)
    assert p >= ALPHA, f"mean {np.mean(values):.6g} against {mean:.6g}, p = {p:.2e}"


def assert_uniform(p_values: NDArray[np.float64]) -> None:
    """Fail if p-values of independent tests are not uniform (Kolmogorov-Smirnov)."""
    p = float(stats.kstest(p_values, "uniform").pvalue)
    assert p >= ALPHA, f"p-values are not uniform, p = {p:.2e}"


def same_law_p_value(first: NDArray[np.int8], second: NDArray[np.int8]) -> float:
    """Return the p-value of independent stances (replicas, n) of two runs following one law.

    Twice the smaller of two: a chi-squared test over the states of up to six users spread over all,
    and Welch's test of the mean stance with users of both halves counted against each other.
    """
    n = first.shape[1]
    chosen = np.unique(np.linspace(0, n - 1, min(n, 6)).astype(int))
    powers = 2 ** np.arange(chosen.size)
    counts = np.array(
        [
            np.bincount((s[:, chosen] > 0) @ powers, minlength=2**chosen.size)
            for s in (first, second)
        ]
    )
    order = np.argsort(counts.sum(axis=0))
    cell = np.minimum(np.cumsum(counts.sum(axis=0)[order]) // 40, 10**6).astype(int)
    label = np.unique(cell, return_inverse=True)[1]
    pooled = np.stack([np.bincount(label, row[order]) for row in counts])
    pooled = pooled[:, pooled.sum(axis=0) > 0]
    states = stats.chi2_contingency(pooled).pvalue if pooled.shape[1] > 1 else 1.0
    weight = np.where(np.arange(n) < n / 2, 1.0, -0.5)
    means = [s.astype(float) @ weight for s in (first, second)]
    spread = max(m.std() for m in means)
    mean = stats.ttest_ind(*means, equal_var=False).pvalue if spread > 0 else 1.0
    return float(min(1.0, 2 * min(states, mean)))
