"""What a chamber's couplings add up to, at a given number of roll calls.

Couplings fitted to fewer roll calls are noisier, and sums over them differ for that reason alone:
noise adds order, and signs at random. Chambers are therefore compared at the same number of roll
calls and the same penalty. Of a chamber with ``T`` roll calls the mean over ``R`` random choices of
``m`` of them is taken. With ``s`` the deviation of one such choice, drawn with replacement, its
error is ``s sqrt(m/T + (1 - m/T)/R)``: a mean over all choices is as sure as ``T`` roll calls make
it (Hoeffding 1948, Annals of Mathematical Statistics 19, 293), and ``R`` of them add their own
scatter.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from sociophysics import streams
from sociophysics.inference.chamber.blocs import party_blocs
from sociophysics.inference.chamber.chamber_tables import party_groups
from sociophysics.inference.chamber.landscape import frustrated_triangles
from sociophysics.inference.estimators.objective import minimize_l2
from sociophysics.rollcall.votes import Votes
from sociophysics.society.spins import SpinSystem
from sociophysics.store import steps
from sociophysics.store.steps import Arrays

__all__ = ["COUPLING_MEASURES", "by_rollcalls", "coupling_measures", "measures_at"]

Array = NDArray[np.float64]

COUPLING_MEASURES = (
    "cross_party_coupling",
    "within_party_coupling",
    "operating_temperature",
    "frustration",
)
CHOICES = 20  # random choices of roll calls
SHARES = (1.0, 0.5, 0.25)
WIDTH = 2.25  # standard deviations of draws in a 95 % interval: 1.96 hold 86 to 93 %


def coupling_measures(coupling: Array, group: NDArray[np.object_]) -> Array:
    """Return the measures of couplings, in the order of ``COUPLING_MEASURES``.

    Parameters
    ----------
    coupling : array, shape (n, n)
    group : array, shape (n,)
        As ``party_groups`` gives it.

    Examples
    --------
    >>> J = np.array([[0, 0.5, -0.1], [0.5, 0, -0.1], [-0.1, -0.1, 0]])
    >>> coupling_measures(J, np.array(["D", "D", "R"], dtype=object)).round(2).tolist()
    [-0.3, 1.5, 1.86, 0.0]
    """
    n = len(coupling)
    same = group[:, None] == group
    across, within = ~same, same & ~np.eye(n, dtype=bool)
    return np.array(
        [
            n * float(coupling[across].mean()) if across.any() else np.nan,
            n * float(coupling[within].mean()) if within.any() else np.nan,
            1 / max(float(np.linalg.eigvalsh(coupling)[-1]), 1e-12),
            frustrated_triangles(SpinSystem(coupling))[0],
        ]
    )


def measures_at(
    votes: Votes, count: int, l2: float, *, choices: int = CHOICES, draws: int = 0, seed: int = 0
) -> tuple[Array, Array]:
    """Return the measures of a chamber at ``count`` roll calls, and half widths of 95 % intervals.

    Parameters
    ----------
    votes : Votes
        At least ``count`` roll calls.
    count : int
    l2 : float
        Penalty of every fit.
    choices : int
        Random choices of roll calls; one where all are used.
    draws : int
        Bootstrap draws; 0 leaves the widths NaN.
    seed : int

    Examples
    --------
    >>> votes = Votes(np.where(np.random.default_rng(0).random((40, 6)) < 0.5, 1, -1))
    >>> values, width = measures_at(votes, 20, 1.0, choices=2)
    >>> values.shape, bool(np.isnan(width).all())
    ((4,), True)
    """
    total = votes.n_rollcalls
    parts = 1 if count >= total else choices
    fields = votes.polarity != "arbitrary"
    shared = [votes.matrix.astype(np.float64), min(count, total), l2, fields, seed]
    whole = steps("couplings of some roll calls", _refitted, shared, [(k, 0) for k in range(parts)])
    couplings = [each["coupling"] for each in whole]
    group = party_groups(votes.party, party_blocs(np.mean(couplings, axis=0)))
    values = np.mean([coupling_measures(each, group) for each in couplings], axis=0)
    if draws < 2:
        return values, np.full(len(values), np.nan)
    again = steps("couplings of some roll calls", _refitted, shared, [(k, 1) for k in range(draws)])
    drawn = np.array([coupling_measures(each["coupling"], group) for each in again])
    share = min(count / total, 1.0)
    scale = np.sqrt(share + (1 - share) / parts)
    return values, WIDTH * drawn.std(axis=0, ddof=1) * scale


def by_rollcalls(votes: Votes, l2: float, *, seed: int = 0) -> pd.DataFrame:
    """Return the measures of a chamber at all, half and a quarter of its roll calls.

    Parameters
    ----------
    votes : Votes
    l2 : float
    seed : int

    Returns
    -------
    DataFrame
        ``rollcalls`` and ``COUPLING_MEASURES``, means over five choices.

    Examples
    --------
    >>> votes = Votes(np.where(np.random.default_rng(0).random((40, 6)) < 0.5, 1, -1))
    >>> by_rollcalls(votes, 1.0)["rollcalls"].tolist()
    [40, 20, 10]
    """
    rows = []
    for count in sorted({max(2, round(votes.n_rollcalls * each)) for each in SHARES}, reverse=True):
        values, _ = measures_at(votes, count, l2, choices=5, seed=seed)
        rows.append({"rollcalls": count} | dict(zip(COUPLING_MEASURES, values, strict=True)))
    return pd.DataFrame(rows)


def _refitted(
    matrix: Array, count: int, l2: float, fields: bool, seed: int, item: tuple[int, int]
) -> Arrays:
    """Return the couplings of ``count`` roll calls, chosen without or drawn with replacement."""
    choice, again = item
    purpose: Any = "bootstrap" if again else "null"
    rng = streams.generator(seed, purpose, choice)
    if again:
        rows = rng.integers(len(matrix), size=count)
    else:
        rows = np.sort(rng.permutation(len(matrix))[:count])
    return {"coupling": minimize_l2(matrix[rows], l2, fields=fields, tol=1e-4).coupling}
