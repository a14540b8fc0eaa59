"""The structure of a network with camps, every score next to what its null alone would give."""

from __future__ import annotations

import contextlib
import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray
from scipy.sparse import csr_array
from scipy.sparse.csgraph import connected_components

from sociophysics.arguments import asks
from sociophysics.errors import InputError
from sociophysics.experiments.targeting import targeting
from sociophysics.observables.frustration import (
    annealed_frustration,
    balanced_triads,
    frustration_index,
)
from sociophysics.observables.nulls import NULLS, compared, permuted
from sociophysics.observables.polarization import (
    adaptive_random_walk_controversy,
    assortativity,
    boundary_polarization,
    dipole_polarization,
    modularity,
    random_walk_controversy,
    signed_modularity,
)
from sociophysics.observables.sorting import ei_index
from sociophysics.society.camps import camps_of
from sociophysics.society.couplings import LARGEST, RANGE, SMALLEST
from sociophysics.society.spins import SpinSystem
from sociophysics.society.ties import ties
from sociophysics.statistics.resampling import check_draws
from sociophysics.store import step, steps
from sociophysics.store.steps import Arrays
from sociophysics.theory.cavity import critical_temperature

__all__ = ["SCORES", "Score", "largest_component", "structure"]

Measure = Callable[[SpinSystem, Any], float]
SAME = "what the null keeps alone fixes this score"
UNDEFINED = "no null: undefined on some of its networks"
BALANCED = "signed structure"  # scores whose null permutes signs on fixed ties
SHARE_OF_COUPLING = "frustration index / total coupling"
COLUMNS = ("group", "measure", "value", "mean", "sd", "z", "note", "p", "null")
LISTED, LONGEST = 8, 160  # columns and characters of a note


class Score(NamedTuple):
    """A score of ties and camps: its group, its function, and how to read it."""

    group: str
    measure: Measure
    meaning: str


def _triads(system: SpinSystem, camps: ArrayLike | None) -> float:
    return balanced_triads(system).share


SCORES: dict[str, Score] = {
    "balanced triads": Score(
        BALANCED, _triads, "share of triangles with none or two antagonistic ties"
    ),
    "assortativity": Score("camps", assortativity, "1: ties stay inside camps; 0: as if by chance"),
    "modularity": Score("camps", modularity, "share of ties inside camps beyond chance"),
    "signed modularity": Score(
        "camps", signed_modularity, "friends inside and antagonists across, beyond chance"
    ),
    "E-I index": Score(
        "camps", ei_index, "-1: every tie stays inside a camp; +1: every tie crosses"
    ),
    "random-walk controversy": Score(
        "camps",
        random_walk_controversy,
        "how much likelier a walk meets the own side's 10 most connected users first",
    ),
    "random-walk controversy, adaptive": Score(
        "camps",
        adaptive_random_walk_controversy,
        "the same with 1 % of each side absorbing",
    ),
    "boundary polarization": Score(
        "camps", boundary_polarization, "above 0: users on the boundary prefer their own side"
    ),
    "dipole polarization": Score(
        "camps", dipole_polarization, "distance of the opinions that both sides' elites spread"
    ),
}
SIGNED_ONLY = ("balanced triads", "signed modularity")
FRIENDLY_ONLY = ("assortativity", "modularity")
# No form of these for directed ties is agreed on: they are left out there.
MUTUAL_ONLY = (
    "balanced triads",
    "random-walk controversy",
    "random-walk controversy, adaptive",
    "boundary polarization",
    "dipole polarization",
)


