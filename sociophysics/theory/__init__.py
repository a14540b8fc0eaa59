"""Exact and approximate theory: what a simulation has to agree with, sharing no code with it."""

from __future__ import annotations

import importlib
from types import ModuleType

_SUBMODULES = (
    "camp_feeds",
    "cavity",
    "closed_forms",
    "exact",
    "feed_definitions",
    "glass",
    "mean_field",
)


def __getattr__(name: str) -> ModuleType:
    if name in _SUBMODULES:
        return importlib.import_module(f"{__name__}.{name}")
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted(_SUBMODULES)
