"""Ties that follow the feed: each sweep users drop some of those they listen to and take others.

A user who drops a tie takes one at once, or keeps what there was: directed listening keeps
everybody's number of sources, undirected ties keep their number. No self-loops, no tie twice.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Annotated, Any, ClassVar, Literal

import numpy as np
import pandas as pd
import scipy.sparse as sparse
from numpy.typing import NDArray

from sociophysics.errors import InputError
from sociophysics.influences.feeds import Feed, Shown
from sociophysics.influences.feeds.recall import Recall
from sociophysics.influences.interventions import Change, Intervention
from sociophysics.kinds import key
from sociophysics.society.spins import SpinSystem

__all__ = ["DROPS", "TAKES", "FollowStep", "TieRule", "edge_list", "followed"]

Stances = NDArray[np.int8]
Camps = NDArray[np.int64]
DROPS = ("any", "discordant", "hostile")
TAKES = ("shown", "random", "similar", "friends_of_friends")
ROUNDS = 50  # of candidates before a user keeps the tie


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

    def coupling(
        self, old: float, user: int, dropped: int, taken: int, camps: Camps | None, mutual: bool
    ) -> float:
        """Return the coupling of a user's new tie."""
        if self.camps is not None and camps is not None:
            same = camps[user] == camps[taken] and camps[user] >= 0
            value = self.camps[0] if same else self.camps[1]
            if self.scale is None:
                return value
            return float(value * self.scale[user] * (self.scale[taken] if mutual else 1.0))
        if self.scale is None or not mutual:
            return old
        return float(old / self.scale[dropped] * self.scale[taken])


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
    rule, mutual, n = rule or TieRule(), system.is_symmetric, system.n
    J = system.J
    whole = int(rate)
    times, order = whole + (rng.random(n) < rate - whole), rng.permutation(n)
    choose = _chooser(take, system, spins, camps, feed)
    ties: dict[int, dict[int, float]] = {}

    def of(user: int) -> dict[int, float]:
        if user not in ties:
            row = slice(J.indptr[user], J.indptr[user + 1])
            ties[user] = dict(zip(J.indices[row].tolist(), J.data[row].tolist(), strict=True))
        return ties[user]

    moves: list[tuple[int, int, int]] = []
    for user in np.repeat(order, times[order]).tolist():
        own = of(user)
        there = [
            other
            for other, value in own.items()
            if drop == "any" or (value < 0 if drop == "hostile" else spins[user] != spins[other])
        ]
        if not there:
            continue
        dropped = there[int(rng.integers(len(there)))]
        taken = next(
            (each for each in choose(user, of, rng) if each != user and each not in own), None
        )
        if taken is None:
            continue
        value = rule.coupling(own.pop(dropped), user, dropped, taken, camps, mutual)
        own[taken] = value
        if mutual:
            del of(dropped)[user]
            of(taken)[user] = value
        moves.append((user, dropped, taken))
    if not moves:
        return system, np.zeros((0, 3), np.int64)
    return _with_ties(system, ties), np.array(moves, dtype=np.int64)


def _with_ties(system: SpinSystem, changed: Mapping[int, Mapping[int, float]]) -> SpinSystem:
    """Return the society with the rows of some users replaced."""
    J, users = system.J, np.array(sorted(changed))
    kept = np.ones(system.n, bool)
    kept[users] = False
    rows = np.repeat(np.arange(system.n), np.diff(J.indptr))
    old = kept[rows]
    new = [(i, j, value) for i in users.tolist() for j, value in changed[i].items()]
    i, j, value = (np.array(each) for each in zip(*new, strict=True)) if new else ([], [], [])
    return system.with_ties(
        sparse.csr_array(
            (
                np.concatenate([J.data[old], value]),
                (np.concatenate([rows[old], i]), np.concatenate([J.indices[old], j])),
            ),
            shape=J.shape,
        )
    )


