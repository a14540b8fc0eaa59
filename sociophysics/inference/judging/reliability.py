"""Do probabilities mean what they say? Predicted chances of held-out votes against what came."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

from sociophysics.inference.judging.evaluation import Model, chances
from sociophysics.inference.judging.holdout import split
from sociophysics.rollcall.votes import Votes
from sociophysics.statistics import share_interval

__all__ = ["calibration"]

BINS = 10


def calibration(
    votes: Votes | pd.DataFrame | ArrayLike,
    models: Sequence[Model],
    *,
    test: str = "cells",
    seed: int = 0,
) -> pd.DataFrame:
    """Return, per model and tenth of predicted P(+1), the share of held-out votes that were +1.

    Splitting is that of ``evaluate``. Columns ``model``, ``predicted`` (mean of the bin), ``share``
    with its exact 95 % interval ``low``, ``high``, and ``votes``; empty bins are left out.

    Examples
    --------
    >>> from sociophysics.inference.estimators.baselines import IndependentSpins
    >>> rng = np.random.default_rng(0)
    >>> calibration(np.where(rng.random((60, 6)) < 0.5, 1, -1), [IndependentSpins()])["votes"].sum()
    np.int64(53)
    """
    parts = split(votes, test=test, seed=seed)
    rows = []
    for model in models:
        rebuilt: Any = type(model)(**model.get_params(deep=False))
        chance = chances(rebuilt.fit(parts.train), parts.given, test)[parts.cells]
        yea = parts.truth.matrix[parts.cells] > 0
        place = np.minimum((chance * BINS).astype(int), BINS - 1)
        for number in np.unique(place):
            chosen = place == number
            _, low, high = share_interval(int(yea[chosen].sum()), int(chosen.sum()))
            rows.append(
                {
                    "model": type(model).__name__,
                    "predicted": float(chance[chosen].mean()),
                    "share": float(yea[chosen].mean()),
                    "low": low,
                    "high": high,
                    "votes": int(chosen.sum()),
                }
            )
    return pd.DataFrame(rows)
