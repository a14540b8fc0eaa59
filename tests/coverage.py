"""How often intervals hold: simulated studies of known outcomes, and the table that they make.

A cell is an interval the product prints and a law of outcomes; its draw returns the two ends, the
truth, and whether the study shows at all what the interval is about (both states of two).
"""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple
from zlib import crc32

import numpy as np
from numpy.typing import NDArray

import sociophysics.statistics as s
from sociophysics.experiments.compatible_values import MEASURED, explored, ranges
from sociophysics.experiments.escapes import arrhenius, mean_time
from sociophysics.experiments.free_energies import SHARED, _joined, normal_bounds, weighted
from sociophysics.experiments.nucleation import _half_interval
from sociophysics.experiments.polls import _information
from sociophysics.experiments.trial_tables import _interval
from sociophysics.inference.trial_effects import at_share_zero, fieller
from sociophysics.study.results.comparison import _bracket

Rng = np.random.Generator
Study = tuple[float, float, float, bool]
REPLICAS = (5, 10, 20)
BARS = (0.90, 0.93, 0.93)
BEGIN, END = "<!-- coverage: begin -->", "<!-- coverage: end -->"


class Cell(NamedTuple):
    """An interval, a law, one study of it, and how many replicas (or accounts, ...) it has."""

    interval: str
    outcome: str
    draw: Callable[[Rng, int], Study]
    sizes: tuple[int, int, int] = REPLICAS
    studies: int = 2000

    def bar(self, size: int) -> float:
        """Return how often it must hold."""
        return BARS[self.sizes.index(size)]


class Covered(NamedTuple):
    """Share of the intervals printed that hold, and shares of studies printed and one-sided.

    A study of many users counts as one, with the share of its intervals that hold.
    """

    held: float
    printed: float
    unseen: float


def covered(cell: Cell, replicas: int, repetitions: int) -> Covered:
    """Simulate studies of a cell, always the same ones."""
    name = crc32(f"{cell.interval}/{cell.outcome}".encode())
    rng = np.random.default_rng([2026, name, replicas])
    held = printed = unseen = 0
    for _ in range(repetitions):
        low, high, truth, shown = cell.draw(rng, replicas)
        unseen += not shown
        if shown and not np.isnan([low, high]).any():
            printed += 1
            held += np.mean((low <= truth) & (truth <= high))
    return Covered(float(held) / max(printed, 1), printed / repetitions, unseen / repetitions)


def passes(found: Covered, bar: float, repetitions: int) -> bool:
    """Return whether an interval holds as often as it must, up to the noise of the repetitions.

    Three standard errors: at the bar itself one check in 740 fails by chance; the seeds are fixed.
    """
    count = max(found.printed * repetitions, 1)
    return found.held >= bar - 3 * np.sqrt(bar * (1 - bar) / count)


def percentile(x: NDArray[np.float64], rng: Rng) -> tuple[float, float]:
    """The bootstrap that was used before: quantiles of means of draws with replacement."""
    drawn = x[rng.integers(x.size, size=(400, x.size))].mean(axis=1)
    low, high = np.quantile(drawn, [0.025, 0.975])
    return float(low), float(high)


def _states(rng: Rng, shape: object, share: float, spread: float) -> NDArray[np.float64]:
    up = rng.random(shape) < share
    return np.where(up, 0.9, -0.9) + spread * rng.normal(size=shape)


MEANS: dict[str, tuple[Callable[[Rng, int], NDArray[np.float64]], float]] = {
    "normal": (lambda g, n: g.normal(size=n), 0.0),
    "skewed (exponential)": (lambda g, n: g.exponential(size=n), 1.0),
    "very skewed (lognormal, skewness 6)": (lambda g, n: g.lognormal(size=n), np.exp(0.5)),
    "shares near 0 (beta 1/2, 3)": (lambda g, n: g.beta(0.5, 3, size=n), 0.5 / 3.5),
    "two states, half each": (lambda g, n: _states(g, n, 0.5, 0.02), 0.0),
    "two states, wide": (lambda g, n: _states(g, n, 0.5, 0.3), 0.0),
    "two states, four to one": (lambda g, n: _states(g, n, 0.8, 0.02), 0.54),
    "rare event, 10 %": (lambda g, n: (g.random(n) < 0.1).astype(float), 0.1),
    "mostly 0 (80 %), else exponential": (
        lambda g, n: (g.random(n) < 0.2) * g.exponential(size=n), 0.2,
    ),
}  # fmt: skip


