"""The ten cast codes of the Voteview files, current and legacy.

1 yea, 2 paired yea, 3 announced yea; 4 announced nay, 5 paired nay, 6 nay; 7 and 8 present;
9 not voting; 0 not a member when the roll call was held.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

__all__ = ["NAMES", "decode"]

NAMES = "0 not a member, 1-3 yea, 4-6 nay, 7-8 present, 9 not voting"
STANCE = np.array([0, 1, 1, 1, -1, -1, -1, 0, 0, 0], dtype=np.int8)


def decode(codes: NDArray[np.int64]) -> tuple[NDArray[np.int8], NDArray[np.bool_]]:
    """Return the votes, +1, -1 or 0, and where the member held a seat.

    Examples
    --------
    >>> decode(np.arange(10))[0].tolist()
    [0, 1, 1, 1, -1, -1, -1, 0, 0, 0]
    >>> decode(np.array([0, 9]))[1].tolist()
    [False, True]
    """
    return STANCE[codes], codes != 0
