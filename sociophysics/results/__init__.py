"""Reading runs, comparing designs, and the short answer."""

from sociophysics.results.run import Run
from sociophysics.results.summary import at, headline, melting_or_none, outcome
from sociophysics.results.windows import Window

__all__ = ["Run", "Window", "at", "headline", "melting_or_none", "outcome"]
