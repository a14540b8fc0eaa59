"""Reports: one self-contained HTML page per run, and its figures."""

from __future__ import annotations

import importlib
import importlib.util
from typing import Any

from sociophysics.report.page import render, write_report

__all__ = ["render", "write_report"]


def __getattr__(name: str) -> Any:
    # The other pages and the figures, loaded when first asked for: they need matplotlib.
    if not name.startswith("_") and importlib.util.find_spec(f"{__name__}.{name}"):
        return importlib.import_module(f"{__name__}.{name}")
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
