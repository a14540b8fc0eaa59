"""Heat-bath attempts of many replicas, each with its own temperature and its own number of them.

Parameters are searched with one replica per trial of them, and waves of a panel may lie a fraction
of a sweep apart, so neither a common threshold table nor whole sweeps will do: local fields are
summed anew at every attempt, in floating point.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sociophysics.engine.compilation import njit
from sociophysics.engine.counter import increment, mix

__all__ = ["attempt"]

Array = NDArray[Any]
U64 = np.uint64
LOW = U64(0xFFFFFFFF)


@njit(cache=True, nogil=True)
def attempt(
    spins: Array,
    indptr: Array,
    indices: Array,
    data: Array,
    outside: Array,
    temperature: Array,
    held: Array,
    keys: Array,
    first: Array,
    attempts: Array,
) -> None:
    """Do ``attempts[r]`` random-sequential heat-bath updates of replica r.

    ``spins`` int8 (replicas, n); ``indptr, indices, data`` the rows of ``J``; ``outside``
    (replicas, n) external and feed field; ``temperature`` (replicas,), all above 0; ``held`` bool
    (n,); ``first`` int64 (replicas,) attempts made before, which is moved on.
    """
    n = U64(spins.shape[1])
    for r in range(spins.shape[0]):
        step = increment(keys[r, 1])
        word = keys[r, 0] + U64(first[r]) * step
        slope = -2.0 / temperature[r]
        for _ in range(attempts[r]):
            word += step
            draw = mix(word)
            i = ((draw >> U64(32)) * n) >> U64(32)
            if held[i]:
                continue
            local = outside[r, i]
            for p in range(indptr[i], indptr[i + 1]):
                local += data[p] * spins[r, indices[p]]
            v = (np.float64(draw & LOW) + 0.5) * 2.3283064365386963e-10
            spins[r, i] = 1 if v * (1.0 + math.exp(slope * local)) < 1.0 else -1
        first[r] += attempts[r]
