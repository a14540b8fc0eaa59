"""Pools of a feed: whose posts a user may be shown, with what weight, and what was shown."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cached_property
from typing import NamedTuple

import numpy as np
import scipy.sparse as sparse
from numpy.typing import NDArray

from sociophysics.errors import InputError, did_you_mean
from sociophysics.machine import require_memory
from sociophysics.society.spins import SpinSystem

__all__ = ["POOLS", "Exposure", "JoinedExposure", "LaterExposure", "Pool", "build_pool"]

Spins = NDArray[np.int8]
Camps = NDArray[np.int64]
Field = NDArray[np.float64]
EQUAL = 1e-12
ROUNDING = 1e-9


class Pool(NamedTuple):
    """Weights of a pool: on followed users (CSR rows) and on the means of groups of users."""

    indptr: NDArray[np.int64]  # (n + 1,), or (1,) without a followed part
    indices: NDArray[np.int32]
    weights: NDArray[np.float64]
    groups: NDArray[np.int64]  # (n,): camp, users without a camp in the last group
    sizes: NDArray[np.int64]  # (G,), or (0,) without a group part
    group_weights: NDArray[np.float64]  # (G, G): row = group of the viewer
    own: int  # 1: a user is left out of the mean of the own group
    reached: NDArray[np.bool_]  # (n,): False where the pool is empty

    @property
    def signed(self) -> bool:
        """Whether rows respond by sign: then their weights need not sum to 1."""
        if self.sizes.size:
            return bool((self.group_weights < 0).any())
        total = np.bincount(
            np.repeat(np.arange(self.reached.size), np.diff(self.indptr)),
            self.weights,
            minlength=self.reached.size,
        )
        return bool((np.abs(total[self.reached] - 1.0) > ROUNDING).any())

    def of_readers(self, readers: NDArray[np.bool_]) -> Pool:
        """Return the pool of some readers: nobody else is shown anything."""
        indptr, indices, weights = self.indptr, self.indices, self.weights
        if indptr.size > 1:
            kept = np.repeat(readers, np.diff(indptr))
            indices, weights = indices[kept], weights[kept]
            indptr = np.append(0, np.cumsum(np.where(readers, np.diff(indptr), 0)))
        return self._replace(
            indptr=indptr, indices=indices, weights=weights, reached=self.reached & readers
        )


def build_pool(
    kind: str,
    system: SpinSystem,
    camps: NDArray[np.int64] | None,
    *,
    weight: str = "coupling",
    epsilon: float = 0.3,
) -> Pool:
    """Return the weights of the pool named ``kind`` on this system.

    Parameters
    ----------
    kind : str
        ``followed``, ``all``, ``everyone`` (``all`` with oneself), ``camp``, ``followed_camp``,
        ``mix``, ``bridge``, ``bridge_followed``, ``contrast``, ``contrast_followed``.
    camps : int array, shape (n,), optional
        Camp of each user, -1 for none; needed by every pool that names camps.
    weight : "coupling" or "uniform"
        Followed users weigh ``max(J_ij, 0)``, or 1 where it is positive.
    epsilon : float
        Share of the other camps in ``mix``.

    Raises
    ------
    InputError
        An unknown pool or weight, or camps that are needed and missing.
    """
    if kind not in POOLS:
        raise InputError(f"feed.pool is {kind!r}; {did_you_mean(kind, POOLS)}")
    if weight not in ("coupling", "uniform"):
        raise InputError(f"feed.weight is {weight!r}; allowed: coupling, uniform.")
    if camps is None and kind not in ("followed", "all", "everyone"):
        raise InputError(
            f"the feed's pool {kind!r} needs camps, and none are given; name a node attribute in "
            "[network] camp, or pass camps."
        )
    if kind in FOLLOWED:
        return _followed_pool(FOLLOWED[kind], system, camps, weight)
    return _group_pool(kind, system.n, camps, epsilon)


FOLLOWED = {
    "followed": "plain",
    "followed_camp": "camp",
    "bridge_followed": "bridge",
    "contrast_followed": "contrast",
}
POOLS = (*FOLLOWED, "all", "everyone", "camp", "mix", "bridge", "contrast")


def _followed_pool(
    rule: str, system: SpinSystem, camps: NDArray[np.int64] | None, weight: str
) -> Pool:
    """Normalize the positive couplings of each row as the rule says."""
    n = system.n
    ties = system.J.tocoo()
    keep = ties.data > 0
    row, column = ties.row[keep].astype(np.int64), ties.col[keep].astype(np.int64)
    value = ties.data[keep] if weight == "coupling" else np.ones(int(keep.sum()))
    if rule != "plain" and camps is not None:
        mine, theirs = camps[row], camps[column]
        known = {"camp": (mine == theirs) & (mine >= 0), "bridge": theirs >= 0}.get(
            rule, (mine >= 0) & (theirs >= 0)
        )
        row, column, value = row[known], column[known], value[known]
        mine, theirs = mine[known], theirs[known]
        if rule == "bridge":
            value = _camp_means(row, theirs, value, n)
        elif rule == "contrast":
            side = (mine == theirs).astype(np.int64)
            total = np.bincount(2 * row + side, value, minlength=2 * n)
            value = np.where(side == 1, 0.5, -0.5) * value / total[2 * row + side]
    if rule in ("plain", "camp"):
        total = np.bincount(row, value, minlength=n)
        value = value / total[row]
    J = sparse.csr_array((value, (row, column)), shape=(n, n))
    reached = np.diff(J.indptr) > 0
    empty = np.zeros(0, np.int64)
    return Pool(
        J.indptr.astype(np.int64),
        J.indices.astype(np.int32),
        J.data,
        empty,
        empty,
        np.zeros((0, 0)),
        1,
        reached,
    )


def _camp_means(
    row: NDArray[np.int64], camp: NDArray[np.int64], value: NDArray[np.float64], n: int
) -> NDArray[np.float64]:
    """Return weights that average each row's camps, then take the plain mean over its camps."""
    count = int(camp.max(initial=-1)) + 1
    cells, cell = np.unique(row * count + camp, return_inverse=True)
    total = np.bincount(cell, value)
    camps_seen = np.bincount(cells // max(count, 1), minlength=n)
    share: NDArray[np.float64] = value / total[cell] / camps_seen[row]
    return share


def _group_pool(kind: str, n: int, camps: NDArray[np.int64] | None, epsilon: float) -> Pool:
    """Weigh the mean stance of each group, for each group of viewers."""
    groups = np.zeros(n, np.int64)
    camp_count = 0
    if camps is not None:
        # Codes may be sparse (district numbers): groups number the camps that are present.
        present = np.unique(camps[camps >= 0])
        camp_count = present.size
        groups = np.where(camps >= 0, np.searchsorted(present, camps), camp_count)
    require_memory(
        16.0 * (camp_count + 1) ** 2,
        what=f"a feed that compares {camp_count} camps",
        fix="use fewer camps",
    )
    sizes = np.bincount(groups, minlength=camp_count + 1)
    own = 0 if kind == "everyone" else 1
    weights = np.zeros((camp_count + 1, camp_count + 1))
    for g in range(camp_count + 1):
        candidates = sizes.astype(float)
        if sizes[g] > 0:
            candidates[g] -= own
        weights[g] = _group_row(kind, g, candidates, epsilon)
    reached = np.abs(weights).sum(axis=1)[groups] > 0
    start = np.zeros(1, np.int64)
    return Pool(start, np.zeros(0, np.int32), np.zeros(0), groups, sizes, weights, own, reached)


def _group_row(
    kind: str, viewer: int, candidates: NDArray[np.float64], epsilon: float
) -> NDArray[np.float64]:
    """Return the weight a viewer's group gives to the mean of each group with candidates."""
    everyone = candidates.sum()
    if kind in ("all", "everyone"):
        return candidates / everyone if everyone > 0 else candidates
    in_camp = candidates.copy()
    in_camp[-1] = 0.0  # users without a camp are in no camp's pool
    has = (in_camp > 0).astype(float)
    if kind == "bridge":
        return has / has.sum() if has.any() else has
    row: NDArray[np.float64] = np.zeros_like(candidates)
    if viewer == len(candidates) - 1:
        return row  # without a camp there is no own and no other camp
    others = in_camp.copy()
    others[viewer] = 0.0
    own_side, other_side = has[viewer], others.sum() > 0
    if kind == "camp":
        row[viewer] = own_side
    elif kind == "contrast":
        row[viewer] = 0.5 * own_side
        if other_side:
            row -= 0.5 * others / others.sum()
    else:  # mix: a side without candidates passes its weight on
        share = epsilon if own_side else 1.0
        if other_side:
            row += share * others / others.sum()
        row[viewer] += own_side * ((1.0 - epsilon) if other_side else 1.0)
    return row


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
        from sociophysics.engine.attention import attention

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
        shares[np.abs(shares) < EQUAL] = 0.0
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
        gini[np.abs(gini) < EQUAL] = 0.0  # equal shares, summed in some order
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
