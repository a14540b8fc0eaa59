"""Figures of a fitted chamber: couplings, members, probabilities, what it generates."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from numpy.typing import NDArray

from sociophysics.report.figures import short
from sociophysics.report.marks import GRID, INK, MUTED, WIDTH, mark, settings

__all__ = [
    "calibration",
    "distribution",
    "heat",
    "landscape",
    "matrix",
    "members",
    "network",
    "nominate",
    "surname",
]

Floats = NDArray[np.float64]
FOR, AGAINST, RECORDED = "#0072b2", "#7b3294", "#c9d1dc"
MOST_NAMES = 45  # that fit along the side of a matrix
PARTY_COLORS = {"D": "#0072b2", "R": "#d55e00"}
OTHERS = ("#009e73", "#cc79a7", "#e69f00", "#56b4e9", "#0072b2", "#d55e00")
SOURCES = {
    "votes": "the chamber",
    "shuffled": "null: members independent",
    "blocs": "null: blocs independent",
}


def surname(name: str) -> str:
    """Return a member's name without party, state and given names, for a label.

    Examples
    --------
    >>> surname("SPECTER (R PA)"), surname("SANDERS, Bernard")
    ('Specter', 'Sanders')
    """
    first = name.split(" (")[0].split(",")[0].strip()
    return short(first.title() if first.isupper() else first, 16)


def party_colors(party: Sequence[str]) -> dict[str, str]:
    """Return a color per party; Democrats are blue, Republicans orange-red.

    Examples
    --------
    >>> party_colors(["D", ""])[""]
    '#667085'
    """
    names = sorted(set(party))
    rest = iter([*OTHERS, *OTHERS])
    american = set(PARTY_COLORS) <= set(names)
    return {
        name: MUTED
        if not name
        else PARTY_COLORS[name]
        if american and name in PARTY_COLORS
        else next(rest, MUTED)
        for name in names
    }


def matrix(coupling: Floats, table: pd.DataFrame) -> Figure:
    """Return the couplings as colored cells; members by bloc, then by ideal point."""
    order = np.lexsort([table["ideal_point"].to_numpy(), table["bloc"].to_numpy()])
    ordered = coupling[np.ix_(order, order)]
    off = np.abs(ordered[~np.eye(len(ordered), dtype=bool)])
    limit = float(np.quantile(off, 0.995)) or 1.0
    with settings():
        figure = Figure(figsize=(WIDTH, 7.4))
        axes = figure.add_subplot()
        figure.subplots_adjust(0.13, 0.12, 0.97, 0.985)
        axes.grid(visible=False)
        picture = axes.imshow(ordered, cmap="PuOr_r", vmin=-limit, vmax=limit,
                              interpolation="nearest")  # fmt: skip
        figure.colorbar(picture, ax=axes, label="coupling J (units of T)", pad=0.02,
                        shrink=0.85, extend="both")  # fmt: skip
        edge = int((table["bloc"] == 0).sum()) - 0.5
        for line in (axes.axhline, axes.axvline):
            line(edge, color=INK, lw=0.8)
        names = [surname(str(table["name"].iloc[i])) for i in order]
        step = max(1, -(-len(names) // MOST_NAMES))
        places = list(range(0, len(names), step))
        size = 7.5 if len(names) > 20 else 9
        axes.set_xticks(places, [names[i] for i in places], rotation=90, fontsize=size)
        axes.set_yticks(places, [names[i] for i in places], fontsize=size)
        axes.tick_params(length=2)
    return figure


def network(coupling: Floats, table: pd.DataFrame, *, edges_per_member: float = 2.0) -> Figure:
    """Return the strongest couplings as lines between members placed by their agreement."""
    n = len(coupling)
    place = _layout(coupling)
    i, j = np.triu_indices(n, 1)
    values = coupling[i, j]
    count = min(int(edges_per_member * n), len(values))
    with settings():
        figure = Figure(figsize=(WIDTH, 6.2))
        axes = figure.add_subplot()
        figure.subplots_adjust(0.01, 0.01, 0.82, 0.99)
        axes.set_axis_off()
        top = float(np.abs(values).max()) or 1.0
        for sign, color, dash in ((1, MUTED, "-"), (-1, AGAINST, (0, (4, 2)))):
            strongest = np.argsort(-sign * values)[: count if sign > 0 else count // 3]
            for k in strongest[sign * values[strongest] > 0]:
                strength = abs(values[k]) / top
                axes.plot(*place[[i[k], j[k]]].T, color=color, ls=dash, lw=0.4 + 2.4 * strength,
                          alpha=0.25 + 0.5 * strength, zorder=1)  # fmt: skip
        colors = party_colors(table["party"].tolist())
        for name, color in colors.items():
            own = (table["party"] == name).to_numpy()
            axes.scatter(place[own, 0], place[own, 1], s=46 if n > 40 else 90, color=color,
                         edgecolor="white", lw=0.8, zorder=2)  # fmt: skip
        _names(axes, place, table, _notable(table))
        lines = [
            Line2D([], [], color=MUTED, lw=2, label="coupling above 0"),
            Line2D([], [], color=AGAINST, lw=2, ls=(0, (4, 2)), label="coupling below 0"),
        ]
        axes.legend(handles=[*_dots(colors), *lines], frameon=False, loc="upper left",
                    bbox_to_anchor=(1, 1))  # fmt: skip
    return figure


def members(table: pd.DataFrame) -> Figure:
    """Return each member's ideal point against field, or against strength without fields."""
    has_fields = bool((table["field"] != 0).any())
    y = "field" if has_fields else "strength"
    text = "field h (units of T)" if has_fields else "strength, sum of |J| (units of T)"
    with settings():
        figure, axes = _panel(4.6)
        _scatter(axes, table, "ideal_point", y, errors="ideal_point_error")
        points = table[["ideal_point", y]].to_numpy(float)
        _names(axes, points, table, _notable(table))
        axes.set_xlabel("ideal point (standard deviations), 95 % bars")
        axes.set_ylabel(text)
        axes.legend(handles=_dots(party_colors(table["party"].tolist())), frameon=False)
    return figure


