"""How ties follow a partition of the users: assortativity, modularity, signed communities."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from sociophysics.errors import InputError
from sociophysics.observables.controversy import require_positive
from sociophysics.observables.domains import by_size
from sociophysics.society.camps import camps_of
from sociophysics.society.spins import SpinSystem
from sociophysics.society.ties import require_undirected, ties
from sociophysics.streams import key

__all__ = [
    "Communities",
    "assortativity",
    "modularity",
    "signed_communities",
    "signed_modularity",
]

# Users without friends in a community may still belong to it; looking at all of them costs n^2.
ALL_CANDIDATES_UP_TO = 500


class Communities(NamedTuple):
    """A partition found by optimizing signed modularity, and how good it is."""

    labels: NDArray[np.int64]
    """Community of each user, shape (n,); 0 is the largest, equals by first member."""
    modularity: float
    """Its signed modularity; compare it with the same search on rewired networks."""


def assortativity(system: SpinSystem, camps: ArrayLike | None = None) -> float:
    """Return the assortativity of ties by camp, ``r = (sum_c e_cc - a_c^2)/(1 - sum_c a_c^2)``.

    ``e_cc`` is the share of ties inside camp c and ``a_c`` the share of tie ends in it. Ties count
    equally, whatever their coupling, as in networkx; ``modularity`` weighs them. Ties of users
    without a camp (-1) are left out. On directed ties ``a_c^2`` is ``a_c b_c``: the share of ties
    that begin in c times the share that end there.

    Parameters
    ----------
    system : SpinSystem
    camps : int array, shape (n,), optional
        ``system.nodes["camp"]`` if left out.

    Returns
    -------
    float
        1: ties never cross; 0: as if ends were paired at random.

    Raises
    ------
    InputError
        Antagonistic ties, fewer than two camps, or camps without ties.

    References
    ----------
    Newman, Phys. Rev. E 67, 026126 (2003).

    Examples
    --------
    >>> round(assortativity(SpinSystem.from_edges([0, 1, 2], [1, 2, 3]), [0, 0, 1, 1]), 12)
    0.333333333333
    """
    inside, expected = _mixing(system, camps, "assortativity", weighted=False)
    return (inside - expected) / (1 - expected)


def modularity(system: SpinSystem, camps: ArrayLike | None = None) -> float:
    """Return the modularity of the camps, ``Q = sum_c e_cc - a_c^2``.

    Ties weigh what their coupling is, as the edge attribute ``weight`` does in networkx: ``e_cc``
    is the share of all coupling inside camp c, ``a_c`` the share of its users' strengths
    ``sum_j J_ij``. Ties of users without a camp (-1) are left out; directed ties (Leicht & Newman
    2008) and errors as ``assortativity``.

    Parameters
    ----------
    system : SpinSystem
    camps : int array, shape (n,), optional
        ``system.nodes["camp"]`` if left out.

    Raises
    ------
    InputError
        As for ``assortativity``.

    References
    ----------
    Newman & Girvan, Phys. Rev. E 69, 026113 (2004); Newman, Phys. Rev. E 70, 056131 (2004);
    Leicht & Newman, Phys. Rev. Lett. 100, 118703 (2008), for directed ties.

    Examples
    --------
    >>> round(modularity(SpinSystem.from_edges([0, 1, 2], [1, 2, 3]), [0, 0, 1, 1]), 12)
    0.166666666667
    >>> strong = SpinSystem.from_edges([0, 1, 2], [1, 2, 3], [4.0, 2.0, 4.0])
    >>> round(modularity(strong, [0, 0, 1, 1]), 12)
    0.3
    """
    inside, expected = _mixing(system, camps, "modularity", weighted=True)
    return inside - expected


def signed_modularity(system: SpinSystem, camps: ArrayLike | None = None) -> float:
    """Return the signed modularity ``(m+ Q+ - m- Q-)/(m+ + m-)`` of a partition.

    ``Q+`` and ``Q-`` are the modularities of the friendly and the antagonistic ties alone, each
    tie weighted by ``|J|``, and ``m+``, ``m-`` their total weights. Users without a camp stand
    alone.

    Parameters
    ----------
    system : SpinSystem
    camps : int array, shape (n,), optional
        ``system.nodes["camp"]`` if left out.

    Raises
    ------
    InputError
        No ties.

    References
    ----------
    Gomez, Jensen & Arenas, Phys. Rev. E 80, 016114 (2009).

    Examples
    --------
    >>> signed_modularity(SpinSystem.from_edges([0, 1, 2], [1, 2, 3], [1, -1, 1]), [0, 0, 1, 1])
    0.5
    """
    labels = camps_of(system, camps, "signed_modularity").copy()
    alone = np.flatnonzero(labels < 0)
    labels[alone] = labels.max(initial=0) + 1 + np.arange(alone.size)
    known = ties(system)
    coupling = _in_units(known.coupling)
    total = float(np.abs(coupling).sum())
    if total == 0:
        raise InputError("signed_modularity needs at least one tie; the network has none.")
    _, labels = np.unique(labels, return_inverse=True)
    score = 0.0
    for sign in (1, -1):
        weight = np.maximum(sign * coupling, 0)
        if not weight.any():
            continue
        same = labels[known.source] == labels[known.target]
        a, b = labels[known.source], labels[known.target]
        sources, targets = _end_shares(system, a, b, weight, labels.size)
        score += sign * (weight[same].sum() - weight.sum() * (sources * targets).sum()) / total
    return float(score)


def signed_communities(system: SpinSystem, *, seed: int) -> Communities:
    """Return communities with friendly ties inside and antagonistic ones between, by Leiden.

    Friendly and antagonistic ties are the two layers, weighing +1 and -1, of one optimization of
    the signed modularity. A found partition scores high on any network: judge the score by
    ``against_null(lambda s, _: signed_communities(s, seed=1).modularity, system, None, seed=1,
    null="degrees")``.

    Parameters
    ----------
    system : SpinSystem
        Undirected.
    seed : int
        Of the order in which Leiden visits the users.

    Raises
    ------
    InputError
        Directed ties, no ties, or the packages of the extra ``communities`` missing.

    References
    ----------
    Traag & Bruggeman, Phys. Rev. E 80, 036115 (2009); Traag, Waltman & van Eck, Sci. Rep. 9, 5233
    (2019).

    Examples
    --------
    >>> signed_communities(SpinSystem.from_edges([0, 1, 2], [1, 2, 3], [1, -1, 1]), seed=1)
    Communities(labels=array([0, 0, 1, 1]), modularity=0.5)
    """
    require_undirected(system, "signed_communities")
    igraph, leidenalg = _leiden()
    known = ties(system)
    if known.count == 0:
        raise InputError("signed_communities needs at least one tie; the network has none.")
    layers, signs = [], []
    for sign in (1, -1):
        kept = known.coupling * sign > 0
        if kept.any():
            ends = np.column_stack([known.source[kept], known.target[kept]])
            graph = igraph.Graph(n=system.n, edges=ends)
            weight = np.abs(known.coupling[kept])
            # The layer weight is the total weight, so that the sum is the signed modularity.
            layers.append(leidenalg.ModularityVertexPartition(graph, weights=weight.tolist()))
            signs.append(sign * float(weight.sum()))
    optimizer = leidenalg.Optimiser()
    optimizer.set_rng_seed(int(key(seed, "observables")[0] >> np.uint64(33)))
    if system.n <= ALL_CANDIDATES_UP_TO:
        optimizer.consider_comms = leidenalg.ALL_COMMS
    optimizer.optimise_partition_multiplex(layers, layer_weights=signs, n_iterations=-1)
    labels = by_size(np.array(layers[0].membership, dtype=np.int64)).labels
    return Communities(labels, signed_modularity(system, labels))


def _mixing(
    system: SpinSystem, camps: ArrayLike | None, measure: str, *, weighted: bool
) -> tuple[float, float]:
    require_positive(system, measure)
    camp = camps_of(system, camps, measure)
    known = ties(system)
    a, b = camp[known.source], camp[known.target]
    counted = (a >= 0) & (b >= 0)
    a, b = a[counted], b[counted]
    present = np.unique(np.concatenate([a, b])).size
    if present < 2:
        raise InputError(
            f"{measure} needs ties in two camps or more, but they are in {present}; give the "
            "users their camps."
        )
    weight = _in_units(known.coupling[counted]) if weighted else np.ones(a.size)
    sources, targets = _end_shares(system, a, b, weight, int(camp.max()) + 1)
    return float(weight[a == b].sum() / weight.sum()), float((sources * targets).sum())


def _end_shares(
    system: SpinSystem,
    a: NDArray[np.int64],
    b: NDArray[np.int64],
    weight: NDArray[np.float64],
    count: int,
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return the share of weight that begins and that ends in each group, of mutual ties both."""
    sources, targets = np.bincount(a, weight, count), np.bincount(b, weight, count)
    if system.is_symmetric:
        sources = targets = sources + targets
    return sources / sources.sum(), targets / targets.sum()


def _in_units(coupling: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the couplings over a power of two near the largest, so that sums stay finite."""
    largest = np.abs(coupling).max() if coupling.size else 1.0
    return np.ldexp(coupling, -int(np.frexp(largest)[1]))


def _leiden() -> tuple[Any, Any]:
    try:
        import igraph
        import leidenalg
    except ImportError:
        raise InputError(
            "signed_communities needs the packages igraph and leidenalg, which are not installed; "
            "pip install 'sociophysics[communities]'."
        ) from None
    return igraph, leidenalg
