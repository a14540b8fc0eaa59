"""How the page comes to life: at once when it is opened, and again when its settings change."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import ipyvuetify
import solara
import traitlets

import sociophysics as sp

from ..settings import AddressBar, Settings, page_path
from ..work import Stage, kept_job
from .following import use_part
from .living import LIVING, acts_between, link_of, same_society
from .moments import JOB, Lab, Moment, show
from .scenario import design_names

__all__ = ["Address", "CopyLink", "Opening", "Starts", "link_now"]

MOST_AT_ONCE = 20_000  # users of a society that starts anew by itself when a setting changes


class OpeningWidget(ipyvuetify.VuetifyTemplate):
    """Says that the page stands in the browser, and whether its reader wants things to move."""

    template_file = (__file__, "../opened.vue")
    motion = traitlets.Unicode("").tag(sync=True)


class CopyLinkWidget(ipyvuetify.VuetifyTemplate):
    """A button that puts the link of the page on the clipboard."""

    template_file = (__file__, "../copy_link.vue")
    path = traitlets.Unicode("/").tag(sync=True)
    search = traitlets.Unicode("").tag(sync=True)
    lacks = traitlets.Unicode("").tag(sync=True)  # what the link cannot hold, said once copied


@dataclass(frozen=True)
class Starts:
    """What starts the run of a page, and starts it anew."""

    lab: Lab
    settings: Settings
    scenario: sp.Scenario | None
    forget_selection: Callable[[], None]

    def begin(self, *, paused: bool = False) -> None:
        """Start; a run that waits at its beginning under these settings just goes on."""
        job = kept_job(JOB)
        moment: Moment | None = job.frame
        if self.scenario is None:
            return
        fresh = moment is not None and moment.live.begun == self.scenario.hash
        waits = job.stage == Stage.PAUSED and _at_its_beginning(moment)
        if fresh and waits and not paused and not self.lab.touched:
            job.resume()
            return
        self.forget_selection()
        self.lab.begin(self.settings.values)
        named = self.lab.uploaded.in_its_name if self.lab.uploaded else str
        job.start(show(self.lab, self.scenario, named), paused=paused)

    def open(self, motion: str) -> None:
        """Start when the page has arrived: moving, unless its reader or its link wants it still."""
        self.lab.motion = motion
        if kept_job(JOB).stage == Stage.IDLE:
            self.begin(paused=motion == "still" or not self.settings["run"])

    def follow(self) -> None:
        """Let changed settings act: on the living society, or by starting anew what is untouched.

        What a person has done to a run is not thrown away by itself: that takes Run.
        """
        job, lab, values = kept_job(JOB), self.lab, self.settings.values
        if lab.begun is None or lab.held is None:
            if lab.motion:  # the page is there, and its settings can be run only now
                self.open(lab.motion)
            return
        if job.stage == Stage.FAILED and values != lab.begun:
            self.begin()
            return
        if not job.busy:
            return
        if same_society(lab.held, values):
            self._act()
        elif not lab.touched and values["n"] <= MOST_AT_ONCE:
            self.begin(paused=job.stage == Stage.PAUSED and _at_its_beginning(job.frame))
        else:
            self._act()

    def _act(self) -> None:
        lab, values = self.lab, self.settings.values
        assert lab.begun is not None
        assert lab.held is not None
        for table, designs in acts_between(lab.held, values, design_names(lab.begun)):
            lab.ask(table, designs, before=lab.held)
        lab.held = {**lab.held, **{name: values[name] for name in LIVING}}


def _at_its_beginning(moment: Moment | None) -> bool:
    return moment is not None and moment.sweep == 0


@solara.component
def Opening(starts: Starts) -> None:
    """Start the run when the page has arrived, and let its settings act from then on."""
    OpeningWidget.element(on_motion=starts.open)
    uploaded = starts.lab.uploaded
    solara.use_effect(starts.follow, [starts.settings.search(), id(uploaded)])


@solara.component
def Address(settings: Settings, lab: Lab) -> None:
    """Keep the address in step: what it says repeats the run, with what was done in it."""
    job = use_part(lambda job: None if job.frame is None else job.frame.live.scenario)
    moment: Moment | None = job.frame
    AddressBar(settings, None if moment is None else link_now(settings, lab, moment) or None)


@solara.component
def CopyLink(settings: Settings, lab: Lab) -> None:
    """Offer the link that repeats the run, with what was done in it."""
    job = use_part(lambda job: None if job.frame is None else job.frame.live.scenario)
    moment: Moment | None = job.frame
    link = "" if moment is None else link_now(settings, lab, moment)
    lost = lab.touched and not link
    CopyLinkWidget.element(
        path=page_path(solara.use_router()), search=link or settings.search(),
        lacks=" It holds the settings alone, not what was done." if lost else "",
    )  # fmt: skip


def link_now(settings: Settings, lab: Lab, moment: Moment) -> str:
    """Return the query string that repeats a run with what was done in it; "" if none can.

    Where the settings already describe another society they are what the address says.
    """
    if not lab.touched or lab.begun is None or not same_society(lab.begun, settings.values):
        return ""
    return link_of(lab.begun, settings.values, moment.live.scenario.canonical()["designs"])
