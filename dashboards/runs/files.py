"""What can be taken away from a run: table, figures, scenario, report."""

from __future__ import annotations

import io
import threading
from collections.abc import Callable

from matplotlib.figure import Figure

import sociophysics as sp
from sociophysics.live.opened_runs import Opened
from sociophysics.live.run_lines import TIME
from sociophysics.live.run_views import View

from .panels import label_of

__all__ = ["LARGEST", "csv_of", "drawn", "parquet_of", "report_of", "scenario_of", "table_size"]

LARGEST = 100_000_000  # bytes that go through a browser's page
DPI = 200

# matplotlib's settings are the whole process's: one figure at a time.
_drawing = threading.Lock()


def table_size(opened: Opened) -> int:
    """Return about how many bytes the table of a run has as CSV."""
    rows, columns = opened.run.table.shape
    return int(14 * rows * columns)


def csv_of(opened: Opened) -> bytes:
    """Return the table as CSV."""
    return str(opened.run.table.to_csv(index=False)).encode()


def parquet_of(opened: Opened) -> bytes:
    """Return the table as Parquet: the file of the run where it is finished."""
    if not opened.partial:
        try:
            return (opened.entry.path / "results.parquet").read_bytes()
        except OSError:
            pass
    buffer = io.BytesIO()
    opened.run.table.to_parquet(buffer, index=False)
    return buffer.getvalue()


def scenario_of(opened: Opened) -> bytes:
    """Return the scenario as TOML, with its question on top."""
    scenario = opened.run.scenario
    head = f"# Question: {scenario.question}\n" if scenario.question else ""
    return f"{head}{scenario.to_toml()}".encode()


def report_of(opened: Opened) -> bytes:
    """Return the report of a finished run, written anew if its file is gone."""
    try:
        return (opened.entry.path / "report.html").read_bytes()
    except OSError:
        with _drawing:
            return str(sp.report.render(opened.run)).encode()


def drawn(view: View, k: int, *, kind: str, what: str) -> Callable[[], bytes]:
    """Return what draws a figure of run ``k`` of a view when it is asked for.

    Parameters
    ----------
    kind : "svg" or "png"
    what : "curves" or "differences"
    """

    def draw() -> bytes:
        with _drawing:
            figure = _figure(view, k, what)
            if kind == "svg":
                return bytes(sp.report.figures.to_svg(figure))
            buffer = io.BytesIO()
            with sp.report.marks.settings():
                figure.savefig(buffer, format="png", dpi=DPI)
            return buffer.getvalue()

    return draw


def _figure(view: View, k: int, what: str) -> Figure:
    panel = view.panels[k]
    run, label = panel.opened.run, label_of(view.observable)
    if what == "differences":
        return sp.report.figures.forest(panel.rows, run.designs, label=label)
    if view.along == TIME:
        burn_in = run.grid.burn_in(run.designs[0], view.point)
        return sp.report.pictures.time_courses(
            run, view.observable, point=view.point, label=label, burn_in=burn_in
        )
    return sp.report.figures.curves(
        run, view.observable, along=view.along, label=label, point=view.point
    )
