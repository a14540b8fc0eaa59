r"""Ideal points and interactions in one model.

Member ``i`` at the point ``x_i`` votes on roll call ``t``, the others' votes given, with

    ``P(s_ti = +1) = sigma(a_t + b_t . x_i + 2 sum_j J_ij s_tj)``

(ideal points with social interactions; Irfan & Gordon 2018, AAMAS). Points, roll calls' parameters
and symmetric couplings minimize together the negative log pseudolikelihood with the penalty
``(l2/n) sum_{i<j} J_ij^2`` per observed vote and normal priors of ``x``, ``b`` and ``a``. A line
and couplings can both explain that two members agree: the penalty leaves to the couplings what
points do not explain, so that a coupling here is not that of a model without points.
"""

from __future__ import annotations

from dataclasses import KW_ONLY, dataclass
from typing import Annotated, Any, ClassVar, NamedTuple, Self

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray
from scipy.special import expit, ndtri

from sociophysics import streams
from sociophysics.errors import InputError
from sociophysics.inference.estimators.hidden_folds import (
    HIDDEN_SHARE,
    HiddenFolds,
    best_of,
    best_of_priors,
)
from sociophysics.inference.estimators.ideal_points import MOST_DIMENSIONS, orientation
from sociophysics.inference.estimators.item_response import fit_items, fit_map
from sociophysics.inference.estimators.joint_minimum import (
    Joint,
    joint_errors,
    minimize_joint,
)
from sociophysics.inference.estimators.parameters import Estimator, require_fitted
from sociophysics.inference.estimators.training import cells, hidden, system_of, training_votes
from sociophysics.inference.estimators.uncertainty import StandardErrors, intervals
from sociophysics.kinds import ESTIMATORS, key
from sociophysics.rollcall.votes import Votes
from sociophysics.store import step
from sociophysics.store.steps import Arrays

__all__ = ["PointsAndCouplings", "PointsAndCouplingsErrors"]

Array = NDArray[np.float64]

L2_GRID = (1.0, 0.3, 0.1, 0.03)
PRIOR_GRID = (1.2, 2.4, 4.8)
FIRST_PRIOR = 2.4  # at which the penalty is chosen; the prior is then chosen at that penalty
MOST_FOLDS = 3
LARGEST = 60  # members whose errors are worked out
CHUNK = 400_000  # numbers per block of leave-one-out predictions


class PointsAndCouplingsErrors(NamedTuple):
    """How far other roll calls would move the fit.

    ``couplings`` as of ``PseudoLikelihood.standard_errors``; ``points`` has one row per member,
    ``id``, ``name``, ``party``, and on the first dimension ``point``, ``error``, ``low``, ``high``.
    """

    couplings: StandardErrors
    points: pd.DataFrame


