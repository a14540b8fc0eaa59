"""How figures look: one palette that color-blind readers can tell apart, one type size."""

from __future__ import annotations

from contextlib import AbstractContextManager
from typing import Any, NamedTuple

import matplotlib as mpl

__all__ = ["GRID", "INK", "MUTED", "WIDTH", "Mark", "mark", "settings"]

WIDTH = 9.2  # inches; the page shows it 912 pixels wide
INK, MUTED, GRID = "#1f2430", "#667085", "#e4e7ec"

# Okabe and Ito's palette without its yellow, which is too light for lines on white. The second
# and third round repeat the colors with other dashes and markers.
PALETTE = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#56b4e9", "#e69f00")
DASHES: tuple[Any, ...] = ("-", (0, (5, 2)), (0, (1.5, 1.5)), (0, (6, 2, 1.5, 2)))
MARKERS = ("o", "s", "^", "D", "v", "P", "X", "<", ">", "h")


class Mark(NamedTuple):
    """Color, dash pattern and marker of one design, the same in every figure."""

    color: str
    dash: Any
    marker: str


def mark(index: int) -> Mark:
    """Return the mark of a design; the reference (0) is dark gray.

    Examples
    --------
    >>> mark(0).color, mark(1) == mark(7)
    ('#1f2430', False)
    """
    if index == 0:
        return Mark(INK, "-", "o")
    k = index - 1
    turn = k // len(PALETTE)
    return Mark(
        PALETTE[k % len(PALETTE)],
        DASHES[turn % len(DASHES)],
        MARKERS[(k + turn) % len(MARKERS)],
    )


def settings() -> AbstractContextManager[Any]:
    """Return matplotlib settings for one figure; the user's own are left as they are."""
    return mpl.rc_context(
        {
            "font.family": "sans-serif",
            "font.sans-serif": ["DejaVu Sans"],
            "font.size": 9,
            "axes.titlesize": 9,
            "axes.labelsize": 9,
            "axes.labelcolor": INK,
            "axes.edgecolor": MUTED,
            "axes.linewidth": 0.8,
            "axes.spines.top": False,
            "axes.spines.right": False,
            "axes.grid": True,
            "axes.axisbelow": True,
            "grid.color": GRID,
            "grid.linewidth": 0.8,
            "xtick.color": MUTED,
            "ytick.color": MUTED,
            "xtick.labelcolor": INK,
            "ytick.labelcolor": INK,
            "text.color": INK,
            "lines.linewidth": 1.6,
            "lines.markersize": 4.5,
            "path.simplify": True,
            # Equal runs give equal bytes: names inside the SVG are hashed with this.
            "svg.hashsalt": "sociophysics",
            "svg.fonttype": "path",
            "figure.dpi": 100,
        }
    )
