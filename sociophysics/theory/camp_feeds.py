r"""Two equal camps under every feed, in mean field: when do they agree, when do they stay apart.

Camp ``c`` feels ``f_c = a m_c + b m_c'`` (coupling ``a`` within, ``b`` across) and is shown posts
with mean stance ``M_c = w_in m_c + w_out m_c'``. A user of stance ``s`` at the refresh has
``p_s = 1 / (1 + exp(-2 (f + phi_s) / T))`` of being +1 when next drawn, so that

    m = (p_- - (1 - p_+)) / (p_- + 1 - p_+),   or   artanh m = y(f, M),

solved on the line ``(m, m)`` (consensus) or ``(m, -m)`` (split) in ``x = artanh m``. The state is
stable where ``y(x) - x`` falls through zero and the eigenvalue of the other direction is below 1.
Memory has its own chain over (stance, memory), see :mod:`sociophysics.theory.memory_chain`.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import brentq, minimize_scalar
from scipy.special import gammaln, log_expit, logsumexp

from sociophysics.errors import InputError
from sociophysics.theory.memory_chain import memory_response
from sociophysics.theory.premises import check_positive, feed_keys

__all__ = [
    "CampLimits",
    "Switching",
    "camp_limits",
    "magnetizations",
    "switching_strengths",
]

Array = NDArray[np.float64]
SMALLEST = 1e-4  # of x = artanh m: the error of a continuous transition is about its square / 3
GRID, MEMORY_GRID = 160, 40  # points in x; each costs a linear solve under memory
SCAN_RATIO = 0.97
LOWEST = 0.02  # temperature where the scan ends, relative to the sum of all couplings


class CampLimits(NamedTuple):
    """Largest temperatures at which consensus and split are stable; 0.0: at none, NaN: no limit."""

    consensus: float
    split: float


class Switching(NamedTuple):
    """Strengths at which consensus becomes unstable (on) and at which a split becomes (off)."""

    on: float
    off: float


class CampDesign(NamedTuple):
    """A feed as two camps see it."""

    within: float
    across: float
    w_in: float = 0.0
    w_out: float = 0.0
    strength: float = 0.0
    alpha: float = 0.0
    gamma: float = 0.0
    slots: int | None = None
    own: float = 0.0  # field along the user's own stance
    tau: float = 1.0
    uniform: float = 0.0

    @property
    def scale(self) -> float:
        """Bound on any field."""
        return abs(self.within) + abs(self.across) + abs(self.strength) + abs(self.own)


def camp_limits(kind: str, *, within: float, across: float, **keys: Any) -> CampLimits:
    """Return the temperatures (consensus, split) up to which each state is stable under a feed.

    Parameters
    ----------
    kind : str
        A kind of feed.
    within, across : float
        Total coupling of a user to the own and to the other camp.
    **keys
        The kind's own keys; ``strength`` is in units of the couplings.

    Raises
    ------
    InputError
        An unknown kind or key, or a key of that kind that is out of range.

    Examples
    --------
    >>> limits = camp_limits("chronological", within=1.0, across=0.1, strength=0.5)
    >>> round(limits.consensus, 4), round(limits.split, 4)
    (1.6, 1.1876)
    """
    design = _design(kind, within, across, feed_keys(kind, keys))
    if design.uniform:
        return CampLimits(math.nan, _limit(design, -1))
    return CampLimits(_limit(design, 1), _limit(design, -1))


def magnetizations(
    kind: str, *, temperature: float, within: float, across: float, **keys: Any
) -> CampLimits:
    """Return ``m`` of consensus and camp polarization of the split at ``temperature``; 0.0 if none.

    Under a uniform field the split is not symmetric and its ``(m_0 - m_1) / 2`` is returned.

    Parameters
    ----------
    kind : str
        A kind of feed.
    temperature : float
        > 0.
    within, across : float
        Total coupling of a user to the own and to the other camp.
    **keys
        The kind's own keys.

    Raises
    ------
    InputError
        As ``camp_limits``, or a temperature that is not positive.

    Examples
    --------
    >>> branch = magnetizations("none", temperature=0.9, within=1.0, across=-0.4)
    >>> round(branch.split, 4), branch.consensus
    (0.8776, 0.0)
    """
    T = check_positive(temperature, what="mean field under a feed")
    design = _design(kind, within, across, feed_keys(kind, keys))
    values = []
    for side in (1, -1):
        stable = _stable_states(design, side, T)
        values.append(abs(stable[-1][0] + side * stable[-1][1]) / 2 if stable else 0.0)
    return CampLimits(*values)


def switching_strengths(
    kind: str,
    *,
    temperature: float,
    within: float,
    across: float,
    most: float = 4.0,
    **keys: Any,
) -> Switching:
    """Return the strengths of hysteresis when a feed is ramped up and down at one temperature.

    ``on``: consensus becomes unstable on the way up from 0; ``off``: the split becomes unstable on
    the way down from ``most``. NaN where that does not happen. Small groups escape earlier.

    Parameters
    ----------
    kind : str
        A kind of feed.
    temperature : float
        > 0.
    within, across : float
        Total coupling of a user to the own and to the other camp.
    most : float
        Strength at which the way down begins.
    **keys
        The kind's other keys.

    Raises
    ------
    InputError
        As ``camp_limits``, or a temperature that is not positive.

    Examples
    --------
    >>> ramp = switching_strengths("outrage", temperature=0.9, within=1.0, across=0.1)
    >>> round(ramp.on, 3), round(ramp.off, 3)
    (0.787, 0.061)
    """
    T = check_positive(temperature, what="mean field under a feed")

    def alive(side: int, strength: float) -> bool:
        values = feed_keys(kind, {**keys, "strength": strength})
        return bool(_stable_states(_design(kind, within, across, values), side, T))

    ends = []
    for side, strengths in ((1, np.linspace(0, most, 81)), (-1, np.linspace(most, 0, 81))):
        edge = math.nan
        if alive(side, float(strengths[0])):
            lost = next((k for k, q in enumerate(strengths) if not alive(side, float(q))), None)
            if lost is not None:
                safe, gone = float(strengths[lost - 1]), float(strengths[lost])
                for _ in range(30):
                    middle = (safe + gone) / 2
                    safe, gone = (middle, gone) if alive(side, middle) else (safe, middle)
                edge = safe
        ends.append(edge)
    return Switching(*ends)


def _design(kind: str, within: float, across: float, keys: dict[str, Any]) -> CampDesign:
    strength = float(keys.get("strength", 0.0))
    if kind == "amplifier":
        return CampDesign(within * (1 + strength), across * (1 + strength))
    if kind == "animosity":
        keep = 1 - float(keys["delta"])
        return CampDesign(
            within * (keep if within < 0 else 1), across * (keep if across < 0 else 1)
        )
    base = CampDesign(within, across)
    if kind in ("self_echo", "counter"):
        return base._replace(own=strength if kind == "self_echo" else -strength)
    if kind == "memory":
        return base._replace(own=strength, tau=float(keys["tau"]))
    if kind == "editorial":
        return base._replace(uniform=strength)
    if kind == "none":
        return base
    if kind not in ("trending", "outrage") and "pool" not in keys:
        raise InputError(
            f"mean field of two camps is not written for the feed {kind!r}; simulate it instead."
        )
    w_in, w_out = _pool_weights(kind, within, across, keys)
    base = base._replace(w_in=w_in, w_out=w_out, strength=strength)
    if kind in ("trending", "outrage"):
        return base
    return base._replace(alpha=keys["alpha"], gamma=keys["gamma"], slots=keys["slots"])


def _pool_weights(
    kind: str, within: float, across: float, keys: dict[str, Any]
) -> tuple[float, float]:
    friends = np.maximum([within, across], 0.0)
    if keys.get("weight") == "uniform":
        friends = (friends > 0).astype(float)
    sides = (friends > 0).astype(float) if keys.get("scope") == "followed" else np.ones(2)
    if kind == "outrage":
        return float(sides[0] / 2), float(-sides[1] / 2)
    if kind == "trending":
        return 0.5, 0.5
    shares = {
        "followed": friends * [keys.get("factor", 1.0), 1.0],
        "all": np.ones(2),
        "camp": np.array([1.0, 0.0]),
        "followed_camp": np.array([float(within > 0), 0.0]),
        "mix": np.array([1 - keys.get("epsilon", 0.0), keys.get("epsilon", 0.0)]),
        "bridge": sides,
    }[keys["pool"]]
    total = float(shares.sum())
    return (float(shares[0] / total), float(shares[1] / total)) if total > 0 else (0.0, 0.0)


def _response(design: CampDesign, f: Array, M: Array, T: float) -> Array:
    """Return ``y = artanh m`` of a user in local field ``f`` who is shown the mean stance ``M``."""
    if design.tau > 1 and design.own:
        return memory_response(f, design.own, design.tau, T)
    plain = design.alpha == 0 and design.gamma == 0
    if plain and design.slots is None and design.own == 0:
        return np.asarray((f + design.strength * M) / T)
    odds = (1 + design.alpha) * np.arctanh(np.clip(M, -1 + 1e-15, 1 - 1e-15))
    rates = []
    for s in (-1, 1):
        base = f + design.own * s
        shown = odds + design.gamma * s
        if design.strength == 0 or design.slots is None:
            mean = M if plain else np.tanh(shown)
            rates.append(log_expit(-2 * s * (base + design.strength * mean) / T))
            continue
        count, k = np.arange(design.slots + 1)[:, None], design.slots
        chance = gammaln(k + 1) - gammaln(count + 1) - gammaln(k - count + 1)
        chance = chance + count * log_expit(2 * shown) + (k - count) * log_expit(-2 * shown)
        phi = design.strength * (2 * count - k) / k
        rates.append(logsumexp(chance + log_expit(-2 * s * (base + phi) / T), axis=0))
    return np.asarray((rates[0] - rates[1]) / 2)


def _stable_states(design: CampDesign, side: int, T: float) -> list[tuple[float, float]]:
    """Return the stable states (m_0, m_1) with m_0 > 0 on one side, by increasing order."""
    top = 1.05 * (design.scale + abs(design.uniform)) / T + 10 * SMALLEST
    grid = np.geomspace(SMALLEST, top, MEMORY_GRID if design.tau > 1 else GRID)
    if design.uniform and side < 0:
        return _split_in_field(design, grid, T)
    a, b = design.within + side * design.across, design.within - side * design.across
    u, v = design.w_in + side * design.w_out, design.w_in - side * design.w_out

    def excess(x: Array) -> Array:
        m = np.tanh(x)
        return _response(design, a * m + design.uniform, u * m, T) - x

    stable = []
    for x in _downward_zeros(excess, grid):
        m = math.tanh(x)
        f, M = np.array([a * m + design.uniform]), np.array([u * m])
        step, shift = 1e-6 * T, min(1e-6, (1 - abs(u * m)) / 4)
        by_field = _response(design, f + step, M, T) - _response(design, f - step, M, T)
        other = by_field[0] / (2 * step) * b
        if v and shift > 0:
            by_post = _response(design, f, M + shift, T) - _response(design, f, M - shift, T)
            other += by_post[0] / (2 * shift) * v
        if (1 - m**2) * other < 1:
            stable.append((m, side * m))
    return stable


def _split_in_field(design: CampDesign, grid: Array, T: float) -> list[tuple[float, float]]:
    """Return stable states (m_0 > 0 > m_1) in a uniform field, which favors camp 0."""
    a, b, h = design.within, design.across, abs(design.uniform)

    def favored(x: Array) -> Array:
        """Return artanh m_0 given m_1 = -tanh(x): Newton from above the largest root."""
        drive = h - b * np.tanh(x)
        y = (abs(a) + np.abs(drive)) / T + 1
        for _ in range(60):
            t = np.tanh(y)
            y = y - ((a * t + drive) / T - y) / (a * (1 - t**2) / T - 1)
        return np.asarray(y)

    def excess(x: Array) -> Array:
        return np.asarray((a * np.tanh(x) - b * np.tanh(favored(x)) - h) / T - x)

    stable = []
    for x in _downward_zeros(excess, grid):
        m = np.array([math.tanh(float(favored(np.array([x]))[0])), -math.tanh(x)])
        root = np.sqrt((1 - m**2) / T)
        J = np.array([[a, b], [b, a]])
        if m[0] > 0 and np.linalg.eigvalsh(root[:, None] * J * root).max() < 1:
            stable.append((float(m[0]), float(m[1])))
    return stable


def _downward_zeros(excess: Callable[[Array], Array], grid: Array) -> list[float]:
    """Return where ``excess`` falls through zero; a pair of zeros between grid points counts."""

    def at(x: float) -> float:
        return float(excess(np.array([x]))[0])

    value = excess(grid)
    peaks = 1 + np.flatnonzero((value[1:-1] >= value[:-2]) & (value[1:-1] > value[2:]))
    for k in peaks[value[peaks] <= 0].tolist():
        ends = (float(grid[k - 1]), float(grid[k + 1]))
        best = minimize_scalar(lambda x: -at(x), bounds=ends, method="bounded")
        if -best.fun > 0:
            position = int(np.searchsorted(grid, best.x))
            grid = np.insert(grid, position, best.x)
            value = np.insert(value, position, -best.fun)
            break
    falls = np.flatnonzero((value[:-1] > 0) & (value[1:] <= 0))
    return [float(brentq(at, grid[k], grid[k + 1], xtol=1e-14)) for k in falls.tolist()]


def _limit(design: CampDesign, side: int) -> float:
    """Return the largest temperature with a stable state on this side: a scan, then bisection."""
    scale = design.scale + abs(design.uniform)
    if scale == 0:
        return 0.0
    # At m = 0 the limit is a sum of couplings times 1 + tanh(...) < 2, and folds start below it.
    above = 2 * scale * max(1.0, 1 + design.alpha)
    lowest = (0.1 if design.tau > 1 else LOWEST) * scale
    below = above * SCAN_RATIO
    while not _stable_states(design, side, below):
        above, below = below, below * SCAN_RATIO
        if below < lowest:
            return 0.0
    while above - below > 1e-7 * scale:
        middle = (above + below) / 2
        above, below = (above, middle) if _stable_states(design, side, middle) else (middle, below)
    return below
