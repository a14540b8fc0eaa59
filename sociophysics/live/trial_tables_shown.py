"""A finished trial as a screen shows it: its tables, its lines over time, and what it says."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from sociophysics.errors import InputError
from sociophysics.experiments.compatible_values import answer, ranges
from sociophysics.live.run_lines import Series
from sociophysics.scenario.trial_table import OUTCOMES
from sociophysics.words import measured

__all__ = ["ShownTrial", "read_trial"]

ENDS = ["value", "low", "high"]
WORDS = {
    "direct": "Direct: the treated more than the controls",
    "indirect": "Indirect: the controls, who were not treated",
    "overall": "Overall: all users",
    "total": "Total: if everybody were treated",
    "multiplier": "Multiplier: total over the direct effect on one user",
}


@dataclass(frozen=True, eq=False)
class ShownTrial:
    """The tables of a trial's folder.

    ``effects``, ``series``, ``estimators`` and ``inversion`` (or None) are as
    ``experiments.Trial`` has them.
    """

    folder: Path
    effects: pd.DataFrame
    series: pd.DataFrame
    estimators: pd.DataFrame
    inversion: pd.DataFrame | None

    @property
    def outcomes(self) -> list[str]:
        """The outcomes that were measured, the first one first."""
        return list(dict.fromkeys(self.effects["outcome"]))

    def rows(self, outcome: str) -> list[tuple[str, str, str, str]]:
        """Return what a table shows of an outcome: effect, share treated, value, interval in SD."""
        found = []
        own = self.effects[self.effects["outcome"] == outcome]
        for row in own.to_dict("records"):
            share = float(row["share"])
            who = {0.0: "one user", 1.0: "everybody"}.get(share, f"{100 * share:g} %")
            value = measured(row["value"], row["low"], row["high"], ".4f")
            sd = "" if not np.isfinite(row["value_sd"]) else f"{row['value_sd']:.3f}"
            found.append((WORDS[row["estimand"]], who, value, sd))
        return found

    def lines(self, outcome: str) -> list[Series]:
        """Return courses: nobody treated, controls and treated of the smallest trial, everybody."""
        own = self.series[self.series["outcome"] == outcome]
        shares = sorted(set(own["share"]))
        few = shares[1]
        chosen = (
            ("nobody treated", 0.0, "all"), (f"controls, {100 * few:g} % treated", few, "controls"),
            (f"the treated {100 * few:g} %", few, "treated"), ("everybody treated", 1.0, "all"),
        )  # fmt: skip
        found = []
        for k, (name, share, column) in enumerate(chosen):
            rows = own[own["share"] == share]
            found.append(Series(name, rows["sweep"].to_numpy(), rows[column].to_numpy(), index=k))
        return found

    def inverted(self) -> list[Series]:
        """Return direct effect and total along the scanned key, in SD, with their intervals."""
        if self.inversion is None:
            return []
        table = self.inversion
        return [
            Series(name, table["key"], table[column], table[f"{column}_low"],
                   table[f"{column}_high"], index=k, points=True)
            for k, (name, column) in enumerate((("total", "total"), ("direct effect", "d")))
        ]  # fmt: skip

    def sentence(self, outcome: str) -> str:
        """Return what a small trial sees, and what it misses."""
        own = self.effects[self.effects["outcome"] == outcome].set_index(["estimand", "share"])
        few = min(share for estimand, share in own.index if estimand == "indirect")
        direct, total = own.loc[("direct", few)], own.loc[("total", 1.0)]
        return (
            f"On the {OUTCOMES[outcome]}: with {100 * few:g} % treated, the treated move by "
            f"{measured(*direct[ENDS])} more than the controls; with everybody treated, all move "
            f"by {measured(*total[ENDS])}."
        )

    def excluded(self, published: tuple[float, float]) -> str:
        """Return what a published trial goes with, and what it excludes.

        Parameters
        ----------
        published : two floats
            Direct effect and standard error, in SD.
        """
        if self.inversion is None:
            return ""
        keys, found = self.inversion["key"], ranges(self.inversion, published)
        bounds = [keys.min(), *(end for each in found for end in each[:2]), keys.max()]
        out = [f"{a:.3g} to {b:.3g}" for a, b in zip(bounds[::2], bounds[1::2], strict=True)
               if b > a]  # fmt: skip
        more = (
            f" It excludes {' and '.join(out)}." if out else " It excludes none of what was tried."
        )
        return answer(self.inversion, published) + more


def read_trial(folder: Path) -> ShownTrial:
    """Return a finished trial.

    Parameters
    ----------
    folder : path
        Of ``sociophysics trial``.

    Raises
    ------
    InputError
        It is not finished, or not a trial.
    """

    def table(name: str) -> pd.DataFrame:
        return pd.read_csv(folder / f"{name}.csv")

    try:
        inversion = table("inversion") if (folder / "inversion.csv").is_file() else None
        return ShownTrial(folder, table("effects"), table("series"), table("estimators"), inversion)
    except (OSError, ValueError) as error:
        raise InputError(
            f"{folder.name} holds no finished trial ({type(error).__name__}); run it again."
        ) from None