def _both(x: NDArray[np.float64], outcome: str) -> bool:
    """Return whether replicas show both states, where there are two."""
    return not outcome.startswith(("two states", "rare")) or bool(x.min() < 0.45 < x.max())


def _mean(outcome: str) -> Cell:
    law, truth = MEANS[outcome]

    def draw(rng: Rng, n: int) -> Study:
        x = law(rng, n)
        return *s.mean_interval(x)[1:], truth, _both(x, outcome)

    return Cell("mean of replicas", outcome, draw)


def _paired(
    outcome: str, pairs: Callable[[Rng, int], tuple[NDArray[np.float64], ...]], truth: float
) -> Cell:
    def draw(rng: Rng, n: int) -> Study:
        a, b = pairs(rng, n)
        shown = not outcome.startswith(("two", "rare")) or max(np.ptp(a), np.ptp(b)) > 0.5
        return *s.paired_difference(a, b)[1:3], truth, bool(shown)

    return Cell("paired difference", outcome, draw)


def _escapes(
    one: float, other: float, *, together: bool, spread: float = 0.0
) -> Callable[[Rng, int], tuple[NDArray[np.float64], ...]]:
    def pairs(rng: Rng, n: int) -> tuple[NDArray[np.float64], ...]:
        v = rng.random(n)
        w = v if together else rng.random(n)
        return tuple((x < p) + spread * rng.normal(size=n) for x, p in ((v, one), (w, other)))

    return pairs


PAIRS = [
    _paired("normal", lambda g, n: (g.normal(size=n), g.normal(size=n)), 0.0),
    _paired("skewed (exponential)", lambda g, n: (g.exponential(size=n), np.zeros(n)), 1.0),
    _paired("two states, 50 against 50 %", _escapes(0.5, 0.5, together=False, spread=0.02), 0.0),
    _paired("two states, 50 against 10 %", _escapes(0.5, 0.1, together=True, spread=0.02), 0.4),
    _paired("rare event, 10 against 0 %", _escapes(0.1, 0.0, together=False), 0.1),
    _paired("rare event, 10 against 10 %, coupled", _escapes(0.1, 0.1, together=True), 0.0),
    _paired("rare event, 10 against 10 %", _escapes(0.1, 0.1, together=False), 0.0),
]  # fmt: skip


def _unpaired(outcome: str) -> Cell:
    law, _ = MEANS[outcome]

    def draw(rng: Rng, n: int) -> Study:
        a, b = law(rng, n), law(rng, n)
        return *s.mean_difference(a, b)[1:], 0.0, _both(a, outcome) and _both(b, outcome)

    return Cell("difference of two runs", outcome, draw)


def _share(p: float) -> Cell:
    def draw(rng: Rng, n: int) -> Study:
        return *s.share_interval(int(rng.binomial(n, p)), n)[1:], p, True

    return Cell("share of replicas", f"yes or no, {100 * p:g} %", draw)


def _share_difference(one: float, other: float, *, paired: bool) -> Cell:
    def draw(rng: Rng, n: int) -> Study:
        v = rng.random(n)
        w = v if paired else rng.random(n)
        found = s.share_difference(v < one, w < other, paired=paired)
        return found.low, found.high, one - other, True

    kind = "paired" if paired else "not paired"
    return Cell(f"difference of shares, {kind}", f"{100 * one:g} against {100 * other:g} %", draw)


def _melting(outcome: str, width: float, noise: float) -> Cell:
    swept = np.array([0.3, 0.5, 0.6, 0.7, 0.8, 1.0])

    def draw(rng: Rng, n: int) -> Study:
        place = rng.uniform(0.45, 0.9)
        curve = 1 / (1 + np.exp((swept - place) / width))
        if noise:
            curves = curve + noise * rng.normal(size=(n, swept.size))
        else:  # each replica is apart or mixed
            curves = (rng.random((n, swept.size)) < curve) + 0.01 * rng.normal(size=(n, 6))
        low, high = _bracket(swept, curves - 0.5)
        return low, high, place, True

    return Cell("melting temperature", outcome, draw)


def _mass(outcome: str, width: float) -> Cell:
    shares = np.array([0.04, 0.08, 0.12, 0.16, 0.2])

    def draw(rng: Rng, n: int) -> Study:
        place = rng.uniform(0.06, 0.18)
        won = rng.binomial(n, 1 / (1 + np.exp(-(shares - place) / width)))
        return *_half_interval(shares, won, n), place, True

    return Cell("critical mass", outcome, draw)


