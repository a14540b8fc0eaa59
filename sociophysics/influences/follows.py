"""Ties that follow the feed: each sweep users drop some of those they listen to and take others.

A user who drops a tie takes one at once, or keeps what there was: directed listening keeps
everybody's number of sources, undirected ties keep their number. No self-loops, no tie twice.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Annotated, Any, ClassVar, Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from sociophysics.engine.tie_moves import DROPS, TAKES, coupling_of
from sociophysics.errors import InputError
from sociophysics.influences.feeds import Feed, Shown
from sociophysics.influences.interventions import Acting, Change, Intervention
from sociophysics.influences.live_ties import LiveTies
from sociophysics.kinds import key
from sociophysics.society.spins import SpinSystem

__all__ = ["DROPS", "TAKES", "FollowStep", "TieRule", "edge_list", "followed", "shows_posts"]

Stances = NDArray[np.int8]
Camps = NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class TieRule:
    """How strong a new tie is: as the dropped one was, at the degrees of sweep 0.

    Parameters
    ----------
    scale : array, shape (n,), or None
        What normalizing by degree multiplies with: ``1/sqrt(k_i)`` of both ends of mutual ties,
        ``1/k_i`` of the listener's of directed ones; None without.
    camps : tuple of two floats, or None
        Couplings within and across camps, where those are the scenario's rule.
    """

    scale: NDArray[np.float64] | None = None
    camps: tuple[float, float] | None = None

    def arrays(self) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Return couplings within and across camps, and the scale, as kernels take them."""
        sides = np.array([] if self.camps is None else self.camps, np.float64)
        scale = np.zeros(0) if self.scale is None else np.asarray(self.scale, np.float64)
        return sides, scale

    def coupling(
        self, old: float, user: int, dropped: int, taken: int, camps: Camps | None, mutual: bool
    ) -> float:
        """Return the coupling of a user's new tie."""
        codes = np.zeros(0, np.int64) if camps is None else camps
        return float(coupling_of(old, user, dropped, taken, codes, *self.arrays(), mutual))


def followed(
    system: SpinSystem,
    spins: Stances,
    camps: Camps | None,
    rng: np.random.Generator,
    *,
    rate: float,
    drop: str = "any",
    take: str = "random",
    feed: Feed | None = None,
    rule: TieRule | None = None,
) -> tuple[SpinSystem, NDArray[np.int64]]:
    """Return the system after one sweep of follows, and who dropped and took whom, (moves, 3).

    Parameters
    ----------
    system : SpinSystem
        Mutual ties are dropped and taken by both ends at once.
    spins : int8 array, shape (n,)
    camps : int array, shape (n,), or None
    rng : Generator
    rate : float
        Drops per user and sweep.
    drop : str
        any, discordant (ties between unlike stances) or hostile (negative couplings).
    take : str
        shown (authors of posts that the feed shows), random, similar (users of one's own stance)
        or friends_of_friends.
    feed : Feed, optional
        Needed by ``shown``.
    rule : TieRule, optional

    Raises
    ------
    InputError
        An unknown word, a negative rate, or ``shown`` without a feed that shows posts.

    Examples
    --------
    >>> ring = SpinSystem.from_edges(range(6), [1, 2, 3, 4, 5, 0])
    >>> spins = np.array([1, 1, 1, -1, -1, -1], np.int8)
    >>> rng = np.random.default_rng(3)
    >>> after, moves = followed(ring, spins, None, rng, rate=1.0, drop="discordant", take="similar")
    >>> after.J.nnz == ring.J.nnz, bool((spins[moves[:, 0]] == spins[moves[:, 2]]).all())
    (True, True)
    """
    for word, given, allowed in (("drop", drop, DROPS), ("take", take, TAKES)):
        if given not in allowed:
            raise InputError(f"follow.{word} is {given!r}; allowed: {', '.join(allowed)}.")
    if not 0 <= rate < np.inf:
        raise InputError(f"follow.rate is {rate!r}; it must be a finite number >= 0.")
    if take == "shown" and not shows_posts(feed):
        raise InputError(
            "follow.take is 'shown', but there is no feed that shows posts; give a [feed] with a "
            "pool, or take = random, similar or friends_of_friends."
        )
    ties, step = LiveTies(system), FollowStep(0, rate, drop, take, rule)  # type: ignore[arg-type]
    key = rng.integers(0, 2**64, 2, dtype=np.uint64)
    unread = np.zeros(system.n, np.int64)
    moves = ties.move(step, np.ascontiguousarray(spins), camps, feed, key, 0, unread)
    return ties.system(), moves


