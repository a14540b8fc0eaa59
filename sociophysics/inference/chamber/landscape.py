"""The energy landscape of a fitted chamber: its minima, frustration and pivotal members."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from sociophysics import streams
from sociophysics.arguments import asks
from sociophysics.engine import dense
from sociophysics.errors import InputError
from sociophysics.inference.estimators.tempering import Chains
from sociophysics.society.spins import SpinSystem

__all__ = ["Array", "energy_minima", "frustrated_triangles", "pivotal_members"]

Array = NDArray[np.float64]


class Minima(NamedTuple):
    """The minima of the energy, deepest first, and the stances of each, shape (minima, n)."""

    table: pd.DataFrame
    spins: NDArray[np.int8]


class Triangles(NamedTuple):
    """The share of triangles that are frustrated, NaN without any, and how many there are."""

    share: float
    total: int


@asks
def energy_minima(system: SpinSystem, *, quenches: int = 2000, seed: int = 0) -> Minima:
    """Return the minima reached from random stances by flips that lower the energy.

    Parameters
    ----------
    system : SpinSystem
        Symmetric couplings.
    quenches : int
        Random starts.
    seed : int

    Returns
    -------
    Minima
        ``(table, spins)``; the table, deepest first: ``energy`` (total), ``basin`` the share of
        quenches that end there, ``yeas`` the number of
        members at +1, ``stability`` the energy of the cheapest single flip out of it, ``depth``
        the lowest barrier found on a direct path to a deeper minimum (infinite for the deepest).
        ``spins``, shape (minima, n), tell who sits where.

    Raises
    ------
    InputError
        Directed couplings, which have no energy.

    Examples
    --------
    Two friends agree, either way:

    >>> minima, spins = energy_minima(SpinSystem([[0, 1], [1, 0]]), quenches=100)
    >>> minima["energy"].tolist(), sorted(spins.tolist())
    ([-1.0, -1.0], [[-1, -1], [1, 1]])
    """
    if not system.is_symmetric:
        raise InputError(
            "minima are asked for, but the couplings are directed and have no energy; use "
            "symmetric couplings."
        )
    coupling = system.J.toarray()
    draw = streams.generator(seed, "start").integers(0, 2, (quenches, system.n))
    chains = Chains.start(
        (2 * draw - 1).astype(np.int8), np.ones(quenches), seed=seed, purpose="dynamics"
    )
    fields = chains.spins @ coupling + system.h
    dense.quench(chains.spins, fields, coupling, chains.keys, chains.counters)
    found, count = np.unique(chains.spins, axis=0, return_counts=True)
    energy = np.asarray(system.energy(found))
    order = np.lexsort([-count, energy])
    found, count, energy = found[order], count[order], energy[order]
    table = pd.DataFrame(
        {
            "energy": energy,
            "basin": count / quenches,
            "yeas": (found > 0).sum(axis=1),
            "stability": (2 * found * system.local_field(found)).min(axis=1),
            "depth": _depths(found, energy, coupling, system.h),
        }
    )
    return Minima(table, found)


@asks
def frustrated_triangles(system: SpinSystem, keep: NDArray[np.bool_] | None = None) -> Triangles:
    """Return the share of triangles with ``J_ij J_jk J_ki < 0``, and the number of triangles.

    Parameters
    ----------
    system : SpinSystem
    keep : bool array, shape (n, n), optional
        Couplings that count, such as the significant ones; symmetric.

    Examples
    --------
    >>> frustrated_triangles(SpinSystem([[0, 1, 1], [1, 0, -1], [1, -1, 0]]))
    Triangles(share=1.0, total=1)
    """
    sign = np.sign(system.J.toarray())
    if keep is not None:
        sign = sign * keep
    balance = float(np.einsum("ij,ji->", sign @ sign, sign)) / 6
    there = np.abs(sign)
    count = round(float(np.einsum("ij,ji->", there @ there, there)) / 6)
    return Triangles((count - balance) / 2 / count if count else float("nan"), count)


def pivotal_members(
    system: SpinSystem, spins: NDArray[np.int8], *, push: float = 0.5
) -> pd.DataFrame:
    """Return how the outcome changes when one member's field is raised by ``push``.

    Samples of the chamber at temperature 1 are reweighted by ``exp(push s_i)``, which is exact for
    any push and needs no further simulation.

    Parameters
    ----------
    system : SpinSystem
    spins : int8 array, shape (draws, n)
        Equilibrium samples at temperature 1.
    push : float
        Change of the field.

    Returns
    -------
    DataFrame, one row per member in the system's order
        ``passes`` the change of the chance of a yea majority, ``yeas`` that of the expected number
        of yeas, ``outcome`` the total variation between the distributions of the number of yeas.

    Examples
    --------
    Whoever leads the others moves the outcome most:

    >>> star = SpinSystem.from_edges([0, 0, 0, 0], [1, 2, 3, 4], 0.5)
    >>> from sociophysics.inference.estimators.tempering import temper
    >>> drawn = temper(star.J.toarray(), star.h, draws=4000, seed=0).spins[0]
    >>> int(pivotal_members(star, drawn)["passes"].argmax())
    0
    """
    yeas = (spins > 0).sum(axis=1)
    n = system.n
    before = np.bincount(yeas, minlength=n + 1) / len(spins)
    counts = np.arange(n + 1)
    majority = counts > n / 2
    change = np.empty((n, n + 1))
    for i in range(n):
        weight = np.exp(push * spins[:, i])
        change[i] = np.bincount(yeas, weight, n + 1) / weight.sum() - before
    return pd.DataFrame(
        {
            "passes": change @ majority,
            "yeas": change @ counts,
            "outcome": np.abs(change).sum(axis=1) / 2,
        },
        index=pd.Index(system.labels, tupleize_cols=False, name="user"),
    )


def _depths(minima: NDArray[np.int8], energy: Array, coupling: Array, h: Array) -> Array:
    """Return the lowest barrier from each minimum along greedy paths to the deeper ones."""
    depth = np.full(len(minima), np.inf)
    for a in range(1, len(minima)):
        deeper = np.flatnonzero(energy[:a] < energy[a] - 1e-9)
        # the barriers to a few of the nearest decide
        near = deeper[np.argsort((minima[deeper] != minima[a]).sum(axis=1))[:10]]
        for b in near:
            depth[a] = min(depth[a], _barrier(minima[a], minima[b], coupling, h))
    return depth


def _barrier(start: NDArray[np.int8], stop: NDArray[np.int8], coupling: Array, h: Array) -> float:
    """Return the highest rise when the members who differ turn, cheapest first."""
    spins = start.astype(float)
    field = coupling @ spins + h
    todo = list(np.flatnonzero(start != stop))
    rise = highest = 0.0
    while todo:
        cost = 2 * spins[todo] * field[todo]
        who = todo.pop(int(cost.argmin()))
        rise += float(cost.min())
        highest = max(highest, rise)
        spins[who] = -spins[who]
        field += 2 * spins[who] * coupling[who]
    return highest
