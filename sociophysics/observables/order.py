"""Order parameters: one number per configuration of stances.

Every function takes ``(system, spins)`` with ``spins`` of shape (n,), and returns a float, or of
shape (replicas, n), and returns an array of shape (replicas,). Sums over stances and ties are sums
of integers and therefore exact. A mean over nothing (no users, no ties) is NaN.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from sociophysics.arguments import asks
from sociophysics.errors import InputError
from sociophysics.society.camps import camps_of, two_sides
from sociophysics.society.spins import SpinSystem
from sociophysics.society.ties import ties

__all__ = [
    "abs_camp_polarization",
    "abs_magnetization",
    "camp_polarization",
    "edge_agreement",
    "energy",
    "local_agreement",
    "magnetization",
    "passed",
    "unsatisfied_fraction",
]


@asks
def magnetization(system: SpinSystem, spins: ArrayLike) -> Any:
    """Return the mean stance ``m = sum_i s_i / n``, signed.

    Parameters
    ----------
    system : SpinSystem
    spins : int array, shape (n,) or (replicas, n)

    Returns
    -------
    float, or array of shape (replicas,)

    Examples
    --------
    >>> magnetization(SpinSystem([[0, 1], [1, 0]]), [[1, 1], [1, -1]])
    array([1., 0.])
    """
    s = system.check_spins(spins)
    return _like(s, _share(_rows(s).sum(axis=1, dtype=np.int64), system.n))


@asks
def passed(system: SpinSystem, spins: ArrayLike) -> Any:
    """Return whether more users hold +1 than -1: 1, 0, or 1/2 at a tie.

    Averaged over time and replicas it is the chance that a roll call passes.

    Parameters
    ----------
    system : SpinSystem
    spins : int array, shape (n,) or (replicas, n)

    Examples
    --------
    >>> passed(SpinSystem([[0, 1], [1, 0]]), [[1, 1], [1, -1]])
    array([1. , 0.5])
    """
    s = system.check_spins(spins)
    return _like(s, (1 + np.sign(_rows(s).sum(axis=1, dtype=np.int64))) / 2)


@asks
def abs_magnetization(system: SpinSystem, spins: ArrayLike) -> Any:
    """Return the strength of consensus ``|m|``, whichever side won.

    Parameters
    ----------
    system : SpinSystem
    spins : int array, shape (n,) or (replicas, n)

    Examples
    --------
    >>> abs_magnetization(SpinSystem([[0, 1], [1, 0]]), [-1, -1])
    1.0
    """
    return abs(magnetization(system, spins))


@asks
def energy(system: SpinSystem, spins: ArrayLike) -> Any:
    """Return the energy per user ``E/n = (-1/2 s'Js - h's)/n`` in units of ``J``, feeds left out.

    Parameters
    ----------
    system : SpinSystem
        Symmetric couplings.
    spins : int array, shape (n,) or (replicas, n)

    Raises
    ------
    InputError
        Directed couplings have no energy.

    Examples
    --------
    >>> energy(SpinSystem([[0, 1], [1, 0]]), [1, 1])
    -0.5
    """
    s = system.check_spins(spins)
    return _like(s, _share(np.atleast_1d(system.energy(s)), system.n))


@asks
def camp_polarization(system: SpinSystem, spins: ArrayLike, camps: ArrayLike | None = None) -> Any:
    """Return ``(m_0 - m_1)/2``: how far the two camps stand apart, signed by their order.

    Parameters
    ----------
    system : SpinSystem
    spins : int array, shape (n,) or (replicas, n)
    camps : int array, shape (n,), optional
        Users with -1 belong to no camp and do not count; ``system.nodes["camp"]`` if left out.

    Returns
    -------
    float, or array of shape (replicas,)
        +1: all of camp 0 at +1 and all of camp 1 at -1; 0: no difference between the camps.

    Raises
    ------
    InputError
        Other than exactly two camps.

    Examples
    --------
    >>> camp_polarization(SpinSystem([[0, 1], [1, 0]]), [1, -1], camps=[0, 1])
    1.0
    """
    s = system.check_spins(spins)
    first, second = two_sides(
        system, camps, "camp_polarization", "; use abs_camp_polarization for more than two"
    )
    return _like(s, (_mean(s, first) - _mean(s, second)) / 2)


@asks
def abs_camp_polarization(
    system: SpinSystem, spins: ArrayLike, camps: ArrayLike | None = None
) -> Any:
    """Return how far the camps stand apart, unsigned, between 0 and 1.

    Two camps: ``|m_0 - m_1|/2``. More: the standard deviation of the camps' mean stances divided
    by its maximum, 1 for an even number C of camps and ``sqrt(1 - 1/C^2)`` for an odd one. Camps
    count equally, whatever their size.

    Parameters
    ----------
    system : SpinSystem
    spins : int array, shape (n,) or (replicas, n)
    camps : int array, shape (n,), optional
        Users with -1 belong to no camp and do not count; ``system.nodes["camp"]`` if left out.

    Raises
    ------
    InputError
        Fewer than two camps.

    Examples
    --------
    >>> abs_camp_polarization(SpinSystem([[0, 1], [1, 0]]), [-1, 1], camps=[0, 1])
    1.0
    """
    s = system.check_spins(spins)
    numbers = camps_of(system, camps, "abs_camp_polarization")
    present = np.unique(numbers[numbers >= 0])
    if present.size < 2:
        raise InputError(
            f"abs_camp_polarization needs two camps or more, but {present.size} "
            f"{'is' if present.size == 1 else 'are'} present; give the users their camps."
        )
    means = np.array([_mean(s, numbers == camp) for camp in present])
    if present.size == 2:
        return _like(s, abs(means[0] - means[1]) / 2)
    odd = present.size % 2
    return _like(s, means.std(axis=0) / np.sqrt(1 - odd / present.size**2))


@asks
def edge_agreement(system: SpinSystem, spins: ArrayLike) -> Any:
    """Return the share of ties whose two ends hold equal stances; NaN without ties.

    Parameters
    ----------
    system : SpinSystem
        A mutual tie counts once.
    spins : int array, shape (n,) or (replicas, n)

    Examples
    --------
    >>> edge_agreement(SpinSystem.from_edges([0, 1], [1, 2]), [1, 1, -1])
    0.5
    """
    s = system.check_spins(spins)
    known = ties(system)
    return _like(s, (1 + _share(_tie_sum(known.once, s), known.count)) / 2)


@asks
def unsatisfied_fraction(system: SpinSystem, spins: ArrayLike) -> Any:
    """Return the share of ties with ``J_ij s_i s_j < 0``; NaN without ties.

    Parameters
    ----------
    system : SpinSystem
        A mutual tie counts once, whatever its strength.
    spins : int array, shape (n,) or (replicas, n)

    Examples
    --------
    >>> unsatisfied_fraction(SpinSystem.from_edges([0, 1], [1, 2], [1, -1]), [1, 1, 1])
    0.5
    """
    s = system.check_spins(spins)
    known = ties(system)
    return _like(s, (1 - _share(_tie_sum(known.sign, s), known.count)) / 2)


@asks
def local_agreement(system: SpinSystem, spins: ArrayLike) -> Any:
    """Return the mean over users of ``s_i`` times the mean stance of ``i``'s neighbours.

    Neighbours are those whom ``i`` listens to, friends and antagonists alike; users who listen to
    nobody are left out, and without any tie the result is NaN. 1: everyone sees agreement only.

    Parameters
    ----------
    system : SpinSystem
    spins : int array, shape (n,) or (replicas, n)

    Examples
    --------
    >>> local_agreement(SpinSystem.from_edges([0, 1], [1, 2], n=4), [1, 1, -1, 1])
    0.0
    """
    s = system.check_spins(spins)
    known = ties(system)
    listening = known.degree > 0
    stances = np.ascontiguousarray(_rows(s).T, dtype=np.float64)
    agreement = (stances * (known.neighbours @ stances))[listening]
    mean = agreement / known.degree[listening, np.newaxis]
    return _like(s, _share(_sum_over_users(mean), int(listening.sum())))


def _rows(s: NDArray[np.int8]) -> NDArray[np.int8]:
    return s[np.newaxis] if s.ndim == 1 else s


def _like(s: NDArray[np.int8], values: NDArray[np.float64]) -> Any:
    return float(values[0]) if s.ndim == 1 else values


def _share(total: NDArray[Any], count: int) -> NDArray[np.float64]:
    return total / count if count else np.full(total.shape, np.nan)


def _mean(s: NDArray[np.int8], members: NDArray[np.bool_]) -> NDArray[np.float64]:
    total = _rows(s)[:, members].sum(axis=1, dtype=np.int64)
    return _share(total, int(members.sum()))


def _tie_sum(matrix: Any, s: NDArray[np.int8]) -> NDArray[np.float64]:
    # One sparse product over the ties listed once: four times as fast as gathering both ends.
    stances = np.ascontiguousarray(_rows(s).T, dtype=np.float64)
    return _sum_over_users(stances * (matrix @ stances))


def _sum_over_users(values: NDArray[np.float64]) -> NDArray[np.float64]:
    # Replica by replica: the order of a sum, and so its rounding, must not depend on how many
    # replicas stand side by side in ``values`` (n, replicas).
    total: NDArray[np.float64] = np.ascontiguousarray(values.T).sum(axis=1)
    return total
