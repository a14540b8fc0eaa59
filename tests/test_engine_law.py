"""The finite-time law of every kernel and scheme, against exact transition matrices.

Independent replicas from one fixed start, a few sweeps, chi-squared over all states and z-tests on
energy and magnetization. The same comparison must reject kernels that are wrong on purpose.
"""

from __future__ import annotations

import numpy as np
import pytest

import sociophysics as sp
from sociophysics.dynamics.kernels.incremental_kernel import FixedPointKernel
from sociophysics.influences.interventions import Heat, Nucleate
from sociophysics.theory import exact, markov
from sociophysics.theory.stance_patterns import all_states, state_number
from tests.laws import ALPHA, assert_law, assert_mean, law_p_value, mean_p_value

REPLICAS = 20_000
SLOW_REPLICAS = 2_000
SWEEPS = 4


def signed_system(n: int = 5, seed: int = 3, *, unit: bool = False) -> sp.SpinSystem:
    rng = np.random.default_rng(seed)
    i, j = np.triu_indices(n, 1)
    keep = rng.random(i.size) < 0.7
    i, j = i[keep], j[keep]
    weight = rng.choice([-1.0, 1.0], i.size) if unit else rng.normal(0.2, 1.0, i.size)
    h = np.zeros(n) if unit else rng.normal(0.0, 0.4, n)
    return sp.SpinSystem.from_edges(i, j, weight, n=n, h=h)


def directed_system(n: int = 5, seed: int = 5) -> sp.SpinSystem:
    rng = np.random.default_rng(seed)
    J = rng.normal(0, 1, (n, n)) * (rng.random((n, n)) < 0.6)
    np.fill_diagonal(J, 0)
    return sp.SpinSystem(J, h=rng.normal(0, 0.3, n))


SYSTEMS = {
    "weights and fields": signed_system(),
    "unit signs": signed_system(6, 8, unit=True),
    "directed": directed_system(),
}
START = {n: np.where(np.arange(n) % 3 == 0, 1, -1).astype(np.int8) for n in (5, 6)}


def final_spins(system: sp.SpinSystem, temperature: float, **keys: object) -> np.ndarray:
    *_, last = sp.trajectory(
        system,
        temperature=temperature,
        sweeps=keys.pop("sweeps", SWEEPS),
        seed=keys.pop("seed", 11),
        replicas=SLOW_REPLICAS if keys.get("kernel") == "reference" else REPLICAS,
        start=START[system.n],
        every=10,
        **keys,
    )
    return last.spins


def exact_law(system: sp.SpinSystem, temperature: float, scheme: str) -> np.ndarray:
    if scheme == "sequential":
        matrix, steps = markov.sequential_sweep_matrix(system, temperature=temperature), SWEEPS
    elif scheme == "kawasaki":
        matrix = markov.kawasaki_matrix(system, temperature=temperature)
        steps = SWEEPS * system.n
    else:
        matrix = markov.transition_matrix(system, temperature=temperature)
        steps = SWEEPS * system.n
    return markov.distribution_after(matrix, START[system.n], steps)


def p_values(system: sp.SpinSystem, spins: np.ndarray, law: np.ndarray) -> list[float]:
    counts = np.bincount(state_number(spins), minlength=2**system.n)
    states = all_states(system.n)
    values = [law_p_value(counts, law)]
    for of in (lambda s: s.mean(axis=1), lambda s: (s * (s @ system.J.toarray().T)).sum(axis=1)):
        exact_values = of(states.astype(float))
        mean = law @ exact_values
        values.append(mean_p_value(of(spins.astype(float)), mean, law @ exact_values**2 - mean**2))
    return values


CASES = [
    *((name, kernel) for name in SYSTEMS for kernel in ("fixed-point", "reference")),
    ("unit signs", "integer"),
    ("directed signs", "integer"),
]


@pytest.mark.parametrize(("name", "kernel"), CASES)
@pytest.mark.parametrize("temperature", [0.0, 1.3, np.inf])
def test_random_sequential_law(name: str, temperature: float, kernel: str) -> None:
    system = SYSTEMS.get(name) or sp.SpinSystem(0.8 * SYSTEMS["directed"].J.sign())
    spins = final_spins(system, temperature, kernel=kernel)
    law = exact_law(system, temperature, "random-sequential")
    counts = np.bincount(state_number(spins), minlength=2**system.n)
    assert_law(counts, law)
    energy = (spins * (spins.astype(float) @ system.J.toarray().T)).sum(axis=1)
    states = all_states(system.n).astype(float)
    exact_energy = (states * (states @ system.J.toarray().T)).sum(axis=1)
    mean = law @ exact_energy
    assert_mean(energy, mean, law @ exact_energy**2 - mean**2)


