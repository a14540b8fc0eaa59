"""Which couplings are there at all: l1-penalized pseudolikelihood with stability selection."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import KW_ONLY, dataclass
from typing import Annotated, Any, ClassVar, Self

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from sociophysics import streams
from sociophysics.errors import InputError
from sociophysics.inference.estimators.objective import (
    Fit,
    best_penalty,
    negative_log_likelihood,
    searched,
)
from sociophysics.inference.estimators.training import (
    OfCouplings,
    hidden,
    system_of,
    training_votes,
)
from sociophysics.kinds import ESTIMATORS, key
from sociophysics.rollcall.votes import Votes
from sociophysics.store import step, steps
from sociophysics.store.steps import Arrays

__all__ = ["L1_GRID", "StabilitySelection", "minimize_l1"]

Array = NDArray[np.float64]

L1_GRID = (0.2, 0.1, 0.05, 0.025, 0.012)


@ESTIMATORS.register
@dataclass(eq=False, repr=False)
class StabilitySelection(OfCouplings):
    """Sparse couplings, and how often each survives on half of the roll calls.

    The objective is the negative log pseudolikelihood per observed vote plus
    ``2 (l1/n) sum_{i<j} |J_ij|``. It is minimized on random halves of the roll calls, and a
    coupling is selected if it is non-zero in at least ``threshold`` of them (Meinshausen &
    Buhlmann 2010, J. R. Stat. Soc. B 72, 417).

    Attributes
    ----------
    coupling_ : array, shape (n, n)
        The sparse fit to all roll calls.
    field_ : array, shape (n,)
    probability_ : array, shape (n, n)
        Share of the halves in which the coupling is not zero.
    selected_ : bool array, shape (n, n)
    expected_false_ : float
        Bound on the expected number of wrongly selected couplings, ``q^2 / ((2 threshold - 1) p)``
        with ``q`` the mean number of couplings in a half and ``p = n(n-1)/2``.
    l1_ : float
    system_ : SpinSystem
        With the selected couplings only.
    stopped_ : int
        How many of the fits, one to all roll calls and one to each half, stopped at ``max_iter``
        before they were done; their couplings may still move.
    n_features_in_ : int

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> votes = rng.choice([-1, 1], (200, 4))
    >>> votes[:, 1] = np.where(rng.random(200) < 0.9, votes[:, 0], -votes[:, 0])
    >>> StabilitySelection(l1=0.3).fit(votes).selected_.sum() // 2
    np.int64(1)
    """

    l1: Annotated[
        float | None,
        key("Penalty; chosen by cross-validation over grid if left out.", gt=0),
    ] = None
    fields: Annotated[bool, key("Whether members have (unpenalized) fields.")] = False
    _: KW_ONLY
    half_samples: Annotated[int, key("Random halves of the roll calls.", ge=50)] = 50
    threshold: Annotated[
        float, key("Selection probability from which a coupling is selected.", gt=0.5, le=1)
    ] = 0.9
    seed: Annotated[int, key("Seed of the half samples.", ge=0)] = 0
    grid: Annotated[
        Sequence[float], key("Penalties tried; extended until the best lies inside.")
    ] = L1_GRID
    max_iter: Annotated[int, key("Most proximal gradient steps of a fit.", ge=1)] = 500
    tol: Annotated[float, key("Relative fall of the objective at which a fit stops.", gt=0)] = 1e-7
    kind: ClassVar[str] = "stability"
    words: ClassVar[str] = "Sparse couplings, and how often each survives on half the roll calls."
    equation: ClassVar[str] = (
        "argmin of -(log pseudolikelihood) / votes + 2 (l1/n) sum_{i<j} |J_ij|, on random halves."
    )
    physics: ClassVar[str] = "the inverse Ising problem with few ties"

    def fit(self, votes: Votes | pd.DataFrame | ArrayLike, y: object = None) -> Self:
        """Fit to all votes, shape (roll calls, members), and to halves; return the estimator.

        Raises
        ------
        InputError
            Votes that are unanimous, too few, or not -1/0/+1; fewer than 50 halves; a threshold
            outside (0.5, 1]; a penalty that is not positive.
        """
        penalties = [self.l1] if self.l1 is not None else sorted(self.grid, reverse=True)
        if not penalties or min(penalties) <= 0:
            raise InputError(f"grid is {penalties}; give positive penalties.")
        data = training_votes(votes)
        matrix = data.matrix.astype(np.float64)
        n = self.n_features_in_ = matrix.shape[1]
        parameters = self.get_params(deep=False) | {"grid": penalties}
        full = step("sparse couplings", [matrix, parameters], lambda draft: self._full(matrix))
        self.l1_ = float(full["l1"])
        self.coupling_, self.field_ = full["coupling"], full["field"]
        shared = [matrix, parameters | {"l1": self.l1_}, self.coupling_, self.field_]
        halves = steps("half of the roll calls", _half, shared, range(self.half_samples))
        count, pairs = np.zeros_like(self.coupling_), n * (n - 1) // 2
        i, j = np.triu_indices(n, 1)
        for half in halves:
            count[i, j] += np.unpackbits(half["there"], count=pairs)
        count += count.T
        self.stopped_ = int(full["stopped"]) + sum(int(half["stopped"]) for half in halves)
        self.probability_ = count / self.half_samples
        self.selected_ = self.probability_ >= self.threshold
        mean_size = self.probability_.sum() / 2
        self.expected_false_ = float(mean_size**2 / ((2 * self.threshold - 1) * pairs))
        self.system_ = system_of(np.where(self.selected_, self.coupling_, 0.0), self.field_, data)
        return self

    def _full(self, matrix: Array) -> Arrays:
        """Return the chosen penalty and the couplings of all roll calls."""
        penalties = [self.l1] if self.l1 is not None else sorted(self.grid, reverse=True)
        l1 = self._chosen(matrix, penalties)
        fit = self._minimize(matrix, l1, None)
        stopped = np.array(fit.iterations >= self.max_iter)
        return {
            "l1": np.array(l1), "coupling": fit.coupling, "field": fit.field, "stopped": stopped,
        }  # fmt: skip

    def _chosen(self, matrix: Array, penalties: Sequence[float]) -> float:
        if len(penalties) == 1:
            return float(penalties[0])
        kept, mask = hidden(matrix, 0.1, streams.generator(self.seed, "fit"))
        last: list[Fit | None] = [None]

        def score(l1: float) -> float:
            fit = self._minimize(kept, l1, last[0])
            last[0] = fit
            margin = 2 * matrix * (kept @ fit.coupling + fit.field)
            return -float(np.logaddexp(0, -margin[mask]).mean())

        tried, scores = searched(penalties, score)
        return best_penalty(tried, np.array(scores))

    def _minimize(self, matrix: Array, l1: float, start: Fit | None) -> Fit:
        return minimize_l1(
            matrix, l1, fields=self.fields, start=start, max_iter=self.max_iter, tol=self.tol
        )


def _half(
    matrix: Array, parameters: dict[str, Any], coupling: Array, field: Array, half: int
) -> Arrays:
    """Return which couplings i < j are there in one half of the roll calls, as packed bits."""
    model = StabilitySelection(**parameters)
    rng = streams.generator(model.seed, "bootstrap", half)
    rows = rng.permutation(len(matrix))[: len(matrix) // 2]
    found = model._minimize(matrix[rows], float(parameters["l1"]), Fit(coupling, field, 0))
    there = np.packbits(found.coupling[np.triu_indices(len(field), 1)] != 0)
    return {"there": there, "stopped": np.array(found.iterations >= model.max_iter)}


def minimize_l1(
    matrix: Array,
    l1: float,
    *,
    fields: bool = False,
    start: Fit | None = None,
    max_iter: int = 500,
    tol: float = 1e-7,
) -> Fit:
    """Return the minimum of the l1-penalized objective by accelerated proximal gradients.

    Momentum is dropped whenever the objective would rise (Beck & Teboulle 2009, SIAM J. Imaging
    Sci. 2, 183; O'Donoghue & Candes 2015, Found. Comput. Math. 15, 715).

    Examples
    --------
    >>> votes = np.array([[1.0, 1.0], [-1.0, -1.0], [1.0, -1.0]])
    >>> minimize_l1(votes, 1.0).coupling[0, 1]
    np.float64(0.0)
    """
    n = matrix.shape[1]
    shrink = 2 * l1 / n
    coupling = np.zeros((n, n)) if start is None else start.coupling
    field = np.zeros(n) if start is None else start.field
    ahead, field_ahead = coupling, field
    best, momentum, step, done = np.inf, 1.0, float(n), 0
    while done < max_iter:
        done += 1
        value, slope, field_slope = negative_log_likelihood(matrix, ahead, field_ahead)
        while True:
            moved = ahead - step * slope
            moved = np.sign(moved) * np.maximum(np.abs(moved) - step * shrink, 0.0)
            field_moved = field_ahead - step * field_slope if fields else field_ahead
            reached = negative_log_likelihood(matrix, moved, field_moved)[0]
            change, field_change = moved - ahead, field_moved - field_ahead
            # pairs stand twice in the matrices
            linear = float((slope * change).sum()) / 2 + float(field_slope @ field_change)
            square = float((change**2).sum()) / 2 + float(field_change @ field_change)
            if reached <= value + linear + square / (2 * step) + 1e-14:
                break
            step /= 2
        objective = reached + shrink * float(np.abs(moved).sum()) / 2
        if objective > best and momentum > 1:
            ahead, field_ahead, momentum = coupling, field, 1.0
            continue
        following = (1 + np.sqrt(1 + 4 * momentum**2)) / 2
        push = (momentum - 1) / following
        ahead = moved + push * (moved - coupling)
        field_ahead = field_moved + push * (field_moved - field)
        coupling, field, momentum = moved, field_moved, following
        if best - objective < tol * abs(objective):
            break
        best = objective
    return Fit(coupling, field, done)
