"""The structural report of a network: one self-contained page."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
from matplotlib.figure import Figure
from numpy.typing import NDArray

from sociophysics.report import html
from sociophysics.report.figures import named_rows, to_svg
from sociophysics.report.marks import INK, MUTED, WIDTH, mark, settings

__all__ = ["render"]

NULL = (
    "<em>Mean</em> and <em>sd</em> are over random networks: rewired ones in which everybody keeps "
    "the number of friends and of antagonists, and every user the camp; for balance and "
    "frustration the same ties with the couplings permuted over them, since rewiring takes the "
    "triangles away. <em>z</em> is the distance of the value from that mean in sd; <em>p</em>, "
    "two-sided, is (1 + k)/(1 + draws), where k random networks lie at least as far from the mean. "
    "A score that the null alone would give has z near 0. A partition that was found by a search "
    "on the same ties scores high by construction; camps should come from elsewhere."
)
TEMPERATURES = (
    "Below its critical temperature (cavity method; social temperature in units of the couplings) "
    "stances hold together: a common opinion or two fixed sides in a ferromagnet, a frozen "
    "disorder in a glass. Networks with hubs have high ones that grow with their size."
)
TARGETING = (
    "Robustness against targeting: how much further a small push moves the mean stance if it is "
    "given to the best-chosen or best-connected users instead of to anybody, at 1.5 times the "
    "critical temperature. Near 1 there is no small group to buy, or to guard; a small share of "
    "users with half of the influence means that there is one."
)


def render(
    rows: pd.DataFrame,
    degree: NDArray[np.int64],
    *,
    title: str,
    command: str,
    draws: int,
    notes: Sequence[str] = (),
    society: Sequence[str] = (),
) -> str:
    """Return the page as text.

    Parameters
    ----------
    rows : DataFrame
        Of ``experiments.structure``.
    degree : int array, shape (n,)
        Ties of each user.
    notes : sequence of str, optional
        What was left out or counted when the network was read.
    society : sequence of str, optional
        The card of the society.
    """
    groups = [
        f"<h3>{html.escape(group)}</h3>" + _table(part)
        for group, part in rows.groupby("group", sort=False)
    ]
    # In units of the couplings, a frustration index has no place on an axis of shares.
    scored = rows[rows["z"].notna() & (rows["measure"] != "frustration index")]
    pictures = [
        html.figure(
            to_svg(_degrees(degree)),
            alt="Share of users with at least so many ties",
            caption="Share of users with at least so many ties.",
        )
    ]
    if len(scored):
        text = f"Scores (points) against {draws} networks of their null (mean, bar of 2 sd)."
        pictures.insert(0, html.figure(to_svg(_nulls(scored)), alt=text, caption=text))
    return html.document(
        title,
        f"<header><h1>{html.escape(title)}</h1>{html.listed('The society', society)}</header>",
        html.section(
            "Structure",
            *(f"<p>{html.escape(note)}</p>" for note in notes),
            *groups,
            f'<p class="note">{NULL} {TEMPERATURES} {TARGETING}</p>',
        ),
        html.section("Figures", *pictures),
        html.section("How to repeat it", f"<pre>{html.escape(command)}</pre>"),
    )


def _table(part: pd.DataFrame) -> str:
    """Return the rows of one group; columns without an entry are left out."""
    numbers = [name for name in ("value", "mean", "sd", "z", "p") if part[name].notna().any()]
    noted = (part["note"].fillna("") != "").any()
    columns = [("measure", False), *((name, True) for name in numbers)]
    body = [
        [html.escape(row["measure"]), *(_cell(row[name], name) for name in numbers)]
        + ([html.escape(row["note"] or "")] if noted else [])
        for row in part.to_dict("records")
    ]
    return html.table(columns + ([("note", False)] if noted else []), body)


def _cell(value: float, column: str) -> str:
    """Return a number with the digits that a reader of this table needs."""
    if np.isnan(value):
        return ""
    if float(value).is_integer():
        return html.number(int(value))
    return html.number(float(value), digits=1 if column == "z" else 4)


def _nulls(scored: pd.DataFrame) -> Figure:
    part = scored.iloc[::-1]
    with settings():
        figure, axes = named_rows(part["measure"].tolist())
        axes.axvline(0, color=INK, lw=1)
        for y, row in enumerate(part.to_dict("records")):
            low, high = row["mean"] - 2 * row["sd"], row["mean"] + 2 * row["sd"]
            axes.plot([low, high], [y, y], color=MUTED, lw=6, alpha=0.5, solid_capstyle="butt")
            axes.plot(row["mean"], y, "|", color=INK, ms=9)
            axes.plot(row["value"], y, "o", color=mark(2).color, ms=6)
            axes.annotate(f"z = {row['z']:.1f}", (1.01, y), xycoords=("axes fraction", "data"),
                          va="center", fontsize=8.5)  # fmt: skip
        axes.set_xlabel("score (dimensionless)")
    return figure


def _degrees(degree: NDArray[np.int64]) -> Figure:
    values, counts = np.unique(degree, return_counts=True)
    share = counts[::-1].cumsum()[::-1] / degree.size
    with settings():
        figure = Figure(figsize=(WIDTH, 3.4))
        axes = figure.add_subplot()
        figure.subplots_adjust(0.1, 0.15, 0.985, 0.96)
        shown = values > 0
        axes.loglog(values[shown], share[shown], ".", color=mark(1).color)
        axes.set_xlabel("ties k (number)")
        axes.set_ylabel("share of users with at least k ties")
    return figure
