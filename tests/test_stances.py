"""Stance models: score at the truth, recovery with coverage, and what polblogs says."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from sociophysics import inference
from sociophysics.dynamics import trajectory
from sociophysics.errors import InputError
from sociophysics.inference.stances import stance_likelihood
from sociophysics.inference.stances.stance_panels import fit_panel, fit_snapshot, operating_point
from sociophysics.society import couplings, networks
from sociophysics.society.spins import SpinSystem
from sociophysics.theory.exact import boltzmann
from tests.laws import ALPHA


def society(n: int, kind: str = "erdos_renyi", **keys: float) -> tuple[SpinSystem, np.ndarray]:
    graph = networks.build(kind, seed=1, n=n, **keys)
    return couplings.uniform(graph), np.random.default_rng(1).normal(size=n)


def snapshots(
    system: SpinSystem, T: float, field: np.ndarray, replicas: int, seed: int
) -> np.ndarray:
    """Return independent equilibrium snapshots of the model with field ``T field``."""
    *_, last = trajectory(
        SpinSystem(system.J, h=T * field), temperature=T, sweeps=80, seed=seed, replicas=replicas,
        every=80,
    )  # fmt: skip
    return last.spins


def test_expected_score_is_zero_and_its_covariance_exact() -> None:
    # By enumeration of all states of 7 users: the formula for the covariance is an identity.
    rng = np.random.default_rng(2)
    J = np.triu(rng.normal(size=(7, 7)) * (rng.random((7, 7)) < 0.5), 1)
    J = J + J.T
    theta, x = np.array([0.6, 0.2, -0.4]), rng.normal(size=7)
    law = boltzmann(SpinSystem(J, h=(theta[1] + theta[2] * x) / theta[0]), temperature=1 / theta[0])
    system = SpinSystem(J)
    mean, product, formula = np.zeros(3), np.zeros((3, 3)), np.zeros((3, 3))
    for state, p in zip(law.states, law.probabilities, strict=True):
        s = state.astype(float)
        design = np.column_stack([system.J @ s, np.ones(7), x])
        score = stance_likelihood.scores(design, s, theta)
        total = score.sum(axis=0)
        mean += p * total
        product += p * np.outer(total, total)
        against = 1 / (1 + np.exp(2 * s * (design @ theta)))
        information = 4 * (design * (against * (1 - against))[:, None]).T @ design
        formula += p * raw_variability(system, s, design, theta, information)
    np.testing.assert_allclose(mean, 0, atol=1e-12)
    np.testing.assert_allclose(formula, product, atol=1e-10)


def raw_variability(
    system: SpinSystem,
    s: np.ndarray,
    design: np.ndarray,
    theta: np.ndarray,
    information: np.ndarray,
) -> np.ndarray:
    """Return the estimate of the covariance before it is made positive."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(stance_likelihood, "_positive", lambda matrix: matrix)
        return stance_likelihood.variability(system, s, design, theta, information)


def test_the_fit_is_the_maximum_of_the_pseudolikelihood() -> None:
    from sklearn.linear_model import LogisticRegression

    system, x = society(300, mean_degree=5)
    s = snapshots(system, 8.0, 0.1 + 0.3 * x, 1, seed=5)[0]
    fit = fit_snapshot(system, s, {"age": x})
    design = 2 * np.column_stack([system.J @ s, np.ones(300), x])
    other = LogisticRegression(C=1e10, fit_intercept=False, tol=1e-8)
    other.fit(design, s)
    np.testing.assert_allclose(fit.table["estimate"], other.coef_[0], rtol=1e-4)
    assert fit.temperature == pytest.approx(1 / fit.table.loc["contagion", "estimate"])


