"""What every intervention has in common, and those that change what acts on users."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from dataclasses import field as with_default
from types import MappingProxyType
from typing import Annotated, Any, ClassVar, NamedTuple, Protocol, Self

import numpy as np
from numpy.typing import NDArray

from sociophysics.arguments import asks
from sociophysics.errors import InputError
from sociophysics.influences.choosing import select
from sociophysics.influences.feeds import Feed
from sociophysics.influences.interventions.acting_keys import (
    PART,
    UNTIL,
    WHOM,
    Share,
    Until,
    Who,
    check_users_and_end,
)
from sociophysics.kinds import INTERVENTIONS, Kind, Kinds, key
from sociophysics.society import camps as camp_attributes
from sociophysics.society.spins import SpinSystem

__all__ = [
    "Acting",
    "Change",
    "Intervention",
    "MovesNobody",
    "OfConditions",
    "check_endings",
    "check_intervention",
]

NOTHING: Mapping[str, Any] = MappingProxyType({})


class Change(NamedTuple):
    """What an intervention does to one replica; what is None stays as it is."""

    spins: NDArray[np.int8] | None = None
    """The stances from now on, shape (n,)."""
    system: SpinSystem | None = None
    """The same users with other ties or fields of their own; the kind says ``brings = ("ties",)``.
    """
    held: NDArray[np.int64] | None = None
    """Users, by position, who keep their stance."""
    hold: int | str = 0
    """For so many sweeps, or "forever"."""
    detail: Mapping[str, Any] = NOTHING
    """What the table of events says of it: numbers and texts by name."""

    def check(self, act: Intervention, system: SpinSystem) -> None:
        """Raise unless a trajectory can go on with it.

        Raises
        ------
        InputError
            Stances that are none, other users, or ties that the kind does not say it brings.
        """
        name = f"the intervention {act.kind or type(act).__name__}"
        if self.spins is not None:
            found = getattr(self.spins, "shape", None)
            if found != (system.n,) or not np.isin(self.spins, (-1, 1)).all():
                raise InputError(
                    f"{name} returned stances that are not +1 or -1 for each of {system.n} users."
                )
        if self.system is not None and "ties" not in act.brings:
            raise InputError(f'{name} returned other ties; let its class say brings = ("ties",).')
        if self.system is not None and self.system.n != system.n:
            raise InputError(
                f"{name} returned a system of {self.system.n} users instead of {system.n}; give "
                "the same users other ties."
            )


class Acting(Protocol):
    """The conditions that act on all users, as interventions change them."""

    def heat(self, act: Intervention, temperature: float) -> None:
        """Set the temperature of the sweeps after an act, for those on whom it acts."""

    def tilt(self, act: Intervention, field: Any, sweeps: int) -> None:
        """Replace the scheduled field of those on whom an act acts."""

    def switch(self, act: Intervention, feed: Feed | None) -> None:
        """Give those on whom an act acts another feed."""

    def differ(self, act: Any) -> None:
        """Give users temperatures and rates of their own."""

    def follow(self, act: Any) -> None:
        """Let users drop ties and take new ones in every sweep from now on."""


@dataclass(frozen=True)
class Intervention(Kind):
    """What all interventions have in common; a subclass says what it does to a replica.

    Attributes
    ----------
    brings : tuple of str
        What a run must be ready for: ``"field"``, ``"feed"``, ``"ties"``.
    reloads : bool
        Whether it changes more than the temperature, so that fields are stored anew.
    """

    registry: ClassVar[Kinds] = INTERVENTIONS
    brings: ClassVar[tuple[str, ...]] = ()
    reloads: ClassVar[bool] = True

    at: Annotated[
        int,
        key("Acts after the frame of this sweep, before the next sweep.", unit="sweeps", ge=0),
    ]

    @property
    def coldest(self) -> float:
        """The lowest temperature that it brings."""
        return np.inf

    @property
    def needs(self) -> tuple[str, ...]:
        """What a run must be ready for."""
        return self.brings

    @property
    def ends(self) -> int | None:
        """The sweep after which what it changed goes back, None for never."""
        return None

    @property
    def for_all(self) -> bool:
        """Whether it acts on everybody."""
        return True

    @property
    def among(self) -> str | Sequence[Any]:
        """By which word users are chosen."""
        return "random"

    @property
    def part(self) -> float:
        """Which share of them."""
        return 1.0

    def check(self, system: SpinSystem, camps: NDArray[np.int64] | None) -> None:
        """Raise unless it can act in this system.

        Raises
        ------
        InputError
            Users, camps or attributes that it needs are missing.
        """

    def ready(self, system: SpinSystem, names: Sequence[Any]) -> Self:
        """Return it with camps by number and values per user in the users' order."""
        return self

    def allotted(self, system: SpinSystem, camps: NDArray[np.int64] | None, seed: int) -> Self:
        """Return it with what it brings shared out among the users, where that is drawn."""
        return self

    def impose(self, conditions: Acting, sweeps: int) -> None:
        """Change what acts on everybody from now on, in a run of so many sweeps."""

    @abstractmethod
    def change(
        self,
        system: SpinSystem,
        spins: NDArray[np.int8],
        camps: NDArray[np.int64] | None,
        rng: np.random.Generator,
    ) -> Change:
        """Return what it does to one replica.

        Parameters
        ----------
        system : SpinSystem
            With the ties of this replica now.
        spins : int8 array, shape (n,)
            Stances of this replica now; not to be written to.
        camps : int array, shape (n,), or None
            The camp of each user, -1 for none.
        rng : Generator
            A stream of this intervention and this replica alone.
        """


