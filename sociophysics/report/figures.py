"""Figures that compare designs: curves along a sweep, differences, loops and what drove them."""

from __future__ import annotations

import io
import textwrap
import warnings
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

import matplotlib
import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from numpy.typing import NDArray

from sociophysics.report.marks import (
    INK,
    MUTED,
    WIDTH,
    Named,
    alike,
    mark,
    name_ends,
    name_verticals,
    settings,
)
from sociophysics.study.results import Run, outcome
from sociophysics.study.results.comparison import mean_band
from sociophysics.study.results.summary import is_at

if TYPE_CHECKING:
    from sociophysics.scenario import Settings

__all__ = [
    "Drive",
    "cell_rows",
    "curves",
    "drive",
    "forest",
    "key_label",
    "loop",
    "named_rows",
    "plateaus",
    "short",
    "to_svg",
    "wrapped",
]

Floats = NDArray[np.float64]
EQUAL = 0.015  # of the axis: curves that are nowhere farther apart are named together
LEFT = 2.55  # inches that the names of designs take
FEWEST_STEPS = 3


class Drive(NamedTuple):
    """Axis label, and the value that acted in each sweep, entry 0 being the start."""

    label: str
    values: NDArray[np.float64]


def drive(settings: Settings) -> Drive | None:
    """Return what changed with time in one case, None if nothing did step by step.

    A schedule of the temperature or of a uniform field, or a series of interventions that set the
    feed's strength, the temperature or the field to at least three values.
    """
    sweeps = settings.dynamics.sweeps
    levels = {
        "social temperature T (units of J)": settings.dynamics.temperature,
        "external field h (units of J)": getattr(settings.field, "value", None),
    }
    for label, level in levels.items():
        if level is not None and not isinstance(level, int | float) and level.kind != "hold":
            values = level.values(sweeps)
            return Drive(label, np.append(values[:1], values))
    return _steps(settings, sweeps)


