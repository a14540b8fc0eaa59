"""The least weight of ties that meets every negative cycle of a signed network, with its proof.

The linear program has one variable per tie and one row ``sum_cycle x >= 1`` per negative cycle; the
rows are found as needed. Branch and bound closes what is left of the gap. Where the linear program
is too large, cycles that share no weight, and eigenvalues, bound from below.
"""

from __future__ import annotations

import time
from typing import Any, NamedTuple

import numpy as np
import scipy.sparse as sparse
from numpy.typing import NDArray
from scipy.optimize import Bounds, LinearConstraint, linprog, milp

from sociophysics.observables.negative_cycles import Cycle, Signed, packed_cycles, violated
from sociophysics.observables.relaxation import relaxation_bound

__all__ = ["Cover", "least_cover"]

TOLERANCE = 1e-6  # of HiGHS, in units of the weights handed to it
# Length added to each tie, so that cycles of few ties come first: while it is large, a search
# ends a few steps from its start, and short cycles make the strong rows.
STEPS = (0.3, 0.22, 0.1, 1e-6)
LARGE = 3000  # ties from which the bounds that always end come before the linear program
HOPELESS = 20_000  # ties from which a wide gap is left as it is
WIDE = 0.1  # of the upper bound


class Cover(NamedTuple):
    """A set of ties that meets every negative cycle, and a bound below the least weight of one."""

    unsatisfied: NDArray[np.bool_]
    lower_bound: float
    proven: bool


class _Weights(NamedTuple):
    """Weights in a unit in which differences are whole numbers (``whole``) or the largest is 1."""

    values: NDArray[np.float64]
    unit: float
    whole: bool

    def bound(self, objective: float) -> float:
        """Return the least attainable weight that is not below ``objective``."""
        return float(np.ceil(objective - TOLERANCE)) if self.whole else objective

    def safe(self, objective: float) -> float:
        """Return ``bound`` of a sum in floating point, less what its rounding may be."""
        rounding = 1e-13 * self.values.size * float(self.values.max(initial=0.0))
        return max(0.0, self.bound(objective - rounding))

    def closed(self, lower: float, upper: float) -> bool:
        """Return whether nothing attainable lies between the bounds."""
        return lower >= upper - (0 if self.whole else TOLERANCE)


def least_cover(piece: Signed, guess: NDArray[np.bool_], deadline: float) -> Cover:
    """Return the lightest ties that meet every negative cycle, or bounds when time is up.

    Parameters
    ----------
    piece : Signed
    guess : bool array, shape (m,)
        The unsatisfied ties of some configuration.
    deadline : float
        In the time of ``time.monotonic()``.

    Examples
    --------
    >>> ends = (np.array([0, 1, 0]), np.array([1, 2, 2]))
    >>> triangle = Signed(3, *ends, np.array([1.0, 1.0, -1.0]))
    >>> least_cover(triangle, triangle.coupling < 0, time.monotonic() + 1).lower_bound
    1.0
    """
    weights = _scaled(np.abs(piece.coupling))
    best, upper = guess, float(weights.values[guess].sum())
    lower = 0.0
    large = guess.size > LARGE
    if large:
        lower = _always(piece, guess, weights, deadline)
    cycles: dict[Cycle, None] = {}
    reduced = _Relaxed(0.0, np.zeros(guess.size))
    hopeless = guess.size > HOPELESS and upper - lower > WIDE * upper
    if not weights.closed(lower, upper) and not hopeless:
        found_lower, reduced = _cutting_planes(piece, guess, weights, upper, cycles, deadline)
        lower = max(lower, found_lower)
    if not weights.closed(lower, upper) and not large:
        lower = max(lower, _always(piece, guess, weights, deadline))
    if not weights.closed(lower, upper) and not hopeless:
        room = upper - (1 if weights.whole else 0) - reduced.objective
        fixed = reduced.costs > room + 10 * TOLERANCE
        found, bound = _branch_and_bound(piece, guess, weights, upper, (cycles, fixed), deadline)
        lower = max(lower, weights.bound(min(bound, upper)))
        if found is not None and weights.values[found].sum() < upper:
            best, upper = found, float(weights.values[found].sum())
    proven = weights.closed(lower, upper)
    return Cover(best, min(lower, upper) * weights.unit, proven)


def _always(piece: Signed, guess: NDArray[np.bool_], weights: _Weights, deadline: float) -> float:
    """Return the best of the bounds that need no linear program."""
    now = time.monotonic()
    packed = packed_cycles(piece, guess, weights.values, now + 0.15 * (deadline - now))
    lower = weights.safe(packed)
    upper = float(weights.values[guess].sum())
    if weights.closed(lower, upper):
        return lower
    largest = float(weights.values.max())
    both = (
        np.concatenate([piece.source, piece.target]),
        np.concatenate([piece.target, piece.source]),
    )
    J = sparse.csr_array(
        (np.tile(np.sign(piece.coupling) * weights.values / largest, 2), both),
        shape=(piece.n, piece.n),
    )
    rng = np.random.Generator(np.random.PCG64(2))
    now = time.monotonic()
    relaxed = relaxation_bound(J, rng, now + 0.5 * max(0.0, deadline - now))
    return max(lower, weights.safe(relaxed * largest))


