"""The report of a comparison of cascades: what the seeding causes under each design."""

from __future__ import annotations

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from sociophysics.report import html, wording
from sociophysics.report.figures import to_svg
from sociophysics.report.marks import INK, MUTED, WIDTH, mark, settings
from sociophysics.scenario import Scenario, declared_values
from sociophysics.scenario.membership import of_scenario
from sociophysics.study.scenario_card import declared_cases
from sociophysics.study.society_card import card_of

__all__ = ["render", "sentences"]

DRAWN = 16  # rows of one figure that can be told apart
SHOWN = ("reach", "R", "virality")
DEFINED = {
    "reach": "share of the users other than seeds whose stance differs at the end",
    "ever": "share of them that ever differed",
    "R": "users reached directly by a seed, per seed",
    "virality": "mean distance of two users in the trees of who reached whom",
    "depth": "generations of the trees",
    "speed": "sweeps until half of the most that ever differed at a time do",
    "feed_share": "share of those ever reached who were through the feed, not through a tie",
}
READING = (
    "Every replica is two copies of one society under the same noise, with the seeds and without: "
    "who ever differs was reached. Designs are paired by replica, and an interval is that of the "
    "paired difference."
)


def sentences(table: pd.DataFrame) -> list[str]:
    """Return what each design changes in the reach, one sentence each.

    Parameters
    ----------
    table : DataFrame
        As ``cascade_designs`` returns it.
    """
    keys = _keys(table)
    said = []
    for row in table[table["measure"] == "reach"].to_dict("records"):
        at = "".join(f" at {key} = {row[key]}" for key in keys)
        text = f"{row['design']}{at}: the seeds reach {100 * row['mean']:.1f} % of the others"
        if np.isfinite(row["difference"]):
            text += f", {100 * row['difference']:+.1f} points to the first design"
            if np.isfinite(row["low"]):
                told = "" if row["low"] > 0 or row["high"] < 0 else ", not told apart from it"
                text += f" [{100 * row['low']:+.1f}, {100 * row['high']:+.1f}]{told}"
        said.append(f"{text}.")
    return said


def render(scenario: Scenario, table: pd.DataFrame, *, replicas: int) -> str:
    """Return the page as text; the same comparison gives the same bytes.

    Parameters
    ----------
    scenario : Scenario
    table : DataFrame
        As ``cascade_designs`` returns it.
    replicas : int
    """
    title = f"Cascades: {scenario.title or scenario.name}"
    here = _at_declared(scenario, table)
    lines, elsewhere = (
        "".join(f"<li>{html.escape(each)}</li>" for each in sentences(some))
        for some in (table[here], table[~here])
    )
    others = f"<h3>At every other swept point</h3><ul>{elsewhere}</ul>" if elsewhere else ""
    facts = "".join(
        f"<div><dt>{name}</dt><dd>{value}</dd></div>"
        for name, value in {"replicas": replicas, "seed": scenario.seed}.items()
    )
    defined = "".join(f"<p><strong>{name}</strong>: {text}.</p>" for name, text in DEFINED.items())
    society = [
        *card_of(declared_cases(scenario)[0].settings).sentences(),
        *of_scenario(scenario).sentences(),
    ]
    return html.document(
        title,
        f"<header><h1>{html.escape(title)}</h1>"
        f"<p class='question'>{html.escape(scenario.question)}</p>"
        f"<dl class='facts'>{facts}</dl>{html.listed('The society', society)}</header>",
        html.section("Answer", f"<ul>{lines}</ul>", f'<p class="note">{READING}</p>', others),
        html.section("Figure", _figure(table)),
        html.section("Table", html.frame(table)),
        html.section("What the words mean", defined),
        html.section("What a simulation cannot claim", f"<p>{html.escape(wording.LIMITS[0])}</p>"),
        html.section(
            "How to repeat it",
            "<p>The scenario with every parameter, defaults filled in.</p>",
            f"<pre>{html.escape(scenario.to_toml())}</pre>",
        ),
    )


def _at_declared(scenario: Scenario, table: pd.DataFrame) -> pd.Series[bool]:
    """Return which rows stand where the scenario's own tables do; all, if none does."""
    here = pd.Series(True, table.index)
    for key, value in declared_values(scenario.canonical(), scenario.sweep.axes).items():
        here &= table[key] == value
    return here if here.any() else ~here


def _keys(table: pd.DataFrame) -> list[str]:
    return list(table.columns[: table.columns.get_loc("design")])


def _figure(table: pd.DataFrame) -> str:
    """Return the differences to the first design with their intervals, a panel per measure."""
    compared = table[table["difference"].notna()]
    rows = list(dict.fromkeys(map(tuple, compared[[*_keys(table), "design"]].to_numpy().tolist())))
    if not rows:
        return "<p>There is one design: nothing to compare it with.</p>"
    rows = rows[:DRAWN]
    with settings():
        figure = Figure(figsize=(WIDTH, 0.9 + 0.28 * len(rows)))
        panels = figure.subplots(1, len(SHOWN), sharey=True, squeeze=False)[0]
        figure.subplots_adjust(0.24, 0.5 / figure.get_figheight(), 0.985, 0.94, wspace=0.12)
        for axes, measure in zip(panels, SHOWN, strict=True):
            part = compared[compared["measure"] == measure]
            named = map(tuple, part[[*_keys(table), "design"]].to_numpy().tolist())
            places = dict(zip(named, part[["difference", "low", "high"]].to_numpy(), strict=True))
            axes.axvline(0, color=MUTED, lw=0.9)
            for y, row in enumerate(rows):
                value, low, high = places.get(row, (np.nan, np.nan, np.nan))
                axes.plot([low, high], [y, y], color=INK, lw=1.2)
                axes.plot([value], [y], "o", color=mark(1).color, ms=4)
            axes.set_xlabel(f"{measure}, difference")
        panels[0].set_yticks(range(len(rows)), [", ".join(map(str, row)) for row in rows])
        panels[0].invert_yaxis()
    text = "Differences to the first design with 95 % intervals: to the right of the line is more."
    return html.figure(to_svg(figure), alt=text, caption=text)
