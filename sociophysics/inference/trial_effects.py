r"""The effects of a treatment inside a society, from users whom nobody, some or everybody got.

With :math:`Y_i(Z)` the outcome of user i when the set Z is treated, and sets of share p drawn at
random, each society (replica) is its own control:

.. math::
    D(p) &= \overline{[Y(Z) - Y(\emptyset)]}_{\mathrm{treated}}
          - \overline{[Y(Z) - Y(\emptyset)]}_{\mathrm{controls}} \quad\text{(direct)} \\
    I(p) &= \overline{[Y(Z) - Y(\emptyset)]}_{\mathrm{controls}} \quad\text{(indirect)} \\
    O(p) &= \overline{Y(Z) - Y(\emptyset)} = I + p D \quad\text{(overall)}, \qquad
    \mathrm{total} = \overline{Y(\mathrm{all}) - Y(\emptyset)} , \qquad
    M = \mathrm{total} / D(0_+) .

Hudgens and Halloran [1]_ call "total" the difference between a treated user at p and a control at
p', which is D + I; what is called total here is the global average treatment effect.

References
----------
.. [1] M. G. Hudgens and M. E. Halloran, J. Am. Stat. Assoc. 103, 832 (2008).
.. [2] E. C. Fieller, J. R. Statist. Soc. B 16, 175 (1954).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from sociophysics.errors import InputError
from sociophysics.statistics import Interval
from sociophysics.statistics.intervals import student

__all__ = ["ESTIMANDS", "TrialEffects", "at_share_zero", "fieller", "trial_effects"]

Floats = NDArray[np.float64]
ESTIMANDS = ("direct", "indirect", "overall", "total", "multiplier")


class TrialEffects(NamedTuple):
    """Four effects of one share, each (replicas,) in units of the outcome."""

    direct: Floats
    indirect: Floats
    overall: Floats
    total: Floats


def trial_effects(
    treated: ArrayLike, nobody: ArrayLike, everybody: ArrayLike, marks: ArrayLike
) -> TrialEffects:
    """Return the effects in each society, which is its own control.

    Parameters
    ----------
    treated, nobody, everybody : array, shape (replicas, n)
        Outcome of each user where the marked users, nobody and everybody are treated. A user who
        has no outcome (NaN) in one of two runs is left out of their difference.
    marks : bool array, shape (replicas, n) or (n,)
        Who is treated.

    Raises
    ------
    InputError
        Arrays of different shapes.

    Examples
    --------
    >>> found = trial_effects([[0.5, 0.1]], [[0.0, 0.0]], [[0.6, 0.4]], [True, False])
    >>> [round(float(each[0]), 3) for each in found]
    [0.4, 0.1, 0.3, 0.5]
    """
    some, none, every = (np.atleast_2d(np.asarray(y, float)) for y in (treated, nobody, everybody))
    if not some.shape == none.shape == every.shape:
        raise InputError(
            f"the outcomes have the shapes {some.shape}, {none.shape} and {every.shape}; give all "
            "of them for the same replicas and users."
        )
    chosen = np.broadcast_to(np.asarray(marks, bool), some.shape)
    gain = some - none
    control = _mean(gain, ~chosen)
    whole = np.ones_like(chosen)
    return TrialEffects(
        _mean(gain, chosen) - control, control, _mean(gain, whole), _mean(every - none, whole)
    )


def _mean(values: Floats, among: NDArray[np.bool_]) -> Floats:
    """Return means over the users who are marked and known, (replicas,); NaN over nobody."""
    known = among & ~np.isnan(values)
    total = np.where(known, values, 0.0).sum(axis=1)
    with np.errstate(invalid="ignore", divide="ignore"):
        mean: Floats = total / known.sum(axis=1)
    return mean


def at_share_zero(shares: Sequence[float], direct: ArrayLike) -> Floats:
    """Return the direct effect extrapolated to a single treated user, D(0+), (replicas,).

    A straight line through ``D(p)``, weighted by ``p (1 - p)`` as the groups' sizes have it; one
    share stands for itself.

    Parameters
    ----------
    shares : sequence of float, length K
    direct : array, shape (K, replicas)

    Examples
    --------
    >>> at_share_zero([0.1, 0.3], [[0.5], [0.3]]).round(3)
    array([0.6])
    """
    p, d = np.asarray(shares, float), np.atleast_2d(np.asarray(direct, float))
    if p.size == 1:
        alone: Floats = d[0]
        return alone
    root = np.sqrt(p * (1 - p))
    line = np.stack([np.ones_like(p), p], axis=1) * root[:, None]
    intercept: Floats = np.linalg.lstsq(line, d * root[:, None], rcond=None)[0][0]
    return intercept


def fieller(numerator: ArrayLike, denominator: ArrayLike, *, confidence: float = 0.95) -> Interval:
    r"""Return the ratio of two means of pairs and Fieller's interval.

    The ratios :math:`\theta` at which :math:`\bar x - \theta \bar y` is not told from 0 [2]_. Where
    the mean of the denominator is itself not told from 0 the ratio is not determined (NaN).

    Parameters
    ----------
    numerator, denominator : array, shape (replicas,)
        Of the same replicas.
    confidence : float
        Between 0 and 1.

    Examples
    --------
    >>> [round(x, 2) for x in fieller([4.0, 4.4, 3.9], [1.0, 1.1, 1.0])]
    [3.97, 3.81, 4.1]
    >>> fieller([1.0, 1.2, 0.9], [0.1, -0.1, 0.05])
    Interval(mean=nan, low=nan, high=nan)
    """
    x, y = np.asarray(numerator, float), np.asarray(denominator, float)
    unknown = Interval(np.nan, np.nan, np.nan)
    if x.size < 2 or not (np.isfinite(x).all() and np.isfinite(y).all()):
        return unknown
    squared = student(confidence, x.size - 1) ** 2 / x.size
    top, below = float(x.mean()), float(y.mean())
    spread = np.cov(x, y)
    a = below**2 - squared * spread[1, 1]
    if a <= 0:
        return unknown
    b = top * below - squared * spread[0, 1]
    c = top**2 - squared * spread[0, 0]
    half = np.sqrt(max(b**2 - a * c, 0.0))
    return Interval(top / below, float((b - half) / a), float((b + half) / a))
