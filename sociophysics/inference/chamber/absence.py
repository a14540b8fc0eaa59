r"""Are members absent at random? Absences against what their votes would have been.

A member's absences and a roll call's are given; with these rates fixed absence is at random if it
does not depend on the vote that was not cast. What that vote would have been is predicted from
the others' votes on the roll call by ideal points, for absent and present members alike, who are
both left out of their own prediction. With ``mu_ti`` the expected absences,

    ``log mu_ti = alpha_t + beta_i + gamma x_ti``,

and ``exp(gamma)`` is the factor on absences per unit of ``x`` (conditional Poisson; members and
roll calls have rates of their own). Its error is the sandwich over blocks of ten consecutive roll
calls, since absences last and roll calls on one bill belong together.

Fitted chances scatter around the true ones, which draws gamma towards 0. How far is simulated
(regression calibration [1]_ with a parametric bootstrap): votes are drawn from the fitted law, with
the absences of the record, and fitted again, and

    ``lambda = sum mu x'' x' / sum mu x''^2``

is the slope of the ``x'`` by which they were drawn on the ``x''`` that the second fit gives, both
less what members and roll calls explain. ``gamma / lambda`` is printed; its error has that of
``lambda`` in it.

References
----------
.. [1] R. J. Carroll et al., Measurement Error in Nonlinear Models (Chapman & Hall, 2006), ch. 4.
"""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray
from scipy.special import expit, stdtr, stdtrit

from sociophysics.errors import InputError
from sociophysics.inference.estimators.ideal_points import IdealPoints
from sociophysics.inference.estimators.training import training_votes
from sociophysics.rollcall.votes import Votes
from sociophysics.streams import generator

__all__ = ["absence_effects"]

Array = NDArray[np.float64]
Flags = NDArray[np.bool_]

BLOCK = 10  # consecutive roll calls that count as one
LEAST_BLOCKS = 5
LEAST_PARTY = 3  # members who make a party have a line
LEVEL = 0.95
REDRAWN = 6  # chambers drawn from the fit: lambda to about 1 % at 40 members and 200 roll calls
LEAST_SLOPE = 0.2  # below which the fit says too little of the true chances to correct for
ROUNDS = 200
TOL = 1e-10


def absence_effects(
    votes: Votes | pd.DataFrame | ArrayLike, *, ideal: IdealPoints | None = None
) -> pd.DataFrame:
    """Return how absences go with the votes that were not cast.

    The three are looked at one by one and go together: members who are indifferent also lose half
    of the time. An effect means that votes are not missing at random; none that can be told from 1
    does not mean that they are, only that these three do not show it.

    Parameters
    ----------
    votes : Votes, DataFrame or array, shape (roll calls, members)
        Members who held no seat (``seated``) are not absent.
    ideal : IdealPoints, optional
        What predicts the votes; on one dimension if left out.

    Returns
    -------
    DataFrame
        Rows ``indifference`` (``1 - |2p - 1|`` with ``p`` the chance of a yea), ``losing`` (the
        chance of voting against most of the others) and ``against_party`` (that of voting against
        most others of the party). Columns ``what``, ``ratio`` (absences where it is 1 over those
        where it is 0), its 95 % interval ``low``, ``high``, ``p``, the number of ``absences``, and
        the ``slope`` lambda by which the logarithm of the ratio was divided, because chances are
        fitted; ratio and interval are NaN where it is below .2.

    Raises
    ------
    InputError
        Votes that cannot be fitted, fewer than 50 contested roll calls, or no absences.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> votes = np.where(rng.random((100, 12)) < 0.5, 1, -1) * (rng.random((100, 12)) < 0.9)
    >>> table = absence_effects(votes)
    >>> table["what"].tolist(), bool((table["p"] > 0.01).all())  # at random
    (['indifference', 'losing'], True)
    """
    data = training_votes(votes)
    data = data.contested()
    if data.n_rollcalls < LEAST_BLOCKS * BLOCK:
        raise InputError(
            f"absences are asked for in {data.n_rollcalls} contested roll calls; at least "
            f"{LEAST_BLOCKS * BLOCK} are needed, in blocks of {BLOCK}."
        )
    matrix = data.matrix.astype(np.float64)
    held = data.seated if data.seated is not None else np.ones(matrix.shape, bool)
    absent = held & (matrix == 0)
    if not absent.any() or not (held & ~absent).any():
        raise InputError(
            f"{int(absent.sum())} votes of seated members are missing; nothing to tell."
        )
    model = IdealPoints() if ideal is None else type(ideal)(**ideal.get_params(deep=False))
    chance = model.fit(data).predict_proba(data)
    slopes: dict[str, list[float]] = {}
    for k in range(REDRAWN):
        for what, slope in _slopes(model, data, held, absent, k).items():
            slopes.setdefault(what, []).append(slope)
    rows = []
    for what, x, known in _columns(matrix, chance, data.party):
        used = held & known
        if (absent & used).any():
            found = _effect(absent & used, x, used)
            rows.append({"what": what} | _corrected(found, np.array(slopes.get(what, [np.nan]))))
    return pd.DataFrame(rows)


