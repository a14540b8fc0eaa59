"""What a feed showed: agreement, out-group share and the concentration of attention."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from sociophysics.engine.attention import attention
from sociophysics.influences.feeds.pools import Pool

__all__ = ["Exposure", "JoinedExposure", "LaterExposure"]

Spins = NDArray[np.int8]
Camps = NDArray[np.int64]
Field = NDArray[np.float64]
ROUNDING = 1e-12


class Exposure:
    """What a feed showed at one refresh; its statistics are computed when they are read.

    Attributes
    ----------
    agreement : array, shape (replicas,)
        Mean over users of the share of shown posts that agree with the user's own stance.
    out_group : array, shape (replicas,)
        Mean over users with a camp of the share of shown posts that come from another camp.
    attention_gini : array, shape (replicas,)
        Gini coefficient over users of the expected number of feeds' shares that show their post.

    Notes
    -----
    The arrays are kept as they are, so nobody may write to them afterwards.
    With slots, agreement counts the posts drawn; authorship is averaged over the draws that lead
    to the same stances. Users with an empty pool are left out; nobody shown anything gives NaN.
    """

    def __init__(
        self, spins: Spins, shown: Field, pool: Pool, camps: Camps | None, signed: bool
    ) -> None:
        self._pool = pool
        self._given = (spins, shown, camps, signed)

    @property
    def pool(self) -> Pool:
        """Whose posts each user could be shown."""
        return self._pool

    @cached_property
    def _shares(self) -> tuple[Field, Field, Field, Field]:
        (spins, shown, camps, signed), pool = self._given, self.pool
        received = np.zeros(shown.shape)
        agree, outside, inside = shown.copy(), shown.copy(), shown.copy()
        labels = np.full(spins.shape[1], -1, np.int64) if camps is None else camps
        attention(spins, shown, *pool, labels, signed, received, agree, outside, inside)
        return received, agree, outside, inside

    @property
    def shares_out_group(self) -> Field:
        """Share of each reader's posts that come from another camp, NaN for none; (replicas, n)."""
        return self._shares[2]

    @property
    def shares_own_camp(self) -> Field:
        """Share of each reader's posts that come from the own camp, NaN for none; (replicas, n)."""
        return self._shares[3]

    @property
    def shares_no_camp(self) -> Field:
        """Share of each reader's posts from users without a camp, NaN for none; (replicas, n)."""
        shares: Field = 1.0 - self._shares[3] - self._shares[2]
        shares[np.abs(shares) < ROUNDING] = 0.0
        return shares

    @property
    def shares_agreeing(self) -> Field:
        """Share of each reader's posts that agree with the reader, NaN for none; (replicas, n)."""
        return self._shares[1]

    @property
    def agreement(self) -> Field:
        """Share of shown posts that agree with the reader, mean over readers; (replicas,)."""
        return _mean_known(self._shares[1])

    @property
    def out_group(self) -> Field:
        """Share of shown posts from another camp, mean over readers; (replicas,)."""
        return _mean_known(self._shares[2])

    @property
    def attention_gini(self) -> Field:
        """Gini coefficient of the attention users receive; (replicas,)."""
        received = np.sort(np.maximum(self._shares[0], 0.0), axis=1)
        n = received.shape[1]
        total = received.sum(axis=1)
        # Not a matrix product: its rounding would depend on how many replicas there are.
        weighted = (received * (2.0 * np.arange(1, n + 1) - n - 1)).sum(axis=1)
        with np.errstate(invalid="ignore", divide="ignore"):
            gini: Field = np.where(total > 0, weighted / (n * total), np.nan)
        gini[np.abs(gini) < ROUNDING] = 0.0  # equal shares, summed in some order
        return gini


class LaterExposure(Exposure):
    """The same where ties move: the pool is made of the ties of then when somebody asks.

    Parameters
    ----------
    pool : function of nothing
        Returns it.
    spins, shown, camps, signed
        As for ``Exposure``.
    """

    def __init__(
        self,
        pool: Callable[[], Pool],
        spins: Spins,
        shown: Field,
        camps: Camps | None,
        signed: bool,
    ) -> None:
        self._make = pool
        self._given = (spins, shown, camps, signed)

    @cached_property
    def pool(self) -> Pool:
        """Whose posts each user could be shown."""
        return self._make()


class JoinedExposure(Exposure):
    """What several feeds showed, each to users of its own."""

    def __init__(self, parts: Sequence[Exposure]) -> None:
        self._parts = parts

    @cached_property
    def _shares(self) -> tuple[Field, Field, Field, Field]:
        # Users of another feed have an empty pool in this one: they are NaN there.
        each = [part._shares for part in self._parts]
        agree, outside, inside = (each[0][k].copy() for k in (1, 2, 3))
        for _, more, other, own in each[1:]:
            np.copyto(agree, more, where=np.isnan(agree))
            np.copyto(outside, other, where=np.isnan(outside))
            np.copyto(inside, own, where=np.isnan(inside))
        return np.sum([shares[0] for shares in each], axis=0), agree, outside, inside


def _mean_known(values: Field) -> Field:
    known = ~np.isnan(values)
    count = known.sum(axis=1)
    total = np.where(known, values, 0.0).sum(axis=1)
    with np.errstate(invalid="ignore", divide="ignore"):
        mean: Field = np.where(count > 0, total / count, np.nan)
    return mean