@asks
def structure(
    system: SpinSystem,
    camps: ArrayLike | None = None,
    *,
    names: Sequence[Any] = (),
    unused: Sequence[str] = (),
    draws: int = 100,
    seed: int = 0,
    time_limit: float = 10.0,
) -> pd.DataFrame:
    """Return the structural report of a network: sizes, signs, camps, frustration, thresholds.

    Scores of camps come with mean, standard deviation, ``z = (value - mean)/sd`` and a two-sided
    ``p = (1 + k)/(1 + draws)`` over rewirings that keep everybody's number of friends and
    antagonists (null "degrees"); balance and frustration over permutations of the couplings on the
    same ties (null "signs"). All scores meet the same random networks. What is undefined on this
    network says so in its note, and has no value.

    Parameters
    ----------
    system : SpinSystem
        Of a directed network the numbers on both sides of the ties are told, the null keeps both,
        and what needs mutual ties is left out.
    camps : array, shape (n,), optional
        -1 for none.
    names : sequence, optional
        Of the camps; their numbers by default.
    unused : sequence of str, optional
        Numeric tie columns of the network's file that are not its couplings; they are named.
    draws : int
        Networks of each null, two or more; 0: no null.
    time_limit : float
        Seconds for the frustration index.
    seed : int
        Of the nulls and of every search.

    Returns
    -------
    DataFrame
        Columns group, measure, value, mean, sd, z, note, p, null.

    Raises
    ------
    InputError
        Couplings outside 1e-100 to 1e100, one rewiring, camps of another length.

    Examples
    --------
    >>> ring = SpinSystem.from_edges(range(12), [(i + 1) % 12 for i in range(12)])
    >>> rows = structure(ring, [0] * 6 + [1] * 6, draws=20).set_index("measure")
    >>> round(float(rows.loc["modularity", "value"]), 4), bool(rows.loc["modularity", "z"] > 1)
    (0.3333, True)
    """
    _check_sizes(system)
    if draws == 1 or draws < 0:
        raise InputError(f"draws is {draws}; a null needs two rewired networks or more, or 0.")
    check_draws(draws, numbers=1)
    codes = None if camps is None else camps_of(system, camps, "a structural report")
    rows = [
        *_sizes(system, codes, names),
        *_unused(unused),
        *_scores(system, codes, draws, seed),
    ]
    if system.is_symmetric:
        rows += [
            *_frustration(system, time_limit, draws, seed),
            *_temperatures(system),
            *_targeting(system),
        ]
    return pd.DataFrame(rows, columns=list(COLUMNS))


def largest_component(system: SpinSystem) -> NDArray[np.int64]:
    """Return the users of the largest component, in their order.

    Examples
    --------
    >>> largest_component(SpinSystem.from_edges([0, 2], [1, 3], n=5))
    array([0, 1])
    """
    _, labels = connected_components(ties(system).neighbours, directed=False)
    return np.flatnonzero(labels == np.argmax(np.bincount(labels)))


def _check_sizes(system: SpinSystem) -> None:
    size = np.abs(ties(system).coupling)
    if size.size and not SMALLEST <= size.min() <= size.max() <= LARGEST:
        raise InputError(
            f"the couplings run from {size.min():.3g} to {size.max():.3g} in absolute value; "
            f"{RANGE}: rescale them."
        )


def _row(group: str, name: str, value: float, note: str = "") -> dict[str, Any]:
    return {"group": group, "measure": name, "value": float(value), "note": note}


def _sizes(
    system: SpinSystem, camps: NDArray[np.int64] | None, names: Sequence[Any]
) -> list[dict[str, Any]]:
    known = ties(system)
    degree = known.degree
    parts, labels = connected_components(known.neighbours, directed=False)
    size = "size"
    rows = [
        _row(size, "users", system.n),
        _row(size, "ties", known.count),
        _row(size, "components", parts),
        _row(size, "users in the largest component", np.bincount(labels).max(initial=0)),
        *(_degrees(degree) if system.is_symmetric else _two_degrees(system)),
        _row(
            BALANCED,
            "share of antagonistic ties",
            float((known.coupling < 0).mean()) if known.count else math.nan,
        ),
    ]
    if camps is None:
        return rows
    counts = np.bincount(camps[camps >= 0])
    called = [str(name) for name in names] or [str(code) for code in range(counts.size)]
    rows += [_row("camps", f"users in {each}", k) for each, k in zip(called, counts, strict=False)]
    return [*rows, _row("camps", "users without camp", int((camps < 0).sum()))]


def _degrees(degree: NDArray[np.int64]) -> list[dict[str, Any]]:
    return [
        _row("degrees", "mean degree", degree.mean() if degree.size else math.nan),
        _row("degrees", "median degree", np.median(degree) if degree.size else math.nan),
        _row("degrees", "largest degree", degree.max(initial=0)),
        _row("degrees", "users without ties", int((degree == 0).sum())),
    ]


def _two_degrees(system: SpinSystem) -> list[dict[str, Any]]:
    """Return both sides of directed ties: how many one listens to, and how many listen."""
    known = ties(system)
    heard = np.bincount(known.target, minlength=system.n)
    answered = known.neighbours.multiply(known.neighbours.T).sum()
    parts, labels = connected_components(known.neighbours, directed=True, connection="strong")
    degrees = "degrees"
    return [
        _row("size", "strong components", parts, "everybody reaches everybody inside"),
        _row("size", "users in the largest strong component", np.bincount(labels).max(initial=0)),
        _row(degrees, "mean users listened to", known.degree.mean() if system.n else math.nan),
        _row(degrees, "most users listened to", known.degree.max(initial=0)),
        _row(degrees, "most listeners", heard.max(initial=0)),
        _row(degrees, "users who listen to nobody", int((known.degree == 0).sum())),
        _row(degrees, "users without listeners", int((heard == 0).sum())),
        _row(
            degrees,
            "reciprocity",
            float(answered) / known.count if known.count else math.nan,
            "share of ties whose other direction is a tie, too",
        ),
    ]


