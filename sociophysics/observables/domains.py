"""Echo chambers: domains of aligned users, the walls between them, and how sorted ties are."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import scipy.sparse as sparse
from numpy.typing import ArrayLike, NDArray
from scipy.sparse.csgraph import connected_components

from sociophysics.errors import InputError
from sociophysics.observables.sorting import JointDensity, ei_index, joint_density
from sociophysics.society.spins import SpinSystem
from sociophysics.society.ties import require_undirected, ties
from sociophysics.streams import generator

__all__ = [
    "Domains",
    "JointDensity",
    "Walls",
    "by_size",
    "domains",
    "ei_index",
    "fk_domains",
    "joint_density",
    "persistence",
    "walls",
]


class Domains(NamedTuple):
    """A partition of the users into domains, the largest first."""

    labels: NDArray[np.int64]
    """Domain of each user, shape (n,); 0 is the largest, equal sizes in order of first member."""
    sizes: NDArray[np.int64]
    """Number of users in each domain, shape (domains,), falling."""

    def members(self, domain: int) -> NDArray[np.int64]:
        """Return the users of one domain, rising."""
        return np.flatnonzero(self.labels == domain)


class Walls(NamedTuple):
    """The unsatisfied ties of one configuration and who stands on them."""

    ties: NDArray[np.int64]
    """Ends of each tie with ``J_ij s_i s_j < 0``, shape (walls, 2)."""
    energy: float
    """Their energy, the sum of ``|J|`` over them, in units of ``J``."""
    load: NDArray[np.float64]
    """Sum of ``|J|`` over each user's own unsatisfied ties, shape (n,)."""
    users: NDArray[np.int64]
    """Users on at least one wall, rising."""
    pressure: NDArray[np.float64]
    """Local field against the own stance, ``-s_i f_i``, shape (n,); > 0 pushes to change."""


def domains(system: SpinSystem, spins: ArrayLike) -> Domains:
    """Return the domains: users of equal stance linked through friendly ties (``J_ij > 0``).

    On dense networks such domains span the network even for random stances; ``fk_domains`` are
    the ones that the couplings hold together. Directed ties link both ways.

    Parameters
    ----------
    system : SpinSystem
    spins : int array, shape (n,)

    Returns
    -------
    Domains

    Examples
    --------
    >>> domains(SpinSystem.from_edges([0, 1, 2], [1, 2, 3]), [1, 1, 1, -1])
    Domains(labels=array([0, 0, 0, 1]), sizes=array([3, 1]))
    """
    s = _one(system, spins)
    known = ties(system)
    aligned = (known.coupling > 0) & (s[known.source] == s[known.target])
    return _components(system.n, known.source[aligned], known.target[aligned])


def fk_domains(system: SpinSystem, spins: ArrayLike, *, temperature: float, seed: int) -> Domains:
    """Return one draw of the Fortuin-Kasteleyn domains, which the couplings hold together at T.

    Each satisfied tie (``J_ij s_i s_j > 0``) is kept with probability ``1 - exp(-2|J_ij|/T)``;
    what stays connected is a domain. Held by antagonism, a domain can hold both stances.

    Parameters
    ----------
    system : SpinSystem
    spins : int array, shape (n,)
    temperature : float
        In units of ``J``; 0 keeps every satisfied tie, infinity none.
    seed : int

    Raises
    ------
    InputError
        Directed couplings, or a temperature below zero.

    References
    ----------
    Fortuin & Kasteleyn, Physica 57, 536 (1972); Edwards & Sokal, Phys. Rev. D 38, 2009 (1988).

    Examples
    --------
    >>> system = SpinSystem.from_edges([0, 1, 2], [1, 2, 3])
    >>> fk_domains(system, [1, 1, 1, -1], temperature=0, seed=1).sizes
    array([3, 1])
    """
    require_undirected(system, "fk_domains")
    if not temperature >= 0:
        raise InputError(f"temperature is {temperature}; it must be >= 0.")
    s = _one(system, spins)
    known = ties(system)
    satisfied = known.coupling * s[known.source] * s[known.target] > 0
    with np.errstate(divide="ignore"):
        keep = -np.expm1(-2 * np.abs(known.coupling) / np.float64(temperature))
    kept = satisfied & (generator(seed, "observables").random(known.count) < keep)
    return _components(system.n, known.source[kept], known.target[kept])


