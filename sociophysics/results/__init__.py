"""Reading runs, comparing designs, and the short answer."""

from sociophysics.results.run import Run
from sociophysics.results.summary import at, headline, melting_or_none, telling_point

__all__ = ["Run", "at", "headline", "melting_or_none", "telling_point"]
