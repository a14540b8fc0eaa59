"""What field studies of feeds have found: published quantities, with where each was read."""

from sociophysics.evidence.published import COLUMNS, SOURCES, USES, table

__all__ = ["COLUMNS", "SOURCES", "USES", "table"]