def persistence(system: SpinSystem, spins: ArrayLike) -> NDArray[np.float64]:
    """Return which share of the pairs that share a domain at first share one at each later time.

    Parameters
    ----------
    system : SpinSystem
    spins : int array, shape (times, n)
        Recorded stances of one replica, the first row being the reference.

    Returns
    -------
    array, shape (times,)
        The first entry is 1.

    Raises
    ------
    InputError
        No two users share a domain at first.

    Examples
    --------
    >>> system = SpinSystem.from_edges([0, 1, 2], [1, 2, 3])
    >>> persistence(system, [[1, 1, 1, -1], [1, 1, -1, -1]])
    array([1.        , 0.33333333])
    """
    series = system.check_spins(spins)
    if series.ndim != 2 or len(series) == 0:
        raise InputError(
            f"spins have shape {series.shape}; persistence needs (times, {system.n}), one time or "
            "more."
        )
    first = domains(system, series[0])
    together = _pairs(first.sizes)
    if together == 0:
        raise InputError(
            "no two users share a domain in the first configuration, so no persistence is defined; "
            "start from a later one."
        )
    return np.array([_shared(first, domains(system, s)) / together for s in series])


def walls(system: SpinSystem, spins: ArrayLike) -> Walls:
    """Return the unsatisfied ties, the energy on them, the users on them and their pressure.

    Parameters
    ----------
    system : SpinSystem
    spins : int array, shape (n,)

    Returns
    -------
    Walls
        With ``h = 0``: total energy ``E = -sum |J| + 2 walls.energy``.

    Examples
    --------
    >>> wall = walls(SpinSystem.from_edges([0, 1, 2], [1, 2, 3]), [1, 1, -1, -1])
    >>> wall.ties, wall.energy, wall.users
    (array([[1, 2]]), 1.0, array([1, 2]))
    """
    s = _one(system, spins)
    known = ties(system)
    wrong = known.coupling * s[known.source] * s[known.target] < 0
    i, j, weight = known.source[wrong], known.target[wrong], np.abs(known.coupling[wrong])
    load = np.zeros(system.n)
    np.add.at(load, i, weight)
    if system.is_symmetric:  # a directed tie burdens only the user who listens
        np.add.at(load, j, weight)
    pressure = -s * system.local_field(s)
    ends = np.column_stack([i, j])
    return Walls(ends, float(weight.sum()), load, np.unique(ends), pressure)


def by_size(groups: ArrayLike) -> Domains:
    """Return a partition with its groups numbered from the largest on, ties by first member.

    Examples
    --------
    >>> by_size([7, 3, 3])
    Domains(labels=array([1, 0, 0]), sizes=array([2, 1]))
    """
    _, first, label, sizes = np.unique(
        groups, return_index=True, return_inverse=True, return_counts=True
    )
    order = np.lexsort((first, -sizes))
    rank = np.empty_like(order)
    rank[order] = np.arange(order.size)
    return Domains(rank[label], sizes[order].astype(np.int64))


def _one(system: SpinSystem, spins: ArrayLike) -> NDArray[np.int8]:
    s = system.check_spins(spins)
    if s.ndim != 1:
        raise InputError(f"spins have shape {s.shape}; give one configuration, ({system.n},).")
    return s


def _components(n: int, i: NDArray[np.int64], j: NDArray[np.int64]) -> Domains:
    graph = sparse.coo_array((np.ones(i.size, np.int8), (i, j)), shape=(n, n))
    return by_size(connected_components(graph, directed=False)[1] if n else np.empty(0, np.int64))


def _pairs(sizes: NDArray[np.int64]) -> int:
    return int((sizes * (sizes - 1) // 2).sum())


def _shared(first: Domains, later: Domains) -> int:
    both = first.labels * np.int64(later.sizes.size) + later.labels
    return _pairs(np.unique(both, return_counts=True)[1])
