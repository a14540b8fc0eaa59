"""Observables: pure functions of a configuration, and the names by which tables know them.

``magnetization(system, spins)`` and its neighbours here are the plain forms; ``REGISTRY`` maps each
name to a function of a frame, and registering another one there makes it a column. What is richer
than one number is in the submodules ``domains``, ``polarization``, ``frustration``, ``exposure``.
"""

from __future__ import annotations

import importlib
from types import ModuleType

from sociophysics.observables.order import (
    abs_camp_polarization,
    abs_magnetization,
    camp_polarization,
    edge_agreement,
    energy,
    local_agreement,
    magnetization,
    passed,
    unsatisfied_fraction,
)
from sociophysics.observables.registry import (
    DEFINITIONS,
    OBSERVABLES,
    REGISTRY,
    as_names,
    check_names,
    evaluate,
)

__all__ = [
    "DEFINITIONS",
    "OBSERVABLES",
    "REGISTRY",
    "abs_camp_polarization",
    "abs_magnetization",
    "as_names",
    "camp_polarization",
    "check_names",
    "edge_agreement",
    "energy",
    "evaluate",
    "local_agreement",
    "magnetization",
    "passed",
    "register",
    "unsatisfied_fraction",
]

register = OBSERVABLES.register

_SUBMODULES = ("domains", "exposure", "frustration", "polarization")


def __getattr__(name: str) -> ModuleType:
    # Loaded when first asked for: scipy's solvers would double the time of importing the package.
    if name in _SUBMODULES:
        return importlib.import_module(f"{__name__}.{name}")
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted([*__all__, *_SUBMODULES])
