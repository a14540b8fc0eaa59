"""Tipping points: a sweep of one or two parameters, and where the society tips."""

from __future__ import annotations

from .page import Page

__all__ = ["Page"]
