"""What a feed refresh costs in sweeps without a feed, and how fast the flagship scenario runs.

A refresh is everything a feed adds to a sweep: reading the stances, what everybody is shown, and
the new field in the kernel's words. It is timed within blocks of sweeps of one design, as a run
has them, and the blocks of all designs take turns with blocks of sweeps without a feed.
"""

from __future__ import annotations

import time
import tomllib
from pathlib import Path
from typing import Any

import numpy as np

import sociophysics as sp
from sociophysics.dynamics.kernels.kernel_choice import FixedPointKernel
from sociophysics.engine import fixed_point
from sociophysics.influences import feeds

FLAGSHIP = Path(__file__).parent.parent / "scenarios" / "feed_designs.toml"
TEMPERATURE = 7.0  # at which a fifth of the updates flip with ten friendly ties
STRENGTH = 0.5
SILENT = ("amplifier", "animosity")  # they change couplings once, and are never refreshed


def two_camps(n: int, seed: int = 1) -> tuple[sp.SpinSystem, np.ndarray]:
    """Return two camps with eight ties inside and two across for everybody, and the camps."""
    rng, half = np.random.default_rng(seed), n // 2
    a, b = [], []
    for _ in range(4):
        for first in (0, half):
            ring = rng.permutation(half) + first
            a.append(ring)
            b.append(np.roll(ring, 1))
    for _ in range(2):
        a.append(rng.permutation(half))
        b.append(rng.permutation(half) + half)
    ends = np.sort(np.stack([np.concatenate(a), np.concatenate(b)]), axis=0)
    keys = np.unique(ends[0] * n + ends[1])  # the few repeated ties are dropped
    system = sp.SpinSystem.from_edges(keys // n, keys % n, n=n)
    return system, (np.arange(n) >= half).astype(np.int64)


def designs() -> dict[str, feeds.Feed]:
    """Return one feed of every kind that exerts a field, and of each mechanism one with slots."""
    found = {
        kind: feeds.make(kind, strength=STRENGTH) for kind in feeds.KINDS if kind not in SILENT
    }
    found["popularity, alpha = 2.5"] = feeds.make("popularity", strength=STRENGTH, alpha=2.5)
    found["outrage among the followed"] = feeds.make("outrage", strength=STRENGTH, scope="followed")
    for kind in ("chronological", "engagement", "random", "in_group", "diversity"):
        found[f"{kind}, 10 slots"] = feeds.make(kind, strength=STRENGTH, slots=10)
    return {name: feed for name, feed in found.items() if feed is not None}


class Course:
    """One kernel that moves replicas under one feed, or none, and clocks what each part takes."""

    def __init__(
        self, system: sp.SpinSystem, camps: np.ndarray, feed: feeds.Feed | None, settled: Any
    ) -> None:
        couplings, spins, self.temperature, self.done = settled
        self.system, self.camps, self.feed = system, camps, feed
        rows = tuple(range(len(spins)))
        self.kernel = FixedPointKernel(couplings, spins, 1, rows, "random-sequential")
        self.memory = None if feed is None else feed.start(system, spins, camps)
        self.keys = np.arange(2 * len(spins), dtype=np.uint64).reshape(-1, 2)
        self.field = np.zeros(system.n)
        self.nobody = np.zeros((len(spins), 0), np.uint8)

    def block(self, sweeps: int) -> tuple[float, float]:
        """Do some sweeps; return the processor seconds of the refreshes, and of the sweeps."""
        refreshing = sweeping = 0.0
        for _ in range(sweeps):
            begin = time.process_time()
            if self.feed is not None:
                draws = feeds.Draws(self.keys, self.done + 1)
                phi, _ = self.feed.refresh(
                    self.system, self.kernel.spins(), self.camps, self.memory, draws
                )
                self.kernel.change_field(self.field, phi)
            middle = time.process_time()
            self.kernel.sweep(self.done, 1, self.temperature, self.nobody)
            end = time.process_time()
            self.done += 1
            if self.feed is not None and self.memory is not None:
                self.memory = self.feed.remember(self.kernel.spins(), self.memory)
            refreshing, sweeping = refreshing + middle - begin, sweeping + end - middle
        return refreshing, sweeping


def refresh_costs(
    system: sp.SpinSystem,
    camps: np.ndarray,
    temperature: float,
    *,
    replicas: int = 1,
    rounds: int = 7,
    sweeps: int = 20,
    settle: int = 50,
) -> tuple[dict[str, np.ndarray], float]:
    """Return every design's refresh in units of a sweep without a feed, and flips per update."""
    couplings = fixed_point.encode_couplings(system.J, STRENGTH)
    start = np.ones((replicas, system.n), np.int8)
    settled = couplings, start, temperature, 0
    plain = Course(system, camps, None, settled)
    plain.block(settle)
    plain.kernel.flipped[:] = 0
    settled = couplings, plain.kernel.spins(), temperature, plain.done
    courses = {name: Course(system, camps, feed, settled) for name, feed in designs().items()}
    costs: dict[str, list[float]] = {name: [] for name in courses}
    for turn in range(rounds + 1):
        for name, course in courses.items():
            unit = plain.block(sweeps)[1]
            cost = course.block(sweeps)[0] / unit
            if turn:
                costs[name].append(cost)
    updates = system.n * replicas * (plain.done - settle)
    return {k: np.array(v) for k, v in costs.items()}, float(plain.kernel.flipped.sum()) / updates


def refresh_rows(sizes: tuple[int, ...] = (10_000, 1_000_000)) -> list[str]:
    """Return a Markdown table of what one refresh costs at each size, in sweeps without a feed."""
    columns, flips = [], []
    for n in sizes:
        small = n <= 100_000
        system, camps = two_camps(n)
        found, share = refresh_costs(
            system,
            camps,
            TEMPERATURE,
            rounds=7 if small else 5,
            sweeps=20 if small else 1,
            settle=50 if small else 10,
        )
        columns.append(found)
        flips.append(f"{share:.2f}")
    heads = " | ".join(f"{n:,} users | range" for n in sizes)
    rows = [f"| design | {heads} |", "|---" * (1 + 2 * len(sizes)) + "|"]
    for name in columns[0]:
        cells = " | ".join(
            f"**{np.median(c[name]):.2f}** | {c[name].min():.2f} - {c[name].max():.2f}"
            for c in columns
        )
        rows.append(f"| {name} | {cells} |")
    return [*rows, "", f"Flips per update without a feed: {', '.join(flips)}."]


def flagship_rows(rounds: int = 5, sweeps: int = 40) -> list[str]:
    """Return a Markdown table of how many sweeps of a replica each flagship design does a second.

    The network, couplings, temperature, start and replicas are the scenario's, on one thread.
    """
    tables = tomllib.loads(FLAGSHIP.read_text(encoding="utf-8"))
    graph, camp = sp.networks.load(tables["network"]["name"]), tables["network"]["camp"]
    value, normalize = tables["couplings"]["value"], tables["couplings"]["normalize"]
    system = sp.couplings.uniform(graph, value, normalize)
    replicas = tables["sweep"]["replicas"]
    runs = {}
    for design in tables["designs"]:
        keys = dict(design["feed"])
        runs[design["name"]] = sp.trajectory(
            system,
            temperature=tables["dynamics"]["temperature"],
            sweeps=10**9,
            seed=tables["seed"],
            feed=feeds.make(keys.pop("kind"), **keys),
            camps=sp.camps.of(system, camp)[0],
            start=tables["dynamics"]["start"],
            replicas=replicas,
            every=sweeps,
            threads=1,
        )
    seconds: dict[str, list[float]] = {name: [] for name in runs}
    for turn in range(-2, rounds):
        for name, frames in runs.items():
            begin = time.process_time()
            next(frames)
            if turn >= 0:
                seconds[name].append(time.process_time() - begin)
    rows = ["| design | sweeps of one replica per second | range |", "|---|---|---|"]
    for name, values in seconds.items():
        rate = sweeps * replicas / np.array(values)
        rows.append(
            f"| {name} | **{np.median(rate):,.0f}** | {rate.min():,.0f} - {rate.max():,.0f} |"
        )
    return rows


def section() -> list[str]:
    """Return the section of the page of benchmarks, in Markdown lines."""
    return [
        "## What a feed costs",
        "",
        "Two camps, ten friendly ties each, at the temperature where a fifth of the updates flip; "
        "one replica, one thread, processor time. The unit is a sweep without a feed on the same "
        "graph and at the same size: **1** means that a sweep with this feed takes twice as long.",
        "",
        *refresh_rows(),
        "",
        "The flagship scenario (`scenarios/feed_designs.toml`: 1,222 political blogs, 20 replicas "
        "together, one thread):",
        "",
        *flagship_rows(),
        "",
    ]
