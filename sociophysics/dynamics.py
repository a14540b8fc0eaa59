"""Trajectories: the one loop that moves stances, and the table of what was measured on the way."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from sociophysics import schedules
from sociophysics.engine.fixed_point import encode_couplings
from sociophysics.errors import InputError, did_you_mean
from sociophysics.feeds import Feed
from sociophysics.frames import Frame, ReplicaExposure, observe
from sociophysics.interventions import (
    Heat,
    Intervention,
    Nucleate,
    Rewire,
    SwitchFeed,
    Tilt,
    check,
    choose_users,
    rewired,
)
from sociophysics.kernels import choose_kernel
from sociophysics.memory import require_memory
from sociophysics.observables import check_names
from sociophysics.observables.camps import camps_of
from sociophysics.schedules import Patterned, Schedule
from sociophysics.spins import SpinSystem
from sociophysics.streams import check_seed, generator
from sociophysics.walkers import Conditions, Walkers

__all__ = ["Frame", "simulate", "trajectory"]

STARTS = ("random", "up", "down", "camps")
SMALL_TASK = 400_000  # updates below which handing work to threads costs more than it saves
Field = float | ArrayLike | Schedule | Sequence[Patterned] | None
StopRule = Callable[[Frame], NDArray[np.bool_]]


def trajectory(
    system: SpinSystem,
    *,
    temperature: float | Schedule,
    sweeps: int,
    seed: int,
    replicas: int | Sequence[int] = 1,
    feed: Feed | None = None,
    camps: ArrayLike | None = None,
    field: Field = None,
    interventions: Iterable[Intervention] = (),
    start: str | ArrayLike = "random",
    every: int = 1,
    scheme: str = "random-sequential",
    kernel: str = "auto",
    stop: StopRule | None = None,
    threads: int | None = None,
) -> Iterator[Frame]:
    r"""Yield frames of replicas of a system under heat-bath dynamics.

    One sweep is ``n`` single-user updates, each of which flips ``s_i`` with probability
    ``1 / (1 + exp(2 s_i f_i / T))`` in the local field
    ``f_i = sum_j J_ij s_j + h_i(t) + phi_i(t, s)``; the feed's ``phi`` is refreshed once per sweep.

    Parameters
    ----------
    system : SpinSystem
    temperature : number or schedule
        Social temperature in units of the couplings; 0 and ``inf`` are legal.
    sweeps : int
        How many sweeps; frames come at 0, ``every``, 2 ``every``, ..., and at the last sweep.
    seed : int
        All random streams are hashed from it; see ``sociophysics.streams``.
    replicas : int or sequence of int
        How many independent replicas, or the numbers of particular ones.
    feed : Feed, optional
    camps : int array, shape (n,), optional
        0, 1, ... and -1 for none; ``system.nodes["camp"]`` if left out and there.
    field : number, array (n,), schedule, or sequence of ``schedules.Patterned``, optional
        External field added to ``system.h``; patterned fields add up.
    interventions : iterable of Intervention
    start : str or int8 array, shape (n,) or (replicas, n)
        ``random``, ``up``, ``down``, ``camps`` (camp 0 up, camp 1 down, others random), or the
        name of a node attribute that holds +1 and -1.
    scheme : str
        ``random-sequential``, ``sequential`` or ``kawasaki`` (swaps of unlike neighbours).
    kernel : str
        ``auto``, ``fixed-point`` or ``reference``.
    stop : function of a frame, optional
        Returns a bool array (replicas,): replicas to stop there. The run ends when all have.
    threads : int, optional
        Threads that share the replicas; all cores if left out. It changes no number.

    Raises
    ------
    InputError
        At the call, before the first frame.

    Examples
    --------
    >>> pair = SpinSystem.from_edges([0], [1])
    >>> frames = trajectory(pair, temperature=0.0, sweeps=3, seed=1, start="up")
    >>> [float(frame.spins.mean()) for frame in frames]
    [1.0, 1.0, 1.0, 1.0]
    """
    if system.n == 0:
        raise InputError("the network has no users; a trajectory needs at least one.")
    _at_least(sweeps, 1, "sweeps")
    _at_least(every, 1, "every")
    numbers = _replica_numbers(replicas)
    acts = tuple(interventions)
    for intervention in acts:
        check(intervention, sweeps)
    chosen = choose_kernel(kernel, scheme)
    if scheme == "kawasaki" and not system.is_symmetric:
        raise InputError(
            "scheme is 'kawasaki', but the couplings are directed; swaps need an energy: use an "
            "undirected network or random-sequential."
        )
    require_memory(
        (9.0 + 16.0 * (feed is not None)) * len(numbers) * system.n,
        what=f"{len(numbers)} replicas of {system.n} users",
        fix="ask for fewer replicas",
    )
    has_camps = camps is not None or "camp" in system.nodes
    codes = camps_of(system, camps, "the trajectory") if has_camps else None
    values, weights = _field(field, system.n, sweeps)
    conditions = Conditions(
        temperature=schedules.values(temperature, sweeps, name="temperature", lowest=0.0),
        field=values,
        pattern=weights,
        feed=feed,
        camps=codes,
        seed=check_seed(seed),
        scheme=scheme,
        kernel=chosen,
    )
    spins = _start(start, system, codes, seed, numbers)
    workers = len(os.sched_getaffinity(0)) if threads is None else max(1, threads)
    return _Run(system, conditions, spins, numbers, workers).frames(sweeps, every, acts, stop)


def simulate(
    system: SpinSystem,
    *,
    temperature: float | Schedule,
    sweeps: int,
    seed: int,
    observe: Sequence[str] = ("magnetization",),
    burn_in: int = 0,
    **keys: Any,
) -> pd.DataFrame:
    """Return a table of observables along a trajectory.

    Parameters
    ----------
    observe : sequence of str
        Names in ``sociophysics.observables.REGISTRY``, one column each.
    burn_in : int
        Frames with ``sweep < burn_in`` are left out.
    system, temperature, sweeps, seed, keys
        As for ``trajectory``.

    Returns
    -------
    DataFrame
        Columns ``replica``, ``sweep``, then the observables; rows by replica, then sweep.

    Raises
    ------
    InputError
        An unknown observable, or what ``trajectory`` refuses.

    Examples
    --------
    >>> pair = SpinSystem.from_edges([0], [1])
    >>> simulate(pair, temperature=0.0, sweeps=2, seed=1, start="up", every=2)
       replica  sweep  magnetization
    0        0      0            1.0
    1        0      2            1.0
    """
    check_names(observe)
    if not 0 <= burn_in <= sweeps:
        raise InputError(f"burn_in is {burn_in}; allowed: 0 to sweeps = {sweeps}.")
    frames = trajectory(system, temperature=temperature, sweeps=sweeps, seed=seed, **keys)
    return tabulate((frame for frame in frames if frame.sweep >= burn_in), observe)


def tabulate(frames: Iterable[Frame], names: Sequence[str]) -> pd.DataFrame:
    """Return the tidy table of some frames; a replica's rows end where it was stopped.

    Parameters
    ----------
    frames : iterable of Frame
        All with the same replicas.
    names : sequence of str

    Returns
    -------
    DataFrame
        Columns ``replica``, ``sweep``, then the observables; rows by replica, then sweep.
    """
    sweeps, alive, rows = [], [], []
    numbers: tuple[int, ...] = ()
    for frame in frames:
        measured = observe(frame, names)
        numbers = frame.replicas
        sweeps.append(frame.sweep)
        alive.append((frame.stopped < 0) | (frame.stopped == frame.sweep))
        rows.append(np.array([measured[name] for name in names], dtype=np.float64))
    if not rows:
        return pd.DataFrame(columns=["replica", "sweep", *names])
    cube = np.stack(rows, axis=2)  # (names, replicas, frames)
    keep = np.stack(alive, axis=1).ravel()
    table = pd.DataFrame(
        {
            "replica": np.repeat(np.asarray(numbers, np.int64), len(sweeps)),
            "sweep": np.tile(np.asarray(sweeps, np.int64), len(numbers)),
            **{name: cube[k].ravel() for k, name in enumerate(names)},
        }
    )
    return table[keep].reset_index(drop=True)


class _Run:
    """The moving state of one trajectory: groups of replicas, and what acts on them."""

    def __init__(
        self,
        system: SpinSystem,
        conditions: Conditions,
        spins: NDArray[np.int8],
        numbers: tuple[int, ...],
        threads: int,
    ) -> None:
        self.conditions, self.numbers, self.threads = conditions, numbers, threads
        self.last = spins
        self.stopped = np.full(len(numbers), -1)
        self.events: list[dict[str, Any]] = []
        self.groups = [
            Walkers(system, spins[rows], rows, tuple(numbers[r] for r in rows))
            for rows in np.array_split(np.arange(len(numbers)), min(threads, len(numbers)))
        ]
        self.systems: list[SpinSystem] = [system]
        self.prepare(0, fresh_feed=True)

    def frames(
        self, sweeps: int, every: int, acts: tuple[Intervention, ...], stop: StopRule | None
    ) -> Iterator[Frame]:
        """Advance from event to event, and yield a frame where one is due."""
        done = 0
        pool = ThreadPoolExecutor(self.threads) if len(self.groups) > 1 else None
        try:
            while True:
                if done % every == 0 or done == sweeps:
                    frame = self.frame(done)
                    if stop is not None:
                        self.stop(np.asarray(stop(frame)), done)
                        events, self.events = (*frame.events, *self.events), []
                        frame = replace(frame, stopped=self.stopped.copy(), events=events)
                    yield frame
                if done == sweeps or bool((self.stopped >= 0).all()):
                    return
                for act in acts:
                    if act.at == done:
                        self.intervene(act, sweeps)
                until = min(sweeps, (done // every + 1) * every)
                until = min([until, *(a.at for a in acts if a.at > done)])
                releases = (group.next_release(done) for group in self.groups)
                until = min([until, *(r for r in releases if r is not None)])
                self.advance(done, until, pool)
                done = until
        finally:
            if pool is not None:
                pool.shutdown()

    def advance(self, first: int, last: int, pool: ThreadPoolExecutor | None) -> None:
        """Move all groups, in threads where that pays."""
        work = (last - first) * self.last.size
        if pool is None or len(self.groups) < 2 or work < SMALL_TASK:
            for group in self.groups:
                group.advance(self.conditions, first, last)
            return
        tasks = [pool.submit(g.advance, self.conditions, first, last) for g in self.groups]
        for task in tasks:
            task.result()

    def prepare(self, sweep: int, *, fresh_feed: bool = False) -> None:
        """Load every group into its kernel for what acts from ``sweep + 1`` on."""
        known: dict[int, tuple[Any, Any]] = {}
        conditions = self.conditions
        for group in self.groups:
            if id(group.system) not in known:
                feed = conditions.feed
                couplings = None
                if conditions.kernel != "reference":
                    effective = feed.couplings(group.system) if feed else group.system
                    couplings = encode_couplings(
                        effective.J, conditions.bound(group.system, sweep + 1)
                    )
                memory = feed.start(group.system, group.spins, conditions.camps) if feed else None
                known[id(group.system)] = couplings, memory
            couplings, memory = known[id(group.system)]
            if memory is not None and memory.trace is not None:
                old = group.memory.trace if group.memory and not fresh_feed else None
                trace = group.spins.astype(np.float64) if old is None else old
                memory = memory._replace(trace=trace)
            group.prepare(conditions, sweep, couplings, memory)

    def frame(self, done: int) -> Frame:
        """Return the frame after ``done`` sweeps."""
        count, n = self.last.shape
        first_sweep = max(done, 1)
        spins, phi = self.last.copy(), np.zeros((count, n))
        exposures = []
        for group in self.groups:
            if done == 0:
                group.refresh(self.conditions, 1)
            spins[group.rows] = group.spins
            if group.phi is not None:
                phi[group.rows] = group.phi
            if group.exposure is not None:
                exposures.append((group.rows, group.exposure))
        self.last = spins
        events, self.events = tuple(self.events), []
        return Frame(
            sweep=done,
            spins=spins,
            systems=tuple(self.systems),
            camps=self.conditions.camps,
            temperature=float(self.conditions.temperature[first_sweep - 1]),
            field=self.conditions.external(self.systems[0], first_sweep),
            phi=phi,
            exposure=ReplicaExposure(count, exposures) if exposures else None,
            replicas=self.numbers,
            stopped=self.stopped.copy(),
            events=events,
            seed=self.conditions.seed,
        )

    def stop(self, wanted: NDArray[np.bool_], done: int) -> None:
        """Take the replicas out that are to stop now."""
        new = wanted & (self.stopped < 0)
        if not new.any():
            return
        self.stopped[new] = done
        for r in np.flatnonzero(new).tolist():
            self._record(done, "stop", self.numbers[r])
        groups = []
        for group in self.groups:
            keep = ~new[group.rows]
            if keep.all():
                groups.append(group)
            elif keep.any():
                groups.append(group.only(keep))
        self.groups = groups
        self.prepare(done)

    def intervene(self, act: Intervention, sweeps: int) -> None:
        """Apply one intervention to every replica that still runs."""
        c = self.conditions
        if isinstance(act, Heat):
            c.temperature[act.at :] = act.temperature
            self._record(act.at, "heat", temperature=act.temperature)
            return
        if isinstance(act, Tilt):
            after, c.pattern = _field(act.field, self.last.shape[1], sweeps)
            c.field = after
            self._record(act.at, "tilt", field=np.asarray(act.field).tolist())
        elif isinstance(act, SwitchFeed):
            c.feed = act.feed
            self._record(act.at, "feed", feed=repr(act.feed))
        elif isinstance(act, Nucleate):
            for group in self.groups:
                self._nucleate(act, group, sweeps)
        else:
            self._rewire(act)
        self.prepare(act.at, fresh_feed=isinstance(act, SwitchFeed))

    def _nucleate(self, act: Nucleate, group: Walkers, sweeps: int) -> None:
        spins = group.spins.copy()
        for row, replica in enumerate(group.replicas):
            rng = generator(self.conditions.seed, "interventions", replica, act.at)
            users = choose_users(act, group.system, self.conditions.camps, rng)
            spins[row, users] = act.stance
            if act.hold:
                until = sweeps + 1 if act.hold == "forever" else act.at + int(act.hold)
                group.hold(row, users, until)
            self._record(
                act.at, "nucleate", replica, users=users.size, stance=act.stance, hold=act.hold
            )
        group.restart(spins)

    def _rewire(self, act: Rewire) -> None:
        """Give every replica a network of its own; stopped ones keep theirs."""
        groups, systems = [], [self.systems[0]] * len(self.numbers)
        if len(self.systems) > 1:
            systems = list(self.systems)
        for group in self.groups:
            for row in range(len(group.replicas)):
                single = group.only(np.arange(len(group.replicas)) == row)
                rng = generator(self.conditions.seed, "interventions", single.replicas[0], act.at)
                system, moved = rewired(
                    act, single.system, single.spins[0], self.conditions.camps, rng
                )
                single.restart(single.spins, system)
                systems[int(single.rows[0])] = system
                groups.append(single)
                self._record(act.at, "rewire", single.replicas[0], moved=moved, toward=act.toward)
        self.groups, self.systems = groups, systems

    def _record(self, sweep: int, kind: str, replica: int | None = None, **detail: Any) -> None:
        self.events.append({"sweep": sweep, "kind": kind, "replica": replica, **detail})


def _at_least(value: int, lowest: int, name: str) -> None:
    whole = isinstance(value, int | np.integer) and not isinstance(value, bool)
    if not whole or value < lowest:
        raise InputError(f"{name} is {value!r}; it must be an integer >= {lowest}.")


def _replica_numbers(replicas: int | Sequence[int]) -> tuple[int, ...]:
    if isinstance(replicas, int | np.integer):
        _at_least(int(replicas), 1, "replicas")
        return tuple(range(int(replicas)))
    numbers = tuple(int(r) for r in replicas)
    if not numbers or min(numbers) < 0 or len(set(numbers)) < len(numbers):
        raise InputError(f"replicas is {replicas!r}; give different integers >= 0, at least one.")
    return numbers


def _field(field: Field, n: int, sweeps: int) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return the terms of the external field, (terms, sweeps), and their patterns, (terms, n)."""
    terms: list[Patterned]
    if field is None:
        terms = []
    elif isinstance(field, list | tuple) and all(isinstance(f, Patterned) for f in field):
        terms = list(field)
    elif isinstance(field, np.ndarray | pd.Series | list) and np.ndim(field) > 0:
        terms = [Patterned(np.asarray(field, dtype=np.float64), 1.0)]
    else:
        given: Any = field
        terms = [Patterned(np.ones(n), given)]
    values = np.zeros((len(terms), sweeps))
    patterns = np.zeros((len(terms), n))
    for k, term in enumerate(terms):
        if term.pattern.shape != (n,):
            raise InputError(
                f"field has shape {term.pattern.shape}; allowed: a number, a schedule or ({n},)."
            )
        values[k] = schedules.values(term.schedule, sweeps, name="field", lowest=-np.inf)
        patterns[k] = term.pattern
    if not (np.isfinite(values).all() and np.isfinite(patterns).all()):
        raise InputError("field holds NaN or infinity; every external field must be finite.")
    return values, patterns


