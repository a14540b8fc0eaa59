"""The keys along which a society can be moved, what people call them, and where to look."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np

import sociophysics as sp

from ..glossary import explain

__all__ = ["Key", "grid_of", "hint_of", "keys_of", "known", "suggested", "titled"]

TABLES = ("dynamics", "feed", "couplings", "field", "network")
NOT_SOCIETY = ("sweeps", "burn_in")


class Key(NamedTuple):
    """A key's name for people, the entry of the glossary that explains it, and a slider's ends."""

    name: str
    term: str
    low: float
    high: float


KNOWN = {
    "dynamics.temperature": Key("Noise T", "temperature", 0.05, 5.0),
    "feed.strength": Key("Strength of the feed", "strength", -2.0, 5.0),
    "field.value": Key("Outside push h", "field", -2.0, 2.0),
    "couplings.within": Key("Pull within a camp", "within", -3.0, 3.0),
    "couplings.across": Key("Pull across camps", "across", -3.0, 3.0),
    "couplings.value": Key("Coupling", "coupling", -3.0, 3.0),
    "couplings.exchange": Key("Pull across parties, times the fitted", "exchange", 0.0, 5.0),
    "couplings.share": Key("Share of foes", "", 0.0, 1.0),
    "network.k_in": Key("Ties inside a camp", "", 0.0, 60.0),
    "network.k_out": Key("Ties to other camps", "", 0.0, 60.0),
    "network.n": Key("Users", "users", 20, 20_000),
    "network.degree": Key("Ties per user", "", 1, 60),
    "feed.epsilon": Key("Share from other camps", "", 0.0, 1.0),
    "feed.alpha": Key("Weight of popularity", "", -0.95, 5.0),
    "feed.gamma": Key("Weight of agreement", "", -5.0, 5.0),
    "feed.delta": Key("Share of fights taken away", "", 0.0, 1.0),
    "feed.tau": Key("Memory", "", 1.0, 200.0),
}
# Where to look when neither the scenario nor theory says.
LOOK = {"feed.strength": (0.0, 1.2), "field.value": (-0.5, 0.5), "couplings.exchange": (0.0, 2.0),
        "couplings.across": (-1.0, 1.0), "dynamics.temperature": (0.3, 1.5),
        "couplings.share": (0.0, 0.6), "feed.epsilon": (0.0, 1.0),
        "feed.delta": (0.0, 1.0)}  # fmt: skip


def known(key: str) -> Key:
    """Return what is known of a key; any other key goes by its own name.

    Examples
    --------
    >>> known("feed.strength").name, known("network.p").name
    ('Strength of the feed', 'network.p')
    """
    return KNOWN.get(key, Key(key, "", -10.0, 10.0))


def titled(key: str) -> str:
    """Return a key's name with its unit, for an axis.

    Examples
    --------
    >>> titled("feed.strength"), titled("network.n")
    ('Strength of the feed (units of J)', 'Users')
    """
    name, term, _, _ = known(key)
    unit = explain(term).unit if term else ""
    return f"{name} (units of {unit})" if unit else name


def keys_of(settings: sp.scenario.Settings) -> dict[str, Any]:
    """Return the keys of numbers that a society has, and their values, temperature first.

    A schedule of temperatures has no single value and is no such key.
    """
    tables = settings.canonical()
    found: dict[str, Any] = {}
    for table in TABLES:
        for name, value in (tables.get(table) or {}).items():
            number = isinstance(value, int | float) and not isinstance(value, bool)
            if number and name not in NOT_SOCIETY:
                found[f"{table}.{name}"] = value
    return found


def suggested(scenario: sp.Scenario, keys: Mapping[str, Any]) -> str:
    """Return the key to begin with: one that the scenario sweeps over, else the noise."""
    swept = [key for key in scenario.sweep.axes if key in keys]
    strength = ["feed.strength"] if keys.get("feed.strength") and not swept else []
    return next(iter([*swept, *strength, *keys]), "")


def hint_of(scenario: sp.Scenario, key: str) -> str:
    """Say in a line where the suggested values of a key come from."""
    own = scenario.sweep.axes.get(key)
    if own is not None:
        return f"The scenario's own {len(own)} values, {min(own):g} to {max(own):g}."
    if key == "dynamics.temperature":
        return "Half to one and a half times what theory expects."
    return "Around the scenario's own value."


def grid_of(
    scenario: sp.Scenario,
    settings: sp.scenario.Settings,
    key: str,
    own: tuple[float, float, int] | None,
    *,
    most: int = 41,
) -> list[float]:
    """Return the values of a key to measure at, ascending.

    Parameters
    ----------
    own : (low, high, points), optional
        What the person asks for; left out, the scenario's own sweep, theory, or a usual range.
    most : int
        Most values that are suggested, as a picture over two keys has many.
    """
    value = keys_of(settings).get(key, 1.0)
    whole = isinstance(value, int)
    if own is not None:
        return spread(*own, whole=whole)
    given = scenario.sweep.axes.get(key)
    if given is not None and len(given) > 3:
        values = sorted(each for each in given if isinstance(each, int | float))
    else:
        values = _around(settings, key, value, whole)
    return values if len(values) <= most else spread(values[0], values[-1], most, whole=whole)


def _around(settings: sp.scenario.Settings, key: str, value: Any, whole: bool) -> list[float]:
    if key == "dynamics.temperature":
        try:
            return list(sp.study.expected.temperature_range(settings))
        except sp.InputError:
            pass
    default = (0.0, 2.0 * value) if value > 0 else (value - 1.0, value + 1.0)
    low, high = LOOK.get(key, default)
    return spread(max(low, 1) if whole else low, high, 11, whole=whole)


def spread(low: float, high: float, points: int, *, whole: bool) -> list[float]:
    """Return evenly spaced values, rounded to what a person would write.

    Examples
    --------
    >>> spread(0, 1, 5, whole=False), spread(1, 4, 9, whole=True)
    ([0.0, 0.25, 0.5, 0.75, 1.0], [1, 2, 3, 4])
    """
    values: Sequence[float] = np.linspace(low, high, points).round(6).tolist()
    return sorted({round(each) for each in values}) if whole else list(values)
