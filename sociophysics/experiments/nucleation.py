r"""Committed minorities: how large a group must be, and how compact, to win a society over.

A seed set either shrinks back or grows. At ``T = 0`` a set S of users at +1 among -1 keeps its
members iff ``sum_{j in S} J_ij - sum_{j not in S} J_ij + h_i > 0`` for each of them; at ``T > 0``
it wins with a probability, and the *critical droplet* is the size at which that is one half. In two
dimensions with field ``h`` a square of side l grows iff ``l > 2 J / h``.
"""

from __future__ import annotations

import threading
from collections.abc import Sequence
from concurrent.futures import Executor
from typing import NamedTuple

import numpy as np
import pandas as pd
import scipy.sparse as sparse
from numpy.typing import ArrayLike, NDArray
from scipy.sparse.csgraph import dijkstra
from scipy.stats import binom

from sociophysics.arguments import asks
from sociophysics.errors import InputError
from sociophysics.experiments.avalanches import check_users
from sociophysics.experiments.seed_runs import Seeded, outcomes, study_of
from sociophysics.influences.feeds import Feed
from sociophysics.society.spins import SpinSystem
from sociophysics.statistics import share_interval
from sociophysics.store import Place
from sociophysics.store.steps import Arrays
from sociophysics.study.measure import Progress, Work

__all__ = [
    "CriticalMass",
    "critical_droplet",
    "critical_mass",
    "droplet",
    "holds_at_zero_temperature",
    "nucleation_probability",
]

TAIL = 0.025
FEWEST = 5  # replicas; four of one kind have probability 1/16 where either is as likely


class CriticalMass(NamedTuple):
    """Share of committed users at which half of the runs are won, its interval, and the curve.

    ``inf`` where one half is not reached at the largest share tried, ``-inf`` where it is at the
    smallest; likewise the ends of the interval, which are NaN for fewer than five replicas.
    ``table`` as for ``nucleation_probability``, by ``share``.
    """

    share: float
    low: float
    high: float
    table: pd.DataFrame


def holds_at_zero_temperature(system: SpinSystem, users: ArrayLike) -> bool:
    """Return whether a set of users at +1 among -1 keeps all its members at ``T = 0``.

    Exact for couplings >= 0, or while all others are held: every member must have
    ``sum_S J_ij - sum_notS J_ij + h_i > 0``.

    Examples
    --------
    >>> square = SpinSystem.from_edges([0, 1, 2, 3], [1, 2, 3, 0])
    >>> holds_at_zero_temperature(square, [0, 1]), holds_at_zero_temperature(square, [0, 1, 2, 3])
    (False, True)
    """
    members = check_users(system, users, "users")
    spins = np.full(system.n, -1, np.int8)
    spins[members] = 1
    return bool((system.local_field(spins)[members] > 0).all())


def droplet(system: SpinSystem, center: int, size: int) -> NDArray[np.int64]:
    """Return the ``size`` users nearest to ``center`` by ties, the center first filled in.

    Users at the same distance are taken in the order of how many ties they have to those already
    in, then of the network: the most compact droplet that grows one user at a time.

    Examples
    --------
    >>> droplet(SpinSystem.from_edges([0, 1, 2], [1, 2, 3]), center=1, size=3)
    array([0, 1, 2])
    """
    start = int(check_users(system, [center], "center")[0])
    if not 1 <= size <= system.n:
        raise InputError(f"size is {size}; allowed: 1 to {system.n}.")
    ties = sparse.csr_array(
        (np.ones(system.J.nnz), system.J.indices, system.J.indptr), shape=system.J.shape
    )
    distance = dijkstra(ties, indices=start, unweighted=True)
    inside = np.zeros(system.n, bool)
    inside[start] = True
    contacts = np.zeros(system.n)
    contacts[ties.indices[ties.indptr[start] : ties.indptr[start + 1]]] += 1
    for _ in range(size - 1):
        shell = np.where(inside, np.inf, distance)
        nearest = np.flatnonzero(shell == shell.min())
        new = nearest[np.argmax(contacts[nearest])]
        inside[new] = True
        contacts[ties.indices[ties.indptr[new] : ties.indptr[new + 1]]] += 1
    return np.flatnonzero(inside)