def _start(
    start: str | ArrayLike,
    system: SpinSystem,
    camps: NDArray[np.int64] | None,
    seed: int,
    numbers: tuple[int, ...],
) -> NDArray[np.int8]:
    """Return the first stances, shape (replicas, n)."""
    shape = (len(numbers), system.n)
    if not isinstance(start, str):
        given = system.check_spins(start)
        if given.ndim == 2 and given.shape[0] != shape[0]:
            raise InputError(
                f"start has {given.shape[0]} rows for {shape[0]} replicas; give one row each."
            )
        return np.broadcast_to(given, shape).copy()
    if start in ("up", "down"):
        return np.full(shape, 1 if start == "up" else -1, np.int8)
    fixed = np.zeros(system.n, np.int8)
    if start == "camps":
        if camps is None:
            raise InputError(
                "start is 'camps', but the users have no camps; name a node attribute in [network] "
                "camp, or pass camps."
            )
        fixed[camps == 0], fixed[camps == 1] = 1, -1
    elif start != "random":
        fixed = _attribute_stances(start, system)
    spins = np.empty(shape, np.int8)
    for row, replica in enumerate(numbers):
        coins = 2 * generator(seed, "start", replica).integers(0, 2, system.n, dtype=np.int8) - 1
        spins[row] = np.where(fixed == 0, coins, fixed)
    return spins


def _attribute_stances(name: str, system: SpinSystem) -> NDArray[np.int8]:
    """Return the stances that a node attribute holds, 0 where a user has none."""
    if name not in system.nodes:
        raise InputError(
            f"start is {name!r}; {did_you_mean(name, [*STARTS, *map(str, system.nodes.columns)])}"
        )
    column = pd.to_numeric(system.nodes[name], errors="coerce").to_numpy(dtype=np.float64)
    given = ~pd.isna(system.nodes[name]).to_numpy()
    if not np.isin(column[given], (-1.0, 1.0)).all():
        raise InputError(
            f"start is the node attribute {name!r}, which holds other values than +1 and -1; "
            "give stances as +1 / -1, or use camps."
        )
    return np.where(given, np.nan_to_num(column), 0).astype(np.int8)
