"""Specific heat of fitted chambers against nulls, and multi-information of courts.

That a fitted chamber sits near the peak of its specific heat is partly an effect of fitting
correlated data: the same fit to shuffled votes and to blocs made independent of each other says
how much. Only fits that match moments can be read this way.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from sociophysics import streams
from sociophysics.errors import InputError
from sociophysics.inference.chamber.blocs import party_blocs
from sociophysics.inference.chamber.patterns import fit_distribution, pattern_numbers
from sociophysics.inference.estimators.boltzmann import BoltzmannRefinement
from sociophysics.inference.estimators.tempering import temper
from sociophysics.inference.estimators.training import training_votes
from sociophysics.rollcall.votes import Votes
from sociophysics.society.spins import SpinSystem

__all__ = [
    "TEMPERATURES",
    "MultiInformation",
    "multi_information",
    "null_votes",
    "specific_heat",
    "specific_heat_peaks",
]

Array = NDArray[np.float64]

TEMPERATURES = (0.5, 0.6, 0.7, 0.8, 0.9, 1.0, 1.1, 1.2, 1.35, 1.5, 1.75, 2.0, 2.5, 3.0, 4.0)
MOST_MEMBERS = 12  # whose 2^n patterns a few hundred roll calls can sample
NULLS = ("shuffled", "blocs")


class MultiInformation(NamedTuple):
    """Bits of dependence: all of it, that of pairs, and the share of pairs, each corrected.

    ``coding`` says what +1 meant; ``_corrected`` subtracts the bias of entropies estimated from
    few roll calls.
    """

    coding: str
    total: float
    pairs: float
    share: float
    total_corrected: float
    pairs_corrected: float
    share_corrected: float


def specific_heat(
    system: SpinSystem,
    *,
    temperatures: Sequence[float] = TEMPERATURES,
    draws: int = 4000,
    seed: int = 0,
) -> pd.DataFrame:
    """Return the specific heat ``C/n = var(E) / (n T^2)`` at each temperature.

    By parallel tempering with bloc moves; columns ``temperature``, ``energy`` (per member),
    ``specific_heat``.

    Examples
    --------
    One pair: C = (J/T)^2 / cosh^2(J/T), here per member at T = 1.

    >>> pair = SpinSystem([[0, 1], [1, 0]])
    >>> curve = specific_heat(pair, temperatures=[1.0, 2.0], draws=20000)
    >>> bool(abs(curve["specific_heat"][0] - 0.5 / np.cosh(1) ** 2) < 0.02)
    True
    """
    coupling = system.J.toarray()
    side = party_blocs(coupling)
    everyone = np.arange(system.n)
    groups = [everyone, everyone[side == 0], everyone[side == 1]]
    found = temper(
        coupling,
        system.h,
        temperatures=temperatures,
        draws=draws,
        blocs=[group for group in groups if len(group)],
        seed=seed,
    )
    variance = found.energy.var(axis=1)
    return pd.DataFrame(
        {
            "temperature": found.temperatures,
            "energy": found.energy.mean(axis=1) / system.n,
            "specific_heat": variance / (system.n * found.temperatures**2),
        }
    )


def null_votes(
    votes: Votes | pd.DataFrame | ArrayLike, kind: str, *, seed: int = 0
) -> NDArray[np.int8]:
    """Return the votes with dependence destroyed, shape (roll calls, members).

    Parameters
    ----------
    votes : Votes, or array of shape (roll calls, members)
    kind : {"shuffled", "blocs"}
        ``"shuffled"``: each member's votes permuted over the roll calls they voted on;
        ``"blocs"``: the two blocs' roll calls permuted against each other, which keeps everything
        within blocs. Blocs are found from the pair moments.
    seed : int

    Examples
    --------
    >>> null_votes([[1, 1], [-1, -1], [1, 1], [-1, 1]], "shuffled").sum(axis=0)
    array([0, 2])
    """
    data = training_votes(votes).matrix
    rng = streams.generator(seed, "null")
    if kind not in NULLS:
        raise InputError(f"kind is {kind!r}; allowed: {', '.join(NULLS)}.")
    if kind == "shuffled":
        shuffled = data.copy()
        for column in shuffled.T:
            cast = np.flatnonzero(column)
            column[cast] = rng.permutation(column[cast])
        return shuffled
    floats = data.astype(float)
    pair = floats.T @ floats / len(floats)
    np.fill_diagonal(pair, 0.0)
    first = party_blocs(pair) == 0
    order = rng.permutation(len(data))
    mixed: NDArray[np.int8] = np.where(first, data, data[order])
    return mixed


def specific_heat_peaks(
    votes: Votes | pd.DataFrame | ArrayLike,
    estimator: BoltzmannRefinement | None = None,
    *,
    temperatures: Sequence[float] = TEMPERATURES,
    draws: int = 4000,
    seed: int = 0,
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return where the specific heat peaks for the votes and for both nulls, fitted alike.

    Parameters
    ----------
    votes : Votes, or array of shape (roll calls, members)
    estimator : BoltzmannRefinement, optional
        With the parameters to fit with; the default ones if left out.

    Returns
    -------
    peaks : DataFrame
        ``source`` (votes, shuffled, blocs), ``peak_temperature``, ``peak``, ``at_one``.
    curves : DataFrame
        The curves of ``specific_heat`` with the column ``source`` in front.
    """
    data = training_votes(votes)
    parameters = {} if estimator is None else estimator.get_params(deep=False)
    rows, curves = [], []
    for source in ("votes", *NULLS):
        given = data if source == "votes" else null_votes(data, source, seed=seed)
        system = BoltzmannRefinement(**parameters).fit(given).system_
        curve = specific_heat(system, temperatures=temperatures, draws=draws, seed=seed)
        top = curve.loc[curve["specific_heat"].idxmax()]
        at_one = float(np.interp(1.0, curve["temperature"], curve["specific_heat"]))
        rows.append((source, top["temperature"], top["specific_heat"], at_one))
        curves.append(curve.assign(source=source)[["source", *curve.columns]])
    columns = ["source", "peak_temperature", "peak", "at_one"]
    return pd.DataFrame(rows, columns=columns), pd.concat(curves, ignore_index=True)


