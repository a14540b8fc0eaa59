r"""Susceptibility and correlations: how far a small push, or a neighbour's stance, carries.

Fluctuation and response are one thing in equilibrium: ``n var(m) / T = dm/dh``. Measured both ways
they check each other; where they differ a feed has driven the society out of equilibrium, or the
run was too short.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import pandas as pd
import scipy.sparse as sparse
from numpy.typing import ArrayLike, NDArray
from scipy.sparse.csgraph import dijkstra

from sociophysics.dynamics import trajectory
from sociophysics.errors import InputError
from sociophysics.experiments.avalanches import check_users
from sociophysics.feeds import Feed
from sociophysics.memory import require_memory
from sociophysics.spins import SpinSystem
from sociophysics.statistics import Interval, standard_error, t_interval
from sociophysics.streams import generator

__all__ = [
    "CorrelationLength",
    "FluctuationDissipation",
    "correlation_length",
    "correlations",
    "fluctuation_dissipation",
    "response_to_users",
]

Array = NDArray[np.float64]


class FluctuationDissipation(NamedTuple):
    """Susceptibility by fluctuation and by response, each with its interval, and their ratio."""

    fluctuation: Interval
    response: Interval
    ratio: float


class CorrelationLength(NamedTuple):
    """Length of ``C(d) ~ exp(-d / length)`` in ties, its error over replicas, and the curve."""

    length: float
    error: float
    table: pd.DataFrame


def fluctuation_dissipation(
    system: SpinSystem,
    *,
    temperature: float,
    sweeps: int,
    seed: int,
    burn_in: int = 200,
    replicas: int = 16,
    step: float = 0.02,
    feed: Feed | None = None,
    camps: ArrayLike | None = None,
    start: str | ArrayLike = "random",
) -> FluctuationDissipation:
    """Return ``n var(m) / T`` and ``(<m>_(+step) - <m>_(-step)) / (2 step)``.

    Both fields act under the same noise, so most of it cancels in the difference. The variance
    runs over the frames and replicas after ``burn_in``, around their common mean.

    Parameters
    ----------
    temperature : float
        > 0.
    sweeps, burn_in : int
    step : float
        Size of the uniform field, in units of the couplings; small enough that m is linear in it.

    Raises
    ------
    InputError
        A temperature that is not positive, fewer than two replicas, or what ``trajectory`` refuses.
    """
    if not temperature > 0 or replicas < 2 or not step > 0:
        raise InputError(
            f"temperature is {temperature}, replicas {replicas} and step {step}; a susceptibility "
            "needs temperature > 0, at least 2 replicas and step > 0."
        )
    keys: dict[str, Any] = dict(
        temperature=temperature, sweeps=sweeps, seed=seed, burn_in=burn_in, replicas=replicas,
        feed=feed, camps=camps, start=start,
    )  # fmt: skip
    free = _magnetizations(system, 0.0, **keys)
    centered = free - free.mean()
    # Deviations from the mean over R replicas are too small by 1/R where m is conserved for long.
    by_replica = system.n * (centered**2).mean(axis=1) / temperature
    up, down = (_magnetizations(system, sign * step, **keys) for sign in (1, -1))
    slopes = (up.mean(axis=1) - down.mean(axis=1)) / (2 * step)
    fluctuation, response = t_interval(by_replica), t_interval(slopes)
    return FluctuationDissipation(fluctuation, response, fluctuation.mean / response.mean)


def response_to_users(
    system: SpinSystem,
    users: ArrayLike,
    *,
    temperature: float,
    field: float,
    sweeps: int,
    seed: int,
    burn_in: int = 200,
    replicas: int = 8,
    feed: Feed | None = None,
    camps: ArrayLike | None = None,
    start: str | ArrayLike = "random",
) -> Interval:
    """Return how far a field on some users moves m: ``(<m>_(+field) - <m>_(-field)) / 2``.

    Parameters
    ----------
    users : int array
        Who feels it.
    field : float
        On each of them, in units of the couplings.

    Returns
    -------
    Interval
        Mean over replicas and its 95 % interval; both signs share the noise of a replica.

    Raises
    ------
    InputError
        What ``trajectory`` refuses, or no such users.
    """
    pattern = np.zeros(system.n)
    pattern[check_users(system, users, "users")] = field
    keys: dict[str, Any] = dict(
        temperature=temperature, sweeps=sweeps, seed=seed, burn_in=burn_in, replicas=replicas,
        feed=feed, camps=camps, start=start,
    )  # fmt: skip
    up, down = (_magnetizations(system, sign * pattern, **keys) for sign in (1, -1))
    return t_interval((up.mean(axis=1) - down.mean(axis=1)) / 2)


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
    start: str | ArrayLike = "random",
) -> pd.DataFrame:
    """Return the correlation of stances over graph distance, ``C(d) = <s_i s_j> - <s_i><s_j>``.

    Averaged over pairs at distance d, from ``sources`` users drawn at random (all, if the network
    has no more).

    Parameters
    ----------
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


