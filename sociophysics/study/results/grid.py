"""The table of a run as an array (designs, points, replicas): one number per replica."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property, partial
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from sociophysics import statistics
from sociophysics.errors import InputError, did_you_mean

__all__ = ["SERIES_STATISTICS", "Grid"]

Floats = NDArray[np.float64]

# The statistic and the recorded series it can be computed from, the best first.
SERIES_STATISTICS = {
    "susceptibility": ("magnetization",),
    "susceptibility_abs": ("abs_magnetization", "magnetization"),
    "binder": ("magnetization", "abs_magnetization"),
    "tau": ("magnetization", "abs_magnetization"),
}


@dataclass(frozen=True, eq=False, kw_only=True)
class Grid:
    """Where each row of a run's table belongs: its design, swept point and replica.

    Parameters
    ----------
    table : DataFrame
        Columns ``design``, the swept keys, ``replica``, ``sweep``, then observables.
    burn_in : callable
        From (design, point as a dict) to the first sweep that counts in averages.
    temperature : callable
        From (design, point) to the temperature of that cell, NaN where it changes with time.
    n : int or None
        Number of users; statistics that need it are NaN without.
    """

    table: pd.DataFrame
    burn_in: Callable[[str, dict[str, Any]], int]
    temperature: Callable[[str, dict[str, Any]], float]
    n: int | None

    @cached_property
    def keys(self) -> list[str]:
        """Swept keys under their dotted names, in the order of the table."""
        return self._columns[0]

    @cached_property
    def observables(self) -> list[str]:
        """Names of the recorded observables."""
        return self._columns[1]

    @cached_property
    def statistics(self) -> list[str]:
        """Names of the statistics of a series that this table allows."""
        recorded = set(self.observables)
        return [name for name, needs in SERIES_STATISTICS.items() if recorded.intersection(needs)]

    @cached_property
    def designs(self) -> list[str]:
        """Names of the designs; the first is the reference."""
        return [str(name) for name in self._codes[1]]

    @cached_property
    def points(self) -> pd.DataFrame:
        """One row per swept point, one column per swept key; a run without a sweep has one row."""
        return self._points[1]

    @cached_property
    def replicas(self) -> NDArray[np.int64]:
        """Numbers of the replicas, ascending."""
        return np.unique(self.table["replica"].to_numpy(dtype=np.int64))

    @property
    def point_of_row(self) -> NDArray[np.int64]:
        """The swept point of each row of the table, as its place in `points`."""
        return self._points[0]

    @property
    def shape(self) -> tuple[int, int, int]:
        """(designs, points, replicas)."""
        return len(self.designs), len(self.points), self.replicas.size

    def values(self, observable: str) -> Floats:
        """Return one number per replica, shape (designs, points, replicas); NaN where undefined.

        An observable is averaged over the frames after burn-in in which it is defined. The
        autocorrelation time is that of each replica's series. Susceptibilities and Binder's
        cumulant belong to the moments of all replicas together: their numbers are the jackknife's
        pseudo-values (`statistics.pseudo_values`), whose mean is the statistic of the pooled
        frames, corrected for bias, and whose spread over replicas is its error. A replica stopped
        before burn-in is represented by its last frame.
        """
        if observable not in self._values and observable in self.observables:
            self._values[observable] = self._means(observable)
        if observable not in self._values and observable in self.statistics:
            self._values[observable] = self._series_statistic(observable)
        if observable in self._values:
            return self._values[observable].copy()
        if observable in SERIES_STATISTICS:
            raise InputError(
                f"{observable} is computed from {' or '.join(SERIES_STATISTICS[observable])}, "
                f"which this run did not record; recorded: {', '.join(self.observables)}."
            )
        allowed = [*self.observables, *self.statistics]
        raise InputError(
            f"{observable!r} was not recorded in this run; {did_you_mean(observable, allowed)}"
        )

    @cached_property
    def _values(self) -> dict[str, Floats]:
        return {}

    @cached_property
    def present(self) -> NDArray[np.bool_]:
        """Which replicas have rows at all, shape (designs, points, replicas)."""
        there = np.zeros(np.prod(self.shape), dtype=bool)
        there[self._cells] = True
        return there.reshape(self.shape)

    def point(self, index: int) -> dict[str, Any]:
        """Return the swept keys and values of one point."""
        return dict(self._records[index])

    @cached_property
    def _records(self) -> list[dict[str, Any]]:
        if self.points.columns.empty:
            # A run without a sweep has one point and no key; older pandas count no record there.
            return [{} for _ in range(len(self.points))]
        found: list[dict[str, Any]] = self.points.to_dict("records")
        return found

    @cached_property
    def _columns(self) -> tuple[list[str], list[str]]:
        names = [str(name) for name in self.table.columns]
        if names[:1] != ["design"] or not {"replica", "sweep"} <= set(names):
            raise InputError(
                f"the table has the columns {', '.join(names)}; it must have design, swept keys, "
                "replica, sweep and observables, in this order."
            )
        replica = names.index("replica")
        if self.table.empty or names[replica : replica + 2] != ["replica", "sweep"]:
            raise InputError(
                "the table has no rows, or its columns are not in the order design, swept keys, "
                "replica, sweep, observables."
            )
        return names[1:replica], names[replica + 2 :]

    @cached_property
    def _codes(self) -> tuple[NDArray[np.int64], Any]:
        codes, names = pd.factorize(self.table["design"])
        return np.asarray(codes, dtype=np.int64), names

    @cached_property
    def _points(self) -> tuple[NDArray[np.int64], pd.DataFrame]:
        rows = len(self.table)
        combined = np.zeros(rows, dtype=np.int64)
        for key in self.keys:
            codes, _ = pd.factorize(self.table[key])
            combined = combined * (int(codes.max()) + 1) + codes
        point, first = pd.factorize(combined)
        _, where = np.unique(combined, return_index=True)
        frame = self.table[self.keys].iloc[np.sort(where)].reset_index(drop=True)
        if not self.keys:
            frame = pd.DataFrame(index=range(len(first)))
        return np.asarray(point, dtype=np.int64), frame

    @cached_property
    def _cells(self) -> NDArray[np.int64]:
        replica = np.searchsorted(self.replicas, self.table["replica"].to_numpy(dtype=np.int64))
        _, points, replicas = self.shape
        cells: NDArray[np.int64] = (self._codes[0] * points + self._points[0]) * replicas + replica
        return cells

    @cached_property
    def counted(self) -> NDArray[np.bool_]:
        """Which rows count in averages: those after burn-in, else a replica's last frame."""
        sweep = self.table["sweep"].to_numpy(dtype=np.int64)
        designs, points, replicas = self.shape
        burn_in = np.array(
            [
                self.burn_in(design, self.point(index))
                for design in self.designs
                for index in range(points)
            ],
            dtype=np.int64,
        )
        counted: NDArray[np.bool_] = sweep >= burn_in[self._cells // replicas]
        covered = np.zeros(designs * points * replicas, dtype=bool)
        covered[self._cells[counted]] = True
        short = np.flatnonzero(~covered[self._cells])
        if short.size:
            order = short[np.lexsort((sweep[short], self._cells[short]))]
            last = np.append(np.diff(self._cells[order]) != 0, True)
            counted[order[last]] = True
        return counted

    def _means(self, observable: str) -> Floats:
        values = self.table[observable].to_numpy(dtype=np.float64)
        rows = self.counted & ~np.isnan(values)
        size = int(np.prod(self.shape))
        total = np.bincount(self._cells[rows], weights=values[rows], minlength=size)
        count = np.bincount(self._cells[rows], minlength=size)
        mean = np.full(size, np.nan)
        np.divide(total, count, out=mean, where=count > 0)
        return mean.reshape(self.shape)

    def halves(self, observable: str) -> tuple[Floats, Floats]:
        """Return the means of the first and of the second half of the frames that count.

        Each has shape (designs, points, replicas); NaN for a statistic of a series, where there
        are fewer than two frames, and in a replica that was stopped before burn-in.
        """
        size = int(np.prod(self.shape))
        found = [np.full(size, np.nan), np.full(size, np.nan)]
        if observable in self.observables:
            values = self.table[observable].to_numpy(dtype=np.float64)
            order, half = self._frames_by_half
            for result, side in zip(found, (0, 1), strict=True):
                rows = order[half == side]
                rows = rows[~np.isnan(values[rows])]
                total = np.bincount(self._cells[rows], weights=values[rows], minlength=size)
                count = np.bincount(self._cells[rows], minlength=size)
                np.divide(total, count, out=result, where=count > 0)
        return found[0].reshape(self.shape), found[1].reshape(self.shape)

    @cached_property
    def _frames_by_half(self) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Rows that count, and the half of each in its replica's window; 2 is the middle frame."""
        rows = np.flatnonzero(self.counted)
        sweep = self.table["sweep"].to_numpy(dtype=np.int64)
        order = rows[np.lexsort((sweep[rows], self._cells[rows]))]
        cells = self._cells[order]
        count = np.bincount(cells, minlength=int(np.prod(self.shape)))
        place = np.arange(order.size) - (np.cumsum(count) - count)[cells]
        size = count[cells]
        half = np.where(place < size // 2, 0, np.where(place >= size - size // 2, 1, 2))
        return order, half.astype(np.int64)

    def _series_statistic(self, name: str) -> Floats:
        source = next(s for s in SERIES_STATISTICS[name] if s in self.observables)
        return self._tau(source) if name == "tau" else self._pooled(name, source)

    def _pooled(self, name: str, source: str) -> Floats:
        """Return the jackknife's pseudo-values of a statistic of the replicas' common moments."""
        values = self.table[source].to_numpy(dtype=np.float64)
        rows = np.flatnonzero(self.counted)
        size = int(np.prod(self.shape))
        frames = np.bincount(self._cells[rows], minlength=size)
        sums = np.stack(
            [np.bincount(self._cells[rows], power, size) for power in _powers(values[rows])]
        )
        designs, points, replicas = self.shape
        there = (frames > 0).reshape(designs * points, replicas)
        frames, sums = frames.reshape(there.shape), sums.reshape(-1, *there.shape)
        result = np.full(there.shape, np.nan)
        # Cells in which the same replicas are there, at once.
        for which in np.unique(there, axis=0):
            cells = np.flatnonzero((there == which).all(axis=-1))
            cells = cells[frames[cells].sum(axis=-1) >= 2]
            if not cells.size:
                continue
            chosen = np.ix_(cells, np.flatnonzero(which))
            weights = frames[chosen]
            measure = partial(_of_moments, name, n=self.n, T=self._temperatures[cells])
            moments = np.stack([each[chosen] / weights for each in sums], axis=-1)
            result[chosen] = statistics.pseudo_values(moments, measure, weights=weights)
        return result.reshape(self.shape)

    def _tau(self, source: str) -> Floats:
        values = self.table[source].to_numpy(dtype=np.float64)
        sweep = self.table["sweep"].to_numpy(dtype=np.int64)
        rows = np.flatnonzero(self.counted)
        order = rows[np.lexsort((sweep[rows], self._cells[rows]))]
        cells, starts, lengths = np.unique(
            self._cells[order], return_index=True, return_counts=True
        )
        result = np.full(int(np.prod(self.shape)), np.nan)
        # Replicas stopped early have shorter series: each length is one rectangular array.
        for length in np.unique(lengths[lengths > 1]):
            chosen = lengths == length
            frames = order[starts[chosen][:, None] + np.arange(length)]
            every = sweep[frames[:, 1]] - sweep[frames[:, 0]]
            result[cells[chosen]] = np.asarray(statistics.tau(values[frames])) * every
        return result.reshape(self.shape)

    @cached_property
    def _temperatures(self) -> Floats:
        return np.array(
            [
                self.temperature(design, self.point(index))
                for design in self.designs
                for index in range(len(self.points))
            ],
            dtype=np.float64,
        )


def _powers(m: Floats) -> Floats:
    """Return m, abs(m), m^2 and m^4, shape (4, frames)."""
    return np.stack([m, np.abs(m), m**2, m**4])


def _of_moments(name: str, q: Floats, *, n: int | None, T: Floats) -> Floats:
    """Return a statistic of the moments of `_powers`; NaN if undefined.

    ``q`` has shape (cells, ..., 4), ``T`` shape (cells,); the result has shape (cells, ...).
    """
    T = T.reshape(-1, *[1] * (q.ndim - 2))
    first, size, second, fourth = np.moveaxis(q, -1, 0)
    # A temperature next to zero is as good as zero: there is no ratio to it.
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        if name == "binder":
            value = 1 - fourth / (3 * second**2)
        else:
            center = first if name == "susceptibility" else size
            value = (np.nan if n is None else n) * (second - center**2) / T
    result: Floats = np.where(np.isfinite(value), value, np.nan)
    return result
