"""The work of the page: sweep, locate, refine, and go round the loop; in the background."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

import sociophysics as sp
from sociophysics.live.landed_points import Points, grid_means, of_search, points
from sociophysics.live.theory_curves import TheoryBeside, theory_of

from ..work import Job
from .question import Plan, Question, plan_of

__all__ = ["JOB", "Picture", "look"]

JOB = "tipping-points"
FITTING = "fitting the society to its votes, which can take minutes"
COSTLIER = 4  # a look at what has landed may take a fifth of the time

Progress = Callable[[int, int, float], None]


@dataclass(frozen=True, eq=False)
class Picture:
    """What is known so far.

    Attributes
    ----------
    folder : Path
        Where the parts are, and the run that the Runs page opens.
    observable : str
        What is drawn.
    points : Points, optional
        Along one key.
    grid : array (second values, first values), optional
        Over two keys.
    theory : TheoryBeside, optional
    found : Search, optional
        Located; with ``refined`` on the finest grid.
    loop : Loop, optional
    no_loop : str
        Why there is no loop, in a sentence.
    phases : PhaseDiagram, optional
        Over two keys, once all have landed.
    """

    plan: Plan
    folder: Path
    observable: str
    points: Points | None = None
    grid: NDArray[np.float64] | None = None
    theory: TheoryBeside | None = None
    found: Any = None
    refined: bool = False
    loop: Any = None
    no_loop: str = ""
    phases: Any = None


def look(question: Question) -> Callable[[Job], Picture]:
    """Return the work that answers a question, showing what is known as it goes."""

    def work(job: Job) -> Picture:
        fitted = getattr(question.base.couplings, "kind", "") == "fitted"
        job.publish(message=FITTING if fitted else "building the society")
        plan = plan_of(question)
        job.check()
        with _folder(plan.folder) as folder:
            view = _View(job, Picture(plan, folder, plan.names[0]))
            view.sweep()
            if question.second:
                view.diagram()
            else:
                view.locate()
                if question.loop:
                    view.turn()
        return view.picture

    return work


class _View:
    """One question at work: its newest picture, and the steps that add to it."""

    def __init__(self, job: Job, picture: Picture) -> None:
        self.job, self.picture = job, picture
        self.plan = picture.plan
        self.question = picture.plan.question

    def show(self, **changes: Any) -> None:
        self.picture = replace(self.picture, **changes)
        self.job.publish(self.picture)

    def progress(self, words: str) -> Progress:
        """Return what a step tells its progress to; it ends the step when it is to stop."""

        def told(finished: int, total: int, _: float) -> None:
            self.job.check()
            self.job.publish(
                progress=finished / total if total else -1.0,
                message=f"{words}, part {finished:,} of {total:,}",
            )

        return told

    def sweep(self) -> None:
        """Measure at the values that were asked for, drawing each as it lands."""
        count = len(self.plan.grid) * max(1, len(self.plan.grid2))
        told = self.progress(f"{count} values, {self.question.replicas} replicas each")
        seen, quiet_until = 0, 0.0

        def follow(finished: int, total: int, updates: float) -> None:
            nonlocal seen, quiet_until
            told(finished, total, updates)
            if finished > seen and time.monotonic() > quiet_until:
                began = time.monotonic()
                seen = finished
                self.land(sp.study.partial_table(self.picture.folder))
                quiet_until = time.monotonic() + COSTLIER * (time.monotonic() - began)

        self.show(theory=None if self.question.second else self.expected())
        run = sp.run(
            self.plan.swept, out=self.picture.folder, progress=follow, cancel=_Stop(self.job),
        )  # fmt: skip
        self.land(run.table)

    def expected(self) -> TheoryBeside:
        return theory_of(self.at, self.question.along, self.plan.grid, self.picture.observable)

    def at(self, value: float) -> sp.scenario.Settings:
        """Return the society at one value of the key."""
        self.job.check()
        alone = sp.study.measure.varied(
            self.question.base, design=self.question.design or None, replicas=2,
            axes={self.question.along: [value]},
        )  # fmt: skip
        settings: sp.scenario.Settings = alone.cases()[0].settings
        return settings

    def land(self, table: pd.DataFrame) -> None:
        """Draw what a table holds."""
        if table.empty:
            return
        question, name = self.question, self.picture.observable
        if question.second:
            axes, values = (question.along, question.second), (self.plan.grid, self.plan.grid2)
            self.show(grid=grid_means(table, axes, values, name, burn_in=self.plan.burn_in))
        else:
            self.show(points=points(table, question.along, name, burn_in=self.plan.burn_in))

    def common(self, words: str) -> dict[str, Any]:
        return {
            "design": self.question.design or None,
            "replicas": self.question.replicas,
            "out": self.picture.folder,
            "progress": self.progress(words),
        }

    def locate(self) -> None:
        """Say where the society tips; on the grid at once, then on finer ones."""
        question = self.question
        for rounds, words in ((0, "looking for the largest change"), (2, "looking closer")):
            self.job.publish(progress=-1.0, message=words)
            found = sp.experiments.tipping.search(
                question.base, question.along, self.plan.grid, observable=self.plan.asked,
                rounds=rounds, judge=rounds > 0, **self.common(words),
            )  # fmt: skip
            self.job.check()
            whole = rounds == 2 or not found.found
            theory = self.picture.theory
            if found.observable != self.picture.observable:
                self.show(observable=found.observable)
                theory = self.expected()
            self.show(found=found, refined=whole, points=of_search(found.table, question.along),
                      theory=theory)  # fmt: skip
            if whole:
                return

    def turn(self) -> None:
        """Turn the key up and down again."""
        question = self.question
        words = "turning up and down again"
        self.job.publish(progress=-1.0, message=words)
        try:
            loop = sp.experiments.loops.loop(
                question.base, question.along, self.plan.grid, observable=self.plan.asked,
                **self.common(words),
            )  # fmt: skip
        except sp.InputError as error:
            # Not every key can be turned while a society lives; the rest of the answer stands.
            self.show(no_loop=str(error))
            return
        self.show(loop=loop)

    def diagram(self) -> None:
        """Take in the whole grid over two keys."""
        question, plan = self.question, self.plan
        phases = sp.experiments.phases.diagram(
            question.base, {question.along: plan.grid, question.second: plan.grid2},
            observable=plan.names[0], **self.common("all values"),
        )  # fmt: skip
        self.show(phases=phases, grid=phases.grid.to_numpy(dtype=np.float64))


class _Stop(threading.Event):
    """A job's own stop, for what asks an event; asked, it ends the work itself."""

    def __init__(self, job: Job) -> None:
        super().__init__()
        self.job = job

    def is_set(self) -> bool:
        self.job.check()
        return False


_taken: set[Path] = set()
_lock = threading.Lock()


@contextmanager
def _folder(name: str) -> Iterator[Path]:
    """Give the folder of that name, or one beside it while another tab works there."""
    runs = Path(os.environ.get("SOCIOPHYSICS_RUNS") or "runs").absolute()
    with _lock:
        number = 1
        folder = runs / name
        while folder in _taken:
            number += 1
            folder = runs / f"{name}-{number}"
        _taken.add(folder)
    try:
        yield folder
    finally:
        with _lock:
            _taken.discard(folder)