def _moments(name: str, frames: int, statistic: Callable[..., object], truth: float) -> Cell:
    def draw(rng: Rng, n: int) -> Study:
        m = rng.normal(size=(n, frames))
        moments = np.stack([m, np.abs(m), m**2, m**4]).mean(axis=-1).T
        return *s.mean_interval(s.pseudo_values(moments, statistic))[1:], truth, True

    return Cell(name, f"{frames} independent frames per replica", draw)


def _multiplier(outcome: str, below: float, law: Callable[[Rng, int], NDArray[np.float64]]) -> Cell:
    def draw(rng: Rng, n: int) -> Study:
        y = below + 0.3 * law(rng, n)
        return *fieller(2 * y + 0.3 * law(rng, n), y)[1:], 2.0, True

    return Cell("trial: multiplier", outcome, draw)


def _one_treated(rng: Rng, n: int) -> Study:
    shares = np.array([0.1, 0.3, 0.5])
    direct = 0.5 - 0.4 * shares[:, None] + 0.2 * (rng.exponential(size=(3, n)) - 1)
    return *s.mean_interval(at_share_zero(shares, direct))[1:], 0.5, True


def _gains(outcome: str, share: float) -> Cell:
    """Of societies under the same noise, most of which the treatment leaves as they were."""

    def draw(rng: Rng, n: int) -> Study:
        gains = (rng.random(n) < share) * rng.exponential(size=n)
        return *_interval(gains, "stance")[1:], share, True

    return Cell("trial: direct, indirect, overall, total", outcome, draw)


def _tipping(rng: Rng, n: int) -> Study:
    """Of societies that the treatment tips, one in three of them to either side."""
    tipped = (rng.random(n) < 0.3) * np.where(rng.random(n) < 0.5, 1, -1)
    gains = 1.8 * tipped + 0.01 * rng.normal(size=n)
    return *_interval(gains, "stance")[1:], 0.0, bool(tipped.any())


def _published(total: bool) -> Cell:
    """A trial somebody published, of a society like the one simulated, at a value of the key."""
    error = 0.04

    def curve(x: float) -> float:
        return float(0.5 * x / (1 + 0.4 * x))

    def draw(rng: Rng, n: int) -> Study:
        place, common = rng.uniform(0.3, 0.7), rng.exponential(size=n) - 1

        def measure(x: float) -> dict[str, float]:
            if x == 0:  # a treatment of strength 0 does nothing, which is known
                return dict.fromkeys(MEASURED, 0.0)
            d = curve(x) + x * (0.1 * common + 0.05 * rng.normal(size=n))
            whole = 3 * curve(x) + x * (0.2 * common + 0.2 * rng.normal(size=n))
            return dict(
                zip(MEASURED, [*_interval(d, "stance"), *_interval(whole, "stance")], strict=True)
            )

        said = (float(rng.normal(curve(place), error)), error)
        found = ranges(explored([0.0, 1.0], measure, said), said)
        truth = 3 * curve(place) if total else place
        spans = [(each.least, each.most) if total else each[:2] for each in found]
        low, high = next((x for x in spans if x[0] <= truth <= x[1]), (*spans, (9.0, 9.0))[0])
        return low, high, truth, True

    return Cell(f"trial, published: {'total' if total else 'key'}", "skewed (exponential)", draw,
                studies=400)  # fmt: skip


def _asked(right: float) -> Cell:
    """One user who is asked in 20 frames, and is of the majority's mind that often."""
    share = np.array([right, 1 - right])
    truth = 0.0 if right == 0.5 else 1 + float((share * np.log2(share)).sum())

    def draw(rng: Rng, n: int) -> Study:
        sign = np.where(rng.random((n, 20)) < 0.5, 1, -1)
        code = ((sign > 0) == (rng.random((n, 20)) < right)).astype(np.int64)
        found = _information(code, 2, sign, False)
        return found["low"], found["high"], truth, True

    return Cell("poll: bits", f"{truth:.2f} bits in 20 frames", draw)


def _escape(outcome: str, until: float) -> Cell:
    def draw(rng: Rng, n: int) -> Study:
        times = rng.exponential(size=n)
        found = mean_time(np.where(times < until, times, np.inf), until)
        return found.low, found.high, 1.0, True

    return Cell("escape time", outcome, draw)


def _slope(rng: Rng, n: int) -> Study:
    size = np.linspace(10, 40, 4)
    times = np.exp(0.1 * size) * rng.exponential(size=(n, 4)).mean(axis=0)
    return *arrhenius(size, times).slope[1:], 0.1, True


