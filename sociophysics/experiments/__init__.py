"""Experiments: measures of a society that need simulations of their own."""

from __future__ import annotations

import importlib
import importlib.util
from typing import Any

_NAMES = {
    "binder_crossing": "binder",
    "early_warning": "early_warnings",
    "hysteresis": "loops",
    "locate": "tipping",
    "phase_diagram": "phases",
    "structure": "inspection",
}

__all__ = ["binder_crossing", "early_warning", "hysteresis", "locate", "phase_diagram", "structure"]


def __getattr__(name: str) -> Any:
    # Loaded when first asked for: they stand on ensembles, reports and scipy's solvers.
    if name in _NAMES:
        return getattr(importlib.import_module(f"{__name__}.{_NAMES[name]}"), name)
    if not name.startswith("_") and importlib.util.find_spec(f"{__name__}.{name}"):
        return importlib.import_module(f"{__name__}.{name}")
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted(__all__)
