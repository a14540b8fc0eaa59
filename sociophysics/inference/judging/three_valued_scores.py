"""Which predicts hidden votes of three values better: the others' votes, or a place on a line."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from sociophysics import streams
from sociophysics.errors import InputError
from sociophysics.inference.estimators.objective import best_penalty, searched
from sociophysics.inference.estimators.three_valued import by_couplings, by_places, levels
from sociophysics.inference.judging.paired import paired_interval
from sociophysics.rollcall.votes import Votes

__all__ = ["compare_three_valued"]

Array = NDArray[np.float64]

L2_GRID = (1.0, 0.3, 0.1, 0.03)
PRIOR_GRID = (0.6, 1.2, 2.4)
HIDDEN_SHARE = 0.15


def compare_three_valued(
    votes: Votes | pd.DataFrame | ArrayLike,
    *,
    fields: bool = False,
    seeds: Iterable[int] = range(5),
) -> pd.DataFrame:
    """Return how well couplings and ordinal ideal points predict hidden three-valued votes.

    15 % of the observed votes are hidden from fitting and prediction; penalty and prior are chosen
    on votes hidden within the rest.

    Parameters
    ----------
    votes : Votes, or array or DataFrame of shape (roll calls, members)
        As of ``fit_three_valued``.
    fields : bool
    seeds : iterable of int
        One split each.

    Returns
    -------
    DataFrame
        Rows ``shares`` (each member's shares of the three), ``ordinal_1d`` and ``couplings``:
        ``gmp`` (the geometric mean of the chance of the vote cast), ``accuracy``, and ``better``,
        by how much the GMP of the couplings exceeds it, with its 95 % interval ``low``, ``high``,
        blank for one split.

    Raises
    ------
    InputError
        As ``fit_three_valued``, or no seed.

    Examples
    --------
    >>> votes = np.random.default_rng(0).choice([-1, 0, 1], (40, 5))
    >>> compare_three_valued(votes, seeds=[0])["model"].tolist()
    ['shares', 'ordinal_1d', 'couplings']
    """
    table = levels(votes)
    scores = [_scored(table, fields, seed) for seed in seeds]
    if not scores:
        raise InputError("seeds is empty; give at least one seed.")
    rows = []
    for model in scores[0]:
        gmp = np.array([each[model][0] for each in scores])
        gap = np.array([each["couplings"][0] for each in scores]) - gmp
        low, high = paired_interval(gap, HIDDEN_SHARE / (1 - HIDDEN_SHARE))
        rows.append(
            {
                "model": model,
                "gmp": gmp.mean(),
                "accuracy": float(np.mean([each[model][1] for each in scores])),
                "better": gap.mean(),
                "low": low,
                "high": high,
            }
        )
    return pd.DataFrame(rows)


def _hidden(table: Array, seed: int, fold: int) -> tuple[Array, NDArray[np.bool_]]:
    rng = streams.generator(seed, "fit", fold)
    seen = np.flatnonzero(~np.isnan(table))
    mask = np.zeros(table.shape, bool)
    mask.flat[rng.choice(seen, max(1, round(HIDDEN_SHARE * seen.size)), replace=False)] = True
    return np.where(mask, np.nan, table), mask


def _said(table: Array, chance: Array, mask: NDArray[np.bool_]) -> tuple[float, float]:
    z = (table[mask] + 1).astype(int)
    own = chance[mask][np.arange(len(z)), z]
    gmp = float(np.exp(np.log(np.maximum(own, 1e-6)).mean()))
    return gmp, float((chance[mask].argmax(axis=1) == z).mean())


def _scored(table: Array, fields: bool, seed: int) -> dict[str, tuple[float, float]]:
    kept, mask = _hidden(table, seed, 0)
    inner, tested = _hidden(kept, seed, 1)

    l2 = _best(
        L2_GRID, lambda each: np.log(_said(kept, by_couplings(inner, each, fields), tested)[0])
    )
    penalties = [1 / each for each in PRIOR_GRID]
    prior = 1 / _best(
        penalties, lambda each: np.log(_said(kept, by_places(inner, 1 / each), tested)[0])
    )
    counts = np.stack([(kept == z).sum(axis=0) + 0.5 for z in (-1, 0, 1)], axis=-1)
    shares = np.broadcast_to(counts / counts.sum(axis=-1, keepdims=True), (*table.shape, 3))
    return {
        "shares": _said(table, shares, mask),
        "ordinal_1d": _said(table, by_places(kept, prior), mask),
        "couplings": _said(table, by_couplings(kept, l2, fields), mask),
    }


def _best(grid: Sequence[float], score: Callable[[float], float]) -> float:
    tried, scores = searched(grid, score)
    return best_penalty(tried, np.array(scores))
