"""Exact likelihoods of small chambers: all patterns enumerated, missing votes summed over."""

from __future__ import annotations

from dataclasses import KW_ONLY, dataclass
from typing import Annotated, Any, ClassVar, NamedTuple

import numpy as np
from numpy.typing import NDArray

from sociophysics.errors import InputError
from sociophysics.inference.estimators.parameters import Estimator, require_fitted
from sociophysics.inference.estimators.training import cells, system_of, training_votes
from sociophysics.kinds import key
from sociophysics.rollcall.votes import Votes

__all__ = [
    "RIDGE", "Maximum", "OfPatterns", "maximum", "observed_information", "pair_features",
    "patterns", "possible_patterns", "share_of_patterns",
]  # fmt: skip

Array = NDArray[np.float64]

LARGEST = 14  # members; 2^14 patterns times a hundred features fit into the cache
RIDGE = 1e-2  # of all parameters, in roll calls: keeps pairs that always agree finite
MOST_STEPS = 300
TOL = 1e-8


@dataclass(eq=False, repr=False)
class OfPatterns(Estimator):
    """What estimators share that enumerate all patterns of the votes of few members."""

    fields: Annotated[bool, key("Whether members have fields h.")] = False
    _: KW_ONLY
    level: Annotated[float, key("Coverage of the intervals.", gt=0, lt=1)] = 0.90
    question: ClassVar[str]
    instead: ClassVar[str]

    def few(self, votes: Any) -> Votes:
        """Return the votes to learn from, of at most 14 members.

        Raises
        ------
        InputError
            Votes that cannot be fitted, or of more members.
        """
        data = training_votes(votes)
        if data.n_members > LARGEST:
            raise InputError(
                f"{self.question} is asked for {data.n_members} members; at most {LARGEST} are "
                f"allowed, because all 2^n voting patterns are enumerated: choose {self.instead}."
            )
        return data

    def keep(
        self, data: Votes, coupling: Array, field: Array, states: NDArray[np.int8], chance: Array
    ) -> None:
        """Keep what was learned: couplings, fields, and the chance of each pattern."""
        self.coupling_, self.field_ = coupling, field
        self._states, self._chance = states, chance
        self.system_ = system_of(coupling, field, data)
        self.n_features_in_ = data.n_members

    def predict_proba(self, votes: Any) -> Array:
        """Return P(+1 | the other members' observed votes), shape (roll calls, members).

        Others who did not vote are summed over; 1/2 where no possible pattern has the votes given.
        """
        require_fitted(self, "system_")
        given = cells(votes, self.system_.labels, type(self).__name__)
        return share_of_patterns(self._states, self._chance, given)


class Maximum(NamedTuple):
    """Parameters, the chance of each pattern, and that once the votes are known, on average."""

    value: Array
    chance: Array
    recorded: Array
    covariance: Array
    log_likelihood: float


def patterns(n: int, least: int) -> NDArray[np.int8]:
    """Return the patterns with at least so many members in the minority, one per row.

    Examples
    --------
    >>> patterns(2, 1).tolist()
    [[1, -1], [-1, 1]]
    """
    bits = (np.arange(1 << n)[:, None] >> np.arange(n)) & 1
    yeas = bits.sum(axis=1)
    states: NDArray[np.int8] = (2 * bits - 1).astype(np.int8)[np.minimum(yeas, n - yeas) >= least]
    return states


def pair_features(states: NDArray[np.int8], fields: bool) -> Array:
    """Return the products of all pairs of each pattern, then the members' own signs if asked for.

    Examples
    --------
    >>> pair_features(np.array([[1, -1]], dtype=np.int8), True).tolist()
    [[-1.0, 1.0, -1.0]]
    """
    i, j = np.triu_indices(states.shape[1], 1)
    spins = states.astype(np.float64)
    products = spins[:, i] * spins[:, j]
    return np.column_stack([products, spins]) if fields else products


def possible_patterns(matrix: Array, states: NDArray[np.int8]) -> Array:
    """Return which patterns each roll call may have been, shape (roll calls, patterns).

    A roll call that none of them can be tells nothing here and is left out.

    Examples
    --------
    >>> states = np.array([[1, 1], [1, -1]], dtype=np.int8)
    >>> possible_patterns(np.array([[1.0, 0.0], [0.0, -1.0]]), states).tolist()
    [[1.0, 1.0], [0.0, 1.0]]
    """
    against = (matrix != 0).sum(axis=1)[:, None] - matrix @ states.T.astype(np.float64)
    possible = (against == 0).astype(np.float64)
    return np.asarray(possible[possible.any(axis=1)], np.float64)


