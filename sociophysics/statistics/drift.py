"""Whether a number still moves within the window over which it is averaged."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import stdtr

from sociophysics.errors import InputError
from sociophysics.statistics.series import ROUNDING, as_series

__all__ = ["Drift", "drift"]

# Of a society that has settled the test says otherwise once in a hundred.
LEVEL = 0.01


class Drift(NamedTuple):
    """Means of the first and the second half of a window, and what they say.

    ``settled`` is "yes", "no", or "unknown" where fewer than two replicas were recorded.
    """

    early: float
    late: float
    p: float
    settled: str


def drift(early: ArrayLike, late: ArrayLike, *, tolerance: float = 0.0) -> Drift:
    """Return whether an observable still moves between the two halves of its window.

    With ``d_r`` the mean of the second half less that of the first in replica r: not settled if
    Student's test of ``mean(d) = 0`` has p below 1 % and ``abs(mean(d))`` exceeds the tolerance.
    In a stationary society that looks the same forwards and backwards in time d is as likely to
    be positive as negative.

    Parameters
    ----------
    early, late : array, shape (R,)
        One pair per replica.
    tolerance : float
        A movement as small as this does not matter.

    Raises
    ------
    InputError
        Halves of different shape.

    Examples
    --------
    >>> drift([0.4, 0.5, 0.4, 0.5], [0.1, 0.2, 0.12, 0.2]).settled
    'no'
    >>> drift([0.4, 0.5, 0.4, 0.5], [0.5, 0.4, 0.5, 0.4]).settled
    'yes'
    """
    a, b = as_series(early), as_series(late)
    if a.shape != b.shape or a.ndim != 1:
        raise InputError(f"early has shape {a.shape} and late {b.shape}; pairs need the same (R,).")
    d = b - a
    mean = float(d.mean()) if d.size else np.nan
    means = (float(a.mean()), float(b.mean())) if d.size else (np.nan, np.nan)
    if d.size < 2 or not np.isfinite(mean):
        return Drift(*means, np.nan, "unknown")
    sd = float(d.std(ddof=1))
    rounding = ROUNDING * max(float(np.abs(a).max()), float(np.abs(b).max()))
    if sd <= rounding:
        p = 1.0 if abs(mean) <= rounding else 0.0
    else:
        p = 2 * float(stdtr(d.size - 1, -abs(mean) / sd * np.sqrt(d.size)))
    moves = p < LEVEL and abs(mean) > tolerance
    return Drift(*means, p, "no" if moves else "yes")
