"""What a model may see and what it is tested on: votes hidden at random, or later roll calls."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from sociophysics import streams
from sociophysics.errors import InputError, did_you_mean
from sociophysics.rollcall.votes import Votes, as_votes

__all__ = ["MINORITY", "TESTS", "Split", "hidden_cells", "split", "without_cells"]

TESTS = ("cells", "rollcalls")
HIDDEN_SHARE = 0.15
TRAIN_SHARE = 0.8
MINORITY = 0.025
# the counts and outcome of a roll call contain the votes that are hidden
ROLLCALL_FACTS = ("id", "congress", "chamber", "rollnumber", "date", "session")


class Split(NamedTuple):
    """What models may see, and the cells they are scored on."""

    train: Votes  # for fitting
    given: Votes  # for prediction; of the truth's shape
    truth: Votes
    cells: NDArray[np.bool_]


def split(votes: Votes | pd.DataFrame | ArrayLike, *, test: str = "cells", seed: int = 0) -> Split:
    """Return training votes, the votes to predict from, and the cells to score.

    Votes coded by majority are coded anew from the training cells, since the coding of the full
    roll call knows how its hidden votes went. Counts and outcomes of roll calls are taken out of
    the tables for the same reason.

    Raises
    ------
    InputError
        An unknown test, or too few contested roll calls.

    Examples
    --------
    >>> parts = split(np.tile([[1, -1], [-1, 1]], (10, 1)), test="rollcalls")
    >>> parts.train.n_rollcalls, parts.truth.n_rollcalls, int(parts.cells.sum())
    (16, 4, 8)
    """
    if test not in TESTS:
        raise InputError(f"test is {test!r}; {did_you_mean(test, TESTS)}")
    data = as_votes(votes).contested(MINORITY)
    if test == "rollcalls":
        return _later_rollcalls(data)
    return without_cells(data, hidden_cells(data, seed))


def hidden_cells(data: Votes, seed: int) -> NDArray[np.bool_]:
    """Mark 15 % of the observed votes, shape (roll calls, members)."""
    observed = np.flatnonzero(data.matrix)
    count = round(HIDDEN_SHARE * observed.size)
    if count < 1:
        raise InputError(
            f"{observed.size} votes on contested roll calls are too few to hide "
            f"{HIDDEN_SHARE:.0%} of them; give more roll calls."
        )
    cells = np.zeros(data.matrix.shape, bool)
    cells.flat[streams.generator(seed, "null").choice(observed, count, replace=False)] = True
    return cells


def without_cells(data: Votes, cells: NDArray[np.bool_]) -> Split:
    """Return the split in which the marked cells are hidden from fitting and prediction."""
    if data.polarity == "majority":
        data = data.oriented_by_majority(~cells)
    train = _facts_only(data.hide(cells))
    return Split(train, train, data, cells)


def _later_rollcalls(data: Votes) -> Split:
    if data.polarity == "majority":
        raise InputError(
            "votes coded +1 = with the majority cannot be tested on later roll calls, since the "
            'coding contains the vote to be predicted; use test "cells" or the original coding.'
        )
    first = int(TRAIN_SHARE * data.n_rollcalls)
    if first < 2 or first == data.n_rollcalls:
        raise InputError(
            f"{data.n_rollcalls} contested roll calls are too few to keep later ones for a test; "
            "give at least 3."
        )
    order = np.arange(data.n_rollcalls)
    train = _facts_only(data.select(rollcalls=order[:first]))
    later = data.select(rollcalls=order[first:])
    # nothing can be said of a member who was not there before
    known = train.observed.any(axis=0)
    return Split(train, _facts_only(later), later, later.observed & known)


def _facts_only(votes: Votes) -> Votes:
    kept = [name for name in votes.rollcalls.columns if name in ROLLCALL_FACTS]
    return votes.replace(rollcalls=votes.rollcalls[kept])
