r"""Smaller societies that stand for larger ones: users summed out exactly, communities as blocks.

A user with one or two ties can be summed out of the Boltzmann distribution without changing that
of the others. With ``K = J/T``, ``H = h/T`` and ``F(a, b) = ln 2 cosh(K_1 a + K_2 b + H)``,

.. math::
    K' = \tfrac14 (F_{++} + F_{--} - F_{+-} - F_{-+}), \qquad
    H'_a = \tfrac14 (F_{++} + F_{+-} - F_{-+} - F_{--}),

which without a field is ``tanh K' = tanh K_1 tanh K_2``, and for one tie ``tanh H' = tanh K tanh
H``. Users with three ties or more would leave behind interactions of three and more users.

References
----------
L. P. Kadanoff, Physics 2, 263 (1966); A. A. Migdal, Sov. Phys. JETP 42, 743 (1975); M. E. Fisher,
Phys. Rev. 113, 969 (1959), on decorated lattices.
"""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Collection, Hashable
from typing import NamedTuple

import numpy as np
import pandas as pd
import scipy.sparse as sparse
from numpy.typing import ArrayLike, NDArray

from sociophysics.arguments import asks
from sociophysics.dynamics import trajectory
from sociophysics.errors import InputError
from sociophysics.inference.estimators.boltzmann import BoltzmannRefinement
from sociophysics.inference.estimators.exact_likelihood import ExactMaximumLikelihood
from sociophysics.society.spins import SpinSystem
from sociophysics.streams import check_seed, generator

__all__ = [
    "Blocks",
    "Decimation",
    "FlowFixedPoint",
    "block_spins",
    "blocks",
    "decimate",
    "migdal_kadanoff",
]

Array = NDArray[np.float64]
ENUMERATED = 10  # blocks whose 2^n configurations are counted one by one


class Decimation(NamedTuple):
    """A society from which users were summed out.

    ``kept`` holds the old numbers of the users of ``system``; ``log_factor`` is what the sum over
    the removed users adds to the logarithm of the partition function.
    """

    system: SpinSystem
    kept: NDArray[np.int64]
    log_factor: float


class Blocks(NamedTuple):
    """A society of blocks.

    ``table`` has one row per quantity: its value in the society's own blocks and in a society of
    block spins, with the standard errors over replicas.
    """

    system: SpinSystem
    spins: NDArray[np.int8]
    table: pd.DataFrame


class FlowFixedPoint(NamedTuple):
    """Where a renormalization stands still: coupling ``J/T``, and the exponent nu there."""

    coupling: float
    nu: float


@asks
def decimate(
    system: SpinSystem, *, temperature: float, keep: Collection[Hashable] = ()
) -> Decimation:
    """Sum out users with at most two ties, until none is left; exact for those who stay.

    Parameters
    ----------
    system : SpinSystem
        With mutual couplings.
    temperature : float
        Above 0; the couplings that replace a user depend on it.
    keep : collection of labels
        Users who stay whatever ties they have.

    Returns
    -------
    Decimation
        At the same temperature the users who are kept have the marginal distribution they had.

    Raises
    ------
    InputError
        Couplings that are not mutual, a temperature that is not positive and finite, or a label
        that no user has.

    Examples
    --------
    A user between two others; the two that stay are tied by ``artanh(tanh .7 tanh(-.4))``:

    >>> chain = SpinSystem.from_edges([0, 1], [1, 2], [0.7, -0.4])
    >>> small = decimate(chain, temperature=1.0, keep=[0, 2])
    >>> small.kept.tolist(), round(float(small.system.J.toarray()[0, 1]), 6)
    ([0, 2], -0.233798)
    """
    if not system.is_symmetric:
        raise InputError(
            "users can be summed out where all ties are mutual, and these are directed; make them "
            'mutual first, as with [network] symmetrize = "mean".'
        )
    if not (isinstance(temperature, int | float) and 0 < temperature < math.inf):
        raise InputError(f"temperature is {temperature!r}; it must be a finite number above 0.")
    places = {label: place for place, label in enumerate(system.labels)}
    unknown = [label for label in keep if label not in places]
    if unknown:
        raise InputError(f"keep holds {unknown[0]!r}; no user has that label.")
    chain = _Elimination(system, float(temperature))
    chain.run({places[label] for label in keep})
    return chain.result(system)


