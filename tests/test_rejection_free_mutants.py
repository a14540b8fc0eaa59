"""Wrong rejection-free kernels, which the exact laws must reject."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

import sociophysics as sp
from sociophysics.engine import rate_bins
from sociophysics.engine import rejection_free as engine
from tests.laws import ALPHA, assert_law, law_p_value
from tests.test_rejection_free import (
    NOBODY,
    REPLICAS,
    SWEEPS,
    SYSTEMS,
    assert_sorted,
    counts_of,
    lattice,
    law_after,
    mover,
    one_attempt,
)


def _wait_off_by_one(system: sp.SpinSystem) -> np.ndarray:
    kernel = mover(system)
    busy = np.zeros(REPLICAS, bool)
    for _ in range(SWEEPS * system.n):
        before = kernel.clock[:, engine.EVENT].copy()
        one_attempt(kernel, 1.3, which=np.flatnonzero(~busy))
        busy = kernel.clock[:, engine.EVENT] > before
    return kernel.spins()


def _wrong_rates(
    change: Callable[[rate_bins.Rates], rate_bins.Rates], temperature: float
) -> Callable:
    def run(system: sp.SpinSystem) -> np.ndarray:
        kernel = mover(system)
        kernel._notice(temperature, NOBODY)
        kernel._rates = change(kernel.rates)
        kernel.sweep(0, SWEEPS, temperature, NOBODY)
        return kernel.spins()

    return run


def _bound_scaled(
    k: int, factor: float, *, accept: bool
) -> Callable[[rate_bins.Rates], rate_bins.Rates]:
    def change(rates: rate_bins.Rates) -> rate_bins.Rates:
        bounds, exact_bins = rates.bounds.copy(), rates.exact.copy()
        bounds[k] *= factor
        exact_bins[:] |= accept
        return rates._replace(bounds=bounds, exact=exact_bins)

    return change


def _attempt_by_attempt(system: sp.SpinSystem) -> np.ndarray:
    kernel = mover(system)
    for _ in range(SWEEPS * system.n):
        one_attempt(kernel, 1.3)
    return kernel.spins()


RING = sp.SpinSystem.from_edges(np.arange(6), (np.arange(6) + 1) % 6, n=6)
MUTANTS = {
    "wait off by one": (1.3, _wait_off_by_one),
    "every candidate flips": (1.3, _wrong_rates(_bound_scaled(0, 1.0, accept=True), 1.3)),
    "a bin drawn too rarely": (1.3, _wrong_rates(_bound_scaled(1, 0.7, accept=False), 1.3)),
    "unfair coin at T = 0": (0.0, _wrong_rates(_bound_scaled(1, 1.4, accept=False), 0.0)),
}


@pytest.mark.parametrize("mutant", MUTANTS)
def test_wrong_kernels_are_rejected(mutant: str) -> None:
    temperature, run = MUTANTS[mutant]
    system = SYSTEMS["unit signs"] if temperature > 0.0 else RING
    law = law_after(system, temperature, SWEEPS * system.n)
    assert law_p_value(counts_of(run(system)), law) < ALPHA


def test_the_mutants_differ_from_a_right_kernel() -> None:
    system = SYSTEMS["unit signs"]
    law = law_after(system, 1.3, SWEEPS * system.n)
    assert_law(counts_of(_attempt_by_attempt(system)), law)


def test_a_forgotten_move_between_bins_is_found() -> None:
    system = lattice(8)
    kernel = mover(system, replicas=4, start=np.ones(64, np.int8))
    kernel.sweep(0, 40, 2.0, np.zeros((4, 0), np.uint8))
    assert_sorted(kernel)
    first, last = kernel.members[0, 0], kernel.members[0, -1]
    kernel.members[0, [0, -1]] = last, first
    kernel.place[0, [first, last]] = 63, 0
    with pytest.raises(AssertionError):
        assert_sorted(kernel)
