"""Two copies of a society under the same noise, and who in the second was changed by whom.

The copies share sites and draws, and a draw sets the stance: ``+1`` iff
``u < 1/(1 + exp(-2 f/T))``. Each copy alone follows the heat bath; together, with couplings >= 0,
a copy that starts above the other stays above it, so that every difference is caused by what was
done to it and heals where the fields agree.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sociophysics.engine.compilation import njit
from sociophysics.engine.counter import increment, mix, uniform

__all__ = ["author_of", "sweep_pairs"]

Array = NDArray[Any]
U64 = np.uint64
OTHER = U64(0xD1B54A32D192ED03)
NEVER = -2  # not reached; -1 is a seed, or somebody changed by no one in particular


@njit(inline="always")
def rises(field: float, temperature: float, u: float) -> Any:
    """Return whether the heat bath sets a user in this field to +1."""
    if temperature > 0.0:
        return u * (1.0 + math.exp(-2.0 * field / temperature)) < 1.0
    return field > 0.0 or (field == 0.0 and u < 0.5)


@njit(cache=True, nogil=True)
def friends_pull(
    i: int,
    level: float,
    direction: int,
    base: Array,
    moved: Array,
    indptr: Array,
    indices: Array,
    data: Array,
) -> Any:
    """Return the friend whose pull on user ``i`` takes the sum above ``level``, and that sum.

    A pull is what a friend who differs adds to the difference of local fields in ``direction``;
    without such a friend -1 and the sum of all.
    """
    total = 0.0
    for p in range(indptr[i], indptr[i + 1]):
        j = indices[p]
        total += max(data[p] * (np.int64(moved[j]) - base[j]) * direction, 0.0)
        if total > level:
            return np.int64(j), total
    return np.int64(-1), total


@njit(cache=True, nogil=True)
def author_of(
    i: int,
    u: float,
    indptr: Array,
    indices: Array,
    weights: Array,
    groups: Array,
    group_weights: Array,
    changed: Array,
    ends: Array,
    direction: int,
    difference: Array,
) -> Any:
    """Return whose post moved the feed of user ``i``; -1 if nobody's did.

    Drawn with the weight of the author in the pool of ``i``, among users whose stance at the last
    refresh differs in ``direction``. ``changed`` lists those who differ, group by group, group g up
    to ``ends[g]``.
    """
    total = 0.0
    if indptr.shape[0] > 1:
        for p in range(indptr[i], indptr[i + 1]):
            total += max(weights[p] * difference[indices[p]] * direction, 0.0)
        rest = u * total
        for p in range(indptr[i], indptr[i + 1]):
            rest -= max(weights[p] * difference[indices[p]] * direction, 0.0)
            if total > 0.0 and rest < 0.0:
                return indices[p]
        return -1
    if groups.shape[0] == 0:
        return -1
    row = group_weights[groups[i]]
    for attempt in range(2):
        rest = u * total
        for g in range(ends.shape[0]):
            start = ends[g - 1] if g > 0 else 0
            for q in range(start, ends[g]):
                j = changed[q]
                share = max(row[g] * difference[j] * direction, 0.0)
                if j == i or share == 0.0:
                    continue
                if attempt == 0:
                    total += share
                else:
                    rest -= share
                    if rest < 0.0:
                        return j
    return -1


@njit(cache=True, nogil=True)
def sweep_pairs(
    base: Array,
    moved: Array,
    base_field: Array,
    moved_field: Array,
    J_indptr: Array,
    J_indices: Array,
    J_data: Array,
    temperature: float,
    held: Array,
    key: Array,
    sweep: int,
    parent: Array,
    generation: Array,
    when: Array,
    by_feed: Array,
    indptr: Array,
    indices: Array,
    weights: Array,
    groups: Array,
    group_weights: Array,
) -> None:
    """Do one random-sequential sweep of both copies of one replica, and attribute new differences.

    ``base`` and ``moved`` int8 (n,); ``base_field`` and ``moved_field`` (n,) hold the external and
    feed fields; ``held`` marks users of the second copy who never change there. The first time a
    user differs, one cause is drawn with probability proportional to what it adds to the difference
    of local fields in that direction: a neighbour who differs, or the feed and then one author.
    ``parent`` (NEVER where not reached), ``generation``, ``when`` and ``by_feed`` record it.
    """
    n = U64(base.shape[0])
    step = increment(key[1])
    counter = key[0] + U64(sweep) * n * U64(2) * step
    difference = np.empty(base.shape[0], np.int64)
    for k in range(base.shape[0]):
        difference[k] = np.int64(moved[k]) - np.int64(base[k])
    changed, ends = group_changes(difference, groups, group_weights.shape[0])
    for _ in range(n):
        counter += step
        i: Any = np.int64(((mix(counter) >> U64(32)) * n) >> U64(32))
        counter += step
        u = uniform(mix(counter))
        below, above = base_field[i], moved_field[i]
        for p in range(J_indptr[i], J_indptr[i + 1]):
            below += J_data[p] * base[J_indices[p]]
            above += J_data[p] * moved[J_indices[p]]
        base[i] = 1 if rises(below, temperature, u) else -1
        if not held[i]:
            moved[i] = 1 if rises(above, temperature, u) else -1
        if moved[i] == base[i] or parent[i] != NEVER:
            continue
        direction = 1 if moved[i] > base[i] else -1
        feed = max((moved_field[i] - base_field[i]) * direction, 0.0)
        ties = friends_pull(i, np.inf, direction, base, moved, J_indptr, J_indices, J_data)[1]
        draw = mix(counter ^ OTHER)
        rest = uniform(draw) * (feed + ties) - feed
        cause: Any = np.int64(-1)
        if rest < 0.0:
            by_feed[i] = 1
            cause = author_of(
                i,
                uniform(mix(draw)),
                indptr,
                indices,
                weights,
                groups,
                group_weights,
                changed,
                ends,
                direction,
                difference,
            )
        else:
            cause = friends_pull(i, rest, direction, base, moved, J_indptr, J_indices, J_data)[0]
        parent[i] = cause
        generation[i] = generation[cause] + 1 if cause >= 0 else 1
        when[i] = sweep + 1


@njit(cache=True, nogil=True)
def group_changes(difference: Array, groups: Array, count: int) -> Any:
    """Return who differs, sorted by group, and where each group ends."""
    ends = np.zeros(count, np.int64)
    changed = np.empty(difference.shape[0] if groups.shape[0] > 0 else 0, np.int64)
    if groups.shape[0] == 0:
        return changed, ends
    for i in range(difference.shape[0]):
        if difference[i] != 0:
            ends[groups[i]] += 1
    for g in range(1, count):
        ends[g] += ends[g - 1]
    place = np.zeros(count, np.int64)
    for g in range(1, count):
        place[g] = ends[g - 1]
    for i in range(difference.shape[0]):
        if difference[i] != 0:
            changed[place[groups[i]]] = i
            place[groups[i]] += 1
    return changed, ends
