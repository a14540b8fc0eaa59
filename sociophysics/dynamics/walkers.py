"""Groups of replicas that share couplings: what the trajectory moves from one event to the next."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from sociophysics.dynamics.conditions import Conditions
from sociophysics.dynamics.frames import SelectedExposure
from sociophysics.dynamics.kernels.incremental_kernel import FixedPointKernel
from sociophysics.dynamics.kernels.kernel_choice import REGISTRY, Kernel
from sociophysics.errors import InputError
from sociophysics.influences.feeds import Draws, Feed, FeedMemory, Shown
from sociophysics.influences.feeds.allotted import handed_on
from sociophysics.influences.feeds.feed import drawn
from sociophysics.observables.exposure import ExposureCounts
from sociophysics.society.spins import SpinSystem
from sociophysics.streams import key

if TYPE_CHECKING:
    from sociophysics.influences.live_ties import LiveTies, Moves

__all__ = ["Walkers", "carried", "loaded"]

TRACE = "trace"  # what the feed of kind memory remembers, which states keep under its own name
OF_FEED = "feed "  # before the names of what other feeds remember
SLACK = 1.0 + 1e-9  # of a feed's bound, for rounding


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
        self._system, self.rows, self.replicas = system, rows, replicas
        self.held_until = np.zeros((len(replicas), 0), np.int64)
        self.memory: FeedMemory | None = None
        self.phi: NDArray[np.float64] | None = None
        self.moves: list[tuple[int, Moves]] = []  # ties moved in the sweeps before a frame
        self._ties: LiveTies | None = None  # of one replica whose ties move
        self._exposure: ExposureCounts | None = None
        self._seen: tuple[Shown, Any, Any, Any] | None = None  # an exposure to be made if asked for
        self._start = spins
        self._kernel: Kernel | None = None
        self._field: NDArray[np.float64] | None = None
        self._own: tuple[Any, Any] | None = None  # what some users were given, and when
        self._feed_keys = np.zeros((len(replicas), 2), np.uint64)
        self._key: NDArray[np.uint64] | None = None  # of the stream of follows
        self._free = np.zeros((len(replicas), 0), np.uint8)

    @property
    def system(self) -> SpinSystem:
        """The society as it is now."""
        return self._system if self._ties is None else self._ties.system()

    @property
    def exposure(self) -> ExposureCounts | None:
        """What the feed showed last, None where none shows posts."""
        if self._exposure is None and self._seen is not None:
            from sociophysics.influences.feeds.pools import LaterExposure

            feed, spins, shown, camps = self._seen
            pool = partial(feed.candidates, self.system, camps)
            self._exposure = LaterExposure(pool, spins, shown, camps, feed.signed)
        return self._exposure

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
        encoded: Any,
        memory: FeedMemory | None,
        ties: LiveTies | None = None,
    ) -> None:
        """Load the stances into a new kernel, with the couplings it encoded, and the feed.

        ``ties`` are those of a replica whose ties move.
        """
        seed = conditions.seed
        self._system, self._ties = self.system, ties
        self._kernel = REGISTRY[conditions.kernel](
            encoded, self.spins, seed, self.replicas, conditions.scheme
        )
        answers = None if conditions.some is None else conditions.some.answers
        if answers is not None and isinstance(self._kernel, FixedPointKernel):
            self._kernel.answers = answers
        self.memory = None if memory is None else memory.apart()
        self._feed_keys = np.array([key(seed, "feed", r) for r in self.replicas], dtype=np.uint64)
        self._show(None, None)
        self._field = self._own = None

    def advance(self, conditions: Conditions, first: int, last: int) -> None:
        """Do sweeps ``first + 1 .. last``, the feed refreshed before each."""
        done = first
        while done < last:
            sweep = done + 1
            if self._ties is not None:
                self._move_ties(conditions, done)
            field = conditions.external(self._system, sweep)
            noise, each = self._given(conditions, conditions.noise(sweep), field)
            if conditions.feed is not None:
                until = sweep
                self.refresh(conditions, sweep)
                if each is None or self.phi is None:
                    self.kernel.change_field(field, self.phi)
                else:
                    self.kernel.change_field(self._nothing, each + self.phi)
            else:
                until = sweep if self._ties is not None else conditions.steady(sweep, last)
                if each is not None:
                    self.kernel.change_field(self._nothing, each)
                elif field is not self._field:
                    self.kernel.change_field(field, None)
            self._field = field
            self.kernel.sweep(done, until - done, noise, self._held(done))
            done = until
            if conditions.feed is not None and self.memory is not None:
                self.memory = conditions.feed.remember(self.kernel.spins(), self.memory)

    def _given(
        self, conditions: Conditions, noise: float, field: NDArray[np.float64]
    ) -> tuple[float | NDArray[np.float64], NDArray[np.float64] | None]:
        """Return the temperature, of each user where they differ, and fields of each, if any."""
        some = conditions.some
        if some is None:
            return noise, None
        if self._own is None or self._own[0] != (some.version, noise) or self._field is not field:
            own = some.noise(noise, self.rows), some.field(field, self._system.h, self.rows)
            self._own = (some.version, noise), own
        of_each, fields = self._own[1]
        return noise if of_each is None else of_each, fields

    @property
    def _nothing(self) -> NDArray[np.float64]:
        return np.zeros(self._system.n)

    def refresh(self, conditions: Conditions, sweep: int) -> None:
        """Let the feed look at the stances now; its field will act in ``sweep``."""
        feed = conditions.feed
        if feed is None:
            self._show(None, None)
            return
        spins, draws = self.kernel.spins(), Draws(self._feed_keys, sweep)
        ties = self._ties
        if ties is not None and isinstance(feed, Shown) and ties.feed_sees(feed) == "rows":
            shown, reached = ties.shown(feed, spins[0], conditions.camps)
            shown = drawn(feed, shown[np.newaxis], reached, draws)
            phi = feed.strength * shown
            self._show(_within_bound(feed, phi, spins.shape), None)
            self._seen = feed, spins, shown, conditions.camps
            return
        phi, exposure = feed.refresh(self._system, spins, conditions.camps, self.memory, draws)
        self._show(_within_bound(feed, phi, spins.shape), exposure)

    def _show(self, phi: NDArray[np.float64] | None, exposure: ExposureCounts | None) -> None:
        self.phi, self._exposure, self._seen = phi, exposure, None

    def _move_ties(self, conditions: Conditions, done: int) -> None:
        """Let the users drop and take ties after ``done`` sweeps."""
        if self._ties is None or conditions.following is None:
            return
        if self._key is None:
            self._key = key(conditions.seed, "follows", self.replicas[0])
        reads = self.kernel if isinstance(self.kernel, FixedPointKernel) else None
        if self._ties.scale == 0.0:
            reads = None
        moves = self._ties.move(
            conditions.following,
            self.kernel.spins()[0],
            conditions.camps,
            conditions.feed,
            self._key,
            done,
            reads.state[0] if reads else np.zeros(self._system.n, np.int64),
        )
        self.moves.append((done, moves))
        if not moves.size:
            return
        if reads:
            reads.couplings = self._ties.couplings()
            if self._ties.feed_sees(conditions.feed) != "whole":
                return
        self._system = self._ties.system()
        encoded, memory = loaded(conditions, self._system, self.kernel.spins(), done, self._ties)
        memory = carried(conditions, self, memory, before=conditions.feed)
        if reads:
            self.memory = None if memory is None else memory.apart()
        else:
            self.prepare(conditions, encoded, memory, self._ties)

    def hold(self, row: int, users: NDArray[np.int64], until: int) -> None:
        """Keep these users of one replica from flipping up to and with sweep ``until``."""
        if self.held_until.shape[1] == 0:
            self.held_until = np.zeros((len(self.replicas), self._system.n), np.int64)
        self.held_until[row, users] = np.maximum(self.held_until[row, users], until)

    def next_release(self, sweep: int) -> int | None:
        """Return the first sweep after ``sweep`` at which somebody is let go."""
        if self.held_until.shape[1] == 0:
            return None
        later = self.held_until[self.held_until > sweep]
        return int(later.min()) if later.size else None

    def _held(self, done: int) -> NDArray[np.uint8]:
        """Return a mark at everybody held after ``done`` sweeps; no columns if that is nobody."""
        if self.held_until.shape[1] == 0:
            return self._free
        held = (self.held_until > done).astype(np.uint8)
        return held if held.any() else self._free

    def only(self, keep: NDArray[np.bool_]) -> Walkers:
        """Return walkers of the replicas marked in ``keep``, which go on as before."""
        part = Walkers(
            self.system,
            self.spins[keep],
            self.rows[keep],
            tuple(r for r, kept in zip(self.replicas, keep, strict=True) if kept),
        )
        part.held_until = self.held_until[keep]
        part.memory = None if self.memory is None else self.memory.apart(keep)
        part._feed_keys, part.moves = self._feed_keys[keep], list(self.moves)
        part._ties = self._ties
        part._kernel, part._field = self.kernel.only(keep), self._field
        part.phi = None if self.phi is None else self.phi[keep]
        if self.exposure is not None:
            part._exposure = SelectedExposure(self.exposure, np.flatnonzero(keep))
        return part

    def remembered(self) -> dict[str, NDArray[Any]]:
        """Return what kernel and feed carry besides stances, fields and the feed's trace."""
        arrays = self.memory.arrays if self.memory else {}
        own = {OF_FEED + name: a for name, a in arrays.items() if name != TRACE}
        return {**self.kernel.remembered(), **own}

    def recall(self, remembered: dict[str, NDArray[Any]], trace: NDArray[np.float64]) -> None:
        """Give kernel and feed back what they carried when a state was taken."""
        of_feed = {n: a for n, a in remembered.items() if n.startswith(OF_FEED)}
        self.kernel.recall({n: a for n, a in remembered.items() if n not in of_feed})
        if self.memory is not None and self.memory.arrays:
            arrays = {name.removeprefix(OF_FEED): a for name, a in of_feed.items()}
            if TRACE in self.memory.arrays:
                arrays[TRACE] = trace
            self.memory = self.memory._replace(arrays=arrays)

    def restart(self, spins: NDArray[np.int8], system: SpinSystem | None = None) -> None:
        """Give the replicas other stances, or a rewired system, to be prepared anew."""
        self._start, self._kernel = spins, None
        if system is not None:
            self._system, self._ties = system, None


