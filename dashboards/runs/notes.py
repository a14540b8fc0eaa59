"""Notes on runs: kept by the browser of who writes them, never by the server."""

from __future__ import annotations

from collections.abc import Callable

import ipyvuetify
import solara
import traitlets

from ..markup import Card

__all__ = ["Notes", "NotesOnRuns"]


class NotesWidget(ipyvuetify.VuetifyTemplate):
    """A field for the notes on ``run``, or without one the list of all notes."""

    template_file = (__file__, "notes.vue")
    run = traitlets.Unicode("").tag(sync=True)
    names: traitlets.List[str] = traitlets.List().tag(sync=True)  # runs that can be opened
    wanted = traitlets.Unicode("").tag(sync=True)  # a run, and what makes each wish a new one


@solara.component
def Notes(run: str) -> None:
    """Let notes on a run be written."""
    with Card():
        NotesWidget.element(run=run)


@solara.component
def NotesOnRuns(names: list[str], on_open: Callable[[str], None]) -> None:
    """List the runs with notes, if there are any."""

    def go(wanted: str) -> None:
        name = wanted.rpartition("/")[0]
        if name in names:
            on_open(name)

    NotesWidget.element(names=names, on_wanted=go)