def _unused(columns: Sequence[str]) -> list[dict[str, Any]]:
    if not columns:
        return []
    listed = ", ".join(columns[:LISTED]) + (", ..." if len(columns) > LISTED else "")
    if len(listed) > LONGEST:
        listed = listed[:LONGEST] + "..."
    note = f"{listed}: numbers on ties that are not used; --coupling makes one the couplings"
    return [_row("size", "tie columns not used", len(columns), note)]


def _asked(system: SpinSystem, camps: NDArray[np.int64] | None) -> list[str]:
    """Return the scores that this network can have; signed ties replace some by others."""
    signed = bool((ties(system).coupling < 0).any())
    left_out: tuple[str, ...] = FRIENDLY_ONLY if signed else SIGNED_ONLY
    if not system.is_symmetric:
        left_out += MUTUAL_ONLY
    kept = [name for name in SCORES if name not in left_out]
    return [name for name in kept if camps is not None or SCORES[name].group != "camps"]


def _scores(
    system: SpinSystem, camps: NDArray[np.int64] | None, draws: int, seed: int
) -> list[dict[str, Any]]:
    values: dict[str, float] = {}
    notes: dict[str, str] = {}
    for name in _asked(system, camps):
        try:
            values[name] = float(SCORES[name].measure(system, camps))
        except InputError as error:
            values[name], notes[name] = math.nan, str(error)
    defined = [name for name in values if name not in notes]
    drawn: dict[str, NDArray[np.float64]] = {}
    for null in NULLS:
        asked = [name for name in defined if _null_of(name) == null]
        found, why = _drawn(system, camps, asked, null, draws, seed)
        drawn |= found
        notes |= {name: why for name in asked if why}
    return [
        _row(SCORES[name].group, name, value, notes.get(name, ""))
        | _beside(value, drawn.get(name), _null_of(name), draws, notes.get(name, ""))
        for name, value in values.items()
    ]


def _null_of(name: str) -> str:
    return "signs" if SCORES[name].group == BALANCED else "degrees"


def _beside(
    value: float, drawn: NDArray[np.float64] | None, null: str, draws: int, note: str = ""
) -> dict[str, Any]:
    """Return the cells that tell a score from its null."""
    if not draws or note:
        return {}
    if drawn is None or not (np.isfinite(value) and np.isfinite(drawn).all()):
        return {"note": UNDEFINED}
    found = compared(value, drawn)
    cells = {"mean": found.mean, "sd": found.sd, "null": null}
    return cells | ({"note": SAME} if math.isnan(found.z) else {"z": found.z, "p": found.p})


def _drawn(
    system: SpinSystem,
    camps: NDArray[np.int64] | None,
    names: Sequence[str],
    null: str,
    draws: int,
    seed: int,
) -> tuple[dict[str, NDArray[np.float64]], str]:
    """Return every score on the same random networks; a score undefined on one has no null."""
    if not names or not draws:
        return {}, ""
    about = {"names": list(names)}
    shared = [*_matrix(system), system.h, camps, about, null, seed]
    found = steps("scores of a random network", _scored, shared, range(draws))
    why = next((str(each["why"]) for each in found if "why" in each), "")
    if why:
        return {}, why
    whole = [name for name in names if all(name in each for each in found)]
    return {name: np.array([float(each[name]) for each in found]) for name in whole}, ""


def _matrix(system: SpinSystem) -> list[Any]:
    """Return the couplings as arrays, which say all of them and travel well."""
    return [system.J.indptr, system.J.indices, system.J.data]


def _scored(
    indptr: NDArray[np.int64],
    indices: NDArray[np.int64],
    data: NDArray[np.float64],
    h: NDArray[np.float64],
    camps: NDArray[np.int64] | None,
    about: Mapping[str, Sequence[str]],
    null: str,
    seed: int,
    draw: int,
) -> Arrays:
    """Return the scores of one random network; what is undefined on it is left out."""
    J = csr_array((data, indices, indptr), shape=(h.size, h.size))
    try:
        other = NULLS[null](SpinSystem(J, h), seed=seed, draw=draw)
    except InputError as error:
        return {"why": np.array(str(error))}
    drawn: Arrays = {}
    for name in about["names"]:
        with contextlib.suppress(InputError):
            drawn[name] = np.array(float(SCORES[name].measure(other, camps)))
    return drawn