def coverage(hits: np.ndarray, low: float = 0.93, high: float = 0.97) -> None:
    """Fail if the coverage is outside low..high beyond chance."""
    runs, covered = hits.size, int(hits.sum())
    assert stats.binom.sf(covered - 1, runs, low) < 1 - ALPHA or covered / runs >= low
    assert stats.binom.sf(covered, runs, low) <= 1 - ALPHA
    assert stats.binom.cdf(covered, runs, low) > 1e-3, covered / runs
    assert stats.binom.sf(covered - 1, runs, high) > 1e-3, covered / runs


def test_snapshot_intervals_cover_and_naive_ones_do_not() -> None:
    system, x = society(400, mean_degree=6)
    T, truth = 9.0, np.array([1 / 9.0, 0.1, 0.3])
    hits, naive, estimates = [], [], []
    for s in snapshots(system, T, truth[1] + truth[2] * x, 250, seed=11):
        table = fit_snapshot(system, s, {"age": x}).table
        hits.append((table["low"] <= truth) & (truth <= table["high"]))
        naive.append(np.abs(table["estimate"] - truth) <= 1.96 * table["naive_error"])
        estimates.append(table["estimate"])
    for k in range(3):
        coverage(np.array(hits)[:, k])
    assert np.mean(naive, axis=0)[0] < 0.91  # contagion by the inverse Hessian
    error = np.std(estimates, axis=0) / np.sqrt(250)
    assert (np.abs(np.mean(estimates, axis=0) - truth) < 4 * error + 0.02 * truth).all()


@pytest.mark.validate
@pytest.mark.parametrize(
    ("kind", "keys", "T"),
    [
        ("erdos_renyi", {"mean_degree": 6}, 9.0),
        ("barabasi_albert", {"m": 3}, 20.0),
        ("lattice", {}, 4.0),
    ],
)
def test_snapshot_coverage(
    kind: str, keys: dict, T: float, record_property: Callable[[str, object], None]
) -> None:
    if kind == "lattice":
        system = couplings.uniform(networks.build(kind, seed=1, shape=[32, 32]))
        x = np.random.default_rng(1).normal(size=1024)
    else:
        system, x = society(1000, kind, **keys)
    truth = np.array([1 / T, 0.1, 0.3])
    hits = []
    for s in snapshots(system, T, truth[1] + truth[2] * x, 1000, seed=12):
        table = fit_snapshot(system, s, {"age": x}).table
        hits.append((table["low"] <= truth) & (truth <= table["high"]))
    for k, name in enumerate(table.index):
        record_property(f"coverage of {name} (nominal 0.95)", float(np.mean(hits, axis=0)[k]))
        coverage(np.array(hits)[:, k])


def panel(
    system: SpinSystem, theta: np.ndarray, x: np.ndarray, times: int, rng: np.random.Generator
) -> np.ndarray:
    states = [rng.choice([-1, 1], system.n)]
    for _ in range(times - 1):
        f = theta[0] * (system.J @ states[-1]) + theta[1] + theta[2] * x
        new = np.where(rng.random(system.n) < 1 / (1 + np.exp(-2 * f)), 1, -1)
        states.append(np.where(rng.random(system.n) < theta[3], new, states[-1]))
    return np.array(states)


def test_panel_intervals_cover() -> None:
    system, x = society(400, mean_degree=6)
    truth, rng = np.array([0.12, 0.05, 0.3, 0.4]), np.random.default_rng(3)
    hits, estimates = [], []
    for _ in range(120):
        table = fit_panel(system, panel(system, truth, x, 5, rng), {"age": x}).table
        hits.append((table["low"] <= truth) & (truth <= table["high"]))
        estimates.append(table["estimate"])
    assert list(table.index) == ["contagion", "field", "age", "attempts"]
    for k in range(4):
        coverage(np.array(hits)[:, k])
    error = np.std(estimates, axis=0) / np.sqrt(120)
    assert (np.abs(np.mean(estimates, axis=0) - truth) < 4 * error + 0.02 * truth).all()


