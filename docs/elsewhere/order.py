"""Rotors that agree without a common direction, neighbours that segregate: by numpy alone."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np


def helicity(
    temperature: float, *, side: int, copies: int, sweeps: int, burn_in: int, seed: int
) -> float:
    """Return the helicity modulus of rotors on a square lattice: how stiff their agreement is.

    ``Y = <sum_x cos d> / n - <(sum_x sin d)^2> / (n T)`` with differences ``d`` of neighbours along
    ``x``; it jumps from ``2 T / pi`` to zero where vortices come free (T = 0.893). Metropolis moves
    and reflections at the local field, on a checkerboard.
    """
    rng = np.random.default_rng(seed)
    angle = np.zeros((copies, side, side))
    row, column = np.indices((side, side))
    colors = [(row + column) % 2 == k for k in (0, 1)]
    total, square, kept, width = 0.0, 0.0, 0, min(math.pi, 2.5 * math.sqrt(temperature))
    n = side**2
    for sweep in range(sweeps):
        for color in colors:
            field = sum(
                np.exp(1j * np.roll(angle, shift, axis)) for axis in (1, 2) for shift in (1, -1)
            )
            new = angle + rng.uniform(-width, width, angle.shape)
            gain = (field * (np.exp(-1j * new) - np.exp(-1j * angle))).real
            accepted = rng.random(angle.shape) < np.exp(np.minimum(gain / temperature, 0.0))
            angle = np.where(color & accepted, new, angle)
            # A reflection at the field keeps the energy and goes far.
            angle = np.where(color, 2 * np.angle(field) - angle, angle)
        if sweep >= burn_in:
            apart = angle - np.roll(angle, 1, 1)
            total += float(np.cos(apart).sum(axis=(1, 2)).mean())
            square += float((np.sin(apart).sum(axis=(1, 2)) ** 2).mean())
            kept += 1
    return total / kept / n - square / kept / (n * temperature)


def segregated(
    temperature: float, *, side: int, sweeps: int, seed: int, share: float = 0.5
) -> np.ndarray:
    """Return who lives where after exchanges of unlike neighbours (Kawasaki), shape (side, side).

    Numbers of both kinds never change, as of households that move or particles that condense.
    Disjoint pairs are offered an exchange at once, which the heat bath takes or not.
    """
    rng = np.random.default_rng(seed)
    kind = np.full(side**2, -1.0)
    kind[: round(share * side**2)] = 1.0
    s = rng.permutation(kind).reshape(side, side)
    place = np.indices((side, side))
    for _ in range(sweeps):
        for _ in range(8):
            axis, phase = int(rng.integers(2)), int(rng.integers(4))
            other_axis = 1 - axis
            # Pairs three steps apart along the axis and two across share no neighbour.
            first = (place[axis] % 4 == phase) & (place[other_axis] % 2 == int(rng.integers(2)))
            other = np.roll(s, -1, axis)
            field = sum(np.roll(s, shift, a) for a in (0, 1) for shift in (1, -1))
            there = np.roll(field, -1, axis)
            cost = (s - other) * ((field - other) - (there - s))
            swap = (
                first
                & (s != other)
                & (rng.random(s.shape) < 1 / (1 + np.exp(np.clip(cost / temperature, -700, 700))))
            )
            back = np.roll(swap, 1, axis)
            s = np.where(swap, other, np.where(back, np.roll(s, 1, axis), s))
    return s


def alike(s: np.ndarray) -> float:
    """Return the share of neighbouring places with residents of one kind."""
    same = [(s == np.roll(s, 1, axis)).mean() for axis in (0, 1)]
    return float(np.mean(same))


def picture(path: Path) -> None:
    """Draw neighbourhoods after many exchanges, warm and cold."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(7.2, 3.6), layout="constrained")
    for k, temperature in enumerate((4.0, 1.5)):
        s = segregated(temperature, side=96, sweeps=400, seed=1)
        axes = figure.add_subplot(1, 2, k + 1)
        axes.imshow(s, cmap="cividis", interpolation="nearest")
        axes.set_title(f"T = {temperature}: {100 * alike(s):.0f} % of neighbours alike", fontsize=9)
        axes.set_axis_off()
    figure.savefig(path, dpi=100)


if __name__ == "__main__":
    picture(Path(__file__).parent / "order.png")
