"""What the page sees of a live run: moments, and the thread that makes them."""

from __future__ import annotations

import queue
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import solara
from numpy.typing import NDArray

import sociophysics as sp
from sociophysics.live.live_run import MOST_UNDONE, LiveRun
from sociophysics.live.network_picture import NetworkPicture, picture, with_ties

from ..browser_tab import this_tab
from ..work import Job, Stage
from .history import History
from .society import Uploaded, called

__all__ = ["JOB", "PACES", "Asked", "Lab", "Moment", "Shown", "show", "this_lab", "use_lab"]

JOB = "feed-lab.live"
PACES = {"slow": 0.2, "watch": 0.05, "fast": 0.0}  # seconds from one sweep to the next
LONGEST_NAP = 0.1
OBSERVING = 0.25  # of the time of the sweeps, at most, spent on observing while a run goes on


@dataclass(frozen=True, eq=False)
class Shown:
    """One side at one moment, in its first replica: what is drawn and taken apart.

    ``field`` is what pushes each user from outside, ``phi`` what the feed adds; (n,) each.
    """

    name: str
    spins: NDArray[np.int8]
    system: sp.SpinSystem
    drawn: NetworkPicture
    field: NDArray[np.float64]
    phi: NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Moment:
    """A live run at one sweep; numbers are read off ``live`` up to there."""

    live: LiveRun
    sweep: int
    sides: tuple[Shown, ...]
    camps: NDArray[np.int64] | None
    camp_names: tuple[str, ...]
    done: bool
    history: History
    notice: str = ""

    def values(self, design: str, name: str) -> NDArray[np.float64]:
        """Return an observable now, one number per replica."""
        return self.live.now(design, name, self.sweep)


@dataclass(frozen=True)
class Asked:
    """Something to be done to a living society, or to be taken back."""

    table: Mapping[str, Any] | None
    """An intervention; None takes the last one back."""
    designs: list[str] | None = None
    before: Mapping[str, Any] | None = None
    """The settings that acted before, where a setting was moved."""


@dataclass
class Lab:
    """What belongs to the Feed lab of one tab beside its settings.

    Attributes
    ----------
    asked : Queue
        What was pressed and has not acted.
    done : list
        What was asked and not refused or taken back.
    more : int
        Sweeps that a run which is asked to go on at its end gets.
    pace : float
        Seconds from one sweep to the next, at least.
    uploaded : Uploaded or None
        The network that the person brought.
    begun, held : mapping or None
        The settings as the run began, and as the living society has been told since.
    touched : bool
        Whether a person did something to the run, which a start anew would lose.
    motion : str
        Whether the reader's browser wants things "moving" or "still"; "" until it has said so.
    """

    asked: queue.SimpleQueue[Asked] = field(default_factory=queue.SimpleQueue)
    more: int = 100
    pace: float = PACES["watch"]
    uploaded: Uploaded | None = None
    begun: Mapping[str, Any] | None = None
    held: Mapping[str, Any] | None = None
    touched: bool = False
    done: list[Asked] = field(default_factory=list)
    motion: str = ""
    _gone: Mapping[str, Any] | None = None  # before the last move that cannot be taken back whole
    _watchers: list[Callable[[], None]] = field(default_factory=list)

    def begin(self, values: Mapping[str, Any]) -> None:
        """Note the settings of a run that begins."""
        self.begun = self.held = dict(values)
        self.touched = False
        self.done = []
        self._gone = None

    def ask(
        self,
        table: Mapping[str, Any],
        designs: list[str] | None,
        before: Mapping[str, Any] | None = None,
    ) -> None:
        """Let something happen before the next sweep."""
        self.touched = True
        asked = Asked(table, designs, before)
        self.asked.put(asked)
        self.done.append(asked)
        # Of one move of the settings all is taken back or nothing: half of it would leave settings
        # shown that do not act.
        if len(self.done) > MOST_UNDONE:
            self._gone = self.done.pop(0).before
        if self._gone is not None:
            self.done = [each for each in self.done if each.before is not self._gone]

    def undo(self) -> Mapping[str, Any] | None:
        """Let the last thing be taken back; return the settings that acted before, if it was one.

        The caller puts these settings back.
        """
        if not self.done:
            return None
        *self.done, last = self.done
        self.asked.put(Asked(None))
        before = last.before
        if before is None:
            return None
        # What one move of the settings did belongs together.
        while self.done and self.done[-1].before is before:
            self.done = self.done[:-1]
            self.asked.put(Asked(None))
        self.held = dict(before)
        return before

    def refused(self, asked: Asked) -> None:
        """Note that something was refused, so that there is nothing to take back."""
        self.done = [each for each in self.done if each is not asked]

    def bring(self, uploaded: Uploaded | None) -> None:
        """Change the person's network, and let the page know."""
        self.uploaded = uploaded
        for look in list(self._watchers):
            look()

    def watch(self, look: Callable[[], None]) -> Callable[[], None]:
        """Call ``look`` when another network is brought; return what ends that."""
        self._watchers.append(look)
        return lambda: self._watchers.remove(look)


