r"""Pairs and the count: couplings with a potential of the number of yeas, for small chambers.

    ``P(s) ~ exp(sum_{i<j} J_ij s_i s_j + sum_i h_i s_i + V(K))``, ``K`` the number of yeas

(Tkacik, Marre, Amodei, Schneidman, Bialek & Berry 2014, PLoS Computational Biology 10, e1003408).
A constant in ``V``, a part linear in ``K`` and one quadratic in it are fields and couplings that
all members share; they are left to these, so that ``V`` is what no pairs can give and is 0 where
the law is pairwise. All patterns of the votes are enumerated: the fit is the exact maximum of the
likelihood, missing votes summed over, and its chances of every count are those recorded.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar, NamedTuple, Self

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray
from scipy.special import chdtrc, ndtri

from sociophysics.inference.estimators.pattern_likelihood import (
    Maximum,
    OfPatterns,
    maximum,
    pair_features,
    patterns,
    possible_patterns,
)
from sociophysics.kinds import ESTIMATORS
from sociophysics.rollcall.votes import Votes

__all__ = ["KPairwise"]

Array = NDArray[np.float64]


class CountTest(NamedTuple):
    """The likelihood ratio of the fit against pairs alone: statistic, degrees of freedom, p."""

    statistic: float
    freedom: int
    p: float


@ESTIMATORS.register
@dataclass(eq=False, repr=False)
class KPairwise(OfPatterns):
    """Couplings and a potential of the number of yeas, for at most 14 members.

    It says whether the count of yeas has more in it than pairs have, and makes no claim about
    single couplings: these change their meaning beside a potential. Patterns with a smaller
    minority than any that was recorded are taken to be impossible, as in files of contested votes.

    Attributes
    ----------
    counts_ : DataFrame
        One row per possible number of yeas: ``yeas``, the shares ``recorded``, ``pairs`` (of the
        fit without potential) and ``fitted``, and ``potential`` with ``error``, ``low``, ``high``.
        Without fields either side may be called yea, and the rows mirror each other.
    test_ : CountTest
        Against pairs alone: ``statistic``, ``freedom``, ``p`` by the chi-squared law.
    potential_ : array, shape (n + 1,)
        ``V``; 0 where no pattern is possible.
    coupling_, field_, system_, n_features_in_
        As of ``PseudoLikelihood``; without the potential they generate other votes.

    Examples
    --------
    Three members of whom one or two always say yea, and never more:

    >>> votes = np.array([[1, -1, -1], [-1, 1, -1], [-1, -1, 1], [1, 1, -1]] * 20)
    >>> fit = KPairwise(fields=True).fit(votes)
    >>> fit.counts_["yeas"].tolist(), fit.counts_["fitted"].round(2).tolist()
    ([1, 2], [0.75, 0.25])
    """

    kind: ClassVar[str] = "k_pairwise"
    words: ClassVar[str] = "Couplings and a potential of the number of yeas, to 14 members."
    equation: ClassVar[str] = "P(s) ~ exp(sum J_ij s_i s_j + sum h_i s_i + V(K)), K yeas."
    physics: ClassVar[str] = "the K-pairwise maximum entropy model"
    question: ClassVar[str] = "a potential of the count"
    instead: ClassVar[str] = "fewer members"

    def fit(self, votes: Votes | pd.DataFrame | ArrayLike, y: object = None) -> Self:
        """Fit couplings and potential and return the estimator.

        Raises
        ------
        InputError
            Votes that cannot be fitted, or more than 14 members.
        """
        data = self.few(votes)
        n = data.n_members
        matrix = data.matrix.astype(np.float64)
        whole = matrix[(matrix != 0).all(axis=1)]
        yeas = (whole > 0).sum(axis=1)
        least = int(np.minimum(yeas, n - yeas).min()) if len(whole) else 0
        states = patterns(n, least)
        count = (states > 0).sum(axis=1)
        shape = _shapes(n, least, self.fields)
        pairs = pair_features(states, self.fields)
        possible = possible_patterns(matrix, states)
        simple = maximum(pairs, possible)
        full = maximum(np.column_stack([pairs, shape[count]]), possible)
        size = pairs.shape[1]
        upper = np.triu_indices(n, 1)
        coupling: Array = np.zeros((n, n))
        coupling[upper] = full.value[: len(upper[0])]
        coupling += coupling.T
        field: Array = full.value[len(upper[0]) : size] if self.fields else np.zeros(n)
        self.keep(data, coupling, field, states, full.chance)
        self.potential_: Array = shape @ full.value[size:]
        self.counts_ = self._counts(shape, size, count, (simple, full))
        statistic = max(2 * (full.log_likelihood - simple.log_likelihood), 0.0)
        freedom = shape.shape[1]
        p = float(chdtrc(freedom, statistic)) if freedom else float("nan")
        self.test_ = CountTest(statistic, freedom, p)
        return self

    def _counts(
        self, shape: Array, size: int, count: NDArray[np.int64], fits: tuple[Maximum, Maximum]
    ) -> pd.DataFrame:
        simple, full = fits
        n = len(shape) - 1
        error = np.sqrt(np.einsum("ka,ab,kb->k", shape, full.covariance[size:, size:], shape))
        width = float(ndtri(0.5 + self.level / 2)) * error
        shares: list[Any] = [
            np.bincount(count, chance, n + 1)
            for chance in (full.recorded, simple.chance, full.chance)
        ]
        if not self.fields:
            shares = [(each + each[::-1]) / 2 for each in shares]
        columns = {
            "yeas": np.arange(n + 1), "recorded": shares[0], "pairs": shares[1],
            "fitted": shares[2], "potential": self.potential_, "error": error,
            "low": self.potential_ - width, "high": self.potential_ + width,
        }  # fmt: skip
        table = pd.DataFrame(columns)
        return table[np.isin(table["yeas"], count)].reset_index(drop=True)


def _shapes(n: int, least: int, fields: bool) -> Array:
    """Return orthonormal functions of the count, shape (n + 1, number), that pairs cannot give."""
    possible = np.arange(least, n - least + 1)
    x = 2.0 * possible - n
    given = [np.ones_like(x), x**2] + ([x] if fields else [])
    whole = np.eye(len(x))
    if not fields:  # either side may be called yea
        whole = (whole + whole[::-1])[: (len(x) + 1) // 2].T
    axes, size, _ = np.linalg.svd(np.stack(given, axis=1), full_matrices=False)
    basis = axes[:, size > 1e-9 * size[0]]
    left, singular, _ = np.linalg.svd(whole - basis @ (basis.T @ whole), full_matrices=False)
    kept = left[:, singular > 1e-9]
    shape = np.zeros((n + 1, kept.shape[1]))
    shape[possible] = kept
    return shape
