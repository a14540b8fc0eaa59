"""Feeds that show no posts: pulls by one's own stance, the same for all, and changed couplings."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from sociophysics.influences.feeds.feed import Camps, Feed, FeedMemory, Field, Pull, Spins
from sociophysics.kind_keys import Control
from sociophysics.kinds import FEEDS, Probability, key
from sociophysics.society.spins import SpinSystem

__all__ = ["Amplifier", "Animosity", "Counter", "Editorial", "Memory", "SelfEcho"]


@FEEDS.register
@dataclass(frozen=True)
class SelfEcho(Pull):
    """One's own stance at the refresh: ``phi_i = strength * s_i``; inertia, not an energy."""

    kind: ClassVar[str] = "self_echo"
    looks_at_ties: ClassVar[bool] = False
    words: ClassVar[str] = "One's own stance comes back."
    equation: ClassVar[str] = "phi_i = strength * s_i, the stance at the refresh."
    physics: ClassVar[str] = "inertia"
    of_own_stance: ClassVar[tuple[float, float] | None] = (-1.0, 1.0)

    def response(self, spins: Spins, memory: FeedMemory) -> Field:
        """Return the field towards the own stance, shape (replicas, n)."""
        return self.strength * spins.astype(np.float64)


@FEEDS.register
@dataclass(frozen=True)
class Counter(Pull):
    """The opposite of one's own stance: ``phi_i = -strength * s_i``; a heater."""

    kind: ClassVar[str] = "counter"
    looks_at_ties: ClassVar[bool] = False
    words: ClassVar[str] = "The opposite of one's own stance."
    equation: ClassVar[str] = "phi_i = -strength * s_i, the stance at the refresh."
    physics: ClassVar[str] = "a heater"
    of_own_stance: ClassVar[tuple[float, float] | None] = (1.0, -1.0)

    def response(self, spins: Spins, memory: FeedMemory) -> Field:
        """Return the field against the own stance, shape (replicas, n)."""
        return -self.strength * spins.astype(np.float64)


@FEEDS.register
@dataclass(frozen=True)
class Memory(Pull):
    """A running mean of one's own stances, ``e <- e + (s - e)/tau`` after each sweep, e(0) = s(0).

    ``tau`` is in sweeps; ``tau = 1`` is the self-echo.
    """

    tau: Annotated[
        float, key("Memory time.", unit="sweeps", ge=1), Control("Memory", 1.0, 200.0, 1.0)
    ] = 10.0
    kind: ClassVar[str] = "memory"
    looks_at_ties: ClassVar[bool] = False
    words: ClassVar[str] = "The running mean of one's own past stances comes back."
    equation: ClassVar[str] = (
        "phi_i = strength * e_i; e_i <- e_i + (s_i - e_i) / tau after each sweep."
    )
    physics: ClassVar[str] = "inertia with a longer memory"

    def remembered(
        self, system: SpinSystem, spins: Spins, camps: Camps | None
    ) -> Mapping[str, NDArray[Any]]:
        """Return a trace equal to the stances at the start."""
        return {"trace": spins.astype(np.float64)}

    def response(self, spins: Spins, memory: FeedMemory) -> Field:
        """Return the field towards the remembered stance, shape (replicas, n)."""
        trace: Field = memory.arrays["trace"]
        return self.strength * trace

    def remember(self, spins: Spins, memory: FeedMemory) -> FeedMemory:
        """Return the trace moved towards the stances by one part in ``tau``."""
        trace = memory.arrays["trace"]
        return memory._replace(arrays={"trace": trace + (spins - trace) / self.tau})


@FEEDS.register
@dataclass(frozen=True)
class Editorial(Pull):
    """The same field for everybody: it aligns, and never polarizes."""

    kind: ClassVar[str] = "editorial"
    looks_at_ties: ClassVar[bool] = False
    words: ClassVar[str] = "The same field on everybody."
    equation: ClassVar[str] = "phi_i = strength."
    physics: ClassVar[str] = "a uniform field: aligns, never polarizes"
    of_own_stance: ClassVar[tuple[float, float] | None] = (1.0, 1.0)

    def response(self, spins: Spins, memory: FeedMemory) -> Field:
        """Return the uniform field, shape (replicas, n)."""
        return np.full(spins.shape, self.strength)


@FEEDS.register
@dataclass(frozen=True)
class Amplifier(Pull):
    """Couplings times ``1 + strength``, applied exactly: the law at ``T / (1 + strength)``."""

    kind: ClassVar[str] = "amplifier"
    words: ClassVar[str] = "All couplings grow by the factor 1 + strength."
    equation: ClassVar[str] = "J_ij becomes (1 + strength) J_ij."
    physics: ClassVar[str] = "the law at `T/(1 + strength)`"

    @property
    def bound(self) -> float:
        """No field is exerted: the couplings themselves change."""
        return 0.0

    def couplings(self, system: SpinSystem) -> SpinSystem:
        """Return the system with every coupling multiplied."""
        J = system.J * (1.0 + self.strength)
        return SpinSystem(J, system.h, system.labels, system.nodes)


@FEEDS.register
@dataclass(frozen=True)
class Animosity(Feed):
    """Negative couplings times ``1 - delta``: posts that pick a fight are ranked down."""

    delta: Annotated[
        Probability,
        key("Share of each antagonistic coupling that is taken away."),
        Control("Fights ranked down by", 0.0, 1.0, 0.05),
    ] = 0.5
    kind: ClassVar[str] = "animosity"
    words: ClassVar[str] = "Antagonistic couplings shrink by the factor 1 - delta."
    equation: ClassVar[str] = "J_ij < 0 becomes (1 - delta) J_ij."
    physics: ClassVar[str] = "weaker antagonism"

    @property
    def bound(self) -> float:
        """No field is exerted: the couplings themselves change."""
        return 0.0

    def couplings(self, system: SpinSystem) -> SpinSystem:
        """Return the system with its antagonism weakened."""
        J = system.J.copy()
        J.data = np.where(J.data < 0, (1.0 - self.delta) * J.data, J.data)
        return SpinSystem(J, system.h, system.labels, system.nodes)
