"""Feeds that show posts: one small frozen class per kind, which says all there is to say of it.

Those that act without showing any are in ``direct.py``.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Annotated, Any, ClassVar, Literal

from sociophysics.arguments import asks
from sociophysics.influences.feeds.feed import Feed, Shown
from sociophysics.kind_keys import Control
from sociophysics.kinds import FEEDS, Probability, Slots, key

POOLS = {
    "followed": "Users one follows",
    "all": "Everybody",
    "camp": "One's own camp",
    "followed_camp": "Followed users of one's camp",
}
PoolName = Annotated[
    Literal["followed", "all", "camp", "followed_camp"],
    key("Whose posts may be shown."),
    Control("Whose posts", choices=POOLS),
]
Weight = Annotated[
    Literal["coupling", "uniform"],
    key("Weight of a followed user: max(J_ij, 0), or 1 for all of them."),
    Control(
        "Followed users weigh",
        choices={"coupling": "By how strong the tie is", "uniform": "All the same"},
    ),
]
Scope = Annotated[
    Literal["all", "followed"],
    key("Camps of everybody, or of the followed users."),
    Control("Whose posts", choices=POOLS),
]
Alpha = Annotated[
    float,
    key("How much a popular stance is boosted; above -1.", gt=-1),
    Control("Boost of the popular", -0.95, 5.0, 0.05),
]
Gamma = Annotated[
    float,
    key("How much agreement with the reader is boosted."),
    Control("Boost of agreement", -5.0, 5.0, 0.1),
]
Drawn = Annotated[
    Slots,
    key(
        "Posts shown per refresh, drawn with replacement; left out (or inf): the expected feed.",
        unit="posts",
    ),
    Control("Posts shown", 0, 100, 1),
]
# Where the one published measurement of a ranker puts them (Bakshy et al. 2015: 5 to 8 % fewer
# cross-cutting posts), on two camps with 22.6 % of ties across; engagement has half of each.
MEASURED_ALPHA, MEASURED_GAMMA = 0.19, 0.05
RANKED = "X_i = tanh((1 + alpha) artanh M_i + gamma s_i), M_i the pool's mean stance"


@FEEDS.register
@dataclass(frozen=True)
class NoFeed(Feed):
    """No feed: ties and external field only."""

    kind: ClassVar[str] = "none"
    equation: ClassVar[str] = "phi_i = 0."

    @classmethod
    def label(cls) -> str:
        """Return what a form calls it."""
        return "No feed"

    @property
    def bound(self) -> float:
        """Nothing."""
        return 0.0

    @property
    def acts(self) -> bool:
        """Never."""
        return False


@dataclass(frozen=True)
class Slotted(Shown):
    """A feed that shows posts, all of them in expectation or some slots of them."""

    slots: Drawn = None

    @property
    def posts(self) -> int | None:
        """The slots."""
        return self.slots


class Weighted:
    """What a feed adds whose followed users weigh something."""

    weight: str

    @property
    def pool_options(self) -> Mapping[str, Any]:
        """The weight of followed users."""
        return {"weight": self.weight}

    @property
    def pool_kind(self) -> str:
        """Name of the pool: the users one follows."""
        return "followed"


@FEEDS.register
@dataclass(frozen=True)
class Chronological(Weighted, Slotted):
    """Posts of the users one follows, unranked: ``X_i`` is their coupling-weighted mean stance.

    Examples
    --------
    >>> import numpy as np
    >>> from sociophysics.society.spins import SpinSystem
    >>> system = SpinSystem.from_edges([0, 1], [1, 2])
    >>> feed = Chronological(strength=0.5)
    >>> rng = np.random.default_rng(1)
    >>> feed.refresh(system, np.array([[1, 1, -1]], np.int8), None, None, rng)[0]
    array([[0.5, 0. , 0.5]])
    """

    weight: Weight = "coupling"
    kind: ClassVar[str] = "chronological"
    words: ClassVar[str] = "Posts of the users one follows, unranked."
    equation: ClassVar[str] = "phi_i = strength * (mean stance of the followed users)."
    physics: ClassVar[str] = "a field"


@FEEDS.register
@dataclass(frozen=True)
class Random(Slotted):
    """Posts of everybody else, unranked: not neutral, a ferromagnet that joins all users."""

    kind: ClassVar[str] = "random"
    words: ClassVar[str] = "Posts of everybody, unranked."
    equation: ClassVar[str] = "phi_i = strength * (mean stance of all other users)."
    physics: ClassVar[str] = "a ferromagnet over everybody: *not* neutral"

    @property
    def pool_kind(self) -> str:
        """Name of the pool."""
        return "all"


@FEEDS.register
@dataclass(frozen=True)
class Trending(Shown):
    """The mean stance of all users, the same for everybody: ``phi_i = strength * m``."""

    kind: ClassVar[str] = "trending"
    words: ClassVar[str] = "The mean stance of all users."
    equation: ClassVar[str] = "phi_i = strength * m, the mean stance of all users."
    physics: ClassVar[str] = "equals random up to 1/n"

    @property
    def pool_kind(self) -> str:
        """Name of the pool."""
        return "everyone"


@FEEDS.register
@dataclass(frozen=True)
class Popularity(Weighted, Slotted):
    """Stances weighted by their share in the pool to the power ``alpha``."""

    alpha: Alpha = MEASURED_ALPHA
    pool: PoolName = "followed"
    weight: Weight = "coupling"
    kind: ClassVar[str] = "popularity"
    words: ClassVar[str] = "Stances weighted by their share of the pool to the power alpha."
    equation: ClassVar[str] = f"phi_i = strength * X_i, {RANKED}, gamma = 0."
    physics: ClassVar[str] = "a field; the pool decides"

    @property
    def pool_kind(self) -> str:
        """Name of the pool: the one that is chosen."""
        return self.pool

    @property
    def ranker(self) -> tuple[float, float]:
        """How posts are ordered."""
        return self.alpha, 0.0


@FEEDS.register
@dataclass(frozen=True)
class Personalized(Weighted, Slotted):
    """Posts that agree with the reader weighted up by ``exp(2 gamma)``; no energy exists."""

    gamma: Gamma = MEASURED_GAMMA
    pool: PoolName = "followed"
    weight: Weight = "coupling"
    kind: ClassVar[str] = "personalized"
    words: ClassVar[str] = "Stances weighted by exp(gamma) where they agree with the reader's."
    equation: ClassVar[str] = f"phi_i = strength * X_i, {RANKED}, alpha = 0."
    physics: ClassVar[str] = "changes rates, has no energy"

    @property
    def pool_kind(self) -> str:
        """Name of the pool: the one that is chosen."""
        return self.pool

    @property
    def ranker(self) -> tuple[float, float]:
        """How posts are ordered."""
        return 0.0, self.gamma


@FEEDS.register
@dataclass(frozen=True)
class Engagement(Weighted, Slotted):
    """Popularity and personalization together; no energy exists."""

    alpha: Alpha = 0.1
    gamma: Gamma = 0.025
    pool: PoolName = "followed"
    weight: Weight = "coupling"
    kind: ClassVar[str] = "engagement"
    words: ClassVar[str] = "Popular and agreeable posts first."
    equation: ClassVar[str] = f"phi_i = strength * X_i, {RANKED}."
    physics: ClassVar[str] = "changes rates"

    @property
    def pool_kind(self) -> str:
        """Name of the pool: the one that is chosen."""
        return self.pool

    @property
    def ranker(self) -> tuple[float, float]:
        """How posts are ordered."""
        return self.alpha, self.gamma


@FEEDS.register
@dataclass(frozen=True)
class InGroup(Weighted, Slotted):
    """Posts of one's own camp: anywhere (``camp``), or among the followed (``followed_camp``).

    Users without a camp have no own camp: they see nothing and are shown to nobody.
    """

    pool: Annotated[
        Literal["camp", "followed_camp"],
        key("The whole camp, or followed users of one's camp."),
        Control("Whose posts", choices=POOLS),
    ] = "camp"
    weight: Weight = "coupling"
    kind: ClassVar[str] = "in_group"
    words: ClassVar[str] = "Posts of one's own camp."
    equation: ClassVar[str] = (
        "phi_i = strength * (mean stance of one's own camp, or its followed members)."
    )
    physics: ClassVar[str] = "a field"

    @property
    def pool_kind(self) -> str:
        """Name of the pool: the one that is chosen."""
        return self.pool


@FEEDS.register
@dataclass(frozen=True)
class Diversity(Slotted):
    """A share ``epsilon`` of posts from the other camps together, the rest from the own camp.

    A side without candidates passes its share on. Users without a camp are on no side: they see
    nothing and are shown to nobody.
    """

    epsilon: Annotated[
        Probability,
        key("Share of the other camps."),
        Control("Share from other camps", 0.0, 1.0, 0.05),
    ] = 0.3
    kind: ClassVar[str] = "diversity"
    words: ClassVar[str] = "One's own camp mixed with a share of the other camps."
    equation: ClassVar[str] = (
        "phi_i = strength * ((1 - epsilon) own camp's mean + epsilon other camps' mean)."
    )
    physics: ClassVar[str] = "a field"

    @property
    def pool_kind(self) -> str:
        """Name of the pool."""
        return "mix"

    @property
    def pool_options(self) -> Mapping[str, Any]:
        """The share of the other camps."""
        return {"epsilon": self.epsilon}


@FEEDS.register
@dataclass(frozen=True)
class Bridging(Weighted, Slotted):
    """The plain mean over camps of each camp's mean; sides are camps, never stances.

    With ``scope = "followed"`` a camp's mean runs over its followed members, weighed by ``weight``
    like any followed user, and camps without one are left out. Users without a camp are shown to
    nobody but see the camps' mean, since a bridge takes no side.
    """

    scope: Scope = "all"
    weight: Weight = "coupling"
    kind: ClassVar[str] = "bridging"
    words: ClassVar[str] = "All camps weigh the same, whatever their size."
    equation: ClassVar[str] = (
        "phi_i = strength * (plain mean over camps of each camp's mean stance)."
    )
    physics: ClassVar[str] = "a field"

    @property
    def pool_kind(self) -> str:
        """Name of the pool: camps anywhere, or the followed members of each camp."""
        return "bridge" if self.scope == "all" else "bridge_followed"


@FEEDS.register
@dataclass(frozen=True)
class Outrage(Weighted, Shown):
    """``strength * (own camp's mean - other camps' mean) / 2``: a signed response, no ranking.

    The other camps count together; an absent side counts 0. Users without a camp have no sides
    and feel nothing.
    """

    scope: Scope = "all"
    weight: Weight = "coupling"
    kind: ClassVar[str] = "outrage"
    words: ClassVar[str] = "Follow one's own camp, turn against the other."
    equation: ClassVar[str] = "phi_i = strength * (own camp's mean - other camps' mean) / 2."
    physics: ClassVar[str] = "a signed response, no ranking"
    signed: ClassVar[bool] = True

    @property
    def pool_kind(self) -> str:
        """Name of the pool: camps anywhere, or the followed members of each camp."""
        return "contrast" if self.scope == "all" else "contrast_followed"


class _Acting(Mapping[str, type[Feed]]):
    """The feeds that a trajectory may be given: all kinds but ``none``, whoever registered them."""

    def __getitem__(self, kind: str) -> type[Feed]:
        if kind == NoFeed.kind:
            raise KeyError(kind)
        cls: type[Feed] = FEEDS[kind]
        return cls

    def __iter__(self) -> Iterator[str]:
        return (kind for kind in FEEDS if kind != NoFeed.kind)

    def __len__(self) -> int:
        return len(FEEDS) - 1


KINDS: Mapping[str, type[Feed]] = _Acting()


def make(kind: str, **keys: Any) -> Feed | None:
    """Return the feed of a scenario's kind, or None for ``none``.

    Parameters
    ----------
    kind : str
        A kind of feed, as ``[feed] kind`` names it.
    **keys
        The kind's own keys.

    Raises
    ------
    InputError
        An unknown kind or key, or a value out of range.

    Examples
    --------
    >>> make("diversity", strength=0.5, epsilon=0.2)
    Diversity(strength=0.5, slots=None, epsilon=0.2)
    """
    return acting(FEEDS.find(kind)(**keys))


@asks
def acting(feed: Feed | None) -> Feed | None:
    """Return a scenario's feed as a trajectory takes it: None for kind ``none``."""
    return None if isinstance(feed, NoFeed) else feed
