"""The page's own work: one loop that watches the folder and answers what is asked of its runs."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import solara

import sociophysics as sp
from sociophysics.live.listed_runs import ListedRun, list_runs, look_up
from sociophysics.live.opened_runs import OpenRuns
from sociophysics.live.run_views import Look, View, look_at

from ..settings import Settings
from ..work import Job, Stage, use_job
from .settings import names_beside

__all__ = ["Desk", "Question", "Seen", "use_desk"]

PAUSE = 2.0  # seconds between two looks at the folder
SHARE = 5  # a view that takes long is renewed at most this seldom, in times its own cost
LOOK = 0.05


@dataclass(frozen=True)
class Question:
    """Which runs are open, and what is asked of them."""

    names: tuple[str, ...] = ()
    look: Look = field(default_factory=Look)


@dataclass(frozen=True, eq=False)
class Seen:
    """What the loop knows: the list, the open runs, and the answer or why there is none.

    ``entries`` is None until the folder was looked at; ``missing`` says which run is not there,
    ``failure`` why the runs cannot be shown; ``question`` is the one that this answers.
    """

    entries: tuple[ListedRun, ...] | None = None
    question: Question = field(default_factory=Question)
    opened: tuple[ListedRun, ...] = ()
    view: View | None = None
    missing: str = ""
    failure: str = ""
    busy: bool = False


@dataclass(eq=False)
class Desk:
    """What the page asks of the loop; set by the page, read by the loop's thread."""

    root: Path
    question: Question = field(default_factory=Question)
    hurried: bool = False
    shelf: OpenRuns = field(default_factory=OpenRuns)

    def hurry(self) -> None:
        """Look at the folder now."""
        self.hurried = True

    def watch(self, job: Job) -> None:
        """Answer until the page is left."""
        seen, until = Seen(), 0.0
        while True:
            asked = self.question
            if self.hurried or time.monotonic() >= until:
                self.hurried = False
                entries = tuple(list_runs(self.root))
                until = time.monotonic() + PAUSE
            if entries != seen.entries or asked != seen.question:
                began = time.monotonic()
                # Until there is an answer, what was seen of the same runs stays on the screen.
                same = seen.question.names == asked.names
                job.publish(replace(seen if same else Seen(), entries=entries, busy=True))
                seen = self.answer(entries, asked)
                job.publish(seen)
                until = time.monotonic() + max(PAUSE, SHARE * (time.monotonic() - began))
            job.check()
            time.sleep(LOOK)

    def answer(self, entries: tuple[ListedRun, ...], asked: Question) -> Seen:
        """Return what is to be shown of the runs that are asked for."""
        try:
            opened = tuple(look_up(list(entries), name) for name in asked.names)
        except sp.InputError as error:
            return Seen(entries, asked, missing=str(error))
        try:
            runs = self.shelf.take(list(opened))
            view = look_at(runs, asked.look) if runs else None
            return Seen(entries, asked, opened, view)
        except sp.InputError as error:
            return Seen(entries, asked, opened, failure=str(error))
        except (KeyError, ValueError, TypeError, IndexError) as error:
            names = " or ".join(entry.name for entry in opened)
            return Seen(
                entries, asked, opened,
                failure=f"The table of {names} is not that of its scenario "
                f"({type(error).__name__}); run the scenario into the folder again.",
            )  # fmt: skip


def use_desk(
    root: Path, settings: Settings, names: Sequence[str] | None = None
) -> tuple[Desk, Seen, str]:
    """Return the page's desk, what it has seen, and a sentence if it broke. A hook.

    The runs called ``names`` are looked at, or those that the settings name.
    """
    desk: Desk = solara.use_memo(lambda: Desk(root), [root])
    if names is None:
        names = [settings["run"], *names_beside(settings["beside"])] if settings["run"] else []
    look = Look(settings["observable"], settings["along"], settings["at"])
    # Read by the loop within a moment: nothing is started while the page is being drawn.
    desk.question = Question(tuple(dict.fromkeys(names)), look)
    job = use_job()
    solara.use_effect(lambda: job.start(desk.watch), [root])
    seen = job.frame if isinstance(job.frame, Seen) else Seen()
    if seen.question.names != desk.question.names:
        # What is on the screen answers another question.
        seen = Seen(seen.entries, desk.question, _known(seen, desk.question.names), busy=True)
    return desk, seen, job.message if job.stage == Stage.FAILED else ""


def _known(seen: Seen, names: tuple[str, ...]) -> tuple[ListedRun, ...]:
    there = {entry.name: entry for entry in seen.entries or ()}
    return tuple(there[name] for name in names if name in there)
