"""Experiments: measures of a society that need simulations of their own."""

from __future__ import annotations

import importlib
import importlib.util
from typing import Any

_NAMES = {
    "arrhenius": "escapes",
    "audit": "audits",
    "binder_crossing": "binder",
    "budget_curve": "leverage",
    "cascade_designs": "cascade_scenarios",
    "compare_feeds": "cascades",
    "cool": "valleys",
    "correlation_length": "correlations",
    "coupling_from_the_past": "coupled",
    "critical_droplet": "nucleation",
    "critical_mass": "nucleation",
    "damage": "coupled",
    "early_warning": "early_warnings",
    "escape_time": "escapes",
    "fit_pulse": "pulses",
    "fluctuation_dissipation": "response",
    "hysteresis": "loops",
    "life_cycle": "trend",
    "locate": "tipping",
    "lyapunov_exponent": "escapes",
    "metastable_states": "valleys",
    "multi_histogram": "joined_runs",
    "nucleation_probability": "nucleation",
    "outbreaks": "trend",
    "parallel_tempering": "valleys",
    "phase_diagram": "phases",
    "polling": "polls",
    "quasistatic": "avalanches",
    "random_field_avalanches": "avalanches",
    "robustness": "leverage",
    "seeded_cascades": "cascades",
    "sensitivity": "sensitivities",
    "structure": "inspection",
    "swendsen_wang": "clusters",
    "thermodynamics": "free_energies",
    "threshold_cascade": "avalanches",
    "trial": "field_trial",
}

__all__ = [
    "arrhenius",
    "audit",
    "binder_crossing",
    "budget_curve",
    "cascade_designs",
    "compare_feeds",
    "cool",
    "correlation_length",
    "coupling_from_the_past",
    "critical_droplet",
    "critical_mass",
    "damage",
    "early_warning",
    "escape_time",
    "fit_pulse",
    "fluctuation_dissipation",
    "hysteresis",
    "life_cycle",
    "locate",
    "lyapunov_exponent",
    "metastable_states",
    "multi_histogram",
    "nucleation_probability",
    "outbreaks",
    "parallel_tempering",
    "phase_diagram",
    "polling",
    "quasistatic",
    "random_field_avalanches",
    "robustness",
    "seeded_cascades",
    "sensitivity",
    "structure",
    "swendsen_wang",
    "thermodynamics",
    "threshold_cascade",
    "trial",
]


def __getattr__(name: str) -> Any:
    # Loaded when first asked for: they stand on ensembles, reports and scipy's solvers.
    if name in _NAMES:
        return getattr(importlib.import_module(f"{__name__}.{_NAMES[name]}"), name)
    if not name.startswith("_") and importlib.util.find_spec(f"{__name__}.{name}"):
        return importlib.import_module(f"{__name__}.{name}")
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted(__all__)
