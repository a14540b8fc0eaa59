"""How figures look: colors that everybody can tell apart, and names beside the ends of lines."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence
from contextlib import AbstractContextManager
from typing import Any, NamedTuple

import matplotlib as mpl
import numpy as np
from matplotlib.axes import Axes
from numpy.typing import NDArray

__all__ = [
    "GRID",
    "INK",
    "MUTED",
    "WIDTH",
    "Mark",
    "Named",
    "alike",
    "mark",
    "name_ends",
    "name_verticals",
    "settings",
    "spread_out",
]

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


Floats = NDArray[np.float64]
SIZE = 8.5  # points
LINE = 1.3 * SIZE / 72  # inches from line to line
WRAP = 27  # letters that fit beside a figure
MOST_LINES = 3


class Named(NamedTuple):
    """Curves that are drawn alike and named together, and where their name belongs."""

    mark: Mark
    text: str
    end: float


def alike(curves: Sequence[Floats], tolerance: float) -> list[list[int]]:
    """Return groups of curves that differ nowhere by more than a tolerance from their first.

    Undefined values are equal to each other only.

    Examples
    --------
    >>> alike([np.array([0, 1.0]), np.array([0, 0.5]), np.array([0.01, 1.0])], 0.02)
    [[0, 2], [1]]
    """
    groups: list[list[int]] = []
    for k, curve in enumerate(curves):
        for group in groups:
            first = curves[group[0]]
            same = np.isnan(first) == np.isnan(curve)
            if same.all() and not (np.abs(first - curve) > tolerance).any():
                group.append(k)
                break
        else:
            groups.append([k])
    return groups


def spread_out(wanted: Sequence[float], heights: Sequence[float]) -> list[float]:
    """Return middles as near to the wanted ones as heights allow without overlap, order kept.

    Parameters
    ----------
    wanted, heights : sequence of float
        Wanted middles in descending order, and the height of each.

    Examples
    --------
    >>> spread_out([0.5, 0.5], [0.2, 0.2])
    [0.6, 0.4]
    """
    blocks: list[tuple[list[int], float]] = []
    middles = dict(enumerate(wanted))

    def settled(members: list[int]) -> float:
        """Return the top of a block whose members lie as near to where they want as they can."""
        tops, below = [], 0.0
        for k in members:
            tops.append(wanted[k] + heights[k] / 2 + below)
            below += heights[k]
        return float(np.mean(tops))

    for k in range(len(wanted)):
        block = ([k], settled([k]))
        while blocks and blocks[-1][1] - sum(heights[i] for i in blocks[-1][0]) < block[1]:
            members = blocks.pop()[0] + block[0]
            block = (members, settled(members))
        blocks.append(block)
    for members, top in blocks:
        for k in members:
            middles[k] = top - heights[k] / 2
            top -= heights[k]
    return [round(middles[k], 9) for k in range(len(wanted))]


def name_ends(axes: Axes, named: Sequence[Named], *, height: float) -> None:
    """Write names to the right of the axes, each joined to the end of its curve.

    Parameters
    ----------
    axes : Axes
        With its limits set.
    named : sequence of Named
        From the highest end to the lowest.
    height : float
        Of the axes, in inches.
    """
    low, high = axes.get_ylim()
    texts = [_folded(each.text) for each in named]
    heights = [(text.count("\n") + 1.15) * LINE / height for text in texts]
    ends = [float(np.clip((each.end - low) / (high - low), 0, 1)) for each in named]
    middles = spread_out(ends, heights)
    lowest = middles[-1] - heights[-1] / 2 if middles else 0.0
    # Names may reach below the axis, but not out of the figure.
    lift = max(0.0, -0.12 - lowest)
    for each, text, end, middle in zip(named, texts, ends, middles, strict=True):
        y, first = middle + lift, each.mark
        axes.plot([1.005, 1.045], [end, y], transform=axes.transAxes, color=first.color, lw=0.7,
                  alpha=0.6, clip_on=False)  # fmt: skip
        axes.plot([1.05, 1.1], [y, y], transform=axes.transAxes, color=first.color,
                  ls=first.dash, clip_on=False)  # fmt: skip
        axes.plot([1.075], [y], first.marker, transform=axes.transAxes, color=first.color,
                  clip_on=False)  # fmt: skip
        axes.text(1.115, y, text, transform=axes.transAxes, va="center", fontsize=SIZE,
                  linespacing=1.1, color=INK)  # fmt: skip


def name_verticals(axes: Axes, lines: Sequence[tuple[float, str]], *, height: float) -> None:
    """Draw vertical lines and write their names above the axes, each on a line of its own."""
    left, right = axes.get_xlim()
    for k, (value, text) in enumerate(sorted(lines)):
        axes.axvline(value, color=MUTED, lw=0.9, ls=(0, (3, 3)))
        late = value > (left + right) / 2
        y = 1 + (0.06 + 0.17 * k) / height
        axes.plot([value, value], [1, y + 0.05 / height], color=MUTED, lw=0.9, ls=(0, (3, 3)),
                  transform=axes.get_xaxis_transform(), clip_on=False)  # fmt: skip
        label = f"{text}: {value:.3g}"
        axes.annotate(f"{label} " if late else f" {label}", (value, y), fontsize=8, color=MUTED,
                      xycoords=("data", "axes fraction"), ha="right" if late else "left",
                      annotation_clip=False)  # fmt: skip


def _folded(text: str) -> str:
    lines = textwrap.wrap(text, WRAP)
    if len(lines) > MOST_LINES:
        lines = [
            *lines[: MOST_LINES - 1],
            lines[MOST_LINES - 1][: WRAP - 1] + "\N{HORIZONTAL ELLIPSIS}",
        ]
    # matplotlib reads $...$ as mathematics, and a user's design may be called "$5 tax".
    return "\n".join(lines).replace("$", r"\$")
