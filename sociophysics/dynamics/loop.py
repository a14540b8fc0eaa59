"""The loop: replicas advance from event to event, and a frame is yielded where one is due."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Generator
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sociophysics.dynamics.conditions import Conditions
from sociophysics.dynamics.frames import Frame, ReplicaExposure, SelectedExposure
from sociophysics.dynamics.kernels.kernel_choice import thread_groups
from sociophysics.dynamics.resume import replay, restore, take
from sociophysics.dynamics.state import State
from sociophysics.dynamics.walkers import Walkers, carried, loaded
from sociophysics.errors import InputError
from sociophysics.influences.feeds import FeedMemory
from sociophysics.influences.feeds.allotted import ARM
from sociophysics.influences.interventions import Change, Intervention, OfConditions
from sociophysics.observables.exposure import ExposureCounts
from sociophysics.society.spins import SpinSystem
from sociophysics.streams import generator

__all__ = ["StopRule", "SweepLoop"]

SMALL_TASK = 400_000  # updates below which handing work to threads costs more than it saves
QUIET = ("follow", "temperaments")  # that change no replica: follows are told as they happen
OWN_STREAMS = ("nucleate", "rewire")  # children of the stream of their moment, turn by turn
StopRule = Callable[[Frame], NDArray[np.bool_]]


class SweepLoop:
    """The moving state of one trajectory: groups of replicas, and what acts on them.

    Parameters
    ----------
    system : SpinSystem
    conditions : Conditions
        Changed by interventions as the run goes on.
    spins : int8 array, shape (replicas, n)
    numbers : tuple of int
        Of the replicas.
    threads : int
        That share the replicas.
    resume : State, optional
        To go on from, instead of ``spins``.
    """

    def __init__(
        self,
        system: SpinSystem,
        conditions: Conditions,
        spins: NDArray[np.int8],
        numbers: tuple[int, ...],
        threads: int,
        resume: State | None = None,
    ) -> None:
        self.conditions, self.numbers, self.threads = conditions, numbers, threads
        self.original, self.done, self.prepared = system, 0, 0
        self.resumed = resume is not None
        self.stopped = np.full(len(numbers), -1)
        self.final = np.zeros((0, system.n), np.int8)  # stances of the stopped, once there are some
        self.final_phi: NDArray[np.float64] | None = None
        self.final_shown: list[tuple[NDArray[np.int64], ExposureCounts]] = []
        self.events: list[dict[str, Any]] = []
        self.systems: list[SpinSystem] = [system]
        self.remembering = conditions.feed  # whose memory the groups have
        self._shown: tuple[tuple[Any, ...], tuple[SpinSystem, ...]] | None = None
        self.no_feed = np.broadcast_to(0.0, (len(numbers), system.n))
        if resume is not None:
            restore(self, resume)
            return
        self.groups = [
            Walkers(system, spins[rows], rows, tuple(numbers[r] for r in rows))
            for rows in thread_groups(conditions.kernel, numbers, threads)
        ]
        self.prepare(0)

    def frames(
        self, sweeps: int, every: int, acts: tuple[Intervention, ...], stop: StopRule | None
    ) -> Generator[Frame, None, None]:
        """Advance from event to event, and yield a frame where one is due."""
        done, seen = self.done, self.resumed  # the frame a state was taken at is not yielded again
        pool = ThreadPoolExecutor(self.threads) if len(self.groups) > 1 else None
        try:
            while True:
                due = done % every == 0 or done == sweeps
                if stop is not None and not seen:
                    self.stop(stop(self.frame(done)), done)
                if (due or not self.groups) and not seen:
                    # Where the last replica stops between frames, its frame is the next one due.
                    yield self.frame(done, at=min(sweeps, -(-done // every) * every))
                    self.events = []
                seen = False
                if done == sweeps or not self.groups:
                    return
                self.end(acts, done, sweeps)
                self.intervene([act for act in acts if act.at == done], sweeps)
                until = done + 1 if stop else self.next_event(done, sweeps, every, acts)
                self.advance(done, until, pool)
                done = self.done = until
        finally:
            if pool is not None:
                pool.shutdown()

    def next_event(self, done: int, sweeps: int, every: int, acts: tuple[Intervention, ...]) -> int:
        """Return the next sweep after which there is something to do."""
        until = min(sweeps, (done // every + 1) * every)
        releases = (group.next_release(done) for group in self.groups)
        moments = (moment for act in acts for moment in (act.at, act.ends) if moment)
        later = [*(each for each in moments if each > done), *(r for r in releases if r)]
        return min([until, *later])

    def advance(self, first: int, last: int, pool: ThreadPoolExecutor | None) -> None:
        """Move all groups, in threads where that pays."""
        users = self.groups[0].system.n * sum(len(group.replicas) for group in self.groups)
        if pool is None or len(self.groups) < 2 or (last - first) * users < SMALL_TASK:
            for group in self.groups:
                group.advance(self.conditions, first, last)
            return
        tasks = [pool.submit(g.advance, self.conditions, first, last) for g in self.groups]
        for task in tasks:
            task.result()

    def prepare(self, sweep: int) -> None:
        """Load every group into its kernel for what acts from ``sweep + 1`` on."""
        known: dict[int, tuple[Any, FeedMemory | None]] = {}
        conditions = self.conditions
        self.prepared = sweep
        if conditions.following is not None:
            self._set_apart()
        for group in self.groups:
            system, ties = group.system, None
            if conditions.following is not None:
                from sociophysics.dynamics.moving_ties import live_ties

                ties = live_ties(conditions, system, sweep)
            if id(system) not in known or ties is not None:
                known[id(system)] = loaded(conditions, system, group.spins, sweep, ties)
            encoded, memory = known[id(system)]
            memory = carried(conditions, group, memory, before=self.remembering)
            group.prepare(conditions, encoded, memory, ties)
        self.remembering = conditions.feed

    def _set_apart(self) -> None:
        """Make a group of each replica: their ties will differ."""
        self.groups = [
            group if rows.size == 1 else group.only(rows == row)
            for group in self.groups
            for rows in [np.arange(len(group.replicas))]
            for row in rows
        ]
        if len(self.systems) == 1:
            self.systems = [self.systems[0]] * len(self.numbers)

    def _look_at_ties(self) -> None:
        """Read the ties that have moved, and tell who moved them."""
        if self.conditions.following is None:
            return
        told = []
        for group in self.groups:
            self.systems[int(group.rows[0])] = group.system
            told += [(sweep, group.replicas[0], moves) for sweep, moves in group.moves]
            group.moves = []
        for sweep, replica, moves in sorted(told, key=lambda each: each[:1]):
            who, dropped, taken = moves.T
            kind = self.conditions.following.kind
            detail = {"moved": len(moves), "who": who, "dropped": dropped, "taken": taken}
            self._record(sweep, kind, replica, **detail)

    def frame(self, done: int, *, at: int | None = None) -> Frame:
        """Return the frame after ``done`` sweeps, dated ``at``."""
        sweep, conditions = max(done, 1), self.conditions
        self._look_at_ties()
        if done == 0:
            for group in self.groups:
                group.refresh(conditions, 1)
        phi = self.no_feed
        if self.final_phi is not None or any(group.phi is not None for group in self.groups):
            phi = np.zeros(phi.shape) if self.final_phi is None else self.final_phi.copy()
            for group in self.groups:
                if group.phi is not None:
                    phi[group.rows] = group.phi
        shown: list[tuple[NDArray[np.int64], ExposureCounts]] = list(self.final_shown)
        shown += [(g.rows, g.exposure) for g in self.groups if g.exposure is not None]
        field = conditions.external(self.systems[0], sweep).view()
        field.flags.writeable = False
        return Frame(
            sweep=done if at is None else at,
            spins=self.spins(),
            system=self._with_arms(),
            camps=conditions.camps,
            temperature=conditions.noise(sweep),
            field=field,
            phi=phi,
            exposure=ReplicaExposure(len(self.numbers), shown) if shown else None,
            replicas=self.numbers,
            stopped=self.stopped.copy(),
            events=tuple(self.events),
            seed=conditions.seed,
            state=partial(self.state, done),
        )

    def _with_arms(self) -> tuple[SpinSystem, ...]:
        """Return the systems, with each user's arm where feeds are shared out."""
        feed = self.conditions.feed
        if feed is None or feed.arm_of is None:
            return tuple(self.systems)
        key = (feed, *self.systems)
        if self._shown is None or any(a is not b for a, b in zip(self._shown[0], key, strict=True)):
            named = {id(each): each.with_attribute(ARM, feed.arm_of) for each in self.systems}
            self._shown = key, tuple(named[id(each)] for each in self.systems)
        return self._shown[1]

    def state(self, done: int) -> State:
        """Return the state at the frame after ``done`` sweeps, while the loop waits there."""
        if done != self.done:
            raise InputError(
                f"the trajectory has gone on to sweep {self.done}; take the state of a frame "
                f"(here of sweep {done}) before the next one is asked for."
            )
        return take(self)

    def spins(self) -> NDArray[np.int8]:
        """Return the stances of all replicas now, or where they were stopped."""
        if len(self.groups) == 1 and len(self.groups[0].replicas) == len(self.numbers):
            return self.groups[0].spins
        spins = self.final.copy() if self.final.size else np.empty(self.no_feed.shape, np.int8)
        for group in self.groups:
            spins[group.rows] = group.spins
        return spins

    def stop(self, wanted: Any, done: int) -> None:
        """Take the replicas out that are to stop now; the others go on as if alone."""
        wanted = np.asarray(wanted)
        if wanted.shape != self.stopped.shape or wanted.dtype != np.bool_:
            raise InputError(
                f"stop returned {wanted.dtype} of shape {wanted.shape}; it must return True or "
                f"False for each of the {self.stopped.size} replicas."
            )
        new = wanted & (self.stopped < 0)
        if not new.any():
            return
        self.stopped[new] = done
        for r in np.flatnonzero(new).tolist():
            self._record(done, "stop", self.numbers[r])
        self.final = self.spins().copy()
        self._keep_feeds(new)
        running = [(group, ~new[group.rows]) for group in self.groups]
        self.groups = [g if keep.all() else g.only(keep) for g, keep in running if keep.any()]

    def _keep_feeds(self, ending: NDArray[np.bool_]) -> None:
        """Remember what the feed last showed to replicas that stop now."""
        for group in self.groups:
            rows = np.flatnonzero(ending[group.rows])
            if group.phi is not None and rows.size:
                if self.final_phi is None:
                    self.final_phi = np.zeros(self.no_feed.shape)
                self.final_phi[group.rows[rows]] = group.phi[rows]
            if group.exposure is not None and rows.size:
                ended = SelectedExposure(group.exposure, rows)
                self.final_shown.append((group.rows[rows], ended))

    def intervene(self, acts: list[Intervention], sweeps: int) -> None:
        """Apply the interventions of one moment, in their order, to every replica that runs."""
        c, drawn = self.conditions, Counter[str]()
        for act in acts:
            act.impose(c, sweeps)
            if isinstance(act, OfConditions):
                self._record(act.at, act.kind, **act.told)
            elif act.kind not in QUIET:
                self._change(act, drawn[act.kind], sweeps)
            drawn[act.kind] += 1
            if act.reloads:
                self.prepare(act.at)

    def end(self, acts: tuple[Intervention, ...], done: int, sweeps: int) -> None:
        """Take back what interventions changed that end after sweep ``done``."""
        ending = [act for act in acts if act.ends == done]
        if not ending:
            return
        replay(self.conditions, acts, done, sweeps, ended=True)
        for act in ending:
            if "ties" in act.brings:
                self._untie()
            self._record(done, f"{act.kind} ends")
        if any(act.reloads for act in ending):
            self.prepare(done)

    def _untie(self) -> None:
        """Give the replicas that run the ties back that the run began with."""
        if len(self.systems) == 1:
            self.systems = [self.systems[0]] * len(self.numbers)
        for group in self.groups:
            group.restart(group.spins, self.original)
            for row in group.rows.tolist():
                self.systems[row] = self.original
        if all(system is self.original for system in self.systems):
            self.systems = [self.original]

    def _stream(self, act: Intervention, replica: int, order: int) -> np.random.Generator:
        """Return a stream for one intervention: two of one kind at one moment do not share it."""
        if act.kind in OWN_STREAMS:
            rng = generator(self.conditions.seed, "interventions", replica, act.at)
            return rng.spawn(2 * order + 2)[2 * order + OWN_STREAMS.index(act.kind)]
        return generator(
            self.conditions.seed, "interventions", replica, act.at, of=f"{act.kind} {order}"
        )

    def _change(self, act: Intervention, order: int, sweeps: int) -> None:
        """Change every replica by itself; those that get other ties go on apart."""
        groups: list[Walkers] = []
        for group in self.groups:
            spins = group.spins
            changes = [
                self._changed(act, group, spins[row], replica, order)
                for row, replica in enumerate(group.replicas)
            ]
            apart = any(change.system is not None for change in changes)
            parts = [group]
            if apart:
                rows = np.arange(len(changes))
                parts = [group.only(rows == row) for row in rows]
                if len(self.systems) == 1:
                    self.systems = [self.systems[0]] * len(self.numbers)
            for row, change in enumerate(changes):
                part = parts[row] if apart else group
                if change.spins is not None:
                    spins[row] = change.spins
                if change.system is not None:
                    self.systems[int(part.rows[0])] = change.system
                if change.held is not None and change.hold:
                    until = sweeps + 1 if change.hold == "forever" else act.at + int(change.hold)
                    part.hold(0 if apart else row, change.held, until)
                self._record(act.at, act.kind, group.replicas[row], **change.detail)
            for row, part in enumerate(parts):
                own = spins[[row]] if apart else spins
                part.restart(own, changes[row].system)
            groups.extend(parts)
        self.groups = groups

    def _changed(
        self, act: Intervention, group: Walkers, spins: NDArray[np.int8], replica: int, order: int
    ) -> Change:
        """Return what an intervention does to one replica, checked."""
        rng = self._stream(act, replica, order)
        change = act.change(group.system, spins, self.conditions.camps, rng)
        change.check(act, group.system)
        return change

    def _record(self, sweep: int, kind: str, replica: int | None = None, **detail: Any) -> None:
        plain = {k: v.tolist() if hasattr(v, "tolist") else v for k, v in detail.items()}
        self.events.append({"sweep": sweep, "kind": kind, "replica": replica, **plain})
