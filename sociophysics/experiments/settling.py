"""Whether runs have settled: no drift, and replicas that differ by their own fluctuations only."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from sociophysics.statistics import blocked_error, t_interval

__all__ = ["note_of"]

Floats = NDArray[np.float64]
STRICT = 0.999  # of the interval of the drift: one settled experiment in a thousand is suspected
FAR = 5.0  # between-replica variance over what their own fluctuations explain
ADVICE = (
    "start from an ordered state (start='up', 'down' or 'camps') or raise burn_in and sweeps, for "
    "domains of both stances last very long below the ordering temperature"
)


def note_of(magnetization: Floats, local: Floats | None = None) -> str:
    """Return what speaks against runs having settled, with what to do; empty if nothing does.

    Parameters
    ----------
    magnetization : array, shape (replicas, frames)
        After burn-in.
    local : array, shape (replicas, frames), optional
        What keeps growing while domains do, such as the agreement of neighbours.
    """
    series = magnetization if local is None else local
    half = series.shape[1] // 2
    if half:
        drift = series[:, half:].mean(axis=1) - series[:, :half].mean(axis=1)
        _, low, high = t_interval(drift, confidence=STRICT)
        if low > 0 or high < 0:
            return f"not settled, the runs still drift: {ADVICE}"
    own = np.nanmean(np.asarray(blocked_error(magnetization)) ** 2) if half >= 2 else np.nan
    between = magnetization.mean(axis=1).var(ddof=1)
    if between > FAR * own:
        return f"not settled, replicas differ by more than their own fluctuations: {ADVICE}"
    return ""
