r"""What couplings depend on: party, state, committees, seniority, who sponsored with whom.

The couplings of the model ``P(s) ~ exp(sum_{i<j} J_ij s_i s_j + sum_i h_i s_i)`` are sums

    ``J_ij = b_0 + b_1 x_1ij + b_2 x_2ij + ...``

over covariates of pairs of members (Ising similarity regression; Tho, Hui & Zou 2024). The few
``b`` maximize the pseudolikelihood, which is concave in them, and their errors are the sandwich
over roll calls. Two who share a trait of effect ``b`` vote alike at odds ``exp(2 b)`` times those
of two who do not, all other votes and traits being equal.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import KW_ONLY, dataclass
from typing import Annotated, Any, ClassVar, NamedTuple, Self

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray
from scipy.special import expit, stdtrit

from sociophysics.errors import InputError
from sociophysics.inference.estimators.training import OfCouplings, system_of, training_votes
from sociophysics.kinds import ESTIMATORS, key
from sociophysics.rollcall.votes import Votes

__all__ = ["CouplingRegression", "pair_covariates"]

Array = NDArray[np.float64]
Covariates = Sequence[Any] | Mapping[str, Any]

EVERYONE = "everyone"
FIELD_RIDGE = 1e-3  # keeps the field of a member who always votes +1 finite
MOST_STEPS = 50
CONVERGED = 1e-9
COLUMNS = ("term", "effect", "error", "low", "high", "odds", "odds_low", "odds_high")


@ESTIMATORS.register
@dataclass(eq=False, repr=False)
class CouplingRegression(OfCouplings):
    """Couplings as a sum over covariates of pairs, with intervals of the effects.

    The intervals say how far other roll calls of the same members would move the effects. They do
    not say that the covariates are all there is, nor that they cause anything: an effect is an
    association given all other votes, and takes up what goes with it and is left out.

    Attributes
    ----------
    effects_ : DataFrame
        Rows ``everyone`` (the coupling where all covariates are 0), then the covariates. Columns
        ``term``, ``effect``, ``error``, ``low``, ``high``, and ``odds`` = exp(2 effect) with its
        interval ``odds_low``, ``odds_high``.
    covariance_ : array, shape (terms, terms)
    coupling_, field_, system_, n_features_in_
        As of ``PseudoLikelihood``.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> side = rng.choice([-1, 1], (300, 2))[:, [0, 0, 0, 1, 1, 1]]
    >>> votes = np.where(rng.random(side.shape) < 0.8, side, -side)
    >>> fit = CouplingRegression({"party": ["D"] * 3 + ["R"] * 3}).fit(votes)
    >>> fit.effects_["term"].tolist(), bool(fit.effects_["low"][1] > 0)
    (['everyone', 'party'], True)
    """

    covariates: Annotated[
        Sequence[Any] | Mapping[str, Any],
        key(
            "Columns of the table of members: of text, 1 for two members with the same entry (a "
            "blank matches none); of numbers, closeness, minus their difference in standard "
            "deviations. In a mapping also such values, one per member, or symmetric tables, one "
            "value per pair, such as the number of committees shared, which are taken as they are."
        ),
    ] = ("party",)
    fields: Annotated[bool, key("Whether members have fields h.")] = False
    _: KW_ONLY
    level: Annotated[float, key("Coverage of the intervals.", gt=0, lt=1)] = 0.90
    kind: ClassVar[str] = "coupling_regression"
    words: ClassVar[str] = "Couplings as a sum over party, state or other covariates of pairs."
    equation: ClassVar[str] = "J_ij = b_0 + sum over covariates k of b_k x_kij."
    physics: ClassVar[str] = "Ising similarity regression"

    def table(self) -> dict[str, Any]:
        """Return the kind and its keys as a manifest holds them."""
        given = self.covariates
        if isinstance(given, Mapping):
            plain: Any = {str(name): np.asarray(each).tolist() for name, each in given.items()}
        else:
            plain = list(given)
        return super().table() | {"covariates": plain}

    def fit(self, votes: Votes | pd.DataFrame | ArrayLike, y: object = None) -> Self:
        """Fit the effects and return the estimator.

        Raises
        ------
        InputError
            Votes that cannot be fitted; covariates that members do not have, of another shape, not
            finite, not symmetric, or that say the same; a level outside (0, 1).
        """
        data = training_votes(votes)
        n = data.n_members
        terms = {EVERYONE: 1.0 - np.eye(n)} | pair_covariates(data, self.covariates)
        _require_independent(terms)
        found = _fitted(data.matrix.astype(np.float64), list(terms.values()), self.fields)
        count = len(terms)
        self.coupling_: Array = np.tensordot(found.value[:count], np.stack(list(terms.values())), 1)
        self.field_: Array = found.value[count:] if self.fields else np.zeros(n)
        self.covariance_: Array = found.covariance[:count, :count]
        self.effects_ = self._effects(list(terms), found.value[:count], data.n_rollcalls)
        self.system_ = system_of(self.coupling_, self.field_, data)
        self.n_features_in_ = n
        return self

    def _effects(self, names: list[str], value: Array, rollcalls: int) -> pd.DataFrame:
        error = np.sqrt(np.diag(self.covariance_))
        width = float(stdtrit(rollcalls - 1, 0.5 + self.level / 2)) * error
        low, high = value - width, value + width
        odds = [np.exp(2 * each) for each in (value, low, high)]
        columns = [names, value, error, low, high, *odds]
        return pd.DataFrame(dict(zip(COLUMNS, columns, strict=True)))


def pair_covariates(votes: Votes, covariates: Covariates) -> dict[str, Array]:
    """Return the covariates of pairs of members, each symmetric, shape (n, n), zero diagonal.

    Parameters
    ----------
    votes : Votes
    covariates : sequence of str, or mapping from names to arrays
        As ``CouplingRegression`` takes them.

    Raises
    ------
    InputError
        No covariates, columns that are not there, or arrays of another shape.

    Examples
    --------
    >>> votes = Votes([[1, 1, -1], [1, -1, -1]])
    >>> pair_covariates(votes, {"state": ["NY", "", "NY"]})["state"][0].tolist()
    [0.0, 0.0, 1.0]
    """
    if not len(covariates):
        raise InputError("covariates is empty; name at least one, such as 'party'.")
    if isinstance(covariates, Mapping):
        given = dict(covariates)
    else:
        known = list(votes.members.columns)
        other = [name for name in covariates if name not in known]
        if other:
            raise InputError(
                f"the members have no column {str(other[0])[:200]!r}; allowed: {', '.join(known)}."
            )
        given = {name: votes.members[name].to_numpy() for name in covariates}
    return {str(name): _pairs(str(name), each, votes.n_members) for name, each in given.items()}


class _Found(NamedTuple):
    """Effects, then fields, and their covariance."""

    value: Array
    covariance: Array


def _pairs(name: str, given: ArrayLike, n: int) -> Array:
    values = np.asarray(given)
    if values.shape == (n, n) and n > 1:
        matrix = _numbers(name, values)
        if not np.allclose(matrix, matrix.T, rtol=1e-9, atol=1e-12):
            raise InputError(
                f"the covariate {name!r} is a matrix that is not symmetric; couplings have no "
                "direction: give x + x.T."
            )
        matrix = (matrix + matrix.T) / 2
    elif values.shape != (n,):
        raise InputError(
            f"the covariate {name!r} has shape {values.shape}; allowed: one value per member, "
            f"({n},), or one per pair, ({n}, {n})."
        )
    elif values.dtype.kind in "iuf":
        numbers = _numbers(name, values)
        spread = float(numbers.std())
        matrix = -np.abs(numbers[:, None] - numbers) / (spread if spread > 0 else 1.0)
    else:
        text = pd.Series(values).fillna("").astype(str).to_numpy(dtype=object)
        matrix = ((text[:, None] == text) & (text != "")).astype(np.float64)
    np.fill_diagonal(matrix, 0.0)
    return matrix


def _numbers(name: str, values: NDArray[Any]) -> Array:
    try:
        numbers = values.astype(np.float64)
    except (TypeError, ValueError):
        raise InputError(f"the covariate {name!r} holds values that are no numbers.") from None
    if not np.isfinite(numbers).all():
        raise InputError(
            f"the covariate {name!r} has values that are missing or not finite; fill them in, or "
            "leave those members out."
        )
    return numbers


def _require_independent(terms: Mapping[str, Array]) -> None:
    n = len(next(iter(terms.values())))
    upper = np.triu_indices(n, 1)
    kept: list[Array] = []
    for name, matrix in terms.items():
        kept.append(matrix[upper])
        if np.linalg.matrix_rank(np.stack(kept)) < len(kept):
            raise InputError(
                f"the covariate {name!r} is the same for all pairs, or a sum of those before it, "
                "so that its effect cannot be told from theirs; leave it out."
            )


def _fitted(matrix: Array, terms: list[Array], fields: bool) -> _Found:
    """Return the maximum of the pseudolikelihood by Newton steps, and the sandwich over roll calls.

    A cell's margin is ``2 s_ti (sum_k b_k sum_j x_kij s_tj + h_i)``, linear in what is fitted.
    """
    rollcall, member = np.nonzero(matrix)
    spin = matrix[rollcall, member]
    design = np.stack([2 * spin * (matrix @ each)[rollcall, member] for each in terms], axis=1)
    count, n = design.shape[1], matrix.shape[1]
    size = count + (n if fields else 0)
    ridge = np.zeros(size)
    ridge[count:] = FIELD_RIDGE
    value = np.zeros(size)

    def margins(at: Array) -> Array:
        own = design @ at[:count]
        return own + 2 * spin * at[count:][member] if fields else own

    def cost(at: Array) -> float:
        return float(np.logaddexp(0, -margins(at)).sum() + 0.5 * (ridge * at**2).sum())

    last = cost(value)
    for _ in range(MOST_STEPS):
        surprise = expit(-margins(value))
        slope = _slope(design, surprise, spin, member, size) - ridge * value
        step = np.linalg.solve(_curvature(design, surprise, spin, member, ridge), slope)
        share = 1.0
        while (reached := cost(value + share * step)) > last and share > CONVERGED:
            share /= 2
        value = value + share * step
        if last - reached < CONVERGED * abs(last) and np.abs(share * step).max() < 1e-6:
            break
        last = reached
    surprise = expit(-margins(value))
    scores = np.zeros((len(matrix), size))
    for k in range(count):
        scores[:, k] = np.bincount(rollcall, design[:, k] * surprise, len(matrix))
    if fields:
        scores[rollcall, count + member] = 2 * spin * surprise
    change = np.linalg.solve(_curvature(design, surprise, spin, member, ridge), scores.T)
    change -= change.mean(axis=1, keepdims=True)
    rollcalls = len(matrix)
    return _Found(value, change @ change.T * (rollcalls / (rollcalls - 1)))


def _slope(
    design: Array, surprise: Array, spin: Array, member: NDArray[np.int64], size: int
) -> Array:
    own = design.T @ surprise
    if size == len(own):
        return np.asarray(own)
    return np.concatenate([own, np.bincount(member, 2 * spin * surprise, size - len(own))])


def _curvature(
    design: Array, surprise: Array, spin: Array, member: NDArray[np.int64], ridge: Array
) -> Array:
    weight = surprise * (1 - surprise)
    count, size = design.shape[1], len(ridge)
    matrix = np.diag(ridge)
    matrix[:count, :count] += design.T @ (weight[:, None] * design)
    if size > count:
        n = size - count
        for k in range(count):
            across = np.bincount(member, 2 * spin * weight * design[:, k], n)
            matrix[k, count:] += across
            matrix[count:, k] += across
        own = np.arange(count, size)
        matrix[own, own] += np.bincount(member, 4 * weight, n)
    return matrix
