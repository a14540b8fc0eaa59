"""Graphs by name: bundled real networks, files, and random-graph generators.

Every function returns a plain networkx graph without self-loops or parallel ties. Its nodes are
the users, and they are never turned into text; in a directed graph the tail of a tie listens to
its head.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sociophysics.society.networks.bundled import available, load
from sociophysics.society.networks.files import read
from sociophysics.society.networks.generators import KINDS, build
from sociophysics.society.networks.table_bounds import check_table

if TYPE_CHECKING:
    from sociophysics.society.networks.amplification_axis import Axis, latent_axis

__all__ = ["KINDS", "Axis", "available", "build", "check_table", "latent_axis", "load", "read"]


def __getattr__(name: str) -> Any:
    # Loaded when first asked for: it stands on solvers that no network needs.
    if name in ("Axis", "latent_axis"):
        from sociophysics.society.networks import amplification_axis

        return getattr(amplification_axis, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
