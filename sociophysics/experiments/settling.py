"""Whether runs have settled: no drift, and replicas that differ by their own fluctuations only."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from sociophysics.statistics import t_interval

__all__ = ["note_of"]

Floats = NDArray[np.float64]
STRICT = 0.999  # of the interval of the drift: one settled experiment in a thousand is suspected
FAR = 1.0  # variance of the means of replicas over that of the frames of one, B/W
ADVICE = (
    "start from an ordered state (start='up', 'down' or 'camps') or raise burn_in and sweeps, for "
    "domains of both stances last very long below the ordering temperature"
)


def note_of(magnetization: Floats, local: Floats | None = None) -> str:
    """Return what speaks against runs having settled, with what to do; empty if nothing does.

    A drift between the halves of the runs, or replicas in states of their own: the variance of
    their means above that of the frames within them (Gelman and Rubin's ratio [1]_).

    Parameters
    ----------
    magnetization : array, shape (replicas, frames)
        After burn-in.
    local : array, shape (replicas, frames), optional
        What keeps growing while domains do, such as the agreement of neighbours.

    References
    ----------
    .. [1] A. Gelman and D. B. Rubin, Statistical Science 7, 457 (1992).
    """
    series = magnetization if local is None else local
    half = series.shape[1] // 2
    if half:
        drift = series[:, half:].mean(axis=1) - series[:, :half].mean(axis=1)
        _, low, high = t_interval(drift, confidence=STRICT)
        if low > 0 or high < 0:
            return f"not settled, the runs still drift: {ADVICE}"
    # Runs of N independent frames have B/W = 1/N, and more than 1 if they hardly leave their state.
    # Error bars of single runs are no measure: those of slow ones are too small.
    within = float(magnetization.var(axis=1).mean())
    between = float(magnetization.mean(axis=1).var(ddof=1))
    if between > FAR * within:
        return f"not settled, replicas differ by more than their own fluctuations: {ADVICE}"
    return ""
