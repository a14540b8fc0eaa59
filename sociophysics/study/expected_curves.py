"""What theory expects of an order parameter along a key: mean field of two camps, or cavity."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from numpy.typing import NDArray

from sociophysics.scenario.build import build_system
from sociophysics.society.spins import SpinSystem
from sociophysics.study.expected import TEMPERATURE, feed_keys_of

if TYPE_CHECKING:
    from sociophysics.scenario import Settings

__all__ = ["Curve", "Curves", "expected_curves"]

Floats = NDArray[np.float64]
MOST_TIES = 60_000  # belief propagation at every value takes seconds beyond
POINTS = 61


class Curve(NamedTuple):
    """What a theory expects of the observable along the key; NaN where its state is not stable."""

    name: str
    x: Floats
    y: Floats


class Curves(NamedTuple):
    """The curves, and a sentence's end that says why there are none."""

    curves: list[Curve]
    why: str


def expected_curves(
    settings_at: Callable[[float], Settings],
    along: str,
    grid: Sequence[float],
    observable: str,
) -> Curves:
    """Return what theory expects of an observable along a key, or why it expects nothing.

    Two camps: the branches of consensus and split under the feed, in mean field. No camps and no
    feed: agreement on this very network by belief propagation from consensus. The society of the
    grid's middle stands for all values where the key leaves its ties alone.

    Parameters
    ----------
    settings_at : callable
        The society at a value of the key.
    along : str
        Dotted key of a number.
    grid : sequence of float
        Values of the key, ascending.
    observable : str
        ``abs_camp_polarization`` or ``abs_magnetization``; others have no formula.

    Raises
    ------
    InputError
        A feed that mean field does not cover, or a society that cannot be built.

    Examples
    --------
    >>> from sociophysics.scenario import Scenario
    >>> scenario = Scenario.from_toml('''
    ... seed = 1
    ... network = {kind = "random_regular", n = 60, degree = 3}
    ... couplings = {kind = "uniform"}
    ... dynamics = {temperature = 1.0, sweeps = 2}
    ... ''')
    >>> def at(value):
    ...     return scenario.replace({"dynamics.temperature": value}).cases()[0].settings
    >>> key, grid = "dynamics.temperature", [1.0, 3.0]
    >>> [curve] = expected_curves(at, key, grid, "abs_magnetization").curves
    >>> curve.name, curve.y.round(3)
    ('cavity method on this network', array([0.992, 0.   ]))
    """
    if observable not in ("abs_camp_polarization", "abs_magnetization"):
        return Curves([], "the formulas are for the camps' distance and for agreement overall.")
    if along == "field.value":
        return Curves([], "along a push there is a number for complete networks only.")
    from sociophysics.theory.mean_field import camp_couplings

    middle = settings_at(grid[len(grid) // 2])
    same_ties = along == TEMPERATURE or along.startswith("feed.")
    system, camps = build_system(middle, 0 if middle.redraw else None)
    ties = None if camps is None else camp_couplings(system, camps)
    if ties is not None:
        x = np.linspace(grid[0], grid[-1], POINTS) if same_ties else np.array(grid, dtype=float)
        return Curves(_camps(settings_at, x, ties if same_ties else None, observable), "")
    if middle.feed.kind != "none":
        return Curves([], "mean field under a feed needs two camps.")
    if not system.is_symmetric or not system.J.nnz or (system.J.data < 0).any():
        why = "ties that pull apart or in one direction only are not covered without camps."
        return Curves([], why)
    if system.J.nnz > 2 * MOST_TIES:
        return Curves([], "the network is too large to compute theory on it here.")
    curve = _cavity(settings_at, np.array(grid, dtype=float), system if same_ties else None)
    return Curves([curve], "")


def _camps(
    settings_at: Callable[[float], Settings],
    x: Floats,
    ties: tuple[float, float] | None,
    observable: str,
) -> list[Curve]:
    """Return the mean-field branches of two camps: split and consensus."""
    from sociophysics.theory.camp_feeds import magnetizations

    split, whole = np.full(x.shape, np.nan), np.full(x.shape, np.nan)
    for k, value in enumerate(x.tolist()):
        settings = settings_at(value)
        pulls = ties or _pulls(settings)
        T = settings.dynamics.temperature
        if pulls is None or not isinstance(T, int | float) or T <= 0:
            continue
        kind, keys = feed_keys_of(settings)
        branch = magnetizations(kind, temperature=T, within=pulls[0], across=pulls[1], **keys)
        split[k] = branch.split or np.nan
        whole[k] = branch.consensus or np.nan
    neither = np.isnan(split) & np.isnan(whole)
    zero = np.where(np.isfinite(split), 0.0, np.nan), np.where(np.isfinite(whole), 0.0, np.nan)
    apart = observable == "abs_camp_polarization"
    found = [
        Curve("mean field, camps apart", x, split if apart else zero[0]),
        Curve("mean field, consensus", x, zero[1] if apart else whole),
        Curve("mean field, mixed", x, np.where(neither, 0.0, np.nan)),
    ]
    return [each for each in found if np.isfinite(each.y).any()]


def _pulls(settings: Settings) -> tuple[float, float] | None:
    from sociophysics.theory.mean_field import camp_couplings

    system, camps = build_system(settings, 0 if settings.redraw else None)
    return None if camps is None else camp_couplings(system, camps)


def _cavity(
    settings_at: Callable[[float], Settings], x: Floats, system: SpinSystem | None
) -> Curve:
    """Return agreement on this very network, by belief propagation from consensus."""
    from sociophysics.theory.cavity import belief_propagation

    y = np.full(x.shape, np.nan)
    for k, value in enumerate(x.tolist()):
        settings = settings_at(value)
        T = settings.dynamics.temperature
        if not isinstance(T, int | float) or T <= 0:
            continue
        here = system or build_system(settings, 0 if settings.redraw else None)[0]
        # Near the transition it converges slowly; a curve needs no more digits than it shows.
        found = belief_propagation(here, temperature=T, tolerance=1e-6, iterations=400)
        y[k] = abs(float(found.magnetizations.mean()))
    return Curve("cavity method on this network", x, y)
