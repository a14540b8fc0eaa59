r"""Where couplings of both signs freeze into a glass.

Many weak ties (dense): ``T_SG = sqrt(lambda_max(J o J))``, from ``q_i = sum_j (J_ij/T)^2 q_j``
[1]_. Few strong ones (sparse): the non-backtracking operator with weights ``tanh^2(J/T)``, which on
a random regular graph of +-1 is ``(z - 1) tanh^2(1/T) = 1`` [2]_. Neither sees short loops: in the
plane there is no glass above ``T = 0``, and such networks are refused.

References
----------
.. [1] D. Sherrington, S. Kirkpatrick, Phys. Rev. Lett. 35, 1792 (1975).
.. [2] L. Zdeborova, F. Krzakala, Adv. Phys. 65, 453 (2016).
"""

from __future__ import annotations

import math

import numpy as np
import scipy.sparse as sparse
from scipy.sparse.linalg import eigsh

from sociophysics.errors import InputError, did_you_mean
from sociophysics.society.spins import SpinSystem
from sociophysics.theory.non_backtracking import critical_temperature
from sociophysics.theory.premises import check_symmetric

__all__ = ["glass_temperature", "layered_glass_temperature", "nishimori_temperature"]

METHODS = ("auto", "dense", "sparse")
DENSE = 0.2  # share of pairs that are tied from which ties count as many and weak
LOOPED = 0.1  # share of pairs at two steps with two ways or more, or a tie: a lattice has half


def glass_temperature(system: SpinSystem, method: str = "auto") -> float:
    """Return the temperature below which couplings of both signs freeze into a glass.

    Parameters
    ----------
    system : SpinSystem
        Symmetric couplings; the external field is ignored.
    method : {"auto", "dense", "sparse"}
        dense: ``sqrt(lambda_max(J o J))``; sparse: the non-backtracking operator; auto: dense where
        a fifth of all pairs are tied.

    Returns
    -------
    float
        In units of ``J``; 0 where there is none.

    Raises
    ------
    InputError
        Directed couplings, an unknown method, or a sparse network of short loops, such as a
        lattice.

    Examples
    --------
    >>> import networkx as nx
    >>> ties = nx.to_scipy_sparse_array(nx.random_regular_graph(3, 100, seed=1)).astype(float)
    >>> round(glass_temperature(SpinSystem(ties), "sparse"), 6)
    1.134593
    """
    if method not in METHODS:
        raise InputError(f"method is {method!r}; {did_you_mean(method, METHODS)}")
    check_symmetric(system, what="the glass temperature")
    J = system.J
    if not J.nnz:
        return 0.0
    pairs = max(1, system.n * (system.n - 1))
    if method == "dense" or (method == "auto" and J.nnz / pairs >= DENSE):
        squares = J.power(2)
        if system.n <= 64:
            return math.sqrt(float(np.linalg.eigvalsh(squares.toarray())[-1]))
        start = np.ones(system.n) / system.n**0.5
        return math.sqrt(float(eigsh(squares, k=1, which="LA", v0=start)[0][0]))
    if _looped(J) > LOOPED:
        raise InputError(
            "the network has so many short loops that neither formula holds: on a square lattice "
            "there is no glass above T = 0; use one of random ties, or dense couplings."
        )
    return critical_temperature(system, "glass")


def _looped(J: sparse.csr_array) -> float:
    """Return the share of pairs at two steps that are tied, or joined by two ways or more."""
    ties = sparse.csr_array((np.ones(J.nnz), J.indices, J.indptr), shape=J.shape)
    two = sparse.csr_array(sparse.triu(ties @ ties, k=1))
    if not two.nnz:
        return 0.0
    tied = two.multiply(ties).nnz
    return float(((two.data > 1).sum() + tied) / two.nnz)


def layered_glass_temperature(layers: int, variance: float = 1.0) -> float:
    """Return ``sqrt(2 C cos(pi/(K + 1)))`` of K layers with ``var(J) = C/(users per layer)``.

    From ``q_l = (C/T^2)(q_(l-1) + q_(l+1))``.

    Parameters
    ----------
    layers : int
        2 or more.
    variance : float

    Raises
    ------
    InputError
        Fewer than two layers or a negative variance.

    Examples
    --------
    >>> [round(layered_glass_temperature(k), 4) for k in (2, 3, 4, 6)]
    [1.0, 1.1892, 1.272, 1.3424]
    """
    if layers < 2 or not variance >= 0:
        raise InputError(f"layers is {layers} and variance {variance}; give 2 or more, and >= 0.")
    return math.sqrt(2 * variance * math.cos(math.pi / (layers + 1)))


def nishimori_temperature(share: float) -> float:
    """Return where ``exp(-2/T) = share/(1 - share)``: there ``e = -(ties/n)(1 - 2 share)`` exactly.

    On this line disorder looks as thermal noise does, and the mean energy of +-1 couplings is
    known on any graph of any size.

    Parameters
    ----------
    share : float
        Of negative couplings, from 0 to below 1/2.

    Raises
    ------
    InputError
        Another share.

    References
    ----------
    H. Nishimori, Prog. Theor. Phys. 66, 1169 (1981).

    Examples
    --------
    >>> round(nishimori_temperature(0.2), 4), round(nishimori_temperature(0.1), 4)
    (1.4427, 0.9102)
    """
    if not 0 < share < 0.5:
        raise InputError(f"share is {share}; on the Nishimori line it lies between 0 and 1/2.")
    return 2 / math.log((1 - share) / share)
