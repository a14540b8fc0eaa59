"""Timing inside one process: interleaved rounds, and the benchmark's graphs as systems."""

from __future__ import annotations

import gc
import time
from collections.abc import Callable
from typing import Any

import numpy as np

import sociophysics as sp
from benchmarks import graphs

ROUNDS = 7
Clock = Callable[[], float]


def interleaved(
    tasks: dict[str, Callable[[], Any]], clock: Clock = time.process_time, rounds: int = ROUNDS
) -> dict[str, np.ndarray]:
    """Return the seconds each task took in every round; one round before is not counted."""
    seconds: dict[str, list[float]] = {name: [] for name in tasks}
    gc.collect()
    gc.disable()
    try:
        for turn in range(rounds + 1):
            for name, task in tasks.items():
                begin = clock()
                task()
                if turn:
                    seconds[name].append(clock() - begin)
    finally:
        gc.enable()
    return {name: np.array(values) for name, values in seconds.items()}


def lattice(side: int) -> sp.SpinSystem:
    return _system(side * side, graphs.lattice(side * side))


def random_regular(n: int, degree: int, seed: int = 1) -> sp.SpinSystem:
    return _system(n, graphs.regular(n, degree, seed))


def preferential(n: int, m: int, seed: int = 1) -> sp.SpinSystem:
    return _system(n, graphs.barabasi(n, m, seed))


def _system(n: int, ties: graphs.Ties) -> sp.SpinSystem:
    source, target, weight = ties
    return sp.SpinSystem.from_edges(source, target, weight.astype(float), n=n)
