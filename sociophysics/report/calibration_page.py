"""The report of a calibration: what the data tell, what they do not, and how well it fits."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from sociophysics.experiments.calibrating import Calibration
from sociophysics.inference.calibration.identifiability import NOT_IDENTIFIED
from sociophysics.report import html
from sociophysics.report.figures import to_svg
from sociophysics.report.marks import INK, MUTED, WIDTH, mark, settings

__all__ = ["render", "sentences"]

WAYS = {
    "panel": "panel: every wave simulated from the one before",
    "trial": "trial: every wave simulated from the one before, the feed on treated users only",
    "summaries": "summaries: whole runs of the scenario against the targets",
    "snapshot": "snapshot: an association, from one wave",
}
READING = (
    "Intervals hold 95 % of the posterior, within the priors. <em>width ratio</em> is the spread "
    "of the posterior over that of the prior: above 0.7 a parameter is not identified, and no "
    "number is given for it. <em>partner</em> is the parameter it trades with: more of the one "
    "and less of the other would look the same. <em>best</em> fits these data most closely, with "
    "the interval of its profile; the prior has not pulled at it."
)
CHECKS = (
    "Bands hold 95 % of simulations at draws of the posterior, points are the data. What a good "
    "model simulates lies outside its band once in twenty times."
)


def sentences(found: Calibration) -> list[str]:
    """Return the answer, one line per parameter, and what is refused.

    Parameters
    ----------
    found : Calibration
    """
    said = []
    for row in found.summary.to_dict("records"):
        between = f"[{row['low']:.4g}, {row['high']:.4g}]"
        partner = f"; it trades with {row['partner']}" if row["partner"] else ""
        if row["verdict"] == NOT_IDENTIFIED:
            said.append(
                f"{row['parameter']}: not identified: {between} is {row['width_ratio']:.2f} of the "
                f"prior's width{partner}"
            )
        else:
            weak = f"{row['verdict']}{partner}" if row["verdict"] != "identified" else ""
            more = f" ({weak})" if weak else ""
            said.append(f"{row['parameter']} = {row['mean']:.4g} {between}{more}")
    return said


def told(row: Mapping[str, Any]) -> str:
    """Return a row of ``combinations`` as a line."""
    between = f"[{row['low']:.4g}, {row['high']:.4g}]"
    if row["verdict"] == NOT_IDENTIFIED:
        return f"{row['quantity']}: not identified: {between}"
    weak = " (weak)" if row["verdict"] == "weak" else ""
    return f"{row['quantity']} = {row['mean']:.4g} {between}{weak}"


def render(found: Calibration, *, title: str, command: str) -> str:
    """Return the page as text.

    Parameters
    ----------
    found : Calibration
    title, command : str
        The command is the one that does the same again.
    """
    facts = found.facts
    size = [WAYS[found.way]]
    if "users" in facts:
        size.append(f"{facts['users']} users, {facts['waves']} waves")
    if "simulations" in facts:
        size.append(
            f"{facts['simulations']} simulations; posterior by adaptive importance sampling of an "
            f"emulated likelihood; misfit p = {facts['p']:.3g}"
        )
    lines = "".join(f"<p>{html.escape(each)}</p>" for each in sentences(found))
    notes = "".join(f'<p class="note">{html.escape(each)}</p>' for each in found.notes)
    pictures = [_marginals(found)]
    waves = found.checks["wave"].notna()
    if waves.any():
        pictures.append(_checks(found.checks[waves]))
    if (~waves).any():
        pictures.append(_targets(found.checks[~waves]))
    parts = [
        html.section("Answer", lines, notes),
        html.section(
            "Parameters", html.frame(found.summary), f'<p class="note">{READING}</p>',
            *([html.frame(found.combinations)] if len(found.combinations) else []),
        ),
        html.section("Figures", *pictures),
    ]  # fmt: skip
    if len(found.checks):
        parts.append(html.details("Checks in numbers", html.frame(found.checks)))
    if "condition" in facts:
        parts.append(html.section("Why", f"<p>{html.escape(_why(found))}</p>"))
    return html.document(
        title,
        f"<header><h1>{html.escape(title)}</h1><p>{html.escape('; '.join(size))}</p>"
        f"{html.listed('The society', facts.get('society', ()))}</header>",
        *parts,
        html.section("How to repeat it", f"<pre>{html.escape(command)}</pre>"),
    )


def _why(found: Calibration) -> str:
    facts = found.facts
    names = found.summary["parameter"].tolist()
    listed = ", ".join(
        f"{name} {ratio:.1f}" for name, ratio in zip(names, facts["alone"], strict=True)
    )
    return (
        f"Condition number of the scaled information: {facts['condition']:.3g} (above 100 two "
        f"parameters do nearly the same). Error over the error with all others known: {listed} "
        "(above 5 likewise)."
    )


def _marginals(found: Calibration) -> str:
    names = list(found.draws.columns)
    with settings():
        figure = Figure(figsize=(WIDTH, 2.6))
        for k, name in enumerate(names):
            axes = figure.add_subplot(1, len(names), k + 1)
            axes.hist(found.draws[name], bins=40, color=mark(1).color, density=True)
            axes.set_xlabel(re.sub("[._]", " ", name.removeprefix("dynamics.")))
            axes.set_yticks([])
        figure.subplots_adjust(0.03, 0.24, 0.985, 0.96, wspace=0.2)
    text = "Posterior of each parameter."
    return html.figure(to_svg(figure), alt=text, caption=text)


def _checks(checks: pd.DataFrame) -> str:
    names: Sequence[str] = list(dict.fromkeys(checks["quantity"]))
    with settings():
        figure = Figure(figsize=(WIDTH, 2.2 * len(names)))
        for k, name in enumerate(names):
            part = checks[checks["quantity"] == name]
            axes = figure.add_subplot(len(names), 1, k + 1)
            wave = part["wave"].to_numpy(dtype=np.float64)
            axes.fill_between(wave, part["low"], part["high"], color=MUTED, alpha=0.35, lw=0)
            axes.plot(wave, part["mean"], color=MUTED, lw=1)
            axes.plot(wave, part["observed"], "o", color=mark(2).color, ms=4)
            axes.set_ylabel(name)
        axes.set_xlabel("wave")
        figure.subplots_adjust(0.11, 0.1, 0.985, 0.98)
    return html.figure(to_svg(figure), alt="Data and simulations by wave", caption=CHECKS)


def _targets(checks: pd.DataFrame) -> str:
    with settings():
        figure = Figure(figsize=(WIDTH, 0.6 + 0.5 * len(checks)))
        axes = figure.add_subplot()
        for y, row in enumerate(checks.to_dict("records")):
            axes.plot([row["low"], row["high"]], [y, y], color=MUTED, lw=6, alpha=0.5)
            axes.plot(row["observed"], y, "o", color=INK, ms=6)
        axes.set_yticks(range(len(checks)), checks["quantity"].tolist())
        axes.set_ylim(-0.6, len(checks) - 0.4)
        figure.subplots_adjust(0.28, 0.3, 0.985, 0.96)
    return html.figure(to_svg(figure), alt="Targets and simulations", caption=CHECKS)
