"""Scenarios: the validated contents of one TOML file, and the cases it expands to."""

from __future__ import annotations

from sociophysics.scenario.cases import Case, expand, files_of, labelled, resolved
from sociophysics.scenario.declared import declared_values, with_declared
from sociophysics.scenario.document import Design, Scenario, Sweep
from sociophysics.scenario.process import StopRule, stop_rule
from sociophysics.scenario.schema import scenario_schema
from sociophysics.scenario.settings import Settings, canonical_json

__all__ = [
    "Case",
    "Design",
    "Scenario",
    "Settings",
    "StopRule",
    "Sweep",
    "canonical_json",
    "declared_values",
    "expand",
    "files_of",
    "labelled",
    "resolved",
    "scenario_schema",
    "stop_rule",
    "with_declared",
]
