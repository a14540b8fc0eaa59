"""The number that theory gives for a tipping point, where it gives one."""

from __future__ import annotations

from typing import Any

import numpy as np

from sociophysics.errors import InputError
from sociophysics.scenario import Settings
from sociophysics.scenario.build import build_system
from sociophysics.society.spins import SpinSystem
from sociophysics.study.transitions import (
    Expected,
    camp_couplings,
    critical_temperatures,
    is_friendly,
)

__all__ = ["Expected", "expected", "temperature_range"]

TEMPERATURE, STRENGTH, FIELD = "dynamics.temperature", "feed.strength", "field.value"
SPREAD = np.linspace(0.5, 1.5, 11)


def expected(settings: Settings, along: str) -> list[Expected]:
    """Return what theory says about tipping along a key; an empty list if it says nothing.

    Two camps without field: the mean-field limits of split and consensus under the feed, or the
    strengths at which a feed switches them. No feed: the critical temperature of the network
    (cavity). Complete network in a uniform field: the coercive field of mean field.

    Parameters
    ----------
    settings : Settings
        One design at one point.
    along : str
        Dotted key.
    """
    if settings.interventions:
        return []
    system, camps = build_system(settings, 0 if settings.redraw else None)
    ties = None if camps is None else camp_couplings(system, camps)
    found: list[Expected] = []
    try:
        if along == TEMPERATURE and settings.field.kind == "none":
            if ties is not None:
                found += _camp_temperatures(settings, ties)
            found += critical_temperatures(settings, system)
        elif along == STRENGTH and settings.field.kind == "none" and ties is not None:
            found += _switching(settings, ties)
        elif along == FIELD and settings.feed.kind == "none":
            found += _coercive(settings, system)
    except InputError:
        # Kinds of feeds and networks that a theory does not cover have no number.
        return found
    return found


def temperature_range(settings: Settings) -> list[float]:
    """Return eleven temperatures around what theory expects, from half to one and a half times.

    Raises
    ------
    InputError
        Theory has no number for this society.
    """
    known = [each.value for each in expected(settings, TEMPERATURE) if each.value > 0]
    if not known:
        raise InputError(
            "no values are given for dynamics.temperature, and theory has no critical temperature "
            "for this society to look around; give the values."
        )
    return [float(value) for value in np.round(known[0] * SPREAD, 6)]


def _feed_keys(settings: Settings) -> tuple[str, dict[str, Any]]:
    keys = {key: value for key, value in settings.feed.model_dump().items() if value is not None}
    return keys.pop("kind"), keys


def _camp_temperatures(settings: Settings, ties: tuple[float, float]) -> list[Expected]:
    from sociophysics.theory.mean_field import camp_limits

    kind, keys = _feed_keys(settings)
    limits = camp_limits(kind, within=ties[0], across=ties[1], **keys)
    split = Expected("mean field, camps stay apart up to", float(limits.split))
    whole = Expected("mean field, consensus holds up to", float(limits.consensus))
    # The start decides which state is there to be lost.
    order = [split, whole] if settings.dynamics.start == "camps" else [whole, split]
    return [each for each in order if each.value > 0]


def _switching(settings: Settings, ties: tuple[float, float]) -> list[Expected]:
    from sociophysics.theory.camp_feeds import switching_strengths

    kind, keys = _feed_keys(settings)
    keys.pop("strength", None)
    temperature = settings.dynamics.temperature
    if not isinstance(temperature, int | float):
        return []
    ends = switching_strengths(
        kind, temperature=temperature, within=ties[0], across=ties[1], **keys
    )
    both = [
        Expected("mean field, consensus is lost at", float(ends.on)),
        Expected("mean field, a split is lost at", float(ends.off)),
    ]
    return [each for each in both if np.isfinite(each.value)]


def _coercive(settings: Settings, system: SpinSystem) -> list[Expected]:
    from sociophysics.theory.closed_forms import coercive_field

    temperature = settings.dynamics.temperature
    complete = settings.network.kind == "complete" and settings.couplings.kind == "uniform"
    if not complete or not is_friendly(system) or not isinstance(temperature, int | float):
        return []
    coupling = float(system.J.sum()) / system.n
    value = coupling * float(coercive_field(temperature / coupling))
    return [Expected("coercive field (mean field)", value)] if value > 0 else []
