"""The heat bath in its most readable form, on numpy's own random stream.

It defines the physics: no fixed point, no incremental fields, no tables. The fast kernels must
follow its law (not its stream).
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from sociophysics.engine.compilation import njit

__all__ = ["sweep_reference"]

Array = NDArray[Any]


@njit(cache=True, nogil=True)
def sweep_reference(
    spins: Array,
    indptr: Array,
    indices: Array,
    data: Array,
    field: Array,
    temperature: float,
    held: Array,
    rng: Any,
    attempts: int,
) -> int:
    """Do ``attempts`` random-sequential heat-bath updates of one replica; return the flips.

    ``indptr, indices, data`` are the rows of ``J``, ``field`` (n,) the external and feed field.
    """
    n, flipped = spins.shape[0], 0
    for _ in range(attempts):
        i = rng.integers(0, n)
        u = rng.random()
        local = field[i]
        for p in range(indptr[i], indptr[i + 1]):
            local += data[p] * spins[indices[p]]
        aligned = spins[i] * local
        if temperature > 0.0:
            flip = u < 1.0 / (1.0 + np.exp(2.0 * aligned / temperature))
        else:
            flip = aligned < 0.0 or (aligned == 0.0 and u < 0.5)
        if flip and not (held.shape[0] > 0 and held[i]):
            spins[i] = -spins[i]
            flipped += 1
    return flipped