def test_a_panel_of_rare_snapshots_carries_a_note() -> None:
    system, x = society(400, mean_degree=6)
    rng = np.random.default_rng(5)
    often = fit_panel(system, panel(system, np.array([0.1, 0.0, 0.3, 0.1]), x, 12, rng))
    rarely = fit_panel(system, panel(system, np.array([0.1, 0.0, 0.3, 0.7]), x, 4, rng))
    assert often.note == ""
    assert "too small" in rarely.note


def test_fits_of_stances_are_among_the_fits() -> None:
    assert inference.fit_snapshot is fit_snapshot
    assert inference.fit_panel is fit_panel
    assert inference.operating_point is operating_point
    assert {"fit_snapshot", "fit_panel", "operating_point"} <= set(dir(inference))


def test_directed_ties_in_a_panel() -> None:
    rng = np.random.default_rng(4)
    source, target = rng.integers(0, 300, (2, 1500))
    pairs = np.unique(np.column_stack([source, target])[source != target], axis=0)
    system = SpinSystem.from_edges(pairs[:, 0], pairs[:, 1], n=300, directed=True)
    x = rng.normal(size=300)
    truth = np.array([0.2, 0.0, 0.5, 0.6])
    table = fit_panel(system, panel(system, truth, x, 20, rng), {"age": x}).table
    assert (np.abs(table["estimate"] - truth) < 4 * table["error"]).all()
    assert table.loc["contagion", "error"] < 0.02


def test_polblogs_is_deep_in_the_ordered_phase() -> None:
    system = couplings.uniform(networks.load("polblogs"), normalize="degree")
    s = np.where(system.nodes["value"].to_numpy() == 1, 1, -1)
    fit = fit_snapshot(system, s)
    point = operating_point(system, fit)
    assert 0.15 < point.temperature < 0.3
    assert point.critical == pytest.approx(0.964, abs=0.01)
    assert point.high < 1
    assert point.verdict.startswith("ordered")


def test_operating_point_of_a_disordered_society() -> None:
    system, _ = society(2000, mean_degree=6)
    s = snapshots(system, 12.0, np.zeros(2000), 1, seed=2)[0]
    point = operating_point(system, fit_snapshot(system, s))
    assert point.low > 1
    assert point.verdict.startswith("disordered")
    assert abs(point.temperature - 12) < 4


@pytest.mark.parametrize(
    ("stance", "covariates", "sentence"),
    [
        ([1, 1, 1, 1], None, "all stances are equal"),
        ([1, 1, -1, 0], None, "must be \\+1 or -1"),
        ([1, 1, -1, -1], None, "predicted perfectly"),
        ([1, -1, 1, -1], {"one": np.ones(4)}, "collinear"),
        ([1, -1, 1, -1], {"contagion": np.arange(4)}, "taken"),
        ([1, -1, 1, -1], {"age": [1.0, np.nan, 0.0, 2.0]}, "NaN"),
        ([1, -1, 1, -1], {"age": [1.0]}, "shape"),
        ([1, -1, 1, -1], pd.DataFrame({"city": list("abcd")}), "numbers"),
    ],
)
def test_bad_data_are_refused(stance: list, covariates: object, sentence: str) -> None:
    two_pairs = SpinSystem.from_edges([0, 2], [1, 3])
    with pytest.raises(InputError, match=sentence):
        fit_snapshot(two_pairs, stance, covariates)  # type: ignore[arg-type]


def test_bad_panels_are_refused() -> None:
    pairs = SpinSystem.from_edges([0, 2], [1, 3])
    with pytest.raises(InputError, match="at least two"):
        fit_panel(pairs, [[1, -1, 1, -1]])
    with pytest.raises(InputError, match="nobody changes"):
        fit_panel(pairs, [[1, -1, 1, -1]] * 3)
    with pytest.raises(InputError, match="external field"):
        fit_snapshot(SpinSystem(pairs.J, h=[1.0, 0, 0, 0]), [1, -1, 1, -1])
