r"""Local fields as integers: the scale, the couplings and the thresholds of the heat-bath draw.

A word ``v`` holds a user's local field and stance: ``v = field << 1 | (stance == +1)``, with
``field = round(f * scale)`` and ``scale`` a power of two. Integers add without error, so a field
kept up to date flip by flip equals the field computed anew, after any number of flips.

The draw flips ``s_i`` iff ``u < 1/(1 + exp(2 s_i f_i/T))``, that is iff

.. math:: s_i f_i < L(u), \qquad L(u) = \tfrac{T}{2} \ln\frac{1-u}{u} .

The upper 12 bits of ``u`` select one of 4096 bins; ``never[bin]`` and ``surely[bin]`` bound ``L``
over the bin, and only fields between the two need the logarithm.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import scipy.sparse as sparse
from numba import njit
from numpy.typing import NDArray

from sociophysics.errors import InputError

__all__ = ["BINS", "Couplings", "Thresholds", "encode_couplings", "encode_state", "thresholds"]

Array = NDArray[Any]
BINS = 4096
BITS = {np.dtype(np.int32): 29, np.dtype(np.int64): 59}
RELATIVE_ERROR = 2.0**-14  # of any user's field by rounding couplings; else the wider words
FAR = {np.dtype(np.int32): 2**40, np.dtype(np.int64): 2**62}  # beyond every field of that width


class Couplings(NamedTuple):
    """Couplings in fixed point, by columns: whom a flip of user ``j`` changes, and by how much."""

    indptr: NDArray[np.int64]  # (n + 1,)
    rows: NDArray[Any]  # (2 nnz,): listener, coupling * scale, alternating
    scale: float


class Thresholds(NamedTuple):
    """Bounds of ``L(u) * scale`` over the bins of ``u``, and its unit ``scale * T / 2``."""

    surely: NDArray[np.int64]  # (BINS,): an aligned field at or below flips
    never: NDArray[np.int64]  # (BINS,): an aligned field at or above does not
    unit: float


def encode_couplings(J: sparse.csr_array, bound: float) -> Couplings:
    """Return the couplings in fixed point, in 32 bits where these carry them, else in 64.

    Parameters
    ----------
    J : csr_array, shape (n, n)
    bound : float
        The largest external and feed field, in units of ``J``, that will be added.

    Raises
    ------
    InputError
        Couplings that span too many orders of magnitude for 64 bits.
    """
    total = np.abs(J).sum(axis=1) if J.nnz else np.zeros(J.shape[0])
    columns = J.T.tocsr()
    columns.sort_indices()
    indptr = columns.indptr.astype(np.int64)
    for width in (np.dtype(np.int32), np.dtype(np.int64)):
        scale = _scale(float(total.max(initial=0.0)) + bound, BITS[width])
        if _rounding(J, total, scale) <= RELATIVE_ERROR:
            break
    else:
        raise InputError(
            f"the couplings run from {np.abs(J.data[J.data != 0]).min():.3g} to "
            f"{np.abs(J.data).max():.3g}, too many orders of magnitude for 64-bit fields: rescale "
            "or drop the smallest."
        )
    rows = np.empty(2 * columns.nnz, dtype=width)
    rows[0::2] = columns.indices
    rows[1::2] = np.rint(columns.data * scale).astype(width)
    return Couplings(indptr, rows, scale)


def _scale(largest: float, bits: int) -> float:
    return float(2.0 ** np.floor(np.log2(2.0**bits / largest))) if largest > 0 else 1.0


def _rounding(J: sparse.csr_array, total: NDArray[np.float64], scale: float) -> float:
    """Return the largest relative error of a user's field by rounding couplings to the scale."""
    if J.nnz == 0:
        return 0.0
    error = np.abs(np.rint(J.data * scale) / scale - J.data)
    cumulative = np.concatenate([[0.0], np.cumsum(error)])
    by_user = cumulative[J.indptr[1:]] - cumulative[J.indptr[:-1]]
    listens = total > 0
    return float((by_user[listens] / total[listens]).max(initial=0.0))


def thresholds(temperature: float, couplings: Couplings) -> Thresholds:
    """Return the bounds of the heat-bath draw at one temperature (0 and infinity included)."""
    unit = couplings.scale * temperature / 2.0
    far = FAR[couplings.rows.dtype]
    if temperature == 0.0:
        return Thresholds(np.full(BINS, -1), np.full(BINS, 1), 0.0)
    if np.isinf(unit):
        half = np.where(np.arange(BINS) < BINS // 2, far, -far)
        return Thresholds(half, half, np.inf)
    lower = np.clip(np.floor(unit * LOGIT[1:]) - 1, -far, far).astype(np.int64)
    upper = np.clip(np.ceil(unit * LOGIT[:-1]) + 1, -far, far).astype(np.int64)
    return Thresholds(lower, upper, unit)


def _logit() -> NDArray[np.float64]:
    u = np.arange(BINS + 1) / BINS
    with np.errstate(divide="ignore"):
        return np.asarray(np.log1p(-u) - np.log(u))


LOGIT = _logit()


def encode_state(
    spins: NDArray[np.int8], field: NDArray[np.float64], couplings: Couplings
) -> NDArray[Any]:
    """Return the words of replicas with these stances, shape (replicas, n).

    Parameters
    ----------
    spins : int8 array, shape (replicas, n)
    field : array, shape (n,) or (replicas, n)
        External field and feed field together, rounded once.
    couplings : Couplings
    """
    fixed = np.rint(np.broadcast_to(field, spins.shape) * couplings.scale)
    state = fixed.astype(couplings.rows.dtype)
    accumulate(state, spins, couplings.indptr, couplings.rows)
    return np.asarray(state * 2 + (spins > 0))


@njit(cache=True, nogil=True)
def accumulate(state: Array, spins: Array, indptr: Array, rows: Array) -> None:
    """Add ``sum_j J_ij s_j`` in fixed point to ``state``, in place."""
    for r in range(spins.shape[0]):
        for j in range(spins.shape[1]):
            for p in range(indptr[j], indptr[j + 1]):
                state[r, rows[2 * p]] += rows[2 * p + 1] * spins[r, j]


@njit(cache=True, nogil=True)
def read_spins(state: Array, spins: Array) -> None:
    """Write the stances of ``state`` into the int8 array ``spins``, both (replicas, n)."""
    for r in range(state.shape[0]):
        for i in range(state.shape[1]):
            spins[r, i] = 2 * (state[r, i] & 1) - 1


@njit(cache=True, nogil=True)
def change_field(state: Array, applied: Array, field: Array, feed: Array, scale: float) -> None:
    """Replace the external part ``applied`` of every stored field by ``field + feed``.

    ``field`` is (n,), ``feed`` (replicas, n) or (0, 0) for none; ``applied`` (replicas, n) holds
    the external part in fixed point and is brought up to date.
    """
    with_feed = feed.shape[0] > 0
    for r in range(state.shape[0]):
        for i in range(state.shape[1]):
            value = field[i] + feed[r, i] if with_feed else field[i]
            new = np.int64(np.rint(value * scale))
            state[r, i] += 2 * (new - applied[r, i])
            applied[r, i] = new
