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

from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from sociophysics.errors import InputError
from sociophysics.statistics import Interval, mean_interval

__all__ = ["ESTIMANDS", "TrialEffects", "at_share_zero", "fieller", "trial_effects"]

Floats = NDArray[np.float64]
MOST_STEPS, HALVINGS = 40, 16  # ends to some 1e-5 of a standard deviation
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


def fieller(
    numerator: ArrayLike,
    denominator: ArrayLike,
    *,
    confidence: float = 0.95,
    signed: bool | None = None,
) -> Interval:
    r"""Return the ratio of two means of pairs and Fieller's interval.

    The ratios :math:`\theta` at which the mean of :math:`x - \theta y` is not told from 0 [2]_, by
    ``statistics.mean_interval``, so that skewed pairs are held as well. Where the mean of the
    denominator is itself not told from 0, or that of the numerator has no interval, the ratio is
    not determined (NaN).

    Parameters
    ----------
    numerator, denominator : array, shape (replicas,)
        Of the same replicas.
    confidence : float
        Between 0 and 1.
    signed : bool, optional
        As in ``statistics.mean_interval``.

    Examples
    --------
    >>> [round(x, 2) for x in fieller([4.0, 4.4, 3.9, 4.1], [1.0, 1.1, 1.02, 0.97])]
    [4.01, 3.76, 4.9]
    >>> fieller([1.0, 1.2, 0.9], [0.1, -0.1, 0.05])
    Interval(mean=nan, low=nan, high=nan)
    """
    x, y = np.asarray(numerator, float), np.asarray(denominator, float)
    unknown = Interval(np.nan, np.nan, np.nan)
    if x.size < 2 or not (np.isfinite(x).all() and np.isfinite(y).all()):
        return unknown
    below = mean_interval(y, confidence=confidence, signed=signed)
    above = mean_interval(x, confidence=confidence, signed=signed)
    # NaN where it is not determined, which is told from nothing.
    if not (below.low > 0 or below.high < 0) or np.isnan(above.low):
        return unknown
    ratio = float(x.mean() / y.mean())
    step = max(float((x - ratio * y).std()) / abs(float(y.mean())), 1e-12 * abs(ratio))

    def told(theta: float) -> bool:
        _, low, high = mean_interval(x - theta * y, confidence=confidence, signed=signed)
        return not low <= 0 <= high

    ends = [_first_told(told, ratio, way * step) for way in (-1, 1)]
    return Interval(ratio, *ends) if np.isfinite(ends).all() else unknown


def _first_told(told: Callable[[float], bool], ratio: float, step: float) -> float:
    """Return where going away from the ratio it is told from it first, NaN if nowhere near."""
    near = ratio
    for _ in range(MOST_STEPS):
        far = near + step
        if told(far):
            break
        near, step = far, 1.5 * step
    else:
        return np.nan
    for _ in range(HALVINGS):
        middle = (near + far) / 2
        near, far = (near, middle) if told(middle) else (middle, far)
    return float(far)
