"""Where a distribution changes along a parameter, judged without knowing what changes.

The values that replicas take on the two sides of a point are compared as distributions: total
variation or Jensen-Shannon. Distributions are read at a finite resolution (each value counts as
a Gaussian of that width), because in a large society every distribution is sharp and any two
neighbouring points would otherwise differ completely. The null is an even drift: the same total
change spread over the whole range, with the replicas' residuals shuffled between the sides.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from sociophysics.streams import generator

__all__ = [
    "RESOLUTION",
    "Detection",
    "densities",
    "detect",
    "jensen_shannon",
    "parabola",
    "peak",
    "side_distances",
    "total_variation",
]

Floats = NDArray[np.float64]
RESOLUTION = 0.1  # of order parameters, which lie between 0 and 1
BINS = 96
MATERIAL = 0.1  # a change of fewer than a tenth of the replicas is nobody's tipping point
NULL_DRAWS = 499


class Detection(NamedTuple):
    """The point of a grid where distributions change most, and how likely an even drift does so."""

    left: int
    right: int
    excess: float
    p_null: float


def densities(x: Floats, *, resolution: float = RESOLUTION) -> Floats:
    """Return each value as a distribution on a common grid, shape (..., bins), sums 1.

    Parameters
    ----------
    x : array, shape (...)
        Values of replicas.
    resolution : float
        Standard deviation of the Gaussian that each value becomes.

    Examples
    --------
    >>> densities(np.array([[0.0], [1.0]])).shape
    (2, 1, 96)
    """
    grid = np.linspace(x.min() - 3 * resolution, x.max() + 3 * resolution, BINS)
    weight = np.exp(-(((x[..., np.newaxis] - grid) / resolution) ** 2) / 2)
    result: Floats = weight / weight.sum(axis=-1, keepdims=True)
    return result


def total_variation(p: Floats, q: Floats) -> Floats:
    """Return ``sum |p - q| / 2`` over the last axis: 0 for equal distributions, 1 for disjoint.

    Examples
    --------
    >>> total_variation(np.array([0.5, 0.5, 0.0]), np.array([0.5, 0.0, 0.5]))
    np.float64(0.5)
    """
    result: Floats = np.abs(p - q).sum(axis=-1) / 2
    return result


def jensen_shannon(p: Floats, q: Floats) -> Floats:
    """Return the Jensen-Shannon divergence in bits: 0 for equal, 1 for disjoint distributions.

    References
    ----------
    J. Lin, IEEE Trans. Inf. Theory 37, 145 (1991).

    Examples
    --------
    >>> jensen_shannon(np.array([1.0, 0.0]), np.array([0.0, 1.0]))
    np.float64(1.0)
    """
    middle = (p + q) / 2
    result: Floats = _entropy(middle) - (_entropy(p) + _entropy(q)) / 2
    return result


def side_distances(density: Floats) -> Floats:
    """Return the total variation between the neighbours of each inner point; (values - 2,).

    Parameters
    ----------
    density : array, shape (values, bins)
    """
    return total_variation(density[:-2], density[2:])


def peak(at: Floats, height: Floats) -> float:
    """Return the center of the highest peak: the centroid of what exceeds half of it.

    Only points that hang together with the highest one count.

    Examples
    --------
    >>> peak(np.array([1.0, 2.0, 3.0, 4.0]), np.array([0.0, 1.0, 1.0, 0.0]))
    2.5
    """
    top = int(np.argmax(height))
    above = height > height[top] / 2
    first = last = top
    while first > 0 and above[first - 1]:
        first -= 1
    while last < height.size - 1 and above[last + 1]:
        last += 1
    weight = height[first : last + 1] - height[top] / 2
    if not weight.sum() > 0:
        return float(at[top])
    return float((weight * at[first : last + 1]).sum() / weight.sum())


def parabola(at: Floats, height: Floats) -> float:
    """Return the top of the parabola through the highest point and its two neighbours.

    Examples
    --------
    >>> parabola(np.array([0.0, 1.0, 3.0]), np.array([-1.0, 0.0, -4.0]))
    1.0
    """
    top = int(np.argmax(height))
    if not 0 < top < height.size - 1:
        return float(at[top])
    curvature, slope, _ = np.polyfit(at[top - 1 : top + 2] - at[top], height[top - 1 : top + 2], 2)
    if not curvature < 0:
        return float(at[top])
    middle = at[top] - slope / (2 * curvature)
    return float(np.clip(middle, at[top - 1], at[top + 1]))


def detect(values: Floats, x: Floats, *, seed: int) -> Detection:
    """Return where the distribution of ``x`` changes more than an even drift would make it.

    Every two values next to each other, and next but one, are compared by total variation. The
    statistic is the largest distance in excess of what the even drift gives on average there; the
    p-value is the share of shuffled drifts whose largest excess reaches it, so that it holds for
    all points at once. An excess below a tenth counts as none.

    Parameters
    ----------
    values : array, shape (values,), ascending
    x : array, shape (values, replicas)
    seed : int
        Of the shuffles.

    References
    ----------
    J. Arnold, F. Schaefer, Phys. Rev. X 12, 031044 (2022), for the comparison of two sides.
    """
    pairs = candidate_pairs(values.size)
    density = densities(x).mean(axis=1)
    distance = total_variation(density[pairs[:, 0]], density[pairs[:, 1]])
    null = _drifts(values, x, pairs, seed=seed)
    base = null.mean(axis=0)
    excess = distance - base
    best = int(np.argmax(excess))
    strongest = np.maximum((null - base).max(axis=1), MATERIAL)
    p = (1 + int((strongest >= excess[best]).sum())) / (1 + strongest.size)
    left, right = pairs[best].tolist()
    return Detection(left, right, float(excess[best]), float(p))


def candidate_pairs(count: int) -> NDArray[np.int64]:
    """Return the pairs of points at one or two steps from each other, shape (pairs, 2).

    Examples
    --------
    >>> candidate_pairs(3).tolist()
    [[0, 1], [1, 2], [0, 2]]
    """
    k = np.arange(count)
    near, far = np.stack([k[:-1], k[1:]], axis=1), np.stack([k[:-2], k[2:]], axis=1)
    return np.concatenate([near, far])


def _drifts(values: Floats, x: Floats, pairs: NDArray[np.int64], *, seed: int) -> Floats:
    """Return the distances of shuffled even drifts, shape (draws, pairs)."""
    rng = generator(seed, "null")
    replicas = x.shape[1]
    means = x.mean(axis=1)
    rate = float(np.ptp(means)) / float(values[-1] - values[0])
    residuals = x - means[:, np.newaxis]
    distances = np.empty((NULL_DRAWS, len(pairs)))
    for k, (i, j) in enumerate(pairs.tolist()):
        both = np.concatenate([residuals[i], residuals[j]])
        shuffled = rng.permuted(np.tile(both, (NULL_DRAWS, 1)), axis=1)
        shuffled[:, replicas:] += rate * float(values[j] - values[i])
        density = densities(shuffled)
        distances[:, k] = total_variation(
            density[:, :replicas].mean(axis=1), density[:, replicas:].mean(axis=1)
        )
    return distances


def _entropy(p: Floats) -> Floats:
    with np.errstate(divide="ignore", invalid="ignore"):
        terms = np.where(p > 0, p * np.log2(p), 0.0)
    result: Floats = -terms.sum(axis=-1)
    return result
