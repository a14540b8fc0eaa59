r"""Exact equilibrium of a small society by enumeration of its 2^n stance patterns.

``P(s) = exp(-E(s) / T) / Z`` with the total energy ``E(s) = -1/2 s'Js - h's``. At ``T = 0`` the
ground states share the probability equally; at infinite temperature all states do. Exact
dynamics, the Markov matrices, live in :mod:`sociophysics.theory.markov` and are named here too.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.special import logsumexp

from sociophysics.machine import require_memory
from sociophysics.society.spins import SpinSystem
from sociophysics.theory.markov import (
    FieldLaw,
    distribution_after,
    kawasaki_matrix,
    sequential_sweep_matrix,
    stationary,
    sweep_matrix_with_feed,
    transition_matrix,
)
from sociophysics.theory.premises import (
    check_positive,
    check_size,
    check_symmetric,
    check_temperature,
)
from sociophysics.theory.stance_patterns import all_states, energies, state_number

__all__ = [
    "Boltzmann",
    "ExactMoments",
    "FieldLaw",
    "all_states",
    "boltzmann",
    "distribution_after",
    "kawasaki_matrix",
    "marginals",
    "moments",
    "pair_correlations",
    "sequential_sweep_matrix",
    "state_number",
    "stationary",
    "sweep_matrix_with_feed",
    "transition_matrix",
]

MOST_USERS = 20
ROUNDING = 1e-12  # relative: energies this close are one ground level


class Boltzmann(NamedTuple):
    """States (2^n, n) int8, total energies (2^n,), probabilities (2^n,) and ``ln Z``."""

    states: NDArray[np.int8]
    energies: NDArray[np.float64]
    probabilities: NDArray[np.float64]
    log_z: float


class ExactMoments(NamedTuple):
    """Exact equilibrium averages; energy, heat capacity and susceptibility per user."""

    energy: float
    magnetization: float
    abs_magnetization: float
    binder: float
    heat_capacity: float
    susceptibility: float
    susceptibility_abs: float


def boltzmann(system: SpinSystem, *, temperature: float) -> Boltzmann:
    """Return the equilibrium law of all states, ``P(s) = exp(-E(s)/T)/Z``.

    State ``k`` has user ``i`` at +1 where bit ``i`` of ``k`` is set. At ``T = 0`` ``log_z`` is the
    limit of ``-E_0 / T``: infinite unless the ground energy is zero.

    Parameters
    ----------
    system : SpinSystem
        Symmetric couplings, at most 20 users.
    temperature : float
        In units of ``J``; 0 and infinity are legal.

    Raises
    ------
    InputError
        More than 20 users, directed couplings, or a negative temperature.

    Examples
    --------
    >>> pair = SpinSystem([[0, 1], [1, 0]])
    >>> law = boltzmann(pair, temperature=1.0)
    >>> law.energies
    array([-1.,  1.,  1., -1.])
    >>> round(law.log_z, 6)  # ln(4 cosh 1)
    1.820075
    """
    T = check_temperature(temperature)
    check_size(system, most=MOST_USERS, what="enumeration")
    check_symmetric(system, what="enumeration")
    require_memory(
        (system.n + 40) * 2.0**system.n, what=f"2^{system.n} states", fix="use fewer users"
    )
    energy = energies(system)
    if T == 0:
        lowest = float(energy.min())
        ground = energy <= lowest + ROUNDING * max(1.0, float(np.abs(energy).max()))
        probabilities = ground / ground.sum()
        log_z = math.log(ground.sum()) if lowest == 0 else math.copysign(math.inf, -lowest)
    else:
        weight = -energy / T
        log_z = float(logsumexp(weight))
        probabilities = np.exp(weight - log_z)
    return Boltzmann(all_states(system.n), energy, probabilities, log_z)


def moments(system: SpinSystem, *, temperature: float) -> ExactMoments:
    """Return the exact equilibrium averages of a small system.

    ``binder = 1 - <m^4> / (3 <m^2>^2)``, ``heat_capacity = var(E) / (n T^2)``, ``susceptibility =
    n var(m) / T`` and ``susceptibility_abs = n (<m^2> - <|m|>^2) / T``.

    Parameters
    ----------
    system : SpinSystem
        At most 20 users.
    temperature : float
        > 0.

    Raises
    ------
    InputError
        As :func:`boltzmann`; also at ``T = 0`` and without users, where these ratios do not exist.

    Examples
    --------
    >>> pair = SpinSystem([[0, 1], [1, 0]])
    >>> round(moments(pair, temperature=1.0).energy, 6)  # -tanh(1) / 2
    -0.380797
    """
    T = check_positive(temperature, what="a fluctuation")
    law = boltzmann(system, temperature=T)
    n, p = system.n, law.probabilities
    m = law.states.sum(axis=1, dtype=np.int64) / n
    energy = float(p @ law.energies)
    first, absolute = float(p @ m), float(p @ np.abs(m))
    second, fourth = float(p @ m**2), float(p @ m**4)
    return ExactMoments(
        energy / n,
        first,
        absolute,
        1 - fourth / (3 * second**2),
        float(p @ (law.energies - energy) ** 2) / (n * T**2),
        n * (second - first**2) / T,
        n * (second - absolute**2) / T,
    )


def marginals(law: Boltzmann) -> NDArray[np.float64]:
    """Return the mean stance ``<s_i>`` of every user, shape (n,).

    Examples
    --------
    >>> marginals(boltzmann(SpinSystem([[0, 0], [0, 0]], h=[1, 0]), temperature=1.0)).round(6)
    array([0.761594, 0.      ])
    """
    n = law.states.shape[1]
    return np.array([law.probabilities @ law.states[:, i] for i in range(n)], dtype=float)


def pair_correlations(law: Boltzmann) -> NDArray[np.float64]:
    """Return ``<s_i s_j>``, shape (n, n), with ones on the diagonal (not connected).

    Examples
    --------
    >>> pair_correlations(boltzmann(SpinSystem([[0, 1], [1, 0]]), temperature=1.0)).round(6)
    array([[1.      , 0.761594],
           [0.761594, 1.      ]])
    """
    n = law.states.shape[1]
    table = np.eye(n)
    for i in range(n):
        for j in range(i):
            product = law.states[:, i] * law.states[:, j]
            table[i, j] = table[j, i] = law.probabilities @ product
    return table
