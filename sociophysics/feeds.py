r"""Recommender feeds as fields.

A feed is pool x ranker x slots, refreshed once per sweep. Everybody publishes one post, the
current stance; the feed shows some posts to each user, and the mean stance shown, times the
strength, is a field on that user until the next refresh:

.. math::
    X_i = \tanh\big((1 + \alpha)\,\mathrm{artanh}\,M_i + \gamma s_i\big), \qquad
    \phi_i = \mathrm{strength} \cdot X_i ,

with the pool's mean stance :math:`M_i`, popularity :math:`\alpha > -1` and personalization
:math:`\gamma`. With ``k`` slots, :math:`\phi_i = \mathrm{strength}\,(2K - k)/k` where
:math:`K \sim \mathrm{Binomial}(k, (1 + X_i)/2)`. An empty pool gives zero. The feeds that are not
rankings (self-echo, memory, counter, editorial, amplifier, animosity, outrage) say so themselves.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from functools import cached_property
from typing import Any, ClassVar, NamedTuple

import numpy as np
from numpy.typing import NDArray

from sociophysics.engine import ranking
from sociophysics.errors import InputError, did_you_mean
from sociophysics.pools import Pool, build_pool
from sociophysics.spins import SpinSystem

__all__ = [
    "KINDS",
    "Amplifier",
    "Animosity",
    "Bridging",
    "Chronological",
    "Counter",
    "Diversity",
    "Draws",
    "Editorial",
    "Engagement",
    "Exposure",
    "Feed",
    "FeedMemory",
    "InGroup",
    "Memory",
    "Outrage",
    "Personalized",
    "Popularity",
    "Random",
    "SelfEcho",
    "Trending",
    "make",
]

Spins = NDArray[np.int8]
Camps = NDArray[np.int64]
Field = NDArray[np.float64]


class Draws(NamedTuple):
    """Where the random slots of one refresh come from: a key per replica, and the sweep."""

    keys: NDArray[np.uint64]  # (replicas, 2)
    sweep: int


class FeedMemory(NamedTuple):
    """What a feed carries from sweep to sweep; owned by the trajectory, saved with its state."""

    pool: Pool | None
    trace: Field | None  # (replicas, n), the running mean of own stances of kind memory


class Exposure:
    """What a feed showed at one refresh; its statistics are computed when they are read.

    Attributes
    ----------
    agreement : array, shape (replicas,)
        Mean over users of the share of shown posts that agree with the user's own stance.
    out_group : array, shape (replicas,)
        Mean over users with a camp of the share of shown posts that come from another camp.
    attention_gini : array, shape (replicas,)
        Gini coefficient over users of the expected number of feeds' shares that show their post.

    Notes
    -----
    With slots, agreement counts the posts drawn; authorship is averaged over the draws that lead
    to the same stances. Users with an empty pool are left out; nobody shown anything gives NaN.
    """

    def __init__(
        self, spins: Spins, shown: Field, pool: Pool, camps: Camps | None, signed: bool
    ) -> None:
        self._given = (spins.copy(), shown.copy(), pool, camps, signed)

    @cached_property
    def _shares(self) -> tuple[Field, Field, Field]:
        spins, shown, pool, camps, signed = self._given
        received, agree, outside = np.zeros(shown.shape), shown.copy(), shown.copy()
        labels = np.full(spins.shape[1], -1, np.int64) if camps is None else camps
        ranking.attention(spins, shown, *pool, labels, signed, received, agree, outside)
        return received, agree, outside

    @property
    def agreement(self) -> Field:
        """Share of shown posts that agree with the reader, mean over readers; (replicas,)."""
        return _mean_known(self._shares[1])

    @property
    def out_group(self) -> Field:
        """Share of shown posts from another camp, mean over readers; (replicas,)."""
        return _mean_known(self._shares[2])

    @property
    def attention_gini(self) -> Field:
        """Gini coefficient of the attention users receive; (replicas,)."""
        received = np.sort(np.maximum(self._shares[0], 0.0), axis=1)
        n = received.shape[1]
        total = received.sum(axis=1)
        weighted = received @ (2.0 * np.arange(1, n + 1) - n - 1)
        with np.errstate(invalid="ignore", divide="ignore"):
            gini: Field = np.where(total > 0, weighted / (n * total), np.nan)
        return gini


def _mean_known(values: Field) -> Field:
    known = ~np.isnan(values)
    count = known.sum(axis=1)
    total = np.where(known, values, 0.0).sum(axis=1)
    with np.errstate(invalid="ignore", divide="ignore"):
        mean: Field = np.where(count > 0, total / count, np.nan)
    return mean


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
    def pool_kind(self) -> str | None:
        """Name of the pool in ``sociophysics.pools``; None for designs that show no posts."""
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
        return FeedMemory(self.candidates(system, camps), None)

    def refresh(
        self,
        system: SpinSystem,
        spins: Spins,
        camps: Camps | None,
        memory: FeedMemory | None,
        rng: Draws,
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
        rng : Draws
            Stream of the sampled slots.

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
        strength = float(getattr(self, "strength", 0.0))
        shown = np.empty(spins.shape)
        ranking.shown_means(
            spins,
            *memory.pool,
            float(getattr(self, "alpha", 0.0)),
            float(getattr(self, "gamma", 0.0)),
            int(getattr(self, "slots", None) or 0),
            rng.keys,
            rng.sweep,
            shown,
        )
        return strength * shown, Exposure(spins, shown, memory.pool, camps, self.signed)

    def response(self, spins: Spins, memory: FeedMemory) -> Field:
        """Return the field of a design without a pool, shape (replicas, n)."""
        return np.zeros(spins.shape)

    def remember(self, spins: Spins, memory: FeedMemory) -> FeedMemory:
        """Return the memory after a sweep that ended with these stances."""
        return memory

    def __post_init__(self) -> None:
        for field in fields(self):
            _check_value(self.kind, field.name, getattr(self, field.name))


@dataclass(frozen=True)
class Chronological(Feed):
    """Posts of the users one follows, unranked: ``X_i`` is their coupling-weighted mean stance.

    Examples
    --------
    >>> system = SpinSystem.from_edges([0, 1], [1, 2])
    >>> feed = Chronological(strength=0.5)
    >>> draws = Draws(np.zeros((1, 2), np.uint64), 1)
    >>> feed.refresh(system, np.array([[1, 1, -1]], np.int8), None, None, draws)[0]
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
