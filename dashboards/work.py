"""Work in the background: off the render thread, throttled, stopped within a second.

A reactive value that is set in a worker thread renders right there, in that thread. So a job keeps
what it makes in plain attributes and bumps one counter, a few times a second at most, the pause
counted from the end of the last render: slow pages get fewer frames, never a queue of them.
"""

from __future__ import annotations

import logging
import textwrap
import threading
import time
from collections.abc import Callable
from contextlib import AbstractContextManager, ExitStack, nullcontext
from typing import Any, TypeAlias

import reacton.core
import solara

import sociophysics as sp

from .browser_tab import this_tab

__all__ = ["Cancelled", "Job", "Stage", "kept_job", "use_job", "use_watch"]

PAUSE = 0.016  # seconds between two frames: as many as screens show
WAKE = 0.1  # seconds after which a paused job looks whether it was ended

Rendering: TypeAlias = AbstractContextManager[Any]  # while it is entered, renders are put off

logger = logging.getLogger("sociophysics.dashboards")


class Cancelled(BaseException):
    """Raised inside a job that is to stop; a BaseException, so that no job swallows it."""


class Stage:
    """What a job is doing, in one word."""

    IDLE, RUNNING, PAUSED = "idle", "running", "paused"
    DONE, FAILED, CANCELLED = "done", "failed", "cancelled"
    BUSY = (RUNNING, PAUSED)


class Job:
    """One background computation of a tab, started again and again; a page reads its attributes.

    Parameters
    ----------
    closed : threading.Event
        Set when the tab is gone.

    Attributes
    ----------
    stage : str
        One of ``Stage``.
    progress : float
        From 0 to 1; negative: not known.
    message : str
        What is being done, or one sentence on why it failed.
    frame : Any
        The newest thing that the work published.
    result : Any
        What the work returned, once it is done.
    """

    def __init__(self, closed: threading.Event) -> None:
        self.stage, self.progress, self.message = Stage.IDLE, -1.0, ""
        self.frame: Any = None
        self.result: Any = None
        self._closed = closed
        self._watchers: list[tuple[Callable[[], None], Rendering]] = []
        self._run = 0
        self._stop = threading.Event()
        self._go = threading.Event()
        self._steps = 0
        self._quiet_until = 0.0
        self._lock = threading.RLock()

    def watch(
        self, look: Callable[[], None], rendering: Rendering | None = None
    ) -> Callable[[], None]:
        """Call ``look`` at every change from now on; return what ends that."""
        watcher = (look, nullcontext() if rendering is None else rendering)
        self._watchers.append(watcher)
        return lambda: self._watchers.remove(watcher)

    def _changed(self) -> None:
        watchers = list(self._watchers)
        with ExitStack() as once:
            # All watchers in one render: each one walks the whole page.
            for rendering in {id(rendering): rendering for _, rendering in watchers}.values():
                once.enter_context(rendering)
            for look, _ in watchers:
                if not self._closed.is_set():
                    look()

    @property
    def busy(self) -> bool:
        """Whether it runs or is paused."""
        return self.stage in Stage.BUSY

    def start(self, work: Callable[[Job], Any], *, paused: bool = False) -> None:
        """Run ``work(job)`` in a thread of its own; work that is still running is cancelled.

        ``work`` calls ``check`` at least every half second and ``publish`` as often as it likes.
        """
        with self._lock:
            self._stop.set()
            self._run += 1
            # Each run has its own events: an older run that wakes up late still sees its end.
            self._stop, self._go, self._steps = threading.Event(), threading.Event(), 0
            if not paused:
                self._go.set()
            self.stage = Stage.PAUSED if paused else Stage.RUNNING
            self.progress, self.message, self.frame, self.result = -1.0, "", None, None
            run = _Run(self, self._run, self._stop, self._go)
        threading.Thread(target=run.carry_out, args=(work,), daemon=True).start()
        self._changed()

    def cancel(self) -> None:
        """End the work; what it published so far stays."""
        with self._lock:
            if not self.busy:
                return
            self._stop.set()
            self.stage, self.message = Stage.CANCELLED, ""
        self._changed()

    def pause(self) -> None:
        """Let the work wait at its next check."""
        with self._lock:
            if self.stage != Stage.RUNNING:
                return
            self._go.clear()
            self.stage = Stage.PAUSED
        self._changed()

    def resume(self) -> None:
        """Let paused work go on."""
        with self._lock:
            if self.stage != Stage.PAUSED:
                return
            self.stage = Stage.RUNNING
            self._go.set()
        self._changed()

    def step(self) -> None:
        """Let paused work go on to its next check."""
        with self._lock:
            if self.stage == Stage.PAUSED:
                self._steps += 1

    def forget(self) -> None:
        """End the work and show the page as before the first start."""
        with self._lock:
            self._stop.set()
            self._run += 1
            self.stage, self.progress, self.message = Stage.IDLE, -1.0, ""
            self.frame = self.result = None
        self._changed()

    def check(self, idle: Callable[[], object] = lambda: None) -> None:
        """Wait while paused, raise ``Cancelled`` when it is to end; for the work to call.

        ``idle`` is called ten times a second while it waits: work that takes requests meanwhile.
        """
        _this_run().check(idle)

    def publish(
        self, frame: Any = None, *, progress: float | None = None, message: str | None = None
    ) -> None:
        """Show this soon, skipping what comes too fast for the page; for the work to call."""
        _this_run().publish(frame, progress, message)


