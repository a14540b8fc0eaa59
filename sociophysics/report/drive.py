"""What was turned up and down during a run, as one number per sweep."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from sociophysics.scenario import Settings

__all__ = ["Drive", "drive", "plateaus"]

FEWEST_STEPS = 3


class Drive(NamedTuple):
    """Axis label, and the value that acted in each sweep, entry 0 being the start."""

    label: str
    values: NDArray[np.float64]


def drive(settings: Settings) -> Drive | None:
    """Return what changed with time in one case, None if nothing did step by step.

    A schedule of the temperature or of a uniform field, or a series of interventions that set the
    feed's strength, the temperature or the field to at least three values.
    """
    sweeps = settings.dynamics.sweeps
    levels = {
        "social temperature T (units of J)": settings.dynamics.temperature,
        "external field h (units of J)": getattr(settings.field, "value", None),
    }
    for label, level in levels.items():
        if level is not None and not isinstance(level, int | float) and level.kind != "hold":
            values = level.values(sweeps)
            return Drive(label, np.append(values[:1], values))
    return _steps(settings, sweeps)


def plateaus(values: NDArray[np.float64], sweeps: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return which plateau of a drive each frame belongs to, -1 while it settles.

    The first half of a plateau's frames, rounded down, is for settling.

    Parameters
    ----------
    values : array
        Value in each sweep.
    sweeps : int array
        Sweeps of the recorded frames, ascending.

    Examples
    --------
    >>> plateaus(np.array([0.0, 1, 1, 1, 1, 0]), np.arange(6))
    array([ 0, -1, -1,  1,  1,  2])
    """
    acted = values[sweeps]
    step = np.cumsum(np.append(0, acted[1:] != acted[:-1]))
    place = np.arange(step.size) - np.searchsorted(step, step)
    size = np.bincount(step)[step]
    result: NDArray[np.int64] = np.where(place >= size // 2, step, -1)
    return result


def _steps(settings: Settings, sweeps: int) -> Drive | None:
    start: dict[str, tuple[str, Any]] = {
        "feed": ("feed strength (units of J)", getattr(settings.feed, "strength", 0.0)),
        "heat": ("social temperature T (units of J)", settings.dynamics.temperature),
        "tilt": ("added field (units of J)", 0.0),
    }
    for kind, (label, value) in start.items():
        acts = sorted((a for a in settings.interventions if a.kind == kind), key=lambda a: a.at)
        if len(acts) < FEWEST_STEPS or not isinstance(value, int | float):
            continue
        values = np.full(sweeps + 1, float(value))
        for act in acts:
            # What is set after the frame of sweep t acts from sweep t + 1 on.
            values[act.at + 1 :] = _level(act)
        if np.unique(values).size >= FEWEST_STEPS:
            return Drive(label, values)
    return None


def _level(act: Any) -> float:
    if act.kind == "feed":
        return float(getattr(act.feed, "strength", 0.0))
    return float(act.temperature if act.kind == "heat" else act.field)
