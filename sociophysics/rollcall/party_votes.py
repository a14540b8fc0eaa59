"""How parties vote: Rice's indices, party unity, and how often two members agree.

All are counts over the recorded votes, without a model. Members without a party belong to none.
"""

from __future__ import annotations

from itertools import combinations
from typing import NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from sociophysics.arguments import asks
from sociophysics.errors import InputError, did_you_mean
from sociophysics.rollcall.votes import Votes

__all__ = ["PartyUnity", "agreement_scores", "cohesion", "likeness", "party_unity", "rice_index"]

Array = NDArray[np.float64]


class PartyUnity(NamedTuple):
    """Which roll calls set two parties against each other, and how loyal members were in them.

    ``rollcalls`` bool (roll calls,); ``scores`` (members,), the share of a member's votes on them
    that went with the majority of the member's own party, NaN for members of other parties and
    those who cast none; ``parties`` the two.
    """

    rollcalls: NDArray[np.bool_]
    scores: Array
    parties: tuple[str, str]


@asks
def rice_index(votes: Votes) -> pd.DataFrame:
    """Return Rice's index of each party on each roll call, ``|yeas - nays| / (yeas + nays)``.

    Parameters
    ----------
    votes : Votes

    Returns
    -------
    DataFrame
        One row per roll call and party: ``rollcall`` (its id), ``party``, ``yeas``, ``nays``,
        ``rice``, blank where nobody of the party voted (Rice 1928, Quantitative Methods in
        Politics).

    Examples
    --------
    >>> members = pd.DataFrame({"id": range(4), "party": ["A", "A", "A", "B"]})
    >>> rice_index(Votes([[1, 1, -1, -1]], members, partial=True))["rice"].round(3).tolist()
    [0.333, 1.0]
    """
    tables = []
    for name in _parties(votes):
        own = votes.matrix[:, votes.party == name]
        yeas, nays = (own > 0).sum(axis=1), (own < 0).sum(axis=1)
        rice = _ratio(np.abs(yeas - nays), yeas + nays)
        head = {"rollcall": votes.rollcalls["id"], "party": name}
        tables.append(pd.DataFrame(head | {"yeas": yeas, "nays": nays, "rice": rice}))
    if not tables:
        return pd.DataFrame(columns=["rollcall", "party", "yeas", "nays", "rice"])
    whole = pd.concat(tables)
    return whole.sort_index(kind="stable").reset_index(drop=True)


@asks
def cohesion(votes: Votes) -> pd.DataFrame:
    """Return each party's cohesion, its mean Rice index over roll calls on which two of it voted.

    Parameters
    ----------
    votes : Votes

    Returns
    -------
    DataFrame
        One row per party, the largest first: ``party``, ``members``, ``rollcalls`` counted,
        ``cohesion``, and ``unity``, the mean of its members' ``party_unity`` scores.

    Examples
    --------
    >>> members = pd.DataFrame({"id": range(4), "party": ["A", "A", "B", "B"]})
    >>> cohesion(Votes([[1, 1, -1, 1], [1, 1, -1, -1]], members))["cohesion"].tolist()
    [1.0, 0.5]
    """
    names = _parties(votes)
    if not names:
        return pd.DataFrame(columns=["party", "members", "rollcalls", "cohesion", "unity"])
    rice = rice_index(votes)
    scores = party_unity(votes).scores if len(names) > 1 else np.full(votes.n_members, np.nan)
    rows = []
    for name in names:
        own = rice[(rice["party"] == name) & (rice["yeas"] + rice["nays"] > 1)]["rice"]
        member = votes.party == name
        loyal = scores[member]
        rows.append(
            {
                "party": name,
                "members": int(member.sum()),
                "rollcalls": len(own),
                "cohesion": float(own.mean()) if len(own) else np.nan,
                "unity": float(np.nanmean(loyal)) if np.isfinite(loyal).any() else np.nan,
            }
        )
    return pd.DataFrame(rows)


