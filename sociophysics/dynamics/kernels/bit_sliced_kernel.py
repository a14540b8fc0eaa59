"""Ensembles in which 64 replicas share a word: couplings of one magnitude, no field, no feed.

Replica ``r`` is lane ``r % 64`` of word ``r // 64``. The lanes of a word visit the same users in
the same order and draw independent bits, so each replica alone follows the heat bath, while
replicas of one word are not quite independent of each other: intervals take words as clusters
(``statistics.t_interval(values, cluster=table["replica"] // 64)``).
"""

from __future__ import annotations

from collections.abc import Sequence
from copy import copy
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from sociophysics.dynamics.conditions import Answer, SweepTask
from sociophysics.engine.bit_sliced import sweep_words
from sociophysics.engine.lanes import LANES, flip_table, pack, unpack
from sociophysics.society.spins import SpinSystem
from sociophysics.streams import key

__all__ = ["BitSliced", "SlicedTies", "encode_ties", "whole_words"]

MOST_USERS = 2**31  # that a neighbour of 31 bits can number


class SlicedTies(NamedTuple):
    """Signed couplings by rows, as the kernel reads them."""

    indptr: NDArray[np.int64]  # (n + 1,)
    ends: NDArray[np.uint32]  # (nnz,): neighbour * 2, plus 1 where the coupling is negative
    coupling: float  # the magnitude
    degree: int  # the largest


def encode_ties(system: SpinSystem) -> SlicedTies:
    """Return the couplings ``+-c`` as signed ties; those of weight 0 are left out.

    Examples
    --------
    >>> encode_ties(SpinSystem.from_edges([0, 1], [1, 2], [0.5, -0.5])).ends
    array([2, 0, 5, 3], dtype=uint32)
    """
    J = system.stored
    present = J.data != 0
    kept = np.concatenate([[0], np.cumsum(present)])
    indptr = kept[J.indptr].astype(np.int64)
    ends = J.indices[present].astype(np.uint32) << np.uint32(1)
    ends |= J.data[present] < 0
    return SlicedTies(indptr, ends, _magnitudes(system)[1], int(np.diff(indptr).max(initial=0)))


def _magnitudes(system: SpinSystem) -> tuple[float, float]:
    """Return the smallest and the largest ``|J_ij|`` that is not 0; (1, 1) without couplings."""
    size = np.abs(system.stored.data, dtype=np.float64)
    size = size[size > 0]
    return (float(size.min()), float(size.max())) if size.size else (1.0, 1.0)


def whole_words(replicas: Sequence[int], shares: int) -> list[NDArray[np.int64]]:
    """Return at most ``shares`` groups of positions, with each word of replicas in one group.

    Examples
    --------
    >>> [rows.tolist() for rows in whole_words([200, 3, 64, 5], 2)]
    [[1, 2, 3], [0]]
    """
    words, word = np.unique(np.asarray(replicas) // LANES, return_inverse=True)
    return [
        np.flatnonzero(np.isin(word, part))
        for part in np.array_split(np.arange(words.size), max(min(shares, words.size), 1))
    ]


OWN_NOISE = "users have temperatures of their own; the bit-sliced kernel has one for all"


class BitSliced:
    """64 replicas in a word per user (``engine.bit_sliced``).

    Lanes that no replica asked for are moved along and not shown, so that a replica's numbers do
    not depend on which others there are.

    Parameters
    ----------
    ties : SlicedTies
        Encoded once per system and shared by all groups of replicas.
    spins : int8 array, shape (replicas, n)
    seed, replicas
        Word ``w`` of the replicas has the key of the dynamics stream ``w``.
    """

    @staticmethod
    def refusal(task: SweepTask) -> str | None:
        """Return why this kernel cannot do a task, None if it can."""
        if task.scheme != "random-sequential":
            return f"scheme is {task.scheme!r}; the bit-sliced kernel is random-sequential only"
        if task.rule is not None:
            return f"rule is {task.rule.kind!r}; the bit-sliced kernel knows the heat bath only"
        if task.has_field:
            return "an external field acts, or is to act; the bit-sliced kernel has none"
        if task.has_feed:
            return "a feed acts, or is to act; the bit-sliced kernel has none"
        if task.own_noise:
            return OWN_NOISE
        if task.rewires:
            return "replicas are rewired apart; those of the bit-sliced kernel share their ties"
        least, most = _magnitudes(task.system)
        if least < most:
            return (
                f"the couplings run from {least:.6g} to {most:.6g} in size; the bit-sliced kernel "
                "needs c or -c with one c"
            )
        if task.system.n >= MOST_USERS:
            return f"there are {task.system.n} users; the bit-sliced kernel numbers {MOST_USERS}"
        return None

    @staticmethod
    def encode(
        system: SpinSystem, bound: float, coldest: float = np.inf, answer: Answer | None = None
    ) -> SlicedTies:
        """Return the signed ties."""
        return encode_ties(system)

    def __init__(
        self,
        ties: SlicedTies,
        spins: NDArray[np.int8],
        seed: int,
        replicas: tuple[int, ...],
        scheme: str = "random-sequential",
    ) -> None:
        self.ties = ties
        numbers = np.asarray(replicas, np.int64)
        words, self._word = np.unique(numbers // LANES, return_inverse=True)
        self._lane = numbers % LANES
        self.keys = np.array([key(seed, "dynamics", int(w)) for w in words], dtype=np.uint64)
        self.state = self._packed(spins)
        self._table: tuple[float, tuple[NDArray[Any], NDArray[Any]]] | None = None

    def sweep(self, first: int, sweeps: int, temperature: float, held: NDArray[np.uint8]) -> None:
        """Do sweeps ``first + 1 .. first + sweeps``; users marked in ``held`` never flip."""
        t = self.ties
        if self._table is None or self._table[0] != temperature:
            table = flip_table(temperature, t.coupling, t.degree)
            self._table = (temperature, table)
        chance, leading = self._table[1]
        lanes = self._packed(held)
        sweep_words(self.state, t.indptr, t.ends, chance, leading, lanes, self.keys, first, sweeps)

    def change_field(self, field: NDArray[np.float64], phi: NDArray[np.float64] | None) -> None:
        """Accept that there is no field: tasks with one are refused."""
        if np.any(field) or (phi is not None and np.any(phi)):
            raise RuntimeError("a field reached the bit-sliced kernel")

    def spins(self) -> NDArray[np.int8]:
        """Return the stances, shape (replicas, n)."""
        spins = np.empty((self._lane.size, self.state.shape[1]), np.int8)
        unpack(self.state, self._word, self._lane, spins)
        return spins

    def remembered(self) -> dict[str, NDArray[Any]]:
        """Return nothing: draws are functions of the sweep."""
        return {}

    def recall(self, remembered: dict[str, NDArray[Any]]) -> None:
        """Do nothing, as there is nothing to recall."""

    def only(self, keep: NDArray[np.bool_]) -> BitSliced:
        """Return a kernel that goes on with the replicas marked in ``keep``."""
        part = copy(self)
        words, part._word = np.unique(self._word[keep], return_inverse=True)
        part._lane = self._lane[keep]
        part.state, part.keys = self.state[words], self.keys[words]
        return part

    def _packed(self, marks: NDArray[Any]) -> NDArray[np.uint64]:
        """Return marks of the replicas (replicas, columns) as bits (words, columns)."""
        words = np.zeros((len(self.keys), marks.shape[1]), np.uint64)
        pack(marks, self._word, self._lane, words)
        return words
