"""Running scenarios: designs x sweep x replicas as durable parts, through any executor."""

from __future__ import annotations

from sociophysics.ensemble.blocks import Part, plan
from sociophysics.ensemble.runs import Status, run, status

__all__ = ["Part", "Status", "plan", "run", "status"]
