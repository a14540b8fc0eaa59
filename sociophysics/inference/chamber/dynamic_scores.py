r"""Scores of members over several congresses or terms, comparable by those who served in several.

Each member's place on one line is a random walk from period to period, fitted with the parameters
of every roll call at the posterior mode (Martin & Quinn 2002, Political Analysis 10, 134; scores
that move straight are DW-NOMINATE's). Periods have roll calls of their own: only members who bridge
them, and the smallness of their steps, put one period's line on the other's.
"""

from __future__ import annotations

import itertools
from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.special import ndtri

from sociophysics import streams
from sociophysics.arguments import asks
from sociophysics.errors import InputError
from sociophysics.inference.estimators.hidden_folds import (
    HIDDEN_SHARE,
    HiddenFolds,
    best_of_priors,
)
from sociophysics.inference.estimators.ideal_points import orientation
from sociophysics.inference.estimators.item_response import fit_map
from sociophysics.inference.estimators.training import hidden
from sociophysics.inference.estimators.walking_points import (
    Period,
    WalkFit,
    fit_walk,
    walk_errors,
    walk_precision,
)
from sociophysics.rollcall.votes import Votes
from sociophysics.society.alignment import is_default_index
from sociophysics.store import step
from sociophysics.store.steps import Arrays

__all__ = ["DynamicScores", "bridged", "dynamic_scores"]

Array = NDArray[np.float64]

DRIFTS = (0.05, 0.1, 0.2, 0.4, 0.8)
PRIORS = (1.2, 2.4, 4.8)
METRIC_FACTOR = 2.0  # the smallest with which intervals of nine justices hold what they say
FIRST_DRIFT = 0.2  # at which the prior is chosen; the drift is then chosen at that prior
LEAST_BRIDGES = 2  # members that fix origin and scale of one period by those of another


class DynamicScores(NamedTuple):
    """Scores of members by period.

    ``table`` has one row per member and period served, in order: ``id``, ``name``, ``party``,
    ``period``, ``score``, ``error``, ``low``, ``high``, and ``votes``, the roll calls that count.
    All scores together have mean 0 and standard deviation 1. ``bridges`` has one row per two
    consecutive periods: ``period``, ``next``, and ``members``, how many served in both.
    ``validation`` has the mean ``log_likelihood`` of hidden votes at each ``drift`` and ``prior``
    tried; ``drift`` is the standard deviation of a step, in units of that between members at their
    first period; ``sentence`` says whose interval at the end is apart from that at the beginning.
    """

    table: pd.DataFrame
    bridges: pd.DataFrame
    validation: pd.DataFrame
    drift: float
    prior: float
    anchor: str
    sentence: str


@asks
def dynamic_scores(
    chambers: Mapping[str, Votes],
    *,
    drift: float | None = None,
    prior: float | None = None,
    anchor: Any = None,
    level: float = 0.90,
    seed: int = 0,
) -> DynamicScores:
    """Return scores on one line over periods, with intervals.

    Intervals are those of the posterior's expected curvature, with the parameters of roll calls
    profiled out, at the chosen drift, and of the scale's metric: by how much scores at half and at
    twice the prior differ. A common shift or stretch of all members from one period to the next
    is not in the votes: it is taken to be as small as their single steps.

    Parameters
    ----------
    chambers : mapping from period to Votes
        In order of time, evenly spaced; members are told by their ``id``.
    drift : float, optional
        Standard deviation of a step; chosen on hidden votes if left out.
    prior : float, optional
        Standard deviation of the discriminations, chosen in the same way. Too small a prior passes
        for drift, because places that spread over time make up for it.
    anchor : str, int or float, optional
        Who stands on the positive side, as for ``IdealPoints``.
    level : float
        Coverage of the intervals.
    seed : int
        Of the hidden votes that choose drift and prior.

    Raises
    ------
    InputError
        Fewer than two periods, periods that share fewer than two members with those before, a
        period whose roll calls are all unanimous, a drift or prior that is not positive, a level
        outside (0, 1), an anchor who is not there.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> place = np.linspace(-2, 2, 9)
    >>> odds = 2 * rng.normal(size=(60, 1)) * place + rng.normal(size=(60, 1))
    >>> votes = np.where(rng.random((60, 9)) < 1 / (1 + np.exp(-odds)), 1, -1)
    >>> chambers = {"1": Votes(votes[:30]), "2": Votes(votes[30:])}
    >>> found = dynamic_scores(chambers, drift=0.1, prior=2.0)
    >>> found.table["period"].value_counts().tolist(), found.bridges["members"].tolist()
    ([9, 9], [9])
    """
    _check(chambers, drift, prior, level)
    data = {name: _contested(name, votes) for name, votes in chambers.items()}
    places = _places(data)
    bridges = _bridges(data)
    periods = _periods(data, places)
    member, time = places["member"].to_numpy(), places["time"].to_numpy()
    chosen, prior, validation = _chosen(periods, member, time, drift, prior, seed)
    walk = walk_precision(member, time, chosen)
    start = _static(periods, member, prior)
    fit = _kept(periods, member, time, chosen, prior, start)
    static = pd.Series(fit.points).groupby(member).mean().to_numpy()[:, None]
    sign, name = orientation(static, _members(data, places), anchor)
    found = step(
        "errors of dynamic scores",
        [*_plain(periods), member, time, chosen, prior, fit.points],
        lambda draft: {"error": walk_errors(periods, walk, prior, fit)},
    )
    own = found["error"] / (float(fit.points.std()) or 1.0)
    standard = _standard(fit.points)
    ends = [
        _standard(_kept(periods, member, time, chosen, factor * prior, fit.points).points)
        for factor in (1 / METRIC_FACTOR, METRIC_FACTOR)
    ]
    turned = [each * np.sign(each @ standard) for each in ends]
    error = np.hypot(own, turned[1] - turned[0])
    score = sign[0] * standard
    width = float(ndtri(0.5 + level / 2)) * error
    table = places[["id", "name", "party", "period"]].assign(
        score=score, error=error, low=score - width, high=score + width, votes=places["votes"]
    )
    return DynamicScores(table, bridges, validation, chosen, prior, name, _sentence(table))


