"""Fits to votes: couplings, ideal points, how well they predict, and how sure they are.

Names are loaded when they are first used.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from sociophysics.inference.baselines import IndependentSpins, Majority, PartyLine
    from sociophysics.inference.comparison import fit_chambers, trend
    from sociophysics.inference.evaluation import evaluate, evaluate_seeds, leakage
    from sociophysics.inference.exact import ExactMaximumLikelihood
    from sociophysics.inference.ideal_points import IdealPoints
    from sociophysics.inference.pseudolikelihood import PseudoLikelihood
    from sociophysics.inference.saved import load_system
    from sociophysics.inference.stack import Stack
    from sociophysics.inference.workflow import fit_chamber

__all__ = [
    "ExactMaximumLikelihood",
    "IdealPoints",
    "IndependentSpins",
    "Majority",
    "PartyLine",
    "PseudoLikelihood",
    "Stack",
    "evaluate",
    "evaluate_seeds",
    "fit_chamber",
    "fit_chambers",
    "leakage",
    "load_system",
    "trend",
]

_NAMES = {
    "ExactMaximumLikelihood": "exact",
    "IdealPoints": "ideal_points",
    "IndependentSpins": "baselines",
    "Majority": "baselines",
    "PartyLine": "baselines",
    "PseudoLikelihood": "pseudolikelihood",
    "Stack": "stack",
    "evaluate": "evaluation",
    "evaluate_seeds": "evaluation",
    "fit_chamber": "workflow",
    "fit_chambers": "comparison",
    "leakage": "evaluation",
    "load_system": "saved",
    "trend": "comparison",
}


def __getattr__(name: str) -> Any:
    if name not in _NAMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module(f"{__name__}.{_NAMES[name]}"), name)


def __dir__() -> list[str]:
    return sorted(__all__)
