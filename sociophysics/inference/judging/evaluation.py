"""One call, one table: how well models predict votes they have not seen.

Two tests. *Held-out cells*: 15 % of the observed votes on contested roll calls are hidden, all
together, from fitting and from prediction; each is predicted from the other votes on its roll
call. *Later roll calls*: models are fitted to the first 80 % of the contested roll calls, and on
the rest each member is predicted from the others.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple, Protocol

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from sociophysics.errors import InputError
from sociophysics.inference.estimators.baselines import IndependentSpins, Majority, PartyLine
from sociophysics.inference.estimators.ideal_points import IdealPoints
from sociophysics.inference.judging.holdout import (
    MINORITY,
    Split,
    hidden_cells,
    split,
    without_cells,
)
from sociophysics.inference.judging.scores import SCORES, score_cells
from sociophysics.rollcall.votes import Votes, as_votes

__all__ = [
    "COLUMNS", "Model", "Predictions", "averaged", "chances", "evaluate", "evaluate_seeds",
    "leakage", "predictions", "scored",
]  # fmt: skip

Array = NDArray[np.float64]

COLUMNS = ("model", "test", "seed", "n_cells", *SCORES)
PROBED_MEMBERS = 3
PROBED_ROLLCALLS = 20
SAME = 1e-6


class Model(Protocol):
    """What is evaluated: an estimator in scikit-learn's manner."""

    def fit(self, votes: Votes, /) -> Any:
        """Learn from votes."""

    def predict_proba(self, votes: Votes, /) -> Array:
        """Return P(+1 | the other members' votes)."""

    def get_params(self, deep: bool = True) -> dict[str, Any]:
        """Return what ``__init__`` was given."""


def evaluate(
    votes: Votes | pd.DataFrame | ArrayLike,
    models: Sequence[Model] = (),
    *,
    test: str = "cells",
    seed: int = 0,
) -> pd.DataFrame:
    """Return the scores of models and baselines on votes they have not seen, one row per model.

    The rows ``majority``, ``party``, ``independent`` and ``IdealPoints-1D`` to ``-3D`` come first.
    Every model is built anew from its parameters and sees the training votes only, so whatever it
    tunes is tuned on those.

    Parameters
    ----------
    votes : Votes, or array of shape (roll calls, members)
        Roll calls with a minority of less than 2.5 % are left out.
    models : sequence of estimators
        Named in the table by class, with a number from the second of a class on.
    test : {"cells", "rollcalls"}
    seed : int
        Which cells are hidden; later roll calls are the same for every seed.

    Returns
    -------
    DataFrame
        Columns model, test, seed, n_cells and the scores of `score_cells`.

    Raises
    ------
    InputError
        An unknown test, too few votes, a model that holds votes among its parameters, or, for
        later roll calls, one whose prediction for a member changes with that member's own vote.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> table = evaluate(np.where(rng.random((30, 6)) < 0.5, 1, -1))
    >>> table["model"].tolist()[:3]
    ['majority', 'party', 'independent']
    """
    return scored(predictions(votes, models, test=test, seed=seed))


class Predictions(NamedTuple):
    """What models say of votes they have not seen: P(+1), (roll calls, members), by model."""

    test: str
    seed: int
    parts: Split
    probability: dict[str, Array]
    fitted: dict[str, Any]


def predictions(
    votes: Votes | pd.DataFrame | ArrayLike,
    models: Sequence[Model] = (),
    *,
    test: str = "cells",
    seed: int = 0,
) -> Predictions:
    """Return what ``evaluate`` scores: the baselines' and the models' probabilities.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> found = predictions(np.where(rng.random((30, 6)) < 0.5, 1, -1))
    >>> found.probability["majority"].shape
    (29, 6)
    """
    parts = split(votes, test=test, seed=seed)
    probability, fitted = {}, {}
    for name, model in _named(models, parts.truth.n_members):
        probability[name], fitted[name] = _predicted(model, parts, name, test)
    return Predictions(test, seed, parts, probability, fitted)


def chances(fitted: Any, given: Votes, test: str) -> Array:
    """Return P(+1) of the votes to be scored, shape (roll calls, members).

    Of hidden cells, models that have ``predict_missing`` are asked for these alone.
    """
    predict = fitted.predict_proba
    if test == "cells":
        predict = getattr(fitted, "predict_missing", predict)
    return np.asarray(predict(given), dtype=np.float64)


def scored(found: Predictions) -> pd.DataFrame:
    """Return the scores of predictions, one row per model."""
    cells, truth = found.parts.cells, found.parts.truth
    head = {"test": found.test, "seed": found.seed, "n_cells": int(cells.sum())}
    rows = [
        {"model": name} | head | score_cells(probability, truth.matrix, cells)
        for name, probability in found.probability.items()
    ]
    table = pd.DataFrame(rows, columns=list(COLUMNS))
    table.attrs["polarity"] = truth.polarity
    table.attrs["notes"] = truth.notes
    return table


