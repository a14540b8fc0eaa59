"""Interventions that do something to users, replica by replica: stances and ties."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from dataclasses import field as with_default
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Literal, Self

import numpy as np
from numpy.typing import NDArray

from sociophysics.arguments import asks
from sociophysics.errors import InputError
from sociophysics.influences.choosing import eligible, how_many, select
from sociophysics.influences.interventions.acting_keys import (
    PART,
    UNTIL,
    WHOM,
    HoldFor,
    Share,
    Until,
    Who,
    check_end,
    check_users_and_end,
)
from sociophysics.influences.interventions.intervention import Change, Intervention
from sociophysics.influences.new_ends import rewired
from sociophysics.kinds import INTERVENTIONS, Probability, key
from sociophysics.society import camps as camp_attributes
from sociophysics.society.spins import SpinSystem

__all__ = ["SEEDS", "KeepStance", "Nucleate", "Rewire", "choose_users"]

SEEDS = 0.1  # share of the users, where none is given

if TYPE_CHECKING:  # what Python may give, beside what a table may hold
    Stance = int
else:
    Stance = Literal[-1, 1]


@INTERVENTIONS.register
@dataclass(frozen=True)
class Nucleate(Intervention):
    """Some users take a stance, and keep it for a while."""

    who: Annotated[
        Who,
        key(
            "random, degree (the best connected first), camp:K (users of the camp of number or "
            "name K), attribute:NAME>=40, cluster (whole communities), or a list of users."
        ),
    ] = "random"
    share: Annotated[
        Share,
        key(
            "Share of the users so described, a tenth if left out; at least one user unless it is "
            "0. A list of users is taken as a whole."
        ),
    ] = None
    stance: Annotated[Stance, key("Their stance.")] = 1
    hold: Annotated[
        HoldFor,
        key(
            "Sweeps for which they keep it, or forever; 0 flips them and lets them go.",
            unit="sweeps",
        ),
    ] = 0
    until: Annotated[
        Until, key("Instead of hold: the last sweep in which they keep it.", unit="sweeps")
    ] = with_default(default=None, kw_only=True)
    kind: ClassVar[str] = "nucleate"
    words: ClassVar[str] = "Some users take a stance, and keep it for a while."
    equation: ClassVar[str] = "s_i = stance at sweep at, held for hold sweeps, for i in who."
    physics: ClassVar[str] = "nucleation, then pinned spins"

    def __post_init__(self) -> None:
        listed = not isinstance(self.who, str)
        check_users_and_end(self)
        if self.until is not None and self.hold != 0:
            raise ValueError("hold and until are both given; either says how long they keep it")
        if listed or self.share is None:
            object.__setattr__(self, "share", None if listed else SEEDS)

    @property
    def draws(self) -> bool:
        """Whether the users are drawn at random, so that replicas have different ones."""
        return isinstance(self.who, str) and self.who != "degree"

    @property
    def kept_for(self) -> int | str:
        """Sweeps for which they keep it, or "forever"."""
        return self.hold if self.until is None else self.until - self.at

    def check(self, system: SpinSystem, camps: NDArray[np.int64] | None) -> None:
        """Raise unless there are users to choose from."""
        choose_users(self, system, camps, np.random.default_rng(0))

    def ready(self, system: SpinSystem, names: Sequence[Any]) -> Self:
        """Return it with the camp by its number."""
        who = camp_attributes.number(self.who, names)
        return self if who is self.who else replace(self, who=who)

    def change(
        self,
        system: SpinSystem,
        spins: NDArray[np.int8],
        camps: NDArray[np.int64] | None,
        rng: np.random.Generator,
    ) -> Change:
        """Return the stances with those of the chosen users set."""
        users, changed = choose_users(self, system, camps, rng), spins.copy()
        changed[users] = self.stance
        detail = {"users": users.size, "stance": self.stance, "hold": self.kept_for}
        return Change(changed, None, users, self.kept_for, detail)


@INTERVENTIONS.register
@dataclass(frozen=True)
class KeepStance(Intervention):
    """Some users keep the stance they have."""

    who: Annotated[Who | None, key(WHOM)] = None
    share: Annotated[Share, key(PART)] = None
    until: Annotated[
        Until, key("The last sweep in which they keep it; left out: for good.", unit="sweeps")
    ] = None
    kind: ClassVar[str] = "hold"
    equation: ClassVar[str] = "s_i(t) = s_i(at) for at < t <= until, for i in who."
    physics: ClassVar[str] = "pinned spins"

    def __post_init__(self) -> None:
        check_users_and_end(self)

    def check(self, system: SpinSystem, camps: NDArray[np.int64] | None) -> None:
        """Raise unless there are users to choose from."""
        self._users(system, camps, np.random.default_rng(0))

    def ready(self, system: SpinSystem, names: Sequence[Any]) -> Self:
        """Return it with the camp by its number."""
        who = camp_attributes.number(self.who, names)
        return self if who is self.who else replace(self, who=who)

    def _users(
        self, system: SpinSystem, camps: NDArray[np.int64] | None, rng: np.random.Generator
    ) -> NDArray[np.int64]:
        who = "random" if self.who is None else self.who
        share = 1.0 if self.share is None else self.share
        return np.flatnonzero(select(system, camps, who, share, rng))

    def change(
        self,
        system: SpinSystem,
        spins: NDArray[np.int8],
        camps: NDArray[np.int64] | None,
        rng: np.random.Generator,
    ) -> Change:
        """Return who keeps the stance."""
        users = self._users(system, camps, rng)
        hold = "forever" if self.until is None else self.until - self.at
        return Change(held=users, hold=hold, detail={"users": users.size, "hold": hold})


@INTERVENTIONS.register
@dataclass(frozen=True)
class Rewire(Intervention):
    """A share of the ties gets new ends, with the same couplings."""

    share: Annotated[
        Probability, key("Share of the ties, at least one unless it is 0.", unit="ties")
    ] = 0.1
    toward: Annotated[
        Literal["random", "similar", "bridge"],
        key("New ends: anybody, users of the same stance, or users of other camps."),
    ] = "random"
    keep_degrees: Annotated[
        bool, key("Swap ends in pairs, so that everybody keeps the number of ties.")
    ] = False
    who: Annotated[
        Who | None,
        key(
            "Whose ties, anybody's if left out; of degree and cluster the share is one of users "
            "or clusters, and all their ties are moved."
        ),
    ] = with_default(default=None, kw_only=True)
    until: Annotated[Until, key(UNTIL, unit="sweeps")] = with_default(default=None, kw_only=True)
    kind: ClassVar[str] = "rewire"
    words: ClassVar[str] = "A share of the ties gets new ends."
    equation: ClassVar[str] = "J_ij becomes J_ik for a share of the ties, k drawn toward a kind."
    physics: ClassVar[str] = "a change of topology"
    brings: ClassVar[tuple[str, ...]] = ("ties",)

    def __post_init__(self) -> None:
        check_end(self)

    @property
    def ends(self) -> int | None:
        """The sweep after which the ties go back."""
        return self.until

    @property
    def whole(self) -> bool:
        """Whether all ties of the chosen users are moved."""
        return isinstance(self.who, str) and self.who.partition(":")[0] in ("degree", "cluster")

    def ready(self, system: SpinSystem, names: Sequence[Any]) -> Self:
        """Return it with the camp by its number."""
        who = camp_attributes.number(self.who, names)
        return self if who is self.who else replace(self, who=who)

    def _users(
        self, system: SpinSystem, camps: NDArray[np.int64] | None, rng: np.random.Generator
    ) -> NDArray[np.bool_] | None:
        """Return whose ties may move, (n,); None for anybody's."""
        if self.who is None or self.who == "random":
            return None
        return select(system, camps, self.who, self.share if self.whole else 1.0, rng)

    def check(self, system: SpinSystem, camps: NDArray[np.int64] | None) -> None:
        """Raise if camps are needed and missing, or nobody can be chosen."""
        self._users(system, camps, np.random.default_rng(0))
        if self.toward == "bridge" and camps is None:
            raise InputError(
                "rewire goes toward 'bridge', but the users have no camps; name a node attribute "
                "in [network] camp, pass camps, or rewire toward random or similar."
            )

    def change(
        self,
        system: SpinSystem,
        spins: NDArray[np.int8],
        camps: NDArray[np.int64] | None,
        rng: np.random.Generator,
    ) -> Change:
        """Return the system with some ties moved."""
        users = self._users(system, camps, rng)
        after, moved = rewired(self, system, spins, camps, rng, users)
        return Change(system=after, detail={"moved": moved, "toward": self.toward})


@asks
def choose_users(
    nucleate: Nucleate,
    system: SpinSystem,
    camps: NDArray[np.int64] | None,
    rng: np.random.Generator,
) -> NDArray[np.int64]:
    """Return the indices of the users that an intervention sets.

    Parameters
    ----------
    nucleate : Nucleate
    system : SpinSystem
    camps : int array, shape (n,), or None
    rng : Generator

    Raises
    ------
    InputError
        An unknown user or way of choosing, or a camp that is empty or not given.

    Examples
    --------
    >>> star = SpinSystem.from_edges([0, 0, 0], [1, 2, 3])
    >>> rng = np.random.default_rng(1)
    >>> choose_users(Nucleate(at=0, who="degree", share=0.25), star, None, rng)
    array([0])
    """
    who, share = nucleate.who, nucleate.share or 0.0
    if not isinstance(who, str):
        return eligible(system, camps, who)
    if who.partition(":")[0] == "cluster":
        return np.flatnonzero(select(system, camps, who, share, rng))
    among = eligible(system, camps, who)
    size = how_many(share, among.size)
    # Drawn as seeds of scenarios have always been, which a larger share does not take again.
    taken = among[:size] if who == "degree" else rng.choice(among, size=size, replace=False)
    return np.sort(taken)
