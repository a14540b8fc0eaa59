"""Stances of the first replica of both sides, sweep by sweep, one bit per user."""

from __future__ import annotations

from bisect import bisect_right

import numpy as np
from numpy.typing import NDArray

__all__ = ["History"]

MOST_BYTES = 24_000_000  # of a tab; beyond, every second recorded sweep is forgotten


class History:
    """What was seen of a run.

    Parameters
    ----------
    users : int
    most : int
        Bytes that are kept; the recorded sweeps are thinned evenly to stay below.

    Examples
    --------
    >>> history = History(3)
    >>> history.note(0, [np.array([1, -1, 1]), np.array([1, 1, 1])])
    >>> history.note(1, [np.array([1, 1, 1]), np.array([-1, 1, 1])])
    >>> history.of_user(1, side=0)
    (array([0, 1]), array([-1,  1], dtype=int8))
    """

    def __init__(self, users: int, most: int = MOST_BYTES) -> None:
        self.users, self.most = users, most
        self.every = 1
        self._frames: list[tuple[int, tuple[NDArray[np.uint8], ...]]] = []

    def note(self, sweep: int, spins: list[NDArray[np.int8]]) -> None:
        """Record a sweep, if it is due and not there yet."""
        frames = self._frames
        if sweep % self.every or (frames and frames[-1][0] >= sweep):
            return
        bits = tuple(np.packbits(side > 0, bitorder="little") for side in spins)
        frames.append((sweep, bits))
        if len(frames) * sum(side.nbytes for side in bits) > self.most and len(frames) > 2:
            self.every *= 2
            # A new list: a reader in another thread goes on with the one it has.
            self._frames = [frame for frame in frames if frame[0] % self.every == 0]

    def sweeps(self) -> list[int]:
        """Return the recorded sweeps."""
        return [sweep for sweep, _ in self._frames]

    def at(self, sweep: int) -> tuple[int, list[NDArray[np.int8]]]:
        """Return the last recorded sweep up to this one, and both sides' stances there.

        Examples
        --------
        >>> history = History(3)
        >>> history.note(0, [np.array([1, -1, 1])])
        >>> history.at(7)
        (0, [array([ 1, -1,  1], dtype=int8)])
        """
        frames = self._frames
        place = max(bisect_right(frames, sweep, key=lambda frame: frame[0]) - 1, 0)
        found, sides = frames[place]
        ups = (np.unpackbits(bits, count=self.users, bitorder="little") for bits in sides)
        return found, [(2 * up.astype(np.int8) - 1).astype(np.int8) for up in ups]

    def forget_after(self, sweep: int) -> None:
        """Forget what came after a sweep, since it was taken back."""
        self._frames = [frame for frame in self._frames if frame[0] <= sweep]

    def of_user(self, user: int, side: int) -> tuple[NDArray[np.int64], NDArray[np.int8]]:
        """Return the recorded sweeps and a user's stance at each."""
        frames = list(self._frames)
        sweeps = np.array([sweep for sweep, _ in frames], dtype=np.int64)
        up = np.array([bits[side][user >> 3] >> (user & 7) & 1 for _, bits in frames])
        return sweeps, (2 * up.astype(np.int8) - 1).astype(np.int8)
