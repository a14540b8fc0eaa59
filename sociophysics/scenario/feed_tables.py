"""The [feed] tables: one per kind of feed design, with exactly the keys it has."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from sociophysics.scenario.values import Number, Probability, Slots, Table

__all__ = ["FEEDS", "Feed", "NoFeed"]

Pool = Literal["followed", "all", "camp", "followed_camp"]
Weight = Literal["coupling", "uniform"]
Scope = Literal["all", "followed"]
Alpha = Annotated[float, Field(gt=-1)]


class NoFeed(Table):
    """No feed: ties and external field only."""

    kind: Literal["none"]


class _Strength(Table):
    strength: Number = 0.5
    """Field of a feed that shows one stance only, in units of the couplings."""


class _Slots(_Strength):
    slots: Slots = None
    """Posts shown per refresh, drawn with replacement; left out (or inf): the expected feed."""


class _Followed(_Slots):
    weight: Weight = "coupling"
    """Weight of a followed user: max(J_ij, 0), or 1 for all of them."""


class _Ranked(_Followed):
    pool: Pool = "followed"
    """Whose posts may be shown."""


class Chronological(_Followed):
    """Posts of the users one follows, unranked."""

    kind: Literal["chronological"]


class Random(_Slots):
    """Posts of everybody, unranked."""

    kind: Literal["random"]


class Trending(_Strength):
    """The mean stance of all users."""

    kind: Literal["trending"]


class Popularity(_Ranked):
    """Stances weighted by their share of the pool to the power alpha."""

    kind: Literal["popularity"]
    alpha: Alpha = 1.0
    """How much a popular stance is boosted; above -1."""


class Personalized(_Ranked):
    """Stances weighted by exp(gamma) where they agree with the reader's."""

    kind: Literal["personalized"]
    gamma: Number = 1.0
    """How much agreement with the reader is boosted."""


class Engagement(_Ranked):
    """Popular and agreeable posts first."""

    kind: Literal["engagement"]
    alpha: Alpha = 1.0
    """How much a popular stance is boosted; above -1."""
    gamma: Number = 1.0
    """How much agreement with the reader is boosted."""


class InGroup(_Followed):
    """Posts of one's own camp."""

    kind: Literal["in_group"]
    pool: Literal["camp", "followed_camp"] = "camp"
    """The whole camp, or followed users of one's camp."""


class SelfEcho(_Strength):
    """One's own stance comes back."""

    kind: Literal["self_echo"]


class Memory(_Strength):
    """The running mean of one's own past stances comes back."""

    kind: Literal["memory"]
    tau: Annotated[float, Field(ge=1)] = 10.0
    """Memory time in sweeps."""


class Diversity(_Slots):
    """One's own camp mixed with a share of the other camps."""

    kind: Literal["diversity"]
    epsilon: Probability = 0.3
    """Share of the other camps."""


class Bridging(_Followed):
    """All camps weigh the same, whatever their size."""

    kind: Literal["bridging"]
    scope: Scope = "all"
    """Camps of everybody, or of the followed users."""


class Counter(_Strength):
    """The opposite of one's own stance."""

    kind: Literal["counter"]


class Outrage(_Strength):
    """Follow one's own camp, turn against the other."""

    kind: Literal["outrage"]
    scope: Scope = "all"
    """Camps of everybody, or of the followed users."""
    weight: Weight = "coupling"
    """Weight of a followed user: max(J_ij, 0), or 1 for all of them."""


class Editorial(_Strength):
    """The same field on everybody."""

    kind: Literal["editorial"]


class Amplifier(_Strength):
    """All couplings grow by the factor 1 + strength."""

    kind: Literal["amplifier"]


class Animosity(Table):
    """Antagonistic couplings shrink by the factor 1 - delta."""

    kind: Literal["animosity"]
    delta: Probability = 0.5
    """Share of each antagonistic coupling that is taken away."""


FEEDS: dict[str, type[Table]] = {
    "none": NoFeed,
    "chronological": Chronological,
    "random": Random,
    "trending": Trending,
    "popularity": Popularity,
    "personalized": Personalized,
    "engagement": Engagement,
    "in_group": InGroup,
    "self_echo": SelfEcho,
    "memory": Memory,
    "diversity": Diversity,
    "bridging": Bridging,
    "counter": Counter,
    "outrage": Outrage,
    "editorial": Editorial,
    "amplifier": Amplifier,
    "animosity": Animosity,
}

Feed = Annotated[
    NoFeed
    | Chronological
    | Random
    | Trending
    | Popularity
    | Personalized
    | Engagement
    | InGroup
    | SelfEcho
    | Memory
    | Diversity
    | Bridging
    | Counter
    | Outrage
    | Editorial
    | Amplifier
    | Animosity,
    Field(discriminator="kind"),
]
