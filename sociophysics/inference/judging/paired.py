"""Which model predicts better, and how sure that is: paired differences of held-out scores.

*Hidden cells*: each split gives one difference of two models' scores. Splits share training votes,
so that their differences agree too well; with ``k`` splits, each hiding the share ``q``, the
variance of the mean is ``(1/k + q/(1 - q)) s^2`` instead of ``s^2/k`` (Nadeau & Bengio 2003,
Machine Learning 52, 239). *Later roll calls* are one split: the difference is jackknifed over ten
blocks of consecutive roll calls, since votes on one bill are not independent.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray
from scipy.special import stdtrit

from sociophysics.inference.judging.evaluation import (
    Model,
    Predictions,
    averaged,
    predictions,
    scored,
)
from sociophysics.inference.judging.holdout import HIDDEN_SHARE
from sociophysics.inference.judging.scores import score_cells
from sociophysics.rollcall.votes import Votes

__all__ = ["COMPARED", "Verdicts", "compare", "paired_interval"]

Array = NDArray[np.float64]

COMPARED = ("gmp", "accuracy")
BLOCKS = 10
LEVEL = 0.95


class Verdicts(NamedTuple):
    """The table of scores, that of differences, and the dimensions ideal points chose, by split."""

    evaluation: pd.DataFrame
    comparison: pd.DataFrame
    dimensions: tuple[int, ...]


def compare(
    votes: Votes | pd.DataFrame | ArrayLike,
    models: Sequence[Model],
    pairs: Sequence[tuple[str, str]],
    *,
    test: str = "cells",
    seeds: Iterable[int] = range(5),
) -> Verdicts:
    """Return the table of ``evaluate_seeds`` and the paired differences of named models.

    Parameters
    ----------
    votes : Votes, DataFrame or array, shape (roll calls, members)
    models : sequence of estimators
        As in ``evaluate``.
    pairs : sequence of (model, against)
        Names as in the table of ``evaluate``; a pair whose models are not in it is left out.
    test : {"cells", "rollcalls"}
    seeds : iterable of int
        One split each; later roll calls are one split, whatever the seeds.

    Returns
    -------
    Verdicts
        ``comparison`` has columns model, against, score (``gmp``, ``accuracy``), ``difference``
        (positive: the model is better), its 95 % interval ``low``, ``high``, blank for a single
        split of cells, ``splits`` and ``verdict`` (better, worse, not told apart, one split).

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> votes = np.where(rng.random((30, 6)) < 0.5, 1, -1)
    >>> found = compare(votes, [], [("independent", "majority")], seeds=range(3))
    >>> found.comparison[["score", "splits"]].to_dict("list")
    {'score': ['gmp', 'accuracy'], 'splits': [3, 3]}
    """
    each = list(seeds)[: 1 if test == "rollcalls" else None]
    tables, dimensions, last = [], [], None
    for seed in each:
        last = predictions(votes, models, test=test, seed=seed)
        tables.append(scored(last))
        chosen = last.fitted.get("IdealPoints")
        dimensions += [] if chosen is None else [int(chosen.dimensions_)]
    assert last is not None  # seeds are given
    rows = []
    for model, against in pairs:
        if {model, against} <= set(last.probability):
            rows += [
                {"model": model, "against": against, "score": score, "splits": len(each)}
                | _difference(tables, last, model, against, score)
                for score in COMPARED
            ]
    columns = [
        "model", "against", "score", "difference", "low", "high", "splits", "verdict",
    ]  # fmt: skip
    comparison = pd.DataFrame(rows, columns=columns)
    return Verdicts(averaged(tables, test), comparison, tuple(dimensions))


def paired_interval(differences: Array, shared: float = 0.0) -> tuple[float, float]:
    """Return the 95 % t-interval of the mean of differences; NaN for fewer than two.

    Parameters
    ----------
    differences : array, shape (splits,)
    shared : float
        Test votes over training votes of a split; 0 for independent splits.

    Examples
    --------
    >>> low, high = paired_interval(np.array([1.0, 2.0, 3.0]))
    >>> round(low, 2), round(high, 2)
    (-0.48, 4.48)
    """
    k = len(differences)
    if k < 2:
        return float("nan"), float("nan")
    error = np.sqrt((1 / k + shared) * differences.var(ddof=1))
    return _around(float(differences.mean()), float(error), k)


def _around(mean: float, error: float, k: int) -> tuple[float, float]:
    width = float(stdtrit(k - 1, 0.5 + LEVEL / 2)) * error
    return mean - width, mean + width


def _difference(
    tables: Sequence[pd.DataFrame], last: Predictions, model: str, against: str, score: str
) -> dict[str, Any]:
    values = [table.set_index("model")[score] for table in tables]
    gaps = np.array([float(each[model] - each[against]) for each in values])
    if last.test == "rollcalls":
        low, high = _by_blocks(last, model, against, score, float(gaps[0]))
    else:
        low, high = paired_interval(gaps, HIDDEN_SHARE / (1 - HIDDEN_SHARE))
    verdict = "one split" if np.isnan(low) else "not told apart"
    verdict = "better" if low > 0 else "worse" if high < 0 else verdict
    return {"difference": float(gaps.mean()), "low": low, "high": high, "verdict": verdict}


def _by_blocks(
    found: Predictions, model: str, against: str, score: str, whole: float
) -> tuple[float, float]:
    """Return the interval of a difference, jackknifed over blocks of consecutive roll calls."""
    cells, matrix = found.parts.cells, found.parts.truth.matrix
    blocks = np.array_split(np.arange(len(cells)), min(BLOCKS, len(cells)))
    k = len(blocks)
    if k < 2:
        return float("nan"), float("nan")
    left = []
    for block in blocks:
        rest = np.delete(np.arange(len(cells)), block)
        a, b = (
            score_cells(found.probability[name][rest], matrix[rest], cells[rest])[score]
            for name in (model, against)
        )
        left.append(a - b)
    spread = np.array(left)
    error = float(np.sqrt((k - 1) / k * ((spread - spread.mean()) ** 2).sum()))
    return _around(whole, error, k)
