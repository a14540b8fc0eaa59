"""Memory: a society that remembers patterns of stances (Hopfield), by numpy alone.

Couplings ``J_ij = sum_mu xi_i^mu xi_j^mu / n`` make each of ``alpha n`` patterns a valley. Below a
load of 0.138 a start near a pattern stays there; above it, nothing is remembered at all.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np


def retrieved(
    load: float, temperature: float, *, users: int, tried: int, sweeps: int, seed: int
) -> np.ndarray:
    """Return the overlaps with the patterns in which runs started, shape (tried,).

    Heat bath, one user after the other, all runs side by side; at T = 0 until nothing moves.
    """
    rng = np.random.default_rng(seed)
    patterns = rng.choice([-1.0, 1.0], size=(max(1, round(load * users)), users))
    J = (patterns.T @ patterns / users).astype(np.float32)
    np.fill_diagonal(J, 0.0)
    start = patterns[np.arange(tried) % len(patterns)].astype(np.float32)
    s = start.copy()
    for _ in range(sweeps):
        before = s.copy()
        for i in rng.permutation(users):
            field = s @ J[i]
            if temperature > 0:
                noise = rng.logistic(scale=temperature / 2, size=tried)
                s[:, i] = np.where(field + noise > 0, 1.0, -1.0)
            else:
                s[:, i] = np.where(field == 0, s[:, i], np.sign(field))
        if temperature == 0 and (s == before).all():
            break
    return np.asarray((s * start).mean(axis=1), dtype=np.float64)


def retrieval_map(
    loads: np.ndarray, temperatures: np.ndarray, *, users: int = 300, seed: int = 1
) -> np.ndarray:
    """Return mean overlaps, shape (temperatures, loads)."""
    return np.array([
        [retrieved(a, t, users=users, tried=8, sweeps=12, seed=seed).mean() for a in loads]
        for t in temperatures
    ])  # fmt: skip


def picture(path: Path) -> None:
    """Draw the map of retrieval over load and temperature."""
    from matplotlib.figure import Figure

    loads, temperatures = np.linspace(0.01, 0.2, 14), np.linspace(0.0, 1.1, 12)
    figure = Figure(figsize=(6.4, 4.0), layout="constrained")
    axes = figure.add_subplot()
    drawn = axes.pcolormesh(
        loads, temperatures, retrieval_map(loads, temperatures), vmin=0, vmax=1, cmap="viridis"
    )
    axes.set_xlabel("load (patterns per user)")
    axes.set_ylabel("temperature (couplings)")
    figure.colorbar(drawn, label="overlap with the pattern")
    figure.savefig(path, dpi=100)


if __name__ == "__main__":
    picture(Path(__file__).parent / "memory.png")
