"""Scenarios: every one that comes along as a story, and any other file."""

from __future__ import annotations

from .page import Page

__all__ = ["Page"]
