"""Under what stances start and go on: first stances, temperature, field, feed, and a kernel's task.

Values over time are stored up to where they stop changing: the last one lasts. So a constant
takes one number, however long the run.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from dataclasses import field as with_default
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from sociophysics.dynamics.some_users import SomeUsers
from sociophysics.errors import InputError, did_you_mean
from sociophysics.influences import schedules
from sociophysics.influences.feeds import Feed
from sociophysics.influences.feeds.allotted import Allotted
from sociophysics.influences.interventions import Intervention
from sociophysics.influences.schedules import Patterned, Schedule
from sociophysics.society.missing import present
from sociophysics.society.spins import SpinSystem
from sociophysics.streams import generator

if TYPE_CHECKING:
    from sociophysics.influences.rules import Rule

__all__ = [
    "STARTS",
    "Answer",
    "Conditions",
    "Field",
    "SweepTask",
    "field_terms",
    "first_stances",
    "fixed_stances",
    "task_of",
]

STARTS = {
    "random": "each stance is a fair coin",
    "up": "all stances are +1",
    "down": "all stances are -1",
    "camps": "camp 0 is +1, camp 1 is -1, all others are fair coins",
}


def first_stances(
    start: str | ArrayLike,
    system: SpinSystem,
    camps: NDArray[np.int64] | None,
    seed: int,
    replicas: tuple[int, ...],
) -> NDArray[np.int8]:
    """Return the stances at sweep 0, shape (replicas, n).

    Parameters
    ----------
    start : str or array
        As for ``trajectory``: a name in ``STARTS``, a node attribute, or the stances.
    camps : int array, shape (n,), or None
    replicas : tuple of int
        Numbers of the replicas; what is random is drawn from a stream of each.

    Users to whom the start gives no stance (a blank in the attribute, no camp or a third one)
    start at random, anew in each replica; ``fixed_stances`` says who they are.

    Raises
    ------
    InputError
        An unknown name, an attribute with other values than +1 and -1 or none at all, camps that
        are missing, or stances of another shape.

    Examples
    --------
    >>> first_stances("camps", SpinSystem([[0, 1], [1, 0]]), np.array([1, 0]), 1, (0,))
    array([[-1,  1]], dtype=int8)
    """
    shape = (len(replicas), system.n)
    if not isinstance(start, str):
        given = system.check_spins(start)
        if given.ndim == 2 and given.shape[0] != shape[0]:
            raise InputError(
                f"start has {given.shape[0]} rows for {shape[0]} replicas; give one row each."
            )
        return np.broadcast_to(given, shape).copy()
    if start in ("up", "down"):
        return np.full(shape, 1 if start == "up" else -1, np.int8)
    fixed = fixed_stances(start, system, camps)
    spins = np.empty(shape, np.int8)
    for row, replica in enumerate(replicas):
        coins = 2 * generator(seed, "start", replica).integers(0, 2, system.n, dtype=np.int8) - 1
        spins[row] = np.where(fixed == 0, coins, fixed)
    return spins


def fixed_stances(
    start: str, system: SpinSystem, camps: NDArray[np.int64] | None
) -> NDArray[np.int8]:
    """Return the stances that a start by name gives, shape (n,), 0 where each replica draws one.

    Raises
    ------
    InputError
        As ``first_stances``.

    Examples
    --------
    >>> fixed_stances("camps", SpinSystem(np.zeros((3, 3))), np.array([1, -1, 0]))
    array([-1,  0,  1], dtype=int8)
    """
    fixed = np.zeros(system.n, np.int8)
    if start in ("up", "down"):
        fixed[:] = 1 if start == "up" else -1
    elif start == "camps":
        if camps is None:
            raise InputError(
                "start is 'camps', but the users have no camps; name a node attribute in [network] "
                "camp, or pass camps."
            )
        fixed[camps == 0], fixed[camps == 1] = 1, -1
    elif start != "random":
        fixed = _attribute_stances(start, system)
    return fixed


def _attribute_stances(name: str, system: SpinSystem) -> NDArray[np.int8]:
    """Return the stances that a node attribute holds, 0 where a user has none."""
    if name not in system.nodes:
        raise InputError(
            f"start is {name!r}; {did_you_mean(name, [*STARTS, *map(str, system.nodes.columns)])}"
        )
    values = pd.Series([present(value) for value in system.nodes[name].tolist()], dtype=object)
    column = pd.to_numeric(values, errors="coerce").to_numpy(dtype=np.float64)
    given = values.notna().to_numpy()
    if not given.any():
        raise InputError(
            f"start is the node attribute {name!r}, in which nobody has a stance; give stances as "
            "+1 / -1, or start = 'random'."
        )
    wrong = given & ~np.isin(column, (-1.0, 1.0))
    if wrong.any():
        k = int(np.argmax(wrong))
        raise InputError(
            f"start is the node attribute {name!r}, which holds other values than +1 and -1 "
            f"({str(values.iloc[k])[:60]!r} of the user {system.labels[k]!r}); give stances "
            "as +1 / -1, blank for a start at random, or use camps."
        )
    return np.where(given, np.nan_to_num(column), 0).astype(np.int8)


Field = float | ArrayLike | Schedule | Sequence[Patterned] | None


class Answer(NamedTuple):
    """How users answer to what pulls: a rule, and ``F_i``, all that can pull at each."""

    rule: Rule
    largest: NDArray[np.float64]  # (n,): F_i
    of_ties: NDArray[np.float64]  # (n,): sum_j |J_ij| of it


@dataclass
class Conditions:
    """What acts from outside; interventions change it as the run goes on.

    ``some`` is what some users were given; ``first`` what acted before any intervention.
    """

    temperature: NDArray[np.float64]  # (sweeps or fewer,): the last value lasts
    field: NDArray[np.float64]  # (terms, sweeps or fewer): likewise
    pattern: NDArray[np.float64]  # (terms, n): how much of each term every user feels
    feed: Feed | None
    camps: NDArray[np.int64] | None
    seed: int
    scheme: str
    kernel: str
    some: SomeUsers | None = None  # where there are interventions
    coldest: float = np.inf  # of the whole run: what rounding is judged against
    rule: Rule | None = None  # None is the heat bath
    following: Any = None  # FollowStep: how ties move in every sweep
    _acting: tuple[SpinSystem, int, NDArray[np.float64]] | None = with_default(
        default=None, repr=False
    )

    def __post_init__(self) -> None:
        self._first = self.temperature, self.field, self.pattern, self.feed

    def restore(self, acts: Iterable[Intervention], sweeps: int) -> None:
        """Go back to what acted first, and let the interventions act that have not ended."""
        self.temperature, self.field, self.pattern, self.feed = self._first
        self._acting = self.following = None
        if self.some is not None:
            self.some.clear()
        for act in acts:
            act.impose(self, sweeps)

    def noise(self, sweep: int) -> float:
        """Return the temperature that acts in ``sweep``."""
        return float(self.temperature[min(sweep, self.temperature.size) - 1])

    def heat(self, act: Intervention, temperature: float) -> None:
        """Set the temperature of the sweeps after an act, for those on whom it acts."""
        at = act.at
        if self.some is not None and not act.for_all:
            self.some.heat(self.some.chosen(act), temperature)
            return
        if self.some is not None:
            self.some.heat_all()
        before = np.minimum(np.arange(at), self.temperature.size - 1)
        self.temperature = np.append(self.temperature[before], temperature)

    def external(self, system: SpinSystem, sweep: int) -> NDArray[np.float64]:
        """Return the external field (n,) that acts in ``sweep``; the same array while it lasts."""
        k = min(sweep, self.field.shape[1]) - 1
        acting = self._acting
        if acting is None or acting[0] is not system or acting[1] != k:
            acting = (system, k, system.h + self.field[:, k] @ self.pattern)
            self._acting = acting
        return acting[2]

    def tilt(self, act: Intervention, field: Any, sweeps: int) -> None:
        """Replace the scheduled field of those on whom an act acts."""
        if self.some is not None and not act.for_all:
            self.some.tilt(self.some.chosen(act), field)
            return
        if self.some is not None:
            self.some.tilt_all()
        self.field, self.pattern = field_terms(field, self.pattern.shape[1], sweeps)
        self._acting = None

    def switch(self, act: Intervention, feed: Feed | None) -> None:
        """Give those on whom an act acts another feed: the same users in all replicas.

        A feed that will come back goes on remembering meanwhile, as one of which nobody is a user.
        """
        back = act.ends is not None and self.feed is not None and self.feed.remembers
        if self.some is not None and not act.for_all:
            self.feed = Allotted.switched(self.feed, feed, self.some.chosen_once(act))
        elif back:
            everybody = np.ones(self.pattern.shape[1], np.bool_)
            self.feed = Allotted.switched(self.feed, feed, everybody)
        else:
            self.feed = feed

    def follow(self, act: Any) -> None:
        """Let ties move as an act says, in every sweep from now on."""
        self.following = act

    def differ(self, act: Any) -> None:
        """Give users temperatures and rates of their own."""
        if self.some is not None:
            self.some.differ(act.temperatures, act.rates)

    def steady(self, sweep: int, last: int) -> int:
        """Return the last sweep up to ``last`` with the same temperature and field as ``sweep``."""
        if sweep == last:
            return last
        t, f = self.temperature[sweep - 1 : last], self.field[:, sweep - 1 : last]
        ends = [last]
        if t.size:
            ends += (sweep - 1 + np.flatnonzero(t != t[0])[:1]).tolist()
        if f.size:
            ends += (sweep - 1 + np.flatnonzero((f != f[:, :1]).any(axis=0))[:1]).tolist()
        return int(min(ends))

    def bound(self, system: SpinSystem, sweep: int) -> float:
        """Return the largest field that couplings apart will act from ``sweep`` on."""
        first = min(sweep, self.field.shape[1]) - 1
        largest = np.abs(self.field[:, first:]).max(axis=1, initial=0.0)
        external = float((np.abs(system.h) + largest @ np.abs(self.pattern)).max(initial=0.0))
        if self.some is not None and self.some.largest_tilt():
            own = float(np.abs(system.h).max(initial=0.0)) + self.some.largest_tilt()
            external = max(external, own)
        return external + self._of_feed()

    def _of_feed(self) -> float:
        bound = self.feed.bound if self.feed else 0.0
        if not 0.0 <= bound < np.inf:
            raise InputError(
                f"the feed {type(self.feed).__name__} has the bound {bound}; it must be the "
                "largest absolute field the feed can exert, a finite number >= 0."
            )
        return float(bound)

    def answer(self, system: SpinSystem) -> Answer | None:
        """Return how the users of a system answer to what pulls; None for the heat bath.

        ``F_i`` adds up the couplings, the largest external field of the whole schedule that acts,
        and the bound of the feed that acts; interventions that change these change it.
        """
        if self.rule is None:
            return None
        J = system.stored
        sizes = np.abs(np.asarray(J.data, np.float64))
        rows = np.repeat(np.arange(system.n), np.diff(J.indptr))
        of_ties = np.bincount(rows, weights=sizes, minlength=system.n).astype(np.float64)
        external = np.abs(system.h).astype(np.float64)
        if len(self.field):
            external = np.zeros(system.n)
            for course in np.unique(self.field, axis=1).T:
                external = np.maximum(external, np.abs(system.h + course @ self.pattern))
        return Answer(self.rule, of_ties + external + self._of_feed(), of_ties)


def field_terms(
    field: Field, n: int, sweeps: int
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return the terms of an external field over time, (terms, sweeps), and who feels them.

    The patterns have shape (terms, n). Terms that never change have one column instead of
    ``sweeps``.

    Raises
    ------
    InputError
        A field that is not a number, a schedule, patterned terms or one number per user, or one
        that is not finite.

    Examples
    --------
    >>> field_terms([0.1, 0.2], 2, 100)
    (array([[1.]]), array([[0.1, 0.2]]))
    """
    terms: list[Patterned]
    if field is None:
        terms = []
    elif isinstance(field, list | tuple) and all(isinstance(f, Patterned) for f in field):
        terms = list(field)
    elif isinstance(field, np.ndarray | pd.Series | list | tuple) and np.ndim(field) > 0:
        terms = [Patterned(_numbers(field), 1.0)]
    else:
        given: Any = field
        terms = [Patterned(np.ones(n), given)]
    courses = [
        schedules.values(term.schedule, sweeps, name="field", lowest=-np.inf) for term in terms
    ]
    columns = max((course.size for course in courses), default=1)
    values, patterns = np.zeros((len(terms), columns)), np.zeros((len(terms), n))
    for k, (term, course) in enumerate(zip(terms, courses, strict=True)):
        pattern = np.asarray(term.pattern)
        if pattern.shape != (n,):
            raise InputError(
                f"field has shape {pattern.shape}; allowed: a number, a schedule or ({n},)."
            )
        values[k], patterns[k] = course, pattern
    if not (np.isfinite(values).all() and np.isfinite(patterns).all()):
        raise InputError("field holds NaN or infinity; every external field must be finite.")
    return values, patterns


