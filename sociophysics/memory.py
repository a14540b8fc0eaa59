"""Say that something will not fit into memory before any of it is allocated."""

from __future__ import annotations

from sociophysics.errors import InputError
from sociophysics.machine import available_memory

__all__ = ["available_memory", "require_memory"]


def require_memory(need: float, *, what: str, fix: str) -> None:
    """Raise if ``need`` bytes for ``what`` exceed the memory that is available.

    Raises
    ------
    InputError
        With both figures in gigabytes and the given ``fix``.

    Examples
    --------
    >>> require_memory(1e18, what="a network of 1e17 ties", fix="lower n")
    Traceback (most recent call last):
        ...
    sociophysics.errors.InputError: a network of 1e17 ties needs about 1e+09 GB ...
    """
    have = available_memory()
    if need > have:
        raise InputError(
            f"{what} needs about {need / 1e9:.3g} GB of memory and {have / 1e9:.3g} GB are "
            f"available; {fix}."
        )
