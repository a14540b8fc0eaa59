"""The landscape on the page: a picture of the resting points, and who sits where."""

from __future__ import annotations

import solara

from sociophysics.live.fitted_chamber import FittedChamber
from sociophysics.live.resting_points import NAMED, STARTS, Landscape, sides

from .. import palette
from ..figure import StaticFigure
from ..glossary import Term, shown
from ..markup import Banner, tag

__all__ = ["LandscapeView", "landscape_sentence", "landscape_svg"]

WIDE, HIGH, LEFT, TOP, BOTTOM, RIGHT = 560, 330, 62, 12, 50, 16


def landscape_sentence(fitted: FittedChamber) -> str:
    """Return what the landscape says, from its numbers."""
    table = fitted.landscape.table
    united, split = (
        table["basin"][table["apart"] < 0.2].sum(),
        table["basin"][table["apart"] > 0.8].sum(),
    )
    points = "1 resting point" if len(table) == 1 else f"{len(table)} resting points"
    deepest = float(table["apart"].iloc[0])
    kind = "bloc against bloc" if deepest > 0.8 else "all alike" if deepest < 0.2 else "mixed"
    return (
        f"{points}; the deepest is {kind}. Of random starts, {100 * split:.0f} % end bloc against "
        f"bloc and {100 * united:.0f} % with both blocs alike."
    )


def landscape_svg(found: Landscape) -> str:
    """Return the resting points: energy over how far the blocs stand apart, area the basin."""
    table = found.table
    energy = table["energy"].to_numpy(dtype=float)
    low, high = float(energy.min()), float(energy.max())
    pad = 0.12 * (high - low) or 0.1
    low, high = low - pad, high + pad
    wide, tall = WIDE - LEFT - RIGHT, HIGH - TOP - BOTTOM
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDE} {HIGH}" width="{WIDE}" '
        f'height="{HIGH}" font-family="Roboto, Segoe UI, Helvetica, Arial, sans-serif" '
        f'font-size="12">'
    ]
    for k in range(5):
        value = low + (high - low) * k / 4
        y = TOP + tall * (1 - k / 4)
        parts.append(
            f'<line x1="{LEFT}" x2="{WIDE - RIGHT}" y1="{y:.1f}" y2="{y:.1f}" '
            f'stroke="{palette.GRID}"/><text x="{LEFT - 8}" y="{y + 4:.1f}" text-anchor="end" '
            f'fill="{palette.MUTED}">{shown(value)}</text>'
        )
        x = LEFT + wide * (0.03 + 0.94 * k / 4)
        parts.append(
            f'<text x="{x:.1f}" y="{HIGH - 30}" text-anchor="middle" '
            f'fill="{palette.MUTED}">{k / 4:g}</text>'
        )
    color = palette.UP
    for k in reversed(range(len(table))):
        row = table.iloc[k]
        x = LEFT + wide * (0.03 + 0.94 * float(row["apart"]))
        y = TOP + tall * (1 - (float(row["energy"]) - low) / (high - low))
        radius = 3 + 30 * float(row["basin"]) ** 0.5
        parts.append(
            f'<circle cx="{x:.1f}" cy="{y:.1f}" r="{radius:.1f}" fill="{color}" '
            f'fill-opacity="0.16" stroke="{color}"/>'
        )
        if k < NAMED:
            parts.append(
                f'<text x="{x:.1f}" y="{y + 4:.1f}" text-anchor="middle" font-weight="700" '
                f'fill="{palette.INK}">{k + 1}</text>'
            )
    parts.append(
        f'<text x="{LEFT + wide / 2:.0f}" y="{HIGH - 8}" text-anchor="middle" '
        f'fill="{palette.MUTED}">distance of the blocs: 0 alike, 1 bloc against bloc</text>'
        f'<text transform="translate(14 {TOP + tall / 2:.0f}) rotate(-90)" text-anchor="middle" '
        f'fill="{palette.MUTED}">energy per member (T)</text></svg>'
    )
    return "".join(parts)


@solara.component
def LandscapeView(fitted: FittedChamber) -> None:
    """Show the resting points."""
    found = fitted.landscape
    tag("p", landscape_sentence(fitted), css="sp-rc-seen")
    if fitted.quick:
        Banner(
            "A quick fit predicts and is over-ordered: its resting points are deeper than those of "
            "a chamber that generates such votes. A full fit has that one.",
            kind="warning",
        )
    with solara.Div(classes=["sp-rc-landscape"]):
        StaticFigure(landscape_svg(found), alt=landscape_sentence(fitted))
        _table(fitted, found)
    mirror = " A point and its mirror image are one row." if found.symmetric else ""
    tag(
        "p",
        "Stances from which no single change of mind satisfies more ties, reached from "
        f"{STARTS} random starts; areas are the shares of starts.{mirror} Point estimates.",
        css="sp-note",
    )


def _table(fitted: FittedChamber, found: Landscape) -> None:
    first, second = ("For (+1)", "Against (−1)")
    heads = [
        tag("td", ""),
        tag("th", "One side" if found.symmetric else first),
        tag("th", "Other side" if found.symmetric else second),
        *(tag("th", Term(name), css="sp-right") for name in ("basin", "resting_energy", "depth")),
    ]
    rows = []
    for k, row in enumerate(found.table.head(NAMED).to_dict("records")):
        up, down = sides(found.stances[k], fitted.camps, fitted.camp_names)
        depth = float(row["depth"])
        numbers = (f"{100 * row['basin']:.1f} %", shown(row["energy"]),
                   "deepest" if depth == float("inf") else shown(depth, 2))  # fmt: skip
        rows.append(
            tag("tr", tag("td", str(k + 1)), tag("td", up), tag("td", down),
                *(tag("td", text, css="sp-right") for text in numbers))
        )  # fmt: skip
    tag(
        "div",
        tag("table", tag("thead", tag("tr", *heads)), tag("tbody", *rows), css="sp-table"),
        css="sp-scroll",
    )
