"""A feed table with several feeds in it, each for a share of the users."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Annotated, Any, ClassVar

import numpy as np
from numpy.typing import NDArray
from pydantic import AfterValidator, BeforeValidator, Field, ValidationInfo, WithJsonSchema
from pydantic_core import core_schema

from sociophysics.errors import InputError
from sociophysics.influences.choosing import WORDS, check_who, clusters, eligible, how_many
from sociophysics.influences.feeds import feed as feeds
from sociophysics.influences.feeds.allotted import Allotted
from sociophysics.influences.feeds.designs import acting
from sociophysics.influences.feeds.pools import Exposure
from sociophysics.kinds import FEEDS, Kind, Kinds, OneOf, Probability, adapter, build, in_table, key
from sociophysics.society import camps as camps_of
from sociophysics.society.spins import SpinSystem
from sociophysics.streams import generator

__all__ = ["Mixture", "MixtureArm"]

ROUNDING = 1e-9
_USERS = {"type": "array", "items": {"type": ["integer", "string"]}, "minItems": 1}


def _who(value: Any) -> str | tuple[int | str, ...]:
    if isinstance(value, str):
        check_who(value)
        return value
    if isinstance(value, list | tuple) and len(value) == len(set(map(repr, value))) > 0:
        return tuple(value)
    raise ValueError(f"it is {str(value)[:60]!r}; allowed: {WORDS}, each once")


class _OneFeed(OneOf):
    """A feed of any kind but a mixture."""

    def read(self, value: Any, info: ValidationInfo) -> Any:
        found = super().read(value, info)
        if isinstance(found, Mixture | Allotted):
            raise ValueError("it is a mixture itself; list its arms beside the others")
        return found

    def __get_pydantic_json_schema__(
        self, schema: core_schema.CoreSchema, handler: Any
    ) -> dict[str, Any]:
        words = "A feed table of any kind but mixture."
        return {"type": "object", "required": ["kind"], "description": words}


@dataclass(frozen=True)
class MixtureArm(Kind):
    """Some of the users, and the feed they have."""

    registry: ClassVar[Kinds] = FEEDS
    share: Annotated[Probability, key("Share of the users, or of those that who describes.")]
    feed: Annotated[feeds.Feed, _OneFeed(FEEDS), key("Their feed table; kind none is legal.")]
    who: Annotated[
        Any,
        BeforeValidator(_who),
        WithJsonSchema({"anyOf": [{"type": "string"}, _USERS]}),
        key("Among whom they are drawn: random, camp:NAME, attribute:age>=40, cluster, a list."),
    ] = "random"

    def table(self) -> dict[str, Any]:
        """Return the arm as a scenario's table holds it."""
        return {name: value for name, value in super().table().items() if name != "kind"}


class _Arm:
    """In ``Annotated[MixtureArm, _Arm()]``: a table of an arm's keys, or an arm."""

    def read(self, value: Any, info: ValidationInfo) -> Any:
        if isinstance(value, MixtureArm):
            return value
        if not isinstance(value, Mapping):
            raise ValueError("it is no table; give share, feed and who")
        return build(MixtureArm, (), dict(value), {**(info.context or {})})

    def __get_pydantic_core_schema__(self, source: Any, handler: Any) -> core_schema.CoreSchema:
        return core_schema.with_info_plain_validator_function(self.read)

    def __get_pydantic_json_schema__(
        self, schema: core_schema.CoreSchema, handler: Any
    ) -> dict[str, Any]:
        found: dict[str, Any] = handler(adapter(MixtureArm).core_schema)
        return found


def _fit(arms: tuple[MixtureArm, ...], info: ValidationInfo) -> tuple[MixtureArm, ...]:
    if in_table(info) and not arms:
        raise ValueError("it is empty; give at least one arm: { share = 0.5, feed = {...} }")
    together = sum(arm.share for arm in arms if arm.who == "random")
    if together > 1 + ROUNDING:
        raise ValueError(f"the shares add up to {together:g}; they must be 1 at most together")
    return arms


