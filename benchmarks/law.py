r"""What a sampler must sample on a few users, computed without any of the samplers.

Stances are followed as a vector of 2^n probabilities. One update of user ``i`` flips the stance
with probability ``1/(1 + exp(2 s_i f_i / T))`` (heat bath) or ``min(1, exp(-2 s_i f_i / T))``
(Metropolis), ``f_i = sum_j J_ij s_j + h_i``; the orders differ in who is updated when, and each has
a law of its own at a finite time. All share the equilibrium ``P(s) ~ exp(-E(s)/T)``.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import stats

Floats = NDArray[np.float64]
ALPHA = 1e-4  # chance that a right sampler fails one check
POOLED = 20.0  # expected counts of a chi-squared cell


@dataclass(frozen=True)
class Small:
    """A society of a few users: its ties in order, fields, temperature."""

    name: str
    ties: tuple[tuple[int, int, float], ...]
    h: Floats
    temperature: float

    @property
    def J(self) -> Floats:
        """Dense couplings, symmetric."""
        J: Floats = np.zeros((self.h.size, self.h.size))
        for i, j, tie in self.ties:
            J[i, j] = J[j, i] = tie
        return J

    def write(self, folder: Path) -> Path:
        """Write the graph as the workers read it, and return where."""
        source, target, weight = zip(*self.ties, strict=True)
        path = folder / f"{self.name}.npz"
        np.savez(path, n=self.h.size, source=source, target=target, weight=weight, field=self.h)
        return path

    @property
    def states(self) -> Floats:
        """All 2^n patterns; bit i of the number is user i's stance +1."""
        bits = np.arange(2 ** len(self.h))[:, None] >> np.arange(len(self.h)) & 1
        return np.asarray(2.0 * bits - 1, np.float64)

    @property
    def energies(self) -> Floats:
        """``-s'Js/2 - h's`` of every pattern."""
        s = self.states
        return np.asarray(-0.5 * np.einsum("ki,ij,kj->k", s, self.J, s) - s @ self.h)

    def equilibrium(self) -> Floats:
        """Return Boltzmann's probabilities."""
        weight = np.exp(-(self.energies - self.energies.min()) / self.temperature)
        return np.asarray(weight / weight.sum())

    def flip(self, rule: str) -> Floats:
        """Return the flip probability of every user in every pattern, (2^n, n)."""
        s = self.states
        barrier = 2 * s * (s @ self.J + self.h) / self.temperature
        if rule == "metropolis":
            return np.asarray(np.exp(-np.maximum(barrier, 0.0)))
        return np.asarray(1 / (1 + np.exp(barrier)))


def _ties(name: str, rng: np.random.Generator) -> list[tuple[int, int]]:
    if name == "torus":
        site = np.arange(9).reshape(3, 3)
        ends = [(site, np.roll(site, -1, axis=0)), (site, np.roll(site, -1, axis=1))]
        return [(int(a), int(b)) for i, j in ends for a, b in zip(i.flat, j.flat, strict=True)]
    ring = [(i, (i + 1) % 8) for i in range(8)]
    chords = [(i, j) for i in range(8) for j in range(i + 2, 8) if (i, j) != (0, 7)]
    return ring + [chords[k] for k in rng.choice(len(chords), 6, replace=False)]


def small(name: str) -> Small:
    """Return ``signs`` (8 users, +-1), ``weights`` (real, with fields) or ``torus`` (3 x 3)."""
    rng = np.random.default_rng(8)
    ties = _ties(name, rng)
    n = 9 if name == "torus" else 8
    draw = rng.normal if name == "weights" else lambda: rng.choice([-1.0, 1.0])
    h = 0.3 * rng.normal(size=n) if name == "weights" else np.zeros(n)
    return Small(name, tuple((i, j, float(draw())) for i, j in ties), h, 1.7)


def _update(p: Floats, user: int, flip: Floats) -> Floats:
    moved = p * flip[:, user]
    return np.asarray(p - moved + moved[np.arange(p.size) ^ (1 << user)])


def _sweep(p: Floats, order: str, flip: Floats, path: list[int]) -> Floats:
    """Return the probabilities after one sweep, n updates in this order."""
    n = flip.shape[1]
    if order == "random":
        for _ in range(n):
            p = np.mean([_update(p, user, flip) for user in range(n)], axis=0)
        return p
    if order == "sequential":
        for user in path:
            p = _update(p, user, flip)
        return p
    # A random permutation: the last of a set is any of its members, so sets build up on each other.
    after: list[Floats] = [p]
    for members in range(1, 2**n):
        last = [user for user in range(n) if members >> user & 1]
        after.append(np.mean([_update(after[members ^ 1 << u], u, flip) for u in last], axis=0))
    return after[-1]


def law_after(
    system: Small, *, order: str, rule: str, sweeps: int, path: list[int] | None = None
) -> Floats:
    """Return the probabilities of all patterns some sweeps after everybody was at +1."""
    flip = system.flip(rule)
    p = np.zeros(flip.shape[0])
    p[-1] = 1.0
    for _ in range(sweeps):
        p = _sweep(p, order, flip, path or list(range(flip.shape[1])))
    return p


def number(stances: NDArray[Any]) -> NDArray[np.int64]:
    """Return the numbers of patterns, (runs,)."""
    return np.asarray((stances > 0) @ (1 << np.arange(stances.shape[1])))


def chi_squared(stances: NDArray[Any], law: Floats) -> float:
    """Return the p-value of independent patterns (runs, n) under a law of 2^n probabilities."""
    counts = np.bincount(number(stances), minlength=law.size)
    if counts[law == 0].any():
        return 0.0
    order = np.argsort(law)
    label, cell, start = np.zeros(law.size, np.int64), 0, 0.0
    # Neighboring rare patterns are pooled until a cell is expected often enough.
    for k, total in enumerate(np.cumsum(law[order]) * len(stances)):
        label[k] = cell
        if total - start >= POOLED:
            cell, start = cell + 1, total
    label[label == cell] = max(cell - 1, 0)
    wanted = np.bincount(label, law[order] * len(stances))
    got = np.bincount(label, counts[order])
    if wanted.size < 2:
        return 1.0
    return float(stats.chisquare(got, wanted * got.sum() / wanted.sum()).pvalue)


def energy_z(energies: Floats, system: Small, law: Floats) -> float:
    """Return how many standard errors the mean energy of independent runs is off."""
    mean = law @ system.energies
    variance = law @ (system.energies - mean) ** 2
    return float((energies.mean() - mean) / np.sqrt(variance / len(energies)))


def users_z(stances: NDArray[Any], system: Small, law: Floats) -> float:
    """Return the largest deviation of a user's mean stance, in standard errors."""
    mean = law @ system.states
    error = np.sqrt((1 - mean**2) / len(stances))
    return float(np.abs((stances.mean(axis=0) - mean) / error).max())


def judge(p_values: list[float]) -> bool:
    """Return whether all hold; Bonferroni, so that a right sampler fails with ``ALPHA`` in all."""
    return min(p_values) >= ALPHA / len(p_values)


def normal_p(z: float, tries: int = 1) -> float:
    """Return the two-sided p-value of the largest of some standard errors."""
    return float(min(1.0, 2 * tries * stats.norm.sf(abs(z))))
