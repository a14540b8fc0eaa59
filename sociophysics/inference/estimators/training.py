"""What every estimator does with the votes it is given: read, check, keep the members' names."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray
from scipy.special import expit

from sociophysics.errors import InputError
from sociophysics.inference.estimators.parameters import Estimator, require_fitted
from sociophysics.rollcall.vote_rules import vote_matrix
from sociophysics.rollcall.votes import Votes, as_votes
from sociophysics.society.alignment import is_default_index
from sociophysics.society.spins import SpinSystem

__all__ = ["OfCouplings", "cells", "contested_cells", "hidden", "system_of", "training_votes"]

ONE_ROLLCALL = "the votes hold 1 sample, a single roll call; give at least two."
VOTES_PER_MEMBER = 0.1  # fewest observed votes of the median member, per member of the chamber


class OfCouplings(Estimator):
    """What estimators share whose couplings and fields say all: how they predict a vote."""

    coupling_: NDArray[np.float64]
    field_: NDArray[np.float64]
    system_: SpinSystem

    def predict_proba(self, votes: Votes | pd.DataFrame | ArrayLike) -> NDArray[np.float64]:
        """Return P(+1 | the other members' observed votes), shape (roll calls, members)."""
        require_fitted(self, "coupling_")
        given = cells(votes, self.system_.labels, type(self).__name__)
        probability: NDArray[np.float64] = expit(2 * (given @ self.coupling_ + self.field_))
        return probability


def training_votes(data: Votes | pd.DataFrame | ArrayLike) -> Votes:
    """Return ``data`` as Votes that can carry a coupling between every two members.

    Raises
    ------
    InputError
        Values outside -1/0/+1, fewer than two members or roll calls, no contested roll call, or
        more members than the votes can carry.

    Examples
    --------
    >>> training_votes([[1, -1], [-1, 1], [1, 1]]).n_members
    2
    """
    votes = _read(data)
    rollcalls, n = votes.matrix.shape
    if rollcalls < 2:
        raise InputError(ONE_ROLLCALL)
    if n < 2:
        raise InputError(
            f"the votes have 1 feature(s), that is {n} member; a coupling needs at least two."
        )
    if not contested_cells(votes.matrix).any():
        raise InputError(
            f"all {rollcalls} roll calls are unanimous, so the votes say nothing about who agrees "
            "with whom; add roll calls with votes on both sides."
        )
    typical = float(np.median((votes.matrix != 0).sum(axis=0)))
    if typical < VOTES_PER_MEMBER * n:
        raise InputError(
            f"{rollcalls} roll calls give the median of {n} members {typical:.0f} votes, too few "
            f"for {n * (n - 1) // 2} couplings; give at least {VOTES_PER_MEMBER * n:.0f} votes a "
            "member, choose fewer members, or transpose the table if members are its rows."
        )
    return votes


def cells(
    data: Votes | pd.DataFrame | ArrayLike, members: Sequence[Any], name: str
) -> NDArray[np.float64]:
    """Return votes to be predicted as floats, shape (roll calls, members), 0 where not observed.

    Raises
    ------
    InputError
        Other members than the estimator called ``name`` was fitted to, or in another order.

    Examples
    --------
    >>> cells([[1, 0, -1]], ("ann", "bob", "eve"), "PseudoLikelihood")
    array([[ 1.,  0., -1.]])
    """
    n = len(members)
    if isinstance(data, Votes):
        matrix = data.matrix
    else:
        _refuse_sparse(data)
        matrix = vote_matrix(np.asarray(data))
    if matrix.shape[1] != n:
        raise InputError(
            f"X has {matrix.shape[1]} features, but {name} is expecting {n} features as input: "
            "one column per member it was fitted to, in the same order."
        )
    given = _names(data)
    if given is not None and not is_default_index(pd.Index(members, tupleize_cols=False)):
        other = next((k for k in range(n) if given[k] != members[k]), None)
        if other is not None:
            raise InputError(
                f"column {other + 1} of X is the member {given[other]!r}, but {name} was fitted "
                f"with {members[other]!r} there; give the same members in the same order, as "
                "X[list of the columns fitted to]."
            )
    return matrix.astype(np.float64)


def _names(data: Any) -> list[Any] | None:
    """Return the members that votes name, None if they are just numbered."""
    names = data.members["id"] if isinstance(data, Votes) else getattr(data, "columns", None)
    if names is None or is_default_index(pd.Index(names, tupleize_cols=False)):
        return None
    return list(names)


def contested_cells(matrix: NDArray[Any]) -> NDArray[np.bool_]:
    """Mark the observed cells of roll calls with votes on both sides.

    Examples
    --------
    >>> contested_cells(np.array([[1, -1, 0], [1, 1, 1]]))
    array([[ True,  True, False],
           [False, False, False]])
    """
    both = np.asarray((matrix > 0).any(axis=1) & (matrix < 0).any(axis=1))
    marked: NDArray[np.bool_] = (matrix != 0) & both[:, None]
    return marked


def hidden(
    matrix: NDArray[Any], share: float, rng: np.random.Generator
) -> tuple[NDArray[Any], NDArray[np.bool_]]:
    """Return the votes with a random share of the contested cells hidden, and the mask of those.

    Examples
    --------
    >>> kept, mask = hidden(np.array([[1, -1], [-1, 1]]), 0.5, np.random.default_rng(0))
    >>> int(mask.sum()), bool((kept[mask] == 0).all())
    (2, True)
    """
    candidates = np.flatnonzero(contested_cells(matrix))
    count = max(1, round(share * candidates.size))
    mask = np.zeros(matrix.shape, bool)
    mask.flat[rng.choice(candidates, count, replace=False)] = True
    return np.where(mask, 0, matrix), mask


def system_of(
    coupling: NDArray[np.float64], field: NDArray[np.float64], votes: Votes
) -> SpinSystem:
    """Return the fitted chamber: members' ids as labels, their table as nodes.

    Examples
    --------
    >>> votes = training_votes([[1, -1], [-1, 1], [1, 1]])
    >>> system_of(np.array([[0.0, 0.4], [0.4, 0.0]]), np.zeros(2), votes).labels
    (0, 1)
    """
    labels = votes.members["id"].tolist()
    nodes = votes.members.set_axis(pd.Index(labels, tupleize_cols=False))
    return SpinSystem(coupling, field, labels, nodes)


def _read(data: Votes | pd.DataFrame | ArrayLike) -> Votes:
    if isinstance(data, Votes):
        return data
    _refuse_sparse(data)
    shape = np.shape(data)
    if len(shape) == 2 and shape[1] == 0:
        raise InputError(
            f"the votes have 0 feature(s) (shape={shape}) while a minimum of 1 is required: one "
            "column per member."
        )
    if len(shape) == 2 and shape[0] == 1:
        raise InputError(ONE_ROLLCALL)
    return as_votes(data)


def _refuse_sparse(data: object) -> None:
    if hasattr(data, "tocsr"):
        raise InputError(
            "the votes are a sparse matrix; give a dense array, in which 0 is a missing vote."
        )
