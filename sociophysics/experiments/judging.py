"""What is made of a scan: whether there is a tipping point, and of what kind."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from sociophysics.experiments.detection import ALPHA, Detection
from sociophysics.experiments.independence import Independence
from sociophysics.experiments.kinds_of_change import (
    HARDLY,
    INDEPENDENT_STEEPNESS,
    STEEPER,
    Kind,
    Turned,
    steepness,
    turned,
    turns_back,
    two_states,
    without_transition,
)
from sociophysics.experiments.loops import UNSIGNED, mirrored
from sociophysics.experiments.scans import Runs
from sociophysics.experiments.sharpening import sharpening
from sociophysics.scenario import Settings
from sociophysics.study.expected import TEMPERATURE
from sociophysics.study.measure import Moments, is_whole

__all__ = ["Judged", "beyond", "coexisting", "doubt", "judged"]

Floats = NDArray[np.float64]
BELOW, ABOVE = (0.5, 0.75), (1.5, 2.0)  # of the ends of a range that is made wider


class Judged(NamedTuple):
    """A kind, why there is no point if there is none, and what it was judged by."""

    kind: Kind
    note: str
    sharpens: tuple[int, int] | None
    turned: Turned | None


def beyond(detection: Detection, grid: Sequence[float]) -> list[float]:
    """Return values beyond the ends of a range at which the change may lie, or none.

    Half the coldest and twice the hottest at most, on the side where the change is; on both if
    there is none.

    Examples
    --------
    >>> none = Detection(0, 1, 0.0, 0.5, 0.5, True, False)
    >>> beyond(none, [1.0, 2.0, 3.0])
    [0.5, 0.75, 4.5, 6.0]
    """
    nothing = detection.p_null >= ALPHA
    if detection.inside and not nothing:
        return []
    colder = [float(grid[0] * share) for share in BELOW]
    hotter = [float(grid[-1] * share) for share in ABOVE]
    if nothing:
        return [*colder, *hotter]
    return colder if detection.left == 0 else hotter


def doubt(
    detection: Detection, independence: Independence, grid: Sequence[float]
) -> tuple[Kind, str]:
    """Return the kind and why there is no tipping point in the range, or no note."""
    if detection.p_null >= ALPHA:
        return "none", (
            "the distributions along the range do not differ more than shuffled ones at the "
            f"{ALPHA:g} level; more replicas may tell"
        )
    if independence.p >= ALPHA:
        return "none", (
            "users who do not influence each other would show the same: the mean stance fluctuates "
            f"by n var = {independence.peak:.3g}, independent users reach "
            f"{independence.independent:.3g}"
        )
    if not detection.inside:
        where = f"{grid[0]:g} to {grid[-1]:g}"
        return "none", f"the largest change is at an end of the range, {where}"
    if not detection.concentrated:
        return "crossover", "the change is spread over the whole range like an even drift"
    return "none", ""


def judged(
    run: Runs, base: Settings, scan: Moments, coarse: Floats, place: float, asked: str
) -> Judged:
    """Return of what kind the change at a place is.

    A society that takes either side is in one state, and in its mirror image: of an observable
    with a sign the size counts, unless the key drives the society from one side to the other.
    """
    name = asked
    # Both ends, too: a loop may close, and a larger society change, far from the place.
    near = sorted({*_around(coarse, place), float(coarse[0]), float(coarse[-1])})
    whole = is_whole(base, run.along)
    values: list[Any] = [int(each) for each in near] if whole else near
    either = mirrored(name, scan.first)
    if either:
        scan, name = replace(scan, first=np.abs(scan.first)), UNSIGNED[name]
    frames = _frames(run, base, scan, asked, place)
    frames = np.abs(frames) if either else frames
    around = turned(
        run.scenario,
        run.along,
        values,
        design=run.chosen,
        observable=name,
        replicas=run.replicas,
        work=run.work,
    )
    if around is None:
        competing = two_states(frames) is not None
    else:
        # Without hysteresis replicas have to go back and forth, with nothing between: a state that
        # is left for good was a detour from the start, such as stripes of a lattice.
        states = two_states(frames, between=HARDLY)
        competing = states is not None and (around.open or turns_back(frames, states))
    if competing or (around is not None and around.remains):
        return Judged("first-order", "", None, around)
    found = sharpening(run.scenario, run.along, values, design=run.chosen, work=run.work)
    if found is None:
        return Judged(*_alone(run, base, scan), None, around)
    if found.sharpens:
        return Judged("continuous", "", found.users, around)
    return Judged("crossover", _blunt(found.users), found.users, around)


def coexisting(run: Runs, base: Settings, scan: Moments, name: str) -> bool:
    """Return whether replicas are in two states at the value where they differ most.

    Where the share of those in either moves along the range, it may do so as evenly as a drift.
    """
    return two_states(_frames(run, base, scan, name), between=HARDLY) is not None


def _frames(
    run: Runs, base: Settings, scan: Moments, name: str, place: float | None = None
) -> Floats:
    """Return the settled frames at the value, near a place, where replicas differ most."""
    spread = scan.first.var(axis=1)
    if place is not None:
        spread = spread * (np.abs(scan.values - place) <= _reach(scan, place))
    value = scan.values[int(np.argmax(spread))]
    rows = run.table[run.table[run.along] == value]
    burn_in = base.dynamics.burn_in
    frames = rows[rows["sweep"] >= burn_in].pivot(index="replica", columns="sweep", values=name)
    values: Floats = frames.dropna(axis=1).to_numpy(np.float64)
    return values


def _reach(scan: Moments, place: float) -> float:
    apart = np.sort(np.abs(scan.values - place))
    return float(apart[min(4, apart.size - 1)])


def _alone(run: Runs, base: Settings, scan: Moments) -> tuple[Kind, str]:
    """Return the kind that one given network can show."""
    count = scan.first.shape[1]
    error = scan.first.std(axis=1, ddof=1) / np.sqrt(count)
    steep, noise = steepness(scan.values, scan.first.mean(axis=1), error)
    if np.isfinite(steep) and steep - STEEPER * noise <= INDEPENDENT_STEEPNESS:
        return "crossover", (
            f"the change is {steep:.2g} +- {noise:.1g} per unit of ln({run.along}), not clearly "
            "steeper than users who do not influence each other can show "
            f"({INDEPENDENT_STEEPNESS:.3g}); more replicas may tell"
        )
    if run.along == TEMPERATURE and without_transition(base):
        return "crossover", (
            "theory (cavity) has no transition at a positive temperature for these ties, as on "
            "a ring or a tree of chains"
        )
    return "continuous", ""


def _around(coarse: Floats, place: float) -> list[float]:
    """Return seven values of the first grid around a place, or all if there are fewer."""
    k = int(np.argmin(np.abs(coarse - place)))
    first = max(0, min(k - 3, coarse.size - 7))
    return [float(each) for each in coarse[first : first + 7]]


def _blunt(users: tuple[int, int]) -> str:
    return (
        "a crossover: users influence each other, but built with "
        f"{users[0]} and {users[1]} users the society changes no more sharply when it is larger"
    )
