"""Studies: questions computed as durable parts in one folder, through any executor.

Names are loaded when they are first used.
"""

from __future__ import annotations

import importlib
import importlib.util
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from sociophysics.study.blocks import Part, fingerprints, plan
    from sociophysics.study.first_look import Standing, standing, structure
    from sociophysics.study.partial import Status, partial_table, scenario_in, status
    from sociophysics.study.queries import query
    from sociophysics.study.scenario_card import ScenarioCard, card_of_scenario
    from sociophysics.study.session import Cancelled

__all__ = [
    "Cancelled",
    "Part",
    "ScenarioCard",
    "Standing",
    "Status",
    "card_of_scenario",
    "fingerprints",
    "partial_table",
    "plan",
    "query",
    "scenario_in",
    "standing",
    "status",
    "structure",
]

_NAMES = {
    "Cancelled": "session",
    "Part": "blocks",
    "ScenarioCard": "scenario_card",
    "Standing": "first_look",
    "Status": "partial",
    "card_of_scenario": "scenario_card",
    "fingerprints": "blocks",
    "partial_table": "partial",
    "plan": "blocks",
    "query": "queries",
    "scenario_in": "partial",
    "standing": "first_look",
    "status": "partial",
    "structure": "first_look",
}


def __getattr__(name: str) -> Any:
    if name in _NAMES:
        return getattr(importlib.import_module(f"{__name__}.{_NAMES[name]}"), name)
    if not name.startswith("_") and importlib.util.find_spec(f"{__name__}.{name}"):
        return importlib.import_module(f"{__name__}.{name}")
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted(__all__)