def bridged(chambers: Mapping[str, Votes]) -> bool:
    """Return whether every chamber shares at least two named members with those before it.

    Examples
    --------
    >>> votes = Votes([[1, -1, 1], [1, 1, -1]], pd.DataFrame({"id": ["ann", "bob", "eve"]}))
    >>> bridged({"a": votes, "b": votes}), bridged({"a": votes})
    (True, False)
    """
    if any(is_default_index(pd.Index(votes.members["id"])) for votes in chambers.values()):
        return False  # ids that only count columns say nothing about who is who
    members = [set(votes.members["id"]) for votes in chambers.values()]
    seen: set[Any] = set(members[0])
    for own in members[1:]:
        if len(seen & own) < LEAST_BRIDGES:
            return False
        seen |= own
    return len(members) > 1


def _standard(points: Array) -> Array:
    return np.asarray((points - points.mean()) / (float(points.std()) or 1.0))


def _check(
    chambers: Mapping[str, Votes], drift: float | None, prior: float | None, level: float
) -> None:
    if len(chambers) < 2:
        raise InputError(
            f"{len(chambers)} period is given; scores over time need at least two, in order."
        )
    for key, value in (("drift", drift), ("prior", prior)):
        if value is not None and not 0 < value < np.inf:
            raise InputError(f"{key} is {value}; it must be a positive number.")
    if not 0 < level < 1:
        raise InputError(f"level is {level}; it must lie between 0 and 1, such as 0.9.")


def _contested(name: str, votes: Votes) -> Votes:
    both = (votes.matrix > 0).any(axis=1) & (votes.matrix < 0).any(axis=1)
    if not both.any():
        raise InputError(
            f"all roll calls of {name!r} are unanimous, so they place nobody; leave it out."
        )
    kept = votes.select(rollcalls=both)
    return kept.select(members=(kept.matrix != 0).any(axis=0))


def _places(data: Mapping[str, Votes]) -> pd.DataFrame:
    """Return one row per member and period, in order of member and period."""
    rows = []
    for time, (name, votes) in enumerate(data.items()):
        own = votes.members[["id", "name", "party"]].reset_index(drop=True)
        cast = (votes.matrix != 0).sum(axis=0)
        rows.append(own.assign(period=name, time=time, column=range(len(own)), votes=cast))
    table = pd.concat(rows, ignore_index=True)
    table["member"] = pd.factorize(table["id"])[0]
    return table.sort_values(["member", "time"], kind="stable").reset_index(drop=True)


def _bridges(data: Mapping[str, Votes]) -> pd.DataFrame:
    names, seen = list(data), set(next(iter(data.values())).members["id"])
    rows = []
    for before, after in itertools.pairwise(names):
        own = set(data[after].members["id"])
        if len(seen & own) < LEAST_BRIDGES:
            raise InputError(
                f"{after!r} shares {len(seen & own)} member(s) with the periods before it; at "
                f"least {LEAST_BRIDGES} must have voted in both, since nobody else says how its "
                "line lies to theirs: check that members' ids are the same in all files."
            )
        shared = len(own & set(data[before].members["id"]))
        rows.append({"period": before, "next": after, "members": shared})
        seen |= own
    return pd.DataFrame(rows)


