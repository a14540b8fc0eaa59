"""What a paused run looked like before: a recorded sweep in place of the newest, or all in turn."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from sociophysics.live.live_run import LiveRun

from ..work import Job, Stage, kept_job
from .moments import JOB, Moment

__all__ = ["PAST", "Past", "look_at", "look_at_now", "replay", "turned"]

PAST = "feed-lab.past"
LONGEST = 12.0  # seconds of a whole replay, at most
PICTURE = 1 / 30


@dataclass(frozen=True, eq=False)
class Past:
    """A recorded sweep of a run that a person looks at."""

    live: LiveRun
    sweep: int
    spins: list[NDArray[np.int8]]


def turned(moment: Moment | None) -> Moment | None:
    """Return what is to be shown: the moment, or while the run rests the one looked back at.

    Only stances and what was observed are of then; fields and what the feeds show are of now.
    """
    past: Past | None = kept_job(PAST).frame
    if moment is None or past is None or past.live is not moment.live:
        return moment
    if kept_job(JOB).stage == Stage.RUNNING or past.sweep >= moment.sweep:
        return moment
    sides = zip(moment.sides, past.spins, strict=True)
    return replace(
        moment,
        sweep=past.sweep,
        sides=tuple(replace(side, spins=spins) for side, spins in sides),
        done=False,
    )


def look_at(sweep: int) -> None:
    """Show a recorded sweep of the run of this tab."""
    moment: Moment | None = kept_job(JOB).frame
    if moment is None:
        return
    if sweep >= moment.sweep:
        look_at_now()
        return
    kept_job(PAST).start(lambda job: job.publish(_past(moment, sweep)))


def look_at_now() -> None:
    """Show the newest sweep again."""
    kept_job(PAST).forget()


def replay(pace: float) -> None:
    """Show all recorded sweeps in turn, then the newest.

    Parameters
    ----------
    pace : float
        Seconds from one to the next, at most; a long run is shown faster.
    """
    moment: Moment | None = kept_job(JOB).frame
    if moment is None:
        return
    kept_job(PAST).start(_film(moment, pace))


def _film(moment: Moment, pace: float) -> Callable[[Job], None]:
    sweeps = [sweep for sweep in moment.history.sweeps() if sweep < moment.sweep]
    shown = sweeps[:: -(-len(sweeps) // int(LONGEST / PICTURE)) or 1]
    nap = min(max(pace, PICTURE), LONGEST / max(len(shown), 1))

    def film(job: Job) -> None:
        for sweep in shown:
            job.check()
            job.publish(_past(moment, sweep))
            time.sleep(nap)
        job.forget()

    return film


def _past(moment: Moment, sweep: int) -> Past:
    found, spins = moment.history.at(sweep)
    return Past(moment.live, found, spins)
