r"""Explored draws from simulations: summaries are emulated, and the emulated likelihood sampled.

The synthetic likelihood [1]_ of the observed summaries ``s`` is a normal one,

.. math:: -2 \ln L(\theta) = (s - \mu(\theta))' \Sigma^{-1} (s - \mu(\theta)),

with ``mu`` a polynomial fitted to simulations around the posterior and ``Sigma`` the scatter
about it. A first round covers the prior; each later one simulates where the last left mass, until
the posterior lies well inside the region that was simulated. Draws come by adaptive importance
sampling [2]_ of the emulated posterior, which costs nothing: there is no chain to converge.

.. [1] S. N. Wood, Nature 466, 1102 (2010).
.. [2] O. Cappe, A. Guillin, J.-M. Marin, C. P. Robert, J. Comput. Graph. Stat. 13, 907 (2004).
"""

from __future__ import annotations

import itertools
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.stats import chi2

from sociophysics.inference.calibration.parameters_free import Priors

__all__ = ["Emulator", "Explored", "explored", "fitted"]

Floats = NDArray[np.float64]
Simulate = Callable[[Floats, int], Floats]  # points, number of the first -> summaries
DRAWS = 4000
PROPOSALS = 20_000
ROUNDS = 5  # at most, after the first
NEAREST = 0.15  # share of the first round that the second goes by
WIDER = 1.3  # how far beyond 99.9 % of the last posterior a round simulates
EDGE = 0.02  # share of draws at the region's edge that asks for another round
REDUNDANT = 1e-6
RISE = 3.84  # of the distance, within which a profile keeps 95 %


@dataclass(frozen=True, eq=False)
class Region:
    """An ellipsoid in smooth coordinates: what was simulated, and where the emulator holds."""

    center: Floats
    root: Floats  # Cholesky factor of its matrix; the boundary is at distance 1

    def distance(self, moved: Floats) -> Floats:
        """Return how far points are from the center, 1 on the boundary."""
        away = np.linalg.solve(self.root, (moved - self.center).T)
        return np.asarray(np.sqrt((away**2).sum(axis=0)))

    @classmethod
    def around(cls, moved: Floats, wider: float) -> Region:
        """Return the region that holds 99.9 % of a normal cloud, and some more."""
        size = moved.shape[1]
        spread = np.cov(moved, rowvar=False).reshape(size, size)
        spread = spread + 1e-10 * np.diag(np.diag(spread) + 1e-300)
        factor = wider**2 * chi2.ppf(0.999, size)
        return cls(moved.mean(axis=0), np.linalg.cholesky(spread * factor))


@dataclass(frozen=True, eq=False)
class Emulator:
    """Summaries as polynomials of the parameters, and their scatter."""

    priors: Priors
    region: Region | None
    center: Floats
    scale: Floats
    degree: int
    weights: Floats
    whiten: Floats  # (summaries, kept): makes the scatter a unit matrix
    precision: Floats  # inverse of the normal equations: how sure the polynomial is

    def mean(self, moved: Floats) -> Floats:
        """Return the expected summaries at smooth coordinates, shape (points, summaries)."""
        return np.asarray(self._features(moved) @ self.weights)

    def _features(self, moved: Floats) -> Floats:
        return _polynomial((moved - self.center) / self.scale, self.degree)

    def distance(self, moved: Floats, observed: Floats) -> Floats:
        """Return ``-2 ln L`` up to a constant, shape (points,)."""
        x = self._features(moved)
        away = (observed - x @ self.weights) @ self.whiten
        # What the polynomial does not know is scatter as well.
        doubt = 1 + np.einsum("ij,jk,ik->i", x, self.precision, x)
        size = self.whiten.shape[1]
        return np.asarray((away**2).sum(axis=1) / doubt + size * np.log(doubt))

    def jacobian(self, moved: Floats) -> Floats:
        """Return how whitened summaries answer to each smooth coordinate, (kept, parameters)."""
        size = moved.size
        step = 1e-3 * self.scale
        ends = np.array([moved + sign * step * np.eye(size)[k] for k in range(size)
                         for sign in (1, -1)])  # fmt: skip
        mean = self.mean(ends).reshape(size, 2, -1)
        return np.asarray(((mean[:, 0] - mean[:, 1]) / (2 * step[:, None]) @ self.whiten).T)


@dataclass(frozen=True, eq=False)
class Explored:
    """Draws of the parameters, (draws, parameters), and the emulator they come from.

    ``misfit`` is the smallest ``-2 ln L`` within the box, ``freedom`` how many summaries there are
    beyond parameters: if they were simulated, the one would be chi-squared with the other.
    """

    draws: Floats
    emulator: Emulator
    best: Floats  # (parameters,): the least distance, which no prior has pulled
    profile: Floats  # (2, parameters): where it rises by 3.84 at most
    misfit: float
    freedom: int
    effective: float
    simulations: int


def _polynomial(x: Floats, degree: int) -> Floats:
    columns = [np.ones(len(x))]
    for power in range(1, degree + 1):
        for which in itertools.combinations_with_replacement(range(x.shape[1]), power):
            columns.append(np.prod(x[:, which], axis=1))
    return np.column_stack(columns)


