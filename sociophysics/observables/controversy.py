"""How far two camps stand apart along the ties: random walks, influence and boundaries.

All measures here take friendly, undirected ties that count equally, whatever their coupling, and
exactly two camps; users without a camp (-1) pass walks and influence on but belong to no side.
"""

from __future__ import annotations

import numpy as np
import scipy.sparse as sparse
from numpy.typing import ArrayLike, NDArray
from scipy.sparse.csgraph import connected_components
from scipy.sparse.linalg import cg, splu

from sociophysics.errors import InputError
from sociophysics.society.camps import two_sides
from sociophysics.society.spins import SpinSystem
from sociophysics.society.ties import require_undirected, ties

__all__ = [
    "adaptive_random_walk_controversy",
    "boundary_polarization",
    "dipole_polarization",
    "random_walk_controversy",
    "require_friendly",
    "require_positive",
    "solve_positive_definite",
]

Side = NDArray[np.bool_]
DIRECT_UP_TO = 500  # unknowns up to which factorizing is at once exact and fast on any graph


def random_walk_controversy(
    system: SpinSystem, camps: ArrayLike | None = None, k: int = 10
) -> float:
    """Return how much likelier a walker meets the own side's prominent users first.

    The ``k`` users of highest degree on each side absorb (ties of degree by order of the users).
    A walk starts uniformly at one of the side's other users; with ``P_xy`` the probability that a
    walk *started* on side x *ends* on side y, ``RWC = P_00 P_11 - P_01 P_10``. The probabilities
    are exact (absorbing Markov chain), nothing is sampled.

    Parameters
    ----------
    system : SpinSystem
    camps : int array, shape (n,), optional
        ``system.nodes["camp"]`` if left out.
    k : int
        Absorbing users on each side.

    Returns
    -------
    float
        1: nobody ever meets the other side first; 0: as likely as the own one.

    Raises
    ------
    InputError
        Directed or antagonistic ties, a disconnected network, other than two camps, or a side
        with no more than ``k`` users.

    References
    ----------
    Garimella, De Francisci Morales, Gionis & Mathioudakis, ACM Trans. Soc. Comput. 1, 3 (2018);
    they condition on the end of the walk instead.

    Examples
    --------
    >>> chain = SpinSystem.from_edges([0, 1, 2, 3, 4], [1, 2, 3, 4, 5])
    >>> round(random_walk_controversy(chain, [0, 0, 0, 1, 1, 1], k=1), 3)
    0.75
    """
    sides = _sides(system, camps, "random_walk_controversy")
    return _walk(system, sides, (k, k))


def adaptive_random_walk_controversy(
    system: SpinSystem, camps: ArrayLike | None = None, *, share: float = 0.01
) -> float:
    """Return the random-walk controversy with a share of each side absorbing, at least one user.

    Comparable between networks and sides of different size, which a fixed number is not.

    Parameters
    ----------
    system : SpinSystem
    camps : int array, shape (n,), optional
        ``system.nodes["camp"]`` if left out.
    share : float
        Share of each side that absorbs, those of highest degree.

    Raises
    ------
    InputError
        As for ``random_walk_controversy``; a share that is not between 0 and 1.

    References
    ----------
    Salloum, Chen & Kivela, Proc. ACM Hum.-Comput. Interact. 6, CSCW1 (2022).

    Examples
    --------
    >>> chain = SpinSystem.from_edges([0, 1, 2, 3, 4], [1, 2, 3, 4, 5])
    >>> round(adaptive_random_walk_controversy(chain, [0, 0, 0, 1, 1, 1]), 3)
    0.75
    """
    sides = _sides(system, camps, "adaptive_random_walk_controversy")
    return _walk(system, sides, _share_of(sides, share))


