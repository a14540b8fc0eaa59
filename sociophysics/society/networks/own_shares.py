"""Two camps, and users without one, in which users differ in how much they keep to their own."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

import networkx as nx
import numpy as np
from numpy.typing import NDArray
from scipy.special import betaincinv

from sociophysics.errors import InputError

__all__ = ["camps_with_own_shares", "spread_shares"]

ROUNDS = 2000  # of repairs; where the ties fit at all a few dozen do

Counts = NDArray[np.int64]
Ties = Iterable[tuple[int, int]]


class _Ends(NamedTuple):
    """How many ties each user of one camp has to the own camp, the other one, and to neither."""

    own: Counts
    cross: Counts
    none: Counts


def spread_shares(mean: float, spread: float, users: int) -> NDArray[np.float64]:
    """Return shares of users that follow a Beta law, ascending: its quantiles at (k + 1/2)/users.

    ``Beta(mean nu, (1 - mean) nu)`` with ``nu = mean (1 - mean) / spread^2 - 1``; spread 0: all
    have the mean.

    Parameters
    ----------
    mean, spread : float
        Mean and standard deviation, ``0 <= spread^2 < mean (1 - mean)``.
    users : int

    Raises
    ------
    InputError
        No such law.

    Examples
    --------
    >>> spread_shares(0.5, 12**-0.5, 4).round(9)
    array([0.125, 0.375, 0.625, 0.875])
    """
    if spread == 0.0:
        return np.full(users, float(mean))
    nu = mean * (1.0 - mean) / spread**2 - 1.0
    if not nu > 0.0:
        most = (mean * (1.0 - mean)) ** 0.5
        raise InputError(
            f"a spread of {spread:g} about a mean share of {mean:g} is more than shares between 0 "
            f"and 1 can have; give less than {most:.3g}."
        )
    quantiles = (np.arange(users) + 0.5) / users
    shares: NDArray[np.float64] = betaincinv(mean * nu, (1.0 - mean) * nu, quantiles)
    return shares


def camps_with_own_shares(
    n: int,
    degree: int,
    no_camp: float,
    own: tuple[float, float],
    cross: tuple[float, float],
    rng: np.random.Generator,
) -> nx.Graph:
    """Return two equal camps, tied so that users' shares of ties to the own camp are spread.

    User ``i`` of a camp has ``round(degree x_i)`` ties to the own camp, ``round((degree - those)
    c_i)`` to the other one and the rest to users without a camp, with ``x`` and ``c`` the quantiles
    of two Beta laws in independent random order, the same in both camps. Ends of a kind are tied at
    random; loops and double ties are undone by exchanging ends within the kind.

    Parameters
    ----------
    n, degree : int
        Users, and ties of each; one user without a camp may have one less.
    no_camp : float
        Share of the users who have no camp; they share the ties that the camps have to them, and
        tie the rest among themselves.
    own, cross : tuple of float
        Mean and standard deviation over users of the share of ties to the own camp, and of the
        other camp's share of the remaining ones.
    rng : numpy Generator

    Raises
    ------
    InputError
        There are no such shares, or the ties do not fit.

    Notes
    -----
    Means over users are those asked for to within a tie per user, the laws within the roundings.

    Examples
    --------
    >>> graph = camps_with_own_shares(
    ...     60, 6, 0.3, (0.5, 0.2), (0.5, 0.0), np.random.default_rng(1)
    ... )
    >>> graph.size(), graph.nodes[20]["camp"], graph.nodes[21]["camp"], graph.nodes[59]
    (180, 0, 1, {})
    """
    free = round(no_camp * n)
    free += (n - free) % 2
    half = (n - free) // 2
    ends = _ends(half, degree, own, cross, has_free=free > 0, rng=rng)
    to_free = _given_out(int(ends.none.sum()), free, degree, rng)
    left: Counts = degree - to_free[0] - to_free[1]
    if left.sum() % 2:
        left[int(np.argmax(left))] -= 1
    first, second = np.arange(half), half + np.arange(half)
    orders = np.arange(half), rng.permutation(half)
    rest = np.arange(2 * half, n)
    kinds = [(second[orders[1]], ends.cross, first, ends.cross)]
    for users, order, given in zip((first, second), orders, to_free, strict=True):
        kinds.append((users[order], ends.none, rest, given))
    graph = nx.empty_graph(n)
    graph.add_nodes_from(first.tolist(), camp=0)
    graph.add_nodes_from(second.tolist(), camp=1)
    for a, at_a, b, at_b in kinds:
        heads = rng.permutation(np.repeat(b, at_b))
        graph.add_edges_from(_tied(np.repeat(a, at_a), heads, n, rng))
    for users, counts in ((first, ends.own), (second[orders[1]], ends.own), (rest, left)):
        mixed = rng.permutation(np.repeat(users, counts))
        graph.add_edges_from(_tied(mixed[::2], mixed[1::2], n, rng))
    return graph


def _ends(
    half: int,
    degree: int,
    own: tuple[float, float],
    cross: tuple[float, float],
    *,
    has_free: bool,
    rng: np.random.Generator,
) -> _Ends:
    """Return the ends of one camp's users; those to the own camp are an even number."""
    inside = np.rint(degree * rng.permutation(spread_shares(*own, half))).astype(np.int64)
    if inside.sum() % 2:
        inside[int(np.flatnonzero(inside % 2)[0])] -= 1
    outside = degree - inside
    across = outside
    if has_free:
        shares = rng.permutation(spread_shares(*cross, half))
        across = np.rint(outside * shares).astype(np.int64)
    return _Ends(inside, across, outside - across)


def _given_out(
    ends: int, free: int, degree: int, rng: np.random.Generator
) -> tuple[Counts, Counts]:
    """Return how many ties each user without a camp has to either camp, as even as can be."""
    if not free:
        return np.zeros(0, np.int64), np.zeros(0, np.int64)
    if 2 * ends > free * degree:
        raise InputError(
            f"the camps have {2 * ends} ties to users without a camp, and {free} of these with "
            f"{degree} ties each have {free * degree} ends; raise no_camp, own_share or "
            "cross_share."
        )
    even = np.arange(2 * ends) % free  # the second camp goes on where the first one stopped
    order = rng.permutation(free)
    one, two = (np.bincount(even[part], minlength=free)[order] for part in _halves(ends))
    return one, two


def _halves(ends: int) -> tuple[slice, slice]:
    return slice(0, ends), slice(ends, 2 * ends)


def _tied(tails: Counts, heads: Counts, n: int, rng: np.random.Generator) -> Ties:
    """Return ties between ends, none a loop or a double, by exchanging heads where there are."""
    heads = heads.copy()
    for _ in range(ROUNDS):
        key = np.minimum(tails, heads) * n + np.maximum(tails, heads)
        bad = np.ones(key.size, bool)
        bad[np.unique(key, return_index=True)[1]] = False
        bad |= tails == heads
        if not bad.any():
            return zip(tails.tolist(), heads.tolist(), strict=True)
        for k in np.flatnonzero(bad).tolist():
            other = int(rng.integers(key.size))
            heads[k], heads[other] = heads[other], heads[k]
    raise InputError(
        "no simple network with these shares was found: some users ask for more ties than there "
        "are users of a kind; lower degree, or raise n."
    )
