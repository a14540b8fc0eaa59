"""How good predicted probabilities of votes are: the columns of the evaluation table."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.stats import rankdata

__all__ = ["SCORES", "area_under_curve", "expected_calibration_error", "score_cells"]

Array = NDArray[np.float64]

SCORES = ("accuracy", "apre", "gmp", "log_likelihood", "brier", "ece", "auc", "auc_within")
CLIP = 1e-6
BINS = 10


def score_cells(
    probability: Array, matrix: NDArray[np.int8], cells: NDArray[np.bool_]
) -> dict[str, float]:
    """Return the scores of P(+1) on the marked cells.

    * ``accuracy``: share of votes on the more probable side; a probability of 1/2 counts half;
    * ``apre``: ``1 - errors / minority votes``, the minority being the smaller side of the whole
      roll call (Poole & Rosenthal's aggregate proportional reduction in error);
    * ``log_likelihood``: mean log probability of the recorded vote, with probabilities kept
      within 1e-6 of 0 and 1; ``gmp`` is its exponential, the geometric mean probability;
    * ``brier``: mean squared difference of probability and vote;
    * ``ece``: calibration error over ten bins of equal width, weighted by their votes;
    * ``auc``: chance that a yea has a higher probability than a nay, over all cells;
      ``auc_within``: the same over pairs on the same roll call. Members who all follow the
      others' majority score below 1/2 in it, since each yea sees one yea fewer than each nay does.

    Parameters
    ----------
    probability, matrix, cells : arrays, shape (roll calls, members)

    Examples
    --------
    >>> votes = np.array([[1, 1, -1]], np.int8)
    >>> scores = score_cells(np.array([[0.9, 0.8, 0.2]]), votes, votes != 0)
    >>> scores["accuracy"], scores["apre"], scores["auc"]
    (1.0, 1.0, 1.0)
    """
    p = np.clip(probability[cells], CLIP, 1 - CLIP)
    yea = matrix[cells] > 0
    right = np.where(p == 0.5, 0.5, (p > 0.5) == yea)
    total = matrix.sum(axis=1, dtype=np.int64)
    minority = (np.where(total >= 0, -1, 1)[:, None] == matrix)[cells].sum()
    log_likelihood = float(np.where(yea, np.log(p), np.log1p(-p)).mean())
    return {
        "accuracy": float(right.mean()),
        "apre": float(1 - (1 - right).sum() / minority) if minority else float("nan"),
        "gmp": float(np.exp(log_likelihood)),
        "log_likelihood": log_likelihood,
        "brier": float(((p - yea) ** 2).mean()),
        "ece": expected_calibration_error(p, yea),
        "auc": area_under_curve(p, yea),
        "auc_within": _auc_within(probability, matrix, cells),
    }


def expected_calibration_error(probability: Array, yea: NDArray[np.bool_]) -> float:
    """Return the mean over ten bins of ``|share of yeas - mean probability|``, by votes.

    Examples
    --------
    >>> expected_calibration_error(np.array([0.75, 0.75]), np.array([True, False]))
    0.25
    """
    bins = np.minimum((probability * BINS).astype(int), BINS - 1)
    gap = np.bincount(bins, yea - probability, BINS)
    return float(np.abs(gap).sum() / len(probability))


def area_under_curve(probability: Array, yea: NDArray[np.bool_]) -> float:
    """Return the chance that a yea's probability exceeds a nay's; a tie counts half.

    Examples
    --------
    >>> area_under_curve(np.array([0.9, 0.4, 0.6]), np.array([True, True, False]))
    0.5
    """
    pairs = int(yea.sum()) * int((~yea).sum())
    return _wins(probability, yea) / pairs if pairs else float("nan")


def _wins(probability: Array, yea: NDArray[np.bool_]) -> float:
    count = int(yea.sum())
    return float(rankdata(probability)[yea].sum() - count * (count + 1) / 2)


def _auc_within(probability: Array, matrix: NDArray[np.int8], cells: NDArray[np.bool_]) -> float:
    row, _ = np.nonzero(cells)
    p, yea = probability[cells], matrix[cells] > 0
    order = np.lexsort((p, row))
    row, p, yea = row[order], p[order], yea[order]
    starts = np.flatnonzero(np.concatenate([[True], (np.diff(row) != 0) | (np.diff(p) != 0)]))
    sizes = np.diff(np.append(starts, len(p)))
    votes = np.bincount(row, minlength=len(cells))
    before = np.cumsum(votes) - votes  # cells of earlier roll calls
    rank = np.repeat(starts + (sizes + 1) / 2, sizes) - before[row]  # ties share their mean rank
    yeas = np.bincount(row, yea, len(cells))
    pairs = float((yeas * (votes - yeas)).sum())
    wins = float(rank[yea].sum() - (yeas * (yeas + 1) / 2).sum())
    return wins / pairs if pairs else float("nan")
