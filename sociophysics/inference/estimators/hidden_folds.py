"""Settings of a fit chosen by votes that are hidden from it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import pandas as pd

from sociophysics.inference.estimators.objective import best_penalty, searched
from sociophysics.store import steps
from sociophysics.store.steps import Arrays

__all__ = ["HIDDEN_SHARE", "HiddenFolds", "best_of", "best_of_priors"]

HIDDEN_SHARE = 0.1
ENOUGH_HIDDEN = 5000  # hidden votes, over all folds, that tell settings apart


class HiddenFolds:
    """How probable a fit makes the votes hidden from it, on average over folds.

    Parameters
    ----------
    label : str
        Which computation a fold is, as ``store.steps`` knows it.
    held_out : function of the shared values, the setting's and a fold's number
        Returns the mean log-likelihood of the fold's hidden votes as ``score``.
    shared : sequence
        What all folds are given.
    votes : int
        Recorded votes: the fewer there are, the more folds.
    most : int
        Folds at most.

    Examples
    --------
    >>> def held_out(base, exponent, fold):
    ...     return {"score": np.array(base**exponent + fold)}
    >>> folds = HiddenFolds("power", held_out, [2.0], votes=30_000)
    >>> folds.score(3), folds.table("exponent").to_dict("list")
    (8.5, {'exponent': [3], 'log_likelihood': [8.5]})
    """

    def __init__(
        self,
        label: str,
        held_out: Callable[..., Arrays],
        shared: Sequence[Any],
        *,
        votes: int,
        most: int = 5,
    ) -> None:
        self._label, self._held_out, self._shared = label, held_out, shared
        self._folds = range(int(np.clip(np.ceil(ENOUGH_HIDDEN / (HIDDEN_SHARE * votes)), 1, most)))
        self._tried: dict[tuple[float, ...], float] = {}

    def score(self, *setting: float) -> float:
        """Return the mean log-likelihood of a hidden vote at a setting; higher is better."""
        if setting not in self._tried:
            shared = [*self._shared, *setting]
            each = steps(self._label, self._held_out, shared, self._folds)
            self._tried[setting] = float(np.mean([float(found["score"]) for found in each]))
        return self._tried[setting]

    def table(self, *names: str) -> pd.DataFrame:
        """Return the settings that were tried, under these names, with ``log_likelihood``."""
        rows = [(*setting, value) for setting, value in self._tried.items()]
        return pd.DataFrame(rows, columns=[*names, "log_likelihood"])


def best_of(penalties: Sequence[float], score: Callable[[float], float]) -> float:
    """Return the penalty of the highest score, refined between those of the grid.

    Examples
    --------
    >>> round(best_of([1.0, 0.1, 0.01], lambda l2: -(np.log10(l2 / 0.1) ** 2)), 9)
    0.1
    """
    tried, scores = searched(penalties, score)
    return best_penalty(tried, np.array(scores))


def best_of_priors(priors: Sequence[float], score: Callable[[float], float]) -> float:
    """Return the prior's standard deviation of the highest score, refined likewise.

    Of a prior the inverse is the penalty: it is stronger where it is smaller.

    Examples
    --------
    >>> round(best_of_priors([1.2, 2.4, 4.8], lambda prior: -(np.log(prior / 5) ** 2)), 9)
    5.0
    """
    exact = {1 / prior: float(prior) for prior in priors}  # 1 / (1 / x) is not always x
    tried, scores = searched(
        list(exact), lambda penalty: score(exact.setdefault(penalty, 1 / penalty))
    )
    return best_penalty([exact[penalty] for penalty in tried], np.array(scores))
