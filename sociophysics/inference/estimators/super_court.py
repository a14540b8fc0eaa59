r"""One court of all who ever sat: members of overlapping courts, bridged by those who sat in both.

    ``P(s) ~ exp(sum_{i<j together} J_ij s_i s_j + sum_i h_i s_i)``

over the union of the members is the law of largest entropy with the recorded pair moments of those
who sat together (a "Super Court"; Lee 2018, J. Stat. Phys. 173, 1722). All patterns of the union
are enumerated and those who did not sit are summed over. Two who never sat together have no
coupling: nothing recorded depends on it. Their agreement follows from those who sat with both as
far as it does, and the rest of it is not determined.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, Self

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray
from scipy.special import ndtri

from sociophysics.arguments import asks
from sociophysics.errors import InputError
from sociophysics.inference.estimators.pattern_likelihood import (
    RIDGE,
    Maximum,
    OfPatterns,
    maximum,
    observed_information,
    pair_features,
    patterns,
    possible_patterns,
)
from sociophysics.kinds import ESTIMATORS
from sociophysics.rollcall.votes import Votes

__all__ = ["SuperCourt", "joined_courts"]

Array = NDArray[np.float64]


@ESTIMATORS.register
@dataclass(eq=False, repr=False)
class SuperCourt(OfPatterns):
    """Couplings over the union of overlapping courts, for at most 14 members.

    Attributes
    ----------
    pairs_ : DataFrame
        One row per two members: ``a``, ``b``, ``together`` (cases in which both voted),
        ``determined`` (whether there is one), ``coupling`` with ``coupling_low`` and
        ``coupling_high``, blank where it is not determined, and the pair moment E[s_a s_b],
        ``moment``, with ``moment_low`` and ``moment_high``. Estimates are those of the law of
        largest entropy, in which those who never sat together have no coupling; intervals allow
        for couplings between them as large as those of the others are.
    coupling_, field_, system_, n_features_in_
        As of ``PseudoLikelihood``; 0 where not determined.

    Examples
    --------
    Two who never sat together, and three who sat with both:

    >>> rng = np.random.default_rng(0)
    >>> votes = rng.choice([-1, 1], (90, 1)) * np.where(rng.random((90, 5)) < 0.8, 1, -1)
    >>> votes[:45, 0] = votes[45:, 4] = 0
    >>> table = SuperCourt().fit(votes).pairs_
    >>> table.loc[~table["determined"], ["a", "b"]].to_numpy().tolist()
    [[0, 4]]
    >>> row = table[~table["determined"]].iloc[0]
    >>> bool(row["moment"] > 0), bool(row["moment_high"] - row["moment_low"] > 0.2)
    (True, True)
    """

    kind: ClassVar[str] = "super_court"
    words: ClassVar[str] = "Couplings over all members of overlapping courts, to 14 members."
    equation: ClassVar[str] = "P(s) ~ exp(sum over pairs together of J_ij s_i s_j + sum h_i s_i)."
    physics: ClassVar[str] = "maximum entropy with pair moments known in part"
    question: ClassVar[str] = "a court of all"
    instead: ClassVar[str] = "fewer courts or members"

    def fit(self, votes: Votes | pd.DataFrame | ArrayLike, y: object = None) -> Self:
        """Fit the couplings of those who sat together and return the estimator.

        Raises
        ------
        InputError
            Votes that cannot be fitted, more than 14 members, or members in two groups that
            nobody bridges.
        """
        data = self.few(votes)
        n = data.n_members
        matrix = data.matrix.astype(np.float64)
        seen = (matrix != 0).astype(np.float64)
        together = (seen.T @ seen).astype(np.int64)
        _require_bridges(together, data)
        upper = np.triu_indices(n, 1)
        known = together[upper] > 0
        states = patterns(n, 0)
        products = pair_features(states, False)
        kept = [products[:, known], *([states.astype(np.float64)] if self.fields else [])]
        features = np.column_stack(kept)
        possible = possible_patterns(matrix, states)
        found = maximum(features, possible)
        value = np.zeros(len(known))
        value[known] = found.value[: known.sum()]
        coupling: Array = np.zeros((n, n))
        coupling[upper] = coupling.T[upper] = value
        field: Array = found.value[known.sum() :] if self.fields else np.zeros(n)
        self.keep(data, coupling, field, states, found.chance)
        ids = data.members["id"].to_numpy(dtype=object)
        head = {"a": ids[upper[0]], "b": ids[upper[1]], "together": together[upper]}
        rows = _intervals(products, features, known, found, possible, self.level)
        self.pairs_ = pd.DataFrame(head | rows)
        return self


@asks
def joined_courts(courts: Mapping[str, Votes]) -> Votes:
    """Return the cases of several courts as votes of all their members, told by ``id``.

    Who did not sit is missing and not seated; the table of roll calls says in ``court`` whose
    case it was. Where a member is in several courts the last table describes it.

    Raises
    ------
    InputError
        No court, or courts whose votes are coded in different ways.

    Examples
    --------
    >>> one = Votes([[1, -1], [1, 1]], pd.DataFrame({"id": ["ann", "bob"]}))
    >>> two = Votes([[1, -1]], pd.DataFrame({"id": ["bob", "eve"]}))
    >>> joined_courts({"one": one, "two": two}).matrix.tolist()
    [[1, -1, 0], [1, 1, 0], [0, 1, -1]]
    """
    if not courts:
        raise InputError("courts is empty; give at least one.")
    polarities = sorted({votes.polarity for votes in courts.values()})
    if len(polarities) > 1:
        raise InputError(
            f"the courts are coded in different ways, {' and '.join(polarities)}; +1 must mean the "
            "same in all: code them alike."
        )
    tables = pd.concat([votes.members for votes in courts.values()], ignore_index=True)
    order = tables["id"].drop_duplicates().tolist()
    members = tables.drop_duplicates("id", keep="last").set_index("id").loc[order].reset_index()
    place: dict[Any, int] = {each: k for k, each in enumerate(order)}
    total = sum(votes.n_rollcalls for votes in courts.values())
    matrix, seated = np.zeros((total, len(order)), np.int8), np.zeros((total, len(order)), bool)
    cases, notes, first = [], [], 0
    for name, votes in courts.items():
        rows = np.arange(first, first + votes.n_rollcalls)
        grid = np.ix_(rows, np.array([place[each] for each in votes.members["id"]]))
        matrix[grid], seated[grid] = votes.matrix, votes.seated
        label = f"{name}: " if len(courts) > 1 else ""
        own = votes.rollcalls.assign(court=name)
        cases.append(own.assign(id=label + own["id"].astype(str)))
        notes += [f"{name}: {note}" for note in votes.notes]
        first += votes.n_rollcalls
    return Votes(
        matrix,
        members,
        pd.concat(cases, ignore_index=True),
        polarity=polarities[0],
        notes=notes,
        seated=seated,
        partial=any(votes.partial for votes in courts.values()),
    )


def _require_bridges(together: NDArray[np.int64], data: Votes) -> None:
    reached = np.zeros(len(together), bool)
    reached[0] = True
    for _ in range(len(together)):
        reached |= (together[reached] > 0).any(axis=0)
    if not reached.all():
        names = data.members["name"].to_numpy()
        raise InputError(
            f"{names[0]} and {names[~reached][0]} are in groups that nobody bridges: no chain of "
            "members who voted on the same case leads from one to the other; fit them apart."
        )


def _intervals(
    products: Array,
    features: Array,
    known: NDArray[np.bool_],
    found: Maximum,
    possible: Array,
    level: float,
) -> dict[str, Any]:
    """Return couplings and moments of all pairs with intervals.

    To the sampling error comes what couplings of those who never sat together would change, were
    they drawn as those of the others are: the fit moves with them so that what was seen stays as
    probable as it can be, by ``-I_ff^-1 I_fp`` per unit.
    """
    count = int(known.sum())
    both = np.column_stack([features, products[:, ~known]])
    size = features.shape[1]
    information = observed_information(both, possible, found.chance, found.recorded)
    own = information[:size, :size] + RIDGE * np.eye(size)
    moved = -np.linalg.solve(own, information[:size, size:])
    moment = found.chance @ products
    centred = products - moment
    across = centred.T @ (found.chance[:, None] * (both - found.chance @ both))
    change = across[:, size:] + across[:, :size] @ moved
    value = found.value[:count]
    middle, spread = float(value.mean()), float(value.std())
    shift, error = np.full(len(known), np.nan), np.full(len(known), np.nan)
    shift[known] = middle * moved[:count].sum(axis=1)
    error[known] = np.sqrt(
        np.diag(found.covariance)[:count] + spread**2 * (moved[:count] ** 2).sum(axis=1)
    )
    sampled = np.einsum("pf,fg,pg->p", across[:, :size], found.covariance, across[:, :size])
    width = float(ndtri(0.5 + level / 2))
    drift = middle * change.sum(axis=1)
    doubt = width * np.sqrt(np.maximum(sampled, 0) + spread**2 * (change**2).sum(axis=1))
    coupling = np.full(len(known), np.nan)
    coupling[known] = value
    return {
        "determined": known,
        "coupling": coupling,
        "coupling_low": coupling + shift - width * error,
        "coupling_high": coupling + shift + width * error,
        "moment": moment,
        "moment_low": np.clip(moment + drift - doubt, -1, 1),
        "moment_high": np.clip(moment + drift + doubt, -1, 1),
    }