def _frustration(
    system: SpinSystem, time_limit: float, draws: int, seed: int
) -> list[dict[str, Any]]:
    known = ties(system)
    if not (known.coupling < 0).any():
        return [_row(BALANCED, "frustration index", 0.0, "no antagonistic ties")]
    value, bound = _index(system, time_limit)
    note = "proven optimal" if bound == value else f"not proven: at least {bound:g}"
    row = _row(BALANCED, "frustration index", value, note)
    if draws and not (known.coupling < 0).all():
        least = _annealed(system, draws, seed)
        cells = _beside(float(least[0]), least[1:], "signs", draws)
        notes = [note, cells.pop("note", "")]
        if "z" in cells and least[0] > value * (1 + 1e-9):
            notes.append(f"z and p are of the annealed {least[0]:g}")
        row |= cells | {"note": "; ".join(each for each in notes if each)}
    weight = float(np.abs(known.coupling).sum())
    share = row | {"measure": SHARE_OF_COUPLING, "note": ""}
    share |= {key: row[key] / weight for key in ("value", "mean", "sd") if key in row}
    return [row, share]


def _index(system: SpinSystem, time_limit: float) -> tuple[float, float]:
    """Return the frustration index and its lower bound, kept: they may take the time allowed."""

    def compute(draft: object) -> Arrays:
        found = frustration_index(system, time_limit)
        return {"value": np.array(found.value), "bound": np.array(found.lower_bound)}

    found = step("frustration index", [*_matrix(system), time_limit], compute)
    return float(found["value"]), float(found["bound"])


def _annealed(system: SpinSystem, draws: int, seed: int) -> NDArray[np.float64]:
    def compute(draft: object) -> Arrays:
        others = [permuted(system, seed=seed, draw=draw) for draw in range(draws)]
        # Like with like: the network itself is annealed exactly as those of the null are.
        return {"least": np.asarray(annealed_frustration([system, *others], seed=seed))}

    given = [*_matrix(system), draws, seed]
    least: NDArray[np.float64] = step("annealed frustration", given, compute)["least"]
    return least


def _temperatures(system: SpinSystem) -> list[dict[str, Any]]:
    rows = []
    for normalized, suffix in ((False, ""), (True, ", couplings normalized by degree")):
        scaled = _normalized(system) if normalized else system
        for phase in ("ferromagnet", "glass"):
            value = float(critical_temperature(scaled, phase=phase))
            note = "" if value > 0 else _why_none(system, phase)
            rows.append(_row("critical temperature (cavity)", phase + suffix, value, note))
    return rows


def _targeting(system: SpinSystem) -> list[dict[str, Any]]:
    found = targeting(system)
    group = "robustness against targeting"
    where = f"in linear response at T = {found.temperature:.4g}"
    note = found.note or where
    return [
        _row(group, "gain of the best 1 % of users over random ones", found.chosen, note),
        _row(group, "gain of the 1 % with most ties over random ones", found.connected, note),
        _row(group, "share of users with half of the influence", found.half, note),
        _row(group, "concentration of influence (Gini)", found.concentration, note),
    ]


def _why_none(system: SpinSystem, phase: str) -> str:
    if phase == "ferromagnet" and (ties(system).coupling < 0).any():
        return "no common pattern of stances: the glass comes first, or nothing does"
    return f"no {phase} transition at any temperature above 0"


def _normalized(system: SpinSystem) -> SpinSystem:
    """Return the system with ``J_ij / sqrt(k_i k_j)``, ``k_i = sum_j |J_ij|``."""
    J = system.J.tocoo()
    # Only ratios count: in units of the largest coupling no sum or product leaves the floats.
    largest = np.abs(J.data).max() if J.nnz else 1.0
    data = np.ldexp(J.data, -int(np.frexp(largest)[1]))
    strength = np.bincount(J.row, np.abs(data), minlength=system.n)
    # One product under one root keeps J_ij and J_ji equal to the last bit.
    scale = np.sqrt(strength[J.row] * strength[J.col])
    scaled = np.divide(data, scale, out=np.zeros(data.size), where=scale > 0)
    matrix = csr_array((scaled, (J.row, J.col)), shape=J.shape)
    return SpinSystem(matrix, system.h, system.labels, system.nodes)
