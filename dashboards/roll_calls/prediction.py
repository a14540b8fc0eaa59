"""How well the couplings predict votes that no model has seen, beside simpler models."""

from __future__ import annotations

import math

import pandas as pd
import solara

from sociophysics.live.fitted_chamber import FittedChamber

from ..glossary import Term, shown
from ..markup import tag
from .words import MODELS, SCORES

__all__ = ["Prediction", "best", "prediction_sentence"]

TESTS = {
    "cells": "Hidden: 15 % of the votes, at random; each is predicted from the other votes on its "
    "roll call.",
    "rollcalls": "Hidden: the last fifth of the roll calls; each member is predicted from the "
    "others.",
}


def best(table: pd.DataFrame, score: str) -> set[str]:
    """Return the models that are best by a score, to the three digits that are shown.

    Examples
    --------
    >>> table = pd.DataFrame({"model": ["a", "b", "c"], "ece": [0.01, 0.0101, 0.2]})
    >>> sorted(best(table, "ece"))
    ['a', 'b']
    """
    known = table[table[score].notna()]
    if known.empty:
        return set()
    rounded = known[score].round(3)
    top = rounded.max() if SCORES[score] else rounded.min()
    return set(known["model"][rounded == top])


def prediction_sentence(table: pd.DataFrame) -> str:
    """Return what the table says in one sentence."""
    rows = table.set_index("model")
    told = f"The couplings predict {rows.loc['PseudoLikelihood', 'accuracy']:.1%} of hidden votes"
    rivals = {
        "party": "the party line",
        "IdealPoints-1D": "places on one line",
        "IdealPoints-3D": "places in three dimensions",
    }
    parts = [
        f"{name} {rows.loc[model, 'accuracy']:.1%}"
        for model, name in rivals.items()
        if model in rows.index
    ]
    return f"{told}; {', '.join(parts)}.".replace("%", " %")


@solara.component
def Prediction(fitted: FittedChamber) -> None:
    """Show the table, the best of each column marked."""
    table = fitted.evaluation
    winners = {score: best(table, score) for score in SCORES}
    heads = [tag("th", "Model"), *(tag("th", Term(f"score_{s}"), css="sp-right") for s in SCORES)]
    rows = []
    for row in table.to_dict("records"):
        model = str(row["model"])
        ours = model == "PseudoLikelihood"
        name = Term(f"model_{model}") if model in MODELS else model
        cells = [tag("td", name)]
        for score in SCORES:
            won = model in winners[score]
            text, sd = f"{float(row[score]):.3f}", float(row.get(f"{score}_sd", math.nan))
            parts = [tag("span", "best ", css="sp-rc-best-word")] if won else []
            parts.append(tag("span", text.replace("nan", "–")))
            parts += [] if math.isnan(sd) else [tag("span", f" ±{sd:.3f}", css="sp-rc-sd")]
            cells.append(tag("td", *parts, css="sp-right" + (" sp-rc-best" if won else "")))
        rows.append(tag("tr", *cells, css="sp-rc-ours" if ours else ""))
    tag("p", prediction_sentence(table), css="sp-rc-seen")
    tag(
        "div",
        tag("table", tag("thead", tag("tr", *heads)), tag("tbody", *rows), css="sp-table"),
        css="sp-scroll",
    )
    tag("p", _how(table), css="sp-note")


def _how(table: pd.DataFrame) -> str:
    test = str(table["test"].iloc[0])
    seeds = int(table["seeds"].iloc[0])
    told = TESTS.get(test, "") + " No model saw them, nor did its tuning. The best are marked."
    if seeds > 1:
        return f"{told} Means over {seeds} draws of hidden votes, ± their standard deviation."
    cells = int(table["n_cells"].iloc[0])
    accuracy = float(table["accuracy"].max())
    error = 1.96 * math.sqrt(accuracy * (1 - accuracy) / cells)
    return (
        f"{told} One draw of {cells:,} votes: an accuracy is known to about ±{shown(error, 2)} "
        "(95 %, if votes were independent; they are not quite, so somewhat less well)."
    )
