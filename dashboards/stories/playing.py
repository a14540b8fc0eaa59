"""A story that plays: its designs beside each other, sweep by sweep, as soon as it is open."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
import solara
from numpy.typing import NDArray

import sociophysics as sp
from sociophysics.live.played_designs import Moment, PlayedDesigns
from sociophysics.live.played_trials import PlayedTrial

from ..browser_tab import this_tab
from ..glossary import explain
from ..markup import Banner, Card, tag
from ..multiples import Multiples, MultiplesLegend, moment_traits
from ..states import Progress
from ..work import Job, Stage, use_watch

__all__ = ["Playing", "Shown", "playing"]

PACE = 0.09  # seconds between two moments: a run takes about ten
SHOWN_FIRST = 0.8  # seconds that the start stands still


class Shown(NamedTuple):
    """What is on the screen."""

    played: PlayedDesigns | PlayedTrial
    courses: NDArray[np.float32]
    now: int
    moment: Moment


def playing(
    load: Callable[[], sp.Scenario],
    of: Callable[[sp.Scenario], PlayedDesigns | PlayedTrial] = PlayedDesigns.of,
) -> Callable[[Job], Shown]:
    """Return the work that plays a scenario from its start to its end."""

    def work(job: Job) -> Shown:
        job.publish(message="building the society")
        played = of(load())
        moments = played.moments()
        shown: Shown | None = None
        due = time.monotonic()
        try:
            for now, moment in enumerate(moments):
                if shown is None:
                    steps = played.steps
                    courses = np.full((len(played.names), steps), np.nan, dtype=np.float32)
                    due += SHOWN_FIRST
                if now < courses.shape[1]:
                    courses[:, now] = moment.values
                shown = Shown(played, courses, min(now, courses.shape[1] - 1), moment)
                job.publish(shown)
                due = max(due + PACE, time.monotonic())
                while time.monotonic() < due:
                    job.check()
                    time.sleep(0.02)
                job.check()
        finally:
            moments.close()
        assert shown is not None
        return shown

    return work


@solara.component
def Playing(load: Callable[[], sp.Scenario], key: str) -> None:
    """Play a scenario; ``key`` tells scenarios apart."""
    job: Job = solara.use_memo(lambda: Job(this_tab().closed), [])
    seen: Any = solara.use_ref(None)
    seen.current = _part(job)
    use_watch(job, lambda: _part(job) != seen.current)

    def play() -> None:
        job.start(playing(load))

    def begin() -> Callable[[], None]:
        play()
        return job.forget

    solara.use_effect(begin, [key])
    shown: Shown | None = job.frame
    title = "At the declared point, one society" if shown is not None else "One society"
    with Card(title, css="sp-story-playing", note=NOTE if shown is not None else ""):
        with solara.Div(classes=["sp-row"]):
            busy = job.stage in Stage.BUSY
            paused = job.stage == Stage.PAUSED
            if busy:
                solara.Button(
                    "Go on" if paused else "Pause", on_click=job.resume if paused else job.pause,
                    classes=["sp-button"],
                )  # fmt: skip
            else:
                solara.Button("Play again", on_click=play, classes=["sp-button"])
        if job.stage == Stage.FAILED:
            Banner(job.message)
        if shown is None:
            if job.stage in Stage.BUSY:
                Progress(-1, job.message or "building the society")
        else:
            names = shown.played.names
            word = explain(shown.played.observable).name
            MultiplesLegend(names[0], word, several=len(names) > 1)
            Multiples(
                names, shown.played.drawn, word, shown.played.steps, job,
                lambda frame: moment_traits(
                    frame.moment.stances, frame.courses, frame.now, frame.moment.sweep
                ),
            )  # fmt: skip
            tag("p", f"{shown.played.sweeps:,} sweeps; the number is {word.lower()} now.",
                css="sp-note")  # fmt: skip


NOTE = (
    "Replica 0 of the run itself, looked at more often. One society is an anecdote: the answer is "
    "the table over all replicas."
)


def _part(job: Job) -> tuple[Any, ...]:
    """Return what the card around the pictures shows."""
    return job.stage, job.message, None if job.frame is None else id(job.frame.played)
