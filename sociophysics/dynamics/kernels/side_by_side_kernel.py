"""Replicas that share the order of users, 32 at a time: any couplings, fields and feeds.

Replica ``r`` is lane ``r % 32`` of block ``r // 32``. The lanes of a block visit the same users in
the same order and have draws of their own, so each replica alone follows the heat bath, while
replicas of one block are not quite independent of each other: intervals take blocks as clusters
(``statistics.t_interval(values, cluster=table["replica"] // 32)``).
"""

from __future__ import annotations

from copy import copy
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sociophysics.dynamics.conditions import Answer, SweepTask
from sociophysics.engine import fixed_point, side_by_side
from sociophysics.engine.glauber import CACHED_BYTES
from sociophysics.society.spins import SpinSystem
from sociophysics.streams import key

__all__ = ["SHARING", "SideBySide"]

SHARING = side_by_side.WIDTHS[-1]  # replicas that share an order
NOBODY = np.zeros(0, np.uint8)


class _Block:
    """Replicas of one order: their words, and where they stand among those of the kernel."""

    def __init__(
        self, rows: NDArray[np.int64], words: NDArray[Any], order: NDArray[Any], keys: NDArray[Any]
    ) -> None:
        lanes = next(width for width in side_by_side.WIDTHS if width >= rows.size)
        self.rows, self.order, self.lanes = rows, order, lanes
        self.state = side_by_side.lane_words(words, lanes)
        self.applied = np.zeros((words.shape[1], lanes), words.dtype)
        self.keys = np.zeros((lanes, 2), np.uint64)
        self.keys[: rows.size] = keys
        self.flipped = np.zeros(lanes, np.int64)

    @property
    def by_user(self) -> NDArray[Any]:
        return self.state.reshape(-1, self.lanes)

    def only(self, places: NDArray[np.int64], rows: NDArray[np.int64]) -> _Block:
        """Return a block of the lanes at ``places``, which stand at ``rows`` from now on."""
        part = _Block(rows, self.by_user[:, places].T, self.order, self.keys[places])
        part.applied[:, : rows.size] = self.applied[:, places]
        part.applied[:, rows.size :] = self.applied[:, places[:1]]
        part.flipped[: rows.size] = self.flipped[places]
        return part


