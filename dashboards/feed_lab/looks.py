"""How users are drawn: colors and sizes by what is known of them, names, chambers as hulls."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.spatial import ConvexHull, QhullError

import sociophysics as sp

from .moments import Moment, Shown

__all__ = ["colored", "colors_of", "hubs_of", "hulls_of", "sized", "sizes_of"]

STANCE, TIES, SAME = "stance", "ties", "same"
MOST_GROUPS = 12  # that colors tell apart
MOST_NAMES = 8
MOST_HULLS, LEAST_SHARE, LEAST_USERS = 4, 0.05, 4
INSIDE = 0.8  # of a chamber's users, the nearest to its middle: a few far away must not blow it up
MOST_SEARCHED = 20_000  # users among whom chambers are looked for while a run goes on
UNKNOWN, HIGHEST = 255, 254
NAMING = frozenset({"label"})  # a column that calls users by name groups nobody


def colors_of(system: sp.SpinSystem) -> dict[str, str]:
    """Return what users can be colored by: the word for links, and what a person reads."""
    return {STANCE: "Stance", TIES: "Number of ties", **_attributes(system, numbers=False)}


def sizes_of(system: sp.SpinSystem) -> dict[str, str]:
    """Return what users can be sized by."""
    return {TIES: "Number of ties", SAME: "All alike", **_attributes(system, numbers=True)}


def _attributes(system: sp.SpinSystem, *, numbers: bool) -> dict[str, str]:
    found = {}
    for name in map(str, system.nodes.columns):
        column = system.nodes[name]
        numeric = pd.api.types.is_numeric_dtype(column)
        few = column.nunique() <= MOST_GROUPS
        if name not in NAMING and (numeric if numbers else numeric or few):
            found[f"={name}"] = name[:1].upper() + name[1:]
    return found


def colored(system: sp.SpinSystem, by: str) -> dict[str, Any]:
    """Return the colors of users: a byte each, and the names of groups where there are groups.

    Examples
    --------
    >>> graph = sp.networks.load("karate")
    >>> found = colored(sp.couplings.uniform(graph), "=club")
    >>> list(found["tint"][:3]), found["tint_names"]
    ([0, 0, 0], ['Mr. Hi', 'Officer'])
    """
    if by == TIES:
        return {"tint": _ranks(_degrees(system)).tobytes(), "tint_names": []}
    name = by[1:]
    if not by.startswith("=") or name not in system.nodes.columns:
        return {"tint": b"", "tint_names": []}
    column = system.nodes[name]
    if column.nunique() > MOST_GROUPS:
        return {"tint": _ranks(column.to_numpy(dtype=float)).tobytes(), "tint_names": []}
    codes, groups = pd.factorize(column, sort=True)
    tint = np.where(codes < 0, UNKNOWN, codes).astype(np.uint8)
    return {"tint": tint.tobytes(), "tint_names": [_plain(group) for group in groups]}


def sized(system: sp.SpinSystem, by: str) -> bytes:
    """Return how large each user is drawn, a byte each; empty: all alike.

    Examples
    --------
    >>> graph = sp.networks.load("karate")
    >>> max(sized(sp.couplings.uniform(graph), "ties")), sized(sp.couplings.uniform(graph), "same")
    (255, b'')
    """
    name = by[1:]
    if by == TIES:
        values = np.sqrt(_degrees(system))
    elif by.startswith("=") and name in system.nodes.columns:
        values = system.nodes[name].to_numpy(dtype=float)
        values = np.nan_to_num(values - np.nanmin(values, initial=np.inf), nan=0.0)
    else:
        return b""
    largest = float(values.max(initial=0.0))
    sizes: NDArray[np.uint8] = np.round(255 * values / (largest or 1.0)).astype(np.uint8)
    return sizes.tobytes()


def hubs_of(system: sp.SpinSystem) -> list[int]:
    """Return the best connected users where users have names, not only numbers.

    Examples
    --------
    >>> hubs_of(sp.SpinSystem.from_edges([0, 1], [1, 2]))
    []
    """
    if "label" not in system.nodes.columns and all(
        str(label).lstrip("-").isdigit() or isinstance(label, tuple) for label in system.labels
    ):
        return []
    order = np.argsort(-_degrees(system), kind="stable")
    return [int(i) for i in order[:MOST_NAMES]]


def hulls_of(side: Shown, moment: Moment) -> list[list[Any]]:
    """Return the largest echo chambers as hulls: name, stance, and the places around them."""
    n = side.system.n
    if n > MOST_SEARCHED:
        return []
    places = np.frombuffer(side.drawn.positions, dtype=np.float32).reshape(-1, 2)
    found = sp.observables.domains.domains(side.system, side.spins)
    hulls = []
    for domain in range(min(MOST_HULLS, len(found.sizes))):
        size = int(found.sizes[domain])
        if size < max(LEAST_USERS, LEAST_SHARE * n):
            break
        members = found.members(domain)
        up = bool(side.spins[members[0]] > 0)
        around = _around(places[members])
        if around is not None:
            name = f"{size:,} {'for' if up else 'against'}{_mostly(members, moment)}"
            hulls.append([name, 1 if up else -1, [round(float(x), 4) for x in around.ravel()]])
    return hulls


def _mostly(members: NDArray[np.int64], moment: Moment) -> str:
    """Return the camp that nearly all members belong to, in brackets."""
    if moment.camps is None:
        return ""
    counts = np.bincount(moment.camps[members] + 1, minlength=len(moment.camp_names) + 1)[1:]
    most = int(counts.argmax())
    share = counts[most] / len(members)
    return f", {share:.0%} {moment.camp_names[most]}" if share >= 0.6 else ""


def _around(places: NDArray[np.float32]) -> NDArray[np.float64] | None:
    middle = np.median(places, axis=0)
    spread = np.maximum(np.abs(places - middle).mean(axis=0), 1e-9)
    away = np.hypot(*((places - middle) / spread).T)
    near = places[away <= np.quantile(away, INSIDE)]
    try:
        corners: NDArray[np.float64] = near[ConvexHull(near).vertices].astype(float)
    except (QhullError, ValueError):
        return None  # on one line
    return corners + 0.06 * (corners - middle)


def _degrees(system: sp.SpinSystem) -> NDArray[np.int64]:
    degrees: NDArray[np.int64] = np.diff(system.J.indptr)
    return degrees


def _ranks(values: NDArray[Any]) -> NDArray[np.uint8]:
    """Return each value's place among the different ones, 0 to ``HIGHEST``."""
    numbers = np.asarray(values, dtype=float)
    known = np.isfinite(numbers)
    ranks = np.full(len(numbers), UNKNOWN, dtype=np.uint8)
    different, place = np.unique(numbers[known], return_inverse=True)
    ranks[known] = np.round(HIGHEST * place / max(len(different) - 1, 1)).astype(np.uint8)
    return ranks


def _plain(group: Any) -> str:
    return f"{group:g}" if isinstance(group, float) else str(group)
