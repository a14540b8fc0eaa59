"""What a chamber's report says of its predictions: no more than its own table holds."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

import pandas as pd

from sociophysics.report import html

if TYPE_CHECKING:
    from sociophysics.inference.judging.paired import Verdicts

__all__ = ["comparison_table", "sentences"]

CHOSEN = "IdealPoints"
NAMES = {
    "IdealPoints": "ideal points",
    "PseudoLikelihood": "the couplings",
    "Stack": "both together",
    "party": "the party line",
}


def sentences(judged: Verdicts) -> list[str]:
    """Return what held-out votes say, the ideal points' best row first.

    The dimension of that row was chosen on training votes. Where a row of a fixed dimension does
    better on the test votes, a sentence says so; where one split was made, no model is called
    better.
    """
    scores = judged.evaluation.set_index("model")
    if CHOSEN not in scores.index:  # ties and all: two members have no dimensions to choose from
        return [f"The couplings predict {_score(scores, 'PseudoLikelihood')} of held-out votes."]
    first = (
        f"Ideal points{_dimensions(judged.dimensions)} predict {_score(scores, CHOSEN)} of "
        f"held-out votes, the couplings {_score(scores, 'PseudoLikelihood')}, both together "
        f"{_score(scores, 'Stack')}, the party line {_score(scores, 'party')}."
    )
    said = [first, _verdicts(judged.comparison)]
    fixed = scores[scores.index.str.startswith("IdealPoints-")]["gmp"]
    ahead = [
        name for name in ("PseudoLikelihood", "Stack") if scores.loc[name, "gmp"] < fixed.max()
    ]
    if ahead and fixed.max() > scores.loc[CHOSEN, "gmp"]:
        who = " and ".join(NAMES[name] for name in ahead)
        said.append(
            f"{fixed.idxmax()} has a higher mean GMP on these test votes "
            f"({html.number(float(fixed.max()), digits=3)}) than {who}, a dimension that the "
            "training votes did not choose."
        )
    return said


def _score(scores: pd.DataFrame, model: str) -> str:
    row = scores.loc[model]
    return (
        f"{html.number(100 * row['accuracy'], digits=1)} % (GMP "
        f"{html.number(row['gmp'], digits=3)})"
    )


def _dimensions(chosen: tuple[int, ...]) -> str:
    if not chosen:
        return ""
    counts = sorted(Counter(chosen).items(), key=lambda each: (-each[1], each[0]))
    listed = " or ".join(str(dimension) for dimension, _ in counts)
    noun = "dimension" if listed == "1" else "dimensions"
    return f" in {listed} {noun}, chosen on training votes,"


def _verdicts(comparison: pd.DataFrame) -> str:
    """Return the paired differences in GMP in words."""
    rows = comparison[(comparison["score"] == "gmp") & (comparison["against"] != "party")]
    if (rows["verdict"] == "one split").all():
        return (
            "One split of the votes: differences of less than about .01 in GMP say nothing, and no "
            "model is called better; a fit without --quick makes five splits."
        )
    parts = []
    for row in rows.to_dict("records"):
        low, high = (html.number(row[bound], digits=4, signed=True) for bound in ("low", "high"))
        model, against = NAMES[row["model"]], NAMES[row["against"]]
        told = {
            "better": f"{model} predict better than {against}",
            "worse": f"{model} predict worse than {against}",
        }.get(row["verdict"], f"{model} and {against} cannot be told apart")
        parts.append(f"{told} ({low} to {high})")
    text = "; ".join(parts)
    return f"{text[:1].upper()}{text[1:]}: differences of GMP, 95 % paired intervals."


def comparison_table(comparison: pd.DataFrame) -> str:
    """Return the paired differences as a table, blank where nothing was compared."""
    if not len(comparison):
        return ""
    rows = [
        [
            html.escape(f"{NAMES[row['model']]} less {NAMES[row['against']]}"),
            "GMP" if row["score"] == "gmp" else "accuracy",
            html.number(row["difference"], digits=4, signed=True),
            "-" if pd.isna(row["low"]) else (
                f"[{html.number(row['low'], digits=4, signed=True)}, "
                f"{html.number(row['high'], digits=4, signed=True)}]"
            ),
            html.escape(row["verdict"]),
        ]
        for row in comparison.to_dict("records")
    ]  # fmt: skip
    columns = [("difference of", False), ("score", False), ("mean", True),
               ("95&nbsp;% interval", True), ("verdict", False)]  # fmt: skip
    return (
        "<h3>Who predicts better</h3>"
        + html.table(columns, rows)
        + "<p class='note'>Paired over splits of hidden votes, corrected for the training votes "
        "that splits share (Nadeau &amp; Bengio 2003), or, for later roll calls, jackknifed over "
        "ten blocks of consecutive ones.</p>"
    )
