"""Who is shown by the feeds of the others: the array kernel of what a feed showed."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from sociophysics.engine.compilation import njit
from sociophysics.engine.ranking import group_sums

__all__ = ["attention"]

Array = NDArray[Any]


@njit(cache=True, nogil=True)
def attention(
    spins: Array,
    shown: Array,
    indptr: Array,
    indices: Array,
    weights: Array,
    groups: Array,
    sizes: Array,
    group_weights: Array,
    own: int,
    reached: Array,
    camps: Array,
    signed: bool,
    received: Array,
    agree: Array,
    outside: Array,
    inside: Array,
) -> None:
    """Write the share of everybody's feed that shows user j into ``received`` (replicas, n).

    ``agree``, ``outside`` and ``inside`` (replicas, n) get the share of user i's posts that agree
    with i, that come from another camp and that come from i's own. Within a stance, posts are shown
    in proportion to pool weight.
    ``signed`` pools respond by sign and do not rank: their posts are shown by absolute weight.
    """
    replicas, n = spins.shape
    local = indptr.shape[0] > 1
    count = sizes.shape[0]
    sums = np.empty(count, np.int64)
    viewed = np.zeros((count, 2))  # per group of viewers and stance of post
    for r in range(replicas):
        viewed[:] = 0.0
        if count > 0:
            group_sums(spins[r], groups, sums)
        for i in range(n):
            agree[r, i] = np.nan
            outside[r, i] = np.nan
            inside[r, i] = np.nan
            if not reached[i]:
                continue
            total = np.zeros(2)  # pool weight of each stance: down, up
            others = np.zeros(2)  # the same, of other camps
            mine = np.zeros(2)  # and of the own camp
            g = groups[i] if count > 0 else 0
            stance = spins[r, i]
            if local:
                for p in range(indptr[i], indptr[i + 1]):
                    j = indices[p]
                    o = (spins[r, j] + 1) // 2
                    total[o] += abs(weights[p])
                    if camps[j] >= 0 and camps[j] != camps[i]:
                        others[o] += abs(weights[p])
                    elif camps[j] >= 0:
                        mine[o] += abs(weights[p])
            for c in range(count):
                if group_weights[g, c] != 0.0:
                    leave = own if c == g else 0
                    mean = (sums[c] - leave * stance) / (sizes[c] - leave)
                    for o in range(2):
                        weight = abs(group_weights[g, c]) * 0.5 * (1.0 + (2 * o - 1) * mean)
                        total[o] += weight
                        # the group without a camp is the last one and is nobody's other camp
                        if c != g and c < count - 1:
                            others[o] += weight
                        elif c == g and c < count - 1:
                            mine[o] += weight
            everything = total[0] + total[1]
            up = total[1] / everything if signed else 0.5 * (1.0 + shown[r, i])
            agree[r, i] = up if stance > 0 else 1.0 - up
            factor = np.zeros(2)
            if total[0] > 0.0:
                factor[0] = (1.0 - up) / total[0]
            if total[1] > 0.0:
                factor[1] = up / total[1]
            if camps[i] >= 0:
                outside[r, i] = factor[0] * others[0] + factor[1] * others[1]
                inside[r, i] = factor[0] * mine[0] + factor[1] * mine[1]
            if local:
                for p in range(indptr[i], indptr[i + 1]):
                    o = (spins[r, indices[p]] + 1) // 2
                    received[r, indices[p]] += factor[o] * abs(weights[p])
            if count > 0:
                viewed[g, 0] += factor[0]
                viewed[g, 1] += factor[1]
                if group_weights[g, g] != 0.0 and own == 1:
                    o = (stance + 1) // 2
                    received[r, i] -= factor[o] * abs(group_weights[g, g]) / (sizes[g] - 1)
        if count > 0:
            for j in range(n):
                o = (spins[r, j] + 1) // 2
                c = groups[j]
                for g in range(count):
                    if group_weights[g, c] != 0.0:
                        leave = own if c == g else 0
                        received[r, j] += (
                            viewed[g, o] * abs(group_weights[g, c]) / (sizes[c] - leave)
                        )
