"""The left column: which chamber, what kind of fit, and the files a person brings."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import solara

from ..apart import apart
from ..fields import SettingField
from ..markup import Banner, Card, Row, tag
from ..settings import Settings
from ..states import Progress
from ..upload import Upload, UploadedFile
from ..work import Stage, kept_job, use_job
from .columns import HowRead
from .fitting import Order, finished_at
from .settings import FACTS, JOB
from .source import Facts, Source, duration, facts_of, in_words, warnings

__all__ = ["LeftColumn", "order_of"]

LARGEST = 60_000_000  # bytes; a House of one Congress has 15 MB of votes in Voteview's form


def order_of(settings: Settings, source: Source) -> Order:
    """Return the fit that the settings ask for."""
    return Order(
        source, quick=settings["fit"] == "quick", test=settings["test"], seed=int(settings["seed"])
    )


@solara.component
def LeftColumn(
    settings: Settings,
    source: Source | None,
    on_files: Callable[..., None],
    on_fit: Callable[[], None],
    on_open: Callable[[], None],
) -> None:
    """Ask for a chamber and a fit."""
    facts, fitting = kept_job(FACTS), use_job(JOB)

    def look() -> None:
        if source is None:
            facts.forget()
            return
        mine = source.votes is not None
        facts.start(lambda job: apart(job, facts_of, source) if mine else facts_of(source))

    solara.use_effect(look, [source])
    with Card("Chamber"):
        SettingField(
            settings, "chamber", label="Whose votes", disabled=fitting.busy,
            help="Bundled chambers, or roll calls of your own: a parliament, a court, a council.",
        )  # fmt: skip
        # Hidden, not left out: the inputs would lose their files.
        shown = "" if settings["chamber"] == "upload" else "display: none"
        with solara.Div(style=shown):
            VoteFiles(settings, on_files, fitting.busy)
            HowRead(settings, source, fitting.busy)
        Size(source)
    with Card("Fit"):
        FitFields(settings, source, on_fit, on_open)


@solara.component
def VoteFiles(settings: Settings, on_files: Callable[..., None], disabled: bool) -> None:
    """Take the votes, and Voteview's tables beside them."""
    first = solara.use_ref(True)

    def keep(name: str) -> Callable[[Any], None]:
        def take(file: UploadedFile | None) -> None:
            # A link may say how a file is read before it is brought; the next file is another.
            on_files(**{name: file})
            if name == "votes" and file is not None:
                if not first.current:
                    settings.set(codes="", first_vote="")
                first.current = False

        return take

    def same(file: UploadedFile) -> UploadedFile:
        return file

    with solara.Div(classes=["sp-rc-files"]):
        Upload(
            "Votes", kinds=(".csv", ".tsv", ".ord"), read=same, on_value=keep("votes"),
            largest=LARGEST, disabled=disabled,
            hint="CSV or TSV: members in rows (id, name, party, state, then one column per roll "
            "call), roll calls in rows, or one vote in a row; or Voteview's votes; up to 60 MB",
        )  # fmt: skip
        with tag("details", css="sp-rc-more"):
            tag("summary", "Voteview's other files", css="sp-rc-summary")
            Upload("Members", kinds=(".csv",), read=same, on_value=keep("members"),
                   disabled=disabled, hint="such as S117_members.csv")  # fmt: skip
            Upload("Roll calls", kinds=(".csv",), read=same, on_value=keep("rollcalls"),
                   disabled=disabled, hint="such as S117_rollcalls.csv; not needed")  # fmt: skip


@solara.component
def Size(source: Source | None) -> None:
    """Say how large the chamber is, or why it cannot be read."""
    facts = use_job(FACTS)
    with solara.Div(classes=["sp-rc-size"]):
        if source is None:
            tag("p", "Choose a file of votes.", css="sp-note")
        elif facts.stage == Stage.FAILED:
            Banner(facts.message, kind="error")
        elif facts.busy:
            Progress(-1, "reading the votes")
        elif facts.result is not None:
            tag("p", facts.result.sentence(), css="sp-note")


@solara.component
def FitFields(
    settings: Settings,
    source: Source | None,
    on_fit: Callable[[], None],
    on_open: Callable[[], None],
) -> None:
    """Ask for the kind of fit, and start it."""
    fitting = use_job(JOB)
    facts: Facts | None = use_job(FACTS).result
    quick = settings["fit"] == "quick"
    time = "" if facts is None else f"{in_words(duration(facts, quick=quick))} on an idle machine"
    SettingField(
        settings, "fit", label="Kind of fit", disabled=fitting.busy, hint=time.capitalize(),
        help="Quick: who goes with whom, and how well that predicts. Full: intervals, and a second "
        "fit that generates such votes (Boltzmann learning), for the landscape and what-if.",
    )  # fmt: skip
    with solara.Div(classes=["sp-rc-files"]):
        with tag("details", css="sp-rc-more"):
            tag("summary", "How it is tested", css="sp-rc-summary")
            SettingField(
                settings, "test", label="Tested on", disabled=fitting.busy or quick,
                help="Votes hidden one by one, or the last fifth of the roll calls.",
                hint="A quick fit is tested on votes hidden at random." if quick else "",
            )  # fmt: skip
            SettingField(settings, "seed", term="seed", disabled=fitting.busy)
        for warning in warnings(facts, quick=quick) if facts is not None else ():
            Banner(warning, kind="warning")
        with Row():
            solara.Button(
                "Fit", on_click=on_fit, disabled=fitting.busy or facts is None,
                classes=["sp-button", "sp-button-main"],
            )  # fmt: skip
            solara.Button("Stop", on_click=fitting.cancel, disabled=not fitting.busy,
                          classes=["sp-button"])  # fmt: skip
        if source is not None and not fitting.busy:
            done = finished_at(order_of(settings, source).folder())
            if done is not None:
                OnDisk(f"{done:%d %B, %H:%M}", on_open)


@solara.component
def OnDisk(when: str, on_open: Callable[[], None]) -> None:
    """Offer the fit that is there already."""
    tag("p", f"This fit is on disk, of {when}. ",
        tag("button", "Open it", css="sp-link", type="button", on_click=on_open),
        css="sp-note")  # fmt: skip