@ESTIMATORS.register
@dataclass(eq=False, repr=False)
class PointsAndCouplings(Estimator):
    """Ideal points and couplings in one model, by penalized pseudolikelihood.

    Attributes
    ----------
    points_ : array, shape (members, dimensions)
        Mean 0 and standard deviation 1 on each axis.
    coupling_ : array, shape (n, n)
        Symmetric, zero diagonal: what members' votes tell of each other's beside their points.
    intercept_, discrimination_ : arrays, shapes (roll calls,) and (roll calls, dimensions)
    l2_, prior_ : float
    validation_ : DataFrame
        ``l2``, ``prior`` and the mean ``log_likelihood`` of hidden votes there.
    anchor_ : str
        Who fixes the sign of the first dimension.
    system_, n_features_in_, n_iter_
        As of ``PseudoLikelihood``; the fields of the system are 0.

    Examples
    --------
    Two parties, and two members of one of them who agree beyond their party:

    >>> rng = np.random.default_rng(0)
    >>> party = np.repeat([1, -1], 6)
    >>> votes = rng.choice([-1, 1], (200, 1)) * np.where(rng.random((200, 12)) < 0.8, party, -party)
    >>> votes[:, 1] = np.where(rng.random(200) < 0.9, votes[:, 0], votes[:, 1])
    >>> fit = PointsAndCouplings(l2=1.0, prior=2.0, anchor=0).fit(votes)
    >>> np.sign(fit.points_[:, 0]).astype(int).tolist()
    [1, 1, 1, 1, 1, 1, -1, -1, -1, -1, -1, -1]
    >>> [int(i) for i in np.unravel_index(fit.coupling_.argmax(), (12, 12))]
    [0, 1]
    """

    dimensions: Annotated[int, key("Dimensions.", ge=1, le=MOST_DIMENSIONS)] = 1
    l2: Annotated[
        float | None, key("Penalty on couplings; chosen on hidden votes if left out.", gt=0)
    ] = None
    prior: Annotated[
        float | None,
        key(
            "Standard deviation of the discriminations b of points with deviation 1; chosen on "
            "hidden votes if left out.",
            gt=0,
        ),
    ] = None
    anchor: Annotated[
        str | int | float | None,
        key("Who stands on the positive side of the first dimension, as for ideal points."),
    ] = None
    _: KW_ONLY
    seed: Annotated[int, key("Seed of the hidden votes that choose penalty and prior.", ge=0)] = 0
    max_iter: Annotated[int, key("Most L-BFGS iterations of a fit.", ge=1)] = 500
    tol: Annotated[
        float,
        key("Largest entry of the gradient, per observed vote and times n, at the end.", gt=0),
    ] = 1e-4
    kind: ClassVar[str] = "points_and_couplings"
    words: ClassVar[str] = "Ideal points and couplings between members in one model."
    equation: ClassVar[str] = "P(s_ti = +1) = sigma(a_t + b_t . x_i + 2 sum_j J_ij s_tj)."
    physics: ClassVar[str] = "couplings in a field along a few directions"

    def fit(self, votes: Votes | pd.DataFrame | ArrayLike, y: object = None) -> Self:
        """Fit points and couplings together and return the estimator.

        Raises
        ------
        InputError
            Votes that cannot be fitted, dimensions not fewer than members, or an anchor who is not
            there.
        """
        data = training_votes(votes)
        if self.dimensions >= data.n_members:
            raise InputError(
                f"dimensions is {self.dimensions} for {data.n_members} members; give fewer "
                "dimensions than members."
            )
        matrix = data.matrix.astype(np.float64)
        self.l2_, self.prior_, self.validation_ = self._chosen(matrix)
        fit = self._joint(matrix, self.l2_, self.prior_)
        sign, self.anchor_ = orientation(fit.points, data, self.anchor)
        self._fitted_points = fit.points * sign
        origin, scale = _moments(self._fitted_points)
        self.points_: Array = (self._fitted_points - origin) / scale
        self.intercept_: Array = fit.items[:, 0] + (fit.items[:, 1:] * sign) @ origin
        self.discrimination_: Array = fit.items[:, 1:] * sign * scale
        self.coupling_: Array = fit.coupling
        self.n_iter_ = fit.iterations
        self.n_features_in_ = data.n_members
        self.system_ = system_of(fit.coupling, np.zeros(data.n_members), data)
        self._fit, self._data = fit, data
        self._scaled_prior = _scaled(self.prior_, matrix)
        return self

    def predict_proba(self, votes: Votes | pd.DataFrame | ArrayLike) -> Array:
        """Return P(+1 | the other members' votes), shape (roll calls, members).

        Points and couplings stay as fitted; each roll call's parameters are estimated from the
        votes given, without the vote that is predicted.
        """
        given = self._given(votes)
        probability = self._missing(given)
        width = max(given.shape[1] ** 2, 1)
        for first in range(0, len(given), max(1, CHUNK // width)):
            rows = slice(first, first + max(1, CHUNK // width))
            t, i = np.nonzero(given[rows])
            others = given[rows][t]
            others[np.arange(t.size), i] = 0.0
            # the own vote reaches neither the roll call's parameters nor the neighbours' fields
            odds = self._log_odds(others)
            probability[first + t, i] = expit(odds[np.arange(t.size), i])
        return probability

    def predict_missing(self, votes: Votes | pd.DataFrame | ArrayLike) -> Array:
        """Return what ``predict_proba`` says of missing votes, NaN where a vote is given."""
        given = self._given(votes)
        return np.where(given == 0, self._missing(given), np.nan)

    def standard_errors(self, *, level: float = 0.90) -> PointsAndCouplingsErrors:
        """Return sandwich intervals of couplings and points, for at most 60 members.

        They say how far other roll calls of this chamber would move the fit at the same penalty
        and prior. How agreement is split between line and couplings is the penalty's doing and
        part of what is estimated: arbitrarily many roll calls would not undo it.

        Raises
        ------
        InputError
            Not fitted, more than 60 members, ``level`` outside (0, 1).
        """
        require_fitted(self, "coupling_")
        if not 0 < level < 1:
            raise InputError(f"level is {level}; it must lie between 0 and 1, such as 0.9.")
        n = self._data.n_members
        if n > LARGEST:
            raise InputError(
                f"errors are asked for {n} members; at most {LARGEST} are allowed, because the "
                "curvature has a row per pair: choose fewer members."
            )
        matrix = self._data.matrix.astype(np.float64)
        given = [matrix, self.l2_, self._scaled_prior, *self._fit]
        found = step(
            "errors of points and couplings",
            given,
            lambda draft: dict(
                zip(
                    ("pairs", "points"),
                    joint_errors(matrix, self.l2_, self._scaled_prior, self._fit),
                    strict=True,
                )
            ),
        )
        none = np.zeros(n)
        couplings = intervals(
            self.coupling_,
            found["pairs"],
            none,
            none,
            kind="sandwich",
            l2=self.l2_,
            level=level,
            note=f"sandwich at l2 = {self.l2_:.3g}: of the penalized coupling beside the points",
        )
        point, error = self.points_[:, 0], found["points"][:, 0]
        width = float(ndtri(0.5 + level / 2)) * error
        table = self._data.members[["id", "name", "party"]].reset_index(drop=True)
        table = table.assign(point=point, error=error, low=point - width, high=point + width)
        return PointsAndCouplingsErrors(couplings, table)

    def _given(self, votes: Votes | pd.DataFrame | ArrayLike) -> Array:
        require_fitted(self, "coupling_")
        return cells(votes, self.system_.labels, type(self).__name__)

    def _missing(self, given: Array) -> Array:
        probability: Array = expit(self._log_odds(given))
        return probability

    def _log_odds(self, given: Array) -> Array:
        offset = 2 * given @ self.coupling_
        items = fit_items(given, self._fitted_points, self._scaled_prior, offset=offset)
        odds: Array = items[:, :1] + items[:, 1:] @ self._fitted_points.T + offset
        return odds

    def _chosen(self, matrix: Array) -> tuple[float, float, pd.DataFrame]:
        """Return penalty and prior, and the score of each pair of them that was tried."""
        given = [matrix, self.get_params(deep=False)]
        votes = int(np.count_nonzero(matrix))
        label = "fold of points and couplings"
        folds = HiddenFolds(label, _held_out, given, votes=votes, most=MOST_FOLDS)
        prior = self.prior or FIRST_PRIOR
        l2 = self.l2 or best_of(L2_GRID, lambda penalty: folds.score(penalty, prior))
        if self.prior is None:
            prior = best_of_priors(PRIOR_GRID, lambda each: folds.score(l2, each))
        return float(l2), float(prior), folds.table("l2", "prior")

    def _joint(self, matrix: Array, l2: float, prior: float) -> Joint:
        """Return the minimum from the ideal points without couplings, kept as a step."""

        def compute(draft: object) -> Arrays:
            fit = self._minimum(matrix, l2, prior)
            return {name: np.asarray(value) for name, value in fit._asdict().items()}

        given = [matrix, l2, prior, self.dimensions, self.max_iter, self.tol]
        found = step("points and couplings", given, compute)
        return Joint(found["coupling"], found["points"], found["items"], int(found["iterations"]))

    def _minimum(
        self,
        matrix: Array,
        l2: float,
        prior: float,
        start: Joint | None = None,
    ) -> Joint:
        scaled = _scaled(prior, matrix)
        if start is None:
            ideal = fit_map(matrix, self.dimensions, scaled, tol=1e-4)
            none = np.zeros((matrix.shape[1],) * 2)
            start = Joint(none, ideal.points, ideal.items, 0)
        return minimize_joint(matrix, l2, scaled, start, max_iter=self.max_iter, tol=self.tol)


def _scaled(prior: float, matrix: Array) -> float:
    """Return the prior of ``b`` beside points whose prior weighs as much as all roll calls.

    A prior of the points that does not grow with the roll calls would make the split between line
    and couplings depend on their number.
    """
    rollcalls, n = matrix.shape
    return float(prior * np.sqrt(n / rollcalls))


def _moments(points: Array) -> tuple[Array, Array]:
    spread = points.std(axis=0)
    return points.mean(axis=0), np.where(spread > 0, spread, 1.0)


def _held_out(
    matrix: Array, parameters: dict[str, Any], l2: float, prior: float, fold: int
) -> Arrays:
    """Return the mean log-likelihood of the hidden votes of one draw."""
    model = PointsAndCouplings(**parameters)
    rng = streams.generator(model.seed, "fit", fold)
    kept, mask = hidden(matrix, HIDDEN_SHARE, rng)
    fit = model._minimum(kept, l2, prior)
    odds = fit.items[:, :1] + fit.items[:, 1:] @ fit.points.T + 2 * kept @ fit.coupling
    return {"score": -np.logaddexp(0, -(matrix * odds)[mask]).mean()}
