"""Echo chambers of both sides, and what the feeds showed."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import solara
from numpy.typing import NDArray

import sociophysics as sp

from ..glossary import Term, shown
from ..markup import Card, Row, tag
from ..states import StateCard
from .following import use_now_and_then
from .moments import Moment, Shown

__all__ = ["Chambers", "Exposure", "camp_mix"]

MOST = 5
EXPOSURE = ("exposure_agreement", "exposure_out_group", "attention_gini")


def camp_mix(members: NDArray[np.int64], camps: NDArray[np.int64] | None,
             names: tuple[str, ...]) -> str:  # fmt: skip
    """Return how many members of a chamber belong to each camp.

    Examples
    --------
    >>> camp_mix(np.array([0, 1, 2]), np.array([0, 0, 1, 1]), ("left", "right"))
    'left 2, right 1'
    """
    if camps is None:
        return ""
    counts = [(int((camps[members] == c).sum()), name) for c, name in enumerate(names)]
    listed = ", ".join(f"{name} {count:,}" for count, name in counts if count)
    none = int((camps[members] < 0).sum())
    return ", ".join(part for part in (listed, f"none {none:,}" if none else "") if part)


@solara.component
def Chambers(on_selected: Callable[[list[int]], None], seen: bool = True) -> None:
    """List the largest echo chambers of both sides; a click selects their users."""
    moment: Moment | None = use_now_and_then().frame
    with Card("Echo chambers", note=NOTE):
        if moment is None:
            StateCard("empty", title="No chambers yet", text="They are listed while it runs.")
            return
        if not seen:
            return  # to find them walks all ties
        with Row(columns=2):
            for side in moment.sides:
                _table(side, moment, on_selected)


NOTE = (
    "Users of one stance who are connected through friendly ties among themselves (domains), in "
    "the first replica. In a dense network even random stances form a large one: compare the sides."
)


def _table(side: Shown, moment: Moment, on_selected: Callable[[list[int]], None]) -> None:
    found = sp.observables.domains.domains(side.system, side.spins)
    rows = [
        ChamberRow(side, found.members(domain), domain + 1, moment, on_selected)
        for domain in range(min(MOST, len(found.sizes)))
        if found.sizes[domain] > 1
    ]
    heads = [tag("th", "Users", css="sp-right"), tag("th", "Stance"), tag("th", "Camps"),
             tag("td", "")]  # fmt: skip
    alone = int((found.sizes == 1).sum())
    with solara.Div(classes=["sp-lab-fields"]):
        tag("h3", side.name[:1].upper() + side.name[1:], css="sp-lab-subtitle")
        tag(
            "div",
            tag("table", tag("thead", tag("tr", *heads)), tag("tbody", *rows), css="sp-table"),
            css="sp-scroll",
        )
        tag("p", f"{len(found.sizes):,} chambers, {alone:,} of them one user alone.", css="sp-note")


@solara.component
def Exposure(seen: bool = True) -> None:
    """Show what the feeds showed to whom, on both sides."""
    moment: Moment | None = use_now_and_then().frame
    with Card("What the feeds show", note=SHOWN):
        if moment is None:
            StateCard("empty", title="No posts yet", text="Shares appear while it runs.")
            return
        if not seen:
            return
        heads = [tag("td", ""), *(tag("th", side.name, css="sp-right") for side in moment.sides)]
        rows = []
        for name in [each for each in EXPOSURE if each in moment.live.names]:
            cells = [tag("td", Term(name))]
            for side in moment.sides:
                values = moment.values(side.name, name)
                cells.append(tag("td", _with_spread(values), css="sp-right"))
            rows.append(tag("tr", *cells))
        tag(
            "div",
            tag("table", tag("thead", tag("tr", *heads)), tag("tbody", *rows), css="sp-table"),
            css="sp-scroll",
        )


@solara.component
def ChamberRow(
    side: Shown,
    members: NDArray[np.int64],
    rank: int,
    moment: Moment,
    on_selected: Callable[[list[int]], None],
) -> None:
    """Show one chamber, with a button that selects its users."""
    up = bool(side.spins[members[0]] > 0)
    mark = tag("i", css="sp-key-up" if up else "sp-key-down")
    choose = tag(
        "button", "Select", css="sp-link", type="button",
        aria_label=f"Select the {len(members):,} users of chamber {rank}, {side.name}",
        on_click=lambda: on_selected([int(i) for i in members]),
    )  # fmt: skip
    tag(
        "tr",
        tag("td", f"{len(members):,}", css="sp-right"),
        tag("td", tag("span", mark, "for" if up else "against", css="sp-key")),
        tag("td", camp_mix(members, moment.camps, moment.camp_names) or "–"),
        tag("td", choose, css="sp-right"),
    )


SHOWN = (
    "Means over the live replicas at this sweep, the middle 80 % of them behind. A feed that "
    "shows no posts (none, self-echo, memory, amplifier) has no values."
)


def _with_spread(values: NDArray[np.float64]) -> str:
    known = values[np.isfinite(values)]
    if not len(known):
        return "no posts"
    text = shown(float(known.mean()), 2)
    if len(known) == 1:
        return text
    low, high = (shown(float(end), 2) for end in np.quantile(known, [0.1, 0.9]))
    return f"{text}  ({low} to {high})"
