"""Fits to votes and stances: couplings, ideal points, predictions, and how sure they are.

Names are loaded when they are first used.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from sociophysics.inference.baselines import IndependentSpins, Majority, PartyLine
    from sociophysics.inference.boltzmann import BoltzmannRefinement
    from sociophysics.inference.comparison import fit_chambers, trend
    from sociophysics.inference.evaluation import evaluate, evaluate_seeds, leakage
    from sociophysics.inference.exact import ExactMaximumLikelihood
    from sociophysics.inference.ideal_points import IdealPoints
    from sociophysics.inference.landscape import energy_minima, frustrated_triangles
    from sociophysics.inference.mean_field import TAP, MeanField
    from sociophysics.inference.pseudolikelihood import PseudoLikelihood
    from sociophysics.inference.saved import load_system
    from sociophysics.inference.stability import StabilitySelection
    from sociophysics.inference.stack import Stack
    from sociophysics.inference.stances import fit_panel, fit_snapshot, operating_point
    from sociophysics.inference.workflow import fit_chamber

__all__ = [
    "TAP",
    "BoltzmannRefinement",
    "ExactMaximumLikelihood",
    "IdealPoints",
    "IndependentSpins",
    "Majority",
    "MeanField",
    "PartyLine",
    "PseudoLikelihood",
    "StabilitySelection",
    "Stack",
    "energy_minima",
    "evaluate",
    "evaluate_seeds",
    "fit_chamber",
    "fit_chambers",
    "fit_panel",
    "fit_snapshot",
    "frustrated_triangles",
    "leakage",
    "load_system",
    "operating_point",
    "trend",
]

_NAMES = {
    "StabilitySelection": "stability",
    "TAP": "mean_field",
    "MeanField": "mean_field",
    "BoltzmannRefinement": "boltzmann",
    "ExactMaximumLikelihood": "exact",
    "IdealPoints": "ideal_points",
    "IndependentSpins": "baselines",
    "Majority": "baselines",
    "PartyLine": "baselines",
    "PseudoLikelihood": "pseudolikelihood",
    "Stack": "stack",
    "energy_minima": "landscape",
    "evaluate": "evaluation",
    "evaluate_seeds": "evaluation",
    "fit_chamber": "workflow",
    "fit_chambers": "comparison",
    "fit_panel": "stances",
    "fit_snapshot": "stances",
    "frustrated_triangles": "landscape",
    "leakage": "evaluation",
    "load_system": "saved",
    "operating_point": "stances",
    "trend": "comparison",
}


def __getattr__(name: str) -> Any:
    if name not in _NAMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module(f"{__name__}.{_NAMES[name]}"), name)


def __dir__() -> list[str]:
    return sorted(__all__)
