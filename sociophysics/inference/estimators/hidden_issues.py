r"""Votes that follow a few hidden issues: the restricted Boltzmann machine.

Each roll call raises or denies each of ``K`` issues, ``z_k = +-1``, which nobody recorded, and

    ``P(s, z) ~ exp(sum_i s_i (b_i + sum_k W_ik z_k) + sum_k c_k z_k)``,

so that members vote independently once the issues are known (K-issue model; Lee 2025,
arXiv:2508.02496, where an issue may be absent as well). The likelihood is exact: the ``2^K``
states of the issues are summed over, whatever the number of members.

The votes cannot tell the issues' order nor their signs. Issues stand in falling order of
``sum_i W_ik^2``, and the member with the largest loading on an issue has a positive one.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import KW_ONLY, dataclass
from typing import Annotated, Any, ClassVar, Self

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray
from scipy.special import ndtri

from sociophysics import streams
from sociophysics.errors import InputError
from sociophysics.inference.estimators.hidden_folds import HIDDEN_SHARE, HiddenFolds, best_of
from sociophysics.inference.estimators.issue_likelihood import (
    Issues,
    chances,
    information,
    issue_states,
    maximum,
    moments,
    posterior,
    start,
)
from sociophysics.inference.estimators.parameters import Estimator, require_fitted
from sociophysics.inference.estimators.training import cells, hidden, training_votes
from sociophysics.kinds import ESTIMATORS, key
from sociophysics.rollcall.votes import Votes
from sociophysics.store import step
from sociophysics.store.steps import Arrays

__all__ = ["HiddenIssues"]

Array = NDArray[np.float64]

MOST_ISSUES = 6
RIDGE_GRID = (10.0, 3.0, 1.0, 0.3)
FIRST_RIDGE = 1.0  # at which issues are counted; the ridge is then chosen for that number
STREAM = 2000  # other draws than those of the hidden votes
NAMED = 3  # members who give an issue its name
LARGEST = 60  # members whose pair moments get intervals
ERROR_RIDGE = 1.0  # at most: intervals around what a larger one shrinks cover nothing
EDGE = 1e-9  # of moments, whose atanh is taken


@ESTIMATORS.register
@dataclass(eq=False, repr=False)
class HiddenIssues(Estimator):
    """Hidden binary issues that members load on, by the exact likelihood.

    Attributes
    ----------
    issues_ : int
    ridge_ : float
    loadings_ : array, shape (members, issues)
        Issues in falling order of ``sum_i W_ik^2``; the largest loading of each is positive.
    field_, leaning_ : arrays, shapes (members,) and (issues,)
        ``b`` and ``c``; 0 without ``fields``.
    described_ : DataFrame
        One row per issue: ``issue``, ``members`` (the three who load most, with a minus where they
        stand against it), ``strength`` (root mean square loading), ``raised`` (share of roll calls
        on which it is +1).
    rollcalls_ : DataFrame
        ``id`` of each roll call and the posterior P(z_k = +1) in ``issue_1``, ``issue_2``, ...
    validation_ : DataFrame
        ``issues``, ``ridge`` and the mean ``log_likelihood`` of hidden votes there.
    log_likelihood_, n_iter_, n_features_in_ :
        Penalized and per roll call; of the best of the starts.

    Examples
    --------
    Two issues, each with three members who follow it and nobody else:

    >>> rng = np.random.default_rng(0)
    >>> issues = np.repeat(rng.choice([-1, 1], (200, 2)), 3, axis=1)
    >>> votes = np.where(rng.random((200, 6)) < 0.9, issues, -issues)
    >>> fit = HiddenIssues(issues=2, ridge=1.0).fit(votes)
    >>> groups = (np.abs(fit.loadings_) > 0.5).T.astype(int).tolist()
    >>> sorted(groups)
    [[0, 0, 0, 1, 1, 1], [1, 1, 1, 0, 0, 0]]
    """

    issues: Annotated[
        int | None,
        key("Issues; chosen from 1 to 6 on hidden votes if left out.", ge=1, le=MOST_ISSUES),
    ] = None
    ridge: Annotated[
        float | None,
        key(
            "Penalty ridge/2 sum W^2 on loadings beside the votes' log-likelihood; chosen on "
            "hidden votes if left out.",
            gt=0,
        ),
    ] = None
    fields: Annotated[bool, key("Whether members have fields b and issues leanings c.")] = False
    _: KW_ONLY
    starts: Annotated[int, key("Starts of a fit, of which the best is kept.", ge=1)] = 3
    seed: Annotated[int, key("Seed of the starts and of the hidden votes.", ge=0)] = 0
    max_iter: Annotated[int, key("Most L-BFGS iterations of a start.", ge=1)] = 1000
    tol: Annotated[float, key("Largest entry of the gradient per roll call at the end.", gt=0)] = (
        1e-5
    )
    kind: ClassVar[str] = "hidden_issues"
    words: ClassVar[str] = "Hidden binary issues that members load on."
    equation: ClassVar[str] = "P(s, z) ~ exp(sum s_i (b_i + sum W_ik z_k) + sum c_k z_k)."
    physics: ClassVar[str] = "the restricted Boltzmann machine"

    def fit(self, votes: Votes | pd.DataFrame | ArrayLike, y: object = None) -> Self:
        """Fit the loadings and return the estimator.

        Raises
        ------
        InputError
            Votes that cannot be fitted, or issues not fewer than members.
        """
        data = training_votes(votes)
        if (self.issues or 1) >= data.n_members:
            raise InputError(
                f"issues is {self.issues} for {data.n_members} members; give fewer issues than "
                "members."
            )
        matrix = data.matrix.astype(np.float64)
        self.issues_, self.ridge_, self.validation_ = self._chosen(matrix)
        given = [matrix, self.issues_, self.ridge_, self.get_params(deep=False)]
        found = step(
            "hidden issues", given, lambda draft: self._best(matrix, self.issues_, self.ridge_)
        )
        law = _in_order(Issues(found["loading"], found["field"], found["leaning"]))
        self._law, self._matrix = law, matrix
        self.loadings_, self.field_, self.leaning_ = law
        self.log_likelihood_ = -float(found["objective"])
        self.n_iter_ = int(found["iterations"])
        self.n_features_in_ = data.n_members
        self.members_ = tuple(data.members["id"])
        raised = self._raised(matrix)
        names = [f"issue_{k + 1}" for k in range(self.issues_)]
        ids = data.rollcalls["id"].reset_index(drop=True)
        self.rollcalls_ = pd.DataFrame(raised, columns=names).assign(id=ids)[["id", *names]]
        self.described_ = pd.DataFrame(
            {
                "issue": names,
                "members": [_named(data, each) for each in law.loading.T],
                "strength": np.sqrt((law.loading**2).mean(axis=0)),
                "raised": raised.mean(axis=0),
            }
        )
        return self

    def predict_proba(self, votes: Votes | pd.DataFrame | ArrayLike) -> Array:
        """Return P(+1 | the other members' observed votes), shape (roll calls, members).

        Exact: the issues are judged by the others' votes, and who did not vote is summed over.
        """
        return chances(self._given(votes), self._law)

    def issues_of(self, votes: Votes | pd.DataFrame | ArrayLike) -> Array:
        """Return P(z_k = +1 | the votes), shape (roll calls, issues).

        Examples
        --------
        >>> votes = np.array([[1, 1, 1], [-1, -1, -1], [1, 1, -1], [-1, -1, 1]] * 9)
        >>> fit = HiddenIssues(issues=1, ridge=1.0).fit(votes)
        >>> fit.issues_of([[0, 0, 0], [1, 1, 0]])[:, 0].round(1).tolist()
        [0.5, 1.0]
        """
        return self._raised(self._given(votes))

    def pair_moments(self, *, level: float = 0.90) -> pd.DataFrame:
        """Return how two members go together, ``<s_i s_j>``, with intervals; at most 60 members.

        A pair's moment does not depend on the issues' order and signs. Errors are those of the
        sandwich over roll calls, taken to moments by their slope on the scale of atanh. A ridge
        that predicts well shrinks: moments and intervals belong to a refit at a ridge of at most 1.

        Returns
        -------
        DataFrame
            ``a``, ``b`` (ids), ``together`` (roll calls on which both voted), ``recorded`` (mean
            product there), ``moment``, ``low``, ``high``.

        Raises
        ------
        InputError
            Not fitted, more than 60 members, ``level`` outside (0, 1).

        Examples
        --------
        >>> votes = np.array([[1, 1, 1], [-1, -1, -1], [1, 1, -1], [-1, -1, 1]] * 9)
        >>> table = HiddenIssues(issues=1, ridge=1.0).fit(votes).pair_moments()
        >>> table["recorded"].tolist(), bool(table["low"][0] > table["high"][1])
        ([1.0, 0.0, 0.0], True)
        """
        require_fitted(self, "loadings_")
        if not 0 < level < 1:
            raise InputError(f"level is {level}; it must lie between 0 and 1, such as 0.9.")
        n = self.n_features_in_
        if n > LARGEST:
            raise InputError(
                f"intervals are asked for {n} members; at most {LARGEST} are allowed, because the "
                "curvature has a row per loading: choose fewer members."
            )
        matrix, ridge = self._matrix, min(self.ridge_, ERROR_RIDGE)
        law = self._law
        if ridge < self.ridge_:
            law = maximum(matrix, law, ridge, self.fields, max_iter=self.max_iter, tol=self.tol)[0]
        covariance = step(
            "errors of hidden issues",
            [matrix, *law, ridge, self.fields],
            lambda draft: {"covariance": information(matrix, law, ridge, self.fields)[1]},
        )["covariance"]
        value, slope = moments(law, self.fields)
        inner = np.clip(value, EDGE - 1, 1 - EDGE)
        error = np.sqrt(np.einsum("pa,ab,pb->p", slope, covariance, slope)) / (1 - inner**2)
        width = float(ndtri(0.5 + level / 2)) * error
        i, j = np.triu_indices(n, 1)
        together = (np.abs(matrix).T @ np.abs(matrix))[i, j].astype(np.int64)
        products = (matrix.T @ matrix)[i, j]
        recorded = np.divide(products, together, out=np.full(len(i), np.nan), where=together > 0)
        ids = np.array([*self.members_, None], dtype=object)[:-1]
        return pd.DataFrame(
            {
                "a": ids[i],
                "b": ids[j],
                "together": together,
                "recorded": recorded,
                "moment": value,
                "low": np.tanh(np.arctanh(inner) - width),
                "high": np.tanh(np.arctanh(inner) + width),
            }
        )

    def _given(self, votes: Votes | pd.DataFrame | ArrayLike) -> Array:
        require_fitted(self, "loadings_")
        return cells(votes, self.members_, type(self).__name__)

    def _raised(self, matrix: Array) -> Array:
        share: Array = posterior(matrix, self._law) @ (issue_states(self.issues_) > 0)
        return share

    def _chosen(self, matrix: Array) -> tuple[int, float, pd.DataFrame]:
        """Return the number of issues and the ridge, and the score of each that was tried."""
        given = [matrix, self.get_params(deep=False)]
        votes = int(np.count_nonzero(matrix))
        folds = HiddenFolds("fold of hidden issues", _held_out, given, votes=votes)
        issues, ridge = self.issues, self.ridge
        if issues is None:
            counts: Sequence[int] = range(1, min(MOST_ISSUES, matrix.shape[1] - 1) + 1)
            issues = max(counts, key=lambda k: folds.score(k, ridge or FIRST_RIDGE))
        if ridge is None:
            count = issues
            ridge = best_of(RIDGE_GRID, lambda penalty: folds.score(count, penalty))
        return issues, float(ridge), folds.table("issues", "ridge")

    def _best(self, matrix: Array, issues: int, ridge: float) -> Arrays:
        """Return the best of the starts."""
        best: tuple[Issues, float, int] | None = None
        for k in range(self.starts):
            rng = streams.generator(self.seed, "fit", STREAM + k) if k else None
            first = start(matrix, issues, rng)
            options: dict[str, Any] = {"max_iter": self.max_iter, "tol": self.tol}
            found = maximum(matrix, first, ridge, self.fields, **options)
            best = found if best is None or found[1] < best[1] else best
        assert best is not None  # there is at least one start
        law, objective, iterations = best
        return law._asdict() | {
            "objective": np.asarray(objective),
            "iterations": np.asarray(iterations),
        }


def _in_order(law: Issues) -> Issues:
    """Return the same law with issues by falling strength, the largest loading of each positive."""
    order = np.argsort(-(law.loading**2).sum(axis=0), kind="stable")
    loading = law.loading[:, order]
    sign = np.sign(loading[np.abs(loading).argmax(axis=0), np.arange(len(order))])
    sign = np.where(sign == 0, 1.0, sign)
    return Issues(loading * sign, law.field, law.leaning[order] * sign)


def _named(data: Votes, loading: Array) -> str:
    most = np.argsort(-np.abs(loading), kind="stable")[:NAMED]
    names = data.members["name"].to_numpy()
    return ", ".join(f"{'-' if loading[i] < 0 else ''}{names[i]}" for i in most)


def _held_out(
    matrix: Array, parameters: dict[str, Any], issues: int, ridge: float, fold: int
) -> Arrays:
    """Return the mean log-likelihood of the hidden votes of one draw."""
    model = HiddenIssues(**parameters)
    kept, mask = hidden(matrix, HIDDEN_SHARE, streams.generator(model.seed, "fit", fold))
    found = model._best(kept, issues, ridge)
    law = Issues(found["loading"], found["field"], found["leaning"])
    yea = chances(kept, law)
    right = np.where(matrix > 0, yea, 1 - yea)[mask]
    return {"score": np.log(np.maximum(right, 1e-12)).mean()}