def correlation_length(
    system: SpinSystem, *, smallest: float = 0.02, **keys: Any
) -> CorrelationLength:
    """Return the length over which stances are correlated, from ``C(d) ~ exp(-d / length)``.

    A line through ``ln C(d)``, d >= 1, up to the first distance at which C falls below ``smallest``
    or below three standard errors, weighed by the errors; the error is the jackknife's.

    Parameters
    ----------
    smallest : float
    keys
        As for ``correlations``.

    Raises
    ------
    InputError
        Fewer than two distances with a clear correlation.
    """
    table, by_replica = _correlations(system, **keys)
    distance = table["distance"].to_numpy(dtype=np.float64)
    mean, error = table["correlation"].to_numpy(), table["error"].to_numpy()
    clear = (mean > smallest) & (mean > 3 * error) & (distance >= 1)
    last = int(np.argmin(clear[1:])) if not clear[1:].all() else clear.size - 1
    used = slice(1, 1 + last)
    if last < 2:
        raise InputError(
            "stances are clearly correlated over fewer than two distances; a length needs two: "
            "lower the temperature, or take more sweeps or replicas."
        )
    weight = np.sqrt(mean[used] / np.maximum(error[used], 1e-12))
    count = len(by_replica)
    left_out = (by_replica.sum(axis=0) - by_replica) / (count - 1)
    lengths = [_length(distance[used], c[used], weight) for c in (mean, *left_out)]
    spread = np.sqrt((count - 1) * np.var(lengths[1:]))
    return CorrelationLength(lengths[0], float(spread), table)


def _length(distance: Array, correlation: Array, weight: Array) -> float:
    slope = np.polyfit(distance, np.log(np.maximum(correlation, 1e-12)), 1, w=weight)[0]
    return float(-1 / slope)


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
    start: str | ArrayLike = "random",
) -> tuple[pd.DataFrame, Array]:
    if replicas < 2 or sources < 1 or longest < 1 or not 0 <= burn_in < sweeps:
        raise InputError(
            f"replicas is {replicas}, sources {sources}, longest {longest}, burn_in {burn_in}; "
            "correlations need 2 replicas, 1 source, distance 1 and burn_in below sweeps."
        )
    chosen = np.arange(system.n)
    if system.n > sources:
        chosen = np.sort(generator(seed, "observables").choice(chosen, sources, replace=False))
    shells, pairs = _shells(system, chosen, longest)
    total, own, frames = np.zeros((replicas, longest + 1)), np.zeros((replicas, system.n)), 0
    for frame in trajectory(
        system, temperature=temperature, sweeps=sweeps, seed=seed, replicas=replicas, every=every,
        feed=feed, camps=camps, start=start,
    ):  # fmt: skip
        if frame.sweep < burn_in:
            continue
        frames += 1
        own += frame.spins
        for r, s in enumerate(frame.spins.astype(np.float64)):
            total[r] += _by_distance(shells, s[chosen], s, longest)
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
    return table, by_replica


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


def _magnetizations(
    system: SpinSystem, field: ArrayLike, *, burn_in: int, sweeps: int, **keys: Any
) -> Array:
    """Return the mean stance of each replica in each frame after ``burn_in``."""
    if not 0 <= burn_in < sweeps:
        raise InputError(f"burn_in is {burn_in}; allowed: 0 to below sweeps = {sweeps}.")
    frames = trajectory(system, sweeps=sweeps, field=field, **keys)
    return np.array([f.spins.mean(axis=1) for f in frames if f.sweep > burn_in]).T
