"""Where a distribution changes along a parameter, judged without knowing what changes.

The values that replicas take on the two sides of a point are compared as distributions: total
variation. Distributions are read at a finite resolution (each value counts as
a Gaussian of that width), because in a large society every distribution is sharp and any two
neighbouring points would otherwise differ completely. Two nulls: values shuffled over the whole
range (nothing changes), and an even drift (the same change, spread over the whole range).
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from sociophysics.statistics.distances import total_variation
from sociophysics.statistics.histograms import Grouped
from sociophysics.streams import generator

__all__ = [
    "ALPHA",
    "RESOLUTION",
    "Detection",
    "densities",
    "detect",
    "peak",
    "side_distances",
]

Floats = NDArray[np.float64]
RESOLUTION = 0.1  # of order parameters, which lie between 0 and 1
BINS = 96
MATERIAL = 0.1  # a smaller distance is nobody's tipping point, however well it is measured
NULL_DRAWS = 499
ALPHA = 0.01


class Detection(NamedTuple):
    """The two points of a grid between which distributions change most, and what nulls say."""

    left: int
    right: int
    excess: float
    p_null: float
    p_inside: float
    inside: bool
    concentrated: bool


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


def detect(values: Floats, x: Floats, *, seed: int) -> Detection:
    """Return where the distribution of ``x`` changes most along a grid, and whether it does.

    ``p_null`` is the share of shuffles, of all values over the whole range, in which some point
    parts the range into two sides as different (total variation of everything left and everything
    right of it) as in the data; a distance below a tenth counts as none.

    The place is where two points at one or two steps from each other differ most in excess of an
    even drift. It is ``inside`` unless it lies in the first or the last interval. The change is
    ``concentrated`` if it beats an even drift (residuals shuffled between the sides), or if the
    means change at both ends of the range at less than half the rate. ``p_inside`` is the chance
    that an even drift beats all changes that do not touch an end.

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
    apart = null - base
    p_drift = _p_value(float(excess[best]), apart.max(axis=1))
    free = (pairs[:, 0] > 0) & (pairs[:, 1] < values.size - 1)
    left, right = pairs[best].tolist()
    near = distance[: values.size - 1]
    at_start = left == 0 and bool(right == 1 or near[0] >= near[1])
    at_end = right == values.size - 1 and bool(right - left == 1 or near[-1] >= near[-2])
    return Detection(
        left,
        right,
        float(excess[best]),
        _shuffled(x, seed=seed),
        _p_value(float(excess[free].max()), apart[:, free].max(axis=1)),
        not (at_start or at_end),
        p_drift < ALPHA or _plateaus(values, x.mean(axis=1), left, right),
    )


def _p_value(found: float, null: Floats) -> float:
    strongest = np.maximum(null, MATERIAL)
    return (1 + int((strongest >= found).sum())) / (1 + strongest.size)


def _plateaus(values: Floats, means: Floats, left: int, right: int) -> bool:
    """Return whether the means change at both ends at less than half the rate in the middle.

    An end is a quarter of the range: a single step is mostly noise.
    """
    k = max(1, (values.size - 1) // 4)
    ends = [
        abs(means[j] - means[i]) / (values[j] - values[i])
        for i, j in ((0, k), (values.size - 1 - k, values.size - 1))
    ]
    middle = abs(means[right] - means[left]) / (values[right] - values[left])
    return bool(max(ends) < middle / 2)


def _shuffled(x: Floats, *, seed: int) -> float:
    """Return the p-value of the largest distance between all that is left and right of a point."""
    points, replicas = x.shape
    density = densities(x).reshape(points * replicas, -1)
    samples = Grouped(density, np.full(points, replicas, dtype=np.int64))
    null = _widest(samples.shuffled(NULL_DRAWS, generator(seed, "null")))
    return _p_value(float(_widest(samples.histograms())), null)


def _widest(histograms: Floats) -> Floats:
    """Return the largest distance between the two sides of any point of the range.

    Parameters
    ----------
    histograms : array, shape (..., points, bins)
    """
    points = histograms.shape[-2]
    sums = histograms.cumsum(axis=-2)
    count = np.arange(1, points)[:, np.newaxis]
    last = sums[..., -1:, :]
    left, right = sums[..., :-1, :] / count, (last - sums[..., :-1, :]) / (points - count)
    result: Floats = total_variation(left, right).max(axis=-1)
    return result


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
