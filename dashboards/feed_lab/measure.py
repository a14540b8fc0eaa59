"""The measurement: many paired replicas in the background, on disk as they finish."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import sociophysics as sp

from ..work import Job
from .society import Uploaded

__all__ = ["JOB", "Measured", "folder_of_runs", "in_processes", "measuring", "run_name"]

JOB = "feed-lab.measure"
SMALL = 3e8  # updates that are sooner done here than worker processes have started
LOOK = 0.1  # seconds between two looks at whether it was stopped


@dataclass(frozen=True, eq=False)
class Measured:
    """A finished measurement."""

    run: sp.Run
    folder: Path


def folder_of_runs() -> Path:
    """Return the folder of runs that the Runs page shows."""
    return Path(os.environ.get("SOCIOPHYSICS_RUNS", "runs"))


def run_name(scenario: sp.Scenario) -> str:
    """Return the name of a measurement: equal ones continue each other, others never meet."""
    # More replicas extend a run, so their number is no part of its name.
    own = scenario.replace({"sweep.replicas": 1}).hash[:8]
    words = "-".join("".join(c if c.isalnum() else " " for c in scenario.title.lower()).split())
    return f"feed-lab-{words[:40].strip('-')}-{own}"


def in_processes(scenario: sp.Scenario, users: int) -> int | None:
    """Return the workers for a scenario: 1 if it is short, else one per processor."""
    updates = float(users) * sum(
        case.settings.dynamics.sweeps * scenario.sweep.replicas for case in scenario.cases()
    )
    return 1 if updates < SMALL else None


def measuring(scenario: sp.Scenario, uploaded: Uploaded | None) -> Callable[[Job], Measured]:
    """Return the work that measures a scenario; finished parts stay when it is stopped."""

    def work(job: Job) -> Measured:
        runs, measured = folder_of_runs(), scenario
        if uploaded is not None and scenario.network.kind == "file":
            path, nodes = uploaded.kept_in(runs / "networks")
            changes: dict[str, Any] = {"network.path": path}
            measured = scenario.replace(changes | ({"network.nodes": nodes} if nodes else {}))
        job.publish(progress=0.0, message="building the network")
        first = measured.cases()[0].settings
        users = sp.cases.build_system(first, None)[0].n
        job.check()
        folder = runs / run_name(measured)
        stop, result = threading.Event(), _Outcome()

        def report(finished: int, total: int, updates: float) -> None:
            result.progress = finished / total
            result.words = f"{finished} of {total} parts finished"

        def simulate() -> None:
            try:
                result.run = sp.run(
                    measured, out=folder, workers=in_processes(measured, users),
                    progress=report, cancel=stop,
                )  # fmt: skip
            except Exception as error:
                result.error = error

        # In a thread of its own: a stop is noticed here at once, whatever the run is doing.
        thread = threading.Thread(target=simulate, daemon=True)
        thread.start()
        try:
            while thread.is_alive():
                thread.join(LOOK)
                job.publish(progress=result.progress, message=result.words)
                job.check()
        finally:
            stop.set()
        if result.error is not None:
            raise result.error
        assert result.run is not None
        return Measured(result.run, folder)

    return work


@dataclass
class _Outcome:
    """What the simulating thread has to say."""

    progress: float = 0.0
    words: str = "starting"
    run: sp.Run | None = None
    error: Exception | None = None
