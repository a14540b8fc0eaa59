"""What theory says beside the simulation: lines, curves, or why it says nothing."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

import sociophysics as sp

__all__ = ["Curve", "Theory", "theory_of"]

Floats = NDArray[np.float64]
TEMPERATURE = "dynamics.temperature"
MOST_TIES = 60_000  # belief propagation at every value takes seconds beyond
POINTS = 61


class Curve(NamedTuple):
    """What a theory expects of the observable along the key; NaN where its state is not stable."""

    name: str
    x: Floats
    y: Floats


class Theory(NamedTuple):
    """Numbers for a tipping point, curves, and a sentence: which theory, or why none."""

    numbers: list[tuple[str, float]]
    curves: list[Curve]
    sentence: str


def theory_of(
    settings_at: Callable[[float], sp.scenario.Settings],
    along: str,
    grid: Sequence[float],
    observable: str,
) -> Theory:
    """Return what theory says about an observable along a key.

    Parameters
    ----------
    settings_at : callable
        The society at a value of the key.
    """
    middle = settings_at(grid[len(grid) // 2])
    why = _nothing_fits(middle, along)
    numbers: list[tuple[str, float]] = []
    curves: list[Curve] = []
    if not why:
        numbers = [
            (each.text, float(each.value))
            for each in sp.experiments.expected.expected(middle, along)
        ]
        try:
            curves, why = _curves(settings_at, middle, along, grid, observable)
        except sp.InputError as error:
            why = f"no formula: {error}"
    if curves or numbers:
        return Theory(numbers, curves, _which(numbers, curves))
    return Theory([], [], f"No theory beside it: {why or NOT_COVERED}")


NOT_COVERED = "no formula covers this society along this setting."
WITHOUT_SIZE = (
    "Theory is for very many users who meet everybody, or ties without short loops; groups of "
    "finite size leave a state earlier."
)


def _which(numbers: list[tuple[str, float]], curves: list[Curve]) -> str:
    drawn = "The thin lines are what theory expects. " if curves else ""
    marked = "" if numbers or not curves else "It has no number for a tipping point here. "
    return f"{drawn}{marked}{WITHOUT_SIZE}"


def _nothing_fits(settings: sp.scenario.Settings, along: str) -> str:
    if settings.interventions:
        return "interventions change this society on the way."
    if settings.couplings is not None and settings.couplings.kind == "fitted":
        return "the couplings of a fit differ from pair to pair, which no formula here allows for."
    if not isinstance(settings.dynamics.temperature, int | float):
        return "the noise follows a schedule."
    if settings.field.kind != "none" and along != "field.value":
        return "an outside push acts on this society."
    if along == "network.n":
        return "theory is for very many users, whatever their number."
    return ""


def _curves(
    settings_at: Callable[[float], sp.scenario.Settings],
    middle: sp.scenario.Settings,
    along: str,
    grid: Sequence[float],
    observable: str,
) -> tuple[list[Curve], str]:
    if observable not in ("abs_camp_polarization", "abs_magnetization"):
        return [], "the formulas are for the camps' distance and for agreement overall."
    same_ties = along == TEMPERATURE or along.startswith("feed.")
    system, camps = sp.cases.build_system(middle, 0 if middle.redraw else None)
    ties = None if camps is None else sp.report.theory.camp_couplings(system, camps)
    if along == "field.value":
        return [], "along a push there is a number for complete networks only."
    if ties is not None:
        x = np.linspace(grid[0], grid[-1], POINTS) if same_ties else np.array(grid, dtype=float)
        return _camps(settings_at, x, ties if same_ties else None, observable), ""
    if middle.feed.kind != "none":
        return [], "mean field under a feed needs two camps."
    if not system.is_symmetric or not system.J.nnz or (system.J.data < 0).any():
        return [], "ties that pull apart or in one direction only are not covered without camps."
    if system.J.nnz > 2 * MOST_TIES:
        return [], "the network is too large to compute theory on it here."
    return _cavity(settings_at, np.array(grid, dtype=float), system if same_ties else None), ""


def _camps(
    settings_at: Callable[[float], sp.scenario.Settings],
    x: Floats,
    ties: tuple[float, float] | None,
    observable: str,
) -> list[Curve]:
    """Return the mean-field branches of two camps: split and consensus."""
    split, whole = np.full(x.shape, np.nan), np.full(x.shape, np.nan)
    for k, value in enumerate(x.tolist()):
        settings = settings_at(value)
        pulls = ties or _pulls(settings)
        T = settings.dynamics.temperature
        if pulls is None or not isinstance(T, int | float) or T <= 0:
            continue
        kind, keys = _feed(settings)
        branch = sp.theory.camp_feeds.magnetizations(
            kind, temperature=T, within=pulls[0], across=pulls[1], **keys
        )
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


def _pulls(settings: sp.scenario.Settings) -> tuple[float, float] | None:
    system, camps = sp.cases.build_system(settings, 0 if settings.redraw else None)
    if camps is None:
        return None
    found: tuple[float, float] | None = sp.report.theory.camp_couplings(system, camps)
    return found


def _feed(settings: sp.scenario.Settings) -> tuple[str, dict[str, Any]]:
    keys = {key: value for key, value in settings.feed.model_dump().items() if value is not None}
    return keys.pop("kind"), keys


def _cavity(
    settings_at: Callable[[float], sp.scenario.Settings], x: Floats, system: sp.SpinSystem | None
) -> list[Curve]:
    """Return agreement on this very network, by belief propagation from consensus."""
    y = np.full(x.shape, np.nan)
    for k, value in enumerate(x.tolist()):
        settings = settings_at(value)
        T = settings.dynamics.temperature
        if not isinstance(T, int | float) or T <= 0:
            continue
        here = system or sp.cases.build_system(settings, 0 if settings.redraw else None)[0]
        # Near the transition it converges slowly; a curve needs no more digits than it shows.
        found = sp.theory.cavity.belief_propagation(
            here, temperature=T, tolerance=1e-6, iterations=400
        )
        y[k] = abs(float(found.magnetizations.mean()))
    return [Curve("cavity method on this network", x, y)]
