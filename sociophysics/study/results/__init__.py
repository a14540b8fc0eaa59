"""Reading runs, comparing designs, and the short answer."""

from sociophysics.study.results.run import Run
from sociophysics.study.results.summary import at, fewest, headline, melting_or_none, outcome
from sociophysics.study.results.windows import Window

__all__ = ["Run", "Window", "at", "fewest", "headline", "melting_or_none", "outcome"]
