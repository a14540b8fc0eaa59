"""What was aimed at, and what was measured: rows of one table."""

from __future__ import annotations

import re
from dataclasses import dataclass
from statistics import median

from benchmarks.store import Record, Store

BEST, GENERAL = "sociophysics, integer", "sociophysics, fixed-point"
SEQUENTIAL = "sociophysics, fixed-point, sequential"
Measured = tuple[float, str] | None  # the number to hold against the target, and how it is shown


@dataclass(frozen=True)
class Target:
    """One line: what, the least (or most) that was aimed at, and what was measured."""

    what: str
    aim: str
    measured: Measured
    bound: float
    at_most: bool = False

    @property
    def row(self) -> str:
        """The table row."""
        if self.measured is None:
            return f"| {self.what} | {self.aim} | not measured here | |"
        value, shown = self.measured
        reached = value <= self.bound if self.at_most else value >= self.bound
        return f"| {self.what} | {self.aim} | {shown} | {'yes' if reached else '**no**'} |"


def rate(store: Store, graph: str, level: str, entry: str) -> list[float]:
    """Return the rates of an entry, round by round; empty if it has none."""
    for record in store.find("rates", graph=graph, level=level, entry=entry):
        if record["problem"] is None:
            return [float(value) for value in record["rates"]]
    return []


def ratio(store: Store, graph: str, level: str, ours: str, theirs: str) -> Measured:
    """Return ours over theirs, and the range of the ratio over the interleaved rounds."""
    a, b = rate(store, graph, level, ours), rate(store, graph, level, theirs)
    if not a or not b:
        return None
    turns = [x / y for x, y in zip(a, b, strict=False)]
    middle = median(turns)
    return middle, f"{figures(middle)} ({figures(min(turns))} - {figures(max(turns))})"


def figures(value: float) -> str:
    """Return a number with two or three significant digits, without an exponent."""
    if value >= 100:
        return f"{value:,.0f}"
    if value >= 10:
        return f"{value:.1f}"
    if value >= 1:
        return f"{value:.2f}"
    return f"{value:.2g}"


def cost(store: Store, name: str) -> dict[str, list[float]]:
    """Return the seconds of one cost; empty if it failed."""
    for record in store.find("costs", name=name):
        seconds: dict[str, list[float]] = record.get("seconds", {})
        return seconds
    return {}


def targets(store: Store) -> list[str]:
    """Return all rows."""
    found = [*_against_peers(store), *_within(store), *_time(store), *_of_limit(store)]
    return [target.row for target in found]


def _against_peers(store: Store) -> list[Target]:
    glauber, dwave = "graph-tool, asynchronous Glauber", "dwave-samplers, random order"
    small, large = "regular-1e4", "regular-1e6"
    openjij, mesa, ndlib = "openjij, single spin flip", "Mesa, plain agent loop", "NDlib, voter"
    voters = next((r["entry"] for r in store.section("rates") if r["entry"][:12] == ndlib), ndlib)
    lines = [
        ("graph-tool, 1e4 users", 10, small, BEST, glauber),
        ("graph-tool, 1e6 users", 40, large, BEST, glauber),
        ("dwave-samplers, random order, 1e4 users", 4, small, BEST, dwave),
        ("dwave-samplers, random order, 1e6 users", 4, large, BEST, dwave),
        ("openjij, both sequential, general weights, 1e4 users", 1.5, small, SEQUENTIAL, openjij),
        ("openjij, both sequential, general weights, 1e6 users", 1.5, large, SEQUENTIAL, openjij),
        ("a plain Mesa agent loop, 1e4 users", 300, small, BEST, mesa),
        ("NDlib's voter model, 1e4 users", 10_000, small, BEST, voters),
    ]
    return [
        Target(f"times {what}", f">= {least:,}", ratio(store, graph, "crit", ours, peer), least)
        for what, least, graph, ours, peer in lines
    ]


def _within(store: Store) -> list[Target]:
    sliced = ratio(store, "regular-1e4", "crit", "sociophysics, bit-sliced", BEST)
    free = ratio(store, "lattice-1e4", "low", "sociophysics, rejection-free", BEST)
    found = [
        Target("bit-sliced ensembles, times the integer kernel, 1e4 users", ">= 5", sliced, 5),
        Target("rejection-free, times the integer kernel, lattice of 1e4, low", ">= 20", free, 20),
    ]
    for kernel, most in ((BEST, 27), (GENERAL, 35)):
        rates = rate(store, "regular-1e6", "crit", kernel)
        seconds = sorted(1000 / value for value in rates)
        measured: Measured = None
        if seconds:
            shown = f"{median(seconds):.1f} s ({seconds[0]:.1f} - {seconds[-1]:.1f})"
            measured = median(seconds), shown
        what = f"1e9 updates at 1e6 users, {kernel.split(', ')[1]} kernel, from its rate"
        found.append(Target(what, f"<= {most} s", measured, most, at_most=True))
    return found


def _time(store: Store) -> list[Target]:
    found = []
    for name, what in (("threads", "two threads"), ("processes", "two worker processes")):
        seconds = cost(store, name)
        measured: Measured = None
        if seconds:
            turns = [a / b for a, b in zip(seconds["one"], seconds["two"], strict=True)]
            shown = f"{median(turns):.2f} ({min(turns):.2f} - {max(turns):.2f})"
            measured = median(turns), shown
        found.append(Target(f"{what} on replicas, times one (wall)", ">= 1.8", measured, 1.8))
    seconds = cost(store, "start-up")
    for key, what, most in (
        ("import", "`import sociophysics`", 0.7),
        ("first", "process start to the end of a first sweep, warm", 1.5),
    ):
        measured = None
        if seconds:
            wall, used = median(seconds[key]), median(seconds[f"{key}_cpu"])
            measured = wall, f"{wall:.2f} s (processor {used:.2f} s)"
        found.append(Target(f"{what} (wall)", f"<= {most} s", measured, most, at_most=True))
    return found


def _of_limit(store: Store) -> list[Target]:
    """Read the share of the model limit off the rows of ``limits``."""
    lines: list[str] = []
    for record in store.find("pages", name="limits"):
        lines += record["lines"]
    found = []
    for line in lines:
        share = re.search(r"\*\*(\d+)\s?%\*\*", line)
        cells = [cell.strip() for cell in line.strip("|").split("|")]
        if share and "integer" in cells[1]:
            value = float(share[1])
            what = f"share of the model limit, {cells[0]}"
            found.append(Target(what, ">= 60 %", (value, f"{value:.0f} % ({cells[-1]})"), 60))
    return found or [Target("share of the model limit", ">= 60 %", None, 60)]


def broken(store: Store) -> list[Record]:
    """Return the checks of the law that failed."""
    return [r for r in store.section("law") if r["problem"] is None and not r["holds"]]
