"""Trials: what an A/B test of some users sees, and what everybody's treatment would do."""

from __future__ import annotations

from .page import Page

__all__ = ["Page"]
