r"""Leverage: which users move a society most, how well theory knows, and how robust that leaves it.

A campaign puts a field of total strength ``budget`` on users of its choice and gains
``<m>_field - <m>``. Ways to choose: ``cavity``, the linear response of belief propagation;
``mean_field``, the allocation that maximizes the mean-field magnetization by projected gradient
[1]_, which may put more on one user than on another; ``degree`` and ``random`` as baselines. The
same numbers serve the defence: where random users do nearly as well as the best, no small group
is worth buying or worth guarding.

.. [1] C. Lynn and D. D. Lee, Maximizing influence in an Ising network: a mean-field optimal
   solution, NeurIPS 29 (2016).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
import scipy.sparse as sparse
from numpy.typing import ArrayLike, NDArray
from scipy.sparse.linalg import cg, spsolve

from sociophysics.arguments import asks
from sociophysics.dynamics import trajectory
from sociophysics.errors import InputError, did_you_mean
from sociophysics.influences.feeds import Feed
from sociophysics.society.spins import SpinSystem
from sociophysics.statistics import paired_difference
from sociophysics.streams import generator
from sociophysics.theory import cavity, mean_field

__all__ = [
    "METHODS",
    "Robustness",
    "allocate",
    "budget_curve",
    "mean_field_optimum",
    "robustness",
    "scores",
]

Array = NDArray[np.float64]
METHODS = ("cavity", "mean_field", "degree", "random")
STEPS = 200  # of the projected gradient at most
GAIN = 1e-9  # of the magnetization in one step, below which it stops


class Robustness(NamedTuple):
    """How much targeting pays against a society.

    ``advantage`` gain of the best-chosen users over random ones at the same small budget,
    ``concentration`` Gini coefficient of the users' responses, ``half`` share of users who carry
    half of the total response, ``table`` with user, degree and response, the largest first.
    """

    advantage: float
    concentration: float
    half: float
    table: pd.DataFrame


def scores(
    system: SpinSystem,
    *,
    temperature: float,
    method: str = "cavity",
    seed: int = 0,
    field: ArrayLike | None = None,
    start: ArrayLike = 1.0,
) -> Array:
    """Return how much each user is worth, shape (n,): ``dm/dh_i`` for the two theories.

    Parameters
    ----------
    method : str
        ``cavity`` (exact on trees), ``mean_field`` (naive), ``degree`` (sum of absolute couplings
        of those who listen), ``random`` (a random order).
    field : float or array, shape (n,), optional
        Added to ``system.h``.
    start : float or array
        From which the theories iterate; below the transition it chooses the state.

    Raises
    ------
    InputError
        An unknown method, or what the theory refuses (directed couplings, ``T = 0``, a state at
        its stability limit).

    Examples
    --------
    >>> star = SpinSystem.from_edges([0, 0, 0], [1, 2, 3])
    >>> scores(star, temperature=1.0).argmax(), scores(star, temperature=5.0, method="degree")
    (np.int64(0), array([3., 1., 1., 1.]))
    """
    _check_method(method)
    if method == "degree":
        return np.asarray(abs(system.J).sum(axis=0), dtype=np.float64).ravel()
    if method == "random":
        return generator(seed, "interventions").random(system.n)
    if method == "cavity":
        return cavity.response(system, temperature=temperature, field=field, start=start)
    state = mean_field.fixed_point(system, temperature=temperature, field=field, start=start)
    _require_converged(state.converged, temperature)
    return _mean_field_response(system, state.magnetizations, temperature)


def mean_field_optimum(
    system: SpinSystem, budget: float, *, temperature: float, start: ArrayLike = 1.0
) -> Array:
    """Return the fields ``>= 0`` of sum ``budget`` that maximize the mean-field magnetization.

    Projected gradient ascent, ``h <- P[h + step dM/dh]``, on ``M(h) = mean tanh((J m + h)/T)``,
    with the step halved until M rises. At high temperature the hubs get it, near and below the
    transition users at the periphery do, as hubs follow anyway.

    Parameters
    ----------
    budget : float
        Sum of the fields, in units of the couplings.

    Returns
    -------
    array, shape (n,)

    Raises
    ------
    InputError
        A budget or temperature that is not positive, or directed couplings.
    """
    if not 0 < budget < np.inf or not 0 < temperature < np.inf:
        raise InputError(
            f"budget is {budget} and temperature {temperature}; both must be finite and > 0."
        )
    field = np.full(system.n, budget / system.n)
    m = _mean_field_state(system, field, temperature, start)
    step = budget / max(_mean_field_response(system, m, temperature).max(), 1e-300)
    for _ in range(STEPS):
        gradient = _mean_field_response(system, m, temperature)
        while True:
            trial = _on_simplex(field + step * gradient, budget)
            reached = _mean_field_state(system, trial, temperature, m)
            if reached.mean() >= m.mean() or step * gradient.max() < 1e-9 * budget:
                break
            step /= 2
        gained = reached.mean() - m.mean()
        field, m, step = trial, reached, 2 * step
        if gained < GAIN:
            break
    return field


def allocate(
    system: SpinSystem,
    budget: float,
    *,
    temperature: float,
    method: str = "cavity",
    users: int = 20,
    seed: int = 0,
    start: ArrayLike = 1.0,
) -> Array:
    """Return the field of a campaign, shape (n,), of sum ``budget``.

    ``mean_field`` spreads it as its optimum says; the others give equal shares to the ``users``
    with the largest scores.

    Raises
    ------
    InputError
        As ``scores``, or more users than there are.

    Examples
    --------
    >>> star = SpinSystem.from_edges([0, 0, 0], [1, 2, 3])
    >>> allocate(star, 1.0, temperature=2.0, users=1)
    array([1., 0., 0., 0.])
    """
    _check_method(method)
    if method == "mean_field":
        return mean_field_optimum(system, budget, temperature=temperature, start=start)
    if not 1 <= users <= system.n:
        raise InputError(f"users is {users}; allowed: 1 to {system.n}.")
    worth = scores(system, temperature=temperature, method=method, seed=seed, start=start)
    field = np.zeros(system.n)
    field[np.argsort(-worth, kind="stable")[:users]] = budget / users
    return field


@asks
def budget_curve(
    system: SpinSystem,
    budgets: Sequence[float],
    *,
    temperature: float,
    sweeps: int,
    seed: int,
    methods: Sequence[str] = METHODS,
    users: int = 20,
    burn_in: int = 200,
    replicas: int = 8,
    feed: Feed | None = None,
    camps: ArrayLike | None = None,
    start: str | ArrayLike = "random",
) -> pd.DataFrame:
    """Return what a campaign gains by each way of choosing users, in theory and by simulation.

    All runs share the noise of a replica. Above the transition runs start anywhere; below it start
    them ``up`` or ``down``, and the gain is within that state.

    Parameters
    ----------
    system : SpinSystem
    budgets : sequence of float
        Sums of the fields that are handed out.
    temperature, sweeps, seed, replicas, feed, camps, start
        As in ``trajectory``.
    methods : sequence of str
        Ways of choosing users, as in ``allocate``.
    users : int
        Users among whom a budget is shared.
    burn_in : int
        Sweeps left out of the averages.

    Returns
    -------
    DataFrame
        ``method``, ``budget``, ``predicted`` (gain in m by belief propagation, NaN where it does
        not converge or the couplings are directed), ``gain`` by simulation with ``low``, ``high``
        (95 %), ``users`` who get anything, ``largest`` share of one user.

    Raises
    ------
    InputError
        What ``allocate`` and ``trajectory`` refuse.

    Examples
    --------
    >>> star = SpinSystem.from_edges([0, 0, 0], [1, 2, 3])
    >>> keys = dict(temperature=2.0, sweeps=60, burn_in=20, seed=1, replicas=4, users=1)
    >>> table = budget_curve(star, [0.5], methods=("cavity",), **keys)
    >>> table[["method", "budget", "users"]].values.tolist()
    [['cavity', 0.5, 1]]
    """
    state = -1.0 if isinstance(start, str) and start == "down" else 1.0
    keys: dict[str, Any] = dict(
        temperature=temperature, sweeps=sweeps, seed=seed, replicas=replicas, feed=feed,
        camps=camps, start=start, burn_in=burn_in,
    )  # fmt: skip
    if not 0 <= burn_in < sweeps:
        raise InputError(f"burn_in is {burn_in}; allowed: 0 to below sweeps = {sweeps}.")
    before = _mean_stances(system, None, **keys)
    theory = _predicted(system, None, temperature, state)
    rows = []
    for method in methods:
        for budget in budgets:
            field = allocate(
                system, budget, temperature=temperature, method=method, users=users, seed=seed,
                start=state,
            )  # fmt: skip
            after = _mean_stances(system, field, **keys)
            gain = paired_difference(after, before, signed=True)
            rows.append(
                {
                    "method": method,
                    "budget": float(budget),
                    "predicted": _predicted(system, field, temperature, state) - theory,
                    "gain": gain.difference,
                    "low": gain.low,
                    "high": gain.high,
                    "users": int((field > 1e-9 * budget).sum()),
                    "largest": float(field.max() / budget),
                }
            )
    return pd.DataFrame(rows)


@asks
def robustness(
    system: SpinSystem, *, temperature: float, users: int = 20, start: ArrayLike = 1.0
) -> Robustness:
    """Return how much a campaign gains by targeting rather than by buying anybody.

    From the cavity response: an ``advantage`` near 1 means that there is no small group to guard.

    Parameters
    ----------
    system : SpinSystem
        Symmetric couplings.
    temperature : float
        > 0.
    users : int
        Size of the group that a campaign can reach.
    start : float or array, shape (n,)
        Stances from which the state is found.

    Raises
    ------
    InputError
        As ``scores``, more users than there are, or users who move the others the other way.

    Examples
    --------
    >>> star = SpinSystem.from_edges([0, 0, 0], [1, 2, 3])
    >>> result = robustness(star, temperature=1.0, users=1)
    >>> round(result.advantage, 2), result.table["user"].tolist()
    (1.09, [0, 1, 2, 3])
    """
    if not 1 <= users <= system.n:
        raise InputError(f"users is {users}; allowed: 1 to {system.n}.")
    worth = scores(system, temperature=temperature, start=start)
    order = np.argsort(-worth, kind="stable")
    ranked = worth[order]
    if ranked[-1] < 0:
        raise InputError(
            "some users move the others the other way (antagonistic ties), so shares of the total "
            "response have no meaning; read the responses themselves from leverage.scores."
        )
    n = system.n
    table = pd.DataFrame(
        {
            "user": pd.Series([system.labels[i] for i in order]),
            "degree": np.diff(system.J.indptr)[order],
            "response": ranked,
        }
    )
    gini = (ranked[::-1] @ (2.0 * np.arange(1, n + 1) - n - 1)) / (n * ranked.sum())
    carried = np.searchsorted(np.cumsum(ranked), ranked.sum() / 2) + 1
    return Robustness(
        float(ranked[:users].mean() / worth.mean()), float(gini), float(carried / n), table
    )


def _check_method(method: str) -> None:
    if method not in METHODS:
        raise InputError(f"method is {method!r}; {did_you_mean(str(method), METHODS)}")


def _require_converged(converged: bool, temperature: float) -> None:
    if not converged:
        raise InputError(
            f"the mean-field equations did not converge at temperature {temperature}; raise it, or "
            "use method 'cavity'."
        )


def _mean_field_state(
    system: SpinSystem, field: Array, temperature: float, start: ArrayLike
) -> Array:
    state = mean_field.fixed_point(
        system, temperature=temperature, field=field, start=start, damping=0.0, iterations=20_000
    )
    if not state.converged:  # couplings of both signs may oscillate
        state = mean_field.fixed_point(system, temperature=temperature, field=field, start=start)
    _require_converged(state.converged, temperature)
    return state.magnetizations


def _mean_field_response(system: SpinSystem, m: Array, temperature: float) -> Array:
    """Return ``dm/dh_i = (1/n) sum_j chi_ji`` with ``chi^-1 = T diag(1/(1 - m^2)) - J``."""
    softness = np.maximum(1 - m**2, 1e-300)
    matrix = (sparse.diags_array(temperature / softness) - system.J.T).tocsr()
    ones = np.ones(system.n)
    if system.is_symmetric:
        scale = sparse.diags_array(softness / temperature)
        moved, failed = cg(matrix, ones, rtol=1e-10, maxiter=10_000, M=scale)
        if not failed:
            return np.asarray(moved) / system.n
    return np.asarray(spsolve(matrix.tocsc(), ones)) / system.n


def _on_simplex(values: Array, total: float) -> Array:
    """Return the nearest point with entries >= 0 of the given sum (Duchi et al., ICML 2008)."""
    ranked = np.sort(values)[::-1]
    excess = np.cumsum(ranked) - total
    count = int(np.flatnonzero(ranked * np.arange(1, ranked.size + 1) > excess)[-1]) + 1
    return np.asarray(np.maximum(values - excess[count - 1] / count, 0.0))


def _predicted(system: SpinSystem, field: Array | None, temperature: float, start: float) -> float:
    if not system.is_symmetric or temperature == 0:
        return math.nan
    found = cavity.belief_propagation(system, temperature=temperature, field=field, start=start)
    return float(found.magnetizations.mean()) if found.converged else math.nan


def _mean_stances(
    system: SpinSystem, field: Array | None, *, burn_in: int, sweeps: int, **keys: Any
) -> Array:
    """Return the mean stance of each replica after ``burn_in``."""
    frames = trajectory(system, sweeps=sweeps, field=field, **keys)
    means = [f.spins.mean(axis=1) for f in frames if f.sweep > burn_in]
    return np.asarray(np.mean(means, axis=0))
