"""Going on with a run that was interrupted: in the background, finished parts on disk at once."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import sociophysics as sp

from ..work import Job
from .listing import Entry, sentence_of
from .opening import scenario_in

__all__ = ["JOB", "Target", "continuing"]

JOB = "runs.continue"
SMALL = 3e8  # updates that are sooner done here than worker processes have started
LOOK = 0.1  # seconds between two looks at whether it was stopped

_ending: dict[Path, threading.Thread] = {}


@dataclass(frozen=True)
class Target:
    """Which run is being continued."""

    name: str


def continuing(entry: Entry, scenario: sp.Scenario | None = None) -> Callable[[Job], Target]:
    """Return the work that finishes a run in its own folder; ``scenario`` if it is a new one."""

    def work(job: Job) -> Target:
        target = Target(entry.name)
        job.publish(target, progress=entry.finished / max(entry.total, 1), message="starting")
        before = _ending.get(entry.path)
        while before is not None and before.is_alive():
            # A run that was just stopped still finishes its frame, and holds the folder until then.
            job.check()
            before.join(LOOK)
        simulation = _Simulation(entry, scenario)
        thread = threading.Thread(target=simulation.run, daemon=True)
        _ending[entry.path] = thread
        thread.start()
        try:
            while thread.is_alive():
                thread.join(LOOK)
                job.publish(target, progress=simulation.progress, message=simulation.words)
                job.check()
        finally:
            simulation.stop.set()
        _ending.pop(entry.path, None)
        if simulation.error is not None:
            raise simulation.error
        return target

    return work


class _Simulation:
    """The run itself, in a thread of its own: a stop is noticed at once, whatever it is doing."""

    def __init__(self, entry: Entry, scenario: sp.Scenario | None) -> None:
        self.entry, self.scenario = entry, scenario
        self.stop = threading.Event()
        self.progress, self.words = entry.finished / max(entry.total, 1), "starting"
        self.error: Exception | None = None

    def run(self) -> None:
        try:
            scenario = self.scenario or scenario_in(self.entry.path)
            sp.run(
                scenario, out=self.entry.path, workers=self._workers(scenario),
                progress=self._told, cancel=self.stop,
            )  # fmt: skip
        except sp.InputError as error:
            self.error = sp.InputError(sentence_of(error, self.entry.path.parent))
        except Exception as error:
            self.error = error

    def _workers(self, scenario: sp.Scenario) -> int | None:
        """Return 1 for a short rest, else None: one process per processor."""
        sweeps = sum(case.settings.dynamics.sweeps for case in scenario.cases())
        missing = 1 - self.entry.finished / max(self.entry.total, 1)
        updates = float(self.entry.users or 1e9) * sweeps * scenario.sweep.replicas * missing
        return 1 if updates < SMALL else None

    def _told(self, finished: int, total: int, updates: float) -> None:
        self.progress = finished / total
        self.words = f"{finished:,} of {total:,} parts finished"