def _chooser(
    take: str, system: SpinSystem, spins: Stances, camps: Camps | None, feed: Feed | None
) -> Any:
    """Return a function that gives candidates, best first, for a user."""
    n = system.n
    if take == "shown":
        return _shown(system, spins, camps, feed)
    alike = {stance: np.flatnonzero(spins == stance) for stance in (-1, 1)}

    def anybody(user: int, of: Any, rng: np.random.Generator) -> Iterable[int]:
        return map(int, rng.integers(0, n, ROUNDS))

    def similar(user: int, of: Any, rng: np.random.Generator) -> Iterable[int]:
        return map(int, rng.choice(alike[int(spins[user])], ROUNDS))

    def friends(user: int, of: Any, rng: np.random.Generator) -> Iterable[int]:
        own = list(of(user))
        for _ in range(ROUNDS):
            further = list(of(own[int(rng.integers(len(own)))]))
            if further:
                yield further[int(rng.integers(len(further)))]

    return {"random": anybody, "similar": similar, "friends_of_friends": friends}[take]


def _shown(system: SpinSystem, spins: Stances, camps: Camps | None, feed: Feed | None) -> Any:
    """Return a function that draws authors as often as the feed shows their posts."""
    if not isinstance(feed, Shown):
        raise InputError(
            "follow.take is 'shown', but there is no feed that shows posts; give a [feed] with a "
            "pool, or take = random, similar or friends_of_friends."
        )
    pool = feed.candidates(system, camps)
    up = 0.5 * (1.0 + Recall(pool, *feed.ranker).shown(spins[np.newaxis])[1][0])
    ordered = np.argsort(pool.groups, kind="stable")
    starts = np.append(0, np.cumsum(pool.sizes))

    def authors(user: int, of: Any, rng: np.random.Generator) -> Iterable[int]:
        if not pool.reached[user]:
            return
        stances = np.where(rng.random(ROUNDS) < up[user], 1, -1)
        if pool.sizes.size:
            weight = np.abs(pool.group_weights[pool.groups[user]])
            groups = rng.choice(weight.size, ROUNDS, p=weight / weight.sum())
            sizes = pool.sizes[groups]
            drawn = ordered[starts[groups] + (rng.random(ROUNDS) * sizes).astype(np.int64)]
        else:
            row = slice(pool.indptr[user], pool.indptr[user + 1])
            weight = np.abs(pool.weights[row])
            drawn = rng.choice(pool.indices[row], ROUNDS, p=weight / weight.sum())
        # A stance is drawn as the ranker shows it, then an author of it as the pool has them.
        of_stance = {stance: iter(drawn[spins[drawn] == stance].tolist()) for stance in (-1, 1)}
        for stance in stances.tolist():
            author = next(of_stance[stance], None)
            if author is None:
                return
            yield author

    return authors


@dataclass(frozen=True)
class FollowStep(Intervention):
    """The follows of one sweep; ``[follow]`` makes one for every sweep."""

    rate: Annotated[float, key("Drops per user and sweep.", ge=0)] = 0.01
    drop: Annotated[Literal["any", "discordant", "hostile"], key("Which ties are dropped.")] = "any"
    take: Annotated[
        Literal["shown", "random", "similar", "friends_of_friends"], key("Whom users take.")
    ] = "random"
    feed: Any = None
    rule: Any = None
    kind: ClassVar[str] = "follow"
    words: ClassVar[str] = "Users drop ties and take new ones."
    brings: ClassVar[tuple[str, ...]] = ("ties",)

    def change(
        self, system: SpinSystem, spins: Stances, camps: Camps | None, rng: np.random.Generator
    ) -> Change:
        """Return the system with the ties that were dropped and taken."""
        after, moves = followed(
            system, spins, camps, rng,
            rate=self.rate, drop=self.drop, take=self.take, feed=self.feed, rule=self.rule,
        )  # fmt: skip
        who, dropped, taken = (moves[:, k].tolist() for k in range(3))
        detail = {"moved": len(moves), "who": who, "dropped": dropped, "taken": taken}
        return Change(system=after, detail=detail)


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