def share_of_patterns(states: NDArray[np.int8], chance: Array, given: Array) -> Array:
    """Return P(+1) of each member from the patterns that have the others' votes as given.

    Members without a vote are summed over; 1/2 where no possible pattern fits.

    Examples
    --------
    >>> states = np.array([[1, 1], [-1, -1], [1, -1]], dtype=np.int8)
    >>> share_of_patterns(states, np.array([0.5, 0.25, 0.25]), np.array([[1.0, 0.0]])).round(3)
    array([[0.75 , 0.667]])
    """
    probability = np.full(given.shape, 0.5)
    for row, vote in enumerate(given):
        against = (states * vote < 0).sum(axis=1)
        # who differs in one place only is possible once that vote is left out
        fits = against[:, None] - (states * vote < 0) == 0
        weight = chance[:, None] * fits
        total = weight.sum(axis=0)
        yea = (weight * (states > 0)).sum(axis=0)
        np.divide(yea, total, out=probability[row], where=total > 0)
    return probability


def maximum(features: Array, possible: Array) -> Maximum:
    """Return the maximum of the likelihood by Newton steps on what the votes leave to be summed.

    Parameters
    ----------
    features : array, shape (patterns, parameters)
    possible : array, shape (roll calls, patterns)
        As of ``possible_patterns``.

    Examples
    --------
    >>> states = patterns(2, 0)
    >>> votes = np.array([[1.0, 1.0], [1.0, 1.0], [1.0, -1.0]])
    >>> found = maximum(pair_features(states, False), possible_patterns(votes, states))
    >>> bool(abs(found.value[0] - np.arctanh(1 / 3)) < 0.01)
    True
    """
    rollcalls, size = len(possible), features.shape[1]
    value = np.zeros(size)

    def at(parameters: Array) -> tuple[Array, Array, float]:
        energy = features @ parameters
        chance = np.exp(energy - energy.max())
        chance /= chance.sum()
        known = possible @ chance
        likelihood = float(np.log(known).sum()) - 0.5 * RIDGE * float(parameters @ parameters)
        return chance, chance * (possible.T @ (1 / known)) / rollcalls, likelihood

    chance, recorded, likelihood = at(value)
    for _ in range(MOST_STEPS):
        mean = chance @ features
        slope = rollcalls * (recorded - chance) @ features - RIDGE * value
        centred = features - mean
        spread = rollcalls * centred.T @ (chance[:, None] * centred) + RIDGE * np.eye(size)
        step = np.linalg.solve(spread, slope)
        share = 1.0
        while share > TOL:
            after = at(value + share * step)
            if after[2] >= likelihood:
                break
            share /= 2
        value = value + share * step
        chance, recorded, likelihood = after
        if np.abs(slope).max() < TOL * rollcalls:
            break
    information = RIDGE * np.eye(size) + observed_information(features, possible, chance, recorded)
    plain = likelihood + 0.5 * RIDGE * float(value @ value)
    covariance: Array = np.asarray(np.linalg.pinv(information, hermitian=True), np.float64)
    return Maximum(value, chance, recorded, covariance, plain)


def observed_information(features: Array, possible: Array, chance: Array, recorded: Array) -> Array:
    """Return the curvature of the likelihood of what was seen, of all roll calls together.

    ``recorded`` is the chance of each pattern once the votes are known, on average; for features
    whose parameters are 0 as for those that were fitted.

    Examples
    --------
    >>> features, every = np.array([[1.0], [-1.0]]), np.ones((3, 2))
    >>> half = np.array([0.5, 0.5])
    >>> observed_information(features, every, half, half).tolist()  # nothing was seen
    [[0.0]]
    """
    rollcalls = len(possible)
    known = (possible * chance) @ features / (possible @ chance)[:, None]
    mean = chance @ features
    information = known.T @ known - rollcalls * np.outer(mean, mean)
    information += rollcalls * features.T @ ((chance - recorded)[:, None] * features)
    return np.asarray(information, np.float64)
