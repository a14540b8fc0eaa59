r"""Avalanches at zero temperature: one user gives way, and how many follow.

The random-field Ising model: ``f_i = sum_j J_ij s_j + h_i + H`` with Gaussian ``h_i`` of standard
deviation ``disorder``. A field ``H`` that rises slowly from minus infinity lets the user with the
largest ``f_i`` flip; whoever is pulled over by that flips with it, and this is one avalanche [1]_.
With couplings ``J >= 0`` stances only rise, the final state does not depend on the order of flips,
and the system remembers turning points bit for bit.

.. [1] J. P. Sethna et al., Phys. Rev. Lett. 70, 3347 (1993).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from sociophysics.arguments import asks
from sociophysics.engine import avalanche
from sociophysics.engine.fixed_point import Couplings, encode_couplings
from sociophysics.errors import InputError
from sociophysics.society.spins import SpinSystem
from sociophysics.streams import generator

__all__ = [
    "ThresholdCascade",
    "complete_graph_avalanches",
    "quasistatic",
    "random_field_avalanches",
    "threshold_cascade",
]

Array = NDArray[np.float64]


class ThresholdCascade(NamedTuple):
    """What a zero-temperature cascade reached."""

    spins: NDArray[np.int8]
    reach: float
    """Share of users that flipped, seeds left out."""
    duration: int
    """Shells of simultaneous flips."""
    generation: NDArray[np.int64]
    """Shell in which each user flipped, 0 for seeds, -1 for users not reached."""
    parent: NDArray[np.int64]
    """Whose flip was the last one needed; -1 without one."""


@asks
def random_field_avalanches(
    system: SpinSystem,
    *,
    disorder: float = 0.0,
    seed: int = 0,
    replica: int | None = None,
) -> pd.DataFrame:
    """Return all avalanches of a slow rise of the field from minus to plus infinity.

    Event-driven: a heap finds the next user to flip, so the cost is that of the ties.

    Parameters
    ----------
    system : SpinSystem
        Couplings >= 0; directed ones are allowed.
    disorder : float
        Standard deviation of Gaussian fields added to ``system.h``.
    seed, replica : int
        Of the random fields; without ``disorder`` nothing is drawn.

    Returns
    -------
    DataFrame
        One row per avalanche in order: ``field`` at which it starts, ``size`` in users,
        ``duration`` in shells of simultaneous flips. The sizes add up to n.

    Raises
    ------
    InputError
        A negative coupling, or a disorder that is negative or not a number.

    Examples
    --------
    Three friends in a row, the first one leaning up: all follow at once.

    >>> path = SpinSystem.from_edges([0, 1], [1, 2], h=[1.0, 0.0, 0.5])
    >>> random_field_avalanches(path)
       field  size  duration
    0    0.0     3         3
    """
    fields = _random_fields(system.n, disorder, seed, replica) + system.h
    couplings = _encoded(system, float(np.abs(fields).max(initial=0.0)))
    spins = np.full(system.n, -1, np.int8)
    local = _local(spins, fields, couplings)
    events = np.empty((system.n, 3), np.int64)
    count = avalanche.adiabatic_rise(spins, local, couplings.indptr, couplings.rows, events)
    return pd.DataFrame(
        {
            "field": events[:count, 0] / couplings.scale,
            "size": events[:count, 1],
            "duration": events[:count, 2],
        }
    )


def complete_graph_avalanches(
    n: int, *, disorder: float, seed: int, replica: int | None = None
) -> pd.DataFrame:
    """Return the avalanches on the complete graph, ``J_ij = 1/n``, without its matrix.

    Users flip in the order of their own fields: user k of that order needs the field
    ``t_k = -h_k - (2k + 1 - n)/n``, and a new avalanche starts where ``t_k`` exceeds all before.

    Parameters
    ----------
    n : int
        Number of users.
    disorder : float
        Standard deviation of the Gaussian fields; infinite avalanches end at ``sqrt(2/pi)``.
    seed, replica : int
        As in ``random_field_avalanches``: on the complete graph both give the same avalanches.

    Examples
    --------
    >>> bool(complete_graph_avalanches(1000, disorder=0.1, seed=1)["size"].max() > 980)
    True
    """
    if isinstance(n, bool) or not isinstance(n, int | np.integer) or n < 1:
        raise InputError(f"n is {n!r}; the number of users must be an integer >= 1.")
    fields = np.sort(_random_fields(int(n), disorder, seed, replica))[::-1]
    needed = -fields - (2.0 * np.arange(n) + 1 - n) / n
    highest = np.maximum.accumulate(needed)
    starts = np.flatnonzero(np.concatenate([[True], needed[1:] > highest[:-1]]))
    sizes = np.diff(np.append(starts, n))
    durations = np.empty(starts.size, np.int64)
    avalanche.complete_graph_durations(needed, starts, sizes, durations)
    return pd.DataFrame({"field": needed[starts], "size": sizes, "duration": durations})


@asks
def quasistatic(
    system: SpinSystem,
    fields: Sequence[float],
    *,
    disorder: float = 0.0,
    seed: int = 0,
    replica: int | None = None,
    start: ArrayLike | None = None,
) -> NDArray[np.int8]:
    """Return the stable stances after each of a row of slow field changes, shape (steps, n).

    Between two values the field moves slowly and every avalanche runs to its end. Coming back to
    a turning point restores the state bit for bit (return-point memory).

    Parameters
    ----------
    system : SpinSystem
        Couplings >= 0; directed ones are allowed.
    fields : sequence of float
        Values of the uniform field H, reached one after the other.
    start : int8 array, shape (n,), optional
        All down if left out.
    disorder : float
        Standard deviation of Gaussian fields added to ``system.h``.
    seed, replica : int
        Of the random fields; without ``disorder`` nothing is drawn.

    Raises
    ------
    InputError
        As ``random_field_avalanches``, or no field, or one that is not finite.

    Examples
    --------
    >>> pair = SpinSystem.from_edges([0], [1])
    >>> quasistatic(pair, [0.5, 1.5, -0.5, -1.5]).tolist()
    [[-1, -1], [1, 1], [1, 1], [-1, -1]]
    """
    course = np.asarray(fields, dtype=np.float64)
    if course.ndim != 1 or course.size == 0 or not np.isfinite(course).all():
        raise InputError(f"fields is {fields!r}; give at least one finite number.")
    own = _random_fields(system.n, disorder, seed, replica) + system.h
    largest = float(np.abs(own).max(initial=0.0) + np.abs(course).max())
    couplings = _encoded(system, largest)
    spins = np.full(system.n, -1, np.int8) if start is None else system.check_spins(start).copy()
    states = np.empty((course.size, system.n), np.int8)
    held, spare = np.zeros(system.n, np.uint8), np.zeros(system.n, np.int64)
    for step, field in enumerate(course):
        # A start that is not stable may have users of both kinds to flip; no order matters.
        for toward in (1, -1) if step == 0 or field >= course[step - 1] else (-1, 1):
            local = _local(spins, own + field, couplings)
            avalanche.relax(
                spins, local, couplings.indptr, couplings.rows, held, toward, spare, spare.copy()
            )
        states[step] = spins
    return states


@asks
def threshold_cascade(
    system: SpinSystem, seeds: ArrayLike, *, stance: int = 1, hold: bool = True
) -> ThresholdCascade:
    """Return the zero-temperature cascade from a seed set, everybody else against it at first.

    Parameters
    ----------
    system : SpinSystem
        Couplings >= 0. Thresholds are fields: with ``J_ij = 1/k_i`` (directed, normalized) a user
        follows when a share above ``theta`` has, if ``h_i = 1 - 2 theta`` (Watts 2002).
    seeds : int array
        Indices of the users who start at ``stance``.
    hold : bool
        Whether seeds never flip back. If not, they give way first, as far as they are pulled, and
        then the rest of the seed pulls.
    stance : int
        +1 or -1: what the seeds hold.

    Raises
    ------
    InputError
        A negative coupling or an index outside 0..n-1.

    References
    ----------
    D. J. Watts, PNAS 99, 5766 (2002).

    Examples
    --------
    >>> path = SpinSystem.from_edges([0, 1], [1, 2], h=[0.0, 0.5, 0.5])
    >>> threshold_cascade(path, [0]).generation
    array([0, 1, 2])
    """
    if stance not in (-1, 1):
        raise InputError(f"stance is {stance!r}; allowed: -1, 1.")
    chosen = check_users(system, seeds, "seeds")
    couplings = _encoded(system, float(np.abs(system.h).max(initial=0.0)))
    spins = np.full(system.n, -stance, np.int8)
    spins[chosen] = stance
    generation, parent = np.full(system.n, -1), np.full(system.n, -1)
    held = np.zeros(system.n, np.uint8)
    arrays = (couplings.indptr, couplings.rows)
    local = _local(spins, system.h, couplings)
    if not hold:
        spare = np.zeros(system.n, np.int64)
        avalanche.relax(spins, local, *arrays, held, -stance, spare, spare.copy())
    held[spins == stance] = hold
    generation[spins == stance] = 0
    duration = avalanche.relax(spins, local, *arrays, held, stance, generation, parent)
    reached = np.setdiff1d(np.flatnonzero(spins == stance), chosen).size
    return ThresholdCascade(spins, reached / max(system.n, 1), duration, generation, parent)


def check_users(system: SpinSystem, users: ArrayLike, name: str) -> NDArray[np.int64]:
    """Return different user indices, or raise if there are none or one is outside 0..n-1."""
    chosen = np.asarray(users)
    whole = chosen.ndim == 1 and chosen.size > 0 and chosen.dtype.kind in "iu"
    if not whole or chosen.min() < 0 or chosen.max() >= system.n:
        raise InputError(
            f"{name} must be a list of user indices from 0 to {system.n - 1}, at least one."
        )
    return np.unique(chosen).astype(np.int64)


def _random_fields(n: int, disorder: float, seed: int, replica: int | None) -> Array:
    number = isinstance(disorder, int | float | np.number) and not isinstance(disorder, bool)
    if not number or not 0 <= disorder < np.inf:
        raise InputError(f"disorder is {disorder!r}; it must be a finite number >= 0.")
    return np.asarray(disorder * generator(seed, "fields", replica).standard_normal(n))


def _encoded(system: SpinSystem, bound: float) -> Couplings:
    if system.J.nnz and system.J.data.min() < 0:
        raise InputError(
            f"a coupling is {system.J.data.min():g}; avalanches need couplings >= 0, or a user who "
            "rises could push another one down."
        )
    return encode_couplings(system.J, bound)


def _local(spins: NDArray[np.int8], fields: Array, couplings: Couplings) -> NDArray[np.int64]:
    external = np.rint(fields * couplings.scale).astype(np.int64)
    local: NDArray[np.int64] = avalanche.local_fields(
        spins, external, couplings.indptr, couplings.rows
    )
    return local