@FEEDS.register
@dataclass(frozen=True)
class Mixture(feeds.Feed):
    """Shares of users have feeds of their own at once; whoever is in no arm has none.

    Arms are filled in their order from users still free, the same in every replica; who is in
    which is the column ``arm`` of a frame's user table.

    Examples
    --------
    >>> from sociophysics.influences.feeds import Chronological, Editorial
    >>> half = MixtureArm(0.5, Chronological(strength=0.5))
    >>> feed = Mixture(arms=[half, MixtureArm(0.25, Editorial(strength=0.1))])
    >>> np.bincount(feed.allotted(SpinSystem(np.zeros((8, 8))), None, seed=1).arm_of + 1).tolist()
    [2, 4, 2]
    """

    arms: Annotated[
        tuple[Annotated[MixtureArm, _Arm()], ...],
        Field(strict=False, validate_default=True),
        AfterValidator(_fit),
        key("One table per arm: share, feed, and who."),
    ] = ()
    kind: ClassVar[str] = "mixture"
    words: ClassVar[str] = "Shares of users have feeds of their own at once."
    equation: ClassVar[str] = "phi_i = the field of the feed of user i's arm; 0 without one."
    physics: ClassVar[str] = "several feeds side by side"

    @property
    def bound(self) -> float:
        """The largest bound of the arms."""
        return max((arm.feed.bound for arm in self.arms), default=0.0)

    @property
    def acts(self) -> bool:
        """Whether one of the arms can do anything."""
        return any(arm.feed.acts for arm in self.arms)

    def named(self, names: Sequence[Any]) -> feeds.Feed:
        """Return the feed with the camps of its arms by their numbers.

        Raises
        ------
        InputError
            No camp has the name or number.
        """
        arms = [replace(arm, who=camps_of.number(arm.who, names)) for arm in self.arms]
        return replace(self, arms=tuple(arms))

    def candidates(self, system: SpinSystem, camps: feeds.Camps | None) -> None:
        """Raise if an arm cannot be filled, or needs camps and there are none."""
        self.allotted(system, camps, 0).candidates(system, camps)

    def allotted(self, system: SpinSystem, camps: feeds.Camps | None, seed: int) -> Allotted:
        """Return the feeds with who has which.

        Raises
        ------
        InputError
            More users are asked for than are free, or words that choose nobody.
        """
        column, orders = np.full(system.n, -1, np.int64), dict[Any, tuple[_Units, int]]()
        rng = generator(seed, "feed")
        for number, arm in enumerate(self.arms):
            if arm.who not in orders:
                orders[arm.who] = _ordered(system, camps, arm.who, rng)
            units, asked = orders[arm.who][0], how_many(arm.share, orders[arm.who][1])
            free = [unit for unit in units if (column[unit] == -1).all()]
            if asked > len(free):
                raise InputError(
                    f"feed.arms[{number}] asks for {asked} by the word {str(arm.who)[:60]!r}, of "
                    f"whom {len(free)} are in no other arm; lower its share, or those before it."
                )
            for unit in free[:asked]:
                column[unit] = number
        return Allotted([acting(arm.feed) for arm in self.arms], column)

    def start(
        self, system: SpinSystem, spins: feeds.Spins, camps: feeds.Camps | None
    ) -> feeds.FeedMemory:
        """Return the memory of the feeds as seed 0 shares them out; runs have a seed of theirs."""
        return self.allotted(system, camps, 0).start(system, spins, camps)

    def refresh(
        self,
        system: SpinSystem,
        spins: feeds.Spins,
        camps: feeds.Camps | None,
        memory: feeds.FeedMemory | None,
        rng: feeds.Draws | np.random.Generator,
    ) -> tuple[feeds.Field, Exposure | None]:
        """Return the field of the feeds as seed 0 shares them out; see ``Feed.refresh``."""
        return self.allotted(system, camps, 0).refresh(system, spins, camps, memory, rng)

    def remember(self, spins: feeds.Spins, memory: feeds.FeedMemory) -> feeds.FeedMemory:
        """Return the memory after a sweep that ended with these stances."""
        if memory.system is None or not memory.arrays:
            return memory
        return self.allotted(memory.system, memory.camps, 0).remember(spins, memory)


_Units = list[NDArray[np.int64]]


def _ordered(
    system: SpinSystem, camps: feeds.Camps | None, who: Any, rng: np.random.Generator
) -> tuple[_Units, int]:
    """Return users, or clusters of users, in the order in which arms take them, and how many."""
    if isinstance(who, str) and who.partition(":")[0] == "cluster":
        groups = clusters(system, who)
        units = [np.flatnonzero(groups == g) for g in np.unique(groups[groups >= 0])]
        return [units[k] for k in rng.permutation(len(units))], len(units)
    users = eligible(system, camps, who)
    if isinstance(who, str) and who != "degree":
        users = rng.permutation(users)
    return list(users.reshape(-1, 1)), users.size
