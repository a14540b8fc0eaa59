"""What numbers show: memory, fluctuations, the error of a mean, states they fall into."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from sociophysics.errors import InputError

__all__ = [
    "TwoStates",
    "binder",
    "blocked_error",
    "effective_sample_size",
    "pseudo_values",
    "susceptibility",
    "susceptibility_abs",
    "tau",
    "two_states",
]

Floats = NDArray[np.float64]

# Sokal's c: the window is c autocorrelation times long. 5 keeps the neglected tail of an
# exponential below 1 % while the noise of far lags stays out.
WINDOW = 5.0
FEWEST_FRAMES = 4
FRAMES_AT_ONCE = 1 << 18  # of many short series: bounds the memory
ROUNDING = 64 * np.finfo(np.float64).eps


def tau(series: ArrayLike, *, every: float = 1.0) -> Any:
    r"""Return the integrated autocorrelation time of a stationary series, in sweeps.

    ``tau = every (1/2 + sum_{t=1}^{M} rho(t))`` with the normalized autocorrelation ``rho``, so
    that ``rho(t) = exp(-t / tau_0)`` gives ``tau = tau_0`` up to ``1 / (12 tau_0)``. ``M`` is the
    smallest window of at least `WINDOW` autocorrelation times [1]_; for it the time of the
    series ``(-1)^t x_t`` counts too, because a feed can make stances alternate. Series shorter
    than about 50 tau give too small a value.

    Parameters
    ----------
    series : array, shape (..., frames)
    every : float
        Sweeps between recorded frames.

    Returns
    -------
    float, or array of shape (...)
        NaN for a series that is constant, holds a NaN or has fewer than four frames.

    References
    ----------
    .. [1] A. Sokal, Monte Carlo methods in statistical mechanics (1997), section 3.

    Examples
    --------
    >>> x = np.random.default_rng(2).normal(size=100_000)
    >>> round(tau(x), 1), round(tau(np.repeat(x, 4)), 1)   # independent; each value kept 4 times
    (0.5, 2.0)
    """
    x = as_series(series)
    flat = x.reshape(-1, x.shape[-1])
    most = max(FRAMES_AT_ONCE // x.shape[-1], 1)
    times = [_taus(flat[first : first + most]) for first in range(0, len(flat), most)]
    return like(np.concatenate([*times, np.empty(0)]) * every, x)


def effective_sample_size(series: ArrayLike) -> Any:
    """Return how many independent frames know the mean as well: ``frames / (2 tau)``.

    At most the number of frames: anticorrelated frames are not credited as more than
    independent. NaN where `tau` is.

    Parameters
    ----------
    series : array, shape (..., frames)

    Examples
    --------
    >>> x = np.random.default_rng(1).normal(size=100_000)
    >>> round(effective_sample_size(np.repeat(x, 4)) / x.size, 1)
    1.0
    """
    x = as_series(series)
    frames = x.shape[-1]
    times = np.asarray(tau(x))
    size = np.where(np.isnan(times), np.nan, frames / np.maximum(2 * times, 1.0))
    return float(size) if size.ndim == 0 else size


def blocked_error(series: ArrayLike) -> Any:
    """Return the standard error of the mean of a correlated series by blocking.

    Neighbors are averaged in pairs again and again [1]_; the error from blocks of ``B`` frames
    is taken at the first ``B`` with ``B^3 > 2 frames (s_B / s_1)^4``, where ``s_B`` is the naive
    error of blocks [2]_. A constant series has error 0.

    Parameters
    ----------
    series : array, shape (..., frames)

    Returns
    -------
    float, or array of shape (...)
        NaN for a series that holds a NaN, or that is too short for its correlations (fewer than
        about 8 autocorrelation times).

    References
    ----------
    .. [1] H. Flyvbjerg and H. G. Petersen, J. Chem. Phys. 91, 461 (1989).
    .. [2] R. M. Lee et al., Phys. Rev. E 83, 066706 (2011).

    Examples
    --------
    >>> x = np.random.default_rng(1).normal(size=65_536)
    >>> bool(abs(blocked_error(x) * 256 - 1) < 0.1)   # the naive error is 1/256
    True
    """
    x = as_series(series)
    flat = x.reshape(-1, x.shape[-1])
    return like(np.array([_blocked_error(row) for row in flat]), x)


def susceptibility(magnetization: ArrayLike, *, n: int, temperature: ArrayLike) -> Any:
    """Return ``chi = n (<m^2> - <m>^2) / T``: how far a small uniform field moves the mean stance.

    Parameters
    ----------
    magnetization : array, shape (..., frames)
    n : int
        Number of users.
    temperature : float, or array of shape (...)
        At T = 0 the ratio is undefined: NaN.

    Returns
    -------
    float, or array of shape (...)
        In units of 1 / field. In an ordered phase it contains the flips of the whole society;
        `susceptibility_abs` does not.

    Examples
    --------
    >>> susceptibility([0.5, -0.5, 0.5, -0.5], n=100, temperature=2.0)
    12.5
    """
    m = as_series(magnetization)
    return _per_temperature(n * m.var(axis=-1), temperature)


def susceptibility_abs(magnetization: ArrayLike, *, n: int, temperature: ArrayLike) -> Any:
    """Return ``n (<m^2> - <|m|>^2) / T``, the response within one ordered state.

    Parameters
    ----------
    magnetization : array, shape (..., frames)
        Signed or absolute.
    n : int
        Number of users.
    temperature : float, or array of shape (...)
        At T = 0 the ratio is undefined: NaN.

    Examples
    --------
    >>> susceptibility_abs([0.5, -0.5, 0.5, -0.5], n=100, temperature=2.0)
    0.0
    """
    m = np.abs(as_series(magnetization))
    return _per_temperature(n * m.var(axis=-1), temperature)


def binder(magnetization: ArrayLike) -> Any:
    """Return Binder's cumulant ``U4 = 1 - <m^4> / (3 <m^2>^2)``.

    2/3 for two opposite ordered states, 0 for Gaussian fluctuations; curves of different sizes
    cross at the critical temperature [1]_. NaN if ``m`` is zero throughout.

    Parameters
    ----------
    magnetization : array, shape (..., frames)
        Signed or absolute.

    References
    ----------
    .. [1] K. Binder, Z. Phys. B 43, 119 (1981).

    Examples
    --------
    >>> round(binder([0.9, -0.9, 0.9, -0.9]), 4)
    0.6667
    """
    squares = as_series(magnetization) ** 2
    second, fourth = squares.mean(axis=-1), (squares**2).mean(axis=-1)
    with np.errstate(divide="ignore", invalid="ignore"):
        value = np.where(second > 0, 1 - fourth / (3 * second**2), np.nan)
    return float(value) if value.ndim == 0 else value


def _taus(x: Floats) -> Floats:
    """Return tau of each row, in frames."""
    frames, times = x.shape[-1], np.full(len(x), np.nan)
    if frames < FEWEST_FRAMES:
        return times
    known = np.flatnonzero(np.isfinite(x).all(axis=-1))
    centered = x[known] - x[known].mean(axis=-1, keepdims=True)
    moves = np.abs(centered).max(axis=-1) > ROUNDING * np.abs(x[known]).max(axis=-1)
    known, centered = known[moves], centered[moves]
    # Zero padding to twice the length keeps the end of the series from meeting its start.
    spectrum = np.fft.rfft(centered, 1 << (2 * frames - 1).bit_length(), axis=-1)
    covariance = np.fft.irfft(spectrum * spectrum.conj(), axis=-1)[:, :frames]
    rho = covariance / covariance[:, :1]
    lags = np.arange(frames)
    sums = np.cumsum(rho, axis=-1) - 0.5
    alternating = np.cumsum(np.where(lags % 2, -rho, rho), axis=-1) - 0.5
    wide = lags >= WINDOW * np.maximum(np.maximum(sums, alternating), 0.5)
    window = np.where(wide.any(axis=-1), wide.argmax(axis=-1), frames - 1)
    times[known] = np.maximum(np.take_along_axis(sums, window[:, np.newaxis], -1)[:, 0], 0.0)
    return times


def _blocked_error(x: Floats) -> float:
    frames, size, blocks = x.size, 1, x
    if frames < FEWEST_FRAMES or not np.isfinite(x).all():
        return np.nan
    first = x.var(ddof=1) / frames
    if first <= (ROUNDING * np.abs(x).max()) ** 2:
        return 0.0
    while blocks.size >= 2:
        squared = float(blocks.var(ddof=1)) / blocks.size
        if size**3 > 2 * frames * (squared / first) ** 2:
            return float(np.sqrt(squared))
        even = blocks.size // 2 * 2
        blocks = (blocks[0:even:2] + blocks[1:even:2]) / 2
        size *= 2
    return np.nan


def _per_temperature(variance: Any, temperature: ArrayLike) -> Any:
    T = np.asarray(temperature, dtype=np.float64)
    if (T < 0).any():
        raise InputError(f"temperature is {T.min()}; it must be >= 0.")
    with np.errstate(divide="ignore", invalid="ignore"):
        value = np.where(T > 0, variance / T, np.nan)
    return float(value) if value.ndim == 0 else value


def as_series(series: ArrayLike) -> Floats:
    """Return the series as floats, shape (..., frames), or raise if there is no number in it."""
    try:
        x = np.asarray(series, dtype=np.float64)
    except (TypeError, ValueError):
        raise InputError("a series must hold numbers in an array of shape (..., frames).") from None
    if x.ndim == 0 or x.shape[-1] == 0:
        raise InputError(f"a series of shape {x.shape} holds no frame; give at least one value.")
    return x


def like(values: Floats, series: Floats) -> Any:
    """Return one value per series in the shape of the series without its time axis."""
    return float(values[0]) if series.ndim == 1 else values.reshape(series.shape[:-1])


# Below this, relative to the values, a spread is rounding.
ROUNDED = ROUNDING
# Largest gap over the standard deviation within both sides of it, by the number of replicas: above
# what one normal sample in two hundred and one exponential sample in fifty reaches (simulated).
REPLICAS = (3, 4, 5, 6, 8, 10, 20)
SEPARATION = (400.0, 50.0, 25.0, 15.0, 10.0, 8.0, 6.0)


class TwoStates(NamedTuple):
    """Two states: the mean of the replicas in each, and which replicas are in the upper one."""

    low: float
    high: float
    upper: NDArray[np.bool_]


def two_states(values: ArrayLike) -> TwoStates | None:
    """Return the two states that replicas are in, or None if they do not fall apart into two.

    They do if the largest gap between neighbours in order is many times the standard deviation
    within the two sides of it (6 times for 20 replicas and more, 8 for ten, 25 for five, which one
    normal sample in two hundred reaches) and twice as wide as either side. Values that are exactly
    two numbers always do. Fewer than three replicas, or a NaN, show nothing.

    Parameters
    ----------
    values : array, shape (R,)

    Examples
    --------
    >>> found = two_states([0.91, 0.02, 0.89, 0.9, 0.01, 0.9])
    >>> round(found.low, 3), round(found.high, 3), int(found.upper.sum())
    (0.015, 0.9, 4)
    >>> two_states([0.1, 0.2, 0.3, 0.5]) is None
    True
    """
    x = as_series(values)
    if x.ndim != 1 or x.size < REPLICAS[0] or not np.isfinite(x).all():
        return None
    order = np.sort(x)
    gaps = np.diff(order)
    k = int(gaps.argmax())
    if gaps[k] <= ROUNDED * np.abs(x).max():
        return None
    upper = x > order[k]
    low, high = float(x[~upper].mean()), float(x[upper].mean())
    inside = x - np.where(upper, high, low)
    spread = np.sqrt(float(inside @ inside) / (x.size - 2))
    widest = max(float(np.ptp(x[upper])), float(np.ptp(x[~upper])))
    if gaps[k] <= max(_separation(x.size) * spread, 2 * widest):
        return None
    return TwoStates(low, high, upper)


def states_known(x: Floats, states: TwoStates) -> bool:
    """Return whether the places of both states are known, not only the share of each.

    A single replica in a state shows its place if the other state has a spread, taken to be the
    same, or if both are among -1, 0 and 1: stances, or yes and no.
    """
    if min(int(states.upper.sum()), int((~states.upper).sum())) > 1:
        return True
    many = x[states.upper == (2 * states.upper.sum() > x.size)]
    spread = np.ptp(many) > ROUNDED * np.abs(x).max()
    return bool(spread or np.isin(x, (-1.0, 0.0, 1.0)).all())


def states_of_both(values: Floats, reference: Floats) -> TwoStates | None:
    """Return the two states of both arms together, if one arm alone is in two states."""
    if two_states(values) is None and two_states(reference) is None:
        return None
    return two_states(np.concatenate([values, reference]))


def _separation(replicas: int) -> float:
    return float(np.interp(replicas, REPLICAS, SEPARATION))


def pseudo_values(
    moments: ArrayLike, statistic: Callable[[Floats], Floats], *, weights: ArrayLike | None = None
) -> Floats:
    r"""Return the jackknife's pseudo-values of a statistic of moments that replicas share.

    :math:`R\,\theta - (R - 1)\,\theta_{-r}`, theta the statistic of the moments averaged over all R
    replicas, :math:`\theta_{-r}` over all but r: one number per replica, whose mean is the
    statistic with its bias of order 1/R removed and whose spread is that of the statistic [1]_.
    Averaging the statistic of each replica instead keeps the bias of a single replica: a variance
    around each replica's own mean leaves out what replicas differ by.

    Parameters
    ----------
    moments : array, shape (..., R, k)
        Averages over the frames of each replica.
    statistic : callable
        From moments (..., k) to values (...).
    weights : array, shape (..., R), optional
        Numbers of frames behind them; equal by default.

    Returns
    -------
    array, shape (..., R)
        The statistic itself for one replica.

    References
    ----------
    .. [1] R. G. Miller, Biometrika 61, 1 (1974).

    Examples
    --------
    The pseudo-values of a variance average to the unbiased one:

    >>> m = np.array([1.0, 2.0, 4.0])
    >>> parts = pseudo_values(np.stack([m, m**2], axis=-1), lambda q: q[..., 1] - q[..., 0] ** 2)
    >>> bool(np.isclose(parts.mean(), m.var(ddof=1)))
    True
    """
    q = np.asarray(moments, dtype=np.float64)
    w = np.ones(q.shape[:-1]) if weights is None else np.asarray(weights, dtype=np.float64)
    replicas = q.shape[-2]
    total, count = (w[..., np.newaxis] * q).sum(axis=-2), w.sum(axis=-1)
    whole = statistic(total / count[..., np.newaxis])
    if replicas < 2:
        return np.asarray(whole)[..., np.newaxis]
    left = total[..., np.newaxis, :] - w[..., np.newaxis] * q
    rest = (count[..., np.newaxis] - w)[..., np.newaxis]
    return np.asarray(
        replicas * np.asarray(whole)[..., np.newaxis] - (replicas - 1) * statistic(left / rest)
    )