def nominate(table: pd.DataFrame) -> Figure:
    """Return each member's ideal point against DW-NOMINATE's first dimension."""
    known = table[table["nominate_dim1"].notna()]
    with settings():
        figure, axes = _panel(4.2)
        _scatter(axes, known, "nominate_dim1", "ideal_point")
        axes.set_xlabel("DW-NOMINATE, first dimension")
        axes.set_ylabel("ideal point (standard deviations)")
        axes.legend(handles=_dots(party_colors(known["party"].tolist())), frameon=False)
    return figure


def calibration(table: pd.DataFrame, labels: dict[str, str]) -> Figure:
    """Return the share of +1 among held-out votes against the predicted probability."""
    with settings():
        figure, axes = _panel(4.4)
        axes.plot([0, 1], [0, 1], color=MUTED, lw=0.9, ls=(0, (3, 3)))
        for k, (name, rows) in enumerate(table.groupby("model", sort=False)):
            style = mark(k + 1)
            x, y = rows["predicted"].to_numpy(float), rows["share"].to_numpy(float)
            gap = [y - rows["low"].to_numpy(float), rows["high"].to_numpy(float) - y]
            axes.errorbar(x, y, np.maximum(gap, 0), color=style.color, marker=style.marker,
                          ls=style.dash, lw=1.2, elinewidth=1,
                          label=labels.get(str(name), str(name)))  # fmt: skip
        axes.set_xlabel("predicted probability of +1")
        axes.set_ylabel("share of +1 among held-out votes")
        axes.legend(frameon=False, loc="upper left")
    return figure


def distribution(centres: Floats, recorded: Floats, simulated: Floats, *, label: str) -> Figure:
    """Return how often sides of each size occur, recorded and simulated."""
    width = float(centres[1] - centres[0]) if len(centres) > 1 else 1.0
    with settings():
        figure, axes = _panel(3.8)
        axes.grid(visible=False, axis="x")
        axes.bar(centres, recorded, 0.9 * width, color=RECORDED, label="recorded")
        axes.plot(centres, simulated, color=FOR, marker="o", label="simulated")
        axes.set_xlabel(label)
        axes.set_ylabel("share of roll calls")
        axes.legend(frameon=False)
    return figure


def heat(curves: pd.DataFrame) -> Figure:
    """Return the specific heat against temperature, beside its nulls."""
    with settings():
        figure, axes = _panel(4.0)
        for k, (source, text) in enumerate(SOURCES.items()):
            rows = curves[curves["source"] == source]
            style = mark(k)
            axes.plot(rows["temperature"], rows["specific_heat"], color=style.color,
                      ls=style.dash, marker=style.marker, label=text)  # fmt: skip
        axes.axvline(1, color=MUTED, lw=0.9, ls=(0, (3, 3)))
        axes.annotate(" the fit, T = 1", (1, 1), xycoords=("data", "axes fraction"), va="top",
                      fontsize=8.5)  # fmt: skip
        axes.set_xscale("log")
        ticks = [0.5, 0.7, 1, 1.5, 2, 3, 4]
        axes.set_xticks(ticks, [f"{tick:g}" for tick in ticks])
        axes.set_xticks([], minor=True)
        axes.set_xlabel("temperature (units of the fit's)")
        axes.set_ylabel("specific heat per member")
        axes.legend(frameon=False)
    return figure


