"""How sure the things are that are derived from couplings: the same from bootstrap draws."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from sociophysics.errors import InputError
from sociophysics.inference.chamber.what_if import chamber
from sociophysics.live.watched_work import UNWATCHED
from sociophysics.society.camps import camp_codes
from sociophysics.society.spins import SpinSystem

__all__ = ["DrawSpread", "bridging", "spread_of"]

Floats = NDArray[np.float64]

MOST_DRAWS = 50
WIDTH = 1.96


@dataclass(frozen=True, eq=False)
class DrawSpread:
    """Standard deviations over the draws, one per member; of ``draws`` resampled chambers."""

    field: Floats
    strength: Floats
    bridging: Floats
    draws: int

    def interval(self, name: str, member: int, value: float) -> tuple[float, float]:
        """Return the 95 % interval ``value +- 1.96 sd`` of a member's number."""
        width = WIDTH * float(getattr(self, name)[member])
        low, high = value - width, value + width
        if name == "field":
            return low, high
        return max(low, 0.0), min(high, 1.0) if name == "bridging" else high


def bridging(coupling: Floats, camps: NDArray[np.int64]) -> Floats:
    """Return the share of each member's positive coupling that goes to other camps.

    Examples
    --------
    >>> coupling = np.array([[0, 3, 1], [3, 0, 0], [1, 0, 0]])
    >>> bridging(coupling, np.array([0, 0, 1])).tolist()
    [0.25, 0.0, 1.0]
    """
    positive = np.maximum(coupling, 0.0)
    total = positive.sum(axis=1)
    across = (positive * (camps[:, None] != camps)).sum(axis=1)
    share: Floats = np.divide(across, total, out=np.full(len(total), np.nan), where=total > 0)
    return share


def spread_of(
    folder: Path, point: SpinSystem, check: Callable[[], None] = UNWATCHED.check
) -> DrawSpread | None:
    """Return the spread over a fit's bootstrap draws, or None where it has none."""
    camps, _ = camp_codes(point.nodes["camp"])
    fields, strengths, shares = [], [], []
    for draw in range(MOST_DRAWS):
        check()
        try:
            drawn = chamber(
                str(folder), estimator="pseudolikelihood", draw="bootstrap", replica=draw
            )
        except InputError:
            break
        coupling = drawn.J.toarray()
        fields.append(drawn.h)
        strengths.append(np.abs(coupling).sum(axis=1))
        shares.append(bridging(coupling, camps))
    if len(fields) < 2:
        return None
    field, strength, share = (np.std(each, axis=0, ddof=1) for each in (fields, strengths, shares))
    return DrawSpread(field, strength, share, len(fields))
