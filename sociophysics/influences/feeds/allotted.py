r"""Feeds side by side, each for users of its own: the field of a user is that of the own feed.

Everybody's posts are in the pools of all: with the arm :math:`a_i` of user i,
:math:`\phi_i = \phi^{(a_i)}_i(s)`, 0 for users of no arm. A feed ranks for its own users only, so
several of them take about the time of one.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, ClassVar

import numpy as np
import scipy.sparse as sparse
from numpy.typing import NDArray

from sociophysics.errors import InputError
from sociophysics.influences.feeds.feed import (
    Camps,
    Draws,
    Feed,
    FeedMemory,
    Field,
    Pull,
    Shown,
    Spins,
)
from sociophysics.influences.feeds.pools import Exposure, JoinedExposure, Pool
from sociophysics.influences.feeds.recall import Arm, ArmsRecall
from sociophysics.society.spins import SpinSystem
from sociophysics.words import number_of

__all__ = ["ARM", "Allotted", "handed_on"]

ARM = "arm"  # the column of a frame's user table
Arms = NDArray[np.int64]


class Allotted(Feed):
    """Feeds shared out among users; ``Mixture`` draws who has which, a trial and an act say it.

    Parameters
    ----------
    feeds : sequence of Feed or None
        One per arm; None shows nothing.
    arms : int array, shape (n,)
        Number of each user's arm; -1 is no feed.

    Raises
    ------
    InputError
        An arm that is no feed, or a number without an arm.

    Examples
    --------
    >>> from sociophysics.influences.feeds import Chronological, Editorial
    >>> system = SpinSystem.from_edges([0, 1], [1, 2])
    >>> feed = Allotted([Chronological(strength=0.5), Editorial(strength=0.1)], [0, 1, -1])
    >>> spins = np.array([[1, -1, 1]], np.int8)
    >>> feed.refresh(system, spins, None, None, np.random.default_rng(1))[0]
    array([[-0.5,  0.1,  0. ]])
    """

    kind: ClassVar[str] = "mixture"

    def __init__(self, feeds: Sequence[Feed | None], arms: Any) -> None:
        column = np.array(arms, dtype=np.int64)
        for each in feeds:
            if each is not None and not isinstance(each, Feed):
                raise InputError(f"an arm has the feed {each!r}; give a feed, or None.")
        if column.ndim != 1 or not ((column >= -1) & (column < len(feeds))).all():
            raise InputError(
                f"arms of shape {column.shape} name other arms than the {len(feeds)} feeds; give "
                "each user the number of a feed, or -1 for none."
            )
        column.flags.writeable = False
        self._feeds, self._arms = tuple(feeds), column
        self._strengths = np.zeros(column.size)
        for arm, each in enumerate(self._feeds):
            if isinstance(each, Pull) and (isinstance(each, Shown) or _of_own_stance(each)):
                self._strengths[column == arm] = each.strength

    @classmethod
    def switched(cls, before: Feed | None, after: Feed | None, users: NDArray[np.bool_]) -> Feed:
        """Return the feed after some users, (n,), were given another one; the others keep theirs.

        Examples
        --------
        >>> from sociophysics.influences.feeds import Editorial
        >>> first = Allotted.switched(None, Editorial(strength=0.1), np.array([True, False, False]))
        >>> Allotted.switched(first, None, np.array([True, True, False])).arm_of
        array([2, 2, 0])
        """
        old, kept = _shares(before, users.size)
        new, given = _shares(after, users.size)
        given = np.where(given < 0, -1, given + len(old))
        return cls((*old, *new), np.where(users, given, kept))

    def __repr__(self) -> str:
        users = np.bincount(self._arms + 1, minlength=len(self._feeds) + 1)[1:].tolist()
        listed = ", ".join(f"{k} users: {f!r}" for k, f in zip(users, self._feeds, strict=True))
        return f"Allotted({listed})"

    def said(self) -> str:
        """Return how many users have which feed.

        Examples
        --------
        >>> from sociophysics.influences.feeds import Editorial
        >>> Allotted([Editorial(strength=0.1), None], [0, 1, 0, -1]).said()
        '2 users: editorial (strength = 0.1); 2 users: none'
        """
        counts: dict[str, int] = {}
        for arm, users in enumerate(np.bincount(self._arms + 1, minlength=len(self._feeds) + 1)):
            feed = None if arm == 0 else self._feeds[arm - 1]
            name = "none" if feed is None else feed.said()
            counts[name] = counts.get(name, 0) + int(users)
        none = counts.pop("none")
        listed = [*counts.items(), *([("none", none)] if none else [])]
        return "; ".join(f"{number_of(users, 'user')}: {name}" for name, users in listed if users)

    def __eq__(self, other: object) -> bool:
        return (
            isinstance(other, Allotted)
            and self._feeds == other._feeds
            and np.array_equal(self._arms, other._arms)
        )

    def __hash__(self) -> int:
        return hash((self._feeds, self._arms.tobytes()))

    @property
    def feeds(self) -> tuple[Feed | None, ...]:
        """The feed of each arm."""
        return self._feeds

    @property
    def arm_of(self) -> Arms:
        """Number of each user's arm, shape (n,), -1 for none."""
        return self._arms

    @property
    def bound(self) -> float:
        """The largest bound of the feeds."""
        return max((each.bound for each in self._feeds if each), default=0.0)

    @property
    def acts(self) -> bool:
        """Whether one of the feeds can do anything."""
        return any(each is not None and each.acts for each in self._feeds)

    @property
    def remembers(self) -> bool:
        """Whether one of the feeds remembers anything."""
        return any(each is not None and each.remembers for each in self._feeds)

    def candidates(self, system: SpinSystem, camps: Camps | None) -> Pool | None:
        """Raise if a feed needs camps and there are none; there is no one pool."""
        for each in self._feeds:
            if each is not None:
                each.candidates(system, camps)
        return None

    def couplings(self, system: SpinSystem) -> SpinSystem:
        """Return the system in which each user listens as the own feed has changed it."""
        rows: list[tuple[NDArray[np.bool_], Any]] = []
        for arm, each in enumerate(self._feeds):
            changed = system if each is None else each.couplings(system)
            if changed is not system:
                rows.append((self._arms == arm, changed.J))
        if not rows:
            return system
        others = ~np.any([users for users, _ in rows], axis=0)
        rows.append((others, system.J))
        J = sum(sparse.diags_array(users.astype(float)) @ own for users, own in rows)
        return SpinSystem(J, system.h, system.labels, system.nodes)

    def remembered(
        self, system: SpinSystem, spins: Spins, camps: Camps | None
    ) -> Mapping[str, NDArray[Any]]:
        """Return what each feed remembers, under the number of its arm."""
        return {
            f"{arm} {name}": values
            for arm, each in enumerate(self._feeds)
            if each is not None
            for name, values in each.remembered(system, spins, camps).items()
        }

    def carried(
        self, kept: Mapping[str, NDArray[Any]], fresh: Mapping[str, NDArray[Any]]
    ) -> Mapping[str, NDArray[Any]]:
        """Return what each arm remembers."""
        found: dict[str, NDArray[Any]] = {}
        for arm in range(len(self._feeds)):
            own, new = (
                {name: v for name, v in each.items() if name.startswith(f"{arm} ")}
                for each in (kept, fresh)
            )
            found |= super().carried(own, new)
        return found

    def start(self, system: SpinSystem, spins: Spins, camps: Camps | None) -> FeedMemory:
        """Return the memory before the first sweep: one part for each arm."""
        self._check_size(system)
        parts, showing = [], []
        for arm, each in enumerate(self._feeds):
            part = FeedMemory(system=system, camps=camps)
            if isinstance(each, Shown):
                pool, readers = each.candidates(system, camps), self._arms == arm
                showing.append(Arm(pool, each.ranker, readers, each.posts))
                part = part._replace(pool=pool.of_readers(readers))
            answers = _of_own_stance(each)
            if answers is not None:
                showing.append(Arm(None, answers, self._arms == arm))
            parts.append(part)
        recall = ArmsRecall(showing) if showing else None
        arrays = self.remembered(system, spins, camps)
        return FeedMemory(None, arrays, recall, system, camps, tuple(parts))

    def _check_size(self, system: SpinSystem) -> None:
        if self._arms.size != system.n:
            raise InputError(
                f"arms holds {self._arms.size} users, but the network has {system.n}; give one "
                "number per user."
            )
        if ARM in system.nodes:
            raise InputError(
                f"the users have an attribute {ARM!r} of their own, the name of the column that "
                "says who has which feed; call it something else."
            )

    def _each(self, memory: FeedMemory) -> list[tuple[int, Feed, FeedMemory]]:
        """Return the feeds there are, each with its number and its own memory."""
        own = []
        for arm, (each, part) in enumerate(zip(self._feeds, memory.parts, strict=True)):
            if each is not None:
                start = f"{arm} "
                arrays = {
                    name.removeprefix(start): values
                    for name, values in memory.arrays.items()
                    if name.startswith(start)
                }
                own.append((arm, each, part._replace(arrays=arrays)))
        return own

    def refresh(
        self,
        system: SpinSystem,
        spins: Spins,
        camps: Camps | None,
        memory: FeedMemory | None,
        rng: Draws | np.random.Generator,
    ) -> tuple[Field, Exposure | None]:
        """Return the field until the next refresh, and what was shown; see ``Feed.refresh``."""
        from sociophysics.engine import ranking

        memory = memory or self.start(system, spins, camps)
        draws = rng if isinstance(rng, Draws) else Draws.of(rng, len(spins))
        exposures: list[Exposure] = []
        if isinstance(memory.recall, ArmsRecall):
            seen, shown = memory.recall.shown(spins)
            if memory.recall.drawn:
                expected, shown = shown, np.empty(shown.shape)
                ranking.draw_own(expected, memory.recall.slots, draws.keys, draws.sweep, shown)
            phi = self._strengths * shown
        else:
            phi = np.zeros(spins.shape)
        for arm, each, part in self._each(memory):
            if isinstance(each, Shown) and part.pool is not None:
                exposures.append(Exposure(seen, shown, part.pool, camps, each.signed))
            elif _of_own_stance(each) is None:
                field, _ = each.refresh(system, spins, camps, part, draws)
                ranking.fill(field, self._arms == arm, phi)
        return phi, JoinedExposure(exposures) if exposures else None

    def remember(self, spins: Spins, memory: FeedMemory) -> FeedMemory:
        """Return the memory after a sweep that ended with these stances."""
        if not memory.arrays:
            return memory
        arrays = {
            f"{arm} {name}": values
            for arm, each, part in self._each(memory)
            for name, values in each.remember(spins, part).arrays.items()
        }
        return memory._replace(arrays=arrays)