@pytest.mark.parametrize("kernel", ["fixed-point", "rejection-free"])
@pytest.mark.parametrize("tied", [True, False])
def test_a_field_that_dwarfs_all_others_leaves_their_law(kernel: str, tied: bool) -> None:
    """A stubborn user's field must not set the precision of everybody's."""
    edges = ([0, 1, 2, 3], [1, 2, 3, 4]) if tied else ([], [])
    system = sp.SpinSystem.from_edges(*edges, n=5, h=np.array([1e8, 0.4, -0.3, 0.2, 0.1]))
    spins = final_spins(system, 1.0, kernel=kernel)
    law = exact_law(system, 1.0, "random-sequential")
    assert_law(np.bincount(state_number(spins), minlength=32), law)


@pytest.mark.parametrize("temperature", [1e-300, 1e300])
@pytest.mark.parametrize("kernel", ["fixed-point", "rejection-free"])
def test_temperatures_next_to_zero_and_infinity_are_these(kernel: str, temperature: float) -> None:
    system = SYSTEMS["weights and fields"]
    spins = final_spins(system, temperature, kernel=kernel)
    law = exact_law(system, 0.0 if temperature < 1.0 else np.inf, "random-sequential")
    assert_law(np.bincount(state_number(spins), minlength=32), law)


@pytest.mark.parametrize("scheme", ["sequential", "kawasaki"])
@pytest.mark.parametrize("temperature", [0.0, 1.3, np.inf])
def test_other_schemes_follow_their_own_law(scheme: str, temperature: float) -> None:
    system = SYSTEMS["weights and fields"]
    spins = final_spins(system, temperature, scheme=scheme)
    law = exact_law(system, temperature, scheme)
    assert_law(np.bincount(state_number(spins), minlength=2**system.n), law)


def test_kawasaki_conserves_magnetization() -> None:
    spins = final_spins(SYSTEMS["unit signs"], 1.0, scheme="kawasaki")
    assert (spins.sum(axis=1) == START[6].sum()).all()


def _first_sweep_lost() -> list[Nucleate]:
    # Everybody is held at the start during the first sweep.
    return [
        Nucleate(at=0, who=[i for i in range(5) if START[5][i] == s], stance=s, hold=1)
        for s in (-1, 1)
    ]


MUTANTS = {
    "lost factor 2": lambda system: final_spins(system, 2 * 1.3),
    "no field": lambda system: final_spins(sp.SpinSystem(system.J), 1.3),
    "sign of J": lambda system: final_spins(sp.SpinSystem(-system.J, system.h), 1.3),
    "field of the wrong user": lambda system: final_spins(
        sp.SpinSystem(system.J, np.roll(system.h, 1)), 1.3
    ),
    "frozen user": lambda system: final_spins(
        system, 1.3, interventions=[Nucleate(at=0, who=[0], stance=1, hold="forever")]
    ),
    "temperature off by 5 %": lambda system: final_spins(system, 1.3 * 1.05),
    "a sweep lost": lambda system: final_spins(system, 1.3, interventions=_first_sweep_lost()),
}


@pytest.mark.parametrize("mutant", MUTANTS)
def test_wrong_kernels_are_rejected(mutant: str) -> None:
    system = SYSTEMS["weights and fields"]
    law = exact_law(system, 1.3, "random-sequential")
    assert min(p_values(system, MUTANTS[mutant](system), law)) < ALPHA


def test_sequential_order_is_rejected() -> None:
    """After two sweeps: after four the laws are too near for this many replicas."""
    system = SYSTEMS["weights and fields"]
    matrix = markov.transition_matrix(system, temperature=1.3)
    law = markov.distribution_after(matrix, START[5], 2 * system.n)
    assert min(p_values(system, final_spins(system, 1.3, sweeps=2), law)) >= ALPHA
    wrong = final_spins(system, 1.3, sweeps=2, scheme="sequential")
    assert min(p_values(system, wrong, law)) < ALPHA


def test_transposed_couplings_are_rejected() -> None:
    system = SYSTEMS["directed"]
    law = exact_law(system, 1.3, "random-sequential")
    wrong = final_spins(sp.SpinSystem(system.J.T, system.h), 1.3)
    assert min(p_values(system, wrong, law)) < ALPHA


def test_many_sweeps_reach_boltzmann() -> None:
    system = signed_system(6, 8, unit=True)
    *_, last = sp.trajectory(
        system, temperature=1.5, sweeps=60, seed=4, replicas=REPLICAS, every=60
    )
    law = exact.boltzmann(system, temperature=1.5)
    counts = np.bincount(state_number(last.spins), minlength=2**system.n)
    probabilities = np.zeros(2**system.n)
    probabilities[state_number(law.states)] = law.probabilities
    assert_law(counts, probabilities)


