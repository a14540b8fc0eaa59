r"""Do two histories agree? Overlaps of configurations of the same users.

.. math:: q = \frac{1}{n} \sum_i s_i s_i'

is 1 for equal configurations, -1 for opposite and 0 for unrelated ones. Replicas of one society
that agree up to a sign froze into one state; a broad distribution of their overlaps means many
[1]_. Unlike magnetization it sees order that favors no side.

References
----------
.. [1] G. Parisi, Phys. Rev. Lett. 50, 1946 (1983); S. F. Edwards, P. W. Anderson, J. Phys. F 5, 965
   (1975).
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from sociophysics.errors import InputError
from sociophysics.society.spins import SpinSystem

__all__ = [
    "OverlapDistribution",
    "edwards_anderson_parameter",
    "overlap",
    "overlap_distribution",
    "replica_overlaps",
    "two_time_overlap",
]

Floats = NDArray[np.float64]


class OverlapDistribution(NamedTuple):
    """Distribution ``P(q)`` of the overlaps of pairs of replicas, and its moments."""

    q: Floats
    """Middles of the bins, from -1 to 1."""
    density: Floats
    """``P(q)``; its sum times the width of a bin is 1."""
    mean_abs: float
    """``<|q|>``."""
    second: float
    """``<q^2>``; 1/n for independent users."""
    binder: float
    """``(3 - <q^4>/<q^2>^2)/2``: 0 for a Gaussian, 1 for two sharp peaks; NaN if all q are 0."""


def overlap(system: SpinSystem, spins: ArrayLike, reference: ArrayLike) -> Any:
    """Return ``q = sum_i s_i r_i / n`` with a reference: a start, a pattern, another replica.

    Parameters
    ----------
    system : SpinSystem
    spins : int array, shape (n,) or (replicas, n)
    reference : int array, shape (n,) or (replicas, n)
        Of several, the first belongs to the first replica.

    Returns
    -------
    float, or array of shape (replicas,)

    Raises
    ------
    InputError
        Other numbers of replicas on the two sides.

    Examples
    --------
    >>> overlap(SpinSystem([[0, 1], [1, 0]]), [[1, 1], [1, -1]], [1, 1])
    array([1., 0.])
    """
    s, r = system.check_spins(spins), system.check_spins(reference)
    if r.ndim == 2 and (s.ndim == 1 or len(r) != len(s)):
        raise InputError(
            f"spins have shape {s.shape} and the reference {r.shape}; give one reference, or one "
            "per replica."
        )
    total = (s * r).sum(axis=-1, dtype=np.int64)
    return float(total / system.n) if s.ndim == 1 else total / system.n


def replica_overlaps(spins: ArrayLike) -> Floats:
    """Return the overlaps of all pairs of replicas, shape (replicas (replicas - 1) / 2,).

    Parameters
    ----------
    spins : int array, shape (replicas, n)

    Raises
    ------
    InputError
        Fewer than two replicas.

    Examples
    --------
    >>> replica_overlaps([[1, 1], [1, -1], [-1, -1]])
    array([ 0., -1.,  0.])
    """
    s = np.asarray(spins, dtype=np.float64)
    if s.ndim != 2 or len(s) < 2 or not s.shape[1]:
        raise InputError(f"spins have shape {s.shape}; overlaps need two replicas or more.")
    pairs: Floats = (s @ s.T / s.shape[1])[np.triu_indices(len(s), k=1)]
    return pairs


def overlap_distribution(spins: ArrayLike, *, bins: int = 41) -> OverlapDistribution:
    """Return ``P(q)`` over all pairs of replicas.

    Parameters
    ----------
    spins : int array, shape (replicas, n) or (replicas, frames, n)
        Of several frames, those of one time are compared, and pooled.
    bins : int
        Between -1 and 1.

    Raises
    ------
    InputError
        Fewer than two replicas, or fewer than one bin.

    Examples
    --------
    >>> found = overlap_distribution([[1, 1, 1, 1], [-1, -1, -1, -1], [1, 1, 1, 1]], bins=2)
    >>> found.mean_abs, found.density
    (1.0, array([0.66666667, 0.33333333]))
    """
    if bins < 1:
        raise InputError(f"bins is {bins}; it must be >= 1.")
    s = np.asarray(spins)
    times = [s] if s.ndim != 3 else [s[:, k] for k in range(s.shape[1])]
    q = np.concatenate([replica_overlaps(each) for each in times])
    density, edges = np.histogram(q, bins=bins, range=(-1.0, 1.0), density=True)
    second, fourth = float((q**2).mean()), float((q**4).mean())
    binder = (3 - fourth / second**2) / 2 if second > 0 else float("nan")
    middles = (edges[1:] + edges[:-1]) / 2
    return OverlapDistribution(middles, density, float(np.abs(q).mean()), second, binder)


def edwards_anderson_parameter(stances: ArrayLike) -> Any:
    """Return ``q_EA = sum_i <s_i>^2 / n``: how much of everybody's stance lasts, without bias.

    ``<s_i>^2`` is the mean product of two different frames; frames that lie closer than the memory
    of the society still raise it.

    Parameters
    ----------
    stances : int array, shape (frames, n) or (replicas, frames, n)

    Returns
    -------
    float, or array of shape (replicas,)

    Raises
    ------
    InputError
        Fewer than two frames.

    Examples
    --------
    >>> edwards_anderson_parameter([[1, -1], [1, -1]])
    1.0
    """
    s = np.asarray(stances, dtype=np.float64)
    if s.ndim not in (2, 3) or s.shape[-2] < 2:
        raise InputError(f"stances have shape {s.shape}; the parameter needs two frames or more.")
    frames = s.shape[-2]
    q = ((s.sum(axis=-2) ** 2 - frames) / (frames * (frames - 1))).mean(axis=-1)
    return float(q) if s.ndim == 2 else q


def two_time_overlap(stances: ArrayLike, waits: ArrayLike) -> Floats:
    """Return ``C(t_w, t) = sum_i s_i(t_w) s_i(t) / n`` for each wait, shape (..., waits, frames).

    A society that ages forgets the later the longer it waited: curves over ``t - t_w`` depend on
    ``t_w``. Before ``t_w`` entries are NaN.

    Parameters
    ----------
    stances : int array, shape (frames, n) or (replicas, frames, n)
    waits : int array
        Numbers of frames.

    Raises
    ------
    InputError
        A wait that is no frame.

    Examples
    --------
    >>> two_time_overlap([[1, 1], [1, -1], [-1, -1]], [0, 1])
    array([[ 1.,  0., -1.],
           [nan,  1.,  0.]])
    """
    s, at = np.asarray(stances, dtype=np.float64), np.asarray(waits)
    if s.ndim not in (2, 3) or at.ndim != 1 or not np.issubdtype(at.dtype, np.integer):
        raise InputError("give stances of shape (frames, n) and a list of numbers of frames.")
    if at.size and (at.min() < 0 or at.max() >= s.shape[-2]):
        raise InputError(f"waits holds {at.tolist()}; there are frames 0 to {s.shape[-2] - 1}.")
    curves: Floats = np.einsum("...wi,...ti->...wt", s[..., at, :], s) / s.shape[-1]
    return np.where(np.arange(s.shape[-2]) >= at[:, np.newaxis], curves, np.nan)