def plateaus(values: NDArray[np.float64], sweeps: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return which plateau of a drive each frame belongs to, -1 while it settles.

    The first half of a plateau's frames, rounded down, is for settling.

    Parameters
    ----------
    values : array
        Value in each sweep.
    sweeps : int array
        Sweeps of the recorded frames, ascending.

    Examples
    --------
    >>> plateaus(np.array([0.0, 1, 1, 1, 1, 0]), np.arange(6))
    array([ 0, -1, -1,  1,  1,  2])
    """
    acted = values[sweeps]
    step = np.cumsum(np.append(0, acted[1:] != acted[:-1]))
    place = np.arange(step.size) - np.searchsorted(step, step)
    size = np.bincount(step)[step]
    result: NDArray[np.int64] = np.where(place >= size // 2, step, -1)
    return result


def _steps(settings: Settings, sweeps: int) -> Drive | None:
    start: dict[str, tuple[str, Any]] = {
        "feed": ("feed strength (units of J)", getattr(settings.feed, "strength", 0.0)),
        "heat": ("social temperature T (units of J)", settings.dynamics.temperature),
        "tilt": ("added field (units of J)", 0.0),
    }
    for kind, (label, value) in start.items():
        acts = sorted((a for a in settings.interventions if a.kind == kind), key=lambda a: a.at)
        if len(acts) < FEWEST_STEPS or not isinstance(value, int | float):
            continue
        values = np.full(sweeps + 1, float(value))
        for act in acts:
            # What is set after the frame of sweep t acts from sweep t + 1 on.
            values[act.at + 1 :] = _level(act)
        if np.unique(values).size >= FEWEST_STEPS:
            return Drive(label, values)
    return None


def _level(act: Any) -> float:
    if act.kind == "feed":
        return float(getattr(act.feed, "strength", 0.0))
    return float(act.temperature if act.kind == "heat" else act.field)


def to_svg(figure: Figure) -> bytes:
    """Return the figure as SVG; equal figures give equal bytes.

    Letters are drawn as they are here, except where the font lacks one, as of names in Chinese:
    then texts stay texts, for which a browser finds a font.
    """
    try:
        return _saved(figure, "path", lacking="error")
    except UserWarning:
        return _saved(figure, "none", lacking="ignore")


def _saved(figure: Figure, letters: str, *, lacking: Literal["error", "ignore"]) -> bytes:
    buffer = io.BytesIO()
    with settings(), matplotlib.rc_context({"svg.fonttype": letters}), warnings.catch_warnings():
        warnings.filterwarnings(lacking, "Glyph", UserWarning)
        figure.savefig(buffer, format="svg", metadata={"Date": None, "Creator": None})
    return buffer.getvalue()


def curves(
    run: Run,
    observable: str,
    *,
    along: str,
    label: str,
    point: dict[str, Any],
    theory: Sequence[tuple[float, str]] = (),
) -> Figure:
    """Return the mean of every design along a swept key, with 95 % bands over replicas.

    Where replicas are in two states the mean is that of no society: the curve is broken there and
    each replica is a dot.

    Parameters
    ----------
    label : str
        The y axis, with its unit.
    point : dict
        Values of the other swept keys.
    theory : sequence of (value, text)
        Vertical lines to compare with.
    """
    grid = run.grid
    rows = _points(run, {key: value for key, value in point.items() if key != along})
    x = grid.points[along].to_numpy(dtype=np.float64)[rows]
    # Pure noise (T = infinity) has no place on the axis.
    order = np.argsort(x)[: int(np.isfinite(x).sum())]
    rows, x = rows[order], x[order]
    values = grid.values(observable)
    several = len(grid.designs) > 1
    moving, apart = _moving(run, observable), _apart(run, observable)
    with settings():
        height = max(4.2, 0.27 * len(grid.designs) + 1.4)
        top = 0.18 + 0.17 * len(theory)
        figure = Figure(figsize=(WIDTH, height))
        axes = figure.add_subplot()
        figure.subplots_adjust(0.075, 0.62 / height, 0.7 if several else 0.985,
                               1 - top / height)  # fmt: skip
        drawn = [
            _bands([values[d, k, grid.present[d, k]] for k in rows], observable)
            for d in range(len(grid.designs))
        ]
        curves = [bands[:, 0] for bands in drawn]
        groups = _groups(curves)
        for d in (group[0] for group in groups):
            bands, style, layer = drawn[d].copy(), mark(d), 3 + (d == 0)
            split = np.array([(grid.designs[d], int(k)) in apart for k in rows], dtype=bool)
            bands[split] = np.nan
            for at, k in zip(x[split], rows[split], strict=True):
                dots = values[d, k, grid.present[d, k]]
                axes.plot(np.full(dots.size, at), dots, style.marker, color=style.color, ms=4,
                          alpha=0.7, mew=0, zorder=layer + 4)  # fmt: skip
            axes.fill_between(x, bands[:, 1], bands[:, 2], color=style.color, alpha=0.15, lw=0)
            axes.plot(x, bands[:, 0], color=style.color, ls=style.dash, marker=style.marker,
                      zorder=layer)  # fmt: skip
            hollow = np.array([(grid.designs[d], int(k)) in moving for k in rows], dtype=bool)
            axes.plot(x[hollow], bands[hollow, 0], ls="", marker=style.marker, mfc="white",
                      mec=style.color, zorder=layer + 2)  # fmt: skip
        axes.axhline(0, color=MUTED, lw=0.8)
        axes.set_xlabel(key_label(along))
        axes.set_ylabel(label)
        axes.margins(x=0.02)
        axes.set_ylim(*axes.get_ylim())
        axes.set_xlim(*axes.get_xlim())
        inches = height - 0.62 - top
        name_verticals(axes, theory, height=inches)
        if several:
            name_ends(axes, _named(curves, groups, run.designs), height=inches)
    return figure


def _bands(samples: list[Floats], observable: str) -> Floats:
    """Return mean, low and high of each sample, kept inside the range of the observable."""
    return np.array([mean_band(sample, observable) for sample in samples]).reshape(len(samples), 3)


def _moving(run: Run, observable: str) -> set[tuple[str, int]]:
    """Return designs and points whose mean still moves."""
    rows = outcome(run.compare(observable))
    return _cells(run, rows[rows["settled"] == "no"])


def _apart(run: Run, observable: str) -> set[tuple[str, int]]:
    """Return designs and points whose replicas are in two states."""
    rows = outcome(run.compare(observable))
    return _cells(run, rows[rows["share"].notna()])


def _cells(run: Run, rows: pd.DataFrame) -> set[tuple[str, int]]:
    """Return the designs of rows of a comparison, and the numbers of their swept points."""
    points = {tuple(cell): k for k, cell in enumerate(run.grid.points.to_numpy(dtype=object))}
    cells = rows[run.swept].to_numpy(dtype=object)
    return {
        (design, points[tuple(cell)]) for design, cell in zip(rows["design"], cells, strict=True)
    }


def _groups(curves: list[Floats]) -> list[list[int]]:
    """Return the curves that are known anywhere, those that lie on each other together."""
    known = [k for k, curve in enumerate(curves) if np.isfinite(curve).any()]
    if not known:
        return []
    every = np.concatenate([curves[k] for k in known])
    tolerance = EQUAL * float(np.nanmax(every) - np.nanmin(every))
    return [[known[k] for k in group] for group in alike([curves[k] for k in known], tolerance)]


def _named(curves: list[Floats], groups: list[list[int]], designs: Sequence[str]) -> list[Named]:
    """Return the names of groups, where their curves end; of equal ends the higher curve first."""
    found = []
    for group in groups:
        curve = curves[group[0]]
        known = curve[np.isfinite(curve)]
        text = ", ".join(designs[k] for k in group)
        found.append((float(known.mean()), Named(mark(group[0]), text, float(known[-1]))))
    ends = [named.end for _, named in found]
    step = EQUAL * (max(ends) - min(ends)) if ends else 0.0
    found.sort(key=lambda each: (-round(each[1].end / step) if step else 0, -each[0]))
    return [named for _, named in found]


def forest(rows: pd.DataFrame, designs: Sequence[str], *, label: str) -> Figure:
    """Return the difference of each design to the reference with its 95 % interval.

    Parameters
    ----------
    rows : DataFrame
        One row per design, as `Run.compare` gives them.
    designs : sequence of str
        All designs in order; the first is the reference.
    label : str
        The observable, with its unit.
    """
    frame = rows[rows["difference"].notna()].sort_values("difference", ignore_index=True)
    with settings():
        figure, axes = named_rows([str(name) for name in frame["design"]])
        axes.axvline(0, color=INK, lw=1)
        for y, row in enumerate(frame.to_dict("records")):
            style = mark(list(designs).index(row["design"]))
            axes.plot([row["low"], row["high"]], [y, y], color=style.color, lw=2.4)
            axes.plot(row["difference"], y, style.marker, color=style.color, ms=6)
            text = f"{row['difference']:+.3f}".replace("-", "\N{MINUS SIGN}")
            axes.annotate(text, (1.015, y), xycoords=("axes fraction", "data"), va="center",
                          fontsize=8.5)  # fmt: skip
        axes.set_xlabel(f"difference in {label} to {short(str(designs[0]), 40)}")
    return figure


def loop(run: Run, observable: str, drives: dict[str, Drive], *, label: str) -> Figure:
    """Return an observable against what was turned up (solid) and down (dashed).

    Parameters
    ----------
    drives : dict
        Name of a design to what changed in it; all with the same label.
    label : str
        The y axis, with its unit.
    """
    with settings():
        figure = Figure(figsize=(WIDTH, 3.9))
        axes = figure.add_subplot()
        figure.subplots_adjust(0.075, 0.16, 0.74, 0.95)
        handles = []
        for design, moved in drives.items():
            style = mark(run.designs.index(design))
            x, bands, rising = _loop(run, observable, design, moved)
            for leg, dash in ((rising, "-"), (~rising, (0, (4, 2)))):
                axes.fill_between(x[leg], bands[leg, 1], bands[leg, 2], color=style.color,
                                  alpha=0.15, lw=0)  # fmt: skip
                axes.plot(x[leg], bands[leg, 0], color=style.color, ls=dash, marker=style.marker)
            for way, dash in (("up", "-"), ("down", (0, (4, 2)))):
                name = f"{design}, {way}" if len(drives) > 1 else f"turned {way}"
                handles.append(_handle(style._replace(dash=dash), name))
        axes.axhline(0, color=MUTED, lw=0.8)
        axes.set_xlabel(next(iter(drives.values())).label)
        axes.set_ylabel(label)
        _legend(axes, handles)
    return figure


def key_label(key: str) -> str:
    """Return a swept key as an axis label with its unit.

    Examples
    --------
    >>> key_label("dynamics.temperature")
    'social temperature T (units of J)'
    """
    known = {
        "dynamics.temperature": "social temperature T (units of J)",
        "feed.strength": "feed strength (units of J)",
        "field.value": "external field h (units of J)",
        "couplings.across": "coupling across camps (units of J)",
        "couplings.within": "coupling within camps (units of J)",
    }
    return known.get(key, key)


def cell_rows(run: Run, design: str, point: dict[str, Any]) -> pd.DataFrame:
    """Return the rows of the table that belong to one design at one swept point."""
    keep = run.table["design"] == design
    for key, value in point.items():
        keep &= run.table[key] == value
    return run.table[keep]


def wrapped(text: str, width: int) -> str:
    """Return a name on at most two lines."""
    return "\n".join(short(line, width) for line in textwrap.wrap(text, width)[:2])


def short(text: str, width: int) -> str:
    """Return a name of at most ``width`` letters.

    Examples
    --------
    >>> short("popularity among everyone", 14)
    'popularity am…'
    """
    cut = text if len(text) <= width else text[: width - 1] + "\N{HORIZONTAL ELLIPSIS}"
    # matplotlib reads $...$ as mathematics, and a user's design may be called "$5 tax".
    return cut.replace("$", r"\$")


def named_rows(names: list[str]) -> tuple[Figure, Axes]:
    """Return a figure with one labelled row per name, from the bottom up."""
    height = 0.3 * len(names) + 0.85
    figure = Figure(figsize=(WIDTH, height))
    axes = figure.add_subplot()
    figure.subplots_adjust(LEFT / WIDTH, 0.62 / height, 0.92, 1 - 0.1 / height)
    axes.set_yticks(range(len(names)), [short(name, 36) for name in names])
    axes.set_ylim(-0.6, len(names) - 0.4)
    axes.grid(visible=False, axis="y")
    axes.spines["left"].set_visible(False)
    axes.tick_params(axis="y", length=0)
    return figure, axes


def _points(run: Run, point: dict[str, Any]) -> NDArray[np.int64]:
    return np.flatnonzero(is_at(run.grid.points, point))


def _loop(
    run: Run, observable: str, design: str, moved: Drive
) -> tuple[Floats, Floats, NDArray[np.bool_]]:
    series = cell_rows(run, design, run.grid.point(0)).pivot_table(
        index="sweep", columns="replica", values=observable
    )
    sweeps = series.index.to_numpy(dtype=np.int64)
    plateau = plateaus(moved.values, sweeps)
    settled = series[plateau >= 0].groupby(plateau[plateau >= 0]).mean()
    first = np.array([np.argmax(plateau == step) for step in settled.index])
    x = moved.values[sweeps[first]]
    bands = _bands(list(settled.to_numpy()), observable)
    rising = np.arange(x.size) <= int(np.argmax(x))
    return x, bands, rising


def _handle(style: Any, name: str) -> Line2D:
    return Line2D([], [], color=style.color, ls=style.dash, marker=style.marker,
                  label=wrapped(name, 26))  # fmt: skip


def _legend(axes: Axes, handles: list[Line2D]) -> None:
    axes.legend(
        handles=handles, loc="upper left", bbox_to_anchor=(1.015, 1.02), frameon=False,
        fontsize=8.5, handlelength=3.2, labelspacing=0.55, borderaxespad=0,
    )  # fmt: skip