class _Relaxed(NamedTuple):
    objective: float
    costs: NDArray[np.float64]


def _cutting_planes(
    piece: Signed,
    guess: NDArray[np.bool_],
    weights: _Weights,
    upper: float,
    cycles: dict[Cycle, None],
    deadline: float,
) -> tuple[float, _Relaxed]:
    """Fill ``cycles`` until none is violated; return the bound and the last linear program."""
    x = np.zeros(guess.size)
    lower, relaxed = 0.0, _Relaxed(0.0, np.zeros(guess.size))
    rng = np.random.Generator(np.random.PCG64(0))
    steps = list(STEPS)
    while steps and not weights.closed(lower, upper):
        fresh = violated(piece, guess, (x, steps[0]), rng, deadline)
        added = [cycle for cycle in fresh if cycle not in cycles]
        left = deadline - time.monotonic()
        if not added and left > 0:
            steps.pop(0)
            continue
        cycles.update(dict.fromkeys(added))
        if left <= 0:
            break
        solved: Any = linprog(
            weights.values,
            A_ub=-_rows(list(cycles), guess.size),
            b_ub=-np.ones(len(cycles)),
            bounds=(0, 1),
            method="highs",
            options={"time_limit": left},
        )
        if solved.status != 0:
            break
        x = solved.x
        lower = max(lower, weights.bound(solved.fun))
        relaxed = _Relaxed(float(solved.fun), np.asarray(solved.lower.marginals))
    return lower, relaxed


def _branch_and_bound(
    piece: Signed,
    guess: NDArray[np.bool_],
    weights: _Weights,
    upper: float,
    known: tuple[dict[Cycle, None], NDArray[np.bool_]],
    deadline: float,
) -> tuple[NDArray[np.bool_] | None, float]:
    """Return the best ties found below ``upper``, or None, and a bound below all of them.

    Users carry a 0-1 variable each: whether they leave the guessed configuration. ``known`` are
    the cycles found so far and the ties that reduced costs prove to be 0 in any better cover.
    """
    cycles, fixed = known
    left = deadline - time.monotonic()
    if left <= 0:
        return None, 0.0
    n, m = piece.n, guess.size
    cost = np.concatenate([np.zeros(n), weights.values])
    links, low = _links(piece, guess)
    rows = sparse.hstack([sparse.csr_array((len(cycles), n)), _rows(list(cycles), m)])
    better = upper - 1 if weights.whole else upper
    constraints = [
        LinearConstraint(links, low, np.inf),
        LinearConstraint(rows, 1.0, np.inf),
        LinearConstraint(sparse.csr_array(cost[np.newaxis]), 0.0, better + TOLERANCE),
    ]
    top = np.concatenate([np.ones(n), np.where(fixed, 0.0, 1.0)])
    top[int(np.argmax(np.bincount(np.concatenate([piece.source, piece.target]))))] = 0.0
    solved: Any = milp(
        cost,
        constraints=constraints,
        bounds=Bounds(0.0, top),
        integrality=np.ones(n + m),
        options={"time_limit": left, "mip_rel_gap": 0.0},
    )
    if solved.status == 2:  # nothing is better than the guess
        return None, upper
    bound = solved.mip_dual_bound
    if solved.x is None:
        return None, 0.0 if bound is None else float(bound)
    moved = np.round(solved.x[:n]).astype(bool)
    found: NDArray[np.bool_] = guess ^ moved[piece.source] ^ moved[piece.target]
    return found, float(bound)


def _links(
    piece: Signed, negative: NDArray[np.bool_]
) -> tuple[sparse.csr_array, NDArray[np.float64]]:
    """Return the rows that tie users' variables u, v to a tie's x, and their lower limits.

    Friendly: ``x >= u - v`` and ``x >= v - u``. Antagonistic: ``x >= 1 - u - v`` and
    ``x >= u + v - 1``.
    """
    n, m = piece.n, negative.size
    tie, one = np.arange(m), np.ones(m)
    sign = np.where(negative, 1.0, -1.0)
    values = np.concatenate([one, sign, one, one, -sign, -one])
    rows = np.concatenate([tie, tie, tie, m + tie, m + tie, m + tie])
    columns = np.concatenate([n + tie, piece.source, piece.target] * 2)
    low = np.concatenate([negative.astype(float), -negative.astype(float)])
    return sparse.csr_array((values, (rows, columns)), shape=(2 * m, n + m)), low


def _rows(cycles: list[Cycle], ties: int) -> sparse.csr_array:
    lengths = np.fromiter((len(cycle) for cycle in cycles), np.int64, count=len(cycles))
    start = np.concatenate([[0], np.cumsum(lengths)])
    member = np.fromiter((tie for cycle in cycles for tie in cycle), np.int64, count=start[-1])
    return sparse.csr_array((np.ones(member.size), member, start), shape=(len(cycles), ties))


def _scaled(weight: NDArray[np.float64]) -> _Weights:
    least, largest = float(weight.min()), float(weight.max())
    if largest < 1e6 * least:
        multiple = weight / least
        if np.all(np.abs(multiple - np.round(multiple)) < 1e-9):
            return _Weights(np.round(multiple), least, True)
    return _Weights(weight / largest, largest, False)
