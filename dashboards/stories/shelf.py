"""The stories on the first page: a picture, a question, and one press to see it move."""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping

import solara

from sociophysics.live.listed_runs import ListedRun
from sociophysics.live.stories import KnownClaim, Story, stories

from ..figure import StaticFigure
from ..markup import tag
from .verdicts import verdict_word

__all__ = ["Shelf", "every_story"]

FIRST = ("feed_designs", "outrage_hysteresis", "friendly_camps", "cascade_feeds")


@functools.cache
def every_story() -> Mapping[str, Story]:
    """Return the bundled stories by name, those that explain most first."""
    told = stories()
    return {name: told[name] for name in [*FIRST, *(each for each in told if each not in FIRST)]}


@solara.component
def Shelf(entries: list[ListedRun], on_open: Callable[[str], None]) -> None:
    """Show a card for every story."""
    there = {entry.name: entry for entry in entries}
    with tag("ul", css="sp-stories", aria_label="Stories"):
        for name, story in every_story().items():
            with tag("li", css="sp-card sp-story-card"):
                Card(story, there.get(name), on_open)


@solara.component
def Card(story: Story, entry: ListedRun | None, on_open: Callable[[str], None]) -> None:
    """Show one story; its title is the button that opens it and lets it play."""
    with solara.Div(classes=["sp-story-inside"]):
        with solara.Div(classes=["sp-story-picture"]):
            if story.picture is not None:
                StaticFigure(story.picture.read_text(encoding="utf-8"), "")
        tag("h2", story.title, css="sp-card-title")
        tag("p", story.question, css="sp-story-question")
        if story.judged:
            Claimed(story.judged)
        with solara.Div(classes=["sp-story-foot"]):
            solara.Button(
                "Play", on_click=lambda: on_open(story.name),
                classes=["sp-button", "sp-button-main"],
                attributes={"aria-label": f"Play: {story.title}"},
            )  # fmt: skip
            tag("span", _state(entry), css="sp-note")


@solara.component
def Claimed(judged: tuple[KnownClaim, ...]) -> None:
    """Show the first claim with its verdict, and count the others."""
    first, others = judged[0], [each.verdict for each in judged[1:]]
    said = [f"{others.count(word)} {verb}" for word, verb in VERBS.items() if word in others]
    tag(
        "p",
        verdict_word(first.verdict), f": {first.text}.",
        tag("span", f" {_more(len(others))}: {', '.join(said)}." if said else "", css="sp-note"),
        css="sp-story-claim",
    )  # fmt: skip


VERBS = {"holds": "hold", "undecided": "undecided", "fails": "fail"}


def _more(count: int) -> str:
    return f"{count} more claim{'s' if count > 1 else ''}"


def _state(entry: ListedRun | None) -> str:
    if entry is None or entry.kind != "run":
        return ""
    if entry.whole:
        return "● run here: the answer is there"
    return f"◐ {entry.finished:,} of {entry.total:,} parts are there"