def multi_information(
    votes: Votes | pd.DataFrame | ArrayLike, *, symmetric: bool = False
) -> MultiInformation:
    """Return how many bits of dependence there are, and what share pairs account for.

    ``I_N = sum_i S_i - S`` with the entropies of single members and of whole voting patterns, and
    ``I_2`` the same with the entropy of the exact pairwise model; the corrected values add the
    bias (number of free parameters) / (2 M ln 2) of Miller (1955) and Madow to each entropy.
    Unanimous roll calls belong in. Roll calls with missing votes are left out.

    Parameters
    ----------
    votes : Votes, or array of shape (roll calls, members)
        At most 12 members.
    symmetric : bool
        Count every roll call with both signs, for votes whose +1 is arbitrary.

    References
    ----------
    Schneidman, Still, Berry & Bialek 2003, Phys. Rev. Lett. 91, 238701.

    Examples
    --------
    Pairs never agree beyond chance here, yet three votes fix the fourth pattern:

    >>> votes = np.array([[1, 1, 1], [1, -1, -1], [-1, 1, -1], [-1, -1, 1]] * 50)
    >>> found = multi_information(votes)
    >>> round(found.total, 6), round(abs(found.share), 6)
    (1.0, 0.0)
    """
    data = training_votes(votes)
    n = data.matrix.shape[1]
    if n > MOST_MEMBERS:
        raise InputError(
            f"multi-information is asked for {n} members; at most {MOST_MEMBERS} are allowed, "
            "because roll calls must sample all 2^n voting patterns."
        )
    full = data.matrix[(data.matrix != 0).all(axis=1)]
    if len(full) < 2:
        raise InputError("no two roll calls have all members' votes; choose fewer members.")
    law = np.bincount(pattern_numbers(full), minlength=1 << n) / len(full)
    if symmetric:
        law = (law + law[::-1]) / 2
    fields = not symmetric
    # the penalty only keeps parameters of combinations that never occurred finite
    model = fit_distribution(law, fields=fields, l2=1e-6, tol=1e-8).distribution
    yea = np.array([law[(np.arange(1 << n) >> i) & 1 == 0].sum() for i in range(n)])
    single = sum(_bits(np.array([p, 1 - p])) for p in yea)
    whole, pairwise = _bits(law), _bits(model)
    bias = 1 / (2 * len(full) * np.log(2))
    patterns = (int((law > 0).sum()) // (2 if symmetric else 1)) - 1
    parameters = n * (n - 1) // 2 + (n if fields else 0)
    single_corrected = single + bias * (n if fields else 0)
    total, pairs = single - whole, single - pairwise
    total_corrected = single_corrected - whole - bias * patterns
    pairs_corrected = single_corrected - pairwise - bias * parameters
    return MultiInformation(
        "symmetrized" if symmetric else data.polarity,
        float(total),
        float(pairs),
        float(pairs / total) if total > 0 else float("nan"),
        float(total_corrected),
        float(pairs_corrected),
        float(pairs_corrected / total_corrected) if total_corrected > 0 else float("nan"),
    )


def _bits(law: Array) -> float:
    positive = law[law > 0]
    return float(-(positive * np.log2(positive)).sum())
