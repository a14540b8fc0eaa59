"""Running scenarios: designs x sweep x replicas as durable parts, through any executor."""

from __future__ import annotations

from sociophysics.ensemble.blocks import Part, fingerprints, plan
from sociophysics.ensemble.partial import Status, partial_table, scenario_in, status
from sociophysics.ensemble.runs import Cancelled, run

__all__ = [
    "Cancelled",
    "Part",
    "Status",
    "fingerprints",
    "partial_table",
    "plan",
    "run",
    "scenario_in",
    "status",
]