def _periods(data: Mapping[str, Votes], places: pd.DataFrame) -> list[Period]:
    found = []
    for time, votes in enumerate(data.values()):
        own = places[places["time"] == time].sort_values("column")
        found.append(Period(votes.matrix.astype(np.float64), own.index.to_numpy()))
    return found


def _members(data: Mapping[str, Votes], places: pd.DataFrame) -> Votes:
    """Return a stand-in that knows the members, each once, as last described."""
    last = places.groupby("member").tail(1).sort_values("member")
    table = last[["id", "name", "party"]].reset_index(drop=True)
    return Votes(np.zeros((1, len(table))), table, partial=True)


def _static(periods: list[Period], member: NDArray[np.int64], prior: float) -> Array:
    """Return places from one point per member, from all roll calls together."""
    total = sum(len(each.matrix) for each in periods)
    matrix = np.zeros((total, int(member.max()) + 1))
    first = 0
    for each in periods:
        rows = np.arange(first, first + len(each.matrix))
        matrix[np.ix_(rows, member[each.place])] = each.matrix
        first += len(each.matrix)
    return np.asarray(fit_map(matrix, 1, prior, tol=1e-5).points[member, 0])


def _chosen(
    periods: list[Period],
    member: NDArray[np.int64],
    time: NDArray[np.int64],
    drift: float | None,
    prior: float | None,
    seed: int,
) -> tuple[float, float, pd.DataFrame]:
    """Return drift and prior, and the score of each pair of them that was tried."""
    votes = int(sum(np.count_nonzero(each.matrix) for each in periods))
    shared = [_plain(periods), member, time, seed]
    folds = HiddenFolds("fold of dynamic scores", _held_out, shared, votes=votes)
    if prior is None:
        prior = best_of_priors(PRIORS, lambda each: folds.score(drift or FIRST_DRIFT, each))
    if drift is None:
        # the step's standard deviation is a prior like the other
        drift = best_of_priors(DRIFTS, lambda each: folds.score(each, prior))
    return float(drift), float(prior), folds.table("drift", "prior")


def _held_out(
    plain: list[Any],
    member: NDArray[np.int64],
    time: NDArray[np.int64],
    seed: int,
    drift: float,
    prior: float,
    fold: int,
) -> Arrays:
    """Return the mean log-likelihood of the hidden votes of one draw."""
    rng = streams.generator(seed, "fit", fold)
    given = [Period(*each) for each in zip(plain[::2], plain[1::2], strict=True)]
    kept, masks = [], []
    for each in given:
        matrix, mask = hidden(each.matrix, HIDDEN_SHARE, rng)
        kept.append(Period(matrix, each.place))
        masks.append(mask)
    start = _static(kept, member, prior)
    fit = fit_walk(kept, walk_precision(member, time, drift), prior, start)
    total, count = 0.0, 0
    for each, mask, items in zip(given, masks, fit.items, strict=True):
        odds = items[:, :1] + items[:, 1:] * fit.points[each.place]
        total -= float(np.logaddexp(0, -(each.matrix * odds)[mask]).sum())
        count += int(mask.sum())
    return {"score": np.array(total / count)}


def _kept(
    periods: list[Period],
    member: NDArray[np.int64],
    time: NDArray[np.int64],
    drift: float,
    prior: float,
    start: Array,
) -> WalkFit:
    def compute(draft: object) -> Arrays:
        fit = fit_walk(periods, walk_precision(member, time, drift), prior, start)
        items = {f"items{k}": each for k, each in enumerate(fit.items)}
        return {"points": fit.points, "turns": np.array(fit.turns)} | items

    given = [*_plain(periods), member, time, drift, prior]
    found = step("dynamic scores", given, compute)
    items = tuple(found[f"items{k}"] for k in range(len(periods)))
    return WalkFit(found["points"], items, int(found["turns"]))


def _plain(periods: list[Period]) -> list[Any]:
    return [array for each in periods for array in each]


def _sentence(table: pd.DataFrame) -> str:
    """Return how many members of several periods end elsewhere than they began."""
    ends = table.groupby("id", sort=False).agg(["first", "last"])[["low", "high"]]
    several = table.groupby("id", sort=False)["period"].size() > 1
    apart = (ends["low"]["last"] > ends["high"]["first"]) | (
        ends["high"]["last"] < ends["low"]["first"]
    )
    moved = [str(name) for name in table.groupby("id", sort=False)["name"].last()[apart & several]]
    if not moved:
        return (
            f"none of {int(several.sum())} members of several periods has an interval at the end "
            "that lies apart from that at the beginning."
        )
    names = ", ".join(moved[:5]) + (", ..." if len(moved) > 5 else "")
    return (
        f"{len(moved)} of {int(several.sum())} members of several periods ended elsewhere than "
        f"they began, their intervals apart: {names}."
    )
