"""Polarization of opinions on a scale: time-averaged stances, local fields, expressed opinions."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import scipy.sparse as sparse
from numpy.typing import ArrayLike, NDArray

from sociophysics.errors import InputError
from sociophysics.observables.controversy import require_friendly, solve_positive_definite
from sociophysics.society.spins import SpinSystem
from sociophysics.society.ties import ties

__all__ = ["Expressed", "bimodality", "esteban_ray", "friedkin_johnsen"]


class Expressed(NamedTuple):
    """The opinions that users express when they weigh their own against their neighbours'."""

    opinions: NDArray[np.float64]
    """Expressed opinions z, shape (n,), in the unit of the innate ones."""
    polarization: float
    """Their variance, ``sum_i (z_i - mean z)^2 / n``."""
    disagreement: float
    """Disagreement along ties per user, ``sum_ties J_ij (z_i - z_j)^2 / n``."""


def bimodality(values: ArrayLike) -> float:
    """Return the bimodality coefficient ``(g^2 + 1)/(k + 3 (n-1)^2/((n-2)(n-3)))``.

    ``g`` and ``k`` are the sample skewness and excess kurtosis (both corrected for bias). Apply it
    to stances averaged over time or to local fields, not to single stances, for which it is a
    function of the magnetization.

    Parameters
    ----------
    values : float array, shape (n,)

    Returns
    -------
    float
        Above 5/9, the value of the uniform distribution, suggests two modes; 1 is the maximum.

    Raises
    ------
    InputError
        Fewer than four values, a value that is not finite, or all values equal.

    References
    ----------
    SAS Institute (1990); Pfister et al., Front. Psychol. 4, 700 (2013).

    Examples
    --------
    >>> round(bimodality([-1] * 500 + [1] * 500), 2)
    1.0
    """
    x = _numbers(values, "bimodality")
    n = x.size
    if n < 4 or np.ptp(x) == 0:
        raise InputError(
            f"bimodality needs four values or more that are not all equal, got {n}; average the "
            "stances over time first."
        )
    z = (x - x.mean()) / x.std()
    skewness = np.sqrt(n * (n - 1)) / (n - 2) * np.mean(z**3)
    kurtosis = (n - 1) / ((n - 2) * (n - 3)) * ((n + 1) * (np.mean(z**4) - 3) + 6)
    return float((skewness**2 + 1) / (kurtosis + 3 * (n - 1) ** 2 / ((n - 2) * (n - 3))))


def esteban_ray(values: ArrayLike, *, alpha: float = 1.0, bins: int = 20) -> float:
    """Return the Esteban-Ray polarization of opinions between -1 and 1.

    ``P = 2^alpha sum_ab p_a^(1 + alpha) p_b |y_a - y_b|`` over groups of like-minded users, with
    ``p`` the groups' shares and ``y`` their mean opinions; the factor makes two equal groups at -1
    and +1 the unit.

    Parameters
    ----------
    values : float array, shape (n,), between -1 and 1
    alpha : float
        Weight of identification with the own group, above 0 and at most 1.6; at 0 the sum would be
        the Gini mean difference.
    bins : int
        Users within one of that many equal bins of the scale form a group.

    Raises
    ------
    InputError
        No values, values outside the scale, or an alpha outside its range.

    References
    ----------
    Esteban & Ray, Econometrica 62, 819 (1994).

    Examples
    --------
    >>> esteban_ray([-1, -1, 1, 1])
    1.0
    """
    x = _numbers(values, "esteban_ray")
    if x.size == 0 or np.any(np.abs(x) > 1) or not 0 < alpha <= 1.6 or bins < 2:
        raise InputError(
            f"esteban_ray got {x.size} values, alpha {alpha} and {bins} bins; allowed: values from "
            "-1 to 1, alpha above 0 up to 1.6, two bins or more."
        )
    group = np.minimum(((x + 1) / 2 * bins).astype(np.int64), bins - 1)
    count = np.bincount(group, minlength=bins)
    used = count > 0
    share = count[used] / x.size
    place = np.bincount(group, x, minlength=bins)[used] / count[used]
    distance = np.abs(place[:, np.newaxis] - place)
    return float(2**alpha * (share ** (1 + alpha) @ distance @ share))


def friedkin_johnsen(system: SpinSystem, innate: ArrayLike) -> Expressed:
    """Return the opinions expressed under friendly influence, their polarization, disagreement.

    Users settle at ``z = (1 + L)^-1 s``, the mean of their innate opinion (weight 1) and their
    neighbours' expressed ones (weights ``J_ij``); ``L`` is the Laplacian of ``J``.

    Parameters
    ----------
    system : SpinSystem
        Undirected, couplings >= 0.
    innate : float array, shape (n,)
        Innate opinions ``s``: stances, or anything on a scale.

    Raises
    ------
    InputError
        Directed or antagonistic ties, no users, or opinions that are not finite.

    References
    ----------
    Friedkin & Johnsen, J. Math. Sociol. 15, 193 (1990); Musco, Musco & Tsourakakis, WWW (2018),
    whose polarization and disagreement are these times n.

    Examples
    --------
    >>> friedkin_johnsen(SpinSystem.from_edges([0], [1]), [1, -1]).opinions
    array([ 0.33333333, -0.33333333])
    """
    require_friendly(system, "friedkin_johnsen")
    s = _numbers(innate, "friedkin_johnsen")
    if s.shape != (system.n,) or system.n == 0:
        raise InputError(
            f"innate opinions have shape {s.shape}; allowed: ({system.n},), one per user, with at "
            "least one user."
        )
    weight = np.asarray(system.J.sum(axis=1)).ravel()
    matrix = sparse.csr_array(sparse.diags_array(1 + weight) - system.J)
    z = solve_positive_definite(matrix, s)
    known = ties(system)
    gap = (z[known.source] - z[known.target]) ** 2
    return Expressed(z, float(z.var()), float(known.coupling @ gap / system.n))


def _numbers(values: ArrayLike, measure: str) -> NDArray[np.float64]:
    x = np.asarray(values)
    if x.ndim != 1 or x.dtype.kind not in "iuf" or not np.isfinite(x).all():
        raise InputError(
            f"{measure} got an array of {x.dtype} with shape {x.shape}; allowed: one finite number "
            "per user, shape (n,)."
        )
    return x.astype(np.float64)
