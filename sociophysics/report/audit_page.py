"""The report of an audit: each claim under every change, and what did not apply."""

from __future__ import annotations

import shlex
from collections import Counter
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from sociophysics.report import html
from sociophysics.report.figures import named_rows, to_svg
from sociophysics.report.marks import INK, MUTED, mark, settings
from sociophysics.scenario.membership import of_scenario
from sociophysics.study.scenario_card import declared_cases
from sociophysics.study.society_card import card_of

if TYPE_CHECKING:
    from sociophysics.experiments.audits import Audit
    from sociophysics.scenario import Scenario

__all__ = ["render"]

READING = (
    "<em>robust</em>: the verdict stays; <em>shifted</em>: it is no longer decided, or only now; "
    "<em>reversed</em>: the opposite is found. Other seeds, relabelled users and sequential "
    "updates change nothing that is meant: a claim that they move rests on an artefact or on "
    "chance. The other changes are what a reader would try next."
)
NOT_APPLICABLE = "not applicable"


def render(scenario: Scenario, found: Audit) -> str:
    """Return the page as text.

    Parameters
    ----------
    scenario : Scenario
    found : Audit
    """
    title = f"Audit: {scenario.title or scenario.name}"
    facts = card_of(declared_cases(scenario)[0].settings).sentences()
    society = html.listed("The society", [*facts, *of_scenario(scenario).sentences()])
    question = f'<p class="question">{html.escape(scenario.question)}</p>'
    applied = found.table[found.table["outcome"] != NOT_APPLICABLE]
    moved = applied[applied["outcome"] != "robust"]
    columns = ["claim", "check", "outcome", "verdict", "number", "low", "high", "command"]
    again = shlex.join(["sociophysics", "audit", f"{scenario.name}.toml"])
    others = found.table[found.table["outcome"] == NOT_APPLICABLE]
    return html.document(
        title,
        f"<header><h1>{html.escape(title)}</h1>{question}{society}</header>",
        html.section(
            "Answer",
            *(f"<p>{html.escape(each)}</p>" for each in sentences(found)),
            f'<p class="note">{READING}</p>',
        ),
        html.section(
            "Figures", *(_picture(row, applied) for row in found.claims.to_dict("records"))
        ),
        html.section(
            "What moved",
            html.frame(moved[columns]) if len(moved) else "<p>Nothing.</p>",
        ),
        html.section(
            "What did not apply",
            html.frame(others.drop_duplicates("check")[["check", "reason"]])
            if len(others)
            else "<p>Everything did.</p>",
        ),
        html.section("Tables", html.details("Every check", html.frame(found.table[columns[:-1]]))),
        html.section(
            "How to repeat it",
            f"<pre>{html.escape(again)}</pre>",
            f"<pre>{html.escape(scenario.to_toml())}</pre>",
        ),
    )


def sentences(found: Audit) -> list[str]:
    """Return one sentence per claim: its verdict, and what became of it.

    Parameters
    ----------
    found : Audit
    """
    said = []
    for row in found.claims.to_dict("records"):
        outcomes = found.table.loc[found.table["claim"] == row["text"], "outcome"]
        counted = Counter(outcomes)
        told = ", ".join(f"{counted[word]} {word}" for word in dict.fromkeys(outcomes))
        said.append(f"{row['verdict']}: {row['text']}: {told}")
    return said


def _picture(claim: dict[str, object], applied: pd.DataFrame) -> str:
    rows = applied[applied["claim"] == claim["text"]].iloc[::-1]
    if rows.empty:
        return ""
    with settings():
        figure = _numbers(claim, rows)
    text = f"{claim['text']}: the number under each change; the line is the claim as stated."
    return html.figure(to_svg(figure), alt=text, caption=text)


def _numbers(claim: dict[str, object], rows: pd.DataFrame) -> Figure:
    figure, axes = named_rows(rows["check"].tolist())
    axes.axvline(float(str(claim["number"])), color=INK, lw=1)
    for y, row in enumerate(rows.to_dict("records")):
        color = mark(1).color if row["outcome"] == "robust" else mark(2).color
        if np.isfinite([row["low"], row["high"]]).all():
            axes.plot([row["low"], row["high"]], [y, y], color=MUTED, lw=6, alpha=0.5)
        axes.plot(row["number"], y, "o", color=color, ms=6)
    axes.set_xlabel("number of the claim")
    return figure
