r"""Valleys of a society: coolings, parallel tempering, states that no single user leaves.

Which frozen states exist, how deep they lie and how far they are apart. All of it asks for an
energy: mutual ties. Couplings are held as a full matrix of at most 4,096 users, which the compiled
kernels of dense systems read.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from sociophysics import streams
from sociophysics.arguments import asks
from sociophysics.engine import dense
from sociophysics.errors import InputError
from sociophysics.inference.estimators.tempering import Chains, pack
from sociophysics.machine import require_memory
from sociophysics.society.spins import SpinSystem

__all__ = [
    "Cooled",
    "Tempered",
    "Valleys",
    "cool",
    "dense_couplings",
    "metastable_states",
    "parallel_tempering",
    "started_chains",
]

Floats = NDArray[np.float64]
MOST_USERS = 4096
HOTTEST = 1.2  # in units of the largest sqrt(sum_j J_ij^2)
ENUMERATED = 16


class Cooled(NamedTuple):
    """Copies that were cooled, and where they ended."""

    spins: NDArray[np.int8]
    """Shape (copies, n)."""
    energies: Floats
    """Energy per user, shape (copies,)."""
    agreement: float
    """Mean ``|q|`` of pairs of copies: do independent coolings find the same state?"""

    @property
    def lowest(self) -> float:
        """Return the lowest energy per user."""
        return float(self.energies.min())


class Tempered(NamedTuple):
    """What parallel tempering saw at each of K temperatures."""

    temperatures: Floats
    energy: Floats
    """Mean energy per user, shape (K,)."""
    energies: Floats
    """Total energies, shape (K, draws)."""
    spins: NDArray[np.int8]
    """Configurations at the lowest temperature, shape (ladders, draws, n)."""
    swaps: Floats
    """Share of exchanges made between neighbours, shape (K - 1,)."""
    round_trips: float
    """Trips of a replica from the coldest to the hottest temperature and back, per replica."""
    lowest: float
    """Lowest energy per user that was seen."""
    ground: NDArray[np.int8]
    """A configuration that has it, shape (n,)."""


class Valleys(NamedTuple):
    """Configurations that no single user leaves: every flip costs energy, or is against the pull.

    ``visits`` counts the quenches that end in each, so that shares of it are sizes of basins;
    ``complete`` says that all configurations were looked at, and ``estimate`` how many there are:
    their number, or what the number seen once and twice says (Chao, at least so many).
    """

    spins: NDArray[np.int8]
    energies: Floats
    visits: NDArray[np.int64]
    complete: bool
    estimate: float


@asks
def cool(
    system: SpinSystem,
    *,
    sweeps: int,
    seed: int,
    copies: int = 4,
    hottest: float | None = None,
) -> Cooled:
    """Return where independent copies end that are cooled linearly to zero; 0 sweeps: quenched.

    Heat bath at falling temperature, then single flips downhill until none is left. Slower cooling
    finds lower energies.

    Parameters
    ----------
    system : SpinSystem
        Mutual ties, at most 4,096 users.
    sweeps : int
        Of the cooling; 0 goes downhill from a random start.
    seed : int
    copies : int
        Copy ``k`` does not depend on how many there are.
    hottest : float, optional
        Where it starts; 1.2 times the largest ``sqrt(sum_j J_ij^2)`` by default.

    Raises
    ------
    InputError
        Directed ties, too many users, or counts out of range.

    References
    ----------
    S. Kirkpatrick, C. D. Gelatt, M. P. Vecchi, Science 220, 671 (1983).

    Examples
    --------
    >>> ring = SpinSystem.from_edges([0, 1, 2, 3], [1, 2, 3, 0], [1, 1, 1, -1])
    >>> cool(ring, sweeps=50, seed=1).lowest
    -0.5
    """
    J = dense_couplings(system, "cooling")
    if sweeps < 0 or copies < 1:
        raise InputError(f"sweeps is {sweeps} and copies {copies}; give 0 or more, and 1 or more.")
    top = HOTTEST * _scale(J) if hottest is None else hottest
    if not 0 <= top < math.inf:
        raise InputError(f"hottest is {hottest}; it must be a number >= 0.")
    chains = started_chains(system.n, copies, seed)
    for sweep in range(sweeps):
        temperature = top * (1 - sweep / sweeps)
        chains.beta[:] = 1 / temperature if temperature > 0 else math.inf
        chains.run(J, system.h, sweeps=1, blocs=pack([]))
    fields = chains.spins @ J + system.h
    dense.quench(chains.spins, fields, J, chains.keys, chains.counters)
    energies = np.asarray(system.energy(chains.spins)) / system.n
    q = np.abs(chains.spins.astype(float) @ chains.spins.T)[np.triu_indices(copies, 1)] / system.n
    return Cooled(chains.spins, energies, float(q.mean()) if q.size else math.nan)


@asks
def parallel_tempering(
    system: SpinSystem,
    temperatures: Sequence[float],
    *,
    sweeps: int,
    seed: int,
    burn_in: int = 0,
    ladders: int = 2,
    every: int = 10,
) -> Tempered:
    """Return samples at all temperatures from replicas that exchange them.

    Parameters
    ----------
    system : SpinSystem
        Mutual ties, at most 4,096 users.
    temperatures : increasing floats
        From the one that is hard to equilibrate to one that is not; neighbours should exchange in
        a fifth of the offers or more.
    sweeps : int
        An offer of exchange follows each.
    seed : int
    burn_in : int
        Sweeps left out at the start.
    ladders : int
        Independent sets of replicas; their overlaps are those of independent replicas.
    every : int
        Sweeps between samples.

    Raises
    ------
    InputError
        Temperatures that do not increase from above zero, directed ties, too many users, or counts
        out of range.

    References
    ----------
    K. Hukushima, K. Nemoto, J. Phys. Soc. Jpn. 65, 1604 (1996).

    Examples
    --------
    >>> pair = SpinSystem([[0, 1], [1, 0]])
    >>> found = parallel_tempering(pair, [1.0, 2.0], sweeps=8000, seed=1, every=2)
    >>> bool(abs(found.energy[0] + np.tanh(1) / 2) < 0.02)
    True
    """
    J, ladder = dense_couplings(system, "parallel tempering"), np.asarray(temperatures, dtype=float)
    if ladder.size < 2 or ladder[0] <= 0 or (np.diff(ladder) <= 0).any():
        raise InputError(
            f"temperatures are {list(temperatures)}; give two or more that increase from above 0."
        )
    if not 0 <= burn_in < sweeps or min(ladders, every) < 1:
        raise InputError(
            f"sweeps {sweeps}, burn_in {burn_in}, ladders {ladders}, every {every}; burn_in must "
            "be below sweeps, the others at least 1."
        )
    rungs, kept = ladder.size, len(range(burn_in, sweeps, every))
    require_memory(
        float(kept) * ladders * (system.n + 8 * rungs), what="the samples", fix="raise every"
    )
    chains = started_chains(system.n, ladders * rungs, seed)
    chains.beta[:] = np.tile(1 / ladder, ladders)
    order = np.arange(ladders * rungs).reshape(ladders, rungs)
    swaps, trips = np.zeros(rungs - 1, np.int64), _Trips(ladders * rungs)
    energies, spins = np.empty((kept, ladders, rungs)), np.empty((kept, ladders, system.n), np.int8)
    lowest, ground = math.inf, chains.spins[0].copy()
    for sweep in range(sweeps):
        fields = chains.run(J, system.h, sweeps=1, blocs=pack([]))
        total = -0.5 * (chains.spins * (fields + system.h)).sum(axis=1)
        if total.min() < lowest:
            lowest, ground = float(total.min()), chains.spins[int(total.argmin())].copy()
        dense.exchange(
            chains.spins, fields, system.h, chains.beta, chains.keys, chains.counters, order,
            sweep % 2, swaps,
        )  # fmt: skip
        trips.note(order)
        if sweep >= burn_in and (sweep - burn_in) % every == 0:
            place = (sweep - burn_in) // every
            energies[place], spins[place] = total[order], chains.spins[order[:, 0]]
    offers = np.array([len(range(k % 2, sweeps, 2)) for k in range(rungs - 1)]) * ladders
    flat = energies.transpose(2, 1, 0).reshape(rungs, -1)
    return Tempered(
        ladder, flat.mean(axis=1) / system.n, flat, spins.transpose(1, 0, 2),
        swaps / np.maximum(offers, 1), trips.done / (ladders * rungs), lowest / system.n, ground,
    )  # fmt: skip


class _Trips:
    """Counts how often replicas go from the coldest to the hottest temperature and back."""

    def __init__(self, replicas: int) -> None:
        self.been_hot = np.zeros(replicas, bool)
        self.began = np.zeros(replicas, bool)
        self.done = 0

    def note(self, order: NDArray[np.int64]) -> None:
        """Take where everybody is now."""
        cold, hot = order[:, 0], order[:, -1]
        back = cold[self.been_hot[cold] & self.began[cold]]
        self.done += back.size
        self.been_hot[cold], self.began[cold] = False, True
        self.been_hot[hot] = True


@asks
def metastable_states(system: SpinSystem, *, quenches: int = 1000, seed: int) -> Valleys:
    """Return the configurations that no single user leaves, and how large their basins are.

    Random starts go downhill, a random unhappy user at a time. Up to 16 users all configurations
    are looked at as well; there ties need not be mutual.

    Parameters
    ----------
    system : SpinSystem
    quenches : int
        Random starts; of directed ties none are made, since they need not end.
    seed : int

    Raises
    ------
    InputError
        Directed ties of more than 16 users, too many users, or fewer than one quench.

    References
    ----------
    A. J. Bray, M. A. Moore, J. Phys. C 13, L469 (1980); A. Chao, Scand. J. Stat. 11, 265 (1984).

    Examples
    --------
    >>> square = SpinSystem.from_edges([0, 1, 2, 3], [1, 2, 3, 0])
    >>> found = metastable_states(square, seed=1)
    >>> len(found.spins), found.energies.min(), found.complete
    (6, np.float64(-1.0), True)
    """
    if quenches < 1:
        raise InputError(f"quenches is {quenches}; it must be 1 or more.")
    small = system.n <= ENUMERATED
    if not system.is_symmetric and not small:
        raise InputError(
            f"with ties that are not mutual states are counted by enumeration, up to {ENUMERATED} "
            f"users; there are {system.n}."
        )
    stable = _enumerated(system) if small else np.zeros((0, system.n), np.int8)
    ended = np.zeros((0, system.n), np.int8)
    if system.is_symmetric:
        J, chains = dense_couplings(system, "quenches"), started_chains(system.n, quenches, seed)
        dense.quench(chains.spins, chains.spins @ J + system.h, J, chains.keys, chains.counters)
        ended = chains.spins
    states, index = np.unique(np.concatenate([stable, ended]), axis=0, return_inverse=True)
    visits = np.bincount(index.ravel()[len(stable) :], minlength=len(states))
    estimate = float(len(states))
    if not small:
        once, twice = int((visits == 1).sum()), int((visits == 2).sum())
        estimate += once * (once - 1) / (2 * (twice + 1))
    if not system.is_symmetric:
        return Valleys(states, np.full(len(states), math.nan), visits, small, estimate)
    energies = np.asarray(system.energy(states)) / max(system.n, 1)
    order = np.argsort(energies, kind="stable")
    return Valleys(states[order], energies[order], visits[order], small, estimate)


def _enumerated(system: SpinSystem) -> NDArray[np.int8]:
    """Return all configurations in which nobody is pulled against the own stance."""
    code = np.arange(2**system.n)[:, np.newaxis]
    states = (2 * (code >> np.arange(system.n) & 1) - 1).astype(np.int8)
    pull = states * (states @ system.J.toarray().T + system.h)
    return np.asarray(states[(pull >= -1e-12).all(axis=1)])


def started_chains(n: int, replicas: int, seed: int) -> Chains:
    """Return chains at random stances and infinite temperature."""
    spins = [2 * streams.generator(seed, "start", r).integers(0, 2, n) - 1 for r in range(replicas)]
    return Chains.start(np.array(spins, np.int8), np.zeros(replicas), seed=seed, purpose="dynamics")


def _scale(J: Floats) -> float:
    return float(np.sqrt((J**2).sum(axis=1)).max(initial=0.0))


def dense_couplings(system: SpinSystem, what: str) -> Floats:
    """Return the full matrix of mutual couplings, or raise if there is none of bearable size."""
    if not system.is_symmetric:
        raise InputError(f"{what} needs an energy, and ties that are not mutual have none.")
    if not 1 <= system.n <= MOST_USERS:
        raise InputError(f"{what} takes from 1 to {MOST_USERS} users; there are {system.n}.")
    require_memory(16.0 * system.n**2, what="the couplings", fix="use fewer users")
    J: Floats = system.J.toarray()
    return J
