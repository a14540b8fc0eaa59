"""A feed that shows a few followed users and pushes against them, and who is in a minority."""

from sociophysics_contrarian.feed import ContrarianK
from sociophysics_contrarian.observable import minority_among_followed

__all__ = ["ContrarianK", "minority_among_followed"]
