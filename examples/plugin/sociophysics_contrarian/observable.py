"""The observable ``minority_among_followed``."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray


def minority_among_followed(frame: Any) -> NDArray[np.float64]:
    """Share of users whose stance most of those they follow do not hold.

    Parameters
    ----------
    frame : sociophysics.Frame
        Its ``system``, ``spins`` (replicas, n), ``camps``, ``phi``, ``temperature`` and more.

    Returns
    -------
    array, shape (replicas,)
    """
    ties = frame.system.J.copy()
    ties.data = np.ones_like(ties.data)
    followed = (ties @ frame.spins.T.astype(np.float64)).T
    share: NDArray[np.float64] = (frame.spins * followed < 0).mean(axis=1)
    return share
