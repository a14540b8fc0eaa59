"""Feed lab: two feed designs on one network, side by side and live."""

from __future__ import annotations

from .page import Page

__all__ = ["Page"]
