r"""Mean field: users feel the mean stance of others, not who holds it.

On the complete graph this is exact for many users. Two equal camps of ``n`` with coupling
``within / n`` inside and ``across / n`` between them obey
``m_c = tanh((within m_c + across m_c' + h) / T)``; a state of theirs is stable where every
eigenvalue of the linearized right-hand side is below 1. Feeds of two camps are in
:mod:`sociophysics.theory.camp_feeds` and named here too.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.optimize import brentq
from scipy.sparse.linalg import eigsh

from sociophysics.errors import InputError, did_you_mean
from sociophysics.society.spins import SpinSystem
from sociophysics.theory.camp_feeds import (
    CampLimits,
    Switching,
    camp_limits,
    magnetizations,
    switching_strengths,
)
from sociophysics.theory.premises import check_field, check_temperature, inverse

__all__ = [
    "CampLimits",
    "FixedPoint",
    "Switching",
    "TwoCamps",
    "camp_couplings",
    "camp_limits",
    "consensus_temperature",
    "fixed_point",
    "magnetization",
    "magnetizations",
    "split_temperature",
    "switching_strengths",
    "two_camps",
]


class TwoCamps(NamedTuple):
    """Mean stance of each camp (2,), whether it is stable, and the eigenvalues that decide (2,)."""

    magnetizations: NDArray[np.float64]
    stable: bool
    eigenvalues: NDArray[np.float64]


class FixedPoint(NamedTuple):
    """Mean stances (n,), whether the iteration met its tolerance, and how many it took."""

    magnetizations: NDArray[np.float64]
    converged: bool
    iterations: int


def magnetization(temperature: float, coupling: float = 1.0, field: float = 0.0) -> float:
    """Return ``m = tanh((coupling m + field) / T)`` of the complete graph, ``J_ij = coupling / n``.

    Of several solutions the stable one along the field, which without a field is the positive.

    Parameters
    ----------
    temperature : float
        0 and infinity are legal.
    coupling : float
        Total coupling of a user to all others.
    field : float

    Raises
    ------
    InputError
        A negative temperature.

    Examples
    --------
    >>> round(magnetization(0.5), 6), round(magnetization(0.8), 6), magnetization(1.2)
    (0.957504, 0.710412, 0.0)
    """
    T = check_temperature(temperature)
    if field < 0:
        return -magnetization(T, coupling, -field)
    if T == 0:
        return float(min(1.0, field / -coupling)) if coupling < 0 else float(field + coupling > 0)
    if (field == 0 and coupling <= T) or math.isinf(T):
        return 0.0
    # In x = artanh m the largest root is bracketed and not crowded against m = 1.
    # The excess has its maximum at low, between the middle root and the largest.
    low = math.acosh(math.sqrt(coupling / T)) if coupling > T else 0.0
    high = (abs(coupling) + field) / T + 1

    def excess(x: float) -> float:
        return (coupling * math.tanh(x) + field) / T - x

    return math.tanh(float(brentq(excess, low, high, xtol=1e-15)))


def two_camps(
    *,
    temperature: float,
    within: float,
    across: float,
    field: float | tuple[float, float] = 0.0,
    start: tuple[float, float] = (1.0, -1.0),
) -> TwoCamps:
    """Return the state of two equal camps that relaxation from ``start`` reaches.

    Relaxation without noise keeps the symmetry of its start, so a polarized state is found also
    where it is unstable; ``stable`` tells.

    Parameters
    ----------
    temperature : float
        0 and infinity are legal.
    within, across : float
        Total coupling of a user to the own and to the other camp.
    field : float or pair
        External field, on both camps or on each.
    start : pair of floats in [-1, 1]

    Examples
    --------
    >>> state = two_camps(temperature=0.9, within=1.0, across=-0.4)
    >>> state.magnetizations.round(4), state.stable
    (array([ 0.8776, -0.8776]), True)
    """
    T = check_temperature(temperature)
    J = np.array([[within, across], [across, within]], dtype=float)
    h = check_field(field, 2, name="field")
    m = np.array(start, dtype=float)
    step = 1 / (1 + (abs(within) + abs(across)) * (inverse(T) if T > 0 else 1.0))
    for _ in range(200_000):
        f = J @ m + h
        target = np.sign(f) if T == 0 else np.tanh(f * inverse(T))
        change = step * (target - m)
        m = m + change
        if np.abs(change).max() < 1e-15:
            break
    softness = np.zeros(2) if T == 0 else (1 - m**2) * inverse(T)
    root = np.sqrt(softness)
    eigenvalues = np.linalg.eigvalsh(root[:, None] * J * root)
    return TwoCamps(m, bool(eigenvalues.max() < 1), eigenvalues)


def split_temperature(within: float, across: float) -> float:
    """Return ``T_s``, below which two camps stay apart: (m, -m) exists and is stable.

    With ``R = across / within > 0`` the state is trapped, not favored: ``(1+R)/(1-R) =
    sinh(2x)/(2x)``, ``T_s = within (1 - R) tanh(x) / x``. With ``R <= 0``: ``within - across``.

    Parameters
    ----------
    within, across : float
        Total coupling of a user to the own and to the other camp.

    Examples
    --------
    >>> round(split_temperature(1.0, 0.1), 4), round(split_temperature(1.0, 0.3), 4)
    (0.8165, 0.5279)
    >>> split_temperature(1.0, -0.4)
    1.4
    """
    if across <= 0:
        return max(within - across, 0.0)
    if within <= across:
        return 0.0
    target = math.log((within + across) / (within - across))

    def excess(x: float) -> float:
        # ln(sinh(2x) / 2x), free of overflow
        return 2 * x + math.log1p(-math.exp(-4 * x)) - math.log(4 * x) - target

    x = float(brentq(excess, 1e-8, 10 + 2 * target))
    return (within - across) * math.tanh(x) / x


def consensus_temperature(within: float, across: float) -> float:
    """Return ``T_cons``, below which consensus (m, m) exists and is stable.

    Turning over the stances of one camp maps it on :func:`split_temperature` with ``-across``.

    Parameters
    ----------
    within, across : float
        Total coupling of a user to the own and to the other camp.

    Examples
    --------
    >>> consensus_temperature(1.0, 0.1), round(consensus_temperature(1.0, -0.2), 4)
    (1.1, 0.661)
    """
    return split_temperature(within, -across)


class Pulls(NamedTuple):
    """A user's total coupling to the own and to the other camp."""

    within: float
    across: float


