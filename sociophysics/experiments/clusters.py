r"""Cluster moves: equilibrium of friends without waiting for single users.

Two tied users of one stance are bound with probability ``1 - exp(-2 J_ij / T)``; each cluster that
hangs together then takes a stance at random [1]_. A field is a ghost user who never changes: who
is bound to it keeps the field's sign. They reach the same law as the heat bath, not by its
dynamics: how long anything takes is not seen here.

References
----------
.. [1] R. H. Swendsen, J.-S. Wang, Phys. Rev. Lett. 58, 86 (1987).
"""

from __future__ import annotations

import numpy as np
import scipy.sparse as sparse
from numpy.typing import NDArray
from scipy.sparse.csgraph import connected_components

from sociophysics.arguments import asks
from sociophysics.errors import InputError
from sociophysics.machine import require_memory
from sociophysics.society.spins import SpinSystem
from sociophysics.streams import generator
from sociophysics.theory.premises import check_symmetric

__all__ = ["swendsen_wang"]


@asks
def swendsen_wang(
    system: SpinSystem,
    *,
    temperature: float,
    sweeps: int,
    seed: int,
    burn_in: int = 0,
    replicas: int = 1,
    every: int = 1,
) -> NDArray[np.int8]:
    """Return stances in equilibrium by cluster moves, shape (replicas, frames, n).

    Parameters
    ----------
    system : SpinSystem
        Mutual couplings >= 0; fields of any sign.
    temperature : float
        Above 0.
    sweeps : int
        Cluster moves of the whole society.
    seed : int
        All replicas share its stream.
    burn_in, every : int
        Moves left out at the start, and moves per frame.
    replicas : int

    Raises
    ------
    InputError
        A negative coupling, directed ties, a temperature not above 0, or counts out of range.

    Examples
    --------
    >>> pair = SpinSystem.from_edges([0], [1])
    >>> s = swendsen_wang(pair, temperature=2.0, sweeps=4000, seed=1)[0]
    >>> bool(abs((s[:, 0] * s[:, 1]).mean() - np.tanh(1 / 2)) < 0.05)
    True
    """
    check_symmetric(system, what="cluster moves")
    if system.J.nnz and system.J.data.min() < 0:
        raise InputError(
            f"the smallest coupling is {system.J.data.min():.6g}; cluster moves need couplings >= "
            "0: with foes clusters span everybody, and parallel_tempering is the tool."
        )
    if not 0 < temperature < np.inf:
        raise InputError(f"temperature is {temperature}; it must be a number above 0.")
    if not 0 <= burn_in < sweeps or min(replicas, every) < 1:
        raise InputError(
            f"sweeps {sweeps}, burn_in {burn_in}, replicas {replicas}, every {every}; burn_in must "
            "be below sweeps, the others at least 1."
        )
    kept = len(range(burn_in, sweeps, every))
    size = float(replicas) * (kept * system.n + 40 * (system.n + system.J.nnz))
    require_memory(size, what="the stances", fix="raise every")
    rng, n = generator(seed, "dynamics"), system.n
    upper = sparse.triu(system.J, k=1).tocoo()
    pulled = np.flatnonzero(system.h)
    # User n is the ghost.
    source = np.concatenate([upper.row, pulled])
    target = np.concatenate([upper.col, np.full(pulled.size, n)])
    strength = np.concatenate([upper.data, np.abs(system.h[pulled])])
    agree = np.concatenate([np.ones(upper.nnz), np.sign(system.h[pulled])])
    bound = -np.expm1(-2 * strength / temperature)
    stances = np.ones((replicas, n + 1), np.int8)
    stances[:, :n] = 2 * rng.integers(0, 2, (replicas, n)) - 1
    shift = np.arange(replicas)[:, np.newaxis] * (n + 1)
    frames = np.empty((replicas, kept, n), np.int8)
    for sweep in range(sweeps):
        satisfied = stances[:, source] * stances[:, target] * agree > 0
        chosen = satisfied & (rng.random(satisfied.shape) < bound)
        i, j = (source + shift)[chosen], (target + shift)[chosen]
        graph = sparse.coo_array((np.ones(i.size, np.int8), (i, j)), shape=(stances.size,) * 2)
        number, label = connected_components(graph, directed=False)
        turn = rng.choice(np.array([-1, 1], np.int8), number)
        turned = stances * turn[label].reshape(replicas, -1)
        # What hangs on the ghost keeps the side that the field gives it.
        stances = (turned * turned[:, n:]).astype(np.int8)
        if sweep >= burn_in and (sweep - burn_in) % every == 0:
            frames[:, (sweep - burn_in) // every] = stances[:, :n]
    return frames
