"""Simulations from wave to wave: every step starts at the stances known at its first wave.

The likelihood of a wave given the one before it has no formula once friends change within the
interval, but it is easily drawn from: start at the known stances, move, look again. So no
stationarity is assumed, gaps may be of any length, ties of any direction and different at every
wave. A stance that is not known at a wave goes on as simulated from the wave before; before the
first wave it is drawn in the field of the known ones.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from sociophysics import streams
from sociophysics.engine.attempts import attempt
from sociophysics.inference.calibration.panel_waves import Floats, WavePanel
from sociophysics.influences.feeds import Feed
from sociophysics.influences.feeds.feed import Draws, FeedMemory, Pull
from sociophysics.society.spins import SpinSystem

__all__ = ["Conduct", "simulate_waves"]

SETTLING = 10  # sweeps in which unknown stances of the first wave follow the known ones
AT = 1e-9  # of a sweep: what counts as a whole number of them
Spins = NDArray[np.int8]


class Conduct(NamedTuple):
    """What moves the users in one trial of the parameters."""

    temperature: float
    field: Floats  # (n,)
    feed: Feed | None
    sweeps: float  # per unit of time
    strength: float = 0.0  # times what was shown, where the panel says so
    systems: tuple[SpinSystem, ...] = ()  # where couplings are free: the panel's, otherwise


def simulate_waves(
    panel: WavePanel,
    trials: Sequence[Conduct],
    *,
    seed: int,
    first: int = 0,
    camps: NDArray[np.int64] | None = None,
) -> Spins:
    """Return the stances at the end of every step, shape (trials, waves - 1, n).

    Parameters
    ----------
    panel : WavePanel
    trials : sequence of Conduct
        One simulation each.
    seed, first : int
        Trial k draws from the stream of number ``first + k``.
    camps : int array, shape (n,), optional
        For feeds that name camps.

    Examples
    --------
    >>> from sociophysics.inference.calibration.panel_waves import panel_of
    >>> ring = SpinSystem.from_edges(range(6), [1, 2, 3, 4, 5, 0])
    >>> panel = panel_of([[1, 1, 1, -1, -1, -1], [1, 1, -1, -1, -1, 1]], [ring])
    >>> simulate_waves(panel, [Conduct(1.0, np.zeros(6), None, 2.0)], seed=0).shape
    (1, 1, 6)
    """
    rows = _Rows(panel, trials, seed, first, camps)
    ends = np.empty((len(trials), len(panel.gaps), panel.n), np.int8)
    for wave, gap in enumerate(panel.gaps):
        rows.begin(wave)
        rows.move(gap)
        ends[:, wave] = rows.spins
    return ends


@dataclass
class _Shared:
    """Trials with the same feed but for its strength, which one refresh serves."""

    feed: Feed
    rows: NDArray[np.int64]
    scale: Floats
    system: SpinSystem | None = None
    memory: FeedMemory | None = None


class _Rows:
    """The trials as rows of arrays: their stances, clocks, and what their feeds show."""

    def __init__(
        self,
        panel: WavePanel,
        trials: Sequence[Conduct],
        seed: int,
        first: int,
        camps: NDArray[np.int64] | None,
    ) -> None:
        self.panel, self.camps, self.wave = panel, camps, 0
        count, n = len(trials), panel.n
        self.temperature = np.array([t.temperature for t in trials], np.float64)
        self.field = np.array([t.field for t in trials], np.float64).reshape(count, n)
        self.pace = np.array([t.sweeps for t in trials], np.float64)
        self.strength = np.array([t.strength for t in trials], np.float64)
        numbers = range(first, first + count)
        self.keys = np.array([streams.key(seed, "calibration", k) for k in numbers])
        self.draws = Draws(np.array([streams.key(seed, "feed", k) for k in numbers]), 0)
        self.spins = np.zeros((count, n), np.int8)
        self.phi = np.zeros((count, n))
        self.done = np.zeros(count, np.int64)
        self.clock = np.zeros(count)
        self.nobody = np.zeros(n, np.bool_)
        self.own = [t.systems for t in trials]
        self.groups = _groups(trials)
        # A row whose feed changes couplings, or whose couplings are free, has a system of its own.
        self.plain = np.setdiff1d(np.arange(count), [r for g in self.groups for r in g.rows])
        self.sweep = 0

    def begin(self, wave: int) -> None:
        """Set what is known at a wave."""
        known = self.panel.stances[wave] != 0
        changed = wave == 0 or len(self.panel.systems) > 1
        self.wave = wave
        if wave == 0 and not known.all():
            self._draw_unknown(known)
        self.spins[:, known] = self.panel.stances[wave][known]
        for group in self.groups if changed else ():
            group.system = group.feed.couplings(self._system(group.rows[0]))
            group.memory = group.feed.start(group.system, self.spins[group.rows], self.camps)
        if self.panel.shown is not None:
            self.phi = self.strength[:, None] * self.panel.shown[wave]

    def _draw_unknown(self, known: NDArray[np.bool_]) -> None:
        stances = self.panel.stances[0]
        mean = stances[known].mean() if known.any() else 0.0
        for row, key in enumerate(self.keys):
            u = np.random.Generator(np.random.Philox(key=key)).random(self.panel.n)
            self.spins[row] = np.where(u < (1 + mean) / 2, 1, -1)
        self.spins[:, known] = stances[known]
        self._attempt(np.full(len(self.spins), SETTLING * self.panel.n), held=known)

    def move(self, gap: float) -> None:
        """Go on by a gap; feeds are refreshed at every whole sweep of the clock."""
        n = self.panel.n
        end = self.clock + gap * self.pace
        while (left := end - self.clock > AT).any():
            whole = np.round(self.clock)
            due = left & (np.abs(self.clock - whole) < AT)
            if self.panel.shown is None and self.groups and due.any():
                self._refresh(due)
            stop = np.minimum(np.floor(self.clock + AT) + 1, end)
            todo = np.where(left, np.round((stop - self.clock) * n), 0).astype(np.int64)
            self._attempt(todo, held=self.nobody)
            self.clock = np.where(left, stop, self.clock)
            self.sweep += 1
            self._remember(left & (np.abs(self.clock - np.round(self.clock)) < AT))

    def _refresh(self, due: NDArray[np.bool_]) -> None:
        for group in self.groups:
            if not due[group.rows].any():
                continue
            rows = group.rows
            assert group.system is not None
            draws = Draws(self.draws.keys[rows], self.sweep)
            shown, _ = group.feed.refresh(
                group.system, self.spins[rows], self.camps, group.memory, draws
            )
            new = shown * group.scale[:, None]
            if self.panel.treated is not None:
                new = new * self.panel.treated
            self.phi[rows] = np.where(due[rows][:, None], new, self.phi[rows])

    def _remember(self, ended: NDArray[np.bool_]) -> None:
        for group in self.groups:
            if group.memory is not None and group.memory.arrays and ended[group.rows].any():
                new = group.feed.remember(self.spins[group.rows], group.memory)
                keep = ended[group.rows]
                old = group.memory.arrays
                group.memory = new._replace(
                    arrays={
                        k: np.where(keep.reshape(-1, *[1] * (v.ndim - 1)), v, old[k])
                        for k, v in new.arrays.items()
                    }
                )

    def _attempt(self, attempts: NDArray[np.int64], *, held: NDArray[np.bool_]) -> None:
        """Move all rows, those of one system at a time."""
        parts = [(self._system(row), np.array([row])) for row in self.plain if self.own[row]]
        shared = [np.array([row for row in self.plain if not self.own[row]], np.int64)]
        for group in self.groups:
            system = group.system or self._system(group.rows[0])
            if system is self.panel.system(self.wave):
                shared.append(group.rows)
            else:
                parts.append((system, group.rows))
        parts.append((self.panel.system(self.wave), np.concatenate(shared)))
        for system, rows in parts:
            if rows.size == len(self.spins):
                self._apply(system, slice(None), attempts, held)
            elif rows.size:
                self._apply(system, rows, attempts, held)

    def _system(self, row: Any) -> SpinSystem:
        """Return who listens to whom in a trial after the wave where it is."""
        own = self.own[row]
        return own[self.wave if len(own) > 1 else 0] if own else self.panel.system(self.wave)

    def _apply(self, system: SpinSystem, rows: Any, attempts: Any, held: Any) -> None:
        spins, done = self.spins[rows], self.done[rows]
        attempt(
            spins, system.J.indptr, system.J.indices, system.J.data,
            self.field[rows] + self.phi[rows] + system.h, self.temperature[rows], held,
            self.keys[rows], done, attempts[rows],
        )  # fmt: skip
        self.spins[rows], self.done[rows] = spins, done


def _groups(trials: Sequence[Conduct]) -> list[_Shared]:
    """Return trials by feed; feeds that differ in a factor of their field only are one."""
    found: dict[tuple[Feed, int], tuple[list[int], list[float]]] = {}
    for row, trial in enumerate(trials):
        feed, scale = trial.feed, 1.0
        if feed is None:
            continue
        if isinstance(feed, Pull) and type(feed).couplings is Feed.couplings:
            feed, scale = replace(feed, strength=1.0), feed.strength
        rows, scales = found.setdefault((feed, row if trial.systems else -1), ([], []))
        rows.append(row)
        scales.append(scale)
    return [
        _Shared(feed, np.array(rows), np.array(scales, np.float64))
        for (feed, _), (rows, scales) in found.items()
    ]
