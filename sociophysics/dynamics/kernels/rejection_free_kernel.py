"""From attempt to attempt or from flip to flip, replica by replica, whichever is cheaper now.

Where nearly every attempt is rejected, ``engine.rejection_free`` draws how many are, and pays per
flip and not per attempt. A replica's own flips decide, counted over windows that end at fixed
sweep numbers; so neither other replicas nor threads nor frames have a part in it.
"""

from __future__ import annotations

from copy import copy
from functools import cached_property
from hashlib import blake2b
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from sociophysics.dynamics.conditions import Answer, SweepTask
from sociophysics.dynamics.kernels.incremental_kernel import FixedPointKernel, Integer
from sociophysics.engine import fixed_point, rate_bins, rejection_free
from sociophysics.engine.integer_sweeps import IntegerTies
from sociophysics.errors import InputError
from sociophysics.society.spins import SpinSystem

__all__ = ["Adaptive", "RejectionFree"]

WINDOW_SWEEPS, WINDOW_ATTEMPTS = 32, 2**17  # a window is at least as long as both
# Flips per attempt below which a replica goes over to flips, and above which it goes back. They
# cost the same as attempts at 1-2 %, beyond the cache at 0.7-0.9 %; filling the bins costs some
# five sweeps, which a window at the lower mark saves several times over.
LOW, HIGH = 0.004, 0.008
# What every replica has of its own.
OWN = ("free", "sorted", "clock", "members", "place", "ends", "held", "field", "counted", "changes")
UNSORTED, IN_ORDER, READY = 0, 1, 2  # bins: to be filled, to be found in a known order, filled
NOTHING = np.uint64(0)  # the digest of no field and of nobody held


class Words(NamedTuple):
    """How a kernel stores couplings and fields."""

    indptr: NDArray[Any]
    rows: NDArray[Any]
    packed: bool  # rows of ``engine.integer_sweeps``, else of ``engine.fixed_point``
    largest: int  # no stored field is larger
    scale: float  # stored field of one unit of the couplings


def words_of(kernel: FixedPointKernel | Integer) -> Words:
    """Return how a kernel stores couplings and fields."""
    if isinstance(kernel, Integer):
        t = kernel.ties
        return Words(t.indptr, t.ends, True, t.reach, t.scale / t.step)
    c = kernel.couplings
    return Words(c.indptr, c.rows, False, fixed_point.FAR[kernel.state.dtype], c.scale)


def window(n: int) -> int:
    """Return the sweeps between two decisions, a power of two.

    Examples
    --------
    >>> window(100_000), window(1_000)
    (32, 256)
    """
    sweeps = WINDOW_SWEEPS
    while sweeps * n < WINDOW_ATTEMPTS:
        sweeps *= 2
    return sweeps


