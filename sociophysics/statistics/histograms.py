"""Histograms of one output at every value of a control, shuffled and drawn again."""

from __future__ import annotations

from typing import Protocol

import numpy as np
import pandas as pd
from numpy.typing import NDArray

__all__ = ["Counted", "Grouped", "Histograms", "codes_of"]

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
MOST_BINS, FEWEST_BINS = 32, 4  # of numbers
MOST_KINDS = 512  # of categories, words for one; the rarest beyond share a bin


class Histograms(Protocol):
    """What nulls and intervals are made from: histograms of shape (times, values, bins), sums 1."""

    number: Ints  # draws at each value

    def histograms(self) -> Floats:
        """Return the histogram at every value, shape (values, bins)."""

    def shuffled(self, times: int, rng: np.random.Generator) -> Floats:
        """Return histograms of draws that were dealt to the values anew."""

    def again(self, times: int, rng: np.random.Generator) -> Floats:
        """Return histograms of draws with replacement, value by value."""


class Counted:
    """Independent draws: counts of shape (values, bins) say everything."""

    def __init__(self, counts: Ints) -> None:
        self.counts, self.number = counts, counts.sum(axis=1)

    def histograms(self) -> Floats:
        """Return the histogram at every value."""
        return np.asarray(self.counts / self.number[:, np.newaxis])

    def shuffled(self, times: int, rng: np.random.Generator) -> Floats:
        """Return tables with the same margins, which is what a shuffle leaves."""
        # Half a second to import, and no plain run asks for it.
        from scipy.stats import random_table

        law = random_table(self.number, self.counts.sum(axis=0))
        tables = law.rvs(size=times, random_state=rng)
        return np.asarray(tables / self.number[:, np.newaxis])

    def again(self, times: int, rng: np.random.Generator) -> Floats:
        """Return multinomial draws from the histograms."""
        drawn = rng.multinomial(self.number, self.histograms(), size=(times, self.number.size))
        return np.asarray(drawn / self.number[:, np.newaxis])


class Grouped:
    """Units with several rows: each counts as one draw, with the histogram of its rows.

    Parameters
    ----------
    shapes : array, shape (units, bins)
        Histogram of each unit's rows, in the order of the values.
    number : int array, shape (values,)
        Units at each value.
    """

    def __init__(self, shapes: Floats, number: Ints) -> None:
        self.shapes, self.number = shapes, number
        self.starts = np.concatenate([[0], np.cumsum(number)[:-1]])

    def histograms(self) -> Floats:
        """Return the mean histogram of the units at every value."""
        return self._means(self.shapes)

    def shuffled(self, times: int, rng: np.random.Generator) -> Floats:
        """Return the histograms after whole units were dealt to the values anew."""
        return np.stack([self._means(rng.permutation(self.shapes)) for _ in range(times)])

    def again(self, times: int, rng: np.random.Generator) -> Floats:
        """Return the histograms of whole units drawn with replacement."""
        owner, span = np.repeat(self.starts, self.number), np.repeat(self.number, self.number)
        chosen = owner + (rng.random((times, owner.size)) * span).astype(np.int64)
        return np.stack([self._means(self.shapes[each]) for each in chosen])

    def _means(self, shapes: Floats) -> Floats:
        sums = np.add.reduceat(shapes, self.starts, axis=0)
        return np.asarray(sums / self.number[:, np.newaxis])


def codes_of(column: pd.Series, *, draws: int) -> Ints:
    """Return the bin of every entry: categories as they are, numbers by quantiles of all.

    Parameters
    ----------
    column : Series
        Without missing entries.
    draws : int
        Fewest draws on a side of a comparison, which limit how many bins are told apart.

    Examples
    --------
    >>> codes_of(pd.Series(["b", "a", "b"]), draws=9).tolist()
    [1, 0, 1]
    """
    bins = int(np.clip(round(2 * draws ** (1 / 3)), FEWEST_BINS, MOST_BINS))
    numeric = pd.api.types.is_numeric_dtype(column)
    if not numeric or column.nunique() <= bins:
        codes, names = pd.factorize(column if numeric else column.astype(str), sort=True)
        if len(names) > MOST_KINDS:
            frequent = np.argsort(-np.bincount(codes), kind="stable")[: MOST_KINDS - 1]
            place = np.full(len(names), MOST_KINDS - 1)
            place[frequent] = np.arange(MOST_KINDS - 1)
            codes = place[codes]
        return np.asarray(codes, dtype=np.int64)
    values = column.to_numpy(dtype=np.float64)
    cuts = np.linspace(0, 1, bins + 1)[1:-1]
    edges = np.unique(np.quantile(values, cuts, method="inverted_cdf"))
    return np.asarray(np.searchsorted(edges, values, side="right"), dtype=np.int64)