def _of_own_stance(feed: Feed | None) -> tuple[float, float] | None:
    """Return what users of stance -1 and +1 are shown where the feed looks at nothing else."""
    # A class that is made from such a feed may look at more: only what it says itself counts.
    answers: tuple[float, float] | None = vars(type(feed)).get("of_own_stance")
    return answers


def _shares(feed: Feed | None, n: int) -> tuple[tuple[Feed | None, ...], Arms]:
    """Return feeds and the number of each user's; one feed for all is one arm."""
    if isinstance(feed, Allotted):
        return feed.feeds, feed.arm_of
    return (feed,), np.zeros(n, np.int64)


def handed_on(
    before: Feed | None, after: Feed | None, kept: Mapping[str, NDArray[Any]]
) -> Mapping[str, NDArray[Any]]:
    """Return what feeds that go on have remembered, under the names that it has after an act.

    Feeds go on that are the same, or of the same kind in the same arm with other numbers.

    Parameters
    ----------
    before, after : Feed or None
        What acted until the act, and what acts from then on.
    kept : mapping
        What was remembered, by name.

    Examples
    --------
    >>> from sociophysics.influences.feeds import Memory
    >>> own, other = Memory(strength=0.3), Memory(strength=0.5, tau=2.0)
    >>> two = Allotted([own, None, other], [2, 2, 2])
    >>> handed_on(two, own, {"0 trace": 0.1, "2 trace": 0.7})
    {'trace': 0.1}
    >>> handed_on(two, Allotted([own, other], [1, 1, 1]), {"0 trace": 0.1, "2 trace": 0.7})
    {'0 trace': 0.1, '1 trace': 0.7}
    """
    if before is after or not kept:
        return kept
    old, new = _shares(before, 0)[0], _shares(after, 0)[0]
    found: dict[str, Any] = {}
    for arm, source in _going_on(old, new).items():
        start = f"{source} " if isinstance(before, Allotted) else ""
        named = f"{arm} " if isinstance(after, Allotted) else ""
        found |= {
            named + name.removeprefix(start): values
            for name, values in kept.items()
            if name.startswith(start)
        }
    return found


def _going_on(old: Sequence[Feed | None], new: Sequence[Feed | None]) -> dict[int, int]:
    """Return which arm each arm goes on from; each is gone on from once."""
    found: dict[int, int] = {}
    same: list[Callable[[int, int], bool]] = [
        lambda arm, k: new[arm] is old[k],
        lambda arm, k: new[arm] == old[k],
        lambda arm, k: arm == k and type(new[arm]) is type(old[k]),
    ]
    for holds in same:
        for arm in range(len(new)):
            free = (k for k in range(len(old)) if k not in found.values() and holds(arm, k))
            if arm not in found and (k := next(free, None)) is not None:
                found[arm] = k
    return found
