"""Roll calls: a chamber's votes fitted by the same model."""

from __future__ import annotations

import solara

from sociophysics.live.fitted_chamber import FittedChamber, read_fit

from ..fields import SettingField
from ..markup import Banner, Card, Controls, Main, PageFrame, Row, tag
from ..settings import AddressBar, Settings, use_settings
from ..states import JobState
from ..work import Job, Stage, kept_job, use_job
from .columns import FirstLook
from .controls import LeftColumn, order_of
from .fitting import Order, finished_at, fit
from .landscape_view import LandscapeView
from .matrix import CouplingMatrix, bloc_sentence
from .member import MemberPage
from .points import PointsMap, RollCallList
from .prediction import Prediction
from .settings import JOB, SETTINGS
from .source import Source
from .summary import Limits, Summary
from .ties import TieNetwork, crossing
from .uploads import use_source
from .what_if_view import ScenarioFile, WhatIf

__all__ = ["SETTINGS", "Page"]

LEAD = (
    "Who goes with whom in a chamber, who bridges its parties, and what if they were led otherwise?"
)


@solara.component
def Page() -> None:
    """Show the page."""
    settings = use_settings(SETTINGS)
    AddressBar(settings)
    source, on_files = use_source(settings["chamber"], settings["codes"], settings["first_vote"])
    job = use_job(JOB)

    def start(*, anew: bool) -> None:
        if source is not None:
            order = order_of(settings, source)
            kept_job(JOB).start(lambda job: done(job, order, anew=anew))

    def again() -> None:
        start(anew=True)

    with PageFrame("Roll calls", lead=LEAD):
        with Controls():
            LeftColumn(settings, source, on_files, again, lambda: start(anew=False))
        with Main():
            if job.stage == Stage.DONE:
                order, fitted = job.result
                Results(settings, order, fitted, source)
            else:
                FirstLook(source)
                with Card():
                    JobState(job, empty="No chamber yet", text=FIRST, again=again)


POINTS = (
    "Each member where the votes put them (an item response model), in standard deviations; a roll "
    "call divides them at its line. Sides have shapes: colors stand for stances on other pages."
)
FIRST = (
    "Press Fit: from nothing but who voted how, the model finds who goes with whom. Then look at "
    "any member, at the blocs, and at what whips would do."
)


def done(job: Job, order: Order, *, anew: bool) -> tuple[Order, FittedChamber]:
    """Fit, unless the fit on disk is asked for, and read what was written."""
    folder = order.folder()
    if anew or finished_at(folder) is None:
        fit(job, order, folder)
    job.publish(progress=1.0, message="drawing")
    return order, read_fit(folder, order.source.title, job)


@solara.component
def Results(settings: Settings, order: Order, fitted: FittedChamber, source: Source | None) -> None:
    """Show a fitted chamber."""
    member = fitted.place(settings["member"])

    def choose(who: int) -> None:
        settings.set(member=str(fitted.members["id"].iloc[who]))

    if source is None or order != order_of(settings, source):
        Banner("The settings have changed since this fit; press Fit to see what they ask for.")
    with Card(f"{fitted.title}: what the votes say"):
        Summary(fitted)
    with Row(columns=2):
        with Card("Strongest ties", note=NETWORK):
            tag("p", tie_sentence(fitted, settings["ties"]), css="sp-rc-seen")
            SettingField(settings, "ties", label="Ties shown", unit="per member",
                         help="Only the strongest ties of either sign are drawn.")  # fmt: skip
            TieNetwork(fitted, settings["ties"], member, choose)
        with Card("Ideal points", note=POINTS):
            PointsMap(fitted, settings, member)
    with Row(columns=2):
        with Card("Roll calls and their lines"):
            RollCallList(fitted, settings)
        with Card("All pairs", note=MATRIX):
            tag("p", bloc_sentence(fitted), css="sp-rc-seen")
            CouplingMatrix(fitted, member, choose)
    with Card("A member"):
        MemberPage(fitted, settings, member)
    with Card("What if?"):
        WhatIf(fitted, settings)
    with Card("How well it predicts"):
        Prediction(fitted)
    with Card("Where it comes to rest"):
        LandscapeView(fitted)
    with Row(columns=2):
        with Card("What a fit cannot claim"):
            Limits(fitted)
        with Card("The same on the command line", note=COMMANDS):
            Commands(settings, order, fitted)


NETWORK = (
    "Members stand near those whose votes go with theirs. Ties are estimates, not proof of "
    "influence; members of small parties count with the party of their bloc. Click a member to "
    "read more below."
)
MATRIX = (
    "Members by bloc (line) and, within, by ideal point; the strips show the sides. Click a row to "
    "choose its member; arrow keys read the pairs."
)
COMMANDS = (
    "The first line repeats this fit, with the same seed, to the last digit; its report has more "
    "figures. The what-if runs on that fit."
)


def tie_sentence(fitted: FittedChamber, per_member: float) -> str:
    """Return how many of the ties drawn do not fit the sides."""
    drawn, across, inside = crossing(fitted, per_member)
    return (
        f"Of the {drawn} strongest ties, {across} pull across the sides and {inside} push apart "
        "inside one."
    )


@solara.component
def Commands(settings: Settings, order: Order, fitted: FittedChamber) -> None:
    """Print what reproduces the page."""
    tag("pre", order.command(), css="sp-code sp-rc-command")
    ScenarioFile(fitted, settings, f"runs/{order.shown_name}")
