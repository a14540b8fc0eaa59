"""A feed that weighs like-minded sources down: what Nyhan et al. did to some users of Facebook."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, ClassVar

import numpy as np

from sociophysics.errors import InputError
from sociophysics.influences.feeds.designs import Slotted, Weight, Weighted
from sociophysics.influences.feeds.feed import Camps
from sociophysics.influences.feeds.pools import Pool
from sociophysics.kind_keys import Control
from sociophysics.kinds import FEEDS, key
from sociophysics.society.spins import SpinSystem

__all__ = ["LikeMinded"]

# Takes .537 of posts from the own camp to .362 (Nyhan et al. 2023): f p / (f p + 1 - p).
MEASURED_FACTOR = 0.49


@FEEDS.register
@dataclass(frozen=True)
class LikeMinded(Weighted, Slotted):
    """Posts of the users one follows, those of the own camp weighed by a factor; 1: chronological.

    A share ``p`` of posts from the own camp becomes ``f p / (f p + 1 - p)``; posts of the other
    camps and of users without a camp keep their proportion. Whoever has no camp has no own camp,
    and follows as before. With factor 0, who follows the own camp alone sees nothing.

    Examples
    --------
    >>> system = SpinSystem.from_edges([0, 0], [1, 2])
    >>> pool = LikeMinded(factor=0.5).candidates(system, np.array([0, 0, 1]))
    >>> pool.weights[:2].round(3)
    array([0.333, 0.667])
    """

    factor: Annotated[
        float,
        key("Weight of followed users of one's own camp, against 1 for others.", ge=0, le=100),
        Control("Weight of the own camp", 0.0, 2.0, 0.01),
    ] = MEASURED_FACTOR
    weight: Weight = "coupling"
    kind: ClassVar[str] = "like_minded"
    words: ClassVar[str] = "Posts of the users one follows, the own camp's weighed by a factor."
    equation: ClassVar[str] = (
        "phi_i = strength * (mean stance of the followed users, those of one's camp times factor)."
    )
    physics: ClassVar[str] = "a field"

    def candidates(self, system: SpinSystem, camps: Camps | None) -> Pool:
        """Return whose posts each user may be shown.

        Raises
        ------
        InputError
            No camps are given.
        """
        if camps is None:
            raise InputError(
                "the feed like_minded needs camps, and none are given; name a node attribute in "
                "[network] camp, or pass camps."
            )
        pool = super().candidates(system, camps)
        if self.factor == 1:
            return pool
        readers = np.repeat(np.arange(system.n), np.diff(pool.indptr))
        own = (camps[readers] >= 0) & (camps[readers] == camps[pool.indices])
        weights = np.where(own, self.factor, 1.0) * pool.weights
        kept = weights > 0
        readers, weights = readers[kept], weights[kept]
        total = np.bincount(readers, weights, minlength=system.n)
        counts = np.bincount(readers, minlength=system.n)
        return pool._replace(
            indptr=np.append(0, np.cumsum(counts)).astype(np.int64),
            indices=pool.indices[kept],
            weights=weights / total[readers],
            reached=counts > 0,
        )
