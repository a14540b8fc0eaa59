"""Time and memory of every structural measure at 1e4, 1e5 and 1e6 ties."""

from __future__ import annotations

import time
import tracemalloc
from collections.abc import Callable
from functools import cache
from typing import Any, NamedTuple

import numpy as np
import pytest

from sociophysics import observables
from sociophysics.observables import domains, frustration, polarization
from sociophysics.observables.rewiring import rewired
from sociophysics.society.spins import SpinSystem
from sociophysics.society.ties import ties
from sociophysics.theory import cavity

SIZES = (10_000, 100_000, 1_000_000)
STEEPEST = 1.5  # of time against ties, as an exponent: half way from linear to quadratic
TOTAL_MEMORY = 4e9  # bytes at a million ties


class Case(NamedTuple):
    """A connected network with hubs, ten ties per user, camps and one configuration."""

    friendly: SpinSystem
    signed: SpinSystem
    spins: np.ndarray
    camps: np.ndarray


@cache
def case(count: int) -> Case:
    rng = np.random.default_rng(1)
    n = count // 10
    # Everybody ties to ten earlier users, the earliest most often: degrees fall as k^-3. A tie in
    # twenty goes to the other camp; camps take turns.
    late = np.repeat(np.arange(1, n), 10)
    early = (late * rng.random(late.size) ** 2).astype(np.int64)
    early = np.maximum(early - (early + late + (rng.random(late.size) < 0.05)) % 2, 0)
    pairs = np.unique((late * n + early)[early < late])
    i, j = pairs // n, pairs % n
    sign = rng.choice([-1.0, 1.0], i.size)
    camps, spins = np.arange(n) % 2, rng.choice([-1, 1], n).astype(np.int8)
    made = Case(
        SpinSystem.from_edges(i, j, n=n), SpinSystem.from_edges(i, j, sign, n=n), spins, camps
    )
    ties(made.friendly)
    ties(made.signed)
    return made


def four_order_parameters(x: Case) -> list[Any]:
    names = ("magnetization", "edge_agreement", "unsatisfied_fraction", "local_agreement")
    return [getattr(observables, name)(x.signed, x.spins) for name in names]


MEASURES: dict[str, Callable[[Case], Any]] = {
    "four order parameters": four_order_parameters,
    "domains": lambda x: domains.domains(x.signed, x.spins),
    "fk_domains": lambda x: domains.fk_domains(x.signed, x.spins, temperature=2.0, seed=1),
    "walls": lambda x: domains.walls(x.signed, x.spins),
    "joint_density": lambda x: domains.joint_density(x.friendly, x.spins),
    "ei_index": lambda x: domains.ei_index(x.friendly, x.camps),
    "assortativity": lambda x: polarization.assortativity(x.friendly, x.camps),
    "modularity": lambda x: polarization.modularity(x.friendly, x.camps),
    "signed_modularity": lambda x: polarization.signed_modularity(x.signed, x.camps),
    "random_walk_controversy": lambda x: polarization.random_walk_controversy(x.friendly, x.camps),
    "adaptive_random_walk_controversy": lambda x: polarization.adaptive_random_walk_controversy(
        x.friendly, x.camps
    ),
    "boundary_polarization": lambda x: polarization.boundary_polarization(x.friendly, x.camps),
    "dipole_polarization": lambda x: polarization.dipole_polarization(x.friendly, x.camps),
    "friedkin_johnsen": lambda x: polarization.friedkin_johnsen(x.friendly, x.spins),
    "one rewiring of the null": lambda x: rewired(x.friendly, seed=1),
    "balanced_triads": lambda x: frustration.balanced_triads(x.signed),
    "critical_temperature, ferromagnet": lambda x: cavity.critical_temperature(x.friendly),
    "critical_temperature, glass": lambda x: cavity.critical_temperature(x.signed, "glass"),
    "cavity response": lambda x: cavity.response(x.friendly, temperature=1000.0, start=0.0),
}


def cost(measure: Callable[[Case], Any], x: Case) -> tuple[float, int]:
    """Return processor seconds, and the peak of what numpy and Python allocate in a second run."""
    begin = time.process_time()
    measure(x)
    seconds = time.process_time() - begin
    tracemalloc.start()
    try:
        measure(x)
        return seconds, tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


@pytest.mark.validate
@pytest.mark.bench
@pytest.mark.parametrize("name", MEASURES)
def test_near_linear_in_ties(name: str, record_property: Callable[[str, object], None]) -> None:
    spent = {}
    for count in SIZES:
        seconds, peak = cost(MEASURES[name], case(count))
        record_property(f"{count:,} ties:", f"{seconds:.3g} s, {peak / 1e6:.3g} MB")
        spent[count] = seconds
        assert peak < TOTAL_MEMORY * count / SIZES[-1] + 1e8
    # Over both decades: where the data outgrow a cache is no matter of the algorithm.
    growth = np.log10(spent[SIZES[-1]] / spent[SIZES[0]]) / np.log10(SIZES[-1] / SIZES[0])
    record_property("exponent", float(growth))
    assert growth < STEEPEST
