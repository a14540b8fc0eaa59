"""The feed ``contrarian_k``."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any, ClassVar

import numpy as np
from numpy.typing import NDArray
from sociophysics.feeds import Draws, Feed, FeedMemory

from sociophysics import SpinSystem
from sociophysics.kinds import Probability, Strength, key

Spins = NDArray[np.int8]


@dataclass(frozen=True)
class ContrarianK(Feed):
    """Shows ``k`` random followed users, and pushes against their mean stance.

    Each shown user counts with ``(1 - persistence) s_j(t) + persistence s_j(t - 1)``. Users who
    follow nobody get no field.
    """

    strength: Strength = 0.5
    k: Annotated[int, key("Followed users shown, drawn with replacement.", unit="users", ge=1)] = 3
    persistence: Annotated[
        Probability, key("Weight of the stances one sweep ago; 0 shows the present alone.")
    ] = 0.0
    kind: ClassVar[str] = "contrarian_k"
    words: ClassVar[str] = "Pushes against the mean stance of k random followed users."
    equation: ClassVar[str] = (
        "phi_i = -strength * mean over k drawn j of (1 - persistence) s_j(t) + persistence s_j(t-1)"
    )
    physics: ClassVar[str] = "a random antiferromagnet along the ties"

    @property
    def bound(self) -> float:
        """The strength: a mean of stances is never above 1."""
        return abs(self.strength)

    @property
    def acts(self) -> bool:
        """Whether there is any strength."""
        return self.strength != 0

    def remembered(
        self, system: SpinSystem, spins: Spins, camps: Any
    ) -> Mapping[str, NDArray[Any]]:
        """Return what is kept from sweep to sweep, replicas first: stances now and before."""
        return {"now": spins.copy(), "before": spins.copy()}

    def remember(self, spins: Spins, memory: FeedMemory) -> FeedMemory:
        """Return the memory after a sweep that ended with these stances."""
        return memory._replace(arrays={"now": spins.copy(), "before": memory.arrays["now"]})

    def refresh(
        self,
        system: SpinSystem,
        spins: Spins,
        camps: Any,
        memory: FeedMemory | None,
        rng: Draws | np.random.Generator,
    ) -> tuple[NDArray[np.float64], None]:
        """Return the field until the next refresh, shape (replicas, n); no posts are counted."""
        memory = memory or self.start(system, spins, camps)
        draws = rng if isinstance(rng, Draws) else Draws.of(rng, len(spins))
        first, followed = system.J.indptr[:-1], np.diff(system.J.indptr)
        some = np.flatnonzero(followed)
        stances = (1 - self.persistence) * spins + self.persistence * memory.arrays["before"]
        phi = np.zeros(spins.shape)
        for row in range(len(spins)):
            chosen = draws.generator(row).random((some.size, self.k)) * followed[some, None]
            users = system.J.indices[first[some, None] + chosen.astype(np.int64)]
            phi[row, some] = -self.strength * stances[row, users].mean(axis=1)
        return phi, None
