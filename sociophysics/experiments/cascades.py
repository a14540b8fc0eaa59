r"""Cascades at finite temperature: what seeding some users causes, under each feed design.

Two copies of the society live under the same noise; in one of them the seeds take a stance. Every
user whose stance differs was *reached*: changed by the seeding and by nothing else. The draws set
stances (``engine.cascade``), so with couplings >= 0 seeds up can only bring others up, and the mean
number reached at a time is exactly the causal effect ``n (m_seeded - m_base) / 2``. Runs with
independent noise would call every thermal flip a cascade.

Each user reached is attributed to one cause, drawn in proportion to what it adds to the difference
of the two local fields: a neighbour who differs, or a post the feed showed and then its author.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from sociophysics.arguments import asks
from sociophysics.dynamics import trajectory
from sociophysics.dynamics.conditions import field_terms
from sociophysics.engine.cascade import NEVER, sweep_pairs
from sociophysics.errors import InputError
from sociophysics.experiments.avalanches import check_users
from sociophysics.experiments.trees import structural_virality
from sociophysics.influences.feeds import Draws, Feed, FeedMemory
from sociophysics.influences.feeds.pools import Pool
from sociophysics.influences.interventions import Nucleate, choose_users
from sociophysics.society import camps as camp_attributes
from sociophysics.society.camps import camps_and_names
from sociophysics.society.spins import SpinSystem
from sociophysics.statistics import holm, paired_difference
from sociophysics.streams import check_seed, generator, key

__all__ = [
    "Cascades",
    "choose_seeds",
    "compare_feeds",
    "contrast",
    "seeded_cascades",
]

Spins = NDArray[np.int8]
MEASURES = ("reach", "ever", "R", "virality", "depth", "speed", "feed_share")


class Cascades(NamedTuple):
    """Cascades of independent replicas.

    ``table`` has one row per replica: ``reach`` share of the users other than seeds whose stance
    differs at the end, ``ever`` share of them that ever differed, ``R`` users reached directly by a
    seed, per seed, ``virality`` structural virality of the trees, ``depth`` generations, ``speed``
    sweeps until half of the most that ever differed at a time do, ``feed_share`` share of those
    ever reached who were through the feed, not through a tie. ``course``: replica, sweep,
    ``reached`` (users that differ now), ``ever``. ``parents`` (replicas, n): who reached whom, -1
    for seeds and causes without an author, -2 where not reached.
    """

    table: pd.DataFrame
    course: pd.DataFrame
    parents: NDArray[np.int64]


@asks
def seeded_cascades(
    system: SpinSystem,
    *,
    seeds: str | ArrayLike = "degree",
    share: float = 0.02,
    stance: int = 1,
    hold: int | str = "forever",
    temperature: float,
    sweeps: int,
    seed: int,
    replicas: int | Sequence[int] = 20,
    feed: Feed | None = None,
    camps: ArrayLike | None = None,
    field: ArrayLike | float | None = None,
    start: str | ArrayLike = "down",
    settle: int = 50,
) -> Cascades:
    """Return what seeding causes, by replicas of two copies under the same noise.

    Parameters
    ----------
    system : SpinSystem
    seeds : str, or int array
        ``random``, ``degree``, ``camp:K`` as in ``interventions.Nucleate``, or indices of users.
    share : float
        Share of the users (of the camp) seeded, where ``seeds`` is a name.
    stance : int
    hold : int or "forever"
        Sweeps for which the seeds keep it; 0 sets them and lets them go.
    sweeps : int
        After the seeding.
    replicas : int, or sequence of int
        How many, or which; a replica is the same whatever others there are.
    feed : Feed, optional
        Refreshed once per sweep in each copy, from that copy's stances, with the same draws.
    camps : int array, shape (n,), optional
    field : float or array, shape (n,), optional
        Added to ``system.h``.
    start : str or array
        As for ``trajectory``; followed by ``settle`` sweeps that both copies share.
    temperature, seed, replicas
        As in ``trajectory``.
    settle : int
        Sweeps before the seeding.

    Raises
    ------
    InputError
        What ``trajectory`` refuses, or seeds that cannot be chosen.

    Examples
    --------
    At zero temperature in a field a seed at the head of a row pulls everyone over:

    >>> path = SpinSystem.from_edges([0, 1], [1, 2], n=3, h=[0.0, 0.1, 0.1])
    >>> found = seeded_cascades(path, seeds=[0], temperature=0.0, sweeps=20, seed=1, replicas=1)
    >>> found.table["reach"].tolist(), found.parents.tolist()
    ([1.0], [[-1, 0, 1]])
    """
    codes: NDArray[np.int64] | None = None
    names: tuple[Any, ...] = ()
    if _has_camps(system, camps):
        codes, names = camps_and_names(system, camps, "a cascade")
    seeds = camp_attributes.number(seeds, names)
    if sweeps < 1 or settle < 1:
        raise InputError(f"sweeps is {sweeps} and settle {settle}; both must be at least 1.")
    until = sweeps if hold == "forever" else hold
    if isinstance(until, str | bool) or until < 0 or stance not in (-1, 1):
        raise InputError(
            f"hold is {hold!r} and stance {stance!r}; allowed: sweeps >= 0 or 'forever', -1 or 1."
        )
    *_, settled = trajectory(
        system, temperature=temperature, sweeps=settle, every=settle, seed=seed,
        replicas=replicas, feed=feed, camps=codes, field=field, start=start,
    )  # fmt: skip
    values, patterns = field_terms(field, system.n, 1)
    effective = feed.couplings(system) if feed else system
    external = system.h + values[:, 0] @ patterns
    numbers = range(replicas) if isinstance(replicas, int) else replicas
    rows, courses, parents = [], [], np.empty((len(numbers), system.n), np.int64)
    for place, replica in enumerate(numbers):
        # The stream of a trajectory's first Nucleate at that sweep: the same seeds.
        rng = generator(seed, "interventions", replica, settle).spawn(2)[0]
        chosen = choose_seeds(system, seeds, share=share, camps=codes, rng=rng)
        pair = _Pair(system, effective, settled.spins[place], chosen, stance, external, feed)
        pair.memory(codes, check_seed(seed), replica, settle)
        course = pair.run(temperature, sweeps, int(until), codes)
        courses.append(course.assign(replica=replica))
        rows.append({"replica": replica, **pair.summary(chosen, course)})
        parents[place] = pair.parent
    course = pd.concat(courses, ignore_index=True)[["replica", "sweep", "reached", "ever"]]
    return Cascades(pd.DataFrame(rows), course, parents)


@asks
def compare_feeds(
    system: SpinSystem,
    designs: Mapping[str, Feed | None],
    *,
    seeds: str | ArrayLike = "degree",
    share: float = 0.02,
    stance: int = 1,
    hold: int | str = "forever",
    temperature: float,
    sweeps: int,
    seed: int,
    replicas: int = 20,
    camps: ArrayLike | None = None,
    field: ArrayLike | float | None = None,
    start: str | ArrayLike = "down",
    settle: int = 50,
    p_values: bool = False,
) -> pd.DataFrame:
    """Return reach, R and virality of cascades under each feed, paired with the first design.

    Replica r has the same noise and the same seeds in every design, so designs are compared by the
    differences within replicas.

    Parameters
    ----------
    system : SpinSystem
    designs : mapping of names to feeds
        The first is the reference.
    seeds, share, stance, hold, temperature, sweeps, seed, replicas, camps, field, start, settle
        As in ``seeded_cascades``.
    p_values : bool
        Add ``p_holm``, corrected over the whole table.

    Returns
    -------
    DataFrame
        ``design``, ``measure``, ``mean``, ``sd``, ``difference`` to the reference, ``low``,
        ``high`` (95 %), all in the measure's own unit.

    Raises
    ------
    InputError
        No design, or what ``seeded_cascades`` refuses.

    Examples
    --------
    >>> from sociophysics.influences.feeds import SelfEcho
    >>> path = SpinSystem.from_edges([0, 1], [1, 2])
    >>> designs = {"no feed": None, "self-echo": SelfEcho(strength=3.0)}
    >>> keys = dict(temperature=0.0, sweeps=4, seed=1, replicas=3)
    >>> table = compare_feeds(path, designs, seeds=[1], **keys)
    >>> table.query("measure == 'reach'")[["design", "mean"]].values.tolist()
    [['no feed', 1.0], ['self-echo', 0.0]]
    """
    if not designs:
        raise InputError("no feed design is given; give at least one, such as {'no feed': None}.")
    tables = {
        name: seeded_cascades(
            system,
            seeds=seeds,
            share=share,
            stance=stance,
            hold=hold,
            temperature=temperature,
            sweeps=sweeps,
            seed=seed,
            replicas=replicas,
            feed=feed,
            camps=camps,
            field=field,
            start=start,
            settle=settle,
        ).table
        for name, feed in designs.items()
    }
    return contrast(tables, p_values=p_values)


def contrast(tables: Mapping[str, pd.DataFrame], *, p_values: bool = False) -> pd.DataFrame:
    """Return the paired comparison of cascade tables, by replica, with the first one."""
    rows, reference = [], next(iter(tables))
    for name, table in tables.items():
        for measure in MEASURES:
            values, first = table[measure], tables[reference][measure]
            known = (values.notna() & first.notna()).to_numpy()
            row = {"design": name, "measure": measure, "mean": values.mean(), "sd": values.std()}
            pair = None
            if name != reference and known.any():
                pair = paired_difference(values[known], first[known])
            for part in ("difference", "low", "high", "p"):
                row[part] = np.nan if pair is None else getattr(pair, part)
            rows.append(row)
    result = pd.DataFrame(rows)
    p = result.pop("p").to_numpy()
    if p_values:
        result["p_holm"] = holm(p)
    return result


def choose_seeds(
    system: SpinSystem,
    seeds: str | ArrayLike,
    *,
    share: float,
    camps: NDArray[np.int64] | None,
    rng: np.random.Generator,
) -> NDArray[np.int64]:
    """Return the indices of the users to seed: a name of ``Nucleate``, or indices as they are.

    Examples
    --------
    >>> star = SpinSystem.from_edges([0, 0, 0], [1, 2, 3])
    >>> choose_seeds(star, "degree", share=0.25, camps=None, rng=np.random.default_rng(1))
    array([0])
    """
    if not isinstance(seeds, str):
        return check_users(system, seeds, "seeds")
    chosen = choose_users(Nucleate(at=0, who=seeds, share=share), system, camps, rng)
    return check_users(system, chosen, f"seeds {seeds!r} at share {share}")


class _Pair:
    """One replica's two copies, and the record of who was reached by whom."""

    def __init__(
        self,
        system: SpinSystem,
        effective: SpinSystem,
        spins: Spins,
        seeds: NDArray[np.int64],
        stance: int,
        external: NDArray[np.float64],
        feed: Feed | None,
    ) -> None:
        self.system, self.J, self.external, self.feed = system, effective.J, external, feed
        self.copies = np.stack([spins, spins])
        self.copies[1, seeds] = stance
        self.seeds = seeds
        self.parent = np.full(system.n, NEVER)
        self.parent[seeds] = -1
        self.generation = np.zeros(system.n, np.int64)
        self.when = np.zeros(system.n, np.int64)
        self.by_feed = np.zeros(system.n, np.uint8)
        self._memories: FeedMemory | None = None
        self._shares: tuple[NDArray[np.float64], ...] = ()

    def memory(
        self, camps: NDArray[np.int64] | None, seed: int, replica: int, settled: int
    ) -> None:
        """Start the feed's memory, and the streams of this replica after ``settled`` sweeps."""
        self.settled = settled
        self.noise = key(seed, "dynamics", replica)
        self.draws = np.tile(key(seed, "feed", replica), (2, 1))
        if self.feed is not None:
            self._memories = self.feed.start(self.system, self.copies, camps)
        pool = self._memories.pool if self._memories else None
        self.pool = _arrays(pool)

    def run(
        self, temperature: float, sweeps: int, until: int, camps: NDArray[np.int64] | None
    ) -> pd.DataFrame:
        """Advance both copies and return how many differ after every sweep."""
        held = np.zeros(self.system.n, np.uint8)
        held[self.seeds] = 1
        free = np.zeros_like(held)
        others = np.delete(np.arange(self.system.n), self.seeds)
        rows = [(0, 0, 0)]
        for sweep in range(sweeps):
            fields = np.tile(self.external, (2, 1))
            if self.feed is not None:
                draws = Draws(self.draws, self.settled + sweep + 1)
                phi, _ = self.feed.refresh(self.system, self.copies, camps, self._memories, draws)
                fields += phi
            sweep_pairs(
                *self.copies, *fields, self.J.indptr, self.J.indices, self.J.data, temperature,
                held if sweep < until else free, self.noise, self.settled + sweep,
                self.parent, self.generation, self.when, self.by_feed, *self.pool,
            )  # fmt: skip
            if self.feed is not None and self._memories is not None:
                self._memories = self.feed.remember(self.copies, self._memories)
            now = (self.copies[0] != self.copies[1])[others].sum()
            rows.append((sweep + 1, int(now), int((self.parent[others] != NEVER).sum())))
        self.when[self.when > 0] -= self.settled
        return pd.DataFrame(rows, columns=["sweep", "reached", "ever"])

    def summary(self, seeds: NDArray[np.int64], course: pd.DataFrame) -> dict[str, float]:
        """Return the measures of one cascade."""
        reached = np.setdiff1d(np.flatnonzero(self.parent != NEVER), seeds)
        others = max(self.system.n - seeds.size, 1)
        direct = np.isin(self.parent[reached], seeds).sum()
        last = course.iloc[-1]
        half = course["reached"] >= (course["reached"].max() + 1) // 2
        none = reached.size == 0
        return {
            "seeds": seeds.size,
            "reach": last["reached"] / others,
            "ever": reached.size / others,
            "R": float(direct) / seeds.size,
            "virality": np.nan if none else structural_virality(self.parent),
            "depth": float(self.generation.max(initial=0)),
            "speed": np.nan if none else float(course["sweep"][half].iloc[0]),
            "feed_share": np.nan if none else float(self.by_feed[reached].mean()),
        }


def _arrays(pool: Pool | None) -> tuple[NDArray[np.generic], ...]:
    """Return what ``author_of`` reads: weights on followed users, and per member of each group."""
    if pool is None:
        return (
            np.zeros(1, np.int64), np.zeros(0, np.int32), np.zeros(0),
            np.zeros(0, np.int64), np.zeros((0, 0)),
        )  # fmt: skip
    groups = pool.groups if pool.sizes.size else np.zeros(0, np.int64)
    share = pool.group_weights / np.maximum(pool.sizes, 1) if pool.sizes.size else np.zeros((0, 0))
    return pool.indptr, pool.indices, pool.weights, groups, share


def _has_camps(system: SpinSystem, camps: ArrayLike | None) -> bool:
    return camps is not None or "camp" in system.nodes