def dipole_polarization(
    system: SpinSystem, camps: ArrayLike | None = None, *, share: float = 0.05
) -> float:
    """Return the dipole moment of the influence that both sides' prominent users exert.

    The given share of highest degree on each side holds opinion +1 (camp 0) or -1 (camp 1); all
    others take the mean opinion of their neighbours, iterated to the fixed point. With the
    fractions and mean opinions of those above and below zero, the result is
    ``(1 - |n+ - n-|/n) (mean+ - mean-)/2``, between 0 and 1.

    Parameters
    ----------
    system : SpinSystem
    camps : int array, shape (n,), optional
        ``system.nodes["camp"]`` if left out; camp 0 holds +1.
    share : float
        Share of each side that holds its opinion, those of highest degree.

    Raises
    ------
    InputError
        As for ``random_walk_controversy``; a share that is not between 0 and 1.

    References
    ----------
    Morales, Borondo, Losada & Benito, Chaos 25, 033114 (2015).

    Examples
    --------
    >>> chain = SpinSystem.from_edges([0, 1, 2], [1, 2, 3])
    >>> dipole_polarization(chain, [0, 0, 1, 1], share=0.5)
    1.0
    """
    sides = _sides(system, camps, "dipole_polarization")
    poles = _prominent(system, sides, _share_of(sides, share))
    opinion = 2 * _reaching_first(system, *poles) - 1
    above, below = opinion > 0, opinion < 0
    balance = 1 - abs(int(above.sum()) - int(below.sum())) / system.n
    return float(balance * (opinion[above].mean() - opinion[below].mean()) / 2)


def boundary_polarization(system: SpinSystem, camps: ArrayLike | None = None) -> float:
    """Return whether users on the boundary between the camps prefer their own side's interior.

    Boundary users have a tie across and a tie to a user of their own side who has none across.
    With ``d_in`` their ties to their own side's interior and ``d_b`` their ties to boundary users
    of the other side, the result is the mean of ``d_in/(d_in + d_b) - 1/2`` over the boundary.

    Parameters
    ----------
    system : SpinSystem
    camps : int array, shape (n,), optional
        ``system.nodes["camp"]`` if left out.

    Returns
    -------
    float
        From -1/2 to 1/2; above 0 the boundary turns inward (polarization), below 0 outward.

    Raises
    ------
    InputError
        Directed or antagonistic ties, a disconnected network, other than two camps, or no
        boundary user.

    References
    ----------
    Guerra, Meira, Cardie & Kleinberg, ICWSM (2013).

    Examples
    --------
    >>> chain = SpinSystem.from_edges([0, 1, 2], [1, 2, 3])
    >>> boundary_polarization(chain, [0, 0, 1, 1])
    0.0
    """
    first, second = _sides(system, camps, "boundary_polarization")
    neighbours = ties(system).neighbours
    inward, outward = np.zeros(system.n), np.zeros(system.n)
    interiors = [_interior(neighbours, own, other) for own, other in _both(first, second)]
    boundaries = [
        own & (neighbours @ other.astype(float) > 0) & (neighbours @ interior > 0)
        for (own, other), interior in zip(_both(first, second), interiors, strict=True)
    ]
    for here in (0, 1):
        boundary = boundaries[here]
        inward[boundary] = (neighbours @ interiors[here])[boundary]
        outward[boundary] = (neighbours @ boundaries[1 - here].astype(float))[boundary]
    users = boundaries[0] | boundaries[1]
    if not users.any():
        raise InputError(
            "boundary_polarization is undefined: no user has both a tie across and a tie to "
            "someone of the own side without any; use random_walk_controversy."
        )
    return float(np.mean(inward[users] / (inward[users] + outward[users]) - 0.5))


def require_friendly(system: SpinSystem, measure: str) -> None:
    """Raise if a tie is directed or antagonistic and ``measure`` has no meaning for it.

    Parameters
    ----------
    system : SpinSystem
    measure : str
        What the message calls the score.

    Raises
    ------
    InputError
        A directed or an antagonistic tie.

    Examples
    --------
    >>> require_friendly(SpinSystem.from_edges([0, 1], [1, 2]), "a score")
    """
    require_undirected(system, measure)
    require_positive(system, measure)


def require_positive(system: SpinSystem, measure: str) -> None:
    """Raise if a tie is antagonistic and ``measure`` has no meaning for it.

    Parameters
    ----------
    system : SpinSystem
    measure : str
        What the message calls the score.

    Raises
    ------
    InputError
        An antagonistic tie.

    Examples
    --------
    >>> require_positive(SpinSystem.from_edges([0], [1], directed=True), "a score")
    """
    negative = int(np.sum(ties(system).coupling < 0))
    if negative:
        raise InputError(
            f"{measure} has no meaning on antagonistic ties, and {negative} couplings are "
            "negative; keep the positive ties only or use a measure of signed structure."
        )


