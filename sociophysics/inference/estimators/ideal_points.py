"""Ideal points: where members stand on one or a few dimensions, and what that predicts."""

from __future__ import annotations

from dataclasses import KW_ONLY, dataclass
from typing import Annotated, Any, ClassVar, Self

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from sociophysics import streams
from sociophysics.arguments import keys_by_keyword
from sociophysics.errors import InputError
from sociophysics.inference.estimators.hidden_folds import (
    HIDDEN_SHARE,
    HiddenFolds,
    best_of_priors,
)
from sociophysics.inference.estimators.item_response import (
    ItemResponse,
    fit_map,
    leave_one_out,
    point_errors,
)
from sociophysics.inference.estimators.parameters import Estimator, require_fitted
from sociophysics.inference.estimators.training import cells, hidden, training_votes
from sociophysics.kinds import ESTIMATORS, key
from sociophysics.rollcall.votes import Votes
from sociophysics.store import step
from sociophysics.store.steps import Arrays

__all__ = ["PRIORS", "IdealPoints", "orientation"]

Array = NDArray[np.float64]

PRIORS = (0.08, 0.15, 0.3, 0.6, 1.2, 2.4, 4.8)
MOST_DIMENSIONS = 8
CHOICE = (1, 2, 3, 6)  # dimensions tried where they are chosen
RIGHT = frozenset({"r", "rep", "republican", "200"})
LEFT = frozenset({"d", "dem", "democrat", "100"})
TUNING_TOL = 1e-5
METRIC_FACTOR = 4.0  # the smallest with which intervals of nine justices hold what they say


