"""Running scenarios: designs x sweep x replicas as durable parts, through any executor."""

from __future__ import annotations

from sociophysics.ensemble.blocks import Part, plan
from sociophysics.ensemble.partial import partial_table
from sociophysics.ensemble.runs import Cancelled, Status, run, status

__all__ = ["Cancelled", "Part", "Status", "partial_table", "plan", "run", "status"]
