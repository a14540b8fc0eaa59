"""The figure of ``docs/benchmarks.md``: rate against size, one panel per temperature."""

from __future__ import annotations

from pathlib import Path
from statistics import median
from typing import Any

from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, LogLocator, NullFormatter

from benchmarks.graphs import GRAPHS, LEVELS
from benchmarks.store import Store
from sociophysics.report.marks import INK, MUTED, settings

BLUE, SKY, ORANGE, GREEN, PINK, AMBER = (
    "#0072b2",
    "#56b4e9",
    "#d55e00",
    "#009e73",
    "#cc79a7",
    "#e69f00",
)
# Entry: label, color, dashes, marker. Ours are blue and solid; whoever else has another marker.
CURVES: dict[str, tuple[str, str, Any, str]] = {
    "sociophysics, bit-sliced": ("bit-sliced (64 replicas)", SKY, "-", "v"),
    "sociophysics, integer": ("integer (signs)", BLUE, "-", "o"),
    "sociophysics, fixed-point": ("fixed-point (any weights)", BLUE, (0, (2.5, 1.2)), "o"),
    "openjij, single spin flip": ("openjij *", AMBER, "-", "P"),
    "dwave-samplers, random order": ("dwave-samplers", ORANGE, "-", "s"),
    "graph-tool, asynchronous Glauber": ("graph-tool", GREEN, "-", "^"),
    "textbook numba loop": ("textbook numba loop", MUTED, (0, (1.5, 1.5)), "D"),
    "thrml, block Gibbs": ("thrml *", PINK, "-", "X"),
    "Mesa, plain agent loop": ("Mesa agent loop *", INK, "-", "h"),
}
TITLES = {
    "low": "Low temperature: a twentieth flips",
    "crit": "Critical: a fifth flips",
    "high": "High temperature: two fifths flip",
}


def points(store: Store, entry: str, level: str) -> list[tuple[int, float, float, float]]:
    """Return users, median, least and greatest rate of an entry on the 10-regular graphs."""
    found = []
    for record in store.find("rates", entry=entry, level=level, problem=None):
        graph = GRAPHS[record["graph"]]
        if graph.family == "regular" and record["rates"]:
            rates = record["rates"]
            found.append((graph.users, median(rates), min(rates), max(rates)))
    return sorted(found)


def draw(store: Store, path: Path) -> None:
    """Write the figure."""
    with settings():
        figure = Figure(figsize=(9.2, 4.6), layout="constrained")
        axes = figure.subplots(1, 3, sharey=True)
        drawn: dict[str, Any] = {}
        for ax, level in zip(axes, LEVELS, strict=True):
            _panel(ax, store, level, drawn)
        axes[0].set_ylabel("updates per second, one core")
        axes[1].set_xlabel("users (random 10-regular graph, signs ±1)")
        figure.legend(
            drawn.values(),
            [CURVES[entry][0] for entry in drawn],
            loc="outside lower center",
            ncols=(len(drawn) + 1) // 2,
            frameon=False,
            fontsize=8,
            handlelength=3.4,
            columnspacing=1.4,
        )
        path.parent.mkdir(parents=True, exist_ok=True)
        figure.savefig(path, dpi=180)


def _panel(ax: Any, store: Store, level: str, drawn: dict[str, Any]) -> None:
    ax.set_xscale("log")
    ax.set_yscale("log")
    ax.set_xlim(6e2, 1.7e7)
    ax.set_ylim(5e4, 3e9)
    for entry, (_, color, dashes, marker) in CURVES.items():
        found = points(store, entry, level)
        if not found:
            continue
        users, middle, least, greatest = (list(column) for column in zip(*found, strict=True))
        ours = entry.startswith("sociophysics")
        style = {"color": color, "linestyle": dashes, "marker": marker, "markersize": 5}
        (line,) = ax.plot(users, [1e6 * y for y in middle], linewidth=2.2 if ours else 1.3, **style)
        ax.vlines(
            users,
            [1e6 * y for y in least],
            [1e6 * y for y in greatest],
            color=color,
            linewidth=1.0,
            alpha=0.6,
        )
        drawn.setdefault(entry, line)
    ax.set_title(TITLES[level], loc="left")
    ax.xaxis.set_major_locator(LogLocator(10))
    ax.xaxis.set_minor_formatter(NullFormatter())
    ax.yaxis.set_major_formatter(FuncFormatter(_spoken))
    ax.minorticks_off()


def _spoken(value: float, _: int) -> str:
    """Return a rate in words: 10 M, 1 G."""
    for size, unit in ((1e9, " G"), (1e6, " M"), (1e3, " k")):
        if value >= size:
            return f"{value / size:.0f}{unit}"
    return f"{value:.0f}"