class _Elimination:
    """Ties as dictionaries, from which users are taken one after the other."""

    def __init__(self, system: SpinSystem, temperature: float) -> None:
        self.temperature = temperature
        self.ties: list[dict[int, float]] = [{} for _ in range(system.n)]
        entries = system.J.tocoo()
        for i, j, value in zip(
            entries.row.tolist(), entries.col.tolist(), entries.data.tolist(), strict=True
        ):
            if value:
                self.ties[i][j] = value / temperature
        self.field = (system.h / temperature).tolist()
        self.removed = np.zeros(system.n, dtype=bool)
        self.log_factor = 0.0

    def run(self, keep: set[int]) -> None:
        waiting = deque(user for user, ties in enumerate(self.ties) if len(ties) <= 2)
        left = len(self.ties)
        while waiting:
            user = waiting.popleft()
            # Somebody stays, so that there is a society.
            if self.removed[user] or user in keep or len(self.ties[user]) > 2 or left == 1:
                continue
            waiting.extend(self._remove(user))
            left -= 1

    def _remove(self, user: int) -> list[int]:
        """Sum one user out and return those who were tied to it."""
        others = list(self.ties[user])
        pulls = [self.ties[user][other] for other in others] + [0.0, 0.0]
        first, second, own = pulls[0], pulls[1], self.field[user]
        f = {(a, b): _log_two_cosh(first * a + second * b + own) for a in (1, -1) for b in (1, -1)}
        self.log_factor += sum(f.values()) / 4
        fields = (
            (f[1, 1] + f[1, -1] - f[-1, 1] - f[-1, -1]) / 4,
            (f[1, 1] + f[-1, 1] - f[1, -1] - f[-1, -1]) / 4,
        )
        for other, field in zip(others, fields, strict=False):
            self.field[other] += field
            del self.ties[other][user]
        if len(others) == 2:
            a, b = others
            coupling = (f[1, 1] + f[-1, -1] - f[1, -1] - f[-1, 1]) / 4
            total = self.ties[a].get(b, 0.0) + coupling
            self.ties[a][b] = self.ties[b][a] = total
        self.ties[user] = {}
        self.removed[user] = True
        return others

    def result(self, system: SpinSystem) -> Decimation:
        kept = np.flatnonzero(~self.removed)
        number = np.full(system.n, -1)
        number[kept] = np.arange(kept.size)
        rows, columns, values = [], [], []
        for user in kept.tolist():
            for other, value in self.ties[user].items():
                rows.append(number[user])
                columns.append(number[other])
                values.append(value * self.temperature)
        shape = (kept.size, kept.size)
        J = sparse.csr_array((values, (rows, columns)), shape=shape, dtype=np.float64)
        h = np.array([self.field[user] * self.temperature for user in kept.tolist()])
        labels = [system.labels[user] for user in kept.tolist()]
        nodes = system.nodes.iloc[kept]
        return Decimation(SpinSystem(J, h, labels, nodes), kept, self.log_factor)


def _log_two_cosh(x: float) -> float:
    return abs(x) + math.log1p(math.exp(-2 * abs(x)))


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
    stances = np.atleast_2d(np.asarray(spins)).astype(np.float64)
    members = _membership(np.asarray(groups), stances.shape[1])
    sums = stances @ members
    rng = generator(check_seed(seed), "observables")
    coins = np.where(rng.random(sums.shape) < 0.5, 1.0, -1.0)
    return np.where(sums == 0, coins, np.sign(sums)).astype(np.int8)


def _membership(groups: NDArray[np.int64], n: int) -> Array:
    """Return the matrix of who is in which group, shape (n, groups)."""
    if groups.shape != (n,) or not np.issubdtype(groups.dtype, np.integer):
        raise InputError(
            f"groups has the shape {groups.shape} and the type {groups.dtype}; give one whole "
            f"number for each of the {n} users."
        )
    count = int(groups.max(initial=-1)) + 1
    sizes = np.bincount(groups[groups >= 0], minlength=count)
    if count < 2 or (sizes == 0).any():
        raise InputError(
            "groups must number at least two groups as 0, 1, ..., each with users, and -1 for none."
        )
    members = np.zeros((n, count))
    inside = groups >= 0
    members[np.flatnonzero(inside), groups[inside]] = 1.0
    return members


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
    codes = np.asarray(groups)
    members = _membership(codes, system.n)
    samples = _sampled(system, codes, temperature, seed, replicas, sweeps, burn_in, every)
    flat = samples.reshape(-1, members.shape[1])
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
) -> NDArray[np.int8]:
    """Return block spins along a simulation, shape (replicas, samples, groups)."""
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
    )
    kept = [
        block_spins(frame.spins, groups, seed=seed + frame.sweep)
        for frame in frames
        if frame.sweep > burn_in
    ]
    return np.stack(kept, axis=1)


def _compared(own: NDArray[np.int8], other: NDArray[np.int8]) -> pd.DataFrame:
    """Return what block spins are like in both societies, with standard errors over replicas."""
    rows = []
    for name, measure in _MEASURES.items():
        values = [measure(each.astype(np.float64)) for each in (own, other)]
        errors = [float(each.std(ddof=1) / math.sqrt(each.size)) for each in values]
        means = [float(each.mean()) for each in values]
        rows.append((name, means[0], errors[0], means[1], errors[1]))
    columns = ["quantity", "society", "society_error", "blocks", "blocks_error"]
    return pd.DataFrame(rows, columns=columns)


def _magnetization(samples: Array) -> Array:
    return np.asarray(np.abs(samples.mean(2)).mean(1))


def _agreement(samples: Array) -> Array:
    """Return the mean product of two different blocks, per replica."""
    count = samples.shape[2]
    total = samples.sum(2)
    return np.asarray(((total**2 - count) / (count * (count - 1))).mean(1))


_MEASURES = {"abs_magnetization": _magnetization, "pair_agreement": _agreement}