@asks
def likeness(votes: Votes) -> pd.DataFrame:
    """Return Rice's index of likeness of every two parties, the mean of ``1 - |p_A - p_B|``.

    ``p`` is the share of yeas among the party's votes on a roll call.

    Parameters
    ----------
    votes : Votes

    Returns
    -------
    DataFrame
        ``party_i``, ``party_j``, ``rollcalls`` on which both voted, ``likeness``, and ``opposed``,
        the share of these on which the two majorities were on opposite sides.

    Examples
    --------
    >>> members = pd.DataFrame({"id": range(4), "party": ["A", "A", "B", "B"]})
    >>> table = likeness(Votes([[1, 1, -1, 1], [1, 1, -1, -1]], members))
    >>> table["likeness"].item(), table["opposed"].item()  # (1 - .5 + 0) / 2, one of two
    (0.25, 0.5)
    """
    share, line = {}, {}
    for name in _parties(votes):
        own = votes.matrix[:, votes.party == name].astype(np.int64)
        share[name] = _ratio((own > 0).sum(axis=1), (own != 0).sum(axis=1))
        line[name] = np.sign(own.sum(axis=1))
    rows = []
    for a, b in combinations(share, 2):
        both = np.isfinite(share[a]) & np.isfinite(share[b])
        alike = 1 - np.abs(share[a] - share[b])[both]
        opposed = (line[a] * line[b] < 0)[both]
        rows.append(
            {
                "party_i": a,
                "party_j": b,
                "rollcalls": int(both.sum()),
                "likeness": float(alike.mean()) if both.any() else np.nan,
                "opposed": float(opposed.mean()) if both.any() else np.nan,
            }
        )
    return pd.DataFrame(rows, columns=["party_i", "party_j", "rollcalls", "likeness", "opposed"])


@asks
def party_unity(votes: Votes, parties: tuple[str, str] | None = None) -> PartyUnity:
    """Return the party unity votes of two parties and the members' party unity scores.

    A roll call is one where a majority of the voting members of one party opposed a majority of
    those of the other (Congressional Quarterly); absences do not count against a score.

    Parameters
    ----------
    votes : Votes
    parties : pair of names, optional
        The two largest if left out.

    Raises
    ------
    InputError
        A party that is not there, or fewer than two parties.

    Examples
    --------
    >>> members = pd.DataFrame({"id": range(4), "party": ["A", "A", "B", "B"]})
    >>> found = party_unity(Votes([[1, 1, -1, 1], [1, 1, -1, -1], [1, -1, -1, -1]], members))
    >>> found.rollcalls.tolist(), found.scores.tolist()
    ([False, True, False], [1.0, 1.0, 1.0, 1.0])
    """
    names = _parties(votes)
    chosen = tuple(names[:2]) if parties is None else tuple(parties)
    if len(chosen) != 2 or chosen[0] == chosen[1]:
        raise InputError(
            f"party unity is of two parties, and the votes have {len(names)}; give the members' "
            "parties, or two of them."
        )
    for name in chosen:
        if name not in names:
            raise InputError(f"no member is of party {name!r}; {did_you_mean(name, names)}")
    matrix = votes.matrix.astype(np.int64)
    lines = [np.sign(matrix[:, votes.party == name].sum(axis=1)) for name in chosen]
    opposed: NDArray[np.bool_] = lines[0] * lines[1] < 0
    scores = np.full(votes.n_members, np.nan)
    for name, line in zip(chosen, lines, strict=True):
        own = votes.party == name
        against = matrix[opposed][:, own] * line[opposed, None]
        scores[own] = _ratio((against > 0).sum(axis=0), (against != 0).sum(axis=0))
    return PartyUnity(opposed, scores, (chosen[0], chosen[1]))


@asks
def agreement_scores(votes: Votes) -> Array:
    """Return how often every two members voted alike, of the roll calls on which both voted.

    Parameters
    ----------
    votes : Votes

    Returns
    -------
    array, shape (members, members)
        From 0 to 1, with 1 on the diagonal; NaN for two who never voted on the same roll call.

    Examples
    --------
    >>> agreement_scores(Votes([[1, 1, -1], [1, -1, 0], [1, 1, 1]]))[0].round(3).tolist()
    [1.0, 0.667, 0.5]
    """
    matrix = votes.matrix.astype(np.float64)
    seen = (matrix != 0).astype(np.float64)
    both = seen.T @ seen
    return _ratio((both + matrix.T @ matrix) / 2, both)


def _parties(votes: Votes) -> list[str]:
    """Return the parties, the largest first, equal ones by name."""
    sizes = pd.Series(votes.party[votes.party != ""]).value_counts()
    return sorted((str(name) for name in sizes.index), key=lambda name: (-sizes[name], name))


def _ratio(part: NDArray[np.generic], whole: NDArray[np.generic]) -> Array:
    out = np.full(np.shape(whole), np.nan)
    np.divide(part, whole, out=out, where=np.asarray(whole) > 0)
    return out
