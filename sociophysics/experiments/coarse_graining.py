"""Smaller societies that stand for larger ones: users summed out exactly, communities as blocks.

References
----------
L. P. Kadanoff, Physics 2, 263 (1966); A. A. Migdal, Sov. Phys. JETP 42, 743 (1975).
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from sociophysics.arguments import asks
from sociophysics.dynamics import trajectory
from sociophysics.errors import InputError
from sociophysics.experiments.decimation import Decimation, decimate
from sociophysics.inference.estimators.boltzmann import BoltzmannRefinement
from sociophysics.inference.estimators.exact_likelihood import ExactMaximumLikelihood
from sociophysics.influences.interventions import Nucleate
from sociophysics.society.spins import SpinSystem
from sociophysics.streams import check_seed, generator

__all__ = [
    "Blocks",
    "Decimation",
    "FlowFixedPoint",
    "Survival",
    "block_spins",
    "blocks",
    "decimate",
    "migdal_kadanoff",
    "what_survives",
]

Array = NDArray[np.float64]
ENUMERATED = 10  # blocks whose 2^n configurations are counted one by one


class Blocks(NamedTuple):
    """A society of blocks.

    ``table`` has one row per quantity: its value in the society's own blocks and in a society of
    block spins, with the standard errors over replicas.
    """

    system: SpinSystem
    spins: NDArray[np.int8]
    table: pd.DataFrame


class Survival(NamedTuple):
    """What a society and one made of its blocks have in common.

    ``table`` has one row per quantity: its value in the society's own blocks and in the society of
    blocks, with the standard errors over replicas; ``curves`` the mean absolute magnetization of
    blocks at each temperature; ``blocks`` the society of blocks, fitted at one temperature.
    """

    blocks: SpinSystem
    table: pd.DataFrame
    curves: pd.DataFrame


class FlowFixedPoint(NamedTuple):
    """Where a renormalization stands still: coupling ``J/T``, and the exponent nu there."""

    coupling: float
    nu: float


def migdal_kadanoff(scale: int = 2, dimensions: int = 2) -> FlowFixedPoint:
    r"""Return the fixed point of bond moving and decimation on a square lattice, exact in 1D only.

    ``tanh K' = tanh(b^{d-1} K)^b``: ``b^{d-1}`` ties are moved together, then ``b`` of them in a
    row are decimated; ``nu = ln b / ln (dK'/dK)``.

    Parameters
    ----------
    scale : int
        b, at least 2.
    dimensions : int
        d, at least 2.

    Raises
    ------
    InputError
        A scale or a number of dimensions below 2.

    Examples
    --------
    >>> found = migdal_kadanoff()
    >>> round(found.coupling, 6), round(found.nu, 6)
    (0.304689, 1.338266)
    """
    from scipy.optimize import brentq

    for name, value in (("scale", scale), ("dimensions", dimensions)):
        if isinstance(value, bool) or not isinstance(value, int) or value < 2:
            raise InputError(f"{name} is {value!r}; it must be a whole number >= 2.")
    moved = float(scale ** (dimensions - 1))

    def renormalized(K: float) -> float:
        return math.atanh(math.tanh(moved * K) ** scale)

    K = float(brentq(lambda K: renormalized(K) - K, 1e-6, 1.0 / dimensions, xtol=1e-15))
    t = math.tanh(moved * K)
    slope = scale * t ** (scale - 1) * moved * (1 - t * t) / (1 - t ** (2 * scale))
    return FlowFixedPoint(K, math.log(scale) / math.log(slope))


def block_spins(spins: ArrayLike, groups: ArrayLike, *, seed: int = 0) -> NDArray[np.int8]:
    """Return the majority's stance of each group, shape (replicas, groups); a tie is a fair coin.

    Parameters
    ----------
    spins : int8 array, shape (replicas, n) or (n,)
    groups : int array, shape (n,)
        0, 1, ..., and -1 for users who count in no group.
    seed : int
        Of the coins.

    Raises
    ------
    InputError
        Groups of another number of users, or a group without users.

    Examples
    --------
    >>> block_spins([[1, 1, -1, -1, -1, 1]], [0, 0, 0, 1, 1, -1]).tolist()
    [[1, -1]]
    """
    stances = np.atleast_2d(np.asarray(spins))
    codes, count = _checked_groups(groups, stances.shape[1])
    inside = slice(None) if codes.min() >= 0 else np.flatnonzero(codes >= 0)
    # Replica by replica: a matrix of who is where would be larger than the society.
    sums = np.stack([np.bincount(codes[inside], row[inside], count) for row in stances])
    rng = generator(check_seed(seed), "observables")
    coins = np.where(rng.random(sums.shape) < 0.5, 1.0, -1.0)
    return np.where(sums == 0, coins, np.sign(sums)).astype(np.int8)


def _checked_groups(groups: ArrayLike, n: int) -> tuple[NDArray[np.int64], int]:
    """Return each user's group, and how many groups there are."""
    codes = np.asarray(groups)
    if codes.shape != (n,) or not np.issubdtype(codes.dtype, np.integer):
        raise InputError(
            f"groups has the shape {codes.shape} and the type {codes.dtype}; give one whole "
            f"number for each of the {n} users."
        )
    count = int(codes.max(initial=-1)) + 1
    sizes = np.bincount(codes[codes >= 0], minlength=count)
    if count < 2 or (sizes == 0).any():
        raise InputError(
            "groups must number at least two groups as 0, 1, ..., each with users, and -1 for none."
        )
    return codes, count


@asks
def blocks(
    system: SpinSystem,
    groups: ArrayLike,
    *,
    temperature: float,
    seed: int,
    replicas: int = 20,
    sweeps: int = 400,
    burn_in: int = 100,
    every: int = 10,
) -> Blocks:
    """Return a society whose users are the groups of another one, with fitted couplings.

    The society is simulated; majorities of groups, one configuration per ``every`` sweeps, are
    fitted to their means and pair moments (by enumeration up to ten groups, beyond by Boltzmann
    learning; a penalized pseudolikelihood would be too weakly tied). At the same temperature the
    society of blocks then stands for the other one as far as pairs go; the table says how far.

    Parameters
    ----------
    system : SpinSystem
    groups : int array, shape (n,)
        0, 1, ..., and -1 for users who count in no group: communities, camps, states.
    temperature : float
        Above 0.
    seed : int
    replicas, sweeps, burn_in, every : int
        Of the simulation.

    Returns
    -------
    Blocks
        ``spins`` are the block spins that were fitted, shape (samples, groups).

    Raises
    ------
    InputError
        As ``block_spins`` and ``trajectory``; or a block that never changes, whose couplings
        cannot be known.

    Examples
    --------
    >>> import networkx as nx
    >>> graph = nx.planted_partition_graph(3, 12, 0.9, 0.05, seed=1)
    >>> system = SpinSystem.from_networkx(graph, default_coupling=0.3)
    >>> found = blocks(system, np.repeat([0, 1, 2], 12), temperature=4.0, seed=1, sweeps=200)
    >>> found.system.n, found.table["quantity"].tolist()
    (3, ['abs_magnetization', 'pair_agreement'])
    """
    codes, count = _checked_groups(groups, system.n)
    samples = _sampled(system, codes, temperature, seed, replicas, sweeps, burn_in, every)
    flat = samples.reshape(-1, count)
    still = np.flatnonzero(np.abs(flat.astype(np.float64).mean(0)) == 1.0)
    if still.size:
        raise InputError(
            f"block {int(still[0])} never changes its majority, so its couplings cannot be known; "
            "give more sweeps, a higher temperature, or smaller groups."
        )
    fitted = _fitted(flat, seed)
    scaled = SpinSystem(fitted.J * float(temperature), fitted.h * float(temperature))
    again = _sampled(
        scaled, np.arange(scaled.n), temperature, seed + 1, replicas, sweeps, burn_in, every
    )
    return Blocks(scaled, flat, _compared(samples, again))


@asks
def what_survives(
    system: SpinSystem,
    groups: ArrayLike,
    *,
    temperature: float,
    temperatures: Sequence[float],
    seed: int,
    replicas: int = 20,
    sweeps: int = 400,
    burn_in: int = 100,
    every: int = 10,
) -> Survival:
    """Compare a society with one of blocks where that was not fitted: order, tipping, cascades.

    The society of blocks is fitted at one temperature (``blocks``), and both are simulated at
    others. ``tipping_temperature`` is the mean temperature of the fall of the blocks' absolute
    magnetization ``m``, ``sum of T dm`` over ``sum of dm`` between neighbouring temperatures, and
    ``tipping_width`` the standard deviation of these temperatures.
    ``cascade`` is the mean stance of all other blocks while the largest keeps +1, all having begun
    at -1.

    Parameters
    ----------
    system, groups, temperature, seed, replicas, sweeps, burn_in, every
        As for ``blocks``.
    temperatures : sequence of float
        Rising, at least three, across the tipping point.

    Raises
    ------
    InputError
        As ``blocks``; fewer than three temperatures, or not rising; a single replica.

    Examples
    --------
    >>> import networkx as nx
    >>> graph = nx.planted_partition_graph(3, 12, 0.9, 0.05, seed=1)
    >>> system = SpinSystem.from_networkx(graph, default_coupling=0.3)
    >>> found = what_survives(
    ...     system, np.repeat([0, 1, 2], 12), temperature=4.0, temperatures=[2.0, 4.0, 8.0], seed=1
    ... )
    >>> found.table["quantity"].tolist()
    ['abs_magnetization', 'pair_agreement', 'cascade', 'tipping_temperature', 'tipping_width']
    """
    grid = np.asarray(temperatures, dtype=np.float64)
    if grid.ndim != 1 or grid.size < 3 or not (np.diff(grid) > 0).all() or grid[0] <= 0:
        raise InputError(
            f"temperatures are {temperatures!r}; give at least three above 0, rising, across the "
            "tipping point."
        )
    if replicas < 2:
        raise InputError(f"replicas is {replicas}; give at least 2, for standard errors.")
    codes, _ = _checked_groups(groups, system.n)
    length = (sweeps, burn_in, every)
    small = blocks(
        system,
        codes,
        temperature=temperature,
        seed=seed,
        replicas=replicas,
        sweeps=sweeps,
        burn_in=burn_in,
        every=every,
    )
    both = ((system, codes, seed + 2), (small.system, np.arange(small.system.n), seed + 3))
    falls, cascades = [], []
    largest = int(np.bincount(codes[codes >= 0]).argmax())
    for society, own, first in both:
        curve = [_sampled(society, own, float(t), first, replicas, *length) for t in grid]
        falls.append(np.stack([_magnetization(each) for each in curve]))
        held = _sampled(society, own, temperature, first, replicas, *length, held=largest)
        cascades.append(np.delete(held, largest, axis=2).mean((1, 2)))
    (place, width), (other_place, other_width) = (_fall(grid, fall) for fall in falls)
    more = _table(
        {
            "cascade": (cascades[0], cascades[1]),
            "tipping_temperature": (place, other_place),
            "tipping_width": (width, other_width),
        }
    )
    curves = pd.concat(
        [_table({"m": (falls[0][k], falls[1][k])}).iloc[:, 1:] for k in range(grid.size)],
        ignore_index=True,
    )
    curves.insert(0, "temperature", grid)
    return Survival(small.system, pd.concat([small.table, more], ignore_index=True), curves)


def _fall(temperatures: Array, m: Array) -> tuple[Array, Array]:
    """Return mean and standard deviation of the temperatures at which each replica's ``m`` falls.

    NaN where nothing falls. ``m`` has the shape (temperatures, replicas).
    """
    drops = -np.diff(m, axis=0)
    middle = (temperatures[1:] + temperatures[:-1]) / 2
    with np.errstate(divide="ignore", invalid="ignore"):
        shares = drops / drops.sum(0)
    place = middle @ shares
    # Where noise makes m rise a little, its share is negative.
    return place, np.sqrt(np.maximum(middle**2 @ shares - place**2, 0.0))


def _fitted(samples: NDArray[np.int8], seed: int) -> SpinSystem:
    """Return couplings and fields with the pair moments of the samples, at T = 1."""
    if samples.shape[1] <= ENUMERATED:
        return ExactMaximumLikelihood(fields=True).fit(samples).system_
    return BoltzmannRefinement(fields=True, seed=seed).fit(samples).system_


def _sampled(
    system: SpinSystem,
    groups: NDArray[np.int64],
    temperature: float,
    seed: int,
    replicas: int,
    sweeps: int,
    burn_in: int,
    every: int,
    held: int | None = None,
) -> NDArray[np.int8]:
    """Return block spins along a simulation, shape (replicas, samples, groups).

    With a block ``held``, all begin at -1 and its users keep +1.
    """
    if not 0 <= burn_in < sweeps - every:
        raise InputError(
            f"burn_in is {burn_in} of {sweeps} sweeps, with one sample per {every}; leave room "
            "for at least two samples."
        )
    frames = trajectory(
        system,
        temperature=temperature,
        sweeps=sweeps,
        seed=seed,
        replicas=replicas,
        every=every,
        start="random" if held is None else "down",
        interventions=() if held is None else [_holding(system, groups, held)],
    )
    kept = [
        block_spins(frame.spins, groups, seed=seed + frame.sweep)
        for frame in frames
        if frame.sweep > burn_in
    ]
    return np.stack(kept, axis=1)


def _holding(system: SpinSystem, groups: NDArray[np.int64], block: int) -> Nucleate:
    users = [system.labels[user] for user in np.flatnonzero(groups == block).tolist()]
    return Nucleate(at=0, who=users, hold="forever")


def _compared(own: NDArray[np.int8], other: NDArray[np.int8]) -> pd.DataFrame:
    """Return what block spins are like in both societies, with standard errors over replicas."""
    pairs = {name: (measure(own), measure(other)) for name, measure in _MEASURES.items()}
    return _table(pairs)


def _table(pairs: Mapping[str, tuple[Array, Array]]) -> pd.DataFrame:
    """Return means over replicas in the society and in that of blocks, with standard errors."""
    rows = []
    for name, values in pairs.items():
        means = [float(each.mean()) for each in values]
        errors = [float(each.std(ddof=1) / math.sqrt(each.size)) for each in values]
        rows.append((name, means[0], errors[0], means[1], errors[1]))
    columns = ["quantity", "society", "society_error", "blocks", "blocks_error"]
    return pd.DataFrame(rows, columns=columns)


def _magnetization(samples: NDArray[np.int8]) -> Array:
    return np.asarray(np.abs(samples.mean(2)).mean(1))


def _agreement(samples: NDArray[np.int8]) -> Array:
    """Return the mean product of two different blocks, per replica."""
    count = samples.shape[2]
    total = samples.sum(2, dtype=np.float64)
    return np.asarray(((total**2 - count) / (count * (count - 1))).mean(1))


_MEASURES = {"abs_magnetization": _magnetization, "pair_agreement": _agreement}
