"""The society at a glance: who is there, what is missing, and whether a feed could move it."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import solara

import sociophysics as sp

from ..markup import Banner, tag
from ..settings import Settings
from ..work import Job, Stage, kept_job, use_job
from .moments import JOB
from .society import Uploaded, called

__all__ = ["Glance", "Seen", "looked_at"]

QUIET = 0.4  # seconds without a change of the settings before the society is looked at
WAKE = 0.05
FEW = 4  # camps that the line names
STATES = (
    "By a short trial of one replica, before anything is done to the society. Ordered: most hold "
    "one stance; split: each camp its own; critical: close to where it tips; mixed: none of these; "
    "frozen: hardly anybody changes."
)


@dataclass(frozen=True)
class Seen:
    """The card of a society in the words of the page.

    Attributes
    ----------
    line : tuple of str
        Users, ties, signs, camps, missing, state: what fits on a line.
    sentences : tuple of str
        All of the card.
    warning : str
        What must be known before anything is asked; empty if nothing.
    """

    line: tuple[str, ...]
    sentences: tuple[str, ...]
    warning: str


def looked_at(
    scenario: sp.Scenario,
    values: Mapping[str, Any],
    named: Callable[[str], str] = lambda text: text,
) -> Seen:
    """Return the card of the page's society.

    Parameters
    ----------
    scenario : Scenario
        Of two designs, left and right.
    values : mapping
        Of ``SETTINGS``.
    named : callable, optional
        Puts a person's file names into a sentence in place of those of our copies.

    Raises
    ------
    InputError
        The society cannot be built.

    Examples
    --------
    >>> from dashboards.feed_lab.scenario import scenario_of
    >>> from dashboards.feed_lab.settings import SETTINGS
    >>> values = {name: kind.default for name, kind in SETTINGS.items()}
    >>> values["network"] = "karate"
    >>> looked_at(scenario_of(values), values).line[:3]
    ('34 users', '78 ties, none hostile', '17 Mr. Hi, 17 Officer')
    """
    card = sp.study.card_of_scenario(scenario)
    before, members = card.membership.sentences(), card.membership
    camps = None
    if members.camps is not None:
        camps = {called(scenario.network, name): count for name, count in members.camps.items()}
    renamed = members._replace(camps=camps)
    facts = [fact for fact in card.facts if fact not in before] + renamed.sentences()
    states = [(row["design"], row["state"]) for row in card.standing]
    hostile = card.card.antagonistic
    line = [
        _many(card.card.users, "user"),
        f"{_many(card.card.ties, 'tie')}, {f'{hostile:,}' if hostile else 'none'} hostile",
        _camps(camps),
        *([f"{renamed.without_camp:,} without a camp"] if renamed.without_camp else []),
        *([f"{card.card.alone:,} without a tie"] if card.card.alone else []),
        _stands(states),
    ]
    said = card._replace(facts=facts).sentences()
    return Seen(tuple(line), tuple(named(sentence) for sentence in said), _frozen(states, values))


def _many(count: int, noun: str) -> str:
    return f"{count:,} {noun}{'' if count == 1 else 's'}"


def _camps(camps: Mapping[str, int] | None) -> str:
    if not camps:
        return "no camps"
    if len(camps) > FEW:
        return f"{len(camps)} camps"
    return ", ".join(f"{count:,} {name}" for name, count in camps.items())


def _stands(states: list[tuple[str, str]]) -> str:
    if len({state for _, state in states}) == 1:
        return f"{states[0][1]} on both sides"
    return ", ".join(f"{state} {_under(design)}" for design, state in states)


def _under(design: str) -> str:
    return "without a feed" if design == "no feed" else f"under {design}"


def _frozen(states: list[tuple[str, str]], values: Mapping[str, Any]) -> str:
    still = [_under(design) for design, state in states if state == "frozen"]
    if not still:
        return ""
    where = "" if len(still) == len(states) else f" {still[0]}"
    way = "raise the noise"
    if values["normalize"] == "none":
        way += ", or divide pulls by numbers of ties"
    return f"Frozen{where}: no feed can make a difference here; {way}."


@solara.component
def Glance(settings: Settings, scenario: sp.Scenario | None, uploaded: Uploaded | None) -> None:
    """Show the card of the society: a line, all of it behind a press, and a warning."""
    job, live = use_job(), kept_job(JOB)
    turn: threading.Lock = solara.use_memo(threading.Lock, [])
    last = solara.use_ref(None)
    values = settings.values

    def look() -> None:
        if scenario is None:
            job.forget()
            return
        named = uploaded.in_its_name if uploaded else str
        job.start(_work(live, turn, lambda: looked_at(scenario, values, named)))

    solara.use_effect(look, [_society(scenario), id(uploaded)])
    if job.stage == Stage.DONE:
        last.current = job.result
    elif job.stage in (Stage.IDLE, Stage.FAILED):
        last.current = None  # the run says what is wrong with the settings
    seen: Seen | None = last.current
    with solara.Div(classes=["sp-lab-glance"]):
        if seen is None:
            tag("p", "Looking at the society" if job.busy else "", css="sp-note")
            return
        Known(seen, job.busy)
        if seen.warning:
            Banner(seen.warning, kind="warning")


@solara.component
def Known(seen: Seen, busy: bool) -> None:
    """Show the line, and behind it all sentences; pale while another society is looked at."""
    tag(
        "details",
        tag("summary", *(tag("span", part) for part in seen.line)),
        tag("ul", *(tag("li", _sentence(said)) for said in seen.sentences)),
        tag("p", STATES, css="sp-note"),
        css="sp-lab-stale" if busy else "",
    )


def _sentence(text: str) -> str:
    return f"{text[:1].upper()}{text[1:]}."


def _society(scenario: sp.Scenario | None) -> str:
    """Return what tells societies apart; what is done to one while it runs is not looked at."""
    if scenario is None:
        return ""
    tables = scenario.canonical()
    feeds = [(design["name"], design.get("feed")) for design in tables["designs"]]
    kept = ("seed", "network", "couplings", "field", "dynamics")
    return repr((feeds, [tables[name] for name in kept]))


def _work(live: Job, turn: threading.Lock, look: Callable[[], Seen]) -> Callable[[Job], Seen]:
    """Return work that waits for its turn: after the first picture, and one society at a time."""

    def work(job: Job) -> Seen:
        ready = time.monotonic() + QUIET
        while time.monotonic() < ready or (live.busy and live.frame is None):
            job.check()
            time.sleep(WAKE)
        while not turn.acquire(timeout=WAKE):
            job.check()
        try:
            job.check()
            return look()
        finally:
            turn.release()

    return work
