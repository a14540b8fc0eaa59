"""The list of runs: one row each, with what it asked and how far it is."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import solara

from sociophysics.live.listed_runs import ListedRun, chosen

from ..fields import SettingField
from ..glossary import Term, shown
from ..markup import Card, Element, tag
from ..settings import Settings
from ..states import StateCard
from ..work import kept_job
from .buttons import CheckBox, Link
from .continuing import JOB, continuing
from .example import example
from .settings import BETWEEN, names_beside
from .words import size_words, sweep_words

__all__ = ["RunList"]

MOST = 200  # rows on a page
MOST_BESIDE = 4  # runs that are compared
SIGNS = {
    "finished": "●", "unfinished": "◐", "damaged": "!", "report only": "○", "tipping search": "○"
}  # fmt: skip


@solara.component
def RunList(settings: Settings, entries: list[ListedRun], root: Path) -> None:
    """Show the runs of the folder; a press on a title opens one, marked ones are compared."""
    rows = chosen(entries, find=settings["find"], show=settings["show"], order=settings["order"])
    marked = names_beside(settings["beside"])
    here = [entry.name for entry in entries if entry.name in marked]

    def compare() -> None:
        settings.set(run=here[0], beside=BETWEEN.join(here[1:]))

    with Card():
        if not entries:
            Empty(settings, root)
            return
        with solara.Div(classes=["sp-runs-filter"]):
            SettingField(settings, "find", label="Find", hint="Words of title, question, designs")
            SettingField(settings, "show", label="Show")
            SettingField(settings, "order", label="Order")
            with solara.Div(classes=["sp-runs-compare"]):
                solara.Button(
                    f"Compare {len(here)} runs" if len(here) > 1 else "Compare marked runs",
                    on_click=compare, disabled=not 2 <= len(here) <= MOST_BESIDE,
                    classes=["sp-button", "sp-button-main"],
                )  # fmt: skip
                tag("p", _advice(len(here)), css="sp-field-hint")
        with solara.Div():
            if rows:
                Rows(rows[:MOST], marked, settings)
            else:
                StateCard("empty", title="No run fits", text="Change the words or what is shown.")
            if len(rows) > MOST:
                tag("p", f"The first {MOST} are shown; find the others by a word.", css="sp-note")


@solara.component
def Empty(settings: Settings, root: Path) -> None:
    """Say where runs come from, and make one at the press of a button."""

    def press() -> None:
        entry, scenario = example(root)
        kept_job(JOB).start(continuing(entry, scenario))
        settings.set(run=entry.name)

    StateCard(
        "empty", title="No runs yet",
        text="Press Measure on the Feed lab page, or run a scenario file into this folder as "
        "below: a run appears here while it is still going on. Or begin with an example: four "
        "feeds in a karate club that is about to split, done in some seconds.",
        action="Run the example", on_action=press,
    )  # fmt: skip
    tag("pre", f"sociophysics run scenario.toml --out {root}/my-run", css="sp-code")


def _advice(count: int) -> str:
    if count > MOST_BESIDE:
        return f"At most {MOST_BESIDE} runs fit beside each other."
    return {0: "Mark two or more.", 1: "Mark one more."}.get(count, f"{count} marked.")


@solara.component
def Rows(rows: list[ListedRun], marked: list[str], settings: Settings) -> None:
    """Show the table."""
    heads = [
        tag("th", tag("span", "Compare", css="sp-hidden"), scope="col"),
        *(tag("th", text, scope="col") for text in ("Run", "State", "Designs", "Swept")),
        *(
            tag("th", text, scope="col", css="sp-right")
            for text in ("Parts", "Replicas", "Users", "Seed")
        ),
        *(tag("th", text, scope="col") for text in ("Begun", "Version")),
    ]
    body = [_row(entry, entry.name in marked, settings) for entry in rows]
    with solara.Div(classes=["sp-scroll"]):
        tag("table", tag("thead", tag("tr", *heads)), tag("tbody", *body),
            css="sp-table sp-runs-table")  # fmt: skip
    with solara.Div(classes=["sp-runs-words"]):
        tag("span", "What the columns mean:", css="sp-note")
        for word in ("replica", "users", "seed", "run_part"):
            Term(word)


def _row(entry: ListedRun, marked: bool, settings: Settings) -> Element:
    under = entry.problem or entry.question or (entry.name if entry.title else "")
    name = [tag("span", entry.name, css="sp-runs-name")] if entry.title else []
    designs = f"{len(entry.designs)}: {', '.join(entry.designs)}" if entry.designs else "one"
    run = entry.kind == "run"

    def open_it() -> None:
        settings.set(run=entry.name, beside="")

    box = CheckBox(f"Compare {entry.name}", marked, _toggle(entry, settings)) if run else ""
    cells = [
        tag("td", box),
        tag(
            "td",
            Link(entry.heading, open_it, css="sp-runs-title"),
            *name,
            *([tag("p", under, css="sp-runs-under")] if under and under != entry.name else []),
            css="sp-runs-first",
        ),
        tag("td", tag("span", f"{SIGNS[entry.state]} ", aria_hidden="true"), entry.state,
            css=f"sp-runs-state sp-runs-{entry.state.split()[0]}"),
        tag("td", designs if run else "", css="sp-runs-designs"),
        tag("td", sweep_words(entry) if run else ""),
        *(tag("td", text, css="sp-right sp-runs-date") for text in _numbers(entry)),
        tag("td", f"{entry.date:%Y-%m-%d %H:%M}" if entry.date else "", css="sp-runs-date"),
        tag("td", entry.version),
    ]  # fmt: skip
    return tag("tr", *cells)


def _numbers(entry: ListedRun) -> tuple[str, ...]:
    if entry.kind != "run":
        return ("", "", "", "")
    return (
        size_words(entry),
        shown(entry.replicas),
        shown(entry.users),
        "" if entry.seed is None else str(entry.seed),
    )


def _toggle(entry: ListedRun, settings: Settings) -> Callable[[], None]:
    def toggle() -> None:
        names = names_beside(settings["beside"])
        names = [n for n in names if n != entry.name] if entry.name in names else [
            *names, entry.name]  # fmt: skip
        settings.set(beside=BETWEEN.join(names))

    return toggle
