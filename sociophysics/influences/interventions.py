"""What happens at a given sweep: heat, tilt, nucleate, rewire, another feed.

An intervention at sweep ``t`` acts after frame ``t`` and before sweep ``t + 1``. It brings other
conditions for everybody (``impose``), or it does something to each replica by itself (``change``);
the trajectory applies both. ``influences.choosing`` says to whom.
"""

from __future__ import annotations

from abc import abstractmethod
from collections import Counter
from collections.abc import Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from dataclasses import field as with_default
from types import MappingProxyType
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Literal, NamedTuple, Protocol, Self

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from pydantic import (
    Field,
    PlainValidator,
    ValidationInfo,
    ValidatorFunctionWrapHandler,
    WithJsonSchema,
    WrapValidator,
)

from sociophysics.errors import InputError
from sociophysics.influences.choosing import check_who, eligible, how_many, select
from sociophysics.influences.feeds import Feed, acting
from sociophysics.influences.new_ends import rewired
from sociophysics.kinds import (
    FEEDS,
    INTERVENTIONS,
    LARGEST,
    Kind,
    Kinds,
    Noise,
    Number,
    OneOf,
    Probability,
    in_table,
    key,
)
from sociophysics.society import camps as camp_attributes
from sociophysics.society.alignment import by_label
from sociophysics.society.spins import SpinSystem

__all__ = [
    "Change",
    "Heat",
    "Intervention",
    "KeepStance",
    "Nucleate",
    "OfConditions",
    "Rewire",
    "SwitchFeed",
    "Tilt",
    "check_endings",
    "check_intervention",
    "choose_users",
    "register",
]

NOTHING: Mapping[str, Any] = MappingProxyType({})
SEEDS = 0.1  # share of the users, where none is given


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


def _who(value: Any, info: ValidationInfo) -> str | tuple[Any, ...]:
    if isinstance(value, str) and value:
        check_who(value)
        return value
    users = tuple(value) if isinstance(value, Iterable) and not isinstance(value, str) else None
    if users is None or not all(map(_is_label, users)) or (in_table(info) and not _plain(users)):
        raise ValueError(
            f"it is {value!r}; allowed: random, degree, camp:K with the camp's number or name K, "
            "attribute:NAME>=40, cluster, or a list of users"
        )
    twice = next((user for user, times in Counter(users).items() if times > 1), None)
    if twice is not None:
        raise ValueError(f"it names the user {twice!r} twice; list each user once")
    return users


def _is_label(user: Any) -> bool:
    return isinstance(user, Hashable) and not isinstance(user, bool)


def _plain(users: tuple[Any, ...]) -> bool:
    return len(users) > 0 and all(isinstance(user, int | str) for user in users)


def _hold(value: Any) -> int | str:
    if value == "forever" or (type(value) is int and value >= 0):
        held: int | str = value
        return held
    raise ValueError(f"it is {value!r}; allowed: a whole number of sweeps >= 0, or forever")


_USERS = {"type": "array", "items": {"type": ["integer", "string"]}, "minItems": 1}
_TIMES = [{"type": "integer", "minimum": 0}, {"const": "forever"}]
Who = Annotated[
    str | Sequence[Any],
    PlainValidator(_who),
    WithJsonSchema({"anyOf": [{"type": "string"}, _USERS]}),
]
HoldFor = Annotated[int | str, PlainValidator(_hold), WithJsonSchema({"anyOf": _TIMES})]
Until = Annotated[
    Annotated[int, Field(ge=1)] | None, WithJsonSchema({"type": "integer", "minimum": 1})
]
Share = Annotated[
    Annotated[float, Field(ge=0, le=1)] | None,
    WithJsonSchema({"type": "number", "minimum": 0, "maximum": 1}),
]


WHOM = (
    "On whom it acts, everybody if left out: random, degree, camp:K, attribute:NAME>=40, cluster, "
    "or a list of users."
)
PART = "Share of the users so described, or of the clusters; all of them if left out."
UNTIL = "Ends after this sweep: what it changed goes back. Left out: it stays."


def _check_users(act: Any) -> None:
    """Raise unless share goes with who, and the end comes after the beginning."""
    if not isinstance(act.who, str) and act.who is not None and act.share not in (None, 1.0):
        raise ValueError(
            f"share is {act.share}, but who is a list of users, all of whom are set; leave share "
            "out"
        )
    _check_end(act)


def _check_end(act: Any) -> None:
    if act.until is not None and act.until <= act.at:
        raise ValueError(f"until is {act.until}; it must be above at, which is {act.at}")


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


@dataclass(frozen=True)
class OfConditions(Intervention):
    """An intervention that changes what acts on users, and no replica by itself."""

    who: Annotated[Who | None, key(WHOM)] = with_default(default=None, kw_only=True)
    share: Annotated[Share, key(PART)] = with_default(default=None, kw_only=True)
    until: Annotated[Until, key(UNTIL, unit="sweeps")] = with_default(default=None, kw_only=True)

    def __post_init__(self) -> None:
        _check_users(self)

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

    def change(
        self,
        system: SpinSystem,
        spins: NDArray[np.int8],
        camps: NDArray[np.int64] | None,
        rng: np.random.Generator,
    ) -> Change:
        """Return that no replica is changed."""
        return Change()


def _any_noise(value: Any, rest: ValidatorFunctionWrapHandler, info: ValidationInfo) -> Any:
    huge = not in_table(info) and type(value) is float and LARGEST < value < np.inf
    return value if huge else rest(value)


