"""One society of the trial that moves: nobody, some and everybody treated, the treated apart."""

from __future__ import annotations

from typing import Any

import solara

from sociophysics.live.played_trials import PlayedTrial

from ..browser_tab import this_tab
from ..markup import Banner, Card, tag
from ..multiples import Multiples, MultiplesLegend, moment_traits
from ..society_in_use import in_their_names
from ..states import Progress
from ..stories.playing import Shown, playing
from ..work import Job, Stage, use_watch
from .asking import Asked

__all__ = ["Watching"]

NOTE = (
    "Replica 0 of the trial, looked at more often; all four have the same start and chance events. "
    "Specks are the users whom a panel is not about. One society is an anecdote: the effects with "
    "their intervals come from all of them."
)


@solara.component
def Watching(asked: Asked) -> None:
    """Play the trial in one society when it is asked for."""
    job: Job = solara.use_memo(lambda: Job(this_tab().closed), [])
    seen: Any = solara.use_ref(None)
    seen.current = _part(job)
    use_watch(job, lambda: _part(job) != seen.current)

    def play() -> None:
        job.start(playing(lambda: asked.scenario, PlayedTrial.of))

    solara.use_effect(lambda: job.forget, [])
    # What was played is another trial as soon as a setting differs.
    solara.use_effect(job.forget, [asked.name])
    shown: Shown | None = job.frame
    with Card("Watch one society", css="sp-trial-watched", note=NOTE if shown is not None else ""):
        with solara.Div(classes=["sp-row"]):
            if job.stage in Stage.BUSY:
                paused = job.stage == Stage.PAUSED
                solara.Button(
                    "Go on" if paused else "Pause", on_click=job.resume if paused else job.pause,
                    classes=["sp-button"],
                )  # fmt: skip
            else:
                solara.Button("Play" if shown is None else "Play again", on_click=play,
                              classes=["sp-button"])  # fmt: skip
        if job.stage == Stage.FAILED:
            Banner(in_their_names(job.message))
        if shown is None:
            if job.stage in Stage.BUSY:
                Progress(-1, job.message or "building the society")
            else:
                tag("p", "The treated and the untreated users of one society, as they move.",
                    css="sp-note")  # fmt: skip
        elif isinstance(shown.played, PlayedTrial):
            Pictures(shown.played, job)


@solara.component
def Pictures(played: PlayedTrial, job: Job) -> None:
    """Draw the four panels."""
    word = f"mean {played.observable.replace('_', ' ')}"
    MultiplesLegend(played.names[0], word, several=True)
    Multiples(
        played.names, played.drawn, word, played.steps, job,
        lambda frame: moment_traits(
            frame.moment.stances, frame.courses, frame.now, frame.moment.sweep
        ),
        played.shown,
    )  # fmt: skip
    tag("p", f"The treatment begins after sweep {played.at:,} of {played.sweeps:,}; the number is "
        f"the {word} of the panel's users now.", css="sp-note")  # fmt: skip


def _part(job: Job) -> tuple[Any, ...]:
    """Return what the card around the pictures shows."""
    return job.stage, job.message, None if job.frame is None else id(job.frame.played)
