"""Figures of tipping points: the transition, a hysteresis loop, a phase diagram."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from sociophysics.report.figures import key_label, to_svg
from sociophysics.report.marks import INK, MUTED, WIDTH, mark, settings
from sociophysics.report.wording import label

__all__ = ["crossing", "loop", "phases", "picture", "transition"]

PLACE = "#d55e00"


def transition(
    table: pd.DataFrame,
    *,
    along: str,
    observable: str,
    place: tuple[float, float, float],
    theory: Sequence[tuple[str, float]] = (),
) -> Figure:
    """Return order parameter, susceptibility and distance between the sides along a key.

    Parameters
    ----------
    table : DataFrame
        Of a search.
    place : (value, low, high)
        The tipping point, NaN if there is none.
    theory : sequence of (text, value)
    """
    x = table[along].to_numpy(dtype=np.float64)
    panels = (
        ("mean", label(observable)),
        ("susceptibility", "susceptibility\n(1/J)"),
        ("total_variation", "distance of\nthe two sides"),
    )
    with settings():
        figure = Figure(figsize=(WIDTH, 6.4))
        axes = figure.subplots(3, 1, sharex=True, height_ratios=(1.5, 1, 1))
        figure.subplots_adjust(0.1, 0.08, 0.985, 0.97, hspace=0.12)
        for k, (panel, (column, text)) in enumerate(zip(axes, panels, strict=True)):
            style = mark(k)
            y = table[column].to_numpy(dtype=np.float64)
            seen = np.isfinite(y)
            if column == "mean":
                low, high = table["low"].to_numpy(float), table["high"].to_numpy(float)
                panel.fill_between(x, low, high, color=style.color, alpha=0.15, lw=0)
            if column == "total_variation":
                _distances(panel, table[seen], along, k)
            else:
                panel.plot(x[seen], y[seen], color=style.color, marker=style.marker, ms=3.5)
            panel.set_ylabel(text)
            _place(panel, place)
            _theory(panel, theory, x, named=k == 0)
        axes[-1].set_ylim(0, 1.25)
        axes[-1].set_xlabel(key_label(along))
    return figure


def crossing(
    table: pd.DataFrame, *, along: str, place: tuple[float, float, float],
    theory: Sequence[tuple[str, float]] = (),
) -> Figure:  # fmt: skip
    """Return Binder's cumulant of every size along a key."""
    with settings():
        figure = Figure(figsize=(WIDTH, 3.6))
        panel = figure.add_subplot()
        figure.subplots_adjust(0.1, 0.14, 0.985, 0.96)
        for k, (size, rows) in enumerate(table.groupby("size")):
            style = mark(k)
            panel.plot(rows[along], rows["binder"], color=style.color, marker=style.marker,
                       ls=style.dash, label=f"size {size}")  # fmt: skip
        _place(panel, place)
        _theory(panel, theory, table[along].to_numpy(float), named=True)
        panel.set_xlabel(key_label(along))
        panel.set_ylabel("Binder cumulant")
        panel.legend(frameon=False, loc="lower left")
    return figure


def loop(
    table: pd.DataFrame, *, along: str, observable: str, theory: Sequence[tuple[str, float]] = ()
) -> Figure:
    """Return an observable on the way up (solid) and down (dashed), with 95 % bands."""
    with settings():
        figure = Figure(figsize=(WIDTH, 3.9))
        panel = figure.add_subplot()
        figure.subplots_adjust(0.1, 0.14, 0.985, 0.96)
        for k, way in enumerate(("up", "down")):
            rows = table[table["direction"] == way]
            style, dash = mark(k), ("-", (0, (4, 2)))[k]
            panel.fill_between(rows[along].to_numpy(float), rows["low"].to_numpy(float),
                               rows["high"].to_numpy(float), color=style.color, alpha=0.15,
                               lw=0)  # fmt: skip
            panel.plot(rows[along], rows["mean"], color=style.color, ls=dash, marker=style.marker,
                       label=f"turned {way}")  # fmt: skip
        _theory(panel, theory, table[along].to_numpy(float), named=True)
        panel.set_xlabel(key_label(along))
        panel.set_ylabel(label(observable))
        panel.legend(frameon=False)
    return figure


def phases(grid: pd.DataFrame, observable: str) -> Figure:
    """Return an order parameter over two keys as colored cells.

    Parameters
    ----------
    grid : DataFrame
        Columns are the values of the first key, rows those of the second.
    """
    with settings():
        figure = Figure(figsize=(WIDTH, 5.2))
        panel = figure.add_subplot()
        figure.subplots_adjust(0.1, 0.11, 0.98, 0.97)
        panel.grid(visible=False)
        mesh: Any = panel.pcolormesh(
            _edges(grid.columns), _edges(grid.index), grid.to_numpy(float), cmap="cividis"
        )
        figure.colorbar(mesh, ax=panel, label=label(observable), pad=0.02)
        panel.set_xlabel(key_label(str(grid.columns.name)))
        panel.set_ylabel(key_label(str(grid.index.name)))
    return figure


def picture(grid: pd.DataFrame, observable: str) -> bytes:
    """Return the phase diagram as SVG.

    Parameters
    ----------
    grid : DataFrame
        Of ``experiments.phase_diagram``.
    observable : str
        What its cells hold the mean of.

    Examples
    --------
    >>> grid = pd.DataFrame([[1.0, 0.2], [0.9, 0.1]], index=[1, 2], columns=[0.5, 1.5])
    >>> picture(grid, "abs_magnetization")[:5]
    b'<?xml'
    """
    return to_svg(phases(grid, observable))


def _edges(values: Any) -> Any:
    x = np.asarray(values, dtype=np.float64)
    middles = (x[1:] + x[:-1]) / 2
    return np.concatenate([[2 * x[0] - middles[0]], middles, [2 * x[-1] - middles[-1]]])


def _distances(panel: Axes, table: pd.DataFrame, along: str, index: int) -> None:
    """Draw one line per spacing: closer neighbours differ less."""
    spacing = table["between"].round(9)
    widest = sorted(spacing.unique(), reverse=True)
    for k, width in enumerate(widest):
        rows, style = table[spacing == width], mark(index + k)
        panel.plot(rows[along], rows["total_variation"], color=style.color, marker=style.marker,
                   ls="-" if k == 0 else ":", ms=3.5, label=f"{width:.3g} apart")  # fmt: skip
    if 1 < len(widest) <= 6:
        panel.legend(frameon=False, fontsize=8, ncols=len(widest), loc="upper left")


def _place(panel: Axes, place: tuple[float, float, float]) -> None:
    if not np.isfinite(place[0]):
        return
    panel.axvline(place[0], color=PLACE, lw=1.4)
    if np.isfinite(place[1]):
        panel.axvspan(place[1], place[2], color=PLACE, alpha=0.14, lw=0)


def _theory(panel: Axes, theory: Sequence[tuple[str, float]], x: Any, *, named: bool) -> None:
    for k, (text, value) in enumerate(theory):
        if not float(x.min()) <= value <= float(x.max()):
            continue
        panel.axvline(value, color=MUTED, lw=0.9, ls=(0, (3, 3)))
        if named:
            # One line below the other, so that neighbouring numbers stay readable.
            right = value > float(x.min()) + 0.6 * float(np.ptp(x))
            panel.annotate(f" {text} {value:.4g} ", (value, 0.97 - 0.09 * k),
                           xycoords=("data", "axes fraction"), va="top", fontsize=8,
                           ha="right" if right else "left", color=INK)  # fmt: skip
