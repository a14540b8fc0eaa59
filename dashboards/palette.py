"""The colors that every page shares: a stance is a hue, a lightness and a shape.

Up is a dark blue disc, down a light orange ring: readers who confuse hues see the lightness, and
readers of a gray print see the shape. Lines take the report's colors, so that a design keeps its
look from the live page to the written report.
"""

from __future__ import annotations

__all__ = ["DOWN", "DOWN_EDGE", "GRID", "INK", "LINES", "MUTED", "TIE", "UP", "WALL", "line"]

UP = "#00507d"
DOWN = "#ffc27d"
DOWN_EDGE = "#b34e00"
WALL = "#b3187a"  # a tie whose ends disagree with its sign
TIE = "#98a2b3"

INK, MUTED, GRID = "#1f2430", "#5b6472", "#e4e7ec"

# Okabe and Ito's colors as in the report, the reference first; dashes tell them apart in gray.
LINES = (
    ("#1f2430", ""),
    ("#0072b2", "7 4"),
    ("#d55e00", "2 3"),
    ("#009e73", "10 3 2 3"),
    ("#cc79a7", "4 2"),
    ("#56b4e9", "1 2"),
    ("#e69f00", "12 4"),
)


def line(index: int) -> tuple[str, str]:
    """Return color and dash pattern of a series; the reference (0) is dark and solid.

    Examples
    --------
    >>> line(0), line(7) == line(0)
    (('#1f2430', ''), True)
    """
    return LINES[index % len(LINES)]
