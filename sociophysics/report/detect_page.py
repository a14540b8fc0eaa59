"""The report of a search for a change in samples: one self-contained page."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd
from matplotlib.figure import Figure

from sociophysics.report import html
from sociophysics.report.figures import to_svg
from sociophysics.report.marks import MUTED, WIDTH, mark, settings

if TYPE_CHECKING:
    from sociophysics.statistics import Transition

__all__ = ["data_lines", "render"]

METHOD = (
    "At every step along the control the histograms of the values on its two sides are compared. "
    "A change is found if outputs shuffled over the whole range show as large a distance in few "
    "shuffles only, if it stands out from an even drift by more than noise would, and if it does "
    "not lie at an end of the range. The interval is bootstrapped. Where shuffled outputs show "
    "the same, nothing is known to change; where the change is as even as a drift, it has no place."
)
NAMES = ("total_variation", "jensen_shannon", "linear")


def data_lines(samples: pd.DataFrame, along: str, found: Transition) -> list[str]:
    """Return what was searched, one sentence each.

    Parameters
    ----------
    samples : DataFrame
    along : str
        Column of the control.
    found : Transition
        What was found in them.
    """
    control = samples[along].dropna()
    values = control.drop_duplicates().sort_values().tolist()
    said = [
        f"{len(samples):,} samples at {len(values):,} values of {along}, {_short(values[0])} to "
        f"{_short(values[-1])}"
    ]
    if len(control) < len(samples):
        said.append(f"{len(samples) - len(control):,} samples have no {along} and are left out")
    outputs = [name for name in found.table["observable"].unique() if name in samples]
    blank = samples[outputs].isna().sum()
    said += [f"{count:,} of {name} are blank" for name, count in blank.items() if count]
    return said


def render(found: Transition, along: str, samples: pd.DataFrame) -> str:
    """Return the page as text; the same search gives the same bytes."""
    title = f"Change along {along}"
    low, high = found.interval
    said = (
        f"<strong>{html.escape(found.observable)}</strong> changes at "
        f"<strong>{html.escape(_short(found.value))}</strong>, between {html.escape(low)} and "
        f"{html.escape(high)} in 95 % of bootstrap draws."
        if found.found
        else f"No change was found: {html.escape(found.note)}."
    )
    power = (
        "not even a change of all outputs would mostly be found"
        if found.smallest != found.smallest
        else f"a change of {100 * found.smallest:.0f} % of the outputs in the middle of the range "
        "would be found in 80 % of such studies"
    )
    facts = f"p of the shuffle {found.p_null:.3f}, of the drift {found.p_drift:.3f}; {power}."
    rows = found.table[found.table["observable"] == found.observable]
    caption = "Distance of the two sides of each step; gray: what shuffled outputs show on average."
    data = [f"<p>{html.escape(each)}.</p>" for each in data_lines(samples, along, found)]
    return html.document(
        title,
        f"<header><h1>{html.escape(title)}</h1></header>",
        html.section("Data", *data),
        html.section(
            "Answer", f"<p>{said}</p>", f"<p>{facts}</p>", f'<p class="note">{METHOD}</p>'
        ),
        html.section(
            "Figure", html.figure(to_svg(_figure(rows, along)), alt=caption, caption=caption)
        ),
        html.section("Table", html.frame(found.table, digits=4)),
    )


def _short(value: object) -> str:
    return f"{value:.4g}" if isinstance(value, float) else str(value)


def _figure(rows: pd.DataFrame, along: str) -> Figure:
    numeric = pd.api.types.is_numeric_dtype(rows["left"])
    x = (rows["left"] + rows["right"]) / 2 if numeric else rows["right"].astype(str)
    with settings():
        figure = Figure(figsize=(WIDTH, 3.6))
        axes = figure.add_subplot()
        figure.subplots_adjust(0.1, 0.17, 0.985, 0.96)
        for k, name in enumerate(NAMES):
            style = mark(k + 1)
            axes.plot(x, rows[name], color=style.color, marker=style.marker, ms=3.5,
                      label=name.replace("_", " "))  # fmt: skip
        axes.plot(x, rows["null"], color=MUTED, lw=1)
        axes.set_ylim(0, None)
        axes.set_xlabel(along)
        axes.set_ylabel("distance")
        axes.legend(frameon=False)
    return figure
