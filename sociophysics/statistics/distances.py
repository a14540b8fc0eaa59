"""How far two distributions are apart: total variation, Jensen-Shannon, linear dissimilarity."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

__all__ = [
    "DISTANCES",
    "jensen_shannon",
    "linear_dissimilarity",
    "parabola",
    "smooth_top",
    "total_variation",
]

Floats = NDArray[np.float64]


def total_variation(p: Floats, q: Floats) -> Floats:
    """Return ``sum |p - q| / 2`` over the last axis: 0 for equal distributions, 1 for disjoint.

    Parameters
    ----------
    p, q : array, shape (..., bins)

    Examples
    --------
    >>> total_variation(np.array([0.5, 0.5, 0.0]), np.array([0.5, 0.0, 0.5]))
    np.float64(0.5)
    """
    result: Floats = np.abs(p - q).sum(axis=-1) / 2
    return result


def jensen_shannon(p: Floats, q: Floats) -> Floats:
    """Return the Jensen-Shannon divergence in bits: 0 for equal, 1 for disjoint distributions.

    Parameters
    ----------
    p, q : array, shape (..., bins)

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


def linear_dissimilarity(p: Floats, q: Floats) -> Floats:
    """Return ``sum (p - q)^2 / (p + q) / 2``: how well the best guess tells the sides apart.

    With ``eta = p / (p + q)``, the chance that a value came from the first side, it is the mean of
    ``2 eta - 1`` there, and of ``1 - 2 eta`` on the other side.

    Parameters
    ----------
    p, q : array, shape (..., bins)

    References
    ----------
    J. Arnold et al., arXiv:2405.17088 (2024).

    Examples
    --------
    >>> linear_dissimilarity(np.array([0.5, 0.5, 0.0]), np.array([0.5, 0.0, 0.5]))
    np.float64(0.5)
    """
    total = p + q
    with np.errstate(divide="ignore", invalid="ignore"):
        terms = np.where(total > 0, (p - q) ** 2 / total, 0.0)
    result: Floats = terms.sum(axis=-1) / 2
    return result


DISTANCES = {
    "total_variation": total_variation,
    "jensen_shannon": jensen_shannon,
    "linear": linear_dissimilarity,
}


def parabola(at: Floats, height: Floats) -> float:
    """Return the top of the parabola through the highest point and its two neighbours.

    Parameters
    ----------
    at : array, shape (points,)
        Ascending.
    height : array, shape (points,)

    Examples
    --------
    >>> round(parabola(np.array([0.0, 1.0, 3.0]), np.array([-1.0, 0.0, -4.0])), 6)
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


def smooth_top(at: Floats, height: Floats) -> float:
    """Return the top of the least-squares parabola through all that hangs together with the top.

    Points count that are higher than four fifths of the highest one, or are its neighbours: of a
    broad peak the highest point alone is mostly noise.

    Parameters
    ----------
    at : array, shape (points,)
        Ascending.
    height : array, shape (points,)

    Examples
    --------
    >>> x = np.linspace(0.0, 4.0, 9)
    >>> round(smooth_top(x, 1 - (x - 1.8) ** 2 / 20), 6)
    1.8
    """
    top = int(np.argmax(height))
    first = last = top
    while first > 0 and height[first - 1] > 0.8 * height[top]:
        first -= 1
    while last < height.size - 1 and height[last + 1] > 0.8 * height[top]:
        last += 1
    first, last = min(first, max(top - 1, 0)), max(last, min(top + 1, height.size - 1))
    if last - first < 2 or first == top or last == top:
        return float(at[top])
    near = slice(first, last + 1)
    curvature, slope, _ = np.polyfit(at[near] - at[top], height[near], 2)
    if not curvature < 0:
        return float(at[top])
    return float(np.clip(at[top] - slope / (2 * curvature), at[first], at[last]))


def _entropy(p: Floats) -> Floats:
    with np.errstate(divide="ignore", invalid="ignore"):
        terms = np.where(p > 0, p * np.log2(p), 0.0)
    result: Floats = -terms.sum(axis=-1)
    return result
