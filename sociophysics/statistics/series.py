"""Statistics of one recorded series: its memory, its fluctuations, the error of its mean."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from sociophysics.errors import InputError

__all__ = [
    "binder",
    "blocked_error",
    "effective_sample_size",
    "susceptibility",
    "susceptibility_abs",
    "tau",
]

Floats = NDArray[np.float64]

# Sokal's c: the window is c autocorrelation times long. 5 keeps the neglected tail of an
# exponential below 1 % while the noise of far lags stays out.
WINDOW = 5.0
FEWEST_FRAMES = 4
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
    times = np.array([_tau(row) for row in flat]) * every
    return like(times, x)


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


def _tau(x: Floats) -> float:
    frames = x.size
    if frames < FEWEST_FRAMES or not np.isfinite(x).all():
        return np.nan
    centered = x - x.mean()
    if np.abs(centered).max() <= ROUNDING * np.abs(x).max():
        return np.nan
    # Zero padding to twice the length keeps the end of the series from meeting its start.
    spectrum = np.fft.rfft(centered, 1 << (2 * frames - 1).bit_length())
    covariance = np.fft.irfft(spectrum * spectrum.conj())[:frames]
    rho = covariance / covariance[0]
    lags = np.arange(frames)
    sums = np.cumsum(rho) - 0.5
    alternating = np.cumsum(np.where(lags % 2, -rho, rho)) - 0.5
    wide = lags >= WINDOW * np.maximum(np.maximum(sums, alternating), 0.5)
    window = int(np.argmax(wide)) if wide.any() else frames - 1
    return max(float(sums[window]), 0.0)


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
