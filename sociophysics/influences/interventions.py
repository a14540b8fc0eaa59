"""What happens at a given sweep: heat, tilt, nucleate, rewire, another feed.

An intervention at sweep ``t`` acts after frame ``t`` and before sweep ``t + 1``. The dataclasses
say what is to happen; ``choose_users`` says to whom, ``rewiring`` draws new ties, and the
trajectory applies them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sociophysics.errors import InputError, did_you_mean
from sociophysics.influences import schedules
from sociophysics.influences.choosing import eligible, how_many, select
from sociophysics.influences.feeds import Feed
from sociophysics.society.spins import SpinSystem

__all__ = [
    "Heat",
    "Intervention",
    "Nucleate",
    "Rewire",
    "SwitchFeed",
    "Tilt",
    "check_intervention",
    "choose_users",
]

TOWARD = ("random", "similar", "bridge")


@dataclass(frozen=True)
class Heat:
    """The social temperature becomes ``temperature``, from sweep ``at + 1`` on."""

    at: int
    temperature: float


@dataclass(frozen=True)
class Tilt:
    """The scheduled external field is replaced by ``field`` (a number, or one per user)."""

    at: int
    field: float | NDArray[np.float64]


@dataclass(frozen=True)
class Nucleate:
    """Some users take a stance, and keep it for ``hold`` sweeps (or "forever").

    ``who``: ``"random"``, ``"degree"`` (the best connected first), ``"camp:K"`` (users of camp K
    at random) or a sequence of labels; ``share`` is a share of all users, or of the camp: at least
    one user unless it is 0.
    """

    at: int
    who: str | Sequence[Any] = "random"
    share: float = 0.1
    stance: int = 1
    hold: int | str = 0

    @property
    def draws(self) -> bool:
        """Whether the users are drawn at random, so that replicas have different ones."""
        return isinstance(self.who, str) and self.who != "degree"


@dataclass(frozen=True)
class Rewire:
    """A share of the ties, at least one unless it is 0, gets new ends, with the same couplings.

    ``toward``: ``"random"`` users, ``"similar"`` ones (same stance), or ``"bridge"`` (another
    camp). ``keep_degrees`` swaps the ends of two ties, so that nobody's number of ties changes.
    """

    at: int
    share: float = 0.1
    toward: str = "random"
    keep_degrees: bool = False


@dataclass(frozen=True)
class SwitchFeed:
    """Another feed, or none, from sweep ``at + 1`` on."""

    at: int
    feed: Feed | None


Intervention = Heat | Tilt | Nucleate | Rewire | SwitchFeed


def check_intervention(
    act: Intervention, sweeps: int, system: SpinSystem, camps: NDArray[np.int64] | None
) -> None:
    """Raise unless an intervention can act within a run of this system.

    Raises
    ------
    InputError
        A sweep outside the run, a share outside 0..1, an unknown word or user, a negative
        temperature, a field of another shape, or camps that are needed and missing.
    """
    if not isinstance(act, Intervention):
        raise InputError(
            f"{act!r} is not an intervention; allowed: Heat, Tilt, Nucleate, Rewire, SwitchFeed."
        )
    name = type(act).__name__
    _whole(act.at, f"at of {name}")
    if not 0 <= act.at < sweeps:
        raise InputError(
            f"{name} is set at sweep {act.at}, which leaves it no sweep to act in; "
            f"allowed: 0 to {sweeps - 1}."
        )
    if isinstance(act, Heat):
        schedules.values(act.temperature, 1, name="the temperature of Heat", lowest=0.0)
    elif isinstance(act, Tilt):
        field = np.asarray(act.field)
        numeric = field.dtype.kind in "iuf" and np.isfinite(field).all()
        if not numeric or field.shape not in ((), (system.n,)):
            raise InputError(
                f"the field of Tilt is {act.field!r}; it must be a finite number, or one per user."
            )
    elif isinstance(act, Nucleate):
        _check_nucleate(act, system, camps)
    elif isinstance(act, Rewire):
        _check_share(act.share, name)
        if act.toward not in TOWARD:
            raise InputError(
                f"toward of Rewire is {act.toward!r}; {did_you_mean(str(act.toward), TOWARD)}"
            )
        if act.toward == "bridge" and camps is None:
            raise InputError(
                "rewire goes toward 'bridge', but the users have no camps; name a node attribute "
                "in [network] camp, pass camps, or rewire toward random or similar."
            )
    elif act.feed is not None:
        if not isinstance(act.feed, Feed):
            raise InputError(f"the feed of SwitchFeed is {act.feed!r}; give a feed, or None.")
        act.feed.candidates(system, camps)  # raises if it needs camps and there are none


def _check_nucleate(act: Nucleate, system: SpinSystem, camps: NDArray[np.int64] | None) -> None:
    _check_share(act.share, "Nucleate")
    if act.stance not in (-1, 1):
        raise InputError(f"the stance of Nucleate is {act.stance!r}; allowed: -1, 1.")
    whole = isinstance(act.hold, int | np.integer) and not isinstance(act.hold, bool)
    if act.hold != "forever" and not (whole and int(act.hold) >= 0):
        raise InputError(f"hold of Nucleate is {act.hold!r}; allowed: sweeps >= 0, or 'forever'.")
    choose_users(act, system, camps, np.random.default_rng(0))  # raises if it cannot choose


def _check_share(share: float, name: str) -> None:
    number = isinstance(share, int | float | np.integer | np.floating)
    if not number or isinstance(share, bool) or not 0.0 <= share <= 1.0:
        raise InputError(f"the share of {name} is {share!r}; allowed: 0 to 1.")


def _whole(value: Any, what: str) -> None:
    if isinstance(value, bool) or not isinstance(value, int | np.integer):
        raise InputError(f"{what} is {value!r}; it must be an integer.")


def choose_users(
    nucleate: Nucleate,
    system: SpinSystem,
    camps: NDArray[np.int64] | None,
    rng: np.random.Generator,
) -> NDArray[np.int64]:
    """Return the indices of the users that an intervention sets.

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
    who = nucleate.who
    if isinstance(who, str) and who.partition(":")[0] != "cluster":
        among = eligible(system, camps, who)
        size = how_many(nucleate.share, among.size)
        # Drawn as seeds of scenarios have always been, which a larger share does not take again.
        taken = among[:size] if who == "degree" else rng.choice(among, size=size, replace=False)
        return np.sort(taken)
    if not isinstance(who, str):
        return eligible(system, camps, who)
    return np.flatnonzero(select(system, camps, who, nucleate.share, rng))
