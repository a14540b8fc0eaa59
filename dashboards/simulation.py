"""A run in the background of a page: into its folder, told as it goes, stopped at once."""

from __future__ import annotations

import threading
from pathlib import Path
from typing import Any

import sociophysics as sp

from .work import Job

__all__ = ["simulate"]

LOOK = 0.1  # seconds between two looks at whether it was stopped

_ending: dict[Path, threading.Thread] = {}


def simulate(
    job: Job,
    scenario: sp.Scenario,
    folder: Path,
    *,
    frame: Any = None,
    progress: float = 0.0,
) -> sp.Run:
    """Run a scenario into its folder for a job; what is finished stays there when it is stopped.

    Parameters
    ----------
    job : Job
        Whose work calls this.
    frame : Any
        What the job publishes all the while.
    progress : float
        Share that is there already.
    """
    job.publish(frame, progress=progress, message="starting")
    before = _ending.get(folder)
    while before is not None and before.is_alive():
        # A run that was just stopped still finishes its frame, and holds the folder until then.
        job.check()
        before.join(LOOK)
    simulation = _Simulation(scenario, folder, progress)
    # In a thread of its own: a stop is noticed here at once, whatever the run is doing.
    thread = threading.Thread(target=simulation.run, daemon=True)
    _ending[folder] = thread
    thread.start()
    try:
        while thread.is_alive():
            thread.join(LOOK)
            job.publish(frame, progress=simulation.progress, message=simulation.words)
            job.check()
    finally:
        simulation.stop.set()
    _ending.pop(folder, None)
    if simulation.error is not None:
        raise simulation.error
    assert simulation.result is not None
    return simulation.result


class _Simulation:
    """What the simulating thread does, and what it has to say."""

    def __init__(self, scenario: sp.Scenario, folder: Path, progress: float) -> None:
        self.scenario, self.folder = scenario, folder
        self.stop = threading.Event()
        self.progress, self.words = progress, "starting"
        self.result: sp.Run | None = None
        self.error: Exception | None = None

    def run(self) -> None:
        try:
            self.result = sp.run(
                self.scenario,
                out=self.folder,
                progress=self._told,
                cancel=self.stop,
            )
        except Exception as error:
            self.error = error

    def _told(self, finished: int, total: int, updates: float) -> None:
        self.progress = finished / total
        self.words = f"{finished:,} of {total:,} parts finished"
