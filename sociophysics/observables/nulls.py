"""The null of every structural score: the same score on random networks that keep what is given.

Two nulls. ``degrees``: ties are rewired, everybody keeps the number of friends and antagonists;
for scores of camps. ``signs``: ties stay and their couplings are permuted over them; for balance
and frustration, which rewired degrees would compare with networks without a triangle.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from sociophysics.errors import InputError, did_you_mean
from sociophysics.observables.rewiring import rewired
from sociophysics.society.spins import SpinSystem
from sociophysics.society.ties import joined, ties
from sociophysics.streams import generator

__all__ = ["NULLS", "AgainstNull", "against_null", "compared", "permuted"]

ROUNDING = 1e-12  # of the largest score: a smaller spread, or difference, is none


class AgainstNull(NamedTuple):
    """A score next to what the null alone would give."""

    value: float
    """The score of the network itself."""
    mean: float
    """Mean over the networks of the null."""
    sd: float
    """Standard deviation over the networks of the null."""
    z: float
    """``(value - mean)/sd``."""
    p: float
    """Two-sided: ``(1 + k)/(1 + draws)``, ``k`` the draws at least as far from the mean."""


def against_null(
    measure: Callable[[SpinSystem, ArrayLike | None], float],
    system: SpinSystem,
    camps: ArrayLike | None,
    draws: int = 100,
    *,
    seed: int,
    null: str | None = None,
) -> AgainstNull:
    """Return a score with mean, standard deviation, z and p over random networks.

    To judge a partition that was *found*, let ``measure`` search again on every random network
    (and ignore ``camps``); otherwise the null is too easy to beat.

    Parameters
    ----------
    measure : callable (system, camps) -> float
    system : SpinSystem
    camps : int array, shape (n,), or None
        Handed to ``measure``; camps stay with their users.
    draws : int
        Number of random networks, two or more.
    seed : int
    null : {"degrees", "signs"}, optional
        degrees: ``rewired``. signs: ``permuted``. Left out: signs if there are antagonistic ties
        and no ``camps`` (balance, frustration), else degrees.

    Raises
    ------
    InputError
        Fewer than two draws, an unknown null, a network that has no such random
        networks, or a score that is the same on all of them, so that z is undefined.

    References
    ----------
    Maslov & Sneppen, Science 296, 910 (2002); Salloum, Chen & Kivela, Proc. ACM Hum.-Comput.
    Interact. 6, CSCW1 (2022); Leskovec, Huttenlocher & Kleinberg, CHI (2010), for signs; Phipson &
    Smyth, Stat. Appl. Genet. Mol. Biol. 9, 39 (2010), for p.

    Examples
    --------
    >>> from sociophysics.observables.communities import modularity
    >>> ring = SpinSystem.from_edges(range(12), [(i + 1) % 12 for i in range(12)])
    >>> found = against_null(modularity, ring, [0] * 6 + [1] * 6, draws=20, seed=1)
    >>> found.z > 1, found.p <= 0.1
    (True, True)
    """
    if draws < 2:
        raise InputError(f"draws is {draws}; a standard deviation needs two or more.")
    if null is None:
        signed = bool((ties(system).coupling < 0).any())
        null = "signs" if signed and camps is None else "degrees"
    if null not in NULLS:
        raise InputError(f"null is {null!r}; {did_you_mean(str(null), NULLS)}")
    value = float(measure(system, camps))
    drawn = [measure(NULLS[null](system, seed=seed, draw=draw), camps) for draw in range(draws)]
    found = compared(value, np.array(drawn, dtype=np.float64))
    if np.isnan(found.z):
        raise InputError(
            f"the score is {drawn[0]:.4g} on all {draws} networks of the null {null!r}, so its z "
            "is undefined; what the null keeps fixes this score: use another measure or null."
        )
    return found


def compared(value: float, drawn: NDArray[np.float64]) -> AgainstNull:
    """Return a score next to the same score of the networks of a null; z is NaN without spread.

    ``p`` is two-sided, ``(1 + k)/(1 + draws)``: ``k`` scores of the null lie at least as far from
    the mean of all, the value's own included, as the value. Under the null it is never too small:
    ``P(p <= a) <= a``.

    Parameters
    ----------
    value : float
        The score of the network itself.
    drawn : array, shape (draws,)
        The scores of the networks of the null.

    Examples
    --------
    >>> compared(9.0, np.array([1.0, 2.0, 3.0]))
    AgainstNull(value=9.0, mean=2.0, sd=1.0, z=7.0, p=0.25)
    """
    mean, sd = float(drawn.mean()), float(drawn.std(ddof=1))
    rounding = ROUNDING * max(1.0, float(np.abs(drawn).max()))
    centre = (value + drawn.sum()) / (1 + drawn.size)
    as_far = np.abs(drawn - centre) >= abs(value - centre) - rounding
    p = (1 + int(as_far.sum())) / (1 + drawn.size)
    return AgainstNull(value, mean, sd, (value - mean) / sd if sd > rounding else np.nan, p)


def permuted(system: SpinSystem, *, seed: int, draw: int = 0) -> SpinSystem:
    """Return the network with the same ties and its couplings permuted over them at random.

    The number of antagonistic ties and every weight are kept; whom they join is not.

    Parameters
    ----------
    system : SpinSystem
    seed, draw : int
        Different draws of one seed are independent.

    Raises
    ------
    InputError
        Couplings that are all equal.

    Examples
    --------
    >>> triangle = SpinSystem.from_edges([0, 1, 0], [1, 2, 2], [1, 1, -1])
    >>> sorted(permuted(triangle, seed=1).J.data.tolist())
    [-1.0, -1.0, 1.0, 1.0, 1.0, 1.0]
    """
    known = ties(system)
    if known.count == 0 or np.ptp(np.sign(known.coupling)) == 0:
        raise InputError(
            "all ties have the same sign, so permuting signs changes nothing; a null of balance "
            "needs friendly and antagonistic ties."
        )
    # A stream of its own: rewirings of the same draw take the numbers of the one without a sweep.
    rng = generator(seed, "null", draw, 1)
    coupling = known.coupling[rng.permutation(known.count)]
    return joined(system, known.source, known.target, coupling)


NULLS: dict[str, Callable[..., SpinSystem]] = {"degrees": rewired, "signs": permuted}
