"""Reports: one self-contained HTML page per run."""

from sociophysics.report.page import render, write_report

__all__ = ["render", "write_report"]
