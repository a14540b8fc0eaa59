"""A feed that pushes against a few followed users, who is in a minority, and users who turn."""

from sociophysics_contrarian.feed import ContrarianK
from sociophysics_contrarian.intervention import Turn
from sociophysics_contrarian.observable import minority_among_followed

__all__ = ["ContrarianK", "Turn", "minority_among_followed"]
