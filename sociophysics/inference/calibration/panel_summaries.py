"""What a panel is compared by: sums over users that answer to the parameters.

Each is a sum over the users who are known at the end of a step, given the start of it: who kept the
stance, who went with the neighbours, with the field, with the feed, as these stood at the start and
as they stand at the end. The last ones carry what is left to learn when a gap spans many sweeps.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import scipy.sparse as sparse
from numpy.typing import NDArray

from sociophysics.inference.calibration.panel_waves import Floats, WavePanel
from sociophysics.influences.feeds import Feed
from sociophysics.influences.feeds.feed import Draws, Pull
from sociophysics.society.spins import SpinSystem

__all__ = ["Summaries"]

Spins = NDArray[np.int8]


@dataclass(frozen=True, eq=False)
class Summaries:
    """The summaries of one panel.

    Parameters
    ----------
    panel : WavePanel
    patterns : mapping from name to array of shape (n,)
        What fields pull along.
    feed : Feed or None
        As at the middle of the prior.
    camps : int array, shape (n,), or None
    apart : bool
        Whether neighbours of one's own camp are summed on their own, as free couplings ask.
    """

    panel: WavePanel
    patterns: Mapping[str, Floats]
    feed: Feed | None = None
    camps: NDArray[np.int64] | None = None
    apart: bool = False

    @property
    def names(self) -> list[str]:
        """What the columns are called."""
        with_feed = self.feed is not None or self.panel.shown is not None
        found = ["kept", *self.patterns, "neighbours before", "kept against pull"]
        found += ["neighbours", "mean stance squared"]
        if self.apart:
            found += ["own camp before", "own camp"]
        if with_feed:
            found += ["feed before"]
        if self.feed is not None and self.panel.shown is None:
            found += ["feed"]
        if self.panel.treated is not None:
            found += ["treated", "feed before, treated"] if with_feed else ["treated"]
        return found

    def observed(self) -> Floats:
        """Return the summaries of the data by step, shape (waves - 1, summaries)."""
        return np.asarray(self.of(self.panel.stances[1:][np.newaxis])[0])

    def of(self, ends: Spins) -> Floats:
        """Return the summaries of simulated waves, shape (trials, waves - 1, summaries).

        Parameters
        ----------
        ends : int8 array, shape (trials, waves - 1, n)
            Stances at the end of every step; those that the data lack do not count.
        """
        filled = self.panel.filled()
        columns = [self._step(k, ends[:, k], filled[k]) for k in range(ends.shape[1])]
        return np.stack(columns, axis=1)

    def _step(self, k: int, ends: Spins, filled: Spins) -> Floats:
        panel = self.panel
        start, known = panel.stances[k].astype(np.float64), panel.stances[k + 1] != 0
        J = panel.system(k).J
        end = np.where(known, ends, 0).astype(np.float64)
        pull = J @ start
        shown = self._shown(k, filled)
        linear = [start, *self.patterns.values(), pull, start * np.abs(pull)]
        after: list[Floats] = [
            ((J @ end.T).T * end).sum(axis=1) / 2,
            end.sum(axis=1) ** 2 / max(int(known.sum()), 1),
        ]
        if self.apart:
            inside = self._inside(panel.system(k))
            after += [end @ (inside @ start), ((inside @ end.T).T * end).sum(axis=1) / 2]
        last: list[Floats] = []
        if shown is not None:
            last.append(end @ shown)
        if self.feed is not None and panel.shown is None:
            whole = np.where(known, ends, filled).astype(np.int8)
            last.append((self._field(k, whole) * end).sum(axis=1))
        if panel.treated is not None:
            last.append(end @ panel.treated)
            last += [] if shown is None else [end @ (shown * panel.treated)]
        return np.column_stack([end @ np.column_stack(linear), *after, *last])

    def _inside(self, system: SpinSystem) -> sparse.csr_array:
        """Return the couplings within camps."""
        ties, camps = system.J.tocoo(), self.camps
        same = np.ones(ties.nnz, bool) if camps is None else camps[ties.row] == camps[ties.col]
        return sparse.csr_array(
            (ties.data[same], (ties.row[same], ties.col[same])), shape=ties.shape
        )

    def _shown(self, k: int, filled: Spins) -> Floats | None:
        if self.panel.shown is not None:
            return np.asarray(self.panel.shown[k])
        return None if self.feed is None else self._field(k, filled[np.newaxis])[0]

    def _field(self, k: int, spins: Spins) -> Floats:
        """Return what the feed shows, of unit strength and without chance."""
        feed: Any = self.feed
        if getattr(feed, "slots", None) is not None:
            feed = replace(feed, slots=None)
        if isinstance(feed, Pull):
            feed = replace(feed, strength=1.0)
        system = self.panel.system(k)
        draws = Draws(np.zeros((len(spins), 2), np.uint64), 0)
        memory = feed.start(system, spins, self.camps)
        return np.asarray(feed.refresh(system, spins, self.camps, memory, draws)[0])
