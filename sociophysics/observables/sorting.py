"""How sorted ties are: own stance against the neighbours', and ties inside against across camps."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from sociophysics.errors import InputError
from sociophysics.society.camps import camps_of
from sociophysics.society.spins import SpinSystem
from sociophysics.society.ties import ties

__all__ = ["JointDensity", "cross_ties", "ei_index", "joint_density", "sorting_of_ties"]


class JointDensity(NamedTuple):
    """Own stance against the mean stance of the neighbours, over all users that have any."""

    density: NDArray[np.float64]
    """Share of users per unit area, shape (bins, bins): rows own stance, columns neighbours'."""
    edges: NDArray[np.float64]
    """Bin edges of both axes, from -1 to 1, shape (bins + 1,)."""
    correlation: float
    """Pearson's correlation of the two; near 1 in echo chambers, 0 without sorting."""


def joint_density(system: SpinSystem, stances: ArrayLike, *, bins: int = 20) -> JointDensity:
    """Return the joint density of own stance and neighbours' mean stance, and their correlation.

    Parameters
    ----------
    system : SpinSystem
    stances : float array, shape (n,), between -1 and 1
        Stances, or their averages over time. Users without neighbours are left out.
    bins : int
        Number of bins along each axis.

    Raises
    ------
    InputError
        Stances outside -1 to 1, no ties, or stances that do not vary (no correlation exists).

    References
    ----------
    Cinelli et al., PNAS 118, e2023301118 (2021).

    Examples
    --------
    >>> joint_density(SpinSystem.from_edges([0, 2], [1, 3]), [1, 1, -1, -1], bins=2).density
    array([[0.5, 0. ],
           [0. , 0.5]])
    """
    x = np.asarray(stances, dtype=np.float64)
    if x.shape != (system.n,) or not np.all(np.abs(x) <= 1):
        raise InputError(
            f"stances have shape {x.shape}; allowed: ({system.n},) with values from -1 to 1."
        )
    known = ties(system)
    linked = known.degree > 0
    own = x[linked]
    others = (known.neighbours @ x)[linked] / known.degree[linked]
    if not linked.any() or np.ptp(own) == 0 or np.ptp(others) == 0:
        raise InputError(
            "own stances or the neighbours' means are the same for all users with ties, so they "
            "have no correlation; give stances that vary."
        )
    edges = np.linspace(-1, 1, bins + 1)
    density, _, _ = np.histogram2d(own, others, bins=[edges, edges], density=True)
    return JointDensity(density, edges, float(np.corrcoef(own, others)[0, 1]))


def ei_index(system: SpinSystem, camps: ArrayLike | None = None) -> float:
    """Return the E-I index ``(external - internal)/(external + internal)`` of the ties.

    -1: every tie stays inside a camp; +1: every tie crosses. Ties of users without a camp (-1)
    are left out; stances can serve as camps.

    Parameters
    ----------
    system : SpinSystem
    camps : int array, shape (n,), optional
        ``system.nodes["camp"]`` if left out.

    Raises
    ------
    InputError
        Fewer than two camps, or no tie between users with a camp.

    References
    ----------
    Krackhardt & Stern, Soc. Psychol. Q. 51, 123 (1988).

    Examples
    --------
    >>> ei_index(SpinSystem.from_edges([0, 1, 2], [1, 2, 3]), [0, 0, 1, 1])
    -0.3333333333333333
    """
    camp = camps_of(system, camps, "ei_index")
    known = ties(system)
    a, b = camp[known.source], camp[known.target]
    counted = (a >= 0) & (b >= 0)
    if np.unique(camp[camp >= 0]).size < 2 or not counted.any():
        raise InputError(
            "ei_index needs two camps or more and a tie between users who have one; with "
            f"{np.unique(camp[camp >= 0]).size} camps and {int(counted.sum())} such ties it is "
            "undefined."
        )
    external = int(np.sum(a[counted] != b[counted]))
    return (2 * external - int(counted.sum())) / int(counted.sum())


def cross_ties(
    system: SpinSystem, spins: ArrayLike, camps: ArrayLike | None = None
) -> NDArray[np.float64]:
    """Return the share of ties that cross camps, for each replica; NaN without such ties.

    Directed ties and antagonistic ones count like others, those of users without a camp (-1) not.

    Parameters
    ----------
    system : SpinSystem
    spins : int array, shape (replicas, n)
        Of which only the number of rows counts.
    camps : int array, shape (n,), optional
        ``system.nodes["camp"]`` if left out.

    Examples
    --------
    >>> path = SpinSystem.from_edges([0, 1, 2], [1, 2, 3])
    >>> cross_ties(path, np.ones((2, 4), np.int8), [0, 0, 1, 1]).round(3)
    array([0.333, 0.333])
    """
    between = _between_camps(system, camps, "cross_ties")
    share = 1.0 - np.trace(between) if between.sum() else np.nan
    return np.full(len(np.atleast_2d(spins)), share)


def sorting_of_ties(
    system: SpinSystem, spins: ArrayLike, camps: ArrayLike | None = None
) -> NDArray[np.float64]:
    """Return the assortativity of all ties by camp, for each replica; NaN where it has none.

    ``(sum_c e_cc - a_c b_c)/(1 - sum_c a_c b_c)``, ``e_cd`` the share of ties from camp c to d, a
    and b its sums: as ``assortativity`` does, of directed and antagonistic ties too.

    Parameters
    ----------
    system, spins, camps
        As for ``cross_ties``.

    References
    ----------
    Newman, Phys. Rev. E 67, 026126 (2003).

    Examples
    --------
    >>> path = SpinSystem.from_edges([0, 1, 2], [1, 2, 3])
    >>> sorting_of_ties(path, np.ones((1, 4), np.int8), [0, 0, 1, 1]).round(6)
    array([0.333333])
    """
    between = _between_camps(system, camps, "assortativity")
    expected = float((between.sum(axis=1) * between.sum(axis=0)).sum())
    known = between.sum() > 0 and expected < 1
    value = (np.trace(between) - expected) / (1 - expected) if known else np.nan
    return np.full(len(np.atleast_2d(spins)), value)


def _between_camps(system: SpinSystem, camps: ArrayLike | None, name: str) -> NDArray[np.float64]:
    """Return the share of ties from each camp to each."""
    camp = camps_of(system, camps, name)
    present = np.unique(camp[camp >= 0])
    J = system.J
    source = camp[np.repeat(np.arange(system.n), np.diff(J.indptr))]
    target = camp[J.indices]
    counted = (source >= 0) & (target >= 0)
    count = present.size
    cells = np.searchsorted(present, source[counted]) * count
    cells += np.searchsorted(present, target[counted])
    between = np.bincount(cells, minlength=count * count).reshape(count, count)
    return between / max(int(counted.sum()), 1)
