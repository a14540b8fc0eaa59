"""Feeds as the exported page computes them: arrays and a few numbers, every operation exact.

Browsers add, multiply and divide as Python does, to the last bit; powers, logarithms and hyperbolic
tangents they may round otherwise. A ranker that needs one is tabulated here for every count of
stances that a pool can show, or refused.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from sociophysics.engine import following, ranking
from sociophysics.errors import InputError
from sociophysics.influences.feeds import Feed
from sociophysics.influences.feeds.direct import Counter, Editorial, Memory, SelfEcho
from sociophysics.influences.feeds.feed import Shown
from sociophysics.influences.feeds.pools import Pool
from sociophysics.influences.feeds.recall import listeners_of
from sociophysics.society.spins import SpinSystem

__all__ = ["MOST_CASES", "plan"]

STEEPEST = 10.0  # personalization up to which no weight of a stance comes near underflow
MOST_CASES = 30_000  # answers tabulated on a page, of all its feeds: 320 kB as text


def plan(
    feed: Feed | None,
    system: SpinSystem,
    camps: NDArray[np.int64] | None,
    room: int = MOST_CASES,
) -> dict[str, Any]:
    """Return how the page computes a feed of strength 1: its way, numbers and arrays.

    Parameters
    ----------
    feed : Feed or None
        None is no feed.
    system : SpinSystem
    camps : int array, shape (n,), or None
    room : int
        Answers that may still be tabulated.

    Raises
    ------
    InputError
        The page cannot compute it bit for bit; says why.

    Examples
    --------
    >>> from sociophysics.influences.feeds import SelfEcho
    >>> plan(SelfEcho(), SpinSystem.from_edges([0], [1]), None)
    {'way': 'own', 'sign': 1}
    """
    if feed is None:
        return {"way": "none"}
    if type(feed) is SelfEcho or type(feed) is Counter:
        return {"way": "own", "sign": 1 if type(feed) is SelfEcho else -1}
    if type(feed) is Editorial:
        return {"way": "same"}
    if type(feed) is Memory:
        return {"way": "memory", "tau": feed.tau}
    if not isinstance(feed, Shown) or not type(feed).__module__.startswith("sociophysics."):
        raise InputError(
            f"the feed {feed.kind} is not one that the exported page can compute; give it a feed "
            "that shows posts, self_echo, counter, memory, editorial or none."
        )
    pool = feed.candidates(system, camps)
    shown: dict[str, Any] = {"slots": feed.posts, "reached": pool.reached.astype(np.uint8)}
    if feed.posts is None or pool.reached.all():
        del shown["reached"]
    return shown | (_groups(feed, pool) if pool.sizes.size else _followed(feed, pool, room))


def _groups(feed: Shown, pool: Pool) -> dict[str, Any]:
    return {
        "way": "groups",
        "groups": pool.groups.astype(np.uint16),
        "sizes": pool.sizes.tolist(),
        "weights": pool.group_weights.tolist(),
        "own": pool.own,
        **_ranker(feed),
    }


def _followed(feed: Shown, pool: Pool, room: int) -> dict[str, Any]:
    heard, listeners, shares, whole = listeners_of(pool)
    if whole.size == 0:
        raise InputError(
            f"the feed {feed.kind} weighs followed users so unlike that their shares need floating "
            'point, whose sums the exported page does not repeat; set weight = "uniform".'
        )
    columns = {
        "way": "followed",
        "heard": heard.astype(np.int32),
        "listeners": listeners.astype(np.uint16),
        "whole": whole,
    }
    if shares.size:
        return {**columns, "shares": shares, **_ranker(feed)}
    columns["whole"] = whole.astype(np.int32)
    exact = feed.ranker[0] in (0.0, 1.0) and abs(feed.ranker[1]) <= STEEPEST
    return {**columns, **(_ranker(feed) if exact else _answers(feed, whole, room))}


def _ranker(feed: Shown) -> dict[str, Any]:
    """Return a ranker whose answers the page computes itself."""
    alpha, gamma = feed.ranker
    if alpha not in (0.0, 1.0) or abs(gamma) > STEEPEST:
        raise InputError(
            f"the feed {feed.kind} has alpha = {alpha:g} and gamma = {gamma:g}, which needs powers "
            "that browsers round otherwise than Python; set alpha to 0 or 1 and gamma within "
            f"{STEEPEST:g}, or take a pool of few followed users of equal weight."
        )
    return {"alpha": alpha, "gamma": gamma, "factor": float(ranking.disfavor(gamma))}


def _answers(feed: Shown, whole: NDArray[np.int64], room: int) -> dict[str, Any]:
    """Return what is shown to users at +1 for every number of friends and of +1 among them.

    Users at -1 are shown the opposite of the opposite case; where the own stance does not count,
    the upper half of the cases is enough.
    """
    alpha, gamma = feed.ranker
    degrees = np.unique(whole[whole > 0]).astype(np.int64)
    first = np.zeros_like(degrees) if gamma else (degrees + 1) // 2
    counts = degrees + 1 - first
    if counts.sum() > room:
        return _ranker(feed)
    factor = float(ranking.disfavor(gamma))
    answers = [
        following.answer(int(d), 2 * up - int(d), 1, alpha, gamma, factor)
        for d, least in zip(degrees, first, strict=True)
        for up in range(int(least), int(d) + 1)
    ]
    starts = np.zeros(int(whole.max(initial=0)) + 1, np.int32)
    starts[degrees] = np.append(0, np.cumsum(counts))[:-1] - first
    return {"answers": np.array(answers), "starts": starts, "half": not gamma}
