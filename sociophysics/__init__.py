"""A society as a spin system: stances on signed networks, feeds as fields, fits to votes.

``import sociophysics as sp`` makes every public name available; submodules are loaded when they
are first used, so that the import itself stays fast.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

from sociophysics.addresses import PLACES, open_addresses

if TYPE_CHECKING:
    from sociophysics.dynamics import Frame, State, simulate, trajectory
    from sociophysics.errors import InputError
    from sociophysics.live.exported_page import export
    from sociophysics.runs import run
    from sociophysics.scenario import Scenario
    from sociophysics.society.spins import SpinSystem
    from sociophysics.study.opening import open_study as open
    from sociophysics.study.results import Run

__version__ = "0.2.0"

__all__ = [
    "Frame",
    "InputError",
    "Run",
    "Scenario",
    "SpinSystem",
    "State",
    "export",
    "open",
    "run",
    "simulate",
    "trajectory",
]

_NAMES = {
    "Frame": "dynamics",
    "InputError": "errors",
    "Run": "study.results",
    "Scenario": "scenario",
    "SpinSystem": "society.spins",
    "State": "dynamics",
    "export": "live.exported_page",
    "open": "study.opening",
    "run": "runs",
    "simulate": "dynamics",
    "trajectory": "dynamics",
}

open_addresses()


def __getattr__(name: str) -> Any:
    if name in _NAMES:
        module = importlib.import_module(f"{__name__}.{_NAMES[name]}")
        # Inside the package `open` stays Python's own.
        found = getattr(module, "open_study" if name == "open" else name)
        globals()[name] = found  # asked for once
        return found
    if name in PLACES:
        return importlib.import_module(f"{__name__}.{PLACES[name]}")
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted({*__all__, *PLACES, "__version__"})
