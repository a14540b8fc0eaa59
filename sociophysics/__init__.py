"""A society as a spin system: stances on signed networks, feeds as fields, fits to votes.

``import sociophysics as sp`` makes every public name available; submodules are loaded when they
are first used, so that the import itself stays fast.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from sociophysics.dynamics import Frame, State, simulate, trajectory
    from sociophysics.ensemble import run
    from sociophysics.errors import InputError
    from sociophysics.results import Run
    from sociophysics.scenario import Scenario
    from sociophysics.spins import SpinSystem

__version__ = "0.1.0"

__all__ = [
    "Frame",
    "InputError",
    "Run",
    "Scenario",
    "SpinSystem",
    "State",
    "run",
    "simulate",
    "trajectory",
]

_NAMES = {
    "Frame": "dynamics",
    "InputError": "errors",
    "Run": "results",
    "Scenario": "scenario",
    "SpinSystem": "spins",
    "State": "dynamics",
    "run": "ensemble",
    "simulate": "dynamics",
    "trajectory": "dynamics",
}
_SUBMODULES = {
    "camps",
    "cases",
    "chambers",
    "couplings",
    "describe",
    "dynamics",
    "ensemble",
    "errors",
    "experiments",
    "feeds",
    "inference",
    "interventions",
    "mesa_model",
    "networks",
    "observables",
    "report",
    "results",
    "rollcall",
    "scenario",
    "schedules",
    "society_card",
    "spins",
    "statistics",
    "store",
    "streams",
    "theory",
}


def __getattr__(name: str) -> Any:
    if name in _NAMES:
        return getattr(importlib.import_module(f"{__name__}.{_NAMES[name]}"), name)
    if name in _SUBMODULES:
        return importlib.import_module(f"{__name__}.{name}")
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted({*__all__, *_SUBMODULES, "__version__"})
