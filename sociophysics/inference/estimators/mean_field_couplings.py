"""Mean-field and TAP couplings from moments: initial guesses, not estimates.

Both invert the matrix of covariances. They are instant and qualitatively right at weak coupling;
in legislatures, whose couplings are strong, they are biased and have no honest errors.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Any, ClassVar, NamedTuple, Self

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from sociophysics.inference.estimators.training import OfCouplings, system_of, training_votes
from sociophysics.kinds import ESTIMATORS, key
from sociophysics.rollcall.votes import Votes

__all__ = ["TAP", "MeanField", "VoteMoments", "moments"]

Array = NDArray[np.float64]

LARGEST_MEAN = 0.999  # atanh of a mean of exactly one has no value


class VoteMoments(NamedTuple):
    """Means (n,), pair moments <s_i s_j> (n, n) and the roll calls both voted on (n, n)."""

    mean: Array
    pair: Array
    overlap: Array


def moments(matrix: NDArray[np.generic]) -> VoteMoments:
    """Return means and pair moments over the roll calls on which members voted.

    Pairs that never voted together have moment 0 and overlap 0.

    Examples
    --------
    >>> found = moments(np.array([[1, 1], [1, -1], [-1, 0]]))
    >>> found.mean.round(2), found.pair[0, 1]
    (array([0.33, 0.  ]), np.float64(0.0))
    """
    votes = np.asarray(matrix, dtype=float)
    observed = (votes != 0).astype(float)
    overlap = observed.T @ observed
    mean = votes.sum(axis=0) / np.maximum(np.diag(overlap), 1)
    return VoteMoments(mean, votes.T @ votes / np.maximum(overlap, 1), overlap)


@ESTIMATORS.register
@dataclass(eq=False, repr=False)
class MeanField(OfCouplings):
    """Initial guess of couplings: the negative inverse of the shrunken covariance matrix.

    ``J = -C^-1`` off the diagonal and ``h = atanh(m) - J m`` (Kappen & Rodriguez 1998, Neural
    Computation 10, 1137).

    Attributes
    ----------
    coupling_ : array, shape (n, n)
    field_ : array, shape (n,)
    system_ : SpinSystem
    n_features_in_ : int

    Examples
    --------
    >>> votes = [[1, 1, -1], [-1, -1, -1], [1, 1, 1], [-1, -1, 1]]
    >>> fit = MeanField(shrinkage=0.5).fit(votes)
    >>> bool(fit.coupling_[0, 1] > 0.5), bool(abs(fit.coupling_[0, 2]) < 1e-9)
    (True, True)
    """

    shrinkage: Annotated[
        float,
        key("Share by which moments are drawn to those of independent members.", gt=0, lt=1),
    ] = 0.3
    fields: Annotated[
        bool, key("Whether members have fields; without, means are taken as zero.")
    ] = False
    kind: ClassVar[str] = "mean_field"
    words: ClassVar[str] = "Initial guess of couplings: the inverse of the shrunken covariances."
    equation: ClassVar[str] = "J = -C^-1 off the diagonal, h = atanh(m) - J m."
    physics: ClassVar[str] = "naive mean-field inversion"

    def fit(self, votes: Votes | pd.DataFrame | ArrayLike, y: object = None) -> Self:
        """Invert the moments of ``votes``, shape (roll calls, members); return the estimator.

        Raises
        ------
        InputError
            Votes that are unanimous, too few, or not -1/0/+1; a shrinkage outside (0, 1).
        """
        data = training_votes(votes)
        found = moments(data.matrix)
        mean: Array = found.mean * ((1 - self.shrinkage) if self.fields else 0.0)
        np.clip(mean, -LARGEST_MEAN, LARGEST_MEAN, out=mean)
        pair = (1 - self.shrinkage) * found.pair
        np.fill_diagonal(pair, 1.0)
        covariance = _positive(pair - np.outer(mean, mean), self.shrinkage / 2)
        inverse: NDArray[Any] = np.linalg.inv(covariance)
        self.coupling_, self.field_ = self._invert(inverse, mean)
        if not self.fields:
            self.field_ = np.zeros(len(mean))
        self.system_ = system_of(self.coupling_, self.field_, data)
        self.n_features_in_ = len(mean)
        return self

    def _invert(self, inverse: Array, mean: Array) -> tuple[Array, Array]:
        coupling = -(inverse + inverse.T) / 2
        np.fill_diagonal(coupling, 0.0)
        return coupling, np.arctanh(mean) - coupling @ mean


@ESTIMATORS.register
@dataclass(eq=False, repr=False)
class TAP(MeanField):
    """Initial guess of couplings with the reaction term of Thouless, Anderson and Palmer.

    ``J_ij + 2 m_i m_j J_ij^2 = -(C^-1)_ij`` and ``h = atanh(m) - J m + m sum_j J_ij^2 (1 - m_j^2)``
    (Tanaka 1998, Phys. Rev. E 58, 2302). Without fields it equals :class:`MeanField`. Parameters
    and attributes are those of :class:`MeanField`.

    Examples
    --------
    >>> votes = [[1, 1, -1], [1, 1, -1], [1, 1, 1], [-1, -1, 1]]
    >>> TAP(fields=True).fit(votes).coupling_.shape
    (3, 3)
    """

    kind: ClassVar[str] = "tap"
    words: ClassVar[str] = "Initial guess of couplings: mean field with its reaction term."
    equation: ClassVar[str] = (
        "J_ij + 2 m_i m_j J_ij^2 = -(C^-1)_ij, h = atanh(m) - J m + m sum_j J_ij^2 (1 - m_j^2)."
    )
    physics: ClassVar[str] = "the equations of Thouless, Anderson and Palmer, inverted"

    def _invert(self, inverse: Array, mean: Array) -> tuple[Array, Array]:
        sum_ = (inverse + inverse.T) / 2
        discriminant = np.maximum(1 - 8 * np.outer(mean, mean) * sum_, 0.0)
        coupling = -2 * sum_ / (1 + np.sqrt(discriminant))
        np.fill_diagonal(coupling, 0.0)
        reaction = mean * (coupling**2 @ (1 - mean**2))
        return coupling, np.arctanh(mean) - coupling @ mean + reaction


def _positive(covariance: Array, least: float) -> Array:
    """Return the covariance with the eigenvalues that missing votes made too small lifted."""
    values, vectors = np.linalg.eigh(covariance)
    if values[0] > least:
        return covariance
    lifted: Array = (vectors * np.maximum(values, least)) @ vectors.T
    return lifted
