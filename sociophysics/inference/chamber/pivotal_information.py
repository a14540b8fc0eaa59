r"""Whose tilt the outcome gives away: pivotal members by Fisher information.

Tilt member ``i`` a little, ``P(s) -> P(s) exp(theta s_i) / Z``. What the outcome ``o`` of one roll
call tells about the tilt is its Fisher information

    ``F_i = sum_o P(o) (E[s_i | o] - E[s_i])^2``,

1 for a member who is always on the winning side of an even chamber, as a median is, and 0 for one
whose vote has nothing to do with it. The sensitivity of outcomes to their parts is that of Lee,
Katz, Bommarito & Ginsparg 2020 (J. R. Soc. Interface 17, 20190873), who let members copy each other
where here they are tilted. ``F_i`` is a property of the recorded votes, and no model is fitted.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from sociophysics import streams
from sociophysics.errors import InputError, did_you_mean
from sociophysics.inference.chamber.member_ranks import rank_intervals, who_leads
from sociophysics.inference.estimators.training import training_votes
from sociophysics.rollcall.votes import Votes

__all__ = ["PivotalInformation", "pivotal_information"]

Array = NDArray[np.float64]

OUTCOMES = ("majority", "margin")
MARGINS = 4  # classes of equally many roll calls
LEAST_VOTES = 2  # of a member on one outcome, from which its mean has an error


class PivotalInformation(NamedTuple):
    """How pivotal members are.

    ``table`` has one row per member, the most informative first: ``id``, ``name``, ``party``,
    ``information`` (at least 0), its interval ``low``, ``high``, ``rank`` with its 95 % interval
    ``rank_low``, ``rank_high``, and ``votes``, the roll calls that count. ``draws``, shape
    (draws, n), are in the order of the votes. ``sentence`` says who comes first, if anyone can be
    told to.
    """

    table: pd.DataFrame
    draws: Array
    sentence: str


def pivotal_information(
    votes: Votes | pd.DataFrame | ArrayLike,
    *,
    outcome: str = "majority",
    level: float = 0.90,
    draws: int = 400,
    seed: int = 0,
) -> PivotalInformation:
    """Return what the outcome of a roll call tells about a tilt of each member.

    A member's own vote is part of the outcome. Which side is called +1 does not matter where it is
    an accident (polarity ``arbitrary``): either is then taken with equal chance. An outcome that
    gives a member away need not have been brought about by that member: followers of the majority
    are as informative as leaders of it.

    Parameters
    ----------
    votes : Votes, DataFrame or array, shape (roll calls, members)
    outcome : {"majority", "margin"}
        Which side won, or also by how much: in which of four classes of equally many roll calls,
        from the closest to the most one-sided. Ties are left out.
    level : float
        Coverage of the intervals of the information; ranks have 95 %.
    draws : int
        Bootstrap draws of roll calls.
    seed : int
        Of the draws.

    Raises
    ------
    InputError
        Votes that cannot be read, no roll call with a winner, another outcome, a level outside
        (0, 1), fewer than two draws.

    Examples
    --------
    A member who always wins, between two who disagree:

    >>> votes = np.array([[1, 1, -1], [-1, 1, 1], [1, -1, -1], [-1, -1, 1]] * 20)
    >>> found = pivotal_information(votes)
    >>> found.table["information"].round(2).tolist(), found.sentence
    ([1.0, 0.0, 0.0], 'member 1 is the most pivotal.')
    """
    if outcome not in OUTCOMES:
        raise InputError(f"outcome is {outcome!r}; {did_you_mean(outcome, OUTCOMES)}")
    if not 0 < level < 1 or draws < 2:
        raise InputError(
            f"level is {level} and draws {draws}; allowed: between 0 and 1, and at least 2."
        )
    data = training_votes(votes)
    total = data.matrix.sum(axis=1, dtype=np.int64)
    won = total != 0
    if not won.any():
        raise InputError("all roll calls are ties, so none has an outcome; give others.")
    matrix, total = data.matrix[won].astype(np.float64), total[won]
    group = _margins(matrix, total) if outcome == "margin" else np.zeros(len(total), np.int64)
    symmetric = data.polarity == "arbitrary"
    if symmetric:
        matrix = matrix * np.sign(total)[:, None]
    else:
        group = 2 * group + (total > 0)
    found = _information(matrix, group, np.ones((1, len(matrix))), symmetric)[0]
    rng = streams.generator(seed, "bootstrap")
    chosen = rng.multinomial(len(matrix), np.full(len(matrix), 1 / len(matrix)), draws)
    drawn = _information(matrix, group, chosen.astype(np.float64), symmetric)
    table = _table(data, found, drawn, level).assign(votes=(matrix != 0).sum(axis=0))
    leads = who_leads(table["name"].tolist(), table["rank_low"].to_numpy(), "is the most pivotal")
    order = np.argsort(-found, kind="stable")
    return PivotalInformation(table.iloc[order].reset_index(drop=True), drawn, leads)


def _margins(matrix: Array, total: NDArray[np.int64]) -> NDArray[np.int64]:
    margin = np.abs(total) / (matrix != 0).sum(axis=1)
    bounds = np.quantile(margin, np.arange(1, MARGINS) / MARGINS)
    return np.asarray(np.searchsorted(bounds, margin, side="left"), np.int64)


def _table(data: Votes, found: Array, drawn: Array, level: float) -> pd.DataFrame:
    ranks = rank_intervals(found, drawn)
    # quantiles of the draws, which are as far above the estimate as it is above the truth
    tails = [0.5 - level / 2, 0.5 + level / 2]
    low, high = np.quantile(drawn, tails, axis=0) - (drawn.mean(axis=0) - found)
    table = data.members[["id", "name", "party"]].reset_index(drop=True)
    table["information"] = found
    table["low"], table["high"] = np.clip(low, 0.0, 1.0), np.clip(high, 0.0, 1.0)
    table["rank"], table["rank_low"], table["rank_high"] = ranks
    return table


def _information(matrix: Array, group: NDArray[np.int64], weights: Array, symmetric: bool) -> Array:
    """Return the information of each member, shape (draws, n), of roll calls with given weights.

    The square of a mean over ``c`` votes of +-1 exceeds the square of the expectation by
    ``(1 - m^2) / c`` in the mean, which is taken out. Votes are turned to the winning side if
    ``symmetric``; then +1 and -1 are equally frequent.
    """
    seen = (matrix != 0).astype(np.float64)
    found = np.zeros((len(weights), matrix.shape[1]))
    for each in np.unique(group):
        rows = group == each
        count, total = weights[:, rows] @ seen[rows], weights[:, rows] @ matrix[rows]
        found += count * _squared_mean(count, total)
    count, total = weights @ seen, weights @ matrix
    found /= np.maximum(count, 1.0)
    if not symmetric:
        found -= _squared_mean(count, total)
    return np.maximum(found, 0.0)


def _squared_mean(count: Array, total: Array) -> Array:
    enough = count >= LEAST_VOTES
    squared = np.zeros_like(total)
    np.divide(total**2 / np.maximum(count, 1.0) - 1, count - 1, out=squared, where=enough)
    return squared
