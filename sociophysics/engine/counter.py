"""Counter-based random numbers: the k-th draw of a stream is a hash of its key and k.

A stream is SplitMix64 (Steele, Lea & Flood 2014) with its own start and its own odd increment,
both hashed from (seed, purpose, replica); two streams with different increments never shift into
one another. Because draw ``k`` needs no draw before it, a run can be cut, observed or continued
anywhere without changing a number.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from sociophysics.engine.compilation import njit

__all__ = ["increment", "mix", "uniform"]

U64 = np.uint64
_M1, _M2 = U64(0xBF58476D1CE4E5B9), U64(0x94D049BB133111EB)


@njit(inline="always")
def mix(z: Any) -> Any:
    """Return the SplitMix64 hash of a 64-bit word."""
    z = (z ^ (z >> U64(30))) * _M1
    z = (z ^ (z >> U64(27))) * _M2
    return z ^ (z >> U64(31))


@njit(inline="always")
def increment(word: Any) -> Any:
    """Return the odd increment of a stream from the second word of its key."""
    return mix(word) | U64(1)


@njit(inline="always")
def uniform(word: Any) -> Any:
    """Return the double in (0, 1) made of the upper 53 bits of a hashed word."""
    return (np.float64(word >> U64(11)) + 0.5) * 1.1102230246251565e-16