def fitted(priors: Priors, theta: Floats, summaries: Floats, region: Region | None) -> Emulator:
    """Return the emulator of some simulations.

    Parameters
    ----------
    priors : Priors
    theta : array, shape (simulations, parameters)
    summaries : array, shape (simulations, summaries)
    region : Region or None
        Where it will be used; None: anywhere.
    """
    moved = priors.smooth(theta)
    center, scale = moved.mean(axis=0), moved.std(axis=0) + 1e-300
    for degree in (3, 2, 1):
        x = _polynomial((moved - center) / scale, degree)
        if x.shape[1] * 4 < len(x):
            break
    weights: Floats = np.asarray(np.linalg.lstsq(x, summaries, rcond=None)[0], np.float64)
    rest = summaries - x @ weights
    scatter = rest.T @ rest / max(len(x) - x.shape[1], 1)
    size = np.sqrt(np.maximum(np.diag(scatter), 1e-300))
    values, vectors = np.linalg.eigh(scatter / np.outer(size, size))
    kept = values > REDUNDANT * values[-1]
    whiten = (vectors[:, kept] / np.sqrt(values[kept])) / size[:, None]
    precision = np.asarray(np.linalg.pinv(x.T @ x), np.float64)
    return Emulator(priors, region, center, scale, degree, weights, whiten, precision)


def explored(
    priors: Priors,
    simulate: Simulate,
    observed: Floats,
    *,
    each: int = 400,
    seed: int = 0,
) -> Explored:
    """Return the posterior of the parameters.

    Parameters
    ----------
    priors : Priors
    simulate : function of points (simulations, parameters) and the number of the first
        Returns summaries, shape (simulations, summaries).
    observed : array, shape (summaries,)
    each : int
        Simulations of a round.
    seed : int
    """
    rng = np.random.default_rng([seed, 14])
    theta = priors.box(each, rng)
    found = simulate(theta, 0)
    first = fitted(priors, theta, found, None)
    order = np.argsort(first.distance(priors.smooth(theta), observed))
    nearest = order[: max(int(NEAREST * each), 4 * len(priors.names))]
    region = Region.around(priors.smooth(theta[nearest]), 1.0)
    for _ in range(ROUNDS):
        new = _within(priors, region, each, rng)
        found = np.concatenate([found, simulate(new, len(theta))])
        theta = np.concatenate([theta, new])
        inside = region.distance(priors.smooth(theta)) <= 1
        emulator = fitted(priors, theta[inside], found[inside], region)
        moved, close, effective = _sampled(emulator, observed, rng)
        last, region = region, Region.around(moved, WIDER)
        at_edge = float((last.distance(moved) > 0.9).mean())
        shrunk = np.prod(np.diag(region.root)) < 0.3 * np.prod(np.diag(last.root))
        if at_edge < EDGE and not shrunk:
            break
    distance = emulator.distance(close, observed)
    near = priors.rough(close[distance < distance.min() + RISE])
    return Explored(
        draws=priors.rough(moved),
        emulator=emulator,
        best=priors.rough(close[[distance.argmin()]])[0],
        profile=np.array([near.min(axis=0), near.max(axis=0)]),
        misfit=float(distance.min()),
        freedom=emulator.whiten.shape[1] - len(priors.names),
        effective=effective,
        simulations=len(theta),
    )


def _within(priors: Priors, region: Region, count: int, rng: np.random.Generator) -> Floats:
    """Return points spread evenly over a region, within the box."""
    size = region.center.size
    kept: list[Floats] = []
    for _ in range(200):
        way = rng.normal(size=(4 * count, size))
        way *= (rng.random(4 * count) ** (1 / size) / np.linalg.norm(way, axis=1))[:, None]
        theta = priors.rough(region.center + way @ region.root.T)
        kept.append(theta[priors.inside(theta)])
        if sum(map(len, kept)) >= count:
            break
    points = np.concatenate(kept)[:count]
    return points if len(points) == count else np.concatenate(
        [points, priors.box(count - len(points), rng)]
    )  # fmt: skip


def _sampled(
    emulator: Emulator, observed: Floats, rng: np.random.Generator
) -> tuple[Floats, Floats, float]:
    """Return draws in smooth coordinates, all proposals, and what the draws are worth."""
    region = emulator.region
    assert region is not None
    size = region.center.size
    center, root = region.center, region.root / np.sqrt(chi2.ppf(0.999, size))
    for _ in range(5):
        moved, log_weight = _proposed(emulator, observed, rng, center, root)
        weight = np.exp(log_weight - log_weight.max())
        weight /= weight.sum()
        center = weight @ moved
        away = (moved - center) * np.sqrt(weight)[:, None]
        spread = away.T @ away
        root = np.linalg.cholesky(1.2 * spread + 1e-12 * np.diag(np.diag(spread) + 1e-300))
    moved, log_weight = _proposed(emulator, observed, rng, center, root)
    weight = np.exp(log_weight - log_weight.max())
    weight /= weight.sum()
    chosen = rng.choice(len(moved), DRAWS, p=weight)
    return moved[chosen], moved, float(1 / (weight**2).sum())


def _proposed(
    emulator: Emulator, observed: Floats, rng: np.random.Generator, center: Floats, root: Floats
) -> tuple[Floats, Floats]:
    """Return proposals of a t distribution, and the log of their weights."""
    priors, region = emulator.priors, emulator.region
    assert region is not None
    size, freedom = center.size, 5
    normal = rng.normal(size=(PROPOSALS, size))
    z = normal / np.sqrt(rng.chisquare(freedom, PROPOSALS) / freedom)[:, None]
    moved = center + z @ root.T
    theta = priors.rough(moved)
    possible = priors.inside(np.nan_to_num(theta, nan=np.inf)) & (region.distance(moved) <= 1)
    moved, theta, z = moved[possible], theta[possible], z[possible]
    density = -(freedom + size) / 2 * np.log1p((z**2).sum(axis=1) / freedom)
    log_weight = -emulator.distance(moved, observed) / 2 + priors.weight(theta) - density
    return moved, log_weight
