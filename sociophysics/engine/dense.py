"""Heat-bath sweeps of dense systems: many replicas, moves of whole blocs, replica exchange.

Fitted chambers couple every member to every other, strongly and with real numbers. Here every
replica has its own temperature and its local fields are kept in floating point; callers compute
them anew between calls, so rounding does not pile up. All kernels change their arrays in place.

``spins`` int8 (replicas, n), ``fields`` float64 (replicas, n) the local fields ``J s + h``,
``J`` float64 (n, n) symmetric, ``beta`` float64 (replicas,) inverse temperatures (infinity is
allowed), ``keys`` uint64 (replicas, 2), ``counters`` uint64 (replicas,) draws used so far.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sociophysics.engine.compilation import njit
from sociophysics.engine.counter import increment, mix, uniform

__all__ = ["exchange", "flip_blocs", "quench", "sweep_dense"]

Array = NDArray[Any]
U64 = np.uint64


@njit(inline="always")
def accepted(cost: float, beta: float, u: float) -> Any:
    """Return whether the heat bath takes the one of two states that costs ``cost`` more energy."""
    if cost == 0.0:  # infinite beta times zero has no value
        return u < 0.5
    return u * (1.0 + math.exp(beta * cost)) < 1.0


@njit(inline="always")
def flip(spins: Array, fields: Array, J: Array, r: int, i: Any) -> None:
    """Flip member ``i`` of replica ``r`` and add the change to all local fields."""
    change = -2.0 * spins[r, i]
    spins[r, i] = -spins[r, i]
    for j in range(J.shape[0]):
        fields[r, j] += change * J[i, j]


@njit(cache=True, nogil=True)
def sweep_dense(
    spins: Array, fields: Array, J: Array, beta: Array, keys: Array, counters: Array, sweeps: int
) -> None:
    """Do ``sweeps`` random-sequential heat-bath sweeps of every replica; a draw sets a stance."""
    n = U64(spins.shape[1])
    for r in range(spins.shape[0]):
        step = increment(keys[r, 1])
        word = keys[r, 0] + counters[r] * step
        for _ in range(U64(sweeps) * n):
            i = ((mix(word + step) >> U64(32)) * n) >> U64(32)
            word += U64(2) * step
            up = accepted(-2.0 * fields[r, i], beta[r], uniform(mix(word)))
            if up != (spins[r, i] > 0):
                flip(spins, fields, J, r, i)
        counters[r] += U64(2) * U64(sweeps) * n


@njit(cache=True, nogil=True)
def flip_blocs(
    spins: Array,
    fields: Array,
    J: Array,
    h: Array,
    beta: Array,
    keys: Array,
    counters: Array,
    members: Array,
    starts: Array,
) -> None:
    """Offer every replica the flip of each whole bloc in turn, by the heat bath.

    Bloc ``b`` is ``members[starts[b]:starts[b + 1]]``, all different; ``h`` float64 (n,) the
    members' own fields. Turning a party round as one is a move that single flips reach only over a
    high barrier.
    """
    n = spins.shape[1]
    pull = np.empty(n)  # of the bloc, on everyone
    for r in range(spins.shape[0]):
        step = increment(keys[r, 1])
        for b in range(starts.shape[0] - 1):
            bloc = members[starts[b] : starts[b + 1]]
            if bloc.shape[0] == n:  # everyone
                for j in range(n):
                    pull[j] = fields[r, j] - h[j]
            else:
                pull[:] = 0.0
                # whole rows, which is vectorized, in place of the bloc's own columns
                for i in bloc:
                    stance = np.float64(spins[r, i])
                    for j in range(n):
                        pull[j] += stance * J[i, j]
            cost = 0.0
            for i in bloc:
                cost += 2.0 * spins[r, i] * (fields[r, i] - pull[i])
            counters[r] += U64(1)
            u = uniform(mix(keys[r, 0] + counters[r] * step))
            if accepted(cost, beta[r], u):
                for i in bloc:
                    spins[r, i] = -spins[r, i]
                for j in range(n):
                    fields[r, j] -= 2.0 * pull[j]


@njit(cache=True, nogil=True)
def exchange(
    spins: Array,
    fields: Array,
    h: Array,
    beta: Array,
    keys: Array,
    counters: Array,
    order: Array,
    odd: int,
    swaps: Array,
) -> None:
    """Offer neighbouring temperatures of each ladder to exchange their replicas.

    ``order`` int64 (ladders, temperatures) holds the replica at each rung; an exchange swaps two
    entries and the replicas' ``beta``. ``odd`` 0 or 1 chooses which pairs; ``swaps``
    (temperatures - 1,) counts those made. The first replica of the ladder draws.
    """
    energy = np.empty(spins.shape[0])
    for r in range(spins.shape[0]):
        total = 0.0
        for i in range(spins.shape[1]):
            total -= 0.5 * spins[r, i] * (fields[r, i] + h[i])
        energy[r] = total
    rungs = order.shape[1]
    for ladder in range(order.shape[0]):
        own = ladder * rungs
        step = increment(keys[own, 1])
        for k in range(odd, rungs - 1, 2):
            a, b = order[ladder, k], order[ladder, k + 1]
            counters[own] += U64(1)
            u = uniform(mix(keys[own, 0] + counters[own] * step))
            if u < math.exp(min(0.0, (beta[a] - beta[b]) * (energy[a] - energy[b]))):
                order[ladder, k], order[ladder, k + 1] = b, a
                beta[a], beta[b] = beta[b], beta[a]
                swaps[k] += 1


@njit(cache=True, nogil=True)
def quench(spins: Array, fields: Array, J: Array, keys: Array, counters: Array) -> None:
    """Flip random members who gain by it until nobody does: every replica ends in a minimum."""
    n = U64(spins.shape[1])
    unstable = np.empty(spins.shape[1], np.int64)
    for r in range(spins.shape[0]):
        step = increment(keys[r, 1])
        while True:
            count = U64(0)
            for i in range(n):
                if spins[r, i] * fields[r, i] < -1e-12:
                    unstable[count] = i
                    count += U64(1)
            if count == U64(0):
                break
            counters[r] += U64(1)
            word = mix(keys[r, 0] + counters[r] * step)
            flip(spins, fields, J, r, unstable[((word >> U64(32)) * count) >> U64(32)])
