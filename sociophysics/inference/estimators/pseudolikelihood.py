r"""Couplings of a chamber by symmetric pseudolikelihood.

The model is ``P(s) ~ exp(sum_{i<j} J_ij s_i s_j + sum_i h_i s_i)``, with the temperature absorbed.
With ``o_ti = 1`` where member ``i`` was observed on roll call ``t`` and the local field
``F_ti = h_i + sum_j J_ij o_tj s_tj`` the estimator minimizes, over symmetric ``J``,

    ``-(1/M) sum_ti o_ti log sigma(2 s_ti F_ti) + (l2/n) sum_{i<j} J_ij^2 + 0.1 (l2/n) sum_i h_i^2``

with ``M`` the number of observed votes (Besag 1975, The Statistician 24, 179). Without fields the
fit does not depend on which side of any roll call is called +1.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import KW_ONLY, dataclass
from typing import Annotated, Any, ClassVar, Self

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from sociophysics import streams
from sociophysics.arguments import keys_by_keyword
from sociophysics.errors import InputError, did_you_mean
from sociophysics.inference.estimators.objective import (
    FIELD_SHARE,
    Fit,
    best_penalty,
    minimize_l2,
    searched,
)
from sociophysics.inference.estimators.parameters import require_fitted
from sociophysics.inference.estimators.training import (
    OfCouplings,
    hidden,
    system_of,
    training_votes,
)
from sociophysics.inference.estimators.uncertainty import StandardErrors, hessian_errors, intervals
from sociophysics.kinds import ESTIMATORS, key
from sociophysics.machine import require_memory
from sociophysics.rollcall.votes import Votes
from sociophysics.store import step, steps
from sociophysics.store.steps import Arrays

__all__ = ["L2_GRID", "PseudoLikelihood", "best_penalty"]

Array = NDArray[np.float64]

L2_GRID = (3.0, 1.0, 0.3, 0.1, 0.03)
INTERVAL_L2 = 0.01  # intervals of fits at larger penalties miss the truth
VOTES_FOR_INTERVALS = 50
ENOUGH_HIDDEN = 20_000  # hidden votes of one draw that choose a penalty as well as several draws


@ESTIMATORS.register
@keys_by_keyword("seed", after=3)
@dataclass(eq=False, repr=False)
class PseudoLikelihood(OfCouplings):
    """Couplings between members from roll-call votes, by l2-penalized pseudolikelihood.

    It predicts well. It does not generate: simulated at temperature 1 the fit of a legislature is
    over-ordered (see ``BoltzmannRefinement``). A coupling is a conditional association, not
    influence.

    Attributes
    ----------
    coupling_ : array, shape (n, n)
        Symmetric, zero diagonal.
    field_ : array, shape (n,)
    l2_ : float
        The penalty used.
    validation_ : DataFrame
        Mean log-likelihood of hidden cells at each penalty; empty with ``l2`` given.
    system_ : SpinSystem
        The same with the members' names; temperature 1.
    n_features_in_ : int
        Number of members.
    n_iter_ : int
        Iterations of the final fit.

    Examples
    --------
    Two who always disagree with each other, and one who votes at random:

    >>> votes = np.array([[1, -1, 1], [1, -1, -1], [-1, 1, 1], [-1, 1, -1]])
    >>> fit = PseudoLikelihood(l2=0.1).fit(votes)
    >>> bool(fit.coupling_[0, 1] < -0.5), bool(abs(fit.coupling_[0, 2]) < 1e-6)
    (True, True)
    """

    l2: Annotated[
        float | None,
        key("Penalty on couplings; chosen by cross-validation over grid if left out.", gt=0),
    ] = None
    fields: Annotated[
        bool, key("Whether members have fields h; they mean something only where +1 does.")
    ] = False
    _: KW_ONLY
    seed: Annotated[
        int, key("Seed of the cross-validation's hidden cells and of the bootstrap.", ge=0)
    ] = 0
    grid: Annotated[
        Sequence[float],
        key(
            "Penalties tried, when l2 is left out, from the strongest until hidden votes are "
            "predicted worse; it is extended at either end until the best lies inside."
        ),
    ] = L2_GRID
    folds: Annotated[
        int,
        key(
            "Independent draws of hidden cells in the cross-validation; one where it hides 20,000.",
            ge=1,
        ),
    ] = 3
    share: Annotated[
        float,
        key(
            "Share of the contested cells hidden in each; hidden cells do not predict either.",
            gt=0,
            lt=1,
        ),
    ] = 0.1
    max_iter: Annotated[int, key("Most L-BFGS iterations of a fit.", ge=1)] = 500
    tol: Annotated[
        float,
        key(
            "Largest entry of the objective's gradient, in units per observed vote and times n, at "
            "which a fit stops.",
            gt=0,
        ),
    ] = 1e-5
    kind: ClassVar[str] = "pseudolikelihood"
    words: ClassVar[str] = "Couplings between members by l2-penalized pseudolikelihood."
    equation: ClassVar[str] = (
        "argmin over symmetric J, h of -(1/M) sum_ti log sigma(2 s_ti F_ti) + (l2/n) sum_{i<j} "
        "J_ij^2, F_ti = h_i + sum_j J_ij s_tj."
    )
    physics: ClassVar[str] = "the inverse Ising problem"

    def fit(self, votes: Votes | pd.DataFrame | ArrayLike, y: object = None) -> Self:
        """Fit the couplings and return the estimator.

        Parameters
        ----------
        votes : Votes, or array of shape (roll calls, members)
            +1, -1, and 0 or NaN where not observed.
        y : None
            Ignored; there for scikit-learn.

        Raises
        ------
        InputError
            Votes that are unanimous, too few, or not -1/0/+1; a penalty that is not positive.
        """
        data = training_votes(votes)
        matrix = data.matrix.astype(np.float64)
        self.l2_, self.validation_ = self._chosen(matrix)
        fit = self._kept(matrix, self.l2_)
        self.coupling_, self.field_, self.n_iter_ = fit
        self.system_ = system_of(self.coupling_, self.field_, data)
        self.n_features_in_ = matrix.shape[1]
        self.votes_ = data.matrix
        return self

    def standard_errors(
        self,
        kind: str = "sandwich",
        *,
        l2: float | None = None,
        level: float = 0.95,
        draws: int = 200,
    ) -> StandardErrors:
        """Return errors, intervals and sign probabilities of the couplings and fields.

        A penalty large enough to predict well shrinks the couplings, and an interval around a
        shrunken estimate misses the truth: so the intervals belong to a refit at
        ``min(l2_, 0.01)``, where they cover if members have at least 50 votes each.

        Parameters
        ----------
        kind : {"sandwich", "bootstrap", "naive"}
            ``"sandwich"`` up to 150 members; ``"bootstrap"`` resamples roll calls, for any number;
            ``"naive"`` is the inverse Hessian, far too small, there for comparison.
        l2 : float, optional
            Penalty of the refit.
        level : float
            Coverage of the intervals.
        draws : int
            Bootstrap samples.

        Raises
        ------
        InputError
            Another kind, more than 150 members without the bootstrap, ``level`` outside (0, 1).
        """
        require_fitted(self, "coupling_")
        kinds = ("sandwich", "bootstrap", "naive")
        if kind not in kinds:
            raise InputError(f"kind is {kind!r}; {did_you_mean(kind, kinds)}")
        if not 0 < level < 1 or draws < 2:
            raise InputError(
                f"level is {level} and draws {draws}; allowed: between 0 and 1, and at least 2."
            )
        target = min(self.l2_, INTERVAL_L2) if l2 is None else l2
        matrix = self.votes_.astype(np.float64)
        fit = self._kept(matrix, target, Fit(self.coupling_, self.field_, 0))
        samples = None
        if kind == "bootstrap":
            samples = self._resampled(matrix, target, fit, draws)
            error, field_error = (part.std(axis=0, ddof=1) for part in samples)
        else:
            error, field_error = self._hessian(matrix, fit, target, kind)
        return intervals(
            fit.coupling,
            error,
            fit.field,
            field_error,
            kind=kind,
            l2=target,
            level=level,
            note=_interval_note(kind, target, self.l2_, matrix),
            draws=None if samples is None else samples[0],
        )

    def bootstrap(self, draws: int = 200) -> tuple[Array, Array]:
        """Return couplings (draws, n, n) and fields (draws, n) refitted to resampled roll calls.

        The penalty is the fit's own, ``l2_``: these are the chambers that the data could as well
        have given, for outcomes that carry the fit's uncertainty.
        """
        require_fitted(self, "coupling_")
        fit = Fit(self.coupling_, self.field_, 0)
        return self._resampled(self.votes_.astype(np.float64), self.l2_, fit, draws)

    def _chosen(self, matrix: Array) -> tuple[float, pd.DataFrame]:
        """Return the penalty, and the score of each one that was tried."""
        penalties = self._penalties()
        table = pd.DataFrame({"l2": [], "log_likelihood": []})
        if len(penalties) == 1:
            return penalties[0], table
        enough = self.share * np.count_nonzero(matrix) >= ENOUGH_HIDDEN
        n = matrix.shape[1]
        zero = {"coupling": np.zeros((n, n)), "field": np.zeros(n)}
        last: list[Arrays] = [zero] * (1 if enough else self.folds)
        parameters = self.get_params(deep=False) | {"grid": []}

        def score(l2: float) -> float:
            items = [
                {"fold": fold, "l2": l2, "coupling": each["coupling"], "field": each["field"]}
                for fold, each in enumerate(last)
            ]
            last[:] = steps("fold of couplings", _held_out, [matrix, parameters], items)
            return float(np.mean([float(each["score"]) for each in last]))

        tried, scores = searched(penalties, score)
        table = pd.DataFrame({"l2": tried, "log_likelihood": scores})
        return best_penalty(tried, np.array(scores)), table

    def _resampled(self, matrix: Array, l2: float, start: Fit, draws: int) -> tuple[Array, Array]:
        n = matrix.shape[1]
        require_memory(
            8.0 * draws * n * n, what=f"{draws} bootstrap fits of {n} members", fix="lower draws"
        )
        couplings, fields = np.zeros((draws, n, n)), np.empty((draws, n))
        parameters = self.get_params(deep=False) | {"grid": [], "l2": l2}
        found = steps("draw of couplings", _resampled, [matrix, parameters, *start], range(draws))
        i, j = np.triu_indices(n, 1)
        for draw, fit in enumerate(found):
            couplings[draw, i, j] = couplings[draw, j, i] = fit["pairs"]
            fields[draw] = fit["field"]
        return couplings, fields

    def _hessian(self, matrix: Array, fit: Fit, l2: float, kind: str) -> tuple[Array, Array]:
        """Return the errors of couplings and fields from the curvature at the fit."""
        n = matrix.shape[1]
        given = [matrix, fit.coupling, fit.field, l2, self.fields, kind]
        found = step(
            "errors of couplings",
            given,
            lambda draft: dict(
                zip(
                    ("error", "field_error"),
                    hessian_errors(
                        matrix,
                        fit.coupling,
                        fit.field,
                        l2=l2 / n,
                        field_l2=FIELD_SHARE * l2 / n if self.fields else None,
                        kind=kind,
                    ),
                    strict=True,
                )
            ),
        )
        return found["error"], found["field_error"]

    def _penalties(self) -> list[float]:
        given = [self.l2] if self.l2 is not None else sorted(self.grid, reverse=True)
        if not given or min(given) <= 0:
            raise InputError(f"grid is {given}; give positive penalties.")
        return [float(l2) for l2 in given]

    def _kept(self, matrix: Array, l2: float, start: Fit | None = None) -> Fit:
        """Return the minimum, kept as a step."""
        begun = None if start is None else list(start)
        given = [matrix, l2, self.fields, self.max_iter, self.tol, begun]
        found = step("couplings", given, lambda draft: _arrays(self._minimize(matrix, l2, start)))
        return Fit(found["coupling"], found["field"], int(found["iterations"]))

    def _minimize(
        self, matrix: Array, l2: float, start: Fit | None = None, tol: float | None = None
    ) -> Fit:
        return minimize_l2(
            matrix,
            l2,
            fields=self.fields,
            start=start,
            max_iter=self.max_iter,
            tol=self.tol if tol is None else tol,
        )


def _arrays(fit: Fit) -> Arrays:
    return {name: np.asarray(value) for name, value in fit._asdict().items()}


def _held_out(matrix: Array, parameters: dict[str, Any], item: dict[str, Any]) -> Arrays:
    """Return the fit at a penalty to one draw of hidden cells, and its score on these."""
    model = PseudoLikelihood(**parameters)
    rng = streams.generator(model.seed, "fit", item["fold"])
    kept, mask = hidden(matrix, model.share, rng)
    start = Fit(item["coupling"], item["field"], 0)
    fit = model._minimize(kept, item["l2"], start, tol=10 * model.tol)
    margin = 2 * matrix * (kept @ fit.coupling + fit.field)
    score = -float(np.logaddexp(0, -margin[mask]).mean())
    return {"score": np.array(score), "coupling": fit.coupling, "field": fit.field}


def _resampled(
    matrix: Array, parameters: dict[str, Any], coupling: Array, field: Array, done: int, draw: int
) -> Arrays:
    """Return the fit to roll calls drawn with replacement; couplings of pairs i < j."""
    model = PseudoLikelihood(**parameters)
    rng = streams.generator(model.seed, "bootstrap", draw)
    chosen = matrix[rng.integers(len(matrix), size=len(matrix))]
    start = Fit(coupling, field, done)
    fit = model._minimize(chosen, float(parameters["l2"]), start, tol=10 * model.tol)
    return {"pairs": fit.coupling[np.triu_indices(len(field), 1)], "field": fit.field}


def _interval_note(kind: str, l2: float, chosen: float, matrix: Array) -> str:
    least = int((matrix != 0).sum(axis=0).min())
    if kind == "naive":
        return "inverse Hessian: covers about 80 % where 95 % is said"
    parts = [f"{kind}, fit at l2 = {l2:.3g}"]
    if l2 < chosen:
        parts.append(f"not the predicting fit at l2 = {chosen:.3g}, which is shrunken")
    if l2 > INTERVAL_L2:
        parts.append("the intervals cover the shrunken coupling, not the true one")
    if least < VOTES_FOR_INTERVALS:
        parts.append(f"a member has only {least} votes, too few for the intervals to cover")
    return "; ".join(parts)
