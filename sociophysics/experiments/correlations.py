r"""Correlations over distance: how far a neighbour's stance carries.

Connected, ``C(d) = <s_i s_j> - <s_i><s_j>``: in an ordered society stances agree at any distance
because all follow the majority; what is left without it is what users tell each other.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import pandas as pd
import scipy.sparse as sparse
from numpy.typing import ArrayLike, NDArray
from scipy.sparse.csgraph import dijkstra

from sociophysics.arguments import asks
from sociophysics.dynamics import trajectory
from sociophysics.errors import InputError
from sociophysics.experiments.settling import note_of
from sociophysics.influences.feeds import Feed
from sociophysics.machine import require_memory
from sociophysics.society.spins import SpinSystem
from sociophysics.statistics import mean_interval, pseudo_values, standard_error
from sociophysics.streams import generator

__all__ = ["CorrelationLength", "correlation_length", "correlations"]

Array = NDArray[np.float64]


class CorrelationLength(NamedTuple):
    """Length of ``C(d) ~ exp(-d / length)`` in ties, its error over replicas, and the curve.

    ``low`` and ``high`` are its 95 % interval; ``note`` says if the runs have not settled.
    """

    length: float
    error: float
    table: pd.DataFrame
    low: float
    high: float
    note: str


def correlations(
    system: SpinSystem,
    *,
    temperature: float,
    sweeps: int,
    seed: int,
    burn_in: int = 200,
    replicas: int = 8,
    every: int = 5,
    sources: int = 200,
    longest: int = 20,
    connected: bool = True,
    feed: Feed | None = None,
    camps: ArrayLike | None = None,
    start: str | ArrayLike = "up",
) -> pd.DataFrame:
    """Return the correlation of stances over graph distance, ``C(d) = <s_i s_j> - <s_i><s_j>``.

    Averaged over pairs at distance d, from ``sources`` users drawn at random (all, if the network
    has no more). Below the ordering temperature random starts leave domains of both stances for
    very long, whose size would be measured; runs therefore start ``up``.

    Parameters
    ----------
    system : SpinSystem
    temperature, sweeps, seed, burn_in, replicas, every, feed, camps, start
        As in ``trajectory``; frames after ``burn_in`` count.
    sources : int
        Users from whom distances are measured.
    longest : int
        Largest distance, in ties.
    connected : bool
        Whether to subtract ``<s_i><s_j>``, each estimated over all frames and replicas.

    Returns
    -------
    DataFrame
        ``distance``, ``correlation``, ``error`` (standard error over replicas), ``pairs``;
        distances without a pair are left out.

    Raises
    ------
    InputError
        What ``trajectory`` refuses, or fewer than two replicas.
    """
    return _correlations(
        system, longest=longest, sources=sources, connected=connected, temperature=temperature,
        sweeps=sweeps, seed=seed, burn_in=burn_in, replicas=replicas, every=every, feed=feed,
        camps=camps, start=start,
    )[0]  # fmt: skip


@asks
def correlation_length(
    system: SpinSystem,
    *,
    smallest: float = 0.02,
    temperature: float,
    sweeps: int,
    seed: int,
    burn_in: int = 200,
    replicas: int = 8,
    every: int = 5,
    sources: int = 200,
    longest: int = 20,
    connected: bool = True,
    feed: Feed | None = None,
    camps: ArrayLike | None = None,
    start: str | ArrayLike = "up",
) -> CorrelationLength:
    """Return the length over which stances are correlated, from ``C(d) ~ exp(-d / length)``.

    A line through ``ln C(d)``, d >= 1, up to the first distance at which C falls below ``smallest``
    or below three standard errors; the error of ``ln C`` is ``error / C``, so points weigh
    ``C / error``. Error and interval are the jackknife's over replicas.

    Parameters
    ----------
    system : SpinSystem
    smallest : float
        Correlation below which distances no longer count.
    temperature, sweeps, seed, burn_in, replicas, every, sources, longest, connected, feed, camps, \
