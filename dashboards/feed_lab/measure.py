"""The measurement: many paired replicas in the background, on disk as they finish."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import sociophysics as sp

from ..simulation import simulate
from ..work import Job
from .society import Uploaded

__all__ = ["JOB", "Measured", "folder_of_runs", "measuring", "run_name"]

JOB = "feed-lab.measure"


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


def measuring(scenario: sp.Scenario, uploaded: Uploaded | None) -> Callable[[Job], Measured]:
    """Return the work that measures a scenario; finished parts stay when it is stopped."""

    def work(job: Job) -> Measured:
        runs, measured = folder_of_runs(), scenario
        if uploaded is not None and scenario.network.kind == "file":
            path, nodes = uploaded.kept_in(runs / "networks")
            changes: dict[str, Any] = {"network.path": path}
            measured = scenario.replace(changes | ({"network.nodes": nodes} if nodes else {}))
        folder = runs / run_name(measured)
        return Measured(simulate(job, measured, folder), folder)

    return work
