"""The feed designs, one small frozen dataclass per kind, and the way to make one by name."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Any, ClassVar

import numpy as np

from sociophysics.errors import InputError, did_you_mean
from sociophysics.influences.feeds.feed import Camps, Feed, FeedMemory, Field, Spins
from sociophysics.society.spins import SpinSystem


@dataclass(frozen=True)
class Chronological(Feed):
    """Posts of the users one follows, unranked: ``X_i`` is their coupling-weighted mean stance.

    Examples
    --------
    >>> system = SpinSystem.from_edges([0, 1], [1, 2])
    >>> feed = Chronological(strength=0.5)
    >>> rng = np.random.default_rng(1)
    >>> feed.refresh(system, np.array([[1, 1, -1]], np.int8), None, None, rng)[0]
    array([[0.5, 0. , 0.5]])
    """

    strength: float = 0.5
    slots: int | None = None
    weight: str = "coupling"
    kind: ClassVar[str] = "chronological"
    pool_kind: ClassVar[str | None] = "followed"


@dataclass(frozen=True)
class Random(Feed):
    """Posts of everybody else, unranked: not neutral, a ferromagnet that joins all users."""

    strength: float = 0.5
    slots: int | None = None
    kind: ClassVar[str] = "random"
    pool_kind: ClassVar[str | None] = "all"


@dataclass(frozen=True)
class Trending(Feed):
    """The mean stance of all users, the same for everybody: ``phi_i = strength * m``."""

    strength: float = 0.5
    kind: ClassVar[str] = "trending"
    pool_kind: ClassVar[str | None] = "everyone"


@dataclass(frozen=True)
class Popularity(Feed):
    """Stances weighted by their share in the pool to the power ``alpha``."""

    strength: float = 0.5
    slots: int | None = None
    alpha: float = 1.0
    pool: str = "followed"
    weight: str = "coupling"
    kind: ClassVar[str] = "popularity"


@dataclass(frozen=True)
class Personalized(Feed):
    """Posts that agree with the reader weighted up by ``exp(2 gamma)``; no energy exists."""

    strength: float = 0.5
    slots: int | None = None
    gamma: float = 1.0
    pool: str = "followed"
    weight: str = "coupling"
    kind: ClassVar[str] = "personalized"


@dataclass(frozen=True)
class Engagement(Feed):
    """Popularity and personalization together; no energy exists."""

    strength: float = 0.5
    slots: int | None = None
    alpha: float = 1.0
    gamma: float = 1.0
    pool: str = "followed"
    weight: str = "coupling"
    kind: ClassVar[str] = "engagement"


@dataclass(frozen=True)
class InGroup(Feed):
    """Posts of one's own camp: anywhere (``camp``), or among the followed (``followed_camp``).

    Users without a camp have no own camp: they see nothing and are shown to nobody.
    """

    strength: float = 0.5
    slots: int | None = None
    pool: str = "camp"
    weight: str = "coupling"
    kind: ClassVar[str] = "in_group"


@dataclass(frozen=True)
class Diversity(Feed):
    """A share ``epsilon`` of posts from the other camps together, the rest from the own camp.

    A side without candidates passes its share on. Users without a camp are on no side: they see
    nothing and are shown to nobody.
    """

    strength: float = 0.5
    slots: int | None = None
    epsilon: float = 0.3
    kind: ClassVar[str] = "diversity"
    pool_kind: ClassVar[str | None] = "mix"


@dataclass(frozen=True)
class Bridging(Feed):
    """The plain mean over camps of each camp's mean; sides are camps, never stances.

    With ``scope = "followed"`` a camp's mean runs over its followed members, weighed by ``weight``
    like any followed user, and camps without one are left out. Users without a camp are shown to
    nobody but see the camps' mean, since a bridge takes no side.
    """

    strength: float = 0.5
    slots: int | None = None
    scope: str = "all"
    weight: str = "coupling"
    kind: ClassVar[str] = "bridging"

    @property
    def pool_kind(self) -> str | None:
        """Name of the pool: camps anywhere, or the followed members of each camp."""
        return "bridge" if self.scope == "all" else "bridge_followed"


@dataclass(frozen=True)
class Outrage(Feed):
    """``strength * (own camp's mean - other camps' mean) / 2``: a signed response, no ranking.

    The other camps count together; an absent side counts 0. Users without a camp have no sides
    and feel nothing.
    """

    strength: float = 0.5
    scope: str = "all"
    weight: str = "coupling"
    kind: ClassVar[str] = "outrage"
    signed: ClassVar[bool] = True

    @property
    def pool_kind(self) -> str | None:
        """Name of the pool: camps anywhere, or the followed members of each camp."""
        return "contrast" if self.scope == "all" else "contrast_followed"


@dataclass(frozen=True)
class SelfEcho(Feed):
    """One's own stance at the refresh: ``phi_i = strength * s_i``; inertia, not an energy."""

    strength: float = 0.5
    kind: ClassVar[str] = "self_echo"

    def response(self, spins: Spins, memory: FeedMemory) -> Field:
        """Return the field towards the own stance, shape (replicas, n)."""
        return self.strength * spins.astype(np.float64)


