"""Closed forms of statistical physics that simulations are compared with, one function each.

Unit coupling ``J = 1`` and ``k_B = 1`` throughout; temperatures in units of ``J``, times in sweeps.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
from scipy.optimize import brentq
from scipy.special import ive

__all__ = [
    "bethe_glass_temperature",
    "coercive_field",
    "complete_graph_relaxation_time",
    "erdos_renyi_temperature",
    "escape_barrier",
    "kaufman_energy",
    "onsager_magnetization",
    "onsager_temperature",
    "random_regular_temperature",
    "ring_correlation_length",
    "ring_energy",
    "ring_relaxation_time",
    "ring_susceptibility",
    "ring_wall_density",
    "two_cycle_threshold",
    "watts_window",
]


def ring_energy(temperature: float) -> float:
    """Return the energy per user of an infinite ring, ``-tanh(1/T)`` (Ising 1925).

    Examples
    --------
    >>> round(ring_energy(1.0), 6)
    -0.761594
    """
    return -math.tanh(1 / temperature)


def ring_correlation_length(temperature: float) -> float:
    """Return ``xi = -1 / ln tanh(1/T)`` of ``<s_0 s_r> = exp(-r/xi)`` on the ring (Ising 1925).

    Examples
    --------
    >>> round(ring_correlation_length(1.0), 5)
    3.67186
    """
    return -1 / math.log(math.tanh(1 / temperature))


def ring_susceptibility(temperature: float) -> float:
    """Return ``n var(m) / T = exp(2/T) / T`` of the infinite ring (Ising 1925).

    Examples
    --------
    >>> round(ring_susceptibility(1.0), 5)
    7.38906
    """
    return math.exp(2 / temperature) / temperature


def ring_relaxation_time(temperature: float) -> float:
    """Return the decay time of ``m`` on the ring, ``1 / (1 - tanh(2/T))`` sweeps.

    References
    ----------
    R. J. Glauber, J. Math. Phys. 4, 294 (1963).

    Examples
    --------
    >>> round(ring_relaxation_time(2.0), 3)
    4.195
    """
    return 1 / (1 - math.tanh(2 / temperature))


def ring_wall_density(time: float) -> float:
    """Return the walls per tie after a quench of the ring from random stances to ``T = 0``.

    ``1/2 exp(-2t) [I_0(2t) + I_1(2t)]``, ``t`` in sweeps.

    References
    ----------
    R. J. Glauber, J. Math. Phys. 4, 294 (1963); A. J. Bray, J. Phys. A 22, L67 (1990).

    Examples
    --------
    >>> round(ring_wall_density(1.0), 5), round(ring_wall_density(10.0), 5)
    (0.26189, 0.08864)
    """
    return 0.5 * float(ive(0, 2 * time) + ive(1, 2 * time))


def complete_graph_relaxation_time(temperature: float) -> float:
    """Return the decay time of ``m`` on the complete graph (``J = 1/n``) above ``T = 1``, sweeps.

    Examples
    --------
    >>> round(complete_graph_relaxation_time(1.5), 9)
    3.0
    """
    return 1 / (1 - 1 / temperature)


def coercive_field(temperature: float) -> float:
    """Return the field at which the metastable complete graph flips; 0 for ``T >= 1``.

    ``h_s = sqrt(1 - T) - T artanh sqrt(1 - T)``, the mean-field spinodal.

    Examples
    --------
    >>> round(coercive_field(0.5), 5), coercive_field(1.2)
    (0.26642, 0.0)
    """
    if temperature >= 1:
        return 0.0
    m = math.sqrt(1 - temperature)
    return m - (temperature * math.atanh(m) if m < 1 else 0.0)


def escape_barrier(temperature: float) -> float:
    """Return ``barrier / T`` per user of the complete graph: ``ln(escape time) / n`` for large n.

    The mean-field free energy ``f(m) = -m^2/2 - T S(m)`` at its top ``m = 0`` less that at the
    consensus ``m = tanh(m/T)``; 0 for ``T >= 1``.

    References
    ----------
    R. B. Griffiths, C.-Y. Weng, J. S. Langer, Phys. Rev. 149, 301 (1966).

    Examples
    --------
    >>> round(escape_barrier(0.7), 4)
    0.0897
    """
    if temperature >= 1:
        return 0.0
    m = float(brentq(lambda x: math.tanh(x / temperature) - x, 1e-9, 1.0))
    up, down = (1 + m) / 2, (1 - m) / 2
    entropy = -up * math.log(up) - (down * math.log(down) if down else 0.0)
    return m**2 / (2 * temperature) + entropy - math.log(2)


def onsager_temperature() -> float:
    """Return ``T_c = 2 / ln(1 + sqrt 2)`` of the square lattice (Onsager 1944).

    Examples
    --------
    >>> round(onsager_temperature(), 9)
    2.269185314
    """
    return 2 / math.log(1 + math.sqrt(2))


def onsager_magnetization(temperature: float) -> float:
    """Return ``(1 - sinh(2/T)^-4)^(1/8)``, the order of the infinite square lattice (Yang 1952).

    Examples
    --------
    >>> round(onsager_magnetization(2.0), 6), onsager_magnetization(2.5)
    (0.911319, 0.0)
    """
    if temperature >= onsager_temperature():
        return 0.0
    return float((1 - math.sinh(2 / temperature) ** -4) ** 0.125)


def kaufman_energy(temperature: float, side: int) -> float:
    """Return the exact energy per user of the periodic ``side`` x ``side`` lattice.

    Minus the derivative of ``ln Z`` with respect to ``1/T``, with Kaufman's
    ``Z = 1/2 (2 sinh 2K)^(L^2/2) (Z_1 + Z_2 + Z_3 + Z_4)`` taken analytically.

    Parameters
    ----------
    temperature : float
        > 0.
    side : int
        Users along one side, L.

    References
    ----------
    B. Kaufman, Phys. Rev. 76, 1232 (1949); A. E. Ferdinand, M. E. Fisher, Phys. Rev. 185, 832
    (1969).

    Examples
    --------
    >>> round(kaufman_energy(onsager_temperature(), 8), 6)
    -1.491589
    """
    K, L = 1 / temperature, side
    sinh, cosh = math.sinh(2 * K), math.cosh(2 * K)
    angle = np.arange(1, 2 * L) * np.pi / L
    level = np.concatenate(
        [[2 * K + math.log(math.tanh(K))], np.arccosh(cosh**2 / sinh - np.cos(angle))]
    )
    slope = np.empty(2 * L)
    slope[0] = 2 + 2 / sinh
    slope[1:] = 2 * cosh * (1 - sinh**-2) / np.sinh(level[1:])
    half, rate = L * level / 2, L * slope / 2
    odd, even = slice(1, None, 2), slice(2, None, 2)
    log_cosh = np.logaddexp(half, -half)
    log_sinh = np.abs(half) + np.log1p(
        -np.exp(-2 * np.abs(half)), where=half != 0, out=np.zeros(2 * L)
    )
    rest = log_sinh[even].sum()
    rest_rate = float((rate[even] / np.tanh(half[even])).sum())
    logs = np.array([log_cosh[odd].sum(), log_sinh[odd].sum(), log_cosh[0] + log_cosh[even].sum()])
    top = max(float(logs.max()), float(rest + log_cosh[0]))
    terms = np.append(np.exp(logs - top), 2 * math.sinh(half[0]) * math.exp(rest - top))
    # The fourth product starts with 2 sinh(L gamma_0 / 2), which changes sign at T_c.
    rates = terms * [
        (rate[odd] * np.tanh(half[odd])).sum(),
        (rate[odd] / np.tanh(half[odd])).sum(),
        rate[0] * math.tanh(half[0]) + (rate[even] * np.tanh(half[even])).sum(),
        rest_rate,
    ]
    rates[3] += 2 * rate[0] * math.cosh(half[0]) * math.exp(rest - top)
    return float(-cosh / sinh - rates.sum() / terms.sum() / L**2)


def random_regular_temperature(degree: int) -> float:
    """Return ``T_c = 2 / ln(z / (z - 2))`` of the random z-regular graph (Bethe 1935).

    Examples
    --------
    >>> round(random_regular_temperature(3), 6)
    1.820478
    """
    return 2 / math.log(degree / (degree - 2))


def erdos_renyi_temperature(mean_degree: float) -> float:
    """Return ``T_c = 1 / artanh(1/<k>)`` of the Poisson random graph.

    References
    ----------
    S. N. Dorogovtsev, A. V. Goltsev, J. F. F. Mendes, Rev. Mod. Phys. 80, 1275 (2008).

    Examples
    --------
    >>> round(erdos_renyi_temperature(4), 5)
    3.91523
    """
    return 1 / math.atanh(1 / mean_degree)


def bethe_glass_temperature(degree: int) -> float:
    """Return the glass temperature of +-1 couplings on the Bethe lattice.

    Solves ``(z - 1) tanh^2(1/T) = 1``.

    References
    ----------
    D. J. Thouless, Phys. Rev. Lett. 56, 1082 (1986).

    Examples
    --------
    >>> round(bethe_glass_temperature(3), 6)
    1.134593
    """
    return 1 / math.atanh(1 / math.sqrt(degree - 1))


def two_cycle_threshold(order: str = "random") -> float:
    """Return ``|strength| / T`` above which a feed against everyone's mean oscillates.

    Without couplings, ``phi = -strength m`` frozen for a sweep gives ``m' = q m - (1 - q)
    tanh(strength m / T)`` with ``q = 1/e`` of the users not drawn in n random updates and ``q = 0``
    when each is drawn once (``order = "permutation"``); ``m = 0`` turns into a two-cycle at slope
    -1. With a refresh at every update there is no two-cycle.

    Examples
    --------
    >>> round(two_cycle_threshold(), 3), two_cycle_threshold("permutation")
    (2.164, 1.0)
    """
    untouched = 0.0 if order == "permutation" else math.exp(-1)
    return (1 + untouched) / (1 - untouched)


class CascadeWindow(NamedTuple):
    """Between which mean degrees; NaN where nowhere."""

    low: float
    high: float


def watts_window(threshold: float) -> CascadeWindow:
    """Return the mean degrees between which one adopter can start a global cascade.

    Poisson graphs: ``sum_{k <= 1/threshold} k (k-1) p_k > <k>``.

    References
    ----------
    D. J. Watts, PNAS 99, 5766 (2002).

    Examples
    --------
    >>> [round(z, 3) for z in watts_window(0.18)]
    [1.021, 5.765]
    """
    largest = math.floor(1 / threshold + 1e-9)

    def excess(z: float) -> float:
        return (
            sum(math.exp(-z) * z ** (k - 1) / math.factorial(k - 2) for k in range(2, largest + 1))
            - 1
        )

    grid = np.linspace(0.01, 20 + 2 * largest, 4000)
    inside = grid[np.array([excess(z) for z in grid]) > 0]
    if not inside.size:
        return CascadeWindow(math.nan, math.nan)
    step = grid[1] - grid[0]
    return CascadeWindow(
        float(brentq(excess, inside[0] - step, inside[0])),
        float(brentq(excess, inside[-1], inside[-1] + step)),
    )
