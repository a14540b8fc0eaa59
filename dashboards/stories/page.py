"""The first page: stories that play, and any scenario file."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import solara

import sociophysics as sp
from sociophysics.live.listed_runs import folder_of_runs
from sociophysics.live.stories import Story, told
from sociophysics.live.strange_scenarios import strange_scenario

from ..markup import Card, Controls, Main, PageFrame, tag
from ..runs.buttons import Link
from ..runs.controls import Choices
from ..runs.state import Desk, Seen, use_desk
from ..settings import AddressBar, Settings, use_settings
from ..society_in_use import CALIBRATED, FILE, MISSING, society_in_use
from ..states import StateCard
from .own import Own, Preview, kept, run_name
from .playing import Playing
from .running import Answer, RunBar
from .settings import OWN, SETTINGS
from .shelf import Shelf, every_story
from .verdicts import JUDGED, Verdicts

__all__ = ["SETTINGS", "Page"]

KEPT = "Verdicts of the full run that came along; Run judges them here again."
LEAD = "Each is a question put to a society. Press Play and watch; then run it in full."
STYLE = Path(__file__).parent / "style.css"


class Opened(NamedTuple):
    """The story that is open: its words, its scenario, the folder and the command of its run."""

    story: Story
    load: Callable[[], sp.Scenario]
    run: str
    command: str
    size: str


@solara.component
def Page() -> None:
    """Show the page."""
    settings = use_settings(SETTINGS)
    AddressBar(settings)
    solara.Style(STYLE)
    opened = _opened(settings["story"])
    root = folder_of_runs()
    desk, seen, _ = use_desk(root, settings, [opened.run] if opened else [])

    def back() -> None:
        settings.set(story="", observable="", along="", at="")

    def open_it(name: str) -> None:
        settings.set(story=name, observable="", along="", at="")

    if opened is None:
        with PageFrame("Scenarios", lead=LEAD), solara.Div(classes=["sp-main sp-runs-wide"]):
            if settings["story"]:
                with Card():
                    StateCard("failed", text=_missing(settings["story"]), action="All stories",
                              on_action=back)  # fmt: skip
            Own(lambda: open_it(OWN))
            Shelf(list(seen.entries or ()), open_it)
        return
    OpenStory(opened, settings, desk, seen, back)


@solara.component
def OpenStory(
    opened: Opened, settings: Settings, desk: Desk, seen: Seen, back: Callable[[], None]
) -> None:
    """Show one story: it plays, then it is run in full."""
    own_hash = solara.use_memo(
        lambda: opened.load().replace({"sweep.replicas": 1}).hash, [opened.run]
    )
    with PageFrame(opened.story.title, lead=opened.story.question):
        with Controls():
            About(opened, settings, back)
            if seen.view is not None:
                Choices(settings, seen.view)
        with Main():
            RunBar(opened.load, opened.run, seen, desk, opened.command, opened.size)
            Playing(opened.load, opened.run)
            Answer(seen, own_hash)


def _opened(name: str) -> Opened | None:
    if name == OWN:
        looked = kept().get("looked")
        if looked is None:
            return None
        run = run_name(looked)
        return Opened(
            told(looked.name, looked.text),
            lambda: strange_scenario(looked.text, name=looked.name), run,
            f"sociophysics run {looked.name}.toml --out runs/{run}", looked.sentence(),
        )  # fmt: skip
    if name == CALIBRATED:
        used = society_in_use(asked=False)
        if used is None:
            return None
        run = f"society-{used.digest[:8]}"
        return Opened(
            told("society", used.text), used.scenario, run,
            f"sociophysics run {FILE} --out runs/{run}", "40 replicas, each in a draw of the "
            "posterior; the command runs in the folder of the unpacked ZIP.",
        )  # fmt: skip
    if name not in every_story():
        return None
    return Opened(
        every_story()[name], lambda: sp.Scenario.load(name), name, f"sociophysics run {name}",
        _size(name),
    )  # fmt: skip


def _size(name: str) -> str:
    scenario = sp.Scenario.load(name)
    swept = "".join(
        f" at {len(values)} values of {key}" for key, values in scenario.sweep.axes.items()
    )
    count = max(len(scenario.designs), 1)
    designs = "1 design" if count == 1 else f"{count} designs"
    return (
        f"{designs}{swept}, {scenario.sweep.replicas} replicas each, with intervals; it goes on in "
        "the background and can be stopped at any moment."
    )


def _missing(name: str) -> str:
    if name == OWN:
        return "The scenario of your own went with its tab; bring it again below."
    if name == CALIBRATED:
        return f"{MISSING[:1].upper()}{MISSING[1:]}"
    return f"There is no story {name!r}; choose one below."


@solara.component
def About(opened: Opened, settings: Settings, back: Callable[[], None]) -> None:
    """Say what to notice and what to try."""
    story = opened.story
    looked = kept().get("looked")
    with Card(css="sp-story-about"):
        Link("← All stories", back)
        if settings["story"] == OWN and looked is not None:
            Preview(looked)
        if story.notice:
            tag("h2", "What to notice", css="sp-card-title")
            tag("p", story.notice)
        if story.tries:
            tag("h2", "What to try", css="sp-card-title")
            tag("ul", *(tag("li", each) for each in story.tries), css="sp-story-tries")
        if story.judged:
            tag("h2", "What is claimed", css="sp-card-title")
            Verdicts(story.judged, "Verdicts that came along")
            tag("p", f"{KEPT} {JUDGED}", css="sp-note")
        with tag("details"):
            tag("summary", "The file", css="sp-lab-summary-small")
            tag("pre", story.text, css="sp-code sp-story-file")
