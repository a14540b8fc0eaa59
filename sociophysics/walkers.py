"""Groups of replicas that share couplings: what the trajectory moves from one event to the next."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sociophysics.engine import fixed_point
from sociophysics.feeds import Draws, Exposure, Feed, FeedMemory
from sociophysics.kernels import FixedPoint, Kernel, Reference
from sociophysics.spins import SpinSystem
from sociophysics.streams import key

__all__ = ["Conditions", "Walkers"]


@dataclass
class Conditions:
    """What acts from outside, sweep by sweep; interventions change it as the run goes on."""

    temperature: NDArray[np.float64]  # (sweeps,)
    field: NDArray[np.float64]  # (terms, sweeps)
    pattern: NDArray[np.float64]  # (terms, n): how much of each term every user feels
    feed: Feed | None
    camps: NDArray[np.int64] | None
    seed: int
    scheme: str
    kernel: str

    def external(self, system: SpinSystem, sweep: int) -> NDArray[np.float64]:
        """Return the external field (n,) that acts in ``sweep``."""
        total: NDArray[np.float64] = system.h + self.field[:, sweep - 1] @ self.pattern
        return total

    def steady(self, sweep: int, last: int) -> int:
        """Return the last sweep up to ``last`` with the same temperature and field as ``sweep``."""
        t, f = self.temperature[sweep - 1 : last], self.field[:, sweep - 1 : last]
        change = np.flatnonzero((t != t[0]) | (f != f[:, :1]).any(axis=0))
        return sweep - 1 + (int(change[0]) if change.size else t.size)

    def bound(self, system: SpinSystem, sweep: int) -> float:
        """Return the largest field that couplings apart will act from ``sweep`` on."""
        largest = np.abs(self.field[:, sweep - 1 :]).max(axis=1, initial=0.0)
        external = float((np.abs(system.h) + largest @ np.abs(self.pattern)).max(initial=0.0))
        return external + (self.feed.bound if self.feed else 0.0)


class Walkers:
    """Replicas with one system, their kernel, the feed's memory, and who is held where.

    Parameters
    ----------
    system : SpinSystem
        As given or rewired; feeds that change couplings act on a copy.
    spins : int8 array, shape (rows, n)
    rows : int array
        Positions of these replicas in the frame.
    replicas : tuple of int
        Their numbers, which key their random streams.
    """

    def __init__(
        self,
        system: SpinSystem,
        spins: NDArray[np.int8],
        rows: NDArray[np.int64],
        replicas: tuple[int, ...],
    ) -> None:
        self.system, self.rows, self.replicas = system, rows, replicas
        self.held_until = np.zeros((len(replicas), 0), np.int64)
        self.memory: FeedMemory | None = None
        self.phi: NDArray[np.float64] | None = None
        self.exposure: Exposure | None = None
        self._start = spins
        self._kernel: Kernel | None = None
        self._feed_keys = np.zeros((len(replicas), 2), np.uint64)

    @property
    def kernel(self) -> Kernel:
        """The kernel that holds the stances; ``prepare`` makes it."""
        if self._kernel is None:
            raise RuntimeError("walkers are moved before they are prepared")
        return self._kernel

    @property
    def spins(self) -> NDArray[np.int8]:
        """Stances, shape (rows, n)."""
        return self._start if self._kernel is None else self.kernel.spins()

    def prepare(
        self,
        conditions: Conditions,
        sweep: int,
        couplings: fixed_point.Couplings | None,
        memory: FeedMemory | None,
    ) -> None:
        """Load the stances into a new kernel and start the feed, before ``sweep``."""
        spins = self.spins
        feed, seed = conditions.feed, conditions.seed
        effective = feed.couplings(self.system) if feed else self.system
        if couplings is None:
            self._kernel = Reference(effective, spins, seed, self.replicas)
        else:
            self._kernel = FixedPoint(
                effective, couplings, spins, seed, self.replicas, conditions.scheme
            )
        self.memory = memory
        self._feed_keys = np.array([key(seed, "feed", r) for r in self.replicas], dtype=np.uint64)
        self.phi = self.exposure = None
        self._field: NDArray[np.float64] | None = None

    def advance(self, conditions: Conditions, first: int, last: int) -> None:
        """Do sweeps ``first + 1 .. last``, the feed refreshed before each."""
        done = first
        while done < last:
            sweep = done + 1
            field = conditions.external(self.system, sweep)
            if conditions.feed is not None:
                until = sweep
                self.refresh(conditions, sweep)
                self.kernel.change_field(field, self.phi)
            else:
                until = conditions.steady(sweep, last)
                if self._field is None or not np.array_equal(field, self._field):
                    self.kernel.change_field(field, None)
            self._field = field
            held = (self.held_until > done).astype(np.uint8)
            if not held.any():
                held = held[:, :0]
            self.kernel.sweep(done, until - done, float(conditions.temperature[done]), held)
            done = until
            if conditions.feed is not None and self.memory is not None:
                self.memory = conditions.feed.remember(self.kernel.spins(), self.memory)

    def refresh(self, conditions: Conditions, sweep: int) -> None:
        """Let the feed look at the stances now; its field will act in ``sweep``."""
        if conditions.feed is None:
            self.phi = self.exposure = None
            return
        self.phi, self.exposure = conditions.feed.refresh(
            self.system,
            self.kernel.spins(),
            conditions.camps,
            self.memory,
            Draws(self._feed_keys, sweep),
        )

    def hold(self, row: int, users: NDArray[np.int64], until: int) -> None:
        """Keep these users of one replica from flipping up to and with sweep ``until``."""
        if self.held_until.shape[1] == 0:
            self.held_until = np.zeros((len(self.replicas), self.system.n), np.int64)
        self.held_until[row, users] = until

    def next_release(self, sweep: int) -> int | None:
        """Return the first sweep after ``sweep`` at which somebody is let go."""
        later = self.held_until[self.held_until > sweep]
        return int(later.min()) if later.size else None

    def only(self, keep: NDArray[np.bool_]) -> Walkers:
        """Return walkers of the replicas marked in ``keep``, to be prepared anew."""
        part = Walkers(
            self.system,
            self.spins[keep],
            self.rows[keep],
            tuple(r for r, kept in zip(self.replicas, keep, strict=True) if kept),
        )
        part.held_until = self.held_until[keep]
        if self.memory is not None and self.memory.trace is not None:
            part.memory = self.memory._replace(trace=self.memory.trace[keep])
        else:
            part.memory = self.memory
        return part

    def restart(self, spins: NDArray[np.int8], system: SpinSystem | None = None) -> None:
        """Give the replicas other stances, or a rewired system, to be prepared anew."""
        self._start, self._kernel = spins, None
        self.system = system or self.system
