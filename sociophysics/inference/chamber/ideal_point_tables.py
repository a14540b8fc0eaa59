"""Ideal points as political science reports them: points, cutting lines, fit, and errors.

Everything here describes the votes that were fitted, as W-NOMINATE and pscl do; how well votes that
were not seen are predicted is `evaluate`'s to say.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.special import expit

from sociophysics.arguments import asks
from sociophysics.errors import InputError
from sociophysics.inference.estimators.ideal_points import IdealPoints
from sociophysics.rollcall.votes import Votes

__all__ = [
    "MOST_SCALED", "Scaling", "classification_errors", "cutting_lines", "fit_by_rollcall", "scale",
    "validity",
]  # fmt: skip

Array = NDArray[np.float64]

MOST_SCALED = 3
SMALLEST_GROUP = 5  # members, from which a correlation within a party is given
FLAT = 1e-6  # a discrimination that divides nobody
CLIP = 1e-6


class Scaling(NamedTuple):
    """Ideal points in one to ``D`` dimensions.

    ``models`` are the fits, by dimensions from 1; ``points`` has one row per member, dimensions
    and dimension; ``fits`` one per dimensions; ``lines`` one per roll call and dimensions;
    ``errors`` one per vote that was not on the more probable side.
    """

    models: tuple[IdealPoints, ...]
    points: pd.DataFrame
    fits: pd.DataFrame
    lines: pd.DataFrame
    errors: pd.DataFrame


@asks
def scale(votes: Votes, *, dimensions: int = 2, anchor: Any = None, seed: int = 0) -> Scaling:
    """Return ideal points in 1 to ``dimensions`` dimensions with their tables.

    Parameters
    ----------
    votes : Votes
    dimensions : int
        1 to 3; no more than a chamber's members but one.
    anchor : optional
        Who stands on the positive side, as ``IdealPoints`` takes it.
    seed : int

    Returns
    -------
    Scaling
        ``points``: ``id``, ``name``, ``party``, ``dimensions``, ``dimension``, ``point`` (mean 0,
        standard deviation 1) and its standard ``error``. ``fits``: ``dimensions``, ``prior``,
        ``votes``, ``errors``, ``correct``, ``apre``, ``gmp``. ``lines`` as ``cutting_lines``,
        ``errors`` as ``classification_errors``.

    Raises
    ------
    InputError
        Dimensions other than 1, 2, 3, an anchor who is not there, or votes that cannot be fitted.

    Examples
    --------
    >>> votes = Votes(np.where(np.random.default_rng(0).random((40, 6)) < 0.5, 1, -1))
    >>> found = scale(votes, dimensions=2)
    >>> found.fits["dimensions"].tolist(), len(found.points), len(found.lines)
    ([1, 2], 18, 80)
    """
    if dimensions not in range(1, MOST_SCALED + 1) or isinstance(dimensions, bool):
        raise InputError(f"dimensions is {dimensions!r}; allowed: 1, 2 or 3.")
    most = min(int(dimensions), votes.n_members - 1)
    models = tuple(
        IdealPoints(d, anchor=anchor, seed=seed).fit(votes) for d in range(1, most + 1)
    )  # fmt: skip
    points, fits, lines, errors = [], [], [], []
    for model in models:
        d = model.dimensions_
        chance = fitted_probability(model)
        table = cutting_lines(model, votes)
        points += [_points(model, votes, k) for k in range(d)]
        lines.append(table)
        errors.append(classification_errors(votes, chance).assign(dimensions=d))
        fits.append({"dimensions": d, "prior": model.prior_} | _whole_fit(votes, chance))
    return Scaling(
        models,
        pd.concat(points, ignore_index=True),
        pd.DataFrame(fits),
        pd.concat(lines, ignore_index=True),
        pd.concat(errors, ignore_index=True),
    )


def fitted_probability(model: IdealPoints) -> Array:
    """Return P(+1) of the votes that a model was fitted to, shape (roll calls, members)."""
    logit = model.intercept_[:, None] + model.discrimination_ @ model.points_.T
    return np.asarray(expit(logit), dtype=np.float64)


@asks
def cutting_lines(model: IdealPoints, votes: Votes) -> pd.DataFrame:
    """Return where each roll call divides the space, and how well.

    A roll call's cutting line (point, plane) is where both sides are as likely,
    ``a + b . x = 0``.

    Parameters
    ----------
    model : IdealPoints
        Fitted to ``votes``.
    votes : Votes

    Returns
    -------
    DataFrame
        ``rollcall``, ``dimensions``; ``midpoint_1`` ..., the point of the line nearest to the
        origin, ``-a b / |b|^2``; ``angle`` of the line with the first axis in degrees from 0 to
        180, in the plane of the first two dimensions: 90 divides along the first dimension only;
        ``discrimination`` ``|b|``; ``yea_side``, the sign of ``b_1``; then the columns of
        ``fit_by_rollcall``.

    Examples
    --------
    >>> votes = Votes([[1, 1, -1, -1], [1, 1, 1, -1], [1, -1, -1, -1], [-1, -1, 1, 1]])
    >>> table = cutting_lines(IdealPoints(1, 4.0).fit(votes), votes)
    >>> table["errors"].tolist(), table["yea_side"].nunique()
    ([0, 0, 0, 0], 2)
    """
    slope, d = model.discrimination_, model.dimensions_
    length = np.sqrt((slope**2).sum(axis=1))
    there = length > FLAT
    square = np.where(there, length**2, np.nan)
    midpoint = -model.intercept_[:, None] * slope / square[:, None]
    table = pd.DataFrame({"rollcall": votes.rollcalls["id"].to_numpy(), "dimensions": d})
    for k in range(MOST_SCALED):
        table[f"midpoint_{k + 1}"] = midpoint[:, k] if k < d else np.nan
    table["angle"] = np.nan
    if d > 1:
        turned = np.degrees(np.arctan2(slope[:, 0], -slope[:, 1])) % 180.0
        table["angle"] = np.where(there, turned, np.nan)
    table["discrimination"] = length
    table["yea_side"] = np.sign(slope[:, 0]).astype(int)
    return pd.concat([table, fit_by_rollcall(votes, fitted_probability(model))], axis=1)


def fit_by_rollcall(votes: Votes, probability: Array) -> pd.DataFrame:
    """Return how well each roll call is classified by P(+1), shape (roll calls, members).

    Parameters
    ----------
    votes : Votes
    probability : array, shape (roll calls, members)

    Returns
    -------
    DataFrame
        ``minority`` (votes of the smaller side), ``errors`` (votes on the less probable side, a
        half counting half), ``pre = 1 - errors / minority`` and ``gmp``.

    Examples
    --------
    Of three votes, .8, .8 and .5 likely, the last is half an error:

    >>> fit_by_rollcall(Votes([[1, 1, -1]]), np.array([[0.8, 0.8, 0.5]])).round(3).to_dict("list")
    {'minority': [1], 'errors': [0.5], 'pre': [0.5], 'gmp': [0.684]}
    """
    matrix, seen, yea = votes.matrix, votes.observed, votes.matrix > 0
    wrong = np.where(probability == 0.5, 0.5, (probability > 0.5) != yea)
    errors = np.where(seen, wrong, 0.0).sum(axis=1)
    cast, yeas = seen.sum(axis=1), yea.sum(axis=1)
    minority = np.minimum(yeas, cast - yeas)
    recorded = np.clip(np.where(yea, probability, 1 - probability), CLIP, 1.0)
    mean_log = np.where(seen, np.log(recorded), 0.0).sum(axis=1) / np.maximum(cast, 1)
    pre = np.full(len(matrix), np.nan)
    np.divide(minority - errors, minority, out=pre, where=minority > 0)
    whole = not (errors % 1).any()
    return pd.DataFrame(
        {
            "minority": minority,
            "errors": errors.astype(int) if whole else errors,
            "pre": pre,
            "gmp": np.where(cast > 0, np.exp(mean_log), np.nan),
        }
    )


@asks
def classification_errors(votes: Votes, probability: Array) -> pd.DataFrame:
    """Return the votes that were on the less probable side, the least probable first.

    Parameters
    ----------
    votes : Votes
    probability : array, shape (roll calls, members)
        P(+1).

    Returns
    -------
    DataFrame
        ``rollcall``, ``id``, ``name``, ``party``, ``vote`` and its ``probability``.

    Examples
    --------
    >>> table = classification_errors(Votes([[1, -1]]), np.array([[0.9, 0.7]]))
    >>> table["id"].tolist(), table["vote"].tolist(), table["probability"].round(2).tolist()
    ([1], [-1], [0.3])
    """
    recorded = np.where(votes.matrix > 0, probability, 1 - probability)
    row, column = np.nonzero(votes.observed & (recorded < 0.5))
    chance = recorded[row, column]
    order = np.argsort(chance, kind="stable")
    row, column = row[order], column[order]
    members = votes.members
    return pd.DataFrame(
        {
            "rollcall": votes.rollcalls["id"].to_numpy()[row],
            **{name: members[name].to_numpy()[column] for name in ("id", "name", "party")},
            "vote": votes.matrix[row, column],
            "probability": chance[order],
        }
    )


def validity(
    points: NDArray[np.generic], known: NDArray[np.generic], party: NDArray[np.object_]
) -> pd.DataFrame:
    """Return how points correlate with known ones: among all members, and within each party.

    Two parties far apart make any scale correlate; within a party it is tested.

    Parameters
    ----------
    points, known : arrays, shape (members,)
        Missing known ones are NaN.
    party : array of names, shape (members,)

    Returns
    -------
    DataFrame
        ``among`` (``"all"`` or a party of at least five), ``members``, ``correlation``.

    Examples
    --------
    >>> x = np.array([1.0, 2, 3, 4, 5, 11, 12, 13, 14, 15])
    >>> known = np.array([1.0, 2, 3, 4, 5, 15, 14, 13, 12, 11])
    >>> validity(x, known, np.repeat(["A", "B"], 5).astype(object))["correlation"].round(2).tolist()
    [0.93, 1.0, -1.0]
    """
    x, y = np.asarray(points, dtype=np.float64), np.asarray(known, dtype=np.float64)
    there = np.isfinite(x) & np.isfinite(y)
    groups = [("all", there)]
    groups += [(str(name), there & (party == name)) for name in sorted(set(party)) if name]
    rows = [
        {"among": name, "members": int(own.sum()), "correlation": _correlation(x[own], y[own])}
        for name, own in groups
        if own.sum() >= (SMALLEST_GROUP if name != "all" else 3)
    ]
    return pd.DataFrame(rows, columns=["among", "members", "correlation"])


def _correlation(x: Array, y: Array) -> float:
    if not x.std() or not y.std():
        return float("nan")
    return float(np.corrcoef(x, y)[0, 1])


def _points(model: IdealPoints, votes: Votes, k: int) -> pd.DataFrame:
    table = votes.members[["id", "name", "party"]].reset_index(drop=True)
    return table.assign(
        dimensions=model.dimensions_, dimension=k + 1, point=model.points_[:, k],
        error=model.errors_[:, k],
    )  # fmt: skip


def _whole_fit(votes: Votes, probability: Array) -> dict[str, float]:
    table = fit_by_rollcall(votes, probability)
    errors, cast = float(table["errors"].sum()), votes.n_votes
    recorded = np.where(votes.matrix > 0, probability, 1 - probability)[votes.observed]
    return {
        "votes": cast,
        "errors": errors,
        "correct": 1 - errors / cast,
        "apre": 1 - errors / float(table["minority"].sum()),
        "gmp": float(np.exp(np.log(np.clip(recorded, CLIP, 1.0)).mean())),
    }
