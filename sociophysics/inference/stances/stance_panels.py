r"""What one snapshot of stances on a network says: contagion, social temperature, covariates.

The autologistic actor attribute model [1]_: with couplings ``J`` known up to their strength,

.. math:: P(s) \propto \exp\Big(\tfrac{K}{2} \sum_{ij} J_{ij} s_i s_j
    + \sum_i s_i (\theta_0 + x_i \cdot \theta)\Big),

so that user i given all others is at +1 with probability ``sigma(2 f_i)``, ``f_i = K sum_j J_ij s_j
+ theta_0 + x_i theta``. ``K`` is the contagion strength, ``1/K`` the social temperature in units
of the couplings. The product of these conditional probabilities, the pseudolikelihood [2]_, is
maximized; for directed couplings it is the model. One network is one draw, and users are not
independent: the sandwich ``H^-1 B H^-1`` takes ``B = sum_i g_i g_i' + sum_{i~j} g_i g_j'`` over
tied pairs, which is the exact covariance of the score, since ``E[g_i | all others] = 0`` makes the
gradients of users without a tie uncorrelated [3]_. The inverse Hessian alone is too small.

It is an association, and ``calibrate`` calls it so: users alike for reasons that no covariate holds
(homophily) look like contagion.

.. [1] G. Robins, P. Pattison, P. Elliott, Psychometrika 66, 161 (2001); G. Daraganova, G. Robins,
   in Exponential Random Graph Models for Social Networks (Cambridge, 2013), chapter 9.
.. [2] J. Besag, J. R. Stat. Soc. B 36, 192 (1974).
.. [3] F. Comets, M. Janzura, J. Appl. Probab. 35, 142 (1998).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray
from scipy.special import log_expit, ndtr, ndtri

from sociophysics.arguments import asks
from sociophysics.errors import InputError
from sociophysics.inference.stances.stance_likelihood import (
    ATTEMPTS,
    CONTAGION,
    design_matrix,
    inverted,
    kinetic,
    newton,
    variability,
)
from sociophysics.society.spins import SpinSystem
from sociophysics.theory.cavity import critical_temperature

__all__ = ["OperatingPoint", "StanceFit", "fit_panel", "fit_snapshot", "operating_point"]

Array = NDArray[np.float64]
SLOW = 0.25  # share of users who may reconsider before friends' changes within an interval matter


class StanceFit(NamedTuple):
    """Estimates of a model of stances.

    ``table`` has the columns ``estimate``, ``error``, ``low``, ``high``, ``naive_error`` (inverse
    Hessian, too small) and ``p`` (two-sided, zero effect) by name: ``contagion``, ``field`` and one
    row per covariate, in units of T; a panel adds ``attempts``. ``temperature`` is ``1/contagion``
    with its ``interval``, in units of the couplings; ``inf`` where contagion may be zero. ``note``
    holds a doubt, if there is one.
    """

    table: pd.DataFrame
    temperature: float
    interval: tuple[float, float]
    covariance: Array
    log_likelihood: float
    users: int
    kind: str
    note: str = ""


class OperatingPoint(NamedTuple):
    """Where a network stands against the transition that theory predicts for it.

    ``ratio = temperature / critical``, below 1: ordered; ``low`` and ``high`` are its 95 %
    interval, the critical temperature taken as known.
    """

    temperature: float
    critical: float
    ratio: float
    low: float
    high: float
    verdict: str


@asks
def fit_snapshot(
    system: SpinSystem,
    stances: ArrayLike,
    covariates: Mapping[str, ArrayLike] | pd.DataFrame | None = None,
    *,
    confidence: float = 0.95,
) -> StanceFit:
    """Return contagion, field and covariate effects from one snapshot, by pseudolikelihood.

    Parameters
    ----------
    system : SpinSystem
        Who listens to whom; ``system.h`` enters as a known field in units of the couplings times
        the contagion strength only if it is not zero, which is refused: give it as a covariate.
    stances : int array, shape (n,)
        +1 or -1 for everybody.
    covariates : table or mapping of names to arrays of shape (n,), optional
        Numbers; centre and scale them to compare their effects.
    confidence : float
        Of the intervals, between 0 and 1.

    Raises
    ------
    InputError
        Stances that are not +1 or -1, all equal, or perfectly predicted; covariates that are not
        finite, constant or collinear; no ties.

    Examples
    --------
    >>> ring = SpinSystem.from_edges(range(8), [1, 2, 3, 4, 5, 6, 7, 0])
    >>> fit = fit_snapshot(ring, [1, 1, 1, 1, -1, -1, 1, -1])
    >>> round(float(fit.table.loc["contagion", "estimate"]), 4)
    -0.0774
    """
    s = system.check_spins(stances)
    if s.ndim != 1:
        raise InputError("stances must be one snapshot, shape (n,); for several use fit_panel.")
    design, names = design_matrix(system, s[np.newaxis].astype(np.float64), covariates)
    estimate, information = newton(design, s.astype(np.float64), names)
    meat = variability(system, s.astype(np.float64), design, estimate, information)
    inverse = inverted(information)
    likelihood = float(log_expit(2 * s * (design @ estimate)).sum())
    return _result(
        estimate, inverse @ meat @ inverse, inverse, names, confidence,
        likelihood, system.n, "snapshot",
    )  # fmt: skip


@asks
def fit_panel(
    system: SpinSystem,
    snapshots: ArrayLike,
    covariates: Mapping[str, ArrayLike] | pd.DataFrame | None = None,
    *,
    confidence: float = 0.95,
) -> StanceFit:
    r"""Return contagion, field, covariate effects and the share of users who reconsider.

    Between two snapshots each user reconsiders with probability ``attempts`` and then draws from
    the heat bath in the field of the earlier snapshot:

        ``P(s_i(t+1) = s) = (1 - attempts) [s = s_i(t)] + attempts sigma(2 s f_i(t))``.

    Given the earlier snapshot users are independent, so this is the likelihood, and its sandwich
    sums over users and times. It holds for short intervals, or where all reconsider at the same
    moment: where friends change within an interval before the user does, contagion comes out too
    small (by a third if 63 % reconsider one after the other), and ``note`` says so.

    Parameters
    ----------
    system : SpinSystem
    snapshots : int array, shape (times, n)
        At least two, equally spaced.
    covariates : mapping or DataFrame, optional
        As in ``fit_snapshot``.
    confidence : float
        Of the intervals, between 0 and 1.

    Raises
    ------
    InputError
        As ``fit_snapshot``, or nobody who ever changes.

    Examples
    --------
    >>> from sociophysics.dynamics import trajectory
    >>> graph = SpinSystem.from_edges(range(60), [(i + 1) % 60 for i in range(60)])
    >>> frames = trajectory(graph, temperature=2.0, sweeps=8, seed=1)
    >>> fit = fit_panel(graph, [frame.spins[0] for frame in frames])
    >>> type(fit).__name__
    'StanceFit'
    """
    s = system.check_spins(snapshots)
    if s.ndim != 2 or s.shape[0] < 2:
        raise InputError(f"snapshots have shape {s.shape}; give at least two, shape (times, n).")
    if (s[1:] == s[:-1]).all():
        raise InputError("nobody changes stance between snapshots; a panel needs some who do.")
    before, after = s[:-1].astype(np.float64), s[1:].astype(np.float64).ravel()
    design, names = design_matrix(system, before, covariates)
    estimate, score, information, likelihood = kinetic(design, before.ravel(), after, names)
    inverse = inverted(information)
    result = _result(
        estimate,
        inverse @ (score.T @ score) @ inverse,
        inverse,
        [*names, ATTEMPTS],
        confidence,
        likelihood,
        system.n,
        "panel",
    )
    attempts = float(result.table.loc[ATTEMPTS, "estimate"])
    if attempts <= SLOW:
        return result
    return result._replace(
        note=f"{attempts:.0%} of the users reconsider between two snapshots: unless they do so at "
        "the same moment contagion comes out too small; sociophysics.inference.calibrate follows "
        "them from snapshot to snapshot at any distance"
    )


@asks
def operating_point(system: SpinSystem, fit: StanceFit) -> OperatingPoint:
    """Return the fitted social temperature against the predicted critical temperature.

    The threshold is that of the non-backtracking operator on the same couplings, without fields.

    Parameters
    ----------
    system : SpinSystem
        Symmetric couplings, those that were fitted on.
    fit : StanceFit
        Of ``fit_snapshot`` or ``fit_panel``.

    Raises
    ------
    InputError
        Directed couplings.

    Examples
    --------
    >>> import networkx as nx
    >>> from types import SimpleNamespace
    >>> graph = nx.random_regular_graph(3, 60, seed=1)
    >>> friends = SpinSystem.from_networkx(graph, default_coupling=1.0)
    >>> fit = SimpleNamespace(temperature=1.0, interval=(0.9, 1.2))
    >>> operating_point(friends, fit).verdict
    'ordered: below the critical temperature'
    """
    critical = critical_temperature(system)
    if critical == 0:
        return OperatingPoint(
            fit.temperature, 0.0, np.inf, np.inf, np.inf, "no transition on this network"
        )
    low, high = (edge / critical for edge in fit.interval)
    verdict = "not decided"
    if high < 1:
        verdict = "ordered: below the critical temperature"
    elif low > 1:
        verdict = "disordered: above the critical temperature"
    return OperatingPoint(fit.temperature, critical, fit.temperature / critical, low, high, verdict)


def _result(
    estimate: Array,
    covariance: Array,
    inverse: Array,
    names: list[str],
    confidence: float,
    likelihood: float,
    users: int,
    kind: str,
) -> StanceFit:
    if not 0 < confidence < 1:
        raise InputError(f"confidence is {confidence}; it must lie between 0 and 1, e.g. 0.95.")
    error = np.sqrt(np.diag(covariance))
    width = float(ndtri(0.5 + confidence / 2)) * error
    table = pd.DataFrame(
        {
            "estimate": estimate,
            "error": error,
            "low": estimate - width,
            "high": estimate + width,
            "naive_error": np.sqrt(np.diag(inverse)),
            "p": 2 * ndtr(-np.abs(estimate) / error),
        },
        index=pd.Index(names, name="parameter"),
    )
    strength, low, high = table.loc[CONTAGION, ["estimate", "low", "high"]].to_numpy()
    temperature = 1 / strength if strength > 0 else np.inf
    interval = (1 / high if high > 0 else np.inf, 1 / low if low > 0 else np.inf)
    return StanceFit(
        table, float(temperature), (float(interval[0]), float(interval[1])), covariance,
        likelihood, users, kind,
    )  # fmt: skip
