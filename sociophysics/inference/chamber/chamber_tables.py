"""The tables of a fitted chamber: pairs of members, members, roll calls."""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from sociophysics.inference.chamber.blocs import party_blocs
from sociophysics.inference.chamber.ideal_point_tables import fit_by_rollcall
from sociophysics.inference.chamber.member_ranks import bridging, rank_intervals
from sociophysics.inference.estimators.ideal_points import IdealPoints
from sociophysics.inference.estimators.pseudolikelihood import PseudoLikelihood
from sociophysics.inference.estimators.uncertainty import StandardErrors
from sociophysics.rollcall.party_votes import (
    agreement_scores,
    cohesion,
    likeness,
    party_unity,
    rice_index,
)
from sociophysics.rollcall.votes import Votes

__all__ = [
    "couplings_table", "members_table", "party_groups", "party_tables", "rollcalls_table",
]  # fmt: skip

Array = NDArray[np.float64]

CLIP = 1e-6
SMALLEST_PARTY = 3


def couplings_table(
    votes: Votes,
    fit: PseudoLikelihood,
    errors: StandardErrors | None,
    stability: Array | None = None,
) -> pd.DataFrame:
    """Return one row per pair of members, strongest coupling first.

    Columns: the two members' ids, names and parties; ``coupling`` of the fit that predicts, at
    ``l2``; ``error``, ``low``, ``high`` and ``sign_probability`` with ``error_kind``, belonging to
    ``coupling_at_error_l2``, the refit at ``error_l2``; ``stability``, the share of half samples
    in which an l1 fit selects the pair; ``joint_votes``, the roll calls on which both voted, and
    ``agreement``, the share of them on which they voted alike; ``across``, whether they count with
    different parties, as ``party_groups`` says. What was not computed is blank, and
    so is everything about two members who never voted together: their coupling is the penalty's,
    not the votes'.
    """
    i, j = np.triu_indices(votes.n_members, 1)
    seen = votes.observed.astype(np.int32)
    joint = (seen.T @ seen)[i, j]
    table = pd.DataFrame()
    for column in ("id", "name", "party"):
        values = votes.members[column].to_numpy()
        table[f"{column}_i"], table[f"{column}_j"] = values[i], values[j]
    table["coupling"], table["l2"] = fit.coupling_[i, j], fit.l2_
    table["error_kind"] = "not computed" if errors is None else errors.kind
    for name, label in (
        ("error", "error"),
        ("low", "low"),
        ("high", "high"),
        ("sign_probability", "sign_probability"),
        ("coupling", "coupling_at_error_l2"),
    ):
        table[label] = np.nan if errors is None else getattr(errors, name)[i, j]
    table["error_l2"] = np.nan if errors is None else errors.l2
    table["stability"] = np.nan if stability is None else stability[i, j]
    table["joint_votes"] = joint
    group = party_groups(votes.party, party_blocs(fit.coupling_))
    table["across"] = group[i] != group[j]
    table["agreement"] = agreement_scores(votes)[i, j]
    told = ["coupling", "error", "low", "high", "sign_probability", "coupling_at_error_l2"]
    table.loc[joint == 0, [*told, "stability"]] = np.nan
    order = np.argsort(-np.abs(table["coupling"].to_numpy()), kind="stable")
    return table.iloc[order].reset_index(drop=True)


def members_table(
    votes: Votes,
    fit: PseudoLikelihood,
    ideal: IdealPoints,
    pivotal: pd.DataFrame | None = None,
    *,
    whole: Votes | None = None,
    draws: Array | None = None,
    pivotal_draws: Array | None = None,
) -> pd.DataFrame:
    """Return one row per member, in the order of the votes.

    * ``votes``, ``presence``: votes cast, and their share of the roll calls held while seated;
    * ``field``: ``h_i``, zero where +1 has no meaning;
    * ``strength``: ``sum_j |J_ij|``;
    * ``bloc``: the side of the two-bloc division found from the couplings alone;
    * ``party_group``: the party, or the one that a member without a large one counts with, as
      ``party_groups`` says;
    * ``bridging``: share of positive coupling that goes to members of other groups;
      ``bridging_rank`` with ``..._low`` and ``..._high``, its interval from bootstrap ``draws`` of
      the couplings, if given;
    * ``dissent``: share of votes against the majority of the own party, so counted;
    * ``party_unity``: share of votes with the own party where the two largest oppose each other,
      over all roll calls of ``whole``, or of the votes;
    * ``ideal_point``, ``ideal_point_error``: on one dimension, in standard deviations;
    * ``pivotal``: total variation between the distributions of the number of yeas with the
      member's field raised by 1/2 and as it is, from ``pivotal_members``; blank without it;
      ranked like ``bridging`` where there are draws.
    """
    bloc = party_blocs(fit.coupling_)
    group = party_groups(votes.party, bloc)
    seats = np.maximum(votes.seated.sum(axis=0), 1)
    table = votes.members[["id", "name", "party", "state"]].copy()
    table["votes"] = votes.observed.sum(axis=0)
    table["presence"] = table["votes"] / seats
    table["field"] = fit.field_
    table["strength"] = np.abs(fit.coupling_).sum(axis=1)
    table["bloc"] = bloc
    table["party_group"] = group
    table["bridging"] = bridging(fit.coupling_, group)
    if draws is not None:
        _add_ranks(table, "bridging", bridging(draws, group))
    table["dissent"] = _dissent(votes, group)
    table["party_unity"] = _unity(votes, votes if whole is None else whole)
    table["ideal_point"], table["ideal_point_error"] = ideal.points_[:, 0], ideal.errors_[:, 0]
    table["pivotal"] = np.nan if pivotal is None else pivotal["outcome"].to_numpy()
    if pivotal is not None and pivotal_draws is not None:
        _add_ranks(table, "pivotal", pivotal_draws)
    for name in ("nominate_dim1", "nominate_dim2"):
        if name in votes.members:
            table[name] = votes.members[name].to_numpy()
    return table


