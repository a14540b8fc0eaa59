r"""Susceptibility: how far a small push carries.

Fluctuation and response are one thing in equilibrium: ``n var(m) / T = dm/dh``. Measured both ways
they check each other; where they differ a feed has driven the society out of equilibrium, or the
run was too short.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from sociophysics.arguments import asks
from sociophysics.dynamics import trajectory
from sociophysics.errors import InputError
from sociophysics.experiments.avalanches import check_users
from sociophysics.experiments.settling import note_of
from sociophysics.influences.feeds import Feed
from sociophysics.society.spins import SpinSystem
from sociophysics.statistics import Interval, mean_interval, pseudo_values

__all__ = [
    "FluctuationDissipation",
    "fluctuation_dissipation",
    "response_to_users",
]

Array = NDArray[np.float64]


class FluctuationDissipation(NamedTuple):
    """Susceptibility by fluctuation and by response, each with its interval, and their ratio.

    ``low`` and ``high`` are the 95 % interval of the ratio; ``note`` says if the runs have not
    settled, and is empty if nothing speaks against it.
    """

    fluctuation: Interval
    response: Interval
    ratio: float
    low: float
    high: float
    note: str


@asks
def fluctuation_dissipation(
    system: SpinSystem,
    *,
    temperature: float,
    sweeps: int,
    seed: int,
    burn_in: int = 200,
    replicas: int = 16,
    step: float = 0.02,
    feed: Feed | None = None,
    camps: ArrayLike | None = None,
    start: str | ArrayLike = "up",
) -> FluctuationDissipation:
    """Return ``n var(m) / T`` and ``(<m>_(+step) - <m>_(-step)) / (2 step)``.

    Both fields act under the same noise, so most of it cancels in the difference. The variance is
    that of the frames of all replicas after ``burn_in``, with the jackknife over replicas for bias
    and intervals. Runs start ``up``: below the ordering temperature random starts leave domains
    and replicas of opposite states, whose variance is no answer to a small field.

    Parameters
    ----------
    system : SpinSystem
    temperature : float
        > 0.
    sweeps, seed, burn_in, replicas, feed, camps, start
        As in ``trajectory``; frames after ``burn_in`` count.
    step : float
        Size of the uniform field, in units of the couplings; small enough that m is linear in it.

    Raises
    ------
    InputError
        A temperature that is not positive, fewer than two replicas, or what ``trajectory`` refuses.

    Examples
    --------
    Of users without ties both are ``1/T`` for small fields:

    >>> alone = SpinSystem(np.zeros((50, 50)))
    >>> found = fluctuation_dissipation(alone, temperature=2.0, sweeps=400, seed=1, burn_in=10)
    >>> bool(abs(found[0].mean - 0.5) < 0.05)
    True
    """
    if not temperature > 0 or replicas < 2 or not step > 0:
        raise InputError(
            f"temperature is {temperature}, replicas {replicas} and step {step}; a susceptibility "
            "needs temperature > 0, at least 2 replicas and step > 0."
        )
    keys: dict[str, Any] = dict(
        temperature=temperature, sweeps=sweeps, seed=seed, burn_in=burn_in, replicas=replicas,
        feed=feed, camps=camps, start=start,
    )  # fmt: skip
    free = _magnetizations(system, 0.0, **keys)
    up, down = (_magnetizations(system, sign * step, **keys) for sign in (1, -1))
    slopes = (up.mean(axis=1) - down.mean(axis=1)) / (2 * step)
    moments = np.stack([free.mean(axis=1), (free**2).mean(axis=1), slopes], axis=-1)

    def fluctuation(q: Array) -> Array:
        return np.asarray(system.n * (q[..., 1] - q[..., 0] ** 2) / temperature)

    by_fluctuation = mean_interval(pseudo_values(moments, fluctuation))
    by_response = mean_interval(slopes)
    # A society without any fluctuation or response has no ratio of the two.
    with np.errstate(divide="ignore", invalid="ignore"):
        ratios = pseudo_values(moments, lambda q: fluctuation(q) / q[..., 2])
        ratio = np.float64(by_fluctuation.mean) / by_response.mean
        _, low, high = mean_interval(ratios)
    return FluctuationDissipation(
        by_fluctuation, by_response, float(ratio), low, high, note_of(free)
    )


def response_to_users(
    system: SpinSystem,
    users: ArrayLike,
    *,
    temperature: float,
    field: float,
    sweeps: int,
    seed: int,
    burn_in: int = 200,
    replicas: int = 8,
    feed: Feed | None = None,
    camps: ArrayLike | None = None,
    start: str | ArrayLike = "up",
) -> Interval:
    """Return how far a field on some users moves m: ``(<m>_(+field) - <m>_(-field)) / 2``.

    Parameters
    ----------
    users : int array
        Who feels it.
    field : float
        On each of them, in units of the couplings.

    Returns
    -------
    Interval
        Mean over replicas and its 95 % interval; both signs share the noise of a replica.

    Raises
    ------
    InputError
        What ``trajectory`` refuses, or no such users.
    """
    pattern = np.zeros(system.n)
    pattern[check_users(system, users, "users")] = field
    keys: dict[str, Any] = dict(
        temperature=temperature, sweeps=sweeps, seed=seed, burn_in=burn_in, replicas=replicas,
        feed=feed, camps=camps, start=start,
    )  # fmt: skip
    up, down = (_magnetizations(system, sign * pattern, **keys) for sign in (1, -1))
    return mean_interval((up.mean(axis=1) - down.mean(axis=1)) / 2, signed=True)


def _magnetizations(
    system: SpinSystem, field: ArrayLike, *, burn_in: int, sweeps: int, **keys: Any
) -> Array:
    """Return the mean stance of each replica in each frame after ``burn_in``."""
    if not 0 <= burn_in < sweeps:
        raise InputError(f"burn_in is {burn_in}; allowed: 0 to below sweeps = {sweeps}.")
    frames = trajectory(system, sweeps=sweeps, field=field, **keys)
    return np.array([f.spins.mean(axis=1) for f in frames if f.sweep > burn_in]).T
