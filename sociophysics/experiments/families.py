"""Societies of one kind at all sizes: where they turn, how fast they relax, samples of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sociophysics.experiments.resizing import resized
from sociophysics.experiments.reweighting import cross, curve, halves, jackknife
from sociophysics.experiments.samples import FEW_LANES, LANES, Sample, kernel_of, sample
from sociophysics.scenario import Scenario, Settings
from sociophysics.scenario.build import build_system
from sociophysics.study.expected import temperature_range
from sociophysics.study.measure import Work, varied

__all__ = ["Family", "about"]

Floats = NDArray[np.float64]
RANDOM = ("erdos_renyi", "random_regular", "watts_strogatz", "planted_partition", "own_shares")
FRAMES = 24
WORDS = (8, 1200)
# Relaxation times that are left out: a large society that is still on its way to order has too
# small a cumulant, and crosses the smaller one at too low a temperature.
BURNT = 5
LONGEST = 60  # relaxation times: what else to know lies in other sizes
APART = 3.5  # standard errors between two halves of a sample in equilibrium


@dataclass
class Family:
    """The societies of one kind, at all sizes."""

    scenario: Scenario
    design: str | None
    work: Work
    updates: float

    def at(self, size: int) -> Scenario:
        """Return the society of one size, each word with ties of its own where ties are drawn."""
        one = varied(resized(self.scenario, size, self.design), design=self.design, replicas=1)
        settings = one.cases()[0].settings
        drawn = []
        if settings.network.kind in RANDOM:
            drawn.append("network")
        if settings.couplings.kind in ("random_sign", "gaussian"):
            drawn.append("couplings")
        return one.replace({"sweep": {"replicas": 1, "redraw": drawn}})

    def sampled(self, size: int, temperature: float, **keys: Any) -> Sample:
        """Return a sample, from random stances unless said otherwise."""
        keys = {"start": "random", **keys}
        return sample(
            self.at(size), size, temperature=round(temperature, 9), work=self.work, **keys
        )

    def relaxation(self, size: int, temperature: float) -> int:
        """Return after how many sweeps agreement and random stances have become alike."""
        sweeps = 64
        while True:
            up, random = (
                self.sampled(
                    size, temperature, words=2, burn_in=0, sweeps=sweeps, frames=32, start=start
                )
                for start in ("up", "random")
            )
            second = [(each.m**2).reshape(-1, each.m.shape[-1]) for each in (up, random)]
            apart = np.abs(second[0].mean(axis=0) - second[1].mean(axis=0))
            noise = np.sqrt(sum(each.var(axis=0) / len(each) for each in second))
            far = np.flatnonzero(apart > 2 * noise)
            last = 0 if not far.size else int(far[-1]) + 1
            every = sweeps // 32
            # One frame in twenty is apart by chance.
            alike = 0 if far.size <= 3 else last
            if alike <= 16:
                return max(4, every * max(1, min(last, 16)))
            if sweeps >= 16 * up.users:
                return sweeps
            sweeps *= 4

    def equilibrium(self, size: int, temperature: float, share: float) -> Sample:
        """Return a sample in equilibrium, worth a share of the updates."""
        relaxed = self.relaxation(size, temperature)
        settings = self.at(size).cases()[0].settings
        lanes = LANES if kernel_of(settings) == "bit-sliced" else FEW_LANES
        users = build_system(settings, 0 if settings.redraw else None)[0].n
        budget = self.updates * share / (users * lanes)  # sweeps of words
        burn_in = BURNT * relaxed
        least, most = WORDS
        if settings.redraw:  # many networks, each for a short time
            words = int(np.clip(budget / (2 * burn_in), 2 * least, most))
        else:
            words = int(np.clip(budget / (4 * burn_in), least, 4 * least))
        sweeps = int(np.clip(budget / words - burn_in, relaxed, LONGEST * relaxed))
        frames = int(np.clip(4 * sweeps / relaxed, FRAMES, 8 * FRAMES))
        for _ in range(3):
            found = self.sampled(
                size,
                temperature,
                words=words,
                burn_in=burn_in,
                sweeps=max(sweeps, FRAMES),
                frames=min(frames, max(sweeps, FRAMES)),
            )
            if _settled(found):
                break
            burn_in *= 2
        return found


def _settled(found: Sample) -> bool:
    """Return whether the two halves of a sample agree."""
    at = np.array([found.temperature])
    first, second = (curve(half, at) for half in halves(found))
    variance = jackknife(first.without[:, 0] - second.without[:, 0])
    return bool(abs(first.value - second.value)[0] < APART * np.sqrt(variance))


def about(
    family: Family, settings: Settings, sizes: Sequence[int], values: Sequence[float] | None
) -> float:
    """Return about where the two smallest sizes cross, NaN if they do not."""
    grid = sorted(values) if values is not None else temperature_range(settings)
    low, high = float(grid[0]), float(grid[-1])
    for words in (2, 6):
        temperatures = np.linspace(low, high, 11)
        k = _turn(np.array([_difference(family, sizes, each, words) for each in temperatures]))
        if k is None:
            return np.nan
        step = temperatures[1] - temperatures[0]
        low, high = temperatures[k - 1] - step, temperatures[k] + step
        place = float(temperatures[k - 1] + temperatures[k]) / 2
    found = cross(*(_quick(family, size, place, words=8) for size in sizes[:2]))
    return place if np.isnan(found) else found


def _difference(family: Family, sizes: Sequence[int], temperature: float, words: int) -> float:
    """Return by how many standard errors the cumulant of the second size exceeds the first's."""
    at = np.array([temperature])
    curves = []
    for size in sizes[:2]:
        each = _quick(family, size, temperature, words, start="up")
        if not each.redrawn:  # lanes are nearly independent, and more than the words
            m, energy = (x.reshape(-1, 1, x.shape[-1]) for x in (each.m, each.energy))
            each = replace(each, m=m, energy=energy)
        curves.append(curve(each, at))
    small, large = curves
    noise = np.sqrt(sum(jackknife(each.without[:, 0]) for each in curves))
    return float(np.clip((large.value - small.value)[0] / max(noise, 1e-12), -5, 5))


def _turn(difference: Floats) -> int | None:
    """Return before which point a noisy difference turns from positive to negative, None if never.

    Where the sum of all before less the sum of all after is largest.
    """
    before = np.concatenate([[0.0], np.cumsum(difference)])
    k = int(np.argmax(2 * before - before[-1]))
    return k if 0 < k < difference.size else None


def _quick(
    family: Family, size: int, temperature: float, words: int, start: str = "random"
) -> Sample:
    users = build_system(family.at(size).cases()[0].settings, 0)[0].n
    sweeps = max(FRAMES, int(8 * users**0.75))
    return family.sampled(
        size,
        temperature,
        words=words,
        burn_in=sweeps,
        sweeps=sweeps,
        frames=FRAMES,
        start=start,
    )
