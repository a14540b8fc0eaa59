"""Which compiled kernel moves the replicas, behind one interface.

``kernel = "auto"`` depends on the couplings and on the kinds of fields and feeds only; never on
replicas, workers, cadence or timing. All kernels follow the same law; those of the fixed-point
family give the same numbers.
"""

from __future__ import annotations

from copy import copy
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from sociophysics.engine import fixed_point, glauber
from sociophysics.engine.reference import sweep_reference
from sociophysics.errors import InputError, did_you_mean
from sociophysics.spins import SpinSystem
from sociophysics.streams import generator, key

__all__ = ["KERNELS", "SCHEMES", "FixedPoint", "Kernel", "Reference", "choose_kernel"]

KERNELS = ("auto", "fixed-point", "reference")
SCHEMES = ("random-sequential", "sequential", "kawasaki")
NO_FEED = np.zeros((0, 0))


class Kernel(Protocol):
    """What moves a group of replicas that share their couplings."""

    def sweep(self, first: int, sweeps: int, temperature: float, held: NDArray[np.uint8]) -> None:
        """Do sweeps ``first + 1 .. first + sweeps``; users marked in ``held`` never flip."""

    def change_field(self, field: NDArray[np.float64], phi: NDArray[np.float64] | None) -> None:
        """Set the external field (n,) and the feed field (replicas, n) of what follows."""

    def spins(self) -> NDArray[np.int8]:
        """Return the stances, shape (replicas, n)."""

    def only(self, keep: NDArray[np.bool_]) -> Kernel:
        """Return a kernel that goes on with the replicas marked in ``keep``."""

    def remembered(self) -> dict[str, NDArray[Any]]:
        """Return what it carries besides stances and fields; first axis replicas."""

    def recall(self, remembered: dict[str, NDArray[Any]]) -> None:
        """Go on with what ``remembered`` returned."""


def choose_kernel(kernel: str, scheme: str) -> str:
    """Return the name of the kernel that ``auto`` stands for, after checking both names.

    Raises
    ------
    InputError
        An unknown kernel or scheme, or a scheme the kernel does not have.

    Examples
    --------
    >>> choose_kernel("auto", "random-sequential")
    'fixed-point'
    """
    if kernel not in KERNELS:
        raise InputError(f"kernel is {kernel!r}; {did_you_mean(kernel, KERNELS)}")
    if scheme not in SCHEMES:
        raise InputError(f"scheme is {scheme!r}; {did_you_mean(scheme, SCHEMES)}")
    if kernel == "reference" and scheme != "random-sequential":
        raise InputError(
            f"scheme is {scheme!r}; the reference kernel is random-sequential only: use auto."
        )
    return "fixed-point" if kernel == "auto" else kernel


