"""What happens at a given sweep: heat, tilt, nucleate, rewire, another feed.

An intervention at sweep ``t`` acts after frame ``t`` and before sweep ``t + 1``. The dataclasses
say what is to happen; the functions choose users and draw new ties; the trajectory applies them.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import scipy.sparse as sparse
from numpy.typing import NDArray

from sociophysics import schedules
from sociophysics.errors import InputError, did_you_mean
from sociophysics.feeds import Feed
from sociophysics.spins import SpinSystem

__all__ = [
    "Heat",
    "Intervention",
    "Nucleate",
    "Rewire",
    "SwitchFeed",
    "Tilt",
    "check_intervention",
    "choose_users",
    "rewired",
]

TOWARD = ("random", "similar", "bridge")
ROUNDS = 200  # of proposals before a tie that finds no new end is left where it is


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
    at random) or a sequence of labels; ``share`` is a share of all users, or of the camp.
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
    """A share of the ties gets new ends, with the same couplings.

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
            raise InputError("rewire goes toward 'bridge', but the users have no camps.")
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
    if not isinstance(who, str):
        position = {label: i for i, label in enumerate(system.labels)}
        for label in who if isinstance(who, Iterable) else [who]:
            if not isinstance(label, Hashable) or label not in position:
                raise InputError(
                    f"nucleate names the user {label!r}, who is not in the network; give a list "
                    "of its users, or random, degree, camp:K."
                )
        return np.array([position[label] for label in who], dtype=np.int64)
    if who == "degree":
        listeners = np.bincount(system.J.indices, minlength=system.n)
        ranked = np.argsort(-listeners, kind="stable")
        return np.sort(ranked[: round(nucleate.share * system.n)])
    if who == "random":
        among = np.arange(system.n)
    elif who.startswith("camp:") and who[5:].isdigit():
        if camps is None:
            raise InputError(f"nucleate chooses by {who!r}, but the users have no camps.")
        among = np.flatnonzero(camps == int(who[5:]))
        if among.size == 0:
            raise InputError(f"nucleate chooses by {who!r}, but no user is in that camp.")
    else:
        raise InputError(
            f"who of nucleate is {who!r}; allowed: random, degree, camp:K or a list of users."
        )
    return np.sort(rng.choice(among, size=round(nucleate.share * among.size), replace=False))


def rewired(
    rewire: Rewire,
    system: SpinSystem,
    spins: NDArray[np.int8],
    camps: NDArray[np.int64] | None,
    rng: np.random.Generator,
) -> tuple[SpinSystem, int]:
    """Return the system with new ends for a share of its ties, and how many were moved.

    A tie (directed: a user's listening) keeps its first end and its coupling and gets a new
    second end that satisfies ``toward``; no self-loops, no repeated ties. With ``keep_degrees``
    two ties (a, b), (c, d) become (a, d), (c, b), if ``toward`` holds for the new pairs. A tie
    for which no end is found in many proposals stays, so the number moved can be smaller.

    Parameters
    ----------
    spins : int8 array, shape (n,)
        Stances at the moment of rewiring, for ``toward = "similar"``.

    Raises
    ------
    InputError
        ``toward = "bridge"`` without camps.
    """
    if rewire.toward == "bridge" and camps is None:
        raise InputError("rewire goes toward 'bridge', but the users have no camps.")
    symmetric = system.is_symmetric
    ties = system.J.tocoo()
    keep = ties.row < ties.col if symmetric else np.ones(ties.nnz, bool)
    source, target = ties.row[keep].astype(np.int64), ties.col[keep].astype(np.int64)
    coupling = ties.data[keep]
    chosen = rng.permutation(source.size)[: round(rewire.share * source.size)]
    if symmetric:  # which end stays is a fair coin
        swap = rng.random(chosen.size) < 0.5
        some = chosen[swap]
        source[some], target[some] = target[some].copy(), source[some].copy()
    taken = {_tie(a, b, symmetric) for a, b in zip(source.tolist(), target.tolist(), strict=True)}
    want = _wanted(rewire.toward, spins, camps)
    move = _swap_ends if rewire.keep_degrees else _new_ends
    moved = move(chosen, source, target, taken, want, symmetric, system.n, rng)
    n = system.n
    if symmetric:
        source, target = np.concatenate([source, target]), np.concatenate([target, source])
        coupling = np.concatenate([coupling, coupling])
    J = sparse.csr_array((coupling, (source, target)), shape=(n, n))
    return SpinSystem(J, system.h, system.labels, system.nodes), moved


def _tie(a: int, b: int, symmetric: bool) -> tuple[int, int]:
    return (a, b) if not symmetric or a < b else (b, a)


def _wanted(toward: str, spins: NDArray[np.int8], camps: NDArray[np.int64] | None) -> Any:
    if toward == "similar":
        return lambda a, b: spins[a] == spins[b]
    if toward == "bridge" and camps is not None:
        return lambda a, b: camps[a] >= 0 and camps[b] >= 0 and camps[a] != camps[b]
    return lambda a, b: True


def _new_ends(
    chosen: NDArray[np.int64],
    source: NDArray[np.int64],
    target: NDArray[np.int64],
    taken: set[tuple[int, int]],
    want: Any,
    symmetric: bool,
    n: int,
    rng: np.random.Generator,
) -> int:
    moved = 0
    for k in chosen.tolist():
        a, old = int(source[k]), int(target[k])
        for b in rng.integers(0, n, ROUNDS).tolist():
            if b != a and want(a, b) and _tie(a, b, symmetric) not in taken:
                taken.remove(_tie(a, old, symmetric))
                taken.add(_tie(a, b, symmetric))
                target[k] = b
                moved += 1
                break
    return moved


def _swap_ends(
    chosen: NDArray[np.int64],
    source: NDArray[np.int64],
    target: NDArray[np.int64],
    taken: set[tuple[int, int]],
    want: Any,
    symmetric: bool,
    n: int,
    rng: np.random.Generator,
) -> int:
    moved = 0
    done: set[int] = set()
    for k in chosen.tolist():
        if k in done:
            continue
        a, b = int(source[k]), int(target[k])
        for other in rng.choice(chosen, ROUNDS).tolist():
            c, d = int(source[other]), int(target[other])
            if other in done or len({a, b, c, d}) < 4 or not (want(a, d) and want(c, b)):
                continue
            first, second = _tie(a, d, symmetric), _tie(c, b, symmetric)
            if first in taken or second in taken:
                continue
            taken -= {_tie(a, b, symmetric), _tie(c, d, symmetric)}
            taken |= {first, second}
            target[k], target[other] = d, b
            done |= {k, other}
            moved += 2
            break
    return moved