def _weights(spread: float) -> list[Cell]:
    """Of copies whose log weights and energies are jointly normal, cooled to T = 1."""

    def drawn(k: int) -> Callable[[Rng, int], Study]:
        def draw(rng: Rng, n: int) -> Study:
            log_weight = spread * rng.normal(size=n)
            energy = 0.3 * rng.normal(size=n) - log_weight
            weight = np.exp(log_weight)
            known = weight.sum() ** 2 / (weight**2).sum() >= max(n * SHARED, 2)
            bounds = normal_bounds(log_weight, energy, 1.0, 1, rng)[k]
            found = _joined(
                weighted(weight, energy, 1.0, 1)[k], bounds if known else bounds * np.nan
            )
            return found.low, found.high, (-0.5, -1.0, -0.5)[k] * spread**2, True

        return draw

    law = f"spread {spread:g} of the logarithm of weights"
    names = ("free energy", "energy", "entropy")
    return [Cell(f"{name}, annealed", law, drawn(k)) for k, name in enumerate(names)]


def _ratio(rng: Rng, n: int) -> Study:
    m, response = rng.normal(size=(n, 20)), 1 + 0.3 * rng.normal(size=n)
    moments = np.stack([m.mean(axis=1), (m**2).mean(axis=1), response], axis=-1)
    values = s.pseudo_values(moments, lambda q: (q[..., 1] - q[..., 0] ** 2) / q[..., 2])
    return *s.mean_interval(values)[1:], 1.0, True


CELLS = [
    *map(_mean, MEANS),
    *PAIRS,
    *map(_unpaired, ["normal", "skewed (exponential)", "two states, half each"]),
    *map(_share, [0.02, 0.1, 0.5]),
    *(_share_difference(*pq, paired=paired) for paired in (True, False)
      for pq in ((0.1, 0.0), (0.5, 0.5), (0.9, 0.1))),
    _melting("bell-shaped noise", 0.05, 0.15),
    _melting("replicas apart or mixed", 0.05, 0.0),
    _mass("sharp", 0.002),
    _mass("smooth", 0.04),
    _moments("susceptibility", 10, lambda q: q[..., 2] - q[..., 0] ** 2, 1.0),
    _moments("susceptibility of abs m", 10, lambda q: q[..., 2] - q[..., 1] ** 2, 1 - 2 / np.pi),
    _moments("Binder cumulant", 40, lambda q: 1 - q[..., 3] / (3 * q[..., 2] ** 2), 0.0),
    Cell("fluctuation over response", "20 independent frames per replica", _ratio),
    _gains("half of the societies differ", 0.5),
    _gains("one in five differs", 0.2),
    Cell("trial: direct, indirect, overall, total", "three in ten tip, to either side", _tipping),
    Cell("trial: direct effect of a single user", "skewed (exponential)", _one_treated),
    _multiplier("normal", 1.0, lambda g, n: g.normal(size=n)),
    _multiplier("normal, denominator near 0", 0.3, lambda g, n: g.normal(size=n)),
    _multiplier("skewed (exponential)", 1.0, lambda g, n: g.exponential(size=n) - 1),
    _published(total=False),
    _published(total=True),
    *map(_asked, [0.5, 0.6, 0.8, 0.95]),
    _escape("all escape", np.inf),
    _escape("half escape", np.log(2)),
    Cell("growth of escape times", "four sizes", _slope),
    *_weights(0.5),
    *_weights(1.0),
    *_weights(2.0),
]  # fmt: skip


def row(cell: Cell, found: dict[int, Covered]) -> str:
    """Return a row of the table: coverage in per cent, and what part of the studies it is of."""
    cells = []
    for size, each in found.items():
        text = f"{100 * each.held:.1f}"
        if cell.sizes != REPLICAS:
            text += f" ({size})"
        if each.unseen:
            text += f"; {100 * each.unseen:.0f} % show one state"
        undetermined = 1 - each.printed - each.unseen
        if undetermined > 0.005:
            text += f"; {100 * undetermined:.0f} % not determined"
        if each.held < cell.bar(size):
            text += " (below)"
        cells.append(text)
    return f"| {cell.interval} | {cell.outcome} | {' | '.join(cells)} |\n"


def write(page: Path, rows: list[str]) -> None:
    """Put the table between the page's markers."""
    text = page.read_text(encoding="utf-8")
    before, rest = text.split(BEGIN)
    after = rest.split(END)[1]
    head = "| interval | outcomes | 5 replicas | 10 | 20 |\n|---|---|---|---|---|\n"
    whole = f"{before}{BEGIN}\n\n{head}{''.join(rows)}\n{END}{after}"
    temporary = page.with_suffix(".tmp")
    temporary.write_text(whole, encoding="utf-8")
    os.replace(temporary, page)
