r"""The life cycle of a trend: an event pulls at those who are active, talk spreads, and fades.

Stance +1 is talking about a topic, -1 is silence, kept by a field ``-quiet``. An event at
``onset`` exerts the pulse

.. math:: h_i(t) = -\mathrm{quiet}
    + g_i\, \mathrm{height}\, e^{-(t - \mathrm{onset})/\mathrm{decay}} \qquad (t > \mathrm{onset}),

gated by activity: ``g_i = 1`` for the share ``active`` of users who follow the news, 0 for all
others, whom only their friends reach. Outbreak, rise, peak and decay follow from the couplings.
``pulses`` fits one to a series of counts.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import sparse

from sociophysics.arguments import asks
from sociophysics.dynamics import trajectory
from sociophysics.errors import InputError
from sociophysics.influences.schedules import Patterned
from sociophysics.society.spins import SpinSystem
from sociophysics.streams import generator

__all__ = ["Attention", "LifeCycle", "life_cycle", "outbreaks"]

Array = NDArray[np.float64]
MOST_USERS = 20_000  # simulated side by side
OUTSET = 0.1  # of the peak's height: where an outbreak begins


@dataclass(frozen=True)
class Attention:
    """A pull that starts after sweep ``onset`` and fades, ``height exp(-(t - onset)/decay)``.

    Examples
    --------
    >>> Attention(onset=1, height=1.0, decay=1.0).values(3).round(3)
    array([0.   , 0.368, 0.135])
    """

    onset: int
    height: float
    decay: float

    def values(self, sweeps: int) -> Array:
        """Return the values of sweeps 1 to ``sweeps``."""
        since = np.arange(1, sweeps + 1) - self.onset
        pull = self.height * np.exp(-np.maximum(since, 0) / self.decay)
        return np.where(since > 0, pull, 0.0)


class LifeCycle(NamedTuple):
    """Times in steps of the series, heights in its units; NaN where the series does not show it.

    ``outbreak`` first time above a tenth of the peak over the baseline, ``rise`` from there to the
    peak, ``peak_at`` and ``peak`` (over the baseline), ``decay`` from the peak down to 1/e of it.
    """

    baseline: float
    outbreak: float
    rise: float
    peak_at: float
    peak: float
    decay: float


@asks
def outbreaks(
    system: SpinSystem,
    *,
    height: float,
    decay: float,
    onset: int = 5,
    active: float = 0.3,
    quiet: float = 0.5,
    temperature: float,
    sweeps: int,
    seed: int,
    replicas: int = 20,
    settle: int = 20,
) -> NDArray[np.int64]:
    """Return how many users talk at each sweep 0..sweeps, shape (replicas, sweeps + 1).

    Parameters
    ----------
    system : SpinSystem
    height, decay, onset
        The pulse, in units of the couplings and in sweeps.
    active : float
        Share of users who feel it; who they are follows from ``seed``, and a larger share contains
        a smaller one.
    quiet : float
        Field that keeps silence.
    settle : int
        Sweeps before sweep 0, from silence.
    temperature, sweeps, seed, replicas
        As in ``trajectory``.

    Raises
    ------
    InputError
        A decay or share out of range, or what ``trajectory`` refuses.

    Examples
    --------
    >>> pair = SpinSystem.from_edges([0], [1])
    >>> keys = dict(decay=2.0, onset=1, active=1.0, quiet=0.1, temperature=0.0, settle=1)
    >>> outbreaks(pair, height=9.0, sweeps=6, seed=1, replicas=1, **keys)[0, [0, -1]]
    array([0, 2])
    """
    if not decay > 0 or not 0 <= active <= 1 or onset < 0 or settle < 1 or sweeps < 1:
        raise InputError(
            f"decay is {decay}, active {active}, onset {onset}, settle {settle}, sweeps {sweeps}; "
            "allowed: decay > 0, active 0 to 1, onset >= 0, settle and sweeps >= 1."
        )
    rank = generator(seed, "adoption").permutation(system.n)
    field = [
        Patterned(np.ones(system.n), -quiet),
        Patterned(_gate(rank, active), Attention(onset + settle, height, decay)),
    ]
    frames = trajectory(
        system, temperature=temperature, sweeps=settle + sweeps, seed=seed, replicas=replicas,
        field=field, start="down",
    )  # fmt: skip
    talking = [(f.spins > 0).sum(axis=1) for f in frames if f.sweep >= settle]
    return np.array(talking, dtype=np.int64).T


def _gate(rank: NDArray[np.int64], active: float) -> Array:
    gate = (rank < round(active * rank.size)).astype(np.float64)
    # Rounded shares jump; the next user in line is active in part, so that curves are smooth.
    gate[rank == math.floor(active * rank.size)] = active * rank.size % 1.0
    return gate


def side_by_side(
    system: SpinSystem,
    pulses: Sequence[Mapping[str, float]],
    *,
    onset: int,
    quiet: float,
    temperature: float,
    sweeps: int,
    seed: int,
    settle: int = 20,
) -> NDArray[np.int64]:
    """Return numbers as ``outbreaks`` does, one course for each pulse, shape (pulses, sweeps + 1).

    Each pulse (height, decay, active) has active users of its own. Copies of the society are
    simulated as one of at most 50 copies and about 20,000 users: fast for small ones. A sweep of
    it attempts n updates of each copy on average, not exactly.

    Examples
    --------
    >>> pair = SpinSystem.from_edges([0], [1])
    >>> pulses = [dict(height=9.0, decay=2.0, active=share) for share in (0, 1)]
    >>> keys = dict(onset=1, quiet=0.1, temperature=0.0, sweeps=9, seed=1)
    >>> side_by_side(pair, pulses, **keys)[:, -1]
    array([0, 2])
    """
    n, rng, found = system.n, generator(seed, "adoption"), []
    step = max(1, min(50, MOST_USERS // n))
    for first in range(0, len(pulses), step):
        some = pulses[first : first + step]
        copies = SpinSystem(
            sparse.block_diag([system.J] * len(some), "csr"), np.tile(system.h, len(some))
        )
        field = [Patterned(np.ones(copies.n), -quiet)]
        for k, pulse in enumerate(some):
            gate = np.zeros(copies.n)
            gate[k * n : (k + 1) * n] = _gate(rng.permutation(n), pulse["active"])
            course = Attention(onset + settle, pulse["height"], pulse["decay"])
            field.append(Patterned(gate, course))
        frames = trajectory(
            copies, temperature=temperature, sweeps=settle + sweeps, seed=int(rng.integers(2**31)),
            replicas=1, field=field, start="down",
        )  # fmt: skip
        talking = [f.spins.reshape(-1, n) > 0 for f in frames if f.sweep >= settle]
        found.append(np.array([each.sum(axis=1) for each in talking], np.int64).T)
    return np.vstack(found)


def life_cycle(counts: ArrayLike) -> LifeCycle:
    """Return outbreak, rise, peak and decay of a series of counts.

    The baseline is the median of what precedes the steepest rise; decay is interpolated.

    Raises
    ------
    InputError
        Fewer than four counts, or one that is negative or not finite.

    Examples
    --------
    >>> life_cycle([1, 1, 1, 6, 11, 6, 4, 2, 1])
    LifeCycle(baseline=1.0, outbreak=3.0, rise=1.0, peak_at=4.0, peak=10.0, decay=1.66...)
    """
    y = check_counts(counts)
    top = int(y.argmax())
    steepest = int(np.diff(y[: top + 1]).argmax()) if top else 0
    base = float(np.median(y[: steepest + 1]))
    peak = float(y[top]) - base
    if peak <= 0:
        return LifeCycle(base, math.nan, math.nan, math.nan, 0.0, math.nan)
    out = int(np.flatnonzero(y >= base + OUTSET * peak)[0])
    under = np.flatnonzero(y[top:] <= base + peak / math.e)
    decay = math.nan
    if under.size:
        k = top + int(under[0])
        decay = k - 1 + (y[k - 1] - base - peak / math.e) / (y[k - 1] - y[k]) - top
    return LifeCycle(base, float(out), float(top - out), float(top), peak, float(decay))


def check_counts(counts: ArrayLike) -> Array:
    y = np.asarray(counts)
    if y.ndim != 1 or y.size < 4 or y.dtype.kind not in "iuf":
        raise InputError("counts must be a series of at least four numbers, shape (steps,).")
    if not np.isfinite(y.astype(np.float64)).all() or y.min() < 0:
        raise InputError("counts hold a number that is negative or not finite; counts are >= 0.")
    return y.astype(np.float64)
