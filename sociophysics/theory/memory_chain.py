"""The stationary stance of one user under a memory feed: a chain over (stance, memory)."""

from __future__ import annotations

import math
from functools import cache

import numpy as np
from numpy.typing import NDArray
from scipy.special import log_expit

__all__ = ["memory_response"]

Array = NDArray[np.float64]
UNTOUCHED = math.exp(-1)  # share of users not drawn in a sweep of n random updates
NODES = 28  # of the memory's law


def memory_response(field: Array, own: float, tau: float, temperature: float) -> Array:
    """Return ``artanh <s>`` of a user in ``field`` who also feels ``own`` times a running mean.

    The chain over (s, memory) of one sweep: with probability 1 - 1/e the user is drawn and takes
    +1 with probability ``1 / (1 + exp(-2 (field + own memory) / T))``, else keeps the stance; then
    the memory moves by ``(s - memory) / tau``. Its stationary law is found by collocation on
    Chebyshev nodes.

    Parameters
    ----------
    field : array, shape (points,)
    own : float
        Strength of the user's own remembered stance.
    tau : float
        Sweeps over which a stance is forgotten.
    temperature : float
        > 0.

    Examples
    --------
    >>> memory_response(np.array([0.3]), 0.0, 10.0, 1.0).round(6)
    array([0.3])
    """
    nodes, moved = _memory_nodes(tau)
    size = nodes.size
    plus = np.exp(log_expit(2 * (field[:, None] + own * nodes) / temperature))
    chain = np.empty((field.size, 2, size, 2, size))
    for old in (0, 1):
        for new, probability in enumerate((plus, 1 - plus)):
            drawn = (1 - UNTOUCHED) * probability + UNTOUCHED * (old == new)
            chain[:, old, :, new, :] = drawn[:, :, None] * moved[new]
    matrix = chain.reshape(field.size, 2 * size, 2 * size).transpose(0, 2, 1) - np.eye(2 * size)
    matrix[:, -1, :] = 1.0
    target = np.zeros((2 * size, 1))
    target[-1] = 1.0
    law = np.linalg.solve(matrix, np.broadcast_to(target, (field.size, *target.shape)))[..., 0]
    up, down = (np.maximum(law[:, k : k + size].sum(axis=1), 1e-15) for k in (0, size))
    return np.asarray(np.log(up / down) / 2)


@cache
def _memory_nodes(tau: float) -> tuple[Array, tuple[Array, Array]]:
    """Return Chebyshev nodes in e and, for s = +1 and -1, the interpolation to the moved e."""
    k = np.arange(NODES)
    nodes = np.cos((2 * k + 1) * np.pi / (2 * NODES))
    weights = (-1.0) ** k * np.sin((2 * k + 1) * np.pi / (2 * NODES))

    def interpolation(target: Array) -> Array:
        gap = target[:, None] - nodes
        exact = np.abs(gap) < 1e-14
        terms = weights / np.where(exact, 1.0, gap)
        rows: Array = terms / terms.sum(axis=1, keepdims=True)
        return np.where(exact.any(axis=1, keepdims=True), exact.astype(float), rows)

    up, down = (interpolation(nodes + (s - nodes) / tau) for s in (1, -1))
    return nodes, (up, down)
