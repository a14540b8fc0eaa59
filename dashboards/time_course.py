"""Lines with bands, light enough to be drawn anew several times a second."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import anywidget
import numpy as np
import solara
import traitlets
from numpy.typing import NDArray

from sociophysics.live.run_lines import Series

from .palette import line

__all__ = ["TimeCourse", "course_traits"]

MOST_POINTS = 600  # of a series on the screen; more cannot be told apart


class TimeCourseWidget(anywidget.AnyWidget):
    """Draws SVG; numbers travel as float64 bytes."""

    _esm = Path(__file__).parent / "time_course.js"
    series: traitlets.List[dict[str, Any]] = traitlets.List().tag(sync=True)
    data = traitlets.Bytes(b"").tag(sync=True)
    marks: traitlets.List[list[Any]] = traitlets.List().tag(sync=True)
    x_title = traitlets.Unicode("").tag(sync=True)
    y_title = traitlets.Unicode("").tag(sync=True)
    x_range: traitlets.List[float] = traitlets.List().tag(sync=True)
    y_range: traitlets.List[float] = traitlets.List().tag(sync=True)
    height = traitlets.Int(220).tag(sync=True)
    legend = traitlets.Bool(False).tag(sync=True)
    summary = traitlets.Unicode("").tag(sync=True)


def packed(series: Series) -> NDArray[np.float64]:
    """Return x, mean, low and high as rows, thinned evenly to what a screen can show.

    Examples
    --------
    >>> packed(Series("m", x=[0, 1], mean=[0.5, 1.0])).shape
    (4, 2)
    """
    x = np.asarray(series.x, dtype=np.float64)
    none = np.full(x.shape, np.nan)
    rows = [none if part is None else part for part in (series.mean, series.low, series.high)]
    table = np.stack([x, *(np.asarray(row, dtype=np.float64) for row in rows)])
    if table.shape[1] > MOST_POINTS:
        kept = np.unique(np.linspace(0, table.shape[1] - 1, MOST_POINTS).astype(np.int64))
        table = table[:, kept]
    return table


@solara.component
def TimeCourse(
    series: Sequence[Series] | None,
    *,
    x_title: str = "sweep",
    y_title: str = "",
    marks: Sequence[tuple[float, str]] = (),
    title: str = "",
    x_range: tuple[float, float] | None = None,
    y_range: tuple[float, float] | None = None,
    height: int = 220,
    legend: bool = False,
) -> None:
    """Draw lines with their bands; values show on hover and with the arrow keys.

    Parameters
    ----------
    series : sequence of Series, or None
        None: ``course_traits`` are written to the widget as values come, past the render.
    x_title, y_title : str
        With their units.
    marks : sequence of (x, text)
        Where something was done.
    title : str
        For screen readers, with the last values.
    x_range, y_range : (low, high), optional
        Fixed ends of an axis; what the lines need by default.
    legend : bool
        Name a single line too.
    """
    words: dict[str, Any] = {"x_title": x_title, "y_title": y_title, "title": title}
    TimeCourseWidget.element(
        **({} if series is None else course_traits(series, marks=marks, **words)),
        x_title=x_title, y_title=y_title, x_range=list(x_range or ()), y_range=list(y_range or ()),
        height=height, legend=legend,
    )  # fmt: skip


def course_traits(
    series: Sequence[Series],
    *,
    x_title: str,
    y_title: str,
    marks: Sequence[tuple[float, str]],
    title: str,
) -> dict[str, Any]:
    """Return what changes of a drawn course when values are added: traits of its widget."""
    tables = [packed(one) for one in series]
    heads = []
    for one, table in zip(series, tables, strict=True):
        color, dash = line(one.index)
        heads.append(
            {"name": one.name, "color": color, "dash": dash, "points": one.points,
             "count": int(table.shape[1])}
        )  # fmt: skip
    ends = [f"{one.name} ends at {_last(table)}" for one, table in zip(series, tables, strict=True)]
    return {
        "series": heads,
        "data": b"".join(table.tobytes() for table in tables),
        "marks": [[float(x), text] for x, text in marks],
        "summary": f"{title or y_title} over {x_title}: {', '.join(ends or ['no values yet'])}.",
    }


def _last(table: NDArray[np.float64]) -> str:
    known = table[1][np.isfinite(table[1])]
    return f"{known[-1]:.3g}" if len(known) else "nothing yet"
