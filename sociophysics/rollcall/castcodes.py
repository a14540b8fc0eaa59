"""The ten cast codes of the Voteview files, current and legacy.

1 yea, 2 paired yea, 3 announced yea; 4 announced nay, 5 paired nay, 6 nay; 7 and 8 present;
9 not voting; 0 not a member when the roll call was held.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

__all__ = ["NAMES", "Cast", "decode"]

NAMES = "0 not a member, 1-3 yea, 4-6 nay, 7-8 present, 9 not voting"
STANCE = np.array([0, 1, 1, 1, -1, -1, -1, 0, 0, 0], dtype=np.int8)


class Cast(NamedTuple):
    """Votes +1, -1 or 0, where the member held a seat, and where it was present and abstained."""

    matrix: NDArray[np.int8]
    seated: NDArray[np.bool_]
    abstained: NDArray[np.bool_]


def decode(codes: NDArray[np.int64]) -> Cast:
    """Return what cast codes say.

    Examples
    --------
    >>> decode(np.arange(10)).matrix.tolist()
    [0, 1, 1, 1, -1, -1, -1, 0, 0, 0]
    >>> decode(np.array([0, 9])).seated.tolist(), decode(np.array([7, 9])).abstained.tolist()
    ([False, True], [True, False])
    """
    return Cast(STANCE[codes], codes != 0, (codes == 7) | (codes == 8))
