"""The point of a sweep that the file itself declares: the values that stand in its tables."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from sociophysics.errors import InputError
from sociophysics.scenario.variation import SWEPT_TABLES, value_at

if TYPE_CHECKING:
    from sociophysics.scenario.document import Scenario

__all__ = ["declared_values", "with_declared"]

TEMPERATURE = "dynamics.temperature"
Scalar = bool | int | float | str


def declared_values(document: Mapping[str, Any], keys: Iterable[str]) -> dict[str, Scalar]:
    """Return what the tables of a scenario say for keys that it may be swept over.

    The first design that has the key counts, with its own tables over the base's. A key that
    holds no single value (a schedule, or nothing) is left out.

    Parameters
    ----------
    document : mapping
        The canonical scenario.
    keys : iterable of str
        Dotted names.

    Examples
    --------
    >>> feeds = [{"name": "off", "feed": {"kind": "none"}}, {"name": "on", "feed": None}]
    >>> document = {"feed": {"kind": "memory", "strength": 0.5}, "designs": feeds}
    >>> declared_values(document, ["feed.strength", "dynamics.temperature"])
    {'feed.strength': 0.5}
    """
    base = {name: document[name] for name in SWEPT_TABLES if name in document}
    societies = [
        {**base, **{name: own for name, own in design.items() if own is not None}}
        for design in document.get("designs") or [{}]
    ]
    found: dict[str, Scalar] = {}
    for key in keys:
        values = (_value(tables, key) for tables in societies)
        value = next((each for each in values if isinstance(each, Scalar)), None)
        if value is not None:
            found[key] = value
    return found


def with_declared(scenario: Scenario) -> Scenario:
    """Return the scenario whose sweep also holds the values that its tables declare.

    An ascending or descending list stays one. A scenario is returned as it is where nothing is to
    be added, or where a declared value does not go with the other swept ones.
    """
    axes = scenario.sweep.axes
    declared = declared_values(scenario.canonical(), axes)
    changes: dict[str, Any] = {}
    for key, value in declared.items():
        texts = isinstance(axes[key][0], str)
        if value not in axes[key] and isinstance(value, str) == texts:
            changes[f"sweep.{key}"] = _placed(list(axes[key]), value)
    if not changes:
        return scenario
    try:
        whole = scenario.replace(changes)
        whole.cases()
    except InputError:
        return scenario
    return whole


def _value(tables: Mapping[str, Any], key: str) -> Any:
    here = value_at(tables, key)
    # Only fitted couplings may leave the temperature out: it is then the fit's own.
    left_out = here is None and key == TEMPERATURE and "dynamics" in tables
    return 1.0 if left_out else here


def _placed(values: list[Any], value: Any) -> list[Any]:
    added = [*values, value]
    if len(values) > 1 and values == sorted(values):
        return sorted(added)
    if len(values) > 1 and values == sorted(values, reverse=True):
        return sorted(added, reverse=True)
    return added