class FixedPoint:
    """Incremental local fields in fixed point (``engine.glauber``).

    Parameters
    ----------
    couplings : Couplings
        Encoded once per system and shared by all groups of replicas.
    spins : int8 array, shape (replicas, n)
    seed, replicas
        Key of the dynamics stream of each replica.
    scheme : str
    """

    def __init__(
        self,
        couplings: fixed_point.Couplings,
        spins: NDArray[np.int8],
        seed: int,
        replicas: tuple[int, ...],
        scheme: str,
    ) -> None:
        self.couplings, self.scheme = couplings, scheme
        self.keys = np.array([key(seed, "dynamics", r) for r in replicas], dtype=np.uint64)
        self.state = fixed_point.encode_state(spins, np.zeros(spins.shape[1]), couplings)
        self.applied = np.zeros(spins.shape, self.state.dtype)
        self.flipped = np.zeros(len(replicas), np.int64)
        self._thresholds: tuple[float, fixed_point.Thresholds] | None = None
        if scheme == "kawasaki":
            degree = np.diff(couplings.indptr)
            self._tails = np.repeat(np.arange(degree.size, dtype=np.int32), degree)

    def sweep(self, first: int, sweeps: int, temperature: float, held: NDArray[np.uint8]) -> None:
        """Do sweeps ``first + 1 .. first + sweeps``; users marked in ``held`` never flip."""
        if self._thresholds is None or self._thresholds[0] != temperature:
            bounds = fixed_point.thresholds(temperature, self.couplings)
            self._thresholds = (temperature, bounds)
        surely, never, unit = self._thresholds[1]
        c = self.couplings
        rest = (surely, never, unit, held, self.keys, first, sweeps, self.flipped)
        if self.scheme == "kawasaki":
            glauber.sweep_kawasaki(self.state, c.indptr, c.rows, self._tails, *rest)
        elif self.scheme == "sequential":
            glauber.sweep_sequential(self.state, c.indptr, c.rows, *rest)
        elif self.state[:1].nbytes + c.rows.nbytes <= glauber.CACHED_BYTES:
            glauber.sweep_cached(self.state, c.indptr, c.rows, *rest)
        else:
            glauber.sweep_prefetched(self.state, c.indptr, c.rows, *rest)

    def change_field(self, field: NDArray[np.float64], phi: NDArray[np.float64] | None) -> None:
        """Set the external field (n,) and the feed field (replicas, n) of what follows."""
        feed = NO_FEED if phi is None else phi
        fixed_point.change_field(self.state, self.applied, field, feed, self.couplings.scale)

    def spins(self) -> NDArray[np.int8]:
        """Return the stances, shape (replicas, n)."""
        spins = np.empty(self.state.shape, np.int8)
        fixed_point.read_spins(self.state, spins)
        return spins

    def remembered(self) -> dict[str, NDArray[Any]]:
        """Return nothing: draws are functions of the sweep."""
        return {}

    def recall(self, remembered: dict[str, NDArray[Any]]) -> None:
        """Do nothing, as there is nothing to recall."""

    def only(self, keep: NDArray[np.bool_]) -> FixedPoint:
        """Return a kernel that goes on with the replicas marked in ``keep``."""
        part = copy(self)
        part.keys, part.flipped = self.keys[keep], self.flipped[keep]
        part.state, part.applied = self.state[keep], self.applied[keep]
        return part

    def recomputed_state(self) -> NDArray[Any]:
        """Return the words computed anew from the stances: equal to ``state`` bit for bit."""
        field = self.applied / self.couplings.scale
        return fixed_point.encode_state(self.spins(), field, self.couplings)


class Reference:
    """The readable heat bath (``engine.reference``), on numpy's stream; slow, for comparison."""

    def __init__(
        self, system: SpinSystem, spins: NDArray[np.int8], seed: int, replicas: tuple[int, ...]
    ) -> None:
        self.system = system
        self._spins = spins.copy()
        self._field = np.tile(system.h, (len(replicas), 1))
        self._seed, self._replicas = seed, replicas

    def sweep(self, first: int, sweeps: int, temperature: float, held: NDArray[np.uint8]) -> None:
        """Do sweeps ``first + 1 .. first + sweeps``, each on a stream of its own."""
        J = self.system.J
        for r, replica in enumerate(self._replicas):
            for sweep in range(first + 1, first + sweeps + 1):
                rng = generator(self._seed, "dynamics", replica, sweep)
                sweep_reference(
                    self._spins[r],
                    J.indptr,
                    J.indices,
                    J.data,
                    self._field[r],
                    temperature,
                    held[r],
                    rng,
                    self.system.n,
                )

    def change_field(self, field: NDArray[np.float64], phi: NDArray[np.float64] | None) -> None:
        """Set the external field (n,) and the feed field (replicas, n) of what follows."""
        self._field[:] = field if phi is None else field + phi

    def spins(self) -> NDArray[np.int8]:
        """Return the stances, shape (replicas, n)."""
        return self._spins.copy()

    def remembered(self) -> dict[str, NDArray[Any]]:
        """Return nothing: draws are functions of the sweep."""
        return {}

    def recall(self, remembered: dict[str, NDArray[Any]]) -> None:
        """Do nothing, as there is nothing to recall."""

    def only(self, keep: NDArray[np.bool_]) -> Reference:
        """Return a kernel that goes on with the replicas marked in ``keep``."""
        part = copy(self)
        part._spins, part._field = self._spins[keep], self._field[keep]
        part._replicas = tuple(
            replica for replica, kept in zip(self._replicas, keep, strict=True) if kept
        )
        return part
