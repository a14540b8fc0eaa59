"""Mutual information of counted pairs, in bits."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

__all__ = ["entropy", "mutual_information"]


def entropy(weights: ArrayLike) -> NDArray[np.float64]:
    """Return the Shannon entropy of weights over the last axis, in bits; they need not sum to 1.

    Parameters
    ----------
    weights : array, shape (..., states)

    Examples
    --------
    >>> entropy([1.0, 1.0]), entropy([3.0, 0.0])
    (np.float64(1.0), np.float64(0.0))
    """
    w = np.asarray(weights, dtype=np.float64)
    with np.errstate(divide="ignore", invalid="ignore"):
        p = w / w.sum(axis=-1, keepdims=True)
        terms = np.where(p > 0, p * np.log2(p), 0.0)
    result: NDArray[np.float64] = 0.0 - terms.sum(axis=-1)
    return result


def mutual_information(counts: ArrayLike) -> NDArray[np.float64]:
    """Return ``I(x; y) = H(x) + H(y) - H(x, y)`` of a table of counts or probabilities, in bits.

    Parameters
    ----------
    counts : array, shape (..., x, y)

    Examples
    --------
    >>> mutual_information([[5, 0], [0, 5]])
    np.float64(1.0)
    """
    table = np.asarray(counts, dtype=np.float64)
    both = entropy(table.reshape(*table.shape[:-2], -1))
    result: NDArray[np.float64] = entropy(table.sum(axis=-1)) + entropy(table.sum(axis=-2)) - both
    return result
