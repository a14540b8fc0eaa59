"""Calibrate: which parameters of a society its waves of stances tell, and which they do not."""

from __future__ import annotations

from .page import Page

__all__ = ["Page"]