def landscape(minima: pd.DataFrame, *, named: int) -> Figure:
    """Return the minima: energy against how far the blocs stand apart, area = basin share."""
    with settings():
        figure, axes = _panel(4.4)
        area = 30 + 2600 * minima["basin"].to_numpy(float)
        axes.scatter(minima["apart"], minima["energy_per_member"], s=area, color=FOR,
                     alpha=0.35 if len(minima) < 200 else 0.15,
                     edgecolor=FOR, lw=0.5)  # fmt: skip
        for k, row in enumerate(minima.head(named).to_dict("records")):
            axes.annotate(str(k + 1), (row["apart"], row["energy_per_member"]), ha="center",
                          va="center", fontsize=8.5, weight="bold")  # fmt: skip
        axes.set_xlim(-0.05, 1.05)
        axes.margins(y=0.12)
        axes.set_xlabel("distance of the blocs: 0 all together, 1 bloc against bloc")
        axes.set_ylabel("energy per member (units of T)")
    return figure


def _panel(height: float) -> tuple[Figure, Axes]:
    figure = Figure(figsize=(WIDTH, height))
    axes = figure.add_subplot()
    figure.subplots_adjust(0.085, 0.56 / height, 0.985, 1 - 0.14 / height)
    return figure, axes


def _scatter(axes: Axes, table: pd.DataFrame, x: str, y: str, *, errors: str = "") -> None:
    for name, color in party_colors(table["party"].tolist()).items():
        rows = table[table["party"] == name]
        if errors:
            axes.errorbar(rows[x], rows[y], xerr=1.96 * rows[errors], fmt="none", ecolor=color,
                          alpha=0.35, lw=1)  # fmt: skip
        axes.scatter(rows[x], rows[y], s=34, color=color, edgecolor="white", lw=0.6, zorder=3)


def _dots(colors: dict[str, str]) -> list[Line2D]:
    return [
        Line2D([], [], color=color, marker="o", ls="", ms=6, label=short(name or "no party", 20))
        for name, color in colors.items()
    ]


def _notable(table: pd.DataFrame) -> list[int]:
    """Return everybody in small chambers, else who may bridge most, if these are few.

    Without intervals of ranks nobody is named, nor where too many cannot be told apart.
    """
    if len(table) <= 20:
        return list(range(len(table)))
    if "bridging_rank_low" not in table:
        return []
    first = np.flatnonzero(table["bridging_rank_low"].to_numpy() == 1)
    return [int(i) for i in first] if len(first) <= 6 else []


def _names(axes: Axes, points: Any, table: pd.DataFrame, chosen: list[int]) -> None:
    box = {"fc": "white", "ec": GRID, "lw": 0.5, "pad": 1.2, "alpha": 0.85}
    short_names = [surname(str(name)) for name in table["name"]]
    for i in chosen:
        twice = short_names.count(short_names[i]) > 1
        text = short(str(table["name"].iloc[i]), 20) if twice else short_names[i]
        axes.annotate(text, points[i], xytext=(6, 5), zorder=4,
                      textcoords="offset points", fontsize=8.5, bbox=box)  # fmt: skip


def _layout(coupling: Floats) -> Floats:
    """Return a place per member: the first two modes of the couplings, then spread out."""
    import networkx as nx

    _, modes = np.linalg.eigh(coupling)
    # the sign of a mode is arbitrary; this one does not depend on the machine
    axes = [mode * np.sign(mode[np.abs(mode).argmax()]) for mode in (modes[:, -2], modes[:, -1])]
    start = np.stack([_ranks(axis) for axis in axes], axis=1)
    pull = np.where(coupling > np.quantile(coupling, 0.9), np.maximum(coupling, 0), 0)
    graph = nx.from_numpy_array(pull)
    found = nx.spring_layout(
        graph, pos=dict(enumerate(start)), k=1.6 / np.sqrt(len(coupling)), iterations=60, seed=0
    )
    return np.array([found[i] for i in range(len(coupling))])


def _ranks(values: Floats) -> Floats:
    ranks: Floats = np.argsort(np.argsort(values)) / max(len(values) - 1, 1)
    return 2 * ranks - 1
