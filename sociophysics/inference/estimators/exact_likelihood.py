"""Exact maximum likelihood for courts and committees of up to 20 members, by enumeration."""

from __future__ import annotations

from dataclasses import KW_ONLY, dataclass
from typing import Annotated, ClassVar, Self

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from sociophysics.errors import InputError
from sociophysics.inference.chamber.patterns import fit_distribution, pattern_numbers
from sociophysics.inference.estimators.parameters import Estimator, require_fitted
from sociophysics.inference.estimators.training import cells, system_of, training_votes
from sociophysics.kinds import ESTIMATORS, key
from sociophysics.rollcall.votes import Votes

__all__ = ["ExactMaximumLikelihood"]

Array = NDArray[np.float64]

LARGEST = 20


@ESTIMATORS.register
@dataclass(eq=False, repr=False)
class ExactMaximumLikelihood(Estimator):
    """Couplings and fields that maximize the likelihood, for at most 20 members.

    Without penalty the fitted model reproduces the means (with ``fields``) and pair moments of the
    votes. Roll calls with missing votes count with the chances of their completions (EM).

    Attributes
    ----------
    coupling_ : array, shape (n, n)
    field_ : array, shape (n,)
    distribution_ : array, shape (2^n,)
        The fitted chance of each voting pattern; bit i set: member i votes -1.
    data_distribution_ : array, shape (2^n,)
        The same of the votes, with missing ones completed.
    system_ : SpinSystem
    n_features_in_, n_iter_ : int

    Examples
    --------
    Two members agree on 3 of 4 votes, so ``J = atanh(1/2)``:

    >>> fit = ExactMaximumLikelihood().fit([[1, 1], [-1, -1], [1, 1], [1, -1]])
    >>> float(fit.coupling_[0, 1].round(4))
    0.5493
    """

    l2: Annotated[
        float,
        key(
            "Penalty l2 sum_{i<j} J_ij^2 + 0.1 l2 sum_i h_i^2 on the negative log-likelihood per "
            "roll call.",
            ge=0,
        ),
    ] = 0.0
    fields: Annotated[bool, key("Whether members have fields h.")] = False
    _: KW_ONLY
    truncated: Annotated[
        int,
        key(
            "Fewest members in the minority of a possible voting pattern: 1 for data that hold "
            "contested votes only, 0 for data in which unanimous votes were kept.",
            ge=0,
        ),
    ] = 0
    tol: Annotated[float, key("Largest mismatch of a moment at convergence.", gt=0)] = 1e-10
    max_iter: Annotated[
        int,
        key("Most rounds of completing missing votes and of Newton's method in each.", ge=1),
    ] = 1000
    kind: ClassVar[str] = "exact"
    words: ClassVar[str] = "Couplings and fields that maximize the likelihood, to 20 members."
    equation: ClassVar[str] = "argmax over J, h of the sum over roll calls of log P(s | J, h)."
    physics: ClassVar[str] = "the inverse Ising problem, solved by enumeration"

    def fit(self, votes: Votes | pd.DataFrame | ArrayLike, y: object = None) -> Self:
        """Fit couplings and return the estimator.

        Raises
        ------
        InputError
            More than 20 members, votes that ``truncated`` calls impossible, or votes whose
            maximum lies at infinity without a penalty (two members who never disagree).
        """
        data = training_votes(votes)
        n = data.matrix.shape[1]
        if n > LARGEST:
            raise InputError(
                f"exact maximum likelihood is asked for {n} members; at most {LARGEST} are "
                "allowed, because all 2^n voting patterns are enumerated: use PseudoLikelihood."
            )
        possible = _possible(n, self.truncated)
        parameters = np.zeros(1 << n)
        completions = _Completions(data.matrix)
        model = possible / possible.sum()
        rounds = 0
        while rounds < self.max_iter:
            rounds += 1
            observed = completions.distribution(model, possible)
            fitted = fit_distribution(
                observed,
                fields=self.fields,
                l2=self.l2,
                possible=possible,
                start=parameters,
                tol=self.tol,
            )
            change = np.abs(fitted.parameters - parameters).max()
            parameters, model = fitted.parameters, fitted.distribution
            if completions.complete or change < self.tol:
                break
        self.coupling_, self.field_ = _unpack(parameters, n)
        self.distribution_, self.data_distribution_ = model, observed
        self.n_iter_, self.n_features_in_ = rounds, n
        self.system_ = system_of(self.coupling_, self.field_, data)
        return self

    def predict_proba(self, votes: Votes | pd.DataFrame | ArrayLike) -> Array:
        """Return P(+1 | the other members' observed votes), averaged over unobserved ones."""
        require_fitted(self, "distribution_")
        n = self.n_features_in_
        matrix = cells(votes, self.system_.labels, type(self).__name__)
        probability = np.empty(matrix.shape)
        patterns, back = np.unique(matrix, axis=0, return_inverse=True)
        for k, row in enumerate(patterns):
            known = pattern_numbers(row)
            missing = np.flatnonzero(row == 0)
            for i in range(n):
                free = _subset_numbers(missing[missing != i])
                yea = self.distribution_[(known & ~(1 << i)) | free].sum()
                nay = self.distribution_[(known | 1 << i) | free].sum()
                probability[back.ravel() == k, i] = yea / (yea + nay) if yea + nay > 0 else 0.5
        return probability


def _unpack(parameters: Array, n: int) -> tuple[Array, Array]:
    first, second = np.triu_indices(n, 1)
    coupling = np.zeros((n, n))
    coupling[first, second] = parameters[(1 << first) | (1 << second)]
    return coupling + coupling.T, parameters[1 << np.arange(n)].copy()


def _possible(n: int, truncated: int) -> NDArray[np.bool_]:
    if not 0 <= truncated <= n // 2:
        raise InputError(
            f"truncated is {truncated}; a minority of 0 to {n // 2} of {n} members is allowed."
        )
    nays = np.bitwise_count(np.arange(1 << n, dtype=np.uint64)).astype(np.int64)
    marked: NDArray[np.bool_] = np.minimum(nays, n - nays) >= truncated
    return marked


def _subset_numbers(members: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return the numbers of all voting patterns in which only ``members`` may vote -1."""
    numbers = np.zeros(1, np.int64)
    for i in members:
        numbers = np.concatenate([numbers, numbers | (1 << int(i))])
    return numbers


class _Completions:
    """The distinct voting records with the completions of their missing votes."""

    def __init__(self, matrix: NDArray[np.int8]) -> None:
        records, counts = np.unique(matrix, axis=0, return_counts=True)
        self.share = counts / counts.sum()
        self.known = pattern_numbers(records)
        self.free = [_subset_numbers(np.flatnonzero(record == 0)) for record in records]
        self.complete = all(len(free) == 1 for free in self.free)

    def distribution(self, model: Array, possible: NDArray[np.bool_]) -> Array:
        """Return the distribution of patterns, missing votes completed as ``model`` has it."""
        found = np.zeros(model.size)
        for share, known, free in zip(self.share, self.known, self.free, strict=True):
            numbers = known | free
            chance = model[numbers]
            total = float(chance.sum())
            if not possible[numbers].any():
                raise InputError(
                    "a roll call has a smaller minority than `truncated` allows; lower it, or "
                    "leave that roll call out."
                )
            found[numbers] += share * (chance / total if total > 0 else 1 / len(numbers))
        return found
