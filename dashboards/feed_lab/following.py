"""How components follow a live run: pictures at every frame, tables now and then, buttons rarely.

A render of anything walks the whole page, so frames bypass it: what changes from frame to frame is
written to the widgets, and components render when their part of the run changes.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from typing import Any

import reacton.core
import solara

from ..markup import Element
from ..work import Job, Stage, kept_job, use_watch
from .moments import JOB, Moment
from .past import PAST, turned

__all__ = ["use_now_and_then", "use_part", "use_pushed", "use_shown"]

TICK = 0.6  # seconds; one clock for all, so that they share a render


def use_now_and_then(name: str = JOB) -> Job:
    """Return a job; the component renders when it changes, while it runs only at ticks. A hook."""
    job = kept_job(name)
    last = solara.use_ref((-1, True))

    def wanted() -> bool:
        now = (int(time.monotonic() / TICK), job.frame is None)
        if job.stage == Stage.RUNNING and now == last.current:
            return False
        last.current = now
        return True

    use_watch(job, wanted)
    return job


def use_shown() -> Moment | None:
    """Return the moment that is shown, now or looked back at; rendered at ticks. A hook."""
    use_part(lambda job: job.frame, PAST)
    return turned(use_now_and_then().frame)


def use_part(part: Callable[[Job], Any], name: str = JOB) -> Job:
    """Return a job; the component renders when ``part`` of it changes. A hook."""
    job = kept_job(name)
    last = solara.use_ref(None)
    last.current = part(job)
    use_watch(job, lambda: part(job) != last.current)
    return job


def use_pushed(
    element: Element,
    traits: Callable[[Moment], Mapping[str, Any]],
    pause: float = 0.0,
) -> None:
    """Write ``traits`` of every frame to the widget of an element, past the render. A hook.

    Parameters
    ----------
    element : Element
        Of this render, without these traits: a render would set them back.
    traits : callable
        From the moment that is shown to values of the widget's traits; none if it is not for this
        widget.
    pause : float
        Seconds between two frames of this widget while the run goes on.
    """
    job = kept_job(JOB)
    rendering = reacton.core.get_render_context()

    def follow() -> Callable[[], None]:
        widget = solara.get_widget(element)
        quiet_until = 0.0

        def look() -> None:
            nonlocal quiet_until
            if job.stage == Stage.RUNNING and time.monotonic() < quiet_until:
                return
            quiet_until = time.monotonic() + pause
            moment = turned(job.frame)
            if moment is None:
                return
            with widget.hold_sync():
                for name, value in traits(moment).items():
                    setattr(widget, name, value)

        look()
        ends = [each.watch(look, rendering) for each in (job, kept_job(PAST))]

        def leave() -> None:
            for end in ends:
                end()

        return leave

    solara.use_effect(follow)
