"""Sixty-four replicas to a word: packing stances into bits, and probabilities as bits of words."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from sociophysics.engine.compilation import njit

__all__ = ["COUNTED", "LANES", "LEADING", "flip_table", "pack", "unpack"]

Array = NDArray[Any]
U64 = np.uint64
LANES = 64
COUNTED = 31  # neighbours that five bit planes count; users with more are hubs
LEADING = 8  # bits of a probability that are compared in all lanes at once
NONE, ONE = U64(0), U64(1)


def flip_table(temperature: float, coupling: float, degree: int) -> tuple[Array, Array]:
    """Return ``floor(2^64 p(x))`` for x = 0 ... degree, and its leading bits as whole words.

    The first has shape (degree + 1,), the second (min(degree, 31) + 1, 8): all ones where the bit
    is set. At T = 0, ``p(x)`` is 1/2 at x = 0 and 0 elsewhere; at infinity it is 1/2.

    Examples
    --------
    >>> flip_table(0.0, 1.0, 2)[0]
    array([9223372036854775808,                   0,                   0],
          dtype=uint64)
    """
    x = np.arange(degree + 1, dtype=np.float64)
    with np.errstate(over="ignore", divide="ignore", invalid="ignore"):
        steepness = 2.0 * coupling * x / temperature
    steepness[0] = 0.0
    away = np.exp(-steepness)
    chance = np.floor(np.ldexp(away / (1.0 + away), 64)).astype(np.uint64)
    place = np.arange(63, 63 - LEADING, -1, dtype=np.uint64)
    leading = (chance[: COUNTED + 1, None] >> place) & ONE
    return chance, NONE - leading


@njit(cache=True, nogil=True)
def pack(spins: Array, word: Array, lane: Array, words: Array) -> None:
    """Write the stances (replicas, n) into bit ``lane[r]`` of ``words[word[r]]``, (words, n)."""
    for r in range(spins.shape[0]):
        w, shift = word[r], U64(lane[r])
        for i in range(spins.shape[1]):
            words[w, i] |= U64(spins[r, i] > 0) << shift


@njit(cache=True, nogil=True)
def unpack(words: Array, word: Array, lane: Array, spins: Array) -> None:
    """Write bit ``lane[r]`` of ``words[word[r]]`` into the stances (replicas, n) as -1 or +1."""
    for r in range(spins.shape[0]):
        w, shift = word[r], U64(lane[r])
        for i in range(spins.shape[1]):
            spins[r, i] = np.int8(2) * np.int8((words[w, i] >> shift) & ONE) - np.int8(1)
