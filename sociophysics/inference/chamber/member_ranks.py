"""Who comes first, and who cannot be told apart: intervals of ranks.

Member ``i`` stands above ``j`` where the difference of their values exceeds ``c`` of its standard
errors. The rank of ``i`` then lies between one more than the number of those above and ``n`` less
the number of those below (Mogstad, Romano, Shaikh & Wilhelm 2024, Review of Economic Studies 91,
476). ``c`` is Bonferroni's over the ``n - 1`` comparisons, with as many degrees of freedom as there
are bootstrap draws but one: the interval holds the rank of a given member with 95 %, or more.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.special import stdtrit

from sociophysics.errors import InputError
from sociophysics.inference.chamber.landscape import pivotal_members
from sociophysics.inference.chamber.saved import Draws
from sociophysics.inference.estimators.tempering import temper
from sociophysics.society.spins import SpinSystem
from sociophysics.store import step
from sociophysics.store.steps import Arrays

__all__ = ["RankIntervals", "bridging", "pivotal_draws", "rank_intervals", "who_leads"]

Array = NDArray[np.float64]

LEVEL = 0.95
MANY = 1e9  # degrees of freedom of errors that are known
PIVOTAL_DRAWS = 20
SAMPLES = 1000  # simulated roll calls of each
FEW = 5  # names that a sentence lists


class RankIntervals(NamedTuple):
    """Rank (1 is the largest value) of each member, and its 95 % interval, whole numbers."""

    rank: NDArray[np.int64]
    low: NDArray[np.int64]
    high: NDArray[np.int64]


def rank_intervals(
    values: Array, draws: Array | None = None, *, errors: Array | None = None
) -> RankIntervals:
    """Return the ranks of members by a value, with intervals.

    Parameters
    ----------
    values : array, shape (n,)
        NaN has no rank: 0, with the interval from 1 to n.
    draws : array, shape (draws, n), optional
        Bootstrap draws of the values, at least two.
    errors : array, shape (n,), optional
        Standard errors of independent values, in place of draws.

    Raises
    ------
    InputError
        Neither draws nor errors, or both.

    Examples
    --------
    The first stands apart, the others do not:

    >>> rank_intervals(np.array([9.0, 1.2, 1.0]), errors=np.array([1.0, 1.0, 1.0]))[1:]
    (array([1, 2, 2]), array([1, 3, 3]))
    """
    if (draws is None) == (errors is None):
        raise InputError("ranks need draws of the values or their errors, one of the two.")
    n = len(values)
    freedom = MANY if draws is None else len(draws) - 1
    factor = float(stdtrit(freedom, 1 - (1 - LEVEL) / (2 * max(n - 1, 1))))
    above = np.zeros(n, np.int64)
    below = np.zeros(n, np.int64)
    for i in range(n):
        if errors is not None:
            spread = np.sqrt(errors[i] ** 2 + errors**2)
        else:
            assert draws is not None  # one of the two is given
            spread = (draws[:, [i]] - draws).std(axis=0, ddof=1)
        gap = values[i] - values
        below[i] = (gap > factor * spread).sum()
        above[i] = (-gap > factor * spread).sum()
    rank = pd.Series(values).rank(ascending=False, method="min").fillna(0).to_numpy(np.int64)
    return RankIntervals(rank, 1 + above, n - below)


def bridging(coupling: Array, group: NDArray[np.object_]) -> Array:
    """Return the share of each member's positive coupling that goes to other groups.

    Parameters
    ----------
    coupling : array, shape (..., n, n)
    group : array, shape (n,)
        As ``party_groups`` gives it.

    Examples
    --------
    >>> J = np.array([[0, 3.0, 1], [3, 0, -1], [1, -1, 0]])
    >>> bridging(J, np.array(["D", "D", "R"], dtype=object)).tolist()
    [0.25, 0.0, 1.0]
    """
    positive = np.maximum(coupling, 0.0)
    total = positive.sum(axis=-1)
    across = (positive * (group[:, None] != group)).sum(axis=-1)
    share = np.full(total.shape, np.nan)
    np.divide(across, total, out=share, where=total > 0)
    return share


def pivotal_draws(draws: Draws, seed: int) -> Array:
    """Return how pivotal each member is in bootstrap draws of the chamber, shape (20, n).

    Each of the first 20 draws is simulated; what simulation adds to the spread makes intervals of
    ranks wider, not narrower.
    """
    couplings, fields = (np.asarray(part[:PIVOTAL_DRAWS], np.float64) for part in draws)

    def compute(draft: object) -> Arrays:
        found = []
        for coupling, field in zip(couplings, fields, strict=True):
            system = SpinSystem(coupling, field)
            spins = temper(coupling, field, draws=SAMPLES, seed=seed).spins[0]
            found.append(pivotal_members(system, spins)["outcome"].to_numpy())
        return {"outcome": np.stack(found)}

    return step("pivotal members of draws", [couplings, fields, SAMPLES, seed], compute)["outcome"]


def who_leads(names: list[str], low: NDArray[np.int64], what: str) -> str:
    """Return the sentence on who comes first: a name where the interval allows one.

    Examples
    --------
    >>> who_leads(["Ann", "Bob", "Eve"], np.array([1, 2, 2]), "bridges most")
    'Ann bridges most.'
    >>> who_leads(["Ann", "Bob", "Eve"], np.array([1, 1, 2]), "bridges most")
    'Who bridges most cannot be told apart among Ann, Bob.'
    """
    first = [name for name, rank in zip(names, low, strict=True) if rank == 1]
    if len(first) == 1:
        return f"{first[0]} {what}."
    if len(first) <= FEW:
        return f"Who {what} cannot be told apart among {', '.join(first)}."
    return f"Who {what} cannot be told apart among {len(first)} of {len(names)} members."