@ESTIMATORS.register
@keys_by_keyword("seed", after=4)
@dataclass(eq=False, repr=False)
class IdealPoints(Estimator):
    """Ideal points by the two-parameter item-response model, at the posterior mode.

    ``P(+1) = sigma(a_t + b_t . x_i)`` for member ``i`` on roll call ``t`` (Clinton, Jackman &
    Rivers 2004, American Political Science Review 98, 355), with ``x_i ~ N(0, I)``.

    Attributes
    ----------
    points_ : array, shape (members, dimensions)
        Mean 0 and standard deviation 1 on each axis; axes in falling order of what they explain.
    errors_ : array, shape (members, dimensions)
        Standard errors, at fixed origin, scale and axes: from the observed information, and from
        the metric of the scale, which is as much the prior's as the votes': by how much points at
        a quarter and at four times the prior differ, the more so the fewer members.
    intercept_ : array, shape (roll calls,)
    discrimination_ : array, shape (roll calls, dimensions)
    dimensions_ : int
    prior_ : float
    validation_ : DataFrame
        Mean log-likelihood of hidden votes at each prior tried, from the strongest (smallest) on
        until the score falls, beyond the ends of the grid if need be; empty with ``prior`` given.
    anchor_ : str
        Who fixes the sign of the first dimension.

    Examples
    --------
    >>> votes = np.array([[1, 1, -1, -1], [1, 1, -1, -1], [1, 1, 1, -1], [-1, 1, -1, -1]])
    >>> points = IdealPoints(prior=2.0, anchor="member 0").fit(votes).points_
    >>> points[:, 0].argsort().tolist()
    [3, 2, 0, 1]
    """

    dimensions: Annotated[
        int | None,
        key(
            "Dimensions; None chooses 1, 2, 3 or 6 (a third of the members at most) on hidden "
            "training votes.",
            ge=1,
            le=MOST_DIMENSIONS,
        ),
    ] = 1
    prior: Annotated[
        float | None,
        key(
            "Standard deviation of the discriminations b, where smaller shrinks more; chosen on "
            "hidden training votes if left out.",
            gt=0,
        ),
    ] = None
    anchor: Annotated[
        str | int | float | None,
        key(
            "Who stands on the positive side of the first dimension: a member's id or name, or a "
            "party. Left out: Republicans where there are Democrats too, else the largest party, "
            "or the most extreme member where there are no two parties of two members; then the "
            "sign says nothing about left and right."
        ),
    ] = None
    _: KW_ONLY
    seed: Annotated[int, key("Seed of the hidden votes that choose the prior.", ge=0)] = 0
    kind: ClassVar[str] = "ideal_points"
    words: ClassVar[str] = "Ideal points by the two-parameter item-response model."
    equation: ClassVar[str] = "P(+1) = sigma(a_t + b_t . x_i), x_i ~ N(0, I)."
    physics: ClassVar[str] = "a field along a few directions, no couplings"

    def fit(self, votes: Votes | pd.DataFrame | ArrayLike, y: object = None) -> Self:
        """Fit the points and return the estimator.

        Raises
        ------
        InputError
            Dimensions outside 1 to 8 or not fewer than members, a prior that is not positive, an
            anchor who is not there, or votes that cannot be fitted.
        """
        data = training_votes(votes)
        matrix = data.matrix.astype(np.float64)
        choice = self._choice(data.n_members)
        tuned = {dimensions: self._tuned(matrix, dimensions) for dimensions in choice}
        self.dimensions_ = max(choice, key=lambda d: tuned[d][1]["log_likelihood"].max())
        self.prior_, self.validation_ = tuned[self.dimensions_]
        fit = _fitted(matrix, self.dimensions_, self.prior_)
        sign, self.anchor_ = orientation(fit.points, data, self.anchor)
        # predictions keep the scale that the prior belongs to; what is shown is standardized
        self._fitted_points = fit.points * sign
        origin, spread = self._fitted_points.mean(axis=0), self._fitted_points.std(axis=0)
        scale = np.where(spread > 0, spread, 1.0)
        self.points_: Array = (self._fitted_points - origin) / scale
        self._errors: Array | None = None
        self._errors_of = (matrix, fit, scale)
        self.intercept_: Array = fit.items[:, 0] + (fit.items[:, 1:] * sign) @ origin
        self.discrimination_: Array = fit.items[:, 1:] * sign * scale
        self.n_iter_ = fit.turns
        self.n_features_in_ = data.n_members
        self.members_ = tuple(data.members["id"])
        return self

    @property
    def errors_(self) -> Array:
        """Standard errors of the points, worked out when first asked for: tests need none."""
        require_fitted(self, "points_")
        if self._errors is None:
            matrix, fit, scale = self._errors_of
            found = step(
                "errors of ideal points",
                [matrix, *fit, self.prior_],
                lambda draft: {"errors": point_errors(matrix, fit, self.prior_)},
            )
            metric = step(
                "ideal points at other priors",
                [matrix, *fit, self.prior_],
                lambda draft: {"gap": metric_gap(matrix, fit.points, self.prior_)},
            )["gap"]
            self._errors = np.hypot(found["errors"] / scale, metric)
        return self._errors

    def predict_proba(self, votes: Votes | pd.DataFrame | ArrayLike) -> Array:
        """Return P(+1 | the other members' votes on the roll call), shape (roll calls, members).

        Points stay as fitted; each roll call's parameters are estimated from the votes given,
        without the vote that is predicted.
        """
        return self._predicted(votes, missing=False)

    def predict_missing(self, votes: Votes | pd.DataFrame | ArrayLike) -> Array:
        """Return what ``predict_proba`` says of missing votes, NaN where a vote is given.

        Votes that are given need not be left out one by one, which takes most of the time.
        """
        return self._predicted(votes, missing=True)

    def _predicted(self, votes: Votes | pd.DataFrame | ArrayLike, *, missing: bool) -> Array:
        require_fitted(self, "points_")
        given = cells(votes, self.members_, type(self).__name__)
        points, prior = self._fitted_points, self.prior_
        found = step(
            "ideal points' predictions",
            [given, points, prior, missing],
            lambda draft: {"probability": leave_one_out(given, points, prior, missing=missing)},
        )
        return found["probability"]

    def _choice(self, members: int) -> tuple[int, ...]:
        """Return the dimensions to choose from, one where they are given."""
        if self.dimensions is not None:
            if self.dimensions >= members:
                raise InputError(
                    f"dimensions is {self.dimensions} for {members} members; give fewer dimensions "
                    "than members."
                )
            return (int(self.dimensions),)
        most = max(1, members // 3)
        return tuple(sorted({min(d, most) for d in CHOICE}))

    def _tuned(self, matrix: Array, dimensions: int) -> tuple[float, pd.DataFrame]:
        table = pd.DataFrame({"prior": [], "log_likelihood": []})
        if self.prior is not None and self.dimensions is not None:
            return float(self.prior), table
        shared, votes = [matrix, self.seed, dimensions], int(np.count_nonzero(matrix))
        folds = HiddenFolds("fold of ideal points", _held_out, shared, votes=votes)
        if self.prior is None:
            best = best_of_priors(PRIORS, folds.score)
        else:
            best = float(self.prior)
            folds.score(best)
        return best, folds.table("prior").sort_values("prior", ignore_index=True)


def _held_out(matrix: Array, seed: int, dimensions: int, prior: float, fold: int) -> Arrays:
    """Return the mean log-likelihood of the hidden votes of one draw at one prior."""
    kept, mask = hidden(matrix, HIDDEN_SHARE, streams.generator(seed, "fit", fold))
    fit = fit_map(kept, dimensions, prior, tol=TUNING_TOL)
    logit = fit.items[:, :1] + fit.items[:, 1:] @ fit.points.T
    return {"score": -np.logaddexp(0, -(matrix * logit)[mask]).mean()}


def _fitted(matrix: Array, dimensions: int, prior: float) -> ItemResponse:
    """Return the fit to all votes, kept as a step."""

    def compute(draft: object) -> Arrays:
        fit = fit_map(matrix, dimensions, prior)
        return {name: np.asarray(value) for name, value in fit._asdict().items()}

    found = step("ideal points", [matrix, dimensions, prior], compute)
    return ItemResponse(found["points"], found["items"], int(found["turns"]))


def metric_gap(matrix: Array, points: Array, prior: float) -> Array:
    """Return how far standardized points at a quarter and at four times the prior lie apart.

    Both are turned to ``points`` first, whose axes they need not share.

    Examples
    --------
    >>> votes = np.array([[1.0, 1, -1, -1], [1, 1, -1, -1], [1, -1, -1, -1]] * 9)
    >>> fit = fit_map(votes, 1, 1.0)
    >>> metric_gap(votes, fit.points, 1.0).shape
    (4, 1)
    """
    shown = _standardized(points)
    ends = []
    for factor in (1 / METRIC_FACTOR, METRIC_FACTOR):
        other = fit_map(matrix, points.shape[1], prior * factor, start=points).points
        u, _, vt = np.linalg.svd(_standardized(other).T @ shown)
        ends.append(_standardized(other) @ (u @ vt))
    return np.asarray(np.abs(ends[1] - ends[0]))


def _standardized(points: Array) -> Array:
    spread = points.std(axis=0)
    return np.asarray((points - points.mean(axis=0)) / np.where(spread > 0, spread, 1.0))


def orientation(points: Array, votes: Votes, anchor: Any) -> tuple[Array, str]:
    """Return the sign of each dimension and who fixed that of the first."""
    extreme = np.abs(points).argmax(axis=0)
    dimensions = np.arange(points.shape[1])
    sign = np.where(points[extreme, dimensions] < 0, -1.0, 1.0)
    chosen, name = _anchored(votes, anchor)
    if chosen is not None:
        side = float(points[chosen, 0].mean() - points[:, 0].mean())
        sign[0] = -1.0 if side < 0 else 1.0
        return sign, name
    return sign, str(votes.members["name"].iloc[extreme[0]])


def _anchored(votes: Votes, anchor: Any) -> tuple[NDArray[np.bool_] | None, str]:
    if anchor is None:
        return _by_default(votes)
    members = votes.members
    text = members["id"].astype(str)  # an id of digits is text on a command line
    for chosen in (
        members["id"] == anchor,
        text == anchor,
        members["name"] == anchor,
        members["party"] == anchor,
    ):
        if chosen.any():
            return chosen.to_numpy(), str(anchor)
    named = sorted({str(p) for p in votes.party if p})
    raise InputError(
        f"anchor {str(anchor)[:200]!r} is no member's id or name and no party; allowed: a member, "
        f"or a party of {', '.join(named[:20]) or 'which there is none'}."
    )


def _by_default(votes: Votes) -> tuple[NDArray[np.bool_] | None, str]:
    """Return Republicans where there are Democrats too, else the largest of several parties."""
    party = votes.party
    sizes = pd.Series(party[party != ""]).value_counts()
    sizable = [str(name) for name, size in sizes.items() if size > 1]
    if len(sizable) < 2:
        return None, ""
    right = [name for name in sizable if name.lower() in RIGHT]
    left = [name for name in sizable if name.lower() in LEFT]
    chosen = right[0] if right and left else sizable[0]
    return np.asarray(party == chosen), f"party {chosen}"
