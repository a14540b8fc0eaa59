"""Couplings of votes of three values as an estimator like the others, tested on the same votes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import KW_ONLY, dataclass
from typing import Annotated, Any, ClassVar, Self

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from sociophysics import streams
from sociophysics.inference.estimators.hidden_folds import HIDDEN_SHARE, HiddenFolds, best_of
from sociophysics.inference.estimators.parameters import require_fitted
from sociophysics.inference.estimators.three_valued import (
    by_couplings,
    chances,
    couplings_of,
    levels,
)
from sociophysics.inference.estimators.training import (
    OfCouplings,
    cells,
    system_of,
    training_votes,
)
from sociophysics.kinds import ESTIMATORS, key
from sociophysics.rollcall.votes import Votes
from sociophysics.store import step
from sociophysics.store.steps import Arrays

__all__ = ["ThreeValued"]

Array = NDArray[np.float64]

L2_GRID = (1.0, 0.3, 0.1, 0.03)


@ESTIMATORS.register
@dataclass(eq=False, repr=False)
class ThreeValued(OfCouplings):
    """Couplings where an abstention is an answer, by the pseudolikelihood of the spin-1 law.

    ``P(z_i = z | the others) ~ exp(z F_i - d_i z^2)``, ``F_i = h_i + sum_j J_ij z_j``; given
    that member ``i`` does vote, ``P(+1) = sigma(2 F_i)``, so that it is tested on yeas and nays
    beside estimators of two values. Intervals are those of ``fit_three_valued``.

    Attributes
    ----------
    coupling_ : array, shape (n, n)
    field_, reluctance_ : arrays, shape (n,)
        ``h``, 0 without ``fields``, and ``d``: how readily a member abstains.
    l2_ : float
    validation_ : DataFrame
        Mean log-likelihood of hidden votes, abstentions among them, at each penalty.
    system_ : SpinSystem
        Couplings and fields with the members' names.
    n_features_in_ : int

    Examples
    --------
    Two who vote alike and abstain alike, and one on his own:

    >>> table = np.array([[1, 1, 1], [-1, -1, 1], [0, 0, -1], [1, 1, -1], [-1, -1, 0]] * 8)
    >>> fit = ThreeValued(l2=0.1).fit(Votes(table, abstained=table == 0))
    >>> bool(fit.coupling_[0, 1] > 0.5), fit.predict_three([[1, 0, 0]])[0, 1].argmax()
    (True, np.int64(2))
    """

    l2: Annotated[
        float | None,
        key("Penalty on couplings; chosen on hidden votes if left out.", gt=0),
    ] = None
    fields: Annotated[
        bool, key("Whether members have fields h; they mean something only where +1 does.")
    ] = False
    _: KW_ONLY
    seed: Annotated[int, key("Seed of the hidden votes that choose the penalty.", ge=0)] = 0
    kind: ClassVar[str] = "three_valued"
    words: ClassVar[str] = "Couplings of votes of three values: yea, abstention, nay."
    equation: ClassVar[str] = (
        "P(z) ~ exp(sum_{i<j} J_ij z_i z_j + sum_i h_i z_i - sum_i d_i z_i^2), z in {-1, 0, +1}."
    )
    physics: ClassVar[str] = "the spin-1 (Blume-Capel) law"

    def fit(self, votes: Votes | pd.DataFrame | ArrayLike, y: object = None) -> Self:
        """Fit the couplings and return the estimator.

        In an array 0 is a vote that was not observed, as for every estimator; Votes know who
        ``abstained``.

        Raises
        ------
        InputError
            Votes that are unanimous, too few, or not -1/0/+1; a penalty that is not positive.
        """
        data = training_votes(votes)
        table = levels(data)
        self.l2_, self.validation_ = self._chosen(table)

        def compute(draft: object) -> Arrays:
            names = ("coupling", "field", "reluctance")
            return dict(zip(names, couplings_of(table, self.l2_, self.fields), strict=True))

        found = step("three-valued couplings", [table, self.l2_, self.fields], compute)
        self.coupling_, self.field_ = found["coupling"], found["field"]
        self.reluctance_: Array = found["reluctance"]
        self.system_ = system_of(self.coupling_, self.field_, data)
        self.n_features_in_ = data.n_members
        return self

    def predict_three(self, votes: Votes | pd.DataFrame | ArrayLike) -> Array:
        """Return P(-1), P(0), P(+1) of each vote from the others', (roll calls, members, 3)."""
        require_fitted(self, "coupling_")
        given = cells(votes, self.system_.labels, type(self).__name__)
        return chances(given @ self.coupling_ + self.field_, self.reluctance_)

    def _chosen(self, table: Array) -> tuple[float, pd.DataFrame]:
        given: Sequence[Any] = [table, self.fields, self.seed]
        votes = int(np.count_nonzero(~np.isnan(table)))
        folds = HiddenFolds("fold of three-valued couplings", _held_out, given, votes=votes)
        l2 = best_of(L2_GRID, folds.score) if self.l2 is None else self.l2
        return float(l2), folds.table("l2")


def _held_out(table: Array, fields: bool, seed: int, l2: float, fold: int) -> Arrays:
    """Return the mean log-likelihood of the hidden votes of one draw."""
    rng = streams.generator(seed, "fit", fold)
    seen = np.flatnonzero(~np.isnan(table))
    at = rng.choice(seen, max(1, round(HIDDEN_SHARE * seen.size)), replace=False)
    kept = table.copy()
    kept.flat[at] = np.nan
    chance = by_couplings(kept, l2, fields).reshape(-1, 3)[at]
    own = chance[np.arange(at.size), table.flat[at].astype(int) + 1]
    return {"score": np.log(np.maximum(own, 1e-12)).mean()}
