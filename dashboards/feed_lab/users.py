"""Find a user, and understand them: who they hear, what the feed shows them and why, what pulls."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import solara

import sociophysics as sp

from ..fields import TextField
from ..figure import StaticFigure
from ..glossary import shown
from ..markup import Card, Element, Row, tag
from ..palette import DOWN_EDGE, UP
from ..states import StateCard
from .following import use_now_and_then, use_part
from .moments import Moment, Shown
from .past import PAST, turned

__all__ = ["Users", "feed_now", "found_users", "pulls_on"]

MOST_FOUND, MOST_NEIGHBORS = 12, 8
NOTE = (
    "The first replica of each side at this sweep. Bars to the right pull toward for, to the left "
    "toward against, in units of the couplings; together they are the effective field, and noise "
    "decides how often it is followed. The feed's bar acted in the last sweep."
)
THEN = (
    "At sweep {sweep:,}, as the pictures show it. The outside push and the feed's are kept for the "
    "newest sweep alone, and so are rewired ties; the slider's end shows them."
)
EMPTY = "Search by name, click a user in a network, or go through them there with the key n."


def found_users(names: list[str], text: str) -> list[int]:
    """Return users whose name holds a text, those that begin with it first.

    Examples
    --------
    >>> found_users(["dailykos.com", "kos.org", "a"], "KOS")
    [1, 0]
    """
    wanted = text.strip().lower()
    hits = [
        (not name.lower().startswith(wanted), len(name), i)
        for i, name in enumerate(names)
        if wanted and wanted in name.lower()
    ]
    return [i for _, _, i in sorted(hits)[:MOST_FOUND]]


def pulls_on(side: Shown, user: int) -> dict[str, float]:
    """Return what pulls one user, toward for above 0: ties, field and feed.

    Examples
    --------
    >>> system = sp.SpinSystem.from_edges([0, 1], [1, 2])
    >>> spins, zeros = np.array([1, 1, 1], dtype=np.int8), np.zeros(3)
    >>> pulls_on(Shown("a", spins, system, None, zeros, zeros + 0.5), 1)
    {'Ties': 2.0, 'Outside push': 0.0, 'Feed': 0.5}
    """
    matrix = side.system.J
    row = slice(matrix.indptr[user], matrix.indptr[user + 1])
    ties = float(matrix.data[row] @ side.spins[matrix.indices[row]])
    return {"Ties": ties, "Outside push": float(side.field[user]), "Feed": float(side.phi[user])}


def feed_now(moment: Moment, k: int) -> Any:
    """Return the feed that acts on a side now: its design's, or that of the last switch."""
    settings = moment.live.sides[k].settings
    switched = [
        act.feed
        for act in settings.interventions or ()
        if act.kind == "feed" and act.at < moment.sweep
    ]
    return switched[-1] if switched else settings.feed


@solara.component
def Users(selected: list[int], on_selected: Callable[[list[int]], None], seen: bool) -> None:
    """Search, and show the one user who is chosen, on both sides."""
    text = solara.use_reactive("")
    now: Moment | None = use_now_and_then().frame
    use_part(lambda job: job.frame, PAST)
    moment = turned(now)
    names = solara.use_memo(
        lambda: [] if moment is None else moment.sides[0].drawn.labels.split("\n"),
        [None if moment is None else moment.sides[0].drawn.labels],
    )
    with Card("Find a user", note=NOTE), solara.Div(classes=["sp-lab-fields"]):
        with solara.Div(classes=["sp-lab-find"]):
            TextField("Name or part of it", text.value, text.set, longest=80)
        found = found_users(names, text.value)
        with Row():
            for i in found:
                Named(names[i], i, on_selected)
            if text.value.strip() and not found:
                tag("p", "No user is called that.", css="sp-note", role="status")
        with solara.Div():
            if moment is None or not seen or len(selected) != 1:
                StateCard("empty", title="Nobody chosen", text=EMPTY)
            elif selected[0] < moment.sides[0].system.n:
                with Row(columns=2):
                    for k in (0, 1):
                        _one(moment, moment is not now, k, selected[0], names, on_selected)


@solara.component
def Named(name: str, user: int, on_selected: Callable[[list[int]], None]) -> None:
    """Call a user by name; pressing the name chooses the user."""
    tag(
        "button", name, css="sp-link", type="button", on_click=lambda: on_selected([user]),
        aria_label=f"Show {name}",
    )  # fmt: skip


def _name(names: list[str], user: int) -> str:
    return names[user] if user < len(names) and names[user] else f"user {user}"


def _stance(up: bool) -> Element:
    mark = tag("i", css="sp-key-up" if up else "sp-key-down")
    return tag("span", mark, "for" if up else "against", css="sp-key")