def evaluate_seeds(
    votes: Votes | pd.DataFrame | ArrayLike,
    models: Sequence[Model] = (),
    *,
    test: str = "cells",
    seeds: Iterable[int] = range(5),
) -> pd.DataFrame:
    """Return mean and standard deviation over seeds of every score, one row per model.

    Parameters
    ----------
    votes : Votes, DataFrame or array, shape (roll calls, members)
    models : sequence of estimators
        The baselines are always added.
    test : {"cells", "rollcalls"}
        What is held out.
    seeds : iterable of int
        One evaluation each.

    Returns
    -------
    DataFrame
        Columns model, test, seeds, and for each score ``s`` its mean ``s`` and ``s_sd``.

    Raises
    ------
    InputError
        No seed, or as ``evaluate``.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> table = evaluate_seeds(np.where(rng.random((30, 6)) < 0.5, 1, -1), seeds=[0, 1])
    >>> list(table.columns[:5])
    ['model', 'test', 'seeds', 'accuracy', 'accuracy_sd']
    """
    tables = [evaluate(votes, models, test=test, seed=seed) for seed in seeds]
    if not tables:
        raise InputError("seeds is empty; give at least one seed.")
    return averaged(tables, test)


def averaged(tables: Sequence[pd.DataFrame], test: str) -> pd.DataFrame:
    """Return mean and standard deviation over tables of ``evaluate``, one row per model."""
    scores = pd.concat(tables, ignore_index=True)
    groups = scores.groupby("model", sort=False)[list(SCORES)]
    mean, sd = groups.mean(), groups.std(ddof=1)
    columns: dict[str, Any] = {"model": list(mean.index), "test": test, "seeds": len(tables)}
    for name in SCORES:
        columns[name] = mean[name].to_numpy()
        columns[f"{name}_sd"] = sd[name].to_numpy()
    return pd.DataFrame(columns)


def leakage(votes: Votes | pd.DataFrame | ArrayLike, model: Model, *, seed: int = 0) -> float:
    """Return the largest change of a prediction when all hidden votes are reversed.

    Splitting, tuning, fitting and predicting are done twice, with the held-out votes as they are
    and reversed. Where no hidden vote reaches a model or what it tunes, the result is exactly 0.

    Parameters
    ----------
    votes : Votes, DataFrame or array, shape (roll calls, members)
    model : estimator
    seed : int
        Of the cells that are hidden.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> leakage(np.where(rng.random((30, 6)) < 0.5, 1, -1), IdealPoints(1))
    0.0
    """
    data = as_votes(votes).contested(MINORITY)
    cells = hidden_cells(data, seed)
    reverse = data.replace(matrix=np.where(cells, -data.matrix, data.matrix))
    first, second = (
        chances(_rebuilt(model).fit(parts.train), parts.given, "cells")
        for parts in (without_cells(data, cells), without_cells(reverse, cells))
    )
    return float(np.abs(first - second)[cells].max())


def _named(models: Sequence[Model], members: int) -> list[tuple[str, Model]]:
    named: list[tuple[str, Model]] = [
        ("majority", Majority()),
        ("party", PartyLine()),
        ("independent", IndependentSpins()),
    ]
    named += [(f"IdealPoints-{d}D", IdealPoints(d)) for d in (1, 2, 3) if d < members]
    seen: dict[str, int] = {}
    for model in models:
        name = type(model).__name__
        seen[name] = seen.get(name, 0) + 1
        named.append((name if seen[name] == 1 else f"{name}-{seen[name]}", model))
    return named


def _predicted(model: Model, parts: Split, name: str, test: str) -> tuple[Array, Any]:
    _check_parameters(model, parts.truth, name)
    fitted = _rebuilt(model).fit(parts.train)
    probability = chances(fitted, parts.given, test)
    if probability.shape != parts.truth.matrix.shape or np.isnan(probability[parts.cells]).any():
        raise InputError(
            f"{name}.predict_proba returned shape {probability.shape}, or NaN, for votes of shape "
            f"{parts.truth.matrix.shape}; it must return P(+1), roll calls x members."
        )
    if test == "rollcalls":
        _check_own_vote(fitted, parts, probability, name)
    return probability, fitted


def _rebuilt(model: Model) -> Any:
    return type(model)(**model.get_params(deep=False))


def _check_parameters(model: Model, truth: Votes, name: str) -> None:
    if not hasattr(model, "get_params"):
        raise InputError(
            f"{name} has no get_params; models are estimators in scikit-learn's "
            "manner: give it fit, predict_proba and get_params."
        )
    for key, value in model.get_params().items():
        shape = getattr(value, "shape", None)
        if isinstance(value, Votes) or shape in (truth.matrix.shape, truth.matrix.T.shape):
            raise InputError(
                f"the parameter {key} of {name} holds votes, which may be those it is tested on; "
                "models get votes through fit only: leave it out."
            )


def _check_own_vote(fitted: Any, parts: Split, probability: Array, name: str) -> None:
    """Raise if a prediction changes when the vote that it predicts is hidden."""
    rows = np.unique(np.linspace(0, len(parts.cells) - 1, PROBED_ROLLCALLS).astype(int))
    given, cells = parts.given.select(rollcalls=rows), parts.cells[rows]
    for i in np.argsort(-cells.sum(axis=0), kind="stable")[:PROBED_MEMBERS]:
        own = np.zeros_like(cells)
        own[:, i] = True
        blind = fitted.predict_proba(given.hide(own))[:, i]
        change = np.abs(blind - probability[rows, i])[cells[:, i]].max(initial=0.0)
        if change > SAME:
            raise InputError(
                f"{name}.predict_proba uses the vote that it predicts (hiding it changes a "
                f"probability by {change:.2g}); predict each member from the others only."
            )
