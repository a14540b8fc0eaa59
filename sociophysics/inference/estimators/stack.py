"""Couplings and ideal points together, each for what it predicts best."""

from __future__ import annotations

from dataclasses import KW_ONLY, dataclass
from typing import Annotated, ClassVar, Self

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray
from scipy.special import expit, logit

from sociophysics import streams
from sociophysics.arguments import keys_by_keyword
from sociophysics.inference.estimators.ideal_points import IdealPoints
from sociophysics.inference.estimators.parameters import Estimator, require_fitted
from sociophysics.inference.estimators.pseudolikelihood import PseudoLikelihood
from sociophysics.inference.estimators.training import contested_cells, hidden, training_votes
from sociophysics.kinds import ESTIMATORS, OneOf, key
from sociophysics.rollcall.votes import Votes

__all__ = ["Stack"]

Array = NDArray[np.float64]

HIDDEN_SHARE = 0.15
DIMENSIONS = 6  # more than a chamber has: the prior shrinks what the votes do not carry
CLIP = 1e-6
STREAM = 1000  # other votes than those the models hid to choose their penalties


@ESTIMATORS.register
@keys_by_keyword("seed", after=3)
@dataclass(eq=False, repr=False)
class Stack(Estimator):
    """The weighted mean of two models' log odds: ``logit p = a logit p_Ising + b logit p_IRT``.

    The weights are fitted on votes hidden from both models within the training votes; both are
    then fitted again to all of them, with the penalty and prior they had.

    Attributes
    ----------
    ising_, ideal_ : the two fitted models
    weights_ : array (a, b)
    system_ : SpinSystem
        The couplings' part.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> votes = np.where(rng.random((40, 6)) < 0.5, 1, -1)
    >>> votes[:, 1] = votes[:, 0]
    >>> stack = Stack(PseudoLikelihood(0.1), IdealPoints(1, 1.0)).fit(votes)
    >>> stack.weights_.shape
    (2,)
    """

    ising: Annotated[
        PseudoLikelihood | None,
        OneOf(ESTIMATORS, optional=True),
        key("The couplings' model; cross-validated l2, no fields, if left out."),
    ] = None
    ideal: Annotated[
        IdealPoints | None,
        OneOf(ESTIMATORS, optional=True),
        key(
            "The ideal points' model; up to six dimensions with a prior chosen on hidden votes, if "
            "left out."
        ),
    ] = None
    _: KW_ONLY
    seed: Annotated[int, key("Seed of the hidden votes.", ge=0)] = 0
    kind: ClassVar[str] = "stack"
    words: ClassVar[str] = "The weighted mean of the log odds of couplings and of ideal points."
    equation: ClassVar[str] = "logit p = a logit p_Ising + b logit p_IRT."
    physics: ClassVar[str] = "couplings and a few directions together"

    def fit(self, votes: Votes | pd.DataFrame | ArrayLike, y: object = None) -> Self:
        """Fit both models and their weights and return the estimator.

        Raises
        ------
        InputError
            As the two models.
        """
        data = training_votes(votes)
        ising = PseudoLikelihood(seed=self.seed) if self.ising is None else self.ising
        self.ising_ = PseudoLikelihood(**ising.get_params(deep=False)).fit(data)
        self.ideal_ = self._ideal(data.n_members).fit(data)
        self.weights_ = self._weights(data)
        self.system_ = self.ising_.system_
        self.n_features_in_ = data.n_members
        return self

    def predict_proba(self, votes: Votes | pd.DataFrame | ArrayLike) -> Array:
        """Return P(+1 | the other members' votes), shape (roll calls, members)."""
        require_fitted(self, "weights_")
        return self._mixed(votes, self.ideal_.predict_proba(votes))

    def predict_missing(self, votes: Votes | pd.DataFrame | ArrayLike) -> Array:
        """Return what ``predict_proba`` says of missing votes, NaN where a vote is given."""
        require_fitted(self, "weights_")
        return self._mixed(votes, self.ideal_.predict_missing(votes))

    def _mixed(self, votes: Votes | pd.DataFrame | ArrayLike, ideal: Array) -> Array:
        a, b = self.weights_
        ising = self.ising_.predict_proba(votes)
        probability: Array = expit(a * _log_odds(ising) + b * _log_odds(ideal))
        return probability

    def _weights(self, data: Votes) -> Array:
        rng = streams.generator(self.seed, "fit", STREAM)
        kept, mask = hidden(data.matrix, HIDDEN_SHARE, rng)
        if not contested_cells(kept).any():
            # a handful of votes is not enough to choose by: the mean of both models stands
            return np.array([0.5, 0.5])
        inner = data.hide(mask)
        ising, ideal = self.ising_.get_params(deep=False), self.ideal_.get_params(deep=False)
        couplings = PseudoLikelihood(**(ising | {"l2": self.ising_.l2_})).fit(inner)
        points = IdealPoints(**(ideal | {"prior": self.ideal_.prior_})).fit(inner)
        found = (couplings.predict_proba(inner), points.predict_missing(inner))
        columns = [_log_odds(probability[mask]) for probability in found]
        return logistic_weights(np.stack(columns, axis=1), data.matrix[mask])

    def _ideal(self, members: int) -> IdealPoints:
        if self.ideal is not None:
            return IdealPoints(**self.ideal.get_params(deep=False))
        return IdealPoints(max(1, min(DIMENSIONS, members // 3)), seed=self.seed)


def logistic_weights(columns: Array, votes: NDArray[np.int8]) -> Array:
    """Return the weights of log odds that make the votes most probable, without an intercept.

    The penalty, of one vote against equal weights, matters only where the columns are collinear.

    Parameters
    ----------
    columns : array, shape (votes, models)
    votes : array of +1 and -1, shape (votes,)

    Examples
    --------
    >>> x = np.array([[2.0], [2.0], [2.0], [-2.0]])
    >>> weights = logistic_weights(np.tile(x, (50, 1)), np.tile([1, 1, -1, -1], 50))
    >>> bool(abs(expit(2 * weights[0]) - 0.75) < 0.01)
    True
    """
    prior = np.full(columns.shape[1], 1 / columns.shape[1])
    weights = prior.copy()
    for _ in range(50):
        probability = expit(columns @ weights)
        gradient = columns.T @ ((votes > 0) - probability) - (weights - prior)
        spread = probability * (1 - probability)
        curvature = (columns * spread[:, None]).T @ columns + np.eye(len(weights))
        step = np.linalg.solve(curvature, gradient)
        weights = weights + step
        if np.abs(step).max() < 1e-9:
            break
    return weights


def _log_odds(probability: Array) -> Array:
    return np.asarray(logit(np.clip(probability, CLIP, 1 - CLIP)))