@asks
def nucleation_probability(
    system: SpinSystem,
    sets: Sequence[ArrayLike],
    *,
    temperature: float,
    sweeps: int,
    seed: int,
    replicas: int = 50,
    stance: int = 1,
    hold: int | str = 0,
    field: ArrayLike | float | None = None,
    feed: Feed | None = None,
    camps: ArrayLike | None = None,
    start: str | ArrayLike = "down",
    won: float = 0.5,
    lost: float | None = None,
    out: Place | None = None,
    workers: int | None = None,
    executor: Executor | None = None,
    progress: Progress | None = None,
    cancel: threading.Event | None = None,
) -> pd.DataFrame:
    """Return how often each seed set wins the society over.

    A run is won when ``stance * m`` reaches ``won``; it ends as lost when the seed is gone, that is
    at ``stance * m <= lost``, if ``lost`` is given, or undecided after ``sweeps``.

    Parameters
    ----------
    system : SpinSystem
    sets : sequence of int arrays
        Users set to ``stance`` at sweep 0, one experiment each. Replica r has the same noise in
        all of them.
    hold : int or "forever"
        How long they are committed.
    stance : int
        +1 or -1: what the seeds hold.
    temperature, sweeps, seed, replicas, field, feed, camps, start
        As in ``trajectory``.
    won, lost : float
        Thresholds of ``stance * m``; without ``lost`` no run ends as lost.
    out, workers, executor, progress, cancel
        As for ``sp.run``; what is kept is a study, opened by ``sp.open``, and goes on.

    Returns
    -------
    DataFrame
        One row per set: ``set`` (its number), ``size``, ``probability`` of winning, ``low`` and
        ``high`` (exact 95 % interval, ``statistics.share_interval``), ``undecided`` share of
        runs, ``sweeps`` mean duration of the runs that were decided.

    Raises
    ------
    InputError
        What ``trajectory`` refuses, an empty set, or a threshold outside -1..1.

    Examples
    --------
    >>> pair = SpinSystem.from_edges([0], [1])
    >>> keys = dict(temperature=0.0, sweeps=3, seed=1, replicas=4)
    >>> table = nucleation_probability(pair, [[0, 1]], **keys)
    >>> table[["size", "probability"]].values.tolist()
    [[2.0, 1.0]]
    """
    chosen = [check_users(system, users, f"set {number}") for number, users in enumerate(sets)]
    seeded = Seeded(
        system, temperature, sweeps, seed, replicas, field, feed, camps, start, won, lost
    )
    seedings = [
        {"who": [system.labels[i] for i in each], "share": 1.0, "stance": stance, "hold": hold}
        for each in chosen
    ]
    asked = {"sets": [each.tolist() for each in chosen], "stance": stance, "hold": hold}
    work = Work(folder=out, workers=workers, executor=executor, progress=progress, cancel=cancel)
    with study_of("nucleation_probability", asked, seeded, work, total=len(chosen)) as write:
        runs = outcomes(seeded, seedings)
        sizes = [{"set": number, "size": each.size} for number, each in enumerate(chosen)]
        table = pd.DataFrame([a | _row(b) for a, b in zip(sizes, runs, strict=True)])
        write("nucleation", table)
    return table


@asks
def critical_mass(
    system: SpinSystem,
    shares: Sequence[float],
    *,
    who: str = "random",
    temperature: float,
    sweeps: int,
    seed: int,
    replicas: int = 20,
    stance: int = 1,
    hold: int | str = "forever",
    field: ArrayLike | float | None = None,
    feed: Feed | None = None,
    camps: ArrayLike | None = None,
    start: str | ArrayLike = "down",
    won: float = 0.5,
    out: Place | None = None,
    workers: int | None = None,
    executor: Executor | None = None,
    progress: Progress | None = None,
    cancel: threading.Event | None = None,
) -> CriticalMass:
    """Return the share of committed users from which a society is won within ``sweeps``.

    The share is interpolated. Its interval inverts a test: from the largest share below which all
    are won in clearly fewer than half of the runs to the smallest above which all are in clearly
    more, ``P(wins or fewer | 1/2) <= 2.5 %`` (3.1 % at five replicas, where no less can be shown).
    It holds at 95 % (93.75 %) if more commitment never loses a society, because each end is wrong
    only if the first share beyond the true one is; what lies between two shares stays open.

    Parameters
    ----------
    system : SpinSystem
    shares : sequence of float
        Shares of all users (``camp:K``: of the camp) that are committed to ``stance``, increasing.
    who : str
        ``random``, ``degree`` or ``camp:K``; each replica draws its own.
    temperature, sweeps, seed, replicas, field, feed, camps, start
        As in ``trajectory``.
    stance, hold, won, out, workers, executor, progress, cancel
        As in ``nucleation_probability``.

    Raises
    ------
    InputError
        Shares that do not increase or lie outside 0..1, or what ``nucleation_probability`` refuses.

    References
    ----------
    J. Xie et al., Phys. Rev. E 84, 011130 (2011); D. Centola et al., Science 360, 1116 (2018).

    Examples
    --------
    >>> crowd = SpinSystem(np.ones((20, 20)) - np.eye(20))
    >>> found = critical_mass(crowd, [0.1, 0.9], temperature=0.0, sweeps=9, seed=1, replicas=6)
    >>> found.table["probability"].tolist()
    [0.0, 1.0]
    """
    tried = np.asarray(shares, dtype=np.float64)
    increasing = tried.ndim == 1 and tried.size > 1 and (np.diff(tried) > 0).all()
    if not increasing or tried[0] < 0 or tried[-1] > 1:
        raise InputError(f"shares is {shares!r}; give at least two increasing ones from 0 to 1.")
    seeded = Seeded(
        system, temperature, sweeps, seed, replicas, field, feed, camps, start, won, None
    )
    kept = {"who": who, "stance": stance, "hold": hold}
    work = Work(folder=out, workers=workers, executor=executor, progress=progress, cancel=cancel)
    asked = {"shares": tried.tolist(), **kept}
    with study_of("critical_mass", asked, seeded, work, total=tried.size) as write:
        runs = outcomes(seeded, [{"share": share, **kept} for share in tried.tolist()])
        rows = [{"share": a} | _row(b) for a, b in zip(tried.tolist(), runs, strict=True)]
        table = pd.DataFrame(rows)
        write("critical_mass", table)
    wins = np.array([int((run["outcome"] > 0).sum()) for run in runs])
    return CriticalMass(
        _half(tried, wins / replicas), *_half_interval(tried, wins, replicas), table
    )


