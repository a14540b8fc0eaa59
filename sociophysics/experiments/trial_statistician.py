"""What a trial's own statistician does: who is treated, and what is read off the outcomes."""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from sociophysics.errors import InputError
from sociophysics.experiments.trial_tables import ESTIMATORS
from sociophysics.inference.trial_estimators import (
    ExposureChances,
    cluster_difference,
    difference_in_means,
    exposure_chances,
    hajek,
)
from sociophysics.influences.choosing import clusters, how_many, select
from sociophysics.society.spins import SpinSystem
from sociophysics.streams import generator
from sociophysics.words import number_of

if TYPE_CHECKING:
    from sociophysics.dynamics import State
    from sociophysics.experiments.trial_society import TrialSociety

__all__ = ["drawn_units", "estimates_of", "society_marks", "treated_marks"]

Floats = NDArray[np.float64]
Marks = NDArray[np.bool_]
DRAWS = 500  # of the design, for chances of exposure
DENSE = 0.5  # share of all pairs that are tied, beyond which no communities are looked for


def estimates_of(
    society: TrialSociety,
    state: State | None,
    field: Floats,
    share: float,
    marks: Marks,
    outcomes: Floats,
) -> Floats:
    """Return value, standard error and users of each estimator and outcome."""
    system, unit, seed = society.system, society.trial.unit, society.settings.seed
    codes = None if society.camps is None else society.camps.tobytes()
    chances = _chances(system, codes, unit, share, seed)
    word = _cluster_word(unit)
    groups = _communities(system, word)
    by_cluster, whole = outcomes, marks
    if groups is not None and unit == "user":
        rng = generator(seed, "trial", society.replica, 1)
        whole = select(system, society.camps, word, share, rng)
        by_cluster = society.run(state, whole, field)["means"]
    found = np.full((len(ESTIMATORS), len(outcomes), 3), np.nan)
    for k, y in enumerate(outcomes):
        found[0, k] = difference_in_means(y, marks)
        if groups is not None:
            found[1, k] = cluster_difference(by_cluster[k], whole, groups)
        found[2, k] = hajek(y, marks, system, chances)
    return found


@lru_cache(maxsize=16)
def _chances(
    system: SpinSystem, codes: bytes | None, unit: str, share: float, seed: int
) -> ExposureChances:
    camps = None if codes is None else np.frombuffer(codes, np.int64)

    def draw(k: int) -> Marks:
        # Of a name of its own: the sets that are treated are drawn by replica.
        rng = generator(seed, "trial", None, k, of="exposures")
        return treated_marks(system, camps, unit, share, rng)

    return exposure_chances(system, draw, draws=DRAWS)


def _communities(system: SpinSystem, word: str) -> NDArray[np.int64] | None:
    """Return the clusters of users; None in a society that has none, such as a complete one."""
    if word == "cluster" and system.J.nnz > DENSE * system.n * (system.n - 1):
        return None
    try:
        return clusters(system, word)
    except InputError:
        return None


def society_marks(society: TrialSociety, share: float) -> Marks:
    """Return who is treated in one replica: those of a smaller share, and more."""
    rng = generator(society.settings.seed, "trial", society.replica)
    return treated_marks(society.system, society.camps, society.trial.unit, share, rng)


def drawn_units(society: TrialSociety) -> str:
    """Return what a trial draws in a sentence, empty where it draws users."""
    unit = society.trial.unit
    if unit == "user":
        return ""
    groups = clusters(society.system, _cluster_word(unit))
    sizes = np.unique(groups[groups >= 0], return_counts=True)[1]
    what = "communities" if unit == "cluster" else f"values of {unit.partition(' ')[2].strip()!r}"
    least, most = int(sizes.min()), int(sizes.max())
    each = number_of(most, "user") if least == most else f"{least:,} to {most:,} users"
    said = f"{sizes.size:,} {what} of {each} are drawn as a whole"
    if alone := int((sizes == 1).sum()):
        said += f", {alone:,} of them a single user"
    if left := int((groups < 0).sum()):
        said += f"; {number_of(left, 'user')} in none {'is' if left == 1 else 'are'} treated only "
        said += "where everybody is"
    return said


def _cluster_word(unit: str) -> str:
    name = unit.removeprefix("attribute").strip()
    return f"cluster:{name}" if unit.startswith("attribute") else "cluster"


def treated_marks(
    system: SpinSystem,
    camps: NDArray[np.int64] | None,
    unit: str,
    share: float,
    rng: np.random.Generator,
) -> Marks:
    """Return who is treated, (n,): users at random within each camp, or whole clusters.

    Parameters
    ----------
    system : SpinSystem
    camps : int array, shape (n,), or None
        Each camp, and the users without one, give the same share.
    unit : str
        user, cluster or attribute NAME.
    share : float
        Of users or clusters; from generators in one state larger shares hold smaller ones.
    rng : Generator

    Examples
    --------
    >>> system = SpinSystem(np.zeros((8, 8)))
    >>> camps = np.array([0, 0, 0, 0, 1, 1, 1, 1])
    >>> marks = treated_marks(system, camps, "user", 0.5, np.random.default_rng(1))
    >>> int(marks[:4].sum()), int(marks[4:].sum())
    (2, 2)
    """
    if unit != "user":
        return select(system, camps, _cluster_word(unit), share, rng)
    order, marks = rng.random(system.n), np.zeros(system.n, np.bool_)
    for members in _strata(camps, system.n):
        ranked = members[np.argsort(order[members], kind="stable")]
        marks[ranked[: how_many(share, members.size)]] = True
    return marks


def _strata(camps: NDArray[np.int64] | None, n: int) -> Iterator[NDArray[np.int64]]:
    if camps is None:
        yield np.arange(n)
    else:
        for camp in np.unique(camps):
            yield np.flatnonzero(camps == camp)
