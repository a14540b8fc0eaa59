"""The heat bath in its most readable form, on numpy's own random stream.

It defines the physics: no fixed point, no incremental fields, no tables. A draw sets the stance.
The fast kernels must follow its law (not its stream).
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
    temperature: Array,
    held: Array,
    rng: Any,
    attempts: int,
) -> int:
    """Do ``attempts`` random-sequential heat-bath updates of one replica; return the flips.

    ``indptr, indices, data`` are the rows of ``J``, ``field`` (n,) the external and feed field, and
    ``temperature`` (n,) that of each user.
    """
    n, flipped = spins.shape[0], 0
    for _ in range(attempts):
        i = rng.integers(0, n)
        u = rng.random()
        local = field[i]
        for p in range(indptr[i], indptr[i + 1]):
            local += data[p] * spins[indices[p]]
        if temperature[i] > 0.0:
            up = u < 1.0 / (1.0 + np.exp(-2.0 * local / temperature[i]))
        else:
            up = local > 0.0 or (local == 0.0 and u < 0.5)
        if up != (spins[i] > 0) and not (held.shape[0] > 0 and held[i]):
            spins[i] = -spins[i]
            flipped += 1
    return flipped
