"""Networks rewired at random in which everybody keeps the number of friends and antagonists."""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
import scipy.sparse as sparse
from numpy.typing import NDArray
from scipy.sparse.csgraph import connected_components

from sociophysics.errors import InputError
from sociophysics.society.spins import SpinSystem
from sociophysics.society.ties import joined, ties
from sociophysics.streams import generator

__all__ = ["rewired"]

ATTEMPTS = 10  # proposed swaps per tie, accepted or not
MOST_ROUNDS = 400
FEW_TIES, FEWEST_ROUNDS = 1000, 60  # small networks take more: their degrees refuse many swaps
# Of all pairs of ties, the share that is proposed in one round. Below 1, so that any swap can also
# come alone and every network is reached.
FREE_SHARE = 0.9
CONNECTED_SHARES = (0.5, 0.25, 0.12, 0.06, 0.03, 0.015, 0.007, 0.003)

SMALL = 150  # users up to which plain Python finds components faster than scipy's set-up

Ends = NDArray[np.int64]
Chosen = NDArray[np.bool_]


class _Swaps(NamedTuple):
    """Swaps of which any subset leaves a simple network: ties first, second become ad, cb."""

    first: Ends
    second: Ends
    a: Ends
    b: Ends
    c: Ends
    d: Ends


class _Risks(NamedTuple):
    """How swaps bear on connectedness, the ties that no swap touches being contracted."""

    corners: Ends
    """Contracted ends a, b, c, d of each swap, shape (swaps, 4)."""
    alone: Chosen
    """Swaps that share no small piece with another one, shape (swaps,)."""
    clusters: list[Ends]
    """The other ones, grouped by the small pieces that they share."""


def rewired(system: SpinSystem, *, seed: int, draw: int = 0) -> SpinSystem:
    """Return a random network in which every user has as many friends and antagonists as before.

    Pairs of ties of equal sign propose to swap ends, (a, b), (c, d) -> (a, d), (c, b), in a fixed
    number of rounds: about ten proposals per tie, accepted or not. Couplings move with their ties.
    A swap that would make a tie twice, or split a connected network, is rejected. The law is
    uniform over the simple networks (connected, if this one is) that such swaps reach. Directed
    ties swap targets: everybody listens to as many, and is listened to by as many, as before.

    Parameters
    ----------
    system : SpinSystem
    seed, draw : int
        Different draws of one seed are independent.

    Raises
    ------
    InputError
        Degrees that leave no tie to swap.

    References
    ----------
    Fosdick, Larremore, Nishimura & Ugander, SIAM Rev. 60, 315 (2018); Viger & Latapy, J. Complex
    Netw. 4, 15 (2016), for connected ones.

    Examples
    --------
    >>> ring = SpinSystem.from_edges(range(12), [(i + 1) % 12 for i in range(12)])
    >>> np.diff(rewired(ring, seed=1).J.indptr).tolist() == [2] * 12
    True
    """
    known = ties(system)
    rng = generator(seed, "null", draw)
    ends = np.column_stack([known.source, known.target])
    positive = known.coupling > 0
    directed = not system.is_symmetric
    connected = not directed and _pieces(system.n, ends)[0] == 1
    share = _share(system.n, ends, positive, rng) if connected else FREE_SHARE
    done = 0
    for _ in range(_rounds(share, known.count)):
        swaps = _proposed(system.n, ends, positive, share, rng, directed=directed)
        kept = _kept(system.n, ends, swaps, rng) if connected else np.ones(swaps.a.size, bool)
        ends = _swapped(ends, swaps, kept)
        done += int(kept.sum())
    if done == 0:
        raise InputError(
            f"none of the {known.count} ties can be swapped without changing degrees; the network "
            "has no degree-preserving rewiring to compare with."
        )
    return joined(system, ends[:, 0], ends[:, 1], known.coupling)


def _rounds(share: float, count: int) -> int:
    """Return the number of rounds, which nothing that happens in them may change.

    Stopping at a number of accepted swaps would favour networks in which more swaps are accepted.
    """
    fewest = FEWEST_ROUNDS if count <= FEW_TIES else 1
    return min(MOST_ROUNDS, max(fewest, math.ceil(ATTEMPTS / share)))


def _proposed(
    n: int,
    ends: Ends,
    positive: Chosen,
    share: float,
    rng: np.random.Generator,
    *,
    directed: bool = False,
) -> _Swaps:
    """Return swaps between random pairs of ties of one sign, any subset of which can be made.

    A swap is proposed if each of the two ties it removes and the two it makes occurs once among
    all present and all thinkable ties of the round. After any of the swaps the same collection of
    ties is met and the same swaps are proposed, so that the walk is symmetric.
    """
    first, second = _pairs(positive, share, rng)
    turned = (rng.random(second.size) < 0.5) & (not directed)  # listeners keep their side
    a, b = ends[first].T
    c, d = np.where(turned[:, np.newaxis], ends[second][:, ::-1], ends[second]).T
    # Counted in hashed cells: a chance collision refuses a swap, in both directions alike.
    bits = max(4, int(16 * len(ends)).bit_length())
    odd = rng.integers(2**63, dtype=np.uint64) * np.uint64(2) + np.uint64(1)
    present = _cells(n, ends[:, 0], ends[:, 1], odd, bits, directed)
    new = [_cells(n, a, d, odd, bits, directed), _cells(n, c, b, odd, bits, directed)]
    once = np.bincount(np.concatenate([present, *new]), minlength=1 << bits) == 1
    good = once[new[0]] & once[new[1]] & once[present[first]] & once[present[second]]
    good &= (a != d) & (c != b)
    return _Swaps(*(each[good] for each in (first, second, a, b, c, d)))


