"""What one cell of a run was set to: the swept point, else the design's table, else the base."""

from __future__ import annotations

import copy
from collections.abc import Mapping
from typing import Any

import numpy as np

__all__ = ["burn_in", "constant_temperature", "designs_of", "setting", "tables_at"]

Document = Mapping[str, Any]


def setting(document: Document, key: str, *, design: str, point: Mapping[str, Any]) -> Any:
    """Return the value of a dotted key in one design at one swept point, None if it has none.

    Parameters
    ----------
    document : mapping
        The canonical scenario.

    Examples
    --------
    >>> document = {"feed": {"strength": 1.0}, "designs": [{"name": "off", "feed": {}}]}
    >>> setting(document, "feed.strength", design="on", point={})
    1.0
    >>> setting(document, "feed.strength", design="off", point={}) is None
    True
    """
    if key in point:
        return point[key]
    table, _, name = key.partition(".")
    return (_table(document, table, design) or {}).get(name)


def designs_of(document: Document) -> list[str]:
    """Return the names of a scenario's designs; ``base`` where it lists none."""
    return [str(entry["name"]) for entry in document.get("designs") or ()] or ["base"]


def tables_at(document: Document, design: str, point: Mapping[str, Any]) -> dict[str, Any]:
    """Return the tables of one design at one swept point.

    Examples
    --------
    >>> document = {"interventions": [{"kind": "heat", "at": 5}]}
    >>> tables_at(document, "base", {"interventions.0.at": 7})["interventions"]
    [{'kind': 'heat', 'at': 7}]
    """
    names = ("network", "couplings", "field", "dynamics", "feed", "interventions")
    tables = {name: _table(document, name, design) for name in names}
    inside = {key: value for key, value in point.items() if key.startswith("interventions.")}
    if inside:
        from sociophysics.scenario.variation import set_key

        tables["interventions"] = copy.deepcopy(tables["interventions"])
        for key, value in inside.items():
            set_key(tables, key, value)
    return tables


def burn_in(document: Document, design: str, point: Mapping[str, Any]) -> int:
    """Return the first sweep that counts in averages."""
    return int(setting(document, "dynamics.burn_in", design=design, point=point) or 0)


def constant_temperature(document: Document, design: str, point: Mapping[str, Any]) -> float:
    """Return the temperature, NaN where it follows a schedule or an intervention changes it."""
    if any(act["kind"] == "heat" for act in _table(document, "interventions", design) or ()):
        return np.nan
    value = setting(document, "dynamics.temperature", design=design, point=point)
    if value is None:
        return 1.0  # only fitted couplings may leave it out: it is the fit's own
    return float(value) if isinstance(value, int | float | np.number) else np.nan


def _table(document: Document, name: str, design: str) -> Any:
    for entry in document.get("designs") or ():
        if entry["name"] == design and entry.get(name) is not None:
            return entry[name]
    return document.get(name)