# --- units and rounding --------------------------------------------------------------------------


@pytest.mark.parametrize("kernel", ["fixed-point", "integer", "rejection-free", "auto"])
@pytest.mark.parametrize("unit", [1e-300, 1e-150, 1e290])
def test_the_unit_of_couplings_and_temperature_changes_no_law(kernel: str, unit: float) -> None:
    plain = SYSTEMS["unit signs"]
    scaled = sp.SpinSystem(unit * plain.J)
    spins = final_spins(scaled, 1.3 * unit, kernel=kernel)
    law = exact_law(plain, 1.3, "random-sequential")
    assert_law(np.bincount(state_number(spins), minlength=2**plain.n), law)


@pytest.mark.parametrize("kernel", ["fixed-point", "integer", "auto"])
def test_couplings_far_below_the_temperature_leave_fair_coins(kernel: str) -> None:
    spins = final_spins(sp.SpinSystem(1e-300 * SYSTEMS["unit signs"].J), 1.0, kernel=kernel)
    law = exact_law(SYSTEMS["unit signs"], np.inf, "random-sequential")
    assert_law(np.bincount(state_number(spins), minlength=64), law)


def test_weights_and_fields_of_any_unit_follow_the_same_law() -> None:
    plain = SYSTEMS["weights and fields"]
    scaled = sp.SpinSystem(1e-290 * plain.J, 1e-290 * plain.h)
    spins = final_spins(scaled, 1.3e-290)
    law = exact_law(plain, 1.3, "random-sequential")
    assert_law(np.bincount(state_number(spins), minlength=32), law)


@pytest.mark.parametrize(
    ("couplings", "temperature", "sentence"),
    [
        ([1e-310, 1e-310], 1.0, "the couplings add up to 2e-310 at most"),
        ([1.7e308, 1.7e308], 1.0, "add up beyond the largest floating-point number"),
        ([1.0 + 1e-9, -1.0, 1e11], 1e-9, "the temperature 1e-09 is too low beside couplings"),
    ],
)
def test_what_no_words_can_hold_is_refused_in_a_sentence(
    couplings: list[float], temperature: float, sentence: str
) -> None:
    k = len(couplings)
    system = sp.SpinSystem.from_edges([0, 0, 2][:k], [1, 2, 3][:k], couplings)
    with pytest.raises(sp.InputError, match=sentence):
        sp.trajectory(system, temperature=temperature, sweeps=1, seed=1)


@pytest.mark.parametrize("temperature", [0.0, 1e-6])
@pytest.mark.parametrize("kernel", ["fixed-point", "rejection-free", "auto"])
@pytest.mark.parametrize("strong", [[1e5], [3e4 + 0.1, -7e4]])
def test_a_weak_pull_that_strong_ties_leave_over_is_not_rounded_away(
    temperature: float, kernel: str, strong: list[float]
) -> None:
    """User 0 is pulled by 1.00001 - 1 while others elsewhere are tied by 1e5."""
    far = np.arange(len(strong))
    system = sp.SpinSystem.from_edges(
        [0, 0, *(3 + 2 * far)], [1, 2, *(4 + 2 * far)], [1.00001, -1.0, *strong]
    )
    start = np.ones(system.n, np.int8)
    start[0] = -1
    keys = {"temperature": temperature, "seed": 3, "replicas": 200, "start": start}
    hold = [Nucleate(at=0, who=[1, 2], stance=1, hold="forever")]
    *_, last = sp.trajectory(system, sweeps=12, interventions=hold, kernel=kernel, **keys)
    assert (last.spins[:, 0] == 1).all()


def test_a_run_that_cools_by_an_intervention_is_judged_by_where_it_ends() -> None:
    system = sp.SpinSystem.from_edges([0, 0, 3], [1, 2, 4], [1.00001, -1.0, 1e5])
    cool = [Heat(at=2, temperature=1e-6), Nucleate(at=0, who=[1, 2], stance=1, hold="forever")]
    *_, last = sp.trajectory(
        system, temperature=1.0, sweeps=14, seed=3, replicas=200, interventions=cool
    )
    assert (last.spins[:, 0] == 1).all()


def test_words_stay_narrow_where_rounding_does_not_show() -> None:
    for temperature, width in ((1.3, np.int32), (1e-9, np.int64), (0.0, np.int64)):
        system = SYSTEMS["weights and fields"]
        encoded = FixedPointKernel.encode(system, 0.5, temperature)
        assert encoded.rows.dtype == width
    signs = FixedPointKernel.encode(sp.SpinSystem(0.3 * SYSTEMS["unit signs"].J), 0.0, 0.0)
    assert signs.rows.dtype == np.int32