def _pairs(positive: Chosen, share: float, rng: np.random.Generator) -> tuple[Ends, Ends]:
    first, second = [], []
    for members in (positive, ~positive):
        order = rng.permutation(np.flatnonzero(members))
        pairs = order.size // 2
        chosen = rng.random(pairs) < share
        first.append(order[:pairs][chosen])
        second.append(order[pairs : 2 * pairs][chosen])
    return np.concatenate(first), np.concatenate(second)


def _cells(n: int, i: Ends, j: Ends, odd: np.uint64, bits: int, directed: bool) -> Ends:
    low, high = (i, j) if directed else (np.minimum(i, j), np.maximum(i, j))
    tie = (low * np.int64(n) + high).astype(np.uint64)
    return (tie * odd >> np.uint64(64 - bits)).astype(np.int64)


def _swapped(ends: Ends, swaps: _Swaps, kept: Chosen) -> Ends:
    after = ends.copy()
    after[swaps.first[kept]] = np.column_stack([swaps.a, swaps.d])[kept]
    after[swaps.second[kept]] = np.column_stack([swaps.c, swaps.b])[kept]
    return after


# Staying connected: of the networks that the proposed swaps make, only the connected ones are
# visited, swap by swap. Most swaps cannot split anything and are made at once.


def _share(n: int, ends: Ends, positive: Chosen, rng: np.random.Generator) -> float:
    """Return the largest share of pairs whose swaps fall into small clusters.

    It depends on the network that is given and not on those that are visited.
    """
    for share in CONNECTED_SHARES:
        swaps = _proposed(n, ends, positive, share, rng)
        clusters = _risks(n, ends, swaps).clusters
        if sum(cluster.size**2 for cluster in clusters) <= 2000 + len(ends) // 25:
            return share
    return CONNECTED_SHARES[-1]


def _kept(n: int, ends: Ends, swaps: _Swaps, rng: np.random.Generator) -> Chosen:
    """Return which swaps are made one after the other if each must leave the network connected."""
    corners, alone, clusters = _risks(n, ends, swaps)
    a, b, c, d = corners.T
    # The ties ab and cd are dispensable if a and b still hang together by ad, cb and the rest.
    kept: Chosen = (a == b) | (a == c) | (d == b) | (d == c)
    kept |= ~alone
    for cluster in clusters:
        order = rng.permutation(cluster)
        kept[order] = _in_turn(corners[order].tolist())
    return kept


def _risks(n: int, ends: Ends, swaps: _Swaps) -> _Risks:
    fixed = np.ones(len(ends), bool)
    fixed[swaps.first] = fixed[swaps.second] = False
    count, label = _pieces(n, ends[fixed])
    corners = label[np.column_stack([swaps.a, swaps.b, swaps.c, swaps.d])]
    # Swaps that meet in a small piece can only split the network together.
    swap, corner = np.nonzero(corners != np.argmax(np.bincount(label)))
    pieces = np.column_stack([swap, swaps.a.size + corners[swap, corner]])
    cluster = _pieces(swaps.a.size + count, pieces)[1][: swaps.a.size]
    size = np.bincount(cluster, minlength=1)[cluster]
    shared = np.flatnonzero(size > 1)
    shared = shared[np.argsort(cluster[shared], kind="stable")]
    cuts = np.flatnonzero(np.diff(cluster[shared])) + 1
    groups = np.split(shared, cuts) if shared.size else []
    return _Risks(corners, size == 1, groups)


def _in_turn(corners: list[list[int]]) -> list[bool]:
    """Return which swaps of one cluster are made, each judged after those before it."""
    made = [False] * len(corners)
    for turn, (a, b, _, _) in enumerate(corners):
        made[turn] = True
        root: dict[int, int] = {}
        for (i, j, k, m), swapped in zip(corners, made, strict=True):
            for u, v in ((i, m), (k, j)) if swapped else ((i, j), (k, m)):
                root[_top(root, u)] = _top(root, v)
        made[turn] = _top(root, a) == _top(root, b)
    return made


def _top(root: dict[int, int], node: int) -> int:
    while (above := root.setdefault(node, node)) != node:
        root[node] = root[above]
        node = above
    return node


def _pieces(n: int, ends: Ends) -> tuple[int, Ends]:
    """Return the number of connected components and the component of each user, shape (n,)."""
    if n > SMALL:
        graph = (np.ones(len(ends), np.int8), (ends[:, 0], ends[:, 1]))
        count, label = connected_components(sparse.csr_array(graph, shape=(n, n)), directed=False)
        return int(count), label.astype(np.int64)
    root: dict[int, int] = {}
    for i, j in ends.tolist():
        root[_top(root, i)] = _top(root, j)
    _, labels = np.unique([_top(root, user) for user in range(n)], return_inverse=True)
    return int(labels.max(initial=-1)) + 1, labels.astype(np.int64)
