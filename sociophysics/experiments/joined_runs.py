r"""Runs at neighbouring temperatures read as one: multi-histogram reweighting.

.. math:: \frac{1}{Z_k} \propto \sum_x \frac{e^{-\beta_k E_x}}{\sum_j N_j e^{-\beta_j E_x} / Z_j}

over all samples x of all runs, solved by iteration [1]_; every sample then counts at every
temperature with the weight that no single run could give it.

References
----------
.. [1] A. M. Ferrenberg, R. H. Swendsen, Phys. Rev. Lett. 63, 1195 (1989); M. R. Shirts, J. D.
   Chodera, J. Chem. Phys. 129, 124105 (2008).
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray
from scipy.special import logsumexp

from sociophysics.errors import InputError

__all__ = ["multi_histogram"]

Floats = NDArray[np.float64]
TOLERANCE, ITERATIONS = 1e-7, 2000
POOR = 0.05  # overlap of neighbouring runs below which nothing joins them


def multi_histogram(
    energies: Mapping[float, ArrayLike],
    temperatures: ArrayLike,
    *,
    values: Mapping[float, ArrayLike] | None = None,
) -> pd.DataFrame:
    """Return energy, heat capacity and free energy over temperatures, from runs at some of them.

    Parameters
    ----------
    energies : mapping from temperature to array, shape (replicas, frames)
        Total energies in equilibrium; as many replicas at each, for the jackknife over them.
    temperatures : array
        Where they are wanted, best between those of the runs.
    values : mapping, optional
        Of the same shapes: another observable, whose mean is the column ``value``.

    Returns
    -------
    DataFrame
        ``temperature``, ``energy`` and ``heat_capacity`` (totals), ``log_z`` up to a constant that
        is fixed at the first temperature, ``value`` if asked, and ``..._error``, the standard
        errors over replicas.

    Raises
    ------
    InputError
        Fewer than two runs or replicas, other shapes, temperatures that are not positive, or runs
        whose energies do not overlap.

    Examples
    --------
    >>> rng = np.random.default_rng(1)
    >>> runs = {T: rng.gamma(3.0, T, size=(4, 500)) for T in (1.0, 1.5, 2.0)}
    >>> found = multi_histogram(runs, [1.2])  # a density of states E^2 has <E> = 3 T
    >>> bool(abs(found["energy"].iloc[0] - 3.6) < 0.15)
    True
    """
    at = np.atleast_1d(np.asarray(temperatures, dtype=np.float64))
    ladder = np.array(sorted(energies), dtype=np.float64)
    runs = [np.asarray(energies[T], dtype=np.float64) for T in sorted(energies)]
    extra = [np.asarray(values[T], dtype=np.float64) for T in sorted(energies)] if values else None
    _check(ladder, at, runs, extra)
    _check_overlap(ladder, runs)
    whole, found = _solved(ladder, at, runs, extra, np.zeros(ladder.size))
    replicas = len(runs[0])
    without = []
    for r in range(replicas):
        left = [[np.delete(run, r, axis=0) for run in each] for each in (runs, extra or [])]
        without.append(_solved(ladder, at, left[0], left[1] or None, found)[0])
    spread = np.sqrt((replicas - 1) * np.var(without, axis=0))
    names = ["energy", "heat_capacity", "log_z", *(["value"] if extra is not None else [])]
    table = pd.DataFrame({"temperature": at})
    for name, column, error in zip(names, whole, spread, strict=False):
        table[name], table[f"{name}_error"] = column, error
    return table


def _check(ladder: Floats, at: Floats, runs: list[Floats], extra: list[Floats] | None) -> None:
    shapes = {run.shape[:1] for run in runs}
    if len(runs) < 2 or len(shapes) > 1 or any(run.ndim != 2 for run in runs):
        raise InputError(
            "energies must hold two runs or more, each of shape (replicas, frames) with as many "
            f"replicas; it has shapes {[run.shape for run in runs]}."
        )
    if len(runs[0]) < 2 or min(run.shape[1] for run in runs) < 1:
        raise InputError(f"there are {len(runs[0])} replicas; errors need two or more.")
    if not all(np.isfinite(run).all() for run in [*runs, *(extra or [])]):
        raise InputError("energies or values hold numbers that are not finite; leave them out.")
    if extra is not None and [e.shape for e in extra] != [r.shape for r in runs]:
        raise InputError("values must have the shapes of energies.")
    if not ((ladder > 0).all() and (at > 0).all() and np.isfinite(at).all()):
        raise InputError("temperatures must be positive and finite.")


def _check_overlap(ladder: Floats, runs: list[Floats]) -> None:
    for k in range(len(runs) - 1):
        cold, hot = runs[k].ravel(), runs[k + 1].ravel()
        edges = np.histogram_bin_edges(np.concatenate([cold, hot]), bins=20)
        shares = [np.histogram(each, edges)[0] / each.size for each in (cold, hot)]
        if np.minimum(*shares).sum() < POOR:
            raise InputError(
                f"energies at temperatures {ladder[k]:.6g} and {ladder[k + 1]:.6g} do not overlap; "
                "add a run between them."
            )


def _solved(
    ladder: Floats, at: Floats, runs: list[Floats], extra: list[Floats] | None, log_z: Floats
) -> tuple[Floats, Floats]:
    """Return energy, heat capacity, ln Z and the value, shape (4, wanted), and ln Z of the runs."""
    E = np.concatenate([run.ravel() for run in runs])
    middle = E.mean()
    beta, number = 1 / ladder, np.array([run.size for run in runs], dtype=np.float64)
    power = -beta[:, np.newaxis] * (E - middle)
    for _ in range(ITERATIONS):
        below = logsumexp(power + (np.log(number) - log_z)[:, np.newaxis], axis=0)
        new = logsumexp(power - below, axis=1)
        new -= new[0]
        done = float(np.abs(new - log_z).max()) < TOLERANCE
        log_z = new
        if done:
            break
    below = logsumexp(power + (np.log(number) - log_z)[:, np.newaxis], axis=0)
    logs = -(E - middle) / at[:, np.newaxis] - below
    norm = logsumexp(logs, axis=1)
    weight = np.exp(logs - norm[:, np.newaxis])
    mean = weight @ (E - middle)
    capacity = (weight @ (E - middle) ** 2 - mean**2) / at**2
    free = norm - middle / at
    rows = [mean + middle, capacity, free - free[0]]
    if extra is not None:
        rows.append(weight @ np.concatenate([each.ravel() for each in extra]))
    return np.array(rows), log_z
