"""Distributions over all voting patterns of a small chamber, and the pairwise model of one.

All ``2^n`` voting patterns are numbered by bits, bit ``i`` set where member ``i`` votes -1. The
Walsh-Hadamard transform of a distribution over patterns then holds every moment at once, at the
number with the bits of its members set, and the transform of couplings and fields placed at the
same numbers is the exponent of the model. A Newton step costs ``n 2^n`` additions.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from sociophysics.errors import InputError
from sociophysics.inference.estimators.objective import FIELD_SHARE

__all__ = ["FittedDistribution", "fit_distribution", "pattern_numbers", "transform"]

Array = NDArray[np.float64]

LONGEST_STEP = 2.0  # of one parameter in one Newton step
DIVERGED = 10.0  # odds of exp(20), which finite data give only on the boundary


class FittedDistribution(NamedTuple):
    """Parameters placed at their numbers (2^n,), and the chance of each pattern (2^n,)."""

    parameters: Array
    distribution: Array


def transform(values: Array) -> Array:
    """Return the Walsh-Hadamard transform ``sum_k values[k] (-1)^popcount(k & l)``.

    Examples
    --------
    >>> transform(np.array([0.5, 0.0, 0.0, 0.5]))  # total, two means, and <s0 s1>
    array([1., 0., 0., 1.])
    """
    done = np.array(values, dtype=float)
    half = 1
    while half < done.size:
        pairs = done.reshape(-1, 2, half)
        first, second = pairs[:, 0] + pairs[:, 1], pairs[:, 0] - pairs[:, 1]
        pairs[:, 0], pairs[:, 1] = first, second
        half *= 2
    return done


def pattern_numbers(votes: NDArray[np.generic]) -> NDArray[np.int64]:
    """Return the number of each voting pattern, shape (..., n): the bits of those who vote -1.

    Examples
    --------
    >>> pattern_numbers(np.array([[1, 1, 1], [-1, 1, -1]]))
    array([0, 5])
    """
    bits = (np.asarray(votes) < 0).astype(np.int64)
    numbers: NDArray[np.int64] = bits @ (1 << np.arange(bits.shape[-1], dtype=np.int64))
    return numbers


def fit_distribution(
    observed: Array,
    *,
    fields: bool,
    l2: float = 0.0,
    possible: NDArray[np.bool_] | None = None,
    start: Array | None = None,
    tol: float = 1e-10,
) -> FittedDistribution:
    """Return the pairwise model with the moments of a distribution over voting patterns.

    Parameters
    ----------
    observed : array, shape (2^n,)
        Chance of each pattern.
    fields : bool
        Match the means too.
    possible : bool array, shape (2^n,), optional
        Patterns that can occur; all if left out.
    start : array, shape (2^n,), optional
        Parameters to start from.

    Raises
    ------
    InputError
        The maximum lies at infinity.
    """
    n = observed.size.bit_length() - 1
    numbers, weight = _places(n, fields)
    ridge = l2 * weight
    target = transform(observed)[numbers]
    parameters = np.zeros(observed.size) if start is None else start.copy()
    meeting = numbers[:, None] ^ numbers[None, :]
    value, model = _likelihood(parameters, numbers, target, ridge, possible)
    for _ in range(500):
        moments = transform(model)
        gradient = target - moments[numbers] - 2 * ridge * parameters[numbers]
        if np.abs(gradient).max() < tol:
            return FittedDistribution(parameters, model)
        curvature = moments[meeting] - np.outer(moments[numbers], moments[numbers])
        curvature[np.diag_indices(len(numbers))] += 2 * ridge + 1e-12
        step = np.linalg.solve(curvature, gradient)
        step *= min(1.0, LONGEST_STEP / np.abs(step).max())
        parameters, model, value = _climb(parameters, step, value, numbers, target, ridge, possible)
        if np.abs(parameters).max() > DIVERGED:
            break
    raise InputError(
        "the votes have no finite maximum-likelihood fit (some members never disagree, or a "
        "combination of votes never occurs); give a penalty such as l2=0.001."
    )


def _climb(
    parameters: Array,
    step: Array,
    value: float,
    numbers: NDArray[np.int64],
    target: Array,
    ridge: Array,
    possible: NDArray[np.bool_] | None,
) -> tuple[Array, Array, float]:
    """Halve the Newton step until the likelihood does not fall by more than rounding."""
    for _ in range(40):
        moved = parameters.copy()
        moved[numbers] += step
        new, model = _likelihood(moved, numbers, target, ridge, possible)
        if new >= value - 1e-13 * (1 + abs(value)):
            break
        step = step / 2
    return moved, model, new


def _likelihood(
    parameters: Array,
    numbers: NDArray[np.int64],
    target: Array,
    ridge: Array,
    possible: NDArray[np.bool_] | None,
) -> tuple[float, Array]:
    exponent = transform(parameters)
    top = float(exponent.max())
    model = np.exp(exponent - top)
    if possible is not None:
        model *= possible
    total = float(model.sum())
    theta = parameters[numbers]
    value = float(target @ theta) - top - np.log(total) - float(ridge @ theta**2)
    return value, model / total


def _places(n: int, fields: bool) -> tuple[NDArray[np.int64], Array]:
    """Return the numbers of the pairs, then of the members, and their shares of the penalty."""
    first, second = np.triu_indices(n, 1)
    pairs = (1 << first) | (1 << second)
    singles = 1 << np.arange(n if fields else 0)
    weight = np.concatenate([np.ones(len(pairs)), np.full(len(singles), FIELD_SHARE)])
    return np.concatenate([pairs, singles]).astype(np.int64), weight
