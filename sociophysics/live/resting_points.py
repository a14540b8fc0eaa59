"""Where a chamber comes to rest: the stances that no single change of mind improves."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from sociophysics.arguments import asks
from sociophysics.inference import energy_minima, frustrated_triangles
from sociophysics.live.watched_work import UNWATCHED
from sociophysics.society.spins import SpinSystem

__all__ = ["Landscape", "distinct", "landscape_of", "sides"]

STARTS = 400  # random starts; the report of a fit takes 2,000
NAMED = 6


@dataclass(frozen=True, eq=False)
class Landscape:
    """The resting points of a chamber, deepest first, a mirror image counted with its original.

    ``table`` has the columns ``energy`` (per member), ``basin`` (share of random starts that end
    there), ``yeas``, ``depth`` and ``apart`` (distance of the blocs, 0 to 1); ``stances`` who sits
    where.
    """

    table: pd.DataFrame
    stances: NDArray[np.int8]
    frustrated: float
    triangles: int
    symmetric: bool


@asks
def landscape_of(
    system: SpinSystem, bloc: NDArray[np.int64], check: Callable[[], None] = UNWATCHED.check
) -> Landscape:
    """Return the landscape of a chamber.

    Parameters
    ----------
    system : SpinSystem
        Symmetric couplings.
    bloc : int array, shape (n,)
        0 or 1: whose distance ``apart`` is.
    check : callable
        Called between the steps; what it raises ends the work.

    Examples
    --------
    Two pairs of friends that oppose each other come to rest apart:

    >>> J = np.array([[0, 1, -1, -1], [1, 0, -1, -1], [-1, -1, 0, 1], [-1, -1, 1, 0]])
    >>> found = landscape_of(SpinSystem(J), np.array([0, 0, 1, 1]))
    >>> found.table[["energy", "basin", "apart"]].to_numpy().tolist(), found.stances.tolist()
    ([[-1.5, 1.0, 1.0]], [[1, 1, -1, -1]])
    """
    table, stances = energy_minima(system, quenches=STARTS)
    check()
    share, triangles = frustrated_triangles(system)
    symmetric = not system.h.any()
    if symmetric:
        table, stances = distinct(table, stances)
    means = [stances[:, bloc == side].mean(axis=1) for side in (0, 1) if (bloc == side).any()]
    apart = np.abs(means[0] - means[1]) / 2 if len(means) == 2 else np.zeros(len(table))
    table = table.assign(energy=table["energy"] / system.n, apart=apart)
    return Landscape(table, stances, share, triangles, symmetric)


def distinct(
    table: pd.DataFrame, stances: NDArray[np.int8]
) -> tuple[pd.DataFrame, NDArray[np.int8]]:
    """Return the minima with each mirror image counted with its original."""
    first = np.where(stances[:, :1] < 0, -stances, stances)
    _, kept, group = np.unique(first, axis=0, return_index=True, return_inverse=True)
    basin = np.bincount(group.ravel(), table["basin"].to_numpy())
    merged = table.iloc[kept].assign(basin=basin, yeas=(first[kept] > 0).sum(axis=1))
    order = np.lexsort([-merged["basin"].to_numpy(), merged["energy"].round(9).to_numpy()])
    return merged.iloc[order].reset_index(drop=True), first[kept][order]


def sides(
    stance: NDArray[np.int8], camps: NDArray[np.int64], camp_names: tuple[str, ...]
) -> tuple[str, str]:
    """Return who is for and who against, by camp.

    Examples
    --------
    >>> sides(np.array([1, 1, -1]), np.array([0, 1, 1]), ("D", "R"))
    ('D 1, R 1', 'R 1')
    """
    told = []
    for side in (1, -1):
        counts = np.bincount(camps[stance == side], minlength=len(camp_names))
        listed = [
            f"{name} {count}" for name, count in zip(camp_names, counts, strict=True) if count
        ]
        told.append(", ".join(listed) or "nobody")
    return told[0], told[1]