def shows_posts(feed: Any) -> bool:
    """Return whether a feed, or one of those shared out, shows posts.

    Examples
    --------
    >>> from sociophysics.influences.feeds import Random, SelfEcho
    >>> shows_posts(Random()), shows_posts(SelfEcho()), shows_posts(None)
    (True, False, False)
    """
    several = [arm.feed for arm in getattr(feed, "arms", ())]
    return any(isinstance(each, Shown) for each in (feed, *getattr(feed, "feeds", several)))


@dataclass(frozen=True)
class FollowStep(Intervention):
    """From its sweep on users drop ties and take new ones in every sweep; ``[follow]`` makes it."""

    rate: Annotated[float, key("Drops per user and sweep.", ge=0)] = 0.01
    drop: Annotated[Literal["any", "discordant", "hostile"], key("Which ties are dropped.")] = "any"
    take: Annotated[
        Literal["shown", "random", "similar", "friends_of_friends"], key("Whom users take.")
    ] = "random"
    rule: Any = None
    kind: ClassVar[str] = "follow"
    words: ClassVar[str] = "Users drop ties and take new ones."
    equation: ClassVar[str] = (
        "Before each sweep user i drops rate ties j on average and takes as many j': "
        "J_ij' becomes J_ij, at the degrees of sweep 0, and J_ij becomes 0."
    )
    brings: ClassVar[tuple[str, ...]] = ("ties", "follows")

    def impose(self, conditions: Acting, sweeps: int) -> None:
        """Let ties move from now on."""
        conditions.follow(self)

    @cached_property
    def of_new_ties(self) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Return couplings within and across camps, and the scale of each user, empty for none."""
        return (self.rule or TieRule()).arrays()

    def largest(self, system: SpinSystem) -> float:
        """Return what no coupling of a tie will exceed, however they move."""
        sides, scale = self.of_new_ties
        J = system.J
        sizes = np.abs(J.data)
        if not scale.size or not (sides.size or system.is_symmetric):
            return float(max(sizes.max(initial=0.0), np.abs(sides).max(initial=0.0)))
        rows = np.repeat(np.arange(system.n), np.diff(J.indptr))
        power = 2 if system.is_symmetric else 1
        sizes = sizes / (scale[rows] * (scale[J.indices] if power == 2 else 1.0))
        plain = max(sizes.max(initial=0.0), np.abs(sides).max(initial=0.0))
        return float(plain * scale.max(initial=0.0) ** power)

    def change(
        self, system: SpinSystem, spins: Stances, camps: Camps | None, rng: np.random.Generator
    ) -> Change:
        """Return that nothing happens at once."""
        return Change()


def edge_list(events: Iterable[Mapping[str, Any]]) -> pd.DataFrame:
    """Return follows and drops as ties with times: sweep, replica, event, who, whom.

    Parameters
    ----------
    events : iterable of mappings
        Of frames; others than follows are left out.

    Examples
    --------
    >>> edge_list([{"sweep": 3, "kind": "follow", "replica": 0, "who": [5], "dropped": [1],
    ...     "taken": [2]}]).to_numpy().tolist()
    [[3, 0, 'drop', 5, 1], [3, 0, 'follow', 5, 2]]
    """
    rows = [
        (event["sweep"], event["replica"], word, user, other)
        for event in events
        if event["kind"] == FollowStep.kind
        for user, gone, new in zip(event["who"], event["dropped"], event["taken"], strict=True)
        for word, other in (("drop", gone), ("follow", new))
    ]
    return pd.DataFrame(rows, columns=["sweep", "replica", "event", "who", "whom"])