def party_tables(votes: Votes) -> dict[str, pd.DataFrame]:
    """Return ``parties``, ``likeness`` and ``party_votes``, as `cohesion` and its like give them.

    ``party_votes`` has the column ``unity_vote``: the two largest parties opposed each other.
    """
    rice = rice_index(votes)
    opposed = _opposed(votes)
    ids = set(votes.rollcalls["id"][opposed])
    rice["unity_vote"] = rice["rollcall"].isin(ids)
    return {"parties": cohesion(votes), "likeness": likeness(votes), "party_votes": rice}


def rollcalls_table(votes: Votes, fit: PseudoLikelihood, ideal: IdealPoints) -> pd.DataFrame:
    """Return one row per roll call, with what its table had.

    * ``yeas``, ``nays``, ``minority``: counts of +1 and -1, and the share of the smaller side;
    * ``cut_point``: the ideal point at which +1 and -1 are as likely, ``-a/b``, and
      ``discrimination`` ``b``, which is negative where +1 is the side of low points;
    * ``pre``, ``gmp``: proportional reduction in error, ``1 - errors / minority votes``, and
      geometric mean probability, each member predicted from the others' votes by the couplings;
      ``pre_ideal_points``, ``gmp_ideal_points``: the same by the ideal points.

    The couplings and points have seen these votes: `evaluate` has the honest scores.
    """
    table = votes.rollcalls.copy()
    matrix = votes.matrix
    table["yeas"], table["nays"] = (matrix > 0).sum(axis=1), (matrix < 0).sum(axis=1)
    table["minority"] = votes.minority
    slope = ideal.discrimination_[:, 0]
    cut = np.full(len(slope), np.nan)
    np.divide(-ideal.intercept_, slope, out=cut, where=np.abs(slope) > CLIP)
    table["cut_point"], table["discrimination"] = cut, slope
    for name, model in (("", fit), ("_ideal_points", ideal)):
        found = fit_by_rollcall(votes, model.predict_proba(votes))
        table[f"pre{name}"], table[f"gmp{name}"] = found["pre"], found["gmp"]
    return table


def party_groups(party: NDArray[np.object_], bloc: NDArray[np.int64]) -> NDArray[np.object_]:
    """Return each member's party, or the one that a member without a large party counts with.

    Where two parties have at least three members, members of others count with the party that is
    most frequent in their bloc. Without any party labels blocs stand for parties.

    Examples
    --------
    >>> party = np.array(["D", "D", "D", "I", "R", "R", "R"], dtype=object)
    >>> party_groups(party, np.array([0, 0, 0, 0, 1, 1, 1]))[3]
    'D'
    """
    sizes = pd.Series(party[party != ""]).value_counts()
    if sizes.empty:
        return np.array([f"bloc {side}" for side in bloc], dtype=object)
    if (sizes >= SMALLEST_PARTY).sum() < 2:
        return party
    return _groups(party, bloc)


def _add_ranks(table: pd.DataFrame, name: str, draws: Array) -> None:
    found = rank_intervals(table[name].to_numpy(np.float64), draws)
    table[f"{name}_rank"] = found.rank
    table[f"{name}_rank_low"], table[f"{name}_rank_high"] = found.low, found.high


def _several(votes: Votes) -> bool:
    return len(set(votes.party) - {""}) > 1


def _opposed(votes: Votes) -> NDArray[np.bool_]:
    """Mark the party unity votes; none without two parties."""
    if not _several(votes):
        return np.zeros(votes.n_rollcalls, bool)
    return party_unity(votes).rollcalls


def _unity(votes: Votes, whole: Votes) -> Array:
    """Return the party unity scores of the members of ``votes`` on the roll calls of ``whole``."""
    if not _several(whole):
        return np.full(votes.n_members, np.nan)
    scores = dict(zip(whole.members["id"], party_unity(whole).scores, strict=True))
    return np.array([scores.get(member, np.nan) for member in votes.members["id"]])


def _groups(party: NDArray[np.object_], bloc: NDArray[np.int64]) -> NDArray[np.object_]:
    sizes = pd.Series(party).value_counts()
    large = {name for name, size in sizes.items() if name and size >= SMALLEST_PARTY}
    group = party.copy()
    for side in np.unique(bloc):
        own = bloc == side
        among = pd.Series([name for name in party[own] if name in large], dtype=object)
        stand_in = f"bloc {side}" if among.empty else among.value_counts().index[0]
        group[own & ~np.isin(party, list(large))] = stand_in
    return group


def _dissent(votes: Votes, group: NDArray[np.object_]) -> Array:
    matrix = votes.matrix.astype(np.float64)
    dissent = np.full(votes.n_members, np.nan)
    for name in sorted(set(group)):
        own = group == name
        line = np.sign(matrix[:, own].sum(axis=1, keepdims=True))
        against = (matrix[:, own] * line < 0).sum(axis=0)
        counted = (matrix[:, own] * line != 0).sum(axis=0)
        dissent[own] = np.where(counted > 0, against / np.maximum(counted, 1), np.nan)
    return dissent