@dataclass(frozen=True)
class Counter(Feed):
    """The opposite of one's own stance: ``phi_i = -strength * s_i``; a heater."""

    strength: float = 0.5
    kind: ClassVar[str] = "counter"

    def response(self, spins: Spins, memory: FeedMemory) -> Field:
        """Return the field against the own stance, shape (replicas, n)."""
        return -self.strength * spins.astype(np.float64)


@dataclass(frozen=True)
class Memory(Feed):
    """A running mean of one's own stances, ``e <- e + (s - e)/tau`` after each sweep, e(0) = s(0).

    ``tau`` is in sweeps; ``tau = 1`` is the self-echo.
    """

    strength: float = 0.5
    tau: float = 10.0
    kind: ClassVar[str] = "memory"

    def start(self, system: SpinSystem, spins: Spins, camps: Camps | None) -> FeedMemory:
        """Return a trace equal to the stances at the start."""
        return FeedMemory(None, spins.astype(np.float64))

    def response(self, spins: Spins, memory: FeedMemory) -> Field:
        """Return the field towards the remembered stance, shape (replicas, n)."""
        trace: Field = spins.astype(np.float64) if memory.trace is None else memory.trace
        return self.strength * trace

    def remember(self, spins: Spins, memory: FeedMemory) -> FeedMemory:
        """Return the trace moved towards the stances by one part in ``tau``."""
        trace = spins if memory.trace is None else memory.trace
        return memory._replace(trace=trace + (spins - trace) / self.tau)


@dataclass(frozen=True)
class Editorial(Feed):
    """The same field for everybody: it aligns, and never polarizes."""

    strength: float = 0.5
    kind: ClassVar[str] = "editorial"

    def response(self, spins: Spins, memory: FeedMemory) -> Field:
        """Return the uniform field, shape (replicas, n)."""
        return np.full(spins.shape, self.strength)


@dataclass(frozen=True)
class Amplifier(Feed):
    """Couplings times ``1 + strength``, applied exactly: the law at ``T / (1 + strength)``."""

    strength: float = 0.5
    kind: ClassVar[str] = "amplifier"

    @property
    def bound(self) -> float:
        """No field is exerted: the couplings themselves change."""
        return 0.0

    def couplings(self, system: SpinSystem) -> SpinSystem:
        """Return the system with every coupling multiplied."""
        J = system.J * (1.0 + self.strength)
        return SpinSystem(J, system.h, system.labels, system.nodes)


@dataclass(frozen=True)
class Animosity(Feed):
    """Negative couplings times ``1 - delta``: posts that pick a fight are ranked down."""

    delta: float = 0.5
    kind: ClassVar[str] = "animosity"

    def couplings(self, system: SpinSystem) -> SpinSystem:
        """Return the system with its antagonism weakened."""
        J = system.J.copy()
        J.data = np.where(J.data < 0, (1.0 - self.delta) * J.data, J.data)
        return SpinSystem(J, system.h, system.labels, system.nodes)


KINDS: dict[str, type[Feed]] = {
    cls.kind: cls
    for cls in (
        Chronological,
        Random,
        Trending,
        Popularity,
        Personalized,
        Engagement,
        InGroup,
        Diversity,
        Bridging,
        Outrage,
        SelfEcho,
        Counter,
        Memory,
        Editorial,
        Amplifier,
        Animosity,
    )
}


def make(kind: str, **keys: Any) -> Feed | None:
    """Return the feed of a scenario's kind, or None for ``none``.

    Raises
    ------
    InputError
        An unknown kind or key, or a value out of range.

    Examples
    --------
    >>> make("diversity", strength=0.5, epsilon=0.2)
    Diversity(strength=0.5, slots=None, epsilon=0.2)
    """
    if kind == "none":
        if keys:
            raise InputError(
                f"feed.{next(iter(keys))} is not a key of kind 'none', which has none; leave it "
                f"out, or name another kind: {', '.join(KINDS)}."
            )
        return None
    if kind not in KINDS:
        raise InputError(f"feed.kind is {kind!r}; {did_you_mean(kind, ['none', *KINDS])}")
    cls: Any = KINDS[kind]
    allowed = [field.name for field in fields(cls)]
    for key in keys:
        if key not in allowed:
            raise InputError(
                f"feed.{key} is not a key of kind {kind!r}; {did_you_mean(key, allowed)}"
            )
    feed: Feed = cls(**keys)
    return feed
