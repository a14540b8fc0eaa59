"""The one mechanism of all feeds: pool, ranker and slots, refreshed once per sweep."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, ClassVar, NamedTuple

import numpy as np
from numpy.typing import NDArray

from sociophysics.errors import InputError
from sociophysics.influences.feeds.pools import Exposure, Pool, build_pool
from sociophysics.influences.feeds.recall import ArmsRecall, Recall
from sociophysics.kinds import FEEDS, Kind, Kinds, Strength
from sociophysics.society.spins import SpinSystem

__all__ = ["Camps", "Draws", "Feed", "FeedMemory", "Field", "Pull", "Shown", "Spins", "drawn"]

Spins = NDArray[np.int8]
Camps = NDArray[np.int64]
Field = NDArray[np.float64]
NOTHING: Mapping[str, NDArray[Any]] = MappingProxyType({})


class Draws(NamedTuple):
    """Where the random slots of one refresh come from: a key per replica, and the sweep."""

    keys: NDArray[np.uint64]  # (replicas, 2)
    sweep: int

    @classmethod
    def of(cls, rng: np.random.Generator, replicas: int) -> Draws:
        """Return fresh draws for one refresh of some replicas."""
        return cls(rng.integers(0, 2**64, (replicas, 2), dtype=np.uint64), 0)

    def generator(self, row: int) -> np.random.Generator:
        """Return a numpy generator for one replica's draws of this refresh, for feeds that draw.

        The same numbers however many replicas, threads or frames there are.

        Examples
        --------
        >>> draws = Draws(np.array([[1, 2], [1, 2]], np.uint64), sweep=3)
        >>> draws.generator(0).random() == draws.generator(1).random()
        True
        """
        return np.random.Generator(
            np.random.Philox(key=self.keys[row], counter=[0, 0, 0, self.sweep])
        )


class FeedMemory(NamedTuple):
    """What a feed carries from sweep to sweep; owned by the trajectory.

    The arrays are saved with the trajectory's state; the rest follows from the system.
    """

    pool: Pool | None = None
    arrays: Mapping[str, NDArray[Any]] = NOTHING  # by name; the first axis is the replicas'
    recall: Recall | ArmsRecall | None = (
        None  # what the last refresh saw, which spares work and no number
    )
    system: SpinSystem | None = None  # whose users it shows posts to
    camps: Camps | None = None
    parts: tuple[FeedMemory, ...] = ()  # of feeds that act on some users each

    def apart(self, keep: NDArray[np.bool_] | slice = slice(None)) -> FeedMemory:
        """Return the memory of some of the replicas, which may be refreshed beside this one."""
        arrays = {name: values[keep] for name, values in self.arrays.items()}
        recall = None if self.recall is None else self.recall.apart()
        parts = tuple(part.apart(keep) for part in self.parts)
        return self._replace(arrays=arrays, recall=recall, parts=parts)


@dataclass(frozen=True)
class Feed(Kind):
    """What every feed design has in common; one small subclass per kind.

    A design shows posts, ranked by the one mechanism of ``Shown``, or says by ``response`` what
    field it exerts, or changes couplings. The trajectory needs the same five calls of all.
    """

    registry: ClassVar[Kinds] = FEEDS
    looks_at_ties: ClassVar[bool] = True  # False spares work where ties move

    @property
    @abstractmethod
    def bound(self) -> float:
        """Largest absolute field the feed can exert, in units of the couplings."""

    @property
    def acts(self) -> bool:
        """Whether it can do anything; a kernel is chosen as if a feed that cannot were none."""
        return True

    @property
    def arm_of(self) -> NDArray[np.int64] | None:
        """Number of each user's arm, shape (n,), -1 for none; None where all have one feed."""
        return None

    def allotted(self, system: SpinSystem, camps: Camps | None, seed: int) -> Feed | None:
        """Return the feed that acts in this society: itself, unless it is to be shared out."""
        return self

    @property
    def pool_kind(self) -> str | None:
        """Name of the pool in ``feeds.pools``; None for designs that show no posts."""
        return None

    def named(self, names: Sequence[Any]) -> Feed:
        """Return the feed with camps by their numbers where it has them by name."""
        return self

    def candidates(self, system: SpinSystem, camps: Camps | None) -> Pool | None:
        """Return whose posts each user may be shown, or None for designs that show no posts."""
        return None

    def couplings(self, system: SpinSystem) -> SpinSystem:
        """Return the system whose couplings the feed has changed; most feeds change none."""
        return system

    def remembered(
        self, system: SpinSystem, spins: Spins, camps: Camps | None
    ) -> Mapping[str, NDArray[Any]]:
        """Return what the feed remembers before the first sweep: arrays by name, replicas first."""
        return NOTHING

    @property
    def remembers(self) -> bool:
        """Whether it remembers anything."""
        return type(self).remembered is not Feed.remembered

    def carried(
        self, kept: Mapping[str, NDArray[Any]], fresh: Mapping[str, NDArray[Any]]
    ) -> Mapping[str, NDArray[Any]]:
        """Return what is remembered across an act: ``kept`` if it is of the form of ``fresh``."""
        forms = [{k: (v.dtype, v.shape) for k, v in each.items()} for each in (kept, fresh)]
        return kept if forms[0] == forms[1] else fresh

    def start(self, system: SpinSystem, spins: Spins, camps: Camps | None) -> FeedMemory:
        """Return the feed's memory before the first sweep."""
        arrays = self.remembered(system, spins, camps)
        return FeedMemory(arrays=arrays, system=system, camps=camps)

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
        return self.response(spins, memory or self.start(system, spins, camps)), None

    def response(self, spins: Spins, memory: FeedMemory) -> Field:
        """Return the field of a design that shows no posts, shape (replicas, n).

        ``memory.system`` and ``memory.camps`` are the society's, ``memory.arrays`` the feed's own.
        """
        return np.zeros(spins.shape)

    def remember(self, spins: Spins, memory: FeedMemory) -> FeedMemory:
        """Return the memory after a sweep that ended with these stances."""
        return memory


