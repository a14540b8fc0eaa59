"""The one mechanism of all feeds: pool, ranker and slots, refreshed once per sweep."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Any, ClassVar, NamedTuple

import numpy as np
from numpy.typing import NDArray

from sociophysics.engine import ranking
from sociophysics.errors import InputError, did_you_mean
from sociophysics.influences.feeds.exposure import Exposure
from sociophysics.influences.feeds.pools import Pool, build_pool
from sociophysics.influences.feeds.recall import Recall
from sociophysics.society.spins import SpinSystem

__all__ = ["Camps", "Draws", "Feed", "FeedMemory", "Field", "Spins"]

Spins = NDArray[np.int8]
Camps = NDArray[np.int64]
Field = NDArray[np.float64]


class Draws(NamedTuple):
    """Where the random slots of one refresh come from: a key per replica, and the sweep."""

    keys: NDArray[np.uint64]  # (replicas, 2)
    sweep: int

    @classmethod
    def of(cls, rng: np.random.Generator, replicas: int) -> Draws:
        """Return fresh draws for one refresh of some replicas."""
        return cls(rng.integers(0, 2**64, (replicas, 2), dtype=np.uint64), 0)


class FeedMemory(NamedTuple):
    """What a feed carries from sweep to sweep; owned by the trajectory.

    The trace is saved with the trajectory's state; the rest follows from the system.
    """

    pool: Pool | None
    trace: Field | None  # (replicas, n), the running mean of own stances of kind memory
    recall: Recall | None = None  # what the last refresh saw, which spares work and no number

    def apart(self, keep: NDArray[np.bool_] | slice = slice(None)) -> FeedMemory:
        """Return the memory of some of the replicas, which may be refreshed beside this one."""
        trace = None if self.trace is None else self.trace[keep]
        return FeedMemory(self.pool, trace, None if self.recall is None else self.recall.apart())


@dataclass(frozen=True)
class Feed:
    """What every feed design has in common; one small subclass per kind.

    A design either names a pool and is ranked by the one mechanism of this module, or overrides
    ``response``. The base class exists because the trajectory needs the same five calls of all.
    """

    kind: ClassVar[str] = ""
    signed: ClassVar[bool] = False

    @property
    def bound(self) -> float:
        """Largest absolute field the feed can exert, in units of the couplings."""
        return abs(float(getattr(self, "strength", 0.0)))

    @property
    def ranker(self) -> tuple[float, float]:
        """Popularity ``alpha`` and personalization ``gamma``."""
        return float(getattr(self, "alpha", 0.0)), float(getattr(self, "gamma", 0.0))

    @property
    def pool_kind(self) -> str | None:
        """Name of the pool in ``feeds.pools``; None for designs that show no posts."""
        return getattr(self, "pool", None)

    def candidates(self, system: SpinSystem, camps: Camps | None) -> Pool | None:
        """Return whose posts each user may be shown, or None for designs that show no posts."""
        if self.pool_kind is None:
            return None
        return build_pool(
            self.pool_kind,
            system,
            camps,
            weight=getattr(self, "weight", "coupling"),
            epsilon=getattr(self, "epsilon", 0.0),
        )

    def couplings(self, system: SpinSystem) -> SpinSystem:
        """Return the system whose couplings the feed has changed; most feeds change none."""
        return system

    def start(self, system: SpinSystem, spins: Spins, camps: Camps | None) -> FeedMemory:
        """Return the feed's memory before the first sweep."""
        pool = self.candidates(system, camps)
        return FeedMemory(pool, None, None if pool is None else Recall(pool, *self.ranker))

    def refresh(
        self,
        system: SpinSystem,
        spins: Spins,
        camps: Camps | None,
        memory: FeedMemory | None,
        rng: Draws | np.random.Generator,
    ) -> tuple[Field, Exposure | None]:
        """Return the field until the next refresh, and what was shown.

        Parameters
        ----------
        system : SpinSystem
        spins : int8 array, shape (replicas, n)
            Stances at the start of the sweep.
        camps : int array, shape (n,), or None
            Codes 0, 1, ... and -1 for none. Users without a camp are posts like any other for
            feeds that name no camps. They are on no side: feeds that name camps show them to
            nobody and give them no field; only bridging shows them the camps' mean.
        memory : FeedMemory or None
            From ``start``; made anew if None.
        rng : Draws or Generator
            Stream of the sampled slots: a position in keyed streams, as the trajectory gives it,
            or a numpy generator, from which keys are drawn.

        Returns
        -------
        phi : array, shape (replicas, n)
            Field in units of the couplings.
        exposure : Exposure or None
            None for designs that show no posts.
        """
        memory = memory or self.start(system, spins, camps)
        if memory.pool is None:
            return self.response(spins, memory), None
        recall = memory.recall
        if recall is None or (recall.alpha, recall.gamma) != self.ranker:
            recall = Recall(memory.pool, *self.ranker)
        seen, shown = recall.shown(spins)
        slots = getattr(self, "slots", None)
        if slots is not None:
            draws = rng if isinstance(rng, Draws) else Draws.of(rng, len(spins))
            expected, shown = shown, np.empty(shown.shape)
            ranking.draw_posts(
                expected, memory.pool.reached, int(slots), draws.keys, draws.sweep, shown
            )
        strength = float(getattr(self, "strength", 0.0))
        return strength * shown, Exposure(seen, shown, memory.pool, camps, self.signed)

    def response(self, spins: Spins, memory: FeedMemory) -> Field:
        """Return the field of a design without a pool, shape (replicas, n)."""
        return np.zeros(spins.shape)

    def remember(self, spins: Spins, memory: FeedMemory) -> FeedMemory:
        """Return the memory after a sweep that ended with these stances."""
        return memory

    def __post_init__(self) -> None:
        for field in fields(self):
            _check_value(self.kind, field.name, getattr(self, field.name))


CHOICES = {
    "pool": ("followed", "all", "camp", "followed_camp"),
    "weight": ("coupling", "uniform"),
    "scope": ("all", "followed"),
}
RANGES = {"epsilon": (0.0, 1.0), "tau": (1.0, np.inf)}


def _check_value(kind: str, name: str, value: Any) -> None:
    """Raise unless ``value`` is one the key ``name`` may take."""
    if name in CHOICES:
        own_camp = kind == "in_group" and name == "pool"
        allowed = ("camp", "followed_camp") if own_camp else CHOICES[name]
        if value not in allowed:
            raise InputError(
                f"feed.{name} of {kind} is {value!r}; {did_you_mean(str(value), allowed)}"
            )
        return
    flag = isinstance(value, bool | np.bool_)
    if name == "slots":
        whole = isinstance(value, int | np.integer) and not flag
        if value is not None and (not whole or value < 1):
            raise InputError(f"feed.slots is {value!r}; give an integer >= 1, or leave it out.")
        return
    if not isinstance(value, int | float | np.number) or flag or not np.isfinite(value):
        raise InputError(f"feed.{name} is {value!r}; it must be a finite number.")
    if name == "alpha" and value <= -1.0:
        raise InputError(f"feed.alpha of {kind} is {value!r}; it must be above -1.")
    low, high = RANGES.get(name, (-np.inf, np.inf))
    if not low <= value <= high:
        limits = f"{low:g} to {high:g}" if np.isfinite(high) else f"at least {low:g}"
        raise InputError(f"feed.{name} of {kind} is {value!r}; allowed: {limits}.")