def loaded(
    conditions: Conditions,
    system: SpinSystem,
    spins: NDArray[np.int8],
    sweep: int,
    ties: LiveTies | None = None,
) -> tuple[Any, FeedMemory | None]:
    """Return couplings as the kernel has them and a feed's memory, for what acts after a sweep."""
    feed = conditions.feed
    memory = feed.start(system, spins, conditions.camps) if feed else None
    if ties is not None and ties.scale > 0.0:
        return ties.couplings(), memory
    effective = feed.couplings(system) if feed else system
    encoded = REGISTRY[conditions.kernel].encode(
        effective,
        conditions.bound(system, sweep + 1),
        conditions.coldest,
        conditions.answer(effective),
    )
    return encoded, memory


def carried(
    conditions: Conditions,
    group: Walkers,
    memory: FeedMemory | None,
    *,
    before: Feed | None,
) -> FeedMemory | None:
    """Return the memory with what a group's feeds have remembered so far, where they go on."""
    feed = conditions.feed
    if memory is None or feed is None or not memory.arrays:
        return memory
    kept = handed_on(before, feed, group.memory.arrays) if group.memory else {}
    arrays = feed.remembered(group.system, group.spins, conditions.camps)
    return memory._replace(arrays=feed.carried(kept, arrays))


def _within_bound(feed: Feed, phi: Any, shape: tuple[int, ...]) -> NDArray[np.float64]:
    """Return the field a feed exerts, or raise if the words of a kernel were not made for it."""
    name = feed.kind or type(feed).__name__
    found = getattr(phi, "shape", type(phi).__name__)
    if found != shape:
        raise InputError(
            f"the feed {name} returned a field of shape {found}; it must return an array of shape "
            f"{shape}, (replicas, users)."
        )
    if phi.dtype.kind not in "fiu":
        raise InputError(f"the feed {name} returned a field of {phi.dtype}; it must hold numbers.")
    low, high = float(phi.min(initial=0.0)), float(phi.max(initial=0.0))
    if np.isnan(low) or np.isnan(high):
        raise InputError(
            f"the feed {name} returned a field that holds NaN; it must return a number for every "
            "user, 0 where it shows nothing."
        )
    most = feed.bound * SLACK
    if not -most <= low <= high <= most:
        raise InputError(
            f"the feed {name} exerts the field {low if -low > high else high:.6g}, but its bound "
            f"is {feed.bound:.6g}, which the stored fields are made for; let its property bound "
            "return the largest absolute field it can exert."
        )
    return np.asarray(phi, np.float64)
