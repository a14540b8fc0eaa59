"""What an observable's numbers mean to a reader: their range, their unit, a user's spread."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

__all__ = ["Scale", "scale_of", "user_spread"]

Floats = NDArray[np.float64]


class Scale(NamedTuple):
    """The smallest and largest value, and how many of a natural unit one whole is."""

    low: float
    high: float
    factor: float
    unit: str

    def clip(self, values: Floats) -> Floats:
        """Return values, such as ends of intervals, kept inside what there can be."""
        return np.clip(values, self.low, self.high)


POINTS = "points of polarization"
# Half the stances of a society have to turn for a mean stance to move by one.
STANCES = "% of stances"
SCALES = {
    "magnetization": Scale(-1, 1, 50, STANCES),
    "abs_magnetization": Scale(0, 1, 50, STANCES),
    "passed": Scale(0, 1, 100, "% of votes"),
    "camp_polarization": Scale(-1, 1, 100, POINTS),
    "abs_camp_polarization": Scale(0, 1, 100, POINTS),
    "edge_agreement": Scale(0, 1, 100, "% of ties"),
    "unsatisfied_fraction": Scale(0, 1, 100, "% of ties"),
    "local_agreement": Scale(-1, 1, 50, "% of neighbors"),
    "exposure_agreement": Scale(0, 1, 100, "% of posts"),
    "exposure_out_group": Scale(0, 1, 100, "% of posts"),
    "attention_gini": Scale(0, 1, 100, "points of Gini"),
}
# Means over users of +1 and -1, each user's stance or its side relative to the own camp's.
OF_USERS = ("magnetization", "abs_magnetization", "camp_polarization", "abs_camp_polarization")


def scale_of(observable: str) -> Scale | None:
    """Return the scale of an observable, None where it has no natural range.

    Examples
    --------
    >>> scale_of("camp_polarization").unit, scale_of("energy") is None
    ('points of polarization', True)
    """
    return SCALES.get(observable)


def user_spread(observable: str, reference: Floats, *, camps: int = 2) -> float:
    """Return the standard deviation between the users of a society at one moment.

    A stance of +1 or -1 with mean ``m`` has the standard deviation ``sqrt(1 - m^2)`` between
    users; so has a stance counted from the side of the own camp, with the polarization in place
    of ``m`` (two camps of equal weight). Over replicas squares are averaged. NaN for observables
    that are no mean over users, and where all users agree.

    Parameters
    ----------
    reference : array, shape (replicas,)
        The observable in each replica of the reference.
    camps : int
        Number of camps; polarization of more than two is no mean over users.

    Examples
    --------
    >>> round(user_spread("magnetization", np.array([0.6, 0.6])), 3)
    0.8
    """
    if observable not in OF_USERS or ("camp" in observable and camps > 2):
        return np.nan
    between = 1 - float(np.mean(np.square(reference)))
    return float(np.sqrt(between)) if between > 1e-12 else np.nan
