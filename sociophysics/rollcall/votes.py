"""Roll-call votes of one chamber: who voted how, on what, and what +1 means.

Votes are ``+1``, ``-1`` or ``0`` (not observed), one row per roll call and one column per member.
What ``+1`` means is the *polarity* and is carried to every output:

* ``"arbitrary"``: yea against nay; which side is called +1 is an accident of each roll call;
* ``"expert"``: coded by experts, such as liberal against conservative outcomes of court cases;
* ``"majority"``: +1 is the side of the majority, which selects on the outcome.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from sociophysics.errors import InputError, did_you_mean
from sociophysics.rollcall import selection
from sociophysics.rollcall.vote_rules import (
    check_content,
    member_table,
    rollcall_table,
    vote_matrix,
)

__all__ = ["POLARITIES", "Votes", "as_votes"]

POLARITIES = ("arbitrary", "expert", "majority")

MAJORITY_WARNING = (
    "coded +1 = with the majority of the roll call: this selects on the outcome and makes "
    "spurious negative couplings"
)


class Votes:
    """Votes of the members of a chamber; frozen after construction.

    Parameters
    ----------
    matrix : array or DataFrame, shape (roll calls, members)
        +1, -1, or 0 where nothing was observed; NaN is read as 0. Kept as read-only int8. The
        columns of a DataFrame name the members and its rows the roll calls, and tables of these
        are put in the same order.
    members : DataFrame, optional
        One row per member; ``id`` must not repeat. ``id``, ``name``, ``party`` and ``state`` are
        filled in where they are left out.
    rollcalls : DataFrame, optional
        One row per roll call; ``id`` is filled in where it is left out.
    polarity : {"arbitrary", "expert", "majority"}
        What +1 means.
    notes : sequence of str
        What was dropped, merged or recoded on the way here, one sentence each.
    seated : bool array, shape (roll calls, members), optional
        Where the member held a seat when the roll call was held; everywhere if left out. A missing
        vote of a seated member is an abstention or absence.
    abstained : bool array, shape (roll calls, members), optional
        Where the member was there and answered neither yea nor nay; nowhere if left out. To
        models of two values it is a missing vote, `three_valued` keeps it.
    partial : bool
        True for a part of the data, in which roll calls and members may be empty.

    Raises
    ------
    InputError
        Values outside -1/0/1, tables of another length, members that repeat, a roll call or
        member without votes, nothing but unanimous votes.

    Examples
    --------
    >>> votes = Votes([[1, 1, -1], [1, -1, 0]])
    >>> votes.n_rollcalls, votes.n_members, votes.n_votes
    (2, 3, 5)
    """

    def __init__(
        self,
        matrix: ArrayLike,
        members: pd.DataFrame | None = None,
        rollcalls: pd.DataFrame | None = None,
        *,
        polarity: str = "arbitrary",
        notes: Sequence[str] = (),
        seated: ArrayLike | None = None,
        abstained: ArrayLike | None = None,
        partial: bool = False,
    ) -> None:
        if polarity not in POLARITIES:
            raise InputError(f"polarity is {polarity!r}; {did_you_mean(polarity, POLARITIES)}")
        rows = columns = None
        if isinstance(matrix, pd.DataFrame):
            rows, columns = matrix.index, matrix.columns
            matrix = matrix.astype(object).where(matrix.notna(), np.nan).to_numpy()
        self.matrix = vote_matrix(matrix)
        self.members = member_table(members, self.matrix.shape[1], columns)
        self.rollcalls = rollcall_table(rollcalls, self.matrix.shape[0], rows)
        self.polarity = polarity
        self.notes = tuple(notes)
        self.abstained = _marks(abstained, self.matrix, "abstained", False) & (self.matrix == 0)
        self.seated = _marks(seated, self.matrix, "seated", True) | self.observed | self.abstained
        for marks in (self.abstained, self.seated):
            marks.flags.writeable = False
        self.partial = bool(partial)
        if not partial:
            check_content(self.matrix, self.members, self.rollcalls)
        self._frozen = True

    def __setattr__(self, name: str, value: object) -> None:
        if getattr(self, "_frozen", False):
            raise AttributeError(f"Votes are frozen: build new ones to change {name}")
        super().__setattr__(name, value)

    def __repr__(self) -> str:
        return (
            f"Votes({self.n_rollcalls} roll calls, {self.n_members} members, {self.n_votes} votes, "
            f"polarity {self.polarity!r})"
        )

    def __len__(self) -> int:
        return self.n_rollcalls

    @property
    def n_rollcalls(self) -> int:
        """Number of roll calls."""
        return int(self.matrix.shape[0])

    @property
    def n_members(self) -> int:
        """Number of members."""
        return int(self.matrix.shape[1])

    @property
    def n_votes(self) -> int:
        """Number of observed votes."""
        return int(np.count_nonzero(self.matrix))

    @property
    def observed(self) -> NDArray[np.bool_]:
        """Where a vote was observed, shape (roll calls, members)."""
        seen: NDArray[np.bool_] = self.matrix != 0
        return seen

    @property
    def party(self) -> NDArray[np.object_]:
        """Party of each member, "" where unknown, shape (members,)."""
        return np.asarray(self.members["party"].to_numpy(dtype=object))

    @property
    def minority(self) -> NDArray[np.float64]:
        """Share of the smaller side among the votes of each roll call, shape (roll calls,)."""
        return selection.minority_share(self.matrix)

    def select(self, *, rollcalls: Any = None, members: Any = None, note: str = "") -> Votes:
        """Return the chosen roll calls and members, in the order chosen, as a part of the data.

        Parameters
        ----------
        rollcalls, members : bool array or integer positions, optional
            All of them where left out.
        note : str
            Sentence added to ``notes``.

        Raises
        ------
        InputError
            Nothing is left, or a mask of another length.

        Examples
        --------
        >>> Votes([[1, -1], [1, 1]]).select(rollcalls=[0]).n_rollcalls
        1
        """
        rows = _positions(rollcalls, self.n_rollcalls, "roll calls")
        columns = _positions(members, self.n_members, "members")
        grid = np.ix_(rows, columns)
        return Votes(
            self.matrix[grid],
            self.members.iloc[columns].reset_index(drop=True),
            self.rollcalls.iloc[rows].reset_index(drop=True),
            polarity=self.polarity,
            notes=(*self.notes, note) if note else self.notes,
            seated=self.seated[grid],
            abstained=self.abstained[grid],
            partial=True,
        )

    def contested(self, minority: float = 0.025) -> Votes:
        """Return the roll calls whose smaller side holds at least the share ``minority``.

        Examples
        --------
        >>> Votes([[1, 1, 1], [1, -1, 1]]).contested().n_rollcalls
        1
        """
        keep, note = selection.contested(self.matrix, minority)
        return self.select(rollcalls=keep, note=note)

    def present(self, minimum: float = 0.1) -> Votes:
        """Return the members who voted on at least the share ``minimum`` of all roll calls.

        Examples
        --------
        >>> Votes([[1, 0, -1], [1, -1, 1]]).present(0.6).n_members
        2
        """
        keep, note = selection.present(self.matrix, self.members["name"], minimum)
        return self.select(members=keep, note=note)

    def between(self, start: str | None = None, stop: str | None = None) -> Votes:
        """Return the roll calls dated from ``start`` to ``stop``, both included, as ISO dates."""
        keep, note = selection.dated(self.rollcalls, start, stop)
        return self.select(rollcalls=keep, note=note)

    def session(self, *sessions: int) -> Votes:
        """Return the roll calls of the given sessions."""
        keep, note = selection.matching(self.rollcalls, "session", sessions)
        return self.select(rollcalls=keep, note=note)

    def chamber(self, name: str) -> Votes:
        """Return the roll calls and members of one chamber, such as ``"Senate"``."""
        rows, columns, note = selection.chamber(self.rollcalls, self.members, name)
        return self.select(rollcalls=rows, members=columns, note=note)

    def hide(self, cells: NDArray[np.bool_]) -> Votes:
        """Return the votes with the cells in the mask made unobserved.

        Examples
        --------
        >>> Votes([[1, -1]]).hide(np.array([[True, False]])).matrix
        array([[ 0, -1]], dtype=int8)
        """
        if cells.shape != self.matrix.shape:
            raise InputError(
                f"the mask has shape {cells.shape} for votes of shape {self.matrix.shape}; give "
                "one entry per vote."
            )
        hidden = self.abstained & ~np.asarray(cells, dtype=bool)
        return self.replace(matrix=np.where(cells, 0, self.matrix), abstained=hidden, partial=True)

    def three_valued(self) -> NDArray[np.float64]:
        """Return +1 yea, 0 abstention, -1 nay, NaN not observed, shape (roll calls, members).

        Examples
        --------
        >>> Votes([[1, 0, 0], [-1, 1, 1]], abstained=[[0, 1, 0], [0, 0, 0]]).three_valued().tolist()
        [[1.0, 0.0, nan], [-1.0, 1.0, 1.0]]
        """
        return np.where(self.observed | self.abstained, self.matrix, np.nan)

    def oriented_by_majority(self, train: NDArray[np.bool_] | None = None) -> Votes:
        """Return the votes with +1 = the side of the majority, and a warning in ``notes``.

        The majority is counted on the cells in ``train`` only (all observed ones if left out); a
        tie keeps its original sign. ``rollcalls["flipped"]`` says which roll calls changed sign.

        Examples
        --------
        >>> votes = Votes([[-1, -1, 1], [1, -1, 1]]).oriented_by_majority()
        >>> votes.matrix.tolist(), votes.polarity
        ([[1, 1, -1], [1, -1, 1]], 'majority')
        """
        before = self.rollcalls.get("flipped", pd.Series(False, self.rollcalls.index)).to_numpy()
        original = np.where(before[:, None], -self.matrix, self.matrix)
        seen = original if train is None else np.where(train, original, 0)
        flipped = seen.sum(axis=1, dtype=np.int64) < 0
        warned = MAJORITY_WARNING in self.notes
        return self.replace(
            matrix=np.where(flipped[:, None], -original, original),
            rollcalls=self.rollcalls.assign(flipped=flipped),
            polarity="majority",
            notes=self.notes if warned else (*self.notes, MAJORITY_WARNING),
        )

    def replace(self, **changes: Any) -> Votes:
        """Return the votes with some of their parts exchanged; names as in the constructor."""
        names = (
            "matrix", "members", "rollcalls", "polarity", "notes", "seated", "abstained", "partial",
        )  # fmt: skip
        return Votes(**({name: getattr(self, name) for name in names} | changes))


def as_votes(data: Votes | pd.DataFrame | ArrayLike) -> Votes:
    """Return ``data`` as Votes: an array or DataFrame is roll calls x members, 0 or NaN missing.

    Examples
    --------
    >>> as_votes(pd.DataFrame({"ann": [1, -1], "bob": [-1, -1]})).members["name"].tolist()
    ['ann', 'bob']
    """
    if isinstance(data, Votes):
        return data
    if not isinstance(data, pd.DataFrame):
        return Votes(data)
    return Votes(
        data.astype(object).where(data.notna(), np.nan).to_numpy(),
        pd.DataFrame({"id": list(data.columns), "name": [str(c) for c in data.columns]}),
        pd.DataFrame({"id": list(data.index)}),
    )


def _marks(
    marks: ArrayLike | None, matrix: NDArray[np.int8], name: str, filled: bool
) -> NDArray[np.bool_]:
    found = np.full(matrix.shape, filled) if marks is None else np.array(marks, dtype=bool)
    if found.shape != matrix.shape:
        raise InputError(
            f"{name} has shape {found.shape} for votes of shape {matrix.shape}; give one entry per "
            "vote."
        )
    return found


def _positions(chosen: Any, n: int, noun: str) -> NDArray[np.int64]:
    if chosen is None:
        return np.arange(n)
    array = np.asarray(chosen)
    if array.dtype == bool and array.shape != (n,):
        raise InputError(f"the mask of {noun} has shape {array.shape}; allowed: ({n},).")
    positions = np.flatnonzero(array) if array.dtype == bool else array.astype(np.int64)
    if not positions.size:
        raise InputError(f"no {noun} are left of {n}; choose others.")
    if positions.min() < -n or positions.max() >= n:
        raise InputError(f"{noun} are chosen by positions 0 to {n - 1}; got {positions.max()}.")
    return positions
