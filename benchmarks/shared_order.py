"""What replicas gain that share an order of users: ``python -m benchmarks.shared_order``.

The kernel ``side-by-side`` and the kernels of today, ``fixed-point`` and where it can ``integer``,
move as many replicas from the same stances at the same temperature, in rounds that take turns.
"""

from __future__ import annotations

import sys
import tomllib
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

import sociophysics as sp
from benchmarks import host
from benchmarks.feeds import FLAGSHIP
from benchmarks.timing import interleaved, random_regular
from sociophysics.dynamics.kernels.incremental_kernel import FixedPointKernel, Integer
from sociophysics.dynamics.kernels.kernel_choice import choose_kernel, task_of
from sociophysics.dynamics.kernels.side_by_side_kernel import SideBySide
from sociophysics.errors import InputError

REPLICAS = (8, 16, 20, 32)
ROUNDS = 5
WARM = 40  # sweeps from all up before anything is timed
ATTEMPTS = 6_000_000  # of all replicas together, in one round
HALVINGS = 18
KERNELS = {"fixed-point": FixedPointKernel, "integer": Integer, "side-by-side": SideBySide}


class Society(NamedTuple):
    """A system and what to call it."""

    name: str
    make: Callable[[], sp.SpinSystem]


def flagship() -> sp.SpinSystem:
    """Return the society of the flagship scenario."""
    tables = tomllib.loads(FLAGSHIP.read_text(encoding="utf-8"))
    graph = sp.networks.load(tables["network"]["name"])
    couplings = tables["couplings"]
    return sp.couplings.uniform(graph, couplings["value"], couplings["normalize"])


SOCIETIES = (
    Society("flagship's society", flagship),
    Society("10-regular, 1e4 users", lambda: random_regular(10_000, 10)),
)
PARTS = (1 / 2.5, 1 / 5, 1 / 50)


def made(name: str, system: sp.SpinSystem, replicas: int) -> Any:
    """Return a kernel of so many replicas, all up."""
    kind: Any = KERNELS[name]
    start = np.ones((replicas, system.n), np.int8)
    numbers = tuple(range(replicas))
    return kind(kind.encode(system, 0.0), start, 1, numbers, "random-sequential")


def flips_at(system: sp.SpinSystem, temperature: float) -> float:
    """Return the part of updates that flips, after a warm-up from all up."""
    kernel, nobody = made("fixed-point", system, 2), np.zeros((2, 0), np.uint8)
    kernel.sweep(0, WARM, temperature, nobody)
    before = kernel.flipped.sum()
    kernel.sweep(WARM, WARM, temperature, nobody)
    return float(kernel.flipped.sum() - before) / (2 * WARM * system.n)


def temperature_of(system: sp.SpinSystem, part: float) -> float:
    """Return where so many updates flip, by bisection of the logarithm."""
    low, high = 1e-2, 1e2
    for _ in range(HALVINGS):
        middle = float(np.sqrt(low * high))
        low, high = (middle, high) if flips_at(system, middle) < part else (low, middle)
    return float(np.sqrt(low * high))


def able(name: str, system: sp.SpinSystem) -> bool:
    """Return whether a kernel can move this society."""
    try:
        choose_kernel(name, task_of(system, "random-sequential"))
    except InputError:
        return False
    return True


def row(name: str, system: sp.SpinSystem, temperature: float, replicas: int) -> str:
    """Return one row of the table."""
    nobody = np.zeros((replicas, 0), np.uint8)
    kernels = {each: made(each, system, replicas) for each in KERNELS if able(each, system)}
    sweeps = max(1, ATTEMPTS // (replicas * system.n))
    done = dict.fromkeys(kernels, WARM)
    before = {}
    for each, kernel in kernels.items():
        kernel.sweep(0, WARM, temperature, nobody)
        before[each] = int(kernel.flipped.sum())

    def move(each: str) -> Callable[[], None]:
        def task() -> None:
            kernels[each].sweep(done[each], sweeps, temperature, nobody)
            done[each] += sweeps

        return task

    seconds = interleaved({each: move(each) for each in kernels}, rounds=ROUNDS)
    attempts = sweeps * replicas * system.n
    cells = [name, f"{temperature:.3g}"]
    cells.append(
        ", ".join(
            f"{(kernels[each].flipped.sum() - before[each]) / attempts / (ROUNDS + 1):.4f}"
            for each in ("fixed-point", "side-by-side")
        )
    )
    cells.append(str(replicas))
    for each in KERNELS:
        cells.append(f"{attempts / np.median(seconds[each]) / 1e6:.0f}" if each in seconds else "")
    for each in ("fixed-point", "integer"):
        if each not in seconds:
            cells.append("")
            continue
        gain = np.sort(seconds[each] / seconds["side-by-side"])
        cells.append(f"**{gain[ROUNDS // 2]:.2f}** ({gain[0]:.2f}-{gain[-1]:.2f})")
    return "| " + " | ".join(cells) + " |"


def section() -> list[str]:
    """Return the section of the page of benchmarks, in Markdown lines."""
    about = host.machine()
    lines = [
        "## Replicas that share an order of users",
        "",
        f"{about['machine']}; {about['versions']}; load {host.load()}. Millions of updates "
        "a second, of all replicas together, one thread, processor time; medians of rounds that "
        "took turns, gains with their smallest and largest.",
        "",
        "| society | T | flips an update: fixed-point, side by side | replicas | fixed-point "
        "| integer | side by side | gain on fixed-point | on integer |",
        "|---|---|---|---|---|---|---|---|---|",
    ]
    for society in SOCIETIES:
        system = society.make()
        for part in PARTS:
            temperature = temperature_of(system, part)
            for replicas in REPLICAS:
                lines.append(row(society.name, system, temperature, replicas))
                print(lines[-1], file=sys.stderr, flush=True)
    return lines


if __name__ == "__main__":
    print(*section(), sep="\n")
