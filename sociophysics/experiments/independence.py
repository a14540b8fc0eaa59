r"""What users who do not influence each other would show: the null of a tipping point.

Their mean stance fluctuates as ``n var(m) = 1 - mean(m_i^2) <= 1 - mean(m)^2``, whatever makes it
change along the key. The statistic is the peak of ``n var(m)`` over the key, the variance taken
between replicas at one time, so that what all replicas drift does not count; the null draws
societies of independent users with the measured mean stances (of each camp), renewed at the same
rate.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from sociophysics.streams import generator

__all__ = ["Independence", "against_independent", "fluctuations", "independent_frames"]

Floats = NDArray[np.float64]
DRAWS = 499
MOST_FRAMES = 60
BATCH = 4_000_000  # numbers drawn at once


class Independence(NamedTuple):
    """The peak of ``n var(m)``, what independent users exceed in 1 of 100 cases, and p."""

    peak: float
    independent: float
    p: float


def fluctuations(frames: Floats, users: int) -> Floats:
    """Return ``n var(m)`` between replicas, averaged over frames.

    Parameters
    ----------
    frames : array, shape (..., replicas, frames)

    Examples
    --------
    >>> fluctuations(np.array([[0.1], [-0.1]]), 50).round(6)
    np.float64(1.0)
    """
    result: Floats = users * frames.var(axis=-2, ddof=1).mean(axis=-1)
    return result


def against_independent(
    table: pd.DataFrame,
    along: str,
    *,
    sizes: tuple[int, ...],
    burn_in: int,
    every: int,
    seed: int,
) -> Independence:
    """Compare how a society fluctuates with one of independent users.

    Parameters
    ----------
    table : DataFrame
        Columns ``along``, ``replica``, ``sweep``, ``magnetization`` and, of two camps,
        ``camp_polarization``.
    sizes : tuple of int
        Users of the two camps that hold everybody; else of the whole society.
    burn_in, every : int
        Sweeps left out, and between frames.

    Returns
    -------
    Independence
        Of the camp whose fluctuations are least like those of independent users.
    """
    names = ["magnetization", "camp_polarization"][: len(sizes)]
    cubes, apart = [], every
    for name in names:
        cube, apart = _cube(table, along, name, burn_in, every)
        cubes.append(cube)
    groups = cubes if len(sizes) == 1 else _camps(cubes[0], cubes[1], sizes)
    found = [
        _judged(group, users, apart, seed=seed, draw=k)
        for k, (group, users) in enumerate(zip(groups, sizes, strict=True))
    ]
    best = min(found, key=lambda each: each.p)
    return best._replace(p=min(1.0, len(found) * best.p))  # the better of two was picked


def _cube(
    table: pd.DataFrame, along: str, name: str, burn_in: int, every: int
) -> tuple[Floats, int]:
    """Return frames after burn-in, shape (values, replicas, frames), and the sweeps between."""
    last = int(table.groupby([along, "replica"])["sweep"].max().min())
    kept = table[(table["sweep"] >= min(burn_in, last)) & (table["sweep"] <= last)]
    wide = kept.pivot_table(index=[along, "replica"], columns="sweep", values=name)
    values, replicas = (wide.index.get_level_values(k).nunique() for k in (0, 1))
    cube = wide.to_numpy(np.float64).reshape(values, replicas, -1)
    step = -(-cube.shape[-1] // MOST_FRAMES)
    return cube[..., ::step], step * every


def _camps(m: Floats, apart: Floats, sizes: tuple[int, ...]) -> list[Floats]:
    """Return the mean stances of two camps from that of all and half their difference."""
    first, second = (each / sum(sizes) for each in sizes)
    return [m + 2 * second * apart, m - 2 * first * apart]


def _judged(frames: Floats, users: int, apart: int, *, seed: int, draw: int) -> Independence:
    found = float(fluctuations(frames, users).max())
    drawn = independent_frames(
        frames.mean(axis=(1, 2)),
        users,
        apart,
        frames.shape[1:],
        generator(seed, "independents", draw),
    )
    null = np.concatenate([fluctuations(each, users).max(axis=1) for each in drawn(DRAWS)])
    p = (1 + int((null >= found).sum())) / (1 + DRAWS)
    return Independence(found, float(np.quantile(null, 0.99)), p)


def independent_frames(
    means: Floats, users: int, apart: int, shape: tuple[int, ...], rng: np.random.Generator
) -> Callable[[int], Iterator[Floats]]:
    """Return what yields mean stances of independent users, in batches of draws.

    Parameters
    ----------
    means : array, shape (values,)
        Mean stance at each value of the key.
    apart : int
        Sweeps between frames; in each, a user is asked anew with probability ``1 - 1/e``.
    shape : tuple of int
        Replicas and frames.

    Examples
    --------
    >>> drawn = independent_frames(np.zeros(3), 50, 1, (10, 20), np.random.default_rng(1))
    >>> [each.shape for each in drawn(7)]
    [(7, 3, 10, 20)]
    """
    replicas, count = shape
    up = np.clip((1 + means) / 2, 0.0, 1.0)[:, np.newaxis]
    kept = np.exp(-apart)
    batch = max(1, int(BATCH / (means.size * replicas * count)))

    def drawn(draws: int) -> Iterator[Floats]:
        for first in range(0, draws, batch):
            size = (min(batch, draws - first), means.size, replicas)
            ups = rng.binomial(users, up, size=size)
            m = np.empty((*size, count))
            for k in range(count):
                m[..., k] = 2 * ups / users - 1
                stay = rng.binomial(ups, kept + (1 - kept) * up)
                ups = stay + rng.binomial(users - ups, (1 - kept) * up)
            yield m

    return drawn