def camp_couplings(system: SpinSystem, camps: ArrayLike) -> Pulls | None:
    """Return a user's total coupling to the own and to the other camp, averaged over users.

    Users count by the square of the leading eigenvector ``w`` of ``abs(J)``: ``within = sum_same
    w_i J_ij w_j`` with ``w'w = 1``, so that ``within + across`` is the mean-field critical
    temperature of friendly couplings on any network.

    Parameters
    ----------
    system : SpinSystem
    camps : int array, shape (n,)
        Codes 0, 1, and -1 for none.

    Returns
    -------
    Pulls or None
        None unless there are two camps, three users and mutual couplings.

    Examples
    --------
    >>> J = np.array([[0, 1, .2, 0], [1, 0, 0, .2], [.2, 0, 0, 1], [0, .2, 1, 0]])
    >>> camp_couplings(SpinSystem(J), [0, 0, 1, 1])
    Pulls(within=1.0, across=0.2)
    """
    camp = np.asarray(camps)
    two = set(np.unique(camp).tolist()) - {-1} == {0, 1}
    strengths = abs(system.J)
    largest = strengths.max() if strengths.nnz else 0.0
    if not two or not system.is_symmetric or not largest or system.n < 3:
        return None
    # By a power of two, which changes no digit: squares of tiny couplings are not to vanish.
    strengths.data = np.ldexp(strengths.data, -int(np.frexp(largest)[1]))
    # A fixed start makes the eigenvector the same in every run.
    _, vectors = eigsh(strengths, k=1, which="LA", v0=np.ones(system.n))
    w = np.abs(vectors[:, 0]) * (camp >= 0)
    ties = system.J.tocoo()
    weight = w[ties.row] * ties.data * w[ties.col] / float(w @ w)
    same = camp[ties.row] == camp[ties.col]
    return Pulls(round(float(weight[same].sum()), 9), round(float(weight[~same].sum()), 9))


def fixed_point(
    system: SpinSystem,
    *,
    temperature: float,
    field: ArrayLike | None = None,
    start: ArrayLike = 1.0,
    method: str = "naive",
    damping: float = 0.5,
    tolerance: float = 1e-10,
    iterations: int = 10_000,
) -> FixedPoint:
    """Return ``m_i = tanh((sum_j J_ij m_j + h_i + field_i) / T)`` by damped iteration.

    ``method="tap"`` subtracts the reaction of the neighbors, ``m_i sum_j J_ij^2 (1 - m_j^2) / T``.

    Parameters
    ----------
    system : SpinSystem
        Directed couplings are allowed for the naive form.
    field : float or array, shape (n,), optional
        Added to ``system.h``.
    start : float or array, shape (n,)
    damping : float in [0, 1)
        Share of the old value that is kept.
    temperature : float
        0 is legal for the naive form, infinity for both.
    method : {"naive", "tap"}
    tolerance : float
        Largest change of a mean stance at which to stop.
    iterations : int
        Most steps; ``converged`` tells whether they were enough.

    Raises
    ------
    InputError
        A negative temperature, a field or start of another shape, an unknown method.

    References
    ----------
    D. J. Thouless, P. W. Anderson, R. G. Palmer, Phil. Mag. 35, 593 (1977).

    Examples
    --------
    >>> pair = SpinSystem([[0, 1], [1, 0]])
    >>> fixed_point(pair, temperature=0.5).magnetizations.round(6)
    array([0.957504, 0.957504])
    """
    T = check_temperature(temperature)
    if method not in ("naive", "tap"):
        raise InputError(f"method is {method!r}; {did_you_mean(method, ['naive', 'tap'])}")
    if method == "tap" and T == 0:
        raise InputError("temperature is 0.0; method 'tap' needs one > 0: use 'naive'.")
    h = system.h + check_field(field, system.n, name="field", labels=system.nodes.index)
    m = check_field(start, system.n, name="start", labels=system.nodes.index)
    square = system.J.multiply(system.J).tocsr()
    for step in range(1, iterations + 1):
        local = system.J @ m + h
        if method == "tap":
            local = local - m * (square @ (1 - m**2)) * inverse(T)
        target = np.sign(local) if T == 0 else np.tanh(local * inverse(T))
        error = float(np.abs(target - m).max(initial=0.0))
        m = damping * m + (1 - damping) * target
        if error < tolerance:
            return FixedPoint(m, True, step)
    return FixedPoint(m, False, iterations)
