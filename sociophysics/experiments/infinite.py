r"""The critical temperature of the infinite society, from finite ones of several sizes.

Societies of three sizes are sampled in equilibrium near the transition, and reweighted to the
temperatures around. Where Binder's cumulants of two sizes cross, ``x(n, q n)``, lies near the
critical temperature,

.. math:: x(n, q n) = T_c + A n^{-e} + ...,

so that two crossings extrapolate to ``T_c = x_2 + (x_2 - x_1)/(q^e - 1)`` [1]_. In d dimensions
``e = (1/nu + omega)/d``: 1.5 on square lattices (nu = 1, omega = 2), 0.81 on cubic ones (0.630,
0.83 [2]_), 1 in mean field. What two other exponents, one smaller and one larger, would change is
part of the interval: small societies need the next correction, too.

References
----------
.. [1] K. Binder, Z. Phys. B 43, 119 (1981).
.. [2] A. Pelissetto, E. Vicari, Physics Reports 368, 549 (2002).
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.special import stdtrit

from sociophysics.errors import InputError
from sociophysics.experiments.families import Family, about
from sociophysics.experiments.reweighting import (
    ReweightedCurve,
    common,
    cross,
    curve,
    jackknife,
    reach,
    root,
)
from sociophysics.experiments.samples import Sample
from sociophysics.scenario import Scenario, Settings
from sociophysics.scenario.build import build_system
from sociophysics.society.network_kinds import WattsStrogatz
from sociophysics.study.expected import TEMPERATURE
from sociophysics.study.measure import Work, varied

__all__ = ["Extrapolated", "extrapolate", "refusal"]

Floats = NDArray[np.float64]
SIDES = {1: (32, 64, 128), 2: (8, 16, 32), 3: (4, 8, 16)}
GRAPHS = (256, 1024, 4096)
FEWEST_USERS = 64  # fewer are far from where a large random network turns
UPDATES = 1.6e11  # of single users, over all sizes: two minutes of two processors
SHARES = (0.1, 0.25, 0.65)  # of the updates, smallest size first


class Approach(NamedTuple):
    """With which power of the number of users crossings approach the limit, and what it may be."""

    value: float
    least: float
    most: float


MEAN_FIELD = Approach(1.0, 0.75, 1.5)
EXPONENTS = {2: Approach(1.5, 1.0, 2.0), 3: Approach(0.81, 0.6, 1.2)}


class Extrapolated(NamedTuple):
    """A critical temperature, NaN with a note if there is none, and what it comes from."""

    value: float
    interval: tuple[float, float]
    table: pd.DataFrame
    pairs: pd.DataFrame
    note: str


def refusal(settings: Settings) -> str | None:
    """Return why a scenario has no critical temperature of an infinite society, None if it may.

    Parameters
    ----------
    settings : Settings
        One design at one point.
    """
    network, dynamics = settings.network, settings.dynamics
    if dynamics.rule is not None:
        return f"dynamics.rule is {dynamics.rule.kind!r}, which has no temperature"
    if dynamics.scheme == "kawasaki":
        return "dynamics.scheme is 'kawasaki', whose swaps keep the mean stance"
    if network.kind in ("bundled", "file", "none", "configuration"):
        return "this is one given network, which has a pseudo-critical point and no other sizes"
    if settings.feed.kind != "none" or settings.interventions:
        return "a feed or an intervention acts, so that states have no energy to be reweighted by"
    if settings.field.kind != "none":
        return "a field acts, so that no symmetry is there to be broken"
    if not isinstance(dynamics.temperature, int | float):
        return "the temperature follows a schedule"
    if network.kind == "barabasi_albert":
        return "its hubs grow with size, and its critical temperature with them"
    if network.kind == "complete" and settings.couplings.table().get("normalize") == "none":
        return "everyone's total coupling grows with size; normalize = 'degree' keeps it"
    if isinstance(network, WattsStrogatz) and network.p == 0:
        return "a ring has no transition at a positive temperature"
    system, _ = build_system(settings, 0 if settings.redraw else None)
    if not system.is_symmetric:
        return "the couplings are directed, so that states have no energy to be reweighted by"
    return None


def extrapolate(
    scenario: Scenario,
    values: Sequence[float] | None = None,
    *,
    sizes: Sequence[int] | None = None,
    design: str | None = None,
    updates: float = UPDATES,
    work: Work | None = None,
) -> Extrapolated:
    """Return the critical temperature of the infinite society.

    Parameters
    ----------
    scenario : Scenario
        Whose ``refusal`` is None; its sweeps and replicas are not used.
    values : sequence of float, optional
        Temperatures between which to look; left out, around what theory expects.
    sizes : sequence of int, optional
        Of societies; to two, a third one is added. Left out: 8, 16 and 32 on the side of a
        square lattice, 256, 1,024 and 4,096 users of a random network.
    updates : float
        Of single users, in all: more make the interval narrower.

    Raises
    ------
    InputError
        No values where theory has none.
    """
    family = Family(scenario, design, work or Work(), updates)
    settings = varied(scenario, design=design, replicas=1).cases()[0].settings
    steps = _sizes(settings, sizes)
    guess = about(family, settings, steps, values)
    if np.isnan(guess):
        return _nothing("the cumulants of two sizes do not cross in the range")
    samples: list[Sample] = []
    for size, share in zip(steps, SHARES, strict=True):
        samples.append(family.equilibrium(size, guess, share))
        if len(samples) > 1:
            found = cross(samples[-2], samples[-1])
            guess = guess if np.isnan(found) else found
    return _extrapolated(samples, EXPONENTS.get(_dimension(settings), MEAN_FIELD))


def _dimension(settings: Settings) -> int:
    """Return the dimension of a lattice, 0 of other networks."""
    return len(getattr(settings.network, "shape", ()))


def _sizes(settings: Settings, asked: Sequence[int] | None) -> tuple[int, ...]:
    shape = getattr(settings.network, "shape", None)
    if asked is None:
        return GRAPHS if shape is None else SIDES.get(len(shape), (3, 4, 6))
    ordered = sorted(set(asked))[-3:]
    if len(ordered) < 3:
        # A smaller one costs least; where it would be too small, one in the middle.
        smallest, largest = ordered
        smaller = round(smallest**2 / largest / 2) * 2
        if smaller < (4 if shape is not None else FEWEST_USERS):
            smaller = round(np.sqrt(smallest * largest) / 2) * 2
        if smaller in ordered or smaller < 3:
            raise InputError(
                f"sizes is {list(asked)}, too close to extrapolate from; give three sizes, each "
                "twice the one before or more."
            )
        ordered = sorted([smaller, *ordered])
    return tuple(ordered)


def _extrapolated(samples: Sequence[Sample], exponent: Approach) -> Extrapolated:
    grids = [common(a, b) for a, b in pairwise(samples)]
    table = _table(samples)
    if not all(grid.size for grid in grids):
        return _nothing("the cumulants of two sizes do not cross in the range", table)
    curves = [
        (curve(a, grid), curve(b, grid))
        for (a, b), grid in zip(pairwise(samples), grids, strict=True)
    ]
    crossings = [_root(grid, *pair) for grid, pair in zip(grids, curves, strict=True)]
    ratio = samples[-1].users / samples[-2].users
    first, last = crossings
    value = float(_limit(first, last, ratio, exponent.value))
    if not np.isfinite(value):
        return _nothing("the cumulants of two sizes do not cross in the range", table)
    error, freedom, errors = _errors(samples, grids, curves, ratio, exponent.value)
    others = [_limit(first, last, ratio, each) for each in (exponent.least, exponent.most)]
    doubt = float(np.abs(np.array(others) - value).max())
    half = float(np.hypot(stdtrit(freedom, 0.975) * error, doubt))
    pairs = pd.DataFrame(
        {
            "small": [each.size for each in samples[:-1]],
            "large": [each.size for each in samples[1:]],
            "crossing": crossings,
            "error": errors,
        }
    )
    interval = (value - half, value + half) if np.isfinite(half) else (np.nan, np.nan)
    return Extrapolated(value, interval, table, pairs, HOW)


HOW = "Binder crossings of three sizes, reweighted and extrapolated to an infinite society"


def _limit(first: Any, last: Any, ratio: float, exponent: float) -> Any:
    return last + (last - first) / (ratio**exponent - 1)


def _root(grid: Floats, small: ReweightedCurve, large: ReweightedCurve) -> float:
    return root(grid, large.value - small.value)


def _errors(
    samples: Sequence[Sample],
    grids: Sequence[Floats],
    curves: Sequence[tuple[ReweightedCurve, ReweightedCurve]],
    ratio: float,
    exponent: float,
) -> tuple[float, float, list[float]]:
    """Return the jackknife's error of the limit, its degrees of freedom, and the crossings' errors.

    Words of all sizes are left out one by one; the middle size enters both crossings.
    """
    parts: list[tuple[float, int]] = []
    pairs = np.zeros(2)
    (a, b), (c, d) = curves
    full = np.array([_root(grid, *pair) for grid, pair in zip(grids, curves, strict=True)])
    for k, each in enumerate(samples):
        words = len(each.m)
        drawn = np.tile(full, (words, 1))
        if k == 0:
            drawn[:, 0] = [root(grids[0], b.value - row) for row in a.without]
        elif k == 1:
            drawn[:, 0] = [root(grids[0], row - a.value) for row in b.without]
            drawn[:, 1] = [root(grids[1], d.value - row) for row in c.without]
        else:
            drawn[:, 1] = [root(grids[1], row - c.value) for row in d.without]
        limits = _limit(drawn[:, 0], drawn[:, 1], ratio, exponent)
        parts.append((jackknife(limits), words - 1))
        pairs += [jackknife(column) for column in drawn.T]
    variance = sum(part for part, _ in parts)
    freedom = variance**2 / max(sum(part**2 / count for part, count in parts), 1e-300)
    return float(np.sqrt(variance)), float(freedom), np.sqrt(pairs).tolist()


def _table(samples: Sequence[Sample]) -> pd.DataFrame:
    rows = []
    for each in samples:
        low, high = reach(each)
        temperatures = np.linspace(low, high, 9)
        found = curve(each, temperatures)
        rows.append(
            pd.DataFrame(
                {
                    "size": each.size,
                    TEMPERATURE: temperatures,
                    "replicas": each.m.shape[0] * each.m.shape[1],
                    "binder": found.value,
                    "error": [np.sqrt(jackknife(column)) for column in found.without.T],
                }
            )
        )
    return pd.concat(rows, ignore_index=True)


def _nothing(note: str, table: pd.DataFrame | None = None) -> Extrapolated:
    empty = pd.DataFrame(columns=["size", TEMPERATURE, "replicas", "binder", "error"])
    pairs = pd.DataFrame(columns=["small", "large", "crossing", "error"])
    return Extrapolated(np.nan, (np.nan, np.nan), empty if table is None else table, pairs, note)
