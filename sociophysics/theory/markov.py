r"""Exact dynamics of a small society: Markov matrices ``P[s, s']`` over its 2^n states.

One update draws a user uniformly and flips the stance with probability
``1 / (1 + exp(2 s_i f_i / T))``, ``f_i = sum_j J_ij s_j + h_i + phi_i``. A feed that reads stances
makes ``phi`` depend on the state at its last refresh, so the chain that is Markov is the one seen
at refreshes: row ``s`` of the sweep matrix is row ``s`` of ``P_phi(s)^n``, with ``phi`` frozen
through the n updates of the sweep. Where ``phi`` is itself drawn, rows are averaged over its law.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import expit

from sociophysics.errors import InputError, did_you_mean
from sociophysics.machine import require_memory
from sociophysics.society.spins import SpinSystem
from sociophysics.theory.premises import (
    check_field,
    check_size,
    check_symmetric,
    check_temperature,
    inverse,
)
from sociophysics.theory.rule_definitions import rule_flips
from sociophysics.theory.stance_patterns import all_states, energies, local_field, state_number

__all__ = [
    "FieldLaw",
    "distribution_after",
    "kawasaki_matrix",
    "sequential_sweep_matrix",
    "stationary",
    "sweep_matrix_with_feed",
    "transition_matrix",
]

MOST_USERS = 12
ROUNDING = 1e-12  # relative: fields and energy changes below it are exact ties, lost in rounding


class FieldLaw(NamedTuple):
    """A random field: probabilities (outcomes,) and the field of each outcome (outcomes, n)."""

    probabilities: NDArray[np.float64]
    phi: NDArray[np.float64]


def transition_matrix(
    system: SpinSystem,
    *,
    temperature: float | None = None,
    phi: ArrayLike | None = None,
    scheme: str = "random-sequential",
    rule: Mapping[str, Any] | None = None,
    others: float = 0.0,
) -> NDArray[np.float64]:
    """Return the matrix of one update, ``P[s, s']``, shape (2^n, 2^n).

    Parameters
    ----------
    system : SpinSystem
        At most 12 users; directed couplings are allowed for heat bath.
    temperature : float
        0 (a zero field is a fair coin) and infinity are legal; needed under the heat bath.
    phi : float or array, shape (n,), optional
        The feed's field, frozen, added to ``h``.
    scheme : "random-sequential" or "kawasaki"
        Sequential order has no single update: see :func:`sequential_sweep_matrix`.
    rule : mapping, optional
        ``rule.table()`` of another rule than the heat bath.
    others : float
        What can pull under that rule besides couplings and ``h``: the feed's bound.

    Raises
    ------
    InputError
        Too many users, a negative temperature, a field of another shape, an unknown scheme.

    Examples
    --------
    >>> transition_matrix(SpinSystem([[0]]), temperature=1.0, phi=1.0).round(4)
    array([[0.1192, 0.8808],
           [0.1192, 0.8808]])
    """
    if scheme == "kawasaki" and rule is None:
        return kawasaki_matrix(system, temperature=_needed(temperature), phi=phi)
    if scheme != "random-sequential":
        raise InputError(
            f"scheme {scheme!r} has no single update; "
            f"{did_you_mean(scheme, ['random-sequential', 'kawasaki'])}"
        )
    flip = _flip_probabilities(system, temperature, phi, rule, others)
    matrix = np.zeros((1 << system.n, 1 << system.n))
    number = np.arange(1 << system.n)
    for i in range(system.n):
        matrix[number, number ^ (1 << i)] = flip[i] / system.n
    matrix[number, number] = 1 - flip.sum(axis=0) / max(system.n, 1)
    return matrix


def sequential_sweep_matrix(
    system: SpinSystem,
    *,
    temperature: float | None = None,
    phi: ArrayLike | None = None,
    rule: Mapping[str, Any] | None = None,
    others: float = 0.0,
) -> NDArray[np.float64]:
    """Return the matrix of one sweep that visits users 0, 1, ..., n-1 in this order.

    Parameters
    ----------
    system : SpinSystem
        Few users.
    temperature : float
        0 and infinity are legal.
    phi : float or array, shape (n,), optional
        Field added to ``system.h``.
    rule, others
        As in :func:`transition_matrix`.

    Examples
    --------
    >>> sequential_sweep_matrix(SpinSystem([[0, 1], [1, 0]]), temperature=np.inf)[0]
    array([0.25, 0.25, 0.25, 0.25])
    """
    flip = _flip_probabilities(system, temperature, phi, rule, others)
    matrix = np.eye(1 << system.n)
    number = np.arange(1 << system.n)
    for i in range(system.n):
        matrix = matrix * (1 - flip[i]) + (matrix * flip[i])[:, number ^ (1 << i)]
    return matrix


def kawasaki_matrix(
    system: SpinSystem, *, temperature: float, phi: ArrayLike | None = None
) -> NDArray[np.float64]:
    """Return the matrix of one Kawasaki attempt, which keeps the mean stance.

    A stored tie is drawn uniformly; unlike stances at its ends are exchanged with probability
    ``1 / (1 + exp(dE / T))``, ``dE`` the change of ``E`` with ``h + phi`` as field.

    Parameters
    ----------
    system : SpinSystem
        Symmetric couplings, few users.
    temperature : float
        0 and infinity are legal.
    phi : float or array, shape (n,), optional
        Field added to ``system.h``.

    Raises
    ------
    InputError
        Directed couplings, which have no energy; and as :func:`transition_matrix`.

    References
    ----------
    K. Kawasaki, Phys. Rev. 145, 224 (1966).

    Examples
    --------
    >>> pair = SpinSystem([[0, 1], [1, 0]], h=[1, 0])
    >>> kawasaki_matrix(pair, temperature=1.0)[1].round(4)
    array([0.    , 0.8808, 0.1192, 0.    ])
    """
    T = check_temperature(temperature)
    check_symmetric(system, what="the exchange of two stances")
    _check_small(system)
    total = SpinSystem(
        system.J, system.h + check_field(phi, system.n, name="phi", labels=system.nodes.index)
    )
    energy = energies(total)
    number = np.arange(1 << system.n)
    matrix = np.zeros((number.size, number.size))
    ties = [(i, j) for i, j in zip(*_tie_ends(system), strict=True) if i < j]
    for i, j in ties:
        unlike = number[((number >> i) ^ (number >> j)) & 1 == 1]
        swapped = unlike ^ (1 << i) ^ (1 << j)
        change = energy[swapped] - energy[unlike]
        matrix[unlike, swapped] += _acceptance(change, T, float(np.abs(energy).max())) / len(ties)
    matrix[number, number] = 1 - matrix.sum(axis=1)
    return matrix


def sweep_matrix_with_feed(
    system: SpinSystem,
    *,
    temperature: float | None = None,
    refresh: Callable[[NDArray[np.int8]], ArrayLike | FieldLaw],
    rule: Mapping[str, Any] | None = None,
    others: float = 0.0,
) -> NDArray[np.float64]:
    """Return the matrix from one refresh of a feed to the next, n random-sequential updates later.

    Row ``s`` is row ``s`` of ``P_phi(s)^n``: the feed reads ``s``, then its field is frozen.

    Parameters
    ----------
    system : SpinSystem
        Few users.
    temperature : float
        0 and infinity are legal.
    refresh : function of a state (n,) int8
        Returns the field it causes, shape (n,), or a :class:`FieldLaw` where it is drawn.
    rule, others
        As in :func:`transition_matrix`.

    Examples
    --------
    A user who listens to the own last stance only:

    >>> one = SpinSystem([[0]])
    >>> sweep_matrix_with_feed(one, temperature=1.0, refresh=lambda s: 1.0 * s).round(4)
    array([[0.8808, 0.1192],
           [0.1192, 0.8808]])
    """
    _check_small(system)
    states = all_states(system.n)
    matrix = np.zeros((len(states), len(states)))
    for row, state in enumerate(states):
        answer = refresh(state)
        law = (
            answer if isinstance(answer, FieldLaw) else FieldLaw(np.ones(1), np.atleast_2d(answer))
        )
        for probability, phi in zip(law.probabilities, law.phi, strict=True):
            flip = _flip_probabilities(system, temperature, phi, rule, others)
            start = np.zeros(len(states))
            start[row] = probability
            matrix[row] += _advance(start, flip, updates=system.n)
    return matrix


def distribution_after(
    matrix: NDArray[np.float64], start: ArrayLike, steps: int
) -> NDArray[np.float64]:
    """Return the law of the state, shape (2^n,), ``steps`` steps after the state ``start`` (n,).

    Parameters
    ----------
    matrix : array, shape (2^n, 2^n)
        Of one step; rows are the states before it.
    start : int array, shape (n,)
    steps : int

    Examples
    --------
    >>> P = transition_matrix(SpinSystem([[0, 1], [1, 0]]), temperature=np.inf)
    >>> distribution_after(P, [1, 1], 1)
    array([0.  , 0.25, 0.25, 0.5 ])
    """
    law = np.zeros(len(matrix))
    law[state_number(start)] = 1.0
    for _ in range(steps):
        law = law @ matrix
    return law


def stationary(matrix: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the stationary law ``pi P = pi`` of an irreducible chain, shape (2^n,).

    Examples
    --------
    >>> stationary(np.array([[0.5, 0.5], [0.25, 0.75]])).round(6)
    array([0.333333, 0.666667])
    """
    size = len(matrix)
    balance = np.vstack([matrix.T - np.eye(size), np.ones(size)])
    target = np.append(np.zeros(size), 1.0)
    law: NDArray[np.float64] = np.linalg.lstsq(balance, target, rcond=None)[0]
    return law


def _check_small(system: SpinSystem) -> None:
    check_size(system, most=MOST_USERS, what="a Markov matrix")
    require_memory(24 * 4.0**system.n, what=f"a matrix of 4^{system.n} entries", fix="lower n")


def _needed(temperature: float | None) -> float:
    if temperature is None:
        raise InputError("temperature is missing; the heat bath needs a number >= 0.")
    return check_temperature(temperature)


def _flip_probabilities(
    system: SpinSystem,
    temperature: float | None,
    phi: ArrayLike | None,
    rule: Mapping[str, Any] | None = None,
    others: float = 0.0,
) -> NDArray[np.float64]:
    """Return the probability that user i, when drawn, flips in state k: shape (n, 2^n)."""
    T = _needed(temperature) if rule is None else 0.0
    _check_small(system)
    feed = check_field(phi, system.n, name="phi", labels=system.nodes.index)
    number = np.arange(1 << system.n)
    flip = np.empty((system.n, number.size))
    for i in range(system.n):
        spin = 2 * ((number >> i) & 1) - 1
        field = local_field(system, i) + feed[i]
        if rule is not None:
            whole = float(np.abs(system.J[[i], :]).sum() + abs(system.h[i])) + others
            flip[i] = rule_flips(rule, np.asarray(spin * field / (whole or 1.0), np.float64))
            continue
        scale = float(np.abs(system.J[[i], :]).sum() + abs(system.h[i]) + abs(feed[i]))
        flip[i] = _acceptance(2 * spin * field, T, scale)
    return flip


def _acceptance(
    change: NDArray[np.float64], temperature: float, scale: float
) -> NDArray[np.float64]:
    if temperature == 0:
        tie = np.abs(change) <= ROUNDING * scale
        return np.where(tie, 0.5, (change < 0).astype(float))
    accept: NDArray[np.float64] = expit(-change * inverse(temperature))
    return accept


def _advance(
    law: NDArray[np.float64], flip: NDArray[np.float64], *, updates: int
) -> NDArray[np.float64]:
    number = np.arange(law.size)
    stay = 1 - flip.sum(axis=0) / max(len(flip), 1)
    for _ in range(updates):
        moved = law * stay
        for i, probability in enumerate(flip):
            moved += (law * probability)[number ^ (1 << i)] / len(flip)
        law = moved
    return law


def _tie_ends(system: SpinSystem) -> tuple[list[int], list[int]]:
    entries = system.J.tocoo()
    return entries.row.tolist(), entries.col.tolist()
