"""One member's page: where they stand, whom they go with, whom they oppose."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import solara

from sociophysics.live.fitted_chamber import FittedChamber, display_name

from ..fields import ChoiceField
from ..glossary import Quantity, Term, shown
from ..markup import tag
from ..settings import Settings

__all__ = ["MemberPage", "member_sentence", "ties_of"]

FRIENDS, OPPONENTS = 8, 4


def ties_of(fitted: FittedChamber, member: int) -> pd.DataFrame:
    """Return a member's ties, strongest first: ``other``, ``party`` and the fit's columns."""
    own = str(fitted.members["id"].iloc[member])
    table = fitted.couplings
    first = table[table["id_i"] == own].rename(columns={"name_j": "other", "party_j": "party"})
    second = table[table["id_j"] == own].rename(columns={"name_i": "other", "party_i": "party"})
    columns = ["other", "party", "coupling", "coupling_at_error_l2", "low", "high",
               "sign_probability", "stability"]  # fmt: skip
    both = pd.concat([first[columns], second[columns]])
    order = np.argsort(-both["coupling"].abs().to_numpy(), kind="stable")
    return both.iloc[order].reset_index(drop=True)


def member_sentence(fitted: FittedChamber, member: int) -> str:
    """Return what is remarkable about a member, from the numbers."""
    row = fitted.members.iloc[member]
    ties = ties_of(fitted, member)
    friend = ties[ties["coupling"] > 0].head(1)
    told = fitted.names[member]
    if len(friend):
        who = display_name(str(friend["other"].iloc[0]))
        told += f" goes most with {who}"
    if pd.notna(row["bridging"]) and len(fitted.camp_names) > 1:
        rank = int((fitted.members["bridging"] > row["bridging"]).sum()) + 1
        told += (
            f"{', and' if len(friend) else ':'} {100 * row['bridging']:.0f} % of the pull goes to "
            f"other parties: rank {rank} of {fitted.n} in bridging"
        )
    return told + "."


@solara.component
def MemberPage(fitted: FittedChamber, settings: Settings, member: int) -> None:
    """Choose a member, and show the numbers and the strongest ties."""
    row = fitted.members.iloc[member]
    order = np.argsort(np.array(fitted.names))
    ChoiceField(
        "Member", str(row["id"]), lambda value: settings.set(member=value),
        options={str(fitted.members["id"].iloc[i]): fitted.names_once[i] for i in order},
        help="Members can also be chosen by a click in the network or in the matrix.",
    )  # fmt: skip
    tag("p", member_sentence(fitted, member), css="sp-rc-seen")
    with solara.Div(classes=["sp-figures"]):
        for name, value, interval in _numbers(fitted, member, row):
            Quantity(name, value, interval=interval)
    ties = ties_of(fitted, member)
    friends = ties[ties["coupling"] > 0].head(FRIENDS)
    opponents = ties[ties["coupling"] < 0].head(OPPONENTS)
    with solara.Div(classes=["sp-rc-ties"] if fitted.quick else ["sp-rc-ties", "sp-rc-ties-full"]):
        _table(fitted, "Goes with", friends)
        _table(fitted, "Goes against", opponents)
    tag("p", _note(fitted), css="sp-note")


def _numbers(fitted: FittedChamber, member: int, row: Any) -> list[tuple[str, float, Any]]:
    point, error = float(row["ideal_point"]), 1.96 * float(row["ideal_point_error"])
    numbers: list[tuple[str, float, Any]] = [("ideal_point", point, (point - error, point + error))]
    if fitted.polarity != "arbitrary":
        field = float(row["field"])
        numbers.append(("member_field", field, None))
    strength, bridging = float(row["strength"]), float(row["bridging"])
    numbers.append(("member_strength", strength, None))
    if len(fitted.camp_names) > 1:
        numbers.append(("bridging", bridging, None))
        numbers.append(("dissent", float(row["dissent"]), None))
    if pd.notna(row["pivotal"]):
        numbers.append(("pivotal", float(row["pivotal"]), None))
    return [*numbers, ("presence", float(row["presence"]), None)]


def _table(fitted: FittedChamber, title: str, ties: pd.DataFrame) -> None:
    heads = [tag("th", title), tag("th", Term("coupling"), css="sp-right")]
    if not fitted.quick:
        heads += [
            tag("th", Term("refit"), css="sp-right"),
            tag("th", Term("sign_probability"), css="sp-right"),
            tag("th", Term("stability"), css="sp-right"),
        ]
    top = float(fitted.couplings["coupling"].abs().max()) or 1.0
    rows = []
    for tie in ties.to_dict("records"):
        value = float(tie["coupling"])
        bar = tag("i", css="sp-rc-bar" if value > 0 else "sp-rc-bar sp-rc-bar-against",
                  style=f"width: {44 * abs(value) / top:.0f}px")  # fmt: skip
        cells = [
            tag("td", display_name(str(tie["other"])), bar),
            tag("td", shown(value), css="sp-right"),
        ]
        if not fitted.quick:
            low, high = shown(float(tie["low"]), 2), shown(float(tie["high"]), 2)
            again = shown(float(tie["coupling_at_error_l2"]), 2)
            cells += [
                tag("td", f"{again} ({low} to {high})", css="sp-right sp-rc-interval"),
                tag(
                    "td", f"{float(tie['sign_probability']):.0%}".replace("%", " %"), css="sp-right"
                ),
                tag("td", f"{float(tie['stability']):.0%}".replace("%", " %"), css="sp-right"),
            ]
        rows.append(tag("tr", *cells))
    if not rows:
        rows = [tag("tr", tag("td", "nobody", colspan="5"))]
    tag(
        "div",
        tag("table", tag("thead", tag("tr", *heads)), tag("tbody", *rows), css="sp-table"),
        css="sp-scroll",
    )


def _note(fitted: FittedChamber) -> str:
    told = "Couplings are statistical ties once all other votes are known, not proof of influence."
    if fitted.quick:
        return (
            f"{told} Point estimates: a quick fit has no intervals of ties. The interval of the "
            "ideal point is 95 %."
        )
    return (
        f"{told} Intervals are 95 %. The coupling that predicts best is held near zero by its "
        "penalty; intervals of ties belong to a refit with less of it, in brackets behind its "
        "estimate. Strength, bridging and field are of the fit that predicts best and have none: "
        "sums of what is held near zero do not reach the chamber's own. members.csv has the "
        "interval of the rank in bridging."
    )