def _one(
    moment: Moment,
    back: bool,
    k: int,
    user: int,
    names: list[str],
    on_selected: Callable[[list[int]], None],
) -> None:
    """Show a user on one side; of what is looked ``back`` at, only what was recorded."""
    side, pulls = moment.sides[k], pulls_on(moment.sides[k], user)
    camp = "" if moment.camps is None or moment.camps[user] < 0 else (
        f", {moment.camp_names[moment.camps[user]]}"
    )  # fmt: skip
    with solara.Div(classes=["sp-lab-fields"]):
        tag("h3", f"{_name(names, user)}{camp}: {side.name}", css="sp-lab-subtitle")
        tag("div", _stance(bool(side.spins[user] > 0)), css="sp-keys")
        _bars({"Ties": pulls["Ties"]} if back else pulls)
        words = THEN.format(sweep=moment.sweep) if back else _why(moment, k, user)
        tag("p", words, css="sp-note")
        _past(moment, k, user)
        _neighbors(side, user, names, on_selected)


def _bars(pulls: dict[str, float]) -> None:
    largest = max(1e-9, *(abs(pull) for pull in pulls.values()))
    rows = []
    together = {"Together": sum(pulls.values())} if len(pulls) > 1 else {}
    for name, pull in {**pulls, **together}.items():
        half = 50 * min(1.0, abs(pull) / largest)
        place = f"width: {half:.1f}%; {'left' if pull >= 0 else 'right'}: 50%"
        css = f"sp-pull-bar {'sp-pull-up' if pull >= 0 else 'sp-pull-down'}"
        bar = tag("span", tag("i", css=css, style=place), css="sp-pull", aria_hidden="true")
        number = tag("td", shown(round(pull, 3) + 0.0), css="sp-right")
        rows.append(tag("tr", tag("th", name, scope="row"), tag("td", bar), number))
    tag("table", tag("tbody", *rows), css="sp-table sp-pulls")


def _why(moment: Moment, k: int, user: int) -> str:
    """Return what the feed showed a user and why, in the ranker's own numbers."""
    feed, side = feed_now(moment, k), moment.sides[k]
    if feed is None or feed.kind == "none":
        return "No feed acts: this user hears only ties and the outside push."
    label, pull = feed.label().split(":")[0], float(side.phi[user])
    strength = getattr(feed, "strength", None)
    if not isinstance(feed, sp.feeds.Shown) or not strength or feed.signed:
        return f"{label} pulls by {shown(pull)} (at most {shown(feed.bound)} here)."
    alpha, gamma = feed.ranker
    share = 50 * (1 + pull / strength)
    drawn = "all ranked posts" if feed.posts is None else f"{feed.posts} ranked posts"
    return (
        f"{label} shows {drawn} of the pool “{feed.pool_kind}”, by popularity {shown(alpha)} and "
        f"agreement {shown(gamma)}: {shown(round(share), 0)} % of what is shown says for, which "
        f"pulls by strength {shown(strength)} times {shown(pull / strength)}."
    )


def _past(moment: Moment, k: int, user: int) -> None:
    sweeps, stances = moment.history.of_user(user, k)
    if len(sweeps) < 2:
        return
    changed = int((np.diff(stances) != 0).sum())
    share = float((stances > 0).mean())
    wide = 100 / len(sweeps)
    marks = "".join(
        f'<rect x="{i * wide:.3f}" y="{0 if up else 6}" width="{wide + 0.05:.3f}" height="6" '
        f'fill="{UP if up else DOWN_EDGE}"/>'
        for i, up in enumerate((stances > 0).tolist())
    )
    svg = (
        '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 100 12" width="400" height="24" '
        f'preserveAspectRatio="none">{marks}</svg>'
    )
    words = (
        f"Stance at the {len(sweeps):,} recorded sweeps {sweeps[0]:,} to {sweeps[-1]:,}: for in "
        f"{share:.0%} of them, {changed:,} changes."
    )
    StaticFigure(svg, alt=words)
    tag("p", words, css="sp-note")


def _neighbors(
    side: Shown, user: int, names: list[str], on_selected: Callable[[list[int]], None]
) -> None:
    matrix = side.system.J
    row = slice(matrix.indptr[user], matrix.indptr[user + 1])
    heard, pulls = matrix.indices[row], matrix.data[row]
    degrees = np.diff(matrix.indptr)[heard]
    rows = []
    for i in np.argsort(-degrees, kind="stable")[:MOST_NEIGHBORS]:
        other = int(heard[i])
        rows.append(
            tag(
                "tr",
                tag("td", Named(_name(names, other), other, on_selected)),
                tag("td", _stance(bool(side.spins[other] > 0))),
                tag("td", shown(float(pulls[i] * side.spins[other])), css="sp-right"),
                tag("td", f"{degrees[i]:,}", css="sp-right"),
            )
        )
    heads = [tag("th", "Hears", scope="col"), tag("th", "Stance", scope="col"),
             tag("th", "Pull", css="sp-right", scope="col"),
             tag("th", "Ties", css="sp-right", scope="col")]  # fmt: skip
    table = tag("table", tag("thead", tag("tr", *heads)), tag("tbody", *rows), css="sp-table")
    tag("div", table, css="sp-scroll")
    if len(heard) > MOST_NEIGHBORS:
        tag("p", f"{MOST_NEIGHBORS} of {len(heard):,}, the best connected.", css="sp-note")
