"""The report of a comparison of update rules: one table, one picture."""

from __future__ import annotations

from collections.abc import Sequence

from matplotlib.figure import Figure

from sociophysics.inference.stances.rival_rules import REFERENCE, Rivals
from sociophysics.report import html
from sociophysics.report.figures import named_rows, to_svg
from sociophysics.report.marks import INK, MUTED, mark, settings

__all__ = ["render"]

READING = (
    "<em>log score</em> is the mean log probability that a model gave to what happened at the "
    "later waves, in nats per pair of a user's stances (0 is perfect); every model was fitted to "
    "the earlier waves. <em>difference</em> is paired, to persistence with one rate up and one "
    "down; its 95 % interval takes pairs of one user together. An interval that holds 0 tells no "
    "difference."
)
REGRESSED = (
    "Logistic regression of the next stance on the own and the neighbours' mean one, all waves, "
    "errors clustered by user. Own stance is inertia; neighbours may be influence, selection or "
    "shared news: it is a floor and a check."
)


def render(found: Rivals, *, title: str, command: str, society: Sequence[str] = ()) -> str:
    """Return the page as text.

    Parameters
    ----------
    found : Rivals
    title, command : str
        The command is the one that does the same again.
    society : sequence of str, optional
        The card of the society.
    """
    with settings():
        picture = _differences(found)
    text = "Difference of the log score to persistence with two rates, with 95 % intervals."
    notes = "".join(f"<p>{html.escape(note)}.</p>" for note in found.notes)
    return html.document(
        title,
        f"<header><h1>{html.escape(title)}</h1><p>{found.fitted} pairs fitted, {found.pairs} "
        f"scored</p>{html.listed('The society', society)}</header>",
        html.section("Answer", notes, html.frame(found.rules), f'<p class="note">{READING}</p>'),
        html.section("Figure", html.figure(to_svg(picture), alt=text, caption=text)),
        html.section(
            "Regression", html.frame(found.regressions), f'<p class="note">{REGRESSED}</p>'
        ),
        html.section("How to repeat it", f"<pre>{html.escape(command)}</pre>"),
    )


def _differences(found: Rivals) -> Figure:
    rows = found.rules[found.rules["rule"] != REFERENCE].iloc[::-1]
    figure, axes = named_rows(rows["rule"].tolist())
    axes.axvline(0, color=INK, lw=1)
    for y, row in enumerate(rows.to_dict("records")):
        axes.plot([row["low"], row["high"]], [y, y], color=MUTED, lw=6, alpha=0.5)
        axes.plot(row["difference"], y, "o", color=mark(2).color, ms=6)
    axes.set_xlabel("difference of the log score (nats per pair)")
    return figure
