"""How a file of votes is read: its layout, what its codes mean, where votes begin, a first look."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import solara

from sociophysics.live.votes_looked_at import LookedVotes

from ..apart import apart
from ..fields import ChoiceField
from ..markup import Card, tag
from ..settings import Settings
from ..work import kept_job, use_job
from .settings import LOOK
from .source import Source

__all__ = ["FirstLook", "HowRead"]

MEANINGS = {
    "yea": "yea", "nay": "nay", "abstain": "abstained", "missing": "missing: no vote",
    "unseated": "no member then",
}  # fmt: skip
MARKS = {"yea": "●", "nay": "○", "abstain": "◐", "missing": "", "unseated": "×"}


@solara.component
def HowRead(settings: Settings, source: Source | None, disabled: bool) -> None:
    """Ask what the file leaves open; what is chosen counts at once."""
    look = use_job(LOOK)
    chosen: solara.Reactive[dict[str, str]] = solara.use_reactive({})
    mine = source is not None and source.votes is not None

    def begin() -> None:
        if source is None or not mine:
            kept_job(LOOK).forget()
        else:
            kept_job(LOOK).start(lambda job: apart(job, source.looked))

    solara.use_effect(begin, [source])
    solara.use_effect(lambda: chosen.set({}), [source])
    looked: LookedVotes | None = look.result if mine else None
    if looked is None or not looked.layout:
        return
    unfold: dict[str, Any] = {"open": True} if looked.problem else {}
    with tag("details", css="sp-rc-more", **unfold):
        tag("summary", "How the votes are read", css="sp-rc-summary")
        tag("p", f"Understood as: {looked.layout}.", css="sp-note")
        for code, count, meaning in looked.codes:
            Code(code, count, chosen.value.get(code, meaning), _choosing(settings, looked, chosen),
                 disabled)  # fmt: skip
        if looked.columns:
            options = {"": "as the file says", **{name: name for name in looked.columns}}
            if settings["first_vote"] not in options:
                options[settings["first_vote"]] = settings["first_vote"]
            ChoiceField(
                "Votes begin at column", settings["first_vote"],
                lambda name: settings.set(first_vote=name), options=options, disabled=disabled,
                help="Columns before it are about the members.",
            )  # fmt: skip
        if settings["codes"] or settings["first_vote"]:
            solara.Button("As the file says", classes=["sp-button"], disabled=disabled,
                          on_click=lambda: settings.set(codes="", first_vote=""))  # fmt: skip


def _choosing(
    settings: Settings, looked: LookedVotes, chosen: solara.Reactive[dict[str, str]]
) -> Callable[[str, str], None]:
    def choose(code: str, meaning: str) -> None:
        all_of = {each: known for each, _, known in looked.codes} | chosen.peek() | {code: meaning}
        chosen.set(all_of)
        # Half an answer is none: it counts when every code has a meaning, yea and nay among them.
        if all(all_of.values()) and {"yea", "nay"} <= set(all_of.values()):
            settings.set(codes=",".join(f"{each}={word}" for each, word in all_of.items()))

    return choose


@solara.component
def Code(
    code: str, count: int, meaning: str, choose: Callable[[str, str], None], disabled: bool
) -> None:
    """Ask what one code means."""
    options = MEANINGS if meaning else {"": "not said: choose", **MEANINGS}
    ChoiceField(
        f"{code[:40]} means", meaning, lambda word: choose(code, word), options=options,
        hint=f"{count:,} times", disabled=disabled,
    )  # fmt: skip


@solara.component
def FirstLook(source: Source | None) -> None:
    """Show the first members and roll calls as they are read, before anything is fitted."""
    looked: LookedVotes | None = use_job(LOOK).result
    if source is None or source.votes is None or looked is None or not looked.head:
        return
    heads = [tag("th", text, scope="col") for text in ("Member", "Party", *looked.calls)]
    rows = [
        tag("tr", tag("th", name, scope="row"), tag("td", party), *(_cell(word) for word in words))
        for name, party, *words in looked.head
    ]
    with Card("The first votes, as they are read", note=KEY):
        tag(
            "div",
            tag("table", tag("thead", tag("tr", *heads)), tag("tbody", *rows), css="sp-table",
                aria_label="First votes"),
            css="sp-scroll", tabindex="0", role="region", aria_label="Table of first votes",
        )  # fmt: skip
        for note in looked.notes:
            tag("p", f"{note[:1].upper()}{note[1:]}.", css="sp-note")


KEY = "● yea, ○ nay, ◐ abstained, blank no vote, × no member then."


def _cell(word: str) -> Any:
    return tag("td", tag("span", MARKS[word], aria_hidden="true"),
               tag("span", word, css="sp-hidden"))  # fmt: skip
