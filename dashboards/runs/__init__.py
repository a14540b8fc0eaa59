"""Runs: the folders of finished and unfinished runs."""

from __future__ import annotations

from .page import Page

__all__ = ["Page"]