class CriticalDroplet(NamedTuple):
    """The size that wins half of the runs, and the table of ``nucleation_probability``."""

    size: float
    table: pd.DataFrame


@asks
def critical_droplet(
    system: SpinSystem,
    center: int,
    sizes: Sequence[int],
    *,
    temperature: float,
    sweeps: int,
    seed: int,
    replicas: int = 50,
    stance: int = 1,
    hold: int | str = 0,
    field: ArrayLike | float | None = None,
    feed: Feed | None = None,
    camps: ArrayLike | None = None,
    start: str | ArrayLike = "down",
    won: float = 0.5,
    lost: float | None = None,
    out: Place | None = None,
    workers: int | None = None,
    executor: Executor | None = None,
    progress: Progress | None = None,
    cancel: threading.Event | None = None,
) -> CriticalDroplet:
    """Return the size at which a compact group around ``center`` wins half of the runs.

    Interpolated between the ``sizes`` tried (``inf`` beyond the largest, ``-inf`` below the
    smallest), with the table of ``nucleation_probability``. How sure that is the table's intervals
    tell: sizes whose interval holds one half are in doubt.

    Parameters
    ----------
    system : SpinSystem
    center : int
        Index of the user in the middle.
    sizes : sequence of int
        Increasing numbers of users, as ``droplet`` takes them.
    temperature, sweeps, seed, replicas, stance, hold, field, feed, camps, start, won, lost
        As in ``nucleation_probability``.
    out, workers, executor, progress, cancel
        As in ``nucleation_probability``.

    Raises
    ------
    InputError
        Sizes that do not increase, or what ``nucleation_probability`` and ``droplet`` refuse.

    Examples
    --------
    Without noise one of four who all know each other wins nobody, and all four win at once:

    >>> four = SpinSystem(np.ones((4, 4)) - np.eye(4))
    >>> found = critical_droplet(four, 1, [1, 4], temperature=0.0, sweeps=3, seed=1, replicas=4)
    >>> found.size, found.table["probability"].tolist()
    (2.5, [0.0, 1.0])
    """
    tried = np.asarray(sizes)
    if tried.size < 2 or (np.diff(tried) <= 0).any():
        raise InputError(f"sizes is {sizes!r}; give at least two increasing ones.")
    table = nucleation_probability(
        system,
        [droplet(system, center, int(k)) for k in tried],
        temperature=temperature,
        sweeps=sweeps,
        seed=seed,
        replicas=replicas,
        stance=stance,
        hold=hold,
        field=field,
        feed=feed,
        camps=camps,
        start=start,
        won=won,
        lost=lost,
        out=out,
        workers=workers,
        executor=executor,
        progress=progress,
        cancel=cancel,
    )
    size = _half(tried.astype(np.float64), table["probability"].to_numpy())
    return CriticalDroplet(size, table)


def _row(run: Arrays) -> dict[str, float]:
    outcome, ends = run["outcome"], run["ends"]
    wins, runs = int((outcome > 0).sum()), outcome.size
    _, low, high = share_interval(wins, runs)
    decided = outcome != 0
    return {
        "probability": wins / runs,
        "low": low,
        "high": high,
        "undecided": float(1 - decided.mean()),
        "sweeps": float(ends[decided].mean()) if decided.any() else np.nan,
    }


def _half(shares: NDArray[np.float64], wins: NDArray[np.float64]) -> float:
    """Return where the curve first reaches one half, interpolated; +-inf beyond its ends."""
    above = np.flatnonzero(wins >= 0.5)
    if above.size == 0:
        return np.inf
    k = int(above[0])
    if k == 0:
        return -np.inf
    part = (0.5 - wins[k - 1]) / (wins[k] - wins[k - 1])
    return float(shares[k - 1] + part * (shares[k] - shares[k - 1]))


def _half_interval(
    shares: NDArray[np.float64], wins: NDArray[np.int64], runs: int
) -> tuple[float, float]:
    """Return the shares between which a rising curve reaches one half; +-inf beyond its ends."""
    if runs < FEWEST:
        return np.nan, np.nan
    tail = max(TAIL, 0.5**runs)
    under = binom.cdf(wins, runs, 0.5) <= tail
    over = binom.cdf(runs - wins, runs, 0.5) <= tail
    low, high = -np.inf, np.inf
    for k in range(shares.size):
        if not under[k]:
            break
        low = float(shares[k])
    for k in range(shares.size - 1, -1, -1):
        if not over[k]:
            break
        high = float(shares[k])
    return low, high