class MovesNobody(Intervention):
    """An intervention that changes no replica by itself."""

    def change(
        self,
        system: SpinSystem,
        spins: NDArray[np.int8],
        camps: NDArray[np.int64] | None,
        rng: np.random.Generator,
    ) -> Change:
        """Return that no replica is changed."""
        return Change()


@dataclass(frozen=True)
class OfConditions(MovesNobody):
    """An intervention that changes what acts on users, and no replica by itself."""

    who: Annotated[Who | None, key(WHOM)] = with_default(default=None, kw_only=True)
    share: Annotated[Share, key(PART)] = with_default(default=None, kw_only=True)
    until: Annotated[Until, key(UNTIL, unit="sweeps")] = with_default(default=None, kw_only=True)

    def __post_init__(self) -> None:
        check_users_and_end(self)

    @property
    def ends(self) -> int | None:
        """The sweep after which what it changed goes back."""
        return self.until

    @property
    def for_all(self) -> bool:
        """Whether it acts on everybody."""
        return self.who is None and self.share is None

    @property
    def among(self) -> str | Sequence[Any]:
        """By which word users are chosen."""
        return "random" if self.who is None else self.who

    @property
    def part(self) -> float:
        """Which share of them."""
        return 1.0 if self.share is None else self.share

    def check(self, system: SpinSystem, camps: NDArray[np.int64] | None) -> None:
        """Raise unless there are users to choose from."""
        if not self.for_all:
            select(system, camps, self.among, self.part, np.random.default_rng(0))

    def ready(self, system: SpinSystem, names: Sequence[Any]) -> Self:
        """Return it with the camp by its number."""
        who = camp_attributes.number(self.who, names)
        return self if who is self.who else replace(self, who=who)

    @abstractmethod
    def impose(self, conditions: Acting, sweeps: int) -> None:
        """Change what acts on everybody from now on, in a run of so many sweeps."""

    @property
    def told(self) -> Mapping[str, Any]:
        """What the table of events says of it."""
        return NOTHING


@asks
def check_intervention(
    act: Any, sweeps: int, system: SpinSystem, camps: NDArray[np.int64] | None
) -> None:
    """Raise unless an intervention can act within a run of this system.

    Parameters
    ----------
    act : Intervention
        Anything else is refused.
    sweeps : int
        Of the run.
    system : SpinSystem
    camps : int array, shape (n,), or None

    Raises
    ------
    InputError
        No intervention, a sweep outside the run, or users or camps that it needs are missing.

    Examples
    --------
    >>> pair = SpinSystem.from_edges([0], [1])
    >>> from sociophysics.influences.interventions import Heat
    >>> check_intervention(Heat(5, 1.0), 5, pair, None)
    Traceback (most recent call last):
        ...
    sociophysics.errors.InputError: Heat is set at sweep 5, which leaves it no sweep to act in; \
allowed: 0 to 4.
    """
    if not isinstance(act, Intervention):
        allowed = ", ".join(cls.__name__ for cls in INTERVENTIONS.values())
        raise InputError(f"{act!r} is not an intervention; allowed: {allowed}.")
    if act.at >= sweeps:
        raise InputError(
            f"{type(act).__name__} is set at sweep {act.at}, which leaves it no sweep to act in; "
            f"allowed: 0 to {sweeps - 1}."
        )
    act.check(system, camps)


def check_endings(acts: Sequence[Intervention]) -> None:
    """Raise if ties were to go back while others have moved: nobody could say where to.

    Parameters
    ----------
    acts : sequence of Intervention
        All of a run.

    Raises
    ------
    InputError
        Two interventions that bring other ties overlap, and one of them ends.

    Examples
    --------
    >>> from sociophysics.influences.interventions import Rewire
    >>> check_endings([Rewire(at=2, until=5), Rewire(at=5)])
    """
    moving = [act for act in acts if "ties" in act.brings]
    for act in moving:
        for other in moving:
            over = act.ends is None or other.at < act.ends
            if other is not act and act.at <= other.at and over and (act.ends or other.ends):
                raise InputError(
                    f"{other.kind} at sweep {other.at} begins while {act.kind} of sweep {act.at} "
                    "has moved ties, and one of them ends; let one end before the other begins."
                )
