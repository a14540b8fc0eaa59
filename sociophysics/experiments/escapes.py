r"""How long a state lasts: times of escape, and the barrier that they show.

.. math:: \tau \sim \exp(n \, \Delta f / T)

(Arrhenius): between two consensus states of a complete network ``Delta f / T`` is the difference of
``f(m)/T = -m^2/(2T) - s(m)`` between the top at ``m = 0`` and the valley.
"""

from __future__ import annotations

import math
from collections import deque
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from sociophysics.arguments import asks
from sociophysics.dynamics import trajectory
from sociophysics.errors import InputError
from sociophysics.influences.feeds.feed import Feed
from sociophysics.society.spins import SpinSystem
from sociophysics.statistics import Interval

__all__ = ["Arrhenius", "Escape", "arrhenius", "escape_time", "lyapunov_exponent", "mean_time"]


class Escape(NamedTuple):
    """Times of escape of replicas, in sweeps."""

    mean: Interval
    """Mean time with its 95 % interval, of waiting times without memory."""
    times: NDArray[np.float64]
    """Shape (replicas,); infinite for those that had not escaped when the run ended."""


class Arrhenius(NamedTuple):
    """A straight line through the logarithms of times: its slope with 95 % interval, and R^2."""

    slope: Interval
    intercept: float
    r_squared: float


@asks
def escape_time(
    system: SpinSystem,
    *,
    temperature: Any,
    sweeps: int,
    seed: int,
    start: str | ArrayLike = "up",
    replicas: int = 100,
    feed: Feed | None = None,
    camps: ArrayLike | None = None,
    field: Any = None,
) -> Escape:
    """Return how long the start lasts: until half of what it had in common with it is lost.

    A replica has escaped at the first sweep at which its overlap with its start, ``sum_i s_i(t)
    s_i(0) / n``, is zero or less; of a consensus that is where ``m`` changes sign.

    Parameters
    ----------
    system : SpinSystem
    temperature, sweeps, seed, start, replicas, feed, camps, field
        As in ``trajectory``.

    Raises
    ------
    InputError
        What ``trajectory`` refuses.

    Examples
    --------
    >>> alone = SpinSystem(np.zeros((9, 9)))
    >>> found = escape_time(alone, temperature=1.0, sweeps=50, seed=1, replicas=20)
    >>> bool(1 < found.mean.mean < 5)
    True
    """
    frames = trajectory(
        system, temperature=temperature, sweeps=sweeps, seed=seed, replicas=replicas, start=start,
        feed=feed, camps=camps, field=field,
    )  # fmt: skip
    times, first = np.full(replicas, math.inf), None
    for frame in frames:
        first = frame.spins.copy() if first is None else first
        left = (frame.spins * first).sum(axis=1, dtype=np.int64) <= 0
        times[left & np.isinf(times)] = frame.sweep
        if np.isfinite(times).all():
            break
    return Escape(mean_time(times, sweeps), times)


def mean_time(times: NDArray[np.float64], until: float) -> Interval:
    """Return the mean of waiting times without memory, and its exact interval.

    Parameters
    ----------
    times : array
        Infinite where nothing had happened ``until`` then.

    Examples
    --------
    >>> [round(each, 2) for each in mean_time(np.array([1.0, 3.0, np.inf]), 4.0)]
    [4.0, 1.11, 33.03]
    """
    from scipy.stats import chi2

    gone = np.isfinite(times)
    events = int(gone.sum())
    total = float(times[gone].sum()) + (until * int((~gone).sum()) if events < gone.size else 0.0)
    if not events:
        return Interval(math.nan, total / 3.0, math.inf)
    # The total is chi-squared, whoever is still waiting.
    low = 2 * total / chi2.ppf(0.975, 2 * events + 2 * (events < gone.size))
    high = 2 * total / chi2.ppf(0.025, 2 * events)
    return Interval(total / events, float(low), float(high))


def arrhenius(size: ArrayLike, times: ArrayLike) -> Arrhenius:
    """Return the line ``ln(time) = intercept + slope size`` by least squares.

    Parameters
    ----------
    size : array
        Numbers of users, or inverse temperatures.
    times : array
        Mean times of escape.

    Raises
    ------
    InputError
        Fewer than three points, or times that are not positive.

    Examples
    --------
    >>> found = arrhenius([10, 20, 30], np.exp([1.0, 2.0, 3.0]))
    >>> round(found.slope.mean, 6), round(found.r_squared, 6)
    (0.1, 1.0)
    """
    x, t = np.asarray(size, dtype=np.float64), np.asarray(times, dtype=np.float64)
    if x.shape != t.shape or x.ndim != 1 or x.size < 3 or np.ptp(x) == 0:
        raise InputError(f"sizes have shape {x.shape} and times {t.shape}; give three or more.")
    if not (np.isfinite(t).all() and (t > 0).all()):
        raise InputError("times must be positive and finite; run longer where nobody escaped.")
    from scipy.stats import linregress
    from scipy.stats import t as student

    line = linregress(x, np.log(t))
    wide = float(student.ppf(0.975, x.size - 2) * line.stderr)
    slope = Interval(float(line.slope), float(line.slope) - wide, float(line.slope) + wide)
    return Arrhenius(slope, float(line.intercept), float(line.rvalue) ** 2)


@asks
def lyapunov_exponent(
    system: SpinSystem,
    *,
    temperature: Any,
    seed: int,
    sweeps: int = 5,
    settle: int = 50,
    replicas: int = 50,
    start: str | ArrayLike = "random",
) -> float:
    """Return the rate, per sweep, at which the difference of one flipped user grows at first.

    Two copies under the same noise after ``settle`` sweeps, one with another stance of user 0: the
    slope of the logarithm of their mean number of differing users. Below 0 differences heal.

    Parameters
    ----------
    system : SpinSystem
    temperature, seed, replicas, start
        As in ``trajectory``.
    sweeps : int
        Over which the growth is seen.
    settle : int
        Sweeps before the copies part.

    Raises
    ------
    InputError
        What ``trajectory`` refuses, or fewer than one sweep.

    Examples
    --------
    >>> alone = SpinSystem(np.zeros((50, 50)))
    >>> lyapunov_exponent(alone, temperature=1.0, seed=1, sweeps=2, replicas=400) < -0.7
    True
    """
    from sociophysics.experiments.coupled import damage

    if sweeps < 1:
        raise InputError(f"sweeps is {sweeps}; growth is seen over 1 or more.")
    run = trajectory(
        system, temperature=temperature, sweeps=settle, seed=seed, replicas=replicas, start=start,
        every=max(settle, 1),
    )  # fmt: skip
    settled = deque(run, maxlen=1).pop()
    other = settled.spins.copy()
    other[:, 0] *= -1
    table = damage(
        system, temperature=temperature, sweeps=sweeps, seed=seed + 1,
        starts=(settled.spins.copy(), other), replicas=replicas,
    )  # fmt: skip
    mean = table.groupby("sweep")["damage"].mean().to_numpy() * system.n
    seen = mean > 0
    if seen.sum() < 2:
        return -math.inf
    at = np.arange(mean.size)[seen]
    return float(np.polyfit(at, np.log(mean[seen]), 1)[0])