@INTERVENTIONS.register
@dataclass(frozen=True)
class Heat(OfConditions):
    """The social temperature becomes another one."""

    temperature: Annotated[
        Noise,
        WrapValidator(_any_noise),
        key("The temperature from then on; inf is pure noise.", unit="couplings"),
    ]
    kind: ClassVar[str] = "heat"
    words: ClassVar[str] = "The social temperature becomes the given one."
    equation: ClassVar[str] = "T(t) = temperature for t > at."
    physics: ClassVar[str] = "a temperature quench"
    reloads: ClassVar[bool] = False

    @property
    def coldest(self) -> float:
        """The temperature."""
        return self.temperature

    @property
    def needs(self) -> tuple[str, ...]:
        """Temperatures of their own where it heats some."""
        return () if self.for_all or self.part == 0 else ("noise",)

    @property
    def told(self) -> Mapping[str, Any]:
        """The temperature."""
        return {"temperature": self.temperature}

    def impose(self, conditions: Acting, sweeps: int) -> None:
        """Set the temperature."""
        conditions.heat(self, self.temperature)


if TYPE_CHECKING:  # what Python may give, beside what a table may hold
    OneOrEach = float | NDArray[np.float64]
    Stance = int
else:
    OneOrEach = Number
    Stance = Literal[-1, 1]


def _per_user(value: Any, rest: ValidatorFunctionWrapHandler, info: ValidationInfo) -> Any:
    if in_table(info) or np.ndim(value) == 0:
        huge = not in_table(info) and type(value) is float and LARGEST < abs(value) < np.inf
        return value if huge else rest(value)
    numbers = np.asarray(value)
    if numbers.dtype.kind not in "iuf" or not np.isfinite(numbers).all():
        raise ValueError("it holds what is no finite number; give one number, or one per user")
    return value if isinstance(value, pd.Series) else numbers


@INTERVENTIONS.register
@dataclass(frozen=True)
class Tilt(OfConditions):
    """The external field becomes another one: a number, or in Python one number per user."""

    field: Annotated[
        OneOrEach,
        WrapValidator(_per_user),
        key("The field added from then on.", unit="couplings"),
    ]
    kind: ClassVar[str] = "tilt"
    words: ClassVar[str] = "The external field is replaced by the given one."
    equation: ClassVar[str] = "h_i(t) = field for t > at."
    physics: ClassVar[str] = "a field quench"
    brings: ClassVar[tuple[str, ...]] = ("field",)

    @property
    def told(self) -> Mapping[str, Any]:
        """The field."""
        return {"field": np.asarray(self.field).tolist()}

    def check(self, system: SpinSystem, camps: NDArray[np.int64] | None) -> None:
        """Raise unless there is one number, or one per user, and users to choose from."""
        super().check(system, camps)
        if np.shape(self.field) not in ((), (system.n,)):
            raise InputError(
                f"the field of Tilt has shape {np.shape(self.field)}; it must be a finite number, "
                f"or one per user, ({system.n},)."
            )

    def ready(self, system: SpinSystem, names: Sequence[Any]) -> Self:
        """Return it with the camp by its number and the field in the users' order."""
        named = super().ready(system, names)
        ordered = by_label(self.field, system.nodes.index, "the field of Tilt")
        return named if ordered is self.field else replace(named, field=ordered)

    def impose(self, conditions: Acting, sweeps: int) -> None:
        """Replace the scheduled field."""
        conditions.tilt(self, self.field, sweeps)


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
        _check_users(self)
        if self.until is not None and self.hold != 0:
            raise ValueError("hold and until are both given; either says how long they keep it")
        if listed or self.share is None:
            object.__setattr__(self, "share", None if listed else SEEDS)

    @property
    def draws(self) -> bool:
        """Whether the users are drawn at random, so that replicas have different ones."""
        return isinstance(self.who, str) and self.who != "degree"

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
        hold = self.hold if self.until is None else self.until - self.at
        detail = {"users": users.size, "stance": self.stance, "hold": hold}
        return Change(changed, None, users, hold, detail)


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
        _check_users(self)

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
        _check_end(self)

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


@INTERVENTIONS.register
@dataclass(frozen=True)
class SwitchFeed(OfConditions):
    """Another feed, or in Python None for no feed."""

    feed: Annotated[Feed | None, OneOf(FEEDS, optional=True), key("The feed from then on.")]
    kind: ClassVar[str] = "feed"
    words: ClassVar[str] = "The feed is replaced by another."
    equation: ClassVar[str] = "phi_i(t, s) = that of the given feed for t > at."
    physics: ClassVar[str] = "a switched, non-conservative field"
    brings: ClassVar[tuple[str, ...]] = ("feed",)

    @property
    def told(self) -> Mapping[str, Any]:
        """The feed."""
        return {"feed": repr(self.feed)}

    def check(self, system: SpinSystem, camps: NDArray[np.int64] | None) -> None:
        """Raise if the feed needs camps and there are none, or nobody can be chosen."""
        super().check(system, camps)
        if self.feed is not None:
            self.feed.candidates(system, camps)

    def ready(self, system: SpinSystem, names: Sequence[Any]) -> Self:
        """Return it with None for a feed of kind ``none``, and the camp by its number."""
        named, feed = super().ready(system, names), acting(self.feed)
        return named if feed is self.feed else replace(named, feed=feed)

    def allotted(self, system: SpinSystem, camps: NDArray[np.int64] | None, seed: int) -> Self:
        """Return it with the feed of each user drawn, where they have different ones."""
        if self.feed is None:
            return self
        return replace(self, feed=self.feed.allotted(system, camps, seed))

    def impose(self, conditions: Acting, sweeps: int) -> None:
        """Switch the feed."""
        conditions.switch(self, self.feed)


register = INTERVENTIONS.register


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
