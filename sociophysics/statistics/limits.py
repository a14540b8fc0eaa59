"""What all intervals share: a level that is one, and Student's quantile."""

from __future__ import annotations

import numpy as np
from scipy.special import stdtrit

from sociophysics.errors import InputError

__all__ = ["check_confidence", "student"]


def check_confidence(confidence: float) -> None:
    """Raise unless a level lies between 0 and 1."""
    if not 0 < confidence < 1:
        raise InputError(f"confidence is {confidence}; it must lie between 0 and 1, e.g. 0.95.")


def student(confidence: float, degrees: int) -> float:
    """Return the two-sided quantile of Student's t; NaN without a degree of freedom."""
    return float(stdtrit(degrees, 0.5 + confidence / 2)) if degrees > 0 else np.nan
