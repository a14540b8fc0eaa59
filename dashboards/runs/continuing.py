"""Going on with a run that was interrupted: in the background, finished parts on disk at once."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import sociophysics as sp
from sociophysics.live.listed_runs import ListedRun, sentence_of

from ..simulation import simulate
from ..work import Job

__all__ = ["JOB", "Target", "continuing"]

JOB = "runs.continue"


@dataclass(frozen=True)
class Target:
    """Which run is being continued."""

    name: str


def continuing(entry: ListedRun, scenario: sp.Scenario | None = None) -> Callable[[Job], Target]:
    """Return the work that finishes a run in its own folder; ``scenario`` if it is a new one."""

    def work(job: Job) -> Target:
        target = Target(entry.name)
        done = entry.finished / max(entry.total, 1)
        try:
            asked = scenario or sp.study.scenario_in(entry.path)
            simulate(job, asked, entry.path, frame=target, progress=done)
        except sp.InputError as error:
            raise sp.InputError(sentence_of(error, entry.path.parent)) from None
        return target

    return work
