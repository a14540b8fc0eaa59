"""The null of every structural score: the same score on networks rewired at fixed degrees."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
import scipy.sparse as sparse
from numpy.typing import ArrayLike, NDArray
from scipy.sparse.csgraph import connected_components

from sociophysics.errors import InputError
from sociophysics.observables.ties import require_undirected, ties
from sociophysics.spins import SpinSystem
from sociophysics.streams import generator

__all__ = ["AgainstNull", "against_null", "rewired"]

SWAPS_PER_TIE = 3  # accepted swaps; each moves two ties
ROUNDS_PER_BLOCK = 5  # between two looks at whether the network is still connected
MAX_BLOCKS = 200

Ends = NDArray[np.int64]


class AgainstNull(NamedTuple):
    """A score next to what the degrees alone would give."""

    value: float
    """The score of the network itself."""
    mean: float
    """Mean over the rewired networks."""
    sd: float
    """Standard deviation over the rewired networks."""
    z: float
    """``(value - mean)/sd``."""


def against_null(
    measure: Callable[[SpinSystem, ArrayLike | None], float],
    system: SpinSystem,
    camps: ArrayLike | None,
    draws: int = 100,
    *,
    seed: int,
) -> AgainstNull:
    """Return a score with mean, standard deviation and z over degree-preserving rewirings.

    To judge a partition that was *found*, let ``measure`` search again on every rewired network
    (and ignore ``camps``); otherwise the null is too easy to beat.

    Parameters
    ----------
    measure : callable (system, camps) -> float
    system : SpinSystem
        Undirected.
    camps : int array, shape (n,), or None
        Handed to ``measure``; camps stay with their users.
    draws : int
        Number of rewired networks, two or more.
    seed : int

    Raises
    ------
    InputError
        Fewer than two draws, directed ties, a network that cannot be rewired, or a score that is
        the same on all rewirings, so that z is undefined.

    References
    ----------
    Maslov & Sneppen, Science 296, 910 (2002); Salloum, Chen & Kivela, Proc. ACM Hum.-Comput.
    Interact. 6, CSCW1 (2022).

    Examples
    --------
    >>> from sociophysics.observables.communities import modularity
    >>> ring = SpinSystem.from_edges(range(12), [(i + 1) % 12 for i in range(12)])
    >>> against_null(modularity, ring, [0] * 6 + [1] * 6, draws=20, seed=1).z > 1
    True
    """
    if draws < 2:
        raise InputError(f"draws is {draws}; a standard deviation needs two or more.")
    value = float(measure(system, camps))
    null = np.array(
        [measure(rewired(system, seed=seed, draw=draw), camps) for draw in range(draws)],
        dtype=np.float64,
    )
    sd = float(null.std(ddof=1))
    if not sd > 1e-12 * max(1.0, float(np.abs(null).max())):
        raise InputError(
            f"the score is {null[0]:.4g} on all {draws} rewired networks, so its z is undefined; "
            "the degrees fix this score: use another measure."
        )
    mean = float(null.mean())
    return AgainstNull(value, mean, sd, (value - mean) / sd)


def rewired(system: SpinSystem, *, seed: int, draw: int = 0) -> SpinSystem:
    """Return a random network in which every user has as many friends and antagonists as before.

    Pairs of ties of equal sign swap ends, (a, b), (c, d) -> (a, d), (c, b), until each tie has
    been swapped about six times; couplings move with their ties. The network stays simple, and
    connected if it was.

    Parameters
    ----------
    system : SpinSystem
        Undirected.
    seed, draw : int
        Different draws of one seed are independent.

    Raises
    ------
    InputError
        Directed ties, or degrees that leave no tie to swap.

    Examples
    --------
    >>> ring = SpinSystem.from_edges(range(12), [(i + 1) % 12 for i in range(12)])
    >>> np.diff(rewired(ring, seed=1).J.indptr).tolist() == [2] * 12
    True
    """
    require_undirected(system, "rewiring")
    known = ties(system)
    rng = generator(seed, "null", draw)
    connected = _is_connected(system.n, known.source, known.target)
    ends = np.column_stack([known.source, known.target])
    done, share = 0, 1.0
    for _ in range(MAX_BLOCKS):
        proposed, swaps = ends, 0
        for _ in range(ROUNDS_PER_BLOCK):
            proposed, more = _swap_round(system.n, proposed, known.coupling, share, rng)
            swaps += more
        if connected and not _is_connected(system.n, proposed[:, 0], proposed[:, 1]):
            share /= 2  # fewer swaps at once are likelier to leave the network in one piece
            continue
        ends, done, share = proposed, done + swaps, min(1.0, 2 * share)
        if done >= SWAPS_PER_TIE * known.count > 0:
            break
    if done == 0:
        raise InputError(
            f"none of the {known.count} ties can be swapped without changing degrees; the network "
            "has no degree-preserving rewiring to compare with."
        )
    i, j = ends.T
    both = (np.concatenate([i, j]), np.concatenate([j, i]))
    J = sparse.csr_array((np.tile(known.coupling, 2), both), shape=system.J.shape)
    return SpinSystem(J, system.h, system.labels, system.nodes)


def _swap_round(
    n: int, ends: Ends, coupling: NDArray[np.float64], share: float, rng: np.random.Generator
) -> tuple[Ends, int]:
    """Return the ties after one round of simultaneous swaps, and how many were accepted.

    Ties of one sign are paired at random. A swap is accepted if each of the two ties it removes
    and the two it makes occurs once among all present and all proposed ties. The reverse round
    meets the same collection of ties and accepts exactly the reverse swaps, so the walk is
    symmetric and its law uniform.
    """
    first, second = _pairs(coupling, share, rng)
    turned = rng.random(second.size) < 0.5
    a, b = ends[first].T
    c, d = np.where(turned[:, np.newaxis], ends[second][:, ::-1], ends[second]).T
    # Counted in hashed cells: a chance collision refuses a swap, in both directions alike.
    bits = max(4, int(16 * len(ends)).bit_length())
    odd = rng.integers(2**63, dtype=np.uint64) * np.uint64(2) + np.uint64(1)
    present = _cells(n, ends[:, 0], ends[:, 1], odd, bits)
    new = [_cells(n, a, d, odd, bits), _cells(n, c, b, odd, bits)]
    times = np.bincount(np.concatenate([present, *new]), minlength=1 << bits)
    once = times == 1
    good = once[new[0]] & once[new[1]] & once[present[first]] & once[present[second]]
    good &= (a != d) & (c != b)
    after = ends.copy()
    after[first[good]] = np.column_stack([a, d])[good]
    after[second[good]] = np.column_stack([c, b])[good]
    return after, int(good.sum())


def _pairs(
    coupling: NDArray[np.float64], share: float, rng: np.random.Generator
) -> tuple[Ends, Ends]:
    first, second = [], []
    for sign in (1, -1):
        order = rng.permutation(np.flatnonzero(sign * coupling > 0))
        pairs = order.size // 2
        pairs = min(pairs, max(1, int(share * pairs)))
        first.append(order[:pairs])
        second.append(order[pairs : 2 * pairs])
    return np.concatenate(first), np.concatenate(second)


def _cells(n: int, i: Ends, j: Ends, odd: np.uint64, bits: int) -> Ends:
    tie = (np.minimum(i, j) * np.int64(n) + np.maximum(i, j)).astype(np.uint64)
    return (tie * odd >> np.uint64(64 - bits)).astype(np.int64)


def _is_connected(n: int, i: Ends, j: Ends) -> bool:
    graph = sparse.coo_array((np.ones(i.size, np.int8), (i, j)), shape=(n, n))
    return n > 0 and int(connected_components(graph, directed=False)[0]) == 1
