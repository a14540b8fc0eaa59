"""What a feed showed: agreement, out-group share and concentration of the attention it gave.

A feed reports its exposure once per sweep; these functions read it from a frame. A frame without a
feed gives NaN, so that designs with and without a feed stand in one table.
"""

from __future__ import annotations

from typing import NamedTuple, Protocol

import numpy as np
from numpy.typing import ArrayLike, NDArray

from sociophysics.errors import InputError
from sociophysics.society.camps import camps_of
from sociophysics.society.spins import SpinSystem
from sociophysics.society.ties import ties

__all__ = [
    "Exposed",
    "ExposureCounts",
    "Segregation",
    "attention_gini",
    "exposure_agreement",
    "exposure_out_group",
    "segregation",
    "ties_out_group",
]


class ExposureCounts(Protocol):
    """The exposure of one refresh, one number per replica; NaN where nothing was shown."""

    @property
    def agreement(self) -> NDArray[np.float64]:
        """Share of shown posts whose stance is the reader's own."""

    @property
    def out_group(self) -> NDArray[np.float64]:
        """Share of shown posts written in another camp than the reader's."""

    @property
    def attention_gini(self) -> NDArray[np.float64]:
        """Gini coefficient of how often each user's post was shown."""


class Exposed(Protocol):
    """A frame, as far as exposure needs it."""

    @property
    def spins(self) -> NDArray[np.int8]:
        """Stances, shape (replicas, n)."""

    @property
    def system(self) -> SpinSystem:
        """The society at this moment; rewiring replaces it."""

    @property
    def camps(self) -> NDArray[np.int64] | None:
        """Camp of each user, shape (n,), -1 for none."""

    @property
    def exposure(self) -> ExposureCounts | None:
        """What the feed showed in this sweep."""


class Segregation(NamedTuple):
    """What a feed shows of the other camps, next to what the ties alone would show."""

    ties: float
    """Mean over users of the share of their neighbours that belong to another camp."""
    exposure: NDArray[np.float64]
    """The same share of the posts shown, shape (replicas,)."""
    difference: NDArray[np.float64]
    """``exposure - ties``: below 0 the feed segregates more than the ties do."""


def exposure_agreement(frame: Exposed) -> NDArray[np.float64]:
    """Return the share of shown posts that agree with their reader, shape (replicas,)."""
    return _nothing(frame) if frame.exposure is None else frame.exposure.agreement


def exposure_out_group(frame: Exposed) -> NDArray[np.float64]:
    """Return the share of shown posts from another camp than the reader's, shape (replicas,)."""
    return _nothing(frame) if frame.exposure is None else frame.exposure.out_group


def attention_gini(frame: Exposed) -> NDArray[np.float64]:
    """Return the Gini coefficient of the attention users received, shape (replicas,).

    0: every user's post is shown equally often; near 1: a few users are all that is seen.
    """
    return _nothing(frame) if frame.exposure is None else frame.exposure.attention_gini


def ties_out_group(system: SpinSystem, camps: ArrayLike | None = None) -> float:
    """Return the mean over users of the share of their neighbours that belong to another camp.

    Users and neighbours without a camp (-1) are left out, and so are users without neighbours.

    Parameters
    ----------
    system : SpinSystem
    camps : int array, shape (n,), optional
        ``system.nodes["camp"]`` if left out.

    Raises
    ------
    InputError
        Fewer than two camps, or no tie between users who have one.

    Examples
    --------
    >>> ties_out_group(SpinSystem.from_edges([0, 1, 2], [1, 2, 3]), [0, 0, 1, 1])
    0.25
    """
    camp = camps_of(system, camps, "ties_out_group")
    listener = np.repeat(np.arange(system.n), ties(system).degree)
    heard = ties(system).neighbours.indices
    counted = (camp[listener] >= 0) & (camp[heard] >= 0)
    listener, heard = listener[counted], heard[counted]
    if np.unique(camp[camp >= 0]).size < 2 or listener.size == 0:
        raise InputError(
            "ties_out_group needs two camps or more and ties between their users; give the users "
            "their camps."
        )
    seen = np.bincount(listener, minlength=system.n)
    other = np.bincount(listener[camp[listener] != camp[heard]], minlength=system.n)
    return float(np.mean(other[seen > 0] / seen[seen > 0]))


def segregation(frame: Exposed) -> Segregation:
    """Return the out-group share of what a feed shows next to that of the ties.

    Raises
    ------
    InputError
        The frame has no feed, or as for ``ties_out_group``.
    """
    if frame.exposure is None:
        raise InputError("segregation of exposure needs a feed, and this frame has none.")
    own = ties_out_group(frame.system, frame.camps)
    shown = frame.exposure.out_group
    return Segregation(own, shown, shown - own)


def _nothing(frame: Exposed) -> NDArray[np.float64]:
    return np.full(frame.spins.shape[0], np.nan)
