r"""Trials whose answer is known: complete graphs at any size, two camps with feeds in mean field.

On the complete graph, ``J_ij = J/(n - 1)``, a tilt b on ``k = p n`` users leaves a Boltzmann
distribution of two numbers, a and c up among treated and controls:

.. math::
    w(a, c) = \binom{k}{a} \binom{n-k}{c}
    \exp\Big\{\Big[\frac{J (M^2 - n)}{2 (n - 1)} + h M + b (2a - k)\Big] / T\Big\}, \qquad
    M = 2 (a + c) - n .
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.special import gammaln

from sociophysics.errors import InputError

__all__ = ["CampTrial", "KnownTrial", "complete_graph_trial", "coupled_trial", "two_camp_trial"]

Floats = NDArray[np.float64]
ITERATIONS = 100_000
SETTLED = 1e-14


class KnownTrial(NamedTuple):
    """Mean stance of the untreated society and the effects of a share, in units of the stance."""

    nobody: float
    direct: float
    indirect: float
    overall: float
    total: float


class CampTrial(NamedTuple):
    """A trial of two camps in mean field, and whether its states are stable."""

    nobody: float
    direct: float
    indirect: float
    total: float
    stable: bool


def _group_means(
    n: int, k: int, temperature: float, tilt: float, field: float, J: float
) -> tuple[float, float]:
    """Return the mean stances of k tilted users and of the others."""
    a, c = np.arange(k + 1)[:, None], np.arange(n - k + 1)[None, :]
    m = 2.0 * (a + c) - n
    energy = J * (m**2 - n) / (2 * (n - 1)) + field * m + tilt * (2 * a - k)
    ways = (
        -gammaln(a + 1) - gammaln(k - a + 1) - gammaln(c + 1) - gammaln(n - k - c + 1)
    )  # up to a constant
    log = ways + energy / temperature
    weight = np.exp(log - log.max())
    weight /= weight.sum()
    treated = float((weight * (2 * a - k)).sum() / k) if k else np.nan
    others = float((weight * (2 * c - (n - k))).sum() / (n - k)) if k < n else np.nan
    return treated, others


def complete_graph_trial(
    n: int, *, temperature: float, tilt: float, share: float, field: float = 0.0, J: float = 1.0
) -> KnownTrial:
    """Return the exact effects of a tilt on a share of a complete graph, at any n.

    Parameters
    ----------
    n : int
        Users; ``J_ij = J/(n - 1)``.
    temperature : float
        Above 0.
    tilt : float
        Added to the field of the treated.
    share : float
        Of the users, between 0 and 1.
    field, J : float

    Raises
    ------
    InputError
        A share of nobody, or of everybody.

    Examples
    --------
    >>> found = complete_graph_trial(2000, temperature=1.2, tilt=0.02, share=0.5)
    >>> [round(x, 5) for x in (found.direct, found.indirect, found.total)]
    [0.01659, 0.04086, 0.09704]
    """
    k = round(share * n)
    if not 0 < k < n:
        raise InputError(f"share is {share} of {n} users; give one that leaves some on each side.")
    arguments = {"temperature": temperature, "tilt": tilt, "field": field, "J": J}
    nobody = _group_means(n, 0, **arguments)[1]
    every = _group_means(n, n, **arguments)[0]
    treated, control = _group_means(n, k, **arguments)
    overall = (k * treated + (n - k) * control) / n - nobody
    return KnownTrial(nobody, treated - control, control - nobody, overall, every - nobody)


def coupled_trial(
    *, temperature: float, tilt: float, share: float, field: float = 0.0, J: float = 1.0,
    start: float = 1.0,
) -> KnownTrial:  # fmt: skip
    """Return the effects in the infinite complete graph: ``m_T = tanh((J m + h + b)/T)``.

    Parameters
    ----------
    temperature, tilt, share, field, J
        As in ``complete_graph_trial``; a share of 0 gives D(0+).
    start : float
        Mean stance from which the state is reached.

    Examples
    --------
    >>> found = coupled_trial(temperature=1.2, tilt=0.02, share=0.5)
    >>> [round(x, 6) for x in (found.direct, found.indirect, found.total)]
    [0.016625, 0.04142, 0.098101]
    """

    def settled(p: float) -> float:
        m = start
        for _ in range(ITERATIONS):
            tilted, plain = (np.tanh((J * m + field + b) / temperature) for b in (tilt, 0.0))
            new = p * tilted + (1 - p) * plain
            if abs(new - m) < SETTLED:
                break
            m = new
        return float(m)

    nobody, some, every = settled(0.0), settled(share), settled(1.0)
    if abs(nobody) < np.sqrt(SETTLED) and field == 0.0:
        nobody = 0.0
    plain = float(np.tanh((J * some + field) / temperature))
    tilted = float(np.tanh((J * some + field + tilt) / temperature))
    return KnownTrial(nobody, tilted - plain, plain - nobody, some - nobody, every - nobody)


def shown_in_camps(kind: str, strength: float, m: Floats, within: float, across: float) -> Floats:
    """Return the fields of a feed on users of two camps with mean stances m, (2,).

    Parameters
    ----------
    kind : str
        none, chronological, popularity (alpha 1, followed), bridging or diversity (epsilon .3).
    strength : float
    m : array, shape (2,)
    within, across : float
        Share of the followed in the own camp and in the other.

    Raises
    ------
    InputError
        Another kind of feed.
    """
    seen = within * m + across * m[::-1]
    if kind == "none":
        return np.zeros(2)
    if kind == "chronological":
        return strength * seen
    if kind == "popularity":
        return strength * 2 * seen / (1 + seen**2)
    if kind == "bridging":
        return np.full(2, strength * m.mean())
    if kind == "diversity":
        return strength * (0.7 * m + 0.3 * m[::-1])
    raise InputError(f"the feed is {kind!r}; allowed: none, chronological, popularity, bridging, "
                     "diversity.")  # fmt: skip


def two_camp_trial(
    *,
    within: float,
    across: float,
    temperature: float,
    fields: tuple[float, float],
    control: tuple[str, float],
    treatment: tuple[str, float],
    share: float,
    consensus: bool = False,
) -> CampTrial:
    """Return the effects of another feed for a share of two equal camps, in mean field.

    Everybody's posts are in the feeds, of treated and controls alike.

    Parameters
    ----------
    within, across : float
        A user's couplings to the own and to the other camp, each summed.
    temperature : float
    fields : tuple of two floats
        On camp 0 and camp 1.
    control, treatment : tuple
        Kind and strength of the two feeds, as ``shown_in_camps`` has them.
    share : float
        In both camps; 0 gives D(0+).
    consensus : bool
        Whether the state is the one of agreement; the outcome is then the stance, else the stance
        times the sign of the own camp.

    Examples
    --------
    >>> found = two_camp_trial(within=1.0, across=0.2, temperature=1.5, fields=(0.3, -0.3),
    ...     control=("chronological", 0.5), treatment=("none", 0.0), share=0.5)
    >>> [round(x, 6) for x in (found.nobody, found.direct, found.indirect, found.total)]
    [0.545804, -0.08021, -0.048987, -0.161715]
    """
    kept = max(within, 0.0) + max(across, 0.0)
    followed = max(within, 0.0) / kept, max(across, 0.0) / kept
    h, sign = np.array(fields), np.ones(2) if consensus else np.array([1.0, -1.0])

    def groups(m: Floats) -> tuple[Floats, Floats]:
        local = within * m + across * m[::-1] + h
        treated, plain = (
            np.tanh((local + shown_in_camps(*feed, m, *followed)) / temperature)
            for feed in (treatment, control)
        )
        return treated, plain

    def mixed(m: Floats, p: float) -> Floats:
        treated, plain = groups(m)
        return p * treated + (1 - p) * plain

    def settled(p: float) -> tuple[Floats, bool]:
        m = sign.astype(float)
        for _ in range(ITERATIONS):
            new = mixed(m, p)
            if np.abs(new - m).max() < SETTLED:
                break
            m = new
        step = 1e-6
        slopes = [(mixed(m + d, p) - mixed(m - d, p)) / (2 * step) for d in step * np.eye(2)]
        return m, bool(np.linalg.eigvals(np.array(slopes)).real.max() < 1)

    (zero, calm), (some, mid), (every, end) = (settled(p) for p in (0.0, share, 1.0))
    treated, plain = groups(some)
    base = float((sign * zero).mean())
    return CampTrial(
        base,
        float((sign * (treated - plain)).mean()),
        float((sign * (plain - zero)).mean()),
        float((sign * every).mean()) - base,
        calm and mid and end,
    )