def _slopes(
    model: IdealPoints, data: Votes, held: Flags, absent: Flags, k: int
) -> dict[str, float]:
    """Return the slope of each ``x`` on that of a fit to votes drawn from the model."""
    rng = generator(model.seed, "bootstrap", k, of="absence")
    chance = expit(model.intercept_[:, None] + model.discrimination_ @ model.points_.T)
    matrix = np.where(rng.random(chance.shape) < chance, 1.0, -1.0)
    matrix[data.matrix == 0] = 0.0
    # As in the record, roll calls without a minority tell nothing.
    told = (matrix == 1).any(axis=1) & (matrix == -1).any(axis=1)
    matrix, chance, held, absent = matrix[told], chance[told], held[told], absent[told]
    again = type(model)(model.dimensions_, model.prior_).fit(matrix)
    fitted = _columns(matrix, again.predict_proba(matrix), data.party)
    found = {}
    for (what, x, known), (_, true, _) in zip(
        fitted, _columns(matrix, chance, data.party), strict=True
    ):
        used = held & known
        weight = _expected(absent & used, used.astype(np.float64))
        centred = _centred(x, weight)
        spread = float((weight * centred**2).sum())
        if spread > 0:
            found[what] = float((weight * centred * _centred(true, weight)).sum()) / spread
    return found


def _corrected(found: dict[str, float], slopes: Array) -> dict[str, float]:
    """Return an effect of the true chances, from that of the fitted ones and the slopes."""
    slope = float(slopes.mean())
    gamma, width = found.pop("gamma"), found.pop("width")
    if not slope >= LEAST_SLOPE:
        ends = [np.nan] * 3
    else:
        scatter = float(slopes.std(ddof=1)) / np.sqrt(slopes.size)
        width = float(np.hypot(width, stdtrit(slopes.size - 1, 0.5 + LEVEL / 2)
                               * scatter * gamma / slope)) / slope  # fmt: skip
        ends = np.exp([gamma / slope, gamma / slope - width, gamma / slope + width]).tolist()
    return dict(zip(("ratio", "low", "high"), ends, strict=True)) | found | {"slope": slope}


def _columns(
    matrix: Array, chance: Array, party: NDArray[np.object_]
) -> list[tuple[str, Array, NDArray[np.bool_]]]:
    """Return what is looked at, and where it is known."""
    everywhere = np.ones(matrix.shape, bool)
    # outcomes and lines are those of the others, present as absent members: their own vote is none
    found = [
        ("indifference", 1 - np.abs(2 * chance - 1), everywhere),
        ("losing", _opposed(matrix, chance), everywhere),
    ]
    against, known = np.zeros(matrix.shape), np.zeros(matrix.shape, bool)
    for name in {each for each in party if each}:
        own = party == name
        if own.sum() >= LEAST_PARTY:
            against[:, own], known[:, own] = _opposed(matrix[:, own], chance[:, own]), True
    return [*found, ("against_party", against, known)] if known.any() else found


def _opposed(matrix: Array, chance: Array) -> Array:
    """Return the chance of a vote against most of the others; 1/2 where they are divided evenly."""
    others = np.sign(matrix.sum(axis=1, keepdims=True) - matrix)
    return np.where(others == 0, 0.5, np.where(others > 0, 1 - chance, chance))


def _effect(absent: NDArray[np.bool_], x: Array, used: NDArray[np.bool_]) -> dict[str, float]:
    gamma = 0.0
    for _ in range(ROUNDS):
        expected = _expected(absent, np.where(used, np.exp(gamma * x), 0.0))
        centred = _centred(x, expected)
        information = float((expected * centred**2).sum())
        score = (absent - expected) * centred
        step = float(score.sum()) / max(information, 1e-300)
        gamma += float(np.clip(step, -1.0, 1.0))
        if abs(step) < 1e-8:
            break
    by_block = np.add.reduceat(score.sum(axis=1), np.arange(0, len(x), BLOCK))
    blocks = len(by_block)
    error = float(np.sqrt((by_block**2).sum() * blocks / (blocks - 1))) / max(information, 1e-300)
    width = float(stdtrit(blocks - 1, 0.5 + LEVEL / 2)) * error
    p = 2 * float(stdtr(blocks - 1, -abs(gamma) / error)) if error > 0 else float("nan")
    return {"gamma": gamma, "width": width, "p": p, "absences": int(absent.sum())}


def _expected(absent: NDArray[np.bool_], weight: Array) -> Array:
    """Return ``r_t c_i weight_ti`` with the absences of each roll call and of each member."""
    by_rollcall, by_member = absent.sum(axis=1), absent.sum(axis=0)
    row, column = np.ones(len(absent)), np.ones(absent.shape[1])
    for _ in range(ROUNDS):
        total = weight @ column
        row = np.divide(by_rollcall, total, out=np.zeros_like(total), where=total > 0)
        total = row @ weight
        new = np.divide(by_member, total, out=np.zeros_like(total), where=total > 0)
        done = np.abs(new - column).max() <= TOL * max(np.abs(new).max(), 1.0)
        column = new
        if done:
            break
    return np.asarray(row[:, None] * weight * column)


def _centred(x: Array, weight: Array) -> Array:
    """Return ``x`` less what roll calls and members explain of it, by weighted least squares."""
    rest = x.copy()
    of_rollcall, of_member = weight.sum(axis=1), weight.sum(axis=0)
    for _ in range(ROUNDS):
        rows = np.divide(
            (weight * rest).sum(axis=1), of_rollcall, out=np.zeros_like(of_rollcall),
            where=of_rollcall > 0,
        )  # fmt: skip
        rest -= rows[:, None]
        columns = np.divide(
            (weight * rest).sum(axis=0), of_member, out=np.zeros_like(of_member),
            where=of_member > 0,
        )  # fmt: skip
        rest -= columns
        if np.abs(columns).max() < TOL:
            break
    return rest
