"""Signed structure: balance of triads and the least possible conflict of a signed network.

A tie is unsatisfied if ``J_ij s_i s_j < 0``. Without external fields the energy is
``E = -sum |J| + 2 sum_unsatisfied |J|``, so a ground state leaves the least weight unsatisfied: the
frustration index. Zero means balance: two blocs, friends inside and antagonists across.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import replace
from typing import Any, NamedTuple

import networkx as nx
import numpy as np
import scipy.sparse as sparse
from numpy.typing import ArrayLike, NDArray

from sociophysics.errors import InputError
from sociophysics.observables.annealing import anneal
from sociophysics.observables.covering import least_cover
from sociophysics.observables.negative_cycles import Signed, cover_components
from sociophysics.society.spins import SpinSystem
from sociophysics.society.ties import Ties, require_undirected, ties
from sociophysics.streams import generator

__all__ = [
    "Frustration",
    "Triads",
    "annealed_frustration",
    "balanced_triads",
    "frustration_index",
    "unsatisfied_weight",
]

ANNEALED_TIES = 1_000_000  # of all networks annealed side by side
ANNEALED_WORK = 4e8  # updates of users, of all networks together
WIDEST_PRODUCT = 20_000_000  # entries of a block of the triangle count: 0.3 GB


class Frustration(NamedTuple):
    """The least unsatisfied weight, how well it is known, and a configuration that reaches it."""

    value: float
    """Sum of ``|J|`` over the ties that ``spins`` leave unsatisfied; a count for +-1."""
    lower_bound: float
    """No configuration leaves less; equal to ``value`` if ``value`` is proven optimal."""
    spins: NDArray[np.int8]
    """The configuration, shape (n,): the two blocs of a signed network."""


class Triads(NamedTuple):
    """How many triangles are balanced: a positive product of the three couplings."""

    balanced: int
    """Triangles with none or two antagonistic ties."""
    total: int
    """All triangles."""
    share: float
    """``balanced/total``, NaN without triangles."""


def unsatisfied_weight(system: SpinSystem, spins: ArrayLike) -> Any:
    """Return the sum of ``|J|`` over the ties with ``J_ij s_i s_j < 0``.

    With ``h = 0`` the total energy is ``-sum |J|`` plus twice this.

    Parameters
    ----------
    system : SpinSystem
    spins : int array, shape (n,) or (replicas, n)

    Returns
    -------
    float, or array of shape (replicas,)

    Examples
    --------
    >>> unsatisfied_weight(SpinSystem.from_edges([0, 1], [1, 2], [1.0, -0.5]), [1, 1, 1])
    0.5
    """
    s = system.check_spins(spins)
    known = ties(system)
    wrong = known.coupling * s[..., known.source] * s[..., known.target] < 0
    # Summed in numpy's own order: a matrix product would be summed as the processor likes.
    weight = np.where(wrong, np.abs(known.coupling), 0.0).sum(axis=-1)
    return float(weight) if s.ndim == 1 else weight


def balanced_triads(system: SpinSystem) -> Triads:
    """Return how many triangles are balanced, of how many.

    Raises
    ------
    InputError
        Directed ties.

    References
    ----------
    Cartwright & Harary, Psychol. Rev. 63, 277 (1956).

    Examples
    --------
    >>> balanced_triads(SpinSystem.from_edges([0, 1, 0], [1, 2, 2], [1, -1, -1]))
    Triads(balanced=1, total=1, share=1.0)
    """
    require_undirected(system, "balanced_triads")
    known = ties(system)
    if known.count == 0:
        return Triads(0, 0, float("nan"))
    # Pointing every tie at the user of higher degree keeps hubs from being squared.
    rank = np.empty(system.n, dtype=np.int64)
    rank[np.argsort(known.degree, kind="stable")] = np.arange(system.n)
    low, high = rank[known.source], rank[known.target]
    where = (np.minimum(low, high), np.maximum(low, high))
    shape = (system.n, system.n)
    sign = sparse.csr_array((np.sign(known.coupling), where), shape=shape)
    pattern = sparse.csr_array((np.ones(known.count), where), shape=shape)
    reach = np.cumsum(pattern @ np.diff(pattern.indptr).astype(float))
    total = signed = 0
    cuts = np.unique(np.searchsorted(reach, np.arange(0.0, reach[-1] + 1, WIDEST_PRODUCT)))
    for start, stop in zip(cuts, [*cuts[1:], system.n], strict=True):
        rows = slice(int(start), int(stop))
        total += round(float((pattern[rows] @ pattern).multiply(pattern[rows]).sum()))
        signed += round(float((sign[rows] @ sign).multiply(sign[rows]).sum()))
    balanced = (total + signed) // 2
    return Triads(balanced, total, balanced / total if total else float("nan"))


def frustration_index(system: SpinSystem, time_limit: float = 60.0) -> Frustration:
    """Return the frustration index: the least weight of ties that any stances leave unsatisfied.

    A configuration is unavoidably wrong somewhere on every negative cycle, and ties that meet all
    of them suffice: the index is a least cover of the negative cycles. The network is split where
    one user separates it; each piece gets an annealed configuration as upper bound and, as lower
    bound, the best of: negative cycles that share no weight; the largest eigenvalue of the
    couplings; a semidefinite program (low rank, any multipliers being a valid bound); a linear
    program over violated cycles, then branch and bound (HiGHS). External fields play no part.

    Parameters
    ----------
    system : SpinSystem
        Undirected, any weights.
    time_limit : float
        Seconds after which the best bounds are returned.

    Returns
    -------
    Frustration
        ``lower_bound == value`` exactly if proven optimal; the solver's tolerance is a millionth
        of the largest weight, and whole multiples of one weight are exact.

    Raises
    ------
    InputError
        Directed ties, couplings whose sum overflows, or a time limit that is not positive.

    References
    ----------
    Aref, Mason & Wilson, Networks 75, 95 (2020); Barahona & Mahjoub, Math. Program. 36, 157 (1986).

    Examples
    --------
    >>> frustration_index(SpinSystem.from_edges([0, 1, 0], [1, 2, 2], [1, 1, -1]))[:2]
    (1.0, 1.0)
    """
    require_undirected(system, "frustration_index")
    if not time_limit > 0:
        raise InputError(f"time_limit is {time_limit}; it must be a positive number of seconds.")
    deadline = time.monotonic() + time_limit
    known, exponent = _scaled(ties(system))
    blocks = _unbalanced_blocks(system, known)
    unsatisfied = np.zeros(known.count, dtype=bool)
    lower, proven = 0.0, True
    for block in sorted(blocks, key=len):
        piece = _piece(known, block)
        guess = _guess(piece, deadline)
        cover = least_cover(piece, guess, deadline)
        unsatisfied[block] = cover.unsatisfied
        lower += cover.lower_bound
        proven &= cover.proven
    # A user's two copies in the signed cover lie apart, in one order for each bloc.
    whole = Signed(system.n, known.source, known.target, known.coupling)
    upper, lower_copy = cover_components(whole, (known.coupling < 0) ^ unsatisfied)
    spins = np.where(upper < lower_copy, 1, -1).astype(np.int8)
    value = unsatisfied_weight(system, spins)
    bound = value if proven else min(float(np.ldexp(lower, exponent)), value)
    return Frustration(value, bound, spins)


def _scaled(known: Ties) -> tuple[Ties, int]:
    """Return the ties over the power of two near the largest coupling, and its exponent."""
    with np.errstate(over="ignore"):
        total = np.abs(known.coupling).sum()
    if not np.isfinite(total):
        raise InputError(
            f"the couplings are up to {np.abs(known.coupling).max():.3g} in absolute value, and "
            "their sum is beyond any float: rescale them."
        )
    exponent = int(np.frexp(np.abs(known.coupling).max())[1]) if known.count else 0
    return replace(known, coupling=np.ldexp(known.coupling, -exponent)), exponent


def annealed_frustration(systems: Sequence[SpinSystem], *, seed: int) -> NDArray[np.float64]:
    """Return the least unsatisfied weight that the same annealing finds in each network.

    An upper bound of each frustration index, usually the index itself up to some thousand ties.
    Every network gets the same number of copies and sweeps and no clock is read, so that the
    results can be compared with each other, and repeated.

    Parameters
    ----------
    systems : sequence of SpinSystem
        Undirected.
    seed : int

    Returns
    -------
    array, shape (len(systems),)

    Raises
    ------
    InputError
        Directed ties.

    Examples
    --------
    >>> triangle = SpinSystem.from_edges([0, 1, 0], [1, 2, 2], [1, 1, -1])
    >>> annealed_frustration([triangle, triangle], seed=1)
    array([1., 1.])
    """
    for system in systems:
        require_undirected(system, "annealed_frustration")
    rng = generator(seed, "null")
    users = sum(system.n for system in systems)
    copies = 4
    sweeps = int(np.clip(ANNEALED_WORK / max(1, copies * users), 50, 200))
    found: list[float] = []
    side: list[SpinSystem] = []
    for k, system in enumerate(systems):
        side.append(system)
        full = sum(ties(each).count for each in side) >= ANNEALED_TIES
        if full or k == len(systems) - 1:
            J = sparse.csr_array(sparse.block_diag([_in_units(each.J) for each in side]))
            spins = anneal(J, copies=copies, sweeps=sweeps, rng=rng, deadline=np.inf)
            ends = np.cumsum([each.n for each in side])[:-1]
            for each, s in zip(side, np.split(spins, ends, axis=1), strict=True):
                found.append(float(unsatisfied_weight(each, s).min()))
            side = []
    return np.array(found)


def _in_units(J: sparse.csr_array) -> sparse.csr_array:
    """Return the couplings over a power of two near the largest, so that squares stay finite."""
    data = J.data
    largest = np.abs(data).max() if data.size else 1.0
    scaled = np.ldexp(data, -int(np.frexp(largest)[1]))
    return sparse.csr_array((scaled, J.indices, J.indptr), shape=J.shape)


def _unbalanced_blocks(system: SpinSystem, known: Ties) -> list[NDArray[np.int64]]:
    """Return the ties of each biconnected block that holds a negative cycle."""
    if _balanced(Signed(system.n, known.source, known.target, known.coupling)):
        return []
    graph = nx.Graph()
    ends = zip(known.source.tolist(), known.target.tolist(), strict=True)
    graph.add_edges_from((i, j, {"tie": k}) for k, (i, j) in enumerate(ends))
    found = []
    for edges in nx.biconnected_component_edges(graph):
        block = np.array([graph[i][j]["tie"] for i, j in edges], dtype=np.int64)
        if block.size > 2 and not _balanced(_piece(known, block)):
            found.append(block)
    return found


def _balanced(piece: Signed) -> bool:
    upper, lower = cover_components(piece, piece.coupling < 0)
    return not np.any(upper == lower)


def _piece(known: Ties, block: NDArray[np.int64]) -> Signed:
    users, ends = np.unique(
        np.concatenate([known.source[block], known.target[block]]), return_inverse=True
    )
    return Signed(users.size, ends[: block.size], ends[block.size :], known.coupling[block])


def _guess(piece: Signed, deadline: float) -> NDArray[np.bool_]:
    """Return the unsatisfied ties of the best of many annealed copies."""
    i, j, weight = piece.source, piece.target, piece.coupling
    both = (np.concatenate([i, j]), np.concatenate([j, i]))
    J = sparse.csr_array((np.tile(weight, 2), both), shape=(piece.n, piece.n))
    copies = int(np.clip(2_000_000 // weight.size, 4, 32))
    left = deadline - time.monotonic()
    spins = anneal(
        J,
        copies=copies,
        sweeps=400,
        rng=generator(0, "observables"),
        deadline=time.monotonic() + 0.25 * left,
    )
    best: NDArray[np.bool_] | None = None
    least = np.inf
    for s in spins:
        wrong = weight * s[i] * s[j] < 0
        cost = float(np.abs(weight[wrong]).sum())
        if cost < least:
            best, least = wrong, cost
    return best if best is not None else np.ones(weight.size, dtype=bool)
