"""The dense sampler against exact laws, parallel tempering, and the refinement that uses them."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from scipy.stats import chisquare

from sociophysics.engine import dense
from sociophysics.errors import InputError
from sociophysics.inference.chamber.patterns import pattern_numbers
from sociophysics.inference.estimators.boltzmann import BoltzmannRefinement
from sociophysics.inference.estimators.exact_likelihood import ExactMaximumLikelihood
from sociophysics.inference.estimators.tempering import Chains, pack, temper
from sociophysics.inference.judging.posterior_predictive import generative_checks
from sociophysics.rollcall import load
from sociophysics.society.spins import SpinSystem
from sociophysics.theory.exact import boltzmann

ALPHA = 1e-4
REPLICAS = 20_000
N = 4


def couplings(seed=0, n=N):
    rng = np.random.default_rng(seed)
    J = np.triu(rng.normal(0, 0.6, (n, n)), 1)
    return J + J.T, rng.normal(0, 0.4, n)


STATES = (1 - 2 * ((np.arange(1 << N)[:, None] >> np.arange(N)) & 1)).astype(np.int8)


def chance(cost, beta):
    if np.isinf(beta):
        return 0.5 if cost == 0 else float(cost < 0)
    return 1 / (1 + np.exp(beta * cost))


def flips_matrix(J, h, beta, groups, weight):
    """Transition matrix of offering each group, chosen with the given weight, a heat-bath flip."""
    energy = -0.5 * np.einsum("si,ij,sj->s", STATES, J, STATES) - STATES @ h
    matrix = np.zeros((1 << N, 1 << N))
    for group in groups:
        mask = sum(1 << i for i in group)
        for s in range(1 << N):
            p = chance(energy[s ^ mask] - energy[s], beta)
            matrix[s, s ^ mask] += weight * p
            matrix[s, s] += weight * (1 - p)
    return matrix


def p_value(spins, law):
    counts = np.bincount(pattern_numbers(spins), minlength=1 << N).astype(float)
    expected = law * len(spins)
    rare = expected < 20
    if counts[expected == 0].any():
        return 0.0
    counts = np.append(counts[~rare], counts[rare].sum())
    expected = np.append(expected[~rare], expected[rare].sum())
    kept = expected > 0
    return chisquare(counts[kept], expected[kept]).pvalue


def chains(beta, seed=1, start=5):
    spins = np.tile(STATES[start], (REPLICAS, 1))
    return Chains.start(spins, np.full(REPLICAS, beta), seed=seed, purpose="fit")


@pytest.mark.parametrize("beta", [0.7, np.inf])
def test_sweep_follows_the_exact_law(beta):
    J, h = couplings()
    chain = chains(beta)
    dense.sweep_dense(
        chain.spins, chain.spins @ J + h, J, chain.beta, chain.keys, chain.counters, 2
    )
    once = flips_matrix(J, h, beta, [[i] for i in range(N)], 1 / N)
    assert p_value(chain.spins, np.linalg.matrix_power(once, 2 * N)[5]) > ALPHA


@pytest.mark.parametrize("second", [[1, 2, 3], list(range(N))])
def test_bloc_flips_follow_the_exact_law(second):
    J, h = couplings()
    chain = chains(0.7)
    fields = chain.spins @ J + h
    blocs = pack([np.array([0, 1]), np.array(second)])
    own = (chain.beta, chain.keys, chain.counters)
    dense.flip_blocs(chain.spins, fields, J, h, *own, *blocs)
    first, second = (flips_matrix(J, h, 0.7, [bloc], 1.0) for bloc in ([0, 1], second))
    assert p_value(chain.spins, (first @ second)[5]) > ALPHA
    np.testing.assert_allclose(fields, chain.spins @ J + h, atol=1e-12)


@pytest.mark.parametrize(
    ("beta", "h_scale", "J_scale"), [(1.4, 1, 1), (0.35, 1, 1), (0.7, 0, 1), (0.7, 1, -1)]
)
def test_wrong_kernels_are_rejected(beta, h_scale, J_scale):
    J, h = couplings()
    chain = chains(beta)
    chain.run(J_scale * J, h_scale * h, sweeps=2, blocs=pack([]))
    right = flips_matrix(J, h, 0.7, [[i] for i in range(N)], 1 / N)
    assert p_value(chain.spins, np.linalg.matrix_power(right, 2 * N)[5]) < ALPHA


def test_fields_stay_true_and_replicas_do_not_depend_on_their_number():
    J, h = couplings(2, 30)
    start = np.random.default_rng(0).choice([-1, 1], (50, 30)).astype(np.int8)
    many = Chains.start(start, np.linspace(0.1, 2, 50), seed=3, purpose="fit")
    fields = many.spins @ J + h
    dense.sweep_dense(many.spins, fields, J, many.beta, many.keys, many.counters, 40)
    np.testing.assert_allclose(fields, many.spins @ J + h, atol=1e-10)
    few = Chains.start(start[:7], np.linspace(0.1, 2, 50)[:7], seed=3, purpose="fit")
    for _ in range(4):
        few.run(J, h, sweeps=10, blocs=pack([]))
    np.testing.assert_array_equal(few.spins, many.spins[:7])


def test_quench_ends_in_minima():
    J, h = couplings(3, 20)
    start = np.random.default_rng(0).choice([-1, 1], (200, 20)).astype(np.int8)
    chain = Chains.start(start, np.ones(200), seed=0, purpose="fit")
    fields = chain.spins @ J + h
    dense.quench(chain.spins, fields, J, chain.keys, chain.counters)
    assert (chain.spins * (chain.spins @ J + h) >= -1e-9).all()


def test_tempering_has_the_boltzmann_law_at_every_temperature():
    J, h = couplings(4)
    ladder = (0.5, 1.0, 2.0)
    found = temper(J, 0.2 * h, temperatures=ladder, draws=8000, ladders=400, thin=5, seed=5)
    assert (found.exchanged > 0.2).all()
    for temperature, spins, energy in zip(ladder, found.spins, found.energy, strict=True):
        law = boltzmann(SpinSystem(J, 0.2 * h), temperature=temperature)
        np.testing.assert_allclose(energy, SpinSystem(J, 0.2 * h).energy(spins), atol=1e-9)
        # ladders are independent: their last states are a sample
        last = spins.reshape(-1, 400, N)[-1]
        expected = np.zeros(1 << N)
        expected[pattern_numbers(law.states)] = law.probabilities
        assert p_value(last, expected) > ALPHA
        assert abs(energy.mean() - law.probabilities @ law.energies) < 0.05


def test_refinement_of_a_court_agrees_with_the_exact_fit():
    votes = load("scotus_rehnquist")
    exact = ExactMaximumLikelihood(fields=True).fit(votes)
    fit = BoltzmannRefinement(l2=0.01, steps=1500, rate=0.05, replicas=2000).fit(votes)
    upper = np.triu_indices(9, 1)
    assert fit.verified_.rmse < 0.03
    assert abs(fit.verified_.slope - 1) < 0.05
    # the pairs of missing votes are treated differently; sampling adds about .02
    assert np.sqrt(((fit.coupling_ - exact.coupling_)[upper] ** 2).mean()) < 0.05
    again = BoltzmannRefinement(l2=0.01, steps=50, replicas=50, draws=50)
    np.testing.assert_array_equal(again.fit(votes).coupling_, again.fit(votes).coupling_)


def test_bad_parameters_are_refused():
    with pytest.raises(InputError, match=r"estimator\.steps is 0; it must be >= 1"):
        BoltzmannRefinement(steps=0).fit([[1, -1], [-1, 1], [1, 1]])
    with pytest.raises(InputError, match="must increase"):
        temper(np.zeros((2, 2)), np.zeros(2), temperatures=[2.0, 1.0], seed=0)


def generated(seed: int) -> Any:
    """Return how the Senate's refined fit of one seed generates votes, by parallel tempering."""
    votes = load("senate109").contested().present(0.5)
    fit = BoltzmannRefinement(seed=seed).fit(votes)
    drawn = temper(
        fit.coupling_,
        fit.field_,
        draws=8000,
        blocs=[np.flatnonzero(fit.blocs_ == side) for side in (0, 1)],
        seed=1000 + seed,
        ladders=8,
        thin=8,
    )
    return generative_checks(votes, drawn.spins[0], seed=seed).loc["model"]


@pytest.mark.validate
def test_senate_generates_its_own_votes(record_property):
    """The target is the mean of seeds 0 to 4; each seed is recorded."""
    names = ["pair_rmse", "pair_slope", "three_body_r", "yeas_tv"]
    rows = np.array([[float(row[name]) for name in names] for row in map(generated, range(5))])
    for name, values in zip(names, rows.T, strict=True):
        record_property(name, f"{values.mean():.4f} ({', '.join(f'{v:.4f}' for v in values)})")
    rmse, slope, three_body, yeas = rows.mean(axis=0)
    assert rmse <= 0.03
    assert 0.95 <= slope <= 1.05
    assert three_body >= 0.95
    assert yeas <= 0.12
