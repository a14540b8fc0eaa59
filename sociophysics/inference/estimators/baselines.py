"""What a model of a chamber has to beat: the majority, the party line, members by themselves."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Self

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from sociophysics.inference.estimators.parameters import Estimator, require_fitted
from sociophysics.inference.estimators.training import cells
from sociophysics.kinds import ESTIMATORS
from sociophysics.rollcall.votes import Votes, as_votes

__all__ = ["IndependentSpins", "Majority", "PartyLine"]

Array = NDArray[np.float64]


@ESTIMATORS.register
@dataclass(eq=False, repr=False)
class Majority(Estimator):
    """Every member votes with the others: ``P(+1) = (yeas + 1) / (votes + 2)``, own vote left out.

    Examples
    --------
    >>> Majority().fit([[1, 1, -1]]).predict_proba([[1, 1, 0]]).tolist()
    [[0.6666666666666666, 0.6666666666666666, 0.75]]
    """

    kind: ClassVar[str] = "majority"
    words: ClassVar[str] = "Every member votes with the others."
    equation: ClassVar[str] = "P(+1) = (yeas + 1) / (votes + 2), own vote left out."

    def fit(self, votes: Votes | pd.DataFrame | ArrayLike, y: object = None) -> Self:
        """Remember the number of members and return the estimator."""
        data = as_votes(votes)
        self.n_features_in_ = data.n_members
        self.members_ = tuple(data.members["id"])
        return self

    def predict_proba(self, votes: Votes | pd.DataFrame | ArrayLike) -> Array:
        """Return P(+1 | the other members' votes), shape (roll calls, members)."""
        require_fitted(self, "n_features_in_")
        return _share_of_others(cells(votes, self.members_, "Majority"))


@ESTIMATORS.register
@dataclass(eq=False, repr=False)
class PartyLine(Estimator):
    """Every member votes with the party: ``P(+1) = (yeas + 2 m) / (votes + 2)``, own vote left out.

    Counts are over the party's other members and ``m`` is the chamber's share, towards which small
    parties shrink; members without a party follow the chamber.

    Attributes
    ----------
    party_ : array, shape (members,)
    """

    kind: ClassVar[str] = "party_line"
    words: ClassVar[str] = "Every member votes with the party."
    equation: ClassVar[str] = (
        "P(+1) = (yeas of the party + 2 m) / (its votes + 2), m the chamber's share, own vote left "
        "out."
    )

    def fit(self, votes: Votes | pd.DataFrame | ArrayLike, y: object = None) -> Self:
        """Remember the parties and return the estimator."""
        data = as_votes(votes)
        self.party_ = data.party
        self.n_features_in_ = data.n_members
        self.members_ = tuple(data.members["id"])
        return self

    def predict_proba(self, votes: Votes | pd.DataFrame | ArrayLike) -> Array:
        """Return P(+1 | the other members' votes), shape (roll calls, members)."""
        require_fitted(self, "party_")
        matrix = cells(votes, self.members_, "PartyLine")
        probability = _share_of_others(matrix)
        for party in sorted({str(name) for name in self.party_ if name}):
            own = self.party_ == party
            yeas, cast = _others(matrix[:, own])
            probability[:, own] = (yeas + 2 * probability[:, own]) / (cast + 2)
        return probability


@ESTIMATORS.register
@dataclass(eq=False, repr=False)
class IndependentSpins(Estimator):
    """Every member has a rate of +1 of their own: ``P(+1) = (yeas + 1) / (votes + 2)``.

    Attributes
    ----------
    rate_ : array, shape (members,)
        From the votes it was fitted to.

    Examples
    --------
    >>> IndependentSpins().fit([[1, -1], [1, 1]]).rate_.tolist()
    [0.75, 0.5]
    """

    kind: ClassVar[str] = "independent_spins"
    words: ClassVar[str] = "Every member has a rate of +1 of their own."
    equation: ClassVar[str] = "P(+1) = (yeas + 1) / (votes + 2), of the member."
    physics: ClassVar[str] = "free spins in fields of their own"

    def fit(self, votes: Votes | pd.DataFrame | ArrayLike, y: object = None) -> Self:
        """Count each member's votes and return the estimator."""
        data = as_votes(votes)
        matrix = data.matrix
        self.members_ = tuple(data.members["id"])
        self.rate_: Array = ((matrix > 0).sum(axis=0) + 1) / ((matrix != 0).sum(axis=0) + 2)
        self.n_features_in_ = matrix.shape[1]
        return self

    def predict_proba(self, votes: Votes | pd.DataFrame | ArrayLike) -> Array:
        """Return each member's rate on every roll call, shape (roll calls, members)."""
        require_fitted(self, "rate_")
        matrix = cells(votes, self.members_, "IndependentSpins")
        return np.tile(self.rate_, (len(matrix), 1))


def _others(matrix: Array) -> tuple[Array, Array]:
    yea, seen = (matrix > 0).astype(float), (matrix != 0).astype(float)
    return yea.sum(axis=1, keepdims=True) - yea, seen.sum(axis=1, keepdims=True) - seen


def _share_of_others(matrix: Array) -> Array:
    yeas, cast = _others(matrix)
    return np.asarray((yeas + 1) / (cast + 2))
