"""Does a fitted chamber generate votes like those recorded? Moments and numbers of yeas."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from sociophysics import streams
from sociophysics.inference.estimators.boltzmann import OVERLAP, pair_fit
from sociophysics.inference.estimators.mean_field_couplings import moments
from sociophysics.inference.estimators.training import training_votes
from sociophysics.rollcall.votes import Votes

__all__ = ["generative_checks", "three_body", "yea_distribution"]

Array = NDArray[np.float64]

TRIPLES = 3000
BINS = 20


def generative_checks(
    votes: Votes | pd.DataFrame | ArrayLike, spins: NDArray[np.int8], *, seed: int = 0
) -> pd.DataFrame:
    """Return how simulated votes compare with recorded ones, beside two yardsticks.

    Parameters
    ----------
    votes : Votes, or array of shape (roll calls, members)
    spins : int8 array, shape (draws, members)
        Simulated votes, such as the samples of ``temper`` at temperature 1.
    seed : int
        Of the triples, the attendance of simulated roll calls, and the shuffles.

    Returns
    -------
    DataFrame
        Rows: ``model``; ``shuffled``, each member's votes permuted over roll calls, which keeps
        means only; ``resampled``, one half of the roll calls against the other, the noise of the
        data. Columns: ``pair_r``, ``pair_rmse``, ``pair_slope`` of <s_i s_j>; ``three_body_r`` and
        ``three_body_slope`` of the connected moments of 3,000 triples; ``yeas_tv``, the total
        variation between the distributions of the number of yeas.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> side = rng.choice([-1, 1], (400, 1))
    >>> votes = np.where(rng.random((400, 6)) < 0.8, side, -side).astype(np.int8)
    >>> table = generative_checks(votes, votes)
    >>> table.loc["model", ["pair_rmse", "yeas_tv"]].tolist()
    [0.0, 0.0]
    """
    data = training_votes(votes).matrix
    rng = streams.generator(seed, "null")
    order = rng.permutation(len(data))
    half = len(data) // 2
    shuffled = _shuffled(data, rng)
    rows = {
        "model": _compare(data, spins, seed),
        "shuffled": _compare(data, shuffled, seed),
        "resampled": _compare(data[order[:half]], data[order[half:]], seed),
    }
    table = pd.DataFrame(rows).T
    table.index.name = "source"
    return table


def three_body(matrix: NDArray[Any], triples: NDArray[np.int64]) -> Array:
    """Return connected moments ``<(s_i - m_i)(s_j - m_j)(s_k - m_k)>``, shape (len(triples),).

    Over the roll calls on which all three voted; missing votes are 0.

    Examples
    --------
    >>> votes = np.array([[1, 1, 1], [1, -1, -1], [-1, 1, -1], [-1, -1, 1]])
    >>> three_body(votes, np.array([[0, 1, 2]]))
    array([1.])
    """
    seen = np.asarray(matrix) != 0
    count = np.maximum(seen.sum(axis=0), 1)
    spread = np.where(seen, matrix - matrix.sum(axis=0, dtype=float) / count, 0.0)
    total, together = np.empty(len(triples)), np.empty(len(triples))
    # member by member, so that memory stays at a few columns
    spread, seen = np.asfortranarray(spread), np.asfortranarray(seen)
    for row, (i, j, k) in enumerate(triples):
        total[row] = (spread[:, i] * spread[:, j]) @ spread[:, k]
        together[row] = (seen[:, i] & seen[:, j] & seen[:, k]).sum()
    connected: Array = total / np.maximum(together, 1)
    return connected


def yea_distribution(matrix: NDArray[Any], bins: int | None = None) -> tuple[Array, Array]:
    """Return the centres of bins of the share of yeas among votes cast, and their chances.

    Chambers of up to 20 members have one bin per number of yeas, larger ones 20 bins.

    Examples
    --------
    >>> yea_distribution(np.array([[1, 1], [1, -1], [-1, 1], [-1, -1]]))[1]
    array([0.25, 0.5 , 0.25])
    """
    n = matrix.shape[1]
    bins = bins or (n + 1 if n < BINS else BINS)
    cast = np.maximum((matrix != 0).sum(axis=1), 1)
    share = (matrix > 0).sum(axis=1) / cast
    place = np.minimum((share * bins).astype(int), bins - 1)
    chance: Array = np.bincount(place, minlength=bins) / len(matrix)
    return (np.arange(bins) + 0.5) / bins, chance


def _compare(data: NDArray[np.int8], spins: NDArray[np.int8], seed: int) -> dict[str, float]:
    rng = streams.generator(seed, "observables")
    pair = pair_fit(moments(data), spins)
    n = data.shape[1]
    triples = np.argsort(rng.random((TRIPLES, n)), axis=1)[:, :3] if n > 2 else None
    r = slope = float("nan")
    if triples is not None:
        together = ((data[:, triples] != 0).all(axis=2)).sum(axis=0) >= OVERLAP
        ours, theirs = (three_body(part, triples[together]) for part in (data, spins))
        covariance = np.cov(ours, theirs)
        spread = np.sqrt(covariance[0, 0] * covariance[1, 1])
        if spread > 0:
            r, slope = covariance[0, 1] / spread, covariance[0, 1] / covariance[0, 0]
    attending = spins
    if not (spins == 0).any():
        # simulated members are always there; recorded ones are not
        repeats = -(-len(data) * 20 // len(spins))
        attending = np.tile(spins, (max(1, repeats), 1)) if (data == 0).any() else spins
        if (data == 0).any():
            attending = attending * (data[rng.integers(len(data), size=len(attending))] != 0)
    chance, other = yea_distribution(data)[1], yea_distribution(attending)[1]
    return {
        "pair_r": pair.r,
        "pair_rmse": pair.rmse,
        "pair_slope": pair.slope,
        "three_body_r": float(r),
        "three_body_slope": float(slope),
        "yeas_tv": float(np.abs(chance - other).sum() / 2),
    }


def _shuffled(data: NDArray[np.int8], rng: np.random.Generator) -> NDArray[np.int8]:
    shuffled = data.copy()
    for column in shuffled.T:
        votes = np.flatnonzero(column)
        column[votes] = rng.permutation(column[votes])
    return shuffled
