"""What open runs show: curves, comparisons, and what can be taken away."""

from __future__ import annotations

import solara

from sociophysics.live.run_differences import lines_of
from sociophysics.live.run_lines import span
from sociophysics.live.run_views import Panel, View
from sociophysics.live.small_multiples import small_multiples

from ..figure import Download, StaticFigure
from ..glossary import Term
from ..markup import Banner, Card, Row, tag
from ..time_course import TimeCourse
from .files import LARGEST, csv_of, drawn, parquet_of, report_of, scenario_of, table_size
from .panels import axis_title, key_word, label_of
from .tables import DesignTable, Differing, MeltingTable, SideBySide
from .words import place_words, seen, seen_beside

__all__ = ["Results"]

CLAIM = (
    "Dots or lines are means over replicas, bands their 95 % intervals: they hold the chance "
    "events of this model on this network, not other networks, nor how real people differ from it."
)
PAIRED = (
    "Replica by replica, each design met the same start and chance events as the first one. A "
    "small p says that a difference is no accident of the replicas; it does not say that it is "
    "large, or that a real platform would show it."
)
BESIDE = (
    "Differences take the runs as independent (Welch). Runs that share a seed share chance events: "
    "their intervals are then wider than need be."
)
MOST_PANELS = 16
MELTING = "The interval holds the noise of the replicas, not the spacing of the swept values."


@solara.component
def Results(view: View) -> None:
    """Show one run, or several beside each other."""
    with solara.Div(classes=["sp-main"]):
        for note in view.notes:
            Banner(note)
        if len(view.panels) == 1:
            One(view)
        else:
            Several(view)


@solara.component
def One(view: View) -> None:
    """Show the designs of one run."""
    panel = view.panels[0]
    with Card(note=CLAIM):
        with solara.Div(classes=["sp-card-title"]):
            Term(view.observable)
            tag("span", _over(view))
        tag("p", seen(view), css="sp-runs-seen", role="status")
        Chart(view, 0, height=320)
    if 2 < len(panel.series) <= MOST_PANELS:
        with Card("Each beside the first"):
            Panels(view)
    if not panel.rows.empty:
        where = place_words(view.point)
        title = "Designs compared" if len(panel.rows) > 1 else "Measured"
        with Card(f"{title} at {where}" if where else title,
                  note=PAIRED if len(panel.rows) > 1 else ""):  # fmt: skip
            DesignTable(view, panel)
    if panel.melting is not None:
        with Card("Where the camps melt", note=MELTING):
            MeltingTable(panel.melting)
    with Card("Take with you", note=_source(panel)):
        Files(view, 0)


@solara.component
def Several(view: View) -> None:
    """Show runs side by side on the same axes."""
    lines = lines_of(view)
    where = place_words(view.point)
    with Card():
        tag("p", seen_beside(view, lines), css="sp-runs-seen", role="status")
    with Row(columns=2):
        for k, panel in enumerate(view.panels):
            with Card(panel.opened.entry.heading, note=panel.opened.entry.name):
                with solara.Div(classes=["sp-figure-label"]):
                    Term(view.observable)
                    tag("span", _over(view))
                Chart(view, k, height=280)
                Files(view, k)
    with Card(f"Side by side at {where}" if where else "Side by side", note=f"{CLAIM} {BESIDE}"):
        SideBySide(view, lines)
    with Card("Settings that differ"):
        Differing(view)


@solara.component
def Chart(view: View, k: int, height: int) -> None:
    """Draw the curves of run ``k``; all runs on the same axes."""
    x_range, y_range = span([panel.series for panel in view.panels])
    panel = view.panels[k]
    TimeCourse(
        panel.series, x_title=axis_title(view.along), y_title=label_of(view.observable),
        title=f"{label_of(view.observable)} in {panel.opened.entry.name}",
        x_range=x_range, y_range=y_range, height=height, legend=True,
    )  # fmt: skip


@solara.component
def Panels(view: View) -> None:
    """Draw a small panel for every design but the first, which stands in all of them."""
    series = view.panels[0].series
    mark = view.point.get(view.along)
    svg = small_multiples(
        series, x_title=axis_title(view.along), y_title=label_of(view.observable),
        mark=float(mark) if isinstance(mark, int | float) else None,
    )  # fmt: skip
    names = ", ".join(one.name for one in series[1:])
    with solara.Div(style="display: grid; justify-items: start"):
        StaticFigure(svg, f"{label_of(view.observable)} of {names}, each beside {series[0].name}")
    keys = [
        tag("span", tag("i", css="sp-key-line"), "the panel's design", css="sp-key"),
        tag("span", tag("i", css="sp-key-line sp-key-reference"), series[0].name, css="sp-key"),
    ]
    tag("div", *keys, css="sp-keys")


@solara.component
def Files(view: View, k: int) -> None:
    """Offer the table, the figures, the scenario and the report of run ``k``."""
    panel = view.panels[k]
    opened, rows = panel.opened, panel.rows
    name = opened.entry.path.name
    alone = len(view.panels) == 1
    with Row():
        if table_size(opened) <= LARGEST:
            Download("Table (CSV)", lambda: csv_of(opened), filename=f"{name}.csv",
                     mime="text/csv")  # fmt: skip
            if alone:
                Download("Table (Parquet)", lambda: parquet_of(opened),
                         filename=f"{name}.parquet")  # fmt: skip
        else:
            tag("p", f"The table is large: take {name}/results.parquet from the folder.",
                css="sp-note")  # fmt: skip
        Figure(view, k, "curves", "Figure", f"{name}-{view.observable}")
        if alone and len(rows) > 1 and rows["difference"].notna().any():
            Figure(view, k, "differences", "Differences", f"{name}-{view.observable}-differences")
        Download("Scenario (TOML)", lambda: scenario_of(opened), filename=f"{name}.toml",
                 mime="application/toml")  # fmt: skip
        if not opened.partial:
            Download("Report (HTML)", lambda: report_of(opened), filename=f"{name}-report.html")


@solara.component
def Figure(view: View, k: int, what: str, label: str, name: str) -> None:
    """Offer a figure in both formats."""
    with Row():
        for kind, mime in MIME.items():
            Download(f"{label} ({kind.upper()})", drawn(view, k, kind=kind, what=what),
                     filename=f"{name}.{kind}", mime=mime)  # fmt: skip


MIME = {"png": "image/png", "svg": "image/svg+xml"}


def _over(view: View) -> str:
    rest = place_words(view.point, without=view.along)
    return f" over {key_word(view.along)}" + (f", at {rest}" if rest else "")


def _source(panel: Panel) -> str:
    if panel.opened.partial:
        return "The table holds the parts that are finished; the report comes with the last one."
    return (
        "The report is one page with all figures that opens without a network. The scenario file "
        "gives the same numbers again, to the last bit."
    )