def _numbers(field: Any) -> NDArray[np.float64]:
    try:
        return np.asarray(field, dtype=np.float64)
    except (TypeError, ValueError):
        raise InputError(
            "field does not hold numbers; give a number, a schedule or one number per user."
        ) from None


class SweepTask(NamedTuple):
    """Couplings, scheme, and whether a field or a feed acts at any time: kinds, not values."""

    system: SpinSystem
    scheme: str
    has_field: bool
    has_feed: bool
    rewires: bool = False  # so that replicas come to differ in their ties
    rule: Rule | None = None  # None is the heat bath
    own_noise: bool = False  # so that users differ in their temperature
    follows: bool = False  # so that ties move in every sweep
    own_rates: bool = False  # so that users differ in how often they are set anew


def task_of(
    system: SpinSystem,
    scheme: str,
    field: Any = None,
    feed: Feed | None = None,
    interventions: Iterable[Intervention] = (),
    rule: Rule | None = None,
) -> SweepTask:
    """Return the task of a trajectory with these arguments, later interventions included.

    A feed of strength 0 is none.

    Examples
    --------
    >>> pair = SpinSystem.from_edges([0], [1])
    >>> from sociophysics.influences.interventions import Tilt
    >>> task_of(pair, "random-sequential", interventions=[Tilt(5, 0.1)]).has_field
    True
    """
    acts = tuple(interventions)
    scheduled = not (field is None or (isinstance(field, list | tuple) and len(field) == 0))
    brought = {what for act in acts for what in act.needs}
    feeds = [feed, *(getattr(act, "feed", None) for act in acts if "feed" in act.brings)]
    return SweepTask(
        system,
        scheme,
        has_field=scheduled or "field" in brought or bool(np.any(system.h)),
        has_feed=any(each is not None and each.acts for each in feeds),
        rewires="ties" in brought,
        rule=rule,
        own_noise="noise" in brought,
        follows="follows" in brought,
        own_rates="rates" in brought,
    )
