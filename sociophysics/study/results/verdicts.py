"""Whether a scenario's claims hold in a run: one number with its interval, and a word, for each."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from sociophysics.statistics import mean_interval, paired_difference
from sociophysics.study.results.comparison import signed
from sociophysics.words import measured, number_of

if TYPE_CHECKING:
    from sociophysics.scenario.claims import Claim
    from sociophysics.study.results.run import Run

__all__ = ["Verdict", "judged", "pairs_of", "sentence", "verdict_of", "verdicts"]

Floats = NDArray[np.float64]


class Verdict(NamedTuple):
    """A claim, its number over the replicas with a 95 % interval, and what follows.

    ``verdict`` is holds (the whole interval is on the claimed side), fails (none of it is) or
    undecided.
    """

    text: str
    verdict: str
    number: float
    low: float
    high: float
    replicas: int
    relation: str
    bound: str


def verdict_of(relation: str, margin: float, low: float, high: float) -> str:
    """Return holds, fails or undecided for the interval of a claim's number.

    Examples
    --------
    >>> verdict_of(">", 0.1, 0.2, 0.3), verdict_of(">", 0.1, 0.0, 0.3), verdict_of("<", 0, 0.1, 1)
    ('holds', 'undecided', 'fails')
    >>> verdict_of("within", 0.1, -0.05, 0.05), verdict_of("within", 0.1, 0.2, 0.3)
    ('holds', 'fails')
    """
    if not (np.isfinite(low) and np.isfinite(high)):
        return "undecided"
    if relation == "<":
        low, high = -high, -low
    if relation != "within":
        return "holds" if low > margin else "fails" if high <= margin else "undecided"
    if -margin <= low and high <= margin:
        return "holds"
    return "fails" if low > margin or high < -margin else "undecided"


def pairs_of(run: Run, claim: Claim) -> tuple[Floats, Floats | None]:
    """Return the numbers of the replicas that have both sides of a claim; None for a value."""
    own = _numbers(run, claim, claim.design, claim.at).dropna()
    if claim.value is not None:
        return np.asarray(own, np.float64), None
    point = {**claim.at, **(claim.than_at or {})}
    both = pd.concat([own, _numbers(run, claim, claim.than or claim.design, point)], axis=1)
    there = both.dropna().to_numpy(dtype=np.float64)
    return there[:, 0], there[:, 1]


def _numbers(run: Run, claim: Claim, design: str, at: dict[str, Any]) -> pd.Series:
    """Return the mean over the window of each replica, by its number."""
    grid, point = run.grid, {**run.declared, **at}
    if claim.sweeps is None:
        d = grid.designs.index(design)
        k = int(np.flatnonzero((grid.points == pd.Series(point)).all(axis=1))[0]) if point else 0
        here = grid.present[d, k]
        numbers = np.where(here, grid.values(claim.observable)[d, k], np.nan)
        return pd.Series(numbers)
    table = run.table
    keep = (table["design"] == design) & table["sweep"].between(*claim.sweeps)
    for key, value in point.items():
        keep &= table[key] == value
    means: pd.Series = table[keep].groupby("replica")[claim.observable].mean()
    return means


def judged(claim: Claim, own: Floats, other: Floats | None) -> Verdict:
    """Return the verdict on a claim.

    Parameters
    ----------
    claim : Claim
    own, other
        As ``pairs_of`` returns them.
    """
    if claim.value is not None or other is None:
        found = mean_interval(own, signed=signed(claim.observable))
        value = claim.value or 0.0
        number, low, high = float(np.mean(own)) - value, found.low - value, found.high - value
        bound = f"{value:g}"
    else:
        pair = paired_difference(own, other, signed=signed(claim.observable))
        number, low, high = pair.difference, pair.low, pair.high
        bound = claim.than or "itself at " + ", ".join(
            f"{key} = {each}" for key, each in (claim.than_at or {}).items()
        )
    word = verdict_of(claim.relation, claim.margin, low, high)
    return Verdict(
        claim.text, word, number, float(low), float(high), int(own.size), claim.relation, bound
    )


def verdicts(run: Run) -> list[Verdict]:
    """Return the verdict on every claim of a run's scenario, in the order of the file."""
    return [judged(claim, *pairs_of(run, claim)) for claim in run.scenario.claims]


def sentence(verdict: Verdict) -> str:
    """Return a verdict in words.

    Examples
    --------
    >>> sentence(Verdict("a tie is a coin", "holds", 0.01, -0.02, 0.04, 20, "within", "0.5"))
    'holds: a tie is a coin (0.01 [-0.02, 0.04] from 0.5, 20 replicas)'
    """
    number = measured(verdict.number, verdict.low, verdict.high, ".3g")
    return (
        f"{verdict.verdict}: {verdict.text} ({number} from {verdict.bound}, "
        f"{number_of(verdict.replicas, 'replica')})"
    )