def solve_positive_definite(
    matrix: sparse.csr_array, right: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Return ``x`` with ``matrix x = right`` for a symmetric, diagonally dominant matrix.

    Conjugate gradients take near-linear time on social networks. Where they converge slowly paths
    are long, and there elimination fills in little.

    Parameters
    ----------
    matrix : sparse array, shape (n, n)
        Symmetric, each diagonal entry at least the sum of the others' sizes in its row.
    right : array, shape (n,)

    Examples
    --------
    >>> solve_positive_definite(sparse.csr_array([[2.0, -1.0], [-1.0, 2.0]]), np.array([1.0, 0.0]))
    array([0.66666667, 0.33333333])
    """
    if right.size > DIRECT_UP_TO:
        scale = sparse.diags_array(1 / matrix.diagonal())
        solution, unfinished = cg(matrix, right, rtol=1e-13, atol=0.0, maxiter=1000, M=scale)
        if not unfinished:
            found: NDArray[np.float64] = solution
            return found
    direct: NDArray[np.float64] = splu(matrix.tocsc()).solve(right)
    return direct


def _sides(system: SpinSystem, camps: ArrayLike | None, measure: str) -> tuple[Side, Side]:
    require_friendly(system, measure)
    sides = two_sides(system, camps, measure)
    parts = connected_components(ties(system).neighbours, directed=False)[0]
    if parts != 1:
        raise InputError(
            f"{measure} needs a connected network, but this one has {parts} components; keep the "
            "largest."
        )
    return sides


def _both(first: Side, second: Side) -> tuple[tuple[Side, Side], tuple[Side, Side]]:
    return (first, second), (second, first)


def _interior(neighbours: sparse.csr_array, own: Side, other: Side) -> NDArray[np.float64]:
    inside: NDArray[np.float64] = (own & (neighbours @ other.astype(float) == 0)).astype(float)
    return inside


def _share_of(sides: tuple[Side, Side], share: float) -> tuple[int, int]:
    if not 0 < share < 1:
        raise InputError(f"share is {share}; it must lie between 0 and 1.")
    first, second = (max(1, round(share * int(side.sum()))) for side in sides)
    return first, second


def _prominent(
    system: SpinSystem, sides: tuple[Side, Side], counts: tuple[int, int]
) -> tuple[Side, Side]:
    degree = ties(system).degree
    chosen = []
    for side, k in zip(sides, counts, strict=True):
        if not 1 <= k <= int(side.sum()):
            raise InputError(
                f"{k} prominent users are asked for on a side of {int(side.sum())}; allowed: 1 to "
                "the size of the smaller side."
            )
        ranked = np.argsort(np.where(side, -degree, 1), kind="stable")
        mask = np.zeros(system.n, dtype=bool)
        mask[ranked[:k]] = True
        chosen.append(mask)
    return chosen[0], chosen[1]


def _reaching_first(system: SpinSystem, first: Side, second: Side) -> NDArray[np.float64]:
    """Return each user's probability that a walk from it meets ``first`` before ``second``."""
    known = ties(system)
    free = ~(first | second)
    reach = first.astype(float)
    if free.any():
        rows = known.neighbours[free]
        matrix = sparse.diags_array(known.degree[free].astype(float)) - rows[:, free]
        reach[free] = solve_positive_definite(sparse.csr_array(matrix), rows @ reach)
    return reach


def _walk(system: SpinSystem, sides: tuple[Side, Side], counts: tuple[int, int]) -> float:
    for side, k in zip(sides, counts, strict=True):
        if not 1 <= k < int(side.sum()):
            raise InputError(
                f"k is {k} and a side has {int(side.sum())} users; each side needs more users than "
                "absorb, and at least one must: choose another k."
            )
    poles = _prominent(system, sides, counts)
    reach = _reaching_first(system, *poles)
    stay = [float(np.mean(reach[side & ~pole])) for side, pole in zip(sides, poles, strict=True)]
    own_0, own_1 = stay[0], 1 - stay[1]
    return own_0 * own_1 - (1 - own_0) * (1 - own_1)
