"""Ideal points on the page: members on a map, the list of roll calls, lines and misses."""

from __future__ import annotations

from collections.abc import Callable

import pandas as pd
import solara

import sociophysics as sp
from sociophysics.live.fitted_chamber import FittedChamber
from sociophysics.live.ideal_point_map import IdealPointMap, read_map

from ..fields import ChoiceField, SettingField
from ..figure import Download, StaticFigure
from ..markup import Banner, tag
from ..runs.buttons import Link
from ..settings import Settings

__all__ = ["PointsMap", "RollCallList", "use_map"]

MOST_LISTED = 60  # roll calls in the table; all are in the choice
MOST_OFFERED = 2_000


def use_map(fitted: FittedChamber) -> tuple[IdealPointMap | None, str]:
    """Return the chamber's map, and a sentence if there is none. A hook."""

    def read() -> tuple[IdealPointMap | None, str]:
        try:
            found = read_map(fitted.folder, [str(each) for each in fitted.members["id"]])
        except sp.InputError as error:
            return None, str(error)
        return found, "" if found else "This fit is of a version without a map; fit it again."

    found: tuple[IdealPointMap | None, str] = solara.use_memo(read, [fitted.folder, fitted.stamp])
    return found


@solara.component
def PointsMap(fitted: FittedChamber, settings: Settings, member: int) -> None:
    """Draw the members, and the line of the chosen roll call."""
    drawn, problem = use_map(fitted)
    with solara.Div(classes=["sp-rc-files"]):
        if drawn is None:
            Banner(problem)
            return
        rollcall = settings["rollcall"]
        names = dict(zip(fitted.members["id"].astype(str), fitted.names, strict=True))
        said = drawn.sentence(rollcall, names) if rollcall else CHOOSE
        tag("p", said or CHOOSE, css="sp-rc-seen", role="status")
        svg = drawn.svg(fitted.side, fitted.names, member, rollcall)
        StaticFigure(svg, f"{fitted.title}: members by ideal point. {said}")
        first, second = fitted.side_names
        keys = [
            tag("span", f"● {first}", css="sp-key"), tag("span", f"◇ {second}", css="sp-key"),
            tag("span", "– – cutting line", css="sp-key"),
            tag("span", "red rim: voted on the other side of the line", css="sp-key"),
        ]  # fmt: skip
        tag("div", *keys, css="sp-keys")
        Download("Map (SVG)", svg.encode, filename="ideal-points.svg", mime="image/svg+xml")


CHOOSE = "Choose a roll call to see its cutting line, and who voted across it."


@solara.component
def RollCallList(fitted: FittedChamber, settings: Settings) -> None:
    """List the roll calls; a press on one draws its line."""
    drawn, problem = use_map(fitted)
    with solara.Div(classes=["sp-rc-files"]):
        if drawn is None:
            Banner(problem)
            return
        table = drawn.ranked(settings["calls"])
        offered = sorted(table["rollcall"].astype(str).head(MOST_OFFERED))
        SettingField(settings, "calls", label="Order")
        ChoiceField(
            "Roll call", settings["rollcall"] if settings["rollcall"] in offered else "",
            lambda value: settings.set(rollcall=value),
            options={"": "None", **{each: each for each in offered}},
        )  # fmt: skip
        Rows(table.head(MOST_LISTED), lambda name: settings.set(rollcall=name))
        Download("Roll calls (CSV)", lambda: table.to_csv(index=False).encode(),
                 filename="roll-calls.csv", mime="text/csv")  # fmt: skip


@solara.component
def Rows(table: pd.DataFrame, on_chosen: Callable[[str], None]) -> None:
    """Show roll calls in a table."""
    heads = [tag("th", "Roll call", scope="col"), *(
        tag("th", text, scope="col", css="sp-right") for text in ("Yea", "Nay", "Missed", "PRE")
    )]  # fmt: skip
    body = []
    for row in table.to_dict("records"):
        name = str(row["rollcall"])
        cells = (f"{row['yeas']:.0f}", f"{row['nays']:.0f}", f"{row['errors']:.0f}",
                 f"{row['pre']:.2f}")  # fmt: skip
        body.append(
            tag("tr", tag("td", Call(name, on_chosen)),
                *(tag("td", text, css="sp-right") for text in cells))
        )  # fmt: skip
    with solara.Div(classes=["sp-scroll sp-rc-calls"]):
        tag("table", tag("thead", tag("tr", *heads)), tag("tbody", *body), css="sp-table",
            aria_label="Roll calls")  # fmt: skip
        tag("p", "PRE: share of the minority's votes that the line explains; below 0 it explains "
            "less than saying that all go with the majority.", css="sp-note")  # fmt: skip


@solara.component
def Call(name: str, on_chosen: Callable[[str], None]) -> None:
    """Show the button of one roll call."""
    Link(name, lambda: on_chosen(name), label=f"Draw the line of roll call {name}")