class _Run:
    """One thread of a job; once the job has a newer run, this one shows nothing anymore."""

    def __init__(self, job: Job, number: int, stop: threading.Event, go: threading.Event) -> None:
        self.job, self.number, self.stop, self.go = job, number, stop, go
        self.unseen = False

    def carry_out(self, work: Callable[[Job], Any]) -> None:
        _runs.current = self
        stage, result, message = Stage.DONE, None, ""
        try:
            result = work(self.job)
        except Cancelled:
            return
        except sp.InputError as error:
            stage, message = Stage.FAILED, str(error)
        except Exception as error:
            if self.job._closed.is_set():
                return
            logger.exception("background work failed")
            stage = Stage.FAILED
            message = f"This is a defect of the dashboard: {type(error).__name__}: {error}."
        with self.job._lock:
            if self.stop.is_set() or self.number != self.job._run:
                return
            self.job.message = textwrap.shorten(message[:5000], 600, placeholder=" ...")
            self.job.stage, self.job.result = stage, result
            if stage == Stage.DONE:
                self.job.progress = 1.0
        self.job._changed()

    def check(self, idle: Callable[[], object]) -> None:
        self._show()
        while True:
            if self.stop.is_set() or self.job._closed.is_set():
                raise Cancelled
            if self.go.is_set():
                return
            with self.job._lock:
                if self.job._steps > 0:
                    self.job._steps -= 1
                    return
            idle()
            self._show()
            self.go.wait(WAKE)

    def publish(self, frame: Any, progress: float | None, message: str | None) -> None:
        if self.stop.is_set() or self.job._closed.is_set():
            raise Cancelled
        with self.job._lock:
            if self.number != self.job._run:
                raise Cancelled
            if frame is not None:
                self.job.frame = frame
            if progress is not None:
                self.job.progress = progress
            if message is not None:
                self.job.message = message
            self.unseen = True
        self._show()

    def _show(self) -> None:
        if not self.unseen or time.monotonic() < self.job._quiet_until:
            return
        self.unseen = False
        self.job._changed()
        self.job._quiet_until = time.monotonic() + PAUSE


class _Runs(threading.local):
    current: _Run | None = None


_runs = _Runs()


def _this_run() -> _Run:
    if _runs.current is None:
        raise RuntimeError("check and publish belong inside the work of a job")
    return _runs.current


def kept_job(name: str) -> Job:
    """Return the job of this tab that has this name; nothing renders when it changes."""
    tab = this_tab()
    job: Job = tab.keep(f"job {name}", lambda: Job(tab.closed))
    return job


def use_job(name: str | None = None) -> Job:
    """Return a job of this tab; the component that calls this renders when the job changes.

    Parameters
    ----------
    name : str, optional
        With a name the job outlives a visit to another page, and the page that comes back finds it
        still at work; without one it ends when the component leaves the page.
    """
    job: Job = solara.use_memo(
        lambda: Job(this_tab().closed) if name is None else kept_job(name), [name]
    )
    use_watch(job)

    def leave() -> Callable[[], None]:
        return job.forget if name is None else lambda: None

    solara.use_effect(leave, [job])
    return job


def use_watch(job: Job, wanted: Callable[[], bool] = lambda: True) -> None:
    """Render this component when the job changes. A hook for components that are given a job.

    ``wanted`` is asked at every change whether this one is to be rendered.
    """
    set_count = solara.use_state(0)[1]
    rendering = reacton.core.get_render_context()

    def look() -> None:
        if wanted():
            set_count(lambda count: count + 1)

    solara.use_effect(lambda: job.watch(look, rendering), [job])
