"""Curves of many designs as small multiples: the same axes, each design beside the reference."""

from __future__ import annotations

import html
import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from sociophysics.live.run_lines import Series, span

__all__ = ["small_multiples"]

WIDE, HIGH, HEAD, LEFT, FOOT, GAP = 236, 132, 22, 34, 22, 12
INK, MUTED, RULE, LINE = "#1f2430", "#98a2b3", "#e4e7ec", "#0072b2"
FONT = "font-family='Roboto, Helvetica, Arial, sans-serif'"
Floats = NDArray[np.float64]


def small_multiples(
    series: Sequence[Series],
    *,
    x_title: str,
    y_title: str,
    columns: int = 4,
    mark: float | None = None,
) -> str:
    """Return an SVG with one panel for each line but the first, which stands in all of them.

    Parameters
    ----------
    series : sequence of Series
        The reference first.
    x_title, y_title : str
        Of the axes, written once.
    columns : int
        Panels of a row.
    mark : float, optional
        A value of x that is pointed out in every panel.

    Examples
    --------
    >>> lines = [Series(name, x=[0, 1], mean=[0, y]) for name, y in (("off", 0.2), ("on", 0.8))]
    >>> small_multiples(lines, x_title="noise", y_title="distance").count("<polyline")
    2
    """
    reference, others = series[0], list(series[1:]) or [series[0]]
    columns = min(columns, len(others))
    rows = math.ceil(len(others) / columns)
    (left, right), (low, high) = span([list(series)])
    width, height = columns * (WIDE + GAP) + LEFT, rows * (HIGH + HEAD + FOOT) + 44
    parts = [_text(0, 14, f"{y_title}", 12, MUTED)]
    for k, each in enumerate(others):
        x0 = LEFT + (k % columns) * (WIDE + GAP)
        y0 = 26 + (k // columns) * (HIGH + HEAD + FOOT) + HEAD
        box = _Box(x0, y0, left, right, low, high)
        parts += [
            box.frame(first=k % columns == 0),
            _text(x0, y0 - 7, each.name, 12.5, INK, bold=True),
        ]
        if mark is not None:
            at = box.x(mark)
            parts.append(
                f"<line x1='{at:.1f}' x2='{at:.1f}' y1='{y0}' y2='{y0 + HIGH}' stroke='{MUTED}' "
                "stroke-dasharray='2 3'/>"
            )
        parts += [box.band(reference, MUTED), box.band(each, LINE)]
        parts += [box.line(reference, "#5b6472", 1.2), box.line(each, LINE, 2.0)]
    parts.append(_text(width - 4, height - 4, x_title, 12, MUTED, end=True))
    return (
        f"<svg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 {width} {height}' width='{width}' "
        f"height='{height}' {FONT}>{''.join(parts)}</svg>"
    )


class _Box:
    """One panel, with its axes."""

    def __init__(
        self, x0: float, y0: float, left: float, right: float, low: float, high: float
    ) -> None:
        self.x0, self.y0, self.low, self.high = x0, y0, low, high
        self.left, self.right = left, right

    def x(self, value: float) -> float:
        return self.x0 + WIDE * (value - self.left) / ((self.right - self.left) or 1.0)

    def y(self, value: float) -> float:
        return self.y0 + HIGH - HIGH * (value - self.low) / ((self.high - self.low) or 1.0)

    def frame(self, *, first: bool) -> str:
        lines = []
        for value in _ticks(self.low, self.high):
            y = self.y(value)
            lines.append(
                f"<line x1='{self.x0}' x2='{self.x0 + WIDE}' y1='{y:.1f}' y2='{y:.1f}' "
                f"stroke='{RULE}'/>"
            )
            if first:
                lines.append(_text(self.x0 - 5, y + 4, f"{value:g}", 11, "#5b6472", end=True))
        for value in _ticks(self.left, self.right):
            x = self.x(value)
            lines.append(_text(x, self.y0 + HIGH + 14, f"{value:g}", 11, "#5b6472", middle=True))
        return "".join(lines)

    def line(self, series: Series, color: str, width: float) -> str:
        x, y = _known(series.x, series.mean)
        points = " ".join(f"{self.x(a):.1f},{self.y(b):.1f}" for a, b in zip(x, y, strict=True))
        return f"<polyline points='{points}' fill='none' stroke='{color}' stroke-width='{width}'/>"

    def band(self, series: Series, color: str) -> str:
        if series.low is None or series.high is None:
            return ""
        (x, low), (xh, high) = _known(series.x, series.low), _known(series.x, series.high)
        if len(x) < 2 or len(x) != len(xh):
            return ""
        there = [*zip(x, low, strict=True), *zip(xh[::-1], high[::-1], strict=True)]
        points = " ".join(f"{self.x(a):.1f},{self.y(b):.1f}" for a, b in there)
        return f"<polygon points='{points}' fill='{color}' fill-opacity='.18'/>"


def _known(x: object, y: object) -> tuple[Floats, Floats]:
    xs, ys = np.asarray(x, np.float64), np.asarray(y, np.float64)
    there = np.isfinite(xs) & np.isfinite(ys)
    return xs[there], ys[there]


def _ticks(low: float, high: float) -> list[float]:
    """Return three or four round numbers in a range."""
    width = (high - low) or 1.0
    step = 10.0 ** math.floor(math.log10(width / 2))
    step = next(step * k for k in (1, 2, 5, 10) if width / (step * k) <= 4)
    first = math.ceil(low / step - 1e-9)
    return [round(k * step, 10) for k in range(first, math.floor(high / step + 1e-9) + 1)]


def _text(
    x: float, y: float, text: str, size: float, color: str,
    *, bold: bool = False, end: bool = False, middle: bool = False,
) -> str:  # fmt: skip
    anchor = "end" if end else "middle" if middle else "start"
    weight = " font-weight='500'" if bold else ""
    return (
        f"<text x='{x:.1f}' y='{y:.1f}' font-size='{size:g}' fill='{color}' "
        f"text-anchor='{anchor}'{weight}>{html.escape(text)}</text>"
    )
