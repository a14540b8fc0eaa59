"""Scenarios: the validated contents of one TOML file, and the cases it expands to."""

from __future__ import annotations

from sociophysics.scenario.cases import (
    Case,
    declared_values,
    expand,
    files_of,
    labelled,
    looked_at,
    resolved,
    swept_to,
    with_declared,
)
from sociophysics.scenario.document import Design, Scenario, Sweep
from sociophysics.scenario.schema import scenario_schema
from sociophysics.scenario.settings import Settings, StopRule, canonical_json, stop_rule
from sociophysics.scenario.text import CROWD

__all__ = [
    "CROWD",
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
    "looked_at",
    "resolved",
    "scenario_schema",
    "stop_rule",
    "swept_to",
    "with_declared",
]
