r"""Intervals by inverting a test: which parameters would make a simulated course like the observed.

Numbers N(t) of talking users are simulated where they are plausible, one course at each place
``theta`` of logarithms of parameters. A cubic surface through ``g = 2 sqrt(N + 3/8)`` tells the
expected course, its residuals the covariance C of courses: noise, and who happens to be active.
Counts are ``scale`` times N and Poisson, so that their roots r(t) have the mean a(theta, scale) and
about the covariance ``V = 1 + scale C``. With

.. math:: Q = (r - a)^T V^{-1} (r - a), \qquad
    L_k(c) = \min_{\theta:\, \theta_k = c} Q - \min_\theta Q,

the interval of ``theta_k`` holds all c with ``L_k(c)`` below what 95 % of fresh courses, simulated
at plausible places, reach at their own true parameter (test inversion [1]_, [2]_): what the surface
and V miss is in that bar. Bars of the two sides come from the courses on either side.

References
----------
.. [1] E. Bolviken and E. Skovlund, Biometrika 83, 717 (1996).
.. [2] S. N. Wood, Nature 466, 1102 (2010).
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.special import chdtri

__all__ = ["Inverted", "inverted", "root"]

Array = NDArray[np.float64]
SHIFT = 3.0 / 8.0  # Anscombe: 2 sqrt(count + 3/8) has variance 1 for Poisson counts
ROUNDS, EXPLORED, CALIBRATED, TRIED = 3, 200, 300, 4000
FIRST, GROWTH, FARTHEST = 1.2, 0.25, 3.0  # half-widths of the box of logarithms: to a factor of 20
OUTER = 1.2  # of the box simulated: farther, surfaces are extrapolated
WIDE = 3.0  # times the bar of chi-squared: how far from the best place surfaces are fitted
FEWEST = 40  # courses on a side that calibrate its bar
GRID, STEPS = 41, 15
UNLIKELY = 0.05  # scatter as large as this by chance is taken to be chance


class Inverted(NamedTuple):
    """Logarithms: the best place, and ends of intervals, NaN where none was found; shape (p,)."""

    estimate: Array
    low: Array
    high: Array


class Surface(NamedTuple):
    """Expected root course over a box of places, and the covariance of courses around it."""

    center: Array
    width: Array
    coefficients: Array
    covariance: Array
    white: Array

    def gap(self, theta: Array, roots: Array) -> Array:
        """Return ``V^{-1/2} (r - a)``, shape (places, steps)."""
        u = (theta[:, :-1] - self.center) / self.width
        root_talking = _terms(np.clip(u, -OUTER, OUTER)) @ self.coefficients
        talking = np.maximum(np.maximum(root_talking, 0) ** 2 / 4 - SHIFT, 0)
        return np.asarray((roots - root(np.exp(theta[:, -1:]) * talking)) @ self.white.T)

    def weighted(self, scale: float) -> Surface:
        """Return the surface with the weights of counts on this scale."""
        spread = np.eye(len(self.covariance)) + scale * self.covariance
        return self._replace(white=np.linalg.inv(np.linalg.cholesky(spread)))

    def least(self, start: Array, roots: Array, held: Sequence[int] = ()) -> tuple[Array, Array]:
        """Return min Q over what is not held, and where, by damped Gauss and Newton steps."""
        theta, free = start.copy(), [k for k in range(start.shape[1]) if k not in held]
        reach = np.append(OUTER * self.width, 25.0)
        middle = np.append(self.center, 0.0)
        damping = np.full(len(theta), 1e-2)
        value = self.gap(theta, roots)
        for _ in range(STEPS):
            slope = np.empty((*value.shape, len(free)))
            for column, k in enumerate(free):
                ahead = theta.copy()
                ahead[:, k] += 1e-4
                slope[:, :, column] = (self.gap(ahead, roots) - value) / 1e-4
            square = np.einsum("gpa,gpb->gab", slope, slope)
            ridge = damping[:, np.newaxis] * np.einsum("gaa->ga", square) + 1e-9
            square += ridge[:, :, np.newaxis] * np.eye(len(free))
            step = np.linalg.solve(square, np.einsum("gpa,gp->ga", slope, value)[..., np.newaxis])
            tried = theta.copy()
            tried[:, free] -= np.clip(step[..., 0], -2, 2)
            tried[:, free] = np.clip(tried, middle - reach, middle + reach)[:, free]
            there = self.gap(tried, roots)
            better = (there**2).sum(axis=1) < (value**2).sum(axis=1)
            theta[better], value[better] = tried[better], there[better]
            damping = np.where(better, damping / 4, damping * 8)
        return np.asarray((value**2).sum(axis=1)), theta


def root(counts: Array) -> Array:
    """Return ``2 sqrt(count + 3/8)``."""
    return np.asarray(2 * np.sqrt(counts + SHIFT))


def _terms(u: Array) -> Array:
    """Return all products of at most three coordinates."""
    columns = [np.ones(len(u))]
    for degree in (1, 2, 3):
        for chosen in itertools.combinations_with_replacement(range(u.shape[1]), degree):
            columns.append(np.prod(u[:, chosen], axis=1))
    return np.column_stack(columns)


def surface(places: Array, talking: Array) -> Surface:
    """Return the surface through numbers of talking users, shape (places, steps).

    Examples
    --------
    >>> places = np.linspace(-1, 1, 50)[:, np.newaxis]
    >>> found = surface(places, 10 + places @ np.ones((1, 3)))
    >>> found.gap(np.zeros((1, 2)), root(np.full(3, 10.0))).round(3) + 0
    array([[0., 0., 0.]])
    """
    low, high = places.min(axis=0), places.max(axis=0)
    center, width = (low + high) / 2, np.maximum((high - low) / 2, 1e-9)
    terms = _terms((places - center) / width)
    coefficients = np.asarray(np.linalg.lstsq(terms, root(talking), rcond=None)[0], np.float64)
    rest = root(talking) - terms @ coefficients
    covariance: Array = rest.T @ rest / max(len(rest) - terms.shape[1], 1)
    return Surface(center, width, coefficients, covariance, np.eye(talking.shape[1]))


def inverted(
    simulate: Callable[[Array], Array],
    counts: Array,
    start: Array,
    *,
    rng: np.random.Generator,
    most: Array,
    confidence: float = 0.95,
) -> Inverted:
    """Return the best place and the interval of each parameter, the scale the last.

    Parameters
    ----------
    simulate : callable
        From logarithms of the parameters but the scale, shape (places, p - 1), to the numbers of
        talking users of one course at each, shape (places, steps).
    counts : array, shape (steps,)
    start : array, shape (p,)
        Where to look, logarithms; nothing is found farther than a factor of twenty from there.
    rng : numpy.random.Generator
    most : array, shape (p - 1,)
        Upper limits of logarithms.
    confidence : float

    Examples
    --------
    Counts of 10, 20 and 40 where twice, four and eight times a parameter would talk:

    >>> rng = np.random.default_rng(1)
    >>> talk = lambda x: np.round(np.exp(x) * [2.0, 4.0, 8.0]) + 0 * x
    >>> counts, guess = np.array([10.0, 20, 40]), np.array([1.6, 0])
    >>> found = inverted(talk, counts, guess, rng=rng, most=np.ones(1))
    >>> found.estimate.shape
    (2,)
    """
    roots, p = root(counts), start.size
    nothing = np.full(p, np.nan)
    found, place, least = _explored(simulate, roots, start, rng, most)
    near = _plausible(found, roots, place, least + float(chdtri(p, 1 - confidence)), rng, most)
    near = near[:CALIBRATED]
    if len(near) < 2 * FEWEST:
        return Inverted(place, nothing, nothing)
    fresh = root(rng.poisson(np.exp(near[:, -1:]) * simulate(near[:, :-1])).astype(np.float64))
    own, _ = found.least(near, fresh)
    # Scatter around the fit that is larger than that of simulated courses raises all bars.
    excess = least / own.mean() if least > np.quantile(own, 1 - UNLIKELY) else 1.0
    ends = np.full((p, 2), np.nan)
    for k in range(p):
        beyond = found.least(near, fresh, held=[k])[0] - own
        for side, chosen in enumerate((near[:, k] <= place[k], near[:, k] > place[k])):
            if chosen.sum() >= FEWEST:
                bar = excess * _quantile(beyond[chosen], confidence)
                ends[k, side] = _end(found, roots, place, k, 2 * side - 1, least + bar)
    return Inverted(place, ends[:, 0], ends[:, 1])


def _explored(
    simulate: Callable[[Array], Array],
    roots: Array,
    start: Array,
    rng: np.random.Generator,
    most: Array,
) -> tuple[Surface, Array, float]:
    """Return the surface where courses are plausible, the best place and its Q."""
    low, high = start[:-1] - FIRST, np.minimum(start[:-1] + FIRST, most)
    tried = rng.uniform(low, high, size=(EXPLORED, low.size))
    places, talking = tried, simulate(tried)
    place, bar = start, WIDE * float(chdtri(start.size, UNLIKELY))
    for turn in range(ROUNDS):
        found = surface(places, talking)
        for _ in range(2):
            found = found.weighted(math.exp(place[-1]))
            least, at = found.least(place[np.newaxis], roots)
            place = at[0]
        if turn == ROUNDS - 1:
            break
        # Next where the surface says that courses are plausible, a little beyond it too.
        reach = GROWTH * found.width
        low = np.maximum(places.min(axis=0) - reach, start[:-1] - FARTHEST)
        high = np.minimum(places.max(axis=0) + reach, np.minimum(start[:-1] + FARTHEST, most))
        near = _plausible(found, roots, place, float(least[0]) + bar, rng, most, (low, high))
        if not len(near):
            break
        known = np.column_stack([places, np.full(len(places), place[-1])])
        keep = found.least(known, roots, held=range(low.size))[0] < least[0] + bar
        tried = near[:EXPLORED, :-1]
        places = np.vstack([places[keep], tried])
        talking = np.vstack([talking[keep], simulate(tried)])
    return found, place, float(least[0])


def _plausible(
    found: Surface,
    roots: Array,
    place: Array,
    bar: float,
    rng: np.random.Generator,
    most: Array,
    box: tuple[Array, Array] | None = None,
) -> Array:
    """Return random places of a box, with their best scales, whose Q is below a bar."""
    low, high = box or (found.center - found.width, found.center + found.width)
    tried = rng.uniform(low, np.minimum(high, most), size=(TRIED, low.size))
    tried = np.column_stack([tried, np.full(TRIED, place[-1])])
    height, at = found.least(tried, roots, held=range(low.size))
    return at[height < bar]


def _quantile(values: Array, confidence: float) -> float:
    """Return what the next value stays below with this probability, by the order of the others."""
    rank = min(math.ceil((values.size + 1) * confidence), values.size)
    return max(float(np.sort(values)[rank - 1]), 0.0)


def _end(found: Surface, roots: Array, place: Array, k: int, sign: int, bar: float) -> float:
    """Return where the profile along a parameter passes the bar, NaN if not where one looked."""
    reach = 3.0
    if k < found.center.size:
        reach = found.width[k] + sign * (found.center[k] - place[k])  # no end is extrapolated
    grid = place[k] + sign * np.linspace(0, max(reach, 1e-3), GRID)
    start = np.tile(place, (GRID, 1))
    for _ in range(2):
        start[:, k] = grid
        height, at = found.least(start, np.tile(roots, (GRID, 1)), held=[k])
        start = np.vstack([at[:1], at[:-1]])  # each from its neighbour's place, once more
    height = np.minimum.accumulate(height[::-1])[::-1]
    above = np.flatnonzero(height > bar)
    if not above.size or above[0] == 0:
        return math.nan
    last = int(above[0]) - 1
    share = (bar - height[last]) / (height[last + 1] - height[last])
    return float(grid[last] + share * (grid[last + 1] - grid[last]))
