"""At which temperature a society is known to tip: the best theory that covers it first."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.sparse.linalg import eigsh

from sociophysics.errors import InputError
from sociophysics.society.spins import SpinSystem

if TYPE_CHECKING:
    from sociophysics.scenario import Settings

__all__ = ["Expected", "camp_couplings", "critical_temperatures", "is_friendly"]


class Expected(NamedTuple):
    """A theory's number for a tipping point, and which theory it is."""

    text: str
    value: float


def critical_temperatures(settings: Settings, system: SpinSystem) -> list[Expected]:
    """Return the temperatures at which a society without a feed loses its consensus.

    The best first: exact on the infinite lattice (Onsager) or the infinite complete network, then
    the cavity method on this network, exact where it is locally a tree. Nothing under a field or
    a feed, and for couplings that are antagonistic or not mutual.

    Parameters
    ----------
    settings : Settings
        One design at one point.
    system : SpinSystem
        Its society.
    """
    if settings.field.kind != "none" or settings.feed.kind != "none" or not is_friendly(system):
        return []
    found = [*_complete(settings, system), *_onsager(settings)]
    try:
        found += _cavity(system)
    except InputError:
        # Networks that the cavity method does not cover have no number.
        return found
    return found


def is_friendly(system: SpinSystem) -> bool:
    """Return whether there are ties, all of them mutual and none antagonistic."""
    return system.is_symmetric and system.J.nnz > 0 and bool((system.J.data >= 0).all())


def camp_couplings(system: SpinSystem, camps: NDArray[np.int64]) -> tuple[float, float] | None:
    """Return a user's total coupling to the own and to the other camp, averaged over users.

    Users count by the square of the leading eigenvector ``w`` of ``abs(J)``: ``within = sum_same
    w_i J_ij w_j`` with ``w'w = 1``, so that ``within + across`` is the mean-field critical
    temperature of friendly couplings on any network. None unless there are two camps and mutual
    couplings.

    Parameters
    ----------
    camps : int array, shape (n,)
        Codes 0, 1, and -1 for none.

    Examples
    --------
    >>> J = np.array([[0, 1, .2, 0], [1, 0, 0, .2], [.2, 0, 0, 1], [0, .2, 1, 0]])
    >>> camp_couplings(SpinSystem(J), np.array([0, 0, 1, 1]))
    (1.0, 0.2)
    """
    two = set(np.unique(camps).tolist()) - {-1} == {0, 1}
    if not two or not system.is_symmetric or not system.J.nnz or system.n < 3:
        return None
    # A fixed start makes the eigenvector the same in every run.
    _, vectors = eigsh(abs(system.J), k=1, which="LA", v0=np.ones(system.n))
    w = np.abs(vectors[:, 0]) * (camps >= 0)
    ties = system.J.tocoo()
    weight = w[ties.row] * ties.data * w[ties.col] / float(w @ w)
    same = camps[ties.row] == camps[ties.col]
    return round(float(weight[same].sum()), 9), round(float(weight[~same].sum()), 9)


def _complete(settings: Settings, system: SpinSystem) -> list[Expected]:
    """Return the exact number of many users who all know each other: their total coupling."""
    if settings.network.kind != "complete" or settings.couplings.kind != "uniform":
        return []
    return [Expected("complete network (exact for many users)", float(system.J.sum()) / system.n)]


def _onsager(settings: Settings) -> list[Expected]:
    """Return the exact number of the infinite square lattice; the cavity misses its short loops."""
    from sociophysics.theory.closed_forms import onsager_temperature

    network, couplings = settings.network, settings.couplings
    if network.kind != "lattice" or couplings.kind != "uniform":
        return []
    if len(network.shape) != 2 or not network.periodic or min(network.shape) < 3:
        return []
    scale = couplings.value * (0.25 if couplings.normalize == "degree" else 1.0)
    return [Expected("infinite square lattice (Onsager)", scale * onsager_temperature())]


def _cavity(system: SpinSystem) -> list[Expected]:
    from sociophysics.theory.cavity import critical_temperature

    value = float(critical_temperature(system, phase="ferromagnet"))
    return [Expected("critical temperature (cavity)", value)] if value > 0 else []
