"""The part of a fitted chamber's report on roll calls: scales, parties, votes off the pattern."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from sociophysics.report import chamber_figures as figures
from sociophysics.report import html
from sociophysics.report.figures import to_svg
from sociophysics.report.marks import INK, MUTED, WIDTH, settings

if TYPE_CHECKING:
    from sociophysics.inference.chamber.workflow import ChamberFit

__all__ = ["off_pattern", "section"]

LISTED = 10
CROSSED = 6  # members named per roll call
DIVIDED = 0.1  # minority share from which a roll call can break a pattern
LINES = 60  # cutting lines drawn
DESCRIBED = ("vote_desc", "vote_question", "dtl_desc", "description", "bill_number", "date")


def section(fit: ChamberFit) -> str:
    """Return fit by dimension, parties, roll calls that break the pattern, cutting lines."""
    parts = [_fits(fit), _parties(fit), _broken(fit)]
    if len(fit.scaling.models) > 1:
        caption = (
            f"Members in two dimensions and the cutting lines of {LINES} roll calls at most, those "
            "that divide most sharply; a line's two sides voted differently."
        )
        picture = to_svg(_lines(fit))
        parts.append(html.figure(picture, alt=caption, caption=caption))
    return html.section("The roll calls", *parts)


def off_pattern(fit: ChamberFit) -> pd.DataFrame:
    """Return the divided roll calls that the largest scale classifies worst, with who crossed.

    Columns ``rollcall``, ``about``, ``yeas``, ``nays``, ``errors``, ``pre``, ``crossed``: the
    members whose votes were least probable.
    """
    most = len(fit.scaling.models)
    lines, errors = (each[each["dimensions"] == most] for each in fit.scaling[3:5])
    lines = lines.reset_index(drop=True)
    table = fit.rollcalls.reset_index(drop=True)
    divided = (table["minority"] >= DIVIDED) & lines["pre"].notna()
    chosen = lines[divided].sort_values(["pre", "errors"], ascending=[True, False], kind="stable")
    listed = errors.groupby("rollcall", sort=False)
    rows = []
    for place, row in chosen.head(LISTED).iterrows():
        crossed: Any = listed.get_group(row["rollcall"]) if row["errors"] >= 1 else errors[:0]
        names = [_named(each) for each in crossed.head(CROSSED).to_dict("records")]
        more = ", ..." if len(crossed) > CROSSED else ""
        rows.append(
            {
                "rollcall": row["rollcall"],
                "about": _about(table.loc[place]),
                "yeas": int(table.loc[place, "yeas"]),
                "nays": int(table.loc[place, "nays"]),
                "errors": float(row["errors"]),
                "pre": float(row["pre"]),
                "crossed": ", ".join(names) + more,
            }
        )
    columns = ["rollcall", "about", "yeas", "nays", "errors", "pre", "crossed"]
    return pd.DataFrame(rows, columns=columns)


def _named(row: dict[str, Any]) -> str:
    return figures.surname(str(row["name"])) + (f" ({row['party']})" if row["party"] else "")


def _about(row: pd.Series[Any]) -> str:
    for column in DESCRIBED:
        if column in row and isinstance(row[column], str) and row[column].strip():
            text = " ".join(row[column].split())
            return text if len(text) <= 80 else f"{text[:79]}..."
    return ""


def _fits(fit: ChamberFit) -> str:
    table = fit.scaling.fits.rename(columns={"prior": "prior sd of discriminations"})
    names = {"correct": "classified correctly", "apre": "APRE", "gmp": "GMP"}
    return (
        f"<p>{html.escape(_orientation(fit))}</p>"
        "<h3>Ideal points by dimension</h3>"
        + html.frame(table, names=names, digits=3)
        + "<p class='note'>Of the votes that were fitted, as scaling programs report it; held-out "
        "votes are above. Points with standard errors: ideal_points.csv; cutting lines, angles, "
        "errors, PRE and GMP of each roll call: cutting_lines.csv; every vote on the less probable "
        "side: classification_errors.csv.</p>"
    )


def _orientation(fit: ChamberFit) -> str:
    return (
        "The positive side of the first dimension is that of "
        f"{fit.ideal_points.anchor_}; another side is chosen by --anchor."
    )


def _parties(fit: ChamberFit) -> str:
    table = fit.party_tables["parties"]
    if not len(table):
        return ""
    votes = fit.party_tables["party_votes"]
    share = votes.drop_duplicates("rollcall")["unity_vote"]
    text = (
        f"The two largest parties opposed each other on {int(share.sum())} of {len(share)} roll "
        "calls (party unity votes)."
    )
    parts = [f"<h3>Parties</h3><p>{text}</p>", html.frame(table, digits=3)]
    if len(fit.party_tables["likeness"]):
        parts.append(html.frame(fit.party_tables["likeness"].head(LISTED), digits=3))
    parts.append(
        "<p class='note'>Over all roll calls, unanimous ones too. Cohesion: mean Rice index; "
        "unity: mean share of votes with the own party on party unity votes; likeness: 1 less the "
        "gap of the two shares of yeas.</p>"
    )
    return "".join(parts)


def _broken(fit: ChamberFit) -> str:
    table = off_pattern(fit)
    if not len(table):
        return ""
    names = {"pre": "PRE", "crossed": "whose votes were least expected"}
    if not table["about"].any():
        table = table.drop(columns="about")
    return (
        "<h3>Which votes break the pattern</h3>"
        + html.frame(table, names=names, digits=2)
        + f"<p class='note'>Roll calls with a minority of at least {DIVIDED:.0%} that ideal points "
        f"in {len(fit.scaling.models)} dimensions classify worst. PRE: errors against guessing the "
        "majority; below 0 the scale is worse than that.</p>"
    )


def _lines(fit: ChamberFit) -> Figure:
    """Return the members on the first two dimensions with the sharpest cutting lines."""
    model = fit.scaling.models[1]
    points = model.points_
    lines = fit.scaling.lines[fit.scaling.lines["dimensions"] == 2]
    sharp = lines.sort_values("pre", ascending=False, kind="stable").head(LINES)
    limit = 1.1 * float(np.abs(points).max())
    with settings():
        figure = Figure(figsize=(WIDTH, 5.6))
        axes = figure.add_subplot()
        figure.subplots_adjust(0.085, 0.1, 0.985, 0.975)
        for row in sharp.to_dict("records"):
            if np.isfinite(row["angle"]):
                turn = np.radians(row["angle"])
                reach = 4 * limit * np.array([-1, 1])
                x = row["midpoint_1"] + reach * np.cos(turn)
                y = row["midpoint_2"] + reach * np.sin(turn)
                axes.plot(x, y, color=MUTED, lw=0.5, alpha=0.5, zorder=1)
        party = fit.votes.party
        for name, color in figures.party_colors(party.tolist()).items():
            own = party == name
            axes.scatter(points[own, 0], points[own, 1], s=30, color=color, edgecolor="white",
                         lw=0.5, zorder=2, label=name or "no party")  # fmt: skip
        axes.set_xlim(-limit, limit)
        axes.set_ylim(-limit, limit)
        axes.axhline(0, color=INK, lw=0.3)
        axes.set_xlabel("first dimension (standard deviations)")
        axes.set_ylabel("second dimension (standard deviations)")
        axes.legend(frameon=False, loc="upper left")
    return figure
