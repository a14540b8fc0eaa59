"""Roll calls: a chamber's votes fitted by the same model."""

from __future__ import annotations

from .page import Page

__all__ = ["Page"]
