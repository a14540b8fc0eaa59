"""Two copies of a society under the same noise: how a difference spreads, and exact samples.

A draw sets a stance, so copies under the same draws are set alike wherever their fields agree.
With couplings >= 0 the copy that starts above stays above: when the highest and the lowest start
have met, so has every start between them.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from sociophysics.arguments import asks
from sociophysics.dynamics import trajectory
from sociophysics.dynamics.kernels.incremental_kernel import FixedPointKernel
from sociophysics.errors import InputError
from sociophysics.influences.feeds.feed import Feed
from sociophysics.influences.interventions import Intervention
from sociophysics.machine import require_memory
from sociophysics.society.spins import SpinSystem

__all__ = ["coupling_from_the_past", "damage"]

PRESENT = 2**32  # sweeps before the present, when everything has been drawn
BYTES = 32  # per user of a pair of copies: words, what acts on them, and stances


@asks
def damage(
    system: SpinSystem,
    *,
    temperature: Any,
    sweeps: int,
    seed: int,
    starts: tuple[str | ArrayLike, str | ArrayLike] = ("up", "down"),
    replicas: int = 20,
    every: int = 1,
    feed: Feed | None = None,
    camps: ArrayLike | None = None,
    field: Any = None,
    interventions: Iterable[Intervention] = (),
    scheme: str = "random-sequential",
    kernel: str = "fixed-point",
    threads: int | None = None,
) -> pd.DataFrame:
    """Return the share of users that differ between two copies under the same noise, over time.

    ``d(t) = #{i : s_i(t) != s'_i(t)} / n``. Differences heal at high temperature; at ``T = inf``
    every user drawn is set alike and ``d`` falls as ``(1 - 1/n)^(n t)``.

    Parameters
    ----------
    system : SpinSystem
    temperature, sweeps, seed, replicas, every, feed, camps, field, interventions, scheme, threads
        As in ``trajectory``, for both copies.
    starts : two starts
        Where the copies begin: a name or an array of stances that ``trajectory`` takes.
    kernel : str
        As in ``trajectory``; copies of ``fixed-point`` never part by drawing waiting times.

    Returns
    -------
    DataFrame
        replica, sweep, damage.

    Raises
    ------
    InputError
        Other than two starts, or what ``trajectory`` refuses.

    References
    ----------
    H. E. Stanley, D. Stauffer, J. Kertesz, H. J. Herrmann, Phys. Rev. Lett. 59, 2326 (1987).

    Examples
    --------
    >>> ring = SpinSystem.from_edges([0, 1, 2, 3], [1, 2, 3, 0])
    >>> damage(ring, temperature=float("inf"), sweeps=30, seed=1, replicas=2)["damage"].iloc[-1]
    np.float64(0.0)
    """
    if len(starts) != 2:
        raise InputError(f"starts has {len(starts)} entries; give the starts of two copies.")
    # The copies must meet the same acts, which a generator would give to the first alone.
    acts = tuple(interventions)
    first, second = (
        trajectory(
            system,
            temperature=temperature,
            sweeps=sweeps,
            seed=seed,
            replicas=replicas,
            feed=feed,
            camps=camps,
            field=field,
            interventions=acts,
            start=start,
            every=every,
            scheme=scheme,
            kernel=kernel,
            threads=threads,
        )
        for start in starts
    )
    rows = []
    for one, other in zip(first, second, strict=True):
        share = (one.spins != other.spins).mean(axis=1)
        rows += [(r, one.sweep, d) for r, d in zip(one.replicas, share.tolist(), strict=True)]
    return pd.DataFrame(rows, columns=["replica", "sweep", "damage"])


@asks
def coupling_from_the_past(
    system: SpinSystem, *, temperature: float, draws: int, seed: int, most: int = 2**16
) -> NDArray[np.int8]:
    """Return independent stances that follow the law at rest exactly, shape (draws, n).

    Two copies start all up and all down ever further in the past, always under the same noise, and
    where they meet by now, so does every start: the stances now are those of a society that has
    run for ever. No burn-in is left to judge (Propp & Wilson 1996).

    Parameters
    ----------
    system : SpinSystem
        Couplings >= 0; fields of any sign. With symmetric couplings the law is Boltzmann's.
    temperature : float
        Above 0.
    draws : int
    seed : int
        Draw ``k`` does not depend on how many there are.
    most : int
        Sweeps into the past before it gives up: in an ordered phase copies do not meet.

    Raises
    ------
    InputError
        A negative coupling, a temperature not above 0, or copies that have not met.

    References
    ----------
    J. G. Propp, D. B. Wilson, Random Struct. Algorithms 9, 223 (1996).

    Examples
    --------
    >>> pair = SpinSystem.from_edges([0], [1])
    >>> s = coupling_from_the_past(pair, temperature=2.0, draws=4000, seed=1)
    >>> bool(abs((s[:, 0] * s[:, 1]).mean() - np.tanh(1 / 2)) < 0.05)
    True
    """
    _check(system, temperature, draws, most)
    require_memory(BYTES * draws * system.n, what="the pairs of copies", fix="lower draws")
    encoded = FixedPointKernel.encode(system, float(np.abs(system.h).max(initial=0.0)), temperature)
    spins, left, span = np.empty((draws, system.n), np.int8), np.arange(draws), 1
    while left.size:
        if span > most:
            raise InputError(
                f"{left.size} of {draws} pairs of copies have not met within {most} sweeps at "
                f"temperature {temperature:.6g}; raise the temperature (most societies order below "
                "some) or most."
            )
        start = np.repeat(np.array([1, -1], np.int8), left.size)[:, np.newaxis]
        copies = FixedPointKernel(
            encoded,
            np.tile(start, system.n),
            seed,
            (*left.tolist(), *left.tolist()),
            "random-sequential",
        )
        copies.change_field(system.h, None)
        nobody = np.zeros((2 * left.size, 0), np.uint8)
        copies.sweep(PRESENT - span, span, temperature, nobody)
        high, low = np.split(copies.spins(), 2)
        met = (high == low).all(axis=1)
        spins[left[met]] = high[met]
        left, span = left[~met], 2 * span
    return spins


def _check(system: SpinSystem, temperature: float, draws: int, most: int) -> None:
    """Raise unless the copies keep their order and may meet."""
    if not temperature > 0.0:
        raise InputError(
            f"temperature is {temperature}; it must be above 0, where copies may meet."
        )
    if system.stored.nnz and system.stored.data.min() < 0:
        raise InputError(
            f"the smallest coupling is {system.stored.data.min():.6g}; coupling from the past "
            "needs couplings >= 0, which keep the order of two copies."
        )
    for name, value, highest in (("draws", draws, 2**31), ("most", most, PRESENT)):
        if isinstance(value, bool) or not isinstance(value, int | np.integer):
            raise InputError(f"{name} is {value!r}; it must be an integer.")
        if not 1 <= value <= highest:
            raise InputError(f"{name} is {value}; it must be from 1 to {highest}.")
