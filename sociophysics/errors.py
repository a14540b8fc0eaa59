"""The error that tells a user what to change, and the search for the name that was meant."""

from __future__ import annotations

import difflib
from collections.abc import Iterable

__all__ = ["InputError", "did_you_mean"]


class InputError(ValueError):
    """Something the user gave cannot be used: one sentence with what, got, allowed, fix.

    The command line prints it and exits with status 2; everything else that is raised is a
    defect of this package.

    Examples
    --------
    >>> raise InputError("temperature is -1.0; it must be >= 0.")
    Traceback (most recent call last):
        ...
    sociophysics.errors.InputError: temperature is -1.0; it must be >= 0.
    """


def did_you_mean(name: str, allowed: Iterable[str]) -> str:
    """Return the list of allowed names and the one nearest to ``name``, as the end of a sentence.

    Examples
    --------
    >>> did_you_mean("strenght", ["gamma", "strength"])
    'allowed: gamma, strength; did you mean strength?'
    """
    names = sorted(allowed)
    near = difflib.get_close_matches(name, names, n=1, cutoff=0.5)
    listed = f"allowed: {', '.join(names)}" if names else "none is allowed here"
    return f"{listed}; did you mean {near[0]}?" if near else f"{listed}."