class SideBySide:
    """Up to 32 replicas side by side over one order of users (``engine.side_by_side``).

    Parameters
    ----------
    couplings : Couplings
        Encoded once per system and shared by all groups of replicas.
    spins : int8 array, shape (replicas, n)
    seed, replicas
        Block ``b`` of the replicas has the key of the order stream ``b``, replica ``r`` that of
        the lanes' stream ``r``.
    """

    @staticmethod
    def refusal(task: SweepTask) -> str | None:
        """Return why this kernel cannot do a task, None if it can."""
        if task.scheme != "random-sequential":
            return f"scheme is {task.scheme!r}; the side-by-side kernel is random-sequential only"
        if task.rule is not None:
            return f"rule is {task.rule.kind!r}; the side-by-side kernel knows the heat bath only"
        if task.own_noise:
            return "users have temperatures of their own; the side-by-side kernel has one for all"
        if task.own_rates:
            return "users differ in how often they answer; those of the side-by-side kernel do not"
        if task.rewires or task.follows:
            return "replicas are rewired apart; those of the side-by-side kernel share their ties"
        return None

    @staticmethod
    def encode(
        system: SpinSystem, bound: float, coldest: float = np.inf, answer: Answer | None = None
    ) -> fixed_point.Couplings:
        """Return the couplings in fixed point, for the largest other field and lowest noise."""
        return fixed_point.encode_couplings(
            system.stored, bound, symmetric=system.is_symmetric, coldest=coldest
        )

    def __init__(
        self,
        couplings: fixed_point.Couplings,
        spins: NDArray[np.int8],
        seed: int,
        replicas: tuple[int, ...],
        scheme: str = "random-sequential",
    ) -> None:
        self.couplings, self.replicas = couplings, len(replicas)
        words = fixed_point.encode_state(spins, np.zeros(spins.shape[1]), couplings)
        block_of = np.asarray(replicas, np.int64) // SHARING
        self.blocks = []
        for block in np.unique(block_of).tolist():
            rows = np.flatnonzero(block_of == block)
            keys = np.array([key(seed, "lanes", replicas[r]) for r in rows.tolist()], np.uint64)
            order = np.array(key(seed, "order", block), np.uint64)
            # A replica may be asked for twice, so a block may hold more than its lanes.
            for start in range(0, rows.size, SHARING):
                part = slice(start, start + SHARING)
                self.blocks.append(_Block(rows[part], words[rows[part]], order, keys[part]))

    @property
    def flipped(self) -> NDArray[np.int64]:
        """Flips of every replica."""
        found = np.zeros(self.replicas, np.int64)
        for block in self.blocks:
            found[block.rows] = block.flipped[: block.rows.size]
        return found

    def sweep(self, first: int, sweeps: int, temperature: float, held: NDArray[np.uint8]) -> None:
        """Do sweeps ``first + 1 .. first + sweeps``; users marked in ``held`` never flip."""
        c = self.couplings
        for block in self.blocks:
            fetch = block.state.nbytes + c.rows.nbytes > CACHED_BYTES
            side_by_side.sweep_lanes(
                (0,) * block.lanes, block.state, c.indptr, c.rows, c.scale * temperature / 2.0,
                self._marks(block, held), block.order, block.keys, first, sweeps, block.flipped,
                fetch,
            )  # fmt: skip

    def _marks(self, block: _Block, held: NDArray[np.uint8]) -> NDArray[np.uint8]:
        """Return who is held, lane by lane."""
        if not held.shape[1]:
            return NOBODY
        marks = np.zeros((held.shape[1], block.lanes), np.uint8)
        marks[:, : block.rows.size] = held[block.rows].T
        return marks.reshape(-1)

    def change_field(self, field: NDArray[np.float64], phi: NDArray[np.float64] | None) -> None:
        """Set the external field (n,) and the feed field (replicas, n) of what follows."""
        for block in self.blocks:
            feed = np.zeros((0, field.size)) if phi is None else phi[block.rows]
            side_by_side.shift_fields(
                block.by_user, block.applied, field, feed, self.couplings.scale
            )

    def spins(self) -> NDArray[np.int8]:
        """Return the stances, shape (replicas, n)."""
        spins = np.empty((self.replicas, self.blocks[0].applied.shape[0]), np.int8)
        for block in self.blocks:
            own = np.empty((block.rows.size, spins.shape[1]), np.int8)
            side_by_side.read_lanes(block.by_user, own)
            spins[block.rows] = own
        return spins

    def remembered(self) -> dict[str, NDArray[Any]]:
        """Return nothing: draws are functions of the sweep."""
        return {}

    def recall(self, remembered: dict[str, NDArray[Any]]) -> None:
        """Do nothing, as there is nothing to recall."""

    def only(self, keep: NDArray[np.bool_]) -> SideBySide:
        """Return a kernel that goes on with the replicas marked in ``keep``."""
        part = copy(self)
        place = np.cumsum(keep) - 1
        part.replicas = int(np.count_nonzero(keep))
        kept = [(block, np.flatnonzero(keep[block.rows])) for block in self.blocks]
        part.blocks = [
            block.only(places, place[block.rows[places]]) for block, places in kept if places.size
        ]
        return part

    def recomputed_state(self) -> NDArray[Any]:
        """Return the words (replicas, n) computed anew from the stances, as ``words`` has them."""
        applied = np.empty((self.replicas, self.blocks[0].applied.shape[0]))
        for block in self.blocks:
            applied[block.rows] = block.applied[:, : block.rows.size].T
        return fixed_point.encode_state(
            self.spins(), applied / self.couplings.scale, self.couplings
        )

    def words(self) -> NDArray[Any]:
        """Return the words of the replicas, shape (replicas, n)."""
        found = np.empty(
            (self.replicas, self.blocks[0].applied.shape[0]), self.couplings.rows.dtype
        )
        for block in self.blocks:
            found[block.rows] = block.by_user[:, : block.rows.size].T
        return found