class RejectionFree:
    """Replicas that go from flip to flip, all the time.

    Parameters
    ----------
    encoded : IntegerTies or Couplings
        As ``encode`` returns them, shared by all groups of replicas.
    spins : int8 array, shape (replicas, n)
    seed, replicas
        Key of the dynamics stream of each replica.
    """

    always = True

    @staticmethod
    def refusal(task: SweepTask) -> str | None:
        """Return why this kernel cannot do a task, None if it can."""
        if task.scheme != "random-sequential":
            return f"scheme is {task.scheme!r}; waits between flips are random-sequential only"
        if task.rule is not None:
            return f"rule is {task.rule.kind!r}; waits between flips are those of the heat bath"
        if task.own_noise:
            return "users have temperatures of their own; waits between flips need one for all"
        return None

    @staticmethod
    def encode(
        system: SpinSystem, bound: float, coldest: float = np.inf, answer: Answer | None = None
    ) -> Any:
        """Return packed ties where there is no field and they allow it, else fixed point."""
        plain = SweepTask(system, "random-sequential", has_field=bound > 0.0, has_feed=False)
        kind = FixedPointKernel if Integer.refusal(plain) else Integer
        return kind.encode(system, bound, coldest)

    def __init__(
        self,
        encoded: IntegerTies | fixed_point.Couplings,
        spins: NDArray[np.int8],
        seed: int,
        replicas: tuple[int, ...],
        scheme: str = "random-sequential",
    ) -> None:
        inner: FixedPointKernel | Integer
        if isinstance(encoded, IntegerTies):
            inner = Integer(encoded, spins, seed, replicas)
        else:
            inner = FixedPointKernel(encoded, spins, seed, replicas, scheme)
        self.inner, always = inner, self.always
        count, n = inner.state.shape
        self.window = window(n)
        self.free = np.full(count, always)
        self.sorted = np.full(count, UNSORTED, np.int8)
        self.clock = np.zeros((count, 3), np.int64)
        self.members = self.place = np.zeros((count, 0), np.int32)
        self.ends = np.zeros((count, 0), np.int32)
        self._rates: rate_bins.Rates | None = None
        # What the bins were filled under, and the window that is counted now.
        self.temperature = np.nan
        self.field, self.held = np.zeros(count, np.uint64), np.zeros(count, np.uint64)
        self.since, self.changes = -1, np.zeros(count, np.int64)
        self.counted = inner.flipped.copy()

    @property
    def flipped(self) -> NDArray[np.int64]:
        """Accepted flips of each replica, shape (replicas,)."""
        return self.inner.flipped

    def sweep(self, first: int, sweeps: int, temperature: float, held: NDArray[np.uint8]) -> None:
        """Do sweeps ``first + 1 .. first + sweeps``; users marked in ``held`` never flip."""
        if self.since < 0:
            self.since = first
        self._notice(temperature, held)
        done, last = first, first + sweeps
        while done < last:
            until = last
            if not self.always:
                until = min(last, (done // self.window + 1) * self.window)
            self._move(done, until - done, temperature, held)
            done = until
            if not self.always and done % self.window == 0:
                self._decide(done)

    def _notice(self, temperature: float, held: NDArray[np.uint8]) -> None:
        """Have bins filled anew where their rates changed."""
        if temperature != self.temperature:
            self.sorted[:] = UNSORTED
            self.changes += not np.isnan(self.temperature)
            self.temperature, self._rates = temperature, None
        if held.shape[1] or self.held.any():
            now = np.array([_digest(row) if row.any() else NOTHING for row in held], np.uint64)
            self.sorted[now != self.held] = UNSORTED
            self.held = now

    def _move(self, first: int, sweeps: int, temperature: float, held: NDArray[np.uint8]) -> None:
        inner, walking = self.inner, ~self.free
        if walking.all():
            inner.sweep(first, sweeps, temperature, held)
            return
        if walking.any():
            part = inner.only(walking)
            part.sweep(first, sweeps, temperature, held[walking])
            inner.state[walking], inner.flipped[walking] = part.state, part.flipped
        self._sort(first, held)
        words, n = self.words, inner.state.shape[1]
        rejection_free.sweep_events(
            inner.state,
            words.indptr,
            words.rows,
            words.packed,
            *self.rates,
            held,
            inner.keys,
            np.flatnonzero(self.free),
            self.members,
            self.place,
            self.ends,
            self.clock,
            sweeps * n,
            inner.flipped,
        )

    @cached_property
    def words(self) -> Words:
        """How the words are made; only a kernel that goes over to flips needs to know."""
        return words_of(self.inner)

    @property
    def rates(self) -> rate_bins.Rates:
        """The bins at the present temperature."""
        if self._rates is None:
            words = self.words
            unit = words.scale * self.temperature / 2.0
            self._rates = rate_bins.rates(unit, words.largest)
        return self._rates

    def _sort(self, first: int, held: NDArray[np.uint8]) -> None:
        """Fill the bins that are not, after ``first`` sweeps."""
        shape, rates = self.inner.state.shape, self.rates
        if self.members.shape != shape:
            self.members = np.empty(shape, np.int32)
        if self.place.shape != shape:
            self.place = np.empty(shape, np.int32)
        room = rates.bounds.size + 3
        if self.ends.shape[1] < room:
            self.ends = np.concatenate(
                [self.ends, np.zeros((shape[0], room - self.ends.shape[1]), np.int32)], axis=1
            )
        anew = self.free & (self.sorted == UNSORTED)
        self.clock[anew] = (first, 0, 0)
        for which, known in ((anew, False), (self.free & (self.sorted == IN_ORDER), True)):
            if which.any():
                rate_bins.fill_bins(
                    self.inner.state,
                    held,
                    rates.bins,
                    rates.shift,
                    rates.bounds.size,
                    np.flatnonzero(which),
                    self.members,
                    self.place,
                    self.ends,
                    known,
                )
        self.sorted[self.free] = READY

    def _decide(self, done: int) -> None:
        """Let each replica's flips since the last decision say how it goes on."""
        n = self.inner.state.shape[1]
        rate = (self.inner.flipped - self.counted) / (n * max(done - self.since, 1))
        # Conditions that change all the time would have the bins filled all the time.
        calm = self.changes <= 1
        self.free = (rate < np.where(self.free, HIGH, LOW)) & calm
        self.sorted[~self.free] = UNSORTED
        self.since, self.counted = done, self.inner.flipped.copy()
        self.changes = np.zeros_like(self.changes)

    def change_field(self, field: NDArray[np.float64], phi: NDArray[np.float64] | None) -> None:
        """Set the external field (n,) and the feed field (replicas, n) of what follows."""
        self.inner.change_field(field, phi)
        # A feed that shows a replica nothing changes nothing for it, whatever others are shown.
        fed = np.zeros(self.field.size, bool) if phi is None else phi.any(axis=1)
        now = np.where(fed, NOTHING, NOTHING if fed.all() else _digest(field))
        self.sorted[(now != self.field) | fed] = UNSORTED
        self.changes += ((now != self.field) & (self.field != 0)) | fed
        self.field = now

    def spins(self) -> NDArray[np.int8]:
        """Return the stances, shape (replicas, n)."""
        return self.inner.spins()

    def recomputed_state(self) -> NDArray[Any]:
        """Return the words computed anew from the stances."""
        return self.inner.recomputed_state()

    def only(self, keep: NDArray[np.bool_]) -> RejectionFree:
        """Return a kernel that goes on with the replicas marked in ``keep``."""
        part = copy(self)
        part.inner = self.inner.only(keep)
        for name in OWN:
            setattr(part, name, getattr(self, name)[keep])
        return part

    def remembered(self) -> dict[str, NDArray[Any]]:
        """Return what decides how replicas go on, and the order of users in their bins."""
        count = self.free.size
        own = {
            "free": self.free,
            "sorted": np.minimum(self.sorted, IN_ORDER).astype(np.int8),
            "clock": self.clock,
            "held": self.held,
            "flips": self.inner.flipped - self.counted,
            "since": np.full(count, self.since),
            "changes": self.changes,
            "temperature": np.full(count, self.temperature),
            "field": self.field,
        }
        if (self.sorted > UNSORTED).any():
            own["members"] = self.members
        return {name: values.copy() for name, values in own.items()}

    def recall(self, remembered: dict[str, NDArray[Any]]) -> None:
        """Go on with what ``remembered`` returned."""
        own = {name: values.copy() for name, values in remembered.items()}
        self.free, self.sorted, self.clock = own["free"], own["sorted"], own["clock"]
        self.held, self.counted = own["held"], self.inner.flipped - own["flips"]
        self.since, self.changes = int(own["since"][0]), own["changes"]
        self.temperature, self.field = float(own["temperature"][0]), own["field"]
        if "members" in own:
            self.members = own["members"]
            users = np.arange(self.inner.state.shape[1])
            for row in self.members[self.sorted == IN_ORDER]:
                if not np.array_equal(np.sort(row), users):
                    raise InputError("the state is damaged; take another.")


class Adaptive(RejectionFree):
    """Replicas that go from flip to flip while few attempts flip, by their own count."""

    always = False


def _digest(values: NDArray[Any]) -> np.uint64:
    """Return a number other than ``NOTHING`` that changes with any value."""
    # A numpy scalar: from 3.12 on numpy takes a Python int for a C long, which it may exceed.
    word = blake2b(np.ascontiguousarray(values).data, digest_size=8).digest()
    return np.uint64(int.from_bytes(word) | 1)