start
        As in ``correlations``.

    Raises
    ------
    InputError
        Fewer than two distances with a clear correlation, or what ``correlations`` refuses.

    Examples
    --------
    A ring's is ``-1 / ln tanh(1/T)``, at T = 1 3.67 ties:

    >>> import networkx as nx
    >>> ring = SpinSystem.from_networkx(nx.cycle_graph(200), default_coupling=1.0)
    >>> found = correlation_length(ring, temperature=1.0, sweeps=300, seed=1, start="random")
    >>> bool(2.5 < found.length < 5.5)
    True
    """
    table, by_replica, note = _correlations(
        system,
        longest=longest,
        sources=sources,
        connected=connected,
        temperature=temperature,
        sweeps=sweeps,
        seed=seed,
        burn_in=burn_in,
        replicas=replicas,
        every=every,
        feed=feed,
        camps=camps,
        start=start,
    )
    distance = table["distance"].to_numpy(dtype=np.float64)
    mean, error = table["correlation"].to_numpy(), table["error"].to_numpy()
    clear = (mean > smallest) & (mean > 3 * error) & (distance >= 1)
    last = int(np.argmin(clear[1:])) if not clear[1:].all() else clear.size - 1
    used = slice(1, 1 + last)
    if last < 2:
        raise InputError(
            "stances are clearly correlated over fewer than two distances; a length needs two: "
            "choose a temperature nearer to where the society orders, a lower smallest, or more "
            "sweeps or replicas."
        )
    weight = mean[used] / np.maximum(error[used], 1e-12)
    lengths = pseudo_values(
        by_replica[:, used], lambda c: np.log(_lengths(distance[used], c, weight))
    )
    band = mean_interval(lengths)
    length = float(_lengths(distance[used], mean[used], weight))
    spread = length * float(standard_error(lengths))
    low, high = (float(np.exp(end)) for end in band[1:])
    return CorrelationLength(length, spread, table, low, high, note)


def _lengths(distance: Array, correlation: Array, weight: Array) -> Array:
    """Return the length of each curve (..., distances); inf where it does not fall."""
    w = weight**2 / (weight**2).sum()
    x = distance - w @ distance
    y = np.log(np.maximum(correlation, 1e-12))
    slope = (y * (w * x)).sum(axis=-1) / (w @ x**2)
    with np.errstate(divide="ignore"):
        return np.asarray(np.where(slope < 0, -1 / slope, np.inf))


def _correlations(
    system: SpinSystem,
    *,
    temperature: float,
    sweeps: int,
    seed: int,
    burn_in: int = 200,
    replicas: int = 8,
    every: int = 5,
    sources: int = 200,
    longest: int = 20,
    connected: bool = True,
    feed: Feed | None = None,
    camps: ArrayLike | None = None,
    start: str | ArrayLike = "up",
) -> tuple[pd.DataFrame, Array, str]:
    if replicas < 2 or sources < 1 or longest < 1 or not 0 <= burn_in < sweeps:
        raise InputError(
            f"replicas is {replicas}, sources {sources}, longest {longest}, burn_in {burn_in}; "
            "correlations need 2 replicas, 1 source, distance 1 and burn_in below sweeps."
        )
    chosen = np.arange(system.n)
    if system.n > sources:
        chosen = np.sort(generator(seed, "observables").choice(chosen, sources, replace=False))
    shells, pairs = _shells(system, chosen, longest)
    total, own = np.zeros((replicas, longest + 1)), np.zeros((replicas, system.n))
    course, agreement = [], []
    for frame in trajectory(
        system, temperature=temperature, sweeps=sweeps, seed=seed, replicas=replicas, every=every,
        feed=feed, camps=camps, start=start,
    ):  # fmt: skip
        if frame.sweep < burn_in:
            continue
        own += frame.spins
        seen = np.array(
            [_by_distance(shells, s[chosen], s, longest) for s in frame.spins.astype(np.float64)]
        )
        total += seen
        course.append(frame.spins.mean(axis=1))
        agreement.append(seen[:, 1])
    frames = len(course)
    mean = own.sum(axis=0) / (frames * replicas)
    lower = _by_distance(shells, mean[chosen], mean, longest) if connected else 0.0
    known = pairs > 0
    by_replica = ((total / frames - lower)[:, known]) / pairs[known]
    table = pd.DataFrame(
        {
            "distance": np.flatnonzero(known),
            "correlation": by_replica.mean(axis=0),
            "error": standard_error(by_replica.T),
            "pairs": pairs[known],
        }
    )
    return table, by_replica, note_of(np.array(course).T, np.array(agreement).T)


def _shells(
    system: SpinSystem, chosen: NDArray[np.int64], longest: int
) -> tuple[sparse.csr_array, NDArray[np.int64]]:
    """Return who is at which distance, rows (distance, source), and pairs by distance."""
    require_memory(
        9.0 * chosen.size * system.n,
        what=f"distances from {chosen.size} users to {system.n}",
        fix="lower sources",
    )
    ties = sparse.csr_array(
        (np.ones(system.J.nnz), system.J.indices, system.J.indptr), shape=system.J.shape
    )
    distance = dijkstra(ties, indices=chosen, unweighted=True, limit=longest)
    source, other = np.nonzero(np.isfinite(distance))
    d = distance[source, other].astype(np.int64)
    rows = d * chosen.size + source
    shape = ((longest + 1) * chosen.size, system.n)
    shells = sparse.csr_array((np.ones(rows.size, np.float32), (rows, other)), shape=shape)
    return shells, np.bincount(d, minlength=longest + 1)


def _by_distance(shells: sparse.csr_array, own: Array, others: Array, longest: int) -> Array:
    """Return the sum over pairs of ``own_i others_j``, by distance."""
    seen = (shells @ others).reshape(longest + 1, own.size)
    return np.asarray(seen @ own)
