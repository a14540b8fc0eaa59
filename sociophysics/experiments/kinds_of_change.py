"""Of what kind a change is: continuous, first-order, a crossover, or none.

First-order: two states at the same value of the key, each with its own replicas and hardly anything
between them, or a hysteresis loop whose area stays when the key is turned four times more slowly.
Continuous: one state, and the change sharpens with size. Crossover: it does not sharpen.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal, NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from sociophysics.errors import InputError
from sociophysics.experiments.independence import Independence, against_independent
from sociophysics.experiments.loops import loop
from sociophysics.scenario import Scenario, Settings
from sociophysics.scenario.build import build_system
from sociophysics.study.measure import Work

__all__ = [
    "HARDLY",
    "INDEPENDENT_STEEPNESS",
    "STEEPER",
    "Kind",
    "Turned",
    "independent_users",
    "sentence",
    "steepness",
    "turned",
    "turns_back",
    "two_states",
    "without_transition",
]

Floats = NDArray[np.float64]
Kind = Literal["continuous", "first-order", "crossover", "none", "not judged"]
BETWEEN = 0.1  # share of frames in the middle third between two states
HARDLY = 0.02  # of a society that goes back and forth, as one at its critical point does
APART = 0.3  # of two states of an order parameter between 0 and 1
LEAST_SHARE = 0.1  # of the rarer state
INDEPENDENT_STEEPNESS = 0.4478  # the largest x / cosh(x)^2: how fast tanh(x) can change with ln x
STEEPER = 3.0  # standard errors
STAYS = 0.75  # of the area, when the key is turned SLOWER times more slowly
SLOWER = 4
OPEN = 0.05  # area of a loop that counts, as a share of width times height


class Turned(NamedTuple):
    """Areas of the loop, turned quickly and slowly, in units of width times height."""

    quick: float
    slow: float
    remains: bool
    """Whether the slow area is not 0 and hardly smaller than the quick one."""
    open: bool
    """Whether the slow area is not 0."""


def sentence(kind: Kind, along: str, users: tuple[int, int] | None) -> str:
    """Return what a kind means, in a sentence.

    Examples
    --------
    >>> sentence("crossover", "field.value", (64, 256))[:40]
    'a crossover: the society changes along f'
    """
    sizes = "" if users is None else f" from {users[0]} to {users[1]} users"
    return {
        "continuous": (
            f"continuous: one state turns into the other, more sharply{sizes}"
            if users is not None
            else "continuous, a pseudo-critical point: the change is steeper than users who do "
            "not influence each other can show, but one given network cannot show that it sharpens "
            "with size"
        ),
        "first-order": "first-order: two states compete, and the society jumps between them",
        "crossover": f"a crossover: the society changes along {along}, but not more sharply{sizes}",
        "none": "none",
        "not judged": "not judged yet",
    }[kind]


def independent_users(
    table: pd.DataFrame, along: str, settings: Settings, camps: NDArray[np.int64] | None, users: int
) -> Independence:
    """Compare the fluctuations along a key with those of independent users."""
    sizes: tuple[int, ...] = (users,)
    if camps is not None and "camp_polarization" in table:
        counts = np.bincount(camps[camps >= 0])
        if counts.size == 2 and counts.sum() == users:
            sizes = (int(counts[0]), int(counts[1]))
    return against_independent(
        table,
        along,
        sizes=sizes,
        burn_in=settings.dynamics.burn_in,
        every=settings.observe.every,
        seed=settings.seed,
    )


def without_transition(settings: Settings) -> bool:
    """Return whether theory (cavity) finds no transition at any temperature above 0."""
    from sociophysics.theory.cavity import critical_temperature

    system, _ = build_system(settings, 0 if settings.redraw else None)
    plain = settings.feed.kind == "none" and settings.field.kind == "none"
    if not (plain and system.is_symmetric and system.J.nnz and (system.J.data >= 0).all()):
        return False
    return not float(critical_temperature(system, phase="ferromagnet")) > 0


def two_states(frames: Floats, *, between: float = BETWEEN) -> tuple[float, float] | None:
    """Return the two states of an order parameter with hardly anything between them, or None.

    Parameters
    ----------
    frames : array, shape (replicas, frames)
    between : float
        Share of frames in the middle third that two equally frequent states may have at most.

    Examples
    --------
    >>> low, high = two_states(np.array([[0.1] * 9, [0.9] * 9]))
    >>> round(low, 3), round(high, 3), two_states(np.eye(9) * 0.2)
    (0.1, 0.9, None)
    """
    x = np.sort(frames.ravel())
    sums, k = np.cumsum(x), np.arange(1, x.size)
    if not x.size > 1 or x[0] == x[-1]:
        return None
    left, right = sums[:-1] / k, (sums[-1] - sums[:-1]) / (x.size - k)
    cut = int(np.argmax(k * (x.size - k) * (right - left) ** 2))  # least squares around two means
    low, high = float(left[cut]), float(right[cut])
    third = (high - low) / 3
    on_the_way = float(((x > low + third) & (x < high - third)).mean())
    share = min(k[cut], x.size - k[cut]) / x.size
    apart = high - low > APART and on_the_way < between * 2 * share and share >= LEAST_SHARE
    return (low, high) if apart else None


def turns_back(frames: Floats, states: tuple[float, float]) -> bool:
    """Return whether replicas went from either state to the other; one way is settling.

    Parameters
    ----------
    frames : array, shape (replicas, frames)
        In the order of time.
    states : tuple of float
        The lower and the upper one.

    Examples
    --------
    >>> settles = np.array([[0.0, 0.0, 1.0, 1.0], [0.0, 0.0, 0.0, 0.0]])
    >>> turns_back(settles, (0.0, 1.0)), turns_back(settles[:, [0, 3, 1, 2]], (0.0, 1.0))
    (False, True)
    """
    low, high = states
    third = (high - low) / 3
    ways = set()
    for row in frames:
        seen = row[(row < low + third) | (row > high - third)] > (low + high) / 2
        ways |= {int(step) for step in np.diff(seen.astype(np.int8)) if step}
    return len(ways) == 2


def turned(
    scenario: Scenario,
    along: str,
    values: Sequence[Any],
    *,
    design: str | None,
    observable: str,
    replicas: int | None,
    work: Work,
) -> Turned | None:
    """Return the areas of the loop turned quickly and slowly, None if it cannot be turned."""
    sweeps = scenario.dynamics.sweeps if scenario.dynamics is not None else 0
    areas = []
    for each in (max(4, sweeps // SLOWER), sweeps):
        keys = {"dynamics.sweeps": each, "dynamics.burn_in": each // 2, "observe.every": 1}
        try:
            found = loop(
                scenario.replace(keys),
                along,
                values,
                design=design,
                observable=observable,
                replicas=replicas,
                out=work.folder,
                workers=work.workers,
                executor=work.executor,
                progress=work.progress,
            )
        except InputError:
            return None
        size = float(np.ptp(found.curves.mean(axis=0))) * float(values[-1] - values[0])
        areas.append(np.array(found.area) / size if size > 0 else np.zeros(3))
    quick, slow = areas
    still = bool((slow[1] > 0 or slow[2] < 0) and abs(slow[0]) > OPEN)
    remains = bool(still and abs(slow[0]) >= STAYS * abs(quick[0]))
    return Turned(float(quick[0]), float(slow[0]), remains, still)


def steepness(values: Floats, means: Floats, errors: Floats) -> tuple[float, float]:
    """Return the largest ``|d<O>/d ln(value)|`` between two values, and its standard error.

    Of all pairs the one that is steepest by three standard errors: neighbours on a fine grid hardly
    differ by more than their noise.

    Independent users in a field never exceed 0.448, whatever their fields.

    Examples
    --------
    >>> x = np.linspace(0.3, 3, 50)
    >>> bool(steepness(x, np.tanh(1 / x), np.zeros(50))[0] < 0.4479)
    True
    """
    positive = values > 0
    if positive.sum() < 2:
        return np.nan, np.nan
    first, second = np.triu_indices(int(positive.sum()), 1)
    at, mean, noise = np.log(values[positive]), means[positive], errors[positive]
    step = np.abs(at[second] - at[first])
    slope = np.abs(mean[second] - mean[first]) / step
    error = np.hypot(noise[first], noise[second]) / step
    k = int(np.argmax(slope - STEEPER * error))
    return float(slope[k]), float(error[k])
