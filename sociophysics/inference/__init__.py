"""Fits to votes and stances: couplings, ideal points, predictions, and how sure they are.

Names are loaded when they are first used.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from sociophysics.experiments.calibrating import calibrate
    from sociophysics.inference.chamber.absence import absence_effects
    from sociophysics.inference.chamber.dynamic_scores import dynamic_scores
    from sociophysics.inference.chamber.ideal_point_tables import (
        classification_errors,
        cutting_lines,
        scale,
        validity,
    )
    from sociophysics.inference.chamber.landscape import energy_minima, frustrated_triangles
    from sociophysics.inference.chamber.pivotal_information import pivotal_information
    from sociophysics.inference.chamber.saved import load_system
    from sociophysics.inference.chamber.several_chambers import fit_chambers, trend
    from sociophysics.inference.chamber.workflow import fit_chamber
    from sociophysics.inference.estimators.baselines import IndependentSpins, Majority, PartyLine
    from sociophysics.inference.estimators.boltzmann import BoltzmannRefinement
    from sociophysics.inference.estimators.coupling_regression import CouplingRegression
    from sociophysics.inference.estimators.exact_likelihood import ExactMaximumLikelihood
    from sociophysics.inference.estimators.hidden_issues import HiddenIssues
    from sociophysics.inference.estimators.ideal_points import IdealPoints
    from sociophysics.inference.estimators.k_pairwise import KPairwise
    from sociophysics.inference.estimators.mean_field_couplings import TAP, MeanField
    from sociophysics.inference.estimators.parameters import Estimator
    from sociophysics.inference.estimators.points_and_couplings import PointsAndCouplings
    from sociophysics.inference.estimators.pseudolikelihood import PseudoLikelihood
    from sociophysics.inference.estimators.stability import StabilitySelection
    from sociophysics.inference.estimators.stack import Stack
    from sociophysics.inference.estimators.super_court import SuperCourt, joined_courts
    from sociophysics.inference.estimators.three_valued import fit_three_valued
    from sociophysics.inference.estimators.three_valued_couplings import ThreeValued
    from sociophysics.inference.judging.evaluation import evaluate, evaluate_seeds, leakage
    from sociophysics.inference.judging.paired import compare
    from sociophysics.inference.judging.three_valued_scores import compare_three_valued
    from sociophysics.inference.stances.rival_rules import compare_rules
    from sociophysics.inference.stances.stance_panels import (
        fit_panel,
        fit_snapshot,
        operating_point,
    )

__all__ = [
    "TAP",
    "BoltzmannRefinement",
    "CouplingRegression",
    "Estimator",
    "ExactMaximumLikelihood",
    "HiddenIssues",
    "IdealPoints",
    "IndependentSpins",
    "KPairwise",
    "Majority",
    "MeanField",
    "PartyLine",
    "PointsAndCouplings",
    "PseudoLikelihood",
    "StabilitySelection",
    "Stack",
    "SuperCourt",
    "ThreeValued",
    "absence_effects",
    "calibrate",
    "classification_errors",
    "compare",
    "compare_rules",
    "compare_three_valued",
    "cutting_lines",
    "dynamic_scores",
    "energy_minima",
    "evaluate",
    "evaluate_seeds",
    "fit_chamber",
    "fit_chambers",
    "fit_panel",
    "fit_snapshot",
    "fit_three_valued",
    "frustrated_triangles",
    "joined_courts",
    "leakage",
    "load_system",
    "operating_point",
    "pivotal_information",
    "register",
    "scale",
    "trend",
    "validity",
]

_NAMES = {
    "absence_effects": "chamber.absence",
    "KPairwise": "estimators.k_pairwise",
    "compare": "judging.paired",
    "validity": "chamber.ideal_point_tables",
    "scale": "chamber.ideal_point_tables",
    "dynamic_scores": "chamber.dynamic_scores",
    "cutting_lines": "chamber.ideal_point_tables",
    "classification_errors": "chamber.ideal_point_tables",
    "StabilitySelection": "estimators.stability",
    "TAP": "estimators.mean_field_couplings",
    "MeanField": "estimators.mean_field_couplings",
    "BoltzmannRefinement": "estimators.boltzmann",
    "Estimator": "estimators.parameters",
    "CouplingRegression": "estimators.coupling_regression",
    "ExactMaximumLikelihood": "estimators.exact_likelihood",
    "HiddenIssues": "estimators.hidden_issues",
    "IdealPoints": "estimators.ideal_points",
    "IndependentSpins": "estimators.baselines",
    "Majority": "estimators.baselines",
    "PartyLine": "estimators.baselines",
    "PointsAndCouplings": "estimators.points_and_couplings",
    "PseudoLikelihood": "estimators.pseudolikelihood",
    "SuperCourt": "estimators.super_court",
    "ThreeValued": "estimators.three_valued_couplings",
    "joined_courts": "estimators.super_court",
    "compare_three_valued": "judging.three_valued_scores",
    "fit_three_valued": "estimators.three_valued",
    "Stack": "estimators.stack",
    "compare_rules": "stances.rival_rules",
    "energy_minima": "chamber.landscape",
    "evaluate": "judging.evaluation",
    "evaluate_seeds": "judging.evaluation",
    "fit_chamber": "chamber.workflow",
    "fit_chambers": "chamber.several_chambers",
    "fit_panel": "stances.stance_panels",
    "fit_snapshot": "stances.stance_panels",
    "frustrated_triangles": "chamber.landscape",
    "leakage": "judging.evaluation",
    "load_system": "chamber.saved",
    "pivotal_information": "chamber.pivotal_information",
    "operating_point": "stances.stance_panels",
    "trend": "chamber.several_chambers",
}


# They simulate whole scenarios, so they stand above; this is where one looks for them.
_ABOVE = {"calibrate": "sociophysics.experiments.calibrating"}


def __getattr__(name: str) -> Any:
    if name == "register":
        from sociophysics.kinds import ESTIMATORS

        return ESTIMATORS.register
    if name in _ABOVE:
        return getattr(importlib.import_module(_ABOVE[name]), name)
    if name not in _NAMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module(f"{__name__}.{_NAMES[name]}"), name)


def __dir__() -> list[str]:
    return sorted(__all__)
