r"""Free energy, energy, entropy and heat capacity, by four ways that have to agree.

.. math::
    F = -T \ln Z, \quad S = (E - F)/T, \quad
    \frac{F}{T} = -n \ln 2 + \int_0^{1/T} E(\beta) \, d\beta

Enumeration is exact up to 20 users, the cavity method on trees; thermodynamic integration measures
``E`` at temperatures from infinity down, and annealed importance sampling cools copies and weighs
them [1]_. How much disorder there is, in bits: ``S / (n ln 2)`` of a bit per user.

Few copies show too little of the weights' tail. Intervals of the annealed way are therefore the
union of the jackknife's and of what a normal law of log weight and energy leaves open [2]_.

References
----------
.. [1] R. M. Neal, Stat. Comput. 11, 125 (2001).
.. [2] K. Krishnamoorthy and T. Mathew, J. Stat. Plan. Inference 115, 103 (2003).
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.special import logsumexp

from sociophysics.arguments import asks
from sociophysics.dynamics import trajectory
from sociophysics.errors import InputError, did_you_mean
from sociophysics.experiments.valleys import dense_couplings, started_chains
from sociophysics.inference.estimators.tempering import pack
from sociophysics.society.spins import SpinSystem
from sociophysics.statistics import Interval, mean_interval, pseudo_values
from sociophysics.streams import generator
from sociophysics.theory import cavity, exact
from sociophysics.theory.premises import check_positive, check_symmetric

__all__ = ["METHODS", "Thermodynamics", "thermodynamics"]

Floats = NDArray[np.float64]
METHODS = ("enumeration", "cavity", "integration", "annealed")
NODES = 12  # of the integral over 1/T
STEP = 1e-4  # relative, of the derivative that gives the cavity's heat capacity
SHARED = 0.25  # of the copies must carry the weights for an interval of them
FEWEST = 3  # copies without which log weight and energy have no covariance to speak of
DRAWS = 2000


class Thermodynamics(NamedTuple):
    """Per user: free energy, energy, entropy (in nats) and heat capacity, with 95 % intervals.

    Those of exact ways are points; what a way does not give is NaN.
    """

    free_energy: Interval
    energy: Interval
    entropy: Interval
    heat_capacity: Interval
    method: str


@asks
def thermodynamics(
    system: SpinSystem,
    *,
    temperature: float,
    seed: int,
    method: str = "integration",
    sweeps: int = 400,
    burn_in: int = 100,
    replicas: int = 16,
) -> Thermodynamics:
    """Return free energy, energy, entropy and heat capacity per user at a temperature.

    Parameters
    ----------
    system : SpinSystem
        Mutual ties.
    temperature : float
        > 0.
    seed : int
        Of the ways that simulate.
    method : {"enumeration", "cavity", "integration", "annealed"}
        integration: twelve values of ``1/T`` (Gauss-Legendre), from random starts. annealed: copies
        cooled in ``sweeps`` steps from infinite temperature; up to 4,096 users.
    sweeps, burn_in : int
        At each temperature of the integration; of ``annealed`` the whole cooling, without burn-in.
    replicas : int
        Intervals are those of independent replicas.

    Raises
    ------
    InputError
        Directed ties, a temperature that is not positive, too many users for the method, a cavity
        that does not converge, or counts out of range.

    Examples
    --------
    >>> pair = SpinSystem([[0, 1], [1, 0]])
    >>> keys = dict(temperature=1.0, seed=1)
    >>> round(thermodynamics(pair, method="enumeration", **keys).free_energy.mean, 6)
    -0.910038
    >>> found = thermodynamics(pair, method="annealed", **keys)
    >>> bool(abs(found.free_energy.mean + 0.910038) < 0.02)
    True
    """
    T = check_positive(temperature, what="thermodynamics")
    if not math.isfinite(T):
        raise InputError("temperature is inf; there the entropy is ln 2 per user.")
    check_symmetric(system, what="thermodynamics")
    if method not in METHODS:
        raise InputError(f"method is {method!r}; {did_you_mean(method, METHODS)}")
    if replicas < 2 or not 0 <= burn_in < sweeps:
        raise InputError(
            f"replicas is {replicas}, sweeps {sweeps} and burn_in {burn_in}; give 2 replicas or "
            "more, and burn_in below sweeps."
        )
    if method == "enumeration":
        return _enumerated(system, T)
    if method == "cavity":
        return _by_cavity(system, T)
    if method == "annealed":
        return _annealed(system, T, sweeps, replicas, seed)
    return _integrated(system, T, sweeps, burn_in, replicas, seed)


def _point(value: float) -> Interval:
    return Interval(value, value, value)


def _enumerated(system: SpinSystem, T: float) -> Thermodynamics:
    law, found = exact.boltzmann(system, temperature=T), exact.moments(system, temperature=T)
    free = -T * law.log_z / system.n
    return Thermodynamics(
        _point(free), _point(found.energy), _point((found.energy - free) / T),
        _point(found.heat_capacity), "enumeration",
    )  # fmt: skip


def _by_cavity(system: SpinSystem, T: float) -> Thermodynamics:
    def solved(at: float) -> tuple[float, float]:
        found = cavity.belief_propagation(system, temperature=at, damping=0.3)
        if not found.converged:
            raise InputError(
                f"the cavity equations do not converge at temperature {at:.6g}; use another method."
            )
        pairs = float(system.J.multiply(found.correlations).sum()) / 2
        energy = -pairs - float(system.h @ found.magnetizations)
        return found.free_energy / system.n, energy / system.n

    free, energy = solved(T)
    capacity = (solved(T * (1 + STEP))[1] - solved(T * (1 - STEP))[1]) / (2 * STEP * T)
    return Thermodynamics(
        _point(free), _point(energy), _point((energy - free) / T), _point(capacity), "cavity"
    )


def _energies(
    system: SpinSystem, T: float, sweeps: int, burn_in: int, replicas: int, seed: int
) -> Floats:
    """Return total energies after burn-in, shape (replicas, frames)."""
    run = trajectory(system, temperature=T, sweeps=sweeps, seed=seed, replicas=replicas)
    return np.array([system.energy(f.spins) for f in run if f.sweep > burn_in]).T


def _capacity(energies: Floats, n: int, T: float) -> Interval:
    """Return ``var(E)/(n T^2)`` by the jackknife over replicas."""
    middle = energies.mean()
    moments = np.stack([(energies - middle).mean(1), ((energies - middle) ** 2).mean(1)], axis=-1)
    values = pseudo_values(moments, lambda q: (q[..., 1] - q[..., 0] ** 2) / (n * T**2))
    return mean_interval(values)


def _integrated(
    system: SpinSystem, T: float, sweeps: int, burn_in: int, replicas: int, seed: int
) -> Thermodynamics:
    node, weight = np.polynomial.legendre.leggauss(NODES)
    beta, weight = (node + 1) / (2 * T), weight / (2 * T)
    total = np.full(replicas, -system.n * math.log(2))
    for k, (at, share) in enumerate(zip(beta.tolist(), weight.tolist(), strict=True)):
        found = _energies(system, 1 / at, sweeps, burn_in, replicas, seed + 1 + k)
        total += share * found.mean(axis=1)
    here = _energies(system, T, sweeps, burn_in, replicas, seed)
    free, energy = T * total / system.n, here.mean(axis=1) / system.n
    return Thermodynamics(
        mean_interval(free), mean_interval(energy), mean_interval((energy - free) / T),
        _capacity(here, system.n, T), "integration",
    )  # fmt: skip


def _annealed(
    system: SpinSystem, T: float, sweeps: int, replicas: int, seed: int
) -> Thermodynamics:
    J, n = dense_couplings(system, "annealed importance sampling"), system.n
    chains = started_chains(n, replicas, seed)
    log_weight = np.zeros(replicas)
    energy = np.asarray(system.energy(chains.spins), dtype=np.float64)
    for step in range(sweeps):
        log_weight -= energy / (T * sweeps)
        chains.beta[:] = (step + 1) / (T * sweeps)
        fields = chains.run(J, system.h, sweeps=1, blocs=pack([]))
        energy = -0.5 * (chains.spins * (fields + system.h)).sum(axis=1)
    # All weight on few copies: the cooling was too fast for its sum to mean anything.
    effective = math.exp(2 * logsumexp(log_weight) - logsumexp(2 * log_weight))
    if effective < 2:
        raise InputError(
            f"{effective:.1f} of {replicas} copies carry the weight; cool more slowly (sweeps) or "
            "use method='integration'."
        )
    top = float(log_weight.max())
    weights = np.exp(log_weight - top)
    start = -T * (n * math.log(2) + top) / n
    values = weighted(weights, energy, T, n)
    values[0] += start
    values[2] -= start / T
    known = effective >= replicas * SHARED
    bounds = np.full((3, 2), np.nan)
    if known and replicas >= FEWEST:
        bounds = normal_bounds(log_weight - top, energy, T, n, generator(seed, "bootstrap"))
        bounds[0] += start
        bounds[2] -= start / T
    free, mean, entropy = (_joined(v, b) for v, b in zip(values, bounds, strict=True))
    unknown = Interval(math.nan, math.nan, math.nan)
    return Thermodynamics(free, mean, entropy, unknown, "annealed")


def weighted(weights: Floats, energy: Floats, T: float, n: int) -> Floats:
    """Return pseudo-values of free energy, energy and entropy per user, shape (3, copies).

    The free energy ``-T ln(mean weight)/n`` leaves out what all copies share, and the entropy with
    it.
    """
    moments = np.stack([weights, weights * energy], axis=-1)
    free = pseudo_values(moments, lambda q: -T * np.log(q[..., 0]) / n)
    mean = pseudo_values(moments, lambda q: q[..., 1] / q[..., 0] / n)
    return np.stack([free, mean, (mean - free) / T])


def normal_bounds(
    log_weight: Floats, energy: Floats, T: float, n: int, rng: np.random.Generator
) -> Floats:
    """Return 95 % bounds of what `weighted` estimates, shape (3, 2), under a joint normal law.

    With mean ``mu`` and covariance ``S`` of (log weight, energy) the mean weight is
    ``exp(mu_w + S_ww/2)`` and the weighted energy ``mu_E + S_wE``; both moments are drawn from
    their generalized pivots, so that the variances that few copies leave open count.
    """
    count = log_weight.size
    middle = np.array([log_weight.mean(), energy.mean()])
    (ww, we), (_, ee) = np.cov(log_weight, energy)
    root = math.sqrt(ww)
    tilt = we / root if root > 0 else 0.0
    rest = math.sqrt(max(ee - tilt**2, 0.0))
    # Sigma = (count - 1) L (A A')^-1 L' with Bartlett's factor A of a Wishart law.
    first, second = (np.sqrt(rng.chisquare(count - k, DRAWS)) for k in (1, 2))
    inner = math.sqrt(count - 1) / first
    across = -inner * rng.normal(size=DRAWS) / second
    last = math.sqrt(count - 1) / second
    of_weight = root * inner
    of_energy = np.stack([tilt * inner + rest * across, rest * last])
    shaken = rng.normal(size=(2, DRAWS)) / math.sqrt(count)
    log_mean = middle[0] + of_weight * shaken[0] + of_weight**2 / 2
    free = -T * log_mean / n
    mean = (middle[1] + (of_energy * shaken).sum(axis=0) + of_weight * of_energy[0]) / n
    drawn = np.stack([free, mean, (mean - free) / T])
    return np.asarray(np.quantile(drawn, [0.025, 0.975], axis=1).T)


def _joined(values: Floats, bounds: Floats) -> Interval:
    """Return the mean of pseudo-values with an interval that holds both; NaN without either."""
    mean, low, high = mean_interval(values)
    return Interval(mean, float(np.minimum(low, bounds[0])), float(np.maximum(high, bounds[1])))