def use_lab() -> Lab:
    """Return the lab of this tab; the component renders when another network is brought. A hook."""
    lab = this_lab()
    set_count = solara.use_state(0)[1]
    solara.use_effect(lambda: lab.watch(lambda: set_count(lambda count: count + 1)), [lab])
    return lab


def this_lab() -> Lab:
    """Return the lab of this tab."""
    lab: Lab = this_tab().keep("feed-lab", Lab)
    return lab


def show(
    lab: Lab, scenario: sp.Scenario, named: Callable[[str], str] = lambda text: text
) -> Callable[[Job], None]:
    """Return the work that runs a scenario live, until it is cancelled.

    At its end it pauses; what resumes it there gets ``lab.more`` sweeps more.

    Parameters
    ----------
    lab : Lab
    scenario : Scenario
    named : callable, optional
        Puts a person's file names into a sentence in place of those of our copies.
    """

    def work(job: Job) -> None:
        job.publish(message="building the network")
        try:
            live = LiveRun(scenario, scenario.sweep.replicas)
        except sp.InputError as error:
            raise sp.InputError(named(str(error))) from None
        try:
            _Show(job, lab, live).go_on()
        finally:
            live.close()

    return work


class _Show:
    """One live run in its thread."""

    def __init__(self, job: Job, lab: Lab, live: LiveRun) -> None:
        self.job, self.lab, self.live, self.notice = job, lab, live, ""
        self.stepping = self.observing = 0.0  # seconds
        first = live.sides[0].frame
        job.publish(message="finding a place for everybody")
        placed = _on_a_map(first.systems[0], live.scenario.network)
        self.history = History(placed.n)
        self.drawn = [picture(placed, first.camps)] * len(live.sides)
        self.systems = [side.frame.systems[0] for side in live.sides]
        self.camps = first.camps
        attribute = live.scenario.network.camp
        names = () if first.camps is None else sp.camps.of(first.systems[0], attribute)[1]
        self.camp_names = tuple(called(live.scenario.network, name) for name in names)
        while not lab.asked.empty():
            lab.asked.get()

    def go_on(self) -> None:
        """Move the run sweep by sweep; return never."""
        while True:
            self.publish()
            if self.live.done:
                self.job.pause()
            if self.job.stage == Stage.PAUSED:
                self.live.note()  # numbers of this very sweep
                self.publish()
            self.job.check(idle=self.act)
            if self.act():
                continue
            if self.live.done:
                self.live.extend(self.live.last + self.lab.more)
            due = time.monotonic() + self.lab.pace
            self.step()
            # Who pauses during the nap waits at the check above; else a step would end the nap.
            while (left := due - time.monotonic()) > 0 and self.job.stage == Stage.RUNNING:
                time.sleep(min(left, LONGEST_NAP))

    def step(self) -> None:
        """Do one sweep; observe where a run rests, and on the way as often as is cheap."""
        begun = time.perf_counter()
        self.live.step(observed=False)
        self.stepping += time.perf_counter() - begun
        rests = self.live.done or self.job.stage != Stage.RUNNING
        if rests or self.observing <= OBSERVING * self.stepping:
            begun = time.perf_counter()
            self.live.note()
            self.observing += time.perf_counter() - begun

    def act(self) -> bool:
        """Do what was pressed; return whether there was something."""
        acted = False
        while not self.lab.asked.empty():
            asked = self.lab.asked.get()
            acted, self.notice = True, ""
            ended = self.live.done
            try:
                if asked.table is None:
                    self.live.undo()
                    self.history.forget_after(self.live.sweep)
                    continue
                if ended:
                    self.live.extend(self.live.last + self.lab.more)
                self.live.intervene(asked.table, asked.designs)
            except sp.InputError as error:
                self.notice = str(error)
                self.lab.refused(asked)
            if ended:
                self.job.resume()
        if acted:
            self.publish()
        return acted

    def publish(self) -> None:
        live = self.live
        for k, side in enumerate(live.sides):
            if side.frame.systems[0] is not self.systems[k]:
                # Ties were rewired: everybody stays in place, so that it can be seen.
                self.systems[k] = side.frame.systems[0]
                self.drawn[k] = with_ties(self.drawn[k], self.systems[k])
        sides = tuple(
            Shown(
                side.name, side.frame.spins[0].copy(), self.systems[k], self.drawn[k],
                side.frame.field, side.frame.phi[0],
            )
            for k, side in enumerate(live.sides)
        )  # fmt: skip
        self.history.note(live.sweep, [side.spins for side in sides])
        self.job.publish(
            Moment(
                live,
                live.sweep,
                sides,
                self.camps,
                self.camp_names,
                live.done,
                self.history,
                self.notice,
            ),
            progress=live.sweep / live.last,
            message=f"sweep {live.sweep} of {live.last}",
        )  # fmt: skip


def _on_a_map(system: sp.SpinSystem, network: Any) -> sp.SpinSystem:
    """Return the system with the places of a grid as its labels, if it is one."""
    if network.kind != "lattice" or len(network.shape) != 2:
        return system
    columns = network.shape[1]
    labels = [(i // columns, i % columns) for i in range(system.n)]
    return sp.SpinSystem(system.J, system.h, labels=labels)