@dataclass(frozen=True)
class Pull(Feed):
    """A feed whose field is proportional to a strength."""

    strength: Strength = 0.5
    of_own_stance: ClassVar[tuple[float, float] | None] = None
    """``response / strength`` for users of stance -1 and +1, where nothing else counts for it."""

    @property
    def bound(self) -> float:
        """The strength: nothing shown is above 1."""
        return abs(self.strength)

    @property
    def acts(self) -> bool:
        """Whether there is any strength."""
        return self.strength != 0


@dataclass(frozen=True)
class Shown(Pull):
    """A feed that shows posts: a pool, a ranker, and perhaps slots."""

    signed: ClassVar[bool] = False

    @property
    @abstractmethod
    def pool_kind(self) -> str:
        """Name of the pool in ``feeds.pools``."""

    @property
    def pool_options(self) -> Mapping[str, Any]:
        """The ``weight`` or ``epsilon`` of the pool, where it has one."""
        return NOTHING

    @property
    def ranker(self) -> tuple[float, float]:
        """Popularity ``alpha`` and personalization ``gamma``."""
        return 0.0, 0.0

    @property
    def posts(self) -> int | None:
        """Posts drawn per refresh; None shows the expected feed."""
        return None

    def candidates(self, system: SpinSystem, camps: Camps | None) -> Pool:
        """Return whose posts each user may be shown."""
        return build_pool(self.pool_kind, system, camps, **self.pool_options)

    def start(self, system: SpinSystem, spins: Spins, camps: Camps | None) -> FeedMemory:
        """Return the feed's memory before the first sweep: its pool."""
        pool = self.candidates(system, camps)
        arrays = self.remembered(system, spins, camps)
        return FeedMemory(pool, arrays, Recall(pool, *self.ranker), system, camps)

    def refresh(
        self,
        system: SpinSystem,
        spins: Spins,
        camps: Camps | None,
        memory: FeedMemory | None,
        rng: Draws | np.random.Generator,
    ) -> tuple[Field, Exposure | None]:
        """Return the field until the next refresh, and what was shown; see ``Feed.refresh``."""
        memory = memory or self.start(system, spins, camps)
        if memory.pool is None:
            raise InputError(
                f"the feed {self.kind} was given a memory without a pool; give one of its `start`."
            )
        recall = memory.recall
        if not isinstance(recall, Recall) or (recall.alpha, recall.gamma) != self.ranker:
            recall = Recall(memory.pool, *self.ranker)
        seen, shown = recall.shown(spins)
        shown = drawn(self, shown, memory.pool.reached, rng)
        return self.strength * shown, Exposure(seen, shown, memory.pool, camps, self.signed)


def drawn(
    feed: Shown, expected: Field, reached: NDArray[np.bool_], rng: Draws | np.random.Generator
) -> Field:
    """Return the mean of the posts drawn where a feed has slots, else the expected feed.

    Parameters
    ----------
    feed : Shown
    expected : array, shape (replicas, n)
    reached : bool array, shape (n,)
        Who is shown anything.
    rng : Draws or Generator
    """
    if feed.posts is None:
        return expected
    from sociophysics.engine import ranking

    draws = rng if isinstance(rng, Draws) else Draws.of(rng, len(expected))
    shown = np.empty(expected.shape)
    ranking.draw_posts(expected, reached, feed.posts, draws.keys, draws.sweep, shown)
    return shown
