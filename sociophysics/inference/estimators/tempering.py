"""Equilibrium samples of fitted chambers by parallel tempering with moves of whole blocs.

Fitted chambers have few deep minima (consensus, party against party) between which single flips
hardly ever pass. Replicas at higher temperatures pass, and exchange places with those below
(Swendsen & Wang 1986; Hukushima & Nemoto 1996, J. Phys. Soc. Jpn. 65, 1604).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from sociophysics import streams
from sociophysics.engine import dense
from sociophysics.errors import InputError
from sociophysics.machine import require_memory

__all__ = ["LADDER", "Blocs", "Chains", "Samples", "pack", "temper"]

Array = NDArray[np.float64]

LADDER = (1.0, 1.1, 1.2, 1.35, 1.5, 1.75, 2.0)


class Blocs(NamedTuple):
    """Groups of members that may turn round as one: indices one after the other, and starts."""

    members: NDArray[np.int64]
    starts: NDArray[np.int64]


class Samples(NamedTuple):
    """What parallel tempering saw, for each of K temperatures.

    ``spins`` int8 (K, draws, n), ``energy`` (K, draws) total, ``temperatures`` (K,) and
    ``exchanged`` (K - 1,) the share of accepted exchanges between neighbours.
    """

    spins: NDArray[np.int8]
    energy: Array
    temperatures: Array
    exchanged: Array


def pack(groups: Sequence[NDArray[np.int64]]) -> Blocs:
    """Return groups of members as the arrays that the kernels read.

    Examples
    --------
    >>> pack([np.array([0, 1]), np.array([2])]).starts
    array([0, 2, 3])
    """
    sizes = [len(group) for group in groups]
    members = np.concatenate(groups) if groups else np.zeros(0)
    return Blocs(members.astype(np.int64), np.concatenate([[0], np.cumsum(sizes)]).astype(np.int64))


@dataclass(eq=False)
class Chains:
    """Replicas of one chamber, each at its own temperature, that continue where they stopped."""

    spins: NDArray[np.int8]
    beta: Array
    keys: NDArray[np.uint64]
    counters: NDArray[np.uint64]

    @classmethod
    def start(cls, spins: NDArray[np.int8], beta: Array, *, seed: int, purpose: str) -> Chains:
        """Return chains at the given spins (replicas, n), each with a random stream of its own."""
        keys = np.stack([streams.key(seed, purpose, r) for r in range(len(spins))])
        return cls(spins.copy(), beta.astype(float), keys, np.zeros(len(spins), np.uint64))

    def run(self, coupling: Array, field: Array, *, sweeps: int, blocs: Blocs) -> Array:
        """Advance by ``sweeps`` sweeps, then offer each bloc a flip; return the local fields."""
        fields = self.spins @ coupling + field
        dense.sweep_dense(self.spins, fields, coupling, self.beta, self.keys, self.counters, sweeps)
        own = (self.beta, self.keys, self.counters)
        dense.flip_blocs(self.spins, fields, coupling, field, *own, *blocs)
        return fields


def temper(
    coupling: Array,
    field: Array,
    *,
    temperatures: Sequence[float] = LADDER,
    draws: int = 2000,
    blocs: Sequence[NDArray[np.int64]] = (),
    seed: int,
    ladders: int = 4,
    burn_in: int = 300,
    thin: int = 4,
) -> Samples:
    """Return equilibrium samples at every temperature.

    Parameters
    ----------
    coupling, field : arrays, shapes (n, n) and (n,)
    temperatures : increasing floats
        In units of the couplings' own; the lowest is the one that is hard to equilibrate.
    draws : int
        Samples at each temperature, rounded up to a multiple of ``ladders``.
    blocs : sequence of int arrays
        Groups of members offered to turn round as one.
    seed : int
    ladders : int
        Independent sets of replicas, started at random.
    burn_in, thin : int
        Rounds left out at the start, and rounds per sample; a round is a sweep, the bloc moves
        and an offer of exchange.

    Raises
    ------
    InputError
        Temperatures that do not increase from above zero, or counts below one.

    Examples
    --------
    >>> pair = np.array([[0.0, 1.0], [1.0, 0.0]])
    >>> found = temper(pair, np.zeros(2), temperatures=[1.0, 2.0], draws=4000, seed=1)
    >>> bool(abs((found.spins[0, :, 0] * found.spins[0, :, 1]).mean() - np.tanh(1)) < 0.03)
    True
    """
    ladder = np.asarray(temperatures, dtype=float)
    if not len(ladder) or ladder[0] <= 0 or (np.diff(ladder) <= 0).any():
        raise InputError(f"temperatures are {list(temperatures)}; they must increase from above 0.")
    if min(draws, ladders, thin) < 1 or burn_in < 0:
        raise InputError(
            f"draws {draws}, ladders {ladders}, thin {thin} must be at least 1 and burn_in "
            f"{burn_in} at least 0."
        )
    n, rungs = len(field), len(ladder)
    rounds = -(-draws // ladders)
    require_memory(
        rungs * rounds * ladders * (n + 8.0), what="the samples", fix="lower draws or temperatures"
    )
    start = streams.generator(seed, "start").integers(0, 2, (ladders * rungs, n))
    chains = Chains.start(
        (2 * start - 1).astype(np.int8), np.tile(1 / ladder, ladders), seed=seed, purpose="fit"
    )
    order = np.arange(ladders * rungs).reshape(ladders, rungs)
    swaps = np.zeros(max(rungs - 1, 1), np.int64)
    packed = pack(blocs)
    spins = np.empty((rungs, rounds, ladders, n), np.int8)
    energy = np.empty((rungs, rounds, ladders))
    for step in range(burn_in + rounds * thin):
        fields = chains.run(coupling, field, sweeps=1, blocs=packed)
        dense.exchange(
            chains.spins,
            fields,
            field,
            chains.beta,
            chains.keys,
            chains.counters,
            order,
            step % 2,
            swaps,
        )
        kept, late = divmod(step - burn_in, thin)
        if step >= burn_in and late == 0:
            total = -0.5 * (chains.spins * (fields + field)).sum(axis=1)
            spins[:, kept] = chains.spins[order.T]
            energy[:, kept] = total[order.T]
    offers = max(1, (burn_in + rounds * thin) * ladders // 2)
    return Samples(
        spins.reshape(rungs, rounds * ladders, n),
        energy.reshape(rungs, rounds * ladders),
        ladder,
        swaps[: rungs - 1] / offers,
    )
