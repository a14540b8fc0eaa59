"""A feed against a few followed users, who is in a minority, users who turn, votes as before."""

from sociophysics_contrarian.estimator import AsLastTime
from sociophysics_contrarian.feed import ContrarianK
from sociophysics_contrarian.intervention import Turn
from sociophysics_contrarian.observable import minority_among_followed

__all__ = ["AsLastTime", "ContrarianK", "Turn", "minority_among_followed"]
